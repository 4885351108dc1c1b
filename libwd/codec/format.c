/* SPDX-License-Identifier: MIT */
/*
 * Headers around DEFLATE data: gzip (RFC 1952, section 2.3), its extra fields
 * that tell a member's size, and zlib (RFC 1950, section 2.2).
 */
#include <errno.h>
#include <string.h>

#include "codec.h"

#define FHCRC		0x02
#define FEXTRA		0x04
#define FNAME		0x08
#define FCOMMENT	0x10
#define FRESERVED	0xe0

uint8_t wd_gzip_xfl(int level)
{
	return level == 1 ? 4 : level >= 9 ? 2 : 0;
}

void wd_zlib_head(uint8_t *p, int level, bool dict)
{
	unsigned int flevel = level == 1 ? 0 : level < 6 ? 1 : level == 6 ? 2 : 3;
	unsigned int head = 0x78u << 8 | flevel << 6 | (dict ? WD_ZLIB_FDICT : 0);

	head += 31 - head % 31;
	p[0] = (uint8_t)(head >> 8);
	p[1] = (uint8_t)head;
}

size_t wd_head_write(uint8_t *p, enum wd_comp_format format, int level)
{
	switch (format) {
	case WD_COMP_GZIP:
		memcpy(p, "\x1f\x8b\x08\0\0\0\0\0\0\x03", WD_GZIP_HEAD);
		p[8] = wd_gzip_xfl(level);
		return WD_GZIP_HEAD;
	case WD_COMP_ZLIB:
		wd_zlib_head(p, level, false);
		return 2;
	default:
		return 0;
	}
}

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

	wd_head_write(p, WD_COMP_GZIP, level);
	wd_put_le32(p + 4, hdr->mtime);
	p[9] = hdr->os;
	if (size > WD_GZIP_HEAD) {
		p[3] = FNAME;
		memcpy(p + WD_GZIP_HEAD, hdr->name, size - WD_GZIP_HEAD);
	}
	return size;
}

size_t wd_tail_size(enum wd_comp_format format)
{
	return format == WD_COMP_GZIP ? 8 : format == WD_COMP_ZLIB ? 4 : 0;
}

size_t wd_tail_write(uint8_t *p, enum wd_comp_format format, uint32_t sum,
		     uint64_t len)
{
	if (format == WD_COMP_GZIP) {
		wd_put_le32(p, sum);
		wd_put_le32(p + 4, (uint32_t)len);
	} else if (format == WD_COMP_ZLIB) {
		wd_put_be32(p, sum);
	}
	return wd_tail_size(format);
}

enum wd_comp_error wd_zlib_head_check(const uint8_t *p)
{
	bool check = (p[0] << 8 | p[1]) % 31 == 0;
	bool method = (p[0] & 0x0f) == 8;

	/* Two bytes that are right in nothing are another kind of data. */
	if (!method)
		return check ? WD_COMP_ERR_METHOD : WD_COMP_ERR_MAGIC;
	if (!check)
		return p[0] >> 4 > 7 ? WD_COMP_ERR_MAGIC : WD_COMP_ERR_HEADER_CHECKSUM;
	return p[0] >> 4 > 7 ? WD_COMP_ERR_WINDOW : WD_COMP_OK;
}

enum head_phase {
	HEAD_FIXED,
	HEAD_XLEN,
	HEAD_EXTRA,
	HEAD_NAME,
	HEAD_COMMENT,
	HEAD_CRC,
	HEAD_DONE,
};

void wd_head_begin(struct wd_head *h)
{
	char *name = h->name;
	size_t cap = h->name_cap;

	memset(h, 0, sizeof(*h));
	h->name = name;
	h->name_cap = cap;
}

static int head_error(struct wd_head *h, enum wd_comp_error error,
		      uint32_t stored, uint32_t computed)
{
	h->error = error;
	h->stored = stored;
	h->computed = computed;
	return -EBADMSG;
}

/* Each byte is judged as soon as it is there, as a reader of a pipe must. */
static int fixed_byte(struct wd_head *h, uint8_t byte)
{
	h->fixed[h->pos] = byte;
	switch (h->pos++) {
	case 0:
		/* A single byte is no verdict yet, a zero is. */
		return byte ? 0 : head_error(h, WD_COMP_ERR_MAGIC, 0, 0);
	case 1:
		return h->fixed[0] == 0x1f && byte == 0x8b ? 0 :
		       head_error(h, WD_COMP_ERR_MAGIC, 0, 0);
	case 2:
		return byte == 8 ? 0 : head_error(h, WD_COMP_ERR_METHOD, 0, byte);
	case 3:
		h->flags = byte;
		return byte & FRESERVED ?
		       head_error(h, WD_COMP_ERR_FLAGS, 0, byte) : 0;
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
		return head_error(h, WD_COMP_ERR_HEADER_CHECKSUM, h->stored,
				  h->computed);
	}
}

int wd_head_feed(struct wd_head *h, const uint8_t *p, size_t len, size_t *used)
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

/* Whose field it is: SAM specification, QATzip, MiGz, PGZF, pgzip, WarpDrive v1. */
static uint64_t size_field(const uint8_t *sub, unsigned int len, size_t header_len)
{
	const uint8_t *data = sub + 4;

	if (!memcmp(sub, "BC", 2) && len == 2)
		return (data[0] | (uint64_t)data[1] << 8) + 1;
	if (!memcmp(sub, "QZ", 2) && len == 8)
		return header_len + (uint64_t)wd_get_le32(data + 4) + 8;
	if ((!memcmp(sub, "MZ", 2) || !memcmp(sub, "ZC", 2)) && len == 4)
		return header_len + (uint64_t)wd_get_le32(data) + 8;
	if (!memcmp(sub, "IG", 2) && len == 4)
		return wd_get_le32(data);
	if (!memcmp(sub, "Hi", 2) && len == 4)
		return header_len + (uint64_t)wd_get_le32(data);
	return 0;
}

static uint64_t member_size(const uint8_t *p, size_t header_len)
{
	size_t end, i = 12;

	if (!(p[3] & FEXTRA))
		return 0;
	end = i + (p[10] | (size_t)p[11] << 8);
	while (end - i >= 4) {
		unsigned int len = p[i + 2] | (unsigned int)p[i + 3] << 8;
		uint64_t size;

		if (len > end - i - 4)
			return 0;
		size = size_field(p + i, len, header_len);
		if (size)
			return size;
		i += 4 + len;
	}
	return 0;
}

int wd_member_parse(const uint8_t *p, size_t len, struct wd_member *m)
{
	struct wd_head h = { 0 };
	int ret = wd_head_feed(&h, p, len, &m->header_len);

	if (ret == 1)
		m->size = member_size(p, m->header_len);
	return ret;
}
