/* SPDX-License-Identifier: MIT */
/*
 * The machine that --doctor runs on, but for its accelerators: kernel, firmware, limits
 * of this process, libraries.
 */
#ifndef CLI_DOCTOR_HOST_H
#define CLI_DOCTOR_HOST_H

#include "doctor_facts.h"

void gather_host(struct doctor_host *host);

/* How the kernel's configuration calls @option, such as "CONFIG_UACCE". */
const char *option_name(enum doctor_option option);

#endif
