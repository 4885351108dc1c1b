// SPDX-License-Identifier: GPL-2.0
/*
 * The binding of a queue to the addresses of its process.
 *
 * The IOMMU binds one process after the other, of all devices, and waits meanwhile for
 * the process's mmap_lock, which that may keep for as long as it likes: so who unbinds
 * another process waits as well, or for that one's page requests.  Neither is done
 * with a lock that somebody needs who stops a queue; where the driver may have locks
 * of its own, a work does it.  Only removing the device waits for all that, at its end, as
 * the IOMMU forgets a device that no driver has.
 */
#include <linux/iommu.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "internal.h"

#define SLOW	msecs_to_jiffies(10000)

static int bind(struct uacce_queue *q)
{
	const struct uacce_ops *ops = q->uacce->ops;
	struct iommu_sva *sva;
	int ret;

	if (!(q->uacce->flags & UACCE_DEV_SVA))
		return 0;
	if (ops->bind_mm) {
		ret = ops->bind_mm(q, q->mm);
		q->bound = !ret;
		return ret;
	}
	sva = uacce_sva_bind(q->uacce->parent, q->mm);
	if (IS_ERR(sva))
		return PTR_ERR(sva);
	q->sva = sva;
	q->pasid = iommu_sva_get_pasid(sva);
	q->bound = true;
	return 0;
}

static int check_pasid(const struct uacce_queue *q)
{
	u32 max = q->uacce->pasid_max;

	if (q->sva && q->pasid == IOMMU_PASID_INVALID)
		return -ENODEV;
	return max && q->pasid > max ? -ENOSPC : 0;
}

static void unbind(struct uacce_queue *q)
{
	const struct uacce_ops *ops = q->uacce->ops;

	if (!ops->bind_mm)
		iommu_sva_unbind_device(q->sva);
	else if (ops->unbind_mm)
		ops->unbind_mm(q);
	q->sva = NULL;
}

/* The open has failed. */
void uacce_bind_undo(struct uacce_queue *q)
{
	if (q->bound)
		unbind(q);
	q->bound = false;
}

/* By the open of the queue, which nobody else knows of yet. */
int uacce_bind(struct uacce_queue *q)
{
	int ret;

	ret = bind(q);
	if (ret)
		return ret;
	ret = check_pasid(q);
	if (ret)
		uacce_bind_undo(q);
	return ret;
}

/*
 * Whether it has become the caller's to undo the binding, by one of the two functions
 * below: from here on removing the device waits for him.  With the queue's lock for
 * operations; the device has let go of the queue.
 */
bool uacce_unbind_begin(struct uacce_queue *q)
{
	struct uacce_device *uacce = q->uacce;

	if (!q->bound)
		return false;
	q->bound = false;
	mutex_lock(&uacce->queues_lock);
	WRITE_ONCE(uacce->binding, uacce->binding + 1);
	mutex_unlock(&uacce->queues_lock);
	return true;
}

/* Without any lock. */
void uacce_unbind(struct uacce_queue *q)
{
	unbind(q);
	uacce_end(q->uacce, &q->uacce->binding);
}

/* With any lock but queues_lock. */
void uacce_unbind_later(struct uacce_queue *q)
{
	struct uacce_device *uacce = q->uacce;

	kref_get(&q->ref);
	mutex_lock(&uacce->queues_lock);
	list_add_tail(&q->unbinding, &uacce->unbinding);
	mutex_unlock(&uacce->queues_lock);
	queue_work(system_long_wq, &uacce->unbind_work);
}

static struct uacce_queue *next(struct uacce_device *uacce)
{
	struct uacce_queue *q;

	mutex_lock(&uacce->queues_lock);
	q = list_first_entry_or_null(&uacce->unbinding, struct uacce_queue,
				     unbinding);
	if (q)
		list_del_init(&q->unbinding);
	mutex_unlock(&uacce->queues_lock);
	return q;
}

/* One for all of the device's, so that it takes up one thread if it has to wait. */
static void unbind_work(struct work_struct *work)
{
	struct uacce_device *uacce = container_of(work, struct uacce_device,
						  unbind_work);
	struct uacce_queue *q;

	while ((q = next(uacce))) {
		uacce_unbind(q);
		uacce_queue_put(q);
	}
}

/*
 * The device is being removed, and all its queues were stopped: nobody begins to
 * bind or unbind a process any more.
 */
void uacce_wait_for_bindings(struct uacce_device *uacce)
{
	if (!wait_event_timeout(uacce->opened, !READ_ONCE(uacce->binding), SLOW)) {
		dev_warn(uacce->parent,
			 "removal waits for a process to be bound or unbound, which some process holds up\n");
		wait_event(uacce->opened, !READ_ONCE(uacce->binding));
	}
	/* What it does after the last one. */
	flush_work(&uacce->unbind_work);
}

void uacce_bind_init(struct uacce_device *uacce)
{
	INIT_LIST_HEAD(&uacce->unbinding);
	INIT_WORK(&uacce->unbind_work, unbind_work);
}
