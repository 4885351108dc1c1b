/* SPDX-License-Identifier: MIT */
/*
 * Who has the queues of a device, as JSON.
 */
#include "device_json.h"

void device_json_users(struct json *j, const struct device_facts *dev)
{
	json_open(j, "users", '[');
	for (unsigned int i = 0; i < dev->user_count; i++) {
		json_open(j, NULL, '{');
		json_count(j, "process", (uint64_t)dev->users[i].pid);
		json_string(j, "name", dev->users[i].name);
		json_count(j, "queues", dev->users[i].queues);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_bool(j, "users_hidden", dev->users_hidden);
}
