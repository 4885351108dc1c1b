/* SPDX-License-Identifier: MIT */
/*
 * DEFLATE streams made bit by bit, right ones and wrong ones, one at a time.
 *
 * What is to be said of them is up to the tests.
 */
#ifndef SPLICE_BITS_H
#define SPLICE_BITS_H

#include "t_util.h"

struct bits {
	uint8_t p[1 << 16];
	size_t n; /* bits */
};

extern struct bits bits;

void bits_begin(void);
size_t bits_bytes(void);

void put(unsigned int value, unsigned int n);
/* A Huffman code, first bit highest. */
void put_code(unsigned int code, unsigned int len);
void put_align(void);

void put_header(bool final, unsigned int type);
void put_stored(bool final, const char *text);
/* A symbol in a block of fixed codes. */
void put_fixed(unsigned int sym);

/* ---- dynamic blocks with any codes ---- */

struct code {
	uint8_t len[288];
	uint16_t value[288];
	unsigned int n;
};

/* @used of @n symbols have a code; @deep: the longest are more frequent. */
void make_random_code(struct code *c, unsigned int n, unsigned int used,
		      bool deep);

/* A header whose precode gives the values 0 to 15 four bits each. */
void put_plain_dynamic(bool final, const struct code *litlen,
		       const struct code *dist);
/* @n at most, then the end of the block. */
void put_random_symbols(const struct code *litlen, const struct code *dist,
			unsigned int n);

/* ---- headers of dynamic blocks, value by value ---- */

/*
 * A header with these values in the precode, all of them (up to 7, of three
 * bits) but @drop.
 */
void put_precode(unsigned int hlit, unsigned int hdist, const uint8_t *values,
		 unsigned int n, int drop);

/* Values for a precode, in the order of their codes; the rest is for these. */
extern const uint8_t eight_values[8];

void put_value(unsigned int value);
void put_zeros(unsigned int n);
/*
 * Begin a stream of one dynamic block: litlen symbols 0 and 256 of one bit
 * each; lengths of @ndist distances have to follow.
 */
void put_two_litlens(unsigned int ndist);

#endif
