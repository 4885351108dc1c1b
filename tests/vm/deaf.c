/* SPDX-License-Identifier: MIT */
/*
 * Memory that never comes: a file system, or a page fault handler, that does not answer.
 * What requests or calls wait for such pages must hold up nobody else.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abuse.h"

/* ---- a page that never comes ---- */

static int faultfd(void *p, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)p, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &reg))
		fail("userfaultfd", errno);
	return fd;
}

/* Nobody answers the page fault; stopping, closing and dying must not wait for it. */
void stuck(long how)
{
	size_t size = 1 << 20;
	char *in = memory(size), *out = memory(size);
	struct wd_dummy_sqe sqe = rawq_copy(in, size, out, size);
	int fd = faultfd(in, size);
	struct rawq q = begin();
	struct wd_dummy_cqe cqe;
	double start;

	rawq_submit(&q, &sqe);
	if (rawq_receive(&q, &cqe, 500) != -ETIMEDOUT)
		fail("the request did not wait for its page", cqe.status);
	start = now();
	if (how == 0) {
		if (rawq_stop(&q))
			fail("stop", errno);
	} else if (how == 1) {
		rawq_end(&q);
	} else {
		_exit(0);
	}
	if (now() - start > FOREVER)
		fail("it took too long to stop", (long)(now() - start));
	if (how == 0)
		rawq_end(&q);
	close(fd);
}

/*
 * A file system that never answers when it is asked for data, but counts that: what
 * waits for its pages cannot even be killed.
 */
#define DEAF_SIZE ((size_t)4 << 20)

/* Of whatever: fewer than half of the queues in the test that has many. */
#define MOST_WAITS 100

static const char deaf_path[] = "/run/tmp/deaf";
static atomic_long *deaf_asked;

static void serve(int fd)
{
	static char in[1 << 17], out[4096];
	struct fuse_in_header *head = (void *)in;
	struct fuse_out_header *answer = (void *)out;
	void *body = answer + 1;

	for (;;) {
		ssize_t n = read(fd, in, sizeof(in));
		size_t len = 0;

		if (n < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (n < (ssize_t)sizeof(*head))
			_exit(0);
		memset(out, 0, sizeof(out));
		answer->unique = head->unique;
		if (head->opcode == FUSE_INIT) {
			struct fuse_init_out *init = body;

			init->major = 7;
			init->minor = 31;
			init->max_write = 4096;
			len = sizeof(*init);
		} else if (head->opcode == FUSE_GETATTR) {
			struct fuse_attr_out *attr = body;

			attr->attr_valid = 1000;
			attr->attr.ino = 1;
			attr->attr.mode = S_IFREG | 0644;
			attr->attr.nlink = 1;
			attr->attr.size = DEAF_SIZE;
			len = sizeof(*attr);
		} else if (head->opcode == FUSE_OPEN) {
			len = sizeof(struct fuse_open_out);
		} else if (head->opcode == FUSE_READ) {
			atomic_fetch_add(deaf_asked, 1);
			continue;
		} else if (head->opcode == FUSE_INTERRUPT ||
			   head->opcode == FUSE_FORGET) {
			continue;
		} else {
			answer->error = -ENOSYS;
		}
		answer->len = (uint32_t)(sizeof(*answer) + len);
		if (write(fd, out, answer->len) < 0)
			_exit(0);
	}
}

static pid_t mount_deaf(void)
{
	char options[96];
	int fd, file;
	pid_t server;

	/* What one that failed has left. */
	umount2(deaf_path, MNT_DETACH);
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	file = open(deaf_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	deaf_asked = mmap(NULL, 4096, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || file < 0 || deaf_asked == MAP_FAILED)
		fail("FUSE", errno);
	close(file);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=100000,user_id=0,group_id=0", fd);
	if (mount("deaf", deaf_path, "fuse", MS_NOSUID | MS_NODEV, options))
		fail("mounting", errno);
	server = fork();
	if (!server) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd);
	}
	close(fd);
	return server;
}

/* Its only file. */
static char *map_deaf(void)
{
	int fd = open(deaf_path, O_RDONLY | O_CLOEXEC);
	char *p = mmap(NULL, DEAF_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	struct stat st;

	/* How large the file is has to be asked for. */
	if (fd < 0 || p == MAP_FAILED || fstat(fd, &st) ||
	    (size_t)st.st_size != DEAF_SIZE)
		fail("deaf file", errno);
	madvise(p, DEAF_SIZE, MADV_RANDOM);
	close(fd);
	return p;
}

/* A process whose request waits for a page of that file, until it is killed. */
static pid_t deaf_request(void)
{
	size_t size = 1 << 20;
	int told[2];
	pid_t pid;
	char c;

	if (pipe(told))
		fail("pipe", errno);
	pid = fork();
	if (!pid) {
		char *in = map_deaf(), *out = memory(size);
		struct wd_dummy_sqe sqe = rawq_copy(in, 1000, out, size);
		struct rawq q = begin();
		struct wd_dummy_cqe cqe;

		rawq_submit(&q, &sqe);
		if (rawq_receive(&q, &cqe, 500) != -ETIMEDOUT)
			fail("the request did not wait for its page",
			     cqe.status);
		if (write(told[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	/* So that its end is seen. */
	close(told[1]);
	if (read(told[0], &c, 1) != 1)
		fail("the request did not begin", errno);
	close(told[0]);
	return pid;
}

/* Neither removal nor anybody else waits for it. */
void deaf(long unused)
{
	pid_t server = mount_deaf();
	pid_t pid = deaf_request();
	struct rawq q = begin();
	double start = now();
	int fd;

	(void)unused;
	rawq_end(&q);
	put("/sys/bus/platform/drivers/wd_dummy/unbind", "wd_dummy.0");
	put("/sys/bus/platform/drivers/wd_dummy/bind", "wd_dummy.0");
	fd = open("/dev/wd_dummy-0", O_RDWR | O_CLOEXEC);
	if (fd < 0 || now() - start > FOREVER)
		fail("somebody waited for a page that never comes",
		     (long)(now() - start));
	close(fd);
	kill(pid, SIGKILL);
	kill(server, SIGKILL);
	while (wait(NULL) > 0)
		;
	umount2(deaf_path, MNT_DETACH);
}

/* ---- queues that are closed while their threads wait for a page ---- */

static long count_threads(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	long n = 0;

	if (!proc)
		fail("/proc", errno);
	while ((entry = readdir(proc))) {
		char path[300], name[16] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (!atoi(entry->d_name) || !(f = fopen(path, "r")))
			continue;
		n += fgets(name, sizeof(name), f) &&
		     !strncmp(name, "wd_dummy-", 9);
		fclose(f);
	}
	closedir(proc);
	return n;
}

/* How often this process has given up its processor to wait for something. */
static long count_waits(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		fail("getrusage", errno);
	return usage.ru_nvcsw;
}

/* Within a time that is enough for any machine. */
static void until(bool (*is_so)(long), long arg, const char *what)
{
	double start = now();

	while (!is_so(arg)) {
		if (now() - start > FOREVER)
			fail(what, arg);
		usleep(5000);
	}
}

static bool was_asked(long times)
{
	return atomic_load(deaf_asked) >= times;
}

static bool is_free(long queues)
{
	return rawq_attr("available_instances") == (unsigned long)queues;
}

static bool has_threads(long n)
{
	return count_threads() == n;
}

/* In all that closes or removes such queues. */
static long waits;

static void count_closing(struct rawq *q)
{
	long before = count_waits();

	rawq_end(q);
	waits += count_waits() - before;
}

/*
 * The @i-th queue that waits for a page of the deaf file, and is closed then, unless it
 * shall stay @open.
 */
static int leave_deaf(char *in, long i, struct rawq *open)
{
	static char out[64];
	struct wd_dummy_sqe sqe = rawq_copy(in + i * sysconf(_SC_PAGESIZE),
					    sizeof(out), out, sizeof(out));
	struct rawq q;
	int ret = rawq_begin(&q);

	if (ret)
		return ret;
	rawq_submit(&q, &sqe);
	until(was_asked, i + 1, "the request did not wait for its page");
	if (open)
		*open = q;
	else
		count_closing(&q);
	return 0;
}

/* As many as there may be, of so many files; half of them in @open, if given. */
static void leave_all_deaf(long files, long queues, struct rawq *open)
{
	char *in = map_deaf();

	for (long i = 0; i < files; i++) {
		int ret =
			leave_deaf(in, i, open && i % 2 ? &open[i / 2] : NULL);
		long left = i < queues ? queues - i - 1 : 0;

		if (ret != (i < queues ? 0 : -EBUSY))
			fail("opening a queue", ret);
		if (!is_free(left))
			fail("not free as many queues as that", left);
	}
}

/*
 * The queues count until their threads have ended, also when the device went away and
 * came back, which does not wait for them.
 */
void hoard(long files)
{
	long queues = (long)rawq_attr("available_instances"), before;
	struct rawq *open = calloc((size_t)files, sizeof(*open));
	pid_t server = mount_deaf();
	struct rawq q;

	if (!open)
		fail("memory", errno);
	leave_all_deaf(files, queues, open);
	if (count_threads() != queues)
		fail("threads", count_threads());
	before = count_waits();
	put("/sys/bus/platform/drivers/wd_dummy/unbind", "wd_dummy.0");
	waits += count_waits() - before;
	for (long i = 0; i < queues / 2; i++)
		count_closing(&open[i]);
	if (waits > MOST_WAITS)
		fail("each of those that never end was waited for", waits);
	free(open);
	put("/sys/bus/platform/drivers/wd_dummy/bind", "wd_dummy.0");
	if (rawq_begin(&q) != -EBUSY || count_threads() != queues)
		fail("a device that came back has more threads",
		     count_threads());
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	until(is_free, queues, "not free as many queues as that");
	until(has_threads, 0, "threads that do not end");
	q = begin();
	rawq_end(&q);
	umount2(deaf_path, MNT_DETACH);
}

/* Until it is killed. */
void hold(long files)
{
	mount_deaf();
	leave_all_deaf(files, (long)rawq_attr("available_instances"), NULL);
	puts("stuck");
	fflush(stdout);
	for (;;)
		pause();
}

/* What waits for a page fault handler ends with its queue. */
void leave_unhandled(long files)
{
	long queues = (long)rawq_attr("available_instances");
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *in = memory(size), out[64];
	struct wd_dummy_sqe sqe = rawq_copy(in, sizeof(out), out, sizeof(out));
	int fd = faultfd(in, size);

	for (long i = 0; i < files; i++) {
		struct uffd_msg msg;
		double start = now();
		struct rawq q;
		int ret;

		while ((ret = rawq_begin(&q)) == -EBUSY &&
		       now() - start < FOREVER)
			usleep(1000);
		if (ret)
			fail("a queue whose thread was told to end is in use",
			     ret);
		rawq_submit(&q, &sqe);
		if (read(fd, &msg, sizeof(msg)) != sizeof(msg))
			fail("userfaultfd", errno);
		rawq_end(&q);
	}
	until(is_free, queues, "not free as many queues as that");
	until(has_threads, 0, "threads that do not end");
	close(fd);
}

/* ---- a call whose argument never comes ---- */

/* A process that is in a call, until its file system ends. */
static pid_t deaf_caller(void)
{
	pid_t pid = fork();

	if (!pid) {
		struct rawq q = begin();

		ioctl(q.fd, WD_DUMMY_CMD_COUNT, map_deaf());
		_exit(0);
	}
	until(was_asked, 1, "the call did not wait for its argument");
	return pid;
}

/* Where it says what its handler's descriptor is. */
static int handler[2];

/* The same for one that only a page fault handler of its own could end. */
static void *unhandled_caller(void *arg)
{
	struct rawq *q = arg;
	void *page = memory((size_t)sysconf(_SC_PAGESIZE));
	int fd = faultfd(page, (size_t)sysconf(_SC_PAGESIZE));

	if (write(handler[1], &fd, sizeof(fd)) != sizeof(fd))
		fail("pipe", errno);
	ioctl(q->fd, WD_DUMMY_CMD_COUNT, page);
	return NULL;
}

static void use_device(void)
{
	struct rawq q = begin();

	if (rawq_stop(&q) || rawq_start(&q))
		fail("stopping and starting", errno);
	rawq_end(&q);
	put("/sys/bus/platform/drivers/wd_dummy/unbind", "wd_dummy.0");
	put("/sys/bus/platform/drivers/wd_dummy/bind", "wd_dummy.0");
	q = begin();
	rawq_end(&q);
}

/* Neither the device's other users nor who takes it away wait for one. */
void deaf_call(long unused)
{
	struct rawq q = begin();
	struct uffd_msg msg;
	double start = now();
	pthread_t thread;
	pid_t server, pid;
	int fd;

	(void)unused;
	server = mount_deaf();
	pid = deaf_caller();
	if (pipe(handler) ||
	    pthread_create(&thread, NULL, unhandled_caller, &q) ||
	    read(handler[0], &fd, sizeof(fd)) != sizeof(fd) ||
	    read(fd, &msg, sizeof(msg)) != sizeof(msg))
		fail("a call that waits for its page fault handler", errno);
	/* Not even the queue is held up. */
	if (rawq_stop(&q) || rawq_start(&q))
		fail("stopping the queue of a call that waits", errno);
	use_device();
	if (now() - start > FOREVER)
		fail("somebody waited for an argument that never comes",
		     (long)(now() - start));
	close(fd);
	pthread_join(thread, NULL);
	rawq_end(&q);
	kill(pid, SIGKILL);
	kill(server, SIGKILL);
	while (wait(NULL) > 0)
		;
	umount2(deaf_path, MNT_DETACH);
}
