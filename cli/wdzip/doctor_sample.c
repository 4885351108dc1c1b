/* SPDX-License-Identifier: MIT */
/*
 * Data to try things on: like text, always the same.
 */
#include <stdint.h>
#include <string.h>

#include "doctor_sample.h"

#define WORDS	  4096u
#define WORD_SIZE 12u /* bytes of the longest word, with the blank after it */
#define UNIT                                                                   \
	((size_t)1 << 20) /* bytes that are made; what follows repeats them */

struct source {
	uint32_t state;
	char words[WORDS][WORD_SIZE];
	unsigned char lengths[WORDS];
};

static uint32_t below(struct source *s, uint32_t n)
{
	s->state = s->state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(s->state >> 8) * n >> 24);
}

/* Letters that are frequent in English are so here. */
static void make_words(struct source *s)
{
	static const char letters[] = "eeeeetttaaaooiinnsshhrrddllucmwfgypbvk";

	for (unsigned int i = 0; i < WORDS; i++) {
		unsigned int len = 1 + below(s, WORD_SIZE - 2);

		for (unsigned int k = 0; k < len; k++)
			s->words[i][k] = letters[below(s, sizeof(letters) - 1)];
		s->words[i][len] = ' ';
		s->lengths[i] = (unsigned char)(len + 1);
	}
}

/* Few words are frequent, and most are rare. */
static unsigned int pick(struct source *s)
{
	uint32_t range = WORDS >> below(s, 10);

	return below(s, range);
}

static void make_unit(char *buf, size_t len)
{
	static struct source source;
	struct source *s = &source;

	s->state = 1;
	make_words(s);
	while (len) {
		unsigned int i = pick(s);
		size_t n = s->lengths[i] < len ? s->lengths[i] : len;

		memcpy(buf, s->words[i], n);
		buf += n;
		len -= n;
	}
}

/* At that distance a repetition is out of the window's reach. */
void make_sample(char *buf, size_t len)
{
	size_t made = len < UNIT ? len : UNIT;

	make_unit(buf, made);
	while (made < len) {
		size_t n = made < len - made ? made : len - made;

		memcpy(buf + made, buf, n);
		made += n;
	}
}
