/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Accelerator queues as character devices: what every queue file has.
 *
 * Names and numbers are those of Linux's own <misc/uacce/uacce.h>, so that
 * libraries written for it work here, and the reverse.  What is marked "no SVA"
 * are openEuler's numbers for devices that do not share the process's address
 * space.
 */
#ifndef _UAPI_MISC_UACCE_UACCE_H
#define _UAPI_MISC_UACCE_UACCE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Start the queue: from now on the device looks at its rings. */
#define UACCE_CMD_START_Q	_IO('W', 0)

/*
 * Stop it.  When the call succeeds the device has let go of the process's memory; when
 * it fails the queue is dead: other calls fail with ENXIO from then on, but its rings can
 * be read.  Of a dead queue, whatever it died of, this one fails with EBUSY for as long
 * as the device has not let go, then with ENXIO: so it can be asked again.
 */
#define UACCE_CMD_PUT_Q		_IO('W', 1)

/*
 * No SVA: where the device sees the memory of the SS region.  In: the index of a
 * slice, out: its bus address, with the slice's size in units of 64 KiB in the
 * low 12 bits.  Returns how many slices come after this one.
 */
#define UACCE_CMD_GET_SS_DMA	_IOR('W', 3, unsigned long)

#define UACCE_SS_SIZE_SHIFT	16
#define UACCE_SS_SIZE_MASK	0xfff

/* Bits of the sysfs attribute "flags". */
#define UACCE_DEV_SVA		(1 << 0)	/* takes the process's own pointers */
#define UACCE_DEV_NOIOMMU	(1 << 1)	/* no SVA: takes physical addresses */
#define UACCE_DEV_IOMMU		(1 << 7)	/* no SVA: behind an IOMMU it shares */

/* What can be mapped: the file offset, in pages, is the number of the region. */
enum uacce_qfrt {
	UACCE_QFRT_MMIO = 0,	/* registers: doorbells; ones unless started */
	UACCE_QFRT_DUS = 1,	/* memory shared with the device: rings */
	UACCE_QFRT_SS = 2,	/* no SVA: memory for data */
};

#endif
