/* SPDX-License-Identifier: MIT */
/*
 * A line on the terminal that is written over again and again.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "termline.h"

#define WIDTH_DEFAULT	80	/* columns, where the terminal does not know */
#define NAME_MIN	12	/* columns by which a name is recognized */
#define DOTS		"..."
#define DOTS_WIDTH	3

static size_t shown;		/* columns of the line that is on the terminal now */

bool termline_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb"));
}

/* Groups from outside a namespace of processes are all 0: nobody can tell. */
bool termline_ours(void)
{
	pid_t group = tcgetpgrp(STDERR_FILENO);

	return group > 0 && group == getpgrp();
}

bool termline_in_background(void)
{
	pid_t group = tcgetpgrp(STDERR_FILENO);

	return group > 0 && group != getpgrp();
}

/* What may be used: past the last column a terminal may begin another row. */
static size_t room(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_DEFAULT - 1;
	return size.ws_col - 1;
}

/* Bytes of the character that @text begins with, and the columns it takes. */
static size_t next_char(const char *text, size_t *columns)
{
	mbstate_t state = { 0 };
	wchar_t wc;
	size_t n;
	int w;

	*columns = 1;
	if (*text >= ' ' && *text <= '~')
		return 1;
	n = mbrtowc(&wc, text, strnlen(text, MB_LEN_MAX), &state);
	if (n == 0 || n > MB_LEN_MAX)
		return 1;
	w = wcwidth(wc);
	if (w >= 0)
		*columns = (size_t)w;
	return n;
}

static size_t width(const char *text)
{
	size_t sum = 0, columns;

	while (*text) {
		text += next_char(text, &columns);
		sum += columns;
	}
	return sum;
}

/* The end of @text, which takes @columns, that takes at most @max. */
static const char *end_of(const char *text, size_t columns, size_t max)
{
	size_t w;

	while (columns > max) {
		text += next_char(text, &w);
		columns -= w;
	}
	/* An accent must not come to stand on what is before it. */
	while (*text) {
		size_t n = next_char(text, &w);

		if (w)
			break;
		text += n;
	}
	return text;
}

/* Write @text, @columns wide, and blanks over what is left of the line before. */
static void put(const char *text, size_t columns, size_t max)
{
	size_t old = shown < max ? shown : max;

	fprintf(stderr, "\r%s%*s", text, old > columns ? (int)(old - columns) : 0, "");
	fflush(stderr);
	shown = columns;
}

static void put_line(const char *lead, const char *name, const char *rest, size_t max)
{
	size_t fixed = strlen(lead) + strlen(rest);
	size_t columns = width(name);
	const char *dots = "";
	char *line;

	if (fixed + columns > max) {
		dots = DOTS;
		fixed += DOTS_WIDTH;
		name = end_of(name, columns, max - fixed);
		columns = width(name);
	}
	if (asprintf(&line, "%s%s%s%s", lead, dots, name, rest) < 0)
		return;
	put(line, fixed + columns, max);
	free(line);
}

/* Without the name. */
static void put_rest(const char *rest, size_t max)
{
	char *line = strndup(rest, max);

	if (!line)
		return;
	put(line, strlen(line), max);
	free(line);
}

void termline_show(const char *lead, const char *name, const char *const *rests)
{
	size_t max = room();
	size_t least = width(name);
	const char *rest = "";

	if (least > NAME_MIN)
		least = NAME_MIN;
	for (size_t i = 0; rests[i]; i++) {
		rest = rests[i];
		if (strlen(lead) + least + strlen(rest) <= max) {
			put_line(lead, name, rest, max);
			return;
		}
	}
	put_rest(rest[0] ? rest + 2 : rest, max);
}

void termline_clear(void)
{
	/* What was there when this was in the foreground is not ours any more. */
	if (shown && !termline_in_background()) {
		put("", 0, room());
		fputc('\r', stderr);
	}
	shown = 0;
}
