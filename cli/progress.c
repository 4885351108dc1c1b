/* SPDX-License-Identifier: MIT */
/*
 * The progress line, and the one that SIGUSR1 asks for.
 *
 * On a terminal one line is written over again and again, and taken away
 * before any message.  Elsewhere, if --progress asks for it, each update is a
 * line of its own.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "progress.h"

#define FIRST_AFTER	0.5	/* seconds */
#define EVERY		0.1	/* seconds, on a terminal */
#define EVERY_LINE	1.0	/* seconds, elsewhere */
#define LINE_MAX_LEN	160

static volatile sig_atomic_t line_wanted;
static pthread_t main_thread;

static bool enabled;
static bool in_place;		/* write over the same line */
static int shown;		/* columns of the line that is on the terminal now */
static const char *file_name;	/* NULL between files */
static uint64_t file_size;
static uint64_t bytes_in;
static uint64_t bytes_out;
static double begun;
static double next_line;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static void on_sigusr1(int sig)
{
	line_wanted = 1;
	/* The thread that reads and writes must notice, whichever was hit. */
	if (!pthread_equal(pthread_self(), main_thread))
		pthread_kill(main_thread, sig);
}

static void clear_line(void)
{
	if (!shown)
		return;
	fprintf(stderr, "\r%*s\r", shown, "");
	shown = 0;
}

static bool wanted(const struct options *opt)
{
	const char *term = getenv("TERM");

	if (opt->list || opt->quiet || opt->progress == PROGRESS_OFF)
		return false;
	if (opt->progress == PROGRESS_ON)
		return true;
	if (!isatty(STDERR_FILENO) || (term && !strcmp(term, "dumb")))
		return false;
	/* Neither between the lines of the data, nor of -v. */
	return !opt->verbose &&
	       !(opt->to_stdout && !opt->test && isatty(STDOUT_FILENO));
}

void progress_init(const struct options *opt)
{
	struct sigaction sa = { .sa_handler = on_sigusr1 };
	struct sigaction old;
	const char *term = getenv("TERM");

	main_thread = pthread_self();
	enabled = wanted(opt);
	in_place = isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb"));
	msg_set_hook(clear_line);

	/* Without SA_RESTART: a read that waits shall return. */
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(SIGUSR1, &sa, NULL);
}

bool progress_enabled(void)
{
	return enabled;
}

static double mib(uint64_t bytes)
{
	return bytes / 1048576.0;
}

static int format_line(char *line, size_t size)
{
	double seconds = now() - begun;
	double rate = seconds > 0 ? bytes_in / seconds : 0;
	int len;

	len = snprintf(line, size, "%.60s: ", msg_name(file_name));
	if (file_size != WD_COMP_SIZE_UNKNOWN && file_size)
		len += snprintf(line + len, size - len, "%.0f%% of %.1f MiB",
				100.0 * bytes_in / file_size, mib(file_size));
	else
		len += snprintf(line + len, size - len, "%.1f MiB", mib(bytes_in));
	len += snprintf(line + len, size - len, ", %.1f MiB written, %.1f MiB/s",
			mib(bytes_out), rate / 1048576);
	if (file_size != WD_COMP_SIZE_UNKNOWN && rate > 0 && bytes_in <= file_size)
		len += snprintf(line + len, size - len, ", %.0f s left",
				(file_size - bytes_in) / rate);
	return len;
}

static void show(bool over)
{
	char line[LINE_MAX_LEN + 128];
	int len = format_line(line, sizeof(line));

	if (over) {
		fprintf(stderr, "\r%s", line);
		/* What is left of a longer line before. */
		if (len < shown)
			fprintf(stderr, "%*s", shown - len, "");
		shown = len > shown ? len : shown;
	} else {
		msg_plain("%s\n", line);
	}
	fflush(stderr);
}

void progress_begin(const char *name, uint64_t size)
{
	file_name = name;
	file_size = size;
	bytes_in = 0;
	bytes_out = 0;
	begun = now();
	next_line = begun + FIRST_AFTER;
}

void progress_tick(void)
{
	if (!file_name)
		return;
	if (line_wanted) {
		line_wanted = 0;
		show(false);
	}
	if (enabled && now() >= next_line) {
		show(in_place);
		next_line = now() + (in_place ? EVERY : EVERY_LINE);
	}
}

void progress_await(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	sigset_t usr1, before;

	/* A signal between looking and waiting would be seen too late. */
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, &before);
	progress_tick();
	ppoll(&pfd, 1, NULL, &before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void progress_update(uint64_t in_bytes, uint64_t out_bytes)
{
	bytes_in = in_bytes;
	bytes_out = out_bytes;
	if (enabled || line_wanted)
		progress_tick();
}

void progress_end(void)
{
	clear_line();
	file_name = NULL;
}
