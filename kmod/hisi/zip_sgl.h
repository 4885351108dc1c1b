/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of buffers as the device reads them, from a pool that is made once.
 *
 * All lists have the same few entries, which is enough for most requests; for the
 * others several are chained.  So no request has to allocate memory, and how many
 * lists one needs is known before it takes any.
 */
#ifndef _WD_HISI_ZIP_SGL_H
#define _WD_HISI_ZIP_SGL_H

#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "hw/hisi_zip_sqe.h"

#define ZIP_SGL_SLOTS	16	/* entries of a list */
#define ZIP_SGL_BYTES	SZ_256K	/* of a pool; two lists for 8 MiB in single pages fit */
#define ZIP_SGL_NONE	0xffff

/**
 * struct zip_sgl_pool - lists
 * @dev: who reads them
 * @lists: all of them, one after the other
 * @dma: where the device sees them
 * @n: how many
 * @lock: protects the fields after it
 * @next: of each list, the one after it in the chain of free ones or of its owner
 * @free: the first free one
 * @n_free: how many are
 */
struct zip_sgl_pool {
	struct device *dev;
	void *lists;
	dma_addr_t dma;
	unsigned int n;
	spinlock_t lock;	/* the free ones: next, free, n_free */
	u16 *next;
	u16 free;
	u16 n_free;
};

int zip_sgl_pool_init(struct zip_sgl_pool *pool, struct device *dev);
void zip_sgl_pool_exit(struct zip_sgl_pool *pool);

int zip_sgl_get(struct zip_sgl_pool *pool, unsigned int n, u16 *first);
void zip_sgl_put(struct zip_sgl_pool *pool, u16 first);
dma_addr_t zip_sgl_fill(struct zip_sgl_pool *pool, u16 *list, struct scatterlist *sg,
			unsigned int n_sg, size_t len);

/* How many lists hold so many segments. */
static inline unsigned int zip_sgl_lists(unsigned int n_sg)
{
	return (n_sg + ZIP_SGL_SLOTS - 1) / ZIP_SGL_SLOTS;
}

#endif
