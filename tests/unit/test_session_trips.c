/* SPDX-License-Identifier: MIT */
/*
 * Compression sessions: there and back at each level, in one call and in pieces;
 * what the bytes depend on.  zlib judges what they write.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "t_session.h"

#include <cmocka.h>

/* ---- round trips ---- */

static void round_trip(struct wd_comp_sess *c, struct wd_comp_sess *d,
		       enum wd_comp_format format, const uint8_t *data, size_t len)
{
	uint8_t *back = malloc(len ? len : 1);
	struct t_bytes stream = { 0 };
	size_t consumed, produced;
	struct wd_comp_info info;

	assert_non_null(back);
	compress_to(c, data, len, &stream);
	check_judged(format, &stream, data, len);
	assert_int_equal(wd_comp_get_info(c, &info), 0);
	assert_int_equal(info.total_in, len);
	assert_int_equal(info.total_out, stream.len);
	assert_int_equal(info.members, 1);
	assert_int_equal(info.checksum, checksum(format, data, len));

	/* No byte of room more than needed. */
	assert_int_equal(wd_comp_run(d, stream.data, stream.len, back, len,
				     &consumed, &produced), 0);
	assert_int_equal(consumed, stream.len);
	assert_int_equal(produced, len);
	assert_memory_equal(back, data, len);
	assert_int_equal(wd_comp_get_info(d, &info), 0);
	assert_int_equal(info.total_in, stream.len);
	assert_int_equal(info.total_out, len);
	assert_int_equal(info.members, 1);
	assert_int_equal(info.checksum, checksum(format, data, len));
	t_bytes_free(&stream);
	free(back);
}

static void t_one_shot_round_trips_at_every_level(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 63, 1000, 4096, 4097, 20000, 70000 };

	(void)state;
	for (int i = 0; i < 3 * WD_COMP_LEVEL_MAX; i++) {
		struct wd_comp_setup setup = {
			.format = (enum wd_comp_format)(i % 3),
			.level = i / 3 + 1,
			.chunk_size = WD_COMP_CHUNK_MIN,
			.threads = 2,
		};
		struct wd_comp_sess *c = make(&setup);
		struct wd_comp_sess *d = make_decompressor(setup.format, 2);

		for (size_t k = 0; k < T_ARRAY_SIZE(sizes); k++) {
			uint8_t *data = malloc(sizes[k] ? sizes[k] : 1);

			assert_non_null(data);
			for (int kind = 0; kind < T_KINDS; kind++) {
				t_fill(data, sizes[k], (enum t_kind)kind);
				round_trip(c, d, setup.format, data, sizes[k]);
			}
			free(data);
		}
		wd_comp_destroy(c);
		wd_comp_destroy(d);
	}
}

typedef int (*stream_fn)(struct wd_comp_sess *s, const struct t_feed *feed,
			 const uint8_t *in, size_t len, struct t_bytes *out,
			 size_t *left);

/* There and back in pieces; the bytes have to be those of one call. */
static void stream_both_ways(const struct wd_comp_setup *setup,
			     const struct t_feed *feed, stream_fn fn,
			     const uint8_t *data, size_t len)
{
	struct wd_comp_sess *c = make(setup);
	struct wd_comp_sess *d = make_decompressor(setup->format, setup->threads);
	struct t_bytes want = { 0 }, stream = { 0 }, back = { 0 };
	struct wd_comp_info info;
	size_t left;

	compress_to(c, data, len, &want);
	assert_int_equal(wd_comp_reset(c, setup->size_hint), 0);
	assert_int_equal(fn(c, feed, data, len, &stream, &left), 1);
	assert_int_equal(left, 0);
	check_equal(&stream, &want);
	check_judged(setup->format, &stream, data, len);
	assert_int_equal(wd_comp_get_info(c, &info), 0);
	assert_int_equal(info.total_in, len);
	assert_int_equal(info.total_out, stream.len);

	assert_int_equal(fn(d, feed, stream.data, stream.len, &back, &left), 1);
	assert_int_equal(left, 0);
	assert_int_equal(back.len, len);
	if (len)
		assert_memory_equal(back.data, data, len);
	assert_int_equal(wd_comp_get_info(d, &info), 0);
	assert_int_equal(info.total_in, stream.len);
	assert_int_equal(info.total_out, len);
	assert_int_equal(info.error, WD_COMP_OK);
	assert_int_equal(info.checksum, checksum(setup->format, data, len));

	t_bytes_free(&want);
	t_bytes_free(&stream);
	t_bytes_free(&back);
	wd_comp_destroy(c);
	wd_comp_destroy(d);
}

static void stream_everything(stream_fn fn)
{
	static const size_t sizes[] = { 0, 1, 2, 3000, 40000, 100000 };
	static const uint32_t threads[] = { 1, 3 };

	for (int i = 0; i < 3 * WD_COMP_LEVEL_MAX; i++) {
		for (size_t k = 0; k < T_ARRAY_SIZE(sizes) * 2; k++) {
			struct wd_comp_setup setup = {
				.format = (enum wd_comp_format)(i % 3),
				.level = i / 3 + 1,
				.chunk_size = WD_COMP_CHUNK_MIN,
				.threads = threads[k % 2],
			};
			size_t at = t_rnd_below(DATA_LEN - 200000);
			size_t len = sizes[k / 2];

			/* All feeds come in turn. */
			if (len > 3000)
				len += t_rnd_below(32768);
			stream_both_ways(&setup,
					 &feeds[(size_t)(i + k) % T_ARRAY_SIZE(feeds)],
					 fn, mixed + at, len);
		}
	}
}

static void t_streaming_works_with_pieces_of_any_size(void **state)
{
	(void)state;
	stream_everything(t_stream);
}

static void t_zero_copy_works_with_pieces_of_any_size(void **state)
{
	(void)state;
	stream_everything(t_zero_copy);
}

/* More than a session holds at a time. */
static void t_one_shot_takes_big_buffers(void **state)
{
	(void)state;
	for (int i = 0; i < T_REPEAT(12); i++) {
		struct wd_comp_setup setup = {
			.format = (enum wd_comp_format)(i % 3),
			.level = 1 + i % 4, .threads = 1 + (uint32_t)i % 4,
			.chunk_size = i % 2 ? WD_COMP_CHUNK_MIN : 0,
		};
		struct wd_comp_sess *c = make(&setup);
		struct wd_comp_sess *d = make_decompressor(setup.format,
							   1 + (uint32_t)i / 4);

		round_trip(c, d, setup.format, mixed, DATA_LEN);
		round_trip(c, d, setup.format, text, DATA_LEN);
		wd_comp_destroy(c);
		wd_comp_destroy(d);
	}
}

/* Its chunks follow from what was told of the size, the second time as the first. */
static void t_one_shot_gives_the_same_bytes_each_time(void **state)
{
	static const uint64_t hints[] = { WD_COMP_SIZE_UNKNOWN, 0, 1500000 };
	size_t len = (size_t)2500000, cap = len + 100000;
	uint8_t *in = malloc(len), *out = malloc(cap);
	struct t_bytes first = { 0 };

	(void)state;
	assert_non_null(in);
	assert_non_null(out);
	t_fill(in, len, T_TEXT);
	for (size_t i = 0; i < T_ARRAY_SIZE(hints); i++) {
		struct wd_comp_setup setup = {
			.level = 3, .threads = 2, .size_hint = hints[i],
		};
		struct wd_comp_sess *s = make(&setup);

		for (int k = 0; k < 3; k++) {
			size_t made;

			assert_int_equal(wd_comp_run(s, in, len, out, cap, NULL, &made), 0);
			if (!k)
				t_bytes_add(&first, out, made);
			assert_int_equal(made, first.len);
			assert_memory_equal(out, first.data, made);
		}
		t_bytes_free(&first);
		first = (struct t_bytes){ 0 };
		wd_comp_destroy(s);
	}
	free(in);
	free(out);
}

static void t_default_chunks_round_trip(void **state)
{
	(void)state;
	for (int level = 1; level <= 9; level += 4) {
		struct wd_comp_setup setup = {
			.level = level, .threads = 3,
			.size_hint = level == 5 ? DATA_LEN : WD_COMP_SIZE_UNKNOWN,
		};

		stream_both_ways(&setup, &feeds[T_ARRAY_SIZE(feeds) - 1], t_stream,
				 mixed, DATA_LEN);
		stream_both_ways(&setup, &feeds[6], t_zero_copy, mixed, DATA_LEN);
	}
}

static void t_output_is_within_the_bound(void **state)
{
	static const size_t sizes[] = {
		0, 1, 100, 32767, 32768, 32769, 65280, 65281, 65535, 65536,
		131072, 1000000,
	};
	uint8_t *noise = malloc(1000000);

	(void)state;
	assert_non_null(noise);
	t_fill(noise, 1000000, T_NOISE);
	for (int members = 0; members <= WD_COMP_MEMBERS_BGZF; members++) {
		for (int level = 1; level <= 12; level += 5) {
			struct wd_comp_setup setup = {
				.members = (enum wd_comp_members)members,
				.level = level, .chunk_size = WD_COMP_CHUNK_MIN,
				.threads = 1,
			};

			for (unsigned int flags = 0; flags <= 1; flags++) {
				struct wd_comp_sess *s;

				setup.flags = flags ? WD_COMP_RSYNCABLE : 0;
				s = make(&setup);
				for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
					struct t_bytes out = { 0 };

					compress_to(s, noise, sizes[i], &out);
					check_judged(WD_COMP_GZIP, &out, noise,
						     sizes[i]);
					t_bytes_free(&out);
				}
				wd_comp_destroy(s);
			}
		}
	}
	free(noise);
}

/* ---- rsyncable ---- */

#define RSYNC_LEN	(4u << 20)

/* How many bytes two streams have in common at their ends, without trailers. */
static size_t common_end(const struct t_bytes *a, const struct t_bytes *b)
{
	size_t n = 8;

	while (n < a->len && n < b->len &&
	       a->data[a->len - n - 1] == b->data[b->len - n - 1])
		n++;
	return n - 8;
}

static void t_rsyncable_output_changes_only_where_the_input_does(void **state)
{
	uint8_t *changed = malloc(RSYNC_LEN + 1);

	(void)state;
	assert_non_null(changed);
	changed[0] = text[0];
	changed[1] = '#';
	memcpy(changed + 2, text + 1, RSYNC_LEN - 1);
	for (int level = 1; level <= 6; level += 5) {
		struct wd_comp_setup setup = {
			.level = level, .threads = 2,
			.flags = WD_COMP_RSYNCABLE,
		};
		struct wd_comp_sess *s = make(&setup);
		struct t_bytes before = { 0 }, after = { 0 }, once = { 0 };
		const struct t_feed *feed = &feeds[6];
		size_t left;

		assert_int_equal(t_stream(s, feed, text, RSYNC_LEN, &before, &left), 1);
		check_judged(WD_COMP_GZIP, &before, text, RSYNC_LEN);
		assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
		assert_int_equal(t_zero_copy(s, feed, changed, RSYNC_LEN + 1, &after,
					     &left), 1);
		check_judged(WD_COMP_GZIP, &after, changed, RSYNC_LEN + 1);
		assert_true(common_end(&before, &after) > before.len / 10 * 9);

		/* One call cuts where many do. */
		assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
		compress_to(s, text, RSYNC_LEN, &once);
		check_equal(&once, &before);
		t_bytes_free(&before);
		t_bytes_free(&after);
		t_bytes_free(&once);
		wd_comp_destroy(s);
	}
	free(changed);
}

static void t_rsyncable_streams_round_trip(void **state)
{
	(void)state;
	for (int i = 0; i < T_REPEAT(24); i++) {
		struct wd_comp_setup setup = {
			.level = 1 + i % 4, .threads = 1 + (uint32_t)i % 3,
			.format = (enum wd_comp_format)(i % 3),
			.chunk_size = i % 2 ? WD_COMP_CHUNK_MIN : 0,
			.flags = WD_COMP_RSYNCABLE,
		};
		struct wd_comp_sess *s = make(&setup);
		struct t_bytes a = { 0 }, b = { 0 };
		size_t len = t_rnd_below(1000000);
		size_t left;

		assert_int_equal(t_stream(s, &feeds[3 + i % 6], mixed, len, &a, &left), 1);
		check_judged(setup.format, &a, mixed, len);
		assert_int_equal(wd_comp_reset(s, 0), 0);
		assert_int_equal(t_zero_copy(s, &feeds[4 + i % 5], mixed, len, &b,
					     &left), 1);
		check_judged(setup.format, &b, mixed, len);
		t_bytes_free(&a);
		t_bytes_free(&b);
		wd_comp_destroy(s);
	}
}

/* ---- big, and the same ---- */

#define UNIT_LEN	((size_t)1 << 20)

/* One unit of zeros, so that @units of them in a row are one DEFLATE stream. */
static void make_unit(struct t_bytes *unit)
{
	uint8_t *zeros = calloc(1, UNIT_LEN);
	z_stream z = { 0 };

	assert_non_null(zeros);
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	unit->cap = 8192;
	unit->data = malloc(unit->cap);
	assert_non_null(unit->data);
	z.next_in = zeros;
	z.avail_in = UNIT_LEN;
	z.next_out = unit->data;
	z.avail_out = (uInt)unit->cap;
	assert_int_equal(deflate(&z, Z_FULL_FLUSH), Z_OK);
	assert_int_equal(z.avail_in, 0);
	unit->len = z.total_out;
	deflateEnd(&z);
	free(zeros);
}

/* Whether it is nothing but zeros. */
static bool all_zero(const uint8_t *p, size_t len)
{
	return !len || (!p[0] && !memcmp(p, p + 1, len - 1));
}

static void big_stream(uint64_t units, uint32_t threads)
{
	struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, threads);
	struct t_bytes unit = { 0 }, in = { 0 };
	uint64_t len = units * UNIT_LEN, got = 0;
	struct wd_comp_info info;
	uint8_t tail[10] = { 3, 0 };
	uint32_t crc = 0;
	size_t at = 0, n;
	bool done = false;

	make_unit(&unit);
	t_bytes_add(&in, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
	for (uint64_t i = 0; i < units; i++)
		t_bytes_add(&in, unit.data, unit.len);
	for (unsigned int bit = 64; bit--;) {
		static const uint8_t zero[1];
		uint64_t part = len >> bit;

		/* Double, and one more if that bit is set. */
		if (!part)
			continue;
		crc = (uint32_t)crc32_combine64(crc, crc, (z_off64_t)(part / 2));
		if (part & 1)
			crc = (uint32_t)crc32_z(crc, zero, 1);
	}
	for (int i = 0; i < 4; i++) {
		tail[2 + i] = (uint8_t)(crc >> (8 * i));
		tail[6 + i] = (uint8_t)(len >> (8 * i));
	}
	t_bytes_add(&in, tail, sizeof(tail));

	while (!done) {
		const void *data;
		size_t room;
		void *buf;
		int ret;

		if (at < in.len && !wd_comp_get_input(d, &buf, &room)) {
			n = room < in.len - at ? room : in.len - at;
			memcpy(buf, in.data + at, n);
			at += n;
			assert_int_equal(wd_comp_put_input(d, n, at == in.len ?
					WD_COMP_FINISH : WD_COMP_NO_FLUSH), 0);
		}
		ret = wd_comp_get_output(d, &data, &n, WD_WAIT_FOREVER);
		if (ret == -EAGAIN)
			continue;
		assert_true(ret >= 0);
		done = !ret;
		if (done)
			break;
		/* Looking at all of it would take longer than decoding it. */
		assert_true(all_zero(data, n < 4096 ? n : 4096));
		got += n;
		assert_int_equal(wd_comp_put_output(d), 0);
	}
	assert_int_equal(got, len);
	assert_int_equal(wd_comp_get_info(d, &info), 0);
	assert_int_equal(info.total_out, len);
	assert_int_equal(info.total_in, in.len);
	assert_int_equal(info.checksum, crc);
	wd_comp_destroy(d);
	t_bytes_free(&unit);
	t_bytes_free(&in);
}

static void t_totals_have_64_bits(void **state)
{
	(void)state;
	/* 4.2 GiB; a few hundred MiB where that takes too long. */
	big_stream(T_SLOW ? 300 : 4300, 2);
	big_stream(T_SLOW ? 100 : 300, 1);
}

static void t_bytes_do_not_depend_on_threads(void **state)
{
	static const uint32_t threads[] = { 1, 2, 3, 8 };

	(void)state;
	for (int level = 1; level <= WD_COMP_LEVEL_MAX; level++) {
		/* Less of the slow ones. */
		int runs = T_REPEAT(level <= 2 ? 20 : level <= 6 ? 8 : 2);
		size_t len = level <= 2 ? 2u << 20 : level <= 9 ? 600000 : 300000;
		struct t_bytes want = { 0 };

		for (int i = 0; i < runs * (int)T_ARRAY_SIZE(threads); i++) {
			struct wd_comp_setup setup = {
				.level = level, .threads = threads[i % 4],
				.chunk_size = 2 * WD_COMP_CHUNK_MIN,
			};
			struct wd_comp_sess *s = make(&setup);
			struct t_bytes out = { 0 };
			/* Elsewhere in memory each time. */
			uint8_t *copy = malloc(len + 4096);
			size_t shift = t_rnd_below(4096);
			size_t left;

			assert_non_null(copy);
			memcpy(copy + shift, mixed, len);
			assert_int_equal(t_stream(s, &feeds[8 - i % 3], copy + shift,
						  len, &out, &left), 1);
			if (i)
				check_equal(&out, &want);
			else
				t_bytes_add(&want, out.data, out.len);
			free(copy);
			t_bytes_free(&out);
			wd_comp_destroy(s);
		}
		t_bytes_free(&want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_one_shot_round_trips_at_every_level),
		cmocka_unit_test(t_streaming_works_with_pieces_of_any_size),
		cmocka_unit_test(t_zero_copy_works_with_pieces_of_any_size),
		cmocka_unit_test(t_one_shot_takes_big_buffers),
		cmocka_unit_test(t_one_shot_gives_the_same_bytes_each_time),
		cmocka_unit_test(t_default_chunks_round_trip),
		cmocka_unit_test(t_output_is_within_the_bound),
		cmocka_unit_test(t_rsyncable_output_changes_only_where_the_input_does),
		cmocka_unit_test(t_rsyncable_streams_round_trip),
		cmocka_unit_test(t_totals_have_64_bits),
		cmocka_unit_test(t_bytes_do_not_depend_on_threads),
	};

	return cmocka_run_group_tests(tests, setup_data, teardown_data);
}
