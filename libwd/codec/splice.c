/* SPDX-License-Identifier: MIT */
/*
 * The splice walker, see splice.h.
 *
 * It needs to know how many bits to skip, never what they mean.  So the
 * decoder is a small state machine: an entry of a lookup table says how many
 * bits to skip and whether the next lookup is for a literal/length or for a
 * distance.  The hot loop has no branch that depends on the kind of symbol, and
 * an entry may stand for two symbols when both codes fit into the index.  What
 * is left is the time of one table lookup after the other; walking two streams
 * in one loop fills the gaps.
 *
 * Everything rare (end of block, codes longer than the index, errors, the last
 * bytes of the input) goes through careful_step().
 */
#include "splice.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MAX_LITLEN	286	/* symbols a dynamic block may use */
#define MAX_DIST	30
#define FIXED_LITLEN	288	/* symbols the fixed codes give codes to */
#define FIXED_DIST	32
#define MAX_PRECODE	19
#define END_OF_BLOCK	256
#define MAX_CODE_LEN	15
#define MAX_PRE_LEN	7

/*
 * Table entries:
 *   bits 0-5    bits to skip, codes and extra bits
 *   bits 6-9    bits of the index that tell the symbol, in single entries only
 *   bit 11      the next lookup is for a distance
 *   bit 15      not in the table: careful_step() has to look
 *
 * Entries of the last kind skip nothing and keep the state, so the hot loop may
 * look them up again and again until it comes to testing for them.
 */
#define INDEX_BITS	11
#define INDEX_MASK	((1u << INDEX_BITS) - 1)
#define SKIP_MASK	0x3fu
#define NEED_SHIFT	6
#define NEED_FIELD	(0xfu << NEED_SHIFT)
#define STATE_DIST	(1u << INDEX_BITS)
#define STATE_MASK	STATE_DIST
#define CAREFUL_BIT	(1u << 15)
#define CAREFUL		(CAREFUL_BIT | NEED_FIELD)

/*
 * A refill leaves at least 56 bits.  Two entries may be skipped and a third
 * looked up before the next one.
 */
#define MAX_SKIP	((56 - INDEX_BITS) / 2)

/* Adding this once for each bit of a code counts it as skipped and as needed. */
#define ONE_BIT		(1u + (1u << NEED_SHIFT))

/* A canonical Huffman code, for decoding bit by bit. */
struct code {
	uint16_t limit[MAX_CODE_LEN + 1];	/* end of the codes up to a length,
						 * left aligned to 15 bits */
	int16_t offset[MAX_CODE_LEN + 1];	/* code to index in sym */
	uint16_t count[MAX_CODE_LEN + 1];
	uint16_t sym[FIXED_LITLEN];		/* by length, then by value */
};

struct walker {
	const uint8_t *base;
	const uint8_t *next;	/* first byte not counted in cnt */
	const uint8_t *end;
	uint64_t buf;		/* bits above cnt are zero, or what is at next */
	unsigned int cnt;	/* bits in buf that belong to bytes before next */
	unsigned int state;	/* 0 or STATE_DIST */
	uint64_t header_bit;	/* where the block begins */
	bool final;		/* BFINAL of the block */
	bool in_symbols;	/* not between two blocks */
	bool have_fixed;	/* the tables hold the fixed codes */
	struct code litlen;
	struct code dist;
	uint16_t single[1u << INDEX_BITS];	/* litlen, one symbol an entry */
	uint16_t table[2u << INDEX_BITS];	/* litlen in pairs, then dist */
};

const uint8_t wd_splice_marker[WD_SPLICE_MARKER_LEN] = {
	0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff
};

static const uint8_t length_extra[FIXED_LITLEN - 257] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
	3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0, 0, 0,
};

static const uint8_t dist_extra[FIXED_DIST] = {
	0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6,
	7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 0, 0,
};

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* At least 56 bits, or all there are. */
static void refill(struct walker *w)
{
	if (w->end - w->next >= 8) {
		w->buf |= load64(w->next) << w->cnt;
		w->next += (63 - w->cnt) >> 3;
		w->cnt |= 56;
		return;
	}
	while (w->cnt < 56 && w->next < w->end) {
		w->buf |= (uint64_t)*w->next++ << w->cnt;
		w->cnt += 8;
	}
}

static void skip(struct walker *w, unsigned int n)
{
	w->buf >>= n;
	w->cnt -= n;
}

static uint64_t bit_position(const struct walker *w)
{
	return (uint64_t)(w->next - w->base) * 8 - w->cnt;
}

static unsigned int low_bits(uint64_t v, unsigned int n)
{
	return (unsigned int)(v & ((1u << n) - 1));
}

static unsigned int reverse15(unsigned int v)
{
	v = (v & 0x5555) << 1 | (v >> 1 & 0x5555);
	v = (v & 0x3333) << 2 | (v >> 2 & 0x3333);
	v = (v & 0x0f0f) << 4 | (v >> 4 & 0x0f0f);
	v = (v & 0x00ff) << 8 | (v >> 8 & 0x00ff);
	return v >> 1;
}

/*
 * The code after a given one among codes of the same length, both with their
 * first bit lowest: an increment whose carry runs towards bit 0.
 */
static unsigned int next_code(unsigned int code, unsigned int len)
{
	unsigned int zeros = ~code & ((1u << len) - 1);
	unsigned int top;

	if (!zeros)
		return 0;
	top = 1u << (31 - __builtin_clz(zeros));
	return (code & (top - 1)) | top;
}

/*
 * Order the symbols by code and check the lengths.  Returns the longest length,
 * or -EBADMSG if there are too many codes or, unless it is a single code of one
 * bit, too few.
 */
static int code_init(struct code *c, const uint8_t *lens, unsigned int nsyms)
{
	unsigned int index[MAX_CODE_LEN + 2];
	unsigned int first = 0;
	unsigned int max = 0;

	memset(c->count, 0, sizeof(c->count));
	for (unsigned int i = 0; i < nsyms; i++)
		c->count[lens[i]]++;

	index[1] = 0;
	c->limit[0] = 0;
	for (unsigned int len = 1; len <= MAX_CODE_LEN; len++) {
		first <<= 1;
		c->offset[len] = (int16_t)((int)index[len] - (int)first);
		first += c->count[len];
		if (first > 1u << len)
			return -EBADMSG;
		c->limit[len] = (uint16_t)(first << (MAX_CODE_LEN - len));
		index[len + 1] = index[len] + c->count[len];
		if (c->count[len])
			max = len;
	}
	if (first != 1u << MAX_CODE_LEN && max > 1)
		return -EBADMSG;

	for (unsigned int i = 0; i < nsyms; i++) {
		if (lens[i])
			c->sym[index[lens[i]]++] = (uint16_t)i;
	}
	return (int)max;
}

/* The entry for one literal/length symbol whose code has @len bits. */
static unsigned int litlen_entry(unsigned int sym, unsigned int len)
{
	if (sym < END_OF_BLOCK)
		return len * ONE_BIT;
	if (sym == END_OF_BLOCK || sym >= MAX_LITLEN)
		return CAREFUL;
	return len * ONE_BIT + length_extra[sym - 257] + STATE_DIST;
}

static unsigned int dist_entry(unsigned int sym, unsigned int len)
{
	unsigned int e;

	if (sym >= MAX_DIST || len + dist_extra[sym] > MAX_SKIP)
		return CAREFUL | STATE_DIST;
	e = len * ONE_BIT + dist_extra[sym];
	/*
	 * Two symbols in an entry must not exceed MAX_SKIP.  If the second has
	 * many extra bits, let it seem to need more of the index.
	 */
	if (dist_extra[sym] > MAX_SKIP - INDEX_BITS)
		e += (dist_extra[sym] - (MAX_SKIP - INDEX_BITS)) << NEED_SHIFT;
	return e;
}

/*
 * Fill a table with one symbol an entry.  The table grows with the length of
 * the codes: what it holds for n bits, twice in a row, is right for n + 1 bits
 * but for the codes of n + 1 bits.
 */
static void fill_table(uint16_t *table, const struct code *c, unsigned int max,
		       bool dist)
{
	const unsigned int none = dist ? CAREFUL | STATE_DIST : CAREFUL;
	const uint16_t *sym = c->sym;
	unsigned int code = 0;

	table[0] = (uint16_t)none;
	for (unsigned int len = 1; len <= INDEX_BITS; len++) {
		size_t half = (size_t)1 << (len - 1);

		memcpy(table + half, table, half * sizeof(*table));
		for (unsigned int i = c->count[len]; i; i--) {
			table[code] = (uint16_t)(dist ? dist_entry(*sym, len)
						      : litlen_entry(*sym, len));
			sym++;
			code = next_code(code, len);
		}
	}
	for (unsigned int len = INDEX_BITS + 1; len <= max; len++) {
		for (unsigned int i = c->count[len]; i; i--) {
			table[code & INDEX_MASK] = (uint16_t)none;
			code = next_code(code, len);
		}
	}
}

/* Pair the entries of one literal/length symbol. */
static void pair_symbol(struct walker *w, unsigned int code, unsigned int len)
{
	const unsigned int e = w->single[code];
	const unsigned int n = e & SKIP_MASK;
	const uint16_t *second = e & STATE_DIST ? w->table + STATE_DIST : w->single;
	unsigned int room;

	if (e & CAREFUL_BIT || n > INDEX_BITS)
		return;
	room = (INDEX_BITS - n) << NEED_SHIFT;
	for (unsigned int i = code; i <= INDEX_MASK; i += 1u << len) {
		unsigned int e2 = second[i >> n];
		unsigned int both = n + (e2 & (SKIP_MASK | STATE_MASK));

		w->table[i] = (uint16_t)((e2 & NEED_FIELD) <= room ? both : e);
	}
}

/*
 * Let literal/length entries do the work of the symbol after them too, where
 * the index shows enough of it.
 */
static void pair_entries(struct walker *w)
{
	unsigned int shortest = 1;
	unsigned int code = 0;

	while (!w->litlen.count[shortest] && !w->dist.count[shortest] &&
	       shortest < INDEX_BITS)
		shortest++;
	for (unsigned int len = 1; len <= INDEX_BITS - shortest; len++) {
		for (unsigned int i = w->litlen.count[len]; i; i--) {
			pair_symbol(w, code, len);
			code = next_code(code, len);
		}
	}
}

static int build_tables(struct walker *w, const uint8_t *lens,
			unsigned int nlitlen, unsigned int ndist)
{
	int max_litlen = code_init(&w->litlen, lens, nlitlen);
	int max_dist = code_init(&w->dist, lens + nlitlen, ndist);

	if (max_litlen < 0 || max_dist < 0)
		return -EBADMSG;
	fill_table(w->single, &w->litlen, (unsigned int)max_litlen, false);
	fill_table(w->table + STATE_DIST, &w->dist, (unsigned int)max_dist, true);
	memcpy(w->table, w->single, sizeof(w->single));
	pair_entries(w);
	return 0;
}

/*
 * Decode a code at the front of the bit buffer.  Returns the symbol and sets
 * @len, or -EBADMSG if there is no such code.
 */
static int decode_symbol(const struct code *c, uint64_t buf, unsigned int *len)
{
	unsigned int v = reverse15(low_bits(buf, MAX_CODE_LEN));

	for (unsigned int n = 1; n <= MAX_CODE_LEN; n++) {
		if (v < c->limit[n]) {
			*len = n;
			return c->sym[c->offset[n] +
				      (int)(v >> (MAX_CODE_LEN - n))];
		}
	}
	return -EBADMSG;
}

/*
 * Walk over one symbol, with every check.  Returns 1, 0 for the end of the
 * block, or -EBADMSG.
 */
static int careful_step(struct walker *w)
{
	unsigned int dist = w->state;
	unsigned int len;
	int sym;

	refill(w);
	sym = decode_symbol(dist ? &w->dist : &w->litlen, w->buf, &len);
	if (sym < 0 || sym >= (dist ? MAX_DIST : MAX_LITLEN))
		return -EBADMSG;
	w->state = 0;
	if (dist) {
		len += dist_extra[sym];
	} else if (sym > END_OF_BLOCK) {
		len += length_extra[sym - 257];
		w->state = STATE_DIST;
	}
	if (len > w->cnt)
		return -EBADMSG;
	skip(w, len);
	return dist || sym != END_OF_BLOCK;
}

/* What the hot loop keeps of a walker, in registers. */
struct lane {
	const uint8_t *next;
	const uint8_t *last;	/* the last place to refill from */
	const uint16_t *table;
	uint64_t buf;
	unsigned int cnt;	/* only the low 6 bits count */
	unsigned int e;		/* entry looked up, not skipped yet */
};

static inline void lane_refill(struct lane *l)
{
	l->buf |= load64(l->next) << (l->cnt & 63);
	l->next += (63 - (l->cnt & 63)) >> 3;
	l->cnt |= 56;
}

static inline void lane_look_up(struct lane *l)
{
	l->e = l->table[l->buf & INDEX_MASK];
}

static inline void lane_step(struct lane *l, const struct walker *w)
{
	l->buf >>= l->e & SKIP_MASK;
	l->cnt -= l->e;
	l->table = w->table + (l->e & STATE_MASK);
	/* Have this added before the bits are there, not after. */
	__asm__("" : "+r" (l->table));
	lane_look_up(l);
}

static inline void lane_begin(struct lane *l, const struct walker *w)
{
	l->next = w->next;
	l->last = w->end - 8;
	l->table = w->table + w->state;
	l->buf = w->buf;
	l->cnt = w->cnt;
	lane_refill(l);
	lane_look_up(l);
}

static inline void lane_end(const struct lane *l, struct walker *w)
{
	w->next = l->next;
	w->buf = l->buf;
	w->cnt = l->cnt & 63;
	w->state = (unsigned int)(l->table - w->table);
}

/*
 * Walk until a symbol is not in the tables or the input is nearly used up.  The
 * caller makes sure that 8 bytes are left.
 */
static void fast_steps(struct walker *w)
{
	struct lane l;

	lane_begin(&l, w);
	while (!(l.e & CAREFUL_BIT) && l.next <= l.last) {
		lane_refill(&l);
		lane_step(&l, w);
		lane_step(&l, w);
	}
	lane_end(&l, w);
}

/* The same for two streams, until either cannot go on. */
static void fast_steps_pair(struct walker *wa, struct walker *wb)
{
	struct lane a, b;

	lane_begin(&a, wa);
	lane_begin(&b, wb);
	while (!((a.e | b.e) & CAREFUL_BIT) && a.next <= a.last &&
	       b.next <= b.last) {
		lane_refill(&a);
		lane_refill(&b);
		lane_step(&a, wa);
		lane_step(&b, wb);
		lane_step(&a, wa);
		lane_step(&b, wb);
	}
	lane_end(&a, wa);
	lane_end(&b, wb);
}

static int walk_stored(struct walker *w)
{
	const uint8_t *p = w->base + (bit_position(w) + 7) / 8;
	unsigned int len;

	if (w->end - p < 4)
		return -EBADMSG;
	len = p[0] | (unsigned int)p[1] << 8;
	if ((len ^ 0xffff) != (p[2] | (unsigned int)p[3] << 8))
		return -EBADMSG;
	p += 4;
	if ((size_t)(w->end - p) < len)
		return -EBADMSG;
	w->next = p + len;
	w->buf = 0;
	w->cnt = 0;
	w->in_symbols = false;
	return 0;
}

static int begin_fixed(struct walker *w)
{
	uint8_t lens[FIXED_LITLEN + FIXED_DIST];
	int ret;

	if (!w->have_fixed) {
		memset(lens, 8, 144);
		memset(lens + 144, 9, 256 - 144);
		memset(lens + 256, 7, 280 - 256);
		memset(lens + 280, 8, FIXED_LITLEN - 280);
		memset(lens + FIXED_LITLEN, 5, FIXED_DIST);
		ret = build_tables(w, lens, FIXED_LITLEN, FIXED_DIST);
		if (ret < 0)
			return ret;
		w->have_fixed = true;
	}
	return 0;
}

/* A table of 7 bits: symbol << 3 | length of its code. */
static int read_precode(struct walker *w, unsigned int nlens, uint8_t *table)
{
	static const uint8_t order[MAX_PRECODE] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
	};
	uint8_t lens[MAX_PRECODE] = { 0 };
	struct code c;
	const uint16_t *sym = c.sym;
	unsigned int code = 0;

	for (unsigned int i = 0; i < nlens; i++) {
		refill(w);
		if (w->cnt < 3)
			return -EBADMSG;
		lens[order[i]] = (uint8_t)low_bits(w->buf, 3);
		skip(w, 3);
	}
	/* Here even a single code has to be complete. */
	if (code_init(&c, lens, MAX_PRECODE) < 0 ||
	    c.limit[MAX_PRE_LEN] != 1u << MAX_CODE_LEN)
		return -EBADMSG;

	for (unsigned int len = 1; len <= MAX_PRE_LEN; len++) {
		unsigned int half = 1u << (len - 1);

		memcpy(table + half, table, half);
		for (unsigned int i = c.count[len]; i; i--) {
			table[code] = (uint8_t)(*sym++ << 3 | len);
			code = next_code(code, len);
		}
	}
	return 0;
}

/* Read the code lengths of a dynamic block. */
static int read_lens(struct walker *w, const uint8_t *table, uint8_t *lens,
		     unsigned int n)
{
	unsigned int i = 0;

	while (i < n) {
		unsigned int e, sym, len, extra, run;
		uint8_t value = 0;

		refill(w);
		e = table[low_bits(w->buf, MAX_PRE_LEN)];
		len = e & 7;
		sym = e >> 3;
		if (sym < 16) {
			if (len > w->cnt)
				return -EBADMSG;
			skip(w, len);
			lens[i++] = (uint8_t)sym;
			continue;
		}
		extra = sym == 16 ? 2 : sym == 17 ? 3 : 7;
		if (len + extra > w->cnt)
			return -EBADMSG;
		skip(w, len);
		run = (sym == 18 ? 11 : 3) + low_bits(w->buf, extra);
		skip(w, extra);
		if (run > n - i)
			return -EBADMSG;
		if (sym == 16) {
			if (!i)
				return -EBADMSG;
			value = lens[i - 1];
		}
		memset(lens + i, value, run);
		i += run;
	}
	return 0;
}

static int begin_dynamic(struct walker *w)
{
	uint8_t lens[MAX_LITLEN + MAX_DIST];
	uint8_t table[1u << MAX_PRE_LEN] = { 0 };
	unsigned int nlitlen, ndist, nlens;
	int ret;

	refill(w);
	if (w->cnt < 14)
		return -EBADMSG;
	nlitlen = 257 + low_bits(w->buf, 5);
	ndist = 1 + low_bits(w->buf >> 5, 5);
	nlens = 4 + low_bits(w->buf >> 10, 4);
	skip(w, 14);
	if (nlitlen > MAX_LITLEN || ndist > MAX_DIST)
		return -EBADMSG;

	ret = read_precode(w, nlens, table);
	if (ret < 0)
		return ret;
	ret = read_lens(w, table, lens, nlitlen + ndist);
	if (ret < 0)
		return ret;
	if (!lens[END_OF_BLOCK])
		return -EBADMSG;
	w->have_fixed = false;
	return build_tables(w, lens, nlitlen, ndist);
}

/* Read a block header; walk over the block if it is a stored one. */
static int begin_block(struct walker *w)
{
	unsigned int type;

	w->header_bit = bit_position(w);
	refill(w);
	if (w->cnt < 3)
		return -EBADMSG;
	w->final = low_bits(w->buf, 1);
	type = low_bits(w->buf >> 1, 2);
	skip(w, 3);
	w->in_symbols = true;
	w->state = 0;
	switch (type) {
	case 0:
		return walk_stored(w);
	case 1:
		return begin_fixed(w);
	case 2:
		return begin_dynamic(w);
	default:
		return -EBADMSG;
	}
}

/* Whether fast_steps() would get anywhere. */
static bool can_step_fast(const struct walker *w)
{
	return w->end - w->next >= 8 &&
	       !(w->table[w->state | (w->buf & INDEX_MASK)] & CAREFUL_BIT);
}

/*
 * Do all that fast_steps() cannot.  Returns 1 when it can go on, 0 past the
 * final block, or -EBADMSG.
 */
static int advance(struct walker *w)
{
	int ret;

	for (;;) {
		if (!w->in_symbols) {
			if (w->final)
				return 0;
			ret = begin_block(w);
		} else {
			if (can_step_fast(w))
				return 1;
			ret = careful_step(w);
			if (!ret)
				w->in_symbols = false;
		}
		if (ret < 0)
			return ret;
	}
}

static void walker_init(struct walker *w, const void *data, size_t len)
{
	w->base = data;
	w->next = data;
	w->end = w->base + len;
	w->buf = 0;
	w->cnt = 0;
	w->in_symbols = false;
	w->final = false;
	w->have_fixed = false;
}

/* Walk the rest of a stream; @ret is what advance() said last. */
static int walk(struct walker *w, int ret, struct wd_splice_end *end)
{
	uint64_t end_bit;

	while (ret > 0) {
		fast_steps(w);
		ret = advance(w);
	}
	if (ret < 0)
		return ret;
	end_bit = bit_position(w);
	if ((end_bit + 7) / 8 != (uint64_t)(w->end - w->base))
		return -EBADMSG;
	end->final_bit = w->header_bit;
	end->end_bit = end_bit;
	return 0;
}

int wd_splice_find(const void *data, size_t len, struct wd_splice_end *end)
{
	struct walker w;

	walker_init(&w, data, len);
	return walk(&w, advance(&w), end);
}

int wd_splice_find_pair(const void *a, size_t a_len, const void *b, size_t b_len,
			struct wd_splice_end *a_end, struct wd_splice_end *b_end)
{
	struct walker wa, wb;
	int a_ret, b_ret;

	walker_init(&wa, a, a_len);
	walker_init(&wb, b, b_len);
	a_ret = advance(&wa);
	b_ret = advance(&wb);
	while (a_ret > 0 && b_ret > 0) {
		fast_steps_pair(&wa, &wb);
		a_ret = advance(&wa);
		b_ret = advance(&wb);
	}
	a_ret = walk(&wa, a_ret, a_end);
	b_ret = walk(&wb, b_ret, b_end);
	return a_ret ? a_ret : b_ret;
}

int wd_splice_open_at(void *data, size_t len, size_t cap,
		      const struct wd_splice_end *end, size_t *new_len)
{
	uint8_t *p = data;
	unsigned int used = end->end_bit % 8;
	size_t out = len;

	/* The 3 header bits go after the data, if its last byte has room. */
	if (used == 0 || used > 5)
		out++;
	if (cap < out || cap - out < WD_SPLICE_MARKER_LEN)
		return -ENOSPC;

	p[end->final_bit / 8] &= (uint8_t)~(1u << end->final_bit % 8);
	if (used)
		p[len - 1] &= (uint8_t)((1u << used) - 1);
	if (out > len)
		p[len] = 0;
	memcpy(p + out, wd_splice_marker, WD_SPLICE_MARKER_LEN);
	*new_len = out + WD_SPLICE_MARKER_LEN;
	return 0;
}

int wd_splice_open(void *data, size_t len, size_t cap, size_t *new_len)
{
	struct wd_splice_end end;
	int ret;

	ret = wd_splice_find(data, len, &end);
	if (ret < 0)
		return ret;
	return wd_splice_open_at(data, len, cap, &end, new_len);
}

#define LANES		16	/* bytes looked at side by side */
#define STRIDE		(4 * LANES)

typedef uint16_t lanes __attribute__((vector_size(LANES)));
typedef uint64_t words __attribute__((vector_size(LANES)));

static lanes load_lanes(const uint8_t *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Where two bytes 00 and then two bytes ff are, all at even places. */
static words edges_at(const uint8_t *p)
{
	return (words)((load_lanes(p) == 0) & (load_lanes(p + 2) == 0xffff));
}

static bool has_edge(const uint8_t *p)
{
	words any = edges_at(p) | edges_at(p + LANES) | edges_at(p + 2 * LANES) |
		    edges_at(p + 3 * LANES);

	return any[0] | any[1];
}

/* The end of the first marker that begins in the @n bytes at @p, or NULL. */
static const uint8_t *marker_in(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!memcmp(p + i, wd_splice_marker, WD_SPLICE_MARKER_LEN))
			return p + i + WD_SPLICE_MARKER_LEN;
	return NULL;
}

/*
 * Wherever a marker begins, its bytes 0 to 3 or 5 to 8 are an edge.  So those that
 * begin less than EDGE_LAG bytes before what was looked at may still be found.
 */
#define EDGE_LAG	5

const uint8_t *wd_splice_find_marker(const uint8_t *p, size_t len)
{
	size_t from, at = 0;

	if (len < WD_SPLICE_MARKER_LEN)
		return NULL;
	for (; len - at >= STRIDE + WD_SPLICE_MARKER_LEN - 1; at += STRIDE) {
		const uint8_t *hit;

		from = at < EDGE_LAG ? 0 : at - EDGE_LAG;
		if (!has_edge(p + at))
			continue;
		hit = marker_in(p + from, at + STRIDE - from);
		if (hit)
			return hit;
	}
	from = at < EDGE_LAG ? 0 : at - EDGE_LAG;
	return marker_in(p + from, len - from - WD_SPLICE_MARKER_LEN + 1);
}
