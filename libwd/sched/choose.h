/* SPDX-License-Identifier: MIT */
/*
 * Which lane gets the next item.
 */
#ifndef WD_CHOOSE_H
#define WD_CHOOSE_H

#include "sched.h"

/* What counts as small until it has been measured; bytes. */
#define CHOOSE_SMALL 4096u

/* The lane for @bytes; NULL if none has use for them before something was received. */
struct lane *choose_lane(struct sched *s, uint64_t bytes);

/*
 * When there is none: after so many milliseconds there may be one, though nothing was
 * received; -1: there will not.
 */
int choose_again_ms(const struct sched *s, uint64_t bytes);

/* Whether the CPU would have @bytes done before @l. */
bool choose_is_small(const struct sched *s, const struct lane *l,
		     uint64_t bytes);

/* Count that lanes do not get @bytes which they rest from, or which are too few. */
void choose_count(struct sched *s, uint64_t bytes, unsigned int resting);

/* Devices that could be asked for something, but are left alone: a bit each. */
unsigned int choose_resting(const struct sched *s);

#endif
