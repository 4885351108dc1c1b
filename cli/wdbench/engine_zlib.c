/* SPDX-License-Identifier: MIT */
/*
 * zlib as a program would call it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <zlib.h>

#include "format.h"
#include "reference.h"

struct zlib_context {
	z_stream z;
	enum wd_comp_op op;
};

static void *zlib_open(enum wd_comp_op op, enum wd_comp_format format, int level)
{
	struct zlib_context *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return NULL;
	c->op = op;
	if (op == WD_COMP_COMPRESS)
		ret = deflateInit2(&c->z, level, Z_DEFLATED, wd_format_of(format)->zlib_bits, 8,
				   Z_DEFAULT_STRATEGY);
	else
		ret = inflateInit2(&c->z, wd_format_of(format)->zlib_bits);
	if (ret == Z_OK)
		return c;
	free(c);
	return NULL;
}

/* zlib counts what it is given with 32 bits. */
static void zlib_feed(z_stream *z, size_t *in_left, size_t *out_left)
{
	uInt in = *in_left > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)*in_left;
	uInt out = *out_left > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)*out_left;

	if (!z->avail_in) {
		z->avail_in = in;
		*in_left -= in;
	}
	if (!z->avail_out) {
		z->avail_out = out;
		*out_left -= out;
	}
}

static int zlib_run(void *context, const void *in, size_t in_len, void *out,
		    size_t cap, size_t *made)
{
	struct zlib_context *c = context;
	z_stream *z = &c->z;
	int ret;

	ret = c->op == WD_COMP_COMPRESS ? deflateReset(z) : inflateReset(z);
	if (ret != Z_OK)
		return -EINVAL;
	z->next_in = (Bytef *)in;
	z->next_out = out;
	z->avail_in = z->avail_out = 0;
	*made = cap;
	do {
		zlib_feed(z, &in_len, &cap);
		if (c->op == WD_COMP_COMPRESS)
			ret = deflate(z, in_len ? Z_NO_FLUSH : Z_FINISH);
		else
			ret = inflate(z, Z_NO_FLUSH);
	} while (ret == Z_OK && (z->avail_out || cap));
	*made -= cap + z->avail_out;
	if (ret == Z_STREAM_END)
		return 0;
	return ret == Z_OK ? -ENOSPC : -EBADMSG;
}

static void zlib_close(void *context)
{
	struct zlib_context *c = context;

	if (!c)
		return;
	if (c->op == WD_COMP_COMPRESS)
		deflateEnd(&c->z);
	else
		inflateEnd(&c->z);
	free(c);
}

const struct reference reference_zlib = {
	.name = "zlib",
	.version = zlibVersion,
	.level_min = 1,
	.level_max = 9,
	.level_default = 6,
	.open = zlib_open,
	.run = zlib_run,
	.close = zlib_close,
};
