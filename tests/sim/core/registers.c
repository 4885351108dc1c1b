// SPDX-License-Identifier: MIT
/*
 * The register file: which registers there are, their first values, what may be
 * written, and what a write does.  Mailbox, doorbells and queues are elsewhere.
 */
#include "internal.h"

enum reg_kind {
	REG_RO,			/* the device's own value, or a constant */
	REG_RW,
	REG_W1C,		/* 1 clears */
	REG_TRIGGER,		/* a write does something; reads as 0 */
	REG_MAILBOX,
	REG_DOORBELL,
	REG_COUNTER,		/* of a core */
};

struct reg {
	uint32_t offset;
	uint32_t count;		/* of 32-bit registers */
	enum reg_kind kind;
	uint32_t mask;		/* bits that exist */
	uint32_t first;		/* value after reset */
	uint32_t since;		/* version */
};

#define ALL	0xffffffffu

/* clang-format off */
/* In the order of their offsets. */
static const struct reg regs[] = {
	{ QM_AEQ_INT_SOURCE, 1, REG_RO, 0, 0, 0 },
	{ QM_AEQ_INT_MASK, 1, REG_RW, 1, 1, 0 },
	{ QM_EQ_INT_SOURCE, 1, REG_RO, 0, 0, 0 },
	{ QM_EQ_INT_MASK, 1, REG_RW, 1, 1, 0 },
	{ QM_IFC_SOURCE_V, 1, REG_W1C, 1, 0, QM_HW_V3 },
	{ QM_IFC_MASK, 1, REG_RW, 1, 1, QM_HW_V3 },
	{ QM_IFC_STATUS, 1, REG_RO, 0, 0, QM_HW_V3 },
	{ QM_IFC_SET_V, 1, REG_TRIGGER, 1, 0, QM_HW_V3 },
	{ QM_ISOLATION, 1, REG_RO, 0, 0, QM_HW_V3 },
	{ QM_PAGE_SIZE, 1, REG_RW, 3, 0, QM_HW_V3 },
	{ QM_FUNCTION_DB_DROP, 1, REG_RW, 1, 0, QM_HW_V5 },
	{ QM_VF_STATE, 1, REG_RW, 1, 0, QM_HW_V3 },
	{ QM_FUNS_ACTIVE, 1, REG_RO, 0, 0, 0 },
	{ QM_CACHE_WB_START, 1, REG_TRIGGER, 1, 0, 0 },
	{ QM_CACHE_WB_DONE, 1, REG_RO, 0, 1, 0 },
	{ QM_SUB_VERSION, 1, REG_RO, 0, 0, QM_HW_V3 },
	{ QM_MB, 4, REG_MAILBOX, ALL, 0, 0 },
	{ QM_MSG_TO_PF, 2, REG_RW, ALL, 0, QM_HW_V4 },
	{ QM_MSG_FROM_PF, 2, REG_RO, 0, 0, QM_HW_V4 },
	{ QM_DB_SQ_CQ, 2, REG_DOORBELL, ALL, 0, 0 },
	{ QM_USAGE, 3, REG_RO, 0, 0, QM_HW_V5 },
	{ QM_DB_EQ_AEQ, 2, REG_DOORBELL, ALL, 0, 0 },
	{ QM_CAPS, SIM_CAPS, REG_RO, 0, 0, QM_HW_V3 },

	{ QM_ERR_SOURCE, 1, REG_W1C, ALL, 0, 0 },
	{ QM_ERR_MASK, 1, REG_RW, ALL, 0, 0 },
	{ QM_ERR_STATUS, 1, REG_RO, 0, 0, 0 },
	{ QM_ERR_INJECT, 1, REG_TRIGGER, QM_ERR_ALL, 0, 0 },
	{ QM_ERR_FIFO_INFO, 3, REG_RO, 0, 0, 0 },
	{ QM_MEM_START, 1, REG_RW, 1, 0, 0 },
	{ QM_MEM_DONE, 1, REG_RO, 0, 0, 0 },
	{ QM_CACHE_CTL, 1, REG_RW, ALL, 0, 0 },
	{ QM_VFT_OP, 1, REG_TRIGGER, 1, 0, 0 },
	{ QM_VFT_READ, 1, REG_RW, 1, 0, 0 },
	{ QM_VFT_TYPE, 1, REG_RW, 3, 0, 0 },
	{ QM_VFT_FUNCTION, 1, REG_RW, 0xff, 0, 0 },
	{ QM_VFT_DATA_LOW, 2, REG_RW, ALL, 0, 0 },
	{ QM_VFT_READY, 1, REG_RW, 1, 1, 0 },
	{ QM_TIMEOUT_CFG, 2, REG_RW, ALL, 0, 0 },
	{ QM_FLR_PENDING, 1, REG_RO, 0, 0, 0 },
	{ QM_ARUSER_CFG1, 1, REG_RW, ALL, 0, 0 },
	{ QM_ARUSER_ENABLE, 1, REG_RW, ALL, 0, 0 },
	{ QM_AWUSER_CFG1, 1, REG_RW, ALL, 0, 0 },
	{ QM_AWUSER_ENABLE, 1, REG_RW, ALL, 0, 0 },
	{ QM_WUSER_ENABLE, 3, REG_RW, ALL, 0, 0 },
	{ QM_PEH_AXUSER_CFG, 2, REG_RW, ALL, 0, 0 },
	{ QM_PEH_VENDOR_ID, 1, REG_RW, ALL, HISI_PCI_VENDOR, 0 },
	{ QM_RAS_CE_ENABLE, 4, REG_RW, ALL, 0, 0 },
	{ QM_PEH_DFX0, 2, REG_RO, 0, 0, 0 },
	{ QM_COUNTER_CLEAR, 1, REG_RW, 1, 0, 0 },
	{ 0x100120, 2, REG_RO, 0, 0, 0 },		/* AXI timeouts */
	{ QM_IFC_READY_P, 2, REG_RO, 0, 0, QM_HW_V3 },
	{ QM_IFC_SET_P, 1, REG_TRIGGER, 1, 0, QM_HW_V3 },
	{ QM_IFC_CFG_P, 1, REG_RW, 0x7f, 0, QM_HW_V3 },
	{ QM_IFC_SOURCE_P, 2, REG_W1C, ALL, 0, QM_HW_V3 },
	{ 0x100144, 1, REG_RO, 0, 0, 0 },		/* CQE aggregation timeout */
	{ QM_POWER_CTL, 1, REG_RW, ALL, 0, QM_HW_V3 },
	{ QM_QUEUES, 1, REG_RO, 0, 0, QM_HW_V3 },
	{ QM_SHAPER_CFG, 1, REG_RW, ALL, 0, QM_HW_V3 },
	{ QM_MIGRATION_REGION, 1, REG_RW, 1, 0, QM_HW_V4 },
	{ QM_DB_DROP, 2, REG_RW, ALL, 0, QM_HW_V5 },
	{ QM_FUNCTION_AXI_ERR, 2, REG_W1C, ALL, 0, QM_HW_V5 },
	{ QM_ECC_1BIT_COUNT, 4, REG_RO, 0, 0, 0 },
	{ QM_DFX_SEL_MB, 1, REG_RW, ALL, 0, 0 },
	{ QM_DFX_MB_COUNT, 1, REG_RO, 0, 0, 0 },
	{ QM_DFX_SEL_DB, 1, REG_RW, ALL, 0, 0 },
	{ QM_DFX_DB_COUNT, 1, REG_RO, 0, 0, 0 },
	{ QM_DFX_SEL_SQE, 1, REG_RW, ALL, 0, 0 },
	{ QM_DFX_SQE_COUNT, 1, REG_RO, 0, 0, 0 },
	{ QM_DFX_SEL_CQE, 1, REG_RW, ALL, 0, 0 },
	{ QM_DFX_CQE_COUNT, 1, REG_RO, 0, 0, 0 },
	{ QM_DFX_TO_ENGINE_COUNT, 1, REG_RO, 0, 0, 0 },
	{ QM_DFX_WRITE_BACK_COUNT, 1, REG_RO, 0, 0, 0 },
	{ QM_DFX_FINISH_COUNT, 1, REG_RO, 0, 0, 0 },
	{ QM_DFX_CQE_ERR_COUNT, 1, REG_RO, 0, 0, 0 },
	{ QM_DFX_IDLE, 1, REG_RO, 0, 1, 0 },
	{ QM_SHUTDOWN_SELECT, 1, REG_RW, ALL, 0, QM_HW_V3 },
	{ QM_MSG_TO_VF, 2, REG_RW, ALL, 0, QM_HW_V4 },
	{ QM_MSG_FROM_VF, FUNCTIONS, REG_RO, 0, 0, QM_HW_V4 },

	{ QM_AXI_CTRL, 1, REG_RW, 1, 0, 0 },
	{ 0x300014, 1, REG_RW, ALL, 0, 0 },		/* most transactions */
	{ QM_AM_WRITE_ENABLE, 1, REG_RW, ALL, 0, 0 },
	{ QM_AM_ROB_ECC, 1, REG_W1C, ALL, 0, 0 },
	{ QM_AXI_RETURNED, 1, REG_RO, 0, 0, 0 },
	{ HZIP_COUNTER_CLEAR, 1, REG_RW, 7, 0, 0 },
	{ HZIP_CLOCK_GATE, 3, REG_RW, ALL, 0, 0 },
	{ HZIP_ARCACHE_0, 2, REG_RW, ALL, 0, 0 },
	{ HZIP_AWCACHE_0, 2, REG_RW, ALL, 0, 0 },
	{ HZIP_ERR_SOURCE, 1, REG_W1C, ALL, 0, 0 },
	{ HZIP_ERR_MASK, 1, REG_RW, ALL, 0, 0 },
	{ HZIP_ERR_INJECT, 1, REG_TRIGGER, HZIP_ERR_ALL, 0, 0 },
	{ HZIP_ERR_STATUS, 1, REG_RO, 0, 0, 0 },
	{ HZIP_BD_RUSER, 1, REG_RW, ALL, 0, 0 },
	{ HZIP_SGL_RUSER, 1, REG_RW, ALL, 0, 0 },
	{ HZIP_DATA_RUSER, 1, REG_RW, ALL, 0, 0 },
	{ HZIP_DATA_WUSER, 1, REG_RW, ALL, 0, 0 },
	{ HZIP_BD_WUSER, 1, REG_RW, ALL, 0, 0 },
	{ HZIP_SRAM_ECC_INFO, 1, REG_RO, 0, 0, 0 },
	{ HZIP_RAS_CE_ENABLE, 3, REG_RW, ALL, 0, 0 },
	{ HZIP_RAS_CTRL, 1, REG_RO, 0, 0, 0 },
	{ HZIP_PEH_AUTO_GATE, 1, REG_RW, ALL, 0, QM_HW_V3 },
	{ HZIP_PREFETCH_CFG, 1, REG_RW, ALL, 0, QM_HW_V3 },
	{ HZIP_SVA_TRANSACTIONS, 1, REG_RO, 0, 0, QM_HW_V3 },
	{ HZIP_LIT_LEN_CTRL, 1, REG_RW, ALL, 0, QM_HW_V3 },
	{ HZIP_PERF_MODE, 1, REG_RW, 1, 0, 0 },
	{ HZIP_SHUTDOWN_SELECT, 1, REG_RW, ALL, 0, QM_HW_V3 },
};
/* clang-format on */

static const struct reg core_reg = { HZIP_CORES, 0, REG_COUNTER, 0, 0, 0 };

uint32_t sim_version(const struct sim *sim)
{
	const struct sim_config *config = &sim->config;

	return config->sub_version ? config->sub_version : config->revision;
}

static const struct reg *find(const struct sim *sim, uint64_t offset)
{
	size_t low = 0, high = ARRAY_SIZE(regs);

	if (offset >= HZIP_CORES && offset < HZIP_CORES + HZIP_CORES_MAX * HZIP_CORE_STRIDE &&
	    offset % HZIP_CORE_STRIDE < HZIP_CORE_END)
		return &core_reg;
	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct reg *reg = &regs[mid];

		if (offset < reg->offset)
			high = mid;
		else if (offset >= reg->offset + 4ull * reg->count)
			low = mid + 1;
		else
			return reg->since > sim_version(sim) ? NULL : reg;
	}
	return NULL;
}

/* Where a register's value is kept; the offset is that of one. */
uint32_t *sim_reg(struct sim *sim, uint32_t offset)
{
	const uint32_t qm = PAGE_FUNCTION_END / 4;
	const uint32_t zip = qm + (PAGE_QM_END - PAGE_QM) / 4;

	if (offset < PAGE_FUNCTION_END)
		return &sim->regs[offset / 4];
	if (offset < PAGE_QM_END)
		return &sim->regs[qm + (offset - PAGE_QM) / 4];
	return &sim->regs[zip + (offset - PAGE_ZIP) / 4];
}

void registers_reset(struct sim *sim)
{
	memset(sim->regs, 0, sizeof(sim->regs));
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		for (uint32_t n = 0; n < regs[i].count; n++)
			*sim_reg(sim, regs[i].offset + 4 * n) = regs[i].first;
	}
	memcpy(sim_reg(sim, QM_CAPS), sim->config.caps, sizeof(sim->config.caps));
	*sim_reg(sim, QM_ISOLATION) = sim->config.isolation;
	*sim_reg(sim, QM_SUB_VERSION) = sim->config.sub_version;
	*sim_reg(sim, QM_QUEUES) = sim->config.queues;
	/* A reset does not undo the initialization of memories. */
	*sim_reg(sim, QM_MEM_DONE) = sim->memory_ready;
}

static uint32_t core_counter(struct sim *sim, uint32_t offset)
{
	struct core_counters *core =
		&sim->cores[(offset - HZIP_CORES) / HZIP_CORE_STRIDE];
	uint64_t elapsed = sim->clock.last - sim->clock.first;
	uint32_t clear32 = 0;
	uint64_t clear64 = 0, *c64 = &clear64;
	uint32_t *c32 = &clear32;
	uint32_t value;

	switch (offset % HZIP_CORE_STRIDE) {
	case HZIP_CORE_BD_FETCHED:
	case HZIP_CORE_BD_READ:
		c32 = &core->fetched;
		break;
	case HZIP_CORE_BD_GOOD:
		c32 = &core->good;
		break;
	case HZIP_CORE_BD_BAD:
		c32 = &core->bad;
		break;
	case HZIP_CORE_BD_DONE:
	case HZIP_CORE_BD_WRITTEN:
		c32 = &core->done;
		break;
	case HZIP_CORE_WORK_CYCLES:
		c64 = &core->work_ns;
		break;
	case HZIP_CORE_IDLE_CYCLES:
		return elapsed > core->work_ns ? (uint32_t)(elapsed - core->work_ns) : 0;
	case HZIP_CORE_DELAY_MAX:
		c32 = &core->delay_max;
		break;
	case HZIP_CORE_DELAY_MIN:
		c32 = &core->delay_min;
		break;
	case HZIP_CORE_DELAY_AVG:
		return core->fetched ? (uint32_t)(core->delay_sum / core->fetched) : 0;
	case HZIP_CORE_CONSUMED:
		c64 = &core->consumed;
		break;
	case HZIP_CORE_PRODUCED:
		c64 = &core->produced;
		break;
	case HZIP_CORE_BD_PARSE_ERR:
		c32 = &core->parse_errors;
		break;
	default:
		return 0;
	}
	value = *c32 + (uint32_t)*c64;
	if (*sim_reg(sim, HZIP_COUNTER_CLEAR) & 1) {
		*c32 = 0;
		*c64 = 0;
	}
	return value;
}

static bool is_counter(uint32_t offset)
{
	return offset >= QM_COUNTERS && offset <= QM_DFX_CQE_ERR_COUNT &&
	       offset != QM_DFX_SEL_MB && offset != QM_DFX_SEL_DB &&
	       offset != QM_DFX_SEL_SQE && offset != QM_DFX_SEL_CQE;
}

/* How much of its cores a direction used since it was asked last, of what it can. */
static uint32_t usage(struct sim *sim, unsigned int direction)
{
	struct usage *u = &sim->usage[direction];
	unsigned int first = direction ? HZIP_CORES_COMP : 0;
	unsigned int cores = clock_cores(sim, direction);
	uint64_t now = sim_now(sim), busy = 0, total, used = 0;

	for (unsigned int i = first; i < first + cores; i++)
		busy += sim->clock.busy[i];
	total = cores * (uint64_t)(direction ? sim->config.clock.decomp_mb_s
					     : sim->config.clock.comp_mb_s);
	if (total > 0xffff)
		total = 0xffff;
	if (now > u->asked_ns)
		used = total * (busy - u->busy_ns) / cores /
		       (now - u->asked_ns);
	u->asked_ns = now;
	u->busy_ns = busy;
	return FIELD_PREP(QM_USAGE_TOTAL, (uint32_t)total) |
	       FIELD_PREP(QM_USAGE_USED,
			  (uint32_t)(used < total ? used : total));
}

static uint32_t read_reg(struct sim *sim, const struct reg *reg, uint32_t offset)
{
	uint32_t *stored = sim_reg(sim, offset);
	uint32_t value = *stored;

	switch (reg->kind) {
	case REG_MAILBOX:
		return mailbox_read(sim, (offset - QM_MB) / 4);
	case REG_COUNTER:
		return core_counter(sim, offset);
	case REG_DOORBELL:
	case REG_TRIGGER:
		return 0;
	default:
		break;
	}
	switch (offset) {
	case QM_EQ_INT_SOURCE:
		return sim->eq.source;
	case QM_AEQ_INT_SOURCE:
		return sim->aeq.source;
	case QM_USAGE:
	case QM_USAGE + 4:
		return usage(sim, (offset - QM_USAGE) / 4);
	case QM_AXI_RETURNED:
		return sim->running || sim->axi_stuck ? 0 : 3;
	case QM_DFX_IDLE:
		return !sim->pending;
	default:
		if (is_counter(offset) && (*sim_reg(sim, QM_COUNTER_CLEAR) & 1))
			*stored = 0;
		return value;
	}
}

static void axi_open(struct sim *sim, bool open)
{
	sim->axi_closed = !open;
	sim->axi_stuck = !open && (sim->axi_stuck ||
				   fault_recurs(sim, RECUR_AXI_HANG, NULL));
	if (open)
		queues_deliver(sim);
}

static void memory_start(struct sim *sim)
{
	trace_note(sim, "mem init");
	/* With the master shut by the driver this is after a controller reset: see below. */
	if (*sim_reg(sim, QM_AXI_CTRL))
		queues_forget(sim);
	if (sim->pending)
		sim_violate(sim, SIM_V_ORDER,
			    "memory initialized while %llu requests are under way",
			    (unsigned long long)sim->pending);
	if (fault_recurs(sim, RECUR_MEM_HANG, NULL)) {
		sim->memory_ready = false;
		*sim_reg(sim, QM_MEM_DONE) = 0;
		return;
	}
	sim->memory_ready = true;
	*sim_reg(sim, QM_MEM_DONE) = 1;
	/*
	 * A controller reset, which the device does not see, opened it again, and ended
	 * a command that hung.
	 */
	sim->mb.hung = false;
	sim->mb.word[0] &= ~QM_MB_BUSY;
	axi_open(sim, true);
	*sim_reg(sim, QM_AXI_CTRL) = 0;
}

/* What a write does beyond being kept. */
static void after_write(struct sim *sim, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case QM_EQ_INT_MASK:
	case QM_AEQ_INT_MASK:
		event_mask_changed(sim);
		break;
	case QM_CACHE_WB_START:
		if (value)
			contexts_write_back(sim);
		break;
	case QM_ERR_SOURCE:
		*sim_reg(sim, QM_ERR_STATUS) &= ~value;
		break;
	case HZIP_ERR_SOURCE:
		*sim_reg(sim, HZIP_ERR_STATUS) &= ~value;
		break;
	case QM_ERR_INJECT:
		error_raise(sim, false, value);
		break;
	case HZIP_ERR_INJECT:
		error_raise(sim, true, value);
		break;
	case QM_MEM_START:
		if (value)
			memory_start(sim);
		break;
	case QM_VFT_OP:
		if (value)
			vft_execute(sim);
		break;
	case QM_AXI_CTRL:
		axi_open(sim, !value);
		break;
	}
}

static void write_reg(struct sim *sim, const struct reg *reg, uint32_t offset,
		      uint32_t value)
{
	uint32_t *stored = sim_reg(sim, offset);

	switch (reg->kind) {
	case REG_RO:
	case REG_COUNTER:
		sim_violate(sim, SIM_V_READ_ONLY, "write of 0x%x to read-only register 0x%x",
			    value, offset);
		return;
	case REG_MAILBOX:
		mailbox_write(sim, (offset - QM_MB) / 4, value);
		return;
	case REG_DOORBELL:
		return;
	default:
		break;
	}
	if (value & ~reg->mask)
		sim_violate(sim, SIM_V_RESERVED,
			    "write of 0x%x to register 0x%x, which has only the bits 0x%x",
			    value, offset, reg->mask);
	value &= reg->mask;
	if (reg->kind == REG_RW)
		*stored = value;
	else if (reg->kind == REG_W1C)
		*stored &= ~value;
	after_write(sim, offset, value);
}

static bool is_wide(uint64_t offset)
{
	static const uint32_t wide[] = {
		QM_MSG_TO_PF,	 QM_MSG_FROM_PF, QM_IFC_READY_P,
		QM_IFC_SOURCE_P, QM_DB_DROP,	 QM_FUNCTION_AXI_ERR,
		QM_MSG_TO_VF,
	};

	for (size_t i = 0; i < ARRAY_SIZE(wide); i++) {
		if (offset == wide[i])
			return true;
	}
	return false;
}

/* Which widths a register takes: doorbells whole, the mailbox any of three. */
static bool width_fits(const struct sim *sim, uint64_t offset, size_t width, bool write)
{
	const struct reg *reg = find(sim, offset);

	if (offset % width)
		return false;
	if (reg && reg->kind == REG_DOORBELL && write)
		return width == 8;
	if (reg && reg->kind == REG_MAILBOX)
		return width == 4 || width == 8 || width == 16;
	if (width == 8)
		return is_wide(offset);
	return width == 4;
}

static void read_bar2(struct sim *sim, uint64_t offset, void *data, size_t width)
{
	if (!width_fits(sim, offset, width, false)) {
		sim_violate(sim, SIM_V_WIDTH, "read of %zu bytes at 0x%llx", width,
			    (unsigned long long)offset);
		memset(data, 0xff, width);
		return;
	}
	for (size_t i = 0; i < width; i += 4) {
		const struct reg *reg = find(sim, offset + i);
		uint32_t value = reg ? read_reg(sim, reg, (uint32_t)(offset + i)) : 0;

		memcpy((char *)data + i, &value, 4);
	}
}

static bool is_doorbell(const struct reg *reg)
{
	return reg && reg->kind == REG_DOORBELL;
}

static void write_bar2(struct sim *sim, uint64_t offset, const void *data, size_t width)
{
	const struct reg *reg = find(sim, offset);

	if (!width_fits(sim, offset, width, true)) {
		if (is_doorbell(reg))
			sim_violate(sim, SIM_V_HALF_DOORBELL,
				    "doorbell 0x%llx written with %zu bytes, not 8",
				    (unsigned long long)offset, width);
		else
			sim_violate(sim, SIM_V_WIDTH, "write of %zu bytes at 0x%llx", width,
				    (unsigned long long)offset);
		return;
	}
	if (is_doorbell(reg)) {
		uint64_t value;

		memcpy(&value, data, 8);
		doorbell(sim, offset, value);
		return;
	}
	for (size_t i = 0; i < width; i += 4) {
		uint32_t value;

		reg = find(sim, offset + i);
		memcpy(&value, (const char *)data + i, 4);
		if (reg)
			write_reg(sim, reg, (uint32_t)(offset + i), value);
		else
			sim_violate(sim, SIM_V_NO_REGISTER,
				    "write of 0x%x at 0x%llx, where no register is", value,
				    (unsigned long long)(offset + i));
	}
	/* The write that covers the mailbox's end is the one that starts it. */
	if (reg && reg->kind == REG_MAILBOX && offset + width == QM_MB + 16)
		mailbox_execute(sim);
}

/* BAR 4: a page with the SQ and CQ doorbell for each queue. */
static void write_bar4(struct sim *sim, uint64_t offset, const void *data, size_t width)
{
	uint64_t value;

	if (offset % QM_DOORBELL_STRIDE != QM_DB_SQ_CQ &&
	    offset % QM_DOORBELL_STRIDE != QM_DB_SQ_CQ + 4) {
		sim_violate(sim, SIM_V_NO_REGISTER, "write at 0x%llx of the doorbell pages",
			    (unsigned long long)offset);
		return;
	}
	if (width != 8 || offset % 8) {
		sim_violate(sim, SIM_V_HALF_DOORBELL,
			    "doorbell page 0x%llx written with %zu bytes, not 8",
			    (unsigned long long)offset, width);
		return;
	}
	memcpy(&value, data, 8);
	if (FIELD_GET(QM_DB_QUEUE, value) != offset / QM_DOORBELL_STRIDE) {
		sim_violate(sim, SIM_V_DOORBELL_QUEUE,
			    "doorbell of queue %llu in the page of queue %llu",
			    (unsigned long long)FIELD_GET(QM_DB_QUEUE, value),
			    (unsigned long long)(offset / QM_DOORBELL_STRIDE));
		return;
	}
	doorbell(sim, QM_DB_SQ_CQ, value);
}

static bool inside(const struct sim *sim, unsigned int bar, uint64_t offset, size_t width)
{
	uint64_t size = sim_bar_size(sim, bar);

	return width && width <= 16 && !(width & (width - 1)) && offset < size &&
	       width <= size - offset;
}

void sim_bar_read(struct sim *sim, unsigned int bar, uint64_t offset, void *data,
		  size_t width)
{
	pthread_mutex_lock(&sim->lock);
	sim->stats.reads++;
	if (sim_gone(sim)) {
		memset(data, 0xff, width);
	} else if (!inside(sim, bar, offset, width)) {
		memset(data, 0xff, width);
		sim_violate(sim, SIM_V_WIDTH, "read of %zu bytes at 0x%llx of BAR %u", width,
			    (unsigned long long)offset, bar);
	} else if (bar == QM_BAR_REGS) {
		read_bar2(sim, offset, data, width);
		fuzz_read(sim, data, width);
		trace_access(sim, 'R', offset, data, width);
	} else {
		memset(data, 0, width);
	}
	pthread_mutex_unlock(&sim->lock);
}

void sim_bar_write(struct sim *sim, unsigned int bar, uint64_t offset, const void *data,
		   size_t width)
{
	pthread_mutex_lock(&sim->lock);
	sim->stats.writes++;
	if (sim_gone(sim)) {
		/* nobody is there */
	} else if (!inside(sim, bar, offset, width)) {
		sim_violate(sim, SIM_V_WIDTH, "write of %zu bytes at 0x%llx of BAR %u", width,
			    (unsigned long long)offset, bar);
	} else if (bar == QM_BAR_REGS) {
		trace_access(sim, 'W', offset, data, width);
		write_bar2(sim, offset, data, width);
	} else {
		write_bar4(sim, offset, data, width);
	}
	if (!sim_gone(sim))
		fuzz_events(sim);
	sim_run(sim);
}
