// SPDX-License-Identifier: GPL-2.0
/*
 * The DUS region: memory that a queue's process shares with the device, for rings.
 *
 * A device gets one piece on the bus, which is there before the driver makes the
 * queue, and after it has undone that.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/vmalloc.h>

#include "internal.h"

/* What a queue shares with its owner counts as the owner's memory. */
#define DUS_GFP		(GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

static int alloc_for_device(struct uacce_queue *q)
{
	struct device *dev = q->uacce->parent;
	struct sg_table *sgt;

	sgt = dma_alloc_noncontiguous(dev, q->dus_size, DMA_BIDIRECTIONAL,
				      DUS_GFP, 0);
	if (!sgt)
		return -ENOMEM;
	if (sgt->nents != 1)
		goto err_free;
	q->dus = dma_vmap_noncontiguous(dev, q->dus_size, sgt);
	if (!q->dus)
		goto err_free;
	/* It may have been anybody's. */
	memset(q->dus, 0, q->dus_size);
	q->dus_sgt = sgt;
	q->dus_dma = sg_dma_address(sgt->sgl);
	return 0;

err_free:
	dma_free_noncontiguous(dev, q->dus_size, sgt, DMA_BIDIRECTIONAL);
	return -ENOMEM;
}

/* Before the process can map it. */
int uacce_dus_alloc(struct uacce_queue *q)
{
	const struct uacce_device *uacce = q->uacce;

	q->dus_size = uacce->qf_pg_num[UACCE_QFRT_DUS] << PAGE_SHIFT;
	if (!q->dus_size)
		return 0;
	if (!uacce_is_software(uacce))
		return alloc_for_device(q);
	/* Any pages will do, so that it does not matter how large it is. */
	q->dus = __vmalloc(q->dus_size, DUS_GFP | __GFP_ZERO);
	return q->dus ? 0 : -ENOMEM;
}

/* Nobody maps it any more, and the device has let go of it. */
void uacce_dus_free(struct uacce_queue *q)
{
	struct device *dev;

	if (!q->dus)
		return;
	dev = q->uacce->parent;
	if (q->dus_sgt) {
		dma_vunmap_noncontiguous(dev, q->dus);
		dma_free_noncontiguous(dev, q->dus_size, q->dus_sgt,
				       DMA_BIDIRECTIONAL);
	} else {
		vfree(q->dus);
	}
	q->dus_sgt = NULL;
	q->dus = NULL;
}

unsigned long uacce_dus_pfn(const struct uacce_queue *q, unsigned long pgoff)
{
	void *p = q->dus + (pgoff << PAGE_SHIFT);

	return is_vmalloc_addr(p) ? vmalloc_to_pfn(p) :
				    page_to_pfn(virt_to_page(p));
}
