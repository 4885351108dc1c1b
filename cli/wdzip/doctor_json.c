/* SPDX-License-Identifier: MIT */
/*
 * What --doctor=json prints; wdzip(1) describes it, and members stay.
 *
 * What is not known is null.
 */
#include <stdio.h>
#include <string.h>

#include "device_json.h"
#include "doctor_host.h"
#include "doctor_json.h"
#include "doctor_names.h"
#include "json.h"

#define SHAPE 1 /* of the object; grows when members lose their meaning */

static void put_answer(struct json *j, const char *name, enum answer answer)
{
	if (answer == ANSWER_UNKNOWN)
		json_null(j, name);
	else
		json_bool(j, name, answer == ANSWER_YES);
}

static void put_number(struct json *j, const char *name, int64_t value)
{
	if (value < 0)
		json_null(j, name);
	else
		json_count(j, name, (uint64_t)value);
}

/* Words separated by blanks. */
static void put_words(struct json *j, const char *name, const char *words)
{
	char text[1024], *save = NULL;

	snprintf(text, sizeof(text), "%s", words);
	json_open(j, name, '[');
	for (char *w = strtok_r(text, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		json_string(j, NULL, w);
	json_close(j, ']');
}

/* ---- findings ---- */

static void put_subject(struct json *j, const struct doctor_facts *facts, int i)
{
	const struct device_facts *dev = i < 0 ? NULL : &facts->list.devices[i];

	json_text(j, "device",
		  dev ? dev->name[0] ? dev->name : dev->pci : NULL);
}

static void put_findings(struct json *j, const struct doctor_facts *facts,
			 const struct verdict *v)
{
	json_open(j, "findings", '[');
	for (unsigned int i = 0; i < v->count; i++) {
		const struct finding *f = &v->findings[i];

		json_open(j, NULL, '{');
		json_string(j, "code", f->code);
		json_string(j, "severity", severity_name(f->severity));
		put_subject(j, facts, f->device);
		json_string(j, "status", f->status);
		json_string(j, "action", f->action);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* ---- the host ---- */

static void put_options(struct json *j, const struct doctor_host *host)
{
	json_open(j, "options", '{');
	for (int i = 0; i < OPTIONS; i++)
		put_answer(j, option_name(i), host->options[i]);
	json_close(j, '}');
}

static void put_limits(struct json *j, const struct doctor_host *host)
{
	if (host->memlock == UINT64_MAX)
		json_null(j, "memlock_bytes");
	else
		json_count(j, "memlock_bytes", host->memlock);
	json_count(j, "cpus_online", host->cpus_online);
	json_count(j, "cpus_affinity", host->cpus_affinity);
	json_count(j, "cpus_usable", host->cpus_usable);
	json_count(j, "threads", host->threads);
	put_number(j, "memory_limit_bytes",
		   host->limit.bytes ? (int64_t)host->limit.bytes : -1);
	json_text(j, "memory_limit", host->limit.name);
}

static void put_host(struct json *j, const struct doctor_host *host)
{
	json_open(j, "host", '{');
	json_text(j, "kernel", host->release);
	json_text(j, "machine", host->machine);
	put_options(j, host);
	put_answer(j, "secure_boot", host->secure_boot);
	json_text(j, "lockdown", host->lockdown);
	put_answer(j, "signatures_enforced", host->sig_enforce);
	json_text(j, "user", host->user);
	put_words(j, "groups", host->groups);
	json_bool(j, "cap_sys_rawio", host->rawio);
	json_text(j, "udev_rule", host->udev_rule);
	put_limits(j, host);
	json_open(j, "libraries", '{');
	json_string(j, "libwd", wd_version());
	json_text(j, "isal",
		  host->isal == ANSWER_YES ? host->isal_version : NULL);
	json_text(j, "libdeflate", host->libdeflate);
	json_text(j, "zlib", host->zlib);
	json_close(j, '}');
	json_close(j, '}');
}

static void put_modules(struct json *j, const struct doctor_facts *facts)
{
	json_open(j, "modules", '[');
	for (int i = 0; i < MODULES; i++) {
		const struct doctor_module *m = &facts->modules[i];

		json_open(j, NULL, '{');
		json_string(j, "name", m->name);
		json_bool(j, "ours", m->ours);
		json_bool(j, "loaded", m->loaded);
		put_answer(j, "installed", m->installed);
		json_text(j, "version", m->version);
		json_text(j, "srcversion", m->srcversion);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* ---- devices ---- */

static void put_pci(struct json *j, const struct device_facts *dev)
{
	json_text(j, "pci", dev->pci);
	put_number(j, "revision", dev->revision);
	json_text(j, "generation", generation(dev));
	json_text(j, "module", dev->module);
	json_bool(j, "virtual_function", dev->vf);
	put_number(j, "vfs", dev->vfs);
	put_number(j, "vfs_max", dev->vfs_max);
	put_number(j, "iommu_group", dev->iommu_group);
	json_text(j, "iommu_type", dev->iommu_type);
	put_number(j, "numa_node", dev->numa_node);
	put_number(j, "numa_distance", dev->numa_distance);
}

static void put_node(struct json *j, const struct device_facts *dev)
{
	const struct device_node *node = &dev->node;
	bool there = node->kind != NODE_UNKNOWN && node->kind != NODE_MISSING;
	char mode[16];

	if (!dev->in_class) {
		json_null(j, "file");
		return;
	}
	snprintf(mode, sizeof(mode), "%04o", node->mode);
	json_open(j, "file", '{');
	json_string(j, "state", node_name(node->kind));
	json_text(j, "mode", there ? mode : NULL);
	json_text(j, "owner", node->owner);
	json_text(j, "group", node->group);
	json_bool(j, "usable", node->usable);
	json_close(j, '}');
}

static void put_counters(struct json *j, const struct device_facts *dev)
{
	json_open(j, "counters", '{');
	for (unsigned int i = 0; i < dev->counter_count; i++)
		json_count(j, dev->counters[i].name, dev->counters[i].value);
	json_close(j, '}');
}

static void put_test(struct json *j, const struct doctor_test *t)
{
	bool failed = t->error && t->result != TEST_DIED;

	json_open(j, "self_test", '{');
	json_string(j, "result", test_name(t->result));
	json_text(j, "error", failed ? wd_strerror(t->error) : NULL);
	put_answer(j, "compress", t->compress);
	put_answer(j, "decompress", t->decompress);
	json_count(j, "bytes", t->bytes);
	json_close(j, '}');
}

static void put_device(struct json *j, const struct device_facts *dev,
		       enum device_state state)
{
	json_open(j, NULL, '{');
	json_text(j, "name", dev->name);
	json_string(j, "state", device_state_name(state));
	put_pci(j, dev);
	json_text(j, "api", dev->api);
	json_text(j, "driver", dev->driver);
	json_text(j, "addresses", address_mode(dev));
	put_words(j, "algorithms", dev->algs);
	put_node(j, dev);
	put_number(j, "queues_free", dev->free_queues);
	device_json_users(j, dev);
	if (dev->isolated < 0)
		json_null(j, "isolated");
	else
		json_bool(j, "isolated", dev->isolated > 0);
	put_number(j, "isolate_strategy", dev->isolate_strategy);
	put_counters(j, dev);
	put_test(j, &dev->test);
	json_close(j, '}');
}

/* ---- the run ---- */

static void put_run(struct json *j, const struct doctor_run *run)
{
	json_open(j, "run", '{');
	json_string(j, "asked", run->wish ?: "auto");
	json_text(j, "engine", run->engine);
	json_text(j, "device", run->device);
	if (run->tried)
		json_bool(j, "cpu", run->cpu);
	else
		json_null(j, "cpu");
	json_string(j, "op", run->decompress ? "decompress" : "compress");
	put_number(j, "level", run->decompress ? -1 : run->level);
	json_count(j, "threads", run->threads);
	if (run->mb_per_s > 0)
		json_fixed(j, "mb_per_s", run->mb_per_s, 1);
	else
		json_null(j, "mb_per_s");
	json_close(j, '}');
}

void doctor_print_json(const struct doctor_facts *facts,
		       const struct verdict *v)
{
	struct json j = { .out = stdout };

	json_open(&j, NULL, '{');
	json_count(&j, "shape", SHAPE);
	json_string(&j, "state", machine_state_name(v->worst));
	put_findings(&j, facts, v);
	put_host(&j, &facts->host);
	put_modules(&j, facts);
	json_open(&j, "devices", '[');
	for (unsigned int i = 0; i < facts->list.count; i++)
		put_device(&j, &facts->list.devices[i], v->states[i]);
	json_close(&j, ']');
	put_run(&j, &facts->run);
	json_close(&j, '}');
	printf("\n");
}
