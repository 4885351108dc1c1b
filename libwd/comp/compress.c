/* SPDX-License-Identifier: MIT */
/*
 * The compressing direction: input is cut into chunks, each a request of its
 * own; their outputs, in order, make one stream.
 *
 * Only the last chunk ends the stream, so a full chunk is held back until it is
 * known whether more follows.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec/splice.h"
#include "session.h"

#define ALONE_MAX	((size_t)64 << 10)	/* a stream of so little needs no queue */
#define CHUNK_ALIGN	((size_t)64 << 10)
#define INPUT_MIN	((size_t)4 << 10)	/* bytes of the smallest input buffer */
#define RSYNC_MIN	(32u << 10)	/* bytes: no cut before, and fed in such steps */
#define RSYNC_MASK	(((uint64_t)0xffff) << 40)	/* a cut each 64 KiB on average */

enum cjob_state {
	CJOB_FREE,
	CJOB_FILLING,
	CJOB_HELD,		/* full; not yet known whether it is the last */
	CJOB_SENT,
	CJOB_DONE,
};

/*
 * @item comes first: the scheduler gives it back.
 * @in is behind room for a window: the end of what came before, @before_len bytes.
 * @keep: what follows cannot refer to this chunk; its output keeps the whole marker
 * @lead: bytes of the marker that the chunk before has left to this one's output
 * @before_sum: CRC-32 of what the session has read before the input, from a source
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
	uint8_t *out;		/* header or @lead, data, trailer */
	size_t out_cap;
	uint8_t *data;		/* in @out: what is handed out */
	size_t out_len;
	size_t lead;
	uint32_t before_sum;
	bool ahead;		/* its input is read by the worker, from @offset */
	uint64_t offset;
};

static bool sized_members(const struct wd_comp_sess *s)
{
	return compress_sized(s);
}

/*
 * The level's chunk; if there will only be a few, an even number of equal ones,
 * so that no worker waits for another's last.
 */
static size_t chunk_size(const struct wd_comp_sess *s)
{
	const struct wd_comp_setup *setup = &s->setup;
	const struct wd_sized *sized = wd_sized_of(setup->members);
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
	s->c.chunk = chunk_size(s);
}

/* Whether chunks may refer to those before. */
static bool joins(const struct wd_comp_sess *s)
{
	return !sized_members(s) &&
	       !(s->setup.flags & (WD_COMP_RSYNCABLE | WD_COMP_INDEPENDENT));
}

static struct cjob *job_at(struct compressor *c, unsigned int i)
{
	return c->jobs[(c->head + i) % c->njobs];
}

static struct cjob *newest(struct compressor *c)
{
	return c->count ? job_at(c, c->count - 1) : NULL;
}

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

int compress_init(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;

	c->chunk = chunk_size(s);
	c->njobs = 2;
	c->jobs = calloc(c->njobs, sizeof(*c->jobs));
	return c->jobs ? 0 : -ENOMEM;
}

void compress_exit(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;

	for (unsigned int i = 0; c->jobs && i < c->njobs; i++)
		free_job(c->jobs[i]);
	free(c->jobs);
	free(c->header);
	free(c->window);
}

void compress_reset(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;

	for (unsigned int i = 0; i < c->njobs; i++)
		if (c->jobs[i])
			c->jobs[i]->state = CJOB_FREE;
	free(c->header);
	free(c->window);
	c->header = NULL;
	c->window = NULL;
	c->header_len = 0;
	c->mtime = 0;
	c->window_len = 0;
	c->head = 0;
	c->count = 0;
	c->held = NULL;
	c->begun = false;
	c->input_done = false;
	c->finish_later = false;
	c->ended = false;
	c->any_sent = false;
	c->cut = false;
	c->before = NULL;
	c->eof_member = sized_members(s) && compress_sized(s)->end;
	c->sum = wd_checksum_empty(s->setup.format);
	c->sum_len = 0;
	c->in_total = 0;
	c->stored = 0;
	c->roll = 0;
	memset(&c->source, 0, sizeof(c->source));
	c->source_size = 0;
	c->source_error = 0;
	c->chunk = chunk_size(s);
}

/*
 * Enough jobs that workers find the next chunk waiting while the caller reads
 * one and writes another.
 */
static int expand(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;
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
	if (n <= c->njobs) {
		c->expanded = true;
		return 0;
	}
	jobs = calloc(n, sizeof(*jobs));
	if (!jobs)
		return -ENOMEM;
	for (unsigned int i = 0; i < c->njobs; i++)
		jobs[i] = job_at(c, i);
	free(c->jobs);
	c->jobs = jobs;
	c->njobs = n;
	c->head = 0;
	c->expanded = true;
	return 0;
}

/* Bytes before the end of @job's input that the next chunk may refer to. */
static size_t window_end(const struct cjob *job)
{
	return wd_min(job->before_len + job->in_len, WD_COMP_WINDOW_MAX);
}

/* ---- when memory is short ---- */

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
	for (unsigned int i = c->count; i < c->njobs; i++) {
		struct cjob *job = job_at(c, i);

		if (!job)
			continue;
		if (job == c->before)
			shrink_input(job, window_end(job));
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

/* With output to come, which makes a job idle, that is no failure: take it first. */
static int out_of_memory(struct compressor *c)
{
	for (unsigned int i = 0; i < c->count; i++)
		if (job_at(c, i)->state == CJOB_SENT || job_at(c, i)->state == CJOB_DONE)
			return -EAGAIN;
	return -ENOMEM;
}

/* The newest job was begun in vain. */
static int undo_job(struct compressor *c, struct cjob *job, int err)
{
	job->state = CJOB_FREE;
	c->count--;
	return err == -ENOMEM ? out_of_memory(c) : err;
}

/* ---- memory of jobs ---- */

/*
 * Memory for what goes out; a longer header, or a window, may have come after the
 * job was made.
 */
static int fit_output(struct wd_comp_sess *s, struct cjob *job, size_t in_len)
{
	size_t need = wd_max(header_size(s), (size_t)WD_SPLICE_FENCE_LEN) +
		      wd_deflate_bound(in_len) + WD_TAIL_MAX;

	/* A device stores what does not shrink in smaller blocks. */
	if (sched_on_device(&s->sched))
		need += in_len / 1024 + 64;
	if (job->out_cap >= need)
		return 0;
	free(job->out);
	job->out_cap = 0;
	job->out = get_memory(&s->c, NULL, need);
	if (!job->out)
		return -ENOMEM;
	job->out_cap = need;
	return 0;
}

/*
 * Room for more input: up to a chunk, but no more than needed for as much as is
 * expected and the end behind it.
 */
static size_t input_wanted(const struct wd_comp_sess *s, const struct cjob *job)
{
	uint64_t hint = s->setup.size_hint;
	size_t chunk = s->c.chunk;

	/* A cut may move any part of a chunk here. */
	if (s->setup.flags & WD_COMP_RSYNCABLE)
		return chunk;
	if (job->in_len)
		return wd_min(chunk, 2 * job->in_len);
	if (hint < chunk - INPUT_MIN)
		return (size_t)hint + INPUT_MIN;
	return chunk;
}

static int fit_input(struct wd_comp_sess *s, struct cjob *job)
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
	in = get_memory(&s->c, job->in ? job->in - WD_COMP_WINDOW_MAX : NULL,
			WD_COMP_WINDOW_MAX + want);
	if (!in)
		return -ENOMEM;
	job->in = in + WD_COMP_WINDOW_MAX;
	job->in_cap = want;
	return 0;
}

/* The next job of the ring, as the newest.  -EAGAIN if all are in use. */
static int begin_job(struct wd_comp_sess *s, struct cjob **ret_job)
{
	struct compressor *c = &s->c;
	struct cjob **slot;
	int ret;

	if (c->count && !c->expanded) {
		ret = expand(s);
		if (ret)
			return ret;
	}
	if (c->count == c->njobs)
		return -EAGAIN;
	slot = &c->jobs[(c->head + c->count) % c->njobs];
	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	if (!*slot)
		return out_of_memory(c);
	(*slot)->state = CJOB_FILLING;
	(*slot)->in_len = 0;
	(*slot)->before_len = 0;
	(*slot)->out_len = 0;
	(*slot)->lead = 0;
	(*slot)->last = false;
	(*slot)->keep = false;
	(*slot)->ahead = false;
	c->count++;
	*ret_job = *slot;
	return 0;
}

static bool first_of_stream(const struct wd_comp_sess *s)
{
	return !s->c.any_sent;
}

static void set_request(struct wd_comp_sess *s, struct cjob *job, const void *in)
{
	size_t head = sized_members(s) || first_of_stream(s) ? header_size(s) : 0;
	bool join = joins(s) && !first_of_stream(s) && !s->c.cut;

	memset(&job->req, 0, sizeof(job->req));
	job->req.op = WD_COMP_COMPRESS;
	job->req.format = WD_COMP_RAW;
	job->req.level = (uint8_t)s->setup.level;
	job->req.flags = job->last || sized_members(s) ? 0 : WD_COMP_REQ_OPEN;
	job->req.in = in;
	job->req.in_len = job->in_len;
	memset(&job->item, 0, sizeof(job->item));
	if (join)
		job->lead = WD_SPLICE_FENCE_LEN;
	job->req.out = job->out + head + job->lead;
	job->req.out_cap = job->out_cap - head - job->lead - WD_TAIL_MAX;
	if (job->ahead)
		job->item.work = wd_work_compress_from(&job->req, s->setup.format,
						       &s->c.source, job->offset);
	else
		job->item.work = wd_work_compress(&job->req, s->setup.format);
	job->item.work.args.compress.join = join;
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
		.window = s->c.window,
		.window_len = s->c.window_len,
	};

	if (!d)
		return -ENOMEM;
	job->req.status = wd_deflate_run(d, &dj);
	job->req.produced = dj.produced;
	job->req.consumed = job->req.in_len;
	job->req.checksum = wd_checksum(s->setup.format, job->req.in, job->in_len);
	job->req.result = dj.stored ? WD_COMP_RES_STORED : 0;
	wd_deflate_destroy(d);
	return job->req.status;
}

static int send_job(struct wd_comp_sess *s, struct cjob *job, const void *in)
{
	struct compressor *c = &s->c;
	bool device = sched_on_device(&s->sched);
	bool alone = job->last && c->count == 1 && job->in_len <= ALONE_MAX && !device;
	bool windowed = c->window_len && first_of_stream(s);
	int ret = fit_output(s, job, job->in_len);

	if (ret)
		return ret;
	/* Devices do not know what was before, and may end in their own way. */
	if (device)
		job->keep = c->cut = true;
	set_request(s, job, in);
	c->any_sent = true;
	c->cut = device;
	if (windowed || alone) {
		ret = windowed ? run_with_window(s, job) :
				 sched_run(&s->sched, &job->item.work);
		job->state = CJOB_DONE;
		return ret;
	}
	job->state = CJOB_SENT;
	return sess_send(s, &job->item);
}

/* The held chunk is not the last one, or it is. */
static int release_held(struct wd_comp_sess *s, bool last)
{
	struct cjob *job = s->c.held;

	if (!job)
		return 0;
	s->c.held = NULL;
	job->last = last;
	return send_job(s, job, job->req.in);
}

static void hold(struct compressor *c, struct cjob *job, const void *in)
{
	job->req.in = in;
	job->state = CJOB_HELD;
	c->held = job;
}

/* Some errors would mean something else to the caller. */
static int read_error(int err)
{
	return err == -EAGAIN || err == -ETIMEDOUT || err == -EINVAL ? -EIO : err;
}

/* What was read so far goes out; then the error is told. */
static int source_failed(struct wd_comp_sess *s, int err)
{
	struct compressor *c = &s->c;
	struct cjob *job = newest(c);

	c->source_error = read_error(err);
	c->input_done = true;
	if (job && job->state == CJOB_FILLING) {
		job->state = CJOB_FREE;
		c->count--;
	}
	return release_held(s, false);
}

/* What comes before the input of @job, which is about to get some, goes before it. */
static int put_before(struct wd_comp_sess *s, struct cjob *job)
{
	struct compressor *c = &s->c;
	struct cjob *prev = c->before;
	int64_t n = 0;

	/* What was before the chunk that is held is of no account here. */
	if (!joins(s) || (c->cut && !c->held))
		return 0;
	if (c->source.read) {
		size_t len = wd_min(c->in_total, WD_COMP_WINDOW_MAX);

		if (len)
			n = c->source.read(c->source.arg, job->in - len, len,
					   c->in_total - len);
		if (n < 0)
			return (int)n;
		/* It has become shorter: the chunk before will tell. */
		if (!len || (uint64_t)n != len)
			return 0;
		job->before_sum = wd_crc32(0, job->in - len, len);
	} else if (prev) {
		n = (int64_t)window_end(prev);
		memcpy(job->in - n, prev->in + prev->in_len - n, (size_t)n);
	}
	job->before_len = (size_t)n;
	return 0;
}

int compress_get_input(struct wd_comp_sess *s, void **buf, size_t *room)
{
	struct compressor *c = &s->c;
	struct cjob *job = newest(c);
	int ret;

	if (c->input_done || c->finish_later)
		return -EINVAL;
	/* A cut moves what is behind it to the next job. */
	if (s->setup.flags & WD_COMP_RSYNCABLE && job && c->expanded &&
	    c->count + 1 >= c->njobs && job->state == CJOB_FILLING)
		return -EAGAIN;
	if (!job || job->state != CJOB_FILLING) {
		ret = begin_job(s, &job);
		if (ret)
			return ret;
	}
	ret = fit_input(s, job);
	/* What is read must find memory for its output: there is no way back then. */
	if (!ret && c->count > 1)
		ret = fit_output(s, job, wd_min(job->in_cap, c->chunk));
	if (ret)
		return ret == -ENOMEM ? out_of_memory(c) : ret;
	if (!job->in_len && !job->before_len) {
		ret = put_before(s, job);
		if (ret)
			return source_failed(s, ret);
	}
	*buf = job->in + job->in_len;
	*room = wd_min(job->in_cap, c->chunk) - job->in_len;
	if (s->setup.flags & WD_COMP_RSYNCABLE)
		*room = wd_min(*room, RSYNC_MIN);
	return 0;
}

/* One of 256 fixed random-looking numbers: a gear hash's table, computed. */
static uint64_t gear(uint8_t byte)
{
	uint64_t x = (byte + 1) * 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Bytes of @job up to a place that the last 64 bytes choose; 0 if there is none. */
static size_t find_cut(struct compressor *c, const struct cjob *job, size_t from)
{
	for (size_t i = from; i < job->in_len; i++) {
		c->roll = (c->roll << 1) + gear(job->in[i]);
		if (i + 1 >= RSYNC_MIN && !(c->roll & RSYNC_MASK)) {
			c->roll = 0;
			return i + 1;
		}
	}
	return 0;
}

/* Move what is behind the cut to a job of its own. */
static int cut_job(struct wd_comp_sess *s, struct cjob *job, size_t cut)
{
	size_t rest = job->in_len - cut;
	struct cjob *next;
	void *buf;
	size_t room;
	int ret;

	job->in_len = cut;
	hold(&s->c, job, job->in);
	if (!rest)
		return 0;
	ret = release_held(s, false);
	if (ret)
		return ret;
	ret = compress_get_input(s, &buf, &room);
	/* There is a job; if there is no memory, what was cut is lost. */
	if (ret)
		return ret == -EAGAIN ? -ENOMEM : ret;
	next = newest(&s->c);
	if (next->in_cap < rest)
		return -EIO;
	memcpy(buf, job->in + cut, rest);
	next->in_len = rest;
	for (size_t i = 0; i < rest; i++)
		s->c.roll = (s->c.roll << 1) + gear(next->in[i]);
	return 0;
}

static int take_input(struct wd_comp_sess *s, size_t len)
{
	struct compressor *c = &s->c;
	struct cjob *job = newest(c);
	size_t from, cut;
	int ret;

	if (!len)
		return 0;
	if (!job || job->state != CJOB_FILLING ||
	    len > wd_min(job->in_cap, c->chunk) - job->in_len)
		return -EINVAL;
	ret = release_held(s, false);
	if (ret)
		return ret;
	c->begun = true;
	c->in_total += len;
	c->before = job;
	from = job->in_len;
	job->in_len += len;
	if (s->setup.flags & WD_COMP_RSYNCABLE) {
		cut = find_cut(c, job, from);
		if (cut)
			return cut_job(s, job, cut);
	}
	if (job->in_len == c->chunk)
		hold(&s->c, job, job->in);
	return 0;
}

/* An empty newest job carries nothing, unless the stream has nothing else. */
static void drop_empty(struct compressor *c)
{
	struct cjob *job = newest(c);

	if (job && job->state == CJOB_FILLING && !job->in_len) {
		job->state = CJOB_FREE;
		c->count--;
	}
}

static int flush_chunk(struct wd_comp_sess *s)
{
	struct cjob *job;
	int ret = release_held(s, false);

	if (ret)
		return ret;
	drop_empty(&s->c);
	job = newest(&s->c);
	/* Who flushes may want to begin there. */
	if (job)
		job->keep = true;
	if (job && job->state == CJOB_FILLING)
		ret = send_job(s, job, job->in);
	s->c.cut = true;
	return ret;
}

static int finish_input(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;
	struct cjob *job;
	int ret;

	drop_empty(c);
	job = newest(c);
	if (job && job->state == CJOB_FILLING) {
		job->last = true;
		ret = send_job(s, job, job->in);
	} else if (c->held) {
		ret = release_held(s, true);
	} else if (c->eof_member || (sized_members(s) && c->any_sent)) {
		ret = 0;
	} else {
		/* Nothing came, or a flush ended the last chunk. */
		ret = begin_job(s, &job);
		c->finish_later = ret == -EAGAIN;
		if (ret)
			return c->finish_later ? 0 : ret;
		job->last = true;
		ret = send_job(s, job, "");
	}
	c->input_done = true;
	c->begun = true;
	return ret;
}

int compress_put_input(struct wd_comp_sess *s, size_t len, enum wd_comp_flush flush)
{
	int ret;

	if (s->c.input_done || s->c.finish_later)
		return len ? -EINVAL : 0;
	ret = take_input(s, len);
	if (ret)
		return ret;
	switch (flush) {
	case WD_COMP_FINISH:
		return finish_input(s);
	case WD_COMP_SYNC_FLUSH:
		return flush_chunk(s);
	default:
		return 0;
	}
}

int compress_put_foreign(struct wd_comp_sess *s, const uint8_t *in, size_t len)
{
	struct cjob *job;
	int ret = begin_job(s, &job);

	if (ret)
		return ret;
	ret = fit_output(s, job, len);
	if (ret)
		return undo_job(&s->c, job, ret);
	ret = release_held(s, false);
	if (ret)
		return ret;
	s->c.begun = true;
	/* All of it is one piece of memory. */
	job->before_len = wd_min(s->c.in_total, WD_COMP_WINDOW_MAX);
	s->c.in_total += len;
	job->in_len = len;
	hold(&s->c, job, in);
	return 0;
}

/* ---- input that the session reads by itself ---- */

void compress_set_source(struct wd_comp_sess *s, const struct wd_source *source,
			 uint64_t size)
{
	s->c.source = *source;
	if (size > CHUNK_AFFORDED_MIN)
		compress_settle(s);
	/* A device reads no files. */
	s->c.source_size = sched_on_device(&s->sched) ? 0 : size;
}

/* A chunk that is followed by more, read by the worker that compresses it. */
static int send_ahead(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;
	struct cjob *job;
	int ret = begin_job(s, &job);

	if (ret)
		return ret;
	ret = fit_output(s, job, c->chunk);
	if (ret)
		return undo_job(c, job, ret);
	job->in_len = c->chunk;
	job->offset = c->in_total;
	job->ahead = true;
	c->in_total += c->chunk;
	c->begun = true;
	return send_job(s, job, NULL);
}

/* The last chunk, or what came as a surprise: read until there is no more. */
static int read_here(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;
	size_t room;
	int64_t n;
	void *buf;
	int ret = compress_get_input(s, &buf, &room);

	if (ret || c->source_error)
		return ret;
	n = c->source.read(c->source.arg, buf, room, c->in_total);
	if (n < 0 || (uint64_t)n > room)
		return source_failed(s, n < 0 ? (int)n : -EIO);
	ret = compress_put_input(s, (size_t)n, WD_COMP_NO_FLUSH);
	if (!ret && (uint64_t)n < room)
		ret = compress_put_input(s, 0, WD_COMP_FINISH);
	return ret;
}

/* Begin all chunks that there are jobs for. */
static int read_ahead(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;
	int ret = 0;

	while (!ret && !c->input_done && !c->finish_later) {
		const struct cjob *job = newest(c);
		bool whole = !job || job->state != CJOB_FILLING;

		if (whole && c->source_size > c->in_total &&
		    c->source_size - c->in_total > c->chunk)
			ret = send_ahead(s);
		else
			ret = read_here(s);
	}
	return ret == -EAGAIN ? 0 : ret;
}

/*
 * The oldest job found the input to end earlier than expected.  What was begun is
 * void; from there on everything is read here.
 */
static void cut_short(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;
	uint64_t offset = job_at(c, 0)->offset;

	sched_drain(&s->sched);
	for (unsigned int i = 0; i < c->count; i++)
		job_at(c, i)->state = CJOB_FREE;
	c->count = 0;
	c->held = NULL;
	c->input_done = false;
	c->finish_later = false;
	c->any_sent = offset > 0;
	c->in_total = offset;
	c->source_size = 0;
	c->source_error = 0;
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
	if (!job->keep && job->req.flags & WD_COMP_REQ_OPEN && joins(s))
		job->out_len -= WD_SPLICE_FENCE_LEN;
}

/* Lay header and trailer around the data and add it to the stream's totals. */
static void complete_job(struct wd_comp_sess *s, struct cjob *job)
{
	struct compressor *c = &s->c;
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

	if (sized_members(s))
		job->out_len += wd_tail_write(job->data + job->out_len, format, sum,
					      job->in_len);
	else if (job->last)
		job->out_len += wd_tail_write(job->data + job->out_len, format,
					      c->sum, c->sum_len);
	if (sized_members(s) || job->last) {
		s->info.members++;
		s->info.checksum = sized_members(s) ? sum : c->sum;
	}
}

/*
 * The file may have changed since the chunk before was read: what @job refers to is
 * then not what that one's output gives.  So it must do without.
 */
static void check_joint(struct wd_comp_sess *s, struct cjob *job)
{
	struct compressor *c = &s->c;
	uint32_t before_sum = job->ahead ? job->item.work.result.compress.before_sum :
					   job->before_sum;

	if (!c->source.read)
		return;
	if (job->item.work.result.compress.joined && before_sum != c->end_sum) {
		job->item.work.args.compress.join = false;
		sched_run(&s->sched, &job->item.work);
	}
}

/* What the chunk after @job will be compared with. */
static void note_end(struct compressor *c, const struct cjob *job)
{
	size_t n = window_end(job);

	if (job->ahead)
		c->end_sum = job->item.work.result.compress.end_sum;
	else if (c->source.read && !job->last)
		c->end_sum = wd_crc32(0, job->in + job->in_len - n, n);
}

/* Wait until the oldest job is done. */
static int await_head(struct wd_comp_sess *s, int timeout_ms)
{
	struct cjob *job = job_at(&s->c, 0);

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
	struct compressor *c = &s->c;
	struct cjob *job;
	int ret;

	if (c->finish_later && c->count < c->njobs) {
		ret = finish_input(s);
		if (ret)
			return ret;
	}
again:
	if (c->source.read) {
		ret = read_ahead(s);
		if (ret)
			return ret;
	}
	if (!c->count) {
		if (c->source_error)
			return c->source_error;
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
	check_joint(s, job);
	if (job->item.work.result.compress.no_input && job->req.status == -ENODATA) {
		cut_short(s);
		goto again;
	}
	if (job->item.work.result.compress.no_input)
		return read_error(job->req.status);
	if (job->req.status)
		return job->req.status;
	complete_job(s, job);
	note_end(c, job);
	*data = job->data;
	*len = job->out_len;
	return 1;
}

void compress_put_output(struct wd_comp_sess *s)
{
	struct compressor *c = &s->c;

	if (c->ended || !c->count)
		return;
	job_at(c, 0)->state = CJOB_FREE;
	c->head = (c->head + 1) % c->njobs;
	c->count--;
}

size_t compress_bound(const struct wd_comp_sess *s, size_t in_len)
{
	size_t chunk = s->c.chunk;
	size_t chunks, each;

	/* It can turn out that chunks have to be smaller. */
	if (!s->setup.chunk_size && !sched_on_device(&s->sched))
		chunk = wd_min(chunk, CHUNK_AFFORDED_MIN);
	chunks = in_len / chunk + 1;

	if (s->setup.flags & WD_COMP_RSYNCABLE)
		chunks = in_len / RSYNC_MIN + 1;
	/* What every chunk adds to its bytes, stored as they are. */
	each = 5 * (chunk / 65535 + 2) + 10;
	if (sized_members(s))
		each += WD_HEAD_MAX + WD_TAIL_MAX;
	if (in_len > (SIZE_MAX - WD_HEAD_MAX - 64) / 2)
		return SIZE_MAX;
	each = in_len + chunks * each + WD_HEAD_MAX + WD_TAIL_MAX;
	return sized_members(s) ? each + compress_sized(s)->end_len : each;
}
