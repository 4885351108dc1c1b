// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a queue manager: found, started, stopped, forgotten.
 *
 * Stopping ends with a device that cannot reach memory any more, whatever state it is
 * in; only then requests are given back and memory is freed.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "qm_internal.h"

#define REGS_SIZE_MIN		0x310000
#define MEMORY_LIMIT_US		1000
#define WRITE_BACK_LIMIT_US	1000
#define POLL_US			10
#define STOP_LIMIT		(5 * HZ)
#define DB_TIMEOUT		0x1fffff
#define POWER_NO_GATING		BIT(9)
#define CONTEXT_SIZE		64

/* How requests of the device look on the bus; the values are Linux's. */
#define USER_CFG		0x40001070
#define USER_CFG_SSV		BIT(0)		/* V2: the PASID is valid */
#define USER_ENABLE		0xfffffffe
#define AXI_CFG			0xffff
#define PEH_USER_CFG		0x401001
#define CACHE_CFG		0x1833

/**
 * wd_hisi_qm_poll() - wait for bits of a register
 * @qm: the function
 * @offset: the register
 * @mask: the bits
 * @value: what they shall become
 * @limit_us: microseconds to wait at most
 *
 * Return: 0, -ETIMEDOUT.
 */
int wd_hisi_qm_poll(const struct hisi_qm *qm, u32 offset, u32 mask, u32 value,
		    unsigned int limit_us)
{
	u32 now;

	return readl_poll_timeout(qm->regs + offset, now, (now & mask) == value, POLL_US,
				  limit_us);
}
WD_EXPORT_SYMBOL(wd_hisi_qm_poll);

/* ---- start and stop ---- */

static int init_memory(struct hisi_qm *qm)
{
	int ret;

	hisi_qm_write(qm, QM_MEM_START, 1);
	ret = wd_hisi_qm_poll(qm, QM_MEM_DONE, 1, 1, MEMORY_LIMIT_US);
	if (ret)
		pci_err(qm->pdev, "the device's memory does not get ready\n");
	return ret;
}

/* V2 tells the IOMMU of PASIDs for all of its queues or for none. */
static u32 user_cfg(const struct hisi_qm *qm)
{
	bool sva = qm->uacce && qm->uacce->flags & UACCE_DEV_SVA;

	return USER_CFG | (qm->caps.version < QM_HW_V3 && sva ? USER_CFG_SSV : 0);
}

static void init_registers(struct hisi_qm *qm)
{
	/* Who had the device before may have had it ignore doorbells. */
	if (qm->caps.version >= QM_HW_V5) {
		writeq(0, qm->regs + QM_DB_DROP);
		hisi_qm_write(qm, QM_FUNCTION_DB_DROP, 0);
	}
	if (qm->caps.version >= QM_HW_V3)
		hisi_qm_write(qm, QM_POWER_CTL,
			      hisi_qm_read(qm, QM_POWER_CTL) | POWER_NO_GATING);
	hisi_qm_write(qm, QM_DB_TIMEOUT_CFG, DB_TIMEOUT);
	hisi_qm_write(qm, QM_ARUSER_CFG1, USER_CFG);
	hisi_qm_write(qm, QM_ARUSER_ENABLE, USER_ENABLE);
	hisi_qm_write(qm, QM_AWUSER_CFG1, USER_CFG);
	hisi_qm_write(qm, QM_AWUSER_ENABLE, USER_ENABLE);
	hisi_qm_write(qm, QM_WUSER_ENABLE, U32_MAX);
	hisi_qm_write(qm, QM_AXI_CFG, AXI_CFG);
	hisi_qm_write(qm, QM_AXI_ENABLE, U32_MAX);
	hisi_qm_write(qm, QM_PEH_AXUSER_CFG, PEH_USER_CFG);
	hisi_qm_write(qm, QM_PEH_AXUSER_ENABLE, U32_MAX);
	hisi_qm_write(qm, QM_CACHE_CTL, CACHE_CFG);
	/* 4, 16, 64 KiB are 0, 1, 2. */
	if (qm->caps.features & QM_CAP_SVA_PREFETCH)
		hisi_qm_write(qm, QM_PAGE_SIZE, (PAGE_SHIFT - 12) / 2);
}

/* One that is refused stays closed; with a device that does not answer none works. */
static int open_kernel_queues(struct hisi_qm *qm)
{
	u32 i;

	for (i = 0; i < qm->kernel_queues; i++) {
		struct hisi_qp *qp = hisi_qp_of_kernel(qm, i);

		if (qp && hisi_qp_open(qp))
			pci_err(qm->pdev, "queue %u does not start\n", i);
	}
	return test_bit(HISI_QM_MAILBOX_DEAD, &qm->flags) ? -ETIMEDOUT : 0;
}

/*
 * Bring a device up that does nothing.  @fresh: it lost its memory, or never had it
 * initialized.  With the QM's lock.
 */
int hisi_qm_start_device(struct hisi_qm *qm, bool fresh)
{
	int ret;

	lockdep_assert_held(&qm->lock);
	if (fresh || !(hisi_qm_read(qm, QM_MEM_DONE) & 1)) {
		ret = init_memory(qm);
		if (ret)
			return ret;
	}
	/* Whatever made it let go of memory may have left that to us. */
	hisi_qm_write(qm, QM_AXI_CTRL, 0);
	init_registers(qm);
	qm->engine->hw_init(qm, user_cfg(qm));
	hisi_qm_errors_enable(qm, true);
	ret = hisi_qm_set_queues(qm, qm->queues);
	if (ret)
		goto err_errors;
	ret = hisi_qm_start_events(qm);
	if (ret)
		goto err_queues;
	ret = open_kernel_queues(qm);
	if (ret) {
		hisi_qm_stop_device(qm);
		goto err_errors;
	}
	if (qm->uacce)
		wd_uacce_resume(qm->uacce);
	/* For a PCI error: what resets the bus then saves nothing. */
	pci_save_state(qm->pdev);
	return 0;

err_queues:
	hisi_qm_set_queues(qm, 0);
err_errors:
	/* What did not end must not do so later. */
	if (test_bit(HISI_QM_MAILBOX_DEAD, &qm->flags))
		hisi_qm_shut_master(qm);
	hisi_qm_errors_enable(qm, false);
	pci_err(qm->pdev, "the device does not start (%d)\n", ret);
	return ret;
}

/* Wait until no queue has requests; none can be rung. */
static void drain(struct hisi_qm *qm)
{
	if (!qm->drained && qm->caps.features & QM_CAP_FLUSH_QM &&
	    !hisi_qm_command(qm, QM_MB_CMD_FLUSH_QM, 0, 0))
		WRITE_ONCE(qm->drained, true);
}

static void close_kernel_queues(struct hisi_qm *qm)
{
	u32 i;

	for (i = 0; i < qm->kernel_queues; i++) {
		struct hisi_qp *qp = hisi_qp_of_kernel(qm, i);

		if (qp)
			hisi_qp_close(qp);
	}
}

/* Whether the device let go of all of them. */
static bool unload_kernel_queues(struct hisi_qm *qm)
{
	bool all = true;
	u32 i;

	for (i = 0; i < qm->kernel_queues; i++) {
		struct hisi_qp *qp = hisi_qp_of_kernel(qm, i);

		all &= !qp || !hisi_qp_unload(qp);
	}
	return all;
}

/* Of queues that are closed, with a device that has let go of them. */
static void end_kernel_requests(struct hisi_qm *qm)
{
	u32 i;

	for (i = 0; i < qm->kernel_queues; i++) {
		struct hisi_qp *qp = hisi_qp_of_kernel(qm, i);

		if (qp)
			hisi_qp_abort(qp);
	}
}

static void cut_off(struct hisi_qm *qm)
{
	if (!hisi_qm_shut_master(qm))
		pci_warn(qm->pdev, "does not come to rest: cut off from memory\n");
}

/* The device has let go of all memory: give it back. */
static void release_all(struct hisi_qm *qm)
{
	WRITE_ONCE(qm->epoch, qm->epoch + 1);
	WRITE_ONCE(qm->drained, false);
	unload_kernel_queues(qm);
	end_kernel_requests(qm);
	if (qm->uacce)
		wd_uacce_quiet(qm->uacce);
}

/*
 * Take all queues out of the device and have it let go of all memory: by draining it,
 * or, when it does not answer, by cutting it off.  With the QM's lock.
 *
 * The kernel's requests are over before anybody is waited for who is busy with a
 * process's queue: he may need memory, which may be freed by one of them.
 */
void hisi_qm_stop_device(struct hisi_qm *qm)
{
	bool idle;

	lockdep_assert_held(&qm->lock);
	if (!hisi_qm_runs(qm))
		return;
	WRITE_ONCE(qm->stop_by, (jiffies + STOP_LIMIT) | 1);
	close_kernel_queues(qm);
	idle = unload_kernel_queues(qm);
	if (!idle)
		cut_off(qm);
	end_kernel_requests(qm);
	/* Which drains all queues, once no process can ring any. */
	if (qm->uacce)
		wd_uacce_suspend(qm->uacce);
	drain(qm);
	hisi_qm_stop_events(qm);
	if (idle && !qm->drained && qm->uacce && wd_uacce_in_limbo(qm->uacce))
		cut_off(qm);
	/* A doorbell that is still on its way finds no queue then. */
	if (!hisi_qm_is_gone(qm))
		hisi_qm_set_queues(qm, 0);
	release_all(qm);
	WRITE_ONCE(qm->stop_by, 0);
}

/* The engine does nothing by itself, either.  It was stopped. */
void hisi_qm_engine_rest(struct hisi_qm *qm)
{
	if (qm->engine->rest)
		qm->engine->rest(qm);
}

/* Nobody will look at the device for a while.  It was stopped. */
void hisi_qm_rest(struct hisi_qm *qm)
{
	if (hisi_qm_is_gone(qm))
		return;
	hisi_qm_engine_rest(qm);
	/* Contexts must not be written after their memory is gone. */
	if (!test_bit(HISI_QM_MAILBOX_DEAD, &qm->flags)) {
		hisi_qm_write(qm, QM_CACHE_WB_START, 1);
		if (wd_hisi_qm_poll(qm, QM_CACHE_WB_DONE, 1, 1, WRITE_BACK_LIMIT_US))
			hisi_qm_shut_master(qm);
	}
	hisi_qm_errors_enable(qm, false);
}

/*
 * From uacce, while the device is being stopped: neither processes nor the kernel, whose
 * queues were closed before, ring any more.
 */
void hisi_qm_drain(struct hisi_qm *qm)
{
	if (hisi_qm_runs(qm))
		drain(qm);
}

/* ---- life ---- */

static int map_registers(struct hisi_qm *qm)
{
	struct pci_dev *pdev = qm->pdev;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	if (!(pci_resource_flags(pdev, QM_BAR_REGS) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, QM_BAR_REGS) < REGS_SIZE_MIN) {
		pci_err(pdev, "no registers in BAR %d\n", QM_BAR_REGS);
		return -ENODEV;
	}
	qm->regs = hisi_iomap_region(pdev, QM_BAR_REGS, pci_name(pdev));
	if (IS_ERR(qm->regs))
		return PTR_ERR(qm->regs);
	qm->regs_phys = pci_resource_start(pdev, QM_BAR_REGS);
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	return 0;
}

/*
 * Who had the device before may have left it cut off from memory, or at work: with its
 * bus master back it would go on with memory that is somebody else's.
 */
static int take_over(struct hisi_qm *qm)
{
	struct pci_dev *pdev = qm->pdev;
	int ret;

	if (!(hisi_qm_read(qm, QM_AXI_CTRL) & 1) && hisi_qm_does_nothing(qm))
		return 0;
	pci_info(pdev, "was left with work to do: resetting it\n");
	pci_clear_master(pdev);
	pci_save_state(pdev);
	ret = pcie_reset_flr(pdev, PCI_RESET_DO_RESET);
	pci_restore_state(pdev);
	if (ret)
		pci_err(pdev, "cannot be reset (%d)\n", ret);
	return ret;
}

/* After the capabilities were read. */
static int map_doorbells(struct hisi_qm *qm)
{
	struct pci_dev *pdev = qm->pdev;
	u64 pages;

	qm->doorbells = qm->regs;
	qm->doorbells_phys = qm->regs_phys;
	qm->doorbell_stride = 0;
	if (!qm->caps.isolated)
		return 0;
	pages = pci_resource_len(pdev, QM_BAR_DOORBELLS) / QM_DOORBELL_STRIDE;
	if (!(pci_resource_flags(pdev, QM_BAR_DOORBELLS) & IORESOURCE_MEM) || pages < 2) {
		pci_err(pdev, "no doorbells in BAR %d\n", QM_BAR_DOORBELLS);
		return -ENODEV;
	}
	qm->caps.queues = min_t(u64, qm->caps.queues, pages);
	qm->doorbells = hisi_iomap_region(pdev, QM_BAR_DOORBELLS, pci_name(pdev));
	if (IS_ERR(qm->doorbells))
		return PTR_ERR(qm->doorbells);
	qm->doorbells_phys = pci_resource_start(pdev, QM_BAR_DOORBELLS);
	qm->doorbell_stride = QM_DOORBELL_STRIDE;
	return 0;
}

static void *carve(struct hisi_qm *qm, size_t *done, size_t size, dma_addr_t *dma)
{
	void *at = qm->tables + *done;

	*dma = qm->tables_dma + *done;
	*done += ALIGN(size, QM_CONTEXT_ALIGN);
	return at;
}

static int alloc_tables(struct hisi_qm *qm)
{
	const struct hisi_qm_caps *caps = &qm->caps;
	size_t events = sizeof(*qm->eq.entries);
	size_t done = 0;

	qm->eq.depth = caps->eq_depth;
	qm->aeq.depth = caps->aeq_depth;
	qm->tables_size = ALIGN(events * caps->eq_depth, QM_CONTEXT_ALIGN) +
			  ALIGN(events * caps->aeq_depth, QM_CONTEXT_ALIGN) +
			  (sizeof(struct hisi_qm_sqc) + sizeof(struct hisi_qm_cqc)) *
				  qm->queues +
			  CONTEXT_SIZE;
	qm->tables = dma_alloc_coherent(&qm->pdev->dev, qm->tables_size, &qm->tables_dma,
					GFP_KERNEL);
	qm->qps = kvcalloc(qm->queues, sizeof(*qm->qps), GFP_KERNEL);
	if (!qm->tables || !qm->qps)
		return -ENOMEM;
	qm->eq.entries = carve(qm, &done, events * caps->eq_depth, &qm->eq.dma);
	qm->aeq.entries = carve(qm, &done, events * caps->aeq_depth, &qm->aeq.dma);
	carve(qm, &done, sizeof(struct hisi_qm_sqc) * qm->queues, &qm->sqc_table);
	carve(qm, &done, sizeof(struct hisi_qm_cqc) * qm->queues, &qm->cqc_table);
	qm->context = carve(qm, &done, CONTEXT_SIZE, &qm->context_dma);
	return 0;
}

static void free_tables(struct hisi_qm *qm)
{
	kvfree(qm->qps);
	if (qm->tables)
		dma_free_coherent(&qm->pdev->dev, qm->tables_size, qm->tables,
				  qm->tables_dma);
	kvfree(qm->reset_times);
}

/**
 * wd_hisi_qm_init() - take a function
 * @qm: zeroed; becomes the drvdata of @pdev
 * @pdev: the function
 * @engine: what is behind the QM; must stay valid
 * @queues: how many the function shall have; fewer if there are no more
 * @kernel_queues: how many of them are the kernel's; fewer if there are no more, none if
 *	the engine does nothing for it
 *
 * The device does nothing yet.
 *
 * Return: 0, to be undone by wd_hisi_qm_uninit(); or why not.
 */
int wd_hisi_qm_init(struct hisi_qm *qm, struct pci_dev *pdev,
		    const struct hisi_qm_engine *engine, u32 queues, u32 kernel_queues)
{
	int ret;

	qm->pdev = pdev;
	qm->engine = engine;
	mutex_init(&qm->lock);
	mutex_init(&qm->mailbox_lock);
	spin_lock_init(&qm->qp_lock);
	hisi_qm_events_init(qm);
	hisi_qm_errors_init(qm);
	pci_set_drvdata(pdev, qm);
	ret = map_registers(qm);
	if (ret)
		return ret;
	ret = take_over(qm);
	if (ret)
		return ret;
	pci_set_master(pdev);
	ret = hisi_qm_read_caps(qm);
	if (ret)
		return ret;
	ret = map_doorbells(qm);
	if (ret)
		return ret;
	qm->queues = clamp_t(u32, queues, 2, qm->caps.queues);
	/* A device with fewer than that keeps as large a share for processes. */
	if (qm->queues < queues)
		kernel_queues = min(kernel_queues, max(qm->queues / 4, 2u));
	if (!engine->serves_kernel(qm))
		kernel_queues = 0;
	qm->kernel_queues = round_down(min(kernel_queues, qm->queues), 2);
	qm->free_queues = qm->queues - qm->kernel_queues;
	ret = alloc_tables(qm);
	if (ret)
		goto err_tables;
	/* The kernel's compression is used to free memory. */
	qm->work_queue = alloc_workqueue("wd_hisi/%s", WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
					 pci_name(pdev));
	if (!qm->work_queue) {
		ret = -ENOMEM;
		goto err_tables;
	}
	ret = hisi_qm_request_irqs(qm);
	if (ret)
		goto err_work_queue;
	if (qm->free_queues) {
		ret = hisi_qm_uacce_alloc(qm);
		if (ret)
			goto err_irqs;
	}
	return 0;

err_irqs:
	hisi_qm_free_irqs(qm);
err_work_queue:
	destroy_workqueue(qm->work_queue);
err_tables:
	free_tables(qm);
	return ret;
}
WD_EXPORT_SYMBOL(wd_hisi_qm_init);

/**
 * wd_hisi_qm_start() - have the device work
 * @qm: from wd_hisi_qm_init()
 *
 * Return: 0, to be undone by wd_hisi_qm_remove(); or why not.
 */
int wd_hisi_qm_start(struct hisi_qm *qm)
{
	int ret;

	mutex_lock(&qm->lock);
	ret = hisi_qm_start_device(qm, true);
	/* Nobody shall try again by resetting it. */
	if (ret)
		set_bit(HISI_QM_REMOVING, &qm->flags);
	mutex_unlock(&qm->lock);
	return ret;
}
WD_EXPORT_SYMBOL(wd_hisi_qm_start);

/**
 * wd_hisi_qm_register() - let processes have queues
 * @qm: a function that was started
 *
 * A device without shared virtual addressing has none for them, unless the system's
 * owner insists: the kernel is served all the same.
 *
 * Return: 0, also without queues for processes; or why not.
 */
int wd_hisi_qm_register(struct hisi_qm *qm)
{
	struct uacce_device *uacce = qm->uacce;
	int ret;

	if (!uacce)
		return 0;
	uacce->algs = qm->engine->alg_names(qm);
	ret = wd_uacce_register(uacce);
	return ret == -EOPNOTSUPP ? 0 : ret;
}
WD_EXPORT_SYMBOL(wd_hisi_qm_register);

/**
 * wd_hisi_qm_remove() - take the device away from everybody
 * @qm: a function that was started; the kernel's queues are destroyed
 *
 * On return the device does nothing and no callback runs.
 */
void wd_hisi_qm_remove(struct hisi_qm *qm)
{
	set_bit(HISI_QM_REMOVING, &qm->flags);
	cancel_delayed_work_sync(&qm->watchdog);
	mutex_lock(&qm->lock);
	hisi_qm_stop_device(qm);
	hisi_qm_rest(qm);
	mutex_unlock(&qm->lock);
}
WD_EXPORT_SYMBOL(wd_hisi_qm_remove);

/**
 * wd_hisi_qm_uninit() - undo wd_hisi_qm_init()
 * @qm: the function, stopped
 */
void wd_hisi_qm_uninit(struct hisi_qm *qm)
{
	set_bit(HISI_QM_REMOVING, &qm->flags);
	hisi_qm_free_irqs(qm);
	cancel_delayed_work_sync(&qm->watchdog);
	destroy_workqueue(qm->work_queue);
	wd_uacce_remove(qm->uacce);
	pci_clear_master(qm->pdev);
	free_tables(qm);
}
WD_EXPORT_SYMBOL(wd_hisi_qm_uninit);

/**
 * wd_hisi_qm_shutdown() - the machine goes down
 * @qm: the function
 *
 * The kernel that comes next must not find a device that writes to memory.
 */
void wd_hisi_qm_shutdown(struct hisi_qm *qm)
{
	mutex_lock(&qm->lock);
	set_bit(HISI_QM_ASLEEP, &qm->flags);
	hisi_qm_stop_device(qm);
	hisi_qm_rest(qm);
	pci_clear_master(qm->pdev);
	mutex_unlock(&qm->lock);
}
WD_EXPORT_SYMBOL(wd_hisi_qm_shutdown);

/**
 * wd_hisi_qm_is_usable() - whether the kernel's requests are likely to be answered
 * @qm: the function
 *
 * Return: that; it may change at any time.
 */
bool wd_hisi_qm_is_usable(struct hisi_qm *qm)
{
	return hisi_qm_runs(qm) && !hisi_qm_is_isolated(qm);
}
WD_EXPORT_SYMBOL(wd_hisi_qm_is_usable);

MODULE_LICENSE("GPL");
MODULE_VERSION(WD_MODULE_VERSION);
MODULE_DESCRIPTION("Queue manager of HiSilicon's accelerators");
WD_IMPORT_NS;
