// SPDX-License-Identifier: GPL-2.0
/*
 * uacce devices: from wd_uacce_alloc() to wd_uacce_remove().
 *
 * What an open file does is in queue.c, what it maps in map.c, how all of a device's
 * are stopped in halt.c, what sysfs shows in sysfs.c, memory in dus.c and ss.c, the
 * IOMMU's part in bind.c.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/dma-map-ops.h>
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

static bool unsafe_shared_doorbells;
module_param(unsafe_shared_doorbells, bool, 0444);
MODULE_PARM_DESC(unsafe_shared_doorbells,
		 "UNSAFE: hand out queues of devices whose queues share pages of registers; whoever opens one (CAP_SYS_RAWIO) can use, and upset, those of others");

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

/* ---- who may have queues ---- */

/* Whether the parameter @name may be obeyed, which the kernel will not forget. */
static bool allow_unsafe(struct device *parent, const char *name,
			 const char *what)
{
	if (uacce_locked_down()) {
		dev_warn(parent, "%s: refused, as the kernel is locked down\n", name);
		return false;
	}
	dev_warn(parent, "%s: %s\n", name, what);
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	return true;
}

/*
 * Without SVA a process names bus addresses, and nothing keeps it from naming
 * those of others.
 */
static u32 choose_unsafe(struct device *parent)
{
	struct iommu_domain *domain;

	if (!unsafe_no_sva ||
	    !allow_unsafe(parent, "unsafe_no_sva",
			  "queues take bus addresses; they give access to all memory"))
		return 0;
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
		return choose_unsafe(parent);
	return 0;
}

/* Queues that never came to rest are bound for good. */
static void leave_mode(struct uacce_device *uacce)
{
	if (uacce->flags & UACCE_DEV_SVA && !uacce_is_software(uacce) &&
	    !uacce->n_limbo)
		uacce_sva_disable(uacce->parent);
}

static int check_mode(const struct uacce_device *uacce)
{
	if (uacce->flags)
		return 0;
	dev_info(uacce->parent,
		 "no queues for processes: see the parameter unsafe_no_sva of wd_uacce\n");
	return -EOPNOTSUPP;
}

/* Who can reach all memory is not kept from it by doorbells. */
static int check_doorbells(const struct uacce_device *uacce)
{
	if (!uacce->shared_doorbells || uacce_is_unsafe(uacce))
		return 0;
	if (!unsafe_shared_doorbells) {
		dev_info(uacce->parent,
			 "no queues for processes, as they would share registers: see the parameter unsafe_shared_doorbells of wd_uacce\n");
		return -EOPNOTSUPP;
	}
	return allow_unsafe(uacce->parent, "unsafe_shared_doorbells",
			    "queues share registers; each can upset the others and the device") ?
	       0 : -EOPNOTSUPP;
}

/* Nobody would tell the caches what the device wrote to the rings. */
static int check_coherence(const struct uacce_device *uacce)
{
	if (uacce_is_software(uacce) || dev_is_dma_coherent(uacce->parent))
		return 0;
	dev_info(uacce->parent,
		 "no queues for processes: the device is not coherent with the caches\n");
	return -EOPNOTSUPP;
}

static bool is_complete(const struct uacce_device *uacce)
{
	const struct uacce_ops *ops = uacce->ops;

	return ops && ops->mmap && ops->get_pfn &&
	       uacce->qf_pg_num[UACCE_QFRT_MMIO] < UACCE_REGION_PAGES &&
	       uacce->qf_pg_num[UACCE_QFRT_DUS] < UACCE_REGION_PAGES;
}

/* ---- what drivers call ---- */

static int name_device(struct uacce_device *uacce, const char *name)
{
	return dev_set_name(&uacce->dev, "%.*s-%u", UACCE_MAX_NAME_SIZE - 12,
			    name, uacce->dev_id);
}

static void init_device(struct uacce_device *uacce, struct device *parent)
{
	uacce->parent = parent;
	mutex_init(&uacce->admin);
	mutex_init(&uacce->queues_lock);
	init_waitqueue_head(&uacce->opened);
	INIT_LIST_HEAD(&uacce->queues);
	uacce_limbo_init(uacce);
	uacce_bind_init(uacce);
	memset(uacce->dus_end, 0xff, sizeof(uacce->dus_end));
	device_initialize(&uacce->dev);
	uacce->dev.devt = MKDEV(MAJOR(uacce_devt), uacce->dev_id);
	uacce->dev.class = uacce_class;
	uacce->dev.groups = uacce_dev_groups;
	uacce->dev.parent = parent;
	uacce->dev.release = uacce_release;
}

/**
 * wd_uacce_alloc() - make a device, not yet to be seen
 * @parent: the device that does the work
 * @interface: see struct uacce_interface
 *
 * The flags of the result say which of the wishes could be had.
 *
 * Return: the device, to be given to wd_uacce_remove() whatever becomes of it, or an
 * ERR_PTR: -EINVAL, -ENOMEM, -EBUSY without a free number.
 */
struct uacce_device *wd_uacce_alloc(struct device *parent,
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

	uacce->ops = interface->ops;
	init_device(uacce, parent);
	ret = name_device(uacce, interface->name);
	if (ret) {
		xa_erase(&uacce_ids, uacce->dev_id);
		put_device(&uacce->dev);
		return ERR_PTR(ret);
	}
	uacce->flags = choose_mode(parent, interface);
	return uacce;
}
WD_EXPORT_SYMBOL(wd_uacce_alloc);

/**
 * wd_uacce_register() - let processes see the device, and open its queues
 * @uacce: from wd_uacce_alloc(); may be suspended
 *
 * Return: 0; -EINVAL for NULL, without @mmap or @get_pfn, or with regions too large;
 * -EOPNOTSUPP if the device could neither share the process's address space nor was
 * the unsafe mode allowed, by its parameter and the kernel's lockdown; the same if
 * queues share doorbells, unless that mode is on, or a parameter allows it (then for
 * CAP_SYS_RAWIO, and not if the kernel is locked down); and if the device is not
 * coherent with the caches; or why there could be no character device.  Each time the
 * log says why.  Either way wd_uacce_remove() has to follow.
 */
int wd_uacce_register(struct uacce_device *uacce)
{
	int ret;

	if (!uacce || uacce->registered || !is_complete(uacce))
		return -EINVAL;
	ret = check_mode(uacce);
	if (!ret)
		ret = check_coherence(uacce);
	if (!ret)
		ret = check_doorbells(uacce);
	if (ret)
		return ret;
	cdev_init(&uacce->cdev, &uacce_fops);
	uacce->cdev.owner = THIS_MODULE;
	ret = cdev_device_add(&uacce->cdev, &uacce->dev);
	if (ret)
		return ret;
	uacce->registered = true;
	return 0;
}
WD_EXPORT_SYMBOL(wd_uacce_register);

/**
 * wd_uacce_remove() - take the device away from everybody
 * @uacce: from wd_uacce_alloc(), or NULL; may be suspended
 *
 * Queues may be open and busy: they are stopped, their mappings show pages of
 * ones from then on (but for dus_end), calls fail with -ENXIO, whoever polls is told.  On return no
 * operation of the driver is called any more.  The files can be closed at any
 * later time.  Last of all it waits for processes that are just being bound to the
 * device's IOMMU, or unbound, which a process can hold up.
 *
 * What is in limbo at the end stays as it is until the next boot: memory, bindings and
 * what get_queue() has made, but for what only the driver and the device know of, such
 * as numbers, which may be forgotten.  To avoid it see wd_uacce_quiet().
 */
void wd_uacce_remove(struct uacce_device *uacce)
{
	if (!uacce)
		return;
	mutex_lock(&uacce->admin);
	uacce_halt(uacce, true);
	uacce_limbo_abandon(uacce);
	if (uacce->registered)
		cdev_device_del(&uacce->cdev, &uacce->dev);
	uacce_wait_for_bindings(uacce);
	leave_mode(uacce);
	xa_erase(&uacce_ids, uacce->dev_id);
	WRITE_ONCE(uacce->ops, NULL);
	uacce->parent = NULL;
	mutex_unlock(&uacce->admin);
	put_device(&uacce->dev);
}
WD_EXPORT_SYMBOL(wd_uacce_remove);

/* ---- the module ---- */

/*
 * There can be one class of that name.  Asked for by a symbol, as making the class
 * would be answered by a warning.
 */
static bool linux_has_its_own(void)
{
	if (!__symbol_get("uacce_alloc"))
		return false;
	__symbol_put("uacce_alloc");
	return true;
}

static int __init uacce_init(void)
{
	int ret;

	if (linux_has_its_own()) {
		pr_err("the kernel's own uacce is there: use its drivers, or unload them and it (rmmod hisi_zip hisi_qm uacce) and load this again\n");
		return -EBUSY;
	}
	ret = uacce_map_init();
	if (ret)
		return ret;
	uacce_class = uacce_class_create(UACCE_NAME);
	if (IS_ERR(uacce_class)) {
		ret = PTR_ERR(uacce_class);
		goto err_map;
	}
	ret = alloc_chrdev_region(&uacce_devt, 0, MINORMASK, UACCE_NAME);
	if (ret)
		goto err_class;
	return 0;

err_class:
	class_destroy(uacce_class);
err_map:
	uacce_map_exit();
	return ret;
}

static void __exit uacce_exit(void)
{
	unregister_chrdev_region(uacce_devt, MINORMASK);
	class_destroy(uacce_class);
	uacce_map_exit();
	xa_destroy(&uacce_ids);
}

subsys_initcall(uacce_init);
module_exit(uacce_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(WD_MODULE_VERSION);
MODULE_DESCRIPTION("Accelerator queues for processes");
