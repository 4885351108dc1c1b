/* SPDX-License-Identifier: MIT */
/*
 * Output files: created where nothing was, complete or gone.
 *
 * Everything about a created file goes by its descriptor and that of its
 * directory, so that nobody can slip another file under its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "outfile.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- the file that a signal has to remove ---- */

enum doomed_state {
	DOOMED_NONE,
	DOOMED_CREATING,	/* open() is under way: wait for its result */
	DOOMED_FILE,
};

static _Atomic int doomed_state;
static _Atomic int pending_signal;
static int doomed_dir = AT_FDCWD;
static char doomed_base[PATH_MAX];
static dev_t doomed_dev;
static ino_t doomed_ino;
static bool quiet;
static unsigned int questions;

static const int fatal_signals[] = {
	SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXCPU, SIGXFSZ,
};

/* Only if the name still means the file that was created. */
static void remove_doomed(void)
{
	struct stat st;

	if (fstatat(doomed_dir, doomed_base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == doomed_dev && st.st_ino == doomed_ino)
		unlinkat(doomed_dir, doomed_base, 0);
}

static void die_of(int sig)
{
	sigset_t set;

	/* gzip -q calls a reader that went away a warning. */
	if (sig == SIGPIPE && quiet)
		_exit(STATUS_WARNING);
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Any thread may be hit, so masking signals in one would not help. */
static void on_fatal_signal(int sig)
{
	int saved_errno = errno;

	switch (atomic_load(&doomed_state)) {
	case DOOMED_CREATING:
		atomic_store(&pending_signal, sig);
		errno = saved_errno;
		return;
	case DOOMED_FILE:
		remove_doomed();
		break;
	}
	die_of(sig);
}

static void begin_creating(void)
{
	doomed_base[0] = '\0';
	atomic_store(&pending_signal, 0);
	atomic_store(&doomed_state, DOOMED_CREATING);
}

static void end_creating(struct outfile *out)
{
	int sig;

	if (out->created && fstat(out->fd, &out->st) == 0 &&
	    strlen(out->base) < sizeof(doomed_base)) {
		strcpy(doomed_base, out->base);
		doomed_dir = out->dir_fd;
		doomed_dev = out->st.st_dev;
		doomed_ino = out->st.st_ino;
		atomic_store(&doomed_state, DOOMED_FILE);
	} else {
		atomic_store(&doomed_state, DOOMED_NONE);
	}
	sig = atomic_load(&pending_signal);
	if (sig)
		on_fatal_signal(sig);
}

void out_init(const struct options *opt)
{
	struct sigaction sa = { .sa_handler = on_fatal_signal };
	struct sigaction old;

	quiet = opt->quiet;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaddset(&sa.sa_mask, fatal_signals[i]);
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++) {
		int sig = fatal_signals[i];

		/* What was ignored, as under nohup, stays so. */
		if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(sig, &sa, NULL);
	}
}

/* ---- opening ---- */

/* Of all files together. */
static struct flow stdout_flow;

void out_open_stdout(struct outfile *out)
{
	memset(out, 0, sizeof(*out));
	out->name = "stdout";
	out->dir_fd = AT_FDCWD;
	out->fd = STDOUT_FILENO;
	out->is_stdout = true;
}

static bool answered_yes(void)
{
	int first = getchar();
	int c = first;

	while (c != '\n' && c != EOF)
		c = getchar();
	return first == 'y' || first == 'Y';
}

static bool in_foreground(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static bool may_overwrite(const struct outfile *out)
{
	const char *name = msg_name(out->name);

	if (!in_foreground()) {
		msg_refuse("%s already exists;\tnot overwritten", name);
		return false;
	}
	questions++;
	msg_plain("%s: %s already exists; do you wish to overwrite (y or n)? ",
		  msg_program(), name);
	if (answered_yes())
		return true;
	msg_plain("\tnot overwritten\n");
	msg_set_status(STATUS_WARNING);
	return false;
}

unsigned int out_questions(void)
{
	return questions;
}

static int create(struct outfile *out, const struct options *opt)
{
	/* --verify reads back what it wrote. */
	int flags = (opt->verify ? O_RDWR : O_WRONLY) | O_CREAT | O_EXCL |
		    O_CLOEXEC | O_NOCTTY;

	begin_creating();
	out->fd = openat(out->dir_fd, out->base, flags, 0600);
	out->created = out->fd >= 0;
	end_creating(out);
	return out->created ? 0 : -errno;
}

/* Make room for the output, where the user agrees. */
static int remove_existing(struct outfile *out, const struct options *opt,
			   const struct infile *in)
{
	struct stat st;

	if (fstatat(out->dir_fd, out->base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == in->st.st_dev && st.st_ino == in->st.st_ino) {
		msg_error("%s: input and output are the same file",
			  msg_name(out->name));
		return -1;
	}
	if (!opt->force && !may_overwrite(out))
		return -1;
	if (unlinkat(out->dir_fd, out->base, 0) == 0 || errno == ENOENT)
		return 0;
	msg_error("%s: %s", msg_name(out->name), strerror(errno));
	return -1;
}

static int create_or_replace(struct outfile *out, const struct options *opt,
			     const struct infile *in)
{
	int ret = create(out, opt);

	if (ret == -EEXIST) {
		if (remove_existing(out, opt, in) < 0)
			return -1;
		ret = create(out, opt);
	}
	if (ret == 0)
		return 0;
	msg_error("%s: %s", msg_name(out->name), strerror(-ret));
	return -1;
}

/* -o may name a device or a pipe, which is written to and stays what it is. */
static bool is_special(const struct stat *st)
{
	return !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode);
}

static int open_special(struct outfile *out)
{
	struct stat st;

	out->fd = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (out->fd < 0) {
		msg_error("%s: %s", msg_name(out->name), strerror(errno));
		return -1;
	}
	/* A file that has taken its place meanwhile is not ours to write to. */
	if (fstat(out->fd, &st) < 0 || !is_special(&st)) {
		msg_error("%s: changed while it was opened", msg_name(out->name));
		return -1;
	}
	return 0;
}

static int open_new(struct outfile *out, const struct options *opt,
		    const struct infile *in)
{
	struct stat st;

	if (!opt->output) {
		out->dir_fd = in->dir_fd;
		out->base = out->path + (in->base - in->path);
		return create_or_replace(out, opt, in);
	}
	if (stat(out->path, &st) == 0 && is_special(&st))
		return open_special(out);
	/* If that fails, creating by the whole path will say why. */
	split_path(out->path, &out->dir_fd, &out->own_dir, &out->base);
	return create_or_replace(out, opt, in);
}

int out_open(struct outfile *out, const struct options *opt,
	     const struct infile *in, char *path)
{
	memset(out, 0, sizeof(*out));
	out->fd = -1;
	out->path = path;
	out->name = path;
	out->dir_fd = AT_FDCWD;
	if (open_new(out, opt, in) == 0)
		return 0;
	out_discard(out);
	return -1;
}

/* ---- writing ---- */

int out_write(struct outfile *out, const void *data, size_t len)
{
	if (write_full(out->fd, data, len) < 0) {
		/* A reader who has seen enough, with SIGPIPE ignored. */
		if (errno == EPIPE)
			msg_set_status(STATUS_WARNING);
		else
			msg_fault("%s: %s", msg_name(out->name), strerror(errno));
		return -1;
	}
	out->written += len;
	if (!out->created)
		flow_moved(out->is_stdout ? &stdout_flow : &out->flow, out->fd, len);
	return 0;
}

static int sync_fd(int fd)
{
	int ret;

	do
		ret = fsync(fd);
	while (ret < 0 && errno == EINTR);
	return ret;
}

static int sync_directory(const struct outfile *out)
{
	int fd = openat(out->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -1;
	ret = sync_fd(fd);
	close(fd);
	return ret;
}

int out_sync(struct outfile *out)
{
	/* Pipes and terminals have nothing to bring anywhere. */
	if (sync_fd(out->fd) < 0 && errno != EINVAL && errno != EROFS)
		goto err;
	if (out->created && sync_directory(out) < 0 && errno != EINVAL)
		goto err;
	return 0;
err:
	msg_fault("%s: %s", msg_name(out->name), strerror(errno));
	return -1;
}

/* Who may not give files away keeps them; most of them need not be given. */
static void copy_owner(const struct outfile *out, uid_t uid, gid_t gid)
{
	bool known = out->st.st_nlink > 0;
	int ignored;

	if (known && (uid == (uid_t)-1 || uid == out->st.st_uid) &&
	    (gid == (gid_t)-1 || gid == out->st.st_gid))
		return;
	ignored = fchown(out->fd, uid, gid);
	(void)ignored;
}

/*
 * The group before the mode: the other way round the mode would for a moment
 * hold for the wrong group.
 */
static void copy_status(struct outfile *out, const struct stat *from, uint32_t mtime)
{
	struct timespec times[2] = { from->st_atim, from->st_mtim };

	if (mtime)
		times[1] = (struct timespec){ .tv_sec = mtime };
	if (futimens(out->fd, times) < 0)
		msg_warn("%s: %s", msg_name(out->name), strerror(errno));
	copy_owner(out, -1, from->st_gid);
	if (fchmod(out->fd, from->st_mode & 0777) < 0)
		msg_warn("%s: %s", msg_name(out->name), strerror(errno));
	copy_owner(out, from->st_uid, -1);
}

/* A new file without a model gets the mode that any program would give it. */
static void set_default_mode(struct outfile *out)
{
	mode_t mask = umask(0);

	umask(mask);
	if (fchmod(out->fd, 0666 & ~mask) < 0)
		msg_warn("%s: %s", msg_name(out->name), strerror(errno));
}

static void release(struct outfile *out)
{
	if (out->own_dir)
		close(out->dir_fd);
	free(out->path);
	out->own_dir = false;
	out->path = NULL;
	out->name = NULL;
	out->fd = -1;
}

/*
 * Somebody may have removed the file meanwhile, or moved it: then the input is
 * perhaps the only copy.
 */
static int check_name(const struct outfile *out)
{
	struct stat named;

	if (fstatat(out->dir_fd, out->base, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    named.st_dev == out->st.st_dev && named.st_ino == out->st.st_ino)
		return 0;
	msg_fault("%s: was removed or replaced while it was written",
		  msg_name(out->name));
	return -1;
}

int out_finish(struct outfile *out, const struct options *opt,
	       const struct stat *from, uint32_t mtime)
{
	if (out->created && from)
		copy_status(out, from, mtime);
	else if (out->created)
		set_default_mode(out);
	if (opt->synchronous && out_sync(out) < 0)
		return -1;
	if (out->is_stdout)
		return 0;
	if (out->created && check_name(out) < 0)
		return -1;
	flow_end(&out->flow, out->fd);
	if (close(out->fd) < 0) {
		out->fd = -1;
		msg_fault("%s: %s", msg_name(out->name), strerror(errno));
		return -1;
	}
	out->fd = -1;
	atomic_store(&doomed_state, DOOMED_NONE);
	out->created = false;
	return 0;
}

void out_discard(struct outfile *out)
{
	if (out->is_stdout || !out->path)
		return;
	if (out->created) {
		remove_doomed();
		atomic_store(&doomed_state, DOOMED_NONE);
		out->created = false;
	}
	if (out->fd >= 0) {
		flow_end(&out->flow, out->fd);
		close(out->fd);
	}
	release(out);
}

void out_close_stdout(void)
{
	flow_end(&stdout_flow, STDOUT_FILENO);
	/* Somebody may have started the program without. */
	if ((fflush(stdout) != 0 || close(STDOUT_FILENO) < 0) && errno != EBADF)
		msg_fault("stdout: %s", strerror(errno));
}
