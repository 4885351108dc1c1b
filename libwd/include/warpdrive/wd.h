/* SPDX-License-Identifier: MIT */
/*
 * WarpDrive queues: find an accelerator, get a queue, send and receive.
 *
 * A queue is a pair of rings shared with a device, or with worker threads that
 * stand in for one.  What a request looks like belongs to the algorithm:
 * compression requests are struct wd_comp_req of <warpdrive/wd_comp.h>.
 *
 * Functions return 0 or a count on success and a negative errno on failure;
 * they do not touch errno.  wd_strerror() turns the number into a sentence.
 *
 * Structs grow into their reserved words, which are zero today: set by the application
 * in what it fills, by the library in what it fills.
 */
#ifndef WARPDRIVE_WD_H
#define WARPDRIVE_WD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WD_NAME_MAX	64	/* bytes of a device or driver name, with the NUL */
#define WD_ALGS_MAX	256	/* bytes of an algorithm list, with the NUL */
#define WD_REASON_MAX	192	/* bytes of a reason, with the NUL */

/* timeout_ms values of the calls that wait */
#define WD_NO_WAIT	0
#define WD_WAIT_FOREVER	(-1)

enum wd_log_level {
	WD_LOG_ERROR,
	WD_LOG_WARNING,
	WD_LOG_INFO,
	WD_LOG_DEBUG,
};

/*
 * wd_log_fn - receives one message of the library
 * @arg:   the pointer given to wd_set_log()
 * @level: how serious it is
 * @msg:   the text, without a newline; valid during the call only
 *
 * May be called from any thread, several at a time.
 */
typedef void (*wd_log_fn)(void *arg, enum wd_log_level level, const char *msg);

/*
 * wd_set_log() - say where the library's messages go
 * @fn:  the callback, or NULL for silence, which is the default
 * @arg: passed to every call of @fn
 *
 * The only process-wide setting.  Call it before other threads use the library.
 */
void wd_set_log(wd_log_fn fn, void *arg);

/*
 * wd_strerror() - the meaning of a negative return value
 * @err: a value returned by this library, negative or positive
 *
 * Returns a constant string, never NULL.  Any thread.
 */
const char *wd_strerror(int err);

/*
 * wd_version() - the library's version, "major.minor.patch"
 *
 * Returns a constant string.  Any thread.
 */
const char *wd_version(void);

/*
 * wd_cpu_count() - how many CPUs this process may keep busy
 *
 * The affinity mask of the calling thread, limited by the CPU quota of the
 * control group (version 1 or 2, every level up to the root), rounded up.
 *
 * Returns at least 1.  Any thread; reads /proc and /sys at each call.
 */
unsigned int wd_cpu_count(void);

/* What is behind the queues of a device. */
enum wd_device_kind {
	WD_DEVICE_CPU,		/* threads of this process */
	WD_DEVICE_HARDWARE,	/* a device, or what stands in for one in the kernel */
};

/*
 * struct wd_memory_limit - what bounds the memory of this process
 * @bytes:    the limit as it is set; 0 for none
 * @left:     bytes of it that are still to be had
 * @name:     "control group", "address space" (RLIMIT_AS), "data" (RLIMIT_DATA)
 *            or "available memory"; a constant string
 * @reserved: set to 0
 */
struct wd_memory_limit {
	uint64_t bytes;
	uint64_t left;
	const char *name;
	uint64_t reserved[1];
};

/*
 * wd_thread_count() - how many threads fit into memory
 * @fixed: bytes that the work takes with any number of threads
 * @each:  bytes that every thread adds; its stack, and what malloc() sets aside for
 *         it, are added where address space is limited
 * @limit: set to the limit that leads to fewer threads than CPUs, @bytes 0 if there
 *         are as many; may be NULL
 *
 * One for each CPU of wd_cpu_count(), unless they would take more than half of what
 * is left to the control group (version 1 or 2, every level up to the root), half
 * of the memory that the machine has available, or 7/8 of what the limits of the
 * process leave.  The other half is for others, and for cached files.
 *
 * Returns at least 1.  Any thread; reads /proc and /sys at each call.
 */
unsigned int wd_thread_count(uint64_t fixed, uint64_t each,
			     struct wd_memory_limit *limit);

/*
 * struct wd_device - one provider of queues
 * @name:        what wd_request_queue() takes as a device, for example "soft-0"
 * @driver:      the user driver that speaks to it, for example "soft"
 * @algs:        algorithm names, separated by single spaces
 * @free_queues: queues that could be had now; negative if there is no limit, or
 *               none is known
 * @numa_node:   the memory node it sits on, -1 if none
 * @status:      0 when usable, else the negative errno a request would meet
 * @reason:      why it is not usable and what to do; empty when it is
 * @kind:        enum wd_device_kind
 * @reserved:    zero
 */
struct wd_device {
	char name[WD_NAME_MAX];
	char driver[WD_NAME_MAX];
	char algs[WD_ALGS_MAX];
	int32_t free_queues;
	int32_t numa_node;
	int32_t status;
	char reason[WD_REASON_MAX];
	uint32_t kind;
	uint32_t reserved[7];
};

/*
 * wd_device_list() - the devices of this machine, best first
 * @list: set to an array that wd_device_list_free() releases
 *
 * Devices that cannot be used are listed too, with the reason.
 *
 * Returns the number of entries, or -ENOMEM.  Any thread.
 */
int wd_device_list(struct wd_device **list);

/*
 * wd_device_list_free() - release what wd_device_list() returned; NULL is fine
 */
void wd_device_list_free(struct wd_device *list);

/*
 * wd_device_is_called() - whether a name means this device
 * @dev:  an entry of wd_device_list()
 * @name: as in the member device of struct wd_queue: name of a device or driver, "sw",
 *        "hw"
 *
 * Says nothing of whether it can be used.  Any thread.
 */
bool wd_device_is_called(const struct wd_device *dev, const char *name);

/*
 * struct wd_queue - one queue; the caller's own memory
 * @alg:      wanted algorithm, for example "gzip"; NULL for any
 * @device:   wanted device or driver name, "sw" for the CPU, "hw" for any hardware;
 *            NULL for the best that fits
 * @depth:    wanted requests in flight, 0 for the default; set to what was got
 * @workers:  threads behind a soft queue, 0 for wd_cpu_count(), or fewer where
 *            memory is limited; set to what was got, 0 for a hardware queue
 * @flags:    0
 * @fd:       a descriptor that polls readable when requests completed, and always once
 *            the queue was given up, see wd_recv(); or -1.  It is to be waited for only
 *            after wd_recv() has returned -EAGAIN, which asks the device for the event,
 *            and not for ever: that a device has lost a request is found by calling
 *            wd_recv() again, ten times a second
 * @priv:     the library's
 * @reserved: zero
 *
 * Zero it, set the wishes, call wd_request_queue().  Strings are read during
 * that call only.  The struct must stay where it is until wd_release_queue().
 */
struct wd_queue {
	const char *alg;
	const char *device;
	uint32_t depth;
	uint32_t workers;
	int fd;
	uint32_t flags;
	void *priv;
	uint64_t reserved[4];
};

/*
 * wd_request_queue() - get a queue
 * @q: see struct wd_queue
 *
 * Nothing runs yet: worker threads start when requests need them.
 *
 * Returns 0; -ENODEV if no device fits; -EACCES; -EPERM for one that takes addresses of
 * the bus (no SVA), without CAP_SYS_RAWIO; -EBUSY if it has no free queue, or is being
 * reset; -EIO if it is isolated after errors, or does not start; -EOPNOTSUPP if it takes
 * neither kind of address; -EPROTO if what it says of its rings cannot be; -EINVAL,
 * -ENOMEM.
 */
int wd_request_queue(struct wd_queue *q);

/*
 * wd_release_queue() - give a queue back
 * @q: a queue, or NULL, or one that wd_request_queue() refused
 *
 * Waits for requests that a worker or the device has begun; those it has not
 * begun, and completed ones not received, are dropped: their memory is the
 * caller's again on return.  Not so where a device does not let go of it, for which
 * this waits a minute, too: buffers of requests that were not received may be
 * written to until the process ends.  That is logged, and not returned; wd_recv() tells
 * it by -EIO, before.  No other thread may use @q any more.  In a child process created
 * by fork after the queue, only memory is released.
 */
void wd_release_queue(struct wd_queue *q);

/*
 * wd_send() - put one request on the queue
 * @q:   a queue from wd_request_queue()
 * @req: the request, in the algorithm's own struct; the library's until it is
 *       received, with every buffer it names
 *
 * The request may not start before wd_flush() or a call that waits.  One
 * thread may send while another receives; two senders need a lock.
 *
 * Returns 0; -EBUSY if the queue is full, or the memory that a device without SVA
 * reaches, see wd_mem_alloc(): receive something first; -EINVAL for a request that makes
 * no sense; -EOPNOTSUPP for one this device cannot do; -ENODEV if the queue was given up,
 * see wd_recv(), or the device cannot start it for now; -EIO if it does not start; -EPROTO
 * if it says what cannot be; -ENOMEM; -ESTALE after fork.  On failure the request is
 * still the caller's.
 */
int wd_send(struct wd_queue *q, void *req);

/*
 * wd_flush() - start what was sent (ring the doorbell)
 * @q: a queue from wd_request_queue()
 *
 * A soft queue with a single worker begins when something is received.  The thread
 * that sends may call it, and the one that receives, at the same time.
 *
 * Returns 0, -EAGAIN if no worker thread could be started (receiving will do
 * the work instead), -ENODEV, -ESTALE.
 */
int wd_flush(struct wd_queue *q);

/*
 * wd_recv() - take one completed request off the queue, without waiting
 * @q:   a queue from wd_request_queue()
 * @req: set to the pointer given to wd_send(); the caller owns it again
 *
 * Implies wd_flush().  Requests come back in the order they were finished, not
 * the order they were sent.  One thread may receive while another sends; two
 * receivers need a lock.
 *
 * A queue is given up when its device goes away (-ENODEV), does not answer for much
 * longer than it has ever needed, and for a second at least, or for a minute
 * (-ETIMEDOUT), or says what cannot be of what was sent (-EPROTO).  The
 * device is stopped first; then the requests in flight come back with that as
 * their status, and their memory is not touched any more.  As long as the device
 * does not let go of it, they do not come back.
 *
 * Returns 0, -EAGAIN if nothing has completed, -ENODEV if the queue was given up
 * and nothing more will complete on it, -EIO if a device that was given up has not
 * let go of the memory of what is in flight for a minute; -ESTALE after fork.  After
 * -EIO requests and buffers are still not the caller's, and may be written to as long as
 * the process lives; each further call asks the device once more, and gives them back if
 * it has let go.
 */
int wd_recv(struct wd_queue *q, void **req);

/*
 * wd_recv_sync() - take one completed request off the queue, waiting for it
 * @q:          a queue from wd_request_queue()
 * @req:        as in wd_recv()
 * @timeout_ms: milliseconds to wait; WD_NO_WAIT, or WD_WAIT_FOREVER
 *
 * With WD_WAIT_FOREVER a soft queue may run a request in the calling thread
 * instead of waking another one for it.
 *
 * Returns 0, -ETIMEDOUT (-EAGAIN with WD_NO_WAIT), -ENOENT if nothing is in
 * flight, -ENODEV, -EIO, -ESTALE.
 */
int wd_recv_sync(struct wd_queue *q, void **req, int timeout_ms);

/*
 * wd_mem_alloc() - memory for the data of requests
 * @q:    a queue from wd_request_queue()
 * @size: bytes
 *
 * A device without shared virtual addressing (no SVA) reaches a region of its own only,
 * through which data of requests is copied; memory from here is part of that region, half
 * of which is given away at most, then any other.  Data in it is not copied by requests in
 * the direction, compression or decompression, that the queue was used in first.  Other
 * queues take it as any memory.  Its contents are undefined.  Any thread.
 *
 * When the device is removed, the region is gone: from then on it reads as ones, whatever
 * was there.  What is to survive that has to be copied to other memory when its request
 * was received.
 *
 * Returns the memory, which wd_mem_free() releases, before the queue is released; or
 * NULL if there is none.
 */
void *wd_mem_alloc(struct wd_queue *q, size_t size);

/*
 * wd_mem_free() - release what wd_mem_alloc() returned for the same queue and size
 *
 * No request in flight may use it.  NULL is fine.  In a child process created by fork
 * it does nothing.
 */
void wd_mem_free(struct wd_queue *q, void *p, size_t size);

/*
 * wd_mem_share() - let the device behind a queue reach memory
 * @q:    a queue from wd_request_queue()
 * @addr: start of the memory; stays the caller's
 * @size: bytes
 *
 * With shared virtual addressing, and on soft queues, this does nothing and
 * succeeds: a device reaches whatever the process can.  Without, a device reaches
 * what wd_mem_alloc() gave; the data of requests elsewhere is copied.
 *
 * Returns 0, -EINVAL, -ENOMEM, -EOPNOTSUPP if the device cannot reach it,
 * -ESTALE.
 */
int wd_mem_share(struct wd_queue *q, const void *addr, size_t size);

/*
 * wd_mem_unshare() - end wd_mem_share() for the same address and size
 */
void wd_mem_unshare(struct wd_queue *q, const void *addr, size_t size);

#ifdef __cplusplus
}
#endif

#endif
