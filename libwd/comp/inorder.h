/* SPDX-License-Identifier: MIT */
/*
 * Decoding strictly in order: one member's data after the other, to buffers of
 * its own.  Who does the work, and when, is the caller's business.
 */
#ifndef WD_INORDER_H
#define WD_INORDER_H

#include "../codec/codec.h"
#include "../sched/sched.h"
#include "framing.h"

#define INORDER_BUFS 2			/* one handed out, one being filled */

/* A buffer with less counts as full. */
#define INORDER_ROOM ((size_t)64 << 10)

struct preset;

/* @summed: bytes of @fill that are in the checksum */
struct out_buf {
	uint8_t *data;
	size_t cap;
	size_t fill;
	size_t summed;
};

/*
 * struct inorder
 *
 * inorder.c's own; decompress.c looks at the decoder, at @more and @content,
 * and sends @item.
 *
 * @inf:          of the current member
 * @small_in:     bytes decoded as streams of few bytes
 * @more:         it has output that did not fit
 * @knows_little: it does not know all of the window
 * @window:       of the output, its last bytes
 * @content:      of the member; the checksum lacks what is in @bufs and
 * @unsummed
 * @item, @req:   what is asked of a worker
 * @asked:        sent, and what it brought not yet taken
 * @in_flight:    not yet back
 * @stream:       what a device decodes, of the current member
 * @device:       the lane that does, open for the @turn-th time; NULL: @inf does it
 * @asked_last:   it was asked what there still is, when no input was left
 * @filling:      which of @bufs
 * @unsummed:     handed out, and not in the checksum
 */
struct inorder {
	enum wd_comp_format format;
	struct wd_inflate inf;
	size_t small_in;
	bool more;
	bool knows_little;
	uint8_t *window;
	size_t window_len;
	struct content content;
	struct sched_item item;
	struct wd_comp_req req;
	bool asked;
	bool in_flight;
	struct wd_stateful stream;
	struct lane *device;
	unsigned int turn;
	bool asked_last;
	struct out_buf bufs[INORDER_BUFS];
	unsigned int filling;
	const uint8_t *unsummed;
	size_t unsummed_len;
};

/* Returns 0 or -ENOMEM. */
int inorder_init(struct inorder *o, enum wd_comp_format format);
void inorder_exit(struct inorder *o);
void inorder_reset(struct inorder *o);

/*
 * inorder_begin() - a member's data begins
 * @left:   input there is, if no more will come, or SIZE_MAX
 * @preset: what comes before it, or NULL
 *
 * Returns 0 or -ENOMEM.
 */
int inorder_begin(struct inorder *o, size_t left, const struct preset *preset);

/*
 * Make @item a request for these bytes; none if only what the decoder holds is
 * to come out.  @big: with a large buffer.  Returns 0 or -ENOMEM.
 */
int inorder_ask(struct inorder *o, const uint8_t *in, size_t len, bool big);

/* From now on @lane decodes the member, of which nothing has been decoded. */
void inorder_use_device(struct inorder *o, struct lane *lane);

/* It was done: count its output. */
void inorder_take(struct inorder *o);

/* Go on where the output of a chunk ended, which others decoded. */
void inorder_accept(struct inorder *o, struct wd_inflate *inf,
		    const struct wd_comp_req *req, bool stuck);

/* The decoder goes on by itself: at a marker it may need the window. */
int inorder_resume(struct inorder *o);

/*
 * Bring the checksum up to what was decoded.  This is done here, and late,
 * while a worker goes on decoding.
 */
void inorder_settle_sum(struct inorder *o);

/* Hand out what there is, until the next time. */
void inorder_lend(struct inorder *o, const void **data, size_t *len);

static inline size_t inorder_filled(const struct inorder *o)
{
	return o->bufs[o->filling].fill;
}

static inline bool inorder_is_full(const struct inorder *o)
{
	const struct out_buf *b = &o->bufs[o->filling];

	return b->fill > b->cap - INORDER_ROOM;
}

#endif
