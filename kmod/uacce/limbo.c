// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of which the device has not let go.
 *
 * All that such a queue has stays: its rings, its SS region, what the driver keeps for
 * it, and the binding to its process's addresses.  Its file can be closed.  The device
 * is asked again from time to time, until it says that the queue is at rest, or the
 * driver that the whole device is quiet.  Nothing is given back on hope: it would be
 * somebody else's memory that the device writes to.
 */
#include <linux/kmemleak.h>
#include <linux/minmax.h>
#include <linux/workqueue.h>

#include "internal.h"

#define ASK_FIRST	msecs_to_jiffies(1000)
#define ASK_AT_LEAST	msecs_to_jiffies(8000)

/* With queues_lock.  A device that is suspended is not asked. */
static void arm(struct uacce_device *uacce, unsigned long delay)
{
	unsigned long at = jiffies + delay;

	uacce->limbo_delay = delay;
	if (!uacce->n_limbo || uacce->suspended || uacce->removing)
		return;
	/* Those that have been there longer wait no longer for new ones. */
	if (delayed_work_pending(&uacce->limbo_work) &&
	    !time_after(uacce->limbo_at, at))
		return;
	uacce->limbo_at = at;
	mod_delayed_work(system_long_wq, &uacce->limbo_work, delay);
}

/* With the queue's lock for operations, after its stop has failed. */
void uacce_limbo_enter(struct uacce_queue *q)
{
	struct uacce_device *uacce = q->uacce;

	uacce_queue_mark(q, UACCE_Q_DEAD);
	kref_get(&q->ref);
	mutex_lock(&uacce->queues_lock);
	list_add_tail(&q->limbo, &uacce->limbo);
	WRITE_ONCE(uacce->n_limbo, uacce->n_limbo + 1);
	arm(uacce, ASK_FIRST);
	mutex_unlock(&uacce->queues_lock);
	dev_warn_ratelimited(uacce->parent,
			     "a queue does not come to rest; its memory is kept until it does\n");
}

/* With the queue's lock for operations: the device has let go of it. */
static void leave(struct uacce_queue *q)
{
	struct uacce_device *uacce = q->uacce;

	mutex_lock(&uacce->queues_lock);
	list_del_init(&q->limbo);
	WRITE_ONCE(uacce->n_limbo, uacce->n_limbo - 1);
	mutex_unlock(&uacce->queues_lock);
	q->started = false;
	if (uacce_queue_rest(q))
		uacce_unbind_later(q);
	uacce_queue_put(q);
}

/* One after the other: with a reference, or NULL. */
static struct uacce_queue *next(struct uacce_device *uacce)
{
	struct uacce_queue *q;

	mutex_lock(&uacce->queues_lock);
	q = list_first_entry_or_null(&uacce->limbo, struct uacce_queue, limbo);
	if (q) {
		list_move_tail(&q->limbo, &uacce->limbo);
		kref_get(&q->ref);
	}
	mutex_unlock(&uacce->queues_lock);
	return q;
}

/* @quiet: they need not be asked; @leisure: there is no hurry. */
static void visit(struct uacce_device *uacce, bool quiet, bool leisure)
{
	unsigned int n = wd_uacce_in_limbo(uacce);
	struct uacce_queue *q;

	while (n-- && !(leisure && READ_ONCE(uacce->suspended)) && (q = next(uacce))) {
		mutex_lock(&q->op_lock);
		if (uacce_queue_in_limbo(q) &&
		    (quiet || uacce->ops->stop_queue(q) >= 0))
			leave(q);
		mutex_unlock(&q->op_lock);
		uacce_queue_put(q);
	}
}

/* Once more, those that are there now. */
void uacce_limbo_ask(struct uacce_device *uacce)
{
	visit(uacce, false, false);
}

static void limbo_work(struct work_struct *work)
{
	struct uacce_device *uacce = container_of(to_delayed_work(work),
						  struct uacce_device, limbo_work);

	/* Whoever suspends it asks himself. */
	visit(uacce, false, true);
	mutex_lock(&uacce->queues_lock);
	arm(uacce, min(2 * uacce->limbo_delay, ASK_AT_LEAST));
	mutex_unlock(&uacce->queues_lock);
}

/* The device is not suspended any more.  With queues_lock. */
void uacce_limbo_rearm(struct uacce_device *uacce)
{
	arm(uacce, ASK_FIRST);
}

/* The device is about to be gone, and nobody will ever say that it is quiet. */
void uacce_limbo_abandon(struct uacce_device *uacce)
{
	struct uacce_queue *q;

	if (!uacce->n_limbo)
		return;
	dev_err(uacce->parent,
		"%u queues have not come to rest; their memory is lost until the next boot, as the device may still use it\n",
		uacce->n_limbo);
	list_for_each_entry(q, &uacce->limbo, limbo)
		kmemleak_not_leak(q);
}

void uacce_limbo_init(struct uacce_device *uacce)
{
	INIT_LIST_HEAD(&uacce->limbo);
	INIT_DELAYED_WORK(&uacce->limbo_work, limbo_work);
}

/**
 * wd_uacce_quiet() - the whole device is quiet, and stays so for queues that were stopped
 * @uacce: from wd_uacce_alloc()
 *
 * After a reset, or without bus mastering: it touches neither rings nor the memory of
 * any process for a queue that stop_queue() was called for.  All queues in limbo are
 * given back.
 */
void wd_uacce_quiet(struct uacce_device *uacce)
{
	visit(uacce, true, false);
}
WD_EXPORT_SYMBOL(wd_uacce_quiet);

/**
 * wd_uacce_in_limbo() - queues of which the device has not let go
 * @uacce: from wd_uacce_alloc()
 *
 * Return: how many there are now.
 */
unsigned int wd_uacce_in_limbo(struct uacce_device *uacce)
{
	return READ_ONCE(uacce->n_limbo);
}
WD_EXPORT_SYMBOL(wd_uacce_in_limbo);
