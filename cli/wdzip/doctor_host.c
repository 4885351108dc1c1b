/* SPDX-License-Identifier: MIT */
/*
 * The machine that --doctor runs on, but for its accelerators: kernel, firmware, limits
 * of this process, libraries.
 */
#include <dlfcn.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <libdeflate.h>
#include <zlib.h>

#include "account.h"
#include "doctor_host.h"
#include "kernel_file.h"

#define CONFIG_LINES_MAX 100000u
#define THREAD_FIXED	 (8u << 20) /* bytes; about what compression takes */
#define THREAD_EACH	 (4u << 20)
#define CPUS_MAX	 (1 << 16)
#define GROUPS_MAX	 1024
#define RULE_LINE	 1024 /* bytes of a line of udev's that are looked at */

/* ---- the kernel's configuration ---- */

static const char *const option_names[OPTIONS] = {
	[OPTION_UACCE] = "CONFIG_UACCE",
	[OPTION_HISI_QM] = "CONFIG_CRYPTO_DEV_HISI_QM",
	[OPTION_HISI_ZIP] = "CONFIG_CRYPTO_DEV_HISI_ZIP",
	[OPTION_IOMMU_SVA] = "CONFIG_IOMMU_SVA",
	[OPTION_SMMU_SVA] = "CONFIG_ARM_SMMU_V3_SVA",
	[OPTION_PASID] = "CONFIG_PCI_PASID",
	[OPTION_IOV] = "CONFIG_PCI_IOV",
	[OPTION_SIG_FORCE] = "CONFIG_MODULE_SIG_FORCE",
};

const char *option_name(enum doctor_option option)
{
	return option_names[option];
}

/* "CONFIG_NAME=y"; what is off stands there as a comment, or not at all. */
static void read_option(struct doctor_host *host, const char *line)
{
	for (int i = 0; i < OPTIONS; i++) {
		size_t len = strlen(option_names[i]);

		if (!strncmp(line, option_names[i], len) && line[len] == '=' &&
		    (line[len + 1] == 'y' || line[len + 1] == 'm'))
			host->options[i] = ANSWER_YES;
	}
}

/* False if there is nothing in it. */
static bool read_config(struct doctor_host *host, const char *path)
{
	gzFile file = gzopen(path, "rb");
	unsigned int n = 0;
	char line[256];

	if (!file)
		return false;
	while (n < CONFIG_LINES_MAX && gzgets(file, line, sizeof(line))) {
		if (!n++)
			for (int i = 0; i < OPTIONS; i++)
				host->options[i] = ANSWER_NO;
		read_option(host, line);
	}
	gzclose(file);
	return n;
}

static void find_config(struct doctor_host *host)
{
	char path[128];

	if (read_config(host, "/proc/config.gz"))
		return;
	if (!is_plain_name(host->release, sizeof(host->release)))
		return;
	snprintf(path, sizeof(path), "/boot/config-%s", host->release);
	if (read_config(host, path))
		return;
	snprintf(path, sizeof(path), "/lib/modules/%s/config", host->release);
	read_config(host, path);
}

/* ---- what may be loaded ---- */

/* Four bytes of attributes, then 1 or 0. */
static enum answer read_secure_boot(void)
{
	unsigned char bytes[6];
	FILE *file = fopen("/sys/firmware/efi/efivars/"
			   "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
			   "re");
	size_t n = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

	if (file)
		fclose(file);
	if (n != 5)
		return ANSWER_UNKNOWN;
	return bytes[4] ? ANSWER_YES : ANSWER_NO;
}

/* "none [integrity] confidentiality": the one that holds. */
static void read_lockdown(struct doctor_host *host)
{
	char text[128];
	char *open, *close;

	read_text(text, sizeof(text), "/sys/kernel/security/lockdown");
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close || close - open > (int)sizeof(host->lockdown))
		return;
	*close = '\0';
	strcpy(host->lockdown, open + 1);
}

static enum answer read_switch(const char *path)
{
	char text[8];

	if (read_text(text, sizeof(text), "%s", path) <= 0)
		return ANSWER_UNKNOWN;
	return !strcmp(text, "Y") || !strcmp(text, "1") ? ANSWER_YES
							: ANSWER_NO;
}

static void read_parameters(struct doctor_host *host)
{
	host->sig_enforce =
		read_switch("/sys/module/module/parameters/sig_enforce");
	host->unsafe_no_sva =
		read_switch("/sys/module/wd_uacce/parameters/unsafe_no_sva");
	host->unsafe_doorbells = read_switch(
		"/sys/module/wd_uacce/parameters/unsafe_shared_doorbells");
	host->uacce_mode =
		read_number("/sys/module/hisi_zip/parameters/uacce_mode");
}

/* ---- udev's rules ---- */

/*
 * "uaccess", which has nothing to do with uacce, is the tag of files that whoever sits at
 * the machine may use.
 */
static bool is_rule(const char *line)
{
	line += strspn(line, " \t");
	return *line != '#' &&
	       (strstr(line, "\"uacce\"") || strstr(line, "hisi_zip") ||
		strstr(line, "wd_dummy")) &&
	       (strstr(line, "MODE") || strstr(line, "GROUP") ||
		strstr(line, "\"uaccess\""));
}

struct rules {
	struct doctor_host *host;
	const char *dir;
};

static void read_rules(void *arg, const char *name)
{
	const struct rules *rules = arg;
	struct doctor_host *host = rules->host;
	size_t len = strlen(name);
	char path[256], line[RULE_LINE];
	FILE *file;

	if (host->udev_rule[0] || len < 6 || strcmp(name + len - 6, ".rules") ||
	    snprintf(path, sizeof(path), "%s/%s", rules->dir, name) >=
		    (int)sizeof(path))
		return;
	file = fopen(path, "re");
	while (file && !host->udev_rule[0] && fgets(line, sizeof(line), file))
		if (is_rule(line))
			strcpy(host->udev_rule, path);
	if (file)
		fclose(file);
}

static void find_rule(struct doctor_host *host)
{
	static const char *const dirs[] = { "/etc/udev/rules.d",
					    "/run/udev/rules.d",
					    "/usr/lib/udev/rules.d",
					    "/lib/udev/rules.d" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		struct rules rules = { host, dirs[i] };

		host->udev = host->udev || path_exists("%s", dirs[i]);
		each_name(dirs[i], 200, read_rules, &rules);
	}
}

/* ---- this process ---- */

static bool has_rawio(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
						 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	return !syscall(SYS_capget, &head, data) &&
	       data[CAP_TO_INDEX(CAP_SYS_RAWIO)].effective &
		       CAP_TO_MASK(CAP_SYS_RAWIO);
}

static void add_group(struct doctor_host *host, gid_t gid)
{
	size_t len = strlen(host->groups);
	char text[64];

	account_group_name(text, sizeof(text), gid);
	if (len + strlen(text) + 2 <= sizeof(host->groups) &&
	    !has_name(host->groups, text, ' '))
		sprintf(host->groups + len, "%s%s", len ? " " : "", text);
}

static void read_user(struct doctor_host *host)
{
	gid_t groups[GROUPS_MAX];
	int n;

	host->root = !geteuid();
	host->rawio = has_rawio();
	account_user_name(host->user, sizeof(host->user), geteuid());
	add_group(host, getegid());
	n = getgroups(GROUPS_MAX, groups);
	for (int i = 0; i < n; i++)
		add_group(host, groups[i]);
}

static unsigned int cpus_in_mask(void)
{
	size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
	cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
	unsigned int count = 0;

	if (set && !sched_getaffinity(0, size, set))
		count = (unsigned int)CPU_COUNT_S(size, set);
	CPU_FREE(set);
	return count;
}

static void read_limits(struct doctor_host *host)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	struct rlimit limit;

	host->memlock = UINT64_MAX;
	if (!getrlimit(RLIMIT_MEMLOCK, &limit) &&
	    limit.rlim_cur != RLIM_INFINITY)
		host->memlock = limit.rlim_cur;
	host->cpus_online = online > 0 ? (unsigned int)online : 1;
	host->cpus_affinity = cpus_in_mask();
	host->cpus_usable = wd_cpu_count();
	host->threads =
		wd_thread_count(THREAD_FIXED, THREAD_EACH, &host->limit);
}

/* ---- libraries ---- */

#ifdef WD_ISAL_LIBRARY

/* It has no function that tells; the file of 2.30 is called "libisal.so.2.0.30". */
static void find_isal_version(struct doctor_host *host, void *handle)
{
	void *function = dlsym(handle, "isal_deflate");
	unsigned int major, minor;
	const char *numbers;
	char path[PATH_MAX];
	Dl_info info;

	if (!function || !dladdr(function, &info) || !info.dli_fname ||
	    !realpath(info.dli_fname, path))
		return;
	numbers = strstr(path, ".so.");
	if (numbers && sscanf(numbers, ".so.%u.%*u.%u", &major, &minor) == 2)
		snprintf(host->isal_version, sizeof(host->isal_version),
			 "%u.%u", major, minor);
}

static void read_isal(struct doctor_host *host)
{
	void *handle = dlopen(WD_ISAL_LIBRARY, RTLD_NOW | RTLD_LOCAL);

	host->isal = handle ? ANSWER_YES : ANSWER_NO;
	if (!handle)
		return;
	find_isal_version(host, handle);
	dlclose(handle);
}

#else

static void read_isal(struct doctor_host *host)
{
	host->isal = ANSWER_UNKNOWN;
}

#endif

static void read_libraries(struct doctor_host *host)
{
	read_isal(host);
	host->libdeflate = LIBDEFLATE_VERSION_STRING;
	host->zlib = zlibVersion();
}

void gather_host(struct doctor_host *host)
{
	struct utsname name;

	if (!uname(&name)) {
		snprintf(host->release, sizeof(host->release), "%s",
			 name.release);
		snprintf(host->machine, sizeof(host->machine), "%s",
			 name.machine);
	}
	host->sysfs = path_exists("/sys/class");
	host->procfs = path_exists("/proc/self");
	find_config(host);
	host->secure_boot = read_secure_boot();
	read_lockdown(host);
	read_parameters(host);
	find_rule(host);
	read_user(host);
	read_limits(host);
	read_libraries(host);
}
