/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lanes: the queues of a device that the kernel's requests go to.
 */
#ifndef _WD_HISI_ZIP_LANE_H
#define _WD_HISI_ZIP_LANE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>

#include "zip.h"
#include "zip_fallback.h"
#include "zip_sgl.h"

#define ZIP_COMPRESS	HZIP_QUEUE_COMPRESS
#define ZIP_DECOMPRESS	HZIP_QUEUE_DECOMPRESS
#define ZIP_DIRECTIONS	2

/**
 * struct zip_queue - one direction of a lane
 * @lane: whose
 * @qp: the device's queue
 * @pool: lists of buffers for its requests
 * @lock: protects the fields after it
 * @backlog: requests that wait for room, oldest first
 * @waiting: how many wait, with the one that is just being tried; read without lock
 * @draining: someone sends those
 * @again: there may be room now, for whoever does
 * @work: sends them if nobody else does
 */
struct zip_queue {
	struct zip_lane *lane;
	struct hisi_qp *qp;
	struct zip_sgl_pool pool;
	spinlock_t lock;		/* backlog, waiting, draining, again */
	struct list_head backlog;
	unsigned int waiting;
	bool draining;
	bool again;
	struct work_struct work;
};

/**
 * struct zip_lane - a pair of queues
 * @set: of the device
 * @queue: for each direction
 * @transforms: that use it; by lanes_lock
 * @errors: answers of the device that were wrong
 * @fallbacks: requests that were done in software instead
 * @busy: requests for which there was no room, or no list
 */
struct zip_lane {
	struct zip_lanes *set;
	struct zip_queue queue[ZIP_DIRECTIONS];
	unsigned int transforms;
	atomic64_t errors;
	atomic64_t fallbacks;
	atomic64_t busy;
};

/**
 * struct zip_lanes - all lanes of a device; they outlive it if transforms have them
 * @refs: one of the device, one of each transform
 * @rcu: to be freed when nobody looks any more
 * @zip: the device, which is there while they are not dead
 * @dev: the same
 * @dead: take nothing any more; set with lanes_lock, read by RCU readers
 * @n: how many there are
 * @lane: they
 */
struct zip_lanes {
	refcount_t refs;
	struct rcu_head rcu;
	struct zip_device *zip;
	struct device *dev;
	bool dead;
	unsigned int n;
	struct zip_lane lane[];
};

/**
 * struct zip_format - what one of the algorithms is to the device
 * @soft_alg: the algorithm that does it in software, NULL: zlib
 * @algs: bits of zip_device.kernel_algs it needs
 * @sqe_alg: HZIP_ALG_*
 */
struct zip_format {
	const char *soft_alg;
	u32 algs;
	u32 sqe_alg;
};

/**
 * struct zip_req - a request
 * @soft: the part that software looks at; the caller's is in it
 * @fallback: who does it in software if need be
 * @ended: called instead of the caller's function, with the result; NULL but for tests
 * @format: of the transform
 * @tag: what the device has to give back
 * @src_dma: where the device sees the source, or the list of its parts
 * @dst_dma: the destination
 * @src_n: entries of the caller's list that are used
 * @dst_n: the same
 * @out_len: how much the device may write
 * @lists: of the queue's pool, ZIP_SGL_NONE: the addresses are those of the data
 * @mapped: for the device
 * @notified: the caller knows that it waits no longer
 */
struct zip_req {
	struct zip_soft_req soft;
	struct zip_soft *fallback;
	void (*ended)(struct zip_req *req, int err, u32 produced);
	const struct zip_format *format;
	u64 tag;
	dma_addr_t src_dma;
	dma_addr_t dst_dma;
	unsigned int src_n;
	unsigned int dst_n;
	u32 out_len;
	u16 lists;
	bool mapped;
	bool notified;
};

struct zip_lanes *zip_lanes_create(struct zip_device *zip, unsigned int n);
void zip_lanes_destroy(struct zip_lanes *set);
void zip_lanes_put(struct zip_lanes *set);
void zip_lanes_counts(struct zip_lanes *set, struct zip_counts *counts);

int zip_lane_send(struct zip_lane *lane, struct zip_req *req);
bool zip_lane_answered(const void *request);
bool zip_lane_works(const struct zip_lane *lane);

/* zip_selftest.c */
struct zip_test;

struct zip_test *zip_selftest_alloc(void);
int zip_selftest_run(struct zip_test *test, struct zip_lane *lane,
		     const struct zip_format *deflate, const struct zip_format *lz4);
void zip_selftest_free(struct zip_test *test);

#endif
