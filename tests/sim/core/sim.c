// SPDX-License-Identifier: MIT
/*
 * Life of the model, what it asks of its host, the threads that execute requests, and
 * violations.
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>

#include "internal.h"

/*
 * Configuration.
 */
struct word {
	uint32_t offset, value;
};

static const struct word caps_v2[] = {
	{ QM_CAP_EQ_DEPTHS, 0x04000800 }, { QM_CAP_QUEUE_DEPTHS, 0x04000400 },
	{ QM_CAP_IRQ_EQ, 0x10000 },	  { QM_CAP_IRQ_AEQ, 0x10001 },
	{ QM_CAP_IRQ_ABNORMAL, 0x10003 }, { QM_CAP_IRQ_COUNT, 0x40002 },
	{ HZIP_CAP_CORES, 0x12080206 },	  { HZIP_CAP_CORE_MAP, 0x00fc0003 },
	{ HZIP_CAP_USER_ALGS, 0xf },
};

static const struct word caps_v3[] = {
	{ QM_CAP_FEATURES, SIM_FEATURES },
	{ QM_CAP_EQ_DEPTHS, 0x04000800 },
	{ QM_CAP_QUEUE_DEPTHS, 0x04000400 },
	{ QM_CAP_IRQ_EQ, 0x10000 },
	{ QM_CAP_IRQ_AEQ, 0x10001 },
	{ QM_CAP_IRQ_ABNORMAL, 0x10003 },
	{ QM_CAP_IRQ_COUNT, 0x40003 },
	{ QM_CAP_NFE, 0x7c77 },
	{ QM_CAP_RESET, 0x6c77 },
	{ QM_CAP_CE, 0x8 },
	{ HZIP_CAP_NFE, 0x1ffe },
	{ HZIP_CAP_RESET, 0x7fe },
	{ HZIP_CAP_CE, 0x1 },
	{ HZIP_CAP_CORES, 0x12050203 },
	{ HZIP_CAP_CORE_MAP, 0x001c0003 },
	{ HZIP_CAP_KERNEL_ALGS, 0x30 },
	{ HZIP_CAP_USER_ALGS, 0x3f },
	{ HZIP_CAP_CORE1_ALGS, 0xd5 },
	{ HZIP_CAP_CORE2_ALGS, 0xd5 },
	{ HZIP_CAP_CORE3_ALGS, 0x2a },
	{ HZIP_CAP_CORE4_ALGS, 0x2a },
	{ HZIP_CAP_CORE5_ALGS, 0x2a },
};

/* What drivers believe of a V3 device whose words have no version, and it does. */
#define FEATURES_WITHOUT_VERSION                                               \
	(1u | QM_CAP_QOS | QM_CAP_STOP_QP | QM_CAP_FLUSH_QM |                  \
	 QM_CAP_MESSAGES | QM_CAP_PF_RUNTIME_PM | QM_CAP_SVA_PREFETCH)

static uint32_t cap_without_version(uint32_t offset)
{
	if (offset == QM_CAP_FEATURES)
		return FEATURES_WITHOUT_VERSION;
	for (size_t i = 0; i < ARRAY_SIZE(caps_v3); i++)
		if (caps_v3[i].offset == offset)
			return caps_v3[i].value;
	return 0;
}

uint32_t sim_cap(const struct sim *sim, uint32_t offset)
{
	const uint32_t *caps = sim->config.caps;

	if (sim->config.revision >= QM_HW_V3 && !(caps[0] & QM_CAP_VERSION))
		return cap_without_version(offset);
	return caps[(offset - QM_CAPS) / 4];
}

int sim_config_init(struct sim_config *config, uint8_t revision)
{
	const struct word *words = revision == QM_HW_V2 ? caps_v2 : caps_v3;
	size_t count = revision == QM_HW_V2 ? ARRAY_SIZE(caps_v2) : ARRAY_SIZE(caps_v3);

	if (revision != QM_HW_V2 && revision != QM_HW_V3)
		return -EINVAL;
	memset(config, 0, sizeof(*config));
	config->revision = revision;
	for (size_t i = 0; i < count; i++)
		config->caps[(words[i].offset - QM_CAPS) / 4] = words[i].value;
	if (revision == QM_HW_V3)
		config->queues = FIELD_PREP(QM_QUEUES_TOTAL, 1024u) |
				 FIELD_PREP(QM_QUEUES_PER_FUNCTION, 1024u);
	/*
	 * The published curve of one queue with requests of 8 KiB: one alone takes
	 * 14.7 us; with 10 to 50 under way each takes about 57 us; from 60 on the
	 * two cores are busy all the time.  All decompression cores are as fast.
	 */
	config->clock.comp_mb_s = 3636;
	config->clock.decomp_mb_s = revision == QM_HW_V2 ? 1212 : 2424;
	config->clock.latency_ns = 12480;
	config->clock.aggregation_ns = 42070;
	return 0;
}

static bool is_sub_version(uint32_t value)
{
	return !value || value == QM_HW_V4 || value == QM_HW_V5;
}

int sim_config_set(struct sim_config *config, uint32_t offset, uint32_t value)
{
	if (config->revision < QM_HW_V3)
		return -EINVAL;
	if (offset == QM_ISOLATION)
		config->isolation = value;
	else if (offset == QM_SUB_VERSION && is_sub_version(value))
		config->sub_version = value;
	else if (offset == QM_QUEUES)
		config->queues = value;
	else if (offset >= QM_CAPS && offset < QM_CAPS_END && offset % 4 == 0)
		config->caps[(offset - QM_CAPS) / 4] = value;
	else
		return -EINVAL;
	return 0;
}

unsigned int sim_irq_count(const struct sim *sim)
{
	return FIELD_GET(QM_CAP_HIGH, sim_cap(sim, QM_CAP_IRQ_COUNT));
}

uint8_t sim_revision(const struct sim *sim)
{
	return sim->config.revision;
}

uint64_t sim_bar_size(const struct sim *sim, unsigned int bar)
{
	uint64_t queues = FIELD_GET(QM_QUEUES_PER_FUNCTION, sim->config.queues);
	uint64_t size = QM_DOORBELL_STRIDE;

	if (bar == QM_BAR_REGS)
		return HZIP_BAR_SIZE;
	if (bar != QM_BAR_DOORBELLS || !(sim->config.isolation & 1))
		return 0;
	while (size < queues * QM_DOORBELL_STRIDE)
		size *= 2;
	return size;
}

/*
 * Violations.
 */
static const char *const violation_names[SIM_V_COUNT] = {
	[SIM_V_WIDTH] = "width",
	[SIM_V_NO_REGISTER] = "no-register",
	[SIM_V_READ_ONLY] = "read-only",
	[SIM_V_RESERVED] = "reserved",
	[SIM_V_MAILBOX] = "mailbox",
	[SIM_V_CONTEXT] = "context",
	[SIM_V_VFT] = "vft",
	[SIM_V_HALF_DOORBELL] = "half-doorbell",
	[SIM_V_DOORBELL_QUEUE] = "doorbell-queue",
	[SIM_V_DOORBELL_INDEX] = "doorbell-index",
	[SIM_V_DOORBELL_RANDOM] = "doorbell-random",
	[SIM_V_DMA] = "dma",
	[SIM_V_LATE] = "late",
	[SIM_V_ALIGN] = "align",
	[SIM_V_SQE] = "sqe",
	[SIM_V_SIZE] = "size",
	[SIM_V_SGL] = "sgl",
	[SIM_V_STREAM] = "stream",
	[SIM_V_OVERRUN] = "overrun",
	[SIM_V_ORDER] = "order",
};

const char *sim_violation_name(enum sim_violation class)
{
	return (unsigned int)class < SIM_V_COUNT ? violation_names[class] : "?";
}

void sim_violate(struct sim *sim, enum sim_violation class, const char *fmt, ...)
{
	va_list ap;

	if (sim->fuzz.on)
		return;
	pthread_mutex_lock(&sim->violation_lock);
	sim->violations[class]++;
	va_start(ap, fmt);
	vsnprintf(sim->violation_last, sizeof(sim->violation_last), fmt, ap);
	va_end(ap);
	if (sim->config.log)
		fprintf(sim->config.log, "violation: %s: %s\n", violation_names[class],
			sim->violation_last);
	if (sim->config.abort_on_violation) {
		fprintf(stderr, "sim: %s: %s\n", violation_names[class],
			sim->violation_last);
		abort();
	}
	pthread_mutex_unlock(&sim->violation_lock);
}

uint64_t sim_violations(const struct sim *sim, enum sim_violation class)
{
	struct sim *s = (struct sim *)sim;
	uint64_t n;

	pthread_mutex_lock(&s->violation_lock);
	n = (unsigned int)class < SIM_V_COUNT ? sim->violations[class] : 0;
	pthread_mutex_unlock(&s->violation_lock);
	return n;
}

uint64_t sim_violations_total(const struct sim *sim)
{
	uint64_t n = 0;

	for (int i = 0; i < SIM_V_COUNT; i++)
		n += sim_violations(sim, (enum sim_violation)i);
	return n;
}

void sim_violation_last(struct sim *sim, char *text, size_t len)
{
	pthread_mutex_lock(&sim->violation_lock);
	snprintf(text, len, "%s", sim->violation_last);
	pthread_mutex_unlock(&sim->violation_lock);
}

void sim_violations_clear(struct sim *sim)
{
	pthread_mutex_lock(&sim->violation_lock);
	memset(sim->violations, 0, sizeof(sim->violations));
	sim->violation_last[0] = '\0';
	pthread_mutex_unlock(&sim->violation_lock);
}

/*
 * The host.
 */
uint64_t sim_now(struct sim *sim)
{
	if (sim->config.clock_mode == SIM_CLOCK_VIRTUAL)
		return sim->clock.virtual_ns;
	return sim->ops->now(sim->host);
}

static void refused(struct sim *sim, int32_t pasid, uint64_t addr, bool read,
		    size_t len)
{
	bool late = pasid == SIM_NO_PASID && sim->ops->was_mapped &&
		    sim->ops->was_mapped(sim->host, addr, len);

	sim_violate(sim, late ? SIM_V_LATE : SIM_V_DMA,
		    "%s of %zu bytes at 0x%llx: %s mapped",
		    read ? "read" : "write", len, (unsigned long long)addr,
		    late ? "no longer" : "not");
}

/* 0, or -EFAULT, which was a violation unless the device is gone. */
static int dma(struct sim *sim, int32_t pasid, uint64_t addr, void *in, const void *out,
	       size_t len)
{
	int ret;

	if (!len)
		return 0;
	if (sim->removed)
		return -EFAULT;
	if (!sim->bus_master) {
		sim_violate(sim, SIM_V_ORDER, "%s of %zu bytes at 0x%llx without bus master",
			    in ? "read" : "write", len, (unsigned long long)addr);
		return -EFAULT;
	}
	ret = in ? sim->ops->dma_read(sim->host, pasid, addr, in, len) :
		   sim->ops->dma_write(sim->host, pasid, addr, out, len);
	if (ret)
		refused(sim, pasid, addr, in, len);
	return ret;
}

int core_dma_read(struct sim *sim, uint64_t addr, void *buf, size_t len)
{
	int ret = dma(sim, SIM_NO_PASID, addr, buf, NULL, len);

	if (ret && !sim->removed)
		axi_error(sim, QM_ERR_AXI_READ, 0);
	return ret;
}

int core_dma_write(struct sim *sim, uint64_t addr, const void *buf, size_t len)
{
	int ret = dma(sim, SIM_NO_PASID, addr, NULL, buf, len);

	if (ret && !sim->removed)
		axi_error(sim, QM_ERR_AXI_WRITE, 0);
	return ret;
}

static void engine_error(struct sim *sim, uint32_t bits)
{
	if (sim->removed)
		return;
	pthread_mutex_lock(&sim->lock);
	error_raise(sim, true, bits);
	pthread_mutex_unlock(&sim->lock);
}

int sim_dma_read(struct sim *sim, int32_t pasid, uint64_t addr, void *buf, size_t len)
{
	int ret = dma(sim, pasid, addr, buf, NULL, len);

	if (ret)
		engine_error(sim, HZIP_ERR_AXI_READ);
	return ret;
}

int sim_dma_write(struct sim *sim, int32_t pasid, uint64_t addr, const void *buf, size_t len)
{
	int ret = dma(sim, pasid, addr, NULL, buf, len);

	if (ret)
		engine_error(sim, HZIP_ERR_AXI_WRITE);
	return ret;
}

/*
 * Requests on their way.
 */
struct job *sim_job_alloc(struct sim *sim)
{
	struct job *job = sim->free_jobs;

	if (job)
		sim->free_jobs = job->next;
	else
		job = malloc(sizeof(*job));
	if (job)
		memset(job, 0, sizeof(*job));
	return job;
}

void sim_job_free(struct sim *sim, struct job *job)
{
	job->next = sim->free_jobs;
	sim->free_jobs = job;
}

void sim_jobs_drop(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->queue_count; i++) {
		struct queue *q = &sim->queues[i];

		while (q->first) {
			struct job *job = q->first;

			q->first = job->next;
			job->dropped = job->running;
			if (!job->running)
				sim_job_free(sim, job);
		}
		q->last = NULL;
		q->pending = 0;
	}
	sim->ready = NULL;
	sim->ready_last = NULL;
	sim->pending = 0;
	clock_reset(sim);
}

static bool can_execute(const struct sim *sim)
{
	return sim->ready && !sim->axi_closed && !sim->resetting;
}

/* Take the next request, have it executed without the lock, and complete it. */
static void execute_one(struct sim *sim)
{
	struct job *job = sim->ready;
	bool timed = sim->config.clock_mode == SIM_CLOCK_WALL || job->delay;
	const struct queue *q = &sim->queues[job->req.queue];

	sim->ready = job->next_ready;
	if (!sim->ready)
		sim->ready_last = NULL;
	job->running = true;
	sim->running++;
	pthread_mutex_unlock(&sim->lock);
	sim_engine_run(&job->req);
	pthread_mutex_lock(&sim->lock);
	sim->running--;
	job->running = false;
	job->executed = true;
	if (job->dropped)
		sim_job_free(sim, job);
	else
		clock_executed(sim, job);
	pthread_cond_broadcast(&sim->idle);
	/* One after it may have been executed by another thread, and have to wait. */
	if (timed || (q->first && q->first->executed))
		pthread_cond_signal(&sim->timer);
}

void sim_run(struct sim *sim)
{
	if (sim->nr_workers) {
		if (can_execute(sim))
			pthread_cond_broadcast(&sim->work);
	} else {
		while (can_execute(sim))
			execute_one(sim);
	}
	pthread_mutex_unlock(&sim->lock);
}

static void *worker(void *arg)
{
	struct sim *sim = arg;

	pthread_mutex_lock(&sim->lock);
	while (!sim->quit) {
		if (can_execute(sim))
			execute_one(sim);
		else
			pthread_cond_wait(&sim->work, &sim->lock);
	}
	pthread_mutex_unlock(&sim->lock);
	return NULL;
}

/* The host's clock need not be this one: look again after some time. */
static void wait_ns(struct sim *sim, uint64_t ns)
{
	const uint64_t most = 5000000;
	struct timespec t;

	if (ns > most)
		ns = most;
	clock_gettime(CLOCK_MONOTONIC, &t);
	ns += (uint64_t)t.tv_nsec;
	t.tv_sec += (time_t)(ns / 1000000000);
	t.tv_nsec = (long)(ns % 1000000000);
	pthread_cond_timedwait(&sim->timer, &sim->lock, &t);
}

/* Completes what was executed before its time. */
static void *timer(void *arg)
{
	struct sim *sim = arg;

	pthread_mutex_lock(&sim->lock);
	while (!sim->quit) {
		uint64_t due = queues_next_due(sim);
		uint64_t now = sim_now(sim);

		if (due == TIME_NEVER)
			pthread_cond_wait(&sim->timer, &sim->lock);
		else if (due > now)
			wait_ns(sim, due - now);
		else
			queues_deliver(sim);
	}
	pthread_mutex_unlock(&sim->lock);
	return NULL;
}

static bool is_idle(const struct sim *sim)
{
	if (sim->running || can_execute(sim))
		return false;
	for (uint32_t i = 0; i < sim->queue_count; i++) {
		const struct job *job = sim->queues[i].first;

		if (job && !job->hung && !sim->axi_closed)
			return false;
	}
	return true;
}

void sim_wait_idle(struct sim *sim)
{
	pthread_mutex_lock(&sim->lock);
	while (!is_idle(sim))
		pthread_cond_wait(&sim->idle, &sim->lock);
	pthread_mutex_unlock(&sim->lock);
}

/*
 * Life.
 */
static void first_values(struct sim *sim)
{
	registers_reset(sim);
	memset(&sim->mb, 0, sizeof(sim->mb));
	memset(sim->vft, 0, sizeof(sim->vft));
	memset(sim->queues, 0, QUEUES_MAX * sizeof(*sim->queues));
	memset(sim->cores, 0, sizeof(sim->cores));
	sim->queue_count = 0;
	sim->sqc_table = 0;
	sim->cqc_table = 0;
	sim->axi_closed = false;
	sim->axi_stuck = false;
	inject_forget(sim, false, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(sim->usage); i++)
		sim->usage[i].asked_ns = sim_now(sim);
	memset(&sim->eq, 0, sizeof(sim->eq));
	memset(&sim->aeq, 0, sizeof(sim->aeq));
	sim->eq.name = "EQ";
	sim->aeq.name = "AEQ";
}

void sim_reset(struct sim *sim)
{
	pthread_mutex_lock(&sim->lock);
	sim->resetting = true;
	while (sim->running)
		pthread_cond_wait(&sim->idle, &sim->lock);
	trace_note(sim, "reset");
	sim_jobs_drop(sim);
	first_values(sim);
	sim->stats.resets++;
	sim->resetting = false;
	pthread_cond_broadcast(&sim->idle);
	pthread_mutex_unlock(&sim->lock);
}

uint32_t sim_aer(struct sim *sim, uint32_t clear)
{
	return atomic_fetch_and(&sim->aer, ~clear) & ~clear;
}

void sim_set_bus_master(struct sim *sim, bool on)
{
	sim->bus_master = on;
}

bool sim_gone(struct sim *sim)
{
	uint64_t until = sim->away_until;

	return sim->removed || (until && sim_now(sim) < until);
}

bool sim_is_removed(struct sim *sim)
{
	return sim_gone(sim);
}

void sim_stay_away(struct sim *sim)
{
	uint32_t ms;

	pthread_mutex_lock(&sim->lock);
	if (fault_recurs(sim, RECUR_FLR_SLOW, &ms))
		sim->away_until = sim_now(sim) + ms * 1000000ull;
	pthread_mutex_unlock(&sim->lock);
}

void sim_stats(struct sim *sim, struct sim_stats *stats)
{
	pthread_mutex_lock(&sim->lock);
	*stats = sim->stats;
	pthread_mutex_unlock(&sim->lock);
}

static int start_threads(struct sim *sim)
{
	int ret;

	if (sim->config.workers) {
		sim->workers = calloc(sim->config.workers, sizeof(*sim->workers));
		if (!sim->workers)
			return -ENOMEM;
	}
	while (sim->nr_workers < sim->config.workers) {
		ret = pthread_create(&sim->workers[sim->nr_workers], NULL, worker, sim);
		if (ret)
			return -ret;
		sim->nr_workers++;
	}
	if (sim->config.clock_mode == SIM_CLOCK_VIRTUAL)
		return 0;
	ret = pthread_create(&sim->timer_thread, NULL, timer, sim);
	if (ret)
		return -ret;
	sim->timer_running = true;
	return 0;
}

static void init_locks(struct sim *sim)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&sim->lock, NULL);
	pthread_mutex_init(&sim->violation_lock, NULL);
	pthread_cond_init(&sim->work, NULL);
	pthread_cond_init(&sim->idle, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&sim->timer, &attr);
	pthread_condattr_destroy(&attr);
}

int sim_create(struct sim **out, const struct sim_config *config,
	       const struct sim_host_ops *ops, void *host)
{
	struct sim *sim;
	int ret;

	if ((config->revision != QM_HW_V2 && config->revision != QM_HW_V3) ||
	    !is_sub_version(config->sub_version) || !config->clock.comp_mb_s ||
	    !config->clock.decomp_mb_s)
		return -EINVAL;
	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return -ENOMEM;
	sim->queues = calloc(QUEUES_MAX, sizeof(*sim->queues));
	if (!sim->queues) {
		free(sim);
		return -ENOMEM;
	}
	sim->config = *config;
	sim->ops = ops;
	sim->host = host;
	sim->bus_master = true;
	sim->fuzz.seed = 1;
	sim->fuzz.rate = SIM_FUZZ_RATE;
	init_locks(sim);
	first_values(sim);
	ret = start_threads(sim);
	if (ret) {
		sim_destroy(sim);
		return ret;
	}
	*out = sim;
	return 0;
}

void sim_destroy(struct sim *sim)
{
	if (!sim)
		return;
	pthread_mutex_lock(&sim->lock);
	sim->quit = true;
	pthread_cond_broadcast(&sim->work);
	pthread_cond_broadcast(&sim->timer);
	pthread_mutex_unlock(&sim->lock);
	for (unsigned int i = 0; i < sim->nr_workers; i++)
		pthread_join(sim->workers[i], NULL);
	if (sim->timer_running)
		pthread_join(sim->timer_thread, NULL);
	sim_jobs_drop(sim);
	while (sim->free_jobs) {
		struct job *job = sim->free_jobs;

		sim->free_jobs = job->next;
		free(job);
	}
	pthread_mutex_destroy(&sim->lock);
	pthread_mutex_destroy(&sim->violation_lock);
	pthread_cond_destroy(&sim->work);
	pthread_cond_destroy(&sim->idle);
	pthread_cond_destroy(&sim->timer);
	free(sim->workers);
	free(sim->queues);
	free(sim);
}
