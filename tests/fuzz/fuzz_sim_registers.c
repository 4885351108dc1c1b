/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer for the model of the device, from the side of its registers: any sequence of
 * accesses, doorbells, mailbox commands, changes of memory, faults and resets.
 *
 * A program's first byte chooses among the models; sim_program.h has the rest.  The
 * steps of a driver are operations, too, since bytes alone would hardly start a queue.
 * Requests themselves are the matter of fuzz_sim_requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hisi_qm_regs.h"
#include "hisi_zip_regs.h"
#include "hisi_zip_sqe.h"
#include "inproc.h"
#include "sim.h"
#include "sim_program.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define QUEUES		4
#define EQ_DEPTH	64
#define SQ_DEPTH	32
#define OPS_MAX		256
#define STEPS_MAX	64

/* What is where in the memory of the device, and what it may only read past that. */
#define BUS		0x100000
#define AT_EQ		0x0000
#define AT_AEQ		0x0200
#define AT_SQC_TABLE	0x0400
#define AT_CQC_TABLE	0x0800
#define AT_CONTEXTS	0x0c00
#define AT_LISTS	0x1000
#define AT_SQ		0x2000
#define AT_CQ		0x6000
#define AT_DATA		0x8000
#define AT_OUT		0x9000
#define AT_STREAM	0xb000
#define MEM_LEN		0x18000
#define READ_ONLY_LEN	0x1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct program {
	const uint8_t *p;
	size_t left;
};

static struct inproc *host;
static uint8_t *mem, *read_only;
static struct sim *sims[5];
static struct sim *sim;
static uint16_t tails[QUEUES];

/* clang-format off */
static const uint32_t places[] = {
	QM_AEQ_INT_SOURCE, QM_AEQ_INT_MASK, QM_EQ_INT_SOURCE, QM_EQ_INT_MASK,
	QM_IFC_SOURCE_V, QM_IFC_MASK, QM_IFC_STATUS, QM_IFC_SET_V, QM_ISOLATION,
	QM_PAGE_SIZE, QM_VF_STATE, QM_FUNS_ACTIVE, QM_CACHE_WB_START, QM_CACHE_WB_DONE,
	QM_SUB_VERSION, QM_MB, QM_MB + 4, QM_MB + 8, QM_MB + 12, QM_DB_SQ_CQ,
	QM_DB_EQ_AEQ, QM_CAPS, QM_CAP_EQ_DEPTHS, HZIP_CAP_CORES, QM_ERR_SOURCE,
	QM_ERR_MASK, QM_ERR_STATUS, QM_ERR_INJECT, QM_ERR_FIFO_INFO, QM_MEM_START,
	QM_MEM_DONE, QM_CACHE_CTL, QM_VFT_OP, QM_VFT_READ, QM_VFT_TYPE, QM_VFT_FUNCTION,
	QM_VFT_DATA_LOW, QM_VFT_DATA_HIGH, QM_VFT_READY, QM_PEH_VENDOR_ID,
	QM_RAS_CE_ENABLE, QM_RAS_FE_ENABLE, QM_RAS_NFE_ENABLE, QM_PEH_DFX0,
	QM_COUNTER_CLEAR, QM_IFC_READY_P, QM_IFC_SET_P, QM_IFC_SOURCE_P, QM_QUEUES,
	QM_SHAPER_CFG, QM_COUNTERS, QM_DFX_SEL_MB, QM_DFX_MB_COUNT, QM_DFX_SEL_DB,
	QM_DFX_SQE_COUNT, QM_DFX_IDLE, QM_SHUTDOWN_SELECT, QM_AXI_CTRL,
	QM_AM_WRITE_ENABLE, QM_AXI_RETURNED, HZIP_COUNTER_CLEAR, HZIP_CLOCK_GATE,
	HZIP_CTRL, HZIP_ERR_SOURCE, HZIP_ERR_MASK, HZIP_ERR_INJECT, HZIP_ERR_STATUS,
	HZIP_RAS_CE_ENABLE, HZIP_RAS_NFE_ENABLE, HZIP_PREFETCH_CFG,
	HZIP_SVA_TRANSACTIONS, HZIP_PERF_MODE, HZIP_SHUTDOWN_SELECT, HZIP_CORES,
	HZIP_CORES + HZIP_CORE_STRIDE + HZIP_CORE_DELAY_AVG,
	HZIP_CORES + 7 * HZIP_CORE_STRIDE + HZIP_CORE_BD_WRITE_AXI_ERR,
	QM_FUNCTION_DB_DROP, QM_MSG_TO_PF, QM_USAGE, QM_USAGE + 4, QM_MIGRATION_REGION,
	QM_DB_DROP, QM_FUNCTION_AXI_ERR, QM_FUNCTION_AXI_ERR + 4, QM_MSG_TO_VF,
	QM_MSG_FROM_VF + 252,
};
/* clang-format on */

/* None with a delay, which is of real time where the clock is off. */
/* clang-format off */
static const char *const faults[] = {
	"fail 1 0x0e", "fail 2 1", "flip 1 0", "flip 1 99999999", "flip-crc 1 31",
	"hang 1", "hang 2", "drop-irq 1", "dup-irq 1", "ras qm 2", "ras qm 10",
	"ras qm 12", "ras zip 1", "ras zip 12", "aeq 0 0", "aeq 1 0", "aeq 2 1",
	"mailbox 1", "mailbox 15", "mailbox-hang", "remove", "return", "clear",
	"eqe 1", "eqe 65535", "eqe 0 stale", "aeq 15 65535", "aeq 2 0 stale", "cqe 0 0",
	"cqe 1 65535", "cqe 0 1 stale", "storm 0 3", "ras qm 0 1", "ras qm 3 7",
	"ras qm 11 2 63", "ras zip 0 255", "tag 1 0x100000001", "mailbox 2 always", "stop 1",
	"stop-hang 2", "mem-hang", "vft-hang", "axi-hang",
};
/* clang-format on */

static uint8_t take8(struct program *p)
{
	if (!p->left)
		return 0;
	p->left--;
	return *p->p++;
}

static uint16_t take16(struct program *p)
{
	uint16_t low = take8(p);

	return (uint16_t)(low | take8(p) << 8);
}

static uint32_t take32(struct program *p)
{
	uint32_t low = take16(p);

	return low | (uint32_t)take16(p) << 16;
}

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void write32(uint64_t offset, uint32_t value)
{
	sim_bar_write(sim, QM_BAR_REGS, offset, &value, sizeof(value));
}

static void write64(uint64_t offset, uint64_t value)
{
	sim_bar_write(sim, QM_BAR_REGS, offset, &value, sizeof(value));
}

/* ---- the models ---- */

static struct sim *create(uint8_t revision, uint32_t version,
			  enum sim_clock_mode clock, uint32_t isolation)
{
	struct sim_config config;
	struct sim *new;

	check(!sim_config_init(&config, revision), "sim_config_init");
	config.workers = 0;
	config.clock_mode = clock;
	config.isolation = isolation;
	if (revision == QM_HW_V3)
		sim_config_set(&config, QM_CAP_FEATURES, 1 | QM_CAP_STOP_QP |
			       QM_CAP_FLUSH_QM);
	config.sub_version = version;
	if (version)
		sim_config_set(&config, HZIP_CAP_KERNEL_ALGS, 0x130);
	check(!sim_create(&new, &config, &inproc_ops, host), "sim_create");
	return new;
}

static void create_all(void)
{
	host = inproc_create();
	mem = malloc(MEM_LEN);
	read_only = calloc(1, READ_ONLY_LEN);
	check(host && mem && read_only, "memory");
	check(!inproc_map(host, BUS, mem, MEM_LEN, true), "inproc_map");
	check(!inproc_map(host, BUS + MEM_LEN, read_only, READ_ONLY_LEN, false),
	      "inproc_map");
	sims[0] = create(QM_HW_V3, 0, SIM_CLOCK_OFF, 0);
	sims[1] = create(QM_HW_V3, 0, SIM_CLOCK_VIRTUAL, 0);
	sims[2] = create(QM_HW_V3, 0, SIM_CLOCK_OFF, 1);
	sims[3] = create(QM_HW_V2, 0, SIM_CLOCK_OFF, 0);
	sims[4] = create(QM_HW_V3, QM_HW_V5, SIM_CLOCK_VIRTUAL, 0);
}

/* ---- the steps of a driver ---- */

static void mailbox(uint8_t cmd, uint16_t queue, uint64_t addr, uint8_t flags)
{
	struct hisi_qm_mailbox mb = {
		.w0 = cpu_to_le16((uint16_t)(cmd | QM_MB_BUSY |
				  (flags & SIM_MAILBOX_READ ? QM_MB_OP_READ : 0))),
		.queue = cpu_to_le16(queue),
		.addr_low = cpu_to_le32((uint32_t)addr),
		.addr_high = cpu_to_le32((uint32_t)(addr >> 32)),
	};
	static const struct {
		uint8_t width, count;
	} shapes[SIM_MAILBOX_SHAPES] = { { 16, 1 }, { 8, 2 }, { 4, 4 }, { 4, 3 } };
	unsigned int shape = flags % SIM_MAILBOX_SHAPES;

	for (unsigned int i = 0; i < shapes[shape].count; i++)
		sim_bar_write(sim, QM_BAR_REGS, QM_MB + i * shapes[shape].width,
			      (const uint8_t *)&mb + i * shapes[shape].width,
			      shapes[shape].width);
}

static void doorbell(uint16_t queue, uint8_t cmd, uint16_t random, uint16_t index,
		     uint16_t priority)
{
	uint64_t value = FIELD_PREP(QM_DB_QUEUE, (uint64_t)queue) |
			 FIELD_PREP(QM_DB_CMD, (uint64_t)cmd) |
			 FIELD_PREP(QM_DB_RANDOM, (uint64_t)random) |
			 FIELD_PREP(QM_DB_INDEX, (uint64_t)index) |
			 FIELD_PREP(QM_DB_PRIORITY, (uint64_t)priority);

	if (cmd == QM_DB_CMD_EQ || cmd == QM_DB_CMD_AEQ)
		write64(QM_DB_EQ_AEQ, value);
	else if (sim == sims[2])
		sim_bar_write(sim, QM_BAR_DOORBELLS, (uint64_t)queue *
			      QM_DOORBELL_STRIDE + QM_DB_SQ_CQ, &value, sizeof(value));
	else
		write64(QM_DB_SQ_CQ, value);
}

static void vft_write(uint32_t type, uint64_t data)
{
	write32(QM_VFT_READ, 0);
	write32(QM_VFT_TYPE, type);
	write32(QM_VFT_FUNCTION, 0);
	write32(QM_VFT_DATA_LOW, (uint32_t)data);
	write32(QM_VFT_DATA_HIGH, (uint32_t)(data >> 32));
	write32(QM_VFT_READY, 0);
	write32(QM_VFT_OP, 1);
}

static void load(uint8_t cmd, uint16_t queue, const void *context, size_t len)
{
	memcpy(mem + AT_CONTEXTS, context, len);
	mailbox(cmd, queue, BUS + AT_CONTEXTS, 0);
}

static void start_ring(uint8_t cmd, uint32_t at)
{
	struct hisi_qm_eqc eqc = {
		.base_low = cpu_to_le32(BUS + at),
		.dw6 = cpu_to_le32((EQ_DEPTH - 1) | QM_EQC_PHASE),
	};

	memset(mem + at, 0, EQ_DEPTH * 4);
	load(cmd, 0, &eqc, sizeof(eqc));
}

static void start(void)
{
	write32(QM_MEM_START, 1);
	vft_write(QM_VFT_SQC, QM_VFT_SQC_VALID |
		  FIELD_PREP(QM_VFT_SQC_COUNT, QUEUES - 1ull));
	vft_write(QM_VFT_CQC, QM_VFT_CQC_VALID);
	start_ring(QM_MB_CMD_EQC, AT_EQ);
	start_ring(QM_MB_CMD_AEQC, AT_AEQ);
	mailbox(QM_MB_CMD_SQC_BT, 0, BUS + AT_SQC_TABLE, 0);
	mailbox(QM_MB_CMD_CQC_BT, 0, BUS + AT_CQC_TABLE, 0);
	doorbell(0, QM_DB_CMD_AEQ, 0, 0, 0);
	doorbell(0, QM_DB_CMD_EQ, 0, 0, 0);
	write32(QM_EQ_INT_MASK, 0);
	write32(QM_AEQ_INT_MASK, 0);
	write32(QM_ERR_MASK, 0);
	write32(HZIP_ERR_MASK, 0);
}

static void start_queue(uint16_t q, uint8_t type, uint32_t depth)
{
	struct hisi_qm_sqc sqc = {
		.base_low = cpu_to_le32(BUS + AT_SQ + q * SQ_DEPTH * 128u),
		.dw3 = cpu_to_le32((depth - 1) |
				   FIELD_PREP(QM_C_ENTRY_SIZE, HZIP_SQE_SIZE_LOG2)),
		.cq = cpu_to_le16(q),
		.w13 = cpu_to_le16((uint16_t)(QM_SQC_IN_ORDER |
					      FIELD_PREP(QM_SQC_TYPE, type))),
	};
	struct hisi_qm_cqc cqc = {
		.base_low = cpu_to_le32(BUS + AT_CQ + q * SQ_DEPTH * 16u),
		.dw3 = cpu_to_le32((depth - 1) |
				   FIELD_PREP(QM_C_ENTRY_SIZE, QM_CQE_SIZE_LOG2)),
		.dw6 = cpu_to_le32(QM_CQC_PHASE | QM_CQC_C_FLAG),
	};

	memset(mem + AT_CQ + q * SQ_DEPTH * 16u, 0, SQ_DEPTH * 16u);
	load(QM_MB_CMD_SQC, q, &sqc, sizeof(sqc));
	load(QM_MB_CMD_CQC, q, &cqc, sizeof(cqc));
	tails[q] = 0;
}

static uint32_t list(uint32_t at, uint32_t target, uint32_t len)
{
	struct hisi_sgl sgl = {
		.slots_chain = cpu_to_le16(1),
		.entries = cpu_to_le16(1),
		.slots = cpu_to_le16(1),
	};
	struct hisi_sgl_entry entry = {
		.addr = cpu_to_le64(BUS + target),
		.len = cpu_to_le32(len),
	};

	memcpy(mem + at, &sgl, sizeof(sgl));
	memcpy(mem + at + sizeof(sgl), &entry, sizeof(entry));
	return BUS + at;
}

static void request(uint16_t q, uint8_t alg, uint32_t len, uint8_t flags)
{
	uint32_t out_len = flags & SIM_REQUEST_SMALL ? 20 : 0x1000;
	bool sgl = flags & SIM_REQUEST_SGL;
	bool stateful = flags & SIM_REQUEST_STATEFUL;
	struct hisi_zip_sqe sqe = {
		.in_len = cpu_to_le32(len),
		.dw7 = cpu_to_le32((sim == sims[3] ? 0 : HZIP_SQE_TYPE3 << 28) |
				   HZIP_SQE_NEW | HZIP_SQE_FINISH |
				   (stateful ? HZIP_SQE_STATEFUL : 0)),
		.dw9 = cpu_to_le32(alg | FIELD_PREP(HZIP_SQE_BUFFERS, (uint32_t)sgl)),
		.out_len = cpu_to_le32(out_len),
		.src_low = cpu_to_le32(sgl ? list(AT_LISTS, AT_DATA, len ? len : 1) :
				       BUS + AT_DATA),
		.dst_low = cpu_to_le32(sgl ? list(AT_LISTS + 0x80, AT_OUT, out_len) :
				       BUS + AT_OUT),
		.ctx_low = cpu_to_le32(stateful ? BUS + AT_STREAM : 0),
	};

	memcpy(mem + AT_SQ + (q * SQ_DEPTH + tails[q]) * sizeof(sqe), &sqe, sizeof(sqe));
	tails[q] = (uint16_t)((tails[q] + 1) % SQ_DEPTH);
	if (!(flags & SIM_REQUEST_NO_DOORBELL))
		doorbell(q, QM_DB_CMD_SQ, 0, tails[q], 0);
}

/* ---- operations ---- */

static void op_read(struct program *p)
{
	uint32_t place = places[take8(p) % ARRAY_SIZE(places)];
	uint8_t data[16];

	sim_bar_read(sim, QM_BAR_REGS, place, data, 1u << take8(p) % 5);
}

static void op_access(struct program *p)
{
	uint8_t flags = take8(p);
	uint64_t offset = take16(p);
	unsigned int bar = flags & SIM_ACCESS_BAR4 ? QM_BAR_DOORBELLS : QM_BAR_REGS;
	uint8_t data[16];
	size_t width;

	offset |= (uint64_t)take8(p) << 16;
	width = 1 + take8(p) % sizeof(data);
	if (flags & SIM_ACCESS_OTHER_BAR)
		bar = flags >> 4;
	if (!(flags & SIM_ACCESS_WRITE)) {
		sim_bar_read(sim, bar, offset, data, width);
		return;
	}
	for (size_t i = 0; i < width; i++)
		data[i] = take8(p);
	sim_bar_write(sim, bar, offset, data, width);
}

static void op_doorbell(struct program *p)
{
	uint8_t queue = take8(p);
	uint8_t cmd = take8(p) % 5;
	uint16_t index = take16(p);
	uint8_t priority = take8(p);

	doorbell(queue, cmd, take8(p), index, priority);
}

static void op_mailbox(struct program *p)
{
	uint8_t cmd = take8(p) % 16;
	uint8_t queue = take8(p);
	uint64_t addr = BUS + AT_CONTEXTS + take8(p) * 4u;

	mailbox(cmd, queue, addr, take8(p));
}

static void op_memory(struct program *p)
{
	size_t at = take16(p);
	size_t n = 1 + take8(p) % 64;

	while (n--)
		mem[at++ % MEM_LEN] = take8(p);
}

static void op_event(struct program *p)
{
	uint8_t which = take8(p) % (SIM_EVENT_FAULT + ARRAY_SIZE(faults));

	if (which >= SIM_EVENT_FAULT)
		sim_fault(sim, faults[which - SIM_EVENT_FAULT]);
	else if (which == SIM_EVENT_RESET)
		sim_reset(sim);
	else if (which == SIM_EVENT_STEP)
		sim_clock_step(sim);
	else
		sim_set_bus_master(sim, which == SIM_EVENT_MASTER_ON);
}

static void op_queue(struct program *p)
{
	uint16_t q = take8(p) % QUEUES;
	uint8_t type = take8(p) % 4;

	start_queue(q, type, 1 + take8(p) % SQ_DEPTH);
}

static void op_request(struct program *p)
{
	uint16_t q = take8(p) % QUEUES;
	uint8_t alg = take8(p) % 6;
	uint32_t len = take8(p);

	request(q, alg, len, take8(p));
}

static void op_take(struct program *p)
{
	uint16_t q = take8(p) % QUEUES;

	doorbell(q, QM_DB_CMD_CQ, 0, tails[q], take8(p) & 1);
	doorbell(0, QM_DB_CMD_EQ, 0, take8(p) % EQ_DEPTH, 0);
}

static void run_op(struct program *p)
{
	uint32_t place;

	switch (take8(p) % SIM_OPS) {
	case SIM_OP_READ:
		return op_read(p);
	case SIM_OP_WRITE:
		place = places[take8(p) % ARRAY_SIZE(places)];
		return write32(place, take32(p));
	case SIM_OP_ACCESS:
		return op_access(p);
	case SIM_OP_DOORBELL:
		return op_doorbell(p);
	case SIM_OP_MAILBOX:
		return op_mailbox(p);
	case SIM_OP_MEMORY:
		return op_memory(p);
	case SIM_OP_EVENT:
		return op_event(p);
	case SIM_OP_START:
		return start();
	case SIM_OP_QUEUE:
		return op_queue(p);
	case SIM_OP_REQUEST:
		return op_request(p);
	default:
		return op_take(p);
	}
}

/* ---- what always holds ---- */

static void check_counts(void)
{
	struct sim_stats stats;
	uint64_t sum = 0;
	char text[16];

	sim_stats(sim, &stats);
	check(stats.completed <= stats.requests, "more completions than requests");
	check(stats.failed <= stats.completed, "more failures than completions");
	for (int i = 0; i < SIM_V_COUNT; i++)
		sum += sim_violations(sim, (enum sim_violation)i);
	check(sum == sim_violations_total(sim), "violations");
	sim_violation_last(sim, text, sizeof(text));
	check(memchr(text, 0, sizeof(text)), "text without an end");
	check(!!*text == !!sum, "a violation is described");
}

static void check_removed(void)
{
	uint32_t value = 0;

	check(!sim_fault(sim, "remove"), "remove");
	sim_bar_read(sim, QM_BAR_REGS, QM_VFT_READY, &value, sizeof(value));
	check(value == UINT32_MAX, "a register of a device that is gone");
	check(!sim_fault(sim, "return"), "return");
	sim_bar_read(sim, QM_BAR_REGS, QM_VFT_READY, &value, sizeof(value));
	check(value == 1, "a register of a device that is back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct program p = { data, len };

	if (!host)
		create_all();
	sim = sims[take8(&p) % ARRAY_SIZE(sims)];
	memset(mem, 0, MEM_LEN);
	memset(tails, 0, sizeof(tails));
	if (sim == sims[4])
		check(!sim_fuzz(sim, "1,300"), "sim_fuzz");
	for (int i = 0; i < OPS_MAX && p.left; i++)
		run_op(&p);
	for (int i = 0; i < STEPS_MAX && sim_clock_step(sim); i++)
		;
	check(!sim_fuzz(sim, "off"), "sim_fuzz");
	check_counts();
	check_removed();
	/* The next program starts from the same state. */
	sim_fault(sim, "clear");
	sim_set_bus_master(sim, true);
	sim_violations_clear(sim);
	return 0;
}
