// SPDX-License-Identifier: MIT
/*
 * The mailbox with its commands, the contexts that they load and dump, and the
 * partition of queues (VFT).
 */
#include <stdarg.h>

#include "internal.h"

#define MB_ERROR	1	/* a status; the published drivers only look for 0 */

bool mailbox_busy(struct sim *sim)
{
	struct mailbox *mb = &sim->mb;

	if (mb->hung)
		return true;
	if (mb->draining) {
		if (mb->drain_all ? sim->pending : sim->queues[mb->drain_queue].pending)
			return true;
		mb->draining = false;
		if (!mb->drain_all)
			queue_stop(sim, mb->drain_queue);
		for (uint32_t i = 0; mb->drain_all && i < sim->queue_count; i++)
			inject_stopped(sim, i);
	}
	return mb->busy_until && sim_now(sim) < mb->busy_until;
}

uint32_t mailbox_read(struct sim *sim, unsigned int word)
{
	uint32_t value = sim->mb.word[word];

	return word == 0 && mailbox_busy(sim) ? value | QM_MB_BUSY : value;
}

void mailbox_write(struct sim *sim, unsigned int word, uint32_t value)
{
	if (mailbox_busy(sim)) {
		sim_violate(sim, SIM_V_MAILBOX, "write of word %u while a command is under way",
			    word);
		return;
	}
	sim->mb.word[word] = value;
}

static uint64_t address(const struct mailbox *mb)
{
	return (uint64_t)mb->word[2] << 32 | mb->word[1];
}

static uint64_t base(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

/*
 * Checks of contexts.  A violation is told once, with the first thing that is wrong.
 */
static bool __attribute__((format(printf, 5, 6)))
bad(struct sim *sim, bool is_bad, enum sim_violation class, const char *what,
    const char *fmt, ...)
{
	char text[120];
	va_list ap;

	if (!is_bad)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sim_violate(sim, class, "%s: %s", what, text);
	return true;
}

static bool bad_ring(struct sim *sim, const char *what, uint64_t addr, uint32_t depth,
		     uint32_t size)
{
	return bad(sim, !addr, SIM_V_CONTEXT, what, "no ring") ||
	       bad(sim, addr % QM_CONTEXT_ALIGN, SIM_V_ALIGN, what,
		   "ring at 0x%llx is not aligned to %d", (unsigned long long)addr,
		   QM_CONTEXT_ALIGN) ||
	       bad(sim, depth < 2, SIM_V_CONTEXT, what, "ring of %u", depth) ||
	       bad(sim, addr + (uint64_t)depth * size < addr, SIM_V_CONTEXT, what,
		   "ring wraps around the end of memory");
}

/* V2 has no bit for it: any PASID but 0 is one. */
static bool bad_pasid(struct sim *sim, const char *what, uint32_t pasid,
		      bool enabled)
{
	bool v2 = sim->config.revision < QM_HW_V3;

	return bad(sim, !v2 && pasid && !enabled, SIM_V_CONTEXT, what,
		   "PASID %u is not enabled", pasid) ||
	       bad(sim, v2 && enabled, SIM_V_CONTEXT, what,
		   "PASID enabled in V2");
}

static bool bad_sqc(struct sim *sim, const char *what, uint32_t number,
		    const struct hisi_qm_sqc *c)
{
	uint32_t size = le32_get_bits(c->dw3, QM_C_ENTRY_SIZE);
	uint32_t type = le16_get_bits(c->w13, QM_SQC_TYPE);

	/* clang-format off */
	return bad_ring(sim, what, base(c->base_low, c->base_high),
			le32_get_bits(c->dw3, QM_C_DEPTH) + 1, 1u << HZIP_SQE_SIZE_LOG2) ||
	       bad(sim, size != HZIP_SQE_SIZE_LOG2, SIM_V_CONTEXT, what,
		   "entries of 2^%u bytes", size) ||
	       bad(sim, c->head || c->tail, SIM_V_CONTEXT, what, "head %u, tail %u", c->head,
		   c->tail) ||
	       bad(sim, c->cq != number, SIM_V_CONTEXT, what, "its CQ is %u", c->cq) ||
	       bad(sim, type > HZIP_QUEUE_DECOMPRESS, SIM_V_CONTEXT, what, "queue type %u",
		   type) ||
	       bad(sim, !(c->w13 & QM_SQC_IN_ORDER), SIM_V_CONTEXT, what, "not in order") ||
	       bad_pasid(sim, what, c->pasid, c->w11 & QM_SQC_PASID) ||
	       bad(sim, c->reserved1 || c->reserved2 || c->dw3 >> 16 ||
		   (c->w11 & ~QM_SQC_PASID) ||
		   (c->w13 & ~(QM_SQC_PRIORITY | QM_SQC_IN_ORDER | QM_SQC_DISABLED |
			       QM_SQC_TYPE)),
		   SIM_V_RESERVED, what, "reserved bits: dw3 %08x w9 %04x w11 %04x w13 %04x "
		   "dw7 %08x", c->dw3, c->reserved1, c->w11, c->w13, c->reserved2);
	/* clang-format on */
}

static bool bad_cqc(struct sim *sim, const char *what, const struct hisi_qm_cqc *c)
{
	uint32_t size = le32_get_bits(c->dw3, QM_C_ENTRY_SIZE);

	/* clang-format off */
	return bad_ring(sim, what, base(c->base_low, c->base_high),
			le32_get_bits(c->dw3, QM_C_DEPTH) + 1, 1u << QM_CQE_SIZE_LOG2) ||
	       bad(sim, size != QM_CQE_SIZE_LOG2, SIM_V_CONTEXT, what,
		   "entries of 2^%u bytes", size) ||
	       bad(sim, c->head || c->tail, SIM_V_CONTEXT, what, "head %u, tail %u", c->head,
		   c->tail) ||
	       bad(sim, !(c->dw6 & QM_CQC_PHASE), SIM_V_CONTEXT, what,
		   "first phase 0 in a ring of zeros") ||
	       bad_pasid(sim, what, c->pasid, c->w11 & QM_CQC_PASID) ||
	       bad(sim, c->reserved1 || c->reserved2 || c->dw3 >> 16 ||
		   (c->w11 & ~QM_CQC_PASID) || (c->dw6 & ~(QM_CQC_PHASE | QM_CQC_C_FLAG)),
		   SIM_V_RESERVED, what, "reserved bits: dw3 %08x w9 %04x w11 %04x dw6 %08x "
		   "dw7 %08x", c->dw3, c->reserved1, c->w11, c->dw6, c->reserved2);
	/* clang-format on */
}

static bool bad_eqc(struct sim *sim, const char *what, const struct hisi_qm_eqc *c)
{
	return bad_ring(sim, what, base(c->base_low, c->base_high),
			le32_get_bits(c->dw6, QM_EQC_DEPTH) + 1, 4) ||
	       bad(sim, c->head || c->tail, SIM_V_CONTEXT, what, "head %u, tail %u", c->head,
		   c->tail) ||
	       bad(sim, !(c->dw6 & QM_EQC_PHASE), SIM_V_CONTEXT, what,
		   "first phase 0 in a ring of zeros") ||
	       bad(sim, c->dw3 || c->reserved[0] || c->reserved[1] || c->dw6 >> 17,
		   SIM_V_RESERVED, what, "reserved bits: dw3 %08x dw4 %08x dw5 %08x dw6 %08x",
		   c->dw3, c->reserved[0], c->reserved[1], c->dw6);
}

static bool bad_queue(struct sim *sim, const char *what, uint32_t number)
{
	return bad(sim, number >= sim->queue_count, SIM_V_MAILBOX, what,
		   "the function has %u queues", sim->queue_count);
}

/*
 * A ring that is loaded lies where no other one is that the device may still write:
 * those of queues with requests under way, and of events.
 */
struct span {
	const char *what;
	uint64_t addr, len;
};

static void check_span(struct sim *sim, const struct span *s, uint64_t addr,
		       uint64_t len, const char *other)
{
	bad(sim, addr < s->addr + s->len && s->addr < addr + len, SIM_V_LATE,
	    s->what, "ring at 0x%llx: the device still writes the %s at 0x%llx",
	    (unsigned long long)s->addr, other, (unsigned long long)addr);
}

static void check_reuse(struct sim *sim, const char *what, const void *owner,
			uint64_t addr, uint64_t len)
{
	const struct span span = { what, addr, len }, *s = &span;

	for (uint32_t i = 0; i < sim->queue_count; i++) {
		const struct queue *q = &sim->queues[i];

		if (!q->pending || q == owner)
			continue;
		check_span(sim, s, q->sq_base,
			   (uint64_t)q->sq_depth << HZIP_SQE_SIZE_LOG2, "SQ");
		check_span(sim, s, q->cq_base,
			   (uint64_t)q->cq_depth << QM_CQE_SIZE_LOG2, "CQ");
	}
	if (sim->eq.in_use && owner != &sim->eq)
		check_span(sim, s, sim->eq.base, 4ull * sim->eq.depth, "EQ");
	if (sim->aeq.in_use && owner != &sim->aeq)
		check_span(sim, s, sim->aeq.base, 4ull * sim->aeq.depth, "AEQ");
}

/* Where a command reads or writes a context. */
static int context_dma(struct sim *sim, const char *what, bool write, void *context,
		       size_t size)
{
	uint64_t addr = address(&sim->mb);
	const uint32_t *w = context;
	int ret;

	if (bad(sim, addr % QM_CONTEXT_ALIGN, SIM_V_ALIGN, what,
		"context at 0x%llx is not aligned to %d", (unsigned long long)addr,
		QM_CONTEXT_ALIGN))
		return MB_ERROR;
	if (write)
		return core_dma_write(sim, addr, context, size) ? MB_ERROR : 0;
	ret = core_dma_read(sim, addr, context, size) ? MB_ERROR : 0;
	if (!ret)
		trace_note(sim, "%s: %08x %08x %08x %08x %08x %08x %08x", what, w[0], w[1],
			   w[2], w[3], w[4], w[5], w[6]);
	return ret;
}

static int32_t pasid_of(const struct sim *sim, const struct hisi_qm_sqc *c)
{
	bool v2 = sim->config.revision < QM_HW_V3;

	return (v2 ? c->pasid != 0 : c->w11 & QM_SQC_PASID) ? c->pasid
							    : SIM_NO_PASID;
}

static int load_sqc(struct sim *sim, uint32_t number)
{
	struct queue *q = &sim->queues[number];
	struct hisi_qm_sqc c;
	char what[24];

	snprintf(what, sizeof(what), "SQC %u", number);
	if (bad_queue(sim, what, number) || context_dma(sim, what, false, &c, sizeof(c)) ||
	    bad_sqc(sim, what, number, &c) ||
	    bad(sim, q->pending, SIM_V_ORDER, what, "loaded with %u requests under way",
		q->pending))
		return MB_ERROR;
	q->sqc = c;
	q->sq_base = base(c.base_low, c.base_high);
	q->sq_depth = le32_get_bits(c.dw3, QM_C_DEPTH) + 1;
	check_reuse(sim, what, q, q->sq_base,
		    (uint64_t)q->sq_depth << HZIP_SQE_SIZE_LOG2);
	q->sq_head = 0;
	q->sq_tail = 0;
	q->sq_toggle = false;
	q->pasid = pasid_of(sim, &c);
	/* Loaded disabled, it takes the place of a context that is not to be used. */
	q->sq_started = !(c.w13 & QM_SQC_DISABLED);
	q->stopped = false;
	return 0;
}

static int load_cqc(struct sim *sim, uint32_t number)
{
	struct queue *q = &sim->queues[number];
	struct hisi_qm_cqc c;
	char what[24];

	snprintf(what, sizeof(what), "CQC %u", number);
	if (bad_queue(sim, what, number) || context_dma(sim, what, false, &c, sizeof(c)) ||
	    bad_cqc(sim, what, &c) ||
	    bad(sim, q->pending, SIM_V_ORDER, what, "loaded with %u requests under way",
		q->pending))
		return MB_ERROR;
	q->cqc = c;
	q->cq_base = base(c.base_low, c.base_high);
	q->cq_depth = le32_get_bits(c.dw3, QM_C_DEPTH) + 1;
	check_reuse(sim, what, q, q->cq_base,
		    (uint64_t)q->cq_depth << QM_CQE_SIZE_LOG2);
	q->cq_head = 0;
	q->cq_tail = 0;
	q->cq_unread = 0;
	q->cq_toggle = false;
	q->cq_phase = true;
	q->c_flag = c.dw6 & QM_CQC_C_FLAG;
	q->injected = false;
	q->cq_started = true;
	return 0;
}

static int load_eqc(struct sim *sim, struct event_ring *ring)
{
	struct hisi_qm_eqc c;

	if (context_dma(sim, ring->name, false, &c, sizeof(c)) ||
	    bad_eqc(sim, ring->name, &c))
		return MB_ERROR;
	ring->context = c;
	ring->base = base(c.base_low, c.base_high);
	ring->depth = le32_get_bits(c.dw6, QM_EQC_DEPTH) + 1;
	ring->in_use = true;
	check_reuse(sim, ring->name, ring, ring->base, 4ull * ring->depth);
	ring->head = 0;
	ring->tail = 0;
	ring->unread = 0;
	ring->phase = true;
	ring->armed = true;
	ring->source = false;
	ring->overflow = false;
	ring->injected = false;
	ring->started = true;
	return 0;
}

struct hisi_qm_sqc queue_sqc(const struct queue *q)
{
	struct hisi_qm_sqc c = q->sqc;

	c.head = cpu_to_le16(q->sq_head);
	c.tail = cpu_to_le16(q->sq_tail);
	c.w11 = cpu_to_le16((c.w11 & ~QM_C_TOGGLE) | (q->sq_toggle ? QM_C_TOGGLE : 0));
	if (q->stopped)
		c.w13 |= cpu_to_le16(QM_SQC_DISABLED);
	return c;
}

struct hisi_qm_cqc queue_cqc(const struct queue *q)
{
	struct hisi_qm_cqc c = q->cqc;

	c.head = cpu_to_le16(q->cq_head);
	c.tail = cpu_to_le16(q->cq_tail);
	c.w11 = cpu_to_le16((c.w11 & ~QM_C_TOGGLE) | (q->cq_toggle ? QM_C_TOGGLE : 0));
	c.dw6 = cpu_to_le32((q->cq_phase ? QM_CQC_PHASE : 0) | (q->c_flag ? QM_CQC_C_FLAG : 0));
	return c;
}

static int dump_queue(struct sim *sim, uint32_t number, bool cq)
{
	struct queue *q = &sim->queues[number];
	struct hisi_qm_sqc sqc;
	struct hisi_qm_cqc cqc;
	char what[24];

	snprintf(what, sizeof(what), "%s %u", cq ? "CQC" : "SQC", number);
	/* Nothing is wrong with asking. */
	if (bad_queue(sim, what, number) ||
	    !(cq ? q->cq_started : q->sq_started))
		return MB_ERROR;
	if (cq) {
		cqc = queue_cqc(q);
		return context_dma(sim, what, true, &cqc, sizeof(cqc));
	}
	sqc = queue_sqc(q);
	return context_dma(sim, what, true, &sqc, sizeof(sqc));
}

static int dump_ring(struct sim *sim, const struct event_ring *ring)
{
	struct hisi_qm_eqc c = ring->context;

	if (!ring->started)
		return MB_ERROR;
	c.head = cpu_to_le16(ring->head);
	c.tail = cpu_to_le16(ring->tail);
	c.dw6 = cpu_to_le32((c.dw6 & ~QM_EQC_PHASE) | (ring->phase ? QM_EQC_PHASE : 0));
	return context_dma(sim, ring->name, true, &c, sizeof(c));
}

static int table(struct sim *sim, bool read, uint64_t *table, const char *what)
{
	if (read) {
		sim->mb.word[1] = (uint32_t)*table;
		sim->mb.word[2] = (uint32_t)(*table >> 32);
		return 0;
	}
	if (bad(sim, address(&sim->mb) % QM_CONTEXT_ALIGN, SIM_V_ALIGN, what,
		"table at 0x%llx is not aligned to %d",
		(unsigned long long)address(&sim->mb), QM_CONTEXT_ALIGN))
		return MB_ERROR;
	*table = address(&sim->mb);
	return 0;
}

void queue_stop(struct sim *sim, uint32_t number)
{
	inject_stopped(sim, number);
	sim->queues[number].sq_started = false;
	sim->queues[number].cq_started = false;
}

static int drain(struct sim *sim, bool all, uint32_t number)
{
	const char *what = all ? "FLUSH_QM" : "STOP_QP";
	uint32_t cap = all ? QM_CAP_FLUSH_QM : QM_CAP_STOP_QP;
	uint32_t status;

	if (bad(sim, !(sim_cap(sim, QM_CAP_FEATURES) & cap), SIM_V_MAILBOX, what,
		"the device does not have it") ||
	    (!all && bad_queue(sim, what, number)) ||
	    (!all && bad(sim, !sim->queues[number].sq_started, SIM_V_MAILBOX, what,
			 "queue %u is not started", number)))
		return MB_ERROR;
	if (fault_recurs(sim, RECUR_STOP, &status))
		return (int)status;
	if (fault_recurs(sim, RECUR_STOP_HANG, NULL)) {
		sim->mb.hung = true;
		return 0;
	}
	sim->mb.draining = true;
	sim->mb.drain_all = all;
	sim->mb.drain_queue = number;
	return 0;
}

static int vft_of_function(struct sim *sim)
{
	sim->mb.word[1] = (uint32_t)sim->vft[0][QM_VFT_SQC];
	sim->mb.word[2] = (uint32_t)(sim->vft[0][QM_VFT_SQC] >> 32);
	return 0;
}

static int command(struct sim *sim, uint32_t cmd, uint32_t number, bool read)
{
	switch (cmd) {
	case QM_MB_CMD_SQC:
		return read ? dump_queue(sim, number, false) : load_sqc(sim, number);
	case QM_MB_CMD_CQC:
		return read ? dump_queue(sim, number, true) : load_cqc(sim, number);
	case QM_MB_CMD_EQC:
		return read ? dump_ring(sim, &sim->eq) : load_eqc(sim, &sim->eq);
	case QM_MB_CMD_AEQC:
		return read ? dump_ring(sim, &sim->aeq) : load_eqc(sim, &sim->aeq);
	case QM_MB_CMD_SQC_BT:
		return table(sim, read, &sim->sqc_table, "SQC_BT");
	case QM_MB_CMD_CQC_BT:
		return table(sim, read, &sim->cqc_table, "CQC_BT");
	case QM_MB_CMD_SQC_VFT:
		if (read)
			return vft_of_function(sim);
		break;
	case QM_MB_CMD_STOP_QP:
	case QM_MB_CMD_FLUSH_QM:
		if (!read)
			return drain(sim, cmd == QM_MB_CMD_FLUSH_QM, number);
		break;
	}
	sim_violate(sim, SIM_V_MAILBOX, "command 0x%x, %s, does not exist here", cmd,
		    read ? "read" : "execute");
	return MB_ERROR;
}

static bool has_queue(uint32_t cmd)
{
	return cmd == QM_MB_CMD_SQC || cmd == QM_MB_CMD_CQC || cmd == QM_MB_CMD_STOP_QP ||
	       cmd == QM_MB_CMD_SRC || cmd == QM_MB_CMD_DST;
}

static int checked_command(struct sim *sim)
{
	struct mailbox *mb = &sim->mb;
	uint32_t cmd = FIELD_GET(QM_MB_CMD, mb->word[0]);
	uint32_t number = mb->word[0] >> 16;

	if (bad(sim, !(mb->word[0] & QM_MB_BUSY), SIM_V_MAILBOX, "mailbox",
		"command 0x%x without the busy bit", cmd) ||
	    bad(sim, mb->word[3], SIM_V_RESERVED, "mailbox", "last word 0x%x", mb->word[3]) ||
	    bad(sim, mb->word[0] & (QM_MB_EVENT | QM_MB_STATUS | BIT(15)),
		SIM_V_RESERVED, "mailbox", "word 0 0x%x has bits of the device", mb->word[0]) ||
	    bad(sim, number && !has_queue(cmd), SIM_V_RESERVED, "mailbox",
		"command 0x%x with queue %u", cmd, number) ||
	    bad(sim, !sim->memory_ready, SIM_V_ORDER, "mailbox",
		"command 0x%x before memories were initialized", cmd))
		return MB_ERROR;
	return command(sim, cmd, number, mb->word[0] & QM_MB_OP_READ);
}

void mailbox_execute(struct sim *sim)
{
	struct mailbox *mb = &sim->mb;
	uint32_t status;

	/* That write was refused. */
	if (mailbox_busy(sim))
		return;
	sim->stats.mailboxes++;
	++*sim_reg(sim, QM_DFX_MB_COUNT);
	trace_note(sim, "MB cmd %x op %d q %u addr %08x %08x",
		   FIELD_GET(QM_MB_CMD, mb->word[0]), !!(mb->word[0] & QM_MB_OP_READ),
		   mb->word[0] >> 16, mb->word[1], mb->word[2]);
	if (fault_recurs(sim, RECUR_MAILBOX_HANG, NULL)) {
		mb->hung = true;
		return;
	}
	if (!fault_recurs(sim, RECUR_MAILBOX, &status))
		status = (uint32_t)checked_command(sim);
	if (fuzz_hits(sim))
		status = fuzz_below(sim, 16);
	mb->word[0] &= ~(QM_MB_BUSY | QM_MB_STATUS);
	mb->word[0] |= FIELD_PREP(QM_MB_STATUS, status);
	if (sim->config.mailbox_delay_us)
		mb->busy_until = sim_now(sim) + sim->config.mailbox_delay_us * 1000ull;
}

/* The tables have the contexts of the function's queues. */
void contexts_write_back(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->queue_count; i++) {
		struct queue *q = &sim->queues[i];
		struct hisi_qm_sqc sqc = queue_sqc(q);
		struct hisi_qm_cqc cqc = queue_cqc(q);

		if (q->sq_started && sim->sqc_table)
			core_dma_write(sim, sim->sqc_table + i * sizeof(sqc), &sqc,
				       sizeof(sqc));
		if (q->cq_started && sim->cqc_table)
			core_dma_write(sim, sim->cqc_table + i * sizeof(cqc), &cqc,
				       sizeof(cqc));
	}
}

static uint32_t queues_of_device(const struct sim *sim)
{
	uint32_t n = QUEUES_MAX;

	if (sim->config.revision >= QM_HW_V3)
		n = FIELD_GET(QM_QUEUES_TOTAL, sim->config.queues);
	return n < QUEUES_MAX ? n : QUEUES_MAX;
}

static bool bad_vft(struct sim *sim, uint32_t type, uint64_t data)
{
	uint64_t first = FIELD_GET(QM_VFT_SQC_BASE, data);
	uint64_t count = FIELD_GET(QM_VFT_SQC_COUNT, data) + 1;

	/* All zeros takes the queues away. */
	if (!data || type == QM_VFT_SHAPER)
		return false;
	if (type == QM_VFT_CQC)
		return bad(sim, data != QM_VFT_CQC_VALID, SIM_V_VFT, "VFT of CQs",
			   "data 0x%llx", (unsigned long long)data);
	return bad(sim, !(data & QM_VFT_SQC_VALID) ||
		   (data & ~(QM_VFT_SQC_BASE | QM_VFT_SQC_VALID | QM_VFT_SQC_COUNT)),
		   SIM_V_VFT, "VFT of SQs", "data 0x%llx", (unsigned long long)data) ||
	       bad(sim, first + count > queues_of_device(sim), SIM_V_VFT, "VFT of SQs",
		   "%llu queues from %llu of %u", (unsigned long long)count,
		   (unsigned long long)first, queues_of_device(sim));
}

/* All queues and rings of events, with what is under way in them. */
void queues_forget(struct sim *sim)
{
	if (sim->pending)
		sim_jobs_drop(sim);
	for (uint32_t i = 0; i < sim->queue_count; i++)
		queue_stop(sim, i);
	sim->eq.in_use = false;
	sim->aeq.in_use = false;
}

/* What a device has not done when an error closes its master it will never do. */
static void own_queues(struct sim *sim, uint64_t data)
{
	bad(sim, sim->pending && !sim->axi_closed, SIM_V_ORDER, "VFT",
	    "changed with %llu requests under way",
	    (unsigned long long)sim->pending);
	queues_forget(sim);
	sim->queue_count = data ? (uint32_t)FIELD_GET(QM_VFT_SQC_COUNT, data) + 1 : 0;
}

void vft_execute(struct sim *sim)
{
	uint32_t *low = sim_reg(sim, QM_VFT_DATA_LOW), *high = sim_reg(sim, QM_VFT_DATA_HIGH);
	uint32_t type = *sim_reg(sim, QM_VFT_TYPE);
	uint32_t function = *sim_reg(sim, QM_VFT_FUNCTION);
	bool read = *sim_reg(sim, QM_VFT_READ);
	uint64_t data = base(*low, *high);
	bool shaper = type == QM_VFT_SHAPER;

	trace_note(sim, "VFT op %d type %u fn %u data %08x_%08x", read, type, function, *high,
		   *low);
	if (fault_recurs(sim, RECUR_VFT_HANG, NULL)) {
		*sim_reg(sim, QM_VFT_READY) = 0;
		return;
	}
	*sim_reg(sim, QM_VFT_READY) = 1;
	if (bad(sim, type > QM_VFT_SHAPER, SIM_V_VFT, "VFT", "type %u", type) ||
	    bad(sim, shaper && !(sim_cap(sim, QM_CAP_FEATURES) & QM_CAP_QOS), SIM_V_VFT,
		"VFT", "the device has no shaper") ||
	    /* A shaper's function has the direction above it. */
	    bad(sim, !shaper && function >= FUNCTIONS, SIM_V_VFT, "VFT", "function %u",
		function))
		return;
	function %= FUNCTIONS;
	if (read) {
		*low = (uint32_t)sim->vft[function][type];
		*high = (uint32_t)(sim->vft[function][type] >> 32);
		return;
	}
	if (bad_vft(sim, type, data))
		return;
	sim->vft[function][type] = data;
	if (type == QM_VFT_SQC && function == 0)
		own_queues(sim, data);
}
