/* SPDX-License-Identifier: MIT */
/*
 * The compressing direction: what its stages share, and what sessions see of
 * it.
 */
#ifndef WD_COMPRESS_H
#define WD_COMPRESS_H

#include "session.h"

struct cjob;

/*
 * struct jobs - a ring of jobs, oldest at @head
 *
 * jobs.c's own; the others of this direction count them.
 *
 * @size:     places in the ring
 * @count:    jobs in use
 * @expanded: @ring has its full size
 */
struct jobs {
	struct cjob **ring;
	unsigned int size, head, count;
	bool expanded;
};

/* A header as the caller wants it; header.c's own. */
struct own_header {
	uint8_t *bytes;
	size_t len;
	uint32_t mtime;
};

/*
 * struct source - where the session reads from by itself, source.c's own
 *
 * @from:    nowhere if @from.read is NULL
 * @size:    as far as workers may read ahead
 * @error:   to report after all output before it
 * @end_sum: of the last piece handed out: struct wd_work
 */
struct source {
	struct wd_source from;
	uint64_t size;
	int error;
	uint32_t end_sum;
};

/*
 * struct compressor
 *
 * Of compress.c, which hands out, fill.c, which takes input, and source.c,
 * which brings it; the rest of the session looks at nothing but the functions
 * below.
 *
 * @sized:        how members tell their sizes, or NULL
 * @joins:        chunks may refer to those before
 * @held:         full; not yet known whether it is the last
 * @before:       the last job that input was put in
 * @begun:        input has come
 * @finish_later: an empty last chunk still needs a job
 * @ended:        the last piece was handed out
 * @parted:       nothing may refer to the chunk sent last
 * @eof_member:   what comes after sized members is still to come
 * @roll:         rolling hash, for cuts that the content chooses
 * @sum, @sum_len: of the pieces handed out
 */
struct compressor {
	struct jobs jobs;
	struct own_header header;
	struct source source;
	struct preset preset;
	const struct wd_sized *sized;
	bool joins;
	size_t chunk;
	struct cjob *held;
	struct cjob *before;
	bool begun;
	bool input_done;
	bool finish_later;
	bool ended;
	bool any_sent;
	bool parted;
	bool eof_member;
	uint64_t in_total;
	uint64_t roll;
	uint32_t sum;
	uint64_t sum_len;
};

int compress_init(struct wd_comp_sess *s);
void compress_exit(struct wd_comp_sess *s);
void compress_reset(struct wd_comp_sess *s);
int compress_get_output(struct wd_comp_sess *s, const void **data, size_t *len,
			int timeout_ms);
void compress_put_output(struct wd_comp_sess *s);

/* There is more than CHUNK_AFFORDED_MIN to come: decide how large chunks may
 * be. */
void compress_settle(struct wd_comp_sess *s);
size_t compress_bound(const struct wd_comp_sess *s, size_t in_len);

/* What the stream's first chunk may refer to; its memory is taken over. */
void compress_set_preset(struct wd_comp_sess *s, const struct preset *preset);

/* The stream has come to its end, and all of it was handed out. */
bool compress_is_over(const struct wd_comp_sess *s);

static inline const struct wd_sized *
compress_sized(const struct wd_comp_sess *s)
{
	return s->comp->sized;
}

static inline bool compress_joins(const struct wd_comp_sess *s)
{
	return s->comp->joins;
}

/* ---- header.c ---- */

size_t header_write(const struct wd_comp_sess *s, uint8_t *p,
		    size_t deflate_len, size_t in_len);
size_t header_size(const struct wd_comp_sess *s);

#endif
