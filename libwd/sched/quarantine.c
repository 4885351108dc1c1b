/* SPDX-License-Identifier: MIT */
/*
 * Pauses that grow, and the one item that ends them.
 */
#include <errno.h>

#include "quarantine.h"

#define SECOND 1000000000LL

struct quarantine_rules quarantine_rules = {
	.failures = 4,
	.first_ns = SECOND,
	.longest_ns = 60 * SECOND,
};

/* Time does not give permissions, nor a device that never was, another way to memory. */
static bool can_pass(int err, bool seen)
{
	switch (err) {
	case -EACCES:
	case -EPERM:
	case -EOPNOTSUPP:
		return false;
	case -ENODEV:
		return seen;
	default:
		return true;
	}
}

void quarantine_begin(struct quarantine *q, int err, bool seen, int64_t now_ns)
{
	q->trying = false;
	q->until_ns = 0;
	if (!can_pass(err, seen))
		return;
	q->pause_ns = q->pause_ns ? 2 * q->pause_ns : quarantine_rules.first_ns;
	if (q->pause_ns > quarantine_rules.longest_ns)
		q->pause_ns = quarantine_rules.longest_ns;
	q->until_ns = now_ns + q->pause_ns;
}

bool quarantine_try(struct quarantine *q, int64_t now_ns)
{
	if (!q->until_ns || now_ns < q->until_ns)
		return false;
	q->until_ns = 0;
	q->trying = true;
	return true;
}

bool quarantine_is_due(const struct quarantine *q, unsigned int failures)
{
	return q->trying || failures >= quarantine_rules.failures;
}

bool quarantine_end(struct quarantine *q)
{
	bool back = q->trying;

	q->trying = false;
	q->pause_ns = 0;
	return back;
}
