/* SPDX-License-Identifier: MIT */
/*
 * Compressing one file.
 */
#ifndef CLI_COMPRESS_H
#define CLI_COMPRESS_H

#include "job.h"

/* @job->in is open; on OUTCOME_DONE the output is written, but not finished. */
enum outcome compress_file(struct job *job);

#endif
