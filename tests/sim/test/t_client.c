// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "t_client.h"

void t_send(int fd, const void *data, size_t len, const int *fds, unsigned int nr_fds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(64 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	assert_true(nr_fds <= 64);
	if (nr_fds) {
		struct cmsghdr *c;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nr_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nr_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &msg, MSG_NOSIGNAL), len);
}

uint16_t t_post(int fd, uint16_t command, uint32_t flags, const void *body, size_t len,
		const int *fds, unsigned int nr_fds)
{
	static uint16_t id;
	uint8_t data[sizeof(struct vfio_user_header) + 8192];
	struct vfio_user_header header = {
		.id = ++id,
		.command = command,
		.size = (uint32_t)(sizeof(header) + len),
		.flags = flags,
	};

	assert_true(len <= sizeof(data) - sizeof(header));
	memcpy(data, &header, sizeof(header));
	if (len)
		memcpy(data + sizeof(header), body, len);
	t_send(fd, data, header.size, fds, nr_fds);
	return header.id;
}

static size_t receive(int fd, void *buf, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t have = 0;

	while (have < len) {
		ssize_t n;

		assert_int_equal(poll(&pfd, 1, T_TIMEOUT_MS), 1);
		n = recv(fd, (uint8_t *)buf + have, len - have, 0);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return have;
}

int t_reply(int fd, uint16_t id, uint16_t command, struct t_reply *reply)
{
	struct vfio_user_header *h = &reply->header;

	assert_int_equal(receive(fd, h, sizeof(*h)), sizeof(*h));
	assert_int_equal(h->id, id);
	assert_int_equal(h->command, command);
	assert_in_range(h->size, sizeof(*h), sizeof(*h) + sizeof(reply->body));
	reply->len = h->size - sizeof(*h);
	assert_int_equal(receive(fd, reply->body, reply->len), reply->len);
	if (h->flags == VFIO_USER_IS_REPLY) {
		assert_int_equal(h->error, 0);
		return 0;
	}
	assert_int_equal(h->flags, VFIO_USER_IS_REPLY | VFIO_USER_ERROR);
	assert_int_equal(reply->len, 0);
	assert_int_not_equal(h->error, 0);
	return (int)h->error;
}

/* No reply is larger than its request, but for what was read. */
static void check_size(uint16_t command, size_t len, const struct t_reply *reply)
{
	if (command != VFIO_USER_REGION_READ)
		assert_true(reply->len <= len);
}

int t_call(int fd, uint16_t command, const void *body, size_t len, struct t_reply *reply)
{
	struct t_reply none;
	struct t_reply *r = reply ? reply : &none;
	int ret = t_reply(fd, t_post(fd, command, 0, body, len, NULL, 0), command, r);

	check_size(command, len, r);
	return ret;
}

int t_call_fds(int fd, uint16_t command, const void *body, size_t len, const int *fds,
	       unsigned int nr_fds)
{
	uint16_t id = t_post(fd, command, 0, body, len, fds, nr_fds);
	struct t_reply reply;
	int ret = t_reply(fd, id, command, &reply);

	check_size(command, len, &reply);
	return ret;
}

void t_expect_closed(int fd)
{
	uint8_t byte;

	assert_int_equal(receive(fd, &byte, 1), 0);
}

void t_agree(int fd)
{
	static const char body[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8,"
				   "\"max_data_xfer_size\":1048576,\"pgsizes\":4096,"
				   "\"max_dma_maps\":65535,\"write_multiple\":true}}";
	struct t_reply reply;

	assert_int_equal(t_call(fd, VFIO_USER_VERSION, body, sizeof(body), &reply), 0);
	assert_memory_equal(reply.body, "\0\0\0\0", 4);
	assert_true(reply.len > 4);
	assert_int_equal(reply.body[reply.len - 1], 0);
	assert_non_null(strstr((char *)reply.body + 4, "\"write_multiple\":true"));
}

int t_map(int fd, uint64_t addr, uint64_t size, int file, uint64_t offset,
	  uint32_t flags)
{
	struct vfio_user_dma_map map = {
		.argsz = sizeof(map), .flags = flags,
		.offset = offset, .addr = addr, .size = size,
	};

	return t_call_fds(fd, VFIO_USER_DMA_MAP, &map, sizeof(map), &file, file >= 0);
}

int t_unmap(int fd, uint64_t addr, uint64_t size, uint32_t flags)
{
	struct vfio_user_dma_unmap unmap = {
		.argsz = sizeof(unmap), .flags = flags, .addr = addr, .size = size,
	};
	struct t_reply reply;
	int ret = t_call(fd, VFIO_USER_DMA_UNMAP, &unmap, sizeof(unmap), &reply);

	if (!ret) {
		assert_int_equal(reply.len, sizeof(unmap));
		assert_memory_equal(reply.body, &unmap, sizeof(unmap));
	}
	return ret;
}

int t_read(int fd, uint32_t region, uint64_t offset, void *data, uint32_t count)
{
	struct vfio_user_access access = { offset, region, count };
	struct t_reply reply;
	int ret = t_call(fd, VFIO_USER_REGION_READ, &access, sizeof(access), &reply);

	if (!ret) {
		assert_int_equal(reply.len, sizeof(access) + count);
		assert_memory_equal(reply.body, &access, sizeof(access));
		memcpy(data, reply.body + sizeof(access), count);
	}
	return ret;
}

int t_write(int fd, uint32_t region, uint64_t offset, const void *data, uint32_t count)
{
	struct vfio_user_access access = { offset, region, count };
	uint8_t body[sizeof(access) + 4096];

	assert_true(count <= 4096);
	memcpy(body, &access, sizeof(access));
	memcpy(body + sizeof(access), data, count);
	return t_call(fd, VFIO_USER_REGION_WRITE, body, sizeof(access) + count, NULL);
}

int t_set_irqs(int fd, uint32_t flags, uint32_t start, uint32_t count, const int *fds,
	       unsigned int nr_fds)
{
	struct vfio_user_set_irqs set = {
		.argsz = sizeof(set), .flags = flags, .index = VFIO_USER_IRQ_MSI,
		.start = start, .count = count,
	};

	return t_call_fds(fd, VFIO_USER_SET_IRQS, &set, sizeof(set), fds, nr_fds);
}
