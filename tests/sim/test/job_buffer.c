// SPDX-License-Identifier: MIT
/*
 * Memory of a request, in one piece or cut into many: see job_buffer.h.
 */
#include <stdlib.h>
#include <string.h>

#include "job_buffer.h"

#define LIST_PIECES_MAX 3000u

uint8_t job_pattern(size_t i)
{
	return (uint8_t)(i * 29 + 0x5a);
}

void job_pattern_fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = job_pattern(i);
}

uint64_t job_seen_by_device(const struct t_mem *mem, bool pointers)
{
	return pointers ? (uintptr_t)mem->p : mem->bus;
}

static uint8_t *piece_data(const struct job_buffer *b,
			   const struct t_piece *piece)
{
	return b->mem.p + (piece->bus - b->base);
}

static struct t_piece *new_pieces(size_t n)
{
	struct t_piece *pieces = calloc(n, sizeof(*pieces));

	if (!pieces)
		abort();
	return pieces;
}

/* Lengths of pieces for total bytes, and gaps between them: the bytes of it all. */
static size_t cut_pieces(struct job_buffer *b, struct t_chance *chance,
			 size_t total)
{
	size_t most = t_draw_len(chance, total);
	size_t at = t_below(chance, 40);

	if (most > HISI_SGL_ENTRY_LEN_MAX)
		most = HISI_SGL_ENTRY_LEN_MAX;
	if (most < total / LIST_PIECES_MAX + 1)
		most = total / LIST_PIECES_MAX + 1;
	b->pieces =
		new_pieces(total < LIST_PIECES_MAX ? total : LIST_PIECES_MAX);
	while (total) {
		size_t n = 1 + t_draw(chance) % most;
		size_t others = LIST_PIECES_MAX - b->count - 1;

		/* What is left has to fit into those that are left. */
		if (n > total)
			n = total;
		if (total - n > others * most)
			n = total - others * most;
		b->pieces[b->count].bus = at;
		b->pieces[b->count++].len = (uint32_t)n;
		total -= n;
		at += n + (t_once_in(chance, 2) ? 0 : t_below(chance, 40));
	}
	return at + t_below(chance, 40);
}

static void make_list(struct job_buffer *b, struct t_dev *dev,
		      struct t_chance *chance, unsigned int kind)
{
	size_t per_list = 1 + t_below(chance, HISI_SGL_ENTRIES_MAX);
	struct t_mem as_seen;

	if (b->count > per_list * HISI_SGL_LISTS_MAX)
		per_list = HISI_SGL_ENTRIES_MAX;
	t_alloc(dev, &b->list, t_sgl_size(b->count, per_list), HISI_SGL_ALIGN,
		false);
	as_seen = b->list;
	as_seen.bus = job_seen_by_device(&b->list, kind & JOB_POINTERS);
	t_sgl_make(&as_seen, b->pieces, b->count, per_list);
	b->addr = as_seen.bus;
}

void job_buffer_make(struct job_buffer *b, struct t_dev *dev,
		     struct t_chance *chance, unsigned int kind, size_t len)
{
	size_t before = t_once_in(chance, 2) ? 0 : t_below(chance, 64);
	size_t all =
		before + len + (t_once_in(chance, 2) ? 0 : t_below(chance, 64));

	memset(b, 0, sizeof(*b));
	b->len = (uint32_t)len;
	if (kind & JOB_LISTED) {
		size_t total;

		if (!t_once_in(chance, 2)) {
			size_t most = t_once_in(chance, 8) ? 100000 : 64;

			b->skip = (uint32_t)t_draw_len(chance, most);
		}
		total = b->skip + len +
			(t_once_in(chance, 2) ? 0 : t_below(chance, 500));
		all = cut_pieces(b, chance, total ? total : 1);
	} else {
		all = all ? all : 1;
		b->pieces = new_pieces(1);
		b->pieces[0] = (struct t_piece){ before, (uint32_t)len };
		b->count = 1;
	}
	t_alloc(dev, &b->mem, all, 8, kind & JOB_WRITABLE);
	job_pattern_fill(b->mem.p, all);
	b->base = job_seen_by_device(&b->mem, kind & JOB_POINTERS);
	for (size_t i = 0; i < b->count; i++)
		b->pieces[i].bus += b->base;
	if (kind & JOB_LISTED)
		make_list(b, dev, chance, kind);
	else
		b->addr = b->pieces[0].bus;
}

void job_buffer_free(struct job_buffer *b, struct t_dev *dev)
{
	t_free(dev, &b->mem);
	t_free(dev, &b->list);
	free(b->pieces);
	b->pieces = NULL;
}

/* Walks over the data of a buffer. */
struct walk {
	const struct job_buffer *b;
	size_t piece, skip;
	size_t left;
};

static struct walk walk_begin(const struct job_buffer *b, size_t len)
{
	return (struct walk){ .b = b, .skip = b->skip, .left = len };
}

/* The next part and its length, or NULL. */
static uint8_t *walk_next(struct walk *w, size_t *n)
{
	while (w->left) {
		const struct t_piece *piece = &w->b->pieces[w->piece++];
		size_t skip = w->skip < piece->len ? w->skip : piece->len;

		w->skip -= skip;
		*n = piece->len - skip;
		if (*n > w->left)
			*n = w->left;
		w->left -= *n;
		if (*n)
			return piece_data(w->b, piece) + skip;
	}
	return NULL;
}

void job_buffer_put(const struct job_buffer *b, const uint8_t *data, size_t len)
{
	struct walk w = walk_begin(b, len);
	uint8_t *to;
	size_t n;

	while ((to = walk_next(&w, &n))) {
		memcpy(to, data, n);
		data += n;
	}
}

bool job_buffer_take(const struct job_buffer *b, struct t_bytes *out,
		     size_t len)
{
	struct walk w = walk_begin(b, len);
	uint8_t *from;
	size_t n;

	while ((from = walk_next(&w, &n))) {
		t_bytes_add(out, from, n);
		for (size_t i = 0; i < n; i++)
			from[i] = job_pattern((size_t)(from - b->mem.p) + i);
	}
	for (size_t i = 0; i < b->mem.len; i++) {
		if (b->mem.p[i] != job_pattern(i))
			return false;
	}
	return true;
}
