/* SPDX-License-Identifier: MIT */
/*
 * What is too small for a device, as its lane and the CPU's have learned, and how
 * work is shared beyond that.  The devices and the CPU are t_sim.c: the time that
 * passes is theirs.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sched/choose.h"
#include "t_sim.h"
#include "t_util.h"

#define MIB   ((size_t)1 << 20)
#define US    1000.0
#define DEPTH 12u

static struct sched s;

/* With one device, the CPU as fast as most, if @cpu works along. */
static void begin(double fixed_ns, double ns_per_byte, bool cpu)
{
	t_sim_install(2);
	t_sim[0].fixed_ns = fixed_ns;
	t_sim[0].ns_per_byte = ns_per_byte;
	t_sim[1].fixed_ns = 2 * US;
	t_sim[1].ns_per_byte = 20;
	t_sim_sched(&s, cpu);
}

static void end(void)
{
	sched_exit(&s);
	t_sim_remove();
}

static struct sched_item items[DEPTH];
static struct wd_comp_req reqs[DEPTH];

static void send(unsigned int i, size_t bytes)
{
	struct wd_work work = wd_work_request(&reqs[i]);

	memset(&reqs[i], 0, sizeof(reqs[i]));
	reqs[i].in_len = bytes;
	items[i] = (struct sched_item){ .work = work };
	assert_int_equal(sched_send(&s, &items[i]), 0);
}

static unsigned int receive(void)
{
	struct sched_item *item;

	assert_int_equal(sched_recv(&s, &item, WD_WAIT_FOREVER), 0);
	assert_int_equal(item->work.req->status, 0);
	return (unsigned int)(item - items);
}

/* One, there and back; whether the device did it. */
static bool device_does(size_t bytes)
{
	send(0, bytes);
	receive();
	return items[0].lane == &s.lanes[0];
}

/* From @low to @high, each power of two as often as the next. */
static size_t any_size(double low, double high)
{
	double part = (double)t_rnd_below(1 << 20) / (1 << 20);

	return (size_t)(low * pow(high / low, part));
}

static void t_the_device_gets_large_and_the_cpu_small_items(void **state)
{
	(void)state;
	begin(100 * US, 0.15, true);
	for (int i = 0; i < 2000; i++) {
		assert_true(device_does(MIB));
		assert_false(device_does(100));
	}
	assert_int_equal(t_sim[0].smallest, MIB);
	assert_int_equal(t_sim[1].largest, 100);
	assert_int_equal(s.lanes[0].reasons[WD_COMP_REASON_TOO_SMALL], 2000);
	end();
}

static void t_nothing_tiny_is_tried_before_it_is_known(void **state)
{
	(void)state;
	begin(0, 0.01, true);
	assert_false(device_does(1));
	assert_false(device_does(CHOOSE_SMALL - 1));
	assert_true(device_does(CHOOSE_SMALL));
	end();
}

/* ---- what nobody knows yet ---- */

static void t_the_cpu_does_not_keep_a_fast_device_waiting(void **state)
{
	int64_t begun;

	(void)state;
	begin(50 * US, 0.15, true);
	begun = t_sim_now;
	for (int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < DEPTH; i++)
			send(i, MIB);
		for (unsigned int i = 0; i < DEPTH; i++)
			receive();
	}
	assert_int_equal(t_sim[1].requests, 0);
	/* As fast as the device alone. */
	assert_true((double)(t_sim_now - begun) <
		    1.05 * 20 * DEPTH * (50 * US + 0.15 * (double)MIB));
	end();
}

static void t_the_cpu_does_not_wait_long_for_a_slow_device(void **state)
{
	unsigned int first;

	(void)state;
	begin(0, 400, true);
	for (unsigned int i = 0; i < DEPTH; i++)
		send(i, MIB);
	assert_int_equal(s.lanes[1].in_flight, 0);
	first = receive();
	assert_ptr_equal(items[first].lane, &s.lanes[1]);
	/* What the device would have taken for one is longer. */
	assert_true((double)(t_sim_now - 1000000000) < 100 * (double)MIB);
	for (unsigned int i = 1; i < DEPTH; i++)
		receive();
	assert_true(t_sim[0].requests <= 2);
	end();
}

static void t_a_device_that_is_not_known_gets_little(void **state)
{
	(void)state;
	begin(0, 20, true);
	for (unsigned int i = 0; i < DEPTH; i++)
		send(i, MIB);
	assert_true(s.lanes[0].in_flight <= 2);
	for (unsigned int i = 0; i < DEPTH; i++)
		receive();
	/* They are as fast as each other. */
	assert_in_range(t_sim[0].requests, DEPTH / 2 - 1, DEPTH / 2 + 1);
	end();
}

/* Where the two lines meet. */
static void t_the_limit_is_learned(void **state)
{
	static const struct {
		double fixed_ns, ns_per_byte;
	} devices[] = {
		{ 3 * US, 0.1 },  { 10 * US, 0.15 }, { 100 * US, 0.15 },
		{ 100 * US, 10 }, { 1000 * US, 1 },  { 5000 * US, 0.1 },
	};

	(void)state;
	t_seed(11);
	for (size_t i = 0; i < T_ARRAY_SIZE(devices); i++) {
		double limit = (devices[i].fixed_ns - 2 * US) /
			       (20 - devices[i].ns_per_byte);

		begin(devices[i].fixed_ns, devices[i].ns_per_byte, true);
		for (int k = 0; k < 3000; k++)
			device_does(any_size(64, (double)MIB));
		t_sim_reset();
		for (int k = 0; k < 3000; k++)
			device_does(any_size(limit / 8, limit / 1.5));
		/* But for trying, which takes one part in so many of the time. */
		assert_true((double)t_sim[0].requests * devices[i].fixed_ns <=
			    (double)t_sim[1].bytes * 20 / 50 +
				    devices[i].fixed_ns);
		if (limit < CHOOSE_SMALL)
			assert_int_equal(t_sim[0].requests, 0);
		t_sim_reset();
		for (int k = 0; k < 300; k++)
			device_does(any_size(limit * 1.5, limit * 8));
		assert_true(t_sim[1].requests <= 300 / 20);
		end();
	}
}

static void t_a_device_that_was_slow_at_first_gets_work_again(void **state)
{
	int passed = 0;

	(void)state;
	t_seed(12);
	/* Cold pages. */
	begin(50000 * US, 1, true);
	for (int k = 0; k < 100; k++)
		device_does(any_size(CHOOSE_SMALL, (double)MIB));
	t_sim[0].fixed_ns = 50 * US;
	t_sim[0].ns_per_byte = 0.2;
	while (!device_does(MIB))
		assert_true(passed++ < 1000);
	for (int k = 0; k < 1000; k++)
		device_does(any_size(CHOOSE_SMALL, (double)MIB));
	assert_true(device_does(MIB / 8));
	end();
}

/* @count items, as many at a time as there is room for; the time that took. */
static double run_many(unsigned int count, size_t (*size)(void))
{
	int64_t begun = t_sim_now;
	unsigned int sent = 0, back = 0;

	while (sent < DEPTH)
		send(sent++, size());
	while (back < count) {
		unsigned int i = receive();

		back++;
		if (sent++ < count)
			send(i, size());
	}
	return (double)(t_sim_now - begun);
}

static size_t large(void)
{
	return MIB;
}

static size_t mixed(void)
{
	return t_rnd_below(4) ? t_rnd_below(2000) : MIB;
}

/* What it has in any case is no reason, where there is enough for each item. */
static void t_a_slower_device_still_helps(void **state)
{
	double both, alone;

	(void)state;
	begin(100 * US, 30, true);
	for (int k = 0; k < 100; k++)
		device_does(any_size(CHOOSE_SMALL, (double)MIB));
	t_sim_reset();
	both = run_many(1000, large);
	assert_true(t_sim[0].requests > 300);
	alone = 1000 * (2 * US + 20.0 * MIB);
	assert_true(both < 0.7 * alone);
	end();
}

static void t_mixed_items_keep_both_busy(void **state)
{
	double both;

	(void)state;
	t_seed(13);
	begin(100 * US, 10, true);
	both = run_many(4000, mixed);
	assert_true(t_sim[0].requests > 0);
	/* A device of 10 and a CPU of 20 ns a byte, for a quarter of 4000 MiB. */
	assert_true(both < 1.15 * 1000 * MIB * (10.0 * 20 / 30));
	assert_int_equal(t_sim[0].smallest, MIB);
	end();
}

static void t_who_asks_for_a_device_gets_it(void **state)
{
	(void)state;
	begin(1000 * US, 1, false);
	for (int k = 0; k < 100; k++) {
		assert_true(device_does(1));
		assert_true(device_does(MIB));
	}
	assert_int_equal(s.lanes[0].reasons[WD_COMP_REASON_TOO_SMALL], 0);
	end();
}

static void t_the_best_of_several_devices_is_chosen(void **state)
{
	static const size_t sizes[] = { 16 * MIB, 32 << 10, 100 };

	(void)state;
	t_sim_install(3);
	t_sim[0] = (struct t_sim){ .fixed_ns = 1000 * US, .ns_per_byte = 0.1 };
	t_sim[1] = (struct t_sim){ .fixed_ns = 20 * US, .ns_per_byte = 1 };
	t_sim[2] = (struct t_sim){ .fixed_ns = 2 * US, .ns_per_byte = 20 };
	t_sim_sched(&s, true);
	t_seed(14);
	for (int k = 0; k < 3000; k++)
		device_does(any_size(64, 16.0 * MIB));
	for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
		t_sim_reset();
		for (int k = 0; k < 300; k++)
			device_does(sizes[i]);
		/* Others are tried now and then, but not with tiny ones. */
		assert_true(t_sim[i].requests >= (i == 2 ? 300 : 280));
	}
	end();
}

/* ---- lines ---- */

static void t_a_line_is_found(void **state)
{
	struct fit f = { 0 };
	struct fit_line line = fit_line(&f, true);

	(void)state;
	assert_true(fit_is_empty(&f) && !fit_has_both(&f));
	assert_true(line.ns == 0 && line.ns_per_byte == 0);
	t_seed(15);
	for (int i = 0; i < 200; i++) {
		size_t bytes = any_size(100, (double)MIB);
		double noise = 0.95 + 0.1 * t_rnd_below(1000) / 1000;

		fit_add(&f, (double)bytes,
			noise * (50 * US + 3.0 * (double)bytes));
	}
	line = fit_line(&f, true);
	assert_true(fit_has_both(&f));
	assert_true(line.ns > 40 * US && line.ns < 60 * US);
	assert_true(line.ns_per_byte > 2.4 && line.ns_per_byte < 3.6);
}

static void t_samples_of_one_size_are_no_line(void **state)
{
	struct fit f = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		fit_add(&f, 1000 + i % 2, 5000);
	assert_false(fit_has_both(&f));
	assert_true(fabs(fit_line(&f, true).ns_per_byte - 5) < 0.01);
	assert_true(fit_line(&f, true).ns == 0);
	assert_true(fabs(fit_line(&f, false).ns - 5000) < 1);
	assert_true(fit_line(&f, false).ns_per_byte == 0);
}

/* Whatever was measured, nothing costs less than nothing. */
static void t_no_cost_is_negative(void **state)
{
	(void)state;
	t_seed(16);
	for (int i = 0; i < 2000; i++) {
		struct fit f = { 0 };

		for (int k = 0; k < 40; k++) {
			struct fit_line line;

			fit_add(&f,
				t_rnd_below(3) ? t_rnd_below(1000)
					       : t_rnd_below(1 << 30),
				t_rnd_below(1 << 30));
			line = fit_line(&f, k % 2);
			assert_true(line.ns >= 0 && line.ns_per_byte >= 0);
			assert_true(isfinite(line.ns) &&
				    isfinite(line.ns_per_byte));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			t_the_device_gets_large_and_the_cpu_small_items),
		cmocka_unit_test(t_nothing_tiny_is_tried_before_it_is_known),
		cmocka_unit_test(t_the_limit_is_learned),
		cmocka_unit_test(
			t_a_device_that_was_slow_at_first_gets_work_again),
		cmocka_unit_test(t_a_slower_device_still_helps),
		cmocka_unit_test(t_mixed_items_keep_both_busy),
		cmocka_unit_test(t_the_cpu_does_not_keep_a_fast_device_waiting),
		cmocka_unit_test(
			t_the_cpu_does_not_wait_long_for_a_slow_device),
		cmocka_unit_test(t_a_device_that_is_not_known_gets_little),
		cmocka_unit_test(t_who_asks_for_a_device_gets_it),
		cmocka_unit_test(t_the_best_of_several_devices_is_chosen),
		cmocka_unit_test(t_a_line_is_found),
		cmocka_unit_test(t_samples_of_one_size_are_no_line),
		cmocka_unit_test(t_no_cost_is_negative),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
