/* SPDX-License-Identifier: MIT */
/*
 * Reading small files of the kernel's, none of which is trusted.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel_file.h"

#define NUMBER_SIZE 32 /* bytes of a number's text */

#define MAKE_PATH(path, fmt)                                                   \
	do {                                                                   \
		va_list ap;                                                    \
		int path_len;                                                  \
                                                                               \
		va_start(ap, fmt);                                             \
		path_len = vsnprintf(path, sizeof(path), fmt, ap);             \
		va_end(ap);                                                    \
		if (path_len < 0 || path_len >= (int)sizeof(path))             \
			path[0] = '\0';                                        \
	} while (0)

/* A pipe or a device in the place of a file must not hold us up. */
static int read_path(char *text, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;
	ssize_t n;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + len, size - 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 && len < size - 1);
	n = n < 0 ? -errno : 0;
	close(fd);
	if (n < 0) {
		text[0] = '\0';
		return (int)n;
	}
	for (size_t i = 0; i < len; i++)
		if (!text[i])
			text[i] = '?';
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	return (int)len;
}

int read_text(char *text, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];

	MAKE_PATH(path, fmt);
	return read_path(text, size, path);
}

bool parse_number(const char *text, int64_t *value)
{
	bool hex = text[0] == '0' && text[1] == 'x';
	int64_t found;
	char *end;

	/* No sign, and no blanks before it. */
	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	found = strtoll(text, &end, hex ? 16 : 10);
	if (errno || *end)
		return false;
	*value = found;
	return true;
}

bool find_value(const char *text, const char *name, int64_t *value)
{
	size_t len = strlen(name);
	char number[NUMBER_SIZE];

	while (*text) {
		if (!strncmp(text, name, len) &&
		    (text[len] == ' ' || text[len] == '=')) {
			const char *at = text + len;

			at += strspn(at, " =");
			snprintf(number, sizeof(number), "%.*s",
				 (int)strcspn(at, " \n"), at);
			return parse_number(number, value);
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

int64_t read_number(const char *fmt, ...)
{
	char path[PATH_MAX], text[NUMBER_SIZE];
	int64_t value;

	MAKE_PATH(path, fmt);
	if (read_path(text, sizeof(text), path) <= 0 ||
	    !parse_number(text, &value))
		return NOT_KNOWN;
	return value;
}

bool read_link_name(char *name, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	MAKE_PATH(path, fmt);
	name[0] = '\0';
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	slash = slash ? slash + 1 : target;
	if (!*slash || strlen(slash) >= size)
		return false;
	strcpy(name, slash);
	return true;
}

bool path_exists(const char *fmt, ...)
{
	char path[PATH_MAX];

	MAKE_PATH(path, fmt);
	return !access(path, F_OK);
}

bool is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}

bool has_name(const char *list, const char *name, char sep)
{
	size_t len = strlen(name);
	char seps[] = { sep, '\0' };

	while (*list) {
		size_t word = strcspn(list, seps);

		if (word == len && !memcmp(list, name, len))
			return true;
		list += word;
		list += strspn(list, seps);
	}
	return false;
}

bool is_plain_name(const char *name, size_t size)
{
	return *name && *name != '.' && strlen(name) < size &&
	       is_printable(name) && !strpbrk(name, "/ ");
}

static int compare_numbers(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

void each_name(const char *dir, size_t size,
	       void (*each)(void *arg, const char *name), void *arg)
{
	struct dirent **names;
	int n = scandir(dir, &names, NULL, compare_numbers);

	for (int i = 0; i < n; i++) {
		if (is_plain_name(names[i]->d_name, size))
			each(arg, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}
