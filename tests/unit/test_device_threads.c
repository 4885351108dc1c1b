/* SPDX-License-Identifier: MIT */
/*
 * A queue of a device that one thread sends to while another receives.  The device is
 * t_device.c with a thread of its own, which often sleeps.
 *
 * How many requests: WD_TEST_REQUESTS, for long runs:
 *
 *     WD_TEST_REQUESTS=10000000 build/tsan/tests/unit/test_device_threads
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t_device.h"
#include "t_two_threads.h"

#include <cmocka.h>

#define REQUESTS    50000u
#define STORED_HEAD 5u
#define STORED_LEN  (STORED_HEAD + sizeof(uint64_t))

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

static void open_queue(struct wd_queue *q)
{
	q->device = "dummy";
	assert_int_equal(wd_request_queue(q), 0);
}

/* The number is the input. */
static void store_number(struct t_slot *slot)
{
	slot->req = (struct wd_comp_req){
		.in = &slot->number,
		.in_len = sizeof(slot->number),
		.out = slot->out,
		.out_cap = STORED_LEN,
		.format = WD_COMP_RAW,
		.level = 1,
	};
}

static void check_stored(const struct t_slot *slot)
{
	assert_int_equal(slot->req.produced, STORED_LEN);
	assert_memory_equal(slot->out + STORED_HEAD, &slot->number,
			    sizeof(slot->number));
}

static const struct t_two_threads_ops ops = {
	.open = open_queue,
	.fill = store_number,
	.check = check_stored,
};

static void all_come_back(unsigned int flush_every, bool poll,
			  unsigned int looks)
{
	uint64_t total = t_requests(REQUESTS);
	struct t_run *run;

	t_device.looks = looks;
	run = t_run_begin(&ops, total);
	run->flush_every = flush_every;
	run->poll = poll;
	assert_int_equal(t_run_there_and_back(run), 0);
	assert_int_equal(run->status, 0);
	assert_int_equal(run->sent, total);
	t_run_end(run);
	assert_int_equal(t_device.requests, total);
	assert_int_equal(t_device.stopped, 1);
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
	(void)state;
	t_device.slow_us = 50;
	for (int n = 1; n <= 24; n++) {
		struct t_run *run;
		int ret;

		t_device.wake_fails_after = n;
		/* Or it is woken, and that fails, while it works. */
		t_device.looks_asleep = n > 4;
		t_device.looks = n % 3 ? 0 : 5;
		run = t_run_begin(&ops, 1000000);
		run->flush_every = n > 8 || n % 2;
		run->poll = n > 8 || n % 4 < 2;
		ret = t_run_there_and_back(run);
		/* The sender may have ended first; what it had sent then is still there. */
		while (run->back < run->sent)
			assert_int_equal(t_run_receive_one(run), -ENODEV);
		assert_int_equal(ret, -ENODEV);
		assert_int_equal(run->end, -ENODEV);
		assert_int_equal(run->back, run->sent);
		/* The device would have written after they came back. */
		for (size_t i = 0; i < T_SLOTS && i < run->back; i++)
			for (size_t k = 0; k < sizeof(run->slots[i].out); k++)
				if (run->slots[i].ours)
					assert_int_equal(run->slots[i].out[k],
							 0xee);
		t_run_end(run);
	}
}

static void t_polling_alone_finds_out_that_nothing_comes(void **state)
{
	struct t_run *run = t_run_begin(&ops, 1);
	void *got;
	int ret;

	(void)state;
	t_device.lose = 1;
	wd_stall_ms = 50;
	run->slots[0].req = (struct wd_comp_req){
		.in = "abc",
		.in_len = 3,
		.out = run->slots[0].out,
		.out_cap = STORED_LEN,
		.format = WD_COMP_RAW,
		.level = 1,
	};
	assert_int_equal(wd_send(&run->q, &run->slots[0].req), 0);
	do {
		ret = wd_recv(&run->q, &got);
	} while (ret == -EAGAIN);
	wd_stall_ms = 60000;
	assert_int_equal(ret, 0);
	assert_int_equal(run->slots[0].req.status, -ETIMEDOUT);
	assert_int_equal(wd_recv(&run->q, &got), -ENODEV);
	t_run_end(run);
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
