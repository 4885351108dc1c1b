/* SPDX-License-Identifier: MIT */
/*
 * Which header a stream, or each of its members, begins with.
 */
#include <stdlib.h>
#include <string.h>

#include "compress.h"

WD_API int wd_comp_set_header(struct wd_comp_sess *sess,
			      const struct wd_comp_header *hdr)
{
	struct compressor *c;
	size_t size;
	uint8_t *p;
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!hdr || !WD_UNUSED(hdr) || sess->setup.op != WD_COMP_COMPRESS ||
	    sess->setup.format != WD_COMP_GZIP || sess->comp->begun)
		return -EINVAL;
	c = sess->comp;
	size = wd_gzip_head_size(hdr);
	if (!size || (size > wd_format_gzip.head_size && compress_sized(sess)))
		return -EINVAL;

	p = malloc(size);
	if (!p)
		return -ENOMEM;
	wd_gzip_head_write(p, hdr, sess->setup.level);
	free(c->header.bytes);
	c->header.bytes = p;
	c->header.len = size;
	c->header.mtime = hdr->mtime;
	return 0;
}

/* Bytes of the header that comes before each member's data. */
size_t header_size(const struct wd_comp_sess *s)
{
	const struct wd_sized *sized = compress_sized(s);

	if (sized)
		return sized->head_size;
	if (s->comp->header.bytes)
		return s->comp->header.len;
	if (s->comp->preset.len && s->setup.format == WD_COMP_ZLIB)
		return wd_zlib_head_size(true);
	return wd_format_of(s->setup.format)->head_size;
}

/* @deflate_len and @in_len: of the member, for sized ones. */
size_t header_write(const struct wd_comp_sess *s, uint8_t *p, size_t deflate_len,
		    size_t in_len)
{
	const struct wd_sized *sized = compress_sized(s);

	if (sized)
		sized->put(p, s->setup.level, s->comp->header.mtime,
			   deflate_len, in_len);
	else if (s->comp->header.bytes)
		memcpy(p, s->comp->header.bytes, s->comp->header.len);
	else if (s->comp->preset.len && s->setup.format == WD_COMP_ZLIB)
		wd_zlib_head_write(p, s->setup.level, true,
				   s->comp->preset.sum);
	else
		wd_head_write(p, s->setup.format, s->setup.level);
	return header_size(s);
}
