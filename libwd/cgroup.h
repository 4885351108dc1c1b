/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of this process and its control groups, for cpu.c and
 * limit.c.
 */
#ifndef WD_CGROUP_H
#define WD_CGROUP_H

#include "internal.h"

/*
 * What stands before /proc and /sys in all paths that these files read: a directory
 * of a unit test's; "".
 */
extern const char *wd_host_root;

/* The beginning of @dir/@name, as text, in @size bytes; false if there is none. */
bool wd_host_read(const char *dir, const char *name, char *text, size_t size);

/*
 * wd_cgroup_walk() - visit the groups that bound this process
 * @controller: "cpu", "memory"
 * @visit:      called with the directory of each, from its own up to the root of
 *              what is mounted, as each can have a limit; @v2: which version
 */
void wd_cgroup_walk(const char *controller,
		    void (*visit)(void *arg, const char *dir, bool v2), void *arg);

#endif
