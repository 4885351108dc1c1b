/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests that no device has done are done in software.
 */
#ifndef _WD_HISI_ZIP_FALLBACK_H
#define _WD_HISI_ZIP_FALLBACK_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat.h"

/**
 * struct zip_soft_req - a request, as software sees it
 * @node: in the list of those that wait for software, or for room in a queue
 * @areq: the caller's
 * @compress: or decompress
 */
struct zip_soft_req {
	struct list_head node;
	struct acomp_req *areq;
	bool compress;
};

/**
 * struct zip_soft - the software a transform has in reserve
 * @workspace: of zlib; NULL: it is @tfm's work
 * @tfm: NULL if there is none
 * @req: the request to @tfm
 * @run_lock: one at a time; protects @workspace and @req
 * @lock: protects @waiting
 * @waiting: requests that cannot be done where they failed
 * @work: does them
 */
struct zip_soft {
	void *workspace;
	struct crypto_acomp *tfm;
	struct acomp_req *req;
	struct mutex run_lock;		/* workspace, req */
	spinlock_t lock;		/* waiting */
	struct list_head waiting;
	struct work_struct work;
};

int zip_soft_start(void);
void zip_soft_stop(void);

int zip_soft_init(struct zip_soft *soft, const char *alg);
void zip_soft_exit(struct zip_soft *soft);
int zip_soft_submit(struct zip_soft *soft, struct zip_soft_req *req);
void zip_soft_queue(struct zip_soft *soft, struct zip_soft_req *req);

#endif
