/* SPDX-License-Identifier: MIT */
/*
 * What does not shrink grows a little, with a device more than on the CPU: there is room
 * for that.
 *
 * The device is t_device.c; as the kernel's, it stores 16 KiB in a block.
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

#include "t_device.h"
#include "t_util.h"

#define LEN ((size_t)3 << 20)

static uint8_t *noise, *out;

static int setup(void **state)
{
	(void)state;
	t_device_install();
	noise = malloc(LEN);
	out = malloc(2 * LEN);
	if (!noise || !out)
		return -1;
	t_fill(noise, LEN, T_NOISE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(noise);
	free(out);
	t_device_remove();
	return t_device.opened != t_device.closed;
}

/* ---- sessions ---- */

/* Nothing of it was done elsewhere. */
static void all_by_device(struct wd_comp_sess *s, size_t len)
{
	struct wd_comp_fallback fallback;
	struct wd_comp_lane lanes[2];

	assert_int_equal(wd_comp_get_lanes(s, lanes, 2), 2);
	assert_int_equal(lanes[0].bytes_in, len);
	assert_int_equal(wd_comp_get_fallbacks(s, &fallback, 1), 0);
}

static void fits_bound(enum wd_comp_members members, uint32_t chunk_size)
{
	struct wd_comp_setup with = {
		.engine = "dummy",
		.members = members,
		.chunk_size = chunk_size,
		.threads = 2,
	};
	struct wd_comp_sess *s;
	size_t made;

	assert_int_equal(wd_comp_create(&s, &with), 0);
	assert_int_equal(wd_comp_run(s, noise, LEN, out, wd_comp_bound(s, LEN),
				     NULL, &made),
			 0);
	all_by_device(s, LEN);
	wd_comp_destroy(s);
}

static void t_a_stream_of_a_device_fits_the_bound(void **state)
{
	(void)state;
	fits_bound(WD_COMP_MEMBERS_ONE, 0);
	fits_bound(WD_COMP_MEMBERS_ONE, 1 << 20);
	fits_bound(WD_COMP_MEMBERS_ONE, 64 << 10);
	fits_bound(WD_COMP_MEMBERS_MZ, 256 << 10);
}

/* It may do so when it has been left, too, with chunks as small as memory allows. */
static void t_the_bound_stays_when_a_device_is_left(void **state)
{
	struct wd_comp_setup with = { .engine = "dummy", .threads = 2 };
	struct wd_comp_sess *s;
	size_t bound;

	(void)state;
	assert_int_equal(wd_comp_create(&s, &with), 0);
	bound = wd_comp_bound(s, LEN);
	t_device.open_error = -EACCES;
	assert_int_equal(wd_comp_run(s, noise, LEN, out, bound, NULL, NULL), 0);
	assert_int_equal(wd_comp_bound(s, LEN), bound);
	wd_comp_destroy(s);
}

/* ---- requests ---- */

static void do_request(struct wd_comp_req *req, size_t room)
{
	struct wd_queue q = { .device = "dummy" };
	void *back;

	*req = (struct wd_comp_req){
		.in = noise,
		.in_len = 1 << 20,
		.out = out,
		.out_cap = room,
		.level = 1,
	};
	assert_int_equal(wd_request_queue(&q), 0);
	assert_int_equal(wd_send(&q, req), 0);
	assert_int_equal(wd_recv_sync(&q, &back, WD_WAIT_FOREVER), 0);
	wd_release_queue(&q);
}

static void t_a_request_fits_its_bound(void **state)
{
	struct wd_comp_req req;

	(void)state;
	for (int no_sva = 0; no_sva < 2; no_sva++) {
		t_device.no_sva = no_sva;
		do_request(&req, wd_comp_req_bound(1 << 20));
		assert_int_equal(req.status, 0);
		assert_true(req.produced > 1 << 20);
	}
}

static void say_no_space(const struct wd_dummy_sqe *sqe,
			 struct wd_dummy_cqe *cqe, struct wd_dummy_ring *ring)
{
	(void)sqe;
	(void)ring;
	cqe->status = WD_DUMMY_ENOSPC;
	cqe->consumed = cqe->produced = 0;
}

/* Who has given more room than the device was told of need not be told to give more. */
static void t_room_that_a_device_was_not_told_of(void **state)
{
	struct wd_comp_req req;

	(void)state;
	t_device.lie = say_no_space;
	t_device.no_sva = true;
	do_request(&req, 2 * LEN);
	assert_int_equal(req.status, -EOPNOTSUPP);
	do_request(&req, 1 << 20);
	assert_int_equal(req.status, -ENOSPC);
	t_device.no_sva = false;
	do_request(&req, 2 * LEN);
	assert_int_equal(req.status, -ENOSPC);
	do_request(&req, SIZE_MAX);
	assert_int_equal(req.status, -EOPNOTSUPP);
}

int main(void)
{
#define ENTRY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		ENTRY(t_a_stream_of_a_device_fits_the_bound),
		ENTRY(t_the_bound_stays_when_a_device_is_left),
		ENTRY(t_a_request_fits_its_bound),
		ENTRY(t_room_that_a_device_was_not_told_of),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
