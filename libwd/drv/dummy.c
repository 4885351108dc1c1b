/* SPDX-License-Identifier: MIT */
/*
 * The dummy driver: requests for the software accelerator of kmod/dummy, whose
 * rings <misc/uacce/wd_dummy.h> describes.
 *
 * Nothing that comes from the device is believed before it is compared with what was
 * sent, of which there is a copy that the device does not reach: one that goes away
 * leaves a page of ones where its rings were, and one that is broken, anything.
 *
 * Threads: one may send while another receives, and either may ring.  Which of them
 * a field belongs to is said with it.
 */
#define log_fmt(f) "dummy: " f
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <misc/uacce/uacce.h>
#include <misc/uacce/wd_dummy.h>

#include "../barrier.h"
#include "../codec/codec.h"
#include "../format/format.h"
#include "../internal.h"
#include "../transport/transport.h"
#include "driver.h"

#define SELDOM		__attribute__((noinline, cold))

#define LEVEL_MAX	9
#define SPIN_MAX_NS	200000	/* waiting longer is worth a system call */
#define SPIN_MIN_NS	5000	/* as long as one takes */
#define SPIN_LOOKS	32	/* between two looks at the clock */
#define POLL_MAX_MS	1000	/* the other thread may give up, and nobody wake us */
#define LEN_MAX_MIN	4096u	/* bytes that every device takes in a request */
#define DEFLATE_MAX	1032u	/* bytes that a byte of DEFLATE data can stand for */

int wd_stall_ms = 60000;

/* The second of the two empty stored blocks of a chunk marker. */
static const uint8_t empty_block[5] = { 0x00, 0x00, 0x00, 0xff, 0xff };

static_assert(sizeof(struct wd_dummy_ring) == 128, "two cache lines");
static_assert(sizeof(struct wd_dummy_sqe) == 64, "an entry is a cache line");
static_assert(sizeof(struct wd_dummy_cqe) == 32, "two in a cache line");

/*
 * A place for a request in flight: the sender's while @req is NULL, the receiver's while
 * it is not.  Its number is that of the request's entry in the submission ring.
 *
 * @req:     the request in it
 * @sent:    what the device was told of it, and results are compared with
 * @work:    what it belongs to
 * @format:  the request's own
 * @scratch: for input that the device needs in another form
 */
struct slot {
	_Atomic(struct wd_comp_req *) req;
	struct wd_dummy_sqe sent;
	struct wd_work work;
	uint8_t format;
	uint8_t *scratch;
	size_t scratch_cap;
};

struct dummy_queue {
	/* the same from dummy_open() to dummy_close() */
	const struct wd_transport_ops *tr;
	int handle;
	uint8_t *dus;
	struct wd_dummy_ring *ring;
	struct wd_dummy_doorbell *doorbell;
	struct wd_dummy_sqe *sqes;
	const struct wd_dummy_cqe *cqes;
	size_t dus_size, mmio_size;
	uint32_t depth;
	uint32_t len_max;
	struct slot *slots;
	int64_t spin_max_ns;

	/* the sender's; the receiver reads it */
	atomic_uint sq_tail;		/* requests sent */

	/* of whoever rings: who has set @ringing; the other one reads @sq_rung */
	atomic_bool ringing;
	atomic_uint sq_rung;		/* of @sq_tail, told to the device */

	/* the receiver's */
	uint32_t cq_head;		/* results taken */
	uint32_t buried;		/* slots looked through, of a dead queue */
	int64_t spin_ns;
	int64_t waiting_ns;		/* since when, without an answer; 0 if not */

	/* of whoever gives the queue up, first come, under @ending; all read @dead */
	pthread_mutex_t ending;
	atomic_int dead;		/* why, as a negative errno; 0 while it lives */
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* ---- queues ---- */

/* Memory that a device may change at any time is read a single time. */
static uint32_t read_once(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* A device that is gone shows ones. */
static bool is_there(const struct dummy_queue *dq)
{
	return __atomic_load_n(&dq->ring->magic, __ATOMIC_RELAXED) == WD_DUMMY_MAGIC;
}

static bool array_fits(const struct dummy_queue *dq, uint32_t offset, size_t size, size_t n)
{
	return offset % size == 0 && offset >= sizeof(struct wd_dummy_ring) &&
	       offset <= dq->dus_size && (dq->dus_size - offset) / size >= n;
}

/* What the device says of its rings has to be possible. */
static int check_ring(struct dummy_queue *dq)
{
	uint32_t depth = read_once(&dq->ring->depth);
	uint32_t len_max = read_once(&dq->ring->len_max);
	uint32_t sq_off = read_once(&dq->ring->sq_off);
	uint32_t cq_off = read_once(&dq->ring->cq_off);

	if (!is_there(dq) || depth < WD_DUMMY_DEPTH_MIN || depth > WD_DUMMY_DEPTH_MAX ||
	    depth & (depth - 1) || len_max < LEN_MAX_MIN)
		return -EPROTO;
	if (!array_fits(dq, sq_off, sizeof(struct wd_dummy_sqe), depth) ||
	    !array_fits(dq, cq_off, sizeof(struct wd_dummy_cqe), depth))
		return -EPROTO;
	dq->depth = depth;
	dq->len_max = len_max;
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
	dq->tr->unmap(dq->doorbell, dq->mmio_size);
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
	pthread_mutex_init(&dq->ending, NULL);
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

/*
 * No other thread is inside any more.  A child has neither the mappings nor a say in
 * what happens to the queue.
 */
static void dummy_close(void *ctx, bool forked)
{
	struct dummy_queue *dq = ctx;

	if (!forked) {
		/* After it the device does not touch the requests' memory. */
		dq->tr->ctl(dq->handle, UACCE_CMD_PUT_Q, NULL);
		unmap_regions(dq);
		pthread_mutex_destroy(&dq->ending);
	}
	dq->tr->close(dq->handle);
	free_queue(dq);
}

/* ---- what there is to be done, as the device wants it ---- */

/* An open stream's output ends with a second empty block, which is added here. */
static bool is_open(const struct slot *slot)
{
	return slot->sent.flags & WD_DUMMY_SQE_OPEN;
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

static const uint8_t formats[] = {
	[WD_COMP_GZIP] = WD_DUMMY_GZIP,
	[WD_COMP_ZLIB] = WD_DUMMY_ZLIB,
	[WD_COMP_RAW] = WD_DUMMY_DEFLATE,
};

static int encode_compress(struct wd_dummy_sqe *sqe, const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;

	/* Headers with a name, and input from a file, are for the CPU. */
	if (req->header || (work->kind == WD_WORK_COMPRESS && work->args.compress.source))
		return -EOPNOTSUPP;
	sqe->op = WD_DUMMY_OP_COMPRESS;
	sqe->format = formats[req->format];
	sqe->level = req->level < LEVEL_MAX ? req->level : LEVEL_MAX;
	if (!(req->flags & WD_COMP_REQ_OPEN))
		return 0;
	if (sqe->out_cap < sizeof(empty_block))
		return -EOPNOTSUPP;
	sqe->flags = WD_DUMMY_SQE_OPEN;
	sqe->out_cap -= sizeof(empty_block);
	return 0;
}

static int encode_chunk(struct slot *slot, const struct wd_comp_req *req)
{
	int ret = fit_scratch(slot, req->in_len + WD_CHUNK_END);

	if (ret)
		return ret;
	wd_chunk_copy(slot->scratch, req->in, req->in_len);
	slot->sent.op = WD_DUMMY_OP_DECOMPRESS;
	slot->sent.format = WD_DUMMY_DEFLATE;
	slot->sent.in = (uintptr_t)slot->scratch;
	slot->sent.in_len += WD_CHUNK_END;
	return 0;
}

/* Fill in @slot, but for the tag.  -EOPNOTSUPP for what the device cannot do. */
static int encode(const struct dummy_queue *dq, struct slot *slot,
		  const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;
	struct wd_dummy_sqe *sqe = &slot->sent;

	if (req->in_len > dq->len_max - WD_CHUNK_END)
		return -EOPNOTSUPP;
	slot->work = *work;
	slot->format = req->format;
	/* The rest of it was zero from the start. */
	sqe->in = (uintptr_t)req->in;
	sqe->in_len = (uint32_t)req->in_len;
	sqe->out = (uintptr_t)req->out;
	sqe->out_cap = (uint32_t)wd_min(req->out_cap, dq->len_max);
	sqe->level = 0;
	sqe->flags = 0;
	if (work->kind == WD_WORK_CHUNK)
		return encode_chunk(slot, req);
	if (wd_work_compresses(work))
		return encode_compress(sqe, work);
	if (work->kind != WD_WORK_REQUEST)
		return -EOPNOTSUPP;
	sqe->op = WD_DUMMY_OP_DECOMPRESS;
	sqe->format = formats[req->format];
	return 0;
}

/* ---- what the device says it did, compared with that ---- */

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

/* The shortest streams there are: one empty block, with what belongs around it. */
static const uint8_t shortest[] = {
	[WD_DUMMY_DEFLATE] = 2,
	[WD_DUMMY_ZLIB] = 2 + 2 + 4,
	[WD_DUMMY_GZIP] = 10 + 2 + 8,
};

/* A result as it was read, once, from where the device writes. */
struct result {
	uint32_t tag, status, consumed, produced, checksum;
};

/*
 * Whether it can be: not more used or written than there was, nor less than it takes,
 * and nothing at all if it failed.
 */
static bool is_possible(const struct slot *slot, const struct result *res)
{
	const struct wd_dummy_sqe *sent = &slot->sent;
	uint32_t least = shortest[sent->format];

	if (res->status)
		return res->status <= WD_DUMMY_ESTOP && !res->consumed && !res->produced;
	if (res->consumed > sent->in_len || res->produced > sent->out_cap)
		return false;
	if (sent->op == WD_DUMMY_OP_DECOMPRESS)
		return res->consumed >= least &&
		       res->produced <= (uint64_t)res->consumed * DEFLATE_MAX;
	if (is_open(slot))
		least = sizeof(empty_block);
	return res->consumed == sent->in_len && res->produced >= least &&
	       res->consumed <= (uint64_t)res->produced * DEFLATE_MAX;
}

/* Whether the end of gzip or zlib data has the checksum and the length told. */
static bool tail_agrees(const struct slot *slot, const struct result *res)
{
	bool comp = slot->sent.op == WD_DUMMY_OP_COMPRESS;
	const uint8_t *end = comp ?
			     (const uint8_t *)(uintptr_t)slot->sent.out + res->produced :
			     (const uint8_t *)(uintptr_t)slot->sent.in + res->consumed;

	switch (slot->sent.format) {
	case WD_DUMMY_GZIP:
		return wd_get_le32(end - 8) == res->checksum &&
		       wd_get_le32(end - 4) == (comp ? res->consumed : res->produced);
	case WD_DUMMY_ZLIB:
		return wd_get_be32(end - 4) == res->checksum;
	default:
		return true;
	}
}

static SELDOM void no_result(struct wd_comp_req *req, int status)
{
	req->status = status;
	req->consumed = 0;
	req->produced = 0;
	req->result = 0;
}

static SELDOM void decode_chunk(const struct slot *slot, struct wd_work *work,
				uint32_t consumed, uint32_t produced, uint32_t checksum)
{
	struct wd_comp_req *req = work->req;
	void *out = (void *)(uintptr_t)slot->sent.out;
	struct wd_comp_req given = {
		.in_len = slot->sent.in_len - WD_CHUNK_END, .out = out,
	};
	struct wd_work judged = wd_work_chunk(&given, slot->work.args.chunk.decoder);

	/* What came is not what the device had. */
	if (wd_crc32(0, out, produced) != checksum) {
		no_result(req, -EIO);
		return;
	}
	if (!wd_chunk_judge(&judged, consumed, produced)) {
		no_result(req, -EOPNOTSUPP);
		return;
	}
	work->result.chunk.stuck = true;
	req->consumed = given.consumed;
	req->produced = given.produced;
	req->checksum = wd_checksum(slot->format, out, req->produced);
}

static void decode_compress(const struct slot *slot, struct wd_comp_req *req)
{
	const struct wd_dummy_sqe *sent = &slot->sent;

	if (is_open(slot)) {
		memcpy((uint8_t *)(uintptr_t)sent->out + req->produced, empty_block,
		       sizeof(empty_block));
		req->produced += sizeof(empty_block);
	}
	/* The device sums up raw data as gzip does. */
	if (slot->work.kind == WD_WORK_COMPRESS &&
	    slot->work.args.compress.summed_as == WD_COMP_ZLIB)
		req->checksum = wd_adler32(1, (void *)(uintptr_t)sent->in, sent->in_len);
	if (req->produced >= sent->in_len)
		req->result |= WD_COMP_RES_STORED;
}

/* Give the request in @slot what is possible for it; @work: its own. */
static void decode(const struct slot *slot, struct wd_work *work,
		   const struct result *res)
{
	struct wd_comp_req *req = work->req;

	req->status = 0;
	req->result = 0;
	req->consumed = res->consumed;
	req->produced = res->produced;
	req->checksum = res->checksum;
	if (res->status)
		no_result(req, status_of(res->status));
	else if (work->kind == WD_WORK_CHUNK)
		decode_chunk(slot, work, res->consumed, res->produced, res->checksum);
	else if (!tail_agrees(slot, res))
		no_result(req, -EIO);
	else if (slot->sent.op == WD_DUMMY_OP_COMPRESS)
		decode_compress(slot, req);
}

/* ---- requests in flight ---- */

static struct slot *slot_of(const struct dummy_queue *dq, uint32_t number)
{
	return &dq->slots[number & (dq->depth - 1)];
}

static int is_dead(const struct dummy_queue *dq)
{
	return atomic_load_explicit(&dq->dead, memory_order_acquire);
}

/* From the receiver's point of view; results are counted while the queue lives. */
static bool none_in_flight(const struct dummy_queue *dq)
{
	return atomic_load_explicit(&dq->sq_tail, memory_order_relaxed) == dq->cq_head;
}

/* Make what is in @slot a request in flight, as number @tail.  0 or -ENODEV. */
static int put_in_flight(struct dummy_queue *dq, struct slot *slot, uint32_t tail,
			 struct wd_comp_req *req)
{
	atomic_store_explicit(&slot->req, req, memory_order_release);
	atomic_store(&dq->sq_tail, tail + 1);
	if (!atomic_load(&dq->dead))
		return 0;
	/* The receiver is emptying the slots, and may be past this one. */
	if (!atomic_exchange(&slot->req, NULL))
		return 0;
	atomic_store(&dq->sq_tail, tail);
	return -ENODEV;
}

/*
 * The request that a result belongs to, with *@slot, when the device tells of @results
 * more; NULL if there is none.  A tag counts as long as the queue lives, so a second
 * result for the same request is not taken for one of the next in that slot.
 */
static struct wd_comp_req *find_in_flight(const struct dummy_queue *dq, uint32_t tag,
					  uint32_t results, struct slot **slot)
{
	uint32_t tail = atomic_load_explicit(&dq->sq_tail, memory_order_acquire);
	struct wd_comp_req *req;

	if (results > tail - dq->cq_head)
		return NULL;
	*slot = slot_of(dq, tag);
	req = atomic_load_explicit(&(*slot)->req, memory_order_acquire);
	return req && (*slot)->sent.tag == tag ? req : NULL;
}

/* ---- giving a queue up ---- */

/*
 * The device lets go of all memory first; only then may anybody believe that it has.
 * Whoever comes second waits for that.
 */
static SELDOM void give_up(struct dummy_queue *dq, int err)
{
	pthread_mutex_lock(&dq->ending);
	if (!atomic_load(&dq->dead)) {
		wd_warn("%s: the queue is given up", wd_strerror(err));
		dq->tr->ctl(dq->handle, UACCE_CMD_PUT_Q, NULL);
		atomic_store(&dq->dead, err);
	}
	pthread_mutex_unlock(&dq->ending);
}

/* The requests of a dead queue come back one by one. */
static bool exhume(struct dummy_queue *dq, struct wd_work *done)
{
	int err = atomic_load(&dq->dead);

	while (dq->buried < dq->depth) {
		struct slot *slot = &dq->slots[dq->buried++];
		struct wd_comp_req *req = atomic_exchange(&slot->req, NULL);

		if (!req)
			continue;
		*done = slot->work;
		no_result(req, err);
		return true;
	}
	return false;
}

/* ---- ringing ---- */

/* Whether the device has not been told of all that was sent. */
static bool untold(const struct dummy_queue *dq)
{
	return atomic_load_explicit(&dq->sq_tail, memory_order_acquire) !=
	       atomic_load_explicit(&dq->sq_rung, memory_order_relaxed);
}

/*
 * Sender and receiver may both come here.  Reading the tail, ringing and noting that is
 * for one at a time, or a doorbell would go back.  The other one does not wait: who
 * rings looks at the tail again when it has stopped ringing, after a barrier, and the
 * other one has written it before it looked whether somebody rings.
 */
static int ring(struct dummy_queue *dq)
{
	uint32_t tail;

	do {
		if (atomic_exchange(&dq->ringing, true))
			return 0;
		tail = atomic_load_explicit(&dq->sq_tail, memory_order_acquire);
		/* The entries are there before they are announced. */
		__atomic_store_n(&dq->doorbell->sq_tail, tail, __ATOMIC_RELEASE);
		atomic_store_explicit(&dq->sq_rung, tail, memory_order_relaxed);
		atomic_store_explicit(&dq->ringing, false, memory_order_release);
		/*
		 * The device sets the flag, then looks at the doorbell; we the other
		 * way round.  One of us sees the other.  That goes for whoever is the
		 * last to ring, so nobody needs to be alone from here on.
		 */
		wd_barrier_after_doorbell();
		if (read_once(&dq->ring->asleep) &&
		    dq->tr->ctl(dq->handle, WD_DUMMY_CMD_WAKE, NULL)) {
			give_up(dq, -ENODEV);
			return -ENODEV;
		}
	} while (untold(dq));
	return 0;
}

static int dummy_flush(void *ctx)
{
	struct dummy_queue *dq = ctx;

	if (is_dead(dq))
		return -ENODEV;
	return untold(dq) ? ring(dq) : 0;
}

/* ---- sending ---- */

static int dummy_send(void *ctx, const struct wd_work *work)
{
	struct dummy_queue *dq = ctx;
	uint32_t tail = atomic_load_explicit(&dq->sq_tail, memory_order_relaxed);
	struct slot *slot = slot_of(dq, tail);
	int ret = work->kind == WD_WORK_REQUEST ? wd_codec_check(work->req) : 0;

	if (ret)
		return ret;
	if (is_dead(dq))
		return -ENODEV;
	/* Also if the device has lost an old one, and answered later ones. */
	if (atomic_load_explicit(&slot->req, memory_order_acquire))
		return -EBUSY;
	ret = encode(dq, slot, work);
	if (ret)
		return ret;
	slot->sent.tag = tail;
	memcpy(&dq->sqes[tail & (dq->depth - 1)], &slot->sent, sizeof(slot->sent));
	return put_in_flight(dq, slot, tail, work->req);
}

/*
 * What the device has not been told of.  No other thread is inside; of a dead queue
 * some may have come back already.
 */
static unsigned int dummy_drop(void *ctx)
{
	struct dummy_queue *dq = ctx;
	uint32_t rung = atomic_load(&dq->sq_rung), tail = atomic_load(&dq->sq_tail);
	unsigned int n = 0;

	while (tail != rung)
		if (atomic_exchange(&slot_of(dq, --tail)->req, NULL))
			n++;
	atomic_store(&dq->sq_tail, tail);
	return n;
}

/* ---- waiting ---- */

/* Look for a while, which costs less than a system call.  True: look at it. */
static bool spin(struct dummy_queue *dq)
{
	int64_t end = now_ns() + dq->spin_ns;

	do {
		for (int i = 0; i < SPIN_LOOKS; i++) {
			if (read_once(&dq->ring->cq_tail) != dq->cq_head)
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
 * There is no answer at @now.  Without one for a long time the device counts as lost:
 * returns the nanoseconds left until then, 0 if it has come to that.
 */
static int64_t patience(struct dummy_queue *dq, int64_t now)
{
	int64_t left;

	if (!dq->waiting_ns)
		dq->waiting_ns = now;
	left = dq->waiting_ns + wd_stall_ms * 1000000LL - now;
	if (left > 0)
		return left;
	give_up(dq, -ETIMEDOUT);
	return 0;
}

/* Wait until @deadline, 0 for none.  0 when there may be something; -ETIMEDOUT. */
static int wait_answer(struct dummy_queue *dq, int64_t deadline)
{
	int64_t now, left;
	int ret;

	if (dq->spin_ns && spin(dq))
		return 0;
	now = now_ns();
	left = patience(dq, now);
	if (!left)
		return 0;
	if (deadline && now >= deadline)
		return -ETIMEDOUT;
	if (deadline && deadline - now < left)
		left = deadline - now;
	ret = dq->tr->poll(dq->handle,
			   (int)wd_min((uint64_t)left / 1000000 + 1, POLL_MAX_MS));
	if (ret < 0 && ret != -EINTR)
		give_up(dq, -ENODEV);
	else if (ret > 0)
		adapt_spin(dq, now_ns() - now + dq->spin_ns);
	return 0;
}

/* ---- receiving ---- */

static void read_result(struct result *res, const struct wd_dummy_cqe *cqe)
{
	res->tag = read_once(&cqe->tag);
	res->status = read_once(&cqe->status);
	res->consumed = read_once(&cqe->consumed);
	res->produced = read_once(&cqe->produced);
	res->checksum = read_once(&cqe->checksum);
}

/* The next result, if there is one. */
static bool take(struct dummy_queue *dq, struct wd_work *done)
{
	uint32_t head = dq->cq_head;
	uint32_t tail = __atomic_load_n(&dq->ring->cq_tail, __ATOMIC_ACQUIRE);
	struct wd_comp_req *req;
	struct result res;
	struct slot *slot;

	if (tail == head)
		return false;
	read_result(&res, &dq->cqes[head & (dq->depth - 1)]);
	/* An entry read in part from a device that has gone is none. */
	wd_barrier_after_entry();
	if (!is_there(dq)) {
		give_up(dq, -ENODEV);
		return false;
	}
	req = find_in_flight(dq, res.tag, tail - head, &slot);
	if (!req || !is_possible(slot, &res)) {
		give_up(dq, -EPROTO);
		return false;
	}
	*done = slot->work;
	decode(slot, done, &res);
	dq->waiting_ns = 0;
	dq->cq_head = head + 1;
	__atomic_store_n(&dq->doorbell->cq_head, head + 1, __ATOMIC_RELEASE);
	/* The slot is free for the sender from here on. */
	atomic_store_explicit(&slot->req, NULL, memory_order_release);
	return true;
}

/*
 * When there is no result: 1 to look again, 0 with @done from a dead queue,
 * or what to tell.  *@deadline is set at the first time, if there is one.
 */
static SELDOM int no_answer(struct dummy_queue *dq, struct wd_work *done,
			    int timeout_ms, int64_t *deadline)
{
	if (is_dead(dq))
		return exhume(dq, done) ? 0 : -ENODEV;
	if (none_in_flight(dq)) {
		dq->waiting_ns = 0;
		return -ENOENT;
	}
	if (timeout_ms == WD_NO_WAIT)
		return patience(dq, now_ns()) ? -EAGAIN : 1;
	if (timeout_ms > 0 && !*deadline)
		*deadline = now_ns() + timeout_ms * 1000000LL;
	return wait_answer(dq, *deadline) ? -ETIMEDOUT : 1;
}

static int dummy_recv(void *ctx, struct wd_work *done, int timeout_ms)
{
	struct dummy_queue *dq = ctx;
	int64_t deadline = 0;
	int ret = 1;

	if (untold(dq))
		dummy_flush(dq);
	while (ret == 1) {
		if (!is_dead(dq) && take(dq, done))
			return 0;
		ret = no_answer(dq, done, timeout_ms, &deadline);
	}
	return ret;
}

const struct wd_driver_ops wd_dummy_driver = {
	.name = "dummy",
	.api = { WD_DUMMY_API },
	.open = dummy_open,
	.close = dummy_close,
	.send = dummy_send,
	.flush = dummy_flush,
	.recv = dummy_recv,
	.drop = dummy_drop,
};
