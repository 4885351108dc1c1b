/* SPDX-License-Identifier: MIT */
/*
 * The header that a request of wd_comp_send() can bring: the bytes are those of a
 * stream with the same header, and what does not fit is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "t_util.h"

#include <cmocka.h>

#define NAME_MAX_LEN	65535u
#define LEN_MAX		100000u

static uint8_t in[LEN_MAX];
static uint8_t expected[2 * LEN_MAX + NAME_MAX_LEN];
static uint8_t out[2 * LEN_MAX + NAME_MAX_LEN];
static char name[NAME_MAX_LEN + 2];

static struct wd_comp_sess *session(int level)
{
	struct wd_comp_setup setup = {
		.op = WD_COMP_COMPRESS,
		.level = level,
		.threads = 2,
	};
	struct wd_comp_sess *s;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	return s;
}

static struct wd_comp_req request(size_t len, int level,
				  const struct wd_comp_header *header)
{
	return (struct wd_comp_req){
		.op = WD_COMP_COMPRESS,
		.format = WD_COMP_GZIP,
		.level = (uint8_t)level,
		.in = in,
		.in_len = len,
		.out = out,
		.out_cap = sizeof(out),
		.header = header,
	};
}

static void serve(struct wd_comp_sess *s, struct wd_comp_req *req)
{
	struct wd_comp_req *got;

	assert_int_equal(wd_comp_send(s, req), 0);
	assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
	assert_ptr_equal(got, req);
}

static size_t name_of(size_t len)
{
	memset(name, 'n', len);
	name[len] = '\0';
	return len;
}

static void check_same(size_t len, int level, const struct wd_comp_header *header)
{
	struct wd_comp_req req = request(len, level, header);
	struct wd_comp_sess *s = session(level);
	size_t n;

	if (header)
		assert_int_equal(wd_comp_set_header(s, header), 0);
	assert_int_equal(wd_comp_run(s, in, len, expected, sizeof(expected), NULL,
				     &n), 0);
	serve(s, &req);
	assert_int_equal(req.status, 0);
	assert_int_equal(req.consumed, len);
	assert_int_equal(req.produced, n);
	assert_memory_equal(out, expected, n);
	wd_comp_destroy(s);
}

static void test_same_as_stream(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 5000, 20000, LEN_MAX };
	static const size_t names[] = { 0, 1, 10, 255, NAME_MAX_LEN };
	struct wd_comp_header header = { .mtime = 0x12345678, .os = 11 };

	(void)state;
	t_fill(in, sizeof(in), T_TEXT);
	for (int level = 1; level <= 12; level++) {
		for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++) {
			size_t k = (i + (size_t)level) % T_ARRAY_SIZE(names);

			header.name = name_of(names[k]) ? name : NULL;
			check_same(sizes[i], level, &header);
			check_same(sizes[i], level, NULL);
		}
	}
	header.name = "";
	check_same(100, 1, &header);
}

/* The bound, and a name on top of it, is always enough. */
static void test_room(void **state)
{
	struct wd_comp_header header = { .os = 3, .name = name };
	struct wd_comp_req req = request(3000, 6, &header);
	struct wd_comp_sess *s = session(6);
	size_t len = name_of(5000);

	(void)state;
	t_fill(in, sizeof(in), T_NOISE);
	req.out_cap = wd_comp_req_bound(3000) + len + 1;
	serve(s, &req);
	assert_int_equal(req.status, 0);
	req.out_cap = 3000;
	serve(s, &req);
	assert_int_equal(req.status, -ENOSPC);
	req.out_cap = 10 + len + 1 + 8 - 1;
	serve(s, &req);
	assert_int_equal(req.status, -ENOSPC);
	wd_comp_destroy(s);
}

/* No size is so large that its bound is small. */
static void test_bound_of_any_size(void **state)
{
	static const size_t sizes[] = { WD_COMP_REQ_MAX, UINT32_MAX, SIZE_MAX / 2,
					SIZE_MAX - 65536, SIZE_MAX };

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(sizes); i++)
		assert_true(wd_comp_req_bound(sizes[i]) >= sizes[i]);
}

static void test_refused(void **state)
{
	struct wd_comp_header header = { .os = 3, .name = name };
	struct wd_comp_req req = request(100, 6, &header);
	struct wd_comp_sess *s = session(6);

	(void)state;
	name_of(NAME_MAX_LEN + 1);
	assert_int_equal(wd_comp_send(s, &req), -EINVAL);
	name_of(1);
	req.format = WD_COMP_ZLIB;
	assert_int_equal(wd_comp_send(s, &req), -EINVAL);
	req.format = WD_COMP_RAW;
	assert_int_equal(wd_comp_send(s, &req), -EINVAL);
	req.format = WD_COMP_GZIP;
	req.op = WD_COMP_DECOMPRESS;
	assert_int_equal(wd_comp_send(s, &req), -EINVAL);
	req.op = WD_COMP_COMPRESS;
	for (size_t i = 0; i < T_ARRAY_SIZE(req.reserved); i++) {
		req.reserved[i] = 1;
		assert_int_equal(wd_comp_send(s, &req), -EINVAL);
		req.reserved[i] = 0;
	}
	serve(s, &req);
	assert_int_equal(req.status, 0);
	wd_comp_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_stream),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_bound_of_any_size),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
