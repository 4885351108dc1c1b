/* SPDX-License-Identifier: MIT */
/*
 * The splice walker against zlib, on streams of zlib and libdeflate and on
 * streams made bit by bit.
 *
 * What is done with the end that it finds is in test_splice_open.c.
 */
#include <stdlib.h>
#include <string.h>

#include "splice_bits.h"
#include "splice_input.h"
#include "splice_oracle.h"

#include <cmocka.h>

/* ---- checks ---- */

/* In memory of exactly its size, so that sanitizers see reads beyond it. */
static int find_exact(const uint8_t *p, size_t len, struct wd_splice_end *end)
{
	uint8_t *copy = malloc(len ? len : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, p, len);
	ret = wd_splice_find(copy, len, end);
	free(copy);
	return ret;
}

static void check_end(const struct wd_splice_end *got,
		      const struct wd_splice_end *want)
{
	assert_int_equal(got->final_bit, want->final_bit);
	assert_int_equal(got->end_bit, want->end_bit);
}

static int check_against_zlib(const uint8_t *p, size_t len)
{
	struct wd_splice_end want = { 0, 0 };
	struct wd_splice_end got = { 0, 0 };
	int ret = splice_oracle(p, len, &want);

	assert_int_equal(find_exact(p, len, &got), ret);
	if (!ret)
		check_end(&got, &want);
	return ret;
}

static void check_accepted(const uint8_t *p, size_t len)
{
	assert_int_equal(check_against_zlib(p, len), 0);
}

static void check_truncations(const uint8_t *p, size_t len)
{
	struct wd_splice_end end;

	for (size_t n = 0; n < len; n++)
		assert_int_equal(find_exact(p, n, &end), -EBADMSG);
}

static void check_bit_flips(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len * 8; i += T_SLOW ? 9 : 1) {
		p[i / 8] ^= (uint8_t)(1u << i % 8);
		check_against_zlib(p, len);
		p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

static void expect(int ret)
{
	assert_int_equal(check_against_zlib(bits.p, bits_bytes()), ret);
	if (!ret)
		check_truncations(bits.p, bits_bytes());
}

/* ---- tests ---- */

static void t_zlib_streams_end_where_zlib_says(void **state)
{
	static const int strategies[] = {
		Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED
	};

	(void)state;
	for (unsigned int m = 0; m < INPUTS; m++) {
		fill(plain, 120000, m);
		for (int level = 0; level <= 9; level++) {
			size_t len = zlib_deflate(stream, plain, 120000, level,
						  strategies[level % 5],
						  1 + level % 9);
			check_accepted(stream, len);
		}
		for (unsigned int s = 0; s < T_ARRAY_SIZE(strategies); s++) {
			size_t len = zlib_deflate(stream, plain, 80000, 6,
						  strategies[s], 8);
			check_accepted(stream, len);
		}
	}
}

static void t_libdeflate_streams_end_where_zlib_says(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < INPUTS; m++) {
		fill(plain, 200000, m);
		for (int level = 0; level <= 12; level++) {
			size_t len = libdeflate(stream, plain, 200000, level);

			check_accepted(stream, len);
		}
	}
}

static void t_long_streams_are_walked(void **state)
{
	static const int levels[] = { 1, 6 };

	(void)state;
	fill(plain, DATA_MAX, MIXED);
	for (unsigned int i = 0; i < T_ARRAY_SIZE(levels); i++) {
		size_t len = libdeflate(stream, plain, DATA_MAX, levels[i]);

		check_accepted(stream, len);
		len = zlib_deflate(stream, plain, DATA_MAX, levels[i],
				   Z_DEFAULT_STRATEGY, 1);
		check_accepted(stream, len);
	}
}

static void t_short_streams_are_walked(void **state)
{
	static const int levels[] = { 1, 4, 6, 9, 12 };

	(void)state;
	for (unsigned int m = 0; m < INPUTS; m++) {
		fill(plain, 300, m);
		for (size_t n = 0; n <= 300; n++) {
			int level = levels[n % T_ARRAY_SIZE(levels)];

			check_accepted(stream,
				       libdeflate(stream, plain, n, level));
			check_accepted(stream, libdeflate(stream, plain, n, 0));
			check_accepted(stream,
				       zlib_deflate(stream, plain, n, n % 10,
						    Z_DEFAULT_STRATEGY, 8));
			check_accepted(stream, zlib_deflate(stream, plain, n, 6,
							    Z_FIXED, 8));
		}
	}
}

static void t_flushed_streams_are_walked(void **state)
{
	static const int flushes[] = {
		Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK
	};
	z_stream zs = { 0 };

	(void)state;
	fill(plain, 200000, MIXED);
	assert_int_equal(deflateInit2(&zs, 6, Z_DEFLATED, -15, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	zs.next_in = plain;
	zs.next_out = stream;
	zs.avail_out = STREAM_MAX;
	for (unsigned int left = 200000; left;) {
		unsigned int n = 1 + t_rnd_below(1500);

		if (n > left)
			n = left;
		left -= n;
		zs.avail_in = n;
		assert_int_equal(deflate(&zs, flushes[t_rnd_below(4)]), Z_OK);
	}
	assert_int_equal(deflate(&zs, Z_FINISH), Z_STREAM_END);
	check_accepted(stream, zs.total_out);
	deflateEnd(&zs);
}

static void t_truncated_streams_are_rejected(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < INPUTS; m++) {
		fill(plain, 4000, m);
		check_truncations(stream, libdeflate(stream, plain, 4000, 6));
		check_truncations(stream, zlib_deflate(stream, plain, 4000, 6,
						       Z_FIXED, 8));
		check_truncations(stream, zlib_deflate(stream, plain, 4000, 1,
						       Z_HUFFMAN_ONLY, 1));
	}
}

static void t_verdict_on_a_flipped_bit_is_that_of_zlib(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < INPUTS; m++) {
		fill(plain, 300, m);
		check_bit_flips(stream, libdeflate(stream, plain, 300, 6));
		check_bit_flips(stream, zlib_deflate(stream, plain, 100, 6,
						     Z_FIXED, 8));
		check_bit_flips(stream, zlib_deflate(stream, plain, 300, 9,
						     Z_DEFAULT_STRATEGY, 1));
	}
	/* Several blocks: flips that lengthen one meet the next. */
	t_fill(plain, 1200, T_TEXT);
	check_bit_flips(stream, zlib_deflate(stream, plain, 1200, 6,
					     Z_DEFAULT_STRATEGY, 1));
}

static void t_trailing_bytes_are_rejected(void **state)
{
	struct wd_splice_end end;
	size_t len;

	(void)state;
	t_fill(plain, 5000, T_TEXT);
	len = libdeflate(stream, plain, 5000, 6);
	memset(stream + len, 0, 64);
	for (size_t n = 1; n <= 64; n++)
		assert_int_equal(find_exact(stream, len + n, &end), -EBADMSG);
}

static void t_empty_input_is_rejected(void **state)
{
	struct wd_splice_end end;

	(void)state;
	assert_int_equal(wd_splice_find(plain, 0, &end), -EBADMSG);
}

static void t_padding_may_hold_any_bits(void **state)
{
	struct wd_splice_end end;

	(void)state;
	bits_begin();
	put_header(true, 1);
	put_fixed(256);
	put(0x3f, 6);
	expect(0);
	assert_int_equal(wd_splice_find(bits.p, 2, &end), 0);
	assert_int_equal(end.final_bit, 0);
	assert_int_equal(end.end_bit, 10);
}

static void t_stored_blocks_need_matching_lengths(void **state)
{
	(void)state;
	bits_begin();
	put_stored(false, "");
	put_stored(false, "abc");
	put_stored(true, "defgh");
	expect(0);

	bits_begin();
	put_header(true, 0);
	put_align();
	put(1, 16);
	put(0xffff, 16);
	put('x', 8);
	expect(-EBADMSG);
}

static void t_reserved_block_type_is_rejected(void **state)
{
	(void)state;
	bits_begin();
	put_header(true, 3);
	put(0, 29);
	expect(-EBADMSG);
}

static void t_missing_final_block_is_rejected(void **state)
{
	(void)state;
	bits_begin();
	put_stored(false, "abc");
	expect(-EBADMSG);
}

static void t_fixed_codes_without_a_meaning_are_rejected(void **state)
{
	(void)state;
	for (unsigned int sym = 255; sym < 288; sym++) {
		bits_begin();
		put_header(true, 1);
		put_fixed('a');
		put_fixed(sym);
		if (sym > 256) {
			put(0, sym < 265 || sym == 285 ? 0 : (sym - 261) / 4);
			put_code(0, 5);
		}
		if (sym != 256)
			put_fixed(256);
		expect(sym > 285 ? -EBADMSG : 0);
	}
	for (unsigned int sym = 0; sym < 32; sym++) {
		bits_begin();
		put_header(true, 1);
		put_fixed(257);
		put_code(sym, 5);
		put(0, sym < 4 ? 0 : sym / 2 - 1);
		put_fixed(256);
		for (int i = 0; i < 10; i++)
			put_fixed('z');
		expect(-EBADMSG);

		bits_begin();
		put_header(true, 1);
		put_fixed(257);
		put_code(sym, 5);
		put(0, sym < 4 ? 0 : sym / 2 - 1);
		put_fixed(256);
		expect(sym > 29 ? -EBADMSG : 0);
	}
}

static void t_too_many_symbols_are_rejected(void **state)
{
	(void)state;
	for (unsigned int hlit = 28; hlit < 32; hlit++) {
		bits_begin();
		put_precode(hlit, 0, eight_values, 8, -1);
		put_value(1);
		put_zeros(255);
		put_value(1);
		put_zeros(hlit);
		put_value(0);
		put(1, 1);
		expect(hlit > 29 ? -EBADMSG : 0);
	}
	for (unsigned int hdist = 28; hdist < 32; hdist++) {
		put_two_litlens(hdist + 1);
		put_zeros(hdist + 1);
		put(1, 1);
		expect(hdist > 29 ? -EBADMSG : 0);
	}
}

static void t_incomplete_precode_is_rejected(void **state)
{
	static const uint8_t one[] = { 1 };

	(void)state;
	bits_begin();
	put_precode(0, 0, eight_values, 8, 3);
	put(0, 600);
	expect(-EBADMSG);

	bits_begin();
	put_precode(0, 0, one, 1, -1);
	put(0, 600);
	expect(-EBADMSG);

	/* None at all, which zlib notices later. */
	bits_begin();
	put_precode(0, 0, one, 0, -1);
	put(0, 600);
	expect(-EBADMSG);
}

static void t_oversubscribed_precode_is_rejected(void **state)
{
	static const uint8_t nine[] = { 0, 1, 2, 3, 4, 15, 16, 17, 18 };

	(void)state;
	bits_begin();
	put_precode(0, 0, nine, 9, -1);
	put(0, 600);
	expect(-EBADMSG);
}

static void t_repeat_without_a_length_is_rejected(void **state)
{
	(void)state;
	bits_begin();
	put_precode(0, 0, eight_values, 8, -1);
	put_value(16);
	put(0, 2);
	put_zeros(253);
	put_value(1);
	put_value(1);
	put(0, 8);
	expect(-EBADMSG);
}

static void t_repeat_past_the_end_is_rejected(void **state)
{
	static const unsigned int repeats[] = { 16, 17, 18 };

	(void)state;
	for (unsigned int i = 0; i < T_ARRAY_SIZE(repeats); i++) {
		unsigned int fit = repeats[i] == 18 ? 11 : 3;

		for (unsigned int ndist = fit - 1; ndist <= fit; ndist++) {
			put_two_litlens(repeats[i] == 16 ? ndist + 1 : ndist);
			if (repeats[i] == 16)
				put_value(0);
			put_value(repeats[i]);
			put(0, repeats[i] == 18 ? 7 : repeats[i] - 14);
			put(1, 1);
			expect(ndist == fit ? 0 : -EBADMSG);
		}
	}
}

static void t_repeat_runs_from_litlen_into_dist_lengths(void **state)
{
	(void)state;
	bits_begin();
	put_precode(1, 3, eight_values, 8, -1);
	put_zeros(256);
	put_value(1);
	put_value(1);
	put_value(2);
	put_value(16);
	put(0, 2);
	/* Length 3 in one bit, a distance in two, end of block. */
	put(1, 1);
	put(3, 2);
	put(0, 1);
	expect(0);
}

static void t_missing_end_of_block_code_is_rejected(void **state)
{
	(void)state;
	bits_begin();
	put_precode(0, 0, eight_values, 8, -1);
	put_value(1);
	put_value(1);
	put_zeros(255);
	put_value(1);
	put(0, 64);
	expect(-EBADMSG);
}

static void t_oversubscribed_codes_are_rejected(void **state)
{
	(void)state;
	bits_begin();
	put_precode(0, 0, eight_values, 8, -1);
	put_value(1);
	put_value(1);
	put_zeros(254);
	put_value(1);
	put_value(1);
	put(0, 64);
	expect(-EBADMSG);

	put_two_litlens(3);
	put_value(1);
	put_value(1);
	put_value(15);
	put(1, 1);
	expect(-EBADMSG);
}

static void t_incomplete_codes_are_rejected(void **state)
{
	(void)state;
	bits_begin();
	put_precode(0, 0, eight_values, 8, -1);
	put_value(2);
	put_zeros(255);
	put_value(1);
	put_value(1);
	put(0, 64);
	expect(-EBADMSG);

	/* A single code, but of two bits. */
	bits_begin();
	put_precode(0, 0, eight_values, 8, -1);
	put_zeros(256);
	put_value(2);
	put_value(1);
	put(0, 64);
	expect(-EBADMSG);

	put_two_litlens(2);
	put_value(2);
	put_value(1);
	put(1, 1);
	expect(-EBADMSG);

	put_two_litlens(1);
	put_value(2);
	put(1, 1);
	expect(-EBADMSG);
}

static void t_a_single_code_of_one_bit_is_enough(void **state)
{
	(void)state;
	/* litlen: only end of block, the other bit is no code */
	for (unsigned int bit = 0; bit <= 1; bit++) {
		bits_begin();
		put_precode(0, 0, eight_values, 8, -1);
		put_zeros(256);
		put_value(1);
		put_value(1);
		put(bit, 1);
		expect(bit ? -EBADMSG : 0);
		put(0, 256);
		expect(-EBADMSG);
	}
	/* dist: one code, or none, in use and not */
	for (unsigned int use = 0; use <= 2; use++) {
		for (unsigned int len = 0; len <= 1; len++) {
			bits_begin();
			put_precode(1, 0, eight_values, 8, -1);
			put_zeros(256);
			put_value(1);
			put_value(1);
			put_value(len);
			if (use) {
				put(1, 1);
				put(use - 1, 1);
			}
			put(0, 1);
			expect(use && (!len || use == 2) ? -EBADMSG : 0);
		}
	}
}

static void t_any_codes_are_walked(void **state)
{
	struct code litlen, dist;

	(void)state;
	for (int i = 0; i < T_REPEAT(400); i++) {
		unsigned int nlitlen = 257 + t_rnd_below(30);
		unsigned int ndist = 2 + t_rnd_below(29);

		bits_begin();
		for (int block = 0; block < 3; block++) {
			make_random_code(&litlen, nlitlen,
					 2 + t_rnd_below(nlitlen - 1), i & 1);
			make_random_code(&dist, ndist,
					 2 + t_rnd_below(ndist - 1), i & 2);
			put_plain_dynamic(block == 2, &litlen, &dist);
			put_random_symbols(&litlen, &dist, t_rnd_below(2000));
		}
		check_accepted(bits.p, bits_bytes());
		if (i < 8)
			check_truncations(bits.p, bits_bytes());
		for (int k = 0; k < 20; k++) {
			uint8_t *p =
				&bits.p[t_rnd_below((uint32_t)bits_bytes())];
			uint8_t old = *p;

			*p ^= (uint8_t)(1u << t_rnd_below(8));
			check_against_zlib(bits.p, bits_bytes());
			*p = old;
		}
	}
}

static void check_pair(const uint8_t *a, size_t a_len, const uint8_t *b,
		       size_t b_len)
{
	struct wd_splice_end a_want, b_want, a_got, b_got;

	assert_int_equal(wd_splice_find(a, a_len, &a_want), 0);
	assert_int_equal(wd_splice_find(b, b_len, &b_want), 0);
	assert_int_equal(wd_splice_find_pair(a, a_len, b, b_len, &a_got, &b_got),
			 0);
	check_end(&a_got, &a_want);
	check_end(&b_got, &b_want);

	assert_int_equal(wd_splice_find_pair(a, a_len - 1, b, b_len, &a_got,
					     &b_got), -EBADMSG);
	assert_int_equal(wd_splice_find_pair(a, a_len, b, b_len - 1, &a_got,
					     &b_got), -EBADMSG);
}

static void t_a_pair_ends_where_each_alone_does(void **state)
{
	uint8_t *second = stream + STREAM_MAX;

	(void)state;
	for (int i = 0; i < T_REPEAT(60); i++) {
		size_t a_in = t_rnd_below(1u << (4 + t_rnd_below(15)));
		size_t b_in = t_rnd_below(1u << (4 + t_rnd_below(15)));
		size_t a_len, b_len;

		fill(plain, a_in, t_rnd_below(INPUTS));
		a_len = libdeflate(stream, plain, a_in, (int)t_rnd_below(10));
		fill(plain, b_in, t_rnd_below(INPUTS));
		b_len = zlib_deflate(second, plain, b_in, (int)t_rnd_below(10),
				     Z_DEFAULT_STRATEGY, 8);
		check_pair(stream, a_len, second, b_len);
		check_pair(second, b_len, stream, a_len);
		check_pair(stream, a_len, stream, a_len);
	}
}

static void t_damaged_streams_get_the_verdict_of_zlib(void **state)
{
	size_t len;

	(void)state;
	fill(plain, 60000, MIXED);
	len = libdeflate(stream, plain, 60000, 6);
	for (int i = 0; i < T_REPEAT(400); i++) {
		uint8_t *p = &stream[t_rnd_below((uint32_t)len)];
		uint8_t old = *p;

		*p = (uint8_t)t_rnd();
		check_against_zlib(stream, len);
		*p = old;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_zlib_streams_end_where_zlib_says),
		cmocka_unit_test(t_libdeflate_streams_end_where_zlib_says),
		cmocka_unit_test(t_long_streams_are_walked),
		cmocka_unit_test(t_short_streams_are_walked),
		cmocka_unit_test(t_flushed_streams_are_walked),
		cmocka_unit_test(t_truncated_streams_are_rejected),
		cmocka_unit_test(t_verdict_on_a_flipped_bit_is_that_of_zlib),
		cmocka_unit_test(t_trailing_bytes_are_rejected),
		cmocka_unit_test(t_empty_input_is_rejected),
		cmocka_unit_test(t_padding_may_hold_any_bits),
		cmocka_unit_test(t_stored_blocks_need_matching_lengths),
		cmocka_unit_test(t_reserved_block_type_is_rejected),
		cmocka_unit_test(t_missing_final_block_is_rejected),
		cmocka_unit_test(t_fixed_codes_without_a_meaning_are_rejected),
		cmocka_unit_test(t_too_many_symbols_are_rejected),
		cmocka_unit_test(t_incomplete_precode_is_rejected),
		cmocka_unit_test(t_oversubscribed_precode_is_rejected),
		cmocka_unit_test(t_repeat_without_a_length_is_rejected),
		cmocka_unit_test(t_repeat_past_the_end_is_rejected),
		cmocka_unit_test(t_repeat_runs_from_litlen_into_dist_lengths),
		cmocka_unit_test(t_missing_end_of_block_code_is_rejected),
		cmocka_unit_test(t_oversubscribed_codes_are_rejected),
		cmocka_unit_test(t_incomplete_codes_are_rejected),
		cmocka_unit_test(t_a_single_code_of_one_bit_is_enough),
		cmocka_unit_test(t_any_codes_are_walked),
		cmocka_unit_test(t_a_pair_ends_where_each_alone_does),
		cmocka_unit_test(t_damaged_streams_get_the_verdict_of_zlib),
	};

	return cmocka_run_group_tests(tests, make_room, free_room);
}
