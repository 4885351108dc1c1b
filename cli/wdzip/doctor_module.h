/* SPDX-License-Identifier: MIT */
/*
 * The kernel modules of accelerators: which are loaded, in which version, and which
 * would be loaded now.
 */
#ifndef CLI_DOCTOR_MODULE_H
#define CLI_DOCTOR_MODULE_H

#include "doctor_facts.h"

/* Fill @facts->modules; needs the name of the kernel's release in @facts->host. */
void gather_modules(struct doctor_facts *facts);

#endif
