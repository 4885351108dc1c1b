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

struct compressor;
struct decompressor;

/*
 * What may come before the first byte: its end, and the Adler-32 of all of it.
 * oneshot.c makes it, then it is the direction's.
 */
struct preset {
	uint8_t *data;
	size_t len;
	uint32_t sum;
};

/* One of wd_comp_send(): made when needed, kept for the next.  async.c's own. */
struct request {
	struct sched_item item;
	struct request *next_free, *next_made;
};

/*
 * What memory allows of what the caller left to the library.  Decided once, when it
 * is needed: small inputs need not know.  afford.c's own; compress.c looks at
 * @chunk_max, info.c at @text.
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

/*
 * What all files here may look at: the setup, the scheduler, what is told (@info).
 * The flags are session.c's and of the files with public calls.
 */
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
	int last_lane; /* that did what was handed out; -ENOENT */
	struct wd_comp_info info;
	/* of its direction; the other one is NULL */
	struct compressor *comp;
	struct decompressor *decomp;

	/* stream.c: the rest of a piece */
	const uint8_t *rest;
	size_t rest_len;
};

/* session.c */
int sess_refuse(const struct wd_comp_sess *s);
int sess_open(struct wd_comp_sess *s);
int sess_send(struct wd_comp_sess *s, struct sched_item *item);
struct lane *sess_stream_lane(struct wd_comp_sess *s);

/* 0 if the session may be used by this process. */
static inline int sess_check(const struct wd_comp_sess *s)
{
	return s && wd_fork_guard_ok(&s->guard) ? 0 : sess_refuse(s);
}

/* Make @item this piece of work. */
static inline void sess_item(struct sched_item *item, struct wd_work work)
{
	item->work = work;
	item->next = NULL;
	item->lane = NULL;
	item->stage = ITEM_DOING;
	item->for_cpu = false;
	item->pinned = false;
	item->leave = NULL;
	item->status = 0;
}

/* info.c: the caller gets what came of @item. */
void sess_note_lane(struct wd_comp_sess *s, const struct sched_item *item);

/* async.c */
void async_exit(struct wd_comp_sess *s);

/*
 * Nothing is in flight then, nor is any request of wd_comp_send(), unless a device holds
 * some: see sched_is_held().
 */
void async_drain(struct wd_comp_sess *s);

/* afford.c */
unsigned int sess_threads(struct wd_comp_sess *s);
void sess_afford_chunk(struct wd_comp_sess *s);

#endif
