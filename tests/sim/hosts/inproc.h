/* SPDX-License-Identifier: MIT */
/*
 * A host of the model for programs of the same process: bus addresses are ranges of
 * its memory, interrupts are counted and can be waited for.
 *
 * It knows nothing of the device: a driver for tests is in test/driver.h.
 */
#ifndef SIM_INPROC_H
#define SIM_INPROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim.h"

#define INPROC_VECTORS	32

struct inproc;

/* What is to be given to sim_create(), with a struct inproc as its host. */
extern const struct sim_host_ops inproc_ops;

/* NULL without memory. */
struct inproc *inproc_create(void);
void inproc_destroy(struct inproc *host);

/*
 * The device reaches len bytes at ptr as bus addresses from addr.  -EINVAL if they are
 * none, wrap around or overlap others, -ENOMEM.
 */
int inproc_map(struct inproc *host, uint64_t addr, void *ptr, size_t len, bool writable);
/* The range that begins at addr; waits until nobody copies.  -ENOENT. */
int inproc_unmap(struct inproc *host, uint64_t addr);

/*
 * An access with a pasid has a pointer of this process.  It has to lie in a range, or
 * with checked false is taken as it is.  They are checked at first.
 */
void inproc_check_pointers(struct inproc *host, bool checked);

/* The clock stands at that time, instead of following CLOCK_MONOTONIC. */
void inproc_set_time(struct inproc *host, uint64_t ns);

/* Interrupts so far with that message. */
uint64_t inproc_irqs(struct inproc *host, unsigned int vector);
/* Wait until there are more than seen; false after timeout_ms. */
bool inproc_wait_irq(struct inproc *host, unsigned int vector, uint64_t seen,
		     unsigned int timeout_ms);
/* Called for each interrupt, by a thread of the model: it must not call the model. */
void inproc_on_irq(struct inproc *host, void (*handler)(void *arg, unsigned int vector),
		   void *arg);

#endif
