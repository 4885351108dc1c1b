/* SPDX-License-Identifier: MIT */
/*
 * What stands before and behind the DEFLATE data that a session writes.
 *
 * Layouts: RFC 1952 and 1950; extra fields of sized members: SAM specification
 * section 4.1 (BC), QATzip (QZ), MiGz (MZ).
 */
#include <stdlib.h>
#include <string.h>

#include "session.h"

#define FEXTRA	0x04

WD_API int wd_comp_set_header(struct wd_comp_sess *sess,
			      const struct wd_comp_header *hdr)
{
	struct compressor *c = &sess->c;
	size_t size;
	uint8_t *p;
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!hdr || sess->setup.op != WD_COMP_COMPRESS ||
	    sess->setup.format != WD_COMP_GZIP || c->begun)
		return -EINVAL;
	size = wd_gzip_head_size(hdr);
	if (!size || (size > WD_GZIP_HEAD &&
		      sess->setup.members != WD_COMP_MEMBERS_ONE))
		return -EINVAL;

	p = malloc(size);
	if (!p)
		return -ENOMEM;
	wd_gzip_head_write(p, hdr, sess->setup.level);
	free(c->header);
	c->header = p;
	c->header_len = size;
	return 0;
}

/* Bytes of the header that comes before each member's data. */
size_t header_size(const struct wd_comp_sess *s)
{
	switch (s->setup.format) {
	case WD_COMP_GZIP:
		break;
	case WD_COMP_ZLIB:
		return s->c.window_len ? 6 : 2;
	default:
		return 0;
	}
	switch (s->setup.members) {
	case WD_COMP_MEMBERS_BGZF:
		return 18;
	case WD_COMP_MEMBERS_QZ:
		return 24;
	case WD_COMP_MEMBERS_MZ:
		return 20;
	default:
		return s->c.header ? s->c.header_len : WD_GZIP_HEAD;
	}
}

/* XLEN, then one subfield's name and length. */
static uint8_t *put_extra(uint8_t *p, const char *id, unsigned int len)
{
	p[0] = (uint8_t)(len + 4);
	p[1] = 0;
	memcpy(p + 2, id, 2);
	p[4] = (uint8_t)len;
	p[5] = 0;
	return p + 6;
}

/* OS and XFL as the readers of each convention demand. */
static void put_sized(const struct wd_comp_sess *s, uint8_t *p,
		      size_t deflate_len, size_t in_len)
{
	uint8_t *data = p + 10;

	p[3] = FEXTRA;
	switch (s->setup.members) {
	case WD_COMP_MEMBERS_BGZF: {
		size_t size = 18 + deflate_len + WD_TAIL_MAX - 1;

		p[8] = 0;
		p[9] = 255;
		data = put_extra(data, "BC", 2);
		data[0] = (uint8_t)size;
		data[1] = (uint8_t)(size >> 8);
		break;
	}
	case WD_COMP_MEMBERS_QZ:
		p[9] = 255;
		data = put_extra(data, "QZ", 8);
		wd_put_le32(data, (uint32_t)in_len);
		wd_put_le32(data + 4, (uint32_t)deflate_len);
		break;
	default:
		p[9] = 0;
		data = put_extra(data, "MZ", 4);
		wd_put_le32(data, (uint32_t)deflate_len);
	}
}

static void put_gzip(const struct wd_comp_sess *s, uint8_t *p,
		     size_t deflate_len, size_t in_len)
{
	if (s->c.header && s->setup.members == WD_COMP_MEMBERS_ONE) {
		memcpy(p, s->c.header, s->c.header_len);
		return;
	}
	wd_head_write(p, WD_COMP_GZIP, s->setup.level);
	if (s->c.header)
		memcpy(p + 4, s->c.header + 4, 4);
	if (s->setup.members != WD_COMP_MEMBERS_ONE)
		put_sized(s, p, deflate_len, in_len);
}

/* @deflate_len and @in_len: of the member, for sized ones. */
size_t header_write(const struct wd_comp_sess *s, uint8_t *p, size_t deflate_len,
		    size_t in_len)
{
	switch (s->setup.format) {
	case WD_COMP_GZIP:
		put_gzip(s, p, deflate_len, in_len);
		break;
	case WD_COMP_ZLIB:
		wd_zlib_head(p, s->setup.level, s->c.window_len);
		if (s->c.window_len)
			wd_put_be32(p + 2, s->c.window_sum);
		break;
	default:
		break;
	}
	return header_size(s);
}
