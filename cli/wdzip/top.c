/* SPDX-License-Identifier: MIT */
/*
 * --top: what the accelerators of this machine are doing.
 *
 * The kernel is asked once in an interval (top_sample.c), for engines' cores more often
 * (top_meter.c).  Two such samples make rates (top_rate.c), and those a table (top_page.c,
 * on a terminal top_screen.c) or text for programs (top_json.c, top_metrics.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "message.h"
#include "top.h"
#include "top_json.h"
#include "top_metrics.h"
#include "top_page.h"
#include "top_sample.h"
#include "top_screen.h"

#define INTERVAL 1.0  /* seconds */
#define STEP	 0.25 /* seconds, after which cores are read again */

/* @has_before: there was one before @now */
struct samples {
	struct top_sample *before, *now;
	bool has_before;
};

static void next_sample(struct samples *s)
{
	struct top_sample *old = s->before;

	s->before = s->now;
	s->now = old;
	s->has_before = true;
	sample_take(s->now);
}

static void fill(struct page *page, const struct samples *s, size_t width)
{
	page_fill(page, s->has_before ? s->before : NULL, s->now, width);
}

/* What is left of the interval, but at most a step. */
static double step_left(const struct samples *s)
{
	double left = s->now->at + INTERVAL - sample_clock();

	return left < STEP ? left : STEP;
}

/* ---- once ---- */

static void rest(double seconds)
{
	struct timespec ts = { .tv_nsec = (long)(seconds * 1e9) };

	nanosleep(&ts, NULL);
}

/* Without devices there is nothing to wait for. */
static void take_two(struct samples *s)
{
	double left;

	sample_take(s->now);
	if (!s->now->list.count)
		return;
	while ((left = step_left(s)) > 0) {
		rest(left);
		sample_watch(s->now);
	}
	next_sample(s);
}

static void print_table(struct samples *s)
{
	struct page page = { 0 };

	take_two(s);
	fill(&page, s, PAGE_LINE_MAX);
	for (size_t i = 0; i < page.count; i++)
		printf("%s\n", page.lines[i].text);
	page_free(&page);
}

/* ---- on a terminal ---- */

static bool draw(struct page *page, const struct samples *s)
{
	fill(page, s, screen_width());
	return screen_draw(page);
}

/* Show it for an interval; false to end. */
static bool show(struct page *page, const struct samples *s, bool *gone)
{
	double left = 0;

	*gone = !draw(page, s);
	/* Once at least, however long the sample took: there may be a key, or a signal. */
	for (bool looked = false;
	     !*gone && ((left = step_left(s)) > 0 || !looked); looked = true) {
		enum screen_event event = screen_wait(left > 0 ? left : 0);

		if (event == SCREEN_QUIT)
			return false;
		sample_watch(s->now);
		if (event == SCREEN_REDRAW)
			*gone = !draw(page, s);
	}
	return !*gone;
}

static void show_table(struct samples *s)
{
	struct page page = { 0 };
	bool gone;
	int err;

	screen_open();
	sample_take(s->now);
	while (show(&page, s, &gone))
		next_sample(s);
	err = errno;
	screen_close();
	page_free(&page);
	if (gone)
		msg_error("stdout: %s", strerror(err));
}

/* ---- in any form ---- */

static void run(struct samples *s, enum top_form form)
{
	switch (form) {
	case TOP_OPENMETRICS:
		sample_take(s->now);
		top_print_metrics(s->now);
		break;
	case TOP_JSON:
		take_two(s);
		top_print_json(s->before, s->now);
		break;
	default:
		if (screen_possible())
			show_table(s);
		else
			print_table(s);
	}
}

void top_run(enum top_form form)
{
	struct top_sample *two = calloc(2, sizeof(*two));
	struct samples s = { .before = two, .now = two + 1 };

	if (two)
		run(&s, form);
	else
		msg_error("memory exhausted");
	free(two);
}
