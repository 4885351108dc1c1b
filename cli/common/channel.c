/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that the caller has opened, and what is no file: standard streams
 * and their names, records, pipes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LINKS_MAX	40		/* that are followed, as by the kernel */
#define RECORD		(64u << 10)	/* bytes; a page, the most in a packet, is not more */
#define TAPE_RECORD	(1u << 20)	/* bytes */
#define PIPE_PAGES	16		/* that a pipe has room for by default */
#define PIPE_SIZE	(256 << 10)	/* bytes that it gets room for */
#define FLOW_MIN	(2u << 20)	/* bytes before a pipe is worth anything */
#define SPARE_PIPES	4		/* of SPARE_SIZE, that must be left to others */
#define SPARE_SIZE	(1 << 20)

/* ---- standard streams ---- */

static bool stand_in[3];

void channel_occupy_standard_streams(void)
{
	static const int flags[] = { O_WRONLY, O_RDONLY, O_RDWR };

	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		stand_in[fd] = true;
		open("/dev/null", flags[fd]);
	}
}

/* What was passed on to this program does not close on exec; its own all do. */
static bool is_open(int fd, int refused_mode)
{
	int mode = fcntl(fd, F_GETFL) & O_ACCMODE;

	if (fcntl(fd, F_GETFD) != 0 || (fd < 3 && stand_in[fd]))
		return false;
	return mode != refused_mode;
}

bool channel_is_readable(int fd)
{
	return is_open(fd, O_WRONLY);
}

bool channel_is_writable(int fd)
{
	return is_open(fd, O_RDONLY);
}

/* ---- their names ---- */

/* -1 unless it is one, in the form that the kernel has for it. */
static int parse_number(const char *text)
{
	unsigned long value;
	char *end;

	if (*text < '0' || *text > '9' || (*text == '0' && text[1]))
		return -1;
	errno = 0;
	value = strtoul(text, &end, 10);
	return errno || *end || value > INT_MAX ? -1 : (int)value;
}

int channel_spelled(const char *path)
{
	static const char *const streams[] = {
		"/dev/stdin", "/dev/stdout", "/dev/stderr",
	};
	static const char *const directories[] = {
		"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/",
	};

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++)
		if (!strcmp(path, streams[i]))
			return i;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		size_t len = strlen(directories[i]);

		if (!strncmp(path, directories[i], len))
			return parse_number(path + len);
	}
	return -1;
}

/* Whether the directory @path, "" for the current one, is that of our descriptors. */
static bool has_descriptors(const char *path)
{
	static const char *const directories[] = {
		"/proc/self/fd", "/proc/thread-self/fd",
	};
	int fd = open(*path ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st, own;
	bool found = false;

	if (fd < 0)
		return false;
	/* Open, it keeps its number. */
	if (fstat(fd, &st) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(directories) && !found; i++)
			found = stat(directories[i], &own) == 0 &&
				st.st_dev == own.st_dev && st.st_ino == own.st_ino;
	close(fd);
	return found;
}

/* What the link @path leads to, relative to where @path is; allocated, or NULL. */
static char *follow(const char *path, size_t dir_len)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	char *result;

	if (len <= 0)
		return NULL;
	target[len] = '\0';
	if (*target == '/')
		return strdup(target);
	if (asprintf(&result, "%.*s%s", (int)dir_len, path, target) < 0)
		return NULL;
	return result;
}

/* The number that @path means by itself, -1 if it is none; then @next may lead on. */
static int look_at(const char *path, char **next)
{
	const char *slash = strrchr(path, '/');
	size_t dir_len = slash ? (size_t)(slash + 1 - path) : 0;
	int number = channel_spelled(path);
	char *dir;

	*next = NULL;
	if (number >= 0)
		return number;
	number = parse_number(path + dir_len);
	if (number >= 0) {
		dir = strndup(path, dir_len);
		if (!dir || !has_descriptors(dir))
			number = -1;
		free(dir);
	}
	if (number < 0)
		*next = follow(path, dir_len);
	return number;
}

int channel_named(const char *path)
{
	char *here, *next;
	int number = look_at(path, &next);

	for (int i = 0; next && i < LINKS_MAX; i++) {
		here = next;
		number = look_at(here, &next);
		free(here);
	}
	free(next);
	return number;
}

static bool is_file_of_stdout(const char *name)
{
	struct stat named, open;

	return channel_is_writable(STDOUT_FILENO) && stat(name, &named) == 0 &&
	       fstat(STDOUT_FILENO, &open) == 0 &&
	       named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

bool channel_is_stdout(const char *name)
{
	return !strcmp(name, "-") || channel_named(name) == STDOUT_FILENO ||
	       is_file_of_stdout(name);
}

/* ---- records ---- */

size_t channel_record(const struct stat *st)
{
	return S_ISCHR(st->st_mode) ? TAPE_RECORD : RECORD;
}

bool channel_has_messages(int fd, const struct stat *st)
{
	socklen_t len = sizeof(int);
	int type;

	return S_ISSOCK(st->st_mode) &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type != SOCK_STREAM;
}

size_t channel_next_message(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char byte;

	for (;;) {
		ssize_t len = recv(fd, &byte, 1, MSG_PEEK | MSG_TRUNC);

		if (len >= 0)
			return len;
		if (errno == EAGAIN)
			poll(&pfd, 1, -1);
		else if (errno != EINTR)
			return 0;
	}
}

/* ---- pipes ---- */

/*
 * A user's pipes share a limit, and once it is reached new ones get a fraction of
 * what they usually have.  How much is left can only be found out by taking it.
 */
static bool leaves_room(void)
{
	int fds[SPARE_PIPES][2];
	bool enough = true;
	int n;

	for (n = 0; n < SPARE_PIPES && enough; n++) {
		if (pipe2(fds[n], O_CLOEXEC) < 0)
			break;
		enough = fcntl(fds[n][0], F_SETPIPE_SZ, SPARE_SIZE) >= SPARE_SIZE;
	}
	enough = enough && n == SPARE_PIPES;
	while (n--) {
		close(fds[n][0]);
		close(fds[n][1]);
	}
	return enough;
}

/* A pipe of another size is as somebody wants it, or the other end was faster. */
static void enlarge(struct flow *flow, int fd)
{
	int size = fcntl(fd, F_GETPIPE_SZ);

	if (size != PIPE_PAGES * sysconf(_SC_PAGESIZE) || size >= PIPE_SIZE ||
	    !leaves_room())
		return;
	if (fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE) > 0)
		flow->before = size;
}

void flow_moved(struct flow *flow, int fd, size_t len)
{
	flow->moved += len;
	if (flow->looked || flow->moved < FLOW_MIN)
		return;
	flow->looked = true;
	enlarge(flow, fd);
}

void flow_end(struct flow *flow, int fd)
{
	/* Fails if the pipe holds more: then it stays until it is gone. */
	if (flow->before)
		fcntl(fd, F_SETPIPE_SZ, flow->before);
	memset(flow, 0, sizeof(*flow));
}
