/* SPDX-License-Identifier: MIT */
/*
 * The coding of compress(1): LZW with codes that grow from 9 bits.
 *
 * A code stands for a byte, or for an entry of the table: the string of an
 * earlier code and one byte more.  After each code but the first an entry is
 * added, the string before with the first byte of this one, until the table is
 * full.  Whoever wrote the codes did the same, so the table is never sent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lzw.h"

#define LITERALS	256	/* codes that stand for a byte */
#define CODE_CLEAR	256	/* if there is such a code */
#define WIDTH_MIN	9	/* bits of the first code */
#define GROUP		8	/* codes of one width come in eights */
#define TABLE_SIZE	(1u << LZW_BITS_MAX)
#define STRING_MAX	TABLE_SIZE	/* each entry is one byte longer than one before */
#define IN_SIZE		(64u << 10)
#define IN_SPARE	2	/* bytes after the input that a code may touch */
#define OUT_SIZE	(128u << 10)
#define NO_CODE		(-1)

struct entry {
	uint16_t prefix;	/* the code of all but the last byte */
	uint16_t length;
	uint8_t last;
};

/*
 * struct lzw - a decoder
 * @limit:    size of the table, as the header tells
 * @free:     the next entry
 * @width:    bits of a code
 * @widen_at: codes become wider once @free is larger
 * @in_group: codes read of this group
 * @previous: the code before, or NO_CODE at the beginning and after a clear
 * @first:    the first byte of its string
 * @bit:      where the next code begins in @in; may be past the end
 */
struct lzw {
	struct lzw_io io;
	bool can_clear;
	unsigned int bits;
	unsigned int limit;
	unsigned int free;
	unsigned int width;
	unsigned int widen_at;
	unsigned int in_group;
	int previous;
	uint8_t first;
	bool read_failed;
	size_t bit;
	size_t in_len;
	size_t out_len;
	struct entry table[TABLE_SIZE];
	uint8_t in[IN_SIZE + IN_SPARE];
	uint8_t out[OUT_SIZE + STRING_MAX];
};

/* ---- codes ---- */

static void empty_table(struct lzw *z)
{
	z->free = LITERALS + z->can_clear;
	z->width = WIDTH_MIN;
	z->widen_at = (1u << WIDTH_MIN) - 1;
	z->previous = NO_CODE;
}

/* A new width begins with a new group: the rest of this one is padding. */
static void end_group(struct lzw *z)
{
	z->bit += (GROUP - z->in_group) % GROUP * z->width;
	z->in_group = 0;
}

/*
 * That the widest codes, and only these, use their last number before they would
 * be widened, is how compress has always done it.
 */
static void widen(struct lzw *z)
{
	end_group(z);
	z->width++;
	z->widen_at = (1u << z->width) - (z->width != z->bits);
}

static bool has_code(const struct lzw *z)
{
	return z->bit + z->width <= 8 * z->in_len;
}

/* Whether there is a code now. */
static bool refill(struct lzw *z)
{
	while (!has_code(z)) {
		size_t used = z->bit / 8 < z->in_len ? z->bit / 8 : z->in_len;
		ssize_t n;

		z->in_len -= used;
		z->bit -= 8 * used;
		memmove(z->in, z->in + used, z->in_len);
		n = z->io.read(z->io.arg, z->in + z->in_len, IN_SIZE - z->in_len);
		z->read_failed = n < 0;
		if (n <= 0)
			return false;
		z->in_len += n;
		memset(z->in + z->in_len, 0, IN_SPARE);
	}
	return true;
}

/* NO_CODE at the end of the input. */
static int next_code(struct lzw *z)
{
	const uint8_t *p;
	uint32_t word;

	if (z->free > z->widen_at)
		widen(z);
	if (!has_code(z) && !refill(z))
		return NO_CODE;
	p = z->in + z->bit / 8;
	word = p[0] | p[1] << 8 | (uint32_t)p[2] << 16;
	word >>= z->bit % 8;
	z->bit += z->width;
	z->in_group = (z->in_group + 1) % GROUP;
	return word & ((1u << z->width) - 1);
}

/* ---- strings ---- */

static int flush(struct lzw *z)
{
	size_t len = z->out_len;

	z->out_len = 0;
	return len ? z->io.write(z->io.arg, z->out, len) : 0;
}

/* The string of @code to the output, from its end. */
static void put_string(struct lzw *z, unsigned int code)
{
	uint8_t *p;

	z->out_len += z->table[code].length;
	p = z->out + z->out_len;
	for (; code >= LITERALS; code = z->table[code].prefix)
		*--p = z->table[code].last;
	*--p = code;
	z->first = code;
}

static bool is_valid(const struct lzw *z, unsigned int code)
{
	if (code < LITERALS)
		return true;
	if (z->previous == NO_CODE)
		return false;
	/* The entry that this very code completes may be used at once. */
	return code < z->free || (code == z->free && z->free < z->limit);
}

static void take_code(struct lzw *z, unsigned int code)
{
	struct entry *new = NULL;

	if (z->previous != NO_CODE && z->free < z->limit) {
		new = &z->table[z->free++];
		new->prefix = z->previous;
		new->length = z->table[z->previous].length + 1;
		new->last = z->first;
	}
	put_string(z, code);
	if (new)
		new->last = z->first;
	z->previous = code;
}

/* ---- the whole ---- */

struct lzw *lzw_create(unsigned int bits, bool can_clear, const struct lzw_io *io)
{
	struct lzw *z = malloc(sizeof(*z));

	if (!z)
		return NULL;
	memset(z, 0, offsetof(struct lzw, table));
	z->io = *io;
	z->bits = bits;
	z->can_clear = can_clear;
	z->limit = 1u << bits;
	for (unsigned int i = 0; i < LITERALS; i++)
		z->table[i].length = 1;
	empty_table(z);
	return z;
}

static enum lzw_result decode(struct lzw *z)
{
	bool begun = false;
	int code;

	while ((code = next_code(z)) != NO_CODE) {
		if (code == CODE_CLEAR && z->can_clear && begun) {
			end_group(z);
			empty_table(z);
			continue;
		}
		if (!is_valid(z, code))
			return LZW_CORRUPT;
		begun = true;
		take_code(z, code);
		if (z->out_len >= OUT_SIZE && flush(z) < 0)
			return LZW_WRITE_ERROR;
	}
	if (z->read_failed)
		return LZW_READ_ERROR;
	/* A writer fills the last byte and no more. */
	return z->bit + 8 <= 8 * z->in_len ? LZW_TRUNCATED : LZW_DONE;
}

enum lzw_result lzw_decode(struct lzw *z)
{
	enum lzw_result result = decode(z);

	if (result != LZW_WRITE_ERROR && flush(z) < 0)
		return LZW_WRITE_ERROR;
	return result;
}

void lzw_destroy(struct lzw *z)
{
	free(z);
}
