/* SPDX-License-Identifier: MIT */
/*
 * What is to be measured, and what came out.
 */
#ifndef WDBENCH_PLAN_H
#define WDBENCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <warpdrive/wd_comp.h>

#include "data.h"
#include "hist.h"
#include "reference.h"
#include "stats.h"

#define ENGINE_MAX (WD_COMP_LANES_MAX * WD_NAME_MAX) /* of names and "+" */

enum bench_mode {
	MODE_SESSION,		/* all of the input as one stream */
	MODE_CLOSED,		/* requests, the next one when one is done */
	MODE_OPEN,		/* requests, at a rate that waits for nobody */
};

enum bench_wait {
	WAIT_SYNC,		/* the library's call that waits */
	WAIT_POLL,		/* asking again and again */
	WAIT_EVENT,		/* poll(2) on the queue's descriptor */
};

/*
 * struct setup - one thing to be measured
 * @engine:    its name; "external" for a command
 * @reference: NULL if it is one of libwd's
 * @command:   for the shell; NULL if it is an engine
 * @level:     -1 for what has none
 * @threads:   behind each queue or session; references: clients in MODE_SESSION
 * @queues:    clients, each with a queue of its own
 * @depth:     requests in flight on each queue
 * @block:     bytes of a request or chunk; 0 where the session chooses
 * @rate:      requests a second of all queues together, in MODE_OPEN
 * @cold:      output goes to memory that was never touched
 * @stall_ns, @stall_every: let a reference pause that long at each so many requests
 */
struct setup {
	enum bench_mode mode;
	enum wd_comp_op op;
	enum wd_comp_format format;
	char engine[ENGINE_MAX];
	const struct reference *reference;
	const char *command;
	int level;
	uint32_t threads;
	uint32_t queues;
	uint32_t depth;
	size_t block;
	double rate;
	enum bench_wait wait;
	bool cold;
	uint64_t stall_ns;
	uint64_t stall_every;
};

enum outcome {
	BENCH_NOT_RUN,
	BENCH_OK,
	BENCH_FAILED,		/* @why tells */
	BENCH_STOPPED,		/* by the user */
};

/*
 * struct share - what one device did, or the CPU
 * @queues:   that it had
 * @requests: of all rounds
 * @bytes:    of these, uncompressed
 */
struct share {
	char name[WD_NAME_MAX];
	uint32_t queues;
	uint64_t requests;
	uint64_t bytes;
};

/*
 * struct result - what came out
 * @why:        what is wrong, for BENCH_FAILED
 * @input:      not owned
 * @plain, @packed: bytes of one pass, uncompressed and compressed
 * @rounds:     how many there are of @seconds, which is the result's own
 * @seconds:    of one pass (MODE_SESSION) or of a request, round by round
 * @bytes:      uncompressed bytes of all rounds
 * @requests:   of all rounds
 * @missed:     MODE_OPEN: requests that were due and never begun; in @latency
 *              with the time they had waited
 * @latency:    NULL in MODE_SESSION; the result's own
 * @shares:     @n_shares, the result's own; NULL for references and commands
 * @cpu:        seconds of user and system time of all rounds
 * @cycles:     of all rounds, 0 if they cannot be counted
 * @peak_kib:   largest resident memory, 0 if unknown
 * @codec:      the library behind it, as far as known
 */
struct result {
	struct setup setup;
	const struct data *input;
	enum outcome outcome;
	char why[WD_NAME_MAX + WD_REASON_MAX + 8];
	char codec[64];
	uint64_t plain;
	uint64_t packed;
	double *seconds;
	unsigned int rounds;
	uint64_t bytes;
	uint64_t requests;
	uint64_t missed;
	struct hist *latency;
	struct share *shares;
	unsigned int n_shares;
	double cpu;
	uint64_t cycles;
	uint64_t peak_kib;
	struct spread mb_s;
	struct spread requests_s;
};

/* The names that options and reports have for them. */
const char *mode_name(enum bench_mode mode);
const char *wait_name(enum bench_wait wait);
const char *op_name(enum wd_comp_op op);
const char *format_name(enum wd_comp_format format);

double result_ratio(const struct result *r);

/* Median speed in MB/s (10^6 uncompressed bytes); 0 if it failed. */
double result_speed(const struct result *r);

/* Interquartile range of the speed as a share of the median. */
double result_noise(const struct result *r);

/* Of all bytes, what @r->shares[@i] did; 0 if there were none. */
double result_share(const struct result *r, unsigned int i);

/* Count from here: what was before was to warm up. */
void result_forget(struct result *r);

void result_free(struct result *r);

#endif
