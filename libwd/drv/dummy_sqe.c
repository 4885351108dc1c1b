/* SPDX-License-Identifier: MIT */
/*
 * Requests of the dummy accelerator: what is seldom, and need not be inline.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../codec/codec.h"
#include "../format/format.h"
#include "../internal.h"
#include "dummy_sqe.h"

#define SELDOM		__attribute__((noinline, cold))

static_assert(sizeof(struct wd_dummy_sqe) == 64, "an entry is a cache line");
static_assert(sizeof(struct wd_dummy_cqe) == 32, "two in a cache line");

static int fit_scratch(struct dummy_slot *slot, size_t len)
{
	uint8_t *p;

	if (slot->scratch_cap >= len)
		return 0;
	p = realloc(slot->scratch, len);
	if (!p)
		return -ENOMEM;
	slot->scratch = p;
	slot->scratch_cap = len;
	return 0;
}

SELDOM int dummy_encode_chunk(struct dummy_slot *slot, const struct wd_comp_req *req)
{
	int ret = fit_scratch(slot, req->in_len + WD_CHUNK_END);

	if (ret)
		return ret;
	wd_chunk_copy(slot->scratch, req->in, req->in_len);
	slot->sent.op = WD_DUMMY_OP_DECOMPRESS;
	slot->sent.format = WD_DUMMY_DEFLATE;
	slot->sent.in = (uintptr_t)slot->scratch;
	slot->sent.in_len += WD_CHUNK_END;
	return 0;
}

/* More than that it does not make of the input, whatever room there is. */
static uint32_t most_output(const struct wd_dummy_sqe *sent)
{
	uint64_t most = sent->op == WD_DUMMY_OP_DECOMPRESS
				? (uint64_t)sent->in_len * DUMMY_DEFLATE_MAX
				: wd_deflate_bound(sent->in_len) +
					  wd_device_extra(sent->in_len) +
					  WD_HEAD_MAX + WD_TAIL_MAX;

	return (uint32_t)wd_min(sent->out_cap, most);
}

SELDOM int dummy_bounce(struct dummy_slot *slot, struct bounce *pool,
			struct wd_dummy_sqe *sqe)
{
	struct wd_dummy_sqe *sent = &slot->sent;
	uint32_t room = most_output(sent);
	int ret = bounce_request(pool, &slot->bounced,
				 (void *)(uintptr_t)sent->in, sent->in_len,
				 sent->in_len, dummy_out(slot), room);

	if (ret)
		return ret;
	slot->cut |= room < sent->out_cap;
	sent->out_cap = room;
	*sqe = *sent;
	sqe->in = slot->bounced.in_bus;
	sqe->out = slot->bounced.out_bus;
	return 0;
}

/*
 * The device knows one header only: this one is written here, and it is asked for what
 * comes after it.  Without room for that it has none at all, and says so.
 */
SELDOM int dummy_encode_named(struct dummy_slot *slot, const struct wd_comp_req *req)
{
	size_t head = wd_gzip_head_size(req->header);
	size_t around = head + wd_format_gzip.tail_size;

	slot->sent.format = WD_DUMMY_DEFLATE;
	slot->head_len = (uint32_t)head;
	if (req->out_cap < around) {
		slot->sent.out_cap = 0;
		return 0;
	}
	wd_gzip_head_write(req->out, req->header, req->level);
	slot->sent.out += head;
	slot->sent.out_cap = (uint32_t)wd_min(req->out_cap - around, slot->sent.out_cap);
	return 0;
}

/* The trailer, for which room was kept. */
SELDOM void dummy_decode_named(const struct dummy_slot *slot, struct wd_comp_req *req)
{
	const struct wd_dummy_sqe *sent = &slot->sent;

	if (wd_crc32(0, (void *)(uintptr_t)sent->in, sent->in_len) != req->checksum) {
		inflight_fail(req, -EIO);
		return;
	}
	if (req->produced >= sent->in_len)
		req->result |= WD_COMP_RES_STORED;
	wd_format_gzip.put_tail((uint8_t *)dummy_out(slot) + req->produced, req->checksum,
				sent->in_len);
	req->produced += slot->head_len + wd_format_gzip.tail_size;
}

SELDOM void dummy_decode_chunk(const struct dummy_slot *slot, struct wd_work *work,
			       const struct dummy_result *res)
{
	struct wd_comp_req *req = work->req;
	void *out = dummy_out(slot);
	struct wd_comp_req given = {
		.in_len = slot->sent.in_len - WD_CHUNK_END, .out = out,
	};
	struct wd_work judged = wd_work_chunk(&given, slot->flight.work.args.chunk.decoder);

	/* What came is not what the device had. */
	if (wd_crc32(0, out, res->produced) != res->checksum) {
		inflight_fail(req, -EIO);
		return;
	}
	/* Where a stream ended inside of it only the device says: the CPU looks itself. */
	if (!wd_chunk_judge(&judged, res->consumed, res->produced) ||
	    !wd_chunk_end_is_known(&judged, slot->format)) {
		inflight_fail(req, -EOPNOTSUPP);
		return;
	}
	work->result.chunk.stuck = true;
	req->consumed = given.consumed;
	req->produced = given.produced;
	req->checksum = wd_checksum(slot->format, out, req->produced);
}

SELDOM int dummy_status(const struct dummy_slot *slot, uint32_t status)
{
	switch (status) {
	case WD_DUMMY_OK:
		return 0;
	case WD_DUMMY_EINVAL:
		return -EINVAL;
	case WD_DUMMY_EFAULT:
		return -EFAULT;
	case WD_DUMMY_ENOSPC:
		/* There was more, which the device was not told of. */
		return slot->cut ? -EOPNOTSUPP : -ENOSPC;
	case WD_DUMMY_EDATA:
		return -EBADMSG;
	case WD_DUMMY_ESHORT:
		return -ENODATA;
	case WD_DUMMY_ENOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

SELDOM void dummy_decode_open(const struct dummy_slot *slot, struct wd_comp_req *req)
{
	memcpy((uint8_t *)dummy_out(slot) + req->produced, dummy_empty_block,
	       sizeof(dummy_empty_block));
	req->produced += sizeof(dummy_empty_block);
}
