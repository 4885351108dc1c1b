/* SPDX-License-Identifier: MIT */
/*
 * Output files: created where nothing was, complete or gone.  What cannot be
 * replaced is written to: devices, descriptors, files held in their place.
 *
 * Everything about a created file goes by its descriptor and that of its
 * directory, so that nobody can slip another file under its name.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#include "fatal.h"
#include "message.h"
#include "outfile.h"

#define ACL_NAME	"system.posix_acl_access"
#define ACL_ENTRIES	128u
#define ASIDE_NAMES	100u	/* that are tried */

/* ---- the file that a signal has to remove ---- */

enum doomed_state {
	DOOMED_NONE,
	DOOMED_CREATING,	/* open() is under way: wait for its result */
	DOOMED_FILE,
	DOOMED_STAYS,		/* can only be told about */
	DOOMED_DONE,		/* none: wait until the input is removed */
	DOOMED_DYING,		/* a signal ends the program */
};

static _Atomic int doomed_state;
static _Atomic int pending_signal;
static int doomed_dir = AT_FDCWD;
static char doomed_base[PATH_MAX];
static dev_t doomed_dev;
static ino_t doomed_ino;
static char doomed_text[PATH_MAX];
static bool quiet;
static unsigned int questions;

/* Only if the name still means the file that was created. */
static void remove_doomed(void)
{
	struct stat st;

	if (fstatat(doomed_dir, doomed_base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == doomed_dev && st.st_ino == doomed_ino)
		unlinkat(doomed_dir, doomed_base, 0);
}

/* Nothing more can be done if that fails. */
static void tell_of_doomed(void)
{
	ssize_t ignored = write(STDERR_FILENO, doomed_text, strlen(doomed_text));

	(void)ignored;
}

/* Any thread may be hit, so masking signals in one would not help. */
static void on_fatal_signal(int sig)
{
	int state;

	/* Before looking: who waits no more looks at it after saying so. */
	atomic_store(&pending_signal, sig);
	state = atomic_load(&doomed_state);
	do {
		if (state == DOOMED_CREATING || state == DOOMED_DONE ||
		    state == DOOMED_DYING)
			return;
	} while (!atomic_compare_exchange_weak(&doomed_state, &state,
					       DOOMED_DYING));
	if (state == DOOMED_FILE)
		remove_doomed();
	else if (state == DOOMED_STAYS)
		tell_of_doomed();
	/* gzip -q calls a reader that went away a warning. */
	if (sig == SIGPIPE && quiet)
		_exit(STATUS_WARNING);
	fatal_die(sig);
}

/* Nothing more may happen once a signal has begun to end the program, in any thread. */
static void set_state(int state)
{
	int now = atomic_load(&doomed_state);

	do {
		while (now == DOOMED_DYING) {
			pause();
			now = atomic_load(&doomed_state);
		}
	} while (!atomic_compare_exchange_weak(&doomed_state, &now, state));
}

static void begin_creating(void)
{
	set_state(DOOMED_CREATING);
	doomed_base[0] = '\0';
}

static void take_pending(void)
{
	int sig = atomic_load(&pending_signal);

	if (sig)
		on_fatal_signal(sig);
}

static void end_creating(struct outfile *out)
{
	if (out->created && fstat(out->fd, &out->st) == 0 &&
	    strlen(out->base) < sizeof(doomed_base)) {
		strcpy(doomed_base, out->base);
		doomed_dir = out->dir_fd;
		doomed_dev = out->st.st_dev;
		doomed_ino = out->st.st_ino;
		set_state(DOOMED_FILE);
	} else {
		set_state(DOOMED_NONE);
	}
	take_pending();
}

void out_init(const struct options *opt)
{
	quiet = opt->quiet;
	fatal_catch(on_fatal_signal);
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

/* --verify reads back what it wrote. */
static int open_flags(const struct options *opt)
{
	return (opt->verify ? O_RDWR : O_WRONLY) | O_CLOEXEC | O_NOCTTY;
}

/*
 * What is to get the rights of the input has none for others until then.  Any other
 * file has what the shell's > would give it, by umask and directory.
 */
static int create(struct outfile *out, const struct options *opt,
		  const struct infile *in)
{
	mode_t mode = in_is_model(in) ? 0600 : 0666;

	begin_creating();
	out->fd = openat(out->dir_fd, out->base,
			 open_flags(opt) | O_CREAT | O_EXCL, mode);
	out->created = out->fd >= 0;
	end_creating(out);
	return out->created ? 0 : errno;
}

/* Devices and the like: written to if -o names them, and never removed. */
static bool is_special(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) ||
	       S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode);
}

/* May @name, which is or leads to what @st tells, be removed?  0 or an errno. */
static int check_removable(const struct outfile *out, const char *name,
			   const struct stat *st)
{
	struct stat target;

	if (S_ISDIR(st->st_mode))
		return EISDIR;
	if (is_special(st))
		return ENOTSUP;
	if (S_ISLNK(st->st_mode) &&
	    fstatat(out->dir_fd, name, &target, 0) == 0 && is_special(&target))
		return ENOTSUP;
	return 0;
}

/* Give the file that is in the way a name of its own; 0 or an errno. */
static int move_aside(const struct outfile *out, char *aside, size_t size)
{
	for (unsigned int i = 0; i < ASIDE_NAMES; i++) {
		snprintf(aside, size, ".wdzip-%ld-%u", (long)getpid(), i);
		if (renameat2(out->dir_fd, out->base, out->dir_fd, aside,
			      RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return errno;
	}
	return EEXIST;
}

static int move_back(const struct outfile *out, const char *aside)
{
	if (renameat2(out->dir_fd, aside, out->dir_fd, out->base,
		      RENAME_NOREPLACE) == 0)
		return 0;
	msg_error("%s is called %s now, and cannot be called as before: %s",
		  msg_name(out->name), aside, strerror(errno));
	return -1;
}

/*
 * Between looking at a name and removing it, it can get another meaning.  Nobody
 * else knows the name that the file is given first.
 *
 * Returns 0 or an errno.
 */
static int unlink_checked(const struct outfile *out)
{
	struct stat st;
	char aside[64];
	int err = move_aside(out, aside, sizeof(aside));

	/* Not all file systems can move without overwriting. */
	if (err == EINVAL || err == ENOSYS)
		return unlinkat(out->dir_fd, out->base, 0) < 0 ? errno : 0;
	if (err)
		return err;
	if (fstatat(out->dir_fd, aside, &st, AT_SYMLINK_NOFOLLOW) < 0)
		err = errno;
	else
		err = check_removable(out, aside, &st);
	if (!err && unlinkat(out->dir_fd, aside, 0) < 0)
		err = errno;
	if (err && err != ENOENT)
		move_back(out, aside);
	return err;
}

/* A signal must not come while the file has the other name. */
static int unlink_existing(struct outfile *out)
{
	int err;

	begin_creating();
	err = unlink_checked(out);
	end_creating(out);
	return err == ENOENT ? 0 : err;
}

static int report_same_file(const struct outfile *out)
{
	msg_error("%s: input and output are the same file", msg_name(out->name));
	return -1;
}

/* Make room for the output, where the user agrees; 0, an errno, or -1: reported. */
static int remove_existing(struct outfile *out, const struct options *opt,
			   const struct infile *in)
{
	struct stat st;
	int err = 0;

	if (fstatat(out->dir_fd, out->base, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (st.st_dev == in->st.st_dev && st.st_ino == in->st.st_ino)
			return report_same_file(out);
		err = check_removable(out, out->base, &st);
	}
	if (!opt->force && !may_overwrite(out))
		return -1;
	return err ? err : unlink_existing(out);
}

/*
 * What -o names may be bound to its place: by a mount, or by a directory that
 * is not to be written to.  Then it is written to, as it would be by the shell.
 * A link is not followed there: it can be anybody's who may make links.
 */
static bool open_in_place(struct outfile *out, const struct options *opt,
			  const struct infile *in)
{
	int fd = openat(out->dir_fd, out->base,
			open_flags(opt) | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return false;
	if (fstat(fd, &out->st) < 0 || !S_ISREG(out->st.st_mode) ||
	    in_is(in, fd)) {
		close(fd);
		return false;
	}
	out->fd = fd;
	out->in_place = true;
	return true;
}

static bool is_bound(int err)
{
	return err == EBUSY || err == EACCES || err == EPERM || err == EROFS;
}

static void report_create(const struct outfile *out, int err)
{
	if (err == ENOTSUP)
		msg_error("%s is not a regular file -- not overwritten",
			  msg_name(out->name));
	else
		msg_error("%s: %s", msg_name(out->name), strerror(err));
}

static int create_or_replace(struct outfile *out, const struct options *opt,
			     const struct infile *in)
{
	int err = create(out, opt, in);

	if (err == EEXIST) {
		err = remove_existing(out, opt, in);
		if (err < 0)
			return -1;
		if (opt->output && is_bound(err) && open_in_place(out, opt, in))
			return 0;
		if (!err)
			err = create(out, opt, in);
	}
	if (!err)
		return 0;
	report_create(out, err);
	return -1;
}

static int open_special(struct outfile *out, const struct infile *in)
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
	return in_is(in, out->fd) ? report_same_file(out) : 0;
}

/* Another descriptor of the same open file: its offset is that of the caller. */
static int open_descriptor(struct outfile *out, int number, const struct infile *in)
{
	out->fd = fcntl(number, F_DUPFD_CLOEXEC, 3);
	if (out->fd < 0) {
		msg_error("%s: %s", msg_name(out->name), strerror(errno));
		return -1;
	}
	return in_is(in, out->fd) ? report_same_file(out) : 0;
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
	if (opt->output_fd >= 0)
		return open_descriptor(out, opt->output_fd, in);
	if (stat(out->path, &st) == 0 && is_special(&st))
		return open_special(out, in);
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

/* Said of what was written in place when it is not complete. */
static const char stays_text[] =
	" is not complete: it could not be replaced, and cannot be removed";

bool out_is_readable(const struct outfile *out)
{
	return out->created || out->in_place;
}

bool out_may_be_shown(const struct outfile *out)
{
	struct stat st;

	if (out_is_readable(out))
		return false;
	return isatty(out->fd) ||
	       (fstat(out->fd, &st) == 0 &&
		(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)));
}

/* As late as possible: until there is something new, the old content is kept. */
static int empty(struct outfile *out)
{
	if (!out->in_place || out->emptied)
		return 0;
	snprintf(doomed_text, sizeof(doomed_text), "\n%s: %.*s%s\n", msg_program(),
		 PATH_MAX - 200, msg_name(out->name), stays_text);
	out->emptied = true;
	set_state(DOOMED_STAYS);
	if (ftruncate(out->fd, 0) == 0)
		return 0;
	msg_fault("%s: %s", msg_name(out->name), strerror(errno));
	return -1;
}

int out_write(struct outfile *out, const void *data, size_t len)
{
	if (empty(out) < 0)
		return -1;
	if (write_full(out->fd, data, len) < 0) {
		/* A reader who has seen enough, with SIGPIPE ignored. */
		if (errno == EPIPE)
			msg_set_status(STATUS_WARNING);
		else
			msg_fault("%s: %s", msg_name(out->name), strerror(errno));
		return -1;
	}
	out->written += len;
	if (!out_is_readable(out))
		flow_moved(out->is_stdout ? &stdout_flow : &out->flow, out->fd, len);
	return 0;
}

int out_rewind(struct outfile *out)
{
	if (ftruncate(out->fd, 0) < 0 || lseek(out->fd, 0, SEEK_SET) < 0) {
		msg_fault("%s: %s", msg_name(out->name), strerror(errno));
		return -1;
	}
	out->written = 0;
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
	if (empty(out) < 0)
		return -1;
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

/* What the group of the owner may do by an access control list. */
static mode_t group_rights(const struct posix_acl_xattr_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (le16toh(entries[i].e_tag) == ACL_GROUP_OBJ)
			return (le16toh(entries[i].e_perm) & 7u) << 3;
	return 0;
}

/*
 * An access control list of the input is kept, as its mode alone would let the
 * group do what the list lets anybody.  One that the directory has given to the
 * output is taken away, as it could let in whom the input kept out.
 *
 * Returns 0 or -1 with errno.
 */
static int copy_rights(int fd, const struct infile *from)
{
	struct {
		struct posix_acl_xattr_header header;
		struct posix_acl_xattr_entry entries[ACL_ENTRIES];
	} acl;
	ssize_t len = fgetxattr(from->fd, ACL_NAME, &acl, sizeof(acl));
	mode_t mode = from->st.st_mode & 0777;

	if (len >= (ssize_t)sizeof(acl.header)) {
		if (fsetxattr(fd, ACL_NAME, &acl, len, 0) == 0)
			return 0;
		len -= sizeof(acl.header);
		mode &= 0707 | group_rights(acl.entries, len / sizeof(acl.entries[0]));
	} else if (len >= 0 || errno == ERANGE) {
		mode &= 0707;
	}
	/* Looking costs less than removing what is not there. */
	if (fgetxattr(fd, ACL_NAME, NULL, 0) > 0 && fremovexattr(fd, ACL_NAME) < 0)
		return -1;
	return fchmod(fd, mode);
}

/*
 * The group before the rights: the other way round they would for a moment
 * hold for the wrong group.
 */
static void copy_status(struct outfile *out, const struct infile *in, uint32_t mtime)
{
	const struct stat *from = &in->st;
	struct timespec times[2] = { from->st_atim, from->st_mtim };

	if (mtime)
		times[1] = (struct timespec){ .tv_sec = mtime };
	if (futimens(out->fd, times) < 0)
		msg_warn("%s: %s", msg_name(out->name), strerror(errno));
	copy_owner(out, -1, from->st_gid);
	if (copy_rights(out->fd, in) < 0)
		msg_warn("%s: %s", msg_name(out->name), strerror(errno));
	copy_owner(out, from->st_uid, -1);
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
	       const struct infile *in, uint32_t mtime)
{
	if (out->created && in_is_model(in))
		copy_status(out, in, mtime);
	if (empty(out) < 0)
		return -1;
	if (opt->synchronous && out_sync(out) < 0)
		return -1;
	if (out->is_stdout)
		return 0;
	if (out_is_readable(out) && check_name(out) < 0)
		return -1;
	flow_end(&out->flow, out->fd);
	if (close(out->fd) < 0) {
		out->fd = -1;
		msg_fault("%s: %s", msg_name(out->name), strerror(errno));
		return -1;
	}
	out->fd = -1;
	set_state(DOOMED_DONE);
	out->created = false;
	out->in_place = false;
	return 0;
}

void out_settle(void)
{
	if (atomic_load(&doomed_state) != DOOMED_DONE)
		return;
	set_state(DOOMED_NONE);
	take_pending();
}

void out_discard(struct outfile *out)
{
	if (out->is_stdout || !out->path)
		return;
	if (out->created) {
		remove_doomed();
		set_state(DOOMED_NONE);
		out->created = false;
	} else if (out->in_place && out->emptied) {
		set_state(DOOMED_NONE);
		msg_fault("%s%s", msg_name(out->name), stays_text);
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
