/* SPDX-License-Identifier: MIT */
/*
 * What the runners share.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "run.h"

atomic_int bench_stop;

int runner_fail(struct result *r, const char *what, int err)
{
	snprintf(r->why, sizeof(r->why), "%s: %s", what, wd_strerror(err));
	return -1;
}

uint64_t runner_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void *runner_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void runner_unmap(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

int runner_passes(int (*pass)(void *state), void *state, double seconds,
		  struct round *round)
{
	uint64_t begun = runner_now();
	uint64_t wanted = (uint64_t)(seconds * 1e9);
	uint64_t spent;
	int ret;

	do {
		ret = pass(state);
		if (ret)
			return ret;
		round->passes++;
		spent = runner_now() - begun;
	} while (spent < wanted && !bench_stop);
	round->seconds = (double)spent / 1e9;
	return 0;
}
