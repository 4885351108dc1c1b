/* SPDX-License-Identifier: MIT */
/*
 * wdbench: from wishes to things to be measured, and to what is told about them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bandwidth.h"
#include "channel.h"
#include "fatal.h"
#include "message.h"
#include "options.h"
#include "report_plot.h"
#include "progress.h"
#include "report_forecast.h"
#include "run.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MIB		((size_t)1 << 20)
#define GENERATED	(16 * MIB)
#define RESULTS_MAX	10000u

/* ---- input ---- */

/* So much that a usual engine has something to do for a tenth of a second. */
static size_t overview_size(void)
{
	static const size_t sample = MIB / 4;
	const struct reference *ref = reference_find("libdeflate", 10);
	uint64_t begun;
	struct data data;
	uint8_t *out = malloc(2 * sample);
	void *context = ref->open(WD_COMP_COMPRESS, WD_COMP_GZIP, 6);
	size_t size = MIB, made;

	if (out && context && data_generate(&data, sample, DATA_RATIO, 1) == 0) {
		begun = runner_now();
		ref->run(context, data.bytes, data.size, out, 2 * sample, &made);
		size = (size_t)((double)sample * 1e8 /
				(double)(runner_now() - begun + 1));
		data_free(&data);
	}
	ref->close(context);
	free(out);
	if (size > GENERATED)
		size = GENERATED;
	return size < MIB ? MIB : size / MIB * MIB;
}

static int read_inputs(const struct bench_options *opt, struct data *inputs)
{
	size_t size = opt->size;

	for (int i = 0; i < opt->n_inputs; i++)
		if (data_read(&inputs[i], opt->inputs[i], opt->limit) < 0)
			return -1;
	if (opt->n_inputs)
		return 0;
	if (!opt->size_given)
		size = opt->plan.budget > 0 ? overview_size() : GENERATED;
	return data_generate(&inputs[0], size, opt->ratio, opt->seed);
}

/* ---- what is to be measured ---- */

/* struct todo - the results so far; @room for more */
struct todo {
	const struct bench_options *opt;
	struct result *results;
	size_t count, room;
};

static int add_result(struct todo *todo, const struct setup *setup,
		      const struct data *input)
{
	if (todo->count == RESULTS_MAX) {
		msg_error("more than %u combinations of the lists", RESULTS_MAX);
		return -1;
	}
	if (todo->count == todo->room) {
		size_t room = todo->room ? 2 * todo->room : 16;
		struct result *results = realloc(todo->results, room * sizeof(*results));

		if (!results) {
			msg_error("memory exhausted");
			return -1;
		}
		todo->results = results;
		todo->room = room;
	}
	todo->results[todo->count++] = (struct result){
		.setup = *setup, .input = input,
	};
	return 0;
}

/* Of a list for which this engine has no use, one value is enough. */
static bool is_repeat(const struct setup *s, unsigned int thread, unsigned int depth)
{
	return s->reference && s->mode != MODE_SESSION && (thread || depth);
}

static int add_sizes(struct todo *todo, struct setup *s, const struct data *input)
{
	const struct bench_options *opt = todo->opt;
	int ret = 0;

	for (unsigned int b = 0; b < opt->blocks.count; b++) {
		for (unsigned int q = 0; q < opt->queues.count; q++) {
			for (unsigned int r = 0; r < opt->rates.count && !ret; r++) {
				s->block = opt->blocks.values[b];
				s->queues = (uint32_t)opt->queues.values[q];
				s->rate = (double)opt->rates.values[r];
				ret = add_result(todo, s, input);
				if (s->mode != MODE_OPEN)
					break;
			}
			if (s->mode == MODE_SESSION)
				break;
		}
	}
	return ret;
}

static int add_threads(struct todo *todo, struct setup *s, const struct data *input)
{
	const struct bench_options *opt = todo->opt;
	int ret = 0;

	for (unsigned int t = 0; t < opt->threads.count; t++) {
		/* How fast a core checks is one core's speed. */
		if (t && !opt->ops[s->op])
			break;
		for (unsigned int d = 0; d < opt->depths.count && !ret; d++) {
			if (is_repeat(s, t, d) || (s->mode == MODE_SESSION && d))
				continue;
			s->threads = (uint32_t)opt->threads.values[t];
			s->depth = (uint32_t)opt->depths.values[d];
			if (s->reference && s->mode != MODE_SESSION)
				s->threads = s->depth = 1;
			ret = add_sizes(todo, s, input);
		}
	}
	return ret;
}

static bool has_level(const struct setup *s, unsigned long level)
{
	if (s->reference)
		return (int)level >= s->reference->level_min &&
		       (int)level <= s->reference->level_max;
	return level >= WD_COMP_LEVEL_MIN && level <= WD_COMP_LEVEL_MAX;
}

static int add_level(struct todo *todo, struct setup *s, const struct data *input,
		     unsigned long level)
{
	if (!has_level(s, level)) {
		if (!todo->opt->quiet)
			msg_note("%s has no level %lu: left out", s->engine, level);
		return 0;
	}
	s->level = (int)level;
	return add_threads(todo, s, input);
}

/* Forecasts are about cores: by what is measured on those of this machine. */
static bool is_cpu(const char *engine)
{
	struct wd_device *devices;
	int n = wd_device_list(&devices);
	bool cpu = false;

	for (int i = 0; i < n && !cpu; i++)
		cpu = devices[i].kind == WD_DEVICE_CPU &&
		      wd_device_is_called(&devices[i], engine);
	if (n >= 0)
		wd_device_list_free(devices);
	return cpu;
}

static int add_engine(struct todo *todo, struct setup *s, const struct data *input,
		      const struct engine_wish *wish)
{
	const struct list *levels = &todo->opt->levels;
	int ret = 0;

	strcpy(s->engine, wish->name);
	s->command = NULL;
	s->reference = reference_find(wish->name, strlen(wish->name));
	if (todo->opt->stall_ns && !s->reference) {
		msg_error("--inject-stall: only zlib, libdeflate and isal can be stalled");
		return -1;
	}
	if (todo->opt->what_if.given && !is_cpu(wish->name)) {
		msg_error(
			"--what-if: %s: forecasts are made from libwd on the CPUs only, sw",
			msg_name(wish->name));
		return -1;
	}
	if (wish->level >= 0)
		return add_level(todo, s, input, (unsigned long)wish->level);
	if (!levels->count)
		return add_level(todo, s, input, s->reference ?
				 (unsigned long)s->reference->level_default :
				 WD_COMP_LEVEL_DEFAULT);
	for (unsigned int i = 0; i < levels->count && !ret; i++)
		ret = add_level(todo, s, input, levels->values[i]);
	return ret;
}

static int add_command(struct todo *todo, const struct setup *base,
		       const struct data *input, const char *command)
{
	struct setup s = *base;

	strcpy(s.engine, "external");
	s.reference = NULL;
	s.command = command;
	s.level = -1;
	s.threads = s.depth = s.queues = 1;
	s.block = 0;
	return add_result(todo, &s, input);
}

static int add_op(struct todo *todo, enum wd_comp_op op, const struct data *input)
{
	const struct bench_options *opt = todo->opt;
	struct setup s = {
		.mode = opt->mode,
		.op = op,
		.format = opt->format,
		.wait = opt->wait,
		.cold = opt->cold,
		.stall_ns = opt->stall_ns,
		.stall_every = opt->stall_every,
	};
	int ret = 0;

	for (unsigned int i = 0; i < opt->n_engines && !ret; i++)
		ret = add_engine(todo, &s, input, &opt->engines[i]);
	for (unsigned int i = 0; i < opt->n_commands && !ret; i++)
		ret = add_command(todo, &s, input, opt->commands[i]);
	return ret;
}

/* What an engine compresses is decompressed, which a forecast has to know the cost of. */
static bool is_needed(const struct bench_options *opt, enum wd_comp_op op)
{
	if (opt->ops[op])
		return true;
	return op == WD_COMP_DECOMPRESS && opt->what_if.given &&
	       opt->what_if.zip;
}

static int make_list(struct todo *todo, const struct data *inputs, size_t n_inputs)
{
	int ret = 0;

	for (size_t i = 0; i < n_inputs; i++)
		for (int op = WD_COMP_COMPRESS; op <= WD_COMP_DECOMPRESS && !ret; op++)
			if (is_needed(todo->opt, (enum wd_comp_op)op))
				ret = add_op(todo, (enum wd_comp_op)op, &inputs[i]);
	if (ret)
		return ret;
	if (!todo->count) {
		msg_error("nothing to measure");
		return -1;
	}
	if (todo->opt->compare && todo->count != 2) {
		msg_error("--compare: one input, one direction and one value of all else");
		return -1;
	}
	return 0;
}

/* ---- what is told ---- */

static FILE *open_report(const char *name)
{
	int fd;

	if (channel_is_stdout(name))
		return stdout;
	fd = channel_named(name);
	if (fd < 0)
		return fopen(name, "we");
	errno = EBADF;
	if (!channel_is_writable(fd))
		return NULL;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int write_file(const char *name, const struct report *report,
		      void (*write)(FILE *out, const struct report *report))
{
	FILE *out = open_report(name);
	bool bad;

	if (!out) {
		msg_error("%s: %s", msg_name(name), strerror(errno));
		return -1;
	}
	errno = 0;
	write(out, report);
	bad = ferror(out) || fflush(out);
	if (out != stdout)
		bad |= fclose(out) != 0;
	if (bad)
		msg_error("%s: %s", out == stdout ? "stdout" : msg_name(name),
			  strerror(errno ? errno : EIO));
	return bad ? -1 : 0;
}

static void draw(FILE *out, const struct report *report)
{
	if (!plot_write(out, report))
		msg_warn("--plot: nothing to draw");
}

static void write_text(FILE *out, const struct report *report)
{
	report_machine(out, report);
	report_table(out, report);
	report_comparison(out, report);
	report_forecast(out, report);
}

static int write_reports(const struct bench_options *opt, const struct report *report)
{
	bool taken = (opt->json && channel_is_stdout(opt->json)) ||
		     (opt->csv && channel_is_stdout(opt->csv)) ||
		     (opt->plot && channel_is_stdout(opt->plot));
	int ret = 0;

	if (!opt->quiet && !taken)
		ret |= write_file("-", report, write_text);
	if (opt->histogram && !taken)
		ret |= write_file("-", report, report_histogram);
	if (opt->json)
		ret |= write_file(opt->json, report, report_json);
	if (opt->csv)
		ret |= write_file(opt->csv, report, report_csv);
	if (opt->plot)
		ret |= write_file(opt->plot, report, draw);
	return ret;
}

static bool is_below(const struct bench_options *opt, const struct report *report)
{
	if (opt->limit_kind == LIMIT_RATIO)
		return report->compared && report->paired.ratio < opt->fail_below;
	for (size_t i = 0; opt->limit_kind && i < report->n_results; i++) {
		const struct result *r = &report->results[i];
		double speed = opt->limit_kind == LIMIT_SPEED ? result_speed(r) :
								r->requests_s.median;

		if (r->outcome == BENCH_OK && speed < opt->fail_below) {
			char label[64];

			if (!opt->quiet)
				msg_note("%s, %s: %.1f is below %.1f",
					 report_label(r, label, sizeof(label)),
					 op_name(r->setup.op), speed, opt->fail_below);
			return true;
		}
	}
	return false;
}

static void report_failures(const struct bench_options *opt, const struct report *report)
{
	for (size_t i = 0; i < report->n_results; i++) {
		const struct result *r = &report->results[i];
		char label[64];

		if (r->outcome == BENCH_FAILED)
			msg_error("%s, %s: %s", report_label(r, label, sizeof(label)),
				  op_name(r->setup.op), r->why);
		else if (r->outcome == BENCH_NOT_RUN && !bench_stop && !opt->quiet)
			msg_note("%s, %s: not run, time was up",
				 report_label(r, label, sizeof(label)),
				 op_name(r->setup.op));
	}
}

static void compare(struct report *report)
{
	const struct result *a = &report->results[0], *b = &report->results[1];

	if (a->outcome == BENCH_OK && b->outcome == BENCH_OK)
		report->compared = stats_paired(a->seconds, b->seconds,
						a->rounds < b->rounds ? a->rounds :
									b->rounds,
						&report->paired);
}

/* ---- */

/* The first one lets the round end, and shows what there is; the second does not. */
static void on_signal(int sig)
{
	if (bench_stop || (sig != SIGINT && sig != SIGTERM))
		fatal_die(sig);
	bench_stop = sig;
}

static void look_ahead(const struct bench_options *opt, struct report *report,
		       struct outlook **outlooks)
{
	report->copy_mb_s = bandwidth_measure();
	if (forecast_all(outlooks, &report->n_outlooks, report->results,
			 report->n_results, opt->ops, &opt->what_if,
			 report->copy_mb_s) < 0)
		msg_error("memory exhausted");
	report->outlooks = *outlooks;
}

static void measure(const struct bench_options *opt, struct todo *todo,
		    const struct data *inputs, size_t n_inputs)
{
	struct environment env;
	struct outlook *outlooks = NULL;
	struct report report = {
		.env = &env,
		.inputs = inputs,
		.n_inputs = n_inputs,
		.results = todo->results,
		.n_results = todo->count,
		.what_if = &opt->what_if,
		.argc = opt->argc,
		.argv = opt->argv,
	};

	environment_read(&env);
	progress_start(todo->count, opt->quiet);
	if (measure_all(todo->results, todo->count, &opt->plan) == 0) {
		if (opt->compare)
			compare(&report);
		if (opt->what_if.given)
			look_ahead(opt, &report, &outlooks);
		write_reports(opt, &report);
		report_failures(opt, &report);
		if (msg_status() == STATUS_OK && is_below(opt, &report))
			msg_set_status((enum exit_status)STATUS_BELOW);
	}
	free(outlooks);
	environment_free(&env);
}

static void run(const struct bench_options *opt)
{
	size_t n_inputs = opt->n_inputs ? (size_t)opt->n_inputs : 1;
	struct data *inputs = calloc(n_inputs, sizeof(*inputs));
	struct todo todo = { .opt = opt };

	if (!inputs)
		msg_error("memory exhausted");
	else if (read_inputs(opt, inputs) == 0 &&
		 make_list(&todo, inputs, n_inputs) == 0)
		measure(opt, &todo, inputs, n_inputs);
	for (size_t i = 0; i < todo.count; i++)
		result_free(&todo.results[i]);
	free(todo.results);
	for (size_t i = 0; inputs && i < n_inputs; i++)
		data_free(&inputs[i]);
	free(inputs);
}

int main(int argc, char **argv)
{
	static struct bench_options opt;

	channel_occupy_standard_streams();
	msg_init(argv[0]);
	switch (bench_parse(&opt, argc, argv)) {
	case PARSE_ERROR:
		return STATUS_ERROR;
	case PARSE_DONE:
		return STATUS_OK;
	case PARSE_RUN:
		break;
	}
	msg_set_hook(progress_clear);
	measure_init();
	fatal_catch(on_signal);
	run(&opt);
	return bench_stop ? 128 + bench_stop : (int)msg_status();
}
