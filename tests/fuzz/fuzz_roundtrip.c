/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer for compression: whatever goes in, in whatever pieces and with whatever
 * setup, zlib and a decompression session get it back.
 *
 * The setup follows from a hash of the data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "t_util.h"

#define BIG_LEN		100000u		/* several of the smallest chunks */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static struct wd_comp_sess *compressor(uint32_t hash, struct wd_comp_setup *setup)
{
	struct wd_comp_sess *s;

	setup->format = (enum wd_comp_format)((hash >> 4) % 3);
	setup->level = 1 + (int)((hash >> 8) % 12);
	setup->threads = hash & 1 ? 2 : 1;
	setup->chunk_size = WD_COMP_CHUNK_MIN;
	setup->flags = (hash & 2 ? WD_COMP_RSYNCABLE : 0) |
		       (hash & 8 ? WD_COMP_INDEPENDENT : 0);
	if (setup->format == WD_COMP_GZIP && hash & 4)
		setup->members = (enum wd_comp_members)((hash >> 16) & 3);
	check(!wd_comp_create(&s, setup), "create");
	return s;
}

static struct wd_comp_sess *decompressor(enum wd_comp_format format)
{
	static struct wd_comp_sess *sessions[3];
	struct wd_comp_setup setup = {
		.op = WD_COMP_DECOMPRESS, .format = format, .threads = 2,
	};

	if (!sessions[format])
		check(!wd_comp_create(&sessions[format], &setup), "create");
	check(!wd_comp_reset(sessions[format], WD_COMP_SIZE_UNKNOWN), "reset");
	return sessions[format];
}

static void round_trip(const uint8_t *data, size_t len, uint32_t hash)
{
	const struct t_feed feed = {
		.in_max = hash & 0x100000 ? 1 + (hash >> 3 & 0x3fff) : 0,
		.out_max = hash & 0x200000 ? 1 + (hash >> 5 & 0xfff) : 0,
		.random = hash & 0x400000,
		.sync = !(hash & 0x3800000),
	};
	struct wd_comp_setup setup = { 0 };
	struct wd_comp_sess *c = compressor(hash, &setup);
	struct wd_comp_sess *d = decompressor(setup.format);
	struct t_bytes stream = { 0 }, back = { 0 };
	struct t_verdict v;
	size_t left;

	if (hash & 8)
		check(t_zero_copy(c, &feed, data, len, &stream, &left) == 1, "compress");
	else
		check(t_stream(c, &feed, data, len, &stream, &left) == 1, "compress");
	t_judge(&v, setup.format, stream.data, stream.len, NULL, 0);
	check(!v.ret && v.used == stream.len, "zlib's verdict");
	check(v.out.len == len && (!len || !memcmp(v.out.data, data, len)),
	      "zlib's output");
	if (!feed.sync)
		check(stream.len <= wd_comp_bound(c, len), "bound");
	check(t_stream(d, &feed, stream.data, stream.len, &back, &left) == 1, "back");
	check(back.len == len && (!len || !memcmp(back.data, data, len)), "output");
	wd_comp_destroy(c);
	t_bytes_free(&v.out);
	t_bytes_free(&stream);
	t_bytes_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint32_t hash = (uint32_t)crc32_z(0, data, len);
	struct t_bytes big = { 0 };

	t_seed(hash);
	round_trip(data, len, hash);
	/* Now and then as often as it takes to fill several chunks. */
	if (len && hash % 5 == 0) {
		while (big.len < BIG_LEN)
			t_bytes_add(&big, data, len);
		round_trip(big.data, big.len, hash);
	}
	t_bytes_free(&big);
	return 0;
}
