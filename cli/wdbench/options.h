/* SPDX-License-Identifier: MIT */
/*
 * What wdbench's command line asks for.
 */
#ifndef WDBENCH_OPTIONS_H
#define WDBENCH_OPTIONS_H

#include "measure.h"
#include "plan.h"
#include "what_if.h"

#define LIST_MAX	64	/* values in one list */
#define COMMANDS_MAX	256

/* struct list - values to go through; @count 0 if none were given */
struct list {
	unsigned long values[LIST_MAX];
	unsigned int count;
};

/*
 * struct engine_wish - an engine, and the level given with it
 * @level: -1 if none was
 */
struct engine_wish {
	char name[ENGINE_MAX];
	int level;
};

/* What --fail-below is about. */
enum limit_kind {
	LIMIT_NONE,
	LIMIT_SPEED,		/* MB/s */
	LIMIT_REQUESTS,		/* requests a second */
	LIMIT_RATIO,		/* of a comparison */
};

/*
 * struct bench_options - the wishes of this run
 * @ops:         of WD_COMP_COMPRESS and WD_COMP_DECOMPRESS, in that order
 * @size_given:  otherwise wdbench chooses how much to generate
 * @compare:     the engines are two to be compared
 * @what_if:     a forecast is wanted: with one thread and with two
 * @json, @csv, @plot: file names, "-" for standard output; NULL for none
 */
struct bench_options {
	enum bench_mode mode;
	bool ops[2];
	bool ops_given;
	struct engine_wish engines[LIST_MAX];
	unsigned int n_engines;
	bool engines_given;
	struct list levels, threads, queues, depths, blocks, rates;
	const char *commands[COMMANDS_MAX];	/* never freed */
	unsigned int n_commands;
	enum wd_comp_format format;
	enum bench_wait wait;
	bool cold;
	bool compare;
	struct what_if what_if;
	uint64_t stall_ns;
	uint64_t stall_every;
	struct plan plan;
	bool plan_given;
	size_t size;
	bool size_given;
	double ratio;
	uint64_t seed;
	size_t limit;
	bool quiet;
	bool histogram;
	const char *json, *csv, *plot;
	enum limit_kind limit_kind;
	double fail_below;
	char **inputs;
	int n_inputs;
	int argc;
	char **argv;
};

enum parse_result {
	PARSE_RUN,
	PARSE_DONE,		/* help and the like: nothing more to do */
	PARSE_ERROR,		/* reported */
};

enum parse_result bench_parse(struct bench_options *opt, int argc, char **argv);

/* Exit status if a figure is below --fail-below. */
#define STATUS_BELOW	3

#endif
