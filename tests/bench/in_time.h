/* SPDX-License-Identifier: MIT */
/*
 * Simulated time: one clock for devices, which are the model, for CPU workers, which are
 * a driver of their own, and for the library, whose clock_gettime() and poll() end here.
 *
 * All of it is one thread: time goes on where the library waits, to what happens next.
 */
#ifndef IN_TIME_H
#define IN_TIME_H

#include <stdint.h>

#define TIME_NEVER UINT64_MAX

/* With devices that are new, and nothing under way. */
void in_time_begin(void);
/* Nanoseconds. */
uint64_t in_time_now(void);
/* Let what is next happen, within so many milliseconds or -1: 1, 0 if there was nothing. */
int in_time_step(int timeout_ms);

/*
 * struct in_time_cpu - how fast workers are, in nanoseconds a byte of plain data
 * @busy_ns: of all of them, so far
 */
struct in_time_cpu {
	double compress, decompress, check;
	uint64_t busy_ns;
};

extern struct in_time_cpu in_time_cpu;

/* When the next worker is done, and having all done that are by now. */
uint64_t in_time_cpu_due(void);
void in_time_cpu_go_on(void);

#endif
