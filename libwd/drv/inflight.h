/* SPDX-License-Identifier: MIT */
/*
 * What a device has been given and not yet given back: for drivers of devices with
 * rings.  Nothing here knows of a device.
 *
 * Each request in flight has a slot, of which the driver's own begins with a struct
 * inflight_slot and goes on with what results are compared with.  Requests have
 * numbers that only ever count up; a request's number is its tag, and its slot is at
 * that number modulo their count.  As a tag counts as long as the queue lives, a
 * second result for a request is not taken for one of the next in its slot.
 *
 * Threads: one sends, one receives, and either may ring.  Which of them a field
 * belongs to is said with it.
 */
#ifndef WD_INFLIGHT_H
#define WD_INFLIGHT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../work.h"
#include "patience.h"

/*
 * The sender's while it is not @taken, the receiver's while it is.
 *
 * @tag:  its number
 * @work: what it is for
 */
struct inflight_slot {
	atomic_bool taken;
	uint32_t tag;
	struct wd_work work;
};

struct inflight {
	/* the same from inflight_init() to inflight_exit() */
	uint8_t *slots;
	size_t slot_size;
	uint32_t mask;
	uint32_t room;
	int (*let_go)(void *ctx, int err);
	void *ctx;

	/* the sender's; the receiver reads it */
	atomic_uint tail;		/* requests sent */

	/* of whoever rings: who has set @ringing; the other one reads @told */
	atomic_bool ringing;
	atomic_uint told;		/* of @tail, to the device */

	/* the receiver's; the sender reads @head */
	atomic_uint head;		/* results taken */
	uint32_t buried;		/* slots looked through, of a dead queue */
	struct patience patience;

	/* of whoever gives the queue up, first come, under @ending; all read @dead */
	pthread_mutex_t ending;
	atomic_int dead;		/* why, as a negative errno; 0 while it lives */
	atomic_bool held;		/* the device has not let go of it */
	atomic_bool abandoned;		/* it may keep what it holds */
};

/*
 * For up to @room requests, in slots of @slot_size bytes, all zero.  @let_go: makes the
 * device let go of all memory, because of @err, or 0 if the reason is known already;
 * returns 0 when it has, and is called again if it has not.  0 or -ENOMEM.
 */
int inflight_init(struct inflight *f, uint32_t room, size_t slot_size,
		  int (*let_go)(void *ctx, int err), void *ctx);

/* Also in a child process, and of one that is zero. */
void inflight_exit(struct inflight *f);

/* Slot @i of inflight_slots(). */
static inline struct inflight_slot *inflight_place(const struct inflight *f,
						   uint32_t i)
{
	return (void *)(f->slots + i * f->slot_size);
}

/* The slot of request @number. */
static inline struct inflight_slot *inflight_at(const struct inflight *f, uint32_t number)
{
	return inflight_place(f, number & f->mask);
}

static inline uint32_t inflight_slots(const struct inflight *f)
{
	return f->slots ? f->mask + 1 : 0;
}

/* Why the queue was given up, or 0. */
static inline int inflight_dead(const struct inflight *f)
{
	return atomic_load_explicit(&f->dead, memory_order_acquire);
}

/* ---- for who sends ---- */

/* Whether all that was sent has come back. */
static inline bool inflight_idle(const struct inflight *f)
{
	return atomic_load_explicit(&f->tail, memory_order_relaxed) ==
	       atomic_load_explicit(&f->head, memory_order_acquire);
}

/*
 * The slot for the next request, with its tag; NULL if there is no room.  Not for a
 * dead queue.
 */
static inline struct inflight_slot *inflight_next(struct inflight *f)
{
	uint32_t tail = atomic_load_explicit(&f->tail, memory_order_relaxed);
	struct inflight_slot *slot = inflight_at(f, tail);

	if (tail - atomic_load_explicit(&f->head, memory_order_acquire) >= f->room)
		return NULL;
	/* If the device has lost an old one, and answered later ones. */
	if (atomic_load_explicit(&slot->taken, memory_order_acquire))
		return NULL;
	slot->tag = tail;
	return slot;
}

int inflight_take_back(struct inflight *f, struct inflight_slot *slot);

/* Make what is in the slot a request in flight, for @work.  0 or -ENODEV. */
static inline int inflight_put(struct inflight *f, struct inflight_slot *slot,
			       const struct wd_work *work)
{
	slot->work = *work;
	atomic_store_explicit(&slot->taken, true, memory_order_release);
	atomic_store(&f->tail, slot->tag + 1);
	return atomic_load(&f->dead) ? inflight_take_back(f, slot) : 0;
}

/*
 * Forget what the device has not been told of; returns how many requests.  No other
 * thread is inside; of a dead queue some may have come back already.
 */
unsigned int inflight_drop(struct inflight *f);

/* ---- for who rings ---- */

/* Whether the device has not been told of all that was sent. */
static inline bool inflight_untold(const struct inflight *f)
{
	return atomic_load_explicit(&f->tail, memory_order_acquire) !=
	       atomic_load_explicit(&f->told, memory_order_relaxed);
}

/*
 * Reading the tail, ringing and noting that is for one at a time, or a doorbell would
 * go back:
 *
 *	while (inflight_untold(f) && inflight_begin_ring(f, &tail)) {
 *		write the doorbell;
 *		inflight_end_ring(f, tail);
 *		a full barrier, and what else there is to do
 *	}
 *
 * Who comes second does not wait: who rings looks at the tail again when it has stopped
 * ringing, after a barrier, and the other one has written it before it looked whether
 * somebody rings.
 */
static inline bool inflight_begin_ring(struct inflight *f, uint32_t *tail)
{
	if (atomic_exchange(&f->ringing, true))
		return false;
	*tail = atomic_load_explicit(&f->tail, memory_order_acquire);
	return true;
}

static inline void inflight_end_ring(struct inflight *f, uint32_t tail)
{
	atomic_store_explicit(&f->told, tail, memory_order_relaxed);
	atomic_store_explicit(&f->ringing, false, memory_order_release);
}

/* ---- for who receives ---- */

/* How many results were taken, which is the number of the next. */
static inline uint32_t inflight_head(const struct inflight *f)
{
	return atomic_load_explicit(&f->head, memory_order_relaxed);
}

/*
 * The slot that a result with @tag belongs to, when the device tells of @results more;
 * NULL if there is none.
 */
static inline struct inflight_slot *inflight_find(const struct inflight *f, uint32_t tag,
						  uint32_t results)
{
	uint32_t tail = atomic_load_explicit(&f->tail, memory_order_acquire);
	struct inflight_slot *slot = inflight_at(f, tag);

	if (results > tail - inflight_head(f) ||
	    !atomic_load_explicit(&slot->taken, memory_order_acquire))
		return NULL;
	return slot->tag == tag ? slot : NULL;
}

/* The same, of a single result that tells the slot's place @at, which is one. */
static inline struct inflight_slot *inflight_find_at(const struct inflight *f,
						     uint32_t at, uint32_t tag)
{
	uint32_t tail = atomic_load_explicit(&f->tail, memory_order_acquire);
	struct inflight_slot *slot = inflight_place(f, at);

	if (tail == inflight_head(f) ||
	    !atomic_load_explicit(&slot->taken, memory_order_acquire))
		return NULL;
	return slot->tag == tag ? slot : NULL;
}

/* The result was taken, and the device knows that: the slot is the sender's again. */
static inline void inflight_free(struct inflight *f, struct inflight_slot *slot)
{
	f->patience.waiting = false;
	atomic_store_explicit(&f->head, inflight_head(f) + 1, memory_order_release);
	atomic_store_explicit(&slot->taken, false, memory_order_release);
}

/* Whether there is nothing to wait for, while the queue lives. */
bool inflight_none(struct inflight *f);

/*
 * There is no answer at @now_ns, as somebody has just looked.  Without one for a time
 * that patience.h has, the device counts as lost, and the queue is given up: returns
 * the nanoseconds left until then, 0 when it has come to that.
 */
int64_t inflight_patience(struct inflight *f, int64_t now_ns);

/* ---- the end ---- */

/*
 * Give the queue up because of @err.  The device lets go of all memory first; only then
 * may anybody believe that it has.  Whoever comes second waits for that.  Of one that
 * was given up, and is held, the device is asked once more.
 */
void inflight_bury(struct inflight *f, int err);

/* A dead queue whose requests' memory the device may still touch: none comes back. */
static inline bool inflight_held(const struct inflight *f)
{
	return atomic_load_explicit(&f->held, memory_order_acquire) &&
	       !atomic_load_explicit(&f->abandoned, memory_order_acquire);
}

/*
 * What is held comes back nevertheless, for who leaves the memory to the device for as long
 * as the process lives.  No other thread is inside.
 */
void inflight_abandon(struct inflight *f);

/* The requests of a dead queue come back one by one; false: that was all. */
bool inflight_exhume(struct inflight *f, struct wd_work *done);

/*
 * Nobody sends or receives any more.  Have the device let go of what is in flight; if
 * it has any, wait for that, but not for ever.  false: it may still touch that memory, or
 * what was abandoned.
 */
bool inflight_end(struct inflight *f);

/* Nothing came of @req. */
void inflight_fail(struct wd_comp_req *req, int status);

#endif
