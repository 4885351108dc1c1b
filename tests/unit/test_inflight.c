/* SPDX-License-Identifier: MIT */
/*
 * Requests in flight, without a device: what has a slot, what a result is taken for,
 * and what becomes of the requests of a device that is lost.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "drv/inflight.h"
#include "t_util.h"

#define ROOM	8u
#define MS	1000000LL

struct slot {
	struct inflight_slot flight;
	uint32_t sent;
};

static struct inflight f;
static struct wd_comp_req reqs[1000];

static struct {
	unsigned int times;
	int err;
	bool known;		/* somebody could have known before */
	int held;		/* so many times the device does not let go */
} gone;

static int let_go(void *ctx, int err)
{
	gone.times++;
	gone.err = err;
	gone.known = inflight_dead(ctx);
	return gone.held && gone.held-- ? -EBUSY : 0;
}

/* With numbers from @first on. */
static void begin(uint32_t room, uint32_t first)
{
	gone.times = 0;
	assert_int_equal(inflight_init(&f, room, sizeof(struct slot), let_go, &f), 0);
	atomic_store(&f.tail, first);
	atomic_store(&f.told, first);
	atomic_store(&f.head, first);
}

static int send(struct wd_comp_req *req)
{
	struct wd_work work = wd_work_request(req);
	struct inflight_slot *slot;

	if (inflight_dead(&f))
		return -ENODEV;
	slot = inflight_next(&f);
	if (!slot)
		return -EBUSY;
	((struct slot *)slot)->sent = ~slot->tag;
	return inflight_put(&f, slot, &work);
}

static void ring(void)
{
	uint32_t tail;

	while (inflight_untold(&f) && inflight_begin_ring(&f, &tail))
		inflight_end_ring(&f, tail);
}

/* The request that is the result's with @tag; NULL for nonsense. */
static struct wd_comp_req *receive(uint32_t tag)
{
	struct inflight_slot *slot = inflight_find(&f, tag, 1);
	struct wd_comp_req *req;

	if (!slot)
		return NULL;
	assert_int_equal(((struct slot *)slot)->sent, ~tag);
	req = slot->work.req;
	inflight_free(&f, slot);
	return req;
}

static void t_there_is_room_for_so_many(void **state)
{
	(void)state;
	for (uint32_t room = 1; room < 40; room++) {
		begin(room, 7);
		for (int round = 0; round < 3; round++) {
			for (uint32_t i = 0; i < room; i++)
				assert_int_equal(send(&reqs[i]), 0);
			assert_int_equal(send(&reqs[room]), -EBUSY);
			for (uint32_t i = 0; i < room; i++)
				assert_ptr_equal(receive(7 + round * room + i), &reqs[i]);
			assert_true(inflight_none(&f));
		}
		inflight_exit(&f);
	}
}

static void t_numbers_go_on_past_the_largest(void **state)
{
	uint32_t first = UINT32_MAX - 3 * ROOM;

	(void)state;
	begin(ROOM, first);
	for (uint32_t i = 0; i < 6 * ROOM; i++) {
		assert_int_equal(send(&reqs[i]), 0);
		ring();
		assert_false(inflight_untold(&f));
		assert_ptr_equal(receive(first + i), &reqs[i]);
	}
	inflight_exit(&f);
}

static void t_results_come_in_any_order(void **state)
{
	static const uint32_t order[ROOM] = { 3, 0, 7, 1, 6, 2, 5, 4 };

	(void)state;
	begin(ROOM, 0);
	for (uint32_t round = 0; round < 4; round++) {
		for (uint32_t i = 0; i < ROOM; i++)
			assert_int_equal(send(&reqs[i]), 0);
		for (uint32_t i = 0; i < ROOM; i++)
			assert_ptr_equal(receive(round * ROOM + order[i]), &reqs[order[i]]);
	}
	inflight_exit(&f);
}

static void t_a_tag_counts_once(void **state)
{
	(void)state;
	begin(ROOM, 0);
	for (uint32_t i = 0; i < ROOM; i++)
		assert_int_equal(send(&reqs[i]), 0);
	assert_ptr_equal(receive(2), &reqs[2]);
	assert_null(receive(2));
	assert_null(receive(ROOM));
	assert_null(receive(2 + ROOM));
	assert_null(receive(UINT32_MAX));
	/* Nor for the next one in its slot. */
	for (uint32_t i = 0; i < ROOM; i++)
		assert_ptr_equal(i == 2 ? &reqs[2] : receive(i), &reqs[i]);
	for (uint32_t i = 0; i < ROOM; i++)
		assert_int_equal(send(&reqs[i]), 0);
	assert_null(receive(2));
	assert_ptr_equal(receive(2 + ROOM), &reqs[2]);
	inflight_exit(&f);
}

static void t_more_results_than_requests_are_nonsense(void **state)
{
	(void)state;
	begin(ROOM, 0);
	assert_null(inflight_find(&f, 0, 1));
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(send(&reqs[i]), 0);
	for (uint32_t n = 1; n <= 3; n++)
		assert_non_null(inflight_find(&f, 0, n));
	assert_null(inflight_find(&f, 0, 4));
	assert_null(inflight_find(&f, 0, UINT32_MAX));
	assert_ptr_equal(receive(0), &reqs[0]);
	assert_null(inflight_find(&f, 1, 3));
	assert_non_null(inflight_find(&f, 1, 2));
	inflight_exit(&f);
}

/* At another place, of an older request there, or before there is any: nonsense. */
static void t_a_result_may_tell_its_place(void **state)
{
	uint32_t first = ROOM + 1;

	(void)state;
	begin(ROOM, first);
	for (uint32_t at = 0; at < inflight_slots(&f); at++)
		assert_null(inflight_find_at(&f, at, first));
	for (int i = 0; i < 3; i++)
		assert_int_equal(send(&reqs[i]), 0);
	for (uint32_t at = 0; at < inflight_slots(&f); at++) {
		bool there = at == (first & f.mask);

		assert_int_equal(inflight_find_at(&f, at, first) != NULL,
				 there);
		assert_null(inflight_find_at(&f, at, first + 3));
		assert_null(
			inflight_find_at(&f, at, first + inflight_slots(&f)));
		assert_null(
			inflight_find_at(&f, at, first - inflight_slots(&f)));
	}
	assert_ptr_equal(receive(first), &reqs[0]);
	assert_null(inflight_find_at(&f, first & f.mask, first));
	inflight_exit(&f);
}

/* It counts as in flight, and nothing is put on top of it. */
static void t_a_lost_request_keeps_its_slot(void **state)
{
	uint32_t sent = 0;

	(void)state;
	begin(ROOM, 0);
	assert_int_equal(send(&reqs[sent++]), 0);
	while (!send(&reqs[sent])) {
		assert_ptr_equal(receive(sent), &reqs[sent]);
		sent++;
	}
	assert_int_equal(sent, ROOM);
	assert_false(inflight_none(&f));
	assert_ptr_equal(receive(0), &reqs[0]);
	assert_true(inflight_none(&f));
	assert_int_equal(send(&reqs[sent]), 0);
	inflight_exit(&f);
}

static void t_what_was_not_told_is_dropped(void **state)
{
	(void)state;
	begin(ROOM, UINT32_MAX - 1);
	assert_int_equal(inflight_drop(&f), 0);
	assert_int_equal(send(&reqs[0]), 0);
	ring();
	for (int i = 1; i < 6; i++)
		assert_int_equal(send(&reqs[i]), 0);
	assert_true(inflight_untold(&f));
	assert_int_equal(inflight_drop(&f), 5);
	assert_false(inflight_untold(&f));
	assert_int_equal(inflight_drop(&f), 0);
	assert_null(receive(UINT32_MAX));
	assert_ptr_equal(receive(UINT32_MAX - 1), &reqs[0]);
	assert_true(inflight_none(&f));
	assert_int_equal(send(&reqs[7]), 0);
	assert_ptr_equal(receive(UINT32_MAX), &reqs[7]);
	inflight_exit(&f);
}

static void t_one_rings_at_a_time(void **state)
{
	uint32_t tail, other;

	(void)state;
	begin(ROOM, 0);
	assert_false(inflight_untold(&f));
	assert_int_equal(send(&reqs[0]), 0);
	assert_true(inflight_begin_ring(&f, &tail));
	assert_int_equal(tail, 1);
	assert_int_equal(send(&reqs[1]), 0);
	assert_false(inflight_begin_ring(&f, &other));
	inflight_end_ring(&f, tail);
	/* Who rang sees what came meanwhile. */
	assert_true(inflight_untold(&f));
	assert_true(inflight_begin_ring(&f, &tail));
	assert_int_equal(tail, 2);
	inflight_end_ring(&f, tail);
	assert_false(inflight_untold(&f));
	inflight_exit(&f);
}

static void t_a_device_without_answers_is_given_up(void **state)
{
	struct wd_work done;

	(void)state;
	wd_stall_ms = 100;
	begin(ROOM, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(send(&reqs[i]), 0);
	assert_int_equal(inflight_patience(&f, 1000 * MS), 100 * MS);
	assert_int_equal(inflight_patience(&f, 1099 * MS), 1 * MS);
	/* An answer, and it begins again; also when there is nothing to wait for. */
	assert_ptr_equal(receive(1), &reqs[1]);
	assert_int_equal(inflight_patience(&f, 1150 * MS), 100 * MS);
	assert_ptr_equal(receive(0), &reqs[0]);
	assert_ptr_equal(receive(2), &reqs[2]);
	assert_true(inflight_none(&f));
	assert_int_equal(send(&reqs[3]), 0);
	assert_int_equal(inflight_patience(&f, 9000 * MS), 100 * MS);
	assert_int_equal(gone.times, 0);
	assert_int_equal(inflight_patience(&f, 9100 * MS), 0);
	assert_int_equal(gone.times, 1);
	assert_int_equal(gone.err, -ETIMEDOUT);
	assert_int_equal(inflight_dead(&f), -ETIMEDOUT);
	assert_true(inflight_exhume(&f, &done));
	assert_ptr_equal(done.req, &reqs[3]);
	wd_stall_ms = 60000;
	inflight_exit(&f);
}

static void t_requests_of_a_dead_queue_come_back_one_by_one(void **state)
{
	struct wd_work done;
	unsigned int back = 0;

	(void)state;
	begin(ROOM, 5);
	for (uint32_t i = 0; i < ROOM; i++)
		assert_int_equal(send(&reqs[i]), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_non_null(receive(5 + 2 * i));
	inflight_bury(&f, -EPROTO);
	inflight_bury(&f, -ENODEV);
	assert_int_equal(gone.times, 1);
	assert_int_equal(gone.err, -EPROTO);
	assert_false(gone.known);
	assert_int_equal(inflight_dead(&f), -EPROTO);
	assert_int_equal(send(&reqs[20]), -ENODEV);
	while (inflight_exhume(&f, &done)) {
		assert_int_equal(done.req->status, -EPROTO);
		assert_int_equal(done.req->produced, 0);
		assert_true(done.req >= reqs && done.req < reqs + ROOM);
		back++;
	}
	assert_int_equal(back, ROOM - 3);
	assert_false(inflight_exhume(&f, &done));
	inflight_exit(&f);
}

/* ---- two threads ---- */

#define MANY	20000u

static unsigned int given;	/* requests that were sent */

static void *sender(void *arg)
{
	unsigned int n = *(unsigned int *)arg;

	for (given = 0; given < n;) {
		int ret = send(&reqs[given % T_ARRAY_SIZE(reqs)]);

		if (ret == -ENODEV)
			break;
		if (ret)
			sched_yield();
		given += !ret;
		ring();
	}
	return NULL;
}

/* The receiver is the device as well: it does what it was told of. */
static unsigned int receive_until(unsigned int n)
{
	unsigned int back = 0;

	while (back < n) {
		ring();
		if (atomic_load_explicit(&f.told, memory_order_relaxed) == inflight_head(&f)) {
			sched_yield();
			continue;
		}
		/* Told of by another thread: seen through the tail. */
		assert_ptr_equal(receive(inflight_head(&f)),
				 &reqs[back % T_ARRAY_SIZE(reqs)]);
		back++;
	}
	return back;
}

static void run_both(unsigned int n, unsigned int until)
{
	unsigned int back;
	pthread_t thread;
	struct wd_work done;

	begin(ROOM, UINT32_MAX - 1000);
	assert_int_equal(pthread_create(&thread, NULL, sender, &n), 0);
	back = receive_until(until);
	if (until < n) {
		inflight_bury(&f, -ENODEV);
		while (inflight_exhume(&f, &done))
			back++;
	}
	pthread_join(thread, NULL);
	assert_int_equal(back, given);
	inflight_exit(&f);
}

static void t_a_device_that_holds_requests_is_asked_again(void **state)
{
	struct wd_work done;

	(void)state;
	begin(ROOM, 0);
	assert_int_equal(send(&reqs[0]), 0);
	ring();
	assert_int_equal(send(&reqs[1]), 0);
	gone.held = 2;
	inflight_bury(&f, -EPROTO);
	assert_int_equal(gone.err, -EPROTO);
	assert_true(inflight_held(&f));
	assert_int_equal(inflight_dead(&f), -EPROTO);
	assert_false(inflight_exhume(&f, &done));
	inflight_bury(&f, -ENODEV);
	assert_int_equal(gone.err, 0);
	assert_true(inflight_held(&f));
	assert_false(inflight_exhume(&f, &done));
	inflight_bury(&f, -ENODEV);
	assert_false(inflight_held(&f));
	assert_int_equal(gone.times, 3);
	inflight_bury(&f, -ENODEV);
	assert_int_equal(gone.times, 3);
	for (int i = 0; i < 2; i++) {
		assert_true(inflight_exhume(&f, &done));
		assert_ptr_equal(done.req, &reqs[i]);
		assert_int_equal(done.req->status, -EPROTO);
	}
	assert_false(inflight_exhume(&f, &done));
	assert_true(inflight_end(&f));
	inflight_exit(&f);
}

/* Who rings may have told the device of it before its sender is done. */
static void t_what_a_device_holds_is_not_taken_back(void **state)
{
	struct wd_work work = wd_work_request(&reqs[1]), done;
	struct inflight_slot *slot;

	(void)state;
	begin(ROOM, 0);
	assert_int_equal(send(&reqs[0]), 0);
	slot = inflight_next(&f);
	gone.held = 2;
	inflight_bury(&f, -ENODEV);
	assert_int_equal(inflight_put(&f, slot, &work), 0);
	assert_false(inflight_exhume(&f, &done));
	inflight_bury(&f, -ENODEV);
	inflight_bury(&f, -ENODEV);
	for (int i = 0; i < 2; i++) {
		assert_true(inflight_exhume(&f, &done));
		assert_ptr_equal(done.req, &reqs[i]);
		assert_int_equal(done.req->status, -ENODEV);
	}
	assert_false(inflight_exhume(&f, &done));
	inflight_exit(&f);
}

static void t_one_thread_sends_while_another_receives(void **state)
{
	(void)state;
	run_both(MANY, MANY);
}

static void t_none_is_lost_when_the_device_is(void **state)
{
	(void)state;
	for (unsigned int until = 0; until < 200; until++)
		run_both(MANY, until);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_there_is_room_for_so_many),
		cmocka_unit_test(t_numbers_go_on_past_the_largest),
		cmocka_unit_test(t_results_come_in_any_order),
		cmocka_unit_test(t_a_tag_counts_once),
		cmocka_unit_test(t_more_results_than_requests_are_nonsense),
		cmocka_unit_test(t_a_result_may_tell_its_place),
		cmocka_unit_test(t_a_lost_request_keeps_its_slot),
		cmocka_unit_test(t_what_was_not_told_is_dropped),
		cmocka_unit_test(t_one_rings_at_a_time),
		cmocka_unit_test(t_a_device_without_answers_is_given_up),
		cmocka_unit_test(
			t_requests_of_a_dead_queue_come_back_one_by_one),
		cmocka_unit_test(t_a_device_that_holds_requests_is_asked_again),
		cmocka_unit_test(t_what_a_device_holds_is_not_taken_back),
		cmocka_unit_test(t_one_thread_sends_while_another_receives),
		cmocka_unit_test(t_none_is_lost_when_the_device_is),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
