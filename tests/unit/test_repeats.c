/* SPDX-License-Identifier: MIT */
/*
 * Data that looks random and repeats itself at a distance: it is found, by every
 * level, and chunks that repeat the end of the one before refer to it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "codec.h"
#include "repeats.h"
#include "splice.h"
#include "t_util.h"

#include <cmocka.h>

#define DATA_LEN	(1200u * 1024)
#define CHUNK		(128u * 1024)
#define PERIOD		30000u

static uint8_t *data;

/* @period random bytes again and again. */
static void fill_periodic(uint8_t *p, size_t len, size_t period)
{
	t_fill(p, period, T_NOISE);
	for (size_t i = period; i < len; i++)
		p[i] = p[i - period];
}

static size_t by_zlib(const uint8_t *in, size_t len, int level)
{
	struct t_bytes out = { 0 };
	size_t size;

	t_deflate(&out, in, len, -15, level, Z_DEFAULT_STRATEGY);
	size = out.len;
	t_bytes_free(&out);
	return size;
}

static void same_content(enum wd_comp_format format, const uint8_t *out, size_t out_len,
			 size_t len)
{
	struct t_verdict v;

	t_judge(&v, format, out, out_len, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.used, out_len);
	assert_int_equal(v.out.len, len);
	assert_memory_equal(v.out.data, data, len);
	t_bytes_free(&v.out);
}

/* ---- one chunk ---- */

static size_t deflate_one(size_t len, int level, bool *stored)
{
	struct wd_deflate *d = wd_deflate_create();
	struct wd_deflate_job job = {
		.in = data,
		.in_len = len,
		.out_cap = wd_deflate_bound(len),
		.level = level,
	};

	assert_non_null(d);
	job.out = malloc(job.out_cap);
	assert_non_null(job.out);
	assert_int_equal(wd_deflate_run(d, &job), 0);
	same_content(WD_COMP_RAW, job.out, job.produced, len);
	*stored = job.stored;
	free(job.out);
	wd_deflate_destroy(d);
	return job.produced;
}

static void check_levels(size_t len)
{
	size_t fast = by_zlib(data, len, 1), small = by_zlib(data, len, 6);

	for (int level = 1; level <= WD_COMP_LEVEL_MAX; level++) {
		bool stored;
		size_t size;

		if (T_SLOW && level % 3)
			continue;
		size = deflate_one(len, level, &stored);
		assert_false(stored);
		if (level <= 2)
			assert_true(size * 2 <= fast * 3);
		else
			assert_true(size * 10 <= small * 11);
	}
}

static void t_a_piece_that_comes_again_and_again_is_not_stored(void **state)
{
	static const size_t periods[] = {
		40, 100, 300, 1000, 4097, 8000, 10000, 20000, 30000,
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(periods); i++) {
		fill_periodic(data, DATA_LEN, periods[i]);
		check_levels(1000000);
		check_levels(200000);
		check_levels(periods[i] * 3 < 20000 ? 20000 : periods[i] * 3);
	}
}

static void t_pieces_that_come_twice_are_not_stored(void **state)
{
	static const size_t sizes[] = { 50, 100, 1000, 10000, 30000 };

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
		size_t n = sizes[i];

		for (size_t at = 0; at + 2 * n <= DATA_LEN; at += 2 * n)
			fill_periodic(data + at, 2 * n, n);
		check_levels(600000);
	}
}

static void t_what_never_repeats_is_stored(void **state)
{
	(void)state;
	t_fill(data, DATA_LEN, T_NOISE);
	for (int level = 1; level <= WD_COMP_LEVEL_MAX; level++) {
		bool stored;
		size_t size = deflate_one(DATA_LEN, level, &stored);

		assert_true(size <= wd_deflate_bound(DATA_LEN));
		if (WD_HAVE_ISAL)
			assert_true(stored);
	}
}

static void t_repeats_out_of_reach_do_not_count(void **state)
{
	struct wd_census census;
	struct wd_repeats r;

	(void)state;
	fill_periodic(data, DATA_LEN, WD_COMP_WINDOW_MAX + 1);
	wd_census_take(&census, data, DATA_LEN);
	assert_true(wd_census_even(&census));
	wd_repeats_count(&r, &census, data, DATA_LEN, 0, 512, 0);
	assert_in_range(r.places, DATA_LEN / 1024, DATA_LEN / 64);
	assert_int_equal(r.again, 0);

	fill_periodic(data, DATA_LEN, WD_COMP_WINDOW_MAX);
	wd_census_take(&census, data, DATA_LEN);
	wd_repeats_count(&r, &census, data, DATA_LEN, 0, 512, 0);
	assert_true(r.dense > r.places * 9 / 10);
}

static void t_any_few_bytes_can_be_looked_at(void **state)
{
	struct wd_census census;
	struct wd_repeats r;

	(void)state;
	t_fill(data, 1000, T_NOISE);
	for (size_t len = 1; len < 600; len++) {
		uint8_t *in = malloc(len);

		assert_non_null(in);
		memcpy(in, data, len);
		wd_census_take(&census, in, len);
		assert_int_equal(census.total, len);
		wd_repeats_count(&r, &census, in, len, 0, 1024, 0);
		wd_repeats_count(&r, &census, in + len / 2, len - len / 2, len / 2, 1, 64);
		wd_repeats_count(&r, &census, in, len, 0, 1, 0);
		assert_true(wd_repeats_of_before(in + len / 2, len - len / 2,
						 len / 2) <= len);
		free(in);
	}
}

/* Wherever the last of the stretches lies. */
static void t_stretches_end_with_the_data(void **state)
{
	(void)state;
	fill_periodic(data, DATA_LEN, 10000);
	for (size_t len = 600000; len < DATA_LEN; len += 20011) {
		uint8_t *in = malloc(len);
		struct wd_census census;
		struct wd_repeats r;

		assert_non_null(in);
		memcpy(in, data, len);
		wd_census_take(&census, in, len);
		wd_repeats_count(&r, &census, in, len, 0, 512, 256 * 1024);
		assert_in_range(r.places, len / 8192, len / 256);
		assert_in_range(r.dense, r.places * 8 / 10, r.places);
		free(in);
	}
}

/* ---- chunks ---- */

static struct wd_comp_sess *make(const struct wd_comp_setup *setup)
{
	struct wd_comp_sess *s;

	assert_int_equal(wd_comp_create(&s, setup), 0);
	return s;
}

static int64_t read_data(void *arg, void *buf, size_t len, uint64_t offset)
{
	size_t n = *(size_t *)arg - (size_t)offset;

	if (n > len)
		n = len;
	memcpy(buf, data + offset, n);
	return (int64_t)n;
}

static int take(struct wd_comp_sess *s, struct t_bytes *out)
{
	const void *p;
	size_t len;
	int ret;

	while ((ret = wd_comp_get_output(s, &p, &len, WD_WAIT_FOREVER)) == 1) {
		t_bytes_add(out, p, len);
		assert_int_equal(wd_comp_put_output(s), 0);
	}
	return ret;
}

/* The @way-th of the ways to give a session its input; false after the last. */
static bool pack(const struct wd_comp_setup *setup, int way, size_t len,
		 struct t_bytes *out)
{
	struct wd_comp_sess *s = make(setup);
	struct t_feed how = { .in_max = way == 1 ? 5000 : 0 };
	size_t left = 0, cap = len + 100000, made;
	uint8_t *buf;

	switch (way) {
	case 0:
	case 1:
		assert_int_equal(t_zero_copy(s, &how, data, len, out, &left), 1);
		break;
	case 2:
		assert_int_equal(t_stream(s, &how, data, len, out, &left), 1);
		break;
	case 3:
		assert_int_equal(wd_comp_set_source(s, read_data, &len, len), 0);
		assert_int_equal(take(s, out), 0);
		break;
	case 4:
		buf = malloc(cap);
		assert_non_null(buf);
		assert_int_equal(wd_comp_run(s, data, len, buf, cap, NULL, &made), 0);
		t_bytes_add(out, buf, made);
		free(buf);
		break;
	default:
		wd_comp_destroy(s);
		return false;
	}
	assert_int_equal(left, 0);
	wd_comp_destroy(s);
	return true;
}

static void unpack(const struct t_bytes *packed, enum wd_comp_format format,
		   size_t len)
{
	for (uint32_t threads = 1; threads <= 3; threads++) {
		struct wd_comp_setup setup = {
			.op = WD_COMP_DECOMPRESS, .format = format, .threads = threads,
		};
		struct wd_comp_sess *s = make(&setup);
		struct t_feed how = { 0 };
		struct t_bytes out = { 0 };
		size_t left;

		assert_int_equal(t_zero_copy(s, &how, packed->data, packed->len, &out,
					     &left), 1);
		assert_int_equal(out.len, len);
		assert_memory_equal(out.data, data, len);
		t_bytes_free(&out);
		wd_comp_destroy(s);
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

static void t_chunks_that_repeat_refer_to_the_one_before(void **state)
{
	static const size_t lens[] = {
		DATA_LEN, 4 * CHUNK, 4 * CHUNK + 2000, 2 * CHUNK + 1,
	};

	(void)state;
	fill_periodic(data, DATA_LEN, PERIOD);
	for (size_t i = 0; i < T_ARRAY_SIZE(lens) * WD_COMP_LEVEL_MAX; i++) {
		size_t len = lens[i % T_ARRAY_SIZE(lens)];
		struct wd_comp_setup setup = {
			.format = i % 3, .level = 1 + (int)(i / T_ARRAY_SIZE(lens)),
			.chunk_size = CHUNK,
		};
		struct t_bytes first = { 0 };

		if (T_SLOW && setup.level % 3)
			continue;
		for (int way = 0; way < 5; way++) {
			struct t_bytes out = { 0 };

			setup.threads = 1 + (uint32_t)way % 3;
			assert_true(pack(&setup, way, len, &out));
			same_content(setup.format, out.data, out.len, len);
			assert_true(out.len < 2 * PERIOD);
			/* A byte alone is as well without. */
			assert_int_equal(markers(&out), len % 2);
			if (way) {
				assert_int_equal(out.len, first.len);
				assert_memory_equal(out.data, first.data, out.len);
				t_bytes_free(&out);
			} else {
				first = out;
			}
		}
		unpack(&first, setup.format, len);
		t_bytes_free(&first);
	}
}

/* Pieces as small as a chunk may be have all their like in the one before. */
static void t_small_chunks_refer_to_the_one_before(void **state)
{
	struct wd_comp_setup setup = {
		.level = 6, .chunk_size = WD_COMP_CHUNK_MIN, .threads = 2,
	};

	(void)state;
	fill_periodic(data, DATA_LEN, PERIOD);
	for (setup.level = 1; setup.level < 10; setup.level += 4) {
		struct t_bytes out = { 0 };

		assert_true(pack(&setup, 3, DATA_LEN, &out));
		same_content(WD_COMP_GZIP, out.data, out.len, DATA_LEN);
		assert_true(out.len < 2 * PERIOD);
		t_bytes_free(&out);
	}
}

/* Some chunks repeat, some do not; whoever reads that finds the right places. */
static void t_some_chunks_refer_and_some_do_not(void **state)
{
	struct wd_comp_setup setup = { .level = 4, .chunk_size = CHUNK, .threads = 3 };
	struct t_bytes out = { 0 };

	(void)state;
	t_fill(data, DATA_LEN, T_TEXT);
	fill_periodic(data + 2 * CHUNK, 3 * CHUNK, PERIOD);
	fill_periodic(data + 7 * CHUNK - 1000, CHUNK, 1000);
	for (int way = 0; pack(&setup, way, DATA_LEN, &out); way++) {
		same_content(WD_COMP_GZIP, out.data, out.len, DATA_LEN);
		assert_in_range(markers(&out), 4, 8);
		unpack(&out, WD_COMP_GZIP, DATA_LEN);
		t_bytes_free(&out);
	}
}

/* Decode from each marker on without what was before. */
static void check_independent(const struct t_bytes *b, unsigned int want)
{
	const uint8_t *p = b->data, *end = p + b->len;
	unsigned int n = 0;

	while ((p = wd_splice_find_marker(p, (size_t)(end - p)))) {
		struct t_verdict v;

		t_judge(&v, WD_COMP_RAW, p, (size_t)(end - p), NULL, 0);
		assert_int_equal(v.ret, 0);
		assert_memory_equal(v.out.data, data + DATA_LEN - v.out.len, v.out.len);
		t_bytes_free(&v.out);
		n++;
	}
	assert_int_equal(n, want);
}

static void t_chunks_do_not_refer_where_that_is_not_wanted(void **state)
{
	struct wd_comp_setup setup = {
		.format = WD_COMP_RAW, .level = 6, .chunk_size = CHUNK, .threads = 2,
		.flags = WD_COMP_INDEPENDENT,
	};
	struct t_bytes out = { 0 };

	(void)state;
	fill_periodic(data, DATA_LEN, PERIOD);
	for (int way = 0; pack(&setup, way, DATA_LEN, &out); way++) {
		check_independent(&out, (DATA_LEN - 1) / CHUNK);
		t_bytes_free(&out);
	}
}

static void t_what_follows_a_flush_refers_to_nothing_before(void **state)
{
	struct wd_comp_setup setup = {
		.format = WD_COMP_RAW, .level = 6, .chunk_size = CHUNK, .threads = 2,
	};
	struct t_feed how = { .in_max = CHUNK / 2, .sync = true };

	(void)state;
	fill_periodic(data, DATA_LEN, 1000);
	for (int i = 0; i < 2; i++) {
		struct wd_comp_sess *s = make(&setup);
		struct t_bytes out = { 0 };
		size_t left;
		int ret = i ? t_zero_copy(s, &how, data, DATA_LEN, &out, &left) :
			      t_stream(s, &how, data, DATA_LEN, &out, &left);

		assert_int_equal(ret, 1);
		assert_true(markers(&out) >= DATA_LEN / CHUNK);
		check_independent(&out, markers(&out));
		t_bytes_free(&out);
		wd_comp_destroy(s);
		how.in_max = CHUNK;
	}
}

/* ---- files that change ---- */

/* Each byte is another one each time it is read. */
static int64_t read_changing(void *arg, void *buf, size_t len, uint64_t offset)
{
	static _Atomic unsigned int turn;
	int64_t n = read_data(arg, buf, len, offset);
	uint8_t *p = buf;

	turn++;
	for (int64_t i = 0; i < n; i += 1000)
		p[i] += (uint8_t)turn;
	return n;
}

static void t_a_file_that_changes_meanwhile_gives_a_good_stream(void **state)
{
	size_t len = DATA_LEN;

	(void)state;
	fill_periodic(data, DATA_LEN, PERIOD);
	for (uint32_t threads = 1; threads <= 3; threads++) {
		struct wd_comp_setup setup = {
			.level = 6, .chunk_size = CHUNK, .threads = threads,
		};
		struct wd_comp_sess *s = make(&setup);
		struct t_bytes out = { 0 };
		struct t_verdict v;

		assert_int_equal(wd_comp_set_source(s, read_changing, &len, len), 0);
		assert_int_equal(take(s, &out), 0);
		t_judge(&v, WD_COMP_GZIP, out.data, out.len, NULL, 0);
		assert_int_equal(v.ret, 0);
		assert_int_equal(v.out.len, DATA_LEN);
		t_bytes_free(&v.out);
		t_bytes_free(&out);
		wd_comp_destroy(s);
	}
}

static int set_up(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	t_seed(1);
	data = malloc(DATA_LEN);
	return data ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(data);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_a_piece_that_comes_again_and_again_is_not_stored),
		cmocka_unit_test(t_pieces_that_come_twice_are_not_stored),
		cmocka_unit_test(t_what_never_repeats_is_stored),
		cmocka_unit_test(t_repeats_out_of_reach_do_not_count),
		cmocka_unit_test(t_any_few_bytes_can_be_looked_at),
		cmocka_unit_test(t_stretches_end_with_the_data),
		cmocka_unit_test(t_chunks_that_repeat_refer_to_the_one_before),
		cmocka_unit_test(t_small_chunks_refer_to_the_one_before),
		cmocka_unit_test(t_some_chunks_refer_and_some_do_not),
		cmocka_unit_test(t_chunks_do_not_refer_where_that_is_not_wanted),
		cmocka_unit_test(t_what_follows_a_flush_refers_to_nothing_before),
		cmocka_unit_test(t_a_file_that_changes_meanwhile_gives_a_good_stream),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
