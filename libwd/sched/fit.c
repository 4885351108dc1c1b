/* SPDX-License-Identifier: MIT */
/*
 * A line through samples of size and time, by least squares.  A sample is weighted
 * with the inverse square of its size, as errors are in proportion to that: those of
 * large ones would hide what small ones tell of the fixed part.
 */
#include "fit.h"

#define OLD_SHARE 16   /* a new sample counts for one part in so many */
#define SIZE_MIN  256  /* bytes; smaller ones count as much as these */
#define ALIKE	  0.01 /* sizes that differ by less than a tenth, squared */

void fit_add(struct fit *f, double bytes, double ns)
{
	double size = bytes + SIZE_MIN, weight = 1 / (size * size);
	const double keep = 1 - 1.0 / OLD_SHARE;

	f->weight = f->weight * keep + weight;
	f->x = f->x * keep + weight * bytes;
	f->y = f->y * keep + weight * ns;
	f->xx = f->xx * keep + weight * bytes * bytes;
	f->xy = f->xy * keep + weight * bytes * ns;
}

/* Weighted square of how far sizes are from their mean. */
static double spread(const struct fit *f)
{
	double mean = f->x / f->weight;

	return f->xx / f->weight - mean * mean;
}

bool fit_has_both(const struct fit *f)
{
	double mean;

	if (fit_is_empty(f))
		return false;
	mean = f->x / f->weight;
	return spread(f) > ALIKE * mean * mean;
}

static struct fit_line of_one_size(const struct fit *f, bool by_bytes)
{
	if (by_bytes && f->x > 0)
		return (struct fit_line){ .ns_per_byte = f->y / f->x };
	return (struct fit_line){ .ns = f->y / f->weight };
}

struct fit_line fit_line(const struct fit *f, bool by_bytes)
{
	double mean_x, mean_y, slope;

	if (fit_is_empty(f))
		return (struct fit_line){ 0 };
	if (!fit_has_both(f))
		return of_one_size(f, by_bytes);
	mean_x = f->x / f->weight;
	mean_y = f->y / f->weight;
	slope = (f->xy / f->weight - mean_x * mean_y) / spread(f);
	/* Neither part can be less than nothing. */
	if (slope <= 0)
		return of_one_size(f, false);
	if (mean_y < slope * mean_x)
		return of_one_size(f, true);
	return (struct fit_line){ .ns = mean_y - slope * mean_x,
				  .ns_per_byte = slope };
}
