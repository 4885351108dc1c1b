/* SPDX-License-Identifier: MIT */
/*
 * The table of what --doctor can find: when it is so, what is said, and what to do.
 *
 * Conditions look at the facts and at nothing else.  Causes come before what follows
 * from them, and one cause is one finding.
 */
#include <errno.h>
#include <string.h>

#include "doctor_age.h"
#include "device_kind.h"
#include "doctor_rules.h"

#define MEMLOCK_SMALL  65536u /* bytes */
#define MODE_OTHERS_RW 06u

#define HOST(s)	       (&(s)->facts->host)
#define MODULE(s, n)   (&(s)->facts->modules[n])

/* ---- the machine ---- */

static bool no_sysfs(const struct subject *s)
{
	return !HOST(s)->sysfs;
}

static bool no_procfs(const struct subject *s)
{
	return !HOST(s)->procfs;
}

static bool both_zip(const struct subject *s)
{
	return MODULE(s, MODULE_ZIP)->loaded &&
	       MODULE(s, MODULE_WD_ZIP)->loaded;
}

static bool is_unsafe(const struct subject *s)
{
	return HOST(s)->unsafe_no_sva == ANSWER_YES ||
	       HOST(s)->unsafe_doorbells == ANSWER_YES;
}

static bool isal_missing(const struct subject *s)
{
	return HOST(s)->isal == ANSWER_NO;
}

static bool cpu_quota(const struct subject *s)
{
	return HOST(s)->cpus_affinity &&
	       HOST(s)->cpus_usable < HOST(s)->cpus_affinity;
}

static bool cpu_affinity(const struct subject *s)
{
	return HOST(s)->cpus_affinity &&
	       HOST(s)->cpus_affinity < HOST(s)->cpus_online;
}

static bool memory_limit(const struct subject *s)
{
	return HOST(s)->limit.bytes && HOST(s)->threads < HOST(s)->cpus_usable;
}

static bool memlock_small(const struct subject *s)
{
	return s->facts->list.count && HOST(s)->memlock < MEMLOCK_SMALL;
}

static bool too_many_devices(const struct subject *s)
{
	return s->facts->list.more;
}

static bool engine_unusable(const struct subject *s)
{
	const struct doctor_run *run = &s->facts->run;

	return run->failed && !strcmp(run->failed, "begin");
}

static bool run_failed(const struct subject *s)
{
	return s->facts->run.failed && !engine_unusable(s);
}

static bool run_redone(const struct subject *s)
{
	return !s->facts->run.failed && s->facts->run.redone;
}

/* ---- modules ---- */

static bool differ(const char *a, const char *b)
{
	return *a && *b && strcmp(a, b);
}

static bool is_old(const struct doctor_module *m)
{
	return m->loaded && module_age(m) != AGE_SAME;
}

/* The first of those that come together, as they are loaded again together. */
static bool module_old(const struct subject *s)
{
	for (const struct doctor_module *m = s->facts->modules; m < s->module;
	     m++)
		if (m->ours == s->module->ours && is_old(m))
			return false;
	return is_old(s->module);
}

/* Those that are built in have no state. */
static bool module_stuck(const struct subject *s)
{
	return differ(s->module->state, "live");
}

/* ---- devices ---- */

static bool is_odd(const struct subject *s)
{
	return s->device->odd[0];
}

static bool algs_missing(const struct subject *s)
{
	return s->device->in_class && !compresses(s->device);
}

static bool api_unknown(const struct subject *s)
{
	return s->device->in_class && compresses(s->device) &&
	       !s->device->listed;
}

static bool regions_missing(const struct subject *s)
{
	return s->device->in_class &&
	       (s->device->mmio_size <= 0 || s->device->dus_size <= 0);
}

/* ---- their files ---- */

static bool node_is(const struct subject *s, enum device_node_kind kind)
{
	return s->device->in_class && s->device->node.kind == kind;
}

static bool node_unknown(const struct subject *s)
{
	return node_is(s, NODE_UNKNOWN);
}

static bool node_missing(const struct subject *s)
{
	return node_is(s, NODE_MISSING);
}

static bool node_other(const struct subject *s)
{
	return node_is(s, NODE_OTHER);
}

static bool node_wrong(const struct subject *s)
{
	return node_is(s, NODE_WRONG);
}

static bool node_shut(const struct subject *s)
{
	return node_is(s, NODE_RIGHT) && !s->device->node.usable;
}

/* Whether the group that has it is one that people can be put into. */
static bool has_group(const struct subject *s)
{
	return s->device->node.group_rw && s->device->node.gid;
}

static bool is_for_all(const struct subject *s)
{
	return (s->device->node.mode & MODE_OTHERS_RW) == MODE_OTHERS_RW;
}

/* Whether owner and mode let this process open it. */
static bool mode_allows(const struct subject *s)
{
	return HOST(s)->root || is_for_all(s) ||
	       (has_group(s) && s->device->node.member);
}

static bool shut_by_mode(const struct subject *s)
{
	return node_shut(s) && !mode_allows(s);
}

static bool session_old(const struct subject *s)
{
	return shut_by_mode(s) && has_group(s) && s->device->node.listed;
}

static bool group_missing(const struct subject *s)
{
	return shut_by_mode(s) && has_group(s) && !s->device->node.listed;
}

/* It takes the process's addresses and no others, as udev's rule has it. */
static bool is_safe(const struct subject *s)
{
	return s->device->flags == FLAG_SVA;
}

static bool rule_missing(const struct subject *s)
{
	return shut_by_mode(s) && !has_group(s) && is_safe(s) &&
	       !HOST(s)->udev_rule[0];
}

static bool rule_idle(const struct subject *s)
{
	return shut_by_mode(s) && !has_group(s) && is_safe(s) &&
	       HOST(s)->udev_rule[0];
}

/* What a container may have, an access control list, or a security module. */
static bool shut_otherwise(const struct subject *s)
{
	return node_shut(s) && mode_allows(s);
}

static bool root_only(const struct subject *s)
{
	return node_is(s, NODE_RIGHT) && s->device->node.usable &&
	       HOST(s)->root && !has_group(s) &&
	       !(s->device->node.mode & MODE_OTHERS_RW);
}

static bool node_open(const struct subject *s)
{
	return node_is(s, NODE_RIGHT) && !node_shut(s) && is_for_all(s);
}

/* ---- addresses ---- */

static bool test_is(const struct subject *s, enum doctor_test_result result)
{
	return s->device->test.result == result;
}

bool works(const struct device_facts *dev)
{
	return dev->listed && !dev->status && dev->test.result == TEST_OK;
}

static bool open_failed(const struct subject *s, int error)
{
	return test_is(s, TEST_NO_QUEUE) && s->device->test.error == error;
}

static bool is_locked_down(const struct subject *s)
{
	return differ(HOST(s)->lockdown, "none");
}

/* By the library, or by the kernel: what only the unsafe parameters hand out. */
static bool is_forbidden(const struct subject *s)
{
	return s->device->status == -EPERM || open_failed(s, -EPERM);
}

static bool locked_down(const struct subject *s)
{
	return is_forbidden(s) && is_locked_down(s);
}

static bool no_rawio(const struct subject *s)
{
	return is_forbidden(s) && !is_locked_down(s) && !HOST(s)->rawio;
}

/* By its mode, and not by what it takes to open such a device. */
static bool kept_for_root(const struct subject *s)
{
	return shut_by_mode(s) && !has_group(s) &&
	       s->device->flags > FLAG_SVA && !locked_down(s) && !no_rawio(s);
}

/* It may be used all the same, where the kernel hands it out and data is copied. */
static bool lacks_sva(const struct subject *s)
{
	if (locked_down(s) || no_rawio(s))
		return false;
	return s->device->flags >= 0 && !(s->device->flags & FLAG_SVA);
}

/* In some kernels only opening shows it. */
static bool cannot_share(const struct subject *s)
{
	return lacks_sva(s) || open_failed(s, -ENODEV);
}

static bool no_iommu(const struct subject *s)
{
	return s->device->pci[0] && s->device->iommu_group < 0 &&
	       cannot_share(s);
}

static bool passes_through(const struct subject *s)
{
	return s->device->iommu_group >= 0 &&
	       !strcmp(s->device->iommu_type, "identity");
}

static bool iommu_passes(const struct subject *s)
{
	return passes_through(s) && cannot_share(s);
}

static bool kernel_lacks_sva(const struct subject *s)
{
	const enum answer *options = HOST(s)->options;

	return options[OPTION_IOMMU_SVA] == ANSWER_NO ||
	       options[OPTION_PASID] == ANSWER_NO ||
	       (!strcmp(HOST(s)->machine, "aarch64") &&
		options[OPTION_SMMU_SVA] == ANSWER_NO);
}

static bool has_iommu(const struct subject *s)
{
	return s->device->pci[0] && s->device->iommu_group >= 0 &&
	       !passes_through(s);
}

static bool kernel_no_sva(const struct subject *s)
{
	return has_iommu(s) && cannot_share(s) && kernel_lacks_sva(s);
}

/* There opening could also fail for another reason. */
static bool device_no_sva(const struct subject *s)
{
	return has_iommu(s) && lacks_sva(s) && !kernel_lacks_sva(s);
}

/* Software that plays such a device, as it was told. */
static bool plays_no_sva(const struct subject *s)
{
	return !strcmp(s->device->module, "wd_dummy") && lacks_sva(s);
}

/* ---- at work ---- */

static bool is_isolated(const struct subject *s)
{
	return s->device->isolated > 0;
}

bool is_resetting(const struct device_facts *dev)
{
	if (dev->isolated > 0)
		return false;
	if (!strcmp(dev->qm_status, "stop"))
		return true;
	return dev->test.result == TEST_NO_QUEUE && dev->test.error == -EBUSY &&
	       dev->free_queues != 0;
}

static bool resetting(const struct subject *s)
{
	return is_resetting(s->device);
}

/* One may have gone between the two looks. */
static bool queues_used(const struct subject *s)
{
	return s->device->free_queues == 0 && test_is(s, TEST_NOT_RUN);
}

static bool test_timeout(const struct subject *s)
{
	return test_is(s, TEST_TIMEOUT);
}

static bool test_wrong(const struct subject *s)
{
	return test_is(s, TEST_WRONG);
}

static bool test_failed(const struct subject *s)
{
	return test_is(s, TEST_FAILED);
}

static bool test_died(const struct subject *s)
{
	return test_is(s, TEST_DIED);
}

static bool test_no_queue(const struct subject *s)
{
	return test_is(s, TEST_NO_QUEUE) && !resetting(s);
}

static bool test_missing(const struct subject *s)
{
	return s->device->listed && !s->device->status &&
	       test_is(s, TEST_NOT_RUN);
}

static bool does_nothing(const struct subject *s)
{
	return test_is(s, TEST_OK) && s->device->test.compress == ANSWER_NO &&
	       s->device->test.decompress == ANSWER_NO;
}

static bool counted(const struct subject *s, enum counter_kind kind)
{
	for (unsigned int i = 0; i < s->device->counter_count; i++)
		if (s->device->counters[i].kind == kind &&
		    s->device->counters[i].value)
			return true;
	return false;
}

static bool faults(const struct subject *s)
{
	return counted(s, COUNTER_FAULT);
}

static bool resets(const struct subject *s)
{
	return counted(s, COUNTER_RESET);
}

static bool fallbacks(const struct subject *s)
{
	return counted(s, COUNTER_FALLBACK);
}

static bool injected(const struct subject *s)
{
	return counted(s, COUNTER_INJECTED);
}

static bool numa_away(const struct subject *s)
{
	return s->device->numa_away;
}

static bool debugfs_absent(const struct subject *s)
{
	return s->device->debugfs == DEBUGFS_ABSENT;
}

static bool debugfs_denied(const struct subject *s)
{
	return s->device->debugfs == DEBUGFS_DENIED;
}

static bool vfs_unsupported(const struct subject *s)
{
	return s->device->vfs > 0 && !strcmp(s->device->module, "wd_hisi_zip");
}

static bool vfs_on(const struct subject *s)
{
	return s->device->vfs > 0 && !vfs_unsupported(s);
}

static bool unusable(const struct subject *s)
{
	return s->device->listed && s->device->status && !queues_used(s) &&
	       !resetting(s);
}

/* ---- devices without a file ---- */

enum hidden_cause {
	GIVEN_AWAY,
	VF_IDLE,
	NOT_BOUND,
	REFUSED,
	NOT_LOADED,
	NOT_INSTALLED,
	MODE_OFF,
	FILE_NEEDS_IOMMU,
	NO_FILE,
};

/* The kernel wants signatures, and a module that is there was not loaded. */
static bool refuses_modules(const struct subject *s)
{
	const struct doctor_host *host = HOST(s);

	return host->secure_boot == ANSWER_YES || is_locked_down(s) ||
	       host->sig_enforce == ANSWER_YES ||
	       host->options[OPTION_SIG_FORCE] == ANSWER_YES;
}

static bool kernel_has_driver(const struct subject *s)
{
	const enum answer *options = HOST(s)->options;

	return MODULE(s, MODULE_ZIP)->installed == ANSWER_YES ||
	       (options[OPTION_UACCE] != ANSWER_NO &&
		options[OPTION_HISI_ZIP] != ANSWER_NO &&
		MODULE(s, MODULE_ZIP)->installed != ANSWER_NO);
}

static enum hidden_cause cause_without_driver(const struct subject *s)
{
	if (MODULE(s, MODULE_WD_ZIP)->loaded || MODULE(s, MODULE_ZIP)->loaded)
		return NOT_BOUND;
	if (MODULE(s, MODULE_WD_ZIP)->installed == ANSWER_YES)
		return refuses_modules(s) ? REFUSED : NOT_LOADED;
	return kernel_has_driver(s) ? NOT_LOADED : NOT_INSTALLED;
}

static enum hidden_cause find_cause(const struct subject *s)
{
	const struct device_facts *dev = s->device;

	if (gives_away(dev->module))
		return GIVEN_AWAY;
	if (!dev->module[0])
		return dev->vf ? VF_IDLE : cause_without_driver(s);
	if (!strcmp(dev->module, "hisi_zip") && HOST(s)->uacce_mode == 0)
		return MODE_OFF;
	return dev->iommu_group < 0 ? FILE_NEEDS_IOMMU : NO_FILE;
}

#define HIDDEN_BY(name, cause)                                                 \
	static bool name(const struct subject *s)                              \
	{                                                                      \
		return find_cause(s) == cause;                                 \
	}

HIDDEN_BY(given_away, GIVEN_AWAY)
HIDDEN_BY(vf_idle, VF_IDLE)
HIDDEN_BY(not_bound, NOT_BOUND)
HIDDEN_BY(refused, REFUSED)
HIDDEN_BY(not_loaded, NOT_LOADED)
HIDDEN_BY(not_installed, NOT_INSTALLED)
HIDDEN_BY(mode_off, MODE_OFF)
HIDDEN_BY(file_needs_iommu, FILE_NEEDS_IOMMU)
HIDDEN_BY(no_file, NO_FILE)

/* ---- the table ---- */

#define NOTE	SEVERITY_NOTE, 0
#define WARNING SEVERITY_WARNING, 0
#define ERROR	SEVERITY_ERROR, 0
#define BY_USE	SEVERITY_WARNING, RULE_BY_USE
#define IF_ELSE SEVERITY_ERROR, RULE_LAST

/* clang-format off */
const struct rule doctor_rules[] = {
	{ "no-sysfs", SCOPE_HOST, WARNING, no_sysfs,
	  "/sys is not there, so nobody can tell which devices there are",
	  "as root: mount -t sysfs sysfs /sys" },
	{ "no-procfs", SCOPE_HOST, NOTE, no_procfs,
	  "/proc is not there, so nobody can tell who has queues, and some limits are not known",
	  "as root: mount -t proc proc /proc" },
	{ "both-drivers", SCOPE_HOST, WARNING, both_zip,
	  "the kernel's own hisi_zip and wd_hisi_zip are both loaded: which has a device depends on their order",
	  "unload the one that has no device, as root: rmmod hisi_zip, or rmmod wd_hisi_zip" },
	{ "unsafe-mode", SCOPE_HOST, WARNING, is_unsafe,
	  "wd_uacce was loaded with {unsafe}: who has a queue may reach what is not theirs",
	  "load it without that parameter, unless all that may open queues are trusted" },
	{ "isal-missing", SCOPE_HOST, WARNING, isal_missing,
	  "ISA-L, which these tools were built for, cannot be loaded: levels 1 and 2 and decompression are slower",
	  "install ISA-L (libisal.so.2; Debian's package is libisal2)" },
	{ "cpu-quota", SCOPE_HOST, NOTE, cpu_quota,
	  "the control group allows {usable} of {affinity} CPUs",
	  "if that is not meant so, raise cpu.max of the control group" },
	{ "cpu-affinity", SCOPE_HOST, NOTE, cpu_affinity,
	  "the affinity mask allows {affinity} of {online} CPUs",
	  "if that is not meant so, start from a process without a mask (see taskset)" },
	{ "memory-limit", SCOPE_HOST, NOTE, memory_limit,
	  "memory is limited to {limit_mib} MiB ({limit}), which is enough for {threads} threads, not for {usable}",
	  "if that is not meant so, raise that limit" },
	{ "memlock-small", SCOPE_HOST, NOTE, memlock_small,
	  "the limit of locked memory is {memlock_kib} KiB; these tools lock none, but other libraries for these devices do",
	  "if such a library fails, raise the limit (ulimit -l; LimitMEMLOCK= of systemd)" },
	{ "many-devices", SCOPE_HOST, WARNING, too_many_devices,
	  "there are more devices than this command looks at",
	  "look at the others with wdzip --list-devices" },
	{ "engine-unusable", SCOPE_HOST, ERROR, engine_unusable,
	  "the engine {wish} cannot be used: {run_why}",
	  "leave --engine out, or name one that wdzip --list-devices calls ready" },
	{ "run-failed", SCOPE_HOST, ERROR, run_failed,
	  "a run on the engine {wish} failed: {run_error}",
	  "use another engine, and report this: it should not happen" },
	{ "run-redone", SCOPE_HOST, WARNING, run_redone,
	  "in a run on the engine {wish} the CPU had to do {redone} requests again",
	  "look for the device's errors: dmesg, and wdzip --stats with a real file" },

	{ "module-old", SCOPE_MODULE, WARNING, module_old,
	  "the module {module} is loaded {versions}",
	  "{new_module}, as root: {reload}" },
	{ "module-stuck", SCOPE_MODULE, WARNING, module_stuck,
	  "the module {module} is neither loaded nor gone: its state is {state}",
	  "see why in the kernel's log: dmesg | grep {module}" },

	{ "sysfs-odd", SCOPE_DEVICE, WARNING, is_odd,
	  "the attribute {odd} in /sys/class/uacce/{device} is missing, or makes no sense",
	  "load another version of the driver {driver}" },
	{ "algorithms-missing", SCOPE_DEVICE, ERROR, algs_missing,
	  "the device offers none of gzip, zlib and deflate; its algorithms: {algs}",
	  "load a driver that offers them, such as wd_hisi_zip" },
	{ "api-unknown", SCOPE_DEVICE, ERROR, api_unknown,
	  "this version has no driver for queues of the kind {api}",
	  "install a newer version of WarpDrive" },
	{ "regions-missing", SCOPE_DEVICE, ERROR, regions_missing,
	  "the device has no region for doorbells, or none for rings",
	  "load another version of the driver {driver}" },
	{ "node-unknown", SCOPE_DEVICE, ERROR, node_unknown,
	  "/dev/{device} cannot be looked at",
	  "see why: ls -l /dev/{device}" },
	{ "node-missing", SCOPE_DEVICE, ERROR, node_missing,
	  "there is no file /dev/{device}",
	  "in a container, pass the device in; else as root: {make_node}" },
	{ "node-not-device", SCOPE_DEVICE, ERROR, node_other,
	  "/dev/{device} is not a character device",
	  "as root: {make_node}" },
	{ "node-wrong", SCOPE_DEVICE, ERROR, node_wrong,
	  "/dev/{device} is another device than the kernel tells of",
	  "as root: {make_node}" },
	{ "session-old", SCOPE_DEVICE, ERROR, session_old,
	  "/dev/{device} is for the group {group}, of which {user} is a member, but not in this session",
	  "log in again" },
	{ "group-missing", SCOPE_DEVICE, ERROR, group_missing,
	  "/dev/{device} is for the group {group}, of which {user} is no member",
	  "as root: usermod -a -G {group} {user}; then log in again" },
	{ "udev-rule-missing", SCOPE_DEVICE, ERROR, rule_missing,
	  "/dev/{device} is for {owner} only, and no udev rule gives it to a group",
	  "add a udev rule: {udev_rule}" },
	{ "udev-rule-idle", SCOPE_DEVICE, ERROR, rule_idle,
	  "/dev/{device} is for {owner} only, although {rule} has a udev rule",
	  "apply it, as root: udevadm control --reload && udevadm trigger --action=add --subsystem-match=uacce" },
	{ "node-denied", SCOPE_DEVICE, ERROR, shut_otherwise,
	  "/dev/{device} cannot be opened, although its owner and mode ({owner}:{group}, {mode}) let {user} do that",
	  "in a container, give it the device (--device=/dev/{device} of docker and podman); else look at its access control list, and for a security module: getfacl /dev/{device}; ls -Z /dev/{device}" },
	{ "node-root-only", SCOPE_DEVICE, NOTE, root_only,
	  "only root may open /dev/{device} (mode {mode})",
	  "{let_others}" },
	{ "node-open", SCOPE_DEVICE, WARNING, node_open,
	  "everybody may open /dev/{device} (mode {mode}), and take all of its queues",
	  "have the udev rule give it to a group: GROUP=\"accel\", MODE=\"0660\"" },
	{ "node-unsafe", SCOPE_DEVICE, ERROR, kept_for_root,
	  "/dev/{device} is for {owner} only, and should be: without SVA, who has a queue of it may reach memory of others",
	  "run as root" },
	{ "lockdown", SCOPE_DEVICE, ERROR, locked_down,
	  "the kernel is locked down ({lockdown}), and this device is one that it refuses then",
	  "switch the IOMMU on, so that the device shares the process's addresses (SVA), or start the kernel without lockdown" },
	{ "no-rawio", SCOPE_DEVICE, ERROR, no_rawio,
	  "the device is handed out in an unsafe mode, to processes with CAP_SYS_RAWIO only",
	  "run as root, or give the program CAP_SYS_RAWIO" },
	{ "no-iommu", SCOPE_DEVICE, BY_USE, no_iommu,
	  "the device is behind no IOMMU, so it cannot share the process's addresses (SVA)",
	  "switch the IOMMU (SMMU) on in the firmware's setup" },
	{ "iommu-passthrough", SCOPE_DEVICE, BY_USE, iommu_passes,
	  "the IOMMU passes the device's addresses through (group type {iommu_type}), so it cannot share the process's (SVA)",
	  "start the kernel without iommu.passthrough=1 and iommu=pt" },
	{ "kernel-no-sva", SCOPE_DEVICE, BY_USE, kernel_no_sva,
	  "the kernel {release} was built without shared virtual addressing (SVA)",
	  "use a kernel with CONFIG_IOMMU_SVA, CONFIG_PCI_PASID and, on Arm, CONFIG_ARM_SMMU_V3_SVA" },
	{ "no-sva", SCOPE_DEVICE, BY_USE, device_no_sva,
	  "the device does not share the process's addresses (no SVA), although it is behind an IOMMU",
	  "see why in the kernel's log: dmesg | grep -e iommu -e smmu -e {pci}" },
	{ "plays-no-sva", SCOPE_DEVICE, BY_USE, plays_no_sva,
	  "the driver {driver} was told that the device does not share the process's addresses (no SVA)",
	  "load it again without no_sva=1, as root: rmmod {driver} && modprobe {driver}" },
	{ "isolated", SCOPE_DEVICE, ERROR, is_isolated,
	  "the device is isolated after errors: nothing should be given to it",
	  "once the cause was found in the kernel's log (dmesg), as root: {release_it}" },
	{ "resetting", SCOPE_DEVICE, WARNING, resetting,
	  "the device is stopped, or being reset: it has queues, but hands out none",
	  "try again in a few seconds; if it stays so, as root: {restart}" },
	{ "queues-used", SCOPE_DEVICE, WARNING, queues_used,
	  "all queues are in use, by {users}",
	  "wait for these processes, or end one" },
	{ "test-timeout", SCOPE_DEVICE, ERROR, test_timeout,
	  "the device did not answer a self-test",
	  "reset it, as root: {restart}" },
	{ "test-wrong", SCOPE_DEVICE, ERROR, test_wrong,
	  "the device gave wrong data in a self-test ({doing})",
	  "take it out of use, and have it looked at: its results cannot be trusted" },
	{ "test-died", SCOPE_DEVICE, ERROR, test_died,
	  "the process that tested the device was ended by a signal: {signal}",
	  "see why in the kernel's log (dmesg), and report this" },
	{ "test-failed", SCOPE_DEVICE, ERROR, test_failed,
	  "the device failed in a self-test ({doing}): {error}",
	  "reset it, as root: {restart}" },
	{ "does-nothing", SCOPE_DEVICE, ERROR, does_nothing,
	  "the device refuses to compress and to decompress",
	  "load another version of the driver {driver}" },
	{ "faults-counted", SCOPE_DEVICE, WARNING, faults,
	  "errors were counted: {faults}",
	  "see which in the kernel's log (dmesg); if they become more, have the device looked at" },
	{ "resets-counted", SCOPE_DEVICE, WARNING, resets,
	  "the device had to be reset: {resets}",
	  "see why in the kernel's log: dmesg | grep {pci}" },
	{ "fallbacks-counted", SCOPE_DEVICE, WARNING, fallbacks,
	  "the CPU did what the device should have done for the kernel: {fallbacks}",
	  "see why in the kernel's log (dmesg); or raise kernel_queues of {driver}" },
	{ "faults-injected", SCOPE_DEVICE, WARNING, injected,
	  "the device was told to fail on purpose: {injected}",
	  "as root, write 0 to these files in /sys/kernel/debug/wd_dummy/{device}" },
	{ "numa-far", SCOPE_DEVICE, WARNING, numa_away,
	  "the device is on memory node {numa}, and this process may use CPUs of other nodes only{distance}",
	  "run there: numactl --cpunodebind={numa} wdzip ..." },
	{ "debugfs-missing", SCOPE_DEVICE, NOTE, debugfs_absent,
	  "the counters of {driver} are not there",
	  "as root: mount -t debugfs debugfs /sys/kernel/debug" },
	{ "debugfs-denied", SCOPE_DEVICE, NOTE, debugfs_denied,
	  "the counters of {driver} can be read by root only",
	  "run wdzip --doctor as root to see them" },
	{ "vfs-unsupported", SCOPE_DEVICE, WARNING, vfs_unsupported,
	  "{vfs} virtual functions are on, which wd_hisi_zip does not support",
	  "as root: echo 0 >/sys/bus/pci/devices/{pci}/sriov_numvfs" },
	{ "vfs-on", SCOPE_DEVICE, NOTE, vfs_on,
	  "{vfs} of {vfs_max} virtual functions are on, and have their part of the queues",
	  "if they are not needed, as root: echo 0 >/sys/bus/pci/devices/{pci}/sriov_numvfs" },
	{ "open-failed", SCOPE_DEVICE, IF_ELSE, test_no_queue,
	  "no queue could be had for a self-test: {error}",
	  "see why in the kernel's log (dmesg)" },
	{ "test-missing", SCOPE_DEVICE, IF_ELSE, test_missing,
	  "the device could not be tested, as there was no process or no memory for that",
	  "run this command again when the machine has room for it" },
	{ "unusable", SCOPE_DEVICE, IF_ELSE, unusable,
	  "the device cannot be used: {reason}",
	  "see why in the kernel's log (dmesg)" },

	{ "given-away", SCOPE_HIDDEN, NOTE, given_away,
	  "the device belongs to {driver}: to another program, or a virtual machine",
	  "if that is not meant so, as root: echo {pci} >/sys/bus/pci/drivers/{driver}/unbind, then load {zip_driver}" },
	{ "vf-idle", SCOPE_HIDDEN, NOTE, vf_idle,
	  "the device is a virtual function without a driver",
	  "give it to a virtual machine, or as root: echo 0 >/sys/bus/pci/devices/{pci}/physfn/sriov_numvfs" },
	{ "not-bound", SCOPE_HIDDEN, ERROR, not_bound,
	  "a driver for the device is loaded, but has not taken it",
	  "see why in the kernel's log: dmesg | grep {pci}" },
	{ "modules-refused", SCOPE_HIDDEN, ERROR, refused,
	  "no driver is loaded; this kernel takes signed modules only (Secure Boot, or lockdown), and those of WarpDrive are probably not signed",
	  "sign them with a key that the firmware knows (DKMS: mokutil --import /var/lib/dkms/mok.pub), then as root: modprobe {zip_driver}" },
	{ "not-loaded", SCOPE_HIDDEN, ERROR, not_loaded,
	  "no driver is loaded for the device",
	  "as root: modprobe {zip_driver}" },
	{ "not-installed", SCOPE_HIDDEN, ERROR, not_installed,
	  "the kernel {release} has no driver for the device, and WarpDrive's modules are not installed",
	  "install WarpDrive's modules: kmod/README.md of the source" },
	{ "uacce-mode", SCOPE_HIDDEN, ERROR, mode_off,
	  "the kernel's hisi_zip keeps the device to itself (uacce_mode=0)",
	  "as root: rmmod hisi_zip && modprobe hisi_zip uacce_mode=1" },
	{ "hidden-no-iommu", SCOPE_HIDDEN, ERROR, file_needs_iommu,
	  "{driver} has the device, but it has no file in /dev: it is behind no IOMMU, so queues cannot be given to processes safely",
	  "switch the IOMMU (SMMU) on in the firmware's setup" },
	{ "no-file", SCOPE_HIDDEN, ERROR, no_file,
	  "{driver} has the device, but it has no file in /dev",
	  "see why in the kernel's log: dmesg | grep -e uacce -e {pci}" },
};
/* clang-format on */

const size_t doctor_rule_count = sizeof(doctor_rules) / sizeof(doctor_rules[0]);
