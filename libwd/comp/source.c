/* SPDX-License-Identifier: MIT */
/*
 * Reading ahead: whole chunks by the workers, the end of the input here.
 */
#include "fill.h"
#include "source.h"

void source_set(struct wd_comp_sess *s, const struct wd_source *source,
		uint64_t size)
{
	s->comp->source.from = *source;
	if (size > CHUNK_AFFORDED_MIN)
		compress_settle(s);
	/* A device reads no files. */
	s->comp->source.size = sched_on_device(&s->sched) ? 0 : size;
}

/* The last chunk, or what came as a surprise: read until there is no more. */
static int read_here(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;
	size_t room;
	int64_t n;
	void *buf;
	int ret = fill_get(s, &buf, &room);

	if (ret || c->source.error)
		return ret;
	n = c->source.from.read(c->source.from.arg, buf, room, c->in_total);
	if (n < 0 || (uint64_t)n > room)
		return fill_source_failed(s, n < 0 ? (int)n : -EIO);
	ret = fill_put(s, (size_t)n, WD_COMP_NO_FLUSH);
	if (!ret && (uint64_t)n < room)
		ret = fill_put(s, 0, WD_COMP_FINISH);
	return ret;
}

int source_read(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;
	int ret = 0;

	while (!ret && !c->input_done && !c->finish_later) {
		const struct cjob *job = jobs_newest(c);
		bool whole = !job || job->state != CJOB_FILLING;

		if (whole && jobs_are_full(c))
			return 0;
		if (whole && c->source.size > c->in_total &&
		    c->source.size - c->in_total > c->chunk)
			ret = fill_ahead(s);
		else
			ret = read_here(s);
	}
	return ret == -EAGAIN ? 0 : ret;
}

int source_cut_short(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;
	uint64_t offset = job_at(c, 0)->offset;

	sched_drain(&s->sched);
	if (sched_is_held(&s->sched))
		return -EIO;
	for (unsigned int i = 0; i < c->jobs.count; i++)
		job_at(c, i)->state = CJOB_FREE;
	c->jobs.count = 0;
	c->held = NULL;
	c->input_done = false;
	c->finish_later = false;
	c->any_sent = offset > 0;
	c->in_total = offset;
	c->source.size = 0;
	c->source.error = 0;
	return 0;
}

void source_check_joint(struct wd_comp_sess *s, struct cjob *job)
{
	struct compressor *c = s->comp;
	uint32_t before_sum =
		job->ahead ? job->item.work.result.compress.before_sum
			   : job->before_sum;

	if (!c->source.from.read)
		return;
	if (job->item.work.result.compress.joined &&
	    before_sum != c->source.end_sum) {
		job->item.work.args.compress.join = false;
		sched_run(&s->sched, &job->item.work);
	}
}

void source_note_end(struct compressor *c, const struct cjob *job)
{
	size_t n = job_window(job);

	if (job->ahead)
		c->source.end_sum = job->item.work.result.compress.end_sum;
	else if (c->source.from.read && !job->last)
		c->source.end_sum = wd_crc32(0, job->in + job->in_len - n, n);
}
