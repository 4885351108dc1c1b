/* SPDX-License-Identifier: MIT */
/*
 * Sharing memory with the device behind a queue.
 */
#include "internal.h"
#include "queue.h"

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
