/* SPDX-License-Identifier: MIT */
/*
 * One stream of data on its way through the device, request by request, as software
 * would have it done; zlib judges what comes out.  All of it is drawn from a seed.
 *
 * Queues and doorbells are the caller's.
 */
#ifndef T_JOB_H
#define T_JOB_H

#include "chance.h"
#include "driver.h"
#include "job_buffer.h"
#include "t_util.h"

/* Plain data of several kinds, for all jobs to take pieces of. */
struct job_pool {
	uint8_t *data;
	size_t len;		/* of each kind */
};

void job_pool_make(struct job_pool *pool, uint64_t seed);
void job_pool_free(struct job_pool *pool);

enum job_damage {
	JOB_INTACT,
	JOB_FLIPPED,		/* a bit */
	JOB_CUT,		/* before its end */
	JOB_TRAILED,		/* by something else */
};

struct job {
	struct t_dev *dev;
	struct t_chance chance;
	bool pointers;		/* the queue has a PASID: addresses are pointers */
	bool decompress;
	bool stateful;
	bool lists;
	uint8_t alg;
	uint32_t window;
	enum job_damage damage;
	const uint8_t *plain;
	size_t plain_len;

	/* What goes in: plain data, or after its header a stream */
	struct t_bytes stream;
	size_t header_len, stream_len;	/* without what trails */
	const uint8_t *src;
	size_t src_len, src_pos;
	struct t_bytes result;
	size_t in_max, out_max;		/* of a request of a stream */
	unsigned int requests;
	bool idle;			/* the last request moved nothing */
	bool end_follows;		/* all decoded: empty input, more space */
	bool finish_left;		/* to software: nothing more goes in */

	/* The request under way */
	struct job_buffer in, out;
	struct t_mem ctx;
	uint32_t in_len, out_len;
	bool finish;
	struct hisi_zip_sqe sqe;

	/* What the device returned to be given back */
	uint32_t ctx_dw0, ctx_dw1, ctx_dw2;
	uint32_t isize, checksum;

	char error[300];
};

enum job_state {
	JOB_MORE,		/* prepare and send another request */
	JOB_DONE,
	JOB_FAILED,		/* error says why */
};

void job_begin(struct job *job, struct t_dev *dev, const struct job_pool *pool,
	       uint64_t seed);
/* Make job->sqe. */
void job_prepare(struct job *job);
enum job_state job_complete(struct job *job, const struct hisi_zip_sqe *sqe);
void job_end(struct job *job);

/* What it is, for a message. */
void job_describe(const struct job *job, char *text, size_t len);

#endif
