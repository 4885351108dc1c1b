/* SPDX-License-Identifier: MIT */
/*
 * Waits, what they teach of a device, and when one is too long.
 */
#include "patience.h"

#define MS     1000000LL
#define SECOND (1000 * MS)
#define MIB    (1u << 20)

/*
 * @LOOK_NS:   a look vouches for so much of the time since the last one
 * @LEAST_NS:  what a device in software may lose to other work of the machine
 * @SLOWER:    so many times the slowest wait is still no loss
 * @FIRST_NS:  for each MiB in flight, of a device of which nothing is known; and
 * @FIRST_LEAST_NS: what that is at least
 * @EVEN_NS:   for each MiB in flight, of any device
 */
#define LOOK_NS	       (100 * MS)
#define LEAST_NS       SECOND
#define SLOWER	       32
#define FIRST_NS       SECOND
#define FIRST_LEAST_NS (2 * SECOND)
#define EVEN_NS	       (SECOND / 32)

/* Bytes are counted in the first waits, and in some of the later ones. */
#define COUNT_FIRST 16u
#define COUNT_EACH  64u

int wd_stall_ms = 60000;

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t at_most_stall(int64_t ns)
{
	int64_t stall = wd_stall_ms * MS;

	return ns < stall ? ns : stall;
}

bool patience_counts(const struct patience *p)
{
	return !p->waiting &&
	       (p->waits < COUNT_FIRST || p->waits % COUNT_EACH == 0);
}

static void wait_on(struct patience *p, int64_t now_ns)
{
	int64_t since = now_ns - p->looked_ns;

	p->waited_ns += since < LOOK_NS ? since : LOOK_NS;
}

/* It ended some time after the last look; if that was long ago, soon after it. */
static void learn(struct patience *p, int64_t now_ns)
{
	if (!p->waits)
		return;
	wait_on(p, now_ns);
	p->slowest_ns = larger(p->slowest_ns, p->waited_ns);
	if (p->bytes > p->most_bytes)
		p->most_bytes = p->bytes;
}

void patience_look(struct patience *p, int64_t now_ns, uint64_t bytes)
{
	if (p->waiting) {
		wait_on(p, now_ns);
	} else {
		learn(p, now_ns);
		p->waiting = true;
		p->waits++;
		p->waited_ns = 0;
		p->bytes = bytes;
	}
	p->looked_ns = now_ns;
}

int64_t patience_least(void)
{
	return at_most_stall(LEAST_NS);
}

/* @ns_per_mib for each MiB of @bytes, begun ones too. */
static int64_t for_bytes(uint64_t bytes, int64_t ns_per_mib)
{
	uint64_t mibs = bytes / MIB + 1;

	/* No queue has so much in flight. */
	if (mibs > 1u << 20)
		mibs = 1u << 20;
	return (int64_t)mibs * ns_per_mib;
}

int64_t patience_limit(const struct patience *p, uint64_t bytes)
{
	double scale = 1;
	int64_t ns;

	if (!p->most_bytes)
		return at_most_stall(
			larger(FIRST_LEAST_NS, for_bytes(bytes, FIRST_NS)));
	if (bytes > p->most_bytes)
		scale = (double)bytes / (double)p->most_bytes;
	/* Beyond the stall limit it does not matter by how much. */
	if (scale * SLOWER * (double)p->slowest_ns > (double)wd_stall_ms * MS)
		return wd_stall_ms * MS;
	ns = (int64_t)(scale * SLOWER * (double)p->slowest_ns);
	ns = larger(ns, for_bytes(bytes, EVEN_NS));
	return at_most_stall(larger(ns, LEAST_NS));
}
