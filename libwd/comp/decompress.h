/* SPDX-License-Identifier: MIT */
/*
 * The decompressing direction, as sessions see it.
 */
#ifndef WD_DECOMPRESS_H
#define WD_DECOMPRESS_H

#include "framing.h"
#include "inorder.h"
#include "session.h"
#include "split.h"

/*
 * struct decompressor - its stages, and what joins them
 *
 * decompress.c's own; ahead.c looks at @pieces, the rest of the session at
 * nothing but the functions below.
 *
 * @begun:      the decoder was set up
 * @ahead_used: output of libdeflate was taken
 * @pending:    error to report once all output is out
 * @unused:     what wd_comp_get_unused() gave
 * @may_restart: the caller can begin the stream again
 * @distrusts:  no device decodes a stream in order any more, as one has failed to
 * @suspect:    the lane that has, as long as it is not known whose fault it was; with
 *              @suspicion, the status, at member @suspect_member of the stream
 */
struct decompressor {
	struct splitter split;
	struct pieces pieces;
	struct framing framing;
	struct inorder inorder;
	struct preset preset;
	bool begun;
	bool ahead_used;
	int pending;
	uint8_t *unused;
	bool may_restart;
	bool distrusts;
	struct lane *suspect;
	uint64_t suspect_member;
	int suspicion;
};

int decompress_init(struct wd_comp_sess *s);
void decompress_exit(struct wd_comp_sess *s);
void decompress_reset(struct wd_comp_sess *s);
int decompress_get_input(struct wd_comp_sess *s, void **buf, size_t *room);
int decompress_put_input(struct wd_comp_sess *s, size_t len,
			 enum wd_comp_flush flush);
int decompress_get_output(struct wd_comp_sess *s, const void **data,
			  size_t *len, int timeout_ms);
void decompress_put_output(struct wd_comp_sess *s);
int decompress_unused(struct wd_comp_sess *s, const void **data, size_t *len);

/* Bytes of input that were used. */
static inline uint64_t decompress_pos(const struct wd_comp_sess *s)
{
	return s->decomp->framing.pos;
}

/* All of the stream has been decoded. */
static inline bool decompress_at_end(const struct wd_comp_sess *s)
{
	return s->decomp->framing.state == FRAMING_END;
}

/* It takes no more input: at its end, or after an error. */
static inline bool decompress_is_over(const struct wd_comp_sess *s)
{
	return decompress_at_end(s) || s->decomp->pending;
}

/* What the stream may begin with from now on; its memory is taken over. */
void decompress_set_preset(struct wd_comp_sess *s, const struct preset *preset);

/* Another attempt is the same stream again. */
void decompress_allow_restart(struct wd_comp_sess *s);

/*
 * It is more than there was room for.  Whether that may be a device's invention: then the
 * stream has to begin again.  Where the CPU has found the same, it was not.
 */
bool decompress_doubt(struct wd_comp_sess *s);
void decompress_trust(struct wd_comp_sess *s);

/* Who decodes. */
const char *decompress_codec(const struct wd_comp_sess *s);

#endif
