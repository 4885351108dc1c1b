/* SPDX-License-Identifier: MIT */
/*
 * Which devices have the clients' queues.
 */
#ifndef WDBENCH_PROVIDERS_H
#define WDBENCH_PROVIDERS_H

#include "plan.h"

#define PROVIDERS_MAX 64u /* what is beyond is left out */

/* struct providers - names of devices, @count of them, no two of which are the same */
struct providers {
	char name[PROVIDERS_MAX][WD_NAME_MAX];
	unsigned int count;
};

/*
 * providers_find() - the devices that @r's engine means
 *
 * Of a device, a driver, "sw", "hw", or several of these with "+" between them: all
 * that can be used, in this order.
 *
 * Returns 0, or -1 with @r->why set if one of the names means none.
 */
int providers_find(struct providers *p, struct result *r);

#endif
