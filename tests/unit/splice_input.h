/* SPDX-License-Identifier: MIT */
/*
 * What the tests of splicing compress, and compressors.
 */
#ifndef SPLICE_INPUT_H
#define SPLICE_INPUT_H

#include <zlib.h>

#include "t_util.h"

#define DATA_MAX   (2u << 20)
#define STREAM_MAX (DATA_MAX + (DATA_MAX >> 3) + 4096)

/* DATA_MAX bytes, and room for two streams of STREAM_MAX. */
extern uint8_t *plain, *stream;

/* For cmocka. */
int make_room(void **state);
int free_room(void **state);

enum input {
	NOISE,
	ZEROS,
	TEXT,
	SKEWED,
	MIXED,
	INPUTS,
};

void fill(uint8_t *p, size_t len, enum input kind);

/* Write a raw stream, for which there have to be STREAM_MAX bytes; its length. */
size_t zlib_deflate(uint8_t *out, const uint8_t *in, size_t len, int level,
		    int strategy, int mem_level);
size_t libdeflate(uint8_t *out, const uint8_t *in, size_t len, int level);

#endif
