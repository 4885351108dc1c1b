// SPDX-License-Identifier: GPL-2.0
/*
 * What the device can do: from its revision, and from V3 on from its capability words.
 *
 * Nothing a device says is believed if the driver could not live with it.
 */
#include <linux/bitfield.h>
#include <linux/log2.h>

#include "qm_internal.h"

static const struct hisi_qm_cap qm_caps[] = {
	{ QM_CAP_FEATURES, 0, 0x6f01 },
	{ QM_CAP_EQ_DEPTHS, 0x04000800, 0x04000800 },
	{ QM_CAP_QUEUE_DEPTHS, 0x04000400, 0x04000400 },
	{ QM_CAP_IRQ_EQ, 0x10000, 0x10000 },
	{ QM_CAP_IRQ_AEQ, 0x10001, 0x10001 },
	{ QM_CAP_IRQ_ABNORMAL, 0x10003, 0x10003 },
	{ QM_CAP_IRQ_COUNT, 0x40002, 0x40003 },
	{ QM_CAP_NFE, 0x1c57, 0x7c77 },
	{ QM_CAP_RESET, 0xc57, 0x6c77 },
	{ QM_CAP_CE, 0x8, 0x8 },
	{ }
};

#define V2_SHUTDOWN	QM_ERR_ECC_MBIT
#define QUEUES_V2	1024
#define DEPTH_MIN	32
#define DEPTH_MAX	4096	/* 12 bits, less one, in a context */
#define EQ_DEPTH_MAX	32768
#define IRQS_MAX	32	/* of MSI */

/* V3 says with version 0 in QM_CAP_FEATURES that its other words are not to be read. */
static bool has_caps(const struct hisi_qm *qm)
{
	return qm->caps.version >= QM_HW_V3 &&
	       FIELD_GET(QM_CAP_VERSION, hisi_qm_read(qm, QM_CAP_FEATURES));
}

/**
 * wd_hisi_qm_cap() - a capability word, or what devices without have
 * @qm: the function
 * @table: what those have
 * @offset: of the word
 *
 * Return: the word; 0 for one that the device does not have and that is not in @table.
 */
u32 wd_hisi_qm_cap(const struct hisi_qm *qm, const struct hisi_qm_cap *table, u32 offset)
{
	if (has_caps(qm))
		return hisi_qm_read(qm, offset);
	for (; table->offset; table++) {
		if (table->offset == offset)
			return qm->caps.version >= QM_HW_V3 ? table->v3 : table->v2;
	}
	return 0;
}
WD_EXPORT_SYMBOL(wd_hisi_qm_cap);

static u32 qm_cap(const struct hisi_qm *qm, u32 offset)
{
	return wd_hisi_qm_cap(qm, qm_caps, offset);
}

/* A part with a newer QM tells its version in a register of its own. */
static int read_version(struct hisi_qm *qm)
{
	u32 version = qm->pdev->revision;

	if (version >= QM_HW_V3) {
		u32 sub = hisi_qm_read(qm, QM_SUB_VERSION);

		if (sub)
			version = sub;
	}
	/* V1 has other contexts and doorbells; it was never sold. */
	if (version < QM_HW_V2 || version > 0xff) {
		pci_err(qm->pdev, "queue manager of version 0x%x is not known\n", version);
		return -ENODEV;
	}
	qm->caps.version = version;
	return 0;
}

static int vector_of(u32 cap)
{
	return FIELD_GET(GENMASK(23, 16), cap) ? (int)FIELD_GET(QM_CAP_LOW, cap) : QM_NO_IRQ;
}

static int read_irqs(struct hisi_qm *qm)
{
	struct hisi_qm_caps *caps = &qm->caps;

	caps->irq_eq = vector_of(qm_cap(qm, QM_CAP_IRQ_EQ));
	caps->irq_aeq = vector_of(qm_cap(qm, QM_CAP_IRQ_AEQ));
	caps->irq_abnormal = vector_of(qm_cap(qm, QM_CAP_IRQ_ABNORMAL));
	caps->irqs = FIELD_GET(QM_CAP_HIGH, qm_cap(qm, QM_CAP_IRQ_COUNT));
	if (!caps->irqs || caps->irqs > IRQS_MAX || caps->irq_eq == QM_NO_IRQ) {
		pci_err(qm->pdev, "%u interrupts, that of events is %d: makes no sense\n",
			caps->irqs, caps->irq_eq);
		return -ENODEV;
	}
	/* MSI comes in powers of two. */
	caps->irqs = roundup_pow_of_two(caps->irqs);
	return 0;
}

static bool depth_ok(u32 depth, u32 max)
{
	return depth >= DEPTH_MIN && depth <= max;
}

static int read_depths(struct hisi_qm *qm)
{
	u32 events = qm_cap(qm, QM_CAP_EQ_DEPTHS);
	u32 queues = qm_cap(qm, QM_CAP_QUEUE_DEPTHS);
	struct hisi_qm_caps *caps = &qm->caps;

	caps->eq_depth = FIELD_GET(QM_CAP_LOW, events);
	caps->aeq_depth = FIELD_GET(QM_CAP_HIGH, events);
	caps->sq_depth = FIELD_GET(QM_CAP_LOW, queues);
	caps->cq_depth = FIELD_GET(QM_CAP_HIGH, queues);
	/*
	 * A completion for each request has to find room; and with rings of one size it can
	 * be seen whether there is one for each.
	 */
	if (!depth_ok(caps->eq_depth, EQ_DEPTH_MAX) ||
	    !depth_ok(caps->aeq_depth, EQ_DEPTH_MAX) ||
	    !depth_ok(caps->sq_depth, DEPTH_MAX) || !depth_ok(caps->cq_depth, DEPTH_MAX) ||
	    caps->cq_depth != caps->sq_depth) {
		pci_err(qm->pdev, "rings of %u, %u, %u, %u entries make no sense\n",
			caps->eq_depth, caps->aeq_depth, caps->sq_depth, caps->cq_depth);
		return -ENODEV;
	}
	return 0;
}

static int read_queues(struct hisi_qm *qm)
{
	struct hisi_qm_caps *caps = &qm->caps;
	u32 word;

	caps->queues = QUEUES_V2;
	if (caps->version >= QM_HW_V3) {
		caps->isolated = hisi_qm_read(qm, QM_ISOLATION) & 1;
		word = hisi_qm_read(qm, QM_QUEUES);
		caps->queues = FIELD_GET(QM_QUEUES_TOTAL, word);
		if (caps->isolated)
			caps->queues = min_t(u32, caps->queues,
					     FIELD_GET(QM_QUEUES_PER_FUNCTION, word));
	}
	caps->queues = min_t(u32, caps->queues, HISI_QM_QUEUES_MAX);
	if (caps->queues < 2) {
		pci_err(qm->pdev, "the device has no queues\n");
		return -ENODEV;
	}
	return 0;
}

static void read_masks(struct hisi_qm *qm)
{
	struct hisi_qm_masks *masks = &qm->caps.errors;

	masks->ce = qm_cap(qm, QM_CAP_CE);
	masks->nfe = qm_cap(qm, QM_CAP_NFE);
	masks->reset = qm_cap(qm, QM_CAP_RESET);
	masks->shutdown = qm->caps.version >= QM_HW_V3 ? masks->reset : V2_SHUTDOWN;
}

/* Fill in qm->caps, the engine's part as well.  -ENODEV: nobody knows such a device. */
int hisi_qm_read_caps(struct hisi_qm *qm)
{
	int ret;

	ret = read_version(qm);
	if (ret)
		return ret;
	if (qm->caps.version >= QM_HW_V3)
		qm->caps.features = qm_cap(qm, QM_CAP_FEATURES) & ~QM_CAP_VERSION;
	ret = read_irqs(qm);
	if (ret)
		return ret;
	ret = read_depths(qm);
	if (ret)
		return ret;
	ret = read_queues(qm);
	if (ret)
		return ret;
	read_masks(qm);
	qm->engine->read_caps(qm);
	return 0;
}
