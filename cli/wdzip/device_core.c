/* SPDX-License-Identifier: MIT */
/*
 * The counters of an engine's cores, as its driver shows them in debugfs.
 *
 * Both drivers of the ZIP engine have a file for each core; its lines are a name and a
 * number each, but the names differ.
 */
#include <stddef.h>

#include "device_core.h"
#include "device_counter.h"
#include "kernel_file.h"

#define CORES_EACH (CORES_MAX / 2) /* of a direction */

/* Names by our driver and by Linux's, which misspelt one at first. */
static const struct {
	size_t member;
	const char *names[3];
} registers[] = {
	{ offsetof(struct core_counts, done),
	  { "bd_done", "HZIP_DONE_BD_NUM" } },
	{ offsetof(struct core_counts, work),
	  { "work_cycles", "HZIP_WORK_CYCLE" } },
	{ offsetof(struct core_counts, idle),
	  { "idle_cycles", "HZIP_IDLE_CYCLE" } },
	{ offsetof(struct core_counts, consumed),
	  { "consumed", "HZIP_CONSUMED_BYTE", "HZIP_COMSUMED_BYTE" } },
	{ offsetof(struct core_counts, produced),
	  { "produced", "HZIP_PRODUCED_BYTE" } },
};

const char *core_kind(const struct engine_core *core)
{
	return core->decompresses ? "decomp" : "comp";
}

static bool find_register(const char *text, const char *const *names,
			  uint32_t *found)
{
	int64_t value;

	for (int i = 0; i < 3 && names[i]; i++) {
		if (find_value(text, names[i], &value) && value <= UINT32_MAX) {
			*found = (uint32_t)value;
			return true;
		}
	}
	return false;
}

static bool parse_counts(const char *text, struct core_counts *counts)
{
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		void *member = (char *)counts + registers[i].member;

		if (!find_register(text, registers[i].names, member))
			return false;
	}
	return true;
}

static void read_direction(struct engine_cores *cores, const char *dir,
			   bool decompresses)
{
	char text[4096];

	for (unsigned int n = 0; n < CORES_EACH; n++) {
		struct engine_core *core = &cores->list[cores->count];

		core->decompresses = decompresses;
		core->number = n;
		if (read_text(text, sizeof(text), "%s/%s_core%u/regs", dir,
			      core_kind(core), n) > 0 &&
		    parse_counts(text, &core->counts))
			cores->count++;
	}
}

void read_cores(const struct device_facts *dev, struct engine_cores *cores)
{
	char dir[256];

	cores->count = 0;
	if (!counter_dir(dev, dir, sizeof(dir)))
		return;
	read_direction(cores, dir, false);
	read_direction(cores, dir, true);
}
