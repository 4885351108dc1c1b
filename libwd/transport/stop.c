/* SPDX-License-Identifier: MIT */
/*
 * Stopping a queue file, by any transport.
 */
#include <errno.h>

#include <misc/uacce/uacce.h>

#include "transport.h"

int wd_transport_stop(const struct wd_transport_ops *tr, int handle)
{
	int ret = tr->ctl(handle, UACCE_CMD_PUT_Q, NULL);

	/* It was stopped before, or the device is no more. */
	return ret == -ENXIO || ret == -ENODEV ? 0 : ret;
}
