// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of buffers as the device reads them, see zip_sgl.h.
 */
#include <linux/dma-mapping.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "zip_sgl.h"

#define LIST_SIZE	ALIGN(sizeof(struct hisi_sgl) +				\
			      ZIP_SGL_SLOTS * sizeof(struct hisi_sgl_entry),	\
			      HISI_SGL_ALIGN)

#define N_LISTS		(ZIP_SGL_BYTES / LIST_SIZE)

static_assert(N_LISTS < ZIP_SGL_NONE, "lists have numbers of 16 bits");
static_assert(ZIP_SGL_SLOTS <= HISI_SGL_ENTRIES_MAX, "a list takes so many entries");
static_assert(HZIP_LEN_MAX <= HISI_SGL_ENTRY_LEN_MAX,
	      "a segment may be of any length: of a request no more is put into an entry");

static struct hisi_sgl *list_at(struct zip_sgl_pool *pool, u16 i)
{
	return pool->lists + i * LIST_SIZE;
}

/* What never changes is written here, once. */
int zip_sgl_pool_init(struct zip_sgl_pool *pool, struct device *dev)
{
	const unsigned int n = N_LISTS;
	unsigned int i;

	pool->next = kvmalloc_array(n, sizeof(*pool->next), GFP_KERNEL);
	if (!pool->next)
		return -ENOMEM;
	pool->lists = dma_alloc_coherent(dev, n * LIST_SIZE, &pool->dma, GFP_KERNEL);
	if (!pool->lists) {
		kvfree(pool->next);
		pool->next = NULL;
		return -ENOMEM;
	}
	memset(pool->lists, 0, n * LIST_SIZE);
	for (i = 0; i < n; i++) {
		list_at(pool, i)->slots = cpu_to_le16(ZIP_SGL_SLOTS);
		pool->next[i] = i + 1 < n ? i + 1 : ZIP_SGL_NONE;
	}
	pool->dev = dev;
	pool->n = n;
	pool->free = 0;
	pool->n_free = n;
	spin_lock_init(&pool->lock);
	return 0;
}

/* Also for one that was never made, if it is zeroed. */
void zip_sgl_pool_exit(struct zip_sgl_pool *pool)
{
	if (!pool->lists)
		return;
	WARN_ON(pool->n_free != pool->n);
	dma_free_coherent(pool->dev, pool->n * LIST_SIZE, pool->lists, pool->dma);
	kvfree(pool->next);
	pool->lists = NULL;
	pool->next = NULL;
}

/* Take @n lists, chained.  -EAGAIN: there are not so many now. */
int zip_sgl_get(struct zip_sgl_pool *pool, unsigned int n, u16 *first)
{
	unsigned int i;
	int ret = -EAGAIN;
	u16 last;

	spin_lock_bh(&pool->lock);
	if (n && n <= pool->n_free) {
		*first = pool->free;
		last = pool->free;
		for (i = 1; i < n; i++)
			last = pool->next[last];
		pool->free = pool->next[last];
		pool->next[last] = ZIP_SGL_NONE;
		pool->n_free -= n;
		ret = 0;
	}
	spin_unlock_bh(&pool->lock);
	return ret;
}

/* Give a chain back. */
void zip_sgl_put(struct zip_sgl_pool *pool, u16 first)
{
	unsigned int n = 1;
	u16 last = first;

	spin_lock_bh(&pool->lock);
	while (pool->next[last] != ZIP_SGL_NONE) {
		last = pool->next[last];
		n++;
	}
	pool->next[last] = pool->free;
	pool->free = first;
	pool->n_free += n;
	spin_unlock_bh(&pool->lock);
}

/*
 * Fill lists of a chain from @list on, which is moved past them, with the first @len
 * bytes of @n_sg mapped segments; the device gets to see no byte more.  The chain has
 * enough lists, and is the caller's: no lock is needed to walk it.
 */
dma_addr_t zip_sgl_fill(struct zip_sgl_pool *pool, u16 *list, struct scatterlist *sg,
			unsigned int n_sg, size_t len)
{
	dma_addr_t dma = pool->dma + *list * LIST_SIZE;
	unsigned int lists = zip_sgl_lists(n_sg), i;
	unsigned int slots = lists * ZIP_SGL_SLOTS;

	while (lists--) {
		struct hisi_sgl *sgl = list_at(pool, *list);

		*list = pool->next[*list];
		for (i = 0; i < ZIP_SGL_SLOTS && n_sg && len; i++, n_sg--, sg = sg_next(sg)) {
			u32 part = min_t(size_t, sg_dma_len(sg), len);

			sgl->entry[i].addr = cpu_to_le64(sg_dma_address(sg));
			sgl->entry[i].len = cpu_to_le32(part);
			len -= part;
		}
		sgl->entries = cpu_to_le16(i);
		sgl->slots_chain = cpu_to_le16(slots);
		sgl->next = lists && len && n_sg ?
			    cpu_to_le64(pool->dma + *list * LIST_SIZE) : 0;
		if (!sgl->next)
			break;
	}
	return dma;
}
