/* SPDX-License-Identifier: MIT */
/*
 * What kind of device it is, by the names that it has.
 */
#include <string.h>

#include "device_kind.h"
#include "kernel_file.h"

bool compresses(const struct device_facts *dev)
{
	return has_name(dev->algs, "gzip", ' ') ||
	       has_name(dev->algs, "zlib", ' ') ||
	       has_name(dev->algs, "deflate", ' ');
}

/* Linux gives the files of this engine the name of its driver, as does ours. */
static bool is_zip(const struct device_facts *dev)
{
	return !strcmp(dev->module, "hisi_zip") ||
	       !strcmp(dev->module, "wd_hisi_zip") ||
	       !strcmp(dev->module, "wd_dummy") ||
	       !strncmp(dev->name, "hisi_zip-", 9);
}

bool could_compress(const struct device_facts *dev)
{
	return dev->listed || compresses(dev) || is_zip(dev);
}

bool gives_away(const char *driver)
{
	static const char *const names[] = { "vfio-pci", "hisi_acc_vfio_pci",
					     "pci-stub", "uio_pci_generic",
					     "igb_uio" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(driver, names[i]))
			return true;
	return false;
}

bool is_for_others(const struct device_facts *dev)
{
	return gives_away(dev->module) || (dev->vf && !dev->module[0]);
}
