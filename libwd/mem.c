/* SPDX-License-Identifier: MIT */
/*
 * Memory for bulk data, and sharing memory with the device behind a queue.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"
#include "queue.h"

#define LARGE_PAGE	((size_t)2 << 20)

void *wd_alloc_bulk(size_t size)
{
	void *p;

	if (size < LARGE_PAGE)
		return malloc(size);
	if (posix_memalign(&p, LARGE_PAGE, size))
		return NULL;
	madvise(p, size & ~(LARGE_PAGE - 1), MADV_HUGEPAGE);
	return p;
}

WD_API int wd_mem_share(struct wd_queue *q, const void *addr, size_t size)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	if (!priv || !addr || !size)
		return -EINVAL;
	if (!wd_fork_guard_ok(&priv->guard))
		return -ESTALE;
	return priv->ops->share(priv->ctx, addr, size);
}

WD_API void wd_mem_unshare(struct wd_queue *q, const void *addr, size_t size)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	if (!priv || !addr || !size || !wd_fork_guard_ok(&priv->guard))
		return;
	priv->ops->unshare(priv->ctx, addr, size);
}
