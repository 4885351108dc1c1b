/* SPDX-License-Identifier: MIT */
/*
 * The loop that moves a source through a session.
 */
#ifndef CLI_PUMP_H
#define CLI_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <warpdrive/wd_comp.h>

#include "source.h"

enum pump_result {
	PUMP_DONE,
	PUMP_READ_ERROR,	/* @err is the errno of reading the input */
	PUMP_SESSION_ERROR,	/* @err is what the session returned */
	PUMP_STOPPED,		/* a callback failed, and has reported it */
};

/*
 * struct pump - a source's way through a session
 * @ready: called once before the first output, or at its end if there is none;
 *         may be NULL
 * @sink:  takes the output, in order
 * @err:   see enum pump_result
 *
 * The callbacks return 0, or -1 to stop.
 */
struct pump {
	struct wd_comp_sess *sess;
	struct source source;
	int (*ready)(void *arg);
	int (*sink)(void *arg, const void *data, size_t len);
	void *arg;
	bool is_ready;
	bool interactive;	/* hand out what there is before waiting for input */
	bool side_by_side;	/* the source may be read by several threads */
	unsigned char last;	/* byte that was read */
	uint64_t taken;		/* bytes that were read */
	uint64_t produced;
	_Atomic int read_errno;	/* of reading side by side */
	int err;
};

enum pump_result pump_run(struct pump *pump);

/* Make @pump->ready happen if it has not; 0 or -1. */
int pump_make_ready(struct pump *pump);

#endif
