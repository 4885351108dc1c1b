/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels this builds for, 6.1 to 7.x.  No other file of
 * this directory looks at the version.
 */
#ifndef _UACCE_COMPAT_H
#define _UACCE_COMPAT_H

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/version.h>

/* class_create() has no module argument since 6.4. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define uacce_class_create(name)	class_create(name)
#else
#define uacce_class_create(name)	class_create(THIS_MODULE, name)
#endif

/* The flags of a mapping are not to be written directly since 6.3. */
static inline void uacce_vm_flags_mod(struct vm_area_struct *vma,
				      vm_flags_t set, vm_flags_t clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/*
 * Until 6.15 SVA is a feature to switch on for a device, as are the page faults
 * it needs, and that fails where it cannot be had.  After that binding does it, and
 * tells; but it takes a process, while the mode is chosen when there is none.  So
 * look for what binding asks for: PASIDs, of the device and of its IOMMU, which the
 * kernel has made one number of, and an IOMMU that knows how to share an address
 * space.  Without those it always fails, and the device must not be thought
 * capable.
 */
static inline int uacce_sva_enable(struct device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#ifdef CONFIG_IOMMU_SVA
	const struct dev_iommu *iommu = dev->iommu;

	if (iommu && iommu->iommu_dev && iommu->max_pasids &&
	    iommu->iommu_dev->ops->domain_alloc_sva)
		return 0;
#endif
	return -EOPNOTSUPP;
#else
	int ret = iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF);

	if (ret)
		return ret;
	ret = iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA);
	if (ret)
		iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF);
	return ret;
#endif
}

static inline void uacce_sva_disable(struct device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA);
	iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF);
#endif
}

/* The third argument went away in 6.2. */
static inline struct iommu_sva *uacce_sva_bind(struct device *dev,
					       struct mm_struct *mm)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return iommu_sva_bind_device(dev, mm);
#else
	return iommu_sva_bind_device(dev, mm, NULL);
#endif
}

#endif
