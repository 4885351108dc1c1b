/* SPDX-License-Identifier: MIT */
/*
 * Sessions: making and resetting them.
 *
 * Who does the work is decided in sched/.
 */
#define log_fmt(f) "session: " f
#include <stdlib.h>
#include <string.h>

#include "compress.h"
#include "decompress.h"

static int check_setup(const struct wd_comp_setup *setup)
{
	if (setup->op != WD_COMP_COMPRESS && setup->op != WD_COMP_DECOMPRESS)
		return -EINVAL;
	if ((unsigned int)setup->format >= WD_FORMAT_COUNT ||
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

/* @at_once: its devices are to be opened before there is anything to do. */
static int begin_sched(struct wd_comp_sess *s, bool *at_once)
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
	*at_once = choice.at_once;
	return 0;
}

static void exit_direction(struct wd_comp_sess *s)
{
	if (s->comp)
		compress_exit(s);
	if (s->decomp)
		decompress_exit(s);
}

WD_API int wd_comp_create(struct wd_comp_sess **sess,
			  const struct wd_comp_setup *setup)
{
	struct wd_comp_sess *s;
	bool at_once;
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
	ret = begin_sched(s, &at_once);
	if (ret)
		goto err_free;
	s->setup.engine = NULL;
	wd_fork_guard_init(&s->guard);
	ret = s->setup.op == WD_COMP_COMPRESS ? compress_init(s) : decompress_init(s);
	if (ret)
		goto err_guard;
	wd_comp_reset(s, setup->size_hint);
	/* Why one cannot be had is part of what is told of the first stream. */
	ret = at_once ? sched_open_devices(&s->sched) : 0;
	if (ret)
		goto err_guard;
	*sess = s;
	return 0;

err_guard:
	exit_direction(s);
	wd_fork_guard_exit(&s->guard);
	sched_exit(&s->sched);
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
	if (wd_fork_guard_ok(&sess->guard))
		sched_drain(&sess->sched);
	if (sched_is_held(&sess->sched)) {
		wd_err("a device does not let go of memory; it is kept until the process ends");
		return;
	}
	sched_exit(&sess->sched);
	exit_direction(sess);
	wd_fork_guard_exit(&sess->guard);
	async_exit(sess);
	free(sess->engine);
	free(sess);
}

/* Why it may not be used: -EINVAL, or -ESTALE, which is logged. */
int sess_refuse(const struct wd_comp_sess *s)
{
	if (!s)
		return -EINVAL;
	wd_err("%s", wd_strerror(-ESTALE));
	return -ESTALE;
}

WD_API int wd_comp_reset(struct wd_comp_sess *sess, uint64_t size_hint)
{
	int ret = sess_check(sess);

	if (ret)
		return ret;
	async_drain(sess);
	if (sched_is_held(&sess->sched))
		return sess->failed = -EIO;
	/* The same again: what went wrong with it is part of the same. */
	if (sess->failed != -ERESTART)
		sched_reset_counts(&sess->sched);
	sess->setup.size_hint = size_hint;
	sess->last_lane = -ENOENT;
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
	sess->failed = 0;
	return 0;
}

WD_API int wd_comp_allow_restart(struct wd_comp_sess *sess)
{
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (sess->setup.op != WD_COMP_DECOMPRESS || !sess->fresh)
		return -EINVAL;
	decompress_allow_restart(sess);
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
	return WD_HEAD_MAX + wd_deflate_bound(in_len) +
	       wd_device_extra(in_len) + WD_TAIL_MAX;
}

/* ---- to the scheduler ---- */

/* How many workers there may be is decided when there is something to do. */
static void decide_threads(struct wd_comp_sess *s)
{
	if (!sched_threads(&s->sched))
		sched_set_threads(&s->sched, sess_threads(s));
}

int sess_open(struct wd_comp_sess *s)
{
	decide_threads(s);
	return sched_open(&s->sched);
}

int sess_send(struct wd_comp_sess *s, struct sched_item *item)
{
	decide_threads(s);
	return sched_send(&s->sched, item);
}

struct lane *sess_stream_lane(struct wd_comp_sess *s)
{
	decide_threads(s);
	return sched_stream_lane(&s->sched);
}
