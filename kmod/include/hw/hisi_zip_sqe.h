/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Requests of the HiSilicon ZIP engine: the submission queue entry, scatter-gather
 * lists, and what is carried from one request of a stream to the next.
 *
 * An entry is request and response: the device writes its results into the slot and
 * leaves everything else as it was.  Whether a queue compresses or decompresses is
 * its type (QM_SQC_TYPE), not a field of the entry.
 *
 * The facts are those that Linux's drivers/crypto/hisilicon/zip/, sgl.c and UADK's
 * drv/hisi_comp.c show in use.
 */
#ifndef _HISI_ZIP_SQE_H
#define _HISI_ZIP_SQE_H

#include "hw_types.h"

struct hisi_zip_sqe {
	__le32 consumed;	/* bytes of input used; by the device */
	__le32 produced;	/* bytes of output written; by the device */
	__le32 comp_data_len;	/* by the device */
	__le32 dw3;		/* HZIP_SQE_STATUS, HZIP_SQE_LAST_BLOCK; by the device */
	__le32 in_len;
	__le32 lba_low;		/* of storage requests, here 0; so all dif_* */
	__le32 lba_high;
	__le32 dw7;
	__le32 dw8;		/* HZIP_SQE_OUT_OFFSET */
	__le32 dw9;
	__le32 dif_generate;
	__le32 dif_private;
	__le32 dif_verify;
	__le32 tag_type0;	/* type 0: the tag; else 0 (LZ77: size of literal buffer) */
	__le32 out_len;		/* space for output */
	__le32 ctx_dw0;		/* the stream's, there and back; HZIP_CTX0_* */
	__le32 comp_head_low;
	__le32 comp_head_high;
	__le32 src_low;		/* buffer or list */
	__le32 src_high;
	__le32 dst_low;
	__le32 dst_high;
	__le32 ctx_low;		/* context buffer + HZIP_CTX_DEVICE; 0 if stateless */
	__le32 ctx_high;
	__le32 key1_low;
	__le32 key1_high;
	__le32 tag_low;		/* type 3: the tag */
	__le32 tag_high;
	__le32 ctx_dw1;		/* there and back */
	__le32 ctx_dw2;		/* there and back */
	__le32 isize;		/* there and back: bytes of plain data so far */
	__le32 checksum;	/* there and back */
};

#define HZIP_SQE_SIZE_LOG2	7

/* dw3 */
#define HZIP_SQE_STATUS		GENMASK(7, 0)
#define HZIP_SQE_LAST_BLOCK	BIT(8)

/* dw7 */
#define HZIP_SQE_IN_OFFSET	GENMASK(23, 0)	/* into the source list */
#define HZIP_SQE_FINISH		BIT(25)		/* 0: sync flush */
#define HZIP_SQE_STATEFUL	BIT(26)
#define HZIP_SQE_NEW		BIT(27)		/* first request of a stream */
#define HZIP_SQE_TYPE		GENMASK(31, 28)
#define HZIP_SQE_TYPE0		0
#define HZIP_SQE_TYPE3		3

/* dw8 */
#define HZIP_SQE_OUT_OFFSET	GENMASK(23, 0)	/* into the destination list */

/* dw9 */
#define HZIP_SQE_ALG		GENMASK(7, 0)
#define HZIP_ALG_DEFLATE	0x01
#define HZIP_ALG_ZLIB		0x02
#define HZIP_ALG_GZIP		0x03
#define HZIP_ALG_LZ4		0x04
#define HZIP_ALG_LZ77_ONLY	0x40
#define HZIP_ALG_LZ77_ZSTD	0x43
#define HZIP_SQE_BUFFERS	GENMASK(11, 8)
#define HZIP_BUFFERS_FLAT	0
#define HZIP_BUFFERS_SGL	1
#define HZIP_SQE_WINDOW		GENMASK(15, 12)
#define HZIP_WINDOW_4K		0
#define HZIP_WINDOW_8K		1
#define HZIP_WINDOW_16K		2
#define HZIP_WINDOW_24K		3
#define HZIP_WINDOW_32K		4

/* Queue types */
#define HZIP_QUEUE_COMPRESS	0
#define HZIP_QUEUE_DECOMPRESS	1

/* Statuses.  What is not named here is an error, too. */
#define HZIP_STATUS_OK		0x00
#define HZIP_STATUS_NEGATIVE	0x0d	/* output not smaller than input; it is valid */
#define HZIP_STATUS_NO_SPACE	0x0e
#define HZIP_STATUS_CHECKSUM	0x10	/* of a trailer */
#define HZIP_STATUS_END		0x13	/* stateful: the end of the stream */

/* A stream's context dwords */
#define HZIP_CTX0_STATE		GENMASK(3, 0)
#define HZIP_STATE_IDLE		0
#define HZIP_STATE_END_NO_SPACE	1	/* last block decoded, no space left */
#define HZIP_STATE_NO_SPACE	2	/* in the middle, no space left */
#define HZIP_STATE_NO_BLOCK	3	/* next block not started */
#define HZIP_STATE_END_RAW	4	/* the end, and no checksum follows */
#define HZIP_CTX0_LAST_BLOCK	BIT(7)	/* the block being decoded is the last */
#define HZIP_CTX0_HEAD_BITS	GENMASK(15, 10)	/* cached, not yet decodable */
#define HZIP_CTX1_STORED_LEFT	GENMASK(18, 0)	/* of a stored block */
#define HZIP_CTX2_WINDOW	GENMASK(15, 0)	/* bytes saved in the context buffer */

/*
 * The context buffer of a stream, zeroed by software at its start.  The device is
 * given the address of HZIP_CTX_DEVICE in it.
 */
#define HZIP_CTX_SIZE		0x10000
#define HZIP_CTX_DEVICE		64
#define HZIP_CTX_DEVICE_SIZE	0x97c0
/* In the device's part: the window; after it, aligned to 16, the cached bits. */
#define HZIP_CTX_WINDOW		0xc00
#define HZIP_CTX_HEAD_BYTES	8
/* At a block's start the device holds back what is less than this, if more may come. */
#define HZIP_HOLD_BITS		40

/* Limits of a request */
#define HZIP_LEN_MAX		0x800000
#define HZIP_OUT_MIN		16	/* with less the device ignores the request */
#define HZIP_STREAM_OUT_MIN	201	/* the least space of a stateful request */

/*
 * Scatter-gather list: a header, then entries.
 */
struct hisi_sgl_entry {
	__le64 addr;
	__le64 software1;
	__le32 len;
	__le32 reserved;
	__le64 software2;
};

struct hisi_sgl {
	__le64 next;		/* address of the next list, 0: none */
	__le16 slots_chain;	/* in the whole chain */
	__le16 entries;		/* valid ones in this list */
	__le16 slots;		/* in this list */
	__le16 reserved1;
	__u8 software1[40];
	__le64 software2;
	struct hisi_sgl_entry entry[];
};

#define HISI_SGL_ALIGN		64
#define HISI_SGL_ENTRIES_MAX	255	/* in a list */
#define HISI_SGL_LISTS_MAX	256	/* of a request */
#define HISI_SGL_ENTRY_LEN_MAX	0x800000

static_assert(sizeof(struct hisi_zip_sqe) == 128, "an SQE is 128 bytes");
static_assert(sizeof(struct hisi_sgl) == 64, "a list's header is 64 bytes");
static_assert(sizeof(struct hisi_sgl_entry) == 32, "a list's entry is 32 bytes");

#endif
