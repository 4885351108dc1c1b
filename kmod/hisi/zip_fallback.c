// SPDX-License-Identifier: GPL-2.0
/*
 * Software for what no device has done, see zip_fallback.h.
 *
 * Where the core has no transform in reserve (until 6.15) each of ours has its own.
 * That one may only be called by processes, and it has one request: what comes from
 * elsewhere is left to a work.
 */
#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "zip_fallback.h"
#include "zip.h"

/* For all transforms; of those that reclaim memory, too, which waits for it. */
static struct workqueue_struct *soft_queue;

int zip_soft_start(void)
{
	soft_queue = alloc_workqueue(ZIP_DRIVER_NAME, WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	return soft_queue ? 0 : -ENOMEM;
}

/* There are no transforms any more. */
void zip_soft_stop(void)
{
	if (soft_queue)
		destroy_workqueue(soft_queue);
	soft_queue = NULL;
}

#if ZIP_ACOMP_CORE_FALLBACK

/*
 * Software fills the destination piece by piece, and at each new one remembers no more
 * than 2 KiB of those before: too little for what a device has compressed.
 */
static bool needs_one_piece(const struct zip_soft_req *req)
{
	const struct acomp_req *areq = req->areq;

	return !req->compress && areq->dst->length < areq->dlen &&
	       areq->dlen <= HZIP_LEN_MAX;
}

static int run_in_one_piece(struct acomp_req *fallback, struct acomp_req *areq)
{
	u8 *piece = kvmalloc(areq->dlen, GFP_NOIO | __GFP_NOWARN);
	int ret;

	if (!piece)
		return -ENOMEM;
	acomp_request_set_dst_nondma(fallback, piece, areq->dlen);
	ret = crypto_acomp_decompress(fallback);
	if (!ret)
		sg_copy_from_buffer(areq->dst, sg_nents(areq->dst), piece, fallback->dlen);
	kvfree(piece);
	return ret;
}

static int run(struct zip_soft *soft, const struct zip_soft_req *req)
{
	ACOMP_FBREQ_ON_STACK(fallback, req->areq);
	int ret;

	if (req->compress)
		ret = crypto_acomp_compress(fallback);
	else if (needs_one_piece(req))
		ret = run_in_one_piece(fallback, req->areq);
	else
		ret = crypto_acomp_decompress(fallback);
	if (!ret)
		req->areq->dlen = fallback->dlen;
	return ret;
}

/* The core's transform does not sleep unless the caller lets it. */
static bool can_run_here(const struct zip_soft *soft, const struct zip_soft_req *req)
{
	return !needs_one_piece(req) ||
	       (req->areq->base.flags & CRYPTO_TFM_REQ_MAY_SLEEP);
}

static int get_transform(struct zip_soft *soft, const char *alg)
{
	return 0;
}

static void put_transform(struct zip_soft *soft)
{
}

#else

static int run(struct zip_soft *soft, const struct zip_soft_req *req)
{
	struct acomp_req *areq = req->areq, *own = soft->req;
	int ret;

	if (!soft->tfm)
		return -EIO;
	mutex_lock(&soft->run_lock);
	acomp_request_set_callback(own, areq->base.flags & CRYPTO_TFM_REQ_MAY_SLEEP, NULL,
				   NULL);
	acomp_request_set_params(own, areq->src, areq->dst, areq->slen, areq->dlen);
	ret = req->compress ? crypto_acomp_compress(own) : crypto_acomp_decompress(own);
	if (!ret)
		areq->dlen = own->dlen;
	if (!areq->dst)
		zip_acomp_take_output(areq, own);
	mutex_unlock(&soft->run_lock);
	return ret;
}

static bool can_run_here(const struct zip_soft *soft, const struct zip_soft_req *req)
{
	return !soft->tfm || (req->areq->base.flags & CRYPTO_TFM_REQ_MAY_SLEEP);
}

/* Without one the transform works as long as the devices do. */
static int get_transform(struct zip_soft *soft, const char *alg)
{
	int ret;

	soft->req = NULL;
	soft->tfm = crypto_alloc_acomp(alg, 0, CRYPTO_ALG_ASYNC | CRYPTO_ALG_NEED_FALLBACK);
	if (IS_ERR(soft->tfm)) {
		ret = PTR_ERR(soft->tfm);
		soft->tfm = NULL;
		return ret == -ENOENT ? 0 : ret;
	}
	soft->req = acomp_request_alloc(soft->tfm);
	if (!soft->req) {
		crypto_free_acomp(soft->tfm);
		soft->tfm = NULL;
		return -ENOMEM;
	}
	return 0;
}

static void put_transform(struct zip_soft *soft)
{
	if (!soft->tfm)
		return;
	acomp_request_free(soft->req);
	crypto_free_acomp(soft->tfm);
}

#endif

static struct zip_soft_req *next_waiting(struct zip_soft *soft)
{
	struct zip_soft_req *req;

	spin_lock_bh(&soft->lock);
	req = list_first_entry_or_null(&soft->waiting, struct zip_soft_req, node);
	if (req)
		list_del(&req->node);
	spin_unlock_bh(&soft->lock);
	return req;
}

static void do_waiting(struct work_struct *work)
{
	struct zip_soft *soft = container_of(work, struct zip_soft, work);
	struct zip_soft_req *req;
	int ret;

	while ((req = next_waiting(soft))) {
		ret = run(soft, req);
		/* Callers expect to be called by a softirq. */
		local_bh_disable();
		acomp_request_complete(req->areq, ret);
		local_bh_enable();
		cond_resched();
	}
}

/* @alg: what the core has to look for, if it has to. */
int zip_soft_init(struct zip_soft *soft, const char *alg)
{
	mutex_init(&soft->run_lock);
	spin_lock_init(&soft->lock);
	INIT_LIST_HEAD(&soft->waiting);
	INIT_WORK(&soft->work, do_waiting);
	return get_transform(soft, alg);
}

/* The work may not have noticed yet that the last request is done. */
void zip_soft_exit(struct zip_soft *soft)
{
	cancel_work_sync(&soft->work);
	put_transform(soft);
}

/* For the caller of a request: its result, or -EINPROGRESS. */
int zip_soft_submit(struct zip_soft *soft, struct zip_soft_req *req)
{
	if (can_run_here(soft, req))
		return run(soft, req);
	zip_soft_queue(soft, req);
	return -EINPROGRESS;
}

/* For those that cannot wait for software: the caller of the request is told. */
void zip_soft_queue(struct zip_soft *soft, struct zip_soft_req *req)
{
	spin_lock_bh(&soft->lock);
	list_add_tail(&req->node, &soft->waiting);
	/* With the lock held: after it the transform may be gone. */
	queue_work(soft_queue, &soft->work);
	spin_unlock_bh(&soft->lock);
}
