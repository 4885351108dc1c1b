/* SPDX-License-Identifier: MIT */
/*
 * A line on the terminal that tells what is being measured.
 */
#ifndef WDBENCH_PROGRESS_H
#define WDBENCH_PROGRESS_H

#include "plan.h"

/* @total: how many there will be.  Without a terminal there is no line. */
void progress_start(size_t total, bool quiet);

/* Round 0 is preparation. */
void progress_show(const struct setup *s, unsigned int round, unsigned int rounds);
void progress_clear(void);

#endif
