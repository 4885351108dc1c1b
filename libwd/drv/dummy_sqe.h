/* SPDX-License-Identifier: MIT */
/*
 * Requests and results of the dummy accelerator, <misc/uacce/wd_dummy.h>, for its
 * driver.
 *
 * Nothing that comes from the device is believed before it is compared with what was
 * sent, of which there is a copy that the device does not reach.  What each request
 * passes through is inline.
 */
#ifndef WD_DUMMY_SQE_H
#define WD_DUMMY_SQE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <misc/uacce/wd_dummy.h>

#include "../codec/codec.h"
#include "../format/format.h"
#include "../internal.h"
#include "bounce.h"
#include "inflight.h"

#define DUMMY_LEVEL_MAX		9
#define DUMMY_DEFLATE_MAX	1032u	/* bytes that a byte of DEFLATE data can stand for */

/* The second of the two empty stored blocks of a chunk marker. */
static const uint8_t dummy_empty_block[5] = { 0x00, 0x00, 0x00, 0xff, 0xff };

/*
 * A place for a request in flight.
 *
 * @sent:    what the device was told of it, and results are compared with
 * @format:  the request's own
 * @cut:     there is more room for output than it was told of
 * @head_len: bytes of a header with a name, or a time, that is in the output already;
 *           the device makes raw data after it
 * @scratch: for input that the device needs in another form; the queue's to free
 * @bounced: where the device has it, without SVA
 */
struct dummy_slot {
	struct inflight_slot flight;
	struct wd_dummy_sqe sent;
	uint8_t format;
	bool cut;
	uint32_t head_len;
	uint8_t *scratch;
	size_t scratch_cap;
	struct bounced bounced;
};

/* A result as it was read, once, from where the device writes. */
struct dummy_result {
	uint32_t tag, status, consumed, produced, checksum;
};

static inline void *dummy_out(const struct dummy_slot *slot)
{
	return (void *)(uintptr_t)slot->sent.out;
}

/* An open stream's output ends with a second empty block, which is added here. */
static inline bool dummy_is_open(const struct dummy_slot *slot)
{
	return slot->sent.flags & WD_DUMMY_SQE_OPEN;
}

/* ---- what there is to be done, as the device wants it ---- */

int dummy_encode_chunk(struct dummy_slot *slot, const struct wd_comp_req *req);
int dummy_encode_named(struct dummy_slot *slot, const struct wd_comp_req *req);

static const uint8_t dummy_formats[] = {
	[WD_COMP_GZIP] = WD_DUMMY_GZIP,
	[WD_COMP_ZLIB] = WD_DUMMY_ZLIB,
	[WD_COMP_RAW] = WD_DUMMY_DEFLATE,
};

static inline int dummy_encode_compress(struct dummy_slot *slot, const struct wd_work *work)
{
	struct wd_dummy_sqe *sqe = &slot->sent;
	const struct wd_comp_req *req = work->req;

	/* Input from a file is for the CPU. */
	if (work->kind == WD_WORK_COMPRESS && work->args.compress.source)
		return -EOPNOTSUPP;
	if (req->format >= ARRAY_SIZE(dummy_formats))
		return -EOPNOTSUPP;
	sqe->op = WD_DUMMY_OP_COMPRESS;
	sqe->format = dummy_formats[req->format];
	sqe->level = req->level < DUMMY_LEVEL_MAX ? req->level : DUMMY_LEVEL_MAX;
	if (req->header)
		return dummy_encode_named(slot, req);
	if (!(req->flags & WD_COMP_REQ_OPEN))
		return 0;
	if (sqe->out_cap < sizeof(dummy_empty_block))
		return -EOPNOTSUPP;
	sqe->flags = WD_DUMMY_SQE_OPEN;
	sqe->out_cap -= sizeof(dummy_empty_block);
	return 0;
}

/*
 * Fill in what is sent, with the tag, for @work.  @len_max: bytes of input or output
 * that the device takes.  -EOPNOTSUPP for what it cannot do.
 */
static inline int dummy_encode(struct dummy_slot *slot, const struct wd_work *work,
			       uint32_t len_max)
{
	const struct wd_comp_req *req = work->req;
	struct wd_dummy_sqe *sqe = &slot->sent;

	if (req->in_len > len_max - WD_CHUNK_END)
		return -EOPNOTSUPP;
	slot->format = req->format;
	slot->head_len = 0;
	/* The rest of it was zero from the start. */
	sqe->tag = slot->flight.tag;
	sqe->in = (uintptr_t)req->in;
	sqe->in_len = (uint32_t)req->in_len;
	sqe->out = (uintptr_t)req->out;
	sqe->out_cap = (uint32_t)wd_min(req->out_cap, len_max);
	slot->cut = req->out_cap > len_max;
	sqe->level = 0;
	sqe->flags = 0;
	if (work->kind == WD_WORK_CHUNK)
		return dummy_encode_chunk(slot, req);
	if (wd_work_compresses(work))
		return dummy_encode_compress(slot, work);
	if (work->kind != WD_WORK_REQUEST)
		return -EOPNOTSUPP;
	if (req->format >= ARRAY_SIZE(dummy_formats))
		return -EOPNOTSUPP;
	sqe->op = WD_DUMMY_OP_DECOMPRESS;
	sqe->format = dummy_formats[req->format];
	return 0;
}

/*
 * Without SVA: have the memory of the request that is sent in @pool, and @sqe, a copy of
 * what is sent, say so.  0, -EBUSY if it is full, -EOPNOTSUPP if the request is too large.
 */
int dummy_bounce(struct dummy_slot *slot, struct bounce *pool,
		 struct wd_dummy_sqe *sqe);

/* ---- what the device says it did, compared with that ---- */

/* As a negative errno. */
int dummy_status(const struct dummy_slot *slot, uint32_t status);

void dummy_decode_chunk(const struct dummy_slot *slot, struct wd_work *work,
			const struct dummy_result *res);
void dummy_decode_named(const struct dummy_slot *slot, struct wd_comp_req *req);
void dummy_decode_open(const struct dummy_slot *slot, struct wd_comp_req *req);

/* The shortest streams there are: one empty block, with what belongs around it. */
static const uint8_t dummy_shortest[] = {
	[WD_DUMMY_DEFLATE] = 2,
	[WD_DUMMY_ZLIB] = 2 + 2 + 4,
	[WD_DUMMY_GZIP] = 10 + 2 + 8,
};

/*
 * Whether it can be: not more used or written than there was, nor less than it takes,
 * and nothing at all if it failed.
 */
static inline bool dummy_is_possible(const struct dummy_slot *slot, const struct dummy_result *res)
{
	const struct wd_dummy_sqe *sent = &slot->sent;
	uint32_t least = dummy_shortest[sent->format];

	if (res->status)
		return res->status <= WD_DUMMY_ESTOP && !res->consumed && !res->produced;
	if (res->consumed > sent->in_len || res->produced > sent->out_cap)
		return false;
	if (sent->op == WD_DUMMY_OP_DECOMPRESS)
		return res->consumed >= least &&
		       res->produced <= (uint64_t)res->consumed * DUMMY_DEFLATE_MAX;
	if (dummy_is_open(slot))
		least = sizeof(dummy_empty_block);
	return res->consumed == sent->in_len && res->produced >= least &&
	       res->consumed <= (uint64_t)res->produced * DUMMY_DEFLATE_MAX;
}

/* Whether the end of gzip or zlib data has the checksum and the length told. */
static inline bool dummy_tail_agrees(const struct dummy_slot *slot, const struct dummy_result *res)
{
	bool comp = slot->sent.op == WD_DUMMY_OP_COMPRESS;
	const uint8_t *end = comp ?
			     (const uint8_t *)(uintptr_t)slot->sent.out + res->produced :
			     (const uint8_t *)(uintptr_t)slot->sent.in + res->consumed;

	switch (slot->sent.format) {
	case WD_DUMMY_GZIP:
		return wd_get_le32(end - 8) == res->checksum &&
		       wd_get_le32(end - 4) == (comp ? res->consumed : res->produced);
	case WD_DUMMY_ZLIB:
		return wd_get_be32(end - 4) == res->checksum;
	default:
		return true;
	}
}

static inline void dummy_decode_compress(const struct dummy_slot *slot, struct wd_comp_req *req)
{
	const struct wd_dummy_sqe *sent = &slot->sent;

	if (slot->head_len) {
		dummy_decode_named(slot, req);
		return;
	}
	if (dummy_is_open(slot))
		dummy_decode_open(slot, req);
	/* The device sums up raw data as gzip does. */
	if (slot->flight.work.kind == WD_WORK_COMPRESS &&
	    slot->flight.work.args.compress.summed_as == WD_COMP_ZLIB)
		req->checksum = wd_adler32(1, (void *)(uintptr_t)sent->in, sent->in_len);
	if (req->produced >= sent->in_len)
		req->result |= WD_COMP_RES_STORED;
}

/*
 * Give the request of @work, the slot's own, what is possible for it.  False, and
 * nothing given, for a result that cannot be.
 */
static inline bool dummy_decode(const struct dummy_slot *slot, struct wd_work *work,
				const struct dummy_result *res)
{
	struct wd_comp_req *req = work->req;

	if (!dummy_is_possible(slot, res))
		return false;
	req->status = 0;
	req->result = 0;
	req->consumed = res->consumed;
	req->produced = res->produced;
	req->checksum = res->checksum;
	bounce_result(&slot->bounced, dummy_out(slot), res->produced);
	if (res->status)
		inflight_fail(req, dummy_status(slot, res->status));
	else if (work->kind == WD_WORK_CHUNK)
		dummy_decode_chunk(slot, work, res);
	else if (!dummy_tail_agrees(slot, res))
		inflight_fail(req, -EIO);
	else if (slot->sent.op == WD_DUMMY_OP_COMPRESS)
		dummy_decode_compress(slot, req);
	return true;
}

#endif
