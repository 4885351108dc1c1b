/* SPDX-License-Identifier: MIT */
/*
 * Queues of the ZIP engine's driver: how many doorbells it takes, who is woken, and what
 * is done with queue files.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "t_zip_use.h"
#include "transport/transport.h"

#include <cmocka.h>

static uint8_t plain[600];

static int fill(void **state)
{
	(void)state;
	t_fill(plain, sizeof(plain), T_TEXT);
	return 0;
}

/* ---- doorbells ---- */

#define BATCH 16u

static void send_batch(struct wd_queue *q, struct wd_comp_req *reqs,
		       struct t_bytes *outs)
{
	for (unsigned int i = 0; i < BATCH; i++) {
		reqs[i] =
			t_compress_req(WD_COMP_GZIP, plain + i, 500, &outs[i]);
		assert_int_equal(wd_send(q, &reqs[i]), 0);
	}
}

static void t_a_batch_costs_one_doorbell_each_way(void **state)
{
	struct wd_comp_req reqs[BATCH];
	struct t_bytes outs[BATCH];
	struct sim_stats stats;
	struct wd_queue q;
	unsigned int calls;
	void *got;

	(void)state;
	t_open_queue(&q);
	for (unsigned int round = 1; round <= 20; round++) {
		send_batch(&q, reqs, outs);
		calls = t_zip.calls;
		assert_int_equal(wd_flush(&q), 0);
		assert_int_equal(wd_flush(&q), 0);
		sim_wait_idle(t_zip.dev.sim);
		for (unsigned int i = 0; i < BATCH; i++) {
			assert_int_equal(wd_recv(&q, &got), 0);
			assert_ptr_equal(got, &reqs[i]);
			assert_int_equal(reqs[i].status, 0);
			t_bytes_free(&outs[i]);
		}
		/* Nothing of the system was needed. */
		assert_int_equal(t_zip.calls, calls);
		assert_int_equal(t_zip.sq_doorbells, round);
		assert_int_equal(t_zip.cq_doorbells, round);
	}
	/* The one that there was to begin with. */
	sim_stats(t_zip.dev.sim, &stats);
	assert_int_equal(stats.eqes, 1);
	assert_int_equal(t_zip.armings, 0);
	wd_release_queue(&q);
}

static void t_a_queue_is_full_at_its_depth(void **state)
{
	static const struct {
		uint32_t depth, cq_depth, room;
	} rings[] = {
		{ 64, 64, 49 },
		{ 64, 128, 63 },
		{ 32, 33, 26 },
		{ 4096, 4096, 4081 },
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(rings); i++) {
		struct wd_comp_req *reqs;
		struct wd_queue q;
		uint8_t out[100];
		void *got;

		t_zip.depth = rings[i].depth;
		t_zip.cq_depth = rings[i].cq_depth;
		t_open_queue(&q);
		assert_int_equal(q.depth, rings[i].room);
		reqs = calloc(q.depth + 1, sizeof(*reqs));
		assert_non_null(reqs);
		/* Several times through the rings, if that does not take long. */
		for (unsigned int round = 0; round < (q.depth > 100 ? 1 : 5);
		     round++) {
			for (uint32_t k = 0; k <= q.depth; k++) {
				reqs[k] = (struct wd_comp_req){
					.in = "abc",
					.in_len = 3,
					.level = 1,
					.out = out,
					.out_cap = sizeof(out),
				};
				assert_int_equal(wd_send(&q, &reqs[k]),
						 k < q.depth ? 0 : -EBUSY);
			}
			assert_int_equal(wd_flush(&q), 0);
			sim_wait_idle(t_zip.dev.sim);
			for (uint32_t k = 0; k < q.depth; k++) {
				assert_int_equal(wd_recv(&q, &got), 0);
				assert_ptr_equal(got, &reqs[k]);
				assert_int_equal(reqs[k].status, 0);
			}
			assert_int_equal(wd_recv_sync(&q, &got, 0), -ENOENT);
		}
		wd_release_queue(&q);
		free(reqs);
	}
}

static void t_what_was_not_rung_for_is_dropped(void **state)
{
	struct wd_comp_req reqs[BATCH], one;
	struct t_bytes outs[BATCH], out;
	struct wd_queue q;
	void *got;

	(void)state;
	t_open_queue(&q);
	send_batch(&q, reqs, outs);
	assert_int_equal(wd_queue_drop(&q), BATCH);
	assert_int_equal(wd_recv_sync(&q, &got, 0), -ENOENT);
	assert_int_equal(t_requests_done(), 0);
	one = t_compress_req(WD_COMP_ZLIB, plain, sizeof(plain), &out);
	assert_int_equal(t_run_req(&q, &one), 0);
	wd_release_queue(&q);
	for (unsigned int i = 0; i < BATCH; i++)
		t_bytes_free(&outs[i]);
	t_bytes_free(&out);
}

/* ---- waiting ---- */

static bool is_readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

/* Longer than anybody looks. */
#define SLOW "1 20000"

static void t_who_sleeps_is_woken(void **state)
{
	struct wd_queue q;

	(void)state;
	t_open_queue(&q);
	/*
	 * On a busy machine it may be done before anybody can sleep, or so late that it
	 * is slept for more than once.
	 */
	while (t_zip.wakes < 10) {
		struct t_bytes out;
		struct wd_comp_req req =
			t_compress_req(WD_COMP_GZIP, plain, 600, &out);

		t_zip_fault("delay " SLOW);
		assert_int_equal(t_run_req(&q, &req), 0);
		/* The one there is from the start, and then those that were asked for. */
		assert_true(t_zip.armings + 1 >= t_zip.wakes);
		t_bytes_free(&out);
	}
	wd_release_queue(&q);
}

/* A request that is not done when it is looked for, also on a busy machine. */
static void send_slow(struct wd_queue *q, struct wd_comp_req *req)
{
	void *got;
	int ret;

	do {
		t_zip_fault("delay " SLOW);
		assert_int_equal(wd_send(q, req), 0);
		ret = wd_recv(q, &got);
	} while (!ret);
	assert_int_equal(ret, -EAGAIN);
}

/* After a look in vain; that is all an application can do with it. */
static void t_the_descriptor_tells_of_results_in_both_directions(void **state)
{
	uint8_t back[600];
	struct t_bytes out, packed = { 0 };
	struct wd_comp_req there, again;
	struct wd_queue q;
	void *got;
	int ret;

	(void)state;
	t_deflate(&packed, plain, sizeof(plain), 31, 6, 0);
	t_open_queue(&q);
	there = t_compress_req(WD_COMP_GZIP, plain, sizeof(plain), &out);
	again = t_decompress_req(WD_COMP_GZIP, &packed, back, sizeof(back));
	for (unsigned int round = 0; round < 10; round++) {
		struct wd_comp_req *req = round % 3 ? &there : &again;

		send_slow(&q, req);
		/* May be of one before, which was done too soon. */
		do {
			assert_true(is_readable(q.fd, 60000));
			wd_transport->poll_group(q.fd, 0);
			ret = wd_recv(&q, &got);
		} while (ret == -EAGAIN);
		assert_int_equal(ret, 0);
		assert_ptr_equal(got, req);
		assert_int_equal(req->status, 0);
		sim_wait_idle(t_zip.dev.sim);
		/* What the kernel does for a descriptor. */
		wd_transport->poll_group(q.fd, 0);
		assert_false(is_readable(q.fd, 0));
	}
	/* Sessions that wait for several queues ask before each time. */
	t_zip_fault("delay " SLOW);
	assert_int_equal(wd_send(&q, &there), 0);
	assert_int_equal(wd_flush(&q), 0);
	assert_true(is_readable(wd_queue_event_fd(&q), 60000));
	assert_int_equal(wd_recv(&q, &got), 0);
	wd_release_queue(&q);
	t_bytes_free(&out);
	t_bytes_free(&packed);
}

static void t_waiting_ends_in_time(void **state)
{
	struct t_bytes out;
	struct wd_comp_req req = t_compress_req(WD_COMP_GZIP, plain, 600, &out);
	struct wd_queue q;
	void *got;
	int ret;

	(void)state;
	t_open_queue(&q);
	/* On a busy machine it may be done before the end of the wait is looked for. */
	do {
		t_zip_fault("delay 1 60000");
		assert_int_equal(wd_send(&q, &req), 0);
		ret = wd_recv_sync(&q, &got, 5);
	} while (!ret);
	assert_int_equal(ret, -ETIMEDOUT);
	assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);
	assert_int_equal(req.status, 0);
	wd_release_queue(&q);
	t_bytes_free(&out);
}

/* ---- queue files ---- */

static void t_a_direction_that_is_not_used_costs_no_queue(void **state)
{
	uint8_t back[600];
	struct t_bytes out;
	struct wd_comp_req req = t_compress_req(WD_COMP_GZIP, plain, 600, &out);
	struct wd_queue q;

	(void)state;
	t_open_queue(&q);
	assert_int_equal(t_zip.opened, 1);
	assert_int_equal(t_zip.started, 0);
	assert_int_equal(t_run_req(&q, &req), 0);
	assert_int_equal(t_zip.opened, 1);
	out.len = req.produced;
	req = t_decompress_req(WD_COMP_GZIP, &out, back, sizeof(back));
	assert_int_equal(t_run_req(&q, &req), 0);
	assert_int_equal(t_zip.opened, 2);
	assert_int_equal(t_zip.started, 2);
	wd_release_queue(&q);
	/* One that is never used is given back, too. */
	t_open_queue(&q);
	wd_release_queue(&q);
	assert_int_equal(t_zip.started, 2);
	assert_int_equal(t_zip.stopped, 2);
	t_bytes_free(&out);
}

static void t_without_a_second_queue_one_direction_works(void **state)
{
	unsigned int *const fails[] = {
		&t_zip.opens_fail,  &t_zip.maps_fail,  &t_zip.types_fail,
		&t_zip.starts_fail, &t_zip.joins_fail,
	};
	uint8_t back[600];

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(fails); i++) {
		struct t_bytes out;
		struct wd_comp_req req =
			t_compress_req(WD_COMP_GZIP, plain, 600, &out);
		struct wd_comp_req other;
		struct wd_queue q;

		t_open_queue(&q);
		assert_int_equal(t_run_req(&q, &req), 0);
		out.len = req.produced;
		*fails[i] = 1;
		other = t_decompress_req(WD_COMP_GZIP, &out, back,
					 sizeof(back));
		assert_int_equal(wd_send(&q, &other), -EOPNOTSUPP);
		*fails[i] = 0;
		/* It is not tried each time. */
		assert_int_equal(wd_send(&q, &other), -EOPNOTSUPP);
		assert_int_equal(t_run_req(&q, &req), 0);
		wd_release_queue(&q);
		t_bytes_free(&out);
	}
}

/* Neither queue file's, while it holds those of one. */
static void t_requests_it_holds_come_back_when_it_has_let_go(void **state)
{
	struct t_bytes out, stream;
	struct wd_comp_req first =
		t_compress_req(WD_COMP_GZIP, plain, 600, &stream);
	struct wd_comp_req req = t_compress_req(WD_COMP_GZIP, plain, 600, &out);
	struct wd_comp_req other;
	uint8_t back[600];
	struct wd_queue q;
	void *done;

	(void)state;
	t_open_queue(&q);
	assert_int_equal(t_run_req(&q, &first), 0);
	stream.len = first.produced;
	other = t_decompress_req(WD_COMP_GZIP, &stream, back, sizeof(back));
	t_zip_fault("hang 1");
	t_zip_fault("hang 2");
	t_zip.stuck = true;
	assert_int_equal(wd_send(&q, &req), 0);
	assert_int_equal(wd_send(&q, &other), 0);
	assert_int_equal(wd_flush(&q), 0);
	t_zip.linger = 7;
	t_zip_stop(true, true);
	assert_int_equal(wd_recv(&q, &done), -EAGAIN);
	assert_int_equal(wd_queue_event_fd(&q), -1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(wd_recv_sync(&q, &done, WD_WAIT_FOREVER), 0);
		assert_int_equal(((struct wd_comp_req *)done)->status, -ENODEV);
		assert_true(t_zip.linger < 2);
	}
	assert_int_equal(wd_recv(&q, &done), -ENODEV);
	wd_release_queue(&q);
	t_bytes_free(&out);
	t_bytes_free(&stream);
}

static void t_what_fails_at_the_beginning_is_told(void **state)
{
	struct wd_queue q = { .device = "hisi_zip" };
	struct t_bytes out;
	struct wd_comp_req req = t_compress_req(WD_COMP_GZIP, plain, 600, &out);

	(void)state;
	t_zip.opens_fail = 1;
	assert_int_equal(wd_request_queue(&q), -EBUSY);
	t_zip.opens_fail = 0;
	for (unsigned int n = 1; n <= 2; n++) {
		t_zip.maps_fail = n;
		assert_int_equal(wd_request_queue(&q), -ENOMEM);
	}
	t_zip.maps_fail = 0;
	t_zip.joins_fail = 1;
	assert_int_equal(wd_request_queue(&q), -ENOMEM);
	t_zip.joins_fail = 0;
	t_zip.info_error = -ENXIO;
	assert_int_equal(wd_request_queue(&q), -ENXIO);
	t_zip.info_error = 0;
	/* What the queue is for is known later. */
	t_zip.starts_fail = 1;
	assert_int_equal(wd_request_queue(&q), 0);
	assert_int_equal(wd_send(&q, &req), -EIO);
	wd_release_queue(&q);
	t_bytes_free(&out);
}

/* Who tries again later may have more luck, with the same queue or another one. */
static void t_a_busy_device_is_not_one_that_cannot(void **state)
{
	static const int errors[][2] = {
		{ -EBUSY, -ENODEV },
		{ -ENOMEM, -ENOMEM },
	};
	struct t_bytes out;
	struct wd_comp_req req = t_compress_req(WD_COMP_GZIP, plain, 600, &out);

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(errors); i++) {
		struct wd_queue q;

		t_open_queue(&q);
		t_zip.starts_fail = 1;
		t_zip.start_error = errors[i][0];
		assert_int_equal(wd_send(&q, &req), errors[i][1]);
		assert_int_equal(wd_send(&q, &req), errors[i][1]);
		t_zip.starts_fail = 0;
		assert_int_equal(t_run_req(&q, &req), 0);
		wd_release_queue(&q);
	}
	t_bytes_free(&out);
}

static void t_rings_that_cannot_be_are_refused(void **state)
{
	static const struct {
		uint32_t sqe_size;
		uint16_t sq_depth, cq_depth;
	} bad[] = {
		{ 64, 64, 64 },	    { 128, 0, 64 },	   { 128, 2, 64 },
		{ 128, 48, 64 },    { 128, 64, 63 },	   { 128, 128, 128 },
		{ 128, 64, 65535 }, { 128, 32768, 32768 }, { 0, 64, 64 },
		{ ~0u, 64, 64 },
	};
	struct wd_queue q = { .device = "hisi_zip" };
	uint8_t out[100];
	struct wd_comp_req req = {
		.in = "abc",
		.in_len = 3,
		.level = 1,
		.out = out,
		.out_cap = sizeof(out),
	};

	(void)state;
	t_zip.lie_of_info = true;
	for (size_t i = 0; i < T_ARRAY_SIZE(bad); i++) {
		t_zip.info.sqe_size = bad[i].sqe_size;
		t_zip.info.sq_depth = bad[i].sq_depth;
		t_zip.info.cq_depth = bad[i].cq_depth;
		assert_int_equal(wd_request_queue(&q), -EPROTO);
	}
	/* A kernel that does not tell has those of old. */
	t_zip.info_error = -EINVAL;
	assert_int_equal(wd_request_queue(&q), -EPROTO);
	t_zip.depth = 1024;
	t_zip.cq_depth = 1024;
	assert_int_equal(wd_request_queue(&q), 0);
	assert_int_equal(q.depth, 1024 - 15);
	wd_release_queue(&q);
	/* Its number does not fit into a doorbell. */
	t_zip.lie_of_info = false;
	t_zip.info_error = 0;
	t_zip.wrong_number = 4096;
	assert_int_equal(wd_request_queue(&q), 0);
	assert_int_equal(wd_send(&q, &req), -EPROTO);
	wd_release_queue(&q);
}

static void t_other_devices_are_not_taken(void **state)
{
	struct wd_queue q = { .device = "hisi_zip" };

	(void)state;
	t_zip.algs = "cipher digest aead";
	assert_int_equal(wd_request_queue(&q), -ENODEV);
	t_zip.algs = "lz4";
	assert_int_equal(wd_request_queue(&q), -ENODEV);
	t_zip.algs = "zlib";
	t_zip.api = "hisi_qm_v1";
	assert_int_equal(wd_request_queue(&q), -ENODEV);
	assert_int_equal(t_zip.opened, 0);
}

/* Unless somebody asks for it. */
static void t_who_does_not_ask_does_not_get_the_engine(void **state)
{
	struct wd_queue q = { 0 };

	(void)state;
	assert_int_equal(wd_request_queue(&q), 0);
	assert_string_equal(wd_queue_device(&q), "soft-0");
	wd_release_queue(&q);
	assert_int_equal(t_zip.opened, 0);
}

#define TEST(name, begin) cmocka_unit_test_setup_teardown(name, begin, t_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_batch_costs_one_doorbell_each_way, t_begin_v3),
		TEST(t_a_queue_is_full_at_its_depth, t_begin_v3),
		TEST(t_what_was_not_rung_for_is_dropped, t_begin_v3),
		TEST(t_who_sleeps_is_woken, t_begin_with_workers),
		TEST(t_the_descriptor_tells_of_results_in_both_directions,
		     t_begin_with_workers),
		TEST(t_waiting_ends_in_time, t_begin_with_workers),
		TEST(t_a_direction_that_is_not_used_costs_no_queue, t_begin_v3),
		TEST(t_without_a_second_queue_one_direction_works, t_begin_v3),
		TEST(t_requests_it_holds_come_back_when_it_has_let_go,
		     t_begin_v3),
		TEST(t_what_fails_at_the_beginning_is_told, t_begin_v3),
		TEST(t_a_busy_device_is_not_one_that_cannot, t_begin_v3),
		TEST(t_rings_that_cannot_be_are_refused, t_begin_v3),
		TEST(t_other_devices_are_not_taken, t_begin_v3),
		TEST(t_who_does_not_ask_does_not_get_the_engine, t_begin_v3),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, fill, NULL);
}
