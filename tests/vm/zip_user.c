/* SPDX-License-Identifier: MIT */
/*
 * Processes that use a ZIP engine through its queue file, and look whether all that it
 * does is right, also when it is reset meanwhile.  What the queue file promises is in
 * zip_abi.c.
 *
 * usage: zip_user run [--processes N] [--seconds S] [--wait S]
 *        zip_user hold N [REQUESTS]
 *        zip_user overflow
 *        zip_user abi
 *
 * run: each process compresses and decompresses pieces of data, and compares.  When its
 * queues die it opens others, which may take S seconds (60), and does again what was
 * lost.  SIGTERM has them end before S seconds are over.  The last line says what was done.
 * hold: opens N queues, says so, and keeps them busy until it is killed, with so many
 * requests (64) of 16 KiB under way on each; those that die stay open.
 * overflow: has more done on a queue than it has room for completions, and never tells the
 * device that it took any; waits until the queue is dead.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "zip_user.h"
#include "zipq.h"

#define PIECES	  16u	      /* under way at a time, at most */
#define PIECE	  (16u << 10) /* bytes, at most */
#define PACKED	  (PIECE + PIECE / 8 + 512)
#define ROOM	  (PIECE + PACKED)
#define SS_SIZE	  (PIECES * ROOM)
#define ANSWER_MS 60000

/* What the processes have done; in shared memory. */
struct counts {
	unsigned long pieces;
	unsigned long requests;
	unsigned long reopened;
	unsigned long redone; /* pieces, as their queue died */
};

static long opt_processes = 16;
static long opt_seconds = 10;
static long opt_wait = 60;

/* In shared memory: that was enough. */
static volatile sig_atomic_t *stop;

static void on_term(int number)
{
	(void)number;
	*stop = 1;
}

static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void pause_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static void __attribute__((noreturn, format(printf, 1, 2)))
wrong(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "zip_user: ");
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

/* ---- data ---- */

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % n;
}

/* Text, and now and then what cannot be compressed. */
static void make_data(unsigned char *p, uint32_t len)
{
	bool text = random_below(10);

	for (uint32_t i = 0; i < len; i++)
		p[i] = text ? (unsigned char)"etaoin shrdlu,.\n"[random_below(
				      16)]
			    : (unsigned char)random_below(256);
}

/* What the device can do: raw DEFLATE only as of V3. */
struct format {
	uint32_t alg;
	int window_bits; /* zlib's name for it */
	uint32_t head;	 /* bytes that the device leaves to software */
	const char *bytes;
};

static const struct format formats[] = {
	{ HZIP_ALG_ZLIB, MAX_WBITS, 2, "\x78\x9c" },
	{ HZIP_ALG_GZIP, MAX_WBITS + 16, 10, "\x1f\x8b\x08\0\0\0\0\0\0\x03" },
	{ HZIP_ALG_DEFLATE, -MAX_WBITS, 0, "" },
};

/* ---- a batch of pieces ---- */

struct piece {
	const struct format *format;
	uint32_t len, packed_len;
	unsigned char plain[PIECE];
	unsigned char packed[PACKED];
};

struct user {
	struct counts *counts;
	struct zipq queues[2]; /* HZIP_QUEUE_COMPRESS, HZIP_QUEUE_DECOMPRESS */
	struct piece pieces[PIECES];
	unsigned int n; /* of this batch */
};

static unsigned char *room_for_input(struct zipq *q, unsigned int i)
{
	return (unsigned char *)q->ss + i * ROOM;
}

static unsigned char *room_for_output(struct zipq *q, unsigned int i)
{
	return room_for_input(q, i) +
	       (q->type == HZIP_QUEUE_COMPRESS ? PIECE : PACKED);
}

static void submit(struct zipq *q, const struct piece *p, unsigned int i)
{
	bool compress = q->type == HZIP_QUEUE_COMPRESS;
	struct zipq_work work = {
		.in = room_for_input(q, i),
		.out = room_for_output(q, i),
		.in_len = compress ? p->len : p->packed_len - p->format->head,
		.out_len = compress ? PACKED - p->format->head : PIECE,
		.alg = p->format->alg,
		.window = compress ? random_below(HZIP_WINDOW_32K + 1) : 0,
		.tag = i,
	};
	int ret;

	memcpy(room_for_input(q, i),
	       compress ? p->plain : p->packed + p->format->head, work.in_len);
	memset(room_for_output(q, i), 0xa5, work.out_len);
	ret = zipq_submit(q, &work);
	if (ret)
		wrong("no room for request %u of %u: %s", i, q->in_flight,
		      strerror(-ret));
}

static void check_compressed(struct user *u, unsigned int i,
			     const struct zipq_result *result)
{
	struct piece *p = &u->pieces[i];
	unsigned char again[PIECE + 1];
	z_stream z = { 0 };

	if (!result->produced || result->produced > PACKED - p->format->head ||
	    result->consumed != p->len)
		wrong("compress: %u bytes to %u, of %u", result->consumed,
		      result->produced, p->len);
	memcpy(p->packed, p->format->bytes, p->format->head);
	memcpy(p->packed + p->format->head, room_for_output(&u->queues[0], i),
	       result->produced);
	p->packed_len = p->format->head + result->produced;
	if (inflateInit2(&z, p->format->window_bits) != Z_OK)
		wrong("zlib has no memory");
	z.next_in = p->packed;
	z.avail_in = p->packed_len;
	z.next_out = again;
	z.avail_out = sizeof(again);
	if (inflate(&z, Z_FINISH) != Z_STREAM_END || z.avail_in ||
	    z.total_out != p->len || memcmp(again, p->plain, p->len))
		wrong("compress: %u bytes are not what zlib makes of them again",
		      p->len);
	inflateEnd(&z);
}

static void check_decompressed(struct user *u, unsigned int i,
			       const struct zipq_result *result)
{
	const struct piece *p = &u->pieces[i];

	if (result->produced != p->len ||
	    memcmp(room_for_output(&u->queues[1], i), p->plain, p->len))
		wrong("decompress: %u bytes to %u, not to the %u they were",
		      p->packed_len, result->produced, p->len);
}

/*
 * Have a queue do its part of the batch: 0, or -ENXIO if it died.  What it had done before
 * that is right; but the batch is done again.
 */
static int do_part(struct user *u, unsigned int type)
{
	struct zipq *q = &u->queues[type];
	struct zipq_result result;
	uint32_t seen = 0;
	int ret;

	for (unsigned int i = 0; i < u->n; i++)
		submit(q, &u->pieces[i], i);
	ret = zipq_ring(q);
	for (unsigned int i = 0; !ret && i < u->n; i++) {
		ret = zipq_receive(q, &result, ANSWER_MS);
		if (ret)
			break;
		if (result.tag >= u->n || seen & BIT(result.tag))
			wrong("an answer to request %u, which was not asked",
			      result.tag);
		seen |= BIT(result.tag);
		if (result.status != HZIP_STATUS_OK &&
		    result.status != HZIP_STATUS_NEGATIVE) {
			if (zipq_is_dead(q))
				return -ENXIO;
			wrong("request %u has status 0x%02x", result.tag,
			      result.status);
		}
		if (type == HZIP_QUEUE_COMPRESS)
			check_compressed(u, result.tag, &result);
		else
			check_decompressed(u, result.tag, &result);
		u->counts->requests++;
	}
	if (ret && ret != -ENXIO)
		wrong("no answer to %u requests: %s", q->in_flight,
		      strerror(-ret));
	return ret;
}

/* ---- run ---- */

static int open_both(struct user *u)
{
	int ret = zipq_begin(&u->queues[0], HZIP_QUEUE_COMPRESS, SS_SIZE);

	if (ret)
		return ret;
	ret = zipq_begin(&u->queues[1], HZIP_QUEUE_DECOMPRESS, SS_SIZE);
	if (ret)
		zipq_end(&u->queues[0]);
	return ret;
}

/* The device may be on its way back, or others have all queues for a moment. */
static void open_until_it_works(struct user *u)
{
	double end = now() + (double)opt_wait;
	int ret;

	while ((ret = open_both(u))) {
		if (now() > end)
			wrong("no queue: %s", strerror(-ret));
		pause_ms(20);
	}
}

static void new_batch(struct user *u)
{
	u->n = 1 + random_below(PIECES);
	for (unsigned int i = 0; i < u->n; i++) {
		struct piece *p = &u->pieces[i];

		p->format = &formats[random_below(
			u->queues[0].version >= 3 ? 3 : 2)];
		p->len = 1 + random_below(PIECE);
		make_data(p->plain, p->len);
	}
}

static void __attribute__((noreturn))
run_process(struct counts *counts, long number)
{
	struct user *u = calloc(1, sizeof(*u));
	double end = now() + (double)opt_seconds;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!u)
		wrong("no memory");
	random_state =
		88172645463325252u + (uint64_t)number * 0x9e3779b97f4a7c15u;
	u->counts = counts;
	open_until_it_works(u);
	/* One at least, however slow the machine is. */
	do {
		new_batch(u);
		while (do_part(u, HZIP_QUEUE_COMPRESS) ||
		       do_part(u, HZIP_QUEUE_DECOMPRESS)) {
			zipq_end(&u->queues[0]);
			zipq_end(&u->queues[1]);
			counts->reopened++;
			counts->redone += u->n;
			open_until_it_works(u);
		}
		counts->pieces += u->n;
	} while (now() < end && !*stop);
	zipq_end(&u->queues[0]);
	zipq_end(&u->queues[1]);
	exit(0);
}

static int run(void)
{
	size_t size = (size_t)opt_processes * sizeof(struct counts);
	struct sigaction action = { .sa_handler = on_term,
				    .sa_flags = SA_RESTART };
	struct counts *counts = share(size);
	struct counts sum = { 0 };
	int status, ret = 0;

	stop = share(sizeof(*stop));
	if (!counts || !stop)
		wrong("no memory");
	sigaction(SIGTERM, &action, NULL);
	for (long i = 0; i < opt_processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			wrong("fork: %s", strerror(errno));
		if (!pid)
			run_process(&counts[i], i);
	}
	while (wait(&status) > 0) {
		if (status) {
			fprintf(stderr,
				"zip_user: a process ended with status 0x%x\n",
				(unsigned int)status);
			ret = 1;
		}
	}
	for (long i = 0; i < opt_processes; i++) {
		sum.pieces += counts[i].pieces;
		sum.requests += counts[i].requests;
		sum.reopened += counts[i].reopened;
		sum.redone += counts[i].redone;
		if (!counts[i].pieces) {
			fprintf(stderr,
				"zip_user: process %ld had nothing done\n", i);
			ret = 1;
		}
	}
	printf("%ld processes: %lu pieces right, %lu requests, queues reopened %lu times, %lu pieces done again\n",
	       opt_processes, sum.pieces, sum.requests, sum.reopened,
	       sum.redone);
	return ret;
}

/* ---- hold ---- */

struct held {
	struct zipq q;
	bool dead;
};

static void keep_busy(struct held *h, long requests)
{
	struct zipq_work work = {
		.in = h->q.ss,
		.out = h->q.ss + PIECE,
		.in_len = PIECE,
		.out_len = PACKED,
		.alg = HZIP_ALG_ZLIB,
	};

	while (h->q.in_flight < requests && !zipq_submit(&h->q, &work))
		;
	h->dead = zipq_ring(&h->q);
}

/* Take what there is. */
static void take(struct held *h)
{
	struct zipq_result result;
	int ret;

	do {
		ret = zipq_receive(&h->q, &result, 0);
	} while (!ret);
	if (ret != -ETIMEDOUT)
		h->dead = true;
}

static int hold(long n, long requests)
{
	struct held *held = calloc((size_t)n, sizeof(*held));

	if (!held)
		wrong("no memory");
	for (long i = 0; i < n; i++) {
		int ret = zipq_begin(&held[i].q, HZIP_QUEUE_COMPRESS,
				     PIECE + PACKED);

		if (ret)
			wrong("queue %ld: %s", i, strerror(-ret));
		make_data((unsigned char *)held[i].q.ss, PIECE);
		keep_busy(&held[i], requests);
	}
	printf("holding %ld queues\n", n);
	fflush(stdout);
	for (;;) {
		for (long i = 0; i < n; i++) {
			if (!held[i].dead)
				take(&held[i]);
			if (!held[i].dead)
				keep_busy(&held[i], requests);
		}
		pause_ms(1);
	}
}

/* ---- overflow ---- */

/* As many as fit, or @most; -ENXIO once the queue is dead. */
static int send_small(struct zipq *q, uint32_t most)
{
	const struct zipq_work work = {
		.in = q->ss,
		.out = q->ss + PIECE,
		.in_len = 64,
		.out_len = PACKED,
		.alg = HZIP_ALG_ZLIB,
	};

	while (most-- && !zipq_submit(q, &work))
		;
	return zipq_ring(q);
}

/* Nobody is woken for what comes after the first one. */
static int take_all(struct zipq *q, double end)
{
	struct zipq_result result;
	int ret = 0;

	while (!ret && q->in_flight) {
		do {
			ret = zipq_receive(q, &result, 10);
		} while (ret == -ETIMEDOUT && now() < end);
	}
	return ret;
}

static int overflow(void)
{
	double end = now() + ANSWER_MS / 1000.0;
	uint32_t done = 0;
	struct zipq q;
	int ret;

	ret = zipq_begin(&q, HZIP_QUEUE_COMPRESS, PIECE + PACKED);
	if (ret)
		wrong("no queue: %s", strerror(-ret));
	q.silent = true;
	make_data((unsigned char *)q.ss, PIECE);
	/* The last one is one too many. */
	while (!ret && done <= q.cq_depth) {
		ret = send_small(&q, q.cq_depth + 1 - done);
		done += q.in_flight;
		if (!ret)
			ret = take_all(&q, end);
	}
	if (ret != -ENXIO)
		wrong("%u completions in a ring of %u, and the queue lives: %s",
		      done, q.cq_depth, strerror(-ret));
	printf("the queue died of %u completions\n", done);
	zipq_end(&q);
	return 0;
}

/* ---- options ---- */

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr,
		"usage: zip_user run [--processes N] [--seconds S] [--wait S]\n"
		"       zip_user hold N [REQUESTS]\n"
		"       zip_user overflow\n"
		"       zip_user abi\n");
	exit(2);
}

static long number(const char *text, long min, long max)
{
	char *end;
	long n;

	if (!text)
		usage();
	n = strtol(text, &end, 10);
	if (*end || end == text || n < min || n > max)
		usage();
	return n;
}

static void parse_run(char **argv)
{
	for (; *argv; argv += 2) {
		if (!strcmp(*argv, "--processes"))
			opt_processes = number(argv[1], 1, 1000);
		else if (!strcmp(*argv, "--seconds"))
			opt_seconds = number(argv[1], 1, 86400);
		else if (!strcmp(*argv, "--wait"))
			opt_wait = number(argv[1], 0, 86400);
		else
			usage();
	}
}

int main(int argc, char **argv)
{
	random_state = 88172645463325252u;
	if (argc >= 2 && !strcmp(argv[1], "run")) {
		parse_run(argv + 2);
		return run();
	}
	if ((argc == 3 || argc == 4) && !strcmp(argv[1], "hold"))
		return hold(number(argv[2], 1, 4096),
			    number(argc == 4 ? argv[3] : "64", 1, 4096));
	if (argc == 2 && !strcmp(argv[1], "overflow"))
		return overflow();
	if (argc == 2 && !strcmp(argv[1], "abi"))
		return zip_abi();
	usage();
}
