/* SPDX-License-Identifier: MIT */
/*
 * The machine and the software that figures were made with.
 */
#ifndef WDBENCH_ENVIRONMENT_H
#define WDBENCH_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <warpdrive/wd.h>

#define ENV_TEXT	160

/*
 * struct environment - unknown texts are empty, unknown numbers 0
 * @governor: of the clock of CPU 0
 * @load:     average of the last minute, before anything was measured
 * @devices:  @n_devices of them, from wd_device_list()
 */
struct environment {
	char time[32];			/* UTC, ISO 8601 */
	char cpu[ENV_TEXT];
	char machine[ENV_TEXT];
	char kernel[ENV_TEXT];
	char system[ENV_TEXT];
	char governor[ENV_TEXT];
	char hypervisor[ENV_TEXT];
	unsigned int cpus;
	unsigned int cpus_usable;
	uint64_t memory_kib;
	double load;
	struct wd_device *devices;
	int n_devices;
};

void environment_read(struct environment *env);
void environment_free(struct environment *env);

#endif
