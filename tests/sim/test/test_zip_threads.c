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
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "internal.h"
#include "t_zip_use.h"

#include <cmocka.h>

#define REQUESTS    (T_SLOW ? 20000u : 350000u) /* a million, in three ways */
#define MIXED_SHARE 16u /* making data takes the model longer than undoing it */
#define SLOTS	    64u /* requests there are; the queue is not so deep */
#define OUT_LEN	    64u

/* A gzip member of one stored block that has a number. */
struct member {
	uint8_t head[10];
	uint8_t block[5];
	uint8_t number[8];
	uint8_t crc[4], length[4];
};

static_assert(sizeof(struct member) == 31, "as it is in a file");

static void make_member(struct member *m, uint64_t number)
{
	static const struct member empty = {
		.head = { 0x1f, 0x8b, 8, [9] = 3 },
		.block = { 1, 8, 0, 0xf7, 0xff },
		.length = { 8 },
	};
	uint32_t crc =
		(uint32_t)crc32(0, (const Bytef *)&number, sizeof(number));

	*m = empty;
	memcpy(m->number, &number, sizeof(number));
	memcpy(m->crc, &crc, sizeof(crc));
}

/*
 * A request and its memory.
 * @number: of all that are sent
 * @ours:   it is not in the queue
 */
struct slot {
	struct wd_comp_req req;
	uint64_t number;
	struct member in;
	uint8_t out[OUT_LEN];
	bool ours;
};

/*
 * @flush_every: how many requests share a doorbell of the sender; 0: it rings none,
 *               the receiver does
 * @poll:        the receiver does not wait, but asks
 * @mixed:       every second request is for the other direction
 * @sent, @back: counted by the sender and by the receiver
 */
struct run {
	struct wd_queue q;
	struct slot slots[SLOTS];
	uint64_t total;
	unsigned int flush_every;
	bool poll, mixed;
	uint64_t sent, back;
	int end; /* why the sender ended early */
};

static uint64_t requests(void)
{
	const char *text = getenv("WD_TEST_REQUESTS");

	return text ? strtoull(text, NULL, 10) : REQUESTS;
}

static bool compresses(const struct run *run, uint64_t number)
{
	return run->mixed && number % 2;
}

static void fill(const struct run *run, struct slot *slot)
{
	slot->number = run->sent;
	make_member(&slot->in, slot->number);
	slot->req = (struct wd_comp_req){
		.op = WD_COMP_DECOMPRESS,
		.format = WD_COMP_GZIP,
		.user = slot,
		.in = &slot->in,
		.in_len = sizeof(slot->in),
		.out = slot->out,
		.out_cap = sizeof(slot->out),
	};
	if (!compresses(run, slot->number))
		return;
	slot->req.op = WD_COMP_COMPRESS;
	slot->req.level = 1;
	slot->req.in = slot->in.number;
	slot->req.in_len = sizeof(slot->in.number);
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
		fill(run, slot);
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
		if (run->flush_every &&
		    (ret || run->sent % run->flush_every == 0))
			wd_flush(&run->q);
		if (run->end)
			break;
	}
	wd_flush(&run->q);
	return NULL;
}

static void check_answer(const struct run *run, const struct slot *slot)
{
	uint32_t crc;

	memcpy(&crc, slot->in.crc, sizeof(crc));
	assert_int_equal(slot->req.checksum, crc);
	if (compresses(run, slot->number)) {
		assert_int_equal(slot->req.consumed, sizeof(slot->in.number));
		assert_true(slot->req.produced > 20);
		return;
	}
	assert_int_equal(slot->req.consumed, sizeof(slot->in));
	assert_int_equal(slot->req.produced, sizeof(slot->number));
	assert_memory_equal(slot->out, &slot->number, sizeof(slot->number));
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
	if (!req->status)
		check_answer(run, slot);
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
		ret = run->poll ? wd_recv(&run->q, &got)
				: wd_recv_sync(&run->q, &got, WD_WAIT_FOREVER);
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
	run->total = total;
	for (size_t i = 0; i < SLOTS; i++)
		run->slots[i].ours = true;
	t_open_queue(&run->q);
	assert_true(run->q.depth < SLOTS);
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

static void all_come_back(unsigned int flush_every, bool poll, bool mixed)
{
	struct run *run = begin(mixed ? requests() / MIXED_SHARE : requests());
	int status;

	run->flush_every = flush_every;
	run->poll = poll;
	run->mixed = mixed;
	assert_int_equal(there_and_back(run, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(run->sent, run->total);
	wd_release_queue(&run->q);
	assert_int_equal(t_requests_done(), run->total);
	assert_int_equal(t_zip.started, mixed ? 2 : 1);
	free(run);
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
		struct run *run = begin(UINT64_MAX);
		pthread_t sender;
		int status = 0, ret;
		uint64_t seen[SLOTS];
		void *got;

		run->flush_every = n % 3;
		run->mixed = n % 2;
		for (size_t i = 0; i < SLOTS; i++)
			seen[i] = i;
		assert_int_equal(pthread_create(&sender, NULL, send_all, run),
				 0);
		do {
			/* Without doorbells of the sender, nobody can wait. */
			ret = run->flush_every ? wd_recv_sync(&run->q, &got,
							      WD_WAIT_FOREVER)
					       : wd_recv(&run->q, &got);
			if (ret == -ENOENT || ret == -EAGAIN) {
				sched_yield();
				continue;
			}
			if (ret)
				break;
			if (((struct wd_comp_req *)got)->status)
				status = ((struct wd_comp_req *)got)->status;
			take(run, got, seen);
			if (run->back == 300)
				end_it(n);
		} while (ret != -ENODEV);
		pthread_join(sender, NULL);
		/* The sender may have ended first; what it had sent then is still there. */
		while (run->back < run->sent) {
			assert_int_equal(wd_recv(&run->q, &got), 0);
			take(run, got, seen);
		}
		assert_int_equal(run->end, -ENODEV);
		assert_int_equal(run->back, run->sent);
		/* There may have been none in flight at that moment. */
		assert_true(!status || status == err);
		wd_release_queue(&run->q);
		free(run);
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
