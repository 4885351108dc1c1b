/* SPDX-License-Identifier: MIT */
/*
 * Whether what a device did is right, what is done if it is not, and when a device
 * has failed too often.
 */
#include <string.h>

#include "check.h"

/* Of other kinds the driver has seen to it. */
static bool wants_check(const struct sched *s, const struct wd_work *work)
{
	if (wd_work_compresses(work))
		return s->verify;
	return work->kind == WD_WORK_REQUEST;
}

/* The device itself is gone, not only a request. */
static bool is_fatal(int status)
{
	return status == -ENODEV || status == -ETIMEDOUT || status == -EPROTO;
}

/* What it did before it was left says nothing of what it is now. */
static bool is_of_now(const struct sched_item *item)
{
	return item->turn == item->lane->turn;
}

static void succeeded(struct sched_item *item)
{
	if (is_of_now(item))
		lane_succeeded(item->lane);
}

enum verdict check_device(struct sched *s, struct sched_item *item)
{
	struct wd_comp_req *req = item->work.req;

	item->status = req->status;
	if (item->status) {
		item->stage = ITEM_REDOING;
		/* What it was asked for meanwhile comes back by itself. */
		if (is_fatal(item->status))
			lane_leave(item->lane, item->status);
		return VERDICT_OWED;
	}
	if (!wants_check(s, &item->work)) {
		succeeded(item);
		return VERDICT_DONE;
	}
	item->stage = ITEM_CHECKING;
	return VERDICT_OWED;
}

/* @l failed with @status what another does now.  Too little room is nobody's failure. */
static void note_failure(struct sched *s, struct lane *l, int status,
			 bool of_now)
{
	s->redone++;
	l->told.failed++;
	lane_count_failed(l, status);
	if (of_now && status != -ENOSPC)
		lane_failed(l, status ? status : -EIO);
}

/*
 * Done again: that is the device's failure unless it never claimed to be able to, or
 * the CPU fails, too.
 */
static void failed(struct sched *s, struct sched_item *item)
{
	if (item->work.req->status)
		return;
	if (item->status == -EOPNOTSUPP)
		lane_count_failed(item->lane, item->status);
	else
		note_failure(s, item->lane, item->status, is_of_now(item));
}

void check_refused(struct sched *s, struct lane *l, const struct wd_work *work,
		   int status)
{
	/* What an application asks for may make no sense to anybody. */
	if (status == -EOPNOTSUPP ||
	    (status == -EINVAL && work->kind == WD_WORK_REQUEST)) {
		lane_count_failed(l, status);
		return;
	}
	if (is_fatal(status))
		lane_leave(l, status);
	note_failure(s, l, status, true);
}

void check_settle(struct sched *s, struct sched_item *item, bool wrong)
{
	if (item->stage == ITEM_REDOING) {
		failed(s, item);
	} else if (wrong) {
		item->lane->told.wrong++;
		failed(s, item);
	} else if (!item->work.req->status) {
		succeeded(item);
	}
}

/* Whose fault it was is seen when the CPU has decoded the same. */
void check_pinned(struct sched_item *item)
{
	item->status = item->work.req->status;
	if (!item->status)
		lane_count_done(item->lane, item->work.req);
	else if (is_fatal(item->status) && is_of_now(item))
		lane_leave(item->lane, item->status);
}

void sched_blame(struct sched *s, struct lane *l, int status)
{
	if (status == -EOPNOTSUPP) {
		lane_count_failed(l, status);
		return;
	}
	if (!status)
		l->told.wrong++;
	note_failure(s, l, status, !is_fatal(status));
}

void sched_disown(struct lane *l)
{
	l->told.requests = l->told.bytes_in = l->told.bytes_out = 0;
}
