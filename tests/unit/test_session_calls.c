/* SPDX-License-Identifier: MIT */
/*
 * Compression sessions: calls in any order (set-up, flush, reset, polls), without
 * enough room, and in a child process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "t_session.h"

#include <cmocka.h>

/* ---- flush ---- */

/* Put @n bytes, flush, and take all that comes. */
static void feed_and_flush(struct wd_comp_sess *s, const uint8_t *in, size_t n,
			   size_t out_max, struct t_bytes *out)
{
	struct wd_comp_buf buf = { .in = in, .in_len = n };
	uint8_t room[1000];
	int ret;

	do {
		buf.out = room;
		buf.out_len = out_max;
		ret = wd_comp_stream(s, &buf, WD_COMP_SYNC_FLUSH);
		assert_int_equal(ret, 0);
		t_bytes_add(out, room, out_max - buf.out_len);
	} while (!buf.out_len);
	assert_int_equal(buf.in_len, 0);
}

static void flush_often(enum wd_comp_format format, int level, uint32_t threads)
{
	struct wd_comp_setup setup = {
		.format = format, .level = level, .threads = threads,
		.chunk_size = WD_COMP_CHUNK_MIN,
	};
	const struct t_feed rest = { 0, 0, false, false };
	struct wd_comp_sess *s = make(&setup);
	struct t_bytes out = { 0 };
	uint8_t *back = malloc(DATA_LEN);
	z_stream z = { 0 };
	size_t at = 0, left;

	assert_non_null(back);
	assert_int_equal(inflateInit2(&z, t_window_bits(format)), Z_OK);
	z.next_out = back;
	z.avail_out = DATA_LEN;
	for (int i = 0; i < 12; i++) {
		size_t n = i % 4 ? t_rnd_below(i % 3 ? 300 : 80000) : (size_t)i / 4;

		feed_and_flush(s, mixed + at, n, 1 + t_rnd_below(1000), &out);
		at += n;
		z.next_in = out.data + z.total_in;
		z.avail_in = (uInt)(out.len - z.total_in);
		inflate(&z, Z_SYNC_FLUSH);
		assert_int_equal(z.avail_in, 0);
		assert_int_equal(z.total_out, at);
		assert_memory_equal(back, mixed, at);
	}
	inflateEnd(&z);
	assert_int_equal(t_stream(s, &rest, mixed + at, 1000, &out, &left), 1);
	check_judged(format, &out, mixed, at + 1000);
	wd_comp_destroy(s);
	t_bytes_free(&out);
	free(back);
}

static void t_what_was_put_in_can_be_decoded_after_a_flush(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * WD_COMP_LEVEL_MAX; i++) {
		flush_often((enum wd_comp_format)(i % 3), i / 3 + 1, 1);
		flush_often((enum wd_comp_format)(i % 3), i / 3 + 1, 3);
	}
}

/* Nothing was put in since, so a flush adds nothing that matters. */
static void t_flush_before_the_end_is_harmless(void **state)
{
	const struct t_feed all = { 0, 0, false, false };

	(void)state;
	for (int members = 0; members <= WD_COMP_MEMBERS_BGZF; members++) {
		struct wd_comp_setup setup = {
			.members = (enum wd_comp_members)members, .threads = 2,
		};
		struct wd_comp_sess *s = make(&setup);
		struct t_bytes out = { 0 };
		size_t left;

		feed_and_flush(s, text, 0, 1000, &out);
		feed_and_flush(s, text, 5000, 1000, &out);
		feed_and_flush(s, text, 0, 1000, &out);
		assert_int_equal(t_stream(s, &all, text, 0, &out, &left), 1);
		check_judged(WD_COMP_GZIP, &out, text, 5000);
		t_bytes_free(&out);
		wd_comp_destroy(s);
	}
}

/* ---- reset ---- */

static void t_reset_begins_anew(void **state)
{
	struct wd_comp_setup setup = {
		.threads = 3, .chunk_size = WD_COMP_CHUNK_MIN, .level = 2,
	};
	struct wd_comp_sess *s = make(&setup);
	struct t_bytes want = { 0 };
	struct wd_comp_info info;

	(void)state;
	compress_to(s, mixed, 300000, &want);
	for (size_t cut = 0; cut < 290000; cut += 37000) {
		struct t_bytes out = { 0 }, half = { 0 };
		struct wd_comp_buf buf = { .in = mixed, .in_len = cut };
		uint8_t room[3000];

		/* In the middle of anything. */
		assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
		do {
			buf.out = room;
			buf.out_len = sizeof(room);
			assert_int_equal(wd_comp_stream(s, &buf, WD_COMP_NO_FLUSH), 0);
			t_bytes_add(&half, room, sizeof(room) - buf.out_len);
		} while (buf.in_len);
		assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
		assert_int_equal(wd_comp_get_info(s, &info), 0);
		assert_int_equal(info.total_in, 0);
		assert_int_equal(info.total_out, 0);
		assert_int_equal(info.members, 0);
		compress_to(s, mixed, 300000, &out);
		check_equal(&out, &want);
		t_bytes_free(&half);
		t_bytes_free(&out);
	}
	t_bytes_free(&want);
	wd_comp_destroy(s);
}

static void t_reset_after_a_failure_begins_anew(void **state)
{
	(void)state;
	for (uint32_t threads = 1; threads <= 3; threads += 2) {
		struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, threads);
		struct t_bytes good = { 0 }, bad = { 0 };
		uint8_t *out = malloc(600000);
		struct wd_comp_info info;
		size_t made, left;

		assert_non_null(out);
		t_deflate_chunked(&good, mixed, 600000, 31, 6, 50000, true);
		for (int i = 0; i < 20; i++) {
			struct t_bytes got = { 0 };
			const struct t_feed *feed = &feeds[3 + i % 6];

			t_bytes_add(&bad, good.data, good.len);
			bad.data[t_rnd_below((uint32_t)good.len - 8)] ^= 0x10;
			if (t_stream(d, feed, bad.data, bad.len, &got, &left) < 0) {
				struct wd_comp_buf buf = { .in = NULL };
				int ret = wd_comp_stream(d, &buf, WD_COMP_FINISH);

				/* It stays failed until then. */
				assert_true(ret == -EBADMSG || ret == -ENODATA);
				assert_int_equal(wd_comp_get_info(d, &info), 0);
				assert_int_not_equal(info.error, WD_COMP_OK);
			}
			assert_int_equal(wd_comp_reset(d, 0), 0);
			assert_int_equal(wd_comp_get_info(d, &info), 0);
			assert_int_equal(info.error, WD_COMP_OK);
			assert_int_equal(wd_comp_run(d, good.data, good.len, out,
						     600000, NULL, &made), 0);
			assert_int_equal(made, 600000);
			assert_memory_equal(out, mixed, made);
			assert_int_equal(wd_comp_reset(d, 0), 0);
			t_bytes_free(&got);
			bad.len = 0;
		}
		free(out);
		t_bytes_free(&good);
		t_bytes_free(&bad);
		wd_comp_destroy(d);
	}
}

/* ---- no room ---- */

static void t_too_little_room_is_enospc(void **state)
{
	(void)state;
	for (uint32_t threads = 1; threads <= 3; threads += 2) {
		struct wd_comp_setup setup = {
			.threads = threads, .chunk_size = WD_COMP_CHUNK_MIN,
		};
		struct wd_comp_sess *c = make(&setup);
		struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, threads);
		struct t_bytes full = { 0 };
		uint8_t *out = malloc(200000);
		size_t made;

		assert_non_null(out);
		compress_to(c, mixed, 200000, &full);
		for (size_t cap = 0; cap < full.len; cap += 1 + full.len / 30) {
			assert_int_equal(wd_comp_run(c, mixed, 200000, out, cap,
						     NULL, &made), -ENOSPC);
			assert_true(made <= cap);
		}
		assert_int_equal(wd_comp_run(c, mixed, 200000, out, full.len - 1,
					     NULL, &made), -ENOSPC);
		assert_int_equal(wd_comp_run(c, mixed, 200000, out, full.len,
					     NULL, &made), 0);
		assert_memory_equal(out, full.data, full.len);
		for (size_t cap = 0; cap < 200000; cap += 7919) {
			memset(out, 0xee, 200000);
			assert_int_equal(wd_comp_run(d, full.data, full.len, out,
						     cap, NULL, &made), -ENOSPC);
			assert_int_equal(made, cap);
			if (cap)
				assert_memory_equal(out, mixed, cap);
			assert_int_equal(out[cap], 0xee);
		}
		assert_int_equal(wd_comp_run(d, full.data, full.len, out, 199999,
					     NULL, &made), -ENOSPC);
		assert_int_equal(wd_comp_run(d, full.data, full.len, out, 200000,
					     NULL, &made), 0);
		free(out);
		t_bytes_free(&full);
		wd_comp_destroy(c);
		wd_comp_destroy(d);
	}
}

/* ---- setup ---- */

static void t_wrong_setups_are_refused(void **state)
{
	struct wd_comp_setup setups[] = {
		{ .op = (enum wd_comp_op)2 },
		{ .format = (enum wd_comp_format)3 },
		{ .members = (enum wd_comp_members)4 },
		{ .level = -1 },
		{ .level = 13 },
		{ .chunk_size = WD_COMP_CHUNK_MIN - 1 },
		{ .chunk_size = WD_COMP_CHUNK_MAX + 1 },
		{ .threads = WD_COMP_THREADS_MAX + 1 },
		{ .flags = 16 },
		{ .format = WD_COMP_ZLIB, .members = WD_COMP_MEMBERS_QZ },
		{ .op = WD_COMP_DECOMPRESS, .members = WD_COMP_MEMBERS_BGZF },
	};
	struct wd_comp_sess *s;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(setups); i++)
		assert_int_equal(wd_comp_create(&s, &setups[i]), -EINVAL);
	assert_int_equal(wd_comp_create(NULL, &setups[0]), -EINVAL);
	assert_int_equal(wd_comp_create(&s, NULL), -EINVAL);
	wd_comp_destroy(NULL);
}

static void t_engines_are_found_by_name(void **state)
{
	static const char *const good[] = { NULL, "auto", "sw", "soft", "soft-0" };
	static const char *const bad[] = { "", "hw", "dummy", "soft-1", "sof" };
	struct wd_comp_setup setup = { .threads = 1 };
	struct t_bytes out = { 0 };
	struct wd_comp_sess *s;
	struct wd_comp_info info;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(bad); i++) {
		setup.engine = bad[i];
		assert_int_equal(wd_comp_create(&s, &setup), -ENODEV);
	}
	for (size_t i = 0; i < T_ARRAY_SIZE(good); i++) {
		setup.engine = good[i];
		setup.chunk_size = WD_COMP_CHUNK_MIN;
		s = make(&setup);
		compress_to(s, text, 100000, &out);
		assert_int_equal(wd_comp_get_info(s, &info), 0);
		assert_non_null(info.engine);
		assert_non_null(info.codec);
		assert_int_equal(info.level, WD_COMP_LEVEL_DEFAULT);
		assert_int_equal(info.chunk_size, WD_COMP_CHUNK_MIN);
		assert_int_equal(info.threads, 1);
		assert_int_equal(info.requests, 4);
		wd_comp_destroy(s);
		t_bytes_free(&out);
	}
}

/* Places for other threads to begin at are for other threads. */
static void t_a_single_thread_decodes_long_pieces(void **state)
{
	const struct wd_comp_setup setup = {
		.chunk_size = WD_COMP_CHUNK_MIN,
		.size_hint = DATA_LEN,
		.threads = 2,
	};
	const struct t_feed feed = { 0, 0, false, false };
	struct t_bytes in = { 0 }, out = { 0 };
	struct wd_comp_sess *s = make(&setup);
	struct wd_comp_info info;
	uint64_t chunks;
	size_t left;

	(void)state;
	compress_to(s, text, DATA_LEN, &in);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	chunks = info.requests;
	wd_comp_destroy(s);
	s = make_decompressor(WD_COMP_GZIP, 1);
	assert_int_equal(t_stream(s, &feed, in.data, in.len, &out, &left), 1);
	assert_int_equal(out.len, DATA_LEN);
	assert_memory_equal(out.data, text, DATA_LEN);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_in_range(info.requests, 1, chunks / 4);
	wd_comp_destroy(s);
	t_bytes_free(&in);
	t_bytes_free(&out);
}

/* A record of a tape or a datagram has to fit into what is offered first. */
static void t_input_of_unknown_size_has_room_from_the_start(void **state)
{
	(void)state;
	for (uint32_t op = 0; op < 2; op++) {
		struct wd_comp_setup setup = {
			.op = op ? WD_COMP_DECOMPRESS : WD_COMP_COMPRESS,
			.size_hint = WD_COMP_SIZE_UNKNOWN,
		};
		struct wd_comp_sess *s = make(&setup);
		size_t room;
		void *buf;

		assert_int_equal(wd_comp_get_input(s, &buf, &room), 0);
		assert_true(room >= (size_t)256 << 10);
		wd_comp_destroy(s);
	}
}

static void t_calls_out_of_turn_are_refused(void **state)
{
	for (int op = 0; op <= WD_COMP_DECOMPRESS; op++) {
		struct wd_comp_setup setup = {
			.op = (enum wd_comp_op)op, .threads = 1,
		};
		struct wd_comp_sess *s = make(&setup);
		struct wd_comp_buf buf = { .in_len = 1 };
		const void *data;
		size_t room;
		void *p;

		(void)state;
		assert_int_equal(wd_comp_put_output(s), -EINVAL);
		assert_int_equal(wd_comp_put_input(s, 1, WD_COMP_NO_FLUSH), -EINVAL);
		assert_int_equal(wd_comp_put_input(s, 0, (enum wd_comp_flush)3),
				 -EINVAL);
		assert_int_equal(wd_comp_get_input(s, NULL, &room), -EINVAL);
		assert_int_equal(wd_comp_get_input(s, &p, NULL), -EINVAL);
		assert_int_equal(wd_comp_get_output(s, NULL, &room, 0), -EINVAL);
		assert_int_equal(wd_comp_get_output(s, &data, &room, -2), -EINVAL);
		assert_int_equal(wd_comp_get_unused(s, &data, &room), -EINVAL);
		assert_int_equal(wd_comp_stream(s, NULL, WD_COMP_NO_FLUSH), -EINVAL);
		assert_int_equal(wd_comp_stream(s, &buf, WD_COMP_NO_FLUSH), -EINVAL);
		assert_int_equal(wd_comp_get_info(s, NULL), -EINVAL);
		assert_int_equal(wd_comp_get_input(s, &p, &room), 0);
		assert_int_equal(wd_comp_put_input(s, room + 1, WD_COMP_NO_FLUSH),
				 -EINVAL);
		assert_int_equal(wd_comp_put_input(s, 0, WD_COMP_FINISH), 0);
		assert_int_equal(wd_comp_get_input(s, &p, &room), -EINVAL);
		wd_comp_destroy(s);
	}
	assert_int_equal(wd_comp_reset(NULL, 0), -EINVAL);
	assert_int_equal(wd_comp_bound(NULL, 5), 0);
}

/* Data and its CPU work are done; a poll has to see that some time. */
static void t_streams_can_be_polled(void **state)
{
	(void)state;
	for (uint32_t threads = 1; threads <= 2; threads++) {
		struct wd_comp_setup setup = {
			.threads = threads, .chunk_size = WD_COMP_CHUNK_MIN,
		};
		struct wd_comp_sess *s = make(&setup);
		struct t_bytes out = { 0 };
		size_t at = 0, room, len;
		const void *data;
		void *buf;
		int ret;

		for (time_t end = time(NULL) + 60; time(NULL) < end;) {
			if (at < 300000 && !wd_comp_get_input(s, &buf, &room)) {
				if (room > 300000 - at)
					room = 300000 - at;
				memcpy(buf, mixed + at, room);
				at += room;
				assert_int_equal(wd_comp_put_input(s, room,
						at == 300000 ? WD_COMP_FINISH :
						WD_COMP_NO_FLUSH), 0);
			}
			ret = wd_comp_get_output(s, &data, &len, WD_NO_WAIT);
			if (!ret)
				break;
			if (ret == -EAGAIN)
				continue;
			assert_int_equal(ret, 1);
			t_bytes_add(&out, data, len);
			assert_int_equal(wd_comp_put_output(s), 0);
		}
		check_judged(WD_COMP_GZIP, &out, mixed, 300000);
		t_bytes_free(&out);
		wd_comp_destroy(s);
	}
}

/* ---- fork ---- */

static int child_is_refused(struct wd_comp_sess *s)
{
	struct wd_comp_setup setup = { .threads = 1 };
	struct wd_comp_header hdr = { .os = 3 };
	struct wd_comp_buf buf = { .in = text, .in_len = 10 };
	struct wd_comp_req req = { .level = 1 };
	struct wd_comp_req *got;
	struct wd_comp_info info;
	struct wd_comp_sess *own;
	const void *data;
	uint8_t out[2000];
	size_t len;
	void *p;

	if (wd_comp_reset(s, 0) != -ESTALE ||
	    wd_comp_set_header(s, &hdr) != -ESTALE ||
	    wd_comp_get_header(s, &hdr) != -ESTALE ||
	    wd_comp_set_window(s, text, 10) != -ESTALE ||
	    wd_comp_run(s, text, 10, out, 100, NULL, NULL) != -ESTALE ||
	    wd_comp_stream(s, &buf, WD_COMP_FINISH) != -ESTALE ||
	    wd_comp_get_input(s, &p, &len) != -ESTALE ||
	    wd_comp_put_input(s, 0, WD_COMP_FINISH) != -ESTALE ||
	    wd_comp_get_output(s, &data, &len, 0) != -ESTALE ||
	    wd_comp_put_output(s) != -ESTALE ||
	    wd_comp_get_unused(s, &data, &len) != -ESTALE ||
	    wd_comp_get_info(s, &info) != -ESTALE ||
	    wd_comp_send(s, &req) != -ESTALE ||
	    wd_comp_recv(s, &got, 0) != -ESTALE)
		return 1;
	wd_comp_destroy(s);
	setup.threads = T_CHILD_THREADS;
	setup.chunk_size = WD_COMP_CHUNK_MIN;
	if (wd_comp_create(&own, &setup))
		return 2;
	if (wd_comp_run(own, text, 1000, out, sizeof(out), NULL, &len))
		return 3;
	wd_comp_destroy(own);
	return 0;
}

static void in_child(struct wd_comp_sess *s)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		alarm(600);
		_exit(child_is_refused(s));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void t_session_of_the_parent_is_stale_in_a_child(void **state)
{
	(void)state;
	for (int op = 0; op <= WD_COMP_DECOMPRESS; op++) {
		struct wd_comp_setup setup = {
			.op = (enum wd_comp_op)op, .threads = 2,
			.chunk_size = op ? 0 : WD_COMP_CHUNK_MIN,
		};
		struct wd_comp_sess *s = make(&setup);
		struct t_bytes in = { 0 }, out = { 0 };
		struct wd_comp_buf buf = { 0 };
		uint8_t room[10];
		size_t left;

		if (op)
			t_deflate_chunked(&in, mixed, 500000, 31, 1, 30000, true);
		else
			t_bytes_add(&in, mixed, 500000);
		in_child(s);
		buf.in = in.data;
		buf.in_len = in.len / 2;
		buf.out = room;
		buf.out_len = sizeof(room);
		assert_int_equal(wd_comp_stream(s, &buf, WD_COMP_NO_FLUSH), 0);
		t_bytes_add(&out, room, sizeof(room) - buf.out_len);
		in_child(s);
		/* The parent goes on. */
		assert_int_equal(t_stream(s, &feeds[5], buf.in,
					  (size_t)(in.data + in.len -
						   (const uint8_t *)buf.in),
					  &out, &left), 1);
		if (op) {
			assert_int_equal(out.len, 500000);
			assert_memory_equal(out.data, mixed, 500000);
		} else {
			check_judged(WD_COMP_GZIP, &out, mixed, 500000);
		}
		wd_comp_destroy(s);
		t_bytes_free(&in);
		t_bytes_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			t_what_was_put_in_can_be_decoded_after_a_flush),
		cmocka_unit_test(t_flush_before_the_end_is_harmless),
		cmocka_unit_test(t_reset_begins_anew),
		cmocka_unit_test(t_reset_after_a_failure_begins_anew),
		cmocka_unit_test(t_too_little_room_is_enospc),
		cmocka_unit_test(t_wrong_setups_are_refused),
		cmocka_unit_test(t_engines_are_found_by_name),
		cmocka_unit_test(t_a_single_thread_decodes_long_pieces),
		cmocka_unit_test(
			t_input_of_unknown_size_has_room_from_the_start),
		cmocka_unit_test(t_calls_out_of_turn_are_refused),
		cmocka_unit_test(t_streams_can_be_polled),
		cmocka_unit_test(t_session_of_the_parent_is_stale_in_a_child),
	};

	return cmocka_run_group_tests(tests, setup_data, teardown_data);
}
