/* SPDX-License-Identifier: MIT */
/*
 * The progress line, and the one that SIGUSR1 asks for.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

/* milliseconds after which a wait should be interrupted for progress_tick() */
#define PROGRESS_STEP_MS	100

/* Decide whether there may be a line; set up SIGUSR1. */
void progress_init(const struct options *opt);

/* Whether lines may appear on their own, so that others must not be half open. */
bool progress_enabled(void);

/*
 * progress_begin() - a file begins
 * @name: for the line; stays valid until progress_end()
 * @size: bytes of input, or WD_COMP_SIZE_UNKNOWN
 * @to_stdout: the data goes to standard output
 */
void progress_begin(const char *name, uint64_t size, bool to_stdout);

/* It turned out that the data goes to what may have the same screen, too. */
void progress_withhold(void);

/* So much was read and written since; prints if it is time to. */
void progress_update(uint64_t in_bytes, uint64_t out_bytes);

/* Print if it is time to; for waits that were interrupted. */
void progress_tick(void);

/*
 * Wait until @fd can be read, or a signal comes: no line that SIGUSR1 asks for then
 * waits for input.
 */
void progress_await(int fd);

/* The file is done: take the line away. */
void progress_end(void);

#endif
