// SPDX-License-Identifier: MIT
/*
 * A request from its SQE to its results: checks, both directions, single blocks and
 * streams.
 *
 * Reading lists is in sgl.c, compression and decompression in codec.c.  Nothing of a
 * stream is kept here: all of it is in the guest's context buffer and in the words
 * that software carries from one request to the next, as with the device.  So that
 * software which does not carry all of it is found out, the buffer also holds a copy
 * of the words and a checksum of itself.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "engine.h"
#include "hisi_zip_regs.h"
#include "sgl.h"

/* What the model holds in memory of one request; lists could describe more. */
#define MODEL_LEN_MAX	(256u << 20)

#define CTX_ALIGN	16
#define CTX_WORDS	5

/* What each request leaves in its stream's words, besides the documented bits. */
#define CTX0_SEQUENCE	GENMASK(31, 16)

#define STREAM_MAGIC	0x315a4948u

/* The device's part of the context buffer starts with it. */
struct stream {
	uint32_t magic;
	uint32_t crc;			/* of the part, with 0 here */
	uint32_t sequence;
	uint32_t word[CTX_WORDS];	/* as returned */
	uint8_t decompress;
	uint8_t alg;
	uint8_t window;
	uint8_t ended;
	struct sim_inflate inflate;
};

static_assert(sizeof(struct stream) <= HZIP_CTX_WINDOW, "the window comes after it");
static_assert(HZIP_CTX_WINDOW + SIM_WINDOW_MAX + HZIP_CTX_HEAD_BYTES <=
	      HZIP_CTX_DEVICE_SIZE, "a window and bits have room in a context");

union context {
	struct stream stream;
	uint8_t bytes[HZIP_CTX_DEVICE_SIZE];
};

struct job {
	struct sim_request *req;
	unsigned int alg;
	unsigned int window;		/* HZIP_WINDOW_* */
	bool sgl, stateful, fresh, finish;
	uint32_t in_len, out_len;
	struct sim_buf src, dst;
	union context *context;		/* of a stateful request */
	size_t history;			/* bytes of window it has */
	uint8_t *in;
	uint8_t *out_alloc, *out;
	/* results */
	size_t consumed, produced;
	bool last;
	uint32_t isize, sum;
};

static int bad_sqe(const struct job *job)
{
	job->req->parse_error = true;
	return SIM_STATUS_BAD_SQE;
}

#define job_violate(job, class, fmt, ...) \
	sim_req_violate((job)->req, class, fmt, ##__VA_ARGS__)

static uint64_t address(__le32 low, __le32 high)
{
	return (uint64_t)le32_to_cpu(high) << 32 | le32_to_cpu(low);
}

/* ---- the SQE ---- */

static uint32_t sqe_dword(const struct hisi_zip_sqe *sqe, unsigned int i)
{
	uint32_t v;

	memcpy(&v, (const uint8_t *)sqe + i * sizeof(v), sizeof(v));
	return v;
}

static int check_zero(const struct job *job, unsigned int i, uint32_t mask)
{
	uint32_t v = sqe_dword(&job->req->sqe, i);

	if (!(v & mask))
		return 0;
	job_violate(job, SIM_V_RESERVED, "dw%u is %#x, bits %#x have to be 0", i, v,
		    mask);
	return bad_sqe(job);
}

/* Storage and cipher fields, and what is reserved. */
static int check_reserved(const struct job *job, unsigned int type)
{
	static const struct {
		uint8_t dw;
		uint32_t mask;
	} zero[] = {
		{ 5, ~0u }, { 6, ~0u }, { 7, BIT(24) }, { 8, ~HZIP_SQE_OUT_OFFSET },
		{ 9, GENMASK(31, 16) }, { 10, ~0u }, { 11, ~0u }, { 12, ~0u },
		{ 16, ~0u }, { 17, ~0u }, { 24, ~0u }, { 25, ~0u },
	};
	int ret;

	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
		ret = check_zero(job, zero[i].dw, zero[i].mask);
		if (ret)
			return ret;
	}
	if (type == HZIP_SQE_TYPE3)
		return check_zero(job, 13, ~0u);
	ret = check_zero(job, 26, ~0u);
	return ret ? ret : check_zero(job, 27, ~0u);
}

static int check_type(const struct job *job, unsigned int type)
{
	const struct sim_request *req = job->req;

	if (type == HZIP_SQE_TYPE3 || (type == HZIP_SQE_TYPE0 && !req->v3))
		return 0;
	job_violate(job, SIM_V_SQE, "type %u, the device takes %s", type,
		    req->v3 ? "3" : "0 and 3");
	return bad_sqe(job);
}

/* The bits of an algorithm; 0 if there is no such thing in the model. */
static uint32_t alg_bits(unsigned int alg)
{
	switch (alg) {
	case HZIP_ALG_DEFLATE:
		return HZIP_ALGS_DEFLATE;
	case HZIP_ALG_ZLIB:
		return HZIP_ALGS_ZLIB;
	case HZIP_ALG_GZIP:
		return HZIP_ALGS_GZIP;
	case HZIP_ALG_LZ4:
		return HZIP_ALGS_LZ4;
	default:
		return 0;
	}
}

static bool is_of_v3(unsigned int alg)
{
	return alg == HZIP_ALG_DEFLATE || alg == HZIP_ALG_LZ4;
}

static int check_alg(const struct job *job)
{
	const struct sim_request *req = job->req;
	uint32_t bits = alg_bits(job->alg);
	/* Of two bits the lower one is compression. */
	uint32_t bit = (bits & -bits) << req->decompress;

	if (!bits)
		job_violate(job, SIM_V_SQE, "algorithm %#x is not modelled", job->alg);
	else if (!(req->algs & bit) || (is_of_v3(job->alg) && !req->v3))
		job_violate(job, SIM_V_SQE,
			    "device cannot %s algorithm %#x (has %#x)",
			    req->decompress ? "decompress" : "compress",
			    job->alg, req->algs);
	else if (job->alg == HZIP_ALG_LZ4 && req->decompress)
		job_violate(job, SIM_V_SQE, "no device decompresses LZ4");
	else if (job->alg == HZIP_ALG_LZ4 && job->stateful)
		job_violate(job, SIM_V_SQE, "LZ4 has no streams");
	else
		return 0;
	return bad_sqe(job);
}

static int check_choices(const struct job *job, uint32_t dw9)
{
	unsigned int buffers = FIELD_GET(HZIP_SQE_BUFFERS, dw9);
	uint32_t in_offset = le32_get_bits(job->req->sqe.dw7, HZIP_SQE_IN_OFFSET);
	uint32_t out_offset = le32_get_bits(job->req->sqe.dw8, HZIP_SQE_OUT_OFFSET);

	if (buffers > HZIP_BUFFERS_SGL)
		job_violate(job, SIM_V_SQE, "buffer type %u", buffers);
	else if (job->window > HZIP_WINDOW_32K)
		job_violate(job, SIM_V_SQE, "window size %u", job->window);
	else if (!job->sgl && (in_offset || out_offset))
		job_violate(job, SIM_V_SQE, "offsets %u and %u with flat buffers",
			    in_offset, out_offset);
	else
		return 0;
	return bad_sqe(job);
}

static int check_lengths(const struct job *job)
{
	bool longer = job->sgl && job->alg != HZIP_ALG_LZ4;
	uint32_t max = longer ? MODEL_LEN_MAX : HZIP_LEN_MAX;

	if (!job->in_len && !job->stateful)
		job_violate(job, SIM_V_SIZE, "no input");
	else if (job->in_len > max || job->out_len > max)
		job_violate(job, SIM_V_SIZE, "%u bytes of input, %u of space, at most %u",
			    job->in_len, job->out_len, max);
	else
		return 0;
	return bad_sqe(job);
}

/* The device's compressor may write nine bits for each byte, and does not look. */
static int check_stream_space(const struct job *job)
{
	uint64_t least = HZIP_STREAM_OUT_MIN;
	uint64_t worst = ((uint64_t)job->in_len * 9 + 7) / 8;

	if (!job->req->decompress && worst > least)
		least = worst;
	if (job->out_len >= least)
		return 0;
	job_violate(job, SIM_V_SIZE, "%u bytes of space for %u of a stream, not %llu",
		    job->out_len, job->in_len, (unsigned long long)least);
	return bad_sqe(job);
}

static int check_context_address(const struct job *job)
{
	uint64_t addr = address(job->req->sqe.ctx_low, job->req->sqe.ctx_high);

	if (!addr)
		job_violate(job, SIM_V_SQE, "a stream without context buffer");
	else if (addr % CTX_ALIGN)
		job_violate(job, SIM_V_ALIGN, "context at %#llx, not aligned to %d",
			    (unsigned long long)addr, CTX_ALIGN);
	else
		return 0;
	return bad_sqe(job);
}

static int check_sqe(struct job *job)
{
	const struct hisi_zip_sqe *sqe = &job->req->sqe;
	uint32_t dw7 = le32_to_cpu(sqe->dw7), dw9 = le32_to_cpu(sqe->dw9);
	unsigned int type = FIELD_GET(HZIP_SQE_TYPE, dw7);
	int ret;

	job->alg = FIELD_GET(HZIP_SQE_ALG, dw9);
	job->window = FIELD_GET(HZIP_SQE_WINDOW, dw9);
	job->sgl = FIELD_GET(HZIP_SQE_BUFFERS, dw9) == HZIP_BUFFERS_SGL;
	job->stateful = dw7 & HZIP_SQE_STATEFUL;
	job->fresh = !job->stateful || dw7 & HZIP_SQE_NEW;
	job->finish = !job->stateful || dw7 & HZIP_SQE_FINISH;
	job->in_len = le32_to_cpu(sqe->in_len);
	job->out_len = le32_to_cpu(sqe->out_len);

	ret = check_type(job, type);
	if (!ret)
		ret = check_alg(job);
	if (!ret)
		ret = check_reserved(job, type);
	if (!ret)
		ret = check_choices(job, dw9);
	if (!ret)
		ret = check_lengths(job);
	if (!ret && job->stateful)
		ret = check_stream_space(job);
	if (!ret && job->stateful)
		ret = check_context_address(job);
	return ret;
}

/* ---- a stream's context ---- */

static const uint8_t word_dw[CTX_WORDS] = { 15, 28, 29, 30, 31 };

static void get_words(const struct hisi_zip_sqe *sqe, uint32_t *word)
{
	for (unsigned int i = 0; i < CTX_WORDS; i++)
		word[i] = sqe_dword(sqe, word_dw[i]);
}

static void put_words(struct hisi_zip_sqe *sqe, const uint32_t *word)
{
	sqe->ctx_dw0 = cpu_to_le32(word[0]);
	sqe->ctx_dw1 = cpu_to_le32(word[1]);
	sqe->ctx_dw2 = cpu_to_le32(word[2]);
	sqe->isize = cpu_to_le32(word[3]);
	sqe->checksum = cpu_to_le32(word[4]);
}

static uint32_t context_crc(union context *c)
{
	c->stream.crc = 0;
	return sim_checksum_add(HZIP_ALG_GZIP, 0, c->bytes, sizeof(c->bytes));
}

static int bad_stream(const struct job *job, const char *what)
{
	job_violate(job, SIM_V_STREAM, "%s", what);
	return SIM_STATUS_STREAM;
}

static int check_words(const struct job *job, const uint32_t *word)
{
	for (unsigned int i = 0; i < CTX_WORDS; i++) {
		uint32_t was = job->context->stream.word[i];

		if (word[i] == was)
			continue;
		job_violate(job, SIM_V_STREAM, "dw%u is %#x, was returned as %#x",
			    word_dw[i], word[i], was);
		return SIM_STATUS_STREAM;
	}
	return 0;
}

static int check_owner(const struct job *job)
{
	const struct stream *s = &job->context->stream;
	bool decompress = job->req->decompress;

	if (s->alg != job->alg || s->decompress != decompress ||
	    (!decompress && s->window != job->window)) {
		job_violate(job, SIM_V_STREAM,
			    "%s, algorithm %#x, window %u: the stream was %s, %#x, %u",
			    decompress ? "decompress" : "compress", job->alg, job->window,
			    s->decompress ? "decompress" : "compress", s->alg, s->window);
		return SIM_STATUS_STREAM;
	}
	if (s->ended)
		return bad_stream(job, "the stream has ended, and this is not a new one");
	return 0;
}

static int check_context(struct job *job)
{
	struct stream *s = &job->context->stream;
	uint32_t word[CTX_WORDS], crc = s->crc;
	int ret;

	if (s->magic != STREAM_MAGIC)
		return bad_stream(job, "neither new nor in the context buffer");
	if (crc != context_crc(job->context))
		return bad_stream(job, "the context buffer was changed");
	get_words(&job->req->sqe, word);
	ret = check_words(job, word);
	if (!ret)
		ret = check_owner(job);
	if (ret)
		return ret;

	job->history = FIELD_GET(HZIP_CTX2_WINDOW, word[2]);
	job->isize = word[3];
	job->sum = sim_checksum_unpack(job->alg, word[4]);
	/* A guest that makes up all of it must not harm the model. */
	if (job->history > SIM_WINDOW_MAX ||
	    !sim_inflate_valid(&s->inflate, job->history))
		return bad_stream(job, "a context buffer the device cannot have written");
	return 0;
}

static int load_context(struct job *job)
{
	const struct sim_request *req = job->req;
	uint64_t addr = address(req->sqe.ctx_low, req->sqe.ctx_high);

	sim_note(job->req, sizeof(req->note), " ctx %llx", (unsigned long long)addr);
	job->context = calloc(1, sizeof(*job->context));
	if (!job->context)
		return SIM_STATUS_BUS;
	job->sum = sim_checksum_start(job->alg);
	if (job->fresh)
		return 0;
	if (sim_dma_read(req->sim, req->pasid, addr, job->context, sizeof(*job->context)))
		return SIM_STATUS_BUS;
	return check_context(job);
}

static const uint32_t window_len[] = { 4096, 8192, 16384, 24576, 32768 };

/* The last bytes of plain data: of this request, and what is left of the window. */
static void save_window(struct job *job, const uint8_t *plain, size_t len)
{
	uint8_t *window = job->context->bytes + HZIP_CTX_WINDOW;
	size_t max = job->req->decompress ? SIM_WINDOW_MAX : window_len[job->window];
	size_t keep;

	if (len > max) {
		plain += len - max;
		len = max;
	}
	keep = job->history < max - len ? job->history : max - len;
	memmove(window, window + job->history - keep, keep);
	if (len)
		memcpy(window + keep, plain, len);
	job->history = keep + len;
}

/* @state: HZIP_CTX0_*, less what is filled in here. */
static int save_context(struct job *job, uint32_t state)
{
	struct sim_request *req = job->req;
	struct stream *s = &job->context->stream;
	size_t head = HZIP_CTX_WINDOW + (job->history + 15) / 16 * 16;

	s->magic = STREAM_MAGIC;
	s->sequence++;
	s->decompress = req->decompress;
	s->alg = (uint8_t)job->alg;
	s->window = (uint8_t)job->window;
	s->word[0] = state | FIELD_PREP(HZIP_CTX0_HEAD_BITS, s->inflate.nbits) |
		     FIELD_PREP(CTX0_SEQUENCE, s->sequence);
	s->word[1] = FIELD_PREP(HZIP_CTX1_STORED_LEFT, s->inflate.stored_left);
	s->word[2] = FIELD_PREP(HZIP_CTX2_WINDOW, (uint32_t)job->history);
	s->word[3] = job->isize;
	s->word[4] = sim_checksum_pack(job->alg, job->sum);
	memcpy(job->context->bytes + head, &s->inflate.bits, HZIP_CTX_HEAD_BYTES);
	s->crc = context_crc(job->context);
	if (sim_dma_write(req->sim, req->pasid,
			  address(req->sqe.ctx_low, req->sqe.ctx_high), job->context,
			  sizeof(*job->context)))
		return SIM_STATUS_BUS;
	put_words(&req->sqe, s->word);
	return 0;
}

/* ---- both directions ---- */

static void count_plain(struct job *job, const uint8_t *plain, size_t len)
{
	job->isize += (uint32_t)len;
	job->sum = sim_checksum_add(job->alg, job->sum, plain, len);
	if (job->req->flip_crc_bit >= 0)
		job->sum ^= 1u << (job->req->flip_crc_bit % 32);
}

static int write_output(struct job *job)
{
	int64_t bit = job->req->flip_bit;

	if (bit >= 0 && job->produced) {
		bit %= (int64_t)job->produced * 8;
		job->out[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	return sim_buf_write(&job->dst, job->req, job->out, job->produced);
}

/* Behind the data of a request without context. */
static void put_counts(struct job *job)
{
	job->req->sqe.isize = cpu_to_le32(job->isize);
	job->req->sqe.checksum = cpu_to_le32(sim_checksum_pack(job->alg, job->sum));
}

/* ---- compression ---- */

/* zlib has no window of 24 KiB; a smaller one keeps the promise. */
static const int8_t window_bits[] = { 12, 13, 14, 14, 15 };

static int compress_data(struct job *job)
{
	struct sim_deflate d = {
		.history = job->stateful ? job->context->bytes + HZIP_CTX_WINDOW : NULL,
		.history_len = job->history,
		.in = job->in,
		.in_len = job->in_len,
		.window_bits = window_bits[job->window],
		.level = job->req->fast ? 1 : 6,
		.finish = job->finish,
	};
	size_t len;

	if (sim_deflate(&d))
		return SIM_STATUS_BUS;
	job->out_alloc = d.out;
	job->out = d.out;
	len = d.out_len;
	count_plain(job, job->in, job->in_len);
	if (job->finish) {
		sim_trailer_put(job->alg, job->sum, job->isize, d.out + len);
		len += sim_trailer_len(job->alg);
	}
	if (len > job->out_len)
		return HZIP_STATUS_NO_SPACE;
	job->consumed = job->in_len;
	job->produced = len;
	return 0;
}

/* A block by itself: no header, no trailer, no checksum. */
static int compress_lz4(struct job *job)
{
	int ret;

	ret = sim_lz4(job->in, job->in_len, job->out_len, &job->out_alloc,
		      &job->produced);
	if (ret)
		return ret == -ENOSPC ? HZIP_STATUS_NO_SPACE : SIM_STATUS_BUS;
	job->out = job->out_alloc;
	job->consumed = job->in_len;
	return 0;
}

static int run_compress(struct job *job)
{
	bool lz4 = job->alg == HZIP_ALG_LZ4;
	int ret = lz4 ? compress_lz4(job) : compress_data(job);

	if (!ret)
		ret = write_output(job);
	if (ret)
		return ret;
	if (job->stateful) {
		save_window(job, job->in, job->in_len);
		job->context->stream.ended = job->finish;
		ret = save_context(job, HZIP_STATE_IDLE);
	} else if (!lz4) {
		put_counts(job);
	}
	if (!ret && job->in_len && job->produced >= job->consumed)
		ret = HZIP_STATUS_NEGATIVE;
	return ret;
}

/* ---- decompression ---- */

/* Both check the collected trailer; of a raw stream there is none. */
static int check_trailer(const struct job *job, const struct sim_inflate *z)
{
	uint8_t trailer[SIM_TRAILER_MAX];

	sim_trailer_put(job->alg, job->sum, job->isize, trailer);
	if (memcmp(trailer, z->trailer, sim_trailer_len(job->alg)))
		return HZIP_STATUS_CHECKSUM;
	return 0;
}

static int alloc_output(struct job *job, struct sim_io *io)
{
	job->out_alloc = malloc(job->history + job->out_len);
	if (!job->out_alloc)
		return SIM_STATUS_BUS;
	job->out = job->out_alloc + job->history;
	if (job->history)
		memcpy(job->out_alloc, job->context->bytes + HZIP_CTX_WINDOW,
		       job->history);
	*io = (struct sim_io){
		.in = job->in,
		.in_len = job->in_len,
		.out = job->out,
		.out_len = job->out_len,
		.history = job->history,
	};
	return 0;
}

static int run_decompress_block(struct job *job)
{
	struct sim_inflate z = { .bits = 0 };
	struct sim_io io;
	int ret;

	ret = alloc_output(job, &io);
	if (ret)
		return ret;
	switch (sim_inflate(&z, &io)) {
	case SIM_STOP_END:
		break;
	case SIM_STOP_SPACE:
		return HZIP_STATUS_NO_SPACE;
	case SIM_STOP_BAD:
		return SIM_STATUS_BAD_DATA;
	default:
		return SIM_STATUS_TRUNCATED;
	}
	if (!sim_inflate_trailer(&z, &io, sim_trailer_len(job->alg)))
		return SIM_STATUS_TRUNCATED;
	sim_inflate_give_back(&z, &io);
	job->consumed = io.in_pos;
	job->produced = io.out_pos;
	job->last = true;
	count_plain(job, job->out, job->produced);
	ret = write_output(job);
	if (ret)
		return ret;
	put_counts(job);
	return check_trailer(job, &z);
}

/*
 * The last block is complete.  @before: it was when the request came.  Otherwise, and
 * if its data used up the space, the end is for the next request to report.
 */
static int end_stream(struct job *job, struct sim_io *io, bool before, uint32_t *state)
{
	struct stream *s = &job->context->stream;
	bool all = sim_inflate_trailer(&s->inflate, io, sim_trailer_len(job->alg));

	sim_inflate_give_back(&s->inflate, io);
	*state = HZIP_STATE_IDLE;
	if (!before && io->out_pos == io->out_len) {
		*state = HZIP_STATE_END_NO_SPACE;
		return 0;
	}
	if (!all)
		return 0;
	if (job->alg == HZIP_ALG_DEFLATE)
		*state = HZIP_STATE_END_RAW;
	s->ended = true;
	job->last = true;
	return HZIP_STATUS_END;
}

static uint32_t stop_state(const struct sim_inflate *z, const struct sim_io *io)
{
	uint32_t state = HZIP_STATE_IDLE;

	if (!sim_inflate_in_block(z))
		return z->nbits ? HZIP_STATE_NO_BLOCK : HZIP_STATE_IDLE;
	if (io->out_pos == io->out_len && sim_inflate_in_data(z))
		state = HZIP_STATE_NO_SPACE;
	return z->last ? state | HZIP_CTX0_LAST_BLOCK : state;
}

static int run_decompress_stream(struct job *job)
{
	struct sim_inflate *z = &job->context->stream.inflate;
	bool before = sim_inflate_ended(z);
	enum sim_stop stop;
	uint32_t state;
	struct sim_io io;
	int ret, status = 0;

	ret = alloc_output(job, &io);
	if (ret)
		return ret;
	/* With nothing new to come the device decodes what it has. */
	io.hold_bits = job->in_len ? HZIP_HOLD_BITS : 0;
	stop = sim_inflate(z, &io);
	if (stop == SIM_STOP_BAD)
		return SIM_STATUS_BAD_DATA;
	if (stop == SIM_STOP_SPACE)
		sim_inflate_give_back(z, &io);
	count_plain(job, job->out, io.out_pos);
	if (stop == SIM_STOP_END)
		status = end_stream(job, &io, before, &state);
	else
		state = stop_state(z, &io);
	if (status == HZIP_STATUS_END && check_trailer(job, z))
		status = HZIP_STATUS_CHECKSUM;

	job->consumed = io.in_pos;
	job->produced = io.out_pos;
	/* Before a bit of the output is flipped. */
	save_window(job, job->out, job->produced);
	ret = write_output(job);
	if (!ret)
		ret = save_context(job, state);
	return ret ? ret : status;
}

/* ---- a request ---- */

static int load_data(struct job *job)
{
	struct sim_request *req = job->req;
	const struct hisi_zip_sqe *sqe = &req->sqe;
	int ret;

	ret = sim_buf_load(&job->src, req, "src", job->sgl,
			   address(sqe->src_low, sqe->src_high),
			   le32_get_bits(sqe->dw7, HZIP_SQE_IN_OFFSET), job->in_len);
	if (!ret)
		ret = sim_buf_load(&job->dst, req, "dst", job->sgl,
				   address(sqe->dst_low, sqe->dst_high),
				   le32_get_bits(sqe->dw8, HZIP_SQE_OUT_OFFSET),
				   job->out_len);
	if (ret)
		return ret;
	/* One byte more, so that it exists even without input. */
	job->in = malloc((size_t)job->in_len + 1);
	if (!job->in)
		return SIM_STATUS_BUS;
	return sim_buf_read(&job->src, req, job->in, job->in_len);
}

static int run(struct job *job)
{
	int ret = check_sqe(job);

	if (!ret)
		ret = load_data(job);
	if (ret)
		return ret;
	if (job->stateful)
		ret = load_context(job);
	else
		job->sum = sim_checksum_start(job->alg);
	if (ret)
		return ret;
	if (!job->req->decompress)
		return run_compress(job);
	return job->stateful ? run_decompress_stream(job) : run_decompress_block(job);
}

/* Statuses with which all was done that could be. */
static bool is_executed(int status)
{
	return status == HZIP_STATUS_OK || status == HZIP_STATUS_NEGATIVE ||
	       status == HZIP_STATUS_CHECKSUM || status == HZIP_STATUS_END;
}

static void put_results(struct job *job, int status)
{
	struct hisi_zip_sqe *sqe = &job->req->sqe;
	uint32_t dw3 = FIELD_PREP(HZIP_SQE_STATUS, (uint32_t)status);

	if (!is_executed(status)) {
		job->consumed = 0;
		job->produced = 0;
		job->last = false;
	}
	if (job->last)
		dw3 |= HZIP_SQE_LAST_BLOCK;
	sqe->consumed = cpu_to_le32((uint32_t)job->consumed);
	sqe->produced = cpu_to_le32((uint32_t)job->produced);
	sqe->comp_data_len = job->req->decompress ? sqe->consumed : sqe->produced;
	sqe->dw3 = cpu_to_le32(dw3);
}

void sim_engine_run(struct sim_request *req)
{
	struct job job = { .req = req };
	uint32_t out_len = le32_to_cpu(req->sqe.out_len);
	int status = req->fail_status;

	req->ignored = false;
	req->parse_error = false;
	req->note[0] = 0;
	if (out_len < HZIP_OUT_MIN) {
		sim_req_violate(req, SIM_V_SIZE, "%u bytes of space: ignored", out_len);
		req->ignored = true;
		return;
	}
	if (status < 0)
		status = run(&job);
	put_results(&job, status);
	sim_buf_free(&job.src);
	sim_buf_free(&job.dst);
	free(job.context);
	free(job.in);
	free(job.out_alloc);
}
