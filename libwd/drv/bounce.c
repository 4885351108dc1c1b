/* SPDX-License-Identifier: MIT */
/*
 * The SS region of a queue file: mapping it, and what of it is in use.
 */
#define log_fmt(f) "bounce: " f
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <misc/uacce/uacce.h>

#include "../internal.h"
#include "bounce.h"

/* Enough for what keeps a device busy; if that much cannot be had, half as much. */
#define SIZE_MAX_TRIED ((size_t)32 << 20)
#define SIZE_MIN_TRIED ((size_t)1 << 20)

#define UNIT	       4096u /* bytes; a page of the region, or part of one */
#define RUNS_MAX       512u  /* of the 64 KiB that are the least */

/*
 * struct bounce_run - part of the region that is contiguous on the bus
 * @bus:   its address there
 * @first: its first unit, of @units
 */
struct bounce_run {
	uint64_t bus;
	size_t first, units;
};

/* No bytes have one, too: they have an address. */
static size_t units_of(size_t size)
{
	return size ? size / UNIT + (size % UNIT != 0) : 1;
}

/* ---- where it is ---- */

static int map(struct bounce *b)
{
	int err = 0;

	for (b->size = SIZE_MAX_TRIED; b->size >= SIZE_MIN_TRIED;
	     b->size /= 2) {
		b->base = b->tr->map(b->handle, UACCE_QFRT_SS, b->size, &err);
		if (b->base || err != -ENOMEM)
			break;
	}
	return b->base ? 0 : err;
}

/* Units of the runs that are known. */
static size_t units_so_far(const struct bounce *b)
{
	const struct bounce_run *last = b->runs + b->n_runs;

	return b->n_runs ? last[-1].first + last[-1].units : 0;
}

/*
 * Where the device sees the next slice, as the kernel tells it.  Slices follow each
 * other; those that also do on the bus are one run.  With an IOMMU there may be a single
 * one, without a size.
 */
static int add_slice(struct bounce *b, unsigned long told)
{
	struct bounce_run *last = b->n_runs ? &b->runs[b->n_runs - 1] : NULL;
	size_t size = (told & UACCE_SS_SIZE_MASK) << UACCE_SS_SIZE_SHIFT;
	uint64_t bus = told & ~(uint64_t)UACCE_SS_SIZE_MASK;
	size_t first = units_so_far(b), left = b->size / UNIT - first;
	size_t units = size ? wd_min(size / UNIT, left) : left;

	if (!units)
		return -EPROTO;
	if (last && last->bus + last->units * UNIT == bus)
		last->units += units;
	else
		b->runs[b->n_runs++] = (struct bounce_run){ bus, first, units };
	return 0;
}

static int find_runs(struct bounce *b)
{
	b->runs = calloc(RUNS_MAX, sizeof(*b->runs));
	if (!b->runs)
		return -ENOMEM;
	for (unsigned long i = 0; i < RUNS_MAX; i++) {
		unsigned long told = i;
		int after = b->tr->ctl(b->handle, UACCE_CMD_GET_SS_DMA, &told);
		int ret = after < 0 ? after : add_slice(b, told);

		if (ret)
			return ret;
		if (!after)
			return units_so_far(b) == b->size / UNIT ? 0 : -EPROTO;
	}
	return -EPROTO;
}

int bounce_init(struct bounce *b, const struct wd_transport_ops *tr, int handle,
		uint32_t flags)
{
	int ret;

	*b = (struct bounce){
		.tr = tr,
		.handle = handle,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	if (flags & UACCE_DEV_SVA)
		return 0;
	if (!(flags & (UACCE_DEV_NOIOMMU | UACCE_DEV_IOMMU)))
		return -EOPNOTSUPP;
	ret = map(b);
	if (ret)
		return ret;
	ret = find_runs(b);
	if (!ret) {
		b->used = calloc(b->size / UNIT / 64 + 1, sizeof(*b->used));
		ret = b->used ? 0 : -ENOMEM;
	}
	if (ret)
		bounce_exit(b, false);
	return ret;
}

void bounce_exit(struct bounce *b, bool forked)
{
	if (b->base && !forked)
		b->tr->unmap(b->base, b->size);
	free(b->runs);
	free(b->used);
	b->base = NULL;
	b->runs = NULL;
	b->used = NULL;
}

/* ---- blocks ---- */

static bool is_used(const struct bounce *b, size_t unit)
{
	return b->used[unit / 64] >> unit % 64 & 1;
}

static void mark(struct bounce *b, size_t first, size_t n, bool used)
{
	for (size_t i = first; i < first + n; i++)
		if (used)
			b->used[i / 64] |= (uint64_t)1 << i % 64;
		else
			b->used[i / 64] &= ~((uint64_t)1 << i % 64);
}

/* The first @n units of @run that are free, one after the other; SIZE_MAX if none are. */
static size_t find_in(const struct bounce *b, const struct bounce_run *run,
		      size_t n)
{
	size_t end = run->first + run->units, found = 0;

	for (size_t i = run->first; i < end; i++) {
		/* 64 at once, where all are taken. */
		if (i % 64 == 0 && b->used[i / 64] == UINT64_MAX) {
			found = 0;
			i += 63;
			continue;
		}
		found = is_used(b, i) ? 0 : found + 1;
		if (found == n)
			return i + 1 - n;
	}
	return SIZE_MAX;
}

/* With the lock. */
static uint8_t *take(struct bounce *b, size_t size)
{
	size_t n = units_of(size);

	for (unsigned int i = 0; i < b->n_runs; i++) {
		size_t at = find_in(b, &b->runs[i], n);

		if (at == SIZE_MAX)
			continue;
		mark(b, at, n, true);
		return b->base + at * UNIT;
	}
	return NULL;
}

/* The same. */
static void give(struct bounce *b, const uint8_t *p, size_t size)
{
	if (p)
		mark(b, (size_t)(p - b->base) / UNIT, units_of(size), false);
}

static const struct bounce_run *run_of(const struct bounce *b, const void *p,
				       size_t size)
{
	size_t at = (uintptr_t)p - (uintptr_t)b->base;

	if (!bounce_is_there(b) || at >= b->size)
		return NULL;
	for (unsigned int i = 0; i < b->n_runs; i++) {
		const struct bounce_run *run = &b->runs[i];
		size_t from = at - run->first * UNIT;

		if (from < run->units * UNIT)
			return size <= run->units * UNIT - from ? run : NULL;
	}
	return NULL;
}

bool bounce_has(const struct bounce *b, const void *p, size_t size)
{
	return run_of(b, p, size);
}

uint64_t bounce_bus(const struct bounce *b, const void *p)
{
	const struct bounce_run *run = run_of(b, p, 1);

	return run->bus +
	       ((uintptr_t)p - (uintptr_t)b->base - run->first * UNIT);
}

/* ---- requests ---- */

/* Whether a region with nothing in it had room for both. */
static bool ever_fits(const struct bounce *b, size_t one, size_t other)
{
	size_t larger = units_of(wd_max(one, other));
	size_t smaller = units_of(wd_min(one, other));

	for (unsigned int i = 0; i < b->n_runs; i++) {
		size_t units = b->runs[i].units;

		if (units >= larger + smaller)
			return true;
		if (units < larger)
			continue;
		for (unsigned int k = 0; k < b->n_runs; k++)
			if (k != i && b->runs[k].units >= smaller)
				return true;
		return false;
	}
	return false;
}

int bounce_request(struct bounce *b, struct bounced *x, const void *in,
		   size_t in_len, size_t in_size, void *out, size_t out_size)
{
	bool in_there = in_len == in_size && bounce_has(b, in, in_size);
	bool out_there = bounce_has(b, out, out_size);
	bool ok;

	bounce_release(b, x);
	x->in_size = in_there ? 0 : in_size;
	x->out_size = out_there ? 0 : out_size;
	pthread_mutex_lock(&b->lock);
	x->in = in_there ? NULL : take(b, in_size);
	x->out = out_there ? NULL : take(b, out_size);
	ok = (in_there || x->in) && (out_there || x->out);
	pthread_mutex_unlock(&b->lock);
	if (!ok) {
		bounce_release(b, x);
		return ever_fits(b, in_size, out_size) ? -EBUSY : -EOPNOTSUPP;
	}
	if (x->in && in_len)
		memcpy(x->in, in, in_len);
	x->in_bus = bounce_bus(b, x->in ? x->in : in);
	x->out_bus = bounce_bus(b, x->out ? x->out : out);
	return 0;
}

bool bounce_was_there(const struct bounce *b)
{
	/* The kernel says that it is not before that is so. */
	return b->tr->ctl(b->handle, UACCE_CMD_GET_SS_DMA,
			  &(unsigned long){ 0 }) >= 0;
}

void bounce_release(struct bounce *b, struct bounced *x)
{
	if (!x->in && !x->out)
		return;
	pthread_mutex_lock(&b->lock);
	give(b, x->in, x->in_size);
	give(b, x->out, x->out_size);
	pthread_mutex_unlock(&b->lock);
	x->in = NULL;
	x->out = NULL;
}

bool bounce_abandon(struct bounce *b)
{
	bool apart;

	if (!bounce_is_there(b))
		return false;
	pthread_mutex_lock(&b->lock);
	b->abandoned = true;
	apart = !b->lent;
	pthread_mutex_unlock(&b->lock);
	return apart;
}

/* ---- lending ---- */

int bounce_share(const struct bounce *b, const void *p, size_t size)
{
	return !bounce_is_there(b) || bounce_has(b, p, size) ? 0 : -EOPNOTSUPP;
}

void *bounce_keep(struct bounce *b, size_t size)
{
	void *p;

	pthread_mutex_lock(&b->lock);
	p = take(b, size);
	pthread_mutex_unlock(&b->lock);
	return p;
}

/* Half of it stays for requests whose memory is elsewhere. */
void *bounce_lend(struct bounce *b, size_t size)
{
	size_t n = units_of(size);
	uint8_t *p = NULL;

	if (!bounce_is_there(b))
		return NULL;
	pthread_mutex_lock(&b->lock);
	if (!b->abandoned && n <= b->size / UNIT / 2 - b->lent)
		p = take(b, size);
	if (p)
		b->lent += n;
	pthread_mutex_unlock(&b->lock);
	return p;
}

bool bounce_give_back(struct bounce *b, void *p, size_t size)
{
	if (!bounce_has(b, p, size))
		return false;
	pthread_mutex_lock(&b->lock);
	give(b, p, size);
	b->lent -= units_of(size);
	pthread_mutex_unlock(&b->lock);
	return true;
}
