/* SPDX-License-Identifier: MIT */
/*
 * Serving whole requests on the CPU: complete members and streams both ways.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <zlib.h>

#include "codec.h"
#include "splice.h"

struct wd_codec {
	struct wd_deflate *deflate;
	struct libdeflate_decompressor *inflate;
};

struct wd_codec *wd_codec_create(void)
{
	return calloc(1, sizeof(struct wd_codec));
}

void wd_codec_destroy(struct wd_codec *codec)
{
	if (!codec)
		return;
	wd_deflate_destroy(codec->deflate);
	libdeflate_free_decompressor(codec->inflate);
	free(codec);
}

/* ---- compression ---- */

static void run_compress(struct wd_codec *codec, struct wd_comp_req *req)
{
	struct wd_deflate_job job = {
		.in = req->in,
		.in_len = req->in_len,
		.level = req->level,
		.open = req->flags & WD_COMP_REQ_OPEN,
	};
	uint8_t head[WD_GZIP_HEAD];
	size_t head_len = wd_head_write(head, req->format, req->level);
	size_t tail_len = wd_tail_size(req->format);
	uint8_t *out = req->out;

	if (!codec->deflate)
		codec->deflate = wd_deflate_create();
	if (!codec->deflate) {
		req->status = -ENOMEM;
		return;
	}
	if (req->out_cap < head_len + tail_len) {
		req->status = -ENOSPC;
		return;
	}
	job.out = out + head_len;
	job.out_cap = req->out_cap - head_len - tail_len;
	if (req->flags & WD_REQ_ADLER)
		req->checksum = wd_adler32(1, req->in, req->in_len);
	else
		req->checksum = wd_checksum(req->format, req->in, req->in_len);
	req->status = wd_deflate_run(codec->deflate, &job);
	if (req->status)
		return;

	memcpy(out, head, head_len);
	req->consumed = req->in_len;
	req->produced = head_len + job.produced;
	req->produced += wd_tail_write(out + req->produced, req->format,
				       req->checksum, req->in_len);
	if (job.stored)
		req->result |= WD_COMP_RES_STORED;
}

/* ---- decompression ---- */

static int raw_inflate(struct wd_codec *codec, const uint8_t *in, size_t in_len,
		       uint8_t *out, size_t cap, size_t *used, size_t *made)
{
	if (!codec->inflate)
		codec->inflate = libdeflate_alloc_decompressor();
	if (!codec->inflate)
		return -ENOMEM;
	switch (libdeflate_deflate_decompress_ex(codec->inflate, in, in_len, out,
						 cap, used, made)) {
	case LIBDEFLATE_SUCCESS:
		return 0;
	case LIBDEFLATE_INSUFFICIENT_SPACE:
		return -ENOSPC;
	default:
		return -EBADMSG;
	}
}

/* One gzip member at @in; @used and @made are set on success only. */
static int one_member(struct wd_codec *codec, const uint8_t *in, size_t in_len,
		      uint8_t *out, size_t cap, size_t *used, size_t *made,
		      uint32_t *checksum)
{
	struct wd_member m;
	size_t body, n;
	uint32_t crc;
	int ret = wd_member_parse(in, in_len, &m);

	if (ret <= 0)
		return ret ? ret : -ENODATA;
	ret = raw_inflate(codec, in + m.header_len, in_len - m.header_len, out,
			  cap, &body, &n);
	if (ret)
		return ret;
	body += m.header_len;
	if (in_len - body < WD_TAIL_MAX)
		return -ENODATA;
	crc = wd_crc32(0, out, n);
	if (wd_get_le32(in + body) != crc || wd_get_le32(in + body + 4) != (uint32_t)n)
		return -EBADMSG;
	*used = body + WD_TAIL_MAX;
	*made = n;
	*checksum = crc;
	return 0;
}

static void run_members(struct wd_codec *codec, struct wd_comp_req *req)
{
	const uint8_t *in = req->in;
	uint8_t *out = req->out;

	while (req->consumed < req->in_len) {
		size_t used, made;
		int ret;

		ret = one_member(codec, in + req->consumed,
				 req->in_len - req->consumed,
				 out + req->produced,
				 req->out_cap - req->produced, &used, &made,
				 &req->checksum);
		if (ret) {
			req->status = ret;
			return;
		}
		req->consumed += used;
		req->produced += made;
		req->result++;
	}
}

static int zlib_member(struct wd_codec *codec, struct wd_comp_req *req)
{
	const uint8_t *in = req->in;
	size_t body;
	int ret;

	if (req->in_len < 6)
		return -ENODATA;
	if (wd_zlib_head_check(in) || in[1] & WD_ZLIB_FDICT)
		return -EBADMSG;
	ret = raw_inflate(codec, in + 2, req->in_len - 2, req->out, req->out_cap,
			  &body, &req->produced);
	if (ret)
		return ret;
	body += 2;
	if (req->in_len - body < 4)
		return -ENODATA;
	req->checksum = wd_adler32(1, req->out, req->produced);
	if (req->checksum != wd_get_be32(in + body))
		return -EBADMSG;
	req->consumed = body + 4;
	return 0;
}

/* libdeflate does not tell whether more input would have helped; zlib does. */
static int why_bad(const struct wd_comp_req *req)
{
	int bits = req->format == WD_COMP_GZIP ? 31 :
		   req->format == WD_COMP_ZLIB ? 15 : -15;
	z_stream z = { 0 };
	uint8_t out[4096];
	int ret;

	if (inflateInit2(&z, bits) != Z_OK)
		return -ENOMEM;
	z.next_in = (Bytef *)req->in;
	z.avail_in = (uInt)req->in_len;
	do {
		z.next_out = out;
		z.avail_out = sizeof(out);
		ret = inflate(&z, Z_SYNC_FLUSH);
	} while (ret == Z_OK);
	inflateEnd(&z);
	return ret == Z_BUF_ERROR ? -ENODATA : -EBADMSG;
}

static void run_decompress(struct wd_codec *codec, struct wd_comp_req *req)
{
	switch (req->format) {
	case WD_COMP_GZIP:
		req->status = one_member(codec, req->in, req->in_len, req->out,
					 req->out_cap, &req->consumed,
					 &req->produced, &req->checksum);
		break;
	case WD_COMP_ZLIB:
		req->status = zlib_member(codec, req);
		break;
	default:
		req->status = raw_inflate(codec, req->in, req->in_len, req->out,
					  req->out_cap, &req->consumed,
					  &req->produced);
		if (!req->status)
			req->checksum = wd_crc32(0, req->out, req->produced);
	}
	if (req->status == -EBADMSG)
		req->status = why_bad(req);
	if (req->status)
		req->consumed = req->produced = 0;
}

int wd_codec_check(const struct wd_comp_req *req)
{
	if (!req || (req->in_len && !req->in) || (req->out_cap && !req->out))
		return -EINVAL;
	if (req->in_len > WD_COMP_REQ_MAX)
		return -EINVAL;
	if (req->reserved[0] == WD_REQ_INTERNAL)
		return 0;
	if (req->reserved[0] || req->reserved[1] || req->reserved[2] || req->stream)
		return -EINVAL;
	if (req->op > WD_COMP_DECOMPRESS || req->format > WD_COMP_RAW)
		return -EINVAL;
	if (req->op == WD_COMP_COMPRESS &&
	    (req->level < WD_COMP_LEVEL_MIN || req->level > WD_COMP_LEVEL_MAX))
		return -EINVAL;
	if (req->flags & ~WD_COMP_REQ_OPEN ||
	    (req->flags && (req->format != WD_COMP_RAW || req->op != WD_COMP_COMPRESS)))
		return -EINVAL;
	return 0;
}

void wd_codec_run(struct wd_codec *codec, struct wd_comp_req *req)
{
	req->consumed = 0;
	req->produced = 0;
	req->status = 0;
	req->result = 0;
	if (!codec && req->op != WD_OP_STREAM) {
		req->status = -ENOMEM;
		return;
	}
	switch (req->op) {
	case WD_COMP_COMPRESS:
		run_compress(codec, req);
		break;
	case WD_COMP_DECOMPRESS:
		run_decompress(codec, req);
		break;
	case WD_OP_STREAM:
		wd_inflate_run(req->stream, req);
		req->checksum = wd_checksum(req->format, req->out, req->produced);
		break;
	case WD_OP_MEMBERS:
		run_members(codec, req);
		break;
	default:
		req->status = -EINVAL;
	}
}
