/* SPDX-License-Identifier: MIT */
/*
 * Devices, and a CPU, that take the time they are told to by a clock of their own:
 * nobody waits, and no test depends on how fast the machine is.  What they are given
 * comes back as it is.
 */
#ifndef T_SIM_H
#define T_SIM_H

#include <stdint.h>

#include "sched/sched.h"

#define T_SIMS_MAX 4u

/*
 * struct t_sim - one of them; the last that is installed stands in for the CPU
 * @fixed_ns, @ns_per_byte: what a request takes, one after the other
 * @requests, @bytes: done
 * @largest, @smallest: of the requests; 0, and UINT64_MAX, if there was none
 */
struct t_sim {
	double fixed_ns, ns_per_byte;
	uint64_t requests, bytes;
	uint64_t largest, smallest;
};

extern struct t_sim t_sim[T_SIMS_MAX];
extern int64_t t_sim_now; /* nanoseconds; lane_clock() meanwhile */

/* @count with the CPU. */
void t_sim_install(unsigned int count);
void t_sim_remove(void);

/* A scheduler with all of them; @cpu: that works along. */
void t_sim_sched(struct sched *s, bool cpu);

/* Forget what they have done. */
void t_sim_reset(void);

#endif
