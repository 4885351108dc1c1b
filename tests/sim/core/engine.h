/* SPDX-License-Identifier: MIT */
/*
 * The engine: what is done with a request.  It knows the SQE, lists, formats and
 * streams, and nothing of queues, rings and registers.
 */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "hisi_zip_sqe.h"
#include "sim.h"

/* Statuses of the model for what has no published one. */
#define SIM_STATUS_BAD_SQE	0x01	/* what it asks for does not exist */
#define SIM_STATUS_BUS		0x02	/* an address could not be reached, or no memory */
#define SIM_STATUS_BAD_DATA	0x03	/* not a stream of the format */
#define SIM_STATUS_TRUNCATED	0x04	/* stateless input ends before the stream */
#define SIM_STATUS_STREAM	0x05	/* the stream's state is not the one returned */

struct sim_request {
	struct sim *sim;
	uint32_t queue;
	uint32_t slot;
	bool decompress;
	int32_t pasid;
	bool v3;			/* type-3 entries, raw deflate */
	bool fast;			/* HZIP_PERF_MODE */
	uint32_t algs; /* HZIP_ALGS_*: what the device can do */
	/* faults: -1, or which */
	int fail_status;
	int64_t flip_bit;
	int flip_crc_bit;
	/* As fetched; sim_engine_run() puts the results into it. */
	struct hisi_zip_sqe sqe;
	/* by sim_engine_run() */
	bool ignored;			/* out_len below HZIP_OUT_MIN: no results at all */
	bool parse_error;		/* bad descriptor, for the core's counters */
	char note[200];			/* for the trace: addresses and lists, or "" */
};

/*
 * Execute a request: read and check its input, write its output, context buffer and
 * the result fields of req->sqe.  Called without a lock, by several threads at a time
 * for different requests.
 */
void sim_engine_run(struct sim_request *req);

/*
 * What the engine asks of the core.  sim_dma_*: 0, or -EFAULT after the violation and
 * the error bit have been reported.  A read or write of 0 bytes is 0.
 */
int sim_dma_read(struct sim *sim, int32_t pasid, uint64_t addr, void *buf, size_t len);
int sim_dma_write(struct sim *sim, int32_t pasid, uint64_t addr, const void *buf,
		  size_t len);
void __attribute__((format(printf, 3, 4)))
sim_violate(struct sim *sim, enum sim_violation class, const char *fmt, ...);

#endif
