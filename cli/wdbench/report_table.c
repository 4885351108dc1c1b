/* SPDX-License-Identifier: MIT */
/*
 * What came out, for people.
 */
#include <inttypes.h>
#include <string.h>

#include "report.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define CELL		64
#define US		1e3	/* ns */
#define BAR		50	/* characters of the longest one */

const char *report_label(const struct result *r, char *buf, size_t size)
{
	int most = (int)size - 16; /* so that the level is never cut off */

	if (r->setup.command)
		snprintf(buf, size, "%s", r->setup.command);
	else if (r->setup.level >= 0)
		snprintf(buf, size, "%.*s:%d", most, r->setup.engine,
			 r->setup.level);
	else
		snprintf(buf, size, "%.*s", most, r->setup.engine);
	return buf;
}

/* ---- cells; empty ones mean that there is nothing to tell ---- */

static void engine_cell(const struct result *r, char *cell)
{
	report_label(r, cell, CELL);
}

static void op_cell(const struct result *r, char *cell)
{
	snprintf(cell, CELL, "%s", op_name(r->setup.op));
}

static void number(char *cell, uint64_t value)
{
	if (value)
		snprintf(cell, CELL, "%" PRIu64, value);
}

static void threads_cell(const struct result *r, char *cell)
{
	if (!r->setup.command)
		number(cell, r->setup.threads);
}

static bool has_requests(const struct result *r)
{
	return r->setup.mode != MODE_SESSION && !r->setup.command;
}

static void queues_cell(const struct result *r, char *cell)
{
	if (has_requests(r))
		number(cell, r->setup.queues);
}

static void depth_cell(const struct result *r, char *cell)
{
	if (has_requests(r))
		number(cell, r->setup.depth);
}

static void size_text(char *cell, uint64_t size)
{
	if (size >= 1 << 20 && size % (1 << 20) == 0)
		snprintf(cell, CELL, "%" PRIu64 "M", size >> 20);
	else if (size >= 1 << 10 && size % (1 << 10) == 0)
		snprintf(cell, CELL, "%" PRIu64 "K", size >> 10);
	else
		number(cell, size);
}

static void block_cell(const struct result *r, char *cell)
{
	if (!r->setup.command)
		size_text(cell, r->setup.block);
}

static void wait_cell(const struct result *r, char *cell)
{
	if (has_requests(r))
		snprintf(cell, CELL, "%s", wait_name(r->setup.wait));
}

static void rate_cell(const struct result *r, char *cell)
{
	if (r->setup.mode == MODE_OPEN)
		snprintf(cell, CELL, "%.0f", r->setup.rate);
}

static void speed_cell(const struct result *r, char *cell)
{
	double speed = result_speed(r);

	snprintf(cell, CELL, speed < 100 ? "%.1f" : "%.0f", speed);
}

static void spread_cell(const struct result *r, char *cell)
{
	snprintf(cell, CELL, "%.1f", 100 * result_noise(r));
}

static void ratio_cell(const struct result *r, char *cell)
{
	if (r->packed)
		snprintf(cell, CELL, "%.3f", result_ratio(r));
}

static void requests_cell(const struct result *r, char *cell)
{
	if (has_requests(r))
		snprintf(cell, CELL, "%.0f", r->requests_s.median);
}

static void latency(const struct result *r, char *cell, double p)
{
	if (r->latency && r->latency->count)
		snprintf(cell, CELL, "%.1f",
			 (double)hist_quantile(r->latency, p) / US);
}

static void p50_cell(const struct result *r, char *cell)
{
	latency(r, cell, 0.5);
}

static void p90_cell(const struct result *r, char *cell)
{
	latency(r, cell, 0.9);
}

static void p99_cell(const struct result *r, char *cell)
{
	latency(r, cell, 0.99);
}

static void p999_cell(const struct result *r, char *cell)
{
	latency(r, cell, 0.999);
}

static void max_cell(const struct result *r, char *cell)
{
	latency(r, cell, 1);
}

static void missed_cell(const struct result *r, char *cell)
{
	number(cell, r->missed);
}

static void cpu_cell(const struct result *r, char *cell)
{
	if (r->bytes)
		snprintf(cell, CELL, "%.2f", r->cpu * 1e9 / (double)r->bytes);
}

static void cycles_cell(const struct result *r, char *cell)
{
	if (r->cycles && r->bytes)
		snprintf(cell, CELL, "%.2f", (double)r->cycles / (double)r->bytes);
}

static void peak_cell(const struct result *r, char *cell)
{
	if (r->peak_kib)
		snprintf(cell, CELL, "%.1f", (double)r->peak_kib / 1024);
}

static const struct column {
	const char *title;
	void (*cell)(const struct result *r, char *cell);
} columns[] = {
	{ "engine", engine_cell },
	{ "", op_cell },
	{ "threads", threads_cell },
	{ "queues", queues_cell },
	{ "depth", depth_cell },
	{ "block", block_cell },
	{ "wait", wait_cell },
	{ "rate/s", rate_cell },
	{ "MB/s", speed_cell },
	{ "spread %", spread_cell },
	{ "ratio", ratio_cell },
	{ "requests/s", requests_cell },
	{ "p50 us", p50_cell },
	{ "p90", p90_cell },
	{ "p99", p99_cell },
	{ "p99.9", p999_cell },
	{ "max us", max_cell },
	{ "missed", missed_cell },
	{ "CPU s/GB", cpu_cell },
	{ "cycles/B", cycles_cell },
	{ "peak MiB", peak_cell },
};

#define COLUMNS		ARRAY_SIZE(columns)
#define TEXT_COLUMNS	2	/* the first ones, aligned to the left */

static void fill_cell(const struct result *r, size_t column, char *cell)
{
	cell[0] = '\0';
	/* What failed has no figures, but one can see what it was. */
	if (r->outcome == BENCH_OK || column < TEXT_COLUMNS)
		columns[column].cell(r, cell);
}

/* 0 for columns that would be empty. */
static size_t column_width(const struct report *report, const struct data *input,
			   size_t column)
{
	size_t width = 0;
	char cell[CELL];

	for (size_t i = 0; i < report->n_results; i++) {
		if (report->results[i].input != input)
			continue;
		fill_cell(&report->results[i], column, cell);
		if (width < strlen(cell))
			width = strlen(cell);
	}
	if (width && width < strlen(columns[column].title))
		width = strlen(columns[column].title);
	return width;
}

static void put_cell(FILE *out, size_t column, size_t width, const char *text)
{
	if (!width)
		return;
	if (column < TEXT_COLUMNS)
		fprintf(out, "%-*s", (int)width, text);
	else
		fprintf(out, "  %*s", (int)width, text);
	if (!column)
		fputs("  ", out);
}

static void put_row(FILE *out, const struct result *r, const size_t *widths)
{
	char cell[CELL];

	for (size_t c = 0; c < COLUMNS; c++) {
		fill_cell(r, c, cell);
		if (r->outcome == BENCH_OK || c < TEXT_COLUMNS)
			put_cell(out, c, widths[c], cell);
	}
	if (r->outcome == BENCH_FAILED)
		fprintf(out, "  failed: %s", r->why);
	else if (r->outcome == BENCH_STOPPED)
		fputs("  stopped", out);
	else if (r->outcome == BENCH_NOT_RUN)
		fputs("  not run", out);
	fputc('\n', out);
}

/* Who did how much, where it was more than one. */
static void put_shares(FILE *out, const struct result *r)
{
	unsigned int busy = 0;

	for (unsigned int i = 0; i < r->n_shares; i++)
		busy += r->shares[i].requests > 0;
	for (unsigned int i = 0; busy > 1 && i < r->n_shares; i++) {
		const struct share *s = &r->shares[i];

		fprintf(out,
			"  %s: %.1f %% of the bytes, %" PRIu64
			" requests, %u queue%s\n",
			s->name, 100 * result_share(r, i), s->requests,
			s->queues, s->queues == 1 ? "" : "s");
	}
}

static void put_input(FILE *out, const struct report *report, const struct data *input)
{
	size_t widths[COLUMNS];

	fprintf(out, "\n%s: %zu bytes%s\n", input->name, input->size,
		input->cut ? " (the rest was left out)" : "");
	for (size_t c = 0; c < COLUMNS; c++) {
		widths[c] = column_width(report, input, c);
		put_cell(out, c, widths[c], columns[c].title);
	}
	fputc('\n', out);
	for (size_t i = 0; i < report->n_results; i++) {
		const struct result *r = &report->results[i];

		if (r->input != input)
			continue;
		put_row(out, r, widths);
		if (r->outcome == BENCH_OK)
			put_shares(out, r);
	}
}

void report_table(FILE *out, const struct report *report)
{
	for (size_t i = 0; i < report->n_inputs; i++)
		put_input(out, report, &report->inputs[i]);
}

void report_machine(FILE *out, const struct report *report)
{
	const struct environment *env = report->env;

	fprintf(out, "%s, %u CPUs (%u usable), %s, %s\n",
		env->cpu[0] ? env->cpu : env->machine, env->cpus, env->cpus_usable,
		env->kernel, env->system[0] ? env->system : "unknown system");
	fprintf(out, "libwd %s", wd_version());
	for (unsigned int i = 0; reference_get(i); i++) {
		const char *version = reference_get(i)->version();

		if (version)
			fprintf(out, ", %s %s", reference_get(i)->name, version);
	}
	fprintf(out, ", load %.2f\n", env->load);
	if (env->load > 0.3 * env->cpus_usable)
		fputs("Other programs were running: expect noise.\n", out);
}

/* ---- latencies ---- */

static void put_histogram(FILE *out, const struct result *r)
{
	uint64_t bins[64] = { 0 }, most = 0;
	unsigned int first = 64, last = 0;

	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		unsigned int bin = 63 - (unsigned int)__builtin_clzll(hist_low(i) | 1);

		if (!r->latency->buckets[i])
			continue;
		bins[bin] += r->latency->buckets[i];
		first = bin < first ? bin : first;
		last = bin;
		most = bins[bin] > most ? bins[bin] : most;
	}
	for (unsigned int bin = first; bin <= last; bin++) {
		double share = (double)bins[bin] / (double)most;

		fprintf(out, "%12.1f to %12.1f us %10" PRIu64 " ",
			(double)((uint64_t)1 << bin) / US,
			(double)((uint64_t)1 << bin) * 2 / US, bins[bin]);
		for (int k = 0; k < (int)(share * BAR + 0.5); k++)
			fputc('#', out);
		fputc('\n', out);
	}
}

void report_histogram(FILE *out, const struct report *report)
{
	for (size_t i = 0; i < report->n_results; i++) {
		const struct result *r = &report->results[i];
		char label[CELL];

		if (r->outcome != BENCH_OK || !r->latency || !r->latency->count)
			continue;
		fprintf(out, "\n%s, %s, latency of %" PRIu64 " requests\n",
			report_label(r, label, sizeof(label)), op_name(r->setup.op),
			r->latency->count);
		put_histogram(out, r);
	}
}

void report_comparison(FILE *out, const struct report *report)
{
	const struct paired *p = &report->paired;
	char a[CELL], b[CELL];

	if (!report->compared)
		return;
	fprintf(out, "\n%s is %.3f times as fast as %s; with %.0f %% confidence %.3f to %.3f: ",
		report_label(&report->results[0], a, sizeof(a)), p->ratio,
		report_label(&report->results[1], b, sizeof(b)), 100 * p->confidence,
		p->low, p->high);
	if (p->differs)
		fputs("they differ\n", out);
	else if (p->confidence < 0.95)
		fputs("too few rounds to tell\n", out);
	else
		fputs("no difference beyond the noise\n", out);
}
