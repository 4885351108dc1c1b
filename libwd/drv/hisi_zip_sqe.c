/* SPDX-License-Identifier: MIT */
/*
 * What goes into requests of the ZIP engine, and what is made of their results.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec/codec.h"
#include "../codec/splice.h"
#include "../format/format.h"
#include "hisi_zip_sqe.h"

#define SELDOM	  __attribute__((noinline, cold))

#define RATIO_MAX 1032u /* bytes that a byte of DEFLATE data can stand for */
#define SHORTEST  2u	/* bytes of a stream: one empty block */
#define GZIP_HEAD 10u	/* bytes, without optional fields */

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

/* ---- what there is to be done ---- */

int hisi_zip_queue_of(const struct wd_work *work)
{
	switch (work->kind) {
	case WD_WORK_REQUEST:
		return work->req->op == WD_COMP_COMPRESS
			       ? HZIP_QUEUE_COMPRESS
			       : HZIP_QUEUE_DECOMPRESS;
	case WD_WORK_COMPRESS:
		/* Input from a file is for the CPU. */
		return work->args.compress.source ? -EOPNOTSUPP
						  : HZIP_QUEUE_COMPRESS;
	case WD_WORK_CHUNK:
		return HZIP_QUEUE_DECOMPRESS;
	default:
		return -EOPNOTSUPP;
	}
}

/* The device's own data begins @slot->head_len bytes into both. */
static int fit(struct hisi_zip_slot *slot, const void *in, size_t in_len,
	       void *out, size_t out_cap)
{
	if (!in_len || in_len > HZIP_LEN_MAX || out_cap < HZIP_OUT_MIN)
		return -EOPNOTSUPP;
	slot->in = in;
	slot->in_len = (uint32_t)in_len;
	slot->out = out;
	slot->room = out_cap;
	slot->out_cap = (uint32_t)wd_min(out_cap, HZIP_LEN_MAX);
	return 0;
}

static size_t head_size(const struct wd_comp_req *req)
{
	if (req->header)
		return wd_gzip_head_size(req->header);
	return wd_format_of(req->format)->head_size;
}

static int plan_compress(struct hisi_zip_slot *slot, const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;
	enum wd_comp_format summed = work->kind == WD_WORK_COMPRESS
					     ? work->args.compress.summed_as
					     : req->format;
	size_t head_len = head_size(req);
	int ret;

	if (req->format != WD_COMP_RAW && req->format != summed)
		return -EOPNOTSUPP;
	if (req->out_cap < head_len)
		return -EOPNOTSUPP;
	slot->alg = summed == WD_COMP_ZLIB ? HZIP_ALG_ZLIB : HZIP_ALG_GZIP;
	slot->open = req->flags & WD_COMP_REQ_OPEN;
	slot->head_len = (uint32_t)head_len;
	ret = fit(slot, req->in, req->in_len, (uint8_t *)req->out + head_len,
		  req->out_cap - head_len);
	if (ret)
		return ret;
	if (req->header)
		wd_gzip_head_write(req->out, req->header, req->level);
	else if (head_len)
		wd_head_write(req->out, req->format, req->level);
	return 0;
}

/* Bytes of the header, 0 if it is not a whole one, or asks for what nobody has. */
static size_t read_head(const struct wd_comp_req *req)
{
	static const uint8_t plain[] = { 0x1f, 0x8b, 8, 0 };
	struct wd_head head = { 0 };
	size_t len;

	if (req->format == WD_COMP_GZIP && req->in_len >= GZIP_HEAD &&
	    !memcmp(req->in, plain, sizeof(plain)))
		return GZIP_HEAD;
	if (wd_format_of(req->format)
			    ->feed_head(&head, req->in, req->in_len, &len) <=
		    0 ||
	    head.needs_window)
		return 0;
	return len;
}

static const uint8_t alg_of[] = {
	[WD_COMP_GZIP] = HZIP_ALG_GZIP,
	[WD_COMP_ZLIB] = HZIP_ALG_ZLIB,
	[WD_COMP_RAW] = HZIP_ALG_DEFLATE,
};

static int plan_decompress(struct hisi_zip_slot *slot,
			   const struct wd_comp_req *req)
{
	size_t head_len = req->format == WD_COMP_RAW ? 0 : read_head(req);

	if (!head_len && req->format != WD_COMP_RAW)
		return -EOPNOTSUPP;
	slot->alg = alg_of[req->format];
	slot->head_len = (uint32_t)head_len;
	return fit(slot, (const uint8_t *)req->in + head_len,
		   req->in_len - head_len, req->out, req->out_cap);
}

static int plan_chunk(struct hisi_zip_slot *slot, const struct wd_comp_req *req)
{
	int ret;

	/* With its end it must not be too long either. */
	if (!req->in_len || req->in_len > HZIP_LEN_MAX - WD_CHUNK_END)
		return -EOPNOTSUPP;
	slot->alg = HZIP_ALG_DEFLATE;
	slot->head_len = 0;
	ret = fit(slot, req->in, req->in_len + WD_CHUNK_END, req->out,
		  req->out_cap);
	if (ret || slot->lists)
		return ret;
	slot->lists = aligned_alloc(HISI_SGL_ALIGN, LIST_SIZE);
	return slot->lists ? 0 : -ENOMEM;
}

static int plan(struct hisi_zip_slot *slot, const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;

	if (req->format >= ARRAY_SIZE(alg_of))
		return -EOPNOTSUPP;
	slot->format = req->format;
	slot->compress = wd_work_compresses(work);
	if (slot->compress)
		return plan_compress(slot, work);
	return work->kind == WD_WORK_CHUNK ? plan_chunk(slot, req)
					   : plan_decompress(slot, req);
}

/* ---- requests ---- */

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
static SELDOM void put_lists(struct hisi_zip_slot *slot,
			     struct hisi_zip_sqe *sqe)
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
	sqe->src_low = cpu_to_le32((uint32_t)(uintptr_t)in);
	sqe->src_high = cpu_to_le32((uint32_t)((uintptr_t)in >> 32));
	sqe->dst_low = cpu_to_le32((uint32_t)(uintptr_t)out);
	sqe->dst_high = cpu_to_le32((uint32_t)((uintptr_t)out >> 32));
}

int hisi_zip_encode(struct hisi_zip_slot *slot, const struct wd_work *work,
		    const struct hisi_zip_caps *caps, struct hisi_zip_sqe *sqe)
{
	uint32_t tag = slot->flight.tag;
	int ret = plan(slot, work);

	if (ret)
		return ret;
	if (!(caps->algs & BIT(slot->alg)))
		return -EOPNOTSUPP;
	/* All of it: results of an older request are in the same place. */
	*sqe = (struct hisi_zip_sqe){
		.in_len = cpu_to_le32(slot->in_len),
		.dw7 = cpu_to_le32(HZIP_SQE_NEW | HZIP_SQE_FINISH |
				   FIELD_PREP(HZIP_SQE_TYPE, caps->type)),
		.dw9 = cpu_to_le32(
			FIELD_PREP(HZIP_SQE_ALG, (uint32_t)slot->alg) |
			FIELD_PREP(HZIP_SQE_WINDOW, HZIP_WINDOW_32K)),
		.tag_type0 =
			cpu_to_le32(caps->type == HZIP_SQE_TYPE0 ? tag : 0),
		.out_len = cpu_to_le32(slot->out_cap),
		.src_low = cpu_to_le32((uint32_t)(uintptr_t)slot->in),
		.src_high = cpu_to_le32((uint32_t)((uintptr_t)slot->in >> 32)),
		.dst_low = cpu_to_le32((uint32_t)(uintptr_t)slot->out),
		.dst_high = cpu_to_le32((uint32_t)((uintptr_t)slot->out >> 32)),
		.tag_low = cpu_to_le32(caps->type == HZIP_SQE_TYPE0 ? 0 : tag),
	};
	if (work->kind == WD_WORK_CHUNK)
		put_lists(slot, sqe);
	return 0;
}

/* ---- results ---- */

static uint32_t read_word(const __le32 *p)
{
	return le32_to_cpu(__atomic_load_n(p, __ATOMIC_RELAXED));
}

void hisi_zip_read(struct hisi_zip_result *res, const struct hisi_zip_sqe *sqe,
		   uint32_t type)
{
	if (type == HZIP_SQE_TYPE0)
		res->tag = read_word(&sqe->tag_type0);
	else
		res->tag = (uint64_t)read_word(&sqe->tag_high) << 32 |
			   read_word(&sqe->tag_low);
	res->status = FIELD_GET(HZIP_SQE_STATUS, read_word(&sqe->dw3));
	res->consumed = read_word(&sqe->consumed);
	res->produced = read_word(&sqe->produced);
	res->checksum = read_word(&sqe->checksum);
}

/* 0 for what was done; others than these are failures of any kind. */
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

static uint32_t tail_len(const struct hisi_zip_slot *slot)
{
	return slot->alg == HZIP_ALG_GZIP   ? wd_format_gzip.tail_size
	       : slot->alg == HZIP_ALG_ZLIB ? wd_format_zlib.tail_size
					    : 0;
}

/*
 * Whether it can be: not more used or written than there was, nor less than it takes.
 * An entry that the device has not written at all is none.
 */
static bool is_possible(const struct hisi_zip_slot *slot,
			const struct hisi_zip_result *res)
{
	uint32_t least = SHORTEST + tail_len(slot);

	if (res->consumed > slot->in_len || res->produced > slot->out_cap)
		return false;
	if (!slot->compress)
		return res->consumed >= least &&
		       res->produced <= (uint64_t)res->consumed * RATIO_MAX;
	return res->consumed == slot->in_len && res->produced >= least &&
	       res->consumed <= (uint64_t)res->produced * RATIO_MAX;
}

/*
 * The trailer that ends at @end: its checksum, if the length in it is @len, as far as
 * there is one.
 */
static bool read_tail(const struct hisi_zip_slot *slot, const uint8_t *end,
		      uint32_t len, uint32_t *checksum)
{
	if (slot->alg == HZIP_ALG_ZLIB) {
		*checksum = wd_get_be32(end - 4);
		return true;
	}
	*checksum = wd_get_le32(end - 8);
	return wd_get_le32(end - 4) == len;
}

/* More is to follow: without the last block's mark, and with a chunk's. */
static SELDOM int open_stream(const struct hisi_zip_slot *slot,
			      struct wd_comp_req *req)
{
	int ret = wd_splice_open(slot->out, req->produced, slot->room,
				 &req->produced);

	/* What is no stream is not our own mistake. */
	return ret == -EBADMSG ? -EIO : ret;
}

static int decode_compress(const struct hisi_zip_slot *slot,
			   struct wd_comp_req *req)
{
	size_t made = req->produced - tail_len(slot);

	if (!read_tail(slot, slot->out + req->produced, slot->in_len,
		       &req->checksum))
		return -EIO;
	if (made >= slot->in_len)
		req->result |= WD_COMP_RES_STORED;
	if (slot->format == WD_COMP_RAW)
		req->produced = made;
	if (slot->open)
		return open_stream(slot, req);
	req->produced += slot->head_len;
	return 0;
}

/* The engine has it with the bits the other way round, and not complemented. */
static uint32_t crc_of(uint32_t word)
{
	uint32_t crc = 0;

	for (int i = 0; i < 32; i++)
		crc |= (~word >> i & 1) << (31 - i);
	return crc;
}

/* Raw data does not say what it stands for: what is there is what the device made. */
static bool is_raw_right(const struct hisi_zip_slot *slot,
			 const struct hisi_zip_result *res)
{
	return wd_crc32(0, slot->out, res->produced) == crc_of(res->checksum);
}

static int decode_decompress(const struct hisi_zip_slot *slot,
			     struct wd_comp_req *req,
			     const struct hisi_zip_result *res)
{
	req->consumed += slot->head_len;
	if (slot->alg != HZIP_ALG_DEFLATE)
		return read_tail(slot, slot->in + res->consumed, res->produced,
				 &req->checksum)
			       ? 0
			       : -EIO;
	req->checksum = crc_of(res->checksum);
	return is_raw_right(slot, res) ? 0 : -EIO;
}

/*
 * Where a stream ended inside of a chunk nobody can tell but the device; for that the
 * CPU looks itself.
 */
static SELDOM int decode_chunk(const struct hisi_zip_slot *slot,
			       struct wd_work *work,
			       const struct hisi_zip_result *res)
{
	struct wd_comp_req *req = work->req;
	struct wd_comp_req given = {
		.in_len = slot->in_len - WD_CHUNK_END,
		.out = slot->out,
	};
	struct wd_work judged =
		wd_work_chunk(&given, slot->flight.work.args.chunk.decoder);

	if (!is_raw_right(slot, res))
		return -EIO;
	if (!wd_chunk_judge(&judged, res->consumed, res->produced) ||
	    judged.args.chunk.decoder->ended)
		return -EOPNOTSUPP;
	work->result.chunk.stuck = true;
	req->consumed = given.consumed;
	req->produced = given.produced;
	req->checksum = wd_checksum(slot->format, slot->out, req->produced);
	return 0;
}

bool hisi_zip_decode(const struct hisi_zip_slot *slot, struct wd_work *work,
		     const struct hisi_zip_result *res)
{
	int ret = error_of(slot, res->status);
	struct wd_comp_req *req = work->req;

	if (!ret && !is_possible(slot, res))
		return false;
	req->status = 0;
	req->result = 0;
	req->consumed = res->consumed;
	req->produced = res->produced;
	if (!ret)
		ret = slot->compress ? decode_compress(slot, req)
		      : work->kind == WD_WORK_CHUNK
			      ? decode_chunk(slot, work, res)
			      : decode_decompress(slot, req, res);
	if (ret)
		inflight_fail(req, ret);
	return true;
}
