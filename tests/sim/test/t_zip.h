/* SPDX-License-Identifier: MIT */
/*
 * A transport with the model of the ZIP engine behind it, in this process: it does what
 * a kernel's driver does for queue files, with shared virtual addressing.
 *
 * Interrupts are handled by a thread of its own.  What would be wrong in a driver of the
 * library aborts, or is a violation that the model counts.
 */
#ifndef T_ZIP_H
#define T_ZIP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "driver.h"
#include "t_ss.h"

#define T_ZIP_NAME  "hisi_zip-7"
#define T_ZIP_FILES 8u /* open at a time, at most */

/*
 * Set before a queue is opened, but for the counters.
 *
 * @depth, @cq_depth: of the rings
 * @api, @algs: as sysfs has them
 * @info:      what UACCE_CMD_QM_SET_QP_INFO tells, if @lie_of_info; else the truth
 * @number:    of the first queue; @wrong_number: what the process is told, if it is not 0
 * @queues:    that can be opened
 * @opens_fail, @maps_fail, @types_fail, @starts_fail, @joins_fail: the nth and all after it; 0: none
 * @info_error: of UACCE_CMD_QM_SET_QP_INFO
 * @no_sva:    it takes bus addresses; @ss_limit: bytes of an SS region that can be had,
 *             @ss_slice: of a slice of it, if they are not 0
 * @ss_gone:   of that region it tells no more; what the rings say is as it was
 * @start_error: of what @starts_fail; 0: -EIO
 * @stuck:     requests hang: stopping a queue takes a reset
 * @linger:    so many times a queue does not stop when told to
 */
struct t_zip {
	struct t_dev dev;
	uint32_t depth, cq_depth;
	const char *api, *algs;
	bool no_sva;
	size_t ss_limit, ss_slice;
	bool ss_gone;
	bool lie_of_info;
	struct {
		uint32_t sqe_size;
		uint16_t sq_depth, cq_depth;
	} info;
	uint16_t number, wrong_number;
	unsigned int queues;
	unsigned int opens_fail, maps_fail, types_fail, starts_fail, joins_fail;
	int info_error, start_error;
	bool stuck;
	unsigned int linger;

	unsigned int opened, closed, mapped, unmapped, started, stopped;
	atomic_uint groups;
	/* doorbells of both kinds, and how many of a CQ asked for an event */
	atomic_ullong sq_doorbells, cq_doorbells, armings;
	atomic_uint wakes; /* of who waits for a group */
	atomic_uint calls; /* of the transport, but for doorbells */
};

extern struct t_zip t_zip;

/* A device of that revision, started; it takes the place of the kernel's. */
void t_zip_begin(uint8_t revision);
/* With config of that one. */
void t_zip_begin_with(const struct sim_config *config);
/* 0 if nothing was left open and the model has counted no violation. */
int t_zip_end(void);

/* The words at the end of the rings of all queues: nothing more is to be sent, received. */
void t_zip_stop(bool send, bool receive);
/* Gone: rings are ones, calls fail, who waits is told. */
void t_zip_vanish(void);
/*
 * What is in the rings of a queue file, the first opened 0: for tests that are the
 * device's voice.  It has to be idle.
 */
struct hisi_zip_sqe *t_zip_sqe(unsigned int file, uint32_t slot);
struct hisi_qm_cqe *t_zip_cqe(unsigned int file, uint32_t slot);
/* Faults of the model; aborts if it does not know them. */
void t_zip_fault(const char *text);

#endif
