/* SPDX-License-Identifier: MIT */
/*
 * Where the data of a request lies: one flat buffer or a chain of scatter-gather
 * lists, both as pieces to read from or write to.
 */
#ifndef SIM_SGL_H
#define SIM_SGL_H

#include "engine.h"

/* A violation of a request. */
#define sim_req_violate(req, class, fmt, ...)					\
	sim_violate((req)->sim, class, "queue %u slot %u: " fmt, (req)->queue,	\
		    (req)->slot, ##__VA_ARGS__)

struct sim_piece {
	uint64_t addr;
	uint32_t len;
};

struct sim_buf {
	struct sim_piece *piece;
	size_t count;
};

/* Add to the request's note, unless with its NUL it would be longer than max. */
void __attribute__((format(printf, 3, 4)))
sim_note(struct sim_request *req, size_t max, const char *fmt, ...);

/*
 * Find len bytes at addr, or with sgl offset bytes after the start of the list at
 * addr.  @name says in messages which buffer it is.  0 or a status.
 */
int sim_buf_load(struct sim_buf *buf, struct sim_request *req, const char *name,
		 bool sgl, uint64_t addr, uint32_t offset, uint32_t len);
void sim_buf_free(struct sim_buf *buf);

/* The first len bytes; 0 or a status. */
int sim_buf_read(const struct sim_buf *buf, const struct sim_request *req, void *data,
		 size_t len);
int sim_buf_write(const struct sim_buf *buf, const struct sim_request *req,
		  const void *data, size_t len);

#endif
