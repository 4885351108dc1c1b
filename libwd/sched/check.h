/* SPDX-License-Identifier: MIT */
/*
 * What becomes of an item that a device gives back, or does not take.
 */
#ifndef WD_CHECK_H
#define WD_CHECK_H

#include "sched.h"

/* What to do with an item next: receive it, or have the CPU check it or do it. */
enum verdict {
	VERDICT_DONE,
	VERDICT_OWED,
};

/* A device gave @item back. */
enum verdict check_device(struct sched *s, struct sched_item *item);

/* A device's queue did not take @work, with @status; the CPU has it now. */
void check_refused(struct sched *s, struct lane *l, const struct wd_work *work,
		   int status);

/* The CPU gave back what it checked, and found @wrong and did again, or did again. */
void check_settle(struct sched *s, struct sched_item *item, bool wrong);

/* A device gave back, or did not take, what nobody else can do. */
void check_pinned(struct sched_item *item);

#endif
