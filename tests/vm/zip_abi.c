/* SPDX-License-Identifier: MIT */
/*
 * What the queue file of a ZIP engine promises, row by row: sysfs, regions, ioctls,
 * mappings, waiting.  A row says what it is about and what was found; where kmod/
 * differs from Linux's own driver on purpose it says that, too.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zip_user.h"
#include "zipq.h"

#define RW	      (PROT_READ | PROT_WRITE)
#define SS_SIZE	      (64u << 10)
#define LARGE_SS_SIZE (20u << 20)

static unsigned int rows, failures;

/* ---- rows ---- */

static void row(bool good, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void row(bool good, const char *what, const char *fmt, ...)
{
	va_list args;

	rows++;
	failures += !good;
	printf("%-8s %s: ", good ? "ok" : "WRONG", what);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

static const char *name_of(int err)
{
	return err ? strerrorname_np(err) : "0";
}

/* That an error, or 0, is the one that is to be. */
static void is_errno(const char *what, int got, int want)
{
	row(got == want, what, "%s%s%s", name_of(got),
	    got == want ? "" : ", not ", got == want ? "" : name_of(want));
}

/* The same, where Linux's own driver gives something else, or nothing. */
static void is_better(const char *what, int got, int want, const char *there)
{
	row(got == want, what, "%s%s%s (Linux's own: %s)", name_of(got),
	    got == want ? "" : ", not ", got == want ? "" : name_of(want),
	    there);
}

static void is_number(const char *what, unsigned long got, unsigned long want)
{
	if (got == want)
		row(true, what, "%lu", got);
	else
		row(false, what, "%lu, not %lu", got, want);
}

/* ---- helpers ---- */

static size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct zipq opened(void)
{
	struct zipq q;
	int ret = zipq_open(&q);

	if (ret) {
		row(false, "open", "%s", name_of(-ret));
		exit(1);
	}
	return q;
}

static struct zipq begun(unsigned int type)
{
	struct zipq q;
	int ret = zipq_begin(&q, type, SS_SIZE);

	if (ret) {
		row(false, "a queue, open, mapped and started", "%s",
		    name_of(-ret));
		exit(1);
	}
	return q;
}

static int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? errno : 0;
}

/* Errno of a mapping, which is undone. */
static int try_map(int fd, unsigned int region, size_t size, int prot,
		   int flags)
{
	void *p = mmap(NULL, size, prot, flags, fd, (off_t)(region * page()));

	if (p == MAP_FAILED)
		return errno;
	munmap(p, size);
	return 0;
}

/* Errno of writing to a file. */
static int put_path(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = errno;
	close(fd);
	return ret;
}

static int put(const char *name, const char *text)
{
	char path[400];

	snprintf(path, sizeof(path), "/sys/class/uacce/%s/%s", zipq_device(),
		 name);
	return put_path(path, text);
}

static int events(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) < 0 ? -errno : p.revents;
}

static struct zipq_work some_work(struct zipq *q)
{
	struct zipq_work work = {
		.in = q->ss,
		.out = q->ss + SS_SIZE / 2,
		.in_len = 4096,
		.out_len = SS_SIZE / 2,
		.alg = HZIP_ALG_ZLIB,
		.tag = 4711,
	};

	memset(q->ss, 'a', 4096);
	return work;
}

/* ---- sysfs ---- */

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *p = text; (p = strstr(p, line)); p += len) {
		if ((p == text || p[-1] == '\n') && (p[len] == '\n' || !p[len]))
			return true;
	}
	return false;
}

static void check_names(void)
{
	unsigned long flags = zipq_number("flags");
	char api[64], path[400];
	struct stat st;
	bool noiommu;

	row(!strncmp(zipq_device(), "hisi_zip-", 9), "name", "%s",
	    zipq_device());
	snprintf(api, sizeof(api), "%.60s", zipq_text("api"));
	noiommu = strstr(api, "_noiommu");
	row(strchr("235", api[9]) &&
		    (!api[10] || !strcmp(api + 10, "_noiommu")),
	    "api", "%s", api);
	row(flags == UACCE_DEV_SVA || flags == UACCE_DEV_NOIOMMU ||
		    flags == UACCE_DEV_IOMMU,
	    "flags", "%lu", flags);
	row(noiommu == (flags != UACCE_DEV_SVA),
	    "api ends in _noiommu without SVA", "%s", api);
	row(has_line(zipq_text("algorithms"), "zlib") &&
		    has_line(zipq_text("algorithms"), "gzip"),
	    "algorithms", "zlib, gzip");
	row(has_line(zipq_text("algorithms"), "deflate") == (api[9] != '2'),
	    "algorithms: deflate, but not on V2", "%s", api);
	snprintf(path, sizeof(path), "/dev/%s", zipq_device());
	row(!stat(path, &st) && S_ISCHR(st.st_mode), "character device", "%s",
	    path);
	row((st.st_mode & 0777) == 0600 && !st.st_uid, "mode", "%o, owner %u",
	    st.st_mode & 0777u, st.st_uid);
	snprintf(path, sizeof(path), "/sys/class/uacce/%s/device/numa_node",
		 zipq_device());
	/* A kernel without NUMA, such as debug-kernel's, has it for no device. */
	is_errno("device/numa_node can be read", access(path, R_OK) ? errno : 0,
		 access("/sys/devices/system/node", F_OK) ? ENOENT : 0);
}

static void check_isolation(void)
{
	unsigned long before = zipq_number("isolate_strategy");
	char text[32];

	is_number("isolate", zipq_number("isolate"), 0);
	is_errno("isolate_strategy: write 7", put("isolate_strategy", "7"), 0);
	is_number("isolate_strategy: read it", zipq_number("isolate_strategy"),
		  7);
	is_errno("isolate_strategy: 65535", put("isolate_strategy", "65535"),
		 0);
	is_errno("isolate_strategy: 65536", put("isolate_strategy", "65536"),
		 EINVAL);
	is_errno("isolate_strategy: no number", put("isolate_strategy", "many"),
		 EINVAL);
	snprintf(text, sizeof(text), "%lu", before);
	is_errno("isolate_strategy: as it was", put("isolate_strategy", text),
		 0);
}

static void check_instances(void)
{
	unsigned long before = zipq_number("available_instances");
	struct zipq q = opened();

	is_number("available_instances with one more open",
		  zipq_number("available_instances"), before - 1);
	zipq_end(&q);
	is_number("available_instances after its end",
		  zipq_number("available_instances"), before);
}

/* ---- ioctls ---- */

static void check_numbers(void)
{
	is_number("number of START_Q", UACCE_CMD_START_Q, 0x5700);
	is_number("number of PUT_Q", UACCE_CMD_PUT_Q, 0x5701);
	is_number("number of GET_SS_DMA", UACCE_CMD_GET_SS_DMA, 0x80085703);
	is_number("number of SET_QP_CTX", ZIPQ_SET_CTX, 0xc004480a);
	is_number("number of SET_QP_INFO", ZIPQ_SET_INFO, 0xc010480b);
}

static void check_ctx(void)
{
	struct zipq q = opened();
	struct zipq_ctx ctx = { .type = HZIP_QUEUE_DECOMPRESS };
	struct zipq_info info;

	memset(&info, 0xff, sizeof(info));
	is_errno("SET_QP_CTX: decompress", call(q.fd, ZIPQ_SET_CTX, &ctx), 0);
	row(ctx.id < 1024, "SET_QP_CTX: queue", "%u", ctx.id);
	ctx.type = HZIP_QUEUE_COMPRESS;
	is_errno("SET_QP_CTX: compress", call(q.fd, ZIPQ_SET_CTX, &ctx), 0);
	ctx.type = 3;
	is_errno("SET_QP_CTX: type 3", call(q.fd, ZIPQ_SET_CTX, &ctx), EINVAL);
	ctx.type = 0xffff;
	is_errno("SET_QP_CTX: type 65535", call(q.fd, ZIPQ_SET_CTX, &ctx),
		 EINVAL);
	is_errno("SET_QP_CTX: bad address", call(q.fd, ZIPQ_SET_CTX, NULL),
		 EFAULT);
	is_errno("SET_QP_INFO", call(q.fd, ZIPQ_SET_INFO, &info), 0);
	is_number("SET_QP_INFO: bytes of a request", info.sqe_size, 128);
	row(info.sq_depth >= 32 && info.cq_depth >= info.sq_depth,
	    "SET_QP_INFO: depths", "%u, %u", info.sq_depth, info.cq_depth);
	is_errno("SET_QP_INFO: bad address", call(q.fd, ZIPQ_SET_INFO, NULL),
		 EFAULT);
	is_errno("unknown ioctl of uacce", call(q.fd, _IO('W', 90), NULL),
		 EINVAL);
	is_errno("unknown ioctl of the QM", call(q.fd, _IO('H', 99), NULL),
		 EINVAL);
	zipq_end(&q);
}

static void check_states(void)
{
	struct zipq q = begun(HZIP_QUEUE_COMPRESS);

	is_errno("START_Q twice", call(q.fd, UACCE_CMD_START_Q, NULL), EINVAL);
	is_errno("PUT_Q", call(q.fd, UACCE_CMD_PUT_Q, NULL), 0);
	is_errno("PUT_Q twice", call(q.fd, UACCE_CMD_PUT_Q, NULL), 0);
	is_errno("START_Q after PUT_Q", call(q.fd, UACCE_CMD_START_Q, NULL), 0);
	zipq_end(&q);
}

/* ---- regions ---- */

static void check_sizes(void)
{
	size_t mmio = zipq_number("region_mmio_size"),
	       dus = zipq_number("region_dus_size");
	struct zipq q = begun(HZIP_QUEUE_COMPRESS);
	size_t rings = 128 * (size_t)q.sq_depth + 16 * (size_t)q.cq_depth;
	/* What is up to the doorbells, and they, in whole pages; or a queue's own 64 KiB. */
	size_t plain = page() > 0x1000 ? page() : 0x2000;

	row(mmio == plain || mmio == 0x10000, "region_mmio_size", "%zu", mmio);
	is_number("region_dus_size", dus,
		  (rings + page() - 1) / page() * page() + page());
	zipq_end(&q);
}

static bool all_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i])
			return false;
	}
	return true;
}

/* Nothing of the process that had the queue before. */
static void check_clean(void)
{
	struct zipq q = begun(HZIP_QUEUE_COMPRESS);
	struct zipq_work work = some_work(&q);
	bool clean = true;

	zipq_submit(&q, &work);
	zipq_end(&q);
	for (unsigned int i = 0; i < 8; i++) {
		if (zipq_open(&q) || zipq_map(&q, SS_SIZE)) {
			clean = false;
			break;
		}
		clean &= all_zero(q.dus, q.dus_size) &&
			 all_zero(q.ss, q.ss_size);
		zipq_end(&q);
	}
	row(clean, "memory of a new queue",
	    "zeros (Linux's own: requests of the last owner)");
}

static void check_mappings(void)
{
	size_t mmio = zipq_number("region_mmio_size"),
	       dus = zipq_number("region_dus_size");
	bool sva = zipq_number("flags") & UACCE_DEV_SVA;
	struct zipq q = opened();
	void *p;

	is_errno("map DUS", try_map(q.fd, UACCE_QFRT_DUS, dus, RW, MAP_SHARED),
		 0);
	is_better("map DUS again",
		  try_map(q.fd, UACCE_QFRT_DUS, dus, RW, MAP_SHARED), 0,
		  "6.1: EEXIST");
	is_errno("map DUS, a page less",
		 try_map(q.fd, UACCE_QFRT_DUS, dus - page(), RW, MAP_SHARED),
		 EINVAL);
	is_errno("map DUS, a page more",
		 try_map(q.fd, UACCE_QFRT_DUS, dus + page(), RW, MAP_SHARED),
		 EINVAL);
	is_errno("map MMIO",
		 try_map(q.fd, UACCE_QFRT_MMIO, mmio, RW, MAP_SHARED), 0);
	is_errno("map MMIO, a page less",
		 try_map(q.fd, UACCE_QFRT_MMIO, mmio - page(), RW, MAP_SHARED),
		 0);
	is_errno("map MMIO, a page more",
		 try_map(q.fd, UACCE_QFRT_MMIO, mmio + page(), RW, MAP_SHARED),
		 EINVAL);
	is_better("map DUS privately",
		  try_map(q.fd, UACCE_QFRT_DUS, dus, RW, MAP_PRIVATE), EINVAL,
		  "0");
	is_better(
		"map DUS to execute",
		try_map(q.fd, UACCE_QFRT_DUS, dus, RW | PROT_EXEC, MAP_SHARED),
		EINVAL, "0");
	is_errno("map SS",
		 try_map(q.fd, UACCE_QFRT_SS, SS_SIZE, RW, MAP_SHARED),
		 sva ? EINVAL : 0);
	is_errno("map region 3", try_map(q.fd, 3, page(), RW, MAP_SHARED),
		 EINVAL);
	p = mmap(NULL, dus, RW, MAP_SHARED, q.fd,
		 (off_t)(UACCE_QFRT_DUS * page()));
	is_errno("map DUS while it is mapped",
		 try_map(q.fd, UACCE_QFRT_DUS, dus, RW, MAP_SHARED), EEXIST);
	is_errno("mremap",
		 mremap(p, dus, dus, MREMAP_MAYMOVE | MREMAP_FIXED,
			(char *)p + (1l << 30)) == MAP_FAILED
			 ? errno
			 : 0,
		 EPERM);
	munmap(p, dus);
	zipq_end(&q);
}

/* Behind an IOMMU it is one slice, also where that is more than a request takes. */
static void check_large_ss(void)
{
	struct zipq q = opened();
	int ret;

	if (zipq_number("flags") & UACCE_DEV_IOMMU) {
		ret = zipq_map(&q, LARGE_SS_SIZE);
		row(!ret && q.n_slices == 1, "a large SS, with an IOMMU",
		    "%s, %u slices", name_of(-ret), q.n_slices);
	}
	zipq_end(&q);
}

static void check_ss(void)
{
	struct zipq q = opened();
	unsigned long index = 0;
	int ret;

	if (zipq_number("flags") & UACCE_DEV_SVA) {
		is_errno("GET_SS_DMA with SVA",
			 call(q.fd, UACCE_CMD_GET_SS_DMA, &index), EINVAL);
		zipq_end(&q);
		return;
	}
	is_errno("GET_SS_DMA without SS",
		 call(q.fd, UACCE_CMD_GET_SS_DMA, &index), EINVAL);
	ret = zipq_map(&q, SS_SIZE);
	is_errno("map SS, and GET_SS_DMA", -ret, 0);
	row(q.n_slices == 1 && q.slices[0].addr, "GET_SS_DMA",
	    "%u slice at 0x%llx", q.n_slices,
	    (unsigned long long)q.slices[0].addr);
	index = q.n_slices;
	is_errno("GET_SS_DMA past the last",
		 call(q.fd, UACCE_CMD_GET_SS_DMA, &index), EINVAL);
	index = ~0ul;
	is_errno("GET_SS_DMA of any number",
		 call(q.fd, UACCE_CMD_GET_SS_DMA, &index), EINVAL);
	is_errno("GET_SS_DMA: bad address",
		 call(q.fd, UACCE_CMD_GET_SS_DMA, NULL), EFAULT);
	zipq_end(&q);
	check_large_ss();
}

/* ---- waiting ---- */

static void check_poll(void)
{
	struct zipq q = begun(HZIP_QUEUE_COMPRESS);
	struct zipq_work work = some_work(&q);
	struct zipq_result result = { 0 };

	is_number("poll: nothing was asked", (unsigned long)events(q.fd, 0), 0);
	zipq_submit(&q, &work);
	zipq_ring(&q);
	is_number("poll: an answer", (unsigned long)events(q.fd, 60000),
		  POLLIN);
	is_number("poll: it is told once", (unsigned long)events(q.fd, 0), 0);
	is_errno("receive", -zipq_receive(&q, &result, 0), 0);
	is_number("its tag", result.tag, 4711);
	is_number("its status", result.status, HZIP_STATUS_OK);
	is_number("its input", result.consumed, 4096);
	zipq_end(&q);
}

/* ---- other processes ---- */

/* What @fn returns in a child, which has the parent's file but not its mappings. */
static int in_child(int (*fn)(struct zipq *q), struct zipq *q)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(fn(q));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int child_maps(struct zipq *q)
{
	return try_map(q->fd, UACCE_QFRT_DUS, zipq_number("region_dus_size"),
		       RW, MAP_SHARED);
}

static int child_stops(struct zipq *q)
{
	return call(q->fd, UACCE_CMD_PUT_Q, NULL);
}

static int child_polls(struct zipq *q)
{
	return events(q->fd, 0) == POLLERR ? 0 : EIO;
}

static int child_touches(struct zipq *q)
{
	return q->dus[0] + 1;
}

static int without_privilege(struct zipq *q)
{
	struct zipq other;
	int ret;

	(void)q;
	if (setgid(65534) || setuid(65534))
		return errno;
	ret = zipq_open(&other);
	return -ret;
}

static void check_others(void)
{
	char path[300];
	struct zipq q = begun(HZIP_QUEUE_COMPRESS);

	is_better("a child maps the parent's queue", in_child(child_maps, &q),
		  EPERM, "EEXIST, or 0");
	is_better("a child stops the parent's queue", in_child(child_stops, &q),
		  EPERM, "0");
	is_better("a child polls the parent's queue: POLLERR",
		  in_child(child_polls, &q), 0, "takes the parent's events");
	is_number("a child touches the parent's mapping: SIGSEGV",
		  (unsigned long)in_child(child_touches, &q), 128 + SIGSEGV);
	zipq_end(&q);

	is_errno("open by another user, mode 0600",
		 in_child(without_privilege, NULL), EACCES);
	snprintf(path, sizeof(path), "/dev/%s", zipq_device());
	if (zipq_number("flags") & UACCE_DEV_SVA || chmod(path, 0666))
		return;
	is_errno("open without CAP_SYS_RAWIO, mode 0666",
		 in_child(without_privilege, NULL), EPERM);
	chmod(path, 0600);
}

/* ---- a device that is gone ---- */

/* A device of the name is there again. */
static bool comes_back(const char *path)
{
	for (unsigned int i = 0; i < 600; i++) {
		if (!access(path, R_OK))
			return true;
		usleep(100000);
	}
	return false;
}

static void check_gone(void)
{
	char path[400], link[PATH_MAX], driver[PATH_MAX], file[PATH_MAX + 16];
	struct zipq q = begun(HZIP_QUEUE_COMPRESS);
	size_t dus = q.dus_size;
	const char *address;

	snprintf(path, sizeof(path), "/sys/class/uacce/%s/device",
		 zipq_device());
	if (!realpath(path, link)) {
		row(false, "device", "%s", name_of(errno));
		return;
	}
	address = strrchr(link, '/') + 1;
	snprintf(file, sizeof(file), "%s/driver", link);
	if (!realpath(file, driver)) {
		row(false, "its driver", "%s", name_of(errno));
		return;
	}
	snprintf(file, sizeof(file), "%s/unbind", driver);
	is_errno("unbind with an open queue", put_path(file, address), 0);
	is_better("gone: poll is POLLERR, POLLHUP",
		  events(q.fd, 60000) == (POLLERR | POLLHUP) ? 0 : EIO, 0,
		  "for ever nothing");
	is_errno("gone: START_Q", call(q.fd, UACCE_CMD_START_Q, NULL), ENXIO);
	is_errno("gone: PUT_Q", call(q.fd, UACCE_CMD_PUT_Q, NULL), ENXIO);
	is_errno("gone: map DUS",
		 try_map(q.fd, UACCE_QFRT_DUS, dus, RW, MAP_SHARED), ENXIO);
	/* Libraries compare them with 1. */
	row(zipq_flag(&q, ZIPQ_TX_STOP) == 1 &&
		    zipq_flag(&q, ZIPQ_RX_STOP) == 1,
	    "gone: the stop flags are 1", "(Linux's own: SIGBUS)");
	zipq_end(&q);
	snprintf(file, sizeof(file), "%s/bind", driver);
	is_errno("bind", put_path(file, address), 0);
	row(comes_back(path), "bind: the queue file is there again", "%s",
	    zipq_device());
}

int zip_abi(void)
{
	check_names();
	check_isolation();
	check_instances();
	check_numbers();
	check_ctx();
	check_states();
	check_sizes();
	check_clean();
	check_mappings();
	check_ss();
	check_poll();
	check_others();
	check_gone();
	printf("%u rows, %u wrong\n", rows, failures);
	return failures ? 1 : 0;
}
