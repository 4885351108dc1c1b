/* SPDX-License-Identifier: MIT */
/*
 * Tables of options.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "opttable.h"

#define HELP_COLUMN	25	/* where the explanations begin */

static const struct opt_word *word_at(const struct opt_table *table, size_t i)
{
	return (const void *)((const char *)table->first + i * table->stride);
}

static bool is_heading(const struct opt_word *w)
{
	return !w->name && !w->letter;
}

/* ---- printing ---- */

static void print_option(const struct opt_word *w)
{
	char left[64];
	int len = 0;

	if (w->letter)
		len = snprintf(left, sizeof(left), "  -%c%s", w->letter,
			       w->name ? ", " : "");
	else
		len = snprintf(left, sizeof(left), "      ");
	if (w->name)
		len += snprintf(left + len, sizeof(left) - len, "--%s", w->name);
	if (w->arg && w->arg[0] == '[')
		snprintf(left + len, sizeof(left) - len, "[=%s", w->arg + 1);
	else if (w->arg)
		snprintf(left + len, sizeof(left) - len, "=%s", w->arg);
	printf("%-*s %s\n", HELP_COLUMN, left, w->help);
}

void opt_print(const struct opt_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct opt_word *w = word_at(table, i);

		if (is_heading(w))
			printf("\n%s\n\n", w->help);
		else if (w->help)
			print_option(w);
	}
}

void opt_dump(const struct opt_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct opt_word *w = word_at(table, i);

		if (is_heading(w))
			continue;
		printf("%s\t%c\t%s\t%s\n", w->name ? w->name : "-",
		       w->letter ? w->letter : '-', w->arg ? w->arg : "-",
		       w->help ? "shown" : "hidden");
	}
}

int opt_printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 1;
	msg_fault("stdout: %s", strerror(errno));
	return -1;
}

/* ---- parsing ---- */

static int arg_kind(const struct opt_word *w)
{
	if (!w->arg)
		return no_argument;
	return w->arg[0] == '[' ? optional_argument : required_argument;
}

void opt_fill(const struct opt_table *table, struct option *longs, char *shorts)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct opt_word *w = word_at(table, i);

		if (w->name)
			*longs++ = (struct option){ w->name, arg_kind(w), NULL,
						    OPT_LONG + (int)i };
		if (w->letter) {
			*shorts++ = w->letter;
			if (w->arg)
				*shorts++ = ':';
		}
	}
	memset(longs, 0, sizeof(*longs));
	*shorts = '\0';
}

int opt_find(const struct opt_table *table, int value)
{
	if (value >= OPT_LONG)
		return value - OPT_LONG;
	for (size_t i = 0; i < table->count; i++)
		if (word_at(table, i)->letter == value)
			return (int)i;
	return -1;
}

int opt_usage_error(const char *what, const char *arg, const char *expected)
{
	msg_error("%s %s: %s", what, msg_name(arg), expected);
	msg_try_help();
	return -1;
}

bool opt_number(const char *text, const char **end, unsigned long *value)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoul(text, &stop, 10);
	*end = stop;
	return !errno;
}

static unsigned int unit_shift(char unit)
{
	switch (unit) {
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	default:
		return 0;
	}
}

bool opt_size(const char *text, const char **end, unsigned long *size)
{
	unsigned int shift;

	if (!opt_number(text, end, size))
		return false;
	shift = unit_shift(**end);
	if (shift)
		++*end;
	if (*size > ULONG_MAX >> shift)
		return false;
	*size <<= shift;
	return true;
}
