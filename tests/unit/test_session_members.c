/* SPDX-License-Identifier: MIT */
/*
 * Compression sessions: files of many members, what follows the last one, and what
 * is wrong with a stream and where.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "t_session.h"

#include <cmocka.h>

/* ---- sized members ---- */

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* The size of the member at @p as its extra field tells. */
static size_t told_size(enum wd_comp_members members, const uint8_t *p)
{
	assert_memory_equal(p, "\x1f\x8b\x08\x04", 4);
	switch (members) {
	case WD_COMP_MEMBERS_QZ:
		assert_memory_equal(p + 10, "\x0c\0QZ\x08\0", 6);
		return 24 + le32(p + 20) + 8;
	case WD_COMP_MEMBERS_MZ:
		assert_memory_equal(p + 10, "\x08\0MZ\x04\0", 6);
		return 20 + le32(p + 16) + 8;
	default:
		assert_memory_equal(p + 10, "\x06\0BC\x02\0", 6);
		return (size_t)(p[16] | p[17] << 8) + 1;
	}
}

static void sized_members(enum wd_comp_members members, size_t len, uint32_t threads)
{
	struct wd_comp_setup setup = {
		.members = members, .threads = threads, .level = 3,
		.chunk_size = members == WD_COMP_MEMBERS_BGZF ? 0 :
			      WD_COMP_CHUNK_MIN,
	};
	struct wd_comp_sess *c = make(&setup);
	struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, threads);
	struct t_bytes stream = { 0 }, again = { 0 }, back = { 0 };
	size_t at = 0, count = 0, out = 0, left;
	struct wd_comp_info info;

	compress_to(c, mixed, len, &stream);
	while (at < stream.len) {
		size_t size = told_size(members, stream.data + at);
		size_t isize;

		assert_true(size <= stream.len - at);
		isize = le32(stream.data + at + size - 4);
		if (members == WD_COMP_MEMBERS_QZ)
			assert_int_equal(isize, le32(stream.data + at + 16));
		assert_true(isize <= 65536);
		out += isize;
		at += size;
		count++;
	}
	assert_int_equal(at, stream.len);
	assert_int_equal(out, len);
	check_judged(WD_COMP_GZIP, &stream, mixed, len);
	if (members == WD_COMP_MEMBERS_BGZF)
		assert_int_equal(le32(stream.data + stream.len - 4), 0);

	assert_int_equal(wd_comp_reset(c, WD_COMP_SIZE_UNKNOWN), 0);
	assert_int_equal(t_stream(c, &feeds[6], mixed, len, &again, &left), 1);
	check_equal(&again, &stream);
	assert_int_equal(t_stream(d, &feeds[5], stream.data, stream.len, &back,
				  &left), 1);
	assert_int_equal(back.len, len);
	assert_memory_equal(back.data, mixed, len);
	assert_int_equal(wd_comp_get_info(d, &info), 0);
	assert_int_equal(info.members, count);
	t_bytes_free(&stream);
	t_bytes_free(&again);
	t_bytes_free(&back);
	wd_comp_destroy(c);
	wd_comp_destroy(d);
}

static void t_sized_members_tell_their_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 32768, 65280, 65536, 1000000 };

	(void)state;
	for (int m = WD_COMP_MEMBERS_QZ; m <= WD_COMP_MEMBERS_BGZF; m++) {
		for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
			sized_members((enum wd_comp_members)m, sizes[i], 1);
			sized_members((enum wd_comp_members)m, sizes[i], 3);
		}
	}
}

/* ---- what is wrong, and where ---- */

/* @bytes at @offset instead of a good stream's; what must be told. */
struct damage {
	enum wd_comp_format format;
	size_t offset;
	const char *bytes;
	size_t len;
	int ret;
	enum wd_comp_error error;
	uint64_t from, to;	/* error_offset */
	bool numbers;
	uint32_t stored, computed;
};

#define GOOD_LEN	5000u

static void check_damage(const struct damage *dm, uint32_t threads)
{
	struct wd_comp_sess *d = make_decompressor(dm->format, threads);
	struct t_bytes in = { 0 }, out = { 0 };
	struct wd_comp_info info;
	uint8_t back[GOOD_LEN];
	size_t made, left;
	int ret;

	t_deflate(&in, text, GOOD_LEN, t_window_bits(dm->format), 6,
		  Z_DEFAULT_STRATEGY);
	memcpy(in.data + dm->offset, dm->bytes, dm->len);
	for (int i = 0; i < 2; i++) {
		if (i)
			ret = t_stream(d, &feeds[1], in.data, in.len, &out, &left);
		else
			ret = wd_comp_run(d, in.data, in.len, back, GOOD_LEN, NULL,
					  &made);
		assert_int_equal(ret, dm->ret);
		assert_int_equal(wd_comp_get_info(d, &info), 0);
		assert_int_equal(info.error, dm->error);
		assert_int_equal(info.error_member, 1);
		assert_in_range(info.error_offset, dm->from, dm->to);
		if (dm->numbers) {
			assert_int_equal(info.error_stored, dm->stored);
			assert_int_equal(info.error_computed, dm->computed);
		}
		assert_int_equal(wd_comp_reset(d, 0), 0);
	}
	t_bytes_free(&in);
	t_bytes_free(&out);
	wd_comp_destroy(d);
}

static void t_damage_is_told_apart(void **state)
{
	const uint32_t crc = (uint32_t)crc32_z(0, text, GOOD_LEN);
	const uint32_t adler = (uint32_t)adler32_z(1, text, GOOD_LEN);
	struct t_bytes gz = { 0 }, zl = { 0 };
	size_t glen, zlen;

	(void)state;
	t_deflate(&gz, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	t_deflate(&zl, text, GOOD_LEN, 15, 6, Z_DEFAULT_STRATEGY);
	glen = gz.len;
	zlen = zl.len;
	for (uint32_t threads = 1; threads <= 2; threads++) {
		const struct damage damages[] = {
			{ WD_COMP_GZIP, 0, "x", 1, -EBADMSG, WD_COMP_ERR_MAGIC, 0, 1,
			  false, 0, 0 },
			{ WD_COMP_GZIP, 0, "\0", 1, -EBADMSG, WD_COMP_ERR_MAGIC, 0, 1,
			  false, 0, 0 },
			{ WD_COMP_GZIP, 1, "x", 1, -EBADMSG, WD_COMP_ERR_MAGIC, 0, 1,
			  false, 0, 0 },
			{ WD_COMP_GZIP, 2, "\7", 1, -EBADMSG, WD_COMP_ERR_METHOD, 0, 2,
			  true, 0, 7 },
			{ WD_COMP_GZIP, 3, "\x81", 1, -EBADMSG, WD_COMP_ERR_FLAGS, 0, 3,
			  true, 0, 0x81 },
			{ WD_COMP_GZIP, 10, "\7", 1, -EBADMSG, WD_COMP_ERR_DATA, 10, 11,
			  false, 0, 0 },
			{ WD_COMP_GZIP, glen - 8, "\1\2\3\4", 4, -EBADMSG,
			  WD_COMP_ERR_CHECKSUM, glen - 8, glen - 4, true,
			  0x04030201, crc },
			{ WD_COMP_GZIP, glen - 4, "\1\2\3\4", 4, -EBADMSG,
			  WD_COMP_ERR_LENGTH, glen - 4, glen, true,
			  0x04030201, GOOD_LEN },
			{ WD_COMP_ZLIB, 0, "\x77\x85", 2, -EBADMSG,
			  WD_COMP_ERR_METHOD, 0, 2, true, 0, 7 },
			{ WD_COMP_ZLIB, 0, "\x78\xbb", 2, -EBADMSG,
			  WD_COMP_ERR_WINDOW, 0, 6, false, 0, 0 },
			{ WD_COMP_ZLIB, zlen - 4, "\1\2\3\4", 4, -EBADMSG,
			  WD_COMP_ERR_CHECKSUM, zlen - 4, zlen, true,
			  0x01020304, adler },
			{ WD_COMP_RAW, 0, "\7", 1, -EBADMSG, WD_COMP_ERR_DATA, 0, 1,
			  false, 0, 0 },
		};

		for (size_t i = 0; i < T_ARRAY_SIZE(damages); i++)
			check_damage(&damages[i], threads);
	}
	t_bytes_free(&gz);
	t_bytes_free(&zl);
}

static void t_header_checksums_are_compared(void **state)
{
	static const uint8_t fhcrc[] = {
		0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 3, 0x12, 0x34, 3, 0,
	};
	const uint32_t right = (uint32_t)crc32_z(0, fhcrc, 10) & 0xffff;
	struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, 1);
	struct wd_comp_info info;
	uint8_t out[10];

	(void)state;
	assert_int_equal(wd_comp_run(d, fhcrc, sizeof(fhcrc), out, 10, NULL, NULL),
			 -EBADMSG);
	assert_int_equal(wd_comp_get_info(d, &info), 0);
	assert_int_equal(info.error, WD_COMP_ERR_HEADER_CHECKSUM);
	assert_int_equal(info.error_stored, 0x3412);
	assert_int_equal(info.error_computed, right);
	wd_comp_destroy(d);

	/* FCHECK of zlib. */
	d = make_decompressor(WD_COMP_ZLIB, 1);
	assert_int_equal(wd_comp_run(d, "\x78\x9d\3\0\0\0\0\1", 8, out, 10, NULL,
				     NULL), -EBADMSG);
	assert_int_equal(wd_comp_get_info(d, &info), 0);
	assert_int_equal(info.error, WD_COMP_ERR_HEADER_CHECKSUM);
	assert_int_equal(info.error_stored, 0x1d);
	assert_int_equal(info.error_computed, 0x1c);
	wd_comp_destroy(d);
}

static void t_early_end_is_told_with_the_member(void **state)
{
	struct t_bytes in = { 0 };
	size_t first;

	(void)state;
	t_deflate(&in, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	first = in.len;
	t_deflate(&in, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	for (size_t len = 0; len < in.len; len += len < 40 ? 1 : 131) {
		struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, 1);
		uint8_t out[2 * GOOD_LEN];
		struct wd_comp_info info;
		int ret = wd_comp_run(d, in.data, len, out, sizeof(out), NULL, NULL);

		assert_int_equal(ret, len == first ? 0 : -ENODATA);
		assert_int_equal(wd_comp_get_info(d, &info), 0);
		if (len != first) {
			assert_int_equal(info.error, WD_COMP_ERR_TRUNCATED);
			assert_int_equal(info.error_member, len > first ? 2 : 1);
			assert_int_equal(info.error_offset, len);
		}
		wd_comp_destroy(d);
	}
	t_bytes_free(&in);
}

/* ---- after the last member ---- */

static void check_trailing(const struct t_bytes *good, size_t tail_at,
			   const uint8_t *tail, size_t tail_len,
			   const struct t_verdict *want, uint32_t flags)
{
	static const struct t_feed ways[] = {
		{ 0, 0, false, false }, { 1, 0, false, false },
		{ 1, 0, false, true }, { 100, 100, true, false },
	};

	for (size_t i = 0; i < T_ARRAY_SIZE(ways); i++) {
		struct wd_comp_setup setup = {
			.op = WD_COMP_DECOMPRESS, .threads = 1 + (uint32_t)i % 2,
			.flags = flags,
		};
		struct wd_comp_sess *d = make(&setup);
		struct t_bytes in = { 0 }, out = { 0 };
		struct wd_comp_info info;
		const void *unused;
		size_t left, n;

		t_bytes_add(&in, good->data, tail_at);
		t_bytes_add(&in, tail, tail_len);
		assert_int_equal(t_stream(d, &ways[i], in.data, in.len, &out, &left), 1);
		assert_int_equal(out.len, want->out.len);
		assert_int_equal(wd_comp_get_info(d, &info), 0);
		assert_int_equal(info.trailing, want->trailing);
		assert_int_equal(info.total_in, want->used);
		assert_int_equal(info.members, want->members);
		assert_int_equal(info.error, WD_COMP_OK);
		/* What it took and did not use, and what it did not take. */
		assert_int_equal(wd_comp_get_unused(d, &unused, &n), 0);
		assert_int_equal(n + left, in.len - want->used);
		if (n)
			assert_memory_equal(unused, in.data + want->used, n);
		wd_comp_destroy(d);
		t_bytes_free(&in);
		t_bytes_free(&out);
	}
}

static void t_what_follows_the_last_member_is_told(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} tails[] = {
		{ "", 0 }, { "\0", 1 }, { "\0\0\0\0\0", 5 }, { "\0\0x", 3 },
		{ "garbage", 7 }, { "\x1fx", 2 }, { "\x1f\x8c", 2 },
		{ "\0\x1f\x8b\x08", 4 }, { "xx\0\0\0\0\0\0\0\0\0\0", 12 },
	};
	struct t_bytes good = { 0 };

	(void)state;
	t_deflate(&good, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	for (size_t i = 0; i < T_ARRAY_SIZE(tails); i++) {
		struct t_verdict want = {
			.out.len = GOOD_LEN, .used = good.len, .members = 1,
			.trailing = i == 0 ? WD_COMP_TRAILING_NONE :
				    i < 3 ? WD_COMP_TRAILING_ZEROS :
					    WD_COMP_TRAILING_GARBAGE,
		};

		check_trailing(&good, good.len, (const uint8_t *)tails[i].bytes,
			       tails[i].len, &want, 0);
	}
	t_bytes_free(&good);
}

static void t_one_member_stops_behind_it(void **state)
{
	struct t_bytes good = { 0 };
	struct t_verdict want = { .out.len = GOOD_LEN, .members = 1 };
	uint8_t *tail;

	(void)state;
	t_deflate(&good, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	want.used = good.len;
	check_trailing(&good, good.len, good.data, good.len, &want,
		       WD_COMP_ONE_MEMBER);
	check_trailing(&good, good.len, good.data, 1, &want, WD_COMP_ONE_MEMBER);
	check_trailing(&good, good.len, (const uint8_t *)"\0", 1, &want,
		       WD_COMP_ONE_MEMBER);
	/* More than is taken at once. */
	tail = calloc(1, 3u << 20);
	assert_non_null(tail);
	check_trailing(&good, good.len, tail, 3u << 20, &want, WD_COMP_ONE_MEMBER);
	free(tail);
	t_bytes_free(&good);
}

static void t_one_member_of_sized_ones_stops_behind_it(void **state)
{
	struct wd_comp_setup setup = {
		.members = WD_COMP_MEMBERS_BGZF, .threads = 2,
	};
	struct wd_comp_sess *c = make(&setup);
	struct t_bytes in = { 0 };
	struct t_verdict want = { .out.len = 0xff00, .members = 1 };

	(void)state;
	compress_to(c, mixed, 600000, &in);
	want.used = (size_t)(in.data[16] | in.data[17] << 8) + 1;
	check_trailing(&in, 0, in.data, in.len, &want, WD_COMP_ONE_MEMBER);
	t_bytes_free(&in);
	wd_comp_destroy(c);
}

/* A zlib or raw stream is one thing: what follows stays unused. */
static void t_streams_tell_where_they_end(void **state)
{
	(void)state;
	for (int format = WD_COMP_ZLIB; format <= WD_COMP_RAW; format++) {
		for (int i = 0; i < 4; i++) {
			struct wd_comp_sess *d;
			struct t_bytes in = { 0 }, out = { 0 };
			const void *unused;
			size_t left, n, len;

			d = make_decompressor((enum wd_comp_format)format, 1);
			t_deflate(&in, text, GOOD_LEN, t_window_bits(
					  (enum wd_comp_format)format), 6,
				  Z_DEFAULT_STRATEGY);
			len = in.len;
			t_bytes_add(&in, "what follows, \0\0 whatever it is", 30);
			assert_int_equal(t_stream(d, &feeds[i], in.data, in.len, &out,
						  &left), 1);
			assert_int_equal(out.len, GOOD_LEN);
			assert_int_equal(wd_comp_get_unused(d, &unused, &n), 0);
			assert_int_equal(n + left, 30);
			if (n)
				assert_memory_equal(unused, in.data + len, n);
			t_bytes_free(&in);
			t_bytes_free(&out);
			wd_comp_destroy(d);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_sized_members_tell_their_sizes),
		cmocka_unit_test(t_damage_is_told_apart),
		cmocka_unit_test(t_header_checksums_are_compared),
		cmocka_unit_test(t_early_end_is_told_with_the_member),
		cmocka_unit_test(t_what_follows_the_last_member_is_told),
		cmocka_unit_test(t_one_member_stops_behind_it),
		cmocka_unit_test(t_one_member_of_sized_ones_stops_behind_it),
		cmocka_unit_test(t_streams_tell_where_they_end),
	};

	return cmocka_run_group_tests(tests, setup_data, teardown_data);
}
