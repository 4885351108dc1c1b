/* SPDX-License-Identifier: MIT */
/*
 * What was forecast, for people and for programs.
 */
#include <math.h>

#include "report_forecast.h"

#define ERROR_MAX 0.05

/* ---- for people ---- */

static const char *plural(unsigned long n)
{
	return n == 1 ? "" : "s";
}

static void put_speed(FILE *out, const char *what, double low, double mid,
		      double high)
{
	fprintf(out, "  %-14s %8.0f MB/s", what, mid);
	if (high > low)
		fprintf(out, ", %.0f to %.0f", low, high);
	fputc('\n', out);
}

static void put_speeds(FILE *out, const struct outlook *o,
		       const struct what_if *w)
{
	put_speed(out, "cores alone", o->low.cores, o->mid.cores,
		  o->high.cores);
	if (!w->zip)
		return;
	put_speed(out, "engines alone", o->low.engines, o->mid.engines,
		  o->high.engines);
	put_speed(out, "both", o->low.both, o->mid.both, o->high.both);
}

static void put_basis(FILE *out, const struct outlook *o)
{
	const struct basis *b = &o->basis;

	fprintf(out, "  from %.1f MB/s with one thread", b->mb_s);
	if (o->two)
		fprintf(out, ", serial part %.1f %% (%.1f to %.1f)",
			100 * o->serial.median, 100 * o->serial.q1,
			100 * o->serial.q3);
	if (o->check)
		fprintf(out, ", checks at %.0f MB/s a core", b->check_mb_s);
	if (b->copy_mb_s > 0)
		fprintf(out, ", copies at %.0f MB/s a node", b->copy_mb_s);
	fputc('\n', out);
}

static void put_limits(FILE *out, const struct outlook *o,
		       const struct what_if *w)
{
	if (o->mid.memory)
		fputs("  memory is the limit, if a node's is as fast there as here\n",
		      out);
	if (o->basis.pieces && o->basis.pieces < w->cores)
		fprintf(out,
			"  the input has %lu chunk%s: more cores than that have nothing to do\n",
			o->basis.pieces, plural(o->basis.pieces));
}

static void put_error(FILE *out, const struct outlook *o)
{
	if (!o->two) {
		fputs("  error: not known, nor the serial part: two threads were not measured\n",
		      out);
		return;
	}
	fprintf(out,
		"  error: 2 threads, forecast from 1: %.1f MB/s, measured: %.1f MB/s, "
		"%.1f %% too %s\n",
		o->expected, o->two->mb_s.median, 100 * fabs(o->deviation),
		o->deviation < 0 ? "low" : "high");
	if (fabs(o->deviation) > ERROR_MAX)
		fprintf(out,
			"  that is more than %.0f %%: do not rely on this forecast\n",
			100 * ERROR_MAX);
}

static void put_machine(FILE *out, const struct what_if *w)
{
	fprintf(out, "\nForecast, no result, for %lu core%s as here, ",
		w->cores, plural(w->cores));
	if (w->zip)
		fprintf(out, "%lu ZIP engine%s of %.0f MB/s, ", w->zip,
			plural(w->zip), ZIP_MB_S);
	fprintf(out, "%lu memory node%s:\n", w->numa, plural(w->numa));
}

void report_forecast(FILE *out, const struct report *report)
{
	const struct what_if *w = report->what_if;
	char label[64];

	if (!w->given)
		return;
	put_machine(out, w);
	for (size_t i = 0; i < report->n_outlooks; i++) {
		const struct outlook *o = &report->outlooks[i];

		fprintf(out, "%s, %s, %s\n",
			report_label(o->one, label, sizeof(label)),
			op_name(o->one->setup.op), o->one->input->name);
		put_speeds(out, o, w);
		put_limits(out, o, w);
		put_basis(out, o);
		put_error(out, o);
	}
}

/* ---- for programs ---- */

static void put_known(struct json *j, const char *name, double value)
{
	if (value > 0)
		json_number(j, name, value);
	else
		json_null(j, name);
}

static void put_range(struct json *j, const char *name, double low, double mid,
		      double high)
{
	json_open(j, name, '{');
	json_number(j, "low", low);
	json_number(j, "median", mid);
	json_number(j, "high", high);
	json_close(j, '}');
}

static void put_serial(struct json *j, const struct outlook *o)
{
	if (o->two)
		put_range(j, "serial", o->serial.q1, o->serial.median,
			  o->serial.q3);
	else
		json_null(j, "serial");
}

static void put_two_threads(struct json *j, const struct outlook *o)
{
	if (!o->two) {
		json_null(j, "two_threads");
		return;
	}
	json_open(j, "two_threads", '{');
	json_number(j, "forecast_mb_s", o->expected);
	json_number(j, "measured_mb_s", o->two->mb_s.median);
	json_number(j, "deviation", o->deviation);
	json_close(j, '}');
}

static void put_case(struct json *j, const struct report *report,
		     const struct outlook *o)
{
	json_open(j, NULL, '{');
	json_count(j, "input", (uint64_t)(o->one->input - report->inputs));
	json_string(j, "op", op_name(o->one->setup.op));
	json_string(j, "engine", o->one->setup.engine);
	json_count(j, "level", (uint64_t)o->one->setup.level);
	json_count(j, "block", o->one->setup.block);
	put_range(j, "cores_mb_s", o->low.cores, o->mid.cores, o->high.cores);
	put_range(j, "engines_mb_s", o->low.engines, o->mid.engines,
		  o->high.engines);
	put_range(j, "both_mb_s", o->low.both, o->mid.both, o->high.both);
	json_bool(j, "limited_by_memory", o->mid.memory);
	json_number(j, "one_thread_mb_s", o->basis.mb_s);
	put_serial(j, o);
	if (o->basis.pieces)
		json_count(j, "chunks", o->basis.pieces);
	else
		json_null(j, "chunks");
	put_known(j, "check_mb_s", o->basis.check_mb_s);
	put_two_threads(j, o);
	json_close(j, '}');
}

void report_forecast_json(struct json *j, const struct report *report)
{
	const struct what_if *w = report->what_if;

	if (!w->given) {
		json_null(j, "forecast");
		return;
	}
	json_open(j, "forecast", '{');
	json_count(j, "cores", w->cores);
	json_count(j, "zip", w->zip);
	json_count(j, "numa", w->numa);
	json_number(j, "zip_mb_s", ZIP_MB_S);
	put_known(j, "copy_mb_s", report->copy_mb_s);
	json_open(j, "cases", '[');
	for (size_t i = 0; i < report->n_outlooks; i++)
		put_case(j, report, &report->outlooks[i]);
	json_close(j, ']');
	json_close(j, '}');
}
