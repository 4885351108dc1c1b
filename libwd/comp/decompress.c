/* SPDX-License-Identifier: MIT */
/*
 * The decompressing direction: the loop that joins its stages.
 *
 * split.c cuts the input into pieces.  A piece that begins after a chunk
 * marker, or that holds whole members which tell their sizes, is sent before
 * its turn by ahead.c.  Its output counts only if decoding in order (framing.c,
 * inorder.c) arrives exactly at its beginning and in the right state; otherwise
 * it is dropped and the bytes are decoded in order.  So markers and sizes in
 * the data decide about speed, never about content.
 *
 * A device may decode in order, too, where the caller can begin the stream again: what
 * it has made is known to be right only at a member's end, and where it has failed
 * nothing but the member's beginning is there to go on from.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec/isal.h"
#include "ahead.h"
#include "decompress.h"

#define BIG_FROM	((size_t)2 << 20) /* output, from when on buffers are big */
#define INLINE_IN	((size_t)64 << 10)	/* less input is done here and now */
#define HANDOVER_IN	((size_t)16 << 10)	/* as is less in one piece */
#define INLINE_OUT	INORDER_ROOM /* and the start of later members */
#define STALE_MAX	64u	     /* pieces kept for one in flight */
#define STREAM_IN                                                              \
	((size_t)256 << 10) /* less is not worth a device's attention */
#define STREAM_OUT                                                             \
	((uint64_t)1 << 20) /* as are members after one that gave less */

int decompress_init(struct wd_comp_sess *s)
{
	struct decompressor *d = calloc(1, sizeof(*d));
	int ret;

	s->decomp = d;
	if (!d)
		return -ENOMEM;
	ret = framing_init(&d->framing, s->setup.format,
			   s->setup.flags & WD_COMP_ONE_MEMBER);
	return ret ? ret : inorder_init(&d->inorder, s->setup.format);
}

void decompress_exit(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	split_exit(&d->split, &d->pieces);
	pieces_exit(&d->pieces);
	framing_exit(&d->framing);
	inorder_exit(&d->inorder);
	free(d->preset.data);
	free(d->unused);
	free(d);
}

void decompress_reset(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	pieces_reset(&d->pieces);
	split_reset(&d->split, s->setup.format == WD_COMP_GZIP);
	framing_reset(&d->framing);
	inorder_reset(&d->inorder);
	free(d->preset.data);
	memset(&d->preset, 0, sizeof(d->preset));
	free(d->unused);
	d->unused = NULL;
	d->begun = false;
	d->ahead_used = false;
	d->may_restart = false;
	if (s->failed != -ERESTART)
		d->suspect = NULL;
	d->pending = 0;
}

void decompress_allow_restart(struct wd_comp_sess *s)
{
	s->decomp->may_restart = true;
}

/* ---- devices that decode in order ---- */

/* The CPU has decoded what @suspect could not, or found that nobody can. */
static void settle_suspicion(struct wd_comp_sess *s, bool acquitted)
{
	struct decompressor *d = s->decomp;

	if (d->suspect && !acquitted)
		sched_blame(&s->sched, d->suspect, d->suspicion);
	d->suspect = NULL;
}

static void suspect_device(struct wd_comp_sess *s, int status)
{
	struct decompressor *d = s->decomp;

	d->suspect_member = s->info.members;
	d->suspect = d->inorder.device;
	d->suspicion = status;
	d->distrusts = true;
	d->inorder.device = NULL;
}

/* What was handed out may be wrong, or cannot be gone on with. */
static int spoil(struct wd_comp_sess *s, int status)
{
	struct decompressor *d = s->decomp;

	sched_disown(d->inorder.device);
	suspect_device(s, status);
	d->pending = -ERESTART;
	return d->pending;
}

bool decompress_doubt(struct wd_comp_sess *s)
{
	return s->decomp->inorder.device && spoil(s, 0);
}

void decompress_trust(struct wd_comp_sess *s)
{
	s->decomp->suspect = NULL;
	s->decomp->distrusts = false;
}

static int fail(struct wd_comp_sess *s, const struct framing_error *e)
{
	/* Of what a device has made only the CPU can tell. */
	if (s->decomp->inorder.device)
		return spoil(s, 0);
	settle_suspicion(s, true);
	s->info.error = e->error;
	s->info.error_member = s->info.members + 1;
	s->info.error_offset = e->at;
	s->info.error_stored = e->stored;
	s->info.error_computed = e->computed;
	s->decomp->pending =
		e->error == WD_COMP_ERR_TRUNCATED ? -ENODATA : -EBADMSG;
	return s->decomp->pending;
}

/* @n bytes of @p were used, as data. */
static void use_data(struct decompressor *d, struct piece *p, size_t n)
{
	piece_use(&d->pieces, p, n);
	framing_pass(&d->framing, n);
}

static void send_ahead(struct wd_comp_sess *s)
{
	if (s->decomp->pieces.ahead)
		ahead_send(s);
}

/* ---- input ---- */

static bool enough_input(const struct wd_comp_sess *s)
{
	const struct pieces *ps = &s->decomp->pieces;

	return (ps->ahead && ps->ahead >= ahead_max(s)) ||
	       split_is_ahead(ps, sched_width(&s->sched));
}

int decompress_get_input(struct wd_comp_sess *s, void **buf, size_t *room)
{
	struct decompressor *d = s->decomp;

	if (d->split.input_done || decompress_is_over(s))
		return -EINVAL;
	if (enough_input(s))
		return -EAGAIN;
	return split_get(&d->split, &d->pieces, s->setup.size_hint, buf, room);
}

/* A single thread decodes, which is asked for, or turns out when there is a queue. */
static bool decodes_alone(const struct wd_comp_sess *s)
{
	if (sched_is_open(&s->sched))
		return sched_width(&s->sched) == 1;
	return s->setup.threads == 1 && !sched_on_device(&s->sched);
}

int decompress_put_input(struct wd_comp_sess *s, size_t len,
			 enum wd_comp_flush flush)
{
	struct decompressor *d = s->decomp;
	int ret;

	if (decompress_is_over(s))
		return len ? -EINVAL : 0;
	ret = split_put(&d->split, &d->pieces, len, flush, decodes_alone(s),
			sched_on_device(&s->sched));
	if (ret)
		return ret;
	send_ahead(s);
	return 0;
}

/* ---- decoding in order ---- */

/*
 * A member of some size, none of which can be decoded ahead.  @last: what the one before
 * came to.
 */
static bool fits_device(const struct wd_comp_sess *s, uint64_t last)
{
	const struct decompressor *d = s->decomp;
	size_t left = d->pieces.left;

	if (!d->may_restart || d->distrusts || d->pieces.ahead ||
	    s->setup.format == WD_COMP_RAW || d->preset.len)
		return false;
	if (s->info.members && last < STREAM_OUT)
		return false;
	return left >= STREAM_IN &&
	       !(d->split.input_done && sched_cpu_does(&s->sched, left));
}

static int begin_data(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	const struct preset *preset =
		d->preset.len && !s->info.members ? &d->preset : NULL;
	uint64_t last = d->inorder.content.len;
	struct lane *device = NULL;
	int ret = inorder_begin(&d->inorder,
				d->split.input_done ? d->pieces.left : SIZE_MAX,
				preset);

	if (!ret && sched_on_device(&s->sched) && fits_device(s, last))
		device = sess_stream_lane(s);
	if (device)
		inorder_use_device(&d->inorder, device);
	return ret;
}

static void end_data(struct decompressor *d)
{
	const struct wd_inflate *inf = &d->inorder.inf;

	if (inf->ended)
		framing_data_ended(&d->framing, inf->lost, inf->lost_len);
}

/* The same of a device.  Of what it has not begun, nothing is lost. */
static int harvest_device(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	const struct wd_comp_req *req = &d->inorder.req;
	const struct wd_stateful *stream = &d->inorder.stream;

	/* With its memory went what had not been handed out. */
	if (req->status == -ENOMEM &&
	    !d->inorder.bufs[d->inorder.filling].data) {
		d->inorder.asked = false;
		return -ENOMEM;
	}
	if (req->status && !stream->begun) {
		d->inorder.asked = false;
		suspect_device(s, req->status);
		return 0;
	}
	if (req->status) {
		d->inorder.asked = false;
		spoil(s, req->status);
		return 0;
	}
	s->info.requests++;
	sess_note_lane(s, &d->inorder.item);
	if (p)
		use_data(d, p, req->consumed);
	inorder_take(&d->inorder);
	if (stream->ended)
		framing_data_ended(&d->framing,
				   stream->last + stream->last_len -
					   d->framing.format->tail_size,
				   d->framing.format->tail_size);
	return 0;
}

/* What a request in order has done. */
static int harvest(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	const struct wd_comp_req *req = &d->inorder.req;

	if (d->inorder.device)
		return harvest_device(s, p);

	s->info.requests++;
	sess_note_lane(s, &d->inorder.item);
	if (p)
		use_data(d, p, req->consumed);
	inorder_take(&d->inorder);
	if (req->status == -ENOMEM)
		return -ENOMEM;
	if (req->status)
		fail(s, &(struct framing_error){.error = WD_COMP_ERR_DATA,
						.at = d->framing.pos});
	else
		end_data(d);
	return 0;
}

/* A member after the first has given nothing yet. */
static bool at_later_member(const struct wd_comp_sess *s)
{
	return s->info.members && !s->decomp->inorder.content.len;
}

/*
 * Queueing pays for itself only with something to decode meanwhile.  Members
 * after the first may all be tiny, so each begins here.
 */
static bool decode_here(const struct wd_comp_sess *s, size_t in_len)
{
	const struct pieces *ps = &s->decomp->pieces;

	if (s->decomp->inorder.device)
		return false;
	/* No device goes on with the CPU's. */
	if (!sched_on_cpu(&s->sched) ||
	    (sched_is_open(&s->sched) && sched_width(&s->sched) == 1))
		return true;
	if (ps->left < INLINE_IN && !ps->sent)
		return true;
	return in_len < HANDOVER_IN || at_later_member(s);
}

static void mark(struct decompressor *d, struct sched_item *item)
{
	if (item == &d->inorder.item)
		d->inorder.in_flight = false;
	else
		((struct piece *)item)->busy = false;
}

/* When others have taken all room, one of them is to come back first. */
static int ask_device(struct wd_comp_sess *s, struct piece *p)
{
	struct inorder *o = &s->decomp->inorder;
	struct sched_item *item;
	int ret;

	while ((ret = sess_send(s, &o->item)) == -EBUSY) {
		ret = sched_recv(&s->sched, &item, WD_WAIT_FOREVER);
		if (ret)
			break;
		mark(s->decomp, item);
	}
	if (ret) {
		o->req.status = ret;
		return harvest(s, p);
	}
	o->asked_last = !p;
	o->asked = true;
	o->in_flight = true;
	sched_flush(&s->sched);
	return 0;
}

/* Decode from @p, or only what the decoder still holds if it is NULL. */
static int decode(struct wd_comp_sess *s, struct piece *p)
{
	struct inorder *o = &s->decomp->inorder;
	size_t len = p ? piece_left(p) : 0;
	bool here;
	int ret = inorder_ask(o, p ? piece_data(p) : NULL, len,
			      s->info.total_out >= BIG_FROM);

	if (ret)
		return ret;
	if (o->device)
		return ask_device(s, p);
	here = decode_here(s, len);
	if (!here) {
		ret = sess_open(s);
		if (ret)
			return ret;
		here = sched_width(&s->sched) == 1;
	}
	if (here && at_later_member(s))
		o->req.out_cap = wd_min(o->req.out_cap, INLINE_OUT);
	ret = here ? -EBUSY : sess_send(s, &o->item);
	if (ret == -EBUSY) {
		sched_run(&s->sched, &o->item.work);
		return harvest(s, p);
	}
	if (ret)
		return ret;
	o->asked = true;
	o->in_flight = true;
	sched_flush(&s->sched);
	return 0;
}

/* ---- what framing tells ---- */

/* The header is complete: is the window there that it asks for? */
static int check_window(struct wd_comp_sess *s)
{
	const struct decompressor *d = s->decomp;
	const struct wd_head *head = &d->framing.head;
	uint32_t have =
		d->preset.len ? d->preset.sum : wd_checksum_empty(WD_COMP_ZLIB);

	if (!head->needs_window || (d->preset.len && head->window_sum == have))
		return 0;
	return fail(s, &(struct framing_error){.error = WD_COMP_ERR_WINDOW,
					       .at = d->framing.member_start,
					       .stored = head->window_sum,
					       .computed = have});
}

static size_t rest(const struct decompressor *d, uint8_t *to)
{
	size_t n = pieces_rest(&d->pieces, to);

	return n + split_rest(&d->split, to ? to + n : NULL);
}

static void end_stream(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	if (rest(d, NULL))
		framing_note_rest(&d->framing);
	s->info.trailing = d->framing.trailing;
}

static int obey(struct wd_comp_sess *s, int event)
{
	struct decompressor *d = s->decomp;
	int ret;

	switch (event) {
	case FRAMING_DATA_BEGINS:
		ret = check_window(s);
		return ret ? ret : begin_data(s);
	case FRAMING_MEMBER_ENDS:
		s->info.members++;
		if (d->inorder.device)
			lane_succeeded(d->inorder.device);
		else if (s->info.members > d->suspect_member)
			settle_suspicion(s, false);
		d->inorder.device = NULL;
		s->info.checksum = d->inorder.content.sum;
		if (d->framing.state == FRAMING_END)
			end_stream(s);
		return 0;
	case FRAMING_STREAM_ENDS:
		end_stream(s);
		return 0;
	case FRAMING_WRONG:
		return fail(s, &d->framing.wrong);
	default:
		return event < 0 ? event : 0;
	}
}

/* One step outside of the data, with the bytes of @p if it is not NULL. */
static int step_framing(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	size_t used = 0;
	int event;

	if (d->framing.state == FRAMING_TRAILER)
		inorder_settle_sum(&d->inorder);
	event = framing_feed(&d->framing, &d->inorder.content,
			     p ? piece_data(p) : NULL, p ? piece_left(p) : 0,
			     &used);
	if (p)
		piece_use(&d->pieces, p, used);
	return event == FRAMING_MORE ? 0 : obey(s, event);
}

/* ---- taking what was decoded ahead ---- */

/* Whether decoding in order stands exactly where @p was assumed to begin. */
static bool arrived_at(const struct decompressor *d, const struct piece *p)
{
	if (p->used)
		return false;
	if (p->kind == PIECE_CHUNK)
		return d->framing.state == FRAMING_DATA &&
		       d->inorder.inf.boundary && !d->inorder.more;
	return p->kind == PIECE_MEMBERS && framing_at_member(&d->framing);
}

static void accept_chunk(struct decompressor *d, struct piece *p)
{
	const struct wd_comp_req *req = &p->req;

	inorder_accept(&d->inorder, &p->ws->inf, req,
		       p->item.work.result.chunk.stuck);
	if (d->inorder.more)
		d->pieces.out_guess = wd_min(req->out_cap * 2, CHUNK_OUT_MAX);
	use_data(d, p, req->consumed);
	end_data(d);
}

/* The worker checked the headers; what the first one says is kept. */
static int accept_members(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	int ret = framing_members_passed(&d->framing, piece_data(p),
					 p->req.consumed);

	if (ret)
		return ret;
	s->info.members += p->item.work.result.members.count;
	s->info.checksum = p->req.checksum;
	piece_use(&d->pieces, p, p->req.consumed);
	return 0;
}

/*
 * Where a device says that the member ended, the trailer comes right behind it, and
 * speaks of all that went out and of this; if not, the CPU looks itself.
 */
static bool ends_well(struct wd_comp_sess *s, const struct piece *p)
{
	const struct wd_format *format = s->decomp->framing.format;
	struct inorder *o = &s->decomp->inorder;
	const struct wd_comp_req *req = &p->req;
	struct wd_mismatch m;
	uint32_t sum;

	if (!p->ws->inf.ended || !p->item.lane || !lane_is_device(p->item.lane))
		return true;
	if (!format->tail_size ||
	    req->in_len - req->consumed < format->tail_size)
		return false;
	inorder_settle_sum(o);
	sum = wd_checksum_join(s->setup.format, o->content.sum, req->checksum,
			       req->produced);
	return !format->check_tail((const uint8_t *)req->in + req->consumed,
				   sum, o->content.len + req->produced, &m);
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
	if (!ahead_counts(p) || (chunk && !ends_well(s, p)) ||
	    (!chunk && s->setup.flags & WD_COMP_ONE_MEMBER)) {
		d->pieces.distrust++;
		piece_make_serial(&d->pieces, p);
		return 0;
	}
	d->pieces.distrust = 0;
	sess_note_lane(s, &p->item);
	d->ahead_used |= !chunk || p->item.work.result.chunk.stuck;
	if (chunk)
		accept_chunk(d, p);
	else if (accept_members(s, p))
		return -ENOMEM;
	piece_make_serial(&d->pieces, p);
	s->info.parallel_out += p->req.produced;
	return p->req.produced > 0;
}

/* ---- waiting ---- */

/* Receive until what @out tells of is back. */
static int await(struct wd_comp_sess *s, const bool *out, int timeout_ms)
{
	while (*out) {
		struct sched_item *item;
		int ret = sched_recv(&s->sched, &item, timeout_ms);

		if (ret)
			return ret == -ENOENT ? -EIO : ret;
		mark(s->decomp, item);
		/* Whoever brought that has nothing to do now. */
		send_ahead(s);
	}
	return 0;
}

/*
 * A piece that was decoded ahead in vain keeps those after it, and their
 * memory, until it is back.  Nobody else may be waiting for it.
 */
static int collect_stale(struct wd_comp_sess *s)
{
	const struct pieces *ps = &s->decomp->pieces;
	struct sched_item *item;

	if (!ps->first || !ps->first->busy || piece_is_ahead(ps->first))
		return 0;
	if (ps->count > STALE_MAX)
		return await(s, &ps->first->busy, WD_WAIT_FOREVER);
	while (!sched_recv(&s->sched, &item, WD_NO_WAIT))
		mark(s->decomp, item);
	return 0;
}

/* What was sent to be decoded in order must be back before anything else. */
static int collect_inorder(struct wd_comp_sess *s, int timeout_ms)
{
	struct decompressor *d = s->decomp;
	int ret;

	if (!d->inorder.asked)
		return 0;
	ret = await(s, &d->inorder.in_flight, timeout_ms);
	return ret ? ret : harvest(s, pieces_next(&d->pieces));
}

/* ---- the loop ---- */

/* Returns 1 if the output of @p, which the decoder arrived at, is to go out. */
static int take_ahead(struct wd_comp_sess *s, struct piece *p, int timeout_ms)
{
	struct pieces *ps = &s->decomp->pieces;
	int ret;

	ps->distrust = 0;
	send_ahead(s);
	if (!p->sent) {
		piece_make_serial(ps, p);
		return 0;
	}
	ret = await(s, &p->busy, timeout_ms);
	if (ret)
		return ret;
	ret = judge(s, p);
	if (ret == 1)
		ps->lent = p;
	return ret;
}

/* One step in order with the bytes of @p. */
static int step_with(struct wd_comp_sess *s, struct piece *p)
{
	struct decompressor *d = s->decomp;
	int ret;

	if (piece_is_ahead(p)) {
		d->pieces.distrust++;
		piece_make_serial(&d->pieces, p);
	}
	if (d->framing.state != FRAMING_DATA)
		return step_framing(s, p);
	ret = inorder_resume(&d->inorder);
	return ret ? ret : decode(s, p);
}

/* What can be done when no piece has bytes left. */
static int step_without_input(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;

	if (framing_is_ready(&d->framing))
		return step_framing(s, NULL);
	if (!d->split.input_done)
		return -EAGAIN;
	/* It holds back some bits as long as more may follow them. */
	if (d->framing.state == FRAMING_DATA && d->inorder.device &&
	    !d->inorder.asked_last)
		return decode(s, NULL);
	return obey(s, framing_finish(&d->framing));
}

/* Returns 1 if the output of @p is to go out. */
static int step(struct wd_comp_sess *s, struct piece *p, int timeout_ms)
{
	const struct decompressor *d = s->decomp;
	bool ahead = p && piece_is_ahead(p);

	/* The decoder's output comes first. */
	if (d->framing.state == FRAMING_DATA && d->inorder.more &&
	    (!p || ahead))
		return decode(s, NULL);
	if (!p)
		return step_without_input(s);
	if (ahead && arrived_at(d, p))
		return take_ahead(s, p, timeout_ms);
	return step_with(s, p);
}

/* Nothing must wait after bytes that came before it. */
static bool must_lend(const struct wd_comp_sess *s, const struct piece *p)
{
	const struct decompressor *d = s->decomp;

	if (!inorder_filled(&d->inorder))
		return false;
	if (inorder_is_full(&d->inorder) || decompress_is_over(s))
		return true;
	if (!p)
		return d->split.sync && !d->inorder.more &&
		       !d->split.input_done;
	return piece_is_ahead(p) && arrived_at(d, p);
}

/* Start the next request before the caller writes what this one brought. */
static void keep_busy(struct wd_comp_sess *s)
{
	struct decompressor *d = s->decomp;
	struct piece *p = pieces_next(&d->pieces);

	if (d->pending || d->framing.state != FRAMING_DATA || d->inorder.asked)
		return;
	if (!p || piece_is_ahead(p) || decode_here(s, piece_left(p)))
		return;
	if (!inorder_resume(&d->inorder))
		decode(s, p);
}

static int lend(struct wd_comp_sess *s, const void **data, size_t *len)
{
	inorder_lend(&s->decomp->inorder, data, len);
	keep_busy(s);
	inorder_settle_sum(&s->decomp->inorder);
	return 1;
}

static int begin(struct wd_comp_sess *s)
{
	s->decomp->begun = true;
	return s->decomp->framing.state == FRAMING_DATA ? begin_data(s) : 0;
}

int decompress_get_output(struct wd_comp_sess *s, const void **data, size_t *len,
			  int timeout_ms)
{
	struct decompressor *d = s->decomp;
	int ret = d->begun ? 0 : begin(s);

	while (!ret || ret == d->pending) {
		struct piece *p;

		send_ahead(s);
		ret = collect_stale(s);
		if (!ret)
			ret = collect_inorder(s, timeout_ms);
		if (ret)
			return ret;
		p = pieces_next(&d->pieces);
		if (must_lend(s, p))
			return lend(s, data, len);
		if (decompress_is_over(s))
			return d->pending;
		ret = step(s, p, timeout_ms);
		if (ret == 1) {
			*data = p->ws->out;
			*len = p->req.produced;
		}
	}
	return ret;
}

void decompress_put_output(struct wd_comp_sess *s)
{
	s->decomp->pieces.lent = NULL;
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
	if (!sess->decomp->framing.have_first)
		return -EAGAIN;
	*hdr = sess->decomp->framing.first;
	return 0;
}

int decompress_unused(struct wd_comp_sess *s, const void **data, size_t *len)
{
	struct decompressor *d = s->decomp;
	size_t head = framing_rest(&d->framing, NULL);
	size_t all = head + rest(d, NULL);

	if (!decompress_at_end(s))
		return -EINVAL;
	if (!d->unused) {
		d->unused = malloc(all + 1);
		if (!d->unused)
			return -ENOMEM;
		framing_rest(&d->framing, d->unused);
		rest(d, d->unused + head);
	}
	*data = d->unused;
	*len = all;
	return 0;
}

void decompress_set_preset(struct wd_comp_sess *s, const struct preset *preset)
{
	free(s->decomp->preset.data);
	s->decomp->preset = *preset;
	s->decomp->begun = false;
}

/* What is decoded ahead goes to libdeflate if possible. */
const char *decompress_codec(const struct wd_comp_sess *s)
{
	if (!s->decomp->ahead_used)
		return wd_inflate_name(&s->decomp->inorder.inf);
	if (s->info.parallel_out == s->info.total_out)
		return "libdeflate";
	return wd_isal_missing() ? "libdeflate, zlib" : "libdeflate, ISA-L";
}
