/* SPDX-License-Identifier: MIT */
/*
 * Order statistics of a few repetitions.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

#define CONFIDENCE	0.95

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double *sorted_copy(const double *values, size_t n)
{
	double *copy = malloc(n * sizeof(*copy));

	if (copy) {
		memcpy(copy, values, n * sizeof(*copy));
		qsort(copy, n, sizeof(*copy), compare);
	}
	return copy;
}

double stats_quantile(const double *sorted, size_t n, double p)
{
	double place, below;

	if (!n)
		return 0;
	place = p * (double)(n - 1);
	below = floor(place);
	if (below >= (double)(n - 1))
		return sorted[n - 1];
	return sorted[(size_t)below] + (place - below) *
	       (sorted[(size_t)below + 1] - sorted[(size_t)below]);
}

bool stats_spread(const double *values, size_t n, struct spread *spread)
{
	double *sorted;

	memset(spread, 0, sizeof(*spread));
	if (!n)
		return true;
	sorted = sorted_copy(values, n);
	if (!sorted)
		return false;
	spread->min = sorted[0];
	spread->q1 = stats_quantile(sorted, n, 0.25);
	spread->median = stats_quantile(sorted, n, 0.5);
	spread->q3 = stats_quantile(sorted, n, 0.75);
	spread->max = sorted[n - 1];
	free(sorted);
	return true;
}

/* That at least @k of @n fair coins show heads, and at most @n - @k. */
static double middle_probability(size_t n, size_t k)
{
	double sum = 0;

	for (size_t i = k; i <= n - k; i++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) -
			   lgamma((double)(n - i) + 1) - (double)n * log(2));
	return sum;
}

/*
 * The @k-th smallest and the @k-th largest value enclose the median unless fewer
 * than @k values lie on one side of it, which is a matter of coins.
 */
static size_t enclosing_rank(size_t n)
{
	size_t k = 1;

	while (2 * (k + 1) <= n && middle_probability(n, k + 1) >= CONFIDENCE)
		k++;
	return k;
}

bool stats_paired(const double *a, const double *b, size_t n, struct paired *paired)
{
	double *quotients;
	size_t k;

	if (!n)
		return false;
	quotients = malloc(n * sizeof(*quotients));
	if (!quotients)
		return false;
	for (size_t i = 0; i < n; i++)
		quotients[i] = a[i] > 0 ? b[i] / a[i] : 0;
	qsort(quotients, n, sizeof(*quotients), compare);

	k = enclosing_rank(n);
	paired->ratio = stats_quantile(quotients, n, 0.5);
	paired->low = quotients[k - 1];
	paired->high = quotients[n - k];
	paired->confidence = middle_probability(n, k);
	paired->differs = paired->confidence >= CONFIDENCE &&
			  (paired->low > 1 || paired->high < 1);
	free(quotients);
	return true;
}
