// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "guest.h"

#define ALARM_SECONDS 1500

const uint8_t algs[] = { HZIP_ALG_DEFLATE, HZIP_ALG_ZLIB, HZIP_ALG_GZIP };
const uint32_t windows[] = { 4096, 8192, 16384, 24576, 32768 };
const int bits_of[] = { 12, 13, 14, 14, 15 };

size_t stride = 1;

/* ---- the guest: memory, violations ---- */

struct sim guest;

uint8_t *at(uint64_t addr)
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

void forgive(void)
{
	memset(guest.violations, 0, sizeof(guest.violations));
	guest.total = 0;
	guest.text[0] = 0;
}

void expect_clean(void)
{
	if (guest.total) {
		print_message("%s\n", guest.text);
		fail();
	}
}

void expect_violation(enum sim_violation class)
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

uint32_t rnd(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33);
}

uint32_t rnd_below(uint32_t n)
{
	return rnd() % n;
}

void fill(uint8_t *p, size_t len, enum kind kind)
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

size_t trailer_len(unsigned int alg)
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

uint32_t packed_sum(unsigned int alg, const uint8_t *data, size_t len)
{
	uint32_t sum = sum_of(alg, data, len), packed = 0;

	if (alg == HZIP_ALG_ZLIB)
		return sum;
	for (int i = 0; i < 32; i++)
		packed |= (~sum >> i & 1) << (31 - i);
	return packed;
}

static void set_blocks(z_stream *z, enum blocks blocks)
{
	int level = blocks == STORED ? 0 : 6;
	int strategy = blocks == FIXED ? Z_FIXED : Z_DEFAULT_STRATEGY;

	assert_int_equal(deflateParams(z, level, strategy), Z_OK);
}

struct bytes zlib_stream(unsigned int alg, const uint8_t *in, size_t len,
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

void judge(struct verdict *v, unsigned int alg, const uint8_t *in, size_t len,
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

struct sim_request request(bool decompress, unsigned int alg)
{
	struct sim_request r = {
		.sim = &guest,
		.queue = 5,
		.slot = 17,
		.decompress = decompress,
		.pasid = SIM_NO_PASID,
		.v3 = true,
		.algs = ALL_ALGS,
		.fail_status = -1,
		.flip_bit = -1,
		.flip_crc_bit = -1,
	};

	/* Stale results, and a tag. */
	memset(&r.sqe.consumed, 0xa5, 16);
	r.sqe.dw7 = (uint32_t)HZIP_SQE_TYPE3 << 28 | HZIP_SQE_NEW | HZIP_SQE_FINISH;
	r.sqe.dw9 = FIELD_PREP(HZIP_SQE_WINDOW, (uint32_t)HZIP_WINDOW_32K) | alg;
	r.sqe.tag_low = 0x12345678;
	r.sqe.tag_high = 0x9abcdef0;
	return r;
}

void set_addr(__le32 *low, __le32 *high, uint64_t addr)
{
	*low = (uint32_t)addr;
	*high = (uint32_t)(addr >> 32);
}

void set_flat(struct sim_request *r, const void *in, size_t in_len, size_t out_len)
{
	assert_in_range(in_len, 0, HZIP_LEN_MAX);
	if (in_len)
		memcpy(at(IN_ADDR), in, in_len);
	r->sqe.in_len = (uint32_t)in_len;
	r->sqe.out_len = (uint32_t)out_len;
	set_addr(&r->sqe.src_low, &r->sqe.src_high, IN_ADDR);
	set_addr(&r->sqe.dst_low, &r->sqe.dst_high, OUT_ADDR);
}

void set_window(struct sim_request *r, unsigned int window)
{
	r->sqe.dw9 &= ~HZIP_SQE_WINDOW;
	r->sqe.dw9 |= FIELD_PREP(HZIP_SQE_WINDOW, window);
}

uint32_t status_of(const struct sim_request *r)
{
	return FIELD_GET(HZIP_SQE_STATUS, r->sqe.dw3);
}

static bool is_result(size_t dw)
{
	return dw <= 3 || dw == 15 || dw >= 28;
}

uint32_t run(struct sim_request *r)
{
	uint8_t *past = at(OUT_ADDR) + r->sqe.out_len;
	uint32_t before[32], after[32], guard = 0xfeedf00d, g;
	bool flat = FIELD_GET(HZIP_SQE_BUFFERS, r->sqe.dw9) == HZIP_BUFFERS_FLAT &&
		    r->sqe.out_len <= HZIP_LEN_MAX;

	if (flat)
		memcpy(past, &guard, sizeof(guard));
	memcpy(before, &r->sqe, sizeof(before));
	sim_engine_run(r);
	memcpy(after, &r->sqe, sizeof(after));
	for (size_t i = 0; i < 32; i++) {
		if (!is_result(i))
			assert_int_equal(after[i], before[i]);
	}
	if (flat) {
		memcpy(&g, past, sizeof(g));
		assert_int_equal(g, guard);
	}
	if (!r->ignored)
		assert_int_equal(r->sqe.dw3 & ~HZIP_SQE_LAST_BLOCK, status_of(r));
	return status_of(r);
}

void expect_nothing_done(const struct sim_request *r)
{
	assert_int_equal(r->sqe.consumed, 0);
	assert_int_equal(r->sqe.produced, 0);
	assert_int_equal(r->sqe.dw3 & HZIP_SQE_LAST_BLOCK, 0);
}

bool readable(const uint8_t *stream, size_t len, int bits)
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

void expect_stream(unsigned int alg, const uint8_t *stream, size_t len,
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

/* ---- streams ---- */

struct stream stream(bool decompress, unsigned int alg)
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

uint32_t step(struct stream *s, const uint8_t *in, size_t len, size_t space,
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

uint32_t state_of(const struct stream *s)
{
	return FIELD_GET(HZIP_CTX0_STATE, s->r.sqe.ctx_dw0);
}

uint32_t head_bits(const struct stream *s)
{
	return FIELD_GET(HZIP_CTX0_HEAD_BITS, s->r.sqe.ctx_dw0);
}

size_t stream_space(size_t in_len)
{
	size_t n = (in_len * 9 + 7) / 8;

	return n < HZIP_STREAM_OUT_MIN ? HZIP_STREAM_OUT_MIN : n;
}

/* ---- lists ---- */

uint64_t list_addr(size_t i)
{
	return LIST_ADDR + i * 9216;
}

struct hisi_sgl *list(size_t i)
{
	return (struct hisi_sgl *)(void *)at(list_addr(i));
}

void set_lists(struct sim_request *r, size_t src, size_t dst)
{
	r->sqe.dw9 |= FIELD_PREP(HZIP_SQE_BUFFERS, (uint32_t)HZIP_BUFFERS_SGL);
	set_addr(&r->sqe.src_low, &r->sqe.src_high, list_addr(src));
	set_addr(&r->sqe.dst_low, &r->sqe.dst_high, list_addr(dst));
}

/* Entries are some bytes apart in memory. */
#define GAP	5

void make_chain(size_t first, uint64_t addr, size_t len, size_t per_list,
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

void kernel_request(struct sim_request *r, bool decompress, size_t len)
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

int setup(void **state)
{
	const char *slow = getenv("WD_SLOW");

	(void)state;
	alarm(ALARM_SECONDS);
	if (slow && atoi(slow) > 1)
		stride = (size_t)atoi(slow) + 1;
	guest.mem = calloc(1, GUEST_LEN);
	return guest.mem ? 0 : -1;
}

int teardown(void **state)
{
	(void)state;
	free(guest.mem);
	return 0;
}

/* What a failed test left does not fail the next. */
int before_each(void **state)
{
	(void)state;
	forgive();
	return 0;
}
