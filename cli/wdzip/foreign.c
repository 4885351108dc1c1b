/* SPDX-License-Identifier: MIT */
/*
 * Files that others than gzip have made: a table row for each kind.
 */
#include <string.h>

#include "foreign.h"
#include "uncompress.h"
#include "unzip.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAGIC(text)	.magic = text, .magic_len = sizeof(text) - 1

static const struct foreign kinds[] = {
	{ MAGIC("\037\235"), .decode = uncompress_file, .decode_rest = uncompress_rest },
	{ MAGIC("PK\003\004"), .decode = unzip_file },
	{ MAGIC("\037\036"), .is_refused = "packed by pack(1)" },
	{ MAGIC("\037\240"), .is_refused = "compressed with LZH" },
	{ MAGIC("\037\236"), .is_refused = "made by gzip before version 1.0" },
};

/* What nobody can read is told wherever it is. */
static bool counts(const struct foreign *f, bool first)
{
	return first || f->decode_rest || f->is_refused;
}

const struct foreign *foreign_find(const void *data, size_t len, bool first)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct foreign *f = &kinds[i];

		if (len >= f->magic_len && !memcmp(data, f->magic, f->magic_len) &&
		    counts(f, first))
			return f;
	}
	return NULL;
}
