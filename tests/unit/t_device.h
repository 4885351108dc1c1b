/* SPDX-License-Identifier: MIT */
/*
 * A transport with a dummy accelerator behind it, in this process: it does its
 * requests with zlib, or not at all, or wrong.  It works when it is woken, in the
 * thread that wakes it; or, with @threaded, in a thread of its own.
 */
#ifndef T_DEVICE_H
#define T_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <misc/uacce/wd_dummy.h>

#include "drv/driver.h"
#include "drv/inflight.h"
#include "transport/transport.h"
#include "t_ss.h"

/* What goes wrong: calls of the transport fail from the nth on, 0 for none. */
struct t_device {
	uint32_t depth;			/* 16 if 0 */
	int status;			/* of the device, as it is listed */
	bool no_sva;			/* it takes bus addresses */
	size_t ss_limit; /* bytes of the SS region that can be had */
	size_t ss_slice; /* and of a slice of it */
	int open_error, start_error;
	int map_fails;			/* the nth mapping */
	int wake_error;
	bool bad_ring;			/* a layout that cannot be */
	unsigned int fail;		/* requests to fail */
	unsigned int flip;		/* requests with a wrong bit of output */
	unsigned int lose;		/* requests never to answer */
	unsigned int nonsense;		/* requests to answer with what cannot be */
	int vanish_after;		/* requests until the device is gone */
	unsigned int linger; /* so many times it does not stop when told to */
	bool writes_lost; /* a lost request's output, when its queue is closed */

	/*
	 * What comes from the device can be made anything: the ring when the queue is
	 * opened, and again and the result before that is given.
	 */
	void (*lie_of_ring)(struct wd_dummy_ring *ring);
	void (*lie)(const struct wd_dummy_sqe *sqe, struct wd_dummy_cqe *cqe,
		    struct wd_dummy_ring *ring);
	uint32_t extra_tail;		/* results that are told of and not there */
	bool lie_awake;			/* it sleeps, and does not say so */

	/* of a device with a thread */
	bool threaded;
	bool store;			/* raw streams are one stored block, without zlib */
	unsigned int looks;		/* at the doorbell, at most, before it sleeps */
	bool looks_asleep;		/* it always says that it sleeps */
	unsigned int slow_us;		/* before it writes its output */
	int wake_fails_after;		/* the nth time it is woken, and from then on */

	unsigned int requests;		/* done */
	unsigned int sleeps;		/* with a thread; read it when that has ended */
	unsigned int opened, closed, mapped, unmapped, stopped;
	unsigned int asked; /* to stop */
};

extern struct t_device t_device;

/* Of the queue that is open. */
extern struct t_ss t_device_ss;

/* Put it in the place of the kernel; clears t_device. */
void t_device_install(void);
void t_device_remove(void);

#endif
