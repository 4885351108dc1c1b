/* SPDX-License-Identifier: MIT */
/*
 * The driver of the ZIP engine of Kunpeng servers: which rings a request goes to, and
 * what comes from them.  Rings are hisi_qm.c's, what is in the entries hisi_zip_sqe.c's.
 *
 * A queue of the engine compresses or decompresses.  So a queue of the library is one
 * or two queue files: the first is opened with it, and started for what the first
 * request wants; the second is opened when a request wants the other direction, as most
 * queues are used in one only, and the engine does not have that many.  Whoever waits
 * has one descriptor for both.  If one of them is given up, so is the other.
 *
 * Threads: one may send while another receives, and either may ring; inflight.h says
 * what is whose.
 */
#define log_fmt(f) "hisi_zip: " f
#include <stdlib.h>
#include <string.h>

#include <misc/uacce/hisi_qm.h>
#include <misc/uacce/uacce.h>

#include "../codec/codec.h"
#include "../internal.h"
#include "../transport/transport.h"
#include "driver.h"
#include "hisi_qm.h"
#include "hisi_zip_sqe.h"
#include "inflight.h"
#include "wait.h"

#define SELDOM	   __attribute__((noinline, cold))
#define HOT	   inline __attribute__((always_inline))

#define DIRECTIONS 2u /* HZIP_QUEUE_COMPRESS, HZIP_QUEUE_DECOMPRESS */

static_assert(DIRECTIONS == 2, "they take turns");
static_assert(HZIP_QUEUE_COMPRESS < DIRECTIONS &&
		      HZIP_QUEUE_DECOMPRESS < DIRECTIONS,
	      "a place for each");

struct hisi_zip_queue {
	/* the same from hisi_zip_open() to hisi_zip_close() */
	const struct wd_transport_ops *tr;
	struct wd_transport_dev dev;
	struct hisi_zip_caps caps;
	int group;

	/* in the order of their start; the first is open from the beginning */
	struct hisi_qm_rings rings[DIRECTIONS];
	atomic_uint n_started; /* by the sender; others look at these only */

	/* the sender's */
	struct hisi_qm_rings *of[DIRECTIONS];
	int refused[DIRECTIONS]; /* why there is none, and will not be */
	uint8_t *context;	 /* what the device keeps of @stream; or NULL */
	bool context_kept;	 /* in the pool */
	const struct wd_stateful *stream;

	/* the receiver's */
	struct hisi_qm_rings *next; /* to be looked at first */
	struct waiter wait;
};

static struct hisi_zip_slot *slot_of(struct inflight_slot *slot)
{
	return (struct hisi_zip_slot *)slot;
}

/* ---- all rings ---- */

static HOT unsigned int started(const struct hisi_zip_queue *zq)
{
	return atomic_load_explicit(&zq->n_started, memory_order_acquire);
}

static struct inflight *flight(void *ctx, unsigned int i)
{
	struct hisi_zip_queue *zq = ctx;

	return i < atomic_load(&zq->n_started) ? &zq->rings[i].flight : NULL;
}

static bool look(void *ctx)
{
	const struct hisi_zip_queue *zq = ctx;
	unsigned int n = started(zq);

	for (unsigned int i = 0; i < n; i++)
		if (hisi_qm_entry(&zq->rings[i]) ||
		    hisi_qm_is_stopped(&zq->rings[i]))
			return true;
	return false;
}

static void arm(void *ctx)
{
	struct hisi_zip_queue *zq = ctx;
	unsigned int n = started(zq);

	for (unsigned int i = 0; i < n; i++)
		hisi_qm_arm(&zq->rings[i]);
}

static int sleep_on(void *ctx, int timeout_ms)
{
	const struct hisi_zip_queue *zq = ctx;

	return zq->tr->poll_group(zq->group, timeout_ms);
}

static bool take(void *ctx, struct wd_work *done);

static const struct waiter_ops waiter_ops = {
	.flight = flight,
	.look = look,
	.take = take,
	.arm = arm,
	.sleep = sleep_on,
};

static SELDOM void give_up(struct hisi_zip_queue *zq, int err)
{
	wait_give_up(&waiter_ops, zq, err);
}

/* ---- sending ---- */

/* The event of the first result is not to be missed, so the descriptor comes first. */
static int open_rings(struct hisi_zip_queue *zq, struct hisi_qm_rings *r)
{
	int ret =
		hisi_qm_open(r, zq->tr, &zq->dev, sizeof(struct hisi_zip_sqe));

	if (ret)
		return ret;
	ret = zq->tr->join(zq->group, r->handle);
	if (ret)
		hisi_qm_close(r, false);
	return ret;
}

/* Rings for @type: 0, or why there are none; the first ones have been opened. */
static int start_rings(struct hisi_zip_queue *zq, unsigned int type)
{
	unsigned int n = atomic_load(&zq->n_started);
	struct hisi_qm_rings *r = &zq->rings[n];
	int ret = n ? open_rings(zq, r) : 0;

	if (ret)
		return ret;
	ret = hisi_qm_start(r, (uint16_t)type, sizeof(struct hisi_zip_slot));
	if (ret) {
		if (n)
			hisi_qm_close(r, false);
		return ret;
	}
	zq->of[type] = r;
	atomic_store(&zq->n_started, n + 1);
	/* Who gave up the other ones may not have seen these. */
	if (n && atomic_load(&zq->rings[0].flight.dead))
		give_up(zq, -ENODEV);
	return 0;
}

static void say_refused(const struct hisi_zip_queue *zq, unsigned int type,
			int err)
{
	wd_warn("%s: no queue to %s: %s", zq->dev.name,
		type == HZIP_QUEUE_COMPRESS ? "compress" : "decompress",
		wd_strerror(err));
}

/*
 * 0 when there are rings for @type.  Without a second queue the first one still works:
 * then it is not the device that fails, and it is not tried again.  A device that is busy
 * when the first is started, as in a reset, will not be so for ever; but nothing is in
 * flight that could be waited for.
 */
static SELDOM int find_rings(struct hisi_zip_queue *zq, unsigned int type)
{
	bool first = !atomic_load(&zq->n_started);
	int ret = zq->refused[type];

	if (!ret) {
		ret = start_rings(zq, type);
		if (!ret)
			return 0;
		say_refused(zq, type, ret);
	}
	if (first && ret == -EBUSY)
		return -ENODEV;
	if (first && ret == -ENOMEM)
		return ret;
	zq->refused[type] = ret;
	return first ? ret : -EOPNOTSUPP;
}

/*
 * 0 or a negative errno.  As long as others are in flight, memory that they hold may be
 * had later; else never.
 */
static SELDOM int bounce(struct hisi_qm_rings *r, struct inflight_slot *slot,
			 const struct wd_work *work)
{
	bool idle = inflight_idle(&r->flight);
	int ret = hisi_zip_bounce(slot_of(slot), work, &r->pool,
				  hisi_qm_sqe(r, slot->tag));

	return ret == -EBUSY && idle ? -EOPNOTSUPP : ret;
}

static uint8_t *make_context(struct hisi_zip_queue *zq, struct bounce *pool)
{
	zq->context_kept = bounce_is_there(pool);
	return zq->context_kept ? bounce_keep(pool, HZIP_CTX_SIZE)
				: aligned_alloc(HISI_SGL_ALIGN, HZIP_CTX_SIZE);
}

/* The device has memory for one stream, and keeps nothing of the one before. */
static SELDOM int put_stream(struct hisi_zip_queue *zq, struct hisi_qm_rings *r,
			     const struct wd_work *work,
			     struct hisi_zip_sqe *sqe)
{
	const struct wd_stateful *stream = work->args.stateful.stream;
	uint8_t *context;

	if (!zq->context)
		zq->context = make_context(zq, &r->pool);
	if (!zq->context)
		return -EOPNOTSUPP;
	if (stream->begun && stream != zq->stream)
		return -EINVAL;
	if (!stream->begun)
		memset(zq->context, 0, HZIP_CTX_SIZE);
	zq->stream = stream;
	context = zq->context + HZIP_CTX_DEVICE;
	hisi_zip_put_stateful(work,
			      zq->context_kept ? bounce_bus(&r->pool, context)
					       : (uintptr_t)context,
			      sqe);
	return 0;
}

/* To the rings for @type; @plain: of hisi_zip_plain_queue(), and there is no pool. */
static HOT int send_to(struct hisi_zip_queue *zq, struct hisi_qm_rings *r,
		       const struct wd_work *work, unsigned int type,
		       bool plain)
{
	struct inflight_slot *slot;
	struct hisi_zip_sqe *sqe;
	int ret;

	if (inflight_dead(&r->flight))
		return -ENODEV;
	slot = inflight_next(&r->flight);
	if (!slot)
		return -EBUSY;
	sqe = hisi_qm_sqe(r, slot->tag);
	ret = hisi_zip_encode(slot_of(slot), work, type, plain, &zq->caps, sqe);
	if (!plain && !ret && work->kind == WD_WORK_STATEFUL)
		ret = put_stream(zq, r, work, sqe);
	if (!plain && !ret && bounce_is_there(&r->pool))
		ret = bounce(r, slot, work);
	if (ret)
		return ret;
	return inflight_put(&r->flight, slot, work);
}

static __attribute__((noinline)) int send_any(struct hisi_zip_queue *zq,
					      const struct wd_work *work)
{
	int type = hisi_zip_queue_of(work);
	int ret = work->kind == WD_WORK_REQUEST ? wd_codec_check(work->req) : 0;

	if (ret || type < 0)
		return ret ? ret : type;
	if (!zq->of[type])
		ret = find_rings(zq, (unsigned int)type);
	return ret ? ret
		   : send_to(zq, zq->of[type], work, (unsigned int)type, false);
}

static HOT int send_plain(struct hisi_zip_queue *zq, const struct wd_work *work,
			  unsigned int type)
{
	struct hisi_qm_rings *r = zq->of[type];

	return r && !bounce_is_there(&r->pool)
		       ? send_to(zq, r, work, type, true)
		       : send_any(zq, work);
}

static int hisi_zip_send(void *ctx, const struct wd_work *work)
{
	switch (hisi_zip_plain_queue(work)) {
	case HZIP_QUEUE_COMPRESS:
		return send_plain(ctx, work, HZIP_QUEUE_COMPRESS);
	case HZIP_QUEUE_DECOMPRESS:
		return send_plain(ctx, work, HZIP_QUEUE_DECOMPRESS);
	default:
		return send_any(ctx, work);
	}
}

/* 0, or -ENODEV: it was given up. */
static HOT int ring_one(struct hisi_zip_queue *zq, struct hisi_qm_rings *r)
{
	if (inflight_dead(&r->flight))
		return -ENODEV;
	if (!hisi_qm_ring(r))
		return 0;
	give_up(zq, -ENODEV);
	return -ENODEV;
}

static HOT int ring(struct hisi_zip_queue *zq, unsigned int n)
{
	int ret = n ? ring_one(zq, &zq->rings[0]) : 0;

	return ret || n < DIRECTIONS ? ret : ring_one(zq, &zq->rings[1]);
}

static int hisi_zip_flush(void *ctx)
{
	return ring(ctx, started(ctx));
}

static unsigned int drop(struct hisi_qm_rings *r)
{
	unsigned int n = inflight_drop(&r->flight);
	uint32_t tail = atomic_load(&r->flight.tail);

	for (uint32_t i = 0; i < n && bounce_is_there(&r->pool); i++)
		bounce_release(
			&r->pool,
			&slot_of(inflight_at(&r->flight, tail + i))->bounced);
	return n;
}

static unsigned int hisi_zip_drop(void *ctx)
{
	struct hisi_zip_queue *zq = ctx;
	unsigned int n = 0, rings = started(zq);

	for (unsigned int i = 0; i < rings; i++)
		n += drop(&zq->rings[i]);
	return n;
}

/* ---- receiving ---- */

/* The device said what cannot be, if it was still the device that said it. */
static SELDOM bool nonsense(struct hisi_zip_queue *zq,
			    const struct hisi_qm_rings *r)
{
	give_up(zq, hisi_qm_is_stopped(r) ? -ENODEV : -EPROTO);
	return false;
}

/* What was copied is right, and the copy is not needed any more. */
static SELDOM bool end_bounce(struct hisi_zip_queue *zq,
			      struct hisi_qm_rings *r,
			      struct inflight_slot *slot)
{
	if (!bounce_was_there(&r->pool)) {
		give_up(zq, -ENODEV);
		return false;
	}
	bounce_release(&r->pool, &slot_of(slot)->bounced);
	return true;
}

/* What belongs to a stream is read apart from the rest, and so is looked after apart. */
static SELDOM bool decode_stateful(const struct hisi_qm_rings *r,
				   struct inflight_slot *slot,
				   struct wd_work *done,
				   struct hisi_zip_result res)
{
	bool possible = hisi_zip_decode_stateful(slot_of(slot), done, res,
						 hisi_qm_sqe(r, res.tag));

	wd_barrier_after_entry();
	return possible && !hisi_qm_is_stopped(r);
}

/* There is room for the next entry before there is for its request. */
static HOT bool finish(struct hisi_qm_rings *r, struct inflight_slot *slot)
{
	hisi_qm_taken(r);
	inflight_free(&r->flight, slot);
	return true;
}

/* What is not plain, or went wrong. */
static __attribute__((noinline)) bool take_any(struct hisi_zip_queue *zq,
					       struct hisi_qm_rings *r,
					       struct inflight_slot *slot,
					       struct wd_work *done,
					       struct hisi_zip_result res)
{
	bool possible = done->kind == WD_WORK_STATEFUL
				? decode_stateful(r, slot, done, res)
				: hisi_zip_decode(slot_of(slot), done, res);

	if (!possible)
		return nonsense(zq, r);
	if (bounce_is_there(&r->pool) && !end_bounce(zq, r, slot))
		return false;
	return finish(r, slot);
}

/* The result that @cqe, of these rings, tells of. */
static HOT bool take_from(struct hisi_zip_queue *zq, struct hisi_qm_rings *r,
			  const struct hisi_qm_cqe *cqe, struct wd_work *done)
{
	uint32_t at = hisi_qm_entry_of(cqe);
	struct inflight_slot *slot;
	struct hisi_zip_result res;

	if (at >= r->sq_depth)
		return nonsense(zq, r);
	res = hisi_zip_read(hisi_qm_sqe_at(r, at), &zq->caps);
	/* What was read in part from a device that has gone is nothing. */
	wd_barrier_after_entry();
	if (hisi_qm_is_stopped(r) || res.tag_high)
		return nonsense(zq, r);
	slot = inflight_find_at(&r->flight, at, res.tag);
	if (!slot)
		return nonsense(zq, r);
	*done = slot->work;
	if (!slot_of(slot)->plain || res.status)
		return take_any(zq, r, slot, done, res);
	if (!hisi_zip_decode_plain(slot_of(slot), done->req, res))
		return nonsense(zq, r);
	return finish(r, slot);
}

/* There is nothing in the first rings. */
static SELDOM bool take_seldom(struct hisi_zip_queue *zq, unsigned int n,
			       struct wd_work *done)
{
	for (unsigned int i = 0; i < n; i++) {
		struct hisi_qm_rings *r = &zq->rings[i];
		const struct hisi_qm_cqe *cqe = hisi_qm_entry(r);

		if (cqe)
			return take_from(zq, r, cqe, done);
		if (hisi_qm_is_stopped(r)) {
			give_up(zq, -ENODEV);
			return false;
		}
	}
	return false;
}

/*
 * The next result, if there is one, not always of the same rings first: @n of them are
 * started.
 */
static HOT bool take_next(struct hisi_zip_queue *zq, unsigned int n,
			  struct wd_work *done)
{
	struct hisi_qm_rings *r = zq->next;
	const struct hisi_qm_cqe *cqe;

	if (n == DIRECTIONS)
		zq->next = &zq->rings[r == &zq->rings[0]];
	cqe = n ? hisi_qm_entry(r) : NULL;
	return cqe ? take_from(zq, r, cqe, done) : take_seldom(zq, n, done);
}

static SELDOM bool take(void *ctx, struct wd_work *done)
{
	return take_next(ctx, started(ctx), done);
}

static int hisi_zip_recv(void *ctx, struct wd_work *done, int timeout_ms)
{
	struct hisi_zip_queue *zq = ctx;
	unsigned int n = started(zq);

	if (!ring(zq, n) && take_next(zq, n, done))
		return 0;
	return wait_result(&zq->wait, done, timeout_ms);
}

static bool hisi_zip_abandon(void *ctx)
{
	return wait_abandon(&((struct hisi_zip_queue *)ctx)->wait);
}

static int hisi_zip_event_fd(void *ctx, int fd)
{
	const struct hisi_zip_queue *zq = ctx;

	if (wait_is_held(&zq->wait))
		return -1;
	arm(ctx);
	return fd;
}

/* ---- memory ---- */

/* Of the direction that the queue is used in first. */
static struct bounce *pool_of(void *ctx)
{
	return &((struct hisi_zip_queue *)ctx)->rings[0].pool;
}

static int hisi_zip_share(void *ctx, const void *addr, size_t size)
{
	return bounce_share(pool_of(ctx), addr, size);
}

static void *hisi_zip_lend(void *ctx, size_t size)
{
	return bounce_lend(pool_of(ctx), size);
}

static bool hisi_zip_give_back(void *ctx, void *p, size_t size)
{
	return bounce_give_back(pool_of(ctx), p, size);
}

/* ---- queues ---- */

static void free_queue(struct hisi_zip_queue *zq, bool forked)
{
	unsigned int n = started(zq);
	bool held = false;

	for (unsigned int i = 0; i < n; i++) {
		struct inflight *f = &zq->rings[i].flight;

		/* Until then the device reads the lists. */
		if (!forked && !hisi_qm_end(&zq->rings[i])) {
			held = true;
			continue;
		}
		for (uint32_t k = 0; k < inflight_slots(f); k++)
			free(slot_of(inflight_at(f, k))->lists);
	}
	/* The first may not have been started, but it was opened. */
	for (unsigned int i = 0; i < n || !i; i++)
		hisi_qm_close(&zq->rings[i], forked);
	zq->tr->close(zq->group);
	if (!held && !zq->context_kept)
		free(zq->context);
	free(zq);
}

/* Of requests: the first parts have another one. */
static uint32_t type_of(const char *api)
{
	return strncmp(api, HISI_QM_API_VER2, strlen(HISI_QM_API_VER2))
		       ? HZIP_SQE_TYPE3
		       : HZIP_SQE_TYPE0;
}

static int begin_queue(struct hisi_zip_queue *zq)
{
	int ret;

	zq->group = zq->tr->group();
	if (zq->group < 0)
		return zq->group;
	ret = open_rings(zq, &zq->rings[0]);
	if (ret)
		zq->tr->close(zq->group);
	return ret;
}

static int hisi_zip_open(struct wd_queue *q, const struct wd_device *dev,
			 void **ctx)
{
	struct hisi_zip_queue *zq = calloc(1, sizeof(*zq));
	int ret;

	if (!zq)
		return -ENOMEM;
	zq->tr = wd_transport;
	ret = zq->tr->find(dev->name, &zq->dev);
	if (!ret) {
		hisi_zip_find_caps(&zq->caps, type_of(zq->dev.api),
				   zq->dev.algs);
		ret = begin_queue(zq);
	}
	if (ret) {
		free(zq);
		return ret;
	}
	zq->next = &zq->rings[0];
	wait_init(&zq->wait, &waiter_ops, zq);
	q->depth = zq->rings[0].room;
	q->workers = 0;
	q->fd = zq->group;
	*ctx = zq;
	return 0;
}

/* No other thread is inside any more. */
static void hisi_zip_close(void *ctx, bool forked)
{
	free_queue(ctx, forked);
}

const struct wd_driver_ops wd_hisi_zip_driver = {
	.name = "hisi_zip",
	.api = { HISI_QM_API_VER2, HISI_QM_API_VER3, HISI_QM_API_VER5 },
	.algs = { "gzip", "zlib", "deflate" },
	.open = hisi_zip_open,
	.close = hisi_zip_close,
	.send = hisi_zip_send,
	.flush = hisi_zip_flush,
	.recv = hisi_zip_recv,
	.drop = hisi_zip_drop,
	.abandon = hisi_zip_abandon,
	.share = hisi_zip_share,
	.lend = hisi_zip_lend,
	.give_back = hisi_zip_give_back,
	.event_fd = hisi_zip_event_fd,
};
