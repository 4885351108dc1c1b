/* SPDX-License-Identifier: MIT */
/*
 * A lane: one queue, how much it has to do, how fast it is, and whether it can
 * still be relied on.  Which lane gets what is sched.c's business.
 *
 * Lanes, like their scheduler, are used by one thread.
 */
#ifndef WD_LANE_H
#define WD_LANE_H

#include "../internal.h"
#include "fit.h"
#include "quarantine.h"

/* Nanoseconds of a clock that only goes on; tests have one of their own. */
extern int64_t (*lane_clock)(void);

/*
 * LANE_CLOSED:  not needed so far, or about to be tried again
 * LANE_OPEN:    takes work
 * LANE_LEAVING: takes no more; some is still in flight
 * LANE_LEFT:    is not used, for a while or for good
 */
enum lane_state {
	LANE_CLOSED,
	LANE_OPEN,
	LANE_LEAVING,
	LANE_LEFT,
};

/*
 * struct lane - one queue
 * @device:    what wd_request_queue() is asked for
 * @name:      what it gave
 * @kind:      of that device
 * @workers:   CPU workers to ask for, 0 for as many as there are CPUs
 * @width:     items that keep it busy
 * @in_flight: sent and not received
 * @backlog:   what these cost, in bytes to compress or decompress
 * @mark_ns:   when it last became busy or finished something
 * @pace:      how long from one to the next while it is busy
 * @alone:     how long it takes for one when it has no other
 * @passed_ns: what others took for items that it was too slow for
 * @lone:      the one that found it without any other, sent at @lone_ns; NULL
 * @turn:      how often it was opened
 * @depth:     the most that its queue had room for
 * @failures:  in a row
 * @error:     why it was left: a negative errno; 0 again when it is back
 * @held:      its device does not let go of the memory of what is in flight
 * @abandoned: it may keep the memory for output of what was
 * @rest:      for how long
 * @lost:      what became of its device, of which nothing comes back any more
 * @why:       what the list of devices had against it, when it gave no queue
 * @told:      what it did since the last reset
 * @reasons:   what it did not do, by enum wd_comp_reason
 */
struct lane {
	char device[WD_NAME_MAX];
	char name[WD_NAME_MAX];
	enum wd_device_kind kind;
	unsigned int workers;
	enum lane_state state;
	struct wd_queue q;
	unsigned int width;
	unsigned int in_flight;
	uint64_t backlog;
	int64_t mark_ns;
	struct fit pace, alone;
	double passed_ns;
	const struct wd_comp_req *lone;
	int64_t lone_ns;
	unsigned int turn;
	uint32_t depth;
	unsigned int failures;
	int error;
	bool held, abandoned;
	struct quarantine rest;
	enum wd_comp_reason lost;
	char why[WD_REASON_MAX];
	struct wd_comp_lane told;
	uint64_t reasons[WD_COMP_REASONS];
};

/* What it did, for applications. */
void lane_tell(const struct lane *l, struct wd_comp_lane *told);

/* One of its reasons; false if it has none of that kind. */
bool lane_tell_reason(const struct lane *l, enum wd_comp_reason reason,
		      struct wd_comp_fallback *told);

/* Forget what is told. */
void lane_reset_counts(struct lane *l);

/*
 * Get the queue, if it is closed, or has been left for long enough.  Returns 0, or why
 * there is none: then it is left.
 */
int lane_open(struct lane *l);

/* Give the queue back. */
void lane_close(struct lane *l);

/* Take no more work; the queue goes back when nothing is in flight. */
void lane_leave(struct lane *l, int why);

/* A device is left for now, and may be used again. */
static inline bool lane_rests(const struct lane *l)
{
	return l->state == LANE_LEFT && quarantine_has_end(&l->rest);
}

/* How fast it is has been measured. */
bool lane_is_known(const struct lane *l);

/* Nanoseconds that it takes for @bytes that are all it has to do, as near as is known. */
double lane_latency(const struct lane *l, uint64_t bytes);

/* It has done something well: if it was being tried, it is back. */
void lane_succeeded(struct lane *l);

/* Once more in a row it has not, and may have to be left, because of @why. */
void lane_failed(struct lane *l, int why);

/* It has done @req, and that was found to be right. */
static inline void lane_count_done(struct lane *l,
				   const struct wd_comp_req *req)
{
	l->told.requests++;
	l->told.bytes_in += req->consumed;
	l->told.bytes_out += req->produced;
}

/* It did not do something that it was, or could have been, asked for. */
static inline void lane_count_reason(struct lane *l, enum wd_comp_reason reason)
{
	l->reasons[reason]++;
}

/* That was a request, which it failed with @status. */
void lane_count_failed(struct lane *l, int status);

/* The queue's name, or what was asked for. */
const char *lane_name(const struct lane *l);

static inline bool lane_is_device(const struct lane *l)
{
	return l->kind != WD_DEVICE_CPU;
}

/* It is back for one item, and for more if that is done well. */
static inline bool lane_is_tried(const struct lane *l)
{
	return l->state == LANE_OPEN && l->rest.trying;
}

/* More fits into the queue. */
bool lane_has_room(const struct lane *l);

/* @timed: measure how fast it is. */
int lane_send(struct lane *l, const struct wd_work *work, bool timed);
int lane_recv(struct lane *l, struct wd_work *done, int timeout_ms, bool timed);
void lane_flush(struct lane *l);

/*
 * wd_queue_abandon(): what comes back from now on has its output in memory that is the
 * device's.  It is not used again, as that could happen any number of times.
 */
bool lane_abandon(struct lane *l);

/* What has not begun will not. */
void lane_drop(struct lane *l);

/* Nothing will come back any more. */
void lane_forget(struct lane *l);

/* Nanoseconds from one item of @bytes to the next; 0 if that is not known. */
double lane_cost(const struct lane *l, uint64_t bytes);

/* Nanoseconds until @bytes more would come back, as near as is known. */
double lane_forecast(const struct lane *l, uint64_t bytes);

/*
 * It has nothing to do, and is too slow for @bytes, which another lane does in @ns.
 * That may not be so for ever: true if it is to be tried, as trying has become cheap
 * beside what others have done since the last time.  What was measured is forgotten.
 */
bool lane_pass_over(struct lane *l, uint64_t bytes, double ns);

/* A descriptor that polls readable when there is something to receive, or -1. */
int lane_event_fd(struct lane *l);

/* Before receiving, when it did. */
void lane_event_seen(struct lane *l);

#endif
