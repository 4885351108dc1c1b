// SPDX-License-Identifier: GPL-2.0
/*
 * The thread behind a queue: takes requests off the ring, does them in the address
 * space of the queue's owner, puts the results on the other ring.
 *
 * The rings are shared with a process that may write anything to them at any time.
 * So each word is read once, to a place of the kernel's, and checked there; and
 * nothing the thread has written is ever read back.
 *
 * A page of the process's memory may take for ever to come (somebody else's file
 * system, or page fault handler, may have to bring it).  The thread can be killed
 * then, which is what stopping a queue does.
 */
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "dummy.h"

#define BATCH		16	/* requests before the address space is let go */
#define SPIN_MIN_NS	2000u

static u32 queue_depth(const struct dummy_queue *q)
{
	return q->dd->depth;
}

static struct wd_dummy_sqe *sqe_at(struct dummy_queue *q, u32 i)
{
	return (void *)q->ring + dummy_sq_off() +
	       (i & (queue_depth(q) - 1)) * sizeof(struct wd_dummy_sqe);
}

static struct wd_dummy_cqe *cqe_at(struct dummy_queue *q, u32 i)
{
	return (void *)q->ring + dummy_cq_off(queue_depth(q)) +
	       (i & (queue_depth(q) - 1)) * sizeof(struct wd_dummy_cqe);
}

/*
 * Requests that can be done: there are any, and there is room for results.  None
 * if the doorbells make no sense.
 */
static u32 work(struct dummy_queue *q)
{
	u32 head = READ_ONCE(q->doorbell->cq_head);
	u32 untaken = q->cq_tail - head;
	u32 todo;

	/* Entries that are announced are there. */
	todo = smp_load_acquire(&q->doorbell->sq_tail) - q->sq_head;
	if (!todo)
		return 0;
	if (todo > queue_depth(q) || untaken > queue_depth(q)) {
		WRITE_ONCE(q->ring->error, 1);
		return 0;
	}
	return min(todo, queue_depth(q) - untaken);
}

/* Whether the process has not taken all results; for poll. */
bool dummy_has_results(const struct dummy_queue *q)
{
	return READ_ONCE(q->cq_tail) != READ_ONCE(q->doorbell->cq_head);
}

/* ---- requests ---- */

static bool take_fault(atomic_t *n)
{
	return atomic_read(n) > 0 && atomic_dec_if_positive(n) >= 0;
}

static void complete_job(struct dummy_queue *q, const struct dummy_job *job)
{
	memcpy(cqe_at(q, q->cq_tail), &job->cqe, sizeof(job->cqe));
	WRITE_ONCE(q->cq_tail, q->cq_tail + 1);
	/* The result is there before it is announced. */
	smp_store_release(&q->ring->cq_tail, q->cq_tail);
	atomic64_inc(&q->dd->requests);
	/* Has a barrier: whoever sleeps is seen, or sees the result. */
	if (wq_has_sleeper(&q->uq->wait))
		wake_up_interruptible(&q->uq->wait);
}

static void run_one(struct dummy_queue *q)
{
	struct dummy_faults *faults = &q->dd->faults;
	struct dummy_job job = { 0 };

	memcpy(&job.sqe, sqe_at(q, q->sq_head), sizeof(job.sqe));
	/* The copy is what counts from here on. */
	barrier();
	q->sq_head++;
	WRITE_ONCE(q->ring->sq_head, q->sq_head);

	job.cqe.tag = job.sqe.tag;
	if (take_fault(&faults->lose))
		return;
	if (take_fault(&faults->fail)) {
		job.cqe.status = WD_DUMMY_EIO;
		dummy_count_error(q->dd);
	} else {
		job.flip = take_fault(&faults->flip);
		dummy_run(q, &job);
	}
	complete_job(q, &job);
}

/*
 * With the owner's address space, if there still is one.  Without it the requests
 * stay where they are: nobody is left to ask for them.
 */
static bool run_batch(struct dummy_queue *q)
{
	bool sva = q->dd->uacce->flags & UACCE_DEV_SVA;
	unsigned int i;

	if (sva) {
		if (!mmget_not_zero(q->uq->mm))
			return false;
		kthread_use_mm(q->uq->mm);
	}
	for (i = 0; i < BATCH && work(q) && !READ_ONCE(q->stop); i++) {
		run_one(q);
		cond_resched();
	}
	if (sva) {
		kthread_unuse_mm(q->uq->mm);
		/* The last one takes the mappings down, which takes time. */
		mmput_async(q->uq->mm);
	}
	return true;
}

/* ---- waiting for work ---- */

/* Look for some time.  Whether there is something to do. */
static bool spin(struct dummy_queue *q)
{
	u64 start = ktime_get_ns();

	while (ktime_get_ns() - start < q->spin_ns) {
		if (work(q) || READ_ONCE(q->stop))
			return true;
		cond_resched();
		cpu_relax();
	}
	return false;
}

/* Looking longer would have saved the sleep, or was in vain. */
static void adapt(struct dummy_queue *q, u64 slept)
{
	u64 max = q->dd->poll_ns;

	if (slept < max)
		q->spin_ns = min(max, max_t(u64, SPIN_MIN_NS, 2 * q->spin_ns));
	else
		q->spin_ns = q->spin_ns / 2 < SPIN_MIN_NS ? 0 : q->spin_ns / 2;
}

static void sleep(struct dummy_queue *q)
{
	u64 start = ktime_get_ns();

	WRITE_ONCE(q->awake, false);
	WRITE_ONCE(q->ring->asleep, 1);
	/*
	 * The process writes its doorbell, then reads that we sleep; we the other
	 * way round.  One of us sees the other.
	 */
	smp_mb();
	if (!work(q))
		wait_event_idle(q->wake, READ_ONCE(q->awake) || READ_ONCE(q->stop));
	WRITE_ONCE(q->ring->asleep, 0);
	adapt(q, ktime_get_ns() - start);
}

static int dummy_thread(void *data)
{
	struct dummy_queue *q = data;

	allow_kernel_signal(SIGKILL);
	while (!READ_ONCE(q->stop)) {
		if (work(q)) {
			if (!run_batch(q))
				break;
		} else if (!spin(q)) {
			sleep(q);
		}
	}
	kthread_complete_and_exit(&q->stopped, 0);
}

/* ---- what uacce asks for ---- */

int dummy_start(struct dummy_queue *q)
{
	struct task_struct *thread;

	q->stop = false;
	reinit_completion(&q->stopped);
	thread = kthread_create(dummy_thread, q, "%s/%d",
				dev_name(&q->dd->uacce->dev), task_pid_nr(current));
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	/* It may end before it is stopped. */
	q->thread = get_task_struct(thread);
	wake_up_process(thread);
	return 0;
}

void dummy_stop(struct dummy_queue *q)
{
	WRITE_ONCE(q->stop, true);
	wake_up(&q->wake);
	/* In case it waits for a page. */
	send_sig(SIGKILL, q->thread, 1);
	wait_for_completion(&q->stopped);
	put_task_struct(q->thread);
	q->thread = NULL;
}

void dummy_wake(struct dummy_queue *q)
{
	WRITE_ONCE(q->awake, true);
	wake_up(&q->wake);
}
