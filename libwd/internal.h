/* SPDX-License-Identifier: MIT */
/*
 * What the parts of libwd share and nobody else sees: the driver and transport
 * tables, logging, the fork guard.
 */
#ifndef WD_INTERNAL_H
#define WD_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <warpdrive/wd.h>

#include "work.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define WD_API		__attribute__((visibility("default")))

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "libwd supports little-endian machines only"
#endif

static inline size_t wd_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t wd_max(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Whether the words in which a struct may grow are zero, as they have to be today. */
static inline bool wd_all_zero(const uint64_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (words[i])
			return false;
	return true;
}

#define WD_UNUSED(s)	wd_all_zero((s)->reserved, ARRAY_SIZE((s)->reserved))

/* ---- log.c ---- */

#ifndef log_fmt
#define log_fmt(f) f
#endif

void wd_log(enum wd_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define wd_err(f, ...)	wd_log(WD_LOG_ERROR, log_fmt(f), ##__VA_ARGS__)
#define wd_warn(f, ...)	wd_log(WD_LOG_WARNING, log_fmt(f), ##__VA_ARGS__)
#define wd_dbg(f, ...)	wd_log(WD_LOG_DEBUG, log_fmt(f), ##__VA_ARGS__)

/* ---- fork.c ---- */

/*
 * Tells, without a system call, whether the process is still the one that set
 * the guard.
 */
struct wd_fork_guard {
	volatile uint32_t *page;
	uint32_t forks;
};

void wd_fork_guard_init(struct wd_fork_guard *guard);
void wd_fork_guard_exit(struct wd_fork_guard *guard);

/* How often the process forked, which is fork.c's to count. */
extern volatile uint32_t wd_forks __attribute__((visibility("hidden")));
#define WD_GUARD_SET	0x77647177u

static inline bool wd_fork_guard_ok(const struct wd_fork_guard *guard)
{
	return guard->forks == wd_forks &&
	       (!guard->page || *guard->page == WD_GUARD_SET);
}

/* ---- mem.c ---- */

/*
 * Memory for bulk data; @size bytes, the same for both calls.  In large pages, where
 * they are to be had, it is five times as cheap to touch for the first time.
 */
void *wd_alloc_bulk(size_t size);
void wd_free_bulk(void *p, size_t size);

/* ---- drivers ---- */

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

/* A driver of a test's, behind all others; NULL. */
extern const struct wd_driver_ops *wd_extra_driver;

extern const struct wd_driver_ops wd_soft_driver;
extern const struct wd_driver_ops wd_dummy_driver;

/*
 * struct wd_transport_dev - what a transport tells of a device
 * @name:    of the device and its queue file
 * @api:     which layout its regions have
 * @algs:    algorithm names, separated by single spaces
 * @flags:   UACCE_DEV_ flags of <misc/uacce/uacce.h>
 * @free_queues, @numa_node, @status, @reason: as in struct wd_device
 * @region_size: bytes of the MMIO and the DUS region, 0 if it has none
 */
struct wd_transport_dev {
	char name[WD_NAME_MAX];
	char api[WD_NAME_MAX];
	char algs[WD_ALGS_MAX];
	uint32_t flags;
	int32_t free_queues;
	int32_t numa_node;
	int32_t status;
	char reason[WD_REASON_MAX];
	size_t region_size[2];
};

/*
 * struct wd_transport_ops - how a driver reaches its device's queue file
 *
 * Drivers for devices use nothing else to touch the system, so that a test can
 * stand in for the kernel.
 *
 * @name:  transport name
 * @next:  the device behind number *@pos, which is moved on; begin with 0.
 *         Returns 1, 0 if there is no more
 * @find:  the device called @name: 0 or -ENODEV
 * @open:  open the queue file of device @name; a handle or a negative errno.  The
 *         handle is a descriptor, or -1 if the transport has none to poll
 * @close: close it
 * @ctl:   an ioctl on it, with an integer or a pointer; 0 or a negative errno
 * @map:   map @size bytes of region @region; NULL with *@err set on failure
 * @unmap: undo @map
 * @poll:  wait until it is readable: 1, 0 after @timeout_ms, -ENODEV if the
 *         device is gone, another negative errno
 */
struct wd_transport_ops {
	const char *name;
	int (*next)(unsigned int *pos, struct wd_transport_dev *dev);
	int (*find)(const char *name, struct wd_transport_dev *dev);
	int (*open)(const char *name);
	void (*close)(int handle);
	int (*ctl)(int handle, unsigned long request, void *arg);
	void *(*map)(int handle, unsigned int region, size_t size, int *err);
	void (*unmap)(void *addr, size_t size);
	int (*poll)(int handle, int timeout_ms);
};

/* The character devices of uacce. */
extern const struct wd_transport_ops wd_uacce_transport;

/* A device that has not answered for so long counts as lost; tests make it less. */
extern int wd_stall_ms;

/* What drivers use: wd_uacce_transport, unless a test put something in its place. */
extern const struct wd_transport_ops *wd_transport;

/* wd_send() and wd_recv_sync() of any kind of work, which is copied. */
int wd_queue_send(struct wd_queue *q, const struct wd_work *work);
int wd_queue_recv(struct wd_queue *q, struct wd_work *done, int timeout_ms);

/* Forget what was sent to @q and has not begun; returns how many requests. */
unsigned int wd_queue_drop(struct wd_queue *q);

/* A descriptor to wait for @q with others, or -1; and say that it was readable. */
int wd_queue_event_fd(struct wd_queue *q);
void wd_queue_event_seen(struct wd_queue *q);

/* The device behind @q; valid until it is released. */
const char *wd_queue_device(const struct wd_queue *q);

/* Whether @name is what users may call @dev. */
bool wd_device_is_called(const struct wd_device *dev, const char *name);

/* The device whose workers are the CPU's. */
const char *wd_cpu_device(void);

/* The driver called @name, or NULL. */
const struct wd_driver_ops *wd_driver_find(const char *name);

/* Whether the space-separated list @algs has @alg. */
bool wd_algs_have(const char *algs, const char *alg);

#endif
