/* SPDX-License-Identifier: MIT */
/*
 * One queue of a scheduler: opening and leaving it, and counting what it does.
 */
#define log_fmt(f) "lane: " f
#include <string.h>
#include <time.h>

#include "lane.h"
#include "reason.h"

#define DEVICE_WIDTH	8u	/* items that keep a device busy */
#define CHECK_SHARE	8	/* looking takes one part in so many of doing */
#define TRY_SHARE	128 /* of the time is for trying lanes that were slow */
#define FIRST_NS                                                               \
	4.0 /* a byte: no worker of the CPU is faster before it is known */

static int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int64_t (*lane_clock)(void) = monotonic_ns;

static void ask_for_workers(struct lane *l)
{
	if (!l->workers)
		l->workers = (unsigned int)wd_min(wd_cpu_count(), WD_COMP_THREADS_MAX);
	l->q.workers = l->workers;
	l->q.depth = 4 * l->workers;
}

/* Memory for workers may be there the next time. */
static int no_queue(struct lane *l, int err)
{
	if (!lane_is_device(l))
		return err;
	lane_count_reason(l, reason_no_queue(err));
	reason_look_up(lane_name(l), l->why);
	lane_leave(l, err);
	return err;
}

/* The device may have come back under the same name, but not as the same queue. */
static void try_again(struct lane *l)
{
	if (lane_rests(l) && quarantine_try(&l->rest, lane_clock()))
		l->state = LANE_CLOSED;
}

int lane_open(struct lane *l)
{
	int ret;

	if (l->state == LANE_OPEN)
		return 0;
	try_again(l);
	if (l->state != LANE_CLOSED)
		return l->error;
	memset(&l->q, 0, sizeof(l->q));
	l->q.device = lane_name(l);
	if (!lane_is_device(l))
		ask_for_workers(l);
	ret = wd_request_queue(&l->q);
	if (ret)
		return no_queue(l, ret);
	l->state = LANE_OPEN;
	l->turn++;
	l->lost = WD_COMP_REASON_NONE;
	l->depth = (uint32_t)wd_max(l->depth, l->q.depth);
	memcpy(l->name, wd_queue_device(&l->q), sizeof(l->name));
	l->width = lane_is_device(l) ?
		   (unsigned int)wd_min(l->q.depth / 2, DEVICE_WIDTH) : l->q.workers;
	if (!l->width)
		l->width = 1;
	return 0;
}

void lane_close(struct lane *l)
{
	if (l->state == LANE_OPEN || l->state == LANE_LEAVING)
		wd_release_queue(&l->q);
	l->state = LANE_CLOSED;
	l->in_flight = 0;
	l->backlog = 0;
}

static void leave_if_empty(struct lane *l)
{
	if (l->state != LANE_LEAVING || l->in_flight)
		return;
	wd_release_queue(&l->q);
	l->state = LANE_LEFT;
}

void lane_leave(struct lane *l, int why)
{
	if (l->state == LANE_LEAVING || l->state == LANE_LEFT)
		return;
	wd_warn("%s is left: %s", lane_name(l), wd_strerror(why));
	l->error = why;
	l->failures = 0;
	if (why == -ENODEV && l->state == LANE_OPEN)
		l->lost = reason_lost(lane_name(l));
	quarantine_begin(&l->rest, why, l->name[0], lane_clock());
	if (l->state == LANE_CLOSED) {
		l->state = LANE_LEFT;
		return;
	}
	l->state = LANE_LEAVING;
	leave_if_empty(l);
}

void lane_succeeded(struct lane *l)
{
	l->failures = 0;
	if (l->state != LANE_OPEN || !quarantine_end(&l->rest))
		return;
	wd_warn("%s is used again", lane_name(l));
	l->error = 0;
	l->told.returned++;
}

void lane_failed(struct lane *l, int why)
{
	l->failures++;
	if (quarantine_is_due(&l->rest, l->failures))
		lane_leave(l, why);
}

void lane_count_failed(struct lane *l, int status)
{
	enum wd_comp_reason reason = reason_of_request(status);

	if (reason == WD_COMP_REASON_GONE && l->lost)
		reason = l->lost;
	lane_count_reason(l, reason);
}

const char *lane_name(const struct lane *l)
{
	return l->name[0] ? l->name : l->device;
}

void lane_tell(const struct lane *l, struct wd_comp_lane *told)
{
	*told = l->told;
	memcpy(told->name, lane_name(l), sizeof(told->name));
	told->kind = l->kind;
	told->error = l->error;
	told->width = l->width;
	told->depth = l->depth;
}

/* Of a queue that could not be had. */
static bool has_own_words(const struct lane *l, enum wd_comp_reason reason)
{
	return reason < WD_COMP_REASON_UNSUPPORTED && l->why[0] &&
	       reason == reason_no_queue(l->error);
}

bool lane_tell_reason(const struct lane *l, enum wd_comp_reason reason,
		      struct wd_comp_fallback *told)
{
	if (!l->reasons[reason])
		return false;
	memset(told, 0, sizeof(*told));
	told->reason = reason;
	told->count = l->reasons[reason];
	if (has_own_words(l, reason))
		memcpy(told->text, l->why, sizeof(told->text));
	else
		strcpy(told->text, wd_comp_reason_text(reason));
	return true;
}

void lane_reset_counts(struct lane *l)
{
	memset(&l->told, 0, sizeof(l->told));
	memset(l->reasons, 0, sizeof(l->reasons));
	/* A queue that could not be had, and will not be asked for again. */
	if (l->state == LANE_LEFT && !lane_rests(l))
		lane_count_reason(l, reason_no_queue(l->error));
}

bool lane_has_room(const struct lane *l)
{
	if (l->state != LANE_OPEN)
		return false;
	return l->in_flight < (l->rest.trying ? 1 : l->q.depth);
}

/* Work in bytes of input that it is as good as. */
static uint64_t cost(const struct wd_work *work)
{
	size_t len = work->req->in_len;

	return work->kind == WD_WORK_CHECK ? len / CHECK_SHARE : len;
}

static void begin_timing(struct lane *l, const struct wd_work *work, bool timed)
{
	l->mark_ns = l->lone_ns = timed ? lane_clock() : 0;
	l->lone = timed && work->kind != WD_WORK_CHECK ? work->req : NULL;
}

int lane_send(struct lane *l, const struct wd_work *work, bool timed)
{
	int ret = wd_queue_send(&l->q, work);

	if (ret)
		return ret;
	if (!l->in_flight)
		begin_timing(l, work, timed);
	l->in_flight++;
	l->backlog += cost(work);
	return 0;
}

/* The time since it last did something was for this; what failed tells of no speed. */
static void note_speed(struct lane *l, const struct wd_work *done)
{
	bool lone = l->lone == done->req && done->kind != WD_WORK_CHECK;
	int64_t now = lane_clock(), mark = l->mark_ns;

	l->mark_ns = now;
	if (lone)
		l->lone = NULL;
	if (!mark || done->req->status)
		return;
	fit_add(&l->pace, (double)cost(done), (double)(now - mark));
	if (lone)
		fit_add(&l->alone, (double)done->req->in_len,
			(double)(now - l->lone_ns));
}

int lane_recv(struct lane *l, struct wd_work *done, int timeout_ms, bool timed)
{
	int ret = wd_queue_recv(&l->q, done, timeout_ms);

	if (ret == -EIO) {
		l->held = true;
		lane_leave(l, ret);
	}
	if (ret)
		return ret;
	l->in_flight--;
	l->backlog -= cost(done);
	if (timed)
		note_speed(l, done);
	else
		l->mark_ns = 0;
	leave_if_empty(l);
	return 0;
}

void lane_flush(struct lane *l)
{
	if (l->state == LANE_OPEN || l->state == LANE_LEAVING)
		wd_flush(&l->q);
}

bool lane_abandon(struct lane *l)
{
	if (!l->in_flight || !lane_is_device(l) || !wd_queue_abandon(&l->q))
		return false;
	wd_err("%s does not let go of memory: it is kept until the process ends",
	       lane_name(l));
	l->held = false;
	l->abandoned = true;
	lane_leave(l, -EIO);
	quarantine_for_good(&l->rest);
	return true;
}

void lane_drop(struct lane *l)
{
	if (l->in_flight)
		l->in_flight -= wd_queue_drop(&l->q);
}

void lane_forget(struct lane *l)
{
	/* Its queue cannot be given back, either. */
	if (l->held)
		return;
	l->in_flight = 0;
	l->backlog = 0;
	leave_if_empty(l);
}

bool lane_is_known(const struct lane *l)
{
	return !fit_is_empty(&l->pace);
}

/* A device may lose much with each item; workers of the CPU do not. */
static struct fit_line pace(const struct lane *l)
{
	if (!lane_is_device(l) && !lane_is_known(l))
		return (struct fit_line){ .ns_per_byte = FIRST_NS / l->width };
	return fit_line(&l->pace, !lane_is_device(l));
}

double lane_latency(const struct lane *l, uint64_t bytes)
{
	struct fit_line line = fit_line(&l->alone, !lane_is_device(l));

	if (fit_is_empty(&l->alone))
		return lane_cost(l, bytes) * (lane_is_device(l) ? 1 : l->width);
	return line.ns + (double)bytes * line.ns_per_byte;
}

double lane_cost(const struct lane *l, uint64_t bytes)
{
	struct fit_line line = pace(l);

	return line.ns + (double)bytes * line.ns_per_byte;
}

double lane_forecast(const struct lane *l, uint64_t bytes)
{
	struct fit_line line = pace(l);
	double ns = (l->in_flight + 1) * line.ns +
		    (double)(l->backlog + bytes) * line.ns_per_byte;
	double least = lane_is_device(l) ? 0 : lane_latency(l, bytes);

	/* Several workers make several items in the same time, but not one in less. */
	return ns > least ? ns : least;
}

bool lane_pass_over(struct lane *l, uint64_t bytes, double ns)
{
	if (fit_is_empty(&l->pace))
		return false;
	l->passed_ns += ns;
	if (l->passed_ns < TRY_SHARE * lane_cost(l, bytes))
		return false;
	l->passed_ns = 0;
	memset(&l->pace, 0, sizeof(l->pace));
	memset(&l->alone, 0, sizeof(l->alone));
	return true;
}

int lane_event_fd(struct lane *l)
{
	return l->held ? -1 : wd_queue_event_fd(&l->q);
}

void lane_event_seen(struct lane *l)
{
	wd_queue_event_seen(&l->q);
}
