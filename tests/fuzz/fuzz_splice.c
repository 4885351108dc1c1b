/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer for the splice walker: any bytes have to get zlib's verdict and, when
 * they are a stream, the same places; an opened stream has to be continuable.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "splice_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_marker(const uint8_t *p, size_t len)
{
	const uint8_t *want = NULL;

	for (size_t i = 0; i + WD_SPLICE_MARKER_LEN <= len && !want; i++) {
		if (!memcmp(p + i, wd_splice_marker, WD_SPLICE_MARKER_LEN))
			want = p + i + WD_SPLICE_MARKER_LEN;
	}
	check(wd_splice_find_marker(p, len) == want);
}

static void check_open(const uint8_t *data, size_t len, uint64_t final_bit)
{
	static const uint8_t empty_block[] = { 0x01, 0x00, 0x00, 0xff, 0xff };
	struct wd_splice_end end = { 0 };
	size_t cap = len + WD_SPLICE_MARKER_MAX;
	uint8_t *p = malloc(cap + sizeof(empty_block));
	size_t opened;

	check(p);
	memcpy(p, data, len);
	check(!wd_splice_open(p, len, cap, &opened));
	check(opened <= cap);
	check(!(p[final_bit / 8] >> final_bit % 8 & 1));
	memcpy(p + opened, empty_block, sizeof(empty_block));
	opened += sizeof(empty_block);
	check(!splice_oracle(p, opened, &end));
	check(end.final_bit == (opened - sizeof(empty_block)) * 8);
	free(p);
}

/* The two halves, as the verdict on each alone says. */
static void check_pair(const uint8_t *data, size_t len)
{
	const size_t half = len / 2;
	struct wd_splice_end want[2], got[2];
	bool ok;

	ok = !wd_splice_find(data, half, &want[0]);
	ok = !wd_splice_find(data + half, len - half, &want[1]) && ok;
	check(wd_splice_find_pair(data, half, data + half, len - half, &got[0],
				  &got[1]) == (ok ? 0 : -EBADMSG));
	if (ok)
		check(!memcmp(want, got, sizeof(got)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wd_splice_end want = { 0, 0 };
	struct wd_splice_end got = { 0, 0 };
	int ret = splice_oracle(data, len, &want);

	check(wd_splice_find(data, len, &got) == ret);
	if (!ret) {
		check(got.final_bit == want.final_bit);
		check(got.end_bit == want.end_bit);
		check_open(data, len, got.final_bit);
	}
	check_pair(data, len);
	check_marker(data, len);
	return 0;
}
