/* SPDX-License-Identifier: MIT */
/*
 * The signals that end a program.
 */
#ifndef CLI_FATAL_H
#define CLI_FATAL_H

/*
 * Have @handler called for SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXCPU and SIGXFSZ,
 * with all of them blocked meanwhile.  What was ignored, as under nohup, stays so.
 */
void fatal_catch(void (*handler)(int sig));

/*
 * End by @sig, from its handler or not, and whatever stands in the way: the kernel
 * lets no signal end the first process of a container, and a tracer can hold it
 * back.  Then the status is what a shell makes of such an end, 128 + @sig.
 */
_Noreturn void fatal_die(int sig);

#endif
