/* SPDX-License-Identifier: MIT */
/*
 * What --doctor knows of a machine.  Gathered by doctor_host.c, doctor_module.c,
 * doctor_device.c with what it calls, doctor_test.c and doctor_speed.c; after that nobody
 * writes to it.
 */
#ifndef CLI_DOCTOR_FACTS_H
#define CLI_DOCTOR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include <warpdrive/wd.h>

#include "device_facts.h"

/* ---- the host ---- */

enum doctor_option {
	OPTION_UACCE,
	OPTION_HISI_QM,
	OPTION_HISI_ZIP,
	OPTION_IOMMU_SVA,
	OPTION_SMMU_SVA,
	OPTION_PASID,
	OPTION_IOV,
	OPTION_SIG_FORCE,
	OPTIONS,
};

/* In the order of the table in doctor_module.c: each after what it needs. */
enum doctor_module_name {
	MODULE_WD_UACCE,
	MODULE_WD_QM,
	MODULE_WD_ZIP,
	MODULE_WD_DUMMY,
	MODULE_UACCE,
	MODULE_QM,
	MODULE_ZIP,
	MODULES,
};

/*
 * struct doctor_module - a kernel module that there could be
 * @ours:      of this project
 * @loaded:    or built into the kernel
 * @installed: whether the kernel's list of modules has it
 * @state:     as the kernel calls it: "live", "coming", "going"; or empty
 * @version, @srcversion: of what is loaded; empty if it has none
 * @file_version, @file_srcversion: of the file that would be loaded now
 */
struct doctor_module {
	const char *name;
	bool ours;
	bool loaded;
	enum answer installed;
	char state[16];
	char version[32];
	char srcversion[32];
	char file_version[32];
	char file_srcversion[32];
};

/*
 * struct doctor_host - the machine, and what this process may do
 * @sysfs, @procfs: whether they are there
 * @options:     of the kernel; ANSWER_UNKNOWN for all if its configuration is not told
 * @secure_boot: by the firmware's variable
 * @lockdown:    "none", "integrity", "confidentiality"; empty if not told
 * @sig_enforce: whether modules need a signature
 * @unsafe_no_sva, @unsafe_doorbells: parameters of wd_uacce
 * @uacce_mode:  parameter of Linux's hisi_zip
 * @rawio:       whether this process has CAP_SYS_RAWIO
 * @user, @groups: names; @groups separated by blanks
 * @udev_rule:   the file with a rule for uacce, or empty
 * @udev:        whether the directories of rules were looked into
 * @memlock:     bytes, UINT64_MAX for no limit
 * @cpus_online, @cpus_affinity, @cpus_usable: the machine's; those of the affinity
 *               mask; those of wd_cpu_count()
 * @threads:     by wd_thread_count()
 * @limit:       why these are fewer than @cpus_usable; @bytes 0 if they are not
 * @isal:        whether its library can be loaded; ANSWER_UNKNOWN if the tools were
 *               built without it
 * @isal_version: as its file's name has it, or empty
 */
struct doctor_host {
	char release[65];
	char machine[65];
	bool sysfs, procfs;
	enum answer options[OPTIONS];
	enum answer secure_boot;
	char lockdown[32];
	enum answer sig_enforce;
	enum answer unsafe_no_sva, unsafe_doorbells;
	int64_t uacce_mode;
	bool root, rawio;
	char user[64];
	char groups[512];
	char udev_rule[256];
	bool udev;
	uint64_t memlock;
	unsigned int cpus_online, cpus_affinity, cpus_usable, threads;
	struct wd_memory_limit limit;
	enum answer isal;
	char isal_version[32];
	const char *libdeflate;
	const char *zlib;
};

/* ---- what a command would do ---- */

/*
 * struct doctor_run - the run that was tried
 * @wish:   the engine that was asked for, or NULL
 * @error:  negative errno if it failed
 * @failed: what did: "begin", "compress", "decompress", "compare"; NULL if nothing
 * @engine: what would do the work; empty if not known
 * @tried:  it did; else @device is what would be used first, and @cpu is not known
 * @device: the device that did most, or empty
 * @idle:   there were devices for it, and they did nothing
 * @cpu:    the CPU did a part, or all of it, and not in the place of a device
 * @redone: requests that a device failed at, so that others had to do them
 * @mb_per_s: millions of bytes of plain data in a second, 0 if not measured
 */
struct doctor_run {
	const char *wish;
	bool decompress;
	int error;
	const char *failed;
	char engine[WD_NAME_MAX];
	bool tried;
	char device[WD_NAME_MAX];
	bool idle, cpu;
	unsigned int threads;
	int level;
	uint64_t redone;
	double mb_per_s;
};

struct doctor_facts {
	struct doctor_host host;
	struct doctor_module modules[MODULES];
	struct device_list list;
	struct doctor_run run;
};

#endif
