/* SPDX-License-Identifier: MIT */
/*
 * Queue files of HiSilicon's queue manager: opening, starting and ringing.
 */
#define log_fmt(f) "hisi_qm: " f
#include <sched.h>
#include <string.h>

#include <misc/uacce/hisi_qm.h>
#include <misc/uacce/uacce.h>

#include "../internal.h"
#include "hisi_qm.h"

#define SELDOM	   __attribute__((noinline, cold))

#define DEPTH_OLD  1024u /* of kernels that do not tell */
#define DEPTH_MIN  4u
#define DEPTH_MAX  (FIELD_GET(QM_C_DEPTH, ~0u) + 1)
#define BATCH_MAX  16u
#define STOP_WORDS 2u /* at the end of the DUS region */

/* ---- doorbells ---- */

/* @bell, for what is before @index in its ring. */
static inline void write_doorbell(const struct hisi_qm_rings *r, uint64_t bell,
				  uint16_t index)
{
	r->tr->doorbell(r->mmio + QM_DB_SQ_CQ,
			bell | FIELD_PREP(QM_DB_INDEX, (uint64_t)index));
}

int hisi_qm_ring_untold(struct hisi_qm_rings *r)
{
	uint32_t tail;

	do {
		if (hisi_qm_read(r->no_send))
			return -ENODEV;
		/* Who rings now will see what we have sent. */
		if (!inflight_begin_ring(&r->flight, &tail))
			break;
		if (atomic_load(&r->ended)) {
			atomic_store(&r->flight.ringing, false);
			return -ENODEV;
		}
		wd_barrier_before_doorbell();
		write_doorbell(r, r->sq_bell,
			       (uint16_t)(tail & (r->sq_depth - 1)));
		inflight_end_ring(&r->flight, tail);
		wd_barrier_after_doorbell();
	} while (inflight_untold(&r->flight));
	return 0;
}

void hisi_qm_tell(struct hisi_qm_rings *r, bool arm)
{
	if (hisi_qm_is_stopped(r))
		return;
	atomic_store(&r->telling, true);
	if (!atomic_load(&r->ended)) {
		wd_barrier_before_release();
		write_doorbell(
			r,
			r->cq_bell | FIELD_PREP(QM_DB_PRIORITY, (uint64_t)arm),
			(uint16_t)r->cq_head);
		r->untold = 0;
		r->armed = arm;
	}
	atomic_store_explicit(&r->telling, false, memory_order_release);
}

/* ---- opening ---- */

static bool rings_fit(const struct hisi_qm_rings *r)
{
	uint64_t size = (uint64_t)r->sq_depth * r->sqe_size +
			(uint64_t)r->cq_depth * sizeof(struct hisi_qm_cqe) +
			STOP_WORDS * sizeof(uint32_t);

	return size <= r->dus_size && r->dus_size % sizeof(uint64_t) == 0;
}

/* What the kernel says of the rings has to be possible. */
static int find_rings(struct hisi_qm_rings *r)
{
	struct hisi_qp_info info = { 0 };
	int ret = r->tr->ctl(r->handle, UACCE_CMD_QM_SET_QP_INFO, &info);

	if (ret == -EINVAL || ret == -ENOTTY)
		info = (struct hisi_qp_info){
			.sqe_size = r->sqe_size,
			.sq_depth = DEPTH_OLD,
			.cq_depth = DEPTH_OLD,
		};
	else if (ret)
		return ret;
	r->sq_depth = info.sq_depth;
	r->cq_depth = info.cq_depth;
	if (info.sqe_size != r->sqe_size || r->sq_depth < DEPTH_MIN ||
	    r->sq_depth > DEPTH_MAX || r->sq_depth & (r->sq_depth - 1) ||
	    r->cq_depth < r->sq_depth || !rings_fit(r)) {
		wd_warn("rings of %u and %u entries, of %u bytes, in %zu bytes: not possible",
			info.sq_depth, info.cq_depth, info.sqe_size,
			r->dus_size);
		return -EPROTO;
	}
	r->batch = (uint32_t)wd_min(r->sq_depth / DEPTH_MIN, BATCH_MAX);
	/*
	 * One slot stays empty so that a full ring differs from an empty one.  It is more
	 * than half of them, so that there is a place in flight for each in the ring.
	 */
	r->room =
		(uint32_t)wd_min(r->sq_depth - 1, r->cq_depth - (r->batch - 1));
	return 0;
}

static void use_regions(struct hisi_qm_rings *r)
{
	const uint32_t *end = (void *)(r->dus + r->dus_size);

	r->no_send = end - 1;
	r->no_recv = end - 2;
	r->cq = (void *)(r->dus + (size_t)r->sq_depth * r->sqe_size);
	r->phase = QM_CQE_PHASE;
	/* Every queue begins so. */
	r->armed = true;
}

static int map_regions(struct hisi_qm_rings *r)
{
	int ret = 0;

	r->dus = r->tr->map(r->handle, UACCE_QFRT_DUS, r->dus_size, &ret);
	if (!r->dus)
		return ret;
	r->mmio = r->tr->map(r->handle, UACCE_QFRT_MMIO, r->mmio_size, &ret);
	if (r->mmio)
		return 0;
	r->tr->unmap(r->dus, r->dus_size);
	return ret;
}

static void unmap_regions(struct hisi_qm_rings *r)
{
	r->tr->unmap(r->mmio, r->mmio_size);
	r->tr->unmap(r->dus, r->dus_size);
}

int hisi_qm_open(struct hisi_qm_rings *r, const struct wd_transport_ops *tr,
		 const struct wd_transport_dev *dev, uint32_t sqe_size)
{
	int ret;

	*r = (struct hisi_qm_rings){
		.tr = tr,
		.dus_size = dev->region_size[UACCE_QFRT_DUS],
		.mmio_size = dev->region_size[UACCE_QFRT_MMIO],
		.sqe_size = sqe_size,
	};
	if (r->mmio_size < QM_DB_SQ_CQ + sizeof(uint64_t))
		return -EPROTO;
	r->handle = tr->open(dev->name);
	if (r->handle < 0)
		return r->handle;
	ret = find_rings(r);
	if (!ret)
		ret = map_regions(r);
	if (ret)
		goto err_close;
	ret = bounce_init(&r->pool, tr, r->handle, dev->flags);
	if (ret)
		goto err_unmap;
	use_regions(r);
	return 0;

err_unmap:
	unmap_regions(r);
err_close:
	tr->close(r->handle);
	return ret;
}

/* ---- starting and ending ---- */

/*
 * A doorbell of a queue that is not started is an error of the whole device.  Each of
 * those who write to one says so, then looks whether it is over; we the other way round.
 */
static void end_doorbells(struct hisi_qm_rings *r)
{
	atomic_store(&r->ended, true);
	while (atomic_load(&r->flight.ringing) || atomic_load(&r->telling))
		sched_yield();
}

static unsigned int number(const struct hisi_qm_rings *r)
{
	return (unsigned int)FIELD_GET(QM_DB_QUEUE, r->sq_bell);
}

/* After it, if it was done, the device does not touch the requests' own memory. */
static int let_go(void *ctx, int err)
{
	struct hisi_qm_rings *r = ctx;
	int ret;

	end_doorbells(r);
	if (err)
		wd_warn("queue %u: %s: it is given up", number(r),
			wd_strerror(err));
	ret = wd_transport_stop(r->tr, r->handle);
	if (err && ret)
		wd_warn("queue %u: the device does not let go of it yet: %s",
			number(r), wd_strerror(ret));
	return ret && bounce_abandon(&r->pool) ? 0 : ret;
}

static int choose_type(struct hisi_qm_rings *r, uint16_t type)
{
	struct hisi_qp_ctx ctx = { .qc_type = type };
	int ret = r->tr->ctl(r->handle, UACCE_CMD_QM_SET_QP_CTX, &ctx);

	if (ret)
		return ret;
	/* Another number would be another process's queue. */
	if (ctx.id > FIELD_GET(QM_DB_QUEUE, ~0ull))
		return -EPROTO;
	r->sq_bell = FIELD_PREP(QM_DB_QUEUE, (uint64_t)ctx.id) |
		     FIELD_PREP(QM_DB_CMD, (uint64_t)QM_DB_CMD_SQ);
	r->cq_bell = FIELD_PREP(QM_DB_QUEUE, (uint64_t)ctx.id) |
		     FIELD_PREP(QM_DB_CMD, (uint64_t)QM_DB_CMD_CQ);
	return 0;
}

int hisi_qm_start(struct hisi_qm_rings *r, uint16_t type, size_t slot_size)
{
	int ret = choose_type(r, type);

	if (ret)
		return ret;
	ret = inflight_init(&r->flight, r->room, slot_size, let_go, r);
	if (ret)
		return ret;
	ret = r->tr->ctl(r->handle, UACCE_CMD_START_Q, NULL);
	if (ret)
		inflight_exit(&r->flight);
	return ret;
}

bool hisi_qm_end(struct hisi_qm_rings *r)
{
	bool over = inflight_end(&r->flight);

	if (!over)
		wd_err("queue %u: the device may still write to memory of its requests",
		       number(r));
	return over;
}

void hisi_qm_close(struct hisi_qm_rings *r, bool forked)
{
	if (!forked)
		unmap_regions(r);
	bounce_exit(&r->pool, forked);
	r->tr->close(r->handle);
	inflight_exit(&r->flight);
}
