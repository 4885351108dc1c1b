/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer for the gzip header parser: what pieces of any size give is what the
 * whole gives, and a size it tells is one the bytes hold.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "codec.h"
#include "format/format.h"

#define NAME_CAP	50u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Each piece a copy of its exact size. */
static int feed(struct wd_head *h, const uint8_t *data, size_t len, uint32_t hash,
		size_t *used)
{
	int ret = 0;

	*used = 0;
	wd_head_begin(h);
	while (!ret && *used < len) {
		size_t want = 1 + (hash >> 7) % 9;
		uint8_t *piece;
		size_t n;

		hash = hash * 1664525 + 1013904223;
		if (want > len - *used)
			want = len - *used;
		piece = malloc(want);
		check(piece);
		memcpy(piece, data + *used, want);
		ret = wd_gzip_head_feed(h, piece, want, &n);
		check(n <= want && (ret || n == want));
		*used += n;
		free(piece);
	}
	return ret;
}

static void check_member(const uint8_t *data, size_t len, int ret, size_t used)
{
	struct wd_member m;

	check(wd_member_parse(data, len, &m) == ret);
	if (ret != 1)
		return;
	check(m.header_len == used);
	check(m.header_len >= 10 && m.header_len <= len);
	if (m.size)
		check(data[3] & 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint32_t hash = (uint32_t)crc32_z(0, data, len);
	char name_one[NAME_CAP], name_many[NAME_CAP];
	struct wd_head one = { .name = name_one, .name_cap = NAME_CAP };
	struct wd_head many = { .name = name_many, .name_cap = NAME_CAP };
	size_t used_one, used_many;
	int ret;

	wd_head_begin(&one);
	ret = wd_gzip_head_feed(&one, data, len, &used_one);
	check(feed(&many, data, len, hash, &used_many) == ret);
	check(used_one == used_many);
	check(one.error == many.error && one.stored == many.stored &&
	      one.computed == many.computed);
	if (ret == 1) {
		check(one.mtime == many.mtime && one.os == many.os);
		check(one.name_len == many.name_len && one.name_len < NAME_CAP);
		check(!one.name_len ||
		      !memcmp(name_one, name_many, one.name_len + 1));
		check(!one.name_len || !name_one[one.name_len]);
	}
	check_member(data, len, ret, used_one);
	memset(&one, 0, sizeof(one));
	wd_format_zlib.feed_head(&one, data, len, &used_one);
	return 0;
}
