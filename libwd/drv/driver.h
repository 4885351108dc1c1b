/* SPDX-License-Identifier: MIT */
/*
 * What a driver is.
 */
#ifndef WD_DRIVER_H
#define WD_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "../internal.h"

/*
 * struct wd_driver_ops - how one kind of device is driven
 *
 * Every slot must be set but those that say what NULL means.
 *
 * @name:    driver name, as in struct wd_device
 * @list:    fill up to @max entries, return how many devices there are
 * @open:    make a queue on @dev; sets @q->depth, @q->workers, @q->fd, *@ctx
 * @close:   release it; @forked: only the memory, in a child process
 * @send:    as wd_queue_send()
 * @flush:   as wd_flush()
 * @recv:    as wd_queue_recv()
 * @drop:    forget what was sent and has not begun; returns how many requests
 * @event_fd: a descriptor that polls readable when there may be something to
 *           receive, or -1; may be made at the first call.  NULL: @q->fd
 * @event_seen: it did, and @recv will look; NULL: nothing to do
 * @share:   as wd_mem_share()
 * @unshare: as wd_mem_unshare()
 */
struct wd_driver_ops {
	const char *name;
	int (*list)(struct wd_device *dev, int max);
	int (*open)(struct wd_queue *q, const struct wd_device *dev, void **ctx);
	void (*close)(void *ctx, bool forked);
	int (*send)(void *ctx, const struct wd_work *work);
	int (*flush)(void *ctx);
	int (*recv)(void *ctx, struct wd_work *done, int timeout_ms);
	unsigned int (*drop)(void *ctx);
	int (*event_fd)(void *ctx);
	void (*event_seen)(void *ctx);
	int (*share)(void *ctx, const void *addr, size_t size);
	void (*unshare)(void *ctx, const void *addr, size_t size);
};

/* A driver of a test's, after all others; NULL. */
extern const struct wd_driver_ops *wd_extra_driver;

extern const struct wd_driver_ops wd_soft_driver;
extern const struct wd_driver_ops wd_dummy_driver;

/* A device that has not answered for so long counts as lost; tests make it less. */
extern int wd_stall_ms;

/* The driver called @name, or NULL. */
const struct wd_driver_ops *wd_driver_find(const char *name);

#endif
