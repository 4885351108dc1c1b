/* SPDX-License-Identifier: GPL-2.0 */
/*
 * uacce for drivers: a device that hands its queues to processes.
 *
 * The calls and the meaning of the fields are those of Linux's <linux/uacce.h>.
 * That header declares nothing but stubs where the kernel was built without its
 * own uacce, so this one is used always.
 */
#ifndef _WD_UACCE_H
#define _WD_UACCE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "uapi/misc/uacce/uacce.h"

#define UACCE_NAME		"uacce"
#define UACCE_MAX_NAME_SIZE	64
#define UACCE_MAX_REGION	2	/* that a driver maps: MMIO and DUS */
#define UACCE_REGIONS		3	/* that a queue has: SS as well */
#define UACCE_MAX_ERR_THRESHOLD	65535

struct uacce_device;
struct uacce_queue;
struct uacce_region;
struct uacce_ss;
struct iommu_sva;

/**
 * struct uacce_ops - what a driver does for the queues of its device
 * @get_available_instances: how many queues can be opened now, or a negative errno.
 *	Any time between uacce_register() and the end of uacce_remove(); no locks
 * @get_queue: make a queue; @arg is its PASID, 0 without the IOMMU's SVA
 * @put_queue: undo @get_queue; the queue is stopped and not mapped any more
 * @start_queue: let the device look at the rings
 * @stop_queue: the opposite; when it returns the device does not touch the
 *	memory of the process any more.  Only for a queue that was started.  Must
 *	not wait for the process: others may be waiting for the device
 * @is_q_updated: whether the process has something to receive; asked for the
 *	owner only, so that it may tell of each result once.  Must not block;
 *	called with the queue's state lock
 * @mmap: whether @vma is right for region @type, which is to check its size; may
 *	change vm_page_prot.  Maps nothing.  Called with mmap_lock and the
 *	queue's state lock
 * @get_pfn: the page frame behind page @pgoff of region @type, for a mapping that
 *	@mmap found right.  Must stay what it is until @put_queue.  Called with
 *	the queue's state lock
 * @ioctl: whatever the core does not know; may sleep and touch user memory
 * @bind_mm: for a device that reaches a process's memory by other means than
 *	the IOMMU's: take note of @mm, in place of the IOMMU
 * @unbind_mm: undo @bind_mm; after @put_queue
 * @get_isolate_state: whether too many errors have put the device aside, or a
 *	negative errno
 * @isolate_err_threshold_write: after how many errors that happens, 0 for never
 * @isolate_err_threshold_read: the same number, or a negative errno
 *
 * All but @mmap and @get_pfn may be NULL.  Those that begin, end and change a queue are never
 * called for two at a time on the same queue, and all but the ones for sysfs
 * only until uacce_remove() has returned.
 */
struct uacce_ops {
	int (*get_available_instances)(struct uacce_device *uacce);
	int (*get_queue)(struct uacce_device *uacce, unsigned long arg,
			 struct uacce_queue *q);
	void (*put_queue)(struct uacce_queue *q);
	int (*start_queue)(struct uacce_queue *q);
	void (*stop_queue)(struct uacce_queue *q);
	int (*is_q_updated)(struct uacce_queue *q);
	int (*mmap)(struct uacce_queue *q, struct vm_area_struct *vma,
		    enum uacce_qfrt type);
	int (*get_pfn)(struct uacce_queue *q, enum uacce_qfrt type,
		       unsigned long pgoff, unsigned long *pfn);
	long (*ioctl)(struct uacce_queue *q, unsigned int cmd, unsigned long arg);
	int (*bind_mm)(struct uacce_queue *q, struct mm_struct *mm);
	void (*unbind_mm)(struct uacce_queue *q);
	int (*get_isolate_state)(struct uacce_device *uacce);
	int (*isolate_err_threshold_write)(struct uacce_device *uacce, u32 num);
	u32 (*isolate_err_threshold_read)(struct uacce_device *uacce);
};

/**
 * struct uacce_interface - what uacce_alloc() is told
 * @name: the device will be called so, with a number after it
 * @flags: UACCE_DEV_SVA; UACCE_DEV_NOIOMMU if the driver can do without it
 * @ops: see struct uacce_ops; must stay valid until uacce_remove()
 */
struct uacce_interface {
	char name[UACCE_MAX_NAME_SIZE];
	unsigned int flags;
	const struct uacce_ops *ops;
};

enum uacce_q_state {
	UACCE_Q_ZOMBIE = 0,	/* its device is gone */
	UACCE_Q_INIT,
	UACCE_Q_STARTED,
};

/**
 * struct uacce_queue - a queue: one open file
 * @uacce: the device
 * @priv: the driver's
 * @wait: to be woken when the process has something to receive
 * @pasid: of the process, for the IOMMU; 0 if that has nothing to do with it
 * @mm: the address space that opened the queue, and the only one that may use
 *	it.  Only the struct is held, not what it maps
 * @list: in the device's queues
 * @op_lock: serialises what begins, ends and changes the queue
 * @state_lock: protects @state and @regions
 * @state: what may be done; written with @op_lock, or the device's lock for
 *	writing, as well
 * @started: the device looks at the rings; by @op_lock, or the device's lock for
 *	writing
 * @regions: what is mapped
 * @mapping: of the file, to take the mappings away
 * @grave: a page to show in place of the device once that is gone
 * @sva: the IOMMU's handle
 * @ss: memory of the SS region; freed with the queue, by @op_lock and @state_lock
 */
struct uacce_queue {
	struct uacce_device *uacce;
	void *priv;
	wait_queue_head_t wait;
	u32 pasid;
	struct mm_struct *mm;

	/* private: the core's */
	struct list_head list;
	struct mutex op_lock;		/* begin, end, change */
	struct mutex state_lock;	/* state, regions */
	enum uacce_q_state state;
	bool started;
	struct uacce_region *regions[UACCE_REGIONS];
	struct address_space *mapping;
	struct page *grave;
	struct iommu_sva *sva;
	struct uacce_ss *ss;
};

/**
 * struct uacce_device - a device that hands out queues
 * @algs: names of algorithms, each with a newline after it
 * @api_ver: names the layout of the queue's regions
 * @ops: the driver's; NULL once uacce_remove() has begun to return
 * @qf_pg_num: pages of the MMIO and the DUS region
 * @parent: the device that does the work; NULL like @ops
 * @is_vf: it is a virtual function
 * @flags: as asked for, less what cannot be had: look after uacce_alloc()
 * @dev_id: the number in its name
 * @dev: of class uacce
 * @priv: the driver's
 * @cdev: the character device
 * @registered: @cdev and @dev were added
 * @lock: held for reading by whatever uses @ops, for writing by uacce_remove()
 * @queues_lock: protects @queues, inside @lock
 * @queues: all that are open
 *
 * A driver sets @algs, @api_ver, @qf_pg_num, @is_vf and @priv between
 * uacce_alloc() and uacce_register().
 *
 * Locks are taken in this order: @lock, op_lock of a queue, mmap_lock, state_lock
 * of that queue.  So mapping, unmapping and polling take the state lock only.
 */
struct uacce_device {
	const char *algs;
	const char *api_ver;
	const struct uacce_ops *ops;
	unsigned long qf_pg_num[UACCE_MAX_REGION];
	struct device *parent;
	bool is_vf;
	u32 flags;
	u32 dev_id;
	struct device dev;
	void *priv;

	/* private: the core's */
	struct cdev cdev;
	bool registered;
	struct rw_semaphore lock;
	struct mutex queues_lock;	/* queues */
	struct list_head queues;
};

struct uacce_device *uacce_alloc(struct device *parent,
				 const struct uacce_interface *interface);
int uacce_register(struct uacce_device *uacce);
void uacce_remove(struct uacce_device *uacce);

/* ---- no SVA ---- */

void *uacce_ss_ptr(struct uacce_queue *q, u64 dma, size_t len);

#endif
