/* SPDX-License-Identifier: MIT */
/*
 * Compression sessions: requests in flight, what they tell, and what is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

#include "t_session.h"

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, setup_data, teardown_data);
}
