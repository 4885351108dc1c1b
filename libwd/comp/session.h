/* SPDX-License-Identifier: MIT */
/*
 * The inside of a compression session.
 *
 * session.c makes, resets and destroys sessions; compress.c and decompress.c
 * are the two directions; stream.c, oneshot.c, async.c and info.c are what the
 * public calls of those kinds add.
 */
#ifndef WD_SESSION_H
#define WD_SESSION_H

#include "../codec/codec.h"
#include "../format/format.h"
#include "../internal.h"
#include "../limit.h"
#include "../sched/sched.h"

/* Bytes; chunks get no smaller, however little memory there is. */
#define CHUNK_AFFORDED_MIN	((size_t)512 << 10)

struct cjob;
struct piece;
struct workspace;
struct in_block;

/* ---- compression ---- */

struct compressor {
	struct cjob **jobs;		/* a ring, oldest at @head */
	unsigned int njobs, head, count;
	struct cjob *held;		/* full; not yet known whether it is the last */
	size_t chunk;
	bool expanded;			/* @jobs has its full size */
	bool begun;			/* input has come */
	bool input_done;
	bool finish_later;		/* an empty last chunk still needs a job */
	bool ended;			/* the last piece was handed out */
	bool any_sent;
	bool cut;			/* a flush ended the chunk before: see cjob @keep */
	struct cjob *before;		/* the last one that input was put in */
	uint32_t end_sum;		/* of the last piece handed out: struct wd_source */
	bool eof_member;		/* the BGZF end marker still has to come */
	uint8_t *header;
	size_t header_len;
	uint32_t mtime;
	uint32_t sum;			/* of the pieces handed out */
	uint64_t sum_len;
	uint64_t in_total;
	uint64_t stored;
	uint64_t roll;			/* rolling hash, for rsyncable cuts */
	struct wd_source source;	/* @source.read: where input comes from, or NULL */
	uint64_t source_size;		/* as far as workers may read ahead */
	int source_error;		/* to report behind all output before it */
	uint8_t *window;		/* the end of what was given */
	size_t window_len;
	uint32_t window_sum;		/* Adler-32 of all of it */
};

/* ---- decompression ---- */

enum dec_state {
	DEC_HEADER,			/* in, or before, a member's header */
	DEC_DATA,
	DEC_TRAILER,
	DEC_BETWEEN,			/* behind a member; another may follow */
	DEC_ZEROS,			/* in padding behind the last member */
	DEC_END,
};

/* Serial output buffers: one handed out, one being filled. */
#define SERIAL_BUFS	2

/* @summed: bytes of @fill that are in the checksum */
struct serial_buf {
	uint8_t *data;
	size_t cap;
	size_t fill;
	size_t summed;
};

struct decompressor {
	/* the splitter: input cut into pieces */
	struct in_block *block;		/* being filled */
	struct in_block *spare_block;
	size_t cut;			/* first byte of @block not yet in a piece */
	size_t scanned;			/* how far it was searched for markers */
	bool at_marker;			/* @cut is just behind a marker */
	bool at_member;			/* @cut may be where a sized member begins */
	bool input_done;
	bool sync;			/* hand out what there is */
	size_t members_need;		/* no use looking for members with less */

	/* pieces, in the order of the input */
	struct piece *first, *last;
	struct workspace *spare_ws;
	unsigned int npieces;
	unsigned int nspec;		/* of them, worth decoding ahead */
	unsigned int nsent;		/* of those, sent and not yet accepted */
	unsigned int distrust;		/* rejected in a row */
	size_t queued;			/* bytes in pieces */
	size_t serial_queued;		/* of them, in pieces to decode in order */
	size_t out_guess;		/* bytes a chunk decodes to */
	bool ahead_used;		/* output of libdeflate was taken */

	/* the decoder: strictly in order */
	bool begun;
	enum dec_state state;
	uint64_t pos;			/* input bytes used */
	struct wd_inflate inf;		/* of the current member */
	size_t small_in;		/* decoded as one of few bytes, since it was made */
	bool more;			/* it has output that did not fit */
	bool inf_short;			/* it does not know all of the window */
	struct wd_head head;
	bool have_header;
	struct wd_comp_header header;	/* of the first member */
	uint8_t lead[8];		/* bytes of a trailer, or of what may be magic */
	unsigned int lead_len;
	uint64_t zeros;			/* behind the last member */
	uint32_t sum;
	uint64_t member_out;
	uint64_t member_start;
	uint8_t *window;		/* of the output, its last bytes */
	size_t window_len;
	int pending;			/* error to report once all output is out */

	/* decoding in order */
	struct sched_item sitem;
	struct wd_comp_req sreq;
	bool sbusy;			/* sent, and what it brought not yet taken */
	bool sout;			/* not yet back */
	struct serial_buf sbuf[SERIAL_BUFS];
	unsigned int scur;
	const uint8_t *late;		/* handed out, and not in the checksum */
	size_t late_len;

	struct piece *lent;		/* whose output was handed out */
	uint8_t *unused;

	uint8_t *preset;		/* the end of what was given */
	size_t preset_len;
	uint32_t preset_sum;		/* Adler-32 of all of it */
};

/* One of wd_comp_send(): made when needed, kept for the next. */
struct request {
	struct sched_item item;
	struct request *next_free, *next_made;
};

/*
 * What memory allows of what the caller left to the library.  Decided once, when it
 * is needed: small inputs need not know.
 *
 * @threads:   0 if not decided
 * @chunk_max: bytes, 0 if not decided
 * @text:      why it is less than it could be; empty if it is not
 */
struct afford {
	bool limits_read;
	struct wd_limits limits;
	unsigned int threads;
	size_t chunk_max;
	char text[192];
};

struct wd_comp_sess {
	struct wd_comp_setup setup;
	struct wd_fork_guard guard;
	struct sched sched;
	char *engine;			/* as chosen of a list */
	struct request *free_requests, *requests;
	struct afford afford;

	bool fresh;			/* reset, and nothing put in since */
	bool async;			/* requests of wd_comp_send() are in flight */
	bool input_lent, output_lent;
	int failed;			/* sticky error of the stream */
	struct wd_comp_info info;
	/* of its direction; the other one is NULL */
	struct compressor *comp;
	struct decompressor *decomp;

	/* stream.c: the rest of a piece */
	const uint8_t *rest;
	size_t rest_len;
};

/* session.c */
int sess_check(const struct wd_comp_sess *s);
int sess_open(struct wd_comp_sess *s);
int sess_send(struct wd_comp_sess *s, struct sched_item *item);

/* async.c */
void async_exit(struct wd_comp_sess *s);

/* Nothing is in flight then, nor is any request of wd_comp_send(). */
void async_drain(struct wd_comp_sess *s);

/* afford.c */
unsigned int sess_threads(struct wd_comp_sess *s);
void sess_afford_chunk(struct wd_comp_sess *s);

/* compress.c */
int compress_init(struct wd_comp_sess *s);
void compress_exit(struct wd_comp_sess *s);
void compress_reset(struct wd_comp_sess *s);
int compress_get_output(struct wd_comp_sess *s, const void **data, size_t *len,
			int timeout_ms);
void compress_put_output(struct wd_comp_sess *s);

/* How members tell their sizes, NULL if they do not. */
static inline const struct wd_sized *compress_sized(const struct wd_comp_sess *s)
{
	return wd_sized_of(s->setup.members);
}

/* Whether chunks may refer to those before. */
static inline bool compress_joins(const struct wd_comp_sess *s)
{
	return !compress_sized(s) &&
	       !(s->setup.flags & (WD_COMP_RSYNCABLE | WD_COMP_INDEPENDENT));
}

/* There is more than CHUNK_AFFORDED_MIN to come: decide how large chunks may be. */
void compress_settle(struct wd_comp_sess *s);
size_t compress_bound(const struct wd_comp_sess *s, size_t in_len);

/* header.c */
size_t header_write(const struct wd_comp_sess *s, uint8_t *p, size_t deflate_len,
		    size_t in_len);
size_t header_size(const struct wd_comp_sess *s);

/* decompress.c */
int decompress_init(struct wd_comp_sess *s);
void decompress_exit(struct wd_comp_sess *s);
void decompress_reset(struct wd_comp_sess *s);
int decompress_get_input(struct wd_comp_sess *s, void **buf, size_t *room);
int decompress_put_input(struct wd_comp_sess *s, size_t len, enum wd_comp_flush flush);
int decompress_get_output(struct wd_comp_sess *s, const void **data, size_t *len,
			  int timeout_ms);
void decompress_put_output(struct wd_comp_sess *s);
int decompress_unused(struct wd_comp_sess *s, const void **data, size_t *len);

#endif
