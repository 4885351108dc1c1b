/* SPDX-License-Identifier: MIT */
/*
 * Serving whole requests on the CPU: complete members and streams both ways.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include <libdeflate.h>
#include <zlib.h>

#include "../format/format.h"
#include "../internal.h"
#include "codec.h"
#include "splice.h"

#define LARGE_PAGE	((size_t)2 << 20)

/* @scratch: memory for a request that does not bring its own */
struct wd_codec {
	struct wd_deflate *deflate;
	struct libdeflate_decompressor *inflate;
	uint8_t *scratch;
	size_t scratch_cap;
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
	wd_free_bulk(codec->scratch, codec->scratch_cap);
	free(codec);
}

static int fit_scratch(struct wd_codec *codec, size_t len)
{
	if (codec->scratch_cap >= len)
		return 0;
	wd_free_bulk(codec->scratch, codec->scratch_cap);
	codec->scratch_cap = 0;
	/* Half a large page more costs less than many small ones. */
	if (len > LARGE_PAGE / 4 && len < LARGE_PAGE)
		len = LARGE_PAGE;
	codec->scratch = wd_alloc_bulk(len);
	if (!codec->scratch)
		return -ENOMEM;
	codec->scratch_cap = len;
	return 0;
}

/* ---- compression ---- */

/* Bytes before the input that may be referred to. */
static size_t before_size(const struct wd_work *work)
{
	if (work->kind != WD_WORK_COMPRESS || !work->args.compress.join)
		return 0;
	if (work->args.compress.source)
		return (size_t)wd_min(work->args.compress.offset, WD_COMP_WINDOW_MAX);
	return wd_min(work->args.compress.before, WD_COMP_WINDOW_MAX);
}

/* 0 when the whole piece was read. */
static int read_piece(const struct wd_source *source, uint8_t *to, size_t len,
		      uint64_t offset)
{
	int64_t n = source->read(source->arg, to, len, offset);

	if (n >= 0 && (uint64_t)n == len)
		return 0;
	return n < 0 ? (int)n : -ENODATA;
}

/*
 * 0 when the input, and right before it what it may refer to, is in the scratch
 * memory; *@before: how much of the latter there is.
 */
static int read_source(struct wd_codec *codec, struct wd_work *work, size_t *before)
{
	const struct wd_source *source = work->args.compress.source;
	uint64_t offset = work->args.compress.offset;
	const struct wd_comp_req *req = work->req;
	size_t len = *before + req->in_len, end;
	uint8_t *in;
	int ret = fit_scratch(codec, len);

	if (ret)
		return ret;
	in = codec->scratch + *before;
	ret = read_piece(source, in, req->in_len, offset);
	if (ret) {
		work->result.compress.no_input = true;
		return ret;
	}
	ret = *before ? read_piece(source, codec->scratch, *before,
				   offset - *before) : 0;
	/* The input has become shorter: the chunk before will tell. */
	if (ret == -ENODATA)
		*before = 0;
	else if (ret) {
		work->result.compress.no_input = true;
		return ret;
	}
	end = wd_min(*before + req->in_len, WD_COMP_WINDOW_MAX);
	work->result.compress.before_sum = wd_crc32(0, in - *before, *before);
	work->result.compress.end_sum = wd_crc32(0, in + req->in_len - end, end);
	return 0;
}

static size_t head_size(const struct wd_comp_req *req)
{
	if (req->header)
		return wd_gzip_head_size(req->header);
	return wd_format_of(req->format)->head_size;
}

static void write_head(uint8_t *to, const struct wd_comp_req *req)
{
	if (req->header)
		wd_gzip_head_write(to, req->header, req->level);
	else
		wd_head_write(to, req->format, req->level);
}

/* Of what the request's data was, by the format it is summed as. */
static uint32_t sum_of(const struct wd_work *work, const void *data)
{
	const struct wd_comp_req *req = work->req;

	return wd_checksum(work->kind == WD_WORK_COMPRESS ?
			   work->args.compress.summed_as : req->format,
			   data, req->in_len);
}

static bool has_source(const struct wd_work *work)
{
	return work->kind == WD_WORK_COMPRESS && work->args.compress.source;
}

static void run_compress(struct wd_codec *codec, struct wd_work *work)
{
	struct wd_comp_req *req = work->req;
	struct wd_deflate_job job = {
		.in = req->in,
		.in_len = req->in_len,
		.level = req->level,
		.open = req->flags & WD_COMP_REQ_OPEN,
		.before_len = before_size(work),
	};
	size_t head_len = head_size(req);
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
	if (has_source(work)) {
		size_t before = job.before_len;

		req->status = read_source(codec, work, &job.before_len);
		if (req->status)
			return;
		job.in = codec->scratch + before;
	}
	job.out = out + head_len;
	job.out_cap = req->out_cap - head_len - tail_len;
	req->checksum = sum_of(work, job.in);
	req->status = wd_deflate_run(codec->deflate, &job);
	if (req->status)
		return;

	write_head(out, req);
	req->consumed = req->in_len;
	req->produced = head_len + job.produced;
	req->produced += wd_tail_write(out + req->produced, req->format,
				       req->checksum, req->in_len);
	if (job.stored)
		req->result |= WD_COMP_RES_STORED;
	if (work->kind == WD_WORK_COMPRESS)
		work->result.compress.joined = job.joined;
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

/* One member or stream at @in; @used and @made are set on success only. */
static int one_member(struct wd_codec *codec, const struct wd_format *format,
		      const uint8_t *in, size_t in_len, uint8_t *out, size_t cap,
		      size_t *used, size_t *made, uint32_t *checksum)
{
	struct wd_mismatch mismatch;
	struct wd_head head = { 0 };
	size_t head_len, body, n;
	uint32_t sum;
	int ret = format->feed_head(&head, in, in_len, &head_len);

	if (ret <= 0 || head.needs_window)
		return !ret ? -ENODATA : -EBADMSG;
	ret = raw_inflate(codec, in + head_len, in_len - head_len, out, cap, &body, &n);
	if (ret)
		return ret;
	body += head_len;
	if (in_len - body < format->tail_size)
		return -ENODATA;
	sum = format->sum_add(format->sum_begin, out, n);
	if (format->check_tail(in + body, sum, n, &mismatch))
		return -EBADMSG;
	*used = body + format->tail_size;
	*made = n;
	*checksum = sum;
	return 0;
}

static void run_members(struct wd_codec *codec, struct wd_work *work)
{
	struct wd_comp_req *req = work->req;
	const uint8_t *in = req->in;
	uint8_t *out = req->out;

	while (req->consumed < req->in_len) {
		size_t used, made;
		int ret;

		ret = one_member(codec, &wd_format_gzip, in + req->consumed,
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
		work->result.members.count++;
	}
}

/* ---- chunks of a stream ---- */

/*
 * libdeflate is the fastest decoder, but only of whole streams.  So a chunk gets an
 * end of its own: a final stored block, whose content nobody could have foreseen.
 * If the output ends with just that content, the block was read as one, and so
 * the chunk ended between two blocks, on a byte boundary.
 *
 * The exception is a final stored block of the chunk's own that reaches over the
 * end: that one's output has the header before the content as well.
 */
#define END_HEAD	5u
#define END_CONTENT	8u
#define END_LEN		WD_CHUNK_END

static_assert(END_LEN == END_HEAD + END_CONTENT, "the end's two parts");

static const uint8_t end_head[END_HEAD] = { 0x01, 0x08, 0x00, 0xf7, 0xff };

/* An end for streams that are ours: nobody has tried to foresee it. */
static const uint8_t final_block[5] = { 0x01, 0x00, 0x00, 0xff, 0xff };

/* Random bytes that the kernel gives each program. */
static const uint8_t *end_content(void)
{
	static const uint8_t none[END_CONTENT] = "WarpDrv";
	const uint8_t *random = (const uint8_t *)getauxval(AT_RANDOM);

	return random ? random : none;
}

void wd_chunk_copy(uint8_t *to, const void *in, size_t len)
{
	if (len)
		memcpy(to, in, len);
	memcpy(to + len, end_head, END_HEAD);
	memcpy(to + len + END_HEAD, end_content(), END_CONTENT);
}

bool wd_chunk_judge(struct wd_work *work, size_t used, size_t made)
{
	struct wd_inflate *inf = work->args.chunk.decoder;
	struct wd_comp_req *req = work->req;
	const uint8_t *out = req->out;

	inf->ended = used <= req->in_len;
	inf->boundary = used == req->in_len + END_LEN;
	inf->lost_len = 0;
	req->consumed = used;
	req->produced = made;
	if (inf->ended)
		return true;
	if (!inf->boundary || made < END_CONTENT ||
	    memcmp(out + made - END_CONTENT, end_content(), END_CONTENT))
		return false;
	req->consumed = req->in_len;
	req->produced = made - END_CONTENT;
	return made < END_LEN || memcmp(out + made - END_LEN, end_head, END_HEAD);
}

bool wd_chunk_end_is_known(const struct wd_work *work,
			   enum wd_comp_format format)
{
	const struct wd_comp_req *req = work->req;

	if (!work->args.chunk.decoder->ended)
		return true;
	return format != WD_COMP_RAW &&
	       req->in_len - req->consumed == wd_format_of(format)->tail_size;
}

/* Returns false if libdeflate alone cannot say how the chunk ends. */
static bool chunk_by_libdeflate(struct wd_codec *codec, struct wd_work *work)
{
	struct wd_comp_req *req = work->req;
	size_t used, made;

	if (!codec || fit_scratch(codec, req->in_len + END_LEN))
		return false;
	wd_chunk_copy(codec->scratch, req->in, req->in_len);
	if (raw_inflate(codec, codec->scratch, req->in_len + END_LEN, req->out,
			req->out_cap, &used, &made))
		return false;
	return wd_chunk_judge(work, used, made);
}

static void run_chunk(struct wd_codec *codec, struct wd_work *work)
{
	struct wd_inflate *decoder = work->args.chunk.decoder;
	struct wd_comp_req *req = work->req;

	work->result.chunk.stuck = chunk_by_libdeflate(codec, work);
	if (!work->result.chunk.stuck) {
		req->status = wd_inflate_begin(decoder, NULL, 0);
		if (req->status)
			return;
		wd_inflate_run(decoder, req);
	}
	req->checksum = wd_checksum(req->format, req->out, req->produced);
}

/* libdeflate does not tell whether more input would have helped; zlib does. */
static int why_bad(const struct wd_comp_req *req)
{
	z_stream z = { 0 };
	uint8_t out[4096];
	int ret;

	if (!wd_format_of(req->format)->zlib_bits)
		return -EBADMSG;
	if (inflateInit2(&z, wd_format_of(req->format)->zlib_bits) != Z_OK)
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
	req->status = one_member(codec, wd_format_of(req->format), req->in, req->in_len,
				 req->out, req->out_cap, &req->consumed,
				 &req->produced, &req->checksum);
	if (req->status == -EBADMSG)
		req->status = why_bad(req);
	if (req->status)
		req->consumed = req->produced = 0;
}

/* ---- what a device made ---- */

/*
 * 0 if DEFLATE data with an end decodes to @want, -EBADMSG if not, or -ENOMEM; @from:
 * where there is room for that.  libdeflate takes codes that zlib does not, the splice
 * walker takes none.
 */
static int decodes_to(struct wd_codec *codec, const uint8_t *data, size_t len,
		      size_t from, const uint8_t *want, size_t want_len)
{
	uint8_t *out = codec->scratch + from;
	struct wd_splice_end end;
	size_t used, made;
	int ret;

	if (wd_splice_find(data, len, &end))
		return -EBADMSG;
	ret = raw_inflate(codec, data, len, out, want_len, &used, &made);
	if (ret)
		return ret == -ENOMEM ? ret : -EBADMSG;
	return used == len && made == want_len && !memcmp(out, want, want_len)
		       ? 0
		       : -EBADMSG;
}

/* 0 if the output of compression is its input, -EBADMSG if not, or -ENOMEM. */
static int verify(struct wd_codec *codec, const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;
	bool open = req->flags & WD_COMP_REQ_OPEN;
	size_t head = head_size(req), tail = wd_tail_size(req->format);
	uint8_t trailer[WD_TAIL_MAX];
	const uint8_t *data = req->out;
	/* The final block of an open stream; where it stands for the decoder. */
	size_t len = req->produced + (open ? sizeof(final_block) : 0);
	uint32_t sum;

	if (req->produced < head + tail)
		return -EBADMSG;
	sum = sum_of(work, req->in);
	wd_tail_write(trailer, req->format, sum, req->in_len);
	if (sum != req->checksum || memcmp(data + req->produced - tail, trailer, tail))
		return -EBADMSG;
	if (!codec || fit_scratch(codec, len + req->in_len))
		return -ENOMEM;
	write_head(codec->scratch, req);
	if (memcmp(data, codec->scratch, head))
		return -EBADMSG;
	if (open) {
		memcpy(codec->scratch, data, req->produced);
		memcpy(codec->scratch + req->produced, final_block,
		       sizeof(final_block));
		data = codec->scratch;
	}
	return decodes_to(codec, data + head, len - head - tail, open ? len : 0,
			  req->in, req->in_len);
}

/* The same of what may be decompression, too. */
static int look_at(struct wd_codec *codec, const struct wd_work *work)
{
	const struct wd_comp_req *req = work->req;

	if (wd_work_compresses(work))
		return verify(codec, work);
	return wd_checksum(req->format, req->out, req->produced) ==
			       req->checksum
		       ? 0
		       : -EBADMSG;
}

/* What cannot be looked at, for want of memory, nobody gets. */
static void run_check(struct wd_codec *codec, struct wd_work *work)
{
	struct wd_work *of = work->args.check.of;
	int ret = look_at(codec, of);

	work->result.check.wrong = ret == -EBADMSG;
	if (ret == -EBADMSG) {
		wd_codec_run(codec, of);
	} else if (ret) {
		of->req->status = ret;
		of->req->consumed = 0;
		of->req->produced = 0;
	}
}

static void run_request(struct wd_codec *codec, struct wd_work *work)
{
	if (work->req->op == WD_COMP_COMPRESS)
		run_compress(codec, work);
	else
		run_decompress(codec, work->req);
}

void wd_codec_run(struct wd_codec *codec, struct wd_work *work)
{
	struct wd_comp_req *req = work->req;

	memset(&work->result, 0, sizeof(work->result));
	if (work->kind == WD_WORK_CHECK) {
		run_check(codec, work);
		return;
	}
	req->consumed = 0;
	req->produced = 0;
	req->status = 0;
	req->result = 0;
	if (!codec && work->kind != WD_WORK_STREAM && work->kind != WD_WORK_CHUNK) {
		req->status = -ENOMEM;
		return;
	}
	switch (work->kind) {
	case WD_WORK_REQUEST:
		run_request(codec, work);
		break;
	case WD_WORK_COMPRESS:
		run_compress(codec, work);
		break;
	case WD_WORK_STREAM:
		wd_inflate_run(work->args.stream.decoder, req);
		break;
	case WD_WORK_MEMBERS:
		run_members(codec, work);
		break;
	case WD_WORK_CHUNK:
		run_chunk(codec, work);
		break;
	case WD_WORK_CHECK:
		break;
	case WD_WORK_STATEFUL:
		req->status = -EOPNOTSUPP;
		break;
	}
}
