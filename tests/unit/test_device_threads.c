/* SPDX-License-Identifier: MIT */
/*
 * A queue of a device that one thread sends to while another receives.  The device is
 * t_device.c with a thread of its own, which often sleeps.
 *
 * How many requests: WD_TEST_REQUESTS, for long runs:
 *
 *     WD_TEST_REQUESTS=10000000 build/tsan/tests/unit/test_device_threads
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <warpdrive/wd_comp.h>

#include "internal.h"
#include "t_device.h"
#include "t_util.h"

#define REQUESTS	50000u
#define SLOTS		64u	/* requests there are; the queue is not so deep */
#define STORED_HEAD	5u

static int setup(void **state)
{
	(void)state;
	t_device_install();
	t_device.threaded = true;
	t_device.store = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	t_device_remove();
	return t_device.opened != t_device.closed || t_device.mapped != t_device.unmapped;
}

/*
 * A request and its memory.
 * @number: of all that are sent, also its input
 * @ours:   it is not in the queue
 */
struct slot {
	struct wd_comp_req req;
	uint64_t number;
	uint8_t out[STORED_HEAD + sizeof(uint64_t)];
	bool ours;
};

/*
 * @flush_every: how many requests share a doorbell of the sender; 0: it rings none,
 *               the receiver does
 * @poll:        the receiver does not wait, but asks
 * @sent, @back: counted by the sender and by the receiver
 */
struct run {
	struct wd_queue q;
	struct slot slots[SLOTS];
	uint64_t total;
	unsigned int flush_every;
	bool poll;
	uint64_t sent, back;
	int end;		/* why the sender ended early */
};

static uint64_t requests(void)
{
	const char *text = getenv("WD_TEST_REQUESTS");

	return text ? strtoull(text, NULL, 10) : REQUESTS;
}

static void *send_all(void *arg)
{
	struct run *run = arg;

	while (run->sent < run->total) {
		struct slot *slot = &run->slots[run->sent % SLOTS];
		int ret;

		if (!__atomic_load_n(&slot->ours, __ATOMIC_ACQUIRE)) {
			sched_yield();
			continue;
		}
		slot->number = run->sent;
		slot->req = (struct wd_comp_req){
			.in = &slot->number, .in_len = sizeof(slot->number),
			.out = slot->out, .out_cap = sizeof(slot->out),
			.format = WD_COMP_RAW, .level = 1, .user = slot,
		};
		__atomic_store_n(&slot->ours, false, __ATOMIC_RELAXED);
		ret = wd_send(&run->q, &slot->req);
		if (ret)
			__atomic_store_n(&slot->ours, true, __ATOMIC_RELAXED);
		else
			run->sent++;
		if (ret == -EBUSY)
			sched_yield();
		else if (ret)
			run->end = ret;
		if (run->flush_every && (ret || run->sent % run->flush_every == 0))
			wd_flush(&run->q);
		if (run->end)
			break;
	}
	wd_flush(&run->q);
	return NULL;
}

/* One that came back, and nobody writes to any more. */
static void take(struct run *run, struct wd_comp_req *req, uint64_t *seen)
{
	struct slot *slot = req->user;
	size_t i = (size_t)(slot - run->slots);

	assert_ptr_equal(req, &slot->req);
	assert_false(__atomic_load_n(&slot->ours, __ATOMIC_RELAXED));
	/* Each once, and none for the other. */
	assert_int_equal(slot->number, seen[i]);
	seen[i] += SLOTS;
	if (!req->status) {
		assert_int_equal(req->produced, sizeof(slot->out));
		assert_memory_equal(slot->out + STORED_HEAD, &slot->number,
				    sizeof(slot->number));
	}
	memset(slot->out, 0xee, sizeof(slot->out));
	__atomic_store_n(&slot->ours, true, __ATOMIC_RELEASE);
	run->back++;
}

/* Returns what ended it: 0 when all are back. */
static int receive_all(struct run *run, int *status)
{
	uint64_t seen[SLOTS];
	void *got;
	int ret;

	for (size_t i = 0; i < SLOTS; i++)
		seen[i] = i;
	while (run->back < run->total) {
		ret = run->poll ? wd_recv(&run->q, &got) :
				  wd_recv_sync(&run->q, &got, WD_WAIT_FOREVER);
		if (ret == -EAGAIN || ret == -ENOENT) {
			sched_yield();
			continue;
		}
		if (ret)
			return ret;
		if (((struct wd_comp_req *)got)->status)
			*status = ((struct wd_comp_req *)got)->status;
		take(run, got, seen);
	}
	return 0;
}

static struct run *begin(uint64_t total)
{
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->q.device = "dummy";
	run->total = total;
	for (size_t i = 0; i < SLOTS; i++)
		run->slots[i].ours = true;
	assert_int_equal(wd_request_queue(&run->q), 0);
	return run;
}

/* All of them there and back; what they came back with that is not 0. */
static int there_and_back(struct run *run, int *status)
{
	pthread_t sender;
	int ret;

	*status = 0;
	assert_int_equal(pthread_create(&sender, NULL, send_all, run), 0);
	ret = receive_all(run, status);
	pthread_join(sender, NULL);
	return ret;
}

static void all_come_back(unsigned int flush_every, bool poll, unsigned int looks)
{
	struct run *run;
	int status;

	t_device.looks = looks;
	run = begin(requests());
	run->flush_every = flush_every;
	run->poll = poll;
	assert_int_equal(there_and_back(run, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(run->sent, run->total);
	wd_release_queue(&run->q);
	assert_int_equal(t_device.requests, run->total);
	assert_int_equal(t_device.stopped, 1);
	free(run);
}

static void t_one_thread_sends_and_rings_while_another_receives(void **state)
{
	(void)state;
	all_come_back(1, false, 20);
}

static void t_one_thread_sends_and_rings_while_another_asks(void **state)
{
	(void)state;
	all_come_back(1, true, 20);
}

static void t_one_thread_sends_and_another_rings_and_receives(void **state)
{
	(void)state;
	all_come_back(0, true, 20);
}

static void t_a_device_that_always_sleeps_is_woken(void **state)
{
	(void)state;
	all_come_back(3, false, 0);
}

/*
 * Whoever finds out that the device is lost, what was sent comes back when the device
 * does not write to it any more, each once, and then nothing more can be sent.
 */
static void t_a_device_is_lost_while_two_threads_use_it(void **state)
{
	struct run *run;

	(void)state;
	t_device.slow_us = 50;
	for (int n = 1; n <= 24; n++) {
		int status, ret;

		t_device.wake_fails_after = n;
		/* Or it is woken, and that fails, while it works. */
		t_device.looks_asleep = n > 4;
		t_device.looks = n % 3 ? 0 : 5;
		run = begin(1000000);
		run->flush_every = n > 8 || n % 2;
		run->poll = n > 8 || n % 4 < 2;
		ret = there_and_back(run, &status);
		/* The sender may have ended first; what it had sent then is still there. */
		while (run->back < run->sent) {
			void *got;

			assert_int_equal(wd_recv(&run->q, &got), 0);
			assert_int_equal(((struct wd_comp_req *)got)->status, -ENODEV);
			run->back++;
		}
		assert_int_equal(ret, -ENODEV);
		assert_int_equal(run->end, -ENODEV);
		assert_int_equal(run->back, run->sent);
		/* The device would have written after they came back. */
		for (size_t i = 0; i < SLOTS && i < run->back; i++)
			for (size_t k = 0; k < sizeof(run->slots[i].out); k++)
				if (run->slots[i].ours)
					assert_int_equal(run->slots[i].out[k], 0xee);
		wd_release_queue(&run->q);
		free(run);
	}
}

static void t_polling_alone_finds_out_that_nothing_comes(void **state)
{
	struct run *run = begin(1);
	void *got;
	int ret;

	(void)state;
	t_device.lose = 1;
	wd_stall_ms = 50;
	run->slots[0].req = (struct wd_comp_req){
		.in = "abc", .in_len = 3, .out = run->slots[0].out, .out_cap = 13,
		.format = WD_COMP_RAW, .level = 1,
	};
	assert_int_equal(wd_send(&run->q, &run->slots[0].req), 0);
	do {
		ret = wd_recv(&run->q, &got);
	} while (ret == -EAGAIN);
	wd_stall_ms = 60000;
	assert_int_equal(ret, 0);
	assert_int_equal(run->slots[0].req.status, -ETIMEDOUT);
	assert_int_equal(wd_recv(&run->q, &got), -ENODEV);
	wd_release_queue(&run->q);
	free(run);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_one_thread_sends_and_rings_while_another_receives),
		TEST(t_one_thread_sends_and_rings_while_another_asks),
		TEST(t_one_thread_sends_and_another_rings_and_receives),
		TEST(t_a_device_that_always_sleeps_is_woken),
		TEST(t_a_device_is_lost_while_two_threads_use_it),
		TEST(t_polling_alone_finds_out_that_nothing_comes),
	};

	if (!getenv("WD_TEST_REQUESTS"))
		alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
