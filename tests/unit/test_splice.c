/* SPDX-License-Identifier: MIT */
/*
 * The splice walker against zlib, on streams of zlib and libdeflate and on
 * streams made bit by bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libdeflate.h>

#include "splice_oracle.h"
#include "t_util.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DATA_MAX	(2u << 20)
#define STREAM_MAX	(DATA_MAX + (DATA_MAX >> 3) + 4096)

static uint8_t *data;		/* DATA_MAX */
static uint8_t *stream;		/* STREAM_MAX */

/* ---- generated input ---- */

static uint64_t seed = 88172645463325252u;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

static uint32_t rnd_below(uint32_t n)
{
	return rnd() % n;
}

static void make_random(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)rnd();
}

static void make_zeros(uint8_t *p, size_t len)
{
	memset(p, 0, len);
}

/* Words of a small language, the short ones more often. */
static void make_text(uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len) {
		uint32_t word = rnd_below(1u << (4 + rnd_below(10)));
		uint32_t state = word * 2654435761u;
		size_t n = 1 + (state >> 28) % 9;

		while (n-- && i < len) {
			p[i++] = (uint8_t)('a' + (state >> 16) % 26);
			state = state * 1103515245u + 12345;
		}
		if (i < len)
			p[i++] = rnd_below(12) ? ' ' : '\n';
	}
}

/* Every byte half as frequent as the one before: the longest codes. */
static void make_skewed(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t r = rnd();
		unsigned int n = 0;

		while (n < 25 && (r & 1)) {
			r >>= 1;
			n++;
		}
		p[i] = (uint8_t)(n * 8 + (r & 7));
	}
}

/* Text, noise and runs, so that blocks of all types occur in one stream. */
static void make_mixed(uint8_t *p, size_t len)
{
	while (len) {
		size_t n = 1 + rnd_below(80000);

		if (n > len)
			n = len;
		switch (rnd_below(4)) {
		case 0:
			make_random(p, n);
			break;
		case 1:
			make_zeros(p, n);
			break;
		case 2:
			make_skewed(p, n);
			break;
		default:
			make_text(p, n);
			break;
		}
		p += n;
		len -= n;
	}
}

static void (*const makers[])(uint8_t *p, size_t len) = {
	make_random, make_zeros, make_text, make_skewed, make_mixed,
};

/* ---- compressors ---- */

static size_t zlib_deflate(uint8_t *out, const uint8_t *in, size_t len,
			   int level, int strategy, int mem_level)
{
	z_stream zs = { 0 };

	assert_int_equal(deflateInit2(&zs, level, Z_DEFLATED, -15, mem_level,
				      strategy), Z_OK);
	zs.next_in = (Bytef *)in;
	zs.avail_in = (uInt)len;
	zs.next_out = out;
	zs.avail_out = STREAM_MAX;
	assert_int_equal(deflate(&zs, Z_FINISH), Z_STREAM_END);
	len = zs.total_out;
	deflateEnd(&zs);
	return len;
}

static size_t libdeflate(uint8_t *out, const uint8_t *in, size_t len, int level)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);

	assert_non_null(c);
	len = libdeflate_deflate_compress(c, in, len, out, STREAM_MAX);
	assert_int_not_equal(len, 0);
	libdeflate_free_compressor(c);
	return len;
}

/* ---- checks ---- */

/* In memory of exactly its size, so that sanitizers see reads beyond it. */
static int find_exact(const uint8_t *p, size_t len, struct wd_splice_end *end)
{
	uint8_t *copy = malloc(len ? len : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, p, len);
	ret = wd_splice_find(copy, len, end);
	free(copy);
	return ret;
}

static void check_end(const struct wd_splice_end *got,
		      const struct wd_splice_end *want)
{
	assert_int_equal(got->final_bit, want->final_bit);
	assert_int_equal(got->end_bit, want->end_bit);
}

static int check_against_zlib(const uint8_t *p, size_t len)
{
	struct wd_splice_end want = { 0, 0 };
	struct wd_splice_end got = { 0, 0 };
	int ret = splice_oracle(p, len, &want);

	assert_int_equal(find_exact(p, len, &got), ret);
	if (!ret)
		check_end(&got, &want);
	return ret;
}

static void check_accepted(const uint8_t *p, size_t len)
{
	assert_int_equal(check_against_zlib(p, len), 0);
}

static void check_truncations(const uint8_t *p, size_t len)
{
	struct wd_splice_end end;

	for (size_t n = 0; n < len; n++)
		assert_int_equal(find_exact(p, n, &end), -EBADMSG);
}

static void check_bit_flips(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len * 8; i += T_SLOW ? 9 : 1) {
		p[i / 8] ^= (uint8_t)(1u << i % 8);
		check_against_zlib(p, len);
		p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

/* ---- streams made bit by bit ---- */

struct bits {
	uint8_t p[1 << 16];
	size_t n;		/* bits */
};

static struct bits bits;

static void put(unsigned int value, unsigned int n)
{
	assert_true(bits.n + n <= sizeof(bits.p) * 8);
	while (n--) {
		if (value & 1)
			bits.p[bits.n / 8] |= (uint8_t)(1u << bits.n % 8);
		value >>= 1;
		bits.n++;
	}
}

/* A Huffman code, first bit highest. */
static void put_code(unsigned int code, unsigned int len)
{
	while (len--)
		put(code >> len & 1, 1);
}

static void put_align(void)
{
	bits.n = (bits.n + 7) / 8 * 8;
}

static void begin(void)
{
	memset(&bits, 0, sizeof(bits));
}

static size_t bytes(void)
{
	return (bits.n + 7) / 8;
}

static void expect(int ret)
{
	assert_int_equal(check_against_zlib(bits.p, bytes()), ret);
	if (!ret)
		check_truncations(bits.p, bytes());
}

static void put_header(bool final, unsigned int type)
{
	put(final, 1);
	put(type, 2);
}

static void put_stored(bool final, const char *text)
{
	unsigned int len = (unsigned int)strlen(text);

	put_header(final, 0);
	put_align();
	put(len, 16);
	put(~len & 0xffff, 16);
	while (*text)
		put((unsigned char)*text++, 8);
}

static void put_fixed(unsigned int sym)
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

struct code {
	uint8_t len[288];
	uint16_t value[288];
	unsigned int n;
};

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

/* A header whose precode gives the values 0 to 15 four bits each. */
static void put_plain_dynamic(bool final, const struct code *litlen,
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

/*
 * A header with these values in the precode, all of them (up to 7, of three
 * bits) but @drop.
 */
static void put_precode(unsigned int hlit, unsigned int hdist,
			const uint8_t *values, unsigned int n, int drop)
{
	static const uint8_t order[19] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
	};

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

/* The eight values of the precode used below, in the order of their codes. */
static const uint8_t eight[8] = { 0, 1, 2, 3, 15, 16, 17, 18 };

static void put_value(unsigned int value)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(eight); i++) {
		if (eight[i] == value)
			put_code(i, 3);
	}
}

static void put_zeros(unsigned int n)
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

/* A dynamic block: litlen symbols 0 and 256 of one bit each, these distances. */
static void put_two_litlens(unsigned int ndist)
{
	begin();
	put_precode(0, ndist - 1, eight, 8, -1);
	put_value(1);
	put_zeros(255);
	put_value(1);
}

/* ---- tests ---- */

static void t_zlib_streams_end_where_zlib_says(void **state)
{
	static const int strategies[] = {
		Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED
	};

	(void)state;
	for (unsigned int m = 0; m < ARRAY_SIZE(makers); m++) {
		makers[m](data, 120000);
		for (int level = 0; level <= 9; level++) {
			size_t len = zlib_deflate(stream, data, 120000, level,
						  strategies[level % 5],
						  1 + level % 9);
			check_accepted(stream, len);
		}
		for (unsigned int s = 0; s < ARRAY_SIZE(strategies); s++) {
			size_t len = zlib_deflate(stream, data, 80000, 6,
						  strategies[s], 8);
			check_accepted(stream, len);
		}
	}
}

static void t_libdeflate_streams_end_where_zlib_says(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < ARRAY_SIZE(makers); m++) {
		makers[m](data, 200000);
		for (int level = 0; level <= 12; level++) {
			size_t len = libdeflate(stream, data, 200000, level);

			check_accepted(stream, len);
		}
	}
}

static void t_long_streams_are_walked(void **state)
{
	static const int levels[] = { 1, 6 };

	(void)state;
	make_mixed(data, DATA_MAX);
	for (unsigned int i = 0; i < ARRAY_SIZE(levels); i++) {
		size_t len = libdeflate(stream, data, DATA_MAX, levels[i]);

		check_accepted(stream, len);
		len = zlib_deflate(stream, data, DATA_MAX, levels[i],
				   Z_DEFAULT_STRATEGY, 1);
		check_accepted(stream, len);
	}
}

static void t_short_streams_are_walked(void **state)
{
	static const int levels[] = { 1, 4, 6, 9, 12 };

	(void)state;
	for (unsigned int m = 0; m < ARRAY_SIZE(makers); m++) {
		makers[m](data, 300);
		for (size_t n = 0; n <= 300; n++) {
			int level = levels[n % ARRAY_SIZE(levels)];

			check_accepted(stream, libdeflate(stream, data, n, level));
			check_accepted(stream, libdeflate(stream, data, n, 0));
			check_accepted(stream,
				       zlib_deflate(stream, data, n, n % 10,
						    Z_DEFAULT_STRATEGY, 8));
			check_accepted(stream,
				       zlib_deflate(stream, data, n, 6, Z_FIXED, 8));
		}
	}
}

static void t_flushed_streams_are_walked(void **state)
{
	static const int flushes[] = {
		Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK
	};
	z_stream zs = { 0 };

	(void)state;
	make_mixed(data, 200000);
	assert_int_equal(deflateInit2(&zs, 6, Z_DEFLATED, -15, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	zs.next_in = data;
	zs.next_out = stream;
	zs.avail_out = STREAM_MAX;
	for (unsigned int left = 200000; left;) {
		unsigned int n = 1 + rnd_below(1500);

		if (n > left)
			n = left;
		left -= n;
		zs.avail_in = n;
		assert_int_equal(deflate(&zs, flushes[rnd_below(4)]), Z_OK);
	}
	assert_int_equal(deflate(&zs, Z_FINISH), Z_STREAM_END);
	check_accepted(stream, zs.total_out);
	deflateEnd(&zs);
}

static void t_truncated_streams_are_rejected(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < ARRAY_SIZE(makers); m++) {
		makers[m](data, 4000);
		check_truncations(stream, libdeflate(stream, data, 4000, 6));
		check_truncations(stream, zlib_deflate(stream, data, 4000, 6,
						       Z_FIXED, 8));
		check_truncations(stream, zlib_deflate(stream, data, 4000, 1,
						       Z_HUFFMAN_ONLY, 1));
	}
}

static void t_verdict_on_a_flipped_bit_is_that_of_zlib(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < ARRAY_SIZE(makers); m++) {
		makers[m](data, 300);
		check_bit_flips(stream, libdeflate(stream, data, 300, 6));
		check_bit_flips(stream, zlib_deflate(stream, data, 100, 6,
						     Z_FIXED, 8));
		check_bit_flips(stream, zlib_deflate(stream, data, 300, 9,
						     Z_DEFAULT_STRATEGY, 1));
	}
	/* Several blocks: flips that lengthen one meet the next. */
	make_text(data, 1200);
	check_bit_flips(stream, zlib_deflate(stream, data, 1200, 6,
					     Z_DEFAULT_STRATEGY, 1));
}

static void t_trailing_bytes_are_rejected(void **state)
{
	struct wd_splice_end end;
	size_t len;

	(void)state;
	make_text(data, 5000);
	len = libdeflate(stream, data, 5000, 6);
	memset(stream + len, 0, 64);
	for (size_t n = 1; n <= 64; n++)
		assert_int_equal(find_exact(stream, len + n, &end), -EBADMSG);
}

static void t_empty_input_is_rejected(void **state)
{
	struct wd_splice_end end;

	(void)state;
	assert_int_equal(wd_splice_find(data, 0, &end), -EBADMSG);
}

static void t_padding_may_hold_any_bits(void **state)
{
	struct wd_splice_end end;

	(void)state;
	begin();
	put_header(true, 1);
	put_fixed(256);
	put(0x3f, 6);
	expect(0);
	assert_int_equal(wd_splice_find(bits.p, 2, &end), 0);
	assert_int_equal(end.final_bit, 0);
	assert_int_equal(end.end_bit, 10);
}

static void t_stored_blocks_need_matching_lengths(void **state)
{
	(void)state;
	begin();
	put_stored(false, "");
	put_stored(false, "abc");
	put_stored(true, "defgh");
	expect(0);

	begin();
	put_header(true, 0);
	put_align();
	put(1, 16);
	put(0xffff, 16);
	put('x', 8);
	expect(-EBADMSG);
}

static void t_reserved_block_type_is_rejected(void **state)
{
	(void)state;
	begin();
	put_header(true, 3);
	put(0, 29);
	expect(-EBADMSG);
}

static void t_missing_final_block_is_rejected(void **state)
{
	(void)state;
	begin();
	put_stored(false, "abc");
	expect(-EBADMSG);
}

static void t_fixed_codes_without_a_meaning_are_rejected(void **state)
{
	(void)state;
	for (unsigned int sym = 255; sym < 288; sym++) {
		begin();
		put_header(true, 1);
		put_fixed('a');
		put_fixed(sym);
		if (sym > 256) {
			put(0, sym < 265 || sym == 285 ? 0 : (sym - 261) / 4);
			put_code(0, 5);
		}
		if (sym != 256)
			put_fixed(256);
		expect(sym > 285 ? -EBADMSG : 0);
	}
	for (unsigned int sym = 0; sym < 32; sym++) {
		begin();
		put_header(true, 1);
		put_fixed(257);
		put_code(sym, 5);
		put(0, sym < 4 ? 0 : sym / 2 - 1);
		put_fixed(256);
		for (int i = 0; i < 10; i++)
			put_fixed('z');
		expect(-EBADMSG);

		begin();
		put_header(true, 1);
		put_fixed(257);
		put_code(sym, 5);
		put(0, sym < 4 ? 0 : sym / 2 - 1);
		put_fixed(256);
		expect(sym > 29 ? -EBADMSG : 0);
	}
}

static void t_too_many_symbols_are_rejected(void **state)
{
	(void)state;
	for (unsigned int hlit = 28; hlit < 32; hlit++) {
		begin();
		put_precode(hlit, 0, eight, 8, -1);
		put_value(1);
		put_zeros(255);
		put_value(1);
		put_zeros(hlit);
		put_value(0);
		put(1, 1);
		expect(hlit > 29 ? -EBADMSG : 0);
	}
	for (unsigned int hdist = 28; hdist < 32; hdist++) {
		put_two_litlens(hdist + 1);
		put_zeros(hdist + 1);
		put(1, 1);
		expect(hdist > 29 ? -EBADMSG : 0);
	}
}

static void t_incomplete_precode_is_rejected(void **state)
{
	static const uint8_t one[] = { 1 };

	(void)state;
	begin();
	put_precode(0, 0, eight, 8, 3);
	put(0, 600);
	expect(-EBADMSG);

	begin();
	put_precode(0, 0, one, 1, -1);
	put(0, 600);
	expect(-EBADMSG);

	/* None at all, which zlib notices later. */
	begin();
	put_precode(0, 0, one, 0, -1);
	put(0, 600);
	expect(-EBADMSG);
}

static void t_oversubscribed_precode_is_rejected(void **state)
{
	static const uint8_t nine[] = { 0, 1, 2, 3, 4, 15, 16, 17, 18 };

	(void)state;
	begin();
	put_precode(0, 0, nine, 9, -1);
	put(0, 600);
	expect(-EBADMSG);
}

static void t_repeat_without_a_length_is_rejected(void **state)
{
	(void)state;
	begin();
	put_precode(0, 0, eight, 8, -1);
	put_value(16);
	put(0, 2);
	put_zeros(253);
	put_value(1);
	put_value(1);
	put(0, 8);
	expect(-EBADMSG);
}

static void t_repeat_past_the_end_is_rejected(void **state)
{
	static const unsigned int repeats[] = { 16, 17, 18 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(repeats); i++) {
		unsigned int fit = repeats[i] == 18 ? 11 : 3;

		for (unsigned int ndist = fit - 1; ndist <= fit; ndist++) {
			put_two_litlens(repeats[i] == 16 ? ndist + 1 : ndist);
			if (repeats[i] == 16)
				put_value(0);
			put_value(repeats[i]);
			put(0, repeats[i] == 18 ? 7 : repeats[i] - 14);
			put(1, 1);
			expect(ndist == fit ? 0 : -EBADMSG);
		}
	}
}

static void t_repeat_runs_from_litlen_into_dist_lengths(void **state)
{
	(void)state;
	begin();
	put_precode(1, 3, eight, 8, -1);
	put_zeros(256);
	put_value(1);
	put_value(1);
	put_value(2);
	put_value(16);
	put(0, 2);
	/* Length 3 in one bit, a distance in two, end of block. */
	put(1, 1);
	put(3, 2);
	put(0, 1);
	expect(0);
}

static void t_missing_end_of_block_code_is_rejected(void **state)
{
	(void)state;
	begin();
	put_precode(0, 0, eight, 8, -1);
	put_value(1);
	put_value(1);
	put_zeros(255);
	put_value(1);
	put(0, 64);
	expect(-EBADMSG);
}

static void t_oversubscribed_codes_are_rejected(void **state)
{
	(void)state;
	begin();
	put_precode(0, 0, eight, 8, -1);
	put_value(1);
	put_value(1);
	put_zeros(254);
	put_value(1);
	put_value(1);
	put(0, 64);
	expect(-EBADMSG);

	put_two_litlens(3);
	put_value(1);
	put_value(1);
	put_value(15);
	put(1, 1);
	expect(-EBADMSG);
}

static void t_incomplete_codes_are_rejected(void **state)
{
	(void)state;
	begin();
	put_precode(0, 0, eight, 8, -1);
	put_value(2);
	put_zeros(255);
	put_value(1);
	put_value(1);
	put(0, 64);
	expect(-EBADMSG);

	/* A single code, but of two bits. */
	begin();
	put_precode(0, 0, eight, 8, -1);
	put_zeros(256);
	put_value(2);
	put_value(1);
	put(0, 64);
	expect(-EBADMSG);

	put_two_litlens(2);
	put_value(2);
	put_value(1);
	put(1, 1);
	expect(-EBADMSG);

	put_two_litlens(1);
	put_value(2);
	put(1, 1);
	expect(-EBADMSG);
}

static void t_a_single_code_of_one_bit_is_enough(void **state)
{
	(void)state;
	/* litlen: only end of block, the other bit is no code */
	for (unsigned int bit = 0; bit <= 1; bit++) {
		begin();
		put_precode(0, 0, eight, 8, -1);
		put_zeros(256);
		put_value(1);
		put_value(1);
		put(bit, 1);
		expect(bit ? -EBADMSG : 0);
		put(0, 256);
		expect(-EBADMSG);
	}
	/* dist: one code, or none, in use and not */
	for (unsigned int use = 0; use <= 2; use++) {
		for (unsigned int len = 0; len <= 1; len++) {
			begin();
			put_precode(1, 0, eight, 8, -1);
			put_zeros(256);
			put_value(1);
			put_value(1);
			put_value(len);
			if (use) {
				put(1, 1);
				put(use - 1, 1);
			}
			put(0, 1);
			expect(use && (!len || use == 2) ? -EBADMSG : 0);
		}
	}
}

/* Split leaves until there are enough, the deepest ones often or rarely. */
static void make_code(struct code *c, unsigned int n, unsigned int used,
		      bool deep)
{
	uint8_t leaf[288] = { 1, 1 };
	unsigned int leaves = 2;

	while (leaves < used) {
		unsigned int i = rnd_below(leaves);

		if (deep && rnd_below(8))
			i = leaves - 1;
		if (leaf[i] == 15)
			i = rnd_below(leaves);
		if (leaf[i] < 15)
			leaf[leaves++] = ++leaf[i];
	}
	memset(c, 0, sizeof(*c));
	c->n = n;
	for (unsigned int i = 0; i < used; i++) {
		unsigned int sym = rnd_below(n);

		/* The first leaf, the rest where they fall. */
		if (!i && n > 256)
			sym = 256;
		while (c->len[sym])
			sym = (sym + 1) % n;
		c->len[sym] = leaf[i];
	}
	assign_codes(c);
}

static void put_random_symbols(const struct code *litlen,
			       const struct code *dist, unsigned int n)
{
	while (n--) {
		unsigned int sym = rnd_below(litlen->n);

		if (!litlen->len[sym] || sym == 256)
			continue;
		put_symbol(litlen, sym);
		if (sym < 256)
			continue;
		put(rnd(), sym < 265 || sym == 285 ? 0 : (sym - 261) / 4);
		do
			sym = rnd_below(dist->n);
		while (!dist->len[sym]);
		put_symbol(dist, sym);
		put(rnd(), sym < 4 ? 0 : sym / 2 - 1);
	}
	put_symbol(litlen, 256);
}

static void t_any_codes_are_walked(void **state)
{
	struct code litlen, dist;

	(void)state;
	for (int i = 0; i < T_REPEAT(400); i++) {
		unsigned int nlitlen = 257 + rnd_below(30);
		unsigned int ndist = 2 + rnd_below(29);

		begin();
		for (int block = 0; block < 3; block++) {
			make_code(&litlen, nlitlen, 2 + rnd_below(nlitlen - 1),
				  i & 1);
			make_code(&dist, ndist, 2 + rnd_below(ndist - 1), i & 2);
			put_plain_dynamic(block == 2, &litlen, &dist);
			put_random_symbols(&litlen, &dist, rnd_below(2000));
		}
		check_accepted(bits.p, bytes());
		if (i < 8)
			check_truncations(bits.p, bytes());
		for (int k = 0; k < 20; k++) {
			uint8_t *p = &bits.p[rnd_below((uint32_t)bytes())];
			uint8_t old = *p;

			*p ^= (uint8_t)(1u << rnd_below(8));
			check_against_zlib(bits.p, bytes());
			*p = old;
		}
	}
}

static void check_pair(const uint8_t *a, size_t a_len, const uint8_t *b,
		       size_t b_len)
{
	struct wd_splice_end a_want, b_want, a_got, b_got;

	assert_int_equal(wd_splice_find(a, a_len, &a_want), 0);
	assert_int_equal(wd_splice_find(b, b_len, &b_want), 0);
	assert_int_equal(wd_splice_find_pair(a, a_len, b, b_len, &a_got, &b_got),
			 0);
	check_end(&a_got, &a_want);
	check_end(&b_got, &b_want);

	assert_int_equal(wd_splice_find_pair(a, a_len - 1, b, b_len, &a_got,
					     &b_got), -EBADMSG);
	assert_int_equal(wd_splice_find_pair(a, a_len, b, b_len - 1, &a_got,
					     &b_got), -EBADMSG);
}

static void t_a_pair_ends_where_each_alone_does(void **state)
{
	uint8_t *second = stream + STREAM_MAX;

	(void)state;
	for (int i = 0; i < T_REPEAT(60); i++) {
		size_t a_in = rnd_below(1u << (4 + rnd_below(15)));
		size_t b_in = rnd_below(1u << (4 + rnd_below(15)));
		size_t a_len, b_len;

		makers[rnd_below(ARRAY_SIZE(makers))](data, a_in);
		a_len = libdeflate(stream, data, a_in, (int)rnd_below(10));
		makers[rnd_below(ARRAY_SIZE(makers))](data, b_in);
		b_len = zlib_deflate(second, data, b_in, (int)rnd_below(10),
				     Z_DEFAULT_STRATEGY, 8);
		check_pair(stream, a_len, second, b_len);
		check_pair(second, b_len, stream, a_len);
		check_pair(stream, a_len, stream, a_len);
	}
}

static void t_damaged_streams_get_the_verdict_of_zlib(void **state)
{
	size_t len;

	(void)state;
	make_mixed(data, 60000);
	len = libdeflate(stream, data, 60000, 6);
	for (int i = 0; i < T_REPEAT(400); i++) {
		uint8_t *p = &stream[rnd_below((uint32_t)len)];
		uint8_t old = *p;

		*p = (uint8_t)rnd();
		check_against_zlib(stream, len);
		*p = old;
	}
}

/* ---- opening ---- */

static void inflate_and_compare(const uint8_t *p, size_t len,
				const uint8_t *want, size_t want_len)
{
	uint8_t *out = malloc(want_len + 1);
	z_stream zs = { 0 };

	assert_non_null(out);
	assert_int_equal(inflateInit2(&zs, -15), Z_OK);
	zs.next_in = (Bytef *)p;
	zs.avail_in = (uInt)len;
	zs.next_out = out;
	zs.avail_out = (uInt)want_len + 1;
	assert_int_equal(inflate(&zs, Z_FINISH), Z_STREAM_END);
	assert_int_equal(zs.avail_in, 0);
	assert_int_equal(zs.total_out, want_len);
	assert_memory_equal(out, want, want_len);
	inflateEnd(&zs);
	free(out);
}

/* Open a stream, put another after it, see that both come out. */
static void check_open(size_t len, size_t first, size_t second)
{
	struct wd_splice_end end;
	size_t opened, tail;

	assert_int_equal(wd_splice_find(stream, len, &end), 0);
	assert_int_equal(wd_splice_open(stream, len, len + WD_SPLICE_MARKER_MAX,
					&opened), 0);
	assert_int_equal(opened, (end.end_bit + 3 + 7) / 8 + WD_SPLICE_MARKER_LEN);
	assert_memory_equal(stream + opened - WD_SPLICE_MARKER_LEN,
			    wd_splice_marker, WD_SPLICE_MARKER_LEN);
	tail = libdeflate(stream + opened, data + first, second, 6);
	inflate_and_compare(stream, opened + tail, data, first + second);
}

static void t_opened_streams_can_be_continued(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < ARRAY_SIZE(makers); m++) {
		makers[m](data, 60000);
		for (size_t n = 0; n < 300; n++) {
			check_open(libdeflate(stream, data, n, 6), n, 100);
			check_open(zlib_deflate(stream, data, n, 6, Z_FIXED, 8),
				   n, n);
		}
		for (int level = 0; level <= 12; level++)
			check_open(libdeflate(stream, data, 50000, level),
				   50000, 10000);
	}
}

static void t_chunks_opened_in_a_row_make_one_stream(void **state)
{
	size_t out = 0;

	(void)state;
	make_mixed(data, DATA_MAX);
	for (size_t pos = 0; pos < DATA_MAX; pos += DATA_MAX / 16) {
		size_t len = libdeflate(stream + out, data + pos, DATA_MAX / 16,
					1 + (int)(pos % 12));

		if (pos + DATA_MAX / 16 < DATA_MAX)
			assert_int_equal(wd_splice_open(stream + out, len,
							len + WD_SPLICE_MARKER_MAX,
							&len), 0);
		out += len;
	}
	inflate_and_compare(stream, out, data, DATA_MAX);
}

/* Ends at every bit of a byte, with all padding bits set before. */
static void t_open_handles_every_end_bit(void **state)
{
	static const unsigned int marker_len[8] = { 10, 9, 9, 9, 9, 9, 10, 10 };
	unsigned int seen = 0;

	(void)state;
	for (unsigned int n = 0; n < 8; n++) {
		struct wd_splice_end end;
		uint8_t text[16];
		size_t len, opened;

		begin();
		put_stored(false, "");
		put_header(true, 1);
		for (unsigned int i = 0; i < n; i++) {
			put_fixed(200);
			text[i] = 200;
		}
		put_fixed(256);
		len = bytes();
		memcpy(stream, bits.p, len);
		if (bits.n % 8)
			stream[len - 1] |= (uint8_t)(0xff << bits.n % 8);

		assert_int_equal(wd_splice_find(stream, len, &end), 0);
		assert_int_equal(end.end_bit, bits.n);
		seen |= 1u << end.end_bit % 8;

		assert_int_equal(wd_splice_open(stream, len, len + 10, &opened), 0);
		assert_int_equal(opened - len, marker_len[end.end_bit % 8]);
		memcpy(stream + opened, "\x01\x01\x00\xfe\xff!", 6);
		text[n] = '!';
		inflate_and_compare(stream, opened + 6, text, n + 1);
	}
	assert_int_equal(seen, 0xff);
}

static void t_open_without_room_changes_nothing(void **state)
{
	static uint8_t before[64];
	size_t opened = 4711;

	(void)state;
	for (unsigned int n = 0; n < 8; n++) {
		struct wd_splice_end end;
		size_t need;

		begin();
		put_header(true, 1);
		for (unsigned int i = 0; i < n; i++)
			put_fixed(200);
		put_fixed(256);
		memset(before, 0xa5, sizeof(before));
		memcpy(before, bits.p, bytes());
		memcpy(stream, before, sizeof(before));

		assert_int_equal(wd_splice_find(stream, bytes(), &end), 0);
		need = (end.end_bit + 3 + 7) / 8 + WD_SPLICE_MARKER_LEN;
		for (size_t cap = 0; cap < need; cap++) {
			assert_int_equal(wd_splice_open(stream, bytes(), cap,
							&opened), -ENOSPC);
			assert_int_equal(opened, 4711);
			assert_memory_equal(stream, before, sizeof(before));
		}
		assert_int_equal(wd_splice_open(stream, bytes(), need, &opened), 0);
		assert_int_equal(opened, need);
		assert_memory_equal(stream + need, before + need, sizeof(before) - need);
		opened = 4711;
	}
}

static void t_open_at_a_known_end_equals_open(void **state)
{
	struct wd_splice_end end;
	size_t len, opened, opened_at;
	uint8_t *second = stream + STREAM_MAX;

	(void)state;
	make_text(data, 3000);
	len = libdeflate(stream, data, 3000, 6);
	memcpy(second, stream, len);
	assert_int_equal(wd_splice_find(stream, len, &end), 0);
	assert_int_equal(wd_splice_open(stream, len, STREAM_MAX, &opened), 0);
	assert_int_equal(wd_splice_open_at(second, len, opened - 1, &end,
					   &opened_at), -ENOSPC);
	assert_int_equal(wd_splice_open_at(second, len, opened, &end,
					   &opened_at), 0);
	assert_int_equal(opened_at, opened);
	assert_memory_equal(second, stream, opened);
}

static void t_open_leaves_a_bad_stream_alone(void **state)
{
	static uint8_t before[20000];
	size_t opened = 4711;
	size_t len;

	(void)state;
	make_text(data, 8000);
	len = libdeflate(stream, data, 8000, 6) - 1;
	assert_true(len + 64 < sizeof(before));
	memcpy(before, stream, sizeof(before));
	assert_int_equal(wd_splice_open(stream, len, STREAM_MAX, &opened), -EBADMSG);
	assert_int_equal(opened, 4711);
	assert_memory_equal(stream, before, sizeof(before));
}

/* ---- the marker ---- */

static const uint8_t *find_naively(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + WD_SPLICE_MARKER_LEN <= len; i++) {
		if (!memcmp(p + i, wd_splice_marker, WD_SPLICE_MARKER_LEN))
			return p + i + WD_SPLICE_MARKER_LEN;
	}
	return NULL;
}

static void check_markers(const uint8_t *p, size_t len)
{
	for (;;) {
		const uint8_t *found = wd_splice_find_marker(p, len);

		assert_ptr_equal(found, find_naively(p, len));
		if (!found)
			break;
		len -= (size_t)(found - p);
		p = found;
	}
}

static void t_markers_are_found_wherever_they_are(void **state)
{
	uint8_t *p;

	(void)state;
	for (size_t len = 0; len <= 64; len++) {
		p = malloc(len ? len : 1);
		assert_non_null(p);
		memset(p, 0x5a, len);
		assert_null(wd_splice_find_marker(p, len));
		for (size_t i = 0; i + WD_SPLICE_MARKER_LEN <= len; i++) {
			memset(p, 0x5a, len);
			memcpy(p + i, wd_splice_marker, WD_SPLICE_MARKER_LEN);
			assert_ptr_equal(wd_splice_find_marker(p, len),
					 p + i + WD_SPLICE_MARKER_LEN);
		}
		free(p);
	}
}

static void t_marker_search_equals_a_naive_one(void **state)
{
	(void)state;
	make_random(data, 1 << 20);
	for (int i = 0; i < 500; i++)
		memcpy(data + rnd_below((1 << 20) - 16), wd_splice_marker,
		       WD_SPLICE_MARKER_LEN - rnd_below(3) / 2);
	check_markers(data, 1 << 20);

	/* Little but the bytes of the marker, and pieces of it. */
	for (int round = 0; round < T_REPEAT(200); round++) {
		size_t n = 0;

		while (n < 20000) {
			unsigned int from = rnd_below(WD_SPLICE_MARKER_LEN);
			unsigned int k = rnd_below(WD_SPLICE_MARKER_LEN - from) + 1;

			memcpy(data + n, wd_splice_marker + from, k);
			n += k;
			if (!rnd_below(6))
				data[n++] = (uint8_t)rnd_below(3);
			if (!rnd_below(6))
				data[n++] = 0xff;
		}
		check_markers(data, n);
	}
}

static void t_marker_search_in_runs_finds_nothing(void **state)
{
	(void)state;
	memset(data, 0x00, DATA_MAX);
	assert_null(wd_splice_find_marker(data, DATA_MAX));
	memset(data, 0xff, DATA_MAX);
	assert_null(wd_splice_find_marker(data, DATA_MAX));
	for (size_t i = 0; i < DATA_MAX; i++)
		data[i] = i & 2 ? 0xff : 0x00;
	assert_null(wd_splice_find_marker(data, DATA_MAX));
}

static int setup(void **state)
{
	(void)state;
	data = calloc(1, DATA_MAX);
	stream = calloc(1, STREAM_MAX * 2);
	return data && stream ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(data);
	free(stream);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_zlib_streams_end_where_zlib_says),
		cmocka_unit_test(t_libdeflate_streams_end_where_zlib_says),
		cmocka_unit_test(t_long_streams_are_walked),
		cmocka_unit_test(t_short_streams_are_walked),
		cmocka_unit_test(t_flushed_streams_are_walked),
		cmocka_unit_test(t_truncated_streams_are_rejected),
		cmocka_unit_test(t_verdict_on_a_flipped_bit_is_that_of_zlib),
		cmocka_unit_test(t_trailing_bytes_are_rejected),
		cmocka_unit_test(t_empty_input_is_rejected),
		cmocka_unit_test(t_padding_may_hold_any_bits),
		cmocka_unit_test(t_stored_blocks_need_matching_lengths),
		cmocka_unit_test(t_reserved_block_type_is_rejected),
		cmocka_unit_test(t_missing_final_block_is_rejected),
		cmocka_unit_test(t_fixed_codes_without_a_meaning_are_rejected),
		cmocka_unit_test(t_too_many_symbols_are_rejected),
		cmocka_unit_test(t_incomplete_precode_is_rejected),
		cmocka_unit_test(t_oversubscribed_precode_is_rejected),
		cmocka_unit_test(t_repeat_without_a_length_is_rejected),
		cmocka_unit_test(t_repeat_past_the_end_is_rejected),
		cmocka_unit_test(t_repeat_runs_from_litlen_into_dist_lengths),
		cmocka_unit_test(t_missing_end_of_block_code_is_rejected),
		cmocka_unit_test(t_oversubscribed_codes_are_rejected),
		cmocka_unit_test(t_incomplete_codes_are_rejected),
		cmocka_unit_test(t_a_single_code_of_one_bit_is_enough),
		cmocka_unit_test(t_any_codes_are_walked),
		cmocka_unit_test(t_a_pair_ends_where_each_alone_does),
		cmocka_unit_test(t_damaged_streams_get_the_verdict_of_zlib),
		cmocka_unit_test(t_opened_streams_can_be_continued),
		cmocka_unit_test(t_chunks_opened_in_a_row_make_one_stream),
		cmocka_unit_test(t_open_handles_every_end_bit),
		cmocka_unit_test(t_open_without_room_changes_nothing),
		cmocka_unit_test(t_open_at_a_known_end_equals_open),
		cmocka_unit_test(t_open_leaves_a_bad_stream_alone),
		cmocka_unit_test(t_markers_are_found_wherever_they_are),
		cmocka_unit_test(t_marker_search_equals_a_naive_one),
		cmocka_unit_test(t_marker_search_in_runs_finds_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
