/* SPDX-License-Identifier: MIT */
/*
 * Zip archives with a single entry.
 */
#ifndef CLI_UNZIP_H
#define CLI_UNZIP_H

#include "job.h"

/* As decompress_file(), for a job whose input begins as a zip archive does. */
enum outcome unzip_file(struct job *job);

#endif
