/* SPDX-License-Identifier: MIT */
/*
 * Counters of a device: those of its driver in debugfs, and those of the PCI bus.
 */
#ifndef CLI_DOCTOR_COUNTER_H
#define CLI_DOCTOR_COUNTER_H

#include "doctor_facts.h"

/* Fill @counters, @debugfs and @qm_status; needs @name, @module and @pci. */
void gather_counters(struct doctor_device *dev);

#endif
