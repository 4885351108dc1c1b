/* SPDX-License-Identifier: MIT */
/*
 * What came out, for people and for programs.
 */
#ifndef WDBENCH_REPORT_H
#define WDBENCH_REPORT_H

#include <stdio.h>

#include "environment.h"
#include "forecast.h"
#include "plan.h"

/* The version of the JSON and CSV that are written; see wdbench(1). */
#define REPORT_SCHEMA	1

/*
 * struct report - everything that is told
 * @paired: of results 0 and 1, if @compared
 * @what_if: what is forecast, as @n_outlooks @outlooks; @copy_mb_s: see bandwidth.h
 */
struct report {
	const struct environment *env;
	const struct data *inputs;
	size_t n_inputs;
	const struct result *results;
	size_t n_results;
	bool compared;
	struct paired paired;
	const struct what_if *what_if;
	const struct outlook *outlooks;
	size_t n_outlooks;
	double copy_mb_s;
	int argc;
	char **argv;
};

/* These write what they can; ferror() tells whether all went well. */
void report_machine(FILE *out, const struct report *report);
void report_table(FILE *out, const struct report *report);
void report_histogram(FILE *out, const struct report *report);
void report_comparison(FILE *out, const struct report *report);
void report_json(FILE *out, const struct report *report);
void report_csv(FILE *out, const struct report *report);

/* A result's engine with its level, as "sw:6", for the @size bytes at @buf. */
const char *report_label(const struct result *r, char *buf, size_t size);

#endif
