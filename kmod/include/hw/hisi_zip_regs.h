/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The ZIP engine behind a HiSilicon queue manager: its registers in the PF's BAR 2
 * and its capability words.  Requests are in hisi_zip_sqe.h.
 *
 * The facts are those that Linux's drivers/crypto/hisilicon/zip/zip_main.c shows in
 * use.
 */
#ifndef _HISI_ZIP_REGS_H
#define _HISI_ZIP_REGS_H

#include "hw_types.h"

#define HZIP_PCI_PF		0xa250
#define HZIP_PCI_VF		0xa251
#define HZIP_PCI_CLASS		0x120000	/* processing accelerator */

/* Capability words, after those of the queue manager */
#define HZIP_CAP_NFE		0x3130
#define HZIP_CAP_RESET		0x3134
#define HZIP_CAP_CE		0x3138
#define HZIP_CAP_CORES		0x313c
#define HZIP_CAP_CLUSTERS		GENMASK(31, 28)
#define HZIP_CAP_CORE_TYPES		GENMASK(27, 24)
#define HZIP_CAP_CORES_ALL		GENMASK(23, 16)
#define HZIP_CAP_CORES_COMP		GENMASK(15, 8)
#define HZIP_CAP_CORES_DECOMP		GENMASK(7, 0)
#define HZIP_CAP_CORE_MAP	0x3140	/* 15:0 compress, 31:16 decompress */
#define HZIP_CAP_KERNEL_ALGS	0x3144
#define HZIP_CAP_USER_ALGS	0x3148
#define HZIP_CAP_CORE1_ALGS	0x314c
#define HZIP_CAP_CORE2_ALGS	0x3150
#define HZIP_CAP_CORE3_ALGS	0x3154
#define HZIP_CAP_CORE4_ALGS	0x3158
#define HZIP_CAP_CORE5_ALGS	0x315c
#define HZIP_ALGS_ZLIB			GENMASK(1, 0)	/* each compress, decompress */
#define HZIP_ALGS_GZIP			GENMASK(3, 2)
#define HZIP_ALGS_DEFLATE		GENMASK(5, 4)
#define HZIP_ALGS_LZ77			GENMASK(7, 6)
#define HZIP_ALGS_LZ4			GENMASK(9, 8)

#define HZIP_COUNTER_CLEAR	0x301000	/* bit 0: reading a counter clears it */
#define HZIP_CLOCK_GATE		0x301004
#define HZIP_FSM_MAX_COUNT	0x301008
#define HZIP_CTRL		0x30100c
#define HZIP_CTRL_AXI_SHUTDOWN		BIT(14)	/* on an error */
#define HZIP_ARCACHE_0		0x301040
#define HZIP_ARCACHE_1		0x301044
#define HZIP_AWCACHE_0		0x301060
#define HZIP_AWCACHE_1		0x301064
#define HZIP_ERR_SOURCE		0x3010a0	/* write 1 to clear */
#define HZIP_ERR_MASK		0x3010a4	/* 1: masked */
#define HZIP_ERR_INJECT		0x3010a8
#define HZIP_ERR_STATUS		0x3010ac
#define HZIP_BD_RUSER		0x301110
#define HZIP_SGL_RUSER		0x30111c
#define HZIP_DATA_RUSER		0x301128
#define HZIP_DATA_WUSER		0x301134
#define HZIP_BD_WUSER		0x301140
#define HZIP_SRAM_ECC_INFO	0x301148
#define HZIP_SRAM_ECC_NUMBER		GENMASK(23, 16)
#define HZIP_RAS_CE_ENABLE	0x301160
#define HZIP_RAS_NFE_ENABLE	0x301164
#define HZIP_RAS_FE_ENABLE	0x301168
#define HZIP_RAS_CTRL		0x30116c
#define HZIP_PEH_AUTO_GATE	0x3011a8
#define HZIP_PREFETCH_CFG	0x3011b0
#define HZIP_SVA_TRANSACTIONS	0x3011c4
#define HZIP_LIT_LEN_CTRL	0x301204
#define HZIP_PERF_MODE		0x301208	/* bit 0: fast rather than small */
#define HZIP_SHUTDOWN_SELECT	0x30120c

/* Compression cores 0 and 1, then decompression cores 0 to 5 */
#define HZIP_CORES		0x302000
#define HZIP_CORE_STRIDE	0x1000
#define HZIP_CORES_COMP		2
#define HZIP_CORES_MAX		8
#define HZIP_CORE_BD_FETCHED		0x00
#define HZIP_CORE_BD_GOOD		0x04
#define HZIP_CORE_BD_BAD		0x08
#define HZIP_CORE_BD_DONE		0x0c
#define HZIP_CORE_WORK_CYCLES		0x10
#define HZIP_CORE_IDLE_CYCLES		0x18
#define HZIP_CORE_DELAY_MAX		0x20
#define HZIP_CORE_DELAY_MIN		0x24
#define HZIP_CORE_DELAY_AVG		0x28
#define HZIP_CORE_CONSUMED		0x38
#define HZIP_CORE_PRODUCED		0x40
#define HZIP_CORE_BD_READ		0x7c
#define HZIP_CORE_BD_WRITTEN		0x80
#define HZIP_CORE_BD_FETCH_AXI_ERR	0x84
#define HZIP_CORE_BD_PARSE_ERR		0x88
#define HZIP_CORE_BD_WRITE_AXI_ERR	0x8c
#define HZIP_CORE_END			0xa0

#define HZIP_BAR_SIZE		0x400000

/* Bits of HZIP_ERR_* */
#define HZIP_ERR_ECC_1BIT	BIT(0)
#define HZIP_ERR_ECC_2BIT	BIT(1)
#define HZIP_ERR_AXI_READ	BIT(2)
#define HZIP_ERR_AXI_WRITE	BIT(3)
#define HZIP_ERR_SOURCE_ADDR	BIT(4)
#define HZIP_ERR_DEST_ADDR	BIT(5)
#define HZIP_ERR_PRE_IN_ADDR	BIT(6)
#define HZIP_ERR_PRE_IN_DATA	BIT(7)
#define HZIP_ERR_COMPRESSOR	BIT(8)
#define HZIP_ERR_ENCODER	BIT(9)
#define HZIP_ERR_PRE_OUT	BIT(10)
#define HZIP_ERR_AXI_POISON	BIT(11)
#define HZIP_ERR_SVA		BIT(12)
#define HZIP_ERR_ALL		GENMASK(12, 0)

#endif
