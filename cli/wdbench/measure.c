/* SPDX-License-Identifier: MIT */
/*
 * Run what is to be measured, round by round.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "message.h"
#include "measure.h"
#include "progress.h"
#include "run.h"

/* ---- what the kernel counts ---- */

static int cycles_fd = -1;

void measure_init(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.inherit = 1,
	};

	cycles_fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
				 PERF_FLAG_FD_CLOEXEC);
	if (cycles_fd >= 0)
		return;
	/* Often users may not look into the kernel. */
	attr.exclude_kernel = 1;
	attr.exclude_hv = 1;
	cycles_fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
				 PERF_FLAG_FD_CLOEXEC);
}

static uint64_t read_cycles(void)
{
	uint64_t value;

	return cycles_fd >= 0 && read(cycles_fd, &value, sizeof(value)) == sizeof(value) ?
	       value : 0;
}

static double cpu_seconds(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* So that the largest memory so far is forgotten; proc(5) has this. */
static void forget_peak(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "5", 1) < 0)
		errno = 0;
	close(fd);
}

static uint64_t read_peak(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %llu", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

/* ---- one of them ---- */

struct meter {
	struct result *r;
	const struct runner_ops *ops;
	void *state;
	bool active;
	double *mb_s;
	double *requests_s;
};

static const struct runner_ops *runner_of(const struct setup *s)
{
	if (s->command)
		return &command_runner;
	if (s->mode != MODE_SESSION)
		return &request_runner;
	return s->reference ? &reference_runner : &session_runner;
}

static void fail(struct meter *m)
{
	m->r->outcome = bench_stop ? BENCH_STOPPED : BENCH_FAILED;
	m->active = false;
}

static void meter_open(struct meter *m, const struct plan *plan)
{
	struct round round = { 0 };

	m->r->plain = m->r->input->size;
	m->ops = runner_of(&m->r->setup);
	forget_peak();
	m->active = true;
	if (m->ops->open(m->r, &m->state) < 0) {
		fail(m);
		return;
	}
	if (plan->warm_up > 0 && m->ops->run(m->state, plan->warm_up, &round) < 0)
		fail(m);
	result_forget(m->r);
}

static void note_round(struct meter *m, const struct round *round)
{
	struct result *r = m->r;
	unsigned int n = r->rounds++;

	r->seconds[n] = round->seconds / (double)(round->passes ? round->passes :
							     round->requests);
	m->mb_s[n] = (double)round->bytes / round->seconds / 1e6;
	m->requests_s[n] = (double)round->requests / round->seconds;
	r->bytes += round->bytes;
	r->requests += round->requests;
}

static void meter_round(struct meter *m, double seconds)
{
	int who = m->r->setup.command ? RUSAGE_CHILDREN : RUSAGE_SELF;
	uint64_t cycles = read_cycles();
	double cpu = cpu_seconds(who);
	struct round round = { 0 };

	if (m->ops->run(m->state, seconds, &round) < 0 || bench_stop) {
		fail(m);
		return;
	}
	m->r->cpu += cpu_seconds(who) - cpu;
	m->r->cycles += read_cycles() - cycles;
	if (m->ops->check(m->state) < 0) {
		fail(m);
		return;
	}
	if (!round.passes && !round.requests) {
		snprintf(m->r->why, sizeof(m->r->why), "no request came back");
		fail(m);
		return;
	}
	note_round(m, &round);
}

static void meter_close(struct meter *m)
{
	struct result *r = m->r;

	if (!m->ops)
		return;
	if (!r->setup.command)
		r->peak_kib = read_peak();
	m->ops->close(m->state);
	if (r->outcome == BENCH_NOT_RUN && r->rounds) {
		r->outcome = BENCH_OK;
		if (!stats_spread(m->mb_s, r->rounds, &r->mb_s) ||
		    !stats_spread(m->requests_s, r->rounds, &r->requests_s))
			r->outcome = BENCH_FAILED;
	}
	if (r->outcome == BENCH_FAILED && !r->why[0])
		snprintf(r->why, sizeof(r->why), "%s", wd_strerror(-ENOMEM));
}

/* ---- some of them ---- */

static bool time_is_up(const struct plan *plan, uint64_t begun)
{
	return plan->budget > 0 &&
	       (double)(runner_now() - begun) / 1e9 > plan->budget;
}

static void run_group(struct meter *meters, size_t count, const struct plan *plan,
		      uint64_t begun)
{
	for (size_t i = 0; i < count && !bench_stop; i++) {
		progress_show(&meters[i].r->setup, 0, plan->rounds);
		meter_open(&meters[i], plan);
	}
	for (unsigned int n = 0; n < plan->rounds && !bench_stop; n++) {
		if (n && time_is_up(plan, begun))
			break;
		for (size_t i = 0; i < count && !bench_stop; i++) {
			if (!meters[i].active)
				continue;
			progress_show(&meters[i].r->setup, n + 1, plan->rounds);
			meter_round(&meters[i], plan->seconds);
		}
	}
	for (size_t i = 0; i < count; i++)
		meter_close(&meters[i]);
}

static int meters_init(struct meter *meters, struct result *results, size_t count,
		       const struct plan *plan)
{
	for (size_t i = 0; i < count; i++) {
		meters[i].r = &results[i];
		meters[i].mb_s = calloc(plan->rounds, sizeof(double));
		meters[i].requests_s = calloc(plan->rounds, sizeof(double));
		results[i].seconds = calloc(plan->rounds, sizeof(double));
		if (!meters[i].mb_s || !meters[i].requests_s || !results[i].seconds)
			return -1;
	}
	return 0;
}

int measure_all(struct result *results, size_t count, const struct plan *plan)
{
	struct meter *meters = calloc(count, sizeof(*meters));
	size_t step = plan->interleave ? count : 1;
	uint64_t begun = runner_now();
	int ret = -1;

	if (meters && meters_init(meters, results, count, plan) == 0) {
		for (size_t i = 0; i < count && !bench_stop; i += step)
			if (!i || !time_is_up(plan, begun))
				run_group(meters + i, step, plan, begun);
		ret = 0;
	} else {
		msg_error("memory exhausted");
	}
	progress_clear();
	for (size_t i = 0; meters && i < count; i++) {
		free(meters[i].mb_s);
		free(meters[i].requests_s);
	}
	free(meters);
	return ret;
}
