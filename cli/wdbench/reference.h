/* SPDX-License-Identifier: MIT */
/*
 * Reference engines: zlib, libdeflate and ISA-L as a program would call them, one
 * buffer after the other, without libwd.
 */
#ifndef WDBENCH_REFERENCE_H
#define WDBENCH_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include <warpdrive/wd_comp.h>

/*
 * struct reference - one library
 * @name:      as users give it
 * @version:   of the library in use; NULL if it cannot be used here
 * @level_min, @level_max, @level_default: its own levels
 * @open:      make a context for one thread; NULL if out of memory
 * @run:       one buffer to a complete member or stream, or back.  @made is set to
 *             the bytes of output.  Returns 0 or a negative errno
 * @close:     release it; NULL is fine
 */
struct reference {
	const char *name;
	const char *(*version)(void);
	int level_min;
	int level_max;
	int level_default;
	void *(*open)(enum wd_comp_op op, enum wd_comp_format format, int level);
	int (*run)(void *context, const void *in, size_t in_len, void *out,
		   size_t cap, size_t *made);
	void (*close)(void *context);
};

#if WD_HAVE_ISAL
#define REFERENCE_ISAL(R)	R(isal)
#else
#define REFERENCE_ISAL(R)
#endif

/* All of them, in the order they are listed. */
/* clang-format off */
#define REFERENCES(R)		\
	R(zlib)			\
	R(libdeflate)		\
	REFERENCE_ISAL(R)
/* clang-format on */

#define DECLARE(name)	extern const struct reference reference_##name;
REFERENCES(DECLARE)
#undef DECLARE

/* The @i-th, NULL past the end. */
const struct reference *reference_get(unsigned int i);

/* By its name; NULL if there is none. */
const struct reference *reference_find(const char *name, size_t len);

#endif
