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
bool wd_fork_guard_ok(const struct wd_fork_guard *guard);

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
 * Every slot must be set.
 *
 * @name:    driver name, as in struct wd_device
 * @list:    fill up to @max entries, return how many devices there are
 * @open:    make a queue on @dev; sets @q->depth, @q->workers, @q->fd, *@ctx
 * @close:   release it; @forked: only the memory, in a child process
 * @send:    as wd_send()
 * @flush:   as wd_flush()
 * @recv:    as wd_recv_sync()
 * @drop:    forget what was sent and has not begun; returns how many requests
 * @share:   as wd_mem_share()
 * @unshare: as wd_mem_unshare()
 */
struct wd_driver_ops {
	const char *name;
	int (*list)(struct wd_device *dev, int max);
	int (*open)(struct wd_queue *q, const struct wd_device *dev, void **ctx);
	void (*close)(void *ctx, bool forked);
	int (*send)(void *ctx, void *req);
	int (*flush)(void *ctx);
	int (*recv)(void *ctx, void **req, int timeout_ms);
	unsigned int (*drop)(void *ctx);
	int (*share)(void *ctx, const void *addr, size_t size);
	void (*unshare)(void *ctx, const void *addr, size_t size);
};

extern const struct wd_driver_ops wd_soft_driver;

/*
 * struct wd_transport_ops - how a driver reaches its device's queue file
 *
 * Drivers for devices use nothing else to touch the system, so that a test can
 * stand in for the kernel.
 *
 * @name:  transport name
 * @open:  open the queue file of device @name; a handle or a negative errno
 * @close: close it
 * @ctl:   an ioctl on it
 * @map:   map @size bytes of region @region; NULL with *@err set on failure
 * @unmap: undo @map
 * @poll:  wait until it is readable: 1, 0 after @timeout_ms, negative errno
 */
struct wd_transport_ops {
	const char *name;
	int (*open)(const char *name);
	void (*close)(int handle);
	int (*ctl)(int handle, unsigned long request, void *arg);
	void *(*map)(int handle, unsigned int region, size_t size, int *err);
	void (*unmap)(void *addr, size_t size);
	int (*poll)(int handle, int timeout_ms);
};

/* Forget what was sent to @q and has not begun; returns how many requests. */
unsigned int wd_queue_drop(struct wd_queue *q);

/* The driver called @name, or NULL. */
const struct wd_driver_ops *wd_driver_find(const char *name);

/* Whether the space-separated list @algs has @alg. */
bool wd_algs_have(const char *algs, const char *alg);

#endif
