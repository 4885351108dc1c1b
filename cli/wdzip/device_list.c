/* SPDX-License-Identifier: MIT */
/*
 * The accelerators that the kernel tells of: those of the class uacce, and those of the
 * PCI bus that are not among them.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "device_kind.h"
#include "device_list.h"
#include "kernel_file.h"

#define CLASS	   "/sys/class/uacce"
#define PCI	   "/sys/bus/pci/devices"
#define ZIP_VENDOR 0x19e5
#define ZIP_PF	   0xa250
#define ZIP_VF	   0xa251

/*
 * What is gathered in a walk: what could compress and is this machine's, or all else, for
 * which there may be no room.
 */
struct walk {
	struct device_list *list;
	bool ours;
};

void device_blank(struct device_facts *dev)
{
	memset(dev, 0, sizeof(*dev));
	dev->flags = dev->free_queues = dev->isolated = NOT_KNOWN;
	dev->process_queues = NOT_KNOWN;
	dev->isolate_strategy = dev->mmio_size = dev->dus_size = NOT_KNOWN;
	dev->revision = dev->vfs = dev->vfs_max = NOT_KNOWN;
	dev->iommu_group = dev->numa_node = dev->numa_distance = NOT_KNOWN;
}

void device_keep(struct device_list *list, const struct device_facts *dev,
		 bool ours)
{
	if (list->count < DEVICES_MAX)
		list->devices[list->count++] = *dev;
	else if (ours)
		list->more = true;
}

const char *device_name(const struct device_facts *dev)
{
	return dev->name[0] ? dev->name : dev->pci;
}

/* ---- the class ---- */

static void found_odd(struct device_facts *dev, const char *attr)
{
	if (!dev->odd[0])
		snprintf(dev->odd, sizeof(dev->odd), "%s", attr);
}

/* One that is there has to be a number. */
static int64_t read_attr(struct device_facts *dev, const char *attr,
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
static void read_names(struct device_facts *dev, const char *attr, char *text,
		       size_t size)
{
	int len = read_text(text, size, CLASS "/%s/%s", dev->name, attr);

	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	if (len < 0 || len == (int)size - 1 || !is_printable(text))
		found_odd(dev, attr);
}

static void read_class(struct device_facts *dev)
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

/* @dir: of the device that does the work, of PCI or not. */
static void read_parent(struct device_facts *dev, const char *dir)
{
	read_link_name(dev->module, sizeof(dev->module), "%s/driver", dir);
	dev->vf = path_exists("%s/physfn", dir);
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
	struct device_facts dev;
	char dir[PATH_MAX], address[sizeof(dev.pci)];

	device_blank(&dev);
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
	device_keep(walk->list, &dev, walk->ours);
}

/* ---- those without a file ---- */

static bool has_file(const struct device_list *list, const char *pci)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (!strcmp(list->devices[i].pci, pci))
			return true;
	return false;
}

static void add_hidden(void *arg, const char *address)
{
	const struct walk *walk = arg;
	struct device_facts dev;
	char dir[PATH_MAX];

	if (!is_zip_engine(address) || has_file(walk->list, address))
		return;
	device_blank(&dev);
	strcpy(dev.pci, address);
	snprintf(dir, sizeof(dir), PCI "/%s", address);
	read_parent(&dev, dir);
	dev.vf |= read_number("%s/device", dir) == ZIP_VF;
	if (is_for_others(&dev) != walk->ours)
		device_keep(walk->list, &dev, walk->ours);
}

static void walk_through(struct device_list *list, bool ours)
{
	struct walk walk = { list, ours };

	each_name(CLASS, WD_NAME_MAX, add_of_class, &walk);
	each_name(PCI, sizeof(list->devices[0].pci), add_hidden, &walk);
}

void list_devices(struct device_list *list)
{
	walk_through(list, true);
	walk_through(list, false);
}
