// SPDX-License-Identifier: MIT
/*
 * A minimal driver for tests: see driver.h.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver.h"

/* Above 4 GiB, so that a lost half of an address is noticed. */
#define BUS_FIRST	0x2100000000ull
#define BUS_GAP		0x10000ull

#define CONTEXT_LEN	32u
#define EVENT_LEN	4u

unsigned int t_wait_ms = T_WAIT_MS;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- the device and its memory ---- */

void t_dev_create_with(struct t_dev *dev, const struct sim_config *config)
{
	memset(dev, 0, sizeof(*dev));
	dev->config = *config;
	dev->next_bus = BUS_FIRST;
	pthread_mutex_init(&dev->lock, NULL);
	dev->host = inproc_create();
	if (!dev->host || sim_create(&dev->sim, config, &inproc_ops, dev->host))
		abort();
	t_alloc(dev, &dev->context, CONTEXT_LEN, QM_CONTEXT_ALIGN, true);
}

void t_dev_create(struct t_dev *dev, uint8_t revision)
{
	struct sim_config config;

	if (sim_config_init(&config, revision))
		abort();
	config.log = stderr;
	t_dev_create_with(dev, &config);
}

void t_dev_destroy(struct t_dev *dev)
{
	sim_destroy(dev->sim);
	t_free(dev, &dev->context);
	t_free(dev, &dev->sqc_table);
	t_free(dev, &dev->cqc_table);
	t_free(dev, &dev->eq.mem);
	t_free(dev, &dev->aeq.mem);
	inproc_destroy(dev->host);
	pthread_mutex_destroy(&dev->lock);
}

void t_alloc(struct t_dev *dev, struct t_mem *mem, size_t len, size_t align,
	     bool writable)
{
	void *p;

	if (align < sizeof(void *))
		align = sizeof(void *);
	if (posix_memalign(&p, align, len))
		abort();
	memset(p, 0, len);
	pthread_mutex_lock(&dev->lock);
	dev->next_bus = (dev->next_bus + BUS_GAP + align - 1) / align * align;
	mem->bus = dev->next_bus;
	dev->next_bus += len;
	pthread_mutex_unlock(&dev->lock);
	mem->p = p;
	mem->len = len;
	if (inproc_map(dev->host, mem->bus, p, len, writable))
		abort();
}

void t_free(struct t_dev *dev, struct t_mem *mem)
{
	if (!mem->p)
		return;
	inproc_unmap(dev->host, mem->bus);
	free(mem->p);
	memset(mem, 0, sizeof(*mem));
}

/* ---- registers ---- */

uint32_t t_read(struct t_dev *dev, uint64_t offset)
{
	uint32_t value;

	sim_bar_read(dev->sim, QM_BAR_REGS, offset, &value, sizeof(value));
	return value;
}

uint64_t t_read64(struct t_dev *dev, uint64_t offset)
{
	uint64_t value;

	sim_bar_read(dev->sim, QM_BAR_REGS, offset, &value, sizeof(value));
	return value;
}

void t_write(struct t_dev *dev, uint64_t offset, uint32_t value)
{
	sim_bar_write(dev->sim, QM_BAR_REGS, offset, &value, sizeof(value));
}

void t_write64(struct t_dev *dev, uint64_t offset, uint64_t value)
{
	sim_bar_write(dev->sim, QM_BAR_REGS, offset, &value, sizeof(value));
}

bool t_read_until(struct t_dev *dev, uint64_t offset, uint32_t mask, uint32_t value)
{
	uint64_t end = now_ms() + t_wait_ms;

	while ((t_read(dev, offset) & mask) != value) {
		if (now_ms() >= end)
			return false;
		sched_yield();
	}
	return true;
}

/* ---- mailbox ---- */

struct hisi_qm_mailbox t_mailbox_make(uint8_t cmd, uint16_t queue, uint64_t addr,
				      bool read)
{
	return (struct hisi_qm_mailbox){
		.w0 = cpu_to_le16(cmd | QM_MB_BUSY | (read ? QM_MB_OP_READ : 0)),
		.queue = cpu_to_le16(queue),
		.addr_low = cpu_to_le32((uint32_t)addr),
		.addr_high = cpu_to_le32((uint32_t)(addr >> 32)),
	};
}

void t_mailbox_write(struct t_dev *dev, const struct hisi_qm_mailbox *mb)
{
	sim_bar_write(dev->sim, QM_BAR_REGS, QM_MB, mb, sizeof(*mb));
}

int t_mailbox_wait(struct t_dev *dev)
{
	if (!t_read_until(dev, QM_MB, QM_MB_BUSY, 0))
		return -ETIMEDOUT;
	return (int)FIELD_GET(QM_MB_STATUS, t_read(dev, QM_MB));
}

uint64_t t_mailbox_addr(struct t_dev *dev)
{
	return t_read(dev, QM_MB + 4) | (uint64_t)t_read(dev, QM_MB + 8) << 32;
}

static int run_mailbox(struct t_dev *dev, uint8_t cmd, uint16_t queue, uint64_t addr,
		       bool read)
{
	struct hisi_qm_mailbox mb = t_mailbox_make(cmd, queue, addr, read);

	if (t_mailbox_wait(dev) < 0)
		return -ETIMEDOUT;
	t_mailbox_write(dev, &mb);
	return t_mailbox_wait(dev);
}

int t_mailbox(struct t_dev *dev, uint8_t cmd, uint16_t queue, uint64_t addr, bool read)
{
	int ret;

	pthread_mutex_lock(&dev->lock);
	ret = run_mailbox(dev, cmd, queue, addr, read);
	pthread_mutex_unlock(&dev->lock);
	return ret;
}

int t_context_load(struct t_dev *dev, uint8_t cmd, uint16_t queue, const void *c,
		   size_t len)
{
	int ret;

	pthread_mutex_lock(&dev->lock);
	memcpy(dev->context.p, c, len);
	ret = run_mailbox(dev, cmd, queue, dev->context.bus, false);
	pthread_mutex_unlock(&dev->lock);
	return ret;
}

int t_context_dump(struct t_dev *dev, uint8_t cmd, uint16_t queue, void *c, size_t len)
{
	int ret;

	pthread_mutex_lock(&dev->lock);
	ret = run_mailbox(dev, cmd, queue, dev->context.bus, true);
	memcpy(c, dev->context.p, len);
	pthread_mutex_unlock(&dev->lock);
	return ret;
}

/* ---- the function ---- */

static bool is_v3(const struct t_dev *dev)
{
	return dev->config.revision >= QM_HW_V3;
}

int t_mem_init(struct t_dev *dev)
{
	t_write(dev, QM_MEM_START, 1);
	return t_read_until(dev, QM_MEM_DONE, 1, 1) ? 0 : -ETIMEDOUT;
}

struct reg_value {
	uint32_t offset, value;
};

/* Snooped, cached, and by way of the IOMMU. */
#define AXUSER		0x40001070

static const struct reg_value hw_values[] = {
	{ QM_ARUSER_CFG1, AXUSER },
	{ QM_ARUSER_ENABLE, 0xfffffffe },
	{ QM_AWUSER_CFG1, AXUSER },
	{ QM_AWUSER_ENABLE, 0xfffffffe },
	{ QM_WUSER_ENABLE, 0xffffffff },
	{ QM_AXI_CFG, 0xffff },
	{ QM_AXI_ENABLE, 0xffffffff },
	{ QM_PEH_AXUSER_CFG, 0x401001 },
	{ QM_PEH_AXUSER_ENABLE, 0xffffffff },
	{ HZIP_ARCACHE_0, 0xffffffff },
	{ HZIP_ARCACHE_1, 0xffffffff },
	{ HZIP_AWCACHE_0, 0xffffffff },
	{ HZIP_AWCACHE_1, 0xffffffff },
	{ HZIP_BD_RUSER, AXUSER },
	{ HZIP_BD_WUSER, AXUSER },
	{ HZIP_DATA_RUSER, AXUSER },
	{ HZIP_DATA_WUSER, AXUSER },
	{ HZIP_SGL_RUSER, AXUSER },
};

void t_hw_init(struct t_dev *dev)
{
	for (size_t i = 0; i < sizeof(hw_values) / sizeof(hw_values[0]); i++)
		t_write(dev, hw_values[i].offset, hw_values[i].value);
	t_write(dev, HZIP_CLOCK_GATE, is_v3(dev) ? 0x0001001f : 0x000100ff);
	t_write(dev, QM_CACHE_CTL, 0x1833);
	t_write(dev, HZIP_PERF_MODE, t_read(dev, HZIP_PERF_MODE) & ~1u);
	if (!is_v3(dev))
		return;
	t_write(dev, HZIP_CLOCK_GATE, t_read(dev, HZIP_CLOCK_GATE) | 0x2000ff00);
	t_write(dev, HZIP_PEH_AUTO_GATE, t_read(dev, HZIP_PEH_AUTO_GATE) | 1);
}

void t_errors_init(struct t_dev *dev)
{
	uint32_t nfe = is_v3(dev) ? t_read(dev, QM_CAP_NFE) : 0x1c57;
	uint32_t ce = is_v3(dev) ? t_read(dev, QM_CAP_CE) : 0x8;
	uint32_t zip_nfe = is_v3(dev) ? t_read(dev, HZIP_CAP_NFE) : 0x7fe;
	uint32_t zip_ce = is_v3(dev) ? t_read(dev, HZIP_CAP_CE) : 0x1;

	t_write(dev, QM_ERR_SOURCE, ~0u);
	t_write(dev, QM_RAS_CE_ENABLE, ce);
	t_write(dev, QM_RAS_CE_THRESHOLD, 1);
	t_write(dev, QM_RAS_NFE_ENABLE, nfe);
	t_write(dev, QM_RAS_FE_ENABLE, 0);
	if (is_v3(dev))
		t_write(dev, QM_SHUTDOWN_SELECT, t_read(dev, QM_CAP_RESET));
	t_write(dev, QM_ERR_MASK, ~(nfe | ce));
	t_write(dev, HZIP_ERR_SOURCE, ~0u);
	t_write(dev, HZIP_RAS_CE_ENABLE, zip_ce);
	t_write(dev, HZIP_RAS_FE_ENABLE, 0);
	t_write(dev, HZIP_RAS_NFE_ENABLE, zip_nfe);
	if (is_v3(dev))
		t_write(dev, HZIP_SHUTDOWN_SELECT, t_read(dev, HZIP_CAP_RESET));
	t_write(dev, HZIP_CTRL, t_read(dev, HZIP_CTRL) | HZIP_CTRL_AXI_SHUTDOWN);
	t_write(dev, HZIP_ERR_MASK, ~(zip_nfe | zip_ce));
}

static int run_vft(struct t_dev *dev, bool read, uint32_t type, uint32_t function,
		   uint64_t data)
{
	if (!t_read_until(dev, QM_VFT_READY, 1, 1))
		return -ETIMEDOUT;
	t_write(dev, QM_VFT_READ, read);
	t_write(dev, QM_VFT_TYPE, type);
	t_write(dev, QM_VFT_FUNCTION, function);
	t_write(dev, QM_VFT_DATA_LOW, (uint32_t)data);
	t_write(dev, QM_VFT_DATA_HIGH, (uint32_t)(data >> 32));
	t_write(dev, QM_VFT_READY, 0);
	t_write(dev, QM_VFT_OP, 1);
	return t_read_until(dev, QM_VFT_READY, 1, 1) ? 0 : -ETIMEDOUT;
}

int t_vft_write(struct t_dev *dev, uint32_t type, uint32_t function, uint64_t data)
{
	return run_vft(dev, false, type, function, data);
}

int t_vft_read(struct t_dev *dev, uint32_t type, uint32_t function, uint64_t *data)
{
	int ret = run_vft(dev, true, type, function, 0);

	*data = t_read(dev, QM_VFT_DATA_LOW);
	*data |= (uint64_t)t_read(dev, QM_VFT_DATA_HIGH) << 32;
	return ret;
}

uint64_t t_vft_sqc(uint32_t base, uint32_t count)
{
	if (!count)
		return 0;
	return FIELD_PREP(QM_VFT_SQC_BASE, (uint64_t)base) | QM_VFT_SQC_VALID |
	       FIELD_PREP(QM_VFT_SQC_COUNT, (uint64_t)count - 1);
}

static void ring_begin(struct t_dev *dev, struct t_ring *r, uint32_t depth)
{
	if (depth && depth != r->depth) {
		t_free(dev, &r->mem);
		t_alloc(dev, &r->mem, (size_t)depth * EVENT_LEN, 4096, true);
		r->depth = depth;
	}
	memset(r->mem.p, 0, r->mem.len);
	r->head = 0;
	r->phase = 1;
}

static int ring_start(struct t_dev *dev, struct t_ring *r, uint8_t cmd, uint32_t depth)
{
	struct hisi_qm_eqc c = { 0 };

	ring_begin(dev, r, depth);
	c.base_low = cpu_to_le32((uint32_t)r->mem.bus);
	c.base_high = cpu_to_le32((uint32_t)(r->mem.bus >> 32));
	c.dw6 = cpu_to_le32(FIELD_PREP(QM_EQC_DEPTH, r->depth - 1) | QM_EQC_PHASE);
	return t_context_load(dev, cmd, 0, &c, sizeof(c));
}

int t_eq_start(struct t_dev *dev, uint32_t depth)
{
	return ring_start(dev, &dev->eq, QM_MB_CMD_EQC, depth);
}

int t_aeq_start(struct t_dev *dev, uint32_t depth)
{
	return ring_start(dev, &dev->aeq, QM_MB_CMD_AEQC, depth);
}

int t_tables_start(struct t_dev *dev)
{
	int ret;

	if (!dev->sqc_table.p) {
		t_alloc(dev, &dev->sqc_table, T_QUEUES * CONTEXT_LEN, 32, true);
		t_alloc(dev, &dev->cqc_table, T_QUEUES * CONTEXT_LEN, 32, true);
	}
	ret = t_mailbox(dev, QM_MB_CMD_SQC_BT, 0, dev->sqc_table.bus, false);
	if (ret)
		return ret;
	return t_mailbox(dev, QM_MB_CMD_CQC_BT, 0, dev->cqc_table.bus, false);
}

void t_events_on(struct t_dev *dev)
{
	t_doorbell(dev, 0, QM_DB_CMD_AEQ, 0, (uint16_t)dev->aeq.head, 0);
	t_doorbell(dev, 0, QM_DB_CMD_EQ, 0, (uint16_t)dev->eq.head, 0);
	t_write(dev, QM_EQ_INT_MASK, 0);
	t_write(dev, QM_AEQ_INT_MASK, 0);
}

void t_events_off(struct t_dev *dev)
{
	t_write(dev, QM_EQ_INT_MASK, 1);
	t_write(dev, QM_AEQ_INT_MASK, 1);
}

static int start_queues(struct t_dev *dev)
{
	int ret = t_vft_write(dev, QM_VFT_SQC, 0, t_vft_sqc(0, T_QUEUES));

	if (!ret)
		ret = t_vft_write(dev, QM_VFT_CQC, 0, QM_VFT_CQC_VALID);
	if (!ret)
		ret = t_eq_start(dev, dev->eq.depth ? 0 : T_EQ_DEPTH);
	if (!ret)
		ret = t_aeq_start(dev, dev->aeq.depth ? 0 : T_AEQ_DEPTH);
	if (!ret)
		ret = t_tables_start(dev);
	return ret;
}

int t_start(struct t_dev *dev)
{
	int ret;

	t_write(dev, QM_DB_TIMEOUT_CFG, 0x1fffff);
	if (is_v3(dev))
		t_write(dev, QM_POWER_CTL, t_read(dev, QM_POWER_CTL) | 0x200);
	ret = t_mem_init(dev);
	if (ret)
		return ret;
	t_hw_init(dev);
	t_errors_init(dev);
	ret = start_queues(dev);
	if (!ret)
		t_events_on(dev);
	return ret;
}

int t_stop(struct t_dev *dev)
{
	int ret;

	t_events_off(dev);
	ret = t_vft_write(dev, QM_VFT_SQC, 0, 0);
	return ret ? ret : t_vft_write(dev, QM_VFT_CQC, 0, 0);
}

void t_reset(struct t_dev *dev)
{
	sim_reset(dev->sim);
	memset(dev->events, 0, sizeof(dev->events));
}

/* ---- queues ---- */

void t_queue_init(struct t_queue *q, struct t_dev *dev, uint16_t id, uint32_t type,
		  uint32_t depth)
{
	struct t_mem sq, cq;

	t_alloc(dev, &sq, (size_t)depth << HZIP_SQE_SIZE_LOG2, 4096, true);
	t_alloc(dev, &cq, (size_t)depth << QM_CQE_SIZE_LOG2, 4096, true);
	t_queue_init_at(q, dev, id, type, depth, &sq, &cq);
}

void t_queue_init_at(struct t_queue *q, struct t_dev *dev, uint16_t id,
		     uint32_t type, uint32_t depth, const struct t_mem *sq,
		     const struct t_mem *cq)
{
	memset(q, 0, sizeof(*q));
	q->dev = dev;
	q->id = id;
	q->depth = depth;
	q->sq = *sq;
	q->cq = *cq;
	q->sqc.base_low = cpu_to_le32((uint32_t)q->sq.bus);
	q->sqc.base_high = cpu_to_le32((uint32_t)(q->sq.bus >> 32));
	q->sqc.dw3 = cpu_to_le32(FIELD_PREP(QM_C_DEPTH, depth - 1) |
				 FIELD_PREP(QM_C_ENTRY_SIZE, HZIP_SQE_SIZE_LOG2));
	q->sqc.cq = cpu_to_le16(id);
	q->sqc.w13 = cpu_to_le16(QM_SQC_IN_ORDER | FIELD_PREP(QM_SQC_TYPE, type));

	q->cqc.base_low = cpu_to_le32((uint32_t)q->cq.bus);
	q->cqc.base_high = cpu_to_le32((uint32_t)(q->cq.bus >> 32));
	q->cqc.dw3 = cpu_to_le32(FIELD_PREP(QM_C_DEPTH, depth - 1) |
				 FIELD_PREP(QM_C_ENTRY_SIZE, QM_CQE_SIZE_LOG2));
	q->cqc.dw6 = cpu_to_le32(QM_CQC_PHASE | QM_CQC_C_FLAG);
}

int t_queue_load(struct t_queue *q)
{
	int ret;

	memset(q->cq.p, 0, q->cq.len);
	q->tail = 0;
	q->pending = 0;
	q->cq_head = 0;
	q->phase = 1;
	ret = t_context_load(q->dev, QM_MB_CMD_SQC, q->id, &q->sqc, sizeof(q->sqc));
	if (ret)
		return ret;
	return t_context_load(q->dev, QM_MB_CMD_CQC, q->id, &q->cqc, sizeof(q->cqc));
}

int t_queue_start(struct t_queue *q, struct t_dev *dev, uint16_t id, uint32_t type,
		  uint32_t depth)
{
	t_queue_init(q, dev, id, type, depth);
	return t_queue_load(q);
}

/* 1 if everything is answered, 0 if not. */
static int drained(struct t_queue *q)
{
	struct hisi_qm_sqc sqc;
	struct hisi_qm_cqc cqc;
	int ret = t_context_dump(q->dev, QM_MB_CMD_SQC, q->id, &sqc, sizeof(sqc));

	if (!ret)
		ret = t_context_dump(q->dev, QM_MB_CMD_CQC, q->id, &cqc, sizeof(cqc));
	if (ret)
		return ret < 0 ? ret : -EIO;
	return sqc.tail == cqc.tail &&
	       !((le16_to_cpu(sqc.w11) ^ le16_to_cpu(cqc.w11)) & QM_C_TOGGLE);
}

int t_queue_drain(struct t_queue *q)
{
	uint64_t end = now_ms() + t_wait_ms;
	int ret = drained(q);

	while (!ret) {
		if (now_ms() >= end)
			return -ETIMEDOUT;
		sched_yield();
		ret = drained(q);
	}
	return ret < 0 ? ret : 0;
}

int t_queue_stop(struct t_queue *q)
{
	return t_mailbox(q->dev, QM_MB_CMD_STOP_QP, q->id, 0, false);
}

void t_queue_free(struct t_queue *q)
{
	t_free(q->dev, &q->sq);
	t_free(q->dev, &q->cq);
}

void t_doorbell(struct t_dev *dev, uint32_t queue, uint32_t cmd, uint16_t random,
		uint16_t index, uint16_t priority)
{
	uint64_t value = FIELD_PREP(QM_DB_QUEUE, (uint64_t)queue) |
			 FIELD_PREP(QM_DB_CMD, (uint64_t)cmd) |
			 FIELD_PREP(QM_DB_RANDOM, (uint64_t)random) |
			 FIELD_PREP(QM_DB_INDEX, (uint64_t)index) |
			 FIELD_PREP(QM_DB_PRIORITY, (uint64_t)priority);

	if (cmd == QM_DB_CMD_EQ || cmd == QM_DB_CMD_AEQ)
		t_write64(dev, QM_DB_EQ_AEQ, value);
	else if (is_v3(dev) && dev->config.isolation & 1)
		sim_bar_write(dev->sim, QM_BAR_DOORBELLS,
			      (uint64_t)queue * QM_DOORBELL_STRIDE + QM_DB_SQ_CQ,
			      &value, sizeof(value));
	else
		t_write64(dev, QM_DB_SQ_CQ, value);
}

struct hisi_zip_sqe *t_slot(struct t_queue *q, uint32_t index)
{
	return (struct hisi_zip_sqe *)q->sq.p + index;
}

int t_put(struct t_queue *q, const struct hisi_zip_sqe *sqe)
{
	uint32_t slot = q->tail;

	/* One slot stays empty so that a full ring differs from an empty one. */
	if (q->pending >= q->depth - 1)
		return -EBUSY;
	*t_slot(q, slot) = *sqe;
	q->tail = (slot + 1) % q->depth;
	q->pending++;
	return (int)slot;
}

/* The device's threads see what was put before: the register write takes a lock. */
void t_ring(struct t_queue *q)
{
	t_doorbell(q->dev, q->id, QM_DB_CMD_SQ, q->random, (uint16_t)q->tail, 0);
}

int t_send(struct t_queue *q, const struct hisi_zip_sqe *sqe)
{
	int slot = t_put(q, sqe);

	if (slot >= 0)
		t_ring(q);
	return slot;
}

/* The entry's last word, with its phase; the words before are seen after it. */
static uint32_t cqe_last(const struct t_queue *q)
{
	const uint32_t *words = (const uint32_t *)q->cq.p + (size_t)q->cq_head * 4;

	return __atomic_load_n(words + 3, __ATOMIC_ACQUIRE);
}

bool t_cqe_ready(struct t_queue *q)
{
	return (cqe_last(q) >> 16 & QM_CQE_PHASE) == q->phase;
}

int t_take(struct t_queue *q, struct hisi_zip_sqe *sqe)
{
	const struct hisi_qm_cqe *cqe = (const struct hisi_qm_cqe *)q->cq.p + q->cq_head;
	uint32_t slot;

	if (!t_cqe_ready(q))
		return -EAGAIN;
	slot = le16_to_cpu(cqe->sq_head);
	q->cq_head++;
	if (q->cq_head == q->depth) {
		q->cq_head = 0;
		q->phase ^= 1;
	}
	q->pending--;
	if (slot >= q->depth)
		return -ERANGE;
	*sqe = *t_slot(q, slot);
	return (int)slot;
}

int t_recv(struct t_queue *q, struct hisi_zip_sqe *sqe)
{
	uint64_t end = now_ms() + t_wait_ms;
	int ret = t_take(q, sqe);

	while (ret == -EAGAIN) {
		if (now_ms() >= end)
			return -ETIMEDOUT;
		sched_yield();
		ret = t_take(q, sqe);
	}
	return ret;
}

void t_cq_ring(struct t_queue *q, bool c_flag)
{
	t_doorbell(q->dev, q->id, QM_DB_CMD_CQ, q->random, (uint16_t)q->cq_head, c_flag);
}

int t_run(struct t_queue *q, struct hisi_zip_sqe *sqe)
{
	int ret = t_send(q, sqe);

	if (ret >= 0)
		ret = t_recv(q, sqe);
	if (ret < 0)
		return ret;
	t_cq_ring(q, false);
	return 0;
}

/* ---- events ---- */

bool t_ring_take(struct t_ring *r, uint32_t *entry)
{
	*entry = __atomic_load_n((const uint32_t *)r->mem.p + r->head, __ATOMIC_ACQUIRE);
	if (FIELD_GET(QM_EQE_PHASE, *entry) != r->phase)
		return false;
	r->head++;
	if (r->head == r->depth) {
		r->head = 0;
		r->phase ^= 1;
	}
	return true;
}

unsigned int t_eq_handle(struct t_dev *dev)
{
	unsigned int n = 0;
	uint32_t entry;

	pthread_mutex_lock(&dev->lock);
	while (t_ring_take(&dev->eq, &entry)) {
		uint32_t queue = FIELD_GET(QM_EQE_QUEUE, entry);

		if (queue < T_QUEUES)
			dev->events[queue]++;
		n++;
	}
	/* Also if there was none: it makes the device interrupt again. */
	t_doorbell(dev, 0, QM_DB_CMD_EQ, 0, (uint16_t)dev->eq.head, 0);
	pthread_mutex_unlock(&dev->lock);
	return n;
}

unsigned int t_aeq_handle(struct t_dev *dev, uint32_t *events, unsigned int max)
{
	unsigned int n = 0;

	pthread_mutex_lock(&dev->lock);
	while (n < max && t_ring_take(&dev->aeq, &events[n]))
		n++;
	if (n)
		t_doorbell(dev, 0, QM_DB_CMD_AEQ, 0, (uint16_t)dev->aeq.head, 0);
	pthread_mutex_unlock(&dev->lock);
	return n;
}

/* ---- requests ---- */

void t_sqe_make(struct hisi_zip_sqe *sqe, const struct t_dev *dev, uint8_t alg,
		uint64_t src, uint32_t in_len, uint64_t dst, uint32_t out_len)
{
	uint32_t type = is_v3(dev) ? HZIP_SQE_TYPE3 : HZIP_SQE_TYPE0;

	memset(sqe, 0, sizeof(*sqe));
	sqe->in_len = cpu_to_le32(in_len);
	sqe->out_len = cpu_to_le32(out_len);
	sqe->dw7 = cpu_to_le32(FIELD_PREP(HZIP_SQE_TYPE, type));
	sqe->dw9 = cpu_to_le32(FIELD_PREP(HZIP_SQE_ALG, (uint32_t)alg) |
			       FIELD_PREP(HZIP_SQE_WINDOW, HZIP_WINDOW_32K));
	sqe->src_low = cpu_to_le32((uint32_t)src);
	sqe->src_high = cpu_to_le32((uint32_t)(src >> 32));
	sqe->dst_low = cpu_to_le32((uint32_t)dst);
	sqe->dst_high = cpu_to_le32((uint32_t)(dst >> 32));
}

uint32_t t_sqe_status(const struct hisi_zip_sqe *sqe)
{
	return le32_get_bits(sqe->dw3, HZIP_SQE_STATUS);
}

static bool has_tag_type0(const struct hisi_zip_sqe *sqe)
{
	return le32_get_bits(sqe->dw7, HZIP_SQE_TYPE) == HZIP_SQE_TYPE0;
}

void t_sqe_set_tag(struct hisi_zip_sqe *sqe, uint64_t tag)
{
	if (has_tag_type0(sqe)) {
		sqe->tag_type0 = cpu_to_le32((uint32_t)tag);
		return;
	}
	sqe->tag_low = cpu_to_le32((uint32_t)tag);
	sqe->tag_high = cpu_to_le32((uint32_t)(tag >> 32));
}

uint64_t t_sqe_tag(const struct hisi_zip_sqe *sqe)
{
	if (has_tag_type0(sqe))
		return le32_to_cpu(sqe->tag_type0);
	return le32_to_cpu(sqe->tag_low) | (uint64_t)le32_to_cpu(sqe->tag_high) << 32;
}

static size_t list_len(size_t per_list)
{
	size_t len = sizeof(struct hisi_sgl) + per_list * sizeof(struct hisi_sgl_entry);

	return (len + HISI_SGL_ALIGN - 1) / HISI_SGL_ALIGN * HISI_SGL_ALIGN;
}

static size_t list_count(size_t pieces, size_t per_list)
{
	return pieces ? (pieces + per_list - 1) / per_list : 1;
}

size_t t_sgl_size(size_t pieces, size_t per_list)
{
	return list_count(pieces, per_list) * list_len(per_list);
}

static void fill_list(struct hisi_sgl *list, const struct t_piece *pieces, size_t n)
{
	list->entries = cpu_to_le16((uint16_t)n);
	/* What software has there is none of the device's business. */
	memset(list->software1, 0xff, sizeof(list->software1));
	list->software2 = cpu_to_le64(~0ull);
	for (size_t i = 0; i < n; i++) {
		list->entry[i].software1 = cpu_to_le64(~0ull);
		list->entry[i].software2 = cpu_to_le64(~0ull);
		list->entry[i].addr = cpu_to_le64(pieces[i].bus);
		list->entry[i].len = cpu_to_le32(pieces[i].len);
	}
}

void t_sgl_make(struct t_mem *mem, const struct t_piece *pieces, size_t n,
		size_t per_list)
{
	size_t lists = list_count(n, per_list);

	memset(mem->p, 0, t_sgl_size(n, per_list));
	for (size_t i = 0; i < lists; i++) {
		size_t at = i * list_len(per_list);
		size_t begin = i * per_list;
		size_t count = n - begin < per_list ? n - begin : per_list;
		struct hisi_sgl *list = (struct hisi_sgl *)(mem->p + at);

		if (i + 1 < lists)
			list->next = cpu_to_le64(mem->bus + at + list_len(per_list));
		list->slots_chain = cpu_to_le16((uint16_t)(lists * per_list));
		list->slots = cpu_to_le16((uint16_t)per_list);
		fill_list(list, pieces + begin, count);
	}
}
