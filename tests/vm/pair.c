/* SPDX-License-Identifier: MIT */
/*
 * One thread sends to a queue of libwd and rings, another receives: small requests, of
 * which each has to come back once, with its own data.
 *
 * usage: pair DEVICE REQUESTS
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <warpdrive/wd_comp.h>

#define SLOTS	64u		/* requests there are */
#define HEAD	5u		/* bytes of a stored block's header */
#define WAIT_MS	120000

/* @ours: it is not in the queue */
struct slot {
	struct wd_comp_req req;
	uint8_t in[HEAD + sizeof(uint64_t)];
	uint64_t out;
	atomic_bool ours;
};

static struct wd_queue q;
static struct slot slots[SLOTS];
static uint64_t total;
static sem_t room;		/* for as many as the queue is deep */

static void fail(const char *what, int ret)
{
	fprintf(stderr, "pair: %s: %s\n", what, wd_strerror(ret));
	exit(1);
}

/* A stream of one stored block: the number itself. */
static void make_request(struct slot *slot, uint64_t number)
{
	static const uint8_t head[HEAD] = { 1, 8, 0, 0xf7, 0xff };

	memcpy(slot->in, head, HEAD);
	memcpy(slot->in + HEAD, &number, sizeof(number));
	slot->out = ~number;
	slot->req = (struct wd_comp_req){
		.op = WD_COMP_DECOMPRESS, .format = WD_COMP_RAW,
		.in = slot->in, .in_len = sizeof(slot->in),
		.out = &slot->out, .out_cap = sizeof(slot->out), .user = slot,
	};
}

static void *send_all(void *arg)
{
	for (uint64_t sent = 0; sent < total;) {
		struct slot *slot = &slots[sent % SLOTS];
		int ret;

		while (sem_wait(&room))
			;
		while (!atomic_load_explicit(&slot->ours, memory_order_acquire))
			sched_yield();
		make_request(slot, sent);
		atomic_store_explicit(&slot->ours, false, memory_order_relaxed);
		while ((ret = wd_send(&q, &slot->req)) == -EBUSY)
			sched_yield();
		if (ret)
			fail("sending", ret);
		ret = wd_flush(&q);
		if (ret)
			fail("flushing", ret);
		sent++;
	}
	return arg;
}

static uint64_t number_of(const struct slot *slot)
{
	uint64_t number;

	memcpy(&number, slot->in + HEAD, sizeof(number));
	return number;
}

/* Returns the next one, waiting for it. */
static struct slot *receive(void)
{
	void *got;
	int ret;

	do {
		ret = wd_recv_sync(&q, &got, WAIT_MS);
		if (ret == -ENOENT)
			sched_yield();
	} while (ret == -ENOENT);
	if (ret)
		fail("receiving", ret);
	return ((struct wd_comp_req *)got)->user;
}

int main(int argc, char **argv)
{
	uint64_t next[SLOTS];
	pthread_t sender;
	int ret;

	if (argc != 3)
		return 2;
	q.device = argv[1];
	total = strtoull(argv[2], NULL, 10);
	ret = wd_request_queue(&q);
	if (ret)
		fail(argv[1], ret);
	for (unsigned int i = 0; i < SLOTS; i++) {
		atomic_store(&slots[i].ours, true);
		next[i] = i;
	}
	sem_init(&room, 0, q.depth);
	if (pthread_create(&sender, NULL, send_all, NULL))
		fail("a thread", -EAGAIN);
	for (uint64_t back = 0; back < total; back++) {
		struct slot *slot = receive();
		uint64_t *want = &next[slot - slots];

		if (slot->req.status)
			fail("a request", slot->req.status);
		if (number_of(slot) != *want || slot->out != *want)
			fail("a result is another one's", -EBADMSG);
		*want += SLOTS;
		atomic_store_explicit(&slot->ours, true, memory_order_release);
		sem_post(&room);
	}
	pthread_join(sender, NULL);
	wd_release_queue(&q);
	printf("%llu requests\n", (unsigned long long)total);
	return 0;
}
