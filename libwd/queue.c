/* SPDX-License-Identifier: MIT */
/*
 * Queue life cycle and the send/receive path.
 *
 * Choosing a device is in device.c, sharing memory in mem.c.  Nothing here
 * looks inside a request: the driver encodes and decodes it.
 */
#define log_fmt(f) "queue: " f
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "queue.h"

static_assert(sizeof(struct wd_queue) == 72 || sizeof(void *) != 8,
	      "struct wd_queue is part of the ABI");

static bool device_fits(const struct wd_device *dev, const struct wd_queue *q)
{
	if (q->device && !wd_device_is_called(dev, q->device))
		return false;
	return !q->alg || wd_algs_have(dev->algs, q->alg);
}

static int open_on(struct wd_queue *q, const struct wd_device *dev,
		   struct wd_queue_priv *priv)
{
	const struct wd_driver_ops *ops;

	if (dev->status)
		return dev->status;
	ops = wd_driver_find(dev->driver);
	if (!ops)
		return -ENODEV;
	priv->ops = wd_driver_complete(ops);
	memcpy(priv->device, dev->name, sizeof(priv->device));
	return priv->ops.open(q, dev, &priv->ctx);
}

/* The best device that fits and can be had; else what kept us from the first. */
static int open_best(struct wd_queue *q, struct wd_queue_priv *priv)
{
	struct wd_device *devs;
	int n = wd_device_list(&devs);
	int ret = -ENODEV;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		int err;

		if (!device_fits(&devs[i], q))
			continue;
		err = open_on(q, &devs[i], priv);
		if (!err) {
			ret = 0;
			break;
		}
		wd_warn("%s: %s", devs[i].name, wd_strerror(err));
		if (ret == -ENODEV)
			ret = err;
	}
	wd_device_list_free(devs);
	return ret;
}

WD_API int wd_request_queue(struct wd_queue *q)
{
	struct wd_queue_priv *priv;
	int ret;

	if (!q || q->priv || q->flags || !WD_UNUSED(q))
		return -EINVAL;

	priv = calloc(1, sizeof(*priv));
	if (!priv)
		return -ENOMEM;
	wd_fork_guard_init(&priv->guard);
	q->fd = -1;
	ret = open_best(q, priv);
	if (ret) {
		wd_fork_guard_exit(&priv->guard);
		free(priv);
		return ret;
	}
	q->priv = priv;
	return 0;
}

WD_API void wd_release_queue(struct wd_queue *q)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	if (!priv)
		return;
	priv->ops.close(priv->ctx, !wd_fork_guard_ok(&priv->guard));
	wd_fork_guard_exit(&priv->guard);
	free(priv);
	q->priv = NULL;
	q->fd = -1;
}

static int check_queue(const struct wd_queue_priv *priv)
{
	if (!priv)
		return -EINVAL;
	return wd_fork_guard_ok(&priv->guard) ? 0 : -ESTALE;
}

int wd_queue_send(struct wd_queue *q, const struct wd_work *work)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);
	int ret = check_queue(priv);

	return ret ? ret : priv->ops.send(priv->ctx, work);
}

WD_API int wd_send(struct wd_queue *q, void *req)
{
	struct wd_work work = wd_work_request(req);

	return req ? wd_queue_send(q, &work) : -EINVAL;
}

unsigned int wd_queue_drop(struct wd_queue *q)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	return priv->ops.drop(priv->ctx);
}

bool wd_queue_abandon(struct wd_queue *q)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	return priv->ops.abandon(priv->ctx);
}

int wd_queue_event_fd(struct wd_queue *q)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	return priv->ops.event_fd(priv->ctx, q->fd);
}

void wd_queue_event_seen(struct wd_queue *q)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);

	priv->ops.event_seen(priv->ctx);
}

const char *wd_queue_device(const struct wd_queue *q)
{
	return wd_queue_priv(q)->device;
}

WD_API int wd_flush(struct wd_queue *q)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);
	int ret = check_queue(priv);

	return ret ? ret : priv->ops.flush(priv->ctx);
}

int wd_queue_recv(struct wd_queue *q, struct wd_work *done, int timeout_ms)
{
	struct wd_queue_priv *priv = wd_queue_priv(q);
	int ret = check_queue(priv);

	return ret ? ret : priv->ops.recv(priv->ctx, done, timeout_ms);
}

static inline int recv_request(struct wd_queue *q, void **req, int timeout_ms)
{
	struct wd_work done;
	int ret;

	if (!req)
		return -EINVAL;
	ret = wd_queue_recv(q, &done, timeout_ms);
	if (!ret)
		*req = done.req;
	return ret;
}

WD_API int wd_recv_sync(struct wd_queue *q, void **req, int timeout_ms)
{
	return timeout_ms < WD_WAIT_FOREVER ? -EINVAL
					    : recv_request(q, req, timeout_ms);
}

WD_API int wd_recv(struct wd_queue *q, void **req)
{
	int ret = recv_request(q, req, WD_NO_WAIT);

	return ret == -ENOENT ? -EAGAIN : ret;
}
