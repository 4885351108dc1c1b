/* SPDX-License-Identifier: MIT */
/*
 * What uacce and the dummy device promise, each promise as a small test that
 * abi.bats calls by its name: abi NAME.  A failed expectation says which.
 *
 * "Improvement" marks where the modules do better than Linux's own uacce; nothing
 * that works there may fail here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "rawq.h"

#define RW	(PROT_READ | PROT_WRITE)

static void check(long long got, long long want, const char *what, int line)
{
	if (got == want)
		return;
	fprintf(stderr, "line %d: %s is %lld, not %lld\n", line, what, got, want);
	exit(1);
}

#define EXPECT(expr, want)	check((long long)(expr), (long long)(want), #expr, __LINE__)
#define EXPECT_TRUE(expr)	check(!!(expr), 1, #expr, __LINE__)

static size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static int call(const struct rawq *q, unsigned long cmd)
{
	return ioctl(q->fd, cmd) ? errno : 0;
}

static int events(const struct rawq *q)
{
	struct pollfd p = { .fd = q->fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

static struct rawq opened(void)
{
	struct rawq q;

	EXPECT(rawq_open(&q), 0);
	return q;
}

static struct rawq started(void)
{
	struct rawq q;

	EXPECT(rawq_begin(&q), 0);
	return q;
}

/* That the queue works: a copy of some bytes. */
static void works(struct rawq *q)
{
	char in[] = "a queue that works", out[sizeof(in)] = "";
	struct wd_dummy_sqe sqe = rawq_copy(in, sizeof(in), out, sizeof(out));
	struct wd_dummy_cqe cqe;

	sqe.tag = 4711;
	EXPECT(rawq_run(q, &sqe, &cqe), WD_DUMMY_OK);
	EXPECT(cqe.tag, 4711);
	EXPECT(cqe.consumed, sizeof(in));
	EXPECT(cqe.produced, sizeof(in));
	EXPECT(cqe.checksum, crc32(0, (Bytef *)in, sizeof(in)));
	EXPECT(memcmp(in, out, sizeof(in)), 0);
}

/* Write to a file of sysfs or debugfs. */
static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
}

static void inject(const char *fault, const char *count)
{
	char path[160];

	snprintf(path, sizeof(path), "/sys/kernel/debug/wd_dummy/%s/%s", rawq_device(),
		 fault);
	put(path, count);
}

static void unbind(void)
{
	put("/sys/bus/platform/drivers/wd_dummy/unbind", "wd_dummy.0");
}

/* 0, or the signal that reading @p gives. */
static sigjmp_buf jump;

static void on_signal(int sig)
{
	siglongjmp(jump, sig);
}

static int touch(const volatile void *p, bool writing)
{
	struct sigaction sa = { .sa_handler = on_signal }, bus, segv;
	int sig;

	sigaction(SIGBUS, &sa, &bus);
	sigaction(SIGSEGV, &sa, &segv);
	sig = sigsetjmp(jump, 1);
	if (!sig) {
		if (writing)
			*(volatile char *)p = 1;
		else
			(void)*(const volatile char *)p;
	}
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
	return sig;
}

/* In a child: its exit status, which an EXPECT that fails makes 1. */
static void in_child(void (*fn)(struct rawq *), struct rawq *q)
{
	int status;
	pid_t pid = fork();

	EXPECT_TRUE(pid >= 0);
	if (!pid) {
		fn(q);
		exit(0);
	}
	EXPECT(waitpid(pid, &status, 0), pid);
	EXPECT(status, 0);
}

/* ---- states ---- */

static void init_start(void)
{
	struct rawq q = started();

	works(&q);
	rawq_end(&q);
}

static void init_put(void)
{
	struct rawq q = opened();

	EXPECT(call(&q, UACCE_CMD_PUT_Q), 0);
	EXPECT(call(&q, UACCE_CMD_START_Q), 0);
	rawq_end(&q);
}

static void init_driver_ioctl(void)
{
	struct rawq q = opened();

	/* It reaches the driver, which has nothing to wake. */
	EXPECT(call(&q, WD_DUMMY_CMD_WAKE), EINVAL);
	rawq_end(&q);
}

static void init_poll(void)
{
	struct rawq q = opened();

	EXPECT(events(&q), 0);
	rawq_end(&q);
}

static void started_start(void)
{
	struct rawq q = started();

	EXPECT(call(&q, UACCE_CMD_START_Q), EINVAL);
	works(&q);
	rawq_end(&q);
}

static void started_put(void)
{
	struct rawq q = started();

	EXPECT(call(&q, UACCE_CMD_PUT_Q), 0);
	EXPECT(call(&q, UACCE_CMD_PUT_Q), 0);
	EXPECT(call(&q, WD_DUMMY_CMD_WAKE), EINVAL);
	EXPECT(call(&q, UACCE_CMD_START_Q), 0);
	works(&q);
	rawq_end(&q);
}

static void started_driver_ioctl(void)
{
	struct rawq q = started();

	EXPECT(call(&q, WD_DUMMY_CMD_WAKE), 0);
	EXPECT(call(&q, _IO('d', 1)), EINVAL);
	rawq_end(&q);
}

static void started_poll(void)
{
	char in[100] = "x", out[100];
	struct wd_dummy_sqe sqe = rawq_copy(in, sizeof(in), out, sizeof(out));
	struct rawq q = started();
	struct wd_dummy_cqe cqe;
	struct pollfd p = { .fd = q.fd, .events = POLLIN };

	EXPECT(events(&q), 0);
	rawq_submit(&q, &sqe);
	EXPECT(poll(&p, 1, 10000), 1);
	EXPECT(p.revents, POLLIN);
	/* As long as there is something. */
	EXPECT(events(&q), POLLIN);
	EXPECT(rawq_receive(&q, &cqe, 0), 0);
	EXPECT(events(&q), 0);
	rawq_end(&q);
}

static void mmap_when_started(void)
{
	struct rawq q = opened();

	EXPECT(call(&q, UACCE_CMD_START_Q), 0);
	EXPECT(rawq_map(&q), 0);
	works(&q);
	rawq_end(&q);
}

/* All that is left of a queue whose device is gone. */
static void zombie(void)
{
	struct rawq q = started();

	works(&q);
	unbind();
	EXPECT(call(&q, UACCE_CMD_START_Q), ENXIO);
	EXPECT(call(&q, UACCE_CMD_PUT_Q), ENXIO);
	EXPECT(call(&q, WD_DUMMY_CMD_WAKE), ENXIO);
	EXPECT(call(&q, _IO('x', 1)), ENXIO);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_MMIO, q.mmio_size, RW, MAP_SHARED, NULL), ENXIO);
	rawq_end(&q);
}

static void zombie_init(void)
{
	struct rawq q = opened();

	unbind();
	EXPECT(call(&q, UACCE_CMD_START_Q), ENXIO);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW, MAP_SHARED, NULL), ENXIO);
	rawq_end(&q);
}

static void zombie_poll(void)
{
	struct rawq q = started();

	unbind();
	EXPECT(events(&q), POLLERR | POLLHUP);
	rawq_end(&q);
}

static void unbind_soon(struct rawq *q)
{
	(void)q;
	usleep(200000);
	unbind();
}

/* Who waits when it happens is told. */
static void zombie_wakes_poll(void)
{
	struct rawq q = started();
	struct pollfd p = { .fd = q.fd, .events = POLLIN };
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	pid_t pid;

	EXPECT(epoll_ctl(ep, EPOLL_CTL_ADD, q.fd, &ev), 0);
	pid = fork();
	EXPECT_TRUE(pid >= 0);
	if (!pid) {
		unbind_soon(NULL);
		exit(0);
	}
	EXPECT(poll(&p, 1, 20000), 1);
	EXPECT(p.revents, POLLERR | POLLHUP);
	EXPECT(epoll_wait(ep, &ev, 1, 20000), 1);
	EXPECT(ev.events, EPOLLERR | EPOLLHUP);
	EXPECT(waitpid(pid, NULL, 0), pid);
	close(ep);
	rawq_end(&q);
}

/* Improvement: no SIGBUS. */
static void zombie_mappings(void)
{
	struct rawq q = started();

	unbind();
	EXPECT(touch(q.ring, false), 0);
	EXPECT(touch(q.doorbell, false), 0);
	EXPECT(q.ring->magic, UINT64_MAX);
	EXPECT(q.doorbell->sq_tail, UINT32_MAX);
	EXPECT(((volatile uint32_t *)q.ring)[q.dus_size / 4 - 1], UINT32_MAX);
	EXPECT(touch(q.ring, true), 0);
	EXPECT(touch(q.doorbell, true), 0);
	rawq_end(&q);
}

static void zombie_unmap(void)
{
	struct rawq q = started();
	size_t dus_size = q.dus_size;
	void *dus = (void *)q.ring;

	unbind();
	EXPECT(munmap(dus, dus_size), 0);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, dus_size, RW, MAP_SHARED, NULL), ENXIO);
	q.ring = NULL;
	rawq_end(&q);
}

/* ---- ioctl ---- */

static void unknown_ioctl(void)
{
	struct rawq q = started();

	EXPECT(call(&q, _IO('W', 2)), EINVAL);
	EXPECT(call(&q, _IO('W', 99)), EINVAL);
	EXPECT(call(&q, UACCE_CMD_GET_SS_DMA), EINVAL);
	EXPECT(call(&q, _IOR('W', 0, int)), EINVAL);
	EXPECT(call(&q, 0), EINVAL);
	rawq_end(&q);
}

/* ---- mmap ---- */

static void bad_region(void)
{
	struct rawq q = opened();

	/* SS is there without SVA only. */
	EXPECT(rawq_try_map(&q, 2, page(), RW, MAP_SHARED, NULL), EINVAL);
	EXPECT(rawq_try_map(&q, 3, page(), RW, MAP_SHARED, NULL), EINVAL);
	EXPECT(rawq_try_map(&q, 1000000, page(), RW, MAP_SHARED, NULL), EINVAL);
	rawq_end(&q);
}

static void wrong_size(void)
{
	struct rawq q = opened();

	for (unsigned int region = 0; region < 2; region++) {
		size_t size = region == UACCE_QFRT_MMIO ? q.mmio_size : q.dus_size;

		if (size > page())
			EXPECT(rawq_try_map(&q, region, size - page(), RW, MAP_SHARED, NULL),
			       EINVAL);
		EXPECT(rawq_try_map(&q, region, size + page(), RW, MAP_SHARED, NULL), EINVAL);
		EXPECT(rawq_try_map(&q, region, 2 * size, RW, MAP_SHARED, NULL), EINVAL);
		EXPECT(rawq_try_map(&q, region, (size_t)1 << 40, RW, MAP_SHARED, NULL), EINVAL);
		/* The end of a page is not missed. */
		EXPECT(rawq_try_map(&q, region, size - 1, RW, MAP_SHARED, NULL), 0);
	}
	rawq_end(&q);
}

static void double_map(void)
{
	struct rawq q = started();

	EXPECT(rawq_try_map(&q, UACCE_QFRT_MMIO, q.mmio_size, RW, MAP_SHARED, NULL), EEXIST);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW, MAP_SHARED, NULL), EEXIST);
	works(&q);
	rawq_end(&q);
}

static void map_again(void)
{
	struct rawq q = started();

	for (int i = 0; i < 3; i++) {
		uint32_t tail = q.sq_tail, head = q.cq_head;

		rawq_unmap(&q);
		EXPECT(rawq_map(&q), 0);
		q.sq_tail = tail;
		q.cq_head = head;
		works(&q);
	}
	rawq_end(&q);
}

/* Improvement: a private mapping would be one that no request leaves. */
static void private_map(void)
{
	struct rawq q = opened();

	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW, MAP_PRIVATE, NULL), EINVAL);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_MMIO, q.mmio_size, PROT_READ, MAP_PRIVATE, NULL),
	       EINVAL);
	rawq_end(&q);
}

static void no_code(void)
{
	struct rawq q = started();

	EXPECT(mprotect((void *)q.ring, q.dus_size, RW | PROT_EXEC), -1);
	EXPECT(errno, EACCES);
	rawq_unmap(&q);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW | PROT_EXEC, MAP_SHARED, NULL),
	       EINVAL);
	rawq_end(&q);
}

static void mremap_refused(void)
{
	struct rawq q = started();
	void *dus = (void *)q.ring;
	void *to = mmap(NULL, 4 * q.dus_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_TRUE(to != MAP_FAILED);
	EXPECT_TRUE(mremap(dus, q.dus_size, q.dus_size, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
		    MAP_FAILED);
	EXPECT(errno, EPERM);
	EXPECT_TRUE(mremap(dus, q.dus_size, 2 * q.dus_size, MREMAP_MAYMOVE) == MAP_FAILED);
	EXPECT_TRUE(mremap(dus, 0, q.dus_size, MREMAP_MAYMOVE) == MAP_FAILED);
	EXPECT_TRUE(mremap(dus, q.dus_size, q.dus_size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
			   NULL) == MAP_FAILED);
	EXPECT_TRUE(mremap((void *)q.doorbell, q.mmio_size, q.mmio_size,
			   MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED);
	/* And none of it has harmed the queue. */
	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW, MAP_SHARED, NULL), EEXIST);
	works(&q);
	rawq_end(&q);
}

/* A mapping in two parts is still the one the region has. */
static void partial_unmap(void)
{
	struct rawq q = started();
	char *dus = (char *)q.ring;

	works(&q);
	EXPECT(mprotect(dus + page(), page(), PROT_READ), 0);
	EXPECT(munmap(dus + page(), page()), 0);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW, MAP_SHARED, NULL), EEXIST);
	EXPECT(munmap(dus, page()), 0);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW, MAP_SHARED, NULL), EEXIST);
	EXPECT(munmap(dus + 2 * page(), q.dus_size - 2 * page()), 0);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW, MAP_SHARED, NULL), 0);
	q.ring = NULL;
	rawq_end(&q);
}

/* ---- fork and exec ---- */

static void no_queue_in_child(struct rawq *q)
{
	EXPECT(touch(q->ring, false), SIGSEGV);
	EXPECT(touch(q->doorbell, false), SIGSEGV);
	/* Improvement: its requests would act on the parent's memory. */
	EXPECT(rawq_try_map(q, UACCE_QFRT_DUS, q->dus_size, RW, MAP_SHARED, NULL), EPERM);
	EXPECT(call(q, UACCE_CMD_PUT_Q), EPERM);
	EXPECT(call(q, UACCE_CMD_START_Q), EPERM);
	EXPECT(call(q, WD_DUMMY_CMD_WAKE), EPERM);
	EXPECT(call(q, UACCE_CMD_GET_SS_DMA), EPERM);
	EXPECT(call(q, _IO('x', 1)), EPERM);
	EXPECT(read(q->fd, (char[8]){ 0 }, 8), -1);
	EXPECT(write(q->fd, "x", 1), -1);
	close(q->fd);
}

/* One that may not use it must not wait for it, either: there would be no end. */
static void poll_not_mine(struct rawq *q)
{
	struct pollfd p = { .fd = q->fd, .events = POLLIN };

	EXPECT(poll(&p, 1, 60000), 1);
	EXPECT(p.revents, POLLERR);
}

static void fork_poll(void)
{
	char in[64] = "z", out[64] = "";
	struct wd_dummy_sqe sqe = rawq_copy(in, sizeof(in), out, sizeof(out));
	struct rawq q = started();
	struct wd_dummy_cqe cqe;
	struct pollfd p = { .fd = q.fd, .events = POLLIN };

	in_child(poll_not_mine, &q);
	rawq_submit(&q, &sqe);
	EXPECT(poll(&p, 1, 60000), 1);
	/* With something to receive, too, and it is still the owner's. */
	in_child(poll_not_mine, &q);
	EXPECT(events(&q), POLLIN);
	EXPECT(rawq_receive(&q, &cqe, 0), 0);
	unbind();
	EXPECT(events(&q), POLLERR | POLLHUP);
	rawq_end(&q);
}

static int exclusive_epoll(const struct rawq *q)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	EXPECT(epoll_ctl(ep, EPOLL_CTL_ADD, q->fd, &ev), 0);
	return ep;
}

/* Of those that want to be the only one that is woken the first to ask is. */
static void fork_wakeup(void)
{
	char in[64] = "z", out[64] = "";
	struct wd_dummy_sqe sqe = rawq_copy(in, sizeof(in), out, sizeof(out));
	struct rawq q = started();
	struct epoll_event ev;
	int told[2], ep;
	pid_t pid;
	char c;

	EXPECT(pipe(told), 0);
	pid = fork();
	EXPECT_TRUE(pid >= 0);
	if (!pid) {
		ep = exclusive_epoll(&q);
		EXPECT(write(told[1], "", 1), 1);
		for (;;)
			epoll_wait(ep, &ev, 1, -1);
	}
	EXPECT(read(told[0], &c, 1), 1);
	/* So that it waits. */
	usleep(200000);
	ep = exclusive_epoll(&q);
	rawq_submit(&q, &sqe);
	EXPECT(epoll_wait(ep, &ev, 1, 30000), 1);
	EXPECT(ev.events, EPOLLIN);
	kill(pid, SIGKILL);
	EXPECT(waitpid(pid, NULL, 0), pid);
	close(ep);
	rawq_end(&q);
}

static void fork_without(void)
{
	struct rawq q = started();

	in_child(no_queue_in_child, &q);
	works(&q);
	rawq_end(&q);
}

/* Also when the parent has no mappings any more. */
static void cannot_map(struct rawq *q)
{
	EXPECT(rawq_try_map(q, UACCE_QFRT_DUS, q->dus_size, RW, MAP_SHARED, NULL), EPERM);
}

static void fork_unmapped(void)
{
	struct rawq q = opened();

	in_child(cannot_map, &q);
	EXPECT(rawq_map(&q), 0);
	rawq_end(&q);
}

static void own_queue(struct rawq *parent)
{
	struct rawq q = started();

	(void)parent;
	works(&q);
	rawq_end(&q);
}

static void fork_with_own(void)
{
	struct rawq q = started();

	works(&q);
	in_child(own_queue, &q);
	works(&q);
	rawq_end(&q);
}

/* MADV_DOFORK must not undo it. */
static void fork_madvise(void)
{
	struct rawq q = started();

	EXPECT(madvise((void *)q.ring, q.dus_size, MADV_DOFORK), -1);
	in_child(no_queue_in_child, &q);
	rawq_end(&q);
}

/* The request's pointer is the parent's, whatever the child has there. */
static void fork_memory(void)
{
	size_t size = 8 * page();
	char *in = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *out = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct wd_dummy_sqe sqe = rawq_copy(in, size, out, size);
	struct rawq q = started();
	struct wd_dummy_cqe cqe;
	int go[2], status;
	pid_t pid;

	memset(in, 'p', size);
	memset(out, 0, size);
	EXPECT(pipe(go), 0);
	pid = fork();
	if (!pid) {
		char c;

		memset(in, 'c', size);
		EXPECT(read(go[0], &c, 1), 1);
		/* What the device wrote for the parent is not here. */
		for (size_t i = 0; i < size; i++)
			EXPECT(out[i], 0);
		exit(0);
	}
	EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_OK);
	for (size_t i = 0; i < size; i++)
		EXPECT(out[i], 'p');
	EXPECT(write(go[1], "", 1), 1);
	EXPECT(waitpid(pid, &status, 0), pid);
	EXPECT(status, 0);
	rawq_end(&q);
}

/* Called by exec_queue() as another program, with a queue at descriptor 3. */
static void after_exec(void)
{
	struct rawq q = { .fd = 3 };

	q.dus_size = rawq_attr("region_dus_size");
	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW, MAP_SHARED, NULL), EPERM);
	EXPECT(call(&q, UACCE_CMD_START_Q), EPERM);
	EXPECT(call(&q, UACCE_CMD_PUT_Q), EPERM);
}

static void exec_queue(void)
{
	struct rawq q = started();
	int fd = q.fd;

	works(&q);
	if (fd != 3)
		EXPECT(dup2(fd, 3), 3);
	EXPECT(fcntl(3, F_SETFD, 0), 0);
	execl("/proc/self/exe", "abi", "after_exec", NULL);
	EXPECT(errno, 0);
}

/* A process that is gone leaves nothing running; the descriptor lives on. */
static void outlive(void)
{
	int sv[2], status;
	struct pollfd p;
	pid_t pid;
	char c;

	EXPECT(pipe(sv), 0);
	pid = fork();
	if (!pid) {
		char in[64] = "y", out[64];
		struct wd_dummy_sqe sqe = rawq_copy(in, sizeof(in), out, sizeof(out));
		struct rawq q = started();
		pid_t heir;

		heir = fork();
		if (!heir) {
			/* The only one with the file, from when the parent is gone. */
			EXPECT(read(sv[0], &c, 1), 1);
			p = (struct pollfd){ .fd = q.fd, .events = POLLIN };
			EXPECT_TRUE(poll(&p, 1, 0) >= 0);
			EXPECT(call(&q, UACCE_CMD_PUT_Q), EPERM);
			close(q.fd);
			exit(0);
		}
		for (int i = 0; i < 8; i++)
			rawq_submit(&q, &sqe);
		_exit(0);
	}
	EXPECT(waitpid(pid, &status, 0), pid);
	EXPECT(write(sv[1], "", 1), 1);
	wait(&status);
}

/* ---- close ---- */

/* Every order of unmapping both regions, stopping and closing. */
static void close_orders(void)
{
	for (int order = 0; order < 24 * 2; order++) {
		struct rawq q = order % 2 ? started() : opened();
		int left[4] = { 0, 1, 2, 3 };
		int n = 4, code = order / 2;
		bool closed = false;

		if (order % 2 == 0)
			EXPECT(rawq_map(&q), 0);
		while (n) {
			int i = code % n, what = left[i];

			code /= n;
			left[i] = left[--n];
			if (what == 0) {
				EXPECT(munmap((void *)q.ring, q.dus_size), 0);
			} else if (what == 1) {
				EXPECT(munmap((void *)q.doorbell, q.mmio_size), 0);
			} else if (what == 2) {
				EXPECT(close(q.fd), 0);
				closed = true;
			} else if (!closed) {
				EXPECT(call(&q, UACCE_CMD_PUT_Q), 0);
			}
		}
	}
}

/* A mapping keeps the queue: it works without its descriptor, but for calls. */
static void mapping_outlives_close(void)
{
	unsigned long before = rawq_attr("available_instances");
	struct rawq q = started();

	works(&q);
	close(q.fd);
	EXPECT(rawq_attr("available_instances"), before - 1);
	q.fd = open("/dev/null", O_RDONLY);
	rawq_end(&q);
	/* With its thread, which may take a moment. */
	for (int i = 0; i < 60000 && rawq_attr("available_instances") != before; i++)
		usleep(1000);
	EXPECT(rawq_attr("available_instances"), before);
}

static void all_queues(void)
{
	unsigned long n = rawq_attr("available_instances");
	struct rawq *q = calloc(n + 1, sizeof(*q));

	for (unsigned long i = 0; i < n; i++) {
		EXPECT(rawq_open(&q[i]), 0);
		EXPECT(rawq_attr("available_instances"), n - 1 - i);
	}
	EXPECT(rawq_open(&q[n]), -EBUSY);
	rawq_end(&q[0]);
	EXPECT(rawq_open(&q[n]), 0);
	for (unsigned long i = 1; i <= n; i++)
		rawq_end(&q[i]);
	EXPECT(rawq_attr("available_instances"), n);
	free(q);
}

/* ---- what the rings may hold ---- */

/* Nobody sees what a queue held for another before. */
static void clean_rings(void)
{
	struct rawq q = started();
	const volatile char *p;

	memset((char *)q.ring + q.ring->sq_off, 'S', q.depth * sizeof(struct wd_dummy_sqe));
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

static int status_of(struct rawq *q, const void *in, size_t in_len, void *out, size_t cap)
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
		8, 0x1000, 0x7fffffffffffull, 0x800000000000ull, 0xffff888000000000ull,
		0xffffffff81000000ull, 0xffffffffffffffffull, 0x4141414141414141ull,
	};
	size_t size = 4 * page();
	char *mem = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *ro = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rawq q = started();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT(status_of(&q, (void *)bad[i], 100, mem, size), WD_DUMMY_EFAULT);
		EXPECT(status_of(&q, mem, 100, (void *)bad[i], 100), WD_DUMMY_EFAULT);
	}
	EXPECT(status_of(&q, none, 100, mem, size), WD_DUMMY_EFAULT);
	EXPECT(status_of(&q, mem, 100, none, size), WD_DUMMY_EFAULT);
	EXPECT(status_of(&q, mem, 100, ro, size), WD_DUMMY_EFAULT);
	EXPECT(status_of(&q, ro, 100, mem, size), WD_DUMMY_OK);
	EXPECT(status_of(&q, mem, 100, (void *)(uintptr_t)&works, 100), WD_DUMMY_EFAULT);
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
	EXPECT(status_of(&q, (void *)q.ring, 64, mem, sizeof(mem)), WD_DUMMY_EFAULT);
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

#define REFUSED(change) do {						\
		sqe = good;						\
		change;							\
		EXPECT(rawq_run(&q, &sqe, &cqe), WD_DUMMY_EINVAL);	\
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
	REFUSED(sqe.op = WD_DUMMY_OP_COMPRESS; sqe.level = 6; sqe.format = WD_DUMMY_GZIP;
		sqe.flags = WD_DUMMY_SQE_OPEN);
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
	struct wd_dummy_sqe sqe = rawq_copy(flow->in, sizeof(flow->in), flow->out,
					    sizeof(flow->out));

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

static void fill(char *p, size_t n)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < n; i++) {
		x = x * 1103515245 + 12345;
		p[i] = (char)("abcdefgh etaoin shrdlu\n"[(x >> 16) % 23]);
	}
}

static void there_and_back(struct rawq *q, int format, int level, size_t len)
{
	size_t cap = len + len / 8 + 256;
	char *in = malloc(len + 1), *mid = malloc(cap), *out = malloc(len + 1);
	struct wd_dummy_sqe sqe = {
		.in = (uintptr_t)in, .in_len = (uint32_t)len,
		.out = (uintptr_t)mid, .out_cap = (uint32_t)cap,
		.op = WD_DUMMY_OP_COMPRESS,
		.format = (uint8_t)format, .level = (uint8_t)level,
	};
	int bits = format == WD_DUMMY_GZIP ? 31 : format == WD_DUMMY_ZLIB ? 15 : -15;
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
	static const size_t sizes[] = { 0, 1, 2, 100, 4096, 65535, 65536, 65537, 131072, 300000 };
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
			.in = (uintptr_t)in + 50000 * i, .in_len = 50000,
			.out = (uintptr_t)mid + have,
			.out_cap = (uint32_t)(sizeof(mid) - have),
			.op = WD_DUMMY_OP_COMPRESS, .level = 6,
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
	unsigned char m[200] = { 0x1f, 0x8b, 8, 0x1e, 1, 2, 3, 4, 0, 3, 5, 0, 'e', 'x', 't', 'r', 'a' };
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

	snprintf(path, sizeof(path), "/sys/class/uacce/%s/%s", rawq_device(), strategy);
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

/* ---- no SVA ---- */

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
	EXPECT(rawq_try_map(q, UACCE_QFRT_SS, page(), RW, MAP_SHARED, NULL), EPERM);
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
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, (size_t)129 << 20, RW, MAP_SHARED, NULL), EINVAL);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, size, RW, MAP_SHARED, (void **)&ss), 0);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, size, RW, MAP_SHARED, NULL), EEXIST);
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
	sqe = rawq_copy((void *)first.dma, 100000, (void *)(first.dma + 200001), 100000);
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
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, size / 9, RW, MAP_SHARED, NULL), EINVAL);
	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, size, RW, MAP_SHARED, (void **)&ss), 0);
	EXPECT(memcmp(ss, ss + 200001, 100000), 0);
	rawq_end(&q);
	EXPECT(touch(ss, false), 0);
	EXPECT(munmap(ss, size), 0);
}

static void ss_zombie(void)
{
	struct rawq q = started();
	char *ss;

	EXPECT(rawq_try_map(&q, UACCE_QFRT_SS, 1 << 20, RW, MAP_SHARED, (void **)&ss), 0);
	memset(ss, 1, 1 << 20);
	unbind();
	EXPECT(ss[0] & 0xff, 0xff);
	EXPECT(ss[(1 << 20) - 1] & 0xff, 0xff);
	munmap(ss, 1 << 20);
	rawq_end(&q);
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

/* ---- the list ---- */

#define TEST(name)	{ #name, name }

static const struct {
	const char *name;
	void (*fn)(void);
} tests[] = {
	TEST(init_start), TEST(init_put), TEST(init_driver_ioctl), TEST(init_poll),
	TEST(started_start), TEST(started_put), TEST(started_driver_ioctl),
	TEST(started_poll), TEST(mmap_when_started),
	TEST(zombie), TEST(zombie_init), TEST(zombie_poll), TEST(zombie_wakes_poll),
	TEST(zombie_mappings), TEST(zombie_unmap),
	TEST(unknown_ioctl), TEST(bad_region), TEST(wrong_size), TEST(double_map),
	TEST(map_again), TEST(private_map), TEST(no_code), TEST(mremap_refused),
	TEST(partial_unmap),
	TEST(fork_poll), TEST(fork_wakeup), TEST(fork_without), TEST(fork_unmapped), TEST(fork_with_own), TEST(fork_madvise),
	TEST(fork_memory), TEST(exec_queue), TEST(after_exec), TEST(outlive),
	TEST(close_orders), TEST(mapping_outlives_close), TEST(all_queues),
	TEST(clean_rings), TEST(bad_addresses), TEST(ring_as_buffer),
	TEST(untouched_pages), TEST(bad_requests), TEST(bad_doorbells), TEST(full_ring),
	TEST(results_not_taken), TEST(mended_doorbells), TEST(no_lost_wakeup),
	TEST(algorithms), TEST(open_stream), TEST(gzip_header),
	TEST(faults), TEST(isolation),
	TEST(ss_region), TEST(ss_zombie), TEST(cap_needed), TEST(open_refused),
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (strcmp(argv[1], tests[i].name))
			continue;
		tests[i].fn();
		return 0;
	}
	fprintf(stderr, "usage: abi TEST; tests are:\n");
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		fprintf(stderr, "  %s\n", tests[i].name);
	return 2;
}
