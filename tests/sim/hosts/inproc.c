// SPDX-License-Identifier: MIT
/*
 * The model's host in the same process: see inproc.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "given_up.h"
#include "inproc.h"
#include "shared_copy.h"

#define NS_PER_S	1000000000ull

struct range {
	uint64_t addr;
	uint8_t *ptr;
	size_t len;
	bool writable;
};

struct inproc {
	pthread_rwlock_t ranges_lock;	/* down to check_pointers */
	struct range *ranges;		/* by address */
	size_t count, room;
	struct given_up given_up;
	bool check_pointers;

	_Atomic bool time_set;
	_Atomic uint64_t time_ns;

	pthread_mutex_t irq_lock;
	pthread_cond_t irq_raised;
	uint64_t irqs[INPROC_VECTORS];
	void (*handler)(void *arg, unsigned int vector);
	void *handler_arg;
};

struct inproc *inproc_create(void)
{
	struct inproc *host = calloc(1, sizeof(*host));
	pthread_condattr_t attr;

	if (!host)
		return NULL;
	host->check_pointers = true;
	pthread_rwlock_init(&host->ranges_lock, NULL);
	pthread_mutex_init(&host->irq_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&host->irq_raised, &attr);
	pthread_condattr_destroy(&attr);
	return host;
}

void inproc_destroy(struct inproc *host)
{
	if (!host)
		return;
	pthread_cond_destroy(&host->irq_raised);
	pthread_mutex_destroy(&host->irq_lock);
	pthread_rwlock_destroy(&host->ranges_lock);
	free(host->ranges);
	free(host);
}

/* ---- memory ---- */

/* The first range that ends past addr, or count. */
static size_t find(const struct inproc *host, uint64_t addr)
{
	size_t low = 0;
	size_t high = host->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct range *r = &host->ranges[mid];

		if (addr > r->addr && addr - r->addr >= r->len)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int insert(struct inproc *host, const struct range *new)
{
	size_t at = find(host, new->addr);

	if (at < host->count && (host->ranges[at].addr <= new->addr ||
				 host->ranges[at].addr - new->addr < new->len))
		return -EINVAL;
	if (host->count == host->room) {
		size_t room = host->room ? host->room * 2 : 16;
		struct range *ranges = realloc(host->ranges, room * sizeof(*ranges));

		if (!ranges)
			return -ENOMEM;
		host->ranges = ranges;
		host->room = room;
	}
	memmove(&host->ranges[at + 1], &host->ranges[at],
		(host->count - at) * sizeof(*new));
	host->ranges[at] = *new;
	host->count++;
	return 0;
}

int inproc_map(struct inproc *host, uint64_t addr, void *ptr, size_t len, bool writable)
{
	struct range new = { addr, ptr, len, writable };
	int ret;

	if (!ptr || !len || len - 1 > UINT64_MAX - addr)
		return -EINVAL;
	pthread_rwlock_wrlock(&host->ranges_lock);
	ret = insert(host, &new);
	pthread_rwlock_unlock(&host->ranges_lock);
	return ret;
}

int inproc_unmap(struct inproc *host, uint64_t addr)
{
	int ret = -ENOENT;
	size_t at;

	pthread_rwlock_wrlock(&host->ranges_lock);
	at = find(host, addr);
	if (at < host->count && host->ranges[at].addr == addr) {
		given_up_add(&host->given_up, addr,
			     addr + (host->ranges[at].len - 1));
		host->count--;
		memmove(&host->ranges[at], &host->ranges[at + 1],
			(host->count - at) * sizeof(*host->ranges));
		ret = 0;
	}
	pthread_rwlock_unlock(&host->ranges_lock);
	return ret;
}

void inproc_check_pointers(struct inproc *host, bool checked)
{
	pthread_rwlock_wrlock(&host->ranges_lock);
	host->check_pointers = checked;
	pthread_rwlock_unlock(&host->ranges_lock);
}

/* The memory at addr, and how much of it follows: 0 if there is none. */
static size_t at_bus(const struct inproc *host, uint64_t addr, bool write, uint8_t **ptr)
{
	size_t at = find(host, addr);
	const struct range *r;

	if (at == host->count)
		return 0;
	r = &host->ranges[at];
	if (r->addr > addr || (write && !r->writable))
		return 0;
	*ptr = r->ptr + (addr - r->addr);
	return r->len - (size_t)(addr - r->addr);
}

static size_t at_pointer(const struct inproc *host, uint64_t addr, bool write,
			 uint8_t **ptr)
{
	if (!addr)
		return 0;
	*ptr = (uint8_t *)(uintptr_t)addr;
	if (!host->check_pointers)
		return SIZE_MAX;
	for (size_t i = 0; i < host->count; i++) {
		const struct range *r = &host->ranges[i];
		uint64_t in = addr - (uintptr_t)r->ptr;

		if (in < r->len && (!write || r->writable))
			return r->len - (size_t)in;
	}
	return 0;
}

static int copy(struct inproc *host, int32_t pasid, uint64_t addr, uint8_t *buf,
		size_t len, bool write)
{
	if (len && len - 1 > UINT64_MAX - addr)
		return -EFAULT;
	while (len) {
		uint8_t *ptr = NULL;
		size_t n = pasid == SIM_NO_PASID ? at_bus(host, addr, write, &ptr) :
						   at_pointer(host, addr, write, &ptr);

		if (!n)
			return -EFAULT;
		if (n > len)
			n = len;
		if (write)
			shared_copy_out(ptr, buf, n);
		else
			shared_copy_in(buf, ptr, n);
		addr += n;
		buf += n;
		len -= n;
	}
	return 0;
}

static int dma_read(void *arg, int32_t pasid, uint64_t addr, void *buf, size_t len)
{
	struct inproc *host = arg;
	int ret;

	pthread_rwlock_rdlock(&host->ranges_lock);
	ret = copy(host, pasid, addr, buf, len, false);
	pthread_rwlock_unlock(&host->ranges_lock);
	return ret;
}

static int dma_write(void *arg, int32_t pasid, uint64_t addr, const void *buf, size_t len)
{
	struct inproc *host = arg;
	int ret;

	pthread_rwlock_rdlock(&host->ranges_lock);
	ret = copy(host, pasid, addr, (uint8_t *)buf, len, true);
	pthread_rwlock_unlock(&host->ranges_lock);
	return ret;
}

static bool was_mapped(void *arg, uint64_t addr, size_t len)
{
	struct inproc *host = arg;
	bool was;

	pthread_rwlock_rdlock(&host->ranges_lock);
	was = given_up_has(&host->given_up, addr, len);
	pthread_rwlock_unlock(&host->ranges_lock);
	return was;
}

/* ---- interrupts ---- */

static void raise_irq(void *arg, unsigned int vector)
{
	struct inproc *host = arg;
	void (*handler)(void *arg, unsigned int vector);
	void *handler_arg;

	if (vector >= INPROC_VECTORS)
		return;
	pthread_mutex_lock(&host->irq_lock);
	host->irqs[vector]++;
	handler = host->handler;
	handler_arg = host->handler_arg;
	pthread_cond_broadcast(&host->irq_raised);
	pthread_mutex_unlock(&host->irq_lock);
	if (handler)
		handler(handler_arg, vector);
}

uint64_t inproc_irqs(struct inproc *host, unsigned int vector)
{
	uint64_t n;

	if (vector >= INPROC_VECTORS)
		return 0;
	pthread_mutex_lock(&host->irq_lock);
	n = host->irqs[vector];
	pthread_mutex_unlock(&host->irq_lock);
	return n;
}

bool inproc_wait_irq(struct inproc *host, unsigned int vector, uint64_t seen,
		     unsigned int timeout_ms)
{
	struct timespec end;
	bool more;

	if (vector >= INPROC_VECTORS)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout_ms / 1000;
	end.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (end.tv_nsec >= (long)NS_PER_S) {
		end.tv_sec++;
		end.tv_nsec -= (long)NS_PER_S;
	}
	pthread_mutex_lock(&host->irq_lock);
	while (host->irqs[vector] <= seen)
		if (pthread_cond_timedwait(&host->irq_raised, &host->irq_lock, &end))
			break;
	more = host->irqs[vector] > seen;
	pthread_mutex_unlock(&host->irq_lock);
	return more;
}

void inproc_on_irq(struct inproc *host, void (*handler)(void *arg, unsigned int vector),
		   void *arg)
{
	pthread_mutex_lock(&host->irq_lock);
	host->handler = handler;
	host->handler_arg = arg;
	pthread_mutex_unlock(&host->irq_lock);
}

/* ---- time ---- */

void inproc_set_time(struct inproc *host, uint64_t ns)
{
	host->time_ns = ns;
	host->time_set = true;
}

static uint64_t now(void *arg)
{
	struct inproc *host = arg;
	struct timespec t;

	if (host->time_set)
		return host->time_ns;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

const struct sim_host_ops inproc_ops = {
	.dma_read = dma_read,
	.dma_write = dma_write,
	.was_mapped = was_mapped,
	.raise_irq = raise_irq,
	.now = now,
};
