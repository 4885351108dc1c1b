/* SPDX-License-Identifier: MIT */
/*
 * Lanes that fail are left for a while and come back, and each thing that was not
 * done where it might have been has a reason.  The devices are t_fake.c; the clock
 * is the test's.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <warpdrive/wd_comp.h>

#include "sched/lane.h"
#include "t_fake.h"
#include "t_util.h"

#define SECOND 1000000000LL
#define CHUNK  (32u << 10)
#define LEN    (40u * CHUNK + 1234)

static const struct quarantine_rules usual = {
	.failures = 4,
	.first_ns = SECOND,
	.longest_ns = 60 * SECOND,
};

static int64_t now;
static int64_t (*real_clock)(void);
static uint8_t *text;

static int64_t test_clock(void)
{
	return now;
}

static struct wd_comp_sess *session(enum wd_comp_op op, const char *engine)
{
	struct wd_comp_setup setup = {
		.op = op,
		.level = 1,
		.engine = engine,
		.chunk_size = op == WD_COMP_COMPRESS ? CHUNK : 0,
		.threads = 2,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	struct wd_comp_sess *s;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	return s;
}

static struct wd_comp_lane lane_of(struct wd_comp_sess *s, unsigned int i)
{
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];

	assert_true((int)i < wd_comp_get_lanes(s, lanes, WD_COMP_LANES_MAX));
	return lanes[i];
}

static uint64_t reasons_of(struct wd_comp_sess *s, unsigned int lane,
			   enum wd_comp_reason reason, char *told)
{
	struct wd_comp_fallback list[WD_COMP_LANES_MAX * WD_COMP_REASONS];
	int n = wd_comp_get_fallbacks(s, list, T_ARRAY_SIZE(list));

	for (int i = 0; i < n; i++) {
		if (list[i].lane != lane || list[i].reason != reason)
			continue;
		if (told)
			strcpy(told, list[i].text);
		return list[i].count;
	}
	return 0;
}

/* One request, there and back, right whoever does it; returns who that was. */
static int one_request(struct wd_comp_sess *s)
{
	static uint8_t out[CHUNK + 200];
	struct wd_comp_req req = { .in = text,
				   .in_len = CHUNK,
				   .out = out,
				   .out_cap = sizeof(out),
				   .level = 1 };
	struct wd_comp_req *got;
	struct t_verdict v = { 0 };

	assert_int_equal(wd_comp_send(s, &req), 0);
	assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
	assert_ptr_equal(got, &req);
	assert_int_equal(req.status, 0);
	t_judge(&v, WD_COMP_GZIP, out, req.produced, NULL, 0);
	assert_int_equal(v.out.len, CHUNK);
	assert_memory_equal(v.out.data, text, CHUNK);
	t_bytes_free(&v.out);
	return wd_comp_last_lane(s);
}

/* ---- the rules ---- */

static void t_pauses_double_up_to_the_longest(void **state)
{
	struct quarantine q = { 0 };
	int64_t pause = SECOND;

	(void)state;
	for (int i = 0; i < 10; i++) {
		quarantine_begin(&q, -EIO, true, now);
		assert_false(quarantine_try(&q, now + pause - 1));
		now += pause;
		assert_true(quarantine_try(&q, now));
		assert_false(quarantine_try(&q, now));
		assert_true(quarantine_is_due(&q, 1));
		pause = 2 * pause < 60 * SECOND ? 2 * pause : 60 * SECOND;
	}
	assert_true(quarantine_end(&q));
	assert_false(quarantine_end(&q));
	assert_false(quarantine_is_due(&q, 3));
	assert_true(quarantine_is_due(&q, 4));
	quarantine_begin(&q, -EIO, true, now);
	assert_true(quarantine_try(&q, now + SECOND));
}

static void t_what_time_does_not_mend_is_for_good(void **state)
{
	static const struct {
		int err;
		bool seen, ends;
	} cases[] = {
		{ -EACCES, false, false },    { -EPERM, true, false },
		{ -EOPNOTSUPP, true, false }, { -ENODEV, false, false },
		{ -ENODEV, true, true },      { -EBUSY, false, true },
		{ -EIO, false, true },	      { -ENOMEM, false, true },
		{ -ETIMEDOUT, true, true },   { -EPROTO, true, true },
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++) {
		struct quarantine q = { 0 };

		quarantine_begin(&q, cases[i].err, cases[i].seen, now);
		assert_int_equal(quarantine_has_end(&q), cases[i].ends);
		assert_int_equal(quarantine_try(&q, INT64_MAX), cases[i].ends);
	}
}

/* ---- lanes ---- */

static void t_a_lane_that_failed_comes_back(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "fake-0");

	(void)state;
	assert_int_equal(wd_comp_last_lane(s), -ENOENT);
	assert_int_equal(one_request(s), 0);
	t_fake[0].refusal = -EIO;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(lane_of(s, 0).error, 0);
		assert_int_equal(one_request(s), 1);
	}
	assert_int_equal(lane_of(s, 0).error, -EIO);
	t_fake[0].refusal = 0;
	now += SECOND - 1;
	assert_int_equal(one_request(s), 1);
	assert_int_equal(lane_of(s, 0).returned, 0);
	now++;
	assert_int_equal(one_request(s), 0);
	assert_int_equal(lane_of(s, 0).returned, 1);
	assert_int_equal(lane_of(s, 0).error, 0);
	assert_int_equal(lane_of(s, 0).failed, 4);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_FAILED, NULL), 4);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_QUARANTINED, NULL), 1);
	/* It has as many attempts as before. */
	t_fake[0].refusal = -EIO;
	for (int i = 0; i < 3; i++)
		assert_int_equal(one_request(s), 1);
	assert_int_equal(lane_of(s, 0).error, 0);
	wd_comp_destroy(s);
}

static void t_one_failure_on_return_is_enough(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "fake-0");
	int64_t pause = SECOND;

	(void)state;
	t_fake[0].refusal = -EIO;
	for (int i = 0; i < 4; i++)
		one_request(s);
	for (int i = 0; i < 8; i++) {
		uint64_t failed = lane_of(s, 0).failed;

		now += pause - 1;
		one_request(s);
		assert_int_equal(lane_of(s, 0).failed, failed);
		now++;
		one_request(s);
		assert_int_equal(lane_of(s, 0).failed, failed + 1);
		one_request(s);
		assert_int_equal(lane_of(s, 0).failed, failed + 1);
		pause = 2 * pause < 60 * SECOND ? 2 * pause : 60 * SECOND;
	}
	t_fake[0].refusal = 0;
	now += pause;
	assert_int_equal(one_request(s), 0);
	assert_int_equal(lane_of(s, 0).returned, 1);
	wd_comp_destroy(s);
}

/* Wrong output is a failure like any other. */
static void t_a_lane_is_tried_with_checked_work(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "fake-0");

	(void)state;
	t_fake[0].ill = 1000;
	t_fake[0].lies_in = 10;
	for (int i = 0; i < 200 && !lane_of(s, 0).error; i++)
		assert_int_equal(one_request(s), 1);
	assert_int_equal(lane_of(s, 0).error, -EIO);
	now += SECOND;
	for (int i = 0;
	     i < 200 && reasons_of(s, 0, WD_COMP_REASON_WRONG, NULL) < 5; i++)
		one_request(s);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_WRONG, NULL), 5);
	assert_int_equal(lane_of(s, 0).returned, 0);
	assert_int_equal(lane_of(s, 0).error, -EIO);
	t_fake[0].ill = 0;
	now += 2 * SECOND;
	assert_int_equal(one_request(s), 0);
	assert_int_equal(lane_of(s, 0).returned, 1);
	wd_comp_destroy(s);
}

static void t_a_device_that_was_gone_is_opened_anew(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "fake-0");

	(void)state;
	assert_int_equal(one_request(s), 0);
	t_fake[0].refusal = -ENODEV;
	t_fake[0].status = -ENODEV;
	assert_int_equal(one_request(s), 1);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_GONE, NULL), 1);
	/* A pause later it is still not there. */
	now += SECOND;
	assert_int_equal(one_request(s), 1);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_NO_DEVICE, NULL), 1);
	t_fake[0].refusal = t_fake[0].status = 0;
	assert_int_equal(one_request(s), 1);
	now += 2 * SECOND;
	assert_int_equal(one_request(s), 0);
	assert_int_equal(lane_of(s, 0).returned, 1);
	wd_comp_destroy(s);
}

static void t_a_device_that_is_still_there_was_reset(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "fake-0");

	(void)state;
	t_fake[0].refusal = -ENODEV;
	assert_int_equal(one_request(s), 1);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_RESET, NULL), 1);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_GONE, NULL), 0);
	wd_comp_destroy(s);
}

static void t_permission_is_asked_for_once(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "fake-0");
	char told[WD_REASON_MAX];

	(void)state;
	t_fake[0].no_queue = t_fake[0].status = -EACCES;
	t_fake[0].reason = "no permission: members of group accel have it";
	assert_int_equal(one_request(s), 1);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_NO_PERMISSION, told),
			 1);
	assert_string_equal(told, t_fake[0].reason);
	t_fake[0].no_queue = t_fake[0].status = 0;
	now += 1000 * SECOND;
	assert_int_equal(one_request(s), 1);
	assert_int_equal(lane_of(s, 0).error, -EACCES);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_QUARANTINED, NULL), 0);
	wd_comp_destroy(s);
}

static void t_a_queue_that_others_had_is_asked_for_again(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "hybrid");

	(void)state;
	t_fake[0].no_queue = -EBUSY;
	one_request(s);
	assert_int_equal(lane_of(s, 0).error, -EBUSY);
	assert_int_equal(reasons_of(s, 0, WD_COMP_REASON_NO_QUEUE, NULL), 1);
	t_fake[0].no_queue = 0;
	now += SECOND;
	assert_int_equal(one_request(s), 0);
	assert_int_equal(lane_of(s, 0).returned, 1);
	wd_comp_destroy(s);
}

/* Meanwhile the CPU does the others. */
static void t_a_lane_is_tried_with_one_item(void **state)
{
	enum {
		COUNT = 8
	};
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "fake-0");
	static uint8_t out[COUNT][CHUNK + 200];
	struct wd_comp_req req[COUNT], *got;

	(void)state;
	t_fake[0].refusal = -EIO;
	for (int i = 0; i < 4; i++)
		one_request(s);
	t_fake[0].refusal = 0;
	t_fake[0].peak = 0;
	/* It does not answer before all the rest was sent. */
	t_fake[0].held = true;
	now += SECOND;
	for (unsigned int i = 0; i < COUNT; i++) {
		req[i] = (struct wd_comp_req){ .in = text,
					       .in_len = CHUNK,
					       .out = out[i],
					       .out_cap = sizeof(out[i]),
					       .level = 1 };
		assert_int_equal(wd_comp_send(s, &req[i]), 0);
	}
	for (unsigned int i = 0; i + 1 < COUNT; i++) {
		assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
		assert_int_equal(wd_comp_last_lane(s), 1);
	}
	assert_int_equal(t_fake[0].peak, 1);
	t_fake_release(0);
	assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
	assert_int_equal(wd_comp_last_lane(s), 0);
	assert_int_equal(lane_of(s, 0).returned, 1);
	wd_comp_destroy(s);
}

/* ---- who did it ---- */

static const struct t_feed feed = { .in_max = 100000, .out_max = 100000 };

/* The pieces of a stream: @lane did them all. */
static void expect_pieces(struct wd_comp_sess *s, int lane)
{
	const void *data;
	size_t len;

	assert_int_equal(wd_comp_put_input(s, 0, WD_COMP_FINISH), 0);
	while (wd_comp_get_output(s, &data, &len, WD_WAIT_FOREVER) == 1) {
		assert_int_equal(wd_comp_last_lane(s), lane);
		assert_int_equal(wd_comp_put_output(s), 0);
	}
}

static void put_text(struct wd_comp_sess *s, size_t len)
{
	void *buf;
	size_t room;

	for (size_t done = 0; done < len; done += room) {
		assert_int_equal(wd_comp_get_input(s, &buf, &room), 0);
		if (room > len - done)
			room = len - done;
		memcpy(buf, text + done, room);
		assert_int_equal(wd_comp_put_input(s, room, WD_COMP_NO_FLUSH),
				 0);
	}
}

static void t_who_did_a_piece_is_told(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "fake-1+fake-2");

	(void)state;
	t_fake[1].refusal = -EOPNOTSUPP;
	t_fake[2].refusal = -EOPNOTSUPP;
	put_text(s, 3 * CHUNK);
	expect_pieces(s, 2);
	assert_int_equal(wd_comp_reset(s, 0), 0);
	assert_int_equal(wd_comp_last_lane(s), -ENOENT);
	wd_comp_destroy(s);

	s = session(WD_COMP_COMPRESS, "fake-1");
	t_fake[1].refusal = 0;
	put_text(s, 3 * CHUNK);
	expect_pieces(s, 0);
	wd_comp_destroy(s);
}

/* The device is not even asked for a queue. */
static void t_a_small_stream_is_the_cpus(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "auto");

	(void)state;
	put_text(s, 100);
	expect_pieces(s, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(lane_of(s, i).depth, 0);
		assert_int_equal(
			reasons_of(s, i, WD_COMP_REASON_TOO_SMALL, NULL), 1);
	}
	wd_comp_destroy(s);
}

/* ---- reasons ---- */

static void t_each_status_has_its_reason(void **state)
{
	static const struct {
		int refusal;
		enum wd_comp_reason reason;
	} cases[] = {
		{ -EIO, WD_COMP_REASON_FAILED },
		{ -ENOMEM, WD_COMP_REASON_FAILED },
		{ -EOPNOTSUPP, WD_COMP_REASON_UNSUPPORTED },
		{ -ENOSPC, WD_COMP_REASON_NO_ROOM },
		{ -EPROTO, WD_COMP_REASON_NONSENSE },
		{ -ETIMEDOUT, WD_COMP_REASON_TIMED_OUT },
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++) {
		struct wd_comp_sess *s = session(WD_COMP_COMPRESS, "fake-0");
		struct wd_comp_fallback all[4];

		t_fake[0].refusal = cases[i].refusal;
		assert_int_equal(one_request(s), 1);
		assert_int_equal(wd_comp_get_fallbacks(s, NULL, 0), 1);
		assert_int_equal(wd_comp_get_fallbacks(s, NULL, 1), -EINVAL);
		assert_int_equal(wd_comp_get_fallbacks(s, all, 4), 1);
		assert_int_equal(all[0].lane, 0);
		assert_int_equal(all[0].reason, cases[i].reason);
		assert_int_equal(all[0].count, 1);
		assert_string_equal(all[0].text,
				    wd_comp_reason_text(cases[i].reason));
		assert_int_equal(wd_comp_reset(s, 0), 0);
		assert_int_equal(wd_comp_get_fallbacks(s, NULL, 0), 0);
		wd_comp_destroy(s);
	}
}

/* Whether it was asked for when the session was made, or for a stream before this one. */
static void t_each_stream_tells_of_a_queue_that_cannot_be_had(void **state)
{
	static const struct {
		int no_queue;
		enum wd_comp_reason reason;
		uint64_t again; /* after a reset */
	} cases[] = {
		{ -EACCES, WD_COMP_REASON_NO_PERMISSION, 1 },
		{ -EOPNOTSUPP, WD_COMP_REASON_ADDRESS_MODE, 1 },
		{ -EBUSY, WD_COMP_REASON_NO_QUEUE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++) {
		struct wd_comp_sess *s;

		t_fake[0].refused = false;
		t_fake[0].no_queue = cases[i].no_queue;
		s = session(WD_COMP_COMPRESS, "hw");
		assert_int_equal(reasons_of(s, 0, cases[i].reason, NULL), 1);
		for (int n = 0; n < 2; n++) {
			assert_int_equal(wd_comp_reset(s, 0), 0);
			assert_int_equal(
				reasons_of(s, 0, cases[i].reason, NULL),
				cases[i].again);
		}
		assert_int_equal(one_request(s), 1);
		assert_int_equal(reasons_of(s, 0, cases[i].reason, NULL),
				 cases[i].again);
		wd_comp_destroy(s);
	}
}

static void t_reasons_have_words_of_their_own(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < WD_COMP_REASONS; i++) {
		assert_true(strlen(wd_comp_reason_text(i)) < WD_REASON_MAX);
		assert_true(*wd_comp_reason_text(i));
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(wd_comp_reason_word(i),
						wd_comp_reason_word(k));
	}
	assert_string_equal(wd_comp_reason_word(WD_COMP_REASONS), "none");
	assert_string_equal(wd_comp_reason_word((enum wd_comp_reason) - 1),
			    "none");
}

/* ---- anything may happen ---- */

static void round_trip(struct wd_comp_sess *comp, struct wd_comp_sess *decomp)
{
	struct t_bytes packed = { 0 }, back = { 0 };
	struct t_verdict v = { 0 };
	size_t left;

	assert_int_equal(t_stream(comp, &feed, text, LEN, &packed, &left), 1);
	t_judge(&v, WD_COMP_GZIP, packed.data, packed.len, NULL, 0);
	assert_int_equal(v.out.len, LEN);
	assert_memory_equal(v.out.data, text, LEN);
	assert_int_equal(
		t_stream(decomp, &feed, packed.data, packed.len, &back, &left),
		1);
	assert_int_equal(back.len, LEN);
	assert_memory_equal(back.data, text, LEN);
	t_bytes_free(&v.out);
	t_bytes_free(&packed);
	t_bytes_free(&back);
}

static int64_t read_text(void *arg, void *buf, size_t len, uint64_t offset)
{
	(void)arg;
	if (offset >= LEN)
		return 0;
	if (len > LEN - offset)
		len = (size_t)(LEN - offset);
	memcpy(buf, text + offset, len);
	return (int64_t)len;
}

/* Where the session may read ahead, until a device comes back. */
static void from_source(struct wd_comp_sess *comp)
{
	struct t_bytes packed = { 0 };
	struct t_verdict v = { 0 };
	const void *data;
	size_t len;
	int ret;

	assert_int_equal(wd_comp_reset(comp, LEN), 0);
	assert_int_equal(wd_comp_set_source(comp, read_text, NULL, LEN), 0);
	while ((ret = wd_comp_get_output(comp, &data, &len, WD_WAIT_FOREVER)) ==
	       1) {
		t_bytes_add(&packed, data, len);
		assert_int_equal(wd_comp_put_output(comp), 0);
	}
	assert_int_equal(ret, 0);
	t_judge(&v, WD_COMP_GZIP, packed.data, packed.len, NULL, 0);
	assert_int_equal(v.out.len, LEN);
	assert_memory_equal(v.out.data, text, LEN);
	t_bytes_free(&v.out);
	t_bytes_free(&packed);
}

static uint64_t returned(struct wd_comp_sess *s)
{
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	int n = wd_comp_get_lanes(s, lanes, WD_COMP_LANES_MAX);
	uint64_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += lanes[i].returned;
	return sum;
}

/* WD_SCHED_FAULTS=10000 for as many as a release needs. */
static void t_lanes_that_come_and_go_lose_nothing(void **state)
{
	static const char *const engines[] = {
		"hw", "fake-0", "auto", "fake-1+sw", "fake-0+fake-2",
	};
	const char *wish = getenv("WD_SCHED_FAULTS");
	uint64_t want = wish ? strtoull(wish, NULL, 10) : T_REPEAT(1000);
	uint64_t seen = 0, back = 0;

	(void)state;
	lane_clock = real_clock;
	for (uint64_t seed = 1; seen < want || !back; seed++) {
		const char *engine = engines[seed % T_ARRAY_SIZE(engines)];
		struct wd_comp_sess *comp, *decomp;

		t_fake_install(3, seed);
		quarantine_rules = (struct quarantine_rules){
			.failures = 1 + seed % 3,
			.first_ns = 1000 << seed % 8,
			.longest_ns = 1000000,
		};
		alarm(T_ALARM_SECONDS);
		for (unsigned int i = 0; i < 3; i++) {
			t_fake[i].ill = seed % 2 ? 300 : 50;
			t_fake[i].deadly = seed % 3 ? 100 : 400;
		}
		comp = session(WD_COMP_COMPRESS, engine);
		decomp = session(WD_COMP_DECOMPRESS, engine);
		for (unsigned int i = 0; i < 3; i++) {
			assert_int_equal(
				wd_comp_reset(comp, WD_COMP_SIZE_UNKNOWN), 0);
			assert_int_equal(
				wd_comp_reset(decomp, WD_COMP_SIZE_UNKNOWN), 0);
			round_trip(comp, decomp);
			back += returned(comp) + returned(decomp);
			from_source(comp);
			back += returned(comp);
		}
		wd_comp_destroy(comp);
		wd_comp_destroy(decomp);
		for (unsigned int i = 0; i < 3; i++)
			seen += t_fake[i].faults;
	}
}

/* ---- */

static int set_up(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	t_fake_install(3, 7);
	quarantine_rules = usual;
	real_clock = lane_clock;
	lane_clock = test_clock;
	now = 12345 * SECOND;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	lane_clock = real_clock;
	t_fake_remove();
	return 0;
}

/* Chunks that repeat what comes before them refer to it, where they may. */
static int make_text(void **state)
{
	const size_t period = 20000;

	(void)state;
	t_seed(3);
	text = malloc(LEN);
	if (!text)
		return -1;
	t_fill(text, LEN, T_TEXT);
	for (size_t i = 10 * CHUNK; i < 20 * CHUNK; i++)
		text[i] = text[i - period];
	return 0;
}

static int free_text(void **state)
{
	(void)state;
	free(text);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_pauses_double_up_to_the_longest),
		TEST(t_what_time_does_not_mend_is_for_good),
		TEST(t_a_lane_that_failed_comes_back),
		TEST(t_one_failure_on_return_is_enough),
		TEST(t_a_lane_is_tried_with_checked_work),
		TEST(t_a_device_that_was_gone_is_opened_anew),
		TEST(t_a_device_that_is_still_there_was_reset),
		TEST(t_permission_is_asked_for_once),
		TEST(t_a_queue_that_others_had_is_asked_for_again),
		TEST(t_a_lane_is_tried_with_one_item),
		TEST(t_who_did_a_piece_is_told),
		TEST(t_a_small_stream_is_the_cpus),
		TEST(t_each_status_has_its_reason),
		TEST(t_each_stream_tells_of_a_queue_that_cannot_be_had),
		TEST(t_reasons_have_words_of_their_own),
		TEST(t_lanes_that_come_and_go_lose_nothing),
	};

	return cmocka_run_group_tests(tests, make_text, free_text);
}
