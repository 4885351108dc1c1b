/* SPDX-License-Identifier: MIT */
/*
 * Requests of the ZIP engine: all but those that are plain, and need not be inline.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec/codec.h"
#include "../codec/splice.h"
#include "hisi_zip_sqe.h"

/* In the memory for lists: two entries for input, one for output, and a chunk's end. */
#define LIST_IN	  0u
#define LIST_OUT  128u
#define LIST_END  224u
#define LIST_SIZE 256u

static_assert(LIST_IN + sizeof(struct hisi_sgl) +
			      2 * sizeof(struct hisi_sgl_entry) <=
		      LIST_OUT,
	      "room for two entries");
static_assert(LIST_OUT + sizeof(struct hisi_sgl) +
			      sizeof(struct hisi_sgl_entry) <=
		      LIST_END,
	      "room for one entry");
static_assert(LIST_END + WD_CHUNK_END <= LIST_SIZE, "room for the end");
static_assert(LIST_OUT % HISI_SGL_ALIGN == 0 && LIST_SIZE % HISI_SGL_ALIGN == 0,
	      "lists are aligned");
static_assert(offsetof(struct hisi_zip_sqe, src_high) ==
		      offsetof(struct hisi_zip_sqe, src_low) + 4,
	      "halves of an address");
static_assert(offsetof(struct hisi_zip_sqe, dst_high) ==
		      offsetof(struct hisi_zip_sqe, dst_low) + 4,
	      "halves of an address");

void hisi_zip_find_caps(struct hisi_zip_caps *caps, uint32_t type,
			const char *algs)
{
	static const struct {
		const char *name;
		uint32_t alg;
	} known[] = {
		{ "gzip", HZIP_ALG_GZIP },
		{ "zlib", HZIP_ALG_ZLIB },
		{ "deflate", HZIP_ALG_DEFLATE },
	};

	*caps = (struct hisi_zip_caps){
		.dw7 = HZIP_SQE_NEW | HZIP_SQE_FINISH |
		       FIELD_PREP(HZIP_SQE_TYPE, type),
		.dw9 = FIELD_PREP(HZIP_SQE_WINDOW, HZIP_WINDOW_32K),
		.tag_at = type == HZIP_SQE_TYPE0
				  ? offsetof(struct hisi_zip_sqe, tag_type0)
				  : offsetof(struct hisi_zip_sqe, tag_low),
	};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (wd_algs_have(algs, known[i].name))
			caps->algs |= BIT(known[i].alg);
}

/* ---- headers ---- */

static size_t put_named(const struct wd_comp_req *req)
{
	if (req->out_cap < wd_gzip_head_size(req->header))
		return 0;
	return wd_gzip_head_write(req->out, req->header, req->level);
}

static size_t read_head(const struct wd_comp_req *req)
{
	struct wd_head head = { 0 };
	size_t len;

	if (req->format == WD_COMP_GZIP && hisi_zip_has_plain_head(req))
		return WD_GZIP_HEAD;
	if (wd_format_of(req->format)
			    ->feed_head(&head, req->in, req->in_len, &len) <=
		    0 ||
	    head.needs_window)
		return 0;
	return len;
}

/* ---- chunks ---- */

static int plan_summed(struct hisi_zip_slot *slot, const struct wd_work *work)
{
	enum wd_comp_format summed_as = work->args.compress.summed_as;

	if (work->req->format != WD_COMP_RAW)
		return work->req->format == summed_as ? 0 : -EOPNOTSUPP;
	if (summed_as == WD_COMP_ZLIB) {
		slot->way = hisi_zip_ways[HZIP_QUEUE_COMPRESS][WD_COMP_ZLIB];
		slot->way.drop = true;
	}
	return 0;
}

/* Room for what comes after it is looked at later. */
static size_t put_head(const struct wd_comp_req *req)
{
	if (req->header)
		return put_named(req);
	if (req->format == WD_COMP_RAW || req->out_cap < WD_HEAD_MAX)
		return 0;
	if (req->format == WD_COMP_ZLIB)
		return wd_head_write(req->out, WD_COMP_ZLIB, req->level);
	wd_gzip_head_plain(req->out, req->level);
	return WD_GZIP_HEAD;
}

static int plan_compress(struct hisi_zip_slot *slot, const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;
	size_t head_len = put_head(req);

	if (!head_len && req->format != WD_COMP_RAW)
		return -EOPNOTSUPP;
	slot->open = req->flags & WD_COMP_REQ_OPEN;
	if (work->kind == WD_WORK_COMPRESS && plan_summed(slot, work))
		return -EOPNOTSUPP;
	return hisi_zip_fit_body(slot, req, HZIP_QUEUE_COMPRESS, head_len);
}

static int plan_decompress(struct hisi_zip_slot *slot,
			   const struct wd_comp_req *req)
{
	size_t head_len = 0;

	slot->open = false;
	if (req->format != WD_COMP_RAW) {
		head_len = read_head(req);
		if (!head_len)
			return -EOPNOTSUPP;
	}
	return hisi_zip_fit_body(slot, req, HZIP_QUEUE_DECOMPRESS, head_len);
}

/* With its end it must not be too long, either. */
static int plan_chunk(struct hisi_zip_slot *slot, const struct wd_comp_req *req)
{
	int ret;

	if (!req->in_len || req->in_len > HZIP_LEN_MAX - WD_CHUNK_END)
		return -EOPNOTSUPP;
	slot->way = hisi_zip_ways[HZIP_QUEUE_DECOMPRESS][WD_COMP_RAW];
	slot->head_len = 0;
	slot->open = false;
	ret = hisi_zip_fit(slot, req->in, req->in_len + WD_CHUNK_END, req->out,
			   req->out_cap);
	if (ret || slot->lists)
		return ret;
	slot->lists = aligned_alloc(HISI_SGL_ALIGN, LIST_SIZE);
	return slot->lists ? 0 : -ENOMEM;
}

static void put_list(void *at, uint16_t n)
{
	struct hisi_sgl *list = at;

	memset(list, 0, sizeof(*list) + n * sizeof(list->entry[0]));
	list->slots_chain = cpu_to_le16(n);
	list->entries = cpu_to_le16(n);
	list->slots = cpu_to_le16(n);
}

static void put_entry(void *at, unsigned int i, const void *p, uint32_t len)
{
	struct hisi_sgl *list = at;

	list->entry[i].addr = cpu_to_le64((uintptr_t)p);
	list->entry[i].len = cpu_to_le32(len);
}

/* The input is the chunk, and then an end of its own. */
void hisi_zip_put_lists(struct hisi_zip_slot *slot, struct hisi_zip_sqe *sqe)
{
	uint8_t *in = slot->lists + LIST_IN, *out = slot->lists + LIST_OUT;
	uint8_t *end = slot->lists + LIST_END;

	wd_chunk_copy(end, NULL, 0);
	put_list(in, 2);
	put_entry(in, 0, slot->in, slot->in_len - WD_CHUNK_END);
	put_entry(in, 1, end, WD_CHUNK_END);
	put_list(out, 1);
	put_entry(out, 0, slot->out, slot->out_cap);
	sqe->dw9 |= cpu_to_le32(FIELD_PREP(HZIP_SQE_BUFFERS, HZIP_BUFFERS_SGL));
	hisi_zip_put_addr(&sqe->src_low, in);
	hisi_zip_put_addr(&sqe->dst_low, out);
}

/* ---- errors ---- */

/* All that are not named are failures of some kind. */
static int error_of(const struct hisi_zip_slot *slot, uint32_t status)
{
	switch (status) {
	case HZIP_STATUS_OK:
	case HZIP_STATUS_NEGATIVE:
	case HZIP_STATUS_END:
		return 0;
	case HZIP_STATUS_NO_SPACE:
		/* There was more, which the device could not be told. */
		return slot->room > slot->out_cap ? -EOPNOTSUPP : -ENOSPC;
	case HZIP_STATUS_CHECKSUM:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

/* ---- streams ---- */

/* The header is before it; what it says, a device need not know. */
static int plan_stateful(struct hisi_zip_slot *slot, const struct wd_work *work)
{
	const struct wd_stateful *stream = work->args.stateful.stream;
	const struct wd_comp_req *req = work->req;

	if (stream->format == WD_COMP_RAW || stream->ended ||
	    req->out_cap < HZIP_STREAM_OUT_MIN ||
	    (!req->in_len && !stream->begun))
		return -EOPNOTSUPP;
	slot->way = hisi_zip_ways[HZIP_QUEUE_DECOMPRESS][stream->format];
	slot->head_len = 0;
	slot->open = false;
	/* Even of no input there is an address. */
	slot->in = req->in_len ? req->in : stream->last;
	slot->in_len = (uint32_t)wd_min(req->in_len, HZIP_LEN_MAX);
	slot->out = req->out;
	slot->room = req->out_cap;
	slot->out_cap = (uint32_t)wd_min(req->out_cap, HZIP_LEN_MAX);
	return 0;
}

void hisi_zip_put_stateful(const struct wd_work *work, uint64_t context,
			   struct hisi_zip_sqe *sqe)
{
	const struct wd_stateful *stream = work->args.stateful.stream;
	uint32_t mode = HZIP_SQE_STATEFUL | (stream->begun ? 0 : HZIP_SQE_NEW);

	sqe->dw7 &= cpu_to_le32(~(HZIP_SQE_NEW | HZIP_SQE_FINISH));
	sqe->dw7 |= cpu_to_le32(mode);
	sqe->ctx_dw0 = cpu_to_le32(stream->word[0]);
	sqe->ctx_dw1 = cpu_to_le32(stream->word[1]);
	sqe->ctx_dw2 = cpu_to_le32(stream->word[2]);
	sqe->isize = cpu_to_le32(stream->word[3]);
	sqe->checksum = cpu_to_le32(stream->word[4]);
	memcpy(&sqe->ctx_low, &context, sizeof(context));
}

/*
 * What the device says of the end is compared with the data by whoever has all of it; a
 * request that brings nothing on would be sent for ever.
 */
static int go_on(struct wd_stateful *stream, const struct hisi_zip_slot *slot,
		 struct hisi_zip_result res, uint32_t last_block)
{
	bool ended = res.status == HZIP_STATUS_END && last_block;

	if (!ended && !res.consumed && !res.produced && slot->in_len)
		return -EIO;
	stream->last_len =
		(uint8_t)wd_keep_end(stream->last, stream->last_len,
				     WD_STATEFUL_TAIL, slot->in, res.consumed);
	if (ended && stream->last_len < slot->way.tail_len)
		return -EIO;
	stream->ended = ended;
	stream->begun = true;
	return 0;
}

bool hisi_zip_decode_stateful(const struct hisi_zip_slot *slot,
			      struct wd_work *work, struct hisi_zip_result res,
			      const struct hisi_zip_sqe *sqe)
{
	struct wd_stateful *stream = work->args.stateful.stream;
	struct wd_comp_req *req = work->req;
	int ret = res.status ? error_of(slot, res.status) : 0;

	if (!ret &&
	    (res.consumed > slot->in_len || res.produced > slot->out_cap))
		return false;
	req->status = 0;
	req->result = 0;
	req->consumed = res.consumed;
	req->produced = res.produced;
	if (!ret) {
		stream->word[0] = hisi_zip_word(&sqe->ctx_dw0);
		stream->word[1] = hisi_zip_word(&sqe->ctx_dw1);
		stream->word[2] = hisi_zip_word(&sqe->ctx_dw2);
		stream->word[3] = hisi_zip_word(&sqe->isize);
		stream->word[4] = res.checksum;
		bounce_result(&slot->bounced, slot->out, res.produced);
		ret = go_on(stream, slot, res,
			    hisi_zip_word(&sqe->dw3) & HZIP_SQE_LAST_BLOCK);
	}
	if (ret)
		inflight_fail(req, ret);
	return true;
}

/* ---- requests ---- */

int hisi_zip_plan(struct hisi_zip_slot *slot, const struct wd_work *work,
		  unsigned int queue)
{
	const struct wd_comp_req *req = work->req;

	if (req->format >= HISI_ZIP_FORMATS)
		return -EOPNOTSUPP;
	slot->plain = false;
	slot->format = req->format;
	slot->way = hisi_zip_ways[queue][req->format];
	if (queue == HZIP_QUEUE_COMPRESS)
		return plan_compress(slot, work);
	if (work->kind == WD_WORK_STATEFUL)
		return plan_stateful(slot, work);
	return work->kind == WD_WORK_CHUNK ? plan_chunk(slot, req)
					   : plan_decompress(slot, req);
}

/* ---- without SVA ---- */

/* More than that it does not make of the input, whatever room there is. */
static size_t most_output(const struct hisi_zip_slot *slot)
{
	size_t most = slot->way.compress
			      ? wd_deflate_bound(slot->in_len) +
					wd_device_extra(slot->in_len) +
					WD_TAIL_MAX
			      : (size_t)slot->in_len * HISI_ZIP_RATIO_MAX;

	return wd_min(slot->out_cap, most);
}

/* A chunk and its end are one piece there, so that no lists are needed. */
int hisi_zip_bounce(struct hisi_zip_slot *slot, const struct wd_work *work,
		    struct bounce *pool, struct hisi_zip_sqe *sqe)
{
	size_t end = work->kind == WD_WORK_CHUNK ? WD_CHUNK_END : 0;
	bool stateful = work->kind == WD_WORK_STATEFUL;
	size_t room = stateful ? slot->out_cap : most_output(slot);
	size_t in_size = slot->in_len ? slot->in_len : 1;
	struct bounced *x = &slot->bounced;
	int ret = bounce_request(pool, x, slot->in, in_size - end, in_size,
				 slot->out, room);

	if (ret)
		return ret;
	if (end)
		wd_chunk_copy(x->in + in_size - end, NULL, 0);
	slot->out_cap = (uint32_t)room;
	sqe->out_len = cpu_to_le32(slot->out_cap);
	sqe->dw9 &= cpu_to_le32(~HZIP_SQE_BUFFERS);
	memcpy(&sqe->src_low, &x->in_bus, sizeof(x->in_bus));
	memcpy(&sqe->dst_low, &x->out_bus, sizeof(x->out_bus));
	return 0;
}

/* ---- results ---- */

/* More is to follow: without the last block's mark, and with a chunk's. */
static int decode_open(const struct hisi_zip_slot *slot,
		       struct wd_comp_req *req)
{
	int ret = wd_splice_open(slot->out, req->produced, slot->room,
				 &req->produced);

	/* What is no stream is not our own mistake. */
	return ret == -EBADMSG ? -EIO : ret;
}

/* The engine has it with the bits the other way round, and not complemented. */
static uint32_t crc_of(uint32_t word)
{
	uint32_t crc = 0;

	for (int i = 0; i < 32; i++)
		crc |= (~word >> i & 1) << (31 - i);
	return crc;
}

/*
 * Where a stream ended inside of a chunk nobody can tell but the device; for that the
 * CPU looks itself, unless nothing but the trailer follows, which bears it out.
 */
static int decode_chunk(const struct hisi_zip_slot *slot, struct wd_work *work,
			struct hisi_zip_result res)
{
	struct wd_comp_req *req = work->req;
	struct wd_comp_req given = {
		.in_len = slot->in_len - WD_CHUNK_END,
		.out = slot->out,
	};
	struct wd_work judged =
		wd_work_chunk(&given, slot->flight.work.args.chunk.decoder);

	if (!wd_chunk_judge(&judged, res.consumed, res.produced) ||
	    !wd_chunk_end_is_known(&judged, slot->format))
		return -EOPNOTSUPP;
	work->result.chunk.stuck = true;
	req->consumed = given.consumed;
	req->produced = given.produced;
	req->checksum = wd_checksum(slot->format, slot->out, req->produced);
	return 0;
}

/* Raw data does not say what it stands for: what is there is what the device made. */
static int decode_raw(const struct hisi_zip_slot *slot, struct wd_work *work,
		      struct hisi_zip_result res)
{
	work->req->checksum = crc_of(res.checksum);
	if (wd_crc32(0, slot->out, res.produced) != work->req->checksum)
		return -EIO;
	return work->kind == WD_WORK_CHUNK ? decode_chunk(slot, work, res) : 0;
}

static int decode_done(const struct hisi_zip_slot *slot, struct wd_work *work,
		       struct hisi_zip_result res)
{
	struct wd_comp_req *req = work->req;
	int ret;

	bounce_result(&slot->bounced, slot->out, res.produced);
	if (slot->way.alg == HZIP_ALG_DEFLATE)
		return decode_raw(slot, work, res);
	if (!slot->way.compress)
		return hisi_zip_decode_decompress(slot, slot->way, req, res);
	ret = hisi_zip_decode_compress(slot, slot->way, req);
	return ret || !slot->open ? ret : decode_open(slot, req);
}

bool hisi_zip_decode(const struct hisi_zip_slot *slot, struct wd_work *work,
		     struct hisi_zip_result res)
{
	int ret = res.status ? error_of(slot, res.status) : 0;

	if (!ret && !hisi_zip_is_possible(slot, slot->way, res))
		return false;
	hisi_zip_give(work->req, res);
	if (!ret)
		ret = decode_done(slot, work, res);
	if (ret)
		inflight_fail(work->req, ret);
	return true;
}
