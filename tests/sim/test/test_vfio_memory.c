// SPDX-License-Identifier: MIT
/*
 * The vfio-user server and memory of its clients: what is mapped is what the device
 * reaches, and nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "t_client.h"
#include "t_vfio.h"
#include "vfio_user.h"

static void t_the_device_reaches_what_is_mapped(void **state)
{
	static const char text[] = "crosses from one range to the next";
	char is[sizeof(text)];
	uint8_t *ram = mmap(NULL, RAM_SIZE, PROT_READ, MAP_SHARED, t.ram, 0);

	(void)state;
	assert_ptr_not_equal(ram, MAP_FAILED);
	t_agree(t.client);
	/* The next page in the machine is an earlier one in the file. */
	assert_int_equal(map_ram(8 * PAGE, PAGE, 5 * PAGE, READ | WRITE), 0);
	assert_int_equal(map_ram(9 * PAGE, PAGE, 2 * PAGE, READ | WRITE), 0);
	assert_int_equal(dma_write(9 * PAGE - 10, text, sizeof(text)), 0);
	assert_memory_equal(ram + 6 * PAGE - 10, text, 10);
	assert_memory_equal(ram + 2 * PAGE, text + 10, sizeof(text) - 10);
	assert_int_equal(dma_read(9 * PAGE - 10, is, sizeof(is)), 0);
	assert_string_equal(is, text);
	/* Up to the last byte, and no further. */
	assert_true(reaches(8 * PAGE, 2 * PAGE));
	assert_false(reaches(8 * PAGE - 1, 1));
	assert_false(reaches(8 * PAGE - 1, 2));
	assert_false(reaches(10 * PAGE - 1, 2));
	assert_false(reaches(10 * PAGE, 1));
	assert_true(reaches(10 * PAGE, 0));
	/* Nobody has a process address space there. */
	assert_int_equal(vfio_user_ops.dma_read(t.host, 1, 8 * PAGE, is, 1),
			 -EFAULT);
	assert_int_equal(vfio_user_ops.dma_write(t.host, 1, 8 * PAGE, is, 1),
			 -EFAULT);
	munmap(ram, RAM_SIZE);
}

static void t_memory_may_be_for_one_direction_only(void **state)
{
	uint32_t word = 1;

	(void)state;
	t_agree(t.client);
	assert_int_equal(map_ram(0, PAGE, 0, READ), 0);
	assert_int_equal(map_ram(PAGE, PAGE, PAGE, WRITE), 0);
	assert_int_equal(map_ram(2 * PAGE, PAGE, 0, 0), 0);
	assert_int_equal(dma_read(0, &word, 4), 0);
	assert_int_equal(dma_write(0, &word, 4), -EFAULT);
	assert_int_equal(dma_write(PAGE, &word, 4), 0);
	assert_int_equal(dma_read(PAGE, &word, 4), -EFAULT);
	assert_int_equal(dma_read(2 * PAGE, &word, 4), -EFAULT);
	assert_int_equal(dma_write(PAGE - 2, &word, 4), -EFAULT);
}

static void t_memory_may_end_where_addresses_end(void **state)
{
	uint64_t first = UINT64_MAX - PAGE + 1;
	uint32_t word = 5;

	(void)state;
	t_agree(t.client);
	assert_int_equal(map_ram(first, PAGE, 0, READ | WRITE), 0);
	assert_int_equal(map_ram(0, PAGE, 0, READ | WRITE), 0);
	assert_int_equal(dma_write(UINT64_MAX - 3, &word, 4), 0);
	/* They do not begin again. */
	assert_int_equal(dma_write(UINT64_MAX - 1, &word, 4), -EFAULT);
	assert_int_equal(t_unmap(t.client, first, PAGE, 0), 0);
	assert_false(reaches(first, 1));
	assert_true(reaches(0, 1));
}

static unsigned int mappings_of_ram(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int count = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		count += strstr(line, "sim-test-ram") != NULL;
	fclose(maps);
	return count;
}

static void t_a_file_is_mapped_once(void **state)
{
	unsigned int files;

	(void)state;
	t_agree(t.client);
	files = open_files();
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(map_ram(i * 2 * PAGE, PAGE, i * PAGE, READ),
				 0);
	assert_int_equal(mappings_of_ram(), 1);
	/* Also when nothing is left of it, as it will come back. */
	assert_int_equal(t_unmap(t.client, 0, 0, VFIO_USER_UNMAP_ALL), 0);
	assert_int_equal(mappings_of_ram(), 1);
	assert_int_equal(map_ram(0, PAGE, 0, READ), 0);
	assert_int_equal(mappings_of_ram(), 1);
	assert_int_equal(open_files(), files);
	assert_int_equal(leave(), 0);
	assert_int_equal(mappings_of_ram(), 0);
}

static void t_a_file_that_grew_is_reached_to_its_end(void **state)
{
	uint32_t word = 7;

	(void)state;
	t_agree(t.client);
	assert_int_equal(map_ram(0, PAGE, 0, READ | WRITE), 0);
	assert_int_equal(map_ram(PAGE, PAGE, RAM_SIZE, READ), EINVAL);
	assert_int_equal(ftruncate(t.ram, 2 * RAM_SIZE), 0);
	assert_int_equal(map_ram(PAGE, PAGE, RAM_SIZE, READ | WRITE), 0);
	assert_int_equal(dma_write(PAGE, &word, 4), 0);
	assert_int_equal(dma_write(0, &word, 4), 0);
	assert_int_equal(mappings_of_ram(), 1);
	/* One that became shorter: what was inside is not taken on trust. */
	assert_int_equal(ftruncate(t.ram, RAM_SIZE), 0);
	assert_int_equal(map_ram(8 * PAGE, PAGE, RAM_SIZE, READ), EINVAL);
}

static void t_more_files_than_there_is_room_for(void **state)
{
	int ret = 0;

	(void)state;
	t_agree(t.client);
	for (unsigned int i = 0; i < 100; i++) {
		int file = memfd_create("sim-test-ram", MFD_CLOEXEC);

		assert_int_equal(ftruncate(file, PAGE), 0);
		ret = t_map(t.client, i * PAGE, PAGE, file, 0, READ);
		close(file);
		if (ret)
			break;
	}
	assert_int_equal(ret, ENOSPC);
	/* Those that are not in use any more make room. */
	assert_int_equal(t_unmap(t.client, PAGE, PAGE, 0), 0);
	assert_int_equal(map_ram(PAGE, PAGE, 0, READ), 0);
	assert_true(reaches(0, 2 * PAGE));
}

static void t_memory_of_the_client_alone_is_not_reached(void **state)
{
	(void)state;
	t_agree(t.client);
	assert_int_equal(t_map(t.client, 0, PAGE, -1, 0, READ | WRITE), 0);
	assert_false(reaches(0, 1));
	assert_int_equal(t_unmap(t.client, 0, PAGE, 0), 0);
}

static void t_unmapping_leaves_the_rest(void **state)
{
	(void)state;
	t_agree(t.client);
	assert_int_equal(map_ram(0, 8 * PAGE, 0, READ | WRITE), 0);
	assert_int_equal(map_ram(8 * PAGE, PAGE, 0, READ | WRITE), 0);
	assert_int_equal(map_ram(9 * PAGE, 2 * PAGE, 0, READ | WRITE), 0);
	/* From within one, over another, into a third. */
	assert_int_equal(t_unmap(t.client, 7 * PAGE, 3 * PAGE, 0), 0);
	assert_true(reaches(5 * PAGE, 2 * PAGE));
	for (unsigned int i = 7; i < 10; i++)
		assert_false(reaches(i * PAGE, PAGE));
	assert_true(reaches(10 * PAGE, PAGE));
	/* The middle of one. */
	assert_int_equal(t_unmap(t.client, 2 * PAGE, PAGE, 0), 0);
	assert_true(reaches(0, 2 * PAGE));
	assert_false(reaches(2 * PAGE, PAGE));
	assert_true(reaches(3 * PAGE, 2 * PAGE));
	/* Where nothing is, and where all is. */
	assert_int_equal(t_unmap(t.client, 20 * PAGE, PAGE, 0), 0);
	assert_int_equal(t_unmap(t.client, 1ull << 63, 1ull << 63, 0), 0);
	assert_true(reaches(0, 2 * PAGE));
	assert_int_equal(t_unmap(t.client, 0, 1ull << 63, 0), 0);
	for (unsigned int i = 0; i < 12; i++)
		assert_false(reaches(i * PAGE, 1));
}

static void t_what_follows_a_hole_is_the_same_memory(void **state)
{
	uint32_t word = 0x12345678, is = 0;

	(void)state;
	t_agree(t.client);
	assert_int_equal(map_ram(PAGE, 8 * PAGE, 3 * PAGE, READ | WRITE), 0);
	assert_int_equal(dma_write(6 * PAGE + 4, &word, 4), 0);
	assert_int_equal(t_unmap(t.client, 4 * PAGE, PAGE, 0), 0);
	assert_int_equal(dma_read(6 * PAGE + 4, &is, 4), 0);
	assert_int_equal(is, word);
	assert_int_equal(pread(t.ram, &is, 4, 8 * PAGE + 4), 4);
	assert_int_equal(is, word);
}

static void t_maps_that_cannot_be_are_refused(void **state)
{
	int readonly, two[2] = { t.ram, t.ram };
	struct vfio_user_dma_map map = {
		.argsz = sizeof(map),
		.flags = READ,
		.size = PAGE,
	};
	char path[40];

	(void)state;
	t_agree(t.client);
	assert_int_equal(map_ram(0, 0, 0, READ), EINVAL);
	assert_int_equal(map_ram(UINT64_MAX, 2, 0, READ), EINVAL);
	assert_int_equal(t_map(t.client, UINT64_MAX, 2, -1, 0, READ), EINVAL);
	assert_int_equal(map_ram(0, PAGE, 0, 4), EINVAL);
	assert_int_equal(map_ram(0, RAM_SIZE + 1, 0, READ), EINVAL);
	assert_int_equal(map_ram(0, 1, RAM_SIZE, READ), EINVAL);
	assert_int_equal(map_ram(0, 2, UINT64_MAX, READ), EINVAL);
	assert_int_equal(t_map(t.client, 0, PAGE, t.stop, 0, READ), EINVAL);
	assert_int_equal(t_map(t.client, 0, PAGE, t.client, 0, READ), EINVAL);
	assert_int_equal(t_call_fds(t.client, VFIO_USER_DMA_MAP, &map,
				    sizeof(map), two, 2),
			 EINVAL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t.ram);
	readonly = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(t_map(t.client, 0, PAGE, readonly, 0, READ | WRITE),
			 EACCES);
	assert_false(reaches(0, 1));
	assert_int_equal(t_map(t.client, 0, PAGE, readonly, 0, READ), 0);
	close(readonly);
	/* There is something already. */
	assert_int_equal(map_ram(0, PAGE, 0, READ), EEXIST);
	assert_int_equal(map_ram(PAGE - 1, PAGE, 0, READ), EEXIST);
	/* Now it can be written. */
	assert_int_equal(map_ram(PAGE, PAGE, 0, READ | WRITE), 0);
	assert_int_equal(dma_write(PAGE, "x", 1), 0);
	assert_int_equal(t_unmap(t.client, 0, 0, 0), EINVAL);
	assert_int_equal(t_unmap(t.client, 0, PAGE, 1), EINVAL);
	assert_int_equal(t_unmap(t.client, PAGE, PAGE, VFIO_USER_UNMAP_ALL),
			 EINVAL);
	assert_int_equal(t_unmap(t.client, UINT64_MAX, 2, 0), EINVAL);
	assert_true(reaches(0, 2 * PAGE));
}

static _Atomic bool copying;

/* Half of the time there is nothing. */
static void *copy_all_the_time(void *page)
{
	uint8_t buf[PAGE] = { 0 };

	while (copying) {
		dma_write((uintptr_t)page, buf, sizeof(buf));
		dma_read((uintptr_t)page, buf, sizeof(buf));
	}
	return NULL;
}

static void t_no_copy_is_under_way_when_an_unmap_is_answered(void **state)
{
	pthread_t threads[2];

	(void)state;
	t_agree(t.client);
	copying = true;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						copy_all_the_time,
						(void *)(uintptr_t)(i * PAGE)),
				 0);
	for (unsigned int i = 0; i < 300; i++) {
		/* A new file each time, or the old one would stay mapped. */
		int file = memfd_create("sim-test-ram", MFD_CLOEXEC);

		assert_int_equal(ftruncate(file, 2 * PAGE), 0);
		assert_int_equal(
			t_map(t.client, 0, 2 * PAGE, file, 0, READ | WRITE), 0);
		assert_int_equal(t_unmap(t.client, 0, 2 * PAGE, 0), 0);
		close(file);
	}
	assert_int_equal(leave(), 0);
	copying = false;
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_the_device_reaches_what_is_mapped),
		TEST(t_memory_may_be_for_one_direction_only),
		TEST(t_memory_may_end_where_addresses_end),
		TEST(t_a_file_is_mapped_once),
		TEST(t_a_file_that_grew_is_reached_to_its_end),
		TEST(t_more_files_than_there_is_room_for),
		TEST(t_memory_of_the_client_alone_is_not_reached),
		TEST(t_unmapping_leaves_the_rest),
		TEST(t_what_follows_a_hole_is_the_same_memory),
		TEST(t_maps_that_cannot_be_are_refused),
		TEST(t_no_copy_is_under_way_when_an_unmap_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
