/* SPDX-License-Identifier: MIT */
/*
 * A transport with a dummy accelerator behind it, in this process: it does its
 * requests with zlib when it is woken, or not at all, or wrong.
 */
#ifndef T_DEVICE_H
#define T_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "internal.h"

/* What goes wrong: calls of the transport fail from the nth on, 0 for none. */
struct t_device {
	uint32_t depth;			/* 16 if 0 */
	int status;			/* of the device, as it is listed */
	bool no_sva;
	int open_error, start_error;
	int map_fails;			/* the nth mapping */
	int wake_error;
	bool bad_ring;			/* a layout that cannot be */
	unsigned int fail;		/* requests to fail */
	unsigned int flip;		/* requests with a wrong bit of output */
	unsigned int lose;		/* requests never to answer */
	unsigned int nonsense;		/* requests to answer with what cannot be */
	int vanish_after;		/* requests until the device is gone */

	unsigned int requests;		/* done */
	unsigned int opened, closed, mapped, unmapped, stopped;
};

extern struct t_device t_device;

/* Put it in the place of the kernel; clears t_device. */
void t_device_install(void);
void t_device_remove(void);

#endif
