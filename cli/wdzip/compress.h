/* SPDX-License-Identifier: MIT */
/*
 * Compressing one file.
 */
#ifndef CLI_COMPRESS_H
#define CLI_COMPRESS_H

#include "job.h"

/* @job->in is open; on OUTCOME_DONE the output is written, but not finished. */
enum outcome compress_file(struct job *job);

/*
 * compress_header() - what the header of the output shall say
 * @job:    its @format is set; gets @header_bytes
 * @header: points into @job
 *
 * Warns of a time that the format cannot hold.
 *
 * Returns whether there is something to be said.
 */
bool compress_header(struct job *job, struct wd_comp_header *header);

/* Whether compress_header() will have nothing to warn of. */
bool compress_time_fits(const struct job *job);

#endif
