/* SPDX-License-Identifier: MIT */
/*
 * The last line that --doctor prints for people: what would do the work, why, and how
 * fast.
 */
#ifndef CLI_DOCTOR_LINE_H
#define CLI_DOCTOR_LINE_H

#include "doctor_facts.h"

void doctor_print_line(const struct doctor_run *run);

#endif
