/* SPDX-License-Identifier: MIT */
/*
 * Streams that the ZIP engine decodes piece by piece: those of other programs, all of
 * whose bytes go through the device, and what becomes of them when the device fails.
 *
 * WD_ENGINE_SCRIPTS: how many faults are tried at random; WD_ENGINE_SEED: of the first.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drv/inflight.h"
#include "t_util.h"
#include "with_model.h"

#include <cmocka.h>

#define LEN		(6u << 20)
#define SCRIPTS		60u
#define CASE_SECONDS	300u
#define STALL_MS	20000 /* nothing counts as lost because the machine is busy */
#define RANDOM_STALL_MS 200 /* here it may */

static uint8_t *plain;
static char about[256];

/* ---- devices ---- */

static void begin_model(uint8_t revision, const char *faults)
{
	struct with_model_setup setup;

	with_model_default(&setup, revision);
	assert_true(script_read(&setup.script, faults, 0, 1));
	with_model_begin(&setup);
}

/* ---- streams ---- */

static struct wd_comp_sess *make_decoder(enum wd_comp_format format,
					 const char *engine)
{
	struct wd_comp_setup setup = {
		.op = WD_COMP_DECOMPRESS,
		.format = format,
		.engine = engine,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
		.threads = 2,
	};
	struct wd_comp_sess *s;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	return s;
}

/* As a program does that may begin again; *@restarts: how often it had to. */
static int decode(struct wd_comp_sess *s, const struct t_bytes *in,
		  struct t_bytes *out, unsigned int *restarts)
{
	const struct t_feed feed = { 0 };
	size_t left;
	int ret;

	*restarts = 0;
	assert_int_equal(wd_comp_allow_restart(s), 0);
	while ((ret = t_stream(s, &feed, in->data, in->len, out, &left)) ==
	       -ERESTART) {
		++*restarts;
		out->len = 0;
		assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
		assert_int_equal(wd_comp_allow_restart(s), 0);
	}
	return ret;
}

static void check_plain(const struct t_bytes *out, size_t len)
{
	assert_int_equal(out->len, len);
	assert_memory_equal(out->data, plain, len);
}

static struct wd_comp_lane device_lane(struct wd_comp_sess *s)
{
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];

	assert_true(wd_comp_get_lanes(s, lanes, WD_COMP_LANES_MAX) >= 1);
	return lanes[0];
}

static uint64_t reason_count(struct wd_comp_sess *s, enum wd_comp_reason reason)
{
	struct wd_comp_fallback told[16];
	int n = wd_comp_get_fallbacks(s, told, T_ARRAY_SIZE(told));

	for (int i = 0; i < n && i < (int)T_ARRAY_SIZE(told); i++)
		if (told[i].reason == reason)
			return told[i].count;
	return 0;
}

static void pack(struct t_bytes *out, enum wd_comp_format format, int level,
		 size_t len)
{
	t_deflate(out, plain, len, t_window_bits(format), level, 0);
}

static size_t head_of(enum wd_comp_format format)
{
	return format == WD_COMP_GZIP ? 10 : 2;
}

static void check_all_by_device(uint8_t revision, enum wd_comp_format format,
				int level)
{
	struct t_bytes in = { 0 }, out = { 0 };
	struct wd_comp_sess *s;
	struct wd_comp_lane lane;
	unsigned int restarts;

	pack(&in, format, level, LEN);
	begin_model(revision, NULL);
	s = make_decoder(format, "hisi_zip");
	assert_int_equal(decode(s, &in, &out, &restarts), 1);
	check_plain(&out, LEN);
	assert_int_equal(restarts, 0);
	lane = device_lane(s);
	assert_int_equal(lane.bytes_in, in.len - head_of(format));
	assert_int_equal(lane.bytes_out, LEN);
	assert_int_equal(lane.failed, 0);
	wd_comp_destroy(s);
	with_model_end();
	t_bytes_free(&in);
	t_bytes_free(&out);
}

static void t_all_of_a_stream_is_the_devices(void **state)
{
	(void)state;
	for (int level = 0; level <= 9; level += 3) {
		check_all_by_device(QM_HW_V3, WD_COMP_GZIP, level);
		check_all_by_device(QM_HW_V3, WD_COMP_ZLIB, level);
	}
	check_all_by_device(QM_HW_V2, WD_COMP_GZIP, 6);
	check_all_by_device(QM_HW_V2, WD_COMP_ZLIB, 6);
}

/* Without a second chance nothing is given out that may be wrong. */
static void t_what_cannot_begin_again_is_the_cpus(void **state)
{
	const struct t_feed feed = { 0 };
	struct t_bytes in = { 0 }, out = { 0 };
	struct wd_comp_sess *s;
	size_t left;

	(void)state;
	pack(&in, WD_COMP_GZIP, 6, LEN);
	begin_model(QM_HW_V3, NULL);
	s = make_decoder(WD_COMP_GZIP, "hisi_zip");
	assert_int_equal(t_stream(s, &feed, in.data, in.len, &out, &left), 1);
	check_plain(&out, LEN);
	assert_int_equal(device_lane(s).requests, 0);
	/* Allowing it holds for one stream. */
	assert_int_equal(wd_comp_allow_restart(s), -EINVAL);
	wd_comp_destroy(s);
	with_model_end();
	t_bytes_free(&in);
	t_bytes_free(&out);
}

static void t_members_follow_each_other(void **state)
{
	struct t_bytes in = { 0 }, out = { 0 };
	struct wd_comp_sess *s;
	struct wd_comp_info info;
	unsigned int restarts;
	size_t large;

	(void)state;
	/* Large ones for the device, those after a small one for the CPU. */
	t_deflate(&in, plain, LEN / 2, 31, 6, 0);
	large = in.len;
	t_deflate(&in, plain + LEN / 2, LEN / 4, 31, 6, 0);
	large = in.len - 2 * 10;
	for (size_t at = LEN / 2 + LEN / 4; at < LEN; at += LEN / 64)
		t_deflate(&in, plain + at, LEN / 64, 31, 6, 0);
	begin_model(QM_HW_V3, NULL);
	s = make_decoder(WD_COMP_GZIP, "hisi_zip");
	assert_int_equal(decode(s, &in, &out, &restarts), 1);
	check_plain(&out, LEN);
	assert_int_equal(restarts, 0);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(info.members, 2 + 16);
	assert_true(device_lane(s).bytes_in >= large);
	wd_comp_destroy(s);
	with_model_end();
	t_bytes_free(&in);
	t_bytes_free(&out);
}

/* ---- failures ---- */

static void check_fault(const char *fault, unsigned int want_restarts,
			enum wd_comp_reason reason)
{
	struct t_bytes in = { 0 }, out = { 0 };
	struct wd_comp_sess *s;
	struct wd_comp_info info;
	unsigned int restarts;

	snprintf(about, sizeof(about), "%s\n", fault);
	pack(&in, WD_COMP_GZIP, 6, LEN);
	begin_model(QM_HW_V3, fault);
	s = make_decoder(WD_COMP_GZIP, "hisi_zip");
	assert_int_equal(decode(s, &in, &out, &restarts), 1);
	check_plain(&out, LEN);
	assert_int_equal(restarts, want_restarts);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(info.redone, 1);
	assert_int_equal(reason_count(s, reason), 1);
	assert_int_equal(device_lane(s).requests, 0);
	/* The CPU does the next one. */
	assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
	out.len = 0;
	assert_int_equal(decode(s, &in, &out, &restarts), 1);
	check_plain(&out, LEN);
	assert_int_equal(restarts, 0);
	assert_int_equal(device_lane(s).requests, 0);
	wd_comp_destroy(s);
	with_model_end();
	t_bytes_free(&in);
	t_bytes_free(&out);
}

static void t_the_first_request_fails_without_a_trace(void **state)
{
	(void)state;
	check_fault("fail 1 3", 0, WD_COMP_REASON_FAILED);
	check_fault("hang 1", 0, WD_COMP_REASON_TIMED_OUT);
}

static void t_later_ones_make_it_begin_again(void **state)
{
	(void)state;
	check_fault("fail 2 3", 1, WD_COMP_REASON_FAILED);
	check_fault("fail 3 16", 1, WD_COMP_REASON_FAILED);
	check_fault("flip 1 100", 1, WD_COMP_REASON_WRONG);
	check_fault("flip 3 100000", 1, WD_COMP_REASON_WRONG);
	check_fault("hang 3", 1, WD_COMP_REASON_TIMED_OUT);
	check_fault("tag 2 77", 1, WD_COMP_REASON_NONSENSE);
}

static void t_one_shot_begins_again_by_itself(void **state)
{
	struct t_bytes in = { 0 };
	struct wd_comp_sess *s;
	struct wd_comp_info info;
	uint8_t *out = malloc(LEN);
	size_t consumed, produced;

	(void)state;
	assert_non_null(out);
	pack(&in, WD_COMP_GZIP, 6, LEN);
	begin_model(QM_HW_V3, "flip 2 1000");
	s = make_decoder(WD_COMP_GZIP, "hisi_zip");
	assert_int_equal(
		wd_comp_run(s, in.data, in.len, out, LEN, &consumed, &produced),
		0);
	assert_int_equal(consumed, in.len);
	assert_int_equal(produced, LEN);
	assert_memory_equal(out, plain, LEN);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(info.redone, 1);
	wd_comp_destroy(s);
	with_model_end();
	t_bytes_free(&in);
	free(out);
}

/* Too much for the caller may be the device's invention, and is looked at; then it is not. */
static void t_one_shot_without_room_says_so(void **state)
{
	struct t_bytes in = { 0 };
	struct wd_comp_sess *s;
	struct wd_comp_lane lane;
	uint8_t *out = malloc(LEN);
	size_t consumed, produced;

	(void)state;
	assert_non_null(out);
	pack(&in, WD_COMP_GZIP, 6, LEN);
	begin_model(QM_HW_V3, NULL);
	s = make_decoder(WD_COMP_GZIP, "hisi_zip");
	assert_int_equal(wd_comp_run(s, in.data, in.len, out, LEN / 2,
				     &consumed, &produced),
			 -ENOSPC);
	assert_int_equal(produced, LEN / 2);
	assert_memory_equal(out, plain, LEN / 2);
	assert_int_equal(
		wd_comp_run(s, in.data, in.len, out, LEN, &consumed, &produced),
		0);
	assert_int_equal(produced, LEN);
	assert_memory_equal(out, plain, LEN);
	lane = device_lane(s);
	assert_int_equal(lane.bytes_out, LEN);
	/* Nor is it the device's fault in a later member. */
	pack(&in, WD_COMP_GZIP, 6, LEN);
	out = realloc(out, LEN + LEN / 2);
	assert_non_null(out);
	assert_int_equal(wd_comp_run(s, in.data, in.len, out, LEN + LEN / 2,
				     &consumed, &produced),
			 -ENOSPC);
	lane = device_lane(s);
	assert_int_equal(lane.failed, 0);
	assert_int_equal(lane.wrong, 0);
	wd_comp_destroy(s);
	with_model_end();
	t_bytes_free(&in);
	free(out);
}

/* ---- a device that does not let go ---- */

/* What is left to it on purpose is no leak. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* Request number @n is never answered, and its queue not stopped. */
static void begin_holding(unsigned int n)
{
	struct with_model_setup setup;
	char fault[16];

	if (__lsan_disable)
		__lsan_disable();
	snprintf(fault, sizeof(fault), "hang %u", n);
	with_model_default(&setup, QM_HW_V3);
	assert_true(script_read(&setup.script, fault, 0, 1));
	setup.holds = true;
	with_model_begin(&setup);
}

static void end_holding(struct wd_comp_sess *s)
{
	assert_true(reason_count(s, WD_COMP_REASON_TIMED_OUT) >= 1);
	wd_comp_destroy(s);
	with_model_end();
	if (__lsan_enable)
		__lsan_enable();
}

static void check_decoded_by_others(unsigned int n, const struct t_bytes *in)
{
	struct t_bytes out = { 0 };
	struct wd_comp_sess *s;
	unsigned int restarts;

	begin_holding(n);
	s = make_decoder(WD_COMP_GZIP, "hisi_zip");
	assert_int_equal(decode(s, in, &out, &restarts), 1);
	check_plain(&out, LEN);
	end_holding(s);
	t_bytes_free(&out);
}

static struct wd_comp_sess *make_encoder(const char *engine)
{
	struct wd_comp_setup setup = {
		.engine = engine,
		.chunk_size = 256u << 10,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
		.threads = 2,
	};
	struct wd_comp_sess *s;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	return s;
}

static void encode(struct wd_comp_sess *s, struct t_bytes *to)
{
	const struct t_feed feed = { 0 };
	size_t left;

	assert_int_equal(t_stream(s, &feed, plain, LEN, to, &left), 1);
}

/* Streams of others, and our own, whose chunks are decoded side by side. */
static void t_streams_are_decoded_where_memory_is_kept(void **state)
{
	struct wd_comp_sess *s = make_encoder("sw");
	struct t_bytes in = { 0 };

	(void)state;
	encode(s, &in);
	wd_comp_destroy(s);
	check_decoded_by_others(3, &in);
	in.len = 0;
	pack(&in, WD_COMP_GZIP, 6, LEN);
	check_decoded_by_others(1, &in);
	check_decoded_by_others(3, &in);
	t_bytes_free(&in);
}

static void t_streams_are_made_where_memory_is_kept(void **state)
{
	struct t_bytes packed = { 0 };
	struct wd_comp_sess *s;
	struct t_verdict v;

	(void)state;
	begin_holding(3);
	s = make_encoder("hisi_zip");
	encode(s, &packed);
	end_holding(s);
	t_judge(&v, WD_COMP_GZIP, packed.data, packed.len, NULL, 0);
	assert_int_equal(v.ret, 0);
	check_plain(&v.out, LEN);
	t_bytes_free(&v.out);
	t_bytes_free(&packed);
}

/* What is wrong with the data is the CPU's to say, and no fault of the device. */
static void check_bad_data(const struct t_bytes *in)
{
	struct wd_comp_info mine, cpus;
	struct t_bytes out = { 0 };
	struct wd_comp_lane lane;
	struct wd_comp_sess *s;
	unsigned int restarts;
	int ret;

	s = make_decoder(WD_COMP_GZIP, "sw");
	ret = decode(s, in, &out, &restarts);
	assert_true(ret < 0);
	assert_int_equal(wd_comp_get_info(s, &cpus), 0);
	wd_comp_destroy(s);

	out.len = 0;
	begin_model(QM_HW_V3, NULL);
	s = make_decoder(WD_COMP_GZIP, "hisi_zip");
	assert_int_equal(decode(s, in, &out, &restarts), ret);
	assert_int_equal(wd_comp_get_info(s, &mine), 0);
	assert_int_equal(mine.error, cpus.error);
	assert_int_equal(mine.error_offset, cpus.error_offset);
	assert_int_equal(mine.redone, 0);
	lane = device_lane(s);
	assert_int_equal(lane.failed, 0);
	assert_int_equal(lane.error, 0);
	wd_comp_destroy(s);
	with_model_end();
	t_bytes_free(&out);
}

static void t_bad_data_is_bad_data(void **state)
{
	struct t_bytes in = { 0 };

	(void)state;
	pack(&in, WD_COMP_GZIP, 6, LEN);
	in.len -= 3;
	check_bad_data(&in);
	in.len = in.len / 2;
	check_bad_data(&in);
	in.len = 0;
	pack(&in, WD_COMP_GZIP, 6, LEN);
	in.data[in.len - 6] ^= 1;
	check_bad_data(&in);
	in.data[in.len - 6] ^= 1;
	in.data[in.len - 2] ^= 1;
	check_bad_data(&in);
	in.data[in.len - 2] ^= 1;
	memset(in.data + in.len / 2, 0xff, 100);
	check_bad_data(&in);
	t_bytes_free(&in);
}

/* ---- at random ---- */

static void try_one(uint32_t seed)
{
	static const char *const engines[] = { "hisi_zip", "hybrid", "hw" };
	static const char *const faults[] = { "fail %u %u",  "flip %u %u",
					      "hang %u",     "tag %u %u",
					      "delay %u %u", "@%u remove" };
	struct t_bytes in = { 0 }, out = { 0 };
	enum wd_comp_format format;
	struct wd_comp_sess *s;
	unsigned int restarts;
	char fault[64];
	size_t len;

	t_seed(seed);
	format = t_rnd_below(2) ? WD_COMP_GZIP : WD_COMP_ZLIB;
	len = LEN / 2 + t_rnd_below(LEN / 2);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(fault, sizeof(fault),
		 faults[t_rnd_below(T_ARRAY_SIZE(faults))], 1 + t_rnd_below(8),
		 t_rnd_below(256));
#pragma GCC diagnostic pop
	snprintf(about, sizeof(about), "WD_ENGINE_SEED=%u %s\n", seed, fault);
	pack(&in, format, (int)t_rnd_below(10), len);
	begin_model(t_rnd_below(4) ? QM_HW_V3 : QM_HW_V2, fault);
	s = make_decoder(format, engines[t_rnd_below(3)]);
	assert_int_equal(decode(s, &in, &out, &restarts), 1);
	assert_true(restarts <= 1);
	check_plain(&out, len);
	wd_comp_destroy(s);
	with_model_end();
	t_bytes_free(&in);
	t_bytes_free(&out);
}

static void t_no_fault_gets_a_wrong_byte_out_of_a_stream(void **state)
{
	const char *seed = getenv("WD_ENGINE_SEED");
	const char *scripts = getenv("WD_ENGINE_SCRIPTS");
	uint32_t first = seed ? (uint32_t)strtoul(seed, NULL, 10) : 1;
	uint32_t n = scripts ? (uint32_t)strtoul(scripts, NULL, 10)
			     : T_REPEAT(SCRIPTS);

	(void)state;
	wd_stall_ms = RANDOM_STALL_MS;
	for (uint32_t i = 0; i < n; i++) {
		alarm(CASE_SECONDS);
		try_one(first + i);
	}
	alarm(0);
}

/* ---- the whole ---- */

static void say_case(int sig)
{
	ssize_t n = write(STDERR_FILENO, about, strlen(about));

	(void)n;
	signal(sig, SIG_DFL);
	raise(sig);
}

static int begin(void **state)
{
	(void)state;
	wd_stall_ms = STALL_MS;
	t_seed(11);
	plain = malloc(LEN);
	if (!plain)
		return -1;
	t_fill(plain, LEN, T_MIXED);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(plain);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_all_of_a_stream_is_the_devices),
		cmocka_unit_test(t_what_cannot_begin_again_is_the_cpus),
		cmocka_unit_test(t_members_follow_each_other),
		cmocka_unit_test(t_the_first_request_fails_without_a_trace),
		cmocka_unit_test(t_later_ones_make_it_begin_again),
		cmocka_unit_test(t_one_shot_begins_again_by_itself),
		cmocka_unit_test(t_one_shot_without_room_says_so),
		cmocka_unit_test(t_streams_are_decoded_where_memory_is_kept),
		cmocka_unit_test(t_streams_are_made_where_memory_is_kept),
		cmocka_unit_test(t_bad_data_is_bad_data),
		cmocka_unit_test(t_no_fault_gets_a_wrong_byte_out_of_a_stream),
	};
	int ret;

	signal(SIGABRT, say_case);
	signal(SIGALRM, say_case);
	ret = cmocka_run_group_tests(tests, begin, end);
	if (ret)
		fprintf(stderr, "%s", about);
	return ret;
}
