/* SPDX-License-Identifier: MIT */
/*
 * How far memory nodes, and the devices on them, are from a CPU.
 */
#ifndef WD_NEAR_H
#define WD_NEAR_H

#include "../internal.h"

#define NEAR_NODES   1024u /* of a machine; further ones are far */
#define NEAR_UNKNOWN UINT32_MAX

/* From one node to all, as the firmware has it: 10 to itself; NEAR_UNKNOWN. */
struct near {
	uint32_t distance[NEAR_NODES];
};

/* The node of the CPU that the calling thread is on. */
unsigned int near_node(void);

/* Read what the kernel knows of the way from @node. */
void near_read(struct near *near, unsigned int node);

/* The way to @node; -1, for a device that has none, is unknown, too. */
uint32_t near_distance(const struct near *near, int node);

#endif
