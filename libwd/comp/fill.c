/* SPDX-License-Identifier: MIT */
/*
 * The compressor's input: put into jobs, cut into chunks, sent.
 *
 * Only the last chunk ends the stream, so a full chunk is held back until it is
 * known whether more follows.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec/splice.h"
#include "cut.h"
#include "fill.h"

/* A stream of so little needs no queue. */
#define ALONE_MAX ((size_t)64 << 10)

/* The newest job was begun in vain. */
static int undo_job(struct compressor *c, int err)
{
	jobs_drop_newest(c);
	return err == -ENOMEM ? jobs_out_of_memory(c) : err;
}

static bool first_of_stream(const struct wd_comp_sess *s)
{
	return !s->comp->any_sent;
}

/* The chunk before has left its fence to this one, which may refer to that if it @joins. */
static void set_request(struct wd_comp_sess *s, struct cjob *job,
			const void *in, bool joins)
{
	size_t head =
		compress_sized(s) || first_of_stream(s) ? header_size(s) : 0;
	bool follows =
		compress_joins(s) && !first_of_stream(s) && !s->comp->parted;

	memset(&job->req, 0, sizeof(job->req));
	job->req.op = WD_COMP_COMPRESS;
	job->req.format = WD_COMP_RAW;
	job->req.level = (uint8_t)s->setup.level;
	job->req.flags = job->last || compress_sized(s) ? 0 : WD_COMP_REQ_OPEN;
	job->req.in = in;
	job->req.in_len = job->in_len;
	if (follows)
		job->lead = WD_SPLICE_FENCE_LEN;
	job->req.out = job->out + head + job->lead;
	job->req.out_cap = job->out_cap - head - job->lead - WD_TAIL_MAX;
	if (job->ahead)
		sess_item(&job->item,
			  wd_work_compress_from(&job->req, s->setup.format,
						&s->comp->source.from,
						job->offset));
	else
		sess_item(&job->item,
			  wd_work_compress(&job->req, s->setup.format));
	job->item.leave = job_leave_output;
	job->item.work.args.compress.join = follows && joins;
	job->item.work.args.compress.before = job->before_len;
	job->out_len = head;
}

/* Only the first chunk sees the window, which no queue knows about. */
static int run_with_window(struct wd_comp_sess *s, struct cjob *job)
{
	struct wd_deflate *d = wd_deflate_create();
	struct wd_deflate_job dj = {
		.in = job->req.in,
		.in_len = job->req.in_len,
		.out = job->req.out,
		.out_cap = job->req.out_cap,
		.level = s->setup.level,
		.open = job->req.flags & WD_COMP_REQ_OPEN,
		.window = s->comp->preset.data,
		.window_len = s->comp->preset.len,
	};

	if (!d)
		return -ENOMEM;
	job->req.status = wd_deflate_run(d, &dj);
	job->req.produced = dj.produced;
	job->req.consumed = job->req.in_len;
	job->req.checksum =
		wd_checksum(s->setup.format, job->req.in, job->in_len);
	job->req.result = dj.stored ? WD_COMP_RES_STORED : 0;
	wd_deflate_destroy(d);
	return job->req.status;
}

static int fill_send(struct wd_comp_sess *s, struct cjob *job, const void *in)
{
	struct compressor *c = s->comp;
	bool alone = job->last && c->jobs.count == 1 &&
		     job->in_len <= ALONE_MAX &&
		     sched_cpu_does(&s->sched, job->in_len);
	bool device = sched_on_device(&s->sched) && !job->ahead && !alone;
	bool windowed = c->preset.len && first_of_stream(s);
	int ret = job_fit_output(s, job, job->in_len);

	if (ret)
		return ret;
	/* Devices do not know what was before, and may end in their own way. */
	if (device)
		job->keep = true;
	set_request(s, job, in, !device);
	job->item.for_cpu = !device;
	c->any_sent = true;
	c->parted = device;
	if (windowed || alone) {
		ret = windowed ? run_with_window(s, job)
			       : sched_run_small(&s->sched, &job->item.work);
		job->state = CJOB_DONE;
		return ret;
	}
	job->state = CJOB_SENT;
	return sess_send(s, &job->item);
}

/* The held chunk is not the last one, or it is. */
int fill_release(struct wd_comp_sess *s, bool last)
{
	struct cjob *job = s->comp->held;

	if (!job)
		return 0;
	s->comp->held = NULL;
	job->last = last;
	return fill_send(s, job, job->req.in);
}

static void hold(struct compressor *c, struct cjob *job, const void *in)
{
	job->req.in = in;
	job->state = CJOB_HELD;
	c->held = job;
}

int fill_read_error(int err)
{
	return err == -EAGAIN || err == -ETIMEDOUT || err == -EINVAL ? -EIO :
								       err;
}

int fill_source_failed(struct wd_comp_sess *s, int err)
{
	struct compressor *c = s->comp;
	const struct cjob *job = jobs_newest(c);

	c->source.error = fill_read_error(err);
	c->input_done = true;
	if (job && job->state == CJOB_FILLING)
		jobs_drop_newest(c);
	return fill_release(s, false);
}

/* What comes before the input of @job, which is about to get some, goes before it. */
static int put_before(struct wd_comp_sess *s, struct cjob *job)
{
	struct compressor *c = s->comp;
	struct cjob *prev = c->before;
	int64_t n = 0;

	/* What was before the chunk that is held is of no account here. */
	if (!compress_joins(s) || (c->parted && !c->held))
		return 0;
	if (c->source.from.read) {
		size_t len = wd_min(c->in_total, WD_COMP_WINDOW_MAX);

		if (len)
			n = c->source.from.read(c->source.from.arg, job->in - len,
						len, c->in_total - len);
		if (n < 0)
			return (int)n;
		/* It has become shorter: the chunk before will tell. */
		if (!len || (uint64_t)n != len)
			return 0;
		job->before_sum = wd_crc32(0, job->in - len, len);
	} else if (prev) {
		n = (int64_t)job_window(prev);
		memcpy(job->in - n, prev->in + prev->in_len - n, (size_t)n);
	}
	job->before_len = (size_t)n;
	return 0;
}

/* ---- the caller's input ---- */

int fill_get(struct wd_comp_sess *s, void **buf, size_t *room)
{
	struct compressor *c = s->comp;
	struct cjob *job = jobs_newest(c);
	int ret;

	if (c->input_done || c->finish_later)
		return -EINVAL;
	/* A cut moves what is after it to the next job. */
	if (s->setup.flags & WD_COMP_RSYNCABLE && job && c->jobs.expanded &&
	    c->jobs.count + 1 >= c->jobs.size && job->state == CJOB_FILLING)
		return -EAGAIN;
	if (!job || job->state != CJOB_FILLING) {
		ret = jobs_begin(s, &job);
		if (ret)
			return ret;
	}
	ret = job_fit_input(s, job);
	/* What is read must find memory for its output: there is no way back
	 * then. */
	if (!ret && c->jobs.count > 1)
		ret = job_fit_output(s, job, wd_min(job->in_cap, c->chunk));
	if (ret)
		return ret == -ENOMEM ? jobs_out_of_memory(c) : ret;
	if (!job->in_len && !job->before_len) {
		ret = put_before(s, job);
		if (ret)
			return fill_source_failed(s, ret);
	}
	*buf = job->in + job->in_len;
	*room = wd_min(job->in_cap, c->chunk) - job->in_len;
	if (s->setup.flags & WD_COMP_RSYNCABLE)
		*room = wd_min(*room, CUT_MIN);
	return 0;
}

/* Move what is after the cut to a job of its own. */
static int cut_job(struct wd_comp_sess *s, struct cjob *job, size_t cut)
{
	size_t rest = job->in_len - cut;
	struct cjob *next;
	void *buf;
	size_t room;
	int ret;

	job->in_len = cut;
	hold(s->comp, job, job->in);
	if (!rest)
		return 0;
	ret = fill_release(s, false);
	if (ret)
		return ret;
	ret = fill_get(s, &buf, &room);
	/* There is a job; if there is no memory, what was cut is lost. */
	if (ret)
		return ret == -EAGAIN ? -ENOMEM : ret;
	next = jobs_newest(s->comp);
	if (next->in_cap < rest)
		return -EIO;
	memcpy(buf, job->in + cut, rest);
	next->in_len = rest;
	cut_pass(&s->comp->roll, next->in, rest);
	return 0;
}

static int take_input(struct wd_comp_sess *s, size_t len)
{
	struct compressor *c = s->comp;
	struct cjob *job = jobs_newest(c);
	size_t from, cut;
	int ret;

	if (!len)
		return 0;
	if (!job || job->state != CJOB_FILLING ||
	    len > wd_min(job->in_cap, c->chunk) - job->in_len)
		return -EINVAL;
	ret = fill_release(s, false);
	if (ret)
		return ret;
	c->begun = true;
	c->in_total += len;
	c->before = job;
	from = job->in_len;
	job->in_len += len;
	if (s->setup.flags & WD_COMP_RSYNCABLE) {
		cut = cut_find(&c->roll, job->in, job->in_len, from);
		if (cut)
			return cut_job(s, job, cut);
	}
	if (job->in_len == c->chunk)
		hold(s->comp, job, job->in);
	return 0;
}

/* An empty newest job carries nothing, unless the stream has nothing else. */
static void drop_empty(struct compressor *c)
{
	struct cjob *job = jobs_newest(c);

	if (job && job->state == CJOB_FILLING && !job->in_len)
		jobs_drop_newest(c);
}

static int flush_chunk(struct wd_comp_sess *s)
{
	struct cjob *job;
	int ret = fill_release(s, false);

	if (ret)
		return ret;
	drop_empty(s->comp);
	job = jobs_newest(s->comp);
	/* Who flushes may want to begin there. */
	if (job)
		job->keep = true;
	if (job && job->state == CJOB_FILLING)
		ret = fill_send(s, job, job->in);
	s->comp->parted = true;
	return ret;
}

int fill_finish(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;
	struct cjob *job;
	int ret;

	drop_empty(c);
	job = jobs_newest(c);
	if (job && job->state == CJOB_FILLING) {
		job->last = true;
		ret = fill_send(s, job, job->in);
	} else if (c->held) {
		ret = fill_release(s, true);
	} else if (c->eof_member || (compress_sized(s) && c->any_sent)) {
		ret = 0;
	} else {
		/* Nothing came, or a flush ended the last chunk. */
		ret = jobs_begin(s, &job);
		c->finish_later = ret == -EAGAIN;
		if (ret)
			return c->finish_later ? 0 : ret;
		job->last = true;
		ret = fill_send(s, job, "");
	}
	c->input_done = true;
	c->begun = true;
	return ret;
}

int fill_put(struct wd_comp_sess *s, size_t len, enum wd_comp_flush flush)
{
	int ret;

	if (s->comp->input_done || s->comp->finish_later)
		return len ? -EINVAL : 0;
	ret = take_input(s, len);
	if (ret)
		return ret;
	switch (flush) {
	case WD_COMP_FINISH:
		return fill_finish(s);
	case WD_COMP_SYNC_FLUSH:
		return flush_chunk(s);
	default:
		return 0;
	}
}

int fill_put_foreign(struct wd_comp_sess *s, const uint8_t *in, size_t len)
{
	struct cjob *job;
	int ret = jobs_begin(s, &job);

	if (ret)
		return ret;
	ret = job_fit_output(s, job, len);
	if (ret)
		return undo_job(s->comp, ret);
	ret = fill_release(s, false);
	if (ret)
		return ret;
	s->comp->begun = true;
	/* All of it is one piece of memory. */
	job->before_len = wd_min(s->comp->in_total, WD_COMP_WINDOW_MAX);
	s->comp->in_total += len;
	job->in_len = len;
	hold(s->comp, job, in);
	return 0;
}

/* A chunk that is followed by more, read by the worker that compresses it. */
int fill_ahead(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;
	struct cjob *job;
	int ret = jobs_begin(s, &job);

	if (ret)
		return ret;
	ret = job_fit_output(s, job, c->chunk);
	if (ret)
		return undo_job(c, ret);
	job->in_len = c->chunk;
	job->offset = c->in_total;
	job->ahead = true;
	c->in_total += c->chunk;
	c->begun = true;
	return fill_send(s, job, NULL);
}
