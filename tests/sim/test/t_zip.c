/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <misc/uacce/hisi_qm.h>
#include <misc/uacce/uacce.h>

#include "sched/quarantine.h"
#include "t_zip.h"
#include "transport/transport.h"

#define MMIO_SIZE 8192u
#define PAGE	  4096u
#define PASID	  5
#define LOOK_MS	  20u
#define EQ_DEPTH  4096u
#define SS_SLICE  ((size_t)4 << 20)
#define SS_BUS	  0x7000000000ull
#define SS_APART  ((uint64_t)1 << 32) /* from one queue file's to the next */

struct t_zip t_zip;

/*
 * @event:  readable when there was an event
 * @events: of its queue, that were told
 */
struct file {
	bool open, started;
	int event;
	uint32_t events;
	uint16_t type;
	struct t_mem dus;
	struct t_ss ss;
	struct t_queue queue;
};

/* @lock: files, and everything that happens to the device but doorbells of queues. */
static struct {
	pthread_mutex_t lock;
	pthread_t thread;
	bool stop, gone;
	struct file file[T_ZIP_FILES];
	_Alignas(4096) uint8_t mmio[T_ZIP_FILES][MMIO_SIZE];
} kernel = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Also where assert() is not there. */
static void check(bool ok)
{
	if (!ok)
		abort();
}

static bool fails(unsigned int *nth)
{
	if (*nth > 1)
		--*nth;
	else if (*nth)
		return true;
	return false;
}

/* ---- events ---- */

static void tell(struct file *f)
{
	check(write(f->event, &(uint64_t){ 1 }, sizeof(uint64_t)) ==
	      sizeof(uint64_t));
}

static void *handle_events(void *arg)
{
	uint64_t seen = 0;

	pthread_mutex_lock(&kernel.lock);
	while (!kernel.stop) {
		pthread_mutex_unlock(&kernel.lock);
		inproc_wait_irq(t_zip.dev.host, 0, seen, LOOK_MS);
		pthread_mutex_lock(&kernel.lock);
		if (inproc_irqs(t_zip.dev.host, 0) == seen)
			continue;
		seen = inproc_irqs(t_zip.dev.host, 0);
		t_eq_handle(&t_zip.dev);
		for (unsigned int i = 0; i < T_ZIP_FILES; i++) {
			struct file *f = &kernel.file[i];

			if (!f->open ||
			    f->events == t_zip.dev.events[f->queue.id])
				continue;
			f->events = t_zip.dev.events[f->queue.id];
			tell(f);
		}
	}
	pthread_mutex_unlock(&kernel.lock);
	return arg;
}

/* ---- what the process is told in the rings' last words ---- */

static uint32_t *stop_word(const struct file *f, unsigned int from_end)
{
	return (uint32_t *)(void *)(f->dus.p + f->dus.len) - from_end;
}

static void set_stop(const struct file *f, bool send, bool receive)
{
	__atomic_store_n(stop_word(f, 1), send, __ATOMIC_RELEASE);
	__atomic_store_n(stop_word(f, 2), receive, __ATOMIC_RELEASE);
}

void t_zip_stop(bool send, bool receive)
{
	pthread_mutex_lock(&kernel.lock);
	for (unsigned int i = 0; i < T_ZIP_FILES; i++)
		if (kernel.file[i].open) {
			set_stop(&kernel.file[i], send, receive);
			tell(&kernel.file[i]);
		}
	pthread_mutex_unlock(&kernel.lock);
}

void t_zip_vanish(void)
{
	t_zip_fault("remove");
	pthread_mutex_lock(&kernel.lock);
	__atomic_store_n(&kernel.gone, true, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < T_ZIP_FILES; i++) {
		struct file *f = &kernel.file[i];

		for (size_t at = 0; f->open && at < f->dus.len; at += 4)
			__atomic_store_n((uint32_t *)(void *)(f->dus.p + at),
					 ~0u, __ATOMIC_RELAXED);
		if (f->open && f->ss.p)
			memset(f->ss.p, 0xff, f->ss.size);
		if (f->open)
			tell(f);
	}
	pthread_mutex_unlock(&kernel.lock);
}

void t_zip_fault(const char *text)
{
	check(!sim_fault(t_zip.dev.sim, text));
}

/* ---- queue files ---- */

static size_t sq_size(void)
{
	return (size_t)t_zip.depth << HZIP_SQE_SIZE_LOG2;
}

static size_t cq_size(void)
{
	return (size_t)t_zip.cq_depth << QM_CQE_SIZE_LOG2;
}

static size_t dus_size(void)
{
	return (sq_size() + cq_size() + PAGE - 1) / PAGE * PAGE + PAGE;
}

struct hisi_zip_sqe *t_zip_sqe(unsigned int file, uint32_t slot)
{
	return (struct hisi_zip_sqe *)(void *)kernel.file[file].queue.sq.p +
	       slot;
}

struct hisi_qm_cqe *t_zip_cqe(unsigned int file, uint32_t slot)
{
	return (struct hisi_qm_cqe *)(void *)kernel.file[file].queue.cq.p +
	       slot;
}

static void open_file(struct file *f, unsigned int i)
{
	struct t_mem sq, cq;

	memset(f, 0, sizeof(*f));
	f->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	check(f->event >= 0);
	t_alloc(&t_zip.dev, &f->dus, dus_size(), PAGE, true);
	sq = (struct t_mem){ f->dus.p, f->dus.bus, sq_size() };
	cq = (struct t_mem){ f->dus.p + sq.len, f->dus.bus + sq.len,
			     cq_size() };
	t_queue_init_at(&f->queue, &t_zip.dev, (uint16_t)(t_zip.number + i), 0,
			t_zip.depth, &sq, &cq);
	f->queue.cqc.dw3 =
		cpu_to_le32(FIELD_PREP(QM_C_DEPTH, t_zip.cq_depth - 1) |
			    FIELD_PREP(QM_C_ENTRY_SIZE, QM_CQE_SIZE_LOG2));
	f->events = t_zip.dev.events[f->queue.id];
	f->open = true;
}

static struct file *file_of(int handle)
{
	for (unsigned int i = 0; i < T_ZIP_FILES; i++)
		if (kernel.file[i].open && kernel.file[i].event == handle)
			return &kernel.file[i];
	return NULL;
}

static int t_open(const char *name)
{
	int ret = -EBUSY;

	t_zip.calls++;
	check(!strcmp(name, T_ZIP_NAME));
	if (fails(&t_zip.opens_fail))
		return -EBUSY;
	pthread_mutex_lock(&kernel.lock);
	for (unsigned int i = 0; i < t_zip.queues; i++) {
		if (kernel.file[i].open)
			continue;
		open_file(&kernel.file[i], i);
		t_zip.opened++;
		ret = kernel.file[i].event;
		break;
	}
	pthread_mutex_unlock(&kernel.lock);
	return ret;
}

static bool is_v3(void)
{
	return t_zip.dev.config.revision >= QM_HW_V3;
}

static int start(struct file *f)
{
	struct t_queue *q = &f->queue;

	if (f->started)
		return -EINVAL;
	if (!t_zip.no_sva) {
		q->sqc.pasid = cpu_to_le16(PASID);
		q->cqc.pasid = cpu_to_le16(PASID);
	}
	if (is_v3() && !t_zip.no_sva) {
		q->sqc.w11 = cpu_to_le16(QM_SQC_PASID);
		q->cqc.w11 = cpu_to_le16(QM_CQC_PASID);
	}
	q->sqc.w13 = cpu_to_le16(QM_SQC_IN_ORDER |
				 FIELD_PREP(QM_SQC_TYPE, (uint32_t)f->type));
	set_stop(f, false, false);
	if (t_queue_load(q))
		return -EIO;
	f->started = true;
	t_zip.started++;
	return 0;
}

/* All queues die in it, and random values end. */
static void reset(void)
{
	check(!sim_fuzz(t_zip.dev.sim, "off"));
	t_reset(&t_zip.dev);
	check(!t_start(&t_zip.dev));
	for (unsigned int i = 0; i < T_ZIP_FILES; i++)
		if (kernel.file[i].open) {
			kernel.file[i].started = false;
			kernel.file[i].events = 0;
			set_stop(&kernel.file[i], true, true);
		}
}

/* When it returns, the device touches no memory of the queue any more. */
static int put(struct file *f)
{
	if (!f->started)
		return 0;
	__atomic_store_n(stop_word(f, 1), 1, __ATOMIC_RELEASE);
	if (t_zip.linger) {
		t_zip.linger--;
		return -EBUSY;
	}
	if (t_zip.stuck)
		reset();
	else if (is_v3())
		check(!t_queue_stop(&f->queue));
	else
		check(!t_queue_drain(&f->queue));
	f->started = false;
	__atomic_store_n(stop_word(f, 2), 1, __ATOMIC_RELEASE);
	t_zip.stopped++;
	return 0;
}

static int set_type(struct file *f, struct hisi_qp_ctx *ctx)
{
	if (ctx->qc_type > HZIP_QUEUE_DECOMPRESS || f->started ||
	    fails(&t_zip.types_fail))
		return -EINVAL;
	f->type = ctx->qc_type;
	ctx->id = t_zip.wrong_number ? t_zip.wrong_number : f->queue.id;
	return 0;
}

static int tell_info(struct hisi_qp_info *info)
{
	if (t_zip.info_error)
		return t_zip.info_error;
	*info = (struct hisi_qp_info){
		.sqe_size = sizeof(struct hisi_zip_sqe),
		.sq_depth = (uint16_t)t_zip.depth,
		.cq_depth = (uint16_t)t_zip.cq_depth,
	};
	if (t_zip.lie_of_info)
		*info = (struct hisi_qp_info){
			.sqe_size = t_zip.info.sqe_size,
			.sq_depth = t_zip.info.sq_depth,
			.cq_depth = t_zip.info.cq_depth,
		};
	return 0;
}

static int control(struct file *f, unsigned long request, void *arg)
{
	switch (request) {
	case UACCE_CMD_QM_SET_QP_CTX:
		return set_type(f, arg);
	case UACCE_CMD_QM_SET_QP_INFO:
		return tell_info(arg);
	case UACCE_CMD_START_Q:
		if (fails(&t_zip.starts_fail))
			return t_zip.start_error ? t_zip.start_error : -EIO;
		return start(f);
	case UACCE_CMD_PUT_Q:
		return put(f);
	case UACCE_CMD_GET_SS_DMA:
		if (t_zip.ss_gone)
			return -ENXIO;
		return t_zip.no_sva ? t_ss_dma(&f->ss, arg) : -EINVAL;
	default:
		return -EINVAL;
	}
}

static int t_ctl(int handle, unsigned long request, void *arg)
{
	struct file *f;
	int ret;

	t_zip.calls++;
	pthread_mutex_lock(&kernel.lock);
	f = file_of(handle);
	check(f);
	ret = kernel.gone ? -ENXIO : control(f, request, arg);
	pthread_mutex_unlock(&kernel.lock);
	return ret;
}

static void unmap_ss(struct file *f)
{
	for (unsigned int i = 0; f->ss.p && i < t_ss_slices(&f->ss); i++) {
		uint64_t bus;
		uint8_t *p;

		t_ss_slice(&f->ss, i, &p, &bus);
		check(!inproc_unmap(t_zip.dev.host, bus));
	}
	t_ss_free(&f->ss);
}

static void t_close(int handle)
{
	struct file *f;

	t_zip.calls++;
	pthread_mutex_lock(&kernel.lock);
	f = file_of(handle);
	if (f) {
		t_zip.linger = 0;
		if (!kernel.gone)
			put(f);
		t_free(&t_zip.dev, &f->dus);
		unmap_ss(f);
		f->open = false;
		t_zip.closed++;
	} else {
		t_zip.groups--;
	}
	close(handle);
	pthread_mutex_unlock(&kernel.lock);
}

static void *map_ss(struct file *f, size_t size, int *err)
{
	f->ss = (struct t_ss){
		.slice = t_zip.ss_slice ? t_zip.ss_slice : SS_SLICE,
		.gap = PAGE,
		.bus = SS_BUS + (uint64_t)(f - kernel.file) * SS_APART,
	};
	*err = t_ss_map(&f->ss, size, t_zip.ss_limit ? t_zip.ss_limit : size);
	for (unsigned int i = 0; !*err && i < t_ss_slices(&f->ss); i++) {
		uint64_t bus;
		uint8_t *p;
		size_t len = t_ss_slice(&f->ss, i, &p, &bus);

		check(!inproc_map(t_zip.dev.host, bus, p, len, true));
	}
	return f->ss.p;
}

static void *t_map(int handle, unsigned int region, size_t size, int *err)
{
	struct file *f;
	void *p;

	t_zip.calls++;
	if (fails(&t_zip.maps_fail)) {
		*err = -ENOMEM;
		return NULL;
	}
	pthread_mutex_lock(&kernel.lock);
	f = file_of(handle);
	check(f);
	if (region == UACCE_QFRT_SS && t_zip.no_sva) {
		p = map_ss(f, size, err);
		t_zip.mapped += p != NULL;
		pthread_mutex_unlock(&kernel.lock);
		return p;
	}
	check(size == (region == UACCE_QFRT_MMIO ? MMIO_SIZE : f->dus.len));
	p = region == UACCE_QFRT_MMIO ? kernel.mmio[f - kernel.file] : f->dus.p;
	t_zip.mapped++;
	pthread_mutex_unlock(&kernel.lock);
	return p;
}

static void t_unmap(void *addr, size_t size)
{
	(void)addr;
	(void)size;
	t_zip.calls++;
	t_zip.unmapped++;
}

/* ---- doorbells ---- */

static void t_bell(void *addr, uint64_t value)
{
	size_t at = (size_t)((uint8_t *)addr - &kernel.mmio[0][0]);
	const struct file *f = &kernel.file[at / MMIO_SIZE];
	bool cq = FIELD_GET(QM_DB_CMD, value) == QM_DB_CMD_CQ;

	check(at < sizeof(kernel.mmio) && at % MMIO_SIZE == QM_DB_SQ_CQ);
	check(FIELD_GET(QM_DB_QUEUE, value) == f->queue.id);
	if (cq)
		t_zip.cq_doorbells++;
	else
		t_zip.sq_doorbells++;
	if (cq && FIELD_GET(QM_DB_PRIORITY, value))
		t_zip.armings++;
	if (!__atomic_load_n(&kernel.gone, __ATOMIC_ACQUIRE))
		sim_bar_write(t_zip.dev.sim, QM_BAR_REGS, QM_DB_SQ_CQ, &value,
			      sizeof(value));
}

/* ---- waiting ---- */

static int t_group(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	t_zip.calls++;
	check(fd >= 0);
	t_zip.groups++;
	return fd;
}

static int t_join(int group, int handle)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = handle };

	t_zip.calls++;
	if (fails(&t_zip.joins_fail))
		return -ENOMEM;
	check(!epoll_ctl(group, EPOLL_CTL_ADD, handle, &event));
	return 0;
}

/* Each event is told of once. */
static int t_poll_group(int group, int timeout_ms)
{
	struct epoll_event event[T_ZIP_FILES];
	int n = epoll_wait(group, event, T_ZIP_FILES, timeout_ms);

	t_zip.calls++;
	t_zip.wakes += n > 0;
	for (int i = 0; i < n; i++) {
		uint64_t count;

		if (read(event[i].data.fd, &count, sizeof(count)) < 0)
			check(errno == EAGAIN);
	}
	if (__atomic_load_n(&kernel.gone, __ATOMIC_ACQUIRE))
		return -ENODEV;
	return n > 0;
}

static int t_poll(int handle, int timeout_ms)
{
	(void)handle;
	(void)timeout_ms;
	abort();
}

/* ---- the device ---- */

static int t_find(const char *name, struct wd_transport_dev *td)
{
	if (strcmp(name, T_ZIP_NAME))
		return -ENODEV;
	memset(td, 0, sizeof(*td));
	strcpy(td->name, T_ZIP_NAME);
	snprintf(td->api, sizeof(td->api), "%s", t_zip.api);
	snprintf(td->algs, sizeof(td->algs), "%s", t_zip.algs);
	td->flags = t_zip.no_sva ? UACCE_DEV_NOIOMMU : UACCE_DEV_SVA;
	td->free_queues = (int32_t)t_zip.queues;
	td->numa_node = -1;
	td->region_size[UACCE_QFRT_MMIO] = MMIO_SIZE;
	td->region_size[UACCE_QFRT_DUS] = dus_size();
	return 0;
}

static int t_next(unsigned int *pos, struct wd_transport_dev *td)
{
	return (*pos)++ == 0 && !t_find(T_ZIP_NAME, td);
}

static const struct wd_transport_ops transport = {
	.name = "test",
	.next = t_next,
	.find = t_find,
	.open = t_open,
	.close = t_close,
	.ctl = t_ctl,
	.map = t_map,
	.unmap = t_unmap,
	.doorbell = t_bell,
	.poll = t_poll,
	.group = t_group,
	.join = t_join,
	.poll_group = t_poll_group,
};

void t_zip_begin_with(const struct sim_config *config)
{
	memset(&t_zip, 0, sizeof(t_zip));
	t_dev_create_with(&t_zip.dev, config);
	inproc_check_pointers(t_zip.dev.host, false);
	check(!t_start(&t_zip.dev));
	/* Who handles events is no interrupt, and may have to wait for a CPU. */
	check(!t_eq_start(&t_zip.dev, EQ_DEPTH));
	t_events_on(&t_zip.dev);
	t_zip.depth = 64;
	t_zip.cq_depth = 64;
	t_zip.api = is_v3() ? HISI_QM_API_VER3 : HISI_QM_API_VER2;
	t_zip.algs = is_v3() ? "zlib gzip deflate lz77_zstd" : "zlib gzip";
	t_zip.number = 3;
	t_zip.queues = T_ZIP_FILES;
	memset(kernel.file, 0, sizeof(kernel.file));
	kernel.stop = false;
	kernel.gone = false;
	check(!pthread_create(&kernel.thread, NULL, handle_events, NULL));
	wd_transport = &transport;
	/* Who is left stays so, however slow the test is. */
	quarantine_rules.first_ns = quarantine_rules.longest_ns = INT64_MAX / 4;
}

void t_zip_begin(uint8_t revision)
{
	struct sim_config config;

	check(!sim_config_init(&config, revision));
	config.log = stderr;
	t_zip_begin_with(&config);
}

int t_zip_end(void)
{
	bool bad = t_zip.opened != t_zip.closed ||
		   t_zip.mapped != t_zip.unmapped || t_zip.groups ||
		   sim_violations_total(t_zip.dev.sim);

	wd_transport = &wd_uacce_transport;
	pthread_mutex_lock(&kernel.lock);
	kernel.stop = true;
	pthread_mutex_unlock(&kernel.lock);
	pthread_join(kernel.thread, NULL);
	t_dev_destroy(&t_zip.dev);
	return bad;
}
