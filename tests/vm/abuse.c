/* SPDX-License-Identifier: MIT */
/*
 * What hostile, unlucky and dying processes do to the dummy device.  Nothing here
 * may hurt the kernel or another process; abuse.bats says how much of it is done.
 * Waiting for pages that never come is in deaf.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abuse.h"

void __attribute__((noreturn)) fail(const char *what, long got)
{
	fprintf(stderr, "%s: %ld\n", what, got);
	exit(1);
}

void *memory(size_t size)
{
	void *p = mmap(NULL, size, RW, ANON, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap", errno);
	return p;
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct rawq begin(void)
{
	struct rawq q;
	int ret = rawq_begin(&q);

	if (ret)
		fail("no queue", ret);
	return q;
}

void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path, errno);
	close(fd);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* ---- dying ---- */

/* A full ring, kept full until the end. */
static void keep_busy(int told)
{
	size_t size = 64 << 10;
	char *in = memory(size), *out = memory(size);
	struct wd_dummy_sqe sqe = rawq_copy(in, size, out, size);
	struct rawq q = begin();
	struct wd_dummy_cqe cqe;

	sqe.op = random64() % 2 ? WD_DUMMY_OP_COPY : WD_DUMMY_OP_COMPRESS;
	sqe.level = 1;
	for (uint32_t i = 0; i < q.depth; i++)
		rawq_submit(&q, &sqe);
	if (write(told, "", 1) != 1)
		exit(1);
	for (;;) {
		if (rawq_receive(&q, &cqe, 60000))
			exit(1);
		rawq_submit(&q, &sqe);
	}
}

static void kill_busy(long times)
{
	for (long i = 0; i < times; i++) {
		int told[2], status;
		pid_t pid;
		char c;

		if (pipe(told))
			fail("pipe", errno);
		random64();
		pid = fork();
		if (!pid)
			keep_busy(told[1]);
		close(told[1]);
		if (read(told[0], &c, 1) != 1)
			fail("the child did not begin", i);
		usleep((useconds_t)(random64() % 2000));
		kill(pid, SIGKILL);
		if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
			fail("the child was not killed", status);
		close(told[0]);
	}
}

/* ---- memory that goes away ---- */

/* One of the ways to take memory from under a request. */
static void take_away(char *p, size_t size, int fd)
{
	switch (random64() % 6) {
	case 0:
		munmap(p, size);
		break;
	case 1:
		mprotect(p, size, PROT_NONE);
		break;
	case 2:
		mprotect(p, size, PROT_READ);
		break;
	case 3:
		if (ftruncate(fd, (off_t)(size / 2)))
			fail("ftruncate", errno);
		break;
	case 4:
		madvise(p, size, MADV_DONTNEED);
		break;
	case 5:
		if (mmap(p, size, PROT_READ, ANON | MAP_FIXED, -1, 0) == MAP_FAILED)
			fail("mmap", errno);
	}
}

static void vanish(long times)
{
	struct rawq q = begin();
	size_t size = 256 << 10;

	for (long i = 0; i < times; i++) {
		int fd = memfd_create("buffer", MFD_CLOEXEC);
		struct wd_dummy_cqe cqe;
		struct wd_dummy_sqe sqe;
		char *in, *out;
		int n = 8;

		if (fd < 0 || ftruncate(fd, (off_t)size))
			fail("memfd", errno);
		in = mmap(NULL, size, RW, MAP_SHARED, fd, 0);
		out = memory(size);
		sqe = rawq_copy(in, size, out, size);
		for (int j = 0; j < n; j++)
			rawq_submit(&q, &sqe);
		usleep((useconds_t)(random64() % 1000));
		if (random64() % 2)
			take_away(in, size, fd);
		else
			take_away(out, size, fd);
		for (int j = 0; j < n; j++) {
			int ret = rawq_receive(&q, &cqe, 60000);

			if (ret || (cqe.status != WD_DUMMY_OK && cqe.status != WD_DUMMY_EFAULT))
				fail("a request with lost memory", ret ? ret : (long)cqe.status);
		}
		close(fd);
		munmap(in, size);
		munmap(out, size);
	}
	rawq_end(&q);
}

/* ---- requests that take long ---- */

/* The queue of a process that was killed is free soon, whatever it had asked for. */
static void long_requests(long unused)
{
	unsigned long before = rawq_attr("available_instances");
	size_t size = 8 << 20;
	int told[2], status;
	double start;
	pid_t pid;
	char c;

	(void)unused;
	if (pipe(told))
		fail("pipe", errno);
	pid = fork();
	if (!pid) {
		unsigned char *in = memory(size), *out = memory(2 * size);
		struct wd_dummy_sqe sqe = rawq_copy(in, size, out, 2 * size);
		struct rawq q = begin();

		for (size_t i = 0; i < size; i++)
			in[i] = random64() % 2 ? 'a' : 'b';
		sqe.op = WD_DUMMY_OP_COMPRESS;
		sqe.level = 9;
		for (int i = 0; i < 16; i++)
			rawq_submit(&q, &sqe);
		if (write(told[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(told[1]);
	if (read(told[0], &c, 1) != 1)
		fail("the child did not begin", errno);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	start = now();
	while (rawq_attr("available_instances") != before) {
		if (now() - start > FOREVER)
			fail("the queue of a dead process is still in use",
			     FOREVER);
		usleep(10000);
	}
}

/* ---- rings that hold anything ---- */

static volatile char *area;		/* what the device may write to */
#define AREA	((size_t)1 << 20)

static uint64_t some_address(void)
{
	switch (random64() % 6) {
	case 0:
		return 0xffff888000000000u + random64() % (1u << 30);
	case 1:
		return random64();
	case 2:
		return random64() % 0x1000;
	default:
		return (uintptr_t)area + random64() % AREA;
	}
}

static void some_request(struct wd_dummy_sqe *sqe)
{
	memset(sqe, 0, sizeof(*sqe));
	if (random64() % 4 == 0) {
		for (size_t i = 0; i < sizeof(*sqe) / 8; i++) {
			uint64_t word = random64();

			memcpy((char *)sqe + 8 * i, &word, 8);
		}
	} else {
		sqe->in_len = (uint32_t)(random64() % (random64() % 8 ? 5000 : AREA));
		sqe->out_cap = (uint32_t)(random64() % (random64() % 8 ? 5000 : AREA));
		sqe->op = (uint8_t)(random64() % 3);
		sqe->format = (uint8_t)(random64() % 3);
		sqe->level = (uint8_t)(1 + random64() % 9);
		sqe->flags = random64() % 8 == 0;
	}
	sqe->in = some_address();
	/* The process is to survive: all it has is past the area. */
	sqe->out = random64() % 4 ? (uintptr_t)area + random64() % AREA :
				    0xffff888000000000u + random64() % (1u << 30);
	if (sqe->out_cap > AREA)
		sqe->out_cap %= AREA;
}

static void scribble_once(struct rawq *q)
{
	volatile uint32_t *words = (volatile uint32_t *)q->ring;
	struct wd_dummy_sqe sqe;
	uint32_t i = (uint32_t)(random64() % q->depth);

	switch (random64() % 8) {
	case 0:
		words[random64() % (q->dus_size / 4)] = (uint32_t)random64();
		break;
	case 1:
		q->doorbell->sq_tail = (uint32_t)random64();
		break;
	case 2:
		q->doorbell->cq_head = (uint32_t)random64();
		break;
	case 3:
		/* In order, so that requests are done. */
		q->doorbell->cq_head = q->ring->cq_tail;
		q->doorbell->sq_tail = q->ring->sq_head + (uint32_t)(random64() % q->depth);
		break;
	case 4:
		ioctl(q->fd, WD_DUMMY_CMD_WAKE);
		break;
	case 5:
		if (random64() % 64 == 0) {
			ioctl(q->fd, UACCE_CMD_PUT_Q);
			ioctl(q->fd, UACCE_CMD_START_Q);
		}
		break;
	default:
		some_request(&sqe);
		memcpy((char *)q->ring + 4096 + i * sizeof(sqe), &sqe, sizeof(sqe));
	}
}

static void scribble_for(double seconds)
{
	double end = now() + seconds;
	struct rawq q = begin();

	while (now() < end)
		for (int i = 0; i < 1000; i++)
			scribble_once(&q);
	rawq_end(&q);
}

/* Four processes, each with new seeds; one that hit itself is replaced. */
static void scribble(long seconds)
{
	double end = now() + (double)seconds;
	long sound = 0;
	int running = 0;

	area = mmap((void *)0x10000000000, 4 * AREA, RW, ANON | MAP_FIXED, -1, 0);
	while (now() < end || running) {
		int status;

		while (now() < end && running < 4) {
			random64();
			if (!fork()) {
				scribble_for(2);
				exit(0);
			}
			running++;
		}
		if (wait(&status) > 0) {
			running--;
			sound += status == 0;
		}
	}
	printf("%ld processes came to their end\n", sound);
	if (!sound)
		exit(1);
}

/* ---- many ---- */

static void many_queues(int id, long queues, long rounds)
{
	struct rawq *q = calloc((size_t)queues, sizeof(*q));
	size_t size = 3000;
	char *in = memory(size), *out = memory(size * (size_t)queues);

	memset(in, id, size);
	for (long i = 0; i < queues; i++)
		q[i] = begin();
	for (long r = 0; r < rounds; r++) {
		memset(out, 0, size * (size_t)queues);
		for (long i = 0; i < queues; i++) {
			char *to = out + size * (size_t)i;
			struct wd_dummy_sqe sqe = rawq_copy(in, size, to, size);

			sqe.tag = (uint32_t)(id * 1000 + i);
			rawq_submit(&q[i], &sqe);
		}
		for (long i = 0; i < queues; i++) {
			struct wd_dummy_cqe cqe;

			if (rawq_receive(&q[i], &cqe, 120000) || cqe.status ||
			    cqe.tag != (uint32_t)(id * 1000 + i) ||
			    memcmp(in, out + size * (size_t)i, size))
				fail("another's result", i);
		}
	}
	for (long i = 0; i < queues; i++)
		rawq_end(&q[i]);
	exit(0);
}

static void many(long processes)
{
	int bad = 0, status;

	for (long i = 0; i < processes; i++)
		if (!fork())
			many_queues((int)i + 1, 16, 20);
	while (wait(&status) > 0)
		bad += status != 0;
	if (bad)
		fail("processes failed", bad);
}

/* ---- removal ---- */

/* Where those who have begun say so. */
static int begun[2];

static void say_begun(void)
{
	if (write(begun[1], "", 1) != 1)
		fail("pipe", errno);
}

/* Until the device is gone. */
static void busy_until_gone(void)
{
	size_t size = 128 << 10;
	char *in = memory(size), *out = memory(size);
	struct wd_dummy_sqe sqe = rawq_copy(in, size, out, size);
	struct rawq q = begin();
	struct wd_dummy_cqe cqe;
	int ret;

	say_begun();
	for (uint32_t i = 0; i < q.depth / 2; i++)
		rawq_submit(&q, &sqe);
	for (;;) {
		/* New memory, whose pages the device has to ask for. */
		madvise(in, size, MADV_DONTNEED);
		madvise(out, size, MADV_DONTNEED);
		ret = rawq_receive(&q, &cqe, 60000);
		/* A ring of ones has results that are none. */
		if (ret || q.ring->magic != WD_DUMMY_MAGIC)
			break;
		if (cqe.status && cqe.status != WD_DUMMY_ESTOP)
			fail("status", cqe.status);
		rawq_submit(&q, &sqe);
	}
	if (ret && ret != -EIO)
		fail("the end", ret);
	rawq_end(&q);
	exit(0);
}

/*
 * Maps and unmaps all the time, and looks at what it mapped: that must be a doorbell
 * nobody has rung, or ones, but never memory that was given back.
 */
static void map_until_gone(void)
{
	struct rawq q;

	if (rawq_open(&q) || rawq_start(&q))
		fail("no queue", errno);
	say_begun();
	for (;;) {
		struct pollfd p = { .fd = q.fd, .events = POLLIN };
		void *got;
		int err = rawq_try_map(&q, UACCE_QFRT_MMIO, q.mmio_size, RW, MAP_SHARED, &got);
		const volatile uint32_t *word = got;

		if (err == ENXIO)
			exit(0);
		if (err)
			fail("mmap", err);
		if (random64() % 2 && word[0] != 0 && word[0] != UINT32_MAX)
			fail("a doorbell", word[0]);
		poll(&p, 1, 0);
		if (p.revents & POLLHUP) {
			usleep(50000);
			for (size_t i = 0; i < q.mmio_size / 4; i++)
				if (word[i] != UINT32_MAX)
					fail("a mapping outlived its memory", word[i]);
			exit(0);
		}
		munmap(got, q.mmio_size);
	}
}

/* Maps and unmaps all the time, so that its memory's lock is always wanted. */
static void *mapper(void *arg)
{
	struct rawq *q = arg;

	for (;;) {
		void *p, *a = mmap(NULL, 1 << 20, RW, ANON | MAP_POPULATE, -1, 0);

		munmap(a, 1 << 20);
		if (rawq_try_map(q, UACCE_QFRT_DUS, q->dus_size, RW, MAP_SHARED, &p) == ENXIO)
			exit(0);
		if (p)
			munmap(p, q->dus_size);
	}
	return NULL;
}

static void mapping_until_gone(void)
{
	size_t size = 1 << 20;
	char *in = memory(size), *out = memory(size);
	struct wd_dummy_sqe sqe = rawq_copy(in, size, out, size);
	struct rawq q = begin();
	pthread_t thread;

	say_begun();
	/* What is left of the rings, once they are mapped elsewhere, is the doorbell. */
	for (uint32_t i = 0; i < q.depth; i++)
		rawq_submit(&q, &sqe);
	munmap((void *)q.ring, q.dus_size);
	pthread_create(&thread, NULL, mapper, &q);
	for (;;) {
		madvise(out, size, MADV_DONTNEED);
		ioctl(q.fd, WD_DUMMY_CMD_WAKE);
		q.doorbell->cq_head++;
	}
}

/* Begin @n processes, and wait until they all have a queue. */
static void start(void (*fn)(void), int n)
{
	char c;

	if (pipe(begun))
		fail("pipe", errno);
	for (int i = 0; i < n; i++)
		if (!fork())
			fn();
	close(begun[1]);
	for (int i = 0; i < n; i++)
		if (read(begun[0], &c, 1) != 1)
			fail("a process did not begin", i);
	close(begun[0]);
}

static void all_well(void)
{
	int status, bad = 0;

	while (wait(&status) > 0)
		bad += status != 0;
	if (bad)
		fail("processes failed", bad);
}

static void removal(long times)
{
	for (long i = 0; i < times; i++) {
		start(busy_until_gone, 4);
		start(mapping_until_gone, 2);
		usleep(100000 + (useconds_t)(random64() % 200000));
		put("/sys/bus/platform/drivers/wd_dummy/unbind", "wd_dummy.0");
		all_well();
		put("/sys/bus/platform/drivers/wd_dummy/bind", "wd_dummy.0");
	}
}

static void race(long times)
{
	for (long i = 0; i < times; i++) {
		random64();
		start(map_until_gone, 2);
		usleep((useconds_t)(random64() % 4000));
		put("/sys/bus/platform/drivers/wd_dummy/unbind", "wd_dummy.0");
		all_well();
		put("/sys/bus/platform/drivers/wd_dummy/bind", "wd_dummy.0");
	}
}

/* Busy until somebody else takes the device away. */
static void busy(long n)
{
	start(busy_until_gone, (int)n);
	all_well();
}

/* ---- no memory for the kernel ---- */

/* With the nth allocation of a call failing, and all that follows. */
static int fail_nth(int nth)
{
	char path[64], text[16];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", (int)gettid());
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail("no fail-nth in this kernel", errno);
	n = snprintf(text, sizeof(text), "%d", nth);
	if (write(fd, text, (size_t)n) != n)
		fail("fail-nth", errno);
	return fd;
}

/* Whether it has hit. */
static int hit(int fd)
{
	char text[16] = "";

	/* Copying the answer may be what fails; then nothing did before. */
	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		strcpy(text, "1");
	/* Or this, where the call has not used up all: then the second time works. */
	if (pwrite(fd, "0", 1, 0) != 1 && pwrite(fd, "0", 1, 0) != 1)
		fail("fail-nth", errno);
	close(fd);
	return atoi(text) == 0;
}

static long try_open(struct rawq *q)
{
	return rawq_open(q) ? -1 : 0;
}

/* Each call with each of its allocations failing once. */
static void no_memory(long unused)
{
	int most = 0;

	(void)unused;
	rawq_attr("flags");
	for (int what = 0; what < 4; what++) {
		for (int nth = 1;; nth++) {
			void *p = NULL;
			struct rawq q;
			int fd, was_hit;
			long ret;

			if (what && try_open(&q))
				fail("open", errno);
			if (!what) {
				memset(&q, 0, sizeof(q));
				fd = fail_nth(nth);
				q.fd = open("/dev/wd_dummy-0", O_RDWR | O_CLOEXEC);
				was_hit = hit(fd);
				ret = q.fd;
			} else if (what < 3) {
				size_t size = what == 1 ? q.mmio_size : q.dus_size;

				fd = fail_nth(nth);
				p = mmap(NULL, size, RW, MAP_SHARED, q.fd,
					 (what == 1 ? 0 : 1) * sysconf(_SC_PAGESIZE));
				was_hit = hit(fd);
				ret = p == MAP_FAILED ? -1 : 0;
			} else {
				fd = fail_nth(nth);
				ret = ioctl(q.fd, UACCE_CMD_START_Q);
				was_hit = hit(fd);
			}
			if (ret >= 0 || what)
				close(q.fd);
			if (!was_hit && ret < 0)
				fail("a call without a failed allocation", what);
			if (!was_hit)
				break;
			if (nth > most)
				most = nth;
			if (nth > 500)
				fail("no end of allocations", what);
		}
	}
	printf("up to %d allocations in a call\n", most);
}

static const struct {
	const char *name;
	void (*fn)(long);
} list[] = {
	{ "kill", kill_busy },	    { "vanish", vanish },
	{ "stuck", stuck },	    { "scribble", scribble },
	{ "many", many },	    { "removal", removal },
	{ "race", race },	    { "deaf", deaf },
	{ "deaf_call", deaf_call }, { "hoard", hoard },
	{ "hold", hold },	    { "unhandled", leave_unhandled },
	{ "long", long_requests },  { "busy", busy },
	{ "no_memory", no_memory },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(list) / sizeof(list[0]); i++) {
		if (strcmp(argv[1], list[i].name))
			continue;
		list[i].fn(atol(argv[2]));
		return 0;
	}
	fprintf(stderr, "usage: abuse NAME NUMBER; names are:\n");
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		fprintf(stderr, "  %s\n", list[i].name);
	return 2;
}
