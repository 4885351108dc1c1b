/* SPDX-License-Identifier: MIT */
/*
 * What --top=json prints: a line for each device.  wdzip-top(7) describes it, and members
 * stay.
 *
 * What is not known is null.
 */
#include <stdio.h>

#include "device_json.h"
#include "json.h"
#include "top_json.h"
#include "top_rate.h"

static void put_number(struct json *j, const char *name, double value)
{
	if (value < 0)
		json_null(j, name);
	else
		json_number(j, name, value);
}

static void put_count(struct json *j, const char *name, int64_t value)
{
	if (value < 0)
		json_null(j, name);
	else
		json_count(j, name, (uint64_t)value);
}

static void put_rates(struct json *j, const struct top_row *row)
{
	put_number(j, "requests_per_s", row->requests);
	put_number(j, "consumed_bytes_per_s", row->consumed);
	put_number(j, "produced_bytes_per_s", row->produced);
	put_number(j, "compress_busy", row->busy[COMPRESSION]);
	put_number(j, "decompress_busy", row->busy[DECOMPRESSION]);
	put_number(j, "kernel_requests_per_s", row->kernel_requests);
	put_count(j, "kernel_pending", row->kernel_pending);
}

static void put_counters(struct json *j, const struct device_facts *dev)
{
	if (dev->debugfs == DEBUGFS_NOT_NEEDED)
		json_null(j, "counters_readable");
	else
		json_bool(j, "counters_readable", dev->debugfs == DEBUGFS_READ);
	json_open(j, "counters", '{');
	for (unsigned int i = 0; i < dev->counter_count; i++)
		json_count(j, dev->counters[i].name, dev->counters[i].value);
	json_close(j, '}');
}

static void put_device(struct json *j, const struct top_row *row)
{
	const struct device_facts *dev = row->facts;

	json_open(j, NULL, '{');
	json_text(j, "device", dev->name);
	json_text(j, "pci", dev->pci);
	json_text(j, "driver", dev->module);
	json_string(j, "state", row->state);
	put_rates(j, row);
	put_count(j, "queues_used", row->used);
	put_count(j, "queues_free", row->free);
	put_count(j, "errors", row->errors);
	put_count(j, "resets", row->resets);
	put_count(j, "kernel_fallbacks", row->fallbacks);
	device_json_users(j, dev);
	put_counters(j, dev);
	json_close(j, '}');
}

void top_print_json(const struct top_sample *before,
		    const struct top_sample *now)
{
	for (unsigned int i = 0; i < now->list.count; i++) {
		struct json j = { .out = stdout, .compact = true };
		struct top_row row;

		fill_row(&row, before, now, i);
		put_device(&j, &row);
		printf("\n");
	}
}
