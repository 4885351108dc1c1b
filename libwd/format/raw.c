/* SPDX-License-Identifier: MIT */
/*
 * DEFLATE data alone, RFC 1951.  Who wants a checksum of it gets a CRC-32.
 */
#include "../codec/codec.h"
#include "format.h"

static void put_head(uint8_t *p, int level)
{
	(void)p;
	(void)level;
}

static int feed_head(struct wd_head *h, const uint8_t *p, size_t len, size_t *used)
{
	(void)h;
	(void)p;
	(void)len;
	*used = 0;
	return 1;
}

static void put_tail(uint8_t *p, uint32_t sum, uint64_t len)
{
	(void)p;
	(void)sum;
	(void)len;
}

static enum wd_comp_error check_tail(const uint8_t *p, uint32_t sum, uint64_t len,
				     struct wd_mismatch *m)
{
	(void)p;
	(void)sum;
	(void)len;
	(void)m;
	return WD_COMP_OK;
}

const struct wd_format wd_format_raw = {
	.name = "deflate",
	.suffix = ".deflate",
	.zlib_bits = -15,
	.sum_begin = 0,
	.sum_add = wd_crc32,
	.sum_join = wd_crc32_join,
	.put_head = put_head,
	.feed_head = feed_head,
	.put_tail = put_tail,
	.check_tail = check_tail,
};
