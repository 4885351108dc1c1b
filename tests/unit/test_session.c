/* SPDX-License-Identifier: MIT */
/*
 * Compression sessions as <warpdrive/wd_comp.h> promises them, with zlib as the
 * judge of what they write and the maker of what they read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "t_util.h"

#include <cmocka.h>

#define DATA_LEN	(6u << 20)

static uint8_t *mixed;		/* DATA_LEN */
static uint8_t *text;		/* DATA_LEN */

static struct wd_comp_sess *make(const struct wd_comp_setup *setup)
{
	struct wd_comp_sess *s = NULL;

	assert_int_equal(wd_comp_create(&s, setup), 0);
	assert_non_null(s);
	return s;
}

static struct wd_comp_sess *make_decompressor(enum wd_comp_format format,
					      uint32_t threads)
{
	const struct wd_comp_setup setup = {
		.op = WD_COMP_DECOMPRESS,
		.format = format,
		.threads = threads,
	};

	return make(&setup);
}

/* One-shot, into a buffer of exactly the bound's size. */
static void compress_to(struct wd_comp_sess *s, const uint8_t *in, size_t len,
			struct t_bytes *out)
{
	size_t cap = wd_comp_bound(s, len);
	uint8_t *exact = malloc(cap);
	size_t consumed, produced;

	assert_non_null(exact);
	assert_int_equal(wd_comp_run(s, in, len, exact, cap, &consumed,
				     &produced), 0);
	assert_int_equal(consumed, len);
	assert_true(produced <= cap);
	t_bytes_add(out, exact, produced);
	free(exact);
}

static void check_judged(enum wd_comp_format format, const struct t_bytes *stream,
			 const uint8_t *data, size_t len)
{
	struct t_verdict v;

	t_judge(&v, format, stream->data, stream->len, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.trailing, WD_COMP_TRAILING_NONE);
	assert_int_equal(v.used, stream->len);
	assert_int_equal(v.out.len, len);
	if (len)
		assert_memory_equal(v.out.data, data, len);
	t_bytes_free(&v.out);
}

static void check_equal(const struct t_bytes *a, const struct t_bytes *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

static uint32_t checksum(enum wd_comp_format format, const uint8_t *p, size_t len)
{
	return (uint32_t)(format == WD_COMP_ZLIB ? adler32_z(1, p, len) :
						   crc32_z(0, p, len));
}

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

/* Sizes that are hard on buffers; the last are "no limit" with all there is. */
static const struct t_feed feeds[] = {
	{ 1, 1, false, false },
	{ 1, 0, false, false },
	{ 0, 1, false, false },
	{ 3, 7, true, false },
	{ 1000, 10, true, false },
	{ 50, 100000, true, false },
	{ 70000, 70000, true, false },
	{ 0, 0, true, false },
	{ 0, 0, false, false },
};

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

/* ---- asynchronous ---- */

#define REQS	150u

struct slot {
	struct wd_comp_req req;
	uint8_t *out;
	size_t at;
	bool received;
};

static void prepare(struct slot *slot, unsigned int i)
{
	size_t len = i < 4 ? i : t_rnd_below(30000);

	memset(slot, 0, sizeof(*slot));
	slot->at = t_rnd_below(DATA_LEN - 30000);
	slot->req.op = WD_COMP_COMPRESS;
	slot->req.format = (uint8_t)(i % 3);
	slot->req.level = (uint8_t)(i % 12 + 1);
	slot->req.in = mixed + slot->at;
	slot->req.in_len = len;
	slot->req.out_cap = wd_comp_req_bound(len);
	slot->out = malloc(slot->req.out_cap);
	assert_non_null(slot->out);
	slot->req.out = slot->out;
	slot->req.user = slot;
	slot->req.status = 1;
}

static void check_compressed(const struct slot *slot)
{
	const struct wd_comp_req *req = &slot->req;
	enum wd_comp_format format = (enum wd_comp_format)req->format;
	const struct t_bytes stream = { .data = slot->out, .len = req->produced };

	assert_int_equal(req->status, 0);
	assert_int_equal(req->consumed, req->in_len);
	assert_true(req->produced <= req->out_cap);
	assert_int_equal(req->checksum, checksum(format, mixed + slot->at,
						 req->in_len));
	check_judged(format, &stream, mixed + slot->at, req->in_len);
}

/* The request the other way, into exactly as much room as it takes. */
static void turn_round(struct slot *slot)
{
	struct wd_comp_req *req = &slot->req;
	uint8_t *back = malloc(req->in_len ? req->in_len : 1);

	assert_non_null(back);
	req->op = WD_COMP_DECOMPRESS;
	req->level = 0;
	req->out_cap = req->in_len;
	req->in = slot->out;
	req->in_len = req->produced;
	req->out = back;
	slot->received = false;
}

static void check_decompressed(const struct slot *slot)
{
	const struct wd_comp_req *req = &slot->req;

	assert_int_equal(req->status, 0);
	assert_int_equal(req->consumed, req->in_len);
	assert_int_equal(req->produced, req->out_cap);
	assert_memory_equal(req->out, mixed + slot->at, req->produced);
	assert_int_equal(req->checksum,
			 checksum((enum wd_comp_format)req->format,
				  mixed + slot->at, req->produced));
}

static void receive(struct wd_comp_sess *s, int timeout_ms)
{
	struct wd_comp_req *req;
	struct slot *slot;
	int ret;

	do {
		ret = wd_comp_recv(s, &req, timeout_ms);
	} while (ret == -EAGAIN || ret == -ETIMEDOUT);
	assert_int_equal(ret, 0);
	slot = req->user;
	assert_ptr_equal(&slot->req, req);
	assert_false(slot->received);
	slot->received = true;
}

static void all_there(struct wd_comp_sess *s, struct slot *slots, int timeout_ms)
{
	unsigned int sent = 0, received = 0;

	while (received < REQS) {
		int ret = sent < REQS ? wd_comp_send(s, &slots[sent].req) : -EBUSY;

		assert_true(!ret || ret == -EBUSY);
		if (!ret) {
			sent++;
			continue;
		}
		assert_true(sent == REQS || sent - received >= 128);
		receive(s, timeout_ms);
		received++;
	}
}

static void many_requests(uint32_t threads, int timeout_ms)
{
	struct wd_comp_setup setup = { .threads = threads };
	struct wd_comp_sess *s = make(&setup);
	struct slot *slots = calloc(REQS, sizeof(*slots));
	struct wd_comp_req *req;

	assert_non_null(slots);
	for (unsigned int i = 0; i < REQS; i++)
		prepare(&slots[i], i);
	all_there(s, slots, timeout_ms);
	for (unsigned int i = 0; i < REQS; i++) {
		check_compressed(&slots[i]);
		turn_round(&slots[i]);
	}
	all_there(s, slots, timeout_ms);
	assert_int_equal(wd_comp_recv(s, &req, timeout_ms), -ENOENT);
	for (unsigned int i = 0; i < REQS; i++) {
		check_decompressed(&slots[i]);
		free(slots[i].req.out);
		free(slots[i].out);
	}
	wd_comp_destroy(s);
	free(slots);
}

static void t_many_requests_are_in_flight(void **state)
{
	(void)state;
	many_requests(1, WD_WAIT_FOREVER);
	many_requests(3, WD_WAIT_FOREVER);
}

static void t_requests_can_be_waited_for_with_a_timeout(void **state)
{
	(void)state;
	many_requests(1, 2);
	many_requests(2, 2);
}

static void t_requests_can_be_polled_for(void **state)
{
	(void)state;
	many_requests(2, WD_NO_WAIT);
	many_requests(1, WD_NO_WAIT);
}

static void t_sessions_with_requests_in_flight_can_be_destroyed(void **state)
{
	struct wd_comp_setup setup = { .threads = 2 };
	struct slot slots[20];

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct wd_comp_sess *s = make(&setup);

		for (unsigned int i = 0; i < T_ARRAY_SIZE(slots); i++) {
			prepare(&slots[i], i);
			assert_int_equal(wd_comp_send(s, &slots[i].req), 0);
		}
		if (round == 1)
			assert_int_equal(wd_comp_reset(s, 0), 0);
		wd_comp_destroy(s);
		for (unsigned int i = 0; i < T_ARRAY_SIZE(slots); i++)
			free(slots[i].out);
	}
}

static int run_request(struct wd_comp_sess *s, struct wd_comp_req *req)
{
	struct wd_comp_req *got;

	req->status = 1;
	assert_int_equal(wd_comp_send(s, req), 0);
	assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
	assert_ptr_equal(got, req);
	return req->status;
}

static void t_requests_tell_what_is_wrong(void **state)
{
	struct wd_comp_setup setup = { .threads = 1 };
	struct wd_comp_sess *s = make(&setup);
	uint8_t out[5000];

	(void)state;
	for (int format = 0; format <= WD_COMP_RAW; format++) {
		struct t_bytes in = { 0 };
		struct wd_comp_req req = {
			.op = WD_COMP_DECOMPRESS, .format = (uint8_t)format,
			.out = out, .out_cap = 4000,
		};
		int bits = t_window_bits((enum wd_comp_format)format);

		t_deflate(&in, text, 4000, bits, 6, Z_DEFAULT_STRATEGY);
		req.in = in.data;
		req.in_len = in.len;
		assert_int_equal(run_request(s, &req), 0);
		assert_int_equal(req.produced, 4000);
		assert_int_equal(req.consumed, in.len);
		/* What follows is not looked at. */
		t_bytes_add(&in, "garbage", 7);
		req.in = in.data;
		req.in_len = in.len;
		assert_int_equal(run_request(s, &req), 0);
		assert_int_equal(req.consumed, in.len - 7);
		in.len -= 7;

		req.out_cap = 3999;
		assert_int_equal(run_request(s, &req), -ENOSPC);
		req.out_cap = 4000;
		for (size_t len = 0; len < in.len; len += 1 + in.len / 50) {
			req.in_len = len;
			assert_int_equal(run_request(s, &req), -ENODATA);
		}
		req.in_len = in.len;
		if (format == WD_COMP_RAW)
			in.data[0] |= 6;
		else
			in.data[in.len - 1] ^= 1;
		assert_int_equal(run_request(s, &req), -EBADMSG);
		t_bytes_free(&in);
	}
	wd_comp_destroy(s);
}

static void t_compressing_without_room_is_enospc(void **state)
{
	struct wd_comp_setup setup = { .threads = 1 };
	struct wd_comp_sess *s = make(&setup);

	(void)state;
	for (int level = 1; level <= 12; level++) {
		for (int open = 0; open <= 1; open++) {
			struct wd_comp_req req = {
				.format = WD_COMP_RAW, .level = (uint8_t)level,
				.flags = open ? WD_COMP_REQ_OPEN : 0,
				.in = text, .in_len = 30000,
				.out_cap = wd_comp_req_bound(30000),
			};
			size_t need;

			req.out = malloc(req.out_cap);
			assert_int_equal(run_request(s, &req), 0);
			need = req.produced;
			free(req.out);
			for (size_t cap = 0; cap < need; cap += cap < 3 ? 1 : 997) {
				req.out = malloc(cap ? cap : 1);
				req.out_cap = cap;
				assert_int_equal(run_request(s, &req), -ENOSPC);
				free(req.out);
			}
		}
	}
	wd_comp_destroy(s);
}

/* Far more room than 32 bits can count. */
static void t_a_huge_output_buffer_is_used_like_any(void **state)
{
	static const size_t caps[] = { (size_t)4 << 30, ((size_t)4 << 30) + 40 };
	struct wd_comp_setup setup = { .threads = 1 };
	struct wd_comp_sess *s = make(&setup);
	uint8_t *out;

	(void)state;
	out = mmap(NULL, caps[1], PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (out == MAP_FAILED) {
		wd_comp_destroy(s);
		skip();
	}
	for (int level = 1; level <= 12; level++) {
		for (size_t i = 0; i < T_ARRAY_SIZE(caps) * 2; i++) {
			struct wd_comp_req req = {
				.format = WD_COMP_GZIP, .level = (uint8_t)level,
				.in = text, .in_len = i < 2 ? 3000 : 30000,
				.out = out, .out_cap = caps[i % 2],
			};

			assert_int_equal(run_request(s, &req), 0);
			assert_false(req.result & WD_COMP_RES_STORED);
			assert_true(req.produced < req.in_len);
		}
	}
	munmap(out, caps[1]);
	wd_comp_destroy(s);
}

static void t_wrong_requests_are_refused(void **state)
{
	static const struct wd_comp_req good = {
		.op = WD_COMP_COMPRESS, .format = WD_COMP_RAW, .level = 6,
	};
	struct wd_comp_setup setup = { .threads = 1 };
	struct wd_comp_sess *s = make(&setup);
	struct wd_comp_req req[11];
	struct wd_comp_req *got;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(req); i++)
		req[i] = good;
	req[0].op = 2;
	req[1].op = 16;
	req[2].format = 3;
	req[3].level = 0;
	req[4].level = 13;
	req[5].flags = 2;
	req[6].format = WD_COMP_GZIP;
	req[6].flags = WD_COMP_REQ_OPEN;
	req[7].op = WD_COMP_DECOMPRESS;
	req[7].flags = WD_COMP_REQ_OPEN;
	req[8].in_len = 1;
	req[9].out_cap = 1;
	req[10].reserved[0] = 1;
	for (size_t i = 0; i < T_ARRAY_SIZE(req); i++)
		assert_int_equal(wd_comp_send(s, &req[i]), -EINVAL);
	assert_int_equal(wd_comp_send(s, NULL), -EINVAL);
	assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), -ENOENT);
	assert_int_equal(wd_comp_recv(s, NULL, 0), -EINVAL);
	assert_int_equal(wd_comp_recv(s, &got, -2), -EINVAL);
	wd_comp_destroy(s);
}

static void t_streams_and_requests_take_turns(void **state)
{
	struct wd_comp_setup setup = { .threads = 2 };
	struct wd_comp_sess *s = make(&setup);
	struct t_bytes out = { 0 };
	struct wd_comp_req *req;
	struct slot slot;
	size_t room;
	void *buf;

	(void)state;
	compress_to(s, text, 1000, &out);
	/* The stream is complete, so this is not in the middle of one. */
	prepare(&slot, 10);
	assert_int_equal(wd_comp_send(s, &slot.req), 0);
	assert_int_equal(wd_comp_get_input(s, &buf, &room), -EINVAL);
	assert_int_equal(wd_comp_run(s, text, 10, buf, 0, NULL, NULL), -EINVAL);
	assert_int_equal(wd_comp_recv(s, &req, WD_WAIT_FOREVER), 0);
	check_compressed(&slot);

	assert_int_equal(wd_comp_reset(s, 0), 0);
	assert_int_equal(wd_comp_get_input(s, &buf, &room), 0);
	memset(buf, 0, 10);
	assert_int_equal(wd_comp_put_input(s, 10, WD_COMP_NO_FLUSH), 0);
	assert_int_equal(wd_comp_send(s, &slot.req), -EINVAL);
	free(slot.out);
	t_bytes_free(&out);
	wd_comp_destroy(s);
}

/* Open requests in a row are one stream, whatever their levels. */
static void t_open_requests_can_be_joined(void **state)
{
	struct wd_comp_setup setup = { .threads = 2 };
	struct wd_comp_sess *s = make(&setup);
	struct t_bytes all = { 0 };
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct wd_comp_req req = {
			.format = WD_COMP_RAW, .level = (uint8_t)(i % 12 + 1),
			.flags = i == 59 ? 0 : WD_COMP_REQ_OPEN,
			.in = mixed + at, .in_len = i % 5 ? t_rnd_below(40000) : 0,
		};

		req.out_cap = wd_comp_req_bound(req.in_len);
		req.out = malloc(req.out_cap);
		assert_non_null(req.out);
		assert_int_equal(run_request(s, &req), 0);
		t_bytes_add(&all, req.out, req.produced);
		free(req.out);
		at += req.in_len;
	}
	check_judged(WD_COMP_RAW, &all, mixed, at);
	t_bytes_free(&all);
	wd_comp_destroy(s);
}

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

/* ---- sized members ---- */

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* The size of the member at @p as its extra field tells. */
static size_t told_size(enum wd_comp_members members, const uint8_t *p)
{
	assert_memory_equal(p, "\x1f\x8b\x08\x04", 4);
	switch (members) {
	case WD_COMP_MEMBERS_QZ:
		assert_memory_equal(p + 10, "\x0c\0QZ\x08\0", 6);
		return 24 + le32(p + 20) + 8;
	case WD_COMP_MEMBERS_MZ:
		assert_memory_equal(p + 10, "\x08\0MZ\x04\0", 6);
		return 20 + le32(p + 16) + 8;
	default:
		assert_memory_equal(p + 10, "\x06\0BC\x02\0", 6);
		return (size_t)(p[16] | p[17] << 8) + 1;
	}
}

static void sized_members(enum wd_comp_members members, size_t len, uint32_t threads)
{
	struct wd_comp_setup setup = {
		.members = members, .threads = threads, .level = 3,
		.chunk_size = members == WD_COMP_MEMBERS_BGZF ? 0 :
			      WD_COMP_CHUNK_MIN,
	};
	struct wd_comp_sess *c = make(&setup);
	struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, threads);
	struct t_bytes stream = { 0 }, again = { 0 }, back = { 0 };
	size_t at = 0, count = 0, out = 0, left;
	struct wd_comp_info info;

	compress_to(c, mixed, len, &stream);
	while (at < stream.len) {
		size_t size = told_size(members, stream.data + at);
		size_t isize;

		assert_true(size <= stream.len - at);
		isize = le32(stream.data + at + size - 4);
		if (members == WD_COMP_MEMBERS_QZ)
			assert_int_equal(isize, le32(stream.data + at + 16));
		assert_true(isize <= 65536);
		out += isize;
		at += size;
		count++;
	}
	assert_int_equal(at, stream.len);
	assert_int_equal(out, len);
	check_judged(WD_COMP_GZIP, &stream, mixed, len);
	if (members == WD_COMP_MEMBERS_BGZF)
		assert_int_equal(le32(stream.data + stream.len - 4), 0);

	assert_int_equal(wd_comp_reset(c, WD_COMP_SIZE_UNKNOWN), 0);
	assert_int_equal(t_stream(c, &feeds[6], mixed, len, &again, &left), 1);
	check_equal(&again, &stream);
	assert_int_equal(t_stream(d, &feeds[5], stream.data, stream.len, &back,
				  &left), 1);
	assert_int_equal(back.len, len);
	assert_memory_equal(back.data, mixed, len);
	assert_int_equal(wd_comp_get_info(d, &info), 0);
	assert_int_equal(info.members, count);
	t_bytes_free(&stream);
	t_bytes_free(&again);
	t_bytes_free(&back);
	wd_comp_destroy(c);
	wd_comp_destroy(d);
}

static void t_sized_members_tell_their_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 32768, 65280, 65536, 1000000 };

	(void)state;
	for (int m = WD_COMP_MEMBERS_QZ; m <= WD_COMP_MEMBERS_BGZF; m++) {
		for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
			sized_members((enum wd_comp_members)m, sizes[i], 1);
			sized_members((enum wd_comp_members)m, sizes[i], 3);
		}
	}
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

/* ---- what is wrong, and where ---- */

/* @bytes at @offset instead of a good stream's; what must be told. */
struct damage {
	enum wd_comp_format format;
	size_t offset;
	const char *bytes;
	size_t len;
	int ret;
	enum wd_comp_error error;
	uint64_t from, to;	/* error_offset */
	bool numbers;
	uint32_t stored, computed;
};

#define GOOD_LEN	5000u

static void check_damage(const struct damage *dm, uint32_t threads)
{
	struct wd_comp_sess *d = make_decompressor(dm->format, threads);
	struct t_bytes in = { 0 }, out = { 0 };
	struct wd_comp_info info;
	uint8_t back[GOOD_LEN];
	size_t made, left;
	int ret;

	t_deflate(&in, text, GOOD_LEN, t_window_bits(dm->format), 6,
		  Z_DEFAULT_STRATEGY);
	memcpy(in.data + dm->offset, dm->bytes, dm->len);
	for (int i = 0; i < 2; i++) {
		if (i)
			ret = t_stream(d, &feeds[1], in.data, in.len, &out, &left);
		else
			ret = wd_comp_run(d, in.data, in.len, back, GOOD_LEN, NULL,
					  &made);
		assert_int_equal(ret, dm->ret);
		assert_int_equal(wd_comp_get_info(d, &info), 0);
		assert_int_equal(info.error, dm->error);
		assert_int_equal(info.error_member, 1);
		assert_in_range(info.error_offset, dm->from, dm->to);
		if (dm->numbers) {
			assert_int_equal(info.error_stored, dm->stored);
			assert_int_equal(info.error_computed, dm->computed);
		}
		assert_int_equal(wd_comp_reset(d, 0), 0);
	}
	t_bytes_free(&in);
	t_bytes_free(&out);
	wd_comp_destroy(d);
}

static void t_damage_is_told_apart(void **state)
{
	const uint32_t crc = (uint32_t)crc32_z(0, text, GOOD_LEN);
	const uint32_t adler = (uint32_t)adler32_z(1, text, GOOD_LEN);
	struct t_bytes gz = { 0 }, zl = { 0 };
	size_t glen, zlen;

	(void)state;
	t_deflate(&gz, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	t_deflate(&zl, text, GOOD_LEN, 15, 6, Z_DEFAULT_STRATEGY);
	glen = gz.len;
	zlen = zl.len;
	for (uint32_t threads = 1; threads <= 2; threads++) {
		const struct damage damages[] = {
			{ WD_COMP_GZIP, 0, "x", 1, -EBADMSG, WD_COMP_ERR_MAGIC, 0, 1,
			  false, 0, 0 },
			{ WD_COMP_GZIP, 0, "\0", 1, -EBADMSG, WD_COMP_ERR_MAGIC, 0, 1,
			  false, 0, 0 },
			{ WD_COMP_GZIP, 1, "x", 1, -EBADMSG, WD_COMP_ERR_MAGIC, 0, 1,
			  false, 0, 0 },
			{ WD_COMP_GZIP, 2, "\7", 1, -EBADMSG, WD_COMP_ERR_METHOD, 0, 2,
			  true, 0, 7 },
			{ WD_COMP_GZIP, 3, "\x81", 1, -EBADMSG, WD_COMP_ERR_FLAGS, 0, 3,
			  true, 0, 0x81 },
			{ WD_COMP_GZIP, 10, "\7", 1, -EBADMSG, WD_COMP_ERR_DATA, 10, 11,
			  false, 0, 0 },
			{ WD_COMP_GZIP, glen - 8, "\1\2\3\4", 4, -EBADMSG,
			  WD_COMP_ERR_CHECKSUM, glen - 8, glen - 4, true,
			  0x04030201, crc },
			{ WD_COMP_GZIP, glen - 4, "\1\2\3\4", 4, -EBADMSG,
			  WD_COMP_ERR_LENGTH, glen - 4, glen, true,
			  0x04030201, GOOD_LEN },
			{ WD_COMP_ZLIB, 0, "\x77\x85", 2, -EBADMSG,
			  WD_COMP_ERR_METHOD, 0, 2, true, 0, 7 },
			{ WD_COMP_ZLIB, 0, "\x78\xbb", 2, -EBADMSG,
			  WD_COMP_ERR_WINDOW, 0, 6, false, 0, 0 },
			{ WD_COMP_ZLIB, zlen - 4, "\1\2\3\4", 4, -EBADMSG,
			  WD_COMP_ERR_CHECKSUM, zlen - 4, zlen, true,
			  0x01020304, adler },
			{ WD_COMP_RAW, 0, "\7", 1, -EBADMSG, WD_COMP_ERR_DATA, 0, 1,
			  false, 0, 0 },
		};

		for (size_t i = 0; i < T_ARRAY_SIZE(damages); i++)
			check_damage(&damages[i], threads);
	}
	t_bytes_free(&gz);
	t_bytes_free(&zl);
}

static void t_header_checksums_are_compared(void **state)
{
	static const uint8_t fhcrc[] = {
		0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 3, 0x12, 0x34, 3, 0,
	};
	const uint32_t right = (uint32_t)crc32_z(0, fhcrc, 10) & 0xffff;
	struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, 1);
	struct wd_comp_info info;
	uint8_t out[10];

	(void)state;
	assert_int_equal(wd_comp_run(d, fhcrc, sizeof(fhcrc), out, 10, NULL, NULL),
			 -EBADMSG);
	assert_int_equal(wd_comp_get_info(d, &info), 0);
	assert_int_equal(info.error, WD_COMP_ERR_HEADER_CHECKSUM);
	assert_int_equal(info.error_stored, 0x3412);
	assert_int_equal(info.error_computed, right);
	wd_comp_destroy(d);

	/* FCHECK of zlib. */
	d = make_decompressor(WD_COMP_ZLIB, 1);
	assert_int_equal(wd_comp_run(d, "\x78\x9d\3\0\0\0\0\1", 8, out, 10, NULL,
				     NULL), -EBADMSG);
	assert_int_equal(wd_comp_get_info(d, &info), 0);
	assert_int_equal(info.error, WD_COMP_ERR_HEADER_CHECKSUM);
	assert_int_equal(info.error_stored, 0x1d);
	assert_int_equal(info.error_computed, 0x1c);
	wd_comp_destroy(d);
}

static void t_early_end_is_told_with_the_member(void **state)
{
	struct t_bytes in = { 0 };
	size_t first;

	(void)state;
	t_deflate(&in, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	first = in.len;
	t_deflate(&in, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	for (size_t len = 0; len < in.len; len += len < 40 ? 1 : 131) {
		struct wd_comp_sess *d = make_decompressor(WD_COMP_GZIP, 1);
		uint8_t out[2 * GOOD_LEN];
		struct wd_comp_info info;
		int ret = wd_comp_run(d, in.data, len, out, sizeof(out), NULL, NULL);

		assert_int_equal(ret, len == first ? 0 : -ENODATA);
		assert_int_equal(wd_comp_get_info(d, &info), 0);
		if (len != first) {
			assert_int_equal(info.error, WD_COMP_ERR_TRUNCATED);
			assert_int_equal(info.error_member, len > first ? 2 : 1);
			assert_int_equal(info.error_offset, len);
		}
		wd_comp_destroy(d);
	}
	t_bytes_free(&in);
}

/* ---- behind the last member ---- */

static void check_trailing(const struct t_bytes *good, size_t tail_at,
			   const uint8_t *tail, size_t tail_len,
			   const struct t_verdict *want, uint32_t flags)
{
	static const struct t_feed ways[] = {
		{ 0, 0, false, false }, { 1, 0, false, false },
		{ 1, 0, false, true }, { 100, 100, true, false },
	};

	for (size_t i = 0; i < T_ARRAY_SIZE(ways); i++) {
		struct wd_comp_setup setup = {
			.op = WD_COMP_DECOMPRESS, .threads = 1 + (uint32_t)i % 2,
			.flags = flags,
		};
		struct wd_comp_sess *d = make(&setup);
		struct t_bytes in = { 0 }, out = { 0 };
		struct wd_comp_info info;
		const void *unused;
		size_t left, n;

		t_bytes_add(&in, good->data, tail_at);
		t_bytes_add(&in, tail, tail_len);
		assert_int_equal(t_stream(d, &ways[i], in.data, in.len, &out, &left), 1);
		assert_int_equal(out.len, want->out.len);
		assert_int_equal(wd_comp_get_info(d, &info), 0);
		assert_int_equal(info.trailing, want->trailing);
		assert_int_equal(info.total_in, want->used);
		assert_int_equal(info.members, want->members);
		assert_int_equal(info.error, WD_COMP_OK);
		/* What it took and did not use, and what it did not take. */
		assert_int_equal(wd_comp_get_unused(d, &unused, &n), 0);
		assert_int_equal(n + left, in.len - want->used);
		if (n)
			assert_memory_equal(unused, in.data + want->used, n);
		wd_comp_destroy(d);
		t_bytes_free(&in);
		t_bytes_free(&out);
	}
}

static void t_what_follows_the_last_member_is_told(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} tails[] = {
		{ "", 0 }, { "\0", 1 }, { "\0\0\0\0\0", 5 }, { "\0\0x", 3 },
		{ "garbage", 7 }, { "\x1fx", 2 }, { "\x1f\x8c", 2 },
		{ "\0\x1f\x8b\x08", 4 }, { "xx\0\0\0\0\0\0\0\0\0\0", 12 },
	};
	struct t_bytes good = { 0 };

	(void)state;
	t_deflate(&good, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	for (size_t i = 0; i < T_ARRAY_SIZE(tails); i++) {
		struct t_verdict want = {
			.out.len = GOOD_LEN, .used = good.len, .members = 1,
			.trailing = i == 0 ? WD_COMP_TRAILING_NONE :
				    i < 3 ? WD_COMP_TRAILING_ZEROS :
					    WD_COMP_TRAILING_GARBAGE,
		};

		check_trailing(&good, good.len, (const uint8_t *)tails[i].bytes,
			       tails[i].len, &want, 0);
	}
	t_bytes_free(&good);
}

static void t_one_member_stops_behind_it(void **state)
{
	struct t_bytes good = { 0 };
	struct t_verdict want = { .out.len = GOOD_LEN, .members = 1 };
	uint8_t *tail;

	(void)state;
	t_deflate(&good, text, GOOD_LEN, 31, 6, Z_DEFAULT_STRATEGY);
	want.used = good.len;
	check_trailing(&good, good.len, good.data, good.len, &want,
		       WD_COMP_ONE_MEMBER);
	check_trailing(&good, good.len, good.data, 1, &want, WD_COMP_ONE_MEMBER);
	check_trailing(&good, good.len, (const uint8_t *)"\0", 1, &want,
		       WD_COMP_ONE_MEMBER);
	/* More than is taken at once. */
	tail = calloc(1, 3u << 20);
	assert_non_null(tail);
	check_trailing(&good, good.len, tail, 3u << 20, &want, WD_COMP_ONE_MEMBER);
	free(tail);
	t_bytes_free(&good);
}

static void t_one_member_of_sized_ones_stops_behind_it(void **state)
{
	struct wd_comp_setup setup = {
		.members = WD_COMP_MEMBERS_BGZF, .threads = 2,
	};
	struct wd_comp_sess *c = make(&setup);
	struct t_bytes in = { 0 };
	struct t_verdict want = { .out.len = 0xff00, .members = 1 };

	(void)state;
	compress_to(c, mixed, 600000, &in);
	want.used = (size_t)(in.data[16] | in.data[17] << 8) + 1;
	check_trailing(&in, 0, in.data, in.len, &want, WD_COMP_ONE_MEMBER);
	t_bytes_free(&in);
	wd_comp_destroy(c);
}

/* A zlib or raw stream is one thing: what follows stays unused. */
static void t_streams_tell_where_they_end(void **state)
{
	(void)state;
	for (int format = WD_COMP_ZLIB; format <= WD_COMP_RAW; format++) {
		for (int i = 0; i < 4; i++) {
			struct wd_comp_sess *d;
			struct t_bytes in = { 0 }, out = { 0 };
			const void *unused;
			size_t left, n, len;

			d = make_decompressor((enum wd_comp_format)format, 1);
			t_deflate(&in, text, GOOD_LEN, t_window_bits(
					  (enum wd_comp_format)format), 6,
				  Z_DEFAULT_STRATEGY);
			len = in.len;
			t_bytes_add(&in, "what follows, \0\0 whatever it is", 30);
			assert_int_equal(t_stream(d, &feeds[i], in.data, in.len, &out,
						  &left), 1);
			assert_int_equal(out.len, GOOD_LEN);
			assert_int_equal(wd_comp_get_unused(d, &unused, &n), 0);
			assert_int_equal(n + left, 30);
			if (n)
				assert_memory_equal(unused, in.data + len, n);
			t_bytes_free(&in);
			t_bytes_free(&out);
			wd_comp_destroy(d);
		}
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

static int setup_data(void **state)
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

static int teardown_data(void **state)
{
	(void)state;
	free(mixed);
	free(text);
	return 0;
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
		cmocka_unit_test(t_many_requests_are_in_flight),
		cmocka_unit_test(t_requests_can_be_waited_for_with_a_timeout),
		cmocka_unit_test(t_requests_can_be_polled_for),
		cmocka_unit_test(t_sessions_with_requests_in_flight_can_be_destroyed),
		cmocka_unit_test(t_requests_tell_what_is_wrong),
		cmocka_unit_test(t_compressing_without_room_is_enospc),
		cmocka_unit_test(t_a_huge_output_buffer_is_used_like_any),
		cmocka_unit_test(t_wrong_requests_are_refused),
		cmocka_unit_test(t_streams_and_requests_take_turns),
		cmocka_unit_test(t_open_requests_can_be_joined),
		cmocka_unit_test(t_what_was_put_in_can_be_decoded_after_a_flush),
		cmocka_unit_test(t_flush_before_the_end_is_harmless),
		cmocka_unit_test(t_reset_begins_anew),
		cmocka_unit_test(t_reset_after_a_failure_begins_anew),
		cmocka_unit_test(t_header_fields_are_written_and_read),
		cmocka_unit_test(t_headers_at_the_wrong_moment_are_refused),
		cmocka_unit_test(t_header_set_late_but_before_the_input_fits),
		cmocka_unit_test(t_header_of_the_first_member_is_kept),
		cmocka_unit_test(t_preset_window_works_both_ways_with_zlib),
		cmocka_unit_test(t_a_session_takes_another_window_for_each_stream),
		cmocka_unit_test(t_a_window_that_is_another_one_is_refused),
		cmocka_unit_test(t_windows_at_the_wrong_moment_are_refused),
		cmocka_unit_test(t_window_after_a_vain_look_for_output_counts),
		cmocka_unit_test(t_sized_members_tell_their_sizes),
		cmocka_unit_test(t_rsyncable_output_changes_only_where_the_input_does),
		cmocka_unit_test(t_rsyncable_streams_round_trip),
		cmocka_unit_test(t_too_little_room_is_enospc),
		cmocka_unit_test(t_damage_is_told_apart),
		cmocka_unit_test(t_header_checksums_are_compared),
		cmocka_unit_test(t_early_end_is_told_with_the_member),
		cmocka_unit_test(t_what_follows_the_last_member_is_told),
		cmocka_unit_test(t_one_member_stops_behind_it),
		cmocka_unit_test(t_one_member_of_sized_ones_stops_behind_it),
		cmocka_unit_test(t_streams_tell_where_they_end),
		cmocka_unit_test(t_wrong_setups_are_refused),
		cmocka_unit_test(t_engines_are_found_by_name),
		cmocka_unit_test(t_input_of_unknown_size_has_room_from_the_start),
		cmocka_unit_test(t_calls_out_of_turn_are_refused),
		cmocka_unit_test(t_streams_can_be_polled),
		cmocka_unit_test(t_session_of_the_parent_is_stale_in_a_child),
		cmocka_unit_test(t_totals_have_64_bits),
		cmocka_unit_test(t_bytes_do_not_depend_on_threads),
	};

	return cmocka_run_group_tests(tests, setup_data, teardown_data);
}
