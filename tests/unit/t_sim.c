/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "drv/driver.h"
#include "internal.h"
#include "t_sim.h"

#define DEPTH 16u

struct t_sim t_sim[T_SIMS_MAX];
int64_t t_sim_now;

static unsigned int sims;
static int64_t (*real_clock)(void);

/* A queue; there is one for each at a time. */
static struct sim_queue {
	int fd; /* is always readable */
	struct wd_work work[DEPTH];
	int64_t done_ns[DEPTH];
	unsigned int head, count;
	int64_t free_ns; /* when it has done all that it has */
} queues[T_SIMS_MAX];

static int64_t sim_clock(void)
{
	return t_sim_now;
}

static bool is_ready(const struct sim_queue *q)
{
	return q->count && q->done_ns[q->head] <= t_sim_now;
}

/* Time goes on to when something is done. */
static void advance(void)
{
	int64_t next = INT64_MAX;

	for (unsigned int i = 0; i < sims; i++) {
		const struct sim_queue *q = &queues[i];

		if (q->count && q->done_ns[q->head] < next)
			next = q->done_ns[q->head];
	}
	if (next != INT64_MAX && next > t_sim_now)
		t_sim_now = next;
}

static int sim_list(struct wd_device *list, int max)
{
	for (int i = 0; i < (int)sims && i < max; i++) {
		memset(&list[i], 0, sizeof(list[i]));
		snprintf(list[i].name, sizeof(list[i].name), "sim-%d", i);
		strcpy(list[i].driver, "sim");
		strcpy(list[i].algs, "gzip");
		list[i].numa_node = -1;
		list[i].kind = WD_DEVICE_HARDWARE;
	}
	return (int)sims;
}

static int sim_open(struct wd_queue *q, const struct wd_device *dev, void **ctx)
{
	struct sim_queue *sq = &queues[atoi(dev->name + 4)];

	memset(sq, 0, sizeof(*sq));
	sq->fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sq->fd < 0)
		return -errno;
	q->depth = DEPTH;
	q->fd = sq->fd;
	*ctx = sq;
	return 0;
}

static void sim_close(void *ctx, bool forked)
{
	struct sim_queue *sq = ctx;

	(void)forked;
	close(sq->fd);
}

static int sim_send(void *ctx, const struct wd_work *work)
{
	struct sim_queue *sq = ctx;
	const struct t_sim *sim = &t_sim[sq - queues];
	unsigned int at = (sq->head + sq->count) % DEPTH;

	if (sq->count == DEPTH)
		return -EBUSY;
	if (sq->free_ns < t_sim_now)
		sq->free_ns = t_sim_now;
	sq->free_ns += (int64_t)(sim->fixed_ns +
				 sim->ns_per_byte * (double)work->req->in_len);
	sq->work[at] = *work;
	sq->done_ns[at] = sq->free_ns;
	sq->count++;
	return 0;
}

static void count(struct t_sim *sim, uint64_t bytes)
{
	sim->requests++;
	sim->bytes += bytes;
	if (bytes > sim->largest)
		sim->largest = bytes;
	if (bytes < sim->smallest)
		sim->smallest = bytes;
}

static int sim_recv(void *ctx, struct wd_work *done, int timeout_ms)
{
	struct sim_queue *sq = ctx;

	if (!sq->count)
		return -ENOENT;
	if (!is_ready(sq) && timeout_ms == WD_NO_WAIT)
		return -EAGAIN;
	if (!is_ready(sq) && timeout_ms > 0 &&
	    sq->done_ns[sq->head] - t_sim_now > timeout_ms * 1000000LL) {
		t_sim_now += timeout_ms * 1000000LL;
		return -ETIMEDOUT;
	}
	if (!is_ready(sq))
		t_sim_now = sq->done_ns[sq->head];
	*done = sq->work[sq->head];
	sq->head = (sq->head + 1) % DEPTH;
	sq->count--;
	count(&t_sim[sq - queues], done->req->in_len);
	done->req->status = 0;
	done->req->consumed = done->req->produced = done->req->in_len;
	return 0;
}

/* Whoever sleeps until something is ready wakes up then. */
static void sim_event_seen(void *ctx)
{
	(void)ctx;
	for (unsigned int i = 0; i < sims; i++)
		if (is_ready(&queues[i]))
			return;
	advance();
}

static const struct wd_driver_ops sim_driver = {
	.name = "sim",
	.list = sim_list,
	.open = sim_open,
	.close = sim_close,
	.send = sim_send,
	.recv = sim_recv,
	.event_seen = sim_event_seen,
};

void t_sim_reset(void)
{
	for (unsigned int i = 0; i < T_SIMS_MAX; i++) {
		t_sim[i].requests = t_sim[i].bytes = t_sim[i].largest = 0;
		t_sim[i].smallest = UINT64_MAX;
	}
}

void t_sim_install(unsigned int count_of)
{
	memset(t_sim, 0, sizeof(t_sim));
	t_sim_reset();
	sims = count_of;
	t_sim_now = 1000000000;
	real_clock = lane_clock;
	lane_clock = sim_clock;
	wd_extra_driver = &sim_driver;
}

void t_sim_remove(void)
{
	lane_clock = real_clock;
	wd_extra_driver = NULL;
	sims = 0;
}

void t_sim_sched(struct sched *s, bool cpu)
{
	struct engine_choice choice = { .cpu = cpu };

	for (unsigned int i = 0; i + 1 < sims; i++)
		snprintf(choice.device[choice.devices++], WD_NAME_MAX, "sim-%u",
			 i);
	memset(s, 0, sizeof(*s));
	if (sched_init(s, &choice, 1))
		abort();
	snprintf(s->lanes[sims - 1].device, WD_NAME_MAX, "sim-%u", sims - 1);
}
