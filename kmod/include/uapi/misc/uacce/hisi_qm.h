/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Queue files of devices behind HiSilicon's queue manager.
 *
 * Names and numbers are those of Linux's own <misc/uacce/hisi_qm.h>.
 */
#ifndef _UAPI_MISC_UACCE_HISI_QM_H
#define _UAPI_MISC_UACCE_HISI_QM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Before UACCE_CMD_START_Q: what the queue is for. */
struct hisi_qp_ctx {
	__u16 id;		/* out: the queue's number, for doorbells */
	__u16 qc_type;		/* in: its type, for ZIP 0 compress, 1 decompress */
};

/* Out: how the rings lie in the DUS region: the SQ, then the CQ. */
struct hisi_qp_info {
	__u32 sqe_size;		/* bytes */
	__u16 sq_depth;		/* entries */
	__u16 cq_depth;
	__u64 reserved;
};

#define UACCE_CMD_QM_SET_QP_CTX		_IOWR('H', 10, struct hisi_qp_ctx)
#define UACCE_CMD_QM_SET_QP_INFO	_IOWR('H', 11, struct hisi_qp_info)

/* What the sysfs attribute "api" says. */
#define HISI_QM_API_VER2	"hisi_qm_v2"
#define HISI_QM_API_VER3	"hisi_qm_v3"
#define HISI_QM_API_VER5	"hisi_qm_v5"
#define HISI_QM_API_NOIOMMU	"_noiommu"	/* after it, without SVA */

#endif
