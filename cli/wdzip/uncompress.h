/* SPDX-License-Identifier: MIT */
/*
 * Files that compress(1) has made, .Z.
 */
#ifndef CLI_UNCOMPRESS_H
#define CLI_UNCOMPRESS_H

#include "job.h"

/* As decompress_file(), for a job whose input begins as such a file does. */
enum outcome uncompress_file(struct job *job);

/*
 * uncompress_rest() - the same for what follows other members
 * @ahead: the first bytes, already read
 *
 * The output of @job is open.
 */
enum outcome uncompress_rest(struct job *job, const void *ahead, size_t len);

#endif
