/* SPDX-License-Identifier: MIT */
/*
 * A rolling hash over the last 64 bytes: where it has a certain form, a chunk
 * ends.
 */
#include "cut.h"

#define CUT_MASK (((uint64_t)0xffff) << 40) /* a cut each 64 KiB on average */

/* One of 256 fixed random-looking numbers: a gear hash's table, computed. */
static uint64_t gear(uint8_t byte)
{
	uint64_t x = (byte + 1) * 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

size_t cut_find(uint64_t *roll, const uint8_t *data, size_t len, size_t from)
{
	for (size_t i = from; i < len; i++) {
		*roll = (*roll << 1) + gear(data[i]);
		if (i + 1 >= CUT_MIN && !(*roll & CUT_MASK)) {
			*roll = 0;
			return i + 1;
		}
	}
	return 0;
}

void cut_pass(uint64_t *roll, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*roll = (*roll << 1) + gear(data[i]);
}
