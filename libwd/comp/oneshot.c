/* SPDX-License-Identifier: MIT */
/*
 * A whole buffer in one call, and the window that both directions can be given.
 */
#include <stdlib.h>
#include <string.h>

#include "compress.h"
#include "decompress.h"
#include "fill.h"

WD_API int wd_comp_set_window(struct wd_comp_sess *sess, const void *data, size_t len)
{
	struct preset preset;
	uint8_t *copy;
	uint32_t sum;
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!data || !len || sess->setup.format == WD_COMP_GZIP || !sess->fresh)
		return -EINVAL;
	/* A zlib stream names its window by the checksum of all of it. */
	sum = wd_adler32(1, data, len);
	if (len > WD_COMP_WINDOW_MAX) {
		data = (const uint8_t *)data + len - WD_COMP_WINDOW_MAX;
		len = WD_COMP_WINDOW_MAX;
	}
	copy = malloc(len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, len);

	preset = (struct preset){.data = copy, .len = len, .sum = sum};
	if (sess->setup.op == WD_COMP_COMPRESS)
		compress_set_preset(sess, &preset);
	else
		decompress_set_preset(sess, &preset);
	return 0;
}

struct oneshot {
	uint8_t *out;
	size_t cap, made;
};

/* Returns 1 after a piece, 0 at the end, or what wd_comp_get_output() says. */
static int take_piece(struct wd_comp_sess *s, struct oneshot *o, int timeout_ms)
{
	const void *data;
	size_t len;
	int ret = wd_comp_get_output(s, &data, &len, timeout_ms);

	if (ret != 1)
		return ret;
	if (len > o->cap - o->made)
		return -ENOSPC;
	memcpy(o->out + o->made, data, len);
	o->made += len;
	ret = wd_comp_put_output(s);
	return ret ? ret : 1;
}

static int take_all(struct wd_comp_sess *s, struct oneshot *o)
{
	int ret;

	do {
		ret = take_piece(s, o, WD_WAIT_FOREVER);
	} while (ret == 1);
	return ret;
}

/* Chunks are compressed where they lie. */
static int run_in_place(struct wd_comp_sess *s, const uint8_t *in, size_t in_len,
			struct oneshot *o)
{
	size_t done = 0;
	size_t chunk;
	int ret;

	if (in_len > CHUNK_AFFORDED_MIN)
		compress_settle(s);
	chunk = s->comp->chunk;
	while (done < in_len) {
		size_t n = wd_min(chunk, in_len - done);

		ret = fill_put_foreign(s, in + done, n);
		if (!ret)
			done += n;
		if (ret == -EAGAIN) {
			ret = take_piece(s, o, WD_WAIT_FOREVER);
			if (ret == 1)
				ret = 0;
		}
		if (ret)
			return ret;
	}
	ret = wd_comp_put_input(s, 0, WD_COMP_FINISH);
	return ret ? ret : take_all(s, o);
}

/* Decompression, and chunks whose ends are not known in advance. */
static int run_copying(struct wd_comp_sess *s, const uint8_t *in, size_t in_len,
		       struct oneshot *o)
{
	struct wd_comp_buf buf = {
		.in = in,
		.in_len = in_len,
		.out = o->out,
		.out_len = o->cap,
	};
	uint8_t probe;
	int ret = wd_comp_stream(s, &buf, WD_COMP_FINISH);

	o->made = o->cap - buf.out_len;
	if (ret)
		return ret == 1 ? 0 : ret;
	/* The output is full: fine if that was all. */
	buf.out = &probe;
	buf.out_len = 1;
	ret = wd_comp_stream(s, &buf, WD_COMP_FINISH);
	return ret == 1 && buf.out_len ? 0 : ret < 0 ? ret : -ENOSPC;
}

static int run_compress(struct wd_comp_sess *s, const void *in, size_t in_len,
			struct oneshot *o)
{
	s->fresh = false;
	return s->setup.flags & WD_COMP_RSYNCABLE
		       ? run_copying(s, in, in_len, o)
		       : run_in_place(s, in, in_len, o);
}

/* All that may be needed for a second time is still there. */
static int run_decompress(struct wd_comp_sess *s, const void *in, size_t in_len,
			  struct oneshot *o)
{
	int ret;

	decompress_allow_restart(s);
	s->fresh = false;
	ret = run_copying(s, in, in_len, o);
	if (ret == -ENOSPC && decompress_doubt(s))
		s->failed = ret = -ERESTART;
	if (ret != -ERESTART)
		return ret;
	sched_drain(&s->sched);
	ret = wd_comp_reset(s, s->setup.size_hint);
	s->fresh = false;
	if (!ret)
		ret = run_copying(s, in, in_len, o);
	if (ret == -ENOSPC)
		decompress_trust(s);
	return ret;
}

WD_API int wd_comp_run(struct wd_comp_sess *sess, const void *in, size_t in_len,
		       void *out, size_t out_cap, size_t *consumed, size_t *produced)
{
	struct oneshot o = { .out = out, .cap = out_cap };
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if ((in_len && !in) || (out_cap && !out) || sess->async)
		return -EINVAL;
	if (!sess->fresh) {
		/* With another size the bytes would be others than before. */
		ret = wd_comp_reset(sess, sess->setup.size_hint);
		if (ret)
			return ret;
	}
	ret = sess->setup.op == WD_COMP_COMPRESS
		      ? run_compress(sess, in, in_len, &o)
		      : run_decompress(sess, in, in_len, &o);
	/* The caller's buffers are not ours beyond this call. */
	if (ret)
		sched_drain(&sess->sched);
	if (ret && !sess->failed)
		sess->failed = ret;
	if (consumed)
		*consumed = sess->setup.op == WD_COMP_COMPRESS
				    ? (ret ? 0 : in_len)
				    : (size_t)decompress_pos(sess);
	if (produced)
		*produced = o.made;
	return ret;
}
