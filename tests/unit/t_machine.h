/* SPDX-License-Identifier: MIT */
/*
 * What wdzip --doctor would know of a machine that is well.
 */
#ifndef T_MACHINE_H
#define T_MACHINE_H

#include "doctor_facts.h"

extern struct doctor_facts facts;

/* Without a device, and nothing that was there before. */
void make_host(void);

/* Add the engine without a file, which needs a driver; or with one. */
struct device_facts *add_function(void);
struct device_facts *add_device(void);

#endif
