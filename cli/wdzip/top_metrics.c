/* SPDX-License-Identifier: MIT */
/*
 * What --top=openmetrics prints, for programs that collect numbers of machines.
 * wdzip-top(7) describes it; names and labels stay.
 *
 * What is not known is left out.  So are the cores' bytes and cycles: their counters run
 * over within seconds, and who asks twice a minute could make nothing of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "device_list.h"
#include "json.h"
#include "top_metrics.h"
#include "top_rate.h"

#define PREFIX "warpdrive_"

/* ---- the format ---- */

/* @unit: the last word of @name, or NULL */
struct family {
	const char *name;
	const char *type;
	const char *unit;
	const char *help;
};

static void put_family(const struct family *f)
{
	printf("# TYPE " PREFIX "%s %s\n", f->name, f->type);
	if (f->unit)
		printf("# UNIT " PREFIX "%s %s\n", f->name, f->unit);
	printf("# HELP " PREFIX "%s %s\n", f->name, f->help);
}

/* Names are the kernel's, which may have others put them there. */
static void put_escaped(const char *text)
{
	while (*text) {
		size_t len = utf8_length(text);

		if (*text == '\n')
			fputs("\\n", stdout);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if (len)
			fwrite(text, 1, len, stdout);
		else
			fputs("\xef\xbf\xbd", stdout);
		text += len ? len : 1;
	}
}

struct label {
	const char *name;
	const char *value;
};

/* @labels: one without a name comes after the last */
static void put_sample(const struct family *f, const struct label *labels,
		       uint64_t value)
{
	bool any = false;

	printf(PREFIX "%s%s", f->name,
	       strcmp(f->type, "counter") ? "" : "_total");
	for (; labels->name; labels++) {
		printf("%c%s=\"", any ? ',' : '{', labels->name);
		put_escaped(labels->value);
		printf("\"");
		any = true;
	}
	printf("%s %" PRIu64 "\n", any ? "}" : "", value);
}

/* ---- one number of each device ---- */

static int64_t is_isolated(const struct device_facts *dev)
{
	return dev->isolated < 0 ? NOT_KNOWN : dev->isolated > 0;
}

static int64_t is_running(const struct device_facts *dev)
{
	return dev->qm_status[0] ? strcmp(dev->qm_status, "stop") != 0
				 : NOT_KNOWN;
}

static int64_t tells_counters(const struct device_facts *dev)
{
	if (dev->debugfs == DEBUGFS_NOT_NEEDED)
		return NOT_KNOWN;
	return dev->debugfs == DEBUGFS_READ;
}

static int64_t free_queues(const struct device_facts *dev)
{
	return dev->free_queues;
}

#define COUNTER_VALUE(name, counter)                                           \
	static int64_t name(const struct device_facts *dev)                    \
	{                                                                      \
		return counter_value(dev, counter);                            \
	}

COUNTER_VALUE(done_requests, COUNTER_DONE)
COUNTER_VALUE(sent_requests, COUNTER_SENT)
COUNTER_VALUE(answered_requests, COUNTER_ANSWERED)
COUNTER_VALUE(fallback_requests, COUNTER_REDONE)
COUNTER_VALUE(aborted_requests, COUNTER_ABORTED)
COUNTER_VALUE(limbo_queues, "limbo")

/* @counter: it shows this one, or NULL */
/* clang-format off */
static const struct single {
	struct family family;
	const char *counter;
	int64_t (*value)(const struct device_facts *dev);
} singles[] = {
	{ { "device_isolated", "gauge", NULL,
	    "Whether the driver says that it should not be used, after errors." },
	  NULL, is_isolated },
	{ { "device_running", "gauge", NULL,
	    "Whether it takes requests: 0 during a reset, and after one that failed." },
	  NULL, is_running },
	{ { "device_counters_readable", "gauge", NULL,
	    "Whether the driver's counters in debugfs could be read." },
	  NULL, tells_counters },
	{ { "device_free_queues", "gauge", "queues",
	    "Queues that processes can open now." },
	  NULL, free_queues },
	{ { "device_used_queues", "gauge", "queues",
	    "Queues that processes have." },
	  NULL, used_queues },
	{ { "device_limbo_queues", "gauge", "queues",
	    "Queues that were closed, and that the device has not let go of." },
	  "limbo", limbo_queues },
	{ { "device_requests", "counter", "requests",
	    "Requests that were done, where the driver counts those of everybody." },
	  COUNTER_DONE, done_requests },
	{ { "kernel_sent_requests", "counter", "requests",
	    "Requests of the kernel that were given to the device." },
	  COUNTER_SENT, sent_requests },
	{ { "kernel_answered_requests", "counter", "requests",
	    "Requests of the kernel that the device has answered." },
	  COUNTER_ANSWERED, answered_requests },
	{ { "kernel_aborted_requests", "counter", "requests",
	    "Requests of the kernel that a stop or reset has ended." },
	  COUNTER_ABORTED, aborted_requests },
	{ { "kernel_fallback_requests", "counter", "requests",
	    "Requests of the kernel that were done in software instead." },
	  COUNTER_REDONE, fallback_requests },
};
/* clang-format on */

#define SINGLES (sizeof(singles) / sizeof(singles[0]))

static void put_single(const struct single *single,
		       const struct device_list *list)
{
	bool any = false;

	for (unsigned int i = 0; i < list->count; i++) {
		const struct device_facts *dev = &list->devices[i];
		const struct label labels[] = { { "device", device_name(dev) },
						{ NULL, NULL } };
		int64_t value = single->value(dev);

		if (value < 0)
			continue;
		if (!any)
			put_family(&single->family);
		any = true;
		put_sample(&single->family, labels, (uint64_t)value);
	}
}

static void put_present(const struct device_list *list)
{
	static const struct family present = {
		"device_present", "gauge", NULL,
		"A device that there is, with its driver and PCI address."
	};

	if (list->count)
		put_family(&present);
	for (unsigned int i = 0; i < list->count; i++) {
		const struct device_facts *dev = &list->devices[i];
		const struct label labels[] = { { "device", device_name(dev) },
						{ "driver", dev->module },
						{ "pci", dev->pci },
						{ NULL, NULL } };

		put_sample(&present, labels, 1);
	}
}

/* ---- several of each device ---- */

static bool is_single(const struct device_counter *c)
{
	for (size_t i = 0; i < SINGLES; i++)
		if (singles[i].counter && !strcmp(singles[i].counter, c->name))
			return true;
	return false;
}

static const char *kind_name(enum counter_kind kind)
{
	switch (kind) {
	case COUNTER_FAULT:
		return "error";
	case COUNTER_RESET:
		return "reset";
	case COUNTER_FALLBACK:
		return "fallback";
	case COUNTER_INJECTED:
		return "injected";
	default:
		return "other";
	}
}

static bool is_event(const struct device_counter *c)
{
	return c->kind != COUNTER_INJECTED && !is_single(c);
}

static bool is_injected(const struct device_counter *c)
{
	return c->kind == COUNTER_INJECTED;
}

/*
 * struct several - counters that are samples of one family
 * @label: has the counter's name
 */
struct several {
	struct family family;
	const char *label;
	bool (*is_one)(const struct device_counter *c);
};

/* clang-format off */
static const struct several severals[] = {
	{ { "device_events", "counter", "events",
	    "Whatever else is counted, by the name of the counter." },
	  "event", is_event },
	{ { "device_injected_faults", "gauge", "faults",
	    "Faults that somebody has asked for, and that are still to come." },
	  "fault", is_injected },
};
/* clang-format on */

static bool has_any(const struct several *s, const struct device_facts *dev)
{
	for (unsigned int i = 0; i < dev->counter_count; i++)
		if (s->is_one(&dev->counters[i]))
			return true;
	return false;
}

static void put_several_of(const struct several *s,
			   const struct device_facts *dev)
{
	for (unsigned int i = 0; i < dev->counter_count; i++) {
		const struct device_counter *c = &dev->counters[i];
		const struct label labels[] = { { "device", device_name(dev) },
						{ s->label, c->name },
						{ "kind", kind_name(c->kind) },
						{ NULL, NULL } };

		if (s->is_one(c))
			put_sample(&s->family, labels, c->value);
	}
}

static void put_several(const struct several *s, const struct device_list *list)
{
	bool any = false;

	for (unsigned int i = 0; i < list->count; i++) {
		const struct device_facts *dev = &list->devices[i];

		if (!any && has_any(s, dev)) {
			put_family(&s->family);
			any = true;
		}
		put_several_of(s, dev);
	}
}

/* ---- cores ---- */

static void put_core(const struct family *f, const struct device_facts *dev,
		     const struct engine_core *core)
{
	char name[16];
	const struct label labels[] = { { "device", device_name(dev) },
					{ "core", name },
					{ NULL, NULL } };

	snprintf(name, sizeof(name), "%s%u", core_kind(core), core->number);
	put_sample(f, labels, core->counts.done);
}

/* Each for itself: of a sum nobody could tell that one has begun anew. */
static void put_cores(const struct top_sample *now)
{
	static const struct family done = {
		"core_requests", "counter", "requests",
		"Requests that a core has done; begins anew at 2^32."
	};
	bool any = false;

	for (unsigned int i = 0; i < now->list.count; i++) {
		const struct engine_cores *cores = &now->meters[i].last;

		if (cores->count && !any)
			put_family(&done);
		any |= cores->count > 0;
		for (unsigned int k = 0; k < cores->count; k++)
			put_core(&done, &now->list.devices[i], &cores->list[k]);
	}
}

static void put_number_of_devices(const struct device_list *list)
{
	static const struct family devices = {
		"devices", "gauge", "devices",
		"Accelerators that the kernel tells of."
	};
	const struct label none = { NULL, NULL };

	put_family(&devices);
	put_sample(&devices, &none, list->count);
}

void top_print_metrics(const struct top_sample *now)
{
	put_number_of_devices(&now->list);
	put_present(&now->list);
	for (size_t i = 0; i < SINGLES; i++)
		put_single(&singles[i], &now->list);
	for (size_t i = 0; i < sizeof(severals) / sizeof(severals[0]); i++)
		put_several(&severals[i], &now->list);
	put_cores(now);
	printf("# EOF\n");
}
