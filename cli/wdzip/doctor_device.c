/* SPDX-License-Identifier: MIT */
/*
 * The accelerators of a machine: those of the class uacce, those of the PCI bus that are
 * not among them, and what the library makes of them.
 *
 * Their files in /dev are in doctor_node.c, their counters in doctor_counter.c.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_counter.h"
#include "doctor_device.h"
#include "doctor_kind.h"
#include "doctor_node.h"
#include "doctor_read.h"

#define CLASS	   "/sys/class/uacce"
#define PCI	   "/sys/bus/pci/devices"
#define NODES	   "/sys/devices/system/node"
#define ZIP_VENDOR 0x19e5
#define ZIP_PF	   0xa250
#define ZIP_VF	   0xa251
#define CPUS_MAX   (1 << 16)
#define NODES_MAX  256

/*
 * What is gathered in a walk: what could compress and is this machine's, or all else, for
 * which there may be no room.
 */
struct walk {
	struct doctor_facts *facts;
	bool ours;
};

static void make_blank(struct doctor_device *dev)
{
	memset(dev, 0, sizeof(*dev));
	dev->flags = dev->free_queues = dev->isolated = DOCTOR_NOT_KNOWN;
	dev->isolate_strategy = dev->mmio_size = dev->dus_size =
		DOCTOR_NOT_KNOWN;
	dev->revision = dev->vfs = dev->vfs_max = DOCTOR_NOT_KNOWN;
	dev->iommu_group = dev->numa_node = dev->numa_distance =
		DOCTOR_NOT_KNOWN;
}

static void keep(const struct walk *walk, const struct doctor_device *dev)
{
	struct doctor_facts *facts = walk->facts;

	if (facts->device_count < DOCTOR_DEVICES_MAX)
		facts->devices[facts->device_count++] = *dev;
	else if (walk->ours)
		facts->more_devices = true;
}

/* ---- the class ---- */

static void found_odd(struct doctor_device *dev, const char *attr)
{
	if (!dev->odd[0])
		snprintf(dev->odd, sizeof(dev->odd), "%s", attr);
}

/* One that is there has to be a number. */
static int64_t read_attr(struct doctor_device *dev, const char *attr,
			 bool needed)
{
	int64_t value = read_number(CLASS "/%s/%s", dev->name, attr);
	char text[2];

	if (value < 0 &&
	    (needed || read_text(text, sizeof(text), CLASS "/%s/%s", dev->name,
				 attr) >= 0))
		found_odd(dev, attr);
	return value;
}

/* Lines become words; a name that cannot be printed is no name. */
static void read_names(struct doctor_device *dev, const char *attr, char *text,
		       size_t size)
{
	int len = read_text(text, size, CLASS "/%s/%s", dev->name, attr);

	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	if (len < 0 || len == (int)size - 1 || !is_printable(text))
		found_odd(dev, attr);
}

static void read_class(struct doctor_device *dev)
{
	read_names(dev, "api", dev->api, sizeof(dev->api));
	read_names(dev, "algorithms", dev->algs, sizeof(dev->algs));
	dev->flags = read_attr(dev, "flags", true);
	dev->free_queues = read_attr(dev, "available_instances", false);
	dev->isolated = read_attr(dev, "isolate", false);
	dev->isolate_strategy = read_attr(dev, "isolate_strategy", false);
	dev->mmio_size = read_attr(dev, "region_mmio_size", false);
	dev->dus_size = read_attr(dev, "region_dus_size", false);
}

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

/* Number @at of those in a line, DOCTOR_NOT_KNOWN if there are not as many. */
static int64_t number_at(const char *text, unsigned int at)
{
	char *end;

	for (;; at--) {
		long value = strtol(text, &end, 10);

		if (end == text)
			return DOCTOR_NOT_KNOWN;
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

static void look_from(struct doctor_device *dev, int node, const cpu_set_t *set,
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

static void read_numa(struct doctor_device *dev, const char *dir)
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

static void read_iommu(struct doctor_device *dev, const char *dir)
{
	char group[32];

	if (!read_link_name(group, sizeof(group), "%s/iommu_group", dir) ||
	    !parse_number(group, &dev->iommu_group))
		return;
	read_text(dev->iommu_type, sizeof(dev->iommu_type),
		  "/sys/kernel/iommu_groups/%s/type", group);
}

/* @dir: of the device that does the work, of PCI or not. */
static void read_parent(struct doctor_device *dev, const char *dir)
{
	read_link_name(dev->module, sizeof(dev->module), "%s/driver", dir);
	dev->revision = read_number("%s/revision", dir);
	dev->vf = path_exists("%s/physfn", dir);
	dev->vfs = read_number("%s/sriov_numvfs", dir);
	dev->vfs_max = read_number("%s/sriov_totalvfs", dir);
	read_iommu(dev, dir);
	read_numa(dev, dir);
}

static bool is_zip_engine(const char *pci)
{
	int64_t id = read_number(PCI "/%s/device", pci);

	return read_number(PCI "/%s/vendor", pci) == ZIP_VENDOR &&
	       (id == ZIP_PF || id == ZIP_VF);
}

static void add_of_class(void *arg, const char *name)
{
	const struct walk *walk = arg;
	struct doctor_device dev;
	char dir[PATH_MAX], address[sizeof(dev.pci)];

	make_blank(&dev);
	strcpy(dev.name, name);
	dev.in_class = true;
	read_class(&dev);
	snprintf(dir, sizeof(dir), CLASS "/%s/device", name);
	/* Devices that are not of PCI are elsewhere. */
	if (read_link_name(address, sizeof(address), "%s", dir) &&
	    path_exists(PCI "/%s", address))
		strcpy(dev.pci, address);
	read_parent(&dev, dir);
	if ((could_compress(&dev) || is_zip_engine(dev.pci)) != walk->ours)
		return;
	gather_node(&dev);
	keep(walk, &dev);
}

/* ---- those without a file ---- */

static bool has_file(const struct doctor_facts *facts, const char *pci)
{
	for (unsigned int i = 0; i < facts->device_count; i++)
		if (!strcmp(facts->devices[i].pci, pci))
			return true;
	return false;
}

static void add_hidden(void *arg, const char *address)
{
	const struct walk *walk = arg;
	struct doctor_device dev;
	char dir[PATH_MAX];

	if (!is_zip_engine(address) || has_file(walk->facts, address))
		return;
	make_blank(&dev);
	strcpy(dev.pci, address);
	snprintf(dir, sizeof(dir), PCI "/%s", address);
	read_parent(&dev, dir);
	dev.vf |= read_number("%s/device", dir) == ZIP_VF;
	if (is_for_others(&dev) != walk->ours)
		keep(walk, &dev);
}

/* ---- the library ---- */

static struct doctor_device *find_device(struct doctor_facts *facts,
					 const char *name)
{
	for (unsigned int i = 0; i < facts->device_count; i++)
		if (!strcmp(facts->devices[i].name, name))
			return &facts->devices[i];
	return NULL;
}

/* What the kernel does not tell of is a device of the library's own. */
static void add_own(struct doctor_facts *facts, const struct wd_device *known)
{
	const struct walk walk = { facts, true };
	struct doctor_device dev;

	make_blank(&dev);
	strcpy(dev.name, known->name);
	strcpy(dev.algs, known->algs);
	dev.free_queues = known->free_queues;
	dev.numa_node = known->numa_node;
	keep(&walk, &dev);
}

static void add_listed(struct doctor_facts *facts,
		       const struct wd_device *known)
{
	struct doctor_device *dev;

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

static void walk_through(struct doctor_facts *facts, bool ours)
{
	struct walk walk = { facts, ours };

	each_name(CLASS, WD_NAME_MAX, add_of_class, &walk);
	each_name(PCI, sizeof(facts->devices[0].pci), add_hidden, &walk);
}

void gather_devices(struct doctor_facts *facts)
{
	walk_through(facts, true);
	walk_through(facts, false);
	ask_library(facts);
	for (unsigned int i = 0; i < facts->device_count; i++)
		gather_counters(&facts->devices[i]);
	gather_users(facts);
}
