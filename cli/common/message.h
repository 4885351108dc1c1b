/* SPDX-License-Identifier: MIT */
/*
 * Everything the tools print on standard error, and the exit status.
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stdbool.h>

enum exit_status {
	STATUS_OK = 0,
	STATUS_ERROR = 1,
	STATUS_WARNING = 2,
};

/* Take the program's name from @argv0; call before anything else here. */
void msg_init(const char *argv0);

/* The base name of argv[0], as all messages begin. */
const char *msg_program(void);

/* Hide warnings and notes (not errors, not the exit status). */
void msg_set_quiet(bool quiet);

/* Called before each message: clears a progress line. */
void msg_set_hook(void (*hook)(void));

/*
 * The locale says which characters can be shown.  It takes as long to load as a
 * small file to compress, so this is done when it is needed.
 */
void msg_need_locale(void);

/* The text as it may be shown on a terminal; valid for the next few calls. */
const char *msg_name(const char *name);

/* "program: text"; the exit status becomes STATUS_ERROR. */
void msg_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * The same after an empty line, as gzip separates what goes wrong in the data
 * from what it may have printed about the file on the same line.
 */
void msg_fault(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "program: text" unless quiet; the exit status becomes at least STATUS_WARNING. */
void msg_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* As msg_warn(), after an empty line. */
void msg_warn_fault(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "program: text", whatever -q says; the status becomes at least STATUS_WARNING. */
void msg_refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "program: text" unless quiet; the exit status stays. */
void msg_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "program: text", the further lines of an error; the exit status stays. */
void msg_detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Text as it is: no program name, no newline, no status. */
void msg_plain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Tell where help is to be had; the exit status becomes STATUS_ERROR. */
void msg_try_help(void);

/* Errors dominate warnings, warnings dominate success. */
void msg_set_status(enum exit_status status);
enum exit_status msg_status(void);

#endif
