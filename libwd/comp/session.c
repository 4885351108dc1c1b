/* SPDX-License-Identifier: MIT */
/*
 * Sessions: making and resetting them, what they tell, and single requests.
 *
 * Who does the work is decided in sched/.
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
	if (!WD_UNUSED(setup))
		return -EINVAL;
	if (setup->flags & ~(WD_COMP_RSYNCABLE | WD_COMP_ONE_MEMBER | WD_COMP_NO_VERIFY |
			     WD_COMP_INDEPENDENT))
		return -EINVAL;
	if (setup->members != WD_COMP_MEMBERS_ONE &&
	    (setup->format != WD_COMP_GZIP || setup->op != WD_COMP_COMPRESS))
		return -EINVAL;
	return 0;
}

static int begin_sched(struct wd_comp_sess *s)
{
	struct engine_choice choice;
	int ret = engine_choose(&choice, s->setup.engine);

	if (ret)
		return ret;
	s->engine = strdup(choice.text);
	if (!s->engine)
		return -ENOMEM;
	ret = sched_init(&s->sched, &choice, s->setup.threads);
	if (ret)
		return ret;
	s->sched.verify = !(s->setup.flags & WD_COMP_NO_VERIFY);
	return 0;
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
	ret = begin_sched(s);
	if (ret)
		goto err_free;
	s->setup.engine = NULL;
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
	sched_exit(&s->sched);
err_free:
	free(s->engine);
	free(s);
	return ret;
}

static void free_requests(struct wd_comp_sess *s)
{
	while (s->requests) {
		struct request *r = s->requests;

		s->requests = r->next_made;
		free(r);
	}
}

/* Nothing is in flight then, nor is any request of wd_comp_send(). */
static void drain(struct wd_comp_sess *s)
{
	sched_drain(&s->sched);
	s->free_requests = NULL;
	for (struct request *r = s->requests; r; r = r->next_made) {
		r->next_free = s->free_requests;
		s->free_requests = r;
	}
}

WD_API void wd_comp_destroy(struct wd_comp_sess *sess)
{
	if (!sess)
		return;
	/* First, as workers may hold buffers of the session. */
	sched_exit(&sess->sched);
	compress_exit(sess);
	decompress_exit(sess);
	wd_fork_guard_exit(&sess->guard);
	free_requests(sess);
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
	drain(sess);
	sched_reset_counts(&sess->sched);
	sess->setup.size_hint = size_hint;
	sess->failed = 0;
	sess->fresh = true;
	sess->async = false;
	sess->sched.retry = true;
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
	return WD_HEAD_MAX + wd_deflate_bound(in_len) + WD_TAIL_MAX;
}

/* ---- to the scheduler ---- */

/* How many workers there may be is decided when there is something to do. */
int sess_open(struct wd_comp_sess *s)
{
	if (!sched_is_open(&s->sched))
		sched_set_threads(&s->sched, sess_threads(s));
	return sched_open(&s->sched);
}

int sess_send(struct wd_comp_sess *s, struct sched_item *item)
{
	int ret = sess_open(s);

	return ret ? ret : sched_send(&s->sched, item);
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

static void tell_devices(const struct wd_comp_sess *s, struct wd_comp_info *info)
{
	const struct sched *sched = &s->sched;
	const struct lane *first = sched_device(sched);

	if (!first)
		return;
	info->device = lane_name(first);
	info->device_error = first->error;
	for (unsigned int i = 0; i < sched->count; i++) {
		if (!lane_is_device(&sched->lanes[i]))
			continue;
		info->device_requests += sched->lanes[i].told.requests;
		info->device_wrong += (uint32_t)sched->lanes[i].told.wrong;
	}
	if (info->device_requests && !sched_on_cpu(sched))
		info->codec = info->device;
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
	info->threads = sched_threads(&sess->sched);
	info->limited = sess->afford.text[0] ? sess->afford.text : NULL;
	info->engine = sess->engine;
	info->redone = sess->sched.redone;
	if (sess->setup.op == WD_COMP_COMPRESS) {
		info->codec = wd_level_get(sess->setup.level)->name;
		info->chunk_size = (uint32_t)sess->c.chunk;
		info->total_in = sess->c.in_total;
	} else {
		info->codec = decoder_name(sess);
		info->total_in = sess->d.pos;
	}
	tell_devices(sess, info);
	return 0;
}

WD_API int wd_comp_get_lanes(struct wd_comp_sess *sess, struct wd_comp_lane *lanes,
			     unsigned int max)
{
	const struct sched *sched = &sess->sched;
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (max && !lanes)
		return -EINVAL;
	for (unsigned int i = 0; i < sched->count && i < max; i++)
		lane_tell(&sched->lanes[i], &lanes[i]);
	return (int)sched->count;
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

static struct request *get_request(struct wd_comp_sess *s)
{
	struct request *r = s->free_requests;

	if (r) {
		s->free_requests = r->next_free;
		return r;
	}
	r = calloc(1, sizeof(*r));
	if (r) {
		r->next_made = s->requests;
		s->requests = r;
	}
	return r;
}

static void put_request(struct wd_comp_sess *s, struct request *r)
{
	r->next_free = s->free_requests;
	s->free_requests = r;
}

static int send_request(struct wd_comp_sess *s, struct wd_comp_req *req)
{
	struct request *r = get_request(s);
	int ret;

	if (!r)
		return -ENOMEM;
	memset(&r->item, 0, sizeof(r->item));
	r->item.work = wd_work_request(req);
	ret = sess_send(s, &r->item);
	if (ret)
		put_request(s, r);
	return ret;
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
		drain(sess);
	sess->async = true;
	sess->sched.retry = false;
	ret = send_request(sess, req);
	sess->async = sess->sched.in_flight > 0;
	return ret;
}

WD_API int wd_comp_recv(struct wd_comp_sess *sess, struct wd_comp_req **req,
			int timeout_ms)
{
	struct sched_item *item;
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!req || timeout_ms < WD_WAIT_FOREVER)
		return -EINVAL;
	if (!sess->async)
		return -ENOENT;
	ret = sched_recv(&sess->sched, &item, timeout_ms);
	if (ret)
		return ret;
	*req = item->work.req;
	put_request(sess, (struct request *)item);
	sess->info.requests++;
	sess->async = sess->sched.in_flight > 0;
	return 0;
}
