// SPDX-License-Identifier: MIT
/*
 * The host in the same process keeps to what it was given: memory, interrupts, time.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "inproc.h"
#include "t_util.h"

#include <cmocka.h>

#define PASID	3

static uint8_t memory[4096];
static uint8_t other[4096];

static int setup(void **state)
{
	struct inproc *host = inproc_create();

	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)i;
	memset(other, 0, sizeof(other));
	*state = host;
	return host ? 0 : -1;
}

static int teardown(void **state)
{
	inproc_destroy(*state);
	return 0;
}

static int bus_read(struct inproc *host, uint64_t addr, void *buf, size_t len)
{
	return inproc_ops.dma_read(host, SIM_NO_PASID, addr, buf, len);
}

static int bus_write(struct inproc *host, uint64_t addr, const void *buf, size_t len)
{
	return inproc_ops.dma_write(host, SIM_NO_PASID, addr, buf, len);
}

static int read_at(struct inproc *host, const void *ptr, void *buf, size_t len)
{
	return inproc_ops.dma_read(host, PASID, (uintptr_t)ptr, buf, len);
}

static int write_at(struct inproc *host, const void *ptr, const void *buf, size_t len)
{
	return inproc_ops.dma_write(host, PASID, (uintptr_t)ptr, buf, len);
}

static void t_overlapping_ranges_are_refused(void **state)
{
	struct inproc *host = *state;

	assert_int_equal(inproc_map(host, 0x2000, memory, 0x1000, true), 0);
	assert_int_equal(inproc_map(host, 0x2000, other, 1, true), -EINVAL);
	assert_int_equal(inproc_map(host, 0x2fff, other, 1, true), -EINVAL);
	assert_int_equal(inproc_map(host, 0x1fff, other, 2, true), -EINVAL);
	assert_int_equal(inproc_map(host, 0x1000, other, 0x1001, true), -EINVAL);
	assert_int_equal(inproc_map(host, 0x3000, other, 0x800, true), 0);
	assert_int_equal(inproc_map(host, 0x1800, other + 0x800, 0x800, true), 0);
}

static void t_a_range_without_bytes_or_end_is_refused(void **state)
{
	struct inproc *host = *state;

	assert_int_equal(inproc_map(host, 0, memory, 0, true), -EINVAL);
	assert_int_equal(inproc_map(host, 0, NULL, 1, true), -EINVAL);
	assert_int_equal(inproc_map(host, UINT64_MAX, memory, 2, true), -EINVAL);
	assert_int_equal(inproc_map(host, UINT64_MAX, memory, 1, true), 0);
	assert_int_equal(inproc_unmap(host, UINT64_MAX), 0);
	assert_int_equal(inproc_unmap(host, UINT64_MAX), -ENOENT);
}

static void t_copies_cross_adjacent_ranges(void **state)
{
	struct inproc *host = *state;
	uint8_t buf[300];

	assert_int_equal(inproc_map(host, 0x1000, memory, 100, true), 0);
	assert_int_equal(inproc_map(host, 0x1064, memory + 100, 200, true), 0);
	assert_int_equal(bus_read(host, 0x1000, buf, 300), 0);
	assert_memory_equal(buf, memory, 300);
	memset(buf, 7, sizeof(buf));
	assert_int_equal(bus_write(host, 0x1001, buf, 299), 0);
	assert_memory_equal(memory + 1, buf, 299);
	assert_int_equal(memory[0], 0);
	assert_int_equal(memory[300], 300 % 256);
}

static void t_what_is_not_mapped_is_not_reached(void **state)
{
	struct inproc *host = *state;
	uint8_t buf[300];

	assert_int_equal(bus_read(host, 0, buf, 1), -EFAULT);
	assert_int_equal(inproc_map(host, 0x1000, memory, 100, true), 0);
	assert_int_equal(bus_read(host, 0xfff, buf, 2), -EFAULT);
	assert_int_equal(bus_read(host, 0x1000, buf, 101), -EFAULT);
	assert_int_equal(bus_read(host, 0x1064, buf, 1), -EFAULT);
	assert_int_equal(bus_read(host, UINT64_MAX, buf, 2), -EFAULT);
	assert_int_equal(inproc_map(host, 0, other, 1, true), 0);
	assert_int_equal(inproc_map(host, UINT64_MAX, other, 1, true), 0);
	assert_int_equal(bus_read(host, UINT64_MAX, buf, 2), -EFAULT);
	assert_int_equal(inproc_unmap(host, 0x1000), 0);
	assert_int_equal(bus_read(host, 0x1000, buf, 1), -EFAULT);
}

static void t_what_is_read_only_is_not_written(void **state)
{
	struct inproc *host = *state;
	uint8_t byte = 0xff;

	assert_int_equal(inproc_map(host, 0x1000, memory, 100, false), 0);
	assert_int_equal(bus_write(host, 0x1000, &byte, 1), -EFAULT);
	assert_int_equal(write_at(host, memory, &byte, 1), -EFAULT);
	assert_int_equal(memory[0], 0);
	assert_int_equal(bus_read(host, 0x1001, &byte, 1), 0);
	assert_int_equal(byte, 1);
}

static void t_a_pasid_has_pointers_into_ranges(void **state)
{
	struct inproc *host = *state;
	uint8_t buf[100];

	assert_int_equal(inproc_map(host, 0x1000, memory + 1, 100, true), 0);
	assert_int_equal(read_at(host, memory + 1, buf, 100), 0);
	assert_memory_equal(buf, memory + 1, 100);
	assert_int_equal(read_at(host, memory, buf, 2), -EFAULT);
	assert_int_equal(read_at(host, (void *)0x1000, buf, 1), -EFAULT);
}

static void t_unchecked_pointers_are_taken_as_they_are(void **state)
{
	struct inproc *host = *state;
	uint8_t buf[100];

	inproc_check_pointers(host, false);
	assert_int_equal(read_at(host, memory, buf, 100), 0);
	assert_memory_equal(buf, memory, 100);
	assert_int_equal(read_at(host, NULL, buf, 1), -EFAULT);
	assert_int_equal(bus_read(host, (uintptr_t)memory, buf, 1), -EFAULT);
}

/* Short ones are copied in another way. */
static void t_copies_of_any_length_and_alignment_are_right(void **state)
{
	struct inproc *host = *state;
	uint8_t buf[200];

	assert_int_equal(inproc_map(host, 0x1000, memory, sizeof(memory), false), 0);
	assert_int_equal(inproc_map(host, 0x2000, other, sizeof(other), true), 0);
	for (size_t at = 0; at < 8; at++) {
		for (size_t len = 0; len < 140; len++) {
			memset(other, 0, 200);
			assert_int_equal(bus_read(host, 0x1000 + at, buf + 1, len), 0);
			assert_int_equal(bus_write(host, 0x2000 + at, buf + 1, len), 0);
			assert_memory_equal(other + at, memory + at, len);
			assert_int_equal(other[at + len], 0);
		}
	}
}

static void count(void *arg, unsigned int vector)
{
	unsigned int *counts = arg;

	counts[vector]++;
}

static void t_interrupts_are_counted_and_handed_on(void **state)
{
	struct inproc *host = *state;
	unsigned int counts[INPROC_VECTORS] = { 0 };

	inproc_ops.raise_irq(host, 3);
	inproc_on_irq(host, count, counts);
	inproc_ops.raise_irq(host, 3);
	inproc_ops.raise_irq(host, 0);
	inproc_ops.raise_irq(host, INPROC_VECTORS);
	assert_int_equal(inproc_irqs(host, 3), 2);
	assert_int_equal(inproc_irqs(host, 0), 1);
	assert_int_equal(inproc_irqs(host, INPROC_VECTORS), 0);
	assert_int_equal(counts[3], 1);
	assert_int_equal(counts[0], 1);
}

static void *raise_two(void *host)
{
	inproc_ops.raise_irq(host, 2);
	inproc_ops.raise_irq(host, 2);
	return NULL;
}

static void t_an_interrupt_can_be_waited_for(void **state)
{
	struct inproc *host = *state;
	pthread_t thread;

	assert_false(inproc_wait_irq(host, 2, 0, 1));
	assert_int_equal(pthread_create(&thread, NULL, raise_two, host), 0);
	assert_true(inproc_wait_irq(host, 2, 0, 60000));
	assert_true(inproc_wait_irq(host, 2, 1, 60000));
	pthread_join(thread, NULL);
	assert_false(inproc_wait_irq(host, 2, 2, 1));
}

static void t_time_goes_on_until_it_is_set(void **state)
{
	struct inproc *host = *state;
	uint64_t first = inproc_ops.now(host);

	while (inproc_ops.now(host) == first)
		;
	assert_true(inproc_ops.now(host) > first);
	inproc_set_time(host, 5);
	assert_int_equal(inproc_ops.now(host), 5);
	assert_int_equal(inproc_ops.now(host), 5);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_overlapping_ranges_are_refused),
		TEST(t_a_range_without_bytes_or_end_is_refused),
		TEST(t_copies_cross_adjacent_ranges),
		TEST(t_what_is_not_mapped_is_not_reached),
		TEST(t_what_is_read_only_is_not_written),
		TEST(t_a_pasid_has_pointers_into_ranges),
		TEST(t_unchecked_pointers_are_taken_as_they_are),
		TEST(t_copies_of_any_length_and_alignment_are_right),
		TEST(t_interrupts_are_counted_and_handed_on),
		TEST(t_an_interrupt_can_be_waited_for),
		TEST(t_time_goes_on_until_it_is_set),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
