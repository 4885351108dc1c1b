/* SPDX-License-Identifier: MIT */
/*
 * wdzip, wdunzip, wdzcat: which files, in which order.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "batch.h"
#include "channel.h"
#include "directory.h"
#include "doctor.h"
#include "list.h"
#include "message.h"
#include "options.h"
#include "outfile.h"
#include "progress.h"
#include "run.h"
#include "session.h"
#include "stats.h"
#include "top.h"

/*
 * struct tour - the way from file to file
 * @batch: small files that are not finished, may be NULL
 * @level: the directory being worked on, NULL outside of any
 */
struct tour {
	const struct options *opt;
	struct batch *batch;
	const struct level *level;
};

static enum outcome do_path(void *arg, struct directory *dir, const char *path);

/* ---- directories ---- */

struct names {
	char **list;
	size_t count;
	size_t room;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static int add_name(struct names *names, const char *name)
{
	if (names->count == names->room) {
		size_t room = names->room ? 2 * names->room : 64;
		char **list = reallocarray(names->list, room, sizeof(*list));

		if (!list)
			return -1;
		names->list = list;
		names->room = room;
	}
	names->list[names->count] = strdup(name);
	if (!names->list[names->count])
		return -1;
	names->count++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * All names before the first file is touched: what appears meanwhile are our
 * own output files.
 */
static int read_names(DIR *dir, struct names *names)
{
	struct dirent *entry;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (add_name(names, entry->d_name) < 0) {
			errno = ENOMEM;
			return -1;
		}
	}
	if (errno)
		return -1;
	if (names->count)
		qsort(names->list, names->count, sizeof(*names->list), compare_names);
	return 0;
}

static enum outcome do_entry(struct tour *tour, struct directory *dir,
			     const char *dir_path, const char *name)
{
	size_t len = strlen(dir_path);
	const char *slash = len && dir_path[len - 1] == '/' ? "" : "/";
	enum outcome outcome;
	char *path;

	if (asprintf(&path, "%s%s%s", dir_path, slash, name) < 0) {
		if (batch_finish(tour->batch) == OUTCOME_FATAL)
			return OUTCOME_FATAL;
		msg_error("memory exhausted");
		return OUTCOME_FATAL;
	}
	outcome = do_path(tour, dir, path);
	free(path);
	return outcome;
}

/* The directories above the one being worked on. */
struct level {
	const struct level *up;
	unsigned int depth;
	dev_t dev;
	ino_t ino;
};

#define DEPTH_MAX	1000u	/* so that the stack suffices */

/* A link may lead back up; without names to follow the kernel cannot tell. */
static bool may_enter(struct level *level, const struct level *up,
		      const struct directory *dir)
{
	errno = 0;
	for (const struct level *l = up; l && !errno; l = l->up)
		if (l->dev == dir->dev && l->ino == dir->ino)
			errno = ELOOP;
	if (!errno && up && up->depth >= DEPTH_MAX)
		errno = ENAMETOOLONG;
	*level = (struct level){ up, up ? up->depth + 1 : 1, dir->dev, dir->ino };
	return !errno;
}

static enum outcome report_directory(struct tour *tour, const char *path, int err)
{
	if (batch_finish(tour->batch) == OUTCOME_FATAL)
		return OUTCOME_FATAL;
	msg_error("%s: %s", msg_name(path), strerror(err));
	return OUTCOME_FAILED;
}

/* @fd is taken over. */
static enum outcome do_directory(struct tour *tour, int fd, const char *path)
{
	enum outcome outcome = OUTCOME_DONE;
	struct names names = { 0 };
	struct directory *dir = directory_open(fd);
	struct level level;

	if (!dir || !may_enter(&level, tour->level, dir)) {
		outcome = report_directory(tour, path, errno);
		directory_put(dir);
		return outcome;
	}
	tour->level = &level;
	if (read_names(dir->stream, &names) < 0)
		outcome = report_directory(tour, path, errno);
	for (size_t i = 0; i < names.count && outcome != OUTCOME_FATAL; i++)
		outcome = do_entry(tour, dir, path, names.list[i]);
	tour->level = level.up;
	free_names(&names);
	directory_put(dir);
	return outcome;
}

/* ---- files ---- */

static bool refuses_terminal(const struct options *opt)
{
	int fd = opt->decompress ? STDIN_FILENO : STDOUT_FILENO;

	if (opt->force || opt->list || !isatty(fd) || (opt->output && !opt->decompress))
		return false;
	msg_set_status(STATUS_ERROR);
	if (opt->quiet)
		return true;
	msg_error("compressed data not %s a terminal. Use -f to force %scompression.",
		  opt->decompress ? "read from" : "written to",
		  opt->decompress ? "de" : "");
	msg_plain("For help, type: %s -h\n", msg_program());
	return true;
}

static enum outcome do_stdin(struct tour *tour)
{
	const struct options *opt = tour->opt;
	struct job job;

	if (batch_finish(tour->batch) == OUTCOME_FATAL || refuses_terminal(opt))
		return OUTCOME_FATAL;
	job_init(&job, opt);
	if (in_open_stdin(&job.in) != OPEN_OK)
		return OUTCOME_FATAL;
	return run_job(&job);
}

/* The open directory @in, which is closed. */
static enum outcome enter(struct tour *tour, struct infile *in)
{
	enum outcome outcome;
	int fd = in->fd;

	in->fd = -1;
	outcome = do_directory(tour, fd, in->path);
	in_close(in);
	return outcome;
}

static enum outcome do_path(void *arg, struct directory *dir, const char *path)
{
	struct tour *tour = arg;
	const struct options *opt = tour->opt;
	struct job job;

	job_init(&job, opt);
	switch (batch_begin(tour->batch, &job.in, dir, path)) {
	case BATCH_TAKEN:
		return OUTCOME_DONE;
	case BATCH_DIRECTORY:
		return enter(tour, &job.in);
	case BATCH_STOP:
		return OUTCOME_FATAL;
	case BATCH_OTHER:
		break;
	}
	switch (in_open(&job.in, opt, directory_fd(dir), path)) {
	case OPEN_OK:
		return run_job(&job);
	case OPEN_FAILED:
		return OUTCOME_FAILED;
	case OPEN_DIRECTORY:
		break;
	}
	if (opt->recursive)
		return enter(tour, &job.in);
	msg_warn("%s is a directory -- ignored", msg_name(job.in.name));
	in_close(&job.in);
	return OUTCOME_SKIPPED;
}

/* The other names of it cannot be replaced, nor get a suffix. */
static bool means_stdin(const struct options *opt, const char *path)
{
	return !strcmp(path, "-") ||
	       (in_replaced(opt) && channel_spelled(path) == STDIN_FILENO);
}

static void do_all(struct tour *tour)
{
	const struct options *opt = tour->opt;
	enum outcome outcome = OUTCOME_DONE;

	if (!opt->file_count)
		do_stdin(tour);
	for (int i = 0; i < opt->file_count && outcome != OUTCOME_FATAL; i++) {
		if (means_stdin(opt, opt->files[i]))
			outcome = do_stdin(tour);
		else
			outcome = do_path(tour, NULL, opt->files[i]);
	}
	if (outcome != OUTCOME_FATAL)
		outcome = batch_finish(tour->batch);
	if (opt->list && outcome != OUTCOME_FATAL)
		list_totals(opt, opt->file_count);
}

/* ---- the run ---- */

/* A directory stays open while those below it are worked on. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void on_log(void *arg, enum wd_log_level level, const char *msg)
{
	(void)arg;
	(void)level;
	msg_detail("%s", msg);
}

/* Whether there will be an engine, before the first file is touched. */
static bool engine_exists(const struct options *opt)
{
	if (opt->decompress)
		return session_get(opt, WD_COMP_DECOMPRESS, opt->format, SESSION_MAIN,
				   WD_COMP_SIZE_UNKNOWN);
	return session_get(opt, WD_COMP_COMPRESS, opt->format, SESSION_MAIN,
			   WD_COMP_SIZE_UNKNOWN);
}

static void run_all(const struct options *opt)
{
	struct tour tour = { .opt = opt };

	if (opt->verbose > 1)
		wd_set_log(on_log, NULL);
	if (opt->list_devices) {
		stats_list_devices();
		return;
	}
	if (opt->doctor) {
		doctor_run(opt);
		return;
	}
	if (opt->top) {
		top_run(opt->top);
		return;
	}
	if (opt->recursive)
		raise_file_limit();
	out_init(opt);
	progress_init(opt);
	if (opt->engine && !engine_exists(opt))
		return;
	tour.batch = batch_open(opt, do_path, &tour);
	do_all(&tour);
	batch_close(tour.batch);
}

int main(int argc, char **argv)
{
	struct options opt;

	channel_occupy_standard_streams();
	msg_init(argv[0]);
	if (options_parse(&opt, argc, argv) == PARSE_RUN) {
		run_all(&opt);
		session_close_all();
	}
	out_close_stdout();
	return msg_status();
}
