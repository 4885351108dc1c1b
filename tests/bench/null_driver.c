/* SPDX-License-Identifier: MIT */
/*
 * What a send and a receive cost in libwd alone: for callgrind, see
 * send_receive.  Devices that do nothing: a driver that gives back what it was given, and
 * the drivers of the dummy and of the ZIP engine with a device that answers each request
 * at once.
 *
 * usage: null_driver null|dummy|hisi_zip REQUESTS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <misc/uacce/uacce.h>
#include <misc/uacce/wd_dummy.h>

#include <warpdrive/wd_comp.h>

#include "drv/driver.h"
#include "null_zip.h"
#include "transport/transport.h"

/* ---- a driver that does nothing ---- */

static struct wd_work held;

static int null_list(struct wd_device *dev, int max)
{
	if (max < 1)
		return 1;
	memset(dev, 0, sizeof(*dev));
	strcpy(dev->name, "null-0");
	strcpy(dev->driver, "null");
	return 1;
}

static int null_open(struct wd_queue *q, const struct wd_device *dev, void **ctx)
{
	(void)dev;
	q->depth = 1;
	*ctx = &held;
	return 0;
}

static int null_send(void *ctx, const struct wd_work *work)
{
	*(struct wd_work *)ctx = *work;
	return 0;
}

static int null_recv(void *ctx, struct wd_work *done, int timeout_ms)
{
	(void)timeout_ms;
	*done = *(struct wd_work *)ctx;
	return 0;
}

static const struct wd_driver_ops null_driver = {
	.name = "null",
	.list = null_list,
	.open = null_open,
	.send = null_send,
	.recv = null_recv,
};

/* ---- a device that does nothing ---- */

#define DEPTH	16u
#define PAGE	4096u

static _Alignas(64) uint8_t dus[2 * PAGE], mmio[PAGE];
static uint32_t answered;

static struct wd_dummy_ring *ring(void)
{
	return (struct wd_dummy_ring *)(void *)dus;
}

#define PRODUCED	30u

/* The end of a gzip member: a checksum, which is 0, and a length. */
static void put_tail(const struct wd_dummy_sqe *sqe)
{
	uint32_t tail[2] = { 0, sqe->in_len };

	memcpy((uint8_t *)(uintptr_t)sqe->out + PRODUCED - sizeof(tail), tail, sizeof(tail));
}

/* All that was sent has been done, as far as can be told from the result. */
static void answer(void)
{
	const struct wd_dummy_sqe *sqes = (void *)(dus + ring()->sq_off);
	struct wd_dummy_cqe *cqes = (void *)(dus + ring()->cq_off);
	uint32_t tail = ((struct wd_dummy_doorbell *)(void *)mmio)->sq_tail;

	for (; answered != tail; answered++) {
		const struct wd_dummy_sqe *sqe = &sqes[answered % DEPTH];
		struct wd_dummy_cqe *cqe = &cqes[answered % DEPTH];

		memset(cqe, 0, sizeof(*cqe));
		cqe->tag = sqe->tag;
		cqe->consumed = sqe->in_len;
		cqe->produced = PRODUCED;
		put_tail(sqe);
	}
	ring()->cq_tail = answered;
}

static int device_find(const char *name, struct wd_transport_dev *dev)
{
	memset(dev, 0, sizeof(*dev));
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	strcpy(dev->api, "wd_dummy_v1");
	dev->flags = UACCE_DEV_SVA;
	dev->region_size[UACCE_QFRT_MMIO] = sizeof(mmio);
	dev->region_size[UACCE_QFRT_DUS] = sizeof(dus);
	return 0;
}

static int device_next(unsigned int *pos, struct wd_transport_dev *dev)
{
	return (*pos)++ == 0 && !device_find("wd_dummy-0", dev);
}

static int device_open(const char *name)
{
	(void)name;
	ring()->magic = WD_DUMMY_MAGIC;
	ring()->depth = DEPTH;
	ring()->sq_off = PAGE;
	ring()->cq_off = PAGE + DEPTH * sizeof(struct wd_dummy_sqe);
	ring()->len_max = WD_DUMMY_LEN_MAX;
	return 0;
}

static void device_close(int handle)
{
	(void)handle;
}

static int device_ctl(int handle, unsigned long request, void *arg)
{
	(void)handle;
	(void)request;
	(void)arg;
	return 0;
}

static void *device_map(int handle, unsigned int region, size_t size, int *err)
{
	(void)handle;
	(void)size;
	(void)err;
	return region == UACCE_QFRT_MMIO ? mmio : dus;
}

static void device_unmap(void *addr, size_t size)
{
	(void)addr;
	(void)size;
}

static int device_poll(int handle, int timeout_ms)
{
	(void)handle;
	(void)timeout_ms;
	return 1;
}

static const struct wd_transport_ops null_transport = {
	.name = "null",
	.next = device_next,
	.find = device_find,
	.open = device_open,
	.close = device_close,
	.ctl = device_ctl,
	.map = device_map,
	.unmap = device_unmap,
	.poll = device_poll,
};

/* ---- the loop ---- */

int main(int argc, char **argv)
{
	bool dummy = argc == 3 && !strcmp(argv[1], "dummy");
	struct wd_queue q = { .device = argc == 3 ? argv[1] : "null" };
	static uint8_t in[100], out[200];
	struct wd_comp_req req = {
		.in = in, .in_len = sizeof(in), .out = out, .out_cap = sizeof(out), .level = 1,
	};
	unsigned long n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	void *got;

	if (!n)
		return 2;
	wd_extra_driver = &null_driver;
	wd_transport = dummy ? &null_transport : &null_zip_transport;
	if (wd_request_queue(&q))
		return 1;
	for (unsigned long i = 0; i < n; i++) {
		if (wd_send(&q, &req))
			return 1;
		/* The others answer when receiving rings. */
		if (dummy) {
			if (wd_flush(&q))
				return 1;
			answer();
		}
		if (wd_recv(&q, &got) || got != &req || req.status)
			return 1;
	}
	wd_release_queue(&q);
	return 0;
}
