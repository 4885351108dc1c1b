/* SPDX-License-Identifier: MIT */
/*
 * Compression sessions: gzip headers, and windows that are set in advance.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "t_session.h"

#include <cmocka.h>

/* ---- gzip headers ---- */

static void header_round_trip(const struct wd_comp_header *want)
{
	struct wd_comp_setup setup = { .threads = 1, .level = 9 };
	struct wd_comp_sess *c = make(&setup);
	struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, 1);
	size_t name_len = want->name ? strlen(want->name) : 0;
	size_t cap = wd_comp_bound(c, 100) + name_len + 1;
	uint8_t *stream = malloc(cap);
	char *name = malloc(name_len + 1);
	struct wd_comp_header got;
	gz_header zh = { .name = (Bytef *)name, .name_max = (uInt)name_len + 1 };
	z_stream z = { 0 };
	uint8_t back[100];
	size_t made;

	assert_non_null(stream);
	assert_non_null(name);
	assert_int_equal(wd_comp_set_header(c, want), 0);
	assert_int_equal(wd_comp_run(c, text, 100, stream, cap, NULL, &made), 0);
	assert_int_equal(stream[8], 2);

	assert_int_equal(inflateInit2(&z, 31), Z_OK);
	assert_int_equal(inflateGetHeader(&z, &zh), Z_OK);
	z.next_in = stream;
	z.avail_in = (uInt)made;
	z.next_out = back;
	z.avail_out = sizeof(back);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(zh.done, 1);
	assert_int_equal(zh.time, want->mtime);
	assert_int_equal(zh.os, want->os);
	if (name_len)
		assert_string_equal(name, want->name);
	else
		assert_null(zh.name);
	inflateEnd(&z);

	assert_int_equal(wd_comp_get_header(d, &got), -EAGAIN);
	assert_int_equal(wd_comp_run(d, stream, made, back, 100, NULL, NULL), 0);
	assert_int_equal(wd_comp_get_header(d, &got), 0);
	assert_int_equal(got.mtime, want->mtime);
	assert_int_equal(got.os, want->os);
	if (name_len)
		assert_string_equal(got.name, want->name);
	else
		assert_null(got.name);

	/* The next stream has the default again. */
	assert_int_equal(wd_comp_run(c, text, 100, stream, cap, NULL, &made), 0);
	assert_memory_equal(stream, "\x1f\x8b\x08\0\0\0\0\0\x02\x03", 10);
	free(stream);
	free(name);
	wd_comp_destroy(c);
	wd_comp_destroy(d);
}

static void t_header_fields_are_written_and_read(void **state)
{
	char *longest = malloc(65536);
	struct wd_comp_header hdr = { .mtime = 1, .os = 3, .name = "file.txt" };

	(void)state;
	assert_non_null(longest);
	header_round_trip(&hdr);
	hdr.mtime = UINT32_MAX;
	hdr.os = 255;
	hdr.name = "\xc3\xa4\n\x01";
	header_round_trip(&hdr);
	hdr.name = NULL;
	header_round_trip(&hdr);
	memset(longest, 'n', 65535);
	longest[65535] = '\0';
	hdr.name = longest;
	header_round_trip(&hdr);
	free(longest);
}

static void t_headers_at_the_wrong_moment_are_refused(void **state)
{
	struct wd_comp_header hdr = { .name = "name" };
	struct wd_comp_setup setup = { .threads = 1 };
	struct wd_comp_sess *s = make(&setup);
	char *too_long = malloc(65537);
	size_t room;
	void *buf;

	(void)state;
	assert_non_null(too_long);
	memset(too_long, 'n', 65536);
	too_long[65536] = '\0';
	assert_int_equal(wd_comp_set_header(s, NULL), -EINVAL);
	assert_int_equal(wd_comp_get_header(s, &hdr), -EINVAL);
	hdr.name = too_long;
	assert_int_equal(wd_comp_set_header(s, &hdr), -EINVAL);
	hdr.name = "name";
	assert_int_equal(wd_comp_get_input(s, &buf, &room), 0);
	memset(buf, 0, 10);
	assert_int_equal(wd_comp_put_input(s, 10, WD_COMP_NO_FLUSH), 0);
	assert_int_equal(wd_comp_set_header(s, &hdr), -EINVAL);
	wd_comp_destroy(s);

	setup.format = WD_COMP_ZLIB;
	s = make(&setup);
	assert_int_equal(wd_comp_set_header(s, &hdr), -EINVAL);
	wd_comp_destroy(s);

	setup.format = WD_COMP_GZIP;
	setup.members = WD_COMP_MEMBERS_QZ;
	s = make(&setup);
	assert_int_equal(wd_comp_set_header(s, &hdr), -EINVAL);
	hdr.name = NULL;
	assert_int_equal(wd_comp_set_header(s, &hdr), 0);
	wd_comp_destroy(s);

	s = make_decompressor(WD_COMP_GZIP, 1);
	assert_int_equal(wd_comp_set_header(s, &hdr), -EINVAL);
	wd_comp_destroy(s);
	free(too_long);
}

/* Buffers that exist already have to take the longer header. */
static void t_header_set_late_but_before_the_input_fits(void **state)
{
	struct wd_comp_setup setup = {
		.threads = 1, .chunk_size = WD_COMP_CHUNK_MIN,
	};
	struct wd_comp_sess *s = make(&setup);
	char *name = malloc(65536);
	struct wd_comp_header hdr = { .os = 3, .name = name };
	struct t_bytes out = { 0 };
	const void *data;
	size_t room;
	void *buf;

	(void)state;
	assert_non_null(name);
	memset(name, 'n', 65535);
	name[65535] = '\0';
	assert_int_equal(wd_comp_get_input(s, &buf, &room), 0);
	if (!wd_comp_set_header(s, &hdr)) {
		assert_int_equal(wd_comp_get_input(s, &buf, &room), 0);
		memcpy(buf, text, 1000);
		assert_int_equal(wd_comp_put_input(s, 1000, WD_COMP_FINISH), 0);
		while (wd_comp_get_output(s, &data, &room, WD_WAIT_FOREVER) == 1) {
			t_bytes_add(&out, data, room);
			assert_int_equal(wd_comp_put_output(s), 0);
		}
		check_judged(WD_COMP_GZIP, &out, text, 1000);
	}
	t_bytes_free(&out);
	free(name);
	wd_comp_destroy(s);
}

static void t_header_of_the_first_member_is_kept(void **state)
{
	static const char *const names[] = { "first", "second" };
	struct wd_comp_setup setup = { .threads = 1 };
	struct wd_comp_sess *c = make(&setup);
	struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, 1);
	struct wd_comp_header hdr = { .os = 3 };
	struct t_bytes both = { 0 };
	uint8_t out[500];
	size_t made;

	(void)state;
	for (int i = 0; i < 2; i++) {
		hdr.name = names[i];
		assert_int_equal(wd_comp_reset(c, 0), 0);
		assert_int_equal(wd_comp_set_header(c, &hdr), 0);
		assert_int_equal(wd_comp_run(c, text, 100, out, sizeof(out), NULL,
					     &made), 0);
		t_bytes_add(&both, out, made);
	}
	assert_int_equal(wd_comp_run(d, both.data, both.len, out, sizeof(out),
				     NULL, &made), 0);
	assert_int_equal(made, 200);
	assert_int_equal(wd_comp_get_header(d, &hdr), 0);
	assert_string_equal(hdr.name, "first");
	t_bytes_free(&both);
	wd_comp_destroy(c);
	wd_comp_destroy(d);
}

/* ---- window ---- */

static void window_round_trip(enum wd_comp_format format, int level,
			      size_t window_len, size_t len, uint32_t threads)
{
	struct wd_comp_setup setup = {
		.format = format, .level = level, .threads = threads,
		.chunk_size = WD_COMP_CHUNK_MIN,
	};
	struct wd_comp_sess *c = make(&setup);
	struct wd_comp_sess *d = make_decompressor(format, threads);
	struct t_bytes stream = { 0 }, zstream = { 0 };
	uint8_t *window = malloc(window_len);
	uint8_t *back = malloc(len);
	struct t_verdict v;
	z_stream z = { 0 };
	size_t made;

	/* The data begins with what the window ends with. */
	assert_non_null(window);
	assert_non_null(back);
	memcpy(window, text + len / 2, window_len);
	assert_int_equal(wd_comp_set_window(c, window, window_len), 0);
	compress_to(c, text, len, &stream);
	t_judge(&v, format, stream.data, stream.len, window, window_len);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.out.len, len);
	assert_memory_equal(v.out.data, text, len);
	t_bytes_free(&v.out);

	assert_int_equal(wd_comp_set_window(d, window, window_len), 0);
	assert_int_equal(wd_comp_run(d, stream.data, stream.len, back, len, NULL,
				     &made), 0);
	assert_int_equal(made, len);
	assert_memory_equal(back, text, len);

	/* And what zlib wrote. */
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, t_window_bits(format), 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflateSetDictionary(&z, window, (uInt)window_len), Z_OK);
	zstream.cap = deflateBound(&z, len);
	zstream.data = malloc(zstream.cap);
	z.next_in = text;
	z.avail_in = (uInt)len;
	z.next_out = zstream.data;
	z.avail_out = (uInt)zstream.cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	zstream.len = z.total_out;
	deflateEnd(&z);
	assert_int_equal(wd_comp_reset(d, 0), 0);
	assert_int_equal(wd_comp_set_window(d, window, window_len), 0);
	assert_int_equal(wd_comp_run(d, zstream.data, zstream.len, back, len, NULL,
				     &made), 0);
	assert_int_equal(made, len);
	assert_memory_equal(back, text, len);
	free(window);
	free(back);
	t_bytes_free(&stream);
	t_bytes_free(&zstream);
	wd_comp_destroy(c);
	wd_comp_destroy(d);
}

static void t_preset_window_works_both_ways_with_zlib(void **state)
{
	static const size_t windows[] = { 1,	 5,	300,   32767,  32768,
					  32769, 65535, 65536, 65537, 100000 };

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(windows); i++) {
		for (int level = 1; level <= 12; level += 3) {
			window_round_trip(WD_COMP_ZLIB, level, windows[i], 1, 1);
			window_round_trip(WD_COMP_RAW, level, windows[i], 700, 1);
			window_round_trip(WD_COMP_ZLIB, level, windows[i], 30000, 1);
			window_round_trip(WD_COMP_RAW, level, windows[i], 200000, 3);
			window_round_trip(WD_COMP_ZLIB, level, windows[i], 200000, 2);
		}
	}
}

/* Each stream has its own, and the last of several given counts. */
static void t_a_session_takes_another_window_for_each_stream(void **state)
{
	static const size_t windows[] = { 65537, 32768, 0, 100000, 1, 0, 32769 };
	struct wd_comp_setup setup = { .format = WD_COMP_ZLIB, .threads = 1 };
	struct wd_comp_sess *c = make(&setup);
	struct wd_comp_sess *d = make_decompressor(WD_COMP_ZLIB, 1);
	uint8_t out[4096], back[1000];
	size_t made, n;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(windows); i++) {
		size_t len = windows[i];
		struct t_verdict v;

		assert_int_equal(wd_comp_reset(c, 1000), 0);
		assert_int_equal(wd_comp_reset(d, 1000), 0);
		if (len) {
			assert_int_equal(wd_comp_set_window(c, text + 5, 77777), 0);
			assert_int_equal(wd_comp_set_window(c, text, len), 0);
			assert_int_equal(wd_comp_set_window(d, text + 5, 77777), 0);
			assert_int_equal(wd_comp_set_window(d, text, len), 0);
		}
		assert_int_equal(wd_comp_run(c, text, 1000, out, sizeof(out), NULL, &made), 0);
		assert_int_equal(!!(out[1] & 0x20), len > 0);
		t_judge(&v, WD_COMP_ZLIB, out, made, len ? text : NULL, len);
		assert_int_equal(v.ret, 0);
		t_bytes_free(&v.out);
		assert_int_equal(wd_comp_run(d, out, made, back, sizeof(back), NULL, &n), 0);
		assert_int_equal(n, 1000);
		assert_memory_equal(back, text, 1000);
	}
	wd_comp_destroy(c);
	wd_comp_destroy(d);
}

/* Its end would do to decode, but what it is cannot be known. */
static void t_a_window_that_is_another_one_is_refused(void **state)
{
	static const size_t others[] = { 0, 1, 32767, 32768, 65535 };
	struct wd_comp_setup setup = { .format = WD_COMP_ZLIB, .threads = 1 };
	struct wd_comp_sess *c = make(&setup);
	struct wd_comp_sess *d = make_decompressor(WD_COMP_ZLIB, 1);
	uint8_t out[4096], back[1000];
	struct wd_comp_info info;
	size_t made;

	(void)state;
	assert_int_equal(wd_comp_set_window(c, text, 65536), 0);
	assert_int_equal(wd_comp_run(c, text, 1000, out, sizeof(out), NULL, &made), 0);
	for (size_t i = 0; i < T_ARRAY_SIZE(others); i++) {
		size_t len = others[i];

		assert_int_equal(wd_comp_reset(d, 1000), 0);
		if (len)
			assert_int_equal(wd_comp_set_window(d, text + 65536 - len, len), 0);
		assert_int_equal(wd_comp_run(d, out, made, back, sizeof(back), NULL, NULL),
				 -EBADMSG);
		assert_int_equal(wd_comp_get_info(d, &info), 0);
		assert_int_equal(info.error, WD_COMP_ERR_WINDOW);
		assert_int_equal(info.error_stored, adler32_z(1, text, 65536));
		assert_int_equal(info.error_computed, adler32_z(1, text + 65536 - len, len));
	}
	wd_comp_destroy(c);
	wd_comp_destroy(d);
}

static void t_windows_at_the_wrong_moment_are_refused(void **state)
{
	struct wd_comp_setup setup = { .format = WD_COMP_RAW, .threads = 1 };
	struct wd_comp_sess *s = make(&setup);
	size_t room;
	void *buf;

	(void)state;
	assert_int_equal(wd_comp_set_window(s, NULL, 5), -EINVAL);
	assert_int_equal(wd_comp_get_input(s, &buf, &room), 0);
	memset(buf, 0, 10);
	assert_int_equal(wd_comp_put_input(s, 10, WD_COMP_NO_FLUSH), 0);
	assert_int_equal(wd_comp_set_window(s, text, 5), -EINVAL);
	wd_comp_destroy(s);
	setup.format = WD_COMP_GZIP;
	s = make(&setup);
	assert_int_equal(wd_comp_set_window(s, text, 5), -EINVAL);
	wd_comp_destroy(s);
}

/* Asking for output that cannot be there is not input. */
static void t_window_after_a_vain_look_for_output_counts(void **state)
{
	(void)state;
	for (int format = WD_COMP_ZLIB; format <= WD_COMP_RAW; format++) {
		struct wd_comp_setup setup = {
			.format = (enum wd_comp_format)format, .threads = 1,
		};
		struct wd_comp_sess *c = make(&setup);
		struct wd_comp_sess *d = make_decompressor(setup.format, 1);
		struct t_bytes stream = { 0 };
		uint8_t back[1000];
		const void *data;
		size_t len;

		assert_int_equal(wd_comp_set_window(c, text, 1000), 0);
		compress_to(c, text, 1000, &stream);
		assert_int_equal(wd_comp_get_output(d, &data, &len, WD_NO_WAIT),
				 -EAGAIN);
		if (!wd_comp_set_window(d, text, 1000)) {
			assert_int_equal(wd_comp_run(d, stream.data, stream.len,
						     back, 1000, NULL, &len), 0);
			assert_memory_equal(back, text, 1000);
		}
		t_bytes_free(&stream);
		wd_comp_destroy(c);
		wd_comp_destroy(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_header_fields_are_written_and_read),
		cmocka_unit_test(t_headers_at_the_wrong_moment_are_refused),
		cmocka_unit_test(t_header_set_late_but_before_the_input_fits),
		cmocka_unit_test(t_header_of_the_first_member_is_kept),
		cmocka_unit_test(t_preset_window_works_both_ways_with_zlib),
		cmocka_unit_test(t_a_session_takes_another_window_for_each_stream),
		cmocka_unit_test(t_a_window_that_is_another_one_is_refused),
		cmocka_unit_test(t_windows_at_the_wrong_moment_are_refused),
		cmocka_unit_test(t_window_after_a_vain_look_for_output_counts),
	};

	return cmocka_run_group_tests(tests, setup_data, teardown_data);
}
