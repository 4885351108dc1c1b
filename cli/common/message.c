/* SPDX-License-Identifier: MIT */
/*
 * Everything the tools print on standard error, and the exit status.
 *
 * The texts of messages are at their callers; here is what they have in common.
 */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "message.h"

#define NAMES_KEPT	4	/* results of msg_name() that are valid at once */

static const char *program = "wdzip";
static bool quiet;
static void (*before)(void);
static enum exit_status exit_status;

void msg_init(const char *argv0)
{
	const char *slash;

	if (!argv0 || !*argv0)
		return;
	slash = strrchr(argv0, '/');
	program = slash && slash[1] ? slash + 1 : argv0;
}

const char *msg_program(void)
{
	return program;
}

void msg_set_quiet(bool on)
{
	quiet = on;
}

void msg_set_hook(void (*hook)(void))
{
	before = hook;
}

void msg_set_status(enum exit_status status)
{
	if (exit_status != STATUS_ERROR && status != STATUS_OK)
		exit_status = status;
}

enum exit_status msg_status(void)
{
	return exit_status;
}

/* One byte as three octal digits, in the way of ls -b. */
static size_t put_octal(char *out, unsigned char byte)
{
	out[0] = '\\';
	out[1] = '0' + (byte >> 6);
	out[2] = '0' + ((byte >> 3) & 7);
	out[3] = '0' + (byte & 7);
	return 4;
}

void msg_need_locale(void)
{
	static bool loaded;

	if (!loaded)
		setlocale(LC_CTYPE, "");
	loaded = true;
}

static bool is_plain(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}

static void escape(char *out, const char *in, size_t len)
{
	mbstate_t state = { 0 };
	size_t i = 0;

	msg_need_locale();
	while (i < len) {
		wchar_t wc;
		size_t n = mbrtowc(&wc, in + i, len - i, &state);

		if (n == 0 || n > len - i) {
			/* Not a character here: show the byte, start afresh. */
			memset(&state, 0, sizeof(state));
			out += put_octal(out, in[i]);
			i++;
		} else if (iswprint(wc)) {
			memcpy(out, in + i, n);
			out += n;
			i += n;
		} else {
			while (n--)
				out += put_octal(out, in[i++]);
		}
	}
	*out = '\0';
}

const char *msg_name(const char *name)
{
	static char *kept[NAMES_KEPT];
	static unsigned int next;
	size_t len = strlen(name);
	char *text = malloc(4 * len + 1);

	if (!text)
		return "(out of memory)";
	if (is_plain(name))
		memcpy(text, name, len + 1);
	else
		escape(text, name, len);
	free(kept[next]);
	kept[next] = text;
	next = (next + 1) % NAMES_KEPT;
	return text;
}

/* One call of the stdio functions a line, so that lines of threads stay whole. */
static void __attribute__((format(printf, 2, 0)))
print(const char *lead, const char *fmt, va_list ap)
{
	char *text;

	if (before)
		before();
	if (vasprintf(&text, fmt, ap) < 0) {
		fprintf(stderr, "%s%s: out of memory\n", lead, program);
		return;
	}
	fprintf(stderr, "%s%s: %s\n", lead, program, text);
	free(text);
}

#define PRINT(lead, fmt)			\
	do {					\
		va_list ap;			\
						\
		va_start(ap, fmt);		\
		print(lead, fmt, ap);		\
		va_end(ap);			\
	} while (0)

void msg_error(const char *fmt, ...)
{
	PRINT("", fmt);
	msg_set_status(STATUS_ERROR);
}

void msg_fault(const char *fmt, ...)
{
	PRINT("\n", fmt);
	msg_set_status(STATUS_ERROR);
}

void msg_warn(const char *fmt, ...)
{
	if (!quiet)
		PRINT("", fmt);
	msg_set_status(STATUS_WARNING);
}

void msg_warn_fault(const char *fmt, ...)
{
	if (!quiet)
		PRINT("\n", fmt);
	msg_set_status(STATUS_WARNING);
}

void msg_refuse(const char *fmt, ...)
{
	PRINT("", fmt);
	msg_set_status(STATUS_WARNING);
}

void msg_note(const char *fmt, ...)
{
	if (!quiet)
		PRINT("", fmt);
}

void msg_detail(const char *fmt, ...)
{
	PRINT("", fmt);
}

void msg_plain(const char *fmt, ...)
{
	va_list ap;

	if (before)
		before();
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

void msg_try_help(void)
{
	msg_plain("Try `%s --help' for more information.\n", program);
	msg_set_status(STATUS_ERROR);
}
