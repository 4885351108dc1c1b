/* SPDX-License-Identifier: MIT */
/*
 * What bounds the memory of this process, and what fits into it.
 */
#ifndef WD_LIMIT_H
#define WD_LIMIT_H

#include "internal.h"

enum wd_limit_kind {
	WD_LIMIT_AS,
	WD_LIMIT_DATA,
	WD_LIMIT_CGROUP,
	WD_LIMIT_MACHINE,
	WD_LIMITS,
};

/* @limit: UINT64_MAX bytes for none */
struct wd_limits {
	struct wd_memory_limit limit[WD_LIMITS];
};

void wd_limits_read(struct wd_limits *l);

/*
 * How many of @threads fit, at least 1.  *@why: the limit that makes them fewer, or
 * NULL.
 */
unsigned int wd_limits_threads(const struct wd_limits *l, unsigned int threads,
			       uint64_t fixed, uint64_t each,
			       const struct wd_memory_limit **why);

/*
 * The limit that @bytes do not fit into at all, or NULL.  Only what is set for this
 * process or its group counts, whole, as if there were no other: what follows from
 * it is the same each time.
 */
const struct wd_memory_limit *wd_limits_exceeded(const struct wd_limits *l,
						 uint64_t bytes);

#endif
