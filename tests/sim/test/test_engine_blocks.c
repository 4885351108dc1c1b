// SPDX-License-Identifier: MIT
/*
 * The model's engine by itself: requests that are a whole block, right and damaged.
 */
#include <stdlib.h>
#include <string.h>

#include "guest.h"

static void round_trip(unsigned int alg, unsigned int window, const uint8_t *plain,
		       size_t len, bool fast)
{
	struct sim_request r = request(false, alg), d = request(true, alg);
	size_t space = len + len / 8 + 100;
	uint8_t *packed;
	size_t n;

	r.fast = fast;
	set_window(&r, window);
	set_flat(&r, plain, len, space);
	n = run(&r) == HZIP_STATUS_NEGATIVE;
	assert_int_equal(status_of(&r), n ? HZIP_STATUS_NEGATIVE : HZIP_STATUS_OK);
	assert_int_equal(r.sqe.consumed, len);
	n = r.sqe.produced;
	assert_int_equal(status_of(&r) == HZIP_STATUS_NEGATIVE, n >= len);
	assert_in_range(n, 1, space);
	assert_int_equal(r.sqe.comp_data_len, n);
	assert_int_equal(r.sqe.isize, len);
	assert_int_equal(r.sqe.checksum, packed_sum(alg, plain, len));
	expect_stream(alg, at(OUT_ADDR), n, plain, len, bits_of[window]);

	/* Back again into exactly the space it needs, and not what lies past its end. */
	packed = malloc(n + 9);
	assert_non_null(packed);
	memcpy(packed, at(OUT_ADDR), n);
	memset(packed + n, 0x5a, 9);
	set_flat(&d, packed, n + 9, len < HZIP_OUT_MIN ? HZIP_OUT_MIN : len);
	free(packed);
	assert_int_equal(run(&d), HZIP_STATUS_OK);
	assert_int_equal(d.sqe.consumed, n);
	assert_int_equal(d.sqe.produced, len);
	assert_int_equal(d.sqe.comp_data_len, n);
	assert_true(d.sqe.dw3 & HZIP_SQE_LAST_BLOCK);
	assert_int_equal(d.sqe.isize, len);
	assert_int_equal(d.sqe.checksum, packed_sum(alg, plain, len));
	assert_memory_equal(at(OUT_ADDR), plain, len);
	expect_clean();
}

static void t_a_block_is_compressed_and_decompressed(void **state)
{
	static const size_t lens[] = {
		1, 2, 15, 70, 191, 1000, 4096, 65535, 65536, 300000,
	};
	uint8_t *plain = malloc(300000);

	(void)state;
	assert_non_null(plain);
	for (size_t i = 0; i < ARRAY_SIZE(lens) * KINDS; i++) {
		fill(plain, lens[i / KINDS], i % KINDS);
		for (size_t a = 0; a < ARRAY_SIZE(algs); a++)
			round_trip(algs[a], (unsigned int)(i + a) % 5, plain,
				   lens[i / KINDS], i % 2);
	}
	free(plain);
}

static void t_the_largest_block_is_8_mib(void **state)
{
	uint8_t *plain = malloc(HZIP_LEN_MAX);
	struct sim_request r = request(false, HZIP_ALG_GZIP);
	struct sim_request d = request(true, HZIP_ALG_GZIP);
	uint32_t n;

	(void)state;
	assert_non_null(plain);
	fill(plain, HZIP_LEN_MAX, ZEROS);
	set_flat(&r, plain, HZIP_LEN_MAX, HZIP_LEN_MAX);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	n = r.sqe.produced;
	set_flat(&d, at(OUT_ADDR), n, HZIP_LEN_MAX);
	assert_int_equal(run(&d), HZIP_STATUS_OK);
	assert_int_equal(d.sqe.produced, HZIP_LEN_MAX);
	assert_memory_equal(at(OUT_ADDR), plain, HZIP_LEN_MAX);
	expect_clean();

	r.sqe.in_len++;
	assert_int_equal(run(&r), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
	r.sqe.in_len--;
	r.sqe.out_len++;
	assert_int_equal(run(&r), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
	free(plain);
}

static void t_matches_stay_within_the_window(void **state)
{
	const size_t len = 200000;
	uint8_t *plain = malloc(len);

	(void)state;
	assert_non_null(plain);
	fill(plain, len, DISTANT);
	for (unsigned int w = 0; w < ARRAY_SIZE(windows); w++) {
		for (int fast = 0; fast < 2; fast++) {
			struct sim_request r = request(false, HZIP_ALG_DEFLATE);

			r.fast = fast;
			set_window(&r, w);
			set_flat(&r, plain, len, len * 2);
			run(&r);
			assert_true(readable(at(OUT_ADDR), r.sqe.produced,
					     bits_of[w]));
			/* And it is used: half of it would not do. */
			assert_false(readable(at(OUT_ADDR), r.sqe.produced,
					      bits_of[w] - 1));
		}
	}
	expect_clean();
	free(plain);
}

static void t_flush_and_new_mean_nothing_to_a_block(void **state)
{
	uint8_t plain[500];

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (uint32_t i = 0; i < 4; i++) {
		struct sim_request r = request(false, HZIP_ALG_ZLIB);

		r.sqe.dw7 = HZIP_SQE_TYPE3 << 28 | (i & 1 ? HZIP_SQE_NEW : 0) |
			    (i & 2 ? HZIP_SQE_FINISH : 0);
		r.sqe.ctx_dw0 = r.sqe.ctx_dw1 = r.sqe.ctx_dw2 = ~0u;
		r.sqe.isize = r.sqe.checksum = 0x77777777;
		set_flat(&r, plain, sizeof(plain), 1000);
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		assert_int_equal(r.sqe.isize, sizeof(plain));
		expect_stream(HZIP_ALG_ZLIB, at(OUT_ADDR), r.sqe.produced, plain,
			      sizeof(plain), 15);
	}
	expect_clean();
}

static void t_output_that_is_not_smaller_is_told_and_valid(void **state)
{
	struct sim_request r = request(false, HZIP_ALG_GZIP);
	uint8_t plain[4096];

	(void)state;
	fill(plain, sizeof(plain), NOISE);
	set_flat(&r, plain, sizeof(plain), 8192);
	assert_int_equal(run(&r), HZIP_STATUS_NEGATIVE);
	assert_in_range(r.sqe.produced, sizeof(plain), 8192);
	expect_stream(HZIP_ALG_GZIP, at(OUT_ADDR), r.sqe.produced, plain, sizeof(plain),
		      15);
	expect_clean();
}

static void t_a_block_needs_all_its_space(void **state)
{
	struct sim_request r, d;
	uint8_t plain[4096], packed[4096];
	uint32_t n;

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
		r = request(false, algs[a]);
		set_flat(&r, plain, sizeof(plain), 4096);
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		n = r.sqe.produced;
		memcpy(packed, at(OUT_ADDR), n);
		for (uint32_t space = n - 10; space <= n; space++) {
			set_flat(&r, plain, sizeof(plain), space);
			run(&r);
			assert_int_equal(status_of(&r),
					 space < n ? HZIP_STATUS_NO_SPACE : 0);
			if (space < n)
				expect_nothing_done(&r);
		}
		d = request(true, algs[a]);
		for (uint32_t space = 16; space <= 4096; space += 255) {
			set_flat(&d, packed, n, space);
			run(&d);
			assert_int_equal(status_of(&d),
					 space < 4096 ? HZIP_STATUS_NO_SPACE : 0);
		}
	}
	/* An incompressible page into a page: what zswap sees. */
	fill(plain, sizeof(plain), NOISE);
	r = request(false, HZIP_ALG_DEFLATE);
	set_flat(&r, plain, sizeof(plain), 4096);
	assert_int_equal(run(&r), HZIP_STATUS_NO_SPACE);
	expect_clean();
}

/* ---- damage ---- */

static void check_verdict(unsigned int alg, const uint8_t *in, size_t len)
{
	struct sim_request r = request(true, alg);
	struct verdict v;

	judge(&v, alg, in, len, JUDGE_SPACE);
	set_flat(&r, in, len, JUDGE_SPACE);
	run(&r);
	if (status_of(&r) != v.status)
		print_message("%zu bytes: %#x, zlib says %#x\n", len, status_of(&r),
			      v.status);
	assert_int_equal(status_of(&r), v.status);
	if (v.status == HZIP_STATUS_OK || v.status == HZIP_STATUS_CHECKSUM) {
		assert_int_equal(r.sqe.consumed, v.used);
		assert_int_equal(r.sqe.produced, v.out.len);
		if (v.out.len)
			assert_memory_equal(at(OUT_ADDR), v.out.data, v.out.len);
	} else {
		expect_nothing_done(&r);
	}
	expect_clean();
	free(v.out.data);
}

static void t_truncated_blocks_are_errors(void **state)
{
	uint8_t plain[2000];

	(void)state;
	fill(plain, sizeof(plain), MIXED);
	for (size_t i = 0; i < BLOCKS * ARRAY_SIZE(algs); i++) {
		unsigned int alg = algs[i / BLOCKS];
		struct bytes b = zlib_stream(alg, plain, sizeof(plain), i % BLOCKS);

		for (size_t len = 1; len <= b.len; len += stride)
			check_verdict(alg, b.data, len);
		free(b.data);
	}
}

static void t_damage_is_judged_as_zlib_does(void **state)
{
	uint8_t plain[1500];

	(void)state;
	fill(plain, sizeof(plain), MIXED);
	for (size_t i = 0; i < BLOCKS * ARRAY_SIZE(algs); i++) {
		unsigned int alg = algs[i / BLOCKS];
		struct bytes b = zlib_stream(alg, plain, sizeof(plain), i % BLOCKS);

		for (size_t bit = 0; bit < 8 * b.len; bit += stride) {
			b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			check_verdict(alg, b.data, b.len);
			b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t k = 0; k < b.len; k += stride) {
			uint8_t was = b.data[k];

			b.data[k] = (uint8_t)rnd();
			check_verdict(alg, b.data, b.len);
			b.data[k] = was;
		}
		free(b.data);
	}
}

static void t_noise_is_judged_as_zlib_does(void **state)
{
	uint8_t in[300];

	(void)state;
	for (size_t i = 0; i < 60000; i += stride) {
		size_t len = 1 + rnd_below(sizeof(in));

		fill(in, len, NOISE);
		/* Most of it dynamic blocks with plausible sizes. */
		if (i % 4)
			in[0] = (uint8_t)((in[0] & 0x80) | 0x05 | rnd_below(4) << 3);
		check_verdict(HZIP_ALG_DEFLATE, in, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_block_is_compressed_and_decompressed),
		TEST(t_the_largest_block_is_8_mib),
		TEST(t_matches_stay_within_the_window),
		TEST(t_flush_and_new_mean_nothing_to_a_block),
		TEST(t_output_that_is_not_smaller_is_told_and_valid),
		TEST(t_a_block_needs_all_its_space),
		TEST(t_truncated_blocks_are_errors),
		TEST(t_damage_is_judged_as_zlib_does),
		TEST(t_noise_is_judged_as_zlib_does),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
