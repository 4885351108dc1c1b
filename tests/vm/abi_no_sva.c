/* SPDX-License-Identifier: MIT */
/*
 * Devices that take bus addresses: the SS region, and who may open them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi.h"

struct slice {
	uint64_t dma;
	size_t size;
};

static struct slice slice_at(const struct rawq *q, unsigned long i, int *left)
{
	unsigned long val = i;

	*left = ioctl(q->fd, UACCE_CMD_GET_SS_DMA, &val);
	EXPECT_TRUE(*left >= 0);
	return (struct slice){
		.dma = val & ~0xfffull,
		.size = (val & UACCE_SS_SIZE_MASK) << UACCE_SS_SIZE_SHIFT,
	};
}

/* Memory of 9 MiB comes in slices of at most 4 MiB. */
static void ss_not_mine(struct rawq *q)
{
	EXPECT(call(q, UACCE_CMD_START_Q), EPERM);
	EXPECT(rawq_try_map(q, UACCE_QFRT_SS, page(), RW, MAP_SHARED, NULL),
	       EPERM);
	EXPECT(ioctl(q->fd, UACCE_CMD_GET_SS_DMA, &(unsigned long){ 0 }), -1);
	EXPECT(errno, EPERM);
	poll_not_mine(q);
}

static void ss_region(void)
{
	size_t size = 9 << 20, sum = 0;
	struct rawq q = started();
	struct wd_dummy_sqe sqe;
	struct wd_dummy_cqe cqe;
	struct slice first, s;
	unsigned long val = 0;
	char *ss;
	int left;

	EXPECT(rawq_attr("flags"), UACCE_DEV_NOIOMMU);
	EXPECT(call(&q, UACCE_CMD_GET_SS_DMA), EFAULT);
	EXPECT(ioctl(q.fd, UACCE_CMD_GET_SS_DMA, &val), -1);
	EXPECT(errno, EINVAL);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, (size_t)129 << 20, RW,
			    MAP_SHARED, NULL),
	       EINVAL);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, size, RW, MAP_SHARED,
			    (void **)&ss),
	       0);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, size, RW, MAP_SHARED, NULL),
	       EEXIST);
	for (size_t i = 0; i < size; i += 512)
		EXPECT(ss[i], 0);

	first = slice_at(&q, 0, &left);
	EXPECT(left, 2);
	for (unsigned long i = 0; i < 3; i++) {
		s = slice_at(&q, i, &left);
		EXPECT(left, 2 - (int)i);
		EXPECT_TRUE(s.size <= 4 << 20);
		sum += s.size;
	}
	EXPECT(sum, size);
	val = 3;
	EXPECT(ioctl(q.fd, UACCE_CMD_GET_SS_DMA, &val), -1);
	EXPECT(errno, EINVAL);

	in_child(ss_not_mine, &q);

	/* The device takes bus addresses, of this memory only. */
	fill(ss, 100000);
	sqe = rawq_copy((void *)first.dma, 100000, (void *)(first.dma + 200001),
			100000);
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_OK);
	EXPECT(memcmp(ss, ss + 200001, 100000), 0);
	sqe.in = first.dma - 1;
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EFAULT);
	sqe = rawq_copy(ss, 100, ss, 100);
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EFAULT);
	sqe = rawq_copy((void *)0x1000, 100, (void *)first.dma, 100);
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EFAULT);

	/* It stays while the queue does. */
	EXPECT(munmap(ss, size), 0);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, size / 9, RW, MAP_SHARED, NULL),
	       EINVAL);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, size, RW, MAP_SHARED,
			    (void **)&ss),
	       0);
	EXPECT(memcmp(ss, ss + 200001, 100000), 0);
	rawq_end(&q);
	EXPECT(touch(ss, false), 0);
	EXPECT(munmap(ss, size), 0);
}

static void ss_zombie(void)
{
	struct rawq q = started();
	char *ss;

	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, 1 << 20, RW, MAP_SHARED,
			    (void **)&ss),
	       0);
	memset(ss, 1, 1 << 20);
	unbind();
	EXPECT(ss[0] & 0xff, 0xff);
	EXPECT(ss[(1 << 20) - 1] & 0xff, 0xff);
	munmap(ss, 1 << 20);
	rawq_end(&q);
}

/* The device does not let go of it: it is there for both, until it does. */
static void ss_limbo(void)
{
	struct rawq q = started();
	char *ss;

	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, 1 << 20, RW, MAP_SHARED,
			    (void **)&ss),
	       0);
	memset(ss, 1, 1 << 20);
	inject("linger", "1");
	EXPECT(call(&q, UACCE_CMD_PUT_Q), EBUSY);
	EXPECT(ioctl(q.fd, UACCE_CMD_GET_SS_DMA, &(unsigned long){ 0 }), -1);
	EXPECT(errno, ENXIO);
	for (size_t i = 0; i < 1 << 20; i += 512)
		EXPECT(ss[i], 1);
	rawq_end(&q);
	EXPECT(munmap(ss, 1 << 20), 0);
	for (int i = 0; i < 60000 && rawq_attr("available_instances") != 64;
	     i++)
		usleep(1000);
	EXPECT(rawq_attr("available_instances"), 64);
}

/* By lockdown: the kernel's memory is not root's, either. */
static void open_refused(void)
{
	struct rawq q;

	EXPECT(rawq_open(&q), -EPERM);
}

static void cap_needed(void)
{
	struct rawq q;

	EXPECT(setuid(65534), 0);
	EXPECT(rawq_open(&q), -EPERM);
}

static void cap_not_needed(void)
{
	struct rawq q;

	EXPECT(setuid(65534), 0);
	EXPECT(rawq_open(&q), 0);
	rawq_end(&q);
}

/* ---- the list ---- */

/* clang-format off */
const struct abi_test no_sva_tests[] = {
	TEST(ss_region), TEST(ss_zombie), TEST(ss_limbo), TEST(cap_needed),
	TEST(cap_not_needed), TEST(open_refused),
};
/* clang-format on */

const size_t n_no_sva_tests = sizeof(no_sva_tests) / sizeof(no_sva_tests[0]);
