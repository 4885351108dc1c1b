/* SPDX-License-Identifier: MIT */
/*
 * Headers, trailers, and what lies between members: GNU gzip's rules.
 */
#include <stdlib.h>
#include <string.h>

#include "../internal.h"
#include "framing.h"

#define NAME_MAX_LEN 65536u

/* The name is long, and touched only as far as there is one. */
int framing_init(struct framing *f, enum wd_comp_format format, bool alone)
{
	f->format = wd_format_of(format);
	f->alone = alone || !f->format->magic_len;
	f->head.name = malloc(NAME_MAX_LEN);
	f->head.name_cap = NAME_MAX_LEN;
	return f->head.name ? 0 : -ENOMEM;
}

void framing_exit(struct framing *f)
{
	free(f->head.name);
	free((char *)f->first.name);
}

void framing_reset(struct framing *f)
{
	free((char *)f->first.name);
	memset(&f->first, 0, sizeof(f->first));
	f->have_first = false;
	f->state = f->format->head_size ? FRAMING_HEADER : FRAMING_DATA;
	f->pos = 0;
	f->member_start = 0;
	f->carry_len = 0;
	f->zeros = 0;
	f->trailing = WD_COMP_TRAILING_NONE;
	wd_head_begin(&f->head);
}

static int wrong(struct framing *f, enum wd_comp_error error, uint64_t at,
		 uint32_t stored, uint32_t computed)
{
	f->wrong = (struct framing_error){
		.error = error,
		.at = at,
		.stored = stored,
		.computed = computed,
	};
	return FRAMING_WRONG;
}

static int end_stream(struct framing *f, uint64_t pos)
{
	f->state = FRAMING_END;
	f->pos = pos;
	return FRAMING_STREAM_ENDS;
}

static int garbage(struct framing *f)
{
	f->trailing = WD_COMP_TRAILING_GARBAGE;
	return end_stream(f, f->member_start);
}

/* ---- headers ---- */

static int keep_header(struct framing *f)
{
	char *name = NULL;

	if (f->have_first)
		return 0;
	if (f->head.name_len) {
		name = malloc(f->head.name_len + 1);
		if (!name)
			return -ENOMEM;
		memcpy(name, f->head.name, f->head.name_len + 1);
	}
	f->first.mtime = f->head.mtime;
	f->first.os = f->head.os;
	f->first.name = name;
	f->have_first = true;
	return 0;
}

static int feed_header(struct framing *f, const uint8_t *p, size_t len,
		       size_t *used)
{
	int ret = f->format->feed_head(&f->head, p, len, used);

	f->pos += *used;
	if (!ret)
		return FRAMING_MORE;
	if (ret < 0)
		return wrong(f, f->head.error,
			     f->member_start + f->head.error_at, f->head.stored,
			     f->head.computed);
	ret = keep_header(f);
	if (ret)
		return ret;
	f->carry_len = 0;
	f->state = FRAMING_DATA;
	return FRAMING_DATA_BEGINS;
}

int framing_members_passed(struct framing *f, const uint8_t *p, size_t len)
{
	size_t used;
	int ret = 0;

	if (!f->have_first) {
		wd_head_begin(&f->head);
		f->format->feed_head(&f->head, p, len, &used);
		ret = keep_header(f);
	}
	if (ret)
		return ret;
	f->pos += len;
	f->member_start = f->pos;
	f->state = FRAMING_BETWEEN;
	return 0;
}

/* ---- trailers ---- */

void framing_data_ended(struct framing *f, const uint8_t *lost, size_t len)
{
	memcpy(f->carry, lost, len);
	f->carry_len = (unsigned int)len;
	f->state = FRAMING_TRAILER;
}

static int check_trailer(struct framing *f, const struct content *content)
{
	unsigned int len = f->format->tail_size;
	unsigned int after = f->carry_len - len;
	uint64_t at = f->pos - f->carry_len;
	struct wd_mismatch m;

	if (f->format->check_tail(f->carry, content->sum, content->len, &m))
		return wrong(f, m.error, at + m.at, m.stored, m.computed);
	memmove(f->carry, f->carry + len, after);
	f->carry_len = after;
	f->member_start = f->pos - after;
	f->state = FRAMING_BETWEEN;
	if (f->alone)
		end_stream(f, f->member_start);
	if (f->alone && after)
		framing_note_rest(f);
	return FRAMING_MEMBER_ENDS;
}

static int feed_trailer(struct framing *f, const struct content *content,
			const uint8_t *p, size_t len, size_t *used)
{
	unsigned int want = f->format->tail_size;
	size_t n = 0;

	if (f->carry_len < want)
		n = wd_min(want - f->carry_len, len);
	if (n)
		memcpy(f->carry + f->carry_len, p, n);
	f->carry_len += (unsigned int)n;
	f->pos += n;
	*used = n;
	return f->carry_len >= want ? check_trailer(f, content) : FRAMING_MORE;
}

bool framing_is_ready(const struct framing *f)
{
	return f->state == FRAMING_TRAILER &&
	       f->carry_len >= f->format->tail_size;
}

/* ---- after a member ---- */

/* Zeros are padding, other things garbage, magic a member. */
static int feed_between(struct framing *f, const uint8_t *p, size_t *used)
{
	const struct wd_format *format = f->format;
	size_t head;

	*used = 0;
	if (!f->carry_len && !*p) {
		f->state = FRAMING_ZEROS;
		return FRAMING_MORE;
	}
	f->carry[f->carry_len++] = *p;
	f->pos++;
	*used = 1;
	if (f->carry_len < format->magic_len)
		return FRAMING_MORE;
	if (memcmp(f->carry, format->magic, format->magic_len))
		return garbage(f);
	f->carry_len = 0;
	f->state = FRAMING_HEADER;
	wd_head_begin(&f->head);
	format->feed_head(&f->head, format->magic, format->magic_len, &head);
	return FRAMING_MORE;
}

static int feed_zeros(struct framing *f, const uint8_t *p, size_t len,
		      size_t *used)
{
	size_t n = 0;

	while (n < len && !p[n])
		n++;
	f->pos += n;
	f->zeros += n;
	*used = n;
	return n < len ? garbage(f) : FRAMING_MORE;
}

int framing_feed(struct framing *f, const struct content *content,
		 const uint8_t *p, size_t len, size_t *used)
{
	switch (f->state) {
	case FRAMING_HEADER:
		return feed_header(f, p, len, used);
	case FRAMING_TRAILER:
		return feed_trailer(f, content, p, len, used);
	case FRAMING_BETWEEN:
		return feed_between(f, p, used);
	default:
		return feed_zeros(f, p, len, used);
	}
}

int framing_finish(struct framing *f)
{
	uint64_t pos = f->pos;

	if (f->state == FRAMING_BETWEEN && !f->carry_len)
		return end_stream(f, f->pos);
	if (f->state == FRAMING_ZEROS) {
		f->trailing = WD_COMP_TRAILING_ZEROS;
		return end_stream(f, f->member_start);
	}
	/* What may have been half a magic number belongs to no member. */
	if (f->state == FRAMING_BETWEEN)
		f->pos = f->member_start;
	return wrong(f, WD_COMP_ERR_TRUNCATED, pos, 0, 0);
}

void framing_note_rest(struct framing *f)
{
	/* Where others may follow, the caller asked for one. */
	if (!f->format->magic_len)
		f->trailing = WD_COMP_TRAILING_GARBAGE;
}

size_t framing_rest(const struct framing *f, uint8_t *to)
{
	size_t zeros = (size_t)f->zeros;

	if (to) {
		memset(to, 0, zeros);
		memcpy(to + zeros, f->carry, f->carry_len);
	}
	return zeros + f->carry_len;
}
