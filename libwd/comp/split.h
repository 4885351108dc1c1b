/* SPDX-License-Identifier: MIT */
/*
 * The splitter: input is read to blocks, which are cut into pieces.
 */
#ifndef WD_SPLIT_H
#define WD_SPLIT_H

#include "pieces.h"

/*
 * struct splitter - the block being filled, and what is known of its end
 *
 * split.c's own; decompress.c looks at @input_done and @sync.
 *
 * @cut:          first byte of @block not yet in a piece
 * @scanned:      how far it was searched for markers
 * @at_marker:    @cut is right after a marker
 * @at_member:    @cut may be where a sized member begins
 * @sync:         hand out what there is
 * @alone:        no use looking for places where other threads could begin
 * @patient:      what begins at a member is to be a chunk, if there may be one
 * @members_need: no use looking for members with less
 */
struct splitter {
	struct in_block *block;
	size_t cut;
	size_t scanned;
	bool at_marker;
	bool at_member;
	bool input_done;
	bool sync;
	bool alone;
	bool patient;
	size_t members_need;
};

/* @sized: members may tell their sizes. */
void split_reset(struct splitter *sp, bool sized);
void split_exit(struct splitter *sp, struct pieces *ps);

/* So many bytes in pieces are enough, whatever may be decoded ahead. */
bool split_is_ahead(const struct pieces *ps, unsigned int width);

/* Room for input; @size_hint as in the setup.  Returns 0 or -ENOMEM. */
int split_get(struct splitter *sp, struct pieces *ps, uint64_t size_hint,
	      void **buf, size_t *room);

/*
 * It was filled; @alone: a single thread decodes; @patient: a device is to have the
 * first chunk, too, if that takes more input.  Returns 0, -EINVAL, -ENOMEM.
 */
int split_put(struct splitter *sp, struct pieces *ps, size_t len,
	      enum wd_comp_flush flush, bool alone, bool patient);

/* Copy what is in no piece yet to @to, if given; returns its bytes. */
size_t split_rest(const struct splitter *sp, uint8_t *to);

#endif
