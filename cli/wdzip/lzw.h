/* SPDX-License-Identifier: MIT */
/*
 * The coding of compress(1): LZW with codes that grow from 9 bits.
 */
#ifndef CLI_LZW_H
#define CLI_LZW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LZW_BITS_MAX	16	/* of a code, in all files that anybody writes */

enum lzw_result {
	LZW_DONE,
	LZW_CORRUPT,
	LZW_TRUNCATED,		/* the input ends within a code */
	LZW_READ_ERROR,		/* @read failed */
	LZW_WRITE_ERROR,	/* @write failed */
};

/*
 * struct lzw_io - where the codes come from, and where the data goes
 * @read:  as read(2), with its own way to keep the error
 * @write: 0 or -1
 */
struct lzw_io {
	ssize_t (*read)(void *arg, void *buf, size_t room);
	int (*write)(void *arg, const void *data, size_t len);
	void *arg;
};

struct lzw;

/*
 * lzw_create() - a decoder at the first code, after the three bytes of the header
 * @bits:     the widest code, up to LZW_BITS_MAX
 * @can_clear: code 256 empties the table ("block mode")
 *
 * Returns NULL if out of memory.
 */
struct lzw *lzw_create(unsigned int bits, bool can_clear, const struct lzw_io *io);

/*
 * lzw_decode() - decode all that @read gives
 *
 * What could be decoded is written also when an error is returned.  The coding
 * has no mark for its end: data that is cut between two codes is LZW_DONE.
 */
enum lzw_result lzw_decode(struct lzw *z);

void lzw_destroy(struct lzw *z);

#endif
