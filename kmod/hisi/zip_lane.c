// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes, each a queue to compress and one to decompress: requests on their way to the
 * device and back, those that wait for room, and how lanes are made.  Which lane a
 * request goes to is in zip_crypto.c.
 *
 * Who may use a queue: whoever removes a device marks its lanes dead, waits until no
 * RCU reader is left, and then destroys the queues.  Whoever sends looks at the mark
 * and sends as one RCU reader.  A queue's callbacks have ended when it is destroyed.
 *
 * A queue's lock is for its backlog, that of its pool for the lists.  No two are held
 * together, and none while the device is given a request or a caller is called back.
 * Requests come from processes and softirqs, so softirqs are off under all of them.
 */
#include <linux/bottom_half.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "zip_lane.h"

#define DRAIN_AT_ONCE	64

static DEFINE_PER_CPU(u32, tags);

/* ---- one request, to the device and back ---- */

static void unmap(struct zip_queue *q, struct zip_req *req)
{
	struct device *dev = q->lane->set->dev;
	struct acomp_req *areq = req->soft.areq;

	if (!req->mapped)
		return;
	dma_unmap_sg(dev, areq->dst, req->dst_n, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, areq->src, req->src_n, DMA_TO_DEVICE);
	if (req->lists != ZIP_SGL_NONE)
		zip_sgl_put(&q->pool, req->lists);
	req->mapped = false;
}

/* Lists for so many mapped segments. */
static int make_lists(struct zip_queue *q, struct zip_req *req, unsigned int n_src,
		      unsigned int n_dst)
{
	unsigned int src_lists = zip_sgl_lists(n_src), dst_lists = zip_sgl_lists(n_dst);
	struct acomp_req *areq = req->soft.areq;
	int ret;
	u16 list;

	if (src_lists > HISI_SGL_LISTS_MAX || dst_lists > HISI_SGL_LISTS_MAX)
		return -E2BIG;
	ret = zip_sgl_get(&q->pool, src_lists + dst_lists, &req->lists);
	if (ret) {
		atomic64_inc(&q->lane->busy);
		/* Small requests that keep coming must not make a big one wait forever. */
		return src_lists + dst_lists > 2 ? -E2BIG : ret;
	}
	list = req->lists;
	req->src_dma = zip_sgl_fill(&q->pool, &list, areq->src, n_src, areq->slen);
	req->dst_dma = zip_sgl_fill(&q->pool, &list, areq->dst, n_dst, req->out_len);
	return 0;
}

static int map(struct zip_queue *q, struct zip_req *req)
{
	struct device *dev = q->lane->set->dev;
	struct acomp_req *areq = req->soft.areq;
	int n_src, n_dst, ret = -ENOMEM;

	n_src = dma_map_sg(dev, areq->src, req->src_n, DMA_TO_DEVICE);
	if (!n_src)
		return -ENOMEM;
	n_dst = dma_map_sg(dev, areq->dst, req->dst_n, DMA_FROM_DEVICE);
	if (!n_dst)
		goto err_unmap_src;

	if (n_src == 1 && n_dst == 1) {
		req->lists = ZIP_SGL_NONE;
		req->src_dma = sg_dma_address(areq->src);
		req->dst_dma = sg_dma_address(areq->dst);
	} else {
		ret = make_lists(q, req, n_src, n_dst);
		if (ret)
			goto err_unmap_dst;
	}
	req->mapped = true;
	return 0;

err_unmap_dst:
	dma_unmap_sg(dev, areq->dst, req->dst_n, DMA_FROM_DEVICE);
err_unmap_src:
	dma_unmap_sg(dev, areq->src, req->src_n, DMA_TO_DEVICE);
	return ret;
}

/* A number that no other request under way has: the CPU's, and a count. */
static u64 new_tag(void)
{
	u64 tag = (u64)get_cpu() << 32;

	tag |= this_cpu_inc_return(tags);
	put_cpu();
	return tag;
}

static void fill_sqe(struct hisi_zip_sqe *sqe, const struct zip_req *req)
{
	u32 buffers = req->lists == ZIP_SGL_NONE ? HZIP_BUFFERS_FLAT : HZIP_BUFFERS_SGL;

	*sqe = (struct hisi_zip_sqe) {
		/* What the device has not touched must not look done: zip_lane_answered(). */
		.consumed = cpu_to_le32(U32_MAX),
		.dw3 = cpu_to_le32(HZIP_SQE_STATUS),
		.in_len = cpu_to_le32(req->soft.areq->slen),
		.dw7 = cpu_to_le32(FIELD_PREP(HZIP_SQE_TYPE, HZIP_SQE_TYPE3)),
		.dw9 = cpu_to_le32(FIELD_PREP(HZIP_SQE_ALG, req->format->sqe_alg) |
				   FIELD_PREP(HZIP_SQE_BUFFERS, buffers) |
				   FIELD_PREP(HZIP_SQE_WINDOW, HZIP_WINDOW_16K)),
		.out_len = cpu_to_le32(req->out_len),
		.src_low = cpu_to_le32(lower_32_bits(req->src_dma)),
		.src_high = cpu_to_le32(upper_32_bits(req->src_dma)),
		.dst_low = cpu_to_le32(lower_32_bits(req->dst_dma)),
		.dst_high = cpu_to_le32(upper_32_bits(req->dst_dma)),
		.tag_low = cpu_to_le32(lower_32_bits(req->tag)),
		.tag_high = cpu_to_le32(upper_32_bits(req->tag)),
	};
}

/*
 * Give the device a request, which may be over before this returns.  As an RCU
 * reader.  -EAGAIN: there is no room; -ESHUTDOWN: it takes nothing; others: it cannot
 * do this one.  A request it has not got may have been left mapped.
 */
static int start(struct zip_queue *q, struct zip_req *req)
{
	struct hisi_zip_sqe sqe;
	int ret;

	if (READ_ONCE(q->lane->set->dead))
		return -ESHUTDOWN;
	if (!req->mapped) {
		ret = map(q, req);
		if (ret)
			return ret;
	}
	req->tag = new_tag();
	fill_sqe(&sqe, req);
	return wd_hisi_qp_send(q->qp, &sqe, req);
}

/* Whether the device has written anything into a request. */
bool zip_lane_answered(const void *request)
{
	const struct hisi_zip_sqe *sqe = request;

	return READ_ONCE(sqe->consumed) != cpu_to_le32(U32_MAX) ||
	       FIELD_GET(HZIP_SQE_STATUS, le32_to_cpu(READ_ONCE(sqe->dw3))) !=
		       FIELD_MAX(HZIP_SQE_STATUS);
}

/* Let software do it, and tell the caller then. */
static void redo(struct zip_queue *q, struct zip_req *req)
{
	atomic64_inc(&q->lane->fallbacks);
	zip_soft_queue(req->fallback, &req->soft);
}

/*
 * What an answer says: 0 and the length of the output; -ENOSPC if software would say
 * so, too; -ENOBUFS if it may not; or that the device is wrong.
 */
static int judge(const struct zip_req *req, const struct hisi_zip_sqe *sqe, u32 *produced)
{
	u32 slen = req->soft.areq->slen, dlen = req->soft.areq->dlen;
	u32 consumed = le32_to_cpu(READ_ONCE(sqe->consumed));
	u32 written = le32_to_cpu(READ_ONCE(sqe->produced));
	u32 status = FIELD_GET(HZIP_SQE_STATUS, le32_to_cpu(READ_ONCE(sqe->dw3)));

	if (READ_ONCE(sqe->tag_low) != cpu_to_le32(lower_32_bits(req->tag)) ||
	    READ_ONCE(sqe->tag_high) != cpu_to_le32(upper_32_bits(req->tag)))
		return -EBADMSG;
	/* Software may need less space where this is not all that the caller has. */
	if (status == HZIP_STATUS_NO_SPACE)
		return req->soft.compress && req->out_len == dlen ? -ENOSPC : -ENOBUFS;
	if (status != HZIP_STATUS_OK && status != HZIP_STATUS_NEGATIVE)
		return -EIO;
	if (consumed > slen || written > req->out_len)
		return -EOVERFLOW;
	/* Whatever it means, there is no answer to no input. */
	if (!consumed)
		return -EBADMSG;
	if (req->soft.compress && (consumed != slen || !written))
		return -EBADMSG;
	*produced = written;
	return 0;
}

static void drain(struct zip_queue *q);

/* Not by whoever has just sent something: others' callbacks are not his to call. */
static void drain_later(struct zip_queue *q)
{
	queue_work(q->lane->set->zip->qm.work_queue, &q->work);
}

/* See hisi_qp_done_t. */
static void request_done(struct hisi_qp *qp, void *cookie, const void *sqe)
{
	struct zip_queue *q = wd_hisi_qp_owner(qp);
	struct zip_req *req = cookie;
	struct acomp_req *areq = req->soft.areq;
	int ret = -ECANCELED;
	u32 produced = 0;

	if (likely(sqe)) {
		ret = judge(req, sqe, &produced);
		if (unlikely(ret && ret != -ENOSPC && ret != -ENOBUFS))
			atomic64_inc(&q->lane->errors);
	}
	unmap(q, req);

	if (unlikely(req->ended)) {
		req->ended(req, ret, produced);
	} else if (likely(!ret)) {
		areq->dlen = produced;
		acomp_request_complete(areq, 0);
	} else if (ret == -ENOSPC) {
		acomp_request_complete(areq, ret);
	} else {
		redo(q, req);
	}
	/* What the request is in may be gone now; the queue stays until we return. */
	if (unlikely(READ_ONCE(q->waiting)))
		drain(q);
}

/* ---- requests that wait for room ---- */

static struct zip_req *first_waiting(struct zip_queue *q)
{
	return list_first_entry_or_null(&q->backlog, struct zip_req, soft.node);
}

/* Its caller was told to wait, and has to hear that this is over before the result. */
static void notify(struct zip_req *req)
{
	if (req->notified)
		return;
	req->notified = true;
	/* Callers expect to be called by a softirq. */
	local_bh_disable();
	acomp_request_complete(req->soft.areq, -EINPROGRESS);
	local_bh_enable();
}

/* False: there still is no room. */
static bool start_waiting(struct zip_queue *q, struct zip_req *req)
{
	int ret;

	notify(req);
	rcu_read_lock();
	ret = start(q, req);
	rcu_read_unlock();
	if (!ret)
		return true;
	if (ret == -EAGAIN)
		return false;
	unmap(q, req);
	redo(q, req);
	return true;
}

/*
 * Send what waits, in order, until there is no room; by one at a time, and not all at
 * once, as those whose requests are sent may send more.  Called after each request that
 * ended, after each that gave lists back, and by a work that who starts to wait has
 * queued, as the last one to end may have ended just before.
 *
 * Nothing waits forever: who makes room does that under the lock of what is full, and
 * looks at @waiting after it; who finds it full has counted itself before; and who may
 * not wait does not go first.
 */
static void drain(struct zip_queue *q)
{
	unsigned int budget = DRAIN_AT_ONCE;
	struct zip_req *req;
	bool more = true;

	spin_lock_bh(&q->lock);
	q->again = true;
	if (q->draining) {
		spin_unlock_bh(&q->lock);
		return;
	}
	q->draining = true;
	while (more && (req = first_waiting(q))) {
		if (!budget--) {
			drain_later(q);
			break;
		}
		list_del(&req->soft.node);
		q->again = false;
		spin_unlock_bh(&q->lock);
		more = start_waiting(q, req);
		spin_lock_bh(&q->lock);
		if (more) {
			WRITE_ONCE(q->waiting, q->waiting - 1);
		} else {
			list_add(&req->soft.node, &q->backlog);
			more = q->again;
		}
	}
	q->draining = false;
	spin_unlock_bh(&q->lock);
}

static void drain_work(struct work_struct *work)
{
	drain(container_of(work, struct zip_queue, work));
}

/* For the caller, who is told when the request has begun, and again when it ended. */
static int wait_for_room(struct zip_queue *q, struct zip_req *req)
{
	spin_lock_bh(&q->lock);
	list_add_tail(&req->soft.node, &q->backlog);
	WRITE_ONCE(q->waiting, q->waiting + 1);
	spin_unlock_bh(&q->lock);
	drain_later(q);
	return -EBUSY;
}

/* Of dead lanes, with nobody left who could send. */
static void flush_backlog(struct zip_queue *q)
{
	struct zip_req *req;

	spin_lock_bh(&q->lock);
	while ((req = first_waiting(q))) {
		list_del(&req->soft.node);
		WRITE_ONCE(q->waiting, q->waiting - 1);
		spin_unlock_bh(&q->lock);
		unmap(q, req);
		notify(req);
		redo(q, req);
		spin_lock_bh(&q->lock);
	}
	spin_unlock_bh(&q->lock);
}

/*
 * Have a request done.  As an RCU reader who has found the lane as one.  -EINPROGRESS
 * or -EBUSY for the caller, who is told the result; or it is still ours: -EAGAIN
 * without room, -ESHUTDOWN if the device takes nothing, others if it cannot do this.
 */
int zip_lane_send(struct zip_lane *lane, struct zip_req *req)
{
	struct zip_queue *q = &lane->queue[req->soft.compress ? ZIP_COMPRESS : ZIP_DECOMPRESS];
	bool may_wait = req->soft.areq->base.flags & CRYPTO_TFM_REQ_MAY_BACKLOG;
	int ret = -EAGAIN;

	if (READ_ONCE(lane->set->dead))
		return -ESHUTDOWN;
	/* Not past those that wait.  To find out without mapping it is cheaper. */
	if (unlikely(!may_wait && wd_hisi_qp_is_full(q->qp))) {
		atomic64_inc(&lane->busy);
	} else if (likely(!READ_ONCE(q->waiting))) {
		ret = start(q, req);
		if (likely(!ret))
			return -EINPROGRESS;
		unmap(q, req);
	}
	if (ret == -EAGAIN && may_wait)
		return wait_for_room(q, req);
	/* It may have given lists back. */
	if (READ_ONCE(q->waiting))
		drain_later(q);
	return ret;
}

/* ---- a device's lanes ---- */

/* The device has both queues; it may not the next moment. */
bool zip_lane_works(const struct zip_lane *lane)
{
	unsigned int i;

	for (i = 0; i < ZIP_DIRECTIONS; i++) {
		if (!wd_hisi_qp_is_open(lane->queue[i].qp))
			return false;
	}
	return true;
}

void zip_lanes_put(struct zip_lanes *set)
{
	if (refcount_dec_and_test(&set->refs))
		kfree_rcu(set, rcu);
}

static void destroy_queue(struct zip_queue *q)
{
	if (!IS_ERR_OR_NULL(q->qp))
		wd_hisi_qp_destroy(q->qp);
	cancel_work_sync(&q->work);
	flush_backlog(q);
	zip_sgl_pool_exit(&q->pool);
}

static int create_queue(struct zip_lane *lane, unsigned int direction)
{
	struct zip_queue *q = &lane->queue[direction];
	int ret;

	ret = zip_sgl_pool_init(&q->pool, lane->set->dev);
	if (ret)
		return ret;
	q->qp = wd_hisi_qp_create(&lane->set->zip->qm, direction, request_done, q);
	return PTR_ERR_OR_ZERO(q->qp);
}

/* Nobody sends any more.  What is under way is over on return. */
void zip_lanes_destroy(struct zip_lanes *set)
{
	unsigned int i, j;

	for (i = 0; i < set->n; i++) {
		for (j = 0; j < ZIP_DIRECTIONS; j++)
			destroy_queue(&set->lane[i].queue[j]);
	}
	zip_lanes_put(set);
}

static struct zip_lanes *alloc_lanes(struct zip_device *zip, unsigned int n)
{
	struct device *dev = &zip->qm.pdev->dev;
	struct zip_lanes *set;
	unsigned int i, j;

	set = kzalloc_node(struct_size(set, lane, n), GFP_KERNEL, dev_to_node(dev));
	if (!set)
		return NULL;
	refcount_set(&set->refs, 1);
	set->zip = zip;
	set->dev = dev;
	set->n = n;
	for (i = 0; i < n; i++) {
		set->lane[i].set = set;
		for (j = 0; j < ZIP_DIRECTIONS; j++) {
			set->lane[i].queue[j].lane = &set->lane[i];
			spin_lock_init(&set->lane[i].queue[j].lock);
			INIT_LIST_HEAD(&set->lane[i].queue[j].backlog);
			INIT_WORK(&set->lane[i].queue[j].work, drain_work);
		}
	}
	return set;
}

struct zip_lanes *zip_lanes_create(struct zip_device *zip, unsigned int n)
{
	struct zip_lanes *set = alloc_lanes(zip, n);
	unsigned int i;
	int ret;

	if (!set)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < n * ZIP_DIRECTIONS; i++) {
		ret = create_queue(&set->lane[i / ZIP_DIRECTIONS], i % ZIP_DIRECTIONS);
		if (ret) {
			zip_lanes_destroy(set);
			return ERR_PTR(ret);
		}
	}
	return set;
}

static void add_counts(struct zip_lane *lane, struct zip_counts *counts)
{
	struct hisi_qp_stats stats;
	unsigned int i;

	for (i = 0; i < ZIP_DIRECTIONS; i++) {
		wd_hisi_qp_stats(lane->queue[i].qp, &stats);
		counts->sent += stats.sent;
		counts->received += stats.received;
		counts->busy += stats.full;
	}
	counts->busy += atomic64_read(&lane->busy);
	counts->errors += atomic64_read(&lane->errors);
	counts->fallbacks += atomic64_read(&lane->fallbacks);
}

void zip_lanes_counts(struct zip_lanes *set, struct zip_counts *counts)
{
	unsigned int i;

	for (i = 0; i < set->n; i++)
		add_counts(&set->lane[i], counts);
}
