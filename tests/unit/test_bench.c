/* SPDX-License-Identifier: MIT */
/*
 * What wdbench computes: order statistics, histograms, schedules, generated data.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "data.h"
#include "forecast.h"
#include "hist.h"
#include "schedule.h"
#include "stats.h"
#include "t_util.h"

#include <cmocka.h>

#define NS	1000000000u

static void assert_near(double got, double want, double share)
{
	if (fabs(got - want) > share * fabs(want))
		fail_msg("%g, expected %g", got, want);
}

/* ---- statistics ---- */

static void t_quartiles_of_some_values(void **state)
{
	static const double values[] = { 9, 1, 5, 3, 7 };
	struct spread s;

	(void)state;
	assert_true(stats_spread(values, 5, &s));
	assert_near(s.min, 1, 0);
	assert_near(s.q1, 3, 0);
	assert_near(s.median, 5, 0);
	assert_near(s.q3, 7, 0);
	assert_near(s.max, 9, 0);
	assert_true(stats_spread(values, 4, &s));
	assert_near(s.median, 4, 0);
	assert_near(s.q1, 2.5, 0);
	assert_true(stats_spread(values, 1, &s));
	assert_near(s.median, 9, 0);
	assert_near(s.q3, 9, 0);
	assert_true(stats_spread(NULL, 0, &s));
	assert_near(s.max, 0, 0);
}

/* The median of 7 values lies between the smallest and the largest 63 in 64 times. */
static void t_pairs_that_differ_are_told_from_noise(void **state)
{
	static const double a[] = { 1.00, 1.10, 1.05, 1.20, 1.01, 1.07, 1.03 };
	double slower[7], same[7];
	struct paired p;

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		slower[i] = a[i] * (1.05 + 0.001 * (double)i);
		same[i] = a[i] * (i % 2 ? 1.02 : 0.98);
	}
	assert_true(stats_paired(a, slower, 7, &p));
	assert_near(p.ratio, 1.053, 0.0001);
	assert_near(p.low, 1.05, 0.0001);
	assert_near(p.high, 1.056, 0.0001);
	assert_near(p.confidence, 1 - 2.0 / 128, 0.0001);
	assert_true(p.differs);
	assert_true(stats_paired(slower, a, 7, &p));
	assert_near(p.ratio, 1 / 1.053, 0.0001);
	assert_true(p.differs);
	assert_true(stats_paired(a, same, 7, &p));
	assert_false(p.differs);
	/* So few cannot tell, however much they differ. */
	assert_true(stats_paired(a, slower, 5, &p));
	assert_true(p.confidence < 0.95);
	assert_false(p.differs);
	assert_false(stats_paired(a, slower, 0, &p));
}

/* With more values the limits are not the extremes; for 15 they are the 4th. */
static void t_one_outlier_among_many_rounds_does_not_matter(void **state)
{
	double a[15], b[15];
	struct paired p;

	(void)state;
	for (size_t i = 0; i < 15; i++) {
		a[i] = 1;
		b[i] = 1.10 + 0.001 * (double)i;
	}
	b[3] = 50;
	b[7] = 0.01;
	assert_true(stats_paired(a, b, 15, &p));
	assert_true(p.low > 1.09 && p.high < 1.12);
	assert_true(p.confidence >= 0.95);
	assert_true(p.differs);
}

/* ---- histograms ---- */

static void t_buckets_hold_their_values(void **state)
{
	uint64_t expected = 0;

	(void)state;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		assert_true(hist_low(i) == expected);
		assert_int_equal(hist_bucket(hist_low(i)), i);
		assert_int_equal(hist_bucket(hist_high(i)), i);
		assert_true((double)(hist_high(i) - hist_low(i)) <=
			    (double)hist_low(i) / HIST_SUB);
		expected = hist_high(i) + 1;
	}
	/* The last one ends where 64 bits end. */
	assert_true(expected == 0);
}

static void t_quantiles_of_a_histogram(void **state)
{
	struct hist *h = calloc(1, sizeof(*h)), *other = calloc(1, sizeof(*other));

	(void)state;
	assert_non_null(h);
	assert_non_null(other);
	assert_true(hist_quantile(h, 0.5) == 0);
	for (uint64_t v = 1; v <= 1000; v++)
		hist_add(v % 2 ? h : other, v * 1000);
	hist_merge(h, other);
	assert_true(h->count == 1000 && h->min == 1000 && h->max == 1000000);
	assert_near((double)hist_quantile(h, 0.5), 500000, 1.0 / HIST_SUB);
	assert_near((double)hist_quantile(h, 0.99), 990000, 1.0 / HIST_SUB);
	assert_near((double)hist_quantile(h, 0.999), 999000, 1.0 / HIST_SUB);
	assert_true(hist_quantile(h, 1) == 1000000);
	assert_near((double)hist_quantile(h, 0), 1000, 1.0 / HIST_SUB);
	/* One in a thousand is beyond p99.9, two are not. */
	hist_add(h, 50 * (uint64_t)NS);
	assert_near((double)hist_quantile(h, 0.999), 1000000, 1.0 / HIST_SUB);
	hist_add(h, 50 * (uint64_t)NS);
	assert_true(hist_quantile(h, 0.999) == 50 * (uint64_t)NS);
	free(other);
	free(h);
}

/* ---- schedules ---- */

static void t_requests_are_due_at_their_times(void **state)
{
	static const double rates[] = { 1, 3, 999.5, 10000, 123456 };

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(rates); i++) {
		struct schedule s;

		schedule_init(&s, 5 * (uint64_t)NS, rates[i], 2, 0, 1);
		assert_int_equal(s.count, llround(2 * rates[i]));
		assert_int_equal(schedule_due(&s, s.start - 1), 0);
		assert_int_equal(schedule_due(&s, s.start), 1);
		for (uint64_t n = 0; n < s.count; n += 1 + s.count / 50) {
			uint64_t when = schedule_time(&s, n);

			assert_true(schedule_due(&s, when) == n + 1);
			assert_true(!n || schedule_due(&s, when - 1) == n);
		}
		/* Not more than there are, however late it is. */
		assert_true(schedule_due(&s, s.start + 1000 * (uint64_t)NS) == s.count);
		s.begun = s.count;
		assert_int_equal(schedule_due(&s, s.start + 1000 * (uint64_t)NS), 0);
	}
}

/* What an engine does in the meantime does not move them. */
static void t_a_pause_makes_requests_late_not_fewer(void **state)
{
	struct schedule s;
	uint64_t now, latest = 0, late = 0;

	(void)state;
	schedule_init(&s, 0, 1000, 1, 0, 1);
	now = s.start;
	while (s.begun < s.count) {
		uint64_t due = schedule_time(&s, s.begun);

		if (now < due)
			now = due;
		/* A tenth of a millisecond each, but for one that takes 50 ms. */
		now += s.begun == 500 ? NS / 20 : NS / 10000;
		if (now - due > latest)
			latest = now - due;
		late += now - due > NS / 1000;
		s.begun++;
	}
	assert_int_equal(s.count, 1000);
	assert_int_equal(latest, NS / 20);
	/* 50 ms at a rate of one each, made good by 0.9 ms with each request. */
	assert_true(late > 50 && late < 60);
}

static void t_clients_take_turns(void **state)
{
	struct schedule a, b;

	(void)state;
	schedule_init(&a, 0, 1000, 1, 0, 2);
	schedule_init(&b, 0, 1000, 1, 1, 2);
	assert_int_equal(a.count + b.count, 1000);
	for (uint64_t n = 0; n < 500; n += 7) {
		assert_int_equal(schedule_time(&a, n), n * 2 * NS / 1000);
		assert_int_equal(schedule_time(&b, n), (n * 2 + 1) * NS / 1000);
	}
}

/* ---- forecasts ---- */

static void t_machines_are_read_or_refused(void **state)
{
	static const char *const bad[] = {
		"",	  "zip",     "zip=",	       "zip=1,", "zip=1,zip=1",
		"zipp=1", "cores=0", "numa=2,cores=1", "zip=1 "
	};
	struct what_if w;

	(void)state;
	assert_null(what_if_parse(&w, "zip=2,numa=3,cores=64"));
	assert_true(w.given && w.zip == 2 && w.numa == 3 && w.cores == 64);
	/* 22, 21 and 21 cores. */
	assert_int_equal(what_if_on_node(&w, w.cores, 0), 22);
	assert_int_equal(what_if_on_node(&w, w.cores, 2), 21);
	assert_int_equal(what_if_on_node(&w, w.zip, 1), 1);
	assert_int_equal(what_if_on_node(&w, w.zip, 2), 0);
	assert_null(what_if_parse(&w, "zip=0"));
	assert_true(w.zip == 0 && w.numa == 1 && w.cores == 0);
	for (size_t i = 0; i < T_ARRAY_SIZE(bad); i++)
		assert_non_null(what_if_parse(&w, bad[i]));
}

static void t_pieces_keep_no_more_threads_busy_than_there_are(void **state)
{
	(void)state;
	assert_near(forecast_threads(64, 0), 64, 1e-9);
	assert_near(forecast_threads(64, 8), 8, 1e-9);
	assert_near(forecast_threads(2, 8), 2, 1e-9);
	/* The third thread waits while the other two do their third piece. */
	assert_near(forecast_threads(3, 8), 8.0 / 3, 1e-9);
	assert_near(forecast_threads(2, 1), 1, 1e-9);
}

static void t_the_serial_part_follows_from_two_times(void **state)
{
	(void)state;
	assert_near(forecast_serial(10, 5, 2), 0, 0);
	assert_near(forecast_serial(10, 5.5, 2), 0.1, 1e-9);
	assert_near(forecast_serial(10, 10, 2), 1, 1e-9);
	/* Noise makes no parts that cannot be. */
	assert_near(forecast_serial(10, 4.9, 2), 0, 0);
	assert_near(forecast_serial(10, 11, 2), 1, 1e-9);
	/* Nine pieces are five turns of two threads. */
	assert_near(forecast_serial(9, 5, 1.8), 0, 1e-9);
	assert_near(forecast_serial(10, 5, 1), 0, 0);
}

static void t_cores_and_engines_are_forecast(void **state)
{
	struct basis b = { .mb_s = 100, .serial = 0.01, .ratio = 4 };
	struct what_if w = { .given = true, .cores = 64, .zip = 2, .numa = 2 };
	struct forecast f;

	(void)state;
	forecast_make(&f, &b, &w);
	assert_near(f.cores, 100 / (0.01 + 0.99 / 64), 1e-9);
	assert_near(f.engines, 2 * ZIP_MB_S, 1e-9);
	assert_near(f.both, f.cores + f.engines, 1e-9);
	assert_false(f.memory);
	/* Checks take cores away: 14.544 of them at 1000 MB/s each. */
	b.check_mb_s = 1000;
	forecast_make(&f, &b, &w);
	assert_near(f.engines, 2 * ZIP_MB_S, 1e-9);
	assert_near(f.both, f.engines + 100 / (0.01 + 0.99 / (64 - 14.544)),
		    1e-9);
	/* Two cores check no more than this, and have no time for anything else. */
	w.cores = 2;
	forecast_make(&f, &b, &w);
	assert_near(f.engines, 2000, 1e-9);
	assert_near(f.both, 2000, 1e-9);
	/* One chunk is one core's. */
	b = (struct basis){ .mb_s = 100, .ratio = 4, .pieces = 1 };
	forecast_make(&f, &b, &w);
	assert_near(f.cores, 100, 1e-9);
}

/* A byte that becomes a quarter goes through memory as 0.625 of a copy. */
static void t_memory_bounds_each_node(void **state)
{
	struct basis b = { .mb_s = 100, .ratio = 4, .copy_mb_s = 5000 };
	struct what_if w = { .given = true, .cores = 100, .numa = 1 };
	struct forecast f;

	(void)state;
	forecast_make(&f, &b, &w);
	assert_near(f.cores, 8000, 1e-9);
	assert_true(f.memory);
	w.numa = 2;
	forecast_make(&f, &b, &w);
	assert_near(f.cores, 10000, 1e-9);
	assert_false(f.memory);
	/* The engine's node is full, the other one is not. */
	w.zip = 1;
	forecast_make(&f, &b, &w);
	assert_near(f.engines, ZIP_MB_S, 1e-9);
	assert_near(f.both, 8000 + 5000, 1e-9);
	assert_true(f.memory);
}

/* ---- data ---- */

static void t_generated_data_is_as_compressible_as_asked(void **state)
{
	static const double ratios[] = { 1, 1.2, 1.5, 2, 2.5, 3, 4, 6, 10, 20, 30, 50 };

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(ratios); i++) {
		struct t_bytes packed = { 0 };
		struct data d;

		assert_int_equal(data_generate(&d, 4 << 20, ratios[i], 1), 0);
		t_deflate(&packed, d.bytes, d.size, 31, 6, 0);
		assert_near((double)d.size / (double)packed.len, ratios[i], 0.1);
		t_bytes_free(&packed);
		data_free(&d);
	}
}

static void t_generated_data_depends_on_the_seed_only(void **state)
{
	struct data a, b, c;

	(void)state;
	assert_int_equal(data_generate(&a, 100000, 3, 7), 0);
	assert_int_equal(data_generate(&b, 100000, 3, 7), 0);
	assert_int_equal(data_generate(&c, 100000, 3, 8), 0);
	assert_memory_equal(a.bytes, b.bytes, 100000);
	assert_true(memcmp(a.bytes, c.bytes, 100000));
	data_free(&c);
	data_free(&b);
	/* On every machine: this sum may never change. */
	assert_int_equal(crc32_z(0, a.bytes, a.size), 0x2fc2106);
	data_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_quartiles_of_some_values),
		cmocka_unit_test(t_pairs_that_differ_are_told_from_noise),
		cmocka_unit_test(
			t_one_outlier_among_many_rounds_does_not_matter),
		cmocka_unit_test(t_buckets_hold_their_values),
		cmocka_unit_test(t_quantiles_of_a_histogram),
		cmocka_unit_test(t_requests_are_due_at_their_times),
		cmocka_unit_test(t_a_pause_makes_requests_late_not_fewer),
		cmocka_unit_test(t_clients_take_turns),
		cmocka_unit_test(t_machines_are_read_or_refused),
		cmocka_unit_test(
			t_pieces_keep_no_more_threads_busy_than_there_are),
		cmocka_unit_test(t_the_serial_part_follows_from_two_times),
		cmocka_unit_test(t_cores_and_engines_are_forecast),
		cmocka_unit_test(t_memory_bounds_each_node),
		cmocka_unit_test(t_generated_data_is_as_compressible_as_asked),
		cmocka_unit_test(t_generated_data_depends_on_the_seed_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
