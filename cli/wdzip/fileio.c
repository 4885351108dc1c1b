/* SPDX-License-Identifier: MIT */
/*
 * Input files: which may be read, under what name, and how; names with and
 * without suffix; reads and writes that do not give up early.
 *
 * Output files are in outfile.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "fileio.h"
#include "message.h"
#include "progress.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PATIENCE_MS	10	/* so long a busy writer may pause */
#define READAHEAD	(128 << 10)	/* bytes that the kernel reads ahead anyway */

/* ---- names ---- */

static bool ends_with(const char *base, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && !strcasecmp(base + len - n, suffix);
}

static const char *find_known_suffix(const char *base, size_t len)
{
	static const char *const known[] = {
		".gz", ".z", ".taz", ".tgz", "-gz", "-z", "_z",
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (ends_with(base, len, known[i]))
			return base + len - strlen(known[i]);
	return NULL;
}

const char *find_suffix(const struct options *opt, const char *base)
{
	size_t len = strlen(base);
	const char *known = find_known_suffix(base, len);

	if (ends_with(base, len, opt->suffix)) {
		const char *own = base + len - strlen(opt->suffix);

		/* -S gz does not leave the dot of .gz. */
		return known && known < own ? known : own;
	}
	if (known)
		return known;
	if (opt->decompress && ends_with(base, len, ".zz"))
		return base + len - strlen(".zz");
	return NULL;
}

char *replace_base(const char *path, const char *base)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? slash + 1 - path : 0;
	char *result;

	if (asprintf(&result, "%.*s%s", dir_len, path, base) < 0)
		return NULL;
	return result;
}

static char *compressed_path(const struct options *opt, const struct infile *in)
{
	const char *suffix = find_suffix(opt, in->base);
	char *path;

	if (suffix && !opt->force) {
		/* In a directory that is nothing to speak of. */
		if (opt->verbose || !opt->recursive)
			msg_note("%s already has %s suffix -- unchanged",
				 msg_name(in->name), msg_name(suffix));
		return NULL;
	}
	if (asprintf(&path, "%s%s", in->path, opt->suffix) < 0) {
		msg_error("memory exhausted");
		return NULL;
	}
	return path;
}

static char *decompressed_path(const struct options *opt, const struct infile *in)
{
	const char *suffix = find_suffix(opt, in->base);
	int len = suffix ? suffix - in->path : (int)strlen(in->path);
	const char *add = "";
	char *path;

	if (!suffix && (in_replaced(opt) ||
			(opt->recursive && (opt->list || opt->test)))) {
		if (opt->verbose || (!opt->recursive && !opt->quiet))
			msg_warn("%s: unknown suffix -- ignored", msg_name(in->name));
		return NULL;
	}
	if (suffix && (!strcasecmp(suffix, ".tgz") || !strcasecmp(suffix, ".taz")))
		add = ".tar";
	if (asprintf(&path, "%.*s%s", len, in->path, add) < 0) {
		msg_error("memory exhausted");
		return NULL;
	}
	return path;
}

char *output_path(const struct options *opt, const struct infile *in)
{
	if (opt->decompress)
		return decompressed_path(opt, in);
	return compressed_path(opt, in);
}

int split_path(const char *path, int *dir_fd, bool *own, const char **base)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	*dir_fd = AT_FDCWD;
	*own = false;
	*base = path;
	/* With a slash at the end the name cannot be looked up by itself. */
	if (!slash || !slash[1])
		return 0;

	dir = strndup(path, slash == path ? 1 : slash - path);
	if (!dir)
		return -1;
	*dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (*dir_fd < 0) {
		*dir_fd = AT_FDCWD;
		return -1;
	}
	*own = true;
	*base = slash + 1;
	return 0;
}

/* ---- reading and writing ---- */

static int wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, timeout_ms);
}

static void await_input(const struct infile *in)
{
	while (!in->regular && wait_for(in->fd, POLLIN, 0) == 0)
		progress_await(in->fd);
}

static ssize_t read_some(struct infile *in, void *buf, size_t room)
{
	await_input(in);
	for (;;) {
		ssize_t n = read(in->fd, buf, room);

		if (n > 0 && !in->regular)
			flow_moved(&in->flow, in->fd, n);
		if (n >= 0)
			return n;
		if (errno == EINTR)
			progress_tick();
		else if (errno == EAGAIN)
			progress_await(in->fd);
		else
			return -1;
	}
}

int write_full(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n >= 0) {
			p += n;
			len -= n;
		} else if (errno == EINTR) {
			progress_tick();
		} else if (errno == EAGAIN) {
			wait_for(fd, POLLOUT, -1);
		} else {
			return -1;
		}
	}
	return 0;
}

ssize_t pread_full(int fd, void *buf, size_t len, off_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			wait_for(fd, POLLIN, -1);
			continue;
		}
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

static int make_head_room(struct infile *in, size_t room)
{
	unsigned char *head;

	if (room <= in->head_room)
		return 0;
	head = realloc(in->head, room);
	if (!head)
		return -1;
	in->head = head;
	in->head_room = room;
	return 0;
}

/* One read into memory of our own, with room for whatever comes at once. */
static ssize_t read_record(struct infile *in)
{
	size_t room = in->record;
	ssize_t n;

	if (in->head_pos == in->head_len)
		in->head_pos = in->head_len = 0;
	if (in->messages) {
		size_t size;

		await_input(in);
		size = channel_next_message(in->fd);
		room = size > room ? size : room;
	}
	if (make_head_room(in, in->head_len + room) < 0)
		return -1;
	n = read_some(in, in->head + in->head_len, in->head_room - in->head_len);
	if (n > 0)
		in->head_len += n;
	return n;
}

ssize_t in_peek(struct infile *in, size_t want)
{
	while (in->head_len < want) {
		ssize_t n = read_record(in);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
	}
	return in->head_len;
}

/* Whether a read into @room bytes could lose some that do not fit. */
static bool could_cut(const struct infile *in, size_t room)
{
	return !in->regular && (in->messages || room < in->record);
}

ssize_t in_read(struct infile *in, void *buf, size_t room)
{
	size_t ahead = in->head_len - in->head_pos;
	ssize_t n;

	if (!ahead && could_cut(in, room)) {
		n = read_record(in);
		if (n <= 0)
			return n;
		ahead = n;
	}
	if (ahead) {
		n = ahead < room ? ahead : room;
		memcpy(buf, in->head + in->head_pos, n);
		in->head_pos += n;
	} else {
		n = read_some(in, buf, room);
		if (n < 0)
			return -1;
	}
	in->taken += n;
	return n;
}

int in_rewind(struct infile *in)
{
	if (lseek(in->fd, in->start + (off_t)in->head_len, SEEK_SET) < 0)
		return -1;
	in->head_pos = 0;
	in->taken = 0;
	return 0;
}

bool in_would_wait(const struct infile *in)
{
	if (in->regular || in->head_pos < in->head_len)
		return false;
	return wait_for(in->fd, POLLIN, PATIENCE_MS) == 0;
}

/* ---- opening ---- */

bool in_replaced(const struct options *opt)
{
	return !opt->to_stdout && !opt->output;
}

uint64_t in_size(const struct infile *in)
{
	if (!in->regular)
		return WD_COMP_SIZE_UNKNOWN;
	return in->st.st_size > in->start ? in->st.st_size - in->start : 0;
}

static ssize_t source_read(void *arg, void *buf, size_t room)
{
	return in_read(arg, buf, room);
}

static bool source_would_wait(void *arg)
{
	return in_would_wait(arg);
}

static ssize_t source_read_at(void *arg, void *buf, size_t len, uint64_t offset)
{
	const struct infile *in = arg;

	return pread_full(in->fd, buf, len, in->start + offset);
}

/* Others may go on to read by a descriptor that was theirs before. */
static void source_seek(void *arg, uint64_t offset)
{
	struct infile *in = arg;

	in->taken = offset;
	if (in->is_stdin || in->is_descriptor)
		lseek(in->fd, in->start + offset, SEEK_SET);
}

struct source in_source(struct infile *in)
{
	bool by_offset = in->regular && !in->head_len;

	return (struct source){
		.read = source_read,
		.would_wait = in->regular ? NULL : source_would_wait,
		.read_at = by_offset ? source_read_at : NULL,
		.seek = by_offset ? source_seek : NULL,
		.size = in_size(in),
		.arg = in,
	};
}

bool in_is_unchanged(const struct infile *in)
{
	struct stat st;

	return fstat(in->fd, &st) == 0 && st.st_size == in->st.st_size &&
	       st.st_mtim.tv_sec == in->st.st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == in->st.st_mtim.tv_nsec;
}

bool in_is(const struct infile *in, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (S_ISBLK(in->st.st_mode) && S_ISBLK(st.st_mode))
		return in->st.st_rdev == st.st_rdev;
	return in->regular && st.st_dev == in->st.st_dev &&
	       st.st_ino == in->st.st_ino;
}

bool in_is_model(const struct infile *in)
{
	return in->regular && !in->is_stdin && !in->is_descriptor;
}

static int examine(struct infile *in)
{
	if (fstat(in->fd, &in->st) < 0)
		return -1;
	in->regular = S_ISREG(in->st.st_mode);
	in->record = channel_record(&in->st);
	in->messages = channel_has_messages(in->fd, &in->st);
	if (!in->regular)
		return 0;
	/* Only what somebody else has opened may be past its beginning. */
	if (in->is_stdin || in->is_descriptor)
		in->start = lseek(in->fd, 0, SEEK_CUR);
	if (in->st.st_size > READAHEAD)
		posix_fadvise(in->fd, in->start, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

/* Not just a link that -f may follow, but one by which the system does its work. */
static bool leads_to_descriptor(const struct infile *in)
{
	struct stat st;

	return fstatat(in->dir_fd, in->base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISLNK(st.st_mode) && channel_named(in->path) >= 0;
}

/* A file that will be replaced must be an ordinary one in every respect. */
static bool replaceable(const struct infile *in, const struct options *opt)
{
	const char *name = msg_name(in->name);
	mode_t mode = in->st.st_mode;

	if (!S_ISREG(mode) || (in->follow && leads_to_descriptor(in))) {
		msg_warn("%s is not a directory or a regular file - ignored", name);
		return false;
	}
	if (mode & S_ISUID) {
		msg_warn("%s is set-user-ID on execution - ignored", name);
		return false;
	}
	if (mode & S_ISGID) {
		msg_warn("%s is set-group-ID on execution - ignored", name);
		return false;
	}
	if (opt->force)
		return true;
	if (mode & S_ISVTX) {
		msg_warn("%s has the sticky bit set - file ignored", name);
		return false;
	}
	if (in->st.st_nlink > 1) {
		unsigned long others = in->st.st_nlink - 1;

		msg_warn("%s has %lu other link%s -- file ignored", name, others,
			 others == 1 ? "" : "s");
		return false;
	}
	return true;
}

static int open_at(const struct infile *in, const char *base,
		   const struct options *opt)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;

	if (!in->follow)
		flags |= O_NOFOLLOW;
	/* Do not wait for the writer of a pipe that will be ignored. */
	if (in_replaced(opt))
		flags |= O_NONBLOCK;
	return openat(in->dir_fd, base, flags);
}

static int set_path(struct infile *in, char *path, size_t base_offset)
{
	if (!path)
		return -1;
	free(in->path);
	in->path = path;
	in->name = path;
	in->base = path + base_offset;
	return 0;
}

/*
 * There is no such file: is there one with a suffix?  If not, the name with the
 * first suffix is the one to be missed in the message.
 */
static int open_with_suffix(struct infile *in, const struct options *opt)
{
	const char *const suffixes[] = {
		opt->suffix, ".gz", ".z", "-z", ".Z", ".zz",
	};
	size_t base_offset = in->base - in->path;
	char *first = NULL;
	int fd = -1;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes) && fd < 0; i++) {
		char *path;

		if (asprintf(&path, "%.*s%s", (int)strlen(in->path), in->path,
			     suffixes[i]) < 0)
			break;
		fd = open_at(in, path + base_offset, opt);
		if (fd >= 0 || errno != ENOENT) {
			set_path(in, path, base_offset);
			free(first);
			return fd;
		}
		if (first)
			free(path);
		else
			first = path;
	}
	set_path(in, first, base_offset);
	errno = ENOENT;
	return -1;
}

/* Of ours, @number may be one that was opened meanwhile; those are not passed on. */
static int open_descriptor(struct infile *in, int number)
{
	in->is_descriptor = true;
	if (!channel_is_readable(number)) {
		errno = EBADF;
		return -1;
	}
	return fcntl(number, F_DUPFD_CLOEXEC, 3);
}

static int open_any(struct infile *in, const struct options *opt)
{
	int number = in_replaced(opt) ? -1 : channel_spelled(in->path);
	int fd;

	if (number >= 0)
		return open_descriptor(in, number);
	fd = open_at(in, in->base, opt);
	if (fd < 0 && errno == ENOENT && opt->decompress &&
	    !find_suffix(opt, in->base))
		fd = open_with_suffix(in, opt);
	return fd;
}

static void report_open(const struct infile *in, int err)
{
	if (*in->name)
		msg_error("%s: %s", msg_name(in->name), strerror(err));
	else
		msg_error("%s", strerror(err));
}

static void find_directory(struct infile *in, int dir_fd)
{
	const char *slash;

	if (dir_fd == AT_FDCWD) {
		/* If that fails, opening by the whole path will say why. */
		split_path(in->path, &in->dir_fd, &in->own_dir, &in->base);
		return;
	}
	slash = strrchr(in->path, '/');
	in->dir_fd = dir_fd;
	in->base = slash ? slash + 1 : in->path;
}

enum open_result in_open(struct infile *in, const struct options *opt,
			 int dir_fd, const char *path)
{
	memset(in, 0, sizeof(*in));
	in->fd = -1;
	in->dir_fd = AT_FDCWD;
	in->follow = opt->force || !in_replaced(opt);
	if (set_path(in, strdup(path), 0) < 0) {
		msg_error("memory exhausted");
		return OPEN_FAILED;
	}
	find_directory(in, dir_fd);
	in->fd = open_any(in, opt);
	if (in->fd < 0 || examine(in) < 0)
		goto err_report;

	if (S_ISDIR(in->st.st_mode))
		return OPEN_DIRECTORY;
	/* What passes is a regular file, to which O_NONBLOCK means nothing. */
	if (in_replaced(opt) && !replaceable(in, opt))
		goto err_close;
	return OPEN_OK;

err_report:
	report_open(in, errno);
err_close:
	in_close(in);
	return OPEN_FAILED;
}

/* Of what may have to wait, or notices that it is opened, nothing is opened. */
static bool is_file_or_directory(const struct infile *in)
{
	struct stat st;

	return fstatat(in->dir_fd, in->base, &st, 0) == 0 &&
	       (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

/* What in_open() takes without a word, with -f or without. */
static bool is_plain(const struct infile *in, const struct options *opt)
{
	if (!in->regular || !in_replaced(opt))
		return in->regular;
	return !(in->st.st_mode & (S_ISUID | S_ISGID | S_ISVTX)) &&
	       in->st.st_nlink == 1;
}

enum open_result in_open_ahead(struct infile *in, const struct options *opt,
			       int dir_fd, const char *path)
{
	memset(in, 0, sizeof(*in));
	in->fd = -1;
	in->dir_fd = AT_FDCWD;
	in->follow = !in_replaced(opt);
	if (set_path(in, strdup(path), 0) < 0)
		return OPEN_FAILED;
	find_directory(in, dir_fd);
	if (!in_replaced(opt) &&
	    (channel_spelled(path) >= 0 || !is_file_or_directory(in)))
		goto err_close;
	in->fd = open_at(in, in->base, opt);
	if (in->fd < 0 || examine(in) < 0)
		goto err_close;
	if (S_ISDIR(in->st.st_mode))
		return OPEN_DIRECTORY;
	if (is_plain(in, opt))
		return OPEN_OK;

err_close:
	in_close(in);
	return OPEN_FAILED;
}

enum open_result in_open_stdin(struct infile *in)
{
	memset(in, 0, sizeof(*in));
	in->name = "stdin";
	in->dir_fd = AT_FDCWD;
	in->is_stdin = true;
	in->fd = STDIN_FILENO;
	errno = EBADF;
	if ((fcntl(in->fd, F_GETFL) & O_ACCMODE) == O_WRONLY || examine(in) < 0) {
		msg_error("standard input: %s", strerror(errno));
		return OPEN_FAILED;
	}
	return OPEN_OK;
}

void in_close(struct infile *in)
{
	if (in->fd >= 0)
		flow_end(&in->flow, in->fd);
	if (!in->is_stdin && in->fd >= 0)
		close(in->fd);
	if (in->own_dir)
		close(in->dir_fd);
	free(in->head);
	free(in->path);
	in->head = NULL;
	in->head_room = in->head_pos = in->head_len = 0;
	in->fd = -1;
	in->own_dir = false;
	in->path = NULL;
}

int in_remove(struct infile *in)
{
	struct stat st;

	/* A symbolic link that -f followed is removed, not what it points to. */
	if (fstatat(in->dir_fd, in->base, &st, in->follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_dev != in->st.st_dev || st.st_ino != in->st.st_ino)
		return -ESTALE;
	if (unlinkat(in->dir_fd, in->base, 0) < 0)
		return -errno;
	return 0;
}
