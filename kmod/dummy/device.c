// SPDX-License-Identifier: GPL-2.0
/*
 * The dummy accelerator: devices that are software, for machines without the chip.
 *
 * They keep the contract of a real one: open, map, ring a doorbell, poll.  The
 * process's pointers go into the requests as they are.
 */
#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "dummy.h"
#include "wd_module.h"

#define DRIVER_NAME	"wd_dummy"
#define DEVICES_MAX	64
#define QUEUES_MAX	4096
#define HOUR		3600

static unsigned int devices = 1;
module_param(devices, uint, 0444);
MODULE_PARM_DESC(devices, "how many devices there are, 1 to 64 (default 1)");

static unsigned int queues = 64;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "queues of each device, 1 to 4096 (default 64)");

static unsigned int depth = 256;
module_param(depth, uint, 0444);
MODULE_PARM_DESC(depth, "requests a queue holds, a power of two, 16 to 4096 (default 256)");

static unsigned int poll_us = 200;
module_param(poll_us, uint, 0444);
MODULE_PARM_DESC(poll_us, "microseconds a queue looks for requests before it sleeps, at most, 0 to 10000 (default 200)");

static bool no_sva;
module_param(no_sva, bool, 0444);
MODULE_PARM_DESC(no_sva, "take bus addresses, as a device without an IOMMU; needs unsafe_no_sva of wd_uacce");

static bool shared_doorbells;
module_param(shared_doorbells, bool, 0444);
MODULE_PARM_DESC(shared_doorbells, "pretend that queues share their doorbells; needs unsafe_shared_doorbells of wd_uacce");

static struct platform_device *pdevs[DEVICES_MAX];
static struct dummy_limit limits[DEVICES_MAX];
static struct dentry *debugfs_root;

/* ---- queues ---- */

/* The core has made it, and it is clean. */
static void init_ring(struct dummy_queue *q, void *dus)
{
	q->ring = dus;
	q->ring->magic = WD_DUMMY_MAGIC;
	q->ring->depth = q->depth;
	q->ring->sq_off = dummy_sq_off();
	q->ring->cq_off = dummy_cq_off(q->depth);
	q->ring->len_max = WD_DUMMY_LEN_MAX;
}

static int dummy_get_queue(struct uacce_device *uacce, unsigned long arg,
			   struct uacce_queue *uq)
{
	struct dummy_device *dd = uacce->priv;
	struct dummy_queue *q;

	if (atomic_dec_if_positive(&dd->limit->free) < 0)
		return -EBUSY;
	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		goto err_count;
	kref_init(&q->ref);
	mutex_init(&q->gate);
	q->limit = dd->limit;
	q->dd = dd;
	q->uq = uq;
	q->sva = uacce->flags & UACCE_DEV_SVA;
	q->depth = dd->depth;
	q->poll_ns = dd->poll_ns;
	init_waitqueue_head(&q->wake);
	init_completion(&q->stopped);
	q->doorbell = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!q->doorbell)
		goto err_free;
	init_ring(q, uq->dus);
	q->mm = uq->mm;
	mmgrab(q->mm);
	uq->priv = q;
	return 0;

err_free:
	kfree(q);
err_count:
	atomic_inc(&dd->limit->free);
	return -ENOMEM;
}

/* Nobody maps it any more, and its thread is gone. */
void dummy_queue_release(struct kref *ref)
{
	struct dummy_queue *q = container_of(ref, struct dummy_queue, ref);

	dummy_codec_free(q->codec);
	free_page((unsigned long)q->doorbell);
	mmdrop(q->mm);
	kfree(q);
}

/* Who is the last to leave, this or the thread, makes room for another queue. */
static void dummy_put_queue(struct uacce_queue *uq)
{
	struct dummy_queue *q = uq->priv;
	struct dummy_limit *limit = q->limit;
	bool running;

	if (q->thread)
		put_task_struct(q->thread);
	mutex_lock(&q->gate);
	q->closed = true;
	running = q->running;
	mutex_unlock(&q->gate);
	kref_put(&q->ref, dummy_queue_release);
	if (!running)
		atomic_inc(&limit->free);
}

static int dummy_start_queue(struct uacce_queue *uq)
{
	return dummy_start(uq->priv);
}

static void dummy_begin_stop_queue(struct uacce_queue *uq)
{
	dummy_begin_stop(uq->priv);
}

/* The thread touches nothing any more in any case: see engine.c. */
static int dummy_stop_queue(struct uacce_queue *uq)
{
	struct dummy_device *dd = uq->uacce->priv;

	if (dummy_take_fault(&dd->faults.linger))
		return -EBUSY;
	dummy_stop(uq->priv);
	return 0;
}

static int dummy_is_q_updated(struct uacce_queue *uq)
{
	return dummy_has_results(uq->priv);
}

static int dummy_mmap(struct uacce_queue *uq, struct vm_area_struct *vma,
		      enum uacce_qfrt type)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	return size == uq->uacce->qf_pg_num[type] << PAGE_SHIFT ? 0 : -EINVAL;
}

static int dummy_get_pfn(struct uacce_queue *uq, enum uacce_qfrt type,
			 unsigned long pgoff, unsigned long *pfn)
{
	struct dummy_queue *q = uq->priv;

	if (pgoff >= uq->uacce->qf_pg_num[type])
		return -EFAULT;
	*pfn = page_to_pfn(virt_to_page(q->doorbell));
	return 0;
}

static long wake(struct dummy_queue *q)
{
	/* A thread that was stopped may not have ended yet. */
	if (!q->thread || q->stop)
		return -EINVAL;
	dummy_call(q);
	return 0;
}

static long count_up(struct wd_dummy_number *number)
{
	if (number->value == U64_MAX)
		return -ERANGE;
	number->value++;
	return 0;
}

static long dummy_ioctl(struct uacce_queue *uq, unsigned int cmd, void *arg)
{
	switch (cmd) {
	case WD_DUMMY_CMD_WAKE:
		return wake(uq->priv);
	case WD_DUMMY_CMD_COUNT:
		return count_up(arg);
	default:
		return -EINVAL;
	}
}

static int dummy_get_available_instances(struct uacce_device *uacce)
{
	struct dummy_device *dd = uacce->priv;

	if (dummy_take_fault(&dd->faults.deny))
		return -EIO;
	return atomic_read(&dd->limit->free);
}

/* A pointer is noted by the core; there is nothing else to bind. */
static int dummy_bind_mm(struct uacce_queue *uq, struct mm_struct *mm)
{
	struct dummy_device *dd = uq->uacce->priv;

	uq->pasid = atomic_read(&dd->faults.pasid);
	return 0;
}

/* ---- isolation ---- */

void dummy_count_error(struct dummy_device *dd)
{
	spin_lock(&dd->errors_lock);
	dd->errors[dd->n_errors++ % DUMMY_ERRORS] = ktime_get_boottime_seconds();
	spin_unlock(&dd->errors_lock);
}

/* With errors_lock. */
static u32 recent_errors(const struct dummy_device *dd)
{
	time64_t now = ktime_get_boottime_seconds();
	u32 i, n = 0;

	for (i = 0; i < min_t(u32, dd->n_errors, DUMMY_ERRORS); i++)
		n += now - dd->errors[i] < HOUR;
	return n;
}

static int dummy_get_isolate_state(struct uacce_device *uacce)
{
	struct dummy_device *dd = uacce->priv;
	bool isolated;

	if (dummy_take_fault(&dd->faults.deny))
		return -EIO;
	spin_lock(&dd->errors_lock);
	isolated = dd->threshold && recent_errors(dd) >= dd->threshold;
	spin_unlock(&dd->errors_lock);
	return isolated;
}

/* What happened before does not count. */
static int dummy_threshold_write(struct uacce_device *uacce, u32 num)
{
	struct dummy_device *dd = uacce->priv;

	if (dummy_take_fault(&dd->faults.deny))
		return -EIO;
	if (num > DUMMY_ERRORS)
		return -EINVAL;
	spin_lock(&dd->errors_lock);
	dd->threshold = num;
	dd->n_errors = 0;
	spin_unlock(&dd->errors_lock);
	return 0;
}

static u32 dummy_threshold_read(struct uacce_device *uacce)
{
	struct dummy_device *dd = uacce->priv;

	if (dummy_take_fault(&dd->faults.deny))
		return -EIO;
	return READ_ONCE(dd->threshold);
}

static const struct uacce_ops dummy_ops = {
	.get_available_instances = dummy_get_available_instances,
	.get_queue = dummy_get_queue,
	.put_queue = dummy_put_queue,
	.start_queue = dummy_start_queue,
	.begin_stop = dummy_begin_stop_queue,
	.stop_queue = dummy_stop_queue,
	.is_q_updated = dummy_is_q_updated,
	.mmap = dummy_mmap,
	.get_pfn = dummy_get_pfn,
	.ioctl = dummy_ioctl,
	.bind_mm = dummy_bind_mm,
	.get_isolate_state = dummy_get_isolate_state,
	.isolate_err_threshold_write = dummy_threshold_write,
	.isolate_err_threshold_read = dummy_threshold_read,
};

/* ---- devices ---- */

static int requests_get(void *data, u64 *val)
{
	struct dummy_device *dd = data;

	*val = atomic64_read(&dd->requests);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(requests_fops, requests_get, NULL, "%llu\n");

static int idle_get(void *data, u64 *val)
{
	struct dummy_device *dd = data;

	*val = atomic64_read(&dd->idle);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(idle_fops, idle_get, NULL, "%llu\n");

static int suspend_get(void *data, u64 *val)
{
	struct dummy_device *dd = data;

	*val = READ_ONCE(dd->uacce->suspended);
	return 0;
}

static int suspend_set(void *data, u64 val)
{
	struct dummy_device *dd = data;

	if (val)
		wd_uacce_suspend(dd->uacce);
	else
		wd_uacce_resume(dd->uacce);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(suspend_fops, suspend_get, suspend_set, "%llu\n");

static int limbo_get(void *data, u64 *val)
{
	struct dummy_device *dd = data;

	*val = wd_uacce_in_limbo(dd->uacce);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(limbo_fops, limbo_get, NULL, "%llu\n");

static void make_debugfs(struct dummy_device *dd)
{
	dd->debugfs = debugfs_create_dir(dev_name(&dd->uacce->dev), debugfs_root);
	debugfs_create_file_unsafe("requests", 0400, dd->debugfs, dd,
				   &requests_fops);
	debugfs_create_file_unsafe("idle", 0400, dd->debugfs, dd, &idle_fops);
	debugfs_create_atomic_t("fail", 0600, dd->debugfs, &dd->faults.fail);
	debugfs_create_atomic_t("flip", 0600, dd->debugfs, &dd->faults.flip);
	debugfs_create_atomic_t("lose", 0600, dd->debugfs, &dd->faults.lose);
	debugfs_create_atomic_t("deny", 0600, dd->debugfs, &dd->faults.deny);
	debugfs_create_file_unsafe("suspend", 0600, dd->debugfs, dd, &suspend_fops);
	debugfs_create_file_unsafe("limbo", 0400, dd->debugfs, dd, &limbo_fops);
	debugfs_create_atomic_t("linger", 0600, dd->debugfs, &dd->faults.linger);
	debugfs_create_atomic_t("pasid", 0600, dd->debugfs, &dd->faults.pasid);
	debugfs_create_atomic_t("flip_each", 0600, dd->debugfs, &dd->faults.flip_each);
}

static int dummy_probe(struct platform_device *pdev)
{
	const struct uacce_interface interface = {
		.name = DRIVER_NAME,
		.flags = no_sva ? UACCE_DEV_NOIOMMU : UACCE_DEV_SVA,
		.ops = &dummy_ops,
	};
	struct dummy_device *dd;
	int ret;

	/* One that the system's owner forces on the driver has no limit. */
	if (pdev->id < 0 || (unsigned int)pdev->id >= devices)
		return -ENODEV;
	dd = devm_kzalloc(&pdev->dev, sizeof(*dd), GFP_KERNEL);
	if (!dd)
		return -ENOMEM;
	dd->dev = &pdev->dev;
	dd->depth = depth;
	dd->poll_ns = poll_us * 1000ull;
	dd->limit = &limits[pdev->id];
	spin_lock_init(&dd->errors_lock);
	platform_set_drvdata(pdev, dd);
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);

	dd->uacce = wd_uacce_alloc(&pdev->dev, &interface);
	if (IS_ERR(dd->uacce))
		return PTR_ERR(dd->uacce);
	dd->uacce->priv = dd;
	dd->uacce->algs = "memcopy\ndeflate\nzlib\ngzip\n";
	dd->uacce->api_ver = no_sva ? WD_DUMMY_API_NOIOMMU : WD_DUMMY_API;
	dd->uacce->qf_pg_num[UACCE_QFRT_MMIO] = 1;
	dd->uacce->qf_pg_num[UACCE_QFRT_DUS] =
		dummy_ring_size(depth) >> PAGE_SHIFT;
	dd->uacce->pasid_max = U16_MAX;
	dd->uacce->shared_doorbells = shared_doorbells;
	ret = wd_uacce_register(dd->uacce);
	if (ret) {
		wd_uacce_remove(dd->uacce);
		return ret;
	}
	make_debugfs(dd);
	return 0;
}

static DUMMY_REMOVE_TYPE dummy_remove(struct platform_device *pdev)
{
	struct dummy_device *dd = platform_get_drvdata(pdev);

	debugfs_remove(dd->debugfs);
	wd_uacce_suspend(dd->uacce);
	/* No thread touches anything; but the test may want a device that does. */
	if (!atomic_read(&dd->faults.linger))
		wd_uacce_quiet(dd->uacce);
	wd_uacce_remove(dd->uacce);
	return DUMMY_REMOVED;
}

static struct platform_driver dummy_driver = {
	.probe = dummy_probe,
	.remove = dummy_remove,
	.driver = {
		.name = DRIVER_NAME,
	},
};

static void remove_devices(void)
{
	unsigned int i;

	for (i = 0; i < devices; i++)
		platform_device_unregister(pdevs[i]);
}

static int add_devices(void)
{
	unsigned int i;

	for (i = 0; i < devices; i++)
		atomic_set(&limits[i].free, queues);
	for (i = 0; i < devices; i++) {
		pdevs[i] = platform_device_register_simple(DRIVER_NAME, i, NULL, 0);
		if (IS_ERR(pdevs[i])) {
			int ret = PTR_ERR(pdevs[i]);

			pdevs[i] = NULL;
			remove_devices();
			return ret;
		}
	}
	return 0;
}

static bool parameters_ok(void)
{
	return devices >= 1 && devices <= DEVICES_MAX &&
	       queues >= 1 && queues <= QUEUES_MAX &&
	       is_power_of_2(depth) && depth >= WD_DUMMY_DEPTH_MIN &&
	       depth <= WD_DUMMY_DEPTH_MAX && poll_us <= 10000;
}

static int __init dummy_init(void)
{
	int ret;

	if (!parameters_ok()) {
		pr_err("%s: a parameter is out of range, see modinfo %s\n",
		       DRIVER_NAME, DRIVER_NAME);
		return -EINVAL;
	}
	debugfs_root = debugfs_create_dir(DRIVER_NAME, NULL);
	ret = platform_driver_register(&dummy_driver);
	if (ret)
		goto err_debugfs;
	ret = add_devices();
	if (ret)
		goto err_driver;
	return 0;

err_driver:
	platform_driver_unregister(&dummy_driver);
	dummy_await_threads();
err_debugfs:
	debugfs_remove(debugfs_root);
	return ret;
}

static void __exit dummy_exit(void)
{
	remove_devices();
	platform_driver_unregister(&dummy_driver);
	dummy_await_threads();
	debugfs_remove(debugfs_root);
}

module_init(dummy_init);
module_exit(dummy_exit);

WD_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_VERSION(WD_MODULE_VERSION);
MODULE_DESCRIPTION("A software accelerator behind uacce");
