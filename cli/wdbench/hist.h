/* SPDX-License-Identifier: MIT */
/*
 * Histogram of latencies: fixed memory, any range, a relative error of at most one
 * part in 64.
 */
#ifndef WDBENCH_HIST_H
#define WDBENCH_HIST_H

#include <stddef.h>
#include <stdint.h>

#define HIST_SUB	64u	/* buckets for each power of two */
#define HIST_BUCKETS	(58 * HIST_SUB + HIST_SUB)

/* struct hist - all zero for none; values in nanoseconds */
struct hist {
	uint64_t count;
	uint64_t min;
	uint64_t max;
	uint64_t buckets[HIST_BUCKETS];
};

/* Values below 2 * HIST_SUB have buckets of their own. */
static inline unsigned int hist_bucket(uint64_t value)
{
	unsigned int msb = 63 - (unsigned int)__builtin_clzll(value | 1);
	unsigned int shift = msb > 6 ? msb - 6 : 0;

	return shift * HIST_SUB + (unsigned int)(value >> shift);
}

static inline void hist_add(struct hist *h, uint64_t value)
{
	if (!h->count || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->count++;
	h->buckets[hist_bucket(value)]++;
}

/* All values of @other are in @h as well then. */
void hist_merge(struct hist *h, const struct hist *other);

/* The smallest and the largest value that fall into bucket @i. */
uint64_t hist_low(unsigned int i);
uint64_t hist_high(unsigned int i);

/*
 * hist_quantile() - a value that a share of all values does not exceed
 * @p: share, 0 to 1
 *
 * The upper end of the bucket, never more than the largest value; 0 for none.
 */
uint64_t hist_quantile(const struct hist *h, double p);

#endif
