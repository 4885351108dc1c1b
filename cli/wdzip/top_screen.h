/* SPDX-License-Identifier: MIT */
/*
 * A terminal that is written over again and again, and is in the end as it was.
 */
#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "top_page.h"

enum screen_event {
	SCREEN_TIMEOUT,
	SCREEN_REDRAW, /* the terminal has another size, or was somebody else's */
	SCREEN_QUIT,
};

/* Whether standard output is a terminal on which the cursor can be moved. */
bool screen_possible(void);

/*
 * Take the terminal, and give it back.  In between it is given back, too, before a signal
 * ends this process or stops it; and taken again when it goes on.
 */
void screen_open(void);
void screen_close(void);

/* Columns that a line may have. */
size_t screen_width(void);

/* Show @page; false if the terminal is gone. */
bool screen_draw(const struct page *page);

/* Wait for a key, a signal, or so many seconds. */
enum screen_event screen_wait(double seconds);

#endif
