/* SPDX-License-Identifier: MIT */
/*
 * A queue that one thread sends to while another receives: each request comes back once,
 * when it is done, and none for another.
 *
 * Which device, and what it is asked to do, is up to the tests.
 */
#ifndef T_TWO_THREADS_H
#define T_TWO_THREADS_H

#include <pthread.h>

#include "internal.h"
#include "t_util.h"

#define T_SLOTS 64u /* requests there are; the queue is not so deep */

/*
 * A request and its memory.
 * @number: of all that are sent
 * @in:     for what is made of the number
 * @ours:   it is not in the queue
 */
struct t_slot {
	struct wd_comp_req req;
	uint64_t number;
	uint8_t in[32], out[64];
	bool ours;
};

/*
 * @open:  request the queue
 * @fill:  the input from the number, and the request but for its user; called by the sender
 * @check: what was done without an error; called by the receiver
 */
struct t_two_threads_ops {
	void (*open)(struct wd_queue *q);
	void (*fill)(struct t_slot *slot);
	void (*check)(const struct t_slot *slot);
};

/*
 * @flush_every: how many requests share a doorbell of the sender; 0: it rings none,
 *               the receiver does
 * @poll:        the receiver does not wait, but asks
 * @sent, @back: counted by the sender and by the receiver
 * @end:         why the sender ended early
 * @status:      that requests came back with, the last that was not 0
 * @next:        of each slot, the number that comes back next
 */
struct t_run {
	const struct t_two_threads_ops *ops;
	struct wd_queue q;
	struct t_slot slots[T_SLOTS];
	uint64_t total;
	unsigned int flush_every;
	bool poll;
	pthread_t sender;
	uint64_t sent, back;
	int end, status;
	uint64_t next[T_SLOTS];
};

/* How many requests: WD_TEST_REQUESTS, or so many. */
uint64_t t_requests(uint64_t otherwise);

/* With a queue that is open; the end releases it. */
struct t_run *t_run_begin(const struct t_two_threads_ops *ops, uint64_t total);
void t_run_end(struct t_run *run);

void t_run_start_sender(struct t_run *run);
void t_run_join_sender(struct t_run *run);
/* Until so many are back.  Returns what ended it: 0 when they are. */
int t_run_receive(struct t_run *run, uint64_t until);
/* One that has to be there; its status. */
int t_run_receive_one(struct t_run *run);

/* All of them there and back; as t_run_receive(). */
int t_run_there_and_back(struct t_run *run);

#endif
