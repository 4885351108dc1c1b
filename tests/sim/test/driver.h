/* SPDX-License-Identifier: MIT */
/*
 * What a minimal driver does to the device, for tests: through registers and memory
 * only, and each step by itself, so that a test can leave one out, change its values or
 * do it twice.  t_start() and t_queue_start() do all of it in the right order.
 *
 * Nothing here judges: steps return what happened, and the tests assert.  Without
 * memory they abort.
 */
#ifndef T_DRIVER_H
#define T_DRIVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hisi_qm_regs.h"
#include "hisi_zip_regs.h"
#include "hisi_zip_sqe.h"
#include "inproc.h"
#include "sim.h"

/* Long enough for a busy machine with sanitizers; nothing takes that long. */
#define T_WAIT_MS	60000

/* How long a step is waited for: that, unless a fault is to hold it up for ever. */
extern unsigned int t_wait_ms;

#define T_QUEUES	64		/* what t_start() gives the function */
#define T_EQ_DEPTH	128
#define T_AEQ_DEPTH	64

/* ---- the device and its memory ---- */

/* Memory that the device reaches from bus on, and not a byte around it. */
struct t_mem {
	uint8_t *p;
	uint64_t bus;
	size_t len;
};

/* An EQ or AEQ. */
struct t_ring {
	struct t_mem mem;		/* of its entries, 4 bytes each */
	uint32_t depth;
	uint32_t head;
	unsigned int phase;		/* of the next entry */
};

struct t_dev {
	struct sim *sim;
	struct inproc *host;
	struct sim_config config;	/* as created */
	uint64_t next_bus;
	pthread_mutex_t lock;		/* next_bus, the mailbox, eq and aeq */
	struct t_mem context;		/* for mailbox commands */
	struct t_mem sqc_table, cqc_table;
	struct t_ring eq, aeq;
	uint32_t events[T_QUEUES];	/* EQEs seen by t_eq_handle(), of each queue */
};

/*
 * A model of that revision, or with config of that one, on a host of its own; nothing
 * is started.  The model logs its violations to stderr unless config says otherwise.
 */
void t_dev_create(struct t_dev *dev, uint8_t revision);
void t_dev_create_with(struct t_dev *dev, const struct sim_config *config);
/* With what t_start() allocated; other t_mem before. */
void t_dev_destroy(struct t_dev *dev);

/* Zeroed, at an address of the bus never used before, with nothing around it. */
void t_alloc(struct t_dev *dev, struct t_mem *mem, size_t len, size_t align,
	     bool writable);
void t_free(struct t_dev *dev, struct t_mem *mem);

/* ---- registers, of BAR 2 ---- */

uint32_t t_read(struct t_dev *dev, uint64_t offset);
uint64_t t_read64(struct t_dev *dev, uint64_t offset);
void t_write(struct t_dev *dev, uint64_t offset, uint32_t value);
void t_write64(struct t_dev *dev, uint64_t offset, uint64_t value);
/* Until the bits of mask are value; false after T_WAIT_MS. */
bool t_read_until(struct t_dev *dev, uint64_t offset, uint32_t mask, uint32_t value);

/* ---- mailbox ---- */

/* The 16 bytes, busy set. */
struct hisi_qm_mailbox t_mailbox_make(uint8_t cmd, uint16_t queue, uint64_t addr,
				      bool read);
/* As one access. */
void t_mailbox_write(struct t_dev *dev, const struct hisi_qm_mailbox *mb);
/* The status when it is no longer busy, or -ETIMEDOUT. */
int t_mailbox_wait(struct t_dev *dev);
uint64_t t_mailbox_addr(struct t_dev *dev);
/* The three together; wait until not busy before, too.  One thread at a time. */
int t_mailbox(struct t_dev *dev, uint8_t cmd, uint16_t queue, uint64_t addr, bool read);
/* Load or dump a context of len bytes, by way of dev->context. */
int t_context_load(struct t_dev *dev, uint8_t cmd, uint16_t queue, const void *c,
		   size_t len);
int t_context_dump(struct t_dev *dev, uint8_t cmd, uint16_t queue, void *c,
		   size_t len);

/* ---- the function: 0, a mailbox status, or -ETIMEDOUT ---- */

int t_mem_init(struct t_dev *dev);
/* AXI, caches and cores as a driver sets them; errors unmasked. */
void t_hw_init(struct t_dev *dev);
void t_errors_init(struct t_dev *dev);
int t_vft_write(struct t_dev *dev, uint32_t type, uint32_t function, uint64_t data);
int t_vft_read(struct t_dev *dev, uint32_t type, uint32_t function, uint64_t *data);
uint64_t t_vft_sqc(uint32_t base, uint32_t count);
/* Depth 0: as the ring is.  The ring is zeroed, and begins anew. */
int t_eq_start(struct t_dev *dev, uint32_t depth);
int t_aeq_start(struct t_dev *dev, uint32_t depth);
/* SQC_BT and CQC_BT */
int t_tables_start(struct t_dev *dev);
/* Ring both event doorbells and unmask both interrupts, or mask them. */
void t_events_on(struct t_dev *dev);
void t_events_off(struct t_dev *dev);
/* All of that, with T_QUEUES queues; also after t_reset(). */
int t_start(struct t_dev *dev);
/* Mask, and release the queues. */
int t_stop(struct t_dev *dev);
/* FLR: every queue and ring has to be started again. */
void t_reset(struct t_dev *dev);

/* ---- queues ---- */

struct t_queue {
	struct t_dev *dev;
	uint16_t id;
	uint32_t depth;
	struct t_mem sq, cq;
	struct hisi_qm_sqc sqc;		/* as t_queue_load() sends them */
	struct hisi_qm_cqc cqc;
	uint16_t random;		/* of the doorbells */
	uint32_t tail;			/* next slot to fill */
	uint32_t pending;		/* filled, and no completion taken */
	uint32_t cq_head;
	unsigned int phase;		/* of the next CQE */
};

/* Allocate its rings and make the contexts: a test may change them before it loads. */
void t_queue_init(struct t_queue *q, struct t_dev *dev, uint16_t id, uint32_t type,
		  uint32_t depth);
/* The same with rings that are there: not for t_queue_free() then. */
void t_queue_init_at(struct t_queue *q, struct t_dev *dev, uint16_t id,
		     uint32_t type, uint32_t depth, const struct t_mem *sq,
		     const struct t_mem *cq);
/* Zero the CQ, begin anew, and load the SQ's and the CQ's context. */
int t_queue_load(struct t_queue *q);
/* Both. */
int t_queue_start(struct t_queue *q, struct t_dev *dev, uint16_t id, uint32_t type,
		  uint32_t depth);
/* Wait until the device has answered all: by dumps of the two contexts. */
int t_queue_drain(struct t_queue *q);
/* The same by STOP_QP. */
int t_queue_stop(struct t_queue *q);
void t_queue_free(struct t_queue *q);

void t_doorbell(struct t_dev *dev, uint32_t queue, uint32_t cmd, uint16_t random,
		uint16_t index, uint16_t priority);
struct hisi_zip_sqe *t_slot(struct t_queue *q, uint32_t index);
/* Fill the next slot; its index, or -EBUSY if only one is free. */
int t_put(struct t_queue *q, const struct hisi_zip_sqe *sqe);
/* The doorbell for what was put. */
void t_ring(struct t_queue *q);
/* Both. */
int t_send(struct t_queue *q, const struct hisi_zip_sqe *sqe);
/* The device has written the next CQE. */
bool t_cqe_ready(struct t_queue *q);
/*
 * Take the next completion; *sqe: the slot as the device left it.  Its index, -EAGAIN
 * if there is none, -ERANGE if it is outside the ring.
 */
int t_take(struct t_queue *q, struct hisi_zip_sqe *sqe);
/* Wait for it; -ETIMEDOUT. */
int t_recv(struct t_queue *q, struct hisi_zip_sqe *sqe);
/* The doorbell for what was taken. */
void t_cq_ring(struct t_queue *q, bool c_flag);
/* Send, wait, take, doorbell: 0 or negative. */
int t_run(struct t_queue *q, struct hisi_zip_sqe *sqe);

/* ---- events ---- */

/* Take the next entry; false if there is none.  No doorbell. */
bool t_ring_take(struct t_ring *r, uint32_t *entry);
/* As the interrupt handler: take what is there, doorbell.  How many they were. */
unsigned int t_eq_handle(struct t_dev *dev);
/* AEQEs into events[max]; how many, with a doorbell if any. */
unsigned int t_aeq_handle(struct t_dev *dev, uint32_t *events, unsigned int max);

/* ---- requests ---- */

/* One stateless request of flat buffers, of the type the revision has. */
void t_sqe_make(struct hisi_zip_sqe *sqe, const struct t_dev *dev, uint8_t alg,
		uint64_t src, uint32_t in_len, uint64_t dst, uint32_t out_len);
uint32_t t_sqe_status(const struct hisi_zip_sqe *sqe);
void t_sqe_set_tag(struct hisi_zip_sqe *sqe, uint64_t tag);
uint64_t t_sqe_tag(const struct hisi_zip_sqe *sqe);

struct t_piece {
	uint64_t bus;
	uint32_t len;
};

/*
 * Memory for lists of at most per_list entries each, and making them there; aligned to
 * HISI_SGL_ALIGN by the caller.
 */
size_t t_sgl_size(size_t pieces, size_t per_list);
void t_sgl_make(struct t_mem *mem, const struct t_piece *pieces, size_t n,
		size_t per_list);

#endif
