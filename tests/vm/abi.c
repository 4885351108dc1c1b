/* SPDX-License-Identifier: MIT */
/*
 * What uacce promises, each promise as a small test that abi.bats calls by its name:
 * abi NAME.  A failed expectation says which.  abi_stop.c has what becomes of queues
 * that are stopped, abi_no_sva.c devices that take bus addresses, abi_dummy.c what the
 * dummy device promises beyond that.
 *
 * "Improvement" marks where the modules do better than Linux's own uacce; nothing
 * that works there may fail here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

#include "abi.h"

void check(long long got, long long want, const char *what, const char *file,
	   int line)
{
	if (got == want)
		return;
	fprintf(stderr, "%s, line %d: %s is %lld, not %lld\n", basename(file),
		line, what, got, want);
	exit(1);
}

size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int call(const struct rawq *q, unsigned long cmd)
{
	return ioctl(q->fd, cmd, NULL) ? errno : 0;
}

int events(const struct rawq *q)
{
	struct pollfd p = { .fd = q->fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

struct rawq opened(void)
{
	struct rawq q;

	EXPECT(rawq_open(&q), 0);
	return q;
}

struct rawq started(void)
{
	struct rawq q;

	EXPECT(rawq_begin(&q), 0);
	return q;
}

void works(struct rawq *q)
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

void fill(char *p, size_t n)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < n; i++) {
		x = x * 1103515245 + 12345;
		p[i] = (char)("abcdefgh etaoin shrdlu\n"[(x >> 16) % 23]);
	}
}

void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
}

void inject(const char *fault, const char *count)
{
	char path[160];

	snprintf(path, sizeof(path), "/sys/kernel/debug/wd_dummy/%s/%s", rawq_device(),
		 fault);
	put(path, count);
}

void unbind(void)
{
	put("/sys/bus/platform/drivers/wd_dummy/unbind", "wd_dummy.0");
}

/* 0, or the signal that reading @p gives. */
static sigjmp_buf jump;

static void on_signal(int sig)
{
	siglongjmp(jump, sig);
}

int touch(const volatile void *p, bool writing)
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
void in_child(void (*fn)(struct rawq *), struct rawq *q)
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
void poll_not_mine(struct rawq *q)
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

/* ---- the list ---- */

/* clang-format off */
static const struct abi_test tests[] = {
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
};
/* clang-format on */

static void run(const struct abi_test *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!name)
			fprintf(stderr, "  %s\n", list[i].name);
		if (!name || strcmp(name, list[i].name))
			continue;
		list[i].fn();
		exit(0);
	}
}

static void run_all(const char *name)
{
	run(tests, sizeof(tests) / sizeof(tests[0]), name);
	run(dummy_tests, n_dummy_tests, name);
	run(stop_tests, n_stop_tests, name);
	run(no_sva_tests, n_no_sva_tests, name);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		run_all(argv[1]);
	fprintf(stderr, "usage: abi TEST; tests are:\n");
	run_all(NULL);
	return 2;
}
