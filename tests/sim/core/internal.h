/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the core share: the device's state.
 *
 * sim->lock protects all of it but the violations, which have a lock of their own,
 * taken inside.  A request that is running is the engine's, without a lock.
 */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "hisi_qm_regs.h"
#include "hisi_zip_regs.h"
#include "sim.h"

#define QUEUES_MAX	1024
#define FUNCTIONS	64
#define FAULTS_MAX	64
#define TIME_NEVER	UINT64_MAX
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A request from the fetch of its SQE to its completion. */
struct job {
	struct sim_request req;
	struct job *next;		/* of its queue, in order */
	struct job *next_ready;		/* of those to be executed */
	struct job *next_all;		/* of all that the clock has not seen */
	uint64_t number;
	uint64_t arrival;
	uint64_t due;
	uint64_t delay;			/* by a fault */
	uint64_t tag_mask; /* by a fault: these bits of its tag are wrong */
	unsigned int core;
	uint64_t work;			/* time of its core */
	bool running;			/* the engine has it */
	bool dropped;			/* while the engine had it */
	bool executed;
	bool timed;			/* the clock gave it its time */
	bool hung;			/* by a fault */
};

struct queue {
	bool sq_started, cq_started;
	bool stopped;			/* by an error: nothing more is fetched */
	struct hisi_qm_sqc sqc;		/* as loaded */
	struct hisi_qm_cqc cqc;
	uint64_t sq_base, cq_base;
	uint32_t sq_depth, cq_depth;
	uint32_t sq_head, sq_tail;
	bool sq_toggle, cq_toggle;
	int32_t pasid;
	uint32_t cq_head, cq_tail;
	uint32_t cq_unread;
	bool cq_phase;
	bool c_flag;
	bool injected; /* a fault put entries into its CQ */
	uint32_t pending;
	struct job *first, *last;
};

/* The event queue and that of errors: the same mechanism. */
struct event_ring {
	const char *name;
	bool started;
	struct hisi_qm_eqc context;
	uint64_t base;
	uint32_t depth;
	uint32_t head, tail;
	uint32_t unread;
	bool phase;
	bool armed;			/* the next event may interrupt */
	bool source;			/* its source register */
	bool overflow;			/* told, until there is space again */
	bool injected;			/* a fault put entries into it */
	bool in_use;			/* until the queues are taken away */
};

enum fault_kind {
	FAULT_NONE,
	FAULT_FAIL,
	FAULT_FLIP,
	FAULT_FLIP_CRC,
	FAULT_DELAY,
	FAULT_HANG,
	FAULT_TAG,
	FAULT_DROP_IRQ,
	FAULT_DUP_IRQ,
};

/* Those that take place each time something is done, so often. */
enum recurring {
	RECUR_MAILBOX,
	RECUR_MAILBOX_HANG,
	RECUR_STOP,
	RECUR_STOP_HANG,
	RECUR_MEM_HANG,
	RECUR_VFT_HANG,
	RECUR_AXI_HANG,
	RECUR_FLR_SLOW,
	RECUR_COUNT
};

/* clang-format off */
struct recurrence {
	uint64_t left;			/* UINT64_MAX: until it is cleared */
	uint32_t value;
};

/* A completion written into the rings of a queue after it was stopped. */
struct late_write {
	bool armed;			/* its queue is not stopped yet */
	uint32_t queue;
	uint64_t delay_ns;
	uint64_t due;			/* 0: not stopped yet, or none */
	uint64_t slot, cqe;		/* addresses in its rings */
	struct hisi_qm_cqe entry;
};

struct irq_storm {
	uint32_t vector;
	uint64_t left;
	uint64_t period_ns;
	uint64_t due;
};

#define LATE_MAX		16
/* clang-format on */

struct fault {
	enum fault_kind kind;
	uint64_t number;
	int64_t value;
};

struct mailbox {
	uint32_t word[4];
	bool hung;			/* by a fault */
	uint64_t busy_until;
	/* STOP_QP and FLUSH_QM are busy until what they wait for has completed. */
	bool draining;
	bool drain_all;
	uint32_t drain_queue;
};

struct core_counters {
	uint32_t fetched, good, bad, done;
	uint64_t work_ns;
	uint32_t delay_max, delay_min;
	uint64_t delay_sum;
	uint64_t consumed, produced;
	uint32_t parse_errors;
};

struct clock {
	uint64_t virtual_ns;
	uint64_t first, last;		/* arrival, completion */
	uint64_t core_free[HZIP_CORES_MAX];
	uint64_t busy[HZIP_CORES_MAX];
	uint64_t depth_sum;		/* requests x nanoseconds */
	uint64_t depth_since;
	struct job *oldest, *newest;	/* not seen yet */
};

/* The three stretches of BAR 2 that have registers. */
#define PAGE_FUNCTION		0x000000
#define PAGE_FUNCTION_END	0x003200
#define PAGE_QM			0x100000
#define PAGE_QM_END		0x104900
#define PAGE_ZIP		0x300000
#define PAGE_ZIP_END		0x30a000
#define WORDS			((PAGE_FUNCTION_END + (PAGE_QM_END - PAGE_QM) + \
				  (PAGE_ZIP_END - PAGE_ZIP)) / 4)

struct sim {
	struct sim_config config;
	const struct sim_host_ops *ops;
	void *host;

	pthread_mutex_t lock;
	pthread_cond_t work;		/* something to execute, or the end */
	pthread_cond_t idle;		/* something was completed */
	pthread_cond_t timer;		/* the earliest completion may have changed */
	pthread_t *workers;
	pthread_t timer_thread;
	unsigned int nr_workers;
	bool timer_running;
	bool quit;
	bool resetting;

	uint32_t regs[WORDS];
	_Atomic bool removed;
	_Atomic bool bus_master;
	_Atomic uint32_t aer;
	/* By a fault: a reset that takes time.  0: none. */
	_Atomic uint64_t away_until;
	bool axi_closed;
	bool axi_stuck; /* by a fault: transactions never return */
	bool memory_ready;

	struct mailbox mb;
	uint64_t sqc_table, cqc_table;
	uint64_t vft[FUNCTIONS][3];
	uint32_t queue_count;		/* of this function */

	struct queue *queues;		/* QUEUES_MAX */
	struct event_ring eq, aeq;
	struct job *ready, *ready_last;
	struct job *free_jobs;
	unsigned int running;
	uint64_t pending;		/* fetched and not completed */

	struct fault faults[FAULTS_MAX];
	unsigned int nr_faults;
	struct recurrence recurring[RECUR_COUNT];
	struct late_write late[LATE_MAX];
	struct irq_storm storm;
	struct {
		_Atomic bool on;
		uint64_t seed, state;
		uint32_t rate;
	} fuzz;
	uint64_t irqs_due;		/* interrupts, those dropped included */

	struct clock clock;
	struct usage {
		uint64_t asked_ns, busy_ns;
	} usage[2];
	struct core_counters cores[HZIP_CORES_MAX];
	struct sim_stats stats;

	pthread_mutex_t violation_lock;
	uint64_t violations[SIM_V_COUNT];
	char violation_last[256];
};

/* sim.c */
int core_dma_read(struct sim *sim, uint64_t addr, void *buf, size_t len);
int core_dma_write(struct sim *sim, uint64_t addr, const void *buf, size_t len);
/* Have what is ready executed, and wake who waits; called with the lock, drops it. */
void sim_run(struct sim *sim);
void sim_job_free(struct sim *sim, struct job *job);
struct job *sim_job_alloc(struct sim *sim);
/* Forget what was fetched, and what the engine will have done. */
void sim_jobs_drop(struct sim *sim);
uint64_t sim_now(struct sim *sim);
/* Off the bus: nobody answers. */
bool sim_gone(struct sim *sim);
/* The capability word that counts, for what the device does and drivers believe. */
uint32_t sim_cap(const struct sim *sim, uint32_t offset);

/* registers.c */
uint32_t sim_version(const struct sim *sim);
uint32_t *sim_reg(struct sim *sim, uint32_t offset);
void registers_reset(struct sim *sim);

/* mailbox.c */
bool mailbox_busy(struct sim *sim);
uint32_t mailbox_read(struct sim *sim, unsigned int word);
void mailbox_write(struct sim *sim, unsigned int word, uint32_t value);
void mailbox_execute(struct sim *sim);
void vft_execute(struct sim *sim);
void contexts_write_back(struct sim *sim);
void queue_stop(struct sim *sim, uint32_t number);
void queues_forget(struct sim *sim);
/* What a dump of the contexts shows now. */
struct hisi_qm_sqc queue_sqc(const struct queue *q);
struct hisi_qm_cqc queue_cqc(const struct queue *q);

/* queue.c */
void doorbell(struct sim *sim, uint64_t offset, uint64_t value);
/* Complete what is executed, due and next in its queue. */
void queue_deliver(struct sim *sim, uint32_t number);
void queues_deliver(struct sim *sim);
/* Time of the earliest that is executed and next in its queue. */
uint64_t queues_next_due(struct sim *sim);
void event_mask_changed(struct sim *sim);
void aeq_event(struct sim *sim, uint32_t type, uint32_t queue);
void error_raise(struct sim *sim, bool zip, uint32_t bits);
/* Of the function's own reads and writes. */
void axi_error(struct sim *sim, uint32_t bit, uint32_t function);
void irq_raise(struct sim *sim, uint32_t cap);
/* The entry without its phase; stale: with the wrong one, and not to be taken. */
void ring_event(struct sim *sim, struct event_ring *ring, uint32_t entry);
void ring_stale_event(struct sim *sim, struct event_ring *ring, uint32_t entry);
/* The next CQE says that this slot was completed.  0 or -EFAULT. */
int cqe_write(struct sim *sim, const struct queue *q, uint32_t number,
	      uint16_t slot, bool stale);
/* It was written: the CQ goes on, and may have an event. */
void cqe_written(struct sim *sim, struct queue *q, uint32_t number);
/* If the CQ asked for one: with stale also if nothing is unread. */
void cq_event(struct sim *sim, struct queue *q, uint32_t number, bool stale);

/* clock.c */
void clock_reset(struct sim *sim);
void clock_arrived(struct sim *sim, struct job *job);
/* Give it its time, or, in the order of arrival, all those that can get theirs. */
void clock_executed(struct sim *sim, struct job *job);
void clock_completed(struct sim *sim, const struct job *job);
unsigned int clock_cores(const struct sim *sim, bool decompress);

/* fault.c */
void fault_apply(struct sim *sim, struct job *job);
/* How often the interrupt that is due is raised. */
unsigned int fault_irq(struct sim *sim);
/* What is about to be done goes wrong in that way; value may be NULL. */
bool fault_recurs(struct sim *sim, enum recurring which, uint32_t *value);

/* inject.c: faults that take place by themselves; errors are those of sim_fault() */
int inject_eqe(struct sim *sim, uint32_t queue, bool stale);
int inject_aeqe(struct sim *sim, uint32_t type, uint32_t queue, bool stale);
int inject_cqe(struct sim *sim, uint32_t queue, uint16_t slot, bool stale);
int inject_storm(struct sim *sim, uint32_t vector, uint64_t times,
		 uint64_t period_ns);
int inject_late(struct sim *sim, uint32_t queue, uint64_t delay_ns);
/* where: a queue, a memory, or whether the data was poisoned, as the bit has it. */
void inject_error(struct sim *sim, bool zip, uint32_t bit, uint32_t where,
		  uint32_t function);
/* The queue was stopped, or drained with all others. */
void inject_stopped(struct sim *sim, uint32_t queue);
/* For a reset, and for the command that takes faults back. */
void inject_forget(struct sim *sim, bool armed, bool due);
uint64_t inject_next_due(const struct sim *sim);
void inject_run(struct sim *sim);

/* fuzz.c: nothing unless it is on */
bool fuzz_hits(struct sim *sim);
uint32_t fuzz_below(struct sim *sim, uint32_t n);
uint32_t fuzz_word(struct sim *sim, uint32_t was);
/* What a register read returns. */
void fuzz_read(struct sim *sim, void *data, size_t width);
/* A word of a ring entry; its phase is mostly right. */
uint32_t fuzz_entry(struct sim *sim, uint32_t was, uint32_t phase);
void fuzz_cqe(struct sim *sim, struct hisi_qm_cqe *cqe);
/* After the results of a request: another word over one of its slot. */
void fuzz_slot(struct sim *sim, uint64_t slot, const struct hisi_zip_sqe *sqe);
/* Entries and interrupts for no reason. */
void fuzz_events(struct sim *sim);

/* trace.c: nothing without a trace */
void trace_access(struct sim *sim, char rw, uint64_t offset, const void *data,
		  size_t width);
void __attribute__((format(printf, 2, 3)))
trace_note(struct sim *sim, const char *fmt, ...);
void trace_fetched(struct sim *sim, const struct job *job);
void trace_completed(struct sim *sim, const struct job *job);

#endif
