/* SPDX-License-Identifier: MIT */
/*
 * The dummy driver: rings and doorbells of the software accelerator of kmod/dummy,
 * which <misc/uacce/wd_dummy.h> describes.  What is in the entries is dummy_sqe.c's.
 *
 * A device that goes away leaves a page of ones where its rings were, and one that is
 * broken, anything.
 *
 * Threads: one may send while another receives, and either may ring; inflight.h says
 * what is whose.
 */
#define log_fmt(f) "dummy: " f
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <misc/uacce/uacce.h>
#include <misc/uacce/wd_dummy.h>

#include "../barrier.h"
#include "../codec/codec.h"
#include "../internal.h"
#include "../transport/transport.h"
#include "bounce.h"
#include "driver.h"
#include "dummy_sqe.h"
#include "inflight.h"
#include "wait.h"

#define SELDOM		__attribute__((noinline, cold))
#define HOT		inline __attribute__((always_inline))

#define LEN_MAX_MIN	4096u	/* bytes that every device takes in a request */

static_assert(sizeof(struct wd_dummy_ring) == 128, "two cache lines");

/* The same from dummy_open() to dummy_close(), but for @flight and @wait. */
struct dummy_queue {
	const struct wd_transport_ops *tr;
	int handle;
	uint8_t *dus;
	struct wd_dummy_ring *ring;
	struct wd_dummy_doorbell *doorbell;
	struct wd_dummy_sqe *sqes;
	const struct wd_dummy_cqe *cqes;
	size_t dus_size, mmio_size;
	uint32_t depth;
	uint32_t len_max;
	struct bounce pool; /* without SVA */
	struct inflight flight;
	struct waiter wait;		/* the receiver's */
};

/* Memory that a device may change at any time is read a single time. */
static uint32_t read_once(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* A device that is gone shows ones. */
static bool is_there(const struct dummy_queue *dq)
{
	return __atomic_load_n(&dq->ring->magic, __ATOMIC_RELAXED) == WD_DUMMY_MAGIC;
}

static struct dummy_slot *slot_of(struct inflight_slot *slot)
{
	return (struct dummy_slot *)slot;
}

/* ---- sending ---- */

static SELDOM int wake(struct dummy_queue *dq)
{
	int ret = dq->tr->ctl(dq->handle, WD_DUMMY_CMD_WAKE, NULL);

	if (ret)
		inflight_bury(&dq->flight, -ENODEV);
	return ret;
}

static int ring(struct dummy_queue *dq)
{
	uint32_t tail;

	while (inflight_untold(&dq->flight) &&
	       inflight_begin_ring(&dq->flight, &tail)) {
		/* The entries are there before they are announced. */
		__atomic_store_n(&dq->doorbell->sq_tail, tail, __ATOMIC_RELEASE);
		inflight_end_ring(&dq->flight, tail);
		/*
		 * The device sets the flag, then looks at the doorbell; we the other
		 * way round.  One of us sees the other.  That goes for whoever is the
		 * last to ring, so nobody needs to be alone from here on.
		 */
		wd_barrier_after_doorbell();
		if (read_once(&dq->ring->asleep) && wake(dq))
			return -ENODEV;
	}
	return 0;
}

static int dummy_flush(void *ctx)
{
	struct dummy_queue *dq = ctx;

	return inflight_dead(&dq->flight) ? -ENODEV : ring(dq);
}

/*
 * 0 or a negative errno.  As long as others are in flight, memory that they hold may be
 * had later; else never.
 */
static SELDOM int bounce(struct dummy_queue *dq, struct dummy_slot *slot,
			 struct wd_dummy_sqe *sqe)
{
	bool idle = inflight_idle(&dq->flight);
	int ret = dummy_bounce(slot, &dq->pool, sqe);

	return ret == -EBUSY && idle ? -EOPNOTSUPP : ret;
}

static int dummy_send(void *ctx, const struct wd_work *work)
{
	struct dummy_queue *dq = ctx;
	int ret = work->kind == WD_WORK_REQUEST ? wd_codec_check(work->req) : 0;
	struct inflight_slot *slot;
	struct wd_dummy_sqe *sqe;

	if (ret)
		return ret;
	if (inflight_dead(&dq->flight))
		return -ENODEV;
	slot = inflight_next(&dq->flight);
	if (!slot)
		return -EBUSY;
	ret = dummy_encode(slot_of(slot), work, dq->len_max);
	if (ret)
		return ret;
	sqe = &dq->sqes[slot->tag & (dq->depth - 1)];
	*sqe = slot_of(slot)->sent;
	if (bounce_is_there(&dq->pool))
		ret = bounce(dq, slot_of(slot), sqe);
	return ret ? ret : inflight_put(&dq->flight, slot, work);
}

static unsigned int dummy_drop(void *ctx)
{
	struct dummy_queue *dq = ctx;
	unsigned int n = inflight_drop(&dq->flight);
	uint32_t tail = atomic_load(&dq->flight.tail);

	for (uint32_t i = 0; i < n && bounce_is_there(&dq->pool); i++)
		bounce_release(
			&dq->pool,
			&slot_of(inflight_at(&dq->flight, tail + i))->bounced);
	return n;
}

/* ---- receiving ---- */

/* Whether there is a result. */
static bool look(void *ctx)
{
	const struct dummy_queue *dq = ctx;

	return read_once(&dq->ring->cq_tail) != inflight_head(&dq->flight);
}

static void read_result(struct dummy_result *res, const struct wd_dummy_cqe *cqe)
{
	res->tag = read_once(&cqe->tag);
	res->status = read_once(&cqe->status);
	res->consumed = read_once(&cqe->consumed);
	res->produced = read_once(&cqe->produced);
	res->checksum = read_once(&cqe->checksum);
}

/* What was copied is right, and the copy is not needed any more. */
static SELDOM bool end_bounce(struct dummy_queue *dq, struct dummy_slot *slot)
{
	if (!bounce_was_there(&dq->pool)) {
		inflight_bury(&dq->flight, -ENODEV);
		return false;
	}
	bounce_release(&dq->pool, &slot->bounced);
	return true;
}

/* The next result, if there is one. */
static HOT bool take(struct dummy_queue *dq, struct wd_work *done)
{
	uint32_t head = inflight_head(&dq->flight);
	uint32_t tail = __atomic_load_n(&dq->ring->cq_tail, __ATOMIC_ACQUIRE);
	struct inflight_slot *slot;
	struct dummy_result res;

	if (tail == head)
		return false;
	read_result(&res, &dq->cqes[head & (dq->depth - 1)]);
	/* An entry read in part from a device that has gone is none. */
	wd_barrier_after_entry();
	if (!is_there(dq)) {
		inflight_bury(&dq->flight, -ENODEV);
		return false;
	}
	slot = inflight_find(&dq->flight, res.tag, tail - head);
	if (slot)
		*done = slot->work;
	if (!slot || !dummy_decode(slot_of(slot), done, &res)) {
		inflight_bury(&dq->flight, -EPROTO);
		return false;
	}
	if (bounce_is_there(&dq->pool) && !end_bounce(dq, slot_of(slot)))
		return false;
	/* There is room for the next result before there is for its request. */
	__atomic_store_n(&dq->doorbell->cq_head, head + 1, __ATOMIC_RELEASE);
	inflight_free(&dq->flight, slot);
	return true;
}

static SELDOM bool take_next(void *ctx, struct wd_work *done)
{
	return take(ctx, done);
}

static struct inflight *flight(void *ctx, unsigned int i)
{
	return i ? NULL : &((struct dummy_queue *)ctx)->flight;
}

static int sleep_on(void *ctx, int timeout_ms)
{
	const struct dummy_queue *dq = ctx;

	return dq->tr->poll(dq->handle, timeout_ms);
}

/* It says so whenever there is a result. */
static const struct waiter_ops waiter_ops = {
	.flight = flight,
	.look = look,
	.take = take_next,
	.sleep = sleep_on,
};

static int dummy_recv(void *ctx, struct wd_work *done, int timeout_ms)
{
	struct dummy_queue *dq = ctx;

	if (inflight_untold(&dq->flight))
		dummy_flush(dq);
	if (!inflight_dead(&dq->flight) && take(dq, done))
		return 0;
	return wait_result(&dq->wait, done, timeout_ms);
}

static bool dummy_abandon(void *ctx)
{
	return wait_abandon(&((struct dummy_queue *)ctx)->wait);
}

static int dummy_event_fd(void *ctx, int fd)
{
	const struct dummy_queue *dq = ctx;

	return wait_is_held(&dq->wait) ? -1 : fd;
}

/* ---- memory ---- */

static int dummy_share(void *ctx, const void *addr, size_t size)
{
	return bounce_share(&((struct dummy_queue *)ctx)->pool, addr, size);
}

static void *dummy_lend(void *ctx, size_t size)
{
	return bounce_lend(&((struct dummy_queue *)ctx)->pool, size);
}

static bool dummy_give_back(void *ctx, void *p, size_t size)
{
	return bounce_give_back(&((struct dummy_queue *)ctx)->pool, p, size);
}

/* ---- queues ---- */

static bool array_fits(const struct dummy_queue *dq, uint32_t offset, size_t size, size_t n)
{
	return offset % size == 0 && offset >= sizeof(struct wd_dummy_ring) &&
	       offset <= dq->dus_size && (dq->dus_size - offset) / size >= n;
}

/* What the device says of its rings has to be possible. */
static int check_ring(struct dummy_queue *dq)
{
	uint32_t depth = read_once(&dq->ring->depth);
	uint32_t len_max = read_once(&dq->ring->len_max);
	uint32_t sq_off = read_once(&dq->ring->sq_off);
	uint32_t cq_off = read_once(&dq->ring->cq_off);

	if (!is_there(dq) || depth < WD_DUMMY_DEPTH_MIN || depth > WD_DUMMY_DEPTH_MAX ||
	    depth & (depth - 1) || len_max < LEN_MAX_MIN)
		return -EPROTO;
	if (!array_fits(dq, sq_off, sizeof(struct wd_dummy_sqe), depth) ||
	    !array_fits(dq, cq_off, sizeof(struct wd_dummy_cqe), depth))
		return -EPROTO;
	dq->depth = depth;
	dq->len_max = len_max;
	dq->sqes = (void *)(dq->dus + sq_off);
	dq->cqes = (void *)(dq->dus + cq_off);
	return 0;
}

static int map_regions(struct dummy_queue *dq)
{
	int ret = 0;

	dq->dus = dq->tr->map(dq->handle, UACCE_QFRT_DUS, dq->dus_size, &ret);
	if (!dq->dus)
		return ret;
	dq->doorbell = dq->tr->map(dq->handle, UACCE_QFRT_MMIO, dq->mmio_size, &ret);
	if (!dq->doorbell) {
		dq->tr->unmap(dq->dus, dq->dus_size);
		return ret;
	}
	dq->ring = (void *)dq->dus;
	return 0;
}

static void unmap_regions(struct dummy_queue *dq)
{
	dq->tr->unmap(dq->doorbell, dq->mmio_size);
	dq->tr->unmap(dq->dus, dq->dus_size);
}

static void free_queue(struct dummy_queue *dq)
{
	for (uint32_t i = 0; i < inflight_slots(&dq->flight); i++)
		free(slot_of(inflight_at(&dq->flight, i))->scratch);
	inflight_exit(&dq->flight);
	free(dq);
}

/* After it, if it was done, the device does not touch the requests' own memory. */
static int let_go(void *ctx, int err)
{
	struct dummy_queue *dq = ctx;
	int ret = wd_transport_stop(dq->tr, dq->handle);

	if (err)
		wd_warn("%s: the queue is given up", wd_strerror(err));
	if (err && ret)
		wd_warn("the device does not let go of it yet: %s",
			wd_strerror(ret));
	return ret && bounce_abandon(&dq->pool) ? 0 : ret;
}

static int begin_queue(struct dummy_queue *dq, const char *name, uint32_t flags)
{
	int ret;

	dq->handle = dq->tr->open(name);
	if (dq->handle < 0)
		return dq->handle;
	ret = map_regions(dq);
	if (ret)
		goto err_close;
	ret = check_ring(dq);
	if (ret)
		goto err_unmap;
	ret = bounce_init(&dq->pool, dq->tr, dq->handle, flags);
	if (ret)
		goto err_unmap;
	ret = inflight_init(&dq->flight, dq->depth, sizeof(struct dummy_slot), let_go, dq);
	if (ret)
		goto err_unmap;
	ret = dq->tr->ctl(dq->handle, UACCE_CMD_START_Q, NULL);
	if (ret)
		goto err_unmap;
	return 0;

err_unmap:
	bounce_exit(&dq->pool, false);
	unmap_regions(dq);
err_close:
	dq->tr->close(dq->handle);
	return ret;
}

static int dummy_open(struct wd_queue *q, const struct wd_device *dev, void **ctx)
{
	struct wd_transport_dev td;
	struct dummy_queue *dq;
	int ret = wd_transport->find(dev->name, &td);

	if (ret)
		return ret;
	dq = calloc(1, sizeof(*dq));
	if (!dq)
		return -ENOMEM;
	dq->tr = wd_transport;
	dq->dus_size = td.region_size[UACCE_QFRT_DUS];
	dq->mmio_size = td.region_size[UACCE_QFRT_MMIO];
	ret = -EPROTO;
	if (dq->dus_size >= sizeof(struct wd_dummy_ring) &&
	    dq->mmio_size >= sizeof(struct wd_dummy_doorbell))
		ret = begin_queue(dq, dev->name, td.flags);
	if (ret) {
		free_queue(dq);
		return ret;
	}
	wait_init(&dq->wait, &waiter_ops, dq);
	q->depth = dq->depth;
	q->workers = 0;
	q->fd = dq->handle;
	*ctx = dq;
	return 0;
}

/*
 * No other thread is inside any more.  A child has neither the mappings nor a say in
 * what happens to the queue.
 */
static void dummy_close(void *ctx, bool forked)
{
	struct dummy_queue *dq = ctx;

	if (!forked) {
		if (!inflight_end(&dq->flight))
			wd_err("the device may still write to memory of its requests");
		unmap_regions(dq);
	}
	bounce_exit(&dq->pool, forked);
	dq->tr->close(dq->handle);
	free_queue(dq);
}

const struct wd_driver_ops wd_dummy_driver = {
	.name = "dummy",
	.api = { WD_DUMMY_API },
	.open = dummy_open,
	.close = dummy_close,
	.send = dummy_send,
	.flush = dummy_flush,
	.recv = dummy_recv,
	.drop = dummy_drop,
	.abandon = dummy_abandon,
	.event_fd = dummy_event_fd,
	.share = dummy_share,
	.lend = dummy_lend,
	.give_back = dummy_give_back,
};
