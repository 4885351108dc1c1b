/* SPDX-License-Identifier: MIT */
/*
 * Bus addresses that were taken from the device: if it uses one of them, somebody let
 * go of memory too early.  The last GIVEN_UP_MAX ranges are remembered; the caller
 * locks.
 */
#ifndef SIM_GIVEN_UP_H
#define SIM_GIVEN_UP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GIVEN_UP_MAX 4096u

struct given_up {
	struct {
		uint64_t first, last;
	} ranges[GIVEN_UP_MAX];
	size_t count; /* of all there ever were */
};

static inline void given_up_add(struct given_up *g, uint64_t first,
				uint64_t last)
{
	size_t at = g->count++ % GIVEN_UP_MAX;

	g->ranges[at].first = first;
	g->ranges[at].last = last;
}

/* Some of the len bytes from addr are among them; len is not 0. */
static inline bool given_up_has(const struct given_up *g, uint64_t addr,
				size_t len)
{
	size_t n = g->count < GIVEN_UP_MAX ? g->count : GIVEN_UP_MAX;
	uint64_t last =
		len - 1 > UINT64_MAX - addr ? UINT64_MAX : addr + (len - 1);

	for (size_t i = 0; i < n; i++) {
		if (g->ranges[i].first <= last && g->ranges[i].last >= addr)
			return true;
	}
	return false;
}

#endif
