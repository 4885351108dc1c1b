/* SPDX-License-Identifier: MIT */
/*
 * What is told about a file that was worked on, and about the machine.
 */
#ifndef CLI_STATS_H
#define CLI_STATS_H

#include "job.h"

/* Part of the uncompressed size that was saved, in percent, as gzip counts it. */
double saved_percent(uint64_t uncompressed, uint64_t compressed,
		     unsigned int header_bytes);

/* -v: the name, before the work begins. */
void stats_announce(struct job *job);

/* -v, --stats, --explain: what came out of it. */
void stats_result(struct job *job);

/* --list-devices, on standard output. */
enum outcome stats_list_devices(void);

#endif
