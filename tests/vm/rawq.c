/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rawq.h"

const char *rawq_device(void)
{
	const char *name = getenv("WD_VM_DEVICE");

	return name ? name : "wd_dummy-0";
}

unsigned long rawq_attr(const char *name)
{
	unsigned long value;
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/uacce/%s/%s", rawq_device(), name);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%lu", &value) != 1) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	fclose(f);
	return value;
}

int rawq_open(struct rawq *q)
{
	char path[128];

	memset(q, 0, sizeof(*q));
	q->mmio_size = rawq_attr("region_mmio_size");
	q->dus_size = rawq_attr("region_dus_size");
	snprintf(path, sizeof(path), "/dev/%s", rawq_device());
	q->fd = open(path, O_RDWR | O_CLOEXEC);
	return q->fd < 0 ? -errno : 0;
}

int rawq_try_map(const struct rawq *q, unsigned int region, size_t size, int prot,
		 int flags, void **p)
{
	void *got = mmap(NULL, size, prot, flags, q->fd,
			 (off_t)region * sysconf(_SC_PAGESIZE));

	if (p)
		*p = got == MAP_FAILED ? NULL : got;
	return got == MAP_FAILED ? errno : 0;
}

int rawq_map(struct rawq *q)
{
	void *ring, *doorbell;
	int err;

	err = rawq_try_map(q, UACCE_QFRT_DUS, q->dus_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, &ring);
	if (err)
		return -err;
	err = rawq_try_map(q, UACCE_QFRT_MMIO, q->mmio_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, &doorbell);
	if (err) {
		munmap(ring, q->dus_size);
		return -err;
	}
	q->ring = ring;
	q->doorbell = doorbell;
	q->depth = q->ring->depth;
	q->sq_off = q->ring->sq_off;
	q->cq_off = q->ring->cq_off;
	return q->ring->magic == WD_DUMMY_MAGIC ? 0 : -EPROTO;
}

int rawq_start(struct rawq *q)
{
	return ioctl(q->fd, UACCE_CMD_START_Q) ? -errno : 0;
}

int rawq_stop(struct rawq *q)
{
	return ioctl(q->fd, UACCE_CMD_PUT_Q) ? -errno : 0;
}

int rawq_begin(struct rawq *q)
{
	int ret = rawq_open(q);

	if (ret)
		return ret;
	ret = rawq_map(q);
	if (!ret)
		ret = rawq_start(q);
	if (ret)
		rawq_end(q);
	return ret;
}

void rawq_unmap(struct rawq *q)
{
	if (q->ring)
		munmap((void *)q->ring, q->dus_size);
	if (q->doorbell)
		munmap((void *)q->doorbell, q->mmio_size);
	q->ring = NULL;
	q->doorbell = NULL;
}

void rawq_end(struct rawq *q)
{
	rawq_unmap(q);
	close(q->fd);
}

static void *entry(struct rawq *q, uint32_t offset, uint32_t i, size_t size)
{
	return (char *)q->ring + offset + (i & (q->depth - 1)) * size;
}

static void wake(struct rawq *q)
{
	__atomic_fetch_add(&q->wakes, 1, __ATOMIC_RELAXED);
	ioctl(q->fd, WD_DUMMY_CMD_WAKE);
}

void rawq_ring_sq(struct rawq *q, uint32_t tail)
{
	__atomic_store_n(&q->doorbell->sq_tail, tail, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (q->ring->asleep != WD_DUMMY_ASLEEP_NO)
		wake(q);
}

void rawq_ring_cq(struct rawq *q, uint32_t head)
{
	__atomic_store_n(&q->doorbell->cq_head, head, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (q->ring->asleep == WD_DUMMY_ASLEEP_FULL)
		wake(q);
}

bool rawq_has_room(struct rawq *q)
{
	return q->sq_tail - __atomic_load_n(&q->ring->sq_head, __ATOMIC_ACQUIRE) < q->depth;
}

void rawq_submit(struct rawq *q, const struct wd_dummy_sqe *sqe)
{
	memcpy(entry(q, q->sq_off, q->sq_tail, sizeof(*sqe)), sqe, sizeof(*sqe));
	rawq_ring_sq(q, ++q->sq_tail);
}

int rawq_receive(struct rawq *q, struct wd_dummy_cqe *cqe, int timeout_ms)
{
	for (int spins = 0;; spins++) {
		struct pollfd p = { .fd = q->fd, .events = POLLIN };

		if (__atomic_load_n(&q->ring->cq_tail, __ATOMIC_ACQUIRE) != q->cq_head)
			break;
		if (spins < 2000)
			continue;
		q->polls++;
		if (poll(&p, 1, timeout_ms) <= 0)
			return -ETIMEDOUT;
		if (p.revents & (POLLERR | POLLHUP))
			return -EIO;
	}
	memcpy(cqe, entry(q, q->cq_off, q->cq_head, sizeof(*cqe)), sizeof(*cqe));
	rawq_ring_cq(q, ++q->cq_head);
	return 0;
}

int rawq_run(struct rawq *q, const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe)
{
	int ret;

	rawq_submit(q, sqe);
	ret = rawq_receive(q, cqe, 60000);
	return ret ? ret : (int)cqe->status;
}

struct wd_dummy_sqe rawq_copy(const void *in, size_t in_len, void *out, size_t out_cap)
{
	struct wd_dummy_sqe sqe = {
		.in = (uintptr_t)in,
		.out = (uintptr_t)out,
		.in_len = (uint32_t)in_len,
		.out_cap = (uint32_t)out_cap,
		.op = WD_DUMMY_OP_COPY,
	};

	return sqe;
}
