/* SPDX-License-Identifier: MIT */
/*
 * How a driver reaches its device's queue file.
 */
#ifndef WD_TRANSPORT_H
#define WD_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include <warpdrive/wd.h>

/*
 * struct wd_transport_dev - what a transport tells of a device
 * @name:    of the device and its queue file
 * @api:     which layout its regions have
 * @algs:    algorithm names, separated by single spaces
 * @flags:   UACCE_DEV_ flags of <misc/uacce/uacce.h>
 * @free_queues, @numa_node, @status, @reason: as in struct wd_device
 * @region_size: bytes of the MMIO and the DUS region, 0 if it has none
 */
struct wd_transport_dev {
	char name[WD_NAME_MAX];
	char api[WD_NAME_MAX];
	char algs[WD_ALGS_MAX];
	uint32_t flags;
	int32_t free_queues;
	int32_t numa_node;
	int32_t status;
	char reason[WD_REASON_MAX];
	size_t region_size[2];
};

/*
 * struct wd_transport_ops - how a driver reaches its device's queue file
 *
 * Drivers for devices use nothing else to touch the system, so that a test can
 * stand in for the kernel.
 *
 * @name:  transport name
 * @next:  the device after number *@pos, which is moved on; begin with 0.
 *         Returns 1, 0 if there is no more
 * @find:  the device called @name: 0 or -ENODEV
 * @open:  open the queue file of device @name; a handle or a negative errno.  The
 *         handle is a descriptor, or -1 if the transport has none to poll
 * @close: close it, or a group
 * @ctl:   an ioctl on it, with an integer or a pointer; what it returns, or a negative
 *         errno
 * @map:   map @size bytes of region @region; NULL with *@err set on failure
 * @unmap: undo @map
 * @doorbell: write all 64 bits of @value at once to a register, at @addr of a mapped
 *         MMIO region.  The caller has seen to it that what was written to memory
 *         before is there: see barrier.h
 * @poll:  wait until it is readable: 1, 0 after @timeout_ms, -ENODEV if the
 *         device is gone, another negative errno
 * @group: make a group of queue files: a descriptor that polls readable when one of
 *         them does, or a negative errno
 * @join:  add the queue file @handle to it, at any time; closing the file takes it out.
 *         0 or a negative errno
 * @poll_group: as @poll, for all that are in it
 */
struct wd_transport_ops {
	const char *name;
	int (*next)(unsigned int *pos, struct wd_transport_dev *dev);
	int (*find)(const char *name, struct wd_transport_dev *dev);
	int (*open)(const char *name);
	void (*close)(int handle);
	int (*ctl)(int handle, unsigned long request, void *arg);
	void *(*map)(int handle, unsigned int region, size_t size, int *err);
	void (*unmap)(void *addr, size_t size);
	void (*doorbell)(void *addr, uint64_t value);
	int (*poll)(int handle, int timeout_ms);
	int (*group)(void);
	int (*join)(int group, int handle);
	int (*poll_group)(int group, int timeout_ms);
};

/*
 * Stop the queue behind @handle: 0 when the device touches no memory of the process any
 * more for it, else a negative errno, and it can be asked again.
 */
int wd_transport_stop(const struct wd_transport_ops *tr, int handle);

/* The character devices of uacce. */
extern const struct wd_transport_ops wd_uacce_transport;

/* What drivers use: wd_uacce_transport, unless a test put something in its place. */
extern const struct wd_transport_ops *wd_transport;

#endif
