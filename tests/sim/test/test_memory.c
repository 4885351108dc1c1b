// SPDX-License-Identifier: MIT
/*
 * What a virtual machine takes back is known for some time: see memory.h.  The rest of
 * it is tested with a client, in test_vfio_memory.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "given_up.h"
#include "memory.h"

#define PAGE 4096u

static int setup(void **state)
{
	*state = memory_create();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	memory_destroy(*state);
	return 0;
}

static void map(struct memory *memory, uint64_t addr, uint64_t size)
{
	struct memory_map m = { addr, size, 0, -1, true, true };

	m.fd = memfd_create("guest", MFD_CLOEXEC);
	assert_true(m.fd >= 0);
	assert_int_equal(ftruncate(m.fd, (off_t)size), 0);
	assert_int_equal(memory_map(memory, &m), 0);
	close(m.fd);
}

static void t_what_was_taken_back_is_known(void **state)
{
	struct memory *memory = *state;

	map(memory, 0x10000, 16 * PAGE);
	assert_false(memory_was_mapped(memory, 0x10000, 1));
	assert_int_equal(memory_unmap(memory, 0x14000, 0x14fff), 0);
	assert_false(memory_was_mapped(memory, 0x13fff, 1));
	assert_true(memory_was_mapped(memory, 0x13fff, 2));
	assert_true(memory_was_mapped(memory, 0x14fff, 1));
	assert_false(memory_was_mapped(memory, 0x15000, PAGE));
	assert_true(memory_was_mapped(memory, 0, SIZE_MAX));
}

static void t_only_what_was_there_can_be_taken_back(void **state)
{
	struct memory *memory = *state;

	map(memory, 0x10000, PAGE);
	assert_int_equal(memory_unmap(memory, 0, UINT64_MAX), 0);
	assert_true(memory_was_mapped(memory, 0x10800, 1));
	assert_false(memory_was_mapped(memory, 0xffff, 1));
	assert_false(memory_was_mapped(memory, 0x11000, 1));
	assert_false(memory_was_mapped(memory, UINT64_MAX, 100));
}

static void t_another_machine_begins_anew(void **state)
{
	struct memory *memory = *state;

	map(memory, 0x10000, PAGE);
	assert_int_equal(memory_unmap(memory, 0x10000, 0x10fff), 0);
	memory_clear(memory);
	assert_false(memory_was_mapped(memory, 0x10000, PAGE));
}

static void t_the_oldest_are_forgotten_first(void **state)
{
	struct memory *memory = *state;

	for (uint64_t i = 0; i <= GIVEN_UP_MAX; i++) {
		map(memory, i * PAGE, PAGE);
		assert_int_equal(
			memory_unmap(memory, i * PAGE, (i + 1) * PAGE - 1), 0);
	}
	assert_false(memory_was_mapped(memory, 0, PAGE));
	assert_true(memory_was_mapped(memory, PAGE, PAGE));
	assert_true(memory_was_mapped(memory, GIVEN_UP_MAX * PAGE, PAGE));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_what_was_taken_back_is_known),
		TEST(t_only_what_was_there_can_be_taken_back),
		TEST(t_another_machine_begins_anew),
		TEST(t_the_oldest_are_forgotten_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
