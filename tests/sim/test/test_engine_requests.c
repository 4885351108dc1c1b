// SPDX-License-Identifier: MIT
/*
 * The model's engine by itself: requests without a meaning, faults that are asked for,
 * several requests at a time, and no memory.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

/* ---- requests the device has no meaning for ---- */

static void set_dword(struct sim_request *r, size_t dw, uint32_t v)
{
	memcpy((uint8_t *)&r->sqe + 4 * dw, &v, 4);
}

static struct sim_request simple(void)
{
	struct sim_request r = request(false, HZIP_ALG_ZLIB);
	static const uint8_t plain[100];

	set_flat(&r, plain, sizeof(plain), 200);
	return r;
}

static void expect_bad(struct sim_request *r, enum sim_violation class)
{
	assert_int_equal(run(r), SIM_STATUS_BAD_SQE);
	expect_nothing_done(r);
	assert_true(r->parse_error);
	expect_violation(class);
	*r = simple();
}

static void t_unused_fields_have_to_be_zero(void **state)
{
	static const uint8_t dw[] = { 5, 6, 10, 11, 12, 13, 16, 17, 24, 25 };
	struct sim_request r = simple();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dw); i++) {
		set_dword(&r, dw[i], 1u << (3 * i));
		expect_bad(&r, SIM_V_RESERVED);
	}
	r.sqe.dw7 |= BIT(24);
	expect_bad(&r, SIM_V_RESERVED);
	r.sqe.dw8 = BIT(24);
	expect_bad(&r, SIM_V_RESERVED);
	r.sqe.dw8 = BIT(31);
	expect_bad(&r, SIM_V_RESERVED);
	for (unsigned int bit = 16; bit < 32; bit++) {
		r.sqe.dw9 |= BIT(bit);
		expect_bad(&r, SIM_V_RESERVED);
	}
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	expect_clean();
}

static void t_types_belong_to_the_device(void **state)
{
	struct sim_request r = simple();

	(void)state;
	for (uint32_t type = 0; type < 16; type++) {
		for (int v3 = 0; v3 < 2; v3++) {
			r.v3 = v3;
			r.sqe.dw7 = type << 28;
			if (!type) {
				r.sqe.tag_type0 = r.sqe.tag_low;
				r.sqe.tag_low = r.sqe.tag_high = 0;
			}
			if (type == 3 || (!type && !v3)) {
				assert_int_equal(run(&r), HZIP_STATUS_OK);
				expect_clean();
				r = simple();
			} else {
				expect_bad(&r, SIM_V_SQE);
			}
		}
	}
	/* The tag of type 0 is elsewhere. */
	r.v3 = false;
	r.sqe.dw7 = 0;
	expect_bad(&r, SIM_V_RESERVED);
}

static void t_algorithms_belong_to_the_device(void **state)
{
	static const uint8_t shift[] = { 0, 4, 0, 2 };

	(void)state;
	for (unsigned int alg = 0; alg < 256; alg++) {
		struct sim_request r = simple();

		r.sqe.dw9 = alg;
		if (alg == HZIP_ALG_LZ4)
			continue;
		if (alg < 1 || alg > 3) {
			expect_bad(&r, SIM_V_SQE);
			continue;
		}
		/* Just the bit of this direction, then all but it. */
		r.algs = 1u << shift[alg];
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		r.algs = ~r.algs;
		expect_bad(&r, SIM_V_SQE);
		r.sqe.dw9 = alg;
		r.decompress = true;
		r.algs = 2u << shift[alg];
		run(&r);
		assert_int_not_equal(status_of(&r), SIM_STATUS_BAD_SQE);
		expect_clean();
		r.algs = ~r.algs;
		expect_bad(&r, SIM_V_SQE);
		/* V2 has no raw streams, whatever its words say. */
		r.sqe.dw9 = alg;
		r.v3 = false;
		run(&r);
		assert_int_equal(guest.total, alg == HZIP_ALG_DEFLATE);
		forgive();
	}
}

static void t_choices_out_of_range_are_refused(void **state)
{
	struct sim_request r = simple();

	(void)state;
	for (unsigned int i = 2; i < 16; i++) {
		r.sqe.dw9 |= i << 8;
		expect_bad(&r, SIM_V_SQE);
	}
	for (unsigned int i = 5; i < 16; i++) {
		set_window(&r, i);
		expect_bad(&r, SIM_V_SQE);
	}
	r.sqe.dw7 |= 1;
	expect_bad(&r, SIM_V_SQE);
	r.sqe.dw8 |= 10;
	expect_bad(&r, SIM_V_SQE);
	set_addr(&r.sqe.src_low, &r.sqe.src_high, 0);
	expect_bad(&r, SIM_V_SQE);
	set_addr(&r.sqe.dst_low, &r.sqe.dst_high, 0);
	expect_bad(&r, SIM_V_SQE);
	r.sqe.in_len = 0;
	expect_bad(&r, SIM_V_SIZE);
}

static void t_too_little_space_is_no_request(void **state)
{
	struct sim_request r, before;

	(void)state;
	for (uint32_t space = 0; space <= HZIP_OUT_MIN; space++) {
		r = simple();
		r.sqe.out_len = space;
		before = r;
		sim_engine_run(&r);
		assert_int_equal(r.ignored, space < HZIP_OUT_MIN);
		if (space < HZIP_OUT_MIN) {
			assert_memory_equal(&r.sqe, &before.sqe, sizeof(r.sqe));
			expect_violation(SIM_V_SIZE);
		}
	}
	expect_clean();
}

/* ---- faults ---- */

static void t_a_failed_request_does_nothing(void **state)
{
	struct sim_request r = simple();
	uint8_t before[200];

	(void)state;
	memcpy(before, at(OUT_ADDR), sizeof(before));
	r.fail_status = 0x42;
	assert_int_equal(run(&r), 0x42);
	expect_nothing_done(&r);
	assert_memory_equal(at(OUT_ADDR), before, sizeof(before));
	expect_clean();
}

static void t_a_flipped_bit_is_the_only_change(void **state)
{
	uint8_t right[400];
	struct sim_request r = simple();

	(void)state;
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	memcpy(right, at(OUT_ADDR), r.sqe.produced);
	for (int64_t bit = 0; bit < 2000; bit++) {
		int64_t b = bit % (r.sqe.produced * 8);

		r.flip_bit = bit;
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		right[b / 8] ^= (uint8_t)(1u << b % 8);
		assert_memory_equal(at(OUT_ADDR), right, r.sqe.produced);
		right[b / 8] ^= (uint8_t)(1u << b % 8);
	}
	expect_clean();
}

static void t_a_flipped_checksum_bit_shows(void **state)
{
	uint8_t plain[300], right[400];
	uint32_t n, sum;

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
		struct sim_request r = request(false, algs[a]);
		struct sim_request d = request(true, algs[a]);

		set_flat(&r, plain, sizeof(plain), 400);
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		n = r.sqe.produced;
		memcpy(right, at(OUT_ADDR), n);
		sum = r.sqe.checksum;
		for (int bit = 0; bit < 32; bit++) {
			r.flip_crc_bit = d.flip_crc_bit = bit;
			set_flat(&r, plain, sizeof(plain), 400);
			assert_int_equal(run(&r), HZIP_STATUS_OK);
			assert_int_equal(__builtin_popcount(r.sqe.checksum ^ sum), 1);
			assert_int_equal(!memcmp(at(OUT_ADDR), right, n),
					 algs[a] == HZIP_ALG_DEFLATE);
			set_flat(&d, right, n, 400);
			run(&d);
			assert_int_equal(status_of(&d), algs[a] == HZIP_ALG_DEFLATE ?
					 HZIP_STATUS_OK : HZIP_STATUS_CHECKSUM);
			assert_int_equal(__builtin_popcount(d.sqe.checksum ^ sum), 1);
			assert_memory_equal(at(OUT_ADDR), plain, sizeof(plain));
		}
	}
	expect_clean();
}

/* ---- several at a time ---- */

static void *work(void *arg)
{
	struct sim_request *r = arg;

	for (int i = 0; i < 50; i++)
		sim_engine_run(r);
	return NULL;
}

static void t_requests_run_side_by_side(void **state)
{
	struct sim_request r[4], same = simple();
	struct sim sims[4];
	pthread_t thread[4];

	(void)state;
	run(&same);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		/* The same input, and output of its own. */
		sims[i] = guest;
		r[i] = same;
		r[i].sim = &sims[i];
		set_addr(&r[i].sqe.dst_low, &r[i].sqe.dst_high, OUT_ADDR + 1000 * i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(r); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work, &r[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(sims[i].total, 0);
		assert_int_equal(r[i].sqe.produced, same.sqe.produced);
		assert_memory_equal(at(OUT_ADDR + 1000 * i), at(OUT_ADDR),
				    same.sqe.produced);
	}
	expect_clean();
}

/* ---- memory of the model ---- */

/* Allocations until one fails; below 0: none does. */
static int allocations = -1;

/* The linker's names, with --wrap. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool out_of_memory(void)
{
	return allocations >= 0 && !allocations--;
}

void *__wrap_malloc(size_t size)
{
	return out_of_memory() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return out_of_memory() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return out_of_memory() ? NULL : __real_realloc(old, size);
}

/* Fail each allocation once; returns how many there are. */
static int starve(const struct sim_request *r)
{
	struct sim_request copy;
	int n = 0;

	for (;; n++) {
		copy = *r;
		allocations = n;
		sim_engine_run(&copy);
		if (allocations >= 0)
			break;
		assert_int_equal(status_of(&copy), SIM_STATUS_BUS);
		expect_nothing_done(&copy);
		expect_clean();
	}
	allocations = -1;
	assert_int_equal(status_of(&copy), HZIP_STATUS_OK);
	return n;
}

static void t_no_memory_is_an_error(void **state)
{
	struct stream s = stream(false, HZIP_ALG_ZLIB);
	static const uint8_t plain[5000];
	struct sim_request r;

	(void)state;
	kernel_request(&r, false, 300);
	assert_in_range(starve(&r), 4, 20);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	memcpy(at(IN_ADDR), at(OUT_ADDR), r.sqe.produced);
	r.decompress = true;
	assert_in_range(starve(&r), 4, 20);
	step(&s, plain, sizeof(plain), 6000, false);
	s.r.sqe.dw7 &= ~HZIP_SQE_NEW;
	assert_in_range(starve(&s.r), 4, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_unused_fields_have_to_be_zero),
		TEST(t_types_belong_to_the_device),
		TEST(t_algorithms_belong_to_the_device),
		TEST(t_choices_out_of_range_are_refused),
		TEST(t_too_little_space_is_no_request),
		TEST(t_a_failed_request_does_nothing),
		TEST(t_a_flipped_bit_is_the_only_change),
		TEST(t_a_flipped_checksum_bit_shows),
		TEST(t_requests_run_side_by_side),
		TEST(t_no_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
