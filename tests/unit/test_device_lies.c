/* SPDX-License-Identifier: MIT */
/*
 * A device that lies, in each field it writes and for each kind of request: nothing is
 * written or read where it should not be (AddressSanitizer looks), what can be known to
 * be wrong is not taken for a result, and with nonsense the queue is given up.
 *
 * The device is t_device.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/format.h"
#include "t_attempt.h"
#include "t_device.h"

#include <cmocka.h>

#define DEPTH	16u
#define END	5u		/* bytes that the driver adds to an open stream */
#define RATIO	1032u		/* bytes that DEFLATE makes of one, at most */

/* As small as a stream of that kind can be, of the compressed side. */
static const uint32_t least[KINDS] = { 20, 8, 2, 5, 2, 20, 8, 2, 2 };

/* What the driver writes before the device's data, and after all of it. */
#define HEAD	(10u + sizeof(T_HEADER_NAME))
#define TAIL	8u

static size_t before(enum kind kind)
{
	return kind == COMPRESS_NAMED ? HEAD : 0;
}

static size_t after(enum kind kind)
{
	return kind == COMPRESS_NAMED ? TAIL : kind == COMPRESS_OPEN ? END : 0;
}

/*
 * One request on a queue of its own.
 * @in_len, @out_cap: as the device is told
 * @honest:           what it would have answered
 */
struct attempt {
	struct t_attempt asked;
	struct wd_queue q;
	uint32_t in_len, out_cap;
	struct wd_dummy_cqe honest;
};

/* ---- the lie ---- */

enum field { TAG, STATUS, CONSUMED, PRODUCED, CHECKSUM, FIELDS };

static struct {
	enum field field;
	uint32_t value;
	bool on;
	struct wd_dummy_cqe honest;
} lie;

static uint32_t *field_of(struct wd_dummy_cqe *cqe, enum field field)
{
	uint32_t *const fields[] = {
		[TAG] = &cqe->tag,
		[STATUS] = &cqe->status,
		[CONSUMED] = &cqe->consumed,
		[PRODUCED] = &cqe->produced,
		[CHECKSUM] = &cqe->checksum,
	};

	return fields[field];
}

static void tell_lie(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe,
		     struct wd_dummy_ring *ring)
{
	(void)sqe;
	(void)ring;
	lie.honest = *cqe;
	if (lie.on)
		*field_of(cqe, lie.field) = lie.value;
}

/* ---- requests ---- */

static int setup(void **state)
{
	(void)state;
	t_device_install();
	t_device.lie = tell_lie;
	lie.on = false;
	wd_stall_ms = 50;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	t_device_remove();
	wd_stall_ms = 60000;
	return t_device.opened != t_device.closed || t_device.mapped != t_device.unmapped;
}

/* With @room bytes for the output. */
static void begin(struct attempt *a, enum kind kind, size_t room)
{
	memset(a, 0, sizeof(*a));
	a->q.device = "dummy";
	assert_int_equal(wd_request_queue(&a->q), 0);
	t_attempt_begin(&a->asked, kind, room);
	a->in_len = (uint32_t)a->asked.req.in_len;
	a->out_cap = (uint32_t)(room - before(kind) - after(kind));
	if (kind == DECOMPRESS_CHUNK)
		a->in_len += WD_CHUNK_END;
}

static void end(struct attempt *a)
{
	wd_release_queue(&a->q);
	t_attempt_end(&a->asked);
}

static void run(struct attempt *a)
{
	void *got;

	assert_int_equal(t_attempt_send(&a->q, &a->asked), 0);
	assert_int_equal(wd_recv_sync(&a->q, &got, 60000), 0);
	assert_ptr_equal(got, &a->asked.req);
	a->honest = lie.honest;
}

/* After nonsense there is no queue any more; else there is. */
static void check_given_up(struct attempt *a, bool dead)
{
	struct wd_comp_req req = {
		.in = t_plain,
		.in_len = T_PLAIN_LEN,
		.format = WD_COMP_RAW,
		.level = 1,
		.out = a->asked.out,
		.out_cap = 1,
	};
	void *got;

	lie.on = false;
	assert_int_equal(wd_send(&a->q, &req), dead ? -ENODEV : 0);
	assert_int_equal(wd_recv_sync(&a->q, &got, 60000), dead ? -ENODEV : 0);
	if (!dead)
		assert_int_equal(req.status, -ENOSPC);
}

/* ---- what is to be made of it ---- */

/* What nobody can know to be wrong is in the request; -EPROTO if it can not be. */
static int verdict_of_sizes(const struct attempt *a, uint32_t consumed, uint32_t produced)
{
	uint64_t small = t_is_compress(a->asked.kind) ? produced : consumed;
	uint64_t large = t_is_compress(a->asked.kind) ? consumed : produced;

	if (consumed > a->in_len || produced > a->out_cap ||
	    small < least[a->asked.kind] || large > small * RATIO)
		return -EPROTO;
	if (t_is_compress(a->asked.kind) && consumed != a->in_len)
		return -EPROTO;
	if (consumed == a->honest.consumed && produced == a->honest.produced)
		return 0;
	switch (a->asked.kind) {
	case COMPRESS_GZIP:
	case COMPRESS_ZLIB:
	case DECOMPRESS_GZIP:
	case DECOMPRESS_CHUNK:
		return -EIO;
	case DECOMPRESS_ZLIB:
		/* The trailer has no length. */
		return consumed == a->honest.consumed ? 0 : -EIO;
	default:
		return 0;
	}
}

static int verdict(const struct attempt *a)
{
	switch (lie.field) {
	case TAG:
		return lie.value == a->honest.tag ? 0 : -EPROTO;
	case STATUS:
		return lie.value ? -EPROTO : 0;
	case CONSUMED:
		return verdict_of_sizes(a, lie.value, a->honest.produced);
	case PRODUCED:
		return verdict_of_sizes(a, a->honest.consumed, lie.value);
	default:
		if (lie.value == a->honest.checksum)
			return 0;
		return a->asked.kind == DECOMPRESS_CHUNK ||
				       t_format_of(a->asked.kind) != WD_COMP_RAW
			       ? -EIO
			       : 0;
	}
}

/* What is around the device's own @produced bytes. */
static void check_around(const struct attempt *a, uint32_t produced)
{
	const uint8_t *end = a->asked.out + before(a->asked.kind) + produced;
	uint8_t tail[TAIL];

	if (a->asked.kind == COMPRESS_OPEN)
		assert_memory_equal(end, "\0\0\0\xff\xff", END);
	if (a->asked.kind != COMPRESS_NAMED)
		return;
	assert_memory_equal(a->asked.out,
			    "\x1f\x8b\x08\x08\x01\0\0\0\0\x03" T_HEADER_NAME,
			    HEAD);
	wd_tail_write(tail, WD_COMP_GZIP, wd_crc32(0, t_plain, T_PLAIN_LEN),
		      T_PLAIN_LEN);
	assert_memory_equal(end, tail, TAIL);
}

static void check_made(const struct attempt *a)
{
	uint32_t produced = lie.field == PRODUCED ? lie.value : a->honest.produced;

	assert_int_equal(a->asked.req.status, 0);
	assert_true(a->asked.req.produced <= a->asked.req.out_cap);
	if (a->asked.kind == DECOMPRESS_CHUNK)
		return;
	assert_int_equal(a->asked.req.produced, before(a->asked.kind) +
							produced +
							after(a->asked.kind));
	check_around(a, produced);
}

/* A chunk says more than its sizes: what was used has to fit its end, too. */
static bool chunk_of_other_end(const struct attempt *a)
{
	return a->asked.kind == DECOMPRESS_CHUNK && lie.field == CONSUMED;
}

static void lie_once(enum kind kind, size_t room, enum field field, uint32_t value)
{
	struct attempt a;
	int want;

	lie.field = field;
	lie.value = value;
	lie.on = true;
	begin(&a, kind, room);
	run(&a);
	want = verdict(&a);
	if (chunk_of_other_end(&a) && want == -EIO)
		assert_int_equal(a.asked.req.status, -EOPNOTSUPP);
	else if (want)
		t_check_nothing_made(&a.asked, want);
	else
		check_made(&a);
	check_given_up(&a, want == -EPROTO);
	end(&a);
}

/* All values around @border. */
static void lie_around(enum kind kind, size_t room, enum field field, uint32_t border)
{
	for (uint32_t d = 0; d <= 14; d++) {
		lie_once(kind, room, field, border - d);
		lie_once(kind, room, field, border + d);
	}
}

static size_t honest_room(enum kind kind)
{
	return t_is_compress(kind) ? wd_comp_req_bound(T_PLAIN_LEN)
				   : T_PLAIN_LEN + WD_CHUNK_ROOM;
}

static void lie_of_field(enum field field)
{
	for (int k = 0; k < KINDS; k++) {
		enum kind kind = (enum kind)k;
		struct attempt a;
		size_t room = honest_room(kind);
		struct wd_dummy_cqe honest;
		uint32_t in_len, out_cap;

		lie.on = false;
		begin(&a, kind, room);
		run(&a);
		assert_int_equal(a.asked.req.status, 0);
		honest = a.honest;
		in_len = a.in_len;
		out_cap = a.out_cap;
		end(&a);

		lie_around(kind, room, field, 0);
		lie_around(kind, room, field, DEPTH);
		lie_around(kind, room, field, 0x80000000);
		lie_around(kind, room, field, least[kind]);
		lie_around(kind, room, field, in_len);
		lie_around(kind, room, field, out_cap);
		lie_around(kind, room, field, *field_of(&honest, field));
		lie_around(kind, room, field, in_len * RATIO);
		/* And with room for what the device makes; its zlib wants a little more. */
		room = before(kind) + honest.produced + 8 + after(kind);
		lie_around(kind, room, field, honest.produced + 4);
	}
}

static void t_a_wrong_tag_is_nonsense(void **state)
{
	(void)state;
	lie_of_field(TAG);
}

static void t_a_failure_that_made_something_is_nonsense(void **state)
{
	(void)state;
	lie_of_field(STATUS);
}

static void t_input_used_is_compared_with_what_there_was(void **state)
{
	(void)state;
	lie_of_field(CONSUMED);
}

static void t_output_made_is_compared_with_the_room(void **state)
{
	(void)state;
	lie_of_field(PRODUCED);
}

static void t_a_checksum_is_compared_with_the_data(void **state)
{
	(void)state;
	lie_of_field(CHECKSUM);
}

/* ---- failures ---- */

static uint32_t told_status;

static void fail_with(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe,
		      struct wd_dummy_ring *ring)
{
	(void)ring;
	*cqe = (struct wd_dummy_cqe){ .tag = sqe->tag, .status = told_status };
}

static void t_each_failure_has_its_error(void **state)
{
	static const int errors[] = {
		[WD_DUMMY_EINVAL] = -EINVAL, [WD_DUMMY_EFAULT] = -EFAULT,
		[WD_DUMMY_ENOSPC] = -ENOSPC, [WD_DUMMY_EDATA] = -EBADMSG,
		[WD_DUMMY_ESHORT] = -ENODATA, [WD_DUMMY_ENOMEM] = -ENOMEM,
		[WD_DUMMY_EIO] = -EIO, [WD_DUMMY_ESTOP] = -EIO,
		[WD_DUMMY_ESTOP + 1] = -EPROTO,
	};

	(void)state;
	for (int kind = 0; kind < KINDS; kind++)
		for (told_status = 1; told_status < T_ARRAY_SIZE(errors); told_status++) {
			struct attempt a;

			t_device.lie = fail_with;
			begin(&a, (enum kind)kind, honest_room((enum kind)kind));
			run(&a);
			t_check_nothing_made(&a.asked, errors[told_status]);
			t_device.lie = tell_lie;
			check_given_up(&a, errors[told_status] == -EPROTO);
			end(&a);
		}
}

/* ---- several requests ---- */

#define MANY	(3 * DEPTH)

static struct {
	unsigned int nth;		/* result, from 0, that has the tag of the one @back */
	unsigned int back;
	unsigned int seen;
	uint32_t tags[MANY];
} again;

static void tell_again(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe,
		       struct wd_dummy_ring *ring)
{
	unsigned int i = again.seen++;

	(void)ring;
	again.tags[i] = sqe->tag;
	if (i == again.nth)
		cqe->tag = again.tags[i - again.back];
}

/* Sends @n requests at a time, for the @total; returns how many were done well. */
static unsigned int send_many(struct wd_queue *q, unsigned int n, unsigned int total)
{
	static uint8_t out[MANY][2 * T_PLAIN_LEN];
	static struct wd_comp_req reqs[MANY];
	unsigned int sent = 0, back = 0, good = 0;
	void *got;

	while (back < total) {
		int ret = 0;

		while (sent < total && sent - back < n && !ret) {
			reqs[sent] = (struct wd_comp_req){
				.in = t_plain,
				.in_len = T_PLAIN_LEN,
				.level = 1,
				.out = out[sent],
				.out_cap = sizeof(out[0]),
			};
			ret = wd_send(q, &reqs[sent]);
			sent += !ret;
		}
		if (wd_recv_sync(q, &got, 60000))
			break;
		back++;
		good += !((struct wd_comp_req *)got)->status;
	}
	assert_int_equal(back, sent);
	return good;
}

static void t_a_tag_that_comes_twice_is_nonsense(void **state)
{
	(void)state;
	t_device.lie = tell_again;
	for (unsigned int n = 1; n <= DEPTH; n++)
		for (unsigned int back = 1; back <= 2 * DEPTH; back++) {
			struct wd_queue q = { .device = "dummy" };

			again.seen = 0;
			again.back = back;
			again.nth = back + 3;
			assert_int_equal(wd_request_queue(&q), 0);
			assert_int_equal(send_many(&q, n, MANY), again.nth);
			wd_release_queue(&q);
		}
}

/* More results than requests, or fewer than before. */
static void t_a_tail_that_is_nowhere_is_nonsense(void **state)
{
	static const uint32_t extra[] = {
		DEPTH, DEPTH + 1, 2 * DEPTH, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffe,
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(extra); i++) {
		struct attempt a;

		t_device.extra_tail = extra[i];
		begin(&a, COMPRESS_GZIP, honest_room(COMPRESS_GZIP));
		run(&a);
		t_check_nothing_made(&a.asked, -EPROTO);
		check_given_up(&a, true);
		end(&a);
	}
	t_device.extra_tail = 1;
	for (unsigned int n = 1; n <= DEPTH; n++) {
		struct wd_queue q = { .device = "dummy" };

		assert_int_equal(wd_request_queue(&q), 0);
		assert_int_equal(send_many(&q, n, n), 0);
		wd_release_queue(&q);
	}
	/* As many as there are requests, but the last is in no entry. */
	for (unsigned int n = 1; n <= DEPTH; n++) {
		struct wd_queue q = { .device = "dummy" };

		t_device.lose = 1;
		assert_int_equal(wd_request_queue(&q), 0);
		assert_int_equal(send_many(&q, n, n), n - 1);
		wd_release_queue(&q);
	}
}

/* ---- the ring ---- */

static struct {
	size_t offset;
	uint32_t value;
} spoilt;

static void spoil_ring(struct wd_dummy_ring *ring)
{
	memcpy((uint8_t *)ring + spoilt.offset, &spoilt.value, sizeof(spoilt.value));
}

static void spoil_with_result(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe,
			      struct wd_dummy_ring *ring)
{
	(void)sqe;
	(void)cqe;
	ring->depth = 0xffffffff;
	ring->sq_off = 0xffffff80;
	ring->cq_off = 0x80000000;
	ring->len_max = 0;
	ring->sq_head = 77;
	ring->error = 1;
	memset(ring->reserved0, 0xff, sizeof(ring->reserved0));
	memset(ring->reserved1, 0xff, sizeof(ring->reserved1));
}

static void t_a_ring_that_cannot_be_is_refused(void **state)
{
#define AT(field)	offsetof(struct wd_dummy_ring, field)
	static const struct {
		size_t offset;
		uint32_t values[8];
	} cases[] = {
		{ AT(magic), { 0, 1, 0xffffffff, 0x55444458 } },
		{ AT(depth), { 0, 1, 8, 15, 17, 512, 8192, 0xffffffff } },
		{ AT(sq_off), { 0, 64, 4097, 4096 + 32, 0x10000, 0x7fffffc0, 0xffffffc0 } },
		{ AT(cq_off), { 0, 32, 96, 5121, 0x10000, 0x7fffffe0, 0xffffffe0 } },
		{ AT(len_max), { 0, 1, 12, 13, 14, 4095 } },
	};

	(void)state;
	t_device.lie_of_ring = spoil_ring;
	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++)
		for (size_t k = 0; k < T_ARRAY_SIZE(cases[i].values); k++) {
			struct wd_queue q = { .device = "dummy" };

			spoilt.offset = cases[i].offset;
			spoilt.value = cases[i].values[k];
			assert_int_equal(wd_request_queue(&q), -EPROTO);
		}
}

static void t_a_ring_is_read_once(void **state)
{
	struct wd_queue q = { .device = "dummy" };

	(void)state;
	t_device.lie = spoil_with_result;
	assert_int_equal(wd_request_queue(&q), 0);
	assert_int_equal(q.depth, DEPTH);
	assert_int_equal(send_many(&q, DEPTH, MANY), MANY);
	wd_release_queue(&q);
}

static void t_a_device_that_sleeps_and_does_not_say_so_is_lost(void **state)
{
	struct attempt a;

	(void)state;
	t_device.lie_awake = true;
	begin(&a, COMPRESS_GZIP, honest_room(COMPRESS_GZIP));
	run(&a);
	t_check_nothing_made(&a.asked, -ETIMEDOUT);
	check_given_up(&a, true);
	end(&a);
}

/* ---- the caller ---- */

/* It is the library's until received; what is written to it must not lead astray. */
static void t_a_request_counts_as_it_was_sent(void **state)
{
	(void)state;
	for (int k = 0; k < DECOMPRESS_CHUNK; k++) {
		struct attempt a;
		void *got;

		begin(&a, (enum kind)k, honest_room((enum kind)k));
		assert_int_equal(t_attempt_send(&a.q, &a.asked), 0);
		memset(&a.asked.req, 0xa5, sizeof(a.asked.req));
		a.asked.req.out = NULL;
		assert_int_equal(wd_recv_sync(&a.q, &got, 60000), 0);
		assert_ptr_equal(got, &a.asked.req);
		assert_int_equal(a.asked.req.status, 0);
		assert_int_equal(a.asked.req.consumed, a.in_len);
		assert_int_equal(a.asked.req.produced,
				 before(a.asked.kind) + lie.honest.produced +
					 after(a.asked.kind));
		assert_int_equal(a.asked.req.checksum, lie.honest.checksum);
		check_around(&a, lie.honest.produced);
		end(&a);
	}
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_wrong_tag_is_nonsense),
		TEST(t_a_failure_that_made_something_is_nonsense),
		TEST(t_input_used_is_compared_with_what_there_was),
		TEST(t_output_made_is_compared_with_the_room),
		TEST(t_a_checksum_is_compared_with_the_data),
		TEST(t_each_failure_has_its_error),
		TEST(t_a_tag_that_comes_twice_is_nonsense),
		TEST(t_a_tail_that_is_nowhere_is_nonsense),
		TEST(t_a_ring_that_cannot_be_is_refused),
		TEST(t_a_ring_is_read_once),
		TEST(t_a_device_that_sleeps_and_does_not_say_so_is_lost),
		TEST(t_a_request_counts_as_it_was_sent),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, t_make_data, t_free_data);
}
