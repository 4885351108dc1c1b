/* SPDX-License-Identifier: MIT */
/*
 * Sentences with places for facts: "all queues of {device} are in use".
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doctor_age.h"
#include "doctor_words.h"

/* Text that grows until it is full. */
struct line {
	char *at;
	size_t room;
};

static void __attribute__((format(printf, 2, 3)))
add(struct line *line, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line->at, line->room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= line->room)
		n = line->room ? (int)line->room - 1 : 0;
	line->at += n;
	line->room -= (size_t)n;
}

/* ---- of a device ---- */

static const char *queues_word(unsigned int n)
{
	return n == 1 ? "queue" : "queues";
}

static void put_users(struct line *line, const struct subject *s)
{
	const struct device_facts *dev = s->device;

	for (unsigned int i = 0; i < dev->user_count; i++) {
		const struct device_user *u = &dev->users[i];

		add(line, "%s%s (process %d, %u %s)", i ? ", " : "", u->name,
		    u->pid, u->queues, queues_word(u->queues));
	}
	if (!dev->user_count)
		add(line, "%s",
		    dev->users_hidden
			    ? "processes that only root can see"
			    : "the kernel, or nobody that has it open");
	else if (dev->users_hidden)
		add(line, ", and perhaps others that only root can see");
}

static void put_counters(struct line *line, const struct device_facts *dev,
			 enum counter_kind kind)
{
	const char *between = "";

	for (unsigned int i = 0; i < dev->counter_count; i++) {
		const struct device_counter *c = &dev->counters[i];

		if (c->kind != kind || !c->value)
			continue;
		add(line, "%s%s %" PRIu64, between, c->name, c->value);
		between = ", ";
	}
}

static void put_faults(struct line *line, const struct subject *s)
{
	put_counters(line, s->device, COUNTER_FAULT);
}

static void put_resets(struct line *line, const struct subject *s)
{
	put_counters(line, s->device, COUNTER_RESET);
}

static void put_fallbacks(struct line *line, const struct subject *s)
{
	put_counters(line, s->device, COUNTER_FALLBACK);
}

static void put_injected(struct line *line, const struct subject *s)
{
	put_counters(line, s->device, COUNTER_INJECTED);
}

static void put_device(struct line *line, const struct subject *s)
{
	add(line, "%s", s->device->name[0] ? s->device->name : s->device->pci);
}

/* Linux's own driver gives queues to processes if it is told to. */
static void put_driver_again(struct line *line, const struct device_facts *dev)
{
	if (!dev->module[0]) {
		add(line, "unload its driver and load it again");
		return;
	}
	add(line, "rmmod %s && modprobe %s", dev->module, dev->module);
	if (!strcmp(dev->module, "hisi_zip"))
		add(line, " uacce_mode=1");
}

/* How to begin anew with it: as a device of PCI, or by loading its driver again. */
static void put_restart(struct line *line, const struct subject *s)
{
	const struct device_facts *dev = s->device;

	if (dev->pci[0])
		add(line, "echo 1 >/sys/bus/pci/devices/%s/reset", dev->pci);
	else
		put_driver_again(line, dev);
}

/* udev gives files their permissions only: the kernel makes them, or mknod. */
static void put_make_node(struct line *line, const struct subject *s)
{
	const struct device_facts *dev = s->device;
	const struct device_node *node = &dev->node;

	if (node->dev_major < 0) {
		put_driver_again(line, dev);
		return;
	}
	add(line, "rm -f /dev/%s; mknod -m 600 /dev/%s c %" PRId64 " %" PRId64,
	    dev->name, dev->name, node->dev_major, node->dev_minor);
	add(line,
	    "; then, for its permissions: udevadm trigger --action=add --subsystem-match=uacce");
}

/*
 * A new threshold forgets the errors that were counted.  A reset that failed is no such
 * error: another one has to succeed.  Linux's own driver takes no new threshold from a
 * device that is isolated.
 */
static void put_release_it(struct line *line, const struct subject *s)
{
	const struct device_facts *dev = s->device;
	int64_t threshold =
		dev->isolate_strategy > 0 ? dev->isolate_strategy : 0;

	if (!strcmp(dev->module, "hisi_zip")) {
		put_driver_again(line, dev);
		return;
	}
	if (dev->pci[0]) {
		put_restart(line, s);
		add(line, "; if it stays isolated, ");
	}
	add(line, "echo %" PRId64 " >/sys/class/uacce/%s/isolate_strategy",
	    threshold, dev->name);
}

static void put_udev_rule(struct line *line, const struct subject *s)
{
	(void)s;
	add(line, "%s",
	    "SUBSYSTEM==\"uacce\", ATTR{flags}==\"1\", GROUP=\"accel\", MODE=\"0660\"");
}

/* Whom root should give a file that is root's. */
static void put_let_others(struct line *line, const struct subject *s)
{
	if (s->device->flags != FLAG_SVA) {
		add(line,
		    "leave it so: without SVA, who has a queue of it may reach memory of others");
		return;
	}
	add(line, "for other users, add a udev rule: ");
	put_udev_rule(line, s);
}

#define DEVICE_TEXT(name, fmt, ...)                                            \
	static void put_##name(struct line *line, const struct subject *s)     \
	{                                                                      \
		const struct device_facts *dev = s->device;                    \
                                                                               \
		add(line, fmt, __VA_ARGS__);                                   \
	}

DEVICE_TEXT(pci, "%s", dev->pci)
DEVICE_TEXT(driver, "%s", dev->module[0] ? dev->module : "of the device")
DEVICE_TEXT(api, "%s", dev->api)
DEVICE_TEXT(algs, "%s", dev->algs[0] ? dev->algs : "none")
DEVICE_TEXT(odd, "%s", dev->odd)
DEVICE_TEXT(reason, "%s", dev->reason)
DEVICE_TEXT(group, "%s", dev->node.group)
DEVICE_TEXT(owner, "%s", dev->node.owner)
DEVICE_TEXT(mode, "%04o", dev->node.mode)
DEVICE_TEXT(error, "%s", wd_strerror(dev->test.error))
DEVICE_TEXT(signal, "%s", strsignal(dev->test.error) ?: "unknown")
DEVICE_TEXT(doing, "%s", dev->test.doing)
DEVICE_TEXT(numa, "%" PRId64, dev->numa_node)
DEVICE_TEXT(vfs, "%" PRId64, dev->vfs)
DEVICE_TEXT(vfs_max, "%" PRId64, dev->vfs_max)
DEVICE_TEXT(iommu_type, "%s", dev->iommu_type)

static void put_distance(struct line *line, const struct subject *s)
{
	if (s->device->numa_distance >= 0)
		add(line, " (distance %" PRId64 ")", s->device->numa_distance);
}

/* ---- of a module, of the host, of the run ---- */

#define MODULE_TEXT(name, member)                                              \
	static void put_##name(struct line *line, const struct subject *s)     \
	{                                                                      \
		add(line, "%s", s->module->member);                            \
	}

MODULE_TEXT(module, name)
MODULE_TEXT(state, state)

#define HOST_TEXT(name, fmt, value)                                            \
	static void put_##name(struct line *line, const struct subject *s)     \
	{                                                                      \
		const struct doctor_host *host = &s->facts->host;              \
                                                                               \
		add(line, fmt, value);                                         \
	}

HOST_TEXT(release, "%s", host->release)
HOST_TEXT(lockdown, "%s", host->lockdown)
HOST_TEXT(user, "%s", host->user)
HOST_TEXT(rule, "%s", host->udev_rule)
HOST_TEXT(usable, "%u", host->cpus_usable)
HOST_TEXT(affinity, "%u", host->cpus_affinity)
HOST_TEXT(online, "%u", host->cpus_online)
HOST_TEXT(threads, "%u", host->threads)
HOST_TEXT(limit, "%s", host->limit.name ?: "")
HOST_TEXT(limit_mib, "%" PRIu64, host->limit.bytes >> 20)
HOST_TEXT(memlock_kib, "%" PRIu64, host->memlock >> 10)

/* The parameters of wd_uacce that are on. */
static void put_unsafe(struct line *line, const struct subject *s)
{
	const struct doctor_host *host = &s->facts->host;
	bool both = host->unsafe_no_sva == ANSWER_YES &&
		    host->unsafe_doorbells == ANSWER_YES;

	if (host->unsafe_no_sva == ANSWER_YES)
		add(line, "unsafe_no_sva");
	if (both)
		add(line, " and ");
	if (host->unsafe_doorbells == ANSWER_YES)
		add(line, "unsafe_shared_doorbells");
}

/* How it differs from what would be loaded now. */
static void put_versions(struct line *line, const struct subject *s)
{
	const struct doctor_module *m = s->module;

	switch (module_age(m)) {
	case AGE_SAME:
		break;
	case AGE_FILE:
		add(line, "as version %s, but installed is %s", m->version,
		    m->file_version);
		break;
	case AGE_SOURCE:
		add(line, "with srcversion %s, but installed is %s",
		    m->srcversion, m->file_srcversion);
		break;
	case AGE_TOOLS:
		add(line,
		    "as version %s, which differs from these tools: they have %s",
		    m->version, wd_version());
		break;
	}
}

static void put_new_module(struct line *line, const struct subject *s)
{
	add(line, "%s",
	    module_age(s->module) == AGE_TOOLS
		    ? "install the one that goes with these tools, then"
		    : "load the installed one");
}

/* Those that come with @s->module and are loaded: each before what it needs. */
static void put_loaded(struct line *line, const struct subject *s)
{
	const struct doctor_module *modules = s->facts->modules;

	for (int i = MODULES - 1; i >= 0; i--)
		if (modules[i].loaded && modules[i].ours == s->module->ours)
			add(line, " %s", modules[i].name);
}

/* All of them, as one cannot be unloaded while others use it. */
static void put_reload(struct line *line, const struct subject *s)
{
	const struct doctor_module *linux_zip = &s->facts->modules[MODULE_ZIP];

	add(line, "rmmod");
	put_loaded(line, s);
	if (!s->module->ours && linux_zip->loaded) {
		add(line, " && modprobe hisi_zip uacce_mode=1");
		return;
	}
	add(line, " && modprobe -a");
	put_loaded(line, s);
}

/* What would drive the ZIP engine. */
static void put_zip_driver(struct line *line, const struct subject *s)
{
	bool ours = s->facts->modules[MODULE_WD_ZIP].installed == ANSWER_YES;

	add(line, "%s", ours ? "wd_hisi_zip" : "hisi_zip");
}

static void put_wish(struct line *line, const struct subject *s)
{
	add(line, "%s", s->facts->run.wish ?: "auto");
}

static void put_run_error(struct line *line, const struct subject *s)
{
	const struct doctor_run *run = &s->facts->run;

	add(line, "%s: %s", run->failed ?: "", wd_strerror(run->error));
}

static void put_run_why(struct line *line, const struct subject *s)
{
	add(line, "%s", wd_strerror(s->facts->run.error));
}

static void put_redone(struct line *line, const struct subject *s)
{
	add(line, "%" PRIu64, s->facts->run.redone);
}

/* ---- the words ---- */

/* clang-format off */
#define WORD(name)	{ #name, put_##name }

static const struct {
	const char *name;
	void (*put)(struct line *line, const struct subject *about);
} words[] = {
	WORD(affinity), WORD(algs), WORD(api), WORD(device),
	WORD(distance), WORD(doing), WORD(driver), WORD(error),
	WORD(fallbacks), WORD(faults), WORD(group), WORD(injected),
	WORD(iommu_type), WORD(let_others), WORD(limit), WORD(limit_mib),
	WORD(lockdown), WORD(make_node), WORD(memlock_kib), WORD(mode),
	WORD(module), WORD(new_module), WORD(numa), WORD(odd),
	WORD(online), WORD(owner), WORD(pci), WORD(reason),
	WORD(redone), WORD(release), WORD(release_it), WORD(reload),
	WORD(resets), WORD(restart), WORD(rule), WORD(run_error),
	WORD(run_why), WORD(signal), WORD(state), WORD(threads),
	WORD(udev_rule), WORD(unsafe), WORD(usable), WORD(user),
	WORD(users), WORD(versions), WORD(vfs), WORD(vfs_max),
	WORD(wish), WORD(zip_driver),
};
/* clang-format on */

static void put_word(struct line *line, const char *word, size_t len,
		     const struct subject *about)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].name) != len ||
		    memcmp(words[i].name, word, len))
			continue;
		words[i].put(line, about);
		return;
	}
	add(line, "{%.*s}", (int)len, word);
}

void fill_words(char *out, size_t size, const char *text,
		const struct subject *about)
{
	struct line line = { out, size };

	*out = '\0';
	while (*text) {
		size_t plain = strcspn(text, "{");
		size_t len;

		add(&line, "%.*s", (int)plain, text);
		text += plain;
		if (!*text)
			break;
		len = strcspn(++text, "}");
		put_word(&line, text, len, about);
		text += len;
		text += *text == '}';
	}
}
