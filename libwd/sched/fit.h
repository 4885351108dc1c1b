/* SPDX-License-Identifier: MIT */
/*
 * What work costs, learned from how long it took: so much in any case, and so much
 * more for each byte.
 */
#ifndef WD_FIT_H
#define WD_FIT_H

#include <stdbool.h>

/* Sums over the samples, each of which counts for as much as its share of its time. */
struct fit {
	double weight, x, y, xx, xy;
};

/* @ns: in any case; @ns_per_byte: beside that. */
struct fit_line {
	double ns, ns_per_byte;
};

/* It took @ns to do @bytes; older samples count for less from now on. */
void fit_add(struct fit *f, double bytes, double ns);

static inline bool fit_is_empty(const struct fit *f)
{
	return f->weight <= 0;
}

/* Whether samples were of different sizes, so that both parts are known. */
bool fit_has_both(const struct fit *f);

/*
 * What is known; zeros if that is nothing.  @by_bytes: of samples that are all alike,
 * all is for the bytes, else nothing is.
 */
struct fit_line fit_line(const struct fit *f, bool by_bytes);

#endif
