/* SPDX-License-Identifier: MIT */
/*
 * Makes the seeds: a few kinds of data, in every form, level and block type.
 *
 * Both zlib and libdeflate compress, as their streams differ in shape.
 */
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <zlib.h>

#include "seeds.h"

#define DATA_MAX	6000
#define OUT_MAX		(DATA_MAX + 1000)

enum kind {
	EMPTY,
	ONE_BYTE,
	ZEROS,
	TEXT,
	NOISE,
	MIXED,
	KINDS,
};

static uint32_t noise(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 24;
}

static size_t make_text(uint8_t *data, size_t len)
{
	static const char *const words[] = {
		"queue ", "doorbell ", "member ", "block ", "chunk ", "window\n",
	};
	uint32_t state = 1;
	size_t i = 0;

	while (i < len) {
		const char *word = words[noise(&state) % 6];
		size_t n = strlen(word);

		if (n > len - i)
			n = len - i;
		memcpy(data + i, word, n);
		i += n;
	}
	return len;
}

static size_t make_data(enum kind kind, uint8_t *data)
{
	uint32_t state = 7;

	switch (kind) {
	case EMPTY:
		return 0;
	case ONE_BYTE:
		data[0] = 'a';
		return 1;
	case ZEROS:
		memset(data, 0, DATA_MAX);
		return DATA_MAX;
	case TEXT:
		return make_text(data, DATA_MAX);
	case MIXED:
		make_text(data, DATA_MAX / 2);
		for (size_t i = DATA_MAX / 2; i < DATA_MAX; i++)
			data[i] = noise(&state);
		return DATA_MAX;
	default:
		for (size_t i = 0; i < DATA_MAX / 4; i++)
			data[i] = noise(&state);
		return DATA_MAX / 4;
	}
}

/* @bits as in deflateInit2(): 31 gzip, 15 zlib, -15 raw. */
static size_t with_zlib(const uint8_t *data, size_t len, uint8_t *out, int bits,
			int level, int strategy, int flush)
{
	z_stream z = { 0 };
	size_t made;

	if (deflateInit2(&z, level, Z_DEFLATED, bits, 8, strategy) != Z_OK)
		abort();
	z.next_in = (uint8_t *)data;
	z.avail_in = len / 2;
	z.next_out = out;
	z.avail_out = OUT_MAX;
	/* Two flushes in a row leave the marker between chunks. */
	deflate(&z, flush);
	deflate(&z, flush);
	z.avail_in = len - len / 2;
	deflate(&z, Z_FINISH);
	made = OUT_MAX - z.avail_out;
	deflateEnd(&z);
	return made;
}

static void zlib_seeds(const uint8_t *data, size_t len, t_seed_fn fn, void *arg)
{
	static const struct {
		int bits, level, strategy, flush;
	} how[] = {
		{ -15, 0, Z_DEFAULT_STRATEGY, Z_NO_FLUSH },
		{ -15, 6, Z_DEFAULT_STRATEGY, Z_FULL_FLUSH },
		{ -15, 6, Z_FIXED, Z_NO_FLUSH },
		{ -15, 6, Z_HUFFMAN_ONLY, Z_SYNC_FLUSH },
		{ -15, 1, Z_RLE, Z_PARTIAL_FLUSH },
		{ 15, 6, Z_DEFAULT_STRATEGY, Z_FULL_FLUSH },
		{ 31, 9, Z_DEFAULT_STRATEGY, Z_FULL_FLUSH },
	};
	uint8_t out[OUT_MAX];

	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++)
		fn(arg, out, with_zlib(data, len, out, how[i].bits,
				       how[i].level, how[i].strategy,
				       how[i].flush));
}

static void libdeflate_seeds(const uint8_t *data, size_t len, t_seed_fn fn,
			     void *arg)
{
	static const int levels[] = { 0, 1, 6, 12 };
	uint8_t out[OUT_MAX];

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct libdeflate_compressor *c;

		c = libdeflate_alloc_compressor(levels[i]);
		if (!c)
			abort();
		fn(arg, out, libdeflate_deflate_compress(c, data, len, out,
							 OUT_MAX));
		fn(arg, out, libdeflate_gzip_compress(c, data, len, out,
						      OUT_MAX));
		libdeflate_free_compressor(c);
	}
}

void t_seeds(t_seed_fn fn, void *arg)
{
	uint8_t data[DATA_MAX];

	for (enum kind kind = EMPTY; kind < KINDS; kind++) {
		size_t len = make_data(kind, data);

		zlib_seeds(data, len, fn, arg);
		libdeflate_seeds(data, len, fn, arg);
	}
}
