/* SPDX-License-Identifier: MIT */
/*
 * What wdzip --top makes of two looks at the devices: rates where they can be told, and
 * nothing where counters began anew, devices came or went, or nobody tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel_file.h"
#include "top_meter.h"
#include "top_page.h"
#include "top_rate.h"

/* ---- cores ---- */

static struct core_meter meter;

/* @n cores, alternately of both directions, that have done the same. */
static struct engine_cores cores(unsigned int n, struct core_counts counts)
{
	struct engine_cores all = { .count = n };

	for (unsigned int i = 0; i < n; i++) {
		all.list[i].decompresses = i % 2;
		all.list[i].number = i / 2;
		all.list[i].counts = counts;
	}
	return all;
}

static void begin_with(struct core_counts counts)
{
	struct engine_cores all = cores(2, counts);

	meter_begin(&meter, &all, 10.0);
}

static void add_at(double now, unsigned int n, struct core_counts counts)
{
	struct engine_cores all = cores(n, counts);

	meter_add(&meter, &all, now);
}

static void t_meter_adds_what_cores_did(void **state)
{
	(void)state;
	begin_with((struct core_counts){ 5, 100, 100, 1000, 2000 });
	add_at(10.25, 2, (struct core_counts){ 7, 150, 150, 1500, 2100 });
	add_at(10.5, 2, (struct core_counts){ 8, 160, 240, 1600, 2200 });
	assert_true(meter.known && meter.exact);
	assert_int_equal(meter.requests, 6);
	assert_int_equal(meter.consumed, 1200);
	assert_int_equal(meter.produced, 400);
	assert_int_equal(meter.work[COMPRESSION], 60);
	assert_int_equal(meter.cycles[DECOMPRESSION], 200);
	assert_true(meter_seconds(&meter) == 0.5);
}

static void t_meter_follows_counters_that_run_over(void **state)
{
	(void)state;
	begin_with((struct core_counts){ 5, 0xfffffff0, 0xffffffff, 0xffffff00,
					 0x80000000 });
	add_at(10.25, 2, (struct core_counts){ 6, 0x10, 0x1f, 0x100, 0x10 });
	assert_true(meter.known && meter.exact);
	assert_int_equal(meter.consumed, 2 * 0x200);
	assert_int_equal(meter.produced, 2 * (uint64_t)0x80000010);
	assert_int_equal(meter.work[COMPRESSION], 0x20);
	assert_int_equal(meter.cycles[COMPRESSION], 0x40);
	add_at(10.5, 2,
	       (struct core_counts){ 7, 0x20, 0x1f, 0xf0000100, 0x10 });
	assert_int_equal(meter.consumed, 2 * (uint64_t)0xf0000200);
}

static void t_meter_knows_nothing_after_a_reset(void **state)
{
	(void)state;
	begin_with((struct core_counts){ 5, 100, 100, 1000, 1000 });
	add_at(10.25, 2, (struct core_counts){ 1, 200, 200, 2000, 2000 });
	assert_false(meter.known || meter.exact);
	add_at(10.5, 2, (struct core_counts){ 9, 300, 300, 3000, 3000 });
	assert_false(meter.known || meter.exact);
}

static void t_meter_knows_nothing_without_a_core(void **state)
{
	(void)state;
	begin_with((struct core_counts){ 5, 0, 0, 0, 0 });
	add_at(10.25, 1, (struct core_counts){ 6, 0, 0, 0, 0 });
	assert_false(meter.known || meter.exact);
	add_at(10.5, 2, (struct core_counts){ 7, 0, 0, 0, 0 });
	assert_false(meter.known || meter.exact);
}

static void t_meter_begun_without_cores_knows_nothing(void **state)
{
	struct engine_cores none = { .count = 0 };

	(void)state;
	meter_begin(&meter, &none, 10.0);
	meter_add(&meter, &none, 10.25);
	assert_false(meter.known || meter.exact);
	add_at(10.5, 2, (struct core_counts){ 7, 0, 0, 0, 0 });
	assert_false(meter.known || meter.exact);
}

static void t_meter_knows_requests_alone_after_a_gap(void **state)
{
	(void)state;
	begin_with((struct core_counts){ 5, 0, 0, 0, 0 });
	add_at(10.25, 2, (struct core_counts){ 6, 1, 1, 1, 1 });
	add_at(10.26 + METER_GAP_MAX, 2, (struct core_counts){ 7, 2, 2, 2, 2 });
	assert_true(meter.known);
	assert_false(meter.exact);
	assert_int_equal(meter.requests, 4);
}

/* ---- samples ---- */

static struct top_sample before, now;
static struct top_row row;

static struct device_facts *add_device(struct top_sample *s, const char *name)
{
	struct device_facts *dev = &s->list.devices[s->list.count++];

	strcpy(dev->name, name);
	strcpy(dev->module, "wd_hisi_zip");
	dev->in_class = true;
	dev->debugfs = DEBUGFS_READ;
	dev->free_queues = 200;
	dev->process_queues = NOT_KNOWN;
	return dev;
}

static void add_counter(struct device_facts *dev, const char *name,
			enum counter_kind kind, uint64_t value)
{
	dev->counters[dev->counter_count++] =
		(struct device_counter){ name, kind, value };
}

/* Two looks at one device, two seconds apart. */
static int begin_samples(void **state)
{
	(void)state;
	memset(&before, 0, sizeof(before));
	memset(&now, 0, sizeof(now));
	before.at = 10;
	now.at = 12;
	add_device(&before, "zip-0");
	add_device(&now, "zip-0");
	return 0;
}

static struct device_facts *old_device(void)
{
	return &before.list.devices[0];
}

static struct device_facts *device(void)
{
	return &now.list.devices[0];
}

static void count(const char *name, enum counter_kind kind, uint64_t first,
		  uint64_t last)
{
	add_counter(old_device(), name, kind, first);
	add_counter(device(), name, kind, last);
}

static void t_row_has_rates_by_the_kernel(void **state)
{
	(void)state;
	count("send_cnt", COUNTER_PLAIN, 100, 307);
	count("recv_cnt", COUNTER_PLAIN, 100, 300);
	fill_row(&row, &before, &now, 0);
	assert_true(row.kernel_requests == 100.0);
	assert_int_equal(row.kernel_pending, 7);
	assert_true(row.requests == NOT_KNOWN);
	assert_true(row.busy[COMPRESSION] == NOT_KNOWN);
}

static void t_row_has_rates_by_the_cores(void **state)
{
	struct core_meter *m = &before.meters[0];

	(void)state;
	*m = (struct core_meter){ .begun = 10, .at = 12, .known = true };
	m->requests = 6;
	fill_row(&row, &before, &now, 0);
	assert_true(row.requests == 3.0);
	assert_true(row.consumed == NOT_KNOWN && row.produced == NOT_KNOWN);
	m->exact = true;
	m->consumed = 1000;
	m->produced = 500;
	m->work[COMPRESSION] = 25;
	m->cycles[COMPRESSION] = 100;
	fill_row(&row, &before, &now, 0);
	assert_true(row.consumed == 500.0 && row.produced == 250.0);
	assert_true(row.busy[COMPRESSION] == 0.25);
	assert_true(row.busy[DECOMPRESSION] == NOT_KNOWN);
}

static void t_row_of_the_dummy_has_its_requests(void **state)
{
	(void)state;
	count("requests", COUNTER_PLAIN, 10, 30);
	fill_row(&row, &before, &now, 0);
	assert_true(row.requests == 10.0);
	assert_true(row.kernel_requests == NOT_KNOWN);
}

static void t_row_has_no_rate_of_a_counter_that_went_back(void **state)
{
	(void)state;
	count("recv_cnt", COUNTER_PLAIN, 300, 5);
	count("requests", COUNTER_PLAIN, 300, 299);
	fill_row(&row, &before, &now, 0);
	assert_true(row.kernel_requests == NOT_KNOWN);
	assert_true(row.requests == NOT_KNOWN);
}

static void t_row_of_a_new_device_has_no_rates(void **state)
{
	struct device_facts *dev = add_device(&now, "zip-1");

	(void)state;
	add_counter(dev, "requests", COUNTER_PLAIN, 30);
	add_counter(dev, "fallback_cnt", COUNTER_FALLBACK, 3);
	fill_row(&row, &before, &now, 1);
	assert_true(row.requests == NOT_KNOWN);
	assert_int_equal(row.fallbacks, 3);
	fill_row(&row, NULL, &now, 1);
	assert_true(row.requests == NOT_KNOWN);
}

static void t_row_is_found_though_the_device_before_it_is_gone(void **state)
{
	struct device_facts *dev = add_device(&before, "zip-1");

	(void)state;
	add_counter(dev, "requests", COUNTER_PLAIN, 10);
	strcpy(device()->name, "zip-1");
	add_counter(device(), "requests", COUNTER_PLAIN, 20);
	fill_row(&row, &before, &now, 0);
	assert_true(row.requests == 5.0);
}

static void t_row_of_another_device_with_the_name_has_no_rates(void **state)
{
	(void)state;
	count("requests", COUNTER_PLAIN, 10, 30);
	strcpy(old_device()->pci, "0000:75:00.0");
	strcpy(device()->pci, "0000:b5:00.0");
	fill_row(&row, &before, &now, 0);
	assert_true(row.requests == NOT_KNOWN);
}

static void t_row_has_no_rates_when_no_time_passed(void **state)
{
	(void)state;
	count("requests", COUNTER_PLAIN, 10, 30);
	before.meters[0] = (struct core_meter){ .known = true, .exact = true };
	now.at = before.at;
	fill_row(&row, &before, &now, 0);
	assert_true(row.requests == NOT_KNOWN && row.consumed == NOT_KNOWN);
}

static void t_pending_leaves_out_what_was_aborted(void **state)
{
	(void)state;
	add_counter(device(), "aborted", COUNTER_FALLBACK, 4);
	add_counter(device(), "send_cnt", COUNTER_PLAIN, 100);
	add_counter(device(), "recv_cnt", COUNTER_PLAIN, 90);
	fill_row(&row, NULL, &now, 0);
	assert_int_equal(row.kernel_pending, 6);
	device()->counters[2].value = 97;
	fill_row(&row, NULL, &now, 0);
	assert_int_equal(row.kernel_pending, NOT_KNOWN);
}

static void t_used_queues_are_the_drivers_or_those_seen(void **state)
{
	struct device_facts *dev = device();

	(void)state;
	dev->users[0] = (struct device_user){ 100, 2, "a" };
	dev->users[1] = (struct device_user){ 200, 3, "b" };
	dev->user_count = 2;
	assert_int_equal(used_queues(dev), 5);
	dev->users_hidden = true;
	assert_int_equal(used_queues(dev), NOT_KNOWN);
	dev->process_queues = 240;
	assert_int_equal(used_queues(dev), 40);
	dev->process_queues = 100;
	assert_int_equal(used_queues(dev), NOT_KNOWN);
	dev->users_hidden = dev->in_class = false;
	assert_int_equal(used_queues(dev), NOT_KNOWN);
}

static void t_errors_are_known_with_debugfs_only(void **state)
{
	(void)state;
	add_counter(device(), "mb_err", COUNTER_FAULT, 2);
	add_counter(device(), "aer_fatal", COUNTER_FAULT, 3);
	add_counter(device(), "resets", COUNTER_RESET, 1);
	fill_row(&row, NULL, &now, 0);
	assert_int_equal(row.errors, 5);
	assert_int_equal(row.resets, 1);
	assert_int_equal(row.fallbacks, NOT_KNOWN);
	device()->debugfs = DEBUGFS_DENIED;
	fill_row(&row, NULL, &now, 0);
	assert_int_equal(row.errors, NOT_KNOWN);
	assert_int_equal(row.resets, NOT_KNOWN);
}

static void t_state_is_what_keeps_it_from_work(void **state)
{
	struct device_facts *dev = device();

	(void)state;
	fill_row(&row, NULL, &now, 0);
	assert_string_equal(row.state, "up");
	assert_false(row.bad);
	strcpy(dev->qm_status, "stop");
	fill_row(&row, NULL, &now, 0);
	assert_string_equal(row.state, "stopped");
	assert_true(row.bad);
	dev->isolated = 1;
	fill_row(&row, NULL, &now, 0);
	assert_string_equal(row.state, "isolated");
	dev->isolated = 0;
	dev->qm_status[0] = '\0';
	dev->in_class = false;
	fill_row(&row, NULL, &now, 0);
	assert_string_equal(row.state, "kernel");
	dev->module[0] = '\0';
	fill_row(&row, NULL, &now, 0);
	assert_string_equal(row.state, "no driver");
}

/* ---- text ---- */

static struct page page;

static int end_page(void **state)
{
	(void)state;
	page_free(&page);
	return 0;
}

/* The line that begins with @text, and is not above the table. */
static const char *line_with(const char *text)
{
	for (size_t i = 0; i < page.count; i++)
		if (!strncmp(page.lines[i].text, text, strlen(text)))
			return page.lines[i].text;
	fail_msg("no line begins with %s", text);
	return "";
}

static void t_numbers_have_three_digits(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ -1, "-" },	     { 0, "0" },	 { 0.6, "1" },
		{ 999.4, "999" },    { 999.6, "1.00k" }, { 1234, "1.23k" },
		{ 9996, "10.0k" },   { 12345, "12.3k" }, { 99960, "100k" },
		{ 999600, "1.00M" }, { 7e9, "7.00G" },	 { 1.5e15, "1.50P" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_scaled(text, sizeof(text), cases[i].value);
		assert_string_equal(text, cases[i].text);
	}
}

static void t_page_leaves_out_columns_without_room(void **state)
{
	(void)state;
	page_fill(&page, &before, &now, 79);
	assert_non_null(strstr(line_with("DEVICE"), "RESETS"));
	assert_null(strstr(line_with("DEVICE"), "K-REQ/S"));
	page_fill(&page, &before, &now, 200);
	assert_non_null(strstr(line_with("DEVICE"), "K-FALLBACK"));
	for (size_t width = 11; width < 120; width++) {
		page_fill(&page, &before, &now, width);
		assert_true(strlen(line_with("DEVICE")) <= width);
		assert_true(strlen(line_with("zip-0")) <= width);
	}
}

static void t_page_names_faults_and_how_many_are_new(void **state)
{
	(void)state;
	count("mb_err", COUNTER_FAULT, 1, 3);
	count("timeouts", COUNTER_FAULT, 0, 0);
	count("resets", COUNTER_RESET, 9, 2);
	count("irq", COUNTER_PLAIN, 9, 20);
	page_fill(&page, &before, &now, 200);
	assert_non_null(strstr(line_with("zip-0      error"), "mb_err"));
	assert_non_null(strstr(line_with("zip-0      error"), " 3       +2"));
	assert_non_null(strstr(line_with("zip-0      reset"), " 2        -"));
	for (size_t i = 0; i < page.count; i++) {
		assert_null(strstr(page.lines[i].text, "timeouts"));
		assert_null(strstr(page.lines[i].text, "irq"));
	}
}

static void t_page_has_nothing_that_moves_the_cursor(void **state)
{
	struct device_facts *dev = device();

	(void)state;
	dev->users[0] = (struct device_user){ 100, 2, "a\033[2J\n\xff" };
	dev->user_count = 1;
	page_fill(&page, NULL, &now, 200);
	assert_non_null(strstr(line_with("zip-0            100"), "a?[2J??"));
}

static void t_page_says_that_there_are_no_devices(void **state)
{
	(void)state;
	now.list.count = 0;
	page_fill(&page, NULL, &now, 79);
	line_with("no accelerator devices");
	assert_int_equal(page.count, 2);
}

static void t_page_has_room_for_all_that_there_can_be(void **state)
{
	(void)state;
	now.list.count = 0;
	for (int i = 0; i < DEVICES_MAX; i++) {
		char name[16];
		struct device_facts *dev;

		snprintf(name, sizeof(name), "zip-%d", i);
		dev = add_device(&now, name);
		for (int k = 0; k < COUNTERS_MAX; k++)
			add_counter(dev, "fault", COUNTER_FAULT, UINT64_MAX);
		for (int k = 0; k < USERS_MAX; k++)
			dev->users[k] = (struct device_user){ k, k, "user" };
		dev->user_count = USERS_MAX;
	}
	page_fill(&page, NULL, &now, 200);
	assert_true(page.count >
		    DEVICES_MAX * (size_t)(1 + COUNTERS_MAX + USERS_MAX));
}

/* ---- files of the kernel ---- */

static void t_values_are_found_by_their_name(void **state)
{
	static const char text[] = "all 256\nprocesses 240\nwork   = 0x10\n"
				   "odd x\nlong 99999999999999999999\nend 5";
	int64_t value = 7;

	(void)state;
	assert_true(find_value(text, "all", &value) && value == 256);
	assert_true(find_value(text, "processes", &value) && value == 240);
	assert_true(find_value(text, "work", &value) && value == 16);
	assert_true(find_value(text, "end", &value) && value == 5);
	assert_false(find_value(text, "process", &value));
	assert_false(find_value(text, "odd", &value));
	assert_false(find_value(text, "long", &value));
	assert_false(find_value(text, "none", &value));
	assert_false(find_value("", "none", &value));
	assert_false(find_value("none", "none", &value));
	assert_int_equal(value, 5);
}

#define ROW_TEST(name) cmocka_unit_test_setup(name, begin_samples)
#define PAGE_TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(name, begin_samples, end_page)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_meter_adds_what_cores_did),
		cmocka_unit_test(t_meter_follows_counters_that_run_over),
		cmocka_unit_test(t_meter_knows_nothing_after_a_reset),
		cmocka_unit_test(t_meter_knows_nothing_without_a_core),
		cmocka_unit_test(t_meter_begun_without_cores_knows_nothing),
		cmocka_unit_test(t_meter_knows_requests_alone_after_a_gap),
		ROW_TEST(t_row_has_rates_by_the_kernel),
		ROW_TEST(t_row_has_rates_by_the_cores),
		ROW_TEST(t_row_of_the_dummy_has_its_requests),
		ROW_TEST(t_row_has_no_rate_of_a_counter_that_went_back),
		ROW_TEST(t_row_of_a_new_device_has_no_rates),
		ROW_TEST(t_row_is_found_though_the_device_before_it_is_gone),
		ROW_TEST(t_row_of_another_device_with_the_name_has_no_rates),
		ROW_TEST(t_row_has_no_rates_when_no_time_passed),
		ROW_TEST(t_pending_leaves_out_what_was_aborted),
		ROW_TEST(t_used_queues_are_the_drivers_or_those_seen),
		ROW_TEST(t_errors_are_known_with_debugfs_only),
		ROW_TEST(t_state_is_what_keeps_it_from_work),
		cmocka_unit_test(t_numbers_have_three_digits),
		PAGE_TEST(t_page_leaves_out_columns_without_room),
		PAGE_TEST(t_page_names_faults_and_how_many_are_new),
		PAGE_TEST(t_page_has_nothing_that_moves_the_cursor),
		PAGE_TEST(t_page_says_that_there_are_no_devices),
		PAGE_TEST(t_page_has_room_for_all_that_there_can_be),
		cmocka_unit_test(t_values_are_found_by_their_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
