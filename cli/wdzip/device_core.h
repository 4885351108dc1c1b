/* SPDX-License-Identifier: MIT */
/*
 * The counters of an engine's cores, as its driver shows them in debugfs.
 */
#ifndef CLI_DEVICE_CORE_H
#define CLI_DEVICE_CORE_H

#include "device_facts.h"

#define CORES_MAX 16

/*
 * struct core_counts - since the engine was started
 * @done:     requests
 * @work, @idle: cycles
 * @consumed, @produced: bytes
 *
 * These are registers of 32 bits: past that they begin anew at 0.
 */
struct core_counts {
	uint32_t done;
	uint32_t work, idle;
	uint32_t consumed, produced;
};

/* @number: among those of its direction */
struct engine_core {
	bool decompresses;
	unsigned int number;
	struct core_counts counts;
};

struct engine_cores {
	struct engine_core list[CORES_MAX];
	unsigned int count;
};

/*
 * Fill @cores with those that can be read now: none for who may not look into debugfs,
 * for virtual functions and other devices, and while the device is being reset.  Needs
 * @name, @module and @pci of @dev.
 */
void read_cores(const struct device_facts *dev, struct engine_cores *cores);

/* "comp" or "decomp", as debugfs has it before the number. */
const char *core_kind(const struct engine_core *core);

#endif
