/* SPDX-License-Identifier: MIT */
/*
 * Choosing a lane: by when it would be done, if it is not one that is left alone, or
 * for which the item is too small.
 */
#include "choose.h"

/*
 * Beside a device that is not faster, byte for byte, the CPU gets what it does in so
 * many times the time that the device loses with each item.
 */
#define LOSS_MAX 4

#define ROUNDING                                                               \
	(1 + 1e-9) /* a last lane's share of all speeds is 1, or nearly */

#define UNKNOWN_MAX                                                            \
	2u /* items for a device of which nobody knows how fast it is */

static const struct lane *cpu_lane(const struct sched *s)
{
	return &s->lanes[s->count - 1];
}

/* ---- too small ---- */

/*
 * From how many bytes on @device has them done before @cpu.  One that gains nothing by
 * any number of bytes still takes work off the CPU, if it loses little.
 */
static double smallest(const struct fit_line *device,
		       const struct fit_line *cpu)
{
	double loss = device->ns - cpu->ns;
	double gain = cpu->ns_per_byte - device->ns_per_byte;
	double most;

	if (loss <= 0 || cpu->ns_per_byte <= 0)
		return 0;
	most = LOSS_MAX * loss / cpu->ns_per_byte;
	return gain > 0 && loss / gain < most ? loss / gain : most;
}

bool choose_is_small(const struct sched *s, const struct lane *l,
		     uint64_t bytes)
{
	struct fit_line device, cpu;

	/* Who asks for a device alone gets it. */
	if (!s->cpu_chosen)
		return false;
	if (!fit_has_both(&l->alone) || fit_is_empty(&cpu_lane(s)->alone))
		return bytes < CHOOSE_SMALL;
	device = fit_line(&l->alone, false);
	cpu = fit_line(&cpu_lane(s)->alone, true);
	return (double)bytes < smallest(&device, &cpu);
}

bool sched_cpu_does(const struct sched *s, uint64_t bytes)
{
	for (unsigned int i = 0; i + 1 < s->count; i++)
		if (s->lanes[i].state <= LANE_OPEN &&
		    !choose_is_small(s, &s->lanes[i], bytes))
			return false;
	return true;
}

/* ---- for the count ---- */

unsigned int choose_resting(const struct sched *s)
{
	unsigned int lanes = 0;

	for (unsigned int i = 0; i + 1 < s->count; i++)
		lanes |= (unsigned int)lane_rests(&s->lanes[i]) << i;
	return lanes;
}

void choose_count(struct sched *s, uint64_t bytes, unsigned int resting)
{
	for (unsigned int i = 0; i + 1 < s->count; i++) {
		struct lane *l = &s->lanes[i];

		if (resting & 1u << i)
			lane_count_reason(l, WD_COMP_REASON_QUARANTINED);
		else if (l->state <= LANE_OPEN && choose_is_small(s, l, bytes))
			lane_count_reason(l, WD_COMP_REASON_TOO_SMALL);
	}
}

/* ---- who is first ---- */

/* How long all lanes need for all that they should have at a time. */
static double horizon(const struct sched *s, uint64_t bytes)
{
	double items = 0;

	for (unsigned int i = 0; i < s->count; i++) {
		double each = sched_uses(s, &s->lanes[i])
				      ? lane_cost(&s->lanes[i], bytes)
				      : 0;

		if (each > 0)
			items += 1 / each;
	}
	return items > 0 ? sched_width(s) / items : 0;
}

/*
 * Nanoseconds for which the CPU gets nothing yet.  Output goes out in order, and what it
 * began now could keep a fast device waiting for many times as long as it takes to know
 * how fast that is.  If the device is not that fast, the CPU has lost no more time than
 * it needs for one item.
 */
static double held_back_ns(const struct sched *s, uint64_t bytes)
{
	double latency, most = 0;

	if (!sched_uses(s, cpu_lane(s)))
		return 0;
	latency = lane_latency(cpu_lane(s), bytes);
	for (unsigned int i = 0; i + 1 < s->count; i++) {
		const struct lane *l = &s->lanes[i];
		double left;

		if (!l->in_flight || !l->mark_ns || lane_is_known(l))
			continue;
		left = latency - (double)(lane_clock() - l->mark_ns);
		if (left > most)
			most = left;
	}
	return most;
}

int choose_again_ms(const struct sched *s, uint64_t bytes)
{
	double ns = held_back_ns(s, bytes);

	return ns > 0 ? (int)(ns / 1e6) + 1 : -1;
}

static bool is_only_one(const struct sched *s, const struct lane *l)
{
	for (unsigned int i = 0; i < s->count; i++)
		if (&s->lanes[i] != l && sched_uses(s, &s->lanes[i]))
			return false;
	return true;
}

/*
 * A lane is kept just full enough: more than it would finish while the others do
 * all the rest would keep them waiting for it, as output goes out in order.
 */
static bool wants_more(const struct sched *s, struct lane *l, uint64_t bytes)
{
	unsigned int most = l->width + (lane_is_device(l) ? 0 : 1);

	/* It may be slow, and all wait for what it has. */
	if (lane_is_device(l) && !lane_is_known(l) && !is_only_one(s, l))
		most = UNKNOWN_MAX;
	if (!sched_uses(s, l) || !lane_has_room(l) || l->in_flight >= most)
		return false;
	if (!lane_is_device(l) && held_back_ns(s, bytes) > 0)
		return false;
	return lane_forecast(l, bytes) <= horizon(s, bytes) * ROUNDING;
}

/* All lanes have nothing to do, so that one has to begin. */
static struct lane *any_lane(struct sched *s)
{
	struct lane *any = NULL;

	for (unsigned int i = 0; i < s->count; i++) {
		if (s->lanes[i].in_flight)
			return NULL;
		if (sched_uses(s, &s->lanes[i]) && lane_has_room(&s->lanes[i]))
			any = &s->lanes[i];
	}
	return any;
}

/* A lane that has nothing to do, while @best gets @bytes, if it is time to try it. */
static struct lane *lane_to_try(struct sched *s, const struct lane *best,
				uint64_t bytes)
{
	double ns = lane_cost(best, bytes);

	for (unsigned int i = 0; bytes >= CHOOSE_SMALL && i < s->count; i++) {
		struct lane *l = &s->lanes[i];

		if (l == best || !sched_uses(s, l) || l->in_flight)
			continue;
		if (lane_pass_over(l, bytes, ns))
			return l;
	}
	return NULL;
}

/* The one that will finish it first. */
static struct lane *first_lane(struct sched *s, uint64_t bytes)
{
	struct lane *best = NULL;

	for (unsigned int i = 0; i < s->count; i++) {
		struct lane *l = &s->lanes[i];

		if (lane_is_device(l) && choose_is_small(s, l, bytes))
			continue;
		if (lane_is_tried(l) && lane_has_room(l))
			return l;
		if (wants_more(s, l, bytes) &&
		    (!best ||
		     lane_forecast(l, bytes) < lane_forecast(best, bytes)))
			best = l;
	}
	return best;
}

struct lane *choose_lane(struct sched *s, uint64_t bytes)
{
	struct lane *best = first_lane(s, bytes), *tried;

	if (!best)
		return any_lane(s);
	if (lane_is_tried(best))
		return best;
	tried = lane_to_try(s, best, bytes);
	return tried ? tried : best;
}
