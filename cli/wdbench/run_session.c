/* SPDX-License-Identifier: MIT */
/*
 * All of the input as one stream: libwd's sessions, and references, which cut the
 * input into blocks and give them to threads.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "verify.h"

/* ---- what both do ---- */

/*
 * struct output - where it goes
 * @mem:  @cap bytes; made anew before each round if @cold
 * @sum:  of the first output that zlib found to be right, once @known
 */
struct output {
	uint8_t *mem;
	size_t cap;
	bool cold;
	bool known;
	uint32_t sum;
	size_t len;
};

static int output_open(struct output *out, size_t cap, bool cold)
{
	out->cap = cap;
	out->cold = cold;
	out->mem = runner_map(cap);
	if (!out->mem)
		return -ENOMEM;
	if (!cold)
		memset(out->mem, 1, cap);
	return 0;
}

static int output_renew(struct output *out)
{
	if (!out->cold) {
		verify_spoil(out->mem, out->cap);
		return 0;
	}
	runner_unmap(out->mem, out->cap);
	out->mem = runner_map(out->cap);
	return out->mem ? 0 : -ENOMEM;
}

/* Compressed output: zlib reads the first one, the others must be equal to it. */
static int check_compressed(struct output *out, const struct result *r, size_t len)
{
	uint32_t sum = verify_sum(out->mem, len);
	int ret;

	if (out->known && out->sum == sum && out->len == len)
		return 0;
	ret = verify_packed(r->setup.format, out->mem, len, r->input->bytes,
			    r->input->size);
	out->known = !ret;
	out->sum = sum;
	out->len = len;
	return ret;
}

static int check_plain(const struct output *out, const struct result *r)
{
	return memcmp(out->mem, r->input->bytes, r->input->size) ? -EBADMSG : 0;
}

static bool compresses(const struct result *r)
{
	return r->setup.op == WD_COMP_COMPRESS;
}

/* ---- libwd ---- */

struct session {
	struct result *r;
	struct pack pack;
	struct wd_comp_sess *sess;
	struct output out;
	size_t made;
};

/* Of the last pass; a lane that was found by its driver's name has its own by then. */
static void count_lanes(struct session *s)
{
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	int n = wd_comp_get_lanes(s->sess, lanes, WD_COMP_LANES_MAX);

	for (int i = 0; i < n && i < (int)s->r->n_shares; i++) {
		struct share *share = &s->r->shares[i];

		memcpy(share->name, lanes[i].name, sizeof(share->name));
		share->queues = 1;
		share->requests += lanes[i].requests;
		share->bytes += compresses(s->r) ? lanes[i].bytes_in
						 : lanes[i].bytes_out;
	}
}

static int session_pass(void *state)
{
	struct session *s = state;
	const struct block *b = s->pack.blocks;
	int ret;

	if (compresses(s->r))
		ret = wd_comp_run(s->sess, b->plain, b->plain_len, s->out.mem,
				  s->out.cap, NULL, &s->made);
	else
		ret = wd_comp_run(s->sess, b->packed, b->packed_len, s->out.mem,
				  s->out.cap, NULL, &s->made);
	count_lanes(s);
	return ret;
}

static int session_check(void *state)
{
	struct session *s = state;
	int ret = -EBADMSG;

	if (compresses(s->r))
		ret = check_compressed(&s->out, s->r, s->made);
	else if (s->made == s->r->input->size)
		ret = check_plain(&s->out, s->r);
	return ret ? runner_fail(s->r, "wrong output", ret) : 0;
}

static int session_run(void *state, double seconds, struct round *round)
{
	struct session *s = state;
	int ret = output_renew(&s->out);

	if (!ret)
		ret = runner_passes(session_pass, s, seconds, round);
	if (ret)
		return runner_fail(s->r, s->r->setup.engine, ret);
	round->bytes = round->passes * s->r->input->size;
	return 0;
}

static void tell_codec(struct session *s)
{
	struct wd_comp_info info;

	if (wd_comp_get_info(s->sess, &info) < 0 || !info.codec)
		return;
	snprintf(s->r->codec, sizeof(s->r->codec), "%s", info.codec);
	if (info.threads)
		s->r->setup.threads = info.threads;
	if (info.chunk_size)
		s->r->setup.block = info.chunk_size;
}

static int make_shares(struct session *s)
{
	int n = wd_comp_get_lanes(s->sess, NULL, 0);

	if (n < 0)
		return n;
	s->r->shares = calloc((size_t)n, sizeof(*s->r->shares));
	s->r->n_shares = s->r->shares ? (unsigned int)n : 0;
	return s->r->shares ? 0 : -ENOMEM;
}

static int session_open(struct result *r, void **state)
{
	const struct setup *wish = &r->setup;
	struct wd_comp_setup setup = {
		.op = wish->op,
		.format = wish->format,
		.level = compresses(r) ? wish->level : 0,
		.chunk_size = compresses(r) ? (uint32_t)wish->block : 0,
		.threads = wish->threads,
		.engine = wish->engine,
		.size_hint = r->input->size,
	};
	struct session *s = *state = calloc(1, sizeof(*s));
	size_t cap = r->input->size;
	int ret;

	if (!s)
		return runner_fail(r, "preparing", -ENOMEM);
	s->r = r;
	if (wish->block && (wish->block < WD_COMP_CHUNK_MIN ||
			    wish->block > WD_COMP_CHUNK_MAX))
		return runner_fail(r, "--block-size: chunks have 32K to 16M", -EINVAL);
	if (pack_make(&s->pack, r, 0) < 0)
		return -1;
	ret = wd_comp_create(&s->sess, &setup);
	if (!ret)
		ret = make_shares(s);
	if (ret)
		return runner_fail(r, r->setup.engine, ret);
	if (compresses(r))
		cap = wd_comp_bound(s->sess, r->input->size);
	ret = output_open(&s->out, cap, wish->cold);
	if (!ret)
		ret = session_pass(s);
	if (ret)
		return runner_fail(r, r->setup.engine, ret);
	r->packed = compresses(r) ? s->made : s->pack.packed_len;
	tell_codec(s);
	return session_check(s);
}

static void session_close(void *state)
{
	struct session *s = state;

	if (!s)
		return;
	wd_comp_destroy(s->sess);
	pack_free(&s->pack);
	runner_unmap(s->out.mem, s->out.cap);
	free(s);
}

const struct runner_ops session_runner = {
	session_open, session_run, session_check, session_close,
};

/* ---- references ---- */

#define REFERENCE_BLOCK	((size_t)1 << 20)

/* One thread of the crew; the first one is the caller. */
struct member {
	struct crew *crew;
	void *context;
	pthread_t thread;
};

/*
 * struct crew - blocks, and the threads that take them
 * @made: bytes of output of each block; block i's output is at i * @stride
 * @next: the first block that nobody has taken
 */
struct crew {
	struct result *r;
	struct pack pack;
	struct output out;
	size_t stride;
	size_t *made;
	struct member *members;
	atomic_size_t next;
	atomic_int error;
};

static void *take_blocks(void *arg)
{
	struct member *m = arg;
	struct crew *c = m->crew;
	const struct reference *ref = c->r->setup.reference;
	size_t i;

	while ((i = atomic_fetch_add(&c->next, 1)) < c->pack.count) {
		const struct block *b = &c->pack.blocks[i];
		uint8_t *out = c->out.mem + i * c->stride;
		int ret;

		if (compresses(c->r))
			ret = ref->run(m->context, b->plain, b->plain_len, out, c->stride,
				       &c->made[i]);
		else
			ret = ref->run(m->context, b->packed, b->packed_len, out,
				       b->plain_len, &c->made[i]);
		if (ret)
			atomic_store(&c->error, ret);
	}
	return NULL;
}

static int crew_pass(void *state)
{
	struct crew *c = state;
	unsigned int count = c->r->setup.threads;
	unsigned int started = 1;

	atomic_store(&c->next, 0);
	while (started < count &&
	       !pthread_create(&c->members[started].thread, NULL, take_blocks,
			       &c->members[started]))
		started++;
	take_blocks(&c->members[0]);
	for (unsigned int i = 1; i < started; i++)
		pthread_join(c->members[i].thread, NULL);
	return started < count ? -EAGAIN : atomic_load(&c->error);
}

static int check_blocks(struct crew *c)
{
	for (size_t i = 0; i < c->pack.count; i++) {
		const struct block *b = &c->pack.blocks[i];
		const uint8_t *out = c->out.mem + i * c->stride;
		int ret = -EBADMSG;

		if (compresses(c->r))
			ret = verify_packed(c->r->setup.format, out, c->made[i],
					    b->plain, b->plain_len);
		else if (c->made[i] == b->plain_len &&
			 !memcmp(out, b->plain, b->plain_len))
			ret = 0;
		if (ret)
			return ret;
	}
	return 0;
}

static uint64_t made_in_all(const struct crew *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->pack.count; i++)
		sum += c->made[i];
	return sum;
}

/* As check_compressed(), block by block. */
static int crew_check(void *state)
{
	struct crew *c = state;
	uint32_t sum = 0;
	int ret;

	for (size_t i = 0; compresses(c->r) && i < c->pack.count; i++)
		sum = sum * 31 + verify_sum(c->out.mem + i * c->stride, c->made[i]);
	if (compresses(c->r) && c->out.known && c->out.sum == sum)
		return 0;
	ret = check_blocks(c);
	if (ret)
		return runner_fail(c->r, "wrong output", ret);
	c->out.known = true;
	c->out.sum = sum;
	return 0;
}

static int crew_run(void *state, double seconds, struct round *round)
{
	struct crew *c = state;
	int ret = output_renew(&c->out);

	if (!ret)
		ret = runner_passes(crew_pass, c, seconds, round);
	if (ret)
		return runner_fail(c->r, c->r->setup.engine, ret);
	round->bytes = round->passes * c->r->input->size;
	round->requests = round->passes * c->pack.count;
	return 0;
}

static int open_members(struct crew *c)
{
	const struct setup *s = &c->r->setup;

	c->members = calloc(s->threads, sizeof(*c->members));
	c->made = calloc(c->pack.count, sizeof(*c->made));
	if (!c->members || !c->made)
		return -ENOMEM;
	for (unsigned int i = 0; i < s->threads; i++) {
		struct member *m = &c->members[i];

		m->crew = c;
		m->context = s->reference->open(s->op, s->format, s->level);
		if (!m->context)
			return -ENOMEM;
	}
	return 0;
}

static int crew_open(struct result *r, void **state)
{
	struct crew *c = *state = calloc(1, sizeof(*c));
	size_t block = r->setup.block ? r->setup.block : REFERENCE_BLOCK;
	int ret;

	if (!c)
		return runner_fail(r, "preparing", -ENOMEM);
	c->r = r;
	if (pack_make(&c->pack, r, block) < 0)
		return -1;
	r->setup.block = c->pack.plain_max;
	c->stride = compresses(r) ? pack_bound(c->pack.plain_max) : c->pack.plain_max;
	ret = open_members(c);
	if (!ret)
		ret = output_open(&c->out, c->stride * c->pack.count, r->setup.cold);
	if (!ret)
		ret = crew_pass(c);
	if (ret)
		return runner_fail(r, r->setup.engine, ret);
	r->packed = compresses(r) ? made_in_all(c) : c->pack.packed_len;
	snprintf(r->codec, sizeof(r->codec), "%s %s", r->setup.reference->name,
		 r->setup.reference->version());
	return crew_check(c);
}

static void crew_close(void *state)
{
	struct crew *c = state;

	if (!c)
		return;
	for (unsigned int i = 0; c->members && i < c->r->setup.threads; i++)
		c->r->setup.reference->close(c->members[i].context);
	free(c->members);
	free(c->made);
	pack_free(&c->pack);
	runner_unmap(c->out.mem, c->out.cap);
	free(c);
}

const struct runner_ops reference_runner = {
	crew_open, crew_run, crew_check, crew_close,
};
