/* SPDX-License-Identifier: MIT */
/*
 * zlib: RFC 1950, section 2.2.
 */
#include <errno.h>

#include "../codec/codec.h"
#include "format.h"

#define FDICT		0x20	/* in FLG: the window's checksum follows */
#define FLEVEL_SHIFT	6
#define CMF		0x78u	/* DEFLATE, window of 32 KiB */
#define METHOD		8
#define CINFO_MAX	7	/* log2 of the window's size, less 8 */

/* FCHECK: the low five bits of FLG make the two bytes a multiple of 31. */
static unsigned int fcheck(unsigned int head)
{
	return (31 - (head & ~0x1fu) % 31) % 31;
}

size_t wd_zlib_head_size(bool window)
{
	return window ? 6 : 2;
}

void wd_zlib_head_write(uint8_t *p, int level, bool window, uint32_t window_sum)
{
	unsigned int flevel = level == 1 ? 0 : level < 6 ? 1 : level == 6 ? 2 : 3;
	unsigned int head = CMF << 8 | flevel << FLEVEL_SHIFT | (window ? FDICT : 0);

	head += fcheck(head);
	p[0] = (uint8_t)(head >> 8);
	p[1] = (uint8_t)head;
	if (window)
		wd_put_be32(p + 2, window_sum);
}

static void put_head(uint8_t *p, int level)
{
	wd_zlib_head_write(p, level, false, 0);
}

static int check_head(struct wd_head *h)
{
	const uint8_t *p = h->fixed;
	unsigned int head = (unsigned int)p[0] << 8 | p[1];
	unsigned int method = p[0] & 0x0f;
	bool window = p[0] >> 4 <= CINFO_MAX;

	/* Two bytes that are right in nothing are another kind of data. */
	if (method != METHOD)
		return wd_head_error(h, head % 31 ? WD_COMP_ERR_MAGIC :
						    WD_COMP_ERR_METHOD, 0, method);
	if (head % 31 && window)
		return wd_head_error(h, WD_COMP_ERR_HEADER_CHECKSUM, head & 0x1f,
				     fcheck(head));
	if (!window)
		return wd_head_error(h, head % 31 ? WD_COMP_ERR_MAGIC :
						    WD_COMP_ERR_WINDOW, 0, method);
	return 0;
}

static int feed_head(struct wd_head *h, const uint8_t *p, size_t len, size_t *used)
{
	size_t want = 2;

	for (*used = 0; *used < len; ) {
		h->fixed[h->count++] = p[(*used)++];
		if (h->count == 2 && check_head(h)) {
			/* Which of the two is wrong nobody knows. */
			h->error_at = 0;
			return -EBADMSG;
		}
		if (h->count >= 2)
			h->needs_window = h->fixed[1] & FDICT;
		want = wd_zlib_head_size(h->needs_window);
		if (h->count == want) {
			h->window_sum = wd_get_be32(h->fixed + 2);
			return 1;
		}
	}
	return 0;
}

static void put_tail(uint8_t *p, uint32_t sum, uint64_t len)
{
	(void)len;
	wd_put_be32(p, sum);
}

static enum wd_comp_error check_tail(const uint8_t *p, uint32_t sum, uint64_t len,
				     struct wd_mismatch *m)
{
	(void)len;
	*m = (struct wd_mismatch){
		.stored = wd_get_be32(p), .computed = sum,
	};
	if (m->stored != m->computed)
		m->error = WD_COMP_ERR_CHECKSUM;
	return m->error;
}

const struct wd_format wd_format_zlib = {
	.name = "zlib",
	.suffix = ".zz",
	.head_size = 2,
	.tail_size = 4,
	.zlib_bits = 15,
	.sum_begin = 1,
	.sum_add = wd_adler32,
	.sum_join = wd_adler32_join,
	.put_head = put_head,
	.feed_head = feed_head,
	.put_tail = put_tail,
	.check_tail = check_tail,
};
