/* SPDX-License-Identifier: MIT */
/*
 * What gzip also reads and is not DEFLATE alone: compress's .Z, and zip.
 */
#ifndef CLI_ARCHIVE_JOB_H
#define CLI_ARCHIVE_JOB_H

#include "job.h"

enum archive_kind {
	ARCHIVE_KIND_LZW,
	ARCHIVE_KIND_ZIP,
};

/* As decompress_file(), for a job whose input begins as @kind does. */
enum outcome archive_decode(struct job *job, enum archive_kind kind);

#endif
