/* SPDX-License-Identifier: MIT */
/*
 * What stands in the slots that a driver leaves empty, and the list of devices for
 * drivers that only say which they serve.
 */
#include <string.h>

#include "../transport/transport.h"
#include "driver.h"

static int no_devices(struct wd_device *dev, int max)
{
	(void)dev;
	(void)max;
	return 0;
}

static int no_queue(struct wd_queue *q, const struct wd_device *dev, void **ctx)
{
	(void)q;
	(void)dev;
	(void)ctx;
	return -EOPNOTSUPP;
}

static void nothing_to_close(void *ctx, bool forked)
{
	(void)ctx;
	(void)forked;
}

static int takes_no_work(void *ctx, const struct wd_work *work)
{
	(void)ctx;
	(void)work;
	return -EOPNOTSUPP;
}

/* For devices that begin when they are given something. */
static int nothing_to_ring(void *ctx)
{
	(void)ctx;
	return 0;
}

static int none_in_flight(void *ctx, struct wd_work *done, int timeout_ms)
{
	(void)ctx;
	(void)done;
	(void)timeout_ms;
	return -ENOENT;
}

static unsigned int all_has_begun(void *ctx)
{
	(void)ctx;
	return 0;
}

static bool never_held(void *ctx)
{
	(void)ctx;
	return false;
}

static int queue_file(void *ctx, int fd)
{
	(void)ctx;
	return fd;
}

static void nothing_to_reset(void *ctx)
{
	(void)ctx;
}

/* With shared virtual addressing a device reaches whatever the process can. */
static int shared_already(void *ctx, const void *addr, size_t size)
{
	(void)ctx;
	(void)addr;
	(void)size;
	return 0;
}

static void still_shared(void *ctx, const void *addr, size_t size)
{
	(void)ctx;
	(void)addr;
	(void)size;
}

static void *nothing_to_lend(void *ctx, size_t size)
{
	(void)ctx;
	(void)size;
	return NULL;
}

static bool never_lent(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)p;
	(void)size;
	return false;
}

struct wd_driver_ops wd_driver_complete(const struct wd_driver_ops *ops)
{
	struct wd_driver_ops full = *ops;

	full.list = ops->list ?: no_devices;
	full.open = ops->open ?: no_queue;
	full.close = ops->close ?: nothing_to_close;
	full.send = ops->send ?: takes_no_work;
	full.flush = ops->flush ?: nothing_to_ring;
	full.recv = ops->recv ?: none_in_flight;
	full.drop = ops->drop ?: all_has_begun;
	full.abandon = ops->abandon ?: never_held;
	full.event_fd = ops->event_fd ?: queue_file;
	full.event_seen = ops->event_seen ?: nothing_to_reset;
	full.share = ops->share ?: shared_already;
	full.unshare = ops->unshare ?: still_shared;
	full.lend = ops->lend ?: nothing_to_lend;
	full.give_back = ops->give_back ?: never_lent;
	return full;
}

/* ---- devices that a transport finds ---- */

static bool has_api(const struct wd_driver_ops *ops, const char *api)
{
	for (size_t i = 0; i < WD_DRIVER_APIS && ops->api[i]; i++)
		if (!strncmp(api, ops->api[i], strlen(ops->api[i])))
			return true;
	return false;
}

static bool has_alg(const struct wd_driver_ops *ops, const char *algs)
{
	for (size_t i = 0; i < WD_DRIVER_ALGS && ops->algs[i]; i++)
		if (wd_algs_have(algs, ops->algs[i]))
			return true;
	return !ops->algs[0];
}

static bool serves(const struct wd_driver_ops *ops,
		   const struct wd_transport_dev *dev)
{
	return has_api(ops, dev->api) && has_alg(ops, dev->algs);
}

static void describe(struct wd_device *to, const struct wd_driver_ops *ops,
		     const struct wd_transport_dev *dev)
{
	memset(to, 0, sizeof(*to));
	memcpy(to->name, dev->name, sizeof(to->name));
	strncpy(to->driver, ops->name, sizeof(to->driver) - 1);
	memcpy(to->algs, dev->algs, sizeof(to->algs));
	to->free_queues = dev->free_queues;
	to->numa_node = dev->numa_node;
	to->status = dev->status;
	to->kind = WD_DEVICE_HARDWARE;
	memcpy(to->reason, dev->reason, sizeof(to->reason));
}

static int list_by_api(const struct wd_driver_ops *ops, struct wd_device *list, int max)
{
	struct wd_transport_dev dev;
	unsigned int pos = 0;
	int n = 0;

	while (wd_transport->next(&pos, &dev))
		if (serves(ops, &dev) && n++ < max)
			describe(list++, ops, &dev);
	return n;
}

int wd_driver_list(const struct wd_driver_ops *ops, struct wd_device *list, int max)
{
	if (ops->api[0])
		return list_by_api(ops, list, max);
	return (ops->list ?: no_devices)(list, max);
}
