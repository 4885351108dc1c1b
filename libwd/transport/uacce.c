/* SPDX-License-Identifier: MIT */
/*
 * The uacce transport: queue files of the kernel, and what sysfs says of their
 * devices.  Works with Linux's own uacce as well as with kmod/uacce.
 *
 * What is in the regions belongs to the drivers.
 */
#define log_fmt(f) "uacce: " f
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <unistd.h>

#include <misc/uacce/uacce.h>

#include "../internal.h"
#include "transport.h"

#define SYSFS		"/sys/class/uacce"
#define REGION_MAX	((size_t)1 << 30)	/* bytes; more is nonsense */
#define GROUP_EVENTS	4			/* looked at at a time */
#define ENTRY_SIZE	1024 /* bytes of a group's entry, at first */
#define ENTRY_SIZE_MAX	(16u << 20)

const struct wd_transport_ops *wd_transport = &wd_uacce_transport;

/* ---- sysfs ---- */

/* An attribute's text without what ends it; 0 or a negative errno. */
static int read_attr(const char *dev, const char *attr, char *buf, size_t size)
{
	char path[WD_NAME_MAX + 64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), SYSFS "/%s/%s", dev, attr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	while (n && isspace((unsigned char)buf[n - 1]))
		n--;
	buf[n] = '\0';
	return 0;
}

/* A decimal number between @min and @max; @otherwise if there is none. */
static long read_number(const char *dev, const char *attr, long min, long max,
			long otherwise)
{
	char buf[32], *end;
	long value;

	if (read_attr(dev, attr, buf, sizeof(buf)))
		return otherwise;
	errno = 0;
	value = strtol(buf, &end, 10);
	if (errno || end == buf || *end || value < min || value > max)
		return otherwise;
	return value;
}

/* Names are printed and put into paths: nothing odd, nothing hidden. */
static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= WD_NAME_MAX || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)name[i]) || name[i] == '/')
			return false;
	return true;
}

/* One algorithm a line becomes one line. */
static void join_lines(char *text)
{
	for (; *text; text++)
		if (isspace((unsigned char)*text))
			*text = ' ';
}

static void __attribute__((format(printf, 3, 4)))
not_usable(struct wd_transport_dev *dev, int status, const char *fmt, ...)
{
	va_list ap;

	dev->status = status;
	va_start(ap, fmt);
	vsnprintf(dev->reason, sizeof(dev->reason), fmt, ap);
	va_end(ap);
}

/* NULL if there is no such group.  @text becomes its memory, to be freed. */
static const struct group *find_group(gid_t gid, struct group *grp, char **text)
{
	struct group *found = NULL;
	int ret = ERANGE;

	/* All members are in it. */
	for (size_t size = ENTRY_SIZE; ret == ERANGE && size <= ENTRY_SIZE_MAX;
	     size *= 2) {
		char *more = realloc(*text, size);

		if (!more)
			return NULL;
		*text = more;
		ret = getgrgid_r(gid, grp, more, size, &found);
	}
	return ret ? NULL : found;
}

/* Who would be allowed to: the group, if that can read and write. */
static void no_permission(struct wd_transport_dev *dev, const char *path,
			  const struct stat *st)
{
	bool group_may = (st->st_mode & 060) == 060 && st->st_gid;
	const struct group *gr;
	struct group grp;
	char *text = NULL;

	gr = group_may ? find_group(st->st_gid, &grp, &text) : NULL;
	if (gr)
		not_usable(dev, -EACCES, "no permission for %s: members of group %s have it",
			   path, gr->gr_name);
	else if (dev->flags & UACCE_DEV_SVA)
		not_usable(dev, -EACCES,
			   "no permission for %s: only root has it; a udev rule can change that",
			   path);
	else
		not_usable(dev, -EACCES,
			   "no permission for %s: only root has it", path);
	free(text);
}

static void check_node(struct wd_transport_dev *dev)
{
	char path[WD_NAME_MAX + 8];
	struct stat st;

	snprintf(path, sizeof(path), "/dev/%s", dev->name);
	if (stat(path, &st))
		not_usable(dev, -ENODEV, "%s: %s", path, strerror(errno));
	else if (!S_ISCHR(st.st_mode))
		not_usable(dev, -ENODEV, "%s is not a character device", path);
	else if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS))
		no_permission(dev, path, &st);
}

/* Who may do that may have all memory. */
static bool has_raw_io(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return !syscall(SYS_capget, &head, data) &&
	       data[CAP_TO_INDEX(CAP_SYS_RAWIO)].effective &
		       CAP_TO_MASK(CAP_SYS_RAWIO);
}

/* It takes the process's addresses, or those of the bus, which are not for everybody. */
static void check_addresses(struct wd_transport_dev *dev)
{
	if (dev->flags & UACCE_DEV_SVA)
		return;
	if (!(dev->flags & (UACCE_DEV_NOIOMMU | UACCE_DEV_IOMMU)))
		not_usable(dev, -EOPNOTSUPP,
			   "the device does not share the process's addresses (no SVA)");
	else if (!has_raw_io())
		not_usable(
			dev, -EPERM,
			"the device takes bus addresses (no SVA): that needs CAP_SYS_RAWIO");
}

/* Whether a queue could be had, or why not: the first reason counts. */
static void check_usable(struct wd_transport_dev *dev)
{
	check_addresses(dev);
	if (!dev->status)
		check_node(dev);
	if (dev->status)
		return;
	if (read_number(dev->name, "isolate", 0, 1, 0))
		not_usable(
			dev, -EIO,
			"the device is isolated after errors; a reset may end that, or writing %s/%s/isolate_strategy",
			SYSFS, dev->name);
	else if (!dev->free_queues)
		not_usable(dev, -EBUSY, "all queues are in use; try again later");
}

static int uacce_find(const char *name, struct wd_transport_dev *dev)
{
	memset(dev, 0, sizeof(*dev));
	if (!name_ok(name))
		return -ENODEV;
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	if (read_attr(name, "api", dev->api, sizeof(dev->api)) ||
	    read_attr(name, "algorithms", dev->algs, sizeof(dev->algs)))
		return -ENODEV;
	join_lines(dev->algs);
	dev->flags = (uint32_t)read_number(name, "flags", 0, INT32_MAX, 0);
	dev->free_queues = (int32_t)read_number(name, "available_instances", 0,
						INT32_MAX, -1);
	dev->numa_node = (int32_t)read_number(name, "device/numa_node", -1, 4096, -1);
	dev->region_size[UACCE_QFRT_MMIO] =
		(size_t)read_number(name, "region_mmio_size", 0, REGION_MAX, 0);
	dev->region_size[UACCE_QFRT_DUS] =
		(size_t)read_number(name, "region_dus_size", 0, REGION_MAX, 0);
	check_usable(dev);
	return 0;
}

/* wd_dummy-2 before wd_dummy-10, as their numbers say. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

static int uacce_next(unsigned int *pos, struct wd_transport_dev *dev)
{
	struct dirent **names;
	int n = scandir(SYSFS, &names, NULL, compare_names);
	int found = 0;

	for (int i = 0; i < n; i++) {
		if ((unsigned int)i >= *pos && !found) {
			*pos = (unsigned int)i + 1;
			found = !uacce_find(names[i]->d_name, dev);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return found;
}

/* ---- queue files ---- */

static int uacce_open(const char *name)
{
	char path[WD_NAME_MAX + 8];
	int fd;

	if (!name_ok(name))
		return -ENODEV;
	snprintf(path, sizeof(path), "/dev/%s", name);
	/* A queue belongs to the process that opened it. */
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void uacce_close(int fd)
{
	close(fd);
}

static int uacce_ctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret;
}

static void *uacce_map(int fd, unsigned int region, size_t size, int *err)
{
	off_t offset = (off_t)region * sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	if (p != MAP_FAILED)
		return p;
	*err = -errno;
	return NULL;
}

static void uacce_unmap(void *addr, size_t size)
{
	munmap(addr, size);
}

static void uacce_doorbell(void *addr, uint64_t value)
{
	*(volatile uint64_t *)addr = value;
}

static int uacce_poll(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int ret = poll(&p, 1, timeout_ms);

	if (ret < 0)
		return -errno;
	if (ret && p.revents & (POLLERR | POLLHUP | POLLNVAL))
		return -ENODEV;
	return ret;
}

static int uacce_group(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int uacce_join(int group, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(group, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int uacce_poll_group(int group, int timeout_ms)
{
	struct epoll_event event[GROUP_EVENTS];
	int n = epoll_wait(group, event, GROUP_EVENTS, timeout_ms);

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++)
		if (event[i].events & (EPOLLERR | EPOLLHUP))
			return -ENODEV;
	return n > 0;
}

const struct wd_transport_ops wd_uacce_transport = {
	.name = "uacce",
	.next = uacce_next,
	.find = uacce_find,
	.open = uacce_open,
	.close = uacce_close,
	.ctl = uacce_ctl,
	.map = uacce_map,
	.unmap = uacce_unmap,
	.doorbell = uacce_doorbell,
	.poll = uacce_poll,
	.group = uacce_group,
	.join = uacce_join,
	.poll_group = uacce_poll_group,
};
