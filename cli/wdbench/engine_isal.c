/* SPDX-License-Identifier: MIT */
/*
 * ISA-L as a program would call it.
 */
#include "reference.h"

#if WD_HAVE_ISAL

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <isa-l.h>

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

const struct reference reference_isal = {
	.name = "isal",
	.version = isal_version,
	.level_min = 0,
	.level_max = 3,
	.level_default = 1,
	.open = isal_open,
	.run = isal_run,
	.close = isal_close,
};

#endif
