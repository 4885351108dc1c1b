/* SPDX-License-Identifier: MIT */
/*
 * What bounds the memory of this process, and what fits into it.
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup.h"
#include "limit.h"

#define KIB		((uint64_t)1024)
#define MIB		(1024 * KIB)

/* Address space that malloc() of the GNU library sets aside for a thread. */
#define ARENA		(sizeof(void *) > 4 ? 64 * MIB : MIB)

#define STAT_MAX	8192	/* bytes of memory.stat */
#define V1_NONE		((uint64_t)1 << 60)	/* what stands for no limit */

static const char *const names[] = {
	[WD_LIMIT_AS] = "address space",
	[WD_LIMIT_DATA] = "data",
	[WD_LIMIT_CGROUP] = "control group",
	[WD_LIMIT_MACHINE] = "available memory",
};

static void tighten(struct wd_memory_limit *l, uint64_t bytes, uint64_t used)
{
	uint64_t left = bytes > used ? bytes - used : 0;

	if (l->bytes != UINT64_MAX && left >= l->left)
		return;
	l->bytes = bytes;
	l->left = left;
}

/* ---- limits of the process ---- */

/* /proc/self/statm, in pages: all, resident, shared, text, 0, data and stack, 0. */
static void read_rlimits(struct wd_limits *l)
{
	unsigned long long pages[6] = { 0 };
	struct rlimit as, data;
	char line[128], dir[PATH_MAX];
	uint64_t page;

	if (getrlimit(RLIMIT_AS, &as) < 0)
		as.rlim_cur = RLIM_INFINITY;
	if (getrlimit(RLIMIT_DATA, &data) < 0)
		data.rlim_cur = RLIM_INFINITY;
	if (as.rlim_cur == RLIM_INFINITY && data.rlim_cur == RLIM_INFINITY)
		return;

	page = (uint64_t)sysconf(_SC_PAGESIZE);
	snprintf(dir, sizeof(dir), "%s/proc/self", wd_host_root);
	if (wd_host_read(dir, "statm", line, sizeof(line)))
		sscanf(line, "%llu %llu %llu %llu %llu %llu", &pages[0], &pages[1],
		       &pages[2], &pages[3], &pages[4], &pages[5]);
	if (as.rlim_cur != RLIM_INFINITY)
		tighten(&l->limit[WD_LIMIT_AS], as.rlim_cur, pages[0] * page);
	if (data.rlim_cur != RLIM_INFINITY)
		tighten(&l->limit[WD_LIMIT_DATA], data.rlim_cur, pages[5] * page);
}

/* ---- limits of the control group ---- */

/* The number that @dir/@name consists of; "max" is none. */
static bool read_number(const char *dir, const char *name, uint64_t *n)
{
	char line[64], *end;

	if (!wd_host_read(dir, name, line, sizeof(line)))
		return false;
	*n = strtoull(line, &end, 10);
	return end > line;
}

/* The number after @name at the beginning of a line of @text, 0 if there is none. */
static uint64_t field(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && (line[len] == ' ' || line[len] == ':'))
			return strtoull(line + len + 1, NULL, 10);
	}
	return 0;
}

/* What the kernel takes back before it lets the group run out of memory. */
static uint64_t read_cached(const char *dir, bool v2)
{
	char text[STAT_MAX];

	if (!wd_host_read(dir, "memory.stat", text, sizeof(text)))
		return 0;
	if (v2)
		return field(text, "inactive_file") + field(text, "active_file");
	return field(text, "total_inactive_file") + field(text, "total_active_file");
}

/* Above memory.high the group is not stopped, but held up until it is of no use. */
static uint64_t group_limit(const char *dir, bool v2)
{
	uint64_t max, high;

	if (!v2)
		return read_number(dir, "memory.limit_in_bytes", &max) && max < V1_NONE ?
		       max : UINT64_MAX;
	if (!read_number(dir, "memory.max", &max))
		max = UINT64_MAX;
	if (!read_number(dir, "memory.high", &high))
		high = UINT64_MAX;
	return max < high ? max : high;
}

static void apply_group(void *arg, const char *dir, bool v2)
{
	struct wd_memory_limit *l = arg;
	uint64_t limit = group_limit(dir, v2);
	uint64_t used, cached;

	if (limit == UINT64_MAX)
		return;
	if (!read_number(dir, v2 ? "memory.current" : "memory.usage_in_bytes", &used))
		used = 0;
	cached = read_cached(dir, v2);
	tighten(l, limit, used > cached ? used - cached : 0);
}

/* ---- the machine ---- */

static void read_machine(struct wd_limits *l)
{
	char dir[PATH_MAX], text[256];
	uint64_t kib;

	snprintf(dir, sizeof(dir), "%s/proc", wd_host_root);
	if (!wd_host_read(dir, "meminfo", text, sizeof(text)))
		return;
	kib = field(text, "MemAvailable");
	if (kib)
		tighten(&l->limit[WD_LIMIT_MACHINE], kib * KIB, 0);
}

void wd_limits_read(struct wd_limits *l)
{
	memset(l, 0, sizeof(*l));
	for (int i = 0; i < WD_LIMITS; i++) {
		l->limit[i].name = names[i];
		l->limit[i].bytes = l->limit[i].left = UINT64_MAX;
	}
	read_rlimits(l);
	wd_cgroup_walk("memory", apply_group, &l->limit[WD_LIMIT_CGROUP]);
	read_machine(l);
}

/* ---- what fits ---- */

static bool is_rlimit(int kind)
{
	return kind == WD_LIMIT_AS || kind == WD_LIMIT_DATA;
}

/* Others draw on what a group or the machine has; a process's limits are its own. */
static uint64_t usable(const struct wd_limits *l, int kind)
{
	uint64_t left = l->limit[kind].left;

	return is_rlimit(kind) ? left - left / 8 : left / 2;
}

static uint64_t stack_size(void)
{
	pthread_attr_t attr;
	size_t size;

	if (pthread_attr_init(&attr))
		return 0;
	if (pthread_attr_getstacksize(&attr, &size))
		size = 0;
	pthread_attr_destroy(&attr);
	return size;
}

static uint64_t thread_extra(int kind)
{
	if (!is_rlimit(kind))
		return 0;
	return stack_size() + (kind == WD_LIMIT_AS ? ARENA : 0);
}

unsigned int wd_limits_threads(const struct wd_limits *l, unsigned int threads,
			       uint64_t fixed, uint64_t each,
			       const struct wd_memory_limit **why)
{
	*why = NULL;
	for (int i = 0; i < WD_LIMITS; i++) {
		uint64_t room = usable(l, i);
		uint64_t cost = each + thread_extra(i);
		uint64_t fit;

		if (l->limit[i].bytes == UINT64_MAX || !cost)
			continue;
		fit = room > fixed ? (room - fixed) / cost : 0;
		if (fit >= threads)
			continue;
		threads = fit ? (unsigned int)fit : 1;
		*why = &l->limit[i];
		if (threads == 1)
			break;
	}
	return threads;
}

const struct wd_memory_limit *wd_limits_exceeded(const struct wd_limits *l,
						 uint64_t bytes)
{
	for (int i = 0; i < WD_LIMITS; i++) {
		const struct wd_memory_limit *limit = &l->limit[i];
		uint64_t room = is_rlimit(i) ? limit->left : limit->bytes;

		if (i != WD_LIMIT_MACHINE && limit->bytes != UINT64_MAX &&
		    bytes > room - room / 8)
			return limit;
	}
	return NULL;
}

WD_API unsigned int wd_thread_count(uint64_t fixed, uint64_t each,
				    struct wd_memory_limit *limit)
{
	unsigned int cpus = wd_cpu_count();
	const struct wd_memory_limit *why = NULL;
	struct wd_limits l;

	if (cpus > 1) {
		wd_limits_read(&l);
		cpus = wd_limits_threads(&l, cpus, fixed, each, &why);
	}
	if (limit)
		*limit = why ? *why : (struct wd_memory_limit){ 0 };
	return cpus;
}
