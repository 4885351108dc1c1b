/* SPDX-License-Identifier: MIT */
/*
 * Linked with a tool: its devices are the model, as the environment wants them.
 *
 * WD_MODEL_VERSION: 2, 3 (default) or 5; WD_MODEL_DEVICES: how many, 1 to 8;
 * WD_MODEL_QUEUES: that can be open of each in a process, 1 to 32 (default).
 * WD_MODEL_FAULTS: a script, see script.h; WD_MODEL_ILL: of 1000 requests;
 * WD_MODEL_SEED: of the random numbers.  WD_MODEL_STALL_MS: after which a device counts
 * as lost.  WD_MODEL_TELL: a file to which each device that was used adds a line of
 * counters when the process ends.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "drv/inflight.h"
#include "with_model.h"

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 0) : otherwise;
}

static void __attribute__((constructor)) install(void)
{
	unsigned int version = number("WD_MODEL_VERSION", 3);
	struct with_model_setup s;

	with_model_default(&s, version < 3 ? QM_HW_V2 : QM_HW_V3);
	if (version > 3 && sim_config_set(&s.config, QM_SUB_VERSION, QM_HW_V5))
		abort();
	s.count = number("WD_MODEL_DEVICES", 1);
	s.queues = number("WD_MODEL_QUEUES", s.queues);
	if (s.count > WITH_MODEL_MAX || s.queues > ZIP_FILES_MAX ||
	    !script_read(&s.script, getenv("WD_MODEL_FAULTS"),
			 number("WD_MODEL_ILL", 0),
			 number("WD_MODEL_SEED", 1))) {
		fputs("WD_MODEL_DEVICES, WD_MODEL_QUEUES or WD_MODEL_FAULTS makes no sense\n",
		      stderr);
		abort();
	}
	wd_stall_ms =
		(int)number("WD_MODEL_STALL_MS", (unsigned int)wd_stall_ms);
	with_model_begin(&s);
}

static void tell_flow(FILE *file, const char *name, const struct sim_flow *f)
{
	fprintf(file, " %s=%" PRIu64 " %s_in=%" PRIu64 " %s_out=%" PRIu64, name,
		f->requests, name, f->in_bytes, name, f->out_bytes);
}

static void tell_device(FILE *file, unsigned int i)
{
	struct sim *sim = with_model_device(i)->dev.sim;
	struct sim_stats s;

	sim_stats(sim, &s);
	fprintf(file, "device=%u requests=%" PRIu64, i, s.requests);
	tell_flow(file, "compress", &s.comp);
	tell_flow(file, "decompress", &s.decomp);
	fprintf(file, " failed=%" PRIu64 " faults=%" PRIu64 " resets=%" PRIu64,
		s.failed, s.faults, s.resets);
	fprintf(file, " fuzzed=%" PRIu64 " violations=%" PRIu64 "\n", s.fuzzed,
		sim_violations_total(sim));
}

/* Devices stay: threads of the tool may still use them. */
static void __attribute__((destructor)) tell(void)
{
	const char *path = getenv("WD_MODEL_TELL");
	FILE *file = path ? fopen(path, "a") : NULL;

	for (unsigned int i = 0; file && i < WITH_MODEL_MAX; i++)
		if (with_model_device(i))
			tell_device(file, i);
	if (file)
		fclose(file);
}
