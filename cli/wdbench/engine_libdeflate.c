/* SPDX-License-Identifier: MIT */
/*
 * libdeflate as a program would call it.
 */
#include <errno.h>
#include <stdlib.h>

#include <libdeflate.h>

#include "reference.h"

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

const struct reference reference_libdeflate = {
	.name = "libdeflate",
	.version = libdeflate_version,
	.level_min = 1,
	.level_max = 12,
	.level_default = 6,
	.open = libdeflate_open,
	.run = libdeflate_run,
	.close = libdeflate_close,
};
