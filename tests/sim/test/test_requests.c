// SPDX-License-Identifier: MIT
/*
 * Requests of all kinds through the device, judged by zlib: several threads with
 * queues of their own, many streams at a time.
 *
 * For a long run:  test_requests --requests 1000000 --seed 7 --threads 4 --workers 2
 * A stream that failed, again:  --seed 7 --stream NUMBER  as the message says.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "job.h"

#include <cmocka.h>

#define THREADS_MAX	8u
#define DEPTH		32u
#define JOBS		12u		/* streams of a thread at a time */
#define KINDS		4u		/* queues of a thread, see queue_of() */
#define PASID		7u

struct options {
	uint64_t requests;
	uint64_t seed;
	uint64_t stream;		/* the first one's number */
	bool one_stream;
	unsigned int threads;
	uint32_t workers;
	uint8_t revision;
	uint32_t isolation;
	bool fast;			/* rather than small */
	unsigned int flips;		/* requests with a wrong bit of output */
};

struct run {
	struct options options;
	struct t_dev dev;
	struct job_pool pool;
	_Atomic uint64_t next_stream;
	_Atomic uint64_t streams, requests, in_bytes, out_bytes;
	_Atomic bool failed;
};

struct slot {
	struct job job;
	uint64_t stream;
	bool busy;
	bool ready;			/* a request to be sent */
	bool sent;
};

struct thread {
	pthread_t id;
	struct run *run;
	unsigned int number;
	struct t_queue queue[KINDS];
	/* In the order in which they were sent; the slot in the ring is the index. */
	struct slot *sent[KINDS][DEPTH];
	uint32_t next_done[KINDS];
	struct slot slots[JOBS];
	uint32_t random;
	uint64_t moved_at;
	char error[700];
};

/* ---- one thread ---- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint32_t chance(struct thread *t)
{
	t->random = t->random * 1664525 + 1013904223;
	return t->random >> 16;
}

static void __attribute__((format(printf, 2, 3)))
give_up(struct thread *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->error, sizeof(t->error), fmt, ap);
	va_end(ap);
	t->run->failed = true;
}

static void give_up_job(struct thread *t, const struct slot *slot, const char *what)
{
	char text[300];

	job_describe(&slot->job, text, sizeof(text));
	give_up(t, "--seed %" PRIu64 " --stream %" PRIu64 ": %s (%s)",
		t->run->options.seed, slot->stream, what, text);
}

static unsigned int queue_of(const struct job *job)
{
	return (unsigned int)job->decompress + 2 * (unsigned int)job->pointers;
}

static void start_queues(struct thread *t)
{
	for (unsigned int i = 0; i < KINDS; i++) {
		struct t_queue *q = &t->queue[i];

		t_queue_init(q, &t->run->dev, (uint16_t)(t->number * KINDS + i),
			     i % 2 ? HZIP_QUEUE_DECOMPRESS : HZIP_QUEUE_COMPRESS, DEPTH);
		if (i >= 2) {
			q->sqc.pasid = cpu_to_le16(PASID);
			q->cqc.pasid = cpu_to_le16(PASID);
		}
		if (i >= 2 && t->run->options.revision >= QM_HW_V3) {
			q->sqc.w11 = cpu_to_le16(QM_SQC_PASID);
			q->cqc.w11 = cpu_to_le16(QM_CQC_PASID);
		}
		if (t_queue_load(q))
			give_up(t, "queue %u does not start", q->id);
	}
}

static bool more_wanted(struct run *run)
{
	return !run->failed && run->requests < run->options.requests &&
	       !(run->options.one_stream && run->next_stream > run->options.stream);
}

static void begin(struct thread *t, struct slot *slot)
{
	slot->stream = t->run->next_stream++;
	job_begin(&slot->job, &t->run->dev, &t->run->pool,
		  t->run->options.seed * 1000003 + slot->stream);
	job_prepare(&slot->job);
	slot->busy = true;
	slot->ready = true;
	t->run->streams++;
}

static void end(struct slot *slot)
{
	job_end(&slot->job);
	slot->busy = false;
}

/* A doorbell may stand for several requests. */
static void send(struct thread *t, struct slot *slot)
{
	unsigned int kind = queue_of(&slot->job);
	struct t_queue *q = &t->queue[kind];
	int index = t_put(q, &slot->job.sqe);

	if (index < 0)
		return;
	t->sent[kind][index] = slot;
	slot->ready = false;
	slot->sent = true;
	t->run->requests++;
	t->run->in_bytes += slot->job.in_len;
	if (chance(t) % 2)
		t_ring(q);
}

static void done(struct thread *t, struct slot *slot, const struct hisi_zip_sqe *sqe)
{
	enum job_state state = job_complete(&slot->job, sqe);

	slot->sent = false;
	t->run->out_bytes += le32_to_cpu(sqe->produced);
	if (state == JOB_MORE) {
		job_prepare(&slot->job);
		slot->ready = true;
		return;
	}
	if (state == JOB_FAILED)
		give_up_job(t, slot, slot->job.error);
	end(slot);
}

/* What has completed on one queue; the device answers in order. */
static bool take(struct thread *t, unsigned int kind)
{
	struct t_queue *q = &t->queue[kind];
	struct hisi_zip_sqe sqe;
	bool any = false;
	int index;

	while ((index = t_take(q, &sqe)) != -EAGAIN) {
		if (index != (int)t->next_done[kind]) {
			give_up(t, "queue %u: completion of %d instead of %u", q->id,
				index, t->next_done[kind]);
			return false;
		}
		t->next_done[kind] = (t->next_done[kind] + 1) % DEPTH;
		done(t, t->sent[kind][index], &sqe);
		any = true;
	}
	if (any)
		t_cq_ring(q, chance(t) % 4 == 0);
	return any;
}

static void wait_or_complain(struct thread *t, bool moved)
{
	if (moved) {
		t->moved_at = now_ms();
		return;
	}
	if (now_ms() - t->moved_at > T_WAIT_MS)
		give_up(t, "thread %u: no completion", t->number);
	sched_yield();
}

static void turn(struct thread *t, bool *busy)
{
	bool moved = false;

	*busy = false;
	for (unsigned int i = 0; i < JOBS; i++) {
		struct slot *slot = &t->slots[i];

		if (!slot->busy && more_wanted(t->run))
			begin(t, slot);
		if (slot->busy && slot->ready)
			send(t, slot);
		*busy = *busy || slot->busy;
	}
	for (unsigned int i = 0; i < KINDS; i++) {
		t_ring(&t->queue[i]);
		moved = take(t, i) || moved;
	}
	/* Its entries are taken before the ring is full. */
	t_eq_handle(&t->run->dev);
	wait_or_complain(t, moved || !*busy);
}

static void *run_thread(void *arg)
{
	struct thread *t = arg;
	bool busy = true;

	t->random = t->number;
	t->moved_at = now_ms();
	start_queues(t);
	while (busy && !t->run->failed)
		turn(t, &busy);
	for (unsigned int i = 0; i < KINDS && !t->run->failed; i++) {
		if (t_queue_drain(&t->queue[i]))
			give_up(t, "queue %u does not drain", t->queue[i].id);
	}
	return NULL;
}

/* ---- all of them ---- */

static void create(struct run *run, const struct options *options)
{
	struct sim_config config;

	memset(run, 0, sizeof(*run));
	run->options = *options;
	run->next_stream = options->stream;
	assert_int_equal(sim_config_init(&config, options->revision), 0);
	config.workers = options->workers;
	config.isolation = options->isolation;
	config.log = options->flips ? NULL : stderr;
	t_dev_create_with(&run->dev, &config);
	assert_int_equal(t_start(&run->dev), 0);
	t_write(&run->dev, HZIP_PERF_MODE, options->fast);
	for (unsigned int i = 1; i <= options->flips; i++) {
		char text[40];

		snprintf(text, sizeof(text), "flip %u %u", i * 10, i);
		assert_int_equal(sim_fault(run->dev.sim, text), 0);
	}
	job_pool_make(&run->pool, options->seed);
}

static void destroy(struct run *run, struct thread *threads)
{
	for (unsigned int i = 0; i < run->options.threads; i++) {
		for (unsigned int k = 0; k < KINDS; k++)
			t_queue_free(&threads[i].queue[k]);
		for (unsigned int k = 0; k < JOBS; k++) {
			if (threads[i].slots[k].busy)
				end(&threads[i].slots[k]);
		}
	}
	job_pool_free(&run->pool);
	t_dev_destroy(&run->dev);
	free(threads);
}

static void report(struct run *run)
{
	printf("%" PRIu64 " requests of %" PRIu64 " streams, ", run->requests,
	       run->streams);
	printf("%" PRIu64 " bytes in, %" PRIu64 " bytes out, ", run->in_bytes,
	       run->out_bytes);
	printf("%" PRIu64 " violations\n", sim_violations_total(run->dev.sim));
}

static bool run_all(const struct options *options)
{
	struct thread *threads = calloc(options->threads, sizeof(*threads));
	struct sim_stats stats;
	struct run run;
	bool right;

	assert_non_null(threads);
	create(&run, options);
	for (unsigned int i = 0; i < options->threads; i++) {
		threads[i].run = &run;
		threads[i].number = i;
		assert_int_equal(pthread_create(&threads[i].id, NULL, run_thread,
						&threads[i]), 0);
	}
	for (unsigned int i = 0; i < options->threads; i++) {
		pthread_join(threads[i].id, NULL);
		if (threads[i].error[0] && !options->flips)
			print_error("%s\n", threads[i].error);
	}
	report(&run);
	sim_stats(run.dev.sim, &stats);
	right = !run.failed && !sim_violations_total(run.dev.sim) &&
		stats.requests == run.requests && stats.completed == run.requests;
	/* Nobody uses the memory of what failed any more. */
	sim_reset(run.dev.sim);
	destroy(&run, threads);
	return right;
}

/* ---- tests ---- */

#define REQUESTS	(T_SLOW ? 2000u : 10000u)

static void t_requests_agree_with_zlib(void **state)
{
	const struct options options = {
		.requests = REQUESTS, .seed = 1, .threads = 1, .revision = QM_HW_V3,
	};

	(void)state;
	assert_true(run_all(&options));
}

static void t_requests_of_threads_agree_with_zlib(void **state)
{
	const struct options options = {
		.requests = REQUESTS, .seed = 2, .threads = 3, .workers = 2,
		.revision = QM_HW_V3,
	};

	(void)state;
	assert_true(run_all(&options));
}

static void t_requests_of_isolated_queues_agree_with_zlib(void **state)
{
	const struct options options = {
		.requests = REQUESTS / 10, .seed = 3, .threads = 2, .workers = 3,
		.revision = QM_HW_V3, .isolation = 1,
	};

	(void)state;
	assert_true(run_all(&options));
}

static void t_requests_of_the_fast_mode_agree_with_zlib(void **state)
{
	const struct options options = {
		.requests = REQUESTS / 10, .seed = 6, .threads = 2, .workers = 2,
		.revision = QM_HW_V3, .fast = true,
	};

	(void)state;
	assert_true(run_all(&options));
}

static void t_requests_of_the_older_device_agree_with_zlib(void **state)
{
	const struct options options = {
		.requests = REQUESTS / 10, .seed = 4, .threads = 2, .workers = 2,
		.revision = QM_HW_V2,
	};

	(void)state;
	assert_true(run_all(&options));
}

/* One might be of the padding after a stream. */
static void t_a_wrong_bit_of_output_is_noticed(void **state)
{
	const struct options options = {
		.requests = 1000, .seed = 5, .threads = 1, .revision = QM_HW_V3,
		.flips = 10,
	};

	(void)state;
	assert_false(run_all(&options));
}

/* ---- long runs ---- */

static bool set(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *value >= min && *value <= max;
}

static bool parse(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "requests", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ "stream", required_argument, NULL, 'n' },
		{ "threads", required_argument, NULL, 't' },
		{ "workers", required_argument, NULL, 'w' },
		{ "revision", required_argument, NULL, 'v' },
		{ 0 },
	};
	uint64_t value;
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		bool right = true;

		if (c == 'r') {
			right = set(optarg, 1, UINT64_MAX, &options->requests);
		} else if (c == 's') {
			right = set(optarg, 0, UINT64_MAX, &options->seed);
		} else if (c == 'n') {
			right = set(optarg, 0, UINT64_MAX, &options->stream);
			options->one_stream = true;
			options->threads = 1;
		} else if (c == 't') {
			right = set(optarg, 1, THREADS_MAX, &value);
			options->threads = (unsigned int)value;
		} else if (c == 'w') {
			right = set(optarg, 0, 64, &value);
			options->workers = (uint32_t)value;
		} else if (c == 'v') {
			right = set(optarg, QM_HW_V2, QM_HW_V3, &value);
			options->revision = (uint8_t)value;
		} else {
			right = false;
		}
		if (!right)
			return false;
	}
	return optind == argc;
}

static int run_long(int argc, char **argv)
{
	struct options options = {
		.requests = 1000000, .seed = 1, .threads = 2, .workers = 2,
		.revision = QM_HW_V3,
	};

	if (!parse(argc, argv, &options)) {
		fprintf(stderr, "usage: %s [--requests N] [--seed N] [--stream N] "
			"[--threads N] [--workers N] [--revision 0x21|0x30]\n", argv[0]);
		return 2;
	}
	return run_all(&options) ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_requests_agree_with_zlib),
		cmocka_unit_test(t_requests_of_threads_agree_with_zlib),
		cmocka_unit_test(t_requests_of_isolated_queues_agree_with_zlib),
		cmocka_unit_test(t_requests_of_the_fast_mode_agree_with_zlib),
		cmocka_unit_test(t_requests_of_the_older_device_agree_with_zlib),
		cmocka_unit_test(t_a_wrong_bit_of_output_is_noticed),
	};

	if (argc > 1)
		return run_long(argc, argv);
	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
