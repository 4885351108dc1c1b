/* SPDX-License-Identifier: MIT */
/*
 * The fork guard: a queue's threads, locks and device files do not survive into
 * a child process, so every call first asks whether it is in one.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define GUARD_SET	0x77647177u

int wd_fork_guard_init(struct wd_fork_guard *guard)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page;

	guard->page = NULL;
	guard->pid = getpid();

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return 0;
	if (madvise(page, size, MADV_WIPEONFORK)) {
		munmap(page, size);
		return 0;
	}
	guard->page = page;
	*guard->page = GUARD_SET;
	return 0;
}

void wd_fork_guard_exit(struct wd_fork_guard *guard)
{
	if (guard->page)
		munmap((void *)guard->page, (size_t)sysconf(_SC_PAGESIZE));
	guard->page = NULL;
}

bool wd_fork_guard_ok(const struct wd_fork_guard *guard)
{
	if (guard->page)
		return *guard->page == GUARD_SET;
	return guard->pid == getpid();
}
