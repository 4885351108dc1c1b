// SPDX-License-Identifier: MIT
/*
 * The vfio-user server and its clients: what they agree on, accesses, interrupts, and
 * that clients come and go.
 *
 * Memory is in test_vfio_memory.c, what is no message, or no good one, in
 * test_vfio_messages.c.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "hisi_qm_regs.h"
#include "hisi_zip_regs.h"
#include "pci.h"
#include "t_client.h"
#include "t_vfio.h"
#include "vfio_user.h"

#define ASSIGN		(VFIO_USER_SET_EVENTFD | VFIO_USER_SET_TRIGGER)
#define TRIGGER		(VFIO_USER_SET_NONE | VFIO_USER_SET_TRIGGER)
#define DEVCTL		(PCI_CAP_EXPRESS + PCI_EXP_DEVCTL)

/* ---- what the device does ---- */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_virtual_machine_can_start),
		TEST(t_a_client_with_little_room_gets_a_short_version),
		TEST(t_other_versions_are_refused),
		TEST(t_nothing_is_done_before_a_version),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
