/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The queue manager (QM) of HiSilicon's accelerators: what a driver of an engine
 * behind it needs.  What only the QM's own files share is in qm_internal.h.
 *
 * One device serves the kernel and processes at the same time: the first queues of
 * a function are the kernel's, the others are handed out by uacce.
 *
 * Life: wd_hisi_qm_init(), wd_hisi_qm_start(), wd_hisi_qm_register() and back with
 * wd_hisi_qm_remove(), wd_hisi_qm_uninit().  In between the QM stops and starts the
 * device by itself: for function-level resets, errors and sleep.
 */
#ifndef _WD_HISI_QM_H
#define _WD_HISI_QM_H

#include <linux/atomic.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "hw/hisi_qm_regs.h"
#include "uacce.h"
#include "wd_module.h"

#define HISI_QM_QUEUES_MAX	1024

struct dentry;
struct hisi_qm;
struct hisi_qp;

/**
 * struct hisi_qm_error - the name of an error bit
 * @bit: of a status register
 * @text: what it means; NULL ends a table
 */
struct hisi_qm_error {
	u32 bit;
	const char *text;
};

/**
 * struct hisi_qm_masks - which error bits are what
 * @ce: corrected by the device
 * @nfe: not corrected, and not fatal for the machine
 * @reset: of @nfe: the device has to be reset
 * @shutdown: of @reset: the device closes its bus master at once
 */
struct hisi_qm_masks {
	u32 ce;
	u32 nfe;
	u32 reset;
	u32 shutdown;
};

/**
 * struct hisi_qm_engine - what the QM is told about the engine behind it
 * @name: of the device files, with a number after it
 * @sqe_size_log2: log2 of the bytes of a request
 * @types: queue types there are, from 0
 * @errors: names of the engine's error bits
 * @read_caps: look at the capability words, once; after the QM's own
 * @serves_kernel: whether it does anything for the kernel; asked after @read_caps
 * @hw_init: set the engine's registers, before the QM starts; @user_cfg is how its
 *	accesses to memory look on the bus
 * @rest: end what it does by itself; the QM was stopped.  May be NULL
 * @error_enable: have errors reported, or not any more
 * @error_status: which error bits are set
 * @error_clear: forget them and have them reported again
 * @error_details: log what else the registers tell of these errors; may be NULL
 * @shut_for_bad_memory: V2: whether the engine has shut the master, because bits of its
 *	memory are wrong; if not, and the second argument says so, have it do that
 * @answered: whether the device has written into this request of the kernel; the memory
 *	of one that it has not is still the device's
 * @alg_names: for processes, each with a newline after it
 *
 * @error_status and @answered may be called in any context, the others may sleep.
 */
struct hisi_qm_engine {
	const char *name;
	unsigned int sqe_size_log2;
	unsigned int types;
	const struct hisi_qm_error *errors;
	void (*read_caps)(struct hisi_qm *qm);
	bool (*serves_kernel)(struct hisi_qm *qm);
	void (*hw_init)(struct hisi_qm *qm, u32 user_cfg);
	void (*rest)(struct hisi_qm *qm);
	void (*error_enable)(struct hisi_qm *qm, bool on);
	u32 (*error_status)(struct hisi_qm *qm);
	void (*error_clear)(struct hisi_qm *qm, u32 bits);
	void (*error_details)(struct hisi_qm *qm, u32 bits);
	bool (*shut_for_bad_memory)(struct hisi_qm *qm, bool pretend);
	bool (*answered)(const void *sqe);
	const char *(*alg_names)(struct hisi_qm *qm);
};

/**
 * struct hisi_qm_caps - what the device can do, checked
 * @version: QM_HW_V2 or later
 * @features: bits QM_CAP_* of word QM_CAP_FEATURES
 * @isolated: each queue has a doorbell page of its own
 * @eq_depth: entries of the event queue
 * @aeq_depth: entries of the queue of asynchronous errors
 * @sq_depth: requests of a queue, one more than can be under way
 * @cq_depth: completions of a queue
 * @queues: of this function, at most
 * @irq_eq: vector, QM_NO_IRQ for none
 * @irq_aeq: the same
 * @irq_abnormal: the same
 * @irqs: how many vectors the function asks for
 * @errors: of the QM
 * @engine_errors: of the engine
 */
struct hisi_qm_caps {
	u32 version;
	u32 features;
	bool isolated;
	u32 eq_depth;
	u32 aeq_depth;
	u32 sq_depth;
	u32 cq_depth;
	u32 queues;
	int irq_eq;
	int irq_aeq;
	int irq_abnormal;
	unsigned int irqs;
	struct hisi_qm_masks errors;
	struct hisi_qm_masks engine_errors;
};

#define QM_NO_IRQ	(-1)

/**
 * struct hisi_qm_cap - a capability word, for devices that do not have or tell it
 * @offset: of its register; 0 ends a table
 * @v2: what it would be in V2
 * @v3: in later ones
 */
struct hisi_qm_cap {
	u32 offset;
	u32 v2;
	u32 v3;
};

/**
 * struct hisi_qm_counters - what operators look at
 * @irqs: interrupts with something in the event queue
 * @idle_irqs: without
 * @lost_irqs: events that were found though no interrupt had told of them
 * @aeq_events: asynchronous errors of queues
 * @bogus: entries of rings that made no sense
 * @abnormal: interrupts that told of hardware errors
 * @mailbox_errors: commands that failed or took too long
 * @timeouts: queues of the kernel that did not answer
 * @resets: of the device, with success
 * @failed_resets: without
 * @aborted: requests of the kernel that a stop or reset ended
 */
struct hisi_qm_counters {
	atomic_t irqs;
	atomic_t idle_irqs;
	atomic_t lost_irqs;
	atomic_t aeq_events;
	atomic_t bogus;
	atomic_t abnormal;
	atomic_t mailbox_errors;
	atomic_t timeouts;
	atomic_t resets;
	atomic_t failed_resets;
	atomic_t aborted;
};

/**
 * struct hisi_qm_ring - the event queue, or that of asynchronous errors
 * @entries: the ring
 * @dma: where the device sees it
 * @depth: entries
 * @head: the next one to be looked at
 * @phase: what makes it valid
 */
struct hisi_qm_ring {
	__le32 *entries;
	dma_addr_t dma;
	u32 depth;
	u32 head;
	bool phase;
};

/**
 * struct hisi_qm_storm - an interrupt that comes too often
 * @n: how often it came, of late
 * @since: when that was begun to be counted, in jiffies
 * @off: it was disabled
 */
struct hisi_qm_storm {
	unsigned int n;
	unsigned long since;
	bool off;
};

/* Bits of hisi_qm.flags */
enum {
	HISI_QM_RUNNING,	/* rings and interrupts are set up */
	HISI_QM_GONE,		/* from the bus */
	HISI_QM_MAILBOX_DEAD,	/* a command never ended, or it is cut off: until a reset */
	HISI_QM_ISOLATED,	/* a reset failed: put aside */
	HISI_QM_ASLEEP,		/* a function-level reset or PCI error is under way, or it sleeps */
	HISI_QM_REMOVING,
	HISI_QM_RESET_DUE,	/* for the work: reset, whatever the registers say */
};

/**
 * struct hisi_qm - one function
 * @pdev: the PCI device
 * @engine: what is behind the QM
 * @caps: see there
 * @regs: BAR 2
 * @regs_phys: where it is
 * @doorbells: BAR 4 if queues have pages of their own, else BAR 2
 * @doorbells_phys: where they are
 * @doorbell_stride: bytes from one queue's to the next one's
 * @flags: HISI_QM_*
 * @lock: held by whoever stops and starts the device, or its kernel's queues
 * @epoch: how often the device as a whole was made to let go of all memory; written
 *	with @lock
 * @drained: all queues were, and none can be rung; written with @lock
 * @stop_by: when queues that do not come to rest are given up, in jiffies; 0 while the
 *	device is not being stopped; written with @lock
 * @queues: of this function
 * @kernel_queues: how many of them, from 0 on, are the kernel's
 * @vectors: interrupt vectors the platform gave
 * @mailbox_lock: one command at a time; protects @context
 * @context: where the mailbox gets contexts from and puts them
 * @context_dma: where the device sees it
 * @tables: rings of events and tables of contexts, in one piece
 * @tables_dma: where the device sees it
 * @tables_size: bytes
 * @event_lock: protects the heads of @eq and @aeq
 * @eq: see struct hisi_qm_ring
 * @aeq: the same
 * @sqc_table: where the device keeps contexts of SQs
 * @cqc_table: of CQs
 * @qp_lock: protects @qps and @free_queues
 * @qps: queues in use, by their number
 * @free_queues: of those for processes
 * @next_queue: where to look for a free one first
 * @event_storm: of the interrupt for events; by @event_lock
 * @aeq_storm: for asynchronous errors; by @event_lock
 * @abnormal_storm: for hardware errors; by @event_lock
 * @work_queue: for what follows
 * @aeq_work: takes care of asynchronous errors
 * @error_work: of hardware errors
 * @watchdog: looks for what no interrupt told
 * @uacce: hands queues to processes; NULL if it does not
 * @isolate_lock: protects the fields after it
 * @isolate_threshold: how many resets within an hour put the device aside, 0: none
 * @reset_times: when the last @isolate_threshold + 1 of them were, in seconds since
 *	boot; NULL without a threshold
 * @n_resets: of them, since @isolate_threshold was set
 * @counters: see there
 * @debugfs: directory of the device
 */
struct hisi_qm {
	struct pci_dev *pdev;
	const struct hisi_qm_engine *engine;
	struct hisi_qm_caps caps;
	void __iomem *regs;
	phys_addr_t regs_phys;
	void __iomem *doorbells;
	phys_addr_t doorbells_phys;
	u32 doorbell_stride;
	unsigned long flags;
	struct mutex lock;		/* see above */
	unsigned int epoch;
	bool drained;
	unsigned long stop_by;
	u32 queues;
	u32 kernel_queues;
	int vectors;

	struct mutex mailbox_lock;	/* context, the mailbox */
	void *context;
	dma_addr_t context_dma;

	void *tables;
	dma_addr_t tables_dma;
	size_t tables_size;
	spinlock_t event_lock;		/* eq, aeq */
	struct hisi_qm_ring eq;
	struct hisi_qm_ring aeq;
	dma_addr_t sqc_table;
	dma_addr_t cqc_table;

	spinlock_t qp_lock;		/* qps, free_queues, next_queue */
	struct hisi_qp **qps;
	u32 free_queues;
	u32 next_queue;

	struct hisi_qm_storm event_storm;
	struct hisi_qm_storm aeq_storm;
	struct hisi_qm_storm abnormal_storm;
	struct workqueue_struct *work_queue;
	struct work_struct aeq_work;
	struct work_struct error_work;
	struct delayed_work watchdog;

	struct uacce_device *uacce;
	spinlock_t isolate_lock;	/* what follows, up to counters */
	u32 isolate_threshold;
	time64_t *reset_times;
	u32 n_resets;

	struct hisi_qm_counters counters;
	struct dentry *debugfs;
};

/**
 * struct hisi_qp_stats - what a queue of the kernel did
 * @sent: requests
 * @received: answers, whatever they said
 * @full: how often there was no room
 */
struct hisi_qp_stats {
	u64 sent;
	u64 received;
	u64 full;
};

/**
 * typedef hisi_qp_done_t - a request has ended
 * @qp: its queue
 * @cookie: what wd_hisi_qp_send() was given with it
 * @sqe: the request with its results, in memory the device can write: read each word
 *	once.  NULL if it was aborted: it may have been done in part or not at all,
 *	and the device does not touch its memory any more
 *
 * Called once for each request that was sent, by softirqs or with softirqs off.
 */
typedef void (*hisi_qp_done_t)(struct hisi_qp *qp, void *cookie, const void *sqe);

int wd_hisi_qm_init(struct hisi_qm *qm, struct pci_dev *pdev,
		    const struct hisi_qm_engine *engine, u32 queues, u32 kernel_queues);
int wd_hisi_qm_start(struct hisi_qm *qm);
int wd_hisi_qm_register(struct hisi_qm *qm);
void wd_hisi_qm_remove(struct hisi_qm *qm);
void wd_hisi_qm_uninit(struct hisi_qm *qm);
void wd_hisi_qm_shutdown(struct hisi_qm *qm);
void wd_hisi_qm_debugfs(struct hisi_qm *qm, struct dentry *dir);

/* Whether requests of the kernel can be sent, and are likely to be answered. */
bool wd_hisi_qm_is_usable(struct hisi_qm *qm);

/* For struct pci_error_handlers and struct dev_pm_ops of the engine's driver, whose
 * drvdata has to be the struct hisi_qm.
 */
extern const struct pci_error_handlers wd_hisi_qm_error_handlers;
extern const struct dev_pm_ops wd_hisi_qm_pm_ops;

struct hisi_qp *wd_hisi_qp_create(struct hisi_qm *qm, unsigned int type,
				  hisi_qp_done_t done, void *owner);
void wd_hisi_qp_destroy(struct hisi_qp *qp);
void *wd_hisi_qp_owner(const struct hisi_qp *qp);
bool wd_hisi_qp_is_open(const struct hisi_qp *qp);
bool wd_hisi_qp_is_full(const struct hisi_qp *qp);
int wd_hisi_qp_send(struct hisi_qp *qp, const void *sqe, void *cookie);
void wd_hisi_qp_stats(struct hisi_qp *qp, struct hisi_qp_stats *stats);

u32 wd_hisi_qm_cap(const struct hisi_qm *qm, const struct hisi_qm_cap *table, u32 offset);

static inline u32 hisi_qm_read(const struct hisi_qm *qm, u32 offset)
{
	return readl(qm->regs + offset);
}

static inline void hisi_qm_write(const struct hisi_qm *qm, u32 offset, u32 value)
{
	writel(value, qm->regs + offset);
}

int wd_hisi_qm_poll(const struct hisi_qm *qm, u32 offset, u32 mask, u32 value,
		    unsigned int limit_us);

#endif
