/* SPDX-License-Identifier: MIT */
/*
 * What --top shows, as lines of text.
 */
#ifndef CLI_TOP_PAGE_H
#define CLI_TOP_PAGE_H

#include <stddef.h>

#include "top_sample.h"

#define PAGE_LINE_MAX 256 /* bytes, with the NUL */

enum look {
	LOOK_PLAIN,
	LOOK_HEAD, /* names of columns */
	LOOK_BAD,  /* something does not do its work */
};

/* @text: printable ASCII */
struct page_line {
	char text[PAGE_LINE_MAX];
	enum look look;
};

/* To be set to zero before it is filled for the first time. */
struct page {
	struct page_line *lines;
	size_t count, room;
};

/*
 * page_fill() - write what @now tells, and what was done since @before
 * @before: may be NULL
 * @width:  columns of a line; those of the table for which there is no room are left out
 *
 * Lines for which there is no memory are left out, too.
 */
void page_fill(struct page *page, const struct top_sample *before,
	       const struct top_sample *now, size_t width);

void page_free(struct page *page);

/* "12.3k": three digits of a number that is not negative, or "-". */
void put_scaled(char *out, size_t size, double value);

#endif
