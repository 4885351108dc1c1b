/* SPDX-License-Identifier: MIT */
/*
 * The input cut into blocks, and each of them compressed by the engine that is to be
 * measured: the input of decompression.
 */
#ifndef WDBENCH_PACK_H
#define WDBENCH_PACK_H

#include "plan.h"

/*
 * struct block - one piece of the input
 * @plain, @plain_len:   points into the data
 * @packed, @packed_len: its compressed form, NULL if that was not wanted
 * @sum:                 checksum of the plain bytes, as its format has it
 */
struct block {
	const uint8_t *plain;
	size_t plain_len;
	uint8_t *packed;
	size_t packed_len;
	uint32_t sum;
};

struct pack {
	struct block *blocks;
	size_t count;
	size_t plain_max;		/* bytes of the largest block */
	size_t packed_max;
	uint64_t packed_len;		/* of all */
};

/*
 * pack_make() - cut, and compress with @r's engine if it is to decompress
 * @size: of a block, 0 for the whole input in one
 *
 * Returns 0, or -1 with @r->why set.
 */
int pack_make(struct pack *pack, struct result *r, size_t size);
void pack_free(struct pack *pack);

/* The most bytes that any engine makes of so many. */
size_t pack_bound(size_t plain_len);

#endif
