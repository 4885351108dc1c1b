// SPDX-License-Identifier: GPL-2.0
/*
 * Stopping all queues of a device: because it is suspended, or because it is removed.
 *
 * First all are marked and their doorbells taken out of sight, which waits for nobody;
 * then they are stopped, together.  No lock is held that somebody takes who opens,
 * closes or uses another queue: a device that is slow holds up itself.
 */
#include <linux/fs.h>
#include <linux/wait.h>

#include "internal.h"

/* Nobody begins to open a queue, and those that have begun have ended. */
static void close_door(struct uacce_device *uacce, bool removing)
{
	mutex_lock(&uacce->queues_lock);
	WRITE_ONCE(uacce->suspended, true);
	if (removing)
		uacce->removing = true;
	mutex_unlock(&uacce->queues_lock);
	wait_event(uacce->opened, !READ_ONCE(uacce->opening));
}

/* All that have a file, each with references to what may be closed meanwhile. */
static void collect(struct uacce_device *uacce, struct list_head *queues)
{
	struct uacce_queue *q;

	mutex_lock(&uacce->queues_lock);
	list_for_each_entry(q, &uacce->queues, list) {
		kref_get(&q->ref);
		ihold(q->inode);
		list_add_tail(&q->stopping, queues);
	}
	mutex_unlock(&uacce->queues_lock);
}

/* Whether there was any that the device may be busy with. */
static bool begin_all(struct list_head *queues)
{
	struct uacce_queue *q;
	bool any = false;

	list_for_each_entry(q, queues, stopping) {
		mutex_lock(&q->op_lock);
		if (q->started && !uacce_queue_in_limbo(q)) {
			uacce_queue_begin_stop(q);
			any = true;
		}
		mutex_unlock(&q->op_lock);
	}
	return any;
}

/* Those that have not begun stay, if the device does. */
static void end_one(struct uacce_queue *q)
{
	if (uacce_queue_in_limbo(q) || uacce_queue_stop(q))
		return;
	if (!uacce_queue_is_valid(q) && uacce_queue_rest(q))
		uacce_unbind_later(q);
}

static void end_all(struct list_head *queues)
{
	struct uacce_queue *q, *next;

	list_for_each_entry_safe(q, next, queues, stopping) {
		mutex_lock(&q->op_lock);
		end_one(q);
		mutex_unlock(&q->op_lock);
		list_del_init(&q->stopping);
		iput(q->inode);
		uacce_queue_put(q);
	}
}

/* With the admin lock. */
void uacce_halt(struct uacce_device *uacce, bool removing)
{
	bool was_suspended = uacce->suspended;
	struct uacce_queue *q;
	LIST_HEAD(queues);

	close_door(uacce, removing);
	collect(uacce, &queues);
	list_for_each_entry(q, &queues, stopping) {
		if (removing)
			uacce_queue_mark(q, UACCE_Q_ZOMBIE);
		else
			uacce_queue_mark_started(q);
	}
	cancel_delayed_work_sync(&uacce->limbo_work);
	if (begin_all(&queues) && uacce->ops->drain)
		uacce->ops->drain(uacce);
	/* A chance for those that were not asked for some time. */
	if (!was_suspended)
		uacce_limbo_ask(uacce);
	end_all(&queues);
}

/**
 * wd_uacce_suspend() - stop all queues of a device that will come back
 * @uacce: from wd_uacce_alloc(); may be suspended, and not be registered
 *
 * From now on opening and starting a queue fail with -EBUSY.  Queues that were started
 * are stopped, and dead: calls fail with -ENXIO, whoever polls is told; their
 * rings can still be read.  Those that were not can be started after
 * wd_uacce_resume().  The driver goes on to be called for queues that are closed.
 *
 * Some queues may be in limbo then: see wd_uacce_in_limbo() and wd_uacce_quiet().
 */
void wd_uacce_suspend(struct uacce_device *uacce)
{
	mutex_lock(&uacce->admin);
	uacce_halt(uacce, false);
	mutex_unlock(&uacce->admin);
}
WD_EXPORT_SYMBOL(wd_uacce_suspend);

/**
 * wd_uacce_resume() - the opposite of wd_uacce_suspend()
 * @uacce: from wd_uacce_alloc()
 */
void wd_uacce_resume(struct uacce_device *uacce)
{
	mutex_lock(&uacce->admin);
	mutex_lock(&uacce->queues_lock);
	WRITE_ONCE(uacce->suspended, false);
	uacce_limbo_rearm(uacce);
	mutex_unlock(&uacce->queues_lock);
	mutex_unlock(&uacce->admin);
}
WD_EXPORT_SYMBOL(wd_uacce_resume);
