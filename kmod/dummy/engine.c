// SPDX-License-Identifier: GPL-2.0
/*
 * The thread behind a queue: takes requests off the ring, does them on the memory of
 * the queue's owner, puts the results on the other ring.
 *
 * The rings are shared with a process that may write anything to them at any time.
 * So each word is read once, to a place of the kernel's, and checked there; and
 * nothing the thread has written is ever read back.
 *
 * A page of the process's memory may take for ever to come: a file system, or a page
 * fault handler, of somebody's may have to bring it, and not all of them can be
 * killed.  So stopping a queue does not wait for its thread: the thread passes a gate
 * before it touches anything that is not its own, and a stopped queue's is closed.
 * But until it has ended the queue counts as one that is in use: whoever closes
 * such queues gets no new ones for them.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "dummy.h"

#define SPIN_MIN_NS	2000u
#define STOP_WAIT	msecs_to_jiffies(100)	/* so that usually it has ended */
#define START_WAIT	msecs_to_jiffies(2000)
#define SILENT_WAIT	msecs_to_jiffies(10000)

/* Threads that were started, and one completion for each that has ended. */
static atomic_t threads = ATOMIC_INIT(0);
static DECLARE_COMPLETION(thread_ended);

static struct wd_dummy_sqe *sqe_at(struct dummy_queue *q, u32 i)
{
	return (void *)q->ring + dummy_sq_off() +
	       (i & (q->depth - 1)) * sizeof(struct wd_dummy_sqe);
}

static struct wd_dummy_cqe *cqe_at(struct dummy_queue *q, u32 i)
{
	return (void *)q->ring + dummy_cq_off(q->depth) +
	       (i & (q->depth - 1)) * sizeof(struct wd_dummy_cqe);
}

/*
 * Requests that can be done: there are any, and there is room for results.  None
 * if the doorbells make no sense.  For the thread alone.
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
	if (todo > q->depth || untaken > q->depth) {
		q->nonsense = true;
		return 0;
	}
	return min(todo, q->depth - untaken);
}

/* Whether the process has not taken all results; for poll. */
bool dummy_has_results(const struct dummy_queue *q)
{
	return READ_ONCE(q->cq_tail) != READ_ONCE(q->doorbell->cq_head);
}

/* ---- requests ---- */

/* The next request, with what tests want to go wrong; false if there is none. */
static bool take_job(struct dummy_queue *q, struct dummy_job *job)
{
	struct dummy_faults *faults = &q->dd->faults;

	if (!work(q))
		return false;
	memcpy(&job->sqe, sqe_at(q, q->sq_head), sizeof(job->sqe));
	q->sq_head++;
	/* The slot is free once it has been read. */
	smp_store_release(&q->ring->sq_head, q->sq_head);

	job->cqe.tag = job->sqe.tag;
	job->lose = dummy_take_fault(&faults->lose);
	job->fail = !job->lose && dummy_take_fault(&faults->fail);
	job->flip = !job->lose && !job->fail &&
		    (dummy_take_fault(&faults->flip) || dummy_lies(faults));
	if (job->fail) {
		job->cqe.status = WD_DUMMY_EIO;
		dummy_count_error(q->dd);
	}
	return true;
}

static void give_result(struct dummy_queue *q, const struct dummy_job *job)
{
	u32 tail = q->cq_tail + 1;

	memcpy(cqe_at(q, q->cq_tail), &job->cqe, sizeof(job->cqe));
	/* The result is there before it is announced to the process. */
	smp_store_release(&q->ring->cq_tail, tail);
	/* And that before poll tells. */
	smp_store_release(&q->cq_tail, tail);
	atomic64_inc(&q->dd->requests);
	/* Has a barrier: whoever sleeps is seen, or sees the result. */
	if (wq_has_sleeper(&q->uq->wait))
		wake_up_interruptible(&q->uq->wait);
}

static void run_one(struct dummy_queue *q)
{
	struct dummy_job job = { 0 };
	bool got;

	mutex_lock(&q->gate);
	got = !q->stop && take_job(q, &job);
	mutex_unlock(&q->gate);
	if (!got || job.lose)
		return;
	if (!job.fail)
		dummy_run(q, &job);
	mutex_lock(&q->gate);
	if (!q->stop)
		give_result(q, &job);
	mutex_unlock(&q->gate);
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

static void count_idle(struct dummy_queue *q)
{
	mutex_lock(&q->gate);
	if (!q->stop)
		atomic64_inc(&q->dd->idle);
	mutex_unlock(&q->gate);
}

/* Looking longer would have saved the sleep, or was in vain. */
static void adapt(struct dummy_queue *q, u64 slept)
{
	u64 max = q->poll_ns;

	if (slept >= max || q->spin_ns == max)
		count_idle(q);
	if (slept < max)
		q->spin_ns = min(max, max_t(u64, SPIN_MIN_NS, 2 * q->spin_ns));
	else
		q->spin_ns = q->spin_ns / 2 < SPIN_MIN_NS ? 0 : q->spin_ns / 2;
}

static void say_asleep(struct dummy_queue *q, enum wd_dummy_asleep asleep)
{
	mutex_lock(&q->gate);
	if (!q->stop) {
		if (q->nonsense)
			WRITE_ONCE(q->ring->error, 1);
		q->nonsense = false;
		/* After @awake: see dummy_call(). */
		smp_store_release(&q->ring->asleep, asleep);
	}
	mutex_unlock(&q->gate);
}

static bool still_nothing(struct dummy_queue *q, enum wd_dummy_asleep asleep)
{
	say_asleep(q, asleep);
	/*
	 * The process writes a doorbell, then reads what we wait for; we the other
	 * way round.  One of us sees the other.
	 */
	smp_mb();
	return !work(q);
}

/*
 * Who submits wakes us in either case, who receives only for room.  Which one it is
 * counts once the former would wake us: a request may have come until then.
 */
static bool nothing_to_do(struct dummy_queue *q)
{
	if (!still_nothing(q, WD_DUMMY_ASLEEP_EMPTY))
		return false;
	if (READ_ONCE(q->doorbell->sq_tail) == q->sq_head)
		return true;
	return still_nothing(q, WD_DUMMY_ASLEEP_FULL);
}

static void sleep(struct dummy_queue *q)
{
	u64 start = ktime_get_ns();

	WRITE_ONCE(q->awake, false);
	if (nothing_to_do(q))
		wait_event_idle(q->wake, READ_ONCE(q->awake) || READ_ONCE(q->stop));
	say_asleep(q, WD_DUMMY_ASLEEP_NO);
	adapt(q, ktime_get_ns() - start);
}

/* The last that the thread does to its queue. */
static void leave(struct dummy_queue *q)
{
	struct dummy_limit *limit = q->limit;
	bool closed;

	mutex_lock(&q->gate);
	q->running = false;
	if (q->late)
		atomic_dec(&limit->late);
	q->late = false;
	closed = q->closed;
	mutex_unlock(&q->gate);
	complete(&q->stopped);
	kref_put(&q->ref, dummy_queue_release);
	if (closed)
		atomic_inc(&limit->free);
}

static int dummy_thread(void *data)
{
	struct dummy_queue *q = data;

	allow_kernel_signal(SIGKILL);
	while (!READ_ONCE(q->stop)) {
		if (work(q)) {
			run_one(q);
			cond_resched();
		} else if (!spin(q)) {
			sleep(q);
		}
	}
	leave(q);
	/* The rest is not the module's code. */
	kthread_complete_and_exit(&thread_ended, 0);
}

/* ---- what uacce asks for ---- */

/* One that was stopped while it waited for a page may still be there. */
static int await_former(struct dummy_queue *q)
{
	long ret;

	if (!q->thread)
		return 0;
	ret = wait_for_completion_killable_timeout(&q->stopped, START_WAIT);
	if (ret < 0)
		return ret;
	if (!ret)
		return -EBUSY;
	put_task_struct(q->thread);
	q->thread = NULL;
	return 0;
}

int dummy_start(struct dummy_queue *q)
{
	struct task_struct *thread;
	int ret = await_former(q);

	if (ret)
		return ret;
	/* So that the number is of those that are there, and stays small. */
	while (try_wait_for_completion(&thread_ended))
		atomic_dec(&threads);
	q->stop = false;
	q->nonsense = false;
	reinit_completion(&q->stopped);
	thread = kthread_create(dummy_thread, q, "%s/%d",
				dev_name(&q->dd->uacce->dev), task_pid_nr(current));
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	kref_get(&q->ref);
	atomic_inc(&threads);
	q->running = true;
	/* It may end before it is stopped. */
	q->thread = get_task_struct(thread);
	wake_up_process(thread);
	return 0;
}

/*
 * Whether it ends soon.  Where another one is late, that is not waited for: there may
 * be thousands of them, in the hands of somebody who takes the device away.
 */
static bool ends_soon(struct dummy_queue *q)
{
	if (atomic_read(&q->limit->late) ?
	    try_wait_for_completion(&q->stopped) :
	    wait_for_completion_timeout(&q->stopped, STOP_WAIT))
		return true;
	mutex_lock(&q->gate);
	if (q->running && !q->late) {
		q->late = true;
		atomic_inc(&q->limit->late);
	}
	mutex_unlock(&q->gate);
	return false;
}

/* When it returns, the thread does nothing any more but end. */
void dummy_begin_stop(struct dummy_queue *q)
{
	mutex_lock(&q->gate);
	q->stop = true;
	mutex_unlock(&q->gate);
	wake_up(&q->wake);
	/* In case it waits for a page. */
	send_sig(SIGKILL, q->thread, 1);
}

/* After dummy_begin_stop(). */
void dummy_stop(struct dummy_queue *q)
{
	if (!ends_soon(q))
		return;
	put_task_struct(q->thread);
	q->thread = NULL;
}

/* For the end of the module: until the last of them has ended. */
void dummy_await_threads(void)
{
	while (atomic_read(&threads) > 0) {
		if (wait_for_completion_timeout(&thread_ended, SILENT_WAIT))
			atomic_dec(&threads);
		else
			pr_notice_once("%d threads wait for pages that file systems or page fault handlers of processes do not bring; end those\n",
				       atomic_read(&threads));
	}
}

void dummy_wake(struct dummy_queue *q)
{
	/* After what dummy_call() has written. */
	smp_store_release(&q->awake, true);
	wake_up(&q->wake);
}

/*
 * The process has called: nobody needs to do so again before the thread, which may
 * not get a processor at once, falls asleep the next time.  That comes first: if the
 * thread should just be about to, it is woken once too often, and not left asleep.
 */
void dummy_call(struct dummy_queue *q)
{
	WRITE_ONCE(q->ring->asleep, WD_DUMMY_ASLEEP_NO);
	dummy_wake(q);
}
