/* SPDX-License-Identifier: MIT */
/*
 * What it costs to start each of some short commands, beside the first of them.
 *
 * usage: compare_starts [-n ROUNDS] [-C DIR] [-i FILE] [-r FILE]...
 *                       COMMAND [ARG]... [-- COMMAND [ARG]...]...
 *
 *   -n  how often each runs, default 500
 *   -C  go there first
 *   -i  standard input, default /dev/null
 *   -r  remove FILE before each run, outside the time
 *
 * The commands run in turns, one run of each a round, so that whatever slows the
 * machine down hits all of them alike.  Standard output goes to /dev/null.
 * Prints a line for each command: the least and the median wall clock, both also
 * as what they are above those of the first command (which should be `true`), the
 * median CPU time (user and system), and the page faults, all in microseconds and
 * counts of one run.
 */
#include <errno.h>
#include <fcntl.h>
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

#define COMMANDS_MAX	32
#define REMOVE_MAX	16

extern char **environ;

struct command {
	char **argv;
	double *wall, *cpu, *faults;
};

struct plan {
	const char *remove[REMOVE_MAX];
	int n_remove;
	struct command commands[COMMANDS_MAX];
	int n_commands;
	int rounds;
	int in, out;
};

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("compare_starts: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(125);
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec * 1e-3;
}

static double timeval_us(const struct timeval *tv)
{
	return tv->tv_sec * 1e6 + tv->tv_usec;
}

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", name, strerror(errno));
	return fd;
}

static pid_t spawn(const struct plan *plan, char **argv)
{
	posix_spawn_file_actions_t fa;
	pid_t pid;
	int ret;

	/* The descriptors themselves are closed by exec. */
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, plan->in, 0);
	posix_spawn_file_actions_adddup2(&fa, plan->out, 1);
	ret = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	if (ret)
		die("%s: %s", argv[0], strerror(ret));
	return pid;
}

static void run_once(const struct plan *plan, struct command *c, int round)
{
	struct rusage usage;
	double begun;
	int status;
	pid_t pid;

	for (int i = 0; i < plan->n_remove; i++)
		if (unlink(plan->remove[i]) && errno != ENOENT)
			die("%s: %s", plan->remove[i], strerror(errno));
	lseek(plan->in, 0, SEEK_SET);
	begun = now_us();
	pid = spawn(plan, c->argv);
	if (wait4(pid, &status, 0, &usage) != pid)
		die("wait4: %s", strerror(errno));
	c->wall[round] = now_us() - begun;
	c->cpu[round] = timeval_us(&usage.ru_utime) + timeval_us(&usage.ru_stime);
	c->faults[round] = (double)usage.ru_minflt + (double)usage.ru_majflt;
	if (status)
		die("%s: status 0x%x", c->argv[0], status);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Also sorts them. */
static double median(double *values, int n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static double *room(int n)
{
	double *values = calloc(n, sizeof(*values));

	if (!values)
		die("memory exhausted");
	return values;
}

static void print_command(const struct command *c)
{
	for (char **arg = c->argv; *arg; arg++)
		printf(" %s", *arg);
	putchar('\n');
}

static void report(const struct plan *plan)
{
	double base_least = 0, base_median = 0;

	printf("  least  above median  above    CPU faults  command\n");
	for (int i = 0; i < plan->n_commands; i++) {
		const struct command *c = &plan->commands[i];
		double middle = median(c->wall, plan->rounds);

		if (!i) {
			base_least = c->wall[0];
			base_median = middle;
		}
		printf("%7.1f %6.1f %6.1f %6.1f %6.1f %6.0f ", c->wall[0],
		       c->wall[0] - base_least, middle, middle - base_median,
		       median(c->cpu, plan->rounds),
		       median(c->faults, plan->rounds));
		print_command(c);
	}
}

/* The rest of the arguments, cut at each "--". */
static void take_commands(struct plan *plan, char **argv)
{
	while (*argv) {
		struct command *c = &plan->commands[plan->n_commands];

		if (plan->n_commands++ == COMMANDS_MAX)
			die("too many commands");
		c->argv = argv;
		c->wall = room(plan->rounds);
		c->cpu = room(plan->rounds);
		c->faults = room(plan->rounds);
		while (*argv && strcmp(*argv, "--"))
			argv++;
		if (argv == c->argv)
			die("an empty command");
		if (*argv)
			*argv++ = NULL;
	}
	if (!plan->n_commands)
		die("no command");
}

static void take_options(struct plan *plan, int argc, char **argv)
{
	const char *in = "/dev/null";
	int opt;

	plan->rounds = 500;
	while ((opt = getopt(argc, argv, "+n:C:i:r:")) != -1) {
		switch (opt) {
		case 'n':
			plan->rounds = atoi(optarg);
			break;
		case 'C':
			if (chdir(optarg))
				die("%s: %s", optarg, strerror(errno));
			break;
		case 'i':
			in = optarg;
			break;
		case 'r':
			if (plan->n_remove == REMOVE_MAX)
				die("too many files to remove");
			plan->remove[plan->n_remove++] = optarg;
			break;
		default:
			exit(125);
		}
	}
	if (plan->rounds < 1)
		die("-n: a positive number, please");
	plan->in = open_file(in, O_RDONLY);
	plan->out = open_file("/dev/null", O_WRONLY);
}

int main(int argc, char **argv)
{
	struct plan plan = { 0 };

	take_options(&plan, argc, argv);
	take_commands(&plan, argv + optind);
	for (int round = 0; round < plan.rounds; round++)
		for (int i = 0; i < plan.n_commands; i++)
			run_once(&plan, &plan.commands[i], round);
	report(&plan);
	return fflush(stdout) ? 125 : 0;
}
