/* SPDX-License-Identifier: MIT */
/*
 * What --doctor prints for people, in the shape of `zpool status`.
 *
 * Names and sentences hold what the kernel, or who has a process, put there: they are
 * printed by msg_name().
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doctor_host.h"
#include "doctor_line.h"
#include "doctor_names.h"
#include "doctor_text.h"
#include "message.h"

static void head(const char *label, const char *text)
{
	printf("%10s: %s\n", label, msg_name(text));
}

static void title(const char *label)
{
	printf("%10s:\n", label);
}

/* A line of what stands below a title. */
static void __attribute__((format(printf, 2, 3)))
fact(const char *label, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("\t    %-14s %s\n", label, msg_name(text));
}

static const char *yes_no(enum answer answer)
{
	switch (answer) {
	case ANSWER_YES:
		return "yes";
	case ANSWER_NO:
		return "no";
	default:
		return "not known";
	}
}

/* ---- findings ---- */

/* The findings for device @i, -1 for the machine; returns how many were no notes. */
static unsigned int print_findings(const struct verdict *v, int device)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < v->count; i++) {
		const struct finding *f = &v->findings[i];

		if (f->device != device)
			continue;
		printf("%10s: %s (%s: %s)\n", "status", msg_name(f->status),
		       severity_name(f->severity), f->code);
		head("action", f->action);
		count += f->severity > SEVERITY_NOTE;
	}
	return count;
}

static void print_error_count(unsigned int count)
{
	if (count)
		printf("%10s: %u, see status\n", "errors", count);
	else
		head("errors", "no known errors");
}

/* ---- the machine ---- */

static void print_options(const struct doctor_host *host)
{
	char text[512];
	size_t len = 0;

	for (int i = 0; i < OPTIONS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s%s %s", i ? ", " : "",
					option_name(i) + strlen("CONFIG_"),
					yes_no(host->options[i]));
	if (host->options[0] == ANSWER_UNKNOWN)
		fact("options", "not known");
	else
		fact("options", "%s", text);
}

static void print_modules(const struct doctor_facts *facts)
{
	bool any = false;

	for (int i = 0; i < MODULES; i++) {
		const struct doctor_module *m = &facts->modules[i];

		if (!m->loaded)
			continue;
		any = true;
		fact("module", "%s (%s)%s%s%s%s", m->name,
		     m->ours ? "WarpDrive's" : "the kernel's own",
		     m->version[0] ? ", version " : "", m->version,
		     m->srcversion[0] ? ", srcversion " : "", m->srcversion);
	}
	if (!any)
		fact("module", "none for accelerators");
}

static void print_user(const struct doctor_host *host)
{
	fact("user", "%s, groups %s%s", host->user, host->groups,
	     host->rawio ? ", with CAP_SYS_RAWIO" : "");
	if (host->udev_rule[0])
		fact("udev rule", "%s", host->udev_rule);
	else
		fact("udev rule", "none for uacce%s",
		     host->udev ? "" : ", and no udev");
}

static void print_limits(const struct doctor_host *host)
{
	if (host->memlock == UINT64_MAX)
		fact("locked memory", "no limit");
	else
		fact("locked memory", "%" PRIu64 " KiB", host->memlock >> 10);
	fact("CPUs", "%u of %u may be used, by %u threads", host->cpus_usable,
	     host->cpus_online, host->threads);
	if (host->limit.bytes)
		fact("memory",
		     "limit %" PRIu64 " MiB (%s), %" PRIu64 " MiB left",
		     host->limit.bytes >> 20, host->limit.name ?: "",
		     host->limit.left >> 20);
}

/* Before 2.32.1 it fails with buffers of nearly 4 GiB. */
static bool isal_is_old(const char *version)
{
	unsigned int major, minor;

	return sscanf(version, "%u.%u", &major, &minor) == 2 &&
	       (major < 2 || (major == 2 && minor < 32));
}

static void print_isal(const struct doctor_host *host)
{
	const char *version = host->isal_version[0] ? host->isal_version
						    : "of unknown version";

	if (host->isal == ANSWER_UNKNOWN)
		fact("ISA-L", "not built in");
	else if (host->isal == ANSWER_NO)
		fact("ISA-L", "cannot be loaded");
	else if (isal_is_old(version))
		fact("ISA-L",
		     "%s; before 2.32.1 it has memory errors near 4 GiB, which do not matter here: it is given 1 GiB at most",
		     version);
	else
		fact("ISA-L", "%s", version);
}

static void print_machine(const struct doctor_facts *facts,
			  const struct verdict *v)
{
	const struct doctor_host *host = &facts->host;
	unsigned int errors;

	printf("%10s: %s, Linux %s\n", "machine", msg_name(host->machine),
	       msg_name(host->release));
	head("state", machine_state_name(v->worst));
	errors = print_findings(v, -1);
	title("config");
	print_options(host);
	print_modules(facts);
	fact("Secure Boot", "%s", yes_no(host->secure_boot));
	fact("lockdown", "%s",
	     host->lockdown[0] ? host->lockdown : "not known");
	print_user(host);
	print_limits(host);
	fact("libwd", "%s", wd_version());
	print_isal(host);
	fact("libdeflate", "%s", host->libdeflate);
	fact("zlib", "%s", host->zlib);
	fact("devices", "%u", facts->list.count);
	if (!errors && v->worst > SEVERITY_NOTE)
		head("errors", "none here, see the devices below");
	else
		print_error_count(errors);
}

/* ---- devices ---- */

static void print_place(const struct device_facts *dev)
{
	const char *gen = generation(dev);

	if (dev->pci[0])
		fact("PCI", "%s, revision 0x%02" PRIx64 "%s", dev->pci,
		     dev->revision < 0 ? 0 : dev->revision,
		     dev->vf ? ", virtual function" : "");
	fact("generation", "%s", gen ?: "not known");
	fact("module", "%s", dev->module[0] ? dev->module : "none");
	if (dev->vfs_max > 0)
		fact("virtual", "%" PRId64 " of %" PRId64 " functions",
		     dev->vfs < 0 ? 0 : dev->vfs, dev->vfs_max);
	if (dev->iommu_group >= 0)
		fact("IOMMU", "group %" PRId64 "%s%s", dev->iommu_group,
		     dev->iommu_type[0] ? ", type " : "", dev->iommu_type);
	else
		fact("IOMMU", "none");
	if (dev->numa_node < 0)
		fact("memory node", "none");
	else if (dev->numa_distance < 0)
		fact("memory node", "%" PRId64, dev->numa_node);
	else
		fact("memory node", "%" PRId64 ", distance %" PRId64,
		     dev->numa_node, dev->numa_distance);
}

static void print_node(const struct device_facts *dev)
{
	const struct device_node *node = &dev->node;

	if (!dev->in_class)
		return;
	if (node->kind == NODE_MISSING || node->kind == NODE_UNKNOWN)
		fact("file", "/dev/%s: %s", dev->name, node_name(node->kind));
	else
		fact("file", "/dev/%s: %s, mode %04o, %s:%s, %s", dev->name,
		     node_name(node->kind), node->mode, node->owner,
		     node->group, node->usable ? "usable" : "not usable");
}

static void print_queues(const struct device_facts *dev)
{
	if (dev->free_queues < 0)
		fact("queues", "number of free ones not known");
	else
		fact("queues", "%" PRId64 " free", dev->free_queues);
	for (unsigned int i = 0; i < dev->user_count; i++)
		fact("", "%u open: process %d, %s", dev->users[i].queues,
		     dev->users[i].pid, dev->users[i].name);
	if (dev->users_hidden)
		fact("", "processes of others could not be looked into");
}

static void print_test(const struct device_facts *dev)
{
	const struct doctor_test *t = &dev->test;

	if (t->result == TEST_OK)
		fact("self-test",
		     "passed: %" PRIu64
		     " bytes; compresses: %s; decompresses: %s",
		     t->bytes, yes_no(t->compress), yes_no(t->decompress));
	else
		fact("self-test", "%s", test_name(t->result));
}

static void print_queue_facts(const struct device_facts *dev)
{
	fact("queues of", "%s, driver of libwd: %s",
	     dev->api[0] ? dev->api : "unknown kind",
	     dev->driver[0] ? dev->driver : "none");
	print_node(dev);
	fact("addresses", "%s", address_mode(dev) ?: "not known");
	fact("algorithms", "%s", dev->algs[0] ? dev->algs : "none");
	print_queues(dev);
	if (dev->isolated >= 0)
		fact("isolated", "%s", dev->isolated ? "yes" : "no");
	if (dev->isolate_strategy > 0)
		fact("isolation", "after %" PRId64 " errors in an hour",
		     dev->isolate_strategy);
	print_test(dev);
}

static void print_counters(const struct device_facts *dev)
{
	if (!dev->counter_count)
		return;
	title("counters");
	for (unsigned int i = 0; i < dev->counter_count; i++)
		fact(dev->counters[i].name, "%" PRIu64, dev->counters[i].value);
}

static void print_device(const struct doctor_facts *facts,
			 const struct verdict *v, int i)
{
	const struct device_facts *dev = &facts->list.devices[i];
	unsigned int errors;

	printf("\n");
	head("device", dev->name[0] ? dev->name : dev->pci);
	head("state", device_state_name(v->states[i]));
	if (v->states[i] == STATE_OTHER)
		head("status",
		     "it does not compress, so it was not looked at further");
	errors = print_findings(v, i);
	title("config");
	print_place(dev);
	if (dev->name[0])
		print_queue_facts(dev);
	print_counters(dev);
	print_error_count(errors);
}

void doctor_print_text(const struct doctor_facts *facts,
		       const struct verdict *verdict)
{
	print_machine(facts, verdict);
	for (unsigned int i = 0; i < facts->list.count; i++)
		print_device(facts, verdict, (int)i);
	doctor_print_line(&facts->run);
}
