// SPDX-License-Identifier: MIT
/*
 * What a virtual machine takes back is known for some time: see memory.h.  The rest of
 * it is tested with a client, in test_vfio_memory.c.
 */
#include <errno.h>
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

/* More pages than ranges are known: those side by side, in both ways, are one. */
static void t_pages_side_by_side_are_one_range(void **state)
{
	enum {
		PAGES = 70000,
		HOLE = 30000
	};
	struct memory *memory = *state;
	struct memory_map m = { .size = PAGE, .read = true, .write = true };
	uint64_t at = 0x10000000;
	char byte = 1;

	m.fd = memfd_create("guest", MFD_CLOEXEC);
	assert_true(m.fd >= 0);
	assert_int_equal(ftruncate(m.fd, (off_t)PAGES * PAGE), 0);
	/* Upwards, and downwards to it. */
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t page = i < HOLE ? PAGES - HOLE + i : PAGES - 1 - i;

		m.addr = at + page * PAGE;
		m.offset = page * PAGE;
		assert_int_equal(memory_map(memory, &m), 0);
	}
	assert_int_equal(memory_map(memory, &m), -EEXIST);
	for (uint64_t i = 0; i < PAGES; i += 1000) {
		assert_int_equal(pwrite(m.fd, &(char){ (char)(i / 1000 + 1) },
					1, (off_t)(i * PAGE)),
				 1);
		assert_int_equal(memory_read(memory, at + i * PAGE, &byte, 1),
				 0);
		assert_int_equal(byte, (char)(i / 1000 + 1));
	}
	/* A page out of the middle leaves what is around it, where it was. */
	assert_int_equal(memory_unmap(memory, at + HOLE * PAGE,
				      at + (HOLE + 1) * PAGE - 1),
			 0);
	assert_int_equal(memory_read(memory, at + HOLE * PAGE, &byte, 1),
			 -EFAULT);
	assert_int_equal(memory_read(memory, at + HOLE * PAGE - 1, &byte, 1),
			 0);
	assert_int_equal(
		memory_read(memory, at + (HOLE + 1000) * PAGE, &byte, 1), 0);
	assert_int_equal(byte, HOLE / 1000 + 2);
	close(m.fd);
}

/* What differs in what may be done with it stays apart. */
static void t_rights_are_those_of_each_page(void **state)
{
	struct memory *memory = *state;
	struct memory_map m = { 0x10000, PAGE, 0, -1, true, true };
	char bytes[2] = { 0 };

	m.fd = memfd_create("guest", MFD_CLOEXEC);
	assert_true(m.fd >= 0);
	assert_int_equal(ftruncate(m.fd, 2 * PAGE), 0);
	assert_int_equal(memory_map(memory, &m), 0);
	m.addr += PAGE;
	m.offset += PAGE;
	m.write = false;
	assert_int_equal(memory_map(memory, &m), 0);
	assert_int_equal(memory_read(memory, m.addr - 1, bytes, 2), 0);
	assert_int_equal(memory_write(memory, m.addr - 1, bytes, 2), -EFAULT);
	assert_int_equal(memory_write(memory, m.addr - 1, bytes, 1), 0);
	close(m.fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_what_was_taken_back_is_known),
		TEST(t_only_what_was_there_can_be_taken_back),
		TEST(t_another_machine_begins_anew),
		TEST(t_the_oldest_are_forgotten_first),
		TEST(t_pages_side_by_side_are_one_range),
		TEST(t_rights_are_those_of_each_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
