/* SPDX-License-Identifier: MIT */
/*
 * Pieces: compressed input in the order it came, cut where decoding may begin.
 *
 * split.c makes them and sends those worth it ahead; decompress.c uses them up.
 */
#ifndef WD_PIECES_H
#define WD_PIECES_H

#include "session.h"

/* Bytes; what a chunk decodes to beyond that is decoded in order. */
#define CHUNK_OUT_MAX	(((size_t)4 << 20) + (64 << 10))

enum piece_kind {
	PIECE_SERIAL,		/* only to be decoded in order */
	PIECE_CHUNK,		/* begins behind a marker */
	PIECE_MEMBERS,		/* whole members, as their headers claim */
};

struct in_block {
	struct in_block *next;
	uint8_t *data;
	size_t cap, len;
	unsigned int refs;	/* pieces in it, and one while it is filled */
};

/* @item comes first: the scheduler gives it back. */
struct piece {
	struct sched_item item;
	struct piece *next;
	struct in_block *block;
	size_t off, len;
	size_t used;
	enum piece_kind kind;
	bool sent;		/* to the queue */
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

void pieces_exit(struct wd_comp_sess *s);
void pieces_reset(struct wd_comp_sess *s);

/* The first piece with bytes left, or NULL; lets go of those before it. */
struct piece *piece_next(struct wd_comp_sess *s);

/* @n bytes of @p were used. */
void piece_use(struct decompressor *d, struct piece *p, size_t n);

/* From now on @p is decoded in order; what was decoded ahead is not wanted. */
void piece_make_serial(struct decompressor *d, struct piece *p);

/* Send ahead what is worth it and has not been sent. */
void pieces_dispatch(struct wd_comp_sess *s);

/* Copy all input that was not used to @to, if given; returns its bytes. */
size_t pieces_rest(const struct wd_comp_sess *s, uint8_t *to);

#endif
