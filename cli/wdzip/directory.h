/* SPDX-License-Identifier: MIT */
/*
 * An open directory that files below it still need, after its last name was
 * looked at.
 */
#ifndef CLI_DIRECTORY_H
#define CLI_DIRECTORY_H

#include <dirent.h>
#include <sys/types.h>

/*
 * struct directory - shared by who reads it and the files found in it
 * @stream: its descriptor is what the files are opened and made by
 * @users:  closed when the last one has gone
 */
struct directory {
	DIR *stream;
	int fd;
	dev_t dev;
	ino_t ino;
	unsigned int users;
};

/* @fd is taken over, also on failure.  NULL with errno; else with one user. */
struct directory *directory_open(int fd);

/* One user more, or less; NULL is fine. */
struct directory *directory_get(struct directory *dir);
void directory_put(struct directory *dir);

/* For openat(): AT_FDCWD if there is none. */
int directory_fd(const struct directory *dir);

#endif
