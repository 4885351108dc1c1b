/* SPDX-License-Identifier: MIT */
/*
 * Formats by their values, and what all of them need.
 */
#include <errno.h>
#include <string.h>

#include "format.h"

#define ENTRY(value, name) [value] = &wd_format_##name,

static const struct wd_format *const formats[] = { WD_FORMATS(ENTRY) };

const struct wd_format *wd_format_of(enum wd_comp_format format)
{
	return formats[format];
}

int wd_format_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(formats[i]->name, name))
			return (int)i;
	return -1;
}

size_t wd_head_write(uint8_t *p, enum wd_comp_format format, int level)
{
	formats[format]->put_head(p, level);
	return formats[format]->head_size;
}

size_t wd_tail_size(enum wd_comp_format format)
{
	return formats[format]->tail_size;
}

size_t wd_tail_write(uint8_t *p, enum wd_comp_format format, uint32_t sum,
		     uint64_t len)
{
	formats[format]->put_tail(p, sum, len);
	return formats[format]->tail_size;
}

uint32_t wd_checksum_empty(enum wd_comp_format format)
{
	return formats[format]->sum_begin;
}

uint32_t wd_checksum_add(enum wd_comp_format format, uint32_t sum,
			 const void *data, size_t len)
{
	return formats[format]->sum_add(sum, data, len);
}

uint32_t wd_checksum(enum wd_comp_format format, const void *data, size_t len)
{
	return wd_checksum_add(format, wd_checksum_empty(format), data, len);
}

uint32_t wd_checksum_join(enum wd_comp_format format, uint32_t sum1,
			  uint32_t sum2, uint64_t len2)
{
	return formats[format]->sum_join(sum1, sum2, len2);
}

void wd_head_begin(struct wd_head *h)
{
	char *name = h->name;
	size_t cap = h->name_cap;

	memset(h, 0, sizeof(*h));
	h->name = name;
	h->name_cap = cap;
}

int wd_head_error(struct wd_head *h, enum wd_comp_error error, uint32_t stored,
		  uint32_t computed)
{
	h->error = error;
	h->error_at = h->count - 1;
	h->stored = stored;
	h->computed = computed;
	return -EBADMSG;
}
