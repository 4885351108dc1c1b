/* SPDX-License-Identifier: MIT */
/*
 * Decompressing one file, or testing it, or measuring it for a list.
 */
#ifndef CLI_DECOMPRESS_H
#define CLI_DECOMPRESS_H

#include "job.h"

/* @job->in is open; on OUTCOME_DONE the output is written, but not finished. */
enum outcome decompress_file(struct job *job);

#endif
