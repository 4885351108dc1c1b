/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of uacce share. */
#ifndef _UACCE_INTERNAL_H
#define _UACCE_INTERNAL_H

#include "uacce.h"

#define to_uacce(d)	container_of(d, struct uacce_device, dev)

/* core.c */
int uacce_locked_down(void);

/* queue.c */
extern const struct file_operations uacce_fops;
void uacce_queues_kill(struct uacce_device *uacce);

/* ss.c */
int uacce_ss_mmap(struct uacce_queue *q, struct vm_area_struct *vma);
int uacce_ss_get_pfn(struct uacce_queue *q, unsigned long pgoff,
		     unsigned long *pfn);
long uacce_ss_get_dma(struct uacce_queue *q, unsigned long *val);
void uacce_ss_free(struct uacce_queue *q);

/* sysfs.c */
extern const struct attribute_group *uacce_dev_groups[];

/* Whether processes see bus addresses, and so may reach what is not theirs. */
static inline bool uacce_is_unsafe(const struct uacce_device *uacce)
{
	return uacce->flags & (UACCE_DEV_NOIOMMU | UACCE_DEV_IOMMU);
}

#endif
