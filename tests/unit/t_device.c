/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include <misc/uacce/uacce.h>
#include <misc/uacce/wd_dummy.h>

#include "sched/quarantine.h"
#include "t_device.h"

#define HANDLE		1000
#define PAGE		4096u
#define SS_SLICE	((size_t)4 << 20)
#define SS_BUS		0x7000000000ull

struct t_device t_device;
struct t_ss t_device_ss;

/* Also where assert() is not there. */
static void check(bool ok)
{
	if (!ok)
		abort();
}

static struct {
	_Alignas(64) uint8_t dus[PAGE + 64 * 1024];
	_Alignas(64) uint8_t mmio[PAGE];
	uint32_t sq_head, cq_tail;
	bool started, gone;
	struct wd_dummy_sqe lost; /* the last one */
} dev;

/* @lock is for what is below it. */
static struct {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t woken, answered;
	bool running, stop, awake;
	unsigned int wakes;
} own = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.woken = PTHREAD_COND_INITIALIZER,
	.answered = PTHREAD_COND_INITIALIZER,
};

static uint32_t depth(void)
{
	return t_device.depth ? t_device.depth : 16;
}

static struct wd_dummy_ring *ring(void)
{
	return (struct wd_dummy_ring *)(void *)dev.dus;
}

static struct wd_dummy_doorbell *doorbell(void)
{
	return (struct wd_dummy_doorbell *)(void *)dev.mmio;
}

static uint32_t sq_tail(void)
{
	return __atomic_load_n(&doorbell()->sq_tail, __ATOMIC_ACQUIRE);
}

static uint32_t cq_off(void)
{
	return PAGE + depth() * (uint32_t)sizeof(struct wd_dummy_sqe);
}

static size_t dus_size(void)
{
	return (PAGE + depth() * (sizeof(struct wd_dummy_sqe) + sizeof(struct wd_dummy_cqe)) +
		PAGE - 1) / PAGE * PAGE;
}

static void make_ring(void)
{
	memset(&dev, 0, sizeof(dev));
	check(dus_size() <= sizeof(dev.dus));
	ring()->magic = WD_DUMMY_MAGIC;
	ring()->depth = t_device.bad_ring ? depth() + 1 : depth();
	ring()->sq_off = PAGE;
	ring()->cq_off = cq_off();
	ring()->len_max = WD_DUMMY_LEN_MAX;
	ring()->asleep = !t_device.lie_awake;
	if (t_device.lie_of_ring)
		t_device.lie_of_ring(ring());
}

/* A device that is gone shows ones. */
static void vanish(void)
{
	dev.gone = true;
	memset(dev.dus, 0xff, sizeof(dev.dus));
	memset(dev.mmio, 0xff, sizeof(dev.mmio));
	if (t_device_ss.p)
		memset(t_device_ss.p, 0xff, t_device_ss.size);
}

static int window_bits(uint8_t format)
{
	return format == WD_DUMMY_GZIP ? 31 : format == WD_DUMMY_ZLIB ? 15 : -15;
}

static uint32_t checksum(uint8_t format, const void *p, size_t len)
{
	return (uint32_t)(format == WD_DUMMY_ZLIB ? adler32(1, p, (uInt)len) :
						    crc32(0, p, (uInt)len));
}

static uint32_t compress_it(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe)
{
	bool open = sqe->flags & WD_DUMMY_SQE_OPEN;
	z_stream z = { 0 };
	int ret;

	if (deflateInit2(&z, sqe->level, Z_DEFLATED, window_bits(sqe->format), 8, 0) != Z_OK)
		return WD_DUMMY_ENOMEM;
	z.next_in = (Bytef *)(uintptr_t)sqe->in;
	z.avail_in = sqe->in_len;
	z.next_out = (Bytef *)(uintptr_t)sqe->out;
	z.avail_out = sqe->out_cap;
	ret = deflate(&z, open ? Z_SYNC_FLUSH : Z_FINISH);
	cqe->consumed = sqe->in_len - z.avail_in;
	cqe->produced = sqe->out_cap - z.avail_out;
	deflateEnd(&z);
	cqe->checksum = checksum(sqe->format, (void *)(uintptr_t)sqe->in, sqe->in_len);
	return ret == Z_STREAM_END || (open && ret == Z_OK && z.avail_out) ?
	       WD_DUMMY_OK : WD_DUMMY_ENOSPC;
}

static uint32_t decompress_it(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe)
{
	z_stream z = { 0 };
	int ret;

	if (inflateInit2(&z, window_bits(sqe->format)) != Z_OK)
		return WD_DUMMY_ENOMEM;
	z.next_in = (Bytef *)(uintptr_t)sqe->in;
	z.avail_in = sqe->in_len;
	z.next_out = (Bytef *)(uintptr_t)sqe->out;
	z.avail_out = sqe->out_cap;
	ret = inflate(&z, Z_FINISH);
	cqe->consumed = sqe->in_len - z.avail_in;
	cqe->produced = sqe->out_cap - z.avail_out;
	cqe->checksum = checksum(sqe->format, (void *)(uintptr_t)sqe->out, cqe->produced);
	inflateEnd(&z);
	if (ret == Z_STREAM_END)
		return WD_DUMMY_OK;
	if (ret == Z_DATA_ERROR)
		return WD_DUMMY_EDATA;
	return z.avail_out ? WD_DUMMY_ESHORT : WD_DUMMY_ENOSPC;
}

/* A raw stream of one stored block: little work, and the data to be seen in it. */
static uint32_t store_it(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe)
{
	uint8_t head[5] = { 1, (uint8_t)sqe->in_len, 0, (uint8_t)~sqe->in_len, 0xff };
	uint8_t *out = (void *)(uintptr_t)sqe->out;

	check(sqe->format == WD_DUMMY_DEFLATE && sqe->in_len < 256);
	if (sqe->out_cap < sizeof(head) + sqe->in_len)
		return WD_DUMMY_ENOSPC;
	if (t_device.slow_us)
		usleep(t_device.slow_us);
	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), (void *)(uintptr_t)sqe->in, sqe->in_len);
	cqe->consumed = sqe->in_len;
	cqe->produced = sqe->in_len + (uint32_t)sizeof(head);
	return WD_DUMMY_OK;
}

static uint32_t do_op(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe)
{
	if (sqe->op != WD_DUMMY_OP_COMPRESS)
		return decompress_it(sqe, cqe);
	return t_device.store ? store_it(sqe, cqe) : compress_it(sqe, cqe);
}

static void do_request(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe)
{
	cqe->tag = sqe->tag;
	if (t_device.fail) {
		t_device.fail--;
		cqe->status = WD_DUMMY_EIO;
		return;
	}
	cqe->status = do_op(sqe, cqe);
	if (cqe->status) {
		cqe->consumed = 0;
		cqe->produced = 0;
		return;
	}
	if (t_device.flip && cqe->produced) {
		t_device.flip--;
		((uint8_t *)(uintptr_t)sqe->out)[cqe->produced / 2] ^= 0x10;
	}
	if (t_device.nonsense) {
		t_device.nonsense--;
		switch (t_device.nonsense % 4) {
		case 0:
			cqe->tag = depth();
			break;
		case 1:
			cqe->produced = sqe->out_cap + 6;
			break;
		case 2:
			cqe->consumed = UINT32_MAX;
			break;
		case 3:
			cqe->status = 99;
		}
	}
}

/* Where it is in this process. */
static void from_bus(struct wd_dummy_sqe *sqe)
{
	void *in = t_ss_at(&t_device_ss, sqe->in, sqe->in_len);
	void *out = t_ss_at(&t_device_ss, sqe->out, sqe->out_cap);

	check(in && out);
	sqe->in = (uintptr_t)in;
	sqe->out = (uintptr_t)out;
}

static void work(void)
{
	struct wd_dummy_sqe seen;
	struct wd_dummy_sqe *sqes = (void *)(dev.dus + PAGE);
	struct wd_dummy_cqe *cqes = (void *)(dev.dus + cq_off());
	uint32_t tail = sq_tail();

	/* More than that means nothing. */
	check(tail - dev.sq_head <= depth());
	while (dev.sq_head != tail) {
		const struct wd_dummy_sqe *sqe = &sqes[dev.sq_head++ % depth()];
		struct wd_dummy_cqe cqe = { 0 };

		if (t_device.vanish_after && !--t_device.vanish_after) {
			vanish();
			return;
		}
		t_device.requests++;
		if (t_device.lose) {
			t_device.lose--;
			dev.lost = *sqe;
			continue;
		}
		seen = *sqe;
		if (t_device.no_sva)
			from_bus(&seen);
		do_request(&seen, &cqe);
		if (t_device.lie)
			t_device.lie(sqe, &cqe, ring());
		cqes[dev.cq_tail++ % depth()] = cqe;
		__atomic_store_n(&ring()->cq_tail, dev.cq_tail + t_device.extra_tail,
				 __ATOMIC_RELEASE);
	}
}

/* ---- a thread of the device's own ---- */

static bool stopped(void)
{
	bool stop;

	pthread_mutex_lock(&own.lock);
	stop = own.stop;
	pthread_mutex_unlock(&own.lock);
	return stop;
}

static bool work_comes(unsigned int looks)
{
	for (unsigned int i = 0; i < looks; i++) {
		if (sq_tail() != dev.sq_head)
			return true;
		sched_yield();
	}
	return false;
}

/* As the header has it: say so, then look once more. */
static void sleep_if_idle(void)
{
	pthread_mutex_lock(&own.lock);
	own.awake = false;
	pthread_mutex_unlock(&own.lock);
	__atomic_exchange_n(&ring()->asleep, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&doorbell()->sq_tail, __ATOMIC_SEQ_CST) == dev.sq_head) {
		t_device.sleeps++;
		pthread_mutex_lock(&own.lock);
		while (!own.awake && !own.stop)
			pthread_cond_wait(&own.woken, &own.lock);
		pthread_mutex_unlock(&own.lock);
	}
	if (!t_device.looks_asleep)
		__atomic_store_n(&ring()->asleep, 0, __ATOMIC_RELAXED);
}

static void *thread(void *arg)
{
	uint32_t random = 1;

	while (!stopped()) {
		work();
		pthread_mutex_lock(&own.lock);
		pthread_cond_broadcast(&own.answered);
		pthread_mutex_unlock(&own.lock);
		random = random * 1664525 + 1013904223;
		if (!work_comes((random >> 16) % (t_device.looks + 1)))
			sleep_if_idle();
	}
	return arg;
}

static void start_thread(void)
{
	own.stop = false;
	own.wakes = 0;
	check(!pthread_create(&own.thread, NULL, thread, NULL));
	own.running = true;
}

/* When it returns, the device touches no memory any more. */
static void stop_thread(void)
{
	pthread_mutex_lock(&own.lock);
	own.stop = true;
	pthread_cond_broadcast(&own.woken);
	pthread_cond_broadcast(&own.answered);
	pthread_mutex_unlock(&own.lock);
	if (own.running)
		pthread_join(own.thread, NULL);
	own.running = false;
}

static int wake_thread(void)
{
	bool deaf;

	pthread_mutex_lock(&own.lock);
	deaf = t_device.wake_fails_after &&
	       ++own.wakes >= (unsigned int)t_device.wake_fails_after;
	if (!deaf) {
		own.awake = true;
		pthread_cond_signal(&own.woken);
	}
	pthread_mutex_unlock(&own.lock);
	return deaf ? -ENXIO : 0;
}

static bool has_results(void)
{
	return __atomic_load_n(&ring()->cq_tail, __ATOMIC_ACQUIRE) !=
	       __atomic_load_n(&doorbell()->cq_head, __ATOMIC_ACQUIRE);
}

static int wait_for_thread(int timeout_ms)
{
	struct timespec end;
	int ret = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += timeout_ms / 1000 + 1;
	pthread_mutex_lock(&own.lock);
	while (!has_results() && !own.stop && !ret)
		ret = pthread_cond_timedwait(&own.answered, &own.lock, &end);
	ret = own.stop ? -ENODEV : has_results();
	pthread_mutex_unlock(&own.lock);
	return ret;
}

/* ---- the transport ---- */

static int t_find(const char *name, struct wd_transport_dev *td)
{
	if (strcmp(name, "wd_dummy-0"))
		return -ENODEV;
	memset(td, 0, sizeof(*td));
	strcpy(td->name, "wd_dummy-0");
	strcpy(td->api, "wd_dummy_v1");
	strcpy(td->algs, "memcopy deflate zlib gzip");
	td->flags = t_device.no_sva ? UACCE_DEV_NOIOMMU : UACCE_DEV_SVA;
	td->free_queues = 64;
	td->numa_node = -1;
	td->status = t_device.status;
	if (td->status)
		strcpy(td->reason, "because the test says so");
	td->region_size[UACCE_QFRT_MMIO] = PAGE;
	td->region_size[UACCE_QFRT_DUS] = dus_size();
	return 0;
}

static int t_next(unsigned int *pos, struct wd_transport_dev *td)
{
	return (*pos)++ == 0 && !t_find("wd_dummy-0", td);
}

static int t_open(const char *name)
{
	(void)name;
	if (t_device.open_error)
		return t_device.open_error;
	make_ring();
	t_device.opened++;
	return HANDLE;
}

static void t_close(int handle)
{
	check(handle == HANDLE);
	t_ss_free(&t_device_ss);
	if (t_device.writes_lost && dev.lost.out)
		memset((void *)(uintptr_t)dev.lost.out, 0xaa, dev.lost.out_cap);
	t_device.closed++;
}

static int t_ctl(int handle, unsigned long request, void *arg)
{
	check(handle == HANDLE);
	if (dev.gone)
		return -ENXIO;
	switch (request) {
	case UACCE_CMD_START_Q:
		dev.started = !t_device.start_error;
		if (dev.started && t_device.threaded)
			start_thread();
		return t_device.start_error;
	case UACCE_CMD_PUT_Q:
		t_device.asked++;
		if (t_device.linger) {
			t_device.linger--;
			return -EBUSY;
		}
		if (t_device.threaded)
			stop_thread();
		dev.started = false;
		t_device.stopped++;
		return 0;
	case UACCE_CMD_GET_SS_DMA:
		return t_device.no_sva ? t_ss_dma(&t_device_ss, arg) : -EINVAL;
	case WD_DUMMY_CMD_WAKE:
		if (t_device.threaded)
			return wake_thread();
		check(dev.started);
		if (t_device.wake_error)
			return t_device.wake_error;
		work();
		return 0;
	default:
		return -EINVAL;
	}
}

static void *map_ss(size_t size, int *err)
{
	t_device_ss = (struct t_ss){
		.slice = t_device.ss_slice ? t_device.ss_slice : SS_SLICE,
		.gap = PAGE,
		.bus = SS_BUS,
	};
	*err = t_ss_map(&t_device_ss, size,
			t_device.ss_limit ? t_device.ss_limit : size);
	t_device.mapped += !*err;
	return *err ? NULL : t_device_ss.p;
}

static void *t_map(int handle, unsigned int region, size_t size, int *err)
{
	check(handle == HANDLE);
	if (region == UACCE_QFRT_SS && t_device.no_sva)
		return map_ss(size, err);
	check(size == (region == UACCE_QFRT_MMIO ? PAGE : dus_size()));
	if (t_device.map_fails && !--t_device.map_fails) {
		*err = -ENOMEM;
		return NULL;
	}
	t_device.mapped++;
	return region == UACCE_QFRT_MMIO ? dev.mmio : dev.dus;
}

static void t_unmap(void *addr, size_t size)
{
	(void)size;
	check(addr == dev.mmio || addr == dev.dus || addr == t_device_ss.p);
	t_device.unmapped++;
}

/* Who waits for a device that has nothing more to say has waited for ever. */
static int t_poll(int handle, int timeout_ms)
{
	check(handle == HANDLE);
	if (t_device.threaded)
		return wait_for_thread(timeout_ms);
	return dev.gone || t_device.wake_error ? -ENODEV : 0;
}

static const struct wd_transport_ops t_transport = {
	.name = "test",
	.next = t_next,
	.find = t_find,
	.open = t_open,
	.close = t_close,
	.ctl = t_ctl,
	.map = t_map,
	.unmap = t_unmap,
	.poll = t_poll,
};

void t_device_install(void)
{
	memset(&t_device, 0, sizeof(t_device));
	wd_transport = &t_transport;
	/* Who is left stays so, however slow the test is. */
	quarantine_rules.first_ns = quarantine_rules.longest_ns = INT64_MAX / 4;
}

void t_device_remove(void)
{
	wd_transport = &wd_uacce_transport;
}
