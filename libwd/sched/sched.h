/* SPDX-License-Identifier: MIT */
/*
 * Who does the work: the lanes of a session, which of them gets what, and what
 * becomes of work that a device fails, loses or does wrong.
 *
 * A session gives items and takes them back done, in any order; it knows nothing of
 * queues.  What a device did is looked at, and what it did not do is done again,
 * by the workers of the CPU lane.  Used by one thread.
 */
#ifndef WD_SCHED_H
#define WD_SCHED_H

#include "engine.h"
#include "lane.h"

/*
 * ITEM_DOING:    on a lane, or waiting for one
 * ITEM_CHECKING: a device has done it; the CPU looks whether it is right
 * ITEM_REDOING:  a device has failed it; the CPU does it
 */
enum item_stage {
	ITEM_DOING,
	ITEM_CHECKING,
	ITEM_REDOING,
};

/*
 * struct sched_item - a piece of work under way; the session's memory
 * @work:   what to do, then what came of it
 * @next:   in a list of the scheduler's
 * @lane:   that does it, or has done it; NULL: done here and now
 * @turn:   which time it was open then
 * @stage:  see enum item_stage
 * @for_cpu: no device may do it, should one come back meanwhile
 * @pinned: only @lane can do it, as it was open at @turn; both set by the sender.  It
 *          comes back with whatever status it has there, -ENODEV if that is over
 * @leave:  the device keeps the memory for its output: give the request other memory, and
 *          forget the old; false: there is none.  NULL: it cannot have any other
 * @status: with which @lane failed it
 */
struct sched_item {
	struct wd_work work;
	struct sched_item *next;
	struct lane *lane;
	unsigned int turn;
	enum item_stage stage;
	bool for_cpu;
	bool pinned;
	bool (*leave)(struct sched_item *item);
	int status;
};

struct item_list {
	struct sched_item *first, *last;
};

/*
 * struct sched
 * @lanes:     devices in the order they are wanted, the CPU last
 * @count:     of them
 * @cpu_chosen: the CPU takes what any lane could do, not only what devices leave
 * @cpu_works: it does so for now, if only as no device does
 * @cpu_helped: it did so at some time
 * @verify:    what a device compresses is decompressed and compared
 * @retry:     what CPU workers fail is tried once more
 * @lazy:      looking for what is done starts no thread, waiting does
 * @in_flight: items sent and not received
 * @bound:     of these, without @leave; and with devices, of what was drained
 * @waiting:   for room on any lane
 * @owed:      for the CPU: to check or to do again
 * @done:      to be received
 * @codec:     for what is done here and now
 * @redone:    items that failed on one lane and were done on another
 * @next_look: the lane to look at first when several may have something
 */
struct sched {
	struct lane *lanes;
	unsigned int count;
	bool cpu_chosen, cpu_works, cpu_helped;
	bool verify;
	bool retry;
	bool lazy;
	unsigned int in_flight, bound;
	struct item_list waiting, owed, done;
	struct wd_codec *codec;
	uint64_t redone;
	unsigned int next_look;
};

/* Returns 0 or -ENOMEM. */
int sched_init(struct sched *s, const struct engine_choice *choice,
	       unsigned int threads);

/* Nothing may be in flight, or its memory must still be there. */
void sched_exit(struct sched *s);

/* Get queues of devices.  Returns 0, or why there is not even one. */
int sched_open_devices(struct sched *s);

/* Get the queues.  Returns 0 or a negative errno: there is none at all. */
int sched_open(struct sched *s);

static inline bool sched_is_open(const struct sched *s)
{
	for (unsigned int i = 0; i < s->count; i++)
		if (s->lanes[i].state != LANE_CLOSED)
			return true;
	return false;
}

/* CPU workers that may be used; 0 if that was left to wd_cpu_count() so far. */
unsigned int sched_threads(const struct sched *s);
void sched_set_threads(struct sched *s, unsigned int threads);

/* Whether the next item may go to @l. */
static inline bool sched_uses(const struct sched *s, const struct lane *l)
{
	return l->state == LANE_OPEN && (lane_is_device(l) || s->cpu_works);
}

/* Items that keep all lanes busy. */
static inline unsigned int sched_width(const struct sched *s)
{
	unsigned int width = 0;

	for (unsigned int i = 0; i < s->count; i++)
		if (sched_uses(s, &s->lanes[i]))
			width += s->lanes[i].width;
	return width;
}

/* The most that can be in flight. */
unsigned int sched_depth(const struct sched *s);

/* Whether a device takes part, so far; one that has not been tried yet does. */
static inline bool sched_on_device(const struct sched *s)
{
	for (unsigned int i = 0; i + 1 < s->count; i++)
		if (s->lanes[i].state <= LANE_OPEN)
			return true;
	return false;
}

/* Whether workers of the CPU are there for items that no device can do. */
static inline bool sched_on_cpu(const struct sched *s)
{
	return s->cpu_works || !sched_on_device(s);
}

/*
 * sched_send() - give one item away
 * @item: zeroed but for @work; the scheduler's until received
 *
 * Returns 0; -EBUSY if too many are in flight; an error if there is no queue.
 */
int sched_send(struct sched *s, struct sched_item *item);

/* A device for a stream that it decodes request by request, or NULL; opens what it can. */
struct lane *sched_stream_lane(struct sched *s);

/* What @l has done so far is of no use. */
void sched_disown(struct lane *l);

/*
 * @l failed a stream with @status, or did it wrong if that is 0, and the CPU has found
 * nothing wrong with it.
 */
void sched_blame(struct sched *s, struct lane *l, int status);

/* Let everything begin that was sent. */
void sched_flush(struct sched *s);

/*
 * sched_recv() - take one finished item
 *
 * Returns 0 with *@item set; -EAGAIN, -ETIMEDOUT, -ENOENT if nothing is in flight,
 * or an error of the queue.  @timeout_ms as in wd_recv_sync().
 */
int sched_recv(struct sched *s, struct sched_item **item, int timeout_ms);

/* Do it here and now; returns the status. */
int sched_run(struct sched *s, struct wd_work *work);

/* Whether so little is the CPU's to do, whatever devices there are. */
bool sched_cpu_does(const struct sched *s, uint64_t bytes);

/* sched_run() of that. */
int sched_run_small(struct sched *s, struct wd_work *work);

/* Take back everything; what has not begun will not. */
void sched_drain(struct sched *s);

/*
 * A device has not let go of the memory of items, and may write to it for as long as the
 * process lives: it cannot be freed, or used for anything else.
 */
static inline bool sched_is_held(const struct sched *s)
{
	for (unsigned int i = 0; i < s->count; i++)
		if (s->lanes[i].held)
			return true;
	return false;
}

/* A new stream: what lanes tell of themselves begins anew. */
void sched_reset_counts(struct sched *s);

/* The device that was, or would have been, used first; NULL if there is none. */
const struct lane *sched_device(const struct sched *s);

#endif
