/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer for the decoder of .Z files: any codes have to give the same however
 * they are cut into reads, and what a writer makes of any data has to give it
 * back.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lzw.h"

#define OUT_MAX		(1u << 20)	/* what is looked at of a bomb */
#define IN_MAX		(1u << 16)
#define CODES		(1u << LZW_BITS_MAX)
#define CODE_CLEAR	256
#define FIRST_WIDTH	9
#define CLEAR_EVERY	600	/* codes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* ---- reading ---- */

struct run {
	const uint8_t *in;
	size_t in_len;
	size_t at_once;
	uint8_t *out;
	size_t out_len;
	enum lzw_result result;
};

static ssize_t on_read(void *arg, void *buf, size_t room)
{
	struct run *r = arg;
	size_t n = r->in_len;

	if (n > r->at_once)
		n = r->at_once;
	if (n > room)
		n = room;
	if (n)
		memcpy(buf, r->in, n);
	r->in += n;
	r->in_len -= n;
	return n;
}

static int on_write(void *arg, const void *data, size_t len)
{
	struct run *r = arg;

	if (r->out_len + len > OUT_MAX)
		return -1;
	memcpy(r->out + r->out_len, data, len);
	r->out_len += len;
	return 0;
}

/* @out: OUT_MAX bytes */
static struct run decode(const uint8_t *in, size_t len, unsigned int bits,
			 bool can_clear, size_t at_once, uint8_t *out)
{
	struct run r = { .in = in, .in_len = len, .at_once = at_once, .out = out };
	struct lzw_io io = { on_read, on_write, &r };
	struct lzw *z = lzw_create(bits, can_clear, &io);

	check(z);
	r.result = lzw_decode(z);
	lzw_destroy(z);
	return r;
}

static void check_any(const uint8_t *in, size_t len, unsigned int bits, bool can_clear)
{
	static uint8_t out[2][OUT_MAX];
	struct run whole = decode(in, len, bits, can_clear, len + 1, out[0]);
	struct run pieces = decode(in, len, bits, can_clear, 1 + len % 3, out[1]);

	check(whole.result == pieces.result);
	check(whole.out_len == pieces.out_len);
	check(!memcmp(whole.out, pieces.out, whole.out_len));
}

/* ---- writing ---- */

struct writer {
	uint8_t *out;
	size_t bit;
	unsigned int width;
	unsigned int in_group;
	unsigned int free;
	unsigned int first_free;
	uint16_t next[CODES][256];	/* the code of a string and a byte, or 0 */
	uint16_t *used[CODES];		/* where in @next, for each code */
};

static struct writer writer;

static void put(struct writer *w, unsigned int code)
{
	for (unsigned int i = 0; i < w->width; i++, w->bit++)
		w->out[w->bit / 8] |= (code >> i & 1) << w->bit % 8;
	w->in_group = (w->in_group + 1) % 8;
}

static void end_group(struct writer *w)
{
	while (w->in_group)
		put(w, 0);
}

/* The reader adds an entry one code later. */
static void widen(struct writer *w, unsigned int bits)
{
	if (w->free <= (1u << w->width) - 1 || w->width >= bits)
		return;
	end_group(w);
	w->width++;
}

static void add(struct writer *w, uint16_t *next)
{
	w->used[w->free] = next;
	*next = w->free++;
}

static void empty_table(struct writer *w)
{
	while (w->free > w->first_free)
		*w->used[--w->free] = 0;
}

static void clear(struct writer *w)
{
	put(w, CODE_CLEAR);
	end_group(w);
	w->width = FIRST_WIDTH;
	empty_table(w);
}

static void encode(struct writer *w, const uint8_t *in, size_t len, unsigned int bits,
		   bool can_clear)
{
	unsigned int codes = 0;
	unsigned int have = in[0];

	w->bit = w->in_group = 0;
	w->width = FIRST_WIDTH;
	w->free = w->first_free = 256 + can_clear;
	for (size_t i = 1; i < len; i++) {
		uint16_t *next = &w->next[have][in[i]];

		if (*next) {
			have = *next;
			continue;
		}
		put(w, have);
		widen(w, bits);
		if (can_clear && ++codes % CLEAR_EVERY == 0)
			clear(w);
		else if (w->free < 1u << bits)
			add(w, next);
		have = in[i];
	}
	put(w, have);
	empty_table(w);
}

static void check_written(const uint8_t *in, size_t len, unsigned int bits,
			  bool can_clear)
{
	static uint8_t out[OUT_MAX];
	struct writer *w = &writer;
	struct run r;

	/* At most a code a byte, a group of padding a width, and that per clear. */
	w->out = calloc(1, 3 * len + (len / CLEAR_EVERY + 1) * 1024);
	check(w->out);
	encode(w, in, len, bits, can_clear);
	r = decode(w->out, (w->bit + 7) / 8, bits, can_clear, 1 + len % 1000,
		   out);
	check(r.result == LZW_DONE);
	check(r.out_len == len && !memcmp(r.out, in, len));
	free(w->out);
}

/* The first byte is as the third one of a file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned int bits;
	bool can_clear;

	if (len < 2 || len > IN_MAX)
		return 0;
	bits = data[0] % (LZW_BITS_MAX + 1);
	can_clear = data[0] & 0x80;
	check_any(data + 1, len - 1, bits, can_clear);
	if (bits > FIRST_WIDTH)
		check_written(data + 1, len - 1, bits, can_clear);
	return 0;
}
