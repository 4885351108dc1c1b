// SPDX-License-Identifier: MIT
/*
 * The clock: when a request would be completed by the real engine.
 *
 * Requests go to the cores in the order in which they arrived, each to the one that
 * is free first.  A core works at its bandwidth: on what goes into compression, and
 * on what comes out of decompression.  sim.h has the rest of the rule.
 */
#include "internal.h"

unsigned int clock_cores(const struct sim *sim, bool decompress)
{
	uint32_t cores = sim_cap(sim, HZIP_CAP_CORES);
	uint32_t n = decompress ? FIELD_GET(HZIP_CAP_CORES_DECOMP, cores) :
				  FIELD_GET(HZIP_CAP_CORES_COMP, cores);
	uint32_t max = decompress ? HZIP_CORES_MAX - HZIP_CORES_COMP : HZIP_CORES_COMP;

	return n < 1 ? 1 : n > max ? max : n;
}

void clock_reset(struct sim *sim)
{
	struct clock *clock = &sim->clock;

	memset(clock->core_free, 0, sizeof(clock->core_free));
	clock->oldest = NULL;
	clock->newest = NULL;
}

/* Count what was under way since the last change. */
static void depth_until(struct sim *sim, uint64_t now)
{
	struct clock *clock = &sim->clock;

	if (now > clock->depth_since)
		clock->depth_sum += sim->pending * (now - clock->depth_since);
	clock->depth_since = now;
}

void clock_arrived(struct sim *sim, struct job *job)
{
	struct clock *clock = &sim->clock;

	job->arrival = sim_now(sim);
	if (!sim->stats.requests)
		clock->first = job->arrival;
	depth_until(sim, job->arrival);
	if (sim->config.clock_mode == SIM_CLOCK_OFF)
		return;
	if (clock->newest)
		clock->newest->next_all = job;
	else
		clock->oldest = job;
	clock->newest = job;
}

static unsigned int free_core(const struct sim *sim, bool decompress)
{
	unsigned int first = decompress ? HZIP_CORES_COMP : 0;
	unsigned int best = first;

	for (unsigned int i = 1; i < clock_cores(sim, decompress); i++) {
		if (sim->clock.core_free[first + i] < sim->clock.core_free[best])
			best = first + i;
	}
	return best;
}

static void count(struct core_counters *core, const struct job *job, uint64_t work,
		  uint64_t delay)
{
	const struct hisi_zip_sqe *sqe = &job->req.sqe;
	uint32_t ns = delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;

	if (!core->fetched || ns < core->delay_min)
		core->delay_min = ns;
	if (ns > core->delay_max)
		core->delay_max = ns;
	core->delay_sum += ns;
	core->fetched++;
	core->done++;
	if (job->req.parse_error) {
		core->bad++;
		core->parse_errors++;
	} else {
		core->good++;
	}
	core->work_ns += work;
	core->consumed += sqe->consumed;
	core->produced += sqe->produced;
}

static void give_time(struct sim *sim, struct job *job)
{
	const struct sim_clock_params *params = &sim->config.clock;
	struct clock *clock = &sim->clock;
	unsigned int core = free_core(sim, job->req.decompress);
	uint64_t mb_s = job->req.decompress ? params->decomp_mb_s : params->comp_mb_s;
	uint64_t bytes = job->req.decompress ? job->req.sqe.produced : job->req.sqe.consumed;
	uint64_t work = bytes * 1000 / mb_s;
	uint64_t start = job->arrival;
	uint64_t done;

	if (clock->core_free[core] > start)
		start = clock->core_free[core];
	clock->core_free[core] = start + work;
	job->core = core;
	job->work = work;
	done = start + work + params->latency_ns;
	if (sim->queues[job->req.queue].pending > 1)
		done += params->aggregation_ns;
	count(&sim->cores[core], job, work, done - job->arrival);
	job->due = job->delay;
	if (sim->config.clock_mode != SIM_CLOCK_OFF)
		job->due += done;
	else if (job->delay)
		job->due += sim_now(sim);
	job->timed = true;
}

void clock_executed(struct sim *sim, struct job *job)
{
	struct clock *clock = &sim->clock;

	if (sim->config.clock_mode == SIM_CLOCK_OFF) {
		give_time(sim, job);
		queue_deliver(sim, job->req.queue);
		return;
	}
	while (clock->oldest && (clock->oldest->executed || clock->oldest->hung)) {
		job = clock->oldest;
		clock->oldest = job->next_all;
		if (!clock->oldest)
			clock->newest = NULL;
		job->next_all = NULL;
		if (job->hung)
			continue;
		give_time(sim, job);
		queue_deliver(sim, job->req.queue);
	}
}

void clock_completed(struct sim *sim, const struct job *job)
{
	uint64_t now = job->due ? job->due : sim_now(sim);

	depth_until(sim, now);
	sim->clock.busy[job->core] += job->work;
	if (now > sim->clock.last)
		sim->clock.last = now;
}

void sim_clock_report(struct sim *sim, struct sim_clock_report *report)
{
	const struct clock *clock = &sim->clock;
	double comp = 0, decomp = 0;

	memset(report, 0, sizeof(*report));
	pthread_mutex_lock(&sim->lock);
	report->now_ns = sim_now(sim);
	report->elapsed_ns = clock->last > clock->first ? clock->last - clock->first : 0;
	report->cores_comp = clock_cores(sim, false);
	report->cores_decomp = clock_cores(sim, true);
	for (unsigned int i = 0; i < HZIP_CORES_MAX; i++) {
		report->busy_ns[i] = clock->busy[i];
		*(i < HZIP_CORES_COMP ? &comp : &decomp) += (double)clock->busy[i];
	}
	if (report->elapsed_ns) {
		double elapsed = (double)report->elapsed_ns;

		report->utilisation_comp = comp / report->cores_comp / elapsed;
		report->utilisation_decomp = decomp / report->cores_decomp / elapsed;
		report->depth = (double)clock->depth_sum / elapsed;
	}
	pthread_mutex_unlock(&sim->lock);
}

/* What is next may still be with a worker. */
static uint64_t next_due(struct sim *sim)
{
	while (sim->running ||
	       (sim->ready && !sim->axi_closed && sim->nr_workers))
		pthread_cond_wait(&sim->idle, &sim->lock);
	return queues_next_due(sim);
}

uint64_t sim_clock_due(struct sim *sim)
{
	uint64_t due;

	pthread_mutex_lock(&sim->lock);
	due = next_due(sim);
	pthread_mutex_unlock(&sim->lock);
	return due;
}

void sim_clock_go_to(struct sim *sim, uint64_t ns)
{
	pthread_mutex_lock(&sim->lock);
	if (sim->config.clock_mode == SIM_CLOCK_VIRTUAL &&
	    ns > sim->clock.virtual_ns) {
		sim->clock.virtual_ns = ns;
		queues_deliver(sim);
	}
	pthread_mutex_unlock(&sim->lock);
}

bool sim_clock_step(struct sim *sim)
{
	uint64_t due;

	pthread_mutex_lock(&sim->lock);
	due = next_due(sim);
	if (due == TIME_NEVER || sim->config.clock_mode != SIM_CLOCK_VIRTUAL) {
		pthread_mutex_unlock(&sim->lock);
		return false;
	}
	if (due > sim->clock.virtual_ns)
		sim->clock.virtual_ns = due;
	queues_deliver(sim);
	pthread_mutex_unlock(&sim->lock);
	return true;
}
