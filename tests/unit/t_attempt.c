/* SPDX-License-Identifier: MIT */
/*
 * Attempts at a request of each kind: see t_attempt.h.
 */
#include <stdlib.h>
#include <string.h>

#include "t_attempt.h"

#include <cmocka.h>

static const struct wd_comp_header header = { .name = T_HEADER_NAME,
					      .mtime = 1,
					      .os = 3 };

uint8_t t_plain[T_PLAIN_LEN];
static struct t_bytes packed[KINDS]; /* input of the kinds that decompress */

bool t_is_compress(enum kind kind)
{
	return kind <= COMPRESS_NAMED;
}

enum wd_comp_format t_format_of(enum kind kind)
{
	switch (kind) {
	case COMPRESS_GZIP:
	case COMPRESS_NAMED:
	case DECOMPRESS_GZIP:
		return WD_COMP_GZIP;
	case COMPRESS_ZLIB:
	case DECOMPRESS_ZLIB:
		return WD_COMP_ZLIB;
	default:
		return WD_COMP_RAW;
	}
}

/* A chunk is what an open request makes. */
static void make_chunk(struct t_bytes *to)
{
	struct wd_codec *codec = wd_codec_create();
	struct wd_comp_req req = {
		.in = t_plain,
		.in_len = T_PLAIN_LEN,
		.format = WD_COMP_RAW,
		.level = 6,
		.flags = WD_COMP_REQ_OPEN,
		.out_cap = wd_comp_req_bound(T_PLAIN_LEN),
	};
	struct wd_work work = wd_work_request(&req);

	req.out = malloc(req.out_cap);
	wd_codec_run(codec, &work);
	assert_int_equal(req.status, 0);
	to->data = req.out;
	to->len = req.produced;
	wd_codec_destroy(codec);
}

int t_make_data(void **state)
{
	(void)state;
	t_fill(t_plain, T_PLAIN_LEN, T_TEXT);
	for (int kind = DECOMPRESS_GZIP; kind <= DECOMPRESS_RAW; kind++)
		t_deflate(&packed[kind], t_plain, T_PLAIN_LEN,
			  t_window_bits(t_format_of((enum kind)kind)), 6, 0);
	make_chunk(&packed[DECOMPRESS_CHUNK]);
	return 0;
}

int t_free_data(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++)
		t_bytes_free(&packed[kind]);
	return 0;
}

static void *copy_of(const void *data, size_t len)
{
	void *p = malloc(len);

	assert_non_null(p);
	memcpy(p, data, len);
	return p;
}

void t_attempt_begin(struct t_attempt *a, enum kind kind, size_t room)
{
	bool comp = t_is_compress(kind);
	size_t len = comp ? T_PLAIN_LEN : packed[kind].len;

	memset(a, 0, sizeof(*a));
	a->kind = kind;
	a->in = copy_of(comp ? t_plain : packed[kind].data, len);
	/* Where nothing is written, a checksum of it is the same each time. */
	a->out = calloc(1, room);
	assert_non_null(a->out);
	a->req = (struct wd_comp_req){
		.op = comp ? WD_COMP_COMPRESS : WD_COMP_DECOMPRESS,
		.format = (uint8_t)t_format_of(kind),
		.level = comp ? 6 : 0,
		.flags = kind == COMPRESS_OPEN ? WD_COMP_REQ_OPEN : 0,
		.in = a->in,
		.in_len = len,
		.out = a->out,
		.out_cap = room,
		.header = kind == COMPRESS_NAMED ? &header : NULL,
	};
	if (kind == DECOMPRESS_CHUNK)
		assert_int_equal(wd_inflate_init(&a->inf), 0);
}

void t_attempt_end(struct t_attempt *a)
{
	if (a->kind == DECOMPRESS_CHUNK)
		wd_inflate_exit(&a->inf);
	free(a->in);
	free(a->out);
}

/* Chunks are what sessions ask for. */
int t_attempt_send(struct wd_queue *q, struct t_attempt *a)
{
	struct wd_work chunk = wd_work_chunk(&a->req, &a->inf);

	return a->kind == DECOMPRESS_CHUNK ? wd_queue_send(q, &chunk)
					   : wd_send(q, &a->req);
}

void t_check_nothing_made(const struct t_attempt *a, int status)
{
	assert_int_equal(a->req.status, status);
	assert_int_equal(a->req.consumed, 0);
	assert_int_equal(a->req.produced, 0);
	assert_int_equal(a->req.result, 0);
}
