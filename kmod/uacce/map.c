// SPDX-License-Identifier: GPL-2.0
/*
 * What a process maps of its queue, and what it sees there.
 *
 * Pages are put in when they are touched, under the lock that protects the queue's
 * state; whoever changes that takes away what must not be seen any more, and the next
 * touch finds what is right then.  The doorbells are seen while the queue is started,
 * and a page of ones at any other time: nobody rings for a queue that the device does
 * not expect to hear of.
 *
 * Each queue file has an inode of its own, as only the mappings of an inode can be
 * found.  The regions are far apart in it, whatever offsets the process has given.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>

#include "compat.h"
#include "internal.h"

#define UACCE_FS_MAGIC	0x75616363

/**
 * struct uacce_region - a mapped region
 * @q: its queue
 * @type: which one
 * @maps: how many mappings it is in: one, but while the kernel moves or splits it
 */
struct uacce_region {
	struct uacce_queue *q;
	enum uacce_qfrt type;
	unsigned int maps;
};

/* ---- inodes ---- */

static struct vfsmount *uacce_mnt;

static int uacce_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, UACCE_FS_MAGIC) ? 0 : -ENOMEM;
}

/* Without an owner: its only mount, which the module has, would hold the module. */
static struct file_system_type uacce_fs = {
	.name = "wd_uacce",
	.init_fs_context = uacce_fs_init_context,
	.kill_sb = kill_anon_super,
};

int __init uacce_map_init(void)
{
	uacce_mnt = kern_mount(&uacce_fs);
	return PTR_ERR_OR_ZERO(uacce_mnt);
}

void uacce_map_exit(void)
{
	kern_unmount(uacce_mnt);
}

struct inode *uacce_map_inode(void)
{
	return alloc_anon_inode(uacce_mnt->mnt_sb);
}

/* ---- taking mappings away ---- */

static unsigned long region_pgoff(enum uacce_qfrt type)
{
	return type * UACCE_REGION_PAGES;
}

/* Whatever was written to it, by a process that rang out of time. */
void uacce_fill_graves(struct uacce_queue *q)
{
	const size_t size = sizeof(q->uacce->dus_end);
	void *end = page_address(q->grave_end);

	memset(page_address(q->grave), 0xff, PAGE_SIZE);
	memset(end, 0xff, PAGE_SIZE - size);
	memcpy(end + PAGE_SIZE - size, q->uacce->dus_end, size);
}

/* What is seen in the place of a page that is hidden. */
static struct page *grave_of(const struct uacce_queue *q, enum uacce_qfrt type,
			     unsigned long pgoff)
{
	bool end = type == UACCE_QFRT_DUS && (pgoff + 1) << PAGE_SHIFT == q->dus_size;

	return end ? q->grave_end : q->grave;
}

/* After the state was changed, and without its lock: page faults come in between. */
void uacce_zap_doorbells(struct uacce_queue *q)
{
	uacce_fill_graves(q);
	unmap_mapping_range(q->inode->i_mapping,
			    (loff_t)region_pgoff(UACCE_QFRT_MMIO) << PAGE_SHIFT,
			    (loff_t)UACCE_REGION_PAGES << PAGE_SHIFT, 1);
}

void uacce_zap_all(struct uacce_queue *q)
{
	uacce_fill_graves(q);
	unmap_mapping_range(q->inode->i_mapping, 0, 0, 1);
}

/* ---- mappings ---- */

static void uacce_vma_open(struct vm_area_struct *vma)
{
	struct uacce_region *region = vma->vm_private_data;

	mutex_lock(&region->q->state_lock);
	region->maps++;
	mutex_unlock(&region->q->state_lock);
}

/* The region can be mapped again once no part of it is mapped. */
static void uacce_vma_close(struct vm_area_struct *vma)
{
	struct uacce_region *region = vma->vm_private_data;
	struct uacce_queue *q = region->q;
	bool last;

	mutex_lock(&q->state_lock);
	last = !--region->maps;
	if (last)
		q->regions[region->type] = NULL;
	mutex_unlock(&q->state_lock);
	if (last)
		kfree(region);
}

/* With the queue's state lock. */
static bool is_hidden(const struct uacce_queue *q, enum uacce_qfrt type)
{
	if (type == UACCE_QFRT_MMIO)
		return q->state != UACCE_Q_STARTED;
	return q->state == UACCE_Q_ZOMBIE;
}

/* All of it at once, as all of it will be used. */
static vm_fault_t insert_dus(struct uacce_queue *q, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long pgoff = vma->vm_pgoff - region_pgoff(UACCE_QFRT_DUS);
	unsigned long addr;
	vm_fault_t got, ret = VM_FAULT_SIGBUS;

	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		got = vmf_insert_pfn(vma, addr, uacce_dus_pfn(q, pgoff++));
		if (addr == vmf->address)
			ret = got;
	}
	return ret;
}

static vm_fault_t insert_page(struct uacce_region *region, struct vm_fault *vmf)
{
	unsigned long pgoff = vmf->pgoff - region_pgoff(region->type);
	struct uacce_queue *q = region->q;
	unsigned long pfn;
	int ret;

	if (region->type == UACCE_QFRT_SS)
		ret = uacce_ss_get_pfn(q, pgoff, &pfn);
	else
		ret = q->uacce->ops->get_pfn(q, region->type, pgoff, &pfn);
	return ret ? VM_FAULT_SIGBUS :
		     vmf_insert_pfn(vmf->vma, vmf->address, pfn);
}

static vm_fault_t uacce_vma_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct uacce_region *region = vma->vm_private_data;
	struct uacce_queue *q = region->q;
	struct page *grave = grave_of(q, region->type,
				      vmf->pgoff - region_pgoff(region->type));
	vm_fault_t ret;

	mutex_lock(&q->state_lock);
	if (is_hidden(q, region->type))
		ret = vmf_insert_pfn_prot(vma, vmf->address, page_to_pfn(grave),
					  vm_get_page_prot(vma->vm_flags));
	else if (region->type == UACCE_QFRT_DUS)
		ret = insert_dus(q, vmf);
	else
		ret = insert_page(region, vmf);
	mutex_unlock(&q->state_lock);
	return ret;
}

static int uacce_vma_mremap(struct vm_area_struct *vma)
{
	return -EPERM;
}

static const struct vm_operations_struct uacce_vm_ops = {
	.open = uacce_vma_open,
	.close = uacce_vma_close,
	.fault = uacce_vma_fault,
	.mremap = uacce_vma_mremap,
};

/* With the queue's state lock. */
static int check_region(struct uacce_queue *q, struct vm_area_struct *vma,
			enum uacce_qfrt type)
{
	switch (type) {
	case UACCE_QFRT_MMIO:
		return q->uacce->ops->mmap(q, vma, type);
	case UACCE_QFRT_DUS:
		return q->dus && vma->vm_end - vma->vm_start == q->dus_size ?
		       0 : -EINVAL;
	default:
		return uacce_ss_mmap(q, vma);
	}
}

/* With the queue's state lock. */
static int map_region(struct uacce_queue *q, struct vm_area_struct *vma,
		      enum uacce_qfrt type)
{
	struct uacce_region *region;
	int ret;

	if (!uacce_queue_is_valid(q))
		return -ENXIO;
	if (q->regions[type])
		return -EEXIST;
	region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);
	if (!region)
		return -ENOMEM;
	region->q = q;
	region->type = type;
	region->maps = 1;

	ret = check_region(q, vma, type);
	if (ret) {
		kfree(region);
		return ret;
	}
	vma->vm_pgoff = region_pgoff(type);
	vma->vm_ops = &uacce_vm_ops;
	vma->vm_private_data = region;
	q->regions[type] = region;
	return 0;
}

int uacce_fops_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct uacce_queue *q = file->private_data;
	unsigned long type = vma->vm_pgoff;
	int ret;

	if (type > UACCE_QFRT_SS ||
	    (type == UACCE_QFRT_SS && !uacce_is_unsafe(q->uacce)))
		return -EINVAL;
	/* A private copy of a ring would never reach the device. */
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	if (!uacce_queue_is_owner(q))
		return -EPERM;
	uacce_vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_WIPEONFORK |
			   VM_IO | VM_PFNMAP | VM_DONTDUMP, VM_MAYEXEC);

	mutex_lock(&q->state_lock);
	ret = map_region(q, vma, type);
	mutex_unlock(&q->state_lock);
	return ret;
}
