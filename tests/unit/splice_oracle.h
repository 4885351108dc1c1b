/* SPDX-License-Identifier: MIT */
/*
 * What zlib says about a DEFLATE stream, in the words of splice.h.
 *
 * The stream is decoded after a full window, as the walker does not notice
 * distances that are too long; so both verdicts have to be equal, always.
 */
#ifndef SPLICE_ORACLE_H
#define SPLICE_ORACLE_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "splice.h"

/* Step from block to block.  Returns 0 or -EBADMSG. */
static inline int splice_oracle_walk(z_stream *zs, struct wd_splice_end *end)
{
	static uint8_t out[1 << 16];

	end->final_bit = 0;
	for (;;) {
		uint64_t pos;
		int ret;

		zs->next_out = out;
		zs->avail_out = sizeof(out);
		ret = inflate(zs, Z_BLOCK);
		if (ret == Z_STREAM_END)
			return zs->avail_in ? -EBADMSG : 0;
		if (ret != Z_OK)
			return -EBADMSG;
		if (!(zs->data_type & 128))
			continue;
		pos = (uint64_t)zs->total_in * 8 - (zs->data_type & 63);
		if (zs->data_type & 64)
			end->end_bit = pos;
		else
			end->final_bit = pos;
	}
}

static inline int splice_oracle(const void *data, size_t len,
				struct wd_splice_end *end)
{
	static const uint8_t window[32768];
	z_stream zs = { 0 };
	int ret;

	if (inflateInit2(&zs, -15) != Z_OK)
		return -ENOMEM;
	inflateSetDictionary(&zs, window, sizeof(window));
	zs.next_in = (Bytef *)data;
	zs.avail_in = (uInt)len;
	ret = splice_oracle_walk(&zs, end);
	inflateEnd(&zs);
	return ret;
}

#endif /* SPLICE_ORACLE_H */
