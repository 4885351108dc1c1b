/* SPDX-License-Identifier: MIT */
/*
 * Order statistics of a few repetitions.
 *
 * Times on a shared machine are not normal: now and then one is much too long.
 * So there are medians and quartiles here, and no means.
 */
#ifndef WDBENCH_STATS_H
#define WDBENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* struct spread - five numbers that describe some values; all 0 for none */
struct spread {
	double min;
	double q1;
	double median;
	double q3;
	double max;
};

/*
 * stats_quantile() - the value below which a share of the values lies
 * @sorted: ascending, @n of them
 * @p:      share, 0 to 1; between two values it is interpolated
 */
double stats_quantile(const double *sorted, size_t n, double p);

/* @values stay as they are.  Returns false if out of memory. */
bool stats_spread(const double *values, size_t n, struct spread *spread);

/*
 * struct paired - how many times as fast A is as B
 * @ratio:   median of the quotients, round by round
 * @low, @high: between them the median lies with a confidence of @confidence:
 *           order statistics, which assume nothing about the distribution
 * @confidence: share; less than 0.95 if there are fewer than six rounds
 * @differs: whether 1 lies outside of @low to @high, with a confidence of 0.95
 *           at least
 */
struct paired {
	double ratio;
	double low;
	double high;
	double confidence;
	bool differs;
};

/*
 * stats_paired() - compare rounds of A and B
 * @a, @b: seconds, @n of each, those of a round at the same place
 *
 * Returns false if out of memory, or without values.
 */
bool stats_paired(const double *a, const double *b, size_t n, struct paired *paired);

#endif
