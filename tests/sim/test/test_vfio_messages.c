// SPDX-License-Identifier: MIT
/*
 * The vfio-user server and what its clients send: messages in pieces, messages with
 * wrong bodies, what is no message at all, and noise.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hisi_zip_regs.h"
#include "message.h"
#include "pci.h"
#include "t_client.h"
#include "t_vfio.h"

static void expect_dropped(const struct vfio_user_header *header, int why)
{
	struct t_reply reply;

	t_send(t.client, header, sizeof(*header), NULL, 0);
	if (why == -EMSGSIZE)
		assert_int_equal(
			t_reply(t.client, header->id, header->command, &reply),
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
		{ { 2, VFIO_USER_REGION_READ, 32, 0, 0 },
		  { PCI_VENDOR_ID, CONFIG, 2 } },
		{ { 3, VFIO_USER_REGION_READ, 32, 0, 0 },
		  { PCI_DEVICE_ID, CONFIG, 2 } },
	};
	struct t_reply reply;

	(void)state;
	t_agree(t.client);
	for (size_t i = 0; i < sizeof(map); i++)
		t_send(t.client, (uint8_t *)&map + i, 1, &t.ram, i == 0);
	assert_int_equal(t_reply(t.client, 1, VFIO_USER_DMA_MAP, &reply), 0);
	assert_true(reaches(0, PAGE));
	t_send(t.client, read, sizeof(read), NULL, 0);
	assert_int_equal(t_reply(t.client, 2, VFIO_USER_REGION_READ, &reply),
			 0);
	assert_memory_equal(reply.body + 16, "\xe5\x19", 2);
	assert_int_equal(t_reply(t.client, 3, VFIO_USER_REGION_READ, &reply),
			 0);
	assert_memory_equal(reply.body + 16, "\x50\xa2", 2);
}

static void t_commands_that_are_not_there_are_refused(void **state)
{
	/* clang-format off */
	static const uint16_t unknown[] = {
		0, VFIO_USER_GET_REGION_IO_FDS, VFIO_USER_DMA_READ, VFIO_USER_DMA_WRITE,
		VFIO_USER_DIRTY_PAGES, 16, 17, 0x7fff, 0xffff,
	};
	/* clang-format on */
	uint8_t body[4096] = { 0 };
	uint32_t value;

	(void)state;
	t_agree(t.client);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_int_equal(call(unknown[i], NULL, 0), ENOTSUP);
		assert_int_equal(call(unknown[i], body, sizeof(body)), ENOTSUP);
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
			assert_int_equal(
				call(commands[i].command, body, len + 1),
				EINVAL);
		body[0] = len - 1;
		if (commands[i].argsz)
			assert_int_equal(call(commands[i].command, body, len),
					 EINVAL);
	}
}

/* The emulator of user space itself loses those that a message has no room for. */
#ifdef T_EMULATED
#define FDS_MOST MESSAGE_FDS
#else
#define FDS_MOST 40u
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
					    sizeof(info), fds, n),
				 EINVAL);
		assert_int_equal(t_call_fds(t.client, 99, NULL, 0, fds, n),
				 ENOTSUP);
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
	/* clang-format off */
	static const uint32_t values[] = {
		0, 1, 2, 4, 7, 8, 16, 20, 24, 32, 0x21, 0x24, PAGE, HZIP_BAR_SIZE,
		0x7fffffff, 0x80000000, 0xffffffff,
	};
	/* clang-format on */

	return rnd() % 4 ? values[rnd() % (sizeof(values) / sizeof(values[0]))]
			 : rnd();
}

static void t_noise_is_answered(void **state)
{
	uint32_t body[24];

	(void)state;
	t_agree(t.client);
	for (unsigned int i = 0; i < 20000; i++) {
		uint16_t command = (uint16_t)(2 + rnd() % 15);
		size_t len = rnd() % 3 ? (size_t[]){ 16, 20, 24, 32 }[rnd() % 4]
				       : rnd() % sizeof(body);
		int fds[2] = { rnd() % 2 ? t.ram : t.stop, t.ram };

		for (size_t k = 0; k < sizeof(body) / 4; k++)
			body[k] = odd();
		if (rnd() % 2)
			body[0] = (uint32_t)len;
		t_call_fds(t.client, command, body, len, fds,
			   rnd() % 4 ? 0 : rnd() % 3);
	}
	assert_int_equal(leave(), 0);
	connect_client();
	t_agree(t.client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_client_that_sends_no_messages_is_dropped),
		TEST(t_messages_come_in_pieces_and_together),
		TEST(t_commands_that_are_not_there_are_refused),
		TEST(t_bodies_of_wrong_lengths_are_refused),
		TEST(t_file_descriptors_that_nobody_wants_are_closed),
		TEST(t_noise_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
