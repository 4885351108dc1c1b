/* SPDX-License-Identifier: MIT */
/*
 * --doctor: whether the accelerators of this machine work.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "options.h"

/*
 * Gather facts, judge them, print them on standard output.  The exit status becomes
 * STATUS_ERROR if something does not work, STATUS_WARNING if something works less well
 * than it could.  Changes nothing on the machine, and must come before any thread.
 */
void doctor_run(const struct options *opt);

#endif
