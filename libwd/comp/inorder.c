/* SPDX-License-Identifier: MIT */
/*
 * The decoder that works in order: its window, its buffers, its checksum.
 */
#include <stdlib.h>
#include <string.h>

#include "inorder.h"
#include "session.h"

#define OUT_SIZE     ((size_t)512 << 10) /* bytes of an output buffer */
#define OUT_SIZE_BIG ((size_t)2 << 20)	 /* after the first ones */

/* Bytes in small streams; then none counts as one. */
#define SMALL_IN ((size_t)64 << 10)

/* The window is large, and touched only as far as there is something to keep.
 */
int inorder_init(struct inorder *o, enum wd_comp_format format)
{
	o->format = format;
	o->window = malloc(WD_COMP_WINDOW_MAX);
	return o->window ? 0 : -ENOMEM;
}

void inorder_exit(struct inorder *o)
{
	wd_inflate_exit(&o->inf);
	for (int i = 0; i < INORDER_BUFS; i++)
		wd_free_bulk(o->bufs[i].data, o->bufs[i].cap);
	free(o->window);
}

void inorder_reset(struct inorder *o)
{
	o->more = false;
	o->inf.boundary = false;
	o->inf.ended = false;
	o->content.len = 0;
	o->window_len = 0;
	o->asked = false;
	o->in_flight = false;
	o->device = NULL;
	o->filling = 0;
	o->unsummed_len = 0;
	for (int i = 0; i < INORDER_BUFS; i++)
		o->bufs[i].fill = o->bufs[i].summed = 0;
}

/* Keep the last bytes of the output, for a decoder that begins anew. */
static void note_window(struct inorder *o, const uint8_t *data, size_t len)
{
	o->window_len = wd_keep_end(o->window, o->window_len,
				    WD_COMP_WINDOW_MAX, data, len);
}

static void count_output(struct inorder *o, const uint8_t *data, size_t len)
{
	o->content.len += len;
	note_window(o, data, len);
}

/* Decoders that are slow to begin with pay for many small streams, too. */
static int fit_decoder(struct inorder *o, size_t left)
{
	if (left == SIZE_MAX || o->small_in >= SMALL_IN)
		return wd_inflate_fit(&o->inf, SIZE_MAX);
	o->small_in += left;
	return wd_inflate_fit(&o->inf, left);
}

int inorder_begin(struct inorder *o, size_t left, const struct preset *preset)
{
	int ret = fit_decoder(o, left);

	if (ret)
		return ret;
	o->window_len = 0;
	o->knows_little = false;
	o->more = false;
	o->device = NULL;
	o->content.sum = wd_checksum_empty(o->format);
	o->content.len = 0;
	if (preset)
		note_window(o, preset->data, preset->len);
	return wd_inflate_begin(&o->inf, preset ? preset->data : NULL,
				preset ? preset->len : 0);
}

/* ---- one request ---- */

/* Big buffers mean fewer waits for each other, but are not for small files. */
static int fit_buf(struct out_buf *b, bool big)
{
	size_t want = big ? OUT_SIZE_BIG : OUT_SIZE;

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

/* @leave of the item.  What there is of requests before it is not the device's. */
static bool leave_output(struct sched_item *item)
{
	struct inorder *o = (struct inorder *)((uint8_t *)item -
					       offsetof(struct inorder, item));
	struct out_buf *b = &o->bufs[o->filling];
	uint8_t *old = b->data;

	b->data = wd_alloc_bulk(b->cap);
	if (!b->data) {
		b->cap = b->fill = b->summed = 0;
		return false;
	}
	memcpy(b->data, old, b->fill);
	o->req.out = b->data + b->fill;
	return true;
}

static void pin(struct inorder *o, struct wd_work work)
{
	sess_item(&o->item, work);
	o->item.pinned = true;
	o->item.lane = o->device;
	o->item.turn = o->turn;
}

int inorder_ask(struct inorder *o, const uint8_t *in, size_t len, bool big)
{
	struct out_buf *buf = &o->bufs[o->filling];
	struct wd_comp_req *req = &o->req;
	int ret = fit_buf(buf, big);

	if (ret)
		return ret;
	memset(req, 0, sizeof(*req));
	if (o->device)
		pin(o, wd_work_stateful(req, &o->stream));
	else
		sess_item(&o->item, wd_work_stream(req, &o->inf));
	o->item.leave = leave_output;
	req->format = o->format;
	req->in = in;
	req->in_len = len;
	req->out = buf->data + buf->fill;
	req->out_cap = buf->cap - buf->fill;
	return 0;
}

void inorder_use_device(struct inorder *o, struct lane *lane)
{
	o->stream = (struct wd_stateful){ .format = o->format };
	o->device = lane;
	o->turn = lane->turn;
	o->asked_last = false;
}

void inorder_take(struct inorder *o)
{
	const struct wd_comp_req *req = &o->req;

	o->asked = false;
	count_output(o, req->out, req->produced);
	o->bufs[o->filling].fill += req->produced;
	o->more = req->produced == req->out_cap;
}

/* ---- what others decoded ---- */

void inorder_accept(struct inorder *o, struct wd_inflate *inf,
		    const struct wd_comp_req *req, bool stuck)
{
	struct wd_inflate old = o->inf;

	o->inf = *inf;
	*inf = old;
	o->knows_little = stuck || req->produced < WD_COMP_WINDOW_MAX;
	o->more = req->produced == req->out_cap;
	inorder_settle_sum(o);
	o->content.sum = wd_checksum_join(o->format, o->content.sum,
					  req->checksum, req->produced);
	count_output(o, req->out, req->produced);
}

int inorder_resume(struct inorder *o)
{
	if (!o->knows_little || !o->inf.boundary)
		return 0;
	o->knows_little = false;
	return wd_inflate_begin(&o->inf, o->window, o->window_len);
}

/* ---- output ---- */

void inorder_settle_sum(struct inorder *o)
{
	struct out_buf *b = &o->bufs[o->filling];
	uint32_t sum = o->content.sum;

	if (o->unsummed_len)
		sum = wd_checksum_add(o->format, sum, o->unsummed,
				      o->unsummed_len);
	o->unsummed_len = 0;
	if (b->fill > b->summed)
		sum = wd_checksum_add(o->format, sum, b->data + b->summed,
				      b->fill - b->summed);
	b->summed = b->fill;
	o->content.sum = sum;
}

void inorder_lend(struct inorder *o, const void **data, size_t *len)
{
	struct out_buf *buf = &o->bufs[o->filling];

	*data = buf->data;
	*len = buf->fill;
	o->unsummed = buf->data + buf->summed;
	o->unsummed_len = buf->fill - buf->summed;
	buf->fill = 0;
	buf->summed = 0;
	o->filling = (o->filling + 1) % INORDER_BUFS;
}
