/* SPDX-License-Identifier: MIT */
/*
 * Makes the seeds of fuzz_sim_requests: each kind of request, with data or with what it
 * compresses to, as it should be and with each dword changed in turn.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "seeds.h"
#include "sim_case.h"

#define DATA_LEN	700u
#define CASE_MAX	4096u
#define FORMATS		3
#define DWORDS		32

struct seed {
	uint8_t bytes[CASE_MAX];
	size_t len;
};

static size_t make_data(uint8_t *data)
{
	static const char text[] = "queue doorbell member block chunk window ";
	uint32_t noise = 1;

	for (size_t i = 0; i < DATA_LEN; i++) {
		noise = noise * 1664525 + 1013904223;
		data[i] = noise >> 29 ? (uint8_t)text[i % (sizeof(text) - 1)] :
					(uint8_t)(noise >> 16);
	}
	return DATA_LEN;
}

/* Without the header, which is software's. */
static size_t pack(int format, int level, int strategy, const uint8_t *data, size_t len,
		   uint8_t *out)
{
	static const int bits[FORMATS] = { -15, 15, 31 };
	static const size_t header[FORMATS] = { 0, 2, 10 };
	uint8_t whole[CASE_MAX];
	z_stream z = { .next_in = (uint8_t *)data, .avail_in = (uInt)len };

	z.next_out = whole;
	z.avail_out = sizeof(whole);
	if (deflateInit2(&z, level, Z_DEFLATED, bits[format], 8, strategy) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	len = z.total_out - header[format];
	memcpy(out, whole + header[format], len);
	deflateEnd(&z);
	return len;
}

static void begin(struct seed *s, uint8_t flags, uint8_t more, uint8_t changes)
{
	const uint8_t head[SIM_CASE_LEN] = { flags, more, 200, 3, changes };

	memcpy(s->bytes, head, sizeof(head));
	s->len = sizeof(head);
}

static void add(struct seed *s, const uint8_t *data, size_t len)
{
	if (len > sizeof(s->bytes) - s->len)
		abort();
	memcpy(s->bytes + s->len, data, len);
	s->len += len;
}

static void add_change(struct seed *s, uint8_t request, uint8_t what, size_t at)
{
	const uint8_t change[SIM_CHANGE_LEN] = {
		(uint8_t)(request | what << 2), (uint8_t)at, (uint8_t)(at >> 8), 1,
	};

	add(s, change, sizeof(change));
}

/* Every combination of flags, on good data. */
static void good_seeds(const uint8_t *data, size_t len, t_seed_fn fn, void *arg)
{
	static const int strategies[] = {
		Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE,
	};
	struct seed s;

	for (unsigned int flags = 0; flags < 128; flags++) {
		int format = flags >> 1 & 3;
		uint8_t packed[CASE_MAX];
		size_t n;

		if (format >= FORMATS)
			continue;
		begin(&s, (uint8_t)flags, (uint8_t)(flags * 5), 0);
		n = pack(format, flags & SIM_CASE_SMALL ? 0 : 6,
			 strategies[flags / 3 % 4], data, len, packed);
		if (flags & SIM_CASE_DECOMPRESS)
			add(&s, packed, n);
		else
			add(&s, data, len);
		fn(arg, s.bytes, s.len);
	}
}

/* One dword of the second request, of a list or of the context is changed. */
static void changed_seeds(const uint8_t *data, size_t len, t_seed_fn fn, void *arg)
{
	uint8_t packed[CASE_MAX];
	size_t n = pack(2, 6, Z_DEFAULT_STRATEGY, data, len, packed);
	struct seed s;

	for (unsigned int i = 0; i < DWORDS * 8; i++) {
		uint8_t flags = (uint8_t)(2 << 1 | (i / DWORDS & 1) |
					  (i / DWORDS & 2) << 2 | (i / DWORDS & 4) << 2);
		uint8_t request = flags & SIM_CASE_STATEFUL ? 1 : 0;

		begin(&s, flags, 1 << 3, 1);
		add_change(&s, request,
			   (uint8_t)(flags & SIM_CASE_SGL ? i % 3 : SIM_CHANGE_SQE),
			   i % DWORDS * 4);
		if (flags & SIM_CASE_DECOMPRESS)
			add(&s, packed, n);
		else
			add(&s, data, len);
		fn(arg, s.bytes, s.len);
	}
}

void t_seeds(t_seed_fn fn, void *arg)
{
	uint8_t data[DATA_LEN];
	size_t len = make_data(data);

	good_seeds(data, len, fn, arg);
	good_seeds(data, 1, fn, arg);
	changed_seeds(data, len, fn, arg);
}
