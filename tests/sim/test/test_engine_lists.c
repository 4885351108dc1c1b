// SPDX-License-Identifier: MIT
/*
 * The model's engine by itself: lists of buffers, and memory that is not there.
 */
#include <stdlib.h>
#include <string.h>

#include "guest.h"

/* Copy between a chain's buffers and a flat one. */
static void copy_chain(size_t first, uint8_t *flat, bool to_chain)
{
	const struct hisi_sgl *l;

	for (uint64_t a = list_addr(first); a; a = l->next) {
		l = (const void *)at(a);
		for (size_t k = 0; k < l->entries; k++) {
			uint8_t *buf = at(l->entry[k].addr);

			memcpy(to_chain ? buf : flat, to_chain ? flat : buf,
			       l->entry[k].len);
			flat += l->entry[k].len;
		}
	}
}

static void list_round_trip(unsigned int alg, const uint8_t *plain, size_t len,
			    uint32_t in_offset, uint32_t out_offset, size_t per_list,
			    size_t entry_max)
{
	struct sim_request r = request(false, alg);
	size_t space = len + 500;
	uint8_t *flat = calloc(1, space + in_offset + out_offset);

	assert_non_null(flat);
	memcpy(flat + in_offset, plain, len);
	make_chain(0, IN_ADDR, len + in_offset, per_list, entry_max);
	make_chain(150, OUT_ADDR, space + out_offset, per_list, entry_max);
	copy_chain(0, flat, true);
	set_lists(&r, 0, 150);
	r.sqe.dw7 |= in_offset;
	r.sqe.dw8 |= out_offset;
	r.sqe.in_len = (uint32_t)len;
	r.sqe.out_len = (uint32_t)space;
	memset(at(OUT_ADDR), 0x44, 2 * space + out_offset);
	run(&r);
	expect_clean();
	assert_int_equal(r.sqe.consumed, len);
	copy_chain(150, flat, false);
	for (size_t i = 0; i < out_offset; i++)
		assert_int_equal(flat[i], 0x44);
	for (size_t i = out_offset + r.sqe.produced; i < out_offset + space; i++)
		assert_int_equal(flat[i], 0x44);
	expect_stream(alg, flat + out_offset, r.sqe.produced, plain, len, 15);
	free(flat);
}

static void t_lists_of_any_shape_are_followed(void **state)
{
	uint8_t *plain = malloc(20000);

	(void)state;
	assert_non_null(plain);
	fill(plain, 20000, MIXED);
	for (size_t i = 0; i < 300; i += stride) {
		size_t len = 1 + rnd_below(i % 2 ? 20000 : 3000);

		list_round_trip(algs[i % 3], plain, len, i % 5 ? rnd_below(900) : 0,
				i % 4 ? rnd_below(900) : 0, 1 + rnd_below(255),
				len / 60 + 200);
	}
	/* 140 lists of one entry. */
	for (size_t i = 0; i < 4; i++)
		list_round_trip(HZIP_ALG_GZIP, plain, 13000, 7, 11, 1, 400);
	free(plain);
}

static void t_requests_of_the_kernel_work(void **state)
{
	struct sim_request r;
	uint8_t plain[191];
	uint32_t n;

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	kernel_request(&r, false, 70);
	memcpy(at(IN_ADDR), plain, 70);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	assert_int_equal(r.sqe.dw3, 0);
	n = r.sqe.produced;
	assert_non_null(strstr(r.note, "src{next 0 chain 10 n 1 cap 10 [0]="));
	assert_non_null(strstr(r.note, "} dst{next 0 chain 10 n 1 cap 10 [0]="));
	kernel_request(&r, true, n);
	memcpy(at(IN_ADDR), at(OUT_ADDR), n);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	assert_int_equal(r.sqe.produced, 70);
	assert_memory_equal(at(OUT_ADDR), plain, 70);
	expect_clean();
}

static void t_notes_name_both_lists_however_long_they_are(void **state)
{
	struct sim_request r;

	(void)state;
	kernel_request(&r, false, 70);
	for (size_t i = 0; i < 2; i++) {
		struct hisi_sgl *l = list(i);

		/* More than the request needs, and far away. */
		l->entries = l->slots = l->slots_chain = 255;
		l->next = ~0ull;
		for (size_t k = 1; k < 255; k++) {
			l->entry[k] = l->entry[0];
			l->entry[k].addr = ~0ull - k;
		}
	}
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	assert_in_range(strlen(r.note), 100, sizeof(r.note) - 1);
	assert_non_null(strstr(r.note, "src{next ffffffffffffffff chain 255 n 255 cap "));
	assert_non_null(strstr(r.note, "} dst{next ffffffffffffffff chain 255 n 255 "));
	assert_int_equal(r.note[strlen(r.note) - 1], '}');
	expect_clean();
}

static void expect_bad_list(struct sim_request *r, enum sim_violation class)
{
	run(r);
	if (status_of(r) != SIM_STATUS_BAD_SQE)
		print_message("status %#x\n", status_of(r));
	assert_int_equal(status_of(r), SIM_STATUS_BAD_SQE);
	assert_true(r->parse_error);
	expect_nothing_done(r);
	expect_violation(class);
	kernel_request(r, false, 70);
}

static void t_malformed_lists_are_refused(void **state)
{
	struct sim_request r;

	(void)state;
	kernel_request(&r, false, 70);
	set_addr(&r.sqe.src_low, &r.sqe.src_high, LIST_ADDR + 32);
	expect_bad_list(&r, SIM_V_ALIGN);
	set_addr(&r.sqe.dst_low, &r.sqe.dst_high, 0);
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entries = 11;
	expect_bad_list(&r, SIM_V_SGL);
	list(1)->slots = 256;
	expect_bad_list(&r, SIM_V_SGL);
	list(1)->slots_chain = 0;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->reserved1 = 1;
	expect_bad_list(&r, SIM_V_RESERVED);
	list(0)->entry[0].reserved = 1;
	expect_bad_list(&r, SIM_V_RESERVED);
	list(0)->entry[0].addr = 0;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entry[0].len = 0;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entry[0].len = HISI_SGL_ENTRY_LEN_MAX + 1;
	expect_bad_list(&r, SIM_V_SGL);
	/* Less than the request says. */
	list(0)->entry[0].len = 69;
	expect_bad_list(&r, SIM_V_SGL);
	list(1)->entry[0].len = 511;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entry[0].len = 79;
	r.sqe.dw7 |= 10;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entries = 0;
	expect_bad_list(&r, SIM_V_SGL);
}

static void t_chains_have_an_end(void **state)
{
	struct sim_request r;

	(void)state;
	/* A list that is its own successor, with and without data. */
	kernel_request(&r, false, 70);
	list(0)->entry[0].len = 69;
	list(0)->next = list_addr(0);
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entries = 0;
	list(0)->next = list_addr(2);
	memset(list(2), 0, sizeof(*list(2)));
	list(2)->next = list_addr(0);
	expect_bad_list(&r, SIM_V_SGL);
	/* 257 lists are one too many, if the last is needed. */
	make_chain(0, IN_ADDR, 257, 1, 1);
	set_addr(&r.sqe.dst_low, &r.sqe.dst_high, list_addr(260));
	make_chain(260, OUT_ADDR, 8192, 1, 8192);
	list(260)->entry[0].len = 8192;
	list(260)->next = 0;
	r.sqe.in_len = 256;
	run(&r);
	expect_clean();
	r.sqe.in_len = 257;
	run(&r);
	assert_int_equal(status_of(&r), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SGL);
	/* What lies past the data is not looked at. */
	kernel_request(&r, false, 70);
	list(0)->next = 1;
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	expect_clean();
}

static void t_lists_of_a_stream_work_with_nothing_in_them(void **state)
{
	struct sim_request r;

	(void)state;
	kernel_request(&r, true, 70);
	r.sqe.in_len = 0;
	list(0)->entries = 0;
	r.sqe.dw7 |= HZIP_SQE_STATEFUL | HZIP_SQE_NEW;
	set_addr(&r.sqe.ctx_low, &r.sqe.ctx_high, CTX_ADDR);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	expect_clean();
}

static void t_memory_that_is_not_there_is_an_error(void **state)
{
	const uint64_t gone = GUEST_BASE + GUEST_LEN - 64;
	struct sim_request r;
	uint8_t plain[1000];

	(void)state;
	fill(plain, sizeof(plain), NOISE);
	for (int i = 0; i < 6; i++) {
		kernel_request(&r, false, 1000);
		r.sqe.out_len = 2000;
		memcpy(at(IN_ADDR), plain, 1000);
		if (i == 0)
			set_addr(&r.sqe.src_low, &r.sqe.src_high, gone + 4096);
		else if (i == 1)
			set_addr(&r.sqe.dst_low, &r.sqe.dst_high, ~63ull);
		else if (i == 2)
			list(0)->entry[0].addr = gone;
		else if (i == 3)
			list(1)->entry[0].addr = gone;
		else if (i == 4)
			list(1)->entry[0].addr = ~0ull;
		else
			set_addr(&r.sqe.src_low, &r.sqe.src_high,
				 GUEST_BASE + GUEST_LEN - 64);
		if (i == 5)
			memcpy(at(gone), list(0), sizeof(struct hisi_sgl));
		assert_int_equal(run(&r), SIM_STATUS_BUS);
		expect_nothing_done(&r);
		assert_false(r.parse_error);
		expect_violation(SIM_V_DMA);
	}
}

static void t_a_stream_goes_on_after_memory_was_not_there(void **state)
{
	static const uint64_t addr[] = { OUT_ADDR, CTX_ADDR };
	struct sim_request before;
	struct stream s;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(addr); i++) {
		/* The same stored block, compressed or continued. */
		s = stream(i % 2, HZIP_ALG_ZLIB);
		step(&s, (const uint8_t *)"\0\x64\0\x9b\xff" "abc", 8, 300, false);
		before = s.r;
		guest.read_only = addr[i / 2];
		assert_int_equal(step(&s, (const uint8_t *)"xyz", 3, 300, false),
				 SIM_STATUS_BUS);
		expect_nothing_done(&s.r);
		expect_violation(SIM_V_DMA);
		assert_int_equal(s.r.sqe.ctx_dw0, before.sqe.ctx_dw0);
		assert_int_equal(s.r.sqe.checksum, before.sqe.checksum);
		guest.read_only = 0;
		step(&s, (const uint8_t *)"xyz", 3, 300, false);
		assert_int_equal(s.r.sqe.consumed, 3);
		expect_clean();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_lists_of_any_shape_are_followed),
		TEST(t_requests_of_the_kernel_work),
		TEST(t_notes_name_both_lists_however_long_they_are),
		TEST(t_malformed_lists_are_refused),
		TEST(t_chains_have_an_end),
		TEST(t_lists_of_a_stream_work_with_nothing_in_them),
		TEST(t_memory_that_is_not_there_is_an_error),
		TEST(t_a_stream_goes_on_after_memory_was_not_there),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
