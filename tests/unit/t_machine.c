/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "t_machine.h"

struct doctor_facts facts;

static const char *const module_names[MODULES] = {
	"wd_uacce", "wd_hisi_qm", "wd_hisi_zip", "wd_dummy",
	"uacce",    "hisi_qm",	  "hisi_zip",
};

void make_host(void)
{
	struct doctor_host *host = &facts.host;

	memset(&facts, 0, sizeof(facts));
	strcpy(host->release, "6.1.0");
	strcpy(host->machine, "aarch64");
	host->sysfs = host->procfs = true;
	for (int i = 0; i < OPTIONS; i++)
		host->options[i] =
			i == OPTION_SIG_FORCE ? ANSWER_NO : ANSWER_YES;
	host->uacce_mode = NOT_KNOWN;
	strcpy(host->lockdown, "none");
	strcpy(host->user, "worker");
	strcpy(host->udev_rule, "/etc/udev/rules.d/60-accel.rules");
	host->memlock = UINT64_MAX;
	host->cpus_online = host->cpus_affinity = host->cpus_usable =
		host->threads = 8;
	host->isal = ANSWER_YES;
	for (int i = 0; i < MODULES; i++) {
		facts.modules[i].name = module_names[i];
		facts.modules[i].ours = i < MODULE_UACCE;
	}
	strcpy(facts.run.engine, "sw");
}

struct device_facts *add_function(void)
{
	struct device_facts *dev = &facts.list.devices[facts.list.count++];

	strcpy(dev->pci, "0000:75:00.0");
	dev->revision = 0x30;
	dev->vfs = 0;
	dev->vfs_max = 63;
	dev->iommu_group = 5;
	strcpy(dev->iommu_type, "DMA");
	dev->flags = dev->free_queues = dev->isolated = NOT_KNOWN;
	return dev;
}

struct device_facts *add_device(void)
{
	struct device_facts *dev = add_function();

	strcpy(dev->name, "hisi_zip-0");
	dev->in_class = dev->listed = true;
	strcpy(dev->api, "hisi_qm_v3");
	strcpy(dev->algs, "zlib gzip deflate");
	dev->flags = 1;
	dev->free_queues = 256;
	dev->isolated = 0;
	dev->mmio_size = dev->dus_size = 65536;
	dev->node = (struct device_node){ .kind = NODE_RIGHT,
					  .mode = 0660,
					  .gid = 900,
					  .owner = "root",
					  .group = "accel",
					  .usable = true,
					  .member = true,
					  .group_rw = true,
					  .dev_major = 235,
					  .dev_minor = 1 };
	strcpy(dev->module, "wd_hisi_zip");
	dev->debugfs = DEBUGFS_READ;
	strcpy(dev->driver, "hisi_zip");
	dev->test.result = TEST_OK;
	dev->test.compress = dev->test.decompress = ANSWER_YES;
	facts.modules[MODULE_WD_UACCE].loaded =
		facts.modules[MODULE_WD_ZIP].loaded = true;
	return dev;
}
