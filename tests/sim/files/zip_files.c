/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <misc/uacce/hisi_qm.h>
#include <misc/uacce/uacce.h>

#include "zip_files.h"

#define PAGE	 4096u
#define PASID	 5
#define EQ_DEPTH 4096u
#define IRQ_EQ	 0u
#define IRQ_AEQ	 1u
#define IRQ_ERR	 3u

/* Errors that the device has corrected itself, where registers do not say which. */
#define QM_CE_V2  0x8u
#define ZIP_CE_V2 0x1u

/* Also where assert() is not there. */
static void check(bool ok)
{
	if (!ok)
		abort();
}

static bool is_v3(const struct zip_files *z)
{
	return z->dev.config.revision >= QM_HW_V3;
}

/* ---- what the process is told ---- */

static void tell(const struct zip_file *f)
{
	check(write(f->event, &(uint64_t){ 1 }, sizeof(uint64_t)) ==
	      sizeof(uint64_t));
}

static void forget_event(const struct zip_file *f)
{
	uint64_t n;

	if (read(f->event, &n, sizeof(n)) < 0)
		check(errno == EAGAIN);
}

/* The words at the end of the rings: nothing more is to be sent, received. */
static void set_stop(const struct zip_file *f, bool send, bool receive)
{
	uint32_t *end = (uint32_t *)(void *)(f->dus.p + f->dus.len);

	__atomic_store_n(end - 1, send, __ATOMIC_RELEASE);
	__atomic_store_n(end - 2, receive, __ATOMIC_RELEASE);
}

static void lose(struct zip_file *f)
{
	set_stop(f, true, true);
	f->reset |= f->started;
	f->started = false;
	f->events = 0;
}

/* ---- the device as a whole ---- */

/* Function-level reset: it may take its time until it answers again. */
static void wait_for_answers(struct zip_files *z)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	sim_stay_away(z->dev.sim);
	for (unsigned int ms = 0; sim_is_removed(z->dev.sim) && ms < t_wait_ms;
	     ms++)
		nanosleep(&pause, NULL);
}

/* All queues are lost in it, and random values end. */
static void reset(struct zip_files *z)
{
	for (unsigned int i = 0; i < ZIP_FILES_MAX; i++)
		if (z->file[i].open)
			lose(&z->file[i]);
	check(!sim_fuzz(z->dev.sim, "off"));
	z->lies = false;
	t_reset(&z->dev);
	wait_for_answers(z);
	if (sim_is_removed(z->dev.sim) || t_start(&z->dev))
		z->gone = true;
	for (unsigned int i = 0; i < ZIP_FILES_MAX; i++)
		if (z->file[i].open)
			tell(&z->file[i]);
}

/* It touches no memory any more, and reads are ones, those of the rings, too. */
static void vanish(struct zip_files *z)
{
	z->gone = true;
	t_reset(&z->dev);
	for (unsigned int i = 0; i < ZIP_FILES_MAX; i++) {
		struct zip_file *f = &z->file[i];

		for (size_t at = 0; f->open && at < f->dus.len; at += 4)
			__atomic_store_n((uint32_t *)(void *)(f->dus.p + at),
					 ~0u, __ATOMIC_RELAXED);
		if (f->open)
			tell(f);
	}
}

/* What needs a queue that is not started is no fault. */
static void fault(struct zip_files *z, const char *text)
{
	bool fuzz = !strncmp(text, "fuzz ", 5);
	int ret = fuzz ? sim_fuzz(z->dev.sim, text + 5)
		       : sim_fault(z->dev.sim, text);

	check(!ret || ret == -ENODEV);
	/* After an entry of its own nobody can count on those there are. */
	z->lies |= fuzz || !strncmp(text, "cqe ", 4);
	if (!strcmp(text, "remove"))
		vanish(z);
}

void zip_files_fault(struct zip_files *z, const char *text)
{
	pthread_mutex_lock(&z->lock);
	fault(z, text);
	pthread_mutex_unlock(&z->lock);
}

/* ---- interrupts ---- */

static void handle_events(struct zip_files *z)
{
	t_eq_handle(&z->dev);
	for (unsigned int i = 0; i < ZIP_FILES_MAX; i++) {
		struct zip_file *f = &z->file[i];

		if (!f->started || f->events == z->dev.events[f->queue.id])
			continue;
		f->events = z->dev.events[f->queue.id];
		tell(f);
	}
}

/* An error of one queue is the end of that one only. */
static void handle_queue_errors(struct zip_files *z)
{
	uint32_t event[T_AEQ_DEPTH];
	unsigned int n = t_aeq_handle(&z->dev, event, T_AEQ_DEPTH);

	for (unsigned int i = 0; i < n; i++) {
		uint32_t queue = FIELD_GET(QM_EQE_QUEUE, event[i]);

		if (FIELD_GET(QM_AEQE_TYPE, event[i]) == QM_AEQE_EQ_OVERFLOW) {
			reset(z);
			return;
		}
		if (queue < ZIP_FILES_MAX && z->file[queue].started) {
			set_stop(&z->file[queue], true, true);
			tell(&z->file[queue]);
		}
	}
}

static void handle_errors(struct zip_files *z)
{
	uint32_t qm = t_read(&z->dev, QM_ERR_STATUS);
	uint32_t zip = t_read(&z->dev, HZIP_ERR_STATUS);
	uint32_t qm_ce = is_v3(z) ? t_read(&z->dev, QM_CAP_CE) : QM_CE_V2;
	uint32_t zip_ce = is_v3(z) ? t_read(&z->dev, HZIP_CAP_CE) : ZIP_CE_V2;

	if (qm & ~qm_ce || zip & ~zip_ce) {
		reset(z);
		return;
	}
	t_write(&z->dev, QM_ERR_SOURCE, qm);
	t_write(&z->dev, HZIP_ERR_SOURCE, zip);
}

void zip_files_handle(struct zip_files *z, unsigned int vector)
{
	pthread_mutex_lock(&z->lock);
	if (z->gone)
		;
	else if (vector == IRQ_EQ)
		handle_events(z);
	else if (vector == IRQ_AEQ)
		handle_queue_errors(z);
	else if (vector == IRQ_ERR)
		handle_errors(z);
	pthread_mutex_unlock(&z->lock);
}

/* ---- files ---- */

static size_t sq_size(const struct zip_files *z)
{
	return (size_t)z->depth << HZIP_SQE_SIZE_LOG2;
}

static size_t cq_size(const struct zip_files *z)
{
	return (size_t)z->depth << QM_CQE_SIZE_LOG2;
}

size_t zip_files_dus(const struct zip_files *z)
{
	return (sq_size(z) + cq_size(z) + PAGE - 1) / PAGE * PAGE + PAGE;
}

static void begin_file(struct zip_files *z, struct zip_file *f)
{
	struct t_mem sq, cq;
	uint8_t *mmio = f->mmio;

	*f = (struct zip_file){ .of = z, .mmio = mmio, .open = true };
	f->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	check(f->event >= 0);
	t_alloc(&z->dev, &f->dus, zip_files_dus(z), PAGE, true);
	sq = (struct t_mem){ f->dus.p, f->dus.bus, sq_size(z) };
	cq = (struct t_mem){ f->dus.p + sq.len, f->dus.bus + sq.len,
			     cq_size(z) };
	t_queue_init_at(&f->queue, &z->dev, (uint16_t)(f - z->file), 0,
			z->depth, &sq, &cq);
}

struct zip_file *zip_file_open(struct zip_files *z)
{
	struct zip_file *f = NULL;

	pthread_mutex_lock(&z->lock);
	for (unsigned int i = 0; i < ZIP_FILES_MAX && !f; i++)
		if (!z->file[i].open)
			f = &z->file[i];
	if (f)
		begin_file(z, f);
	pthread_mutex_unlock(&z->lock);
	return f;
}

static int start(struct zip_file *f)
{
	struct t_queue *q = &f->queue;

	if (f->started || f->reset)
		return -EINVAL;
	q->sqc.pasid = cpu_to_le16(PASID);
	q->cqc.pasid = cpu_to_le16(PASID);
	if (is_v3(f->of)) {
		q->sqc.w11 = cpu_to_le16(QM_SQC_PASID);
		q->cqc.w11 = cpu_to_le16(QM_CQC_PASID);
	}
	q->sqc.w13 = cpu_to_le16(QM_SQC_IN_ORDER |
				 FIELD_PREP(QM_SQC_TYPE, (uint32_t)f->type));
	set_stop(f, false, false);
	if (t_queue_load(q))
		return -EIO;
	f->events = f->of->dev.events[q->id];
	f->started = true;
	return 0;
}

/* A device that lies may say so and not do it. */
static bool stop(struct zip_file *f)
{
	if (f->of->lies)
		return false;
	return !(is_v3(f->of) ? t_queue_stop(&f->queue)
			      : t_queue_drain(&f->queue));
}

/*
 * When it returns, the device touches no memory of the queue any more.  What cannot be
 * stopped is reset, with all that is on the device.
 */
static int put(struct zip_file *f)
{
	if (!f->started)
		return 0;
	set_stop(f, true, false);
	if (!stop(f))
		reset(f->of);
	f->started = false;
	f->reset = false;
	set_stop(f, true, true);
	return 0;
}

static int set_type(struct zip_file *f, struct hisi_qp_ctx *ctx)
{
	if (ctx->qc_type > HZIP_QUEUE_DECOMPRESS || f->started)
		return -EINVAL;
	f->type = ctx->qc_type;
	ctx->id = f->queue.id;
	return 0;
}

static int control(struct zip_file *f, unsigned long request, void *arg)
{
	uint16_t depth = (uint16_t)f->of->depth;

	switch (request) {
	case UACCE_CMD_QM_SET_QP_CTX:
		return set_type(f, arg);
	case UACCE_CMD_QM_SET_QP_INFO:
		*(struct hisi_qp_info *)arg = (struct hisi_qp_info){
			.sqe_size = sizeof(struct hisi_zip_sqe),
			.sq_depth = depth,
			.cq_depth = depth,
		};
		return 0;
	case UACCE_CMD_START_Q:
		return start(f);
	case UACCE_CMD_PUT_Q:
		return f->of->holds ? -EBUSY : put(f);
	default:
		return -EINVAL;
	}
}

int zip_file_ctl(struct zip_file *f, unsigned long request, void *arg)
{
	struct zip_files *z = f->of;
	int ret;

	pthread_mutex_lock(&z->lock);
	check(f->open);
	ret = z->gone ? -ENXIO : control(f, request, arg);
	pthread_mutex_unlock(&z->lock);
	return ret;
}

void zip_file_close(struct zip_file *f)
{
	struct zip_files *z = f->of;

	pthread_mutex_lock(&z->lock);
	check(f->open);
	if (!z->gone)
		put(f);
	t_free(&z->dev, &f->dus);
	close(f->event);
	f->open = false;
	pthread_mutex_unlock(&z->lock);
}

void *zip_file_map(struct zip_file *f, unsigned int region, size_t size)
{
	if (region == UACCE_QFRT_MMIO)
		return size == ZIP_FILES_MMIO ? f->mmio : NULL;
	return size == f->dus.len ? f->dus.p : NULL;
}

/* ---- doorbells ---- */

static void run_faults(struct zip_file *f, uint32_t tail)
{
	struct zip_files *z = f->of;
	uint32_t fresh = (tail + z->depth - f->tail) % z->depth;
	struct sim_stats stats;
	char text[64];

	f->tail = tail;
	if (!z->next_fault)
		return;
	sim_stats(z->dev.sim, &stats);
	while (z->next_fault(z->fault_arg, stats.requests, fresh, text))
		fault(z, text);
}

/*
 * One that was written while the device lost the queue reaches nobody; one after the
 * process gave the queue back is a mistake that the model will count.
 */
static void bell(struct zip_file *f, uint64_t value)
{
	struct zip_files *z = f->of;
	bool cq = FIELD_GET(QM_DB_CMD, value) == QM_DB_CMD_CQ;

	check(f->open && FIELD_GET(QM_DB_QUEUE, value) == f->queue.id);
	if (!cq)
		run_faults(f, (uint32_t)FIELD_GET(QM_DB_INDEX, value));
	if (z->gone || f->reset)
		return;
	if (cq && FIELD_GET(QM_DB_PRIORITY, value))
		forget_event(f);
	sim_bar_write(z->dev.sim, QM_BAR_REGS, QM_DB_SQ_CQ, &value,
		      sizeof(value));
}

void zip_file_bell(struct zip_file *f, const void *addr, uint64_t value)
{
	check((const uint8_t *)addr == f->mmio + QM_DB_SQ_CQ);
	pthread_mutex_lock(&f->of->lock);
	bell(f, value);
	pthread_mutex_unlock(&f->of->lock);
}

/* ---- the beginning and the end ---- */

struct zip_files *zip_files_create(const struct sim_config *config,
				   uint32_t depth)
{
	struct zip_files *z = calloc(1, sizeof(*z));
	uint8_t *mmio = aligned_alloc(PAGE, ZIP_FILES_MAX * ZIP_FILES_MMIO);

	check(z && mmio);
	pthread_mutex_init(&z->lock, NULL);
	z->depth = depth;
	for (unsigned int i = 0; i < ZIP_FILES_MAX; i++)
		z->file[i].mmio = mmio + (size_t)i * ZIP_FILES_MMIO;
	t_dev_create_with(&z->dev, config);
	inproc_check_pointers(z->dev.host, false);
	check(!t_start(&z->dev));
	/* Who handles events is no interrupt, and may have to wait for a CPU. */
	check(!t_eq_start(&z->dev, EQ_DEPTH));
	t_events_on(&z->dev);
	return z;
}

void zip_files_destroy(struct zip_files *z)
{
	t_dev_destroy(&z->dev);
	free(z->file[0].mmio);
	pthread_mutex_destroy(&z->lock);
	free(z);
}
