/* SPDX-License-Identifier: MIT */
/*
 * What would do the work of a command like this one, and how fast: tried.
 */
#ifndef CLI_DOCTOR_SPEED_H
#define CLI_DOCTOR_SPEED_H

#include "doctor_facts.h"
#include "options.h"

/*
 * Fill @facts->run.  Nothing is given to a device that did not pass its self-test; then
 * the speed is left out.
 */
void try_run(struct doctor_facts *facts, const struct options *opt);

#endif
