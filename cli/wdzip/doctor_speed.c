/* SPDX-License-Identifier: MIT */
/*
 * What would do the work of a command like this one, and how fast: tried.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doctor_sample.h"
#include "doctor_speed.h"

#define EACH_THREAD ((size_t)1 << 20) /* bytes */
#define SIZE_MIN    ((size_t)4 << 20)
#define SIZE_LIMIT  ((size_t)64 << 20)
#define ROUNDS_MAX  4
#define ENOUGH	    0.15 /* seconds of measuring */

/*
 * @packed: the sample compressed, @packed_len bytes; @back: what it became again
 * @wanted: of the sessions the one that this is about
 * @done:   by each of its lanes, in requests
 */
struct attempt {
	const struct options *opt;
	struct doctor_run *run;
	char *plain, *packed, *back;
	size_t size, room, packed_len;
	struct wd_comp_sess *pack, *unpack, *wanted;
	uint64_t done[WD_COMP_LANES_MAX];
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + ts.tv_nsec / 1e9;
}

static bool fails(struct attempt *a, const char *what, int error)
{
	a->run->failed = what;
	a->run->error = error;
	return false;
}

static int begin(const struct attempt *a, enum wd_comp_op op,
		 struct wd_comp_sess **sess)
{
	bool wanted = a->opt->decompress == (op == WD_COMP_DECOMPRESS);
	struct wd_comp_setup setup = {
		.op = op,
		.format = a->opt->format,
		.threads = a->opt->threads,
		.engine = wanted ? a->opt->engine : "sw",
		.size_hint = a->size,
	};

	if (op == WD_COMP_COMPRESS) {
		setup.level = a->opt->level;
		setup.chunk_size = a->opt->chunk_size;
		setup.flags = a->opt->no_verify ? WD_COMP_NO_VERIFY : 0;
	}
	return wd_comp_create(sess, &setup);
}

/* Without what it did in the place of a device. */
static uint64_t own_work(const struct wd_comp_lane *lane)
{
	return lane->requests > lane->redone ? lane->requests - lane->redone
					     : 0;
}

/* What lanes did in a run is added up, as each run begins to count anew. */
static void note_work(struct attempt *a)
{
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	int n = wd_comp_get_lanes(a->wanted, lanes, WD_COMP_LANES_MAX);
	struct wd_comp_info info;

	for (int i = 0; i < n; i++)
		a->done[i] += own_work(&lanes[i]);
	if (!wd_comp_get_info(a->wanted, &info))
		a->run->redone += info.redone;
}

static int pack(struct attempt *a)
{
	int ret = wd_comp_run(a->pack, a->plain, a->size, a->packed, a->room,
			      NULL, &a->packed_len);

	if (a->wanted == a->pack)
		note_work(a);
	return ret;
}

static int unpack(struct attempt *a, size_t *len)
{
	int ret = wd_comp_run(a->unpack, a->packed, a->packed_len, a->back,
			      a->size, NULL, len);

	if (a->wanted == a->unpack)
		note_work(a);
	return ret;
}

/* The first round is not counted: memory is touched, and threads are started. */
static int measure(struct attempt *a)
{
	bool decompress = a->opt->decompress;
	double best = 0, all = 0;
	size_t len;

	for (int i = 0; i < ROUNDS_MAX && all < ENOUGH; i++) {
		double begun = now();
		int ret = decompress ? unpack(a, &len) : pack(a);
		double took = now() - begun;

		if (ret)
			return ret;
		all += took;
		if (!best || took < best)
			best = took;
	}
	if (best > 0)
		a->run->mb_per_s = (double)a->size / best / 1e6;
	return 0;
}

static bool compare(struct attempt *a)
{
	size_t len = 0;
	int ret = unpack(a, &len);

	if (ret)
		return fails(a, "decompress", ret);
	if (len != a->size || memcmp(a->plain, a->back, len))
		return fails(a, "compare", -EBADMSG);
	return true;
}

static bool go(struct attempt *a)
{
	int ret = pack(a);

	if (ret)
		return fails(a, "compress", ret);
	if (!compare(a))
		return false;
	ret = measure(a);
	if (ret)
		return fails(a, a->opt->decompress ? "decompress" : "compress",
			     ret);
	return compare(a);
}

/* Nothing was tried: the device, if there is one, is what is wanted first. */
static void tell_plan(struct attempt *a)
{
	struct doctor_run *run = a->run;
	struct wd_comp_info info;

	if (wd_comp_get_info(a->wanted, &info))
		return;
	snprintf(run->engine, sizeof(run->engine), "%s", info.engine ?: "");
	snprintf(run->device, sizeof(run->device), "%s", info.device ?: "");
	run->threads = info.threads ?: wd_cpu_count();
}

/* Who did it, which need not be who was wanted. */
static void tell_work(struct attempt *a)
{
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	int n = wd_comp_get_lanes(a->wanted, lanes, WD_COMP_LANES_MAX);
	struct doctor_run *run = a->run;
	uint64_t most = 0;

	tell_plan(a);
	run->tried = true;
	run->idle = run->device[0];
	run->device[0] = '\0';
	for (int i = 0; i < n; i++) {
		if (lanes[i].kind == WD_DEVICE_CPU) {
			run->cpu = a->done[i];
		} else if (a->done[i] > most) {
			most = a->done[i];
			run->idle = false;
			strcpy(run->device, lanes[i].name);
		}
	}
}

static bool get_memory(struct attempt *a, size_t threads)
{
	a->size = threads * EACH_THREAD;
	if (a->size < SIZE_MIN)
		a->size = SIZE_MIN;
	if (a->size > SIZE_LIMIT)
		a->size = SIZE_LIMIT;
	a->plain = malloc(a->size);
	a->back = malloc(a->size);
	a->room = wd_comp_bound(a->pack, a->size);
	a->packed = malloc(a->room);
	return a->plain && a->back && a->packed;
}

/* A device that failed, or was better not tried, could keep us waiting for a minute. */
static bool all_passed(const struct doctor_facts *facts)
{
	for (unsigned int i = 0; i < facts->list.count; i++) {
		const struct device_facts *dev = &facts->list.devices[i];

		if (dev->listed && !dev->status && dev->test.result != TEST_OK)
			return false;
	}
	return true;
}

static int begin_both(struct attempt *a)
{
	int ret = begin(a, WD_COMP_COMPRESS, &a->pack);

	if (!ret)
		ret = begin(a, WD_COMP_DECOMPRESS, &a->unpack);
	a->wanted = a->opt->decompress ? a->unpack : a->pack;
	return ret;
}

static void end(struct attempt *a)
{
	wd_comp_destroy(a->pack);
	wd_comp_destroy(a->unpack);
	free(a->plain);
	free(a->packed);
	free(a->back);
}

void try_run(struct doctor_facts *facts, const struct options *opt)
{
	struct attempt a = { .opt = opt, .run = &facts->run, .size = SIZE_MIN };
	size_t threads = opt->threads ? opt->threads : facts->host.threads;
	int ret;

	facts->run.wish = opt->engine;
	facts->run.decompress = opt->decompress;
	facts->run.level = opt->level;
	ret = begin_both(&a);
	if (ret) {
		fails(&a, "begin", ret);
		end(&a);
		return;
	}
	tell_plan(&a);
	/* Without memory for it the speed is not known, which is no fault. */
	if ((!facts->run.device[0] || all_passed(facts)) &&
	    get_memory(&a, threads)) {
		make_sample(a.plain, a.size);
		if (!go(&a))
			facts->run.mb_per_s = 0;
		tell_work(&a);
	}
	end(&a);
}
