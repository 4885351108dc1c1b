/* SPDX-License-Identifier: MIT */
/*
 * Run a command some times and tell what each run took.
 *
 * usage: timed_run [-n RUNS] [-C DIR] [-r FILE]... [-o FILE] [-p FILE]
 *                  COMMAND [ARG]...
 *
 *   -n  how often, default 1
 *   -C  go there first
 *   -r  remove FILE before each run, outside the time
 *   -o  standard output, made anew for each run; default /dev/null
 *   -p  run cat FILE | COMMAND | cat; only COMMAND's memory and CPU count
 *
 * Prints a line for each run: nanoseconds of wall clock, user, system, and the
 * main thread's CPU (-1 if not known), peak memory in KiB, exit status (128 and
 * the signal if there was one).
 *
 * A program of its own, as the kernel counts the memory of the process that
 * starts a command in the command's peak, and an interpreter has much of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REMOVE_MAX	16

extern char **environ;

struct plan {
	const char *remove[REMOVE_MAX];
	int n_remove;
	const char *out;
	const char *feed;
	char **argv;
};

struct result {
	int64_t wall_ns;
	int64_t main_ns;
	struct rusage usage;
	int status;
};

__attribute__((format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("timed_run: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(125);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int64_t timeval_ns(const struct timeval *tv)
{
	return (tv->tv_sec * INT64_C(1000000) + tv->tv_usec) * 1000;
}

static pid_t spawn(char **argv, int in, int out)
{
	posix_spawn_file_actions_t fa;
	pid_t pid;
	int ret;

	/* The descriptors themselves are closed by exec. */
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 1);
	ret = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	if (ret)
		die("%s: %s", argv[0], strerror(ret));
	return pid;
}

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags | O_CLOEXEC, 0666);

	if (fd < 0)
		die("%s: %s", name, strerror(errno));
	return fd;
}

static void make_pipe(int *fd)
{
	if (pipe2(fd, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
}

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0 || status)
		die("cat failed");
}

/*
 * What the first thread of a process that has ended, but was not waited for,
 * has run.  The kernel sums up the others and forgets them.
 */
static int64_t main_thread_ns(pid_t pid)
{
	long long ns = -1;
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/task/%d/schedstat", pid, pid);
	f = fopen(name, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%lld", &ns) != 1)
		ns = -1;
	fclose(f);
	return ns;
}

static void run_plain(const struct plan *plan, int in, int out, struct result *r)
{
	int64_t start = now_ns();
	siginfo_t si;
	pid_t pid;

	pid = spawn(plan->argv, in, out);
	if (waitid(P_PID, pid, &si, WEXITED | WNOWAIT))
		die("waitid: %s", strerror(errno));
	r->wall_ns = now_ns() - start;
	r->main_ns = main_thread_ns(pid);
	if (wait4(pid, &r->status, 0, &r->usage) != pid)
		die("wait4: %s", strerror(errno));
}

static void run_piped(const struct plan *plan, int in, int out, struct result *r)
{
	char *feed_argv[] = { "cat", (char *)plan->feed, NULL };
	char *sink_argv[] = { "cat", NULL };
	pid_t feed, tool, sink;
	int from[2], to[2];
	siginfo_t si;
	int64_t start;

	make_pipe(from);
	make_pipe(to);
	start = now_ns();
	sink = spawn(sink_argv, to[0], out);
	close(to[0]);
	tool = spawn(plan->argv, from[0], to[1]);
	close(from[0]);
	close(to[1]);
	feed = spawn(feed_argv, in, from[1]);
	close(from[1]);

	wait_for(sink);
	if (waitid(P_PID, tool, &si, WEXITED | WNOWAIT))
		die("waitid: %s", strerror(errno));
	r->wall_ns = now_ns() - start;
	r->main_ns = main_thread_ns(tool);
	if (wait4(tool, &r->status, 0, &r->usage) != tool)
		die("wait4: %s", strerror(errno));
	/* It fails, too, if the command did not read everything. */
	if (r->status)
		waitpid(feed, NULL, 0);
	else
		wait_for(feed);
}

static void run_once(const struct plan *plan, int in)
{
	struct result r;
	int out;

	for (int i = 0; i < plan->n_remove; i++)
		if (unlink(plan->remove[i]) && errno != ENOENT)
			die("%s: %s", plan->remove[i], strerror(errno));
	out = open_file(plan->out, O_WRONLY | O_CREAT | O_TRUNC);
	if (plan->feed)
		run_piped(plan, in, out, &r);
	else
		run_plain(plan, in, out, &r);
	close(out);
	printf("%lld %lld %lld %lld %ld %d\n", (long long)r.wall_ns,
	       (long long)timeval_ns(&r.usage.ru_utime),
	       (long long)timeval_ns(&r.usage.ru_stime), (long long)r.main_ns,
	       r.usage.ru_maxrss,
	       WIFSIGNALED(r.status) ? 128 + WTERMSIG(r.status) :
				       WEXITSTATUS(r.status));
}

int main(int argc, char **argv)
{
	struct plan plan = { .out = "/dev/null" };
	long runs = 1;
	int opt, in;

	while ((opt = getopt(argc, argv, "+n:C:r:o:p:")) != -1) {
		switch (opt) {
		case 'n':
			runs = strtol(optarg, NULL, 10);
			break;
		case 'C':
			if (chdir(optarg))
				die("%s: %s", optarg, strerror(errno));
			break;
		case 'r':
			if (plan.n_remove == REMOVE_MAX)
				die("too many files to remove");
			plan.remove[plan.n_remove++] = optarg;
			break;
		case 'o':
			plan.out = optarg;
			break;
		case 'p':
			plan.feed = optarg;
			break;
		default:
			return 125;
		}
	}
	if (optind == argc)
		die("no command");
	plan.argv = argv + optind;

	in = open_file("/dev/null", O_RDONLY);
	for (long i = 0; i < runs; i++)
		run_once(&plan, in);
	return fflush(stdout) ? 125 : 0;
}
