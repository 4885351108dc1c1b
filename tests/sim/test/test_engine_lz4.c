// SPDX-License-Identifier: MIT
/*
 * LZ4 blocks: liblz4's decoder is the judge.
 */
#include <lz4.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

static struct sim_request lz4(bool decompress)
{
	struct sim_request r = request(decompress, HZIP_ALG_LZ4);

	r.algs = HZIP_ALGS_LZ4;
	return r;
}

/* What is in the guest's memory from OUT_ADDR on is a block of that data. */
static void expect_block(const struct sim_request *r, const uint8_t *plain,
			 size_t len)
{
	char *out = malloc(len + 1);
	int n;

	assert_non_null(out);
	assert_int_equal(r->sqe.consumed, len);
	assert_int_equal(r->sqe.comp_data_len, r->sqe.produced);
	n = LZ4_decompress_safe((const char *)at(OUT_ADDR), out,
				(int)r->sqe.produced, (int)len);
	assert_int_equal(n, (int)len);
	assert_memory_equal(out, plain, len);
	free(out);
}

static void t_blocks_are_what_lz4_reads(void **state)
{
	static const size_t lens[] = {
		1,     2,     12,    13,      64,	    4096,
		65535, 65536, 65537, 1 << 20, HZIP_LEN_MAX,
	};
	uint8_t *plain = malloc(HZIP_LEN_MAX);

	(void)state;
	assert_non_null(plain);
	for (unsigned int i = 0; i < KINDS * ARRAY_SIZE(lens); i++) {
		size_t len = lens[i / KINDS];
		struct sim_request r = lz4(false);
		uint32_t status;

		fill(plain, len, (enum kind)(i % KINDS));
		set_flat(&r, plain, len,
			 (size_t)LZ4_compressBound((int)len) + 16);
		r.sqe.out_len =
			len < HZIP_LEN_MAX ? r.sqe.out_len : HZIP_LEN_MAX;
		status = run(&r);
		expect_clean();
		/* What does not shrink has no room in the largest space. */
		if (len == HZIP_LEN_MAX && status == HZIP_STATUS_NO_SPACE)
			continue;
		assert_int_equal(status, r.sqe.produced < len
						 ? HZIP_STATUS_OK
						 : HZIP_STATUS_NEGATIVE);
		expect_block(&r, plain, len);
	}
	free(plain);
}

static void t_a_block_needs_its_space(void **state)
{
	uint8_t plain[4096];
	struct sim_request r = lz4(false);
	uint32_t len;

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	set_flat(&r, plain, sizeof(plain), 8192);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	len = r.sqe.produced;
	for (uint32_t space = len - 1; space <= len + 1; space++) {
		r = lz4(false);
		set_flat(&r, plain, sizeof(plain), space);
		if (run(&r) == HZIP_STATUS_NO_SPACE)
			expect_nothing_done(&r);
		else
			expect_block(&r, plain, sizeof(plain));
		assert_int_equal(status_of(&r), space < len
							? HZIP_STATUS_NO_SPACE
							: HZIP_STATUS_OK);
	}
	expect_clean();
}

/* As Linux sends it: lists, a window that does not matter, no words of a stream. */
static void t_lists_are_read_and_written(void **state)
{
	struct sim_request r;

	(void)state;
	kernel_request(&r, false, 8192);
	r.algs = HZIP_ALGS_LZ4;
	r.sqe.dw9 = 0x2104;
	r.sqe.isize = 0x1234;
	r.sqe.checksum = 0x5678;
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	expect_clean();
	expect_block(&r, at(IN_ADDR), 8192);
	assert_int_equal(r.sqe.isize, 0x1234);
	assert_int_equal(r.sqe.checksum, 0x5678);
}

static void refused(struct sim_request *r, enum sim_violation class)
{
	run(r);
	assert_int_equal(status_of(r), SIM_STATUS_BAD_SQE);
	assert_true(r->parse_error);
	expect_violation(class);
	expect_nothing_done(r);
}

static void t_what_the_device_cannot_is_refused(void **state)
{
	uint8_t plain[1000];
	struct sim_request r;

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	r = lz4(true);
	set_flat(&r, plain, sizeof(plain), 4096);
	refused(&r, SIM_V_SQE);
	r = lz4(false);
	set_flat(&r, plain, sizeof(plain), 4096);
	r.sqe.dw7 |= HZIP_SQE_STATEFUL | HZIP_SQE_NEW;
	refused(&r, SIM_V_SQE);
	r = lz4(false);
	set_flat(&r, plain, sizeof(plain), 4096);
	r.algs = ALL_ALGS;
	refused(&r, SIM_V_SQE);
	r = lz4(false);
	set_flat(&r, plain, sizeof(plain), 4096);
	r.v3 = false;
	refused(&r, SIM_V_SQE);
	r = lz4(false);
	set_flat(&r, plain, 0, 4096);
	refused(&r, SIM_V_SIZE);
	kernel_request(&r, false, 1);
	r.algs = HZIP_ALGS_LZ4;
	r.sqe.dw9 = 0x2104;
	r.sqe.in_len = HZIP_LEN_MAX + 1;
	refused(&r, SIM_V_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_blocks_are_what_lz4_reads),
		TEST(t_a_block_needs_its_space),
		TEST(t_lists_are_read_and_written),
		TEST(t_what_the_device_cannot_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
