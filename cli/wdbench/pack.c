/* SPDX-License-Identifier: MIT */
/*
 * The input cut into blocks, and compressed by the engine that is to be measured.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "pack.h"
#include "verify.h"

size_t pack_bound(size_t plain_len)
{
	/* Stored blocks of as little as a few KiB, and ISA-L's headers. */
	return plain_len + plain_len / 512 + 4096;
}

static uint32_t block_sum(enum wd_comp_format format, const uint8_t *data, size_t len)
{
	if (format != WD_COMP_ZLIB)
		return verify_sum(data, len);
	return (uint32_t)adler32_z(1, data, len);
}

static int cut(struct pack *pack, const struct result *r, size_t size)
{
	const struct data *data = r->input;

	if (!size || size > data->size)
		size = data->size;
	pack->count = (data->size + size - 1) / size;
	pack->plain_max = size;
	pack->blocks = calloc(pack->count, sizeof(*pack->blocks));
	if (!pack->blocks)
		return -ENOMEM;
	for (size_t i = 0; i < pack->count; i++) {
		struct block *b = &pack->blocks[i];

		b->plain = data->bytes + i * size;
		b->plain_len = i + 1 < pack->count ? size : data->size - i * size;
		b->sum = block_sum(r->setup.format, b->plain, b->plain_len);
	}
	return 0;
}

/* ---- compressing ---- */

/* One or the other. */
struct packer {
	const struct reference *reference;
	void *context;
	struct wd_comp_sess *sess;
};

static int open_packer(struct packer *p, const struct setup *s, size_t block)
{
	struct wd_comp_setup setup = {
		.op = WD_COMP_COMPRESS,
		.format = s->format,
		.level = s->level < 0 ? 0 : s->level,
		.chunk_size = s->mode == MODE_SESSION ? (uint32_t)s->block : 0,
		.engine = s->command ? NULL : s->engine,
		.size_hint = block,
	};

	p->reference = s->reference;
	if (!p->reference)
		return wd_comp_create(&p->sess, &setup);
	p->context = p->reference->open(WD_COMP_COMPRESS, s->format, s->level);
	return p->context ? 0 : -ENOMEM;
}

static int pack_block(struct packer *p, const struct block *b, uint8_t *out, size_t cap,
		      size_t *made)
{
	if (p->reference)
		return p->reference->run(p->context, b->plain, b->plain_len, out, cap,
					 made);
	return wd_comp_run(p->sess, b->plain, b->plain_len, out, cap, NULL, made);
}

static void close_packer(struct packer *p)
{
	if (p->reference)
		p->reference->close(p->context);
	wd_comp_destroy(p->sess);
}

static int pack_all(struct pack *pack, struct packer *p)
{
	size_t cap = pack_bound(pack->plain_max);
	uint8_t *out = malloc(cap);
	int ret = out ? 0 : -ENOMEM;

	for (size_t i = 0; i < pack->count && !ret; i++) {
		struct block *b = &pack->blocks[i];

		ret = pack_block(p, b, out, cap, &b->packed_len);
		if (ret)
			break;
		b->packed = malloc(b->packed_len);
		if (!b->packed) {
			ret = -ENOMEM;
			break;
		}
		memcpy(b->packed, out, b->packed_len);
		pack->packed_len += b->packed_len;
		if (pack->packed_max < b->packed_len)
			pack->packed_max = b->packed_len;
	}
	free(out);
	return ret;
}

int pack_make(struct pack *pack, struct result *r, size_t size)
{
	struct packer p = { 0 };
	int ret;

	memset(pack, 0, sizeof(*pack));
	ret = cut(pack, r, size);
	if (!ret && r->setup.op == WD_COMP_DECOMPRESS) {
		ret = open_packer(&p, &r->setup, pack->plain_max);
		if (!ret)
			ret = pack_all(pack, &p);
		close_packer(&p);
	}
	if (!ret)
		return 0;
	snprintf(r->why, sizeof(r->why), "preparing the input: %s", wd_strerror(ret));
	pack_free(pack);
	return -1;
}

void pack_free(struct pack *pack)
{
	for (size_t i = 0; i < pack->count; i++)
		free(pack->blocks[i].packed);
	free(pack->blocks);
	memset(pack, 0, sizeof(*pack));
}
