/* SPDX-License-Identifier: MIT */
/*
 * How who receives waits for a device: by looking for a while, which costs less than a
 * system call, then asleep.  For how long it looks, it learns.
 */
#ifndef WD_WAIT_H
#define WD_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "../transport/transport.h"
#include "../work.h"
#include "inflight.h"

/*
 * struct waiter - belongs to who receives
 * @tr, @handle: the queue file to sleep on
 * @look: whether there may be a result
 * @take: the next result, if there is one
 */
struct waiter {
	const struct wd_transport_ops *tr;
	int handle;
	bool (*look)(void *ctx);
	bool (*take)(void *ctx, struct wd_work *done);
	void *ctx;
	int64_t spin_max_ns, spin_ns;
};

void wait_init(struct waiter *w, const struct wd_transport_ops *tr, int handle,
	       bool (*look)(void *ctx), bool (*take)(void *ctx, struct wd_work *done),
	       void *ctx);

/*
 * When there is no result: wait for one, as wd_queue_recv() does.  A device that is
 * gone, or has not answered for a long time, is given up meanwhile; what it had been
 * given comes back from there.
 */
int wait_result(struct waiter *w, struct inflight *f, struct wd_work *done,
		int timeout_ms);

#endif
