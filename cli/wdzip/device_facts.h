/* SPDX-License-Identifier: MIT */
/*
 * What is known of the accelerators of a machine.  Gathered by device_list.c,
 * device_node.c and device_counter.c, and for --doctor by doctor_device.c and
 * doctor_test.c, too; after that nobody writes to it.
 */
#ifndef CLI_DEVICE_FACTS_H
#define CLI_DEVICE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include <warpdrive/wd.h>

#include "kernel_file.h"

#define DEVICES_MAX  64
#define USERS_MAX    16 /* processes that are named for a device */
#define COUNTERS_MAX 32

/* Bits of the attribute "flags": see uacce(4). */
#define FLAG_SVA      (1 << 0)
#define FLAG_NO_IOMMU (1 << 1)
#define FLAG_IOMMU    (1 << 7)

enum answer {
	ANSWER_UNKNOWN,
	ANSWER_NO,
	ANSWER_YES,
};

enum device_node_kind {
	NODE_UNKNOWN,
	NODE_MISSING,
	NODE_OTHER, /* not a character device */
	NODE_WRONG, /* not the device that sysfs tells of */
	NODE_RIGHT,
};

/*
 * struct device_node - the file in /dev
 * @usable:   this process may read and write it
 * @member:   of its group, in this session
 * @listed:   as a member of its group by the group's own entry
 * @group_rw: the group may read and write it
 * @dev_major, @dev_minor: of the device that it should be; NOT_KNOWN if so
 */
struct device_node {
	enum device_node_kind kind;
	unsigned int mode;
	unsigned int uid, gid;
	char owner[64], group[64];
	bool usable, member, listed, group_rw;
	int64_t dev_major, dev_minor;
};

struct device_user {
	int pid;
	unsigned int queues;
	char name[32];
};

/* What it means that a counter is not 0. */
enum counter_kind {
	COUNTER_PLAIN,
	COUNTER_FAULT, /* an error of the device, or of who uses it */
	COUNTER_RESET,
	COUNTER_FALLBACK, /* work that the CPU had to do */
	COUNTER_INJECTED, /* faults to come that somebody asked for */
};

struct device_counter {
	const char *name;
	enum counter_kind kind;
	uint64_t value;
};

enum debugfs_access {
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
 * struct device_facts - an accelerator; numbers are NOT_KNOWN if so
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
 * @process_queues: queues that processes can have, if the driver's debugfs tells
 * @user_count: entries of @users; @users_hidden: there may be others
 * @listed:    the library lists it; then @driver, @status and @reason are what it says
 */
struct device_facts {
	char name[WD_NAME_MAX];
	bool in_class;
	char api[WD_NAME_MAX];
	char algs[WD_ALGS_MAX];
	int64_t flags;
	int64_t free_queues, process_queues;
	int64_t isolated, isolate_strategy;
	int64_t mmio_size, dus_size;
	char odd[32];
	struct device_node node;

	char pci[32];
	int64_t revision;
	bool vf;
	int64_t vfs, vfs_max;
	char module[64];
	int64_t iommu_group;
	char iommu_type[32];
	int64_t numa_node, numa_distance;
	bool numa_away;

	struct device_user users[USERS_MAX];
	unsigned int user_count;
	bool users_hidden;

	enum debugfs_access debugfs;
	char qm_status[16];
	struct device_counter counters[COUNTERS_MAX];
	unsigned int counter_count;

	bool listed;
	char driver[WD_NAME_MAX];
	int status;
	char reason[WD_REASON_MAX];
	struct doctor_test test;
};

/* @more: devices that could compress than there is room for */
struct device_list {
	struct device_facts devices[DEVICES_MAX];
	unsigned int count;
	bool more;
};

#endif
