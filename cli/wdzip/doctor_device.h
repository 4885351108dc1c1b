/* SPDX-License-Identifier: MIT */
/*
 * The accelerators of a machine: those of the class uacce, those of the PCI bus that are
 * not among them, and what the library makes of them.
 */
#ifndef CLI_DOCTOR_DEVICE_H
#define CLI_DOCTOR_DEVICE_H

#include "doctor_facts.h"

/* Fill @facts->list.devices, but for their self-tests. */
void gather_devices(struct doctor_facts *facts);

#endif
