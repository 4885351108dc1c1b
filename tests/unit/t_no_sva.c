/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "queue.h"
#include "t_no_sva.h"

#include <cmocka.h>

#define ROOM  8000u
#define LARGE 150000u /* bytes; of these a region of 1 MiB has room for few */
#define MANY  12u

static void open_queue(const struct t_no_sva *dev, struct wd_queue *q)
{
	memset(q, 0, sizeof(*q));
	q->device = dev->name;
	assert_int_equal(wd_request_queue(q), 0);
}

static void receive_one(struct wd_queue *q)
{
	struct wd_work done;

	assert_int_equal(wd_queue_recv(q, &done, WD_WAIT_FOREVER), 0);
	assert_int_equal(done.req->status, 0);
}

static void check_made(const struct t_attempt *a)
{
	struct t_verdict v;

	if (!t_is_compress(a->kind)) {
		assert_int_equal(a->req.produced, T_PLAIN_LEN);
		assert_memory_equal(a->out, t_plain, T_PLAIN_LEN);
		return;
	}
	if (a->kind == COMPRESS_OPEN)
		return;
	t_judge(&v, t_format_of(a->kind), a->out, a->req.produced, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.out.len, T_PLAIN_LEN);
	assert_memory_equal(v.out.data, t_plain, T_PLAIN_LEN);
	t_bytes_free(&v.out);
}

static bool can(const struct t_no_sva *dev, enum kind kind)
{
	return dev->raw || (kind != DECOMPRESS_RAW && kind != DECOMPRESS_CHUNK);
}

void t_no_sva_each_kind(const struct t_no_sva *dev)
{
	struct wd_queue q;

	open_queue(dev, &q);
	for (int round = 0; round < 3; round++)
		for (int kind = 0; kind < KINDS; kind++) {
			struct t_attempt a;

			if (!can(dev, (enum kind)kind))
				continue;
			t_attempt_begin(&a, (enum kind)kind, ROOM);
			assert_int_equal(t_attempt_send(&q, &a), 0);
			receive_one(&q);
			check_made(&a);
			t_attempt_end(&a);
		}
	wd_release_queue(&q);
}

/* ---- a region that is full ---- */

struct large {
	uint8_t *in, *out;
	struct wd_comp_req req;
};

static void begin_large(struct large *l)
{
	size_t room = wd_comp_req_bound(LARGE);

	l->in = malloc(LARGE);
	l->out = malloc(room);
	assert_true(l->in && l->out);
	t_fill(l->in, LARGE, T_TEXT);
	l->req = (struct wd_comp_req){
		.in = l->in,
		.in_len = LARGE,
		.out = l->out,
		.out_cap = room,
		.level = 1,
	};
}

static void end_large(struct large *l)
{
	free(l->in);
	free(l->out);
}

static void check_large(const struct large *l)
{
	struct t_verdict v;

	t_judge(&v, WD_COMP_GZIP, l->out, l->req.produced, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.out.len, LARGE);
	assert_memory_equal(v.out.data, l->in, LARGE);
	t_bytes_free(&v.out);
}

void t_no_sva_a_full_region_is_busy(const struct t_no_sva *dev)
{
	unsigned int sent = 0, back = 0;
	struct large large[MANY];
	bool busy = false;
	struct wd_queue q;

	*dev->region = 1 << 20;
	open_queue(dev, &q);
	for (unsigned int i = 0; i < MANY; i++)
		begin_large(&large[i]);
	while (back < MANY) {
		int ret = sent < MANY ? wd_send(&q, &large[sent].req) : -EBUSY;

		if (!ret) {
			sent++;
			continue;
		}
		assert_int_equal(ret, -EBUSY);
		busy |= sent < MANY;
		receive_one(&q);
		back++;
	}
	assert_true(busy);
	wd_release_queue(&q);
	for (unsigned int i = 0; i < MANY; i++) {
		check_large(&large[i]);
		end_large(&large[i]);
	}
}

/* Until there is no more room; how many. */
static unsigned int fill(struct wd_queue *q, struct large *large)
{
	unsigned int n = 0;

	while (!wd_send(q, &large[n].req))
		n++;
	return n;
}

void t_no_sva_what_is_dropped_takes_no_room(const struct t_no_sva *dev)
{
	struct large large[MANY];
	struct wd_queue q;
	unsigned int n;

	*dev->region = 1 << 20;
	open_queue(dev, &q);
	for (unsigned int i = 0; i < MANY; i++)
		begin_large(&large[i]);
	n = fill(&q, large);
	assert_in_range(n, 1, MANY - 1);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(wd_queue_drop(&q), n);
		assert_int_equal(fill(&q, large), n);
	}
	for (unsigned int i = 0; i < n; i++)
		receive_one(&q);
	wd_release_queue(&q);
	for (unsigned int i = 0; i < MANY; i++)
		end_large(&large[i]);
}

void t_no_sva_too_large_is_for_others(const struct t_no_sva *dev)
{
	struct large large;
	struct wd_queue q;

	begin_large(&large);
	*dev->slice = 128 << 10;
	open_queue(dev, &q);
	assert_int_equal(wd_send(&q, &large.req), -EOPNOTSUPP);
	large.req.in_len = 10000;
	assert_int_equal(wd_send(&q, &large.req), 0);
	receive_one(&q);
	wd_release_queue(&q);
	/* What others have been given leaves no room, and nothing will come back. */
	*dev->slice = 0;
	*dev->region = 1 << 20;
	open_queue(dev, &q);
	large.req.in_len = LARGE;
	large.req.out_cap = 1 << 20;
	for (int i = 0; i < 2; i++) {
		void *p = wd_mem_alloc(&q, i ? 120000 : 400000);

		assert_int_equal(wd_mem_share(&q, p, 100000), 0);
		assert_int_equal(wd_send(&q, &large.req), 0);
		receive_one(&q);
		if (i)
			wd_mem_free(&q, p, 120000);
	}
	wd_release_queue(&q);
	end_large(&large);
}

void t_no_sva_lent_memory(const struct t_no_sva *dev)
{
	struct large large;
	struct wd_queue q;
	size_t room = wd_comp_req_bound(LARGE);
	uint8_t *in, *out, *other;

	begin_large(&large);
	*dev->region = 1 << 20;
	open_queue(dev, &q);
	in = wd_mem_alloc(&q, LARGE);
	out = wd_mem_alloc(&q, room);
	assert_int_equal(wd_mem_share(&q, in, LARGE), 0);
	assert_int_equal(wd_mem_share(&q, out, room), 0);
	assert_int_equal(wd_mem_share(&q, large.in, LARGE), -EOPNOTSUPP);
	/* Half of it is for requests. */
	other = wd_mem_alloc(&q, 300000);
	assert_non_null(other);
	assert_int_equal(wd_mem_share(&q, other, 300000), -EOPNOTSUPP);
	memset(other, 1, 300000);
	wd_mem_free(&q, other, 300000);
	for (int i = 0; i < 4; i++) {
		memcpy(in, large.in, LARGE);
		memset(out, 0, room);
		large.req.in = i & 1 ? in : large.in;
		large.req.out = i & 2 ? out : large.out;
		assert_int_equal(wd_send(&q, &large.req), 0);
		receive_one(&q);
		memcpy(large.out, large.req.out, large.req.produced);
		check_large(&large);
	}
	wd_mem_free(&q, in, LARGE);
	wd_mem_free(&q, out, room);
	in = wd_mem_alloc(&q, 500000);
	assert_int_equal(wd_mem_share(&q, in, 500000), 0);
	wd_mem_free(&q, in, 500000);
	wd_mem_free(&q, NULL, 1);
	wd_release_queue(&q);
	end_large(&large);
}

/* ---- sessions ---- */

static const struct t_feed feed = { .in_max = 100000, .out_max = 100000 };

/* All that could be in its region, the device has done. */
static void check_lanes(struct wd_comp_sess *s, size_t len, bool all)
{
	struct wd_comp_lane lanes[2];

	assert_int_equal(wd_comp_get_lanes(s, lanes, 2), 2);
	assert_int_equal(lanes[0].error, 0);
	assert_int_equal(lanes[0].failed, 0);
	if (all)
		assert_int_equal(lanes[0].bytes_in, len);
	else
		assert_true(lanes[0].bytes_in > len / 2);
}

static void there_and_back(const struct t_no_sva *dev, const uint8_t *in,
			   size_t len)
{
	struct wd_comp_setup setup = {
		.engine = dev->name,
		.chunk_size = 64 << 10,
		.threads = 2,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	struct t_bytes out = { 0 }, back = { 0 };
	struct wd_comp_sess *s;
	size_t left;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	assert_int_equal(t_stream(s, &feed, in, len, &out, &left), 1);
	check_lanes(s, len, !*dev->region);
	wd_comp_destroy(s);
	setup.op = WD_COMP_DECOMPRESS;
	setup.chunk_size = 0;
	assert_int_equal(wd_comp_create(&s, &setup), 0);
	assert_int_equal(t_stream(s, &feed, out.data, out.len, &back, &left),
			 1);
	wd_comp_destroy(s);
	assert_int_equal(back.len, len);
	assert_memory_equal(back.data, in, len);
	t_bytes_free(&out);
	t_bytes_free(&back);
}

void t_no_sva_sessions(const struct t_no_sva *dev)
{
	const size_t regions[] = { 0, 1 << 20 };
	size_t len = 2 << 20;
	uint8_t *in = malloc(len);

	assert_non_null(in);
	for (size_t i = 0; i < T_ARRAY_SIZE(regions); i++)
		for (int kind = 0; kind < T_KINDS; kind++) {
			t_fill(in, len, (enum t_kind)kind);
			*dev->region = regions[i];
			there_and_back(dev, in, len);
		}
	free(in);
}

/* What was read from memory that was not there any more is no result. */
void t_no_sva_a_device_that_goes(const struct t_no_sva *dev)
{
	struct large large;
	struct wd_work done;
	struct wd_queue q;

	begin_large(&large);
	open_queue(dev, &q);
	assert_int_equal(wd_send(&q, &large.req), 0);
	assert_int_equal(wd_flush(&q), 0);
	dev->vanish();
	assert_int_equal(wd_queue_recv(&q, &done, WD_WAIT_FOREVER), 0);
	assert_int_equal(done.req->status, -ENODEV);
	assert_int_equal(wd_queue_recv(&q, &done, WD_WAIT_FOREVER), -ENODEV);
	wd_release_queue(&q);
	end_large(&large);
}
