/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 (RFC 1952) and Adler-32 (RFC 1950), and how those of pieces combine.
 */
#include <libdeflate.h>
#include <zlib.h>

#include "codec.h"
#include "isal.h"

#define LOAD_MIN	((size_t)48 << 10)	/* bytes; for less ISA-L is not loaded */

/*
 * Up to this size zlib's plain code does.  libdeflate asks the CPU what it can
 * do, which in a virtual machine takes as long as compressing a small file.
 */
#define PLAIN_MAX	((size_t)4 << 10)

uint32_t wd_crc32(uint32_t crc, const void *data, size_t len)
{
#if WD_HAVE_ISAL
	const struct wd_isal *isal = len >= LOAD_MIN ? wd_isal() : wd_isal_if_loaded();

	if (isal)
		return isal->crc32_gzip_refl(crc, data, len);
#endif
	if (len && len <= PLAIN_MAX)
		return (uint32_t)crc32(crc, data, (uInt)len);
	return libdeflate_crc32(crc, data, len);
}

uint32_t wd_adler32(uint32_t adler, const void *data, size_t len)
{
	if (len && len <= PLAIN_MAX)
		return (uint32_t)adler32(adler, data, (uInt)len);
	return libdeflate_adler32(adler, data, len);
}

uint32_t wd_crc32_join(uint32_t crc1, uint32_t crc2, uint64_t len2)
{
	/* One chunk is often as long as the one before, and this takes most of the time. */
	static _Thread_local struct {
		uint64_t len;
		z_crc_t op;
	} last;

	if (last.len != len2 || !last.op) {
		last.op = (z_crc_t)crc32_combine_gen64((z_off64_t)len2);
		last.len = len2;
	}
	return (uint32_t)crc32_combine_op(crc1, crc2, last.op);
}

uint32_t wd_adler32_join(uint32_t adler1, uint32_t adler2, uint64_t len2)
{
	/* Only the length modulo 65521 matters. */
	return (uint32_t)adler32_combine64(adler1, adler2, (z_off64_t)(len2 % 65521));
}
