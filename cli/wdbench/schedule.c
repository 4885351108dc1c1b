/* SPDX-License-Identifier: MIT */
/*
 * When the requests of an open loop are due.
 */
#include "schedule.h"

#define NS	1e9

void schedule_init(struct schedule *s, uint64_t start, double rate, double seconds,
		   uint32_t client, uint32_t clients)
{
	s->start = start + (uint64_t)(client * NS / rate);
	s->rate = rate / clients;
	s->count = (uint64_t)(s->rate * seconds + 0.5);
	if (!s->count)
		s->count = 1;
	s->begun = 0;
}

uint64_t schedule_time(const struct schedule *s, uint64_t n)
{
	return s->start + (uint64_t)((double)n * NS / s->rate);
}

uint64_t schedule_due(const struct schedule *s, uint64_t now)
{
	uint64_t n;

	if (now < s->start)
		return 0;
	n = (uint64_t)((double)(now - s->start) * s->rate / NS) + 1;
	/* What rounding took away or added. */
	while (n > 0 && schedule_time(s, n - 1) > now)
		n--;
	while (schedule_time(s, n) <= now)
		n++;
	if (n > s->count)
		n = s->count;
	return n > s->begun ? n - s->begun : 0;
}
