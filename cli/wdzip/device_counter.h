/* SPDX-License-Identifier: MIT */
/*
 * Counters of a device: those of its driver in debugfs, and those of the PCI bus.
 */
#ifndef CLI_DEVICE_COUNTER_H
#define CLI_DEVICE_COUNTER_H

#include "device_facts.h"

/*
 * Fill @counters, @debugfs, @qm_status and @process_queues; needs @name, @module and
 * @pci.
 */
void gather_counters(struct device_facts *dev);

/* The directory of @dev in debugfs; false if there can be none. */
bool counter_dir(const struct device_facts *dev, char *dir, size_t size);

#endif
