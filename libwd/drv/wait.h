/* SPDX-License-Identifier: MIT */
/*
 * How who receives waits for a device: by looking for a while, which costs less than a
 * system call, then asleep.  For how long it looks, it learns.
 */
#ifndef WD_WAIT_H
#define WD_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "../work.h"
#include "inflight.h"

/*
 * struct waiter_ops - what there is to wait for
 * @flight: number @i of what is in flight, NULL after the last; while somebody waits,
 *          others may be added at the end
 * @look:   whether there may be a result
 * @take:   the next result, if there is one
 * @arm:    have the device say so when there is a result; not set: it always does.  Then
 *          who waits looks once more
 * @sleep:  until there may be one: 1, 0 after @timeout_ms, or a negative errno: the
 *          device is gone
 */
struct waiter_ops {
	struct inflight *(*flight)(void *ctx, unsigned int i);
	bool (*look)(void *ctx);
	bool (*take)(void *ctx, struct wd_work *done);
	void (*arm)(void *ctx);
	int (*sleep)(void *ctx, int timeout_ms);
};

/* Belongs to who receives. */
struct waiter {
	const struct waiter_ops *ops;
	void *ctx;
	int64_t spin_max_ns, spin_ns;
	int64_t held_ns; /* since when a device does not let go; 0: none */
};

void wait_init(struct waiter *w, const struct waiter_ops *ops, void *ctx);

/*
 * When there is no result: wait for one, as wd_queue_recv() does.  A device that is
 * gone, or has not answered for a long time, is given up meanwhile; what it had been
 * given comes back from there, once the device has let go of it.  -EIO if it does not
 * for a long time.
 */
int wait_result(struct waiter *w, struct wd_work *done, int timeout_ms);

/*
 * A device that was given up does not let go of what is in flight.  It does not tell when
 * it does: that is seen by asking.
 */
bool wait_is_held(const struct waiter *w);

/*
 * wd_queue_abandon(), once that has been asked for a second.  false: not yet, or nothing is
 * held.
 */
bool wait_abandon(struct waiter *w);

/* Give up all that is in flight because of @err, in their order.  Any thread. */
void wait_give_up(const struct waiter_ops *ops, void *ctx, int err);

#endif
