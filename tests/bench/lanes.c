/* SPDX-License-Identifier: MIT */
/*
 * How busy a session keeps its lanes: fake devices of different speeds, and the CPU.
 * Prints what each did and for which part of the time it had nothing to do.  Then a
 * device that takes no time, so that the CPU's checks are all there is to wait for: by
 * one CPU, and by all.
 *
 * usage: lanes [MIB [NS_PER_BYTE...]]        default: 512, and devices of 2, 4 and 8
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <warpdrive/wd_comp.h>

#include "t_fake.h"
#include "t_util.h"

#define MIB	((size_t)1 << 20)

static double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static const uint8_t *pattern;

static int64_t read_pattern(void *arg, void *buf, size_t len, uint64_t offset)
{
	uint64_t size = *(uint64_t *)arg;
	size_t done = 0;

	if (offset >= size)
		return 0;
	if (len > size - offset)
		len = (size_t)(size - offset);
	while (done < len) {
		size_t at = (size_t)((offset + done) % (8 * MIB));
		size_t n = 8 * MIB - at < len - done ? 8 * MIB - at : len - done;

		memcpy((uint8_t *)buf + done, pattern + at, n);
		done += n;
	}
	return (int64_t)len;
}

static void run(const char *title, const char *engine, uint64_t size,
		uint32_t flags)
{
	struct wd_comp_setup setup = {
		.level = 6,
		.engine = engine,
		.flags = flags,
		.size_hint = size,
		.chunk_size = MIB,
	};
	double own = now(CLOCK_THREAD_CPUTIME_ID);
	double begun = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID), took;
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	struct wd_comp_sess *s;
	const void *data;
	size_t len;
	int n;

	if (wd_comp_create(&s, &setup) ||
	    wd_comp_set_source(s, read_pattern, &size, size))
		exit(1);
	while (wd_comp_get_output(s, &data, &len, WD_WAIT_FOREVER) == 1)
		wd_comp_put_output(s);
	took = now(CLOCK_MONOTONIC) - begun;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	own = now(CLOCK_THREAD_CPUTIME_ID) - own;
	n = wd_comp_get_lanes(s, lanes, WD_COMP_LANES_MAX);
	wd_comp_destroy(s);
	printf("%s: %.2f s, %.0f MB/s, CPU time %.2f s, of it the caller's %.2f\n",
	       title, took, (double)size / took / 1e6, cpu, own);
	for (int i = 0; i < n; i++) {
		const struct t_fake *f = &t_fake[i];

		printf("  %-8s %6llu requests %8.1f MB, %llu checks", lanes[i].name,
		       (unsigned long long)lanes[i].requests,
		       (double)lanes[i].bytes_in / 1e6,
		       (unsigned long long)lanes[i].checks);
		if (lanes[i].kind == WD_DEVICE_HARDWARE)
			printf(", idle %.1f %%", 100.0 * (double)f->idle_ns /
						 (double)(f->idle_ns + f->busy_ns));
		printf("\n");
	}
}

static void run_checks(uint64_t size)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all))
		exit(1);
	t_fake_install(1, 1);
	t_fake[0].remembers = true;
	run("checks, the device's first time", "fake-0", 16 * MIB, 0);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		exit(1);
	run("checks, one CPU", "fake-0", size, 0);
	if (sched_setaffinity(0, sizeof(all), &all))
		exit(1);
	run("checks, all CPUs", "fake-0", size, 0);
}

int main(int argc, char **argv)
{
	uint64_t size = (argc > 1 ? strtoull(argv[1], NULL, 10) : 512) * MIB;
	unsigned int devices = argc > 2 ? (unsigned int)(argc - 2) : 3;
	uint8_t *text = malloc(8 * MIB);

	if (!text || !size || devices > T_FAKES_MAX)
		return 2;
	t_seed(1);
	t_fill(text, 8 * MIB, T_TEXT);
	pattern = text;
	for (int pass = 0; pass < 2; pass++) {
		t_fake_install(devices, 1);
		for (unsigned int i = 0; i < devices; i++) {
			t_fake[i].plain = true;
			t_fake[i].ns_per_byte = argc > 2 ? atof(argv[i + 2]) : 2 << i;
		}
		run(pass ? "checked" : "not checked", "hybrid", size,
		    pass ? 0 : WD_COMP_NO_VERIFY);
	}
	run_checks(size);
	t_fake_remove();
	free(text);
	return 0;
}
