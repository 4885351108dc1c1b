/* SPDX-License-Identifier: MIT */
/*
 * A line on the terminal that tells what is being measured.
 */
#include <stdio.h>

#include "message.h"
#include "termline.h"
#include "progress.h"

#define PART_MAX	128	/* bytes of the line before and after the name */

static bool enabled;
static size_t all;
static size_t seen;

void progress_start(size_t total, bool quiet)
{
	all = total;
	seen = 0;
	enabled = !quiet && termline_possible();
}

void progress_clear(void)
{
	termline_clear();
}

void progress_show(const struct setup *s, unsigned int round, unsigned int rounds)
{
	char lead[PART_MAX], rest[PART_MAX], short_rest[PART_MAX] = "";
	const char *const rests[] = { rest, short_rest, NULL };
	int len = 0;

	if (!round)
		seen++;
	if (!enabled || !termline_ours())
		return;
	snprintf(lead, sizeof(lead), "%zu of %zu: ", seen, all);
	if (s->level >= 0)
		len = snprintf(rest, sizeof(rest), " level %d", s->level);
	len += snprintf(rest + len, sizeof(rest) - len, ", %s", op_name(s->op));
	if (round)
		snprintf(rest + len, sizeof(rest) - len, ", round %u of %u", round,
			 rounds);
	if (round)
		snprintf(short_rest, sizeof(short_rest), ", round %u", round);
	termline_show(lead, msg_name(s->command ? s->command : s->engine), rests);
}
