// SPDX-License-Identifier: MIT
/*
 * Faults that take place by themselves: entries nobody asked for, interrupts without a
 * reason, errors with details, and completions of queues that were stopped.
 */
#include "internal.h"

int inject_eqe(struct sim *sim, uint32_t queue, bool stale)
{
	if (!sim->eq.started)
		return -ENODEV;
	sim->eq.injected = true;
	sim->stats.eqes++;
	(stale ? ring_stale_event : ring_event)(sim, &sim->eq, queue);
	return 0;
}

int inject_aeqe(struct sim *sim, uint32_t type, uint32_t queue, bool stale)
{
	uint32_t entry = FIELD_PREP(QM_AEQE_TYPE, type) | queue;

	if (!sim->aeq.started)
		return -ENODEV;
	sim->aeq.injected = true;
	sim->stats.aeqes++;
	(stale ? ring_stale_event : ring_event)(sim, &sim->aeq, entry);
	return 0;
}

int inject_cqe(struct sim *sim, uint32_t queue, uint16_t slot, bool stale)
{
	struct queue *q = &sim->queues[queue];

	if (queue >= sim->queue_count || !q->cq_started)
		return -ENODEV;
	if (q->cq_unread == q->cq_depth)
		return -ENOSPC;
	q->injected = true;
	if (cqe_write(sim, q, queue, slot, stale))
		return 0;
	if (stale)
		cq_event(sim, q, queue, true);
	else
		cqe_written(sim, q, queue);
	return 0;
}

/* ---- errors ---- */

static void qm_details(struct sim *sim, uint32_t bit, uint32_t where,
		       uint32_t function)
{
	uint32_t info = FIELD_PREP(QM_ERR_INFO_QUEUE, where) |
			FIELD_PREP(QM_ERR_INFO_FUNCTION, function);

	switch (BIT(bit)) {
	case QM_ERR_AXI_READ:
		*sim_reg(sim, QM_ERR_AXI_READ_INFO) =
			where ? QM_ERR_AXI_POISON : 0;
		break;
	case QM_ERR_ECC_MBIT:
		++*sim_reg(sim, QM_ECC_MBIT_COUNT);
		*sim_reg(sim, QM_ECC_MBIT_INFO) = where;
		break;
	case QM_ERR_ECC_1BIT:
		++*sim_reg(sim, QM_ECC_1BIT_COUNT);
		*sim_reg(sim, QM_ECC_1BIT_INFO) = where;
		break;
	case QM_ERR_DB_TIMEOUT:
		*sim_reg(sim, QM_ERR_DOORBELL_INFO) = info;
		break;
	case QM_ERR_FIFO_OVERFLOW:
		*sim_reg(sim, QM_ERR_FIFO_INFO) = info;
		break;
	}
}

void inject_error(struct sim *sim, bool zip, uint32_t bit, uint32_t where,
		  uint32_t function)
{
	if (!zip)
		qm_details(sim, bit, where, function);
	else if (BIT(bit) & (HZIP_ERR_ECC_1BIT | HZIP_ERR_ECC_2BIT))
		*sim_reg(sim, HZIP_SRAM_ECC_INFO) =
			FIELD_PREP(HZIP_SRAM_ECC_NUMBER, where);
	sim->stats.faults++;
	if (!zip && BIT(bit) & (QM_ERR_AXI_READ | QM_ERR_AXI_WRITE))
		axi_error(sim, BIT(bit), function);
	else
		error_raise(sim, zip, BIT(bit));
}

/* ---- interrupts ---- */

static void raise(struct sim *sim)
{
	if (sim_gone(sim))
		return;
	sim->stats.irqs++;
	sim->ops->raise_irq(sim->host, sim->storm.vector);
}

int inject_storm(struct sim *sim, uint32_t vector, uint64_t times,
		 uint64_t period_ns)
{
	struct irq_storm *storm = &sim->storm;

	if (vector >= sim_irq_count(sim))
		return -EINVAL;
	*storm = (struct irq_storm){ .vector = vector };
	if (period_ns) {
		storm->left = times;
		storm->period_ns = period_ns;
		storm->due = sim_now(sim) + period_ns;
		pthread_cond_signal(&sim->timer);
		return 0;
	}
	while (times--)
		raise(sim);
	return 0;
}

/* ---- completions after the end ---- */

int inject_late(struct sim *sim, uint32_t queue, uint64_t delay_ns)
{
	for (unsigned int i = 0; i < LATE_MAX; i++) {
		struct late_write *late = &sim->late[i];

		if (late->armed || late->due)
			continue;
		*late = (struct late_write){
			.armed = true,
			.queue = queue,
			.delay_ns = delay_ns,
		};
		return 0;
	}
	return -ENOSPC;
}

/* Its rings are as the device saw them last, whatever becomes of the queue. */
static void aim(struct sim *sim, struct late_write *late, const struct queue *q)
{
	uint32_t slot = (q->sq_tail + q->sq_depth - 1) % q->sq_depth;

	late->armed = false;
	late->due = sim_now(sim) + late->delay_ns;
	if (!late->due)
		late->due = 1;
	late->slot = q->sq_base + (uint64_t)slot * sizeof(struct hisi_zip_sqe);
	late->cqe =
		q->cq_base + (uint64_t)q->cq_tail * sizeof(struct hisi_qm_cqe);
	late->entry = (struct hisi_qm_cqe){
		.sq_head = cpu_to_le16((uint16_t)slot),
		.sq = cpu_to_le16((uint16_t)late->queue),
		.w7 = cpu_to_le16(q->cq_phase),
	};
	pthread_cond_signal(&sim->timer);
}

void inject_stopped(struct sim *sim, uint32_t queue)
{
	const struct queue *q = &sim->queues[queue];

	if (!q->sq_started || !q->cq_started)
		return;
	for (unsigned int i = 0; i < LATE_MAX; i++) {
		if (sim->late[i].armed && sim->late[i].queue == queue)
			aim(sim, &sim->late[i], q);
	}
}

/* The device's mistake: that nothing is mapped there any more is no violation. */
static void late_write(struct sim *sim, uint64_t addr, const void *data,
		       size_t len)
{
	sim->stats.late++;
	if (sim_gone(sim) || !sim->bus_master ||
	    sim->ops->dma_write(sim->host, SIM_NO_PASID, addr, data, len))
		sim->stats.late_refused++;
}

static void complete_late(struct sim *sim, struct late_write *late)
{
	const uint32_t results[4] = { 0 };

	trace_note(sim, "late completion of queue %u", late->queue);
	late->due = 0;
	sim->stats.faults++;
	late_write(sim, late->slot, results, sizeof(results));
	late_write(sim, late->cqe, &late->entry, sizeof(late->entry));
}

/* ---- time ---- */

void inject_forget(struct sim *sim, bool armed, bool due)
{
	for (unsigned int i = 0; i < LATE_MAX; i++) {
		if (armed)
			sim->late[i].armed = false;
		if (due)
			sim->late[i].due = 0;
	}
	sim->storm.due = 0;
}

uint64_t inject_next_due(const struct sim *sim)
{
	uint64_t due = TIME_NEVER;

	for (unsigned int i = 0; i < LATE_MAX; i++) {
		if (sim->late[i].due && sim->late[i].due < due)
			due = sim->late[i].due;
	}
	if (sim->storm.due && sim->storm.due < due)
		due = sim->storm.due;
	return due;
}

void inject_run(struct sim *sim)
{
	struct irq_storm *storm = &sim->storm;
	uint64_t now = sim_now(sim);

	for (unsigned int i = 0; i < LATE_MAX; i++) {
		if (sim->late[i].due && sim->late[i].due <= now)
			complete_late(sim, &sim->late[i]);
	}
	if (!storm->due || storm->due > now)
		return;
	raise(sim);
	storm->due = --storm->left ? now + storm->period_ns : 0;
}
