// SPDX-License-Identifier: MIT
/*
 * DEFLATE in both directions, LZ4, checksums, trailers.
 *
 * Compression is zlib's and liblz4's, checksums are libdeflate's.  Decompression is neither's: the
 * state of their decoders cannot be taken out, and here it has to fit into the guest's
 * context buffer.  It accepts what zlib does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <lz4.h>
#include <zlib.h>

#include "codec.h"
#include "hisi_zip_sqe.h"

/* ---- checksums and trailers ---- */

static uint32_t reverse32(uint32_t v)
{
	uint32_t r = 0;

	for (int i = 0; i < 32; i++)
		r |= (v >> i & 1) << (31 - i);
	return r;
}

uint32_t sim_checksum_start(unsigned int alg)
{
	return alg == HZIP_ALG_ZLIB ? 1 : 0;
}

uint32_t sim_checksum_add(unsigned int alg, uint32_t sum, const uint8_t *data, size_t len)
{
	/* NULL would ask for the first value. */
	if (!len)
		return sum;
	if (alg == HZIP_ALG_ZLIB)
		return libdeflate_adler32(sum, data, len);
	return libdeflate_crc32(sum, data, len);
}

/* A CRC is shown as the device's shift register: not inverted, bits reversed. */
uint32_t sim_checksum_pack(unsigned int alg, uint32_t sum)
{
	return alg == HZIP_ALG_ZLIB ? sum : reverse32(~sum);
}

uint32_t sim_checksum_unpack(unsigned int alg, uint32_t packed)
{
	return alg == HZIP_ALG_ZLIB ? packed : ~reverse32(packed);
}

size_t sim_trailer_len(unsigned int alg)
{
	if (alg == HZIP_ALG_DEFLATE)
		return 0;
	return alg == HZIP_ALG_ZLIB ? 4 : 8;
}

void sim_trailer_put(unsigned int alg, uint32_t sum, uint32_t isize, uint8_t *trailer)
{
	for (unsigned int i = 0; i < sim_trailer_len(alg); i++) {
		if (alg == HZIP_ALG_ZLIB)
			trailer[i] = (uint8_t)(sum >> (24 - 8 * i));
		else
			trailer[i] = (uint8_t)((i < 4 ? sum : isize) >> (i % 4 * 8));
	}
}

/* ---- compression ---- */

/* What a flush adds at most: a block header, an empty stored block. */
#define FLUSH_LEN	16

static int deflate_all(struct sim_deflate *d, z_stream *z)
{
	size_t room = deflateBound(z, (uLong)d->in_len) + FLUSH_LEN;
	int flush = d->finish ? Z_FINISH : Z_SYNC_FLUSH;
	int ret;

	if (d->history_len)
		deflateSetDictionary(z, d->history, (uInt)d->history_len);
	d->out = malloc(room + SIM_TRAILER_MAX);
	if (!d->out)
		return -ENOMEM;
	z->next_in = (Bytef *)(uintptr_t)d->in;
	z->avail_in = (uInt)d->in_len;
	z->next_out = d->out;
	z->avail_out = (uInt)room;
	ret = deflate(z, flush);
	if (ret != (d->finish ? Z_STREAM_END : Z_OK) || z->avail_in || !z->avail_out) {
		free(d->out);
		d->out = NULL;
		return -ENOMEM;
	}
	d->out_len = room - z->avail_out;
	return 0;
}

int sim_deflate(struct sim_deflate *d)
{
	z_stream z = { .zalloc = NULL };
	int ret;

	if (deflateInit2(&z, d->level, Z_DEFLATED, -d->window_bits, 9,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	ret = deflate_all(d, &z);
	deflateEnd(&z);
	return ret;
}

int sim_lz4(const uint8_t *in, size_t in_len, size_t space, uint8_t **out,
	    size_t *out_len)
{
	size_t bound = (size_t)LZ4_compressBound((int)in_len);
	int n;

	if (!in_len || in_len > LZ4_MAX_INPUT_SIZE)
		return -ENOSPC;
	if (space > bound)
		space = bound;
	*out = malloc(space + 1);
	if (!*out)
		return -ENOMEM;
	n = LZ4_compress_default((const char *)in, (char *)*out, (int)in_len,
				 (int)space);
	if (n > 0) {
		*out_len = (size_t)n;
		return 0;
	}
	free(*out);
	*out = NULL;
	return -ENOSPC;
}

/* ---- decompression: bits ---- */

enum mode {
	MODE_HEAD,		/* at the start of a block */
	MODE_STORED_LEN,
	MODE_STORED,
	MODE_SIZES,		/* of a dynamic block */
	MODE_CODE_LENS,
	MODE_LENS,
	MODE_CODES,
	MODE_END,		/* after the last block */
	MODE_COUNT
};

/* A length, its extra bits, a distance, its extra bits. */
#define SYMBOL_BITS_MAX	48u
#define NBITS_MAX	63u

/* Take input; whether there are n bits now. */
static bool need(struct sim_inflate *z, struct sim_io *io, unsigned int n)
{
	while (z->nbits <= NBITS_MAX - 8 && io->in_pos < io->in_len) {
		z->bits |= (uint64_t)io->in[io->in_pos++] << z->nbits;
		z->nbits += 8;
	}
	return z->nbits >= n;
}

static void drop(struct sim_inflate *z, unsigned int n)
{
	z->bits >>= n;
	z->nbits = (uint8_t)(z->nbits - n);
}

static uint32_t take(struct sim_inflate *z, unsigned int n)
{
	uint32_t v = (uint32_t)(z->bits & ((1ull << n) - 1));

	drop(z, n);
	return v;
}

/* Input comes in bytes, so what is left of one shows in the number of bits. */
static void align_to_byte(struct sim_inflate *z)
{
	drop(z, z->nbits % 8);
}

void sim_inflate_give_back(struct sim_inflate *z, struct sim_io *io)
{
	size_t n = z->nbits / 8;

	if (n > io->in_pos)
		n = io->in_pos;
	io->in_pos -= n;
	z->nbits = (uint8_t)(z->nbits - 8 * n);
	z->bits &= (1ull << z->nbits) - 1;
}

/* ---- decompression: Huffman codes ---- */

#define LEN_MAX		15
#define FAST_BITS	10
#define SYMBOLS_MAX	288

struct table {
	/* By the next bits: symbol << 4 | length, 0 if longer or no code. */
	uint16_t fast[1 << FAST_BITS];
	uint16_t count[LEN_MAX + 1];
	uint16_t symbol[SYMBOLS_MAX];
};

enum { SYMBOL_MORE = -1, SYMBOL_BAD = -2 };

static unsigned int reverse(unsigned int code, unsigned int len)
{
	unsigned int r = 0;

	while (len--) {
		r = r << 1 | (code & 1);
		code >>= 1;
	}
	return r;
}

static void fill_fast(struct table *t)
{
	const uint16_t *symbol = t->symbol;
	unsigned int code = 0;

	memset(t->fast, 0, sizeof(t->fast));
	for (unsigned int len = 1; len <= FAST_BITS; len++, code <<= 1) {
		for (unsigned int i = 0; i < t->count[len]; i++, code++) {
			unsigned int at = reverse(code, len);

			for (; at < 1u << FAST_BITS; at += 1u << len)
				t->fast[at] = (uint16_t)(*symbol << 4 | len);
			symbol++;
		}
	}
}

/* How many codes of the greatest length are left over; below 0: too many used. */
static int build(struct table *t, const uint8_t *len, unsigned int n)
{
	uint16_t at[LEN_MAX + 2] = { 0 };
	int left = 1;

	memset(t->count, 0, sizeof(t->count));
	for (unsigned int i = 0; i < n; i++)
		t->count[len[i]]++;
	for (unsigned int i = 1; i <= LEN_MAX; i++) {
		left = left * 2 - t->count[i];
		if (left < 0)
			return left;
		at[i + 1] = (uint16_t)(at[i] + t->count[i]);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (len[i])
			t->symbol[at[len[i]]++] = (uint16_t)i;
	}
	fill_fast(t);
	return left;
}

/* Whether a block may have it: complete, or a single code of one bit, or none. */
static bool build_checked(struct table *t, const uint8_t *len, unsigned int n)
{
	int left = build(t, len, n);

	return !left || (left > 0 && t->count[0] + t->count[1] == (int)n);
}

/* The symbol that bits start with, or SYMBOL_*. */
static int decode(const struct table *t, uint64_t bits, unsigned int nbits,
		  unsigned int *used)
{
	unsigned int fast = t->fast[bits & ((1u << FAST_BITS) - 1)];
	unsigned int code = 0, first = 0, index = 0;

	if (fast) {
		*used = fast & 15;
		return *used <= nbits ? (int)(fast >> 4) : SYMBOL_MORE;
	}
	for (unsigned int len = 1; len <= LEN_MAX; len++) {
		if (len > nbits)
			return SYMBOL_MORE;
		code |= (unsigned int)(bits >> (len - 1)) & 1;
		if (code < first + t->count[len]) {
			*used = len;
			return t->symbol[index + code - first];
		}
		index += t->count[len];
		first = (first + t->count[len]) << 1;
		code <<= 1;
	}
	return SYMBOL_BAD;
}

/* ---- decompression: blocks ---- */

static void fixed_lens(struct sim_inflate *z)
{
	z->lits = 288;
	z->dists = 32;
	memset(z->len, 8, 144);
	memset(z->len + 144, 9, 112);
	memset(z->len + 256, 7, 24);
	memset(z->len + 280, 8, 8);
	memset(z->len + 288, 5, 32);
}

static enum sim_stop read_head(struct sim_inflate *z, struct sim_io *io)
{
	need(z, io, 3);
	if (z->nbits < io->hold_bits)
		return SIM_STOP_HELD;
	if (z->nbits < 3)
		return SIM_STOP_INPUT;
	z->last = (uint8_t)take(z, 1);
	switch (take(z, 2)) {
	case 0:
		align_to_byte(z);
		z->mode = MODE_STORED_LEN;
		return SIM_STOP_NONE;
	case 1:
		fixed_lens(z);
		z->mode = MODE_CODES;
		return SIM_STOP_NONE;
	case 2:
		z->mode = MODE_SIZES;
		return SIM_STOP_NONE;
	default:
		return SIM_STOP_BAD;
	}
}

static void end_block(struct sim_inflate *z)
{
	z->mode = z->last ? MODE_END : MODE_HEAD;
	if (z->last)
		align_to_byte(z);
}

static enum sim_stop read_stored_len(struct sim_inflate *z, struct sim_io *io)
{
	uint32_t len;

	if (!need(z, io, 32))
		return SIM_STOP_INPUT;
	len = take(z, 16);
	if (take(z, 16) != (len ^ 0xffff))
		return SIM_STOP_BAD;
	z->stored_left = len;
	z->mode = MODE_STORED;
	return SIM_STOP_NONE;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static enum sim_stop copy_stored(struct sim_inflate *z, struct sim_io *io)
{
	size_t n;

	while (z->nbits && z->stored_left && io->out_pos < io->out_len) {
		io->out[io->out_pos++] = (uint8_t)take(z, 8);
		z->stored_left--;
	}
	n = least(least(z->stored_left, io->in_len - io->in_pos),
		  io->out_len - io->out_pos);
	if (n) {
		memcpy(io->out + io->out_pos, io->in + io->in_pos, n);
		io->out_pos += n;
		io->in_pos += n;
		z->stored_left -= (uint32_t)n;
	}
	if (!z->stored_left)
		end_block(z);
	else
		return io->out_pos == io->out_len ? SIM_STOP_SPACE : SIM_STOP_INPUT;
	return SIM_STOP_NONE;
}

static enum sim_stop read_sizes(struct sim_inflate *z, struct sim_io *io)
{
	if (!need(z, io, 14))
		return SIM_STOP_INPUT;
	z->lits = (uint16_t)(take(z, 5) + 257);
	z->dists = (uint8_t)(take(z, 5) + 1);
	z->code_lens = (uint8_t)(take(z, 4) + 4);
	if (z->lits > 286 || z->dists > 30)
		return SIM_STOP_BAD;
	memset(z->code_len, 0, sizeof(z->code_len));
	z->have = 0;
	z->mode = MODE_CODE_LENS;
	return SIM_STOP_NONE;
}

static enum sim_stop read_code_lens(struct sim_inflate *z, struct sim_io *io)
{
	static const uint8_t order[19] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
	};

	for (; z->have < z->code_lens; z->have++) {
		if (!need(z, io, 3))
			return SIM_STOP_INPUT;
		z->code_len[order[z->have]] = (uint8_t)take(z, 3);
	}
	z->have = 0;
	z->mode = MODE_LENS;
	return SIM_STOP_NONE;
}

/* One code of the lengths: a length, or a repetition. */
static enum sim_stop read_len(struct sim_inflate *z, struct sim_io *io,
			      const struct table *t)
{
	static const uint8_t extra[3] = { 2, 3, 7 }, base[3] = { 3, 3, 11 };
	unsigned int used = 0, repeat = 1, value;
	int symbol;

	need(z, io, 14);
	symbol = decode(t, z->bits, z->nbits, &used);
	if (symbol == SYMBOL_BAD)
		return SIM_STOP_BAD;
	if (symbol == SYMBOL_MORE ||
	    (symbol >= 16 && z->nbits < used + extra[symbol - 16]))
		return SIM_STOP_INPUT;
	drop(z, used);
	value = (unsigned int)symbol;
	if (symbol >= 16) {
		repeat = base[symbol - 16] + take(z, extra[symbol - 16]);
		if (symbol == 16 && !z->have)
			return SIM_STOP_BAD;
		value = symbol == 16 ? z->len[z->have - 1] : 0;
	}
	if (z->have + repeat > (unsigned int)z->lits + z->dists)
		return SIM_STOP_BAD;
	memset(z->len + z->have, (int)value, repeat);
	z->have = (uint16_t)(z->have + repeat);
	return SIM_STOP_NONE;
}

static enum sim_stop read_lens(struct sim_inflate *z, struct sim_io *io)
{
	struct table t;

	if (build(&t, z->code_len, 19))
		return SIM_STOP_BAD;
	while (z->have < z->lits + z->dists) {
		enum sim_stop stop = read_len(z, io, &t);

		if (stop)
			return stop;
	}
	if (!z->len[256] || !build_checked(&t, z->len, z->lits) ||
	    !build_checked(&t, z->len + z->lits, z->dists))
		return SIM_STOP_BAD;
	z->mode = MODE_CODES;
	return SIM_STOP_NONE;
}

static const uint16_t length_base[29] = {
	3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
	35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
};

static const uint8_t length_extra[29] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
	3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
};

/* Two distance symbols for each further extra bit. */
static unsigned int distance_extra(unsigned int symbol)
{
	return symbol < 4 ? 0 : symbol / 2 - 1;
}

static unsigned int distance_base(unsigned int symbol)
{
	if (symbol < 4)
		return symbol + 1;
	return ((2 + symbol % 2) << distance_extra(symbol)) + 1;
}

/*
 * The match whose length symbol ends at bit @at.  Nothing is taken before all of it
 * is there.
 */
static enum sim_stop read_match(struct sim_inflate *z, const struct sim_io *io,
				const struct table *t, unsigned int symbol,
				unsigned int at)
{
	unsigned int extra, len, dist, used = 0;
	int code;

	if (symbol > 285)
		return SIM_STOP_BAD;
	extra = length_extra[symbol - 257];
	if (z->nbits < at + extra)
		return SIM_STOP_INPUT;
	len = length_base[symbol - 257] +
	      (unsigned int)(z->bits >> at & ((1u << extra) - 1));
	at += extra;
	code = decode(t, z->bits >> at, z->nbits - at, &used);
	if (code == SYMBOL_BAD || code > 29)
		return SIM_STOP_BAD;
	if (code == SYMBOL_MORE)
		return SIM_STOP_INPUT;
	at += used;
	extra = distance_extra((unsigned int)code);
	if (z->nbits < at + extra)
		return SIM_STOP_INPUT;
	dist = distance_base((unsigned int)code) +
	       (unsigned int)(z->bits >> at & ((1u << extra) - 1));
	if (dist > io->history + io->out_pos)
		return SIM_STOP_BAD;
	drop(z, at + extra);
	z->match_len = (uint16_t)len;
	z->match_dist = (uint16_t)dist;
	return SIM_STOP_NONE;
}

/* May overlap itself, so byte by byte. */
static void copy_match(struct sim_inflate *z, struct sim_io *io)
{
	uint8_t *to = io->out + io->out_pos;
	size_t n = least(z->match_len, io->out_len - io->out_pos);

	for (size_t i = 0; i < n; i++, to++)
		*to = *(to - z->match_dist);
	io->out_pos += n;
	z->match_len = (uint16_t)(z->match_len - n);
}

/* A literal, a match or the end of the block. */
static enum sim_stop read_symbol(struct sim_inflate *z, struct sim_io *io,
				 const struct table *lits, const struct table *dists)
{
	unsigned int used = 0;
	int symbol;

	need(z, io, SYMBOL_BITS_MAX);
	symbol = decode(lits, z->bits, z->nbits, &used);
	if (symbol == SYMBOL_BAD)
		return SIM_STOP_BAD;
	if (symbol == SYMBOL_MORE)
		return SIM_STOP_INPUT;
	if (symbol == 256) {
		drop(z, used);
		end_block(z);
		return SIM_STOP_NONE;
	}
	/* The end of a block needs no space, so it is not missed when that is used up. */
	if (io->out_pos == io->out_len)
		return SIM_STOP_SPACE;
	if (symbol > 256)
		return read_match(z, io, dists, (unsigned int)symbol, used);
	drop(z, used);
	io->out[io->out_pos++] = (uint8_t)symbol;
	return SIM_STOP_NONE;
}

static enum sim_stop read_codes(struct sim_inflate *z, struct sim_io *io)
{
	struct table lits, dists;
	enum sim_stop stop;

	build(&lits, z->len, z->lits);
	build(&dists, z->len + z->lits, z->dists);
	while (z->mode == MODE_CODES) {
		if (z->match_len)
			copy_match(z, io);
		if (z->match_len)
			return SIM_STOP_SPACE;
		stop = read_symbol(z, io, &lits, &dists);
		if (stop)
			return stop;
	}
	return SIM_STOP_NONE;
}

static enum sim_stop step(struct sim_inflate *z, struct sim_io *io)
{
	switch (z->mode) {
	case MODE_HEAD:
		return read_head(z, io);
	case MODE_STORED_LEN:
		return read_stored_len(z, io);
	case MODE_STORED:
		return copy_stored(z, io);
	case MODE_SIZES:
		return read_sizes(z, io);
	case MODE_CODE_LENS:
		return read_code_lens(z, io);
	case MODE_LENS:
		return read_lens(z, io);
	case MODE_CODES:
		return read_codes(z, io);
	default:
		return SIM_STOP_END;
	}
}

enum sim_stop sim_inflate(struct sim_inflate *z, struct sim_io *io)
{
	enum sim_stop stop;

	do
		stop = step(z, io);
	while (!stop);
	return stop;
}

bool sim_inflate_trailer(struct sim_inflate *z, struct sim_io *io, size_t len)
{
	while (z->trailer_len < len && need(z, io, 8))
		z->trailer[z->trailer_len++] = (uint8_t)take(z, 8);
	return z->trailer_len == len;
}

bool sim_inflate_in_block(const struct sim_inflate *z)
{
	return z->mode != MODE_HEAD && z->mode != MODE_END;
}

bool sim_inflate_in_data(const struct sim_inflate *z)
{
	return z->mode == MODE_STORED || z->mode == MODE_CODES;
}

bool sim_inflate_ended(const struct sim_inflate *z)
{
	return z->mode == MODE_END;
}

/* Sizes that a fixed block has, too, are in range. */
static bool lens_valid(const struct sim_inflate *z)
{
	struct table t;

	for (size_t i = 0; i < sizeof(z->code_len); i++) {
		if (z->code_len[i] > 7)
			return false;
	}
	for (size_t i = 0; i < sizeof(z->len); i++) {
		if (z->len[i] > LEN_MAX)
			return false;
	}
	if (z->lits > SYMBOLS_MAX || z->dists > 32 || z->code_lens > 19 ||
	    z->have > z->lits + z->dists)
		return false;
	return z->mode != MODE_CODES ||
	       (build_checked(&t, z->len, z->lits) &&
		build_checked(&t, z->len + z->lits, z->dists));
}

bool sim_inflate_valid(const struct sim_inflate *z, size_t history)
{
	if (z->mode >= MODE_COUNT || z->nbits > NBITS_MAX || z->bits >> z->nbits ||
	    z->trailer_len > SIM_TRAILER_MAX || z->stored_left > 0xffff)
		return false;
	if ((z->mode == MODE_STORED || z->mode == MODE_END) && z->nbits % 8)
		return false;
	if (z->match_len > 258 || (z->match_len && !z->match_dist) ||
	    z->match_dist > SIM_WINDOW_MAX ||
	    (z->match_len && z->match_dist > history))
		return false;
	return lens_valid(z);
}
