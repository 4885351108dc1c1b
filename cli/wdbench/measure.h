/* SPDX-License-Identifier: MIT */
/*
 * Run what is to be measured, round by round.
 */
#ifndef WDBENCH_MEASURE_H
#define WDBENCH_MEASURE_H

#include "plan.h"

/*
 * struct plan - how long and how often
 * @rounds:     of each
 * @seconds:    of a round at least; a pass over the input is not cut off
 * @warm_up:    seconds before the first round that do not count
 * @budget:     seconds for everything, 0 for no limit: what comes later gets fewer
 *              rounds, one at least, and what could not begin is not run
 * @interleave: take rounds of all in turns, so that a machine that gets slower is
 *              slower for all of them
 */
struct plan {
	unsigned int rounds;
	double seconds;
	double warm_up;
	double budget;
	bool interleave;
};

/*
 * measure_init() - before threads are started: what they do is counted from then on
 */
void measure_init(void);

/*
 * measure_all() - fill in what came out
 * @results: with @setup and @input set, the rest zero; @count of them
 *
 * Returns 0, or -1 after reporting if memory ran out.
 */
int measure_all(struct result *results, size_t count, const struct plan *plan);

#endif
