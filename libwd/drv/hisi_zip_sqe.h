/* SPDX-License-Identifier: MIT */
/*
 * Requests and results of the ZIP engine, <hw/hisi_zip_sqe.h>, for its driver.
 *
 * The engine reads and writes DEFLATE data, and the trailer of gzip and zlib data; what
 * comes before is written and read here.  Each request is a whole stream, and all it
 * makes ends in a final block, which is opened where more is to follow.
 *
 * Raw data is made as gzip or zlib data, whose trailer has the checksum that is wanted
 * and is dropped: so do also those devices that know no raw data.
 *
 * Nothing that comes from the device is believed before it is compared with what was
 * sent, of which there is a copy that the device does not reach.  What a plain
 * request passes through is inline.
 */
#ifndef WD_HISI_ZIP_SQE_H
#define WD_HISI_ZIP_SQE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <hw/hisi_zip_sqe.h>

#include "../codec/codec.h"
#include "../format/format.h"
#include "../internal.h"
#include "bounce.h"
#include "inflight.h"

#define HISI_ZIP_RATIO_MAX                                                     \
	1032u /* bytes that a byte of DEFLATE data can stand for */
#define HISI_ZIP_SHORTEST 2u /* bytes of a stream: one empty block */

/*
 * struct hisi_zip_caps - what a device can do
 * @dw7, @dw9: what is the same in each request of its type
 * @tag_at: where in it the tag is
 * @algs:   bit n: HZIP_ALG_ n
 */
struct hisi_zip_caps {
	uint32_t dw7, dw9;
	size_t tag_at;
	uint32_t algs;
};

/*
 * struct hisi_zip_way - what the device does with data of a format
 * @alg:      HZIP_ALG_*
 * @tail_len: bytes of the trailer
 * @drop:     it is not wanted
 * @compress: not the other way round
 */
struct hisi_zip_way {
	uint8_t alg;
	uint8_t tail_len;
	bool drop;
	bool compress;
};

/*
 * A place for a request in flight.
 *
 * @in, @in_len, @out, @out_cap: as the device was told, but for a chunk's own end, which
 *            is in @in_len and not at @in
 * @room:     bytes for output that there are
 * @head_len: bytes before @in or @out that the device does not see: a header
 * @way:      how
 * @format:   the request's own
 * @open:     the stream goes on
 * @plain:    see hisi_zip_plain_queue(), and the device reaches the request's own memory
 * @lists:    for input in two pieces; the queue's to free
 * @bounced:  where the device has it, without SVA
 */
struct hisi_zip_slot {
	struct inflight_slot flight;
	const uint8_t *in;
	uint8_t *out;
	uint32_t in_len, out_cap;
	size_t room;
	uint32_t head_len;
	struct hisi_zip_way way;
	uint8_t format;
	bool open;
	bool plain;
	uint8_t *lists;
	struct bounced bounced;
};

/* A result as it was read, once, from where the device writes. */
struct hisi_zip_result {
	uint32_t tag, tag_high;
	uint32_t status, consumed, produced, checksum;
};

/* @type: HZIP_SQE_TYPE0 or 3; @algs: as sysfs has them. */
void hisi_zip_find_caps(struct hisi_zip_caps *caps, uint32_t type,
			const char *algs);

/* Which kind of queue @work is for, HZIP_QUEUE_*, or -EOPNOTSUPP: none. */
static inline int hisi_zip_queue_of(const struct wd_work *work)
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
	case WD_WORK_STATEFUL:
		return HZIP_QUEUE_DECOMPRESS;
	default:
		return -EOPNOTSUPP;
	}
}

/* ---- requests ---- */

#define HISI_ZIP_FORMATS 3u

/* By HZIP_QUEUE_* and enum wd_comp_format. */
static const struct hisi_zip_way hisi_zip_ways[][HISI_ZIP_FORMATS] = {
	[HZIP_QUEUE_COMPRESS] = {
		[WD_COMP_GZIP] = { HZIP_ALG_GZIP, 8, false, true },
		[WD_COMP_ZLIB] = { HZIP_ALG_ZLIB, 4, false, true },
		[WD_COMP_RAW] = { HZIP_ALG_GZIP, 8, true, true },
	},
	[HZIP_QUEUE_DECOMPRESS] = {
		[WD_COMP_GZIP] = { HZIP_ALG_GZIP, 8, false, false },
		[WD_COMP_ZLIB] = { HZIP_ALG_ZLIB, 4, false, false },
		[WD_COMP_RAW] = { HZIP_ALG_DEFLATE, 0, false, false },
	},
};

/* Of gzip data: a header without optional fields, and something after it. */
static inline bool hisi_zip_has_plain_head(const struct wd_comp_req *req)
{
	static const uint8_t plain[] = { WD_GZIP_MAGIC, WD_GZIP_DEFLATE, 0 };

	return req->in_len > WD_GZIP_HEAD &&
	       !memcmp(req->in, plain, sizeof(plain));
}

/* What the device shall see; more than it takes, or less, is for the CPU. */
static inline int hisi_zip_fit(struct hisi_zip_slot *slot, const uint8_t *in,
			       size_t in_len, uint8_t *out, size_t out_cap)
{
	if (in_len - 1 >= HZIP_LEN_MAX || out_cap < HZIP_OUT_MIN)
		return -EOPNOTSUPP;
	slot->in = in;
	slot->in_len = (uint32_t)in_len;
	slot->out = out;
	slot->room = out_cap;
	slot->out_cap = (uint32_t)wd_min(out_cap, HZIP_LEN_MAX);
	return 0;
}

/* The header, of @head_len bytes, is not the device's to see. */
static inline int hisi_zip_fit_body(struct hisi_zip_slot *slot,
				    const struct wd_comp_req *req,
				    unsigned int queue, size_t head_len)
{
	const uint8_t *in = req->in;
	uint8_t *out = req->out;

	slot->head_len = (uint32_t)head_len;
	return queue == HZIP_QUEUE_COMPRESS
		       ? hisi_zip_fit(slot, in, req->in_len, out + head_len,
				      req->out_cap - head_len)
		       : hisi_zip_fit(slot, in + head_len,
				      req->in_len - head_len, out,
				      req->out_cap);
}

/*
 * What the device is told of @work, for that kind of queue: 0, -EOPNOTSUPP or -ENOMEM, as
 * hisi_zip_encode().
 */
int hisi_zip_plan(struct hisi_zip_slot *slot, const struct wd_work *work,
		  unsigned int queue);

/* After hisi_zip_put(): a chunk's input and its own end are a list. */
void hisi_zip_put_lists(struct hisi_zip_slot *slot, struct hisi_zip_sqe *sqe);

/*
 * After hisi_zip_put(): a request of a stream, of which the device keeps what it knows at
 * @context, an address as it is to be told.
 */
void hisi_zip_put_stateful(const struct wd_work *work, uint64_t context,
			   struct hisi_zip_sqe *sqe);

/*
 * Which kind of queue @work is for if it is plain, as an application's mostly is: a valid
 * request, gzip, and without what is seldom in headers.  Else -1.
 */
static inline int hisi_zip_plain_queue(const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;

	if (work->kind != WD_WORK_REQUEST || req->header ||
	    wd_codec_check(req) || req->format != WD_COMP_GZIP)
		return -1;
	if (req->op == WD_COMP_COMPRESS)
		return HZIP_QUEUE_COMPRESS;
	return hisi_zip_has_plain_head(req) ? HZIP_QUEUE_DECOMPRESS : -1;
}

/* The same of what is plain. */
static inline int hisi_zip_plan_plain(struct hisi_zip_slot *slot,
				      const struct wd_comp_req *req,
				      unsigned int queue)
{
	slot->plain = true;
	slot->format = WD_COMP_GZIP;
	slot->way = hisi_zip_ways[queue][WD_COMP_GZIP];
	slot->open = false;
	if (queue == HZIP_QUEUE_COMPRESS) {
		if (req->out_cap < WD_HEAD_MAX)
			return -EOPNOTSUPP;
		wd_gzip_head_plain(req->out, req->level);
	}
	return hisi_zip_fit_body(slot, req, queue, WD_GZIP_HEAD);
}

/* Both halves at once; so is the machine, see internal.h. */
static inline void hisi_zip_put_addr(__le32 *low, const void *p)
{
	uint64_t addr = (uintptr_t)p;

	memcpy(low, &addr, sizeof(addr));
}

/* What compilers take for memset() is slower. */
static inline void hisi_zip_clear(struct hisi_zip_sqe *sqe)
{
	typedef uint64_t pair
		__attribute__((vector_size(16), aligned(8), may_alias));
	pair *p = (pair *)sqe;

	static_assert(sizeof(*sqe) == 8 * sizeof(*p), "eight of them");
	p[0] = p[1] = p[2] = p[3] = (pair){ 0 };
	p[4] = p[5] = p[6] = p[7] = (pair){ 0 };
}

/* All of the entry: results of an older request are in the same place. */
static inline void hisi_zip_put(const struct hisi_zip_slot *slot, uint32_t alg,
				const struct hisi_zip_caps *caps,
				struct hisi_zip_sqe *sqe)
{
	uint32_t in_len = slot->in_len, out_len = slot->out_cap;
	uint32_t tag = cpu_to_le32(slot->flight.tag);
	const uint8_t *in = slot->in;
	uint8_t *out = slot->out;

	hisi_zip_clear(sqe);
	sqe->in_len = cpu_to_le32(in_len);
	sqe->dw7 = cpu_to_le32(caps->dw7);
	sqe->dw9 = cpu_to_le32(caps->dw9 | FIELD_PREP(HZIP_SQE_ALG, alg));
	sqe->out_len = cpu_to_le32(out_len);
	hisi_zip_put_addr(&sqe->src_low, in);
	hisi_zip_put_addr(&sqe->dst_low, out);
	memcpy((uint8_t *)sqe + caps->tag_at, &tag, sizeof(tag));
}

/*
 * Write the request for @work, which is for that kind of queue, with the slot's tag, to
 * @sqe.  @plain: of hisi_zip_plain_queue().  0, -EOPNOTSUPP for what the device cannot do, or
 * what it is better not asked for, such as data whose header makes no sense; -ENOMEM.
 */
static inline int hisi_zip_encode(struct hisi_zip_slot *slot,
				  const struct wd_work *work,
				  unsigned int queue, bool plain,
				  const struct hisi_zip_caps *caps,
				  struct hisi_zip_sqe *sqe)
{
	int ret = plain ? hisi_zip_plan_plain(slot, work->req, queue)
			: hisi_zip_plan(slot, work, queue);
	uint32_t alg = plain ? HZIP_ALG_GZIP : slot->way.alg;

	if (ret)
		return ret;
	if (!(caps->algs & BIT(alg)))
		return -EOPNOTSUPP;
	hisi_zip_put(slot, alg, caps, sqe);
	if (!plain && work->kind == WD_WORK_CHUNK)
		hisi_zip_put_lists(slot, sqe);
	return 0;
}

/*
 * Without SVA: have the request's memory in @pool, and the entry say so.  0, -EBUSY if it
 * is full, -EOPNOTSUPP if the request is too large for it.
 */
int hisi_zip_bounce(struct hisi_zip_slot *slot, const struct wd_work *work,
		    struct bounce *pool, struct hisi_zip_sqe *sqe);

/* ---- results ---- */

static inline uint32_t hisi_zip_word(const __le32 *p)
{
	return le32_to_cpu(__atomic_load_n(p, __ATOMIC_RELAXED));
}

/* The tag comes back where it was; where there is none there still is a zero. */
static inline struct hisi_zip_result
hisi_zip_read(const struct hisi_zip_sqe *sqe, const struct hisi_zip_caps *caps)
{
	const void *tag = (const uint8_t *)sqe + caps->tag_at;

	return (struct hisi_zip_result){
		.tag = hisi_zip_word(tag),
		.tag_high = hisi_zip_word(&sqe->tag_high),
		.status = FIELD_GET(HZIP_SQE_STATUS, hisi_zip_word(&sqe->dw3)),
		.consumed = hisi_zip_word(&sqe->consumed),
		.produced = hisi_zip_word(&sqe->produced),
		.checksum = hisi_zip_word(&sqe->checksum),
	};
}

/*
 * As hisi_zip_decode(), of a request of a stream; @sqe: where the device has left what it
 * gives back with it.
 */
bool hisi_zip_decode_stateful(const struct hisi_zip_slot *slot,
			      struct wd_work *work, struct hisi_zip_result res,
			      const struct hisi_zip_sqe *sqe);

/*
 * Whether it can be: not more used or written than there was, nor less than it takes.
 * An entry that the device has not written at all is none.
 */
static inline bool hisi_zip_is_possible(const struct hisi_zip_slot *slot,
					struct hisi_zip_way way,
					struct hisi_zip_result res)
{
	uint32_t least = HISI_ZIP_SHORTEST + way.tail_len;

	if (res.consumed > slot->in_len || res.produced > slot->out_cap)
		return false;
	if (!way.compress)
		return res.consumed >= least &&
		       res.produced <=
			       (uint64_t)res.consumed * HISI_ZIP_RATIO_MAX;
	return res.consumed == slot->in_len && res.produced >= least &&
	       res.consumed <= (uint64_t)res.produced * HISI_ZIP_RATIO_MAX;
}

/*
 * The trailer that ends at @end: its checksum, if the length in it is @len, as far as
 * there is one.
 */
static inline bool hisi_zip_read_tail(struct hisi_zip_way way,
				      const uint8_t *end, uint32_t len,
				      uint32_t *checksum)
{
	if (way.alg == HZIP_ALG_ZLIB) {
		*checksum = wd_get_be32(end - 4);
		return true;
	}
	*checksum = wd_get_le32(end - 8);
	return wd_get_le32(end - 4) == len;
}

static inline int hisi_zip_decode_compress(const struct hisi_zip_slot *slot,
					   struct hisi_zip_way way,
					   struct wd_comp_req *req)
{
	size_t made = req->produced - way.tail_len;

	if (!hisi_zip_read_tail(way, slot->out + req->produced, slot->in_len,
				&req->checksum))
		return -EIO;
	if (made >= slot->in_len)
		req->result |= WD_COMP_RES_STORED;
	if (way.drop)
		req->produced = made;
	req->produced += slot->head_len;
	return 0;
}

static inline int hisi_zip_decode_decompress(const struct hisi_zip_slot *slot,
					     struct hisi_zip_way way,
					     struct wd_comp_req *req,
					     struct hisi_zip_result res)
{
	req->consumed += slot->head_len;
	return hisi_zip_read_tail(way, slot->in + res.consumed, res.produced,
				  &req->checksum)
		       ? 0
		       : -EIO;
}

static inline void hisi_zip_give(struct wd_comp_req *req,
				 struct hisi_zip_result res)
{
	req->status = 0;
	req->result = 0;
	req->consumed = res.consumed;
	req->produced = res.produced;
}

/*
 * Give the request of @work, the slot's own, what is possible for it.  False, and
 * nothing given, for a result that cannot be.
 */
bool hisi_zip_decode(const struct hisi_zip_slot *slot, struct wd_work *work,
		     struct hisi_zip_result res);

/* The same, with a @way of which all is known here. */
static inline bool hisi_zip_decode_way(const struct hisi_zip_slot *slot,
				       struct hisi_zip_way way,
				       struct wd_comp_req *req,
				       struct hisi_zip_result res)
{
	int ret;

	if (!hisi_zip_is_possible(slot, way, res))
		return false;
	hisi_zip_give(req, res);
	ret = way.compress ? hisi_zip_decode_compress(slot, way, req)
			   : hisi_zip_decode_decompress(slot, way, req, res);
	if (ret)
		inflight_fail(req, ret);
	return true;
}

/* The same of a plain request, if its status is 0. */
static inline bool hisi_zip_decode_plain(const struct hisi_zip_slot *slot,
					 struct wd_comp_req *req,
					 struct hisi_zip_result res)
{
	return slot->way.compress
		       ? hisi_zip_decode_way(slot,
					     hisi_zip_ways[HZIP_QUEUE_COMPRESS]
							  [WD_COMP_GZIP],
					     req, res)
		       : hisi_zip_decode_way(
				 slot,
				 hisi_zip_ways[HZIP_QUEUE_DECOMPRESS]
					      [WD_COMP_GZIP],
				 req, res);
}

#endif
