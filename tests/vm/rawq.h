/* SPDX-License-Identifier: MIT */
/*
 * Queues of the dummy accelerator by bare system calls, for tests of the kernel
 * modules: nothing of libwd is in the way.
 */
#ifndef RAWQ_H
#define RAWQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <misc/uacce/uacce.h>
#include <misc/uacce/wd_dummy.h>

struct rawq {
	int fd;
	size_t dus_size, mmio_size;
	volatile struct wd_dummy_ring *ring;
	volatile struct wd_dummy_doorbell *doorbell;
	uint32_t depth, sq_off, cq_off;	/* as the ring said when it was mapped */
	uint32_t sq_tail, cq_head;
	uint32_t wakes, polls;		/* system calls made */
};

/* The device tests use: $WD_VM_DEVICE, or wd_dummy-0. */
const char *rawq_device(void);

/* A number in its sysfs directory; ends the program if there is none. */
unsigned long rawq_attr(const char *name);

/* Each returns 0 or a negative errno. */
int rawq_open(struct rawq *q);			/* the file alone */
int rawq_map(struct rawq *q);			/* both regions */
int rawq_start(struct rawq *q);
int rawq_stop(struct rawq *q);
int rawq_begin(struct rawq *q);			/* all of these */
void rawq_unmap(struct rawq *q);
void rawq_end(struct rawq *q);

/* Errno of mapping a region of @size bytes, 0 if it worked; @p: where, or NULL. */
int rawq_try_map(const struct rawq *q, unsigned int region, size_t size, int prot,
		 int flags, void **p);

/* Either doorbell, and what the header asks for after it. */
void rawq_ring_sq(struct rawq *q, uint32_t tail);
void rawq_ring_cq(struct rawq *q, uint32_t head);

bool rawq_has_room(struct rawq *q);		/* for one more request */
void rawq_submit(struct rawq *q, const struct wd_dummy_sqe *sqe);

/* The next result; 0, or -ETIMEDOUT, -EIO for an error or hang-up of the file. */
int rawq_receive(struct rawq *q, struct wd_dummy_cqe *cqe, int timeout_ms);

/* One request there and back: its status, or a negative errno. */
int rawq_run(struct rawq *q, const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe);

/* A request to copy. */
struct wd_dummy_sqe rawq_copy(const void *in, size_t in_len, void *out, size_t out_cap);

#endif
