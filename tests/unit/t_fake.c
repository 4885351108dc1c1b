/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "codec.h"
#include "drv/driver.h"
#include "format/format.h"
#include "internal.h"
#include "sched/engine.h"
#include "sched/quarantine.h"
#include "t_fake.h"

#define DEPTH	16u
#define MEMORIES 32u
#define KEPT_MAX 64u

struct t_fake t_fake[T_FAKES_MAX];

static unsigned int fakes;
static uint64_t random_state;
static pthread_mutex_t random_lock = PTHREAD_MUTEX_INITIALIZER;

/* @lock: protects all that follows but @thread */
struct fake_queue {
	struct t_fake *fake;
	pthread_t thread;
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct wd_work todo[DEPTH], finished[DEPTH];
	unsigned int todo_head, todo_count, finished_head, finished_count;
	unsigned int in_flight;
	bool stop, dead, keeps, abandoned;
	struct wd_work held;	/* the one of @keeps */
	int64_t mark_ns;	/* since when it has had nothing to do */
};

/* The newest of each device. */
static struct fake_queue *newest[T_FAKES_MAX];

static unsigned int below(unsigned int n)
{
	uint64_t x;

	pthread_mutex_lock(&random_lock);
	x = random_state += 0x9e3779b97f4a7c15u;
	pthread_mutex_unlock(&random_lock);
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (unsigned int)((x ^ x >> 31) % n);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* ---- the device ---- */

/* Stored blocks: what a compressor makes that costs nothing. */
static void store(struct wd_work *work)
{
	struct wd_comp_req *req = work->req;
	uint8_t *p = req->out;
	const uint8_t *in = req->in;
	size_t left = req->in_len;

	do {
		size_t n = wd_min(left, 65535);
		bool last = n == left && !(req->flags & WD_COMP_REQ_OPEN);

		*p++ = last;
		*p++ = (uint8_t)n;
		*p++ = (uint8_t)(n >> 8);
		*p++ = (uint8_t)~n;
		*p++ = (uint8_t)(~n >> 8);
		memcpy(p, in, n);
		p += n;
		in += n;
		left -= n;
	} while (left);
	for (int i = 0; i < 2 && req->flags & WD_COMP_REQ_OPEN; i++) {
		memcpy(p, "\0\0\0\xff\xff", 5);
		p += 5;
	}
	req->status = 0;
	req->consumed = req->in_len;
	req->produced = (size_t)(p - (uint8_t *)req->out);
	req->checksum = wd_checksum(work->args.compress.summed_as, req->in, req->in_len);
	req->result = 0;
}

/* What came of data that was compressed before. */
struct memory {
	uint32_t sum;
	size_t in_len;
	uint8_t flags;
	struct wd_comp_req req;
	uint8_t *out;
};

static struct memory memories[MEMORIES];
static unsigned int n_memories;

static struct memory *recall(const struct wd_comp_req *req, uint32_t sum)
{
	for (unsigned int i = 0; i < n_memories; i++)
		if (memories[i].sum == sum &&
		    memories[i].in_len == req->in_len &&
		    memories[i].flags == req->flags)
			return &memories[i];
	return NULL;
}

static void remember(const struct wd_comp_req *req, uint32_t sum)
{
	struct memory *m = &memories[n_memories];

	if (n_memories == MEMORIES || req->status)
		return;
	m->out = malloc(req->produced);
	if (!m->out)
		return;
	memcpy(m->out, req->out, req->produced);
	m->sum = sum;
	m->in_len = req->in_len;
	m->flags = req->flags;
	m->req = *req;
	n_memories++;
}

/* For one device at a time. */
static void compress_once(struct wd_codec *codec, struct wd_work *work)
{
	struct wd_comp_req *req = work->req;
	uint32_t sum = wd_checksum(WD_COMP_GZIP, req->in, req->in_len);
	const struct memory *m = recall(req, sum);

	if (!m) {
		wd_codec_run(codec, work);
		remember(req, sum);
		return;
	}
	memcpy(req->out, m->out, m->req.produced);
	req->status = 0;
	req->consumed = m->req.consumed;
	req->produced = m->req.produced;
	req->checksum = m->req.checksum;
	req->result = m->req.result;
}

static void forget(void)
{
	while (n_memories)
		free(memories[--n_memories].out);
}

static void fail_somehow(struct fake_queue *fq, struct wd_work *work)
{
	static const int errors[] = { -EIO, -ENOMEM, -EOPNOTSUPP, -EFAULT };
	struct wd_comp_req *req = work->req;
	unsigned int range = (unsigned int)req->produced;

	if (fq->fake->lies_in)
		range = wd_min(range, fq->fake->lies_in);
	fq->fake->faults++;
	if (range && (fq->fake->lies_in || below(2))) {
		((uint8_t *)req->out)[below(range)] ^= 0x20;
		return;
	}
	req->status = errors[below(4)];
	req->produced = 0;
}

static void do_request(struct fake_queue *fq, struct wd_codec *codec,
		       struct wd_work *work)
{
	struct t_fake *fake = fq->fake;
	int64_t ns = (int64_t)(fake->ns_per_byte * (double)work->req->in_len);
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	if (ns)
		nanosleep(&ts, NULL);
	fake->requests++;
	if (fake->plain && work->kind == WD_WORK_COMPRESS)
		store(work);
	else if (fake->remembers && work->kind == WD_WORK_COMPRESS)
		compress_once(codec, work);
	else
		wd_codec_run(codec, work);
	/* Only what has a check of its own may be lied about. */
	if ((wd_work_compresses(work) || work->kind == WD_WORK_REQUEST) &&
	    below(1000) < fake->ill)
		fail_somehow(fq, work);
}

static void finish(struct fake_queue *fq, const struct wd_work *work)
{
	fq->finished[(fq->finished_head + fq->finished_count++) % DEPTH] = *work;
	pthread_cond_signal(&fq->done);
	if (write(fq->fd, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0)
		abort();
}

static struct wd_work take_todo(struct fake_queue *fq)
{
	struct wd_work work = fq->todo[fq->todo_head];

	fq->todo_head = (fq->todo_head + 1) % DEPTH;
	fq->todo_count--;
	return work;
}

/* What was asked for comes back undone. */
static void die(struct fake_queue *fq, struct wd_work *work)
{
	static const int errors[] = { -ENODEV, -ETIMEDOUT, -EPROTO };

	fq->dead = true;
	fq->fake->faults++;
	for (;;) {
		work->req->status = errors[below(3)];
		finish(fq, work);
		if (!fq->todo_count)
			return;
		*work = take_todo(fq);
	}
}

/* Memory that is never given back. */
static struct {
	void *p;
	size_t size;
} kept[KEPT_MAX];
static atomic_uint n_kept;

static void keep_output(const struct wd_work *work)
{
	unsigned int i = atomic_fetch_add(&n_kept, 1);

	if (i >= KEPT_MAX)
		abort();
	kept[i].p = work->req->out;
	kept[i].size = work->req->out_cap;
}

static bool keep(struct fake_queue *fq, const struct wd_work *work)
{
	if (!atomic_load(&fq->fake->keeps))
		return false;
	atomic_fetch_sub(&fq->fake->keeps, 1);
	keep_output(work);
	fq->held = *work;
	fq->keeps = fq->dead = true;
	pthread_cond_signal(&fq->done);
	if (write(fq->fd, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0)
		abort();
	return true;
}

void t_fake_use_kept(void)
{
	for (unsigned int i = 0; i < atomic_load(&n_kept); i++)
		memset(kept[i].p, 0xaa, kept[i].size);
}

static void *device(void *arg)
{
	struct wd_codec *codec = wd_codec_create();
	struct fake_queue *fq = arg;

	pthread_mutex_lock(&fq->lock);
	while (!fq->stop) {
		struct wd_work work;
		int64_t begun;

		if (!fq->todo_count || fq->keeps ||
		    atomic_load(&fq->fake->held)) {
			pthread_cond_wait(&fq->work, &fq->lock);
			continue;
		}
		begun = now_ns();
		if (fq->mark_ns)
			fq->fake->idle_ns += begun - fq->mark_ns;
		work = take_todo(fq);
		if (keep(fq, &work))
			continue;
		if (below(1000) < fq->fake->deadly) {
			die(fq, &work);
			continue;
		}
		pthread_mutex_unlock(&fq->lock);
		do_request(fq, codec, &work);
		pthread_mutex_lock(&fq->lock);
		fq->mark_ns = now_ns();
		fq->fake->busy_ns += fq->mark_ns - begun;
		finish(fq, &work);
	}
	pthread_mutex_unlock(&fq->lock);
	wd_codec_destroy(codec);
	return NULL;
}

/* ---- the driver ---- */

static int fake_list(struct wd_device *list, int max)
{
	for (int i = 0; i < (int)fakes && i < max; i++) {
		memset(&list[i], 0, sizeof(list[i]));
		snprintf(list[i].name, sizeof(list[i].name), "fake-%d", i);
		strcpy(list[i].driver, "fake");
		strcpy(list[i].algs, "gzip zlib deflate");
		list[i].free_queues = 1;
		list[i].numa_node = t_fake[i].node;
		list[i].status = t_fake[i].status;
		if (t_fake[i].refused)
			list[i].status = t_fake[i].no_queue;
		if (list[i].status)
			snprintf(list[i].reason, sizeof(list[i].reason), "%s",
				 t_fake[i].reason ?: "the test wants it so");
		list[i].kind = WD_DEVICE_HARDWARE;
	}
	return (int)fakes;
}

static int fake_open(struct wd_queue *q, const struct wd_device *dev, void **ctx)
{
	struct t_fake *fake = &t_fake[atoi(dev->name + 5)];
	struct fake_queue *fq;

	if (fake->kills)
		raise(fake->kills);
	fake->refused = fake->no_queue;
	if (fake->no_queue)
		return fake->no_queue;
	fq = calloc(1, sizeof(*fq));
	if (!fq)
		return -ENOMEM;
	fq->fake = fake;
	fq->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&fq->lock, NULL);
	pthread_cond_init(&fq->work, NULL);
	pthread_cond_init(&fq->done, NULL);
	if (fq->fd < 0 || pthread_create(&fq->thread, NULL, device, fq))
		abort();
	newest[fake - t_fake] = fq;
	q->depth = DEPTH;
	q->workers = 0;
	q->fd = fq->fd;
	*ctx = fq;
	return 0;
}

static void fake_close(void *ctx, bool forked)
{
	struct fake_queue *fq = ctx;

	(void)forked;
	pthread_mutex_lock(&fq->lock);
	fq->stop = true;
	pthread_cond_signal(&fq->work);
	pthread_mutex_unlock(&fq->lock);
	pthread_join(fq->thread, NULL);
	if (fq->abandoned)
		t_fake_use_kept();
	close(fq->fd);
	free(fq);
}

/* Devices know nothing of what came before, and read no files. */
static void expect_fit(const struct wd_work *work)
{
	if (work->kind == WD_WORK_COMPRESS &&
	    (work->args.compress.source || work->args.compress.join))
		abort();
}

/* Now and then it is full, or refuses, without a reason that anybody can see. */
static int fake_send(void *ctx, const struct wd_work *work)
{
	struct fake_queue *fq = ctx;
	int ret = 0;

	expect_fit(work);
	if (fq->fake->refusal)
		return fq->fake->refusal;
	if (fq->fake->full) {
		fq->fake->full--;
		return -EBUSY;
	}
	if (work->kind == WD_WORK_STREAM || below(1000) < fq->fake->ill / 4)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&fq->lock);
	if (fq->dead)
		ret = -ENODEV;
	else if (fq->in_flight == DEPTH || (fq->in_flight && below(1000) < fq->fake->ill / 4))
		ret = -EBUSY;
	if (!ret) {
		fq->todo[(fq->todo_head + fq->todo_count++) % DEPTH] = *work;
		fq->in_flight++;
		if (fq->in_flight > fq->fake->peak)
			fq->fake->peak = fq->in_flight;
		pthread_cond_signal(&fq->work);
	}
	pthread_mutex_unlock(&fq->lock);
	return ret;
}

/* Called with the lock. */
static int wait_finished(struct fake_queue *fq, int timeout_ms)
{
	struct timespec ts;

	if (timeout_ms < 0)
		return pthread_cond_wait(&fq->done, &fq->lock);
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += timeout_ms / 1000 + 1;
	return pthread_cond_timedwait(&fq->done, &fq->lock, &ts);
}

static int fake_recv(void *ctx, struct wd_work *done, int timeout_ms)
{
	struct fake_queue *fq = ctx;
	uint64_t n;
	int ret = 0;

	pthread_mutex_lock(&fq->lock);
	while (!ret && !fq->finished_count) {
		if (!fq->in_flight)
			ret = fq->dead ? -ENODEV : -ENOENT;
		else if (fq->keeps)
			ret = -EIO;
		else if (!timeout_ms)
			ret = -EAGAIN;
		else if (wait_finished(fq, timeout_ms))
			ret = -ETIMEDOUT;
	}
	if (!ret) {
		*done = fq->finished[fq->finished_head];
		fq->finished_head = (fq->finished_head + 1) % DEPTH;
		fq->finished_count--;
		fq->in_flight--;
	}
	/* Readable as long as there is something, or there will be nothing. */
	if (!fq->finished_count && !fq->keeps &&
	    read(fq->fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		abort();
	pthread_mutex_unlock(&fq->lock);
	return ret;
}

static unsigned int fake_drop(void *ctx)
{
	struct fake_queue *fq = ctx;
	unsigned int n;

	pthread_mutex_lock(&fq->lock);
	n = fq->todo_count;
	fq->todo_count = 0;
	fq->in_flight -= n;
	pthread_mutex_unlock(&fq->lock);
	return n;
}

/* All that the queue has, with the memory of all of it. */
static bool fake_abandon(void *ctx)
{
	struct fake_queue *fq = ctx;
	bool held;

	pthread_mutex_lock(&fq->lock);
	held = fq->keeps;
	fq->keeps = false;
	fq->abandoned |= held;
	if (held) {
		fq->held.req->status = -ETIMEDOUT;
		finish(fq, &fq->held);
	}
	while (held && fq->todo_count) {
		struct wd_work work = take_todo(fq);

		keep_output(&work);
		work.req->status = -ETIMEDOUT;
		finish(fq, &work);
	}
	pthread_mutex_unlock(&fq->lock);
	return held;
}

static const struct wd_driver_ops fake_driver = {
	.name = "fake",
	.list = fake_list,
	.open = fake_open,
	.close = fake_close,
	.send = fake_send,
	.recv = fake_recv,
	.drop = fake_drop,
	.abandon = fake_abandon,
};

void t_fake_install(unsigned int count, uint64_t seed)
{
	memset(t_fake, 0, sizeof(t_fake));
	for (unsigned int i = 0; i < T_FAKES_MAX; i++)
		t_fake[i].node = -1;
	atomic_store(&engine_no_hardware, false);
	/* Who is left stays so, unless the test wants it otherwise. */
	quarantine_rules.first_ns = quarantine_rules.longest_ns = INT64_MAX / 4;
	fakes = count;
	random_state = seed;
	wd_extra_driver = &fake_driver;
}

void t_fake_release(unsigned int i)
{
	struct fake_queue *fq = newest[i];

	pthread_mutex_lock(&fq->lock);
	atomic_store(&fq->fake->held, false);
	pthread_cond_signal(&fq->work);
	pthread_mutex_unlock(&fq->lock);
}

void t_fake_remove(void)
{
	fakes = 0;
	wd_extra_driver = NULL;
	atomic_store(&engine_no_hardware, false);
	forget();
}
