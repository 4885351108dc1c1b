/* SPDX-License-Identifier: MIT */
/*
 * A queue file of a device behind HiSilicon's queue manager (QM): its two rings,
 * doorbells and phases, and the words with which the kernel ends it.
 *
 * What is in a request is the driver's.  Requests are numbered by inflight.h, and their
 * SQEs lie at these numbers modulo the ring's depth.
 *
 * Threads: one sends, one receives, and either may ring.
 */
#ifndef WD_HISI_QM_H
#define WD_HISI_QM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hw/hisi_qm_regs.h>

#include "../barrier.h"
#include "../transport/transport.h"
#include "bounce.h"
#include "inflight.h"

/*
 * struct hisi_qm_rings - one queue file
 * @no_send, @no_recv: the kernel's words, at the end of the DUS region: not 0 when
 *             nothing is to be sent, or received, any more.  A device that is gone
 *             shows ones, there too
 * @sq_depth, @cq_depth: entries; the first is a power of two
 * @batch:     entries of the CQ that are taken before the device is told
 * @room:      requests in flight, at most: they, and what the device was not told to
 *             have been taken, fit into the CQ
 * @pool:      memory for requests of a device without SVA
 * @sq_bell, @cq_bell: its doorbells, but for the index
 */
struct hisi_qm_rings {
	/* the same from hisi_qm_open() on */
	const struct wd_transport_ops *tr;
	int handle;
	uint8_t *dus, *mmio;
	size_t dus_size, mmio_size;
	const uint32_t *no_send, *no_recv;
	const struct hisi_qm_cqe *cq;
	uint32_t sqe_size, sq_depth, cq_depth;
	uint32_t batch, room;
	struct bounce pool;

	/* from hisi_qm_start() on, but for what @flight says itself */
	uint64_t sq_bell, cq_bell;
	struct inflight flight;

	/* of whoever gives it up; then nobody writes to its doorbells any more */
	atomic_bool ended;

	/* the receiver's */
	uint32_t cq_head;
	uint16_t phase;	     /* of the next entry that is new */
	bool armed;	     /* the next one is told of by an event */
	uint32_t untold;     /* taken, and the device does not know */
	atomic_bool telling; /* who gives it up reads that */
};

/*
 * Open a queue of @dev for entries of @sqe_size bytes, with memory for requests if the
 * device does not reach the process's own: 0 or a negative errno, -EPROTO for rings that
 * cannot be.  It is not started: which requests it takes is not known.
 */
int hisi_qm_open(struct hisi_qm_rings *r, const struct wd_transport_ops *tr,
		 const struct wd_transport_dev *dev, uint32_t sqe_size);

/*
 * Start it, for requests of @type; @slot_size as for inflight_init().  0 or a negative
 * errno; then it can be tried again.
 */
int hisi_qm_start(struct hisi_qm_rings *r, uint16_t type, size_t slot_size);

/*
 * Nobody uses one that was started any more: stop it.  False: the device may still touch
 * memory of its requests.  Not in a child process.
 */
bool hisi_qm_end(struct hisi_qm_rings *r);

/*
 * Nobody uses it any more, and if it was started it was ended.  @forked: only memory and
 * descriptor, in a child process.  What the slots point to was the driver's to free.
 */
void hisi_qm_close(struct hisi_qm_rings *r, bool forked);

/* The entry at @at, below the depth. */
static inline void *hisi_qm_sqe_at(const struct hisi_qm_rings *r, uint32_t at)
{
	return r->dus + (size_t)at * r->sqe_size;
}

/* The entry of request @number. */
static inline void *hisi_qm_sqe(const struct hisi_qm_rings *r, uint32_t number)
{
	return hisi_qm_sqe_at(r, number & (r->sq_depth - 1));
}

/* Memory that a device may change at any time is read a single time. */
static inline uint32_t hisi_qm_read(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/*
 * Tell the device of all that was sent.  0, or -ENODEV if the kernel does not want that:
 * then the queue is to be given up.
 */
int hisi_qm_ring_untold(struct hisi_qm_rings *r);

static inline int hisi_qm_ring(struct hisi_qm_rings *r)
{
	return inflight_untold(&r->flight) ? hisi_qm_ring_untold(r) : 0;
}

/* ---- for who receives ---- */

/* The next entry of the CQ, if it is new; what is in it is read once. */
static inline const struct hisi_qm_cqe *
hisi_qm_entry(const struct hisi_qm_rings *r)
{
	const struct hisi_qm_cqe *cqe = &r->cq[r->cq_head];
	uint16_t w7 = __atomic_load_n(&cqe->w7, __ATOMIC_ACQUIRE);

	if ((w7 & QM_CQE_PHASE) != r->phase)
		return NULL;
	wd_barrier_after_cqe();
	return cqe;
}

static inline bool hisi_qm_is_stopped(const struct hisi_qm_rings *r)
{
	return hisi_qm_read(r->no_recv);
}

/* The place in the SQ that it says is done: may be anything. */
static inline uint32_t hisi_qm_entry_of(const struct hisi_qm_cqe *cqe)
{
	return __atomic_load_n(&cqe->sq_head, __ATOMIC_RELAXED);
}

/* Tell the device what was taken, and whether it shall tell of the next by an event. */
void hisi_qm_tell(struct hisi_qm_rings *r, bool arm);

/* The entry was taken, with all that it told of. */
static inline void hisi_qm_taken(struct hisi_qm_rings *r)
{
	if (++r->cq_head == r->cq_depth) {
		r->cq_head = 0;
		r->phase ^= QM_CQE_PHASE;
	}
	/* If there was to be an event, there was one. */
	r->armed = false;
	if (++r->untold == r->batch)
		hisi_qm_tell(r, false);
}

/* There will be an event when there is an entry: at once if there is one already. */
static inline void hisi_qm_arm(struct hisi_qm_rings *r)
{
	if (!r->armed)
		hisi_qm_tell(r, true);
}

#endif
