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
	if (setup->flags & ~(WD_COMP_RSYNCABLE | WD_COMP_ONE_MEMBER))
		return -EINVAL;
	if (setup->members != WD_COMP_MEMBERS_ONE &&
	    (setup->format != WD_COMP_GZIP || setup->op != WD_COMP_COMPRESS))
		return -EINVAL;
	return 0;
}

/* "auto" and "sw" need no search: CPU workers are always there. */
static int check_engine(const char *engine)
{
	struct wd_device *devs;
	int ret = -ENODEV;
	int n;

	if (!engine || !strcmp(engine, "auto") || !strcmp(engine, "sw"))
		return 0;
	n = wd_device_list(&devs);
	if (n < 0)
		return n;
	for (int i = 0; i < n && ret; i++)
		if (!strcmp(engine, devs[i].name) || !strcmp(engine, devs[i].driver))
			ret = devs[i].status;
	wd_device_list_free(devs);
	return ret;
}

WD_API int wd_comp_create(struct wd_comp_sess **sess,
			  const struct wd_comp_setup *setup)
{
	struct wd_comp_sess *s;
	int ret;

	if (!sess || !setup)
		return -EINVAL;
	ret = check_setup(setup);
	if (!ret)
		ret = check_engine(setup->engine);
	if (ret)
		return ret;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->setup = *setup;
	if (!s->setup.level)
		s->setup.level = WD_COMP_LEVEL_DEFAULT;
	s->setup.engine = NULL;
	if (setup->engine && strcmp(setup->engine, "auto") &&
	    strcmp(setup->engine, "sw")) {
		s->engine = strdup(setup->engine);
		if (!s->engine)
			goto err_free;
	}
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
	return ret ? ret : -ENOMEM;
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
	return HEADER_MAX + wd_deflate_bound(in_len) + WD_TAIL_MAX;
}

/* ---- to the queue and back ---- */

static unsigned int sess_threads(const struct wd_comp_sess *s)
{
	return s->setup.threads ? s->setup.threads :
	       (unsigned int)wd_min(wd_cpu_count(), WD_COMP_THREADS_MAX);
}

int sess_open_queue(struct wd_comp_sess *s)
{
	int ret;

	if (s->q_open)
		return 0;
	s->q.device = s->engine ? s->engine : "soft";
	s->q.workers = sess_threads(s);
	s->q.depth = 4 * s->q.workers;
	ret = wd_request_queue(&s->q);
	if (ret)
		return ret;
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
int sess_run(struct wd_comp_sess *s, struct wd_comp_req *req)
{
	struct wd_codec *codec = own_codec(s);

	if (!codec)
		req->status = -ENOMEM;
	else
		wd_codec_run(codec, req);
	return req->status;
}

/*
 * The doorbell waits for a second request: a lone one is better done by the
 * thread that will ask for it.
 */
int sess_send(struct wd_comp_sess *s, struct wd_comp_req *req)
{
	int ret = sess_open_queue(s);

	if (!ret)
		ret = wd_send(&s->q, req);
	if (ret)
		return ret;
	s->in_flight++;
	if (s->in_flight > 1)
		wd_flush(&s->q);
	return 0;
}

/* Input that could not be read is not the engine's fault. */
static bool worth_redoing(const struct wd_comp_req *req)
{
	return req->op == WD_COMP_COMPRESS && req->status &&
	       req->status != -ENOSPC && !(req->result & WD_RES_NO_INPUT);
}

struct wd_comp_req *sess_recv(struct wd_comp_sess *s, int timeout_ms, int *err)
{
	void *got;

	if (timeout_ms == WD_NO_WAIT && s->lazy && s->q_open && s->q.workers == 1) {
		*err = -EAGAIN;
		return NULL;
	}
	*err = wd_recv_sync(&s->q, &got, timeout_ms);
	if (*err)
		return NULL;
	s->in_flight--;
	if (!s->async && worth_redoing(got)) {
		s->info.redone++;
		sess_run(s, got);
	}
	return got;
}

/* Take back whatever is in flight; what has not begun will not. */
void sess_drain(struct wd_comp_sess *s)
{
	void *got;

	if (s->in_flight)
		s->in_flight -= wd_queue_drop(&s->q);
	while (s->in_flight && !wd_recv_sync(&s->q, &got, WD_WAIT_FOREVER))
		s->in_flight--;
	s->in_flight = 0;
}

/* ---- what a session tells ---- */

/* What is decoded ahead goes to libdeflate if possible. */
static const char *decoder_name(const struct wd_comp_sess *s)
{
	if (!s->d.ahead_used)
		return wd_inflate_name();
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
	info->engine = sess->engine ? sess->engine : "sw";
	if (sess->setup.op == WD_COMP_COMPRESS) {
		info->codec = wd_level_get(sess->setup.level)->name;
		info->chunk_size = (uint32_t)sess->c.chunk;
		info->total_in = sess->c.in_total;
	} else {
		info->codec = decoder_name(sess);
		info->total_in = sess->d.pos;
	}
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
	ret = sess_send(sess, req);
	if (!sess->in_flight)
		sess->async = false;
	return ret;
}

WD_API int wd_comp_recv(struct wd_comp_sess *sess, struct wd_comp_req **req,
			int timeout_ms)
{
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!req || timeout_ms < WD_WAIT_FOREVER)
		return -EINVAL;
	if (!sess->async)
		return -ENOENT;
	*req = sess_recv(sess, timeout_ms, &ret);
	if (!*req)
		return ret;
	sess->info.requests++;
	if (!sess->in_flight)
		sess->async = false;
	return 0;
}
