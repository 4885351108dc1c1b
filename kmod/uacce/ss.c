// SPDX-License-Identifier: GPL-2.0
/*
 * The SS region: memory for the data of devices without shared virtual
 * addressing, which a process maps and the device reaches by bus addresses.
 *
 * The memory stays until the queue is closed, also when it is not mapped any more,
 * as the device may be using it.
 */
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

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

/* Behind an IOMMU, or of one block, a slice may still have many pages. */
static int map_slice(struct vm_area_struct *vma, unsigned long *addr,
		     const struct uacce_ss_slice *slice)
{
	struct sg_page_iter iter;
	int ret;

	for_each_sgtable_page(slice->sgt, &iter, 0) {
		if (*addr >= vma->vm_end)
			break;
		ret = remap_pfn_range(vma, *addr,
				      page_to_pfn(sg_page_iter_page(&iter)),
				      PAGE_SIZE, vma->vm_page_prot);
		if (ret)
			return ret;
		*addr += PAGE_SIZE;
	}
	return 0;
}

/* With the queue's state lock. */
int uacce_ss_mmap(struct uacce_queue *q, struct vm_area_struct *vma)
{
	size_t size = vma->vm_end - vma->vm_start;
	struct device *dev = q->uacce->parent;
	unsigned long addr = vma->vm_start;
	unsigned int i;
	int ret = 0;

	if (size > SS_MAX || (q->ss && q->ss->size != size))
		return -EINVAL;
	/* Nobody would tell the caches what the device wrote. */
	if (!dev_is_dma_coherent(dev))
		return -EOPNOTSUPP;
	if (!q->ss) {
		size_t each = q->uacce->flags & UACCE_DEV_IOMMU ? size : SS_SLICE;

		each = min_t(size_t, each, dma_get_max_seg_size(dev));
		/* uacce_ss_ptr() looks without a lock. */
		smp_store_release(&q->ss, ss_alloc(dev, size, each));
	}
	if (!q->ss)
		return -ENOMEM;
	for (i = 0; i < q->ss->n && !ret; i++)
		ret = map_slice(vma, &addr, &q->ss->slices[i]);
	return ret;
}

/*
 * With the queue's lock for operations; so it must not take the state lock before
 * it touches user memory, but the slices do not change once they are there.
 */
long uacce_ss_get_dma(struct uacce_queue *q, unsigned long __user *arg)
{
	const struct uacce_ss_slice *slice;
	struct uacce_ss *ss;
	unsigned long val;

	if (get_user(val, arg))
		return -EFAULT;
	mutex_lock(&q->state_lock);
	ss = q->ss;
	mutex_unlock(&q->state_lock);
	if (!ss || val >= ss->n)
		return -EINVAL;
	slice = &ss->slices[val];
	if (put_user(slice->dma | ((slice->size >> UACCE_SS_SIZE_SHIFT) &
				   UACCE_SS_SIZE_MASK), arg))
		return -EFAULT;
	return ss->n - 1 - val;
}

/**
 * uacce_ss_ptr() - the kernel's address of memory in a queue's SS region
 * @q: a queue that is started
 * @dma: where a device would see it
 * @len: bytes, of one page
 *
 * For devices that are software: it lets them take what they are given no
 * further than the queue's own memory.
 *
 * Return: the address, or NULL if not all of it is in the region.
 */
void *uacce_ss_ptr(struct uacce_queue *q, u64 dma, size_t len)
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
EXPORT_SYMBOL_GPL(uacce_ss_ptr);

/* Nobody maps it any more, and the device has stopped. */
void uacce_ss_free(struct uacce_queue *q)
{
	if (q->ss)
		ss_free(q->ss);
	q->ss = NULL;
}
