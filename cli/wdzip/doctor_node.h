/* SPDX-License-Identifier: MIT */
/*
 * The file of a device in /dev: what it is, who may use it, and who has it open.
 */
#ifndef CLI_DOCTOR_NODE_H
#define CLI_DOCTOR_NODE_H

#include "doctor_facts.h"

/* Fill @dev->node. */
void gather_node(struct doctor_device *dev);

/*
 * Fill @users of all devices: one open file is one queue.  Processes of others can be
 * looked into by root only.
 */
void gather_users(struct doctor_facts *facts);

#endif
