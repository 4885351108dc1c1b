/* SPDX-License-Identifier: MIT */
/*
 * The dummy driver: requests for the software accelerator of kmod/dummy, whose
 * rings <misc/uacce/wd_dummy.h> describes.
 *
 * Nothing that comes from the device is believed before it is checked: a device
 * that goes away leaves a page of ones where its rings were.
 *
 * Threads: one may send while another receives.  A slot is the sender's while it
 * is empty, and the receiver's while it is not; nothing else is shared.
 */
#define log_fmt(f) "dummy: " f
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <misc/uacce/uacce.h>
#include <misc/uacce/wd_dummy.h>

#include "../barrier.h"
#include "../codec/codec.h"
#include "../internal.h"

#define API		"wd_dummy_v1"
#define LEVEL_MAX	9
#define SPIN_MAX_NS	200000	/* waiting longer is worth a system call */
#define SPIN_MIN_NS	5000	/* as long as one takes */
#define SPIN_LOOKS	32	/* between two looks at the clock */

int wd_stall_ms = 60000;

/* The second of the two empty stored blocks of a chunk marker. */
static const uint8_t empty_block[5] = { 0x00, 0x00, 0x00, 0xff, 0xff };

static_assert(sizeof(struct wd_dummy_ring) == 128, "two cache lines");
static_assert(sizeof(struct wd_dummy_sqe) == 64, "an entry is a cache line");
static_assert(sizeof(struct wd_dummy_cqe) == 32, "two in a cache line");

/*
 * @req:     the request in it, NULL if it is free
 * @scratch: for input that the device needs in another form
 */
struct slot {
	_Atomic(struct wd_comp_req *) req;
	uint8_t *scratch;
	size_t scratch_cap;
};

struct dummy_queue {
	const struct wd_transport_ops *tr;
	int handle;
	uint8_t *dus;
	volatile struct wd_dummy_ring *ring;
	volatile struct wd_dummy_doorbell *doorbell;
	struct wd_dummy_sqe *sqes;
	const struct wd_dummy_cqe *cqes;
	size_t dus_size, mmio_size;
	uint32_t depth;
	uint32_t len_max;
	struct slot *slots;
	atomic_int dead;		/* why, as a negative errno; 0 while it lives */

	/* the sender's */
	uint32_t sq_tail;
	atomic_uint sq_rung;		/* of them, told to the device */

	/* the receiver's */
	uint32_t cq_head;
	uint32_t buried;		/* slots looked through, of a dead queue */
	int64_t spin_max_ns, spin_ns;
	int64_t waiting_ns;		/* since when, without an answer; 0 if not */
	atomic_uint in_flight;
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* ---- devices ---- */

static int dummy_list(struct wd_device *list, int max)
{
	struct wd_transport_dev dev;
	unsigned int pos = 0;
	int n = 0;

	while (wd_transport->next(&pos, &dev)) {
		if (strncmp(dev.api, API, strlen(API)))
			continue;
		if (n++ >= max)
			continue;
		memset(list, 0, sizeof(*list));
		memcpy(list->name, dev.name, sizeof(list->name));
		strcpy(list->driver, "dummy");
		memcpy(list->algs, dev.algs, sizeof(list->algs));
		list->free_queues = dev.free_queues;
		list->numa_node = dev.numa_node;
		list->status = dev.status;
		memcpy(list->reason, dev.reason, sizeof(list->reason));
		list++;
	}
	return n;
}

/* ---- queues ---- */

/* What the device says of its rings has to be possible. */
static int check_ring(struct dummy_queue *dq)
{
	uint32_t depth = dq->ring->depth;
	uint32_t sq_off = dq->ring->sq_off, cq_off = dq->ring->cq_off;
	size_t size = dq->dus_size;

	if (dq->ring->magic != WD_DUMMY_MAGIC || depth < WD_DUMMY_DEPTH_MIN ||
	    depth > WD_DUMMY_DEPTH_MAX || depth & (depth - 1))
		return -EPROTO;
	if (sq_off % sizeof(struct wd_dummy_sqe) || cq_off % sizeof(struct wd_dummy_cqe) ||
	    sq_off < sizeof(struct wd_dummy_ring) || sq_off > size || cq_off > size ||
	    (size - sq_off) / sizeof(struct wd_dummy_sqe) < depth ||
	    (size - cq_off) / sizeof(struct wd_dummy_cqe) < depth)
		return -EPROTO;
	dq->depth = depth;
	dq->len_max = dq->ring->len_max;
	dq->sqes = (void *)(dq->dus + sq_off);
	dq->cqes = (void *)(dq->dus + cq_off);
	return 0;
}

static int map_regions(struct dummy_queue *dq)
{
	int ret = 0;

	dq->dus = dq->tr->map(dq->handle, UACCE_QFRT_DUS, dq->dus_size, &ret);
	if (!dq->dus)
		return ret;
	dq->doorbell = dq->tr->map(dq->handle, UACCE_QFRT_MMIO, dq->mmio_size, &ret);
	if (!dq->doorbell) {
		dq->tr->unmap(dq->dus, dq->dus_size);
		return ret;
	}
	dq->ring = (void *)dq->dus;
	return 0;
}

static void unmap_regions(struct dummy_queue *dq)
{
	dq->tr->unmap((void *)dq->doorbell, dq->mmio_size);
	dq->tr->unmap(dq->dus, dq->dus_size);
}

static void free_queue(struct dummy_queue *dq)
{
	for (uint32_t i = 0; dq->slots && i < dq->depth; i++)
		free(dq->slots[i].scratch);
	free(dq->slots);
	free(dq);
}

static int begin_queue(struct dummy_queue *dq, const char *name)
{
	int ret;

	dq->handle = dq->tr->open(name);
	if (dq->handle < 0)
		return dq->handle;
	ret = map_regions(dq);
	if (ret)
		goto err_close;
	ret = check_ring(dq);
	if (ret)
		goto err_unmap;
	ret = -ENOMEM;
	dq->slots = calloc(dq->depth, sizeof(*dq->slots));
	if (!dq->slots)
		goto err_unmap;
	ret = dq->tr->ctl(dq->handle, UACCE_CMD_START_Q, NULL);
	if (ret)
		goto err_unmap;
	return 0;

err_unmap:
	unmap_regions(dq);
err_close:
	dq->tr->close(dq->handle);
	return ret;
}

static int dummy_open(struct wd_queue *q, const struct wd_device *dev, void **ctx)
{
	struct wd_transport_dev td;
	struct dummy_queue *dq;
	int ret = wd_transport->find(dev->name, &td);

	if (ret)
		return ret;
	dq = calloc(1, sizeof(*dq));
	if (!dq)
		return -ENOMEM;
	dq->tr = wd_transport;
	dq->dus_size = td.region_size[UACCE_QFRT_DUS];
	dq->mmio_size = td.region_size[UACCE_QFRT_MMIO];
	ret = -EPROTO;
	if (dq->dus_size >= sizeof(struct wd_dummy_ring) &&
	    dq->mmio_size >= sizeof(struct wd_dummy_doorbell))
		ret = begin_queue(dq, dev->name);
	if (ret) {
		free_queue(dq);
		return ret;
	}
	/* With a single CPU, waiting keeps the device from working. */
	dq->spin_max_ns = wd_cpu_count() > 1 ? SPIN_MAX_NS : 0;
	dq->spin_ns = dq->spin_max_ns / 4;
	q->depth = dq->depth;
	q->workers = 0;
	q->fd = dq->handle;
	*ctx = dq;
	return 0;
}

/* A child has neither the mappings nor a say in what happens to the queue. */
static void dummy_close(void *ctx, bool forked)
{
	struct dummy_queue *dq = ctx;

	if (!forked) {
		/* Behind it the device does not touch the requests' memory. */
		dq->tr->ctl(dq->handle, UACCE_CMD_PUT_Q, NULL);
		unmap_regions(dq);
	}
	dq->tr->close(dq->handle);
	free_queue(dq);
}

/* ---- sending ---- */

/* An open stream's output ends with a second empty block, which is added here. */
static bool is_open(const struct wd_comp_req *req)
{
	return req->op == WD_COMP_COMPRESS && req->flags & WD_COMP_REQ_OPEN;
}

static int fit_scratch(struct slot *slot, size_t len)
{
	uint8_t *p;

	if (slot->scratch_cap >= len)
		return 0;
	p = realloc(slot->scratch, len);
	if (!p)
		return -ENOMEM;
	slot->scratch = p;
	slot->scratch_cap = len;
	return 0;
}

static int encode_chunk(struct wd_dummy_sqe *sqe, struct slot *slot,
			const struct wd_comp_req *req)
{
	int ret = fit_scratch(slot, req->in_len + WD_CHUNK_END);

	if (ret)
		return ret;
	wd_chunk_copy(slot->scratch, req->in, req->in_len);
	sqe->op = WD_DUMMY_OP_DECOMPRESS;
	sqe->format = WD_DUMMY_DEFLATE;
	sqe->in = (uintptr_t)slot->scratch;
	sqe->in_len += WD_CHUNK_END;
	return 0;
}

static const uint8_t formats[] = {
	[WD_COMP_GZIP] = WD_DUMMY_GZIP,
	[WD_COMP_ZLIB] = WD_DUMMY_ZLIB,
	[WD_COMP_RAW] = WD_DUMMY_DEFLATE,
};

/* -EOPNOTSUPP for what the device cannot do. */
static int encode(const struct dummy_queue *dq, struct wd_dummy_sqe *sqe,
		  struct slot *slot, const struct wd_comp_req *req)
{
	size_t out_cap = wd_min(req->out_cap, dq->len_max);

	if (req->in_len > dq->len_max - WD_CHUNK_END)
		return -EOPNOTSUPP;
	memset(sqe, 0, sizeof(*sqe));
	sqe->in = (uintptr_t)req->in;
	sqe->in_len = (uint32_t)req->in_len;
	sqe->out = (uintptr_t)req->out;
	sqe->out_cap = (uint32_t)out_cap;
	switch (req->op) {
	case WD_COMP_COMPRESS:
		/* Headers with a name, and input from a file, are for the CPU. */
		if (req->header || req->stream)
			return -EOPNOTSUPP;
		sqe->op = WD_DUMMY_OP_COMPRESS;
		sqe->format = formats[req->format];
		sqe->level = req->level < LEVEL_MAX ? req->level : LEVEL_MAX;
		if (!is_open(req))
			return 0;
		if (out_cap < sizeof(empty_block))
			return -EOPNOTSUPP;
		sqe->flags = WD_DUMMY_SQE_OPEN;
		sqe->out_cap -= sizeof(empty_block);
		return 0;
	case WD_COMP_DECOMPRESS:
		sqe->op = WD_DUMMY_OP_DECOMPRESS;
		sqe->format = formats[req->format];
		return 0;
	case WD_OP_CHUNK:
		return encode_chunk(sqe, slot, req);
	default:
		return -EOPNOTSUPP;
	}
}

static int dummy_send(void *ctx, void *arg)
{
	struct dummy_queue *dq = ctx;
	struct wd_comp_req *req = arg;
	uint32_t i = dq->sq_tail & (dq->depth - 1);
	struct slot *slot = &dq->slots[i];
	struct wd_dummy_sqe sqe;
	int ret = wd_codec_check(req);

	if (ret)
		return ret;
	ret = atomic_load_explicit(&dq->dead, memory_order_relaxed);
	if (ret)
		return -ENODEV;
	/* Also if the device has lost an old one, and answered later ones. */
	if (atomic_load_explicit(&slot->req, memory_order_acquire))
		return -EBUSY;
	ret = encode(dq, &sqe, slot, req);
	if (ret)
		return ret;
	sqe.tag = i;
	memcpy(&dq->sqes[i], &sqe, sizeof(sqe));
	atomic_fetch_add_explicit(&dq->in_flight, 1, memory_order_relaxed);
	atomic_store(&slot->req, req);
	/* The receiver may be emptying the slots, and be past this one. */
	if (atomic_load(&dq->dead) && atomic_exchange(&slot->req, NULL)) {
		atomic_fetch_sub(&dq->in_flight, 1);
		return -ENODEV;
	}
	dq->sq_tail++;
	return 0;
}

/* The device lets go of all memory first. */
static void bury(struct dummy_queue *dq, int err)
{
	int alive = 0;

	if (!atomic_compare_exchange_strong(&dq->dead, &alive, err))
		return;
	wd_warn("%s: the queue is given up", wd_strerror(err));
	dq->tr->ctl(dq->handle, UACCE_CMD_PUT_Q, NULL);
}

static int dummy_flush(void *ctx)
{
	struct dummy_queue *dq = ctx;
	int ret;

	if (atomic_load_explicit(&dq->dead, memory_order_relaxed))
		return -ENODEV;
	if (atomic_load_explicit(&dq->sq_rung, memory_order_relaxed) == dq->sq_tail)
		return 0;
	/* The entries are there before they are announced. */
	__atomic_store_n(&dq->doorbell->sq_tail, dq->sq_tail, __ATOMIC_RELEASE);
	atomic_store_explicit(&dq->sq_rung, dq->sq_tail, memory_order_relaxed);
	/*
	 * The device sets the flag, then looks at the doorbell; we the other way
	 * round.  One of us sees the other.
	 */
	wd_barrier_after_doorbell();
	if (!dq->ring->asleep)
		return 0;
	ret = dq->tr->ctl(dq->handle, WD_DUMMY_CMD_WAKE, NULL);
	if (ret)
		bury(dq, -ENODEV);
	return ret ? -ENODEV : 0;
}

/* What the device has not been told of. */
static unsigned int dummy_drop(void *ctx)
{
	struct dummy_queue *dq = ctx;
	uint32_t rung = atomic_load(&dq->sq_rung);
	unsigned int n = 0;

	while (dq->sq_tail != rung) {
		dq->sq_tail--;
		atomic_store(&dq->slots[dq->sq_tail & (dq->depth - 1)].req, NULL);
		n++;
	}
	atomic_fetch_sub(&dq->in_flight, n);
	return n;
}

/* ---- receiving ---- */

static int status_of(uint32_t status)
{
	switch (status) {
	case WD_DUMMY_OK:
		return 0;
	case WD_DUMMY_EINVAL:
		return -EINVAL;
	case WD_DUMMY_EFAULT:
		return -EFAULT;
	case WD_DUMMY_ENOSPC:
		return -ENOSPC;
	case WD_DUMMY_EDATA:
		return -EBADMSG;
	case WD_DUMMY_ESHORT:
		return -ENODATA;
	case WD_DUMMY_ENOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

/* More than was given, used or written, is nonsense. */
static bool is_possible(const struct wd_dummy_cqe *cqe, const struct wd_comp_req *req)
{
	size_t in_len = req->in_len + (req->op == WD_OP_CHUNK ? WD_CHUNK_END : 0);

	return cqe->consumed <= in_len && cqe->produced <= req->out_cap &&
	       cqe->status <= WD_DUMMY_ESTOP;
}

static void decode_chunk(struct wd_comp_req *req, const struct wd_dummy_cqe *cqe)
{
	uint32_t sum = wd_crc32(0, req->out, cqe->produced);

	/* What came is not what the device had. */
	if (sum != cqe->checksum) {
		req->status = -EIO;
		return;
	}
	req->result = 1;
	if (!wd_chunk_judge(req, cqe->consumed, cqe->produced))
		req->status = -EOPNOTSUPP;
	else
		req->checksum = wd_checksum(req->format, req->out, req->produced);
}

static void decode_open(struct wd_comp_req *req)
{
	memcpy((uint8_t *)req->out + req->produced, empty_block, sizeof(empty_block));
	req->produced += sizeof(empty_block);
}

static void decode(struct wd_comp_req *req, const struct wd_dummy_cqe *cqe)
{
	req->consumed = 0;
	req->produced = 0;
	req->result = 0;
	req->status = status_of(cqe->status);
	if (req->status)
		return;
	if (req->op == WD_OP_CHUNK) {
		decode_chunk(req, cqe);
		return;
	}
	req->consumed = cqe->consumed;
	req->produced = cqe->produced;
	req->checksum = cqe->checksum;
	if (is_open(req))
		decode_open(req);
	if (req->op != WD_COMP_COMPRESS)
		return;
	if (req->flags & WD_REQ_ADLER)
		req->checksum = wd_adler32(1, req->in, req->in_len);
	if (req->produced >= req->in_len)
		req->result |= WD_COMP_RES_STORED;
}

/* A slot is free for the sender from here on. */
static void let_go(struct dummy_queue *dq, uint32_t i)
{
	atomic_store_explicit(&dq->slots[i].req, NULL, memory_order_release);
	atomic_fetch_sub_explicit(&dq->in_flight, 1, memory_order_relaxed);
}

/* The next result, if there is one. */
static struct wd_comp_req *take(struct dummy_queue *dq)
{
	uint32_t tail = __atomic_load_n(&dq->ring->cq_tail, __ATOMIC_ACQUIRE);
	struct wd_comp_req *req = NULL;
	struct wd_dummy_cqe cqe;

	if (tail == dq->cq_head)
		return NULL;
	memcpy(&cqe, &dq->cqes[dq->cq_head & (dq->depth - 1)], sizeof(cqe));
	/* An entry read in part from a device that has gone is none. */
	wd_barrier_after_entry();
	if (dq->ring->magic != WD_DUMMY_MAGIC) {
		bury(dq, -ENODEV);
		return NULL;
	}
	if (tail - dq->cq_head <= dq->depth && cqe.tag < dq->depth)
		req = atomic_load_explicit(&dq->slots[cqe.tag].req, memory_order_acquire);
	if (!req || !is_possible(&cqe, req)) {
		bury(dq, -EPROTO);
		return NULL;
	}
	decode(req, &cqe);
	dq->waiting_ns = 0;
	dq->cq_head++;
	__atomic_store_n(&dq->doorbell->cq_head, dq->cq_head, __ATOMIC_RELEASE);
	let_go(dq, cqe.tag);
	return req;
}

/* The requests of a dead queue come back one by one. */
static struct wd_comp_req *exhume(struct dummy_queue *dq)
{
	int err = atomic_load(&dq->dead);

	while (dq->buried < dq->depth) {
		uint32_t i = dq->buried++;
		struct wd_comp_req *req = atomic_exchange(&dq->slots[i].req, NULL);

		if (!req)
			continue;
		req->status = err;
		req->consumed = 0;
		req->produced = 0;
		req->result = 0;
		atomic_fetch_sub(&dq->in_flight, 1);
		return req;
	}
	return NULL;
}

/* Look for a while, which costs less than a system call.  True: look at it. */
static bool spin(struct dummy_queue *dq)
{
	int64_t end = now_ns() + dq->spin_ns;

	do {
		for (int i = 0; i < SPIN_LOOKS; i++) {
			if (dq->ring->cq_tail != dq->cq_head)
				return true;
			wd_cpu_pause();
		}
	} while (now_ns() < end);
	return false;
}

/* Looking longer would have saved the call, or was in vain. */
static void adapt_spin(struct dummy_queue *dq, int64_t waited)
{
	if (waited >= dq->spin_max_ns)
		dq->spin_ns = dq->spin_ns / 2 < SPIN_MIN_NS ? 0 : dq->spin_ns / 2;
	else if (dq->spin_ns < SPIN_MIN_NS)
		dq->spin_ns = SPIN_MIN_NS;
	else if (dq->spin_ns * 2 <= dq->spin_max_ns)
		dq->spin_ns *= 2;
}

/*
 * Wait until @deadline, 0 for none.  0 when there may be something; -ETIMEDOUT.
 * Without an answer for a long time the device counts as lost.
 */
static int wait_answer(struct dummy_queue *dq, int64_t deadline)
{
	int64_t now, stall, end;
	int ret;

	if (dq->spin_ns && spin(dq))
		return 0;
	now = now_ns();
	stall = dq->waiting_ns + wd_stall_ms * 1000000LL;
	if (now >= stall) {
		bury(dq, -ETIMEDOUT);
		return 0;
	}
	if (deadline && now >= deadline)
		return -ETIMEDOUT;
	end = deadline && deadline < stall ? deadline : stall;
	ret = dq->tr->poll(dq->handle, (int)((end - now) / 1000000) + 1);
	if (ret < 0 && ret != -EINTR)
		bury(dq, -ENODEV);
	else if (ret > 0)
		adapt_spin(dq, now_ns() - now + dq->spin_ns);
	return 0;
}

static int dummy_recv(void *ctx, void **arg, int timeout_ms)
{
	struct dummy_queue *dq = ctx;
	struct wd_comp_req *req;
	int64_t deadline = 0;

	dummy_flush(dq);
	for (;;) {
		if (!atomic_load_explicit(&dq->dead, memory_order_relaxed)) {
			req = take(dq);
			if (req)
				break;
		}
		if (atomic_load_explicit(&dq->dead, memory_order_relaxed)) {
			req = exhume(dq);
			if (req)
				break;
			return -ENODEV;
		}
		if (!atomic_load_explicit(&dq->in_flight, memory_order_acquire))
			return -ENOENT;
		if (timeout_ms == WD_NO_WAIT)
			return -EAGAIN;
		if (!dq->waiting_ns)
			dq->waiting_ns = now_ns();
		if (timeout_ms > 0 && !deadline)
			deadline = now_ns() + timeout_ms * 1000000LL;
		if (wait_answer(dq, deadline))
			return -ETIMEDOUT;
	}
	*arg = req;
	return 0;
}

/* ---- memory ---- */

/* The device reaches whatever the process can. */
static int dummy_share(void *ctx, const void *addr, size_t size)
{
	(void)ctx;
	(void)addr;
	(void)size;
	return 0;
}

static void dummy_unshare(void *ctx, const void *addr, size_t size)
{
	(void)ctx;
	(void)addr;
	(void)size;
}

const struct wd_driver_ops wd_dummy_driver = {
	.name = "dummy",
	.list = dummy_list,
	.open = dummy_open,
	.close = dummy_close,
	.send = dummy_send,
	.flush = dummy_flush,
	.recv = dummy_recv,
	.drop = dummy_drop,
	.share = dummy_share,
	.unshare = dummy_unshare,
};
