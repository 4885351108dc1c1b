/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

/* ---- reading ---- */

static bool makes_wait(const char *text)
{
	return !strncmp(text, "hang", 4) || strstr(text, "-hang") ||
	       !strncmp(text, "fuzz", 4);
}

/* In the order in which they take place. */
static void insert(struct script *s, uint64_t at, const char *text, size_t len)
{
	unsigned int i = s->count++;

	for (; i && s->fault[i - 1].at > at; i--)
		s->fault[i] = s->fault[i - 1];
	s->fault[i].at = at;
	memcpy(s->fault[i].text, text, len);
	s->fault[i].text[len] = '\0';
	s->waits |= makes_wait(s->fault[i].text);
}

/* @text of @len bytes, spaces at both ends cut off. */
static bool add(struct script *s, const char *text, size_t len)
{
	uint64_t at = 0;
	char *end;

	while (len && text[len - 1] == ' ')
		len--;
	if (!len)
		return true;
	if (*text == '@') {
		at = strtoull(text + 1, &end, 10);
		if (end == text + 1 || *end != ' ' || !at)
			return false;
		len -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	if (s->count == SCRIPT_FAULTS || len >= SCRIPT_TEXT)
		return false;
	insert(s, at, text, len);
	return true;
}

bool script_read(struct script *s, const char *text, unsigned int ill,
		 uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->ill = ill;
	s->state = seed;
	while (text && *text) {
		size_t len = strcspn(text, ";");

		if (!add(s, text, len))
			return false;
		text += len;
		text += strspn(text, "; ");
	}
	return true;
}

/* ---- what is next ---- */

static uint32_t below(struct script *s, uint32_t n)
{
	uint64_t x = s->state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((x ^ x >> 31) % n);
}

/* Of the @n-th request from now. */
static void make_ill(struct script *s, unsigned int n, char text[SCRIPT_TEXT])
{
	static const unsigned int statuses[] = { 0x00, 0x01, 0x08, 0x0d,
						 0x0e, 0x10, 0x13, 0xff };

	switch (below(s, 6)) {
	case 0:
		snprintf(text, SCRIPT_TEXT, "fail %u %u", n,
			 statuses[below(s, 8)]);
		break;
	case 1:
		snprintf(text, SCRIPT_TEXT, "flip-crc %u %u", n, below(s, 32));
		break;
	case 2:
		snprintf(text, SCRIPT_TEXT, "delay %u %u", n, below(s, 5000));
		break;
	default:
		snprintf(text, SCRIPT_TEXT, "flip %u %u", n,
			 below(s, 1u << 23));
	}
}

bool script_next(void *arg, uint64_t fetched, uint32_t fresh,
		 char text[SCRIPT_TEXT])
{
	struct script *s = arg;

	if (s->next < s->count && s->fault[s->next].at <= fetched + fresh) {
		strcpy(text, s->fault[s->next++].text);
		return true;
	}
	if (s->seen < fetched)
		s->seen = fetched;
	while (s->ill && s->seen < fetched + fresh) {
		s->seen++;
		if (below(s, 1000) >= s->ill)
			continue;
		make_ill(s, (unsigned int)(s->seen - fetched), text);
		return true;
	}
	return false;
}
