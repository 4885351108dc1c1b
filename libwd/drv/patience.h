/* SPDX-License-Identifier: MIT */
/*
 * How long a device may go without an answer before it counts as lost: as long as it
 * is likely to need, judging by how long it has needed so far.
 *
 * Only the time counts in which somebody looked: a process that was stopped, a machine
 * that is busy with other things, or an application that has not asked for a while do
 * not make a device look slow.
 */
#ifndef WD_PATIENCE_H
#define WD_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* No device may go without an answer for longer than this; tests make it less. */
extern int wd_stall_ms;

/*
 * struct patience - of who receives, with one queue
 * @waiting:    there has been no answer since @looked_ns, or before
 * @looked_ns:  when it last looked
 * @waited_ns:  how long it has waited, as far as it looked
 * @waits:      begun so far
 * @bytes:      in flight when this one began, if they were counted
 * @slowest_ns: the longest that ended with an answer
 * @most_bytes: in flight in a wait that ended so; 0: nothing is known of the device
 */
struct patience {
	bool waiting;
	int64_t looked_ns, waited_ns;
	uint32_t waits;
	uint64_t bytes;
	int64_t slowest_ns;
	uint64_t most_bytes;
};

/* The next wait will be one of those for which bytes in flight are counted. */
bool patience_counts(const struct patience *p);

/*
 * A look at @now_ns has found nothing; with @bytes in flight, if this is the first of a
 * wait, and they were counted.
 */
void patience_look(struct patience *p, int64_t now_ns, uint64_t bytes);

/* So long is waited in any case. */
int64_t patience_least(void);

/* So long is waited for @bytes in flight. */
int64_t patience_limit(const struct patience *p, uint64_t bytes);

#endif
