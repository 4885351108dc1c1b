/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer for decompression sessions: any bytes, as every format, in pieces of
 * any size, have to get zlib's verdict and zlib's output.
 *
 * How the bytes are fed follows from a hash of them, so that every input is a
 * stream from its first byte on.  Half of the runs have a stored block before
 * them, because sessions decode ahead only when there is enough input.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "t_util.h"

#define PREFIX_LEN	65535u
#define LAG		3u	/* bytes that may be missing when input is */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct wd_comp_sess *sessions[3][2];

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static struct wd_comp_sess *session(enum wd_comp_format format, bool threads)
{
	struct wd_comp_setup setup = {
		.op = WD_COMP_DECOMPRESS,
		.format = format,
		.threads = threads ? 3 : 1,
	};
	struct wd_comp_sess **s = &sessions[format][threads];

	if (!*s)
		check(!wd_comp_create(s, &setup), "create");
	check(!wd_comp_reset(*s, WD_COMP_SIZE_UNKNOWN), "reset");
	return *s;
}

/* @left: input that was not taken. */
static void compare(struct wd_comp_sess *s, int ret, const struct t_bytes *out,
		    const struct t_verdict *want, size_t left)
{
	size_t common = out->len < want->out.len ? out->len : want->out.len;
	struct wd_comp_info info;
	bool same = (ret == 1 ? 0 : ret) == want->ret;

	if (!same && !t_verdict_excuses(want, ret))
		fprintf(stderr, "zlib: %d (%s), here: %d\n", want->ret,
			want->why ? want->why : "-", ret);
	check(same || t_verdict_excuses(want, ret), "verdict");
	check(!wd_comp_get_info(s, &info), "info");
	check(info.total_out == out->len, "total_out");
	check(!common || !memcmp(out->data, want->out.data, common), "output");
	if (!same)
		return;
	if (ret == -ENODATA)
		check(want->out.len - out->len <= LAG, "output before the end");
	if (ret != 1)
		return;
	check(out->len == want->out.len, "length");
	check(info.total_in == want->used, "total_in");
	check(info.members == want->members, "members");
	/* What it was not given it cannot tell. */
	check(info.trailing == want->trailing || left, "trailing");
}

static void run(enum wd_comp_format format, const uint8_t *in, size_t len,
		uint32_t hash)
{
	const struct t_feed feed = {
		.in_max = hash & 8 ? 1 + (hash >> 8 & 0x3ff) : 0,
		.out_max = hash & 16 ? 1 + (hash >> 18 & 0xff) : 0,
		.random = hash & 32,
		.sync = hash & 64,
	};
	struct wd_comp_sess *s = session(format, hash & 4);
	struct t_bytes out = { 0 };
	struct t_verdict want;
	size_t left;
	int ret;

	t_judge(&want, format, in, len, NULL, 0);
	ret = hash & 128 ? t_zero_copy(s, &feed, in, len, &out, &left) :
			   t_stream(s, &feed, in, len, &out, &left);
	compare(s, ret, &out, &want, left);
	t_bytes_free(&want.out);
	t_bytes_free(&out);
}

static void add_le32(struct t_bytes *b, uint32_t v)
{
	const uint8_t p[] = {
		(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24),
	};

	t_bytes_add(b, p, sizeof(p));
}

/* A stored block, a chunk marker, and what @data is as raw DEFLATE or gzip. */
static void run_behind_chunk(const uint8_t *data, size_t len, uint32_t hash)
{
	static const uint8_t head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	static const uint8_t stored[] = { 0, 0xff, 0xff, 0, 0 };
	static const uint8_t marker[] = {
		0x00, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff,
	};
	static uint8_t block[PREFIX_LEN];
	struct t_bytes in = { 0 };

	/* Always the same one. */
	if (!block[0]) {
		t_seed(1);
		t_fill(block, sizeof(block), T_TEXT);
		t_seed(hash);
	}
	if (hash & 256)
		t_bytes_add(&in, head, sizeof(head));
	t_bytes_add(&in, stored, sizeof(stored));
	t_bytes_add(&in, block, sizeof(block));
	t_bytes_add(&in, marker, sizeof(marker));
	t_bytes_add(&in, data, len);
	if (hash & 512)
		t_bytes_add(&in, data, len);
	add_le32(&in, hash);
	run(hash & 256 ? WD_COMP_GZIP : WD_COMP_RAW, in.data, in.len, hash | 4);
	t_bytes_free(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint32_t hash = (uint32_t)crc32_z(0, data, len);

	t_seed(hash);
	for (int format = 0; format < 3; format++)
		run((enum wd_comp_format)format, data, len, hash);
	if (hash & 1)
		run_behind_chunk(data, len, hash);
	return 0;
}
