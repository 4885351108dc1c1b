/* SPDX-License-Identifier: MIT */
/*
 * Chunks that are decoded ahead by a library that knows whole streams only: where
 * they end, and what only looks like an end, against the decoder that keeps track.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "codec.h"
#include "t_util.h"

#include <cmocka.h>

#define DATA_LEN	(300u << 10)
#define OUT_CAP		(2 * DATA_LEN)

static uint8_t *data;
static uint8_t *out, *want_out;
static struct wd_codec *codec;
static struct wd_inflate ahead, exact;

/* What the two say about @in with room for @cap bytes; whether the first was fast. */
static bool decode_both(const uint8_t *in, size_t len, size_t cap,
			struct wd_comp_req *got, struct wd_comp_req *want)
{
	struct wd_work work = wd_work_chunk(got, &ahead);

	*got = (struct wd_comp_req){
		.in = in, .in_len = len, .out = out, .out_cap = cap,
	};
	*want = *got;
	want->out = want_out;
	wd_codec_run(codec, &work);
	assert_int_equal(wd_inflate_begin(&exact, NULL, 0), 0);
	wd_inflate_run(&exact, want);
	return work.result.chunk.stuck;
}

static void same(const uint8_t *in, size_t len, size_t cap)
{
	struct wd_comp_req got, want;

	decode_both(in, len, cap, &got, &want);
	assert_int_equal(got.status, want.status);
	assert_int_equal(got.produced, want.produced);
	assert_int_equal(got.consumed, want.consumed);
	assert_memory_equal(out, want_out, got.produced);
	assert_int_equal(ahead.ended, exact.ended);
	assert_int_equal(ahead.boundary, exact.boundary);
	assert_int_equal(ahead.lost_len, exact.lost_len);
	assert_int_equal(got.checksum, wd_crc32(0, out, got.produced));
}

/* Did the fast way do it? */
static void same_fast(const uint8_t *in, size_t len, bool fast)
{
	struct wd_comp_req got, want;

	same(in, len, OUT_CAP);
	assert_int_equal(decode_both(in, len, OUT_CAP, &got, &want), fast);
}

static void t_chunks_end_at_their_marker(void **state)
{
	struct t_bytes b = { 0 };

	(void)state;
	for (int level = 0; level <= 9; level += 3) {
		struct wd_deflate *d = wd_deflate_create();
		size_t cap = wd_deflate_bound(DATA_LEN);
		uint8_t *chunk = malloc(cap);

		assert_non_null(chunk);
		for (size_t len = 1; len <= DATA_LEN; len = len * 5 + 1) {
			struct wd_deflate_job job = {
				.in = data, .in_len = len, .out = chunk,
				.out_cap = cap, .level = level ? level : 1,
				.open = true,
			};

			assert_int_equal(wd_deflate_run(d, &job), 0);
			same_fast(chunk, job.produced, true);
			job.open = false;
			assert_int_equal(wd_deflate_run(d, &job), 0);
			same_fast(chunk, job.produced, true);
		}
		wd_deflate_destroy(d);
		free(chunk);
	}
	/* A final chunk has a trailer after it. */
	t_deflate(&b, data, DATA_LEN, -15, 6, Z_DEFAULT_STRATEGY);
	t_bytes_add(&b, "trailer, or the next member", 27);
	for (size_t n = 0; n <= 27; n++)
		same_fast(b.data, b.len - n, true);
	t_bytes_free(&b);
}

static void t_a_cut_chunk_has_no_end(void **state)
{
	struct t_bytes b = { 0 };

	(void)state;
	t_deflate(&b, data, 3000, -15, 6, Z_DEFAULT_STRATEGY);
	for (size_t len = 1; len < b.len; len++) {
		struct wd_comp_req got, want;

		decode_both(b.data, len, OUT_CAP, &got, &want);
		assert_int_equal(got.result, 0);
		assert_int_equal(got.produced, want.produced);
		assert_false(ahead.ended);
		assert_false(ahead.boundary);
	}
	t_bytes_free(&b);
}

/*
 * A final stored block that reaches over the end of the chunk takes what is put
 * there for its own content.
 */
static void t_stored_blocks_that_reach_over_the_end(void **state)
{
	(void)state;
	for (size_t over = 0; over <= 64; over++) {
		for (size_t inside = 0; inside <= 40; inside += 8) {
			size_t n = inside + over;
			uint8_t in[5 + 64] = {
				0x01, (uint8_t)n, 0, (uint8_t)~n, 0xff,
			};

			memcpy(in + 5, data, inside);
			if (inside >= 9)
				memcpy(in + 5 + inside - 9,
				       "\0\0\xff\xff\0\0\0\xff\xff", 9);
			same_fast(in, 5 + inside, !over);
		}
	}
}

/* What the end block's header would be, as data. */
static void t_output_that_ends_like_the_end_itself(void **state)
{
	static const uint8_t head[] = { 0x01, 0x08, 0x00, 0xf7, 0xff };
	struct wd_deflate *d = wd_deflate_create();
	uint8_t text[1000], chunk[2000];

	(void)state;
	memcpy(text, data, sizeof(text));
	for (size_t len = sizeof(head) + 1; len < sizeof(text); len += 7) {
		struct wd_deflate_job job = {
			.in = text, .in_len = len, .out = chunk,
			.out_cap = sizeof(chunk), .level = 6, .open = true,
		};

		memcpy(text, data, sizeof(text));
		memcpy(text + len - sizeof(head), head, sizeof(head));
		assert_int_equal(wd_deflate_run(d, &job), 0);
		same_fast(chunk, job.produced, false);
		/* The same a byte earlier is nothing special. */
		memcpy(text + len - sizeof(head) - 1, head, sizeof(head));
		assert_int_equal(wd_deflate_run(d, &job), 0);
		same_fast(chunk, job.produced, true);
	}
	wd_deflate_destroy(d);
}

static void t_little_room_gives_a_part(void **state)
{
	static const size_t caps[] = { 0, 1, 15, 16, 4095, DATA_LEN - 1, DATA_LEN };
	struct t_bytes b = { 0 };

	(void)state;
	t_deflate(&b, data, DATA_LEN, -15, 6, Z_DEFAULT_STRATEGY);
	for (size_t i = 0; i < T_ARRAY_SIZE(caps); i++)
		same(b.data, b.len, caps[i]);
	t_bytes_free(&b);
}

/*
 * What both take they take alike.  With damaged block headers they are not equally
 * strict (libdeflate lets a run of code lengths end too late), which the stream's
 * checksum has to notice.
 */
static void compare_damaged(const uint8_t *in, size_t len)
{
	struct wd_comp_req got, want;

	if (decode_both(in, len, OUT_CAP, &got, &want) && want.status)
		return;
	assert_int_equal(got.status, want.status);
	assert_int_equal(ahead.ended, exact.ended);
	assert_int_equal(got.produced, want.produced);
	assert_memory_equal(out, want_out, got.produced);
	if (got.status)
		return;
	assert_int_equal(ahead.boundary, exact.boundary);
	assert_int_equal(got.consumed, want.consumed);
}

static void t_chunks_that_need_others_and_damage(void **state)
{
	struct t_bytes b = { 0 };

	(void)state;
	t_deflate_chunked(&b, data, 100000, -15, 6, 30000, false);
	for (size_t at = 0; at < b.len; at += 97)
		compare_damaged(b.data + at, b.len - at);
	for (size_t bit = 0; bit < b.len * 8; bit += T_SLOW ? 1013 : 53) {
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		compare_damaged(b.data, b.len);
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	t_bytes_free(&b);
}

static int set_up(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	t_seed(11);
	data = malloc(DATA_LEN);
	out = malloc(OUT_CAP);
	want_out = malloc(OUT_CAP);
	codec = wd_codec_create();
	if (!data || !out || !want_out || !codec || wd_inflate_init(&ahead) ||
	    wd_inflate_init(&exact))
		return -1;
	t_fill(data, DATA_LEN, T_MIXED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	wd_inflate_exit(&ahead);
	wd_inflate_exit(&exact);
	wd_codec_destroy(codec);
	free(want_out);
	free(out);
	free(data);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_chunks_end_at_their_marker),
		cmocka_unit_test(t_a_cut_chunk_has_no_end),
		cmocka_unit_test(t_stored_blocks_that_reach_over_the_end),
		cmocka_unit_test(t_output_that_ends_like_the_end_itself),
		cmocka_unit_test(t_little_room_gives_a_part),
		cmocka_unit_test(t_chunks_that_need_others_and_damage),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
