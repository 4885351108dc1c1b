/* SPDX-License-Identifier: MIT */
/*
 * The inside of struct wd_queue, for the queue core alone.
 */
#ifndef WD_QUEUE_H
#define WD_QUEUE_H

#include "drv/driver.h"
#include "internal.h"

struct wd_queue_priv {
	struct wd_driver_ops ops;	/* complete */
	void *ctx;			/* the driver's */
	char device[WD_NAME_MAX];
	struct wd_fork_guard guard;
};

static inline struct wd_queue_priv *wd_queue_priv(const struct wd_queue *q)
{
	return q ? q->priv : NULL;
}

#endif
