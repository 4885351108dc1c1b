/* SPDX-License-Identifier: MIT */
/*
 * Files that others than gzip have made: which they are, and who reads them.
 */
#ifndef CLI_FOREIGN_H
#define CLI_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "job.h"

/*
 * struct foreign - a kind of file
 * @magic:      its first @magic_len bytes
 * @decode:     as decompress_file(); NULL if it cannot be read
 * @decode_rest: the same for what follows gzip members, @ahead being bytes of it that
 *              were read; the output of @job is open.  NULL if it does not count there
 * @is_refused: why it cannot be read
 */
struct foreign {
	const char *magic;
	size_t magic_len;
	enum outcome (*decode)(struct job *job);
	enum outcome (*decode_rest)(struct job *job, const void *ahead, size_t len);
	const char *is_refused;
};

/* What begins with @data, NULL if that is nothing known; @first: of a file. */
const struct foreign *foreign_find(const void *data, size_t len, bool first);

#endif
