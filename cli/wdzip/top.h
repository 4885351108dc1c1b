/* SPDX-License-Identifier: MIT */
/*
 * --top: what the accelerators of this machine are doing.
 */
#ifndef CLI_TOP_H
#define CLI_TOP_H

#include "options.h"

/*
 * Print it on standard output: a table that is renewed on a terminal, until somebody ends
 * it; else, and in other forms, once.
 */
void top_run(enum top_form form);

#endif
