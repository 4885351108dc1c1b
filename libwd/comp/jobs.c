/* SPDX-License-Identifier: MIT */
/*
 * The ring of jobs: made when needed, kept for the next stream, made do with
 * when memory is short.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec/splice.h"
#include "jobs.h"

#define INPUT_MIN ((size_t)4 << 10) /* bytes of the smallest input buffer */

static void free_input(struct cjob *job)
{
	if (job->in)
		free(job->in - WD_COMP_WINDOW_MAX);
	job->in = NULL;
	job->in_cap = 0;
}

static void free_job(struct cjob *job)
{
	if (!job)
		return;
	free_input(job);
	free(job->out);
	free(job);
}

int jobs_init(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;

	c->jobs.size = 2;
	c->jobs.ring = calloc(c->jobs.size, sizeof(*c->jobs.ring));
	return c->jobs.ring ? 0 : -ENOMEM;
}

void jobs_exit(struct compressor *c)
{
	for (unsigned int i = 0; c->jobs.ring && i < c->jobs.size; i++)
		free_job(c->jobs.ring[i]);
	free(c->jobs.ring);
}

void jobs_reset(struct compressor *c)
{
	for (unsigned int i = 0; i < c->jobs.size; i++)
		if (c->jobs.ring[i])
			c->jobs.ring[i]->state = CJOB_FREE;
	c->jobs.head = 0;
	c->jobs.count = 0;
}

void jobs_drop_newest(struct compressor *c)
{
	jobs_newest(c)->state = CJOB_FREE;
	c->jobs.count--;
}

void jobs_drop_oldest(struct compressor *c)
{
	job_at(c, 0)->state = CJOB_FREE;
	c->jobs.head = (c->jobs.head + 1) % c->jobs.size;
	c->jobs.count--;
}

/*
 * Enough jobs that workers find the next chunk waiting while the caller reads
 * one and writes another.
 */
static int expand(struct wd_comp_sess *s)
{
	struct compressor *c = s->comp;
	struct cjob **jobs;
	unsigned int n, spare, width;
	int ret;

	ret = sess_open(s);
	if (ret)
		return ret;
	width = sched_width(&s->sched);
	spare = width / 2;
	n = width + (spare < 2 ? 2 : spare > 16 ? 16 : spare) + 1;
	if (n > sched_depth(&s->sched))
		n = sched_depth(&s->sched);
	if (n <= c->jobs.size) {
		c->jobs.expanded = true;
		return 0;
	}
	jobs = calloc(n, sizeof(*jobs));
	if (!jobs)
		return -ENOMEM;
	for (unsigned int i = 0; i < c->jobs.size; i++)
		jobs[i] = job_at(c, i);
	free(c->jobs.ring);
	c->jobs.ring = jobs;
	c->jobs.size = n;
	c->jobs.head = 0;
	c->jobs.expanded = true;
	return 0;
}

int jobs_begin(struct wd_comp_sess *s, struct cjob **ret_job)
{
	struct compressor *c = s->comp;
	struct cjob **slot, *job;
	int ret;

	if (c->jobs.count && !c->jobs.expanded) {
		ret = expand(s);
		if (ret)
			return ret;
	}
	if (c->jobs.count == c->jobs.size)
		return -EAGAIN;
	slot = &c->jobs.ring[(c->jobs.head + c->jobs.count) % c->jobs.size];
	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	job = *slot;
	if (!job)
		return jobs_out_of_memory(c);
	job->state = CJOB_FILLING;
	job->in_len = 0;
	job->before_len = 0;
	job->out_len = 0;
	job->lead = 0;
	job->last = false;
	job->keep = false;
	job->ahead = false;
	c->jobs.count++;
	*ret_job = job;
	return 0;
}

/* ---- memory ---- */

/* Free the input but for the last @len bytes, to which the next may refer. */
static void shrink_input(struct cjob *job, size_t len)
{
	uint8_t *base = job->in - WD_COMP_WINDOW_MAX, *p;

	memmove(job->in - len, job->in + job->in_len - len, len);
	job->before_len = len;
	job->in_len = 0;
	p = realloc(base, WD_COMP_WINDOW_MAX);
	job->in = (p ? p : base) + WD_COMP_WINDOW_MAX;
	job->in_cap = 0;
}

/* What jobs that are not in use keep for later. */
static void free_idle(struct compressor *c)
{
	for (unsigned int i = c->jobs.count; i < c->jobs.size; i++) {
		struct cjob *job = job_at(c, i);

		if (!job)
			continue;
		if (job == c->before)
			shrink_input(job, job_window(job));
		else
			free_input(job);
		free(job->out);
		job->out = NULL;
		job->out_cap = 0;
	}
}

/* realloc(), if need be with what idle jobs have. */
static void *get_memory(struct compressor *c, void *old, size_t size)
{
	void *p = realloc(old, size);

	if (p)
		return p;
	free_idle(c);
	return realloc(old, size);
}

int jobs_out_of_memory(struct compressor *c)
{
	for (unsigned int i = 0; i < c->jobs.count; i++)
		if (job_at(c, i)->state == CJOB_SENT ||
		    job_at(c, i)->state == CJOB_DONE)
			return -EAGAIN;
	return -ENOMEM;
}

int job_fit_output(struct wd_comp_sess *s, struct cjob *job, size_t in_len)
{
	size_t need = wd_max(header_size(s), (size_t)WD_SPLICE_FENCE_LEN) +
		      wd_deflate_bound(in_len) + WD_TAIL_MAX;

	if (sched_on_device(&s->sched))
		need += wd_device_extra(in_len);
	if (job->out_cap >= need)
		return 0;
	free(job->out);
	job->out_cap = 0;
	job->out = get_memory(s->comp, NULL, need);
	if (!job->out)
		return -ENOMEM;
	job->out_cap = need;
	return 0;
}

bool job_leave_output(struct sched_item *item)
{
	struct cjob *job = (struct cjob *)item;
	size_t before = (size_t)((uint8_t *)job->req.out - job->out);

	job->out = malloc(job->out_cap);
	if (!job->out)
		job->out_cap = before = job->req.out_cap = 0;
	job->req.out = job->out ? job->out + before : NULL;
	return job->out;
}

/*
 * Room for more input: up to a chunk, but no more than needed for as much as is
 * expected and the end after it.
 */
static size_t input_wanted(const struct wd_comp_sess *s, const struct cjob *job)
{
	uint64_t hint = s->setup.size_hint;
	size_t chunk = s->comp->chunk;

	/* A cut may move any part of a chunk here. */
	if (s->setup.flags & WD_COMP_RSYNCABLE)
		return chunk;
	if (job->in_len)
		return wd_min(chunk, 2 * job->in_len);
	if (hint < chunk - INPUT_MIN)
		return (size_t)hint + INPUT_MIN;
	return chunk;
}

int job_fit_input(struct wd_comp_sess *s, struct cjob *job)
{
	size_t want;
	uint8_t *in;

	if (job->in_len < job->in_cap)
		return 0;
	want = input_wanted(s, job);
	if (want >= CHUNK_AFFORDED_MIN) {
		compress_settle(s);
		want = input_wanted(s, job);
	}
	in = get_memory(s->comp, job->in ? job->in - WD_COMP_WINDOW_MAX : NULL,
			WD_COMP_WINDOW_MAX + want);
	if (!in)
		return -ENOMEM;
	job->in = in + WD_COMP_WINDOW_MAX;
	job->in_cap = want;
	return 0;
}
