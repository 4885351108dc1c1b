/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of uacce share. */
#ifndef _UACCE_INTERNAL_H
#define _UACCE_INTERNAL_H

#include "uacce.h"
#include "wd_module.h"

#define to_uacce(d)	container_of(d, struct uacce_device, dev)

/* core.c */
int uacce_locked_down(void);

/* queue.c */
extern const struct file_operations uacce_fops;
void uacce_queue_mark(struct uacce_queue *q, enum uacce_q_state state);
void uacce_queue_mark_started(struct uacce_queue *q);
void uacce_queue_begin_stop(struct uacce_queue *q);
int uacce_queue_stop(struct uacce_queue *q);
bool uacce_queue_rest(struct uacce_queue *q);
void uacce_queue_put(struct uacce_queue *q);
void uacce_end(struct uacce_device *uacce, unsigned int *counter);

/* bind.c */
void uacce_bind_init(struct uacce_device *uacce);
int uacce_bind(struct uacce_queue *q);
void uacce_bind_undo(struct uacce_queue *q);
bool uacce_unbind_begin(struct uacce_queue *q);
void uacce_unbind(struct uacce_queue *q);
void uacce_unbind_later(struct uacce_queue *q);
void uacce_wait_for_bindings(struct uacce_device *uacce);

/* halt.c */
void uacce_halt(struct uacce_device *uacce, bool removing);

/* limbo.c */
void uacce_limbo_init(struct uacce_device *uacce);
void uacce_limbo_enter(struct uacce_queue *q);
void uacce_limbo_ask(struct uacce_device *uacce);
void uacce_limbo_rearm(struct uacce_device *uacce);
void uacce_limbo_abandon(struct uacce_device *uacce);

/* map.c */
int uacce_map_init(void);
void uacce_map_exit(void);
struct inode *uacce_map_inode(void);
int uacce_fops_mmap(struct file *file, struct vm_area_struct *vma);
void uacce_fill_graves(struct uacce_queue *q);
void uacce_zap_doorbells(struct uacce_queue *q);
void uacce_zap_all(struct uacce_queue *q);

/* dus.c */
int uacce_dus_alloc(struct uacce_queue *q);
void uacce_dus_free(struct uacce_queue *q);
unsigned long uacce_dus_pfn(const struct uacce_queue *q, unsigned long pgoff);

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

/* Whether the device is software: the CPU is on both sides of its memory. */
static inline bool uacce_is_software(const struct uacce_device *uacce)
{
	return uacce->ops->bind_mm;
}

/* Whether the process may use it. */
static inline bool uacce_queue_is_valid(const struct uacce_queue *q)
{
	return q->state == UACCE_Q_INIT || q->state == UACCE_Q_STARTED;
}

/* With the queue's lock for operations. */
static inline bool uacce_queue_in_limbo(const struct uacce_queue *q)
{
	return !list_empty(&q->limbo);
}

/* Whose memory the queue's requests name, and nobody else's. */
static inline bool uacce_queue_is_owner(const struct uacce_queue *q)
{
	return q->mm == current->mm;
}

#endif
