// SPDX-License-Identifier: GPL-2.0
/*
 * Queues: their numbers, how the device learns of them and is made to let go, and the
 * kernel's requests with their completions.
 *
 * A queue of the kernel stays through stops and resets of the device: it is closed,
 * its requests are aborted once the device is quiet, and it is opened again.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "qm_internal.h"
#define CREATE_TRACE_POINTS
#include "qm_trace.h"

#define BATCH			64	/* completions before others get their turn */
#define ABORT_AT_ONCE		16
#define DRAIN_US		200
#define DRAIN_LIMIT		(HZ / 5)
#define SLOW_LIMIT		(5 * HZ)

static size_t sqe_size(const struct hisi_qm *qm)
{
	return BIT(qm->engine->sqe_size_log2);
}

size_t hisi_qp_cq_offset(const struct hisi_qm *qm)
{
	return sqe_size(qm) * qm->caps.sq_depth;
}

size_t hisi_qp_rings_size(const struct hisi_qm *qm)
{
	return hisi_qp_cq_offset(qm) +
	       sizeof(struct hisi_qm_cqe) * qm->caps.cq_depth;
}

/* ---- numbers ---- */

/* The kernel's are below those of processes.  With qp_lock. */
static int find_number(struct hisi_qm *qm, const struct hisi_qp *qp)
{
	u32 first = qp->uq ? qm->kernel_queues : 0;
	u32 n = qp->uq ? qm->queues - qm->kernel_queues : qm->kernel_queues;
	u32 i;

	/* One that was just put may have a process's stale doorbell on its way. */
	for (i = 0; i < n; i++) {
		u32 number = first + (qp->uq ? (qm->next_queue + i) % n : i);

		if (!qm->qps[number])
			return number;
	}
	return -EBUSY;
}

int hisi_qp_number_get(struct hisi_qm *qm, struct hisi_qp *qp)
{
	unsigned long flags;
	int number;

	spin_lock_irqsave(&qm->qp_lock, flags);
	number = find_number(qm, qp);
	if (number >= 0) {
		qp->number = number;
		WRITE_ONCE(qm->qps[number], qp);
		if (qp->uq) {
			qm->next_queue = number - qm->kernel_queues + 1;
			WRITE_ONCE(qm->free_queues, qm->free_queues - 1);
		}
	}
	spin_unlock_irqrestore(&qm->qp_lock, flags);
	return number < 0 ? number : 0;
}

/* After it no event is for the queue. */
void hisi_qp_number_put(struct hisi_qp *qp)
{
	struct hisi_qm *qm = qp->qm;
	unsigned long flags;

	spin_lock_irqsave(&qm->qp_lock, flags);
	WRITE_ONCE(qm->qps[qp->number], NULL);
	if (qp->uq)
		WRITE_ONCE(qm->free_queues, qm->free_queues + 1);
	spin_unlock_irqrestore(&qm->qp_lock, flags);
}

/* With the QM's lock, so that it stays. */
struct hisi_qp *hisi_qp_of_kernel(struct hisi_qm *qm, u32 number)
{
	return number < qm->kernel_queues ? READ_ONCE(qm->qps[number]) : NULL;
}

/* Something has come for the queue.  Any context. */
void hisi_qp_event(struct hisi_qm *qm, u32 number)
{
	struct hisi_qp *qp;
	unsigned long flags;

	spin_lock_irqsave(&qm->qp_lock, flags);
	qp = number < qm->queues ? qm->qps[number] : NULL;
	if (!qp)
		atomic_inc(&qm->counters.bogus);
	else if (qp->uq)
		wake_up(&qp->uq->wait);
	else
		tasklet_schedule(&qp->tasklet);
	spin_unlock_irqrestore(&qm->qp_lock, flags);
}

/* ---- contexts ---- */

static void fill_sqc(const struct hisi_qp *qp, struct hisi_qm_sqc *sqc)
{
	const struct hisi_qm *qm = qp->qm;
	u32 pasid = qp->uq ? qp->uq->pasid : 0;

	*sqc = (struct hisi_qm_sqc) {
		.base_low = cpu_to_le32(lower_32_bits(qp->dma)),
		.base_high = cpu_to_le32(upper_32_bits(qp->dma)),
		.dw3 = cpu_to_le32(FIELD_PREP(QM_C_DEPTH, qm->caps.sq_depth - 1) |
				   FIELD_PREP(QM_C_ENTRY_SIZE,
					      qm->engine->sqe_size_log2)),
		.pasid = cpu_to_le16(pasid),
		.cq = cpu_to_le16(qp->number),
		.w13 = cpu_to_le16(QM_SQC_IN_ORDER | FIELD_PREP(QM_SQC_TYPE, qp->type)),
	};
	if (pasid && qm->caps.version >= QM_HW_V3)
		sqc->w11 = cpu_to_le16(QM_SQC_PASID);
}

static void fill_cqc(const struct hisi_qp *qp, struct hisi_qm_cqc *cqc)
{
	const struct hisi_qm *qm = qp->qm;
	dma_addr_t dma = qp->dma + hisi_qp_cq_offset(qm);
	u32 pasid = qp->uq ? qp->uq->pasid : 0;

	*cqc = (struct hisi_qm_cqc) {
		.base_low = cpu_to_le32(lower_32_bits(dma)),
		.base_high = cpu_to_le32(upper_32_bits(dma)),
		.dw3 = cpu_to_le32(FIELD_PREP(QM_C_DEPTH, qm->caps.cq_depth - 1) |
				   FIELD_PREP(QM_C_ENTRY_SIZE, QM_CQE_SIZE_LOG2)),
		.pasid = cpu_to_le16(pasid),
		.dw6 = cpu_to_le32(QM_CQC_PHASE | QM_CQC_C_FLAG),
	};
	if (pasid && qm->caps.version >= QM_HW_V3)
		cqc->w11 = cpu_to_le16(QM_CQC_PASID);
}

/*
 * Entries of a former pass would look like new ones.  The device does not know the queue,
 * and there are no requests: after it the tasklet, if it runs, finds nothing.
 */
static void empty_cq(struct hisi_qp *qp)
{
	/* An old event would have it look at a ring that is being made empty. */
	if (!qp->uq)
		tasklet_disable(&qp->tasklet);
	memset(qp->cq, 0, sizeof(*qp->cq) * qp->qm->caps.cq_depth);
	qp->cq_head = 0;
	qp->cq_phase = true;
	WRITE_ONCE(qp->confused, false);
	if (!qp->uq)
		tasklet_enable(&qp->tasklet);
}

/* Let the device know the queue.  hisi_qp_unload() has to follow, failed or not. */
int hisi_qp_load(struct hisi_qp *qp)
{
	struct hisi_qm *qm = qp->qm;
	struct hisi_qm_sqc sqc;
	struct hisi_qm_cqc cqc;
	int ret;

	if (!hisi_qm_runs(qm))
		return -ESHUTDOWN;
	empty_cq(qp);
	fill_sqc(qp, &sqc);
	fill_cqc(qp, &cqc);
	qp->epoch = READ_ONCE(qm->epoch);
	ret = hisi_qm_load(qm, QM_MB_CMD_SQC, qp->number, &sqc, sizeof(sqc));
	/* What takes too long may come to pass. */
	qp->loaded = ret != -EIO && ret != -ESHUTDOWN;
	if (ret)
		return ret;
	return hisi_qm_load(qm, QM_MB_CMD_CQC, qp->number, &cqc, sizeof(cqc));
}

static bool dump_both(struct hisi_qp *qp, struct hisi_qm_sqc *sqc, struct hisi_qm_cqc *cqc)
{
	return !hisi_qm_dump(qp->qm, QM_MB_CMD_SQC, qp->number, sqc, sizeof(*sqc)) &&
	       !hisi_qm_dump(qp->qm, QM_MB_CMD_CQC, qp->number, cqc, sizeof(*cqc));
}

/*
 * How far the completions are behind the requests, up to the depth; more than that: by
 * how many they are ahead.  -EIO: the contexts make no sense.
 */
static int completions_behind(const struct hisi_qm_sqc *sqc, const struct hisi_qm_cqc *cqc,
			      u32 depth)
{
	u32 sq = le16_to_cpu(sqc->tail), cq = le16_to_cpu(cqc->tail);

	if (sq >= depth || cq >= depth)
		return -EIO;
	if (sqc->w11 & cpu_to_le16(QM_C_TOGGLE))
		sq += depth;
	if (cqc->w11 & cpu_to_le16(QM_C_TOGGLE))
		cq += depth;
	return (sq + 2 * depth - cq) % (2 * depth);
}

/*
 * Wait until there is a completion for each request: a while, or, with the device
 * being stopped, as long as that may take for all queues together.  With completions
 * of nothing there are more of them than requests; then only the command to stop the
 * queue, if there is one, knows.
 */
static int await_completions(struct hisi_qp *qp, bool can_stop)
{
	unsigned long end = READ_ONCE(qp->qm->stop_by) ?: jiffies + DRAIN_LIMIT;
	int depth = qp->qm->caps.sq_depth, behind;
	struct hisi_qm_sqc sqc;
	struct hisi_qm_cqc cqc;

	for (;;) {
		bool late = time_after(jiffies, end);

		if (!dump_both(qp, &sqc, &cqc))
			return -EIO;
		behind = completions_behind(&sqc, &cqc, depth);
		if (behind <= 0)
			return behind;
		if (behind > depth && can_stop)
			return 0;
		if (late)
			return -EBUSY;
		usleep_range(DRAIN_US / 2, DRAIN_US);
	}
}

static bool qm_stop_is_late(const struct hisi_qm *qm)
{
	unsigned long stop_by = READ_ONCE(qm->stop_by);

	return stop_by && time_after(jiffies, stop_by);
}

/*
 * Requests that were taken are done, however many there are.  The command to stop the
 * queue would wait for them, and nobody else could give the device any command
 * meanwhile.
 */
static int drain_one(struct hisi_qp *qp)
{
	struct hisi_qm *qm = qp->qm;
	bool can_stop = qm->caps.features & QM_CAP_STOP_QP;
	int ret = 0;

	/* Nobody rings any more, and all of the device's queues were empty. */
	if (READ_ONCE(qm->drained))
		return 0;
	/* Others have used up the time there was. */
	if (qp->uq && qm_stop_is_late(qm))
		return -EBUSY;
	/* One of the kernel's that has failed may lack completions for ever. */
	if (qp->uq || !can_stop || (READ_ONCE(qp->used) && !qp->failed)) {
		ret = await_completions(qp, can_stop);
		if (ret)
			return ret;
	}
	if (can_stop)
		ret = hisi_qm_command(qm, QM_MB_CMD_STOP_QP, qp->number, 0);
	return ret;
}

/* What is left in the device must not reach memory of the queue's next owner. */
static int forget(struct hisi_qp *qp)
{
	struct hisi_qm_sqc sqc = { };

	fill_sqc(qp, &sqc);
	sqc.pasid = 0;
	sqc.w11 = 0;
	sqc.w13 |= cpu_to_le16(QM_SQC_DISABLED);
	return hisi_qm_load(qp->qm, QM_MB_CMD_SQC, qp->number, &sqc, sizeof(sqc));
}

/*
 * Have the device let go of the queue, which nobody sends to any more.  0: it has; or
 * it still may use the memory of the queue and of its requests.
 */
int hisi_qp_unload(struct hisi_qp *qp)
{
	struct hisi_qm *qm = qp->qm;
	int ret;

	if (!qp->loaded)
		return 0;
	/* The whole device has been made to. */
	if (qp->epoch != READ_ONCE(qm->epoch)) {
		qp->loaded = false;
		return 0;
	}
	if (!hisi_qm_runs(qm))
		return -EAGAIN;
	ret = drain_one(qp);
	if (ret)
		return ret;
	if (qp->uq && !READ_ONCE(qm->drained)) {
		ret = forget(qp);
		/* A device that refuses that has nothing of the queue, either. */
		if (ret && ret != -EIO)
			return ret;
	}
	qp->loaded = false;
	return 0;
}

/* The same, when more depends on it than the queue: not for those of processes. */
int hisi_qp_unload_slowly(struct hisi_qp *qp)
{
	unsigned long end = jiffies + SLOW_LIMIT;
	int ret;

	do {
		ret = hisi_qp_unload(qp);
	} while (ret == -EBUSY && time_before(jiffies, end));
	return ret;
}

/* ---- the kernel's requests ---- */

static void ring_sq(struct hisi_qp *qp)
{
	u64 db = FIELD_PREP(QM_DB_QUEUE, (u64)qp->number) |
		 FIELD_PREP(QM_DB_CMD, (u64)QM_DB_CMD_SQ) |
		 FIELD_PREP(QM_DB_INDEX, (u64)qp->sq_tail);

	/* With a barrier for what was written to memory before. */
	writeq(db, qp->qm->doorbells + (size_t)qp->number * qp->qm->doorbell_stride +
		   QM_DB_SQ_CQ);
}

/*
 * Make room in the CQ; @arm: with an event for the next completion, or one that is
 * there already.
 */
static void ring_cq(struct hisi_qp *qp, bool arm)
{
	u64 db = FIELD_PREP(QM_DB_QUEUE, (u64)qp->number) |
		 FIELD_PREP(QM_DB_CMD, (u64)QM_DB_CMD_CQ) |
		 FIELD_PREP(QM_DB_INDEX, (u64)qp->cq_head) |
		 FIELD_PREP(QM_DB_PRIORITY, (u64)arm);

	spin_lock(&qp->lock);
	/* A stop takes the rest, and the device must not hear of the queue after it. */
	if (qp->open) {
		writeq(db, qp->qm->doorbells +
			   (size_t)qp->number * qp->qm->doorbell_stride + QM_DB_SQ_CQ);
		WRITE_ONCE(qp->unrung, 0);
	}
	spin_unlock(&qp->lock);
}

static void *sqe_at(const struct hisi_qp *qp, u32 slot)
{
	return qp->sq + slot * sqe_size(qp->qm);
}

/* With the queue's lock. */
static void made_progress(struct hisi_qp *qp)
{
	qp->progress = jiffies;
	qp->late = 0;
}

/**
 * wd_hisi_qp_is_open() - whether the device takes requests of this queue
 * @qp: a queue of the kernel
 *
 * Any context.
 *
 * Return: that; it may change at any time.
 */
bool wd_hisi_qp_is_open(const struct hisi_qp *qp)
{
	return READ_ONCE(qp->open);
}
WD_EXPORT_SYMBOL(wd_hisi_qp_is_open);

/**
 * wd_hisi_qp_is_full() - whether the device has as many requests as it can have
 * @qp: a queue of the kernel
 *
 * Any context.  For those who do not wait for room: who does has to ask wd_hisi_qp_send().
 *
 * Return: that; it may change at any time.
 */
bool wd_hisi_qp_is_full(const struct hisi_qp *qp)
{
	return READ_ONCE(qp->open) &&
	       READ_ONCE(qp->used) + READ_ONCE(qp->unrung) >= qp->qm->caps.sq_depth - 1;
}
WD_EXPORT_SYMBOL(wd_hisi_qp_is_full);

/**
 * wd_hisi_qp_send() - give the device a request
 * @qp: a queue of the kernel
 * @sqe: the request; copied
 * @cookie: for the queue's hisi_qp_done_t; not NULL
 *
 * Any context but hard interrupts.
 *
 * Return: 0, -EAGAIN without room, -ESHUTDOWN while the device takes nothing.
 */
int wd_hisi_qp_send(struct hisi_qp *qp, const void *sqe, void *cookie)
{
	struct hisi_qm *qm = qp->qm;
	int ret = 0;
	u32 slot;

	spin_lock_bh(&qp->lock);
	slot = qp->sq_tail;
	if (!qp->open) {
		ret = -ESHUTDOWN;
	} else if (qp->used + qp->unrung >= qm->caps.sq_depth - 1 || qp->slots[slot]) {
		qp->stats.full++;
		ret = -EAGAIN;
	} else {
		memcpy(sqe_at(qp, slot), sqe, sqe_size(qm));
		qp->slots[slot] = cookie;
		trace_hisi_qp_submit(qp, slot);
		if (++qp->sq_tail == qm->caps.sq_depth)
			qp->sq_tail = 0;
		if (!qp->used) {
			qp->oldest = slot;
			made_progress(qp);
		}
		WRITE_ONCE(qp->used, qp->used + 1);
		qp->stats.sent++;
		ring_sq(qp);
	}
	spin_unlock_bh(&qp->lock);
	if (!ret)
		hisi_qm_watch(qm);
	return ret;
}
WD_EXPORT_SYMBOL(wd_hisi_qp_send);

/* The one that has been under way longest is over: the next one is that.  Locked. */
static void find_oldest(struct hisi_qp *qp)
{
	u32 i;

	made_progress(qp);
	for (i = 0; i < qp->qm->caps.sq_depth && qp->used && !qp->slots[qp->oldest]; i++)
		qp->oldest = (qp->oldest + 1) % qp->qm->caps.sq_depth;
}

/* The request of a slot is over; NULL if there is none. */
static void *take_slot(struct hisi_qp *qp, u32 slot)
{
	void *cookie;

	spin_lock_bh(&qp->lock);
	cookie = qp->slots[slot];
	if (cookie) {
		qp->slots[slot] = NULL;
		WRITE_ONCE(qp->used, qp->used - 1);
		WRITE_ONCE(qp->unrung, qp->unrung + 1);
		qp->stats.received++;
		if (slot == qp->oldest)
			find_oldest(qp);
	}
	spin_unlock_bh(&qp->lock);
	return cookie;
}

/* Whether there is a request, and the device has answered it. */
static bool is_answered(struct hisi_qp *qp, u32 slot)
{
	bool answered;

	spin_lock_bh(&qp->lock);
	answered = slot < qp->qm->caps.sq_depth && qp->slots[slot] &&
		   qp->qm->engine->answered(sqe_at(qp, slot));
	spin_unlock_bh(&qp->lock);
	return answered;
}

static bool is_valid(const struct hisi_qm_cqe *cqe, bool phase)
{
	return (le16_to_cpu(READ_ONCE(cqe->w7)) & QM_CQE_PHASE) == phase;
}

/*
 * A request's slot is not used again before its answer was looked at: one slot is
 * always empty, and this is the only one that is free besides.  One that the device may
 * still be at work on keeps its memory, whatever the completion says.  After one that
 * says what cannot be, which may have been meant for another time, our head and the
 * device's tail need not agree any more.
 */
static void complete_one(struct hisi_qp *qp, const struct hisi_qm_cqe *cqe)
{
	u32 slot = le16_to_cpu(READ_ONCE(cqe->sq_head));

	if (!is_answered(qp, slot)) {
		atomic_inc(&qp->qm->counters.bogus);
		dev_err_ratelimited(&qp->qm->pdev->dev,
				    "queue %u: completion of slot %u, where no request was answered\n",
				    qp->number, slot);
		WRITE_ONCE(qp->confused, true);
		queue_work(qp->qm->work_queue, &qp->qm->aeq_work);
		return;
	}
	trace_hisi_qp_complete(qp, slot);
	/* Only we take any. */
	qp->done(qp, take_slot(qp, slot), sqe_at(qp, slot));
}

/* Nobody looks at its completions until it is begun anew. */
bool hisi_qp_is_confused(const struct hisi_qp *qp)
{
	return READ_ONCE(qp->confused);
}

static unsigned int complete_some(struct hisi_qp *qp, unsigned int most)
{
	struct hisi_qm_cqe *cqe = &qp->cq[qp->cq_head];
	unsigned int n;

	for (n = 0; n < most && !hisi_qp_is_confused(qp) && is_valid(cqe, qp->cq_phase); n++) {
		/* The rest of the entry, and the results, were there before. */
		dma_rmb();
		complete_one(qp, cqe);
		cqe++;
		if (++qp->cq_head == qp->qm->caps.cq_depth) {
			qp->cq_head = 0;
			qp->cq_phase = !qp->cq_phase;
			cqe = qp->cq;
		}
	}
	return n;
}

/*
 * The room of those that are taken is there after the doorbell, while whoever waits for
 * room looks when told of each: so the last one of all must find some.
 */
static void take_completions(struct tasklet_struct *t)
{
	struct hisi_qp *qp = from_tasklet(qp, t, tasklet);
	unsigned int most = min_t(unsigned int, BATCH, qp->qm->caps.sq_depth / 2);
	bool more = complete_some(qp, most) == most;

	if (hisi_qp_is_confused(qp))
		return;
	ring_cq(qp, !more);
	if (more)
		tasklet_schedule(t);
}

/* Requests can be sent from now on. */
int hisi_qp_open(struct hisi_qp *qp)
{
	int ret = hisi_qp_load(qp);

	if (ret)
		return ret;
	spin_lock_bh(&qp->lock);
	qp->sq_tail = 0;
	WRITE_ONCE(qp->unrung, 0);
	qp->failed = false;
	WRITE_ONCE(qp->open, true);
	spin_unlock_bh(&qp->lock);
	return 0;
}

/* No more can be; those that were stay.  From now on nobody rings. */
void hisi_qp_close(struct hisi_qp *qp)
{
	spin_lock_bh(&qp->lock);
	WRITE_ONCE(qp->open, false);
	spin_unlock_bh(&qp->lock);
}

/*
 * End all requests: those that the device has answered with the answer.  It is closed
 * and the device has let go of it.
 */
void hisi_qp_abort(struct hisi_qp *qp)
{
	u32 slot;

	tasklet_disable(&qp->tasklet);
	local_bh_disable();
	complete_some(qp, qp->qm->caps.cq_depth);
	for (slot = 0; slot < qp->qm->caps.sq_depth; slot++) {
		void *cookie = take_slot(qp, slot);

		if (!cookie)
			continue;
		atomic_inc(&qp->qm->counters.aborted);
		trace_hisi_qp_abort(qp, slot);
		qp->done(qp, cookie, NULL);
		if (slot % ABORT_AT_ONCE)
			continue;
		/* Callers may do a lot when they are told. */
		local_bh_enable();
		cond_resched();
		local_bh_disable();
	}
	local_bh_enable();
	tasklet_enable(&qp->tasklet);
}

/* How long the device has not answered the oldest request, in jiffies; 0: there is none. */
unsigned long hisi_qp_waits(struct hisi_qp *qp)
{
	unsigned long waits = 0;

	spin_lock_bh(&qp->lock);
	if (qp->open && qp->used)
		waits = max(jiffies - qp->progress, 1ul);
	spin_unlock_bh(&qp->lock);
	return waits;
}

/* How often it was found so late that something has to be done. */
unsigned int hisi_qp_late(struct hisi_qp *qp)
{
	unsigned int late;

	spin_lock_bh(&qp->lock);
	late = ++qp->late;
	spin_unlock_bh(&qp->lock);
	return late;
}

/**
 * wd_hisi_qp_create() - make a queue of the kernel
 * @qm: a function that was started
 * @type: QM_SQC_TYPE
 * @done: called for each request that ends
 * @owner: for wd_hisi_qp_owner()
 *
 * Return: the queue, or an ERR_PTR: -ENOMEM; -EBUSY if all queues of the kernel are in
 * use; -ESHUTDOWN, -EIO, -ETIMEDOUT if the device does not take it.
 */
struct hisi_qp *wd_hisi_qp_create(struct hisi_qm *qm, unsigned int type,
				  hisi_qp_done_t done, void *owner)
{
	struct hisi_qp *qp;
	int ret = -ENOMEM;

	if (type >= qm->engine->types)
		return ERR_PTR(-EINVAL);
	qp = kzalloc(sizeof(*qp), GFP_KERNEL);
	if (!qp)
		return ERR_PTR(-ENOMEM);
	qp->qm = qm;
	qp->type = type;
	qp->done = done;
	qp->owner = owner;
	qp->cq_phase = true;
	spin_lock_init(&qp->lock);
	tasklet_setup(&qp->tasklet, take_completions);
	qp->slots = kcalloc(qm->caps.sq_depth, sizeof(*qp->slots), GFP_KERNEL);
	if (!qp->slots)
		goto err_free;
	qp->size = PAGE_ALIGN(hisi_qp_rings_size(qm));
	qp->sq = dma_alloc_coherent(&qm->pdev->dev, qp->size, &qp->dma, GFP_KERNEL);
	if (!qp->sq)
		goto err_slots;
	qp->cq = qp->sq + hisi_qp_cq_offset(qm);

	mutex_lock(&qm->lock);
	ret = hisi_qp_number_get(qm, qp);
	if (ret)
		goto err_unlock;
	ret = hisi_qp_open(qp);
	if (ret)
		goto err_number;
	mutex_unlock(&qm->lock);
	return qp;

err_number:
	if (hisi_qp_unload(qp)) {
		hisi_qm_stop_device(qm);
		hisi_qm_reset_later(qm);
	}
	hisi_qp_number_put(qp);
err_unlock:
	mutex_unlock(&qm->lock);
	/* A stray event may have had it look. */
	tasklet_kill(&qp->tasklet);
	dma_free_coherent(&qm->pdev->dev, qp->size, qp->sq, qp->dma);
err_slots:
	kfree(qp->slots);
err_free:
	kfree(qp);
	return ERR_PTR(ret);
}
WD_EXPORT_SYMBOL(wd_hisi_qp_create);

/**
 * wd_hisi_qp_destroy() - undo wd_hisi_qp_create()
 * @qp: the queue
 *
 * What is under way is done, or aborted.  If the device cannot be made to let go of
 * the queue, it is stopped as a whole.
 */
void wd_hisi_qp_destroy(struct hisi_qp *qp)
{
	struct hisi_qm *qm = qp->qm;

	mutex_lock(&qm->lock);
	hisi_qp_close(qp);
	if (hisi_qp_unload_slowly(qp)) {
		hisi_qm_stop_device(qm);
		hisi_qm_reset_later(qm);
	}
	hisi_qp_abort(qp);
	hisi_qp_number_put(qp);
	mutex_unlock(&qm->lock);
	tasklet_kill(&qp->tasklet);
	dma_free_coherent(&qm->pdev->dev, qp->size, qp->sq, qp->dma);
	kfree(qp->slots);
	kfree(qp);
}
WD_EXPORT_SYMBOL(wd_hisi_qp_destroy);

/**
 * wd_hisi_qp_owner() - what wd_hisi_qp_create() was given
 * @qp: the queue
 *
 * Return: that.
 */
void *wd_hisi_qp_owner(const struct hisi_qp *qp)
{
	return qp->owner;
}
WD_EXPORT_SYMBOL(wd_hisi_qp_owner);

/**
 * wd_hisi_qp_stats() - what a queue of the kernel did so far
 * @qp: the queue
 * @stats: filled in
 */
void wd_hisi_qp_stats(struct hisi_qp *qp, struct hisi_qp_stats *stats)
{
	spin_lock_bh(&qp->lock);
	*stats = qp->stats;
	spin_unlock_bh(&qp->lock);
}
WD_EXPORT_SYMBOL(wd_hisi_qp_stats);
