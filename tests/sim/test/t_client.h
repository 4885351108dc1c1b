/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user client for tests.  Whatever does not come within its time fails the test.
 */
#ifndef SIM_T_CLIENT_H
#define SIM_T_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "message.h"

#define T_TIMEOUT_MS 120000

struct t_reply {
	struct vfio_user_header header;
	size_t len;
	uint8_t body[8192];
};

/* Bytes as they are, with file descriptors. */
void t_send(int fd, const void *data, size_t len, const int *fds, unsigned int nr_fds);
/* A message; its id. */
uint16_t t_post(int fd, uint16_t command, uint32_t flags, const void *body, size_t len,
		const int *fds, unsigned int nr_fds);
/* The reply to that one; its errno. */
int t_reply(int fd, uint16_t id, uint16_t command, struct t_reply *reply);
/* Both; reply may be NULL. */
int t_call(int fd, uint16_t command, const void *body, size_t len, struct t_reply *reply);
int t_call_fds(int fd, uint16_t command, const void *body, size_t len, const int *fds,
	       unsigned int nr_fds);
/* The other end closed, with nothing left to read. */
void t_expect_closed(int fd);

/* Agree on a version. */
void t_agree(int fd);
/* Errno of each. */
int t_map(int fd, uint64_t addr, uint64_t size, int file, uint64_t offset,
	  uint32_t flags);
int t_unmap(int fd, uint64_t addr, uint64_t size, uint32_t flags);
int t_read(int fd, uint32_t region, uint64_t offset, void *data, uint32_t count);
int t_write(int fd, uint32_t region, uint64_t offset, const void *data, uint32_t count);
int t_set_irqs(int fd, uint32_t flags, uint32_t start, uint32_t count, const int *fds,
	       unsigned int nr_fds);

#endif
