/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of all accelerators at one time.
 */
#include <string.h>
#include <time.h>

#include "device_counter.h"
#include "device_list.h"
#include "device_node.h"
#include "top_sample.h"

double sample_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

void sample_take(struct top_sample *s)
{
	struct engine_cores cores;

	memset(s, 0, sizeof(*s));
	list_devices(&s->list);
	/* First, as it may take long. */
	gather_users(&s->list);
	s->at = sample_clock();
	for (unsigned int i = 0; i < s->list.count; i++) {
		gather_counters(&s->list.devices[i]);
		read_cores(&s->list.devices[i], &cores);
		meter_begin(&s->meters[i], &cores, sample_clock());
	}
}

void sample_watch(struct top_sample *s)
{
	struct engine_cores cores;

	for (unsigned int i = 0; i < s->list.count; i++) {
		read_cores(&s->list.devices[i], &cores);
		meter_add(&s->meters[i], &cores, sample_clock());
	}
}

int sample_find(const struct top_sample *s, const struct device_facts *dev)
{
	for (unsigned int i = 0; s && i < s->list.count; i++)
		if (!strcmp(s->list.devices[i].name, dev->name) &&
		    !strcmp(s->list.devices[i].pci, dev->pci))
			return (int)i;
	return -1;
}
