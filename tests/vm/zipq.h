/* SPDX-License-Identifier: MIT */
/*
 * Queues of a ZIP engine by bare system calls, for tests of the kernel modules: nothing
 * of libwd is in the way.  Memory for data is the SS region of the queue, where the
 * device takes bus addresses.
 */
#ifndef ZIPQ_H
#define ZIPQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "hw/hisi_qm_regs.h"
#include "hw/hisi_zip_sqe.h"
#include "misc/uacce/uacce.h"

/* What the queue files of a QM have beyond uacce: Linux's <misc/uacce/hisi_qm.h>. */
struct zipq_ctx {
	uint16_t id;   /* out */
	uint16_t type; /* in */
};

struct zipq_info {
	uint32_t sqe_size;
	uint16_t sq_depth;
	uint16_t cq_depth;
	uint64_t reserved;
};

#define ZIPQ_SET_CTX  _IOWR('H', 10, struct zipq_ctx)
#define ZIPQ_SET_INFO _IOWR('H', 11, struct zipq_info)

/* The last words of the DUS region: nothing is to be received, or submitted, any more. */
#define ZIPQ_RX_STOP 8
#define ZIPQ_TX_STOP 4

#define ZIPQ_SLICES  16

struct zipq {
	int fd;
	unsigned int type; /* HZIP_QUEUE_* */
	unsigned int id;
	unsigned int version; /* as api says: 2, 3 */
	uint32_t sq_depth, cq_depth;
	size_t dus_size, mmio_size, ss_size;
	char *dus, *ss;
	volatile char *mmio;
	struct {
		uint64_t addr, size;
	} slices[ZIPQ_SLICES]; /* of ss, in order */
	unsigned int n_slices;
	uint32_t sq_tail, cq_head, in_flight;
	bool phase;
	bool silent; /* set by whoever does not tell the device what it has received */
};

/* A request: data is where the process sees it, in ss. */
struct zipq_work {
	const void *in;
	void *out;
	uint32_t in_len, out_len;
	uint32_t alg;	 /* HZIP_ALG_* */
	uint32_t window; /* HZIP_WINDOW_* */
	uint32_t tag;
};

struct zipq_result {
	uint32_t tag;
	uint32_t status; /* HZIP_STATUS_* */
	uint32_t consumed, produced;
};

/* The name of the ZIP engine's queue file: $WD_VM_DEVICE, or the first one's. */
const char *zipq_device(void);

/* What its sysfs file @name says, less the last newline; ends the program if there is none. */
const char *zipq_text(const char *name);
unsigned long zipq_number(const char *name);

/* Each returns 0 or a negative errno. */
int zipq_open(struct zipq *q);		      /* the file alone */
int zipq_map(struct zipq *q, size_t ss_size); /* all regions */
int zipq_start(struct zipq *q, unsigned int type);
int zipq_begin(struct zipq *q, unsigned int type,
	       size_t ss_size); /* all of these */
void zipq_end(struct zipq *q);

/* One of the two words, ZIPQ_RX_STOP or ZIPQ_TX_STOP. */
uint32_t zipq_flag(const struct zipq *q, size_t from_end);

/* Whether it will do nothing any more. */
bool zipq_is_dead(const struct zipq *q);

/* Put it into the ring; -EBUSY if that is full, -EFAULT if its data is not in ss. */
int zipq_submit(struct zipq *q, const struct zipq_work *work);
/* Tell the device of all that were; -ENXIO if the queue is dead. */
int zipq_ring(struct zipq *q);

/*
 * The next result: 0; -ENXIO if the queue is dead, -ETIMEDOUT, -EPROTO if the device
 * wrote what makes no sense.
 */
int zipq_receive(struct zipq *q, struct zipq_result *result, int timeout_ms);

#endif
