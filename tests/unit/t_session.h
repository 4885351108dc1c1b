/* SPDX-License-Identifier: MIT */
/*
 * What the tests of compression sessions share: data, sessions that are there
 * or the test fails, and zlib's opinion of a stream.
 */
#ifndef T_SESSION_H
#define T_SESSION_H

#include "t_util.h"

#define DATA_LEN (6u << 20)

extern uint8_t *mixed, *text; /* DATA_LEN */

/* Sizes that are hard on buffers; the last are "no limit" with all there is. */
extern const struct t_feed feeds[9];

struct wd_comp_sess *make(const struct wd_comp_setup *setup);
struct wd_comp_sess *make_decompressor(enum wd_comp_format format,
				       uint32_t threads);
/* One-shot, into a buffer of exactly the bound's size. */
void compress_to(struct wd_comp_sess *s, const uint8_t *in, size_t len,
		 struct t_bytes *out);
void check_judged(enum wd_comp_format format, const struct t_bytes *stream,
		  const uint8_t *data, size_t len);
void check_equal(const struct t_bytes *a, const struct t_bytes *b);
uint32_t checksum(enum wd_comp_format format, const uint8_t *p, size_t len);
int setup_data(void **state);
int teardown_data(void **state);

#endif
