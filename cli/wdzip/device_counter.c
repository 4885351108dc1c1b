/* SPDX-License-Identifier: MIT */
/*
 * Counters of a device: those of its driver in debugfs, and those of the PCI bus.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_counter.h"
#include "kernel_file.h"

#define DEBUGFS "/sys/kernel/debug"

/* @path: in the device's directory; its last part is the counter's name */
struct file_desc {
	const char *path;
	enum counter_kind kind;
};

/*
 * Read in this order: what was sent is read after what came of it, so that the answers are
 * not more.
 */
/* clang-format off */
static const struct file_desc wd_zip_files[] = {
	{ "qm/irq", COUNTER_PLAIN },
	{ "qm/err_irq", COUNTER_PLAIN },
	{ "qm/lost_irq", COUNTER_PLAIN },
	{ "qm/aeq_irq", COUNTER_FAULT },
	{ "qm/abnormal_irq", COUNTER_FAULT },
	{ "qm/bogus", COUNTER_FAULT },
	{ "qm/mb_err", COUNTER_FAULT },
	{ "qm/timeouts", COUNTER_FAULT },
	{ "qm/resets", COUNTER_RESET },
	{ "qm/failed_resets", COUNTER_FAULT },
	{ "qm/aborted", COUNTER_FALLBACK },
	{ "zip/recv_cnt", COUNTER_PLAIN },
	{ "zip/send_cnt", COUNTER_PLAIN },
	{ "zip/send_busy_cnt", COUNTER_PLAIN },
	{ "zip/err_bd_cnt", COUNTER_FAULT },
	{ "zip/fallback_cnt", COUNTER_FALLBACK },
	{ NULL, COUNTER_PLAIN },
};

/* Linux's own: its err_bd_cnt counts pages that do not shrink, too. */
static const struct file_desc zip_files[] = {
	{ "qm/err_irq", COUNTER_PLAIN },
	{ "qm/aeq_irq", COUNTER_FAULT },
	{ "qm/abnormal_irq", COUNTER_FAULT },
	{ "qm/create_qp_err", COUNTER_FAULT },
	{ "qm/mb_err", COUNTER_FAULT },
	{ "zip_dfx/recv_cnt", COUNTER_PLAIN },
	{ "zip_dfx/send_cnt", COUNTER_PLAIN },
	{ "zip_dfx/send_busy_cnt", COUNTER_PLAIN },
	{ "zip_dfx/err_bd_cnt", COUNTER_PLAIN },
	{ NULL, COUNTER_PLAIN },
};

static const struct file_desc dummy_files[] = {
	{ "requests", COUNTER_PLAIN },
	{ "limbo", COUNTER_PLAIN },
	{ "fail", COUNTER_INJECTED },
	{ "flip", COUNTER_INJECTED },
	{ "flip_each", COUNTER_INJECTED },
	{ "lose", COUNTER_INJECTED },
	{ "linger", COUNTER_INJECTED },
	{ "deny", COUNTER_INJECTED },
	{ NULL, COUNTER_PLAIN },
};
/* clang-format on */

/* Directories of devices are named after their PCI address, or their file in /dev. */
static const struct driver {
	const char *module;
	bool by_name;
	const struct file_desc *files;
} drivers[] = {
	{ "wd_hisi_zip", false, wd_zip_files },
	{ "hisi_zip", false, zip_files },
	{ "wd_dummy", true, dummy_files },
};

static void add_counter(struct device_facts *dev, const char *name,
			enum counter_kind kind, int64_t value)
{
	if (value < 0 || dev->counter_count == COUNTERS_MAX)
		return;
	dev->counters[dev->counter_count++] =
		(struct device_counter){ name, kind, (uint64_t)value };
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A file that nobody has stands for the directory: it may not be there, or be shut. */
static enum debugfs_access look_for(const char *dir)
{
	char text[2];
	int ret = read_text(text, sizeof(text), "%s/.", dir);

	if (ret == -EISDIR)
		return DEBUGFS_READ;
	return ret == -EACCES || ret == -EPERM ? DEBUGFS_DENIED
					       : DEBUGFS_ABSENT;
}

static const struct driver *find_driver(const struct device_facts *dev)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (!strcmp(dev->module, drivers[i].module))
			return &drivers[i];
	return NULL;
}

bool counter_dir(const struct device_facts *dev, char *dir, size_t size)
{
	const struct driver *driver = find_driver(dev);
	const char *sub;

	if (!driver)
		return false;
	sub = driver->by_name ? dev->name : dev->pci;
	return *sub && snprintf(dir, size, DEBUGFS "/%s/%s", driver->module,
				sub) < (int)size;
}

static void read_queues(struct device_facts *dev, const char *dir)
{
	char text[256];

	if (read_text(text, sizeof(text), "%s/qm/queues", dir) > 0)
		find_value(text, "processes", &dev->process_queues);
}

static void read_driver(struct device_facts *dev)
{
	const struct file_desc *files;
	char dir[256];

	if (!counter_dir(dev, dir, sizeof(dir)))
		return;
	dev->debugfs = look_for(dir);
	if (dev->debugfs != DEBUGFS_READ)
		return;
	read_text(dev->qm_status, sizeof(dev->qm_status), "%s/qm/status", dir);
	read_queues(dev, dir);
	for (files = find_driver(dev)->files; files->path; files++)
		add_counter(dev, base_name(files->path), files->kind,
			    read_number("%s/%s", dir, files->path));
}

/* Lines of a name and a number; what is wanted is the sum in the last. */
static int64_t read_total(const char *pci, const char *attr)
{
	char text[4096];
	const char *at;

	if (read_text(text, sizeof(text), "/sys/bus/pci/devices/%s/%s", pci,
		      attr) <= 0)
		return NOT_KNOWN;
	at = strstr(text, "TOTAL_");
	at = at ? strchr(at, ' ') : NULL;
	return at ? strtoll(at, NULL, 10) : NOT_KNOWN;
}

static void read_bus(struct device_facts *dev)
{
	if (!dev->pci[0])
		return;
	add_counter(dev, "aer_correctable", COUNTER_PLAIN,
		    read_total(dev->pci, "aer_dev_correctable"));
	add_counter(dev, "aer_nonfatal", COUNTER_FAULT,
		    read_total(dev->pci, "aer_dev_nonfatal"));
	add_counter(dev, "aer_fatal", COUNTER_FAULT,
		    read_total(dev->pci, "aer_dev_fatal"));
}

void gather_counters(struct device_facts *dev)
{
	read_driver(dev);
	read_bus(dev);
}
