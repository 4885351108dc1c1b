/* SPDX-License-Identifier: MIT */
/*
 * The dummy accelerator without SVA: see t_no_sva.h.  The device is t_device.c.
 */
#include <errno.h>
#include <unistd.h>

#include "t_device.h"
#include "t_no_sva.h"

#include <cmocka.h>

static void vanish(void)
{
	t_device.vanish_after = 1;
}

static const struct t_no_sva dummy = {
	.name = "dummy",
	.region = &t_device.ss_limit,
	.slice = &t_device.ss_slice,
	.raw = true,
	.vanish = vanish,
};

static int setup(void **state)
{
	(void)state;
	t_device_install();
	t_device.no_sva = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	t_device_remove();
	return t_device.opened != t_device.closed ||
	       t_device.mapped != t_device.unmapped;
}

T_NO_SVA(each_kind, &dummy)
T_NO_SVA(a_full_region_is_busy, &dummy)
T_NO_SVA(what_is_dropped_takes_no_room, &dummy)
T_NO_SVA(too_large_is_for_others, &dummy)
T_NO_SVA(lent_memory, &dummy)
T_NO_SVA(sessions, &dummy)

/* Of no input, and with no room for output. */
static void t_nothing_is_a_request(void **state)
{
	struct wd_queue q = { .device = "dummy" };
	struct wd_comp_header name = { .name = "a name" };
	uint8_t out[100];
	struct wd_comp_req req = { .out = out,
				   .out_cap = sizeof(out),
				   .level = 1 };
	void *back;

	(void)state;
	assert_int_equal(wd_request_queue(&q), 0);
	assert_int_equal(wd_send(&q, &req), 0);
	assert_int_equal(wd_recv_sync(&q, &back, WD_WAIT_FOREVER), 0);
	assert_int_equal(req.status, 0);
	assert_in_range(req.produced, 18, 30);
	req.header = &name;
	req.out_cap = 0;
	assert_int_equal(wd_send(&q, &req), 0);
	assert_int_equal(wd_recv_sync(&q, &back, WD_WAIT_FOREVER), 0);
	assert_int_equal(req.status, -ENOSPC);
	wd_release_queue(&q);
}

/* The device works when it is told: what it does last, it has done before it goes. */
static void t_a_device_that_goes(void **state)
{
	struct t_attempt a;
	struct wd_queue q = { .device = "dummy" };
	struct wd_work done;

	(void)state;
	assert_int_equal(wd_request_queue(&q), 0);
	t_attempt_begin(&a, COMPRESS_GZIP, 8000);
	t_device.vanish_after = 1;
	assert_int_equal(t_attempt_send(&q, &a), 0);
	wd_flush(&q);
	assert_int_equal(wd_queue_recv(&q, &done, WD_WAIT_FOREVER), 0);
	assert_int_equal(done.req->status, -ENODEV);
	wd_release_queue(&q);
	t_attempt_end(&a);
}

/*
 * It reaches copies only: what it was asked for can be done elsewhere at once.  Memory of
 * the region that somebody has is another matter.
 */
static void t_a_device_that_does_not_let_go(void **state)
{
	struct t_attempt a;
	struct wd_queue q = { .device = "dummy" };
	struct wd_work done;
	void *lent;

	(void)state;
	wd_stall_ms = 50;
	assert_int_equal(wd_request_queue(&q), 0);
	lent = wd_mem_alloc(&q, 4096);
	t_attempt_begin(&a, COMPRESS_GZIP, 8000);
	t_device.lose = 1;
	t_device.linger = UINT32_MAX;
	assert_int_equal(t_attempt_send(&q, &a), 0);
	wd_flush(&q);
	assert_int_equal(wd_queue_recv(&q, &done, WD_WAIT_FOREVER), -EIO);
	wd_mem_free(&q, lent, 4096);
	assert_int_equal(wd_queue_recv(&q, &done, WD_WAIT_FOREVER), 0);
	assert_int_equal(done.req->status, -ETIMEDOUT);
	/* There is none that it cannot reach. */
	lent = wd_mem_alloc(&q, 4096);
	assert_non_null(lent);
	assert_int_equal(wd_mem_share(&q, lent, 4096), -EOPNOTSUPP);
	wd_mem_free(&q, lent, 4096);
	wd_release_queue(&q);
	wd_stall_ms = 60000;
	t_attempt_end(&a);
}

static void t_without_a_region_there_is_no_queue(void **state)
{
	struct wd_queue q = { .device = "dummy" };

	(void)state;
	t_device.ss_limit = 4096;
	assert_int_equal(wd_request_queue(&q), -ENOMEM);
	assert_int_equal(t_device.opened, 1);
}

int main(void)
{
#define ENTRY(name) cmocka_unit_test_setup_teardown(t_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		ENTRY(each_kind),
		ENTRY(a_full_region_is_busy),
		ENTRY(what_is_dropped_takes_no_room),
		ENTRY(too_large_is_for_others),
		ENTRY(lent_memory),
		ENTRY(sessions),
		ENTRY(nothing_is_a_request),
		ENTRY(a_device_that_goes),
		ENTRY(a_device_that_does_not_let_go),
		ENTRY(without_a_region_there_is_no_queue),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, t_make_data, t_free_data);
}
