/* SPDX-License-Identifier: MIT */
/*
 * What came out, for programs: JSON and CSV.
 */
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "report_forecast.h"

/* ---- JSON ---- */

static void put_spread(struct json *j, const char *name, const struct spread *s)
{
	json_open(j, name, '{');
	json_number(j, "min", s->min);
	json_number(j, "q1", s->q1);
	json_number(j, "median", s->median);
	json_number(j, "q3", s->q3);
	json_number(j, "max", s->max);
	json_close(j, '}');
}

static void put_environment(struct json *j, const struct environment *env)
{
	json_open(j, "environment", '{');
	json_text(j, "cpu", env->cpu);
	json_text(j, "machine", env->machine);
	json_count(j, "cpus", env->cpus);
	json_count(j, "cpus_usable", env->cpus_usable);
	json_count(j, "memory_kib", env->memory_kib);
	json_text(j, "kernel", env->kernel);
	json_text(j, "system", env->system);
	json_text(j, "governor", env->governor);
	json_text(j, "hypervisor", env->hypervisor);
	json_number(j, "load", env->load);
	json_open(j, "libraries", '{');
	json_string(j, "libwd", wd_version());
	for (unsigned int i = 0; reference_get(i); i++)
		json_text(j, reference_get(i)->name, reference_get(i)->version());
	json_close(j, '}');
	json_open(j, "devices", '[');
	for (int i = 0; i < env->n_devices; i++) {
		json_open(j, NULL, '{');
		json_string(j, "name", env->devices[i].name);
		json_string(j, "driver", env->devices[i].driver);
		json_text(j, "reason", env->devices[i].reason);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void put_inputs(struct json *j, const struct report *report)
{
	json_open(j, "inputs", '[');
	for (size_t i = 0; i < report->n_inputs; i++) {
		const struct data *d = &report->inputs[i];

		json_open(j, NULL, '{');
		json_string(j, "name", d->name);
		json_count(j, "bytes", d->size);
		json_count(j, "files", d->files);
		json_bool(j, "cut", d->cut);
		if (d->files)
			json_null(j, "generated");
		else {
			json_open(j, "generated", '{');
			json_number(j, "ratio", d->ratio);
			json_count(j, "seed", d->seed);
			json_close(j, '}');
		}
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_setup(struct json *j, const struct result *r)
{
	const struct setup *s = &r->setup;

	json_string(j, "mode", mode_name(s->mode));
	json_string(j, "op", op_name(s->op));
	json_string(j, "engine", s->engine);
	json_text(j, "command", s->command);
	json_text(j, "codec", r->codec);
	if (s->level >= 0)
		json_count(j, "level", (uint64_t)s->level);
	else
		json_null(j, "level");
	json_string(j, "format", format_name(s->format));
	json_count(j, "threads", s->threads);
	json_count(j, "queues", s->queues);
	json_count(j, "depth", s->depth);
	json_count(j, "block", s->block);
	json_string(j, "wait", wait_name(s->wait));
	json_string(j, "memory", s->cold ? "cold" : "touched");
	if (s->mode == MODE_OPEN)
		json_number(j, "rate", s->rate);
	else
		json_null(j, "rate");
}

static void put_latency(struct json *j, const struct hist *h)
{
	if (!h || !h->count) {
		json_null(j, "latency_ns");
		return;
	}
	json_open(j, "latency_ns", '{');
	json_count(j, "count", h->count);
	json_count(j, "min", h->min);
	json_count(j, "p50", hist_quantile(h, 0.5));
	json_count(j, "p90", hist_quantile(h, 0.9));
	json_count(j, "p99", hist_quantile(h, 0.99));
	json_count(j, "p99_9", hist_quantile(h, 0.999));
	json_count(j, "max", h->max);
	json_open(j, "histogram", '[');
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		if (!h->buckets[i])
			continue;
		json_next(j, NULL);
		fprintf(j->out, "[%" PRIu64 ", %" PRIu64 ", %" PRIu64 "]", hist_low(i),
			hist_high(i), h->buckets[i]);
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void put_shares(struct json *j, const struct result *r)
{
	json_open(j, "shares", '[');
	for (unsigned int i = 0; i < r->n_shares; i++) {
		json_open(j, NULL, '{');
		json_string(j, "name", r->shares[i].name);
		json_count(j, "queues", r->shares[i].queues);
		json_count(j, "requests", r->shares[i].requests);
		json_count(j, "bytes", r->shares[i].bytes);
		json_number(j, "share", result_share(r, i));
		json_close(j, '}');
	}
	json_close(j, ']');
}

static const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = { "not run", "ok", "failed", "stopped" };

	return names[outcome];
}

static void put_figures(struct json *j, const struct result *r)
{
	bool ok = r->outcome == BENCH_OK;

	json_string(j, "outcome", outcome_name(r->outcome));
	json_text(j, "why", r->outcome == BENCH_FAILED ? r->why : NULL);
	json_count(j, "plain_bytes", r->plain);
	json_count(j, "packed_bytes", r->packed);
	if (r->packed)
		json_number(j, "ratio", result_ratio(r));
	else
		json_null(j, "ratio");
	json_open(j, "seconds", '[');
	for (unsigned int i = 0; ok && i < r->rounds; i++)
		json_number(j, NULL, r->seconds[i]);
	json_close(j, ']');
	put_spread(j, "mb_s", &r->mb_s);
	put_spread(j, "requests_s", &r->requests_s);
	json_count(j, "bytes", r->bytes);
	json_count(j, "requests", r->requests);
	json_count(j, "missed", r->missed);
	put_shares(j, r);
	json_number(j, "cpu_seconds", r->cpu);
	if (r->cycles && r->bytes)
		json_number(j, "cycles_per_byte", (double)r->cycles / (double)r->bytes);
	else
		json_null(j, "cycles_per_byte");
	if (r->peak_kib)
		json_count(j, "peak_kib", r->peak_kib);
	else
		json_null(j, "peak_kib");
	put_latency(j, ok ? r->latency : NULL);
}

static void put_comparison(struct json *j, const struct report *report)
{
	if (!report->compared) {
		json_null(j, "comparison");
		return;
	}
	json_open(j, "comparison", '{');
	json_number(j, "ratio", report->paired.ratio);
	json_number(j, "low", report->paired.low);
	json_number(j, "high", report->paired.high);
	json_number(j, "confidence", report->paired.confidence);
	json_bool(j, "differs", report->paired.differs);
	json_close(j, '}');
}

void report_json(FILE *out, const struct report *report)
{
	struct json j = { .out = out };

	json_open(&j, NULL, '{');
	json_count(&j, "wdbench_schema", REPORT_SCHEMA);
	json_string(&j, "version", wd_version());
	json_string(&j, "time", report->env->time);
	json_open(&j, "command", '[');
	for (int i = 0; i < report->argc; i++)
		json_string(&j, NULL, report->argv[i]);
	json_close(&j, ']');
	put_environment(&j, report->env);
	put_inputs(&j, report);
	json_open(&j, "results", '[');
	for (size_t i = 0; i < report->n_results; i++) {
		json_open(&j, NULL, '{');
		json_count(&j, "input", (uint64_t)(report->results[i].input -
						   report->inputs));
		put_setup(&j, &report->results[i]);
		put_figures(&j, &report->results[i]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	put_comparison(&j, report);
	report_forecast_json(&j, report);
	json_close(&j, '}');
	fputc('\n', out);
}

/* ---- CSV (RFC 4180) ---- */

static void csv_text(FILE *out, const char *text)
{
	if (!strpbrk(text, "\",\r\n")) {
		fputs(text, out);
	} else {
		fputc('"', out);
		for (; *text; text++)
			fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
		fputc('"', out);
	}
	fputc(',', out);
}

static void csv_number(FILE *out, bool known, double value)
{
	if (known)
		fprintf(out, "%.9g", value);
	fputc(',', out);
}

/* As "hisi_zip-0=0.5 hisi_zip-1=0.5": quoted, as names can have commas. */
static void csv_shares(FILE *out, const struct result *r)
{
	fputc('"', out);
	for (unsigned int i = 0; i < r->n_shares; i++)
		fprintf(out, "%s%s=%.4f", i ? " " : "", r->shares[i].name,
			result_share(r, i));
	fputc('"', out);
}

static void csv_row(FILE *out, const struct result *r)
{
	const struct setup *s = &r->setup;
	const struct hist *h = r->latency;
	bool ok = r->outcome == BENCH_OK;
	bool timed = ok && h && h->count;

	csv_text(out, r->input->name);
	csv_text(out, mode_name(s->mode));
	csv_text(out, op_name(s->op));
	csv_text(out, s->command ? s->command : s->engine);
	csv_number(out, s->level >= 0, s->level);
	csv_text(out, format_name(s->format));
	csv_number(out, true, s->threads);
	csv_number(out, true, s->queues);
	csv_number(out, true, s->depth);
	csv_number(out, true, (double)s->block);
	csv_text(out, wait_name(s->wait));
	csv_text(out, s->cold ? "cold" : "touched");
	csv_number(out, s->mode == MODE_OPEN, s->rate);
	csv_text(out, outcome_name(r->outcome));
	csv_number(out, true, (double)r->plain);
	csv_number(out, r->packed, (double)r->packed);
	csv_number(out, ok, r->mb_s.median);
	csv_number(out, ok, r->mb_s.q1);
	csv_number(out, ok, r->mb_s.q3);
	csv_number(out, r->packed, result_ratio(r));
	csv_number(out, ok, r->requests_s.median);
	csv_number(out, timed, timed ? (double)hist_quantile(h, 0.5) : 0);
	csv_number(out, timed, timed ? (double)hist_quantile(h, 0.9) : 0);
	csv_number(out, timed, timed ? (double)hist_quantile(h, 0.99) : 0);
	csv_number(out, timed, timed ? (double)hist_quantile(h, 0.999) : 0);
	csv_number(out, timed, timed ? (double)h->max : 0);
	csv_number(out, true, (double)r->missed);
	csv_number(out, ok, r->cpu);
	csv_number(out, ok && r->cycles, r->bytes ? (double)r->cycles / (double)r->bytes : 0);
	csv_number(out, r->peak_kib, (double)r->peak_kib);
	/* The last one has no comma after it. */
	csv_shares(out, r);
	fputs("\r\n", out);
}

void report_csv(FILE *out, const struct report *report)
{
	fputs("input,mode,op,engine,level,format,threads,queues,depth,block,wait,memory,"
	      "rate,outcome,plain_bytes,packed_bytes,mb_s,mb_s_q1,mb_s_q3,ratio,"
	      "requests_s,p50_ns,p90_ns,p99_ns,p99_9_ns,max_ns,missed,cpu_seconds,"
	      "cycles_per_byte,peak_kib,shares\r\n",
	      out);
	for (size_t i = 0; i < report->n_results; i++)
		csv_row(out, &report->results[i]);
}
