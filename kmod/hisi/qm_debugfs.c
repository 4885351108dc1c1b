// SPDX-License-Identifier: GPL-2.0
/*
 * What operators see of a queue manager: /sys/kernel/debug/<driver>/<device>/qm.
 * Described in debugfs-wd_hisi.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "qm_internal.h"

static const struct {
	const char *name;
	u32 offset;
} registers[] = {
	{ "error_status", QM_ERR_STATUS },
	{ "error_mask", QM_ERR_MASK },
	{ "ecc_1bit_count", QM_ECC_1BIT_COUNT },
	{ "ecc_1bit_info", QM_ECC_1BIT_INFO },
	{ "ecc_mbit_count", QM_ECC_MBIT_COUNT },
	{ "ecc_mbit_info", QM_ECC_MBIT_INFO },
	{ "mailbox_count", QM_DFX_MB_COUNT },
	{ "doorbell_count", QM_DFX_DB_COUNT },
	{ "sqe_count", QM_DFX_SQE_COUNT },
	{ "cqe_count", QM_DFX_CQE_COUNT },
	{ "to_engine_count", QM_DFX_TO_ENGINE_COUNT },
	{ "write_back_count", QM_DFX_WRITE_BACK_COUNT },
	{ "finish_count", QM_DFX_FINISH_COUNT },
	{ "cqe_error_count", QM_DFX_CQE_ERR_COUNT },
	{ "idle", QM_DFX_IDLE },
};

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
#define COUNTER(field, name) { name, offsetof(struct hisi_qm_counters, field) }
	COUNTER(irqs, "irq"),
	COUNTER(idle_irqs, "err_irq"),
	COUNTER(lost_irqs, "lost_irq"),
	COUNTER(aeq_events, "aeq_irq"),
	COUNTER(abnormal, "abnormal_irq"),
	COUNTER(bogus, "bogus"),
	COUNTER(mailbox_errors, "mb_err"),
	COUNTER(timeouts, "timeouts"),
	COUNTER(resets, "resets"),
	COUNTER(failed_resets, "failed_resets"),
	COUNTER(aborted, "aborted"),
#undef COUNTER
};

/* Reading with the lock: a device that sleeps must not be asked. */
static int regs_show(struct seq_file *s, void *unused)
{
	struct hisi_qm *qm = s->private;
	unsigned int i;

	mutex_lock(&qm->lock);
	if (hisi_qm_runs(qm)) {
		for (i = 0; i < ARRAY_SIZE(registers); i++)
			seq_printf(s, "%-18s 0x%08x\n", registers[i].name,
				   hisi_qm_read(qm, registers[i].offset));
	}
	mutex_unlock(&qm->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(regs);

static int status_show(struct seq_file *s, void *unused)
{
	struct hisi_qm *qm = s->private;

	seq_puts(s, hisi_qm_runs(qm) ? "work\n" : "stop\n");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(status);

static int queues_show(struct seq_file *s, void *unused)
{
	struct hisi_qm *qm = s->private;

	seq_printf(s, "all %u\nkernel %u\nprocesses %u\nfree %u\n", qm->queues,
		   qm->kernel_queues, qm->queues - qm->kernel_queues,
		   READ_ONCE(qm->free_queues));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(queues);

static int caps_show(struct seq_file *s, void *unused)
{
	struct hisi_qm *qm = s->private;
	const struct hisi_qm_caps *caps = &qm->caps;

	seq_printf(s, "version 0x%x\nfeatures 0x%x\ndoorbells %s\n", caps->version,
		   caps->features, caps->isolated ? "of each queue" : "shared");
	seq_printf(s, "rings SQ %u CQ %u EQ %u AEQ %u\n", caps->sq_depth, caps->cq_depth,
		   caps->eq_depth, caps->aeq_depth);
	seq_printf(s, "interrupts %d of %u\n", qm->vectors, caps->irqs);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(caps);

/**
 * wd_hisi_qm_debugfs() - show a function
 * @qm: a function that was started
 * @dir: the directory of the device; who made it removes it, before wd_hisi_qm_remove()
 */
void wd_hisi_qm_debugfs(struct hisi_qm *qm, struct dentry *dir)
{
	struct dentry *sub = debugfs_create_dir("qm", dir);
	unsigned int i;

	debugfs_create_file("status", 0444, sub, qm, &status_fops);
	debugfs_create_file("queues", 0444, sub, qm, &queues_fops);
	debugfs_create_file("caps", 0444, sub, qm, &caps_fops);
	debugfs_create_file("regs", 0444, sub, qm, &regs_fops);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		debugfs_create_atomic_t(counters[i].name, 0644, sub,
					(void *)&qm->counters + counters[i].offset);
}
WD_EXPORT_SYMBOL(wd_hisi_qm_debugfs);
