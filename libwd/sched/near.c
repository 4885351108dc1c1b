/* SPDX-License-Identifier: MIT */
/*
 * Distances between memory nodes, from sysfs.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cgroup.h"
#include "near.h"

#define NODES_DIR "/sys/devices/system/node"
#define TEXT_MAX  8192 /* bytes of a file there */

unsigned int near_node(void)
{
	unsigned int cpu, node;

	return getcpu(&cpu, &node) ? 0 : node;
}

/* Take a number off *@text; false at its end. */
static bool next_number(const char **text, unsigned long *value)
{
	char *end;

	*value = strtoul(*text, &end, 10);
	if (end == *text)
		return false;
	*text = end;
	return true;
}

/* @online: "0-1,4"; @distances: "10 20 32", one for each of these, in their order. */
static void pair_up(struct near *near, const char *online,
		    const char *distances)
{
	unsigned long first, last, distance;

	while (next_number(&online, &first)) {
		last = first;
		if (*online == '-') {
			online++;
			if (!next_number(&online, &last))
				return;
		}
		for (; first <= last && first < NEAR_NODES; first++) {
			if (!next_number(&distances, &distance))
				return;
			near->distance[first] = (uint32_t)distance;
		}
		online += *online == ',';
	}
}

void near_read(struct near *near, unsigned int node)
{
	char dir[256], online[TEXT_MAX], distances[TEXT_MAX];

	memset(near->distance, 0xff, sizeof(near->distance));
	snprintf(dir, sizeof(dir), "%s" NODES_DIR, wd_host_root);
	if (!wd_host_read(dir, "online", online, sizeof(online)))
		return;
	snprintf(dir, sizeof(dir), "%s" NODES_DIR "/node%u", wd_host_root,
		 node);
	if (wd_host_read(dir, "distance", distances, sizeof(distances)))
		pair_up(near, online, distances);
}

uint32_t near_distance(const struct near *near, int node)
{
	return node < 0 || (unsigned int)node >= NEAR_NODES
		       ? NEAR_UNKNOWN
		       : near->distance[node];
}
