/* SPDX-License-Identifier: MIT */
/*
 * Which devices have the clients' queues.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "providers.h"
#include "run.h"

/* struct devices - all that there are, @count of them */
struct devices {
	struct wd_device *list;
	int count;
};

static void add(struct providers *p, const char *name)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (!strcmp(p->name[i], name))
			return;
	if (p->count < PROVIDERS_MAX)
		strcpy(p->name[p->count++], name);
}

/* Those that can be used; else the first of those that cannot, NULL without any. */
static bool add_called(struct providers *p, const struct devices *devices,
		       const char *name, const struct wd_device **refused)
{
	bool any = false;

	*refused = NULL;
	for (int i = 0; i < devices->count; i++) {
		const struct wd_device *dev = &devices->list[i];

		if (!wd_device_is_called(dev, name))
			continue;
		if (!dev->status)
			add(p, dev->name);
		else if (!*refused)
			*refused = dev;
		any |= !dev->status;
	}
	return any;
}

static int add_name(struct providers *p, const struct devices *devices,
		    const char *name, struct result *r)
{
	const struct wd_device *refused;

	if (add_called(p, devices, name, &refused))
		return 0;
	if (!refused)
		return runner_fail(r, name, -ENODEV);
	snprintf(r->why, sizeof(r->why), "%s: %s", refused->name,
		 refused->reason);
	return -1;
}

static int add_sum(struct providers *p, const struct devices *devices,
		   struct result *r)
{
	const char *at = r->setup.engine;

	for (;;) {
		size_t len = strcspn(at, "+");
		char name[ENGINE_MAX];

		memcpy(name, at, len);
		name[len] = '\0';
		if (add_name(p, devices, name, r) < 0)
			return -1;
		if (!at[len])
			return 0;
		at += len + 1;
	}
}

int providers_find(struct providers *p, struct result *r)
{
	struct devices devices;
	int ret;

	p->count = 0;
	devices.count = wd_device_list(&devices.list);
	if (devices.count < 0)
		return runner_fail(r, r->setup.engine, devices.count);
	ret = add_sum(p, &devices, r);
	wd_device_list_free(devices.list);
	return ret;
}
