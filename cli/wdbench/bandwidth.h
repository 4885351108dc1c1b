/* SPDX-License-Identifier: MIT */
/*
 * How fast memory is.
 */
#ifndef WDBENCH_BANDWIDTH_H
#define WDBENCH_BANDWIDTH_H

/*
 * bandwidth_measure() - what memory lets all CPUs copy that may be used
 *
 * Takes a second.  With less memory there are fewer threads.
 *
 * Returns 10^6 bytes a second, for one memory node of the machine, each byte read once and
 * written once; 0 if that cannot be told, as where each of the CPUs copies as much as if
 * it were alone: then memory could do more.
 */
double bandwidth_measure(void);

#endif
