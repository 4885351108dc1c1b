/* SPDX-License-Identifier: MIT */
/*
 * Chunks that refer to the one before, in data of many kinds and with many setups,
 * drawn at random: every reader gets the input back, and neither threads nor the
 * way of the input change a byte.
 *
 * With arguments: how many drawings, and the number of the first; for long runs.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "codec.h"
#include "sched/quarantine.h"
#include "splice.h"
#include "t_device.h"
#include "t_util.h"

#include <cmocka.h>

#define CHUNK		((size_t)WD_COMP_CHUNK_MIN)
#define INPUT_MAX	(14 * CHUNK)
#define FLUSHES_MAX	8u

static uint8_t *input;
static uint8_t window[40000];
static size_t window_len;	/* 0: there is none */
static unsigned int drawings = T_SLOW ? 30 : 120, first_drawing = 1;

/* ---- input ---- */

static size_t draw_len(void)
{
	static const size_t maxima[] = { 300, 5000, 40000, 100000 };
	size_t n = 1 + t_rnd_below((uint32_t)maxima[t_rnd_below(4)]);

	/* So that something ends where a chunk does, or a byte beside. */
	if (!t_rnd_below(4))
		n = CHUNK * (1 + t_rnd_below(3)) + t_rnd_below(3) - 1;
	return n;
}

/* Bytes that were there before, near and far, or a short piece again and again. */
static void fill_repeat(size_t at, size_t n)
{
	size_t far = t_rnd_below(3) ? WD_COMP_WINDOW_MAX : WD_COMP_WINDOW_MAX + 3000;
	size_t distance = 1 + t_rnd_below((uint32_t)(at < far ? at : far));

	if (!t_rnd_below(3) && at >= WD_COMP_WINDOW_MAX)
		distance = WD_COMP_WINDOW_MAX - t_rnd_below(2);
	for (size_t i = 0; i < n; i++)
		input[at + i] = input[at + i - distance];
	/* Not all of it is the same. */
	for (uint32_t k = t_rnd_below(4) ? 0 : t_rnd_below(20); k; k--)
		input[at + t_rnd_below((uint32_t)n)]++;
}

static size_t draw_input(void)
{
	size_t len = t_rnd_below((uint32_t)INPUT_MAX);
	uint32_t repeats = t_rnd_below(10);
	size_t at = 0;

	if (!t_rnd_below(3))
		len = len / CHUNK * CHUNK + t_rnd_below(3);
	while (at < len) {
		size_t n = draw_len();

		if (n > len - at)
			n = len - at;
		if (at && t_rnd_below(10) < repeats)
			fill_repeat(at, n);
		else
			t_fill(input + at, n, t_rnd_below(3) ? T_NOISE :
			       (enum t_kind)t_rnd_below(T_KINDS));
		at += n;
	}
	return len;
}

static void draw_setup(struct wd_comp_setup *setup)
{
	memset(setup, 0, sizeof(*setup));
	setup->format = (enum wd_comp_format)t_rnd_below(3);
	setup->level = 1 + (int)t_rnd_below(t_rnd_below(4) ? 7 : 12);
	setup->chunk_size = (uint32_t)(CHUNK * (1 + t_rnd_below(t_rnd_below(2) ? 1 : 5)));
	if (!t_rnd_below(4))
		setup->chunk_size += t_rnd_below(1000);
	if (!t_rnd_below(8))
		setup->flags |= WD_COMP_INDEPENDENT;
	if (!t_rnd_below(8))
		setup->flags |= WD_COMP_RSYNCABLE;
	if (setup->format == WD_COMP_GZIP && !t_rnd_below(8))
		setup->members = (enum wd_comp_members)t_rnd_below(4);
	setup->size_hint = t_rnd_below(2) ? WD_COMP_SIZE_UNKNOWN : t_rnd_below(300000);
}

/* Some of what comes, or something else. */
static void draw_window(const struct wd_comp_setup *setup, size_t len)
{
	window_len = 0;
	if (setup->format == WD_COMP_GZIP || t_rnd_below(4))
		return;
	window_len = 1 + t_rnd_below(sizeof(window));
	if (len > window_len && t_rnd_below(4))
		memcpy(window, input + t_rnd_below((uint32_t)(len - window_len)),
		       window_len);
	else
		t_fill(window, window_len, T_MIXED);
}

/* ---- sessions ---- */

static struct wd_comp_sess *make(const struct wd_comp_setup *setup)
{
	struct wd_comp_sess *s;

	assert_int_equal(wd_comp_create(&s, setup), 0);
	if (window_len)
		assert_int_equal(wd_comp_set_window(s, window, window_len), 0);
	return s;
}

/* Take what there is, or all of it; returns what ended that. */
static int take(struct wd_comp_sess *s, struct t_bytes *out, int timeout_ms)
{
	const void *p;
	size_t len;
	int ret;

	while ((ret = wd_comp_get_output(s, &p, &len, timeout_ms)) == 1) {
		t_bytes_add(out, p, len);
		assert_int_equal(wd_comp_put_output(s), 0);
	}
	return ret;
}

/* Where to flush, in rising order, as far as that lies in the input. */
struct plan {
	size_t at[FLUSHES_MAX];
	unsigned int n;
};

static void draw_plan(struct plan *plan, size_t len, size_t chunk)
{
	size_t at = 0;

	plan->n = 0;
	while (plan->n < FLUSHES_MAX) {
		at += t_rnd_below((uint32_t)(2 * chunk));
		if (!t_rnd_below(3))
			at = (at + chunk - 1) / chunk * chunk;
		if (at > len)
			break;
		plan->at[plan->n++] = at;
	}
}

/*
 * Feed in pieces of @most bytes, and look for output now and then; after a flush
 * take all of it if @ends tells where that was.
 */
static void feed(struct wd_comp_sess *s, size_t len, size_t most,
		 const struct plan *plan, struct t_bytes *out, size_t *ends)
{
	unsigned int k = 0;
	size_t at = 0;

	for (;;) {
		size_t room, n = len - at;
		void *buf;
		int ret = wd_comp_get_input(s, &buf, &room);

		if (ret == -EAGAIN) {
			const void *p;

			assert_int_equal(wd_comp_get_output(s, &p, &n, WD_WAIT_FOREVER), 1);
			t_bytes_add(out, p, n);
			assert_int_equal(wd_comp_put_output(s), 0);
			continue;
		}
		assert_int_equal(ret, 0);
		if (k < plan->n && n > plan->at[k] - at)
			n = plan->at[k] - at;
		if (n > most)
			n = most;
		if (n > room)
			n = room;
		memcpy(buf, input + at, n);
		at += n;
		if (k < plan->n && at == plan->at[k]) {
			assert_int_equal(wd_comp_put_input(s, n, WD_COMP_SYNC_FLUSH), 0);
			if (ends) {
				assert_int_equal(take(s, out, WD_WAIT_FOREVER), -EAGAIN);
				ends[k] = out->len;
			}
			k++;
		} else if (at == len) {
			assert_int_equal(wd_comp_put_input(s, n, WD_COMP_FINISH), 0);
			break;
		} else {
			assert_int_equal(wd_comp_put_input(s, n, WD_COMP_NO_FLUSH), 0);
		}
		if (!ends && !t_rnd_below(3))
			take(s, out, WD_NO_WAIT);
	}
	assert_int_equal(take(s, out, WD_WAIT_FOREVER), 0);
}

static size_t draw_piece(void)
{
	return t_rnd_below(2) ? INPUT_MAX : 1 + t_rnd_below(60000);
}

static void by_feeding(const struct wd_comp_setup *setup, uint32_t threads, size_t len,
		       const struct plan *plan, struct t_bytes *out, size_t *ends)
{
	struct wd_comp_setup with = *setup;
	struct wd_comp_sess *s;

	with.threads = threads;
	s = make(&with);
	feed(s, len, draw_piece(), plan, out, ends);
	wd_comp_destroy(s);
}

static int64_t read_input(void *arg, void *buf, size_t len, uint64_t offset)
{
	size_t end = *(size_t *)arg;

	if (offset >= end)
		return 0;
	if (len > end - offset)
		len = end - (size_t)offset;
	memcpy(buf, input + offset, len);
	return (int64_t)len;
}

static void by_reading(const struct wd_comp_setup *setup, uint32_t threads, size_t len,
		       uint64_t told, struct t_bytes *out)
{
	struct wd_comp_setup with = *setup;
	struct wd_comp_sess *s;

	with.threads = threads;
	s = make(&with);
	assert_int_equal(wd_comp_set_source(s, read_input, &len, told), 0);
	assert_int_equal(take(s, out, WD_WAIT_FOREVER), 0);
	wd_comp_destroy(s);
}

static void at_once(const struct wd_comp_setup *setup, uint32_t threads, size_t len,
		    struct t_bytes *out)
{
	struct wd_comp_setup with = *setup;
	size_t cap, made, used;
	struct wd_comp_sess *s;
	uint8_t *buf, *copy = malloc(len ? len : 1);

	with.threads = threads;
	s = make(&with);
	cap = wd_comp_bound(s, len);
	buf = malloc(cap);
	assert_non_null(buf);
	assert_non_null(copy);
	/* Of the right size, so that reading beyond it is noticed. */
	memcpy(copy, input, len);
	assert_int_equal(wd_comp_run(s, copy, len, buf, cap, &used, &made), 0);
	assert_int_equal(used, len);
	t_bytes_add(out, buf, made);
	free(copy);
	free(buf);
	wd_comp_destroy(s);
}

/* ---- what comes out ---- */

static void same(const struct t_bytes *a, const struct t_bytes *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

static void same_content(enum wd_comp_format format, const struct t_bytes *out,
			 size_t len)
{
	struct t_verdict v;

	t_judge(&v, format, out->data, out->len, window_len ? window : NULL, window_len);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.used, out->len);
	assert_int_equal(v.out.len, len);
	if (len)
		assert_memory_equal(v.out.data, input, len);
	t_bytes_free(&v.out);
}

static void unpack(enum wd_comp_format format, const struct t_bytes *packed, size_t len)
{
	struct t_feed how = { .in_max = draw_piece(), .random = t_rnd_below(2) };
	struct wd_comp_setup setup = {
		.op = WD_COMP_DECOMPRESS, .format = format, .threads = 1 + t_rnd_below(4),
	};
	struct wd_comp_sess *s = make(&setup);
	struct t_bytes out = { 0 };
	size_t left;

	assert_int_equal(t_zero_copy(s, &how, packed->data, packed->len, &out, &left), 1);
	assert_int_equal(out.len, len);
	if (len)
		assert_memory_equal(out.data, input, len);
	t_bytes_free(&out);
	wd_comp_destroy(s);
}

static void check(enum wd_comp_format format, const struct t_bytes *packed, size_t len)
{
	same_content(format, packed, len);
	unpack(format, packed, len);
}

static void announce(unsigned int i)
{
	t_seed(i);
	window_len = 0;
	if (drawings > 1000 && i % 1000 == 0)
		fprintf(stderr, "drawing %u\n", i);
}

/* ---- tests ---- */

static void t_every_way_gives_the_same_bytes(void **state)
{
	static const struct plan none;

	(void)state;
	for (unsigned int i = first_drawing; i < first_drawing + drawings; i++) {
		struct t_bytes want = { 0 }, got[4] = { { 0 } };
		struct wd_comp_setup setup;
		size_t len;

		announce(i);
		len = draw_input();
		draw_setup(&setup);
		draw_window(&setup, len);
		by_feeding(&setup, 1, len, &none, &want, NULL);
		check(setup.format, &want, len);
		by_feeding(&setup, 2 + t_rnd_below(3), len, &none, &got[0], NULL);
		same(&got[0], &want);
		at_once(&setup, 1 + t_rnd_below(4), len, &got[1]);
		same(&got[1], &want);
		if (!(setup.flags & WD_COMP_RSYNCABLE) && !window_len) {
			by_reading(&setup, 1 + t_rnd_below(4), len, len, &got[2]);
			same(&got[2], &want);
			/* A size that is wrong can cost an empty block at the end. */
			by_reading(&setup, 1 + t_rnd_below(4), len,
				   t_rnd_below((uint32_t)INPUT_MAX), &got[3]);
			check(setup.format, &got[3], len);
		}
		for (size_t k = 0; k < T_ARRAY_SIZE(got); k++)
			t_bytes_free(&got[k]);
		t_bytes_free(&want);
	}
	window_len = 0;
}

/* What follows a flush can be decoded without what was before it. */
static void check_flushes(const struct t_bytes *out, const struct plan *plan,
			  const size_t *ends, size_t len)
{
	for (unsigned int k = 0; k < plan->n; k++) {
		struct t_verdict v;

		t_judge(&v, WD_COMP_RAW, out->data, ends[k], NULL, 0);
		assert_int_equal(v.out.len, plan->at[k]);
		t_bytes_free(&v.out);
		t_judge(&v, WD_COMP_RAW, out->data + ends[k], out->len - ends[k], NULL, 0);
		assert_int_equal(v.ret, 0);
		assert_int_equal(v.out.len, len - plan->at[k]);
		if (v.out.len)
			assert_memory_equal(v.out.data, input + plan->at[k], v.out.len);
		t_bytes_free(&v.out);
	}
}

static void t_flushes_hand_out_all_and_let_nothing_refer_back(void **state)
{
	(void)state;
	for (unsigned int i = first_drawing; i < first_drawing + drawings; i++) {
		struct t_bytes want = { 0 }, got = { 0 };
		struct wd_comp_setup setup;
		size_t ends[FLUSHES_MAX];
		struct plan plan;
		size_t len;

		announce(i);
		len = draw_input();
		draw_setup(&setup);
		setup.format = WD_COMP_RAW;
		setup.members = WD_COMP_MEMBERS_ONE;
		draw_plan(&plan, len, setup.chunk_size);
		by_feeding(&setup, 1 + t_rnd_below(3), len, &plan, &want, ends);
		check(setup.format, &want, len);
		check_flushes(&want, &plan, ends, len);
		by_feeding(&setup, 1 + t_rnd_below(4), len, &plan, &got, NULL);
		same(&got, &want);
		t_bytes_free(&got);
		t_bytes_free(&want);
	}
}

static unsigned int markers(const struct t_bytes *b)
{
	const uint8_t *p = b->data, *end = p + b->len;
	unsigned int n = 0;

	while ((p = wd_splice_find_marker(p, (size_t)(end - p))))
		n++;
	return n;
}

/* A flush ends what is behind a full chunk: both are pieces of their own. */
static void t_a_flush_leaves_the_marker_before_it(void **state)
{
	struct wd_comp_setup setup = {
		.format = WD_COMP_RAW, .level = 6, .chunk_size = CHUNK,
	};
	struct plan plan = { .at = { CHUNK + 5000, 3 * CHUNK }, .n = 2 };

	(void)state;
	t_fill(input, 4 * CHUNK, T_TEXT);
	for (setup.threads = 1; setup.threads <= 2; setup.threads++) {
		struct t_bytes out = { 0 };
		size_t ends[FLUSHES_MAX];

		by_feeding(&setup, setup.threads, 4 * CHUNK, &plan, &out, ends);
		same_content(WD_COMP_RAW, &out, 4 * CHUNK);
		assert_int_equal(markers(&out), 4);
		t_bytes_free(&out);
	}
}

/* A flush parts the chunks around it, and no others. */
static void t_chunks_after_a_flush_refer_to_each_other(void **state)
{
	struct wd_comp_setup setup = {
		.format = WD_COMP_RAW, .level = 6, .chunk_size = CHUNK,
	};
	struct plan plan = { .at = { CHUNK / 2 }, .n = 1 };
	struct t_bytes out = { 0 };

	(void)state;
	t_fill(input, 10000, T_NOISE);
	for (size_t i = 10000; i < 8 * CHUNK; i++)
		input[i] = input[i - 10000];
	by_feeding(&setup, 2, 8 * CHUNK, &plan, &out, NULL);
	same_content(WD_COMP_RAW, &out, 8 * CHUNK);
	assert_true(out.len < 2 * 10000 + 4000);
	t_bytes_free(&out);
}

/* ---- files that change ---- */

/* From the @turn-th reading on, the file is another one. */
struct file {
	size_t len;
	atomic_uint readings;
	unsigned int turn;
	uint8_t *after;
	size_t after_len;
};

static int64_t read_file(void *arg, void *buf, size_t len, uint64_t offset)
{
	struct file *f = arg;
	bool changed = atomic_fetch_add(&f->readings, 1) >= f->turn;
	size_t end = changed ? f->after_len : f->len;

	if (offset >= end)
		return 0;
	if (len > end - offset)
		len = end - (size_t)offset;
	memcpy(buf, (changed ? f->after : input) + offset, len);
	return (int64_t)len;
}

/* Each byte is that of one of the two. */
static void check_either(const struct t_verdict *v, const struct file *f)
{
	assert_int_equal(v->ret, 0);
	for (size_t i = 0; i < v->out.len; i++) {
		bool now = i < f->after_len && v->out.data[i] == f->after[i];

		if (!now && (i >= f->len || v->out.data[i] != input[i]))
			fail_msg("byte %zu is of neither file", i);
	}
}

static void t_a_file_that_becomes_another_gives_a_good_stream(void **state)
{
	uint8_t *after = malloc(INPUT_MAX);

	(void)state;
	assert_non_null(after);
	for (unsigned int i = first_drawing; i < first_drawing + drawings; i++) {
		struct wd_comp_setup setup;
		struct file f = { .after = after };
		struct t_bytes out = { 0 };
		struct wd_comp_sess *s;
		struct t_verdict v;

		announce(i);
		f.after_len = draw_input();
		memcpy(after, input, f.after_len);
		f.len = draw_input();
		/* Mostly the same, so that there is much to refer to. */
		if (t_rnd_below(2)) {
			f.after_len = t_rnd_below(3) ? f.len : t_rnd_below((uint32_t)f.len + 1);
			memcpy(after, input, f.after_len);
			for (uint32_t k = t_rnd_below(20); k && f.after_len; k--)
				after[t_rnd_below((uint32_t)f.after_len)]++;
		}
		draw_setup(&setup);
		setup.flags &= ~(uint32_t)WD_COMP_RSYNCABLE;
		setup.threads = 1 + t_rnd_below(4);
		f.turn = t_rnd_below(2 + (uint32_t)(2 * f.len / setup.chunk_size));
		s = make(&setup);
		assert_int_equal(wd_comp_set_source(s, read_file, &f, f.len), 0);
		assert_int_equal(take(s, &out, WD_WAIT_FOREVER), 0);
		t_judge(&v, setup.format, out.data, out.len, NULL, 0);
		check_either(&v, &f);
		t_bytes_free(&v.out);
		t_bytes_free(&out);
		wd_comp_destroy(s);
	}
	free(after);
}

/* ---- devices ---- */

/*
 * An open stream without a marker: it ends where its last block does, which need not
 * be on a byte boundary.
 */
static void end_without_marker(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe,
			       struct wd_dummy_ring *ring)
{
	uint8_t *out = (uint8_t *)(uintptr_t)sqe->out;
	struct wd_splice_end end;
	struct t_bytes b = { 0 };

	(void)ring;
	if (cqe->status || !(sqe->flags & WD_DUMMY_SQE_OPEN))
		return;
	t_deflate(&b, (uint8_t *)(uintptr_t)sqe->in, sqe->in_len, -15, 6,
		  Z_DEFAULT_STRATEGY);
	if (!wd_splice_find(b.data, b.len, &end) && b.len <= sqe->out_cap) {
		b.data[end.final_bit / 8] &= (uint8_t)~(1u << end.final_bit % 8);
		memcpy(out, b.data, b.len);
		cqe->produced = (uint32_t)b.len;
	}
	t_bytes_free(&b);
}

/* Whatever the device does well, badly or not at all, chunks fit together. */
static void t_a_device_that_fails_in_between_leaves_a_good_stream(void **state)
{
	static const struct plan none;

	(void)state;
	for (unsigned int i = first_drawing; i < first_drawing + drawings; i++) {
		struct wd_comp_setup setup;
		struct t_bytes out = { 0 };
		struct plan plan;
		size_t len;

		announce(i);
		len = draw_input();
		draw_setup(&setup);
		draw_plan(&plan, len, setup.chunk_size);
		setup.engine = "dummy";
		t_device_install();
		t_device.fail = t_rnd_below(6);
		t_device.flip = t_rnd_below(3) ? 0 : t_rnd_below(5);
		t_device.vanish_after = t_rnd_below(2) ? 0 : 1 + (int)t_rnd_below(12);
		t_device.lie = t_rnd_below(2) ? end_without_marker : NULL;
		by_feeding(&setup, 1 + t_rnd_below(3), len, t_rnd_below(2) ? &plan : &none,
			   &out, NULL);
		check(setup.format, &out, len);
		t_bytes_free(&out);
		t_device_remove();
	}
}

/* Chunks of the CPU, which leave a part of the marker to the next, then of a device. */
static void t_a_marker_is_between_what_the_cpu_and_a_device_make(void **state)
{
	struct wd_comp_setup setup = {
		.engine = "dummy",
		.chunk_size = (uint32_t)CHUNK,
		.threads = 1,
	};
	struct wd_comp_buf buf = { .in = input, .in_len = 5 * CHUNK };
	struct t_bytes out = { 0 };
	struct wd_comp_lane lanes[2];
	struct wd_comp_sess *s;
	uint8_t *room = malloc(INPUT_MAX);

	(void)state;
	assert_non_null(room);
	t_fill(input, 10 * CHUNK, T_NOISE);
	t_device_install();
	quarantine_rules.first_ns = 0;
	t_device.open_error = -EBUSY;
	s = make(&setup);
	buf.out = room;
	buf.out_len = INPUT_MAX;
	assert_int_equal(wd_comp_stream(s, &buf, WD_COMP_NO_FLUSH), 0);
	t_device.open_error = 0;
	buf.in_len += 5 * CHUNK;
	assert_int_equal(wd_comp_stream(s, &buf, WD_COMP_FINISH), 1);
	assert_int_equal(wd_comp_get_lanes(s, lanes, 2), 2);
	assert_in_range(lanes[0].requests, 1, 8);
	t_bytes_add(&out, room, INPUT_MAX - buf.out_len);
	check(WD_COMP_GZIP, &out, 10 * CHUNK);
	assert_int_equal(markers(&out), 9);
	wd_comp_destroy(s);
	t_device_remove();
	t_bytes_free(&out);
	free(room);
}

static int set_up(void **state)
{
	(void)state;
	if (drawings <= 120)
		alarm(T_ALARM_SECONDS);
	input = malloc(INPUT_MAX + 8);
	return input ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(input);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_every_way_gives_the_same_bytes),
		cmocka_unit_test(
			t_flushes_hand_out_all_and_let_nothing_refer_back),
		cmocka_unit_test(t_a_flush_leaves_the_marker_before_it),
		cmocka_unit_test(t_chunks_after_a_flush_refer_to_each_other),
		cmocka_unit_test(
			t_a_file_that_becomes_another_gives_a_good_stream),
		cmocka_unit_test(
			t_a_device_that_fails_in_between_leaves_a_good_stream),
		cmocka_unit_test(
			t_a_marker_is_between_what_the_cpu_and_a_device_make),
	};

	if (argc > 1)
		drawings = (unsigned int)strtoul(argv[1], NULL, 0);
	if (argc > 2)
		first_drawing = (unsigned int)strtoul(argv[2], NULL, 0);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
