/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "zipq.h"

#define CLASS "/sys/class/uacce/"
#define SPINS 2000 /* looks at the ring before it sleeps */

/* ---- the device ---- */

static int read_text(const char *device, const char *name, char *text,
		     size_t size)
{
	char path[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), CLASS "%s/%s", device, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	text[n] = 0;
	if (n && text[n - 1] == '\n')
		text[n - 1] = 0;
	return 0;
}

const char *zipq_device(void)
{
	static char found[256];
	const char *name = getenv("WD_VM_DEVICE");
	struct dirent *entry;
	char text[256];
	DIR *dir;

	if (name)
		return name;
	if (*found)
		return found;
	dir = opendir(CLASS);
	while (dir && (entry = readdir(dir))) {
		if (!read_text(entry->d_name, "api", text, sizeof(text)) &&
		    !strncmp(text, "hisi_qm_v", 9))
			snprintf(found, sizeof(found), "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (!*found) {
		fprintf(stderr, "there is no ZIP engine in " CLASS "\n");
		exit(2);
	}
	return found;
}

const char *zipq_text(const char *name)
{
	static char text[4096];
	int ret = read_text(zipq_device(), name, text, sizeof(text));

	if (ret) {
		fprintf(stderr, CLASS "%s/%s: %s\n", zipq_device(), name,
			strerror(-ret));
		exit(2);
	}
	return text;
}

unsigned long zipq_number(const char *name)
{
	const char *text = zipq_text(name);
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end) {
		fprintf(stderr, CLASS "%s/%s: not a number: %s\n",
			zipq_device(), name, text);
		exit(2);
	}
	return value;
}

/* ---- life ---- */

int zipq_open(struct zipq *q)
{
	char path[300];

	memset(q, 0, sizeof(*q));
	snprintf(path, sizeof(path), "/dev/%s", zipq_device());
	q->fd = open(path, O_RDWR | O_CLOEXEC);
	return q->fd < 0 ? -errno : 0;
}

static int map(const struct zipq *q, unsigned int region, size_t size,
	       void *result)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, q->fd,
		       (off_t)region * sysconf(_SC_PAGESIZE));

	if (p == MAP_FAILED)
		return -errno;
	*(void **)result = p;
	return 0;
}

/* Where the device sees the SS region. */
static int find_slices(struct zipq *q)
{
	int left;

	do {
		unsigned long value = q->n_slices;
		uint64_t size;

		if (q->n_slices == ZIPQ_SLICES)
			return -ENOSPC;
		left = ioctl(q->fd, UACCE_CMD_GET_SS_DMA, &value);
		if (left < 0)
			return -errno;
		size = (value & UACCE_SS_SIZE_MASK) << UACCE_SS_SIZE_SHIFT;
		/* A single one is all of it, whatever its size rounds to. */
		if (!q->n_slices && !left)
			size = q->ss_size;
		q->slices[q->n_slices].addr =
			value & ~(uint64_t)UACCE_SS_SIZE_MASK;
		q->slices[q->n_slices].size = size;
		q->n_slices++;
	} while (left);
	return 0;
}

int zipq_map(struct zipq *q, size_t ss_size)
{
	/* hisi_qm_v2, or with more after it */
	q->version = (unsigned int)strtoul(zipq_text("api") + 9, NULL, 10);
	q->mmio_size = zipq_number("region_mmio_size");
	q->dus_size = zipq_number("region_dus_size");
	q->ss_size = ss_size;
	if (map(q, UACCE_QFRT_DUS, q->dus_size, &q->dus) ||
	    map(q, UACCE_QFRT_MMIO, q->mmio_size, &q->mmio))
		return -errno;
	if (!(zipq_number("flags") & UACCE_DEV_SVA)) {
		if (map(q, UACCE_QFRT_SS, ss_size, &q->ss))
			return -errno;
		return find_slices(q);
	}
	q->ss = mmap(NULL, ss_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (q->ss == MAP_FAILED) {
		q->ss = NULL;
		return -errno;
	}
	q->slices[0].addr = (uintptr_t)q->ss;
	q->slices[0].size = ss_size;
	q->n_slices = 1;
	return 0;
}

int zipq_start(struct zipq *q, unsigned int type)
{
	struct zipq_ctx ctx = { .type = (uint16_t)type };
	struct zipq_info info = { 0 };

	if (ioctl(q->fd, ZIPQ_SET_CTX, &ctx) ||
	    ioctl(q->fd, ZIPQ_SET_INFO, &info))
		return -errno;
	if (info.sqe_size != sizeof(struct hisi_zip_sqe) || info.sq_depth < 2 ||
	    info.cq_depth < info.sq_depth ||
	    info.sqe_size * (size_t)info.sq_depth +
			    sizeof(struct hisi_qm_cqe) * info.cq_depth +
			    ZIPQ_RX_STOP >
		    q->dus_size)
		return -EPROTO;
	q->type = type;
	q->id = ctx.id;
	q->sq_depth = info.sq_depth;
	q->cq_depth = info.cq_depth;
	q->phase = true;
	return ioctl(q->fd, UACCE_CMD_START_Q) ? -errno : 0;
}

int zipq_begin(struct zipq *q, unsigned int type, size_t ss_size)
{
	int ret = zipq_open(q);

	if (ret)
		return ret;
	ret = zipq_map(q, ss_size);
	if (!ret)
		ret = zipq_start(q, type);
	if (ret)
		zipq_end(q);
	return ret;
}

void zipq_end(struct zipq *q)
{
	if (q->ss)
		munmap(q->ss, q->ss_size);
	if (q->mmio)
		munmap((void *)q->mmio, q->mmio_size);
	if (q->dus)
		munmap(q->dus, q->dus_size);
	q->ss = NULL;
	q->mmio = NULL;
	q->dus = NULL;
	close(q->fd);
}

uint32_t zipq_flag(const struct zipq *q, size_t from_end)
{
	return __atomic_load_n((uint32_t *)(q->dus + q->dus_size - from_end),
			       __ATOMIC_ACQUIRE);
}

bool zipq_is_dead(const struct zipq *q)
{
	return zipq_flag(q, ZIPQ_TX_STOP) || zipq_flag(q, ZIPQ_RX_STOP);
}

/* ---- requests ---- */

static void doorbell(struct zipq *q, uint64_t cmd, uint64_t index,
		     uint64_t priority)
{
	uint64_t value = FIELD_PREP(QM_DB_QUEUE, (uint64_t)q->id) |
			 FIELD_PREP(QM_DB_CMD, cmd) |
			 FIELD_PREP(QM_DB_INDEX, index) |
			 FIELD_PREP(QM_DB_PRIORITY, priority);

	/* The device sees the ring before it hears of it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*(volatile uint64_t *)(q->mmio + QM_DB_SQ_CQ) = value;
}

static struct hisi_zip_sqe *sqe_at(const struct zipq *q, uint32_t i)
{
	return (struct hisi_zip_sqe *)q->dus + i;
}

/* The bus address of a piece of ss, 0 if it is not in one slice. */
static uint64_t bus_address(const struct zipq *q, const void *p, size_t len)
{
	uint64_t offset = (uint64_t)((const char *)p - q->ss);

	for (unsigned int i = 0; i < q->n_slices; i++) {
		if (offset < q->slices[i].size)
			return len <= q->slices[i].size - offset
				       ? q->slices[i].addr + offset
				       : 0;
		offset -= q->slices[i].size;
	}
	return 0;
}

int zipq_submit(struct zipq *q, const struct zipq_work *work)
{
	uint64_t in = bus_address(q, work->in, work->in_len);
	uint64_t out = bus_address(q, work->out, work->out_len);
	struct hisi_zip_sqe sqe = { 0 };

	if (q->in_flight == q->sq_depth - 1)
		return -EBUSY;
	if (!in || !out)
		return -EFAULT;
	sqe.in_len = work->in_len;
	sqe.out_len = work->out_len;
	sqe.dw7 = HZIP_SQE_NEW | HZIP_SQE_FINISH;
	sqe.dw9 = FIELD_PREP(HZIP_SQE_ALG, work->alg) |
		  FIELD_PREP(HZIP_SQE_WINDOW, work->window);
	sqe.src_low = (uint32_t)in;
	sqe.src_high = (uint32_t)(in >> 32);
	sqe.dst_low = (uint32_t)out;
	sqe.dst_high = (uint32_t)(out >> 32);
	if (q->version >= 3) {
		sqe.dw7 |= FIELD_PREP(HZIP_SQE_TYPE, HZIP_SQE_TYPE3);
		sqe.tag_low = work->tag;
	} else {
		sqe.tag_type0 = work->tag;
	}
	memcpy(sqe_at(q, q->sq_tail), &sqe, sizeof(sqe));
	q->sq_tail = (q->sq_tail + 1) % q->sq_depth;
	q->in_flight++;
	return 0;
}

int zipq_ring(struct zipq *q)
{
	if (zipq_is_dead(q))
		return -ENXIO;
	doorbell(q, QM_DB_CMD_SQ, q->sq_tail, 0);
	return 0;
}

static const struct hisi_qm_cqe *next_cqe(const struct zipq *q)
{
	const struct hisi_qm_cqe *cqe =
		(const struct hisi_qm_cqe *)(q->dus +
					     sizeof(struct hisi_zip_sqe) *
						     q->sq_depth) +
		q->cq_head;
	uint16_t w7 = __atomic_load_n(&cqe->w7, __ATOMIC_ACQUIRE);

	return (w7 & QM_CQE_PHASE) == q->phase ? cqe : NULL;
}

/* 0 once there is a result. */
static int wait_for_result(const struct zipq *q, int timeout_ms)
{
	for (int spins = 0; !next_cqe(q); spins++) {
		struct pollfd p = { .fd = q->fd, .events = POLLIN };
		int ret;

		if (zipq_flag(q, ZIPQ_RX_STOP))
			return -ENXIO;
		if (spins < SPINS)
			continue;
		ret = poll(&p, 1, timeout_ms);
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (next_cqe(q))
			break;
		if (p.revents & (POLLERR | POLLHUP) || zipq_is_dead(q))
			return -ENXIO;
		if (!ret)
			return -ETIMEDOUT;
	}
	return 0;
}

int zipq_receive(struct zipq *q, struct zipq_result *result, int timeout_ms)
{
	const struct hisi_zip_sqe *sqe;
	int ret = wait_for_result(q, timeout_ms);
	uint32_t slot;

	if (ret)
		return ret;
	slot = next_cqe(q)->sq_head;
	if (slot >= q->sq_depth || next_cqe(q)->sq != q->id || !q->in_flight)
		return -EPROTO;
	sqe = sqe_at(q, slot);
	result->tag = q->version >= 3 ? sqe->tag_low : sqe->tag_type0;
	result->status = FIELD_GET(HZIP_SQE_STATUS, sqe->dw3);
	result->consumed = sqe->consumed;
	result->produced = sqe->produced;
	q->in_flight--;
	q->cq_head++;
	if (q->cq_head == q->cq_depth) {
		q->cq_head = 0;
		q->phase = !q->phase;
	}
	/* With an event for the next one: poll() may be asked. */
	if (!q->silent && !zipq_flag(q, ZIPQ_RX_STOP))
		doorbell(q, QM_DB_CMD_CQ, q->cq_head, 1);
	return 0;
}
