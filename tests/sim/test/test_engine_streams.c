// SPDX-License-Identifier: MIT
/*
 * The model's engine by itself: streams in pieces, cut anywhere, the states they stop
 * in, and the words that software has to carry.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "guest.h"

/* ---- compression streams ---- */

/* In pieces of up to max bytes; the last one is empty if @empty_end. */
static void compress_stream(unsigned int alg, unsigned int window, const uint8_t *plain,
			    size_t len, size_t max, bool empty_end)
{
	struct stream s = stream(false, alg);
	uint8_t *out = malloc(2 * len + 100000);
	size_t done = 0, n = 0;
	bool finish;

	assert_non_null(out);
	set_window(&s.r, window);
	do {
		size_t piece = 1 + rnd_below((uint32_t)max);

		if (piece > len - done)
			piece = len - done;
		finish = empty_end ? !piece : done + piece == len;
		step(&s, plain + done, piece, stream_space(piece), finish);
		if (status_of(&s.r))
			assert_int_equal(status_of(&s.r), HZIP_STATUS_NEGATIVE);
		assert_int_equal(s.r.sqe.consumed, piece);
		assert_int_equal(state_of(&s), HZIP_STATE_IDLE);
		memcpy(out + n, at(OUT_ADDR), s.r.sqe.produced);
		n += s.r.sqe.produced;
		done += piece;
		if (!finish)
			assert_memory_equal(out + n - 4, "\0\0\xff\xff", 4);
		assert_int_equal(s.r.sqe.isize, done);
		assert_int_equal(s.r.sqe.checksum, packed_sum(alg, plain, done));
		assert_int_equal(FIELD_GET(HZIP_CTX2_WINDOW, s.r.sqe.ctx_dw2),
				 done < windows[window] ? done : windows[window]);
	} while (!finish);
	expect_stream(alg, out, n, plain, len, bits_of[window]);
	expect_clean();
	free(out);
}

static void t_a_stream_is_compressed_in_pieces(void **state)
{
	static const size_t lens[] = { 0, 1, 100, 5000, 100000 };
	uint8_t *plain = malloc(100000);

	(void)state;
	assert_non_null(plain);
	for (size_t i = 0; i < ARRAY_SIZE(lens) * KINDS; i++) {
		size_t len = lens[i / KINDS];

		fill(plain, len, i % KINDS);
		for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
			compress_stream(algs[a], (unsigned int)(i + a) % 5, plain, len,
					1 + len / 5, i % 2);
			compress_stream(algs[a], (unsigned int)(i + a) % 5, plain, len,
					2 * len + 1, !(i % 2));
		}
	}
	free(plain);
}

static void t_matches_of_a_stream_reach_back_within_the_window(void **state)
{
	uint8_t noise[3000];
	const size_t far[] = { 3000, 5000, 12000, 20000, 31000 };

	(void)state;
	fill(noise, sizeof(noise), NOISE);
	for (unsigned int w = 0; w < ARRAY_SIZE(windows); w++) {
		for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
			struct stream s = stream(false, HZIP_ALG_DEFLATE);
			uint8_t *zeros = calloc(1, far[i]);
			size_t reach = (size_t)1 << bits_of[w];

			assert_non_null(zeros);
			set_window(&s.r, w);
			step(&s, noise, sizeof(noise), 4000, false);
			step(&s, zeros, far[i] - sizeof(noise) + 200, 60000, false);
			step(&s, noise + 200, 100, 300, false);
			/* A match, if that is near enough. */
			if (far[i] + 600 < reach)
				assert_in_range(s.r.sqe.produced, 1, 40);
			if (far[i] > reach)
				assert_in_range(s.r.sqe.produced, 80, 300);
			free(zeros);
		}
	}
	expect_clean();
}

static void t_an_empty_stream_ends_right(void **state)
{
	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
		struct stream s = stream(false, algs[a]);

		assert_int_equal(step(&s, NULL, 0, 201, true), HZIP_STATUS_OK);
		expect_stream(algs[a], at(OUT_ADDR), s.r.sqe.produced, NULL, 0, 15);
		s = stream(false, algs[a]);
		assert_int_equal(step(&s, NULL, 0, 201, false), HZIP_STATUS_OK);
		assert_int_equal(s.r.sqe.produced, 5);
		assert_int_equal(step(&s, NULL, 0, 201, true), HZIP_STATUS_OK);
		expect_clean();
	}
}

static void t_streams_have_a_least_space(void **state)
{
	static uint8_t plain[1000];
	struct stream s = stream(false, HZIP_ALG_GZIP);

	(void)state;
	assert_int_equal(step(&s, plain, 10, 200, false), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
	s.begun = false;
	assert_int_equal(step(&s, plain, 1000, 1124, false), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
	s.begun = false;
	assert_int_equal(step(&s, plain, 1000, 1125, false), HZIP_STATUS_OK);
	s = stream(true, HZIP_ALG_GZIP);
	assert_int_equal(step(&s, plain, 10, 200, false), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
}

/* Noise in any amount fits into what a stream must be given. */
static void t_the_least_space_is_enough(void **state)
{
	uint8_t plain[3000];

	(void)state;
	fill(plain, sizeof(plain), NOISE);
	for (size_t len = 0; len < sizeof(plain); len += stride) {
		struct stream s = stream(false, HZIP_ALG_GZIP);

		step(&s, plain, 7, 201, false);
		step(&s, plain, len, stream_space(len), true);
		assert_int_not_equal(status_of(&s.r), HZIP_STATUS_NO_SPACE);
		assert_int_equal(s.r.sqe.consumed, len);
	}
	expect_clean();
}

/* ---- decompression streams ---- */

/* How a stream is cut: the sizes of the first pieces, then these. */
struct cut {
	size_t in_first, out_first;
	size_t in_max, out_max;
	bool random;
};

struct result {
	uint32_t status;
	struct bytes out;
	size_t consumed;
	size_t left_bits;	/* cached at the end */
	unsigned int requests;
	unsigned int held, full, ended_full;	/* states seen */
};

static size_t draw(size_t first, size_t max, bool random, size_t least, bool begun)
{
	if (!begun)
		return first;
	return random ? least + rnd_below((uint32_t)(max - least + 1)) : max;
}

/* What a request may look like whatever was in it. */
static void check_step(const struct stream *s, size_t len, size_t space,
		       const uint8_t *in_end)
{
	const struct hisi_zip_sqe *sqe = &s->r.sqe;
	uint32_t window = FIELD_GET(HZIP_CTX2_WINDOW, sqe->ctx_dw2);
	uint64_t head, want = 0;
	uint32_t n = head_bits(s);

	assert_in_range(sqe->consumed, 0, len);
	assert_in_range(sqe->produced, 0, space);
	assert_in_range(window, 0, 32768);
	assert_int_equal(!!(sqe->dw3 & HZIP_SQE_LAST_BLOCK),
			 status_of(&s->r) == HZIP_STATUS_END);
	memcpy(&head, at(CTX_ADDR + HZIP_CTX_WINDOW + (window + 15) / 16 * 16), 8);
	assert_int_equal(head >> n, 0);
	if (status_of(&s->r))
		return;
	if (sqe->produced < space && state_of(s) != HZIP_STATE_END_NO_SPACE)
		assert_int_equal(sqe->consumed, len);
	if (state_of(s) == HZIP_STATE_NO_SPACE || state_of(s) == HZIP_STATE_END_NO_SPACE)
		assert_int_equal(sqe->produced, space);
	if (state_of(s) != HZIP_STATE_NO_BLOCK)
		return;
	/* Held back are the last bits of the input. */
	assert_in_range(n, 1, HZIP_HOLD_BITS - 1);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t back = n - i;
		uint32_t bit = in_end[-(ptrdiff_t)((back + 7) / 8)] >>
			       ((8 - back % 8) % 8) & 1;

		want |= (uint64_t)bit << i;
	}
	assert_int_equal(head, want);
}

/*
 * Feed all of it as cut says until the end, an error, or an empty request that does
 * nothing more.
 */
static void decompress_stream(struct result *res, unsigned int alg, const uint8_t *in,
			      size_t len, size_t plain_max, const struct cut *cut)
{
	struct stream s = stream(true, alg);
	bool moved;

	*res = (struct result){ .out = { malloc(plain_max + cut->out_max +
						cut->out_first), 0 } };
	assert_non_null(res->out.data);
	do {
		size_t n = draw(cut->in_first, cut->in_max, cut->random, 0, s.begun);
		size_t space = draw(cut->out_first, cut->out_max, cut->random,
				    HZIP_STREAM_OUT_MIN, s.begun);

		if (n > len - res->consumed)
			n = len - res->consumed;
		res->status = step(&s, in + res->consumed, n, space, false);
		res->requests++;
		if (res->status && res->status != HZIP_STATUS_END) {
			if (res->status != HZIP_STATUS_CHECKSUM)
				expect_nothing_done(&s.r);
			break;
		}
		check_step(&s, n, space, in + res->consumed + s.r.sqe.consumed);
		res->held += state_of(&s) == HZIP_STATE_NO_BLOCK;
		res->full += state_of(&s) == HZIP_STATE_NO_SPACE;
		res->ended_full += state_of(&s) == HZIP_STATE_END_NO_SPACE;
		moved = n || s.r.sqe.produced || state_of(&s) != HZIP_STATE_IDLE ||
			res->consumed < len;
		res->consumed += s.r.sqe.consumed;
		assert_in_range(res->out.len + s.r.sqe.produced, 0, plain_max);
		memcpy(res->out.data + res->out.len, at(OUT_ADDR), s.r.sqe.produced);
		res->out.len += s.r.sqe.produced;
	} while (!res->status && moved && res->requests < 100000);
	res->left_bits = head_bits(&s);
	if (res->status == HZIP_STATUS_END) {
		assert_int_equal(s.r.sqe.isize, res->out.len);
		assert_int_equal(s.r.sqe.checksum,
				 packed_sum(alg, res->out.data, res->out.len));
		assert_int_equal(state_of(&s), alg == HZIP_ALG_DEFLATE ?
				 HZIP_STATE_END_RAW : HZIP_STATE_IDLE);
	}
	expect_clean();
}

/* The stream is followed by what does not belong to it. */
static void expect_cut(unsigned int alg, const struct bytes *b, const uint8_t *plain,
		       size_t len, const struct cut *cut, struct result *res)
{
	const size_t past = 9;
	uint8_t *in = malloc(b->len + past);
	struct result r;

	assert_non_null(in);
	memcpy(in, b->data, b->len);
	memset(in + b->len, 0xa7, past);
	decompress_stream(&r, alg, in, b->len + past, len, cut);
	assert_int_equal(r.status, HZIP_STATUS_END);
	assert_int_equal(r.out.len, len);
	if (len)
		assert_memory_equal(r.out.data, plain, len);
	/* Input past the end may be among what was held back, not otherwise. */
	assert_int_equal(r.consumed - r.left_bits / 8, b->len);
	if (alg != HZIP_ALG_DEFLATE)
		assert_int_equal(r.left_bits, 0);
	free(r.out.data);
	free(in);
	if (res)
		*res = r;
}

#define PLAIN_LEN	2600

static void for_each_stream(void (*each)(unsigned int alg, const struct bytes *b,
					 const uint8_t *plain, size_t len))
{
	uint8_t plain[PLAIN_LEN];

	fill(plain, sizeof(plain), MIXED);
	for (size_t i = 0; i < BLOCKS * ARRAY_SIZE(algs); i++) {
		struct bytes b = zlib_stream(algs[i / BLOCKS], plain, sizeof(plain),
					     i % BLOCKS);

		each(algs[i / BLOCKS], &b, plain, sizeof(plain));
		free(b.data);
	}
}

static void cut_input(unsigned int alg, const struct bytes *b, const uint8_t *plain,
		      size_t len)
{
	for (size_t i = 0; i <= b->len; i += stride) {
		struct cut cut = { i, 30000, b->len + 9, 30000, false };

		expect_cut(alg, b, plain, len, &cut, NULL);
	}
}

static void t_a_stream_may_be_cut_at_any_byte_of_input(void **state)
{
	(void)state;
	for_each_stream(cut_input);
}

static void cut_output(unsigned int alg, const struct bytes *b, const uint8_t *plain,
		       size_t len)
{
	for (size_t i = HZIP_STREAM_OUT_MIN; i <= len; i += stride) {
		struct cut cut = { b->len + 9, i, b->len + 9, i / 2 + 201, false };
		struct result res;

		expect_cut(alg, b, plain, len, &cut, &res);
		if (i < len)
			assert_int_not_equal(res.full, 0);
		if (i == len)
			assert_int_equal(res.ended_full, 1);
	}
}

static void t_a_stream_may_be_cut_at_any_byte_of_output(void **state)
{
	(void)state;
	for_each_stream(cut_output);
}

static void cut_to_bytes(unsigned int alg, const struct bytes *b, const uint8_t *plain,
			 size_t len)
{
	for (size_t i = 1; i < 7; i++) {
		struct cut cut = { i, 201, i, 201, false };

		expect_cut(alg, b, plain, len, &cut, NULL);
	}
}

static void t_a_stream_may_come_byte_by_byte(void **state)
{
	(void)state;
	for_each_stream(cut_to_bytes);
}

static void cut_at_random(unsigned int alg, const struct bytes *b, const uint8_t *plain,
			  size_t len)
{
	for (size_t i = 0; i < 60; i += stride) {
		struct cut cut = {
			rnd_below(300), 201 + rnd_below(300),
			1 + rnd_below(i % 2 ? 20 : 600), 201 + rnd_below(600), true,
		};

		expect_cut(alg, b, plain, len, &cut, NULL);
	}
}

static void t_a_stream_may_be_cut_in_both_ways(void **state)
{
	(void)state;
	for_each_stream(cut_at_random);
}

static void t_the_window_is_carried_over(void **state)
{
	const size_t len = 200000;
	uint8_t *plain = malloc(len);

	(void)state;
	assert_non_null(plain);
	fill(plain, len, DISTANT);
	for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
		struct bytes b = zlib_stream(algs[a], plain, len, DYNAMIC);

		for (int i = 0; i < 6; i++) {
			struct cut cut = { 100, 1000, 20000, 40000u >> i, i % 2 };

			expect_cut(algs[a], &b, plain, len, &cut, NULL);
		}
		free(b.data);
	}
	free(plain);
}

static void t_trailers_may_be_cut_at_each_byte(void **state)
{
	uint8_t plain[500];

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (size_t a = 1; a < ARRAY_SIZE(algs); a++) {
		struct bytes b = zlib_stream(algs[a], plain, sizeof(plain), DYNAMIC);

		for (size_t i = 0; i <= trailer_len(algs[a]) + 2; i++) {
			/* Space for more, and exactly that of the data. */
			for (size_t space = 500; space < 502; space++) {
				struct cut cut = { b.len - i, space, 1, 300, false };

				expect_cut(algs[a], &b, plain, sizeof(plain), &cut,
					   NULL);
			}
		}
		free(b.data);
	}
}

static void t_wrong_trailers_of_a_stream_are_found(void **state)
{
	uint8_t plain[500];

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (size_t a = 1; a < ARRAY_SIZE(algs); a++) {
		struct bytes b = zlib_stream(algs[a], plain, sizeof(plain), FIXED);

		for (size_t i = 0; i < trailer_len(algs[a]) * 8; i++) {
			struct cut cut = { 20 * i, 500 + i % 2, 1 + i, 300, false };
			struct result res;

			b.data[b.len - 1 - i / 8] ^= (uint8_t)(1u << i % 8);
			decompress_stream(&res, algs[a], b.data, b.len, 500, &cut);
			assert_int_equal(res.status, HZIP_STATUS_CHECKSUM);
			b.data[b.len - 1 - i / 8] ^= (uint8_t)(1u << i % 8);
			free(res.out.data);
		}
		free(b.data);
	}
}

static void cut_damaged(unsigned int alg, const struct bytes *b, const uint8_t *plain,
			size_t len)
{
	(void)plain;
	for (size_t i = rnd_below(5); i < b->len; i += 5 * stride) {
		struct cut cut = { rnd_below(200), 400, 1 + rnd_below(300), 900, true };
		uint8_t was = b->data[i];
		struct result res;
		struct verdict v;

		b->data[i] ^= (uint8_t)(1 + rnd_below(255));
		judge(&v, alg, b->data, b->len, JUDGE_SPACE);
		if (v.status != HZIP_STATUS_NO_SPACE) {
			decompress_stream(&res, alg, b->data, b->len, JUDGE_SPACE, &cut);
			assert_int_equal(res.status,
					 v.status == SIM_STATUS_TRUNCATED ? 0 :
					 v.status == HZIP_STATUS_OK ? HZIP_STATUS_END :
					 v.status);
			if (v.status == HZIP_STATUS_OK) {
				assert_int_equal(res.out.len, v.out.len);
				assert_memory_equal(res.out.data, v.out.data, v.out.len);
			}
			free(res.out.data);
		}
		b->data[i] = was;
		free(v.out.data);
	}
	assert_in_range(len, 1, JUDGE_SPACE);
}

static void t_damage_of_a_stream_is_judged_as_zlib_does(void **state)
{
	(void)state;
	for_each_stream(cut_damaged);
}

/* ---- the states a stream stops in ---- */

static void t_a_tiny_last_block_is_held_back(void **state)
{
	/* An empty stored block that is not the last, then the empty last block. */
	static const uint8_t in[] = { 0, 0, 0, 0xff, 0xff, 3, 0 };
	struct stream s = stream(true, HZIP_ALG_DEFLATE);

	(void)state;
	assert_int_equal(step(&s, in, 7, 300, false), HZIP_STATUS_OK);
	assert_int_equal(s.r.sqe.consumed, 7);
	assert_int_equal(state_of(&s), HZIP_STATE_NO_BLOCK);
	assert_int_equal(head_bits(&s), 16);
	assert_memory_equal(at(CTX_ADDR + HZIP_CTX_WINDOW), "\3\0\0\0\0\0\0\0", 8);
	/* More of nothing ends it. */
	assert_int_equal(step(&s, NULL, 0, 300, false), HZIP_STATUS_END);
	assert_int_equal(state_of(&s), HZIP_STATE_END_RAW);
	assert_int_equal(s.r.sqe.produced, 0);

	/* With the trailer it is long enough. */
	s = stream(true, HZIP_ALG_ZLIB);
	assert_int_equal(step(&s, (const uint8_t *)"\3\0\0\0\0\1", 6, 300, false),
			 HZIP_STATUS_END);
	assert_int_equal(s.r.sqe.consumed, 6);
	expect_clean();
}

static void t_a_full_stored_block_tells_what_is_left(void **state)
{
	uint8_t in[5 + 1000] = { 1, 1000 & 0xff, 1000 >> 8, (uint8_t)~(1000 & 0xff),
				 (uint8_t)~(1000 >> 8) };
	struct stream s = stream(true, HZIP_ALG_DEFLATE);

	(void)state;
	fill(in + 5, 1000, NOISE);
	assert_int_equal(step(&s, in, sizeof(in), 300, false), HZIP_STATUS_OK);
	assert_int_equal(s.r.sqe.consumed, 305);
	assert_int_equal(state_of(&s), HZIP_STATE_NO_SPACE);
	assert_true(s.r.sqe.ctx_dw0 & HZIP_CTX0_LAST_BLOCK);
	assert_int_equal(FIELD_GET(HZIP_CTX1_STORED_LEFT, s.r.sqe.ctx_dw1), 700);
	assert_int_equal(head_bits(&s), 0);
	/* All of the data and of the space: the end comes with the next request. */
	assert_int_equal(step(&s, in + 305, 700, 700, false), HZIP_STATUS_OK);
	assert_int_equal(state_of(&s), HZIP_STATE_END_NO_SPACE);
	assert_int_equal(s.r.sqe.dw3 & HZIP_SQE_LAST_BLOCK, 0);
	assert_int_equal(step(&s, NULL, 0, 300, false), HZIP_STATUS_END);
	expect_clean();
}

static void t_a_stream_is_over_when_it_ended(void **state)
{
	struct stream s = stream(true, HZIP_ALG_ZLIB);
	const uint8_t *in = (const uint8_t *)"\3\0\0\0\0\1";

	(void)state;
	assert_int_equal(step(&s, in, 6, 300, false), HZIP_STATUS_END);
	assert_int_equal(step(&s, in, 6, 300, false), SIM_STATUS_STREAM);
	expect_violation(SIM_V_STREAM);
	s.begun = false;
	assert_int_equal(step(&s, in, 6, 300, false), HZIP_STATUS_END);

	s = stream(false, HZIP_ALG_ZLIB);
	assert_int_equal(step(&s, in, 6, 300, true), HZIP_STATUS_NEGATIVE);
	assert_int_equal(step(&s, in, 6, 300, true), SIM_STATUS_STREAM);
	expect_violation(SIM_V_STREAM);
}

/* ---- what software has to carry ---- */

static void begin(struct stream *s, bool decompress, unsigned int alg)
{
	static const uint8_t stored[] = { 0, 100, 0, 155, 255, 'a', 'b', 'c' };

	*s = stream(decompress, alg);
	step(s, stored, sizeof(stored), 300, false);
	assert_in_range(status_of(&s->r), 0, HZIP_STATUS_NEGATIVE);
	expect_clean();
}

static void expect_lost_stream(struct stream *s)
{
	struct stream before = *s;

	assert_int_equal(step(s, (const uint8_t *)"x", 1, 300, false), SIM_STATUS_STREAM);
	expect_nothing_done(&s->r);
	assert_int_equal(s->r.sqe.ctx_dw0, before.r.sqe.ctx_dw0);
	assert_int_equal(s->r.sqe.isize, before.r.sqe.isize);
	expect_violation(SIM_V_STREAM);
}

static void t_changed_words_are_found(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 5 * 32; bit++) {
		struct stream s;
		__le32 *word[] = {
			&s.r.sqe.ctx_dw0, &s.r.sqe.ctx_dw1, &s.r.sqe.ctx_dw2,
			&s.r.sqe.isize, &s.r.sqe.checksum,
		};

		begin(&s, bit % 2, HZIP_ALG_GZIP);
		*word[bit / 32] ^= 1u << bit % 32;
		expect_lost_stream(&s);
		*word[bit / 32] ^= 1u << bit % 32;
		step(&s, (const uint8_t *)"x", 1, 300, false);
		expect_clean();
	}
}

static void t_a_changed_context_buffer_is_found(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, true, HZIP_ALG_ZLIB);
	for (size_t i = 0; i < HZIP_CTX_DEVICE_SIZE; i += 7 * stride) {
		at(CTX_ADDR)[i] ^= 0x10;
		expect_lost_stream(&s);
		at(CTX_ADDR)[i] ^= 0x10;
	}
	memset(at(CTX_ADDR), 0, HZIP_CTX_DEVICE_SIZE);
	expect_lost_stream(&s);
}

static void t_words_of_an_earlier_request_are_found(void **state)
{
	struct stream s, old;

	(void)state;
	begin(&s, true, HZIP_ALG_ZLIB);
	old = s;
	/* Even one that changes nothing. */
	step(&s, NULL, 0, 300, false);
	expect_clean();
	expect_lost_stream(&old);
}

static void t_a_stream_keeps_its_algorithm_and_direction(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, false, HZIP_ALG_ZLIB);
	s.r.sqe.dw9 ^= HZIP_ALG_ZLIB ^ HZIP_ALG_GZIP;
	expect_lost_stream(&s);
	begin(&s, false, HZIP_ALG_ZLIB);
	s.r.decompress = true;
	expect_lost_stream(&s);
	begin(&s, false, HZIP_ALG_ZLIB);
	set_window(&s.r, HZIP_WINDOW_8K);
	expect_lost_stream(&s);
}

static void t_a_stream_without_new_is_found(void **state)
{
	struct stream s = stream(true, HZIP_ALG_ZLIB);

	(void)state;
	s.begun = true;
	expect_lost_stream(&s);
}

static void t_a_stream_needs_a_context_buffer(void **state)
{
	struct stream s = stream(true, HZIP_ALG_ZLIB);

	(void)state;
	set_addr(&s.r.sqe.ctx_low, &s.r.sqe.ctx_high, 0);
	assert_int_equal(step(&s, (const uint8_t *)"x", 1, 300, false),
			 SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SQE);
	set_addr(&s.r.sqe.ctx_low, &s.r.sqe.ctx_high, CTX_ADDR + 8);
	assert_int_equal(step(&s, (const uint8_t *)"x", 1, 300, false),
			 SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_ALIGN);
	set_addr(&s.r.sqe.ctx_low, &s.r.sqe.ctx_high, 4096);
	assert_int_equal(step(&s, (const uint8_t *)"x", 1, 300, false), SIM_STATUS_BUS);
	expect_violation(SIM_V_DMA);
}

/* A context that passes every check but makes no sense: no harm, whatever comes. */
static void t_a_forged_context_does_no_harm(void **state)
{
	uint8_t plain[PLAIN_LEN];
	const uint32_t zero = 0;

	(void)state;
	fill(plain, sizeof(plain), MIXED);
	for (size_t i = 0; i < 10000; i += stride) {
		struct bytes b = zlib_stream(HZIP_ALG_GZIP, plain, sizeof(plain),
					     i % BLOCKS);
		struct stream s = stream(true, HZIP_ALG_GZIP);
		size_t cut = 1 + rnd_below((uint32_t)b.len - 10);
		uint8_t *ctx = at(CTX_ADDR);
		uint32_t crc;

		step(&s, b.data, cut, 400 + rnd_below(2000), false);
		for (uint32_t k = rnd_below(4); k < 4; k++)
			ctx[32 + rnd_below(k % 2 ? 60 : 420)] = (uint8_t)rnd();
		memcpy(&s.r.sqe.ctx_dw0, ctx + 12, 4);
		memcpy(&s.r.sqe.ctx_dw1, ctx + 16, 4);
		memcpy(&s.r.sqe.ctx_dw2, ctx + 20, 4);
		memcpy(ctx + 4, &zero, 4);
		crc = (uint32_t)crc32_z(0, ctx, HZIP_CTX_DEVICE_SIZE);
		memcpy(ctx + 4, &crc, 4);
		step(&s, b.data + cut, b.len - cut, 5000, false);
		forgive();
		free(b.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_stream_is_compressed_in_pieces),
		TEST(t_matches_of_a_stream_reach_back_within_the_window),
		TEST(t_an_empty_stream_ends_right),
		TEST(t_streams_have_a_least_space),
		TEST(t_the_least_space_is_enough),
		TEST(t_a_stream_may_be_cut_at_any_byte_of_input),
		TEST(t_a_stream_may_be_cut_at_any_byte_of_output),
		TEST(t_a_stream_may_come_byte_by_byte),
		TEST(t_a_stream_may_be_cut_in_both_ways),
		TEST(t_the_window_is_carried_over),
		TEST(t_trailers_may_be_cut_at_each_byte),
		TEST(t_wrong_trailers_of_a_stream_are_found),
		TEST(t_damage_of_a_stream_is_judged_as_zlib_does),
		TEST(t_a_tiny_last_block_is_held_back),
		TEST(t_a_full_stored_block_tells_what_is_left),
		TEST(t_a_stream_is_over_when_it_ended),
		TEST(t_changed_words_are_found),
		TEST(t_a_changed_context_buffer_is_found),
		TEST(t_words_of_an_earlier_request_are_found),
		TEST(t_a_stream_keeps_its_algorithm_and_direction),
		TEST(t_a_stream_without_new_is_found),
		TEST(t_a_stream_needs_a_context_buffer),
		TEST(t_a_forged_context_does_no_harm),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
