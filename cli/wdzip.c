/* SPDX-License-Identifier: MIT */
/*
 * wdzip, wdunzip, wdzcat: which files, in which order.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "job.h"
#include "list.h"
#include "message.h"
#include "options.h"
#include "outfile.h"
#include "progress.h"
#include "session.h"
#include "stats.h"

static enum outcome do_path(const struct options *opt, int dir_fd, const char *path);

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

static enum outcome do_entry(const struct options *opt, int dir_fd,
			     const char *dir_path, const char *name)
{
	size_t len = strlen(dir_path);
	const char *slash = len && dir_path[len - 1] == '/' ? "" : "/";
	enum outcome outcome;
	char *path;

	if (asprintf(&path, "%s%s%s", dir_path, slash, name) < 0) {
		msg_error("memory exhausted");
		return OUTCOME_FATAL;
	}
	outcome = do_path(opt, dir_fd, path);
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
static bool may_enter(struct level *level, const struct level *up, int fd,
		      const char *path)
{
	struct stat st;
	int err = 0;

	if (fstat(fd, &st) < 0)
		err = errno;
	for (const struct level *l = up; l && !err; l = l->up)
		if (l->dev == st.st_dev && l->ino == st.st_ino)
			err = ELOOP;
	if (!err && up && up->depth >= DEPTH_MAX)
		err = ENAMETOOLONG;
	if (err) {
		msg_error("%s: %s", msg_name(path), strerror(err));
		return false;
	}
	*level = (struct level){ up, up ? up->depth + 1 : 1, st.st_dev, st.st_ino };
	return true;
}

/* @fd is taken over. */
static enum outcome do_directory(const struct options *opt, int fd, const char *path)
{
	static const struct level *current;
	enum outcome outcome = OUTCOME_DONE;
	struct names names = { 0 };
	struct level level;
	DIR *dir;

	if (!may_enter(&level, current, fd, path)) {
		close(fd);
		return OUTCOME_FAILED;
	}
	current = &level;
	dir = fdopendir(fd);
	if (!dir || read_names(dir, &names) < 0) {
		msg_error("%s: %s", msg_name(path), strerror(errno));
		outcome = OUTCOME_FAILED;
	}
	for (size_t i = 0; i < names.count && outcome != OUTCOME_FATAL; i++)
		outcome = do_entry(opt, fd, path, names.list[i]);
	current = level.up;
	free_names(&names);
	if (dir)
		closedir(dir);
	else
		close(fd);
	return outcome;
}

/* ---- files ---- */

/*
 * Where the output goes.  Standard output has no path, but -l shows the name the
 * file would get.
 */
static int choose_output(struct job *job)
{
	const struct options *opt = job->opt;

	if (opt->output)
		job->out_path = strdup(opt->output);
	else if (job->in.is_stdin || (opt->to_stdout && !opt->decompress))
		return 0;
	else
		return (job->out_path = output_path(opt, &job->in)) ? 0 : -1;
	if (job->out_path)
		return 0;
	msg_error("memory exhausted");
	return -1;
}

static enum outcome run(struct job *job)
{
	if (choose_output(job) < 0) {
		in_close(&job->in);
		return OUTCOME_SKIPPED;
	}
	return job_run(job);
}

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

static enum outcome do_stdin(const struct options *opt)
{
	struct job job;

	if (refuses_terminal(opt))
		return OUTCOME_FATAL;
	job_init(&job, opt);
	if (in_open_stdin(&job.in) != OPEN_OK)
		return OUTCOME_FATAL;
	return run(&job);
}

static enum outcome do_path(const struct options *opt, int dir_fd, const char *path)
{
	enum outcome outcome;
	struct job job;
	int fd;

	job_init(&job, opt);
	switch (in_open(&job.in, opt, dir_fd, path)) {
	case OPEN_OK:
		return run(&job);
	case OPEN_FAILED:
		return OUTCOME_FAILED;
	case OPEN_DIRECTORY:
		break;
	}
	if (!opt->recursive) {
		msg_warn("%s is a directory -- ignored", msg_name(job.in.name));
		in_close(&job.in);
		return OUTCOME_SKIPPED;
	}
	fd = job.in.fd;
	job.in.fd = -1;
	outcome = do_directory(opt, fd, job.in.path);
	in_close(&job.in);
	return outcome;
}

static void do_all(const struct options *opt)
{
	enum outcome outcome = OUTCOME_DONE;

	if (!opt->file_count)
		do_stdin(opt);
	for (int i = 0; i < opt->file_count && outcome != OUTCOME_FATAL; i++) {
		if (!strcmp(opt->files[i], "-"))
			outcome = do_stdin(opt);
		else
			outcome = do_path(opt, AT_FDCWD, opt->files[i]);
	}
	if (opt->list && outcome != OUTCOME_FATAL)
		list_totals(opt, opt->file_count);
}

/* ---- the run ---- */

/*
 * A file must not be opened under the number of a standard stream that the
 * caller has closed: it would be taken for that stream.  What stands in for it
 * cannot be used in its direction.
 */
static void occupy_standard_streams(void)
{
	static const int flags[] = { O_WRONLY, O_RDONLY, O_RDWR };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", flags[fd]);
}

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
	if (opt->verbose > 1)
		wd_set_log(on_log, NULL);
	if (opt->list_devices) {
		stats_list_devices();
		return;
	}
	if (opt->recursive)
		raise_file_limit();
	out_init(opt);
	progress_init(opt);
	if (opt->engine && !engine_exists(opt))
		return;
	do_all(opt);
}

int main(int argc, char **argv)
{
	struct options opt;

	occupy_standard_streams();
	msg_init(argv[0]);
	if (options_parse(&opt, argc, argv) == PARSE_RUN) {
		run_all(&opt);
		session_close_all();
	}
	out_close_stdout();
	return msg_status();
}
