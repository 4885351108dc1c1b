/* SPDX-License-Identifier: MIT */
/*
 * Many small files: read and compressed ahead, finished in their order.
 *
 * A file that fits into one request cannot use more than one CPU, so several are
 * worked on at a time: this thread opens and reads them, a crew of threads
 * compresses them, and so does this thread when the crew has enough to do.  What
 * can be seen, outputs, messages and removed inputs, is made by this thread, file
 * after file, as if there were no other.
 *
 * So nothing is begun whose fate could depend on a file that is not finished, and
 * nothing that could give a message while it is opened: such a file waits for
 * the others and is then worked on by itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "batch.h"
#include "compress.h"
#include "message.h"
#include "outfile.h"
#include "progress.h"
#include "run.h"
#include "stats.h"

#define SLOTS		64u
#define A_WORKER	8u		/* small files waiting for a worker */
#define BYTES_A_WORKER	((size_t)256 << 10)
#define HELD_MAX	4u		/* small files that wake the crew together */
#define HELD_BYTES_MAX	((size_t)64 << 10)
#define BYTES_A_THREAD	((size_t)2 << 20)	/* of input in memory */
#define BYTES_FIXED	((size_t)12 << 20)	/* of everything else, kept buffers too */
#define CODEC		((size_t)3 << 19)	/* bytes a thread needs to compress, */
#define CODEC_BEST	((size_t)10 << 20)	/* and from level 10 on */
#define FILE_MAX	((size_t)1 << 20)
#define SMALL_MAX	((size_t)64 << 10)	/* bytes of a file in a kept buffer */
#define NAME_MAX_LEN	255u
#define FILES_MIN	256u		/* open files, for there to be a batch */
#define FILES_SPARE	32u		/* of them, for others than the batch */

#define CPU_ENGINE	"sw"

#define MIN(a, b)	((a) < (b) ? (a) : (b))

enum slot_state {
	SLOT_EMPTY,		/* an empty file: read when it is its turn */
	SLOT_HELD,		/* for the crew, not yet sent */
	SLOT_SENT,
	SLOT_DONE,
	SLOT_FAILED,
};

/*
 * @buf:       input, then output; @small: goes back to the kept ones
 * @questions: that the user had been asked when the file was opened
 */
struct slot {
	struct job job;
	struct wd_comp_req req;
	struct wd_comp_header header;
	struct directory *dir;
	enum slot_state state;
	unsigned int questions;
	uint8_t *buf;
	size_t size;
	bool small;
};

/*
 * struct batch
 * @fallback:  does a file from its beginning to its end, with @arg
 * @files_max: descriptors
 * @crew:      the lanes that the user has asked for
 * @own:       one worker, this thread; NULL if there are devices
 * @sent:      to the crew, with those held
 * @held:      of them, the last ones
 */
struct batch {
	const struct options *opt;
	batch_fallback_fn *fallback;
	void *arg;
	bool stopped;			/* nothing more is begun */
	bool busy;			/* with finishing a file */
	unsigned int files_max;
	uint32_t threads;
	size_t file_max;
	uint8_t level;
	struct wd_comp_sess *crew;
	struct wd_comp_sess *own;
	struct slot *slots;
	unsigned int head, count;
	unsigned int sent;
	size_t sent_bytes;
	unsigned int held;
	size_t held_bytes;
	size_t bytes;
	uint8_t *kept[SLOTS];
	unsigned int kept_count;
};

/* ---- memory ---- */

static size_t input_room(size_t size)
{
	/* One more, to see whether there is more than expected. */
	return (size + 1 + 63) & ~(size_t)63;
}

static size_t output_room(size_t size)
{
	return wd_comp_req_bound(size) + NAME_MAX_LEN + 1;
}

static bool get_buffer(struct batch *b, struct slot *slot)
{
	size_t size = slot->size;

	slot->small = size <= SMALL_MAX;
	if (slot->small && b->kept_count) {
		slot->buf = b->kept[--b->kept_count];
		return true;
	}
	if (slot->small)
		size = SMALL_MAX;
	slot->buf = malloc(input_room(size) + output_room(size));
	return slot->buf;
}

static void put_buffer(struct batch *b, struct slot *slot)
{
	if (slot->buf && slot->small)
		b->kept[b->kept_count++] = slot->buf;
	else
		free(slot->buf);
	slot->buf = NULL;
}

/* ---- sessions ---- */

static int create(const struct options *opt, const char *engine, uint32_t threads,
		  struct wd_comp_sess **sess)
{
	struct wd_comp_setup setup = {
		.op = WD_COMP_COMPRESS,
		.format = opt->format,
		.level = opt->level,
		.chunk_size = opt->chunk_size,
		.threads = threads,
		.engine = engine,
		.flags = opt->no_verify ? WD_COMP_NO_VERIFY : 0,
	};

	return wd_comp_create(sess, &setup);
}

/* What fails here will fail again, and be reported, where there is no batch. */
static bool begin_sessions(struct batch *b)
{
	const struct options *opt = b->opt;
	struct wd_comp_info info;

	b->slots = calloc(SLOTS, sizeof(*b->slots));
	if (!b->slots || create(opt, opt->engine, b->threads - 1, &b->crew) < 0 ||
	    wd_comp_get_info(b->crew, &info) < 0)
		return false;
	/* Beside a device it is the crew that knows whether the CPU is wanted. */
	if (!info.device && create(opt, CPU_ENGINE, 1, &b->own) < 0)
		return false;
	b->level = info.level;
	b->file_max = MIN(info.chunk_size, FILE_MAX);
	return true;
}

/* As many as have room for their files, before and after, and their codecs. */
static uint32_t default_threads(const struct options *opt)
{
	size_t each = 2 * BYTES_A_THREAD + (opt->level < 10 ? CODEC : CODEC_BEST);

	return MIN((uint32_t)wd_thread_count(BYTES_FIXED, each, NULL),
		   WD_COMP_THREADS_MAX);
}

static bool is_useful(const struct options *opt)
{

	if (opt->decompress || opt->rsyncable || opt->verify || opt->output ||
	    opt->members != WD_COMP_MEMBERS_ONE ||
	    (opt->file_count < 2 && !opt->recursive))
		return false;
	/* These tell of each file how long it took, and of each request. */
	if (opt->stats != STATS_NONE || opt->explain || opt->verbose > 1)
		return false;
	return true;
}

static bool is_affordable(struct batch *b)
{
	const struct options *opt = b->opt;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < FILES_MIN)
		return false;
	b->files_max = MIN(limit.rlim_cur, 1u << 20) - FILES_SPARE;
	b->threads = opt->threads ? opt->threads : default_threads(opt);
	return b->threads > 1;
}

struct batch *batch_open(const struct options *opt, batch_fallback_fn *fallback,
			 void *arg)
{
	struct batch *b = is_useful(opt) ? calloc(1, sizeof(*b)) : NULL;

	if (!b)
		return NULL;
	b->opt = opt;
	b->fallback = fallback;
	b->arg = arg;
	if (is_affordable(b) && begin_sessions(b))
		return b;
	batch_close(b);
	return NULL;
}

void batch_close(struct batch *b)
{
	if (!b)
		return;
	wd_comp_destroy(b->crew);
	wd_comp_destroy(b->own);
	while (b->kept_count)
		free(b->kept[--b->kept_count]);
	free(b->slots);
	free(b);
}

/* ---- requests ---- */

static struct slot *slot_at(const struct batch *b, unsigned int i)
{
	return &b->slots[(b->head + i) % SLOTS];
}

static void note_received(struct batch *b, const struct wd_comp_req *req)
{
	struct slot *slot = req->user;

	slot->state = req->status ? SLOT_FAILED : SLOT_DONE;
	b->sent--;
	b->sent_bytes -= slot->size;
}

/* Also wakes the crew, unless there is just one request: that may be for us. */
static void receive_finished(struct batch *b)
{
	struct wd_comp_req *req;

	while (b->sent > b->held + 1 &&
	       wd_comp_recv(b->crew, &req, WD_NO_WAIT) == 0)
		note_received(b, req);
}

/*
 * What comes back will not: nothing is left in anyone's hands, unless a device does not
 * let go.  It may write to their buffers as long as the process lives, so these are
 * nobody's any more; and the crew is not what it was.
 */
static void give_up_sent(struct batch *b)
{
	bool kept = wd_comp_reset(b->crew, 0) < 0;

	b->stopped |= kept;
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *slot = &b->slots[i];

		if (slot->state != SLOT_SENT)
			continue;
		slot->state = SLOT_FAILED;
		if (kept)
			slot->buf = NULL;
	}
	b->sent = b->held;
	b->sent_bytes = b->held_bytes;
}

/* One of those that were sent, or none of them will come. */
static void receive_one(struct batch *b)
{
	int timeout = progress_enabled() ? PROGRESS_STEP_MS : WD_WAIT_FOREVER;
	struct wd_comp_req *req;
	int ret = wd_comp_recv(b->crew, &req, timeout);

	if (ret == 0)
		note_received(b, req);
	else if (ret == -ETIMEDOUT)
		progress_tick();
	else
		give_up_sent(b);
}

static void run_here(struct batch *b, struct slot *slot)
{
	struct wd_comp_req *req;

	slot->state = SLOT_FAILED;
	if (wd_comp_send(b->own, &slot->req) == 0 &&
	    wd_comp_recv(b->own, &req, WD_WAIT_FOREVER) == 0 && !req->status)
		slot->state = SLOT_DONE;
}

/* Where there are no others to do it, a full queue is waited for. */
static int send_to_crew(struct batch *b, struct slot *slot)
{
	int ret = wd_comp_send(b->crew, &slot->req);

	while (ret == -EBUSY && !b->own && b->sent > b->held) {
		receive_one(b);
		ret = wd_comp_send(b->crew, &slot->req);
	}
	return ret;
}

static void send_held(struct batch *b)
{
	for (unsigned int i = 0; b->held; i++) {
		struct slot *slot = slot_at(b, i);
		int ret;

		if (slot->state != SLOT_HELD)
			continue;
		ret = send_to_crew(b, slot);
		b->held--;
		b->held_bytes -= slot->size;
		slot->state = SLOT_SENT;
		if (ret == 0)
			continue;
		b->sent--;
		b->sent_bytes -= slot->size;
		slot->state = SLOT_FAILED;
		if (b->own)
			run_here(b, slot);
	}
}

/*
 * Waking a thread costs as much as compressing a small file, so some of them
 * are sent together.
 */
static void give_to_crew(struct batch *b, struct slot *slot)
{
	slot->state = SLOT_HELD;
	b->sent++;
	b->sent_bytes += slot->size;
	b->held++;
	b->held_bytes += slot->size;
}

static bool held_enough(const struct batch *b)
{
	return b->held >= HELD_MAX || b->held_bytes >= HELD_BYTES_MAX;
}

static void wait_for(struct batch *b, struct slot *slot)
{
	if (slot->state == SLOT_HELD)
		send_held(b);
	while (slot->state == SLOT_SENT)
		receive_one(b);
}

static bool crew_has_enough(const struct batch *b, size_t size)
{
	unsigned int workers = b->threads - 1;

	if (b->sent < 2 * workers)
		return false;
	return b->sent >= MIN(A_WORKER * workers, SLOTS / 4 * 3) ||
	       b->sent_bytes + size > BYTES_A_WORKER * workers;
}

static void compress(struct batch *b, struct slot *slot)
{
	struct job *job = &slot->job;
	size_t in_room = input_room(slot->small ? SMALL_MAX : slot->size);

	memset(&slot->req, 0, sizeof(slot->req));
	slot->req.op = WD_COMP_COMPRESS;
	slot->req.format = job->format;
	slot->req.level = b->level;
	slot->req.in = slot->buf;
	slot->req.in_len = slot->size;
	slot->req.out = slot->buf + in_room;
	slot->req.out_cap = output_room(slot->size);
	slot->req.user = slot;
	if (compress_header(job, &slot->header))
		slot->req.header = &slot->header;

	if (b->own && crew_has_enough(b, slot->size)) {
		/* Not to be waited for while this thread is busy. */
		send_held(b);
		run_here(b, slot);
	} else {
		give_to_crew(b, slot);
	}
}

/* ---- finishing ---- */

/* As compress_file(), with the data at hand. */
static enum outcome write_result(struct job *job, void *arg)
{
	const struct slot *slot = arg;

	if (job_open_output(job) < 0)
		return job->stop;
	stats_announce(job);
	if (job_sink(job, slot->req.out, slot->req.produced) < 0)
		return job->stop;
	job->in.taken = slot->size;
	job->bytes_in = slot->size;
	progress_update(job->bytes_in, job->bytes_out);
	return OUTCOME_DONE;
}

/*
 * The file is no longer what was read, or could not be compressed, or the user
 * was asked something, which may have taken long: all from the beginning.
 */
static enum outcome start_over(struct batch *b, struct slot *slot)
{
	char *path = strdup(slot->job.in.path);
	enum outcome outcome;

	in_close(&slot->job.in);
	if (!path) {
		msg_error("memory exhausted");
		return OUTCOME_FAILED;
	}
	outcome = b->fallback(b->arg, slot->dir, path);
	free(path);
	return outcome;
}

static enum outcome finish(struct batch *b, struct slot *slot)
{
	wait_for(b, slot);
	if (slot->state == SLOT_FAILED || slot->questions != out_questions() ||
	    !in_is_unchanged(&slot->job.in))
		return start_over(b, slot);
	if (slot->state == SLOT_EMPTY)
		return run_job(&slot->job);
	return run_job_by(&slot->job, write_result, slot);
}

static void release_first(struct batch *b)
{
	struct slot *slot = slot_at(b, 0);

	directory_put(slot->dir);
	put_buffer(b, slot);
	b->bytes -= slot->size;
	b->head = (b->head + 1) % SLOTS;
	b->count--;
}

/* The run ends: what was begun is forgotten, and nobody will have noticed. */
static void drop_all(struct batch *b)
{
	give_up_sent(b);
	b->sent = b->held = 0;
	b->sent_bytes = b->held_bytes = 0;
	while (b->count) {
		in_close(&slot_at(b, 0)->job.in);
		release_first(b);
	}
	b->stopped = true;
}

static bool finish_first(struct batch *b)
{
	enum outcome outcome;

	b->busy = true;
	outcome = finish(b, slot_at(b, 0));
	b->busy = false;
	release_first(b);
	if (outcome != OUTCOME_FATAL)
		return true;
	drop_all(b);
	return false;
}

enum outcome batch_finish(struct batch *b)
{
	if (!b || b->busy)
		return OUTCOME_DONE;
	while (b->count)
		if (!finish_first(b))
			return OUTCOME_FATAL;
	return OUTCOME_DONE;
}

/* ---- beginning ---- */

static bool is_pending(const struct batch *b, const struct infile *in)
{
	for (unsigned int i = 0; i < b->count; i++) {
		const struct stat *st = &slot_at(b, i)->job.in.st;

		if (st->st_dev == in->st.st_dev && st->st_ino == in->st.st_ino)
			return true;
	}
	return false;
}

/* Whether the directory's names do not depend on what is not finished. */
static bool may_be_read(const struct batch *b, const struct infile *in)
{
	for (unsigned int i = 0; in_replaced(b->opt) && i < b->count; i++) {
		const struct directory *dir = slot_at(b, i)->dir;

		if (!dir || (dir->dev == in->st.st_dev && dir->ino == in->st.st_ino))
			return false;
	}
	return b->opt->recursive && (unsigned int)in->fd < b->files_max;
}

static bool may_begin(const struct batch *b, const struct job *job)
{
	const struct infile *in = &job->in;

	return (uint64_t)in->st.st_size <= b->file_max &&
	       (unsigned int)in->fd < b->files_max &&
	       strlen(in->base) <= NAME_MAX_LEN && compress_time_fits(job) &&
	       !(in_replaced(b->opt) && is_pending(b, in));
}

/* All of it, and not a byte more. */
static bool read_input(struct slot *slot)
{
	size_t room = slot->size + 1;
	size_t done = 0;

	while (done < slot->size) {
		ssize_t n = read(slot->job.in.fd, slot->buf + done, room - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += n;
	}
	return done == slot->size;
}

/* The open file of @slot, which becomes the last one. */
static bool take(struct batch *b, struct slot *slot)
{
	slot->state = SLOT_EMPTY;
	/* What claims to be empty may be made up by the kernel as it is read. */
	if (slot->size) {
		if (!get_buffer(b, slot))
			return false;
		if (!read_input(slot)) {
			put_buffer(b, slot);
			return false;
		}
		compress(b, slot);
	}
	b->count++;
	b->bytes += slot->size;
	if (held_enough(b))
		send_held(b);
	return true;
}

/* The name could be that of an output that does not exist yet. */
static bool may_be_output(const struct batch *b, const char *path)
{
	const char *slash = strrchr(path, '/');

	return in_replaced(b->opt) && find_suffix(b->opt, slash ? slash + 1 : path);
}

static bool make_room(struct batch *b)
{
	while (b->count && (b->count == SLOTS ||
			   b->bytes + FILE_MAX > BYTES_A_THREAD * b->threads))
		if (!finish_first(b))
			return false;
	return true;
}

/* So that results do not wait longer than they must. */
static bool finish_ready(struct batch *b)
{
	receive_finished(b);
	while (b->count && slot_at(b, 0)->state != SLOT_SENT &&
	       slot_at(b, 0)->state != SLOT_HELD)
		if (!finish_first(b))
			return false;
	return true;
}

static enum batch_result finish_for_other(struct batch *b)
{
	return batch_finish(b) == OUTCOME_FATAL ? BATCH_STOP : BATCH_OTHER;
}

enum batch_result batch_begin(struct batch *b, struct infile *in, struct directory *dir,
			      const char *path)
{
	struct slot *slot;

	if (!b || b->stopped || b->busy)
		return BATCH_OTHER;
	if (may_be_output(b, path))
		return finish_for_other(b);
	if (!make_room(b))
		return BATCH_STOP;

	slot = slot_at(b, b->count);
	memset(slot, 0, sizeof(*slot));
	job_init(&slot->job, b->opt);
	slot->job.format = b->opt->format;
	slot->questions = out_questions();
	switch (in_open_ahead(&slot->job.in, b->opt, directory_fd(dir), path)) {
	case OPEN_OK:
		slot->size = slot->job.in.st.st_size;
		if (!may_begin(b, &slot->job) || !take(b, slot))
			break;
		slot->dir = directory_get(dir);
		return finish_ready(b) ? BATCH_TAKEN : BATCH_STOP;
	case OPEN_DIRECTORY:
		if (!may_be_read(b, &slot->job.in))
			break;
		*in = slot->job.in;
		return BATCH_DIRECTORY;
	case OPEN_FAILED:
		return finish_for_other(b);
	}
	in_close(&slot->job.in);
	return finish_for_other(b);
}
