/* SPDX-License-Identifier: MIT */
/*
 * What the dummy device promises: its rings, algorithms and faults.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "abi.h"

/* ---- what the rings may hold ---- */

/* Nobody sees what a queue held for another before. */
static void clean_rings(void)
{
	struct rawq q = started();
	const volatile char *p;

	memset((char *)q.ring + q.ring->sq_off, 'S',
	       q.depth * sizeof(struct wd_dummy_sqe));
	q.doorbell->cq_head = 0;
	rawq_end(&q);
	q = started();
	p = (const volatile char *)q.ring + q.ring->sq_off;
	for (size_t i = 0; i < q.dus_size - q.ring->sq_off; i++)
		EXPECT(p[i], 0);
	EXPECT(q.doorbell->sq_tail, 0);
	EXPECT(q.doorbell->cq_head, 0);
	rawq_end(&q);
}

static int status_of(struct rawq *q, const void *in, size_t in_len, void *out,
		     size_t cap)
{
	struct wd_dummy_sqe sqe = rawq_copy(in, in_len, out, cap);
	struct wd_dummy_cqe cqe;
	int ret = rawq_run(q, &sqe, &cqe);

	if (ret) {
		EXPECT(cqe.consumed, 0);
		EXPECT(cqe.produced, 0);
	}
	return ret;
}

static void bad_addresses(void)
{
	static const uint64_t bad[] = {
		8,
		0x1000,
		0x7fffffffffffull,
		0x800000000000ull,
		0xffff888000000000ull,
		0xffffffff81000000ull,
		0xffffffffffffffffull,
		0x4141414141414141ull,
	};
	size_t size = 4 * page();
	char *mem = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *ro =
		mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *none =
		mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rawq q = started();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT(status_of(&q, (void *)bad[i], 100, mem, size),
		       WD_DUMMY_EFAULT);
		EXPECT(status_of(&q, mem, 100, (void *)bad[i], 100),
		       WD_DUMMY_EFAULT);
	}
	EXPECT(status_of(&q, none, 100, mem, size), WD_DUMMY_EFAULT);
	EXPECT(status_of(&q, mem, 100, none, size), WD_DUMMY_EFAULT);
	EXPECT(status_of(&q, mem, 100, ro, size), WD_DUMMY_EFAULT);
	EXPECT(status_of(&q, ro, 100, mem, size), WD_DUMMY_OK);
	EXPECT(status_of(&q, mem, 100, (void *)(uintptr_t)&works, 100),
	       WD_DUMMY_EFAULT);
	/* A hole in the middle. */
	EXPECT(munmap(mem + page(), page()), 0);
	EXPECT(status_of(&q, mem, size, ro, size), WD_DUMMY_EFAULT);
	works(&q);
	rawq_end(&q);
}

/* Registers and rings are no memory for data. */
static void ring_as_buffer(void)
{
	char mem[4096];
	struct rawq q = started();

	memset(mem, 0x55, sizeof(mem));
	EXPECT(status_of(&q, (void *)q.ring, 64, mem, sizeof(mem)),
	       WD_DUMMY_EFAULT);
	EXPECT(status_of(&q, mem, 64, (char *)q.ring + q.dus_size - 64, 64),
	       WD_DUMMY_EFAULT);
	EXPECT(status_of(&q, (void *)q.doorbell, 8, mem, 64), WD_DUMMY_EFAULT);
	works(&q);
	rawq_end(&q);
}

static void untouched_pages(void)
{
	size_t size = 4 << 20;
	char *in = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *out = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rawq q = started();

	EXPECT(status_of(&q, in, size, out, size), WD_DUMMY_OK);
	for (size_t i = 0; i < size; i += 512)
		EXPECT(out[i], 0);
	rawq_end(&q);
}

static void bad_requests(void)
{
	char mem[256] = { 0 };
	struct rawq q = started();
	struct wd_dummy_cqe cqe;
	struct wd_dummy_sqe good = rawq_copy(mem, 128, mem + 128, 128), sqe;

#define REFUSED(change)                                                        \
	do {                                                                   \
		sqe = good;                                                    \
		change;                                                        \
		EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EINVAL);             \
	} while (0)
	REFUSED(sqe.op = 3);
	REFUSED(sqe.op = 255);
	REFUSED(sqe.format = 3);
	REFUSED(sqe.flags = 2);
	REFUSED(sqe.flags = WD_DUMMY_SQE_OPEN);
	REFUSED(sqe.in_len = WD_DUMMY_LEN_MAX + 1);
	REFUSED(sqe.in_len = UINT32_MAX);
	REFUSED(sqe.out_cap = UINT32_MAX);
	REFUSED(sqe.reserved[7] = 1);
	REFUSED(sqe.op = WD_DUMMY_OP_COMPRESS; sqe.level = 0);
	REFUSED(sqe.op = WD_DUMMY_OP_COMPRESS; sqe.level = 10);
	REFUSED(sqe.op = WD_DUMMY_OP_COMPRESS; sqe.level = 6;
		sqe.format = WD_DUMMY_GZIP; sqe.flags = WD_DUMMY_SQE_OPEN);
#undef REFUSED
	sqe = good;
	sqe.out_cap = 127;
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_ENOSPC);
	sqe = good;
	sqe.in_len = 0;
	sqe.in = 0;
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_OK);
	EXPECT(cqe.produced, 0);
	rawq_end(&q);
}

static void bad_doorbells(void)
{
	struct rawq q = started();

	works(&q);
	rawq_ring_sq(&q, q.sq_tail + q.depth + 1);
	for (int i = 0; i < 60000 && !q.ring->error; i++)
		usleep(1000);
	EXPECT(q.ring->error, 1);
	rawq_ring_sq(&q, q.sq_tail);
	rawq_ring_cq(&q, q.cq_head - 1 - q.depth);
	rawq_ring_cq(&q, q.cq_head);
	works(&q);
	rawq_end(&q);
}

/* That it is at some time: who rings meanwhile wakes it at once. */
static void until_asleep(struct rawq *q, uint32_t how)
{
	uint32_t asleep = q->ring->asleep;

	for (int i = 0; i < 60000 && asleep != how; i++) {
		usleep(1000);
		asleep = q->ring->asleep;
	}
	EXPECT(asleep, how);
}

/* What waited for it runs when it is put right; nothing else is done for it. */
static void mended_doorbells(void)
{
	char in[64] = "m", out[64] = "";
	struct wd_dummy_sqe sqe = rawq_copy(in, sizeof(in), out, sizeof(out));
	struct rawq q = started();
	struct wd_dummy_cqe cqe;

	works(&q);
	until_asleep(&q, WD_DUMMY_ASLEEP_EMPTY);
	rawq_ring_cq(&q, q.cq_head - 1 - q.depth);
	rawq_submit(&q, &sqe);
	until_asleep(&q, WD_DUMMY_ASLEEP_FULL);
	EXPECT(q.ring->error, 1);
	rawq_ring_cq(&q, q.cq_head);
	EXPECT(rawq_receive(&q, &cqe, 60000), 0);
	EXPECT(cqe.status, WD_DUMMY_OK);

	rawq_ring_sq(&q, q.sq_tail + q.depth + 1);
	until_asleep(&q, WD_DUMMY_ASLEEP_FULL);
	rawq_ring_sq(&q, q.sq_tail);
	until_asleep(&q, WD_DUMMY_ASLEEP_EMPTY);
	works(&q);
	rawq_end(&q);
}

/* A full ring, as many as there are, and all in the order they came. */
static void full_ring(void)
{
	static char in[4096], out[4096];
	struct rawq q = started();

	for (int round = 0; round < 3; round++) {
		struct wd_dummy_sqe sqe = rawq_copy(in, 64, out, 64);
		struct wd_dummy_cqe cqe;

		for (uint32_t i = 0; i < q.depth; i++) {
			sqe.tag = i;
			rawq_submit(&q, &sqe);
		}
		for (uint32_t i = 0; i < q.depth; i++) {
			EXPECT(rawq_receive(&q, &cqe, 60000), 0);
			EXPECT(cqe.status, WD_DUMMY_OK);
			EXPECT(cqe.tag, i);
		}
	}
	rawq_end(&q);
}

/*
 * Results that nobody takes stop the device, not its memory; that they are taken
 * makes it go on, and nothing else is done for it than what the header says.
 */
static void results_not_taken(void)
{
	static char in[64], out[64];
	struct wd_dummy_sqe sqe = rawq_copy(in, 64, out, 64);
	struct rawq q = started();
	struct wd_dummy_cqe cqe;
	uint32_t depth = q.depth;

	for (uint32_t i = 0; i < depth; i++)
		rawq_submit(&q, &sqe);
	for (int i = 0; i < 60000 && q.ring->cq_tail != depth; i++)
		usleep(1000);
	EXPECT(q.ring->cq_tail, depth);
	until_asleep(&q, WD_DUMMY_ASLEEP_EMPTY);
	sqe.tag = 77;
	for (uint32_t i = 0; i < depth; i++)
		rawq_submit(&q, &sqe);
	until_asleep(&q, WD_DUMMY_ASLEEP_FULL);
	EXPECT(q.ring->cq_tail, depth);
	EXPECT(q.ring->sq_head, depth);
	EXPECT_TRUE(!rawq_has_room(&q));
	for (uint32_t i = 0; i < 2 * depth; i++) {
		EXPECT(rawq_receive(&q, &cqe, 60000), 0);
		EXPECT(cqe.tag, i < depth ? 0 : 77);
	}
	rawq_end(&q);
}

/*
 * One thread submits whenever there is room for a request, another receives, and is
 * slow at times: the device is stopped by either end again and again.
 */
struct flow {
	struct rawq q;
	uint32_t n;
	char in[64], out[64];
};

static void *flow_sender(void *arg)
{
	struct flow *flow = arg;
	struct wd_dummy_sqe sqe = rawq_copy(flow->in, sizeof(flow->in),
					    flow->out, sizeof(flow->out));

	for (uint32_t i = 0; i < flow->n; i++) {
		while (!rawq_has_room(&flow->q))
			sched_yield();
		sqe.tag = i;
		rawq_submit(&flow->q, &sqe);
		if (i % 997 == 0)
			usleep(500);
	}
	return NULL;
}

static void no_lost_wakeup(void)
{
	static struct flow flow = { .n = 20000 };
	uint32_t depth, full = 0;
	pthread_t sender;

	flow.q = started();
	depth = flow.q.depth;
	EXPECT(pthread_create(&sender, NULL, flow_sender, &flow), 0);
	for (uint32_t i = 0; i < flow.n; i++) {
		struct wd_dummy_cqe cqe;

		/* As long as it takes the device to find no room. */
		if (i % (4 * depth) == 0 && flow.n - i > 2 * depth) {
			until_asleep(&flow.q, WD_DUMMY_ASLEEP_FULL);
			full++;
		}
		EXPECT(rawq_receive(&flow.q, &cqe, 60000), 0);
		EXPECT(cqe.status, WD_DUMMY_OK);
		EXPECT(cqe.tag, i);
	}
	EXPECT(pthread_join(sender, NULL), 0);
	EXPECT_TRUE(full > 1);
	rawq_end(&flow.q);
}

/* ---- algorithms ---- */

static void there_and_back(struct rawq *q, int format, int level, size_t len)
{
	size_t cap = len + len / 8 + 256;
	char *in = malloc(len + 1), *mid = malloc(cap), *out = malloc(len + 1);
	struct wd_dummy_sqe sqe = {
		.in = (uintptr_t)in,
		.in_len = (uint32_t)len,
		.out = (uintptr_t)mid,
		.out_cap = (uint32_t)cap,
		.op = WD_DUMMY_OP_COMPRESS,
		.format = (uint8_t)format,
		.level = (uint8_t)level,
	};
	int bits = format == WD_DUMMY_GZIP   ? 31
		   : format == WD_DUMMY_ZLIB ? 15
					     : -15;
	struct wd_dummy_cqe comp, cqe;
	z_stream z = { 0 };

	fill(in, len);
	EXPECT(rawq_run(q, &sqe, &comp), WD_DUMMY_OK);
	EXPECT(comp.consumed, len);

	/* zlib has to like it. */
	EXPECT(inflateInit2(&z, bits), Z_OK);
	z.next_in = (Bytef *)mid;
	z.avail_in = comp.produced;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)len + 1;
	EXPECT(inflate(&z, Z_FINISH), Z_STREAM_END);
	EXPECT(z.total_out, len);
	EXPECT(z.avail_in, 0);
	EXPECT(memcmp(in, out, len), 0);
	inflateEnd(&z);

	/* And so has the device. */
	memset(out, 0, len);
	sqe.op = WD_DUMMY_OP_DECOMPRESS;
	sqe.in = (uintptr_t)mid;
	sqe.in_len = comp.produced;
	sqe.out = (uintptr_t)out;
	sqe.out_cap = (uint32_t)len;
	EXPECT(rawq_run(q, &sqe, &cqe), WD_DUMMY_OK);
	EXPECT(cqe.produced, len);
	EXPECT(cqe.consumed, comp.produced);
	EXPECT(cqe.checksum, comp.checksum);
	EXPECT(memcmp(in, out, len), 0);

	/* What does not fit, ends too early, or is broken. */
	if (len) {
		sqe.out_cap = (uint32_t)len - 1;
		EXPECT(rawq_run(q, &sqe, &cqe), WD_DUMMY_ENOSPC);
		sqe.out_cap = (uint32_t)len;
	}
	sqe.in_len = comp.produced - 1;
	EXPECT(rawq_run(q, &sqe, &cqe), WD_DUMMY_ESHORT);
	if (format != WD_DUMMY_DEFLATE) {
		sqe.in_len = comp.produced;
		mid[comp.produced - 1] ^= 1;
		EXPECT(rawq_run(q, &sqe, &cqe), WD_DUMMY_EDATA);
		mid[0] ^= 0x40;
		EXPECT(rawq_run(q, &sqe, &cqe), WD_DUMMY_EDATA);
	}
	free(in);
	free(mid);
	free(out);
}

static void algorithms(void)
{
	static const size_t sizes[] = { 0,     1,     2,     100,    4096,
					65535, 65536, 65537, 131072, 300000 };
	struct rawq q = started();

	for (int format = WD_DUMMY_DEFLATE; format <= WD_DUMMY_GZIP; format++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			there_and_back(&q, format, 6, sizes[i]);
		for (int level = 1; level <= 9; level++)
			there_and_back(&q, format, level, 10000);
	}
	rawq_end(&q);
}

/* A piece of a stream, to be followed by more. */
static void open_stream(void)
{
	static char in[200000], mid[300000], out[200000];
	struct rawq q = started();
	struct wd_dummy_cqe cqe;
	z_stream z = { 0 };
	size_t have = 0;

	fill(in, sizeof(in));
	for (int i = 0; i < 4; i++) {
		struct wd_dummy_sqe sqe = {
			.in = (uintptr_t)in + 50000 * i,
			.in_len = 50000,
			.out = (uintptr_t)mid + have,
			.out_cap = (uint32_t)(sizeof(mid) - have),
			.op = WD_DUMMY_OP_COMPRESS,
			.level = 6,
			.flags = i < 3 ? WD_DUMMY_SQE_OPEN : 0,
		};

		EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_OK);
		have += cqe.produced;
		if (i < 3)
			EXPECT(memcmp(mid + have - 4, "\0\0\377\377", 4), 0);
	}
	EXPECT(inflateInit2(&z, -15), Z_OK);
	z.next_in = (Bytef *)mid;
	z.avail_in = (uInt)have;
	z.next_out = (Bytef *)out;
	z.avail_out = sizeof(out);
	EXPECT(inflate(&z, Z_FINISH), Z_STREAM_END);
	EXPECT(z.total_out, sizeof(in));
	EXPECT(memcmp(in, out, sizeof(in)), 0);
	inflateEnd(&z);
	rawq_end(&q);
}

/* A gzip header with all there can be. */
static void gzip_header(void)
{
	unsigned char m[200] = { 0x1f, 0x8b, 8, 0x1e, 1,   2,	3,   4,	 0,
				 3,    5,    0, 'e',  'x', 't', 'r', 'a' };
	struct wd_dummy_sqe sqe;
	struct wd_dummy_cqe cqe;
	struct rawq q = started();
	char out[16] = "";
	size_t n = 17;
	uLong crc;

	memcpy(m + n, "name", 5);
	n += 5;
	memcpy(m + n, "a comment", 10);
	n += 10;
	crc = crc32(0, m, (uInt)n);
	m[n++] = (unsigned char)crc;
	m[n++] = (unsigned char)(crc >> 8);
	memcpy(m + n, "\1\2\0\375\377hi", 7);
	n += 7;
	crc = crc32(0, (const Bytef *)"hi", 2);
	for (int i = 0; i < 4; i++)
		m[n++] = (unsigned char)(crc >> 8 * i);
	m[n++] = 2;
	n += 3;
	sqe = rawq_copy(m, n, out, sizeof(out));
	sqe.op = WD_DUMMY_OP_DECOMPRESS;
	sqe.format = WD_DUMMY_GZIP;
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_OK);
	EXPECT(cqe.produced, 2);
	EXPECT(cqe.consumed, n);
	EXPECT(memcmp(out, "hi", 2), 0);
	/* Any byte less is too little; of the header any bit else is an error. */
	for (size_t i = 1; i < n; i++) {
		sqe.in_len = (uint32_t)i;
		EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_ESHORT);
	}
	sqe.in_len = (uint32_t)n;
	m[20] ^= 1;
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EDATA);
	m[20] ^= 1;
	m[3] |= 0x80;
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EDATA);
	rawq_end(&q);
}

/* ---- faults and isolation ---- */

static void faults(void)
{
	char in[100] = "z", out[100] = "";
	struct rawq q = started();
	struct wd_dummy_sqe sqe = rawq_copy(in, sizeof(in), out, sizeof(out));
	struct wd_dummy_cqe cqe;

	inject("fail", "2");
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EIO);
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EIO);
	works(&q);
	inject("flip", "1");
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_OK);
	EXPECT(memcmp(in, out, sizeof(in)) != 0, 1);
	works(&q);
	inject("lose", "1");
	rawq_submit(&q, &sqe);
	EXPECT(rawq_receive(&q, &cqe, 300), -ETIMEDOUT);
	works(&q);
	rawq_end(&q);
}

static void isolation(void)
{
	static const char strategy[] = "isolate_strategy";
	char in[100] = "z", out[100] = "", path[128];
	struct rawq q = started();
	struct wd_dummy_sqe sqe = rawq_copy(in, sizeof(in), out, sizeof(out));
	struct wd_dummy_cqe cqe;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/uacce/%s/%s", rawq_device(),
		 strategy);
	EXPECT(rawq_attr(strategy), 0);
	EXPECT(rawq_attr("isolate"), 0);
	put(path, "3");
	EXPECT(rawq_attr(strategy), 3);
	inject("fail", "3");
	for (int i = 0; i < 3; i++) {
		EXPECT(rawq_attr("isolate"), 0);
		EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EIO);
	}
	EXPECT(rawq_attr("isolate"), 1);
	/* It is advice: queues go on. */
	works(&q);
	/* Another threshold begins anew. */
	put(path, "2");
	EXPECT(rawq_attr("isolate"), 0);
	inject("fail", "2");
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EIO);
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EIO);
	EXPECT(rawq_attr("isolate"), 1);
	put(path, "0");
	EXPECT(rawq_attr("isolate"), 0);

	fd = open(path, O_WRONLY | O_CLOEXEC);
	EXPECT(write(fd, "x", 1), -1);
	EXPECT(errno, EINVAL);
	EXPECT(write(fd, "65536", 5), -1);
	EXPECT(errno, EINVAL);
	EXPECT(write(fd, "-1", 2), -1);
	EXPECT(errno, EINVAL);
	close(fd);
	rawq_end(&q);
}

/* ---- the list ---- */

/* clang-format off */
const struct abi_test dummy_tests[] = {
	TEST(clean_rings), TEST(bad_addresses), TEST(ring_as_buffer),
	TEST(untouched_pages), TEST(bad_requests), TEST(bad_doorbells), TEST(full_ring),
	TEST(results_not_taken), TEST(mended_doorbells), TEST(no_lost_wakeup),
	TEST(algorithms), TEST(open_stream), TEST(gzip_header),
	TEST(faults), TEST(isolation),
};
/* clang-format on */

const size_t n_dummy_tests = sizeof(dummy_tests) / sizeof(dummy_tests[0]);
