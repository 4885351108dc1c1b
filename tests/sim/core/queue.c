// SPDX-License-Identifier: MIT
/*
 * Queues at work: doorbells, the fetch of requests, completions, events, interrupts
 * and errors.
 */
#include "internal.h"

void irq_raise(struct sim *sim, uint32_t cap)
{
	uint32_t irq = sim_cap(sim, cap);

	if (!(irq & QM_CAP_HIGH) || sim->removed)
		return;
	sim->irqs_due++;
	trace_note(sim, "IRQ vector %u", FIELD_GET(QM_CAP_LOW, irq));
	for (unsigned int times = fault_irq(sim); times; times--) {
		sim->stats.irqs++;
		sim->ops->raise_irq(sim->host, FIELD_GET(QM_CAP_LOW, irq));
	}
}

/*
 * Errors.
 */
static uint32_t shutdown_mask(struct sim *sim, bool zip)
{
	if (sim->config.revision < QM_HW_V3)
		return zip ? HZIP_ERR_ECC_2BIT : QM_ERR_ECC_MBIT;
	return *sim_reg(sim, zip ? HZIP_SHUTDOWN_SELECT : QM_SHUTDOWN_SELECT);
}

void error_raise(struct sim *sim, bool zip, uint32_t bits)
{
	const uint32_t source = zip ? HZIP_ERR_SOURCE : QM_ERR_SOURCE;
	uint32_t enabled;

	*sim_reg(sim, source) |= bits;
	*sim_reg(sim, zip ? HZIP_ERR_STATUS : QM_ERR_STATUS) |= bits;
	trace_note(sim, "error %s %04x", zip ? "zip" : "qm", bits);
	if ((bits & shutdown_mask(sim, zip)) &&
	    (!zip || (*sim_reg(sim, HZIP_CTRL) & HZIP_CTRL_AXI_SHUTDOWN)))
		sim->axi_closed = true;
	if (zip)
		enabled = *sim_reg(sim, HZIP_RAS_CE_ENABLE) |
			  *sim_reg(sim, HZIP_RAS_NFE_ENABLE) |
			  *sim_reg(sim, HZIP_RAS_FE_ENABLE);
	else
		enabled = *sim_reg(sim, QM_RAS_CE_ENABLE) | *sim_reg(sim, QM_RAS_NFE_ENABLE) |
			  *sim_reg(sim, QM_RAS_FE_ENABLE);
	if (bits & enabled & ~*sim_reg(sim, zip ? HZIP_ERR_MASK : QM_ERR_MASK))
		irq_raise(sim, QM_CAP_IRQ_ABNORMAL);
}

void axi_error(struct sim *sim, uint32_t bit, uint32_t function)
{
	if (sim_version(sim) >= QM_HW_V5)
		*sim_reg(sim, QM_FUNCTION_AXI_ERR + function / 32 * 4) |=
			BIT(function % 32);
	error_raise(sim, false, bit);
}

/*
 * The event queue and that of errors.
 */
static bool is_eq(const struct sim *sim, const struct event_ring *ring)
{
	return ring == &sim->eq;
}

static void ring_interrupt(struct sim *sim, struct event_ring *ring)
{
	bool eq = is_eq(sim, ring);

	if (!ring->started || !ring->unread || !ring->armed ||
	    *sim_reg(sim, eq ? QM_EQ_INT_MASK : QM_AEQ_INT_MASK))
		return;
	ring->armed = false;
	ring->source = true;
	irq_raise(sim, eq ? QM_CAP_IRQ_EQ : QM_CAP_IRQ_AEQ);
}

void event_mask_changed(struct sim *sim)
{
	ring_interrupt(sim, &sim->eq);
	ring_interrupt(sim, &sim->aeq);
}

static void ring_full(struct sim *sim, struct event_ring *ring, uint32_t entry)
{
	if (!ring->injected)
		sim_violate(sim, SIM_V_OVERRUN, "%s full: event %08x lost",
			    ring->name, entry);
	if (ring->overflow)
		return;
	ring->overflow = true;
	if (is_eq(sim, ring))
		aeq_event(sim, QM_AEQE_EQ_OVERFLOW, 0);
	*sim_reg(sim, QM_ERR_FIFO_INFO) =
		FIELD_PREP(QM_ERR_INFO_TYPE, is_eq(sim, ring) ? 1u : 2u);
	error_raise(sim, false, QM_ERR_FIFO_OVERFLOW);
}

void ring_stale_event(struct sim *sim, struct event_ring *ring, uint32_t entry)
{
	__le32 e = cpu_to_le32(
		entry | FIELD_PREP(QM_EQE_PHASE, (uint32_t)!ring->phase));

	if (core_dma_write(sim, ring->base + 4ull * ring->tail, &e, sizeof(e)))
		return;
	ring->source = true;
	irq_raise(sim, is_eq(sim, ring) ? QM_CAP_IRQ_EQ : QM_CAP_IRQ_AEQ);
}

void ring_event(struct sim *sim, struct event_ring *ring, uint32_t entry)
{
	__le32 e = cpu_to_le32(entry | FIELD_PREP(QM_EQE_PHASE, (uint32_t)ring->phase));

	if (!ring->started)
		return;
	if (ring->unread == ring->depth) {
		ring_full(sim, ring, entry);
		return;
	}
	e = cpu_to_le32(fuzz_entry(sim, le32_to_cpu(e), QM_EQE_PHASE));
	if (core_dma_write(sim, ring->base + 4ull * ring->tail, &e, sizeof(e)))
		return;
	trace_note(sim, "%s[%u] = %08x", is_eq(sim, ring) ? "EQE" : "AEQE", ring->tail, e);
	ring->unread++;
	if (++ring->tail == ring->depth) {
		ring->tail = 0;
		ring->phase = !ring->phase;
	}
	ring_interrupt(sim, ring);
}

void aeq_event(struct sim *sim, uint32_t type, uint32_t queue)
{
	sim->stats.aeqes++;
	ring_event(sim, &sim->aeq, FIELD_PREP(QM_AEQE_TYPE, type) | queue);
}

static void ring_doorbell(struct sim *sim, struct event_ring *ring, uint32_t index)
{
	uint32_t read;

	if (!ring->started) {
		sim_violate(sim, SIM_V_DOORBELL_QUEUE, "doorbell of the %s, which is not started",
			    ring->name);
		return;
	}
	if (index >= ring->depth) {
		sim_violate(sim, SIM_V_DOORBELL_INDEX, "%s head %u of %u", ring->name, index,
			    ring->depth);
		return;
	}
	read = (index + ring->depth - ring->head) % ring->depth;
	if (read > ring->unread) {
		sim_violate(sim, SIM_V_DOORBELL_INDEX,
			    "%s head %u goes past its tail %u", ring->name, index, ring->tail);
		return;
	}
	ring->head = index;
	ring->unread -= read;
	if (read)
		ring->overflow = false;
	ring->source = false;
	ring->armed = true;
	/* What came after the driver had looked is told now. */
	ring_interrupt(sim, ring);
}

/*
 * Completions.
 */
void cq_event(struct sim *sim, struct queue *q, uint32_t number, bool stale)
{
	if (!q->c_flag || (!q->cq_unread && !stale))
		return;
	q->c_flag = false;
	sim->stats.eqes++;
	ring_event(sim, &sim->eq, number);
}

static bool cq_full(struct sim *sim, struct queue *q, uint32_t number)
{
	if (q->cq_unread < q->cq_depth)
		return false;
	if (!q->injected)
		sim_violate(sim, SIM_V_OVERRUN, "CQ %u full: completion lost",
			    number);
	*sim_reg(sim, QM_ERR_FIFO_INFO) = FIELD_PREP(QM_ERR_INFO_QUEUE, number);
	error_raise(sim, false, QM_ERR_FIFO_OVERFLOW);
	q->stopped = true;
	aeq_event(sim, QM_AEQE_CQ_OVERFLOW, number);
	return true;
}

/* Only a fault has it written: words that the device leaves alone. */
static int write_tag(struct sim *sim, uint64_t slot, const struct job *job)
{
	struct hisi_zip_sqe sqe = job->req.sqe;
	size_t at = offsetof(struct hisi_zip_sqe, tag_low);

	if (le32_get_bits(sqe.dw7, HZIP_SQE_TYPE) == HZIP_SQE_TYPE0) {
		at = offsetof(struct hisi_zip_sqe, tag_type0);
		sqe.tag_type0 ^= cpu_to_le32((uint32_t)job->tag_mask);
		return core_dma_write(sim, slot + at, &sqe.tag_type0, 4);
	}
	sqe.tag_low ^= cpu_to_le32((uint32_t)job->tag_mask);
	sqe.tag_high ^= cpu_to_le32((uint32_t)(job->tag_mask >> 32));
	return core_dma_write(sim, slot + at, &sqe.tag_low, 8);
}

/* The results go into the slot of the request, whose other words stay. */
static int write_back(struct sim *sim, const struct queue *q, const struct job *job)
{
	const struct hisi_zip_sqe *sqe = &job->req.sqe;
	uint64_t slot = q->sq_base + (uint64_t)job->req.slot * sizeof(*sqe);
	static const struct {
		size_t offset, size;
	} results[] = {
		{ offsetof(struct hisi_zip_sqe, consumed), 16 },
		{ offsetof(struct hisi_zip_sqe, ctx_dw0), 4 },
		{ offsetof(struct hisi_zip_sqe, ctx_dw1), 16 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		if (core_dma_write(sim, slot + results[i].offset,
				   (const char *)sqe + results[i].offset, results[i].size))
			return -EFAULT;
	}
	fuzz_slot(sim, slot, sqe);
	++*sim_reg(sim, QM_DFX_WRITE_BACK_COUNT);
	return job->tag_mask ? write_tag(sim, slot, job) : 0;
}

int cqe_write(struct sim *sim, const struct queue *q, uint32_t number,
	      uint16_t slot_done, bool stale)
{
	uint64_t slot = q->cq_base + (uint64_t)q->cq_tail * sizeof(struct hisi_qm_cqe);
	struct hisi_qm_cqe cqe = {
		.sq_head = cpu_to_le16(slot_done),
		.sq = cpu_to_le16(number),
		.w7 = cpu_to_le16(q->cq_phase != stale),
	};

	fuzz_cqe(sim, &cqe);
	/* The phase last: it is what makes the entry valid. */
	if (core_dma_write(sim, slot, &cqe, offsetof(struct hisi_qm_cqe, w7)) ||
	    core_dma_write(sim, slot + offsetof(struct hisi_qm_cqe, w7), &cqe.w7,
			   sizeof(cqe.w7)))
		return -EFAULT;
	return 0;
}

void cqe_written(struct sim *sim, struct queue *q, uint32_t number)
{
	sim->stats.cqes++;
	q->cq_unread++;
	if (++q->cq_tail == q->cq_depth) {
		q->cq_tail = 0;
		q->cq_phase = !q->cq_phase;
		q->cq_toggle = !q->cq_toggle;
	}
	cq_event(sim, q, number, false);
}

static bool is_failure(const struct job *job)
{
	uint32_t status = le32_get_bits(job->req.sqe.dw3, HZIP_SQE_STATUS);

	return status != HZIP_STATUS_OK && status != HZIP_STATUS_NEGATIVE &&
	       status != HZIP_STATUS_END;
}

static void count_flow(struct sim *sim, const struct job *job)
{
	struct sim_flow *flow =
		job->req.decompress ? &sim->stats.decomp : &sim->stats.comp;

	flow->requests++;
	flow->in_bytes += job->req.sqe.consumed;
	flow->out_bytes += job->req.sqe.produced;
	sim->stats.in_bytes += job->req.sqe.consumed;
	sim->stats.out_bytes += job->req.sqe.produced;
}

static void complete(struct sim *sim, struct queue *q, const struct job *job)
{
	uint32_t number = job->req.queue;

	trace_completed(sim, job);
	if (q->stopped || cq_full(sim, q, number))
		return;
	if ((!job->req.ignored && write_back(sim, q, job)) ||
	    cqe_write(sim, q, number, (uint16_t)job->req.slot, false)) {
		q->stopped = true;
		++*sim_reg(sim, QM_DFX_CQE_ERR_COUNT);
		aeq_event(sim, QM_AEQE_CQE_ERROR, number);
		return;
	}
	sim->stats.failed += is_failure(job);
	count_flow(sim, job);
	++*sim_reg(sim, QM_DFX_CQE_COUNT);
	++*sim_reg(sim, QM_DFX_FINISH_COUNT);
	q->sq_head = (job->req.slot + 1) % q->sq_depth;
	cqe_written(sim, q, number);
}

static bool may_complete(struct sim *sim, const struct job *job)
{
	return job && job->executed && job->timed && !sim->axi_closed &&
	       (!job->due || job->due <= sim_now(sim));
}

void queue_deliver(struct sim *sim, uint32_t number)
{
	struct queue *q = &sim->queues[number];

	while (may_complete(sim, q->first)) {
		struct job *job = q->first;

		q->first = job->next;
		if (!q->first)
			q->last = NULL;
		complete(sim, q, job);
		clock_completed(sim, job);
		q->pending--;
		sim->pending--;
		sim->stats.completed++;
		sim_job_free(sim, job);
	}
}

void queues_deliver(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->queue_count; i++)
		queue_deliver(sim, i);
	inject_run(sim);
	pthread_cond_broadcast(&sim->idle);
}

uint64_t queues_next_due(struct sim *sim)
{
	uint64_t due = inject_next_due(sim);

	for (uint32_t i = 0; i < sim->queue_count; i++) {
		const struct job *job = sim->queues[i].first;

		if (job && job->executed && job->timed && !sim->axi_closed && job->due < due)
			due = job->due;
	}
	return due;
}

/*
 * Submissions.
 */
static struct job *fetch(struct sim *sim, struct queue *q, uint32_t number, uint32_t slot)
{
	struct job *job = sim_job_alloc(sim);
	struct sim_request *req;

	if (!job)
		return NULL;
	req = &job->req;
	if (core_dma_read(sim, q->sq_base + (uint64_t)slot * sizeof(req->sqe), &req->sqe,
			  sizeof(req->sqe))) {
		sim_job_free(sim, job);
		return NULL;
	}
	req->sim = sim;
	req->queue = number;
	req->slot = slot;
	req->decompress = le16_get_bits(q->sqc.w13, QM_SQC_TYPE) == HZIP_QUEUE_DECOMPRESS;
	req->pasid = q->pasid;
	req->v3 = sim->config.revision >= QM_HW_V3;
	req->fast = *sim_reg(sim, HZIP_PERF_MODE);
	req->algs = sim_cap(sim, HZIP_CAP_USER_ALGS) |
		    sim_cap(sim, HZIP_CAP_KERNEL_ALGS);
	req->fail_status = -1;
	req->flip_bit = -1;
	req->flip_crc_bit = -1;
	clock_arrived(sim, job);
	job->number = ++sim->stats.requests;
	fault_apply(sim, job);
	++*sim_reg(sim, QM_DFX_SQE_COUNT);
	++*sim_reg(sim, QM_DFX_TO_ENGINE_COUNT);
	trace_fetched(sim, job);
	return job;
}

static void append(struct sim *sim, struct queue *q, struct job *job)
{
	if (q->last)
		q->last->next = job;
	else
		q->first = job;
	q->last = job;
	q->pending++;
	sim->pending++;
	if (job->hung)
		return;
	if (sim->ready_last)
		sim->ready_last->next_ready = job;
	else
		sim->ready = job;
	sim->ready_last = job;
}

static void sq_doorbell(struct sim *sim, struct queue *q, uint32_t number, uint32_t tail)
{
	uint32_t fresh;

	if (tail >= q->sq_depth) {
		sim_violate(sim, SIM_V_DOORBELL_INDEX, "SQ %u tail %u of %u", number, tail,
			    q->sq_depth);
		return;
	}
	fresh = (tail + q->sq_depth - q->sq_tail) % q->sq_depth;
	if (q->pending + fresh > q->sq_depth - 1) {
		sim_violate(sim, SIM_V_DOORBELL_INDEX,
			    "SQ %u tail %u after %u passes the head %u", number, tail,
			    q->sq_tail, q->sq_head);
		return;
	}
	while (fresh-- && !q->stopped) {
		struct job *job = fetch(sim, q, number, q->sq_tail);

		if (!job) {
			q->stopped = true;
			break;
		}
		append(sim, q, job);
		if (++q->sq_tail == q->sq_depth) {
			q->sq_tail = 0;
			q->sq_toggle = !q->sq_toggle;
		}
	}
}

static void cq_doorbell(struct sim *sim, struct queue *q, uint32_t number, uint32_t head,
			uint32_t priority)
{
	uint32_t read;

	if (priority > 1)
		sim_violate(sim, SIM_V_RESERVED, "CQ %u: c_flag 0x%x", number, priority);
	if (head >= q->cq_depth) {
		sim_violate(sim, SIM_V_DOORBELL_INDEX, "CQ %u head %u of %u", number, head,
			    q->cq_depth);
		return;
	}
	read = (head + q->cq_depth - q->cq_head) % q->cq_depth;
	if (read > q->cq_unread) {
		sim_violate(sim, SIM_V_DOORBELL_INDEX, "CQ %u head %u goes past its tail %u",
			    number, head, q->cq_tail);
		return;
	}
	q->cq_head = head;
	q->cq_unread -= read;
	q->c_flag = priority & 1;
	/* What slipped in before the flag was set would be lost otherwise. */
	cq_event(sim, q, number, false);
}

/* A queue that is not started may have been: then its context is in the table. */
static bool is_poisoned(struct sim *sim, uint32_t number, bool cq, uint32_t random)
{
	uint64_t table = cq ? sim->cqc_table : sim->sqc_table;
	struct hisi_qm_sqc c;

	/* Head to random lie alike in both. */
	if (!table || sim->ops->dma_read(sim->host, SIM_NO_PASID, table + number * sizeof(c),
					 &c, sizeof(c)))
		return false;
	return le16_to_cpu(c.random) != random;
}

static void no_queue(struct sim *sim, uint32_t number, bool cq, uint32_t random)
{
	if (number < sim->queue_count && is_poisoned(sim, number, cq, random)) {
		sim_violate(sim, SIM_V_DOORBELL_RANDOM,
			    "doorbell of queue %u, whose context is no longer valid", number);
		error_raise(sim, false, QM_ERR_DB_RANDOM);
		return;
	}
	sim_violate(sim, SIM_V_DOORBELL_QUEUE, "doorbell of %s %u, which is not started",
		    cq ? "CQ" : "SQ", number);
	error_raise(sim, false, cq ? QM_ERR_CQ_VF_INVALID : QM_ERR_SQ_VF_INVALID);
}

static void queue_doorbell(struct sim *sim, uint64_t value, bool cq)
{
	uint32_t number = (uint32_t)FIELD_GET(QM_DB_QUEUE, value);
	uint32_t random = (uint32_t)FIELD_GET(QM_DB_RANDOM, value);
	uint32_t index = (uint32_t)FIELD_GET(QM_DB_INDEX, value);
	uint32_t priority = (uint32_t)FIELD_GET(QM_DB_PRIORITY, value);
	struct queue *q;

	if (number >= sim->queue_count || !sim->queues[number].cq_started ||
	    !sim->queues[number].sq_started) {
		no_queue(sim, number, cq, random);
		return;
	}
	q = &sim->queues[number];
	if (random != le16_to_cpu(cq ? q->cqc.random : q->sqc.random)) {
		sim_violate(sim, SIM_V_DOORBELL_RANDOM, "doorbell of queue %u has tag 0x%x",
			    number, random);
		error_raise(sim, false, QM_ERR_DB_RANDOM);
		return;
	}
	if (cq) {
		cq_doorbell(sim, q, number, index, priority);
		return;
	}
	if (priority)
		sim_violate(sim, SIM_V_RESERVED, "SQ %u: priority 0x%x", number, priority);
	sq_doorbell(sim, q, number, index);
}

/* V5: those of queues; what events need goes on. */
static bool is_dropped(struct sim *sim)
{
	if (sim_version(sim) < QM_HW_V5 ||
	    !((*sim_reg(sim, QM_FUNCTION_DB_DROP) | *sim_reg(sim, QM_DB_DROP)) &
	      1))
		return false;
	trace_note(sim, "doorbell dropped");
	return true;
}

void doorbell(struct sim *sim, uint64_t offset, uint64_t value)
{
	uint32_t cmd = (uint32_t)FIELD_GET(QM_DB_CMD, value);

	++*sim_reg(sim, QM_DFX_DB_COUNT);
	if ((offset == QM_DB_SQ_CQ) != (cmd <= QM_DB_CMD_CQ) || cmd > QM_DB_CMD_AEQ) {
		sim_violate(sim, SIM_V_RESERVED, "command %u at doorbell 0x%llx", cmd,
			    (unsigned long long)offset);
		return;
	}
	if (offset == QM_DB_SQ_CQ) {
		if (!is_dropped(sim))
			queue_doorbell(sim, value, cmd == QM_DB_CMD_CQ);
		return;
	}
	if (value & (QM_DB_QUEUE | QM_DB_RANDOM | QM_DB_PRIORITY))
		sim_violate(sim, SIM_V_RESERVED, "event doorbell 0x%llx",
			    (unsigned long long)value);
	ring_doorbell(sim, cmd == QM_DB_CMD_EQ ? &sim->eq : &sim->aeq,
		      (uint32_t)FIELD_GET(QM_DB_INDEX, value));
}
