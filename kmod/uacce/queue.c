// SPDX-License-Identifier: GPL-2.0
/*
 * Queue files: open, start and stop, poll, close.
 *
 * What is mapped is in map.c, how the process's addresses are shared in bind.c.  Queues
 * of which the device has not let go outlive their files: see limbo.c.  What is left of
 * them all when the device goes away: halt.c.
 *
 * A queue with SVA acts on the address space that opened it.  No other may use it,
 * whoever got hold of the descriptor: it would read and write its opener's memory.
 *
 * Lock order: see struct uacce_device.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

/* From one state, in which it must be, to another; whether it was in the first. */
static bool change_state(struct uacce_queue *q, enum uacce_q_state from,
			 enum uacce_q_state to)
{
	bool was;

	mutex_lock(&q->state_lock);
	was = q->state == from;
	if (was)
		WRITE_ONCE(q->state, to);
	mutex_unlock(&q->state_lock);
	return was;
}

/* ---- what a queue has ---- */

static void free_graves(struct uacce_queue *q)
{
	if (q->grave)
		put_page(q->grave);
	if (q->grave_end)
		put_page(q->grave_end);
}

static struct uacce_queue *queue_alloc(struct uacce_device *uacce)
{
	struct uacce_queue *q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);

	if (!q)
		return NULL;
	/* There may be no memory for it when it is needed. */
	q->grave = alloc_page(GFP_KERNEL_ACCOUNT);
	q->grave_end = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!q->grave || !q->grave_end)
		goto err_graves;
	q->inode = uacce_map_inode();
	if (IS_ERR(q->inode))
		goto err_graves;
	q->uacce = uacce;
	uacce_fill_graves(q);
	get_device(&uacce->dev);
	q->mm = current->mm;
	mmgrab(q->mm);
	kref_init(&q->ref);
	mutex_init(&q->op_lock);
	mutex_init(&q->state_lock);
	init_waitqueue_head(&q->wait);
	INIT_LIST_HEAD(&q->list);
	INIT_LIST_HEAD(&q->stopping);
	INIT_LIST_HEAD(&q->limbo);
	INIT_LIST_HEAD(&q->unbinding);
	return q;

err_graves:
	free_graves(q);
	kfree(q);
	return NULL;
}

static void queue_free(struct kref *ref)
{
	struct uacce_queue *q = container_of(ref, struct uacce_queue, ref);

	mmdrop(q->mm);
	free_graves(q);
	put_device(&q->uacce->dev);
	kfree(q);
}

void uacce_queue_put(struct uacce_queue *q)
{
	kref_put(&q->ref, queue_free);
}

/* Nobody maps it any more, or sees it if he does. */
static void free_memory(struct uacce_queue *q)
{
	mutex_lock(&q->state_lock);
	uacce_ss_free(q);
	uacce_dus_free(q);
	mutex_unlock(&q->state_lock);
}

/*
 * The device has let go of the queue: so does the driver.  With the queue's lock for
 * operations.  Its owner may still read in the rings how far they had come.
 *
 * Return: whether the caller has to see to it that the process is unbound.  That may
 * mean to wait for any process, which nobody does with this lock: see bind.c.
 */
bool uacce_queue_rest(struct uacce_queue *q)
{
	if (q->held && q->uacce->ops->put_queue)
		q->uacce->ops->put_queue(q);
	q->held = false;
	if (!q->closed && READ_ONCE(q->state) != UACCE_Q_ZOMBIE)
		return false;
	free_memory(q);
	return uacce_unbind_begin(q);
}

/* ---- open and close ---- */

/* Requests that bus addresses, or others' doorbells, come with. */
static int check_privilege(const struct uacce_device *uacce)
{
	if (!uacce_is_unsafe(uacce) && !uacce->shared_doorbells)
		return 0;
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	/* It may have come after the device. */
	return uacce_locked_down();
}

/*
 * What begins has to end: removing the device waits, at its end, for those who bind
 * their processes, suspending it only for those who bother its driver.
 */
static int begin(struct uacce_device *uacce, unsigned int *counter)
{
	int ret = 0;

	mutex_lock(&uacce->queues_lock);
	if (uacce->removing)
		ret = -ENODEV;
	else if (uacce->suspended)
		ret = -EBUSY;
	else
		WRITE_ONCE(*counter, *counter + 1);
	mutex_unlock(&uacce->queues_lock);
	return ret;
}

void uacce_end(struct uacce_device *uacce, unsigned int *counter)
{
	mutex_lock(&uacce->queues_lock);
	WRITE_ONCE(*counter, *counter - 1);
	mutex_unlock(&uacce->queues_lock);
	wake_up_all(&uacce->opened);
}

static int get_queue(struct uacce_queue *q)
{
	struct uacce_device *uacce = q->uacce;
	int ret;

	ret = begin(uacce, &uacce->opening);
	if (ret)
		return ret;
	if (uacce->ops->get_queue)
		ret = uacce->ops->get_queue(uacce, q->pasid, q);
	if (ret >= 0) {
		q->held = true;
		change_state(q, UACCE_Q_ZOMBIE, UACCE_Q_INIT);
		mutex_lock(&uacce->queues_lock);
		list_add_tail(&q->list, &uacce->queues);
		mutex_unlock(&uacce->queues_lock);
		ret = 0;
	}
	/* From here on it may die. */
	uacce_end(uacce, &uacce->opening);
	return ret;
}

static int queue_begin(struct uacce_queue *q)
{
	int ret;

	ret = check_privilege(q->uacce);
	if (ret)
		return ret;
	ret = uacce_dus_alloc(q);
	if (ret)
		return ret;
	ret = uacce_bind(q);
	if (ret)
		goto err_memory;
	ret = get_queue(q);
	if (ret)
		goto err_unbind;
	return 0;

err_unbind:
	uacce_bind_undo(q);
err_memory:
	free_memory(q);
	return ret;
}

static int uacce_fops_open(struct inode *inode, struct file *file)
{
	struct uacce_device *uacce = container_of(inode->i_cdev,
						  struct uacce_device, cdev);
	struct uacce_queue *q;
	int ret;

	/* A kernel thread has nothing to share. */
	if (!current->mm)
		return -EINVAL;
	q = queue_alloc(uacce);
	if (!q)
		return -ENOMEM;
	ret = begin(uacce, &uacce->binding);
	if (ret)
		goto err_put;
	ret = queue_begin(q);
	uacce_end(uacce, &uacce->binding);
	if (ret)
		goto err_put;
	file->private_data = q;
	file->f_mapping = q->inode->i_mapping;
	return nonseekable_open(inode, file);

err_put:
	iput(q->inode);
	uacce_queue_put(q);
	return ret;
}

/*
 * Mappings hold the file, so there are none left.  The queue is in the device's list
 * until it is in limbo, or its end is counted: either is what removing the device finds.
 */
static int uacce_fops_release(struct inode *inode, struct file *file)
{
	struct uacce_queue *q = file->private_data;
	struct uacce_device *uacce = q->uacce;
	bool bound = false;

	mutex_lock(&q->op_lock);
	q->closed = true;
	if (!uacce_queue_in_limbo(q) && !uacce_queue_stop(q))
		bound = uacce_queue_rest(q);
	mutex_lock(&uacce->queues_lock);
	list_del(&q->list);
	mutex_unlock(&uacce->queues_lock);
	mutex_unlock(&q->op_lock);

	if (bound)
		uacce_unbind(q);
	file->f_mapping = inode->i_mapping;
	iput(q->inode);
	uacce_queue_put(q);
	return 0;
}

/* ---- start and stop ---- */

/*
 * Nobody uses the queue any more.  Without the lock for operations: who starts or
 * stops it may be slow.
 */
void uacce_queue_mark(struct uacce_queue *q, enum uacce_q_state state)
{
	mutex_lock(&q->state_lock);
	if (q->state != UACCE_Q_ZOMBIE)
		WRITE_ONCE(q->state, state);
	mutex_unlock(&q->state_lock);
	if (state == UACCE_Q_ZOMBIE)
		uacce_zap_all(q);
	else
		uacce_zap_doorbells(q);
	wake_up_all(&q->wait);
}

/* The same, if it was started: others will do when the device is back. */
void uacce_queue_mark_started(struct uacce_queue *q)
{
	if (!change_state(q, UACCE_Q_STARTED, UACCE_Q_DEAD))
		return;
	uacce_zap_doorbells(q);
	wake_up_all(&q->wait);
}

/* The doorbells are out of sight.  With the queue's lock for operations. */
void uacce_queue_begin_stop(struct uacce_queue *q)
{
	if (!q->started || q->begun)
		return;
	q->begun = true;
	if (q->uacce->ops->begin_stop)
		q->uacce->ops->begin_stop(q);
}

/* The same.  If the device does not let go of the queue, that is in limbo then. */
int uacce_queue_stop(struct uacce_queue *q)
{
	const struct uacce_ops *ops;
	int ret = 0;

	if (!q->started)
		return 0;
	ops = q->uacce->ops;
	uacce_queue_begin_stop(q);
	if (ops->stop_queue)
		ret = ops->stop_queue(q);
	if (ret < 0) {
		uacce_limbo_enter(q);
		return ret;
	}
	q->started = false;
	return 0;
}

/*
 * Who suspends or removes the device has said so before looking at the state of its
 * queues.  So either that is seen here, or STARTED is seen there.
 */
static bool becomes_started(struct uacce_queue *q)
{
	bool ok;

	mutex_lock(&q->state_lock);
	ok = q->state == UACCE_Q_INIT && !READ_ONCE(q->uacce->suspended);
	if (ok)
		WRITE_ONCE(q->state, UACCE_Q_STARTED);
	else if (q->state == UACCE_Q_INIT)
		WRITE_ONCE(q->state, UACCE_Q_DEAD);
	mutex_unlock(&q->state_lock);
	return ok;
}

static long start_queue(struct uacce_queue *q)
{
	int ret = 0;

	if (READ_ONCE(q->state) != UACCE_Q_INIT)
		return -EINVAL;
	if (READ_ONCE(q->uacce->suspended))
		return -EBUSY;
	if (q->uacce->ops->start_queue)
		ret = q->uacce->ops->start_queue(q);
	if (ret)
		return ret;
	q->started = true;
	q->begun = false;
	/* If not, it is stopped by who has marked it, or would have. */
	if (!becomes_started(q)) {
		wake_up_all(&q->wait);
		return -ENXIO;
	}
	/* What was touched too early. */
	uacce_zap_doorbells(q);
	return 0;
}

static long stop_queue(struct uacce_queue *q)
{
	if (!change_state(q, UACCE_Q_STARTED, UACCE_Q_INIT))
		return 0;
	uacce_zap_doorbells(q);
	return uacce_queue_stop(q);
}

/* ---- ioctl ---- */

/* Without a lock; whoever waited for one has to ask again. */
static int may_call(const struct uacce_queue *q)
{
	enum uacce_q_state state = READ_ONCE(q->state);

	if (state == UACCE_Q_ZOMBIE || state == UACCE_Q_DEAD)
		return -ENXIO;
	return uacce_queue_is_owner(q) ? 0 : -EPERM;
}

/* With the queue's lock for operations: while it is not dead, there are @ops. */
static long queue_ioctl(struct uacce_queue *q, unsigned int cmd, void *arg)
{
	int ret = may_call(q);

	/* Who asks wants to know whether the device has let go of it. */
	if (ret == -ENXIO && cmd == UACCE_CMD_PUT_Q && q->started)
		return -EBUSY;
	if (ret)
		return ret;
	switch (cmd) {
	case UACCE_CMD_START_Q:
		return start_queue(q);
	case UACCE_CMD_PUT_Q:
		return stop_queue(q);
	}
	if (!q->uacce->ops->ioctl)
		return -EINVAL;
	return q->uacce->ops->ioctl(q, cmd, arg);
}

/* The process's memory is touched without a lock: it may take its time. */
static long get_ss_dma(struct uacce_queue *q, unsigned long __user *arg)
{
	unsigned long val;
	long ret;

	if (get_user(val, arg))
		return -EFAULT;
	mutex_lock(&q->state_lock);
	ret = may_call(q);
	if (!ret)
		ret = uacce_ss_get_dma(q, &val);
	mutex_unlock(&q->state_lock);
	if (ret >= 0 && put_user(val, arg))
		return -EFAULT;
	return ret;
}

static long uacce_fops_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct uacce_queue *q = file->private_data;
	void __user *user = (void __user *)arg;
	size_t size = _IOC_SIZE(cmd);
	u64 copy[UACCE_IOCTL_MAX / sizeof(u64)] = { 0 };
	long ret;

	if (cmd == UACCE_CMD_GET_SS_DMA && uacce_is_unsafe(q->uacce))
		return get_ss_dma(q, user);
	ret = may_call(q);
	if (ret && cmd != UACCE_CMD_PUT_Q)
		return ret;
	if (size > sizeof(copy))
		return -EINVAL;
	if (_IOC_DIR(cmd) & _IOC_WRITE && copy_from_user(copy, user, size))
		return -EFAULT;
	mutex_lock(&q->op_lock);
	ret = queue_ioctl(q, cmd, size ? copy : NULL);
	mutex_unlock(&q->op_lock);
	if (ret >= 0 && _IOC_DIR(cmd) & _IOC_READ && copy_to_user(user, copy, size))
		return -EFAULT;
	return ret;
}

/* ---- poll ---- */

/*
 * Drivers may tell of a result once only, and wake one of those that wait: neither is
 * for another process than the owner.  That one is told of an error, as it would
 * wait for ever.  A kernel thread asks for someone who was allowed to when he began
 * (asynchronous I/O).  Who starts the queue makes its rings empty meanwhile, and has
 * nothing to receive.
 */
static __poll_t uacce_fops_poll(struct file *file, poll_table *wait)
{
	struct uacce_queue *q = file->private_data;
	const struct uacce_ops *ops;
	__poll_t ret = 0;

	if (uacce_queue_is_owner(q))
		poll_wait(file, &q->wait, wait);
	/* Whoever wakes looks for us after it has changed what is read below. */
	smp_mb();
	mutex_lock(&q->state_lock);
	if (!uacce_queue_is_valid(q)) {
		ret = EPOLLERR | EPOLLHUP;
	} else if (!uacce_queue_is_owner(q) && !(current->flags & PF_KTHREAD)) {
		ret = EPOLLERR;
	} else if (q->state == UACCE_Q_STARTED) {
		ops = q->uacce->ops;
		if (ops->is_q_updated && ops->is_q_updated(q))
			ret = EPOLLIN | EPOLLRDNORM;
	}
	mutex_unlock(&q->state_lock);
	return ret;
}

const struct file_operations uacce_fops = {
	.owner = THIS_MODULE,
	.open = uacce_fops_open,
	.release = uacce_fops_release,
	.unlocked_ioctl = uacce_fops_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = uacce_fops_mmap,
	.poll = uacce_fops_poll,
};
