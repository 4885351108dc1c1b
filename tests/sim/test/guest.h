// SPDX-License-Identifier: MIT
/*
 * What the tests of the engine by itself share: requests are put together by
 * hand, memory is an array, and zlib is the judge of what comes out.  Queues
 * and registers are not here.
 */
#ifndef GUEST_H
#define GUEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "engine.h"
#include "hisi_zip_regs.h"

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define ALL_ALGS      (HZIP_ALGS_ZLIB | HZIP_ALGS_GZIP | HZIP_ALGS_DEFLATE)

extern const uint8_t algs[3];
extern const uint32_t windows[5];

/* What zlib needs to read each of them: the model makes 16 KiB do for 24. */
extern const int bits_of[5];

/* Where trying everything takes long, each n-th thing is tried. */
extern size_t stride;

/* clang-format off */
#define GUEST_BASE	0x7fff0000ull
#define GUEST_LEN	(24u << 20)
#define IN_ADDR		(GUEST_BASE + 3)
#define OUT_ADDR	(GUEST_BASE + (10u << 20) + 1)
#define CTX_ADDR	(GUEST_BASE + (20u << 20) + HZIP_CTX_DEVICE)
#define LIST_ADDR	(GUEST_BASE + (21u << 20))
/* clang-format on */

/* Each thread is a guest of its own. */
struct sim {
	uint8_t *mem;
	unsigned int violations[SIM_V_COUNT];
	unsigned int total;
	char text[300];
	uint64_t read_only; /* writes to just there fail */
};

extern struct sim guest;

uint8_t *at(uint64_t addr);
void forgive(void);
void expect_clean(void);
/* One violation of that class, and the message has its numbers. */
void expect_violation(enum sim_violation class);

enum kind {
	ZEROS,
	TEXT,
	NOISE,
	MIXED,
	DISTANT,
	KINDS
};

struct bytes {
	uint8_t *data;
	size_t len;
};

enum blocks {
	STORED,
	FIXED,
	DYNAMIC,
	ALL_BLOCKS,
	BLOCKS
};

/*
 * What a strict decoder says: the status a stateless request has to have; on
 * success and with a wrong trailer also what was decoded and used.
 */
struct verdict {
	uint32_t status;
	struct bytes out;
	size_t used;
};

#define JUDGE_SPACE 20000

uint32_t rnd(void);
uint32_t rnd_below(uint32_t n);
void fill(uint8_t *p, size_t len, enum kind kind);
size_t trailer_len(unsigned int alg);
/* What dw31 is in the end. */
uint32_t packed_sum(unsigned int alg, const uint8_t *data, size_t len);
/* As zlib makes it, without a header; several blocks, of one kind or of each.
 */
struct bytes zlib_stream(unsigned int alg, const uint8_t *in, size_t len,
			 enum blocks blocks);
void judge(struct verdict *v, unsigned int alg, const uint8_t *in, size_t len,
	   size_t space);
/*
 * Whether a decoder with that window can read it.  zlib also takes what it has
 * just written for window, so it gets a byte of space at a time.
 */
bool readable(const uint8_t *stream, size_t len, int bits);

struct sim_request request(bool decompress, unsigned int alg);
void set_addr(__le32 *low, __le32 *high, uint64_t addr);
void set_flat(struct sim_request *r, const void *in, size_t in_len,
	      size_t out_len);
void set_window(struct sim_request *r, unsigned int window);
uint32_t status_of(const struct sim_request *r);
/* Returns the status; only results may differ, and nothing past the space. */
uint32_t run(struct sim_request *r);
void expect_nothing_done(const struct sim_request *r);
/* A complete stream of @alg gives @plain, also with so small a window. */
void expect_stream(unsigned int alg, const uint8_t *stream, size_t len,
		   const uint8_t *plain, size_t plain_len, int bits);

/* Software's side of a stream: it carries the words in the SQE itself. */
struct stream {
	struct sim_request r;
	bool begun;
};

struct stream stream(bool decompress, unsigned int alg);
uint32_t step(struct stream *s, const uint8_t *in, size_t len, size_t space,
	      bool finish);
uint32_t state_of(const struct stream *s);
uint32_t head_bits(const struct stream *s);
size_t stream_space(size_t in_len);

#define LISTS 300

/* A chain under construction: list i lies at list_addr(i). */
uint64_t list_addr(size_t i);
struct hisi_sgl *list(size_t i);
void set_lists(struct sim_request *r, size_t src, size_t dst);
/* Describe len bytes from addr on, starting with list first. */
void make_chain(size_t first, uint64_t addr, size_t len, size_t per_list,
		size_t entry_max);
/* As Linux's own driver has it: one list of ten slots, one entry that is
 * longer. */
void kernel_request(struct sim_request *r, bool decompress, size_t len);

int setup(void **state);
int teardown(void **state);
int before_each(void **state);

#define TEST(f) cmocka_unit_test_setup(f, before_each)

#endif
