/* SPDX-License-Identifier: MIT */
/*
 * The soft driver in simulated time, in place of libwd's: workers do the same, and are
 * done when it would have taken them as long as they are said to take.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "drv/driver.h"
#include "in_time.h"

#define QUEUES	    4u
#define WORKERS_MAX 64u
#define DEPTH	    1024u
#define SOME_FD	    1 /* poll() does not look at it */

/* @due: when its work is done, TIME_NEVER without any */
struct worker {
	uint64_t due;
	struct wd_work work;
};

struct cpu_queue {
	struct worker worker[WORKERS_MAX];
	unsigned int workers;
	struct wd_work todo[DEPTH], done[DEPTH];
	unsigned int todo_at, todo_count, done_at, done_count, in_flight;
	struct wd_codec *codec;
};

struct in_time_cpu in_time_cpu;

static struct cpu_queue *queues[QUEUES];

static double cost(const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;

	if (work->kind == WD_WORK_CHECK)
		return (double)req->in_len * in_time_cpu.check;
	if (wd_work_compresses(work))
		return (double)req->in_len * in_time_cpu.compress;
	return (double)req->produced * in_time_cpu.decompress;
}

static void begin(struct cpu_queue *q, struct worker *w)
{
	uint64_t ns;

	w->work = q->todo[q->todo_at];
	q->todo_at = (q->todo_at + 1) % DEPTH;
	q->todo_count--;
	wd_codec_run(q->codec, &w->work);
	ns = (uint64_t)cost(&w->work);
	in_time_cpu.busy_ns += ns;
	w->due = in_time_now() + ns;
}

static void begin_all(struct cpu_queue *q)
{
	for (unsigned int i = 0; i < q->workers && q->todo_count; i++)
		if (q->worker[i].due == TIME_NEVER)
			begin(q, &q->worker[i]);
}

uint64_t in_time_cpu_due(void)
{
	uint64_t due = TIME_NEVER;

	for (unsigned int k = 0; k < QUEUES; k++)
		for (unsigned int i = 0; queues[k] && i < queues[k]->workers;
		     i++)
			if (queues[k]->worker[i].due < due)
				due = queues[k]->worker[i].due;
	return due;
}

void in_time_cpu_go_on(void)
{
	for (unsigned int k = 0; k < QUEUES; k++) {
		struct cpu_queue *q = queues[k];

		for (unsigned int i = 0; q && i < q->workers; i++) {
			struct worker *w = &q->worker[i];

			if (w->due > in_time_now())
				continue;
			w->due = TIME_NEVER;
			q->done[(q->done_at + q->done_count++) % DEPTH] =
				w->work;
		}
		if (q)
			begin_all(q);
	}
}

/* ---- the driver ---- */

static int cpu_list(struct wd_device *dev, int max)
{
	if (max < 1)
		return 1;
	memset(dev, 0, sizeof(*dev));
	strcpy(dev->name, "soft-0");
	strcpy(dev->driver, "soft");
	strcpy(dev->algs, "gzip zlib deflate");
	dev->free_queues = -1;
	dev->numa_node = -1;
	dev->kind = WD_DEVICE_CPU;
	return 1;
}

static int cpu_open(struct wd_queue *wq, const struct wd_device *dev,
		    void **ctx)
{
	struct cpu_queue *q = calloc(1, sizeof(*q));
	unsigned int k = 0;

	(void)dev;
	while (k < QUEUES && queues[k])
		k++;
	if (!q || k == QUEUES || wq->workers > WORKERS_MAX)
		abort();
	queues[k] = q;
	q->codec = wd_codec_create();
	q->workers = wq->workers ? wq->workers : 2;
	for (unsigned int i = 0; i < q->workers; i++)
		q->worker[i].due = TIME_NEVER;
	wq->depth = DEPTH;
	wq->workers = q->workers;
	*ctx = q;
	return 0;
}

static void cpu_close(void *ctx, bool forked)
{
	struct cpu_queue *q = ctx;

	(void)forked;
	for (unsigned int k = 0; k < QUEUES; k++)
		if (queues[k] == q)
			queues[k] = NULL;
	wd_codec_destroy(q->codec);
	free(q);
}

static int cpu_send(void *ctx, const struct wd_work *work)
{
	struct cpu_queue *q = ctx;

	if (q->in_flight == DEPTH)
		return -EBUSY;
	q->todo[(q->todo_at + q->todo_count++) % DEPTH] = *work;
	q->in_flight++;
	return 0;
}

static int cpu_flush(void *ctx)
{
	begin_all(ctx);
	return 0;
}

static int cpu_recv(void *ctx, struct wd_work *done, int timeout_ms)
{
	struct cpu_queue *q = ctx;

	begin_all(q);
	while (!q->done_count) {
		if (!q->in_flight)
			return -ENOENT;
		if (timeout_ms == WD_NO_WAIT)
			return -EAGAIN;
		if (!in_time_step(timeout_ms) && !q->done_count)
			return -ETIMEDOUT;
	}
	*done = q->done[q->done_at];
	q->done_at = (q->done_at + 1) % DEPTH;
	q->done_count--;
	q->in_flight--;
	return 0;
}

static int cpu_event_fd(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return SOME_FD;
}

const struct wd_driver_ops wd_soft_driver = {
	.name = "soft",
	.list = cpu_list,
	.open = cpu_open,
	.close = cpu_close,
	.send = cpu_send,
	.flush = cpu_flush,
	.recv = cpu_recv,
	.event_fd = cpu_event_fd,
};
