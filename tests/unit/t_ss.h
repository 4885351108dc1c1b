/* SPDX-License-Identifier: MIT */
/*
 * The SS region of a queue file of a device without SVA, as the kernel would have it:
 * slices with gaps between them on the bus.
 */
#ifndef T_SS_H
#define T_SS_H

#include <stddef.h>
#include <stdint.h>

/*
 * @slice: bytes of one; the last may have fewer
 * @bus:   of the first
 * @gap:   between two, on the bus
 */
struct t_ss {
	size_t slice, gap;
	uint64_t bus;
	uint8_t *p;
	size_t size;
};

/* 0 or -ENOMEM for more than @limit bytes. */
int t_ss_map(struct t_ss *ss, size_t size, size_t limit);
void t_ss_free(struct t_ss *ss);

unsigned int t_ss_slices(const struct t_ss *ss);
/* Of slice @i; returns its size. */
size_t t_ss_slice(const struct t_ss *ss, unsigned int i, uint8_t **p,
		  uint64_t *bus);

/* UACCE_CMD_GET_SS_DMA. */
int t_ss_dma(const struct t_ss *ss, unsigned long *val);

/* What the device sees there; NULL if not all of it is in one slice. */
void *t_ss_at(const struct t_ss *ss, uint64_t bus, size_t len);

#endif
