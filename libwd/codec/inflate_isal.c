/* SPDX-License-Identifier: MIT */
/*
 * ISA-L as the library that decodes streams, see inflate.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "inflate_engine.h"
#include "isal.h"

/* Its counters have 32 bits; @total_out only has to stay above the window. */
#define COUNTER_HIGH	(1u << 30)
#define COUNTER_LOW	(1u << 20)

/*
 * With an error ISA-L has counted up to two matches that it has not written, each
 * of up to 258 bytes (RFC 1951, section 3.2.5), and a few literals.
 */
#define UNSURE		(2 * 258u + 8)

static int init(struct wd_inflate *inf)
{
	inf->state = malloc(sizeof(struct inflate_state));
	return inf->state ? 0 : -ENOMEM;
}

static void finish(struct wd_inflate *inf)
{
	free(inf->state);
}

static int begin(struct wd_inflate *inf, const uint8_t *window, size_t len)
{
	struct inflate_state *st = inf->state;

	wd_isal()->isal_inflate_init(st);
	if (len && wd_isal()->isal_inflate_set_dict(st, (uint8_t *)window,
						    (uint32_t)len))
		return -ENOMEM;
	return 0;
}

/* Whole bytes that were read but lie past the end of the stream. */
static void give_back(struct wd_inflate *inf, struct wd_comp_req *req)
{
	struct inflate_state *st = inf->state;
	unsigned int bits = st->read_in_length > 0 ?
			    (unsigned int)st->read_in_length : 0;
	unsigned int bytes = bits / 8;
	uint64_t left = st->read_in >> (bits % 8);

	while (bytes && req->consumed) {
		req->consumed--;
		bytes--;
	}
	inf->lost_len = bytes;
	for (unsigned int i = 0; i < bytes; i++)
		inf->lost[i] = (uint8_t)(left >> (8 * i));
	st->read_in = 0;
	st->read_in_length = 0;
}

static bool at_boundary(const struct inflate_state *st)
{
	return (st->block_state == ISAL_BLOCK_NEW_HDR ||
		st->block_state == ISAL_BLOCK_HDR) &&
	       !st->avail_in && st->read_in_length <= 0 && !st->tmp_in_size &&
	       st->tmp_out_valid == st->tmp_out_processed;
}

static void run(struct wd_inflate *inf, struct wd_comp_req *req)
{
	struct inflate_state *st = inf->state;
	uint32_t before;
	int ret = ISAL_DECOMP_OK;

	if (st->total_out > COUNTER_HIGH)
		st->total_out = COUNTER_LOW;
	st->next_in = (uint8_t *)req->in;
	st->avail_in = (uint32_t)req->in_len;
	st->next_out = req->out;
	st->avail_out = (uint32_t)req->out_cap;

	/* What fits into its own buffer is handed out by the next call. */
	do {
		before = st->avail_in + st->avail_out;
		ret = wd_isal()->isal_inflate(st);
	} while (ret >= 0 && st->avail_out && st->block_state != ISAL_BLOCK_FINISH &&
		 st->avail_in + st->avail_out != before);

	req->consumed = req->in_len - st->avail_in;
	req->produced = req->out_cap - st->avail_out;
	if (ret < 0) {
		req->produced -= req->produced < UNSURE ? req->produced : UNSURE;
		req->status = -EBADMSG;
		give_back(inf, req);
	} else if (st->block_state == ISAL_BLOCK_FINISH) {
		inf->ended = true;
		give_back(inf, req);
	} else {
		inf->boundary = at_boundary(st);
	}
}

const struct wd_inflate_engine wd_inflate_isal = {
	.name = "ISA-L",
	.init = init,
	.exit = finish,
	.begin = begin,
	.run = run,
};
