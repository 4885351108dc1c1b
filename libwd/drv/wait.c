/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a device: looking, learning for how long, sleeping.
 */
#include <time.h>

#include "../barrier.h"
#include "../internal.h"
#include "wait.h"

#define SELDOM		__attribute__((noinline, cold))

#define SPIN_MAX_NS	200000	/* waiting longer is worth a system call */
#define SPIN_MIN_NS	5000	/* as long as one takes */
#define SPIN_LOOKS	32	/* between two looks at the clock */
#define POLL_MAX_MS	100	/* a look vouches for no more; see patience.c */
#define ASK_MS		10 /* between two questions whether a device has let go */
#define ABANDON_MS	1000 /* it is asked before it may keep what it has */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

void wait_init(struct waiter *w, const struct waiter_ops *ops, void *ctx)
{
	*w = (struct waiter){
		.ops = ops,
		.ctx = ctx,
		/* With a single CPU, looking keeps the device from working. */
		.spin_max_ns = wd_cpu_count() > 1 ? SPIN_MAX_NS : 0,
	};
	w->spin_ns = w->spin_max_ns / 4;
}

SELDOM void wait_give_up(const struct waiter_ops *ops, void *ctx, int err)
{
	struct inflight *f;

	for (unsigned int i = 0; (f = ops->flight(ctx, i)); i++) {
		inflight_bury(f, err);
		/* Who was first has the reason, of all. */
		err = inflight_dead(f);
	}
}

/* ---- all that is in flight ---- */

static struct inflight *flight_at(const struct waiter *w, unsigned int i)
{
	return w->ops->flight(w->ctx, i);
}

static int dead(const struct waiter *w)
{
	struct inflight *f;
	int err = 0;

	for (unsigned int i = 0; !err && (f = flight_at(w, i)); i++)
		err = inflight_dead(f);
	return err;
}

static bool none(const struct waiter *w)
{
	struct inflight *f;
	bool none = true;

	for (unsigned int i = 0; (f = flight_at(w, i)); i++)
		none &= inflight_none(f);
	return none;
}

/* Nanoseconds until the first of them counts as lost; 0: all of them do. */
static int64_t patience(const struct waiter *w, int64_t now)
{
	int64_t left = INT64_MAX;
	struct inflight *f;

	for (unsigned int i = 0; (f = flight_at(w, i)); i++) {
		int64_t of_one =
			inflight_none(f) ? left : inflight_patience(f, now);

		if (of_one < left)
			left = of_one;
	}
	if (!left)
		wait_give_up(w->ops, w->ctx, -ETIMEDOUT);
	return left;
}

/* One died: so do the others.  What was in flight comes back; false: that was all. */
static bool exhume(const struct waiter *w, int err, struct wd_work *done)
{
	struct inflight *f;

	wait_give_up(w->ops, w->ctx, err);
	for (unsigned int i = 0; (f = flight_at(w, i)); i++)
		if (inflight_exhume(f, done))
			return true;
	return false;
}

/* ---- a device that does not let go ---- */

bool wait_is_held(const struct waiter *w)
{
	struct inflight *f;
	bool held = false;

	for (unsigned int i = 0; (f = flight_at(w, i)); i++)
		held |= inflight_held(f);
	return held;
}

/* Milliseconds for which it has been held; since that was asked first. */
static int64_t held_for(struct waiter *w, int64_t now)
{
	if (!w->held_ns)
		w->held_ns = now;
	return (now - w->held_ns) / 1000000;
}

SELDOM bool wait_abandon(struct waiter *w)
{
	struct inflight *f;

	if (!wait_is_held(w))
		return false;
	if (held_for(w, now_ns()) <
	    (int64_t)wd_min((size_t)wd_stall_ms, ABANDON_MS))
		return false;
	for (unsigned int i = 0; (f = flight_at(w, i)); i++)
		if (inflight_held(f))
			inflight_abandon(f);
	return true;
}

/* What is in flight stays where it is until the device has let go of its memory. */
static int wait_for_release(struct waiter *w, int timeout_ms, int64_t deadline)
{
	int64_t now = now_ns();
	const struct timespec pause = { .tv_nsec = ASK_MS * 1000000L };

	if (held_for(w, now) >= wd_stall_ms)
		return -EIO;
	if (timeout_ms == WD_NO_WAIT)
		return -EAGAIN;
	if (deadline && now >= deadline)
		return -ETIMEDOUT;
	nanosleep(&pause, NULL);
	return 1;
}

/* ---- waiting ---- */

/* Look for a while.  True: there may be something. */
static bool spin(const struct waiter *w)
{
	int64_t end = now_ns() + w->spin_ns;

	do {
		for (int i = 0; i < SPIN_LOOKS; i++) {
			if (w->ops->look(w->ctx))
				return true;
			wd_cpu_pause();
		}
	} while (now_ns() < end);
	return false;
}

/* Looking longer would have saved the call, or was in vain. */
static void adapt_spin(struct waiter *w, int64_t waited)
{
	if (waited >= w->spin_max_ns)
		w->spin_ns = w->spin_ns / 2 < SPIN_MIN_NS ? 0 : w->spin_ns / 2;
	else if (w->spin_ns < SPIN_MIN_NS)
		w->spin_ns = SPIN_MIN_NS;
	else if (w->spin_ns * 2 <= w->spin_max_ns)
		w->spin_ns *= 2;
}

/* False: there is no need. */
static bool arm(const struct waiter *w)
{
	if (w->ops->arm)
		w->ops->arm(w->ctx);
	return w->ops->arm;
}

/* Until @deadline, 0 for none.  0 when there may be something; -ETIMEDOUT. */
static int wait_until(struct waiter *w, int64_t deadline)
{
	int64_t now, left;
	int ret;

	if (w->spin_ns && spin(w))
		return 0;
	now = now_ns();
	left = patience(w, now);
	if (!left)
		return 0;
	if (deadline && now >= deadline)
		return -ETIMEDOUT;
	if (deadline && deadline - now < left)
		left = deadline - now;
	if (arm(w) && w->ops->look(w->ctx))
		return 0;
	ret = w->ops->sleep(
		w->ctx, (int)wd_min((uint64_t)left / 1000000 + 1, POLL_MAX_MS));
	if (ret < 0 && ret != -EINTR)
		wait_give_up(w->ops, w->ctx, -ENODEV);
	else if (ret > 0)
		adapt_spin(w, now_ns() - now + w->spin_ns);
	return 0;
}

/*
 * 1 to look again, 0 with @done from a dead queue, or what to tell.  *@deadline is set
 * at the first time, if there is one.
 */
static int no_result(struct waiter *w, struct wd_work *done, int timeout_ms,
		     int64_t *deadline)
{
	int err = dead(w);

	if (timeout_ms > 0 && !*deadline)
		*deadline = now_ns() + timeout_ms * 1000000LL;
	if (err && exhume(w, err, done))
		return 0;
	if (err)
		return wait_is_held(w)
			       ? wait_for_release(w, timeout_ms, *deadline)
			       : -ENODEV;
	if (none(w))
		return -ENOENT;
	if (timeout_ms == WD_NO_WAIT) {
		/* Who gets nothing may wait for the descriptor. */
		arm(w);
		return patience(w, now_ns()) ? -EAGAIN : 1;
	}
	return wait_until(w, *deadline) ? -ETIMEDOUT : 1;
}

SELDOM int wait_result(struct waiter *w, struct wd_work *done, int timeout_ms)
{
	int64_t deadline = 0;
	int ret;

	do {
		ret = no_result(w, done, timeout_ms, &deadline);
		if (ret == 1 && !dead(w) && w->ops->take(w->ctx, done))
			return 0;
	} while (ret == 1);
	return ret;
}
