/* SPDX-License-Identifier: MIT */
/*
 * The region of a queue file through which data goes to devices without SVA: what the
 * kernel says of it, what is contiguous for the device, and what is free.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <misc/uacce/uacce.h>

#include "drv/bounce.h"
#include "t_ss.h"
#include "t_util.h"

#define HANDLE 7
#define MIB    ((size_t)1 << 20)
#define KIB    ((size_t)1 << 10)

/*
 * The kernel: @limit as for t_ss_map(); @after: of all slices it says that so many come
 * after them, if it is not negative; @no_size: it does not tell how large they are;
 * @gone: it is no more.
 */
static struct {
	struct t_ss ss;
	size_t limit;
	int after, map_error;
	bool no_size, gone;
} kernel;

static struct bounce b;

static void *k_map(int handle, unsigned int region, size_t size, int *err)
{
	assert_int_equal(handle, HANDLE);
	assert_int_equal(region, UACCE_QFRT_SS);
	*err = kernel.map_error ? kernel.map_error
				: t_ss_map(&kernel.ss, size, kernel.limit);
	return *err ? NULL : kernel.ss.p;
}

static void k_unmap(void *addr, size_t size)
{
	assert_ptr_equal(addr, kernel.ss.p);
	assert_int_equal(size, kernel.ss.size);
	t_ss_free(&kernel.ss);
}

static int k_ctl(int handle, unsigned long request, void *arg)
{
	int ret;

	assert_int_equal(handle, HANDLE);
	assert_int_equal(request, UACCE_CMD_GET_SS_DMA);
	if (kernel.gone)
		return -ENXIO;
	ret = t_ss_dma(&kernel.ss, arg);
	if (kernel.no_size)
		*(unsigned long *)arg &= ~(unsigned long)UACCE_SS_SIZE_MASK;
	return ret >= 0 && kernel.after >= 0 ? kernel.after : ret;
}

static const struct wd_transport_ops transport = {
	.map = k_map,
	.unmap = k_unmap,
	.ctl = k_ctl,
};

static int setup(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.ss.slice = 4 * MIB;
	kernel.ss.gap = 4096;
	kernel.ss.bus = 0x123450000;
	kernel.limit = SIZE_MAX;
	kernel.after = -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bounce_exit(&b, false);
	return kernel.ss.p != NULL;
}

static void begin(void)
{
	assert_int_equal(bounce_init(&b, &transport, HANDLE, UACCE_DEV_NOIOMMU),
			 0);
	assert_true(bounce_is_there(&b));
}

static void t_who_shares_addresses_needs_none(void **state)
{
	(void)state;
	assert_int_equal(bounce_init(&b, &transport, HANDLE, UACCE_DEV_SVA), 0);
	assert_false(bounce_is_there(&b));
	assert_int_equal(bounce_share(&b, &kernel, 1), 0);
	assert_null(bounce_lend(&b, 1));
	assert_false(bounce_give_back(&b, &kernel, 1));
	assert_int_equal(bounce_init(&b, &transport, HANDLE, 0), -EOPNOTSUPP);
	assert_false(bounce_is_there(&b));
	assert_int_equal(bounce_init(&b, &transport, HANDLE, UACCE_DEV_IOMMU),
			 0);
	assert_true(bounce_is_there(&b));
}

static void t_less_is_taken_where_there_is_not_so_much(void **state)
{
	(void)state;
	for (size_t limit = 32 * MIB; limit >= MIB; limit /= 2) {
		kernel.limit = limit + 5000;
		begin();
		assert_int_equal(b.size, limit);
		bounce_exit(&b, false);
	}
	kernel.limit = MIB - 1;
	assert_int_equal(bounce_init(&b, &transport, HANDLE, UACCE_DEV_NOIOMMU),
			 -ENOMEM);
	assert_false(bounce_is_there(&b));
	kernel.limit = SIZE_MAX;
	kernel.map_error = -EPERM;
	assert_int_equal(bounce_init(&b, &transport, HANDLE, UACCE_DEV_NOIOMMU),
			 -EPERM);
}

static void t_what_the_kernel_says_has_to_be_possible(void **state)
{
	(void)state;
	/* It ends too early, or never. */
	kernel.after = 0;
	assert_int_equal(bounce_init(&b, &transport, HANDLE, UACCE_DEV_NOIOMMU),
			 -EPROTO);
	kernel.after = 1;
	assert_true(bounce_init(&b, &transport, HANDLE, UACCE_DEV_NOIOMMU) < 0);
	kernel.after = -1;
	kernel.gone = true;
	assert_int_equal(bounce_init(&b, &transport, HANDLE, UACCE_DEV_NOIOMMU),
			 -ENXIO);
	assert_null(kernel.ss.p);
}

/* One slice, of which openEuler's kernel does not tell the size. */
static void t_a_slice_without_a_size_is_all(void **state)
{
	(void)state;
	kernel.ss.slice = (size_t)1 << 40;
	kernel.no_size = true;
	kernel.limit = MIB;
	begin();
	assert_true(bounce_has(&b, b.base, MIB));
}

static void t_a_block_is_in_one_run(void **state)
{
	(void)state;
	begin();
	assert_true(bounce_has(&b, b.base, 4 * MIB));
	assert_false(bounce_has(&b, b.base, 4 * MIB + 1));
	assert_false(bounce_has(&b, b.base + 1, 4 * MIB));
	assert_true(bounce_has(&b, b.base + 4 * MIB, 4 * MIB));
	assert_false(bounce_has(&b, b.base + 4 * MIB - 1, 2));
	assert_false(bounce_has(&b, b.base - 1, 1));
	assert_false(bounce_has(&b, b.base + b.size, 1));
	assert_true(bounce_has(&b, b.base + b.size - 1, 1));
	assert_false(bounce_has(&b, &b, 1));
	assert_false(bounce_has(&b, NULL, 1));
	bounce_exit(&b, false);
	/* Slices that touch are one. */
	kernel.ss.gap = 0;
	begin();
	assert_true(bounce_has(&b, b.base, b.size));
}

/* What is at @bus for the device is what is at @p. */
static void check_bus(uint64_t bus, const void *p, size_t len)
{
	assert_ptr_equal(t_ss_at(&kernel.ss, bus, len), p);
}

static void t_data_is_where_the_device_looks(void **state)
{
	static uint8_t in[10000], out[20000], back[20000];
	struct bounced x[40] = { { 0 } };

	(void)state;
	kernel.ss.slice = 256 * KIB;
	kernel.limit = MIB;
	begin();
	for (size_t round = 0; round < 3; round++) {
		size_t n = 0;

		for (; n < T_ARRAY_SIZE(x); n++) {
			memset(in, (int)(n + round), sizeof(in));
			if (bounce_request(&b, &x[n], in, 9990, sizeof(in), out,
					   sizeof(out)))
				break;
			check_bus(x[n].in_bus, x[n].in, sizeof(in));
			check_bus(x[n].out_bus, x[n].out, sizeof(out));
			memset(x[n].out, (int)(n + round + 100), sizeof(out));
		}
		assert_int_equal(n, 32);
		while (n--) {
			memset(in, (int)(n + round), sizeof(in));
			assert_memory_equal(x[n].in, in, 9990);
			memset(out, 0, sizeof(out));
			memset(back, 0, sizeof(back));
			memset(back, (int)(n + round + 100), 15000);
			bounce_result(&x[n], out, 15000);
			assert_memory_equal(out, back, sizeof(out));
			bounce_release(&b, &x[n]);
			bounce_release(&b, &x[n]);
		}
	}
}

static void t_what_is_there_is_not_copied(void **state)
{
	struct bounced x = { 0 };
	uint8_t *in, *out;

	(void)state;
	kernel.limit = MIB;
	begin();
	in = bounce_lend(&b, 5000);
	out = bounce_lend(&b, 5000);
	assert_int_equal(
		bounce_request(&b, &x, in + 3, 1000, 1000, out + 5, 2000), 0);
	assert_null(x.in);
	assert_null(x.out);
	check_bus(x.in_bus, in + 3, 1000);
	check_bus(x.out_bus, out + 5, 2000);
	/* Unless something comes after it. */
	assert_int_equal(
		bounce_request(&b, &x, in + 3, 1000, 1010, out + 5, 2000), 0);
	assert_non_null(x.in);
	assert_memory_equal(x.in, in + 3, 1000);
	bounce_release(&b, &x);
	bounce_give_back(&b, in, 5000);
	bounce_give_back(&b, out, 5000);
}

static void t_full_is_not_too_small(void **state)
{
	struct bounced x = { 0 }, y = { 0 };
	uint8_t byte = 1;

	(void)state;
	kernel.ss.slice = 512 * KIB;
	kernel.limit = MIB;
	begin();
	assert_int_equal(
		bounce_request(&b, &x, &byte, 1, 512 * KIB, &byte, 512 * KIB),
		0);
	assert_int_equal(bounce_request(&b, &y, &byte, 1, 1, &byte, 1), -EBUSY);
	assert_null(y.in);
	bounce_release(&b, &x);
	assert_int_equal(
		bounce_request(&b, &y, &byte, 1, 512 * KIB + 1, &byte, 1),
		-EOPNOTSUPP);
	assert_int_equal(
		bounce_request(&b, &y, &byte, 1, 1, &byte, 512 * KIB + 1),
		-EOPNOTSUPP);
	assert_int_equal(bounce_request(&b, &y, &byte, 1, 1, &byte, 1), 0);
	assert_int_equal(
		bounce_request(&b, &x, &byte, 1, 512 * KIB, &byte, 512 * KIB),
		-EBUSY);
	bounce_release(&b, &y);
	assert_int_equal(
		bounce_request(&b, &x, &byte, 1, 512 * KIB, &byte, 512 * KIB),
		0);
	bounce_release(&b, &x);
}

static void t_half_of_it_is_lent(void **state)
{
	uint8_t *p[200];
	size_t n = 0;

	(void)state;
	kernel.limit = MIB;
	begin();
	assert_null(bounce_lend(&b, MIB / 2 + 1));
	while ((p[n] = bounce_lend(&b, 4096)))
		n++;
	assert_int_equal(n, 128);
	while (n--)
		bounce_give_back(&b, p[n], 4096);
	p[0] = bounce_lend(&b, MIB / 2);
	assert_non_null(p[0]);
	assert_int_equal(bounce_share(&b, p[0], MIB / 2), 0);
	assert_int_equal(bounce_share(&b, p, 1), -EOPNOTSUPP);
	assert_false(bounce_give_back(&b, p, 1));
	assert_true(bounce_give_back(&b, p[0], MIB / 2));
}

static void t_more_than_there_is_cannot_be_had(void **state)
{
	struct bounced x = { 0 };
	uint8_t byte = 1;

	(void)state;
	begin();
	for (size_t less = 0; less <= 2 * 4096; less++)
		assert_null(bounce_lend(&b, SIZE_MAX - less));
	assert_int_equal(b.lent, 0);
	assert_int_equal(bounce_request(&b, &x, &byte, 1, SIZE_MAX, &byte, 1),
			 -EOPNOTSUPP);
	assert_int_equal(bounce_request(&b, &x, &byte, 1, 1, &byte, SIZE_MAX),
			 -EOPNOTSUPP);
}

/* No bytes have a place, too, of which nobody else has a part. */
static void t_nothing_has_a_place(void **state)
{
	struct bounced x[3] = { { 0 } };
	uint8_t byte = 1;

	(void)state;
	kernel.ss.slice = 64 * KIB;
	kernel.limit = MIB;
	begin();
	for (int round = 0; round < 2; round++) {
		assert_int_equal(
			bounce_request(&b, &x[0], &byte, 1, 1, &byte, 1), 0);
		assert_int_equal(
			bounce_request(&b, &x[1], NULL, 0, 0, &byte, 0), 0);
		assert_int_equal(
			bounce_request(&b, &x[2], &byte, 1, 1, NULL, 0), 0);
		check_bus(x[1].in_bus, x[1].in, 1);
		check_bus(x[1].out_bus, x[1].out, 1);
		for (int i = 0; i < 3; i++) {
			uint8_t *at = b.base + (size_t)i * 2 * 4096;

			assert_ptr_equal(x[i].in, at);
			assert_ptr_equal(x[i].out, at + 4096);
		}
		for (int i = 0; i < 3; i++)
			bounce_release(&b, &x[i]);
	}
}

/* Blocks of all sizes come and go, and none is in another. */
static void t_blocks_do_not_meet(void **state)
{
	struct {
		uint8_t *p;
		size_t size;
	} block[64] = { { 0 } };
	uint32_t random = 1;

	(void)state;
	kernel.ss.slice = 192 * KIB;
	kernel.limit = MIB;
	begin();
	for (int i = 0; i < 20000; i++) {
		size_t k;

		random = random * 1664525 + 1013904223;
		k = random >> 26;
		if (block[k].p) {
			for (size_t at = 0; at < block[k].size; at += 997)
				assert_int_equal(block[k].p[at], k);
			bounce_give_back(&b, block[k].p, block[k].size);
			block[k].p = NULL;
			continue;
		}
		block[k].size = 1 + (random >> 8) % (20 * KIB);
		block[k].p = bounce_lend(&b, block[k].size);
		if (block[k].p)
			memset(block[k].p, (int)k, block[k].size);
	}
	for (size_t k = 0; k < T_ARRAY_SIZE(block); k++)
		if (block[k].p)
			bounce_give_back(&b, block[k].p, block[k].size);
	assert_int_equal(b.lent, 0);
}

static void t_memory_that_went_away_is_noticed(void **state)
{
	(void)state;
	begin();
	assert_true(bounce_was_there(&b));
	kernel.gone = true;
	assert_false(bounce_was_there(&b));
}

int main(void)
{
#define ENTRY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		ENTRY(t_who_shares_addresses_needs_none),
		ENTRY(t_less_is_taken_where_there_is_not_so_much),
		ENTRY(t_what_the_kernel_says_has_to_be_possible),
		ENTRY(t_a_slice_without_a_size_is_all),
		ENTRY(t_a_block_is_in_one_run),
		ENTRY(t_data_is_where_the_device_looks),
		ENTRY(t_what_is_there_is_not_copied),
		ENTRY(t_full_is_not_too_small),
		ENTRY(t_half_of_it_is_lent),
		ENTRY(t_more_than_there_is_cannot_be_had),
		ENTRY(t_nothing_has_a_place),
		ENTRY(t_blocks_do_not_meet),
		ENTRY(t_memory_that_went_away_is_noticed),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
