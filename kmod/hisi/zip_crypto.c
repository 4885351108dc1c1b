// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's compression: algorithms, their transforms, and the devices that do the
 * work.  How a request gets to a device and back is in zip_lane.c; software, which
 * does what no device has done, in zip_fallback.c.
 *
 * A device has lanes.  A transform has one of them, which it may share with others,
 * and gets another when that has died.
 *
 * Locks: algs_lock (sleeps) for adding and removing devices; lanes_lock for which lane
 * a transform has.  Those of zip_lane.c are never taken under the latter.  Requests
 * come from softirqs, too, so these are off under it.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/topology.h>

#include "compat.h"
#include "zip.h"
#include "zip_fallback.h"
#include "zip_lane.h"

#define ALGS_LZ4_COMPRESS	(HZIP_ALGS_LZ4 & ~(HZIP_ALGS_LZ4 << 1))

/**
 * struct zip_ctx - a transform
 * @format: of the algorithm
 * @lane: NULL without; written with lanes_lock, read by RCU readers
 * @node: where to look for one first
 * @soft: does what no lane has done
 */
struct zip_ctx {
	const struct zip_format *format;
	struct zip_lane __rcu *lane;
	int node;
	struct zip_soft soft;
};

static const struct zip_format deflate_format = {
	.algs = HZIP_ALGS_DEFLATE,
	.sqe_alg = HZIP_ALG_DEFLATE,
};

static const struct zip_format lz4_format = {
	.soft_alg = "lz4",
	.algs = ALGS_LZ4_COMPRESS,
	.sqe_alg = HZIP_ALG_LZ4,
};

static DEFINE_MUTEX(algs_lock);		/* algs[].registered, zip_device.lanes */
static DEFINE_SPINLOCK(lanes_lock);	/* devices, zip_ctx.lane, zip_lane.transforms */
static LIST_HEAD(devices);
static atomic64_t without_device;	/* requests of transforms that had no lane */

static bool can_do(const struct zip_device *zip, const struct zip_format *format)
{
	return (zip->kernel_algs & format->algs) == format->algs;
}

/* ---- which lane a transform has ---- */

/* Lanes of devices that are not full come first, then those of near ones. */
struct choice {
	struct zip_lane *lane;
	bool unused;
	int distance;
};

static bool is_better(const struct choice *a, const struct choice *b)
{
	if (!b->lane)
		return true;
	if (a->unused != b->unused)
		return a->unused;
	if (a->distance != b->distance)
		return a->distance < b->distance;
	return a->lane->transforms < b->lane->transforms;
}

/* Of those that work; NULL if none does. */
static struct zip_lane *least_used(struct zip_lanes *set)
{
	struct zip_lane *best = NULL;
	unsigned int i;

	for (i = 0; i < set->n; i++) {
		struct zip_lane *lane = &set->lane[i];

		if (zip_lane_works(lane) && (!best || lane->transforms < best->transforms))
			best = lane;
	}
	return best;
}

static struct zip_lane *choose_lane(const struct zip_ctx *ctx)
{
	struct choice best = { }, this;
	struct zip_device *zip;
	int node;

	lockdep_assert_held(&lanes_lock);
	list_for_each_entry(zip, &devices, node) {
		if (!can_do(zip, ctx->format) || !wd_hisi_qm_is_usable(&zip->qm))
			continue;
		node = dev_to_node(&zip->qm.pdev->dev);
		this.lane = least_used(zip->lanes);
		if (!this.lane)
			continue;
		this.unused = !this.lane->transforms;
		this.distance = node == NUMA_NO_NODE ? LOCAL_DISTANCE :
				node_distance(ctx->node, node);
		if (is_better(&this, &best))
			best = this;
	}
	return best.lane;
}

static void set_lane(struct zip_ctx *ctx, struct zip_lane *lane)
{
	struct zip_lane *old = rcu_dereference_protected(ctx->lane,
							 lockdep_is_held(&lanes_lock));

	if (lane == old)
		return;
	if (lane) {
		lane->transforms++;
		refcount_inc(&lane->set->refs);
	}
	rcu_assign_pointer(ctx->lane, lane);
	if (old) {
		old->transforms--;
		zip_lanes_put(old->set);
	}
}

/*
 * Another lane than @old, which does not work; NULL if there is none that does.  For
 * one request only, unless @old is dead: the transform is at home where it is.
 */
static struct zip_lane *other_lane(struct zip_ctx *ctx, struct zip_lane *old)
{
	struct zip_lane *lane;

	if (!old && list_empty(&devices))
		return NULL;
	spin_lock_bh(&lanes_lock);
	lane = rcu_dereference_protected(ctx->lane, lockdep_is_held(&lanes_lock));
	/* Another request may have been here before. */
	if (lane == old) {
		lane = choose_lane(ctx);
		if (!old || READ_ONCE(old->set->dead))
			set_lane(ctx, lane);
	}
	spin_unlock_bh(&lanes_lock);
	return lane == old ? NULL : lane;
}

/* ---- transforms ---- */

static int transform_init(struct crypto_acomp *tfm, const struct zip_format *format)
{
	struct zip_ctx *ctx = acomp_tfm_ctx(tfm);
	int ret;

	ctx->format = format;
	ctx->node = crypto_acomp_tfm(tfm)->node;
	if (ctx->node == NUMA_NO_NODE)
		ctx->node = numa_node_id();
	ret = zip_soft_init(&ctx->soft, format->soft_alg);
	if (ret)
		return ret;
	RCU_INIT_POINTER(ctx->lane, NULL);
	spin_lock_bh(&lanes_lock);
	set_lane(ctx, choose_lane(ctx));
	spin_unlock_bh(&lanes_lock);
	return 0;
}

static int deflate_init(struct crypto_acomp *tfm)
{
	return transform_init(tfm, &deflate_format);
}

static int lz4_init(struct crypto_acomp *tfm)
{
	return transform_init(tfm, &lz4_format);
}

/* Callers have none of its requests under way. */
static void transform_exit(struct crypto_acomp *tfm)
{
	struct zip_ctx *ctx = acomp_tfm_ctx(tfm);

	zip_soft_exit(&ctx->soft);
	spin_lock_bh(&lanes_lock);
	set_lane(ctx, NULL);
	spin_unlock_bh(&lanes_lock);
}

/*
 * How many entries hold so many bytes.  -EINVAL: not that many are there; -E2BIG: one of
 * them is empty, which can be neither mapped (an IOMMU's mappings end there when they
 * are undone) nor given to the device.
 */
static int count_entries(struct scatterlist *sg, u32 len)
{
	bool empty = false;
	int n;

	for (n = 1; sg; n++, sg = sg_next(sg)) {
		empty |= !sg->length;
		if (sg->length >= len)
			return empty ? -E2BIG : n;
		len -= sg->length;
	}
	return -EINVAL;
}

/* Whether the device can do it, with what it has to know.  -EINVAL: nobody can. */
static int prepare(struct zip_ctx *ctx, struct acomp_req *areq, bool compress)
{
	struct zip_req *req = acomp_request_ctx(areq);
	int src_n, dst_n;

	req->soft.areq = areq;
	req->soft.compress = compress;
	if (!areq->src || !areq->slen)
		return -EINVAL;
	if (!areq->dst)
		return ZIP_ACOMP_ALLOC_OUTPUT ? -E2BIG : -EINVAL;
	if (!areq->dlen)
		return -EINVAL;

	req->out_len = min_t(u32, areq->dlen, HZIP_LEN_MAX);
	src_n = count_entries(areq->src, areq->slen);
	/* Beyond that the device does not write, and needs no access. */
	dst_n = count_entries(areq->dst, req->out_len);
	if (src_n == -EINVAL || dst_n == -EINVAL)
		return -EINVAL;
	/* A list can be mapped once. */
	if (src_n < 0 || dst_n < 0 || areq->slen > HZIP_LEN_MAX ||
	    areq->dlen < HZIP_OUT_MIN || areq->src == areq->dst)
		return -E2BIG;
	req->fallback = &ctx->soft;
	req->ended = NULL;
	req->format = ctx->format;
	req->src_n = src_n;
	req->dst_n = dst_n;
	req->mapped = false;
	req->notified = false;
	return 0;
}

/* As an RCU reader; as zip_lane_send(). */
static int try_lanes(struct zip_ctx *ctx, struct zip_req *req)
{
	struct zip_lane *lane = rcu_dereference(ctx->lane);
	int ret = lane ? zip_lane_send(lane, req) : -ESHUTDOWN;

	if (likely(ret != -ESHUTDOWN))
		return ret;
	lane = other_lane(ctx, lane);
	return lane ? zip_lane_send(lane, req) : -ESHUTDOWN;
}

static void count_fallback(struct zip_ctx *ctx)
{
	struct zip_lane *lane;

	rcu_read_lock();
	lane = rcu_dereference(ctx->lane);
	if (lane)
		atomic64_inc(&lane->fallbacks);
	else
		atomic64_inc(&without_device);
	rcu_read_unlock();
}

static int do_request(struct acomp_req *areq, bool compress)
{
	struct zip_ctx *ctx = acomp_tfm_ctx(crypto_acomp_reqtfm(areq));
	struct zip_req *req = acomp_request_ctx(areq);
	int ret;

	ret = prepare(ctx, areq, compress);
	if (unlikely(ret == -EINVAL))
		return ret;
	if (likely(!ret)) {
		rcu_read_lock();
		ret = try_lanes(ctx, req);
		rcu_read_unlock();
		if (likely(ret == -EINPROGRESS || ret == -EBUSY || ret == -EAGAIN))
			return ret;
	}
	count_fallback(ctx);
	return zip_soft_submit(&ctx->soft, &req->soft);
}

static int do_compress(struct acomp_req *areq)
{
	return do_request(areq, true);
}

static int do_decompress(struct acomp_req *areq)
{
	return do_request(areq, false);
}

/* No device does this. */
static int soft_decompress(struct acomp_req *areq)
{
	struct zip_ctx *ctx = acomp_tfm_ctx(crypto_acomp_reqtfm(areq));
	int ret = prepare(ctx, areq, false);
	struct zip_req *req = acomp_request_ctx(areq);

	if (ret == -EINVAL)
		return ret;
	return zip_soft_submit(&ctx->soft, &req->soft);
}

/* ---- algorithms ---- */

#define ZIP_ALG_COMMON							\
	.base.cra_priority = 300,					\
	.base.cra_flags = CRYPTO_ALG_ASYNC | CRYPTO_ALG_NEED_FALLBACK,	\
	.base.cra_ctxsize = sizeof(struct zip_ctx),			\
	.base.cra_module = THIS_MODULE,					\
	.ZIP_ACOMP_REQSIZE = sizeof(struct zip_req),			\
	.exit = transform_exit,						\
	ZIP_ACOMP_DST_FREE

static struct acomp_alg deflate_alg = {
	ZIP_ALG_COMMON
	.base.cra_name = "deflate",
	.base.cra_driver_name = "wd-hisi-deflate",
	.init = deflate_init,
	.compress = do_compress,
	.decompress = do_decompress,
};

static struct acomp_alg lz4_alg = {
	ZIP_ALG_COMMON
	.base.cra_name = "lz4",
	.base.cra_driver_name = "wd-hisi-lz4",
	.init = lz4_init,
	.compress = do_compress,
	.decompress = soft_decompress,
};

static struct {
	struct acomp_alg *alg;
	const struct zip_format *format;
	bool registered;
} algs[] = {
	{ &deflate_alg, &deflate_format },
	{ &lz4_alg, &lz4_format },
};

/*
 * The first device that can do an algorithm has it registered, and it stays: one that
 * is in use cannot be unregistered, and without a device it is software.
 */
static int register_algs(const struct zip_device *zip)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(algs); i++) {
		if (algs[i].registered || !can_do(zip, algs[i].format))
			continue;
		ret = crypto_register_acomp(algs[i].alg);
		if (ret)
			return ret;
		algs[i].registered = true;
	}
	return 0;
}

/* Transforms hold the module, so there is none. */
void zip_crypto_exit(void)
{
	unsigned int i;

	mutex_lock(&algs_lock);
	for (i = 0; i < ARRAY_SIZE(algs); i++) {
		if (algs[i].registered)
			crypto_unregister_acomp(algs[i].alg);
		algs[i].registered = false;
	}
	zip_soft_stop();
	mutex_unlock(&algs_lock);
}

/* ---- devices ---- */

/* Lanes that work, for nobody yet. */
static struct zip_lanes *make_lanes(struct zip_device *zip, unsigned int n)
{
	struct zip_test *test = zip_selftest_alloc();
	struct zip_lanes *set;
	int ret;

	if (!test)
		return ERR_PTR(-ENOMEM);
	set = zip_lanes_create(zip, n);
	if (!IS_ERR(set)) {
		ret = zip_selftest_run(test, &set->lane[0],
				       can_do(zip, &deflate_format) ? &deflate_format : NULL,
				       can_do(zip, &lz4_format) ? &lz4_format : NULL);
		if (ret) {
			/* A test without an answer is aborted here. */
			zip_lanes_destroy(set);
			set = ERR_PTR(ret);
		}
	}
	zip_selftest_free(test);
	return set;
}

/* Take the device's lanes from everybody. */
static void withdraw(struct zip_device *zip)
{
	struct zip_lanes *set = zip->lanes;

	spin_lock_bh(&lanes_lock);
	list_del(&zip->node);
	WRITE_ONCE(set->dead, true);
	spin_unlock_bh(&lanes_lock);
	/* Who has not seen that may be sending. */
	synchronize_rcu();
	zip->lanes = NULL;
	zip_lanes_destroy(set);
}

static int add_device(struct zip_device *zip, unsigned int n)
{
	static bool started;
	struct zip_lanes *set;
	int ret;

	if (!started) {
		ret = zip_soft_start();
		if (ret)
			return ret;
		started = true;
	}
	set = make_lanes(zip, n);
	if (IS_ERR(set))
		return PTR_ERR(set);
	zip->lanes = set;
	spin_lock_bh(&lanes_lock);
	list_add_tail(&zip->node, &devices);
	spin_unlock_bh(&lanes_lock);
	/* The core tests an algorithm when it is registered, with this device. */
	ret = register_algs(zip);
	if (ret) {
		dev_err(&zip->qm.pdev->dev, "cannot register an algorithm: %d\n", ret);
		withdraw(zip);
	}
	return ret;
}

bool zip_crypto_can_use(const struct zip_device *zip)
{
	return can_do(zip, &deflate_format) || can_do(zip, &lz4_format);
}

int zip_crypto_add(struct zip_device *zip)
{
	unsigned int n = zip->qm.kernel_queues / ZIP_DIRECTIONS;
	int ret;

	if (!n || !zip_crypto_can_use(zip))
		return 0;
	mutex_lock(&algs_lock);
	ret = add_device(zip, n);
	mutex_unlock(&algs_lock);
	return ret;
}

void zip_crypto_del(struct zip_device *zip)
{
	mutex_lock(&algs_lock);
	if (zip->lanes)
		withdraw(zip);
	mutex_unlock(&algs_lock);
}

void zip_crypto_counts(struct zip_device *zip, struct zip_counts *counts)
{
	*counts = (struct zip_counts) { };
	mutex_lock(&algs_lock);
	if (zip->lanes)
		zip_lanes_counts(zip->lanes, counts);
	mutex_unlock(&algs_lock);
}

u64 zip_crypto_without_device(void)
{
	return atomic64_read(&without_device);
}

/* What its requests fall back on. */
MODULE_SOFTDEP("pre: lz4");
