/* SPDX-License-Identifier: MIT */
#ifndef WD_REPEATS_H
#define WD_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * struct wd_census - which byte values a few thousand samples of some data have
 */
struct wd_census {
	uint32_t count[256];
	uint32_t total;
};

void wd_census_take(struct wd_census *c, const uint8_t *in, size_t len);

/* Whether all values seem to be equally likely; of few bytes never. */
bool wd_census_even(const struct wd_census *c);

/*
 * struct wd_repeats - what was found at places spread over some data
 * @places: looked at
 * @again:  of those, the next bytes were there before, within a window
 * @dense:  of those, many more bytes were, which do not shrink by themselves
 * @lengthy: of those, very many bytes were, whatever they are
 */
struct wd_repeats {
	uint32_t places;
	uint32_t again;
	uint32_t dense;
	uint32_t lengthy;
};

/*
 * Count in the @len bytes at @in, and in the @before_len bytes right before them
 * what these repeat.  @spacing: how many bytes between places are enough.  @step:
 * that one stretch in so many bytes is enough, if there are more; or 0.
 */
void wd_repeats_count(struct wd_repeats *r, const struct wd_census *c,
		      const uint8_t *in, size_t len, size_t before_len,
		      size_t spacing, size_t step);

/*
 * Bytes of the first window's worth at @in whose nearest like, a match of a size
 * that pays, is in the @before_len bytes before: what it costs not to look there.
 */
size_t wd_repeats_of_before(const uint8_t *in, size_t len, size_t before_len);

#endif
