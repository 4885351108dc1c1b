/* SPDX-License-Identifier: MIT */
/*
 * Sending pieces ahead of their turn, and whether what comes back counts.
 */
#include <string.h>

#include "ahead.h"
#include "decompress.h"

#define QUEUE_MIN ((size_t)64 << 10) /* fewer bytes are not worth a thread */
#define SHORT_IN                                                               \
	((size_t)8 << 10) /* a piece that may be a thousand times as long */

/* Each takes memory for its output, from when it is sent until it was used. */
unsigned int ahead_max(const struct wd_comp_sess *s)
{
	unsigned int width = sched_width(&s->sched);
	size_t n = (width + 3) * CHUNK_OUT_FIRST / s->decomp->pieces.out_guess;

	return (unsigned int)wd_max(wd_min(n, width + 3), width + 1);
}

/*
 * A device does all of a piece or nothing, and what came to so few bytes was compressed
 * very far.
 */
static size_t room_for(const struct wd_comp_sess *s, const struct piece *p)
{
	if (p->kind != PIECE_CHUNK)
		return p->out_want + 1;
	if (piece_left(p) < SHORT_IN && sched_on_device(&s->sched))
		return CHUNK_OUT_MAX + WD_CHUNK_ROOM;
	return s->decomp->pieces.out_guess + WD_CHUNK_ROOM;
}

/* @leave of a piece's item. */
static bool leave_output(struct sched_item *item)
{
	struct piece *p = (struct piece *)item;

	p->ws->out = wd_alloc_bulk(p->ws->out_cap);
	if (!p->ws->out)
		p->ws->out_cap = 0;
	p->req.out = p->ws->out;
	p->req.out_cap = p->ws->out_cap;
	return p->ws->out;
}

static int prepare(struct wd_comp_sess *s, struct piece *p)
{
	struct wd_comp_req *req = &p->req;
	size_t cap = room_for(s, p);

	if (!p->ws)
		p->ws = workspace_get(&s->decomp->pieces);
	if (!p->ws)
		return -ENOMEM;
	if (p->ws->out_cap < cap) {
		wd_free_bulk(p->ws->out, p->ws->out_cap);
		p->ws->out_cap = 0;
		p->ws->out = wd_alloc_bulk(cap);
		if (!p->ws->out)
			return -ENOMEM;
		p->ws->out_cap = cap;
	}
	memset(req, 0, sizeof(*req));
	req->in = piece_data(p);
	req->in_len = piece_left(p);
	req->out = p->ws->out;
	req->out_cap = p->ws->out_cap;
	req->format = s->setup.format;
	if (p->kind == PIECE_MEMBERS)
		sess_item(&p->item, wd_work_members(req));
	else
		sess_item(&p->item, wd_work_chunk(req, &p->ws->inf));
	p->item.leave = leave_output;
	return 0;
}

/* Without memory, or a queue, everything is decoded in order. */
static bool send_piece(struct wd_comp_sess *s, struct piece *p)
{
	if (sess_open(s) || sched_width(&s->sched) == 1 || prepare(s, p) ||
	    sess_send(s, &p->item)) {
		piece_make_serial(&s->decomp->pieces, p);
		return false;
	}
	p->sent = true;
	p->busy = true;
	s->decomp->pieces.sent++;
	return true;
}

void ahead_send(struct wd_comp_sess *s)
{
	struct pieces *ps = &s->decomp->pieces;
	bool sent = false;

	if (ps->distrust >= DISTRUST_MAX)
		return;
	/* Little input is decoded faster than threads are started. */
	if (!sched_is_open(&s->sched) && ps->left < QUEUE_MIN &&
	    sched_cpu_does(&s->sched, ps->left))
		return;
	for (struct piece *p = ps->first; p; p = p->next) {
		if (!piece_is_ahead(p) || p->sent)
			continue;
		if (sched_is_open(&s->sched) &&
		    (s->sched.in_flight >= sched_width(&s->sched) + 1 ||
		     ps->sent >= ahead_max(s)))
			break;
		sent |= send_piece(s, p);
	}
	if (sent)
		sched_flush(&s->sched);
}

/*
 * A decoder that went on from a marker knows no output from before it.  That is
 * all the same where it ended, where another chunk can begin, or if it has
 * filled a window of its own.
 */
static bool chunk_counts(const struct piece *p)
{
	return !p->req.status && (p->ws->inf.ended || p->ws->inf.boundary ||
				  p->req.produced >= WD_COMP_WINDOW_MAX);
}

bool ahead_counts(const struct piece *p)
{
	return p->kind == PIECE_CHUNK ? chunk_counts(p) : p->req.consumed > 0;
}
