// SPDX-License-Identifier: GPL-2.0
/*
 * What stands around DEFLATE data: headers and trailers of gzip (RFC 1952) and
 * zlib (RFC 1950), and their checksums.
 */
#include <linux/crc32.h>
#include <linux/string.h>
#include <linux/zutil.h>

#include "compat.h"
#include "dummy.h"

/* FLG of RFC 1952, section 2.3.1 */
#define GZIP_FHCRC	BIT(1)
#define GZIP_FEXTRA	BIT(2)
#define GZIP_FNAME	BIT(3)
#define GZIP_FCOMMENT	BIT(4)
#define GZIP_RESERVED	GENMASK(7, 5)

#define ZLIB_CMF	0x78	/* DEFLATE with a window of 32 KiB */
#define ZLIB_FDICT	BIT(5)

static u8 zlib_flags(u8 level)
{
	u8 class = level == 1 ? 0 : level < 6 ? 1 : level == 6 ? 2 : 3;
	u8 flags = class << 6;

	return flags + 31 - ((ZLIB_CMF << 8) + flags) % 31;
}

/* Returns the header's bytes. */
u32 dummy_head_write(u8 *p, enum wd_dummy_format format, u8 level)
{
	switch (format) {
	case WD_DUMMY_GZIP:
		memset(p, 0, 10);
		p[0] = 0x1f;
		p[1] = 0x8b;
		p[2] = 8;
		p[8] = level == 1 ? 4 : level == 9 ? 2 : 0;
		p[9] = 3;
		return 10;
	case WD_DUMMY_ZLIB:
		p[0] = ZLIB_CMF;
		p[1] = zlib_flags(level);
		return 2;
	default:
		return 0;
	}
}

u32 dummy_tail_size(enum wd_dummy_format format)
{
	return format == WD_DUMMY_GZIP ? 8 : format == WD_DUMMY_ZLIB ? 4 : 0;
}

/* Returns the trailer's bytes. */
u32 dummy_tail_write(u8 *p, enum wd_dummy_format format, u32 sum, u32 len)
{
	if (format == WD_DUMMY_GZIP) {
		put_unaligned_le32(sum, p);
		put_unaligned_le32(len, p + 4);
	} else if (format == WD_DUMMY_ZLIB) {
		put_unaligned_be32(sum, p);
	}
	return dummy_tail_size(format);
}

bool dummy_tail_ok(const u8 *p, enum wd_dummy_format format, u32 sum, u32 len)
{
	if (format == WD_DUMMY_GZIP)
		return get_unaligned_le32(p) == sum &&
		       get_unaligned_le32(p + 4) == len;
	return format != WD_DUMMY_ZLIB || get_unaligned_be32(p) == sum;
}

u32 dummy_sum_empty(enum wd_dummy_format format)
{
	return format == WD_DUMMY_ZLIB ? 1 : 0;
}

u32 dummy_sum_add(enum wd_dummy_format format, u32 sum, const u8 *p, u32 len)
{
	if (format == WD_DUMMY_ZLIB)
		return zlib_adler32(sum, p, len);
	return ~crc32_le(~sum, p, len);
}

/* The end of a string in the header, or 0. */
static u32 skip_string(const u8 *p, u32 len, u32 pos)
{
	const u8 *end = pos < len ? memchr(p + pos, 0, len - pos) : NULL;

	return end ? end - p + 1 : 0;
}

static int parse_gzip(const u8 *p, u32 len)
{
	u32 pos = 10;
	u8 flags;

	if (len < pos)
		return -ENODATA;
	flags = p[3];
	if (p[0] != 0x1f || p[1] != 0x8b || p[2] != 8 || flags & GZIP_RESERVED)
		return -EBADMSG;
	if (flags & GZIP_FEXTRA) {
		if (len < pos + 2)
			return -ENODATA;
		pos += 2 + get_unaligned_le16(p + pos);
	}
	if (flags & GZIP_FNAME)
		pos = skip_string(p, len, pos);
	if (pos && flags & GZIP_FCOMMENT)
		pos = skip_string(p, len, pos);
	if (!pos)
		return -ENODATA;
	if (flags & GZIP_FHCRC) {
		if (len < pos + 2)
			return -ENODATA;
		if ((dummy_sum_add(WD_DUMMY_GZIP, 0, p, pos) & 0xffff) !=
		    get_unaligned_le16(p + pos))
			return -EBADMSG;
		pos += 2;
	}
	return pos > len ? -ENODATA : pos;
}

/*
 * The bytes of a header that is in @p as a whole, -ENODATA if it is not, or
 * -EBADMSG.
 */
int dummy_head_parse(const u8 *p, u32 len, enum wd_dummy_format format)
{
	switch (format) {
	case WD_DUMMY_GZIP:
		return parse_gzip(p, len);
	case WD_DUMMY_ZLIB:
		if (len < 2)
			return -ENODATA;
		if (((p[0] << 8) + p[1]) % 31 || (p[0] & 0xf) != 8 ||
		    p[0] >> 4 > 7 || p[1] & ZLIB_FDICT)
			return -EBADMSG;
		return 2;
	default:
		return 0;
	}
}
