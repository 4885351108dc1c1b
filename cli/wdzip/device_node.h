/* SPDX-License-Identifier: MIT */
/*
 * The file of a device in /dev: what it is, who may use it, and who has it open.
 */
#ifndef CLI_DEVICE_NODE_H
#define CLI_DEVICE_NODE_H

#include "device_facts.h"

/* Fill @dev->node. */
void gather_node(struct device_facts *dev);

/*
 * Fill @users of all devices: one open file is one queue.  Processes of others can be
 * looked into by root only.
 */
void gather_users(struct device_list *list);

#endif
