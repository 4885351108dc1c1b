/* SPDX-License-Identifier: MIT */
/*
 * A line on the terminal that tells what is being measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

static bool enabled;
static size_t all;
static size_t seen;

void progress_start(size_t total, bool quiet)
{
	const char *term = getenv("TERM");

	all = total;
	seen = 0;
	enabled = !quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

void progress_clear(void)
{
	if (enabled)
		fputs("\r\033[K", stderr);
}

void progress_show(const struct setup *s, unsigned int round, unsigned int rounds)
{
	if (!round)
		seen++;
	if (!enabled)
		return;
	fprintf(stderr, "\r\033[K%zu of %zu: %s", seen, all,
		s->command ? s->command : s->engine);
	if (s->level >= 0)
		fprintf(stderr, " level %d", s->level);
	fprintf(stderr, ", %s", op_name(s->op));
	if (round)
		fprintf(stderr, ", round %u of %u", round, rounds);
	fflush(stderr);
}
