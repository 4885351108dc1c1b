/* SPDX-License-Identifier: MIT */
/*
 * gzip: RFC 1952, section 2.3.
 */
#include <errno.h>
#include <string.h>

#include "../codec/codec.h"
#include "format.h"

#define FHCRC		0x02
#define FEXTRA		0x04
#define FNAME		0x08
#define FCOMMENT	0x10
#define FRESERVED	0xe0

size_t wd_gzip_head_size(const struct wd_comp_header *hdr)
{
	size_t len;

	if (!hdr->name || !*hdr->name)
		return WD_GZIP_HEAD;
	len = strnlen(hdr->name, WD_GZIP_NAME_MAX + 1);
	return len > WD_GZIP_NAME_MAX ? 0 : WD_GZIP_HEAD + len + 1;
}

size_t wd_gzip_head_write(uint8_t *p, const struct wd_comp_header *hdr, int level)
{
	size_t size = wd_gzip_head_size(hdr);

	wd_gzip_head_plain(p, level);
	wd_put_le32(p + 4, hdr->mtime);
	p[9] = hdr->os;
	if (size > WD_GZIP_HEAD) {
		p[3] = FNAME;
		memcpy(p + WD_GZIP_HEAD, hdr->name, size - WD_GZIP_HEAD);
	}
	return size;
}

/* ---- reading ---- */

enum head_phase {
	HEAD_FIXED,
	HEAD_XLEN,
	HEAD_EXTRA,
	HEAD_NAME,
	HEAD_COMMENT,
	HEAD_CRC,
	HEAD_DONE,
};

/* Each byte is judged as soon as it is there, as a reader of a pipe must. */
static int fixed_byte(struct wd_head *h, uint8_t byte)
{
	static const uint8_t magic[] = { WD_GZIP_MAGIC };

	h->fixed[h->pos] = byte;
	switch (h->pos++) {
	case 0:
		/* A single byte is no verdict yet, a zero is. */
		return byte ? 0 : wd_head_error(h, WD_COMP_ERR_MAGIC, 0, 0);
	case 1:
		return !memcmp(h->fixed, magic, sizeof(magic)) ? 0 :
		       wd_head_error(h, WD_COMP_ERR_MAGIC, 0, 0);
	case 2:
		return byte == WD_GZIP_DEFLATE
			       ? 0
			       : wd_head_error(h, WD_COMP_ERR_METHOD, 0, byte);
	case 3:
		h->flags = byte;
		return byte & FRESERVED ?
		       wd_head_error(h, WD_COMP_ERR_FLAGS, 0, byte) : 0;
	case 9:
		h->mtime = wd_get_le32(h->fixed + 4);
		h->os = byte;
		h->pos = 0;
		h->phase = HEAD_XLEN;
	}
	return 0;
}

/* A field whose flag is not set takes no bytes. */
static bool phase_absent(const struct wd_head *h)
{
	static const uint8_t flag[] = {
		[HEAD_XLEN] = FEXTRA,
		[HEAD_EXTRA] = FEXTRA,
		[HEAD_NAME] = FNAME,
		[HEAD_COMMENT] = FCOMMENT,
		[HEAD_CRC] = FHCRC,
	};

	if (h->phase == HEAD_FIXED || h->phase == HEAD_DONE)
		return false;
	return !(h->flags & flag[h->phase]) ||
	       (h->phase == HEAD_EXTRA && !h->left);
}

static void skip_absent(struct wd_head *h)
{
	while (phase_absent(h))
		h->phase++;
}

static void next_phase(struct wd_head *h)
{
	h->pos = 0;
	h->phase++;
}

static void name_byte(struct wd_head *h, uint8_t byte)
{
	if (h->pos < h->name_cap)
		h->name[h->pos] = (char)byte;
	if (!byte) {
		h->name_len = h->pos < h->name_cap ? h->pos : 0;
		next_phase(h);
		return;
	}
	if (h->pos < h->name_cap)
		h->pos++;
}

static int head_byte(struct wd_head *h, uint8_t byte)
{
	h->count++;
	switch (h->phase) {
	case HEAD_FIXED:
		return fixed_byte(h, byte);
	case HEAD_XLEN:
		h->left |= (unsigned int)byte << (8 * h->pos++);
		if (h->pos == 2)
			next_phase(h);
		return 0;
	case HEAD_EXTRA:
		if (!--h->left)
			next_phase(h);
		return 0;
	case HEAD_NAME:
		name_byte(h, byte);
		return 0;
	case HEAD_COMMENT:
		if (!byte)
			next_phase(h);
		return 0;
	default:
		h->stored |= (uint32_t)byte << (8 * h->pos++);
		if (h->pos < 2)
			return 0;
		h->phase = HEAD_DONE;
		h->computed = h->crc & 0xffff;
		if (h->stored == h->computed)
			return 0;
		return wd_head_error(h, WD_COMP_ERR_HEADER_CHECKSUM, h->stored,
				  h->computed);
	}
}

int wd_gzip_head_feed(struct wd_head *h, const uint8_t *p, size_t len, size_t *used)
{
	size_t i = 0;
	size_t summed = 0;
	int ret = 0;

	skip_absent(h);
	while (i < len && h->phase != HEAD_DONE && !ret) {
		ret = head_byte(h, p[i++]);
		skip_absent(h);
		/* The checksum covers all before it. */
		if (h->phase < HEAD_CRC)
			summed = i;
		else if (h->phase == HEAD_CRC && !h->pos)
			h->crc = wd_crc32(h->crc, p, summed = i);
	}
	if (h->phase < HEAD_CRC)
		h->crc = wd_crc32(h->crc, p, summed);
	*used = i;
	return ret ? ret : h->phase == HEAD_DONE;
}

const uint8_t *wd_gzip_extra(const uint8_t *p, size_t *len)
{
	if (!(p[3] & FEXTRA))
		return NULL;
	*len = p[WD_GZIP_HEAD] | (size_t)p[WD_GZIP_HEAD + 1] << 8;
	return p + WD_GZIP_HEAD + 2;
}

/* ---- the trailer ---- */

static void put_tail(uint8_t *p, uint32_t sum, uint64_t len)
{
	wd_put_le32(p, sum);
	wd_put_le32(p + 4, (uint32_t)len);
}

static enum wd_comp_error check_tail(const uint8_t *p, uint32_t sum, uint64_t len,
				     struct wd_mismatch *m)
{
	*m = (struct wd_mismatch){
		.stored = wd_get_le32(p), .computed = sum,
	};
	if (m->stored != m->computed)
		return m->error = WD_COMP_ERR_CHECKSUM;
	*m = (struct wd_mismatch){
		.at = 4, .stored = wd_get_le32(p + 4), .computed = (uint32_t)len,
	};
	if (m->stored != m->computed)
		return m->error = WD_COMP_ERR_LENGTH;
	return WD_COMP_OK;
}

const struct wd_format wd_format_gzip = {
	.name = "gzip",
	.suffix = ".gz",
	.head_size = WD_GZIP_HEAD,
	.tail_size = 8,
	.magic = { WD_GZIP_MAGIC },
	.magic_len = 2,
	.zlib_bits = 15 + 16,
	.sum_begin = 0,
	.sum_add = wd_crc32,
	.sum_join = wd_crc32_join,
	.put_head = wd_gzip_head_plain,
	.feed_head = wd_gzip_head_feed,
	.put_tail = put_tail,
	.check_tail = check_tail,
};
