/* SPDX-License-Identifier: MIT */
/*
 * The soft driver: worker threads of this process behind the queue contract.
 *
 * Each queue has its own workers, started when there is work for them.  While
 * workers are busy, sending and receiving make no system call.
 *
 * Locking: @lock protects everything in struct soft_queue that changes after
 * soft_open(); a codec belongs to its thread, and @inline_codec to the receiver.
 */
#define log_fmt(f) "soft: " f
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../codec/codec.h"
#include "../internal.h"
#include "driver.h"

#define DEPTH_MIN	128u
#define DEPTH_MAX	65536u
#define WORKER_SIZE	((uint64_t)10 << 20)	/* bytes that a codec takes at most */

/* A ring of work; as much as the queue is deep always fits. */
struct ring {
	struct wd_work *slot;
	uint32_t head, count;
};

/* Under the lock of its queue. */
struct soft_worker {
	pthread_t thread;
	bool retired; /* gone, or going, for want of memory */
	bool joined;
};

struct soft_queue {
	pthread_mutex_t lock;
	pthread_cond_t work;		/* a worker waits for todo */
	pthread_cond_t done;		/* the receiver waits for finished */
	struct ring todo, finished;
	uint32_t depth;
	uint32_t in_flight;		/* sent and not yet received */
	uint32_t max_workers;
	uint32_t started;
	uint32_t starting;		/* of them, not yet looking for work */
	uint32_t retired;		/* of them, gone for want of memory */
	uint32_t idle;			/* workers waiting on @work */
	uint32_t receivers;		/* threads waiting on @done */
	bool stop;
	int event_fd;			/* told of what has finished; -1: nobody asked */
	struct soft_worker *workers;
	struct wd_codec *inline_codec;
};

static void ring_put(struct ring *r, uint32_t depth, const struct wd_work *work)
{
	r->slot[(r->head + r->count++) % depth] = *work;
}

static void ring_take(struct ring *r, uint32_t depth, struct wd_work *work)
{
	*work = r->slot[r->head];
	r->head = (r->head + 1) % depth;
	r->count--;
}

static int soft_list(struct wd_device *dev, int max)
{
	if (max < 1)
		return 1;
	memset(dev, 0, sizeof(*dev));
	snprintf(dev->name, sizeof(dev->name), "soft-0");
	snprintf(dev->driver, sizeof(dev->driver), "soft");
	snprintf(dev->algs, sizeof(dev->algs), "gzip zlib deflate");
	dev->free_queues = -1;
	dev->numa_node = -1;
	dev->kind = WD_DEVICE_CPU;
	return 1;
}

static int init_sync(struct soft_queue *sq)
{
	pthread_condattr_t attr;
	int ret;

	ret = pthread_mutex_init(&sq->lock, NULL);
	if (ret)
		return -ret;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	ret = pthread_cond_init(&sq->work, NULL);
	if (!ret)
		ret = pthread_cond_init(&sq->done, &attr);
	pthread_condattr_destroy(&attr);
	return -ret;
}

/* Unless somebody else does. */
static void join_worker(struct soft_queue *sq, struct soft_worker *w)
{
	bool joined;

	pthread_mutex_lock(&sq->lock);
	joined = w->joined;
	w->joined = true;
	pthread_mutex_unlock(&sq->lock);
	if (!joined)
		pthread_join(w->thread, NULL);
}

static void free_queue(struct soft_queue *sq)
{
	free(sq->todo.slot);
	free(sq->finished.slot);
	free(sq->workers);
	wd_codec_destroy(sq->inline_codec);
	if (sq->event_fd >= 0)
		close(sq->event_fd);
	free(sq);
}

static int soft_open(struct wd_queue *q, const struct wd_device *dev, void **ctx)
{
	struct soft_queue *sq;
	int ret = -ENOMEM;

	(void)dev;
	if (q->depth > DEPTH_MAX || q->workers > WD_COMP_THREADS_MAX)
		return -EINVAL;
	sq = calloc(1, sizeof(*sq));
	if (!sq)
		return -ENOMEM;

	sq->event_fd = -1;
	sq->depth = (uint32_t)wd_max(q->depth, DEPTH_MIN);
	sq->max_workers = q->workers ? q->workers :
				       wd_thread_count(0, WORKER_SIZE, NULL);
	sq->todo.slot = calloc(sq->depth, sizeof(*sq->todo.slot));
	sq->finished.slot = calloc(sq->depth, sizeof(*sq->finished.slot));
	sq->workers = calloc(sq->max_workers, sizeof(*sq->workers));
	if (!sq->todo.slot || !sq->finished.slot || !sq->workers)
		goto err_free;
	ret = init_sync(sq);
	if (ret)
		goto err_free;

	q->depth = sq->depth;
	q->workers = sq->max_workers;
	*ctx = sq;
	return 0;

err_free:
	free_queue(sq);
	return ret;
}

/* In a child process the threads are gone and the lock may be held for ever. */
static void soft_close(void *ctx, bool forked)
{
	struct soft_queue *sq = ctx;

	if (!forked) {
		pthread_mutex_lock(&sq->lock);
		sq->stop = true;
		pthread_cond_broadcast(&sq->work);
		pthread_mutex_unlock(&sq->lock);
		for (uint32_t i = 0; i < sq->started; i++)
			join_worker(sq, &sq->workers[i]);
		pthread_cond_destroy(&sq->work);
		pthread_cond_destroy(&sq->done);
		pthread_mutex_destroy(&sq->lock);
	}
	free_queue(sq);
}

static int soft_send(void *ctx, const struct wd_work *work)
{
	struct soft_queue *sq = ctx;
	int ret = work->kind == WD_WORK_REQUEST ? wd_codec_check(work->req) : 0;

	if (ret)
		return ret;
	pthread_mutex_lock(&sq->lock);
	if (sq->in_flight == sq->depth) {
		ret = -EBUSY;
	} else {
		ring_put(&sq->todo, sq->depth, work);
		sq->in_flight++;
	}
	pthread_mutex_unlock(&sq->lock);
	return ret;
}

/* What was begun with input from elsewhere, or is part of a stream, cannot begin again. */
static bool lacks_memory(const struct wd_work *work)
{
	return work->req->status == -ENOMEM && wd_work_compresses(work) &&
	       (work->kind != WD_WORK_COMPRESS ||
		!work->result.compress.no_input);
}

/* It is the oldest, and waited for.  Called with the lock. */
static void put_back(struct soft_queue *sq, const struct wd_work *work)
{
	sq->todo.head = (sq->todo.head + sq->depth - 1) % sq->depth;
	sq->todo.slot[sq->todo.head] = *work;
	sq->todo.count++;
	pthread_cond_signal(&sq->work);
}

/*
 * A worker that gets no memory leaves its request, and what memory it has, to the
 * others.  Called with the lock.
 */
static bool retires(struct soft_queue *sq, const struct wd_work *work)
{
	if (sq->started - sq->retired < 2)
		return false;
	for (uint32_t i = 0; i < sq->started; i++)
		if (pthread_equal(sq->workers[i].thread, pthread_self()))
			sq->workers[i].retired = true;
	sq->retired++;
	sq->max_workers = sq->started;
	put_back(sq, work);
	return true;
}

/*
 * The last one stays.  Those that retired may not have gone yet, and only then others can
 * have what malloc() had set aside for them.  False: all have.  Called with the lock,
 * which it gives up meanwhile.
 */
static bool await_retired(struct soft_queue *sq)
{
	bool any = false;

	for (uint32_t i = 0; i < sq->started; i++) {
		struct soft_worker *w = &sq->workers[i];

		if (!w->retired || w->joined)
			continue;
		any = true;
		pthread_mutex_unlock(&sq->lock);
		join_worker(sq, w);
		pthread_mutex_lock(&sq->lock);
	}
	return any;
}

/* Called with the lock.  Full it cannot be. */
static void tell_event(struct soft_queue *sq)
{
	ssize_t n = write(sq->event_fd, &(uint64_t){ 1 }, sizeof(uint64_t));

	(void)n;
}

static void *worker(void *arg)
{
	struct wd_codec *codec = wd_codec_create();
	struct soft_queue *sq = arg;
	struct wd_work work;

	pthread_mutex_lock(&sq->lock);
	sq->starting--;
	while (!sq->stop) {
		if (!sq->todo.count) {
			sq->idle++;
			pthread_cond_wait(&sq->work, &sq->lock);
			sq->idle--;
			continue;
		}
		ring_take(&sq->todo, sq->depth, &work);
		pthread_mutex_unlock(&sq->lock);

		wd_codec_run(codec, &work);

		pthread_mutex_lock(&sq->lock);
		if (lacks_memory(&work)) {
			if (retires(sq, &work))
				break;
			if (await_retired(sq)) {
				put_back(sq, &work);
				continue;
			}
		}
		ring_put(&sq->finished, sq->depth, &work);
		if (sq->receivers)
			pthread_cond_signal(&sq->done);
		if (sq->event_fd >= 0 && sq->finished.count == 1)
			tell_event(sq);
	}
	pthread_mutex_unlock(&sq->lock);
	wd_codec_destroy(codec);
	return NULL;
}

/* The application's signals are for its own threads. */
static int start_worker(struct soft_queue *sq)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&sq->workers[sq->started].thread, NULL, worker,
			     sq);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret) {
		wd_warn("no worker thread: %s", strerror(ret));
		return -EAGAIN;
	}
	sq->started++;
	sq->starting++;
	return 0;
}

/*
 * Wake or start as many workers as there is work for.  Called with the lock.
 */
static int ring_doorbell(struct soft_queue *sq)
{
	for (uint32_t i = 0; i < sq->idle && i < sq->todo.count; i++)
		pthread_cond_signal(&sq->work);
	while (sq->todo.count > sq->idle + sq->starting &&
	       sq->started < sq->max_workers)
		if (start_worker(sq))
			break;
	return sq->started || !sq->todo.count ? 0 : -EAGAIN;
}

/* A single worker is only started for a receiver that does not wait. */
static int soft_flush(void *ctx)
{
	struct soft_queue *sq = ctx;
	int ret;

	pthread_mutex_lock(&sq->lock);
	ret = sq->max_workers > 1 ? ring_doorbell(sq) : 0;
	pthread_mutex_unlock(&sq->lock);
	return ret;
}

/*
 * Waking a thread for a single request, or for each one when there is only one
 * worker, would cost more than it gains: the receiver does it.
 */
static bool run_here(const struct soft_queue *sq)
{
	return sq->todo.count && !sq->started &&
	       (sq->in_flight == 1 || sq->max_workers == 1);
}

/* Called with the lock; gives it up meanwhile. */
static void run_inline(struct soft_queue *sq, struct wd_work *done)
{
	ring_take(&sq->todo, sq->depth, done);
	pthread_mutex_unlock(&sq->lock);
	if (!sq->inline_codec)
		sq->inline_codec = wd_codec_create();
	wd_codec_run(sq->inline_codec, done);
	pthread_mutex_lock(&sq->lock);
}

static void deadline_after(struct timespec *ts, int timeout_ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_sec += timeout_ms / 1000;
	ts->tv_nsec += timeout_ms % 1000 * 1000000L;
	if (ts->tv_nsec >= 1000000000L) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000L;
	}
}

/* Called with the lock.  0 when something may have finished. */
static int wait_done(struct soft_queue *sq, const struct timespec *deadline)
{
	int ret;

	sq->receivers++;
	if (deadline)
		ret = pthread_cond_timedwait(&sq->done, &sq->lock, deadline);
	else
		ret = pthread_cond_wait(&sq->done, &sq->lock);
	sq->receivers--;
	return ret;
}

/* Called with the lock.  0 with @done set, or why there is nothing. */
static int receive(struct soft_queue *sq, struct wd_work *done, int timeout_ms)
{
	struct timespec deadline;

	if (timeout_ms > 0)
		deadline_after(&deadline, timeout_ms);
	for (;;) {
		if (sq->finished.count) {
			ring_take(&sq->finished, sq->depth, done);
			return 0;
		}
		if (!sq->in_flight)
			return -ENOENT;
		if ((timeout_ms < 0 && run_here(sq)) || ring_doorbell(sq)) {
			run_inline(sq, done);
			return 0;
		}
		if (timeout_ms == WD_NO_WAIT)
			return -EAGAIN;
		if (wait_done(sq, timeout_ms < 0 ? NULL : &deadline) == ETIMEDOUT &&
		    !sq->finished.count)
			return -ETIMEDOUT;
	}
}

static int soft_recv(void *ctx, struct wd_work *done, int timeout_ms)
{
	struct soft_queue *sq = ctx;
	int ret;

	pthread_mutex_lock(&sq->lock);
	ret = receive(sq, done, timeout_ms);
	if (!ret)
		sq->in_flight--;
	pthread_mutex_unlock(&sq->lock);
	return ret;
}

static int soft_event_fd(void *ctx, int fd)
{
	struct soft_queue *sq = ctx;

	(void)fd;
	pthread_mutex_lock(&sq->lock);
	if (sq->event_fd < 0) {
		sq->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (sq->event_fd >= 0 && sq->finished.count)
			tell_event(sq);
	}
	pthread_mutex_unlock(&sq->lock);
	return sq->event_fd;
}

static void soft_event_seen(void *ctx)
{
	struct soft_queue *sq = ctx;
	uint64_t n;

	if (read(sq->event_fd, &n, sizeof(n)) < 0)
		return;
}

static unsigned int soft_drop(void *ctx)
{
	struct soft_queue *sq = ctx;
	unsigned int n;

	pthread_mutex_lock(&sq->lock);
	n = sq->todo.count;
	sq->todo.count = 0;
	sq->in_flight -= n;
	pthread_mutex_unlock(&sq->lock);
	return n;
}

const struct wd_driver_ops wd_soft_driver = {
	.name = "soft",
	.list = soft_list,
	.open = soft_open,
	.close = soft_close,
	.send = soft_send,
	.flush = soft_flush,
	.recv = soft_recv,
	.drop = soft_drop,
	.event_fd = soft_event_fd,
	.event_seen = soft_event_seen,
};
