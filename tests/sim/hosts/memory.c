// SPDX-License-Identifier: MIT
/*
 * Bus addresses: see memory.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "given_up.h"
#include "memory.h"
#include "shared_copy.h"

#define RANGES_MAX	65536u
#define FILES_MAX	64u

/* Mapped once as a whole, however many ranges are in it. */
struct file {
	dev_t dev;
	ino_t ino;
	uint8_t *ptr;			/* NULL: free */
	size_t len;
	bool writable;
	size_t ranges;
};

struct range {
	uint64_t first, last;
	struct file *file;
	uint64_t offset;
	bool read, write;
};

struct memory {
	pthread_rwlock_t lock;		/* all of it, and what the files are mapped to */
	struct range *ranges;		/* by address */
	size_t count, room;
	struct file files[FILES_MAX];
	struct given_up given_up;
};

struct memory *memory_create(void)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	pthread_rwlockattr_t attr;

	if (!memory)
		return NULL;
	/* A device that is always busy must not keep an unmap waiting. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr,
				      PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&memory->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return memory;
}

void memory_destroy(struct memory *memory)
{
	if (!memory)
		return;
	memory_clear(memory);
	pthread_rwlock_destroy(&memory->lock);
	free(memory->ranges);
	free(memory);
}

/* ---- files ---- */

static void close_file(struct file *file)
{
	if (file->ptr)
		munmap(file->ptr, file->len);
	memset(file, 0, sizeof(*file));
}

/* The place of that file, or one that can become it; NULL if all are in use. */
static struct file *file_place(struct memory *memory, const struct stat *st)
{
	struct file *unused = NULL;

	for (size_t i = 0; i < FILES_MAX; i++) {
		struct file *file = &memory->files[i];

		if (file->ptr && file->dev == st->st_dev && file->ino == st->st_ino)
			return file;
		/* One without ranges is kept as long as possible: they come and go. */
		if (!file->ranges && (!unused || !file->ptr))
			unused = file;
	}
	if (unused)
		close_file(unused);
	return unused;
}

static uint8_t *map_whole(int fd, size_t len, bool *writable)
{
	void *ptr = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	*writable = ptr != MAP_FAILED;
	if (!*writable && (errno == EACCES || errno == EPERM))
		ptr = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	return ptr == MAP_FAILED ? NULL : ptr;
}

/* Mapped as long as it is now; what it was mapped to before may be in use. */
static int open_file(struct file *file, int fd, const struct stat *st)
{
	struct file old = *file;
	bool writable;
	uint8_t *ptr = map_whole(fd, (size_t)st->st_size, &writable);

	if (!ptr)
		return -errno;
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->ptr = ptr;
	file->len = (size_t)st->st_size;
	file->writable = writable;
	if (old.ptr)
		munmap(old.ptr, old.len);
	return 0;
}

static int get_file(struct memory *memory, const struct memory_map *map,
		    struct file **file)
{
	struct stat st;
	int ret;

	if (fstat(map->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    map->offset > (uint64_t)st.st_size ||
	    map->size > (uint64_t)st.st_size - map->offset)
		return -EINVAL;
	*file = file_place(memory, &st);
	if (!*file)
		return -ENOSPC;
	if (!(*file)->ptr || map->offset + map->size > (*file)->len ||
	    (map->write && !(*file)->writable)) {
		/* What is in use must stay: not with a file that became shorter. */
		if ((*file)->ranges && (uint64_t)st.st_size < (*file)->len)
			return -EINVAL;
		ret = open_file(*file, map->fd, &st);
		if (ret)
			return ret;
	}
	return map->write && !(*file)->writable ? -EACCES : 0;
}

/* ---- ranges ---- */

/* The first range that does not end before addr, or count. */
static size_t find(const struct memory *memory, uint64_t addr)
{
	size_t low = 0;
	size_t high = memory->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memory->ranges[mid].last < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int make_room(struct memory *memory)
{
	size_t room = memory->room ? memory->room * 2 : 64;
	struct range *ranges;

	if (memory->count < memory->room)
		return 0;
	if (room > RANGES_MAX)
		return -ENOSPC;
	ranges = realloc(memory->ranges, room * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	memory->ranges = ranges;
	memory->room = room;
	return 0;
}

/* @upper goes on where @lower ends, there and in the file. */
static bool goes_on(const struct range *lower, const struct range *upper)
{
	return lower->last + 1 == upper->first && lower->file == upper->file &&
	       lower->offset + (upper->first - lower->first) == upper->offset &&
	       lower->read == upper->read && lower->write == upper->write;
}

/*
 * Whether the range became part of one beside it: an IOMMU maps page by page, and many
 * ranges take long to be moved about.
 */
static bool joined(struct memory *memory, size_t at, const struct range *range)
{
	struct range *lower = at ? &memory->ranges[at - 1] : NULL;
	struct range *upper = at < memory->count ? &memory->ranges[at] : NULL;

	if (lower && goes_on(lower, range)) {
		lower->last = range->last;
		return true;
	}
	if (upper && goes_on(range, upper)) {
		upper->first = range->first;
		upper->offset = range->offset;
		return true;
	}
	return false;
}

/* There is room for it. */
static void insert(struct memory *memory, size_t at, const struct range *range)
{
	memmove(&memory->ranges[at + 1], &memory->ranges[at],
		(memory->count - at) * sizeof(*range));
	memory->ranges[at] = *range;
	memory->count++;
	range->file->ranges++;
}

static int map_locked(struct memory *memory, const struct memory_map *map)
{
	struct range range = {
		.first = map->addr,
		.last = map->addr + (map->size - 1),
		.offset = map->offset,
		.read = map->read,
		.write = map->write,
	};
	size_t at = find(memory, range.first);
	int ret;

	if (at < memory->count && memory->ranges[at].first <= range.last)
		return -EEXIST;
	ret = make_room(memory);
	if (!ret)
		ret = get_file(memory, map, &range.file);
	if (!ret && !joined(memory, at, &range))
		insert(memory, at, &range);
	return ret;
}

int memory_map(struct memory *memory, const struct memory_map *map)
{
	int ret;

	if (!map->size || map->size - 1 > UINT64_MAX - map->addr)
		return -EINVAL;
	pthread_rwlock_wrlock(&memory->lock);
	ret = map_locked(memory, map);
	pthread_rwlock_unlock(&memory->lock);
	return ret;
}

/* In two, if it goes on past the end of what is removed. */
static int split(struct memory *memory, size_t at, uint64_t last)
{
	struct range upper = memory->ranges[at];
	int ret = make_room(memory);

	if (ret)
		return ret;
	upper.offset += last + 1 - upper.first;
	upper.first = last + 1;
	memory->ranges[at].last = last;
	insert(memory, at + 1, &upper);
	return 0;
}

static int unmap_locked(struct memory *memory, uint64_t first, uint64_t last)
{
	size_t from = find(memory, first);
	size_t to = from;
	int ret;

	while (to < memory->count && memory->ranges[to].first <= last) {
		if (memory->ranges[to].last > last) {
			ret = split(memory, to, last);
			if (ret)
				return ret;
		}
		to++;
	}
	for (size_t i = from; i < to; i++)
		given_up_add(&memory->given_up,
			     memory->ranges[i].first > first
				     ? memory->ranges[i].first
				     : first,
			     memory->ranges[i].last);
	/* What comes before stays. */
	if (from < to && memory->ranges[from].first < first)
		memory->ranges[from++].last = first - 1;
	for (size_t i = from; i < to; i++)
		memory->ranges[i].file->ranges--;
	memmove(&memory->ranges[from], &memory->ranges[to],
		(memory->count - to) * sizeof(memory->ranges[0]));
	memory->count -= to - from;
	return 0;
}

int memory_unmap(struct memory *memory, uint64_t first, uint64_t last)
{
	int ret = 0;

	pthread_rwlock_wrlock(&memory->lock);
	if (memory->count)
		ret = unmap_locked(memory, first, last);
	pthread_rwlock_unlock(&memory->lock);
	return ret;
}

void memory_clear(struct memory *memory)
{
	pthread_rwlock_wrlock(&memory->lock);
	memory->count = 0;
	memory->given_up.count = 0;
	for (size_t i = 0; i < FILES_MAX; i++)
		close_file(&memory->files[i]);
	pthread_rwlock_unlock(&memory->lock);
}

/* ---- copies ---- */

static int copy(struct memory *memory, uint64_t addr, uint8_t *buf, size_t len,
		bool write)
{
	size_t at = find(memory, addr);

	if (len && len - 1 > UINT64_MAX - addr)
		return -EFAULT;
	for (; len; at++) {
		const struct range *range = &memory->ranges[at];
		uint8_t *ptr;
		size_t n = len;

		if (at == memory->count || range->first > addr ||
		    !(write ? range->write : range->read))
			return -EFAULT;
		if (n - 1 > range->last - addr)
			n = (size_t)(range->last - addr) + 1;
		ptr = range->file->ptr + range->offset + (addr - range->first);
		if (write)
			shared_copy_out(ptr, buf, n);
		else
			shared_copy_in(buf, ptr, n);
		addr += n;
		buf += n;
		len -= n;
	}
	return 0;
}

int memory_read(struct memory *memory, uint64_t addr, void *buf, size_t len)
{
	int ret;

	pthread_rwlock_rdlock(&memory->lock);
	ret = copy(memory, addr, buf, len, false);
	pthread_rwlock_unlock(&memory->lock);
	return ret;
}

bool memory_was_mapped(struct memory *memory, uint64_t addr, size_t len)
{
	bool was;

	pthread_rwlock_rdlock(&memory->lock);
	was = given_up_has(&memory->given_up, addr, len);
	pthread_rwlock_unlock(&memory->lock);
	return was;
}

int memory_write(struct memory *memory, uint64_t addr, const void *buf, size_t len)
{
	int ret;

	pthread_rwlock_rdlock(&memory->lock);
	ret = copy(memory, addr, (uint8_t *)buf, len, true);
	pthread_rwlock_unlock(&memory->lock);
	return ret;
}
