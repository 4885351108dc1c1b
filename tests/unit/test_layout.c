/* SPDX-License-Identifier: MIT */
/*
 * Compressed bytes do not depend on where the engine's memory lies.
 *
 * ISA-L took 15 bits of a hash of its stream's address, from bit 16 on, for a
 * hash of data.  Here the stream lies at as many addresses as there are hashes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "codec.h"
#include "t_util.h"

#define STEP		((size_t)64 << 10)
#define PLACES		32768u
#define ROOM		((size_t)1 << 20)	/* for what lies at the last place */
#define BIG		((size_t)32 << 10)	/* what holds ISA-L's stream is larger */
#define DATA_LEN	((size_t)16 << 10)

static uint8_t *arena;
static size_t place;
static bool placing;
static bool placed;

void *__real_calloc(size_t n, size_t size);
void __real_free(void *p);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *p);

void *__wrap_calloc(size_t n, size_t size)
{
	if (!placing || placed || n * size < BIG)
		return __real_calloc(n, size);
	assert_true(n * size <= ROOM);
	placed = true;
	return arena + place * STEP;
}

/* Fresh memory of the arena reads as zeros again. */
void __wrap_free(void *p)
{
	uint8_t *at = p;

	if (at >= arena && at < arena + PLACES * STEP)
		madvise(at, ROOM, MADV_DONTNEED);
	else
		__real_free(p);
}

static size_t compress_at(size_t where, const uint8_t *data, int level,
			  uint8_t *out, size_t cap)
{
	struct wd_deflate_job job = {
		.in = data, .in_len = DATA_LEN, .out = out, .out_cap = cap,
		.level = level, .open = true,
	};
	struct wd_deflate *d;

	place = where;
	placed = false;
	d = wd_deflate_create();
	assert_non_null(d);
	placing = true;
	assert_int_equal(wd_deflate_run(d, &job), 0);
	placing = false;
	assert_true(placed || !WD_HAVE_ISAL);
	wd_deflate_destroy(d);
	return job.produced;
}

static void t_bytes_do_not_depend_on_the_address_layout(void **state)
{
	size_t cap = wd_deflate_bound(DATA_LEN);
	uint8_t *data = malloc(DATA_LEN);
	uint8_t *want = malloc(cap);
	uint8_t *out = malloc(cap);

	(void)state;
	assert_non_null(data);
	assert_non_null(want);
	assert_non_null(out);
	arena = mmap(NULL, PLACES * STEP + ROOM, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(arena != MAP_FAILED);
	/* What can show it is a match with the very first bytes. */
	for (size_t i = 0; i < DATA_LEN; i++)
		data[i] = (uint8_t)((i * i >> 7) ^ i);
	memcpy(data + 5000, data, 40);
	for (int level = 1; level <= 2; level++) {
		size_t len = compress_at(0, data, level, want, cap);

		for (size_t i = 1; i < PLACES; i += T_SLOW ? 61 : 1) {
			assert_int_equal(compress_at(i, data, level, out, cap), len);
			assert_memory_equal(out, want, len);
		}
	}
	munmap(arena, PLACES * STEP + ROOM);
	arena = NULL;
	free(out);
	free(want);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_bytes_do_not_depend_on_the_address_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
