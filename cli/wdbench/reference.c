/* SPDX-License-Identifier: MIT */
/*
 * Reference engines: zlib, libdeflate and ISA-L as a program would call them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <zlib.h>
#if WD_HAVE_ISAL
#include <isa-l.h>
#endif

#include "reference.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- zlib ---- */

struct zlib_context {
	z_stream z;
	enum wd_comp_op op;
};

static int window_bits(enum wd_comp_format format)
{
	switch (format) {
	case WD_COMP_GZIP:
		return 15 + 16;
	case WD_COMP_ZLIB:
		return 15;
	case WD_COMP_RAW:
		break;
	}
	return -15;
}

static void *zlib_open(enum wd_comp_op op, enum wd_comp_format format, int level)
{
	struct zlib_context *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return NULL;
	c->op = op;
	if (op == WD_COMP_COMPRESS)
		ret = deflateInit2(&c->z, level, Z_DEFLATED, window_bits(format), 8,
				   Z_DEFAULT_STRATEGY);
	else
		ret = inflateInit2(&c->z, window_bits(format));
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

/* ---- libdeflate ---- */

struct libdeflate_context {
	struct libdeflate_compressor *compressor;
	struct libdeflate_decompressor *decompressor;
	enum wd_comp_format format;
};

static const char *libdeflate_version(void)
{
	return LIBDEFLATE_VERSION_STRING;
}

static void libdeflate_close(void *context)
{
	struct libdeflate_context *c = context;

	if (!c)
		return;
	libdeflate_free_compressor(c->compressor);
	libdeflate_free_decompressor(c->decompressor);
	free(c);
}

static void *libdeflate_open(enum wd_comp_op op, enum wd_comp_format format, int level)
{
	struct libdeflate_context *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->format = format;
	if (op == WD_COMP_COMPRESS)
		c->compressor = libdeflate_alloc_compressor(level);
	else
		c->decompressor = libdeflate_alloc_decompressor();
	if (c->compressor || c->decompressor)
		return c;
	libdeflate_close(c);
	return NULL;
}

static size_t libdeflate_shrink(struct libdeflate_context *c, const void *in,
				size_t in_len, void *out, size_t cap)
{
	switch (c->format) {
	case WD_COMP_GZIP:
		return libdeflate_gzip_compress(c->compressor, in, in_len, out, cap);
	case WD_COMP_ZLIB:
		return libdeflate_zlib_compress(c->compressor, in, in_len, out, cap);
	case WD_COMP_RAW:
		break;
	}
	return libdeflate_deflate_compress(c->compressor, in, in_len, out, cap);
}

static enum libdeflate_result libdeflate_expand(struct libdeflate_context *c,
						const void *in, size_t in_len,
						void *out, size_t cap, size_t *made)
{
	switch (c->format) {
	case WD_COMP_GZIP:
		return libdeflate_gzip_decompress(c->decompressor, in, in_len, out,
						  cap, made);
	case WD_COMP_ZLIB:
		return libdeflate_zlib_decompress(c->decompressor, in, in_len, out,
						  cap, made);
	case WD_COMP_RAW:
		break;
	}
	return libdeflate_deflate_decompress(c->decompressor, in, in_len, out, cap,
					     made);
}

static int libdeflate_run(void *context, const void *in, size_t in_len, void *out,
			  size_t cap, size_t *made)
{
	struct libdeflate_context *c = context;

	if (c->compressor) {
		*made = libdeflate_shrink(c, in, in_len, out, cap);
		return *made ? 0 : -ENOSPC;
	}
	switch (libdeflate_expand(c, in, in_len, out, cap, made)) {
	case LIBDEFLATE_SUCCESS:
		return 0;
	case LIBDEFLATE_INSUFFICIENT_SPACE:
		return -ENOSPC;
	default:
		return -EBADMSG;
	}
}

/* ---- ISA-L ---- */

#if WD_HAVE_ISAL

/* By the name its ABI has: it is no condition for the other engines. */
static struct {
	__typeof__(isal_deflate_init) *deflate_init;
	__typeof__(isal_deflate) *deflate;
	__typeof__(isal_inflate_init) *inflate_init;
	__typeof__(isal_inflate) *inflate;
} isal;

struct isal_context {
	struct isal_zstream z;
	struct inflate_state state;
	enum wd_comp_op op;
	enum wd_comp_format format;
	uint32_t level;
	uint32_t buf_size;
	uint8_t *buf;
};

static bool load_isal(void)
{
	void *handle = dlopen(WD_ISAL_LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return false;
	isal.deflate_init = (__typeof__(isal.deflate_init))
			    dlsym(handle, "isal_deflate_init");
	isal.deflate = (__typeof__(isal.deflate))dlsym(handle, "isal_deflate");
	isal.inflate_init = (__typeof__(isal.inflate_init))
			    dlsym(handle, "isal_inflate_init");
	isal.inflate = (__typeof__(isal.inflate))dlsym(handle, "isal_inflate");
	return isal.deflate_init && isal.deflate && isal.inflate_init && isal.inflate;
}

/* The library does not tell; this is what it was built with. */
static const char *isal_version(void)
{
	static char text[32];

	if (!isal.inflate && !load_isal())
		return NULL;
#ifdef ISAL_MAJOR_VERSION
	snprintf(text, sizeof(text), "%d.%d.%d", ISAL_MAJOR_VERSION,
		 ISAL_MINOR_VERSION, ISAL_PATCH_VERSION);
#else
	snprintf(text, sizeof(text), "2");
#endif
	return text;
}

static void isal_close(void *context)
{
	struct isal_context *c = context;

	if (!c)
		return;
	free(c->buf);
	free(c);
}

static void *isal_open(enum wd_comp_op op, enum wd_comp_format format, int level)
{
	static const uint32_t sizes[] = {
		ISAL_DEF_LVL0_DEFAULT, ISAL_DEF_LVL1_DEFAULT,
		ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT,
	};
	struct isal_context *c = isal_version() ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return NULL;
	c->op = op;
	c->format = format;
	c->level = (uint32_t)level;
	c->buf_size = sizes[level];
	if (op == WD_COMP_COMPRESS && c->buf_size) {
		c->buf = calloc(1, c->buf_size);
		if (!c->buf) {
			isal_close(c);
			return NULL;
		}
	}
	return c;
}

static uint16_t isal_wrap(enum wd_comp_format format)
{
	switch (format) {
	case WD_COMP_GZIP:
		return IGZIP_GZIP;
	case WD_COMP_ZLIB:
		return IGZIP_ZLIB;
	case WD_COMP_RAW:
		break;
	}
	return IGZIP_DEFLATE;
}

static int isal_shrink(struct isal_context *c, const void *in, size_t in_len, void *out,
		       size_t cap, size_t *made)
{
	struct isal_zstream *z = &c->z;

	isal.deflate_init(z);
	z->level = c->level;
	z->level_buf = c->buf;
	z->level_buf_size = c->buf_size;
	z->gzip_flag = isal_wrap(c->format);
	z->next_in = (uint8_t *)in;
	z->avail_in = (uint32_t)in_len;
	z->next_out = out;
	z->avail_out = (uint32_t)cap;
	z->end_of_stream = 1;
	if (isal.deflate(z) != COMP_OK)
		return -EIO;
	*made = cap - z->avail_out;
	return z->internal_state.state == ZSTATE_END ? 0 : -ENOSPC;
}

static int isal_expand(struct isal_context *c, const void *in, size_t in_len, void *out,
		       size_t cap, size_t *made)
{
	struct inflate_state *s = &c->state;

	isal.inflate_init(s);
	s->crc_flag = c->format == WD_COMP_GZIP ? ISAL_GZIP :
		      c->format == WD_COMP_ZLIB ? ISAL_ZLIB : ISAL_DEFLATE;
	s->next_in = (uint8_t *)in;
	s->avail_in = (uint32_t)in_len;
	s->next_out = out;
	s->avail_out = (uint32_t)cap;
	if (isal.inflate(s) != ISAL_DECOMP_OK)
		return -EBADMSG;
	*made = cap - s->avail_out;
	return s->block_state == ISAL_BLOCK_FINISH ? 0 : -ENOSPC;
}

/* ISA-L counts with 32 bits. */
static int isal_run(void *context, const void *in, size_t in_len, void *out, size_t cap,
		    size_t *made)
{
	struct isal_context *c = context;

	if (in_len > UINT32_MAX)
		return -EFBIG;
	if (cap > UINT32_MAX)
		cap = UINT32_MAX;
	return c->op == WD_COMP_COMPRESS ? isal_shrink(c, in, in_len, out, cap, made) :
					   isal_expand(c, in, in_len, out, cap, made);
}

#endif

/* ---- all of them ---- */

static const struct reference references[] = {
	{ "zlib", zlibVersion, 1, 9, 6, zlib_open, zlib_run, zlib_close },
	{ "libdeflate", libdeflate_version, 1, 12, 6, libdeflate_open, libdeflate_run,
	  libdeflate_close },
#if WD_HAVE_ISAL
	{ "isal", isal_version, 0, 3, 1, isal_open, isal_run, isal_close },
#endif
};

const struct reference *reference_get(unsigned int i)
{
	return i < ARRAY_SIZE(references) ? &references[i] : NULL;
}

const struct reference *reference_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(references); i++)
		if (strlen(references[i].name) == len &&
		    !memcmp(references[i].name, name, len))
			return &references[i];
	return NULL;
}
