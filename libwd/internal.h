/* SPDX-License-Identifier: MIT */
/*
 * What the parts of libwd share and nobody else sees: logging, the fork guard,
 * memory, queues.
 */
#ifndef WD_INTERNAL_H
#define WD_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
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

/*
 * Of the @have bytes at @to, and @len more at @data, keep the end there, at most @room
 * bytes.  Returns how many.
 */
static inline size_t wd_keep_end(uint8_t *to, size_t have, size_t room,
				 const uint8_t *data, size_t len)
{
	size_t keep;

	if (len >= room) {
		memcpy(to, data + len - room, room);
		return room;
	}
	keep = wd_min(have, room - len);
	memmove(to, to + have - keep, keep);
	if (len)
		memcpy(to + keep, data, len);
	return keep + len;
}

/* Whether the words in which a struct may grow are zero, as they have to be today. */
static inline bool wd_all_zero(const uint64_t *words, size_t n)
{
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all |= words[i];
	return !all;
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
	return guard->forks == wd_forks && *guard->page == WD_GUARD_SET;
}

/* ---- mem.c ---- */

/*
 * Memory for bulk data; @size bytes, the same for both calls.  In large pages, where
 * they are to be had, it is five times as cheap to touch for the first time.
 */
void *wd_alloc_bulk(size_t size);
void wd_free_bulk(void *p, size_t size);

/* ---- queue.c, device.c ---- */

/* wd_send() and wd_recv_sync() of any kind of work, which is copied. */
int wd_queue_send(struct wd_queue *q, const struct wd_work *work);
int wd_queue_recv(struct wd_queue *q, struct wd_work *done, int timeout_ms);

/* Forget what was sent to @q and has not begun; returns how many requests. */
unsigned int wd_queue_drop(struct wd_queue *q);

/*
 * Where a device does not let go of what is in flight, have that come back nevertheless:
 * the memory for its output belongs to the device for as long as the process lives, and
 * cannot be freed or used for anything else.  That is the caller's to see to; so is that
 * no other thread uses @q.  false: it is not so, or the device is not waited for long
 * enough yet.
 */
bool wd_queue_abandon(struct wd_queue *q);

/* A descriptor to wait for @q with others, or -1; and say that it was readable. */
int wd_queue_event_fd(struct wd_queue *q);
void wd_queue_event_seen(struct wd_queue *q);

/* The device of @q; valid until it is released. */
const char *wd_queue_device(const struct wd_queue *q);

/* Whether the work is done by more than CPUs, of this process or of the kernel. */
bool wd_device_is_hardware(const struct wd_device *dev);

/* The device whose workers are the CPU's. */
const char *wd_cpu_device(void);

/* Whether the space-separated list @algs has @alg. */
bool wd_algs_have(const char *algs, const char *alg);

#endif
