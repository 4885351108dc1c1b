/* SPDX-License-Identifier: MIT */
/*
 * Streams made bit by bit: see splice_bits.h.
 */
#include <string.h>

#include "splice_bits.h"

#include <cmocka.h>

struct bits bits;

void put(unsigned int value, unsigned int n)
{
	assert_true(bits.n + n <= sizeof(bits.p) * 8);
	while (n--) {
		if (value & 1)
			bits.p[bits.n / 8] |= (uint8_t)(1u << bits.n % 8);
		value >>= 1;
		bits.n++;
	}
}

void put_code(unsigned int code, unsigned int len)
{
	while (len--)
		put(code >> len & 1, 1);
}

void put_align(void)
{
	bits.n = (bits.n + 7) / 8 * 8;
}

void bits_begin(void)
{
	memset(&bits, 0, sizeof(bits));
}

size_t bits_bytes(void)
{
	return (bits.n + 7) / 8;
}

void put_header(bool final, unsigned int type)
{
	put(final, 1);
	put(type, 2);
}

void put_stored(bool final, const char *text)
{
	unsigned int len = (unsigned int)strlen(text);

	put_header(final, 0);
	put_align();
	put(len, 16);
	put(~len & 0xffff, 16);
	while (*text)
		put((unsigned char)*text++, 8);
}

void put_fixed(unsigned int sym)
{
	if (sym < 144)
		put_code(0x30 + sym, 8);
	else if (sym < 256)
		put_code(0x190 + sym - 144, 9);
	else if (sym < 280)
		put_code(sym - 256, 7);
	else
		put_code(0xc0 + sym - 280, 8);
}

static void assign_codes(struct code *c)
{
	unsigned int value = 0;

	for (unsigned int len = 1; len <= 15; len++) {
		for (unsigned int i = 0; i < c->n; i++) {
			if (c->len[i] == len)
				c->value[i] = (uint16_t)value++;
		}
		value <<= 1;
	}
}

static void put_symbol(const struct code *c, unsigned int sym)
{
	put_code(c->value[sym], c->len[sym]);
}

void put_plain_dynamic(bool final, const struct code *litlen,
		       const struct code *dist)
{
	put_header(final, 2);
	put(litlen->n - 257, 5);
	put(dist->n - 1, 5);
	put(19 - 4, 4);
	for (unsigned int i = 0; i < 19; i++)
		put(i < 3 ? 0 : 4, 3);
	for (unsigned int i = 0; i < litlen->n; i++)
		put_code(litlen->len[i], 4);
	for (unsigned int i = 0; i < dist->n; i++)
		put_code(dist->len[i], 4);
}

void put_precode(unsigned int hlit, unsigned int hdist, const uint8_t *values,
		 unsigned int n, int drop)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					   11, 4,  12, 3, 13, 2, 14, 1, 15 };

	put_header(true, 2);
	put(hlit, 5);
	put(hdist, 5);
	put(19 - 4, 4);
	for (unsigned int i = 0; i < 19; i++) {
		unsigned int len = 0;

		for (unsigned int k = 0; k < n; k++) {
			if (values[k] == order[i] && values[k] != drop)
				len = 3;
		}
		put(len, 3);
	}
}

const uint8_t eight_values[8] = { 0, 1, 2, 3, 15, 16, 17, 18 };

void put_value(unsigned int value)
{
	for (unsigned int i = 0; i < T_ARRAY_SIZE(eight_values); i++) {
		if (eight_values[i] == value)
			put_code(i, 3);
	}
}

void put_zeros(unsigned int n)
{
	while (n >= 11) {
		unsigned int run = n > 138 ? 138 : n;

		put_value(18);
		put(run - 11, 7);
		n -= run;
	}
	while (n--)
		put_value(0);
}

void put_two_litlens(unsigned int ndist)
{
	bits_begin();
	put_precode(0, ndist - 1, eight_values, 8, -1);
	put_value(1);
	put_zeros(255);
	put_value(1);
}

/* Split leaves until there are enough. */
void make_random_code(struct code *c, unsigned int n, unsigned int used,
		      bool deep)
{
	uint8_t leaf[288] = { 1, 1 };
	unsigned int leaves = 2;

	while (leaves < used) {
		unsigned int i = t_rnd_below(leaves);

		if (deep && t_rnd_below(8))
			i = leaves - 1;
		if (leaf[i] == 15)
			i = t_rnd_below(leaves);
		if (leaf[i] < 15)
			leaf[leaves++] = ++leaf[i];
	}
	memset(c, 0, sizeof(*c));
	c->n = n;
	for (unsigned int i = 0; i < used; i++) {
		unsigned int sym = t_rnd_below(n);

		/* The first leaf, the rest where they fall. */
		if (!i && n > 256)
			sym = 256;
		while (c->len[sym])
			sym = (sym + 1) % n;
		c->len[sym] = leaf[i];
	}
	assign_codes(c);
}

void put_random_symbols(const struct code *litlen, const struct code *dist,
			unsigned int n)
{
	while (n--) {
		unsigned int sym = t_rnd_below(litlen->n);

		if (!litlen->len[sym] || sym == 256)
			continue;
		put_symbol(litlen, sym);
		if (sym < 256)
			continue;
		put(t_rnd(), sym < 265 || sym == 285 ? 0 : (sym - 261) / 4);
		do
			sym = t_rnd_below(dist->n);
		while (!dist->len[sym]);
		put_symbol(dist, sym);
		put(t_rnd(), sym < 4 ? 0 : sym / 2 - 1);
	}
	put_symbol(litlen, 256);
}
