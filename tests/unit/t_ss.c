/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "t_ss.h"

#define PAGE	  4096u
#define SIZE_UNIT 65536u

int t_ss_map(struct t_ss *ss, size_t size, size_t limit)
{
	if (size > limit)
		return -ENOMEM;
	ss->p = aligned_alloc(PAGE, size);
	ss->size = size;
	if (!ss->p)
		return -ENOMEM;
	memset(ss->p, 0, size);
	return 0;
}

void t_ss_free(struct t_ss *ss)
{
	free(ss->p);
	ss->p = NULL;
	ss->size = 0;
}

unsigned int t_ss_slices(const struct t_ss *ss)
{
	return (unsigned int)((ss->size + ss->slice - 1) / ss->slice);
}

size_t t_ss_slice(const struct t_ss *ss, unsigned int i, uint8_t **p,
		  uint64_t *bus)
{
	size_t at = i * ss->slice;

	*p = ss->p + at;
	*bus = ss->bus + at + i * ss->gap;
	return ss->size - at < ss->slice ? ss->size - at : ss->slice;
}

int t_ss_dma(const struct t_ss *ss, unsigned long *val)
{
	unsigned int i = (unsigned int)*val;
	uint64_t bus;
	uint8_t *p;
	size_t size;

	if (!ss->p || *val >= t_ss_slices(ss))
		return -EINVAL;
	size = t_ss_slice(ss, i, &p, &bus);
	*val = bus | size / SIZE_UNIT;
	return (int)(t_ss_slices(ss) - 1 - i);
}

void *t_ss_at(const struct t_ss *ss, uint64_t bus, size_t len)
{
	for (unsigned int i = 0; i < t_ss_slices(ss); i++) {
		uint64_t from;
		uint8_t *p;
		size_t size = t_ss_slice(ss, i, &p, &from);

		if (bus >= from && bus - from < size &&
		    len <= size - (bus - from))
			return p + (bus - from);
	}
	return NULL;
}
