/* SPDX-License-Identifier: MIT */
/*
 * How many CPUs the process may use: affinity mask and control group quota.
 */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The mask's size is not known in advance on machines with very many CPUs. */
#define CPUS_MAX	(1 << 16)

static unsigned int cpus_by_affinity(void)
{
	for (int ncpu = 1024; ncpu <= CPUS_MAX; ncpu *= 4) {
		size_t size = CPU_ALLOC_SIZE(ncpu);
		cpu_set_t *set = CPU_ALLOC(ncpu);
		int count = 0;

		if (!set)
			return 1;
		if (!sched_getaffinity(0, size, set))
			count = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (count > 0)
			return (unsigned int)count;
	}
	return 1;
}

static bool read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(line, (int)size, f) != NULL;
	fclose(f);
	return ok;
}

/* cgroup v2: "max 100000" or "150000 100000", microseconds of each period. */
static unsigned int quota_v2(const char *dir, unsigned int cpus)
{
	unsigned long long quota, period;
	char path[PATH_MAX + 64];
	char line[64];

	snprintf(path, sizeof(path), "%s/cpu.max", dir);
	if (!read_line(path, line, sizeof(line)) ||
	    sscanf(line, "%llu %llu", &quota, &period) != 2 || !period)
		return cpus;
	quota = (quota + period - 1) / period;
	return quota < cpus ? (unsigned int)wd_max(quota, 1) : cpus;
}

/* cgroup v1: the same two numbers in two files, -1 for no limit. */
static unsigned int quota_v1(const char *dir, unsigned int cpus)
{
	long long quota, period;
	char path[PATH_MAX + 64];
	char line[64];

	snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", dir);
	if (!read_line(path, line, sizeof(line)))
		return cpus;
	quota = atoll(line);
	snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", dir);
	if (!read_line(path, line, sizeof(line)))
		return cpus;
	period = atoll(line);
	if (quota <= 0 || period <= 0)
		return cpus;
	quota = (quota + period - 1) / period;
	return quota < (long long)cpus ? (unsigned int)quota : cpus;
}

/* Every level up to the mount point can have a quota of its own. */
static unsigned int quota_up(const char *mount, const char *group, bool v2,
			     unsigned int cpus)
{
	char dir[PATH_MAX];
	size_t base = strlen(mount);
	char *slash;

	if (snprintf(dir, sizeof(dir), "%s%s", mount, group) >= (int)sizeof(dir))
		return cpus;
	for (;;) {
		cpus = v2 ? quota_v2(dir, cpus) : quota_v1(dir, cpus);
		slash = strrchr(dir, '/');
		if (!slash || (size_t)(slash - dir) < base)
			return cpus;
		*slash = '\0';
	}
}

static bool has_cpu_controller(char *list)
{
	char *save = NULL;

	for (char *w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (!strcmp(w, "cpu"))
			return true;
	return false;
}

/* /proc/self/cgroup: "0::/group" (v2), "4:cpu,cpuacct:/group" (v1). */
static unsigned int cpus_by_quota(unsigned int cpus)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];

	if (!f)
		return cpus;
	while (fgets(line, sizeof(line), f)) {
		char *list = strchr(line, ':');
		char *group = list ? strchr(list + 1, ':') : NULL;

		if (!group)
			continue;
		*list++ = '\0';
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		if (!*list)
			cpus = quota_up("/sys/fs/cgroup", group, true, cpus);
		else if (has_cpu_controller(list))
			cpus = quota_up("/sys/fs/cgroup/cpu", group, false, cpus);
	}
	fclose(f);
	return cpus;
}

WD_API unsigned int wd_cpu_count(void)
{
	unsigned int cpus = cpus_by_affinity();

	return cpus > 1 ? cpus_by_quota(cpus) : 1;
}
