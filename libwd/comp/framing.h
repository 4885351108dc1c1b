/* SPDX-License-Identifier: MIT */
/*
 * Framing: what lies around the data of members: headers, trailers, and what
 * may follow.  It tells what it finds and calls nobody but the format.
 */
#ifndef WD_FRAMING_H
#define WD_FRAMING_H

#include "../format/format.h"

enum framing_state {
	FRAMING_HEADER, /* in, or before, a member's header */
	FRAMING_DATA,
	FRAMING_TRAILER,
	FRAMING_BETWEEN, /* after a member; another may follow */
	FRAMING_ZEROS,	 /* in padding after the last member */
	FRAMING_END,
};

/*
 * FRAMING_MORE:         nothing so far; go on with what follows
 * FRAMING_DATA_BEGINS:  a header is complete, and right
 * FRAMING_MEMBER_ENDS:  a trailer is complete, and right; if nothing can
 * follow, the state is FRAMING_END FRAMING_STREAM_ENDS:  see @trailing
 * FRAMING_WRONG:        see @wrong
 */
enum framing_event {
	FRAMING_MORE,
	FRAMING_DATA_BEGINS,
	FRAMING_MEMBER_ENDS,
	FRAMING_STREAM_ENDS,
	FRAMING_WRONG,
};

/* What the data of a member came to. */
struct content {
	uint32_t sum;
	uint64_t len;
};

/* An error as in wd_comp_info; @at: bytes of the stream before it. */
struct framing_error {
	enum wd_comp_error error;
	uint64_t at;
	uint32_t stored, computed;
};

/*
 * struct framing
 *
 * framing.c's own; decompress.c looks at the state, the position, the header
 * and what an event says to look at.
 *
 * @alone:        the stream ends with the first member
 * @pos:          input bytes used, those of the data too
 * @member_start: where the last member, or what may be one, begins
 * @carry:        bytes of a trailer, or of what may be magic, from earlier
 * input
 * @zeros:        after the last member
 * @first:        the header of the first member, valid if @have_first
 */
struct framing {
	const struct wd_format *format;
	bool alone;
	enum framing_state state;
	uint64_t pos;
	uint64_t member_start;
	struct wd_head head;
	uint8_t carry[8];
	unsigned int carry_len;
	uint64_t zeros;
	enum wd_comp_trailing trailing;
	struct framing_error wrong;
	struct wd_comp_header first;
	bool have_first;
};

/* Returns 0 or -ENOMEM. */
int framing_init(struct framing *f, enum wd_comp_format format, bool alone);
void framing_exit(struct framing *f);
void framing_reset(struct framing *f);

/*
 * framing_feed() - go on outside of the data
 * @content: of the member that ended last, complete with its checksum
 * @used:    set to the bytes that were taken
 *
 * Returns an event, or -ENOMEM.
 */
int framing_feed(struct framing *f, const struct content *content,
		 const uint8_t *p, size_t len, size_t *used);

/* There is an event without any more input. */
bool framing_is_ready(const struct framing *f);

/* No input is left and none will come.  Returns an event. */
int framing_finish(struct framing *f);

/* @n bytes were used by others: of the data. */
static inline void framing_pass(struct framing *f, size_t n)
{
	f->pos += n;
}

/* The data ended; the last bytes that were passed, @lost, come after it. */
void framing_data_ended(struct framing *f, const uint8_t *lost, size_t len);

/*
 * Whole members, @len bytes of them, were decoded by others, who have checked
 * what is around their data.  Returns 0 or -ENOMEM.
 */
int framing_members_passed(struct framing *f, const uint8_t *p, size_t len);

/* More comes after the end of the stream. */
void framing_note_rest(struct framing *f);

/* Bytes taken from after the end of the stream; copied to @to, if given. */
size_t framing_rest(const struct framing *f, uint8_t *to);

/* Whether a member may begin with the next byte. */
static inline bool framing_at_member(const struct framing *f)
{
	return (f->state == FRAMING_BETWEEN && !f->carry_len) ||
	       (f->state == FRAMING_HEADER && !f->pos);
}

#endif
