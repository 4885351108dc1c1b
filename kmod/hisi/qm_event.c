// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: events of queues, asynchronous errors of queues, hardware errors; and
 * the watchdog, which finds what no interrupt told of.
 *
 * A platform may give fewer vectors than there are classes of interrupts.  Those
 * without one are the watchdog's.
 */
#include <linux/bitfield.h>
#include <linux/interrupt.h>
#include <linux/module.h>

#include "qm_internal.h"

#define WATCH_MS	200
#define STORM		10000	/* interrupts in a row that told of nothing, or within WATCH_MS */

static unsigned int timeout_ms = 10000;
module_param(timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms,
		 "milliseconds a queue of the kernel may have requests without answering one before the device is reset; 0: for ever (default 10000)");

/* ---- rings ---- */

static bool ring_peek(const struct hisi_qm_ring *ring, u32 *entry)
{
	*entry = le32_to_cpu(READ_ONCE(ring->entries[ring->head]));
	return !!(*entry & QM_EQE_PHASE) == ring->phase;
}

static bool ring_next(struct hisi_qm_ring *ring, u32 *entry)
{
	if (!ring_peek(ring, entry))
		return false;
	if (++ring->head == ring->depth) {
		ring->head = 0;
		ring->phase = !ring->phase;
	}
	return true;
}

static void ring_doorbell(struct hisi_qm *qm, u64 cmd, u32 head)
{
	writeq(FIELD_PREP(QM_DB_CMD, cmd) | FIELD_PREP(QM_DB_INDEX, (u64)head),
	       qm->regs + QM_DB_EQ_AEQ);
}

/* Whether there was anything.  With event_lock. */
static bool take_events(struct hisi_qm *qm)
{
	u32 entry, n;

	for (n = 0; n < qm->eq.depth && ring_next(&qm->eq, &entry); n++)
		hisi_qp_event(qm, FIELD_GET(QM_EQE_QUEUE, entry));
	return n;
}

/*
 * An interrupt that comes over and over for nothing would take the CPU for ever: it is
 * switched off, and the watchdog looks in its place.  With event_lock.
 */
static void switch_off(struct hisi_qm *qm, struct hisi_qm_storm *storm, int irq)
{
	if (storm->off)
		return;
	storm->off = true;
	disable_irq_nosync(irq);
	/* It may have had nothing to look for. */
	hisi_qm_watch(qm);
	dev_warn_ratelimited(&qm->pdev->dev, "a storm of interrupts: switched off for %u ms\n",
			     WATCH_MS);
}

static void count_idle(struct hisi_qm *qm, int irq)
{
	atomic_inc(&qm->counters.idle_irqs);
	if (++qm->event_storm.n >= STORM)
		switch_off(qm, &qm->event_storm, irq);
}

/* What others tell of is found by works: so many are for nothing, whatever they tell. */
static void count_any(struct hisi_qm *qm, struct hisi_qm_storm *storm, int irq)
{
	unsigned long flags;

	spin_lock_irqsave(&qm->event_lock, flags);
	if (time_after(jiffies, storm->since + msecs_to_jiffies(WATCH_MS))) {
		storm->since = jiffies;
		storm->n = 0;
	}
	if (++storm->n >= STORM)
		switch_off(qm, storm, irq);
	spin_unlock_irqrestore(&qm->event_lock, flags);
}

static void switch_on(struct hisi_qm *qm, struct hisi_qm_storm *storm, int vector)
{
	if (!storm->off)
		return;
	storm->off = false;
	storm->n = 0;
	enable_irq(pci_irq_vector(qm->pdev, vector));
}

static irqreturn_t on_event(int irq, void *data)
{
	struct hisi_qm *qm = data;
	unsigned long flags;

	spin_lock_irqsave(&qm->event_lock, flags);
	if (!hisi_qm_runs(qm)) {
		/* Late: the rings are somebody else's. */
	} else if (take_events(qm)) {
		atomic_inc(&qm->counters.irqs);
		qm->event_storm.n = 0;
		ring_doorbell(qm, QM_DB_CMD_EQ, qm->eq.head);
	} else {
		count_idle(qm, irq);
		/* What it interrupts for next has to be told, too. */
		ring_doorbell(qm, QM_DB_CMD_EQ, qm->eq.head);
	}
	spin_unlock_irqrestore(&qm->event_lock, flags);
	return IRQ_HANDLED;
}

static irqreturn_t on_queue_error(int irq, void *data)
{
	struct hisi_qm *qm = data;

	count_any(qm, &qm->aeq_storm, irq);
	queue_work(qm->work_queue, &qm->aeq_work);
	return IRQ_HANDLED;
}

static irqreturn_t on_hardware_error(int irq, void *data)
{
	struct hisi_qm *qm = data;

	atomic_inc(&qm->counters.abnormal);
	count_any(qm, &qm->abnormal_storm, irq);
	queue_work(qm->work_queue, &qm->error_work);
	return IRQ_HANDLED;
}

/* ---- asynchronous errors of queues ---- */

/* Of the kernel. */
static void restart_queue(struct hisi_qm *qm, struct hisi_qp *qp)
{
	hisi_qp_close(qp);
	if (hisi_qp_unload_slowly(qp)) {
		hisi_qm_reset_later(qm);
		return;
	}
	hisi_qp_abort(qp);
	if (hisi_qp_open(qp))
		hisi_qm_reset_later(qm);
}

/* One of the kernel's is started anew; a process has to do that itself. */
static void queue_failed(struct hisi_qm *qm, u32 number)
{
	struct hisi_qp *qp = hisi_qp_of_kernel(qm, number);
	unsigned long flags;

	if (qp) {
		qp->failed = true;
		restart_queue(qm, qp);
		return;
	}
	spin_lock_irqsave(&qm->qp_lock, flags);
	qp = number < qm->queues ? qm->qps[number] : NULL;
	if (qp)
		hisi_qm_uacce_failed(qp);
	spin_unlock_irqrestore(&qm->qp_lock, flags);
}

static void on_async_error(struct hisi_qm *qm, u32 entry)
{
	u32 number = FIELD_GET(QM_EQE_QUEUE, entry);
	u32 type = FIELD_GET(QM_AEQE_TYPE, entry);

	atomic_inc(&qm->counters.aeq_events);
	switch (type) {
	case QM_AEQE_CQ_OVERFLOW:
	case QM_AEQE_CQE_ERROR:
		if (number >= qm->queues)
			break;
		dev_err_ratelimited(&qm->pdev->dev, "queue %u: %s\n", number,
				    type == QM_AEQE_CQE_ERROR ?
					    "a completion could not be written" :
					    "no room for completions");
		queue_failed(qm, number);
		return;
	case QM_AEQE_EQ_OVERFLOW:
		dev_err_ratelimited(&qm->pdev->dev, "no room for events\n");
		hisi_qm_restart(qm);
		return;
	}
	atomic_inc(&qm->counters.bogus);
	dev_err_ratelimited(&qm->pdev->dev, "asynchronous error 0x%x makes no sense\n",
			    entry);
}

static bool take_async_error(struct hisi_qm *qm, u32 *entry)
{
	unsigned long flags;
	bool found;

	spin_lock_irqsave(&qm->event_lock, flags);
	found = hisi_qm_runs(qm) && ring_next(&qm->aeq, entry);
	spin_unlock_irqrestore(&qm->event_lock, flags);
	return found;
}

static void restart_confused(struct hisi_qm *qm)
{
	u32 i;

	for (i = 0; i < qm->kernel_queues && hisi_qm_runs(qm); i++) {
		struct hisi_qp *qp = hisi_qp_of_kernel(qm, i);

		if (qp && hisi_qp_is_confused(qp))
			restart_queue(qm, qp);
	}
}

static void aeq_work(struct work_struct *work)
{
	struct hisi_qm *qm = container_of(work, struct hisi_qm, aeq_work);
	u32 entry, n;

	mutex_lock(&qm->lock);
	for (n = 0; n < qm->aeq.depth && take_async_error(qm, &entry); n++)
		on_async_error(qm, entry);
	restart_confused(qm);
	if (hisi_qm_runs(qm))
		ring_doorbell(qm, QM_DB_CMD_AEQ, qm->aeq.head);
	mutex_unlock(&qm->lock);
}

/* ---- the watchdog ---- */

static bool has_vector(const struct hisi_qm *qm, int vector)
{
	return vector != QM_NO_IRQ && vector < qm->vectors;
}

/* Errors have to be looked for. */
static bool polls_errors(const struct hisi_qm *qm)
{
	return !has_vector(qm, qm->caps.irq_aeq) || !has_vector(qm, qm->caps.irq_abnormal);
}

/* Have it look again soon.  Any context; cheap when it is to anyway. */
void hisi_qm_watch(struct hisi_qm *qm)
{
	if (!delayed_work_pending(&qm->watchdog) &&
	    !test_bit(HISI_QM_REMOVING, &qm->flags))
		queue_delayed_work(qm->work_queue, &qm->watchdog,
				   msecs_to_jiffies(WATCH_MS));
}

static void look_for_events(struct hisi_qm *qm)
{
	unsigned long flags;

	spin_lock_irqsave(&qm->event_lock, flags);
	if (hisi_qm_runs(qm)) {
		if (take_events(qm)) {
			if (!qm->event_storm.off)
				atomic_inc(&qm->counters.lost_irqs);
			ring_doorbell(qm, QM_DB_CMD_EQ, qm->eq.head);
		}
	}
	switch_on(qm, &qm->event_storm, qm->caps.irq_eq);
	switch_on(qm, &qm->aeq_storm, qm->caps.irq_aeq);
	switch_on(qm, &qm->abnormal_storm, qm->caps.irq_abnormal);
	spin_unlock_irqrestore(&qm->event_lock, flags);
}

/* Whether any of the kernel's queues has requests under way.  With the QM's lock. */
static bool look_at_queues(struct hisi_qm *qm)
{
	unsigned long limit = msecs_to_jiffies(READ_ONCE(timeout_ms));
	bool busy = false;
	u32 i;

	for (i = 0; i < qm->kernel_queues; i++) {
		struct hisi_qp *qp = hisi_qp_of_kernel(qm, i);
		unsigned long waits = qp ? hisi_qp_waits(qp) : 0;

		if (!waits)
			continue;
		busy = true;
		/* The device may not have told of it. */
		if (waits >= msecs_to_jiffies(WATCH_MS))
			tasklet_schedule(&qp->tasklet);
		/* The tasklet had its turn since it was late for the first time. */
		if (limit && waits > limit && hisi_qp_late(qp) > 1) {
			atomic_inc(&qm->counters.timeouts);
			pci_err(qm->pdev, "queue %u: no answer for %u ms\n", i,
				jiffies_to_msecs(waits));
			hisi_qm_reset_later(qm);
		}
	}
	return busy;
}

/* Those without a vector, and those whose interrupt was lost.  With the QM's lock. */
static void look_for_errors(struct hisi_qm *qm)
{
	u32 entry;

	if (ring_peek(&qm->aeq, &entry))
		queue_work(qm->work_queue, &qm->aeq_work);
	if (hisi_qm_pending_errors(qm))
		queue_work(qm->work_queue, &qm->error_work);
}

/* Queues of processes may sleep in poll(). */
static bool processes_wait(struct hisi_qm *qm)
{
	return READ_ONCE(qm->free_queues) != qm->queues - qm->kernel_queues;
}

static void watchdog(struct work_struct *work)
{
	struct hisi_qm *qm = container_of(to_delayed_work(work), struct hisi_qm, watchdog);
	bool again;

	/* Who stops or starts the device takes care of it. */
	if (!mutex_trylock(&qm->lock)) {
		again = true;
	} else {
		look_for_events(qm);
		again = look_at_queues(qm);
		if (hisi_qm_runs(qm))
			look_for_errors(qm);
		/* One that sleeps, or is just being reset, must not be read. */
		if (hisi_qm_runs(qm) && hisi_qm_is_gone(qm))
			queue_work(qm->work_queue, &qm->error_work);
		again |= hisi_qm_runs(qm) && (processes_wait(qm) || polls_errors(qm));
		mutex_unlock(&qm->lock);
	}
	if (again)
		hisi_qm_watch(qm);
}

/* ---- set-up ---- */

void hisi_qm_events_init(struct hisi_qm *qm)
{
	spin_lock_init(&qm->event_lock);
	INIT_WORK(&qm->aeq_work, aeq_work);
	INIT_DELAYED_WORK(&qm->watchdog, watchdog);
}

static int request_one(struct hisi_qm *qm, int vector, irq_handler_t handler)
{
	if (!has_vector(qm, vector))
		return 0;
	return request_irq(pci_irq_vector(qm->pdev, vector), handler, 0,
			   dev_name(&qm->pdev->dev), qm);
}

static void free_one(struct hisi_qm *qm, int vector)
{
	if (has_vector(qm, vector))
		free_irq(pci_irq_vector(qm->pdev, vector), qm);
}

/*
 * MSI only.  Vectors are classes of interrupts by their number, so that the first one,
 * which is that of events, is what cannot be done without.
 */
int hisi_qm_request_irqs(struct hisi_qm *qm)
{
	const struct hisi_qm_caps *caps = &qm->caps;
	int ret;

	ret = pci_alloc_irq_vectors(qm->pdev, caps->irq_eq + 1, caps->irqs, PCI_IRQ_MSI);
	if (ret < 0) {
		pci_err(qm->pdev, "no interrupts (%d)\n", ret);
		return ret;
	}
	qm->vectors = ret;
	if (polls_errors(qm))
		pci_info(qm->pdev, "%d of %u interrupt vectors: errors are looked for every %u ms\n",
			 qm->vectors, caps->irqs, WATCH_MS);
	ret = request_one(qm, caps->irq_eq, on_event);
	if (ret)
		goto err_vectors;
	ret = request_one(qm, caps->irq_aeq, on_queue_error);
	if (ret)
		goto err_eq;
	ret = request_one(qm, caps->irq_abnormal, on_hardware_error);
	if (ret)
		goto err_aeq;
	return 0;

err_aeq:
	free_one(qm, caps->irq_aeq);
err_eq:
	free_one(qm, caps->irq_eq);
err_vectors:
	pci_free_irq_vectors(qm->pdev);
	return ret;
}

void hisi_qm_free_irqs(struct hisi_qm *qm)
{
	free_one(qm, qm->caps.irq_abnormal);
	free_one(qm, qm->caps.irq_aeq);
	free_one(qm, qm->caps.irq_eq);
	pci_free_irq_vectors(qm->pdev);
}

static int load_ring(struct hisi_qm *qm, struct hisi_qm_ring *ring, u32 cmd)
{
	struct hisi_qm_eqc c = {
		.base_low = cpu_to_le32(lower_32_bits(ring->dma)),
		.base_high = cpu_to_le32(upper_32_bits(ring->dma)),
		.dw6 = cpu_to_le32(FIELD_PREP(QM_EQC_DEPTH, ring->depth - 1) |
				   QM_EQC_PHASE),
	};

	memset(ring->entries, 0, ring->depth * sizeof(*ring->entries));
	ring->head = 0;
	ring->phase = true;
	return hisi_qm_load(qm, cmd, 0, &c, sizeof(c));
}

/* Empty rings, known to the device, and interrupts on. */
int hisi_qm_start_events(struct hisi_qm *qm)
{
	unsigned long flags;
	int ret;

	ret = load_ring(qm, &qm->eq, QM_MB_CMD_EQC);
	if (!ret)
		ret = load_ring(qm, &qm->aeq, QM_MB_CMD_AEQC);
	if (!ret)
		ret = hisi_qm_command(qm, QM_MB_CMD_SQC_BT, 0, qm->sqc_table);
	if (!ret)
		ret = hisi_qm_command(qm, QM_MB_CMD_CQC_BT, 0, qm->cqc_table);
	if (ret)
		return ret;
	/* Who sees that sees the rings as they are now. */
	spin_lock_irqsave(&qm->event_lock, flags);
	set_bit(HISI_QM_RUNNING, &qm->flags);
	spin_unlock_irqrestore(&qm->event_lock, flags);
	ring_doorbell(qm, QM_DB_CMD_AEQ, 0);
	ring_doorbell(qm, QM_DB_CMD_EQ, 0);
	hisi_qm_write(qm, QM_EQ_INT_MASK, 0);
	hisi_qm_write(qm, QM_AEQ_INT_MASK, 0);
	if (polls_errors(qm))
		hisi_qm_watch(qm);
	return 0;
}

/* On return no handler looks at the rings. */
void hisi_qm_stop_events(struct hisi_qm *qm)
{
	unsigned long flags;

	hisi_qm_write(qm, QM_EQ_INT_MASK, 1);
	hisi_qm_write(qm, QM_AEQ_INT_MASK, 1);
	clear_bit(HISI_QM_RUNNING, &qm->flags);
	spin_lock_irqsave(&qm->event_lock, flags);
	spin_unlock_irqrestore(&qm->event_lock, flags);
}
