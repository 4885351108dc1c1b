/* SPDX-License-Identifier: MIT */
/*
 * An open directory that files below it still need.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"

struct directory *directory_open(int fd)
{
	struct directory *dir = calloc(1, sizeof(*dir));
	struct stat st;
	int err;

	if (!dir || fstat(fd, &st) < 0)
		goto err_free;
	dir->stream = fdopendir(fd);
	if (!dir->stream)
		goto err_free;
	dir->fd = fd;
	dir->dev = st.st_dev;
	dir->ino = st.st_ino;
	dir->users = 1;
	return dir;

err_free:
	err = errno;
	free(dir);
	close(fd);
	errno = err;
	return NULL;
}

struct directory *directory_get(struct directory *dir)
{
	if (dir)
		dir->users++;
	return dir;
}

void directory_put(struct directory *dir)
{
	if (!dir || --dir->users)
		return;
	closedir(dir->stream);
	free(dir);
}

int directory_fd(const struct directory *dir)
{
	return dir ? dir->fd : AT_FDCWD;
}
