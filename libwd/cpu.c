/* SPDX-License-Identifier: MIT */
/*
 * How many CPUs the process may use: affinity mask and control group quota.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "cgroup.h"

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

/* cgroup v2: "max 100000" or "150000 100000", microseconds of each period. */
static bool quota_v2(const char *dir, long long *quota, long long *period)
{
	char line[64];

	return wd_host_read(dir, "cpu.max", line, sizeof(line)) &&
	       sscanf(line, "%lld %lld", quota, period) == 2;
}

/* cgroup v1: the same two numbers in two files, -1 for no limit. */
static bool quota_v1(const char *dir, long long *quota, long long *period)
{
	char line[64];

	if (!wd_host_read(dir, "cpu.cfs_quota_us", line, sizeof(line)))
		return false;
	*quota = atoll(line);
	if (!wd_host_read(dir, "cpu.cfs_period_us", line, sizeof(line)))
		return false;
	*period = atoll(line);
	return true;
}

static void apply_quota(void *arg, const char *dir, bool v2)
{
	unsigned int *cpus = arg;
	long long quota, period;

	if (!(v2 ? quota_v2 : quota_v1)(dir, &quota, &period) || quota <= 0 ||
	    period <= 0)
		return;
	quota = quota / period + !!(quota % period);
	if (quota < *cpus)
		*cpus = (unsigned int)quota;
}

WD_API unsigned int wd_cpu_count(void)
{
	unsigned int cpus = cpus_by_affinity();

	if (cpus > 1)
		wd_cgroup_walk("cpu", apply_quota, &cpus);
	return cpus;
}
