/* SPDX-License-Identifier: MIT */
/*
 * Which devices the name of an engine means.
 */
#ifndef WD_ENGINE_H
#define WD_ENGINE_H

#include <stdatomic.h>

#include <warpdrive/wd_comp.h>

#include "../internal.h"

/* There was none when this process looked; tests that bring some along reset it. */
extern atomic_bool engine_no_hardware;

/*
 * struct engine_choice - what one engine of a list comes to
 * @device: names of devices or drivers, @devices of them
 * @cpu:    the CPU works along, or alone
 * @at_once: without a queue of one of these devices there is no session
 * @text:   for people: how the list names it, cut if it is very long
 */
struct engine_choice {
	char device[WD_COMP_LANES_MAX - 1][WD_NAME_MAX];
	unsigned int devices;
	bool cpu;
	bool at_once;
	char text[2 * WD_NAME_MAX];
};

/*
 * engine_choose() - the first engine of a list that can be used
 * @list: as in struct wd_comp_setup; NULL for the default
 *
 * Returns 0; else why the first cannot be used: -ENODEV if it does not exist, what
 * wd_device_list() has as its status; -EINVAL for a list that makes no sense.
 */
int engine_choose(struct engine_choice *choice, const char *list);

#endif
