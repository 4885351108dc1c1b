/* SPDX-License-Identifier: MIT */
/*
 * The machine and the software that figures were made with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "environment.h"

static void copy(char *to, const char *from)
{
	snprintf(to, ENV_TEXT, "%s", from);
	to[strcspn(to, "\n")] = '\0';
}

/* What follows @key and @sep on the first line of @path that begins with @key. */
static bool find_line(const char *path, const char *key, const char *sep, char *value)
{
	FILE *file = fopen(path, "re");
	size_t len = strlen(key);
	bool found = false;
	char line[512];

	while (file && !found && fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, sep);

		if (strncmp(line, key, len) || !at)
			continue;
		at += strlen(sep);
		at += strspn(at, " \t\"");
		copy(value, at);
		value[strcspn(value, "\"")] = '\0';
		found = true;
	}
	if (file)
		fclose(file);
	return found;
}

static void read_line(const char *path, char *value)
{
	find_line(path, "", "", value);
}

static void read_cpu(struct environment *env)
{
	if (find_line("/proc/cpuinfo", "model name", ":", env->cpu))
		return;
	/* 64-bit Arm has numbers only; the board has a name, mostly. */
	read_line("/sys/firmware/devicetree/base/model", env->cpu);
	if (!env->cpu[0])
		find_line("/proc/cpuinfo", "CPU part", ":", env->cpu);
}

void environment_read(struct environment *env)
{
	char text[ENV_TEXT];
	struct utsname name;
	double load[1];
	time_t now = time(NULL);
	struct tm tm;

	memset(env, 0, sizeof(*env));
	if (gmtime_r(&now, &tm))
		strftime(env->time, sizeof(env->time), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (uname(&name) == 0) {
		copy(env->machine, name.machine);
		snprintf(env->kernel, ENV_TEXT, "%.60s %.60s", name.sysname,
			 name.release);
	}
	read_cpu(env);
	find_line("/etc/os-release", "PRETTY_NAME", "=", env->system);
	read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
		  env->governor);
	read_line("/sys/hypervisor/type", env->hypervisor);
	if (!env->hypervisor[0])
		read_line("/sys/class/dmi/id/sys_vendor", env->hypervisor);
	env->cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	env->cpus_usable = wd_cpu_count();
	if (find_line("/proc/meminfo", "MemTotal", ":", text))
		env->memory_kib = strtoull(text, NULL, 10);
	if (getloadavg(load, 1) == 1)
		env->load = load[0];
	env->n_devices = wd_device_list(&env->devices);
	if (env->n_devices < 0)
		env->n_devices = 0;
}

void environment_free(struct environment *env)
{
	wd_device_list_free(env->devices);
	env->devices = NULL;
	env->n_devices = 0;
}
