/* SPDX-License-Identifier: MIT */
/*
 * Input for the tests of splicing: see splice_input.h.
 *
 * Most of it is that of t_util.c; added are the longest Huffman codes, and
 * compressors with all that can be chosen.
 */
#include <stdlib.h>

#include <libdeflate.h>

#include "splice_input.h"

#include <cmocka.h>

uint8_t *plain, *stream;

int make_room(void **state)
{
	(void)state;
	plain = calloc(1, DATA_MAX);
	stream = calloc(1, STREAM_MAX * 2);
	return plain && stream ? 0 : -1;
}

int free_room(void **state)
{
	(void)state;
	free(plain);
	free(stream);
	return 0;
}

/* Every byte half as frequent as the one before: the longest codes. */
static void fill_skewed(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t r = t_rnd();
		unsigned int n = 0;

		while (n < 25 && (r & 1)) {
			r >>= 1;
			n++;
		}
		p[i] = (uint8_t)(n * 8 + (r & 7));
	}
}

/* Text, noise and runs, so that blocks of all types occur in one stream. */
static void fill_mixed(uint8_t *p, size_t len)
{
	while (len) {
		size_t n = 1 + t_rnd_below(80000);

		if (n > len)
			n = len;
		fill(p, n, (enum input)t_rnd_below(MIXED));
		p += n;
		len -= n;
	}
}

void fill(uint8_t *p, size_t len, enum input kind)
{
	switch (kind) {
	case NOISE:
		t_fill(p, len, T_NOISE);
		break;
	case ZEROS:
		t_fill(p, len, T_ZEROS);
		break;
	case TEXT:
		t_fill(p, len, T_TEXT);
		break;
	case SKEWED:
		fill_skewed(p, len);
		break;
	default:
		fill_mixed(p, len);
	}
}

size_t zlib_deflate(uint8_t *out, const uint8_t *in, size_t len, int level,
		    int strategy, int mem_level)
{
	z_stream zs = { 0 };

	assert_int_equal(
		deflateInit2(&zs, level, Z_DEFLATED, -15, mem_level, strategy),
		Z_OK);
	zs.next_in = (Bytef *)in;
	zs.avail_in = (uInt)len;
	zs.next_out = out;
	zs.avail_out = STREAM_MAX;
	assert_int_equal(deflate(&zs, Z_FINISH), Z_STREAM_END);
	len = zs.total_out;
	deflateEnd(&zs);
	return len;
}

size_t libdeflate(uint8_t *out, const uint8_t *in, size_t len, int level)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);

	assert_non_null(c);
	len = libdeflate_deflate_compress(c, in, len, out, STREAM_MAX);
	assert_int_not_equal(len, 0);
	libdeflate_free_compressor(c);
	return len;
}
