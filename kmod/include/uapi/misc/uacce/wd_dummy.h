/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The dummy accelerator: rings and requests.
 *
 * A queue has two rings in its DUS region: requests go to the submission ring,
 * results come back on the completion ring, in the order of the requests.  Each
 * has an index at either end that only ever counts up; entry i is at i modulo
 * the depth, a power of two.  Who reads an index does not trust it: with more
 * than depth entries between the two ends it means nothing.
 *
 *   DUS   0       struct wd_dummy_ring, a page
 *         sq_off  struct wd_dummy_sqe [depth]
 *         cq_off  struct wd_dummy_cqe [depth]
 *   MMIO  0       struct wd_dummy_doorbell, a page
 *
 * To submit: while sq_tail is less than depth ahead of sq_head, read with an
 * acquire, write the entry, then, with a release, sq_tail.  The device looks at it
 * for some time; when it stops looking it sets asleep.  So after a full barrier: if
 * asleep is anything but WD_DUMMY_ASLEEP_NO, WD_DUMMY_CMD_WAKE.
 *
 * To receive: read cq_tail with an acquire, the entry, then write cq_head with a
 * release.  The device takes no request for whose result there is no room, and may
 * be waiting for that.  So after a full barrier: if asleep is WD_DUMMY_ASLEEP_FULL,
 * WD_DUMMY_CMD_WAKE.  Who never has more than depth requests without having taken
 * their results finds it never so, and need not look.
 *
 * The queue file polls readable while cq_tail and cq_head differ.
 *
 * A doorbell that makes no sense sets error.  The device waits for it to be put
 * right as it waits for room.
 *
 * Addresses in requests are those of the process that opened the queue; with the
 * flag UACCE_DEV_NOIOMMU, bus addresses in the queue's own SS region.
 */
#ifndef _UAPI_MISC_UACCE_WD_DUMMY_H
#define _UAPI_MISC_UACCE_WD_DUMMY_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define WD_DUMMY_API		"wd_dummy_v1"
#define WD_DUMMY_API_NOIOMMU	"wd_dummy_v1_noiommu"

/* The device sleeps and has to look at its doorbells again. */
#define WD_DUMMY_CMD_WAKE	_IO('d', 0)

/* For tests of what carries arguments: the number after this one; ERANGE if none is. */
struct wd_dummy_number {
	__u64 value;
};

#define WD_DUMMY_CMD_COUNT	_IOWR('d', 2, struct wd_dummy_number)

#define WD_DUMMY_MAGIC		0x32594d4d55444457ull	/* "WDDUMMY2" */
#define WD_DUMMY_LEN_MAX	(64u << 20)	/* bytes of input or output of a request */
#define WD_DUMMY_DEPTH_MIN	16
#define WD_DUMMY_DEPTH_MAX	4096

/*
 * Written by the device, each word for the reader's good only: it does not read
 * them back.  A page of ones means that the device is gone.
 */
struct wd_dummy_ring {
	__u64 magic;
	__u32 depth;		/* entries of either ring */
	__u32 sq_off;		/* bytes from the start of the region */
	__u32 cq_off;
	__u32 len_max;		/* bytes, of one request's input or output */
	__u32 reserved0[10];

	__u32 sq_head;		/* requests the device has taken */
	__u32 cq_tail;		/* results it has given */
	__u32 asleep;		/* enum wd_dummy_asleep */
	__u32 error;		/* a doorbell made no sense */
	__u32 reserved1[12];
};

/* What it waits for, until WD_DUMMY_CMD_WAKE; "no" also while it looks. */
enum wd_dummy_asleep {
	WD_DUMMY_ASLEEP_NO = 0,
	WD_DUMMY_ASLEEP_EMPTY = 1,	/* for requests */
	WD_DUMMY_ASLEEP_FULL = 2,	/* it has some: for room for their results */
};

/* Written by the process. */
struct wd_dummy_doorbell {
	__u32 sq_tail;		/* requests given to the device */
	__u32 cq_head;		/* results taken from it */
};

enum wd_dummy_op {
	WD_DUMMY_OP_COPY = 0,
	WD_DUMMY_OP_COMPRESS = 1,
	WD_DUMMY_OP_DECOMPRESS = 2,
};

enum wd_dummy_format {
	WD_DUMMY_DEFLATE = 0,	/* RFC 1951 */
	WD_DUMMY_ZLIB = 1,	/* RFC 1950 */
	WD_DUMMY_GZIP = 2,	/* RFC 1952, one member */
};

/* Compression to WD_DUMMY_DEFLATE: no final block, end on a byte (sync flush). */
#define WD_DUMMY_SQE_OPEN	(1 << 0)

struct wd_dummy_sqe {
	__u64 in;
	__u64 out;
	__u32 in_len;		/* bytes */
	__u32 out_cap;		/* bytes */
	__u32 tag;		/* comes back in the result */
	__u8 op;		/* enum wd_dummy_op */
	__u8 format;		/* enum wd_dummy_format */
	__u8 level;		/* 1 to 9, for compression */
	__u8 flags;		/* WD_DUMMY_SQE_ */
	__u32 reserved[8];	/* zero */
};

enum wd_dummy_status {
	WD_DUMMY_OK = 0,
	WD_DUMMY_EINVAL = 1,	/* the request makes no sense */
	WD_DUMMY_EFAULT = 2,	/* in or out is not the process's to use so */
	WD_DUMMY_ENOSPC = 3,	/* out_cap is too small */
	WD_DUMMY_EDATA = 4,	/* the input is not what format says */
	WD_DUMMY_ESHORT = 5,	/* the input ends too early */
	WD_DUMMY_ENOMEM = 6,	/* the device has no memory */
	WD_DUMMY_EIO = 7,	/* the device has failed */
	WD_DUMMY_ESTOP = 8,	/* the queue was stopped meanwhile */
};

struct wd_dummy_cqe {
	__u32 tag;
	__u32 status;		/* enum wd_dummy_status */
	__u32 consumed;		/* bytes of input used; 0 after a failure */
	__u32 produced;		/* bytes of output written; 0 after a failure */
	__u32 checksum;		/* of the plain data: Adler-32 for zlib, else CRC-32 */
	__u32 reserved[3];
};

#endif
