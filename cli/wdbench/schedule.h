/* SPDX-License-Identifier: MIT */
/*
 * When the requests of an open loop are due.
 *
 * The times are fixed before the first request and do not depend on how the engine
 * does: a request that has to wait because others take long is late, and
 * counts as late from the moment it was due.
 */
#ifndef WDBENCH_SCHEDULE_H
#define WDBENCH_SCHEDULE_H

#include <stdint.h>

/*
 * struct schedule - the times of one client
 * @start:  of the first request, ns
 * @rate:   requests a second, more than 0
 * @count:  requests in all
 * @begun:  of them; the next one has this number
 */
struct schedule {
	uint64_t start;
	double rate;
	uint64_t count;
	uint64_t begun;
};

/* One of @clients equal ones, which take turns: their requests are spread evenly. */
void schedule_init(struct schedule *s, uint64_t start, double rate, double seconds,
		   uint32_t client, uint32_t clients);

/* When request @n is due. */
uint64_t schedule_time(const struct schedule *s, uint64_t n);

/* How many of those not begun are due at @now. */
uint64_t schedule_due(const struct schedule *s, uint64_t now);

#endif
