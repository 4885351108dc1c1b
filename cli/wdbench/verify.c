/* SPDX-License-Identifier: MIT */
/*
 * Whether output is right.
 */
#include <errno.h>
#include <string.h>

#include <libdeflate.h>
#include <zlib.h>

#include "format.h"
#include "verify.h"

#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define PIECE		(64u << 10)
#define INPUT_MAX	(1u << 30)	/* zlib counts with 32 bits */

static int window_bits(enum wd_comp_format format)
{
	return wd_format_of(format)->zlib_bits;
}

/* struct stream - what is decoded, and what is expected next */
struct stream {
	z_stream z;
	const uint8_t *in;
	size_t in_left;
	const uint8_t *want;
	size_t want_left;
	uint8_t buf[PIECE];
};

/* One member: 1 at its end, 0 or a negative errno. */
static int decode_some(struct stream *s)
{
	uInt given = (uInt)MIN(s->in_left, (size_t)INPUT_MAX);
	size_t made;
	int ret;

	s->z.next_in = (Bytef *)s->in;
	s->z.avail_in = given;
	s->z.next_out = s->buf;
	s->z.avail_out = PIECE;
	ret = inflate(&s->z, Z_NO_FLUSH);
	s->in += given - s->z.avail_in;
	s->in_left -= given - s->z.avail_in;
	made = PIECE - s->z.avail_out;
	if (ret == Z_MEM_ERROR)
		return -ENOMEM;
	if ((ret != Z_OK && ret != Z_STREAM_END) || made > s->want_left ||
	    memcmp(s->buf, s->want, made))
		return -EBADMSG;
	s->want += made;
	s->want_left -= made;
	return ret == Z_STREAM_END;
}

int verify_packed(enum wd_comp_format format, const uint8_t *packed, size_t packed_len,
		  const uint8_t *plain, size_t plain_len)
{
	struct stream s = {
		.in = packed, .in_left = packed_len,
		.want = plain, .want_left = plain_len,
	};
	int ret;

	if (inflateInit2(&s.z, window_bits(format)) != Z_OK)
		return -ENOMEM;
	do {
		ret = decode_some(&s);
		if (ret == 1 && s.in_left) {
			inflateReset(&s.z);
			ret = 0;
		}
	} while (!ret);
	inflateEnd(&s.z);
	if (ret == 1)
		ret = s.want_left ? -EBADMSG : 0;
	return ret;
}

uint32_t verify_sum(const void *data, size_t len)
{
	return libdeflate_crc32(0, data, len);
}

void verify_spoil(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i += 512)
		out[i] = (uint8_t)~out[i];
}
