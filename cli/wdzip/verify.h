/* SPDX-License-Identifier: MIT */
/*
 * --verify: read back what was written before anything is removed.
 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "job.h"

/* Whether it can be done for @job, whose input is open; reports why not. */
bool verify_is_possible(const struct job *job);

/* Compare the written output with the input; 0 or -1 after reporting. */
int verify_output(struct job *job);

#endif
