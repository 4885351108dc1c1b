/* SPDX-License-Identifier: MIT */
/*
 * What --top shows, as lines of text: devices, who has their queues, and what has gone
 * wrong with them.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device_list.h"
#include "top_page.h"
#include "top_rate.h"

#define NAME_WIDTH_MIN 10 /* columns, of devices */

/* ---- lines ---- */

static struct page_line *new_line(struct page *page)
{
	if (page->count == page->room) {
		size_t room = page->room ? 2 * page->room : 64;
		void *lines =
			reallocarray(page->lines, room, sizeof(*page->lines));

		if (!lines)
			return NULL;
		page->lines = lines;
		page->room = room;
	}
	page->lines[page->count] = (struct page_line){ .look = LOOK_PLAIN };
	return &page->lines[page->count++];
}

/* Names of processes are their own. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static void __attribute__((format(printf, 3, 4)))
put(struct page *page, enum look look, const char *fmt, ...)
{
	struct page_line *line = new_line(page);
	va_list ap;

	if (!line)
		return;
	va_start(ap, fmt);
	vsnprintf(line->text, sizeof(line->text), fmt, ap);
	va_end(ap);
	make_printable(line->text);
	line->look = look;
}

void page_free(struct page *page)
{
	free(page->lines);
	*page = (struct page){ 0 };
}

/* ---- numbers ---- */

static void put_count(char *out, size_t size, int64_t value)
{
	if (value < 0)
		snprintf(out, size, "-");
	else
		snprintf(out, size, "%" PRId64, value);
}

/* So that rounding does not make a fourth digit. */
static int digits_after(double value)
{
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

void put_scaled(char *out, size_t size, double value)
{
	const char *unit = "kMGTPE";

	if (value < 0) {
		snprintf(out, size, "-");
		return;
	}
	if (value < 999.5) {
		snprintf(out, size, "%.0f", value);
		return;
	}
	for (value /= 1000; value >= 999.5 && unit[1]; unit++)
		value /= 1000;
	snprintf(out, size, "%.*f%c", digits_after(value), value, *unit);
}

static void put_share(char *out, size_t size, double value)
{
	if (value < 0)
		snprintf(out, size, "-");
	else
		snprintf(out, size, "%.0f%%", 100 * value);
}

/* ---- the table of devices ---- */

#define COLUMN(name, put_value, member)                                        \
	static void put_##name(char *out, size_t size,                         \
			       const struct top_row *row)                      \
	{                                                                      \
		put_value(out, size, row->member);                             \
	}

COLUMN(requests, put_scaled, requests)
COLUMN(consumed, put_scaled, consumed)
COLUMN(produced, put_scaled, produced)
COLUMN(compressing, put_share, busy[COMPRESSION])
COLUMN(decompressing, put_share, busy[DECOMPRESSION])
COLUMN(used, put_count, used)
COLUMN(free, put_count, free)
COLUMN(errors, put_count, errors)
COLUMN(resets, put_count, resets)
COLUMN(fallbacks, put_count, fallbacks)
COLUMN(kernel_requests, put_scaled, kernel_requests)
COLUMN(kernel_pending, put_count, kernel_pending)

static void put_state(char *out, size_t size, const struct top_row *row)
{
	snprintf(out, size, "%s", row->state);
}

/*
 * What comes first is there on the narrowest terminal: 80 columns have all but what is
 * about the kernel alone.
 */
/* clang-format off */
static const struct column {
	const char *head;
	int width; /* below 0: text, which begins at the left */
	void (*put)(char *out, size_t size, const struct top_row *row);
} columns[] = {
	{ "STATE", -9, put_state },
	{ "REQ/S", 6, put_requests },
	{ "IN/S", 6, put_consumed },
	{ "OUT/S", 6, put_produced },
	{ "COMP", 5, put_compressing },
	{ "DECO", 5, put_decompressing },
	{ "USED", 4, put_used },
	{ "FREE", 4, put_free },
	{ "ERRORS", 6, put_errors },
	{ "RESETS", 6, put_resets },
	{ "K-REQ/S", 7, put_kernel_requests },
	{ "K-NOW", 5, put_kernel_pending },
	{ "K-FALLBACK", 10, put_fallbacks },
};
/* clang-format on */

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static int name_width(const struct device_list *list)
{
	size_t width = NAME_WIDTH_MIN;

	for (unsigned int i = 0; i < list->count; i++) {
		size_t len = strlen(device_name(&list->devices[i]));

		if (len > width)
			width = len;
	}
	return (int)width;
}

static void append(char *line, const char *text, int width)
{
	size_t len = strlen(line);

	snprintf(line + len, PAGE_LINE_MAX - len, " %*s", width, text);
}

/* A row of the table, or, for @row NULL, what is above it. */
static void put_row(struct page *page, const struct top_row *row, int first,
		    size_t width)
{
	enum look look = !row ? LOOK_HEAD : row->bad ? LOOK_BAD : LOOK_PLAIN;
	size_t used = (size_t)first;
	char line[PAGE_LINE_MAX];

	snprintf(line, sizeof(line), "%-*s", first,
		 row ? device_name(row->facts) : "DEVICE");
	for (size_t i = 0; i < COLUMNS; i++) {
		char text[32];

		used += 1 + (size_t)abs(columns[i].width);
		if (used > width)
			break;
		snprintf(text, sizeof(text), "%s", columns[i].head);
		if (row)
			columns[i].put(text, sizeof(text), row);
		append(line, text, columns[i].width);
	}
	put(page, look, "%s", line);
}

static void put_devices(struct page *page, const struct top_sample *before,
			const struct top_sample *now, size_t width)
{
	int first = name_width(&now->list);

	put(page, LOOK_PLAIN, "%s", "");
	put_row(page, NULL, first, width);
	for (unsigned int i = 0; i < now->list.count; i++) {
		struct top_row row;

		fill_row(&row, before, now, i);
		put_row(page, &row, first, width);
	}
}

/* ---- who has the queues ---- */

static bool has_users(const struct device_list *list)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (list->devices[i].user_count)
			return true;
	return false;
}

static void put_users_of(struct page *page, const struct device_facts *dev,
			 int width)
{
	for (unsigned int i = 0; i < dev->user_count; i++) {
		const struct device_user *u = &dev->users[i];

		put(page, LOOK_PLAIN, "%-*s %9d %6u  %s", width,
		    device_name(dev), u->pid, u->queues, u->name);
	}
}

static void put_users(struct page *page, const struct device_list *list)
{
	int width = name_width(list);

	if (!has_users(list))
		return;
	put(page, LOOK_PLAIN, "%s", "");
	put(page, LOOK_HEAD, "%-*s %9s %6s  COMMAND", width, "DEVICE",
	    "PROCESS", "QUEUES");
	for (unsigned int i = 0; i < list->count; i++)
		put_users_of(page, &list->devices[i], width);
}

/* ---- what has gone wrong ---- */

/* NULL for what is not about faults. */
static const char *kind_name(enum counter_kind kind)
{
	switch (kind) {
	case COUNTER_FAULT:
		return "error";
	case COUNTER_RESET:
		return "reset";
	case COUNTER_FALLBACK:
		return "fallback";
	case COUNTER_INJECTED:
		return "to come";
	default:
		return NULL;
	}
}

static bool is_told(const struct device_counter *c)
{
	return kind_name(c->kind) && c->value;
}

static bool has_faults(const struct device_facts *dev)
{
	for (unsigned int i = 0; i < dev->counter_count; i++)
		if (is_told(&dev->counters[i]))
			return true;
	return false;
}

static void put_change(char *out, size_t size, const struct top_sample *before,
		       const struct device_facts *dev,
		       const struct device_counter *c)
{
	int at = sample_find(before, dev);
	int64_t more = NOT_KNOWN;

	if (at >= 0)
		more = grown(counter_value(&before->list.devices[at], c->name),
			     (int64_t)c->value);
	if (more < 0)
		snprintf(out, size, "-");
	else
		snprintf(out, size, "+%" PRId64, more);
}

static void put_faults_of(struct page *page, const struct top_sample *before,
			  const struct device_facts *dev, int width)
{
	char change[32];

	for (unsigned int i = 0; i < dev->counter_count; i++) {
		const struct device_counter *c = &dev->counters[i];

		if (!is_told(c))
			continue;
		put_change(change, sizeof(change), before, dev, c);
		put(page, LOOK_PLAIN, "%-*s %-8s %-15s %10" PRIu64 " %8s",
		    width, device_name(dev), kind_name(c->kind), c->name,
		    c->value, change);
	}
}

static void put_fault_head(struct page *page, int width)
{
	put(page, LOOK_PLAIN, "%s", "");
	put(page, LOOK_HEAD, "%-*s %-8s %-15s %10s %8s", width, "DEVICE",
	    "KIND", "COUNTER", "VALUE", "CHANGE");
}

static void put_faults(struct page *page, const struct top_sample *before,
		       const struct device_list *list)
{
	int width = name_width(list);
	bool any = false;

	for (unsigned int i = 0; i < list->count; i++) {
		if (!any && has_faults(&list->devices[i])) {
			put_fault_head(page, width);
			any = true;
		}
		put_faults_of(page, before, &list->devices[i], width);
	}
}

/* ---- above it all ---- */

static void put_title(struct page *page, const struct top_sample *before,
		      const struct top_sample *now)
{
	char clock[16] = "";
	time_t t = time(NULL);
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (before)
		put(page, LOOK_PLAIN, "wdzip --top, %s, over %.1f s", clock,
		    now->at - before->at);
	else
		put(page, LOOK_PLAIN, "wdzip --top, %s", clock);
}

/* The first device whose counters cannot be had for this reason, or NULL. */
static const struct device_facts *without(const struct device_list *list,
					  enum debugfs_access why)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (list->devices[i].debugfs == why)
			return &list->devices[i];
	return NULL;
}

/* Once, however many devices there are. */
static void put_missing(struct page *page, const struct device_list *list)
{
	bool hidden = false;

	for (unsigned int i = 0; i < list->count; i++)
		hidden |= list->devices[i].users_hidden;
	if (without(list, DEBUGFS_DENIED))
		put(page, LOOK_PLAIN,
		    "- : not told; counters in debugfs are for root only");
	if (without(list, DEBUGFS_ABSENT))
		put(page, LOOK_PLAIN,
		    "- : not told; debugfs has no counters of %s, or is not mounted",
		    device_name(without(list, DEBUGFS_ABSENT)));
	if (hidden)
		put(page, LOOK_PLAIN,
		    "not all processes could be looked into for queues");
	if (list->more)
		put(page, LOOK_PLAIN, "only %d devices are shown", DEVICES_MAX);
}

void page_fill(struct page *page, const struct top_sample *before,
	       const struct top_sample *now, size_t width)
{
	page->count = 0;
	put_title(page, before, now);
	if (!now->list.count) {
		put(page, LOOK_PLAIN,
		    "no accelerator devices; wdzip --doctor says why");
		return;
	}
	put_missing(page, &now->list);
	put_devices(page, before, now, width);
	put_users(page, &now->list);
	put_faults(page, before, &now->list);
}
