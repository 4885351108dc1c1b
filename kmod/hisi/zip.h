/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver of the ZIP engine: what its files share.
 *
 * zip_main.c finds devices and sets their registers, zip_crypto.c serves the kernel's
 * compression, zip_lane.c has its requests done by a device, zip_sgl.c makes lists of
 * buffers for that, zip_selftest.c tries it first, zip_fallback.c does in software what
 * no device could, by zip_zlib.c, zip_stats.c shows counters.
 */
#ifndef _WD_HISI_ZIP_H
#define _WD_HISI_ZIP_H

#include <linux/list.h>

#include "hw/hisi_zip_regs.h"
#include "hw/hisi_zip_sqe.h"
#include "qm.h"

#define ZIP_DRIVER_NAME	"wd_hisi_zip"

struct dentry;
struct zip_lanes;

/**
 * struct zip_device - one engine
 * @qm: its queue manager; first, as the PCI device's drvdata is that
 * @node: in the list of those the kernel's compression may use; zip_crypto.c
 * @lanes: pairs of queues for the kernel, NULL without; zip_crypto.c
 * @kernel_algs: HZIP_ALGS_* the kernel may use
 * @user_algs: HZIP_ALGS_* for processes
 * @cores_comp: which compression cores there are, a bit each
 * @cores_decomp: which decompression cores
 * @alg_names: for sysfs
 */
struct zip_device {
	struct hisi_qm qm;
	struct list_head node;
	struct zip_lanes *lanes;
	u32 kernel_algs;
	u32 user_algs;
	u32 cores_comp;
	u32 cores_decomp;
	char alg_names[96];
};

static inline struct zip_device *to_zip(struct hisi_qm *qm)
{
	return container_of(qm, struct zip_device, qm);
}

/*
 * zip_crypto.c
 *
 * zip_crypto_can_use() tells whether the device has any algorithm for the kernel.
 * zip_crypto_add() tests the device with a request in each direction and offers it to
 * the kernel; 0 also if the device has nothing for the kernel.  After
 * zip_crypto_del() no request is with the device and no callback runs; transforms
 * go on with other devices, or in software.  It may be called for any device, also if
 * adding it has failed.  All but the first may sleep; zip_crypto_exit() comes last, once.
 */
bool zip_crypto_can_use(const struct zip_device *zip);
int zip_crypto_add(struct zip_device *zip);
void zip_crypto_del(struct zip_device *zip);
void zip_crypto_exit(void);

/* Sums over a device's queues, for zip_stats.c. */
struct zip_counts {
	u64 sent;
	u64 received;
	u64 busy;
	u64 errors;
	u64 fallbacks;
};

void zip_crypto_counts(struct zip_device *zip, struct zip_counts *counts);

/* Requests that were done in software because there was no device. */
u64 zip_crypto_without_device(void);

/* zip_stats.c: files in the driver's debugfs directory, and in the device's */
void zip_debugfs_driver(struct dentry *dir);
void zip_debugfs(struct zip_device *zip, struct dentry *dir);

#endif
