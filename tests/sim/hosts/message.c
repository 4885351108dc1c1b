// SPDX-License-Identifier: MIT
/*
 * Messages on the socket: see message.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "message.h"

int message_init(struct message *m)
{
	memset(m, 0, sizeof(*m));
	m->body = malloc(MESSAGE_BODY_MAX);
	return m->body ? 0 : -ENOMEM;
}

void message_close_fds(struct message *m)
{
	while (m->nr_fds)
		close(m->fds[--m->nr_fds]);
	m->fds_lost = false;
}

void message_free(struct message *m)
{
	message_close_fds(m);
	free(m->body);
	m->body = NULL;
}

static int wait_for(int fd, short events, int stop)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = events },
		{ .fd = stop, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return fds[1].revents ? -ECANCELED : 0;
}

static void keep_fd(struct message *m, int fd)
{
	if (m->nr_fds < MESSAGE_FDS) {
		m->fds[m->nr_fds++] = fd;
		return;
	}
	m->fds_lost = true;
	close(fd);
}

static void take_fds(struct message *m, struct msghdr *msg)
{
	if (msg->msg_flags & MSG_CTRUNC)
		m->fds_lost = true;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			keep_fd(m, fd);
		}
	}
}

static ssize_t receive_some(struct message *m, int fd, void *buf, size_t len)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
	} control;
	struct iovec iov = { buf, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return -errno;
	take_fds(m, &msg);
	return n;
}

static int receive(struct message *m, int fd, int stop, void *buf, size_t len)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = receive_some(m, fd, (uint8_t *)buf + have, len - have);

		if (n == -EAGAIN) {
			int ret = wait_for(fd, POLLIN, stop);

			if (ret)
				return ret;
		} else if (n < 0 && n != -EINTR) {
			return (int)n;
		} else if (!n) {
			return have ? -EPROTO : -ENOTCONN;
		} else if (n > 0) {
			have += (size_t)n;
		}
	}
	return 0;
}

int message_receive(struct message *m, int fd, int stop)
{
	int ret;

	message_close_fds(m);
	m->len = 0;
	/* Also from a client that never pauses. */
	ret = wait_for(fd, POLLIN, stop);
	if (!ret)
		ret = receive(m, fd, stop, &m->header, sizeof(m->header));
	if (ret)
		return ret;
	if (m->header.size < sizeof(m->header) ||
	    m->header.size - sizeof(m->header) > MESSAGE_BODY_MAX)
		return -EMSGSIZE;
	m->len = m->header.size - sizeof(m->header);
	ret = receive(m, fd, stop, m->body, m->len);
	return ret == -ENOTCONN ? -EPROTO : ret;
}

int message_send(int fd, int stop, const struct vfio_user_header *header,
		 const void *body, size_t len)
{
	struct iovec iov[] = {
		{ (void *)header, sizeof(*header) },
		{ (void *)body, len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	while (iov[0].iov_len || iov[1].iov_len) {
		ssize_t n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			int ret = wait_for(fd, POLLOUT, stop);

			if (ret)
				return ret;
			continue;
		}
		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < 2 && n > 0; i++) {
			size_t part = iov[i].iov_len;

			if (part > (size_t)n)
				part = (size_t)n;
			iov[i].iov_base = (uint8_t *)iov[i].iov_base + part;
			iov[i].iov_len -= part;
			n -= (ssize_t)part;
		}
	}
	return 0;
}
