/* SPDX-License-Identifier: MIT */
/*
 * The vfio-user protocol's messages on a Unix stream socket: layouts, and how one is
 * received and sent.  What they mean is in vfio_user.c.
 */
#ifndef SIM_MESSAGE_H
#define SIM_MESSAGE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is told in the version's capabilities */
#define MESSAGE_FDS		16u
#define MESSAGE_DATA_MAX	(1u << 20)

enum vfio_user_command {
	VFIO_USER_VERSION = 1,
	VFIO_USER_DMA_MAP,
	VFIO_USER_DMA_UNMAP,
	VFIO_USER_GET_INFO,
	VFIO_USER_GET_REGION_INFO,
	VFIO_USER_GET_REGION_IO_FDS,
	VFIO_USER_GET_IRQ_INFO,
	VFIO_USER_SET_IRQS,
	VFIO_USER_REGION_READ,
	VFIO_USER_REGION_WRITE,
	VFIO_USER_DMA_READ,
	VFIO_USER_DMA_WRITE,
	VFIO_USER_RESET,
	VFIO_USER_DIRTY_PAGES,
	VFIO_USER_WRITE_MULTI,
};

struct vfio_user_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;			/* with the header */
	uint32_t flags;
	uint32_t error;			/* errno */
};
static_assert(sizeof(struct vfio_user_header) == 16, "on the wire");

#define VFIO_USER_TYPE		0x0fu
#define VFIO_USER_IS_COMMAND	0x00u
#define VFIO_USER_IS_REPLY	0x01u
#define VFIO_USER_NO_REPLY	0x10u
#define VFIO_USER_ERROR		0x20u

struct vfio_user_version {
	uint16_t major, minor;
	char capabilities[];		/* JSON with its NUL, or nothing */
};

struct vfio_user_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;		/* in the file */
	uint64_t addr;
	uint64_t size;
};
static_assert(sizeof(struct vfio_user_dma_map) == 32, "on the wire");

#define VFIO_USER_MAP_READ	0x1u
#define VFIO_USER_MAP_WRITE	0x2u

struct vfio_user_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
};
static_assert(sizeof(struct vfio_user_dma_unmap) == 24, "on the wire");

#define VFIO_USER_UNMAP_ALL	0x2u

struct vfio_user_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t regions;
	uint32_t irqs;
};
static_assert(sizeof(struct vfio_user_info) == 16, "on the wire");

#define VFIO_USER_INFO_RESET	0x1u
#define VFIO_USER_INFO_PCI	0x2u

/* A PCI device's regions: its BARs, its ROM, its configuration space, VGA. */
#define VFIO_USER_REGION_CONFIG	7u
#define VFIO_USER_REGIONS	9u

struct vfio_user_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};
static_assert(sizeof(struct vfio_user_region_info) == 32, "on the wire");

#define VFIO_USER_REGION_READABLE	0x1u
#define VFIO_USER_REGION_WRITABLE	0x2u

/* INTx, MSI, MSI-X, errors, requests to let go */
#define VFIO_USER_IRQ_MSI	1u
#define VFIO_USER_IRQS		5u

struct vfio_user_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};
static_assert(sizeof(struct vfio_user_irq_info) == 16, "on the wire");

#define VFIO_USER_IRQ_EVENTFD	0x1u
#define VFIO_USER_IRQ_NORESIZE	0x8u

struct vfio_user_set_irqs {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
};
static_assert(sizeof(struct vfio_user_set_irqs) == 20, "on the wire");

#define VFIO_USER_SET_NONE	0x01u
#define VFIO_USER_SET_EVENTFD	0x04u
#define VFIO_USER_SET_TRIGGER	0x20u

struct vfio_user_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};
static_assert(sizeof(struct vfio_user_access) == 16, "on the wire");

/* One of those that follow the number of them. */
struct vfio_user_write {
	struct vfio_user_access access;
	uint8_t data[8];
};
static_assert(sizeof(struct vfio_user_write) == 24, "on the wire");

#define MESSAGE_BODY_MAX	(sizeof(struct vfio_user_access) + MESSAGE_DATA_MAX)

struct message {
	struct vfio_user_header header;
	uint8_t *body;			/* MESSAGE_BODY_MAX */
	size_t len;
	int fds[MESSAGE_FDS];
	unsigned int nr_fds;
	bool fds_lost;			/* there were more */
};

/* -ENOMEM */
int message_init(struct message *m);
void message_free(struct message *m);
void message_close_fds(struct message *m);

/*
 * Wait for a message, and for all of it.  0, -ENOTCONN if the other end closed instead,
 * -EPROTO if it closed within the message, -EMSGSIZE if the size cannot be (the header
 * is there, the rest was not read), -ECANCELED if stop became readable, or another
 * error of the socket.
 */
int message_receive(struct message *m, int fd, int stop);

/* Header and body; 0, -ECANCELED, or an error of the socket. */
int message_send(int fd, int stop, const struct vfio_user_header *header,
		 const void *body, size_t len);

#endif
