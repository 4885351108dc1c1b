/* SPDX-License-Identifier: MIT */
/*
 * Sockets with a name in the file system.
 */
#ifndef SIM_UNIX_SOCKET_H
#define SIM_UNIX_SOCKET_H

/*
 * Listen there, for this user only; a socket that nobody listens at any more is
 * replaced.  The file descriptor, -EADDRINUSE if somebody does, -EEXIST if something
 * else has that name, or another error.
 */
int unix_listen(const char *path);

/* Wait until a client is accepted: its file descriptor, or -ECANCELED. */
int unix_accept(int listener, int stop);

#endif
