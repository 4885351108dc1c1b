/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A software accelerator: what its files share.
 *
 * device.c has the devices and what uacce asks of them, engine.c the thread behind
 * each queue, codec.c what it does with a request, gzip.c the formats' headers.
 */
#ifndef _WD_DUMMY_H
#define _WD_DUMMY_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "uacce.h"
#include "uapi/misc/uacce/wd_dummy.h"

#define DUMMY_ERRORS	64	/* that are remembered, at most */

/**
 * struct dummy_faults - what tests ask for, most for so many requests to come
 * @fail: end them with WD_DUMMY_EIO, and count that as an error of the device
 * @flip: turn a bit of their output around
 * @lose: never answer
 * @deny: fail what is asked through sysfs, that is so many reads and writes
 * @linger: say that the queue has not come to rest, though it has; so many stops
 * @pasid: what the next queues are bound as
 * @flip_each: as @flip, but of each so many requests, for good; 0 for none
 * @answers: counted for that
 */
struct dummy_faults {
	atomic_t fail;
	atomic_t flip;
	atomic_t lose;
	atomic_t deny;
	atomic_t linger;
	atomic_t pasid;
	atomic_t flip_each;
	atomic_t answers;
};

static inline bool dummy_lies(struct dummy_faults *faults)
{
	unsigned int each = atomic_read(&faults->flip_each);

	return each && (unsigned int)atomic_inc_return(&faults->answers) % each == 0;
}

static inline bool dummy_take_fault(atomic_t *n)
{
	return atomic_read(n) > 0 && atomic_dec_if_positive(n) >= 0;
}

/**
 * struct dummy_limit - what a device may use, by its number; stays when it goes
 * @free: queues that can be opened.  One that was closed is in use until its
 *	thread has ended, also if the device has gone and come back meanwhile
 * @late: threads that were stopped and have not ended in time
 */
struct dummy_limit {
	atomic_t free;
	atomic_t late;
};

/**
 * struct dummy_device - one device
 * @uacce: its queues
 * @dev: the platform device
 * @depth: entries of a ring
 * @limit: see there
 * @poll_ns: how long a thread looks for requests before it sleeps, at most
 * @requests: how many were done
 * @idle: how often a thread slept and was right to: it had looked for requests as
 *	long as it may, or none came for as long
 * @faults: see there
 * @debugfs: the directory of the counters and faults
 * @errors_lock: protects the fields after it
 * @threshold: how many errors within an hour put it aside, 0 for never
 * @errors: when they were, in seconds since boot; the oldest is overwritten
 * @n_errors: of them, since @threshold was set
 */
struct dummy_device {
	struct uacce_device *uacce;
	struct device *dev;
	u32 depth;
	struct dummy_limit *limit;
	u64 poll_ns;
	atomic64_t requests;
	atomic64_t idle;
	struct dummy_faults faults;
	struct dentry *debugfs;

	spinlock_t errors_lock;		/* the errors */
	u32 threshold;
	time64_t errors[DUMMY_ERRORS];
	u32 n_errors;
};

struct dummy_codec;

/**
 * struct dummy_queue - one queue
 * @ref: the queue file has one, and its thread while there is one
 * @limit: of its device
 * @dd: its device; @gate
 * @uq: the core's view of it; @gate
 * @mm: the address space of its owner; only the struct is held
 * @sva: requests carry pointers, not bus addresses
 * @depth: entries of a ring
 * @poll_ns: how long to look for requests before sleeping, at most
 * @ring: the DUS region, the core's; @gate
 * @doorbell: the MMIO region
 * @sq_head: requests taken; like @cq_tail never read back from shared memory
 * @cq_tail: results given; read by poll
 * @nonsense: a doorbell made no sense, and the process has not been told
 * @spin_ns: how long to look for requests before sleeping
 * @thread: while the queue is started, or it has not ended yet
 * @gate: the thread touches the process's memory, the rings, @dd and @uq only
 *	with it and without @stop
 * @stop: it shall end; set with @gate, so that nothing is touched from then on
 * @running: it has not ended; @gate
 * @closed: the queue file is closed, or its device gone; @gate
 * @late: it is counted in @limit; @gate
 * @stopped: it has ended
 * @awake: WD_DUMMY_CMD_WAKE came
 * @wake: where it sleeps
 * @codec: its memory; made with the first request
 */
struct dummy_queue {
	struct kref ref;
	struct dummy_limit *limit;
	struct dummy_device *dd;
	struct uacce_queue *uq;
	struct mm_struct *mm;
	bool sva;
	u32 depth;
	u64 poll_ns;
	struct wd_dummy_ring *ring;
	struct wd_dummy_doorbell *doorbell;
	u32 sq_head;
	u32 cq_tail;
	bool nonsense;
	u64 spin_ns;
	struct task_struct *thread;
	struct mutex gate;		/* see above */
	bool stop;
	bool running;
	bool closed;
	bool late;
	struct completion stopped;
	bool awake;
	wait_queue_head_t wake;
	struct dummy_codec *codec;
};

/* device.c */
void dummy_count_error(struct dummy_device *dd);
void dummy_queue_release(struct kref *ref);

/* engine.c */
int dummy_start(struct dummy_queue *q);
void dummy_begin_stop(struct dummy_queue *q);
void dummy_stop(struct dummy_queue *q);
void dummy_wake(struct dummy_queue *q);
void dummy_call(struct dummy_queue *q);
bool dummy_has_results(const struct dummy_queue *q);
void dummy_await_threads(void);

static inline size_t dummy_sq_off(void)
{
	return PAGE_SIZE;
}

static inline size_t dummy_cq_off(u32 depth)
{
	return dummy_sq_off() + depth * sizeof(struct wd_dummy_sqe);
}

static inline size_t dummy_ring_size(u32 depth)
{
	return PAGE_ALIGN(dummy_cq_off(depth) +
			  depth * sizeof(struct wd_dummy_cqe));
}

/* codec.c */

/* A request, checked and safe from changes, and its outcome. */
struct dummy_job {
	struct wd_dummy_sqe sqe;
	struct wd_dummy_cqe cqe;
	bool fail, flip, lose;		/* see struct dummy_faults */
};

void dummy_run(struct dummy_queue *q, struct dummy_job *job);
void dummy_codec_free(struct dummy_codec *codec);

/* gzip.c */

#define DUMMY_HEAD_MAX	10u	/* bytes that are written */
#define DUMMY_TAIL_MAX	8u

u32 dummy_head_write(u8 *p, enum wd_dummy_format format, u8 level);
u32 dummy_tail_write(u8 *p, enum wd_dummy_format format, u32 sum, u32 len);
u32 dummy_tail_size(enum wd_dummy_format format);
u32 dummy_sum_add(enum wd_dummy_format format, u32 sum, const u8 *p, u32 len);
u32 dummy_sum_empty(enum wd_dummy_format format);
int dummy_head_parse(const u8 *p, u32 len, enum wd_dummy_format format);
bool dummy_tail_ok(const u8 *p, enum wd_dummy_format format, u32 sum, u32 len);

#endif
