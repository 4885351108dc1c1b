/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of all accelerators at one time.
 */
#ifndef CLI_TOP_SAMPLE_H
#define CLI_TOP_SAMPLE_H

#include "device_facts.h"
#include "top_meter.h"

/*
 * struct top_sample
 * @at:     seconds, of a clock that is for differences only
 * @meters: what cores did since; in the order of @list
 */
struct top_sample {
	double at;
	struct device_list list;
	struct core_meter meters[DEVICES_MAX];
};

/* Seconds of that clock. */
double sample_clock(void);

/* Ask for everything anew. */
void sample_take(struct top_sample *s);

/* Read the cores once more, as they have to be more often than once in METER_GAP_MAX. */
void sample_watch(struct top_sample *s);

/*
 * sample_find() - the same device in another sample
 * @s: may be NULL
 *
 * Returns its place in @s->list, or -1.
 */
int sample_find(const struct top_sample *s, const struct device_facts *dev);

#endif
