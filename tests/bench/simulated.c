/* SPDX-License-Identifier: MIT */
/*
 * How busy the ZIP engine is kept, and what the CPU beside it is good for, in simulated
 * time: the engine is its model, with the model's clock, and the CPU's workers are as fast
 * as they are said to be.  The library is the real one.
 *
 * usage: simulated [--check]
 *
 * --check: fail where it is less than it should be.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <warpdrive/wd_comp.h>

#include "in_time.h"
#include "with_model.h"

#define KIB	 ((size_t)1 << 10)
#define MIB	 ((size_t)1 << 20)
#define ROOM	 256u	/* for what does not get smaller */
#define ENGINE	 7272.0 /* MB/s, of all cores of one engine: as it is */
#define WORKER	 50.0
#define CHECKING 1000.0
#define CORES	 2.0

static bool failed;

static void die(const char *what)
{
	fprintf(stderr, "simulated: %s\n", what);
	exit(1);
}

/* What is asked for, and whether it is so. */
#define expect(ok, ...) (failed |= !say_whether(ok, __VA_ARGS__))

static bool say_whether(bool ok, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool say_whether(bool ok, const char *format, ...)
{
	va_list ap;

	printf("  %s: ", ok ? "yes" : "NO");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	return ok;
}

/* ---- the machine ---- */

/* Engines of @mb_s each, and workers that compress at @worker and check at @checking. */
static void begin(unsigned int engines, double mb_s, double worker,
		  double checking)
{
	struct with_model_setup setup;

	with_model_default(&setup, QM_HW_V3);
	setup.count = engines;
	setup.sleep = in_time_step;
	setup.config.workers = 0;
	setup.config.clock_mode = SIM_CLOCK_VIRTUAL;
	setup.config.clock.comp_mb_s = (uint32_t)(mb_s / CORES);
	with_model_begin(&setup);
	in_time_begin();
	in_time_cpu = (struct in_time_cpu){
		.compress = 1000 / worker,
		.decompress = 1000 / checking,
		.check = 1000 / checking,
	};
}

/* The busy share of the engine that was least busy. */
static double busy(void)
{
	double least = 1;

	for (unsigned int i = 0; i < WITH_MODEL_MAX; i++) {
		struct sim_clock_report report;

		if (!with_model_device(i))
			continue;
		sim_clock_report(with_model_device(i)->dev.sim, &report);
		if (report.utilisation_comp < least)
			least = report.utilisation_comp;
	}
	return least;
}

/* ---- single requests ---- */

struct place {
	struct wd_comp_req req;
	uint8_t *out;
};

static void send(struct wd_queue *q, struct place *p, const uint8_t *in,
		 size_t len)
{
	p->req = (struct wd_comp_req){
		.op = WD_COMP_COMPRESS,
		.format = WD_COMP_GZIP,
		.level = 1,
		.in = in,
		.in_len = len,
		.out = p->out,
		.out_cap = len + ROOM,
	};
	if (wd_send(q, &p->req))
		die("a request is refused");
}

/* @depth of them under way, all the time. */
static double requests(size_t len, unsigned int depth, unsigned int count)
{
	struct place *place = calloc(depth, sizeof(*place));
	struct wd_queue q = { .device = "hisi_zip" };
	uint8_t *in = calloc(1, len);
	double share;

	begin(1, ENGINE, WORKER, CHECKING);
	if (!place || !in || wd_request_queue(&q))
		die("no queue");
	for (unsigned int i = 0; i < depth; i++) {
		place[i].out = malloc(len + ROOM);
		send(&q, &place[i], in, len);
	}
	for (unsigned int done = 0; done < count; done++) {
		void *got;

		wd_flush(&q);
		if (wd_recv_sync(&q, &got, WD_WAIT_FOREVER) ||
		    ((struct wd_comp_req *)got)->status)
			die("a request fails");
		if (done + depth < count)
			send(&q, got, in, len);
	}
	share = busy();
	wd_release_queue(&q);
	with_model_end();
	for (unsigned int i = 0; i < depth; i++)
		free(place[i].out);
	free(place);
	free(in);
	return share;
}

static void all_requests(void)
{
	static const unsigned int depths[] = { 1, 4, 16, 60, 128 };

	printf("Requests on one queue: share of the time that the engine's cores are busy\n");
	for (size_t len = 8 * KIB; len <= MIB; len *= 128) {
		double share = 0;

		for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]);
		     i++) {
			unsigned int count = len > 8 * KIB ? 200 : 5000;

			share = requests(len, depths[i], count);
			printf("  %4zu KiB, %3u under way: %5.1f %%\n",
			       len / KIB, depths[i], 100 * share);
		}
		expect(share >= (len > 8 * KIB ? 0.98 : 0.95),
		       "%zu KiB, many under way, %.0f %%", len / KIB,
		       len > 8 * KIB ? 98.0 : 95.0);
	}
}

/* ---- sessions ---- */

/* @taken: bytes that have been read; @given: of these, what came out again */
struct pipe {
	uint64_t size, taken, given, most;
};

/* Some of it repeats, so that it does not look like nothing. */
static int64_t read_some(void *arg, void *buf, size_t len, uint64_t offset)
{
	struct pipe *pipe = arg;
	uint8_t *p = buf;

	if (offset >= pipe->size)
		return 0;
	if (len > pipe->size - offset)
		len = (size_t)(pipe->size - offset);
	memset(p, 0, len);
	for (size_t i = 0; i < len; i += 512)
		p[i] = (uint8_t)((offset + i) >> 9);
	if (offset + len > pipe->taken)
		pipe->taken = offset + len;
	if (pipe->taken - pipe->given > pipe->most)
		pipe->most = pipe->taken - pipe->given;
	return (int64_t)len;
}

/* struct outcome - @mb_s: of input; @busy: see busy(); @most: bytes under way */
struct outcome {
	double mb_s, busy;
	uint64_t most;
};

static struct outcome session(const char *engine, uint64_t size, uint32_t flags)
{
	struct pipe pipe = { .size = size };
	struct wd_comp_setup setup = {
		.level = 1,
		.engine = engine,
		.flags = flags,
		.size_hint = size,
		.threads = 2,
	};
	struct outcome o;
	struct wd_comp_sess *s;
	struct wd_comp_info info;
	uint64_t begun, last;
	const void *data;
	size_t len;

	if (wd_comp_create(&s, &setup) ||
	    wd_comp_set_source(s, read_some, &pipe, size) ||
	    wd_comp_get_info(s, &info))
		die("no session");
	begun = last = in_time_now();
	/* Each piece of output is a chunk. */
	while (wd_comp_get_output(s, &data, &len, WD_WAIT_FOREVER) == 1) {
		pipe.given += info.chunk_size;
		if (pipe.given > pipe.taken)
			pipe.given = pipe.taken;
		wd_comp_put_output(s);
		last = in_time_now();
	}
	o = (struct outcome){
		.mb_s = (double)size * 1000 / (double)(last - begun),
		.busy = busy(),
		.most = pipe.most,
	};
	wd_comp_destroy(s);
	return o;
}

static struct outcome run(unsigned int engines, double mb_s, double checking,
			  const char *engine, uint64_t size, uint32_t flags)
{
	struct outcome o;

	begin(engines, mb_s, WORKER, checking);
	o = session(engine, size, flags);
	with_model_end();
	printf("  %-36s %u x %4.0f MB/s%s: %6.0f MB/s, busy %5.1f %%, %4.1f MiB under way\n",
	       engine, engines, mb_s,
	       flags & WD_COMP_NO_VERIFY ? ", not checked" : "", o.mb_s,
	       100 * o.busy, (double)o.most / (double)MIB);
	return o;
}

static void pipeline(void)
{
	static const char *const engines[] = {
		"hisi_zip-0", "hisi_zip-0+hisi_zip-1",
		"hisi_zip-0+hisi_zip-1+hisi_zip-2+hisi_zip-3"
	};

	printf("wdzip's pipeline, where input and output take no time\n");
	for (unsigned int i = 0; i < 3; i++) {
		struct outcome o = run(1u << i, ENGINE, CHECKING, engines[i],
				       192 * MIB, WD_COMP_NO_VERIFY);

		expect(o.busy >= 0.9, "90 %% busy");
		if (!i)
			expect(o.most <= 16 * MIB, "16 MiB under way at most");
	}
	printf("The same with a check of all by two CPUs of %.0f MB/s, and of 100 times that\n",
	       CHECKING);
	run(1, ENGINE, CHECKING, engines[0], 64 * MIB, 0);
	run(1, ENGINE, CHECKING * 100, engines[0], 192 * MIB, 0);
}

static void hybrid(void)
{
	struct outcome cpu, both, alone;

	printf("Two CPUs of %.0f MB/s and an engine as fast as one of them\n",
	       WORKER);
	cpu = run(1, WORKER, CHECKING, "sw", 96 * MIB, 0);
	run(1, WORKER, CHECKING, "hisi_zip", 48 * MIB, 0);
	both = run(1, WORKER, CHECKING, "hybrid", 96 * MIB, 0);
	expect(both.mb_s >= 1.4 * cpu.mb_s,
	       "hybrid 1.4 times as fast as the CPU: %.2f",
	       both.mb_s / cpu.mb_s);
	printf("The same with an engine of %.0f MB/s\n", ENGINE);
	for (int verify = 0; verify < 2; verify++) {
		uint32_t flags = verify ? 0 : WD_COMP_NO_VERIFY;

		alone = run(1, ENGINE, CHECKING, "hisi_zip", 192 * MIB, flags);
		both = run(1, ENGINE, CHECKING, "hybrid", 192 * MIB, flags);
		expect(both.mb_s >= 0.97 * alone.mb_s,
		       "hybrid not slower than the engine by 3 %%: %.3f",
		       both.mb_s / alone.mb_s);
	}
}

int main(int argc, char **argv)
{
	bool check = argc > 1 && !strcmp(argv[1], "--check");

	setvbuf(stdout, NULL, _IOLBF, 0);
	all_requests();
	pipeline();
	hybrid();
	return check && failed;
}
