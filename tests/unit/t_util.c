/* SPDX-License-Identifier: MIT */
/*
 * Generated data, zlib as a judge, and sessions fed in pieces: see t_util.h.
 *
 * Failures of the helpers themselves abort; cmocka's assertions belong to the
 * tests, and the fuzzers have none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "t_util.h"

#define GROW_MIN	65536u

static uint64_t state = 88172645463325252u;

void t_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15u + 1;
}

uint32_t t_rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32);
}

uint32_t t_rnd_below(uint32_t n)
{
	return t_rnd() % n;
}

/* Words of a small language, the short ones more often. */
static void fill_text(uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len) {
		uint32_t word = t_rnd_below(1u << (4 + t_rnd_below(10)));
		uint32_t letters = word * 2654435761u;
		size_t n = 1 + (letters >> 28) % 9;

		while (n-- && i < len) {
			p[i++] = (uint8_t)('a' + (letters >> 16) % 26);
			letters = letters * 1103515245u + 12345;
		}
		if (i < len)
			p[i++] = t_rnd_below(12) ? ' ' : '\n';
	}
}

static void fill_noise(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)t_rnd();
}

static void fill_mixed(uint8_t *p, size_t len)
{
	while (len) {
		size_t n = 1 + t_rnd_below(60000);

		if (n > len)
			n = len;
		t_fill(p, n, (enum t_kind)t_rnd_below(T_MIXED));
		p += n;
		len -= n;
	}
}

void t_fill(uint8_t *p, size_t len, enum t_kind kind)
{
	switch (kind) {
	case T_ZEROS:
		if (len)
			memset(p, 0, len);
		break;
	case T_TEXT:
		fill_text(p, len);
		break;
	case T_NOISE:
		fill_noise(p, len);
		break;
	default:
		fill_mixed(p, len);
	}
}

static uint8_t *bytes_room(struct t_bytes *b, size_t len)
{
	if (!b->data || b->cap - b->len < len) {
		b->cap = (b->len + len) * 2 + GROW_MIN;
		b->data = realloc(b->data, b->cap);
		if (!b->data)
			abort();
	}
	return b->data + b->len;
}

void t_bytes_add(struct t_bytes *b, const void *data, size_t len)
{
	uint8_t *to = bytes_room(b, len);

	if (len)
		memcpy(to, data, len);
	b->len += len;
}

void t_bytes_free(struct t_bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

/* ---- zlib ---- */

int t_window_bits(enum wd_comp_format format)
{
	return format == WD_COMP_GZIP ? 31 : format == WD_COMP_ZLIB ? 15 : -15;
}

static void run_deflate(z_stream *z, struct t_bytes *out, int flush)
{
	int ret;

	do {
		size_t room = deflateBound(z, z->avail_in) + 64;

		z->next_out = bytes_room(out, room);
		z->avail_out = (uInt)room;
		ret = deflate(z, flush);
		if (ret == Z_STREAM_ERROR)
			abort();
		out->len += room - z->avail_out;
	} while (!z->avail_out);
}

void t_deflate(struct t_bytes *out, const uint8_t *in, size_t len, int bits,
	       int level, int strategy)
{
	z_stream z = { 0 };

	if (deflateInit2(&z, level, Z_DEFLATED, bits, 8, strategy) != Z_OK)
		abort();
	z.next_in = (Bytef *)in;
	z.avail_in = (uInt)len;
	run_deflate(&z, out, Z_FINISH);
	deflateEnd(&z);
}

void t_deflate_chunked(struct t_bytes *out, const uint8_t *in, size_t len,
		       int bits, int level, size_t chunk, bool independent)
{
	static const uint8_t empty_block[] = { 0x00, 0x00, 0x00, 0xff, 0xff };
	z_stream z = { 0 };

	if (deflateInit2(&z, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	while (len > chunk) {
		z.next_in = (Bytef *)in;
		z.avail_in = (uInt)chunk;
		/* Ends on an empty stored block; another one makes the marker. */
		run_deflate(&z, out, independent ? Z_FULL_FLUSH : Z_SYNC_FLUSH);
		t_bytes_add(out, empty_block, sizeof(empty_block));
		in += chunk;
		len -= chunk;
	}
	z.next_in = (Bytef *)in;
	z.avail_in = (uInt)len;
	run_deflate(&z, out, Z_FINISH);
	deflateEnd(&z);
}

/* Adds to @v->out.  Returns 0 with *@used set, -EBADMSG or -ENODATA. */
static int judge_data(struct t_verdict *v, const uint8_t *in, size_t len,
		      const uint8_t *window, size_t window_len, size_t *used)
{
	z_stream z = { 0 };
	int ret;

	if (inflateInit2(&z, -15) != Z_OK)
		abort();
	if (window_len)
		inflateSetDictionary(&z, window, (uInt)window_len);
	z.next_in = (Bytef *)in;
	z.avail_in = (uInt)len;
	do {
		z.next_out = bytes_room(&v->out, GROW_MIN);
		z.avail_out = GROW_MIN;
		ret = inflate(&z, Z_SYNC_FLUSH);
		v->out.len += GROW_MIN - z.avail_out;
	} while (ret == Z_OK);
	*used = len - z.avail_in;
	v->why = ret == Z_DATA_ERROR ? z.msg : NULL;
	inflateEnd(&z);
	return ret == Z_STREAM_END ? 0 : ret == Z_BUF_ERROR ? -ENODATA : -EBADMSG;
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Behind the NUL of a string at @pos, or 0 if there is none. */
static size_t skip_string(const uint8_t *p, size_t len, size_t pos)
{
	while (pos < len && p[pos])
		pos++;
	return pos < len ? pos + 1 : 0;
}

/* RFC 1952, section 2.3.1.  Bytes of the header, -EBADMSG or -ENODATA. */
static long gzip_header(const uint8_t *p, size_t len)
{
	static const uint8_t magic[] = { 0x1f, 0x8b, 8 };
	size_t pos = 10;

	/* A zero cannot begin a file; other bytes are judged by two. */
	if (len && !p[0])
		return -EBADMSG;
	if (len >= 2 && memcmp(p, magic, len < 3 ? len : 3))
		return -EBADMSG;
	if (len >= 4 && p[3] & 0xe0)
		return -EBADMSG;
	if (len < 10)
		return -ENODATA;
	if (p[3] & 4) {
		if (len < 12)
			return -ENODATA;
		pos = 12 + (p[10] | (size_t)p[11] << 8);
		if (pos > len)
			return -ENODATA;
	}
	for (int flag = 8; flag <= 16; flag *= 2) {
		if (p[3] & flag)
			pos = skip_string(p, len, pos);
		if (!pos)
			return -ENODATA;
	}
	if (p[3] & 2) {
		if (len - pos < 2)
			return -ENODATA;
		if ((crc32(0, p, (uInt)pos) & 0xffff) !=
		    (p[pos] | (uint32_t)p[pos + 1] << 8))
			return -EBADMSG;
		pos += 2;
	}
	return (long)pos;
}

static int judge_gzip_member(struct t_verdict *v, const uint8_t *in, size_t len)
{
	long head = gzip_header(in, len);
	size_t before = v->out.len;
	size_t used, made;
	int ret;

	if (head < 0)
		return (int)head;
	in += head;
	len -= (size_t)head;
	ret = judge_data(v, in, len, NULL, 0, &used);
	if (ret)
		return ret;
	if (len - used < 8)
		return -ENODATA;
	made = v->out.len - before;
	if (le32(in + used) != crc32_z(0, v->out.data + before, made) ||
	    le32(in + used + 4) != (uint32_t)made)
		return -EBADMSG;
	v->used += (size_t)head + used + 8;
	v->members++;
	return 0;
}

/* Zeros are padding, magic begins a member, anything else is garbage. */
static void judge_gzip(struct t_verdict *v, const uint8_t *in, size_t len)
{
	v->ret = judge_gzip_member(v, in, len);
	while (!v->ret && v->used < len) {
		const uint8_t *p = in + v->used;
		size_t left = len - v->used;
		size_t zeros = 0;

		while (zeros < left && !p[zeros])
			zeros++;
		if (zeros) {
			v->trailing = zeros == left ? WD_COMP_TRAILING_ZEROS :
						      WD_COMP_TRAILING_GARBAGE;
			return;
		}
		if (left >= 2 && (p[0] != 0x1f || p[1] != 0x8b)) {
			v->trailing = WD_COMP_TRAILING_GARBAGE;
			return;
		}
		v->ret = left < 2 ? -ENODATA : judge_gzip_member(v, p, left);
	}
}

static void judge_zlib(struct t_verdict *v, const uint8_t *in, size_t len,
		       const uint8_t *window, size_t window_len)
{
	size_t head = 2;
	size_t used;

	v->ret = -ENODATA;
	if (len < 2)
		return;
	v->ret = -EBADMSG;
	if ((in[0] << 8 | in[1]) % 31 || (in[0] & 15) != 8 || in[0] >> 4 > 7)
		return;
	if (in[1] & 0x20) {
		v->ret = -ENODATA;
		if (len < 6)
			return;
		v->ret = -EBADMSG;
		if (!window || be32(in + 2) != adler32_z(1, window, window_len))
			return;
		head = 6;
	} else if (window) {
		/* Given to both, used by neither. */
		window_len = 0;
	}
	v->ret = judge_data(v, in + head, len - head, window, window_len, &used);
	if (v->ret)
		return;
	used += head;
	v->ret = -ENODATA;
	if (len - used < 4)
		return;
	v->ret = -EBADMSG;
	if (be32(in + used) != adler32_z(1, v->out.data, v->out.len))
		return;
	v->ret = 0;
	v->used = used + 4;
}

void t_judge(struct t_verdict *v, enum wd_comp_format format, const uint8_t *in,
	     size_t len, const uint8_t *window, size_t window_len)
{
	memset(v, 0, sizeof(*v));
	bytes_room(&v->out, 1);
	if (format == WD_COMP_GZIP) {
		judge_gzip(v, in, len);
		return;
	}
	if (format == WD_COMP_ZLIB)
		judge_zlib(v, in, len, window, window_len);
	else
		v->ret = judge_data(v, in, len, window, window_len, &v->used);
	if (v->ret) {
		v->used = 0;
		return;
	}
	v->members = 1;
	if (v->used < len)
		v->trailing = WD_COMP_TRAILING_GARBAGE;
}

bool t_verdict_excuses(const struct t_verdict *v, int ret)
{
	bool rejected = ret == -EBADMSG || ret == -ENODATA;

	if (v->why && (strstr(v->why, " set") || strstr(v->why, " repeat") ||
		       strstr(v->why, " code")))
		return rejected || ret == 1;
	return rejected && (v->ret == -EBADMSG || v->ret == -ENODATA);
}

/* ---- sessions ---- */

static size_t draw(const struct t_feed *feed, size_t max, size_t all)
{
	size_t n = max && max < all ? max : all;

	if (feed->random && n)
		n = 1 + t_rnd() % n;
	return n;
}

#define OUT_DEFAULT	((size_t)256 << 10)

/*
 * One call; @room: OUT_DEFAULT bytes, the end of which is used, so that a
 * sanitizer sees a write beyond.  *@room_left: it had no more output to give.
 */
static int stream_once(struct wd_comp_sess *s, const struct t_feed *feed,
		       struct wd_comp_buf *buf, uint8_t *room,
		       struct t_bytes *out, enum wd_comp_flush flush,
		       bool *room_left)
{
	size_t cap = draw(feed, feed->out_max, OUT_DEFAULT);
	uint8_t *start = room + OUT_DEFAULT - cap;
	int ret;

	buf->out = start;
	buf->out_len = cap;
	ret = wd_comp_stream(s, buf, flush);
	t_bytes_add(out, start, cap - buf->out_len);
	*room_left = buf->out_len > 0;
	return ret;
}

static int stream_all(struct wd_comp_sess *s, const struct t_feed *feed,
		      const uint8_t *in, uint8_t *room, struct t_bytes *out,
		      size_t *left)
{
	struct wd_comp_buf buf = { .in = in };
	bool room_left;
	int ret;

	for (;;) {
		enum wd_comp_flush flush = WD_COMP_NO_FLUSH;
		size_t had = out->len;
		size_t n = draw(feed, feed->in_max, *left);

		buf.in_len = n;
		if (feed->sync)
			flush = WD_COMP_SYNC_FLUSH;
		if (n == *left)
			flush = WD_COMP_FINISH;
		do {
			ret = stream_once(s, feed, &buf, room, out, flush,
					  &room_left);
			*left -= n - buf.in_len;
			n = buf.in_len;
		} while (!ret && (buf.in_len || !room_left));
		if (ret)
			return ret;
		if (flush == WD_COMP_FINISH && !buf.in_len && had == out->len)
			return -EDEADLK;
	}
}

int t_stream(struct wd_comp_sess *s, const struct t_feed *feed, const uint8_t *in,
	     size_t len, struct t_bytes *out, size_t *left)
{
	uint8_t *room = malloc(OUT_DEFAULT);
	int ret;

	if (!room)
		abort();
	*left = len;
	ret = stream_all(s, feed, in, room, out, left);
	free(room);
	return ret;
}

/* Returns 1 if any was put, 0 if there is no room, or what the call said. */
static int put_piece(struct wd_comp_sess *s, const struct t_feed *feed,
		     const uint8_t *in, size_t *left)
{
	size_t room, n;
	void *buf;
	int ret = wd_comp_get_input(s, &buf, &room);

	if (ret)
		return ret == -EAGAIN ? 0 : ret;
	if (!room)
		return -EDEADLK;
	n = draw(feed, feed->in_max, *left < room ? *left : room);
	if (n)
		memcpy(buf, in, n);
	*left -= n;
	ret = wd_comp_put_input(s, n, !*left ? WD_COMP_FINISH : feed->sync ?
				WD_COMP_SYNC_FLUSH : WD_COMP_NO_FLUSH);
	return ret ? ret : 1;
}

int t_zero_copy(struct wd_comp_sess *s, const struct t_feed *feed,
		const uint8_t *in, size_t len, struct t_bytes *out, size_t *left)
{
	bool finished = false;

	*left = len;
	/* Nothing may come as a null pointer. */
	in = in ? in : (const uint8_t *)"";
	for (;;) {
		const void *data;
		size_t n;
		int put = 0;
		int ret;

		if (!finished) {
			put = put_piece(s, feed, in + len - *left, left);
			finished = put == 1 && !*left;
			/* Data errors come with the output, so does the end. */
			if (put == -EINVAL)
				put = 0;
			if (put < 0)
				return put;
		}
		ret = wd_comp_get_output(s, &data, &n, WD_WAIT_FOREVER);
		if (ret == -EAGAIN && put && !finished)
			continue;
		if (ret == -EAGAIN)
			return -EDEADLK;
		if (ret != 1)
			return ret ? ret : 1;
		if (!n)
			return -EDEADLK;
		t_bytes_add(out, data, n);
		ret = wd_comp_put_output(s);
		if (ret)
			return ret;
	}
}
