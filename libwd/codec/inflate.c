/* SPDX-License-Identifier: MIT */
/*
 * Decoding one raw DEFLATE stream piece by piece, with ISA-L or else zlib.
 *
 * What a session needs beside the bytes is an exact statement of where the
 * decoder stands: between two blocks, behind the last one, or somewhere else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if WD_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

#include "codec.h"

static const uint8_t *window_tail(const uint8_t *window, size_t *len)
{
	if (*len > WD_COMP_WINDOW_MAX) {
		window += *len - WD_COMP_WINDOW_MAX;
		*len = WD_COMP_WINDOW_MAX;
	}
	return window;
}

static void begin_request(struct wd_inflate *inf, struct wd_comp_req *req)
{
	req->consumed = 0;
	req->produced = 0;
	req->status = 0;
	inf->boundary = false;
}

#if WD_HAVE_ISAL

/* Its counters have 32 bits; @total_out only has to stay above the window. */
#define COUNTER_HIGH	(1u << 30)
#define COUNTER_LOW	(1u << 20)

#define MATCH_MAX	258u		/* bytes (RFC 1951, section 3.2.5) */

const char *wd_inflate_name(void)
{
	return "ISA-L";
}

int wd_inflate_init(struct wd_inflate *inf)
{
	memset(inf, 0, sizeof(*inf));
	inf->engine = malloc(sizeof(struct inflate_state));
	return inf->engine ? 0 : -ENOMEM;
}

void wd_inflate_exit(struct wd_inflate *inf)
{
	free(inf->engine);
	inf->engine = NULL;
}

int wd_inflate_begin(struct wd_inflate *inf, const uint8_t *window, size_t len)
{
	struct inflate_state *st = inf->engine;

	isal_inflate_init(st);
	inf->ended = false;
	inf->boundary = true;
	inf->lost_len = 0;
	window = window_tail(window, &len);
	if (len && isal_inflate_set_dict(st, (uint8_t *)window, (uint32_t)len))
		return -ENOMEM;
	return 0;
}

/* Whole bytes that were read but lie behind the end of the stream. */
static void give_back(struct wd_inflate *inf, struct wd_comp_req *req)
{
	struct inflate_state *st = inf->engine;
	unsigned int bits = st->read_in_length > 0 ?
			    (unsigned int)st->read_in_length : 0;
	unsigned int bytes = bits / 8;
	uint64_t left = st->read_in >> (bits % 8);

	while (bytes && req->consumed) {
		req->consumed--;
		bytes--;
	}
	inf->lost_len = bytes;
	for (unsigned int i = 0; i < bytes; i++)
		inf->lost[i] = (uint8_t)(left >> (8 * i));
	st->read_in = 0;
	st->read_in_length = 0;
}

static bool at_boundary(const struct inflate_state *st)
{
	return (st->block_state == ISAL_BLOCK_NEW_HDR ||
		st->block_state == ISAL_BLOCK_HDR) &&
	       !st->avail_in && st->read_in_length <= 0 && !st->tmp_in_size &&
	       st->tmp_out_valid == st->tmp_out_processed;
}

void wd_inflate_run(struct wd_inflate *inf, struct wd_comp_req *req)
{
	struct inflate_state *st = inf->engine;
	uint32_t before;
	int ret = ISAL_DECOMP_OK;

	begin_request(inf, req);
	if (st->total_out > COUNTER_HIGH)
		st->total_out = COUNTER_LOW;
	st->next_in = (uint8_t *)req->in;
	st->avail_in = (uint32_t)req->in_len;
	st->next_out = req->out;
	st->avail_out = (uint32_t)req->out_cap;

	/* What fits into its own buffer is handed out by the next call. */
	do {
		before = st->avail_in + st->avail_out;
		ret = isal_inflate(st);
	} while (ret >= 0 && st->avail_out && st->block_state != ISAL_BLOCK_FINISH &&
		 st->avail_in + st->avail_out != before);

	req->consumed = req->in_len - st->avail_in;
	req->produced = req->out_cap - st->avail_out;
	/* The match that reached back too far was counted, but not written. */
	if (ret == ISAL_INVALID_LOOKBACK)
		req->produced -= req->produced < MATCH_MAX ? req->produced : MATCH_MAX;
	if (ret < 0) {
		req->status = -EBADMSG;
		give_back(inf, req);
	} else if (st->block_state == ISAL_BLOCK_FINISH) {
		inf->ended = true;
		give_back(inf, req);
	} else {
		inf->boundary = at_boundary(st);
	}
}

#else

const char *wd_inflate_name(void)
{
	return "zlib";
}

int wd_inflate_init(struct wd_inflate *inf)
{
	z_stream *z = calloc(1, sizeof(*z));

	memset(inf, 0, sizeof(*inf));
	if (!z)
		return -ENOMEM;
	if (inflateInit2(z, -15) != Z_OK) {
		free(z);
		return -ENOMEM;
	}
	inf->engine = z;
	return 0;
}

void wd_inflate_exit(struct wd_inflate *inf)
{
	if (inf->engine)
		inflateEnd(inf->engine);
	free(inf->engine);
	inf->engine = NULL;
}

int wd_inflate_begin(struct wd_inflate *inf, const uint8_t *window, size_t len)
{
	z_stream *z = inf->engine;

	if (inflateReset(z) != Z_OK)
		return -ENOMEM;
	inf->ended = false;
	inf->boundary = true;
	inf->lost_len = 0;
	window = window_tail(window, &len);
	if (len && inflateSetDictionary(z, window, (uInt)len) != Z_OK)
		return -ENOMEM;
	return 0;
}

/* data_type: unused bits of the last byte, 128 between two blocks (zlib.h). */
static bool at_boundary(const z_stream *z)
{
	return !z->avail_in && z->data_type == 128;
}

void wd_inflate_run(struct wd_inflate *inf, struct wd_comp_req *req)
{
	z_stream *z = inf->engine;
	int ret;

	begin_request(inf, req);
	z->next_in = (Bytef *)req->in;
	z->avail_in = (uInt)req->in_len;
	z->next_out = req->out;
	z->avail_out = (uInt)req->out_cap;

	ret = inflate(z, Z_SYNC_FLUSH);
	req->consumed = req->in_len - z->avail_in;
	req->produced = req->out_cap - z->avail_out;
	if (ret == Z_STREAM_END)
		inf->ended = true;
	else if (ret == Z_OK || ret == Z_BUF_ERROR)
		inf->boundary = at_boundary(z);
	else
		req->status = ret == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

#endif
