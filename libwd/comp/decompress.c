/* SPDX-License-Identifier: MIT */
/*
 * The decompressing direction: strictly in order, with help from decoding ahead.
 *
 * split.c cuts the input into pieces.  A piece that begins behind a chunk
 * marker, or that holds whole members which tell their sizes, is sent to the
 * queue before its turn.  Its output counts only if the decoder, working in
 * order, arrives exactly at its beginning and in the right state; otherwise it
 * is dropped and the bytes are decoded in order.  So markers and sizes in the
 * data decide about speed, never about content.
 */
#include <stdlib.h>
#include <string.h>

#include "pieces.h"

#define SERIAL_OUT	((size_t)512 << 10)	/* bytes of an output buffer */
#define SERIAL_OUT_BIG	((size_t)2 << 20)	/* behind the first ones */
#define INLINE_IN	((size_t)64 << 10)	/* less input is done here and now */
#define HANDOVER_IN	((size_t)16 << 10)	/* as is less in one piece */
#define STALE_MAX	64u			/* pieces kept for one in flight */
#define INLINE_OUT	((size_t)64 << 10)	/* and the start of later members */
#define NAME_MAX_LEN	65536u
#define SMALL_IN	((size_t)64 << 10)	/* in small streams; then none counts as one */

/* Both are large, and are touched only as far as there is something to keep. */
int decompress_init(struct wd_comp_sess *s)
{
	struct decompressor *d = calloc(1, sizeof(*d));

	s->decomp = d;
	if (!d)
		return -ENOMEM;
	d->head.name = malloc(NAME_MAX_LEN);
	d->head.name_cap = NAME_MAX_LEN;
	d->window = malloc(WD_COMP_WINDOW_MAX);
	return d->head.name && d->window ? 0 : -ENOMEM;
}

void decompress_exit(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	pieces_exit(s);
	wd_inflate_exit(&d->inf);
	for (int i = 0; i < SERIAL_BUFS; i++)
		wd_free_bulk(d->sbuf[i].data, d->sbuf[i].cap);
	free(d->head.name);
	free(d->window);
	free((char *)d->header.name);
	free(d->unused);
	free(d->preset);
	free(d);
}

void decompress_reset(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	pieces_reset(s);
	free((char *)d->header.name);
	free(d->unused);
	free(d->preset);
	memset(&d->header, 0, sizeof(d->header));
	d->unused = NULL;
	d->preset = NULL;
	d->preset_len = 0;
	d->state = s->setup.format == WD_COMP_RAW ? DEC_DATA : DEC_HEADER;
	d->pos = 0;
	d->more = false;
	d->inf.boundary = false;
	d->inf.ended = false;
	d->have_header = false;
	d->ahead_used = false;
	d->lead_len = 0;
	d->zeros = 0;
	d->member_out = 0;
	d->member_start = 0;
	d->window_len = 0;
	d->pending = 0;
	d->sbusy = false;
	d->sout = false;
	d->scur = 0;
	d->late_len = 0;
	for (int i = 0; i < SERIAL_BUFS; i++)
		d->sbuf[i].fill = d->sbuf[i].summed = 0;
	d->lent = NULL;
	d->begun = false;
	wd_head_begin(&d->head);
}

static int fail(struct wd_comp_sess *s, enum wd_comp_error error,
		uint64_t offset, uint32_t stored, uint32_t computed)
{
	s->info.error = error;
	s->info.error_member = s->info.members + 1;
	s->info.error_offset = offset;
	s->info.error_stored = stored;
	s->info.error_computed = computed;
	s->decomp->pending =
		error == WD_COMP_ERR_TRUNCATED ? -ENODATA : -EBADMSG;
	return s->decomp->pending;
}

/* ---- the decoder's state between members ---- */

/* Keep the last bytes of the output, for a decoder that begins anew. */
static void note_window(struct decompressor *d, const uint8_t *data, size_t len)
{
	size_t keep;

	if (len >= WD_COMP_WINDOW_MAX) {
		memcpy(d->window, data + len - WD_COMP_WINDOW_MAX, WD_COMP_WINDOW_MAX);
		d->window_len = WD_COMP_WINDOW_MAX;
		return;
	}
	keep = wd_min(d->window_len, WD_COMP_WINDOW_MAX - len);
	memmove(d->window, d->window + d->window_len - keep, keep);
	memcpy(d->window + keep, data, len);
	d->window_len = keep + len;
}

/* Decoders that are slow to begin with pay for many small streams, too. */
static int fit_decoder(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	size_t len = SIZE_MAX;

	if (d->input_done && d->small_in < SMALL_IN) {
		len = d->queued;
		d->small_in += len;
	}
	return wd_inflate_fit(&d->inf, len);
}

static int begin_member_data(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	bool preset = d->preset_len && !s->info.members;
	int ret = fit_decoder(s);

	if (ret)
		return ret;
	d->window_len = 0;
	d->inf_short = false;
	d->more = false;
	d->sum = wd_checksum_empty(s->setup.format);
	d->member_out = 0;
	d->lead_len = 0;
	d->state = DEC_DATA;
	if (preset)
		note_window(d, d->preset, d->preset_len);
	return wd_inflate_begin(&d->inf, preset ? d->preset : NULL,
				preset ? d->preset_len : 0);
}

static void end_stream(struct decompressor *d, uint64_t pos)
{
	d->state = DEC_END;
	d->pos = pos;
}

static void count_output(struct decompressor *d, const uint8_t *data, size_t len)
{
	d->member_out += len;
	note_window(d, data, len);
}

/*
 * Bring the checksum up to what was decoded in order.  This is done here, and late,
 * while a worker goes on decoding.
 */
static void settle_sum(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	struct serial_buf *b = &d->sbuf[d->scur];

	if (d->late_len)
		d->sum = wd_checksum_add(s->setup.format, d->sum, d->late, d->late_len);
	d->late_len = 0;
	if (b->fill > b->summed)
		d->sum = wd_checksum_add(s->setup.format, d->sum,
					 b->data + b->summed, b->fill - b->summed);
	b->summed = b->fill;
}

/* ---- decoding in order ---- */

/* Big buffers mean fewer waits for each other, but are not for small files. */
static int need_sbuf(const struct wd_comp_sess *s, struct serial_buf *b)
{
	size_t want = s->info.total_out < SERIAL_OUT_BIG ? SERIAL_OUT : SERIAL_OUT_BIG;

	if (b->fill || b->cap >= want)
		return 0;
	wd_free_bulk(b->data, b->cap);
	b->cap = 0;
	b->data = wd_alloc_bulk(want);
	if (!b->data)
		return -ENOMEM;
	b->cap = want;
	return 0;
}

static void end_of_data(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	memcpy(d->lead, d->inf.lost, d->inf.lost_len);
	d->lead_len = d->inf.lost_len;
	d->state = DEC_TRAILER;
}

/* What a request in order has done. */
static int harvest(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	struct wd_comp_req *req = &d->sreq;

	d->sbusy = false;
	s->info.requests++;
	if (p)
		piece_use(d, p, req->consumed);
	count_output(d, req->out, req->produced);
	d->sbuf[d->scur].fill += req->produced;
	d->more = req->produced == req->out_cap;
	if (req->status == -ENOMEM)
		return -ENOMEM;
	if (req->status)
		fail(s, WD_COMP_ERR_DATA, d->pos, 0, 0);
	else if (d->inf.ended)
		end_of_data(s);
	return 0;
}

/*
 * Queueing pays for itself only with something to decode meanwhile.  Members
 * after the first may all be tiny, so each begins here.
 */
static bool decode_here(const struct wd_comp_sess *s, size_t in_len)
{
	const struct decompressor *d = s->decomp;

	/* No device goes on with a stream. */
	if (!sched_on_cpu(&s->sched) ||
	    (sched_is_open(&s->sched) && sched_width(&s->sched) == 1))
		return true;
	if (d->queued < INLINE_IN && !d->nsent)
		return true;
	return in_len < HANDOVER_IN || (s->info.members && !d->member_out);
}

/* Decode from @p, or only what the decoder still holds if it is NULL. */
static int decode(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	struct wd_comp_req *req = &d->sreq;
	bool here;
	struct serial_buf *buf = &d->sbuf[d->scur];
	int ret = need_sbuf(s, buf);

	if (ret)
		return ret;
	memset(req, 0, sizeof(*req));
	memset(&d->sitem, 0, sizeof(d->sitem));
	d->sitem.work = wd_work_stream(req, &d->inf);
	req->format = s->setup.format;
	req->in = p ? piece_data(p) : NULL;
	req->in_len = p ? piece_left(p) : 0;
	req->out = buf->data + buf->fill;
	req->out_cap = buf->cap - buf->fill;
	here = decode_here(s, req->in_len);
	if (!here) {
		ret = sess_open(s);
		if (ret)
			return ret;
		here = sched_width(&s->sched) == 1;
	}
	if (here) {
		if (s->info.members && !d->member_out)
			req->out_cap = wd_min(req->out_cap, INLINE_OUT);
		sched_run(&s->sched, &d->sitem.work);
		return harvest(s, p);
	}
	ret = sess_send(s, &d->sitem);
	if (ret == -EBUSY) {
		sched_run(&s->sched, &d->sitem.work);
		return harvest(s, p);
	}
	if (ret)
		return ret;
	d->sbusy = true;
	d->sout = true;
	sched_flush(&s->sched);
	return 0;
}

/* ---- headers, trailers, and what lies between ---- */

static int keep_header(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	char *name = NULL;

	if (d->have_header)
		return 0;
	if (d->head.name_len) {
		name = malloc(d->head.name_len + 1);
		if (!name)
			return -ENOMEM;
		memcpy(name, d->head.name, d->head.name_len + 1);
	}
	d->header.mtime = d->head.mtime;
	d->header.os = d->head.os;
	d->header.name = name;
	d->have_header = true;
	return 0;
}

/* The header is complete: is the window there that it asks for? */
static int check_window(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	uint32_t have = d->preset_len ? d->preset_sum : wd_checksum_empty(WD_COMP_ZLIB);

	if (!d->head.needs_window || (d->preset_len && d->head.window_sum == have))
		return 0;
	return fail(s, WD_COMP_ERR_WINDOW, d->member_start, d->head.window_sum, have);
}

static int step_header(struct wd_comp_sess *s, struct piece *p)
{
	const struct wd_format *format = wd_format_of(s->setup.format);
	struct decompressor *d = s->decomp;
	size_t used;
	int ret = format->feed_head(&d->head, piece_data(p), piece_left(p), &used);

	piece_use(d, p, used);
	if (!ret)
		return 0;
	if (ret < 0)
		return fail(s, d->head.error, d->member_start + d->head.error_at,
			    d->head.stored, d->head.computed);
	ret = check_window(s);
	if (!ret && s->setup.format == WD_COMP_GZIP)
		ret = keep_header(s);
	return ret ? ret : begin_member_data(s);
}

static unsigned int trailer_len(const struct wd_comp_sess *s)
{
	return (unsigned int)wd_tail_size(s->setup.format);
}

static void garbage(struct wd_comp_sess *s)
{
	s->info.trailing = WD_COMP_TRAILING_GARBAGE;
	end_stream(s->decomp, s->decomp->member_start);
}

static int check_trailer(struct wd_comp_sess *s)
{
	const struct wd_format *format = wd_format_of(s->setup.format);
	struct decompressor *d = s->decomp;
	unsigned int behind = d->lead_len - trailer_len(s);
	uint64_t at = d->pos - d->lead_len;
	struct wd_mismatch m;

	settle_sum(s);
	if (format->check_tail(d->lead, d->sum, d->member_out, &m))
		return fail(s, m.error, at + m.at, m.stored, m.computed);
	s->info.members++;
	s->info.checksum = d->sum;
	memmove(d->lead, d->lead + trailer_len(s), behind);
	d->lead_len = behind;
	d->member_start = d->pos - behind;
	d->state = DEC_BETWEEN;
	if (format->magic_len && !(s->setup.flags & WD_COMP_ONE_MEMBER))
		return 0;
	/* Nothing can follow. */
	if (!format->magic_len && (behind || pieces_rest(s, NULL)))
		garbage(s);
	else
		end_stream(d, d->member_start);
	return 0;
}

static int step_trailer(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	unsigned int want = trailer_len(s);

	while (p && d->lead_len < want && piece_left(p)) {
		d->lead[d->lead_len++] = *piece_data(p);
		piece_use(d, p, 1);
	}
	return d->lead_len >= want ? check_trailer(s) : 0;
}

/* GNU gzip's rules: zeros are padding, other things garbage, magic a member. */
static int step_between(struct wd_comp_sess *s, struct piece *p)
{
	const struct wd_format *format = wd_format_of(s->setup.format);
	struct decompressor *d = s->decomp;
	uint8_t byte = *piece_data(p);
	size_t used;

	if (!d->lead_len && !byte) {
		d->state = DEC_ZEROS;
		return 0;
	}
	d->lead[d->lead_len++] = byte;
	piece_use(d, p, 1);
	if (d->lead_len < format->magic_len)
		return 0;
	if (memcmp(d->lead, format->magic, format->magic_len)) {
		garbage(s);
		return 0;
	}
	d->lead_len = 0;
	d->state = DEC_HEADER;
	wd_head_begin(&d->head);
	format->feed_head(&d->head, format->magic, format->magic_len, &used);
	return 0;
}

static int step_zeros(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	const uint8_t *data = piece_data(p);
	size_t left = piece_left(p);
	size_t n = 0;

	while (n < left && !data[n])
		n++;
	piece_use(d, p, n);
	d->zeros += n;
	if (n < left)
		garbage(s);
	return 0;
}

/* No input is left and none will come. */
static int step_end(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	if (d->state == DEC_BETWEEN && !d->lead_len) {
		end_stream(d, d->pos);
		return 0;
	}
	if (d->state == DEC_ZEROS) {
		s->info.trailing = WD_COMP_TRAILING_ZEROS;
		end_stream(d, d->member_start);
		return 0;
	}
	fail(s, WD_COMP_ERR_TRUNCATED, d->pos, 0, 0);
	/* What may have been half a magic number belongs to no member. */
	if (d->state == DEC_BETWEEN)
		d->pos = d->member_start;
	return d->pending;
}

/* ---- taking what was decoded ahead ---- */

/* Whether the decoder stands exactly where @p was assumed to begin. */
static bool arrived_at(const struct wd_comp_sess *s, const struct piece *p)
{
	const struct decompressor *d = s->decomp;

	if (p->used)
		return false;
	if (p->kind == PIECE_CHUNK)
		return d->state == DEC_DATA && d->inf.boundary && !d->more;
	if (p->kind == PIECE_MEMBERS)
		return (d->state == DEC_BETWEEN && !d->lead_len) ||
		       (d->state == DEC_HEADER && !d->pos);
	return false;
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

static void accept_chunk(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	struct wd_inflate inf = d->inf;

	d->inf = p->ws->inf;
	p->ws->inf = inf;
	d->inf_short = p->item.work.result.chunk.stuck ||
		       p->req.produced < WD_COMP_WINDOW_MAX;
	d->more = p->req.produced == p->req.out_cap;
	if (d->more)
		d->out_guess = wd_min(p->req.out_cap * 2, CHUNK_OUT_MAX);
	settle_sum(s);
	d->sum = wd_checksum_join(s->setup.format, d->sum, p->req.checksum,
				  p->req.produced);
	count_output(d, p->ws->out, p->req.produced);
	piece_use(d, p, p->req.consumed);
	if (d->inf.ended)
		end_of_data(s);
}

/* The worker checked the headers; what the first one says is kept. */
static int accept_members(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	size_t used;
	int ret;

	if (!d->have_header) {
		wd_head_begin(&d->head);
		wd_gzip_head_feed(&d->head, piece_data(p), piece_left(p), &used);
		ret = keep_header(s);
		if (ret)
			return ret;
	}
	s->info.members += p->item.work.result.members.count;
	s->info.checksum = p->req.checksum;
	piece_use(d, p, p->req.consumed);
	d->member_start = d->pos;
	d->state = DEC_BETWEEN;
	return 0;
}

static bool members_count(const struct wd_comp_sess *s, const struct piece *p)
{
	return p->req.consumed && !(s->setup.flags & WD_COMP_ONE_MEMBER);
}

/*
 * Take over what @p was decoded to, or make it a piece to decode in order.
 * Returns 1 if its output is to be handed out, 0 if not, or -ENOMEM.
 */
static int judge(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	bool chunk = p->kind == PIECE_CHUNK;

	s->info.requests++;
	if (chunk ? chunk_counts(p) : members_count(s, p)) {
		d->distrust = 0;
		d->ahead_used |= !chunk || p->item.work.result.chunk.stuck;
		if (chunk)
			accept_chunk(s, p);
		else if (accept_members(s, p))
			return -ENOMEM;
		piece_make_serial(d, p);
		s->info.parallel_out += p->req.produced;
		return p->req.produced > 0;
	}
	d->distrust++;
	piece_make_serial(d, p);
	return 0;
}

/* The decoder goes on by itself at a marker: it needs the window. */
static int restore_window(struct decompressor *d)
{
	if (!d->inf_short || !d->inf.boundary || d->state != DEC_DATA)
		return 0;
	d->inf_short = false;
	return wd_inflate_begin(&d->inf, d->window, d->window_len);
}

/* ---- the loop ---- */

static int lend_serial(struct decompressor *d, const void **data, size_t *len)
{
	struct serial_buf *buf = &d->sbuf[d->scur];

	*data = buf->data;
	*len = buf->fill;
	d->late = buf->data + buf->summed;
	d->late_len = buf->fill - buf->summed;
	buf->fill = 0;
	buf->summed = 0;
	d->scur = (d->scur + 1) % SERIAL_BUFS;
	return 1;
}

static void mark(struct wd_comp_sess *s, struct sched_item *item)
{
	if (item == &s->decomp->sitem)
		s->decomp->sout = false;
	else
		((struct piece *)item)->busy = false;
}

/* Receive until what @out tells of is back. */
static int await(struct wd_comp_sess *s, const bool *out, int timeout_ms)
{
	while (*out) {
		struct sched_item *item;
		int ret = sched_recv(&s->sched, &item, timeout_ms);

		if (ret)
			return ret == -ENOENT ? -EIO : ret;
		mark(s, item);
		/* Whoever brought that has nothing to do now. */
		pieces_dispatch(s);
	}
	return 0;
}

/*
 * A piece that was decoded ahead in vain keeps those behind it, and their
 * memory, until it is back.  Nobody else may be waiting for it.
 */
static int collect_stale(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	struct sched_item *item;

	if (!d->first || !d->first->busy || piece_is_ahead(d->first))
		return 0;
	if (d->npieces > STALE_MAX)
		return await(s, &d->first->busy, WD_WAIT_FOREVER);
	while (!sched_recv(&s->sched, &item, WD_NO_WAIT))
		mark(s, item);
	return 0;
}

/* Returns 1 if the output of @p, which the decoder arrived at, is to go out. */
static int take_ahead(struct wd_comp_sess *s, struct piece *p, int timeout_ms)
{
	struct decompressor *d = s->decomp;
	int ret;

	d->distrust = 0;
	pieces_dispatch(s);
	if (!p->sent) {
		piece_make_serial(d, p);
		return 0;
	}
	ret = await(s, &p->busy, timeout_ms);
	if (ret)
		return ret;
	ret = judge(s, p);
	if (ret == 1)
		d->lent = p;
	return ret;
}

/* One step in order with the bytes of @p. */
static int step(struct wd_comp_sess *s, struct piece *p)
{
	int ret;

	switch (s->decomp->state) {
	case DEC_HEADER:
		return step_header(s, p);
	case DEC_DATA:
		ret = restore_window(s->decomp);
		return ret ? ret : decode(s, p);
	case DEC_TRAILER:
		return step_trailer(s, p);
	case DEC_BETWEEN:
		return step_between(s, p);
	default:
		return step_zeros(s, p);
	}
}

/* What can be done when no piece has bytes left. */
static int step_without_input(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	if (d->state == DEC_TRAILER && d->lead_len >= trailer_len(s))
		return step_trailer(s, NULL);
	if (!d->input_done)
		return -EAGAIN;
	return step_end(s);
}

/* Nothing must wait behind bytes that came before it. */
static bool must_lend(const struct wd_comp_sess *s, const struct piece *p)
{
	const struct decompressor *d = s->decomp;
	const struct serial_buf *buf = &d->sbuf[d->scur];

	if (!buf->fill)
		return false;
	if (buf->fill > buf->cap - INLINE_OUT || d->pending || d->state == DEC_END)
		return true;
	if (!p)
		return d->sync && !d->more && !d->input_done;
	return piece_is_ahead(p) && arrived_at(s, p);
}

/* Start the next request before the caller writes what this one brought. */
static void keep_busy(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	struct piece *p = piece_next(s);

	if (d->pending || d->state != DEC_DATA || d->sbusy)
		return;
	if (!p || piece_is_ahead(p) || decode_here(s, piece_left(p)))
		return;
	if (!restore_window(d))
		decode(s, p);
}

static int begin(struct wd_comp_sess *s)
{
	s->decomp->begun = true;
	return s->decomp->state == DEC_DATA ? begin_member_data(s) : 0;
}

int decompress_get_output(struct wd_comp_sess *s, const void **data, size_t *len,
			  int timeout_ms)
{
	struct decompressor *d = s->decomp;
	struct piece *p;
	int ret;

	if (!d->begun) {
		ret = begin(s);
		if (ret)
			return ret;
	}
	for (;;) {
		pieces_dispatch(s);
		ret = collect_stale(s);
		if (ret)
			return ret;
		if (d->sbusy) {
			ret = await(s, &d->sout, timeout_ms);
			if (ret)
				return ret;
			ret = harvest(s, piece_next(s));
			if (ret)
				return ret;
		}
		p = piece_next(s);
		if (must_lend(s, p)) {
			ret = lend_serial(d, data, len);
			keep_busy(s);
			settle_sum(s);
			return ret;
		}
		if (d->pending)
			return d->pending;
		if (d->state == DEC_END)
			return 0;
		if (d->state == DEC_DATA && d->more && (!p || piece_is_ahead(p))) {
			ret = decode(s, NULL);
		} else if (!p) {
			ret = step_without_input(s);
		} else if (piece_is_ahead(p) && arrived_at(s, p)) {
			ret = take_ahead(s, p, timeout_ms);
			if (ret == 1) {
				*data = p->ws->out;
				*len = p->req.produced;
				return 1;
			}
		} else {
			if (piece_is_ahead(p)) {
				d->distrust++;
				piece_make_serial(d, p);
			}
			ret = step(s, p);
		}
		if (ret && ret != d->pending)
			return ret;
	}
}

void decompress_put_output(struct wd_comp_sess *s)
{
	s->decomp->lent = NULL;
}

/* ---- around the stream ---- */

WD_API int wd_comp_get_header(struct wd_comp_sess *sess, struct wd_comp_header *hdr)
{
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!hdr || sess->setup.op != WD_COMP_DECOMPRESS ||
	    sess->setup.format != WD_COMP_GZIP)
		return -EINVAL;
	if (!sess->decomp->have_header)
		return -EAGAIN;
	*hdr = sess->decomp->header;
	return 0;
}

int decompress_unused(struct wd_comp_sess *s, const void **data, size_t *len)
{
	struct decompressor *d = s->decomp;
	size_t head = (size_t)d->zeros + d->lead_len;
	size_t rest;

	if (d->state != DEC_END)
		return -EINVAL;
	rest = pieces_rest(s, NULL);
	if (!d->unused) {
		d->unused = calloc(1, head + rest + 1);
		if (!d->unused)
			return -ENOMEM;
		memcpy(d->unused + d->zeros, d->lead, d->lead_len);
		pieces_rest(s, d->unused + head);
	}
	*data = d->unused;
	*len = head + rest;
	return 0;
}
