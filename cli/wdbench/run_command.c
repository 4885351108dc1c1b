/* SPDX-License-Identifier: MIT */
/*
 * A command of somebody else's: the input on its standard input, in a file in memory,
 * its output to /dev/null while the time is taken, and looked at once before.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format.h"
#include "run.h"
#include "verify.h"

extern char **environ;

struct command {
	struct result *r;
	struct pack pack;
	int in_fd;
	int null_fd;
};

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The command with @out_fd as standard output; 0 or -1 with @why. */
static int run_command(struct command *c, int out_fd)
{
	char *const argv[] = { "sh", "-c", (char *)c->r->setup.command, NULL };
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	int ret, status = 0;
	pid_t pid;

	if (lseek(c->in_fd, 0, SEEK_SET) < 0)
		return runner_fail(c->r, "rewinding the input", -errno);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, c->in_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	ret = posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		return runner_fail(c->r, "/bin/sh", -ret);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return runner_fail(c->r, "/bin/sh", -errno);
	if (c->r->peak_kib < (uint64_t)usage.ru_maxrss)
		c->r->peak_kib = (uint64_t)usage.ru_maxrss;
	if (status && !bench_stop) {
		snprintf(c->r->why, sizeof(c->r->why), "the command's status is %d",
			 WIFEXITED(status) ? WEXITSTATUS(status) :
					     128 + WTERMSIG(status));
		return -1;
	}
	return 0;
}

static int check_output(struct command *c, const uint8_t *out, size_t len)
{
	const struct wd_format *gzip = wd_format_of(WD_COMP_GZIP);
	const struct data *in = c->r->input;

	if (c->r->setup.op == WD_COMP_DECOMPRESS)
		return len == in->size && !memcmp(out, in->bytes, len) ? 0 : -EBADMSG;
	/* What is no gzip is taken as it is: it may be another format. */
	if (len < gzip->magic_len || memcmp(out, gzip->magic, gzip->magic_len))
		return 0;
	return verify_packed(WD_COMP_GZIP, out, len, in->bytes, in->size);
}

static int look_at_output(struct command *c)
{
	int fd = memfd_create("wdbench output", MFD_CLOEXEC);
	void *out = MAP_FAILED;
	off_t len = 0;
	int ret;

	if (fd < 0)
		return runner_fail(c->r, "memfd_create", -errno);
	ret = run_command(c, fd);
	if (!ret)
		len = lseek(fd, 0, SEEK_END);
	if (!ret && len > 0)
		out = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (ret)
		return ret;
	if (out == MAP_FAILED) {
		snprintf(c->r->why, sizeof(c->r->why), "the command wrote nothing");
		return -1;
	}
	if (c->r->setup.op == WD_COMP_COMPRESS)
		c->r->packed = (uint64_t)len;
	ret = check_output(c, out, (size_t)len);
	munmap(out, (size_t)len);
	return ret ? runner_fail(c->r, "wrong output", ret) : 0;
}

static int command_pass(void *state)
{
	struct command *c = state;

	return run_command(c, c->null_fd) < 0 ? -EIO : 0;
}

static int command_run(void *state, double seconds, struct round *round)
{
	struct command *c = state;

	if (runner_passes(command_pass, c, seconds, round))
		return -1;
	round->bytes = round->passes * c->r->input->size;
	return 0;
}

static int command_check(void *state)
{
	(void)state;
	return 0;
}

static int command_open(struct result *r, void **state)
{
	struct command *c = *state = calloc(1, sizeof(*c));
	const struct block *b;
	int ret;

	if (!c)
		return runner_fail(r, "preparing", -ENOMEM);
	c->r = r;
	c->in_fd = c->null_fd = -1;
	if (pack_make(&c->pack, r, 0) < 0)
		return -1;
	c->in_fd = memfd_create("wdbench input", MFD_CLOEXEC);
	c->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (c->in_fd < 0 || c->null_fd < 0)
		return runner_fail(r, "preparing", -errno);
	b = c->pack.blocks;
	r->packed = c->pack.packed_len;
	if (b->packed)
		ret = write_all(c->in_fd, b->packed, b->packed_len);
	else
		ret = write_all(c->in_fd, b->plain, b->plain_len);
	if (ret)
		return runner_fail(r, "preparing", ret);
	return look_at_output(c);
}

static void command_close(void *state)
{
	struct command *c = state;

	if (!c)
		return;
	if (c->in_fd >= 0)
		close(c->in_fd);
	if (c->null_fd >= 0)
		close(c->null_fd);
	pack_free(&c->pack);
	free(c);
}

const struct runner_ops command_runner = {
	command_open, command_run, command_check, command_close,
};
