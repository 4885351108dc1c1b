/* SPDX-License-Identifier: MIT */
/*
 * Gzip members that tell their sizes in an extra field, so that they can be decoded
 * side by side.
 *
 * Layouts: SAM specification section 4.1 (BC), QATzip (QZ), MiGz (MZ), PGZF (ZC),
 * pgzip (IG), WarpDrive v1 (Hi).
 */
#include <string.h>

#include "format.h"

#define FEXTRA		0x04
#define OS_FAT		0
#define OS_UNKNOWN	255

#define EXTRA		6u	/* XLEN, and a subfield's name and length */
#define TAIL		8u

#define BC_LEN		2u
#define QZ_LEN		8u
#define MZ_LEN		4u

#define BGZF_CHUNK	0xff00u	/* so that a member stays below 64 KiB */

/* ---- writing ---- */

/* A header whose only field is @id; returns where its data go. */
static uint8_t *put_extra(uint8_t *p, int level, uint32_t mtime, uint8_t os,
			  const char *id, uint8_t len)
{
	wd_format_gzip.put_head(p, level);
	p[3] = FEXTRA;
	wd_put_le32(p + 4, mtime);
	p[9] = os;
	p += WD_GZIP_HEAD;
	p[0] = len + 4;
	p[1] = 0;
	memcpy(p + 2, id, 2);
	p[4] = len;
	p[5] = 0;
	return p + EXTRA;
}

/* OS and XFL as the readers of each convention demand. */
static void put_bc(uint8_t *p, int level, uint32_t mtime, size_t deflate_len,
		   size_t in_len)
{
	size_t size = WD_GZIP_HEAD + EXTRA + BC_LEN + deflate_len + TAIL - 1;
	uint8_t *data = put_extra(p, level, mtime, OS_UNKNOWN, "BC", BC_LEN);

	(void)in_len;
	p[8] = 0;
	data[0] = (uint8_t)size;
	data[1] = (uint8_t)(size >> 8);
}

static void put_qz(uint8_t *p, int level, uint32_t mtime, size_t deflate_len,
		   size_t in_len)
{
	uint8_t *data = put_extra(p, level, mtime, OS_UNKNOWN, "QZ", QZ_LEN);

	wd_put_le32(data, (uint32_t)in_len);
	wd_put_le32(data + 4, (uint32_t)deflate_len);
}

static void put_mz(uint8_t *p, int level, uint32_t mtime, size_t deflate_len,
		   size_t in_len)
{
	(void)in_len;
	wd_put_le32(put_extra(p, level, mtime, OS_FAT, "MZ", MZ_LEN), (uint32_t)deflate_len);
}

/* An empty member marks the end of a BGZF file (SAM specification 4.1.2). */
static const uint8_t bgzf_end[] = {
	0x1f, 0x8b, 8, FEXTRA, 0, 0, 0, 0, 0, OS_UNKNOWN, BC_LEN + 4, 0, 'B', 'C',
	BC_LEN, 0, 0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};

static const struct wd_sized table[] = {
	[WD_COMP_MEMBERS_QZ] = { WD_GZIP_HEAD + EXTRA + QZ_LEN, 0, NULL, 0,
				 put_qz },
	[WD_COMP_MEMBERS_MZ] = { WD_GZIP_HEAD + EXTRA + MZ_LEN, 0, NULL, 0,
				 put_mz },
	[WD_COMP_MEMBERS_BGZF] = { WD_GZIP_HEAD + EXTRA + BC_LEN, BGZF_CHUNK,
				   bgzf_end, sizeof(bgzf_end), put_bc },
};

const struct wd_sized *wd_sized_of(enum wd_comp_members members)
{
	return members == WD_COMP_MEMBERS_ONE ? NULL : &table[members];
}

/* ---- reading ---- */

static uint64_t size_field(const uint8_t *sub, unsigned int len, size_t header_len)
{
	const uint8_t *data = sub + 4;

	if (!memcmp(sub, "BC", 2) && len == 2)
		return (data[0] | (uint64_t)data[1] << 8) + 1;
	if (!memcmp(sub, "QZ", 2) && len == 8)
		return header_len + (uint64_t)wd_get_le32(data + 4) + TAIL;
	if ((!memcmp(sub, "MZ", 2) || !memcmp(sub, "ZC", 2)) && len == 4)
		return header_len + (uint64_t)wd_get_le32(data) + TAIL;
	if (!memcmp(sub, "IG", 2) && len == 4)
		return wd_get_le32(data);
	if (!memcmp(sub, "Hi", 2) && len == 4)
		return header_len + (uint64_t)wd_get_le32(data);
	return 0;
}

static uint64_t member_size(const uint8_t *p, size_t header_len)
{
	size_t left;
	const uint8_t *sub = wd_gzip_extra(p, &left);

	while (sub && left >= 4) {
		unsigned int len = sub[2] | (unsigned int)sub[3] << 8;
		uint64_t size;

		if (len > left - 4)
			return 0;
		size = size_field(sub, len, header_len);
		if (size)
			return size;
		sub += 4 + len;
		left -= 4 + len;
	}
	return 0;
}

int wd_member_parse(const uint8_t *p, size_t len, struct wd_member *m)
{
	struct wd_head h = { 0 };
	int ret = wd_gzip_head_feed(&h, p, len, &m->header_len);

	if (ret == 1)
		m->size = member_size(p, m->header_len);
	return ret;
}

uint32_t wd_member_length(const uint8_t *p, uint64_t size)
{
	return wd_get_le32(p + size - 4);
}
