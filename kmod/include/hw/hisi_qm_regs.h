/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The queue manager (QM) of HiSilicon's accelerators: registers, mailbox, contexts,
 * rings and doorbells.  No logic here; the engines have headers of their own.
 *
 * The facts are those that Linux's drivers/crypto/hisilicon/qm.c,
 * include/linux/hisi_acc_qm.h and UADK's drv/hisi_qm_udrv.c show in use; Linux's
 * names are kept where it has any.
 */
#ifndef _HISI_QM_REGS_H
#define _HISI_QM_REGS_H

#include "hw_types.h"

#define HISI_PCI_VENDOR		0x19e5

/* PCI revisions */
#define QM_HW_V1		0x20
#define QM_HW_V2		0x21
#define QM_HW_V3		0x30
/* Of these the revision is that of V3: QM_SUB_VERSION tells them. */
#define QM_HW_V4		0x50
#define QM_HW_V5		0x51

#define QM_BAR_REGS		2	/* registers */
#define QM_BAR_DOORBELLS	4	/* a page for each queue, if QM_ISOLATION says so */
#define QM_DOORBELL_STRIDE	0x10000

/*
 * The page that each function has.
 */
#define QM_AEQ_INT_SOURCE	0x0000
#define QM_AEQ_INT_MASK		0x0004	/* 1: masked */
#define QM_EQ_INT_SOURCE	0x0008
#define QM_EQ_INT_MASK		0x000c	/* 1: masked */
#define QM_IFC_SOURCE_V		0x0020	/* messages between PF and VFs */
#define QM_IFC_MASK		0x0024
#define QM_IFC_STATUS		0x0028
#define QM_IFC_SET_V		0x002c
#define QM_ISOLATION		0x0030	/* bit 0: doorbells in QM_BAR_DOORBELLS */
#define QM_PAGE_SIZE		0x0034
#define QM_FUNCTION_DB_DROP	0x0038	/* V5; bit 0: doorbells are ignored */
#define QM_VF_STATE		0x0060
#define QM_FUNS_ACTIVE		0x0200
#define QM_CACHE_WB_START	0x0204
#define QM_CACHE_WB_DONE	0x0208
#define QM_SUB_VERSION		0x0210	/* 0: V3 */
#define QM_MB			0x0300	/* the mailbox, 16 bytes */
#define QM_MSG_TO_PF		0x0320	/* V4; 8 bytes, of a VF */
#define QM_MSG_FROM_PF		0x0380	/* V4; 8 bytes, of a VF */
#define QM_DB_SQ_CQ		0x1000	/* doorbells, 8 bytes at once */
#define QM_USAGE		0x1100	/* V5; of compress, decompress, DAE */
#define QM_USAGE_USED			GENMASK(15, 0)
#define QM_USAGE_TOTAL			GENMASK(31, 16)
#define QM_DB_EQ_AEQ		0x2000
#define QM_CAPS			0x3100
#define QM_CAPS_END		0x3180

/* Capability words; V3 and later */
#define QM_CAP_FEATURES		0x3100
#define QM_CAP_VERSION			GENMASK(7, 0)
#define QM_CAP_QOS			BIT(8)
#define QM_CAP_STOP_QP			BIT(9)
#define QM_CAP_FLUSH_QM			BIT(10)
#define QM_CAP_MESSAGES			BIT(11)
#define QM_CAP_VF_RUNTIME_PM		BIT(12)
#define QM_CAP_PF_RUNTIME_PM		BIT(13)
#define QM_CAP_SVA_PREFETCH		BIT(14)
#define QM_CAP_DAE			BIT(15)
#define QM_CAP_EQ_DEPTHS	0x3104	/* 15:0 EQ, 31:16 AEQ */
#define QM_CAP_QUEUE_DEPTHS	0x3108	/* 15:0 SQ, 31:16 CQ */
#define QM_CAP_IRQ_EQ		0x310c	/* each 15:0 vector, 31:16 type, 0: none */
#define QM_CAP_IRQ_AEQ		0x3110
#define QM_CAP_IRQ_ABNORMAL	0x3114
#define QM_CAP_IRQ_MESSAGE	0x3118
#define QM_CAP_IRQ_COUNT	0x311c	/* 15:0 of a VF, 31:16 of the PF */
#define QM_CAP_EXTENSION_BAR	0x3120
#define QM_CAP_NFE		0x3124
#define QM_CAP_RESET		0x3128
#define QM_CAP_CE		0x312c
#define QM_CAP_LOW			GENMASK(15, 0)
#define QM_CAP_HIGH			GENMASK(31, 16)

/*
 * What the whole device has; only the PF.
 */
#define QM_ERR_SOURCE		0x100000	/* write 1 to clear */
#define QM_ERR_MASK		0x100004	/* 1: masked */
#define QM_ERR_STATUS		0x100008
#define QM_ERR_INJECT		0x10000c
#define QM_ERR_FIFO_INFO	0x100010
#define QM_ERR_DOORBELL_INFO	0x100014
#define QM_ERR_AXI_READ_INFO	0x100018
#define QM_ERR_AXI_POISON		BIT(22)
#define QM_ERR_INFO_QUEUE		GENMASK(31, 16)
#define QM_ERR_INFO_TYPE		GENMASK(7, 6)
#define QM_ERR_INFO_FUNCTION		GENMASK(5, 0)

#define QM_MEM_START		0x100040
#define QM_MEM_DONE		0x100044
#define QM_CACHE_CTL		0x100050
#define QM_VFT_OP		0x100054
#define QM_VFT_READ		0x100058	/* 0: write, 1: read */
#define QM_VFT_TYPE		0x10005c
#define QM_VFT_FUNCTION		0x100060
#define QM_VFT_DATA_LOW		0x100064
#define QM_VFT_DATA_HIGH	0x100068
#define QM_VFT_READY		0x10006c
#define QM_TIMEOUT_CFG		0x100070
#define QM_DB_TIMEOUT_CFG	0x100074
#define QM_FLR_PENDING		0x100078
#define QM_ARUSER_CFG1		0x100088
#define QM_ARUSER_ENABLE	0x100090
#define QM_AWUSER_CFG1		0x100098
#define QM_AWUSER_ENABLE	0x1000a0
#define QM_WUSER_ENABLE		0x1000a8
#define QM_AXI_CFG		0x1000ac
#define QM_AXI_ENABLE		0x1000b0
#define QM_PEH_AXUSER_CFG	0x1000cc
#define QM_PEH_AXUSER_ENABLE	0x1000d0
#define QM_PEH_VENDOR_ID	0x1000d8
#define QM_RAS_CE_ENABLE	0x1000ec
#define QM_RAS_FE_ENABLE	0x1000f0
#define QM_RAS_NFE_ENABLE	0x1000f4
#define QM_RAS_CE_THRESHOLD	0x1000f8
#define QM_PEH_DFX0		0x1000fc
#define QM_PEH_DFX1		0x100100
#define QM_COUNTER_CLEAR	0x100118	/* bit 0: reading a counter clears it */
#define QM_IFC_READY_P		0x100128
#define QM_IFC_SET_P		0x100130
#define QM_IFC_CFG_P		0x100134
#define QM_IFC_SOURCE_P		0x100138	/* 8 bytes */
#define QM_POWER_CTL		0x100148
#define QM_QUEUES		0x100158
#define QM_QUEUES_TOTAL			GENMASK(10, 0)
#define QM_QUEUES_PER_FUNCTION		GENMASK(21, 11)
#define QM_SHAPER_CFG		0x100164
#define QM_MIGRATION_REGION	0x100198	/* V4; bit 0 */
#define QM_DB_DROP		0x100250	/* V5; 8 bytes: doorbells of function n */
#define QM_FUNCTION_AXI_ERR	0x100280	/* V5; 8 bytes, write 1 to clear */

#define QM_COUNTERS		0x104000
#define QM_COUNTERS_END		0x104200
#define QM_ECC_1BIT_COUNT	0x104000
#define QM_ECC_1BIT_INFO	0x104004
#define QM_ECC_MBIT_COUNT	0x104008
#define QM_ECC_MBIT_INFO	0x10400c
#define QM_DFX_SEL_MB		0x104010
#define QM_DFX_MB_COUNT		0x104018
#define QM_DFX_SEL_DB		0x104020
#define QM_DFX_DB_COUNT		0x104028
#define QM_DFX_SEL_SQE		0x104030
#define QM_DFX_SQE_COUNT	0x104038
#define QM_DFX_SEL_CQE		0x104040
#define QM_DFX_CQE_COUNT	0x104048
#define QM_DFX_TO_ENGINE_COUNT	0x104050
#define QM_DFX_WRITE_BACK_COUNT	0x104058
#define QM_DFX_FINISH_COUNT	0x104060
#define QM_DFX_CQE_ERR_COUNT	0x1040b4
#define QM_DFX_IDLE		0x1040e4	/* 1: idle */
#define QM_SHUTDOWN_SELECT	0x1040f8
#define QM_MSG_TO_VF		0x104700	/* V4; 8 bytes */
#define QM_MSG_FROM_VF		0x104800	/* V4; 4 bytes of each VF */

#define QM_AXI_CTRL		0x300000	/* 1: no new transactions */
#define QM_AM_WRITE_ENABLE	0x30001c
#define QM_AM_WRITE_MSI			BIT(11)
#define QM_AM_ROB_ECC		0x300104	/* write 1 to clear */
#define QM_AM_ROB_ECC_MBIT		BIT(1)
#define QM_AXI_RETURNED		0x300150	/* 3: none is under way */

/* Bits of QM_ERR_* */
#define QM_ERR_AXI_READ		BIT(0)
#define QM_ERR_AXI_WRITE	BIT(1)
#define QM_ERR_ECC_MBIT		BIT(2)
#define QM_ERR_ECC_1BIT		BIT(3)
#define QM_ERR_GET_TASK_TIMEOUT	BIT(4)
#define QM_ERR_DO_TASK_TIMEOUT	BIT(5)
#define QM_ERR_WRITE_BACK_TIMEOUT BIT(6)
#define QM_ERR_SQ_CQ_VF_INVALID	BIT(7)
#define QM_ERR_CQ_VF_INVALID	BIT(8)
#define QM_ERR_SQ_VF_INVALID	BIT(9)
#define QM_ERR_DB_TIMEOUT	BIT(10)
#define QM_ERR_FIFO_OVERFLOW	BIT(11)
#define QM_ERR_DB_RANDOM	BIT(12)
#define QM_ERR_MB_TIMEOUT	BIT(13)
#define QM_ERR_FLR_TIMEOUT	BIT(14)
#define QM_ERR_ALL		GENMASK(14, 0)

/*
 * Mailbox: 16 bytes written at once.
 */
struct hisi_qm_mailbox {
	__le16 w0;
	__le16 queue;		/* or function */
	__le32 addr_low;	/* or immediate data */
	__le32 addr_high;
	__le32 reserved;
};

#define QM_MB_CMD		GENMASK(7, 0)
#define QM_MB_EVENT		BIT(8)
#define QM_MB_STATUS		GENMASK(12, 9)	/* 0: done without error */
#define QM_MB_BUSY		BIT(13)
#define QM_MB_OP_READ		BIT(14)

#define QM_MB_CMD_SQC		0x0
#define QM_MB_CMD_CQC		0x1
#define QM_MB_CMD_EQC		0x2
#define QM_MB_CMD_AEQC		0x3
#define QM_MB_CMD_SQC_BT	0x4
#define QM_MB_CMD_CQC_BT	0x5
#define QM_MB_CMD_SQC_VFT	0x6
#define QM_MB_CMD_STOP_QP	0x8
#define QM_MB_CMD_FLUSH_QM	0x9
#define QM_MB_CMD_SRC		0xc
#define QM_MB_CMD_DST		0xd
#define QM_MB_CMD_PAUSE_QM	0xe

/* VFT: which queues a function has */
#define QM_VFT_SQC		0
#define QM_VFT_CQC		1
#define QM_VFT_SHAPER		2
#define QM_VFT_SQC_BASE		GENMASK_ULL(43, 28)
#define QM_VFT_SQC_VALID	BIT_ULL(44)
#define QM_VFT_SQC_COUNT	GENMASK_ULL(54, 45)	/* less one */
#define QM_VFT_CQC_VALID	BIT_ULL(28)

/*
 * Contexts, as the mailbox loads and dumps them.
 */
struct hisi_qm_sqc {
	__le16 head;
	__le16 tail;
	__le32 base_low;
	__le32 base_high;
	__le32 dw3;		/* QM_C_DEPTH, QM_C_ENTRY_SIZE */
	__le16 random;		/* what its doorbells have to carry */
	__le16 reserved1;
	__le16 pasid;
	__le16 w11;
	__le16 cq;
	__le16 w13;
	__le32 reserved2;
};

struct hisi_qm_cqc {
	__le16 head;
	__le16 tail;
	__le32 base_low;
	__le32 base_high;
	__le32 dw3;
	__le16 random;
	__le16 reserved1;
	__le16 pasid;
	__le16 w11;
	__le32 dw6;
	__le32 reserved2;
};

struct hisi_qm_eqc {		/* and of the AEQ */
	__le16 head;
	__le16 tail;
	__le32 base_low;
	__le32 base_high;
	__le32 dw3;
	__le32 reserved[2];
	__le32 dw6;
};

#define QM_C_DEPTH		GENMASK(11, 0)	/* less one */
#define QM_C_ENTRY_SIZE		GENMASK(15, 12)	/* log2 of bytes */
#define QM_C_TOGGLE		BIT(6)		/* w11: the tail wrapped an odd number of times */
#define QM_SQC_PASID		BIT(7)		/* w11 */
#define QM_CQC_PASID		BIT(0)		/* w11 */
#define QM_SQC_PRIORITY		GENMASK(3, 0)	/* w13 */
#define QM_SQC_IN_ORDER		BIT(4)
#define QM_SQC_DISABLED		BIT(6)
#define QM_SQC_TYPE		GENMASK(11, 8)	/* what the engine does for the queue */
#define QM_CQC_PHASE		BIT(0)		/* dw6 */
#define QM_CQC_C_FLAG		BIT(1)
#define QM_EQC_DEPTH		GENMASK(15, 0)	/* dw6; less one */
#define QM_EQC_PHASE		BIT(16)
#define QM_CONTEXT_ALIGN	32

#define QM_POISONED_RANDOM	0xaaaa

/*
 * Ring entries.  The phase is 1 on the first pass through a ring of zeros.
 */
struct hisi_qm_cqe {
	__le32 reserved1;
	__le16 command;
	__le16 reserved2;
	__le16 sq_head;		/* the slot that was completed */
	__le16 sq;
	__le16 reserved3;
	__le16 w7;		/* QM_CQE_PHASE */
};

#define QM_CQE_PHASE		BIT(0)
#define QM_CQE_SIZE_LOG2	4

#define QM_EQE_QUEUE		GENMASK(15, 0)
#define QM_EQE_PHASE		BIT(16)
#define QM_AEQE_TYPE		GENMASK(20, 17)
#define QM_AEQE_CQ_OVERFLOW	0
#define QM_AEQE_EQ_OVERFLOW	1
#define QM_AEQE_CQE_ERROR	2

/*
 * Doorbells: one 64-bit write.
 */
#define QM_DB_QUEUE		GENMASK_ULL(11, 0)
#define QM_DB_CMD		GENMASK_ULL(15, 12)
#define QM_DB_RANDOM		GENMASK_ULL(31, 16)
#define QM_DB_INDEX		GENMASK_ULL(47, 32)
#define QM_DB_PRIORITY		GENMASK_ULL(63, 48)	/* of a CQ: bit 0 is its c_flag */
#define QM_DB_CMD_SQ		0
#define QM_DB_CMD_CQ		1
#define QM_DB_CMD_EQ		2
#define QM_DB_CMD_AEQ		3

static_assert(sizeof(struct hisi_qm_mailbox) == 16, "a mailbox is 16 bytes");
static_assert(sizeof(struct hisi_qm_sqc) == 32, "an SQ context is 32 bytes");
static_assert(sizeof(struct hisi_qm_cqc) == 32, "a CQ context is 32 bytes");
static_assert(sizeof(struct hisi_qm_eqc) == 28, "an EQ context is 28 bytes");
static_assert(sizeof(struct hisi_qm_cqe) == 16, "a CQE is 16 bytes");

#endif
