/* SPDX-License-Identifier: MIT */
/*
 * What --doctor knows of a machine.  Gathered by doctor_host.c, doctor_module.c,
 * doctor_device.c, doctor_node.c, doctor_counter.c, doctor_test.c and doctor_speed.c;
 * after that nobody writes to it.
 */
#ifndef CLI_DOCTOR_FACTS_H
#define CLI_DOCTOR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include <warpdrive/wd.h>

#define DOCTOR_DEVICES_MAX  64
#define DOCTOR_USERS_MAX    16 /* processes that are named for a device */
#define DOCTOR_COUNTERS_MAX 32
#define DOCTOR_NOT_KNOWN    (-1) /* of numbers that are not negative */

/* Bits of the attribute "flags": see uacce(4). */
#define FLAG_SVA      (1 << 0)
#define FLAG_NO_IOMMU (1 << 1)
#define FLAG_IOMMU    (1 << 7)

enum answer {
	ANSWER_UNKNOWN,
	ANSWER_NO,
	ANSWER_YES,
};

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

/* ---- devices ---- */

enum doctor_node_kind {
	NODE_UNKNOWN,
	NODE_MISSING,
	NODE_OTHER, /* not a character device */
	NODE_WRONG, /* not the device that sysfs tells of */
	NODE_RIGHT,
};

/*
 * struct doctor_node - the file in /dev
 * @usable:   this process may read and write it
 * @member:   of its group, in this session
 * @listed:   as a member of its group by the group's own entry
 * @group_rw: the group may read and write it
 * @dev_major, @dev_minor: of the device that it should be; DOCTOR_NOT_KNOWN if so
 */
struct doctor_node {
	enum doctor_node_kind kind;
	unsigned int mode;
	unsigned int uid, gid;
	char owner[64], group[64];
	bool usable, member, listed, group_rw;
	int64_t dev_major, dev_minor;
};

struct doctor_user {
	int pid;
	unsigned int queues;
	char name[32];
};

/* What it means that a counter is not 0. */
enum doctor_counter_kind {
	COUNTER_PLAIN,
	COUNTER_FAULT, /* an error of the device, or of who uses it */
	COUNTER_RESET,
	COUNTER_FALLBACK, /* work that the CPU had to do */
	COUNTER_INJECTED, /* faults to come that somebody asked for */
};

struct doctor_counter {
	const char *name;
	enum doctor_counter_kind kind;
	uint64_t value;
};

enum doctor_debugfs {
	DEBUGFS_NOT_NEEDED, /* the driver has nothing there, or is not known */
	DEBUGFS_READ,
	DEBUGFS_ABSENT,
	DEBUGFS_DENIED,
};

enum doctor_test_result {
	TEST_NOT_RUN, /* or it could not be begun */
	TEST_OK,
	TEST_NO_QUEUE, /* opening one failed */
	TEST_FAILED,   /* the device said so */
	TEST_WRONG,    /* data or checksum */
	TEST_TIMEOUT,
	TEST_DIED, /* the process that did it was ended by a signal */
};

/*
 * struct doctor_test - a round trip by the device
 * @error:    negative errno, or the signal of TEST_DIED
 * @doing:    what was under way when it ended: "open", "compress", "decompress"
 * @compress, @decompress: whether the device did it; ANSWER_NO if it said that it
 *            cannot; not known if it was not asked
 * @bytes:    of data
 */
struct doctor_test {
	enum doctor_test_result result;
	int error;
	char doing[16];
	enum answer compress, decompress;
	uint64_t bytes;
};

/*
 * struct doctor_device - an accelerator; numbers are DOCTOR_NOT_KNOWN if so
 * @name:      as in /dev; empty for a PCI function without a queue file
 * @in_class:  it is in /sys/class/uacce
 * @odd:       attribute whose text makes no sense, or is missing; or empty
 * @pci:       its address, or empty
 * @revision:  of PCI
 * @vf:        a virtual function
 * @vfs, @vfs_max: virtual functions that are on, and that could be
 * @module:    the kernel's driver, or empty
 * @iommu_type: as sysfs has it: "DMA", "identity"
 * @numa_distance: from the nearest CPU that this process may use
 * @numa_away: none of these CPUs is on its node, which has others
 * @user_count: entries of @users; @users_hidden: there may be others
 * @listed:    the library lists it; then @driver, @status and @reason are what it says
 */
struct doctor_device {
	char name[WD_NAME_MAX];
	bool in_class;
	char api[WD_NAME_MAX];
	char algs[WD_ALGS_MAX];
	int64_t flags;
	int64_t free_queues;
	int64_t isolated, isolate_strategy;
	int64_t mmio_size, dus_size;
	char odd[32];
	struct doctor_node node;

	char pci[32];
	int64_t revision;
	bool vf;
	int64_t vfs, vfs_max;
	char module[64];
	int64_t iommu_group;
	char iommu_type[32];
	int64_t numa_node, numa_distance;
	bool numa_away;

	struct doctor_user users[DOCTOR_USERS_MAX];
	unsigned int user_count;
	bool users_hidden;

	enum doctor_debugfs debugfs;
	char qm_status[16];
	struct doctor_counter counters[DOCTOR_COUNTERS_MAX];
	unsigned int counter_count;

	bool listed;
	char driver[WD_NAME_MAX];
	int status;
	char reason[WD_REASON_MAX];
	struct doctor_test test;
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
	struct doctor_device devices[DOCTOR_DEVICES_MAX];
	unsigned int device_count;
	bool more_devices; /* that could compress than there is room for */
	struct doctor_run run;
};

#endif
