// SPDX-License-Identifier: GPL-2.0
/*
 * Queue files: open, start and stop, map, poll, close; and what is left of them
 * when their device goes away.
 *
 * A queue with SVA acts on the address space that opened it.  No other may use it,
 * whoever got hold of the descriptor: it would read and write its opener's memory.
 *
 * Lock order: see struct uacce_device.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "internal.h"

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

static bool is_valid(const struct uacce_queue *q)
{
	return q->state == UACCE_Q_INIT || q->state == UACCE_Q_STARTED;
}

static void set_state(struct uacce_queue *q, enum uacce_q_state state)
{
	mutex_lock(&q->state_lock);
	q->state = state;
	mutex_unlock(&q->state_lock);
}

/* ---- open and close ---- */

static int bind_mm(struct uacce_queue *q)
{
	const struct uacce_ops *ops = q->uacce->ops;
	struct iommu_sva *sva;
	u32 pasid;

	if (!(q->uacce->flags & UACCE_DEV_SVA))
		return 0;
	if (ops->bind_mm)
		return ops->bind_mm(q, q->mm);

	sva = uacce_sva_bind(q->uacce->parent, q->mm);
	if (IS_ERR(sva))
		return PTR_ERR(sva);
	pasid = iommu_sva_get_pasid(sva);
	if (pasid == IOMMU_PASID_INVALID) {
		iommu_sva_unbind_device(sva);
		return -ENODEV;
	}
	q->sva = sva;
	q->pasid = pasid;
	return 0;
}

static void unbind_mm(struct uacce_queue *q)
{
	const struct uacce_ops *ops = q->uacce->ops;

	if (!(q->uacce->flags & UACCE_DEV_SVA))
		return;
	if (ops->bind_mm) {
		if (ops->unbind_mm)
			ops->unbind_mm(q);
		return;
	}
	iommu_sva_unbind_device(q->sva);
	q->sva = NULL;
}

static struct uacce_queue *queue_alloc(struct uacce_device *uacce,
				       struct file *file)
{
	struct uacce_queue *q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);

	if (!q)
		return NULL;
	/* There may be no memory for it when it is needed. */
	q->grave = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!q->grave) {
		kfree(q);
		return NULL;
	}
	memset(page_address(q->grave), 0xff, PAGE_SIZE);
	q->uacce = uacce;
	q->mapping = file->f_mapping;
	q->mm = current->mm;
	mmgrab(q->mm);
	mutex_init(&q->op_lock);
	mutex_init(&q->state_lock);
	init_waitqueue_head(&q->wait);
	INIT_LIST_HEAD(&q->list);
	return q;
}

static void queue_free(struct uacce_queue *q)
{
	mmdrop(q->mm);
	put_page(q->grave);
	kfree(q);
}

/* With the device's lock for reading. */
static int queue_begin(struct uacce_queue *q)
{
	struct uacce_device *uacce = q->uacce;
	int ret;

	if (!uacce->ops)
		return -ENODEV;
	if (uacce_is_unsafe(uacce)) {
		if (!capable(CAP_SYS_RAWIO))
			return -EPERM;
		/* It may have come after the device. */
		ret = uacce_locked_down();
		if (ret)
			return ret;
	}
	ret = bind_mm(q);
	if (ret)
		return ret;
	if (uacce->ops->get_queue) {
		ret = uacce->ops->get_queue(uacce, q->pasid, q);
		if (ret < 0) {
			unbind_mm(q);
			return ret;
		}
	}
	set_state(q, UACCE_Q_INIT);
	mutex_lock(&uacce->queues_lock);
	list_add(&q->list, &uacce->queues);
	mutex_unlock(&uacce->queues_lock);
	return 0;
}

static int uacce_fops_open(struct inode *inode, struct file *file)
{
	struct uacce_device *uacce = container_of(inode->i_cdev,
						  struct uacce_device, cdev);
	struct uacce_queue *q;
	int ret;

	/* A kernel thread has nothing to share. */
	if (!current->mm)
		return -EINVAL;
	q = queue_alloc(uacce, file);
	if (!q)
		return -ENOMEM;
	get_device(&uacce->dev);
	down_read(&uacce->lock);
	ret = queue_begin(q);
	up_read(&uacce->lock);
	if (ret) {
		queue_free(q);
		put_device(&uacce->dev);
		return ret;
	}
	file->private_data = q;
	return nonseekable_open(inode, file);
}

static void queue_stop(struct uacce_queue *q)
{
	if (q->started && q->uacce->ops->stop_queue)
		q->uacce->ops->stop_queue(q);
	q->started = false;
}

/* What was mapped is not counted, so nobody may map it any more. */
static void queue_put(struct uacce_queue *q)
{
	if (q->uacce->ops->put_queue)
		q->uacce->ops->put_queue(q);
	unbind_mm(q);
	uacce_ss_free(q);
}

/*
 * Take all queues away from the processes, for uacce_remove(), which holds the
 * device's lock for writing.
 *
 * Page faults look at the state with its lock: those before it changes have put a
 * page into a mapping that is known to the file, where it is found; those after it
 * give the process a page of ones.  Queues opened through the same inode share its
 * mappings, so that all have to be dead first.
 */
void uacce_queues_kill(struct uacce_device *uacce)
{
	struct address_space *done = NULL;
	struct uacce_queue *q;

	list_for_each_entry(q, &uacce->queues, list)
		set_state(q, UACCE_Q_ZOMBIE);
	list_for_each_entry(q, &uacce->queues, list) {
		if (q->mapping != done)
			unmap_mapping_range(q->mapping, 0, 0, 1);
		done = q->mapping;
		wake_up_all(&q->wait);
	}
	list_for_each_entry(q, &uacce->queues, list)
		queue_stop(q);
	list_for_each_entry(q, &uacce->queues, list)
		queue_put(q);
}

/* Mappings hold the file, so there are none left. */
static int uacce_fops_release(struct inode *inode, struct file *file)
{
	struct uacce_queue *q = file->private_data;
	struct uacce_device *uacce = q->uacce;

	down_read(&uacce->lock);
	mutex_lock(&uacce->queues_lock);
	list_del(&q->list);
	mutex_unlock(&uacce->queues_lock);
	if (uacce->ops) {
		queue_stop(q);
		queue_put(q);
	}
	up_read(&uacce->lock);
	queue_free(q);
	put_device(&uacce->dev);
	return 0;
}

/* ---- ioctl ---- */

static long start_queue(struct uacce_queue *q)
{
	int ret = 0;

	if (q->state != UACCE_Q_INIT)
		return -EINVAL;
	if (q->uacce->ops->start_queue)
		ret = q->uacce->ops->start_queue(q);
	if (ret)
		return ret;
	q->started = true;
	set_state(q, UACCE_Q_STARTED);
	return 0;
}

static long stop_queue(struct uacce_queue *q)
{
	if (q->state != UACCE_Q_STARTED)
		return 0;
	set_state(q, UACCE_Q_INIT);
	queue_stop(q);
	return 0;
}

static bool is_owner(const struct uacce_queue *q)
{
	return q->mm == current->mm;
}

/* With the device's lock for reading, and the queue's for operations. */
static long queue_ioctl(struct uacce_queue *q, unsigned int cmd,
			unsigned long arg)
{
	/* With the first lock it does not become so any more. */
	if (q->state == UACCE_Q_ZOMBIE)
		return -ENXIO;
	if (!is_owner(q))
		return -EPERM;
	switch (cmd) {
	case UACCE_CMD_START_Q:
		return start_queue(q);
	case UACCE_CMD_PUT_Q:
		return stop_queue(q);
	}
	if (!q->uacce->ops->ioctl)
		return -EINVAL;
	return q->uacce->ops->ioctl(q, cmd, arg);
}

/* The process's memory is touched without a lock: it may take its time. */
static long get_ss_dma(struct uacce_queue *q, unsigned long __user *arg)
{
	unsigned long val;
	long ret;

	if (get_user(val, arg))
		return -EFAULT;
	mutex_lock(&q->state_lock);
	ret = is_valid(q) ? is_owner(q) ? uacce_ss_get_dma(q, &val) : -EPERM : -ENXIO;
	mutex_unlock(&q->state_lock);
	if (ret >= 0 && put_user(val, arg))
		return -EFAULT;
	return ret;
}

static long uacce_fops_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct uacce_queue *q = file->private_data;
	long ret;

	if (cmd == UACCE_CMD_GET_SS_DMA && uacce_is_unsafe(q->uacce))
		return get_ss_dma(q, (unsigned long __user *)arg);
	down_read(&q->uacce->lock);
	mutex_lock(&q->op_lock);
	ret = queue_ioctl(q, cmd, arg);
	mutex_unlock(&q->op_lock);
	up_read(&q->uacce->lock);
	return ret;
}

/* ---- mapping ---- */

static void uacce_vma_open(struct vm_area_struct *vma)
{
	struct uacce_region *region = vma->vm_private_data;

	mutex_lock(&region->q->state_lock);
	region->maps++;
	mutex_unlock(&region->q->state_lock);
}

static void uacce_vma_close(struct vm_area_struct *vma)
{
	struct uacce_region *region = vma->vm_private_data;
	struct uacce_queue *q = region->q;

	mutex_lock(&q->state_lock);
	if (!--region->maps) {
		q->regions[region->type] = NULL;
		kfree(region);
	}
	mutex_unlock(&q->state_lock);
}

static int region_pfn(struct uacce_region *region, unsigned long pgoff,
		      unsigned long *pfn)
{
	struct uacce_queue *q = region->q;

	if (region->type == UACCE_QFRT_SS)
		return uacce_ss_get_pfn(q, pgoff, pfn);
	return q->uacce->ops->get_pfn(q, region->type, pgoff, pfn);
}

/*
 * Pages come when they are touched, with the state lock: a mapping that is being
 * made while the device goes away must not get any that go with it.
 *
 * Once the device is gone, the mapping reads as ones, as a PCI device does that left
 * its bus, and a process is not killed for having looked.  That page is ordinary
 * memory, whatever the region was.
 */
static vm_fault_t uacce_vma_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct uacce_region *region = vma->vm_private_data;
	struct uacce_queue *q = region->q;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	unsigned long pfn;

	mutex_lock(&q->state_lock);
	if (q->state == UACCE_Q_ZOMBIE)
		ret = vmf_insert_pfn_prot(vma, vmf->address, page_to_pfn(q->grave),
					  vm_get_page_prot(vma->vm_flags));
	else if (!region_pfn(region, vmf->pgoff - region->type, &pfn))
		ret = vmf_insert_pfn(vma, vmf->address, pfn);
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
static int map_region(struct uacce_queue *q, struct vm_area_struct *vma,
		      enum uacce_qfrt type)
{
	struct uacce_region *region;
	int ret;

	if (!is_valid(q))
		return -ENXIO;
	if (q->regions[type])
		return -EEXIST;
	region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);
	if (!region)
		return -ENOMEM;
	region->q = q;
	region->type = type;
	region->maps = 1;

	if (type == UACCE_QFRT_SS)
		ret = uacce_ss_mmap(q, vma);
	else
		ret = q->uacce->ops->mmap(q, vma, type);
	if (ret) {
		kfree(region);
		return ret;
	}
	vma->vm_ops = &uacce_vm_ops;
	vma->vm_private_data = region;
	q->regions[type] = region;
	return 0;
}

static int uacce_fops_mmap(struct file *file, struct vm_area_struct *vma)
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
	if (!is_owner(q))
		return -EPERM;
	uacce_vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_WIPEONFORK |
			   VM_IO | VM_PFNMAP | VM_DONTDUMP, VM_MAYEXEC);

	mutex_lock(&q->state_lock);
	ret = map_region(q, vma, type);
	mutex_unlock(&q->state_lock);
	return ret;
}

/* ---- poll ---- */

/*
 * Drivers may tell of a result once only, and wake one of those that wait: neither is
 * for another process than the owner.  That one is told of an error, as it would
 * wait for ever.
 */
static __poll_t uacce_fops_poll(struct file *file, poll_table *wait)
{
	struct uacce_queue *q = file->private_data;
	const struct uacce_ops *ops;
	__poll_t ret = 0;

	if (is_owner(q))
		poll_wait(file, &q->wait, wait);
	/* Whoever wakes looks for us after it has changed what is read below. */
	smp_mb();
	mutex_lock(&q->state_lock);
	if (!is_valid(q)) {
		ret = EPOLLERR | EPOLLHUP;
	} else if (!is_owner(q)) {
		ret = EPOLLERR;
	} else {
		ops = q->uacce->ops;
		if (ops->is_q_updated && ops->is_q_updated(q))
			ret = EPOLLIN | EPOLLRDNORM;
	}
	mutex_unlock(&q->state_lock);
	return ret;
}

const struct file_operations uacce_fops = {
	.owner = THIS_MODULE,
	.open = uacce_fops_open,
	.release = uacce_fops_release,
	.unlocked_ioctl = uacce_fops_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = uacce_fops_mmap,
	.poll = uacce_fops_poll,
};
