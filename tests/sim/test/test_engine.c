// SPDX-License-Identifier: MIT
/*
 * The model's engine by itself: requests are put together by hand, memory is an
 * array, and zlib is the judge of what comes out.  Queues and registers are not here.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "engine.h"
#include "hisi_zip_regs.h"

#include <cmocka.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define ALL_ALGS	(HZIP_ALGS_ZLIB | HZIP_ALGS_GZIP | HZIP_ALGS_DEFLATE)
#define ALARM_SECONDS	1500

static const uint8_t algs[] = { HZIP_ALG_DEFLATE, HZIP_ALG_ZLIB, HZIP_ALG_GZIP };
static const uint32_t windows[] = { 4096, 8192, 16384, 24576, 32768 };

/* Where trying everything takes long, each n-th thing is tried. */
static size_t stride = 1;

/* ---- the guest: memory, violations ---- */

#define GUEST_BASE	0x7fff0000ull
#define GUEST_LEN	(24u << 20)
#define IN_ADDR		(GUEST_BASE + 3)
#define OUT_ADDR	(GUEST_BASE + (10u << 20) + 1)
#define CTX_ADDR	(GUEST_BASE + (20u << 20) + HZIP_CTX_DEVICE)
#define LIST_ADDR	(GUEST_BASE + (21u << 20))

/* Each thread is a guest of its own. */
struct sim {
	uint8_t *mem;
	unsigned int violations[SIM_V_COUNT];
	unsigned int total;
	char text[300];
	uint64_t read_only;		/* writes to just there fail */
};

static struct sim guest;

static uint8_t *at(uint64_t addr)
{
	assert_in_range(addr, GUEST_BASE, GUEST_BASE + GUEST_LEN - 1);
	return guest.mem + (addr - GUEST_BASE);
}

static bool reachable(uint64_t addr, size_t len)
{
	return addr >= GUEST_BASE && addr - GUEST_BASE <= GUEST_LEN &&
	       len <= GUEST_LEN - (addr - GUEST_BASE);
}

int sim_dma_read(struct sim *sim, int32_t pasid, uint64_t addr, void *buf, size_t len)
{
	(void)pasid;
	if (!len)
		return 0;
	if (!reachable(addr, len)) {
		sim_violate(sim, SIM_V_DMA, "read");
		return -EFAULT;
	}
	memcpy(buf, sim->mem + (addr - GUEST_BASE), len);
	return 0;
}

int sim_dma_write(struct sim *sim, int32_t pasid, uint64_t addr, const void *buf,
		  size_t len)
{
	(void)pasid;
	if (!len)
		return 0;
	if (!reachable(addr, len) || addr == sim->read_only) {
		sim_violate(sim, SIM_V_DMA, "write");
		return -EFAULT;
	}
	memcpy(sim->mem + (addr - GUEST_BASE), buf, len);
	return 0;
}

void sim_violate(struct sim *sim, enum sim_violation class, const char *fmt, ...)
{
	va_list ap;

	sim->violations[class]++;
	sim->total++;
	va_start(ap, fmt);
	vsnprintf(sim->text, sizeof(sim->text), fmt, ap);
	va_end(ap);
}

static void forgive(void)
{
	memset(guest.violations, 0, sizeof(guest.violations));
	guest.total = 0;
	guest.text[0] = 0;
}

static void expect_clean(void)
{
	if (guest.total) {
		print_message("%s\n", guest.text);
		fail();
	}
}

/* One violation of that class, and the message has its numbers. */
static void expect_violation(enum sim_violation class)
{
	if (guest.total != 1 || guest.violations[class] != 1) {
		print_message("%u violations, class %d: %u: %s\n", guest.total, class,
			      guest.violations[class], guest.text);
		fail();
	}
	forgive();
}

/* ---- data ---- */

static uint64_t seed = 1;

static uint32_t rnd(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33);
}

static uint32_t rnd_below(uint32_t n)
{
	return rnd() % n;
}

enum kind { ZEROS, TEXT, NOISE, MIXED, DISTANT, KINDS };

static void fill(uint8_t *p, size_t len, enum kind kind)
{
	static const char words[] = "the device reads a ring of entries and answers ";
	size_t far = 0;

	for (size_t i = 0; i < len; i++) {
		switch (kind) {
		case ZEROS:
			p[i] = 0;
			break;
		case TEXT:
			p[i] = (uint8_t)words[(i + (rnd_below(9) ? 0 : rnd())) %
					      (sizeof(words) - 1)];
			break;
		case NOISE:
			p[i] = (uint8_t)rnd();
			break;
		case MIXED:
			p[i] = (uint8_t)(i / 700 % 2 ? rnd() : rnd_below(5) + 'a');
			break;
		default:
			/* Noise that is repeated from 3 to 32 KiB back. */
			if (i % 64 == 0)
				far = i > 33000 ? 3000 + rnd_below(29768) : 0;
			p[i] = far ? p[i - far] : (uint8_t)rnd();
			break;
		}
	}
}

struct bytes {
	uint8_t *data;
	size_t len;
};

static size_t trailer_len(unsigned int alg)
{
	return alg == HZIP_ALG_DEFLATE ? 0 : alg == HZIP_ALG_ZLIB ? 4 : 8;
}

static uint32_t sum_of(unsigned int alg, const uint8_t *data, size_t len)
{
	return (uint32_t)(alg == HZIP_ALG_ZLIB ? adler32_z(1, data, len) :
						 crc32_z(0, data, len));
}

static void make_trailer(unsigned int alg, const uint8_t *data, size_t len, uint8_t *to)
{
	uint32_t sum = sum_of(alg, data, len);

	if (alg == HZIP_ALG_ZLIB)
		sum = __builtin_bswap32(sum);
	memcpy(to, &sum, 4);
	sum = (uint32_t)len;
	memcpy(to + 4, &sum, 4);
}

/* What dw31 is in the end. */
static uint32_t packed_sum(unsigned int alg, const uint8_t *data, size_t len)
{
	uint32_t sum = sum_of(alg, data, len), packed = 0;

	if (alg == HZIP_ALG_ZLIB)
		return sum;
	for (int i = 0; i < 32; i++)
		packed |= (~sum >> i & 1) << (31 - i);
	return packed;
}

enum blocks { STORED, FIXED, DYNAMIC, ALL_BLOCKS, BLOCKS };

static void set_blocks(z_stream *z, enum blocks blocks)
{
	int level = blocks == STORED ? 0 : 6;
	int strategy = blocks == FIXED ? Z_FIXED : Z_DEFAULT_STRATEGY;

	assert_int_equal(deflateParams(z, level, strategy), Z_OK);
}

/* As zlib makes it, without a header; several blocks, of one kind or of each. */
static struct bytes zlib_stream(unsigned int alg, const uint8_t *in, size_t len,
				enum blocks blocks)
{
	const size_t piece = blocks == ALL_BLOCKS ? 350 : 1900;
	struct bytes b = { malloc(len * 2 + 2000), 0 };
	z_stream z = { .zalloc = NULL };
	size_t left = len;
	unsigned int turn = 0;
	int ret;

	assert_non_null(b.data);
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY),
			 Z_OK);
	z.next_in = (Bytef *)(uintptr_t)in;
	z.next_out = b.data;
	z.avail_out = (uInt)(len * 2 + 1900);
	do {
		set_blocks(&z, blocks == ALL_BLOCKS ? turn++ % ALL_BLOCKS : blocks);
		z.avail_in = (uInt)(left < piece ? left : piece);
		left -= z.avail_in;
		ret = deflate(&z, left ? Z_BLOCK : Z_FINISH);
	} while (ret == Z_OK);
	assert_int_equal(ret, Z_STREAM_END);
	b.len = z.total_out;
	deflateEnd(&z);
	make_trailer(alg, in, len, b.data + b.len);
	b.len += trailer_len(alg);
	return b;
}

/*
 * What a strict decoder says: the status a stateless request has to have; on success
 * and with a wrong trailer also what was decoded and used.
 */
struct verdict {
	uint32_t status;
	struct bytes out;
	size_t used;
};

static void judge(struct verdict *v, unsigned int alg, const uint8_t *in, size_t len,
		  size_t space)
{
	z_stream z = { .zalloc = NULL };
	uint8_t trailer[8];
	int ret;

	v->out.data = malloc(space + 1);
	assert_non_null(v->out.data);
	assert_int_equal(inflateInit2(&z, -15), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)in;
	z.avail_in = (uInt)len;
	z.next_out = v->out.data;
	z.avail_out = (uInt)space;
	ret = inflate(&z, Z_FINISH);
	v->out.len = z.total_out;
	v->used = z.total_in + trailer_len(alg);
	if (ret == Z_DATA_ERROR)
		v->status = SIM_STATUS_BAD_DATA;
	else if (ret != Z_STREAM_END)
		v->status = z.avail_out ? SIM_STATUS_TRUNCATED : HZIP_STATUS_NO_SPACE;
	else if (v->used > len)
		v->status = SIM_STATUS_TRUNCATED;
	else
		v->status = HZIP_STATUS_OK;
	inflateEnd(&z);
	if (v->status)
		return;
	make_trailer(alg, v->out.data, v->out.len, trailer);
	if (memcmp(trailer, in + v->used - trailer_len(alg), trailer_len(alg)))
		v->status = HZIP_STATUS_CHECKSUM;
}

/* ---- requests ---- */

static struct sim_request request(bool decompress, unsigned int alg)
{
	struct sim_request r = {
		.sim = &guest, .queue = 5, .slot = 17, .decompress = decompress,
		.pasid = SIM_NO_PASID, .v3 = true, .user_algs = ALL_ALGS,
		.fail_status = -1, .flip_bit = -1, .flip_crc_bit = -1,
	};

	/* Stale results, and a tag. */
	memset(&r.sqe.consumed, 0xa5, 16);
	r.sqe.dw7 = (uint32_t)HZIP_SQE_TYPE3 << 28 | HZIP_SQE_NEW | HZIP_SQE_FINISH;
	r.sqe.dw9 = FIELD_PREP(HZIP_SQE_WINDOW, (uint32_t)HZIP_WINDOW_32K) | alg;
	r.sqe.tag_low = 0x12345678;
	r.sqe.tag_high = 0x9abcdef0;
	return r;
}

static void set_addr(__le32 *low, __le32 *high, uint64_t addr)
{
	*low = (uint32_t)addr;
	*high = (uint32_t)(addr >> 32);
}

static void set_flat(struct sim_request *r, const void *in, size_t in_len, size_t out_len)
{
	assert_in_range(in_len, 0, HZIP_LEN_MAX);
	if (in_len)
		memcpy(at(IN_ADDR), in, in_len);
	r->sqe.in_len = (uint32_t)in_len;
	r->sqe.out_len = (uint32_t)out_len;
	set_addr(&r->sqe.src_low, &r->sqe.src_high, IN_ADDR);
	set_addr(&r->sqe.dst_low, &r->sqe.dst_high, OUT_ADDR);
}

static void set_window(struct sim_request *r, unsigned int window)
{
	r->sqe.dw9 &= ~HZIP_SQE_WINDOW;
	r->sqe.dw9 |= FIELD_PREP(HZIP_SQE_WINDOW, window);
}

static uint32_t status_of(const struct sim_request *r)
{
	return FIELD_GET(HZIP_SQE_STATUS, r->sqe.dw3);
}

static bool is_result(size_t dw)
{
	return dw <= 3 || dw == 15 || dw >= 28;
}

/* Returns the status; only results may differ, and nothing behind the space. */
static uint32_t run(struct sim_request *r)
{
	uint8_t *behind = at(OUT_ADDR) + r->sqe.out_len;
	uint32_t before[32], after[32], guard = 0xfeedf00d, g;
	bool flat = FIELD_GET(HZIP_SQE_BUFFERS, r->sqe.dw9) == HZIP_BUFFERS_FLAT &&
		    r->sqe.out_len <= HZIP_LEN_MAX;

	if (flat)
		memcpy(behind, &guard, sizeof(guard));
	memcpy(before, &r->sqe, sizeof(before));
	sim_engine_run(r);
	memcpy(after, &r->sqe, sizeof(after));
	for (size_t i = 0; i < 32; i++) {
		if (!is_result(i))
			assert_int_equal(after[i], before[i]);
	}
	if (flat) {
		memcpy(&g, behind, sizeof(g));
		assert_int_equal(g, guard);
	}
	if (!r->ignored)
		assert_int_equal(r->sqe.dw3 & ~HZIP_SQE_LAST_BLOCK, status_of(r));
	return status_of(r);
}

static void expect_nothing_done(const struct sim_request *r)
{
	assert_int_equal(r->sqe.consumed, 0);
	assert_int_equal(r->sqe.produced, 0);
	assert_int_equal(r->sqe.dw3 & HZIP_SQE_LAST_BLOCK, 0);
}

/*
 * Whether a decoder with that window can read it.  zlib also takes what it has just
 * written for window, so it gets a byte of space at a time.
 */
static bool readable(const uint8_t *stream, size_t len, int bits)
{
	z_stream z = { .zalloc = NULL };
	uint8_t byte;
	int ret;

	assert_int_equal(inflateInit2(&z, -bits), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)stream;
	z.avail_in = (uInt)len;
	do {
		z.next_out = &byte;
		z.avail_out = 1;
		ret = inflate(&z, Z_NO_FLUSH);
	} while (ret == Z_OK);
	inflateEnd(&z);
	return ret == Z_STREAM_END;
}

/* A complete stream of @alg gives @plain, also with so small a window. */
static void expect_stream(unsigned int alg, const uint8_t *stream, size_t len,
			  const uint8_t *plain, size_t plain_len, int bits)
{
	struct verdict v;

	judge(&v, alg, stream, len, plain_len + 1);
	assert_int_equal(v.status, HZIP_STATUS_OK);
	assert_int_equal(v.used, len);
	assert_int_equal(v.out.len, plain_len);
	if (plain_len)
		assert_memory_equal(v.out.data, plain, plain_len);
	free(v.out.data);
	assert_true(readable(stream, len, bits));
}

/* ---- single blocks ---- */

/* The model makes 16 KiB do for 24. */
static const int bits_of[] = { 12, 13, 14, 14, 15 };

static void round_trip(unsigned int alg, unsigned int window, const uint8_t *plain,
		       size_t len, bool fast)
{
	struct sim_request r = request(false, alg), d = request(true, alg);
	size_t space = len + len / 8 + 100;
	uint8_t *packed;
	size_t n;

	r.fast = fast;
	set_window(&r, window);
	set_flat(&r, plain, len, space);
	n = run(&r) == HZIP_STATUS_NEGATIVE;
	assert_int_equal(status_of(&r), n ? HZIP_STATUS_NEGATIVE : HZIP_STATUS_OK);
	assert_int_equal(r.sqe.consumed, len);
	n = r.sqe.produced;
	assert_int_equal(status_of(&r) == HZIP_STATUS_NEGATIVE, n >= len);
	assert_in_range(n, 1, space);
	assert_int_equal(r.sqe.comp_data_len, n);
	assert_int_equal(r.sqe.isize, len);
	assert_int_equal(r.sqe.checksum, packed_sum(alg, plain, len));
	expect_stream(alg, at(OUT_ADDR), n, plain, len, bits_of[window]);

	/* Back again into exactly the space it needs, and not what lies behind. */
	packed = malloc(n + 9);
	assert_non_null(packed);
	memcpy(packed, at(OUT_ADDR), n);
	memset(packed + n, 0x5a, 9);
	set_flat(&d, packed, n + 9, len < HZIP_OUT_MIN ? HZIP_OUT_MIN : len);
	free(packed);
	assert_int_equal(run(&d), HZIP_STATUS_OK);
	assert_int_equal(d.sqe.consumed, n);
	assert_int_equal(d.sqe.produced, len);
	assert_int_equal(d.sqe.comp_data_len, n);
	assert_true(d.sqe.dw3 & HZIP_SQE_LAST_BLOCK);
	assert_int_equal(d.sqe.isize, len);
	assert_int_equal(d.sqe.checksum, packed_sum(alg, plain, len));
	assert_memory_equal(at(OUT_ADDR), plain, len);
	expect_clean();
}

static void t_a_block_is_compressed_and_decompressed(void **state)
{
	static const size_t lens[] = {
		1, 2, 15, 70, 191, 1000, 4096, 65535, 65536, 300000,
	};
	uint8_t *plain = malloc(300000);

	(void)state;
	assert_non_null(plain);
	for (size_t i = 0; i < ARRAY_SIZE(lens) * KINDS; i++) {
		fill(plain, lens[i / KINDS], i % KINDS);
		for (size_t a = 0; a < ARRAY_SIZE(algs); a++)
			round_trip(algs[a], (unsigned int)(i + a) % 5, plain,
				   lens[i / KINDS], i % 2);
	}
	free(plain);
}

static void t_the_largest_block_is_8_mib(void **state)
{
	uint8_t *plain = malloc(HZIP_LEN_MAX);
	struct sim_request r = request(false, HZIP_ALG_GZIP);
	struct sim_request d = request(true, HZIP_ALG_GZIP);
	uint32_t n;

	(void)state;
	assert_non_null(plain);
	fill(plain, HZIP_LEN_MAX, ZEROS);
	set_flat(&r, plain, HZIP_LEN_MAX, HZIP_LEN_MAX);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	n = r.sqe.produced;
	set_flat(&d, at(OUT_ADDR), n, HZIP_LEN_MAX);
	assert_int_equal(run(&d), HZIP_STATUS_OK);
	assert_int_equal(d.sqe.produced, HZIP_LEN_MAX);
	assert_memory_equal(at(OUT_ADDR), plain, HZIP_LEN_MAX);
	expect_clean();

	r.sqe.in_len++;
	assert_int_equal(run(&r), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
	r.sqe.in_len--;
	r.sqe.out_len++;
	assert_int_equal(run(&r), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
	free(plain);
}

static void t_matches_stay_within_the_window(void **state)
{
	const size_t len = 200000;
	uint8_t *plain = malloc(len);

	(void)state;
	assert_non_null(plain);
	fill(plain, len, DISTANT);
	for (unsigned int w = 0; w < ARRAY_SIZE(windows); w++) {
		for (int fast = 0; fast < 2; fast++) {
			struct sim_request r = request(false, HZIP_ALG_DEFLATE);

			r.fast = fast;
			set_window(&r, w);
			set_flat(&r, plain, len, len * 2);
			run(&r);
			assert_true(readable(at(OUT_ADDR), r.sqe.produced,
					     bits_of[w]));
			/* And it is used: half of it would not do. */
			assert_false(readable(at(OUT_ADDR), r.sqe.produced,
					      bits_of[w] - 1));
		}
	}
	expect_clean();
	free(plain);
}

static void t_flush_and_new_mean_nothing_to_a_block(void **state)
{
	uint8_t plain[500];

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (uint32_t i = 0; i < 4; i++) {
		struct sim_request r = request(false, HZIP_ALG_ZLIB);

		r.sqe.dw7 = HZIP_SQE_TYPE3 << 28 | (i & 1 ? HZIP_SQE_NEW : 0) |
			    (i & 2 ? HZIP_SQE_FINISH : 0);
		r.sqe.ctx_dw0 = r.sqe.ctx_dw1 = r.sqe.ctx_dw2 = ~0u;
		r.sqe.isize = r.sqe.checksum = 0x77777777;
		set_flat(&r, plain, sizeof(plain), 1000);
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		assert_int_equal(r.sqe.isize, sizeof(plain));
		expect_stream(HZIP_ALG_ZLIB, at(OUT_ADDR), r.sqe.produced, plain,
			      sizeof(plain), 15);
	}
	expect_clean();
}

static void t_output_that_is_not_smaller_is_told_and_valid(void **state)
{
	struct sim_request r = request(false, HZIP_ALG_GZIP);
	uint8_t plain[4096];

	(void)state;
	fill(plain, sizeof(plain), NOISE);
	set_flat(&r, plain, sizeof(plain), 8192);
	assert_int_equal(run(&r), HZIP_STATUS_NEGATIVE);
	assert_in_range(r.sqe.produced, sizeof(plain), 8192);
	expect_stream(HZIP_ALG_GZIP, at(OUT_ADDR), r.sqe.produced, plain, sizeof(plain),
		      15);
	expect_clean();
}

static void t_a_block_needs_all_its_space(void **state)
{
	struct sim_request r, d;
	uint8_t plain[4096], packed[4096];
	uint32_t n;

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
		r = request(false, algs[a]);
		set_flat(&r, plain, sizeof(plain), 4096);
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		n = r.sqe.produced;
		memcpy(packed, at(OUT_ADDR), n);
		for (uint32_t space = n - 10; space <= n; space++) {
			set_flat(&r, plain, sizeof(plain), space);
			run(&r);
			assert_int_equal(status_of(&r),
					 space < n ? HZIP_STATUS_NO_SPACE : 0);
			if (space < n)
				expect_nothing_done(&r);
		}
		d = request(true, algs[a]);
		for (uint32_t space = 16; space <= 4096; space += 255) {
			set_flat(&d, packed, n, space);
			run(&d);
			assert_int_equal(status_of(&d),
					 space < 4096 ? HZIP_STATUS_NO_SPACE : 0);
		}
	}
	/* An incompressible page into a page: what zswap sees. */
	fill(plain, sizeof(plain), NOISE);
	r = request(false, HZIP_ALG_DEFLATE);
	set_flat(&r, plain, sizeof(plain), 4096);
	assert_int_equal(run(&r), HZIP_STATUS_NO_SPACE);
	expect_clean();
}

/* ---- damage ---- */

#define JUDGE_SPACE	20000

static void check_verdict(unsigned int alg, const uint8_t *in, size_t len)
{
	struct sim_request r = request(true, alg);
	struct verdict v;

	judge(&v, alg, in, len, JUDGE_SPACE);
	set_flat(&r, in, len, JUDGE_SPACE);
	run(&r);
	if (status_of(&r) != v.status)
		print_message("%zu bytes: %#x, zlib says %#x\n", len, status_of(&r),
			      v.status);
	assert_int_equal(status_of(&r), v.status);
	if (v.status == HZIP_STATUS_OK || v.status == HZIP_STATUS_CHECKSUM) {
		assert_int_equal(r.sqe.consumed, v.used);
		assert_int_equal(r.sqe.produced, v.out.len);
		if (v.out.len)
			assert_memory_equal(at(OUT_ADDR), v.out.data, v.out.len);
	} else {
		expect_nothing_done(&r);
	}
	expect_clean();
	free(v.out.data);
}

static void t_truncated_blocks_are_errors(void **state)
{
	uint8_t plain[2000];

	(void)state;
	fill(plain, sizeof(plain), MIXED);
	for (size_t i = 0; i < BLOCKS * ARRAY_SIZE(algs); i++) {
		unsigned int alg = algs[i / BLOCKS];
		struct bytes b = zlib_stream(alg, plain, sizeof(plain), i % BLOCKS);

		for (size_t len = 1; len <= b.len; len += stride)
			check_verdict(alg, b.data, len);
		free(b.data);
	}
}

static void t_damage_is_judged_as_zlib_does(void **state)
{
	uint8_t plain[1500];

	(void)state;
	fill(plain, sizeof(plain), MIXED);
	for (size_t i = 0; i < BLOCKS * ARRAY_SIZE(algs); i++) {
		unsigned int alg = algs[i / BLOCKS];
		struct bytes b = zlib_stream(alg, plain, sizeof(plain), i % BLOCKS);

		for (size_t bit = 0; bit < 8 * b.len; bit += stride) {
			b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			check_verdict(alg, b.data, b.len);
			b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t k = 0; k < b.len; k += stride) {
			uint8_t was = b.data[k];

			b.data[k] = (uint8_t)rnd();
			check_verdict(alg, b.data, b.len);
			b.data[k] = was;
		}
		free(b.data);
	}
}

static void t_noise_is_judged_as_zlib_does(void **state)
{
	uint8_t in[300];

	(void)state;
	for (size_t i = 0; i < 60000; i += stride) {
		size_t len = 1 + rnd_below(sizeof(in));

		fill(in, len, NOISE);
		/* Most of it dynamic blocks with plausible sizes. */
		if (i % 4)
			in[0] = (uint8_t)((in[0] & 0x80) | 0x05 | rnd_below(4) << 3);
		check_verdict(HZIP_ALG_DEFLATE, in, len);
	}
}

/* ---- streams ---- */

/* Software's side of a stream: it carries the words in the SQE itself. */
struct stream {
	struct sim_request r;
	bool begun;
};

static struct stream stream(bool decompress, unsigned int alg)
{
	struct stream s = { .r = request(decompress, alg) };

	/* What a stream before it may have left. */
	s.r.sqe.ctx_dw0 = rnd();
	s.r.sqe.ctx_dw1 = rnd();
	s.r.sqe.ctx_dw2 = rnd();
	s.r.sqe.isize = rnd();
	s.r.sqe.checksum = rnd();
	set_addr(&s.r.sqe.ctx_low, &s.r.sqe.ctx_high, CTX_ADDR);
	memset(at(CTX_ADDR), 0x3c, HZIP_CTX_DEVICE_SIZE);
	return s;
}

static uint32_t step(struct stream *s, const uint8_t *in, size_t len, size_t space,
		     bool finish)
{
	const uint8_t *beside = at(CTX_ADDR - 1);
	uint8_t guard[2] = { beside[0], beside[1 + HZIP_CTX_DEVICE_SIZE] };

	s->r.sqe.dw7 = HZIP_SQE_TYPE3 << 28 | HZIP_SQE_STATEFUL |
		       (s->begun ? 0 : HZIP_SQE_NEW) | (finish ? HZIP_SQE_FINISH : 0);
	s->begun = true;
	set_flat(&s->r, in, len, space);
	run(&s->r);
	assert_int_equal(beside[0], guard[0]);
	assert_int_equal(beside[1 + HZIP_CTX_DEVICE_SIZE], guard[1]);
	return status_of(&s->r);
}

static uint32_t state_of(const struct stream *s)
{
	return FIELD_GET(HZIP_CTX0_STATE, s->r.sqe.ctx_dw0);
}

static uint32_t head_bits(const struct stream *s)
{
	return FIELD_GET(HZIP_CTX0_HEAD_BITS, s->r.sqe.ctx_dw0);
}

static size_t stream_space(size_t in_len)
{
	size_t n = (in_len * 9 + 7) / 8;

	return n < HZIP_STREAM_OUT_MIN ? HZIP_STREAM_OUT_MIN : n;
}

/* ---- compression streams ---- */

/* In pieces of up to max bytes; the last one is empty if @empty_end. */
static void compress_stream(unsigned int alg, unsigned int window, const uint8_t *plain,
			    size_t len, size_t max, bool empty_end)
{
	struct stream s = stream(false, alg);
	uint8_t *out = malloc(2 * len + 100000);
	size_t done = 0, n = 0;
	bool finish;

	assert_non_null(out);
	set_window(&s.r, window);
	do {
		size_t piece = 1 + rnd_below((uint32_t)max);

		if (piece > len - done)
			piece = len - done;
		finish = empty_end ? !piece : done + piece == len;
		step(&s, plain + done, piece, stream_space(piece), finish);
		if (status_of(&s.r))
			assert_int_equal(status_of(&s.r), HZIP_STATUS_NEGATIVE);
		assert_int_equal(s.r.sqe.consumed, piece);
		assert_int_equal(state_of(&s), HZIP_STATE_IDLE);
		memcpy(out + n, at(OUT_ADDR), s.r.sqe.produced);
		n += s.r.sqe.produced;
		done += piece;
		if (!finish)
			assert_memory_equal(out + n - 4, "\0\0\xff\xff", 4);
		assert_int_equal(s.r.sqe.isize, done);
		assert_int_equal(s.r.sqe.checksum, packed_sum(alg, plain, done));
		assert_int_equal(FIELD_GET(HZIP_CTX2_WINDOW, s.r.sqe.ctx_dw2),
				 done < windows[window] ? done : windows[window]);
	} while (!finish);
	expect_stream(alg, out, n, plain, len, bits_of[window]);
	expect_clean();
	free(out);
}

static void t_a_stream_is_compressed_in_pieces(void **state)
{
	static const size_t lens[] = { 0, 1, 100, 5000, 100000 };
	uint8_t *plain = malloc(100000);

	(void)state;
	assert_non_null(plain);
	for (size_t i = 0; i < ARRAY_SIZE(lens) * KINDS; i++) {
		size_t len = lens[i / KINDS];

		fill(plain, len, i % KINDS);
		for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
			compress_stream(algs[a], (unsigned int)(i + a) % 5, plain, len,
					1 + len / 5, i % 2);
			compress_stream(algs[a], (unsigned int)(i + a) % 5, plain, len,
					2 * len + 1, !(i % 2));
		}
	}
	free(plain);
}

static void t_matches_of_a_stream_reach_back_within_the_window(void **state)
{
	uint8_t noise[3000];
	const size_t far[] = { 3000, 5000, 12000, 20000, 31000 };

	(void)state;
	fill(noise, sizeof(noise), NOISE);
	for (unsigned int w = 0; w < ARRAY_SIZE(windows); w++) {
		for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
			struct stream s = stream(false, HZIP_ALG_DEFLATE);
			uint8_t *zeros = calloc(1, far[i]);
			size_t reach = (size_t)1 << bits_of[w];

			assert_non_null(zeros);
			set_window(&s.r, w);
			step(&s, noise, sizeof(noise), 4000, false);
			step(&s, zeros, far[i] - sizeof(noise) + 200, 60000, false);
			step(&s, noise + 200, 100, 300, false);
			/* A match, if that is near enough. */
			if (far[i] + 600 < reach)
				assert_in_range(s.r.sqe.produced, 1, 40);
			if (far[i] > reach)
				assert_in_range(s.r.sqe.produced, 80, 300);
			free(zeros);
		}
	}
	expect_clean();
}

static void t_an_empty_stream_ends_right(void **state)
{
	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
		struct stream s = stream(false, algs[a]);

		assert_int_equal(step(&s, NULL, 0, 201, true), HZIP_STATUS_OK);
		expect_stream(algs[a], at(OUT_ADDR), s.r.sqe.produced, NULL, 0, 15);
		s = stream(false, algs[a]);
		assert_int_equal(step(&s, NULL, 0, 201, false), HZIP_STATUS_OK);
		assert_int_equal(s.r.sqe.produced, 5);
		assert_int_equal(step(&s, NULL, 0, 201, true), HZIP_STATUS_OK);
		expect_clean();
	}
}

static void t_streams_have_a_least_space(void **state)
{
	static uint8_t plain[1000];
	struct stream s = stream(false, HZIP_ALG_GZIP);

	(void)state;
	assert_int_equal(step(&s, plain, 10, 200, false), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
	s.begun = false;
	assert_int_equal(step(&s, plain, 1000, 1124, false), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
	s.begun = false;
	assert_int_equal(step(&s, plain, 1000, 1125, false), HZIP_STATUS_OK);
	s = stream(true, HZIP_ALG_GZIP);
	assert_int_equal(step(&s, plain, 10, 200, false), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SIZE);
}

/* Noise in any amount fits into what a stream must be given. */
static void t_the_least_space_is_enough(void **state)
{
	uint8_t plain[3000];

	(void)state;
	fill(plain, sizeof(plain), NOISE);
	for (size_t len = 0; len < sizeof(plain); len += stride) {
		struct stream s = stream(false, HZIP_ALG_GZIP);

		step(&s, plain, 7, 201, false);
		step(&s, plain, len, stream_space(len), true);
		assert_int_not_equal(status_of(&s.r), HZIP_STATUS_NO_SPACE);
		assert_int_equal(s.r.sqe.consumed, len);
	}
	expect_clean();
}

/* ---- decompression streams ---- */

/* How a stream is cut: the sizes of the first pieces, then these. */
struct cut {
	size_t in_first, out_first;
	size_t in_max, out_max;
	bool random;
};

struct result {
	uint32_t status;
	struct bytes out;
	size_t consumed;
	size_t left_bits;	/* cached at the end */
	unsigned int requests;
	unsigned int held, full, ended_full;	/* states seen */
};

static size_t draw(size_t first, size_t max, bool random, size_t least, bool begun)
{
	if (!begun)
		return first;
	return random ? least + rnd_below((uint32_t)(max - least + 1)) : max;
}

/* What a request may look like whatever was in it. */
static void check_step(const struct stream *s, size_t len, size_t space,
		       const uint8_t *in_end)
{
	const struct hisi_zip_sqe *sqe = &s->r.sqe;
	uint32_t window = FIELD_GET(HZIP_CTX2_WINDOW, sqe->ctx_dw2);
	uint64_t head, want = 0;
	uint32_t n = head_bits(s);

	assert_in_range(sqe->consumed, 0, len);
	assert_in_range(sqe->produced, 0, space);
	assert_in_range(window, 0, 32768);
	assert_int_equal(!!(sqe->dw3 & HZIP_SQE_LAST_BLOCK),
			 status_of(&s->r) == HZIP_STATUS_END);
	memcpy(&head, at(CTX_ADDR + HZIP_CTX_WINDOW + (window + 15) / 16 * 16), 8);
	assert_int_equal(head >> n, 0);
	if (status_of(&s->r))
		return;
	if (sqe->produced < space && state_of(s) != HZIP_STATE_END_NO_SPACE)
		assert_int_equal(sqe->consumed, len);
	if (state_of(s) == HZIP_STATE_NO_SPACE || state_of(s) == HZIP_STATE_END_NO_SPACE)
		assert_int_equal(sqe->produced, space);
	if (state_of(s) != HZIP_STATE_NO_BLOCK)
		return;
	/* Held back are the last bits of the input. */
	assert_in_range(n, 1, HZIP_HOLD_BITS - 1);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t back = n - i;
		uint32_t bit = in_end[-(ptrdiff_t)((back + 7) / 8)] >>
			       ((8 - back % 8) % 8) & 1;

		want |= (uint64_t)bit << i;
	}
	assert_int_equal(head, want);
}

/*
 * Feed all of it as cut says until the end, an error, or an empty request that does
 * nothing more.
 */
static void decompress_stream(struct result *res, unsigned int alg, const uint8_t *in,
			      size_t len, size_t plain_max, const struct cut *cut)
{
	struct stream s = stream(true, alg);
	bool moved;

	*res = (struct result){ .out = { malloc(plain_max + cut->out_max +
						cut->out_first), 0 } };
	assert_non_null(res->out.data);
	do {
		size_t n = draw(cut->in_first, cut->in_max, cut->random, 0, s.begun);
		size_t space = draw(cut->out_first, cut->out_max, cut->random,
				    HZIP_STREAM_OUT_MIN, s.begun);

		if (n > len - res->consumed)
			n = len - res->consumed;
		res->status = step(&s, in + res->consumed, n, space, false);
		res->requests++;
		if (res->status && res->status != HZIP_STATUS_END) {
			if (res->status != HZIP_STATUS_CHECKSUM)
				expect_nothing_done(&s.r);
			break;
		}
		check_step(&s, n, space, in + res->consumed + s.r.sqe.consumed);
		res->held += state_of(&s) == HZIP_STATE_NO_BLOCK;
		res->full += state_of(&s) == HZIP_STATE_NO_SPACE;
		res->ended_full += state_of(&s) == HZIP_STATE_END_NO_SPACE;
		moved = n || s.r.sqe.produced || state_of(&s) != HZIP_STATE_IDLE ||
			res->consumed < len;
		res->consumed += s.r.sqe.consumed;
		assert_in_range(res->out.len + s.r.sqe.produced, 0, plain_max);
		memcpy(res->out.data + res->out.len, at(OUT_ADDR), s.r.sqe.produced);
		res->out.len += s.r.sqe.produced;
	} while (!res->status && moved && res->requests < 100000);
	res->left_bits = head_bits(&s);
	if (res->status == HZIP_STATUS_END) {
		assert_int_equal(s.r.sqe.isize, res->out.len);
		assert_int_equal(s.r.sqe.checksum,
				 packed_sum(alg, res->out.data, res->out.len));
		assert_int_equal(state_of(&s), alg == HZIP_ALG_DEFLATE ?
				 HZIP_STATE_END_RAW : HZIP_STATE_IDLE);
	}
	expect_clean();
}

/* The stream is followed by what does not belong to it. */
static void expect_cut(unsigned int alg, const struct bytes *b, const uint8_t *plain,
		       size_t len, const struct cut *cut, struct result *res)
{
	const size_t behind = 9;
	uint8_t *in = malloc(b->len + behind);
	struct result r;

	assert_non_null(in);
	memcpy(in, b->data, b->len);
	memset(in + b->len, 0xa7, behind);
	decompress_stream(&r, alg, in, b->len + behind, len, cut);
	assert_int_equal(r.status, HZIP_STATUS_END);
	assert_int_equal(r.out.len, len);
	if (len)
		assert_memory_equal(r.out.data, plain, len);
	/* Input behind the end may be among what was held back, not otherwise. */
	assert_int_equal(r.consumed - r.left_bits / 8, b->len);
	if (alg != HZIP_ALG_DEFLATE)
		assert_int_equal(r.left_bits, 0);
	free(r.out.data);
	free(in);
	if (res)
		*res = r;
}

#define PLAIN_LEN	2600

static void for_each_stream(void (*each)(unsigned int alg, const struct bytes *b,
					 const uint8_t *plain, size_t len))
{
	uint8_t plain[PLAIN_LEN];

	fill(plain, sizeof(plain), MIXED);
	for (size_t i = 0; i < BLOCKS * ARRAY_SIZE(algs); i++) {
		struct bytes b = zlib_stream(algs[i / BLOCKS], plain, sizeof(plain),
					     i % BLOCKS);

		each(algs[i / BLOCKS], &b, plain, sizeof(plain));
		free(b.data);
	}
}

static void cut_input(unsigned int alg, const struct bytes *b, const uint8_t *plain,
		      size_t len)
{
	for (size_t i = 0; i <= b->len; i += stride) {
		struct cut cut = { i, 30000, b->len + 9, 30000, false };

		expect_cut(alg, b, plain, len, &cut, NULL);
	}
}

static void t_a_stream_may_be_cut_at_any_byte_of_input(void **state)
{
	(void)state;
	for_each_stream(cut_input);
}

static void cut_output(unsigned int alg, const struct bytes *b, const uint8_t *plain,
		       size_t len)
{
	for (size_t i = HZIP_STREAM_OUT_MIN; i <= len; i += stride) {
		struct cut cut = { b->len + 9, i, b->len + 9, i / 2 + 201, false };
		struct result res;

		expect_cut(alg, b, plain, len, &cut, &res);
		if (i < len)
			assert_int_not_equal(res.full, 0);
		if (i == len)
			assert_int_equal(res.ended_full, 1);
	}
}

static void t_a_stream_may_be_cut_at_any_byte_of_output(void **state)
{
	(void)state;
	for_each_stream(cut_output);
}

static void cut_to_bytes(unsigned int alg, const struct bytes *b, const uint8_t *plain,
			 size_t len)
{
	for (size_t i = 1; i < 7; i++) {
		struct cut cut = { i, 201, i, 201, false };

		expect_cut(alg, b, plain, len, &cut, NULL);
	}
}

static void t_a_stream_may_come_byte_by_byte(void **state)
{
	(void)state;
	for_each_stream(cut_to_bytes);
}

static void cut_at_random(unsigned int alg, const struct bytes *b, const uint8_t *plain,
			  size_t len)
{
	for (size_t i = 0; i < 60; i += stride) {
		struct cut cut = {
			rnd_below(300), 201 + rnd_below(300),
			1 + rnd_below(i % 2 ? 20 : 600), 201 + rnd_below(600), true,
		};

		expect_cut(alg, b, plain, len, &cut, NULL);
	}
}

static void t_a_stream_may_be_cut_in_both_ways(void **state)
{
	(void)state;
	for_each_stream(cut_at_random);
}

static void t_the_window_is_carried_over(void **state)
{
	const size_t len = 200000;
	uint8_t *plain = malloc(len);

	(void)state;
	assert_non_null(plain);
	fill(plain, len, DISTANT);
	for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
		struct bytes b = zlib_stream(algs[a], plain, len, DYNAMIC);

		for (int i = 0; i < 6; i++) {
			struct cut cut = { 100, 1000, 20000, 40000u >> i, i % 2 };

			expect_cut(algs[a], &b, plain, len, &cut, NULL);
		}
		free(b.data);
	}
	free(plain);
}

static void t_trailers_may_be_cut_at_each_byte(void **state)
{
	uint8_t plain[500];

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (size_t a = 1; a < ARRAY_SIZE(algs); a++) {
		struct bytes b = zlib_stream(algs[a], plain, sizeof(plain), DYNAMIC);

		for (size_t i = 0; i <= trailer_len(algs[a]) + 2; i++) {
			/* Space for more, and exactly that of the data. */
			for (size_t space = 500; space < 502; space++) {
				struct cut cut = { b.len - i, space, 1, 300, false };

				expect_cut(algs[a], &b, plain, sizeof(plain), &cut,
					   NULL);
			}
		}
		free(b.data);
	}
}

static void t_wrong_trailers_of_a_stream_are_found(void **state)
{
	uint8_t plain[500];

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (size_t a = 1; a < ARRAY_SIZE(algs); a++) {
		struct bytes b = zlib_stream(algs[a], plain, sizeof(plain), FIXED);

		for (size_t i = 0; i < trailer_len(algs[a]) * 8; i++) {
			struct cut cut = { 20 * i, 500 + i % 2, 1 + i, 300, false };
			struct result res;

			b.data[b.len - 1 - i / 8] ^= (uint8_t)(1u << i % 8);
			decompress_stream(&res, algs[a], b.data, b.len, 500, &cut);
			assert_int_equal(res.status, HZIP_STATUS_CHECKSUM);
			b.data[b.len - 1 - i / 8] ^= (uint8_t)(1u << i % 8);
			free(res.out.data);
		}
		free(b.data);
	}
}

static void cut_damaged(unsigned int alg, const struct bytes *b, const uint8_t *plain,
			size_t len)
{
	(void)plain;
	for (size_t i = rnd_below(5); i < b->len; i += 5 * stride) {
		struct cut cut = { rnd_below(200), 400, 1 + rnd_below(300), 900, true };
		uint8_t was = b->data[i];
		struct result res;
		struct verdict v;

		b->data[i] ^= (uint8_t)(1 + rnd_below(255));
		judge(&v, alg, b->data, b->len, JUDGE_SPACE);
		if (v.status != HZIP_STATUS_NO_SPACE) {
			decompress_stream(&res, alg, b->data, b->len, JUDGE_SPACE, &cut);
			assert_int_equal(res.status,
					 v.status == SIM_STATUS_TRUNCATED ? 0 :
					 v.status == HZIP_STATUS_OK ? HZIP_STATUS_END :
					 v.status);
			if (v.status == HZIP_STATUS_OK) {
				assert_int_equal(res.out.len, v.out.len);
				assert_memory_equal(res.out.data, v.out.data, v.out.len);
			}
			free(res.out.data);
		}
		b->data[i] = was;
		free(v.out.data);
	}
	assert_in_range(len, 1, JUDGE_SPACE);
}

static void t_damage_of_a_stream_is_judged_as_zlib_does(void **state)
{
	(void)state;
	for_each_stream(cut_damaged);
}

/* ---- the states a stream stops in ---- */

static void t_a_tiny_last_block_is_held_back(void **state)
{
	/* An empty stored block that is not the last, then the empty last block. */
	static const uint8_t in[] = { 0, 0, 0, 0xff, 0xff, 3, 0 };
	struct stream s = stream(true, HZIP_ALG_DEFLATE);

	(void)state;
	assert_int_equal(step(&s, in, 7, 300, false), HZIP_STATUS_OK);
	assert_int_equal(s.r.sqe.consumed, 7);
	assert_int_equal(state_of(&s), HZIP_STATE_NO_BLOCK);
	assert_int_equal(head_bits(&s), 16);
	assert_memory_equal(at(CTX_ADDR + HZIP_CTX_WINDOW), "\3\0\0\0\0\0\0\0", 8);
	/* More of nothing ends it. */
	assert_int_equal(step(&s, NULL, 0, 300, false), HZIP_STATUS_END);
	assert_int_equal(state_of(&s), HZIP_STATE_END_RAW);
	assert_int_equal(s.r.sqe.produced, 0);

	/* With the trailer it is long enough. */
	s = stream(true, HZIP_ALG_ZLIB);
	assert_int_equal(step(&s, (const uint8_t *)"\3\0\0\0\0\1", 6, 300, false),
			 HZIP_STATUS_END);
	assert_int_equal(s.r.sqe.consumed, 6);
	expect_clean();
}

static void t_a_full_stored_block_tells_what_is_left(void **state)
{
	uint8_t in[5 + 1000] = { 1, 1000 & 0xff, 1000 >> 8, (uint8_t)~(1000 & 0xff),
				 (uint8_t)~(1000 >> 8) };
	struct stream s = stream(true, HZIP_ALG_DEFLATE);

	(void)state;
	fill(in + 5, 1000, NOISE);
	assert_int_equal(step(&s, in, sizeof(in), 300, false), HZIP_STATUS_OK);
	assert_int_equal(s.r.sqe.consumed, 305);
	assert_int_equal(state_of(&s), HZIP_STATE_NO_SPACE);
	assert_true(s.r.sqe.ctx_dw0 & HZIP_CTX0_LAST_BLOCK);
	assert_int_equal(FIELD_GET(HZIP_CTX1_STORED_LEFT, s.r.sqe.ctx_dw1), 700);
	assert_int_equal(head_bits(&s), 0);
	/* All of the data and of the space: the end comes with the next request. */
	assert_int_equal(step(&s, in + 305, 700, 700, false), HZIP_STATUS_OK);
	assert_int_equal(state_of(&s), HZIP_STATE_END_NO_SPACE);
	assert_int_equal(s.r.sqe.dw3 & HZIP_SQE_LAST_BLOCK, 0);
	assert_int_equal(step(&s, NULL, 0, 300, false), HZIP_STATUS_END);
	expect_clean();
}

static void t_a_stream_is_over_when_it_ended(void **state)
{
	struct stream s = stream(true, HZIP_ALG_ZLIB);
	const uint8_t *in = (const uint8_t *)"\3\0\0\0\0\1";

	(void)state;
	assert_int_equal(step(&s, in, 6, 300, false), HZIP_STATUS_END);
	assert_int_equal(step(&s, in, 6, 300, false), SIM_STATUS_STREAM);
	expect_violation(SIM_V_STREAM);
	s.begun = false;
	assert_int_equal(step(&s, in, 6, 300, false), HZIP_STATUS_END);

	s = stream(false, HZIP_ALG_ZLIB);
	assert_int_equal(step(&s, in, 6, 300, true), HZIP_STATUS_NEGATIVE);
	assert_int_equal(step(&s, in, 6, 300, true), SIM_STATUS_STREAM);
	expect_violation(SIM_V_STREAM);
}

/* ---- what software has to carry ---- */

static void begin(struct stream *s, bool decompress, unsigned int alg)
{
	static const uint8_t stored[] = { 0, 100, 0, 155, 255, 'a', 'b', 'c' };

	*s = stream(decompress, alg);
	step(s, stored, sizeof(stored), 300, false);
	assert_in_range(status_of(&s->r), 0, HZIP_STATUS_NEGATIVE);
	expect_clean();
}

static void expect_lost_stream(struct stream *s)
{
	struct stream before = *s;

	assert_int_equal(step(s, (const uint8_t *)"x", 1, 300, false), SIM_STATUS_STREAM);
	expect_nothing_done(&s->r);
	assert_int_equal(s->r.sqe.ctx_dw0, before.r.sqe.ctx_dw0);
	assert_int_equal(s->r.sqe.isize, before.r.sqe.isize);
	expect_violation(SIM_V_STREAM);
}

static void t_changed_words_are_found(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 5 * 32; bit++) {
		struct stream s;
		__le32 *word[] = {
			&s.r.sqe.ctx_dw0, &s.r.sqe.ctx_dw1, &s.r.sqe.ctx_dw2,
			&s.r.sqe.isize, &s.r.sqe.checksum,
		};

		begin(&s, bit % 2, HZIP_ALG_GZIP);
		*word[bit / 32] ^= 1u << bit % 32;
		expect_lost_stream(&s);
		*word[bit / 32] ^= 1u << bit % 32;
		step(&s, (const uint8_t *)"x", 1, 300, false);
		expect_clean();
	}
}

static void t_a_changed_context_buffer_is_found(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, true, HZIP_ALG_ZLIB);
	for (size_t i = 0; i < HZIP_CTX_DEVICE_SIZE; i += 7 * stride) {
		at(CTX_ADDR)[i] ^= 0x10;
		expect_lost_stream(&s);
		at(CTX_ADDR)[i] ^= 0x10;
	}
	memset(at(CTX_ADDR), 0, HZIP_CTX_DEVICE_SIZE);
	expect_lost_stream(&s);
}

static void t_words_of_an_earlier_request_are_found(void **state)
{
	struct stream s, old;

	(void)state;
	begin(&s, true, HZIP_ALG_ZLIB);
	old = s;
	/* Even one that changes nothing. */
	step(&s, NULL, 0, 300, false);
	expect_clean();
	expect_lost_stream(&old);
}

static void t_a_stream_keeps_its_algorithm_and_direction(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, false, HZIP_ALG_ZLIB);
	s.r.sqe.dw9 ^= HZIP_ALG_ZLIB ^ HZIP_ALG_GZIP;
	expect_lost_stream(&s);
	begin(&s, false, HZIP_ALG_ZLIB);
	s.r.decompress = true;
	expect_lost_stream(&s);
	begin(&s, false, HZIP_ALG_ZLIB);
	set_window(&s.r, HZIP_WINDOW_8K);
	expect_lost_stream(&s);
}

static void t_a_stream_without_new_is_found(void **state)
{
	struct stream s = stream(true, HZIP_ALG_ZLIB);

	(void)state;
	s.begun = true;
	expect_lost_stream(&s);
}

static void t_a_stream_needs_a_context_buffer(void **state)
{
	struct stream s = stream(true, HZIP_ALG_ZLIB);

	(void)state;
	set_addr(&s.r.sqe.ctx_low, &s.r.sqe.ctx_high, 0);
	assert_int_equal(step(&s, (const uint8_t *)"x", 1, 300, false),
			 SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SQE);
	set_addr(&s.r.sqe.ctx_low, &s.r.sqe.ctx_high, CTX_ADDR + 8);
	assert_int_equal(step(&s, (const uint8_t *)"x", 1, 300, false),
			 SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_ALIGN);
	set_addr(&s.r.sqe.ctx_low, &s.r.sqe.ctx_high, 4096);
	assert_int_equal(step(&s, (const uint8_t *)"x", 1, 300, false), SIM_STATUS_BUS);
	expect_violation(SIM_V_DMA);
}

/* A context that passes every check but makes no sense: no harm, whatever comes. */
static void t_a_forged_context_does_no_harm(void **state)
{
	uint8_t plain[PLAIN_LEN];
	const uint32_t zero = 0;

	(void)state;
	fill(plain, sizeof(plain), MIXED);
	for (size_t i = 0; i < 10000; i += stride) {
		struct bytes b = zlib_stream(HZIP_ALG_GZIP, plain, sizeof(plain),
					     i % BLOCKS);
		struct stream s = stream(true, HZIP_ALG_GZIP);
		size_t cut = 1 + rnd_below((uint32_t)b.len - 10);
		uint8_t *ctx = at(CTX_ADDR);
		uint32_t crc;

		step(&s, b.data, cut, 400 + rnd_below(2000), false);
		for (uint32_t k = rnd_below(4); k < 4; k++)
			ctx[32 + rnd_below(k % 2 ? 60 : 420)] = (uint8_t)rnd();
		memcpy(&s.r.sqe.ctx_dw0, ctx + 12, 4);
		memcpy(&s.r.sqe.ctx_dw1, ctx + 16, 4);
		memcpy(&s.r.sqe.ctx_dw2, ctx + 20, 4);
		memcpy(ctx + 4, &zero, 4);
		crc = (uint32_t)crc32_z(0, ctx, HZIP_CTX_DEVICE_SIZE);
		memcpy(ctx + 4, &crc, 4);
		step(&s, b.data + cut, b.len - cut, 5000, false);
		forgive();
		free(b.data);
	}
}

/* ---- lists ---- */

#define LISTS	300

/* A chain under construction: list i lies at list_addr(i). */
static uint64_t list_addr(size_t i)
{
	return LIST_ADDR + i * 9216;
}

static struct hisi_sgl *list(size_t i)
{
	return (struct hisi_sgl *)(void *)at(list_addr(i));
}

static void set_lists(struct sim_request *r, size_t src, size_t dst)
{
	r->sqe.dw9 |= FIELD_PREP(HZIP_SQE_BUFFERS, (uint32_t)HZIP_BUFFERS_SGL);
	set_addr(&r->sqe.src_low, &r->sqe.src_high, list_addr(src));
	set_addr(&r->sqe.dst_low, &r->sqe.dst_high, list_addr(dst));
}

/* Entries are some bytes apart in memory. */
#define GAP	5

/* Describe len bytes from addr on, starting with list first. */
static void make_chain(size_t first, uint64_t addr, size_t len, size_t per_list,
		       size_t entry_max)
{
	size_t i = first, n = 0;

	memset(list(i), 0, sizeof(struct hisi_sgl));
	while (len) {
		struct hisi_sgl *l = list(i);
		size_t piece = 1 + rnd_below((uint32_t)entry_max);

		if (n == per_list) {
			memset(list(++i), 0, sizeof(struct hisi_sgl));
			l->next = list_addr(i);
			n = 0;
			continue;
		}
		if (piece > len)
			piece = len;
		memset(&l->entry[n], 0, sizeof(l->entry[n]));
		l->entry[n].addr = addr;
		l->entry[n].len = (uint32_t)piece;
		/* Software's own fields may be anything. */
		l->entry[n].software1 = ~0ull;
		l->entry[n].software2 = ~0ull;
		l->software2 = ~0ull;
		memset(l->software1, 0x99, sizeof(l->software1));
		addr += piece + GAP;
		len -= piece;
		l->entries = (uint16_t)++n;
		l->slots = (uint16_t)per_list;
		list(first)->slots_chain = (uint16_t)((i - first + 1) * per_list);
	}
}

/* Copy between a chain's buffers and a flat one. */
static void copy_chain(size_t first, uint8_t *flat, bool to_chain)
{
	const struct hisi_sgl *l;

	for (uint64_t a = list_addr(first); a; a = l->next) {
		l = (const void *)at(a);
		for (size_t k = 0; k < l->entries; k++) {
			uint8_t *buf = at(l->entry[k].addr);

			memcpy(to_chain ? buf : flat, to_chain ? flat : buf,
			       l->entry[k].len);
			flat += l->entry[k].len;
		}
	}
}

static void list_round_trip(unsigned int alg, const uint8_t *plain, size_t len,
			    uint32_t in_offset, uint32_t out_offset, size_t per_list,
			    size_t entry_max)
{
	struct sim_request r = request(false, alg);
	size_t space = len + 500;
	uint8_t *flat = calloc(1, space + in_offset + out_offset);

	assert_non_null(flat);
	memcpy(flat + in_offset, plain, len);
	make_chain(0, IN_ADDR, len + in_offset, per_list, entry_max);
	make_chain(150, OUT_ADDR, space + out_offset, per_list, entry_max);
	copy_chain(0, flat, true);
	set_lists(&r, 0, 150);
	r.sqe.dw7 |= in_offset;
	r.sqe.dw8 |= out_offset;
	r.sqe.in_len = (uint32_t)len;
	r.sqe.out_len = (uint32_t)space;
	memset(at(OUT_ADDR), 0x44, 2 * space + out_offset);
	run(&r);
	expect_clean();
	assert_int_equal(r.sqe.consumed, len);
	copy_chain(150, flat, false);
	for (size_t i = 0; i < out_offset; i++)
		assert_int_equal(flat[i], 0x44);
	for (size_t i = out_offset + r.sqe.produced; i < out_offset + space; i++)
		assert_int_equal(flat[i], 0x44);
	expect_stream(alg, flat + out_offset, r.sqe.produced, plain, len, 15);
	free(flat);
}

static void t_lists_of_any_shape_are_followed(void **state)
{
	uint8_t *plain = malloc(20000);

	(void)state;
	assert_non_null(plain);
	fill(plain, 20000, MIXED);
	for (size_t i = 0; i < 300; i += stride) {
		size_t len = 1 + rnd_below(i % 2 ? 20000 : 3000);

		list_round_trip(algs[i % 3], plain, len, i % 5 ? rnd_below(900) : 0,
				i % 4 ? rnd_below(900) : 0, 1 + rnd_below(255),
				len / 60 + 200);
	}
	/* 140 lists of one entry. */
	for (size_t i = 0; i < 4; i++)
		list_round_trip(HZIP_ALG_GZIP, plain, 13000, 7, 11, 1, 400);
	free(plain);
}

/* As Linux's own driver has it: one list of ten slots, one entry that is longer. */
static void kernel_request(struct sim_request *r, bool decompress, size_t len)
{
	*r = request(decompress, HZIP_ALG_DEFLATE);
	r->sqe.dw7 = HZIP_SQE_TYPE3 << 28;
	r->sqe.dw9 = HZIP_ALG_DEFLATE | 1 << 8 | HZIP_WINDOW_16K << 12;
	memset(at(IN_ADDR), 0, len);
	make_chain(0, IN_ADDR, 1, 10, 1);
	make_chain(1, OUT_ADDR, 1, 10, 1);
	list(0)->entry[0].len = 8192;
	list(1)->entry[0].len = 8192;
	set_lists(r, 0, 1);
	r->sqe.in_len = (uint32_t)len;
	r->sqe.out_len = 512;
}

static void t_requests_of_the_kernel_work(void **state)
{
	struct sim_request r;
	uint8_t plain[191];
	uint32_t n;

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	kernel_request(&r, false, 70);
	memcpy(at(IN_ADDR), plain, 70);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	assert_int_equal(r.sqe.dw3, 0);
	n = r.sqe.produced;
	assert_non_null(strstr(r.note, "src{next 0 chain 10 n 1 cap 10 [0]="));
	assert_non_null(strstr(r.note, "} dst{next 0 chain 10 n 1 cap 10 [0]="));
	kernel_request(&r, true, n);
	memcpy(at(IN_ADDR), at(OUT_ADDR), n);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	assert_int_equal(r.sqe.produced, 70);
	assert_memory_equal(at(OUT_ADDR), plain, 70);
	expect_clean();
}

static void t_notes_name_both_lists_however_long_they_are(void **state)
{
	struct sim_request r;

	(void)state;
	kernel_request(&r, false, 70);
	for (size_t i = 0; i < 2; i++) {
		struct hisi_sgl *l = list(i);

		/* More than the request needs, and far away. */
		l->entries = l->slots = l->slots_chain = 255;
		l->next = ~0ull;
		for (size_t k = 1; k < 255; k++) {
			l->entry[k] = l->entry[0];
			l->entry[k].addr = ~0ull - k;
		}
	}
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	assert_in_range(strlen(r.note), 100, sizeof(r.note) - 1);
	assert_non_null(strstr(r.note, "src{next ffffffffffffffff chain 255 n 255 cap "));
	assert_non_null(strstr(r.note, "} dst{next ffffffffffffffff chain 255 n 255 "));
	assert_int_equal(r.note[strlen(r.note) - 1], '}');
	expect_clean();
}

static void expect_bad_list(struct sim_request *r, enum sim_violation class)
{
	run(r);
	if (status_of(r) != SIM_STATUS_BAD_SQE)
		print_message("status %#x\n", status_of(r));
	assert_int_equal(status_of(r), SIM_STATUS_BAD_SQE);
	assert_true(r->parse_error);
	expect_nothing_done(r);
	expect_violation(class);
	kernel_request(r, false, 70);
}

static void t_malformed_lists_are_refused(void **state)
{
	struct sim_request r;

	(void)state;
	kernel_request(&r, false, 70);
	set_addr(&r.sqe.src_low, &r.sqe.src_high, LIST_ADDR + 32);
	expect_bad_list(&r, SIM_V_ALIGN);
	set_addr(&r.sqe.dst_low, &r.sqe.dst_high, 0);
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entries = 11;
	expect_bad_list(&r, SIM_V_SGL);
	list(1)->slots = 256;
	expect_bad_list(&r, SIM_V_SGL);
	list(1)->slots_chain = 0;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->reserved1 = 1;
	expect_bad_list(&r, SIM_V_RESERVED);
	list(0)->entry[0].reserved = 1;
	expect_bad_list(&r, SIM_V_RESERVED);
	list(0)->entry[0].addr = 0;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entry[0].len = 0;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entry[0].len = HISI_SGL_ENTRY_LEN_MAX + 1;
	expect_bad_list(&r, SIM_V_SGL);
	/* Less than the request says. */
	list(0)->entry[0].len = 69;
	expect_bad_list(&r, SIM_V_SGL);
	list(1)->entry[0].len = 511;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entry[0].len = 79;
	r.sqe.dw7 |= 10;
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entries = 0;
	expect_bad_list(&r, SIM_V_SGL);
}

static void t_chains_have_an_end(void **state)
{
	struct sim_request r;

	(void)state;
	/* A list that is its own successor, with and without data. */
	kernel_request(&r, false, 70);
	list(0)->entry[0].len = 69;
	list(0)->next = list_addr(0);
	expect_bad_list(&r, SIM_V_SGL);
	list(0)->entries = 0;
	list(0)->next = list_addr(2);
	memset(list(2), 0, sizeof(*list(2)));
	list(2)->next = list_addr(0);
	expect_bad_list(&r, SIM_V_SGL);
	/* 257 lists are one too many, if the last is needed. */
	make_chain(0, IN_ADDR, 257, 1, 1);
	set_addr(&r.sqe.dst_low, &r.sqe.dst_high, list_addr(260));
	make_chain(260, OUT_ADDR, 8192, 1, 8192);
	list(260)->entry[0].len = 8192;
	list(260)->next = 0;
	r.sqe.in_len = 256;
	run(&r);
	expect_clean();
	r.sqe.in_len = 257;
	run(&r);
	assert_int_equal(status_of(&r), SIM_STATUS_BAD_SQE);
	expect_violation(SIM_V_SGL);
	/* What lies behind the data is not looked at. */
	kernel_request(&r, false, 70);
	list(0)->next = 1;
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	expect_clean();
}

static void t_lists_of_a_stream_work_with_nothing_in_them(void **state)
{
	struct sim_request r;

	(void)state;
	kernel_request(&r, true, 70);
	r.sqe.in_len = 0;
	list(0)->entries = 0;
	r.sqe.dw7 |= HZIP_SQE_STATEFUL | HZIP_SQE_NEW;
	set_addr(&r.sqe.ctx_low, &r.sqe.ctx_high, CTX_ADDR);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	expect_clean();
}

static void t_memory_that_is_not_there_is_an_error(void **state)
{
	const uint64_t gone = GUEST_BASE + GUEST_LEN - 64;
	struct sim_request r;
	uint8_t plain[1000];

	(void)state;
	fill(plain, sizeof(plain), NOISE);
	for (int i = 0; i < 6; i++) {
		kernel_request(&r, false, 1000);
		r.sqe.out_len = 2000;
		memcpy(at(IN_ADDR), plain, 1000);
		if (i == 0)
			set_addr(&r.sqe.src_low, &r.sqe.src_high, gone + 4096);
		else if (i == 1)
			set_addr(&r.sqe.dst_low, &r.sqe.dst_high, ~63ull);
		else if (i == 2)
			list(0)->entry[0].addr = gone;
		else if (i == 3)
			list(1)->entry[0].addr = gone;
		else if (i == 4)
			list(1)->entry[0].addr = ~0ull;
		else
			set_addr(&r.sqe.src_low, &r.sqe.src_high,
				 GUEST_BASE + GUEST_LEN - 64);
		if (i == 5)
			memcpy(at(gone), list(0), sizeof(struct hisi_sgl));
		assert_int_equal(run(&r), SIM_STATUS_BUS);
		expect_nothing_done(&r);
		assert_false(r.parse_error);
		expect_violation(SIM_V_DMA);
	}
}

static void t_a_stream_goes_on_after_memory_was_not_there(void **state)
{
	static const uint64_t addr[] = { OUT_ADDR, CTX_ADDR };
	struct sim_request before;
	struct stream s;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(addr); i++) {
		/* The same stored block, compressed or continued. */
		s = stream(i % 2, HZIP_ALG_ZLIB);
		step(&s, (const uint8_t *)"\0\x64\0\x9b\xff" "abc", 8, 300, false);
		before = s.r;
		guest.read_only = addr[i / 2];
		assert_int_equal(step(&s, (const uint8_t *)"xyz", 3, 300, false),
				 SIM_STATUS_BUS);
		expect_nothing_done(&s.r);
		expect_violation(SIM_V_DMA);
		assert_int_equal(s.r.sqe.ctx_dw0, before.sqe.ctx_dw0);
		assert_int_equal(s.r.sqe.checksum, before.sqe.checksum);
		guest.read_only = 0;
		step(&s, (const uint8_t *)"xyz", 3, 300, false);
		assert_int_equal(s.r.sqe.consumed, 3);
		expect_clean();
	}
}

/* ---- requests the device has no meaning for ---- */

static void set_dword(struct sim_request *r, size_t dw, uint32_t v)
{
	memcpy((uint8_t *)&r->sqe + 4 * dw, &v, 4);
}

static struct sim_request simple(void)
{
	struct sim_request r = request(false, HZIP_ALG_ZLIB);
	static const uint8_t plain[100];

	set_flat(&r, plain, sizeof(plain), 200);
	return r;
}

static void expect_bad(struct sim_request *r, enum sim_violation class)
{
	assert_int_equal(run(r), SIM_STATUS_BAD_SQE);
	expect_nothing_done(r);
	assert_true(r->parse_error);
	expect_violation(class);
	*r = simple();
}

static void t_unused_fields_have_to_be_zero(void **state)
{
	static const uint8_t dw[] = { 5, 6, 10, 11, 12, 13, 16, 17, 24, 25 };
	struct sim_request r = simple();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dw); i++) {
		set_dword(&r, dw[i], 1u << (3 * i));
		expect_bad(&r, SIM_V_RESERVED);
	}
	r.sqe.dw7 |= BIT(24);
	expect_bad(&r, SIM_V_RESERVED);
	r.sqe.dw8 = BIT(24);
	expect_bad(&r, SIM_V_RESERVED);
	r.sqe.dw8 = BIT(31);
	expect_bad(&r, SIM_V_RESERVED);
	for (unsigned int bit = 16; bit < 32; bit++) {
		r.sqe.dw9 |= BIT(bit);
		expect_bad(&r, SIM_V_RESERVED);
	}
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	expect_clean();
}

static void t_types_belong_to_the_device(void **state)
{
	struct sim_request r = simple();

	(void)state;
	for (uint32_t type = 0; type < 16; type++) {
		for (int v3 = 0; v3 < 2; v3++) {
			r.v3 = v3;
			r.sqe.dw7 = type << 28;
			if (!type) {
				r.sqe.tag_type0 = r.sqe.tag_low;
				r.sqe.tag_low = r.sqe.tag_high = 0;
			}
			if (type == 3 || (!type && !v3)) {
				assert_int_equal(run(&r), HZIP_STATUS_OK);
				expect_clean();
				r = simple();
			} else {
				expect_bad(&r, SIM_V_SQE);
			}
		}
	}
	/* The tag of type 0 is elsewhere. */
	r.v3 = false;
	r.sqe.dw7 = 0;
	expect_bad(&r, SIM_V_RESERVED);
}

static void t_algorithms_belong_to_the_device(void **state)
{
	static const uint8_t shift[] = { 0, 4, 0, 2 };

	(void)state;
	for (unsigned int alg = 0; alg < 256; alg++) {
		struct sim_request r = simple();

		r.sqe.dw9 = alg;
		if (alg < 1 || alg > 3) {
			expect_bad(&r, SIM_V_SQE);
			continue;
		}
		/* Just the bit of this direction, then all but it. */
		r.user_algs = 1u << shift[alg];
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		r.user_algs = ~r.user_algs;
		expect_bad(&r, SIM_V_SQE);
		r.sqe.dw9 = alg;
		r.decompress = true;
		r.user_algs = 2u << shift[alg];
		run(&r);
		assert_int_not_equal(status_of(&r), SIM_STATUS_BAD_SQE);
		expect_clean();
		r.user_algs = ~r.user_algs;
		expect_bad(&r, SIM_V_SQE);
		/* V2 has no raw streams, whatever its words say. */
		r.sqe.dw9 = alg;
		r.v3 = false;
		run(&r);
		assert_int_equal(guest.total, alg == HZIP_ALG_DEFLATE);
		forgive();
	}
}

static void t_choices_out_of_range_are_refused(void **state)
{
	struct sim_request r = simple();

	(void)state;
	for (unsigned int i = 2; i < 16; i++) {
		r.sqe.dw9 |= i << 8;
		expect_bad(&r, SIM_V_SQE);
	}
	for (unsigned int i = 5; i < 16; i++) {
		set_window(&r, i);
		expect_bad(&r, SIM_V_SQE);
	}
	r.sqe.dw7 |= 1;
	expect_bad(&r, SIM_V_SQE);
	r.sqe.dw8 |= 10;
	expect_bad(&r, SIM_V_SQE);
	set_addr(&r.sqe.src_low, &r.sqe.src_high, 0);
	expect_bad(&r, SIM_V_SQE);
	set_addr(&r.sqe.dst_low, &r.sqe.dst_high, 0);
	expect_bad(&r, SIM_V_SQE);
	r.sqe.in_len = 0;
	expect_bad(&r, SIM_V_SIZE);
}

static void t_too_little_space_is_no_request(void **state)
{
	struct sim_request r, before;

	(void)state;
	for (uint32_t space = 0; space <= HZIP_OUT_MIN; space++) {
		r = simple();
		r.sqe.out_len = space;
		before = r;
		sim_engine_run(&r);
		assert_int_equal(r.ignored, space < HZIP_OUT_MIN);
		if (space < HZIP_OUT_MIN) {
			assert_memory_equal(&r.sqe, &before.sqe, sizeof(r.sqe));
			expect_violation(SIM_V_SIZE);
		}
	}
	expect_clean();
}

/* ---- faults ---- */

static void t_a_failed_request_does_nothing(void **state)
{
	struct sim_request r = simple();
	uint8_t before[200];

	(void)state;
	memcpy(before, at(OUT_ADDR), sizeof(before));
	r.fail_status = 0x42;
	assert_int_equal(run(&r), 0x42);
	expect_nothing_done(&r);
	assert_memory_equal(at(OUT_ADDR), before, sizeof(before));
	expect_clean();
}

static void t_a_flipped_bit_is_the_only_change(void **state)
{
	uint8_t right[400];
	struct sim_request r = simple();

	(void)state;
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	memcpy(right, at(OUT_ADDR), r.sqe.produced);
	for (int64_t bit = 0; bit < 2000; bit++) {
		int64_t b = bit % (r.sqe.produced * 8);

		r.flip_bit = bit;
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		right[b / 8] ^= (uint8_t)(1u << b % 8);
		assert_memory_equal(at(OUT_ADDR), right, r.sqe.produced);
		right[b / 8] ^= (uint8_t)(1u << b % 8);
	}
	expect_clean();
}

static void t_a_flipped_checksum_bit_shows(void **state)
{
	uint8_t plain[300], right[400];
	uint32_t n, sum;

	(void)state;
	fill(plain, sizeof(plain), TEXT);
	for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
		struct sim_request r = request(false, algs[a]);
		struct sim_request d = request(true, algs[a]);

		set_flat(&r, plain, sizeof(plain), 400);
		assert_int_equal(run(&r), HZIP_STATUS_OK);
		n = r.sqe.produced;
		memcpy(right, at(OUT_ADDR), n);
		sum = r.sqe.checksum;
		for (int bit = 0; bit < 32; bit++) {
			r.flip_crc_bit = d.flip_crc_bit = bit;
			set_flat(&r, plain, sizeof(plain), 400);
			assert_int_equal(run(&r), HZIP_STATUS_OK);
			assert_int_equal(__builtin_popcount(r.sqe.checksum ^ sum), 1);
			assert_int_equal(!memcmp(at(OUT_ADDR), right, n),
					 algs[a] == HZIP_ALG_DEFLATE);
			set_flat(&d, right, n, 400);
			run(&d);
			assert_int_equal(status_of(&d), algs[a] == HZIP_ALG_DEFLATE ?
					 HZIP_STATUS_OK : HZIP_STATUS_CHECKSUM);
			assert_int_equal(__builtin_popcount(d.sqe.checksum ^ sum), 1);
			assert_memory_equal(at(OUT_ADDR), plain, sizeof(plain));
		}
	}
	expect_clean();
}

/* ---- several at a time ---- */

static void *work(void *arg)
{
	struct sim_request *r = arg;

	for (int i = 0; i < 50; i++)
		sim_engine_run(r);
	return NULL;
}

static void t_requests_run_side_by_side(void **state)
{
	struct sim_request r[4], same = simple();
	struct sim sims[4];
	pthread_t thread[4];

	(void)state;
	run(&same);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		/* The same input, and output of its own. */
		sims[i] = guest;
		r[i] = same;
		r[i].sim = &sims[i];
		set_addr(&r[i].sqe.dst_low, &r[i].sqe.dst_high, OUT_ADDR + 1000 * i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(r); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work, &r[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(sims[i].total, 0);
		assert_int_equal(r[i].sqe.produced, same.sqe.produced);
		assert_memory_equal(at(OUT_ADDR + 1000 * i), at(OUT_ADDR),
				    same.sqe.produced);
	}
	expect_clean();
}

/* ---- memory of the model ---- */

/* Allocations until one fails; below 0: none does. */
static int allocations = -1;

/* The linker's names, with --wrap. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool out_of_memory(void)
{
	return allocations >= 0 && !allocations--;
}

void *__wrap_malloc(size_t size)
{
	return out_of_memory() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return out_of_memory() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return out_of_memory() ? NULL : __real_realloc(old, size);
}

/* Fail each allocation once; returns how many there are. */
static int starve(const struct sim_request *r)
{
	struct sim_request copy;
	int n = 0;

	for (;; n++) {
		copy = *r;
		allocations = n;
		sim_engine_run(&copy);
		if (allocations >= 0)
			break;
		assert_int_equal(status_of(&copy), SIM_STATUS_BUS);
		expect_nothing_done(&copy);
		expect_clean();
	}
	allocations = -1;
	assert_int_equal(status_of(&copy), HZIP_STATUS_OK);
	return n;
}

static void t_no_memory_is_an_error(void **state)
{
	struct stream s = stream(false, HZIP_ALG_ZLIB);
	static const uint8_t plain[5000];
	struct sim_request r;

	(void)state;
	kernel_request(&r, false, 300);
	assert_in_range(starve(&r), 4, 20);
	assert_int_equal(run(&r), HZIP_STATUS_OK);
	memcpy(at(IN_ADDR), at(OUT_ADDR), r.sqe.produced);
	r.decompress = true;
	assert_in_range(starve(&r), 4, 20);
	step(&s, plain, sizeof(plain), 6000, false);
	s.r.sqe.dw7 &= ~HZIP_SQE_NEW;
	assert_in_range(starve(&s.r), 4, 20);
}

static int setup(void **state)
{
	const char *slow = getenv("WD_SLOW");

	(void)state;
	alarm(ALARM_SECONDS);
	if (slow && atoi(slow) > 1)
		stride = (size_t)atoi(slow) + 1;
	guest.mem = calloc(1, GUEST_LEN);
	return guest.mem ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(guest.mem);
	return 0;
}

/* What a failed test left does not fail the next. */
static int before_each(void **state)
{
	(void)state;
	forgive();
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup(f, before_each)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_block_is_compressed_and_decompressed),
		TEST(t_the_largest_block_is_8_mib),
		TEST(t_matches_stay_within_the_window),
		TEST(t_flush_and_new_mean_nothing_to_a_block),
		TEST(t_output_that_is_not_smaller_is_told_and_valid),
		TEST(t_a_block_needs_all_its_space),
		TEST(t_truncated_blocks_are_errors),
		TEST(t_damage_is_judged_as_zlib_does),
		TEST(t_noise_is_judged_as_zlib_does),
		TEST(t_a_stream_is_compressed_in_pieces),
		TEST(t_matches_of_a_stream_reach_back_within_the_window),
		TEST(t_an_empty_stream_ends_right),
		TEST(t_streams_have_a_least_space),
		TEST(t_the_least_space_is_enough),
		TEST(t_a_stream_may_be_cut_at_any_byte_of_input),
		TEST(t_a_stream_may_be_cut_at_any_byte_of_output),
		TEST(t_a_stream_may_come_byte_by_byte),
		TEST(t_a_stream_may_be_cut_in_both_ways),
		TEST(t_the_window_is_carried_over),
		TEST(t_trailers_may_be_cut_at_each_byte),
		TEST(t_wrong_trailers_of_a_stream_are_found),
		TEST(t_damage_of_a_stream_is_judged_as_zlib_does),
		TEST(t_a_tiny_last_block_is_held_back),
		TEST(t_a_full_stored_block_tells_what_is_left),
		TEST(t_a_stream_is_over_when_it_ended),
		TEST(t_changed_words_are_found),
		TEST(t_a_changed_context_buffer_is_found),
		TEST(t_words_of_an_earlier_request_are_found),
		TEST(t_a_stream_keeps_its_algorithm_and_direction),
		TEST(t_a_stream_without_new_is_found),
		TEST(t_a_stream_needs_a_context_buffer),
		TEST(t_a_forged_context_does_no_harm),
		TEST(t_lists_of_any_shape_are_followed),
		TEST(t_requests_of_the_kernel_work),
		TEST(t_notes_name_both_lists_however_long_they_are),
		TEST(t_malformed_lists_are_refused),
		TEST(t_chains_have_an_end),
		TEST(t_lists_of_a_stream_work_with_nothing_in_them),
		TEST(t_memory_that_is_not_there_is_an_error),
		TEST(t_a_stream_goes_on_after_memory_was_not_there),
		TEST(t_unused_fields_have_to_be_zero),
		TEST(t_types_belong_to_the_device),
		TEST(t_algorithms_belong_to_the_device),
		TEST(t_choices_out_of_range_are_refused),
		TEST(t_too_little_space_is_no_request),
		TEST(t_a_failed_request_does_nothing),
		TEST(t_a_flipped_bit_is_the_only_change),
		TEST(t_a_flipped_checksum_bit_shows),
		TEST(t_requests_run_side_by_side),
		TEST(t_no_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
