/* SPDX-License-Identifier: MIT */
/*
 * A library to preload (LD_PRELOAD) that makes system calls and allocations
 * fail, fall short, be interrupted or corrupt data, on command.
 *
 * Every call that passes here is counted by its kind.  A driver first counts
 * the calls of a good run, then lets the n-th fail, for each n.  Variables:
 *
 *   FAULTIO_STATE=FILE           counts go there, mapped, so that they survive
 *                                any end: one 64-bit number for each of kinds[]
 *   FAULTIO_LOG=FILE             a line for each call: "KIND PATH"
 *   FAULTIO_FAIL=KIND:N:ERRNO    the N-th call fails; with :+ after it, each
 *                                one from the N-th on
 *   FAULTIO_SHORT=MAX:SEED       reads and writes move 1 to MAX bytes
 *   FAULTIO_STORM=ERRNO:PCT:SEED so many per cent of the calls that can be
 *                                interrupted fail, to be repeated
 *   FAULTIO_FLIP=N:BYTE:BIT      the N-th write writes this byte, modulo the
 *                                length, with this bit flipped
 *   FAULTIO_AT=KIND:N:SIGNAL     before the N-th call the process gets a signal
 *   FAULTIO_CPUS=N               the process may run on so many CPUs
 *
 * ERRNO and SIGNAL are numbers.  Standard error is left alone, and so are
 * calls that the C library makes inside itself, as for stdio.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LOG_FD_MIN	500	/* out of the way of the program's own */

enum kind {
	KIND_READ,
	KIND_WRITE,
	KIND_OPEN,
	KIND_CLOSE,
	KIND_FSYNC,
	KIND_CHMOD,
	KIND_CHOWN,
	KIND_UTIMENS,
	KIND_UNLINK,
	KIND_RENAME,
	KIND_POLL,
	KIND_THREAD,
	KIND_MMAP,
	KIND_ALLOC,
	KIND_ANY,		/* each of those above but the last two */
	KINDS,
};

static const char *const kinds[KINDS] = {
	"read", "write", "open", "close", "fsync", "chmod", "chown", "utimens",
	"unlink", "rename", "poll", "thread", "mmap", "alloc", "any",
};

struct trigger {
	int kind;		/* -1 for none */
	uint64_t n;
	int value;		/* an errno or a signal */
	bool onward;
};

static struct trigger fail = { .kind = -1 };
static struct trigger at = { .kind = -1 };
static _Atomic uint64_t own_counts[KINDS];
static _Atomic uint64_t *counts = own_counts;
static _Atomic uint64_t random_calls;
static uint64_t short_max;
static uint64_t short_seed;
static int storm_errno;
static uint64_t storm_percent;
static uint64_t storm_seed;
static uint64_t flip_call;
static uint64_t flip_byte;
static uint64_t flip_bit;
static int log_fd = -1;
static bool ready;

/* The function that would have been called without this library. */
#define REAL(name)							\
	({								\
		static __typeof__(name) *real;				\
									\
		if (!real)						\
			real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
		real;							\
	})

/* ---- what is asked for ---- */

static int find_kind(const char *name, size_t len)
{
	for (int i = 0; i < KINDS; i++)
		if (strlen(kinds[i]) == len && !memcmp(kinds[i], name, len))
			return i;
	fprintf(stderr, "faultio: no such kind: %s\n", name);
	_exit(125);
}

static void get_trigger(struct trigger *t, const char *text)
{
	const char *colon;
	char *end;

	if (!text)
		return;
	colon = strchrnul(text, ':');
	t->kind = find_kind(text, colon - text);
	t->n = strtoull(colon + !!*colon, &end, 10);
	t->value = strtol(end + !!*end, &end, 10);
	t->onward = !strcmp(end, ":+");
}

/* Up to three numbers with colons between. */
static void get_numbers(const char *text, uint64_t *a, uint64_t *b, uint64_t *c)
{
	uint64_t *to[] = { a, b, c };
	char *end = (char *)text;

	for (size_t i = 0; text && i < ARRAY_SIZE(to) && to[i]; i++)
		*to[i] = strtoull(end + (i && *end), &end, 10);
}

static void map_counts(const char *path)
{
	int fd;

	if (!path)
		return;
	fd = REAL(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(own_counts)) < 0)
		_exit(125);
	counts = REAL(mmap)(NULL, sizeof(own_counts), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED)
		_exit(125);
	REAL(close)(fd);
}

static void open_log(const char *path)
{
	int fd;

	if (!path)
		return;
	fd = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	log_fd = fcntl(fd, F_DUPFD_CLOEXEC, LOG_FD_MIN);
	if (log_fd < 0)
		_exit(125);
	REAL(close)(fd);
}

/* CPUs 0 to N - 1; the call is not counted. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	const char *cpus = getenv("FAULTIO_CPUS");

	if (!cpus)
		return REAL(sched_getaffinity)(pid, size, set);
	CPU_ZERO_S(size, set);
	for (int n = atoi(cpus); n > 0; n--)
		CPU_SET_S(n - 1, size, set);
	return 0;
}

static __attribute__((constructor)) void begin(void)
{
	uint64_t err = 0;

	get_trigger(&fail, getenv("FAULTIO_FAIL"));
	get_trigger(&at, getenv("FAULTIO_AT"));
	get_numbers(getenv("FAULTIO_SHORT"), &short_max, &short_seed, NULL);
	get_numbers(getenv("FAULTIO_STORM"), &err, &storm_percent, &storm_seed);
	storm_errno = (int)err;
	get_numbers(getenv("FAULTIO_FLIP"), &flip_call, &flip_byte, &flip_bit);
	map_counts(getenv("FAULTIO_STATE"));
	open_log(getenv("FAULTIO_LOG"));
	ready = true;
}

/* ---- what happens at a call ---- */

/* The finalizer of a well-known generator: good enough from any counter. */
static uint64_t next_random(uint64_t seed)
{
	uint64_t x = atomic_fetch_add(&random_calls, 1) + (seed << 32);

	x *= 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static bool is_due(const struct trigger *t, enum kind kind, uint64_t n)
{
	return t->kind == (int)kind && (n == t->n || (t->onward && n > t->n));
}

static void note(enum kind kind, int fd, const char *name)
{
	char link[32], path[PATH_MAX] = "", line[2 * PATH_MAX];
	ssize_t n;
	int len;

	if (log_fd < 0)
		return;
	if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path) - 1);
		path[n > 0 ? n : 0] = '\0';
	}
	len = snprintf(line, sizeof(line), "%s %s%s%s\n", kinds[kind], path,
		       *path && name ? "/" : "", name ? name : "");
	n = REAL(write)(log_fd, line, len);
	(void)n;
}

/*
 * Count, and do what is due before the call.  Returns 0, or what the call has to
 * fail with.
 */
static int enter(enum kind kind)
{
	uint64_t n, any = 0;

	if (!ready)
		return 0;
	n = atomic_fetch_add(&counts[kind], 1) + 1;
	if (kind < KIND_MMAP)
		any = atomic_fetch_add(&counts[KIND_ANY], 1) + 1;

	if (is_due(&at, kind, n) || (any && is_due(&at, KIND_ANY, any)))
		kill(getpid(), at.value);
	if (is_due(&fail, kind, n) || (any && is_due(&fail, KIND_ANY, any)))
		return fail.value;
	return 0;
}

/* The same for a call that may be interrupted. */
static int enter_slow(enum kind kind)
{
	int err = enter(kind);

	if (!err && ready && storm_percent && next_random(storm_seed) % 100 < storm_percent)
		err = storm_errno;
	return err;
}

static size_t cut(size_t len)
{
	size_t max;

	if (!ready || !short_max || len < 2)
		return len;
	max = 1 + next_random(short_seed) % short_max;
	return len < max ? len : max;
}

#define RETURN_ERROR(err)		\
	do {				\
		errno = (err);		\
		return -1;		\
	} while (0)

/* ---- reading ---- */

/* What the kernel tells of limits and CPUs is no input: without it things go on. */
static bool is_kernel_text(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	return fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
	       fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC;
}

ssize_t read(int fd, void *buf, size_t len)
{
	int err = is_kernel_text(fd) ? 0 : enter_slow(KIND_READ);

	note(KIND_READ, fd, NULL);
	if (err)
		RETURN_ERROR(err);
	return REAL(read)(fd, buf, cut(len));
}

ssize_t pread64(int fd, void *buf, size_t len, off64_t offset)
{
	int err = enter_slow(KIND_READ);

	note(KIND_READ, fd, NULL);
	if (err)
		RETURN_ERROR(err);
	return REAL(pread64)(fd, buf, cut(len), offset);
}

ssize_t pread(int fd, void *buf, size_t len, off_t offset)
{
	return pread64(fd, buf, len, offset);
}

/* What the headers make of the calls above if _FORTIFY_SOURCE is defined. */
ssize_t __read_chk(int fd, void *buf, size_t len, size_t size);
ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t offset, size_t size);

ssize_t __read_chk(int fd, void *buf, size_t len, size_t size)
{
	if (len > size)
		abort();
	return read(fd, buf, len);
}

ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t offset, size_t size)
{
	if (len > size)
		abort();
	return pread64(fd, buf, len, offset);
}

/*
 * Vectors are moved one piece at a time: short, but right.
 */
static int first_piece(const struct iovec *iov, int count)
{
	int i = 0;

	while (i + 1 < count && !iov[i].iov_len)
		i++;
	return i;
}

ssize_t readv(int fd, const struct iovec *iov, int count)
{
	int i = first_piece(iov, count);

	return count ? read(fd, iov[i].iov_base, iov[i].iov_len) : 0;
}

ssize_t preadv64(int fd, const struct iovec *iov, int count, off64_t offset)
{
	int i = first_piece(iov, count);

	return count ? pread64(fd, iov[i].iov_base, iov[i].iov_len, offset) : 0;
}

/* ---- writing ---- */

/*
 * If this is the write that is to go wrong: a copy with the bit flipped, to be
 * freed; else NULL.
 */
static char *spoil(const void *buf, size_t len)
{
	uint64_t n = atomic_load(&counts[KIND_WRITE]);
	char *copy;

	if (!ready || !flip_call || n != flip_call || !len)
		return NULL;
	copy = malloc(len);
	if (!copy)
		return NULL;
	memcpy(copy, buf, len);
	copy[flip_byte % len] ^= 1 << (flip_bit % 8);
	return copy;
}

ssize_t write(int fd, const void *buf, size_t len)
{
	int err;
	char *copy;
	ssize_t n;

	if (fd == STDERR_FILENO)
		return REAL(write)(fd, buf, len);
	err = enter_slow(KIND_WRITE);
	note(KIND_WRITE, fd, NULL);
	if (err)
		RETURN_ERROR(err);
	copy = spoil(buf, len);
	n = REAL(write)(fd, copy ? copy : buf, cut(len));
	free(copy);
	return n;
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off64_t offset)
{
	int err = enter_slow(KIND_WRITE);
	char *copy;
	ssize_t n;

	note(KIND_WRITE, fd, NULL);
	if (err)
		RETURN_ERROR(err);
	copy = spoil(buf, len);
	n = REAL(pwrite64)(fd, copy ? copy : buf, cut(len), offset);
	free(copy);
	return n;
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	return pwrite64(fd, buf, len, offset);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	int i = first_piece(iov, count);

	return count ? write(fd, iov[i].iov_base, iov[i].iov_len) : 0;
}

ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t offset)
{
	int i = first_piece(iov, count);

	return count ? pwrite64(fd, iov[i].iov_base, iov[i].iov_len, offset) : 0;
}

/* Copying what could have been lent is slower, and safe. */
ssize_t vmsplice(int fd, const struct iovec *iov, size_t count, unsigned int flags)
{
	(void)flags;
	return writev(fd, iov, (int)count);
}

int fsync(int fd)
{
	int err = enter_slow(KIND_FSYNC);

	note(KIND_FSYNC, fd, NULL);
	if (err)
		RETURN_ERROR(err);
	return REAL(fsync)(fd);
}

int fdatasync(int fd)
{
	int err = enter_slow(KIND_FSYNC);

	note(KIND_FSYNC, fd, NULL);
	if (err)
		RETURN_ERROR(err);
	return REAL(fdatasync)(fd);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int err = enter_slow(KIND_POLL);

	/* Polling does not report EAGAIN. */
	if (err && err != EAGAIN)
		RETURN_ERROR(err);
	return REAL(poll)(fds, count, timeout);
}

/* ---- files ---- */

static mode_t mode_argument(int flags, va_list ap)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

int openat64(int dir_fd, const char *path, int flags, ...)
{
	int err = enter(KIND_OPEN);
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_argument(flags, ap);
	va_end(ap);
	note(KIND_OPEN, dir_fd, path);
	if (err)
		RETURN_ERROR(err);
	return REAL(openat64)(dir_fd, path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_argument(flags, ap);
	va_end(ap);
	return openat64(dir_fd, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_argument(flags, ap);
	va_end(ap);
	return openat64(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_argument(flags, ap);
	va_end(ap);
	return openat64(AT_FDCWD, path, flags, mode);
}

/* Also when it fails the descriptor is gone, as on Linux. */
int close(int fd)
{
	int err = enter(KIND_CLOSE);
	int ret;

	note(KIND_CLOSE, fd, NULL);
	ret = REAL(close)(fd);
	if (err)
		RETURN_ERROR(err);
	return ret;
}

int fchmod(int fd, mode_t mode)
{
	int err = enter(KIND_CHMOD);

	note(KIND_CHMOD, fd, NULL);
	if (err)
		RETURN_ERROR(err);
	return REAL(fchmod)(fd, mode);
}

int fchown(int fd, uid_t uid, gid_t gid)
{
	int err = enter(KIND_CHOWN);

	note(KIND_CHOWN, fd, NULL);
	if (err)
		RETURN_ERROR(err);
	return REAL(fchown)(fd, uid, gid);
}

int futimens(int fd, const struct timespec times[2])
{
	int err = enter(KIND_UTIMENS);

	note(KIND_UTIMENS, fd, NULL);
	if (err)
		RETURN_ERROR(err);
	return REAL(futimens)(fd, times);
}

int unlinkat(int dir_fd, const char *path, int flags)
{
	int err = enter(KIND_UNLINK);

	note(KIND_UNLINK, dir_fd, path);
	if (err)
		RETURN_ERROR(err);
	return REAL(unlinkat)(dir_fd, path, flags);
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to,
	      unsigned int flags)
{
	int err = enter(KIND_RENAME);

	note(KIND_RENAME, to_fd, to);
	if (err)
		RETURN_ERROR(err);
	return REAL(renameat2)(from_fd, from, to_fd, to, flags);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return renameat2(from_fd, from, to_fd, to, 0);
}

int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* ---- threads and memory ---- */

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*start)(void *), void *arg)
{
	int err = enter(KIND_THREAD);

	if (err)
		return err;
	return REAL(pthread_create)(thread, attr, start, arg);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t offset)
{
	int err = enter(KIND_MMAP);

	if (err) {
		errno = err;
		return MAP_FAILED;
	}
	return REAL(mmap64)(addr, len, prot, flags, fd, offset);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mmap64(addr, len, prot, flags, fd, offset);
}

/* glibc's own, by the names it has for this: dlsym() itself allocates. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

/*
 * Neither the dynamic loader nor what libraries do in their constructors is
 * under test.
 */
static _Thread_local bool loading;

void *dlopen(const char *file, int mode)
{
	void *handle;

	loading = true;
	handle = REAL(dlopen)(file, mode);
	loading = false;
	return handle;
}

static bool out_of_memory(void)
{
	int err = loading ? 0 : enter(KIND_ALLOC);

	if (err)
		errno = err;
	return err;
}

void *malloc(size_t size)
{
	return out_of_memory() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return out_of_memory() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return out_of_memory() ? NULL : __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, total);
}

void *memalign(size_t align, size_t size);

void *memalign(size_t align, size_t size)
{
	return out_of_memory() ? NULL : __libc_memalign(align, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	void *got = memalign(align, size);

	if (!got)
		return ENOMEM;
	*p = got;
	return 0;
}
