/* SPDX-License-Identifier: MIT */
/*
 * Commands to the model while it works, by a socket: a line each, and a line as the
 * answer, "ok ..." or "error ...".  "help" lists them.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "sim.h"

#define CONTROL_LINE_MAX	256u	/* of a command, with its end */
#define CONTROL_ANSWER_MAX	1024u

/* Do one command, without its end of line.  True if the program shall end. */
bool control_command(struct sim *sim, const char *line, char answer[CONTROL_ANSWER_MAX]);

struct control;

/*
 * Answer clients of that socket in a thread, until stop, an eventfd, is readable;
 * "quit" makes it so.  0, -ENOMEM, -EAGAIN.
 */
int control_start(struct control **control, struct sim *sim, int listener, int stop);
/* After stop became readable; closes the socket. */
void control_join(struct control *control);

#endif
