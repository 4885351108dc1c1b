/* SPDX-License-Identifier: MIT */
/*
 * Sessions and queues on a device: what it does, what it does not, and everything
 * that may go wrong with it.  The device is t_device.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <warpdrive/wd_comp.h>

#include "codec.h"
#include "format/format.h"
#include "internal.h"
#include "t_device.h"
#include "t_util.h"

#define CHUNK	(64u << 10)

static int setup(void **state)
{
	(void)state;
	t_device_install();
	wd_stall_ms = 50;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	t_device_remove();
	/* Whatever happened, nothing is left behind. */
	if (t_device.opened != t_device.closed || t_device.mapped != t_device.unmapped)
		return -1;
	return 0;
}

/* ---- sessions ---- */

static const struct t_feed whole = { .in_max = 100000, .out_max = 100000 };

static struct wd_comp_sess *session(enum wd_comp_op op, enum wd_comp_format format,
				    uint32_t flags)
{
	struct wd_comp_setup s = {
		.op = op, .format = format, .engine = "dummy", .flags = flags,
		.chunk_size = op == WD_COMP_COMPRESS ? CHUNK : 0,
		.threads = 2, .size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	struct wd_comp_sess *sess;

	assert_int_equal(wd_comp_create(&sess, &s), 0);
	return sess;
}

/* Compress, have zlib judge it; the session's info. */
static struct wd_comp_info compress(enum wd_comp_format format, const uint8_t *in,
				    size_t len, struct t_bytes *out, uint32_t flags)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, format, flags);
	struct wd_comp_info info;
	struct t_verdict v = { 0 };
	size_t left;

	assert_int_equal(t_stream(s, &whole, in, len, out, &left), 1);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	if (!info.device_error)
		assert_string_equal(info.device, "wd_dummy-0");
	wd_comp_destroy(s);
	if (!(flags & WD_COMP_NO_VERIFY)) {
		t_judge(&v, format, out->data, out->len, NULL, 0);
		assert_int_equal(v.out.len, len);
		if (len)
			assert_memory_equal(v.out.data, in, len);
		t_bytes_free(&v.out);
	}
	return info;
}

static struct wd_comp_info decompress(enum wd_comp_format format, const struct t_bytes *in,
				      const uint8_t *want, size_t len)
{
	struct wd_comp_sess *s = session(WD_COMP_DECOMPRESS, format, 0);
	struct t_bytes out = { 0 };
	struct wd_comp_info info;
	size_t left;

	assert_int_equal(t_stream(s, &whole, in->data, in->len, &out, &left), 1);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(out.len, len);
	if (len)
		assert_memory_equal(out.data, want, len);
	t_bytes_free(&out);
	wd_comp_destroy(s);
	return info;
}

static uint8_t *data(size_t len, enum t_kind kind)
{
	uint8_t *p = malloc(len + 1);

	t_fill(p, len, kind);
	return p;
}

static void t_all_kinds_of_data_there_and_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 10 * CHUNK + 7 };

	(void)state;
	for (int format = WD_COMP_GZIP; format <= WD_COMP_RAW; format++)
		for (int kind = 0; kind < T_KINDS; kind++)
			for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
				uint8_t *in = data(sizes[i], (enum t_kind)kind);
				struct t_bytes out = { 0 };
				struct wd_comp_info info;

				info = compress((enum wd_comp_format)format, in, sizes[i], &out,
						0);
				assert_int_equal(info.device_requests, info.requests);
				assert_int_equal(info.redone, 0);
				decompress((enum wd_comp_format)format, &out, in, sizes[i]);
				t_bytes_free(&out);
				free(in);
			}
}

static void t_chunks_are_decoded_by_the_device(void **state)
{
	size_t len = 20 * CHUNK;
	uint8_t *in = data(len, T_TEXT);
	struct t_bytes out = { 0 };
	struct wd_comp_info info;

	(void)state;
	compress(WD_COMP_GZIP, in, len, &out, 0);
	info = decompress(WD_COMP_GZIP, &out, in, len);
	assert_true(info.device_requests >= 15);
	assert_int_equal(info.redone, 0);
	t_bytes_free(&out);
	free(in);
}

static void t_failed_requests_are_redone(void **state)
{
	size_t len = 20 * CHUNK;
	uint8_t *in = data(len, T_TEXT);
	struct t_bytes out = { 0 };
	struct wd_comp_info info;

	(void)state;
	t_device.fail = 3;
	info = compress(WD_COMP_GZIP, in, len, &out, 0);
	assert_int_equal(info.redone, 3);
	assert_int_equal(info.device_requests, info.requests - 3);
	assert_int_equal(info.device_error, 0);
	t_device.fail = 2;
	info = decompress(WD_COMP_GZIP, &out, in, len);
	assert_int_equal(info.redone, 2);
	t_bytes_free(&out);
	free(in);
}

static void t_wrong_output_is_redone(void **state)
{
	size_t len = 20 * CHUNK;

	(void)state;
	for (int format = WD_COMP_GZIP; format <= WD_COMP_RAW; format++)
		for (int kind = 0; kind < T_KINDS; kind++) {
			uint8_t *in = data(len, (enum t_kind)kind);
			struct t_bytes out = { 0 };
			struct wd_comp_info info;

			t_device.flip = 3;
			info = compress((enum wd_comp_format)format, in, len, &out, 0);
			/* Of zeros another distance makes the same data. */
			if (kind == T_TEXT || kind == T_NOISE) {
				assert_int_equal(info.device_wrong, 3);
				assert_int_equal(info.redone, 3);
			}
			t_device.flip = 2;
			info = decompress((enum wd_comp_format)format, &out, in, len);
			t_device.flip = 0;
			t_bytes_free(&out);
			free(in);
		}
}

static void t_no_verify_takes_what_comes(void **state)
{
	size_t len = 4 * CHUNK;
	uint8_t *in = data(len, T_TEXT);
	struct t_bytes out = { 0 };
	struct wd_comp_info info;

	(void)state;
	t_device.flip = 1;
	info = compress(WD_COMP_GZIP, in, len, &out, WD_COMP_NO_VERIFY);
	assert_int_equal(info.device_wrong, 0);
	assert_int_equal(info.redone, 0);
	t_bytes_free(&out);
	free(in);
}

/* Whatever the end of the device, the stream is right; and it is left alone. */
static struct wd_comp_info left(int error)
{
	size_t len = 40 * CHUNK;
	uint8_t *in = data(len, T_TEXT);
	struct t_bytes out = { 0 };
	struct t_device faults = t_device;
	struct wd_comp_info info;

	info = compress(WD_COMP_ZLIB, in, len, &out, 0);
	assert_int_equal(info.device_error, error);
	assert_int_equal(info.requests, 40);
	t_device = faults;
	info = decompress(WD_COMP_ZLIB, &out, in, len);
	assert_int_equal(info.device_error, error);
	t_bytes_free(&out);
	free(in);
	t_device.opened = t_device.closed = t_device.mapped = t_device.unmapped = 0;
	return info;
}

static void t_a_device_that_vanishes_is_left(void **state)
{
	(void)state;
	for (int after = 1; after < 20; after++) {
		t_device.vanish_after = after;
		left(-ENODEV);
	}
}

static void t_a_device_that_cannot_be_woken_is_left(void **state)
{
	(void)state;
	t_device.wake_error = -ENXIO;
	left(-ENODEV);
}

static void t_a_device_that_loses_requests_is_left(void **state)
{
	(void)state;
	t_device.lose = 1;
	left(-ETIMEDOUT);
}

static void t_a_device_that_talks_nonsense_is_left(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 4; i++) {
		t_device.nonsense = i;
		left(-EPROTO);
	}
}

static void t_a_device_that_only_fails_is_left(void **state)
{
	(void)state;
	t_device.fail = 1000000;
	left(-EIO);
}

static void t_a_device_without_a_queue_is_left(void **state)
{
	(void)state;
	t_device.open_error = -EBUSY;
	left(-EBUSY);
	t_device.open_error = 0;
	t_device.start_error = -ENOMEM;
	left(-ENOMEM);
	t_device.start_error = 0;
	for (int nth = 1; nth <= 2; nth++) {
		t_device.map_fails = nth;
		left(-ENOMEM);
	}
	t_device.map_fails = 0;
	t_device.bad_ring = true;
	left(-EPROTO);
}

static void t_engines_are_a_list(void **state)
{
	static const struct {
		const char *list;
		int status, ret;
		const char *engine;
	} cases[] = {
		{ "dummy", 0, 0, "dummy" },
		{ "wd_dummy-0", 0, 0, "wd_dummy-0" },
		{ "dummy,sw", 0, 0, "dummy" },
		{ "nothing,dummy", 0, 0, "dummy" },
		{ "sw,dummy", 0, 0, "sw" },
		{ "auto,dummy", 0, 0, "sw" },
		{ "auto", 0, 0, "sw" },
		{ "nothing", 0, -ENODEV, NULL },
		{ "", 0, -ENODEV, NULL },
		{ ",", 0, -ENODEV, NULL },
		{ "dummy,", 0, 0, "dummy" },
		{ "dummy", -EACCES, -EACCES, NULL },
		{ "dummy,nothing", -EACCES, -EACCES, NULL },
		{ "dummy,auto", -EACCES, 0, "sw" },
		{ "dummy,soft", -EBUSY, 0, "soft" },
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++) {
		struct wd_comp_setup s = { .engine = cases[i].list };
		struct wd_comp_info info;
		struct wd_comp_sess *sess;

		t_device.status = cases[i].status;
		assert_int_equal(wd_comp_create(&sess, &s), cases[i].ret);
		if (cases[i].ret)
			continue;
		assert_int_equal(wd_comp_get_info(sess, &info), 0);
		assert_string_equal(info.engine, cases[i].engine);
		wd_comp_destroy(sess);
	}
}

static void t_a_device_is_never_a_surprise(void **state)
{
	struct wd_queue q = { 0 };
	struct wd_device *list;
	int n;

	(void)state;
	n = wd_device_list(&list);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].driver, "soft");
	assert_string_equal(list[1].name, "wd_dummy-0");
	assert_string_equal(list[1].driver, "dummy");
	assert_true(wd_device_is_called(&list[1], "dummy"));
	assert_false(wd_device_is_called(&list[1], "hw"));
	wd_device_list_free(list);
	assert_int_equal(wd_request_queue(&q), 0);
	assert_true(q.workers > 0);
	wd_release_queue(&q);
	assert_int_equal(t_device.opened, 0);
}

/* What sessions put in the middle of a stream, after a reset, in any order. */
static void t_a_session_can_be_used_again(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, WD_COMP_GZIP, 0);
	size_t len = 12 * CHUNK;
	uint8_t *in = data(len, T_MIXED);

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct t_verdict v = { 0 };
		struct t_bytes out = { 0 };
		void *buf;
		size_t room, left_over;

		assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
		if (i % 3 == 1) {
			assert_int_equal(wd_comp_get_input(s, &buf, &room), 0);
			t_fill(buf, room, T_TEXT);
			assert_int_equal(wd_comp_put_input(s, room, WD_COMP_SYNC_FLUSH), 0);
		}
		t_device.fail = i % 2;
		assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
		assert_int_equal(t_stream(s, &whole, in, len, &out, &left_over), 1);
		t_judge(&v, WD_COMP_GZIP, out.data, out.len, NULL, 0);
		assert_int_equal(v.out.len, len);
		assert_memory_equal(v.out.data, in, len);
		t_bytes_free(&v.out);
		t_bytes_free(&out);
	}
	wd_comp_destroy(s);
	free(in);
}

/* ---- a lane beside it that has no answers until the device is given up ---- */

static struct {
	struct wd_work work[4];
	unsigned int count;
} waiting;

static int waiting_list(struct wd_device *dev, int max)
{
	if (max < 1)
		return 1;
	memset(dev, 0, sizeof(*dev));
	strcpy(dev->name, "waiting-0");
	strcpy(dev->driver, "waiting");
	strcpy(dev->algs, "gzip zlib deflate");
	dev->kind = WD_DEVICE_HARDWARE;
	return 1;
}

static int waiting_open(struct wd_queue *q, const struct wd_device *dev, void **ctx)
{
	(void)dev;
	(void)ctx;
	q->depth = T_ARRAY_SIZE(waiting.work);
	waiting.count = 0;
	return 0;
}

static int waiting_send(void *ctx, const struct wd_work *work)
{
	(void)ctx;
	if (waiting.count == T_ARRAY_SIZE(waiting.work))
		return -EBUSY;
	waiting.work[waiting.count++] = *work;
	return 0;
}

static int waiting_recv(void *ctx, struct wd_work *done, int timeout_ms)
{
	(void)ctx;
	if (!waiting.count)
		return -ENOENT;
	if (timeout_ms == WD_NO_WAIT && !t_device.stopped)
		return -EAGAIN;
	*done = waiting.work[--waiting.count];
	done->req->status = -EIO;
	return 0;
}

static const struct wd_driver_ops waiting_driver = {
	.name = "waiting",
	.list = waiting_list,
	.open = waiting_open,
	.send = waiting_send,
	.recv = waiting_recv,
};

/* With two lanes at work nobody waits in a driver: both are only looked at. */
static void t_a_request_lost_beside_another_lane_is_given_up(void **state)
{
	struct wd_comp_setup setup = {
		.engine = "dummy+waiting", .chunk_size = CHUNK, .threads = 2,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	size_t len = 40 * CHUNK;
	uint8_t *in = data(len, T_TEXT);
	struct t_verdict v = { 0 };
	struct t_bytes out = { 0 };
	struct wd_comp_info info;
	struct wd_comp_sess *s;
	size_t left_over;

	(void)state;
	wd_extra_driver = &waiting_driver;
	t_device.lose = 1;
	assert_int_equal(wd_comp_create(&s, &setup), 0);
	assert_int_equal(t_stream(s, &whole, in, len, &out, &left_over), 1);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(t_device.lose, 0);
	assert_int_equal(info.device_error, -ETIMEDOUT);
	t_judge(&v, WD_COMP_GZIP, out.data, out.len, NULL, 0);
	assert_int_equal(v.out.len, len);
	assert_memory_equal(v.out.data, in, len);
	t_bytes_free(&v.out);
	t_bytes_free(&out);
	wd_comp_destroy(s);
	wd_extra_driver = NULL;
	free(in);
}

/* ---- requests ---- */

#define SMALL_MAX	4096u

/* Input of that size is too much for it. */
static void takes_little(struct wd_dummy_ring *ring)
{
	ring->len_max = SMALL_MAX;
}

static void t_requests_a_device_cannot_do_are_done(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, WD_COMP_GZIP, 0);
	static const size_t len[2] = { 1000, SMALL_MAX };
	uint8_t out[2][2 * SMALL_MAX];
	uint8_t *in = data(SMALL_MAX, T_TEXT);
	struct wd_comp_req reqs[2], *got;

	(void)state;
	t_device.lie_of_ring = takes_little;
	for (int i = 0; i < 2; i++) {
		reqs[i] = (struct wd_comp_req){
			.in = in, .in_len = len[i], .out = out[i], .out_cap = sizeof(out[i]),
			.level = 6,
		};
		assert_int_equal(wd_comp_send(s, &reqs[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		struct t_verdict v = { 0 };

		assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
		assert_int_equal(got->status, 0);
		t_judge(&v, WD_COMP_GZIP, got->out, got->produced, NULL, 0);
		assert_int_equal(v.out.len, got->in_len);
		t_bytes_free(&v.out);
	}
	assert_int_equal(wd_comp_recv(s, &got, WD_NO_WAIT), -ENOENT);
	assert_int_equal(t_device.requests, 1);
	wd_comp_destroy(s);
	free(in);
}

static void t_wrong_decompression_is_redone(void **state)
{
	struct wd_comp_sess *s = session(WD_COMP_DECOMPRESS, WD_COMP_GZIP, 0);
	uint8_t *in = data(50000, T_TEXT), *out = malloc(50000);
	struct wd_comp_req *got;
	struct wd_comp_info info;

	(void)state;
	for (int format = WD_COMP_GZIP; format <= WD_COMP_RAW; format++) {
		struct t_bytes packed = { 0 };
		struct wd_comp_req req;

		t_deflate(&packed, in, 50000, t_window_bits((enum wd_comp_format)format), 6,
			  0);
		req = (struct wd_comp_req){
			.op = WD_COMP_DECOMPRESS, .format = (uint8_t)format,
			.in = packed.data, .in_len = packed.len, .out = out, .out_cap = 50000,
		};
		t_device.flip = 1;
		assert_int_equal(wd_comp_send(s, &req), 0);
		assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
		assert_int_equal(got->status, 0);
		assert_int_equal(got->produced, 50000);
		assert_memory_equal(out, in, 50000);
		t_bytes_free(&packed);
	}
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(info.redone, 3);
	wd_comp_destroy(s);
	free(in);
	free(out);
}

static struct wd_comp_req request(const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	struct wd_comp_req req = {
		.in = in, .in_len = len, .out = out, .out_cap = cap, .level = 12,
	};

	return req;
}

/* One request on a queue. */
#define RUN(want)                                                              \
	do {                                                                   \
		assert_int_equal(wd_send(&q, &req), 0);                        \
		assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);            \
		assert_int_equal(req.status, want);                            \
	} while (0)

/* ---- headers with a name ---- */

/* A name of @len bytes; NULL for none. */
static char *name_of(size_t len)
{
	char *name = len ? malloc(len + 1) : NULL;

	if (name) {
		memset(name, 'n', len);
		name[len] = 0;
	}
	return name;
}

static const size_t name_lens[] = { 0, 1, 2, 9, 10, 255, 5000, WD_GZIP_NAME_MAX };

/* The header is as the CPU writes it, and zlib takes the rest. */
static void check_named(const struct wd_comp_req *req)
{
	size_t head = wd_gzip_head_size(req->header);
	uint8_t *want = malloc(head);
	struct t_verdict v = { 0 };

	assert_int_equal(req->status, 0);
	assert_int_equal(req->consumed, req->in_len);
	assert_true(req->produced <= req->out_cap);
	wd_gzip_head_write(want, req->header, req->level);
	assert_memory_equal(req->out, want, head);
	t_judge(&v, WD_COMP_GZIP, req->out, req->produced, NULL, 0);
	assert_int_equal(v.out.len, req->in_len);
	if (req->in_len)
		assert_memory_equal(v.out.data, req->in, req->in_len);
	t_bytes_free(&v.out);
	free(want);
}

static void t_members_with_names_are_made_by_the_device(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 5000, CHUNK };
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, WD_COMP_GZIP, 0);
	uint8_t *in = data(CHUNK, T_TEXT);
	struct wd_comp_info info;
	unsigned int n = 0;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(name_lens); i++)
		for (size_t k = 0; k < T_ARRAY_SIZE(sizes); k++) {
			char *name = name_of(name_lens[i]);
			struct wd_comp_header hdr = { .name = name, .mtime = 77, .os = 3 };
			struct wd_comp_req req = {
				.in = in, .in_len = sizes[k], .level = 9, .header = &hdr,
				.out_cap = wd_comp_req_bound(sizes[k]) + name_lens[i] + 1,
			};
			struct wd_comp_req *got;

			req.out = malloc(req.out_cap);
			assert_int_equal(wd_comp_send(s, &req), 0);
			assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
			check_named(&req);
			assert_int_equal(t_device.requests, ++n);
			free(req.out);
			free(name);
		}
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(info.redone, 0);
	wd_comp_destroy(s);
	free(in);
}

/* Into memory of exactly each size there is: AddressSanitizer looks, too. */
static void t_too_little_room_beside_a_name_is_told(void **state)
{
	struct wd_comp_header hdr = { .name = "some name", .mtime = 77, .os = 3 };
	struct wd_queue q = { .device = "dummy" };
	uint8_t *in = data(300, T_TEXT);
	struct wd_comp_req req = {
		.in = in, .in_len = 300, .level = 6, .header = &hdr, .out_cap = 1000,
	};
	size_t need;
	void *got;

	(void)state;
	assert_int_equal(wd_request_queue(&q), 0);
	req.out = malloc(req.out_cap);
	RUN(0);
	need = req.produced;
	free(req.out);
	for (req.out_cap = 0; req.out_cap < need + 20; req.out_cap++) {
		req.out = req.out_cap ? malloc(req.out_cap) : NULL;
		assert_int_equal(wd_send(&q, &req), 0);
		assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);
		/* The device's zlib wants a little more than it needs. */
		if (req.out_cap < need || req.status) {
			assert_true(req.out_cap < need + 8);
			assert_int_equal(req.status, -ENOSPC);
			assert_int_equal(req.produced, 0);
		} else {
			assert_int_equal(req.produced, need);
			check_named(&req);
		}
		free(req.out);
	}
	wd_release_queue(&q);
	free(in);
}

static void t_wrong_members_with_names_are_redone(void **state)
{
	struct wd_comp_header hdr = { .name = "some name", .mtime = 77, .os = 3 };
	struct wd_comp_sess *s = session(WD_COMP_COMPRESS, WD_COMP_GZIP, 0);
	uint8_t *in = data(5000, T_TEXT), out[8192];
	struct wd_comp_req req = {
		.in = in, .in_len = 5000, .level = 6, .header = &hdr,
		.out = out, .out_cap = sizeof(out),
	};
	struct wd_comp_info info;
	struct wd_comp_req *got;

	(void)state;
	for (int i = 0; i < 2; i++) {
		t_device.flip = i == 0;
		t_device.fail = i == 1;
		assert_int_equal(wd_comp_send(s, &req), 0);
		assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
		check_named(&req);
	}
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(info.redone, 2);
	assert_int_equal(info.device_wrong, 1);
	wd_comp_destroy(s);
	free(in);
}

static void t_queue_is_full_at_its_depth(void **state)
{
	struct wd_queue q = { .device = "dummy" };
	uint8_t *in = data(100, T_TEXT);
	static uint8_t out[17][256];
	struct wd_comp_req reqs[17];
	void *got;

	(void)state;
	assert_int_equal(wd_request_queue(&q), 0);
	assert_int_equal(q.depth, 16);
	assert_int_equal(q.workers, 0);
	assert_true(q.fd >= 0);
	assert_int_equal(wd_recv(&q, &got), -EAGAIN);
	assert_int_equal(wd_recv_sync(&q, &got, 10), -ENOENT);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 17; i++) {
			reqs[i] = request(in, 100, out[i], sizeof(out[i]));
			assert_int_equal(wd_send(&q, &reqs[i]), i < 16 ? 0 : -EBUSY);
		}
		for (int i = 0; i < 16; i++) {
			assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);
			assert_ptr_equal(got, &reqs[i]);
			assert_int_equal(reqs[i].status, 0);
		}
	}
	assert_int_equal(wd_mem_share(&q, in, 100), 0);
	wd_mem_unshare(&q, in, 100);
	wd_release_queue(&q);
	assert_int_equal(t_device.stopped, 1);
	free(in);
}

/* A lost request keeps its slot, and the others go on around it. */
static void t_a_lost_request_comes_back_in_the_end(void **state)
{
	struct wd_queue q = { .device = "dummy" };
	uint8_t *in = data(100, T_TEXT);
	static uint8_t out[40][256];
	struct wd_comp_req reqs[40];
	int back = 0, lost = 0;
	void *got;

	(void)state;
	/* A busy machine must not take the whole time between two calls. */
	wd_stall_ms = 5000;
	assert_int_equal(wd_request_queue(&q), 0);
	t_device.lose = 1;
	/* Not before the end, however slow this machine is. */
	wd_stall_ms = 60000;
	for (int i = 0; i < 10; i++) {
		reqs[i] = request(in, 100, out[i], sizeof(out[i]));
		assert_int_equal(wd_send(&q, &reqs[i]), 0);
	}
	for (int i = 0; i < 9; i++) {
		assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);
		assert_true(got != &reqs[0]);
		back++;
	}
	assert_int_equal(wd_recv(&q, &got), -EAGAIN);
	assert_int_equal(wd_recv_sync(&q, &got, 5), -ETIMEDOUT);
	/* The ring comes round to its slot. */
	for (int i = 10; i < 17; i++) {
		reqs[i] = request(in, 100, out[i], sizeof(out[i]));
		assert_int_equal(wd_send(&q, &reqs[i]), i < 16 ? 0 : -EBUSY);
	}
	wd_stall_ms = 50;
	while (!wd_recv_sync(&q, &got, WD_WAIT_FOREVER)) {
		back++;
		lost += ((struct wd_comp_req *)got)->status == -ETIMEDOUT;
	}
	assert_int_equal(back, 16);
	assert_int_equal(lost, 1);
	assert_int_equal(wd_recv_sync(&q, &got, 10), -ENODEV);
	assert_int_equal(wd_send(&q, &reqs[0]), -ENODEV);
	assert_int_equal(wd_flush(&q), -ENODEV);
	wd_release_queue(&q);
	free(in);
}

static void t_errors_of_data_are_told(void **state)
{
	struct wd_queue q = { .device = "dummy" };
	uint8_t *in = data(5000, T_NOISE);
	static uint8_t mid[8192], out[8192];
	struct wd_comp_req req = request(in, 5000, mid, sizeof(mid));
	size_t len;
	void *got;

	(void)state;
	assert_int_equal(wd_request_queue(&q), 0);
	RUN(0);
	assert_true(req.result & WD_COMP_RES_STORED);
	len = req.produced;
	req.out_cap = 100;
	RUN(-ENOSPC);
	req = (struct wd_comp_req){
		.op = WD_COMP_DECOMPRESS, .in = mid, .in_len = len, .out = out,
		.out_cap = sizeof(out),
	};
	RUN(0);
	assert_int_equal(req.produced, 5000);
	req.in_len = len - 3;
	RUN(-ENODATA);
	req.in_len = len;
	req.out_cap = 4999;
	RUN(-ENOSPC);
	req.out_cap = sizeof(out);
	mid[len - 6] ^= 1;
	RUN(-EBADMSG);
	req.op = 7;
	assert_int_equal(wd_send(&q, &req), -EINVAL);
	wd_release_queue(&q);
	free(in);
}

static void t_unsent_requests_are_dropped(void **state)
{
	struct wd_queue q = { .device = "dummy" };
	uint8_t *in = data(100, T_TEXT), out[4][256];
	struct wd_comp_req reqs[4];
	void *got;

	(void)state;
	assert_int_equal(wd_request_queue(&q), 0);
	for (int i = 0; i < 4; i++) {
		reqs[i] = request(in, 100, out[i], sizeof(out[i]));
		assert_int_equal(wd_send(&q, &reqs[i]), 0);
		if (i == 0)
			assert_int_equal(wd_flush(&q), 0);
	}
	assert_int_equal(wd_queue_drop(&q), 3);
	assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);
	assert_ptr_equal(got, &reqs[0]);
	assert_int_equal(wd_recv_sync(&q, &got, 60000), -ENOENT);
	assert_int_equal(wd_send(&q, &reqs[1]), 0);
	assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);
	assert_ptr_equal(got, &reqs[1]);
	wd_release_queue(&q);
	free(in);
}

/* The real transport, where there are no devices, or none for us. */
static void t_no_such_device(void **state)
{
	struct wd_transport_dev dev;

	(void)state;
	assert_int_equal(wd_uacce_transport.find("no-such-device", &dev), -ENODEV);
	assert_int_equal(wd_uacce_transport.find("../../etc", &dev), -ENODEV);
	assert_int_equal(wd_uacce_transport.find("", &dev), -ENODEV);
	assert_int_equal(wd_uacce_transport.open("../etc/passwd"), -ENODEV);
	assert_int_equal(wd_uacce_transport.open("no-such-device"), -ENOENT);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_all_kinds_of_data_there_and_back),
		TEST(t_chunks_are_decoded_by_the_device),
		TEST(t_failed_requests_are_redone),
		TEST(t_wrong_output_is_redone),
		TEST(t_no_verify_takes_what_comes),
		TEST(t_a_device_that_vanishes_is_left),
		TEST(t_a_device_that_cannot_be_woken_is_left),
		TEST(t_a_device_that_loses_requests_is_left),
		TEST(t_a_device_that_talks_nonsense_is_left),
		TEST(t_a_device_that_only_fails_is_left),
		TEST(t_a_device_without_a_queue_is_left),
		TEST(t_engines_are_a_list),
		TEST(t_a_device_is_never_a_surprise),
		TEST(t_a_session_can_be_used_again),
		TEST(t_requests_a_device_cannot_do_are_done),
		TEST(t_wrong_decompression_is_redone),
		TEST(t_members_with_names_are_made_by_the_device),
		TEST(t_too_little_room_beside_a_name_is_told),
		TEST(t_wrong_members_with_names_are_redone),
		TEST(t_a_request_lost_beside_another_lane_is_given_up),
		TEST(t_queue_is_full_at_its_depth),
		TEST(t_a_lost_request_comes_back_in_the_end),
		TEST(t_errors_of_data_are_told),
		TEST(t_unsent_requests_are_dropped),
		TEST(t_no_such_device),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
