/* SPDX-License-Identifier: MIT */
/*
 * The memory of a virtual machine as its device reaches it: ranges of bus addresses
 * that lie in files which were handed over and are mapped here.
 *
 * memory_read() and memory_write() may be called by any thread, the others by one at a
 * time; none of those changes anything below a copy that is under way.
 */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory;

/* NULL without memory. */
struct memory *memory_create(void);
void memory_destroy(struct memory *memory);

struct memory_map {
	uint64_t addr;
	uint64_t size;
	uint64_t offset;		/* in the file */
	int fd;				/* stays the caller's */
	bool read, write;
};

/*
 * 0, -EINVAL for what cannot be or is not in the file, -EEXIST if there is something
 * already, -ENOSPC with too many, or an error of mmap().
 */
int memory_map(struct memory *memory, const struct memory_map *map);
/* Nothing from first to last is left; it may have been nothing.  -ENOMEM, -ENOSPC. */
int memory_unmap(struct memory *memory, uint64_t first, uint64_t last);
/* Also let go of the files. */
void memory_clear(struct memory *memory);

/* 0, or -EFAULT; then some of it may have been copied. */
int memory_read(struct memory *memory, uint64_t addr, void *buf, size_t len);
int memory_write(struct memory *memory, uint64_t addr, const void *buf, size_t len);
/* Some of it was unmapped since memory_clear(), lately; len is not 0. */
bool memory_was_mapped(struct memory *memory, uint64_t addr, size_t len);

#endif
