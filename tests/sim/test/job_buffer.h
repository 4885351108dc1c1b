/* SPDX-License-Identifier: MIT */
/*
 * Memory of a request: a buffer, or a list of pieces; around it a known pattern.
 */
#ifndef T_JOB_BUFFER_H
#define T_JOB_BUFFER_H

#include "chance.h"
#include "driver.h"
#include "t_util.h"

struct job_buffer {
	struct t_mem mem;
	struct t_mem list; /* if there is one */
	uint64_t base;	   /* where the device sees mem */
	uint64_t addr;	   /* for the SQE: of the data or the list */
	struct t_piece *pieces;
	size_t count;
	uint32_t skip; /* bytes of the list ahead of the data */
	uint32_t len;
};

enum job_buffer_kind {
	JOB_LISTED = 1,	  /* in pieces */
	JOB_POINTERS = 2, /* addresses are pointers */
	JOB_WRITABLE = 4, /* by the device */
};

/* Room for len bytes; kind is of enum job_buffer_kind. */
void job_buffer_make(struct job_buffer *b, struct t_dev *dev,
		     struct t_chance *chance, unsigned int kind, size_t len);
void job_buffer_free(struct job_buffer *b, struct t_dev *dev);

void job_buffer_put(const struct job_buffer *b, const uint8_t *data,
		    size_t len);
/*
 * Append the first len bytes to out, and put the pattern back: what differs from it
 * then is what nobody should have written.
 */
bool job_buffer_take(const struct job_buffer *b, struct t_bytes *out,
		     size_t len);

/* The pattern's byte i, and its first len ones. */
uint8_t job_pattern(size_t i);
void job_pattern_fill(uint8_t *p, size_t len);

/* Where the device sees it. */
uint64_t job_seen_by_device(const struct t_mem *mem, bool pointers);

#endif
