/* SPDX-License-Identifier: MIT */
/*
 * Kinds of requests, and attempts at one in memory of exactly its size: for devices that
 * lie about what they did.
 *
 * Which device, and what is to be made of its answer, is up to the tests.
 */
#ifndef T_ATTEMPT_H
#define T_ATTEMPT_H

#include "codec/codec.h"
#include "internal.h"
#include "t_util.h"

#define T_PLAIN_LEN 3000u

enum kind {
	COMPRESS_GZIP,
	COMPRESS_ZLIB,
	COMPRESS_RAW,
	COMPRESS_OPEN,
	COMPRESS_NAMED,
	DECOMPRESS_GZIP,
	DECOMPRESS_ZLIB,
	DECOMPRESS_RAW,
	DECOMPRESS_CHUNK,
	KINDS,
};

bool t_is_compress(enum kind kind);
enum wd_comp_format t_format_of(enum kind kind);

/* What all that compress are given, and all that decompress make. */
extern uint8_t t_plain[T_PLAIN_LEN];

/* Of a named one: this and a time of 1. */
#define T_HEADER_NAME "a name"

/* For cmocka: the input of all kinds. */
int t_make_data(void **state);
int t_free_data(void **state);

struct t_attempt {
	enum kind kind;
	struct wd_comp_req req;
	struct wd_inflate inf; /* of a chunk */
	uint8_t *in, *out;
};

/* With @room bytes for the output. */
void t_attempt_begin(struct t_attempt *a, enum kind kind, size_t room);
void t_attempt_end(struct t_attempt *a);
int t_attempt_send(struct wd_queue *q, struct t_attempt *a);

void t_check_nothing_made(const struct t_attempt *a, int status);

#endif
