/* SPDX-License-Identifier: MIT */
/*
 * One way to keep an engine busy, and to see what it does.
 *
 * A runner is opened, warmed up and run round by round; after each round its output
 * is checked, outside the time.
 */
#ifndef WDBENCH_RUN_H
#define WDBENCH_RUN_H

#include <stdatomic.h>

#include "pack.h"
#include "plan.h"

/* The signal, SIGINT or SIGTERM, that ends rounds as soon as they can; 0 for none. */
extern atomic_int bench_stop;

/*
 * struct round - what one round did
 * @seconds:  of wall clock
 * @passes:   MODE_SESSION: how often all of the input was worked on
 * @bytes:    uncompressed
 * @requests: completed
 */
struct round {
	double seconds;
	uint64_t passes;
	uint64_t bytes;
	uint64_t requests;
};

/*
 * struct runner_ops - see above
 * @open:  everything that takes time but is not measured; sets @r->packed
 * @run:   a round of about @seconds, at least one pass or request
 * @check: the output of the last round
 * @close: also after a failed open
 *
 * open(), run() and check() return 0, or -1 with @r->why set.
 */
struct runner_ops {
	int (*open)(struct result *r, void **state);
	int (*run)(void *state, double seconds, struct round *round);
	int (*check)(void *state);
	void (*close)(void *state);
};

extern const struct runner_ops session_runner;		/* MODE_SESSION, libwd */
extern const struct runner_ops reference_runner;	/* MODE_SESSION, references */
extern const struct runner_ops request_runner;		/* MODE_CLOSED, MODE_OPEN */
extern const struct runner_ops command_runner;		/* --external */

/* Fill @r->why; returns -1. */
int runner_fail(struct result *r, const char *what, int err);

/* Monotonic time in ns. */
uint64_t runner_now(void);

/* Output memory: zeroed, page aligned, not touched; NULL if there is none. */
void *runner_map(size_t size);
void runner_unmap(void *p, size_t size);

/*
 * runner_passes() - call @pass until @seconds have passed, at least once
 * @pass: one pass over all of the input; 0 or a negative errno
 */
int runner_passes(int (*pass)(void *state), void *state, double seconds,
		  struct round *round);

#endif
