/* SPDX-License-Identifier: MIT */
/*
 * Names, and figures that follow from others.
 */
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "plan.h"

const char *mode_name(enum bench_mode mode)
{
	static const char *const names[] = { "session", "closed", "open" };

	return names[mode];
}

const char *wait_name(enum bench_wait wait)
{
	static const char *const names[] = { "sync", "poll", "event" };

	return names[wait];
}

const char *op_name(enum wd_comp_op op)
{
	return op == WD_COMP_COMPRESS ? "compress" : "decompress";
}

const char *format_name(enum wd_comp_format format)
{
	return wd_format_of(format)->name;
}

double result_ratio(const struct result *r)
{
	return r->packed ? (double)r->plain / (double)r->packed : 0;
}

double result_speed(const struct result *r)
{
	return r->outcome == BENCH_OK ? r->mb_s.median : 0;
}

double result_noise(const struct result *r)
{
	return r->mb_s.median > 0 ? (r->mb_s.q3 - r->mb_s.q1) / r->mb_s.median : 0;
}

double result_share(const struct result *r, unsigned int i)
{
	uint64_t all = 0;

	for (unsigned int k = 0; k < r->n_shares; k++)
		all += r->shares[k].bytes;
	return all ? (double)r->shares[i].bytes / (double)all : 0;
}

void result_forget(struct result *r)
{
	if (r->latency)
		memset(r->latency, 0, sizeof(*r->latency));
	r->missed = 0;
	for (unsigned int i = 0; i < r->n_shares; i++)
		r->shares[i].requests = r->shares[i].bytes = 0;
}

void result_free(struct result *r)
{
	free(r->seconds);
	free(r->latency);
	free(r->shares);
	r->seconds = NULL;
	r->latency = NULL;
	r->shares = NULL;
}
