/* SPDX-License-Identifier: MIT */
/*
 * Compression sessions: kept from file to file, and the loop that moves a file
 * through one.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <warpdrive/wd_comp.h>

#include "fileio.h"
#include "options.h"

enum session_use {
	SESSION_MAIN,
	SESSION_VERIFY,		/* a second one beside it */
};

/*
 * session_get() - a session at the beginning of a stream
 * @size_hint: bytes of input, or WD_COMP_SIZE_UNKNOWN
 *
 * The session stays this module's and is good until the next call with the same
 * @op, @format and @use.
 *
 * Returns NULL after reporting.
 */
struct wd_comp_sess *session_get(const struct options *opt, enum wd_comp_op op,
				 enum wd_comp_format format, enum session_use use,
				 uint64_t size_hint);

void session_close_all(void);

enum pump_result {
	PUMP_DONE,
	PUMP_READ_ERROR,	/* @err is the errno of reading the input */
	PUMP_SESSION_ERROR,	/* @err is what the session returned */
	PUMP_STOPPED,		/* a callback failed, and has reported it */
};

/*
 * struct pump - a file's way through a session
 * @ready: called once before the first output, or at its end if there is none;
 *         may be NULL
 * @sink:  takes the output, in order
 * @err:   see enum pump_result
 *
 * The callbacks return 0, or -1 to stop.
 */
struct pump {
	struct wd_comp_sess *sess;
	struct infile *in;
	int (*ready)(void *arg);
	int (*sink)(void *arg, const void *data, size_t len);
	void *arg;
	bool is_ready;
	bool interactive;	/* hand out what there is before waiting for input */
	bool seekable;		/* a regular file may be read side by side */
	unsigned char last;	/* byte that was read */
	uint64_t produced;
	_Atomic int read_errno;	/* of reading side by side */
	int err;
};

enum pump_result pump_run(struct pump *pump);

/* Make @pump->ready happen if it has not; 0 or -1. */
int pump_make_ready(struct pump *pump);

#endif
