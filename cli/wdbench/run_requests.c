/* SPDX-License-Identifier: MIT */
/*
 * Requests of one block each, by one or more clients with a queue of their own.
 *
 * In a closed loop a client sends the next request when one has come back, so an
 * engine that stops also stops being asked: its pause is one slow request.  In an
 * open loop requests are due at times that are fixed before (schedule.h), and
 * each is timed from then on.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "providers.h"
#include "run.h"
#include "schedule.h"
#include "verify.h"

#define NS		1000000000u
#define MS		1000000u	/* ns */
#define SPIN_NS		50000u		/* before a time that is due, sleep no more */
#define LOOK_MS		100u /* a request that was lost has no event */

struct requests;

/* One request that can be in flight. */
struct slot {
	struct wd_comp_req req;
	const struct block *block;
	uint64_t begun;
	uint8_t *out;
};

/*
 * struct client - one thread with a queue, or with a context of a reference
 * @provider: number of the device that has the queue
 * @free:   slots that are not in flight, @n_free of them
 * @next:   block of the next request
 * @done:   requests completed in this round
 * @bytes:  uncompressed, of these
 */
struct client {
	struct requests *all;
	uint32_t number;
	unsigned int provider;
	pthread_t thread;
	struct wd_queue queue;
	bool has_queue;
	void *context;
	struct slot *slots;
	struct slot **free;
	uint32_t n_free;
	size_t next;
	uint64_t done;
	uint64_t bytes;
	uint64_t missed;
	uint64_t stalled;		/* requests since the last stall */
	struct hist latency;
	int error;
};

/*
 * struct requests - all clients
 * @workers: threads wanted behind each queue
 * @made:    bytes that each block becomes on each of the @providers, if it is compressed
 */
struct requests {
	struct result *r;
	struct pack pack;
	size_t out_cap;
	struct providers providers;
	uint32_t workers;
	size_t *made;
	struct client *clients;
	uint64_t begin, end;
};

/* Slot @i of all clients'. */
static struct slot *slot_at(const struct requests *all, uint32_t i)
{
	uint32_t depth = all->r->setup.depth;

	return &all->clients[i / depth].slots[i % depth];
}

static bool compresses(const struct requests *all)
{
	return all->r->setup.op == WD_COMP_COMPRESS;
}

/* What @b becomes on this client's queue; another device may make less or more of it. */
static size_t *made_at(const struct client *c, const struct block *b)
{
	const struct pack *pack = &c->all->pack;

	return &c->all->made[c->provider * pack->count +
			     (size_t)(b - pack->blocks)];
}

/* ---- one request ---- */

static struct slot *take_slot(struct client *c)
{
	struct slot *slot = c->free[--c->n_free];

	slot->block = &c->all->pack.blocks[c->next];
	c->next = c->next + 1 < c->all->pack.count ? c->next + 1 : 0;
	return slot;
}

static void put_slot(struct client *c, struct slot *slot)
{
	c->free[c->n_free++] = slot;
}

static void fill_request(struct client *c, struct slot *slot)
{
	const struct setup *s = &c->all->r->setup;
	struct wd_comp_req *req = &slot->req;

	req->op = (uint8_t)s->op;
	req->format = (uint8_t)s->format;
	req->level = (uint8_t)(compresses(c->all) ? s->level : 0);
	req->in = compresses(c->all) ? slot->block->plain : slot->block->packed;
	req->in_len = compresses(c->all) ? slot->block->plain_len :
					   slot->block->packed_len;
	req->out = slot->out;
	req->out_cap = c->all->out_cap;
	req->user = slot;
}

/* What can be told without decoding: all blocks were decoded once before. */
static int judge(const struct client *c, const struct slot *slot)
{
	const struct block *b = slot->block;
	size_t want = compresses(c->all) ? *made_at(c, b) : b->plain_len;

	if (slot->req.status)
		return slot->req.status;
	if (slot->req.checksum != b->sum)
		return -EBADMSG;
	return slot->req.produced == want ? 0 : -EBADMSG;
}

static void finish(struct client *c, struct slot *slot, uint64_t now)
{
	int ret = judge(c, slot);

	if (ret && !c->error)
		c->error = ret;
	hist_add(&c->latency, now - slot->begun);
	c->done++;
	c->bytes += slot->block->plain_len;
	put_slot(c, slot);
}

/* ---- references: one at a time ---- */

static void sleep_until(uint64_t when)
{
	struct timespec ts = {
		.tv_sec = (time_t)(when / NS),
		.tv_nsec = (long)(when % NS),
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void maybe_stall(struct client *c)
{
	const struct setup *s = &c->all->r->setup;

	if (!s->stall_ns || ++c->stalled < s->stall_every)
		return;
	c->stalled = 0;
	sleep_until(runner_now() + s->stall_ns);
}

static void run_reference(struct client *c, uint64_t begun)
{
	const struct reference *ref = c->all->r->setup.reference;
	struct slot *slot = take_slot(c);

	fill_request(c, slot);
	slot->begun = begun;
	maybe_stall(c);
	slot->req.status = ref->run(c->context, slot->req.in, slot->req.in_len,
				    slot->out, slot->req.out_cap, &slot->req.produced);
	/* A reference does not tell it; zlib looks at the output later. */
	slot->req.checksum = slot->block->sum;
	finish(c, slot, runner_now());
}

static bool goes_on(const struct client *c, uint64_t now)
{
	return now < c->all->end && !c->error && !bench_stop;
}

static void reference_closed(struct client *c)
{
	uint64_t now = runner_now();

	do {
		run_reference(c, now);
		now = runner_now();
	} while (goes_on(c, now));
}

/* ---- queues ---- */

/* Returns 0, -EBUSY if the queue takes no more, or another error. */
static int send(struct client *c, uint64_t begun)
{
	struct slot *slot = take_slot(c);
	int ret;

	fill_request(c, slot);
	slot->begun = begun;
	ret = wd_send(&c->queue, &slot->req);
	if (ret)
		put_slot(c, slot);
	return ret;
}

static uint32_t in_flight(const struct client *c)
{
	return c->all->r->setup.depth - c->n_free;
}

/* Returns 0 with a request, -EAGAIN without, or another error. */
static int receive(struct client *c, int timeout_ms)
{
	void *req;
	int ret;

	if (timeout_ms == WD_NO_WAIT)
		ret = wd_recv(&c->queue, &req);
	else
		ret = wd_recv_sync(&c->queue, &req, timeout_ms);
	if (!ret)
		finish(c, ((struct wd_comp_req *)req)->user, runner_now());
	return ret;
}

/*
 * Wait for an event of the queue, until @when at most; 0 for any time.  The library
 * finds out about what a device has lost when it is asked.
 */
static void wait_event(struct client *c, uint64_t when)
{
	struct pollfd pfd = { .fd = c->queue.fd, .events = POLLIN };
	uint64_t now = runner_now();
	uint64_t left = LOOK_MS * (uint64_t)MS;
	struct timespec ts;

	if (when && when <= now)
		return;
	if (when && when - now < left)
		left = when - now;
	ts = (struct timespec){
		.tv_sec = (time_t)(left / NS),
		.tv_nsec = (long)(left % NS),
	};
	ppoll(&pfd, 1, &ts, NULL);
}

static int receive_one(struct client *c)
{
	int ret;

	if (c->all->r->setup.wait == WAIT_SYNC)
		return receive(c, WD_WAIT_FOREVER);
	while ((ret = receive(c, WD_NO_WAIT)) == -EAGAIN)
		if (c->all->r->setup.wait == WAIT_EVENT)
			wait_event(c, 0);
	return ret;
}

static int fill_queue(struct client *c)
{
	int ret = 0;

	while (c->n_free && !ret)
		ret = send(c, runner_now());
	return ret == -EBUSY && in_flight(c) ? 0 : ret;
}

static void drain(struct client *c)
{
	int ret = 0;

	while (in_flight(c) && !ret)
		ret = receive_one(c);
	if (ret && !c->error)
		c->error = ret;
}

static void queue_closed(struct client *c)
{
	int ret;

	do {
		ret = fill_queue(c);
		if (!ret)
			ret = receive_one(c);
	} while (!ret && goes_on(c, runner_now()));
	if (ret && !c->error)
		c->error = ret;
	drain(c);
}

/* ---- open loops ---- */

/* What was due and never begun had waited so long at least. */
static void count_missed(struct client *c, const struct schedule *s)
{
	uint64_t now = runner_now();

	for (uint64_t i = s->begun; i < s->count && schedule_time(s, i) <= now; i++) {
		hist_add(&c->latency, now - schedule_time(s, i));
		c->missed++;
	}
}

/* An engine that is too slow gets as long again to catch up. */
static bool gives_up(const struct client *c, uint64_t now)
{
	return now > c->all->end + (c->all->end - c->all->begin) || c->error ||
	       bench_stop;
}

static void reference_open(struct client *c, struct schedule *s)
{
	while (s->begun < s->count && !gives_up(c, runner_now())) {
		uint64_t due = schedule_time(s, s->begun);

		if (c->all->r->setup.wait != WAIT_POLL && due > runner_now() + SPIN_NS)
			sleep_until(due - SPIN_NS);
		while (runner_now() < due)
			;
		s->begun++;
		run_reference(c, due);
	}
}

/* Returns 0 or an error of the queue. */
static int send_due(struct client *c, struct schedule *s, uint64_t now)
{
	uint64_t due = schedule_due(s, now);
	int ret = 0;

	while (due-- && c->n_free && !ret) {
		ret = send(c, schedule_time(s, s->begun));
		if (!ret)
			s->begun++;
	}
	return ret == -EBUSY ? 0 : ret;
}

/*
 * Nothing is due and nothing has come back: wait, but not past the next time that
 * is due.  Less than a wait can be trusted with is spent asking.
 */
static int rest(struct client *c, const struct schedule *s)
{
	enum bench_wait how = c->all->r->setup.wait;
	uint64_t now = runner_now();
	uint64_t due = now + NS;	/* for a free slot at most */

	if (s->begun < s->count && c->n_free)
		due = schedule_time(s, s->begun);
	if (how == WAIT_POLL || due <= now + SPIN_NS)
		return -EAGAIN;
	if (!in_flight(c)) {
		sleep_until(due - SPIN_NS);
		return -EAGAIN;
	}
	if (how == WAIT_EVENT) {
		wait_event(c, due - SPIN_NS);
		return -EAGAIN;
	}
	return due - now < MS ? -EAGAIN : receive(c, (int)((due - now) / MS));
}

static void queue_open(struct client *c, struct schedule *s)
{
	int ret = 0;

	while ((s->begun < s->count || in_flight(c)) && !ret) {
		uint64_t now = runner_now();

		if (gives_up(c, now))
			break;
		ret = send_due(c, s, now);
		if (ret)
			break;
		ret = in_flight(c) ? receive(c, WD_NO_WAIT) : -EAGAIN;
		if (ret == -EAGAIN)
			ret = rest(c, s);
		if (ret == -EAGAIN || ret == -ETIMEDOUT)
			ret = 0;
	}
	if (ret && !c->error)
		c->error = ret;
	drain(c);
}

static void run_open(struct client *c)
{
	const struct setup *s = &c->all->r->setup;
	struct schedule schedule;

	schedule_init(&schedule, c->all->begin, s->rate,
		      (double)(c->all->end - c->all->begin) / NS, c->number, s->queues);
	if (s->reference)
		reference_open(c, &schedule);
	else
		queue_open(c, &schedule);
	count_missed(c, &schedule);
}

/* ---- rounds ---- */

static void *client_thread(void *arg)
{
	struct client *c = arg;

	if (c->all->r->setup.mode == MODE_OPEN)
		run_open(c);
	else if (c->context)
		reference_closed(c);
	else
		queue_closed(c);
	return NULL;
}

static int run_clients(struct requests *all)
{
	uint32_t count = all->r->setup.queues, started = 1;
	int ret = 0;

	while (started < count &&
	       !pthread_create(&all->clients[started].thread, NULL, client_thread,
			       &all->clients[started]))
		started++;
	if (started == count)
		client_thread(&all->clients[0]);
	else
		ret = -EAGAIN;
	for (uint32_t i = 1; i < started; i++)
		pthread_join(all->clients[i].thread, NULL);
	for (uint32_t i = 0; i < count && !ret; i++)
		ret = all->clients[i].error;
	return ret;
}

static void collect_share(const struct client *c)
{
	struct share *share = &c->all->r->shares[c->provider];

	share->requests += c->done;
	share->bytes += c->bytes;
}

static void collect(struct requests *all, struct round *round)
{
	for (uint32_t i = 0; i < all->r->setup.queues; i++) {
		struct client *c = &all->clients[i];

		round->requests += c->done;
		round->bytes += c->bytes;
		all->r->missed += c->missed;
		hist_merge(all->r->latency, &c->latency);
		if (all->r->shares)
			collect_share(c);
		memset(&c->latency, 0, sizeof(c->latency));
		c->done = c->bytes = c->missed = 0;
	}
}

/* Cold memory: the pages of the slots go away between rounds. */
static int renew_slot(struct requests *all, struct slot *slot)
{
	slot->block = NULL;
	if (!all->r->setup.cold) {
		verify_spoil(slot->out, all->out_cap);
		return 0;
	}
	runner_unmap(slot->out, all->out_cap);
	slot->out = runner_map(all->out_cap);
	return slot->out ? 0 : -ENOMEM;
}

static int renew_slots(struct requests *all)
{
	const struct setup *s = &all->r->setup;
	int ret = 0;

	for (uint32_t i = 0; i < s->queues * s->depth && !ret; i++)
		ret = renew_slot(all, slot_at(all, i));
	return ret;
}

static int requests_run(void *state, double seconds, struct round *round)
{
	struct requests *all = state;
	int ret = renew_slots(all);

	all->begin = runner_now();
	all->end = all->begin + (uint64_t)(seconds * NS);
	if (!ret)
		ret = run_clients(all);
	round->seconds = (double)(runner_now() - all->begin) / NS;
	if (ret)
		return runner_fail(all->r, all->r->setup.engine, ret);
	collect(all, round);
	return 0;
}

/* The last output that each slot got. */
static int requests_check(void *state)
{
	struct requests *all = state;
	const struct setup *s = &all->r->setup;

	for (uint32_t i = 0; i < s->queues * s->depth; i++) {
		const struct slot *slot = slot_at(all, i);
		const struct block *b = slot->block;
		int ret = 0;

		if (!b)
			continue;
		if (compresses(all))
			ret = verify_packed(s->format, slot->out, slot->req.produced,
					    b->plain, b->plain_len);
		else if (memcmp(slot->out, b->plain, b->plain_len))
			ret = -EBADMSG;
		if (ret)
			return runner_fail(all->r, "wrong output", ret);
	}
	return 0;
}

/* ---- opening ---- */

static int open_queue(struct client *c)
{
	struct setup *s = &c->all->r->setup;
	int ret;

	c->queue.device = c->all->providers.name[c->provider];
	c->queue.depth = s->depth;
	c->queue.workers = c->all->workers;
	ret = wd_request_queue(&c->queue);
	if (ret)
		return ret;
	c->has_queue = true;
	c->all->r->shares[c->provider].queues++;
	if (s->threads < c->queue.workers)
		s->threads = c->queue.workers;
	if (s->wait == WAIT_EVENT && c->queue.fd < 0)
		return -ENOTSUP;
	return c->queue.depth < s->depth ? -ERANGE : 0;
}

static int open_engine(struct client *c)
{
	const struct setup *s = &c->all->r->setup;

	if (!s->reference)
		return open_queue(c);
	c->context = s->reference->open(s->op, s->format, s->level);
	return c->context ? 0 : -ENOMEM;
}

static int open_client(struct client *c)
{
	uint32_t depth = c->all->r->setup.depth;

	c->slots = calloc(depth, sizeof(*c->slots));
	c->free = calloc(depth, sizeof(*c->free));
	if (!c->slots || !c->free)
		return -ENOMEM;
	for (uint32_t i = 0; i < depth; i++) {
		c->slots[i].out = runner_map(c->all->out_cap);
		if (!c->slots[i].out)
			return -ENOMEM;
		if (!c->all->r->setup.cold)
			memset(c->slots[i].out, 1, c->all->out_cap);
		put_slot(c, &c->slots[i]);
	}
	return open_engine(c);
}

static int run_once(struct client *c, struct slot *slot)
{
	const struct reference *ref = c->all->r->setup.reference;
	void *req;
	int ret;

	fill_request(c, slot);
	if (ref)
		return ref->run(c->context, slot->req.in, slot->req.in_len, slot->out,
				slot->req.out_cap, &slot->req.produced);
	ret = wd_send(&c->queue, &slot->req);
	if (!ret)
		ret = wd_recv_sync(&c->queue, &req, WD_WAIT_FOREVER);
	return ret ? ret : slot->req.status;
}

/* It is right, and what comes later is compared with it. */
static int learn_output(struct client *c, const struct block *b)
{
	struct slot *slot = take_slot(c);
	int ret;

	slot->block = b;
	ret = run_once(c, slot);
	if (!ret && compresses(c->all)) {
		ret = verify_packed(c->all->r->setup.format, slot->out,
				    slot->req.produced, b->plain, b->plain_len);
		*made_at(c, b) = slot->req.produced;
	} else if (!ret && (slot->req.produced != b->plain_len ||
			    memcmp(slot->out, b->plain, b->plain_len))) {
		ret = -EBADMSG;
	}
	slot->block = NULL;
	put_slot(c, slot);
	return ret;
}

/* One after the other on the first client of each device. */
static int learn_outputs(struct requests *all)
{
	const struct pack *pack = &all->pack;
	unsigned int devices = all->providers.count;
	uint64_t made = 0;
	int ret = 0;

	for (unsigned int i = 0; i < devices; i++)
		for (size_t k = 0; k < pack->count && !ret && !bench_stop; k++)
			ret = learn_output(&all->clients[i], &pack->blocks[k]);
	for (size_t k = 0; k < devices * pack->count; k++)
		made += all->made[k];
	all->r->packed = compresses(all) ? made / devices : pack->packed_len;
	return ret;
}

/* A reference is one for all clients; with fewer queues than devices, the first ones. */
static int find_providers(struct requests *all)
{
	struct providers *p = &all->providers;
	struct result *r = all->r;

	if (r->setup.reference) {
		p->count = 1;
		return 0;
	}
	if (providers_find(p, r) < 0)
		return -1;
	if (p->count > r->setup.queues)
		p->count = r->setup.queues;
	r->shares = calloc(p->count, sizeof(*r->shares));
	if (!r->shares)
		return runner_fail(r, "preparing", -ENOMEM);
	r->n_shares = p->count;
	for (unsigned int i = 0; i < p->count; i++)
		strcpy(r->shares[i].name, p->name[i]);
	all->workers = r->setup.threads;
	r->setup.threads = 0;
	return 0;
}

static int prepare(struct requests *all)
{
	struct result *r = all->r;

	r->latency = calloc(1, sizeof(*r->latency));
	if (pack_make(&all->pack, r, r->setup.block) < 0 ||
	    find_providers(all) < 0)
		return -1;
	r->setup.block = all->pack.plain_max;
	all->out_cap = compresses(all) ? pack_bound(all->pack.plain_max) :
					 all->pack.plain_max;
	all->made = calloc(all->pack.count * all->providers.count,
			   sizeof(*all->made));
	all->clients = calloc(r->setup.queues, sizeof(*all->clients));
	if (!all->made || !all->clients || !r->latency)
		return runner_fail(r, "preparing", -ENOMEM);
	return 0;
}

static int open_clients(struct requests *all)
{
	uint32_t count = all->r->setup.queues;
	int ret = 0;

	for (uint32_t i = 0; i < count && !ret; i++) {
		struct client *c = &all->clients[i];

		c->all = all;
		c->number = i;
		c->provider = i % all->providers.count;
		c->next = i * all->pack.count / count;
		ret = open_client(c);
	}
	return ret;
}

static int requests_open(struct result *r, void **state)
{
	struct requests *all = *state = calloc(1, sizeof(*all));
	int ret;

	if (!all)
		return runner_fail(r, "preparing", -ENOMEM);
	all->r = r;
	if (prepare(all) < 0)
		return -1;
	ret = open_clients(all);
	if (!ret)
		ret = learn_outputs(all);
	if (ret == -ENOTSUP)
		return runner_fail(r, "--wait=event: its queues have no descriptor", ret);
	if (ret == -ERANGE)
		return runner_fail(r, "--depth: more than its queues take", ret);
	if (ret)
		return runner_fail(r, r->setup.engine, ret);
	if (r->setup.reference)
		snprintf(r->codec, sizeof(r->codec), "%s %s", r->setup.reference->name,
			 r->setup.reference->version());
	return 0;
}

static void close_client(struct client *c)
{
	if (!c->all)
		return;
	if (c->has_queue)
		wd_release_queue(&c->queue);
	if (c->context)
		c->all->r->setup.reference->close(c->context);
	for (uint32_t i = 0; c->slots && i < c->all->r->setup.depth; i++)
		runner_unmap(c->slots[i].out, c->all->out_cap);
	free(c->slots);
	free(c->free);
}

static void requests_close(void *state)
{
	struct requests *all = state;

	if (!all)
		return;
	for (uint32_t i = 0; all->clients && i < all->r->setup.queues; i++)
		close_client(&all->clients[i]);
	free(all->clients);
	free(all->made);
	pack_free(&all->pack);
	free(all);
}

const struct runner_ops request_runner = {
	requests_open, requests_run, requests_check, requests_close,
};
