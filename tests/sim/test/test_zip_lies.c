/* SPDX-License-Identifier: MIT */
/*
 * A ZIP engine that fails, lies, hangs, is stopped or gone: nothing is written or read
 * where it should not be (AddressSanitizer looks), what can be known to be wrong is not
 * taken for a result, and every request comes back.
 *
 * The engine is the model with its faults.  Where these are not enough, the test changes
 * what the model has written before the driver sees it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <misc/uacce/uacce.h>

#include "drv/inflight.h"
#include "t_attempt.h"
#include "t_zip_use.h"
#include "transport/transport.h"

#include <cmocka.h>

#define ROOM 4000u

static int begin(void **state)
{
	wd_stall_ms = 50;
	return t_begin_v3(state);
}

static int end(void **state)
{
	wd_stall_ms = 60000;
	return t_end(state);
}

/* ---- attempts ---- */

static void prepare(struct t_attempt *a, enum kind kind)
{
	t_attempt_begin(a, kind, ROOM);
}

static void receive(struct wd_queue *q, const struct t_attempt *a)
{
	void *got;

	assert_int_equal(wd_recv_sync(q, &got, WD_WAIT_FOREVER), 0);
	assert_ptr_equal(got, &a->req);
}

/* Nothing comes any more, and nothing goes. */
static void check_given_up(struct wd_queue *q)
{
	struct t_attempt a;
	void *got;

	for (int kind = 0; kind < KINDS; kind++) {
		prepare(&a, (enum kind)kind);
		/* A queue of its own that it never had is not had any more, either. */
		assert_true(t_attempt_send(q, &a) < 0);
		t_attempt_end(&a);
	}
	assert_int_equal(wd_flush(q), -ENODEV);
	assert_int_equal(wd_recv(q, &got), -ENODEV);
	assert_int_equal(wd_recv_sync(q, &got, WD_WAIT_FOREVER), -ENODEV);
}

static void check_works(struct wd_queue *q)
{
	struct t_attempt a;

	for (int kind = 0; kind < KINDS; kind++) {
		prepare(&a, (enum kind)kind);
		assert_int_equal(t_attempt_send(q, &a), 0);
		receive(q, &a);
		assert_int_equal(a.req.status, 0);
		t_attempt_end(&a);
	}
}

/* ---- lies about a result ---- */

enum field {
	TAG,
	TAG_HIGH,
	STATUS,
	CONSUMED,
	PRODUCED,
	CHECKSUM,
	FIELDS
};

static __le32 *field_of(struct hisi_zip_sqe *sqe, enum field field)
{
	__le32 *const fields[] = {
		[TAG] = &sqe->tag_low,	     [TAG_HIGH] = &sqe->tag_high,
		[STATUS] = &sqe->dw3,	     [CONSUMED] = &sqe->consumed,
		[PRODUCED] = &sqe->produced, [CHECKSUM] = &sqe->checksum,
	};

	return fields[field];
}

/* Whether a wrong number is always found out: there is another one to compare with. */
static bool is_found_out(enum kind kind, enum field field)
{
	if (field == CHECKSUM)
		return kind == DECOMPRESS_RAW || kind == DECOMPRESS_CHUNK;
	if (field == CONSUMED)
		return kind != DECOMPRESS_RAW && kind != DECOMPRESS_ZLIB;
	if (field == PRODUCED)
		return t_format_of(kind) != WD_COMP_ZLIB;
	return true;
}

/* As the model answers, but for one word. */
static void tell_lie(enum kind kind, enum field field,
		     uint32_t (*lie)(uint32_t honest))
{
	struct wd_comp_req honest;
	struct wd_queue q;
	struct t_attempt a;
	uint32_t was;

	t_open_queue(&q);
	prepare(&a, kind);
	assert_int_equal(t_attempt_send(&q, &a), 0);
	receive(&q, &a);
	assert_int_equal(a.req.status, 0);
	honest = a.req;
	assert_int_equal(t_attempt_send(&q, &a), 0);
	assert_int_equal(wd_flush(&q), 0);
	sim_wait_idle(t_zip.dev.sim);
	was = *field_of(t_zip_sqe(0, 1), field);
	*field_of(t_zip_sqe(0, 1), field) = lie(was);
	receive(&q, &a);
	if (a.req.status) {
		assert_int_not_equal(lie(was), was);
		t_check_nothing_made(&a, a.req.status);
	} else if (lie(was) == was || is_found_out(kind, field)) {
		/* There are bits that mean nothing. */
		assert_true(lie(was) == was || field == STATUS);
		assert_int_equal(a.req.consumed, honest.consumed);
		assert_int_equal(a.req.produced, honest.produced);
		assert_int_equal(a.req.checksum, honest.checksum);
	} else {
		assert_true(a.req.consumed <= a.req.in_len);
		assert_true(a.req.produced <= a.req.out_cap);
	}
	if (a.req.status == -EPROTO)
		check_given_up(&q);
	else
		check_works(&q);
	t_attempt_end(&a);
	wd_release_queue(&q);
}

static uint32_t zero(uint32_t was)
{
	return was & 0;
}
static uint32_t one(uint32_t was)
{
	return (was & 0) | 1;
}
static uint32_t less(uint32_t was)
{
	return was - 1;
}
static uint32_t more(uint32_t was)
{
	return was + 1;
}
static uint32_t room(uint32_t was)
{
	return (was & 0) | ROOM;
}
static uint32_t past_room(uint32_t was)
{
	return (was & 0) | (ROOM + 1);
}
static uint32_t twice(uint32_t was)
{
	return 2 * was;
}
static uint32_t half(uint32_t was)
{
	return was / 2;
}
static uint32_t large(uint32_t was)
{
	return was | 0x80000000u;
}
static uint32_t ones(uint32_t was)
{
	return was | ~0u;
}
static uint32_t flipped(uint32_t was)
{
	return was ^ 0x100;
}

static uint32_t (*const lies[])(uint32_t was) = {
	zero,  one,  less,  more, room,	   past_room,
	twice, half, large, ones, flipped,
};

static void t_a_lie_is_no_result(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++)
		for (int field = 0; field < FIELDS; field++)
			for (size_t i = 0; i < T_ARRAY_SIZE(lies); i++)
				tell_lie((enum kind)kind, (enum field)field,
					 lies[i]);
}

/* As it has done what it was asked to, that is known to be wrong by its tag alone. */
static void t_a_result_of_another_request_is_nonsense(void **state)
{
	struct wd_queue q;
	struct t_attempt a, b;

	(void)state;
	t_open_queue(&q);
	prepare(&a, COMPRESS_GZIP);
	prepare(&b, COMPRESS_GZIP);
	assert_int_equal(t_attempt_send(&q, &a), 0);
	assert_int_equal(t_attempt_send(&q, &b), 0);
	assert_int_equal(wd_flush(&q), 0);
	sim_wait_idle(t_zip.dev.sim);
	t_zip_sqe(0, 0)->tag_low = t_zip_sqe(0, 1)->tag_low;
	receive(&q, &a);
	t_check_nothing_made(&a, -EPROTO);
	receive(&q, &b);
	t_check_nothing_made(&b, -EPROTO);
	check_given_up(&q);
	wd_release_queue(&q);
	t_attempt_end(&a);
	t_attempt_end(&b);
}

/* @slot: that the entry names: free, the same twice, outside of the ring. */
static void name_slot(uint16_t slot)
{
	struct wd_queue q;
	struct t_attempt a, b;

	t_open_queue(&q);
	prepare(&a, COMPRESS_ZLIB);
	prepare(&b, COMPRESS_ZLIB);
	assert_int_equal(t_attempt_send(&q, &a), 0);
	assert_int_equal(t_attempt_send(&q, &b), 0);
	assert_int_equal(wd_flush(&q), 0);
	sim_wait_idle(t_zip.dev.sim);
	t_zip_cqe(0, 1)->sq_head = slot;
	receive(&q, &a);
	assert_int_equal(a.req.status, 0);
	receive(&q, &b);
	if (slot == 1) {
		assert_int_equal(b.req.status, 0);
		check_works(&q);
	} else {
		t_check_nothing_made(&b, -EPROTO);
		check_given_up(&q);
	}
	wd_release_queue(&q);
	t_attempt_end(&a);
	t_attempt_end(&b);
}

static void t_an_entry_names_a_request_that_is_done(void **state)
{
	static const uint16_t slots[] = { 0,  1,      2,      63,    64,
					  65, 0x7fff, 0x8000, 0xffff };

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(slots); i++)
		name_slot(slots[i]);
}

/* In any order: only that there is an entry for each counts. */
static void t_requests_may_come_back_in_any_order(void **state)
{
	struct t_attempt a[40];
	struct wd_queue q;
	void *got;

	(void)state;
	t_open_queue(&q);
	for (unsigned int i = 0; i < T_ARRAY_SIZE(a); i++) {
		prepare(&a[i], (enum kind)(i % (COMPRESS_NAMED + 1)));
		assert_int_equal(t_attempt_send(&q, &a[i]), 0);
	}
	assert_int_equal(wd_flush(&q), 0);
	sim_wait_idle(t_zip.dev.sim);
	for (uint16_t i = 0; i < T_ARRAY_SIZE(a); i++)
		t_zip_cqe(0, i)->sq_head = (uint16_t)(T_ARRAY_SIZE(a) - 1 - i);
	for (unsigned int i = 0; i < T_ARRAY_SIZE(a); i++) {
		assert_int_equal(wd_recv(&q, &got), 0);
		assert_ptr_equal(got, &a[T_ARRAY_SIZE(a) - 1 - i].req);
		assert_int_equal(((struct wd_comp_req *)got)->status, 0);
	}
	wd_release_queue(&q);
	for (unsigned int i = 0; i < T_ARRAY_SIZE(a); i++)
		t_attempt_end(&a[i]);
}

/* ---- faults of the model ---- */

static int expected(uint32_t status)
{
	return status == HZIP_STATUS_NO_SPACE	? -ENOSPC
	       : status == HZIP_STATUS_CHECKSUM ? -EBADMSG
						: -EIO;
}

static void t_each_status_has_its_error(void **state)
{
	struct t_attempt a;
	struct wd_queue q;
	char text[32];

	(void)state;
	t_open_queue(&q);
	for (uint32_t status = 1; status < 256; status++) {
		if (status == HZIP_STATUS_NEGATIVE || status == HZIP_STATUS_END)
			continue;
		prepare(&a, (enum kind)(status % KINDS));
		snprintf(text, sizeof(text), "fail 1 %u", status);
		t_zip_fault(text);
		assert_int_equal(t_attempt_send(&q, &a), 0);
		receive(&q, &a);
		t_check_nothing_made(&a, expected(status));
		t_attempt_end(&a);
	}
	check_works(&q);
	wd_release_queue(&q);
}

/* What the engine says is wrong with data is told; the CPU says more. */
static void t_bad_data_is_an_error(void **state)
{
	struct t_attempt a;
	struct wd_queue q;

	(void)state;
	t_open_queue(&q);
	for (int kind = DECOMPRESS_GZIP; kind <= DECOMPRESS_RAW; kind++) {
		prepare(&a, (enum kind)kind);
		if (kind != DECOMPRESS_RAW) {
			a.in[a.req.in_len - 1] ^= 1;
			assert_int_equal(t_attempt_send(&q, &a), 0);
			receive(&q, &a);
			t_check_nothing_made(&a, -EBADMSG);
		}
		a.req.in_len -= 20;
		assert_int_equal(t_attempt_send(&q, &a), 0);
		receive(&q, &a);
		t_check_nothing_made(&a, -EIO);
		a.req.in_len += 20;
		a.req.out_cap = T_PLAIN_LEN - 1;
		assert_int_equal(t_attempt_send(&q, &a), 0);
		receive(&q, &a);
		t_check_nothing_made(&a, -ENOSPC);
		t_attempt_end(&a);
	}
	check_works(&q);
	wd_release_queue(&q);
}

static void t_wrong_tags_and_entries_end_the_queue(void **state)
{
	static const char *const faults[] = {
		"tag 1 1",	     "tag 1 0x100", "tag 1 0x80000000",
		"tag 1 0x100000000", "cqe 3 0",	    "cqe 3 5",
		"cqe 3 64",	     "cqe 3 65535",
	};
	struct t_attempt a;
	struct wd_queue q;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(faults); i++) {
		bool entry = faults[i][0] == 'c';
		void *got;

		t_open_queue(&q);
		prepare(&a, COMPRESS_GZIP);
		if (!entry)
			t_zip_fault(faults[i]);
		assert_int_equal(t_attempt_send(&q, &a), 0);
		receive(&q, &a);
		assert_int_equal(a.req.status, entry ? 0 : -EPROTO);
		if (entry) {
			t_zip_fault(faults[i]);
			assert_int_equal(wd_recv(&q, &got), -ENODEV);
		}
		check_given_up(&q);
		wd_release_queue(&q);
		t_attempt_end(&a);
	}
}

/* A stale entry is none. */
static void t_an_event_without_an_entry_does_no_harm(void **state)
{
	struct t_attempt a;
	struct wd_queue q;
	void *got;

	(void)state;
	t_open_queue(&q);
	prepare(&a, COMPRESS_GZIP);
	assert_int_equal(t_attempt_send(&q, &a), 0);
	receive(&q, &a);
	t_zip_fault("cqe 3 1 stale");
	t_zip_fault("eqe 3");
	assert_int_equal(wd_recv_sync(&q, &got, 0), -ENOENT);
	check_works(&q);
	wd_release_queue(&q);
	t_attempt_end(&a);
}

/*
 * Sessions look whether it is right: at what was made of chunks, and of checksums.
 * @rate: so many of all requests are done wrong
 */
static void t_wrong_output_gets_nowhere(void **state)
{
	const size_t len = 10 * WD_COMP_CHUNK_MIN;
	struct wd_comp_setup setup = {
		.level = 1,
		.chunk_size = WD_COMP_CHUNK_MIN,
		.engine = "hisi_zip",
		.threads = 1,
	};
	const struct t_feed feed = { .in_max = 0 };
	uint8_t *data = malloc(len);
	char text[64];

	(void)state;
	assert_non_null(data);
	t_fill(data, len, T_TEXT);
	for (int what = 0; what < 2; what++) {
		struct t_bytes there = { 0 }, back = { 0 };
		struct wd_comp_info info;
		struct wd_comp_sess *s;
		size_t left;

		for (int op = WD_COMP_COMPRESS; op <= WD_COMP_DECOMPRESS;
		     op++) {
			const struct t_bytes *in =
				op ? &there
				   : &(struct t_bytes){ data, len, len };

			setup.op = (enum wd_comp_op)op;
			assert_int_equal(wd_comp_create(&s, &setup), 0);
			snprintf(text, sizeof(text), "%s 2 17",
				 what ? "flip-crc" : "flip");
			t_zip_fault(text);
			snprintf(text, sizeof(text), "%s 5 3",
				 what ? "flip-crc" : "flip");
			t_zip_fault(text);
			assert_int_equal(t_stream(s, &feed, in->data, in->len,
						  op ? &back : &there, &left),
					 1);
			assert_int_equal(wd_comp_get_info(s, &info), 0);
			assert_int_equal(info.redone, 2);
			assert_true(info.device_requests > 5);
			wd_comp_destroy(s);
			t_zip_fault("clear");
		}
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, data, len);
		t_bytes_free(&there);
		t_bytes_free(&back);
	}
	free(data);
}

/* ---- the end of a queue ---- */

/* Requests in both directions; then all of them come back. */
static void send_some(struct wd_queue *q, struct t_attempt *a, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		prepare(&a[i], (enum kind)(i % KINDS));
		assert_int_equal(t_attempt_send(q, &a[i]), 0);
	}
}

static void all_come_back(struct wd_queue *q, struct t_attempt *a,
			  unsigned int n, int status)
{
	unsigned int failed = 0;
	void *got;

	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(wd_recv_sync(q, &got, WD_WAIT_FOREVER), 0);
	for (unsigned int i = 0; i < n; i++) {
		if (!a[i].req.status)
			continue;
		t_check_nothing_made(&a[i], status);
		failed++;
	}
	assert_true(failed);
	check_given_up(q);
	for (unsigned int i = 0; i < n; i++)
		t_attempt_end(&a[i]);
}

static void t_a_hang_is_noticed_and_ends_both_directions(void **state)
{
	struct t_attempt a[18];
	struct wd_queue q;
	void *got;

	(void)state;
	for (unsigned int n = 1; n <= 18; n += 4) {
		char text[32];

		t_open_queue(&q);
		t_zip.stuck = true;
		snprintf(text, sizeof(text), "hang %u", n);
		t_zip_fault(text);
		send_some(&q, a, 18);
		if (n % 8 == 1) {
			all_come_back(&q, a, 18, -ETIMEDOUT);
		} else {
			/* Those that do not wait find out, too. */
			int ret;

			do {
				ret = wd_recv(&q, &got);
			} while (!ret || ret == -EAGAIN);
			assert_int_equal(ret, -ENODEV);
			check_given_up(&q);
			for (unsigned int i = 0; i < 18; i++)
				t_attempt_end(&a[i]);
		}
		wd_release_queue(&q);
		t_zip.stuck = false;
		t_zip_fault("clear");
	}
}

/* ---- what a device that is not finished still reads ---- */

static const struct wd_transport_ops *below;
static unsigned int stops, lists_seen;

/* The lists of what is in flight are there when the kernel is asked to stop the queue. */
static int look_at_lists(int handle, unsigned long request, void *arg)
{
	const struct hisi_zip_sqe *sqe = t_zip_sqe(0, 0);
	const struct hisi_sgl *list =
		(const void *)(uintptr_t)(le32_to_cpu(sqe->src_low) |
					  (uint64_t)le32_to_cpu(sqe->src_high)
						  << 32);

	if (request == UACCE_CMD_PUT_Q && !stops++)
		lists_seen = !list->next && le16_to_cpu(list->entries) == 2 &&
			     le16_to_cpu(list->slots) == 2;
	return below->ctl(handle, request, arg);
}

static void t_lists_are_there_until_the_device_lets_go(void **state)
{
	struct wd_transport_ops looking = *wd_transport;
	struct t_attempt a;
	struct wd_queue q;

	(void)state;
	below = wd_transport;
	looking.ctl = look_at_lists;
	wd_transport = &looking;
	stops = 0;
	t_zip_fault("hang 1");
	t_zip.stuck = true;
	t_open_queue(&q);
	prepare(&a, DECOMPRESS_CHUNK);
	assert_int_equal(t_attempt_send(&q, &a), 0);
	assert_int_equal(wd_flush(&q), 0);
	wd_release_queue(&q);
	wd_transport = below;
	assert_true(stops);
	assert_true(lists_seen);
	t_attempt_end(&a);
}

static void t_a_queue_that_the_kernel_stops_is_given_up(void **state)
{
	struct t_attempt a[18];
	struct wd_queue q;

	(void)state;
	/* None is lost, however busy the machine is. */
	wd_stall_ms = 60000;
	/* Before they are rung for, and after. */
	for (int rung = 0; rung <= 1; rung++) {
		for (int words = 1; words <= 3; words++) {
			t_open_queue(&q);
			check_works(&q);
			send_some(&q, a, 18);
			if (rung) {
				t_zip_fault("delay 3 5000");
				assert_int_equal(wd_flush(&q), 0);
			}
			t_zip_stop(words & 1, words & 2);
			if (rung && words == 1) {
				/* What was taken is done. */
				void *got;

				for (int i = 0; i < 18; i++)
					assert_int_equal(
						wd_recv_sync(&q, &got, 60000),
						0);
				for (int i = 0; i < 18; i++) {
					assert_int_equal(a[i].req.status, 0);
					t_attempt_end(&a[i]);
				}
				prepare(&a[0], COMPRESS_GZIP);
				assert_int_equal(t_attempt_send(&q, &a[0]), 0);
				assert_int_equal(wd_flush(&q), -ENODEV);
				all_come_back(&q, a, 1, -ENODEV);
			} else {
				all_come_back(&q, a, 18, -ENODEV);
			}
			wd_release_queue(&q);
			sim_wait_idle(t_zip.dev.sim);
		}
	}
}

static void t_a_device_that_goes_away_is_noticed(void **state)
{
	struct t_attempt a[18];
	struct wd_queue q;

	(void)state;
	t_open_queue(&q);
	check_works(&q);
	send_some(&q, a, 18);
	t_zip_fault("delay 3 1000000");
	assert_int_equal(wd_flush(&q), 0);
	t_zip_vanish();
	all_come_back(&q, a, 18, -ENODEV);
	wd_release_queue(&q);
}

/* ---- noise ---- */

#define SEEDS 60

/*
 * Random values wherever the device writes: requests come back, in time, and memory
 * around theirs is untouched; a queue that was given up is opened anew.
 */
static void t_noise_does_no_harm(void **state)
{
	struct t_attempt a[18];
	unsigned int died = 0, came = 0;

	(void)state;
	wd_stall_ms = 20;
	for (int seed = 1; seed <= T_REPEAT(SEEDS); seed++) {
		struct wd_queue q;
		char text[32];
		void *got;
		int ret;

		t_open_queue(&q);
		check_works(&q);
		t_zip.stuck = true;
		snprintf(text, sizeof(text), "%d,%d", seed,
			 seed % 3 ? 20 : 200);
		assert_int_equal(sim_fuzz(t_zip.dev.sim, text), 0);
		send_some(&q, a, 18);
		wd_flush(&q);
		for (int i = 0; i < 18; i++) {
			ret = wd_recv_sync(&q, &got, WD_WAIT_FOREVER);
			assert_int_equal(ret, 0);
			came += !((struct wd_comp_req *)got)->status;
		}
		ret = wd_recv_sync(&q, &got, 0);
		died += ret == -ENODEV;
		sim_fuzz(t_zip.dev.sim, "off");
		wd_release_queue(&q);
		t_zip.stuck = false;
		for (int i = 0; i < 18; i++)
			t_attempt_end(&a[i]);
	}
	assert_true(died);
	assert_true(came);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_lie_is_no_result),
		TEST(t_a_result_of_another_request_is_nonsense),
		TEST(t_an_entry_names_a_request_that_is_done),
		TEST(t_requests_may_come_back_in_any_order),
		TEST(t_each_status_has_its_error),
		TEST(t_bad_data_is_an_error),
		TEST(t_wrong_tags_and_entries_end_the_queue),
		TEST(t_an_event_without_an_entry_does_no_harm),
		TEST(t_wrong_output_gets_nowhere),
		TEST(t_a_hang_is_noticed_and_ends_both_directions),
		TEST(t_lists_are_there_until_the_device_lets_go),
		TEST(t_a_queue_that_the_kernel_stops_is_given_up),
		TEST(t_a_device_that_goes_away_is_noticed),
		TEST(t_noise_does_no_harm),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, t_make_data, t_free_data);
}
