/* SPDX-License-Identifier: MIT */
/*
 * Input files: which may be read, under what name, and how; names with and
 * without suffix; reads and writes that do not give up early.
 */
#ifndef CLI_FILEIO_H
#define CLI_FILEIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "channel.h"
#include "options.h"
#include "source.h"

/*
 * struct infile - one input
 * @name:    for messages: the path with the suffix that was found, or "stdin"
 * @path:    the same, allocated; NULL for standard input
 * @base:    in @path, the part below @dir_fd
 * @dir_fd:  where @base is; AT_FDCWD, the caller's, or, if @own_dir, ours
 * @follow:  @base may be a symbolic link
 * @st:      what the file was when it was opened
 * @is_descriptor: @path names a descriptor of the caller, and that is what is read
 * @messages: a socket with a message a read
 * @start:   offset of the first byte to read
 * @record:  bytes that a read must have room for, if it is no regular file
 * @head:    bytes read in advance, @head_pos to @head_len still to be handed out
 * @taken:   bytes handed out
 */
struct infile {
	const char *name;
	char *path;
	const char *base;
	int dir_fd;
	int fd;
	bool own_dir;
	bool is_stdin;
	bool is_descriptor;
	bool regular;
	bool follow;
	bool messages;
	struct stat st;
	off_t start;
	size_t record;
	unsigned char *head;
	size_t head_room;
	size_t head_pos;
	size_t head_len;
	uint64_t taken;
	struct flow flow;
};

enum open_result {
	OPEN_OK,
	OPEN_DIRECTORY,		/* @fd is the directory */
	OPEN_FAILED,		/* reported */
};

/*
 * in_open() - open an input named by the user or found in a directory
 * @dir_fd: the directory in which the last component of @path is, the caller's
 *          until in_close(), or AT_FDCWD to go by @path
 * @path:   copied
 *
 * Looks for @path with a suffix if decompressing and there is no @path.
 */
enum open_result in_open(struct infile *in, const struct options *opt,
			 int dir_fd, const char *path);

/*
 * in_open_ahead() - the same for compression, while earlier files are not done
 *
 * What it opens, in_open() would have opened in the same way and without a
 * message; links are left to that.  OPEN_FAILED is not reported, and means no
 * more than that in_open() is to decide.
 */
enum open_result in_open_ahead(struct infile *in, const struct options *opt,
			       int dir_fd, const char *path);

/* Standard input as an input; OPEN_OK or OPEN_FAILED. */
enum open_result in_open_stdin(struct infile *in);

void in_close(struct infile *in);

/* Whether the input goes away once the output is there. */
bool in_replaced(const struct options *opt);

/*
 * in_remove() - delete the input, if its name still means the file that was read
 *
 * Prints nothing, as signals wait for it.
 *
 * Return: 0, -ESTALE where the name means another file by now, or what the system said.
 */
int in_remove(struct infile *in);

/* Bytes to come, or WD_COMP_SIZE_UNKNOWN. */
uint64_t in_size(const struct infile *in);

/*
 * in_peek() - look at the first bytes
 *
 * Returns the number of bytes in @in->head, less than @want only at the end of
 * the file, or -1 with errno.
 */
ssize_t in_peek(struct infile *in, size_t want);

/* As read(2), but with EINTR and EAGAIN dealt with, and no record cut. */
ssize_t in_read(struct infile *in, void *buf, size_t room);

/* Read a regular file once more from its beginning; 0 or -1 with errno. */
int in_rewind(struct infile *in);

/* Whether in_read() would have to wait, for more than a pause of a busy writer. */
bool in_would_wait(const struct infile *in);

/*
 * in_source() - @in as a source of the bytes that were not handed out yet
 *
 * A regular file of which none was read can be read side by side.
 */
struct source in_source(struct infile *in);

/* Whether size and time are what they were when the file was opened. */
bool in_is_unchanged(const struct infile *in);

/* Whether @in is the file, or the disk, open as @fd. */
bool in_is(const struct infile *in, int fd);

/* Whether @in has a mode, an owner and times that its output shall have, too. */
bool in_is_model(const struct infile *in);

/* Write all of it; 0 or -1 with errno. */
int write_full(int fd, const void *buf, size_t len);

/* Read at an offset until @len or the end; the count or -1 with errno. */
ssize_t pread_full(int fd, void *buf, size_t len, off_t offset);

/*
 * split_path() - find the directory of a path
 * @dir_fd: set to AT_FDCWD, or to a new descriptor, then @own is set
 * @base:   set to the rest of @path
 *
 * Returns 0, or -1 with errno, then @dir_fd and @base go by the whole path.
 */
int split_path(const char *path, int *dir_fd, bool *own, const char **base);

/* The suffix of @base that says it is compressed, or NULL. */
const char *find_suffix(const struct options *opt, const char *base);

/*
 * The path of the output, allocated, from that of the input; NULL if there is
 * to be none, which was reported (or out of memory, reported too).
 */
char *output_path(const struct options *opt, const struct infile *in);

/* @path with its last component replaced by @base; allocated, NULL if no memory. */
char *replace_base(const char *path, const char *base);

#endif
