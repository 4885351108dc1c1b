/* SPDX-License-Identifier: MIT */
/*
 * What the engines alone do with a file, in memory: the bound for the tools.
 *
 * usage: engine_bound [-l LEVEL] [-c CHUNK] [-u] [-e] [-t THREADS] [-n PASSES] FILE
 *        engine_bound -d [-t THREADS] [-n PASSES] FILE.gz
 *        engine_bound -w [-l LEVEL] [-c CHUNK] [-u] [-m BYTES] FILE
 *
 * The first form compresses FILE chunk by chunk, as wdzip does at that level; -c
 * gives the bytes of a chunk, -u chooses it as for input of unknown size, and -e
 * makes each chunk a stream of its own, which leaves out the splice walker.
 *
 * With -d, FILE.gz is decoded in the pieces that can be decoded on their own:
 * between chunk markers, or members that tell their sizes; any other file is one
 * piece.  Members' checksums are checked, those of other files are not.
 *
 * With -w one thread compresses, and the walker's time is taken beside; at most
 * -m bytes in chunks from all over the file.
 *
 * Input is in memory and output goes to buffers that are used again and again.  There
 * is one pass more than asked for: the first one, which finds the caches cold, does
 * not count.  Prints one line of JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec.h"
#include "format/format.h"
#include "internal.h"
#include "splice.h"

#define MIB		((size_t)1 << 20)
#define CHUNK_OUT	(WD_COMP_CHUNK_MAX + WD_CHUNK_ROOM)	/* the most of a piece */
#define MEMBERS_OUT	MIB		/* small members share a piece */

enum mode {
	MODE_COMPRESS,
	MODE_STREAM,		/* decode pieces of one stream */
	MODE_MEMBERS,		/* decode pieces of whole members */
};

struct piece {
	const uint8_t *in;
	size_t len;
	size_t out_cap;
};

struct bound {
	enum mode mode;
	const uint8_t *in;
	size_t in_len;
	int level;
	size_t chunk;
	bool closed;
	unsigned int threads;
	unsigned int passes;
	struct piece *pieces;
	size_t n_pieces;
	size_t max_pieces;
	size_t out_cap;			/* of the largest piece */
	pthread_barrier_t begin, end;
	atomic_size_t next;
	atomic_size_t out_len;
};

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("engine_bound: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void check(int err, const char *what)
{
	if (err)
		die("%s: %s", what, strerror(err < 0 ? -err : err));
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void *touched(size_t size)
{
	void *p = wd_alloc_bulk(size);

	if (!p)
		die("no memory");
	memset(p, 1, size);
	return p;
}

static void read_file(struct bound *b, const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *p;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", name, strerror(errno));
	if (!S_ISREG(st.st_mode) || !st.st_size)
		die("%s: not a regular file with something in it", name);
	b->in_len = (size_t)st.st_size;
	p = wd_alloc_bulk(b->in_len);
	if (!p)
		die("no memory");
	for (size_t done = 0; done < b->in_len; ) {
		ssize_t n = read(fd, p + done, b->in_len - done);

		if (n <= 0)
			die("%s: %s", name, n ? strerror(errno) : "ends too early");
		done += (size_t)n;
	}
	close(fd);
	b->in = p;
}

/* ---- cutting the input ---- */

static void add_piece(struct bound *b, const uint8_t *in, size_t len, size_t out_cap)
{
	if (b->n_pieces == b->max_pieces) {
		b->max_pieces = b->max_pieces ? 2 * b->max_pieces : 64;
		b->pieces = realloc(b->pieces, b->max_pieces * sizeof(*b->pieces));
		if (!b->pieces)
			die("no memory");
	}
	b->pieces[b->n_pieces++] = (struct piece){ in, len, out_cap };
	if (b->out_cap < out_cap)
		b->out_cap = out_cap;
}

/* The chunk size that a session would take. */
static size_t session_chunk(int level, uint64_t size_hint)
{
	struct wd_comp_setup setup = {
		.op = WD_COMP_COMPRESS,
		.level = level,
		.size_hint = size_hint,
	};
	struct wd_comp_sess *sess;
	struct wd_comp_info info;

	check(wd_comp_create(&sess, &setup), "wd_comp_create");
	check(wd_comp_get_info(sess, &info), "wd_comp_get_info");
	wd_comp_destroy(sess);
	return info.chunk_size;
}

static void cut_chunks(struct bound *b)
{
	for (size_t pos = 0; pos < b->in_len; pos += b->chunk) {
		size_t len = b->in_len - pos;

		if (len > b->chunk)
			len = b->chunk;
		add_piece(b, b->in + pos, len, wd_deflate_bound(len));
	}
}

/* Some members after each other, until there is enough for a piece. */
static void cut_members(struct bound *b)
{
	const uint8_t *in = b->in;
	size_t left = b->in_len, len = 0, out = 0;

	while (left > len) {
		struct wd_member m;

		if (wd_member_parse(in + len, left - len, &m) != 1 ||
		    m.size < m.header_len + 8 || m.size > left - len)
			die("not all of the members tell their sizes");
		len += m.size;
		out += wd_get_le32(in + len - 4);
		if (out >= MEMBERS_OUT || len == left) {
			add_piece(b, in, len, out);
			in += len;
			left -= len;
			len = out = 0;
		}
	}
}

static void cut_stream(struct bound *b, size_t header_len)
{
	const uint8_t *in = b->in + header_len;
	const uint8_t *end = b->in + b->in_len - 8;

	while (in < end) {
		const uint8_t *next = wd_splice_find_marker(in, (size_t)(end - in));

		if (!next)
			next = end;
		add_piece(b, in, (size_t)(next - in), CHUNK_OUT);
		in = next;
	}
	/* A stream without markers goes through a buffer again and again. */
	if (b->n_pieces == 1)
		b->out_cap = MIB;
}

static void cut_compressed(struct bound *b)
{
	struct wd_member m;

	if (wd_member_parse(b->in, b->in_len, &m) != 1 ||
	    b->in_len < m.header_len + 8)
		die("not a gzip file");
	b->mode = m.size ? MODE_MEMBERS : MODE_STREAM;
	if (m.size)
		cut_members(b);
	else
		cut_stream(b, m.header_len);
}

/* ---- the work ---- */

/* What a thread has of its own. */
struct lane {
	struct wd_deflate *deflate;
	struct wd_inflate inflate;
	struct wd_codec *codec;
	uint8_t *out;
	size_t out_cap;
};

static void lane_init(struct lane *l, const struct bound *b)
{
	l->deflate = wd_deflate_create();
	l->codec = wd_codec_create();
	if (!l->deflate || !l->codec || wd_inflate_init(&l->inflate))
		die("no memory");
	l->out_cap = b->out_cap ? b->out_cap : 1;
	l->out = touched(l->out_cap);
}

static void lane_exit(struct lane *l)
{
	wd_deflate_destroy(l->deflate);
	wd_codec_destroy(l->codec);
	wd_inflate_exit(&l->inflate);
	wd_free_bulk(l->out, l->out_cap);
}

static size_t compress_piece(const struct bound *b, struct lane *l,
			     const struct piece *p)
{
	struct wd_deflate_job job = {
		.in = p->in,
		.in_len = p->len,
		.out = l->out,
		.out_cap = b->out_cap,
		.level = b->level,
		.open = !b->closed && p != b->pieces + b->n_pieces - 1,
	};

	check(wd_deflate_run(l->deflate, &job), "wd_deflate_run");
	return job.produced;
}

static size_t inflate_piece(const struct bound *b, struct lane *l,
			    const struct piece *p)
{
	bool last = p == b->pieces + b->n_pieces - 1;
	struct wd_comp_req req = { 0 };
	size_t pos = 0, total = 0;

	check(wd_inflate_begin(&l->inflate, NULL, 0), "wd_inflate_begin");
	do {
		req.in = p->in + pos;
		req.in_len = p->len - pos;
		req.out = l->out;
		req.out_cap = b->out_cap;
		wd_inflate_run(&l->inflate, &req);
		check(req.status, "wd_inflate_run");
		pos += req.consumed;
		total += req.produced;
	} while (!l->inflate.ended && (req.consumed || req.produced) &&
		 (pos < p->len || req.produced == b->out_cap));
	if (pos != p->len || (last ? !l->inflate.ended : !l->inflate.boundary))
		die("a piece does not end where a chunk marker is");
	return total;
}

/* As sessions do: all of a piece that ends where a chunk does. */
static size_t chunk_piece(const struct bound *b, struct lane *l,
			  const struct piece *p)
{
	bool last = p == b->pieces + b->n_pieces - 1;
	struct wd_comp_req req = {
		.in = p->in,
		.in_len = p->len,
		.out = l->out,
		.out_cap = p->out_cap,
	};
	struct wd_work work = wd_work_chunk(&req, &l->inflate);

	wd_codec_run(l->codec, &work);
	check(req.status, "chunk");
	if (req.consumed != p->len || (last ? !l->inflate.ended : !l->inflate.boundary))
		die("a piece does not end where a chunk marker is");
	return req.produced;
}

static size_t members_piece(struct lane *l, const struct piece *p)
{
	struct wd_comp_req req = {
		.in = p->in,
		.in_len = p->len,
		.out = l->out,
		.out_cap = p->out_cap,
	};
	struct wd_work work = wd_work_members(&req);

	wd_codec_run(l->codec, &work);
	check(req.status, "members");
	return req.produced;
}

static size_t do_piece(const struct bound *b, struct lane *l, const struct piece *p)
{
	switch (b->mode) {
	case MODE_COMPRESS:
		return compress_piece(b, l, p);
	case MODE_STREAM:
		return b->n_pieces > 1 ? chunk_piece(b, l, p) : inflate_piece(b, l, p);
	default:
		return members_piece(l, p);
	}
}

static void *work(void *arg)
{
	struct bound *b = arg;
	struct lane l;

	lane_init(&l, b);
	for (unsigned int pass = 0; pass <= b->passes; pass++) {
		size_t total = 0, i;

		pthread_barrier_wait(&b->begin);
		while ((i = atomic_fetch_add(&b->next, 1)) < b->n_pieces)
			total += do_piece(b, &l, &b->pieces[i]);
		atomic_fetch_add(&b->out_len, total);
		pthread_barrier_wait(&b->end);
	}
	lane_exit(&l);
	return NULL;
}

static void measure(struct bound *b)
{
	pthread_t *threads = calloc(b->threads, sizeof(*threads));
	double *seconds = calloc(b->passes, sizeof(*seconds));

	if (!threads || !seconds)
		die("no memory");
	check(pthread_barrier_init(&b->begin, NULL, b->threads + 1), "barrier");
	check(pthread_barrier_init(&b->end, NULL, b->threads + 1), "barrier");
	for (unsigned int i = 0; i < b->threads; i++)
		check(pthread_create(&threads[i], NULL, work, b), "thread");

	/* The first pass finds caches cold and memory untouched: it does not count. */
	for (unsigned int pass = 0; pass <= b->passes; pass++) {
		double start;

		/* Nobody works before this thread has come to the barrier. */
		atomic_store(&b->next, 0);
		atomic_store(&b->out_len, 0);
		start = now();
		pthread_barrier_wait(&b->begin);
		pthread_barrier_wait(&b->end);
		if (pass)
			seconds[pass - 1] = now() - start;
	}
	for (unsigned int i = 0; i < b->threads; i++)
		pthread_join(threads[i], NULL);

	printf("{\"in\": %zu, \"out\": %zu, \"threads\": %u, \"pieces\": %zu, \"seconds\": [",
	       b->in_len, (size_t)atomic_load(&b->out_len), b->threads, b->n_pieces);
	for (unsigned int pass = 0; pass < b->passes; pass++)
		printf("%s%.9f", pass ? ", " : "", seconds[pass]);
	if (b->mode == MODE_COMPRESS)
		printf("], \"level\": %d, \"chunk\": %zu, \"engine\": \"%s\"}\n",
		       b->level, b->chunk, wd_level_get(b->level)->name);
	else
		printf("], \"engine\": \"%s\"}\n",
		       b->mode == MODE_STREAM ? wd_inflate_name(NULL) : "libdeflate");
	free(threads);
	free(seconds);
}

/* ---- the walker ---- */

struct walk {
	double compress, open, pair;
	size_t walked, stored;
	uint8_t *held;			/* stream that waits for a second one */
	size_t held_len;
};

static double time_pair(const struct walk *w, const uint8_t *out, size_t len)
{
	struct wd_splice_end a, b;
	double start = now();

	check(wd_splice_find_pair(w->held, w->held_len, out, len, &a, &b),
	      "wd_splice_find_pair");
	return now() - start;
}

static void walk_piece(struct bound *b, struct lane *l, const struct piece *p,
		       struct walk *w)
{
	struct wd_deflate_job job = {
		.in = p->in,
		.in_len = p->len,
		.out = l->out,
		.out_cap = b->out_cap,
		.level = b->level,
	};
	double start = now(), made;
	size_t len;

	check(wd_deflate_run(l->deflate, &job), "wd_deflate_run");
	made = now();
	w->compress += made - start;
	if (job.stored) {
		w->stored++;
		return;
	}
	w->walked++;

	if (w->held_len) {
		w->pair += time_pair(w, job.out, job.produced);
		w->held_len = 0;
	} else {
		memcpy(w->held, job.out, job.produced);
		w->held_len = job.produced;
	}
	start = now();
	check(wd_splice_open(job.out, job.produced, job.out_cap, &len),
	      "wd_splice_open");
	w->open += now() - start;
}

static void measure_walker(struct bound *b, size_t max)
{
	size_t step = max && max < b->in_len ? (b->in_len + max - 1) / max : 1;
	struct walk w = { 0 };
	struct lane l;

	lane_init(&l, b);
	w.held = touched(b->out_cap);
	compress_piece(b, &l, b->pieces);
	for (size_t i = 0; i < b->n_pieces; i += step)
		walk_piece(b, &l, &b->pieces[i], &w);

	printf("{\"level\": %d, \"chunk\": %zu, \"engine\": \"%s\", \"needed\": %s, "
	       "\"walked\": %zu, \"stored\": %zu, \"pairs\": %zu, "
	       "\"compress_s\": %.9f, \"walk_s\": %.9f, \"pair_s\": %.9f}\n",
	       b->level, b->chunk, wd_level_get(b->level)->name,
	       wd_level_get(b->level)->isal ? "false" : "true",
	       w.walked, w.stored, w.walked / 2, w.compress, w.open, w.pair);
	wd_free_bulk(w.held, b->out_cap);
	lane_exit(&l);
}

static size_t number(const char *text, size_t min, size_t max)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || *text == '-' || n < min || n > max)
		die("%s: not a number from %zu to %zu", text, min, max);
	return n;
}

int main(int argc, char **argv)
{
	struct bound b = { .level = WD_COMP_LEVEL_DEFAULT, .threads = 1, .passes = 1 };
	bool decompress = false, walker = false, unknown = false;
	size_t max = 0;
	int opt;

	while ((opt = getopt(argc, argv, "l:c:t:n:m:udwe")) != -1) {
		switch (opt) {
		case 'l':
			b.level = (int)number(optarg, WD_COMP_LEVEL_MIN,
					      WD_COMP_LEVEL_MAX);
			break;
		case 'c':
			b.chunk = number(optarg, 1, WD_COMP_REQ_MAX);
			break;
		case 't':
			b.threads = (unsigned int)number(optarg, 1,
							 WD_COMP_THREADS_MAX);
			break;
		case 'n':
			b.passes = (unsigned int)number(optarg, 1, 1000000);
			break;
		case 'm':
			max = number(optarg, 1, SIZE_MAX);
			break;
		case 'u':
			unknown = true;
			break;
		case 'd':
			decompress = true;
			break;
		case 'w':
			walker = true;
			break;
		case 'e':
			b.closed = true;
			break;
		default:
			return 1;
		}
	}
	if (optind + 1 != argc)
		die("one file is needed");
	read_file(&b, argv[optind]);

	if (decompress) {
		cut_compressed(&b);
	} else {
		if (!b.chunk)
			b.chunk = session_chunk(b.level, unknown ?
						WD_COMP_SIZE_UNKNOWN : b.in_len);
		cut_chunks(&b);
	}
	if (walker)
		measure_walker(&b, max);
	else
		measure(&b);
	free(b.pieces);
	return 0;
}
