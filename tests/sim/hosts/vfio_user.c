// SPDX-License-Identifier: MIT
/*
 * What the messages of a vfio-user client mean: see vfio_user.h.
 *
 * The client holds its big lock while it waits for a reply.  So nothing in here waits
 * for it: memory is mapped, interrupts are eventfds, and no message is ever sent that
 * is no reply.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "message.h"
#include "pci.h"
#include "vfio_user.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define VECTORS		32u
#define ACCESS_MAX	16u	/* of a CPU */
#define REPLY_MAX	(sizeof(struct vfio_user_access) + PCI_CONFIG_SIZE)

/*
 * An interrupt of a vector without eventfd is not lost: the client takes them all away
 * and gives them back whenever its machine wants one more.
 */
struct vector {
	int eventfd;			/* -1: none */
	bool pending;
};

struct vfio_user {
	FILE *log;
	struct memory *memory;

	pthread_mutex_t irq_lock;
	struct vector vectors[VECTORS];

	/* of the client */
	struct pci pci;
	bool agreed;			/* on a version */
	struct message message;
	uint8_t reply[REPLY_MAX];
	size_t reply_len;
};

static void __attribute__((format(printf, 2, 3)))
complain(const struct vfio_user *host, const char *fmt, ...)
{
	va_list args;

	if (!host->log)
		return;
	va_start(args, fmt);
	flockfile(host->log);
	fputs("vfio-user: ", host->log);
	vfprintf(host->log, fmt, args);
	fputc('\n', host->log);
	funlockfile(host->log);
	va_end(args);
}

static void reply_with(struct vfio_user *host, const void *body, size_t len)
{
	memcpy(host->reply, body, len);
	host->reply_len = len;
}

/* ---- interrupts ---- */

/* With irq_lock.  An eventfd that nobody reads fills up, and a full one blocks. */
static void fire(struct vector *v)
{
	const uint64_t one = 1;
	struct pollfd pfd = { .fd = v->eventfd, .events = POLLOUT };

	v->pending = v->eventfd < 0;
	if (!v->pending && poll(&pfd, 1, 0) == 1 && pfd.revents == POLLOUT &&
	    write(v->eventfd, &one, sizeof(one)) < 0)
		v->pending = true;
}

/* With irq_lock. */
static void set_eventfd(struct vector *v, int fd)
{
	if (v->eventfd >= 0)
		close(v->eventfd);
	v->eventfd = fd;
	if (fd >= 0 && v->pending)
		fire(v);
}

static void drop_eventfds(struct vfio_user *host)
{
	pthread_mutex_lock(&host->irq_lock);
	for (size_t i = 0; i < VECTORS; i++)
		set_eventfd(&host->vectors[i], -1);
	pthread_mutex_unlock(&host->irq_lock);
}

/* A function that was reset has no interrupt to tell. */
static void forget_pending(struct vfio_user *host)
{
	pthread_mutex_lock(&host->irq_lock);
	for (size_t i = 0; i < VECTORS; i++)
		host->vectors[i].pending = false;
	pthread_mutex_unlock(&host->irq_lock);
}

static bool is_eventfd(int fd)
{
	static const char want[] = "anon_inode:[eventfd]";
	char path[40], is[sizeof(want)];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, is, sizeof(is));
	return n == (ssize_t)sizeof(want) - 1 && !memcmp(is, want, sizeof(want) - 1);
}

static int assign(struct vfio_user *host, struct message *m, uint32_t start,
		  uint32_t count)
{
	/* All or none of them: no file descriptors take the eventfds away. */
	if (m->nr_fds && m->nr_fds != count)
		return -EINVAL;
	for (unsigned int i = 0; i < m->nr_fds; i++) {
		if (!is_eventfd(m->fds[i]))
			return -EINVAL;
	}
	pthread_mutex_lock(&host->irq_lock);
	for (uint32_t i = 0; i < count; i++)
		set_eventfd(&host->vectors[start + i], m->nr_fds ? m->fds[i] : -1);
	pthread_mutex_unlock(&host->irq_lock);
	m->nr_fds = 0;
	return 0;
}

static int set_irqs(struct vfio_user *host, struct message *m)
{
	unsigned int vectors = pci_msi_count(&host->pci);
	struct vfio_user_set_irqs set;

	memcpy(&set, m->body, sizeof(set));
	if (set.index != VFIO_USER_IRQ_MSI || set.start > vectors ||
	    set.count > vectors - set.start)
		return -EINVAL;
	switch (set.flags) {
	case VFIO_USER_SET_EVENTFD | VFIO_USER_SET_TRIGGER:
		return assign(host, m, set.start, set.count);
	case VFIO_USER_SET_NONE | VFIO_USER_SET_TRIGGER:
		if (m->nr_fds)
			return -EINVAL;
		if (!set.count)
			drop_eventfds(host);
		for (uint32_t i = 0; i < set.count; i++)
			vfio_user_ops.raise_irq(host, set.start + i);
		return 0;
	default:
		return -EINVAL;
	}
}

static int get_irq_info(struct vfio_user *host, struct message *m)
{
	struct vfio_user_irq_info info;

	memcpy(&info, m->body, sizeof(info));
	if (info.index >= VFIO_USER_IRQS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.flags = 0;
	info.count = 0;
	if (info.index == VFIO_USER_IRQ_MSI) {
		info.flags = VFIO_USER_IRQ_EVENTFD | VFIO_USER_IRQ_NORESIZE;
		info.count = pci_msi_count(&host->pci);
	}
	reply_with(host, &info, sizeof(info));
	return 0;
}

/* ---- memory ---- */

static int dma_map(struct vfio_user *host, struct message *m)
{
	struct vfio_user_dma_map msg;
	struct memory_map map;

	memcpy(&msg, m->body, sizeof(msg));
	if (msg.flags & ~(VFIO_USER_MAP_READ | VFIO_USER_MAP_WRITE) ||
	    !msg.size || msg.size - 1 > UINT64_MAX - msg.addr)
		return -EINVAL;
	/* There is memory, but it is the client's alone. */
	if (!m->nr_fds)
		return 0;
	map = (struct memory_map){
		.addr = msg.addr,
		.size = msg.size,
		.offset = msg.offset,
		.fd = m->fds[0],
		.read = msg.flags & VFIO_USER_MAP_READ,
		.write = msg.flags & VFIO_USER_MAP_WRITE,
	};
	return memory_map(host->memory, &map);
}

static int dma_unmap(struct vfio_user *host, struct message *m)
{
	struct vfio_user_dma_unmap msg;
	int ret;

	memcpy(&msg, m->body, sizeof(msg));
	if (msg.flags == VFIO_USER_UNMAP_ALL && !msg.addr && !msg.size)
		ret = memory_unmap(host->memory, 0, UINT64_MAX);
	else if (msg.flags || !msg.size || msg.size - 1 > UINT64_MAX - msg.addr)
		ret = -EINVAL;
	else
		ret = memory_unmap(host->memory, msg.addr, msg.addr + (msg.size - 1));
	if (!ret)
		reply_with(host, &msg, sizeof(msg));
	return ret;
}

/* ---- the device ---- */

static int version(struct vfio_user *host, struct message *m)
{
	static const char capabilities[] =
		"{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"
		"\"pgsizes\":4096,\"write_multiple\":true}}";
	struct vfio_user_version version;

	static_assert(MESSAGE_FDS == 16 && MESSAGE_DATA_MAX == 1048576, "as told");
	memcpy(&version, m->body, sizeof(version));
	if (host->agreed || version.major != 0 ||
	    (m->len > sizeof(version) && m->body[m->len - 1]))
		return -EINVAL;
	version.minor = 0;
	reply_with(host, &version, sizeof(version));
	/* A client may have room for no more than what it sent. */
	if (m->len >= sizeof(version) + sizeof(capabilities)) {
		memcpy(host->reply + sizeof(version), capabilities, sizeof(capabilities));
		host->reply_len += sizeof(capabilities);
	}
	host->agreed = true;
	return 0;
}

static int get_info(struct vfio_user *host, struct message *m)
{
	const struct vfio_user_info info = {
		.argsz = sizeof(info),
		.flags = VFIO_USER_INFO_RESET | VFIO_USER_INFO_PCI,
		.regions = VFIO_USER_REGIONS,
		.irqs = VFIO_USER_IRQS,
	};

	(void)m;
	reply_with(host, &info, sizeof(info));
	return 0;
}

static uint64_t region_size(const struct vfio_user *host, uint32_t region)
{
	if (region == VFIO_USER_REGION_CONFIG)
		return PCI_CONFIG_SIZE;
	return pci_bar_size(&host->pci, region);
}

static int get_region_info(struct vfio_user *host, struct message *m)
{
	struct vfio_user_region_info info;

	memcpy(&info, m->body, sizeof(info));
	if (info.index >= VFIO_USER_REGIONS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.cap_offset = 0;
	info.offset = 0;
	info.size = region_size(host, info.index);
	info.flags = 0;
	if (info.size)
		info.flags = VFIO_USER_REGION_READABLE | VFIO_USER_REGION_WRITABLE;
	reply_with(host, &info, sizeof(info));
	return 0;
}

static int reset(struct vfio_user *host, struct message *m)
{
	(void)m;
	pci_reset(&host->pci);
	forget_pending(host);
	return 0;
}

/* ---- accesses ---- */

static int check_access(const struct vfio_user *host,
			const struct vfio_user_access *access)
{
	uint64_t size = region_size(host, access->region);

	if (!access->count || access->offset > size ||
	    access->count > size - access->offset)
		return -EINVAL;
	if (access->region != VFIO_USER_REGION_CONFIG && access->count > ACCESS_MAX)
		return -EINVAL;
	return 0;
}

static int region_read(struct vfio_user *host, struct message *m)
{
	uint8_t *data = host->reply + sizeof(struct vfio_user_access);
	struct vfio_user_access access;
	int ret;

	memcpy(&access, m->body, sizeof(access));
	ret = check_access(host, &access);
	if (ret)
		return ret;
	reply_with(host, &access, sizeof(access));
	if (access.region == VFIO_USER_REGION_CONFIG)
		pci_config_read(&host->pci, access.offset, data, access.count);
	else
		pci_bar_read(&host->pci, access.region, access.offset, data,
			     access.count);
	host->reply_len += access.count;
	return 0;
}

/* Checked. */
static void write_region(struct vfio_user *host, const struct vfio_user_access *access,
			 const uint8_t *data)
{
	if (access->region != VFIO_USER_REGION_CONFIG)
		pci_bar_write(&host->pci, access->region, access->offset, data,
			      access->count);
	else if (pci_config_write(&host->pci, access->offset, data, access->count))
		forget_pending(host);
}

static int region_write(struct vfio_user *host, struct message *m)
{
	struct vfio_user_access access;
	int ret;

	memcpy(&access, m->body, sizeof(access));
	if (m->len - sizeof(access) != access.count)
		return -EINVAL;
	ret = check_access(host, &access);
	if (ret)
		return ret;
	write_region(host, &access, m->body + sizeof(access));
	reply_with(host, &access, sizeof(access));
	return 0;
}

/* All of them, or none. */
static int write_multi(struct vfio_user *host, struct message *m)
{
	const uint8_t *writes = m->body + sizeof(uint64_t);
	struct vfio_user_write w;
	uint64_t count;

	memcpy(&count, m->body, sizeof(count));
	if (count != (m->len - sizeof(count)) / sizeof(w) ||
	    (m->len - sizeof(count)) % sizeof(w))
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		memcpy(&w, writes + i * sizeof(w), sizeof(w));
		if (w.access.count > sizeof(w.data) || check_access(host, &w.access))
			return -EINVAL;
	}
	for (size_t i = 0; i < count; i++) {
		memcpy(&w, writes + i * sizeof(w), sizeof(w));
		write_region(host, &w.access, w.data);
	}
	reply_with(host, &count, sizeof(count));
	return 0;
}

/* ---- messages ---- */

/* A body is at least len bytes, the first word its argsz if it has one. */
static const struct {
	int (*handle)(struct vfio_user *host, struct message *m);
	size_t len;
	bool longer;
	bool argsz;
	unsigned int fds;
} commands[] = {
	[VFIO_USER_VERSION] = {
		version, sizeof(struct vfio_user_version), true, false, 0
	},
	[VFIO_USER_DMA_MAP] = {
		dma_map, sizeof(struct vfio_user_dma_map), false, true, 1
	},
	[VFIO_USER_DMA_UNMAP] = {
		dma_unmap, sizeof(struct vfio_user_dma_unmap), false, true, 0
	},
	[VFIO_USER_GET_INFO] = {
		get_info, sizeof(struct vfio_user_info), false, true, 0
	},
	[VFIO_USER_GET_REGION_INFO] = {
		get_region_info, sizeof(struct vfio_user_region_info), true, true, 0
	},
	[VFIO_USER_GET_IRQ_INFO] = {
		get_irq_info, sizeof(struct vfio_user_irq_info), false, true, 0
	},
	[VFIO_USER_SET_IRQS] = {
		set_irqs, sizeof(struct vfio_user_set_irqs), false, true, MESSAGE_FDS
	},
	[VFIO_USER_REGION_READ] = {
		region_read, sizeof(struct vfio_user_access), false, false, 0
	},
	[VFIO_USER_REGION_WRITE] = {
		region_write, sizeof(struct vfio_user_access), true, false, 0
	},
	[VFIO_USER_RESET] = {
		reset, 0, false, false, 0
	},
	[VFIO_USER_WRITE_MULTI] = {
		write_multi, sizeof(uint64_t), true, false, 0
	},
};

static int handle(struct vfio_user *host, struct message *m)
{
	uint16_t command = m->header.command;
	uint32_t argsz;

	if (command >= ARRAY_SIZE(commands) || !commands[command].handle)
		return -ENOTSUP;
	if (!host->agreed && command != VFIO_USER_VERSION)
		return -EINVAL;
	if (m->len < commands[command].len ||
	    (m->len > commands[command].len && !commands[command].longer))
		return -EINVAL;
	if (m->fds_lost || m->nr_fds > commands[command].fds)
		return -EINVAL;
	if (commands[command].argsz) {
		memcpy(&argsz, m->body, sizeof(argsz));
		if (argsz < commands[command].len)
			return -EINVAL;
	}
	return commands[command].handle(host, m);
}

static int answer(struct vfio_user *host, int fd, int stop, int result)
{
	struct vfio_user_header header = host->message.header;

	if (result)
		complain(host, "command %u of %zu bytes: %s", header.command,
			 host->message.len, strerror(-result));
	if (header.flags & VFIO_USER_NO_REPLY)
		return 0;
	header.flags = VFIO_USER_IS_REPLY;
	header.error = 0;
	if (result) {
		header.flags |= VFIO_USER_ERROR;
		header.error = (uint32_t)-result;
		host->reply_len = 0;
	}
	header.size = (uint32_t)(sizeof(header) + host->reply_len);
	return message_send(fd, stop, &header, host->reply, host->reply_len);
}

static int serve_one(struct vfio_user *host, int fd, int stop)
{
	struct message *m = &host->message;
	int ret = message_receive(m, fd, stop);

	host->reply_len = 0;
	if (ret == -EMSGSIZE)
		answer(host, fd, stop, -EINVAL);
	if (ret)
		return ret;
	/* No command is sent from here: what calls itself a reply is none. */
	if ((m->header.flags & VFIO_USER_TYPE) != VFIO_USER_IS_COMMAND)
		return -EPROTO;
	ret = handle(host, m);
	/* Nothing is open any more when the client knows. */
	message_close_fds(m);
	return answer(host, fd, stop, ret);
}

int vfio_user_serve(struct vfio_user *host, struct sim *sim, int fd, int stop)
{
	int ret;

	host->agreed = false;
	forget_pending(host);
	pci_init(&host->pci, sim);
	do {
		ret = serve_one(host, fd, stop);
	} while (!ret);

	/* The model still needs the memory. */
	pci_reset(&host->pci);
	sim_aer(sim, UINT32_MAX);
	message_close_fds(&host->message);
	drop_eventfds(host);
	memory_clear(host->memory);
	if (ret == -ENOTCONN || ret == -ECONNRESET || ret == -EPIPE)
		return 0;
	if (ret != -ECANCELED)
		complain(host, "client dropped: %s", strerror(-ret));
	return ret;
}

/* ---- the model's host ---- */

struct vfio_user *vfio_user_create(FILE *log)
{
	struct vfio_user *host = calloc(1, sizeof(*host));

	if (!host)
		return NULL;
	host->log = log;
	host->memory = memory_create();
	if (!host->memory || message_init(&host->message)) {
		memory_destroy(host->memory);
		free(host);
		return NULL;
	}
	pthread_mutex_init(&host->irq_lock, NULL);
	for (size_t i = 0; i < VECTORS; i++)
		host->vectors[i].eventfd = -1;
	return host;
}

void vfio_user_destroy(struct vfio_user *host)
{
	if (!host)
		return;
	memory_destroy(host->memory);
	message_free(&host->message);
	pthread_mutex_destroy(&host->irq_lock);
	free(host);
}

static int dma_read(void *arg, int32_t pasid, uint64_t addr, void *buf, size_t len)
{
	struct vfio_user *host = arg;

	/* The protocol has no process address spaces. */
	if (pasid != SIM_NO_PASID)
		return -EFAULT;
	return memory_read(host->memory, addr, buf, len);
}

static int dma_write(void *arg, int32_t pasid, uint64_t addr, const void *buf,
		     size_t len)
{
	struct vfio_user *host = arg;

	if (pasid != SIM_NO_PASID)
		return -EFAULT;
	return memory_write(host->memory, addr, buf, len);
}

static bool was_mapped(void *arg, uint64_t addr, size_t len)
{
	struct vfio_user *host = arg;

	return memory_was_mapped(host->memory, addr, len);
}

static void raise_irq(void *arg, unsigned int vector)
{
	struct vfio_user *host = arg;

	if (vector >= VECTORS)
		return;
	pthread_mutex_lock(&host->irq_lock);
	fire(&host->vectors[vector]);
	pthread_mutex_unlock(&host->irq_lock);
}

static uint64_t now(void *host)
{
	struct timespec t;

	(void)host;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

const struct sim_host_ops vfio_user_ops = {
	.dma_read = dma_read,
	.dma_write = dma_write,
	.raise_irq = raise_irq,
	.now = now,
	.was_mapped = was_mapped,
};
