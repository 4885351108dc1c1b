/* SPDX-License-Identifier: MIT */
/*
 * The table of -l.
 */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "job.h"

/* Decompress @job->in without writing it, and print its line. */
enum outcome list_file(struct job *job);

/* The last line, if @file_count says that there is something to add up. */
void list_totals(const struct options *opt, int file_count);

#endif
