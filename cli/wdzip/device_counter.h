/* SPDX-License-Identifier: MIT */
/*
 * Counters of a device: those of its driver in debugfs, and those of the PCI bus.
 */
#ifndef CLI_DEVICE_COUNTER_H
#define CLI_DEVICE_COUNTER_H

#include "device_facts.h"

/* Fill @counters, @debugfs and @qm_status; needs @name, @module and @pci. */
void gather_counters(struct device_facts *dev);

#endif
