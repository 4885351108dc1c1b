// SPDX-License-Identifier: GPL-2.0
/*
 * Software for what no device has done, see zip_fallback.h: deflate by zip_zlib.c, for
 * lz4 the kernel's own algorithm.
 *
 * It may sleep, and each transform has room for one request at a time: what comes from
 * callers who may not wait is left to a work.
 */
#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "zip.h"
#include "zip_fallback.h"
#include "zip_zlib.h"

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

/* ---- deflate ---- */

static struct zip_span span_of(struct scatterlist *sg, u32 len)
{
	return (struct zip_span) { .sg = sg, .left = len };
}

static int run_zlib(void *workspace, const struct zip_soft_req *req, struct zip_span dst,
		    u32 *produced)
{
	struct zip_span src = span_of(req->areq->src, req->areq->slen);

	return req->compress ? zip_zlib_compress(workspace, src, dst, produced) :
			       zip_zlib_decompress(workspace, src, dst, produced);
}

/* For a caller who leaves the destination to us: one of the right size. */
static int run_zlib_alloc(void *workspace, const struct zip_soft_req *req, u32 *produced)
{
	u32 room = req->areq->dlen ?: SZ_128K;
	struct zip_span dst = { .left = room };
	struct scatterlist *sg;
	void *output;
	int ret;

	output = kvmalloc(room, GFP_NOIO | __GFP_NOWARN);
	if (!output)
		return -ENOMEM;
	dst.at = output;
	ret = run_zlib(workspace, req, dst, produced);
	if (!ret) {
		sg = sgl_alloc(*produced, GFP_NOIO, NULL);
		if (sg)
			sg_copy_from_buffer(sg, sg_nents(sg), output, *produced);
		else
			ret = -ENOMEM;
		req->areq->dst = sg;
	}
	kvfree(output);
	return ret;
}

static int run_deflate(struct zip_soft *soft, const struct zip_soft_req *req)
{
	struct acomp_req *areq = req->areq;
	u32 produced = 0;
	int ret;

	mutex_lock(&soft->run_lock);
	if (areq->dst)
		ret = run_zlib(soft->workspace, req, span_of(areq->dst, areq->dlen),
			       &produced);
	else
		ret = run_zlib_alloc(soft->workspace, req, &produced);
	mutex_unlock(&soft->run_lock);
	if (!ret)
		areq->dlen = produced;
	return ret;
}

/* ---- lz4 ---- */

static int run_core(const struct zip_soft_req *req, struct acomp_req *core)
{
	return req->compress ? crypto_acomp_compress(core) : crypto_acomp_decompress(core);
}

#if ZIP_ACOMP_VIRT

/*
 * The core would take lists apart with a buffer of one page.  (Its transform can be
 * called in any context, but memory cannot be had in any.)
 */
static int run_in_one_piece(const struct zip_soft_req *req, struct acomp_req *core)
{
	struct acomp_req *areq = req->areq;
	u8 *in, *out;
	int ret = -ENOMEM;

	in = kvmalloc(areq->slen, GFP_NOIO | __GFP_NOWARN);
	out = kvmalloc(areq->dlen, GFP_NOIO | __GFP_NOWARN);
	if (in && out) {
		sg_copy_to_buffer(areq->src, sg_nents(areq->src), in, areq->slen);
		acomp_request_set_src_nondma(core, in, areq->slen);
		acomp_request_set_dst_nondma(core, out, areq->dlen);
		ret = run_core(req, core);
		if (!ret)
			sg_copy_from_buffer(areq->dst, sg_nents(areq->dst), out, core->dlen);
	}
	kvfree(out);
	kvfree(in);
	return ret;
}

#else

/* The core's limit is 128 KiB. */
static int run_in_one_piece(const struct zip_soft_req *req, struct acomp_req *core)
{
	return run_core(req, core);
}

#endif

static int run_lz4(struct zip_soft *soft, const struct zip_soft_req *req)
{
	struct acomp_req *areq = req->areq, *core = soft->req;
	int ret;

	if (!soft->tfm)
		return -EIO;
	mutex_lock(&soft->run_lock);
	acomp_request_set_callback(core, CRYPTO_TFM_REQ_MAY_SLEEP, NULL, NULL);
	acomp_request_set_params(core, areq->src, areq->dst, areq->slen, areq->dlen);
	if (areq->dst && (areq->src->length < areq->slen || areq->dst->length < areq->dlen))
		ret = run_in_one_piece(req, core);
	else
		ret = run_core(req, core);
	if (!ret)
		areq->dlen = core->dlen;
	if (!areq->dst)
		zip_acomp_take_output(areq, core);
	mutex_unlock(&soft->run_lock);
	return ret;
}

/* Without one the transform works as long as the devices do. */
static int get_transform(struct zip_soft *soft, const char *alg)
{
	int ret;

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

/* ---- both ---- */

static int run(struct zip_soft *soft, const struct zip_soft_req *req)
{
	return soft->workspace ? run_deflate(soft, req) : run_lz4(soft, req);
}

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

/* @alg: whose algorithm of the core is meant; NULL: zlib is. */
int zip_soft_init(struct zip_soft *soft, const char *alg)
{
	soft->workspace = NULL;
	soft->tfm = NULL;
	soft->req = NULL;
	mutex_init(&soft->run_lock);
	spin_lock_init(&soft->lock);
	INIT_LIST_HEAD(&soft->waiting);
	INIT_WORK(&soft->work, do_waiting);
	if (alg)
		return get_transform(soft, alg);
	soft->workspace = kvmalloc(zip_zlib_workspace(), GFP_KERNEL);
	return soft->workspace ? 0 : -ENOMEM;
}

/* The work may not have noticed yet that the last request is done. */
void zip_soft_exit(struct zip_soft *soft)
{
	cancel_work_sync(&soft->work);
	put_transform(soft);
	kvfree(soft->workspace);
}

/* For the caller of a request: its result, or -EINPROGRESS. */
int zip_soft_submit(struct zip_soft *soft, struct zip_soft_req *req)
{
	if (req->areq->base.flags & CRYPTO_TFM_REQ_MAY_SLEEP)
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
