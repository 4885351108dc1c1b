/* SPDX-License-Identifier: MIT */
/*
 * A software model of the HiSilicon ZIP engine with its queue manager (QM): the
 * physical function as a driver sees it on the PCI bus.
 *
 * The model does not know what it is plugged into.  Its host hands register accesses
 * in and gives it memory, interrupts and time through struct sim_host_ops; hosts/ has
 * one that serves a virtual machine and one for programs of this process.
 *
 * The model is strict.  What the device would reject, hang on or corrupt is a
 * violation: counted by its class, described in the log, and if asked to it aborts.
 *
 * All functions may be called by any thread at any time, sim_destroy() excepted.  The
 * model calls its host from the thread that accessed a register and from threads of
 * its own, several at a time, and may hold a lock then: the host must not call back.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SIM_NO_PASID	(-1)

struct sim;

struct sim_host_ops {
	/*
	 * Copy len bytes from or to bus address addr, or with a pasid to an address of
	 * the process that has it.  0, or -EFAULT if not all of it can be reached; then
	 * some of it may have been copied.  Writes are seen in their order: what makes
	 * an entry of a ring valid comes as a write of its own, of 2 or 4 bytes.
	 */
	int (*dma_read)(void *host, int32_t pasid, uint64_t addr, void *buf, size_t len);
	int (*dma_write)(void *host, int32_t pasid, uint64_t addr, const void *buf,
			 size_t len);
	/* Interrupt with that message; may be lost if nobody listens. */
	void (*raise_irq)(void *host, unsigned int vector);
	/* Nanoseconds from any point in the past. */
	uint64_t (*now)(void *host);
	/*
	 * Whether some of len bytes that could not be reached could be before.
	 * May be NULL: then nobody knows.
	 */
	bool (*was_mapped)(void *host, uint64_t addr, size_t len);
};

enum sim_violation {
	SIM_V_WIDTH,		/* access of a wrong width or alignment */
	SIM_V_NO_REGISTER,	/* write to where nothing is */
	SIM_V_READ_ONLY,	/* write to a register that only the device writes */
	SIM_V_RESERVED,		/* a reserved bit or field that is not 0 */
	SIM_V_MAILBOX,		/* command unknown, not possible now, or while busy */
	SIM_V_CONTEXT,		/* values in a context that make no sense */
	SIM_V_VFT,		/* wrong partition of queues */
	SIM_V_HALF_DOORBELL,	/* doorbell not written as 64 bits */
	SIM_V_DOORBELL_QUEUE,	/* doorbell of a queue that is not there or not started */
	SIM_V_DOORBELL_INDEX,	/* index outside the ring, or past its other end */
	SIM_V_DOORBELL_RANDOM,	/* random tag is not the one of the context */
	SIM_V_DMA,  /* address that the host does not map, and never did */
	SIM_V_LATE, /* use of memory that was given up while the device had it */
	SIM_V_ALIGN,		/* ring, context or list not aligned */
	SIM_V_SQE,		/* a field of a request the device has no meaning for */
	SIM_V_SIZE,		/* more or less than a request may have */
	SIM_V_SGL,		/* malformed scatter-gather list */
	SIM_V_STREAM,		/* carried words or context buffer not as returned */
	SIM_V_OVERRUN,		/* ring full: completion or event lost */
	SIM_V_ORDER,		/* steps in an order that hangs or corrupts */
	SIM_V_COUNT
};

/* What the clock makes of a request's completion. */
enum sim_clock_mode {
	SIM_CLOCK_OFF,		/* completes as soon as it was executed */
	SIM_CLOCK_VIRTUAL,	/* at its time, which only sim_clock_step() moves */
	SIM_CLOCK_WALL,		/* at its time, that of the host's now */
};

/*
 * Time of a request: it waits for a core, which works at its bandwidth, and arrives
 * latency_ns later.  If the queue has others under way then, results are written back
 * together: that takes aggregation_ns more.
 */
struct sim_clock_params {
	uint32_t comp_mb_s;		/* of each core, 10^6 bytes of input a second */
	uint32_t decomp_mb_s;		/* of each core, 10^6 bytes of output a second */
	uint32_t latency_ns;
	uint32_t aggregation_ns;
};

#define SIM_CAPS	32	/* capability words from 0x3100 */

/* The first of them unless it is set: queues can be drained, one or all; nothing else. */
#define SIM_FEATURES 0x601u

struct sim_config {
	uint8_t revision;		/* 0x21 or 0x30 */
	uint32_t caps[SIM_CAPS];	/* of V3; V2 does not have them */
	uint32_t isolation;		/* register 0x30; of V3 */
	uint32_t sub_version;		/* register 0x210 */
	uint32_t queues;		/* register 0x100158; of V3 */
	uint32_t workers;		/* threads; 0: requests run in the doorbell write */
	uint32_t mailbox_delay_us;	/* a mailbox command stays busy for so long */
	bool abort_on_violation;
	enum sim_clock_mode clock_mode;
	struct sim_clock_params clock;
	FILE *log;			/* violations, faults; NULL: nowhere */
	FILE *trace;			/* register accesses; NULL: none */
};

/* The values of the device of that revision; -EINVAL for another. */
int sim_config_init(struct sim_config *config, uint8_t revision);

/*
 * Set register 0x30, 0x210 (0, or 0x50 and 0x51 for V4 and V5), 0x3100 to 0x317c or
 * 0x100158; -EINVAL for another or for what it cannot be.
 */
int sim_config_set(struct sim_config *config, uint32_t offset, uint32_t value);

/* 0, or -EINVAL, -ENOMEM, -EAGAIN; ops and host must outlive the model. */
int sim_create(struct sim **sim, const struct sim_config *config,
	       const struct sim_host_ops *ops, void *host);
/* Waits for what is being executed.  NULL is accepted. */
void sim_destroy(struct sim *sim);

/* How many interrupt messages the function asks for. */
unsigned int sim_irq_count(const struct sim *sim);
uint8_t sim_revision(const struct sim *sim);
/* Bytes of a BAR; 0: it has none. */
uint64_t sim_bar_size(const struct sim *sim, unsigned int bar);

/*
 * An access of the CPU: width 1 to 16 bytes.  What the device has no answer for is a
 * violation, reads as ones, and is not written.
 */
void sim_bar_read(struct sim *sim, unsigned int bar, uint64_t offset, void *data,
		  size_t width);
void sim_bar_write(struct sim *sim, unsigned int bar, uint64_t offset, const void *data,
		   size_t width);

/*
 * Function-level reset: waits for what is executed at the moment, forgets the rest and
 * gives every register its first value.
 */
void sim_reset(struct sim *sim);
/* After a reset that takes time, if there is a fault that says so: gone for so long. */
void sim_stay_away(struct sim *sim);
/* Gone from the bus by a fault: its configuration space reads as ones, too. */
bool sim_is_removed(struct sim *sim);
/*
 * Uncorrectable errors that the bus has seen, as in the status register of advanced
 * error reporting: clears those bits, and returns what is left.  A reset does not.
 */
uint32_t sim_aer(struct sim *sim, uint32_t clear);
/* Those that there are. */
#define SIM_AER_ALL 0x001ff010u
/* The function may no longer reach memory (bus master off), or again. */
void sim_set_bus_master(struct sim *sim, bool on);

/* Wait until nothing that was fetched is left; not with SIM_CLOCK_VIRTUAL. */
void sim_wait_idle(struct sim *sim);

uint64_t sim_violations(const struct sim *sim, enum sim_violation class);
uint64_t sim_violations_total(const struct sim *sim);
const char *sim_violation_name(enum sim_violation class);
/* The last one's description, "" if none; at most len bytes with the NUL. */
void sim_violation_last(struct sim *sim, char *text, size_t len);
void sim_violations_clear(struct sim *sim);

/*
 * Have something go wrong.  A request is numbered by the order in which the device
 * fetches them, 1 the next one; an interrupt likewise.
 *
 *   fail N STATUS       request N is not executed and returns STATUS
 *   flip N BIT          bit BIT of the output of request N is wrong
 *   flip-crc N BIT      bit BIT of the checksum of request N is wrong
 *   delay N US          request N takes so much longer
 *   hang N              request N is never answered, nor those of its queue after it
 *   tag N MASK          request N comes back with these bits of its tag changed
 *   drop-irq N          interrupt N is not raised
 *   dup-irq N           interrupt N is raised twice
 *
 * Now:
 *
 *   ras qm|zip BIT [WHERE [FUNCTION]]  the error bit.  WHERE goes to the register that
 *                       tells details: a queue for QM 10 and 11, a memory for QM 2
 *                       and 3 and ZIP 0 and 1, 1 for poisoned data with QM 0
 *   eqe QUEUE [stale]   an event of that CQ, from 0 to 0xffff
 *   aeq TYPE QUEUE [stale]  an event on the AEQ, TYPE from 0 to 15
 *   cqe QUEUE SLOT [stale]  a CQE that says that SLOT, from 0 to 0xffff, was completed.
 *                       A stale entry has the wrong phase: only the interrupt is new
 *   storm VECTOR TIMES [US]  the interrupt, with nothing new, at once or every US
 *   aer BIT             an uncorrectable error in configuration space, bit 4 or 12 to
 *                       20; nobody is told
 *   remove              gone from the bus: reads are ones, nothing else happens
 *   return              back on the bus, reset
 *   clear               no fault is left
 *
 * When it is done the next time, or so many TIMES, or "always":
 *
 *   mailbox STATUS [TIMES]  the mailbox command ends with STATUS, and does nothing
 *   mailbox-hang [TIMES]    the mailbox command stays busy until a reset
 *   stop STATUS [TIMES]     STOP_QP or FLUSH_QM ends with STATUS, and stops nothing
 *   stop-hang [TIMES]       STOP_QP or FLUSH_QM stays busy until a reset
 *   mem-hang [TIMES]        memories are never initialized
 *   vft-hang [TIMES]        the operation on the VFT is not done, and never ready
 *   axi-hang [TIMES]        transactions never return after the master was closed
 *   flr-slow MS [TIMES]     the function answers so much after its reset: see
 *                           sim_stay_away()
 *   late QUEUE US           a completion is written into the rings of a queue so much
 *                           after it was stopped, by STOP_QP, FLUSH_QM or without its
 *                           VFT; once.  A reset before that prevents it
 *
 * What the device itself does then is not counted as a violation.
 *
 * 0, or -EINVAL if the text is none of these, -ENOSPC with too many, -ENODEV if it
 * needs a ring that is not started.
 */
int sim_fault(struct sim *sim, const char *text);

/*
 * For drivers: random values where a broken device could have any.  In entries of
 * the rings and in the words of requests that are written back, in what registers
 * and the mailbox's status read as; and entries and interrupts for no reason.
 * Violations are not counted while it is on: the driver may not be harmed, and that
 * is all.  The same seed makes the same values, if the driver does the same.
 *
 * text: "SEED[,RATE]" begins with a seed and RATE of 1000 values (default 50), "on"
 * does with those of before (or 1), "off" ends it.  0, or -EINVAL for another.
 */
int sim_fuzz(struct sim *sim, const char *text);

#define SIM_FUZZ_RATE 50

/* What was completed in one direction. */
struct sim_flow {
	uint64_t requests;
	uint64_t in_bytes, out_bytes;
};

struct sim_stats {
	uint64_t reads, writes;		/* register accesses */
	uint64_t mailboxes;
	uint64_t requests;		/* fetched */
	uint64_t completed;
	uint64_t failed;		/* with a status that is an error */
	uint64_t in_bytes, out_bytes;
	struct sim_flow comp, decomp; /* of these, and of completed */
	uint64_t cqes, eqes, aeqes, irqs;
	uint64_t resets;
	uint64_t faults;		/* injected ones that took place */
	uint64_t late;	       /* writes of the fault of that name, ... */
	uint64_t late_refused; /* ... and those that the host refused */
	uint64_t fuzzed;       /* values and events of sim_fuzz() */
};

void sim_stats(struct sim *sim, struct sim_stats *stats);

/* What the clock saw from the first request to the last completion. */
struct sim_clock_report {
	uint64_t now_ns;
	uint64_t elapsed_ns;
	uint64_t busy_ns[8];		/* of each core */
	unsigned int cores_comp, cores_decomp;
	double utilisation_comp, utilisation_decomp;	/* 0 to 1 */
	double depth;			/* requests under way, on average */
};

void sim_clock_report(struct sim *sim, struct sim_clock_report *report);
/*
 * SIM_CLOCK_VIRTUAL: go to the time of the next completion and complete it.  False if
 * there is none.
 */
bool sim_clock_step(struct sim *sim);
/*
 * The same for several devices with one clock: when the next completion is due, in
 * nanoseconds, UINT64_MAX if there is none; and go to a time, with all that is due
 * until then.
 */
uint64_t sim_clock_due(struct sim *sim);
void sim_clock_go_to(struct sim *sim, uint64_t ns);

#endif
