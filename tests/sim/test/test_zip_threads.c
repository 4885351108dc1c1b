/* SPDX-License-Identifier: MIT */
/*
 * A queue of the ZIP engine that one thread sends to while another receives.  The engine
 * is the model, with a thread of its own, and does each request.
 *
 * How many requests: WD_TEST_REQUESTS, for long runs:
 *
 *     WD_TEST_REQUESTS=10000000 build/tsan/tests/sim/test/test_zip_threads
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "t_two_threads.h"
#include "t_zip_use.h"

#include <cmocka.h>

#define REQUESTS    (T_SLOW ? 20000u : 350000u) /* a million, in three ways */
#define MIXED_SHARE 16u /* making data takes the model longer than undoing it */

/* A gzip member of one stored block that has a number. */
struct member {
	uint8_t head[10];
	uint8_t block[5];
	uint8_t number[8];
	uint8_t crc[4], length[4];
};

static_assert(sizeof(struct member) == 31, "as it is in a file");

static struct member member_of(uint64_t number)
{
	struct member m = {
		.head = { 0x1f, 0x8b, 8, [9] = 3 },
		.block = { 1, 8, 0, 0xf7, 0xff },
		.length = { 8 },
	};
	uint32_t crc =
		(uint32_t)crc32(0, (const Bytef *)&number, sizeof(number));

	memcpy(m.number, &number, sizeof(number));
	memcpy(m.crc, &crc, sizeof(crc));
	return m;
}

static void undo_member(struct t_slot *slot)
{
	const struct member m = member_of(slot->number);

	static_assert(sizeof(m) <= sizeof(slot->in), "there is room");
	memcpy(slot->in, &m, sizeof(m));
	slot->req = (struct wd_comp_req){
		.op = WD_COMP_DECOMPRESS,
		.format = WD_COMP_GZIP,
		.in = slot->in,
		.in_len = sizeof(m),
		.out = slot->out,
		.out_cap = sizeof(slot->out),
	};
}

static void make_or_undo_member(struct t_slot *slot)
{
	undo_member(slot);
	if (slot->number % 2 == 0)
		return;
	slot->req.op = WD_COMP_COMPRESS;
	slot->req.level = 1;
	slot->req.in = &slot->number;
	slot->req.in_len = sizeof(slot->number);
}

static void check_answer(const struct t_slot *slot)
{
	const struct member m = member_of(slot->number);
	uint32_t crc;

	memcpy(&crc, m.crc, sizeof(crc));
	assert_int_equal(slot->req.checksum, crc);
	assert_int_equal(slot->req.consumed, slot->req.in_len);
	if (slot->req.op == WD_COMP_COMPRESS) {
		assert_true(slot->req.produced > 20);
		return;
	}
	assert_int_equal(slot->req.produced, sizeof(slot->number));
	assert_memory_equal(slot->out, &slot->number, sizeof(slot->number));
}

static const struct t_two_threads_ops one_way = {
	.open = t_open_queue,
	.fill = undo_member,
	.check = check_answer,
};

/* Every second request is for the other direction. */
static const struct t_two_threads_ops both_ways = {
	.open = t_open_queue,
	.fill = make_or_undo_member,
	.check = check_answer,
};

static void all_come_back(unsigned int flush_every, bool poll, bool mixed)
{
	uint64_t total = t_requests(REQUESTS) / (mixed ? MIXED_SHARE : 1);
	struct t_run *run = t_run_begin(mixed ? &both_ways : &one_way, total);

	run->flush_every = flush_every;
	run->poll = poll;
	assert_int_equal(t_run_there_and_back(run), 0);
	assert_int_equal(run->status, 0);
	assert_int_equal(run->sent, total);
	t_run_end(run);
	assert_int_equal(t_requests_done(), total);
	assert_int_equal(t_zip.started, mixed ? 2 : 1);
}

static void t_one_thread_sends_and_rings_while_another_receives(void **state)
{
	(void)state;
	all_come_back(1, false, false);
}

static void t_one_thread_sends_and_rings_while_another_asks(void **state)
{
	(void)state;
	all_come_back(1, true, false);
}

static void t_one_thread_sends_and_another_rings_and_receives(void **state)
{
	(void)state;
	all_come_back(0, true, false);
}

static void
t_one_thread_sends_in_both_directions_while_another_receives(void **state)
{
	(void)state;
	all_come_back(5, false, true);
}

static void
t_one_thread_sends_in_both_directions_while_another_asks(void **state)
{
	(void)state;
	all_come_back(0, true, true);
}

/*
 * Whoever finds out that there is an end, what was sent comes back, each once, and then
 * nothing more can be sent.
 */
static void end_early(void (*end_it)(int n), int err)
{
	for (int n = 0; n < 12; n++) {
		struct t_run *run =
			t_run_begin(n % 2 ? &both_ways : &one_way, UINT64_MAX);

		run->flush_every = n % 3;
		/* Without doorbells of the sender, nobody can wait. */
		run->poll = !run->flush_every;
		t_run_start_sender(run);
		assert_int_equal(t_run_receive(run, 300), 0);
		end_it(n);
		assert_int_equal(t_run_receive(run, run->total), -ENODEV);
		t_run_join_sender(run);
		/* The sender may have ended first; what it had sent then is still there. */
		while (run->back < run->sent)
			t_run_receive_one(run);
		assert_int_equal(run->end, -ENODEV);
		assert_int_equal(run->back, run->sent);
		/* There may have been none in flight at that moment. */
		assert_true(!run->status || run->status == err);
		t_run_end(run);
	}
}

static void stop_it(int n)
{
	t_zip_stop(n % 4 != 1, n % 4 != 2);
}

static void t_the_kernel_stops_a_queue_that_two_threads_use(void **state)
{
	(void)state;
	end_early(stop_it, -ENODEV);
}

static void confuse_it(int n)
{
	(void)n;
	t_zip_fault("tag 7 0x40");
}

static void t_a_device_talks_nonsense_to_two_threads(void **state)
{
	(void)state;
	end_early(confuse_it, -EPROTO);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, t_begin_with_workers, t_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_one_thread_sends_and_rings_while_another_receives),
		TEST(t_one_thread_sends_and_rings_while_another_asks),
		TEST(t_one_thread_sends_and_another_rings_and_receives),
		TEST(t_one_thread_sends_in_both_directions_while_another_receives),
		TEST(t_one_thread_sends_in_both_directions_while_another_asks),
		TEST(t_the_kernel_stops_a_queue_that_two_threads_use),
		TEST(t_a_device_talks_nonsense_to_two_threads),
	};

	if (!getenv("WD_TEST_REQUESTS"))
		alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
