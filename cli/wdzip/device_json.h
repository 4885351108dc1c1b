/* SPDX-License-Identifier: MIT */
/*
 * What all that is told of a device as JSON has in common.
 */
#ifndef CLI_DEVICE_JSON_H
#define CLI_DEVICE_JSON_H

#include "device_facts.h"
#include "json.h"

/* The processes that have its queues, and whether there may be others. */
void device_json_users(struct json *j, const struct device_facts *dev);

#endif
