/* SPDX-License-Identifier: MIT */
/*
 * A device that was given up and does not let go of the memory of its requests: nobody
 * gets that memory back before it has.
 *
 * The device is t_device.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sched/quarantine.h"
#include "t_device.h"
#include "t_util.h"

#define STALL_MS 50

static struct wd_queue q;
static struct wd_comp_req req[2];
static uint8_t in[100], out[2][1000];

static int setup(void **state)
{
	(void)state;
	t_device_install();
	wd_stall_ms = STALL_MS;
	memset(&q, 0, sizeof(q));
	q.device = "dummy";
	return wd_request_queue(&q);
}

static int teardown(void **state)
{
	(void)state;
	wd_release_queue(&q);
	t_device_remove();
	wd_stall_ms = 60000;
	return t_device.opened != t_device.closed ||
	       t_device.mapped != t_device.unmapped;
}

/* Two requests that are never answered, of a device that says so often that it goes on. */
static void lose_two(unsigned int linger)
{
	t_device.lose = 2;
	t_device.linger = linger;
	for (int i = 0; i < 2; i++) {
		req[i] = (struct wd_comp_req){
			.in = in,
			.in_len = sizeof(in),
			.out = out[i],
			.out_cap = sizeof(out[i]),
			.level = 1,
		};
		assert_int_equal(wd_send(&q, &req[i]), 0);
	}
	assert_int_equal(wd_flush(&q), 0);
}

static void comes_back(int timeout_ms, int status)
{
	void *back;

	assert_int_equal(wd_recv_sync(&q, &back, timeout_ms), 0);
	assert_int_equal(((struct wd_comp_req *)back)->status, status);
}

static void t_requests_come_back_when_it_has_let_go(void **state)
{
	void *back;

	(void)state;
	lose_two(8);
	wd_stall_ms = 0;
	assert_int_equal(wd_recv(&q, &back), -EIO);
	wd_stall_ms = 60000;
	comes_back(WD_WAIT_FOREVER, -ETIMEDOUT);
	assert_int_equal(t_device.linger, 0);
	comes_back(WD_NO_WAIT, -ETIMEDOUT);
	assert_int_equal(wd_recv(&q, &back), -ENODEV);
	assert_int_equal(t_device.stopped, 1);
}

/* Who does not wait is not kept, and is told once it has. */
static void t_looking_for_them_does_not_wait(void **state)
{
	void *back;
	int ret;

	(void)state;
	lose_two(20);
	wd_stall_ms = 0;
	assert_int_equal(wd_recv_sync(&q, &back, WD_NO_WAIT), -EIO);
	wd_stall_ms = 60000;
	while (t_device.linger > 1)
		assert_int_equal(wd_recv(&q, &back), -EAGAIN);
	ret = wd_recv_sync(&q, &back, 60000);
	assert_int_equal(ret, 0);
	comes_back(WD_NO_WAIT, -ETIMEDOUT);
}

static void t_waiting_for_them_has_an_end(void **state)
{
	void *back;

	(void)state;
	lose_two(UINT32_MAX);
	assert_int_equal(wd_recv_sync(&q, &back, WD_WAIT_FOREVER), -EIO);
	assert_int_equal(wd_recv_sync(&q, &back, 1), -EIO);
	assert_int_equal(wd_recv(&q, &back), -EIO);
	assert_int_equal(wd_send(&q, &req[0]), -ENODEV);
	/* Later it does, after all. */
	t_device.linger = 0;
	comes_back(WD_WAIT_FOREVER, -ETIMEDOUT);
	comes_back(WD_WAIT_FOREVER, -ETIMEDOUT);
}

/* Its descriptor always polls readable: who waits for others, too, would not sleep. */
static void t_it_is_not_waited_for_by_its_descriptor(void **state)
{
	void *back;

	(void)state;
	lose_two(20);
	assert_int_equal(wd_queue_event_fd(&q), q.fd);
	wd_stall_ms = 0;
	assert_int_equal(wd_recv(&q, &back), -EIO);
	wd_stall_ms = 60000;
	assert_int_equal(wd_queue_event_fd(&q), -1);
	comes_back(WD_WAIT_FOREVER, -ETIMEDOUT);
	assert_int_equal(wd_queue_event_fd(&q), q.fd);
	comes_back(WD_NO_WAIT, -ETIMEDOUT);
}

static void t_a_time_limit_counts(void **state)
{
	void *back;

	(void)state;
	lose_two(UINT32_MAX);
	wd_stall_ms = 1;
	while (!t_device.asked)
		assert_int_not_equal(wd_recv_sync(&q, &back, 1), 0);
	wd_stall_ms = 600000;
	assert_int_equal(wd_recv_sync(&q, &back, 20), -ETIMEDOUT);
	t_device.linger = 0;
	comes_back(20, -ETIMEDOUT);
	comes_back(20, -ETIMEDOUT);
}

/* Its memory is the caller's when that returns. */
static void t_giving_the_queue_back_waits_too(void **state)
{
	(void)state;
	lose_two(4);
	wd_release_queue(&q);
	assert_int_equal(t_device.linger, 0);
	assert_int_equal(t_device.stopped, 1);
}

static void t_giving_it_back_has_an_end(void **state)
{
	(void)state;
	lose_two(UINT32_MAX);
	wd_release_queue(&q);
	assert_int_equal(t_device.stopped, 0);
}

/* There is nothing to wait for. */
static void t_an_idle_queue_is_given_back_at_once(void **state)
{
	(void)state;
	t_device.linger = UINT32_MAX;
	wd_stall_ms = 600000;
	wd_release_queue(&q);
	assert_int_equal(t_device.asked, 1);
}

/* ---- sessions ---- */

#define CHUNK ((size_t)64 << 10)

/* What is kept on purpose is no leak. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static const struct t_feed whole = { .in_max = 100000, .out_max = 100000 };

static int stream(struct wd_comp_sess *s, const uint8_t *data, size_t len)
{
	struct t_bytes stream = { 0 };
	struct t_verdict v;
	size_t left;
	int ret = t_stream(s, &whole, data, len, &stream, &left);

	if (ret == 1) {
		t_judge(&v, WD_COMP_GZIP, stream.data, stream.len, NULL, 0);
		assert_int_equal(v.ret, 0);
		assert_int_equal(v.out.len, len);
		assert_memory_equal(v.out.data, data, len);
		t_bytes_free(&v.out);
	}
	t_bytes_free(&stream);
	return ret;
}

static struct wd_comp_sess *make_session(void)
{
	struct wd_comp_setup setup = {
		.engine = "dummy",
		.chunk_size = CHUNK,
		.threads = 2,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	struct wd_comp_sess *s;

	wd_release_queue(&q);
	assert_int_equal(wd_comp_create(&s, &setup), 0);
	return s;
}

static void t_a_session_goes_on_when_it_has_let_go(void **state)
{
	struct wd_comp_sess *s = make_session();
	uint8_t *data = malloc(10 * CHUNK);

	(void)state;
	assert_non_null(data);
	t_fill(data, 10 * CHUNK, T_TEXT);
	t_device.lose = 1;
	t_device.linger = 3;
	assert_int_equal(stream(s, data, 10 * CHUNK), 1);
	assert_int_equal(t_device.linger, 0);
	wd_comp_destroy(s);
	free(data);
}

/* ---- sessions of a device that does not let go ---- */

static uint8_t *text(size_t len)
{
	uint8_t *data = malloc(len);

	assert_non_null(data);
	t_fill(data, len, T_TEXT);
	return data;
}

/* Of what it is given from here on, it loses one request, and never lets go of it. */
static void lose_one(void)
{
	if (__lsan_disable)
		__lsan_disable();
	wd_release_queue(&q);
	t_device.lose = 1;
	t_device.linger = UINT32_MAX;
}

/* The session keeps its queue. */
static void leave(struct wd_comp_sess *s)
{
	t_device.linger = UINT32_MAX;
	wd_comp_destroy(s);
	if (__lsan_enable)
		__lsan_enable();
	assert_int_equal(t_device.opened, t_device.closed + 1);
	t_device.closed++;
	t_device.unmapped = t_device.mapped;
}

/* The same, and what the session keeps for it is no leak. */
static struct wd_comp_sess *make_loser(enum wd_comp_op op)
{
	struct wd_comp_setup setup = {
		.op = op,
		.engine = "dummy",
		.chunk_size = CHUNK,
		.threads = 2,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	struct wd_comp_sess *s;

	lose_one();
	t_device.writes_lost = true;
	assert_int_equal(wd_comp_create(&s, &setup), 0);
	return s;
}

static void end_loser(struct wd_comp_sess *s)
{
	assert_int_equal(t_device.lose, 0);
	wd_comp_destroy(s);
	if (__lsan_enable)
		__lsan_enable();
	/* The one of before is the only one that it let go of. */
	assert_int_equal(t_device.stopped, 1);
}

/* It keeps the memory, and the session has other memory. */
static void t_a_session_goes_on_when_it_never_does(void **state)
{
	uint8_t *data = text(10 * CHUNK);
	struct wd_comp_sess *s = make_loser(WD_COMP_COMPRESS);
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(stream(s, data, 10 * CHUNK), 1);
		assert_true(wd_comp_get_lanes(s, lanes, WD_COMP_LANES_MAX) > 1);
		assert_int_equal(lanes[0].requests, i ? 0 : 9);
		assert_int_equal(wd_comp_reset(s, 0), 0);
	}
	end_loser(s);
	free(data);
}

/* What is not wanted any more is with it: nobody waits for that. */
static void t_a_session_is_reset_when_it_never_does(void **state)
{
	uint8_t *data = text(10 * CHUNK);
	struct wd_comp_sess *s = make_loser(WD_COMP_COMPRESS);
	size_t room;
	void *buf;

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(wd_comp_get_input(s, &buf, &room), 0);
		memset(buf, 'x', room);
		assert_int_equal(wd_comp_put_input(s, room, WD_COMP_NO_FLUSH),
				 0);
	}
	assert_int_equal(wd_comp_reset(s, 0), 0);
	assert_int_equal(stream(s, data, 10 * CHUNK), 1);
	end_loser(s);
	free(data);
}

static void compressed(const uint8_t *data, size_t len, struct t_bytes *to)
{
	struct wd_comp_setup setup = { .engine = "sw", .chunk_size = CHUNK };
	struct wd_comp_sess *s;
	size_t left;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	assert_int_equal(t_stream(s, &whole, data, len, to, &left), 1);
	wd_comp_destroy(s);
}

static void t_so_does_one_that_decompresses(void **state)
{
	struct t_bytes packed = { 0 }, plain = { 0 };
	uint8_t *data = text(40 * CHUNK);
	struct wd_comp_sess *s;
	size_t left;

	(void)state;
	compressed(data, 40 * CHUNK, &packed);
	s = make_loser(WD_COMP_DECOMPRESS);
	assert_int_equal(
		t_stream(s, &whole, packed.data, packed.len, &plain, &left), 1);
	assert_int_equal(plain.len, 40 * CHUNK);
	assert_memory_equal(plain.data, data, plain.len);
	end_loser(s);
	t_bytes_free(&packed);
	t_bytes_free(&plain);
	free(data);
}

static struct wd_comp_req a_request(uint8_t *to)
{
	return (struct wd_comp_req){
		.in = in,
		.in_len = sizeof(in),
		.out = to,
		.out_cap = sizeof(out[0]),
		.level = 1,
	};
}

/* Whose request a device holds may come back, when nobody knows it any more. */
static void t_a_session_that_was_reset_knows_no_old_requests(void **state)
{
	struct wd_comp_req *back;
	struct wd_comp_sess *s;

	(void)state;
	lose_one();
	s = make_session();
	req[0] = a_request(out[0]);
	req[1] = a_request(out[1]);
	assert_int_equal(wd_comp_send(s, &req[0]), 0);
	assert_int_equal(wd_comp_recv(s, &back, WD_WAIT_FOREVER), -EIO);
	assert_int_equal(wd_comp_send(s, &req[1]), -EIO);
	assert_int_equal(wd_comp_reset(s, 0), -EIO);
	assert_int_equal(wd_comp_send(s, &req[1]), -EIO);
	assert_int_equal(wd_comp_recv(s, &back, WD_NO_WAIT), -EIO);
	t_device.linger = 0;
	assert_int_equal(wd_comp_send(s, &req[1]), -EIO);
	assert_int_equal(wd_comp_recv(s, &back, WD_NO_WAIT), -EIO);
	leave(s);
}

/* A member, and another, which has chunks that are decoded before their turn. */
static void two_members(struct t_bytes *to)
{
	uint8_t *data = text(10 * CHUNK);
	struct wd_comp_setup setup = { .engine = "sw", .chunk_size = CHUNK };
	struct wd_comp_sess *s;
	size_t left;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	assert_int_equal(t_stream(s, &whole, data, 100, to, &left), 1);
	assert_int_equal(wd_comp_reset(s, 0), 0);
	assert_int_equal(t_stream(s, &whole, data, 10 * CHUNK, to, &left), 1);
	wd_comp_destroy(s);
	free(data);
}

/* What a stream has sent ahead, and did not need, is no request either. */
static void t_a_session_takes_no_piece_of_a_stream_for_a_request(void **state)
{
	struct wd_comp_setup setup = {
		.op = WD_COMP_DECOMPRESS,
		.engine = "dummy",
		.threads = 2,
		.flags = WD_COMP_ONE_MEMBER,
	};
	struct t_bytes data = { 0 }, plain = { 0 };
	struct wd_comp_req *back;
	struct wd_comp_sess *s;
	size_t left;

	(void)state;
	two_members(&data);
	lose_one();
	assert_int_equal(wd_comp_create(&s, &setup), 0);
	assert_int_equal(
		t_stream(s, &whole, data.data, data.len, &plain, &left), 1);
	assert_int_equal(plain.len, 100);
	assert_int_equal(t_device.lose, 0);
	req[0] = a_request(out[0]);
	assert_int_equal(wd_comp_send(s, &req[0]), 0);
	assert_int_equal(wd_comp_recv(s, &back, WD_WAIT_FOREVER), 0);
	assert_ptr_equal(back, &req[0]);
	assert_int_equal(back->status, 0);
	assert_int_equal(wd_comp_recv(s, &back, WD_NO_WAIT), -ENOENT);
	end_loser(s);
	t_bytes_free(&plain);
	t_bytes_free(&data);
}

#define SOURCE_LEN (CHUNK + CHUNK / 2)

static int64_t read_source(void *arg, void *buf, size_t len, uint64_t offset)
{
	size_t left = offset < SOURCE_LEN ? SOURCE_LEN - (size_t)offset : 0;

	if (len > left)
		len = left;
	memcpy(buf, (const uint8_t *)arg + offset, len);
	return (int64_t)len;
}

/* A session that reads ahead, with a device that comes back meanwhile. */
static struct wd_comp_sess *make_reader(uint8_t *data)
{
	struct wd_comp_sess *s = make_session();

	quarantine_rules.first_ns = 0;
	t_device.open_error = -EBUSY;
	assert_int_equal(stream(s, data, 4 * CHUNK), 1);
	assert_int_equal(wd_comp_reset(s, 0), 0);
	t_device.open_error = 0;
	t_device.writes_lost = true;
	assert_int_equal(wd_comp_set_source(s, read_source, data, 4 * CHUNK),
			 0);
	return s;
}

/* The input ends too early, so that what was begun after it is not wanted any more. */
static void t_a_source_that_ends_early_uses_no_held_memory_again(void **state)
{
	uint8_t *data = text(4 * CHUNK);
	struct t_bytes packed = { 0 };
	struct wd_comp_sess *s;
	struct t_verdict v;
	const void *piece;
	size_t len;
	int ret;

	(void)state;
	lose_one();
	s = make_reader(data);
	while ((ret = wd_comp_get_output(s, &piece, &len, WD_WAIT_FOREVER)) ==
	       1) {
		t_bytes_add(&packed, piece, len);
		assert_int_equal(wd_comp_put_output(s), 0);
	}
	assert_int_equal(ret, 0);
	end_loser(s);
	t_judge(&v, WD_COMP_GZIP, packed.data, packed.len, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.out.len, SOURCE_LEN);
	assert_memory_equal(v.out.data, data, SOURCE_LEN);
	t_bytes_free(&v.out);
	t_bytes_free(&packed);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			t_requests_come_back_when_it_has_let_go, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			t_looking_for_them_does_not_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(t_waiting_for_them_has_an_end,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			t_it_is_not_waited_for_by_its_descriptor, setup,
			teardown),
		cmocka_unit_test_setup_teardown(t_a_time_limit_counts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			t_giving_the_queue_back_waits_too, setup, teardown),
		cmocka_unit_test_setup_teardown(t_giving_it_back_has_an_end,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			t_an_idle_queue_is_given_back_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			t_a_session_goes_on_when_it_has_let_go, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			t_a_session_goes_on_when_it_never_does, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			t_a_session_is_reset_when_it_never_does, setup,
			teardown),
		cmocka_unit_test_setup_teardown(t_so_does_one_that_decompresses,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			t_a_session_that_was_reset_knows_no_old_requests, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			t_a_session_takes_no_piece_of_a_stream_for_a_request,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			t_a_source_that_ends_early_uses_no_held_memory_again,
			setup, teardown),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
