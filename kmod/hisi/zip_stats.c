// SPDX-License-Identifier: GPL-2.0
/*
 * What operators see of the engine: counters of the kernel's requests, and those of
 * the engine's cores.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/seq_file.h>

#include "zip.h"

/* ---- the kernel's requests ---- */

#define COUNTER(name, member)							\
static int name##_get(void *data, u64 *value)					\
{										\
	struct zip_counts counts;						\
										\
	zip_crypto_counts(data, &counts);					\
	*value = counts.member;							\
	return 0;								\
}										\
DEFINE_DEBUGFS_ATTRIBUTE(name##_fops, name##_get, NULL, "%llu\n")

COUNTER(send_cnt, sent);
COUNTER(recv_cnt, received);
COUNTER(send_busy_cnt, busy);
COUNTER(err_bd_cnt, errors);
COUNTER(fallback_cnt, fallbacks);

static int without_device_get(void *data, u64 *value)
{
	*value = zip_crypto_without_device();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(without_device_fops, without_device_get, NULL, "%llu\n");

void zip_debugfs_driver(struct dentry *dir)
{
	debugfs_create_file_unsafe("without_device", 0444, dir, NULL, &without_device_fops);
}

static void show_requests(struct zip_device *zip, struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir("zip", parent);

	debugfs_create_file_unsafe("send_cnt", 0444, dir, zip, &send_cnt_fops);
	debugfs_create_file_unsafe("recv_cnt", 0444, dir, zip, &recv_cnt_fops);
	debugfs_create_file_unsafe("send_busy_cnt", 0444, dir, zip, &send_busy_cnt_fops);
	debugfs_create_file_unsafe("err_bd_cnt", 0444, dir, zip, &err_bd_cnt_fops);
	debugfs_create_file_unsafe("fallback_cnt", 0444, dir, zip, &fallback_cnt_fops);
}

/* ---- cores ---- */

/**
 * struct zip_core - for a core's file
 * @zip: the device
 * @regs: where its counters are
 */
struct zip_core {
	struct zip_device *zip;
	u32 regs;
};

static const struct {
	u32 offset;
	const char *name;
} core_regs[] = {
	{ HZIP_CORE_BD_FETCHED, "bd_fetched" },
	{ HZIP_CORE_BD_GOOD, "bd_good" },
	{ HZIP_CORE_BD_BAD, "bd_bad" },
	{ HZIP_CORE_BD_DONE, "bd_done" },
	{ HZIP_CORE_WORK_CYCLES, "work_cycles" },
	{ HZIP_CORE_IDLE_CYCLES, "idle_cycles" },
	{ HZIP_CORE_DELAY_MAX, "delay_max" },
	{ HZIP_CORE_DELAY_MIN, "delay_min" },
	{ HZIP_CORE_DELAY_AVG, "delay_avg" },
	{ HZIP_CORE_CONSUMED, "consumed" },
	{ HZIP_CORE_PRODUCED, "produced" },
	{ HZIP_CORE_BD_READ, "bd_read" },
	{ HZIP_CORE_BD_WRITTEN, "bd_written" },
	{ HZIP_CORE_BD_FETCH_AXI_ERR, "bd_fetch_axi_err" },
	{ HZIP_CORE_BD_PARSE_ERR, "bd_parse_err" },
	{ HZIP_CORE_BD_WRITE_AXI_ERR, "bd_write_axi_err" },
};

static int regs_show(struct seq_file *file, void *unused)
{
	const struct zip_core *core = file->private;
	struct hisi_qm *qm = &core->zip->qm;
	int ret = -EAGAIN;
	unsigned int i;

	/* Registers of a device that is being reset are better left alone. */
	mutex_lock(&qm->lock);
	if (wd_hisi_qm_is_usable(qm)) {
		for (i = 0; i < ARRAY_SIZE(core_regs); i++)
			seq_printf(file, "%-16s 0x%08x\n", core_regs[i].name,
				   hisi_qm_read(qm, core->regs + core_regs[i].offset));
		ret = 0;
	}
	mutex_unlock(&qm->lock);
	return ret;
}
DEFINE_SHOW_ATTRIBUTE(regs);

/* @first: of its kind, as number of all cores. */
static void show_core(struct zip_device *zip, struct dentry *parent, const char *kind,
		      unsigned int first, unsigned int n)
{
	struct zip_core *core;
	char name[24];

	core = devm_kzalloc(&zip->qm.pdev->dev, sizeof(*core), GFP_KERNEL);
	if (!core)
		return;
	core->zip = zip;
	core->regs = HZIP_CORES + (first + n) * HZIP_CORE_STRIDE;
	snprintf(name, sizeof(name), "%s_core%u", kind, n);
	debugfs_create_file("regs", 0444, debugfs_create_dir(name, parent), core, &regs_fops);
}

static void show_cores(struct zip_device *zip, struct dentry *parent)
{
	unsigned int n;

	for (n = 0; n < HZIP_CORES_COMP; n++) {
		if (zip->cores_comp & BIT(n))
			show_core(zip, parent, "comp", 0, n);
	}
	for (n = 0; n < HZIP_CORES_MAX - HZIP_CORES_COMP; n++) {
		if (zip->cores_decomp & BIT(n))
			show_core(zip, parent, "decomp", HZIP_CORES_COMP, n);
	}
}

/* The files go before the device does. */
void zip_debugfs(struct zip_device *zip, struct dentry *dir)
{
	show_requests(zip, dir);
	show_cores(zip, dir);
}
