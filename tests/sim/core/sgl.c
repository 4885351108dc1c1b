// SPDX-License-Identifier: MIT
/*
 * Buffers of a request: lists are read and checked here, and turned into pieces.
 * What is in the buffers is none of this file's business.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sgl.h"

/* The note has room for both buffers. */
#define NOTE_ENTRIES	3u
#define NOTE_SOURCE_MAX	96u

void sim_note(struct sim_request *req, size_t max, const char *fmt, ...)
{
	size_t len = strlen(req->note);
	va_list ap;
	int n;

	if (len >= max)
		return;
	va_start(ap, fmt);
	n = vsnprintf(req->note + len, max - len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= max - len)
		req->note[len] = 0;
}

/* ---- lists ---- */

struct walk {
	struct sim_buf *buf;
	struct sim_request *req;
	const char *name;
	size_t note_max;
	uint64_t skip;		/* bytes of the offset not yet passed */
	uint64_t left;		/* bytes not yet found */
	unsigned int slots_chain;
	unsigned int entries;
	unsigned int lists;
	uint64_t list[HISI_SGL_LISTS_MAX];
};

#define walk_violate(w, class, fmt, ...)					\
	sim_req_violate((w)->req, class, "%s list %u: " fmt, (w)->name,		\
			(w)->lists, ##__VA_ARGS__)

static int bad_list(const struct walk *w)
{
	w->req->parse_error = true;
	return SIM_STATUS_BAD_SQE;
}

static int check_address(struct walk *w, uint64_t addr)
{
	if (!addr) {
		walk_violate(w, SIM_V_SGL, "at address 0");
		return bad_list(w);
	}
	if (addr % HISI_SGL_ALIGN) {
		walk_violate(w, SIM_V_ALIGN, "at %#llx, not aligned to %d",
			     (unsigned long long)addr, HISI_SGL_ALIGN);
		return bad_list(w);
	}
	if (w->lists == HISI_SGL_LISTS_MAX) {
		walk_violate(w, SIM_V_SGL, "more than %d lists", HISI_SGL_LISTS_MAX);
		return bad_list(w);
	}
	for (unsigned int i = 0; i < w->lists; i++) {
		if (w->list[i] == addr) {
			walk_violate(w, SIM_V_SGL, "at %#llx, as list %u: a loop",
				     (unsigned long long)addr, i);
			return bad_list(w);
		}
	}
	w->list[w->lists] = addr;
	return 0;
}

static int check_header(struct walk *w, const struct hisi_sgl *sgl)
{
	unsigned int entries = le16_to_cpu(sgl->entries);
	unsigned int slots = le16_to_cpu(sgl->slots);

	if (!w->lists) {
		w->slots_chain = le16_to_cpu(sgl->slots_chain);
		sim_note(w->req, w->note_max, "%s%s{next %llx chain %u n %u cap %u",
			 w->req->note[0] ? " " : "", w->name,
			 (unsigned long long)le64_to_cpu(sgl->next), w->slots_chain,
			 entries, slots);
	}
	w->entries += entries;
	if (entries > slots || slots > HISI_SGL_ENTRIES_MAX) {
		walk_violate(w, SIM_V_SGL, "%u entries in %u slots, at most %d", entries,
			     slots, HISI_SGL_ENTRIES_MAX);
		return bad_list(w);
	}
	if (w->entries > w->slots_chain) {
		walk_violate(w, SIM_V_SGL, "%u entries so far, %u slots in the chain",
			     w->entries, w->slots_chain);
		return bad_list(w);
	}
	if (sgl->reserved1) {
		walk_violate(w, SIM_V_RESERVED, "reserved field is %#x",
			     le16_to_cpu(sgl->reserved1));
		return bad_list(w);
	}
	return 0;
}

static int check_entry(struct walk *w, unsigned int i, const struct hisi_sgl_entry *e)
{
	uint32_t len = le32_to_cpu(e->len);

	if (!le64_to_cpu(e->addr)) {
		walk_violate(w, SIM_V_SGL, "entry %u is at address 0", i);
		return bad_list(w);
	}
	if (!len || len > HISI_SGL_ENTRY_LEN_MAX) {
		walk_violate(w, SIM_V_SGL, "entry %u has %u bytes, not 1 to %u", i, len,
			     HISI_SGL_ENTRY_LEN_MAX);
		return bad_list(w);
	}
	if (e->reserved) {
		walk_violate(w, SIM_V_RESERVED, "entry %u: reserved field is %#x", i,
			     le32_to_cpu(e->reserved));
		return bad_list(w);
	}
	return 0;
}

/* Of an entry what the request uses: not the offset, and not more than it needs. */
static void add_entry(struct walk *w, const struct hisi_sgl_entry *e)
{
	uint64_t addr = le64_to_cpu(e->addr);
	uint32_t len = le32_to_cpu(e->len);

	if (w->skip >= len) {
		w->skip -= len;
		return;
	}
	addr += w->skip;
	len -= (uint32_t)w->skip;
	w->skip = 0;
	if (len > w->left)
		len = (uint32_t)w->left;
	if (!len)
		return;
	w->buf->piece[w->buf->count++] = (struct sim_piece){ addr, len };
	w->left -= len;
}

static int add_entries(struct walk *w, const struct hisi_sgl_entry *e, unsigned int count)
{
	struct sim_piece *piece;
	int ret;

	if (!count)
		return 0;
	piece = realloc(w->buf->piece, (w->buf->count + count) * sizeof(*piece));
	if (!piece)
		return SIM_STATUS_BUS;
	w->buf->piece = piece;
	for (unsigned int i = 0; i < count; i++) {
		if (!w->lists && i < NOTE_ENTRIES)
			sim_note(w->req, w->note_max, " [%u]=%llx+%u", i,
				 (unsigned long long)le64_to_cpu(e[i].addr),
				 le32_to_cpu(e[i].len));
		ret = check_entry(w, i, &e[i]);
		if (ret)
			return ret;
		add_entry(w, &e[i]);
	}
	return 0;
}

static int load_list(struct walk *w, uint64_t addr, uint64_t *next)
{
	struct hisi_sgl_entry entry[HISI_SGL_ENTRIES_MAX];
	const struct sim_request *req = w->req;
	struct hisi_sgl sgl;
	unsigned int count;
	int ret;

	ret = check_address(w, addr);
	if (ret)
		return ret;
	if (sim_dma_read(req->sim, req->pasid, addr, &sgl, sizeof(sgl)))
		return SIM_STATUS_BUS;
	ret = check_header(w, &sgl);
	if (ret)
		return ret;
	count = le16_to_cpu(sgl.entries);
	if (sim_dma_read(req->sim, req->pasid, addr + sizeof(sgl), entry,
			 count * sizeof(*entry)))
		return SIM_STATUS_BUS;
	ret = add_entries(w, entry, count);
	*next = le64_to_cpu(sgl.next);
	w->lists++;
	return ret;
}

static int load_chain(struct walk *w, uint64_t addr)
{
	uint64_t want = w->skip + w->left;
	int ret;

	/* An empty buffer has an address, too; nobody follows it further than that. */
	do {
		ret = load_list(w, addr, &addr);
		if (ret)
			return ret;
	} while ((w->skip || w->left) && addr);
	sim_note(w->req, w->note_max, "%s", w->lists > 1 ? " ..}" : "}");
	if (w->skip || w->left) {
		walk_violate(w, SIM_V_SGL, "the chain has %llu bytes of %llu",
			     (unsigned long long)(want - w->skip - w->left),
			     (unsigned long long)want);
		return bad_list(w);
	}
	return 0;
}

/* ---- both kinds ---- */

static int load_flat(struct sim_buf *buf, struct sim_request *req, const char *name,
		     uint64_t addr, uint32_t len)
{
	sim_note(req, sizeof(req->note), "%s%s %llx+%u", req->note[0] ? " " : "", name,
		 (unsigned long long)addr, len);
	if (!addr) {
		sim_req_violate(req, SIM_V_SQE, "%s at address 0", name);
		req->parse_error = true;
		return SIM_STATUS_BAD_SQE;
	}
	buf->piece = malloc(sizeof(*buf->piece));
	if (!buf->piece)
		return SIM_STATUS_BUS;
	buf->piece[0] = (struct sim_piece){ addr, len };
	buf->count = 1;
	return 0;
}

int sim_buf_load(struct sim_buf *buf, struct sim_request *req, const char *name,
		 bool sgl, uint64_t addr, uint32_t offset, uint32_t len)
{
	struct walk w = {
		.buf = buf, .req = req, .name = name, .skip = offset, .left = len,
		.note_max = req->note[0] ? sizeof(req->note) : NOTE_SOURCE_MAX,
	};

	*buf = (struct sim_buf){ NULL, 0 };
	if (!sgl)
		return load_flat(buf, req, name, addr, len);
	return load_chain(&w, addr);
}

void sim_buf_free(struct sim_buf *buf)
{
	free(buf->piece);
}

int sim_buf_read(const struct sim_buf *buf, const struct sim_request *req, void *data,
		 size_t len)
{
	uint8_t *to = data;

	for (size_t i = 0; i < buf->count && len; i++) {
		size_t n = buf->piece[i].len < len ? buf->piece[i].len : len;

		if (sim_dma_read(req->sim, req->pasid, buf->piece[i].addr, to, n))
			return SIM_STATUS_BUS;
		to += n;
		len -= n;
	}
	return 0;
}

int sim_buf_write(const struct sim_buf *buf, const struct sim_request *req,
		  const void *data, size_t len)
{
	const uint8_t *from = data;

	for (size_t i = 0; i < buf->count && len; i++) {
		size_t n = buf->piece[i].len < len ? buf->piece[i].len : len;

		if (sim_dma_write(req->sim, req->pasid, buf->piece[i].addr, from, n))
			return SIM_STATUS_BUS;
		from += n;
		len -= n;
	}
	return 0;
}
