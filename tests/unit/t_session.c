/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "t_session.h"

#include <cmocka.h>

uint8_t *mixed, *text;

struct wd_comp_sess *make(const struct wd_comp_setup *setup)
{
	struct wd_comp_sess *s = NULL;

	assert_int_equal(wd_comp_create(&s, setup), 0);
	assert_non_null(s);
	return s;
}

struct wd_comp_sess *make_decompressor(enum wd_comp_format format,
					      uint32_t threads)
{
	const struct wd_comp_setup setup = {
		.op = WD_COMP_DECOMPRESS,
		.format = format,
		.threads = threads,
	};

	return make(&setup);
}

void compress_to(struct wd_comp_sess *s, const uint8_t *in, size_t len,
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

void check_judged(enum wd_comp_format format, const struct t_bytes *stream,
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

void check_equal(const struct t_bytes *a, const struct t_bytes *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

uint32_t checksum(enum wd_comp_format format, const uint8_t *p, size_t len)
{
	return (uint32_t)(format == WD_COMP_ZLIB ? adler32_z(1, p, len) :
						   crc32_z(0, p, len));
}

const struct t_feed feeds[] = {
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

int setup_data(void **state)
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

int teardown_data(void **state)
{
	(void)state;
	free(mixed);
	free(text);
	return 0;
}
