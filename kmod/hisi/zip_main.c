// SPDX-License-Identifier: GPL-2.0
/*
 * The ZIP engine: finds devices, sets their registers, and knows their errors.
 *
 * Queues are the queue manager's, requests of the kernel are in zip_crypto.c.
 */
#include <linux/bitfield.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "zip.h"
#include "zip_lane.h"

#define LINUX_DRIVER		"hisi_zip"
#define QUEUE_TYPES		2
#define PREFETCH_CLOSED		(BIT(26) | BIT(17) | BIT(0))
#define PREFETCH_BUSY		BIT(26)
#define PREFETCH_OFF		BIT(26)
#define PREFETCH_LIMIT_US	1000
#define SVA_BUSY		GENMASK(18, 16)
#define SVA_PREFETCHES		(BIT(30) | BIT(26))
#define SVA_UNDER_WAY		GENMASK(15, 0)
#define SVA_ZEROS		3
#define SVA_LOOK_US		10
#define SVA_LIMIT		(5 * HZ)
#define CLOCK_CHECK		BIT(16)		/* decompression looks at what it made */
#define CLOCK_GATING_V3		0x2000ff00
#define LIT_LEN_MIXED		BIT(4)
#define PEH_AUTO_GATE		BIT(0)
#define PERF_MODE_FAST		BIT(0)

static unsigned int queues = 256;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "queues of each device, for processes and the kernel, 2 to 1024 (default 256)");

static int kernel_queues = -1;
module_param(kernel_queues, int, 0444);
MODULE_PARM_DESC(kernel_queues,
		 "how many of them are the kernel's, half to compress and half to decompress; -1: two for each CPU, 16 and a quarter of all at most (default -1)");

static bool perf_mode;
module_param(perf_mode, bool, 0444);
MODULE_PARM_DESC(perf_mode, "compress faster and less (default 0)");

static struct dentry *debugfs_root;

/* ---- capabilities ---- */

static const struct hisi_qm_cap zip_caps[] = {
	{ HZIP_CAP_NFE, 0x7fe, 0x1ffe },
	{ HZIP_CAP_RESET, 0x7fe, 0x7fe },
	{ HZIP_CAP_CE, 0x1, 0x1 },
	{ HZIP_CAP_CORE_MAP, 0x00fc0003, 0x001c0003 },
	{ HZIP_CAP_KERNEL_ALGS, 0, 0x30 },
	{ HZIP_CAP_USER_ALGS, 0xf, 0x3f },
	{ }
};

static const struct {
	u32 algs;
	const char *name;
} alg_names[] = {
	{ HZIP_ALGS_ZLIB, "zlib\n" },
	{ HZIP_ALGS_GZIP, "gzip\n" },
	{ HZIP_ALGS_DEFLATE, "deflate\n" },
	{ HZIP_ALGS_LZ77, "lz77_zstd\nlz77_only\n" },
	{ HZIP_ALGS_LZ4, "lz4\n" },
};

static u32 zip_cap(const struct hisi_qm *qm, u32 offset)
{
	return wd_hisi_qm_cap(qm, zip_caps, offset);
}

static void zip_read_caps(struct hisi_qm *qm)
{
	struct hisi_qm_masks *masks = &qm->caps.engine_errors;
	struct zip_device *zip = to_zip(qm);
	u32 cores = zip_cap(qm, HZIP_CAP_CORE_MAP);
	unsigned int i;

	masks->ce = zip_cap(qm, HZIP_CAP_CE);
	masks->nfe = zip_cap(qm, HZIP_CAP_NFE);
	masks->reset = zip_cap(qm, HZIP_CAP_RESET);
	masks->shutdown = qm->caps.version >= QM_HW_V3 ? masks->reset : HZIP_ERR_ECC_2BIT;
	zip->cores_comp = FIELD_GET(QM_CAP_LOW, cores) & GENMASK(HZIP_CORES_COMP - 1, 0);
	zip->cores_decomp = FIELD_GET(QM_CAP_HIGH, cores) >> HZIP_CORES_COMP &
			    GENMASK(HZIP_CORES_MAX - HZIP_CORES_COMP - 1, 0);
	zip->kernel_algs = zip_cap(qm, HZIP_CAP_KERNEL_ALGS);
	zip->user_algs = zip_cap(qm, HZIP_CAP_USER_ALGS);
	for (i = 0; i < ARRAY_SIZE(alg_names); i++)
		if (zip->user_algs & alg_names[i].algs)
			strlcat(zip->alg_names, alg_names[i].name, sizeof(zip->alg_names));
}

static bool zip_serves_kernel(struct hisi_qm *qm)
{
	return zip_crypto_can_use(to_zip(qm));
}

static const char *zip_alg_names(struct hisi_qm *qm)
{
	return to_zip(qm)->alg_names;
}

/* ---- registers ---- */

static void change(struct hisi_qm *qm, u32 offset, u32 clear, u32 set)
{
	hisi_qm_write(qm, offset, (hisi_qm_read(qm, offset) & ~clear) | set);
}

/*
 * The bits flicker: 0 counts when it has been seen three times in a row.  That may take
 * seconds; Linux waits as long.
 */
static int wait_sva(struct hisi_qm *qm, u32 busy)
{
	unsigned long end = jiffies + SVA_LIMIT;
	unsigned int zeros = 0;

	for (;;) {
		bool late = time_after(jiffies, end);
		u32 now = hisi_qm_read(qm, HZIP_SVA_TRANSACTIONS);

		zeros = now & busy ? 0 : zeros + 1;
		if (zeros == SVA_ZEROS)
			return 0;
		/* One that has left the bus reads as ones. */
		if (late || now == U32_MAX)
			return -ETIMEDOUT;
		usleep_range(SVA_LOOK_US, 2 * SVA_LOOK_US);
	}
}

/* The register of transactions tells whether any is under way. */
static void close_prefetch(struct hisi_qm *qm)
{
	bool late;

	if (!(qm->caps.features & QM_CAP_SVA_PREFETCH))
		return;
	change(qm, HZIP_PREFETCH_CFG, 0, PREFETCH_OFF);
	late = wd_hisi_qm_poll(qm, HZIP_SVA_TRANSACTIONS, SVA_PREFETCHES, 0,
			       PREFETCH_LIMIT_US);
	/* That it is not closed is no reason not to wait for what is under way. */
	late |= wait_sva(qm, SVA_UNDER_WAY) != 0;
	if (late)
		pci_warn(qm->pdev, "prefetching of translations does not end\n");
}

/*
 * Let the engine ask for translations of addresses before it needs them.  Without that
 * it is slower, and works.
 */
static void open_prefetch(struct hisi_qm *qm)
{
	if (!(qm->caps.features & QM_CAP_SVA_PREFETCH))
		return;
	change(qm, HZIP_PREFETCH_CFG, PREFETCH_CLOSED, 0);
	if (wd_hisi_qm_poll(qm, HZIP_PREFETCH_CFG, PREFETCH_BUSY, 0, PREFETCH_LIMIT_US) ||
	    wait_sva(qm, SVA_BUSY)) {
		pci_warn(qm->pdev, "prefetching of translations does not start: goes on without\n");
		close_prefetch(qm);
	}
}

static void zip_hw_init(struct hisi_qm *qm, u32 user_cfg)
{
	static const u32 cache[] = { HZIP_ARCACHE_0, HZIP_ARCACHE_1, HZIP_AWCACHE_0,
				     HZIP_AWCACHE_1 };
	struct zip_device *zip = to_zip(qm);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cache); i++)
		hisi_qm_write(qm, cache[i], U32_MAX);
	/* Requests and completions are in the kernel's memory, what they name is not. */
	hisi_qm_write(qm, HZIP_BD_RUSER, user_cfg & ~BIT(0));
	hisi_qm_write(qm, HZIP_BD_WUSER, user_cfg & ~BIT(0));
	hisi_qm_write(qm, HZIP_DATA_RUSER, user_cfg);
	hisi_qm_write(qm, HZIP_DATA_WUSER, user_cfg);
	hisi_qm_write(qm, HZIP_SGL_RUSER, user_cfg);
	open_prefetch(qm);
	hisi_qm_write(qm, HZIP_CLOCK_GATE,
		      CLOCK_CHECK | zip->cores_comp | zip->cores_decomp << HZIP_CORES_COMP);
	change(qm, HZIP_PERF_MODE, PERF_MODE_FAST, perf_mode ? PERF_MODE_FAST : 0);
	if (qm->caps.version < QM_HW_V3)
		return;
	change(qm, HZIP_LIT_LEN_CTRL, LIT_LEN_MIXED, 0);
	change(qm, HZIP_CLOCK_GATE, 0, CLOCK_GATING_V3);
	change(qm, HZIP_PEH_AUTO_GATE, 0, PEH_AUTO_GATE);
}

/* ---- errors ---- */

static const struct hisi_qm_error zip_errors[] = {
	{ HZIP_ERR_ECC_1BIT, "one bit of the engine's memory was wrong" },
	{ HZIP_ERR_ECC_2BIT, "two bits of the engine's memory are wrong" },
	{ HZIP_ERR_AXI_READ, "the engine could not read memory" },
	{ HZIP_ERR_AXI_WRITE, "the engine could not write memory" },
	{ HZIP_ERR_SOURCE_ADDR, "an address of input makes no sense" },
	{ HZIP_ERR_DEST_ADDR, "an address for output makes no sense" },
	{ HZIP_ERR_PRE_IN_ADDR, "input stage, address" },
	{ HZIP_ERR_PRE_IN_DATA, "input stage, data" },
	{ HZIP_ERR_COMPRESSOR, "compressor" },
	{ HZIP_ERR_ENCODER, "encoder" },
	{ HZIP_ERR_PRE_OUT, "output stage" },
	{ HZIP_ERR_AXI_POISON, "memory the engine read is poisoned" },
	{ HZIP_ERR_SVA, "a translation of an address failed" },
	{ }
};

static void zip_error_enable(struct hisi_qm *qm, bool on)
{
	const struct hisi_qm_masks *masks = &qm->caps.engine_errors;

	if (on) {
		hisi_qm_write(qm, HZIP_ERR_SOURCE, U32_MAX);
		hisi_qm_write(qm, HZIP_RAS_CE_ENABLE, masks->ce);
		hisi_qm_write(qm, HZIP_RAS_FE_ENABLE, 0);
		hisi_qm_write(qm, HZIP_RAS_NFE_ENABLE, masks->nfe);
	}
	hisi_qm_write(qm, HZIP_ERR_MASK, on ? ~(masks->nfe | masks->ce) : U32_MAX);
	if (qm->caps.version >= QM_HW_V3)
		hisi_qm_write(qm, HZIP_SHUTDOWN_SELECT, on ? masks->shutdown : 0);
	/* Closed once, it opens when this goes off and on. */
	change(qm, HZIP_CTRL, HZIP_CTRL_AXI_SHUTDOWN, 0);
	if (on)
		change(qm, HZIP_CTRL, 0, HZIP_CTRL_AXI_SHUTDOWN);
}

static u32 zip_error_status(struct hisi_qm *qm)
{
	return hisi_qm_read(qm, HZIP_ERR_STATUS);
}

static void zip_error_clear(struct hisi_qm *qm, u32 bits)
{
	const struct hisi_qm_masks *masks = &qm->caps.engine_errors;

	hisi_qm_write(qm, HZIP_ERR_SOURCE, bits);
	hisi_qm_write(qm, HZIP_RAS_NFE_ENABLE, masks->nfe);
	hisi_qm_write(qm, HZIP_RAS_CE_ENABLE, masks->ce);
}

/*
 * Two wrong bits in the engine's memory shut its master, those in the QM's do not: then
 * pretend.  Return: whether there were any.
 */
static bool zip_shut_for_bad_memory(struct hisi_qm *qm, bool pretend)
{
	if (zip_error_status(qm) & HZIP_ERR_ECC_2BIT)
		return true;
	if (pretend) {
		/* Nobody has to be told of it. */
		change(qm, HZIP_RAS_NFE_ENABLE, HZIP_ERR_ECC_2BIT, 0);
		hisi_qm_write(qm, HZIP_ERR_INJECT, HZIP_ERR_ECC_2BIT);
	}
	return false;
}

static void zip_error_details(struct hisi_qm *qm, u32 bits)
{
	if (bits & HZIP_ERR_ECC_2BIT)
		dev_err_ratelimited(&qm->pdev->dev, "memory %lu of the engine\n",
				    FIELD_GET(HZIP_SRAM_ECC_NUMBER,
					      hisi_qm_read(qm, HZIP_SRAM_ECC_INFO)));
}

static const struct hisi_qm_engine zip_engine = {
	.name = "hisi_zip",
	.sqe_size_log2 = HZIP_SQE_SIZE_LOG2,
	.types = QUEUE_TYPES,
	.errors = zip_errors,
	.read_caps = zip_read_caps,
	.serves_kernel = zip_serves_kernel,
	.hw_init = zip_hw_init,
	.rest = close_prefetch,
	.error_enable = zip_error_enable,
	.error_status = zip_error_status,
	.error_clear = zip_error_clear,
	.error_details = zip_error_details,
	.shut_for_bad_memory = zip_shut_for_bad_memory,
	.answered = zip_lane_answered,
	.alg_names = zip_alg_names,
};

/* ---- devices ---- */

/* Pairs; more do not make the device faster, and each takes 300 KB of memory. */
static u32 queues_for_kernel(void)
{
	if (kernel_queues >= 0)
		return round_down(min_t(u32, kernel_queues, queues), 2);
	return round_down(min3(2 * num_online_cpus(), 16u, max(queues / 4, 2u)), 2);
}

static int zip_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct zip_device *zip;
	struct hisi_qm *qm;
	int ret;

	zip = devm_kzalloc(&pdev->dev, sizeof(*zip), GFP_KERNEL);
	if (!zip)
		return -ENOMEM;
	qm = &zip->qm;
	INIT_LIST_HEAD(&zip->node);
	ret = wd_hisi_qm_init(qm, pdev, &zip_engine, queues, queues_for_kernel());
	if (ret)
		return ret;
	ret = wd_hisi_qm_start(qm);
	if (ret)
		goto err_uninit;
	qm->debugfs = debugfs_create_dir(pci_name(pdev), debugfs_root);
	ret = zip_crypto_add(zip);
	if (ret)
		goto err_remove;
	ret = wd_hisi_qm_register(qm);
	if (ret)
		goto err_crypto;
	wd_hisi_qm_debugfs(qm, qm->debugfs);
	zip_debugfs(zip, qm->debugfs);
	return 0;

err_crypto:
	zip_crypto_del(zip);
err_remove:
	debugfs_remove(qm->debugfs);
	wd_hisi_qm_remove(qm);
err_uninit:
	wd_hisi_qm_uninit(qm);
	return ret;
}

static void zip_remove(struct pci_dev *pdev)
{
	struct hisi_qm *qm = pci_get_drvdata(pdev);

	debugfs_remove(qm->debugfs);
	zip_crypto_del(to_zip(qm));
	wd_hisi_qm_remove(qm);
	wd_hisi_qm_uninit(qm);
}

static void zip_shutdown(struct pci_dev *pdev)
{
	wd_hisi_qm_shutdown(pci_get_drvdata(pdev));
}

static const struct pci_device_id zip_ids[] = {
	{ PCI_DEVICE(HISI_PCI_VENDOR, HZIP_PCI_PF) },
	{ }
};
MODULE_DEVICE_TABLE(pci, zip_ids);

static struct pci_driver zip_driver = {
	.name = ZIP_DRIVER_NAME,
	.id_table = zip_ids,
	.probe = zip_probe,
	.remove = zip_remove,
	.shutdown = zip_shutdown,
	.err_handler = &wd_hisi_qm_error_handlers,
	.driver.pm = &wd_hisi_qm_pm_ops,
};

static int __init zip_init(void)
{
	int ret;

	if (queues < 2 || queues > HISI_QM_QUEUES_MAX) {
		pr_err("%s: queues=%u is out of range, see modinfo %s\n", ZIP_DRIVER_NAME,
		       queues, ZIP_DRIVER_NAME);
		return -EINVAL;
	}
	/* Both would want the same devices. */
	if (driver_find(LINUX_DRIVER, &pci_bus_type)) {
		pr_err("%s: the kernel's own driver %s is there: use that, or unload it first (rmmod %s)\n",
		       ZIP_DRIVER_NAME, LINUX_DRIVER, LINUX_DRIVER);
		return -EBUSY;
	}
	debugfs_root = debugfs_create_dir(ZIP_DRIVER_NAME, NULL);
	zip_debugfs_driver(debugfs_root);
	ret = pci_register_driver(&zip_driver);
	if (ret) {
		/* It may have had devices before it failed. */
		zip_crypto_exit();
		debugfs_remove(debugfs_root);
	}
	return ret;
}

static void __exit zip_exit(void)
{
	pci_unregister_driver(&zip_driver);
	zip_crypto_exit();
	debugfs_remove(debugfs_root);
}

module_init(zip_init);
module_exit(zip_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(WD_MODULE_VERSION);
MODULE_DESCRIPTION("HiSilicon's ZIP engine, for the kernel's compression and for processes");
WD_IMPORT_NS;
