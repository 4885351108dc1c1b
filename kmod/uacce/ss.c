// SPDX-License-Identifier: GPL-2.0
/*
 * The SS region: memory for the data of devices without shared virtual
 * addressing, which a process maps and the device reaches by bus addresses.
 *
 * The memory stays until the queue is closed, also when it is not mapped any more,
 * as the device may be using it.
 */
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "internal.h"

#define SS_MAX		SZ_128M
#define SS_SLICE	SZ_4M		/* physically contiguous memory is hard to get */
#define SS_GRANULE	BIT(UACCE_SS_SIZE_SHIFT)

/**
 * struct uacce_ss_slice - memory contiguous on the bus
 * @sgt: its pages
 * @dma: where the device sees it
 * @size: bytes
 */
struct uacce_ss_slice {
	struct sg_table *sgt;
	dma_addr_t dma;
	size_t size;
};

/**
 * struct uacce_ss - the memory of a queue's SS region
 * @dev: whose memory it is
 * @size: bytes that were asked for
 * @n: slices
 * @slices: by @dma, so that the process can join those that touch
 */
struct uacce_ss {
	struct device *dev;
	size_t size;
	unsigned int n;
	struct uacce_ss_slice slices[];
};

static int compare_dma(const void *a, const void *b)
{
	const struct uacce_ss_slice *x = a, *y = b;

	return x->dma < y->dma ? -1 : x->dma > y->dma;
}

static void ss_free(struct uacce_ss *ss)
{
	unsigned int i;

	for (i = 0; i < ss->n; i++)
		dma_free_noncontiguous(ss->dev, ss->slices[i].size,
				       ss->slices[i].sgt, DMA_BIDIRECTIONAL);
	kfree(ss);
}

/* Clean, as it may have been anybody's. */
static void slice_clear(const struct uacce_ss_slice *slice)
{
	struct sg_page_iter iter;

	for_each_sgtable_page(slice->sgt, &iter, 0)
		clear_highpage(sg_page_iter_page(&iter));
}

static struct uacce_ss *ss_alloc(struct device *dev, size_t size, size_t each)
{
	unsigned int max = DIV_ROUND_UP(size, each);
	struct uacce_ss *ss = kzalloc(struct_size(ss, slices, max), GFP_KERNEL);
	struct uacce_ss_slice *slice;
	size_t done;

	if (!ss)
		return NULL;
	ss->dev = dev;
	ss->size = size;
	for (done = 0; done < size; done += slice->size) {
		slice = &ss->slices[ss->n];
		slice->size = ALIGN(min(size - done, each), SS_GRANULE);
		slice->sgt = dma_alloc_noncontiguous(dev, slice->size,
						     DMA_BIDIRECTIONAL,
						     GFP_KERNEL | __GFP_NOWARN, 0);
		if (!slice->sgt)
			goto err_free;
		slice->dma = sg_dma_address(slice->sgt->sgl);
		ss->n++;
		slice_clear(slice);
	}
	sort(ss->slices, ss->n, sizeof(ss->slices[0]), compare_dma, NULL);
	return ss;

err_free:
	ss_free(ss);
	return NULL;
}

/* With the queue's state lock. */
int uacce_ss_mmap(struct uacce_queue *q, struct vm_area_struct *vma)
{
	size_t size = vma->vm_end - vma->vm_start;
	struct device *dev = q->uacce->parent;
	size_t each = SS_SLICE;

	if (size > SS_MAX || (q->ss && q->ss->size != size))
		return -EINVAL;
	if (q->ss)
		return 0;
	/* An IOMMU makes one piece of any pages. */
	if (q->uacce->flags & UACCE_DEV_IOMMU)
		each = size;
	each = min_t(size_t, each, dma_get_max_seg_size(dev));
	/* wd_uacce_ss_ptr() looks without a lock. */
	smp_store_release(&q->ss, ss_alloc(dev, size, each));
	return q->ss ? 0 : -ENOMEM;
}

/* The page after page @pgoff of the region; with the queue's state lock. */
int uacce_ss_get_pfn(struct uacce_queue *q, unsigned long pgoff,
		     unsigned long *pfn)
{
	struct sg_page_iter iter;
	unsigned int i;

	for (i = 0; i < q->ss->n; i++) {
		const struct uacce_ss_slice *slice = &q->ss->slices[i];

		if (pgoff >= slice->size >> PAGE_SHIFT) {
			pgoff -= slice->size >> PAGE_SHIFT;
			continue;
		}
		for_each_sgtable_page(slice->sgt, &iter, pgoff) {
			*pfn = page_to_pfn(sg_page_iter_page(&iter));
			return 0;
		}
	}
	return -EFAULT;
}

/* With the queue's state lock.  *@val: the slice's number, then what it is. */
long uacce_ss_get_dma(struct uacce_queue *q, unsigned long *val)
{
	const struct uacce_ss_slice *slice;
	unsigned long i = *val;

	if (!q->ss || i >= q->ss->n)
		return -EINVAL;
	slice = &q->ss->slices[i];
	*val = slice->dma | ((slice->size >> UACCE_SS_SIZE_SHIFT) &
			     UACCE_SS_SIZE_MASK);
	return q->ss->n - 1 - i;
}

/**
 * wd_uacce_ss_ptr() - the kernel's address of memory in a queue's SS region
 * @q: a queue that is started
 * @dma: where a device would see it
 * @len: bytes, of one page
 *
 * For devices that are software: it lets them take what they are given no
 * further than the queue's own memory.
 *
 * Return: the address, or NULL if not all of it is in the region.
 */
void *wd_uacce_ss_ptr(struct uacce_queue *q, u64 dma, size_t len)
{
	const struct uacce_ss_slice *slice;
	struct sg_page_iter iter;
	struct uacce_ss *ss;
	unsigned int i;

	/* Once it is seen, all of it is. */
	ss = smp_load_acquire(&q->ss);
	if (!ss || offset_in_page(dma) + len > PAGE_SIZE)
		return NULL;
	for (i = 0; i < ss->n; i++) {
		slice = &ss->slices[i];
		if (dma < slice->dma || dma - slice->dma >= slice->size)
			continue;
		for_each_sgtable_page(slice->sgt, &iter,
				      (dma - slice->dma) >> PAGE_SHIFT)
			return page_address(sg_page_iter_page(&iter)) +
			       offset_in_page(dma);
	}
	return NULL;
}
WD_EXPORT_SYMBOL(wd_uacce_ss_ptr);

/* Nobody maps it any more, and the device has stopped. */
void uacce_ss_free(struct uacce_queue *q)
{
	if (q->ss)
		ss_free(q->ss);
	q->ss = NULL;
}
