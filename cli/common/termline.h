/* SPDX-License-Identifier: MIT */
/*
 * A line on the terminal that is written over again and again.
 *
 * It takes one row, however long what it tells, and is neither written nor taken
 * away by a job in the background: there the prompt is, or somebody else's text.
 */
#ifndef CLI_TERMLINE_H
#define CLI_TERMLINE_H

#include <stdbool.h>

/* Whether standard error is a terminal that can go back to the begin of a line. */
bool termline_possible(void);

/*
 * Who has the terminal; asked anew each time, as a job can be moved by bg and fg.
 * Not ours is also one that does not control this process, where nobody can tell.
 */
bool termline_ours(void);
bool termline_in_background(void);

/*
 * termline_show() - write the line over the one before
 * @lead:  how it begins; plain ASCII
 * @name:  what may be shortened, to its end; as msg_name() has it
 * @rests: how it may end, from long to short, then NULL; plain ASCII, each with two
 *         characters first that part it from @name
 *
 * The longest of @rests with which @name can still be recognized.  Where even the
 * shortest leaves no room, it stands alone.
 */
void termline_show(const char *lead, const char *name, const char *const *rests);

/* Take it away. */
void termline_clear(void);

#endif
