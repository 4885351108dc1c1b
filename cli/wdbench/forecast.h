/* SPDX-License-Identifier: MIT */
/*
 * What another machine would do, from what this one did.
 *
 * The time of a pass with one thread has a serial part, which more threads do not
 * shorten, and a rest, which n threads do in an n-th of the time (Amdahl's law).  An engine
 * has the speed that is published.  Memory bounds what all of them do on a node.
 */
#ifndef WDBENCH_FORECAST_H
#define WDBENCH_FORECAST_H

#include "plan.h"
#include "what_if.h"

/*
 * The ZIP engine of Kunpeng 920, with SVA, memory that was touched and enough requests in
 * flight: what was published for compression.  No figure was for decompression; the
 * engine's model has the same for it.
 */
#define ZIP_MB_S 7272.0

/*
 * struct basis - what is known of a workload
 * @mb_s:       with one thread, of uncompressed bytes
 * @serial:     share of the time with one thread
 * @ratio:      uncompressed to compressed size
 * @pieces:     that are worked on side by side, 0 if that is not known
 * @check_mb_s: a core that looks whether what an engine did is right; 0 if none does
 * @copy_mb_s:  of a memory node, see bandwidth.h; 0 if not known
 */
struct basis {
	double mb_s;
	double serial;
	double ratio;
	unsigned long pieces;
	double check_mb_s;
	double copy_mb_s;
};

/*
 * struct forecast - MB/s
 * @cores, @engines: each of them alone
 * @both:   at once
 * @memory: without its bounds it would be more
 */
struct forecast {
	double cores;
	double engines;
	double both;
	bool memory;
};

/* How many times as fast as one @n threads are, at the best, with so many pieces. */
double forecast_threads(unsigned long n, unsigned long pieces);

/*
 * The serial share of a pass that takes @one second with a thread and @two with two, where
 * these are @gain times as fast; between 0 and 1.
 */
double forecast_serial(double one, double two, double gain);

void forecast_make(struct forecast *f, const struct basis *b,
		   const struct what_if *w);

/*
 * struct outlook - the forecast of one result
 * @one, @two: with one thread, and with two; @two is NULL where there is one CPU
 * @check:     how fast a core checks; NULL if that is not done
 * @basis:     of the medians
 * @serial:    of the rounds
 * @low, @mid, @high: for the quartiles of what was measured
 * @expected:  MB/s of two threads, as one says
 * @deviation: by which share that is too much
 */
struct outlook {
	const struct result *one, *two, *check;
	struct basis basis;
	struct spread serial;
	struct forecast low, mid, high;
	double expected;
	double deviation;
};

/*
 * forecast_all() - for each result with one thread, in the directions @ops
 * @outlooks: set to an array to be freed
 * @count:    set to its length
 *
 * Returns 0 or -ENOMEM.
 */
int forecast_all(struct outlook **outlooks, size_t *count,
		 const struct result *results, size_t n_results,
		 const bool ops[2], const struct what_if *w, double copy_mb_s);

#endif
