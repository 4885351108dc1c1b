/* SPDX-License-Identifier: MIT */
/*
 * What kind of device it is, by the names that it has.
 */
#ifndef CLI_DEVICE_KIND_H
#define CLI_DEVICE_KIND_H

#include "device_facts.h"

/* Whether it offers a format of these tools. */
bool compresses(const struct device_facts *dev);

/* Whether it is for compression, or should be. */
bool could_compress(const struct device_facts *dev);

/* Whether the driver hands its devices to a program or a virtual machine. */
bool gives_away(const char *driver);

/*
 * Whether a function of PCI without a file is a virtual machine's, or meant to become one's:
 * then nothing is wrong with it.
 */
bool is_for_others(const struct device_facts *dev);

#endif
