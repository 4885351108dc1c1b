/* SPDX-License-Identifier: MIT */
/*
 * The compressing direction: input is cut into chunks, each a request of its
 * own; their outputs, in order, make one stream.
 *
 * fill.c and source.c bring the input; here is what comes out.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec/splice.h"
#include "cut.h"
#include "fill.h"
#include "source.h"

#define CHUNK_ALIGN ((size_t)64 << 10)

/*
 * The level's chunk; if there will only be a few, an even number of equal ones,
 * so that no worker waits for another's last.
 */
static size_t chunk_size(const struct wd_comp_sess *s)
{
	const struct wd_comp_setup *setup = &s->setup;
	const struct wd_sized *sized = s->comp->sized;
	size_t chunk = wd_level_get(setup->level)->chunk_size;
	uint64_t n, size = setup->size_hint;

	if (sized && sized->chunk_max)
		return sized->chunk_max;
	if (setup->chunk_size)
		return setup->chunk_size;
	if (s->afford.chunk_max)
		chunk = wd_min(chunk, s->afford.chunk_max);
	if (size <= chunk || size >= 8 * chunk)
		return chunk;
	n = (size + chunk - 1) / chunk;
	n += n % 2;
	return (size_t)((size + n - 1) / n + CHUNK_ALIGN - 1) & ~(CHUNK_ALIGN - 1);
}

void compress_settle(struct wd_comp_sess *s)
{
	if (s->afford.chunk_max)
		return;
	sess_afford_chunk(s);
	s->comp->chunk = chunk_size(s);
}

int compress_init(struct wd_comp_sess *s)
{
	s->comp = calloc(1, sizeof(*s->comp));
	if (!s->comp)
		return -ENOMEM;
	s->comp->sized = wd_sized_of(s->setup.members);
	s->comp->joins =
		!s->comp->sized &&
		!(s->setup.flags & (WD_COMP_RSYNCABLE | WD_COMP_INDEPENDENT));
	s->comp->chunk = chunk_size(s);
	return jobs_init(s);
}

void compress_exit(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;

	jobs_exit(c);
	free(c->header.bytes);
	free(c->preset.data);
	free(c);
}

void compress_reset(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;

	jobs_reset(c);
	free(c->header.bytes);
	free(c->preset.data);
	memset(&c->header, 0, sizeof(c->header));
	memset(&c->preset, 0, sizeof(c->preset));
	c->held = NULL;
	c->begun = false;
	c->input_done = false;
	c->finish_later = false;
	c->ended = false;
	c->any_sent = false;
	c->parted = false;
	c->before = NULL;
	c->eof_member = compress_sized(s) && compress_sized(s)->end;
	c->sum = wd_checksum_empty(s->setup.format);
	c->sum_len = 0;
	c->in_total = 0;
	c->roll = 0;
	memset(&c->source, 0, sizeof(c->source));
	c->chunk = chunk_size(s);
}

/* ---- output ---- */

/*
 * Between two chunks there is a marker that ends on a fence.  Whether the second
 * one needs none turns out when it is compressed, so the fence goes with its output.
 */
static void finish_marker(const struct wd_comp_sess *s, struct cjob *job)
{
	const uint8_t *fence = wd_splice_marker + WD_SPLICE_FENCE_AT;
	bool joined = job->item.work.result.compress.joined;

	job->data = job->out;
	if (job->lead && joined) {
		job->data += job->lead;
	} else if (job->lead) {
		memcpy(job->out, fence, WD_SPLICE_FENCE_LEN);
		job->out_len += WD_SPLICE_FENCE_LEN;
	}
	if (!job->keep && job->req.flags & WD_COMP_REQ_OPEN &&
	    compress_joins(s))
		job->out_len -= WD_SPLICE_FENCE_LEN;
}

/* Lay header and trailer around the data and add it to the stream's totals. */
static void complete_job(struct wd_comp_sess *s, struct cjob *job)
{
	struct compressor *c = s->comp;
	enum wd_comp_format format = s->setup.format;
	uint32_t sum = job->req.checksum;

	if (job->out_len)
		header_write(s, job->out, job->req.produced, job->in_len);
	job->out_len += job->req.produced;
	finish_marker(s, job);
	c->sum = wd_checksum_join(format, c->sum, sum, job->in_len);
	c->sum_len += job->in_len;
	if (job->req.result & WD_COMP_RES_STORED)
		s->info.stored++;
	s->info.requests++;

	if (compress_sized(s))
		job->out_len += wd_tail_write(job->data + job->out_len, format, sum,
					      job->in_len);
	else if (job->last)
		job->out_len += wd_tail_write(job->data + job->out_len, format,
					      c->sum, c->sum_len);
	if (compress_sized(s) || job->last) {
		s->info.members++;
		s->info.checksum = compress_sized(s) ? sum : c->sum;
	}
}

/* Wait until the oldest job is done. */
static int await_head(struct wd_comp_sess *s, int timeout_ms)
{
	struct cjob *job = job_at(s->comp, 0);

	while (job->state == CJOB_SENT) {
		struct sched_item *item;
		int ret = sched_recv(&s->sched, &item, timeout_ms);

		if (ret)
			return ret;
		((struct cjob *)item)->state = CJOB_DONE;
	}
	return job->state == CJOB_DONE ? 0 : -EAGAIN;
}

int compress_get_output(struct wd_comp_sess *s, const void **data, size_t *len,
			int timeout_ms)
{
	struct compressor *c = s->comp;
	struct cjob *job;
	int ret;

	if (c->finish_later && c->jobs.count < c->jobs.size) {
		ret = fill_finish(s);
		if (ret)
			return ret;
	}
again:
	if (c->source.from.read) {
		ret = source_read(s);
		if (ret)
			return ret;
	}
	if (!c->jobs.count) {
		if (c->source.error)
			return c->source.error;
		if (!c->input_done)
			return -EAGAIN;
		if (!c->eof_member)
			return 0;
		c->eof_member = false;
		c->ended = true;
		s->info.members++;
		*data = compress_sized(s)->end;
		*len = compress_sized(s)->end_len;
		return 1;
	}
	ret = await_head(s, timeout_ms);
	if (ret)
		return ret;
	job = job_at(c, 0);
	source_check_joint(s, job);
	if (job->item.work.result.compress.no_input && job->req.status == -ENODATA) {
		ret = source_cut_short(s);
		if (ret)
			return ret;
		goto again;
	}
	if (job->item.work.result.compress.no_input)
		return fill_read_error(job->req.status);
	if (job->req.status)
		return job->req.status;
	complete_job(s, job);
	sess_note_lane(s, &job->item);
	source_note_end(c, job);
	*data = job->data;
	*len = job->out_len;
	return 1;
}

void compress_put_output(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;

	if (c->ended || !c->jobs.count)
		return;
	jobs_drop_oldest(c);
}

size_t compress_bound(const struct wd_comp_sess *s, size_t in_len)
{
	size_t chunk = s->comp->chunk;
	size_t chunks, each;

	/* It can turn out that chunks have to be smaller, if only without a device. */
	if (!s->setup.chunk_size)
		chunk = wd_min(chunk, CHUNK_AFFORDED_MIN);
	chunks = in_len / chunk + 1;

	if (s->setup.flags & WD_COMP_RSYNCABLE)
		chunks = in_len / CUT_MIN + 1;
	/* What every chunk adds to its bytes, stored as they are. */
	each = 5 * (chunk / 65535 + 2) + 10;
	if (sched_device(&s->sched))
		each += wd_device_extra(chunk);
	if (compress_sized(s))
		each += WD_HEAD_MAX + WD_TAIL_MAX;
	if (in_len > (SIZE_MAX - WD_HEAD_MAX - 64) / 2)
		return SIZE_MAX;
	each = in_len + chunks * each + WD_HEAD_MAX + WD_TAIL_MAX;
	return compress_sized(s) ? each + compress_sized(s)->end_len : each;
}

void compress_set_preset(struct wd_comp_sess *s, const struct preset *preset)
{
	free(s->comp->preset.data);
	s->comp->preset = *preset;
}

bool compress_is_over(const struct wd_comp_sess *s)
{
	const struct compressor *c = s->comp;

	return c->input_done && !c->jobs.count && !c->eof_member;
}
