/* SPDX-License-Identifier: MIT */
/*
 * The last line that --doctor prints for people: what would do the work, why, and how
 * fast.
 */
#include <stdio.h>

#include "doctor_line.h"
#include "message.h"

static void print_who(const struct doctor_run *run)
{
	const char *name = msg_name(run->device);

	if (run->device[0] && !run->tried)
		printf("try the device %s first", name);
	else if (run->device[0])
		printf("run on the device %s%s", name,
		       run->cpu ? " and the CPU" : "");
	else
		printf("run on the CPU");
	if (run->cpu || !run->device[0])
		printf(" (%u thread%s)", run->threads,
		       run->threads == 1 ? "" : "s");
}

static void print_why(const struct doctor_run *run)
{
	if (run->idle)
		printf(", because with --engine=%s no device did any work",
		       msg_name(run->wish ?: "auto"));
	else if (run->wish)
		printf(", because --engine=%s asks for it",
		       msg_name(run->wish));
	else
		printf(", because --engine=auto, the default, %s",
		       run->device[0] ? "takes the hardware that can be used"
				      : "finds no hardware that can be used");
}

static void print_speed(const struct doctor_run *run)
{
	if (run->mb_per_s > 0 && run->decompress)
		printf("; expected speed about %.0f MB/s (decompression)\n",
		       run->mb_per_s);
	else if (run->mb_per_s > 0)
		printf("; expected speed about %.0f MB/s (level %d)\n",
		       run->mb_per_s, run->level);
	else
		printf("; its speed was not measured\n");
}

void doctor_print_line(const struct doctor_run *run)
{
	printf("\nThis command would ");
	if (run->failed && !run->engine[0]) {
		printf("fail, because the engine %s cannot be used\n",
		       msg_name(run->wish ?: "auto"));
		return;
	}
	print_who(run);
	print_why(run);
	print_speed(run);
}
