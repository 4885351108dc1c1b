/* SPDX-License-Identifier: MIT */
/*
 * What the cores of an engine did in an interval, from counters that soon run over.
 *
 * Differences are of 32 bits, like the counters.  That tells what was done while a
 * counter ran over at most once, so they have to be read often enough.  Requests are so
 * few that their counter runs over once an hour at most: where it goes back, the engine
 * was reset, and all its counters with it.
 */
#include "top_meter.h"

void meter_begin(struct core_meter *m, const struct engine_cores *cores,
		 double now)
{
	*m = (struct core_meter){
		.begun = now,
		.at = now,
		.known = cores->count > 0,
		.exact = cores->count > 0,
		.last = *cores,
	};
}

double meter_seconds(const struct core_meter *m)
{
	return m->at - m->begun;
}

static bool same_core(const struct engine_core *a, const struct engine_core *b)
{
	return a->decompresses == b->decompresses && a->number == b->number;
}

/* The core may have lost its counters after any of the readings. */
static bool same_cores(const struct engine_cores *a,
		       const struct engine_cores *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned int i = 0; i < a->count; i++)
		if (!same_core(&a->list[i], &b->list[i]) ||
		    b->list[i].counts.done < a->list[i].counts.done)
			return false;
	return true;
}

static void add_core(struct core_meter *m, const struct engine_core *before,
		     const struct engine_core *now)
{
	enum direction d = now->decompresses ? DECOMPRESSION : COMPRESSION;
	const struct core_counts *a = &before->counts, *b = &now->counts;
	uint32_t work = b->work - a->work;

	m->requests += b->done - a->done;
	m->consumed += (uint32_t)(b->consumed - a->consumed);
	m->produced += (uint32_t)(b->produced - a->produced);
	m->work[d] += work;
	m->cycles[d] += (uint64_t)work + (uint32_t)(b->idle - a->idle);
}

void meter_add(struct core_meter *m, const struct engine_cores *cores,
	       double now)
{
	if (!same_cores(&m->last, cores))
		m->known = m->exact = false;
	if (now - m->at > METER_GAP_MAX)
		m->exact = false;
	for (unsigned int i = 0; m->known && i < cores->count; i++)
		add_core(m, &m->last.list[i], &cores->list[i]);
	m->at = now;
	m->last = *cores;
}
