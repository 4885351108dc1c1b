/* SPDX-License-Identifier: MIT */
/*
 * For how long a lane that has failed is left alone, and how it comes back.
 *
 * Nothing here knows of queues: lane.c leaves them and asks for them again.
 */
#ifndef WD_QUARANTINE_H
#define WD_QUARANTINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * struct quarantine_rules - when, and for how long; tests change them
 * @failures:   in a row that are too many
 * @first_ns:   the first pause; each one after it is twice as long
 * @longest_ns: but no longer than this
 */
struct quarantine_rules {
	unsigned int failures;
	int64_t first_ns, longest_ns;
};

extern struct quarantine_rules quarantine_rules;

/*
 * struct quarantine - of one lane; zero for one that has not failed
 * @pause_ns: how long the last pause was; 0: the lane has been good since
 * @until_ns: when the pause is over; 0: there is none, or it has no end
 * @trying:   the lane is back for one item, and for more if that is done well
 */
struct quarantine {
	int64_t pause_ns, until_ns;
	bool trying;
};

/*
 * It was left because of @err: for a pause, or for good.  @seen: it once worked, so
 * that what is missing may come back.
 */
void quarantine_begin(struct quarantine *q, int err, bool seen, int64_t now_ns);

static inline bool quarantine_has_end(const struct quarantine *q)
{
	return q->until_ns;
}

/* It has no end any more. */
static inline void quarantine_for_good(struct quarantine *q)
{
	q->until_ns = 0;
}

/* The pause is over: from now on it is tried. */
bool quarantine_try(struct quarantine *q, int64_t now_ns);

/* Whether so many failures in a row are too many. */
bool quarantine_is_due(const struct quarantine *q, unsigned int failures);

/* It did something well.  True: it was being tried, and is back. */
bool quarantine_end(struct quarantine *q);

#endif
