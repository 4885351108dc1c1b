// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of processes: what uacce asks of the queue manager.
 *
 * A process sees two regions: DUS has the rings, and at its end two words that tell it
 * to stop; MMIO has the doorbell.  All that it can write is only looked at, never
 * followed.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "qm_internal.h"
#include "uapi/misc/uacce/hisi_qm.h"

/* The last words of DUS tell the process to stop receiving, and to stop sending. */
static void set_rx_flag(struct uacce_queue *uq, u32 stop)
{
	WRITE_ONCE(*((u32 *)(uq->dus + uq->dus_size) - 2), stop);
}

static void set_tx_flag(struct uacce_queue *uq, u32 stop)
{
	WRITE_ONCE(*((u32 *)(uq->dus + uq->dus_size) - 1), stop);
}

static struct hisi_qm *to_qm(const struct uacce_queue *uq)
{
	return uq->uacce->priv;
}

static int qm_get_available_instances(struct uacce_device *uacce)
{
	struct hisi_qm *qm = uacce->priv;

	return READ_ONCE(qm->free_queues);
}

static int qm_get_queue(struct uacce_device *uacce, unsigned long arg,
			struct uacce_queue *uq)
{
	struct hisi_qm *qm = uacce->priv;
	struct hisi_qp *qp;
	int ret;

	qp = kzalloc(sizeof(*qp), GFP_KERNEL_ACCOUNT);
	if (!qp)
		return -ENOMEM;
	qp->qm = qm;
	qp->uq = uq;
	qp->sq = uq->dus;
	qp->cq = uq->dus + hisi_qp_cq_offset(qm);
	qp->dma = uq->dus_dma;
	qp->size = uq->dus_size;
	ret = hisi_qp_number_get(qm, qp);
	if (ret) {
		kfree(qp);
		return ret;
	}
	uq->priv = qp;
	return 0;
}

static void qm_put_queue(struct uacce_queue *uq)
{
	struct hisi_qp *qp = uq->priv;

	hisi_qp_number_put(qp);
	kfree(qp);
}

static int qm_start_queue(struct uacce_queue *uq)
{
	struct hisi_qp *qp = uq->priv;
	int ret;

	set_tx_flag(uq, 0);
	set_rx_flag(uq, 0);
	WRITE_ONCE(qp->failed, false);
	qp->poll_head = 0;
	qp->poll_phase = true;
	ret = hisi_qp_load(qp);
	if (!ret) {
		/* Who sleeps in poll() depends on interrupts. */
		hisi_qm_watch(qp->qm);
		return 0;
	}
	if (!hisi_qp_unload(qp))
		return ret;
	/* The device may know it, so that it counts as started, but is of no use. */
	hisi_qm_uacce_failed(qp);
	hisi_qm_reset_later(qp->qm);
	return 0;
}

static void qm_begin_stop(struct uacce_queue *uq)
{
	set_tx_flag(uq, 1);
}

static int qm_stop_queue(struct uacce_queue *uq)
{
	int ret = hisi_qp_unload(uq->priv);

	/* Between the two flags it may collect what was done. */
	set_rx_flag(uq, 1);
	return ret;
}

static void qm_drain(struct uacce_device *uacce)
{
	hisi_qm_drain(uacce->priv);
}

/* The queue does nothing any more, and only its process can change that. */
void hisi_qm_uacce_failed(struct hisi_qp *qp)
{
	if (!qp->uq)
		return;
	set_tx_flag(qp->uq, 1);
	set_rx_flag(qp->uq, 1);
	WRITE_ONCE(qp->failed, true);
	wake_up(&qp->uq->wait);
}

/* Each completion is told of once.  It is the process that writes here, too. */
static int qm_is_q_updated(struct uacce_queue *uq)
{
	struct hisi_qp *qp = uq->priv;
	u32 i, depth = qp->qm->caps.cq_depth;

	for (i = 0; i < depth; i++) {
		u16 w7 = le16_to_cpu(READ_ONCE(qp->cq[qp->poll_head].w7));

		if ((w7 & QM_CQE_PHASE) != qp->poll_phase)
			break;
		if (++qp->poll_head == depth) {
			qp->poll_head = 0;
			qp->poll_phase = !qp->poll_phase;
		}
	}
	/* Who looks finds the flags. */
	return i > 0 || READ_ONCE(qp->failed);
}

static int qm_mmap(struct uacce_queue *uq, struct vm_area_struct *vma,
		   enum uacce_qfrt type)
{
	unsigned long have = uq->uacce->qf_pg_num[type] << PAGE_SHIFT;
	unsigned long want = vma->vm_end - vma->vm_start;

	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return want <= have ? 0 : -EINVAL;
}

static int qm_get_pfn(struct uacce_queue *uq, enum uacce_qfrt type,
		      unsigned long pgoff, unsigned long *pfn)
{
	struct hisi_qm *qm = to_qm(uq);
	struct hisi_qp *qp = uq->priv;

	if (pgoff >= uq->uacce->qf_pg_num[type])
		return -EFAULT;
	*pfn = PHYS_PFN(qm->doorbells_phys +
			(phys_addr_t)qp->number * qm->doorbell_stride) +
	       pgoff;
	return 0;
}

static long set_type(struct uacce_queue *uq, struct hisi_qp_ctx *ctx)
{
	struct hisi_qp *qp = uq->priv;

	if (ctx->qc_type >= qp->qm->engine->types || qp->loaded)
		return -EINVAL;
	qp->type = ctx->qc_type;
	ctx->id = qp->number;
	return 0;
}

static long tell_info(struct hisi_qm *qm, struct hisi_qp_info *info)
{
	*info = (struct hisi_qp_info) {
		.sqe_size = BIT(qm->engine->sqe_size_log2),
		.sq_depth = qm->caps.sq_depth,
		.cq_depth = qm->caps.cq_depth,
	};
	return 0;
}

static long qm_ioctl(struct uacce_queue *uq, unsigned int cmd, void *arg)
{
	switch (cmd) {
	case UACCE_CMD_QM_SET_QP_CTX:
		return set_type(uq, arg);
	case UACCE_CMD_QM_SET_QP_INFO:
		return tell_info(to_qm(uq), arg);
	default:
		return -EINVAL;
	}
}

/* ---- isolation ---- */

static int qm_get_isolate_state(struct uacce_device *uacce)
{
	return hisi_qm_is_isolated(uacce->priv);
}

/* What happened before does not count. */
static int qm_threshold_write(struct uacce_device *uacce, u32 num)
{
	struct hisi_qm *qm = uacce->priv;
	time64_t *times = kvcalloc(num + 1, sizeof(*times), GFP_KERNEL);
	time64_t *old;

	if (!times)
		return -ENOMEM;
	spin_lock_bh(&qm->isolate_lock);
	old = qm->reset_times;
	qm->reset_times = times;
	WRITE_ONCE(qm->isolate_threshold, num);
	qm->n_resets = 0;
	spin_unlock_bh(&qm->isolate_lock);
	kvfree(old);
	return 0;
}

static u32 qm_threshold_read(struct uacce_device *uacce)
{
	struct hisi_qm *qm = uacce->priv;

	return READ_ONCE(qm->isolate_threshold);
}

static const struct uacce_ops qm_ops = {
	.get_available_instances = qm_get_available_instances,
	.get_queue = qm_get_queue,
	.put_queue = qm_put_queue,
	.start_queue = qm_start_queue,
	.begin_stop = qm_begin_stop,
	.drain = qm_drain,
	.stop_queue = qm_stop_queue,
	.is_q_updated = qm_is_q_updated,
	.mmap = qm_mmap,
	.get_pfn = qm_get_pfn,
	.ioctl = qm_ioctl,
	.get_isolate_state = qm_get_isolate_state,
	.isolate_err_threshold_write = qm_threshold_write,
	.isolate_err_threshold_read = qm_threshold_read,
};

static const char *api_of(const struct hisi_qm *qm, bool sva)
{
	if (qm->caps.version < QM_HW_V3)
		return sva ? HISI_QM_API_VER2 : HISI_QM_API_VER2 HISI_QM_API_NOIOMMU;
	if (qm->caps.version >= QM_HW_V5)
		return sva ? HISI_QM_API_VER5 : HISI_QM_API_VER5 HISI_QM_API_NOIOMMU;
	return sva ? HISI_QM_API_VER3 : HISI_QM_API_VER3 HISI_QM_API_NOIOMMU;
}

/* A page of doorbells for each, or the page of registers they all share. */
static unsigned long mmio_pages(const struct hisi_qm *qm)
{
	if (qm->caps.isolated)
		return QM_DOORBELL_STRIDE >> PAGE_SHIFT;
	return 1 + (QM_DB_SQ_CQ >> PAGE_SHIFT);
}

/* After the capabilities were read. */
int hisi_qm_uacce_alloc(struct hisi_qm *qm)
{
	struct uacce_interface interface = {
		.flags = UACCE_DEV_SVA | UACCE_DEV_NOIOMMU,
		.ops = &qm_ops,
	};
	struct uacce_device *uacce;

	strscpy(interface.name, qm->engine->name, sizeof(interface.name));
	uacce = wd_uacce_alloc(&qm->pdev->dev, &interface);
	if (IS_ERR(uacce))
		return PTR_ERR(uacce);
	uacce->priv = qm;
	uacce->api_ver = api_of(qm, uacce->flags & UACCE_DEV_SVA);
	uacce->pasid_max = U16_MAX;
	uacce->shared_doorbells = !qm->caps.isolated;
	/* Both flags. */
	uacce->dus_end[0] = 1;
	uacce->dus_end[1] = 1;
	uacce->qf_pg_num[UACCE_QFRT_MMIO] = mmio_pages(qm);
	/* And a page for the flags. */
	uacce->qf_pg_num[UACCE_QFRT_DUS] =
		(PAGE_ALIGN(hisi_qp_rings_size(qm)) >> PAGE_SHIFT) + 1;
	qm->uacce = uacce;
	return 0;
}
