/* SPDX-License-Identifier: MIT */
/*
 * The accelerators that the kernel tells of: those of the class uacce, and those of the
 * PCI bus that are not among them.
 */
#ifndef CLI_DEVICE_LIST_H
#define CLI_DEVICE_LIST_H

#include "device_facts.h"

/*
 * Append all devices to @list, with what the class has of them, their PCI address and
 * driver.  What could compress comes first.
 */
void list_devices(struct device_list *list);

/* Of a device so far nothing is known. */
void device_blank(struct device_facts *dev);

/* Append a copy of @dev if there is room; @ours: it could compress. */
void device_keep(struct device_list *list, const struct device_facts *dev,
		 bool ours);

/* As in /dev, or its PCI address. */
const char *device_name(const struct device_facts *dev);

#endif
