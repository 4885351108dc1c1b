/* SPDX-License-Identifier: MIT */
/*
 * The accelerators of a machine, for --doctor: where they sit, and what the library makes
 * of them.
 *
 * Which there are is in device_list.c, their files in /dev are in device_node.c, their
 * counters in device_counter.c.
 */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_counter.h"
#include "device_list.h"
#include "device_node.h"
#include "doctor_device.h"
#include "kernel_file.h"

#define CLASS	  "/sys/class/uacce"
#define PCI	  "/sys/bus/pci/devices"
#define NODES	  "/sys/devices/system/node"
#define CPUS_MAX  (1 << 16)
#define NODES_MAX 256

/* ---- where it sits ---- */

/* Whether a list such as "0-3,8" has a CPU that is in @set. */
static bool list_meets(const char *list, const cpu_set_t *set, size_t size)
{
	char *end;

	for (; *list; list = *end ? end + 1 : end) {
		long first = strtol(list, &end, 10);
		long last = first;

		if (end == list)
			return false;
		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		for (long cpu = first;
		     cpu >= 0 && cpu <= last && cpu < CPUS_MAX; cpu++)
			if (CPU_ISSET_S((size_t)cpu, size, set))
				return true;
		if (*end && *end != ',')
			return false;
	}
	return false;
}

/* Number @at of those in a line, NOT_KNOWN if there are not as many. */
static int64_t number_at(const char *text, unsigned int at)
{
	char *end;

	for (;; at--) {
		long value = strtol(text, &end, 10);

		if (end == text)
			return NOT_KNOWN;
		if (!at)
			return value;
		text = end;
	}
}

/* Distances are told for nodes that are there, in their order. */
static unsigned int place_of(int64_t node)
{
	unsigned int place = 0;

	for (int i = 0; i < node; i++)
		place += path_exists(NODES "/node%d", i);
	return place;
}

static void look_from(struct device_facts *dev, int node, const cpu_set_t *set,
		      size_t size)
{
	char text[4096];
	int64_t distance;

	if (read_text(text, sizeof(text), NODES "/node%d/cpulist", node) <= 0 ||
	    !list_meets(text, set, size))
		return;
	if (node == dev->numa_node)
		dev->numa_away = false;
	if (read_text(text, sizeof(text), NODES "/node%d/distance", node) <= 0)
		return;
	distance = number_at(text, place_of(dev->numa_node));
	if (distance >= 0 &&
	    (dev->numa_distance < 0 || distance < dev->numa_distance))
		dev->numa_distance = distance;
}

static bool has_cpus(int64_t node)
{
	char text[4096];

	return read_text(text, sizeof(text), NODES "/node%d/cpulist",
			 (int)node) > 0;
}

static void read_numa(struct device_facts *dev, const char *dir)
{
	size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
	cpu_set_t *set = CPU_ALLOC(CPUS_MAX);

	dev->numa_node = read_number("%s/numa_node", dir);
	if (set && dev->numa_node >= 0 && dev->numa_node < NODES_MAX &&
	    path_exists(NODES "/node%d", (int)dev->numa_node) &&
	    !sched_getaffinity(0, size, set)) {
		dev->numa_away = has_cpus(dev->numa_node);
		for (int node = 0; node < NODES_MAX; node++)
			look_from(dev, node, set, size);
	}
	CPU_FREE(set);
}

static void read_iommu(struct device_facts *dev, const char *dir)
{
	char group[32];

	if (!read_link_name(group, sizeof(group), "%s/iommu_group", dir) ||
	    !parse_number(group, &dev->iommu_group))
		return;
	read_text(dev->iommu_type, sizeof(dev->iommu_type),
		  "/sys/kernel/iommu_groups/%s/type", group);
}

/* Of the device that does the work, which is one of PCI or not. */
static void read_place(struct device_facts *dev)
{
	char dir[PATH_MAX];

	if (dev->in_class)
		snprintf(dir, sizeof(dir), CLASS "/%s/device", dev->name);
	else
		snprintf(dir, sizeof(dir), PCI "/%s", dev->pci);
	dev->revision = read_number("%s/revision", dir);
	dev->vfs = read_number("%s/sriov_numvfs", dir);
	dev->vfs_max = read_number("%s/sriov_totalvfs", dir);
	read_iommu(dev, dir);
	read_numa(dev, dir);
}

/* ---- the library ---- */

static struct device_facts *find_device(struct doctor_facts *facts,
					const char *name)
{
	for (unsigned int i = 0; i < facts->list.count; i++)
		if (!strcmp(facts->list.devices[i].name, name))
			return &facts->list.devices[i];
	return NULL;
}

/* What the kernel does not tell of is a device of the library's own. */
static void add_own(struct doctor_facts *facts, const struct wd_device *known)
{
	struct device_facts dev;

	device_blank(&dev);
	strcpy(dev.name, known->name);
	strcpy(dev.algs, known->algs);
	dev.free_queues = known->free_queues;
	dev.numa_node = known->numa_node;
	device_keep(&facts->list, &dev, true);
}

static void add_listed(struct doctor_facts *facts,
		       const struct wd_device *known)
{
	struct device_facts *dev;

	if (!find_device(facts, known->name))
		add_own(facts, known);
	dev = find_device(facts, known->name);
	if (!dev)
		return;
	dev->listed = true;
	strcpy(dev->driver, known->driver);
	dev->status = known->status;
	strcpy(dev->reason, known->reason);
}

static void ask_library(struct doctor_facts *facts)
{
	struct wd_device *list;
	int n = wd_device_list(&list);

	for (int i = 0; i < n; i++)
		if (list[i].kind == WD_DEVICE_HARDWARE)
			add_listed(facts, &list[i]);
	if (n >= 0)
		wd_device_list_free(list);
}

void gather_devices(struct doctor_facts *facts)
{
	struct device_list *list = &facts->list;

	list_devices(list);
	for (unsigned int i = 0; i < list->count; i++) {
		read_place(&list->devices[i]);
		if (list->devices[i].in_class)
			gather_node(&list->devices[i]);
	}
	ask_library(facts);
	for (unsigned int i = 0; i < list->count; i++)
		gather_counters(&list->devices[i]);
	gather_users(list);
}
