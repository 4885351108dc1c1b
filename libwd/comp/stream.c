/* SPDX-License-Identifier: MIT */
/*
 * Streaming: the session's buffers lent out, and on top of that the call that
 * copies from and to the caller's own.
 */
#include <string.h>

#include "compress.h"
#include "decompress.h"
#include "fill.h"
#include "source.h"

/* A stream that failed stays failed; data errors are told with each call. */
static int check_stream(struct wd_comp_sess *s)
{
	int ret = sess_check(s);

	if (ret)
		return ret;
	if (s->async)
		return -EINVAL;
	return s->failed;
}

/* Errors that end the stream, unlike "not now". */
static int note(struct wd_comp_sess *s, int ret)
{
	if (ret < 0 && ret != -EAGAIN && ret != -ETIMEDOUT && ret != -EINVAL) {
		s->failed = ret;
		if (ret == -EIO || ret == -ENODEV)
			s->info.error = WD_COMP_ERR_ENGINE;
	}
	return ret;
}

static bool compressing(const struct wd_comp_sess *s)
{
	return s->setup.op == WD_COMP_COMPRESS;
}

static bool reads_itself(const struct wd_comp_sess *s)
{
	return compressing(s) && s->comp->source.from.read;
}

WD_API int wd_comp_get_input(struct wd_comp_sess *sess, void **buf, size_t *room)
{
	int ret = check_stream(sess);

	if (ret)
		return ret;
	if (!buf || !room || reads_itself(sess))
		return -EINVAL;
	sess->fresh = false;
	ret = compressing(sess) ? fill_get(sess, buf, room)
				: decompress_get_input(sess, buf, room);
	sess->input_lent = !ret;
	return note(sess, ret);
}

WD_API int wd_comp_put_input(struct wd_comp_sess *sess, size_t len,
			     enum wd_comp_flush flush)
{
	int ret = check_stream(sess);

	if (ret)
		return ret;
	if ((len && !sess->input_lent) || (unsigned int)flush > WD_COMP_FINISH ||
	    reads_itself(sess))
		return -EINVAL;
	sess->fresh = false;
	sess->input_lent = false;
	ret = compressing(sess) ? fill_put(sess, len, flush)
				: decompress_put_input(sess, len, flush);
	return note(sess, ret);
}

WD_API int wd_comp_get_output(struct wd_comp_sess *sess, const void **data,
			      size_t *len, int timeout_ms)
{
	int ret = check_stream(sess);

	if (ret)
		return ret;
	if (!data || !len || timeout_ms < WD_WAIT_FOREVER || sess->output_lent)
		return -EINVAL;
	sess->input_lent = false;
	ret = compressing(sess) ?
	      compress_get_output(sess, data, len, timeout_ms) :
	      decompress_get_output(sess, data, len, timeout_ms);
	if (ret == 1) {
		sess->output_lent = true;
		sess->info.total_out += *len;
	}
	return note(sess, ret);
}

WD_API int wd_comp_put_output(struct wd_comp_sess *sess)
{
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!sess->output_lent)
		return -EINVAL;
	sess->output_lent = false;
	if (compressing(sess))
		compress_put_output(sess);
	else
		decompress_put_output(sess);
	return 0;
}

WD_API int wd_comp_set_source(struct wd_comp_sess *sess, wd_comp_read_fn *read,
			      void *arg, uint64_t size)
{
	struct wd_source source = { .read = read, .arg = arg };
	int ret = check_stream(sess);

	if (ret)
		return ret;
	if (!read || !compressing(sess) || !sess->fresh ||
	    sess->comp->preset.len || sess->setup.flags & WD_COMP_RSYNCABLE)
		return -EINVAL;
	sess->fresh = false;
	source_set(sess, &source, size);
	return 0;
}

WD_API int wd_comp_get_unused(struct wd_comp_sess *sess, const void **data,
			      size_t *len)
{
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!data || !len || compressing(sess))
		return -EINVAL;
	return decompress_unused(sess, data, len);
}

/* ---- copying ---- */

/* Returns 1 if any input was taken, 0 if there was no room. */
static int copy_in(struct wd_comp_sess *s, struct wd_comp_buf *buf)
{
	size_t room, n;
	void *p;
	int ret = wd_comp_get_input(s, &p, &room);

	if (ret)
		return ret == -EAGAIN ? 0 : ret;
	n = wd_min(room, buf->in_len);
	memcpy(p, buf->in, n);
	buf->in = (const uint8_t *)buf->in + n;
	buf->in_len -= n;
	ret = wd_comp_put_input(s, n, WD_COMP_NO_FLUSH);
	return ret ? ret : 1;
}

/* Returns 1 if there was output, 0 if none is ready, -ENOMSG at the end. */
static int copy_out(struct wd_comp_sess *s, struct wd_comp_buf *buf, int timeout_ms)
{
	size_t n;
	int ret;

	if (!s->rest_len) {
		const void *data;

		s->sched.lazy = true;
		ret = wd_comp_get_output(s, &data, &s->rest_len, timeout_ms);
		s->sched.lazy = false;
		if (ret != 1) {
			s->rest_len = 0;
			return !ret ? -ENOMSG : ret == -EAGAIN ? 0 : ret;
		}
		s->rest = data;
	}
	n = wd_min(s->rest_len, buf->out_len);
	memcpy(buf->out, s->rest, n);
	buf->out = (uint8_t *)buf->out + n;
	buf->out_len -= n;
	s->rest += n;
	s->rest_len -= n;
	if (s->rest_len)
		return 1;
	ret = wd_comp_put_output(s);
	return ret ? ret : 1;
}

/* Past its end, or an error, a stream takes no more input; the rest stays. */
static bool input_over(const struct wd_comp_sess *s)
{
	return !compressing(s) && decompress_is_over(s);
}

/* The end of the input, or a flush, once all of it was taken. */
static int pass_flush(struct wd_comp_sess *s, enum wd_comp_flush flush)
{
	int ret;

	if (flush == WD_COMP_NO_FLUSH || input_over(s))
		return 0;
	ret = wd_comp_put_input(s, 0, flush);
	return input_over(s) ? 0 : ret;
}

static int pass_input(struct wd_comp_sess *s, struct wd_comp_buf *buf)
{
	int ret;

	if (!buf->in_len || input_over(s))
		return 0;
	ret = copy_in(s, buf);
	return input_over(s) ? 0 : ret;
}

WD_API int wd_comp_stream(struct wd_comp_sess *sess, struct wd_comp_buf *buf,
			  enum wd_comp_flush flush)
{
	bool moved = false;
	int ret = check_stream(sess);

	if (ret)
		return ret;
	if (!buf || (buf->in_len && !buf->in) || (buf->out_len && !buf->out) ||
	    !WD_UNUSED(buf))
		return -EINVAL;
	for (;;) {
		int took = pass_input(sess, buf);
		bool wait;

		if (took < 0)
			return took;
		if (!buf->in_len) {
			ret = pass_flush(sess, flush);
			if (ret)
				return ret;
		}
		if (!buf->out_len)
			return 0;
		moved |= took;
		/* With input left and no room for it, only output helps. */
		if (flush != WD_COMP_NO_FLUSH)
			wait = !took || !buf->in_len;
		else
			wait = buf->in_len && !took && !moved;
		ret = copy_out(sess, buf, wait ? WD_WAIT_FOREVER : WD_NO_WAIT);
		if (ret < 0)
			return ret == -ENOMSG ? 1 : ret;
		moved |= ret;
		if (!ret && (!took || wait))
			return 0;
	}
}
