// SPDX-License-Identifier: MIT
/*
 * The vfio-user server and its clients: what they agree on, memory, interrupts and
 * accesses, and everything that clients get wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "hisi_qm_regs.h"
#include "hisi_zip_regs.h"
#include "pci.h"
#include "t_client.h"
#include "vfio_user.h"

#define PAGE		4096u
#define RAM_SIZE	(64 * PAGE)
#define CONFIG		VFIO_USER_REGION_CONFIG
#define READ		VFIO_USER_MAP_READ
#define WRITE		VFIO_USER_MAP_WRITE
#define ASSIGN		(VFIO_USER_SET_EVENTFD | VFIO_USER_SET_TRIGGER)
#define TRIGGER		(VFIO_USER_SET_NONE | VFIO_USER_SET_TRIGGER)
#define DEVCTL		(PCI_CAP_EXPRESS + PCI_EXP_DEVCTL)
#define ALARM_SECONDS	1500

static struct {
	struct sim *sim;
	struct vfio_user *host;
	FILE *log;
	int client, server, stop;
	pthread_t thread;
	bool running;
	int result;
	int ram;
} t;

/* ---- server ---- */

static void *serve(void *arg)
{
	(void)arg;
	t.result = vfio_user_serve(t.host, t.sim, t.server, t.stop);
	close(t.server);
	return NULL;
}

static void connect_client(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	t.client = fds[0];
	t.server = fds[1];
	assert_int_equal(pthread_create(&t.thread, NULL, serve, NULL), 0);
	t.running = true;
}

/* What serving the client came to. */
static int end_of_client(void)
{
	assert_int_equal(pthread_join(t.thread, NULL), 0);
	t.running = false;
	close(t.client);
	return t.result;
}

static int leave(void)
{
	shutdown(t.client, SHUT_RDWR);
	return end_of_client();
}

static int setup(void **state)
{
	struct sim_config config;

	(void)state;
	memset(&t, 0, sizeof(t));
	alarm(ALARM_SECONDS);
	t.log = tmpfile();
	t.stop = eventfd(0, EFD_CLOEXEC);
	t.ram = memfd_create("sim-test-ram", MFD_CLOEXEC);
	t.host = vfio_user_create(t.log);
	if (!t.log || t.stop < 0 || t.ram < 0 || ftruncate(t.ram, RAM_SIZE) || !t.host)
		return -1;
	if (sim_config_init(&config, 0x30) ||
	    sim_create(&t.sim, &config, &vfio_user_ops, t.host))
		return -1;
	connect_client();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (t.running)
		leave();
	sim_destroy(t.sim);
	vfio_user_destroy(t.host);
	close(t.ram);
	close(t.stop);
	fclose(t.log);
	return 0;
}

static unsigned int log_lines(void)
{
	unsigned int lines = 0;
	int c;

	rewind(t.log);
	while ((c = fgetc(t.log)) != EOF)
		lines += c == '\n';
	return lines;
}

/* ---- what the client does ---- */

static int call(uint16_t command, const void *body, size_t len)
{
	return t_call(t.client, command, body, len, NULL);
}

static int map_ram(uint64_t addr, uint64_t size, uint64_t offset, uint32_t flags)
{
	return t_map(t.client, addr, size, t.ram, offset, flags);
}

/* ---- what the device does ---- */

static int dma_read(uint64_t addr, void *buf, size_t len)
{
	return vfio_user_ops.dma_read(t.host, SIM_NO_PASID, addr, buf, len);
}

static int dma_write(uint64_t addr, const void *buf, size_t len)
{
	return vfio_user_ops.dma_write(t.host, SIM_NO_PASID, addr, buf, len);
}

static bool reaches(uint64_t addr, size_t len)
{
	uint8_t buf[2 * PAGE];

	assert_true(len <= sizeof(buf));
	return !dma_read(addr, buf, len);
}

static void raise_irq(unsigned int vector)
{
	vfio_user_ops.raise_irq(t.host, vector);
}

static uint64_t resets(void)
{
	struct sim_stats stats;

	sim_stats(t.sim, &stats);
	return stats.resets;
}

/* ---- first steps ---- */

static void check_regions(void)
{
	for (uint32_t i = 0; i < VFIO_USER_REGIONS; i++) {
		struct vfio_user_region_info info = { .argsz = sizeof(info), .index = i };
		uint64_t size = i == 2 ? HZIP_BAR_SIZE : i == CONFIG ? PAGE : 0;
		struct t_reply reply;

		assert_int_equal(t_call(t.client, VFIO_USER_GET_REGION_INFO, &info,
					sizeof(info), &reply), 0);
		assert_int_equal(reply.len, sizeof(info));
		memcpy(&info, reply.body, sizeof(info));
		assert_int_equal(info.argsz, sizeof(info));
		assert_int_equal(info.index, i);
		assert_int_equal(info.flags, size ? 3 : 0);
		assert_int_equal(info.size, size);
	}
}

static void check_irqs(void)
{
	for (uint32_t i = 0; i < VFIO_USER_IRQS; i++) {
		struct vfio_user_irq_info info = { .argsz = sizeof(info), .index = i };
		struct t_reply reply;

		assert_int_equal(t_call(t.client, VFIO_USER_GET_IRQ_INFO, &info,
					sizeof(info), &reply), 0);
		assert_int_equal(reply.len, sizeof(info));
		memcpy(&info, reply.body, sizeof(info));
		assert_int_equal(info.index, i);
		assert_int_equal(info.count, i == VFIO_USER_IRQ_MSI ? 4 : 0);
		assert_int_equal(info.flags & VFIO_USER_IRQ_EVENTFD,
				 i == VFIO_USER_IRQ_MSI);
	}
}

static void t_a_virtual_machine_can_start(void **state)
{
	struct vfio_user_info info = { .argsz = sizeof(info) };
	uint8_t config[PCI_CONFIG_SIZE];
	struct t_reply reply;

	(void)state;
	t_agree(t.client);
	assert_int_equal(map_ram(0, RAM_SIZE, 0, READ | WRITE), 0);
	assert_int_equal(t_call(t.client, VFIO_USER_GET_INFO, &info, sizeof(info),
				&reply), 0);
	memcpy(&info, reply.body, sizeof(info));
	assert_int_equal(reply.len, sizeof(info));
	assert_int_equal(info.flags, 3);
	assert_int_equal(info.regions, 9);
	assert_int_equal(info.irqs, 5);
	check_regions();
	check_irqs();
	assert_int_equal(t_read(t.client, CONFIG, 0, config, sizeof(config)), 0);
	assert_memory_equal(config, "\xe5\x19\x50\xa2", 4);
	assert_int_equal(t_set_irqs(t.client, TRIGGER, 0, 0, NULL, 0), 0);
	assert_int_equal(t_call(t.client, VFIO_USER_RESET, NULL, 0, &reply), 0);
	assert_int_equal(reply.len, 0);
	assert_int_equal(leave(), 0);
	assert_int_equal(log_lines(), 0);
}

static void t_a_client_with_little_room_gets_a_short_version(void **state)
{
	struct t_reply reply;

	(void)state;
	assert_int_equal(t_call(t.client, VFIO_USER_VERSION, "\0\0\5\0{}", 7, &reply), 0);
	assert_int_equal(reply.len, 4);
	assert_memory_equal(reply.body, "\0\0\0\0", 4);
}

static void t_other_versions_are_refused(void **state)
{
	(void)state;
	assert_int_equal(call(VFIO_USER_VERSION, "\1\0\0\0", 4), EINVAL);
	/* A text without its end. */
	assert_int_equal(call(VFIO_USER_VERSION, "\0\0\0\0{}", 6), EINVAL);
	assert_int_equal(call(VFIO_USER_VERSION, "\0\0\0", 3), EINVAL);
	t_agree(t.client);
	assert_int_equal(call(VFIO_USER_VERSION, "\0\0\0\0", 4), EINVAL);
}

static void t_nothing_is_done_before_a_version(void **state)
{
	uint32_t value;

	(void)state;
	assert_int_equal(map_ram(0, PAGE, 0, READ), EINVAL);
	assert_int_equal(t_read(t.client, CONFIG, 0, &value, 4), EINVAL);
	assert_int_equal(call(VFIO_USER_RESET, NULL, 0), EINVAL);
	t_agree(t.client);
	assert_int_equal(t_read(t.client, CONFIG, 0, &value, 4), 0);
}

/* ---- memory ---- */

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
	assert_int_equal(vfio_user_ops.dma_read(t.host, 1, 8 * PAGE, is, 1), -EFAULT);
	assert_int_equal(vfio_user_ops.dma_write(t.host, 1, 8 * PAGE, is, 1), -EFAULT);
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

static unsigned int open_files(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void t_a_file_is_mapped_once(void **state)
{
	unsigned int files;

	(void)state;
	t_agree(t.client);
	files = open_files();
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(map_ram(i * 2 * PAGE, PAGE, i * PAGE,
				       READ), 0);
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
		.argsz = sizeof(map), .flags = READ, .size = PAGE,
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
	assert_int_equal(t_call_fds(t.client, VFIO_USER_DMA_MAP, &map, sizeof(map),
				    two, 2), EINVAL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t.ram);
	readonly = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(t_map(t.client, 0, PAGE, readonly, 0, READ | WRITE), EACCES);
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
	assert_int_equal(t_unmap(t.client, PAGE, PAGE, VFIO_USER_UNMAP_ALL), EINVAL);
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
		assert_int_equal(pthread_create(&threads[i], NULL, copy_all_the_time,
						(void *)(uintptr_t)(i * PAGE)), 0);
	for (unsigned int i = 0; i < 300; i++) {
		/* A new file each time, or the old one would stay mapped. */
		int file = memfd_create("sim-test-ram", MFD_CLOEXEC);

		assert_int_equal(ftruncate(file, 2 * PAGE), 0);
		assert_int_equal(t_map(t.client, 0, 2 * PAGE, file, 0, READ | WRITE), 0);
		assert_int_equal(t_unmap(t.client, 0, 2 * PAGE, 0), 0);
		close(file);
	}
	assert_int_equal(leave(), 0);
	copying = false;
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* ---- accesses ---- */

static void enable_memory(void)
{
	uint16_t command = PCI_COMMAND_MEMORY;

	assert_int_equal(t_write(t.client, CONFIG, PCI_COMMAND, &command, 2), 0);
}

static void t_registers_are_read_and_written(void **state)
{
	uint32_t value;

	(void)state;
	t_agree(t.client);
	assert_int_equal(t_read(t.client, 2, QM_CAP_FEATURES, &value, 4), 0);
	assert_int_equal(value, 0xffffffff);
	enable_memory();
	assert_int_equal(t_read(t.client, 2, QM_CAP_FEATURES, &value, 4), 0);
	assert_int_equal(value, SIM_FEATURES);
	value = 0x15;
	assert_int_equal(t_write(t.client, 2, QM_VFT_FUNCTION, &value, 4), 0);
	value = 0;
	assert_int_equal(t_read(t.client, 2, QM_VFT_FUNCTION, &value, 4), 0);
	assert_int_equal(value, 0x15);
	assert_int_equal(sim_violations_total(t.sim), 0);
}

static void t_accesses_outside_a_region_are_refused(void **state)
{
	uint8_t data[PCI_CONFIG_SIZE] = { 0 };

	(void)state;
	t_agree(t.client);
	enable_memory();
	assert_int_equal(t_read(t.client, 2, HZIP_BAR_SIZE - 2, data, 4), EINVAL);
	assert_int_equal(t_read(t.client, 2, HZIP_BAR_SIZE, data, 1), EINVAL);
	assert_int_equal(t_read(t.client, 2, UINT64_MAX, data, 4), EINVAL);
	assert_int_equal(t_write(t.client, 2, UINT64_MAX - 3, data, 4), EINVAL);
	assert_int_equal(t_read(t.client, CONFIG, PCI_CONFIG_SIZE - 3, data, 4), EINVAL);
	assert_int_equal(t_write(t.client, CONFIG, 1, data, PCI_CONFIG_SIZE), EINVAL);
	assert_int_equal(t_read(t.client, CONFIG, 0, data, 0), EINVAL);
	assert_int_equal(t_read(t.client, CONFIG, 0, data, UINT32_MAX), EINVAL);
	/* No CPU does that. */
	assert_int_equal(t_read(t.client, 2, 0, data, 17), EINVAL);
	for (uint32_t region = 0; region < 12; region++) {
		if (region != 2 && region != CONFIG)
			assert_int_equal(t_read(t.client, region, 0, data, 4), EINVAL);
	}
	assert_int_equal(t_read(t.client, UINT32_MAX, 0, data, 4), EINVAL);
	assert_int_equal(sim_violations_total(t.sim), 0);
}

/* What a body says is there has to be there. */
static void t_writes_need_their_data(void **state)
{
	struct {
		struct vfio_user_access access;
		uint32_t data[4];
	} body = { { QM_VFT_FUNCTION, 2, 8 }, { 1 } };

	(void)state;
	t_agree(t.client);
	enable_memory();
	assert_int_equal(call(VFIO_USER_REGION_WRITE, &body, 20), EINVAL);
	assert_int_equal(call(VFIO_USER_REGION_WRITE, &body, 16), EINVAL);
	assert_int_equal(call(VFIO_USER_REGION_WRITE, &body, 28), EINVAL);
	body.access.count = 4;
	assert_int_equal(call(VFIO_USER_REGION_WRITE, &body, 20), 0);
}

static void t_posted_writes_are_not_answered(void **state)
{
	struct {
		struct vfio_user_access access;
		uint32_t data;
	} body = { { QM_VFT_FUNCTION, 2, 4 }, 0 };
	uint32_t value;

	(void)state;
	t_agree(t.client);
	enable_memory();
	for (uint32_t i = 1; i <= 100; i++) {
		body.data = i % 64;
		/* Some of them with an error. */
		body.access.region = i % 10 ? 2 : 3;
		t_post(t.client, VFIO_USER_REGION_WRITE, VFIO_USER_NO_REPLY, &body, 20,
		       NULL, 0);
	}
	assert_int_equal(t_read(t.client, 2, QM_VFT_FUNCTION, &value, 4), 0);
	assert_int_equal(value, 99 % 64);
	assert_int_equal(leave(), 0);
	assert_int_equal(log_lines(), 10);
}

static void t_several_writes_come_in_order(void **state)
{
	struct {
		uint64_t count;
		struct vfio_user_write write[3];
	} body = { 3, { { { QM_VFT_FUNCTION, 2, 4 }, { 1 } },
			{ { QM_VFT_FUNCTION, 2, 4 }, { 2 } },
			{ { QM_VFT_TYPE, 2, 4 }, { 1 } } } };
	struct t_reply reply;
	uint32_t value;

	(void)state;
	t_agree(t.client);
	enable_memory();
	assert_int_equal(t_call(t.client, VFIO_USER_WRITE_MULTI, &body, sizeof(body),
				&reply), 0);
	assert_int_equal(reply.len, 8);
	assert_int_equal(t_read(t.client, 2, QM_VFT_FUNCTION, &value, 4), 0);
	assert_int_equal(value, 2);
	assert_int_equal(t_read(t.client, 2, QM_VFT_TYPE, &value, 4), 0);
	assert_int_equal(value, 1);
	/* None of them, if one of them cannot be. */
	body.write[0].data[0] = 3;
	body.write[2].access.count = 9;
	assert_int_equal(call(VFIO_USER_WRITE_MULTI, &body, sizeof(body)),
			 EINVAL);
	body.write[2].access.count = 4;
	body.count = 4;
	assert_int_equal(call(VFIO_USER_WRITE_MULTI, &body, sizeof(body)),
			 EINVAL);
	body.count = UINT64_MAX / 24 + 4;
	assert_int_equal(call(VFIO_USER_WRITE_MULTI, &body, sizeof(body)),
			 EINVAL);
	body.count = 2;
	assert_int_equal(call(VFIO_USER_WRITE_MULTI, &body, sizeof(body) - 1), EINVAL);
	assert_int_equal(t_read(t.client, 2, QM_VFT_FUNCTION, &value, 4), 0);
	assert_int_equal(value, 2);
	assert_int_equal(call(VFIO_USER_WRITE_MULTI, "\0\0\0\0\0\0\0", 8),
			 0);
}

/* ---- interrupts ---- */

static void make_eventfds(int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_true(fds[i] >= 0);
	}
}

static void close_all(const int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
}

/* Events since the last time. */
static uint64_t events(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static void t_an_interrupt_is_an_event(void **state)
{
	int fds[4];

	(void)state;
	make_eventfds(fds, 4);
	t_agree(t.client);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 4, fds, 4), 0);
	raise_irq(0);
	raise_irq(2);
	raise_irq(2);
	raise_irq(UINT32_MAX);
	assert_int_equal(events(fds[0]), 1);
	assert_int_equal(events(fds[1]), 0);
	assert_int_equal(events(fds[2]), 2);
	assert_int_equal(events(fds[3]), 0);
	/* The client can have one, too. */
	assert_int_equal(t_set_irqs(t.client, TRIGGER, 1, 2, NULL, 0), 0);
	assert_int_equal(events(fds[0]), 0);
	assert_int_equal(events(fds[1]), 1);
	assert_int_equal(events(fds[2]), 1);
	close_all(fds, 4);
}

static void t_an_interrupt_without_eventfd_comes_later(void **state)
{
	int fds[4];

	(void)state;
	make_eventfds(fds, 4);
	t_agree(t.client);
	raise_irq(1);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 4, fds, 4), 0);
	assert_int_equal(events(fds[0]), 0);
	assert_int_equal(events(fds[1]), 1);
	/* All at once, or some of them, may go. */
	assert_int_equal(t_set_irqs(t.client, TRIGGER, 0, 0, NULL, 0), 0);
	raise_irq(3);
	raise_irq(3);
	assert_int_equal(events(fds[3]), 0);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 3, 1, fds + 3, 1), 0);
	assert_int_equal(events(fds[3]), 1);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 2, 2, NULL, 0), 0);
	raise_irq(2);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 2, 2, fds + 2, 2), 0);
	assert_int_equal(events(fds[2]), 1);
	assert_int_equal(events(fds[3]), 0);
	close_all(fds, 4);
}

static void flr(void)
{
	uint16_t devctl = PCI_EXP_DEVCTL_BCR_FLR;

	assert_int_equal(t_write(t.client, CONFIG, DEVCTL, &devctl, sizeof(devctl)), 0);
}

static void t_a_reset_forgets_interrupts_and_keeps_eventfds(void **state)
{
	int fds[4];
	uint64_t before;

	(void)state;
	make_eventfds(fds, 4);
	t_agree(t.client);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 1, fds, 1), 0);
	before = resets();
	raise_irq(1);
	flr();
	assert_int_equal(resets(), before + 1);
	raise_irq(2);
	assert_int_equal(call(VFIO_USER_RESET, NULL, 0), 0);
	assert_int_equal(resets(), before + 2);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 1, 3, fds + 1, 3), 0);
	assert_int_equal(events(fds[1]), 0);
	assert_int_equal(events(fds[2]), 0);
	raise_irq(0);
	assert_int_equal(events(fds[0]), 1);
	close_all(fds, 4);
}

/* Nor does the device wait for who does not read. */
static void t_a_full_eventfd_is_not_waited_for(void **state)
{
	uint64_t most = UINT64_MAX - 1;
	int fd = eventfd(0, EFD_CLOEXEC);

	(void)state;
	t_agree(t.client);
	assert_int_equal(write(fd, &most, sizeof(most)), sizeof(most));
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 1, &fd, 1), 0);
	raise_irq(0);
	assert_int_equal(events(fd), most);
	raise_irq(0);
	assert_int_equal(events(fd), 1);
	close(fd);
}

static void t_interrupts_that_are_not_there_are_refused(void **state)
{
	struct vfio_user_set_irqs set = { sizeof(set), ASSIGN, 2, 0, 1 };
	int fds[17];

	(void)state;
	make_eventfds(fds, 17);
	t_agree(t.client);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 5, fds, 5), EINVAL);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 4, 1, fds, 1), EINVAL);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, UINT32_MAX, 2, fds, 2), EINVAL);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, UINT32_MAX, NULL, 0), EINVAL);
	assert_int_equal(t_set_irqs(t.client, TRIGGER, 3, 2, NULL, 0), EINVAL);
	assert_int_equal(t_set_irqs(t.client, TRIGGER, 0, 1, fds, 1), EINVAL);
	/* Another number of them than is said. */
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 2, fds, 1), EINVAL);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 1, fds, 2), EINVAL);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 4, fds, 17), EINVAL);
	assert_int_equal(t_set_irqs(t.client, 0, 0, 1, NULL, 0), EINVAL);
	assert_int_equal(t_set_irqs(t.client, 0x28, 0, 1, NULL, 0), EINVAL);
	/* Writing to what is no eventfd might take its time. */
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 1, &t.client, 1), EINVAL);
	assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 1, &t.ram, 1), EINVAL);
	assert_int_equal(t_call_fds(t.client, VFIO_USER_SET_IRQS, &set, sizeof(set),
				    fds, 1), EINVAL);
	raise_irq(0);
	for (unsigned int i = 0; i < 17; i++)
		assert_int_equal(events(fds[i]), 0);
	close_all(fds, 17);
}

/* ---- coming and going ---- */

static void t_nothing_is_left_of_a_client(void **state)
{
	unsigned int files = open_files();
	uint32_t value;
	int fds[4];

	(void)state;
	make_eventfds(fds, 4);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t before = resets();

		t_agree(t.client);
		assert_int_equal(t_read(t.client, 2, QM_CAP_FEATURES, &value, 4), 0);
		assert_int_equal(value, 0xffffffff);
		enable_memory();
		assert_int_equal(map_ram(0, PAGE, 0, READ), 0);
		assert_int_equal(t_set_irqs(t.client, ASSIGN, 0, 4, fds, 4), 0);
		value = i + 1;
		assert_int_equal(t_write(t.client, 2, QM_VFT_FUNCTION, &value, 4), 0);
		assert_int_equal(leave(), 0);
		assert_true(resets() > before);
		assert_false(reaches(0, 1));
		raise_irq(0);
		assert_int_equal(events(fds[0]), 0);
		connect_client();
	}
	close_all(fds, 4);
	assert_int_equal(open_files(), files);
}

static void t_a_client_may_leave_in_the_middle_of_a_message(void **state)
{
	static const struct vfio_user_header header = { 1, VFIO_USER_GET_INFO, 32, 0, 0 };

	(void)state;
	t_agree(t.client);
	t_send(t.client, &header, 7, NULL, 0);
	assert_int_equal(leave(), -EPROTO);
	connect_client();
	t_agree(t.client);
	t_send(t.client, &header, sizeof(header), NULL, 0);
	assert_int_equal(leave(), -EPROTO);
	assert_int_equal(log_lines(), 2);
	connect_client();
	t_agree(t.client);
}

static void t_the_server_ends_when_asked_to(void **state)
{
	static const struct vfio_user_header header = { 1, VFIO_USER_GET_INFO, 32, 0, 0 };
	const uint64_t one = 1;

	(void)state;
	t_agree(t.client);
	t_send(t.client, &header, sizeof(header), NULL, 0);
	assert_int_equal(write(t.stop, &one, sizeof(one)), sizeof(one));
	assert_int_equal(end_of_client(), -ECANCELED);
}

/* Also with a client that asks and asks, and does not read the answers. */
static void t_the_server_waits_for_nobody_when_asked_to_end(void **state)
{
	struct {
		struct vfio_user_header header;
		struct vfio_user_access access;
	} read = {
		{ 1, VFIO_USER_REGION_READ, sizeof(read), 0, 0 },
		{ 0, CONFIG, PCI_CONFIG_SIZE },
	};
	struct pollfd pfd = { .fd = t.client, .events = POLLOUT };
	const uint64_t one = 1;

	(void)state;
	t_agree(t.client);
	/* Both directions are full when it takes no more for a while. */
	while (poll(&pfd, 1, 200) == 1)
		assert_true(send(t.client, &read, sizeof(read), MSG_DONTWAIT) > 0 ||
			    errno == EAGAIN);
	assert_int_equal(write(t.stop, &one, sizeof(one)), sizeof(one));
	assert_int_equal(end_of_client(), -ECANCELED);
}

/* ---- what is no message ---- */

static void expect_dropped(const struct vfio_user_header *header, int why)
{
	struct t_reply reply;

	t_send(t.client, header, sizeof(*header), NULL, 0);
	if (why == -EMSGSIZE)
		assert_int_equal(t_reply(t.client, header->id, header->command, &reply),
				 EINVAL);
	t_expect_closed(t.client);
	assert_int_equal(end_of_client(), why);
	connect_client();
	t_agree(t.client);
}

static void t_a_client_that_sends_no_messages_is_dropped(void **state)
{
	struct vfio_user_header header = { 7, VFIO_USER_RESET, 15, 0, 0 };

	(void)state;
	t_agree(t.client);
	expect_dropped(&header, -EMSGSIZE);
	header.size = 0;
	expect_dropped(&header, -EMSGSIZE);
	header.size = 16 + MESSAGE_BODY_MAX + 1;
	expect_dropped(&header, -EMSGSIZE);
	header.size = UINT32_MAX;
	expect_dropped(&header, -EMSGSIZE);
	/* Nobody asked. */
	header.size = 16;
	header.flags = VFIO_USER_IS_REPLY;
	expect_dropped(&header, -EPROTO);
	header.flags = 2;
	expect_dropped(&header, -EPROTO);
}

/* A stream has no borders but those that are told. */
static void t_messages_come_in_pieces_and_together(void **state)
{
	struct {
		struct vfio_user_header header;
		struct vfio_user_dma_map map;
	} map = {
		{ 1, VFIO_USER_DMA_MAP, sizeof(map), 0, 0 },
		{ sizeof(map.map), READ, 0, 0, PAGE },
	};
	struct {
		struct vfio_user_header header;
		struct vfio_user_access access;
	} read[2] = {
		{ { 2, VFIO_USER_REGION_READ, 32, 0, 0 }, { PCI_VENDOR_ID, CONFIG, 2 } },
		{ { 3, VFIO_USER_REGION_READ, 32, 0, 0 }, { PCI_DEVICE_ID, CONFIG, 2 } },
	};
	struct t_reply reply;

	(void)state;
	t_agree(t.client);
	for (size_t i = 0; i < sizeof(map); i++)
		t_send(t.client, (uint8_t *)&map + i, 1, &t.ram, i == 0);
	assert_int_equal(t_reply(t.client, 1, VFIO_USER_DMA_MAP, &reply), 0);
	assert_true(reaches(0, PAGE));
	t_send(t.client, read, sizeof(read), NULL, 0);
	assert_int_equal(t_reply(t.client, 2, VFIO_USER_REGION_READ, &reply), 0);
	assert_memory_equal(reply.body + 16, "\xe5\x19", 2);
	assert_int_equal(t_reply(t.client, 3, VFIO_USER_REGION_READ, &reply), 0);
	assert_memory_equal(reply.body + 16, "\x50\xa2", 2);
}

static void t_commands_that_are_not_there_are_refused(void **state)
{
	static const uint16_t unknown[] = {
		0, VFIO_USER_GET_REGION_IO_FDS, VFIO_USER_DMA_READ, VFIO_USER_DMA_WRITE,
		VFIO_USER_DIRTY_PAGES, 16, 17, 0x7fff, 0xffff,
	};
	uint8_t body[4096] = { 0 };
	uint32_t value;

	(void)state;
	t_agree(t.client);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_int_equal(call(unknown[i], NULL, 0), ENOTSUP);
		assert_int_equal(call(unknown[i], body, sizeof(body)),
				 ENOTSUP);
	}
	assert_int_equal(t_read(t.client, CONFIG, 0, &value, 4), 0);
}

/* Each command, with bodies of lengths and argsz around the right ones. */
static void t_bodies_of_wrong_lengths_are_refused(void **state)
{
	static const struct {
		uint16_t command;
		uint32_t len;
		bool argsz, longer;
	} commands[] = {
		{ VFIO_USER_DMA_MAP, 32, true, false },
		{ VFIO_USER_DMA_UNMAP, 24, true, false },
		{ VFIO_USER_GET_INFO, 16, true, false },
		{ VFIO_USER_GET_REGION_INFO, 32, true, true },
		{ VFIO_USER_GET_IRQ_INFO, 16, true, false },
		{ VFIO_USER_SET_IRQS, 20, true, false },
		{ VFIO_USER_REGION_READ, 16, false, false },
		{ VFIO_USER_REGION_WRITE, 16, false, true },
		{ VFIO_USER_RESET, 0, false, false },
		{ VFIO_USER_WRITE_MULTI, 8, false, true },
	};

	(void)state;
	t_agree(t.client);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		uint32_t len = commands[i].len;
		uint32_t body[16] = { len };

		for (uint32_t n = 0; n < len; n++)
			assert_int_equal(call(commands[i].command, body, n),
					 EINVAL);
		if (!commands[i].longer)
			assert_int_equal(call(commands[i].command, body, len + 1),
					 EINVAL);
		body[0] = len - 1;
		if (commands[i].argsz)
			assert_int_equal(call(commands[i].command, body, len), EINVAL);
	}
}

/* The emulator of user space itself loses those that a message has no room for. */
#ifdef T_EMULATED
#define FDS_MOST	MESSAGE_FDS
#else
#define FDS_MOST	40u
#endif

static void t_file_descriptors_that_nobody_wants_are_closed(void **state)
{
	struct vfio_user_info info = { .argsz = sizeof(info) };
	unsigned int files;
	int fds[FDS_MOST];

	(void)state;
	t_agree(t.client);
	files = open_files();
	for (size_t i = 0; i < FDS_MOST; i++)
		fds[i] = t.ram;
	for (unsigned int n = 1; n <= FDS_MOST; n++) {
		assert_int_equal(t_call_fds(t.client, VFIO_USER_GET_INFO, &info,
					    sizeof(info), fds, n), EINVAL);
		assert_int_equal(t_call_fds(t.client, 99, NULL, 0, fds, n), ENOTSUP);
	}
	assert_int_equal(call(VFIO_USER_GET_INFO, &info, sizeof(info)), 0);
	assert_int_equal(open_files(), files);
}

static uint32_t rnd(void)
{
	static uint32_t x = 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* Values that are nearly right more often than not. */
static uint32_t odd(void)
{
	static const uint32_t values[] = {
		0, 1, 2, 4, 7, 8, 16, 20, 24, 32, 0x21, 0x24, PAGE, HZIP_BAR_SIZE,
		0x7fffffff, 0x80000000, 0xffffffff,
	};

	return rnd() % 4 ? values[rnd() % (sizeof(values) / sizeof(values[0]))] : rnd();
}

static void t_noise_is_answered(void **state)
{
	uint32_t body[24];

	(void)state;
	t_agree(t.client);
	for (unsigned int i = 0; i < 20000; i++) {
		uint16_t command = (uint16_t)(2 + rnd() % 15);
		size_t len = rnd() % 3 ? (size_t[]){ 16, 20, 24, 32 }[rnd() % 4] :
					 rnd() % sizeof(body);
		int fds[2] = { rnd() % 2 ? t.ram : t.stop, t.ram };

		for (size_t k = 0; k < sizeof(body) / 4; k++)
			body[k] = odd();
		if (rnd() % 2)
			body[0] = (uint32_t)len;
		t_call_fds(t.client, command, body, len, fds, rnd() % 4 ? 0 : rnd() % 3);
	}
	assert_int_equal(leave(), 0);
	connect_client();
	t_agree(t.client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_virtual_machine_can_start),
		TEST(t_a_client_with_little_room_gets_a_short_version),
		TEST(t_other_versions_are_refused),
		TEST(t_nothing_is_done_before_a_version),
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
		TEST(t_registers_are_read_and_written),
		TEST(t_accesses_outside_a_region_are_refused),
		TEST(t_writes_need_their_data),
		TEST(t_posted_writes_are_not_answered),
		TEST(t_several_writes_come_in_order),
		TEST(t_an_interrupt_is_an_event),
		TEST(t_an_interrupt_without_eventfd_comes_later),
		TEST(t_a_reset_forgets_interrupts_and_keeps_eventfds),
		TEST(t_a_full_eventfd_is_not_waited_for),
		TEST(t_interrupts_that_are_not_there_are_refused),
		TEST(t_nothing_is_left_of_a_client),
		TEST(t_a_client_may_leave_in_the_middle_of_a_message),
		TEST(t_the_server_ends_when_asked_to),
		TEST(t_the_server_waits_for_nobody_when_asked_to_end),
		TEST(t_a_client_that_sends_no_messages_is_dropped),
		TEST(t_messages_come_in_pieces_and_together),
		TEST(t_commands_that_are_not_there_are_refused),
		TEST(t_bodies_of_wrong_lengths_are_refused),
		TEST(t_file_descriptors_that_nobody_wants_are_closed),
		TEST(t_noise_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
