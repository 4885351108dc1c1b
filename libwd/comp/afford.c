/* SPDX-License-Identifier: MIT */
/*
 * How many threads, and how large chunks, memory allows where the caller left that
 * to the library.
 *
 * Fewer threads come before smaller chunks, as only the latter change the output:
 * they are for where not even one thread would have room, and the caller's number
 * of threads has no say in it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compress.h"

#define KIB		((uint64_t)1024)
#define MIB		(1024 * KIB)

#define PROGRAM		(4 * MIB)	/* what there is without any chunk */
#define CODEC		(3 * MIB / 2)	/* a thread's, with its scratch memory */
#define CODEC_BEST	(10 * MIB)	/* the same from this level on: */
#define BEST		10

/* Of decompression; files by others can have chunks that take twice as much. */
#define UNPACK_FIXED	(16 * MIB)
#define UNPACK_EACH	(5 * MIB)

static uint64_t codec_size(const struct wd_comp_sess *s)
{
	return s->setup.level >= BEST ? CODEC_BEST : CODEC;
}

/* Input and output of four chunks: see expand() in jobs.c. */
static uint64_t alone(const struct wd_comp_sess *s, size_t chunk)
{
	return PROGRAM + 8 * (uint64_t)chunk + codec_size(s);
}

/* For three chunks, and for half as many as there are threads more. */
static uint64_t fixed(const struct wd_comp_sess *s, size_t chunk)
{
	return s->setup.op == WD_COMP_DECOMPRESS ? UNPACK_FIXED :
						   PROGRAM / 2 + 6 * (uint64_t)chunk;
}

static uint64_t each(const struct wd_comp_sess *s, size_t chunk)
{
	return s->setup.op == WD_COMP_DECOMPRESS ? UNPACK_EACH :
						   3 * (uint64_t)chunk + codec_size(s);
}

static const struct wd_limits *limits(struct wd_comp_sess *s)
{
	if (!s->afford.limits_read)
		wd_limits_read(&s->afford.limits);
	s->afford.limits_read = true;
	return &s->afford.limits;
}

/* The limit that makes chunks smaller, or NULL. */
static const struct wd_memory_limit *fit_chunk(struct wd_comp_sess *s)
{
	size_t chunk = wd_level_get(s->setup.level)->chunk_size;
	const struct wd_memory_limit *why = NULL, *limit;

	while (chunk > CHUNK_AFFORDED_MIN) {
		limit = wd_limits_exceeded(limits(s), alone(s, chunk));
		if (!limit)
			break;
		why = limit;
		chunk /= 2;
	}
	s->afford.chunk_max = chunk;
	return why;
}

/* The limit that makes threads fewer, or NULL. */
static const struct wd_memory_limit *fit_threads(struct wd_comp_sess *s,
						 unsigned int cpus)
{
	const struct wd_memory_limit *why = NULL;
	size_t chunk = s->comp ? s->comp->chunk : 0;

	s->afford.threads = cpus;
	if (cpus > 1)
		s->afford.threads = wd_limits_threads(limits(s), cpus,
						      fixed(s, chunk),
						      each(s, chunk), &why);
	return why;
}

/* Threads and chunks can be less for different reasons; one will do. */
static void say_why(struct afford *a, unsigned int cpus,
		    const struct wd_memory_limit *for_chunk,
		    const struct wd_memory_limit *for_threads)
{
	const struct wd_memory_limit *why = for_chunk ? for_chunk : for_threads;
	char threads[48] = "", chunk[48] = "";

	if (!why)
		return;
	if (for_threads)
		snprintf(threads, sizeof(threads), "threads %u of %u", a->threads, cpus);
	if (for_chunk)
		snprintf(chunk, sizeof(chunk), "%schunks of %zu KiB",
			 for_threads ? ", " : "", a->chunk_max >> 10);
	snprintf(a->text, sizeof(a->text), "%s%s: memory limit %" PRIu64 " MiB (%s)",
		 threads, chunk, why->bytes / MIB, why->name);
}

void sess_afford_chunk(struct wd_comp_sess *s)
{
	if (s->afford.chunk_max || s->setup.chunk_size || sched_on_device(&s->sched) ||
	    s->setup.op != WD_COMP_COMPRESS ||
	    s->setup.members == WD_COMP_MEMBERS_BGZF)
		return;
	say_why(&s->afford, 0, fit_chunk(s), NULL);
}

unsigned int sess_threads(struct wd_comp_sess *s)
{
	const struct wd_memory_limit *for_chunk = NULL, *for_threads;
	unsigned int cpus;

	if (s->setup.threads)
		return s->setup.threads;
	if (s->afford.threads)
		return s->afford.threads;
	cpus = (unsigned int)wd_min(wd_cpu_count(), WD_COMP_THREADS_MAX);
	if (s->afford.chunk_max)
		for_chunk = fit_chunk(s);
	for_threads = fit_threads(s, cpus);
	say_why(&s->afford, cpus, for_chunk, for_threads);
	return s->afford.threads;
}
