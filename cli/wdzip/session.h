/* SPDX-License-Identifier: MIT */
/*
 * Compression sessions, kept from file to file.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdint.h>

#include <warpdrive/wd_comp.h>

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

#endif
