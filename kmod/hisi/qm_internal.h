/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the queue manager share.
 *
 * qm_main.c has its life, qm_caps.c what the device can do, qm_mailbox.c commands,
 * contexts and the partition of queues, qm_queue.c queues and the kernel's requests,
 * qm_event.c interrupts and the watchdog, qm_error.c hardware errors and resets,
 * qm_uacce.c the queues of processes, qm_debugfs.c what operators see.
 *
 * Locks, in the order in which they are taken: that of the QM, those of uacce,
 * mailbox_lock; then event_lock, qp_lock, and the lock of a queue, with which nobody
 * sleeps.
 */
#ifndef _WD_HISI_QM_INTERNAL_H
#define _WD_HISI_QM_INTERNAL_H

#include "qm.h"

/**
 * struct hisi_qp - a queue pair: requests and their completions
 * @qm: whose it is
 * @number: in the function
 * @type: QM_SQC_TYPE
 * @uq: the core's view, of a process's queue; NULL: it is the kernel's
 * @sq: requests
 * @cq: completions; right after the requests
 * @dma: where the device sees @sq
 * @size: bytes of both
 * @loaded: the device knows it; by the QM's lock, or uacce's of the queue
 * @epoch: that of the QM when it was loaded
 * @failed: it is of no use to its process any more; of the kernel's: an error of it
 *	was reported since it was opened
 * @poll_head: the next completion poll() looks at, of a process's queue
 * @poll_phase: what makes that valid
 *
 * What follows is for the kernel's queues:
 *
 * @done: tells of a request that has ended
 * @owner: for @done
 * @lock: protects what follows, up to @stats
 * @open: requests may be sent
 * @sq_tail: the next slot
 * @used: slots with a request in them
 * @unrung: completions the device has not been told that they were taken
 * @slots: a cookie for each
 * @oldest: the slot of the request that has been under way longest
 * @progress: when it became that; the device answers those of a queue in order
 * @late: how often the watchdog found that this is too long ago
 * @stats: see there
 * @confused: a completion made no sense, and so may what follows: the queue has to be
 *	begun anew
 * @cq_head: the next completion; by the tasklet, or whoever keeps it from running
 * @cq_phase: what makes it valid
 * @tasklet: takes completions
 */
struct hisi_qp {
	struct hisi_qm *qm;
	u32 number;
	unsigned int type;
	struct uacce_queue *uq;
	void *sq;
	struct hisi_qm_cqe *cq;
	dma_addr_t dma;
	size_t size;
	bool loaded;
	unsigned int epoch;
	bool failed;
	u32 poll_head;
	bool poll_phase;

	hisi_qp_done_t done;
	void *owner;
	spinlock_t lock;		/* the next ones, up to stats */
	bool open;
	u32 sq_tail;
	u32 used;
	u32 unrung;
	void **slots;
	u32 oldest;
	unsigned long progress;
	unsigned int late;
	struct hisi_qp_stats stats;
	bool confused;
	u32 cq_head;
	bool cq_phase;
	struct tasklet_struct tasklet;
};

/* qm_main.c */
int hisi_qm_start_device(struct hisi_qm *qm, bool fresh);
void hisi_qm_stop_device(struct hisi_qm *qm);
void hisi_qm_engine_rest(struct hisi_qm *qm);
void hisi_qm_rest(struct hisi_qm *qm);
void hisi_qm_drain(struct hisi_qm *qm);

static inline bool hisi_qm_runs(const struct hisi_qm *qm)
{
	return test_bit(HISI_QM_RUNNING, &qm->flags);
}

/* qm_caps.c */
int hisi_qm_read_caps(struct hisi_qm *qm);

/* qm_mailbox.c */
int hisi_qm_command(struct hisi_qm *qm, u32 cmd, u32 queue, u64 data);
int hisi_qm_load(struct hisi_qm *qm, u32 cmd, u32 queue, const void *context,
		 size_t size);
int hisi_qm_dump(struct hisi_qm *qm, u32 cmd, u32 queue, void *context,
		 size_t size);
int hisi_qm_set_queues(struct hisi_qm *qm, u32 n);

/* qm_queue.c */
size_t hisi_qp_cq_offset(const struct hisi_qm *qm);
size_t hisi_qp_rings_size(const struct hisi_qm *qm);
int hisi_qp_number_get(struct hisi_qm *qm, struct hisi_qp *qp);
void hisi_qp_number_put(struct hisi_qp *qp);
int hisi_qp_load(struct hisi_qp *qp);
int hisi_qp_unload(struct hisi_qp *qp);
int hisi_qp_unload_slowly(struct hisi_qp *qp);
int hisi_qp_open(struct hisi_qp *qp);
bool hisi_qp_is_confused(const struct hisi_qp *qp);
void hisi_qp_close(struct hisi_qp *qp);
void hisi_qp_abort(struct hisi_qp *qp);
void hisi_qp_event(struct hisi_qm *qm, u32 number);
unsigned long hisi_qp_waits(struct hisi_qp *qp);
unsigned int hisi_qp_late(struct hisi_qp *qp);
struct hisi_qp *hisi_qp_of_kernel(struct hisi_qm *qm, u32 number);

/* qm_event.c */
int hisi_qm_request_irqs(struct hisi_qm *qm);
void hisi_qm_free_irqs(struct hisi_qm *qm);
int hisi_qm_start_events(struct hisi_qm *qm);
void hisi_qm_stop_events(struct hisi_qm *qm);
void hisi_qm_watch(struct hisi_qm *qm);
void hisi_qm_events_init(struct hisi_qm *qm);

/* qm_error.c */
void hisi_qm_errors_init(struct hisi_qm *qm);
void hisi_qm_errors_enable(struct hisi_qm *qm, bool on);
u32 hisi_qm_blocking_errors(struct hisi_qm *qm);
u32 hisi_qm_pending_errors(struct hisi_qm *qm);
bool hisi_qm_is_gone(struct hisi_qm *qm);
bool hisi_qm_does_nothing(struct hisi_qm *qm);
bool hisi_qm_shut_master(struct hisi_qm *qm);
void hisi_qm_restart(struct hisi_qm *qm);
void hisi_qm_reset_later(struct hisi_qm *qm);
bool hisi_qm_is_isolated(struct hisi_qm *qm);

/* qm_uacce.c */
int hisi_qm_uacce_alloc(struct hisi_qm *qm);
void hisi_qm_uacce_failed(struct hisi_qp *qp);

#endif
