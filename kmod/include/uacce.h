/* SPDX-License-Identifier: GPL-2.0 */
/*
 * uacce for drivers: a device that hands its queues to processes.
 *
 * The meaning of what is also in Linux's <linux/uacce.h> is the same.  That header
 * declares nothing but stubs where the kernel was built without its own uacce, and
 * knows no device that does not let go of memory, so this one is used always.
 *
 * A driver has WD_IMPORT_NS; in one of its files: see wd_module.h.
 */
#ifndef _WD_UACCE_H
#define _WD_UACCE_H

#include <linux/bits.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "uapi/misc/uacce/uacce.h"

#define UACCE_NAME		"uacce"
#define UACCE_MAX_NAME_SIZE	64
#define UACCE_MAX_REGION	2	/* whose size a driver sets: MMIO and DUS */
#define UACCE_REGIONS		3	/* that a queue has: SS as well */
#define UACCE_REGION_PAGES	BIT(20)	/* no region has as many */
#define UACCE_MAX_ERR_THRESHOLD	65535
#define UACCE_IOCTL_MAX		128	/* bytes of an ioctl's argument */

struct inode;
struct iommu_sva;
struct sg_table;
struct uacce_device;
struct uacce_queue;
struct uacce_region;
struct uacce_ss;

/**
 * struct uacce_ops - what a driver does for the queues of its device
 * @get_available_instances: how many queues can be opened now, or a negative errno.
 *	Any time between wd_uacce_register() and the end of wd_uacce_remove(); no
 *	locks
 * @get_queue: make a queue; @arg is its PASID, 0 without the IOMMU's SVA.  Its dus,
 *	dus_dma and dus_size are set.  Not while the device is suspended
 * @put_queue: undo @get_queue; the queue is at rest, its doorbells are not mapped any
 *	more.  Also while the device is suspended
 * @start_queue: let the device look at the rings.  Not while it is suspended
 * @begin_stop: the device shall take no more requests of this queue.  Does not wait.
 *	Once before the first @stop_queue of a queue that was started
 * @drain: wait until the device as a whole has done, or given up, what it had taken;
 *	after @begin_stop of many queues, before their @stop_queue
 * @stop_queue: 0: the device touches neither the queue's rings nor the memory of the
 *	process any more.  Negative: it may still do so; then the queue is dead for
 *	the process, but all that belongs to it stays (limbo), and this is called
 *	again after a second or more until it returns 0, or wd_uacce_quiet() comes.
 *	Only for a queue that was started.  Must not wait for the process: others
 *	may be waiting for the device
 * @is_q_updated: whether the process has something to receive; asked for the
 *	owner only, so that it may tell of each result once.  Must not block;
 *	called with the queue's state lock
 * @mmap: whether @vma is right for region @type, always MMIO, which is to check its
 *	size; may change vm_page_prot.  Maps nothing.  Called with mmap_lock and the
 *	queue's state lock
 * @get_pfn: the page frame of page @pgoff of region @type, always MMIO, for a mapping
 *	that @mmap found right.  Must stay what it is until @put_queue.  Called with
 *	the queue's state lock, while the queue is started
 * @ioctl: whatever the core does not know.  @arg: a copy of the argument, in the
 *	kernel, of _IOC_SIZE(cmd) bytes, all 0 unless @cmd has _IOC_WRITE; NULL
 *	where there are none.  If it returns 0 or more and @cmd has _IOC_READ, the
 *	copy goes back to the process.  May sleep
 * @bind_mm: for a device that is software, and reaches a process's memory by other
 *	means than the IOMMU's: take note of @mm, in place of the IOMMU; may set
 *	the pasid of @q.  A device that has this needs no memory that is contiguous
 *	or coherent: dus_dma is 0
 * @unbind_mm: undo @bind_mm; after @put_queue, and maybe in a work
 * @get_isolate_state: whether too many errors have put the device aside, or a
 *	negative errno
 * @isolate_err_threshold_write: after how many errors that happens, 0 for never
 * @isolate_err_threshold_read: the same number, or a negative errno
 *
 * All but @mmap and @get_pfn may be NULL.  Those that begin, end and change a queue
 * are never called for two at a time on the same queue.  None is called once
 * wd_uacce_remove() has returned; of queues that are in limbo then the driver may
 * forget all it knows but the memory: see there.
 */
struct uacce_ops {
	int (*get_available_instances)(struct uacce_device *uacce);
	int (*get_queue)(struct uacce_device *uacce, unsigned long arg,
			 struct uacce_queue *q);
	void (*put_queue)(struct uacce_queue *q);
	int (*start_queue)(struct uacce_queue *q);
	void (*begin_stop)(struct uacce_queue *q);
	void (*drain)(struct uacce_device *uacce);
	int (*stop_queue)(struct uacce_queue *q);
	int (*is_q_updated)(struct uacce_queue *q);
	int (*mmap)(struct uacce_queue *q, struct vm_area_struct *vma,
		    enum uacce_qfrt type);
	int (*get_pfn)(struct uacce_queue *q, enum uacce_qfrt type,
		       unsigned long pgoff, unsigned long *pfn);
	long (*ioctl)(struct uacce_queue *q, unsigned int cmd, void *arg);
	int (*bind_mm)(struct uacce_queue *q, struct mm_struct *mm);
	void (*unbind_mm)(struct uacce_queue *q);
	int (*get_isolate_state)(struct uacce_device *uacce);
	int (*isolate_err_threshold_write)(struct uacce_device *uacce, u32 num);
	u32 (*isolate_err_threshold_read)(struct uacce_device *uacce);
};

/**
 * struct uacce_interface - what wd_uacce_alloc() is told
 * @name: the device will be called so, with a number after it
 * @flags: UACCE_DEV_SVA; UACCE_DEV_NOIOMMU if the driver can do without it
 * @ops: see struct uacce_ops; must stay valid until wd_uacce_remove()
 */
struct uacce_interface {
	char name[UACCE_MAX_NAME_SIZE];
	unsigned int flags;
	const struct uacce_ops *ops;
};

enum uacce_q_state {
	UACCE_Q_ZOMBIE = 0,	/* its device is gone; not yet open */
	UACCE_Q_INIT,
	UACCE_Q_STARTED,
	UACCE_Q_DEAD,		/* of no use any more, but its device is there */
};

/**
 * struct uacce_queue - a queue: one open file, or what is left of it
 * @uacce: the device
 * @priv: the driver's
 * @wait: to be woken when the process has something to receive
 * @pasid: of the process, for the IOMMU; 0 if that has nothing to do with it
 * @mm: the address space that opened the queue, and the only one that may use
 *	it.  Only the struct is held, not what it maps
 * @dus: memory of the DUS region, clean at @get_queue, or NULL if it has no pages;
 *	the process writes to it at any time
 * @dus_dma: where the device sees it, in one piece; 0 for a device that is software
 * @dus_size: bytes
 * @ref: one of the file, one while in limbo, one of each that looks at it
 * @list: in the device's queues, while there is a file; by its queues_lock
 * @stopping: in a list of those to be stopped together; by the device's admin lock
 * @limbo: in the device's limbo; by its queues_lock, written with @op_lock, too
 * @unbinding: in the device's list of those to be unbound; by its queues_lock
 * @op_lock: serialises what begins, ends and changes the queue
 * @state_lock: protects @state and @regions
 * @state: what may be done
 * @held: the driver has it: @get_queue, and not yet @put_queue; by @op_lock
 * @started: the device looks at the rings; by @op_lock
 * @begun: @begin_stop was called; by @op_lock
 * @closed: there is no file any more; by @op_lock
 * @regions: what is mapped
 * @inode: the file's, whose mapping has no one else's pages
 * @bound: to the process's addresses, and nobody has begun to undo that; by @op_lock
 * @grave: a page to show in place of what must not be touched
 * @grave_end: in place of the last one of DUS
 * @sva: the IOMMU's handle
 * @dus_sgt: pages of @dus; NULL for a device that is software
 * @ss: memory of the SS region, by @op_lock and @state_lock, as that of the DUS region
 */
struct uacce_queue {
	struct uacce_device *uacce;
	void *priv;
	wait_queue_head_t wait;
	u32 pasid;
	struct mm_struct *mm;
	void *dus;
	dma_addr_t dus_dma;
	size_t dus_size;

	/* private: the core's */
	struct kref ref;
	struct list_head list;
	struct list_head stopping;
	struct list_head limbo;
	struct list_head unbinding;
	struct mutex op_lock;		/* begin, end, change */
	struct mutex state_lock;	/* state, regions */
	enum uacce_q_state state;
	bool held;
	bool bound;
	bool started;
	bool begun;
	bool closed;
	struct uacce_region *regions[UACCE_REGIONS];
	struct inode *inode;
	struct page *grave;
	struct page *grave_end;
	struct iommu_sva *sva;
	struct sg_table *dus_sgt;
	struct uacce_ss *ss;
};

/**
 * struct uacce_device - a device that hands out queues
 * @algs: names of algorithms, each with a newline after it
 * @api_ver: names the layout of the queue's regions
 * @ops: the driver's; NULL once wd_uacce_remove() has begun to return
 * @qf_pg_num: pages of the MMIO and the DUS region
 * @pasid_max: the largest PASID that the device can be given, 0 for any; to a process
 *	with a larger one it is ENOSPC
 * @shared_doorbells: the pages of the MMIO region are not the queue's own: who has
 *	one can ring for others, or worse.  See wd_uacce_register()
 * @dus_end: what the last two words of the DUS region read once the device is gone;
 *	ones like all before them if the driver does not say
 * @parent: the device that does the work; NULL like @ops
 * @flags: as asked for, less what cannot be had: look after wd_uacce_alloc()
 * @dev_id: the number in its name
 * @dev: of class uacce
 * @priv: the driver's
 * @cdev: the character device
 * @registered: @cdev and @dev were added
 * @admin: serialises suspending, resuming and removing the device
 * @queues_lock: protects what follows
 * @suspended: no queue can be opened or started; written with @admin, too
 * @removing: for good; written with @admin, too
 * @binding: so many queues are being opened, and their processes bound, or closed,
 *	and their processes unbound
 * @opening: so many of them bother the driver
 * @opened: to be woken when that changes
 * @queues: all that are open
 * @limbo: those that the device has not let go of
 * @n_limbo: how many
 * @limbo_delay: after so many jiffies to be asked again
 * @limbo_at: in jiffies, when @limbo_work is due if it is pending
 * @limbo_work: does that
 * @unbinding: those at rest whose processes are to be unbound
 * @unbind_work: does that
 *
 * A driver sets @algs, @api_ver, @qf_pg_num, @pasid_max, @shared_doorbells, @dus_end
 * and @priv between wd_uacce_alloc() and wd_uacce_register().
 *
 * Locks are taken in this order: @admin, op_lock of a queue, mmap_lock, state_lock of
 * that queue; @queues_lock inside op_lock.  None is held while the memory of a
 * process is touched, or a process bound or unbound, but for @admin at the end of the
 * removal.  Nobody waits with @queues_lock, so opening a queue waits for no other.
 */
struct uacce_device {
	const char *algs;
	const char *api_ver;
	const struct uacce_ops *ops;
	unsigned long qf_pg_num[UACCE_MAX_REGION];
	u32 pasid_max;
	bool shared_doorbells;
	u32 dus_end[2];
	struct device *parent;
	u32 flags;
	u32 dev_id;
	struct device dev;
	void *priv;

	/* private: the core's */
	struct cdev cdev;
	bool registered;
	struct mutex admin;		/* suspending, resuming, removing */
	struct mutex queues_lock;	/* all below */
	bool suspended;
	bool removing;
	unsigned int binding;
	unsigned int opening;
	wait_queue_head_t opened;
	struct list_head queues;
	struct list_head limbo;
	unsigned int n_limbo;
	unsigned long limbo_delay;
	unsigned long limbo_at;
	struct delayed_work limbo_work;
	struct list_head unbinding;
	struct work_struct unbind_work;
};

/*
 * All may sleep.  None may be called from an operation of struct uacce_ops, nor with a
 * lock that one of those takes.  See the functions for what they promise.
 *
 * A driver that takes its device away: wd_uacce_suspend(); make the device quiet, by a
 * reset or by taking its bus mastering away; wd_uacce_quiet(); wd_uacce_remove().
 * For a reset: wd_uacce_suspend(), the reset, wd_uacce_quiet(), wd_uacce_resume().
 */
struct uacce_device *wd_uacce_alloc(struct device *parent,
				    const struct uacce_interface *interface);
int wd_uacce_register(struct uacce_device *uacce);
void wd_uacce_remove(struct uacce_device *uacce);
void wd_uacce_suspend(struct uacce_device *uacce);
void wd_uacce_resume(struct uacce_device *uacce);
void wd_uacce_quiet(struct uacce_device *uacce);
unsigned int wd_uacce_in_limbo(struct uacce_device *uacce);

/* ---- no SVA ---- */

void *wd_uacce_ss_ptr(struct uacce_queue *q, u64 dma, size_t len);

#endif
