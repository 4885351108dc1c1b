/* SPDX-License-Identifier: MIT */
/*
 * What --doctor prints for people, in the shape of `zpool status`.
 */
#ifndef CLI_DOCTOR_TEXT_H
#define CLI_DOCTOR_TEXT_H

#include "doctor_judge.h"

void doctor_print_text(const struct doctor_facts *facts,
		       const struct verdict *verdict);

#endif
