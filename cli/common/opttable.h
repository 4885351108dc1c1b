/* SPDX-License-Identifier: MIT */
/*
 * Tables of options: what --help prints, what getopt_long() is given, and what the
 * tests compare with manual pages and completions.
 */
#ifndef CLI_OPTTABLE_H
#define CLI_OPTTABLE_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * struct opt_word - how an option is written
 * @name:   long name, or NULL
 * @letter: short name, or 0
 * @arg:    name of the argument, NULL for none; one that begins with '[' is
 *          optional
 * @help:   what --help says; NULL for options it does not mention
 *
 * With neither @name nor @letter it is a heading of --help.
 */
struct opt_word {
	const char *name;
	char letter;
	const char *arg;
	const char *help;
};

/*
 * struct opt_table - entries of a type of the program's own that begins with a
 * struct opt_word
 * @first:  the first one
 * @count:  their number
 * @stride: bytes from one to the next
 */
struct opt_table {
	const void *first;
	size_t count;
	size_t stride;
};

/* What getopt_long() returns for the long option of entry i: OPT_LONG + i. */
#define OPT_LONG	256

/* @longs has room for one entry more than the table, @shorts for 2 * count + 1. */
void opt_fill(const struct opt_table *table, struct option *longs, char *shorts);

/* The entry that getopt_long()'s value stands for, -1 for none. */
int opt_find(const struct opt_table *table, int value);

/* The lines of --help. */
void opt_print(const struct opt_table *table);

/* A line an option: long name, letter, argument, whether --help shows it. */
void opt_dump(const struct opt_table *table);

/*
 * What was printed counts only once it has left this process: 1, or -1 after
 * reporting.
 */
int opt_printed(void);

/* Report that an option's argument is not what is expected; returns -1. */
int opt_usage_error(const char *what, const char *arg, const char *expected);

/*
 * opt_number() - a decimal number without sign or blanks
 * @end: set to what follows it
 *
 * Returns false if there is none, or if it is too large.
 */
bool opt_number(const char *text, const char **end, unsigned long *value);

/* The same for bytes; the number may be followed by K, M or G. */
bool opt_size(const char *text, const char **end, unsigned long *size);

#endif
