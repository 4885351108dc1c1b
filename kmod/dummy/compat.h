/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels this builds for, 6.1 to 7.x.  No other file of
 * this directory looks at the version.
 */
#ifndef _WD_DUMMY_COMPAT_H
#define _WD_DUMMY_COMPAT_H

#include <linux/platform_device.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* The remove callback returns nothing since 6.11. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define DUMMY_REMOVE_TYPE	void
#define DUMMY_REMOVED
#else
#define DUMMY_REMOVE_TYPE	int
#define DUMMY_REMOVED		0
#endif

#endif
