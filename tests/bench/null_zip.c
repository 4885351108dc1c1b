/* SPDX-License-Identifier: MIT */
/*
 * What of a ZIP engine its driver can see: see null_zip.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <hw/hisi_qm_regs.h>
#include <hw/hisi_zip_sqe.h>
#include <misc/uacce/hisi_qm.h>
#include <misc/uacce/uacce.h>

#include "null_zip.h"

#define DEPTH	 64u
#define PAGE	 4096u
#define PRODUCED 30u

static _Alignas(4096) uint8_t dus[4 * PAGE], mmio[2 * PAGE];
static uint32_t answered;

static struct hisi_zip_sqe *sqe_at(uint32_t i)
{
	return (struct hisi_zip_sqe *)(void *)dus + i % DEPTH;
}

/* The end of a gzip member: a checksum, which is 0, and a length. */
static void put_tail(const struct hisi_zip_sqe *sqe)
{
	uint8_t *out = (uint8_t *)(uintptr_t)((uint64_t)sqe->dst_high << 32 |
					      sqe->dst_low);
	uint32_t tail[2] = { 0, sqe->in_len };

	memcpy(out + PRODUCED - sizeof(tail), tail, sizeof(tail));
}

/* It has been done, as far as can be told from the result. */
static void answer(void)
{
	struct hisi_qm_cqe *cqes =
		(void *)(dus + DEPTH * sizeof(struct hisi_zip_sqe));
	struct hisi_zip_sqe *sqe = sqe_at(answered);

	sqe->consumed = sqe->in_len;
	sqe->produced = PRODUCED;
	put_tail(sqe);
	cqes[answered % DEPTH].sq_head = (uint16_t)(answered % DEPTH);
	cqes[answered % DEPTH].w7 = !(answered / DEPTH % 2);
	answered++;
}

static void zip_doorbell(void *addr, uint64_t value)
{
	(void)addr;
	if (FIELD_GET(QM_DB_CMD, value) != QM_DB_CMD_SQ)
		return;
	while (answered % DEPTH != FIELD_GET(QM_DB_INDEX, value))
		answer();
}

static int zip_find(const char *name, struct wd_transport_dev *dev)
{
	memset(dev, 0, sizeof(*dev));
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	strcpy(dev->api, HISI_QM_API_VER3);
	strcpy(dev->algs, "gzip");
	dev->flags = UACCE_DEV_SVA;
	dev->region_size[UACCE_QFRT_MMIO] = sizeof(mmio);
	dev->region_size[UACCE_QFRT_DUS] = sizeof(dus);
	return 0;
}

static int zip_next(unsigned int *pos, struct wd_transport_dev *dev)
{
	return (*pos)++ == 0 && !zip_find("hisi_zip-0", dev);
}

static int zip_open(const char *name)
{
	(void)name;
	return 0;
}

static void zip_close(int handle)
{
	(void)handle;
}

static int zip_ctl(int handle, unsigned long request, void *arg)
{
	(void)handle;
	if (request == UACCE_CMD_QM_SET_QP_INFO)
		*(struct hisi_qp_info *)arg = (struct hisi_qp_info){
			.sqe_size = sizeof(struct hisi_zip_sqe),
			.sq_depth = DEPTH,
			.cq_depth = DEPTH,
		};
	return 0;
}

static void *zip_map(int handle, unsigned int region, size_t size, int *err)
{
	(void)handle;
	(void)size;
	(void)err;
	return region == UACCE_QFRT_MMIO ? mmio : dus;
}

static void zip_unmap(void *addr, size_t size)
{
	(void)addr;
	(void)size;
}

static int zip_group(void)
{
	return 0;
}

static int zip_join(int group, int handle)
{
	(void)group;
	(void)handle;
	return 0;
}

static int zip_poll(int handle, int timeout_ms)
{
	(void)handle;
	(void)timeout_ms;
	return 1;
}

const struct wd_transport_ops null_zip_transport = {
	.name = "null",
	.next = zip_next,
	.find = zip_find,
	.open = zip_open,
	.close = zip_close,
	.ctl = zip_ctl,
	.map = zip_map,
	.unmap = zip_unmap,
	.doorbell = zip_doorbell,
	.poll = zip_poll,
	.group = zip_group,
	.join = zip_join,
	.poll_group = zip_poll,
};
