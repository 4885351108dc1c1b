/* SPDX-License-Identifier: MIT */
/*
 * Where the input of a pump comes from: a file, a pipe, or what a program makes as
 * it goes.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * struct source - an input
 * @read:       the next bytes, at most @room; their number, 0 at the end, or -1
 *              with errno
 * @would_wait: whether @read would have to wait; NULL: it never does for long
 * @read_at:    all of @len bytes from @offset, fewer only at the end; the count, or
 *              -1 with errno.  Called by several threads at once.  NULL if that
 *              cannot be done
 * @seek:       after reading with @read_at: as if @read had got @offset bytes;
 *              not NULL if @read_at is not
 * @size:       bytes to come, or WD_COMP_SIZE_UNKNOWN; must be known for @read_at
 * @arg:        for the functions
 */
struct source {
	ssize_t (*read)(void *arg, void *buf, size_t room);
	bool (*would_wait)(void *arg);
	ssize_t (*read_at)(void *arg, void *buf, size_t len, uint64_t offset);
	void (*seek)(void *arg, uint64_t offset);
	uint64_t size;
	void *arg;
};

#endif
