/* SPDX-License-Identifier: MIT */
/*
 * Sessions that read their input by themselves: the same bytes as when they are
 * fed, whatever the input's size turns out to be, and errors in their turn.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t_util.h"

#include <cmocka.h>

#define CHUNK		((size_t)WD_COMP_CHUNK_MIN)
#define INPUT_MAX	(12 * CHUNK)

static uint8_t *input;

/* What is read: @len bytes of @input, and where that goes wrong. */
struct file {
	size_t len;
	uint64_t fail_at;		/* reads that touch this offset fail */
	int err;
	uint64_t ended_at;		/* reads past it find the file cut to @cut */
	size_t cut;
	atomic_uint calls;
};

static int64_t read_file(void *arg, void *buf, size_t len, uint64_t offset)
{
	struct file *f = arg;
	size_t end = f->ended_at && offset >= f->ended_at ? f->cut : f->len;

	atomic_fetch_add(&f->calls, 1);
	if (f->err && offset + len > f->fail_at)
		return f->err;
	if (offset >= end)
		return 0;
	if (len > end - offset)
		len = end - (size_t)offset;
	memcpy(buf, input + offset, len);
	return (int64_t)len;
}

static struct wd_comp_sess *make(const struct wd_comp_setup *setup)
{
	struct wd_comp_sess *s;

	assert_int_equal(wd_comp_create(&s, setup), 0);
	return s;
}

/* Take all output; returns how that ended. */
static int take(struct wd_comp_sess *s, struct t_bytes *out)
{
	const void *data;
	size_t len;
	int ret;

	while ((ret = wd_comp_get_output(s, &data, &len, WD_WAIT_FOREVER)) == 1) {
		t_bytes_add(out, data, len);
		assert_int_equal(wd_comp_put_output(s), 0);
	}
	return ret;
}

static void feed(const struct wd_comp_setup *setup, size_t len, struct t_bytes *out)
{
	struct wd_comp_sess *s = make(setup);
	struct t_feed how = { 0 };
	size_t left;

	assert_int_equal(t_zero_copy(s, &how, input, len, out, &left), 1);
	wd_comp_destroy(s);
}

static void same_content(enum wd_comp_format format, const struct t_bytes *out,
			 size_t len)
{
	struct t_verdict v;

	t_judge(&v, format, out->data, out->len, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.used, out->len);
	assert_int_equal(v.out.len, len);
	assert_memory_equal(v.out.data, input, len);
	t_bytes_free(&v.out);
}

/* A chunk that was thought to have others after it cannot become the last. */
static void same_bytes(const struct wd_comp_setup *setup, struct wd_comp_sess *s,
		       size_t len, uint64_t told)
{
	struct file f = { .len = len };
	struct t_bytes want = { 0 }, got = { 0 };
	struct wd_comp_info info;

	feed(setup, len, &want);
	assert_int_equal(wd_comp_reset(s, setup->size_hint), 0);
	assert_int_equal(wd_comp_set_source(s, read_file, &f, told), 0);
	assert_int_equal(take(s, &got), 0);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(info.total_in, len);
	assert_int_equal(info.total_out, got.len);
	if (told > len && len && !(len % CHUNK)) {
		same_content(setup->format, &got, len);
	} else {
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.data, want.data, want.len);
	}
	t_bytes_free(&want);
	t_bytes_free(&got);
}

static const size_t sizes[] = {
	0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5,
	10 * CHUNK, 11 * CHUNK + 77,
};

static void t_bytes_are_those_of_a_fed_session(void **state)
{
	static const struct wd_comp_setup setups[] = {
		{ .format = WD_COMP_GZIP, .level = 1 },
		{ .format = WD_COMP_ZLIB, .level = 6 },
		{ .format = WD_COMP_RAW, .level = 3 },
		{ .format = WD_COMP_GZIP, .level = 4, .members = WD_COMP_MEMBERS_QZ },
		{ .format = WD_COMP_GZIP, .level = 4, .members = WD_COMP_MEMBERS_MZ },
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(setups); i++) {
		for (uint32_t threads = 1; threads <= 3; threads++) {
			struct wd_comp_setup setup = setups[i];
			struct wd_comp_sess *s;

			setup.chunk_size = WD_COMP_CHUNK_MIN;
			setup.threads = threads;
			s = make(&setup);
			for (size_t k = 0; k < T_ARRAY_SIZE(sizes); k++)
				same_bytes(&setup, s, sizes[k], sizes[k]);
			wd_comp_destroy(s);
		}
	}
}

static void t_input_may_be_longer_or_shorter_than_told(void **state)
{
	struct wd_comp_setup setup = {
		.level = 3, .chunk_size = WD_COMP_CHUNK_MIN, .threads = 2,
	};
	struct wd_comp_sess *s = make(&setup);

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++)
		for (size_t k = 0; k < T_ARRAY_SIZE(sizes); k++)
			same_bytes(&setup, s, sizes[i], sizes[k]);
	same_bytes(&setup, s, 5 * CHUNK, UINT64_MAX);
	setup.members = WD_COMP_MEMBERS_QZ;
	wd_comp_destroy(s);
	s = make(&setup);
	for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++)
		same_bytes(&setup, s, sizes[i], 6 * CHUNK);
	wd_comp_destroy(s);
}

/* The default chunk size follows the hint, BGZF's is fixed. */
static void t_chunk_sizes_are_respected(void **state)
{
	struct wd_comp_setup setup = { .level = 2, .threads = 2 };
	struct wd_comp_sess *s;

	(void)state;
	setup.size_hint = INPUT_MAX;
	s = make(&setup);
	same_bytes(&setup, s, INPUT_MAX, INPUT_MAX);
	wd_comp_destroy(s);
	setup.members = WD_COMP_MEMBERS_BGZF;
	s = make(&setup);
	same_bytes(&setup, s, INPUT_MAX, INPUT_MAX);
	same_bytes(&setup, s, 0, INPUT_MAX);
	wd_comp_destroy(s);
}

/* A file that is cut while it is read gives a stream of what was there. */
static void t_a_file_cut_meanwhile_ends_there(void **state)
{
	struct wd_comp_setup setup = {
		.level = 3, .chunk_size = WD_COMP_CHUNK_MIN, .threads = 3,
	};
	struct wd_comp_sess *s = make(&setup);

	(void)state;
	for (size_t at = 1; at < 10; at++) {
		struct file f = {
			.len = 10 * CHUNK, .ended_at = at * CHUNK,
			.cut = at * CHUNK + 100 * (at % 3),
		};
		struct t_bytes out = { 0 };

		assert_int_equal(wd_comp_reset(s, 0), 0);
		assert_int_equal(wd_comp_set_source(s, read_file, &f, f.len), 0);
		assert_int_equal(take(s, &out), 0);
		same_content(WD_COMP_GZIP, &out, f.cut);
		t_bytes_free(&out);
	}
	wd_comp_destroy(s);
}

static void t_errors_come_in_their_turn(void **state)
{
	static const int errors[] = { -EIO, -EAGAIN, -ESTALE };
	struct wd_comp_setup setup = {
		.format = WD_COMP_RAW, .level = 3,
		.chunk_size = WD_COMP_CHUNK_MIN, .threads = 2,
	};
	struct wd_comp_sess *s = make(&setup);
	struct t_bytes whole = { 0 };

	(void)state;
	feed(&setup, 10 * CHUNK, &whole);
	for (size_t at = 0; at < 10 * CHUNK; at += CHUNK / 2) {
		struct file f = {
			.len = 10 * CHUNK, .fail_at = at,
			.err = errors[at % T_ARRAY_SIZE(errors)],
		};
		struct t_bytes out = { 0 };
		struct t_verdict v;

		assert_int_equal(wd_comp_reset(s, 0), 0);
		assert_int_equal(wd_comp_set_source(s, read_file, &f, f.len), 0);
		assert_int_equal(take(s, &out), f.err == -EAGAIN ? -EIO : f.err);
		assert_true(out.len < whole.len);
		assert_memory_equal(out.data ? out.data : input,
				    out.data ? whole.data : input, out.len);
		t_judge(&v, WD_COMP_RAW, out.data, out.len, NULL, 0);
		assert_int_equal(v.out.len, at / CHUNK * CHUNK);
		t_bytes_free(&v.out);
		t_bytes_free(&out);
		/* Until then chunks after the error may still be read. */
		assert_int_equal(wd_comp_reset(s, 0), 0);
	}
	t_bytes_free(&whole);
	wd_comp_destroy(s);
}

static void t_a_session_can_be_left_while_it_reads(void **state)
{
	struct wd_comp_setup setup = {
		.level = 6, .chunk_size = WD_COMP_CHUNK_MIN, .threads = 3,
	};
	struct wd_comp_sess *s = make(&setup);
	struct file f = { .len = INPUT_MAX };
	unsigned int calls;
	const void *data;
	size_t len;

	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(wd_comp_set_source(s, read_file, &f, f.len), 0);
		assert_int_equal(wd_comp_get_output(s, &data, &len, WD_WAIT_FOREVER), 1);
		assert_int_equal(wd_comp_reset(s, 0), 0);
		calls = atomic_load(&f.calls);
		sched_yield();
		assert_int_equal(atomic_load(&f.calls), calls);
	}
	assert_int_equal(wd_comp_set_source(s, read_file, &f, f.len), 0);
	wd_comp_get_output(s, &data, &len, WD_NO_WAIT);
	wd_comp_destroy(s);
}

static void t_calls_that_make_no_sense_are_refused(void **state)
{
	struct wd_comp_setup setup = { .threads = 1 };
	struct wd_comp_sess *s = make(&setup);
	struct file f = { .len = 10 };
	struct t_bytes out = { 0 };
	size_t room;
	void *p;

	(void)state;
	assert_int_equal(wd_comp_set_source(NULL, read_file, &f, 10), -EINVAL);
	assert_int_equal(wd_comp_set_source(s, NULL, &f, 10), -EINVAL);
	assert_int_equal(wd_comp_set_source(s, read_file, &f, 10), 0);
	assert_int_equal(wd_comp_set_source(s, read_file, &f, 10), -EINVAL);
	assert_int_equal(wd_comp_get_input(s, &p, &room), -EINVAL);
	assert_int_equal(wd_comp_put_input(s, 0, WD_COMP_FINISH), -EINVAL);
	assert_int_equal(take(s, &out), 0);
	t_bytes_free(&out);
	/* After a reset the session is fed again. */
	assert_int_equal(wd_comp_reset(s, 0), 0);
	assert_int_equal(wd_comp_get_input(s, &p, &room), 0);
	assert_int_equal(wd_comp_set_source(s, read_file, &f, 10), -EINVAL);
	wd_comp_destroy(s);

	setup.flags = WD_COMP_RSYNCABLE;
	s = make(&setup);
	assert_int_equal(wd_comp_set_source(s, read_file, &f, 10), -EINVAL);
	wd_comp_destroy(s);
	setup.flags = 0;
	setup.op = WD_COMP_DECOMPRESS;
	s = make(&setup);
	assert_int_equal(wd_comp_set_source(s, read_file, &f, 10), -EINVAL);
	wd_comp_destroy(s);
}

static int set_up(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	t_seed(5);
	input = malloc(INPUT_MAX);
	if (!input)
		return -1;
	t_fill(input, INPUT_MAX, T_MIXED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(input);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_bytes_are_those_of_a_fed_session),
		cmocka_unit_test(t_input_may_be_longer_or_shorter_than_told),
		cmocka_unit_test(t_chunk_sizes_are_respected),
		cmocka_unit_test(t_a_file_cut_meanwhile_ends_there),
		cmocka_unit_test(t_errors_come_in_their_turn),
		cmocka_unit_test(t_a_session_can_be_left_while_it_reads),
		cmocka_unit_test(t_calls_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
