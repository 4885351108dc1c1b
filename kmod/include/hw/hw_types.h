/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the layouts in this directory are written with: little-endian types, bits
 * and fields.  The kernel has all of it; this is the same for user space.
 */
#ifndef _HW_TYPES_H
#define _HW_TYPES_H

#ifdef __KERNEL__

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

#else

#include <assert.h>
#include <linux/types.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "little-endian machines only"
#endif

#define BIT(n)			(1u << (n))
#define BIT_ULL(n)		(1ull << (n))
#define GENMASK(high, low)	((~0u << (low)) & (~0u >> (31 - (high))))
#define GENMASK_ULL(high, low)	((~0ull << (low)) & (~0ull >> (63 - (high))))

/* A field counts in the lowest bit of its mask. */
#define FIELD_GET(mask, reg) ({					\
	const __typeof__(mask) get_mask_ = (mask);		\
	((reg) & get_mask_) / (get_mask_ & -get_mask_);		\
})
#define FIELD_PREP(mask, val) ({				\
	const __typeof__(mask) prep_mask_ = (mask);		\
	((val) * (prep_mask_ & -prep_mask_)) & prep_mask_;	\
})

#define le16_to_cpu(x)		((uint16_t)(x))
#define le32_to_cpu(x)		((uint32_t)(x))
#define le64_to_cpu(x)		((uint64_t)(x))
#define cpu_to_le16(x)		((__le16)(x))
#define cpu_to_le32(x)		((__le32)(x))
#define cpu_to_le64(x)		((__le64)(x))

#define le16_get_bits(x, mask)	FIELD_GET(mask, le16_to_cpu(x))
#define le32_get_bits(x, mask)	FIELD_GET(mask, le32_to_cpu(x))

#endif

#endif
