// SPDX-License-Identifier: GPL-2.0
/*
 * The mailbox: commands to the queue manager, with the contexts of queues and event
 * rings that they load and dump; and the partition of queues (VFT).
 */
#include <linux/bitfield.h>
#include <linux/delay.h>

#include "qm_internal.h"

#define READY_LIMIT_US		1000		/* the former command has to be over */
#define COMMAND_LIMIT_US	1000000
#define DRAIN_LIMIT_US		5000000		/* for those that wait for requests */
#define POLL_US			10
#define VFT_LIMIT_US		1000

/* Rates of the shaper that do not slow the engine down, as Linux sets them. */
#define SHAPER_GLOBAL		0x400232ee
#define SHAPER_FULL		0x00988696
#define SHAPER_DIRECTIONS	2
#define SHAPER_DIRECTION	BIT(6)		/* of QM_VFT_FUNCTION */
#define CONTEXT_MAX		32

/*
 * The command takes effect with its first word, so all 16 bytes are one access where
 * the CPU has one.  What the command refers to has to be there before: a barrier
 * between the stores to memory and that to the device.
 */
#ifdef CONFIG_ARM64
static void mailbox_write(struct hisi_qm *qm, u64 low, u64 high)
{
	asm volatile("dmb oshst\n\t"
		     "stp %x0, %x1, %2\n\t"
		     : : "rZ" (low), "rZ" (high), "Q" (*(char __iomem *)(qm->regs + QM_MB))
		     : "memory");
}

/* Reads too are of all 16 bytes, though nobody needs the second half. */
static u64 mailbox_read(struct hisi_qm *qm)
{
	u64 low;

	asm volatile("ldp %0, xzr, %1\n\t"
		     "dmb oshld\n\t"
		     : "=r" (low)
		     : "Q" (*(char __iomem *)(qm->regs + QM_MB))
		     : "memory");
	return low;
}
#else
/* No such device is in other machines but emulated, and waits for the second half. */
static void mailbox_write(struct hisi_qm *qm, u64 low, u64 high)
{
	writeq(low, qm->regs + QM_MB);
	writeq(high, qm->regs + QM_MB + 8);
}

static u64 mailbox_read(struct hisi_qm *qm)
{
	return readq(qm->regs + QM_MB);
}
#endif

static bool is_busy(struct hisi_qm *qm, u64 *low)
{
	*low = mailbox_read(qm);
	return *low & QM_MB_BUSY;
}

/* Most commands are done at once, so the first looks do not sleep. */
static int wait_ready(struct hisi_qm *qm, unsigned int limit_us, u64 *low)
{
	ktime_t end = ktime_add_us(ktime_get(), limit_us);
	unsigned int looks;

	for (looks = 0;; looks++) {
		bool late = ktime_after(ktime_get(), end);

		if (!is_busy(qm, low))
			return 0;
		if (late)
			return -ETIMEDOUT;
		if (looks < 3)
			udelay(1);
		else
			usleep_range(POLL_US, 2 * POLL_US);
	}
}

static int try_command(struct hisi_qm *qm, u32 cmd, u32 queue, u64 data)
{
	unsigned int limit = COMMAND_LIMIT_US;
	u64 word;

	if (test_bit(HISI_QM_MAILBOX_DEAD, &qm->flags) ||
	    test_bit(HISI_QM_GONE, &qm->flags))
		return -ESHUTDOWN;
	/* With such an error the device answers nothing any more. */
	if (hisi_qm_blocking_errors(qm))
		return -ESHUTDOWN;
	if (wait_ready(qm, READY_LIMIT_US, &word))
		goto err_dead;
	word = cmd | QM_MB_BUSY | (u64)queue << 16 | (u64)lower_32_bits(data) << 32;
	mailbox_write(qm, word, upper_32_bits(data));
	if (FIELD_GET(QM_MB_CMD, cmd) == QM_MB_CMD_STOP_QP ||
	    FIELD_GET(QM_MB_CMD, cmd) == QM_MB_CMD_FLUSH_QM)
		limit = DRAIN_LIMIT_US;
	if (wait_ready(qm, limit, &word))
		goto err_dead;
	return FIELD_GET(QM_MB_STATUS, (u32)word) ? -EIO : 0;

err_dead:
	if (!hisi_qm_is_gone(qm)) {
		set_bit(HISI_QM_MAILBOX_DEAD, &qm->flags);
		pci_err(qm->pdev, "mailbox: command 0x%x, queue %u: no end\n", cmd, queue);
		hisi_qm_reset_later(qm);
	}
	return -ETIMEDOUT;
}

static int locked_command(struct hisi_qm *qm, u32 cmd, u32 queue, u64 data)
{
	int ret = try_command(qm, cmd, queue, data);

	if (ret)
		atomic_inc(&qm->counters.mailbox_errors);
	return ret;
}

/*
 * -EIO: refused; -ESHUTDOWN: not sent, as there would be no answer; -ETIMEDOUT: it may
 * still be under way, as may what it asked for.
 */
int hisi_qm_command(struct hisi_qm *qm, u32 cmd, u32 queue, u64 data)
{
	int ret;

	mutex_lock(&qm->mailbox_lock);
	ret = locked_command(qm, cmd, queue, data);
	mutex_unlock(&qm->mailbox_lock);
	return ret;
}

/* Hand the device a context. */
int hisi_qm_load(struct hisi_qm *qm, u32 cmd, u32 queue, const void *context,
		 size_t size)
{
	int ret;

	mutex_lock(&qm->mailbox_lock);
	memset(qm->context, 0, CONTEXT_MAX);
	memcpy(qm->context, context, min_t(size_t, size, CONTEXT_MAX));
	ret = locked_command(qm, cmd, queue, qm->context_dma);
	mutex_unlock(&qm->mailbox_lock);
	return ret;
}

/* Ask it for one. */
int hisi_qm_dump(struct hisi_qm *qm, u32 cmd, u32 queue, void *context,
		 size_t size)
{
	int ret;

	mutex_lock(&qm->mailbox_lock);
	/* No context looks like that: it can be seen that the device wrote nothing. */
	memset(qm->context, 0xff, CONTEXT_MAX);
	ret = locked_command(qm, cmd | QM_MB_OP_READ, queue, qm->context_dma);
	if (!ret)
		memcpy(context, qm->context, min_t(size_t, size, CONTEXT_MAX));
	mutex_unlock(&qm->mailbox_lock);
	return ret;
}

/* ---- the partition of queues ---- */

static int set_vft(struct hisi_qm *qm, u32 type, u32 function, u64 data)
{
	int ret = wd_hisi_qm_poll(qm, QM_VFT_READY, 1, 1, VFT_LIMIT_US);

	if (ret)
		return ret;
	hisi_qm_write(qm, QM_VFT_READ, 0);
	hisi_qm_write(qm, QM_VFT_TYPE, type);
	hisi_qm_write(qm, QM_VFT_FUNCTION, function);
	hisi_qm_write(qm, QM_VFT_DATA_LOW, lower_32_bits(data));
	hisi_qm_write(qm, QM_VFT_DATA_HIGH, upper_32_bits(data));
	hisi_qm_write(qm, QM_VFT_READY, 0);
	hisi_qm_write(qm, QM_VFT_OP, 1);
	return wd_hisi_qm_poll(qm, QM_VFT_READY, 1, 1, VFT_LIMIT_US);
}

/* After a reset the shaper's memory says that nothing may pass. */
static int open_shaper(struct hisi_qm *qm)
{
	u32 i;
	int ret = 0;

	if (!(qm->caps.features & QM_CAP_QOS))
		return 0;
	hisi_qm_write(qm, QM_SHAPER_CFG, SHAPER_GLOBAL);
	for (i = 0; i < SHAPER_DIRECTIONS && !ret; i++)
		ret = set_vft(qm, QM_VFT_SHAPER, i * SHAPER_DIRECTION, SHAPER_FULL);
	return ret;
}

/* Give this function queues 0 to @n - 1, or none. */
int hisi_qm_set_queues(struct hisi_qm *qm, u32 n)
{
	u64 sqc = 0, cqc = 0;
	int ret;

	if (n) {
		sqc = QM_VFT_SQC_VALID | FIELD_PREP(QM_VFT_SQC_COUNT, n - 1);
		cqc = QM_VFT_CQC_VALID;
	}
	ret = set_vft(qm, QM_VFT_SQC, 0, sqc);
	if (!ret)
		ret = set_vft(qm, QM_VFT_CQC, 0, cqc);
	if (!ret && n)
		ret = open_shaper(qm);
	if (ret)
		pci_err(qm->pdev, "queues cannot be given to the function (%d)\n", ret);
	return ret;
}
