/* SPDX-License-Identifier: MIT */
/*
 * Writing JSON, and telling UTF-8 from other bytes.
 */
#include <inttypes.h>

#include "json.h"

static void new_line(const struct json *j)
{
	if (!j->compact)
		fprintf(j->out, "\n%*s", 2 * j->depth, "");
}

void json_next(struct json *j, const char *name)
{
	if (!j->first)
		fputc(',', j->out);
	j->first = false;
	new_line(j);
	if (name)
		fprintf(j->out, j->compact ? "\"%s\":" : "\"%s\": ", name);
}

void json_open(struct json *j, const char *name, char bracket)
{
	if (j->depth)
		json_next(j, name);
	fputc(bracket, j->out);
	j->depth++;
	j->first = true;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (!j->first)
		new_line(j);
	fputc(bracket, j->out);
	j->first = false;
}

size_t utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if ((s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* No overlong forms, surrogates, or what lies past the end of Unicode. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/* Not the start of a character. */
static void put_byte(const struct json *j, unsigned char byte)
{
	if (j->all_bytes)
		fprintf(j->out, "\\udc%02x", byte);
	else
		fputs("\\ufffd", j->out);
}

void json_string(struct json *j, const char *name, const char *text)
{
	json_next(j, name);
	fputc('"', j->out);
	while (*text) {
		size_t len = utf8_length(text);
		unsigned char byte = *text;

		if (!len)
			put_byte(j, byte);
		else if (byte == '"' || byte == '\\')
			fprintf(j->out, "\\%c", byte);
		else if (byte < ' ' || byte == 0x7f)
			fprintf(j->out, "\\u%04x", byte);
		else
			fwrite(text, 1, len, j->out);
		text += len ? len : 1;
	}
	fputc('"', j->out);
}

void json_text(struct json *j, const char *name, const char *text)
{
	if (text && *text)
		json_string(j, name, text);
	else
		json_null(j, name);
}

void json_count(struct json *j, const char *name, uint64_t value)
{
	json_next(j, name);
	fprintf(j->out, "%" PRIu64, value);
}

void json_number(struct json *j, const char *name, double value)
{
	json_next(j, name);
	fprintf(j->out, "%.9g", value);
}

void json_fixed(struct json *j, const char *name, double value, int digits)
{
	json_next(j, name);
	fprintf(j->out, "%.*f", digits, value);
}

void json_bool(struct json *j, const char *name, bool value)
{
	json_next(j, name);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *name)
{
	json_next(j, name);
	fputs("null", j->out);
}
