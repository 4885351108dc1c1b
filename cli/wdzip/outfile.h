/* SPDX-License-Identifier: MIT */
/*
 * Output files: created where nothing was, complete or gone.  What cannot be
 * replaced is written to: devices, descriptors, files held in their place.
 */
#ifndef CLI_OUTFILE_H
#define CLI_OUTFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "fileio.h"
#include "options.h"

/*
 * struct outfile - one output
 * @name:    for messages: the path, or "stdout"
 * @path:    the same, allocated; NULL for standard output
 * @base:    in @path, the part below @dir_fd
 * @created: a new regular file: removed unless out_finish() succeeds
 * @in_place: a file that was there and stays, with another content
 * @emptied: of that the old content is gone
 * @st:      what it was when it was opened, if @created or @in_place
 * @written: bytes
 */
struct outfile {
	const char *name;
	char *path;
	const char *base;
	int dir_fd;
	int fd;
	bool own_dir;
	bool is_stdout;
	bool created;
	bool in_place;
	bool emptied;
	struct stat st;
	uint64_t written;
	struct flow flow;
};

/* Catch the signals that end a program, to remove what is not complete. */
void out_init(const struct options *opt);

/* Standard output as an output. */
void out_open_stdout(struct outfile *out);

/*
 * out_open() - create an output file
 * @path: allocated; taken over, also on failure
 * @in:   the input: what is never overwritten, and, for a file beside it, whose
 *        directory is used
 *
 * Asks, or refuses, if there is such a file already.
 *
 * Returns 0, or -1 after reporting.
 */
int out_open(struct outfile *out, const struct options *opt,
	     const struct infile *in, char *path);

/* Whether what was written can be read back, by --verify. */
bool out_is_readable(const struct outfile *out);

/* Whether it is a terminal, or read by a program that may write to one. */
bool out_may_be_shown(const struct outfile *out);

/* How often the user was asked so far, each of which may have taken long. */
unsigned int out_questions(void);

/* 0, or -1 after reporting; nothing more can be written then. */
int out_write(struct outfile *out, const void *data, size_t len);

/* Give up what was written to a file that is readable; 0 or -1 after reporting. */
int out_rewind(struct outfile *out);

/* Bring it to the disk; 0 or -1 after reporting. */
int out_sync(struct outfile *out);

/*
 * out_finish() - the output is complete
 * @in:    the input, whose times, rights and owner a new file gets, if it has any
 * @mtime: a time to have instead of the input's, if not 0
 *
 * Returns 0, or -1 after reporting: out_discard() is to follow.  After 0 signals wait for
 * out_settle(), so that none leaves both the output and an input that it replaces.
 */
int out_finish(struct outfile *out, const struct options *opt,
	       const struct infile *in, uint32_t mtime);

/* The input was removed, or stays: what is printed then nobody may have to wait for. */
void out_settle(void);

/*
 * Give up: close, and remove what was created, or report what cannot be removed.
 * Harmless after out_finish().
 */
void out_discard(struct outfile *out);

/* Close standard output at the end of the run; reports what that tells. */
void out_close_stdout(void);

#endif
