/* SPDX-License-Identifier: MIT */
/*
 * Sessions: making and resetting them, and their way to a queue.
 *
 * Which engine does a request is decided here and only here: a request that a
 * queue fails or refuses is done again on the CPU, and counted.
 */
#define log_fmt(f) "session: " f
#include <stdlib.h>
#include <string.h>

#include "../codec/isal.h"
#include "session.h"

#define DEVICE_WIDTH	8u	/* requests that keep a device busy */
#define FAILURES_MAX	4u	/* in a row, and the device is left alone */

static int check_setup(const struct wd_comp_setup *setup)
{
	if (setup->op != WD_COMP_COMPRESS && setup->op != WD_COMP_DECOMPRESS)
		return -EINVAL;
	if ((unsigned int)setup->format > WD_COMP_RAW ||
	    (unsigned int)setup->members > WD_COMP_MEMBERS_BGZF)
		return -EINVAL;
	if (setup->level < 0 || setup->level > WD_COMP_LEVEL_MAX)
		return -EINVAL;
	if (setup->chunk_size && (setup->chunk_size < WD_COMP_CHUNK_MIN ||
				  setup->chunk_size > WD_COMP_CHUNK_MAX))
		return -EINVAL;
	if (setup->threads > WD_COMP_THREADS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(setup->reserved); i++)
		if (setup->reserved[i])
			return -EINVAL;
	if (setup->flags & ~(WD_COMP_RSYNCABLE | WD_COMP_ONE_MEMBER | WD_COMP_NO_VERIFY |
			     WD_COMP_INDEPENDENT))
		return -EINVAL;
	if (setup->members != WD_COMP_MEMBERS_ONE &&
	    (setup->format != WD_COMP_GZIP || setup->op != WD_COMP_COMPRESS))
		return -EINVAL;
	return 0;
}

/* CPU workers are always there and need no search. */
static bool is_cpu(const char *word, size_t len)
{
	return (len == 4 && !memcmp(word, "auto", 4)) ||
	       (len == 2 && !memcmp(word, "sw", 2));
}

/* 0 if there is a device or driver of that name that can be used. */
static int find_device(struct wd_comp_sess *s, const char *name)
{
	struct wd_device *devs;
	int n = wd_device_list(&devs);
	int ret = -ENODEV;

	if (n < 0)
		return n;
	for (int i = 0; i < n && ret; i++) {
		if (strcmp(name, devs[i].name) && strcmp(name, devs[i].driver))
			continue;
		if (!devs[i].status || ret == -ENODEV)
			ret = devs[i].status;
		s->on_device = !ret && strcmp(devs[i].driver, "soft");
	}
	wd_device_list_free(devs);
	return ret;
}

/* The first of a list that can be used; else why the first cannot. */
static int choose_engine(struct wd_comp_sess *s, const char *list)
{
	int first = 0;

	for (const char *word = list; word;) {
		size_t len = strcspn(word, ",");
		int ret;

		if (is_cpu(word, len))
			return 0;
		s->engine = strndup(word, len);
		if (!s->engine)
			return -ENOMEM;
		ret = find_device(s, s->engine);
		if (!ret)
			return 0;
		free(s->engine);
		s->engine = NULL;
		if (!first)
			first = ret;
		word = word[len] ? word + len + 1 : NULL;
	}
	return first;
}

WD_API int wd_comp_create(struct wd_comp_sess **sess,
			  const struct wd_comp_setup *setup)
{
	struct wd_comp_sess *s;
	int ret;

	if (!sess || !setup)
		return -EINVAL;
	ret = check_setup(setup);
	if (ret)
		return ret;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->setup = *setup;
	if (!s->setup.level)
		s->setup.level = WD_COMP_LEVEL_DEFAULT;
	s->setup.engine = NULL;
	ret = choose_engine(s, setup->engine);
	if (ret)
		goto err_free;
	wd_fork_guard_init(&s->guard);
	ret = s->setup.op == WD_COMP_COMPRESS ? compress_init(s) : decompress_init(s);
	if (ret)
		goto err_guard;
	wd_comp_reset(s, setup->size_hint);
	*sess = s;
	return 0;

err_guard:
	compress_exit(s);
	decompress_exit(s);
	wd_fork_guard_exit(&s->guard);
err_free:
	free(s->engine);
	free(s);
	return ret;
}

WD_API void wd_comp_destroy(struct wd_comp_sess *sess)
{
	if (!sess)
		return;
	/* First, as workers may hold buffers of the session. */
	if (sess->q_open)
		wd_release_queue(&sess->q);
	compress_exit(sess);
	decompress_exit(sess);
	wd_codec_destroy(sess->codec);
	wd_fork_guard_exit(&sess->guard);
	free(sess->done.slot);
	free(sess->engine);
	free(sess);
}

/* 0 if the session may be used by this process. */
int sess_check(const struct wd_comp_sess *s)
{
	if (!s)
		return -EINVAL;
	if (wd_fork_guard_ok(&s->guard))
		return 0;
	wd_err("%s", wd_strerror(-ESTALE));
	return -ESTALE;
}

WD_API int wd_comp_reset(struct wd_comp_sess *sess, uint64_t size_hint)
{
	int ret = sess_check(sess);

	if (ret)
		return ret;
	sess_drain(sess);
	sess->setup.size_hint = size_hint;
	sess->failed = 0;
	sess->fresh = true;
	sess->async = false;
	sess->input_lent = false;
	sess->output_lent = false;
	sess->rest_len = 0;
	memset(&sess->info, 0, sizeof(sess->info));
	if (sess->setup.op == WD_COMP_COMPRESS)
		compress_reset(sess);
	else
		decompress_reset(sess);
	return 0;
}

WD_API size_t wd_comp_bound(const struct wd_comp_sess *sess, size_t in_len)
{
	if (!sess || sess->setup.op != WD_COMP_COMPRESS)
		return 0;
	return compress_bound(sess, in_len);
}

WD_API size_t wd_comp_req_bound(size_t in_len)
{
	/* There is no such request; it must not look like a small one. */
	if (in_len > SIZE_MAX / 2)
		return SIZE_MAX;
	return HEADER_MAX + wd_deflate_bound(in_len) + WD_TAIL_MAX;
}

/* ---- to the queue and back ---- */

static int open_soft(struct wd_comp_sess *s)
{
	s->q.device = s->engine && !s->device_error ? s->engine : "soft";
	s->q.workers = sess_threads(s);
	s->q.depth = 4 * s->q.workers;
	return wd_request_queue(&s->q);
}

static int open_device(struct wd_comp_sess *s)
{
	s->q.device = s->engine;
	s->q.workers = 0;
	s->q.depth = 0;
	return wd_request_queue(&s->q);
}

/* From now on it is the CPU's. */
static void leave_device(struct wd_comp_sess *s, int why)
{
	if (!s->on_device)
		return;
	wd_warn("%s is not used any more: %s", s->device[0] ? s->device : s->engine,
		wd_strerror(why));
	s->on_device = false;
	s->device_error = why;
}

int sess_open_queue(struct wd_comp_sess *s)
{
	int ret;

	if (s->q_open)
		return 0;
	if (s->on_device) {
		ret = open_device(s);
		if (ret)
			leave_device(s, ret);
	}
	if (!s->on_device) {
		ret = open_soft(s);
		if (ret)
			return ret;
	}
	s->width = s->q.workers;
	if (s->on_device) {
		s->width = (unsigned int)wd_min(s->q.depth / 2, DEVICE_WIDTH);
		memcpy(s->device, wd_queue_device(&s->q), sizeof(s->device));
	}
	s->q_open = true;
	return 0;
}

static struct wd_codec *own_codec(struct wd_comp_sess *s)
{
	if (!s->codec)
		s->codec = wd_codec_create();
	return s->codec;
}

/* Do a request here and now. */
int sess_run(struct wd_comp_sess *s, struct wd_work *work)
{
	struct wd_codec *codec = own_codec(s);

	if (!codec)
		work->req->status = -ENOMEM;
	else
		wd_codec_run(codec, work);
	return work->req->status;
}

/* Do it at once; it is received like the rest. */
static int run_now(struct wd_comp_sess *s, struct wd_work *work)
{
	struct done_ring *d = &s->done;

	if (d->count == d->cap) {
		unsigned int cap = d->cap ? 2 * d->cap : 16;
		struct wd_work *slot = calloc(cap, sizeof(*slot));

		if (!slot)
			return -ENOMEM;
		for (unsigned int i = 0; i < d->count; i++)
			slot[i] = d->slot[(d->head + i) % d->cap];
		free(d->slot);
		d->slot = slot;
		d->cap = cap;
		d->head = 0;
	}
	sess_run(s, work);
	d->slot[(d->head + d->count++) % d->cap] = *work;
	s->in_flight++;
	return 0;
}

static struct wd_work take_done(struct wd_comp_sess *s)
{
	struct done_ring *d = &s->done;
	struct wd_work work = d->slot[d->head];

	d->head = (d->head + 1) % d->cap;
	d->count--;
	s->in_flight--;
	return work;
}

/* A queue of a device that is not used any more makes room for workers. */
static int change_queue(struct wd_comp_sess *s)
{
	wd_release_queue(&s->q);
	s->q_open = false;
	return sess_open_queue(s);
}

/* What the device has no use for is done here and now. */
static int send_device(struct wd_comp_sess *s, struct wd_work *work)
{
	int ret = wd_queue_send(&s->q, work);

	if (!ret) {
		s->in_flight++;
		wd_flush(&s->q);
		return 0;
	}
	if (ret == -EBUSY)
		return ret;
	if (ret == -ENODEV)
		leave_device(s, ret);
	return run_now(s, work);
}

/*
 * The doorbell waits for a second request: a lone one is better done by the
 * thread that will ask for it.
 */
static int send_soft(struct wd_comp_sess *s, struct wd_work *work)
{
	int ret = wd_queue_send(&s->q, work);

	if (ret)
		return ret;
	s->in_flight++;
	if (s->in_flight > 1)
		wd_flush(&s->q);
	return 0;
}

int sess_send(struct wd_comp_sess *s, struct wd_work *work)
{
	bool left;
	int ret = sess_open_queue(s);

	if (ret)
		return ret;
	if (s->on_device)
		return send_device(s, work);
	left = s->device_error && !s->q.workers;
	if (left && s->in_flight == s->done.count) {
		ret = change_queue(s);
		left = false;
	}
	if (ret)
		return ret;
	if (!left)
		return send_soft(s, work);
	return run_now(s, work);
}

/* Input that could not be read is not the engine's fault. */
static bool worth_redoing(const struct wd_work *work)
{
	int status = work->req->status;

	return wd_work_compresses(work) && status && status != -ENOSPC &&
	       !(work->kind == WD_WORK_COMPRESS && work->result.compress.no_input);
}

/* Whether the CPU finds what the device made to be right. */
static bool is_right(struct wd_comp_sess *s, const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;
	struct wd_codec *codec = own_codec(s);

	if (wd_work_compresses(work))
		return s->setup.flags & WD_COMP_NO_VERIFY ||
		       (codec && wd_codec_verify(codec, work) != -EBADMSG);
	/* Of other kinds the driver has seen to it. */
	return work->kind != WD_WORK_REQUEST ||
	       wd_checksum(req->format, req->out, req->produced) == req->checksum;
}

/*
 * What a device brings.  What it did not do, or not well, is done again; that is
 * its failure unless it never claimed to be able to, or the CPU fails, too.
 */
static void take_from_device(struct wd_comp_sess *s, struct wd_work *work)
{
	int status = work->req->status;

	if (!status && is_right(s, work)) {
		s->failures = 0;
		s->info.device_requests++;
		return;
	}
	if (!status)
		s->info.device_wrong++;
	sess_run(s, work);
	if (status == -EOPNOTSUPP || work->req->status)
		return;
	s->info.redone++;
	if (status == -ENOSPC)
		return;
	s->failures++;
	if (status == -ENODEV || status == -ETIMEDOUT || status == -EPROTO)
		leave_device(s, status);
	else if (s->failures >= FAILURES_MAX)
		leave_device(s, status ? status : -EIO);
}

/* Returns 0 with @done set, or what wd_recv_sync() says. */
int sess_recv(struct wd_comp_sess *s, struct wd_work *done, int timeout_ms)
{
	int ret;

	if (s->done.count) {
		*done = take_done(s);
		return 0;
	}
	if (timeout_ms == WD_NO_WAIT && s->lazy && s->q_open && s->q.workers == 1)
		return -EAGAIN;
	ret = wd_queue_recv(&s->q, done, timeout_ms);
	if (ret)
		return ret;
	s->in_flight--;
	if (!s->q.workers) {
		take_from_device(s, done);
	} else if (!s->async && worth_redoing(done)) {
		s->info.redone++;
		sess_run(s, done);
	}
	return 0;
}

/* Take back whatever is in flight; what has not begun will not. */
void sess_drain(struct wd_comp_sess *s)
{
	struct wd_work done;

	s->in_flight -= s->done.count;
	s->done.count = 0;
	if (s->in_flight)
		s->in_flight -= wd_queue_drop(&s->q);
	while (s->in_flight && !wd_queue_recv(&s->q, &done, WD_WAIT_FOREVER))
		s->in_flight--;
	s->in_flight = 0;
}

/* ---- what a session tells ---- */

/* What is decoded ahead goes to libdeflate if possible. */
static const char *decoder_name(const struct wd_comp_sess *s)
{
	if (!s->d.ahead_used)
		return wd_inflate_name(&s->d.inf);
	if (s->info.parallel_out == s->info.total_out)
		return "libdeflate";
	return wd_isal_missing() ? "libdeflate, zlib" : "libdeflate, ISA-L";
}

WD_API int wd_comp_get_info(struct wd_comp_sess *sess, struct wd_comp_info *info)
{
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!info)
		return -EINVAL;
	*info = sess->info;
	info->level = sess->setup.level;
	info->threads = sess->q_open ? sess->q.workers : sess->setup.threads;
	info->limited = sess->afford.text[0] ? sess->afford.text : NULL;
	info->engine = sess->engine ? sess->engine : "sw";
	if (sess->on_device || sess->device_error) {
		info->device = sess->device[0] ? sess->device : sess->engine;
		info->device_error = sess->device_error;
	}
	if (sess->setup.op == WD_COMP_COMPRESS) {
		info->codec = wd_level_get(sess->setup.level)->name;
		info->chunk_size = (uint32_t)sess->c.chunk;
		info->total_in = sess->c.in_total;
	} else {
		info->codec = decoder_name(sess);
		info->total_in = sess->d.pos;
	}
	if (sess->on_device && sess->info.device_requests)
		info->codec = info->device;
	return 0;
}

/* ---- asynchronous requests ---- */

static bool stream_over(const struct wd_comp_sess *s)
{
	if (s->fresh)
		return true;
	if (s->output_lent)
		return false;
	if (s->setup.op == WD_COMP_DECOMPRESS)
		return s->d.state == DEC_END;
	return s->c.input_done && !s->c.count && !s->c.eof_member;
}

WD_API int wd_comp_send(struct wd_comp_sess *sess, struct wd_comp_req *req)
{
	struct wd_work work = wd_work_request(req);
	int ret = sess_check(sess);

	if (!ret)
		ret = wd_codec_check(req);
	if (!ret && !stream_over(sess))
		ret = -EINVAL;
	if (ret)
		return ret;
	/* What a stream sent ahead and turned out not to need. */
	if (!sess->async)
		sess_drain(sess);
	sess->async = true;
	ret = sess_send(sess, &work);
	if (!sess->in_flight)
		sess->async = false;
	return ret;
}

WD_API int wd_comp_recv(struct wd_comp_sess *sess, struct wd_comp_req **req,
			int timeout_ms)
{
	struct wd_work done;
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!req || timeout_ms < WD_WAIT_FOREVER)
		return -EINVAL;
	if (!sess->async)
		return -ENOENT;
	ret = sess_recv(sess, &done, timeout_ms);
	if (ret)
		return ret;
	*req = done.req;
	sess->info.requests++;
	if (!sess->in_flight)
		sess->async = false;
	return 0;
}
