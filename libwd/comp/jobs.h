/* SPDX-License-Identifier: MIT */
/*
 * The chunks being compressed: a ring of jobs, oldest first, and their memory.
 */
#ifndef WD_JOBS_H
#define WD_JOBS_H

#include "compress.h"

enum cjob_state {
	CJOB_FREE,
	CJOB_FILLING,
	CJOB_HELD, /* full; not yet known whether it is the last */
	CJOB_SENT,
	CJOB_DONE,
};

/*
 * A job is jobs.c's to begin and end, fill.c's and source.c's to fill, compress.c's
 * when it is done.
 *
 * @item comes first: the scheduler gives it back.
 * @in comes after room for a window: the end of what came before, @before_len
 * bytes.
 * @keep: what follows cannot refer to this chunk; its output keeps the whole
 * marker
 * @lead: bytes of the marker that the chunk before has left to this one's
 * output
 * @before_sum: CRC-32 of what the session has read before the input, from a
 * source
 */
struct cjob {
	struct sched_item item;
	struct wd_comp_req req;
	enum cjob_state state;
	bool last;
	bool keep;
	uint8_t *in;
	size_t in_cap;
	size_t in_len;
	size_t before_len;
	uint8_t *out; /* header or @lead, data, trailer */
	size_t out_cap;
	uint8_t *data; /* in @out: what is handed out */
	size_t out_len;
	size_t lead;
	uint32_t before_sum;
	bool ahead; /* its input is read by the worker, from @offset */
	uint64_t offset;
};

static inline struct cjob *job_at(struct compressor *c, unsigned int i)
{
	return c->jobs.ring[(c->jobs.head + i) % c->jobs.size];
}

/* NULL if there is none. */
static inline struct cjob *jobs_newest(struct compressor *c)
{
	return c->jobs.count ? job_at(c, c->jobs.count - 1) : NULL;
}

/* Bytes before the end of @job's input that the next chunk may refer to. */
static inline size_t job_window(const struct cjob *job)
{
	return wd_min(job->before_len + job->in_len, WD_COMP_WINDOW_MAX);
}

/* None can begin before one is done with. */
static inline bool jobs_are_full(const struct compressor *c)
{
	return c->jobs.expanded && c->jobs.count == c->jobs.size;
}

int jobs_init(struct wd_comp_sess *s);
void jobs_exit(struct compressor *c);

/* None is in use any more. */
void jobs_reset(struct compressor *c);

/* The next job of the ring, as the newest.  -EAGAIN if all are in use. */
int jobs_begin(struct wd_comp_sess *s, struct cjob **ret_job);

/* The newest job was begun in vain: it is free again. */
void jobs_drop_newest(struct compressor *c);

/* The oldest was done with. */
void jobs_drop_oldest(struct compressor *c);

/*
 * Memory for what goes out; a longer header, or a window, may have come after
 * the job was made.  And room for more input.  Return 0 or -ENOMEM.
 */
int job_fit_output(struct wd_comp_sess *s, struct cjob *job, size_t in_len);
int job_fit_input(struct wd_comp_sess *s, struct cjob *job);

/* @leave of a job's item. */
bool job_leave_output(struct sched_item *item);

/*
 * What to say when there is no memory: with output to come, which makes a job
 * idle, that is no failure, but a reason to take it first.
 */
int jobs_out_of_memory(struct compressor *c);

#endif
