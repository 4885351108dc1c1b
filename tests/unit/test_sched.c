/* SPDX-License-Identifier: MIT */
/*
 * Several lanes at once: who gets what, and what becomes of what they fail.
 * The devices are t_fake.c.
 */
#include <errno.h>
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

#include "sched/sched.h"
#include "t_fake.h"
#include "t_util.h"

#define CHUNK	(32u << 10)
#define LEN	(64u * CHUNK + 1234)

static const struct t_feed feed = { .in_max = 100000, .out_max = 100000 };

static uint8_t *text;

static struct wd_comp_sess *session(enum wd_comp_op op, enum wd_comp_format format,
				    const char *engine)
{
	struct wd_comp_setup setup = {
		.op = op, .format = format, .level = 1, .engine = engine,
		.chunk_size = op == WD_COMP_COMPRESS ? CHUNK : 0, .threads = 2,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	struct wd_comp_sess *s;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	return s;
}

static void round_trip(struct wd_comp_sess *comp, struct wd_comp_sess *decomp,
		       enum wd_comp_format format)
{
	struct t_bytes packed = { 0 }, back = { 0 };
	struct t_verdict v = { 0 };
	size_t left;

	assert_int_equal(t_stream(comp, &feed, text, LEN, &packed, &left), 1);
	t_judge(&v, format, packed.data, packed.len, NULL, 0);
	assert_int_equal(v.out.len, LEN);
	assert_memory_equal(v.out.data, text, LEN);
	assert_int_equal(t_stream(decomp, &feed, packed.data, packed.len, &back, &left), 1);
	assert_int_equal(back.len, LEN);
	assert_memory_equal(back.data, text, LEN);
	t_bytes_free(&v.out);
	t_bytes_free(&packed);
	t_bytes_free(&back);
}

static uint64_t faults(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < T_FAKES_MAX; i++)
		n += t_fake[i].faults;
	return n;
}

static void both_ways(const char *engine, enum wd_comp_format format, unsigned int times)
{
	struct wd_comp_sess *comp = session(WD_COMP_COMPRESS, format, engine);
	struct wd_comp_sess *decomp = session(WD_COMP_DECOMPRESS, format, engine);

	for (unsigned int i = 0; i < times; i++) {
		if (i) {
			assert_int_equal(wd_comp_reset(comp, WD_COMP_SIZE_UNKNOWN), 0);
			assert_int_equal(wd_comp_reset(decomp, WD_COMP_SIZE_UNKNOWN), 0);
		}
		round_trip(comp, decomp, format);
	}
	wd_comp_destroy(comp);
	wd_comp_destroy(decomp);
}

static void t_three_devices_and_the_cpu_share_the_work(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, WD_COMP_GZIP, "hybrid");
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	struct t_bytes out = { 0 };
	struct wd_comp_info info;
	uint64_t in = 0, requests = 0;
	size_t left;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		t_fake[i].ns_per_byte = 1 << i;
	assert_int_equal(t_stream(s, &feed, text, LEN, &out, &left), 1);
	assert_int_equal(wd_comp_get_lanes(s, lanes, WD_COMP_LANES_MAX), 4);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(lanes[i].kind, i < 3 ? WD_DEVICE_HARDWARE : WD_DEVICE_CPU);
		assert_int_equal(lanes[i].error, 0);
		/* The CPU only if it finds the time, beside the checks. */
		if (i < 3)
			assert_true(lanes[i].requests > 0);
		in += lanes[i].bytes_in;
		requests += lanes[i].requests;
	}
	assert_int_equal(in, LEN);
	assert_int_equal(requests, info.requests);
	assert_int_equal(lanes[3].checks, info.device_requests);
	t_bytes_free(&out);
	wd_comp_destroy(s);
}

/* WD_SCHED_FAULTS=10000 for as many as a release needs. */
static void t_lanes_that_fail_lose_nothing(void **state)
{
	const char *wish = getenv("WD_SCHED_FAULTS");
	uint64_t want = wish ? strtoull(wish, NULL, 10) : T_REPEAT(2000);
	uint64_t seed = 1, seen = 0;
	static const char *const engines[] = {
		"hybrid", "fake-0+fake-1+fake-2", "fake-1+sw", "fake-2",
	};

	(void)state;
	for (; seen < want; seed++) {
		t_fake_install(3, seed);
		alarm(T_ALARM_SECONDS);
		for (unsigned int i = 0; i < 3; i++) {
			t_fake[i].ill = 300;
			t_fake[i].deadly = seed % 4 == i ? 20 : 0;
		}
		both_ways(engines[seed % T_ARRAY_SIZE(engines)],
			  (enum wd_comp_format)(seed % 3), 3);
		seen += faults();
	}
}

/* A speed at which the inverse of an inverse is less than what it was. */
static double awkward_speed(double bytes)
{
	for (double ns = 1;; ns += 0.001)
		if (bytes * ns > 1 / (1 / (bytes * ns)))
			return ns;
}

static void t_the_last_lane_takes_what_waits_whatever_its_speed(void **state)
{
	const struct engine_choice choice = { .cpu = true };
	struct wd_comp_req req = { .level = 1, .in = text, .in_len = CHUNK };
	struct sched_item item = { .work = wd_work_compress(&req,
							    WD_COMP_GZIP) };
	struct sched_item *got;
	struct sched s = { 0 };

	(void)state;
	req.out_cap = 2 * CHUNK;
	req.out = malloc(req.out_cap);
	assert_non_null(req.out);
	assert_int_equal(sched_init(&s, &choice, 1), 0);
	assert_int_equal(sched_open(&s), 0);
	s.lanes[0].pace =
		(struct fit){ .weight = 1, .x = 1, .y = awkward_speed(CHUNK) };
	/* As it is when a device was just left. */
	s.waiting = (struct item_list){ &item, &item };
	s.in_flight = 1;
	assert_int_equal(sched_recv(&s, &got, WD_WAIT_FOREVER), 0);
	assert_ptr_equal(got, &item);
	assert_int_equal(req.status, 0);
	sched_exit(&s);
	free(req.out);
}

/* Items for devices that do what they are told. */
#define ITEMS 6

static struct sched_item items[ITEMS];
static struct wd_comp_req reqs[ITEMS];

static void send_item(struct sched *s, int i)
{
	reqs[i] = (struct wd_comp_req){
		.level = 1,
		.in = text,
		.in_len = CHUNK,
		.out = malloc(2 * CHUNK),
		.out_cap = 2 * CHUNK,
	};
	assert_non_null(reqs[i].out);
	items[i] = (struct sched_item){
		.work = wd_work_compress(&reqs[i], WD_COMP_GZIP),
	};
	assert_int_equal(sched_send(s, &items[i]), 0);
}

static void end_items(struct sched *s, int n)
{
	sched_exit(s);
	while (n--)
		free(reqs[n].out);
}

/* A device that keeps what it has does not keep what others have. */
static void t_what_others_have_comes_back_first(void **state)
{
	const struct engine_choice choice = {
		.devices = 2,
		.device = { "fake-0", "fake-1" },
	};
	struct sched s = { 0 };
	struct sched_item *got;

	(void)state;
	atomic_store(&t_fake[0].keeps, 1);
	for (int i = 0; i < 2; i++)
		atomic_store(&t_fake[i].held, true);
	assert_int_equal(sched_init(&s, &choice, 1), 0);
	for (int i = 0; i < 4; i++)
		send_item(&s, i);
	t_fake_release(0);
	while (atomic_load(&t_fake[0].keeps))
		sched_yield();
	for (int i = 0; i < 3; i++)
		assert_int_equal(sched_recv(&s, &got, WD_NO_WAIT), -EAGAIN);
	t_fake_release(1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sched_recv(&s, &got, WD_WAIT_FOREVER), 0);
		assert_int_equal(got->work.req->status, 0);
		assert_ptr_equal(got->lane, &s.lanes[1]);
	}
	assert_int_equal(sched_recv(&s, &got, WD_WAIT_FOREVER), -EIO);
	assert_int_equal(sched_recv(&s, &got, WD_NO_WAIT), -EIO);
	end_items(&s, 4);
}

/* It was full for a moment: nobody comes before who waits, and all go to it then. */
static void t_who_waits_for_a_device_is_not_overtaken(void **state)
{
	const struct engine_choice choice = { .devices = 1,
					      .device = { "fake-0" } };
	struct sched s = { 0 };
	struct sched_item *got;

	(void)state;
	atomic_store(&t_fake[0].held, true);
	assert_int_equal(sched_init(&s, &choice, 1), 0);
	for (int i = 0; i < ITEMS; i++) {
		t_fake[0].full = i == 1;
		send_item(&s, i);
	}
	assert_int_equal(t_fake[0].peak, ITEMS);
	t_fake_release(0);
	for (int i = 0; i < ITEMS; i++) {
		assert_int_equal(sched_recv(&s, &got, WD_WAIT_FOREVER), 0);
		assert_ptr_equal(got, &items[i]);
	}
	end_items(&s, ITEMS);
}

/* What a device cannot do is no failure; any other refusal is, as it is told. */
static void t_a_device_that_refuses_is_left(void **state)
{
	static const struct {
		const char *engine;
		int refusal, error;
		uint64_t failed;
	} cases[] = {
		{ "fake-0", -EIO, -EIO, 4 },
		{ "fake-0", -EINVAL, -EINVAL, 4 },
		{ "fake-0", -EPROTO, -EPROTO, 1 },
		{ "fake-0", -ETIMEDOUT, -ETIMEDOUT, 1 },
		{ "fake-0", -ENODEV, -ENODEV, 1 },
		{ "fake-0", -EOPNOTSUPP, 0, 0 },
		{ "fake-0+fake-1", -ENOMEM, -ENOMEM, 4 },
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++) {
		struct wd_comp_sess *s = session(WD_COMP_COMPRESS, WD_COMP_GZIP,
						 cases[i].engine);
		struct wd_comp_lane lane;
		struct t_bytes out = { 0 };
		struct t_verdict v = { 0 };
		struct wd_comp_info info;
		size_t left;

		t_fake[0].refusal = cases[i].refusal;
		assert_int_equal(t_stream(s, &feed, text, LEN, &out, &left), 1);
		t_judge(&v, WD_COMP_GZIP, out.data, out.len, NULL, 0);
		assert_int_equal(v.out.len, LEN);
		assert_memory_equal(v.out.data, text, LEN);
		assert_true(wd_comp_get_lanes(s, &lane, 1) >= 1);
		assert_int_equal(wd_comp_get_info(s, &info), 0);
		assert_int_equal(lane.error, cases[i].error);
		assert_int_equal(lane.failed, cases[i].failed);
		assert_int_equal(lane.requests, 0);
		assert_int_equal(info.redone, cases[i].failed);
		t_bytes_free(&v.out);
		t_bytes_free(&out);
		wd_comp_destroy(s);
	}
}

/* Each request comes back once, done. */
static void t_requests_that_lanes_fail_come_back_once(void **state)
{
	enum { COUNT = 12 };
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, WD_COMP_GZIP, "hybrid");
	static uint8_t out[COUNT][CHUNK + 200];
	struct wd_comp_req req[COUNT];

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		t_fake[i].ill = 300;
	for (unsigned int round = 0; round < T_REPEAT(200); round++) {
		unsigned int back = 0;
		struct wd_comp_req *got;

		for (unsigned int i = 0; i < COUNT; i++) {
			req[i] = (struct wd_comp_req){
				.in = text + i * CHUNK, .in_len = CHUNK, .out = out[i],
				.out_cap = sizeof(out[i]), .level = 1,
			};
			assert_int_equal(wd_comp_send(s, &req[i]), 0);
		}
		while (!wd_comp_recv(s, &got, WD_WAIT_FOREVER)) {
			unsigned int i = (unsigned int)(got - req);
			struct t_verdict v = { 0 };

			assert_true(i < COUNT);
			assert_false(back & 1u << i);
			back |= 1u << i;
			assert_int_equal(got->status, 0);
			t_judge(&v, WD_COMP_GZIP, got->out, got->produced, NULL, 0);
			assert_int_equal(v.out.len, CHUNK);
			assert_memory_equal(v.out.data, text + i * CHUNK, CHUNK);
			t_bytes_free(&v.out);
		}
		assert_int_equal(back, (1u << COUNT) - 1);
	}
	wd_comp_destroy(s);
}

/* A header is for others to read: each of its bytes counts. */
static void t_headers_that_a_device_spoils_are_seen(void **state)
{
	static const struct wd_comp_header named = { .mtime = 12345,
						     .os = 3,
						     .name = "n" };
	static const struct {
		enum wd_comp_format format;
		const struct wd_comp_header *header;
		unsigned int lies_in;
	} cases[] = {
		{ WD_COMP_GZIP, NULL, 10 },
		{ WD_COMP_GZIP, &named, 12 },
		{ WD_COMP_ZLIB, NULL, 2 },
	};
	static uint8_t out[CHUNK + 200], want[CHUNK + 200];

	(void)state;
	t_fake[0].ill = 1000;
	for (size_t i = 0; i < T_ARRAY_SIZE(cases) * T_REPEAT(24); i++) {
		size_t c = i % T_ARRAY_SIZE(cases);
		struct wd_comp_req by_device = {
			.in = text, .in_len = 1000, .out = out, .out_cap = sizeof(out),
			.level = 1, .format = cases[c].format, .header = cases[c].header,
		}, by_cpu = by_device, *got;
		struct wd_comp_sess *s =
			session(WD_COMP_COMPRESS, cases[c].format, "fake-0");
		struct wd_comp_sess *sw =
			session(WD_COMP_COMPRESS, cases[c].format, "sw");

		t_fake[0].lies_in = cases[c].lies_in;
		by_cpu.out = want;
		/* A quarter is refused, which is done by the CPU at once. */
		assert_int_equal(wd_comp_send(s, &by_device), 0);
		assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
		assert_int_equal(wd_comp_send(sw, &by_cpu), 0);
		assert_int_equal(wd_comp_recv(sw, &got, WD_WAIT_FOREVER), 0);
		assert_int_equal(by_device.status, 0);
		assert_int_equal(by_device.produced, by_cpu.produced);
		assert_memory_equal(out, want, by_cpu.produced);
		wd_comp_destroy(sw);
		wd_comp_destroy(s);
	}
	assert_true(faults() > 0);
}

static int decompress(struct wd_comp_sess *s, const uint8_t *in, size_t len)
{
	static uint8_t out[CHUNK + 200];
	struct wd_comp_req req = { .op = WD_COMP_DECOMPRESS,
				   .in = in,
				   .in_len = len,
				   .out = out,
				   .out_cap = sizeof(out),
				   .level = 1 };
	struct wd_comp_req *got;

	assert_int_equal(wd_comp_send(s, &req), 0);
	assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
	if (!req.status) {
		assert_int_equal(req.produced, CHUNK);
		assert_memory_equal(out, text, CHUNK);
	}
	return req.status;
}

/* Neither what a device says of good data is believed, nor what it says of bad. */
static void t_a_wrong_checksum_is_an_error_whoever_sees_it(void **state)
{
	static uint8_t packed[CHUNK + 200];
	struct wd_comp_sess *comp =
		session(WD_COMP_COMPRESS, WD_COMP_GZIP, "sw");
	struct wd_comp_sess *s =
		session(WD_COMP_DECOMPRESS, WD_COMP_GZIP, "fake-0");
	size_t len;

	(void)state;
	assert_int_equal(wd_comp_run(comp, text, CHUNK, packed, sizeof(packed),
				     NULL, &len),
			 0);
	for (unsigned int ill = 0; ill <= 1000; ill += 500) {
		t_fake[0].ill = ill;
		for (unsigned int i = 0; i < T_REPEAT(50); i++) {
			size_t at = len - 1 - i % 8;

			assert_int_equal(decompress(s, packed, len), 0);
			packed[at] ^= 1 << i % 8;
			assert_int_equal(decompress(s, packed, len), -EBADMSG);
			packed[at] ^= 1 << i % 8;
		}
	}
	wd_comp_destroy(comp);
	wd_comp_destroy(s);
}

static void t_sessions_can_be_left_with_all_lanes_busy(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		t_fake[i].ns_per_byte = 5;
	for (unsigned int round = 0; round < 20; round++) {
		struct wd_comp_sess *s = session(WD_COMP_COMPRESS, WD_COMP_GZIP, "hybrid");
		struct wd_comp_buf buf = { .in = text, .in_len = (round + 1) * CHUNK * 2 };

		assert_int_equal(wd_comp_stream(s, &buf, WD_COMP_NO_FLUSH), 0);
		if (round % 2)
			assert_int_equal(wd_comp_reset(s, 0), 0);
		wd_comp_destroy(s);
	}
}

static void t_engines_are_joined_by_plus_signs(void **state)
{
	static const struct {
		const char *engine;
		int ret;
		int lanes;
	} cases[] = {
		{ "fake-0+fake-1", 0, 3 },
		{ "fake-0+fake-0+sw", 0, 2 },
		{ "sw+fake-2", 0, 2 },
		{ "fake+sw", 0, 2 },
		{ "hybrid", 0, 4 },
		{ "auto", 0, 4 },
		{ "hw", 0, 4 },
		{ "fake-0+none", -ENODEV, 0 },
		{ "fake-0+none,sw", 0, 1 },
		{ "none,fake-1+sw", 0, 2 },
		{ "+", -ENODEV, 0 },
		{ "", -ENODEV, 0 },
		{ "sw+", -ENODEV, 0 },
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++) {
		struct wd_comp_setup setup = { .engine = cases[i].engine };
		struct wd_comp_sess *s = NULL;

		assert_int_equal(wd_comp_create(&s, &setup), cases[i].ret);
		if (!cases[i].ret)
			assert_int_equal(wd_comp_get_lanes(s, NULL, 0), cases[i].lanes);
		wd_comp_destroy(s);
	}
}

static void t_hybrid_needs_a_device(void **state)
{
	struct wd_comp_setup setup = { .engine = "hybrid" };
	struct wd_comp_sess *s;

	(void)state;
	t_fake_remove();
	assert_int_equal(wd_comp_create(&s, &setup), -ENODEV);
	setup.engine = "hybrid,sw";
	assert_int_equal(wd_comp_create(&s, &setup), 0);
	wd_comp_destroy(s);
}

static int set_up(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	t_fake_install(3, 7);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	t_fake_remove();
	return 0;
}

static int make_text(void **state)
{
	(void)state;
	t_seed(3);
	text = malloc(LEN);
	if (!text)
		return -1;
	t_fill(text, LEN, T_TEXT);
	return 0;
}

static int free_text(void **state)
{
	(void)state;
	free(text);
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_three_devices_and_the_cpu_share_the_work),
		TEST(t_lanes_that_fail_lose_nothing),
		TEST(t_the_last_lane_takes_what_waits_whatever_its_speed),
		TEST(t_what_others_have_comes_back_first),
		TEST(t_who_waits_for_a_device_is_not_overtaken),
		TEST(t_a_device_that_refuses_is_left),
		TEST(t_requests_that_lanes_fail_come_back_once),
		TEST(t_headers_that_a_device_spoils_are_seen),
		TEST(t_a_wrong_checksum_is_an_error_whoever_sees_it),
		TEST(t_sessions_can_be_left_with_all_lanes_busy),
		TEST(t_engines_are_joined_by_plus_signs),
		TEST(t_hybrid_needs_a_device),
	};

	return cmocka_run_group_tests(tests, make_text, free_text);
}
