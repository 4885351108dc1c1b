/* SPDX-License-Identifier: MIT */
/*
 * What the unit tests and fuzzers share: generated data, zlib as the judge of
 * compressed data, and sessions fed and drained in pieces of chosen sizes.
 */
#ifndef T_UTIL_H
#define T_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <warpdrive/wd_comp.h>

#define T_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Sanitizers and emulators get a fraction of the repetitions. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	!defined(__x86_64__)
#define T_SLOW	1
#else
#define T_SLOW	0
#endif

/*
 * Workers in the child of a process with threads: ThreadSanitizer refuses to
 * start any there, and QEMU's user emulation ends itself.
 */
#if defined(__SANITIZE_THREAD__) || defined(T_EMULATED)
#define T_CHILD_THREADS	1
#else
#define T_CHILD_THREADS	2
#endif

#define T_REPEAT(n)	(T_SLOW ? ((n) + 7) / 8 : (n))

/*
 * A hang fails: the process is killed, with the test's name printed last.  Before
 * ctest does it, and late enough for a busy machine.
 */
#define T_ALARM_SECONDS	1500

/* ---- data ---- */

void t_seed(uint64_t seed);
uint32_t t_rnd(void);
uint32_t t_rnd_below(uint32_t n);

enum t_kind {
	T_ZEROS,
	T_TEXT,
	T_NOISE,
	T_MIXED,
	T_KINDS,
};

void t_fill(uint8_t *p, size_t len, enum t_kind kind);

/* A growing buffer; zero it to begin. */
struct t_bytes {
	uint8_t *data;
	size_t len, cap;
};

void t_bytes_add(struct t_bytes *b, const void *data, size_t len);
void t_bytes_free(struct t_bytes *b);

/* ---- zlib ---- */

/* deflateInit2()'s number for a format. */
int t_window_bits(enum wd_comp_format format);

/* Add one complete stream to @out. */
void t_deflate(struct t_bytes *out, const uint8_t *in, size_t len, int bits,
	       int level, int strategy);

/*
 * As t_deflate(), with a chunk marker each @chunk bytes; unless @independent,
 * matches reach back over it.
 */
void t_deflate_chunked(struct t_bytes *out, const uint8_t *in, size_t len,
		       int bits, int level, size_t chunk, bool independent);

/*
 * struct t_verdict - what becomes of compressed data
 * @ret:      0, -EBADMSG, -ENODATA
 * @why:      zlib's words about an error in DEFLATE data; NULL for others
 * @out:      what was decoded before
 * @used:     bytes of the complete members
 * @members:  their number
 * @trailing: what follows them
 */
struct t_verdict {
	int ret;
	const char *why;
	struct t_bytes out;
	size_t used;
	unsigned int members;
	enum wd_comp_trailing trailing;
};

/*
 * Judge @len bytes by zlib's inflate, and as GNU gzip does what lies around
 * DEFLATE data.  @window: preset, or NULL.
 */
void t_judge(struct t_verdict *v, enum wd_comp_format format, const uint8_t *in,
	     size_t len, const uint8_t *window, size_t window_len);

/*
 * Whether a session may say @ret of what zlib says @v of.  ISA-L takes incomplete sets of
 * codes, which zlib refuses, libdeflate takes runs of code lengths that end too late and
 * symbols that mean nothing, and they notice other damage at another place, so that one
 * may still ask for more input.
 */
bool t_verdict_excuses(const struct t_verdict *v, int ret);

/* ---- sessions ---- */

/*
 * struct t_feed - how to feed and drain
 * @in_max, @out_max: most bytes at a time, 0 for no limit
 * @random:           draw each size up to the limit
 * @sync:             flush after each piece of input
 */
struct t_feed {
	size_t in_max, out_max;
	bool random;
	bool sync;
};

/*
 * Pass all of @in through wd_comp_stream(), output to @out; *@left: input that
 * was not taken.  Returns what it returned last; -EDEADLK if nothing moves.
 */
int t_stream(struct wd_comp_sess *s, const struct t_feed *feed, const uint8_t *in,
	     size_t len, struct t_bytes *out, size_t *left);

/* The same without copies. */
int t_zero_copy(struct wd_comp_sess *s, const struct t_feed *feed,
		const uint8_t *in, size_t len, struct t_bytes *out, size_t *left);

#endif
