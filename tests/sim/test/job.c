// SPDX-License-Identifier: MIT
/*
 * Streams through the device: see job.h.  Memory of a request is in job_buffer.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <zlib.h>

#include "engine.h"
#include "job.h"

#define POOL_LEN	((size_t)12 << 20)
#define POOL_KINDS	(T_KINDS + 1u)		/* the last: runs */

#define GZIP_HEADER	10u
#define ZLIB_HEADER	2u

/* Requests of one stream, about; some have ten times as many. */
#define PIECES_MAX 8u

/* ---- plain data ---- */

static void fill_runs(uint8_t *p, size_t len)
{
	while (len) {
		size_t n = 1 + t_rnd_below(1u << t_rnd_below(12));

		if (n > len)
			n = len;
		memset(p, (int)t_rnd_below(256), n);
		p += n;
		len -= n;
	}
}

void job_pool_make(struct job_pool *pool, uint64_t seed)
{
	pool->len = POOL_LEN;
	pool->data = malloc(POOL_KINDS * POOL_LEN);
	if (!pool->data)
		abort();
	t_seed(seed);
	for (unsigned int i = 0; i < T_KINDS; i++)
		t_fill(pool->data + i * POOL_LEN, POOL_LEN, (enum t_kind)i);
	fill_runs(pool->data + T_KINDS * POOL_LEN, POOL_LEN);
}

void job_pool_free(struct job_pool *pool)
{
	free(pool->data);
}

/* Most are small; the largest a request can have comes, too. */
static size_t draw_plain_len(struct job *job)
{
	uint32_t chance = t_below(&job->chance, 2000);

	if (!chance)
		return HZIP_LEN_MAX;
	if (chance < 4)
		return t_draw_len(&job->chance, HZIP_LEN_MAX);
	if (chance < 40)
		return t_draw_len(&job->chance, 1 << 20);
	return t_draw_len(&job->chance, 1 << 16);
}

static void draw_plain(struct job *job, const struct job_pool *pool)
{
	size_t kind = t_below(&job->chance, POOL_KINDS);

	job->plain_len = draw_plain_len(job);
	/* As a stream it is longer if it does not get shorter. */
	if (job->decompress && job->plain_len > HZIP_LEN_MAX - 65536)
		job->plain_len = HZIP_LEN_MAX - 65536;
	job->plain = pool->data + kind * pool->len +
		     t_draw(&job->chance) % (pool->len - job->plain_len);
}

/* ---- streams to be decompressed ---- */

static enum wd_comp_format format_of(const struct job *job)
{
	return job->alg == HZIP_ALG_GZIP ? WD_COMP_GZIP :
	       job->alg == HZIP_ALG_ZLIB ? WD_COMP_ZLIB : WD_COMP_RAW;
}

static void add_deflated(struct job *job, z_stream *z, size_t n, int flush)
{
	uint8_t out[4096];

	z->avail_in = (uInt)n;
	do {
		z->next_out = out;
		z->avail_out = sizeof(out);
		if (deflate(z, flush) == Z_STREAM_ERROR)
			abort();
		t_bytes_add(&job->stream, out, sizeof(out) - z->avail_out);
	} while (!z->avail_out);
}

static void deflate_by_zlib(struct job *job)
{
	static const int levels[] = { 0, 1, 6, 9 };
	static const int strategies[] = {
		Z_DEFAULT_STRATEGY, Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE,
	};
	static const int flushes[] = {
		Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_PARTIAL_FLUSH, Z_BLOCK,
	};
	int bits = 9 + (int)t_below(&job->chance, 7);
	int level = levels[t_below(&job->chance, T_ARRAY_SIZE(levels))];
	int mem_level = 1 + (int)t_below(&job->chance, 9);
	int strategy =
		strategies[t_below(&job->chance, T_ARRAY_SIZE(strategies))];
	bool flushed = t_once_in(&job->chance, 3);
	size_t left = job->plain_len;
	z_stream z = { 0 };

	bits = job->alg == HZIP_ALG_GZIP ? bits + 16 :
	       job->alg == HZIP_ALG_ZLIB ? bits : -bits;
	if (deflateInit2(&z, level, Z_DEFLATED, bits, mem_level, strategy) != Z_OK)
		abort();
	z.next_in = (Bytef *)job->plain;
	while (flushed && left > 1) {
		size_t n = t_draw_len(&job->chance, left);
		size_t kind = t_below(&job->chance, T_ARRAY_SIZE(flushes));

		add_deflated(job, &z, n, flushes[kind]);
		left -= n;
		flushed = !t_once_in(&job->chance, 16);
	}
	add_deflated(job, &z, left, Z_FINISH);
	deflateEnd(&z);
}

static void deflate_by_libdeflate(struct job *job)
{
	struct libdeflate_compressor *c =
		libdeflate_alloc_compressor(1 + (int)t_below(&job->chance, 12));
	size_t room, n;
	uint8_t *out;

	if (!c)
		abort();
	room = libdeflate_gzip_compress_bound(c, job->plain_len);
	out = malloc(room);
	if (!out)
		abort();
	if (job->alg == HZIP_ALG_GZIP)
		n = libdeflate_gzip_compress(c, job->plain, job->plain_len, out, room);
	else if (job->alg == HZIP_ALG_ZLIB)
		n = libdeflate_zlib_compress(c, job->plain, job->plain_len, out, room);
	else
		n = libdeflate_deflate_compress(c, job->plain, job->plain_len, out, room);
	t_bytes_add(&job->stream, out, n);
	free(out);
	libdeflate_free_compressor(c);
}

static void damage_stream(struct job *job)
{
	static const uint8_t trail[] = { 0x55, 0, 0x1f, 0x8b, 0xff, 3, 0 };
	uint32_t chance = t_below(&job->chance, 100);
	size_t body = job->stream.len - job->header_len;
	size_t at = job->header_len + t_draw(&job->chance) % body;
	uint8_t *p = job->stream.data;

	if (chance < 5) {
		job->damage = JOB_FLIPPED;
		p[at] ^= (uint8_t)(1 << t_below(&job->chance, 8));
	} else if (chance < 8 && body > 1) {
		job->damage = JOB_CUT;
		job->stream.len -= 1 + t_draw(&job->chance) % (body - 1);
	} else if (chance < 18) {
		job->damage = JOB_TRAILED;
		t_bytes_add(&job->stream, trail,
			    1 + t_below(&job->chance, sizeof(trail)));
	}
}

static void make_stream(struct job *job)
{
	if (t_once_in(&job->chance, 8))
		deflate_by_libdeflate(job);
	else
		deflate_by_zlib(job);
	job->header_len = job->alg == HZIP_ALG_GZIP ? GZIP_HEADER :
			  job->alg == HZIP_ALG_ZLIB ? ZLIB_HEADER : 0;
	job->stream_len = job->stream.len;
	damage_stream(job);
	job->src = job->stream.data + job->header_len;
	job->src_len = job->stream.len - job->header_len;
	if (job->src_len > HZIP_LEN_MAX)
		job->stateful = true;
}

/* ---- life ---- */

static void draw_kind(struct job *job)
{
	bool v3 = job->dev->config.revision >= QM_HW_V3;

	job->decompress = t_once_in(&job->chance, 2);
	job->stateful = t_once_in(&job->chance, 5);
	job->lists = t_once_in(&job->chance, 2);
	job->pointers = t_once_in(&job->chance, 4);
	job->window = t_below(&job->chance, HZIP_WINDOW_32K + 1);
	do
		job->alg =
			(uint8_t)(HZIP_ALG_DEFLATE + t_below(&job->chance, 3));
	while (!v3 && job->alg == HZIP_ALG_DEFLATE);
}

/* How large requests of a stream may be. */
static void draw_pieces(struct job *job)
{
	size_t pieces =
		t_once_in(&job->chance, 8) ? PIECES_MAX * 10 : PIECES_MAX;

	job->in_max = t_draw_len(&job->chance, job->src_len + 1);
	if (job->in_max < job->src_len / pieces + 1)
		job->in_max = job->src_len / pieces + 1;
	if (job->in_max > HZIP_LEN_MAX / 9 * 8)
		job->in_max = HZIP_LEN_MAX / 9 * 8;
	job->out_max = t_draw_len(&job->chance, job->plain_len * 2 + 1);
	if (job->out_max < job->plain_len / pieces + 1)
		job->out_max = job->plain_len / pieces + 1;
	if (job->out_max > HZIP_LEN_MAX)
		job->out_max = HZIP_LEN_MAX;
}

void job_begin(struct job *job, struct t_dev *dev, const struct job_pool *pool,
	       uint64_t seed)
{
	memset(job, 0, sizeof(*job));
	job->dev = dev;
	t_chance_begin(&job->chance, seed);
	draw_kind(job);
	draw_plain(job, pool);
	if (job->decompress) {
		make_stream(job);
	} else {
		job->src = job->plain;
		job->src_len = job->plain_len;
	}
	draw_pieces(job);
	/* A new stream's sums are the device's to begin, whatever is there. */
	job->isize = t_draw(&job->chance);
	job->checksum = t_draw(&job->chance);
	if (job->stateful) {
		t_alloc(dev, &job->ctx, HZIP_CTX_DEVICE + HZIP_CTX_DEVICE_SIZE, 64, true);
		job_pattern_fill(job->ctx.p, HZIP_CTX_DEVICE);
	}
}

void job_end(struct job *job)
{
	job_buffer_free(&job->in, job->dev);
	job_buffer_free(&job->out, job->dev);
	t_free(job->dev, &job->ctx);
	t_bytes_free(&job->stream);
	t_bytes_free(&job->result);
}

void job_describe(const struct job *job, char *text, size_t len)
{
	static const char *const damages[] = { "intact", "flipped", "cut", "trailed" };

	snprintf(text, len, "%s %s alg %u window %u %s %s %s, plain %zu, request %u: "
		 "in %u of %zu at %zu, out %u", job->stateful ? "stateful" : "stateless",
		 job->decompress ? "decompress" : "compress", job->alg, job->window,
		 job->lists ? "lists" : "flat", job->pointers ? "pointers" : "bus",
		 damages[job->damage], job->plain_len, job->requests, job->in_len,
		 job->src_len, job->src_pos, job->out_len);
}

/* ---- a request ---- */

static uint32_t at_most(size_t n, size_t max)
{
	return (uint32_t)(n < max ? n : max);
}

/* Space that is always enough for compressed data. */
static size_t enough_for(size_t in_len)
{
	return in_len + in_len / 8 + 64;
}

static void size_stateless(struct job *job)
{
	size_t need = job->decompress ? job->plain_len : enough_for(job->src_len);

	job->in_len = at_most(job->src_len, HZIP_LEN_MAX);
	if (t_once_in(&job->chance, 20))
		need = t_draw_len(&job->chance, need);
	else if (t_once_in(&job->chance, 2))
		need += t_draw_len(&job->chance, 10000);
	if (need < HZIP_OUT_MIN)
		need = HZIP_OUT_MIN;
	job->out_len = at_most(need, HZIP_LEN_MAX);
}

static void size_stateful(struct job *job)
{
	size_t left = job->src_len - job->src_pos;
	size_t out;

	job->in_len = at_most(1 + t_draw(&job->chance) % job->in_max, left);
	if (job->decompress) {
		/* Also between, as a caller with nothing new does. */
		if (job->end_follows ||
		    (job->requests && t_once_in(&job->chance, 10)))
			job->in_len = 0;
		out = 1 + t_draw(&job->chance) % job->out_max;
	} else {
		out = (job->in_len * (size_t)9 + 7) / 8;
		if (t_once_in(&job->chance, 2))
			out += t_draw_len(&job->chance, 10000);
	}
	if (out < HZIP_STREAM_OUT_MIN)
		out = HZIP_STREAM_OUT_MIN;
	job->out_len = at_most(out, HZIP_LEN_MAX);
	job->finish = job->decompress ? t_once_in(&job->chance, 2)
				      : job->in_len == left;
	/* Or with no input, by software alone. */
	if (!job->decompress && job->finish && t_once_in(&job->chance, 4)) {
		job->finish = false;
		job->finish_left = true;
	}
}

static void set_addr(__le32 *low, __le32 *high, uint64_t addr)
{
	*low = cpu_to_le32((uint32_t)addr);
	*high = cpu_to_le32((uint32_t)(addr >> 32));
}

static void make_sqe(struct job *job)
{
	struct hisi_zip_sqe *sqe = &job->sqe;
	bool new = !job->requests;
	uint64_t tag;

	t_sqe_make(sqe, job->dev, job->alg, job->in.addr, job->in_len, job->out.addr,
		   job->out_len);
	sqe->dw7 |= cpu_to_le32(job->in.skip);
	sqe->dw8 = cpu_to_le32(job->out.skip);
	sqe->dw9 = cpu_to_le32(FIELD_PREP(HZIP_SQE_ALG, (uint32_t)job->alg) |
			       FIELD_PREP(HZIP_SQE_BUFFERS, (uint32_t)job->lists) |
			       FIELD_PREP(HZIP_SQE_WINDOW, job->window));
	tag = (uint64_t)t_draw(&job->chance) << 32;
	t_sqe_set_tag(sqe, tag | t_draw(&job->chance));
	/* Without a stream, these two say nothing. */
	if (job->stateful ? new : t_once_in(&job->chance, 2))
		sqe->dw7 |= cpu_to_le32(HZIP_SQE_NEW);
	if (job->stateful ? job->finish : t_once_in(&job->chance, 2))
		sqe->dw7 |= cpu_to_le32(HZIP_SQE_FINISH);
	sqe->isize = cpu_to_le32(job->isize);
	sqe->checksum = cpu_to_le32(job->checksum);
	if (!job->stateful)
		return;
	sqe->dw7 |= cpu_to_le32(HZIP_SQE_STATEFUL);
	set_addr(&sqe->ctx_low, &sqe->ctx_high,
		 job_seen_by_device(&job->ctx, job->pointers) +
			 HZIP_CTX_DEVICE);
	sqe->ctx_dw0 = cpu_to_le32(job->ctx_dw0);
	sqe->ctx_dw1 = cpu_to_le32(job->ctx_dw1);
	sqe->ctx_dw2 = cpu_to_le32(job->ctx_dw2);
}

void job_prepare(struct job *job)
{
	unsigned int kind = (job->lists ? JOB_LISTED : 0) |
			    (job->pointers ? JOB_POINTERS : 0);

	job_buffer_free(&job->in, job->dev);
	job_buffer_free(&job->out, job->dev);
	if (job->stateful)
		size_stateful(job);
	else
		size_stateless(job);
	job_buffer_make(&job->in, job->dev, &job->chance, kind, job->in_len);
	job_buffer_put(&job->in, job->src + job->src_pos, job->in_len);
	job_buffer_make(&job->out, job->dev, &job->chance, kind | JOB_WRITABLE,
			job->out_len);
	make_sqe(job);
	job->requests++;
}

/* ---- what came back ---- */

static enum job_state fail(struct job *job, const char *what)
{
	const struct hisi_zip_sqe *sqe = &job->sqe;

	snprintf(job->error, sizeof(job->error),
		 "%s: status 0x%x, consumed %u, produced %u, context 0x%x 0x%x 0x%x",
		 what, t_sqe_status(sqe), le32_to_cpu(sqe->consumed),
		 le32_to_cpu(sqe->produced), le32_to_cpu(sqe->ctx_dw0),
		 le32_to_cpu(sqe->ctx_dw1), le32_to_cpu(sqe->ctx_dw2));
	return JOB_FAILED;
}

/* All but the results is as it was sent. */
static bool same_request(const struct hisi_zip_sqe *sent, const struct hisi_zip_sqe *got)
{
	struct hisi_zip_sqe sqe = *got;

	sqe.consumed = sent->consumed;
	sqe.produced = sent->produced;
	sqe.comp_data_len = sent->comp_data_len;
	sqe.dw3 = sent->dw3;
	sqe.ctx_dw0 = sent->ctx_dw0;
	sqe.ctx_dw1 = sent->ctx_dw1;
	sqe.ctx_dw2 = sent->ctx_dw2;
	sqe.isize = sent->isize;
	sqe.checksum = sent->checksum;
	return !memcmp(&sqe, sent, sizeof(sqe));
}

static uint32_t reverse_bits(uint32_t v)
{
	uint32_t r = 0;

	for (int i = 0; i < 32; i++)
		r |= (v >> i & 1) << (31 - i);
	return r;
}

/* The words for the plain data so far. */
static bool sums_are_right(const struct job *job, const uint8_t *plain, size_t len)
{
	uint32_t sum = le32_to_cpu(job->sqe.checksum);

	if (job->alg == HZIP_ALG_DEFLATE)
		return true;
	if (le32_to_cpu(job->sqe.isize) != (uint32_t)len)
		return false;
	if (job->alg == HZIP_ALG_ZLIB)
		return sum == adler32_z(1, plain, len);
	return reverse_bits(~sum) == crc32_z(0, plain, len);
}

/* What software has at a stream's end, for the whole of it. */
static void add_header(const struct job *job, struct t_bytes *out)
{
	static const uint8_t gzip[GZIP_HEADER] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	static const uint8_t zlib[ZLIB_HEADER] = { 0x78, 0x9c };

	if (job->alg == HZIP_ALG_GZIP)
		t_bytes_add(out, gzip, sizeof(gzip));
	else if (job->alg == HZIP_ALG_ZLIB)
		t_bytes_add(out, zlib, sizeof(zlib));
}

static void add_le32(struct t_bytes *out, uint32_t v)
{
	t_bytes_add(out, &v, sizeof(v));
}

/* The end of a stream that the device was not told of, from what it returned. */
static void finish_by_software(struct job *job)
{
	static const uint8_t empty_block[] = { 0x01, 0x00, 0x00, 0xff, 0xff };

	t_bytes_add(&job->result, empty_block, sizeof(empty_block));
	if (job->alg == HZIP_ALG_ZLIB)
		add_le32(&job->result, __builtin_bswap32(job->checksum));
	if (job->alg != HZIP_ALG_GZIP)
		return;
	add_le32(&job->result, reverse_bits(~job->checksum));
	add_le32(&job->result, job->isize);
}

/* zlib with no more history than the request's window, in small steps. */
static bool stays_in_window(const struct job *job)
{
	static const int bits[] = { 12, 13, 14, 15, 15 };
	uint8_t out[64];
	z_stream z = { 0 };
	int ret;

	if (inflateInit2(&z, -bits[job->window]) != Z_OK)
		abort();
	z.next_in = job->result.data;
	z.avail_in = (uInt)job->result.len;
	do {
		z.next_out = out;
		z.avail_out = sizeof(out);
		ret = inflate(&z, Z_SYNC_FLUSH);
	} while (ret == Z_OK);
	inflateEnd(&z);
	return ret == Z_STREAM_END;
}

static enum job_state judge_compressed(struct job *job)
{
	struct t_bytes all = { 0 };
	struct t_verdict v;
	bool right;

	add_header(job, &all);
	t_bytes_add(&all, job->result.data, job->result.len);
	t_judge(&v, format_of(job), all.data, all.len, NULL, 0);
	right = !v.ret && v.used == all.len && v.out.len == job->plain_len &&
		!memcmp(v.out.data, job->plain, job->plain_len);
	t_bytes_free(&v.out);
	t_bytes_free(&all);
	if (!right)
		return fail(job, "zlib does not get the data back");
	if (t_once_in(&job->chance, 8) && !stays_in_window(job))
		return fail(job, "a match reaches beyond the window");
	return JOB_DONE;
}

/*
 * The input ends at end.  Of a raw stream, held bits may have been taken that are
 * past it: nothing tells the device that it is so near.
 */
static bool ends_at(const struct job *job, size_t end)
{
	size_t beyond = job->header_len + job->src_pos - end;

	if (job->stateful && job->alg == HZIP_ALG_DEFLATE)
		return beyond < HZIP_HOLD_BITS / 8;
	return !beyond;
}

static bool is_data_error(uint32_t status)
{
	return status == HZIP_STATUS_CHECKSUM || status == SIM_STATUS_BAD_DATA ||
	       status == SIM_STATUS_TRUNCATED;
}

/* A damaged stream is refused as zlib refuses it, or taken as zlib takes it. */
static enum job_state judge_damaged(struct job *job, bool ended)
{
	uint32_t status = t_sqe_status(&job->sqe);
	enum job_state state = JOB_DONE;
	struct t_verdict v;
	size_t n;

	t_judge(&v, format_of(job), job->stream.data, job->stream.len, NULL, 0);
	n = v.out.len < job->result.len ? v.out.len : job->result.len;
	if (ended && (v.ret || v.out.len != job->result.len || !ends_at(job, v.used)))
		state = fail(job, "ends where zlib does not");
	else if (!ended && !v.ret)
		state = fail(job, "refuses what zlib takes");
	else if (n && memcmp(v.out.data, job->result.data, n))
		state = fail(job, "damaged data is not as zlib has it");
	else if (v.ret == -EBADMSG && !job->stateful && !v.why &&
		 job->out_len >= v.out.len && status != HZIP_STATUS_CHECKSUM)
		state = fail(job, "a wrong trailer has another status");
	t_bytes_free(&v.out);
	return state;
}

static enum job_state judge_decompressed(struct job *job)
{
	if (job->damage == JOB_FLIPPED || job->damage == JOB_CUT)
		return judge_damaged(job, true);
	if (!ends_at(job, job->stream_len))
		return fail(job, "does not end where the stream does");
	if (job->result.len != job->plain_len ||
	    memcmp(job->result.data, job->plain, job->plain_len))
		return fail(job, "the data is wrong");
	return JOB_DONE;
}

static enum job_state complete_stateless(struct job *job)
{
	uint32_t status = t_sqe_status(&job->sqe);
	bool enough = job->out_len >= (job->decompress ? job->plain_len :
				       enough_for(job->in_len));

	/* Another bit may have made it longer. */
	if (status == HZIP_STATUS_NO_SPACE && (!enough || job->damage == JOB_FLIPPED))
		return JOB_DONE;
	/* Who has room for half of it may not get to see what is wrong. */
	if (is_data_error(status) && job->decompress && job->damage != JOB_INTACT)
		return judge_damaged(job, false);
	if (job->decompress) {
		if (status != HZIP_STATUS_OK)
			return fail(job, "unexpected status");
		if (!sums_are_right(job, job->result.data, job->result.len))
			return fail(job, "isize or checksum is wrong");
		return judge_decompressed(job);
	}
	if (status != (le32_to_cpu(job->sqe.produced) < job->in_len ?
		       HZIP_STATUS_OK : HZIP_STATUS_NEGATIVE))
		return fail(job, "unexpected status");
	if (job->src_pos != job->src_len)
		return fail(job, "not all input was used");
	if (!sums_are_right(job, job->plain, job->plain_len))
		return fail(job, "isize or checksum is wrong");
	return judge_compressed(job);
}

static enum job_state complete_compress(struct job *job)
{
	uint32_t status = t_sqe_status(&job->sqe);

	if (status != HZIP_STATUS_OK && status != HZIP_STATUS_NEGATIVE)
		return fail(job, "unexpected status");
	if (le32_to_cpu(job->sqe.consumed) != job->in_len)
		return fail(job, "not all input was used");
	if (!sums_are_right(job, job->plain, job->src_pos))
		return fail(job, "isize or checksum is wrong");
	if (job->src_pos < job->src_len)
		return JOB_MORE;
	if (job->finish_left)
		finish_by_software(job);
	return judge_compressed(job);
}

/*
 * Bits at a block's beginning that the device holds back lie past the window, and
 * are the last ones of what it took.
 */
static bool held_bits_are_right(const struct job *job)
{
	unsigned int held = FIELD_GET(HZIP_CTX0_HEAD_BITS, job->ctx_dw0);
	size_t window = (FIELD_GET(HZIP_CTX2_WINDOW, job->ctx_dw2) + 15u) & ~15u;
	uint64_t last = 0;
	uint64_t bits;

	if (!held)
		return true;
	if (held >= HZIP_HOLD_BITS || job->src_pos < (held + 7) / 8)
		return false;
	memcpy(&bits, job->ctx.p + HZIP_CTX_DEVICE + HZIP_CTX_WINDOW + window,
	       sizeof(bits));
	memcpy(&last, job->src + job->src_pos - (held + 7) / 8, (held + 7) / 8);
	last >>= (8 - held % 8) % 8;
	return !((bits ^ last) & ((1ull << held) - 1));
}

static enum job_state complete_decompress(struct job *job)
{
	uint32_t status = t_sqe_status(&job->sqe);
	bool last = le32_to_cpu(job->sqe.dw3) & HZIP_SQE_LAST_BLOCK;
	bool moved = job->sqe.produced || job->sqe.consumed;

	if (is_data_error(status) && job->damage != JOB_INTACT &&
	    job->damage != JOB_TRAILED)
		return judge_damaged(job, false);
	if (status != HZIP_STATUS_OK && status != HZIP_STATUS_END)
		return fail(job, "unexpected status");
	if (!sums_are_right(job, job->result.data, job->result.len))
		return fail(job, "isize or checksum is wrong");
	if (status == HZIP_STATUS_END)
		return last ? judge_decompressed(job) :
			      fail(job, "an end that is not the last block's");
	if (!held_bits_are_right(job))
		return fail(job, "the bits held back are wrong");
	job->end_follows = FIELD_GET(HZIP_CTX0_STATE, job->ctx_dw0) ==
			   HZIP_STATE_END_NO_SPACE;
	/* All given, nothing more comes, even when asked again with more space. */
	if (!moved && job->src_pos == job->src_len && job->idle)
		return job->damage == JOB_INTACT || job->damage == JOB_TRAILED ?
			fail(job, "never ends") : judge_damaged(job, false);
	if (!moved && job->in_len && job->idle && !job->end_follows)
		return fail(job, "nothing moves");
	job->idle = !moved;
	return JOB_MORE;
}

enum job_state job_complete(struct job *job, const struct hisi_zip_sqe *sqe)
{
	uint32_t consumed = le32_to_cpu(sqe->consumed);
	uint32_t produced = le32_to_cpu(sqe->produced);
	bool as_sent = same_request(&job->sqe, sqe);

	job->sqe = *sqe;
	if (!as_sent)
		return fail(job, "what is not a result has changed");
	if (consumed > job->in_len || produced > job->out_len)
		return fail(job, "more than there was");
	if (!job_buffer_take(&job->out, &job->result, produced))
		return fail(job, "wrote what is not its output");
	job->src_pos += consumed;
	job->ctx_dw0 = le32_to_cpu(sqe->ctx_dw0);
	job->ctx_dw1 = le32_to_cpu(sqe->ctx_dw1);
	job->ctx_dw2 = le32_to_cpu(sqe->ctx_dw2);
	job->isize = le32_to_cpu(sqe->isize);
	job->checksum = le32_to_cpu(sqe->checksum);
	if (!job->stateful)
		return complete_stateless(job);
	for (size_t i = 0; i < HZIP_CTX_DEVICE; i++) {
		if (job->ctx.p[i] != job_pattern(i))
			return fail(job, "wrote to software's part of the context");
	}
	return job->decompress ? complete_decompress(job) : complete_compress(job);
}
