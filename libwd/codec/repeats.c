/* SPDX-License-Identifier: MIT */
/*
 * How much of some data repeats what came up to a window before: an estimate that
 * takes a fraction of the time of a search for matches.
 *
 * The places to look at are chosen by content, those with a certain byte: so a
 * repeat has its places where what it repeats had them, and only these need to
 * be remembered.  What part of the places repeats is what part of the bytes does.
 */
#include <string.h>

#include <warpdrive/wd_comp.h>

#include "repeats.h"

#define SAMPLES		32u
#define SPAN		256u
#define EVEN_MIN	(64u << 10)	/* bytes, to be told even */

#define PLACES_MIN	128u	/* in little data places lie closer */
#define OFTEN		12u	/* a mark in fewer bytes chooses nothing */
#define MARKS_MAX	8u	/* of those that come too often, for each place */

#define TABLE_BITS	12
#define CLOSE_BITS	14
#define CLOSE_SPACING	8u	/* bytes between places, on average */

#define STRETCH		(96u << 10)	/* bytes: a window, and what may repeat it */

#define AGAIN_LEN	8u	/* bytes of a repeat that no chance makes */
#define DENSE_LEN	64u
#define DENSE_VALUES	34u	/* of 64 bytes: random 57, base64 41, text 25 */
#define LENGTHY_LEN	192u
#define COSTLY_LEN	32u

void wd_census_take(struct wd_census *c, const uint8_t *in, size_t len)
{
	size_t step = len <= SAMPLES * SPAN ? SPAN : (len - SPAN) / (SAMPLES - 1);

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < SAMPLES && i * step < len; i++) {
		size_t n = len - i * step;

		if (n > SPAN)
			n = SPAN;
		for (size_t k = 0; k < n; k++)
			c->count[in[i * step + k]]++;
		c->total += (uint32_t)n;
	}
}

/*
 * The sum of squared counts is at its least for an even distribution, and noise
 * adds a known amount.
 */
bool wd_census_even(const struct wd_census *c)
{
	uint64_t total = c->total;
	uint64_t sum = 0;

	if (total < SAMPLES * SPAN)
		return false;
	for (size_t i = 0; i < 256; i++)
		sum += (uint64_t)c->count[i] * c->count[i];
	/* Even: total^2 / 256 + total; text is ten times as much. */
	return sum < total * total / 256 * 5 / 4 + total;
}

/* The byte value that comes most nearly once in @spacing bytes. */
static uint8_t choose_mark(const struct wd_census *c, size_t spacing)
{
	uint32_t goal = (uint32_t)(c->total / spacing) + 1;
	uint32_t best = UINT32_MAX;
	uint8_t mark = 0;

	for (unsigned int i = 0; i < 256; i++) {
		uint32_t n = c->count[i];
		uint32_t off = n > goal ? n - goal : goal - n;

		if (n && off < best) {
			best = off;
			mark = (uint8_t)i;
		}
	}
	return mark;
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t hash64(uint64_t v, unsigned int bits)
{
	return (uint32_t)(v * 0x9e3779b97f4a7c15u >> (64 - bits));
}

static bool many_values(const uint8_t *p)
{
	uint64_t seen[4] = { 0 };
	unsigned int n = 0;

	for (unsigned int i = 0; i < DENSE_LEN; i++)
		seen[p[i] >> 6] |= (uint64_t)1 << (p[i] & 63);
	for (unsigned int i = 0; i < 4; i++)
		n += (unsigned int)__builtin_popcountll(seen[i]);
	return n >= DENSE_VALUES;
}

/* How @p, of which there are @left bytes, repeats @q. */
static void judge(struct wd_repeats *r, const uint8_t *p, const uint8_t *q,
		  size_t left)
{
	r->again++;
	if (left < DENSE_LEN || memcmp(p, q, DENSE_LEN))
		return;
	r->dense += many_values(p);
	r->lengthy += left >= LENGTHY_LEN &&
		      !memcmp(p + DENSE_LEN, q + DENSE_LEN, LENGTHY_LEN - DENSE_LEN);
}

/*
 * What to look at: one in @one_in of the marks between @base and @end.
 * @last: where something was seen, from @base, plus 1; 0: nowhere
 */
struct survey {
	const uint8_t *base, *in, *end;
	uint8_t mark;
	uint32_t one_in;
	size_t marks_left;
	uint32_t last[1 << TABLE_BITS];
};

/* From @p to @end, but what is before @first only to be remembered. */
static void count_stretch(struct wd_repeats *r, struct survey *s, const uint8_t *p,
			  const uint8_t *first, const uint8_t *end)
{
	/* The mark itself tells nothing. */
	while (s->marks_left && end - p > AGAIN_LEN &&
	       (p = memchr(p, s->mark, (size_t)(end - p) - AGAIN_LEN))) {
		uint64_t v = load64(++p);
		uint32_t hash = hash64(v, 32);
		uint32_t *slot = &s->last[hash >> (32 - TABLE_BITS)];
		uint32_t at = (uint32_t)(p - s->base) + 1;
		uint32_t was = *slot;

		s->marks_left--;
		if (hash % s->one_in)
			continue;
		*slot = at;
		if (p <= first)
			continue;
		r->places++;
		if (was && at - was <= WD_COMP_WINDOW_MAX && load64(s->base + was - 1) == v)
			judge(r, p, s->base + was - 1, (size_t)(s->end - p));
	}
}

/* All of it, or a stretch of each part, if that is enough. */
static void count(struct wd_repeats *r, struct survey *s, size_t step)
{
	size_t len = (size_t)(s->end - s->base);
	const uint8_t *first = s->in;

	memset(r, 0, sizeof(*r));
	memset(s->last, 0, sizeof(s->last));
	if (!step || len <= 2 * step) {
		count_stretch(r, s, s->base, first, s->end);
		return;
	}
	for (size_t at = 0; at + STRETCH <= len; at += step) {
		count_stretch(r, s, s->base + at, first, s->base + at + STRETCH);
		first = s->base + at + step + WD_COMP_WINDOW_MAX;
	}
}

void wd_repeats_count(struct wd_repeats *r, const struct wd_census *c,
		      const uint8_t *in, size_t len, size_t before_len,
		      size_t spacing, size_t step)
{
	struct survey s;

	memset(r, 0, sizeof(*r));
	s.base = in - before_len;
	s.in = in;
	s.end = in + len;
	while (spacing > OFTEN && len / spacing < PLACES_MIN)
		spacing /= 2;
	s.mark = choose_mark(c, spacing);
	if (c->count[s.mark] > c->total / OFTEN)
		return;
	/* Where all values come often, what follows the mark must choose as well. */
	s.one_in = (uint32_t)(c->count[s.mark] * spacing / c->total);
	if (s.one_in > 1) {
		s.marks_left = MARKS_MAX * len / spacing;
		count(r, &s, step);
		if (r->places >= PLACES_MIN / 4)
			return;
	}
	/* In a short piece that comes again and again, there is no choice. */
	s.one_in = 1;
	s.marks_left = MARKS_MAX * len / spacing;
	count(r, &s, step);
}

size_t wd_repeats_of_before(const uint8_t *in, size_t len, size_t before_len)
{
	const uint8_t *base = in - before_len;
	uint32_t last[1 << CLOSE_BITS] = { 0 };
	size_t end, n = 0;

	if (len > WD_COMP_WINDOW_MAX)
		len = WD_COMP_WINDOW_MAX;
	end = before_len + len;
	for (size_t i = 0; i + COSTLY_LEN <= end; i++) {
		uint64_t v = load64(base + i);
		uint32_t hash = hash64(v, 32);
		uint32_t *slot = &last[hash >> (32 - CLOSE_BITS)];
		uint32_t was = *slot;

		if (hash % CLOSE_SPACING)
			continue;
		*slot = (uint32_t)i + 1;
		if (i >= before_len && was && was - 1 < before_len &&
		    i - (was - 1) <= WD_COMP_WINDOW_MAX &&
		    !memcmp(base + i, base + was - 1, COSTLY_LEN))
			n++;
	}
	return n * CLOSE_SPACING;
}
