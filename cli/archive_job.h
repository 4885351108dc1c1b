/* SPDX-License-Identifier: MIT */
/*
 * Zip archives with a single entry.
 */
#ifndef CLI_ARCHIVE_JOB_H
#define CLI_ARCHIVE_JOB_H

#include "job.h"

/* As decompress_file(), for a job whose input begins as a zip archive does. */
enum outcome archive_decode(struct job *job);

#endif
