/* SPDX-License-Identifier: MIT */
/*
 * Memory for bulk data, and sharing memory with the device behind a queue.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"
#include "queue.h"

#define LARGE_PAGE	((size_t)2 << 20)
#define PAGE_MAX	((size_t)64 << 10)	/* of any machine this runs on */

/*
 * Of its own mapping: malloc() would soon take such sizes from its heap, where
 * the alignment leaves holes.
 */
static void *map_aligned(size_t size)
{
	size_t room = size + LARGE_PAGE;
	uint8_t *p = mmap(NULL, room, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (p == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)p & (LARGE_PAGE - 1);
	if (before)
		munmap(p, before);
	munmap(p + before + size, room - before - size);
	madvise(p + before, size & ~(LARGE_PAGE - 1), MADV_HUGEPAGE);
	return p + before;
}

static size_t whole_pages(size_t size)
{
	return (size + PAGE_MAX - 1) & ~(PAGE_MAX - 1);
}

void *wd_alloc_bulk(size_t size)
{
	if (size < LARGE_PAGE)
		return malloc(size);
	return size > SIZE_MAX / 2 ? NULL : map_aligned(whole_pages(size));
}

void wd_free_bulk(void *p, size_t size)
{
	if (size < LARGE_PAGE)
		free(p);
	else if (p)
		munmap(p, whole_pages(size));
}

WD_API void *wd_mem_alloc(struct wd_queue *q, size_t size)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);
	void *p;

	if (!priv || !size || !wd_fork_guard_ok(&priv->guard))
		return NULL;
	p = priv->ops.lend(priv->ctx, size);
	return p ? p : wd_alloc_bulk(size);
}

WD_API void wd_mem_free(struct wd_queue *q, void *p, size_t size)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	if (!priv || !p || !wd_fork_guard_ok(&priv->guard))
		return;
	if (!priv->ops.give_back(priv->ctx, p, size))
		wd_free_bulk(p, size);
}

WD_API int wd_mem_share(struct wd_queue *q, const void *addr, size_t size)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	if (!priv || !addr || !size)
		return -EINVAL;
	if (!wd_fork_guard_ok(&priv->guard))
		return -ESTALE;
	return priv->ops.share(priv->ctx, addr, size);
}

WD_API void wd_mem_unshare(struct wd_queue *q, const void *addr, size_t size)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	if (!priv || !addr || !size || !wd_fork_guard_ok(&priv->guard))
		return;
	priv->ops.unshare(priv->ctx, addr, size);
}
