/* SPDX-License-Identifier: MIT */
/*
 * Cutting compressed input into pieces.
 *
 * Pieces that may be decoded ahead end at chunk markers, or hold whole members
 * whose headers tell their sizes.  Both are guesses: decompress.c decides.
 */
#include <string.h>

#include "../codec/splice.h"
#include "../format/format.h"
#include "split.h"

#define KIB		((size_t)1024)
#define MIB		(1024 * KIB)

#define BLOCK_FIRST	(256 * KIB)	/* the first one, if there may be little input */
#define READ_MAX	(1 * MIB)	/* so that there is not much more than enough */
#define BLOCK_ROOM_MIN	(16 * KIB)	/* a block with less room counts as full */
#define SERIAL_IN	(512 * KIB)	/* a piece to be decoded in order */
#define SERIAL_QUEUED	(2 * MIB)	/* and as many bytes of them at most */
#define CHUNK_IN_MIN	(4 * KIB)	/* less would cost more than it decodes */
#define CHUNK_IN_DOUBT	(64 * KIB)	/* the same while guesses are wrong */
#define CHUNK_IN_MAX	  (4 * MIB + 64 * KIB)
#define MEMBERS_IN	(256 * KIB)	/* small members share a piece */
#define MEMBERS_OUT	(1 * MIB)
#define FIRST_IN	  (2 * MIB + 64 * KIB) /* as much may be the first chunk */
#define HEADER_IN_MAX	(128 * KIB)	/* a longer one tells no size */
#define QUEUED_PER_WORKER (3 * MIB / 2)

void split_reset(struct splitter *sp, bool sized)
{
	struct in_block *b = sp->block;

	memset(sp, 0, sizeof(*sp));
	sp->at_member = sized;
	sp->block = b;
	if (b)
		b->len = 0;
}

void split_exit(struct splitter *sp, struct pieces *ps)
{
	block_put(ps, sp->block);
	sp->block = NULL;
}

/* Bytes of the next block, of which @pending are taken. */
static size_t block_size(const struct splitter *sp, const struct pieces *ps,
			 uint64_t hint, size_t pending)
{
	bool first = !sp->block && !ps->spare_block;

	if (first && hint == WD_COMP_SIZE_UNKNOWN)
		return BLOCK_FIRST;
	if (first && hint < BLOCK_SIZE)
		return wd_min(BLOCK_FIRST, hint + BLOCK_ROOM_MIN);
	return wd_max(2 * pending, BLOCK_SIZE);
}

/* A block with room, beginning with the bytes that are in no piece yet. */
static int fresh_block(struct splitter *sp, struct pieces *ps, uint64_t hint)
{
	struct in_block *old = sp->block;
	size_t pending = old ? old->len - sp->cut : 0;
	struct in_block *b = block_get(ps, block_size(sp, ps, hint, pending));

	if (!b)
		return -ENOMEM;
	if (pending)
		memcpy(b->data, old->data + sp->cut, pending);
	b->len = pending;
	sp->scanned = sp->scanned > sp->cut ? sp->scanned - sp->cut : 0;
	sp->cut = 0;
	sp->block = b;
	block_put(ps, old);
	return 0;
}

/* ---- where to cut ---- */

static const uint8_t *pending(const struct splitter *sp)
{
	return sp->block->data + sp->cut;
}

static size_t pending_len(const struct splitter *sp)
{
	return sp->block ? sp->block->len - sp->cut : 0;
}

/* The first @len bytes that are in no piece yet become one. */
static int cut(struct splitter *sp, struct pieces *ps, size_t len,
	       enum piece_kind kind, size_t out_want)
{
	int ret = pieces_add(ps, sp->block, sp->cut, len, kind, out_want);

	if (ret)
		return ret;
	sp->members_need = 0;
	sp->cut += len;
	return 0;
}

/*
 * Whole members at the beginning of what is pending.  Returns their bytes, 0 if
 * there are none; *@need: with so much pending there may be more, 0 if not.
 */
static size_t whole_members(const struct splitter *sp, size_t *out,
			    size_t *need)
{
	const uint8_t *p = pending(sp);
	size_t len = pending_len(sp);
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
 * Where a member's data begins, a chunk may begin as well as after a marker.
 * Without a marker at its end it would only be in the way.
 */
static int split_header(struct splitter *sp, struct pieces *ps)
{
	struct wd_member m;
	int ret;

	if (wd_member_parse(pending(sp), pending_len(sp), &m) != 1 ||
	    m.header_len >= pending_len(sp) ||
	    !wd_splice_find_marker(pending(sp) + m.header_len,
				   pending_len(sp) - m.header_len))
		return 1;
	ret = cut(sp, ps, m.header_len, PIECE_SERIAL, 0);
	sp->at_marker = true;
	return ret ? ret : 1;
}

/* Returns 1 if a piece was cut, 0 if more input is needed. */
static int split_members(struct splitter *sp, struct pieces *ps, bool force)
{
	size_t out, n;
	int ret;

	/* What is known to be incomplete is not looked at with every byte. */
	if (pending_len(sp) < sp->members_need && !force)
		return 0;
	n = whole_members(sp, &out, &sp->members_need);
	if (sp->members_need && !force)
		return 0;
	if (n) {
		ret = cut(sp, ps, n, PIECE_MEMBERS, out);
		return ret ? ret : 1;
	}
	sp->members_need = 0;
	if (sp->patient && !force && pending_len(sp) < FIRST_IN &&
	    !wd_splice_find_marker(pending(sp), pending_len(sp))) {
		/* Not looked for with every byte. */
		sp->members_need = wd_min(2 * pending_len(sp), FIRST_IN);
		return 0;
	}
	sp->at_member = false;
	sp->scanned = sp->cut;
	return split_header(sp, ps);
}

/* The end of the next marker worth cutting at, or 0. */
static size_t next_marker(struct splitter *sp, struct pieces *ps)
{
	const uint8_t *base = sp->block->data;
	size_t end = sp->block->len;
	size_t min =
		ps->distrust < DISTRUST_MAX ? CHUNK_IN_MIN : CHUNK_IN_DOUBT;

	for (;;) {
		size_t from = wd_max(sp->scanned, sp->cut);
		const uint8_t *hit = wd_splice_find_marker(base + from, end - from);

		if (!hit) {
			/* A marker may have begun. */
			if (end - from >= WD_SPLICE_MARKER_LEN)
				sp->scanned = end - (WD_SPLICE_MARKER_LEN - 1);
			return 0;
		}
		sp->scanned = (size_t)(hit - base);
		if (!sp->at_marker || sp->scanned - sp->cut >= min)
			return sp->scanned;
	}
}

static int split_chunks(struct splitter *sp, struct pieces *ps, bool force)
{
	enum piece_kind kind = sp->at_marker ? PIECE_CHUNK : PIECE_SERIAL;
	size_t max = sp->at_marker ? CHUNK_IN_MAX : SERIAL_IN;
	size_t marker = next_marker(sp, ps);
	size_t n = pending_len(sp);
	int ret;

	if (marker) {
		ret = cut(sp, ps, marker - sp->cut, kind, 0);
		sp->at_marker = true;
		return ret ? ret : 1;
	}
	if (n < max && !force)
		return 0;
	if (!force)
		n -= WD_SPLICE_MARKER_LEN - 1;
	/* A device may have no room for more at a time. */
	if (!sp->at_marker)
		n = wd_min(n, SERIAL_IN);
	/* Without its end a chunk is cheap to decode in order if asked to hurry. */
	if (sp->sync)
		kind = PIECE_SERIAL;
	ret = cut(sp, ps, n, kind, 0);
	sp->at_marker = false;
	return ret ? ret : 1;
}

/* Returns 1 if all is in pieces, 0 if more input is better. */
static int split_none(struct splitter *sp, struct pieces *ps, bool force)
{
	size_t n = pending_len(sp);
	int ret;

	if (n < SERIAL_IN && !force)
		return 0;
	sp->at_member = false;
	sp->at_marker = false;
	ret = cut(sp, ps, n, PIECE_SERIAL, 0);
	return ret ? ret : 1;
}

static int split_once(struct splitter *sp, struct pieces *ps, bool force)
{
	if (sp->alone)
		return split_none(sp, ps, force);
	return sp->at_member ? split_members(sp, ps, force)
			     : split_chunks(sp, ps, force);
}

static int split(struct splitter *sp, struct pieces *ps)
{
	bool force = sp->input_done || sp->sync;

	while (pending_len(sp)) {
		int ret = split_once(sp, ps, force);

		if (ret <= 0)
			return ret;
	}
	return 0;
}

/* ---- input ---- */

bool split_is_ahead(const struct pieces *ps, unsigned int width)
{
	return ps->left >= (width + 1) * QUEUED_PER_WORKER ||
	       ps->serial_left >= SERIAL_QUEUED;
}

int split_get(struct splitter *sp, struct pieces *ps, uint64_t size_hint,
	      void **buf, size_t *room)
{
	if (!sp->block || sp->block->cap - sp->block->len < BLOCK_ROOM_MIN) {
		int ret = fresh_block(sp, ps, size_hint);

		if (ret)
			return ret;
	}
	*buf = sp->block->data + sp->block->len;
	*room = wd_min(sp->block->cap - sp->block->len, READ_MAX);
	return 0;
}

int split_put(struct splitter *sp, struct pieces *ps, size_t len,
	      enum wd_comp_flush flush, bool alone, bool patient)
{
	if (len && (sp->input_done || len > sp->block->cap - sp->block->len))
		return -EINVAL;
	if (len) {
		sp->block->len += len;
		sp->sync = false;
	}
	if (flush == WD_COMP_SYNC_FLUSH)
		sp->sync = true;
	if (flush == WD_COMP_FINISH)
		sp->input_done = true;
	sp->alone = alone;
	sp->patient = patient;
	return split(sp, ps);
}

size_t split_rest(const struct splitter *sp, uint8_t *to)
{
	size_t n = pending_len(sp);

	if (to && n)
		memcpy(to, pending(sp), n);
	return n;
}
