/* SPDX-License-Identifier: MIT */
/*
 * What kind of device it is, by the names that it has.
 */
#ifndef CLI_DOCTOR_KIND_H
#define CLI_DOCTOR_KIND_H

#include "doctor_facts.h"

/* Whether it offers a format of these tools. */
bool compresses(const struct doctor_device *dev);

/* Whether it is for compression, or should be. */
bool could_compress(const struct doctor_device *dev);

/* Whether the driver hands its devices to a program or a virtual machine. */
bool gives_away(const char *driver);

/*
 * Whether a function of PCI without a file is a virtual machine's, or meant to become one's:
 * then nothing is wrong with it.
 */
bool is_for_others(const struct doctor_device *dev);

#endif
