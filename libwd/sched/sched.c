/* SPDX-License-Identifier: MIT */
/*
 * Giving items to the lanes that are chosen for them, waiting for all lanes at once, draining them.
 *
 * With a single queue an item goes straight there, and receiving waits in its driver.
 * With several, items wait here until a lane has use for them, so that the fast ones
 * get more; and all are waited for by their descriptors.
 */
#define log_fmt(f) "sched: " f
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../codec/codec.h"
#include "check.h"
#include "choose.h"

#define LOOK_MS		1	/* between looks at a queue that cannot be waited for */
#define LOOK_MAX_MS	100	/* lost requests are noticed by looking */
#define HELD_LOOK_MS	500 /* between looks whether a device keeps something */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* ---- lists ---- */

static void put_last(struct item_list *list, struct sched_item *item)
{
	item->next = NULL;
	if (list->first)
		list->last->next = item;
	else
		list->first = item;
	list->last = item;
}

static void put_first(struct item_list *list, struct sched_item *item)
{
	item->next = list->first;
	if (!list->first)
		list->last = item;
	list->first = item;
}

static struct sched_item *take_first(struct item_list *list)
{
	struct sched_item *item = list->first;

	if (item)
		list->first = item->next;
	return item;
}

/* ---- lanes ---- */

static struct lane *cpu_lane(struct sched *s)
{
	return &s->lanes[s->count - 1];
}

int sched_init(struct sched *s, const struct engine_choice *choice,
	       unsigned int threads)
{
	struct lane *cpu;

	s->lanes = calloc(choice->devices + 1, sizeof(*s->lanes));
	if (!s->lanes)
		return -ENOMEM;
	s->count = choice->devices + 1;
	s->cpu_chosen = s->cpu_works = choice->cpu;
	for (unsigned int i = 0; i < choice->devices; i++) {
		strcpy(s->lanes[i].device, choice->device[i]);
		s->lanes[i].kind = WD_DEVICE_HARDWARE;
	}
	cpu = cpu_lane(s);
	strcpy(cpu->device, wd_cpu_device());
	cpu->kind = WD_DEVICE_CPU;
	cpu->workers = threads;
	return 0;
}

void sched_exit(struct sched *s)
{
	for (unsigned int i = 0; i < s->count; i++)
		lane_close(&s->lanes[i]);
	wd_codec_destroy(s->codec);
	free(s->lanes);
}

int sched_open_devices(struct sched *s)
{
	int why = -ENODEV;
	bool any = false;

	for (unsigned int i = 0; i + 1 < s->count; i++) {
		int ret = lane_open(&s->lanes[i]);

		any |= !ret;
		if (why == -ENODEV)
			why = ret;
	}
	return any ? 0 : why;
}

/* One of them is more than tried. */
static bool relies_on_devices(const struct sched *s)
{
	for (unsigned int i = 0; i + 1 < s->count; i++)
		if (s->lanes[i].state == LANE_OPEN &&
		    !lane_is_tried(&s->lanes[i]))
			return true;
	return false;
}

/*
 * Devices that cannot be had are left, for a while at least; then the CPU does their
 * work, too.
 */
int sched_open(struct sched *s)
{
	sched_open_devices(s);
	s->cpu_works = s->cpu_chosen || !relies_on_devices(s);
	if (!s->cpu_works)
		return 0;
	s->cpu_helped = true;
	return lane_open(cpu_lane(s));
}

unsigned int sched_threads(const struct sched *s)
{
	return s->lanes[s->count - 1].workers;
}

void sched_set_threads(struct sched *s, unsigned int threads)
{
	cpu_lane(s)->workers = threads;
}

/* What was promised when all lanes were open holds when some are left. */
unsigned int sched_depth(const struct sched *s)
{
	unsigned int depth = 0;

	for (unsigned int i = 0; i < s->count; i++)
		if (lane_is_device(&s->lanes[i]) || s->cpu_works ||
		    s->cpu_helped)
			depth += s->lanes[i].depth;
	return depth;
}

const struct lane *sched_device(const struct sched *s)
{
	return s->count > 1 ? &s->lanes[0] : NULL;
}

void sched_reset_counts(struct sched *s)
{
	s->redone = 0;
	for (unsigned int i = 0; i < s->count; i++)
		lane_reset_counts(&s->lanes[i]);
}

/* More than one queue is in use: items are timed, and waited for together. */
static bool is_plural(const struct sched *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; s->count > 1 && i < s->count; i++)
		n += s->lanes[i].state == LANE_OPEN || s->lanes[i].state == LANE_LEAVING;
	return n > 1;
}

static void count_sent(struct sched *s, const struct sched_item *item)
{
	s->in_flight++;
	s->bound += !item->leave;
}

static void count_received(struct sched *s, const struct sched_item *item)
{
	s->in_flight--;
	s->bound -= !item->leave;
}

/* ---- here and now ---- */

int sched_run(struct sched *s, struct wd_work *work)
{
	struct lane *cpu = cpu_lane(s);
	int64_t begun = s->count > 1 ? lane_clock() : 0;

	if (!s->codec)
		s->codec = wd_codec_create();
	if (!s->codec)
		work->req->status = -ENOMEM;
	else
		wd_codec_run(s->codec, work);
	if (begun)
		fit_add(&cpu->alone, (double)work->req->in_len,
			(double)(lane_clock() - begun));
	lane_count_done(cpu, work->req);
	return work->req->status;
}

int sched_run_small(struct sched *s, struct wd_work *work)
{
	choose_count(s, work->req->in_len, 0);
	return sched_run(s, work);
}

/* If it could be looked at, it was right. */
static void count_checked(const struct sched_item *item)
{
	if (!item->work.req->status)
		lane_count_done(item->lane, item->work.req);
}

/* Received like the rest. */
static void run_now(struct sched *s, struct sched_item *item)
{
	struct wd_work check = wd_work_check(&item->work);

	if (item->stage != ITEM_CHECKING) {
		sched_run(s, &item->work);
	} else {
		if (!s->codec)
			s->codec = wd_codec_create();
		wd_codec_run(s->codec, &check);
	}
	if (item->stage != ITEM_DOING)
		check_settle(s, item, check.result.check.wrong);
	if (item->stage == ITEM_CHECKING && !check.result.check.wrong)
		count_checked(item);
	else
		item->lane = NULL;
	put_last(&s->done, item);
}

/* ---- handing out ---- */

/* What no device can do, or has done well, goes to the CPU, or is done here. */
static int send_to_cpu(struct sched *s, struct sched_item *item)
{
	struct lane *cpu = cpu_lane(s);
	bool check = item->stage == ITEM_CHECKING;
	struct wd_work work = check ? wd_work_check(&item->work) : item->work;

	work.owner = item;
	if (lane_open(cpu)) {
		run_now(s, item);
		return 0;
	}
	if (!lane_has_room(cpu))
		return -EBUSY;
	if (item->stage == ITEM_DOING)
		item->lane = cpu;
	if (lane_send(cpu, &work, true))
		run_now(s, item);
	else
		cpu->told.checks += check;
	return 0;
}

/* Returns 0 or -EBUSY for a device; for the CPU also what else it refuses. */
static int send_to(struct sched *s, struct lane *l, struct sched_item *item, bool timed)
{
	int ret;

	item->lane = l;
	item->turn = l->turn;
	item->work.owner = item;
	ret = lane_send(l, &item->work, timed);
	if (!ret || ret == -EBUSY || !lane_is_device(l))
		return ret;
	if (send_to_cpu(s, item))
		return -EBUSY;
	check_refused(s, l, &item->work, ret);
	return 0;
}

/* 0, then it may be done already; or -EBUSY. */
static int send_pinned(struct sched *s, struct sched_item *item)
{
	struct lane *l = item->lane;
	int ret = -ENODEV;

	item->work.owner = item;
	if (l->state == LANE_OPEN && l->turn == item->turn)
		ret = lane_send(l, &item->work, true);
	if (!ret || ret == -EBUSY)
		return ret;
	item->work.req->status = ret;
	check_pinned(item);
	put_last(&s->done, item);
	return 0;
}

/* What the CPU owes comes first, as a device's work is done only with that. */
static void hand_out_owed(struct sched *s)
{
	struct sched_item *item;

	while ((item = take_first(&s->owed)))
		if (send_to_cpu(s, item)) {
			put_first(&s->owed, item);
			break;
		}
}

/* 0; -EBUSY: no lane has use for it now. */
static int hand_out_one(struct sched *s, struct sched_item *item)
{
	uint64_t bytes = item->work.req->in_len;
	unsigned int resting;
	struct lane *l;
	int ret;

	if (item->pinned)
		return send_pinned(s, item);
	/* The last device may just have been left. */
	if (sched_open(s)) {
		run_now(s, item);
		return 0;
	}
	resting = choose_resting(s);
	if (item->for_cpu) {
		ret = send_to_cpu(s, item);
	} else {
		l = choose_lane(s, bytes);
		ret = l ? send_to(s, l, item, true) : -EBUSY;
	}
	if (!ret)
		choose_count(s, bytes, resting);
	return ret;
}

static void hand_out(struct sched *s)
{
	struct sched_item *item;

	if (!s->owed.first && !s->waiting.first)
		return;
	hand_out_owed(s);
	while ((item = take_first(&s->waiting)))
		if (hand_out_one(s, item)) {
			put_first(&s->waiting, item);
			break;
		}
	sched_flush(s);
}

void sched_flush(struct sched *s)
{
	for (unsigned int i = 0; i < s->count; i++)
		lane_flush(&s->lanes[i]);
}

/* The one queue there is: an item goes straight there. */
static int send_straight(struct sched *s, struct sched_item *item)
{
	unsigned int resting = choose_resting(s);
	struct lane *l = cpu_lane(s);
	int ret;

	for (unsigned int i = 0; i + 1 < s->count; i++)
		if (sched_uses(s, &s->lanes[i]))
			l = &s->lanes[i];
	ret = item->pinned ? send_pinned(s, item) : send_to(s, l, item, false);
	if (ret && (ret != -EBUSY || s->in_flight >= sched_depth(s)))
		return ret;
	count_sent(s, item);
	choose_count(s, item->work.req->in_len, resting);
	if (ret) {
		/* Full before its time: a place is taken by what was lost. */
		put_last(&s->waiting, item);
		return 0;
	}
	/*
	 * The doorbell of the CPU waits for a second item: a lone one is better done
	 * by the thread that will ask for it.
	 */
	if (lane_is_device(l) || l->in_flight > 1)
		lane_flush(l);
	return 0;
}

int sched_send(struct sched *s, struct sched_item *item)
{
	int ret = sched_open(s);

	if (ret)
		return ret;
	/* Nobody comes before who waits. */
	if (!is_plural(s) && !s->waiting.first &&
	    (!item->for_cpu || s->cpu_works))
		return send_straight(s, item);
	if (s->in_flight >= sched_depth(s))
		return -EBUSY;
	put_last(&s->waiting, item);
	count_sent(s, item);
	hand_out(s);
	return 0;
}

struct lane *sched_stream_lane(struct sched *s)
{
	if (sched_open(s))
		return NULL;
	for (unsigned int i = 0; i + 1 < s->count; i++)
		if (sched_uses(s, &s->lanes[i]) && !lane_is_tried(&s->lanes[i]))
			return &s->lanes[i];
	return NULL;
}

/* ---- taking back ---- */

/* Input that could not be read is not the worker's fault. */
static bool worth_retrying(const struct wd_work *work)
{
	int status = work->req->status;

	return wd_work_compresses(work) && status && status != -ENOSPC &&
	       !(work->kind == WD_WORK_COMPRESS && work->result.compress.no_input);
}

static void from_cpu(struct sched *s, struct lane *cpu, struct sched_item *item,
		     const struct wd_work *done)
{
	if (item->stage == ITEM_CHECKING) {
		check_settle(s, item, done->result.check.wrong);
		if (!done->result.check.wrong) {
			count_checked(item);
			return;
		}
		item->lane = cpu;
		lane_count_done(cpu, item->work.req);
		return;
	}
	item->work.result = done->result;
	if (item->stage == ITEM_REDOING) {
		check_settle(s, item, false);
		cpu->told.redone++;
	} else if (s->retry && worth_retrying(&item->work)) {
		s->redone++;
		sched_run(s, &item->work);
		return;
	}
	item->lane = cpu;
	lane_count_done(cpu, item->work.req);
}

/* A lane gave @done back.  The item if that is all there is to do; or NULL. */
static struct sched_item *settle(struct sched *s, struct lane *l,
				 const struct wd_work *done)
{
	struct sched_item *item = done->owner;

	if (!lane_is_device(l)) {
		from_cpu(s, l, item, done);
		return item;
	}
	if (l->abandoned && !item->leave(item)) {
		item->work.req->status = -ENOMEM;
		return item;
	}
	if (item->pinned) {
		check_pinned(item);
		return item;
	}
	item->work.result = done->result;
	if (check_device(s, item) == VERDICT_OWED) {
		put_last(&s->owed, item);
		return NULL;
	}
	lane_count_done(l, item->work.req);
	return item;
}

static int remaining_ms(int timeout_ms, int64_t begun)
{
	int64_t left;

	if (timeout_ms <= 0)
		return timeout_ms;
	left = begun + timeout_ms - now_ms();
	return left > 0 ? (int)left : 0;
}

/* Sleep until one of the lanes has something, or might have. */
static void sleep_for_any(struct sched *s, int timeout_ms)
{
	struct lane *at[WD_COMP_LANES_MAX];
	struct pollfd fds[WD_COMP_LANES_MAX];
	int most = LOOK_MAX_MS;
	nfds_t n = 0;

	for (unsigned int i = 0; i < s->count; i++) {
		struct lane *l = &s->lanes[i];

		if (!l->in_flight)
			continue;
		at[n] = l;
		fds[n] = (struct pollfd){ .fd = lane_event_fd(l), .events = POLLIN };
		if (fds[n].fd < 0)
			most = LOOK_MS;
		n++;
	}
	if (timeout_ms >= 0 && timeout_ms < most)
		most = timeout_ms;
	if (poll(fds, n, most) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].revents)
			lane_event_seen(at[i]);
}

/*
 * Look at each lane once, not always at the same one first.  What a device holds is told
 * of when all others have given back what they have.
 */
static int look_at_all(struct sched *s, struct wd_work *done, struct lane **from)
{
	bool held = false, busy = false;

	for (unsigned int i = 0; i < s->count; i++) {
		struct lane *l = &s->lanes[(s->next_look + i) % s->count];
		int ret;

		if (!l->in_flight)
			continue;
		ret = lane_recv(l, done, WD_NO_WAIT, true);
		held |= ret == -EIO;
		busy |= ret == -EAGAIN;
		if (ret == -EIO || ret == -EAGAIN)
			continue;
		s->next_look = (unsigned int)(l - s->lanes) + 1;
		*from = l;
		return ret == -ENOENT ? -EIO : ret;
	}
	return held && !busy ? -EIO : -EAGAIN;
}

static int recv_from_any(struct sched *s, struct wd_work *done, struct lane **from,
			 int timeout_ms)
{
	int64_t begun = timeout_ms > 0 ? now_ms() : 0;

	for (;;) {
		int left, ret = look_at_all(s, done, from);

		if (ret != -EAGAIN || timeout_ms == WD_NO_WAIT)
			return ret;
		left = remaining_ms(timeout_ms, begun);
		if (timeout_ms > 0 && !left)
			return -ETIMEDOUT;
		sleep_for_any(s, left);
	}
}

/* With one queue in use its driver knows best how to wait. */
static int recv_work(struct sched *s, struct wd_work *done, struct lane **from,
		     int timeout_ms)
{
	unsigned int busy = 0;

	for (unsigned int i = 0; i < s->count; i++)
		if (s->lanes[i].in_flight) {
			*from = &s->lanes[i];
			busy++;
		}
	if (!busy)
		return -ENOENT;
	if (busy > 1)
		return recv_from_any(s, done, from, timeout_ms);
	return lane_recv(*from, done, timeout_ms, is_plural(s));
}

/* A lone worker is started by waiting, not by looking. */
static bool looks_in_vain(struct sched *s, int timeout_ms)
{
	return timeout_ms == WD_NO_WAIT && s->lazy && !is_plural(s) &&
	       cpu_lane(s)->state == LANE_OPEN && cpu_lane(s)->q.workers == 1;
}

/* The CPU's workers are all there is, and nothing waits for them here. */
static bool is_alone(const struct sched *s)
{
	return s->count == 1 && !s->done.first && !s->waiting.first &&
	       s->lanes[0].state == LANE_OPEN;
}

static int recv_alone(struct sched *s, struct sched_item **item, int timeout_ms)
{
	struct wd_work done;
	int ret = lane_recv(&s->lanes[0], &done, timeout_ms, false);

	if (ret)
		return ret;
	*item = done.owner;
	from_cpu(s, &s->lanes[0], *item, &done);
	count_received(s, *item);
	return 0;
}

/*
 * What a device has not let go of it may keep, if all that is in flight can do with other
 * memory.  Whether there was any.
 */
static bool abandon(struct sched *s)
{
	bool any = false;

	for (unsigned int i = 0; !s->bound && i < s->count; i++)
		any |= lane_abandon(&s->lanes[i]);
	return any;
}

static bool devices_have_any(const struct sched *s)
{
	for (unsigned int i = 0; i + 1 < s->count; i++)
		if (s->lanes[i].in_flight)
			return true;
	return false;
}

/*
 * Until something comes back, one of the items that wait may have a lane, or a device may
 * have kept what it has for too long.
 */
static int recv_or_again(struct sched *s, struct wd_work *done,
			 struct lane **from, int timeout_ms)
{
	const struct sched_item *next = s->waiting.first;
	int again = next ? choose_again_ms(s, next->work.req->in_len) : -1;
	bool shorter;
	int ret;

	if (devices_have_any(s) && (again < 0 || again > HELD_LOOK_MS))
		again = HELD_LOOK_MS;
	shorter = again >= 0 && (timeout_ms < 0 || again < timeout_ms);
	ret = recv_work(s, done, from, shorter ? again : timeout_ms);
	if ((ret == -ETIMEDOUT || ret == -EAGAIN || ret == -EIO) && abandon(s))
		return -EINTR;
	return ret == -ETIMEDOUT && shorter ? -EINTR : ret;
}

int sched_recv(struct sched *s, struct sched_item **item, int timeout_ms)
{
	int64_t begun;

	if (looks_in_vain(s, timeout_ms))
		return -EAGAIN;
	if (is_alone(s))
		return recv_alone(s, item, timeout_ms);
	/* What a device held when all was drained is nobody's any more. */
	if (!s->in_flight && sched_is_held(s))
		return -EIO;
	begun = timeout_ms > 0 ? now_ms() : 0;
	for (;;) {
		struct wd_work done;
		struct lane *from = NULL;
		int ret;

		hand_out(s);
		*item = take_first(&s->done);
		if (*item)
			break;
		ret = recv_or_again(s, &done, &from,
				    remaining_ms(timeout_ms, begun));
		if (ret == -EINTR)
			continue;
		if (ret)
			return ret == -EAGAIN && timeout_ms != WD_NO_WAIT ? -ETIMEDOUT :
									    ret;
		*item = settle(s, from, &done);
		if (*item)
			break;
	}
	count_received(s, *item);
	hand_out(s);
	return 0;
}

/* Take back everything. */
static void drain(struct sched *s, struct lane *l)
{
	struct wd_work done;
	int ret = 0;

	lane_drop(l);
	while (l->in_flight && (!ret || ret == -ETIMEDOUT || abandon(s))) {
		ret = lane_recv(l, &done, HELD_LOOK_MS, false);
		if (!ret && l->abandoned)
			((struct sched_item *)done.owner)->leave(done.owner);
		else if (ret == -ETIMEDOUT)
			abandon(s);
	}
	lane_forget(l);
}

void sched_drain(struct sched *s)
{
	memset(&s->waiting, 0, sizeof(s->waiting));
	memset(&s->owed, 0, sizeof(s->owed));
	memset(&s->done, 0, sizeof(s->done));
	for (unsigned int i = 0; i < s->count; i++)
		drain(s, &s->lanes[i]);
	s->in_flight = 0;
	if (!sched_is_held(s))
		s->bound = 0;
}
