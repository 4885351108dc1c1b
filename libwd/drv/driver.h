/* SPDX-License-Identifier: MIT */
/*
 * What a driver is.
 */
#ifndef WD_DRIVER_H
#define WD_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "../internal.h"

#define WD_DRIVER_APIS	4	/* that a driver can serve */
#define WD_DRIVER_ALGS	4 /* that tell a device from others with that api */

/*
 * struct wd_driver_ops - how one kind of device is driven
 *
 * A driver has what it can do, and says so; defaults.c fills the other slots with
 * what is right for a device that can not, or has no need to.  Calls go through a
 * complete table.
 *
 * @name:    driver name, as in struct wd_device
 * @api:     it serves the devices whose layout has a name that begins so
 * @algs:    of those, the ones that have one of these algorithms; not set: all
 * @list:    without @api: fill up to @max entries, return how many devices there
 *           are; none if not set
 * @open:    make a queue on @dev; sets @q->depth, @q->workers, @q->fd, *@ctx
 * @close:   release it; @forked: only the memory, in a child process
 * @send:    as wd_queue_send(); refuses all if not set
 * @flush:   as wd_flush(); not set: there is no doorbell
 * @recv:    as wd_queue_recv(): *@done is the work as it was sent, with its result;
 *           not set: nothing is ever in flight
 * @drop:    forget what was sent and has not begun; returns how many requests, none
 *           if not set
 * @abandon: as wd_queue_abandon(); false if not set
 * @event_fd: a descriptor that polls readable when there may be something to
 *           receive, or -1 if only looking tells; may be made at the first call.
 *           @fd: the queue's own, which it is if not set
 * @event_seen: it did, and @recv will look; not set: nothing to do
 * @share, @unshare: as wd_mem_share(); not set: the device reaches whatever the
 *           process can
 * @lend:    memory that the device reaches without a copy; NULL if that is any, or there
 *           is not enough of it, or not set
 * @give_back: take it; false if it is not from there, or not set
 */
struct wd_driver_ops {
	const char *name;
	const char *api[WD_DRIVER_APIS];
	const char *algs[WD_DRIVER_ALGS];
	int (*list)(struct wd_device *dev, int max);
	int (*open)(struct wd_queue *q, const struct wd_device *dev, void **ctx);
	void (*close)(void *ctx, bool forked);
	int (*send)(void *ctx, const struct wd_work *work);
	int (*flush)(void *ctx);
	int (*recv)(void *ctx, struct wd_work *done, int timeout_ms);
	unsigned int (*drop)(void *ctx);
	bool (*abandon)(void *ctx);
	int (*event_fd)(void *ctx, int fd);
	void (*event_seen)(void *ctx);
	int (*share)(void *ctx, const void *addr, size_t size);
	void (*unshare)(void *ctx, const void *addr, size_t size);
	void *(*lend)(void *ctx, size_t size);
	bool (*give_back)(void *ctx, void *p, size_t size);
};

/* A driver of a test's, after all others; NULL. */
extern const struct wd_driver_ops *wd_extra_driver;

/* ---- defaults.c ---- */

/* @ops with no slot empty. */
struct wd_driver_ops wd_driver_complete(const struct wd_driver_ops *ops);

/* The devices that @ops serves, as its @list would tell. */
int wd_driver_list(const struct wd_driver_ops *ops, struct wd_device *list, int max);

/* ---- device.c ---- */

/* The driver called @name, or NULL. */
const struct wd_driver_ops *wd_driver_find(const char *name);

#endif
