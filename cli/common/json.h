/* SPDX-License-Identifier: MIT */
/*
 * Writing JSON, and telling UTF-8 from other bytes.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * struct json - where the next value goes
 * @compact:   all in one line
 * @all_bytes: bytes that are not UTF-8 become lone surrogates, U+DC80 to U+DCFF,
 *             from which programs can tell them; else U+FFFD
 * @first:     no comma before the next value
 *
 * To be set to zero but for the first three.
 */
struct json {
	FILE *out;
	bool compact;
	bool all_bytes;
	int depth;
	bool first;
};

/* For values of one's own: what comes before one; @name is NULL inside '['. */
void json_next(struct json *j, const char *name);

void json_open(struct json *j, const char *name, char bracket);
void json_close(struct json *j, char bracket);

void json_string(struct json *j, const char *name, const char *text);

/* The same, null for NULL and "". */
void json_text(struct json *j, const char *name, const char *text);

void json_count(struct json *j, const char *name, uint64_t value);

/* With as many digits as tell it from others. */
void json_number(struct json *j, const char *name, double value);

/* With @digits after the point. */
void json_fixed(struct json *j, const char *name, double value, int digits);

void json_bool(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);

/* Bytes of the well-formed UTF-8 character that begins at @s, 0 if none does. */
size_t utf8_length(const char *s);

#endif
