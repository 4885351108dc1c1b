/* SPDX-License-Identifier: MIT */
/*
 * Decompression sessions on data that zlib wrote, and on data meant to mislead:
 * what looks like a chunk or a sized member but is none, and damage anywhere.
 * zlib is the judge of what has to come out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "t_util.h"

#include <cmocka.h>

#define DATA_LEN	(4u << 20)

/*
 * ISA-L decodes up to three symbols at a time, and none of them before the bits
 * of the last are there.
 */
#define LAG		3u

static const uint8_t marker[] = {
	0x00, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff,
};

static uint8_t *mixed;		/* DATA_LEN */
static uint8_t *text;		/* DATA_LEN */

static struct wd_comp_sess *make(enum wd_comp_format format, uint32_t threads)
{
	const struct wd_comp_setup setup = {
		.op = WD_COMP_DECOMPRESS, .format = format, .threads = threads,
	};
	struct wd_comp_sess *s = NULL;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	return s;
}

static size_t shorter(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Decode @in as @feed says and compare with @want.  The exact place where an
 * error is noticed may differ, so of the output before it only what both give
 * has to be equal.
 */
static void check_session(struct wd_comp_sess *s, const struct t_feed *feed,
			  const uint8_t *in, size_t len,
			  const struct t_verdict *want)
{
	struct t_bytes out = { 0 };
	struct wd_comp_info info;
	bool excused;
	size_t left;
	int ret;

	assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
	ret = t_stream(s, feed, in, len, &out, &left);
	excused = ret == 1 && want->ret && t_verdict_excuses(want, ret);
	if (ret == 1)
		ret = 0;
	if (ret != want->ret && !excused) {
		print_message("%zu bytes: %d, zlib says %d\n", len, ret, want->ret);
		fail();
	}
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(info.total_out, out.len);
	if (excused) {
		assert_int_equal(info.error, WD_COMP_OK);
	} else if (!ret) {
		assert_int_equal(out.len, want->out.len);
		assert_int_equal(info.total_in, want->used);
		assert_int_equal(info.members, want->members);
		/* What it was not given it cannot tell. */
		if (!left)
			assert_int_equal(info.trailing, want->trailing);
		assert_int_equal(info.error, WD_COMP_OK);
	} else {
		assert_int_equal(info.error_member, want->members + 1);
		assert_int_not_equal(info.error, WD_COMP_OK);
	}
	if (ret == -ENODATA)
		assert_in_range(want->out.len, out.len, out.len + LAG);
	if (out.len)
		assert_memory_equal(out.data, want->out.data,
				    shorter(out.len, want->out.len));
	t_bytes_free(&out);
}

static const struct t_feed whole = { 0, 0, false, false };
static const struct t_feed pieces = { 5000, 3000, true, false };
static const struct t_feed bytes = { 1, 0, false, false };
static const struct t_feed synced_bytes = { 1, 0, false, true };
static const struct t_feed synced = { 3000, 0, true, true };

/* Every way to feed, single- and multi-threaded. */
static void check_all_ways(enum wd_comp_format format, const uint8_t *in,
			   size_t len)
{
	const struct t_feed *const ways[] = {
		&whole, &pieces, &synced, &bytes, &synced_bytes,
	};
	/* Byte by byte only where it is quick, and flushed only now and then. */
	size_t n = len < 3000 && len % 5 == 0 ? 5 : len < 20000 ? 4 : 3;
	struct t_verdict want;

	t_judge(&want, format, in, len, NULL, 0);
	for (uint32_t threads = 1; threads <= 3; threads += 2) {
		struct wd_comp_sess *s = make(format, threads);

		for (size_t i = 0; i < n; i++)
			check_session(s, ways[i], in, len, &want);
		wd_comp_destroy(s);
	}
	t_bytes_free(&want.out);
}

/* ---- what zlib writes ---- */

static void t_zlib_streams_are_decoded(void **state)
{
	static const size_t sizes[] = { 0, 1, 5, 300, 40000, 700000 };
	static const int strategies[] = {
		Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED, Z_FILTERED,
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(sizes) * 15; i++) {
		enum wd_comp_format format = (enum wd_comp_format)(i % 3);
		struct t_bytes in = { 0 };

		t_deflate(&in, mixed + t_rnd_below(DATA_LEN / 2), sizes[i / 15],
			  t_window_bits(format), (int)(i % 10),
			  strategies[i % 15 / 3]);
		check_all_ways(format, in.data, in.len);
		t_bytes_free(&in);
	}
}

static void t_chunked_streams_are_decoded(void **state)
{
	static const size_t chunks[] = { 300, 1000, 20000, 128000, 1u << 20 };

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(chunks) * 3; i++) {
		enum wd_comp_format format = (enum wd_comp_format)(i % 3);
		size_t len = i / 3 < 2 ? 50000 : DATA_LEN;
		struct t_bytes in = { 0 };

		t_deflate_chunked(&in, text, len, t_window_bits(format), 1,
				  chunks[i / 3], true);
		check_all_ways(format, in.data, in.len);
		t_bytes_free(&in);
	}
}

static void t_chunks_are_decoded_side_by_side(void **state)
{
	struct wd_comp_sess *s = make(WD_COMP_GZIP, 3);
	struct t_bytes in = { 0 }, out = { 0 };
	struct wd_comp_info info;
	size_t left;

	(void)state;
	t_deflate_chunked(&in, text, DATA_LEN, 31, 6, 250000, true);
	assert_int_equal(t_stream(s, &whole, in.data, in.len, &out, &left), 1);
	assert_int_equal(out.len, DATA_LEN);
	assert_memory_equal(out.data, text, DATA_LEN);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_true(info.parallel_out > DATA_LEN / 2);
	t_bytes_free(&in);
	t_bytes_free(&out);
	wd_comp_destroy(s);
}

/* Matches reach back over the marker: it must not be believed. */
static void t_chunks_that_need_each_other_are_decoded(void **state)
{
	static const size_t chunks[] = { 700, 5000, 40000, 300000 };

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(chunks) * 3; i++) {
		enum wd_comp_format format = (enum wd_comp_format)(i % 3);
		struct t_bytes in = { 0 };

		t_deflate_chunked(&in, text, i / 3 < 2 ? 200000 : DATA_LEN / 2,
				  t_window_bits(format), 6, chunks[i / 3], false);
		check_all_ways(format, in.data, in.len);
		t_bytes_free(&in);
	}
}

/* ---- data meant to mislead ---- */

/* Markers in stored data, at any place, also where a chunk could begin. */
static void t_markers_in_stored_data_are_no_chunks(void **state)
{
	const size_t len = 1000000;
	uint8_t *data = malloc(len);

	(void)state;
	assert_non_null(data);
	for (int i = 0; i < 6; i++) {
		struct t_bytes in = { 0 };

		memcpy(data, mixed, len);
		for (size_t at = t_rnd_below(3000); at + 3000 < len;
		     at += 600 + t_rnd_below(i < 3 ? 3000 : 200000)) {
			struct t_bytes fake = { 0 };

			memcpy(data + at, marker, sizeof(marker));
			/* Followed by what decodes well, to something else. */
			t_deflate(&fake, text + at, 2000, -15, 6, Z_DEFAULT_STRATEGY);
			if (i % 2)
				memcpy(data + at + sizeof(marker), fake.data,
				       shorter(fake.len, 1500));
			t_bytes_free(&fake);
		}
		/* Stored by zlib, in one stream without markers of its own. */
		t_deflate(&in, data, len, 31, 0, Z_DEFAULT_STRATEGY);
		check_all_ways(WD_COMP_GZIP, in.data, in.len);
		in.len = 0;
		/* And stored among real chunks. */
		t_deflate_chunked(&in, data, len, 31, 0, 100000, true);
		check_all_ways(WD_COMP_GZIP, in.data, in.len);
		t_bytes_free(&in);
	}
	free(data);
}

/* A whole stream of chunks as stored data of another. */
static void t_streams_in_stored_data_are_no_streams(void **state)
{
	struct t_bytes inner = { 0 }, outer = { 0 };

	(void)state;
	for (int depth = 0; depth < 3; depth++) {
		t_deflate_chunked(&inner, text, DATA_LEN / 4, 31, 6, 60000, true);
		t_deflate_chunked(&outer, inner.data, inner.len, 31, 0, 77777, true);
		check_all_ways(WD_COMP_GZIP, outer.data, outer.len);
		inner.len = 0;
		t_bytes_add(&inner, outer.data, outer.len);
		outer.len = 0;
	}
	t_bytes_free(&inner);
	t_bytes_free(&outer);
}

/* The end of one member and a marker come close together. */
static void t_markers_around_ends_of_members(void **state)
{
	struct t_bytes in = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++) {
		size_t len = t_rnd_below(i % 2 ? 200000 : 300);

		t_deflate_chunked(&in, text, len, 31, 1 + i % 9,
				  1 + len / (1 + t_rnd_below(5)), i % 3);
	}
	check_all_ways(WD_COMP_GZIP, in.data, in.len);
	t_bytes_add(&in, marker, sizeof(marker));
	check_all_ways(WD_COMP_GZIP, in.data, in.len);
	t_bytes_free(&in);
}

/* A run of empty chunks, and one that ends the stream at once. */
static void t_empty_chunks_are_harmless(void **state)
{
	static const uint8_t head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	static const uint8_t tail[] = { 3, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct t_bytes in = { 0 };

	(void)state;
	t_bytes_add(&in, head, sizeof(head));
	for (int i = 0; i < 30000; i++)
		t_bytes_add(&in, marker, i % 3 ? 5 : 10);
	t_bytes_add(&in, tail, sizeof(tail));
	check_all_ways(WD_COMP_GZIP, in.data, in.len);
	t_bytes_free(&in);
}

/* Chunks that decode to far more than they are, and to more than is guessed. */
static void t_chunks_of_zeros_are_decoded(void **state)
{
	static const size_t chunks[] = { 100000, 3u << 20, 9u << 20, 40u << 20 };
	uint8_t *zeros = calloc(1, 40u << 20);

	(void)state;
	assert_non_null(zeros);
	for (size_t i = 0; i < T_ARRAY_SIZE(chunks) - T_SLOW; i++) {
		struct t_bytes in = { 0 };
		size_t at, len = i < 2 ? 12u << 20 : 40u << 20;

		/* Some bytes that cannot be guessed keep the chunks worth it. */
		for (at = 0; at < len; at += chunks[i])
			t_fill(zeros + at, 2000, T_NOISE);
		t_deflate_chunked(&in, zeros, len, 31, 6, chunks[i], true);
		check_all_ways(WD_COMP_GZIP, in.data, in.len);
		t_bytes_free(&in);
	}
	free(zeros);
}

/* ---- sized members ---- */

static void put_le(uint8_t *p, uint64_t v, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

enum size_field {
	FIELD_BC, FIELD_QZ, FIELD_MZ, FIELD_ZC, FIELD_IG, FIELD_HI, FIELDS,
};

/* A member with an extra field that tells its size, plus @lie. */
static void add_sized(struct t_bytes *out, const uint8_t *data, size_t len,
		      enum size_field field, int64_t lie)
{
	static const struct {
		const char *id;
		unsigned int len;
	} fields[] = {
		{ "BC", 2 }, { "QZ", 8 }, { "MZ", 4 }, { "ZC", 4 }, { "IG", 4 },
		{ "Hi", 4 },
	};
	uint8_t head[24] = { 0x1f, 0x8b, 8, 4 };
	unsigned int flen = fields[field].len;
	size_t head_len = 16 + flen;
	struct t_bytes raw = { 0 };
	uint8_t tail[8];
	uint64_t size;

	t_deflate(&raw, data, len, -15, 6, Z_DEFAULT_STRATEGY);
	put_le(head + 10, flen + 4, 2);
	memcpy(head + 12, fields[field].id, 2);
	put_le(head + 14, flen, 2);
	size = head_len + raw.len + 8 + (uint64_t)lie;
	switch (field) {
	case FIELD_BC:
		put_le(head + 16, size - 1, 2);
		break;
	case FIELD_QZ:
		put_le(head + 16, len, 4);
		put_le(head + 20, size - head_len - 8, 4);
		break;
	case FIELD_MZ:
	case FIELD_ZC:
		put_le(head + 16, size - head_len - 8, 4);
		break;
	case FIELD_IG:
		put_le(head + 16, size, 4);
		break;
	default:
		put_le(head + 16, size - head_len, 4);
	}
	put_le(tail, crc32_z(0, data, len), 4);
	put_le(tail + 4, len, 4);
	t_bytes_add(out, head, head_len);
	t_bytes_add(out, raw.data, raw.len);
	t_bytes_add(out, tail, 8);
	t_bytes_free(&raw);
}

static void t_sized_members_are_decoded_side_by_side(void **state)
{
	(void)state;
	for (int field = 0; field < FIELDS; field++) {
		struct wd_comp_sess *s = make(WD_COMP_GZIP, 3);
		struct t_bytes in = { 0 }, out = { 0 };
		struct wd_comp_info info;
		size_t left;

		for (size_t at = 0; at < DATA_LEN / 2; at += 60000)
			add_sized(&in, text + at, 60000, (enum size_field)field, 0);
		check_all_ways(WD_COMP_GZIP, in.data, in.len);
		assert_int_equal(t_stream(s, &whole, in.data, in.len, &out, &left), 1);
		assert_int_equal(wd_comp_get_info(s, &info), 0);
		assert_true(info.parallel_out > out.len / 2);
		t_bytes_free(&in);
		t_bytes_free(&out);
		wd_comp_destroy(s);
	}
}

static void t_sizes_that_lie_change_nothing(void **state)
{
	static const int64_t lies[] = {
		-1, 1, -8, 8, -20, 100, -10000, 100000, 5000000, 0xfffff000,
		0x7fffffff, -30000000,
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(lies) * FIELDS; i++) {
		enum size_field field = (enum size_field)(i % FIELDS);
		struct t_bytes in = { 0 };

		for (int k = 0; k < 24; k++) {
			/* All lie, one in the middle, or now and then. */
			bool lie = i % 3 == 0 || (i % 3 == 1 && k == 11) ||
				   (i % 3 == 2 && k % 4 == 2);

			add_sized(&in, text + k * 1000, 10000 + t_rnd_below(30000),
				  field, lie ? lies[i / FIELDS] : 0);
		}
		check_all_ways(WD_COMP_GZIP, in.data, in.len);
		t_bytes_free(&in);
	}
}

/* The last bytes of a member tell how much room its output needs. */
static void t_lengths_that_lie_are_noticed(void **state)
{
	static const uint32_t lies[] = { 0, 1, 29999, 30001, 1u << 20, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(lies); i++) {
		struct t_bytes in = { 0 };

		for (int k = 0; k < 12; k++) {
			add_sized(&in, text + k * 1000, 30000, FIELD_MZ, 0);
			if (k == 8)
				put_le(in.data + in.len - 4, lies[i], 4);
		}
		check_all_ways(WD_COMP_GZIP, in.data, in.len);
		t_bytes_free(&in);
	}
}

static void t_members_of_all_kinds_mix(void **state)
{
	(void)state;
	for (int round = 0; round < T_REPEAT(12); round++) {
		struct t_bytes in = { 0 };

		for (int k = 0; k < 30; k++) {
			const uint8_t *data = mixed + t_rnd_below(DATA_LEN / 2);
			size_t len = t_rnd_below(k % 5 ? 2000 : 150000);

			switch (t_rnd_below(4)) {
			case 0:
				t_deflate(&in, data, len, 31, (int)t_rnd_below(10),
					  Z_DEFAULT_STRATEGY);
				break;
			case 1:
				t_deflate_chunked(&in, data, len, 31, 6,
						  1 + t_rnd_below(40000),
						  t_rnd_below(2));
				break;
			default:
				add_sized(&in, data, len % 60000,
					  (enum size_field)t_rnd_below(FIELDS), 0);
			}
		}
		check_all_ways(WD_COMP_GZIP, in.data, in.len);
		t_bytes_free(&in);
	}
}

/* Thousands of tiny ones, as tools that flush each line write. */
static void t_many_tiny_members_are_decoded(void **state)
{
	struct t_bytes in = { 0 };

	(void)state;
	for (int k = 0; k < T_REPEAT(3000); k++)
		t_deflate(&in, text + k * 7, (size_t)k % 50, 31, 6, Z_DEFAULT_STRATEGY);
	check_all_ways(WD_COMP_GZIP, in.data, in.len);
	t_bytes_free(&in);
}

/* ---- damage ---- */

/* Small, of three chunks and two members, one of them with a size. */
static void make_small(struct t_bytes *in)
{
	t_deflate_chunked(in, text, 3000, 31, 6, 1000, true);
	add_sized(in, text + 500, 600, FIELD_QZ, 0);
}

/* Big enough that chunks and members are worth a thread. */
static void make_big(struct t_bytes *in)
{
	t_deflate_chunked(in, mixed, 400000, 31, 6, 50000, true);
	for (int k = 0; k < 5; k++)
		add_sized(in, text + k * 5000, 40000, (enum size_field)k, 0);
}

static void t_truncation_anywhere_is_noticed(void **state)
{
	struct t_bytes in = { 0 };

	(void)state;
	make_small(&in);
	for (size_t len = 0; len <= in.len; len += T_SLOW ? 17 : 1) {
		uint8_t *cut = malloc(len ? len : 1);

		assert_non_null(cut);
		memcpy(cut, in.data, len);
		check_all_ways(WD_COMP_GZIP, cut, len);
		free(cut);
	}
	t_bytes_free(&in);
}

static void t_truncation_of_big_streams_is_noticed(void **state)
{
	struct t_bytes in = { 0 };

	(void)state;
	make_big(&in);
	for (int i = 0; i < T_REPEAT(60); i++)
		check_all_ways(WD_COMP_GZIP, in.data, t_rnd_below((uint32_t)in.len));
	t_bytes_free(&in);
}

static void t_flipped_bits_get_the_verdict_of_zlib(void **state)
{
	struct t_bytes in = { 0 };

	(void)state;
	make_small(&in);
	for (size_t bit = 0; bit < in.len * 8; bit += T_SLOW ? 41 : 5) {
		const struct t_feed *const ways[] = {
			&whole, &pieces, &bytes, &synced_bytes,
		};
		struct t_verdict want;
		struct wd_comp_sess *s = make(WD_COMP_GZIP, 1);

		in.data[bit / 8] ^= 1 << bit % 8;
		t_judge(&want, WD_COMP_GZIP, in.data, in.len, NULL, 0);
		/* All ways for some, or it would take too long. */
		if (bit % 4)
			check_session(s, ways[bit / 4 % 4], in.data, in.len, &want);
		else
			check_all_ways(WD_COMP_GZIP, in.data, in.len);
		in.data[bit / 8] ^= 1 << bit % 8;
		t_bytes_free(&want.out);
		wd_comp_destroy(s);
	}
	t_bytes_free(&in);
}

static void t_flipped_bits_in_big_streams(void **state)
{
	struct t_bytes in = { 0 };

	(void)state;
	make_big(&in);
	for (int i = 0; i < T_REPEAT(150); i++) {
		size_t at = t_rnd_below((uint32_t)in.len);
		uint8_t flip = (uint8_t)(1 << t_rnd_below(8));

		in.data[at] ^= flip;
		check_all_ways(WD_COMP_GZIP, in.data, in.len);
		in.data[at] ^= flip;
	}
	t_bytes_free(&in);
}

static void t_zlib_and_raw_damage(void **state)
{
	(void)state;
	for (int i = 0; i < T_REPEAT(400); i++) {
		enum wd_comp_format format = i % 2 ? WD_COMP_ZLIB : WD_COMP_RAW;
		struct t_bytes in = { 0 };

		t_deflate_chunked(&in, mixed + t_rnd_below(100000), 4000,
				  t_window_bits(format), 1 + i % 9,
				  500 + t_rnd_below(3000), i % 5);
		in.data[t_rnd_below((uint32_t)in.len)] ^= 1 << t_rnd_below(8);
		check_all_ways(format, in.data, in.len - (i % 4 ? 0 : t_rnd_below(10)));
		t_bytes_free(&in);
	}
}

/* Damage early in a lot of input: the verdict, not "no more input". */
static void t_damage_is_told_with_input_still_to_come(void **state)
{
	(void)state;
	for (uint32_t threads = 1; threads <= 3; threads += 2) {
		struct wd_comp_sess *s = make(WD_COMP_GZIP, threads);
		struct t_bytes in = { 0 };
		struct t_verdict want;

		t_deflate(&in, mixed, DATA_LEN, 31, 6, Z_DEFAULT_STRATEGY);
		for (int i = 0; i < 8; i++) {
			size_t at = 1000 + (size_t)i * in.len / 10;

			memset(in.data + at, 0xff, 300);
			t_judge(&want, WD_COMP_GZIP, in.data, in.len, NULL, 0);
			assert_int_equal(want.ret, -EBADMSG);
			check_session(s, &whole, in.data, in.len, &want);
			check_session(s, &pieces, in.data, in.len, &want);
			t_bytes_free(&want.out);
			in.len = 0;
			t_deflate(&in, mixed, DATA_LEN, 31, 6, Z_DEFAULT_STRATEGY);
		}
		t_bytes_free(&in);
		wd_comp_destroy(s);
	}
}

/* ---- delivering what is there ---- */

/*
 * After each byte and a flush, what zlib gives for the same bytes must have come
 * out, but for the lag.
 */
static void deliver(enum wd_comp_format format, const uint8_t *in, size_t len,
		    uint32_t threads)
{
	struct wd_comp_sess *s = make(format, threads);
	uint8_t *want = malloc(DATA_LEN), *got = malloc(DATA_LEN);
	struct wd_comp_buf buf = { .in = in, .out = got, .out_len = DATA_LEN };
	z_stream z = { 0 };
	size_t made = 0;

	assert_non_null(want);
	assert_non_null(got);
	assert_int_equal(inflateInit2(&z, t_window_bits(format)), Z_OK);
	z.next_out = want;
	z.avail_out = DATA_LEN;
	z.next_in = (Bytef *)in;
	for (size_t i = 1; i <= len; i++) {
		buf.in_len = 1;
		assert_int_equal(wd_comp_stream(s, &buf, WD_COMP_SYNC_FLUSH) < 0, 0);
		z.avail_in = 1;
		inflate(&z, Z_SYNC_FLUSH);
		made = DATA_LEN - buf.out_len;
		assert_in_range(z.total_out, made, made + LAG);
		assert_memory_equal(got, want, made);
	}
	assert_int_equal(made, z.total_out);
	inflateEnd(&z);
	wd_comp_destroy(s);
	free(want);
	free(got);
}

static void t_a_flush_delivers_all_that_can_be_decoded(void **state)
{
	(void)state;
	for (int i = 0; i < 18; i++) {
		enum wd_comp_format format = (enum wd_comp_format)(i % 3);
		struct t_bytes in = { 0 };

		if (i < 9)
			t_deflate(&in, mixed + i * 90000, 6000, t_window_bits(format),
				  i % 2 ? 6 : i, i / 3 == 1 ? Z_FIXED :
				  Z_DEFAULT_STRATEGY);
		else
			t_deflate_chunked(&in, text, 9000, t_window_bits(format), 6,
					  200 + (size_t)i * 100, i % 2);
		deliver(format, in.data, in.len, 1);
		deliver(format, in.data, in.len, 3);
		t_bytes_free(&in);
	}
}

static int setup(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	mixed = malloc(DATA_LEN);
	text = malloc(DATA_LEN);
	if (!mixed || !text)
		return -1;
	t_fill(mixed, DATA_LEN, T_MIXED);
	t_fill(text, DATA_LEN, T_TEXT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(mixed);
	free(text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_zlib_streams_are_decoded),
		cmocka_unit_test(t_chunked_streams_are_decoded),
		cmocka_unit_test(t_chunks_are_decoded_side_by_side),
		cmocka_unit_test(t_chunks_that_need_each_other_are_decoded),
		cmocka_unit_test(t_markers_in_stored_data_are_no_chunks),
		cmocka_unit_test(t_streams_in_stored_data_are_no_streams),
		cmocka_unit_test(t_markers_around_ends_of_members),
		cmocka_unit_test(t_empty_chunks_are_harmless),
		cmocka_unit_test(t_chunks_of_zeros_are_decoded),
		cmocka_unit_test(t_sized_members_are_decoded_side_by_side),
		cmocka_unit_test(t_sizes_that_lie_change_nothing),
		cmocka_unit_test(t_lengths_that_lie_are_noticed),
		cmocka_unit_test(t_members_of_all_kinds_mix),
		cmocka_unit_test(t_many_tiny_members_are_decoded),
		cmocka_unit_test(t_truncation_anywhere_is_noticed),
		cmocka_unit_test(t_truncation_of_big_streams_is_noticed),
		cmocka_unit_test(t_flipped_bits_get_the_verdict_of_zlib),
		cmocka_unit_test(t_flipped_bits_in_big_streams),
		cmocka_unit_test(t_zlib_and_raw_damage),
		cmocka_unit_test(t_damage_is_told_with_input_still_to_come),
		cmocka_unit_test(t_a_flush_delivers_all_that_can_be_decoded),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
