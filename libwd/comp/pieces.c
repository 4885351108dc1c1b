/* SPDX-License-Identifier: MIT */
/*
 * Pieces of compressed input, the blocks they lie in, and memory to decode them
 * to.
 */
#include <stdlib.h>
#include <string.h>

#include "pieces.h"

/* ---- blocks ---- */

static void free_block(struct in_block *b)
{
	if (!b)
		return;
	wd_free_bulk(b->data, b->cap);
	free(b);
}

void block_put(struct pieces *ps, struct in_block *b)
{
	if (!b || --b->refs)
		return;
	/* Keep ordinary ones, as touching new memory is slow. */
	if (b->cap != BLOCK_SIZE) {
		free_block(b);
		return;
	}
	b->next = ps->spare_block;
	ps->spare_block = b;
}

struct in_block *block_get(struct pieces *ps, size_t cap)
{
	struct in_block *b = ps->spare_block;

	if (b && cap == BLOCK_SIZE) {
		ps->spare_block = b->next;
	} else {
		b = calloc(1, sizeof(*b));
		if (!b)
			return NULL;
		b->cap = cap;
		b->data = wd_alloc_bulk(b->cap);
		if (!b->data) {
			free(b);
			return NULL;
		}
	}
	b->next = NULL;
	b->len = 0;
	b->refs = 1;
	return b;
}

/* ---- workspaces ---- */

struct workspace *workspace_get(struct pieces *ps)
{
	struct workspace *ws = ps->spare_workspace;

	if (ws) {
		ps->spare_workspace = ws->next;
		return ws;
	}
	ws = calloc(1, sizeof(*ws));
	if (ws && wd_inflate_init(&ws->inf)) {
		free(ws);
		return NULL;
	}
	return ws;
}

static void put_workspace(struct pieces *ps, struct workspace *ws)
{
	if (!ws)
		return;
	/* From when chunks turned out to be larger it is only in the way. */
	if (ps->out_guess > CHUNK_OUT_FIRST && ws->out_cap < ps->out_guess) {
		wd_free_bulk(ws->out, ws->out_cap);
		ws->out = NULL;
		ws->out_cap = 0;
	}
	ws->next = ps->spare_workspace;
	ps->spare_workspace = ws;
}

static void free_workspaces(struct pieces *ps)
{
	while (ps->spare_workspace) {
		struct workspace *ws = ps->spare_workspace;

		ps->spare_workspace = ws->next;
		wd_inflate_exit(&ws->inf);
		wd_free_bulk(ws->out, ws->out_cap);
		free(ws);
	}
}

/* ---- pieces ---- */

static void put_piece(struct pieces *ps, struct piece *p)
{
	block_put(ps, p->block);
	put_workspace(ps, p->ws);
	free(p);
	ps->count--;
}

void pieces_reset(struct pieces *ps)
{
	while (ps->first) {
		struct piece *p = ps->first;

		ps->first = p->next;
		put_piece(ps, p);
	}
	ps->last = NULL;
	ps->lent = NULL;
	ps->ahead = 0;
	ps->sent = 0;
	ps->distrust = 0;
	ps->left = 0;
	ps->serial_left = 0;
	ps->out_guess = CHUNK_OUT_FIRST;
}

void pieces_exit(struct pieces *ps)
{
	pieces_reset(ps);
	free_workspaces(ps);
	while (ps->spare_block) {
		struct in_block *b = ps->spare_block;

		ps->spare_block = b->next;
		free_block(b);
	}
}

int pieces_add(struct pieces *ps, struct in_block *b, size_t off, size_t len,
	       enum piece_kind kind, size_t out_want)
{
	struct piece *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->block = b;
	p->block->refs++;
	p->off = off;
	p->len = len;
	p->kind = kind;
	p->out_want = out_want;
	if (ps->last)
		ps->last->next = p;
	else
		ps->first = p;
	ps->last = p;
	ps->count++;
	ps->left += len;
	if (kind == PIECE_SERIAL)
		ps->serial_left += len;
	else
		ps->ahead++;
	return 0;
}

void piece_use(struct pieces *ps, struct piece *p, size_t n)
{
	p->used += n;
	ps->left -= n;
	if (p->kind == PIECE_SERIAL)
		ps->serial_left -= n;
}

void piece_make_serial(struct pieces *ps, struct piece *p)
{
	if (p->kind == PIECE_SERIAL)
		return;
	ps->ahead--;
	p->kind = PIECE_SERIAL;
	ps->serial_left += piece_left(p);
	if (p->sent)
		ps->sent--;
}

/* A worker may still write to a piece whose guess was wrong; it is kept. */
struct piece *pieces_next(struct pieces *ps)
{
	struct piece *p = ps->first;

	while (p && !piece_left(p) && p != ps->lent && !p->busy &&
	       p->kind == PIECE_SERIAL) {
		ps->first = p->next;
		if (!ps->first)
			ps->last = NULL;
		put_piece(ps, p);
		p = ps->first;
	}
	while (p && !piece_left(p) && p->kind == PIECE_SERIAL)
		p = p->next;
	return p;
}

size_t pieces_rest(const struct pieces *ps, uint8_t *to)
{
	size_t n = 0;

	for (const struct piece *p = ps->first; p; p = p->next) {
		if (to)
			memcpy(to + n, piece_data(p), piece_left(p));
		n += piece_left(p);
	}
	return n;
}
