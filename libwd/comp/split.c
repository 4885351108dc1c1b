/* SPDX-License-Identifier: MIT */
/*
 * Cutting compressed input into pieces, and sending them ahead of their turn.
 *
 * Pieces that may be decoded ahead end at chunk markers, or hold whole members
 * whose headers tell their sizes.  Both are guesses: decompress.c decides.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec/splice.h"
#include "pieces.h"

#define KIB		((size_t)1024)
#define MIB		(1024 * KIB)

#define QUEUE_MIN	(64 * KIB)	/* fewer bytes are not worth a thread */
#define BLOCK_SIZE	(2 * MIB)	/* a large page */
#define BLOCK_FIRST	(256 * KIB)	/* the first one, if there may be little input */
#define READ_MAX	(1 * MIB)	/* so that there is not much more than enough */
#define BLOCK_ROOM_MIN	(16 * KIB)	/* a block with less room counts as full */
#define SERIAL_IN	(512 * KIB)	/* a piece to be decoded in order */
#define SERIAL_QUEUED	(2 * MIB)	/* and as many bytes of them at most */
#define CHUNK_IN_MIN	(4 * KIB)	/* less would cost more than it decodes */
#define CHUNK_IN_DOUBT	(64 * KIB)	/* the same while guesses are wrong */
#define CHUNK_IN_MAX	(4 * MIB + 64 * KIB)
#define CHUNK_OUT_FIRST	(2 * MIB + 64 * KIB)	/* a little more than wdzip's chunks */
#define MEMBERS_IN	(256 * KIB)	/* small members share a piece */
#define MEMBERS_OUT	(1 * MIB)
#define HEADER_IN_MAX	(128 * KIB)	/* a longer one tells no size */
#define QUEUED_PER_WORKER	(3 * MIB / 2)
#define DISTRUST_MAX	4		/* wrong guesses in a row */

/* ---- blocks ---- */

static void free_block(struct in_block *b)
{
	if (!b)
		return;
	wd_free_bulk(b->data, b->cap);
	free(b);
}

static void put_block(struct decompressor *d, struct in_block *b)
{
	if (!b || --b->refs)
		return;
	/* Keep ordinary ones, as touching new memory is slow. */
	if (b->cap != BLOCK_SIZE) {
		free_block(b);
		return;
	}
	b->next = d->spare_block;
	d->spare_block = b;
}

static struct in_block *get_block(struct decompressor *d, size_t cap)
{
	struct in_block *b = d->spare_block;

	if (b && cap == BLOCK_SIZE) {
		d->spare_block = b->next;
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

/* Bytes of the next block, of which @pending are taken. */
static size_t block_size(const struct wd_comp_sess *s, size_t pending)
{
	uint64_t hint = s->setup.size_hint;
	bool little = hint < BLOCK_SIZE || hint == WD_COMP_SIZE_UNKNOWN;

	if (!s->decomp->block && !s->decomp->spare_block && little)
		return wd_min(BLOCK_FIRST, hint + BLOCK_ROOM_MIN);
	return wd_max(2 * pending, BLOCK_SIZE);
}

/* A block with room, beginning with the bytes that are in no piece yet. */
static int fresh_block(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	struct in_block *old = d->block;
	size_t pending = old ? old->len - d->cut : 0;
	struct in_block *b = get_block(d, block_size(s, pending));

	if (!b)
		return -ENOMEM;
	if (pending)
		memcpy(b->data, old->data + d->cut, pending);
	b->len = pending;
	d->scanned = d->scanned > d->cut ? d->scanned - d->cut : 0;
	d->cut = 0;
	d->block = b;
	put_block(d, old);
	return 0;
}

/* ---- pieces ---- */

static struct workspace *get_workspace(struct decompressor *d)
{
	struct workspace *ws = d->spare_ws;

	if (ws) {
		d->spare_ws = ws->next;
		return ws;
	}
	ws = calloc(1, sizeof(*ws));
	if (ws && wd_inflate_init(&ws->inf)) {
		free(ws);
		return NULL;
	}
	return ws;
}

static void put_workspace(struct decompressor *d, struct workspace *ws)
{
	if (!ws)
		return;
	/* From when chunks turned out to be larger it is only in the way. */
	if (d->out_guess > CHUNK_OUT_FIRST && ws->out_cap < d->out_guess) {
		wd_free_bulk(ws->out, ws->out_cap);
		ws->out = NULL;
		ws->out_cap = 0;
	}
	ws->next = d->spare_ws;
	d->spare_ws = ws;
}

static void free_workspaces(struct decompressor *d)
{
	while (d->spare_ws) {
		struct workspace *ws = d->spare_ws;

		d->spare_ws = ws->next;
		wd_inflate_exit(&ws->inf);
		wd_free_bulk(ws->out, ws->out_cap);
		free(ws);
	}
}

static void put_piece(struct decompressor *d, struct piece *p)
{
	put_block(d, p->block);
	put_workspace(d, p->ws);
	free(p);
	d->npieces--;
}

void pieces_exit(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	pieces_reset(s);
	free_workspaces(d);
	put_block(d, d->block);
	d->block = NULL;
	while (d->spare_block) {
		struct in_block *b = d->spare_block;

		d->spare_block = b->next;
		free_block(b);
	}
}

/* Nothing is in flight any more. */
void pieces_reset(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	while (d->first) {
		struct piece *p = d->first;

		d->first = p->next;
		put_piece(d, p);
	}
	d->last = NULL;
	d->nspec = 0;
	d->nsent = 0;
	d->distrust = 0;
	d->queued = 0;
	d->serial_queued = 0;
	d->out_guess = CHUNK_OUT_FIRST;
	d->cut = 0;
	d->scanned = 0;
	d->at_marker = false;
	d->at_member = s->setup.format == WD_COMP_GZIP;
	d->input_done = false;
	d->sync = false;
	d->members_need = 0;
	if (d->block)
		d->block->len = 0;
}

/* The first @len bytes that are in no piece yet become one. */
static int cut_piece(struct decompressor *d, size_t len, enum piece_kind kind,
		     size_t out_want)
{
	struct piece *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->block = d->block;
	p->block->refs++;
	p->off = d->cut;
	p->len = len;
	p->kind = kind;
	p->out_want = out_want;
	if (d->last)
		d->last->next = p;
	else
		d->first = p;
	d->last = p;
	d->npieces++;
	d->members_need = 0;
	d->cut += len;
	d->queued += len;
	if (kind == PIECE_SERIAL)
		d->serial_queued += len;
	else
		d->nspec++;
	return 0;
}

void piece_use(struct decompressor *d, struct piece *p, size_t n)
{
	p->used += n;
	d->pos += n;
	d->queued -= n;
	if (p->kind == PIECE_SERIAL)
		d->serial_queued -= n;
}

void piece_make_serial(struct decompressor *d, struct piece *p)
{
	if (p->kind == PIECE_SERIAL)
		return;
	d->nspec--;
	p->kind = PIECE_SERIAL;
	d->serial_queued += piece_left(p);
	if (p->sent)
		d->nsent--;
}

/* A worker may still write to a piece whose guess was wrong; it is kept. */
struct piece *piece_next(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	struct piece *p = d->first;

	while (p && !piece_left(p) && p != d->lent && !p->busy &&
	       p->kind == PIECE_SERIAL) {
		d->first = p->next;
		if (!d->first)
			d->last = NULL;
		put_piece(d, p);
		p = d->first;
	}
	while (p && !piece_left(p) && p->kind == PIECE_SERIAL)
		p = p->next;
	return p;
}

size_t pieces_rest(const struct wd_comp_sess *s, uint8_t *to)
{
	const struct decompressor *d = s->decomp;
	size_t n = 0;

	for (const struct piece *p = d->first; p; p = p->next) {
		if (to)
			memcpy(to + n, piece_data(p), piece_left(p));
		n += piece_left(p);
	}
	if (!d->block)
		return n;
	if (to)
		memcpy(to + n, d->block->data + d->cut, d->block->len - d->cut);
	return n + d->block->len - d->cut;
}

/* ---- where to cut ---- */

static const uint8_t *pending(const struct decompressor *d)
{
	return d->block->data + d->cut;
}

static size_t pending_len(const struct decompressor *d)
{
	return d->block ? d->block->len - d->cut : 0;
}

/*
 * Whole members at the beginning of what is pending.  Returns their bytes, 0 if
 * there are none; *@need: with so much pending there may be more, 0 if not.
 */
static size_t whole_members(const struct decompressor *d, size_t *out, size_t *need)
{
	const uint8_t *p = pending(d);
	size_t len = pending_len(d);
	size_t n = 0;

	*out = 0;
	*need = 0;
	while (n < MEMBERS_IN && *out < MEMBERS_OUT) {
		struct wd_member m;
		int ret = wd_member_parse(p + n, len - n, &m);
		size_t isize;

		if (!ret && len - n < HEADER_IN_MAX)
			*need = n + 2 * (len - n) + 1;
		if (ret != 1 || m.size < m.header_len + 8 || m.size > CHUNK_IN_MAX)
			break;
		if (m.size > len - n) {
			*need = n + m.size;
			break;
		}
		isize = wd_member_length(p + n, m.size);
		if (isize > CHUNK_OUT_MAX - *out)
			break;
		*out += isize;
		n += m.size;
	}
	/* Do not let small ones wait for a large one. */
	if (n && *need > n + MEMBERS_IN)
		*need = 0;
	return n;
}

/*
 * Where a member's data begins, a chunk may begin as well as behind a marker.
 * Without a marker at its end it would only be in the way.
 */
static int split_header(struct decompressor *d)
{
	struct wd_member m;
	int ret;

	if (wd_member_parse(pending(d), pending_len(d), &m) != 1 ||
	    m.header_len >= pending_len(d) ||
	    !wd_splice_find_marker(pending(d) + m.header_len,
				   pending_len(d) - m.header_len))
		return 1;
	ret = cut_piece(d, m.header_len, PIECE_SERIAL, 0);
	d->at_marker = true;
	return ret ? ret : 1;
}

/* Returns 1 if a piece was cut, 0 if more input is needed. */
static int split_members(struct decompressor *d, bool force)
{
	size_t out, n;
	int ret;

	/* What is known to be incomplete is not looked at with every byte. */
	if (pending_len(d) < d->members_need && !force)
		return 0;
	n = whole_members(d, &out, &d->members_need);
	if (d->members_need && !force)
		return 0;
	if (n) {
		ret = cut_piece(d, n, PIECE_MEMBERS, out);
		return ret ? ret : 1;
	}
	d->members_need = 0;
	d->at_member = false;
	d->scanned = d->cut;
	return split_header(d);
}

/* The end of the next marker worth cutting at, or 0. */
static size_t next_marker(struct decompressor *d)
{
	const uint8_t *base = d->block->data;
	size_t end = d->block->len;
	size_t min = d->distrust < DISTRUST_MAX ? CHUNK_IN_MIN : CHUNK_IN_DOUBT;

	for (;;) {
		size_t from = wd_max(d->scanned, d->cut);
		const uint8_t *hit = wd_splice_find_marker(base + from, end - from);

		if (!hit) {
			/* A marker may have begun. */
			if (end - from >= WD_SPLICE_MARKER_LEN)
				d->scanned = end - (WD_SPLICE_MARKER_LEN - 1);
			return 0;
		}
		d->scanned = (size_t)(hit - base);
		if (!d->at_marker || d->scanned - d->cut >= min)
			return d->scanned;
	}
}

static int split_chunks(struct decompressor *d, bool force)
{
	enum piece_kind kind = d->at_marker ? PIECE_CHUNK : PIECE_SERIAL;
	size_t max = d->at_marker ? CHUNK_IN_MAX : SERIAL_IN;
	size_t marker = next_marker(d);
	size_t n = pending_len(d);
	int ret;

	if (marker) {
		ret = cut_piece(d, marker - d->cut, kind, 0);
		d->at_marker = true;
		return ret ? ret : 1;
	}
	if (n < max && !force)
		return 0;
	if (!force)
		n -= WD_SPLICE_MARKER_LEN - 1;
	/* Without its end a chunk is cheap to decode in order if asked to hurry. */
	if (d->sync)
		kind = PIECE_SERIAL;
	ret = cut_piece(d, n, kind, 0);
	d->at_marker = false;
	return ret ? ret : 1;
}

static int split(struct decompressor *d)
{
	bool force = d->input_done || d->sync;

	while (pending_len(d)) {
		int ret = d->at_member ? split_members(d, force) :
					 split_chunks(d, force);

		if (ret <= 0)
			return ret;
	}
	return 0;
}

/* ---- input ---- */

static size_t queued_max(const struct wd_comp_sess *s)
{
	return (sched_width(&s->sched) + 1) * QUEUED_PER_WORKER;
}

/* Each takes memory for its output, from when it is sent until it was used. */
static unsigned int sent_max(const struct wd_comp_sess *s)
{
	unsigned int width = sched_width(&s->sched);
	size_t n = (width + 3) * CHUNK_OUT_FIRST / s->decomp->out_guess;

	return (unsigned int)wd_max(wd_min(n, width + 3), width + 1);
}

static bool enough_input(const struct wd_comp_sess *s)
{
	const struct decompressor *d = s->decomp;

	return d->nspec >= sent_max(s) || d->queued >= queued_max(s) ||
	       d->serial_queued >= SERIAL_QUEUED;
}

int decompress_get_input(struct wd_comp_sess *s, void **buf, size_t *room)
{
	struct decompressor *d = s->decomp;

	if (d->input_done || d->state == DEC_END || d->pending)
		return -EINVAL;
	if (enough_input(s))
		return -EAGAIN;
	if (!d->block || d->block->cap - d->block->len < BLOCK_ROOM_MIN) {
		int ret = fresh_block(s);

		if (ret)
			return ret;
	}
	*buf = d->block->data + d->block->len;
	*room = wd_min(d->block->cap - d->block->len, READ_MAX);
	return 0;
}

int decompress_put_input(struct wd_comp_sess *s, size_t len, enum wd_comp_flush flush)
{
	struct decompressor *d = s->decomp;
	int ret;

	if (d->state == DEC_END || d->pending)
		return len ? -EINVAL : 0;
	if (len && (d->input_done || len > d->block->cap - d->block->len))
		return -EINVAL;
	if (len) {
		d->block->len += len;
		d->sync = false;
	}
	if (flush == WD_COMP_SYNC_FLUSH)
		d->sync = true;
	if (flush == WD_COMP_FINISH)
		d->input_done = true;
	ret = split(d);
	if (ret < 0)
		return ret;
	pieces_dispatch(s);
	return 0;
}

/* ---- ahead of their turn ---- */

static int prepare(struct wd_comp_sess *s, struct piece *p)
{
	struct wd_comp_req *req = &p->req;
	size_t cap = p->kind == PIECE_CHUNK
			     ? s->decomp->out_guess + WD_CHUNK_ROOM
			     : p->out_want + 1;

	if (!p->ws)
		p->ws = get_workspace(s->decomp);
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
	memset(&p->item, 0, sizeof(p->item));
	if (p->kind == PIECE_MEMBERS)
		p->item.work = wd_work_members(req);
	else
		p->item.work = wd_work_chunk(req, &p->ws->inf);
	return 0;
}

/* Without memory, or a queue, everything is decoded in order. */
static bool send_piece(struct wd_comp_sess *s, struct piece *p)
{
	if (sess_open(s) || sched_width(&s->sched) == 1 || prepare(s, p) ||
	    sess_send(s, &p->item)) {
		piece_make_serial(s->decomp, p);
		return false;
	}
	p->sent = true;
	p->busy = true;
	s->decomp->nsent++;
	return true;
}

void pieces_dispatch(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	bool sent = false;

	if (!d->nspec || d->distrust >= DISTRUST_MAX)
		return;
	/* Little input is decoded faster than threads are started. */
	if (!sched_is_open(&s->sched) && !sched_on_device(&s->sched) &&
	    d->queued < QUEUE_MIN)
		return;
	for (struct piece *p = d->first; p; p = p->next) {
		if (!piece_is_ahead(p) || p->sent)
			continue;
		if (sched_is_open(&s->sched) &&
		    (s->sched.in_flight >= sched_width(&s->sched) + 1 ||
		     d->nsent >= sent_max(s)))
			break;
		sent |= send_piece(s, p);
	}
	if (sent)
		sched_flush(&s->sched);
}
