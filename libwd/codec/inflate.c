/* SPDX-License-Identifier: MIT */
/*
 * Decoding one raw DEFLATE stream piece by piece, with ISA-L or else zlib.
 *
 * What a session needs beside the bytes is an exact statement of where the
 * decoder stands: between two blocks, after the last one, or somewhere else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "inflate_engine.h"
#include "isal.h"

/* ---- zlib ---- */

static int zlib_init(struct wd_inflate *inf)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (!z)
		return -ENOMEM;
	if (inflateInit2(z, -15) != Z_OK) {
		free(z);
		return -ENOMEM;
	}
	inf->state = z;
	return 0;
}

static void zlib_exit(struct wd_inflate *inf)
{
	if (inf->state)
		inflateEnd(inf->state);
	free(inf->state);
}

static int zlib_begin(struct wd_inflate *inf, const uint8_t *window, size_t len)
{
	z_stream *z = inf->state;

	if (inflateReset(z) != Z_OK)
		return -ENOMEM;
	if (len && inflateSetDictionary(z, window, (uInt)len) != Z_OK)
		return -ENOMEM;
	return 0;
}

/* data_type: unused bits of the last byte, 128 between two blocks (zlib.h). */
static bool at_boundary(const z_stream *z)
{
	return !z->avail_in && z->data_type == 128;
}

static void zlib_run(struct wd_inflate *inf, struct wd_comp_req *req)
{
	z_stream *z = inf->state;
	int ret;

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

static const struct wd_inflate_engine zlib_engine = {
	.name = "zlib",
	.init = zlib_init,
	.exit = zlib_exit,
	.begin = zlib_begin,
	.run = zlib_run,
};

/* ---- either ---- */

/* So much is decoded by zlib in less time than it takes to load ISA-L. */
#define SMALL_MAX	((size_t)16 << 10)

static const struct wd_inflate_engine *engine_for(size_t len)
{
#if WD_HAVE_ISAL
	if (len <= SMALL_MAX ? wd_isal_if_loaded() : wd_isal())
		return &wd_inflate_isal;
#endif
	(void)len;
	return &zlib_engine;
}

const char *wd_inflate_name(const struct wd_inflate *inf)
{
	return inf && inf->engine ? inf->engine->name : engine_for(SIZE_MAX)->name;
}

int wd_inflate_fit(struct wd_inflate *inf, size_t len)
{
	const struct wd_inflate_engine *engine = engine_for(len);
	int ret;

	if (inf->engine == engine)
		return 0;
	wd_inflate_exit(inf);
	ret = engine->init(inf);
	if (!ret)
		inf->engine = engine;
	return ret;
}

int wd_inflate_init(struct wd_inflate *inf)
{
	memset(inf, 0, sizeof(*inf));
	return wd_inflate_fit(inf, SIZE_MAX);
}

void wd_inflate_exit(struct wd_inflate *inf)
{
	if (inf->engine)
		inf->engine->exit(inf);
	inf->engine = NULL;
	inf->state = NULL;
}

int wd_inflate_begin(struct wd_inflate *inf, const uint8_t *window, size_t len)
{
	inf->ended = false;
	inf->boundary = true;
	inf->lost_len = 0;
	if (len > WD_COMP_WINDOW_MAX) {
		window += len - WD_COMP_WINDOW_MAX;
		len = WD_COMP_WINDOW_MAX;
	}
	return inf->engine->begin(inf, window, len);
}

void wd_inflate_run(struct wd_inflate *inf, struct wd_comp_req *req)
{
	req->consumed = 0;
	req->produced = 0;
	req->status = 0;
	inf->boundary = false;
	inf->engine->run(inf, req);
}
