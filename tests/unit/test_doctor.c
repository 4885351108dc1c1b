/* SPDX-License-Identifier: MIT */
/*
 * What wdzip --doctor makes of facts: a table of machines, each well but for one thing,
 * and what has to be found then.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doctor_judge.h"
#include "doctor_names.h"
#include "doctor_rules.h"
#include "t_machine.h"

static struct verdict verdict;

/* ---- what is wrong ---- */

/* clang-format off */
#define FAULT(name, statement)					\
	static void name(struct device_facts *dev)		\
	{							\
		(void)dev;					\
		statement;					\
	}

FAULT(no_sysfs, facts.host.sysfs = false)
FAULT(no_procfs, facts.host.procfs = false)
FAULT(linux_zip, facts.modules[MODULE_ZIP].loaded = true)
FAULT(unsafe, facts.host.unsafe_doorbells = ANSWER_YES)
FAULT(no_isal, facts.host.isal = ANSWER_NO)
FAULT(quota, facts.host.cpus_usable = facts.host.threads = 2)

static void affinity(struct device_facts *dev)
{
	quota(dev);
	facts.host.cpus_affinity = 2;
}

static void little_memory(struct device_facts *dev)
{
	(void)dev;
	facts.host.threads = 3;
	facts.host.limit = (struct wd_memory_limit){
		100u << 20, 0, "control group", { 0 }
	};
}

FAULT(little_memlock, facts.host.memlock = 4096)
FAULT(many, facts.list.more = true)

static void no_engine(struct device_facts *dev)
{
	(void)dev;
	facts.run.wish = "warpcore";
	facts.run.failed = "begin";
	facts.run.error = -ENODEV;
}

static void bad_run(struct device_facts *dev)
{
	(void)dev;
	facts.run.failed = "compare";
	facts.run.error = -EBADMSG;
}

FAULT(redone, facts.run.redone = 3)

static void old_module(struct device_facts *dev)
{
	(void)dev;
	strcpy(facts.modules[MODULE_WD_ZIP].version, "0.0.1");
	strcpy(facts.modules[MODULE_WD_ZIP].file_version, "0.0.2");
}

/* Its file is compressed, so that nobody knows what is in it. */
static void other_than_tools(struct device_facts *dev)
{
	(void)dev;
	strcpy(facts.modules[MODULE_WD_ZIP].version, "0.0.1");
}

/* All of one version: that is one thing to do. */
static void old_modules(struct device_facts *dev)
{
	old_module(dev);
	strcpy(facts.modules[MODULE_WD_UACCE].version, "0.0.1");
	strcpy(facts.modules[MODULE_WD_UACCE].file_version, "0.0.2");
}

static void other_source(struct device_facts *dev)
{
	struct doctor_module *m = &facts.modules[MODULE_WD_UACCE];

	(void)dev;
	strcpy(m->version, wd_version());
	strcpy(m->file_version, wd_version());
	strcpy(m->srcversion, "AAAA");
	strcpy(m->file_srcversion, "BBBB");
}

static void new_linux(struct device_facts *dev)
{
	(void)dev;
	for (int i = MODULE_UACCE; i <= MODULE_ZIP; i++)
		facts.modules[i].loaded = true;
	for (int i = 0; i < MODULE_UACCE; i++)
		facts.modules[i].loaded = false;
	strcpy(facts.modules[MODULE_QM].srcversion, "AAAA");
	strcpy(facts.modules[MODULE_QM].file_srcversion, "BBBB");
}

/* Nobody knows which version of these goes with the tools. */
static void linux_version(struct device_facts *dev)
{
	(void)dev;
	facts.modules[MODULE_QM].loaded = true;
	strcpy(facts.modules[MODULE_QM].version, "6.1");
}

FAULT(stuck, strcpy(facts.modules[MODULE_WD_ZIP].state, "going"))
FAULT(odd, strcpy(dev->odd, "flags"))

static void no_algs(struct device_facts *dev)
{
	strcpy(dev->algs, "lz4");
	dev->listed = false;
	dev->test.result = TEST_NOT_RUN;
}

static void new_api(struct device_facts *dev)
{
	strcpy(dev->api, "hisi_qm_v9");
	dev->listed = false;
	dev->test.result = TEST_NOT_RUN;
}

FAULT(no_regions, dev->mmio_size = NOT_KNOWN)

static void refuse(struct device_facts *dev, int status)
{
	dev->status = status;
	strcpy(dev->reason, "of what the library says");
	dev->test.result = TEST_NOT_RUN;
	dev->test.compress = dev->test.decompress = ANSWER_UNKNOWN;
}

static void unseen_node(struct device_facts *dev)
{
	refuse(dev, -ENODEV);
	dev->node.kind = NODE_UNKNOWN;
}

static void no_node(struct device_facts *dev)
{
	refuse(dev, -ENODEV);
	dev->node.kind = NODE_MISSING;
}

/* Nor does the kernel say which device it would be. */
static void no_node_number(struct device_facts *dev)
{
	no_node(dev);
	dev->node.dev_major = dev->node.dev_minor = NOT_KNOWN;
}

static void no_node_number_nor_module(struct device_facts *dev)
{
	no_node_number(dev);
	dev->module[0] = '\0';
}

static void no_device_node(struct device_facts *dev)
{
	refuse(dev, -ENODEV);
	dev->node.kind = NODE_OTHER;
}

FAULT(wrong_node, dev->node.kind = NODE_WRONG)

static void outsider(struct device_facts *dev)
{
	refuse(dev, -EACCES);
	dev->node.usable = dev->node.member = false;
}

static void old_session(struct device_facts *dev)
{
	outsider(dev);
	dev->node.listed = true;
}

static void access_list(struct device_facts *dev)
{
	refuse(dev, -EACCES);
	dev->node.usable = false;
}

static void roots_node(struct device_facts *dev)
{
	outsider(dev);
	dev->node.gid = 0;
	dev->node.group_rw = false;
	dev->node.mode = 0600;
}

static void no_rule(struct device_facts *dev)
{
	roots_node(dev);
	facts.host.udev_rule[0] = '\0';
}

/* As in a container that was not given the device. */
static void root_denied(struct device_facts *dev)
{
	roots_node(dev);
	facts.host.root = true;
}

/* A member by chance, or by the group's own entry: that is not the matter. */
static void root_denied_by_group(struct device_facts *dev)
{
	old_session(dev);
	facts.host.root = true;
}

static void anybody_denied(struct device_facts *dev)
{
	outsider(dev);
	dev->node.mode = 0666;
}

/* One that may name any address, and that nobody but root may have. */
static void unsafe_node(struct device_facts *dev)
{
	roots_node(dev);
	dev->flags = 2;
	facts.host.rawio = true;
}

static void unsafe_node_denied(struct device_facts *dev)
{
	unsafe_node(dev);
	refuse(dev, -EPERM);
	facts.host.rawio = false;
}

static void root_looks_at_unsafe(struct device_facts *dev)
{
	dev->flags = 128;
	dev->node.gid = 0;
	dev->node.mode = 0600;
	dev->node.group_rw = false;
	facts.host.root = facts.host.rawio = true;
}

static void root_looks(struct device_facts *dev)
{
	dev->node.gid = 0;
	dev->node.mode = 0600;
	dev->node.group_rw = false;
	facts.host.root = true;
}

FAULT(open_node, dev->node.mode = 0666)

static void no_sva(struct device_facts *dev)
{
	refuse(dev, -EOPNOTSUPP);
	dev->flags = 0;
}

/* Data is copied then, for those who may. */
static void bus_addresses(struct device_facts *dev)
{
	dev->flags = 2;
	dev->iommu_group = NOT_KNOWN;
}

static void bus_addresses_denied(struct device_facts *dev)
{
	bus_addresses(dev);
	refuse(dev, -EPERM);
}

static void no_iommu(struct device_facts *dev)
{
	no_sva(dev);
	dev->iommu_group = NOT_KNOWN;
}

static void pass_through(struct device_facts *dev)
{
	no_sva(dev);
	strcpy(dev->iommu_type, "identity");
}

static void old_kernel(struct device_facts *dev)
{
	no_sva(dev);
	facts.host.options[OPTION_SMMU_SVA] = ANSWER_NO;
}

/* What Arm's IOMMU would need is nothing to others. */
static void other_machine(struct device_facts *dev)
{
	old_kernel(dev);
	strcpy(facts.host.machine, "x86_64");
}

static void play(struct device_facts *dev)
{
	no_sva(dev);
	dev->pci[0] = '\0';
	strcpy(dev->module, "wd_dummy");
}

/* No driver of that parameter. */
static void play_unknown(struct device_facts *dev)
{
	play(dev);
	dev->module[0] = '\0';
}

static void cannot_open(struct device_facts *dev, int error)
{
	dev->test =
		(struct doctor_test){ .result = TEST_NO_QUEUE, .error = error };
}

static void no_pasid(struct device_facts *dev)
{
	cannot_open(dev, -ENODEV);
	dev->iommu_group = NOT_KNOWN;
}

FAULT(open_failed, cannot_open(dev, -ENOSPC))

static void restricted(struct device_facts *dev)
{
	unsafe(dev);
	cannot_open(dev, -EPERM);
}

static void locked(struct device_facts *dev)
{
	restricted(dev);
	strcpy(facts.host.lockdown, "integrity");
	facts.host.rawio = true;
}

static void isolated(struct device_facts *dev)
{
	refuse(dev, -EIO);
	dev->isolated = 1;
}

static void linux_isolated(struct device_facts *dev)
{
	isolated(dev);
	strcpy(dev->module, "hisi_zip");
}

/* There is nothing to reset. */
static void dummy_isolated(struct device_facts *dev)
{
	isolated(dev);
	dev->pci[0] = '\0';
	strcpy(dev->module, "wd_dummy");
}

FAULT(resetting, cannot_open(dev, -EBUSY))
FAULT(stopped, strcpy(dev->qm_status, "stop"))

static void used(struct device_facts *dev)
{
	refuse(dev, -EBUSY);
	dev->free_queues = 0;
	dev->users[dev->user_count++] =
		(struct device_user){ 12, 3, "wdbench" };
}

/* That it is busy does not make a lack of SVA worse. */
static void bus_addresses_used(struct device_facts *dev)
{
	bus_addresses(dev);
	used(dev);
}

static void bus_addresses_stopped(struct device_facts *dev)
{
	bus_addresses(dev);
	resetting(dev);
}

static void test_is(struct device_facts *dev, enum doctor_test_result result,
		    int error)
{
	dev->test = (struct doctor_test){ .result = result,
					  .error = error,
					  .doing = "compress" };
}

FAULT(mute, test_is(dev, TEST_TIMEOUT, -ETIMEDOUT))
FAULT(liar, test_is(dev, TEST_WRONG, -EBADMSG))
FAULT(failing, test_is(dev, TEST_FAILED, -EIO))
FAULT(killer, test_is(dev, TEST_DIED, 7))
FAULT(untested, dev->test.result = TEST_NOT_RUN)
FAULT(lazy, dev->test.compress = dev->test.decompress = ANSWER_NO)
FAULT(half, dev->test.decompress = ANSWER_NO)

static void count(struct device_facts *dev, enum counter_kind kind)
{
	dev->counters[dev->counter_count++] =
		(struct device_counter){ "thing", kind, 2 };
}

FAULT(plain_counts, count(dev, COUNTER_PLAIN))
FAULT(fault_counts, count(dev, COUNTER_FAULT))
FAULT(reset_counts, count(dev, COUNTER_RESET))
FAULT(fallback_counts, count(dev, COUNTER_FALLBACK))
FAULT(injected_counts, count(dev, COUNTER_INJECTED))

static void far(struct device_facts *dev)
{
	dev->numa_node = 3;
	dev->numa_distance = 33;
	dev->numa_away = true;
}

FAULT(no_debugfs, dev->debugfs = DEBUGFS_ABSENT)
FAULT(shut_debugfs, dev->debugfs = DEBUGFS_DENIED)
FAULT(functions, dev->vfs = 4)

static void linux_functions(struct device_facts *dev)
{
	functions(dev);
	strcpy(dev->module, "hisi_zip");
}

FAULT(refused, refuse(dev, -EIO))

/* What is a warning does not stand for it. */
static void refused_and_counted(struct device_facts *dev)
{
	refused(dev);
	fault_counts(dev);
}

FAULT(nothing, (void)dev)

/* ---- of devices without a file ---- */

FAULT(virtual_machine, strcpy(dev->module, "vfio-pci"))
FAULT(idle_function, dev->vf = true)
FAULT(not_bound, facts.modules[MODULE_WD_ZIP].loaded = true)

static void unsigned_modules(struct device_facts *dev)
{
	(void)dev;
	facts.host.secure_boot = ANSWER_YES;
	facts.modules[MODULE_WD_ZIP].installed = ANSWER_YES;
}

FAULT(not_installed, facts.host.options[OPTION_UACCE] = ANSWER_NO)

static void mode_off(struct device_facts *dev)
{
	strcpy(dev->module, "hisi_zip");
	facts.host.uacce_mode = 0;
}

static void driver_without_iommu(struct device_facts *dev)
{
	strcpy(dev->module, "wd_hisi_zip");
	dev->iommu_group = NOT_KNOWN;
}

FAULT(driver_without_file, strcpy(dev->module, "wd_hisi_zip"))

/* clang-format on */

/* ---- the table ---- */

enum machine {
	WITHOUT, /* any device */
	WITH,	 /* one that is well */
	HIDDEN,	 /* one without a file */
};

/*
 * @code:  what is found, and nothing else but @also, which may be NULL; both NULL for
 *         nothing
 * @word:  in the action, or the sentence
 * @state: of the device, or -1
 */
/* clang-format off */
static const struct {
	enum machine machine;
	void (*spoil)(struct device_facts *dev);
	const char *code, *also;
	int worst;
	const char *word;
	int state;
} cases[] = {
	{ WITHOUT, nothing, NULL, NULL, -1, NULL, -1 },
	{ WITH, nothing, NULL, NULL, -1, NULL, STATE_OK },
	{ WITH, half, NULL, NULL, -1, NULL, STATE_OK },
	{ WITH, plain_counts, NULL, NULL, -1, NULL, STATE_OK },
	{ WITH, linux_version, NULL, NULL, -1, NULL, STATE_OK },
	{ WITHOUT, little_memlock, NULL, NULL, -1, NULL, -1 },

	{ WITHOUT, no_sysfs, "no-sysfs", NULL, SEVERITY_WARNING, "sysfs", -1 },
	{ WITHOUT, no_procfs, "no-procfs", NULL, SEVERITY_NOTE, "proc", -1 },
	{ WITH, linux_zip, "both-drivers", NULL, SEVERITY_WARNING, "rmmod", STATE_OK },
	{ WITH, unsafe, "unsafe-mode", NULL, SEVERITY_WARNING, "unsafe_shared_doorbells",
	  STATE_OK },
	{ WITHOUT, no_isal, "isal-missing", NULL, SEVERITY_WARNING, "libisal2", -1 },
	{ WITHOUT, quota, "cpu-quota", NULL, SEVERITY_NOTE, "2 of 8", -1 },
	{ WITHOUT, affinity, "cpu-affinity", NULL, SEVERITY_NOTE, "2 of 8", -1 },
	{ WITHOUT, little_memory, "memory-limit", NULL, SEVERITY_NOTE, "100 MiB", -1 },
	{ WITH, little_memlock, "memlock-small", NULL, SEVERITY_NOTE, "4 KiB", STATE_OK },
	{ WITHOUT, many, "many-devices", NULL, SEVERITY_WARNING, "list", -1 },
	{ WITHOUT, no_engine, "engine-unusable", NULL, SEVERITY_ERROR, "warpcore", -1 },
	{ WITHOUT, bad_run, "run-failed", NULL, SEVERITY_ERROR, "compare", -1 },
	{ WITHOUT, redone, "run-redone", NULL, SEVERITY_WARNING, "3 requests", -1 },
	{ WITH, old_module, "module-old", NULL, SEVERITY_WARNING,
	  "rmmod wd_hisi_zip wd_uacce && modprobe -a wd_hisi_zip wd_uacce", STATE_OK },
	{ WITH, old_module, "module-old", NULL, SEVERITY_WARNING,
	  "as version 0.0.1, but installed is 0.0.2", STATE_OK },
	{ WITH, old_modules, "module-old", NULL, SEVERITY_WARNING, "wd_uacce is loaded",
	  STATE_OK },
	{ WITH, other_than_tools, "module-old", NULL, SEVERITY_WARNING,
	  "as version 0.0.1, which differs from these tools: ", STATE_OK },
	{ WITH, other_source, "module-old", NULL, SEVERITY_WARNING,
	  "with srcversion AAAA, but installed is BBBB", STATE_OK },
	{ WITH, new_linux, "module-old", NULL, SEVERITY_WARNING,
	  "rmmod hisi_zip hisi_qm uacce && modprobe hisi_zip uacce_mode=1", STATE_OK },
	{ WITH, stuck, "module-stuck", NULL, SEVERITY_WARNING, "going", STATE_OK },

	{ WITH, odd, "sysfs-odd", NULL, SEVERITY_WARNING, "flags", STATE_DEGRADED },
	{ WITH, no_algs, "algorithms-missing", NULL, SEVERITY_ERROR, "lz4", STATE_UNUSABLE },
	{ WITH, new_api, "api-unknown", NULL, SEVERITY_ERROR, "hisi_qm_v9", STATE_UNUSABLE },
	{ WITH, no_regions, "regions-missing", NULL, SEVERITY_ERROR, "driver", STATE_UNUSABLE },
	{ WITH, unseen_node, "node-unknown", NULL, SEVERITY_ERROR, "ls -l", STATE_UNUSABLE },
	{ WITH, no_node, "node-missing", NULL, SEVERITY_ERROR,
	  "mknod -m 600 /dev/hisi_zip-0 c 235 1;", STATE_UNUSABLE },
	{ WITH, no_node_number, "node-missing", NULL, SEVERITY_ERROR,
	  "rmmod wd_hisi_zip && modprobe wd_hisi_zip", STATE_UNUSABLE },
	{ WITH, no_node_number_nor_module, "node-missing", NULL, SEVERITY_ERROR,
	  "unload its driver and load it again", STATE_UNUSABLE },
	{ WITH, no_device_node, "node-not-device", NULL, SEVERITY_ERROR,
	  "rm -f /dev/hisi_zip-0; mknod -m 600 /dev/hisi_zip-0 c 235 1;", STATE_UNUSABLE },
	{ WITH, wrong_node, "node-wrong", NULL, SEVERITY_ERROR,
	  "rm -f /dev/hisi_zip-0; mknod -m 600 /dev/hisi_zip-0 c 235 1;", STATE_UNUSABLE },
	{ WITH, outsider, "group-missing", NULL, SEVERITY_ERROR, "usermod -a -G accel worker",
	  STATE_UNUSABLE },
	{ WITH, old_session, "session-old", NULL, SEVERITY_ERROR, "log in again",
	  STATE_UNUSABLE },
	{ WITH, access_list, "node-denied", NULL, SEVERITY_ERROR, "getfacl", STATE_UNUSABLE },
	{ WITH, root_denied, "node-denied", NULL, SEVERITY_ERROR,
	  "in a container, give it the device (--device=/dev/hisi_zip-0", STATE_UNUSABLE },
	{ WITH, root_denied_by_group, "node-denied", NULL, SEVERITY_ERROR, "root:accel, 0660",
	  STATE_UNUSABLE },
	{ WITH, anybody_denied, "node-denied", NULL, SEVERITY_ERROR, "0666", STATE_UNUSABLE },
	{ WITH, no_rule, "udev-rule-missing", NULL, SEVERITY_ERROR, "SUBSYSTEM",
	  STATE_UNUSABLE },
	{ WITH, roots_node, "udev-rule-idle", NULL, SEVERITY_ERROR, "udevadm control",
	  STATE_UNUSABLE },
	{ WITH, root_looks, "node-root-only", NULL, SEVERITY_NOTE, "SUBSYSTEM", STATE_OK },
	{ WITH, root_looks_at_unsafe, "node-root-only", "no-sva", SEVERITY_WARNING,
	  "leave it so", STATE_DEGRADED },
	{ WITH, unsafe_node, "node-unsafe", "no-sva", SEVERITY_ERROR, "run as root",
	  STATE_UNUSABLE },
	{ WITH, unsafe_node_denied, "no-rawio", NULL, SEVERITY_ERROR, "CAP_SYS_RAWIO",
	  STATE_UNUSABLE },
	{ WITH, open_node, "node-open", NULL, SEVERITY_WARNING, "0660", STATE_DEGRADED },
	{ WITH, no_sva, "no-sva", NULL, SEVERITY_ERROR, "dmesg", STATE_UNUSABLE },
	{ WITH, no_iommu, "no-iommu", NULL, SEVERITY_ERROR, "firmware", STATE_UNUSABLE },
	{ WITH, bus_addresses, "no-iommu", NULL, SEVERITY_WARNING, "firmware", STATE_DEGRADED },
	{ WITH, bus_addresses_denied, "no-rawio", NULL, SEVERITY_ERROR, "CAP_SYS_RAWIO",
	  STATE_UNUSABLE },
	{ WITH, no_pasid, "no-iommu", NULL, SEVERITY_ERROR, "firmware", STATE_UNUSABLE },
	{ WITH, pass_through, "iommu-passthrough", NULL, SEVERITY_ERROR, "iommu=pt",
	  STATE_UNUSABLE },
	{ WITH, old_kernel, "kernel-no-sva", NULL, SEVERITY_ERROR, "CONFIG_ARM_SMMU_V3_SVA",
	  STATE_UNUSABLE },
	{ WITH, other_machine, "no-sva", NULL, SEVERITY_ERROR, "dmesg", STATE_UNUSABLE },
	{ WITH, play, "plays-no-sva", NULL, SEVERITY_ERROR, "modprobe wd_dummy",
	  STATE_UNUSABLE },
	{ WITH, play_unknown, "unusable", NULL, SEVERITY_ERROR, "the library says",
	  STATE_UNUSABLE },
	{ WITH, restricted, "no-rawio", "unsafe-mode", SEVERITY_ERROR, "CAP_SYS_RAWIO",
	  STATE_UNUSABLE },
	{ WITH, locked, "lockdown", "unsafe-mode", SEVERITY_ERROR, "integrity",
	  STATE_UNUSABLE },
	{ WITH, isolated, "isolated", NULL, SEVERITY_ERROR,
	  "0000:75:00.0/reset; if it stays isolated, echo 0 >/sys/class", STATE_ISOLATED },
	{ WITH, linux_isolated, "isolated", NULL, SEVERITY_ERROR,
	  "modprobe hisi_zip uacce_mode=1", STATE_ISOLATED },
	{ WITH, dummy_isolated, "isolated", NULL, SEVERITY_ERROR,
	  "as root: echo 0 >/sys/class/uacce/hisi_zip-0/isolate_strategy", STATE_ISOLATED },
	{ WITH, resetting, "resetting", NULL, SEVERITY_WARNING, "few seconds",
	  STATE_RESETTING },
	{ WITH, stopped, "resetting", NULL, SEVERITY_WARNING, "0000:75:00.0/reset",
	  STATE_RESETTING },
	{ WITH, used, "queues-used", NULL, SEVERITY_WARNING, "wdbench (process 12, 3 queues)",
	  STATE_DEGRADED },
	{ WITH, bus_addresses_used, "no-iommu", "queues-used", SEVERITY_WARNING, "firmware",
	  STATE_DEGRADED },
	{ WITH, bus_addresses_stopped, "no-iommu", "resetting", SEVERITY_WARNING, "firmware",
	  STATE_RESETTING },
	{ WITH, mute, "test-timeout", NULL, SEVERITY_ERROR, "0000:75:00.0/reset",
	  STATE_UNUSABLE },
	{ WITH, liar, "test-wrong", NULL, SEVERITY_ERROR, "out of use", STATE_UNUSABLE },
	{ WITH, failing, "test-failed", NULL, SEVERITY_ERROR, "compress", STATE_UNUSABLE },
	{ WITH, killer, "test-died", NULL, SEVERITY_ERROR, "Bus error", STATE_UNUSABLE },
	{ WITH, lazy, "does-nothing", NULL, SEVERITY_ERROR, "driver", STATE_UNUSABLE },
	{ WITH, fault_counts, "faults-counted", NULL, SEVERITY_WARNING, "thing 2",
	  STATE_DEGRADED },
	{ WITH, reset_counts, "resets-counted", NULL, SEVERITY_WARNING, "thing 2",
	  STATE_DEGRADED },
	{ WITH, fallback_counts, "fallbacks-counted", NULL, SEVERITY_WARNING, "thing 2",
	  STATE_DEGRADED },
	{ WITH, injected_counts, "faults-injected", NULL, SEVERITY_WARNING, "thing 2",
	  STATE_DEGRADED },
	{ WITH, far, "numa-far", NULL, SEVERITY_WARNING, "node 3", STATE_DEGRADED },
	{ WITH, no_debugfs, "debugfs-missing", NULL, SEVERITY_NOTE, "mount", STATE_OK },
	{ WITH, shut_debugfs, "debugfs-denied", NULL, SEVERITY_NOTE, "root", STATE_OK },
	{ WITH, functions, "vfs-unsupported", NULL, SEVERITY_WARNING, "sriov_numvfs",
	  STATE_DEGRADED },
	{ WITH, linux_functions, "vfs-on", NULL, SEVERITY_NOTE, "4 of 63", STATE_OK },
	{ WITH, open_failed, "open-failed", NULL, SEVERITY_ERROR, "dmesg", STATE_UNUSABLE },
	{ WITH, untested, "test-missing", NULL, SEVERITY_ERROR, "again", STATE_UNUSABLE },
	{ WITH, refused, "unusable", NULL, SEVERITY_ERROR, "the library says",
	  STATE_UNUSABLE },

	{ WITH, refused_and_counted, "unusable", "faults-counted", SEVERITY_ERROR,
	  "the library says", STATE_UNUSABLE },

	{ HIDDEN, nothing, "not-loaded", NULL, SEVERITY_ERROR, "modprobe hisi_zip",
	  STATE_HIDDEN },
	{ HIDDEN, virtual_machine, "given-away", NULL, SEVERITY_NOTE, "unbind", STATE_HIDDEN },
	{ HIDDEN, idle_function, "vf-idle", NULL, SEVERITY_NOTE, "virtual machine",
	  STATE_HIDDEN },
	{ HIDDEN, not_bound, "not-bound", NULL, SEVERITY_ERROR, "dmesg", STATE_HIDDEN },
	{ HIDDEN, unsigned_modules, "modules-refused", NULL, SEVERITY_ERROR, "mokutil",
	  STATE_HIDDEN },
	{ HIDDEN, not_installed, "not-installed", NULL, SEVERITY_ERROR, "install",
	  STATE_HIDDEN },
	{ HIDDEN, mode_off, "uacce-mode", NULL, SEVERITY_ERROR, "uacce_mode=1", STATE_HIDDEN },
	{ HIDDEN, driver_without_iommu, "hidden-no-iommu", NULL, SEVERITY_ERROR, "firmware",
	  STATE_HIDDEN },
	{ HIDDEN, driver_without_file, "no-file", NULL, SEVERITY_ERROR, "dmesg",
	  STATE_HIDDEN },
};
/* clang-format on */

#define CASES (sizeof(cases) / sizeof(cases[0]))

static void judge_case(size_t i)
{
	struct device_facts *dev = NULL;

	make_host();
	if (cases[i].machine == WITH)
		dev = add_device();
	else if (cases[i].machine == HIDDEN)
		dev = add_function();
	cases[i].spoil(dev);
	judge(&facts, &verdict);
}

static const struct finding *found(const char *code)
{
	for (unsigned int i = 0; code && i < verdict.count; i++)
		if (!strcmp(verdict.findings[i].code, code))
			return &verdict.findings[i];
	return NULL;
}

static void show(size_t i)
{
	printf("case %zu, expected %s:\n", i, cases[i].code ?: "nothing");
	for (unsigned int k = 0; k < verdict.count; k++)
		printf("  %s: %s: %s\n", verdict.findings[k].code,
		       verdict.findings[k].status, verdict.findings[k].action);
}

static bool case_is_right(size_t i)
{
	unsigned int want = !!cases[i].code + !!cases[i].also;
	const struct finding *f;

	judge_case(i);
	f = found(cases[i].code);
	if (verdict.count != want || verdict.worst != cases[i].worst ||
	    (cases[i].also && !found(cases[i].also)))
		return false;
	if (cases[i].state >= 0 && (int)verdict.states[0] != cases[i].state)
		return false;
	return !cases[i].code || (f && (strstr(f->action, cases[i].word) ||
					strstr(f->status, cases[i].word)));
}

static void each_fault_is_found_alone_with_what_to_do(void **state)
{
	unsigned int wrong = 0;

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		if (case_is_right(i))
			continue;
		show(i);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void every_rule_has_a_case(void **state)
{
	unsigned int missing = 0;

	(void)state;
	for (size_t i = 0; i < doctor_rule_count; i++) {
		bool has = false;

		for (size_t k = 0; k < CASES && !has; k++)
			has = cases[k].code &&
			      !strcmp(cases[k].code, doctor_rules[i].code);
		if (has)
			continue;
		printf("%s has none\n", doctor_rules[i].code);
		missing++;
	}
	assert_int_equal(missing, 0);
}

static void codes_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < doctor_rule_count; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(doctor_rules[i].code,
						doctor_rules[k].code);
}

/* A word that nothing stands for would be left with its braces. */
static void sentences_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		judge_case(i);
		for (unsigned int k = 0; k < verdict.count; k++) {
			assert_null(strchr(verdict.findings[k].status, '{'));
			assert_true(!strchr(verdict.findings[k].action, '{') ||
				    strstr(verdict.findings[k].action,
					   "ATTR{flags}"));
			assert_true(*verdict.findings[k].action);
		}
	}
}

static void long_sentences_are_cut(void **state)
{
	struct device_facts *dev;

	(void)state;
	make_host();
	dev = add_device();
	used(dev);
	dev->user_count = USERS_MAX;
	for (int i = 0; i < USERS_MAX; i++)
		memset(dev->users[i].name, 'x', sizeof(dev->users[i].name) - 1);
	memset(dev->algs, 'y', sizeof(dev->algs) - 1);
	memset(dev->odd, 'z', sizeof(dev->odd) - 1);
	judge(&facts, &verdict);
	assert_non_null(found("queues-used"));
	assert_true(strlen(found("queues-used")->status) < ADVICE_SIZE);
}

static void too_many_findings_are_still_judged(void **state)
{
	(void)state;
	make_host();
	for (int i = 0; i < DEVICES_MAX; i++) {
		struct device_facts *dev = add_device();

		open_node(dev);
		far(dev);
		fault_counts(dev);
		functions(dev);
		if (i == DEVICES_MAX - 1)
			isolated(dev);
	}
	judge(&facts, &verdict);
	assert_int_equal(verdict.count, FINDINGS_MAX);
	assert_int_equal(verdict.worst, SEVERITY_ERROR);
	assert_string_equal(machine_state_name(verdict.worst), "failed");
	assert_int_equal(verdict.states[DEVICES_MAX - 1], STATE_ISOLATED);
}

static void other_devices_are_not_judged(void **state)
{
	struct device_facts *dev;

	(void)state;
	make_host();
	dev = add_device();
	no_algs(dev);
	strcpy(dev->name, "hisi_sec2-0");
	strcpy(dev->module, "hisi_sec2");
	strcpy(dev->algs, "ecb(aes)");
	judge(&facts, &verdict);
	assert_int_equal(verdict.count, 0);
	assert_int_equal(verdict.states[0], STATE_OTHER);
}

static void generations_are_told_by_queues_and_revision(void **state)
{
	static const struct {
		const char *api;
		int64_t revision;
		const char *want;
	} known[] = {
		{ "hisi_qm_v2", 0x21, "V2" },
		{ "hisi_qm_v2_noiommu", 0x21, "V2" },
		{ "hisi_qm_v3", 0x30, "V3 or V4" },
		{ "hisi_qm_v5", 0x30, "V5" },
		{ "", 0x20, "V1" },
		{ "", 0x21, "V2" },
		{ "", 0x30, "V3 or later" },
		{ "", 0x50, "V4" },
		{ "", 0x51, "V5" },
		{ "wd_dummy_v1", NOT_KNOWN, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct device_facts dev = { .revision = known[i].revision };
		const char *got;

		strcpy(dev.api, known[i].api);
		got = generation(&dev);
		assert_string_equal(got ?: "", known[i].want ?: "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_found_alone_with_what_to_do),
		cmocka_unit_test(every_rule_has_a_case),
		cmocka_unit_test(codes_are_told_apart),
		cmocka_unit_test(sentences_are_complete),
		cmocka_unit_test(long_sentences_are_cut),
		cmocka_unit_test(too_many_findings_are_still_judged),
		cmocka_unit_test(other_devices_are_not_judged),
		cmocka_unit_test(generations_are_told_by_queues_and_revision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
