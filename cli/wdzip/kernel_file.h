/* SPDX-License-Identifier: MIT */
/*
 * Reading small files of the kernel's, none of which is trusted.
 */
#ifndef CLI_KERNEL_FILE_H
#define CLI_KERNEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOT_KNOWN (-1) /* of numbers that are not negative */

/*
 * read_text() - the text of a file, without what ends it
 * @size: bytes of @text, with the NUL; what does not fit is left out
 * @path: a format, as of printf()
 *
 * Bytes of value 0 become '?'.  Returns its length, or a negative errno; then @text
 * is empty.
 */
int read_text(char *text, size_t size, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* A number that is the whole text of a file, NOT_KNOWN if there is none. */
int64_t read_number(const char *path, ...)
	__attribute__((format(printf, 1, 2)));

/* The last part of what a link leads to; false if there is none, or it is too long. */
bool read_link_name(char *name, size_t size, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

bool path_exists(const char *path, ...) __attribute__((format(printf, 1, 2)));

/* Whether @text is a number, decimal or "0x" and hexadecimal, that is not negative. */
bool parse_number(const char *text, int64_t *value);

/*
 * Whether a line of @text begins with @name and a number, with blanks or "=" between;
 * the first such line counts.
 */
bool find_value(const char *text, const char *name, int64_t *value);

/* Whether @text has printable ASCII only. */
bool is_printable(const char *text);

/* Whether @list, of names separated by @sep, has @name. */
bool has_name(const char *list, const char *name, char sep);

/*
 * A name in a directory that may become part of a path: printable, without slashes,
 * not hidden, shorter than @size.
 */
bool is_plain_name(const char *name, size_t size);

/* Call @each with every such name in @dir, in the order of their numbers. */
void each_name(const char *dir, size_t size,
	       void (*each)(void *arg, const char *name), void *arg);

#endif
