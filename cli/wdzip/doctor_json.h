/* SPDX-License-Identifier: MIT */
/*
 * What --doctor=json prints; wdzip(1) describes it, and members stay.
 */
#ifndef CLI_DOCTOR_JSON_H
#define CLI_DOCTOR_JSON_H

#include "doctor_judge.h"

void doctor_print_json(const struct doctor_facts *facts,
		       const struct verdict *verdict);

#endif
