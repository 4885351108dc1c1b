/* SPDX-License-Identifier: MIT */
/*
 * Requests in flight: what is not done for each one of them.
 */
#include <stdlib.h>
#include <time.h>

#include "../internal.h"
#include "inflight.h"

#define SELDOM		__attribute__((noinline, cold))

#define ASK_MS		10 /* between two questions whether a device has let go */

int inflight_init(struct inflight *f, uint32_t room, size_t slot_size,
		  int (*let_go)(void *ctx, int err), void *ctx)
{
	uint32_t slots = 1;

	while (slots < room)
		slots *= 2;
	*f = (struct inflight){
		.slots = calloc(slots, slot_size),
		.slot_size = slot_size,
		.mask = slots - 1,
		.room = room,
		.let_go = let_go,
		.ctx = ctx,
		.ending = PTHREAD_MUTEX_INITIALIZER,
	};
	return f->slots ? 0 : -ENOMEM;
}

void inflight_exit(struct inflight *f)
{
	free(f->slots);
	f->slots = NULL;
}

/*
 * The queue is dead: the receiver is emptying the slots, and may be past this one.  A
 * device that has not let go may have been told of it meanwhile: then it comes back like
 * the rest.
 */
SELDOM int inflight_take_back(struct inflight *f, struct inflight_slot *slot)
{
	if (atomic_load(&f->held))
		return 0;
	if (!atomic_exchange(&slot->taken, false))
		return 0;
	atomic_store(&f->tail, slot->tag);
	return -ENODEV;
}

unsigned int inflight_drop(struct inflight *f)
{
	uint32_t told = atomic_load(&f->told), tail = atomic_load(&f->tail);
	unsigned int n = 0;

	while (tail != told)
		if (atomic_exchange(&inflight_at(f, --tail)->taken, false))
			n++;
	atomic_store(&f->tail, tail);
	return n;
}

SELDOM bool inflight_none(struct inflight *f)
{
	if (atomic_load_explicit(&f->tail, memory_order_relaxed) != inflight_head(f))
		return false;
	f->patience.waiting = false;
	return true;
}

/* Of requests in flight, as far as they are the receiver's to look at. */
static uint64_t bytes_in_flight(const struct inflight *f)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < inflight_slots(f); i++) {
		const struct inflight_slot *slot = inflight_at(f, i);

		if (atomic_load_explicit(&slot->taken, memory_order_acquire))
			bytes += slot->work.req->in_len;
	}
	return bytes;
}

SELDOM int64_t inflight_patience(struct inflight *f, int64_t now_ns)
{
	struct patience *p = &f->patience;
	int64_t left;

	patience_look(p, now_ns, patience_counts(p) ? bytes_in_flight(f) : 0);
	left = patience_least() - p->waited_ns;
	if (left <= 0)
		left = patience_limit(p, bytes_in_flight(f)) - p->waited_ns;
	if (left > 0)
		return left;
	inflight_bury(f, -ETIMEDOUT);
	return 0;
}

SELDOM void inflight_bury(struct inflight *f, int err)
{
	int dead;

	pthread_mutex_lock(&f->ending);
	dead = atomic_load(&f->dead);
	if (!dead || inflight_held(f))
		atomic_store(&f->held, f->let_go(f->ctx, dead ? 0 : err));
	if (!dead)
		atomic_store(&f->dead, err);
	pthread_mutex_unlock(&f->ending);
}

SELDOM void inflight_abandon(struct inflight *f)
{
	atomic_store(&f->abandoned, true);
}

SELDOM bool inflight_exhume(struct inflight *f, struct wd_work *done)
{
	int err = atomic_load(&f->dead);

	while (!inflight_held(f) && f->buried < inflight_slots(f)) {
		struct inflight_slot *slot = inflight_at(f, f->buried++);

		if (!atomic_exchange(&slot->taken, false))
			continue;
		*done = slot->work;
		inflight_fail(done->req, err);
		return true;
	}
	return false;
}

static bool has_any(const struct inflight *f)
{
	for (uint32_t i = 0; i < inflight_slots(f); i++)
		if (atomic_load(&inflight_at(f, i)->taken))
			return true;
	return false;
}

SELDOM bool inflight_end(struct inflight *f)
{
	const struct timespec pause = { .tv_nsec = ASK_MS * 1000000L };
	int left = has_any(f) ? wd_stall_ms : 0;

	while (f->let_go(f->ctx, 0)) {
		if (left <= 0)
			return !has_any(f) && !atomic_load(&f->abandoned);
		nanosleep(&pause, NULL);
		left -= ASK_MS;
	}
	return true;
}

SELDOM void inflight_fail(struct wd_comp_req *req, int status)
{
	req->status = status;
	req->consumed = 0;
	req->produced = 0;
	req->result = 0;
}
