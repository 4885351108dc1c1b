/* SPDX-License-Identifier: MIT */
/*
 * Streams opened at the end that the splice walker finds, so that others can
 * follow, and the marker between them found again; zlib reads the whole.
 *
 * Where a stream ends, and what is none, is in test_splice.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "splice.h"
#include "splice_bits.h"
#include "splice_input.h"

#include <cmocka.h>

/* ---- opening ---- */

static void inflate_and_compare(const uint8_t *p, size_t len,
				const uint8_t *want, size_t want_len)
{
	struct t_verdict v;

	t_judge(&v, WD_COMP_RAW, p, len, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.used, len);
	assert_int_equal(v.out.len, want_len);
	assert_memory_equal(v.out.data, want, want_len);
	t_bytes_free(&v.out);
}

/* Open a stream, put another after it, see that both come out. */
static void check_open(size_t len, size_t first, size_t second)
{
	struct wd_splice_end end;
	size_t opened, tail;

	assert_int_equal(wd_splice_find(stream, len, &end), 0);
	assert_int_equal(wd_splice_open(stream, len, len + WD_SPLICE_MARKER_MAX,
					&opened),
			 0);
	assert_int_equal(opened,
			 (end.end_bit + 3 + 7) / 8 + WD_SPLICE_MARKER_LEN);
	assert_memory_equal(stream + opened - WD_SPLICE_MARKER_LEN,
			    wd_splice_marker, WD_SPLICE_MARKER_LEN);
	tail = libdeflate(stream + opened, plain + first, second, 6);
	inflate_and_compare(stream, opened + tail, plain, first + second);
}

static void t_opened_streams_can_be_continued(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < INPUTS; m++) {
		fill(plain, 60000, m);
		for (size_t n = 0; n < 300; n++) {
			check_open(libdeflate(stream, plain, n, 6), n, 100);
			check_open(
				zlib_deflate(stream, plain, n, 6, Z_FIXED, 8),
				n, n);
		}
		for (int level = 0; level <= 12; level++)
			check_open(libdeflate(stream, plain, 50000, level),
				   50000, 10000);
	}
}

static void t_chunks_opened_in_a_row_make_one_stream(void **state)
{
	size_t out = 0;

	(void)state;
	fill(plain, DATA_MAX, MIXED);
	for (size_t pos = 0; pos < DATA_MAX; pos += DATA_MAX / 16) {
		size_t len = libdeflate(stream + out, plain + pos,
					DATA_MAX / 16, 1 + (int)(pos % 12));

		if (pos + DATA_MAX / 16 < DATA_MAX)
			assert_int_equal(
				wd_splice_open(stream + out, len,
					       len + WD_SPLICE_MARKER_MAX,
					       &len),
				0);
		out += len;
	}
	inflate_and_compare(stream, out, plain, DATA_MAX);
}

/* Ends at every bit of a byte, with all padding bits set before. */
static void t_open_handles_every_end_bit(void **state)
{
	static const unsigned int marker_len[8] = { 10, 9, 9, 9, 9, 9, 10, 10 };
	unsigned int seen = 0;

	(void)state;
	for (unsigned int n = 0; n < 8; n++) {
		struct wd_splice_end end;
		uint8_t text[16];
		size_t len, opened;

		bits_begin();
		put_stored(false, "");
		put_header(true, 1);
		for (unsigned int i = 0; i < n; i++) {
			put_fixed(200);
			text[i] = 200;
		}
		put_fixed(256);
		len = bits_bytes();
		memcpy(stream, bits.p, len);
		if (bits.n % 8)
			stream[len - 1] |= (uint8_t)(0xff << bits.n % 8);

		assert_int_equal(wd_splice_find(stream, len, &end), 0);
		assert_int_equal(end.end_bit, bits.n);
		seen |= 1u << end.end_bit % 8;

		assert_int_equal(wd_splice_open(stream, len, len + 10, &opened),
				 0);
		assert_int_equal(opened - len, marker_len[end.end_bit % 8]);
		memcpy(stream + opened, "\x01\x01\x00\xfe\xff!", 6);
		text[n] = '!';
		inflate_and_compare(stream, opened + 6, text, n + 1);
	}
	assert_int_equal(seen, 0xff);
}

static void t_open_without_room_changes_nothing(void **state)
{
	static uint8_t before[64];
	size_t opened = 4711;

	(void)state;
	for (unsigned int n = 0; n < 8; n++) {
		struct wd_splice_end end;
		size_t need;

		bits_begin();
		put_header(true, 1);
		for (unsigned int i = 0; i < n; i++)
			put_fixed(200);
		put_fixed(256);
		memset(before, 0xa5, sizeof(before));
		memcpy(before, bits.p, bits_bytes());
		memcpy(stream, before, sizeof(before));

		assert_int_equal(wd_splice_find(stream, bits_bytes(), &end), 0);
		need = (end.end_bit + 3 + 7) / 8 + WD_SPLICE_MARKER_LEN;
		for (size_t cap = 0; cap < need; cap++) {
			assert_int_equal(wd_splice_open(stream, bits_bytes(),
							cap, &opened),
					 -ENOSPC);
			assert_int_equal(opened, 4711);
			assert_memory_equal(stream, before, sizeof(before));
		}
		assert_int_equal(
			wd_splice_open(stream, bits_bytes(), need, &opened), 0);
		assert_int_equal(opened, need);
		assert_memory_equal(stream + need, before + need,
				    sizeof(before) - need);
		opened = 4711;
	}
}

static void t_open_at_a_known_end_equals_open(void **state)
{
	struct wd_splice_end end;
	size_t len, opened, opened_at;
	uint8_t *second = stream + STREAM_MAX;

	(void)state;
	t_fill(plain, 3000, T_TEXT);
	len = libdeflate(stream, plain, 3000, 6);
	memcpy(second, stream, len);
	assert_int_equal(wd_splice_find(stream, len, &end), 0);
	assert_int_equal(wd_splice_open(stream, len, STREAM_MAX, &opened), 0);
	assert_int_equal(
		wd_splice_open_at(second, len, opened - 1, &end, &opened_at),
		-ENOSPC);
	assert_int_equal(
		wd_splice_open_at(second, len, opened, &end, &opened_at), 0);
	assert_int_equal(opened_at, opened);
	assert_memory_equal(second, stream, opened);
}

static void t_open_leaves_a_bad_stream_alone(void **state)
{
	static uint8_t before[20000];
	size_t opened = 4711;
	size_t len;

	(void)state;
	t_fill(plain, 8000, T_TEXT);
	len = libdeflate(stream, plain, 8000, 6) - 1;
	assert_true(len + 64 < sizeof(before));
	memcpy(before, stream, sizeof(before));
	assert_int_equal(wd_splice_open(stream, len, STREAM_MAX, &opened),
			 -EBADMSG);
	assert_int_equal(opened, 4711);
	assert_memory_equal(stream, before, sizeof(before));
}

/* ---- the marker ---- */

static const uint8_t *find_naively(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + WD_SPLICE_MARKER_LEN <= len; i++) {
		if (!memcmp(p + i, wd_splice_marker, WD_SPLICE_MARKER_LEN))
			return p + i + WD_SPLICE_MARKER_LEN;
	}
	return NULL;
}

static void check_markers(const uint8_t *p, size_t len)
{
	for (;;) {
		const uint8_t *found = wd_splice_find_marker(p, len);

		assert_ptr_equal(found, find_naively(p, len));
		if (!found)
			break;
		len -= (size_t)(found - p);
		p = found;
	}
}

static void t_markers_are_found_wherever_they_are(void **state)
{
	uint8_t *p;

	(void)state;
	for (size_t len = 0; len <= 64; len++) {
		p = malloc(len ? len : 1);
		assert_non_null(p);
		memset(p, 0x5a, len);
		assert_null(wd_splice_find_marker(p, len));
		for (size_t i = 0; i + WD_SPLICE_MARKER_LEN <= len; i++) {
			memset(p, 0x5a, len);
			memcpy(p + i, wd_splice_marker, WD_SPLICE_MARKER_LEN);
			assert_ptr_equal(wd_splice_find_marker(p, len),
					 p + i + WD_SPLICE_MARKER_LEN);
		}
		free(p);
	}
}

static void t_marker_search_equals_a_naive_one(void **state)
{
	(void)state;
	t_fill(plain, 1 << 20, T_NOISE);
	for (int i = 0; i < 500; i++)
		memcpy(plain + t_rnd_below((1 << 20) - 16), wd_splice_marker,
		       WD_SPLICE_MARKER_LEN - t_rnd_below(3) / 2);
	check_markers(plain, 1 << 20);

	/* Little but the bytes of the marker, and pieces of it. */
	for (int round = 0; round < T_REPEAT(200); round++) {
		size_t n = 0;

		while (n < 20000) {
			unsigned int from = t_rnd_below(WD_SPLICE_MARKER_LEN);
			unsigned int k =
				t_rnd_below(WD_SPLICE_MARKER_LEN - from) + 1;

			memcpy(plain + n, wd_splice_marker + from, k);
			n += k;
			if (!t_rnd_below(6))
				plain[n++] = (uint8_t)t_rnd_below(3);
			if (!t_rnd_below(6))
				plain[n++] = 0xff;
		}
		check_markers(plain, n);
	}
}

static void t_marker_search_in_runs_finds_nothing(void **state)
{
	(void)state;
	memset(plain, 0x00, DATA_MAX);
	assert_null(wd_splice_find_marker(plain, DATA_MAX));
	memset(plain, 0xff, DATA_MAX);
	assert_null(wd_splice_find_marker(plain, DATA_MAX));
	for (size_t i = 0; i < DATA_MAX; i++)
		plain[i] = i & 2 ? 0xff : 0x00;
	assert_null(wd_splice_find_marker(plain, DATA_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_opened_streams_can_be_continued),
		cmocka_unit_test(t_chunks_opened_in_a_row_make_one_stream),
		cmocka_unit_test(t_open_handles_every_end_bit),
		cmocka_unit_test(t_open_without_room_changes_nothing),
		cmocka_unit_test(t_open_at_a_known_end_equals_open),
		cmocka_unit_test(t_open_leaves_a_bad_stream_alone),
		cmocka_unit_test(t_markers_are_found_wherever_they_are),
		cmocka_unit_test(t_marker_search_equals_a_naive_one),
		cmocka_unit_test(t_marker_search_in_runs_finds_nothing),
	};

	return cmocka_run_group_tests(tests, make_room, free_room);
}
