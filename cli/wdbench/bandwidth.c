/* SPDX-License-Identifier: MIT */
/*
 * How fast memory is: each thread copies in memory of its own.
 */
#include <glob.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "bandwidth.h"
#include "run.h"

#define SIZE	  ((size_t)16 << 20) /* more than a core's share of the caches */
#define RUN_NS	  100000000u
#define RUNS	  3u
#define SATURATED 0.75 /* of what the CPUs would do if each were alone */
#define NODES	  "/sys/devices/system/node/node[0-9]*"

struct copying;

/* One thread; @mb_s of its last run. */
struct copier {
	struct copying *of;
	pthread_t thread;
	double mb_s;
};

/*
 * struct copying - all of them
 * @ready: counts those that have their memory, @go those that may begin
 * @failed: one of them has no memory
 */
struct copying {
	struct copier *copiers;
	unsigned int count;
	sem_t ready, go;
	atomic_bool failed;
};

static double copy(uint8_t *to, const uint8_t *from)
{
	uint64_t begun = runner_now(), spent;
	uint64_t bytes = 0;

	do {
		memcpy(to, from, SIZE);
		/* The compiler does not know that nobody will read it. */
		__asm__ volatile("" : : "r"(to) : "memory");
		bytes += SIZE;
		spent = runner_now() - begun;
	} while (spent < RUN_NS);
	return (double)bytes * 1e3 / (double)spent;
}

/* Memory is near to who touches it first. */
static void *copy_thread(void *arg)
{
	struct copier *c = arg;
	uint8_t *mem = runner_map(2 * SIZE);

	if (mem)
		memset(mem, 1, 2 * SIZE);
	else
		atomic_store(&c->of->failed, true);
	sem_post(&c->of->ready);
	sem_wait(&c->of->go);
	if (mem)
		c->mb_s = copy(mem, mem + SIZE);
	runner_unmap(mem, 2 * SIZE);
	return NULL;
}

/* MB/s of all; 0 if not all of them could. */
static double copy_once(struct copying *all)
{
	unsigned int started = 0;
	double sum = 0;

	while (started < all->count &&
	       !pthread_create(&all->copiers[started].thread, NULL, copy_thread,
			       &all->copiers[started]))
		started++;
	for (unsigned int i = 0; i < started; i++)
		sem_wait(&all->ready);
	for (unsigned int i = 0; i < started; i++)
		sem_post(&all->go);
	for (unsigned int i = 0; i < started; i++) {
		pthread_join(all->copiers[i].thread, NULL);
		sum += all->copiers[i].mb_s;
	}
	return started < all->count || atomic_load(&all->failed) ? 0 : sum;
}

static unsigned int count_nodes(void)
{
	unsigned int count = 1;
	glob_t found;

	if (glob(NODES, 0, NULL, &found))
		return count;
	if (found.gl_pathc)
		count = (unsigned int)found.gl_pathc;
	globfree(&found);
	return count;
}

/* One alone and all of them, in turns; what all do if that is less than it could be. */
static double copy_in_turns(struct copying *all)
{
	unsigned int count = all->count;
	double one = 0, most = 0;

	for (unsigned int i = 0; i < RUNS && !bench_stop; i++) {
		all->count = 1;
		one = fmax(one, copy_once(all));
		all->count = count;
		most = fmax(most, copy_once(all));
	}
	return most < SATURATED * count * one ? most : 0;
}

double bandwidth_measure(void)
{
	struct copying all = { .count = wd_thread_count(0, 2 * SIZE, NULL) };
	double mb_s;

	all.copiers = calloc(all.count, sizeof(*all.copiers));
	if (!all.copiers)
		return 0;
	sem_init(&all.ready, 0, 0);
	sem_init(&all.go, 0, 0);
	for (unsigned int i = 0; i < all.count; i++)
		all.copiers[i].of = &all;
	mb_s = copy_in_turns(&all);
	sem_destroy(&all.go);
	sem_destroy(&all.ready);
	free(all.copiers);
	return mb_s / count_nodes();
}
