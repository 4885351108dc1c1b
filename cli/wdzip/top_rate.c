/* SPDX-License-Identifier: MIT */
/*
 * What devices do in a second: a sample of them compared with the one before.
 *
 * Nothing is guessed: where a counter is missing, or began anew between the two, what
 * would follow from it is not known.
 */
#include <stddef.h>
#include <string.h>

#include "top_rate.h"

int64_t counter_value(const struct device_facts *dev, const char *name)
{
	for (unsigned int i = 0; i < dev->counter_count; i++)
		if (!strcmp(dev->counters[i].name, name))
			return (int64_t)dev->counters[i].value;
	return NOT_KNOWN;
}

int64_t grown(int64_t before, int64_t now)
{
	return before < 0 || now < before ? NOT_KNOWN : now - before;
}

int64_t used_queues(const struct device_facts *dev)
{
	int64_t seen = 0;

	if (!dev->in_class)
		return NOT_KNOWN;
	if (dev->free_queues >= 0 && dev->process_queues >= dev->free_queues)
		return dev->process_queues - dev->free_queues;
	if (dev->users_hidden)
		return NOT_KNOWN;
	for (unsigned int i = 0; i < dev->user_count; i++)
		seen += dev->users[i].queues;
	return seen;
}

/* ---- of one sample ---- */

static bool is_stopped(const struct device_facts *dev)
{
	return !strcmp(dev->qm_status, "stop");
}

static const char *state_of(const struct device_facts *dev)
{
	if (dev->isolated > 0)
		return "isolated";
	if (is_stopped(dev))
		return "stopped";
	if (dev->in_class)
		return "up";
	return dev->module[0] ? "kernel" : "no driver";
}

/* Counters of the bus alone are not all that there is. */
static int64_t sum_of(const struct device_facts *dev, enum counter_kind kind)
{
	uint64_t sum = 0;
	bool any = false;

	if (dev->debugfs != DEBUGFS_READ)
		return NOT_KNOWN;
	for (unsigned int i = 0; i < dev->counter_count; i++) {
		if (dev->counters[i].kind != kind)
			continue;
		sum += dev->counters[i].value;
		any = true;
	}
	return any ? (int64_t)(sum & INT64_MAX) : NOT_KNOWN;
}

/* What a stop or reset ended is not among the answers. */
static int64_t pending(const struct device_facts *dev)
{
	int64_t sent = counter_value(dev, COUNTER_SENT);
	int64_t answered = counter_value(dev, COUNTER_ANSWERED);
	int64_t aborted = counter_value(dev, COUNTER_ABORTED);

	return grown(aborted < 0 ? 0 : aborted, grown(answered, sent));
}

static void fill_state(struct top_row *row, const struct device_facts *dev)
{
	row->facts = dev;
	row->state = state_of(dev);
	row->bad = dev->isolated > 0 || is_stopped(dev);
	row->used = used_queues(dev);
	row->free = dev->free_queues;
	row->errors = sum_of(dev, COUNTER_FAULT);
	row->resets = sum_of(dev, COUNTER_RESET);
	row->fallbacks = counter_value(dev, COUNTER_REDONE);
	row->kernel_pending = pending(dev);
}

/* ---- of two ---- */

static double per_second(int64_t count, double seconds)
{
	return count < 0 || seconds <= 0 ? NOT_KNOWN : (double)count / seconds;
}

static double counter_rate(const struct device_facts *before,
			   const struct device_facts *now, const char *name,
			   double seconds)
{
	return per_second(
		grown(counter_value(before, name), counter_value(now, name)),
		seconds);
}

static double share(uint64_t part, uint64_t all)
{
	return all ? (double)part / (double)all : NOT_KNOWN;
}

static void fill_from_cores(struct top_row *row, const struct core_meter *m)
{
	double seconds = meter_seconds(m);

	if (!m->known)
		return;
	row->requests = per_second((int64_t)m->requests, seconds);
	if (!m->exact)
		return;
	row->consumed = per_second((int64_t)m->consumed, seconds);
	row->produced = per_second((int64_t)m->produced, seconds);
	for (int d = 0; d < DIRECTIONS; d++)
		row->busy[d] = share(m->work[d], m->cycles[d]);
}

void fill_row(struct top_row *row, const struct top_sample *before,
	      const struct top_sample *now, unsigned int i)
{
	const struct device_facts *dev = &now->list.devices[i], *old;
	int at = sample_find(before, dev);

	fill_state(row, dev);
	row->requests = row->consumed = row->produced = NOT_KNOWN;
	row->busy[COMPRESSION] = row->busy[DECOMPRESSION] = NOT_KNOWN;
	row->kernel_requests = NOT_KNOWN;
	if (at < 0)
		return;
	old = &before->list.devices[at];
	row->kernel_requests =
		counter_rate(old, dev, COUNTER_ANSWERED, now->at - before->at);
	row->requests =
		counter_rate(old, dev, COUNTER_DONE, now->at - before->at);
	fill_from_cores(row, &before->meters[at]);
}
