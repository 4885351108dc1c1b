/* SPDX-License-Identifier: MIT */
/*
 * For how long a device without an answer is waited for.  The clock is the test's.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "drv/inflight.h"
#include "t_util.h"

#define ROOM   16u
#define MS     1000000LL
#define SECOND (1000 * MS)
#define MIB    ((size_t)1 << 20)

static struct inflight f;
static struct wd_comp_req reqs[ROOM];
static int64_t now;
static unsigned int sent, given_up;

static int let_go(void *ctx, int err)
{
	(void)ctx;
	assert_int_equal(err, -ETIMEDOUT);
	given_up++;
	return 0;
}

static void send(size_t bytes)
{
	struct wd_comp_req *req = &reqs[sent % ROOM];
	struct wd_work work = wd_work_request(req);
	struct inflight_slot *slot = inflight_next(&f);

	assert_non_null(slot);
	req->in_len = bytes;
	assert_int_equal(inflight_put(&f, slot, &work), 0);
	sent++;
}

/* The oldest is answered. */
static void answer(void)
{
	struct inflight_slot *slot = inflight_find(&f, inflight_head(&f), 1);

	assert_non_null(slot);
	inflight_free(&f, slot);
}

/* Look every few milliseconds; returns those until the queue was given up, or @ms. */
static int64_t look_for(int64_t ms)
{
	int64_t begun = now;

	while (inflight_patience(&f, now) && now - begun < ms * MS)
		now += 5 * MS;
	return (now - begun) / MS;
}

/* @times requests of @bytes, each of which takes @ms. */
static void answer_in(unsigned int times, size_t bytes, int64_t ms)
{
	while (times--) {
		send(bytes);
		assert_int_equal(look_for(ms), ms);
		answer();
		assert_true(inflight_none(&f));
	}
	assert_int_equal(given_up, 0);
}

static int set_up(void **state)
{
	(void)state;
	given_up = sent = 0;
	now = 5000 * SECOND;
	return inflight_init(&f, ROOM, sizeof(struct inflight_slot), let_go,
			     &f);
}

static int tear_down(void **state)
{
	(void)state;
	wd_stall_ms = 60000;
	inflight_exit(&f);
	return 0;
}

static void t_an_unknown_device_has_time(void **state)
{
	(void)state;
	send(100);
	assert_in_range(look_for(100000), 2000, 2010);
	assert_int_equal(given_up, 1);
}

static void t_an_unknown_device_has_a_second_for_each_mib(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		send(2 * MIB);
	assert_in_range(look_for(100000), 8000, 9010);
	assert_int_equal(given_up, 1);
}

static void t_no_device_has_more_than_the_stall_limit(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		send(1000 * MIB);
	assert_in_range(look_for(100000), 60000, 60010);
	assert_int_equal(given_up, 1);
}

static void t_the_stall_limit_can_be_less_than_all_others(void **state)
{
	(void)state;
	wd_stall_ms = 70;
	send(100);
	assert_in_range(look_for(1000), 70, 75);
	assert_int_equal(given_up, 1);
}

static void t_a_fast_device_has_a_second(void **state)
{
	(void)state;
	answer_in(100, 100, 5);
	send(100);
	assert_in_range(look_for(100000), 1000, 1005);
	assert_int_equal(given_up, 1);
}

static void t_a_slow_device_has_as_much_longer(void **state)
{
	(void)state;
	answer_in(3, 100, 200);
	send(100);
	assert_in_range(look_for(100000), 32 * 200, 32 * 210);
	assert_int_equal(given_up, 1);
}

static void t_more_in_flight_has_as_much_longer(void **state)
{
	(void)state;
	answer_in(3, MIB, 100);
	for (int i = 0; i < 4; i++)
		send(MIB);
	assert_in_range(look_for(100000), 4 * 32 * 100, 4 * 32 * 110);
	assert_int_equal(given_up, 1);
}

/* A small request may have been answered while a large one was in flight. */
static void t_bytes_have_time_however_fast_the_device(void **state)
{
	(void)state;
	answer_in(20, 100, 5);
	send(64 * MIB);
	send(100);
	answer();
	send(640 * MIB);
	assert_true(look_for(100000) >= 20000);
	assert_int_equal(given_up, 1);
}

/* Each answer begins the wait anew. */
static void t_what_has_been_answered_does_not_count(void **state)
{
	(void)state;
	answer_in(20, 100, 5);
	for (int i = 0; i < 100; i++) {
		send(100);
		send(100);
		assert_int_equal(look_for(900), 900);
		answer();
		answer();
	}
	assert_int_equal(given_up, 0);
}

/* A process that was stopped for an hour has not waited for an hour. */
static void t_time_without_a_look_does_not_count(void **state)
{
	(void)state;
	answer_in(20, 100, 5);
	send(100);
	for (int i = 0; i < 9; i++) {
		assert_true(inflight_patience(&f, now) > 0);
		now += 3600 * SECOND;
	}
	answer();
	/* Nor does the device count as slow for it. */
	send(100);
	assert_true(look_for(100000) <= 32 * 1000 + 10);
	assert_int_equal(given_up, 1);
}

/* Whatever the machine does to the receiver, a device that answers is kept. */
static void t_a_device_that_answers_is_never_given_up(void **state)
{
	(void)state;
	t_seed(5);
	for (int i = 0; i < 20000; i++) {
		size_t bytes = t_rnd_below(2) ? t_rnd_below(1000)
					      : t_rnd_below(4 * MIB);
		/* 20 MB a second, and up to 50 ms on top. */
		int64_t ns =
			(int64_t)bytes * 50 + (int64_t)t_rnd_below(50) * MS;
		int64_t done = now + ns;

		send(bytes);
		while (now < done) {
			assert_true(inflight_patience(&f, now) > 0);
			now += t_rnd_below(100) ? (int64_t)t_rnd_below(120) * MS
						: 1000 * SECOND;
		}
		answer();
	}
	assert_int_equal(given_up, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_an_unknown_device_has_time),
		TEST(t_an_unknown_device_has_a_second_for_each_mib),
		TEST(t_no_device_has_more_than_the_stall_limit),
		TEST(t_the_stall_limit_can_be_less_than_all_others),
		TEST(t_a_fast_device_has_a_second),
		TEST(t_a_slow_device_has_as_much_longer),
		TEST(t_more_in_flight_has_as_much_longer),
		TEST(t_bytes_have_time_however_fast_the_device),
		TEST(t_what_has_been_answered_does_not_count),
		TEST(t_time_without_a_look_does_not_count),
		TEST(t_a_device_that_answers_is_never_given_up),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
