/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer for the model of the device, from the side of its requests: SQEs, lists,
 * context buffers and the continuation of streams, with any byte of them changed.
 *
 * What was not changed has to work: zlib is the judge.  Whatever was changed, nothing
 * crashes or hangs, only results and the places of the output are written, and each
 * request is answered.
 *
 * An input is a header (sim_case.h), changes, and the data of the requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "driver.h"
#include "sim_case.h"

#define DEPTH		8
#define REQUESTS_MAX	4u
#define DATA_MAX	4096u
#define OUT_MAX		16384u
#define CHANGES_MAX	15u
#define PIECES_MAX	16u
#define LISTS_LEN	4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	uint8_t flags, more, space, pieces;
	const uint8_t *changes;		/* SIM_CHANGE_LEN each */
	unsigned int nr_changes;
	const uint8_t *data;
	size_t len;
};

/* A device with a queue for each direction and format of SQE. */
struct model {
	struct t_dev dev;
	struct t_queue queue[2];
	struct t_mem in, out, src_list, dst_list, context;
};

static struct model models[2];
static uint8_t filled[OUT_MAX];

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* ---- the model ---- */

static void create(struct model *m, uint8_t revision)
{
	struct sim_config config;

	check(!sim_config_init(&config, revision), "config");
	config.workers = 0;
	config.clock_mode = SIM_CLOCK_OFF;
	t_dev_create_with(&m->dev, &config);
	t_alloc(&m->dev, &m->in, DATA_MAX, 64, false);
	t_alloc(&m->dev, &m->out, OUT_MAX, 64, true);
	t_alloc(&m->dev, &m->src_list, LISTS_LEN, 64, false);
	t_alloc(&m->dev, &m->dst_list, LISTS_LEN, 64, false);
	t_alloc(&m->dev, &m->context, HZIP_CTX_SIZE, 64, true);
	for (uint16_t i = 0; i < 2; i++)
		t_queue_init(&m->queue[i], &m->dev, i, i, DEPTH);
}

/* No more than requests need; after a reset no error closes the bus. */
static void start(struct model *m)
{
	struct t_dev *dev = &m->dev;

	t_reset(dev);
	check(!t_mem_init(dev), "memories");
	check(!t_vft_write(dev, QM_VFT_SQC, 0, t_vft_sqc(0, 2)), "queues");
	check(!t_vft_write(dev, QM_VFT_CQC, 0, QM_VFT_CQC_VALID), "queues");
	check(!t_eq_start(dev, DEPTH) && !t_aeq_start(dev, DEPTH), "events");
	for (int i = 0; i < 2; i++)
		check(!t_queue_load(&m->queue[i]), "queue");
	check(!sim_violations_total(dev->sim), "violation by the driver");
}

/* ---- requests ---- */

static uint8_t algorithm(const struct input *in, bool v3)
{
	static const uint8_t algs[] = {
		HZIP_ALG_DEFLATE, HZIP_ALG_ZLIB, HZIP_ALG_GZIP, HZIP_ALG_GZIP,
	};
	uint8_t alg = algs[in->flags >> 1 & 3];

	return alg == HZIP_ALG_DEFLATE && !v3 ? HZIP_ALG_ZLIB : alg;
}

static void make_list(struct t_mem *mem, uint64_t bus, size_t len, unsigned int count)
{
	struct t_piece pieces[PIECES_MAX];
	unsigned int n = 0;

	memset(mem->p, 0, mem->len);
	while (n < count - 1 && len > 1) {
		uint32_t part = (uint32_t)(len / 2);

		pieces[n++] = (struct t_piece){ bus, part };
		bus += part;
		len -= part;
	}
	pieces[n++] = (struct t_piece){ bus, len ? (uint32_t)len : 1 };
	t_sgl_make(mem, pieces, n, 1 + count % 5);
}

struct request {
	struct model *m;
	const struct input *in;
	unsigned int number;
	size_t at;			/* of its data in what there is */
	struct hisi_zip_sqe sqe;	/* as sent, then as answered */
};

static void make(struct request *r, size_t len, uint32_t out_len, bool last)
{
	struct model *m = r->m;
	bool v3 = m->dev.config.revision >= QM_HW_V3;
	bool sgl = r->in->flags & SIM_CASE_SGL;
	unsigned int pieces = 1 + r->in->pieces % PIECES_MAX;
	uint64_t src = m->in.bus + r->at;

	t_sqe_make(&r->sqe, &m->dev, algorithm(r->in, v3), src, (uint32_t)len, m->out.bus,
		   out_len);
	r->sqe.dw9 = cpu_to_le32((le32_to_cpu(r->sqe.dw9) & ~HZIP_SQE_WINDOW) |
				 FIELD_PREP(HZIP_SQE_WINDOW, (r->in->more & 7u) % 5));
	t_sqe_set_tag(&r->sqe, 0x1234 + r->number);
	if (sgl) {
		make_list(&m->src_list, src, len, pieces);
		make_list(&m->dst_list, m->out.bus, out_len, pieces);
		r->sqe.dw9 |= cpu_to_le32(FIELD_PREP(HZIP_SQE_BUFFERS, HZIP_BUFFERS_SGL));
		r->sqe.src_low = cpu_to_le32((uint32_t)m->src_list.bus);
		r->sqe.dst_low = cpu_to_le32((uint32_t)m->dst_list.bus);
	}
	if (!(r->in->flags & SIM_CASE_STATEFUL))
		return;
	r->sqe.dw7 |= cpu_to_le32(HZIP_SQE_STATEFUL | (last ? HZIP_SQE_FINISH : 0) |
				  (r->number ? 0 : HZIP_SQE_NEW));
	r->sqe.ctx_low = cpu_to_le32((uint32_t)(m->context.bus + HZIP_CTX_DEVICE));
	r->sqe.ctx_high = cpu_to_le32((uint32_t)(m->context.bus >> 32));
}

/* The words of a stream, from one request to the next. */
static void carry(struct hisi_zip_sqe *to, const struct hisi_zip_sqe *from)
{
	to->ctx_dw0 = from->ctx_dw0;
	to->ctx_dw1 = from->ctx_dw1;
	to->ctx_dw2 = from->ctx_dw2;
	to->isize = from->isize;
	to->checksum = from->checksum;
}

/* The changes of this request; whether there were any. */
static bool change(struct request *r)
{
	const struct input *in = r->in;
	bool any = false;

	for (unsigned int i = 0; i < in->nr_changes; i++) {
		const uint8_t *c = in->changes + (size_t)i * SIM_CHANGE_LEN;
		size_t at = c[1] | (size_t)c[2] << 8;
		struct t_mem *lists[] = { &r->m->src_list, &r->m->dst_list };

		if ((c[0] & 3) != r->number % 4 || !c[3])
			continue;
		any = true;
		switch (c[0] >> 2 & 3) {
		case SIM_CHANGE_SQE:
			((uint8_t *)&r->sqe)[at % sizeof(r->sqe)] ^= c[3];
			break;
		case SIM_CHANGE_CONTEXT:
			at = HZIP_CTX_DEVICE + at % HZIP_CTX_DEVICE_SIZE;
			r->m->context.p[at] ^= c[3];
			break;
		default:
			lists[c[0] >> 2 & 1]->p[at % LISTS_LEN] ^= c[3];
			break;
		}
	}
	return any;
}

/* ---- what has to hold ---- */

static void check_answer(const struct request *r, const struct hisi_zip_sqe *sent)
{
	static const struct {
		size_t at, len;
	} kept[] = { { 16, 44 }, { 64, 48 } };
	uint32_t status = t_sqe_status(&r->sqe);

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		check(!memcmp((const uint8_t *)&r->sqe + kept[i].at,
			      (const uint8_t *)sent + kept[i].at, kept[i].len),
		      "a word that is no result");
	/* It was ignored: nothing is a result. */
	if (le32_to_cpu(sent->out_len) < HZIP_OUT_MIN)
		return;
	check(le32_to_cpu(r->sqe.consumed) <= le32_to_cpu(sent->in_len), "consumed");
	check(le32_to_cpu(r->sqe.produced) <= le32_to_cpu(sent->out_len), "produced");
	if (status != HZIP_STATUS_OK && status != HZIP_STATUS_NEGATIVE &&
	    status != HZIP_STATUS_END && status != HZIP_STATUS_CHECKSUM)
		check(!r->sqe.produced && !r->sqe.consumed, "lengths of a failure");
}

static bool is_untouched(const uint8_t *p, size_t len)
{
	return !memcmp(p, filled, len);
}

/* Only what may be written was; addresses were not changed. */
static void check_output(const struct request *r, const struct hisi_zip_sqe *sent)
{
	const struct model *m = r->m;
	size_t out_len = le32_to_cpu(sent->out_len);
	bool flat = !(le32_to_cpu(sent->dw9) & HZIP_SQE_BUFFERS);

	if (!flat || sent->dst_low != cpu_to_le32((uint32_t)m->out.bus) ||
	    sent->ctx_low == sent->dst_low || out_len >= OUT_MAX)
		return;
	check(is_untouched(m->out.p + out_len, OUT_MAX - out_len),
	      "output beyond its space");
}

static int window_bits(uint8_t alg)
{
	return alg == HZIP_ALG_GZIP ? 31 : alg == HZIP_ALG_ZLIB ? 15 : -15;
}

/* As software does: the header is not the device's.  Its length. */
static size_t put_header(uint8_t alg, uint8_t *p)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	static const uint8_t zlib[] = { 0x78, 0x9c };

	if (alg == HZIP_ALG_GZIP) {
		memcpy(p, gzip, sizeof(gzip));
		return sizeof(gzip);
	}
	if (alg == HZIP_ALG_ZLIB) {
		memcpy(p, zlib, sizeof(zlib));
		return sizeof(zlib);
	}
	return 0;
}

struct verdict {
	int ret;			/* Z_STREAM_END, ... */
	size_t used, made;
	uint8_t out[OUT_MAX];
};

/* What zlib makes of it, with an output of at most max bytes. */
static void judge(struct verdict *v, uint8_t alg, const uint8_t *data, size_t len,
		  size_t max)
{
	static uint8_t in[OUT_MAX + 16];
	size_t header = put_header(alg, in);
	z_stream z = { .next_in = in };

	memcpy(in + header, data, len);
	z.avail_in = (uInt)(header + len);
	z.next_out = v->out;
	z.avail_out = (uInt)max;
	check(inflateInit2(&z, window_bits(alg)) == Z_OK, "inflateInit2");
	v->ret = inflate(&z, Z_FINISH);
	v->used = z.total_in - header;
	v->made = z.total_out;
	inflateEnd(&z);
}

/* All that was produced is what all that was given compresses to. */
static void check_compressed(const struct input *in, uint8_t alg, const uint8_t *packed,
			     size_t len)
{
	static struct verdict v;

	judge(&v, alg, packed, len, OUT_MAX);
	check(v.ret == Z_STREAM_END && v.used == len, "compressed data");
	check(v.made == in->len && !memcmp(v.out, in->data, in->len),
	      "data that came back");
}

/* One request for all of the data, none of it changed. */
static void check_block(const struct request *r, uint8_t alg, uint32_t out_len)
{
	const struct input *in = r->in;
	uint32_t status = t_sqe_status(&r->sqe);
	static struct verdict v;

	judge(&v, alg, in->data, in->len, out_len);
	if (v.ret != Z_STREAM_END) {
		check(status != HZIP_STATUS_OK, "zlib does not take it");
		return;
	}
	check(status == HZIP_STATUS_OK, "zlib takes it");
	check(le32_to_cpu(r->sqe.produced) == v.made, "length of the output");
	check(le32_to_cpu(r->sqe.consumed) == v.used, "length of the input");
	check(!memcmp(v.out, r->m->out.p, v.made), "output");
}

/* ---- runs ---- */

static void run_one(struct request *r, const struct hisi_zip_sqe *before, bool *changed)
{
	struct t_queue *q = &r->m->queue[r->in->flags & SIM_CASE_DECOMPRESS];
	struct hisi_zip_sqe sent;

	if (before && (r->in->flags & SIM_CASE_STATEFUL))
		carry(&r->sqe, before);
	*changed |= change(r);
	sent = r->sqe;
	memcpy(r->m->out.p, filled, OUT_MAX);
	check(!t_run(q, &r->sqe), "a request without answer");
	check_answer(r, &sent);
	check_output(r, &sent);
	check(*changed || !sim_violations_total(r->m->dev.sim), "violation");
}

static void run_blocks(struct model *m, const struct input *in)
{
	struct request r = { .m = m, .in = in };
	uint8_t alg = algorithm(in, m->dev.config.revision >= QM_HW_V3);
	uint32_t out_len = in->flags & SIM_CASE_SMALL ? 16u + in->space : OUT_MAX;
	bool changed = false;

	if (!in->len)
		return;
	make(&r, in->len, out_len, true);
	run_one(&r, NULL, &changed);
	if (changed)
		return;
	if (in->flags & SIM_CASE_DECOMPRESS)
		check_block(&r, alg, out_len);
	else if (t_sqe_status(&r.sqe) != HZIP_STATUS_NO_SPACE)
		check_compressed(in, alg, m->out.p, le32_to_cpu(r.sqe.produced));
	else
		check(in->flags & SIM_CASE_SMALL, "space is enough");
}

static uint32_t stream_space(const struct input *in, size_t len)
{
	size_t least = len * 9 / 8 + 1;

	if (in->flags & SIM_CASE_DECOMPRESS)
		least = 0;
	if (least < HZIP_STREAM_OUT_MIN)
		least = HZIP_STREAM_OUT_MIN;
	return (uint32_t)(least + in->space * (in->flags & SIM_CASE_SMALL ? 0u : 16u));
}

static bool stream_failed(const struct hisi_zip_sqe *sqe)
{
	uint32_t status = t_sqe_status(sqe);

	return status != HZIP_STATUS_OK && status != HZIP_STATUS_NEGATIVE;
}

static void run_stream(struct model *m, const struct input *in)
{
	static uint8_t all[REQUESTS_MAX * 2 * DATA_MAX];
	unsigned int count = 1 + (in->more >> 3 & 3);
	uint8_t alg = algorithm(in, m->dev.config.revision >= QM_HW_V3);
	struct request r = { .m = m, .in = in };
	struct hisi_zip_sqe before;
	bool changed = false;
	size_t made = 0;

	memset(m->context.p, 0, HZIP_CTX_SIZE);
	for (r.number = 0; r.number < count; r.number++) {
		bool last = r.number == count - 1;
		size_t len = last ? in->len - r.at : in->len / count;

		make(&r, len, stream_space(in, len), last);
		run_one(&r, r.number ? &before : NULL, &changed);
		before = r.sqe;
		if (changed)
			continue;
		if (stream_failed(&r.sqe))
			return;
		memcpy(all + made, m->out.p, le32_to_cpu(r.sqe.produced));
		made += le32_to_cpu(r.sqe.produced);
		r.at += le32_to_cpu(r.sqe.consumed);
	}
	if (!changed && !(in->flags & SIM_CASE_DECOMPRESS))
		check_compressed(in, alg, all, made);
}

static bool parse(struct input *in, const uint8_t *data, size_t len)
{
	if (len < SIM_CASE_LEN)
		return false;
	*in = (struct input){ .flags = data[0], .more = data[1], .space = data[2],
			      .pieces = data[3] };
	in->nr_changes = data[4] % (CHANGES_MAX + 1);
	in->changes = data + SIM_CASE_LEN;
	len -= SIM_CASE_LEN;
	if (len < in->nr_changes * SIM_CHANGE_LEN)
		return false;
	in->data = in->changes + in->nr_changes * SIM_CHANGE_LEN;
	in->len = len - in->nr_changes * SIM_CHANGE_LEN;
	return in->len <= DATA_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct model *m;
	struct input in;

	if (!models[0].dev.sim) {
		memset(filled, 0xee, sizeof(filled));
		create(&models[0], QM_HW_V3);
		create(&models[1], QM_HW_V2);
	}
	if (!parse(&in, data, len))
		return 0;
	m = &models[!!(in.flags & SIM_CASE_V2)];
	memcpy(m->in.p, in.data, in.len);
	sim_violations_clear(m->dev.sim);
	start(m);
	if (in.flags & SIM_CASE_STATEFUL)
		run_stream(m, &in);
	else
		run_blocks(m, &in);
	check(!memcmp(m->in.p, in.data, in.len), "the input was written");
	return 0;
}
