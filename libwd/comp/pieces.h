/* SPDX-License-Identifier: MIT */
/*
 * Pieces: compressed input in the order it came, cut where decoding may begin.
 *
 * split.c makes them, ahead.c sends those worth it ahead; decompress.c uses
 * them up.
 */
#ifndef WD_PIECES_H
#define WD_PIECES_H

#include "../codec/codec.h"
#include "../sched/sched.h"

/* Bytes; what a chunk decodes to beyond that is decoded in order. */
#define CHUNK_OUT_MAX	(((size_t)4 << 20) + (64 << 10))

/* A little more than wdzip's chunks. */
#define CHUNK_OUT_FIRST (((size_t)2 << 20) + (64 << 10))

#define BLOCK_SIZE   ((size_t)2 << 20)	 /* a large page */
#define DISTRUST_MAX 4			 /* wrong guesses in a row */

enum piece_kind {
	PIECE_SERIAL,		/* only to be decoded in order */
	PIECE_CHUNK,		/* begins after a marker */
	PIECE_MEMBERS,		/* whole members, as their headers claim */
};

struct in_block {
	struct in_block *next;
	uint8_t *data;
	size_t cap, len;
	unsigned int refs;	/* pieces in it, and one while it is filled */
};

/*
 * @item comes first: the scheduler gives it back.
 * Its users: ahead.c while it is sent, decompress.c when its turn comes.
 */
struct piece {
	struct sched_item item;
	struct piece *next;
	struct in_block *block;
	size_t off, len;
	size_t used;
	enum piece_kind kind;
	bool sent;		/* to the scheduler */
	bool busy;		/* and not yet back */
	struct wd_comp_req req;
	struct workspace *ws;	/* while it is needed */
	size_t out_want;	/* bytes of output, as the members claim */
};

/* What decoding ahead takes; as many as pieces are in flight, and one more. */
struct workspace {
	struct workspace *next;
	struct wd_inflate inf;
	uint8_t *out;
	size_t out_cap;
};

/*
 * struct pieces - all there are, and memory for more
 *
 * pieces.c's own; split.c, ahead.c and decompress.c read it, and judge
 * (@distrust,
 * @out_guess, @sent, @lent).
 *
 * @ahead:       of @count, worth decoding ahead
 * @sent:        of those, sent and not yet accepted
 * @distrust:    rejected in a row
 * @left:        bytes in them that were not used
 * @serial_left: of these, in pieces to decode in order
 * @out_guess:   bytes a chunk decodes to
 * @lent:        whose output was handed out
 */
struct pieces {
	struct piece *first, *last;
	struct piece *lent;
	unsigned int count;
	unsigned int ahead;
	unsigned int sent;
	unsigned int distrust;
	size_t left;
	size_t serial_left;
	size_t out_guess;
	struct in_block *spare_block;
	struct workspace *spare_workspace;
};

static inline const uint8_t *piece_data(const struct piece *p)
{
	return p->block->data + p->off + p->used;
}

static inline size_t piece_left(const struct piece *p)
{
	return p->len - p->used;
}

static inline bool piece_is_ahead(const struct piece *p)
{
	return p->kind != PIECE_SERIAL;
}

/* Nothing is in flight any more. */
void pieces_reset(struct pieces *ps);
void pieces_exit(struct pieces *ps);

/* A block with room for @cap bytes, NULL without memory; and let go of one. */
struct in_block *block_get(struct pieces *ps, size_t cap);
void block_put(struct pieces *ps, struct in_block *b);

/* Memory to decode to, NULL if there is none; it goes back with the piece. */
struct workspace *workspace_get(struct pieces *ps);

/* @len bytes of @b from @off become the last piece.  Returns 0 or -ENOMEM. */
int pieces_add(struct pieces *ps, struct in_block *b, size_t off, size_t len,
	       enum piece_kind kind, size_t out_want);

/* The first piece with bytes left, or NULL; lets go of those before it. */
struct piece *pieces_next(struct pieces *ps);

/* @n bytes of @p were used. */
void piece_use(struct pieces *ps, struct piece *p, size_t n);

/* From now on @p is decoded in order; what was decoded ahead is not wanted. */
void piece_make_serial(struct pieces *ps, struct piece *p);

/* Copy all bytes that were not used to @to, if given; returns how many. */
size_t pieces_rest(const struct pieces *ps, uint8_t *to);

#endif
