/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that the caller has opened, and what is no file: standard streams
 * and their names, records, pipes.
 */
#ifndef CLI_CHANNEL_H
#define CLI_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * A file must not be opened under the number of a standard stream that the
 * caller has closed: it would be taken for that stream.  What stands in for it
 * cannot be used in its direction.
 */
void channel_occupy_standard_streams(void);

/*
 * channel_named() - the descriptor that a name means
 *
 * /dev/stdin, /dev/stdout, /dev/stderr, and what is in /dev/fd and in
 * /proc/self/fd, by whatever path or link it is reached.
 *
 * Returns its number, whether it is open or not, or -1.
 */
int channel_named(const char *path);

/* The same for these names as they are usually written, without a system call. */
int channel_spelled(const char *path);

/* Whether the caller, not this program, has opened @fd for that. */
bool channel_is_readable(int fd);
bool channel_is_writable(int fd);

/*
 * channel_is_stdout() - whether an output name means standard output
 *
 * "-", a name of the descriptor, or of the file that it writes to: that file is
 * written to where the descriptor stands, and is neither emptied nor replaced.
 */
bool channel_is_stdout(const char *name);

/*
 * channel_record() - bytes that each read must have room for
 *
 * Pipes in packet mode, tapes and some sockets hand out one record a read and drop
 * what does not fit; and some files that the kernel makes up can be read in
 * one piece only.
 */
size_t channel_record(const struct stat *st);

/* Whether @fd is a socket that hands out messages, which may be of any size. */
bool channel_has_messages(int fd, const struct stat *st);

/* Bytes of the next message in @fd, for which it may have to wait, or 0. */
size_t channel_next_message(int fd);

/*
 * struct flow - what went through a descriptor that may be a pipe
 * @before: bytes that the pipe could hold before it was enlarged, or 0
 */
struct flow {
	uint64_t moved;
	int before;
	bool looked;
};

/* So many bytes more: enlarges a pipe where that pays and harms nobody. */
void flow_moved(struct flow *flow, int fd, size_t len);

/* Make the pipe what it was, if what it holds allows that. */
void flow_end(struct flow *flow, int fd);

#endif
