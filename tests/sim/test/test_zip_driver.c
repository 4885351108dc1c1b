/* SPDX-License-Identifier: MIT */
/*
 * The driver of the ZIP engine does what sessions and applications ask for, and the
 * model finds nothing wrong with how it asks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "codec/splice.h"
#include "internal.h"
#include "t_zip_use.h"

#include <cmocka.h>

#define LEN 150000u

/* ---- requests ---- */

static uint32_t checksum_of(enum wd_comp_format format, const void *p,
			    size_t len)
{
	return format == WD_COMP_ZLIB ? wd_adler32(1, p, len)
				      : wd_crc32(0, p, len);
}

static void check_stream(enum wd_comp_format format,
			 const struct t_bytes *stream, const uint8_t *plain,
			 size_t len)
{
	struct t_verdict v;

	t_judge(&v, format, stream->data, stream->len, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.members, 1);
	assert_int_equal(v.trailing, WD_COMP_TRAILING_NONE);
	assert_int_equal(v.out.len, len);
	assert_memory_equal(v.out.data, plain, len);
	t_bytes_free(&v.out);
}

static void compress_one(struct wd_queue *q, enum wd_comp_format format,
			 const uint8_t *plain, size_t len, enum t_kind kind)
{
	struct t_bytes out = { 0 };
	struct wd_comp_req req = t_compress_req(format, plain, len, &out);

	assert_int_equal(t_run_req(q, &req), 0);
	assert_int_equal(req.consumed, len);
	assert_int_equal(req.checksum, checksum_of(format, plain, len));
	assert_int_equal(req.result, kind == T_NOISE ? WD_COMP_RES_STORED : 0);
	out.len = req.produced;
	check_stream(format, &out, plain, len);
	t_bytes_free(&out);
}

static void decompress_one(struct wd_queue *q, enum wd_comp_format format,
			   const uint8_t *plain, size_t len)
{
	struct t_bytes in = { 0 };
	uint8_t *out = malloc(len);
	struct wd_comp_req req;

	assert_non_null(out);
	t_deflate(&in, plain, len, t_window_bits(format), 6, 0);
	/* What follows is not the request's. */
	t_bytes_add(&in, "more", 4);
	req = t_decompress_req(format, &in, out, len);
	assert_int_equal(t_run_req(q, &req), 0);
	assert_int_equal(req.consumed, in.len - 4);
	assert_int_equal(req.produced, len);
	assert_int_equal(req.checksum, checksum_of(format, plain, len));
	assert_memory_equal(out, plain, len);
	t_bytes_free(&in);
	free(out);
}

static void all_formats(bool raw)
{
	const int formats = raw ? WD_COMP_RAW : WD_COMP_ZLIB;
	uint8_t *plain = malloc(LEN);
	struct wd_queue q;
	uint64_t n = 0;

	assert_non_null(plain);
	t_open_queue(&q);
	for (int kind = 0; kind < T_KINDS; kind++) {
		t_fill(plain, LEN, (enum t_kind)kind);
		for (int format = WD_COMP_GZIP; format <= WD_COMP_RAW;
		     format++) {
			compress_one(&q, (enum wd_comp_format)format, plain,
				     LEN, (enum t_kind)kind);
			n++;
		}
		for (int format = WD_COMP_GZIP; format <= formats; format++) {
			decompress_one(&q, (enum wd_comp_format)format, plain,
				       LEN);
			n++;
		}
	}
	wd_release_queue(&q);
	free(plain);
	assert_int_equal(t_requests_done(), n);
	assert_int_equal(t_zip.started, 2);
}

static void t_each_format_there_and_back(void **state)
{
	(void)state;
	all_formats(true);
}

/* It knows no raw data; so far as gzip can stand for it, it makes some. */
static void t_each_format_with_the_older_requests(void **state)
{
	static const uint8_t plain[100] = { 1 };
	struct t_bytes in = { 0 };
	uint8_t out[sizeof(plain)];
	struct wd_comp_req req;
	struct wd_queue q;

	(void)state;
	all_formats(false);
	t_deflate(&in, plain, sizeof(plain), -15, 6, 0);
	t_open_queue(&q);
	req = t_decompress_req(WD_COMP_RAW, &in, out, sizeof(out));
	assert_int_equal(wd_send(&q, &req), -EOPNOTSUPP);
	wd_release_queue(&q);
	t_bytes_free(&in);
}

static void t_a_header_says_what_it_shall(void **state)
{
	static const struct wd_comp_header header = {
		.name = "a name",
		.mtime = 0x01020304,
		.os = 7,
	};
	static uint8_t plain[5000];
	struct t_bytes out = { 0 };
	struct wd_comp_req req =
		t_compress_req(WD_COMP_GZIP, plain, sizeof(plain), &out);
	struct wd_queue q;

	(void)state;
	t_fill(plain, sizeof(plain), T_TEXT);
	t_open_queue(&q);
	req.header = &header;
	assert_int_equal(t_run_req(&q, &req), 0);
	out.len = req.produced;
	assert_memory_equal(out.data + 4, "\x04\x03\x02\x01", 4);
	assert_int_equal(out.data[9], 7);
	assert_string_equal((char *)out.data + 10, "a name");
	check_stream(WD_COMP_GZIP, &out, plain, sizeof(plain));
	/* And back: the header is read here. */
	memset(plain, 0, sizeof(plain));
	req = t_decompress_req(WD_COMP_GZIP, &out, plain, sizeof(plain));
	assert_int_equal(t_run_req(&q, &req), 0);
	assert_int_equal(req.consumed, out.len);
	assert_int_equal(req.produced, sizeof(plain));
	check_stream(WD_COMP_GZIP, &out, plain, sizeof(plain));
	wd_release_queue(&q);
	t_bytes_free(&out);
}

static void t_an_open_stream_goes_on(void **state)
{
	const enum t_kind kinds[] = { T_TEXT, T_NOISE, T_ZEROS, T_MIXED,
				      T_TEXT };
	const size_t lens[] = { 30000, 4000, 100, 65536, 1 };
	uint8_t *plain = malloc(200000);
	struct t_bytes stream = { 0 };
	struct wd_queue q;
	size_t total = 0;

	(void)state;
	assert_non_null(plain);
	t_open_queue(&q);
	for (size_t i = 0; i < T_ARRAY_SIZE(lens); i++) {
		bool last = i + 1 == T_ARRAY_SIZE(lens);
		struct t_bytes out = { 0 };
		struct wd_comp_req req = t_compress_req(
			WD_COMP_RAW, plain + total, lens[i], &out);

		t_fill(plain + total, lens[i], kinds[i]);
		req.flags = last ? 0 : WD_COMP_REQ_OPEN;
		assert_int_equal(t_run_req(&q, &req), 0);
		if (!last)
			assert_memory_equal(
				out.data + req.produced - WD_SPLICE_MARKER_LEN,
				wd_splice_marker, WD_SPLICE_MARKER_LEN);
		t_bytes_add(&stream, out.data, req.produced);
		total += lens[i];
		t_bytes_free(&out);
	}
	check_stream(WD_COMP_RAW, &stream, plain, total);
	wd_release_queue(&q);
	t_bytes_free(&stream);
	free(plain);
}

/* To the byte: what fits, fits, and nothing is written after it. */
static void t_output_has_just_the_room_it_takes(void **state)
{
	static uint8_t plain[3000];
	struct wd_queue q;

	(void)state;
	t_fill(plain, sizeof(plain), T_TEXT);
	t_open_queue(&q);
	for (int format = WD_COMP_GZIP; format <= WD_COMP_RAW + 1; format++) {
		enum wd_comp_format f = wd_min(format, WD_COMP_RAW);
		/* The last time with a stream that goes on. */
		bool open = format > WD_COMP_RAW;
		struct t_bytes out = { 0 };
		struct wd_comp_req req =
			t_compress_req(f, plain, sizeof(plain), &out);
		/* The trailer of raw data takes room, before it is dropped. */
		size_t extra = f == WD_COMP_RAW && !open ? 8 : 0;
		size_t takes;
		uint8_t *exact;

		req.flags = open ? WD_COMP_REQ_OPEN : 0;
		assert_int_equal(t_run_req(&q, &req), 0);
		takes = req.produced + extra;
		exact = malloc(takes);
		assert_non_null(exact);
		req.out = exact;
		req.out_cap = takes;
		assert_int_equal(t_run_req(&q, &req), 0);
		assert_memory_equal(exact, out.data, req.produced);
		req.out_cap--;
		assert_int_equal(t_run_req(&q, &req), -ENOSPC);
		assert_int_equal(req.produced, 0);
		free(exact);
		t_bytes_free(&out);
	}
	wd_release_queue(&q);
}

/* The engine would not even answer some of them. */
static void t_what_the_engine_cannot_do_it_is_not_asked(void **state)
{
	static const uint8_t zlib_window[] = { 0x78, 0xbb, 0, 0, 0, 1, 3, 0 };
	uint8_t *large = calloc(1, HZIP_LEN_MAX + 1), out[100];
	struct wd_comp_req req = { .out = out,
				   .out_cap = sizeof(out),
				   .level = 1 };
	struct wd_source source = { 0 };
	struct wd_work work;
	struct wd_queue q;

	(void)state;
	assert_non_null(large);
	t_open_queue(&q);
	req.in = large;
	assert_int_equal(wd_send(&q, &req), -EOPNOTSUPP);
	req.in_len = HZIP_LEN_MAX + 1;
	assert_int_equal(wd_send(&q, &req), -EOPNOTSUPP);
	req.in_len = 10;
	req.out_cap = 10 + HZIP_OUT_MIN - 1;
	assert_int_equal(wd_send(&q, &req), -EOPNOTSUPP);
	req.out_cap = 9;
	assert_int_equal(wd_send(&q, &req), -EOPNOTSUPP);
	req.out_cap = sizeof(out);
	work = wd_work_compress_from(&req, WD_COMP_GZIP, &source, 0);
	assert_int_equal(wd_queue_send(&q, &work), -EOPNOTSUPP);
	work = wd_work_members(&req);
	assert_int_equal(wd_queue_send(&q, &work), -EOPNOTSUPP);
	/* Headers that are none, not all there, or want what is not here. */
	req.op = WD_COMP_DECOMPRESS;
	assert_int_equal(wd_send(&q, &req), -EOPNOTSUPP);
	req.in = "\x1f\x8b\x08\x08\0\0\0\0\0\3name";
	req.in_len = 14;
	assert_int_equal(wd_send(&q, &req), -EOPNOTSUPP);
	req.in = "\x1f\x8b\x08\0\0\0\0\0\0\3";
	req.in_len = 10;
	assert_int_equal(wd_send(&q, &req), -EOPNOTSUPP);
	req.format = WD_COMP_ZLIB;
	req.in = zlib_window;
	req.in_len = sizeof(zlib_window);
	assert_int_equal(wd_send(&q, &req), -EOPNOTSUPP);
	wd_release_queue(&q);
	free(large);
	assert_int_equal(t_requests_done(), 0);
}

/* ---- sessions ---- */

/* @in through a session, to @out. */
static void pass(enum wd_comp_op op, enum wd_comp_format format,
		 const struct t_bytes *in, struct t_bytes *out,
		 struct wd_comp_info *info)
{
	struct wd_comp_setup setup = {
		.op = op,
		.format = format,
		.level = 1,
		.chunk_size = WD_COMP_CHUNK_MIN,
		.engine = "hisi_zip",
		.size_hint = WD_COMP_SIZE_UNKNOWN,
		.threads = 2,
	};
	const struct t_feed feed = { .in_max = 100000 };
	struct wd_comp_sess *s;
	size_t left;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	assert_int_equal(t_stream(s, &feed, in->data, in->len, out, &left), 1);
	assert_int_equal(left, 0);
	assert_int_equal(wd_comp_get_info(s, info), 0);
	assert_int_equal(info->redone, 0);
	assert_int_equal(info->device_wrong, 0);
	assert_int_equal(info->device_error, 0);
	wd_comp_destroy(s);
}

static void sessions(bool raw)
{
	const size_t len = 20 * WD_COMP_CHUNK_MIN + 77;
	struct t_bytes plain = { malloc(len), len, len };

	assert_non_null(plain.data);
	t_fill(plain.data, len, T_TEXT);
	for (int format = WD_COMP_GZIP; format <= WD_COMP_RAW; format++) {
		struct t_bytes packed = { 0 }, back = { 0 };
		struct wd_comp_info info;

		pass(WD_COMP_COMPRESS, (enum wd_comp_format)format, &plain,
		     &packed, &info);
		assert_int_equal(info.device_requests, 21);
		check_stream((enum wd_comp_format)format, &packed, plain.data,
			     len);
		pass(WD_COMP_DECOMPRESS, (enum wd_comp_format)format, &packed,
		     &back, &info);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, plain.data, len);
		if (raw)
			assert_true(info.device_requests > 10);
		t_bytes_free(&packed);
		t_bytes_free(&back);
	}
	t_bytes_free(&plain);
}

static void t_sessions_stream_through_the_engine(void **state)
{
	(void)state;
	sessions(true);
}

static void t_sessions_compress_with_the_older_requests(void **state)
{
	(void)state;
	sessions(false);
}

/* So many bytes come of a few that nobody would guess it. */
static void t_zeros_are_decoded_by_the_engine(void **state)
{
	const size_t len = 8u << 20;
	struct t_bytes plain = { calloc(1, len), len, len };
	struct t_bytes packed = { 0 }, back = { 0 };
	struct wd_comp_info info;

	(void)state;
	assert_non_null(plain.data);
	pass(WD_COMP_COMPRESS, WD_COMP_GZIP, &plain, &packed, &info);
	pass(WD_COMP_DECOMPRESS, WD_COMP_GZIP, &packed, &back, &info);
	assert_true(info.device_requests > 0);
	assert_int_equal(back.len, len);
	assert_memory_equal(back.data, plain.data, len);
	t_bytes_free(&plain);
	t_bytes_free(&packed);
	t_bytes_free(&back);
}

#define TEST(name, begin) cmocka_unit_test_setup_teardown(name, begin, t_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_each_format_there_and_back, t_begin_v3),
		TEST(t_each_format_there_and_back, t_begin_v5),
		TEST(t_each_format_there_and_back, t_begin_with_workers),
		TEST(t_each_format_with_the_older_requests, t_begin_v2),
		TEST(t_a_header_says_what_it_shall, t_begin_v3),
		TEST(t_an_open_stream_goes_on, t_begin_v3),
		TEST(t_an_open_stream_goes_on, t_begin_v2),
		TEST(t_output_has_just_the_room_it_takes, t_begin_v3),
		TEST(t_what_the_engine_cannot_do_it_is_not_asked, t_begin_v3),
		TEST(t_sessions_stream_through_the_engine,
		     t_begin_with_workers),
		TEST(t_sessions_compress_with_the_older_requests, t_begin_v2),
		TEST(t_zeros_are_decoded_by_the_engine, t_begin_with_workers),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
