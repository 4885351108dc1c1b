/* SPDX-License-Identifier: MIT */
/*
 * Histogram of latencies.
 */
#include <math.h>

#include "hist.h"

void hist_merge(struct hist *h, const struct hist *other)
{
	if (!other->count)
		return;
	if (!h->count || other->min < h->min)
		h->min = other->min;
	if (other->max > h->max)
		h->max = other->max;
	h->count += other->count;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		h->buckets[i] += other->buckets[i];
}

static unsigned int shift_of(unsigned int i)
{
	return i < 2 * HIST_SUB ? 0 : i / HIST_SUB - 1;
}

uint64_t hist_low(unsigned int i)
{
	unsigned int shift = shift_of(i);

	return (uint64_t)(i - shift * HIST_SUB) << shift;
}

uint64_t hist_high(unsigned int i)
{
	return hist_low(i) + (((uint64_t)1 << shift_of(i)) - 1);
}

uint64_t hist_quantile(const struct hist *h, double p)
{
	/* What rounding adds must not count as one more. */
	uint64_t want = (uint64_t)ceil(p * (double)h->count - 1e-6);
	uint64_t seen = 0;

	if (!h->count)
		return 0;
	if (!want)
		return h->min;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= want)
			return hist_high(i) < h->max ? hist_high(i) : h->max;
	}
	return h->max;
}
