/* SPDX-License-Identifier: MIT */
/*
 * CPUs and memory that limits leave: control groups as files of the test's own, and
 * limits of the process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgroup.h"
#include "limit.h"
#include "t_util.h"

#include <warpdrive/wd_comp.h>

#define MIB	((uint64_t)1 << 20)
#define MANY	128u

static char root[] = "/tmp/wd_limit_XXXXXX";

static void put(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = full + strlen(root) + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root))
		return -1;
	wd_host_root = root;
	put("/proc/meminfo", "MemTotal:  999999999 kB\nMemFree:  1 kB\n"
			     "MemAvailable:   900000000 kB\n");
	put("/proc/self/statm", "1000 500 100 10 0 600 0\n");
	return 0;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	wd_host_root = "";
	snprintf(command, sizeof(command), "rm -r '%s'", root);
	return system(command);
}

/* Threads that fit with 4 MiB and 2 MiB each; the limit's name, or NULL. */
static unsigned int fit(const char **name, uint64_t *bytes)
{
	const struct wd_memory_limit *why;
	struct wd_limits l;
	unsigned int n;

	wd_limits_read(&l);
	n = wd_limits_threads(&l, MANY, 4 * MIB, 2 * MIB, &why);
	*name = why ? why->name : NULL;
	*bytes = why ? why->bytes : 0;
	return n;
}

static void expect(unsigned int threads, const char *name, uint64_t bytes)
{
	const char *got;
	uint64_t limit;

	assert_int_equal(fit(&got, &limit), threads);
	if (name)
		assert_string_equal(got, name);
	else
		assert_null(got);
	assert_int_equal(limit, bytes);
}

/* ---- control groups ---- */

static void t_without_limits_there_is_a_thread_for_each_cpu(void **state)
{
	(void)state;
	expect(MANY, NULL, 0);
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/sys/fs/cgroup/a/b/memory.max", "max\n");
	put("/sys/fs/cgroup/a/b/memory.high", "max\n");
	expect(MANY, NULL, 0);
}

static void t_half_of_the_control_group_is_used(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/sys/fs/cgroup/a/b/memory.max", "104857600\n");
	put("/sys/fs/cgroup/a/b/memory.current", "4194304\n");
	/* (96 / 2 - 4) / 2 */
	expect(22, "control group", 100 * MIB);
}

static void t_groups_above_and_memory_high_count(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/sys/fs/cgroup/a/b/memory.max", "max\n");
	put("/sys/fs/cgroup/a/memory.max", "104857600\n");
	expect(23, "control group", 100 * MIB);
	put("/sys/fs/cgroup/a/b/memory.high", "52428800\n");
	expect(10, "control group", 50 * MIB);
}

static void t_what_others_took_is_gone_but_cached_files_are_not(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/a\n");
	put("/sys/fs/cgroup/a/memory.max", "104857600\n");
	put("/sys/fs/cgroup/a/memory.current", "94371840\n");
	put("/sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 41943040\n"
					    "active_file 10485760\nslab 5\n");
	/* 90 MiB used, 50 of them cached: (60 / 2 - 4) / 2 */
	expect(13, "control group", 100 * MIB);
	put("/sys/fs/cgroup/a/memory.stat", "anon 1\n");
	/* 10 MiB left: one is always allowed. */
	expect(1, "control group", 100 * MIB);
	put("/sys/fs/cgroup/a/memory.current", "1073741824\n");
	expect(1, "control group", 100 * MIB);
}

static void t_version_1_counts_as_well(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "5:cpu,memory:/a\n1:name=systemd:/\n0::/\n");
	put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
	expect(MANY, NULL, 0);
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
	put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "94371840\n");
	put("/sys/fs/cgroup/memory/memory.stat", "cache 9\ntotal_inactive_file 41943040\n"
						 "total_active_file 10485760\n");
	expect(13, "control group", 100 * MIB);
}

/* As where the container sees its own group mounted as the root. */
static void t_a_group_that_is_not_to_be_seen_is_that_of_the_mount(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/docker/0123\n");
	put("/sys/fs/cgroup/memory.max", "104857600\n");
	expect(23, "control group", 100 * MIB);
	put("/proc/self/cgroup", "0::/../..\n");
	expect(23, "control group", 100 * MIB);
}

static void t_nonsense_is_no_limit(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "nonsense\n0::\n:\n::::\n0::/a\n");
	put("/sys/fs/cgroup/a/memory.max", "");
	put("/sys/fs/cgroup/a/memory.high", "lots\n");
	expect(MANY, NULL, 0);
}

static void t_cpu_quotas_are_rounded_up(void **state)
{
	unsigned int all;

	(void)state;
	all = wd_cpu_count();
	put("/proc/self/cgroup", "0::/a\n");
	put("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
	assert_int_equal(wd_cpu_count(), all);
	put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
	assert_int_equal(wd_cpu_count(), 1);
	put("/sys/fs/cgroup/cpu.max", "110000 100000\n");
	assert_int_equal(wd_cpu_count(), all < 2 ? all : 2);
	put("/proc/self/cgroup", "3:cpu,cpuacct:/a\n");
	assert_int_equal(wd_cpu_count(), all);
	put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
	assert_int_equal(wd_cpu_count(), all);
	put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "1000\n");
	assert_int_equal(wd_cpu_count(), 1);
}

/* ---- the machine ---- */

static void t_the_machine_is_the_last_bound(void **state)
{
	(void)state;
	put("/proc/meminfo", "MemTotal:  8000000 kB\nMemFree:  1 kB\n"
			     "MemAvailable:     102400 kB\n");
	expect(23, "available memory", 100 * MIB);
	put("/proc/meminfo", "MemTotal:  8000000 kB\n");
	expect(MANY, NULL, 0);
}

/* ---- limits of the process ---- */

/* In a child, as a limit can be too low for what comes after. */
static void with_rlimit(int resource, uint64_t bytes, void (*body)(void))
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setrlimit(resource, &limit) < 0)
			_exit(2);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void in_little_space(void)
{
	const char *name = "none";
	uint64_t bytes;
	unsigned int n = fit(&name, &bytes);

	/* A thread takes its stack and an arena, too. */
	if (n < 2 || n > 1024 / 66 || !name || strcmp(name, "address space") ||
	    bytes != 1024 * MIB)
		_exit(1);
}

static void in_little_data(void)
{
	const char *name = "none";
	uint64_t bytes;
	unsigned int n = fit(&name, &bytes);

	if (n < 2 || n > 512 / 2 || !name || strcmp(name, "data") || bytes != 256 * MIB)
		_exit(1);
}

static void t_limits_of_the_process_count(void **state)
{
	(void)state;
	/* Sanitizers need more address space than that. */
	if (T_SLOW)
		skip();
	with_rlimit(RLIMIT_AS, 1024 * MIB, in_little_space);
	with_rlimit(RLIMIT_DATA, 256 * MIB, in_little_data);
}

/* ---- sessions ---- */

static struct wd_comp_sess *create(enum wd_comp_op op, int level, uint32_t threads)
{
	struct wd_comp_setup setup = {
		.op = op,
		.level = level,
		.threads = threads,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	struct wd_comp_sess *s;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	return s;
}

/* All that @sess makes of @in; wd_comp_bound() must have been enough. */
static uint8_t *run(struct wd_comp_sess *s, const uint8_t *in, size_t len, size_t *made)
{
	size_t cap = wd_comp_bound(s, len);
	uint8_t *out = malloc(cap);

	assert_non_null(out);
	assert_int_equal(wd_comp_run(s, in, len, out, cap, NULL, made), 0);
	return out;
}

static void t_chunks_shrink_only_where_one_thread_has_no_room(void **state)
{
	static const struct {
		const char *max;
		uint32_t chunk;
		bool same;
	} cases[] = {
		{ "33554432\n", 2048 << 10, true },
		{ "20971520\n", 1024 << 10, false },
		{ "12582912\n", 512 << 10, false },
		{ "1048576\n", 512 << 10, false },
	};
	size_t len = 5 * MIB, want_len, got_len;
	uint8_t *in = malloc(len), *want, *got;
	struct wd_comp_info info;
	struct wd_comp_sess *s;

	(void)state;
	assert_non_null(in);
	for (size_t i = 0; i < len; i++)
		in[i] = (uint8_t)(i * i >> 7);
	s = create(WD_COMP_COMPRESS, 6, 0);
	want = run(s, in, len, &want_len);
	wd_comp_destroy(s);
	put("/proc/self/cgroup", "0::/a\n");
	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++) {
		put("/sys/fs/cgroup/a/memory.max", cases[i].max);
		/* The number of threads has no say in what comes out. */
		for (uint32_t threads = 0; threads < 4; threads++) {
			s = create(WD_COMP_COMPRESS, 6, threads);
			got = run(s, in, len, &got_len);
			assert_int_equal(wd_comp_get_info(s, &info), 0);
			assert_int_equal(info.chunk_size, cases[i].chunk);
			assert_int_equal(got_len == want_len &&
					 !memcmp(got, want, got_len), cases[i].same);
			if (!cases[i].same)
				assert_non_null(strstr(info.limited, "(control group)"));
			if (threads)
				assert_int_equal(info.threads, threads);
			free(got);
			wd_comp_destroy(s);
		}
	}
	free(want);
	free(in);
}

static void t_given_chunks_do_not_shrink(void **state)
{
	struct wd_comp_setup setup = {
		.op = WD_COMP_COMPRESS,
		.chunk_size = 2 << 20,
		.threads = 1,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	size_t len = 5 * MIB, made;
	uint8_t *in = calloc(1, len), *out;
	struct wd_comp_info info;
	struct wd_comp_sess *s;

	(void)state;
	put("/proc/self/cgroup", "0::/a\n");
	put("/sys/fs/cgroup/a/memory.max", "12582912\n");
	assert_int_equal(wd_comp_create(&s, &setup), 0);
	out = run(s, in, len, &made);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_int_equal(info.chunk_size, 2 << 20);
	assert_null(info.limited);
	wd_comp_destroy(s);
	free(out);
	free(in);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_without_limits_there_is_a_thread_for_each_cpu),
		TEST(t_half_of_the_control_group_is_used),
		TEST(t_groups_above_and_memory_high_count),
		TEST(t_what_others_took_is_gone_but_cached_files_are_not),
		TEST(t_version_1_counts_as_well),
		TEST(t_a_group_that_is_not_to_be_seen_is_that_of_the_mount),
		TEST(t_nonsense_is_no_limit),
		TEST(t_cpu_quotas_are_rounded_up),
		TEST(t_the_machine_is_the_last_bound),
		TEST(t_limits_of_the_process_count),
		TEST(t_chunks_shrink_only_where_one_thread_has_no_room),
		TEST(t_given_chunks_do_not_shrink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
