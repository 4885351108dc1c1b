// SPDX-License-Identifier: GPL-2.0
/*
 * uacce devices: from uacce_alloc() to uacce_remove().
 *
 * What an open file does is in queue.c, what sysfs shows in sysfs.c, memory for
 * devices without shared virtual addressing (SVA) in ss.c.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "compat.h"
#include "internal.h"

static bool unsafe_no_sva;
module_param(unsafe_no_sva, bool, 0444);
MODULE_PARM_DESC(unsafe_no_sva,
		 "UNSAFE: hand out queues of devices that take bus addresses; whoever opens one (CAP_SYS_RAWIO) can read and write all memory");

static struct class *uacce_class;
static dev_t uacce_devt;
static DEFINE_XARRAY_ALLOC(uacce_ids);

/* A locked down kernel is kept from root, too, and so is its memory. */
int uacce_locked_down(void)
{
	return security_locked_down(LOCKDOWN_DEV_MEM);
}

static void uacce_release(struct device *dev)
{
	kfree(to_uacce(dev));
}

/*
 * Without SVA a process names bus addresses, and nothing keeps it from naming
 * those of others.
 */
static u32 allow_unsafe(struct device *parent)
{
	struct iommu_domain *domain;

	if (!unsafe_no_sva)
		return 0;
	if (uacce_locked_down()) {
		dev_warn(parent, "unsafe_no_sva: refused, as the kernel is locked down\n");
		return 0;
	}
	dev_warn(parent, "unsafe_no_sva: queues take bus addresses; they give access to all memory\n");
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	domain = iommu_get_domain_for_dev(parent);
	if (domain && domain->type & __IOMMU_DOMAIN_PAGING)
		return UACCE_DEV_IOMMU;
	return UACCE_DEV_NOIOMMU;
}

static u32 choose_mode(struct device *parent,
		       const struct uacce_interface *interface)
{
	if (interface->flags & UACCE_DEV_SVA) {
		if (interface->ops->bind_mm || !uacce_sva_enable(parent))
			return UACCE_DEV_SVA;
		dev_info(parent, "no shared virtual addressing\n");
	}
	if (interface->flags & UACCE_DEV_NOIOMMU)
		return allow_unsafe(parent);
	return 0;
}

static void leave_mode(struct uacce_device *uacce, struct device *parent,
		       const struct uacce_ops *ops)
{
	if (uacce->flags & UACCE_DEV_SVA && !ops->bind_mm)
		uacce_sva_disable(parent);
}

/**
 * uacce_alloc() - make a device, not yet to be seen
 * @parent: the device that does the work
 * @interface: see struct uacce_interface
 *
 * The flags of the result say which of the wishes could be had.
 *
 * Return: the device, to be given to uacce_remove() whatever becomes of it, or an
 * ERR_PTR: -EINVAL, -ENOMEM, -EBUSY without a free number.
 */
struct uacce_device *uacce_alloc(struct device *parent,
				 const struct uacce_interface *interface)
{
	struct uacce_device *uacce;
	int ret;

	if (!parent || !interface || !interface->ops || !interface->name[0])
		return ERR_PTR(-EINVAL);
	uacce = kzalloc(sizeof(*uacce), GFP_KERNEL);
	if (!uacce)
		return ERR_PTR(-ENOMEM);
	ret = xa_alloc(&uacce_ids, &uacce->dev_id, uacce,
		       XA_LIMIT(0, MINORMASK - 1), GFP_KERNEL);
	if (ret) {
		kfree(uacce);
		return ERR_PTR(ret);
	}

	uacce->parent = parent;
	uacce->ops = interface->ops;
	init_rwsem(&uacce->lock);
	mutex_init(&uacce->queues_lock);
	INIT_LIST_HEAD(&uacce->queues);
	device_initialize(&uacce->dev);
	uacce->dev.devt = MKDEV(MAJOR(uacce_devt), uacce->dev_id);
	uacce->dev.class = uacce_class;
	uacce->dev.groups = uacce_dev_groups;
	uacce->dev.parent = parent;
	uacce->dev.release = uacce_release;
	ret = dev_set_name(&uacce->dev, "%.*s-%u", UACCE_MAX_NAME_SIZE - 12,
			   interface->name, uacce->dev_id);
	if (ret) {
		xa_erase(&uacce_ids, uacce->dev_id);
		put_device(&uacce->dev);
		return ERR_PTR(ret);
	}
	uacce->flags = choose_mode(parent, interface);
	return uacce;
}
EXPORT_SYMBOL_GPL(uacce_alloc);

/**
 * uacce_register() - let processes see the device, and open its queues
 * @uacce: from uacce_alloc()
 *
 * Return: 0; -EINVAL for NULL, or without @mmap or @get_pfn; -EOPNOTSUPP if the device
 * could neither share the process's address space nor was the unsafe mode
 * allowed, by its parameter and the kernel's lockdown; or why there could be no
 * character device.  Either way uacce_remove() has to follow.
 */
int uacce_register(struct uacce_device *uacce)
{
	int ret;

	if (!uacce || !uacce->ops || !uacce->ops->mmap || !uacce->ops->get_pfn ||
	    uacce->registered)
		return -EINVAL;
	if (!uacce->flags) {
		dev_info(uacce->parent, "no queues for processes: see the parameter unsafe_no_sva of uacce\n");
		return -EOPNOTSUPP;
	}
	cdev_init(&uacce->cdev, &uacce_fops);
	uacce->cdev.owner = THIS_MODULE;
	ret = cdev_device_add(&uacce->cdev, &uacce->dev);
	if (ret)
		return ret;
	uacce->registered = true;
	return 0;
}
EXPORT_SYMBOL_GPL(uacce_register);

/**
 * uacce_remove() - take the device away from everybody
 * @uacce: from uacce_alloc(), or NULL
 *
 * Queues may be open and busy: they are stopped, their mappings show a page of
 * ones from then on, calls fail with -ENXIO, whoever polls is told.  On return no
 * operation of the driver is called any more.  The files can be closed at any
 * later time.
 */
void uacce_remove(struct uacce_device *uacce)
{
	if (!uacce)
		return;
	down_write(&uacce->lock);
	uacce_queues_kill(uacce);
	if (uacce->registered)
		cdev_device_del(&uacce->cdev, &uacce->dev);
	leave_mode(uacce, uacce->parent, uacce->ops);
	xa_erase(&uacce_ids, uacce->dev_id);
	uacce->ops = NULL;
	uacce->parent = NULL;
	up_write(&uacce->lock);
	put_device(&uacce->dev);
}
EXPORT_SYMBOL_GPL(uacce_remove);

static int __init uacce_init(void)
{
	int ret;

	uacce_class = uacce_class_create(UACCE_NAME);
	if (IS_ERR(uacce_class))
		return PTR_ERR(uacce_class);
	ret = alloc_chrdev_region(&uacce_devt, 0, MINORMASK, UACCE_NAME);
	if (ret)
		class_destroy(uacce_class);
	return ret;
}

static void __exit uacce_exit(void)
{
	unregister_chrdev_region(uacce_devt, MINORMASK);
	class_destroy(uacce_class);
	xa_destroy(&uacce_ids);
}

subsys_initcall(uacce_init);
module_exit(uacce_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Accelerator queues for processes");
