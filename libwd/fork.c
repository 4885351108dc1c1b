/* SPDX-License-Identifier: MIT */
/*
 * The fork guard: a queue's threads, locks and device files do not survive into
 * a child process, so every call first asks whether it is in one.
 *
 * Two witnesses, as each misses something: a page that the kernel clears in the
 * child, which emulators promise and do not do, and a count of forks, which a
 * bare clone() does not move.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

volatile uint32_t wd_forks;

/* In the place of a page that cannot be had. */
static volatile uint32_t no_page = WD_GUARD_SET;

/* The only thread of a new process is here; no other can be looking. */
static void count_fork(void)
{
	wd_forks++;
}

static void watch_forks(void)
{
	/* Without memory for that the page is the only witness. */
	(void)pthread_atfork(NULL, NULL, count_fork);
}

void wd_fork_guard_init(struct wd_fork_guard *guard)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page;

	pthread_once(&once, watch_forks);
	guard->forks = wd_forks;
	guard->page = &no_page;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return;
	if (madvise(page, size, MADV_WIPEONFORK)) {
		munmap(page, size);
		return;
	}
	guard->page = page;
	*guard->page = WD_GUARD_SET;
}

void wd_fork_guard_exit(struct wd_fork_guard *guard)
{
	if (guard->page != &no_page)
		munmap((void *)guard->page, (size_t)sysconf(_SC_PAGESIZE));
	guard->page = NULL;
}
