/* SPDX-License-Identifier: MIT */
/*
 * The CPU codec's parts: header parsers, checksums, levels, and raw DEFLATE out
 * of the engines.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "codec.h"
#include "format/format.h"
#include "t_util.h"

#include <cmocka.h>

#define NAME_CAP	40u

/* ---- headers ---- */

enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16 };

struct header {
	uint8_t bytes[6000];
	size_t len;
	uint8_t flags;
	char name[2000];
	size_t name_len;
};

static void put(struct header *h, const void *data, size_t len)
{
	memcpy(h->bytes + h->len, data, len);
	h->len += len;
}

static void put16(struct header *h, unsigned int v)
{
	const uint8_t p[] = { (uint8_t)v, (uint8_t)(v >> 8) };

	put(h, p, 2);
}

static void put_string(struct header *h, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h->bytes[h->len++] = (uint8_t)(1 + t_rnd_below(255));
	h->bytes[h->len++] = 0;
}

/* A valid header with the optional fields of @flags. */
static void make_header(struct header *h, uint8_t flags)
{
	const uint8_t fixed[] = { 0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 7 };
	static const size_t lens[] = { 0, 1, 5, NAME_CAP - 1, NAME_CAP, 1500 };

	memset(h, 0, sizeof(*h));
	put(h, fixed, sizeof(fixed));
	h->flags = flags;
	if (flags & FEXTRA) {
		size_t n = lens[t_rnd_below(T_ARRAY_SIZE(lens))];

		put16(h, (unsigned int)n);
		for (size_t i = 0; i < n; i++)
			h->bytes[h->len++] = (uint8_t)t_rnd();
	}
	if (flags & FNAME) {
		size_t at = h->len;

		h->name_len = lens[t_rnd_below(T_ARRAY_SIZE(lens))];
		put_string(h, h->name_len);
		memcpy(h->name, h->bytes + at, h->name_len + 1);
	}
	if (flags & FCOMMENT)
		put_string(h, lens[t_rnd_below(T_ARRAY_SIZE(lens))]);
	if (flags & FHCRC)
		put16(h, crc32_z(0, h->bytes, h->len) & 0xffff);
}

/* In pieces of @piece bytes, with bytes of data after it. */
static int feed(struct wd_head *head, const struct header *h, size_t piece,
		size_t *used)
{
	size_t len = h->len + 3 < sizeof(h->bytes) ? h->len + 3 : h->len;
	int ret = 0;

	*used = 0;
	wd_head_begin(head);
	while (!ret && *used < len) {
		size_t want = piece < len - *used ? piece : len - *used;
		uint8_t *exact = malloc(want);
		size_t n = 0;

		assert_non_null(exact);
		memcpy(exact, h->bytes + *used, want);
		ret = wd_gzip_head_feed(head, exact, want, &n);
		assert_true(n <= want);
		if (!ret)
			assert_int_equal(n, want);
		*used += n;
		free(exact);
	}
	return ret;
}

static void t_headers_are_parsed_in_pieces_of_any_size(void **state)
{
	static const size_t few[] = { 1, 2, 3, 5, 11, 64, 1000, 4000 };
	char name[NAME_CAP];
	struct wd_head head = { .name = name, .name_cap = sizeof(name) };
	struct header h;
	size_t used;

	(void)state;
	for (int i = 0; i < 32 * 20; i++) {
		bool fits;

		make_header(&h, (uint8_t)(i % 32));
		fits = h.name_len < NAME_CAP;
		for (size_t k = 0; k < T_ARRAY_SIZE(few) + 20; k++) {
			size_t piece = k < T_ARRAY_SIZE(few) ? few[k] : k;

			assert_int_equal(feed(&head, &h, piece, &used), 1);
			assert_int_equal(used, h.len);
			assert_int_equal(head.mtime, 0x04030201);
			assert_int_equal(head.os, 7);
			assert_int_equal(head.error, WD_COMP_OK);
			/* Dropped if it is too long, not cut. */
			assert_int_equal(head.name_len, fits ? h.name_len : 0);
			if (h.name_len && fits)
				assert_string_equal(name, h.name);
		}
	}
}

static void t_headers_need_no_room_for_a_name(void **state)
{
	struct wd_head head = { .name = NULL };
	struct header h;
	size_t used;

	(void)state;
	for (int i = 0; i < 64; i++) {
		make_header(&h, FNAME | FHCRC);
		assert_int_equal(feed(&head, &h, 1 + (size_t)i, &used), 1);
		assert_int_equal(used, h.len);
		assert_int_equal(head.name_len, 0);
	}
}

static void t_short_headers_want_more(void **state)
{
	struct wd_head head = { .name = NULL };
	struct wd_member m;
	struct header h;
	size_t used;

	(void)state;
	for (int flags = 0; flags < 32; flags++) {
		make_header(&h, (uint8_t)flags);
		for (size_t len = 0; len < h.len; len++) {
			wd_head_begin(&head);
			assert_int_equal(wd_gzip_head_feed(&head, h.bytes, len, &used), 0);
			assert_int_equal(used, len);
			assert_int_equal(wd_member_parse(h.bytes, len, &m), 0);
		}
		assert_int_equal(wd_member_parse(h.bytes, h.len, &m), 1);
		assert_int_equal(m.header_len, h.len);
	}
}

static void expect_error(const struct header *h, enum wd_comp_error error,
			 uint32_t stored, uint32_t computed)
{
	struct wd_head head = { .name = NULL };
	struct wd_member m;
	size_t used;

	for (size_t piece = 1; piece < 20; piece++) {
		assert_int_equal(feed(&head, h, piece, &used), -EBADMSG);
		assert_int_equal(head.error, error);
		assert_int_equal(head.stored, stored);
		assert_int_equal(head.computed, computed);
	}
	assert_int_equal(wd_member_parse(h->bytes, h->len, &m), -EBADMSG);
}

static void t_wrong_headers_are_told_apart(void **state)
{
	struct header h;
	uint32_t crc;

	(void)state;
	make_header(&h, 0);
	h.bytes[0] = 'x';
	expect_error(&h, WD_COMP_ERR_MAGIC, 0, 0);
	make_header(&h, 0);
	h.bytes[0] = 0;
	expect_error(&h, WD_COMP_ERR_MAGIC, 0, 0);
	make_header(&h, 0);
	h.bytes[1] = 0x8c;
	expect_error(&h, WD_COMP_ERR_MAGIC, 0, 0);
	make_header(&h, 0);
	h.bytes[2] = 9;
	expect_error(&h, WD_COMP_ERR_METHOD, 0, 9);
	for (unsigned int bit = 5; bit < 8; bit++) {
		make_header(&h, 0);
		h.bytes[3] = (uint8_t)(1 << bit);
		expect_error(&h, WD_COMP_ERR_FLAGS, 0, 1u << bit);
	}
	for (int flags = 0; flags < 32; flags++) {
		if (!(flags & FHCRC))
			continue;
		make_header(&h, (uint8_t)flags);
		crc = (uint32_t)crc32_z(0, h.bytes, h.len - 2) & 0xffff;
		h.bytes[h.len - 2] ^= 1;
		expect_error(&h, WD_COMP_ERR_HEADER_CHECKSUM, crc ^ 1, crc);
	}
}

/* Damage is noticed, and pieces give what the whole gives. */
static void t_pieces_and_the_whole_agree_on_damage(void **state)
{
	struct wd_head one = { .name = NULL }, many = { .name = NULL };
	struct header h;
	size_t used_one, used_many;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		int ret;

		make_header(&h, (uint8_t)(i % 32));
		h.bytes[t_rnd_below((uint32_t)h.len)] ^= 1 << t_rnd_below(8);
		ret = feed(&one, &h, sizeof(h.bytes), &used_one);
		assert_int_equal(feed(&many, &h, 1 + t_rnd_below(9), &used_many), ret);
		if (ret)
			assert_int_equal(used_one, used_many);
		assert_int_equal(one.error, many.error);
		assert_int_equal(one.stored, many.stored);
		assert_int_equal(one.computed, many.computed);
	}
}

/* One subfield of an extra field, and the member's size it tells. */
struct size_case {
	const char *id;
	unsigned int len;
	const char *data;
	bool adds_header, adds_trailer;
	uint64_t size;		/* 0: tells nothing */
};

static const struct size_case size_cases[] = {
	{ "BC", 2, "\xff\x01", false, false, 0x200 },
	{ "BC", 2, "\xff\xff", false, false, 0x10000 },
	{ "BC", 3, "\xff\x01\x02", false, false, 0 },
	{ "QZ", 8, "\1\2\3\4\x10\x20\x30\x40", true, true, 0x40302010 },
	{ "QZ", 8, "\1\2\3\4\xff\xff\xff\xff", true, true, 0xffffffff },
	{ "QZ", 4, "\1\2\3\4", false, false, 0 },
	{ "MZ", 4, "\x10\x20\x30\0", true, true, 0x302010 },
	{ "MZ", 5, "\x10\x20\x30\0\0", false, false, 0 },
	{ "ZC", 4, "\x10\x20\x30\0", true, true, 0x302010 },
	{ "IG", 4, "\x10\x20\x30\0", false, false, 0x302010 },
	{ "Hi", 4, "\x10\x20\x30\0", true, false, 0x302010 },
	{ "bc", 2, "\xff\x01", false, false, 0 },
	{ "XX", 0, "", false, false, 0 },
};

static void put_subfield(struct header *h, const struct size_case *c)
{
	put(h, c->id, 2);
	put16(h, c->len);
	put(h, c->data, c->len);
}

static void begin_extra(struct header *h, size_t len)
{
	memset(h, 0, sizeof(*h));
	put(h, "\x1f\x8b\x08\x04\0\0\0\0\0\x03", 10);
	put16(h, (unsigned int)len);
}

static uint64_t told(const struct size_case *c, const struct header *h)
{
	if (!c->size)
		return 0;
	return c->size + (c->adds_header ? h->len : 0) + (c->adds_trailer ? 8 : 0);
}

static void t_every_size_field_is_understood(void **state)
{
	static const struct size_case other = { "AB", 3, "xyz", false, false, 0 };
	struct wd_member m;
	struct header h;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(size_cases); i++) {
		const struct size_case *c = &size_cases[i];

		/* Alone, after another one, and with another after it. */
		for (int where = 0; where < 3; where++) {
			begin_extra(&h, 4 + c->len + (where ? 7 : 0));
			if (where == 1)
				put_subfield(&h, &other);
			put_subfield(&h, c);
			if (where == 2)
				put_subfield(&h, &other);
			assert_int_equal(wd_member_parse(h.bytes, h.len, &m), 1);
			assert_int_equal(m.header_len, h.len);
			assert_int_equal(m.size, told(c, &h));
		}
	}
}

static void t_broken_extra_fields_tell_no_size(void **state)
{
	struct wd_member m;
	struct header h;

	(void)state;
	/* The subfield is longer than the field. */
	begin_extra(&h, 6);
	put(&h, "BC\3\0\1\2", 6);
	assert_int_equal(wd_member_parse(h.bytes, h.len, &m), 1);
	assert_int_equal(m.size, 0);
	begin_extra(&h, 8);
	put(&h, "XY\xff\xff\1\2\3\4", 8);
	assert_int_equal(wd_member_parse(h.bytes, h.len, &m), 1);
	assert_int_equal(m.size, 0);
	for (unsigned int n = 0; n < 4; n++) {
		begin_extra(&h, n);
		put(&h, "BC\2", n);
		assert_int_equal(wd_member_parse(h.bytes, h.len, &m), 1);
		assert_int_equal(m.size, 0);
	}
}

/* What was written is read, byte by byte and all at once. */
static void read_zlib_head(const uint8_t *p, bool dict)
{
	size_t size = wd_zlib_head_size(dict);

	for (size_t step = 1; step <= 6; step += 5) {
		struct wd_head head = { 0 };
		size_t used, pos = 0;
		int ret = 0;

		while (!ret && pos < 6) {
			ret = wd_format_zlib.feed_head(&head, p + pos, step, &used);
			pos += used;
		}
		assert_int_equal(ret, 1);
		assert_int_equal(pos, size);
		assert_int_equal(head.needs_window, dict);
		if (dict)
			assert_int_equal(head.window_sum, 0x12345678);
	}
}

static void t_zlib_headers_follow_the_level(void **state)
{
	(void)state;
	for (int level = 1; level <= 12; level++) {
		for (int dict = 0; dict < 2; dict++) {
			static const uint8_t flevel[] = { 0, 0, 1, 1, 1, 1, 2, 3 };
			uint8_t p[6];

			wd_zlib_head_write(p, level, dict, 0x12345678);
			assert_int_equal(p[0], 0x78);
			assert_int_equal((p[0] << 8 | p[1]) % 31, 0);
			assert_int_equal(!!(p[1] & 0x20), dict);
			assert_int_equal(p[1] >> 6, flevel[level < 7 ? level : 7]);
			read_zlib_head(p, dict);
		}
		assert_int_equal(wd_gzip_xfl(level), level == 1 ? 4 : level >= 9 ? 2 : 0);
	}
}

static void t_every_zlib_header_gets_a_verdict(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < 65536; v++) {
		const uint8_t p[] = { (uint8_t)(v >> 8), (uint8_t)v };
		bool good = v % 31 == 0 && (p[0] & 15) == 8 && p[0] >> 4 < 8;

		struct wd_head head = { 0 };
		size_t used;
		int ret = wd_format_zlib.feed_head(&head, p, 2, &used);

		assert_int_equal(ret, !good ? -EBADMSG : !(p[1] & 0x20));
		assert_int_equal(head.error == WD_COMP_OK, good);
	}
}

/* ---- checksums ---- */

static void t_checksums_of_pieces_join(void **state)
{
	uint8_t data[5000];

	(void)state;
	t_fill(data, sizeof(data), T_MIXED);
	for (int i = 0; i < 1000; i++) {
		size_t len = t_rnd_below(sizeof(data));
		size_t cut = i < 4 ? (i % 2 ? len : 0) : t_rnd_below((uint32_t)len + 1);
		uint32_t crc = (uint32_t)crc32_z(0, data, len);
		uint32_t adler = (uint32_t)adler32_z(1, data, len);

		assert_int_equal(wd_crc32(0, data, len), crc);
		assert_int_equal(wd_adler32(1, data, len), adler);
		assert_int_equal(wd_crc32(wd_crc32(0, data, cut), data + cut, len - cut),
				 crc);
		assert_int_equal(wd_adler32(wd_adler32(1, data, cut), data + cut,
					    len - cut), adler);
		for (int f = 0; f < 3; f++) {
			enum wd_comp_format format = (enum wd_comp_format)f;

			assert_int_equal(wd_checksum_join(format,
				wd_checksum(format, data, cut),
				wd_checksum(format, data + cut, len - cut),
				len - cut), f == WD_COMP_ZLIB ? adler : crc);
		}
	}
	for (int f = 0; f < 3; f++)
		assert_int_equal(wd_checksum_empty((enum wd_comp_format)f),
				 wd_checksum((enum wd_comp_format)f, data, 0));
}

/* Of @len zeros, by doubling. */
static uint32_t crc_of_zeros(uint64_t len)
{
	static const uint8_t zero[1];
	uint32_t crc = 0;

	for (unsigned int bit = 64; bit--;) {
		uint64_t part = len >> bit;

		crc = wd_crc32_join(crc, crc, part / 2);
		if (part & 1)
			crc = wd_crc32(crc, zero, 1);
	}
	return crc;
}

static void t_joins_take_64_bit_lengths(void **state)
{
	static const uint64_t lens[] = {
		1, 65520, 65521, 65522, 1u << 31, (uint64_t)1 << 32,
		((uint64_t)5 << 30) + 12345, ((uint64_t)1 << 40) + 7,
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(lens); i++) {
		uint64_t n = lens[i];
		/* Zeros leave the first half of Adler-32 alone. */
		uint32_t adler = 1 | (uint32_t)(n % 65521) << 16;
		uint32_t twice = 1 | (uint32_t)(2 * n % 65521) << 16;

		assert_int_equal(wd_adler32_join(adler, adler, n), twice);
		assert_int_equal(wd_adler32_join(1, adler, n), adler);
		assert_int_equal(wd_crc32_join(crc_of_zeros(n), crc_of_zeros(n + 3),
					       n + 3), crc_of_zeros(2 * n + 3));
	}
}

/* ---- levels and engines ---- */

static void t_levels_are_complete(void **state)
{
	(void)state;
	for (int level = WD_COMP_LEVEL_MIN; level <= WD_COMP_LEVEL_MAX; level++) {
		const struct wd_level *l = wd_level_get(level);

		assert_non_null(l->name);
		assert_in_range(l->libdeflate, 1, 12);
		assert_in_range(l->chunk_size, WD_COMP_CHUNK_MIN, WD_COMP_CHUNK_MAX);
		assert_true(l->isal <= 3);
		/* Its output varies with the addresses of buffers. */
		assert_int_not_equal(l->isal, 1);
	}
}

struct engine {
	struct wd_deflate *d;
	uint8_t *out;
	size_t cap;
};

/* Into exactly @cap bytes. */
static int run(struct engine *e, const uint8_t *in, size_t len, size_t cap,
	       int level, bool open, struct wd_deflate_job *job)
{
	*job = (struct wd_deflate_job){
		.in = in, .in_len = len, .out = e->out + e->cap - cap,
		.out_cap = cap, .level = level, .open = open,
	};
	return wd_deflate_run(e->d, job);
}

static void begin(struct engine *e, size_t len)
{
	e->d = wd_deflate_create();
	e->cap = wd_deflate_bound(len);
	e->out = malloc(e->cap);
	assert_non_null(e->d);
	assert_non_null(e->out);
}

static void end(struct engine *e)
{
	wd_deflate_destroy(e->d);
	free(e->out);
}

static void check_raw(const struct wd_deflate_job *job)
{
	static const uint8_t last[] = { 3, 0 };
	struct t_bytes stream = { 0 };
	struct t_verdict v;

	t_bytes_add(&stream, job->out, job->produced);
	if (job->open) {
		assert_true(job->produced >= 9);
		assert_memory_equal(job->out + job->produced - 9,
				    "\0\0\xff\xff\0\0\0\xff\xff", 9);
		t_bytes_add(&stream, last, sizeof(last));
	}
	t_judge(&v, WD_COMP_RAW, stream.data, stream.len, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.used, stream.len);
	assert_int_equal(v.out.len, job->in_len);
	if (job->in_len)
		assert_memory_equal(v.out.data, job->in, job->in_len);
	t_bytes_free(&stream);
	t_bytes_free(&v.out);
}

static void t_engines_make_right_streams(void **state)
{
	static const size_t sizes[] = {
		0, 1, 2, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536,
		65537, 131071, 200000,
	};
	uint8_t *data = malloc(200000);

	(void)state;
	assert_non_null(data);
	for (int kind = 0; kind < T_KINDS; kind++) {
		t_fill(data, 200000, (enum t_kind)kind);
		for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
			struct wd_deflate_job job;
			struct engine e;

			begin(&e, sizes[i]);
			for (int k = 0; k < 24; k++) {
				assert_int_equal(run(&e, data, sizes[i], e.cap,
						     k / 2 + 1, k % 2, &job), 0);
				assert_true(job.produced <= e.cap);
				check_raw(&job);
				if (kind == T_ZEROS)
					assert_false(job.stored && sizes[i] > 10);
			}
			end(&e);
		}
	}
	free(data);
}

static void t_noise_is_stored_and_takes_no_more(void **state)
{
	static const size_t sizes[] = { 100, 5000, 65535, 65536, 131070, 131071, 300000 };
	uint8_t *data = malloc(300000);

	(void)state;
	assert_non_null(data);
	t_fill(data, 300000, T_NOISE);
	for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
		size_t blocks = (sizes[i] + 65534) / 65535;
		struct wd_deflate_job job;
		struct engine e;

		begin(&e, sizes[i]);
		for (int level = 1; level <= 12; level++) {
			assert_int_equal(run(&e, data, sizes[i], e.cap, level, false,
					     &job), 0);
			/* An engine may do better than that by a hair. */
			assert_true(job.produced <= sizes[i] + 5 * (blocks + 1));
			if (job.stored)
				assert_int_equal(job.produced, sizes[i] + 5 * blocks);
			check_raw(&job);
		}
		end(&e);
	}
	free(data);
}

static void t_small_output_is_no_larger_than_that_of_zlib(void **state)
{
	uint8_t data[2000];
	struct wd_deflate_job job;
	struct engine e;

	(void)state;
	begin(&e, sizeof(data));
	for (int kind = 0; kind < T_KINDS; kind++) {
		t_fill(data, sizeof(data), (enum t_kind)kind);
		if (kind == T_MIXED)
			t_fill(data, sizeof(data) / 3, T_TEXT);
		for (size_t len = 0; len <= sizeof(data); len += T_SLOW ? 17 : 1) {
			for (int level = 1; level <= 9; level++) {
				struct t_bytes z = { 0 };

				t_deflate(&z, data, len, -15, level,
					  Z_DEFAULT_STRATEGY);
				assert_int_equal(run(&e, data, len, e.cap, level,
						     false, &job), 0);
				assert_true(job.produced <= z.len);
				if (len % 50 < 2)
					check_raw(&job);
				t_bytes_free(&z);
			}
		}
	}
	end(&e);
}

/*
 * zlib makes a hair less of zeros, and up to a tenth less where text and noise
 * take turns more often than ISA-L's fast levels begin new blocks.
 */
static void t_output_is_hardly_larger_than_that_of_zlib(void **state)
{
	static const size_t sizes[] = {
		2001, 3000, 4095, 4096, 4097, 5000, 8000, 12000, 16000, 16384,
		20000, 40000, 100000, 500000, 1000000,
	};
	uint8_t *data = malloc(1000000);

	(void)state;
	assert_non_null(data);
	for (int kind = 0; kind < T_KINDS; kind++) {
		t_fill(data, 1000000, (enum t_kind)kind);
		for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
			struct wd_deflate_job job;
			struct engine e;

			begin(&e, sizes[i]);
			for (int level = 1; level <= 9; level += T_SLOW ? 4 : 1) {
				struct t_bytes z = { 0 };

				t_deflate(&z, data, sizes[i], -15, level,
					  Z_DEFAULT_STRATEGY);
				assert_int_equal(run(&e, data, sizes[i], e.cap, level,
						     false, &job), 0);
				assert_true(job.produced <= z.len + 40 +
					    z.len / (kind == T_MIXED ? 10 : 100));
				t_bytes_free(&z);
			}
			end(&e);
		}
	}
	free(data);
}

static void t_little_room_is_enospc_and_no_overrun(void **state)
{
	static const size_t sizes[] = { 0, 10, 3000, 20000, 100000 };
	uint8_t *data = malloc(100000);

	(void)state;
	assert_non_null(data);
	for (int kind = T_TEXT; kind <= T_NOISE; kind++) {
		t_fill(data, 100000, (enum t_kind)kind);
		for (size_t i = 0; i < T_ARRAY_SIZE(sizes) * 24; i++) {
			size_t len = sizes[i / 24];
			int level = (int)(i % 24 / 2) + 1;
			struct wd_deflate_job job;
			struct engine e;
			size_t need;

			begin(&e, len);
			assert_int_equal(run(&e, data, len, e.cap, level, i % 2, &job), 0);
			need = job.produced;
			/* What it takes is at most what an exact buffer needs. */
			for (size_t cap = 0; cap < need; cap += cap < 20 ? 1 : need / 9 + 1)
				assert_int_equal(run(&e, data, len, cap, level, i % 2,
						     &job), -ENOSPC);
			end(&e);
		}
	}
	free(data);
}

static int setup(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_headers_are_parsed_in_pieces_of_any_size),
		cmocka_unit_test(t_headers_need_no_room_for_a_name),
		cmocka_unit_test(t_short_headers_want_more),
		cmocka_unit_test(t_wrong_headers_are_told_apart),
		cmocka_unit_test(t_pieces_and_the_whole_agree_on_damage),
		cmocka_unit_test(t_every_size_field_is_understood),
		cmocka_unit_test(t_broken_extra_fields_tell_no_size),
		cmocka_unit_test(t_zlib_headers_follow_the_level),
		cmocka_unit_test(t_every_zlib_header_gets_a_verdict),
		cmocka_unit_test(t_checksums_of_pieces_join),
		cmocka_unit_test(t_joins_take_64_bit_lengths),
		cmocka_unit_test(t_levels_are_complete),
		cmocka_unit_test(t_engines_make_right_streams),
		cmocka_unit_test(t_noise_is_stored_and_takes_no_more),
		cmocka_unit_test(t_small_output_is_no_larger_than_that_of_zlib),
		cmocka_unit_test(t_output_is_hardly_larger_than_that_of_zlib),
		cmocka_unit_test(t_little_room_is_enospc_and_no_overrun),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
