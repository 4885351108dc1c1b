/* SPDX-License-Identifier: MIT */
/*
 * Memory for a device that does not share the process's addresses (no SVA): the SS region
 * of its queue file, which it reaches by bus addresses.
 *
 * A request whose buffers are not there is copied: its input when it is sent, its output
 * when it is received.  Blocks are contiguous on the bus.
 *
 * Sessions keep their buffers elsewhere, and have them copied: with a device that goes the
 * region goes, too, and with it would go input that nobody else has, as a pipe's, and
 * output that is about to be written.
 *
 * Threads: any, at any time; but a struct bounced belongs to whoever has its request.
 */
#ifndef WD_BOUNCE_H
#define WD_BOUNCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../transport/transport.h"

struct bounce_run;

/*
 * struct bounce - the region
 * @base, @size: where it is mapped
 * @runs:  parts that are contiguous on the bus, @n_runs of them
 * @lock:  for what is below
 * @used:  a bit for each block unit
 * @lent:  units that bounce_lend() has given away
 * @abandoned: it gives no more away
 */
struct bounce {
	const struct wd_transport_ops *tr;
	int handle;
	uint8_t *base;
	size_t size;
	struct bounce_run *runs;
	unsigned int n_runs;
	pthread_mutex_t lock;
	uint64_t *used;
	size_t lent;
	bool abandoned;
};

/*
 * struct bounced - the memory of a request, as its device sees it; zero: of none
 * @in_bus, @out_bus: where it begins
 * @in, @out: copies in the region, @in_size and @out_size bytes; NULL if the request's own
 *            memory is there
 */
struct bounced {
	uint64_t in_bus, out_bus;
	uint8_t *in, *out;
	size_t in_size, out_size;
};

/* What a queue file that has no region has. */
static inline bool bounce_is_there(const struct bounce *b)
{
	return b->base;
}

/*
 * Map the region of @handle, if a device with @flags, UACCE_DEV_ of <misc/uacce/uacce.h>,
 * needs one.  0 or a negative errno; -EOPNOTSUPP if it takes no addresses that a process
 * can know.
 */
int bounce_init(struct bounce *b, const struct wd_transport_ops *tr, int handle,
		uint32_t flags);

/* Also of one that is zero.  @forked: only memory, in a child process. */
void bounce_exit(struct bounce *b, bool forked);

/* Whether all of it is there, and contiguous on the bus. */
bool bounce_has(const struct bounce *b, const void *p, size_t size);

/* Its address on the bus, of what is there. */
uint64_t bounce_bus(const struct bounce *b, const void *p);

/*
 * Memory for @in_size bytes of input, of which the first @in_len are at @in, and for
 * @out_size bytes of output, at @out if that is in the region.  0; -EBUSY if there is
 * not enough now; -EOPNOTSUPP if there never is.
 */
int bounce_request(struct bounce *b, struct bounced *x, const void *in,
		   size_t in_len, size_t in_size, void *out, size_t out_size);

/* Of the output, @len bytes are wanted at @out. */
static inline void bounce_result(const struct bounced *x, void *out, size_t len)
{
	if (x->out)
		memcpy(out, x->out, len);
}

/*
 * Whether what was read from the region was there, all the time: of a device that is
 * gone it reads as ones.
 */
bool bounce_was_there(const struct bounce *b);

/*
 * The device has not let go of the region: none of it is lent any more.  True if all that
 * it reaches is copies, and nobody else has any: then it is not waited for, as the kernel
 * keeps the region until it has.
 */
bool bounce_abandon(struct bounce *b);

/* Let go of what the request has there; also of one that has nothing. */
void bounce_release(struct bounce *b, struct bounced *x);

/* Memory of the region for the driver itself, as long as there is the region, or NULL. */
void *bounce_keep(struct bounce *b, size_t size);

/*
 * As a driver's share, lend and give_back, see driver.h: also of a queue file that needs
 * no region, and so has none.
 */
int bounce_share(const struct bounce *b, const void *p, size_t size);
void *bounce_lend(struct bounce *b, size_t size);
bool bounce_give_back(struct bounce *b, void *p, size_t size);

#endif
