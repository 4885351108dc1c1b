/* SPDX-License-Identifier: MIT */
/*
 * The progress line, and the one that SIGUSR1 asks for.
 *
 * On a terminal one line is written over again and again, and taken away
 * before any message.  Elsewhere, if --progress asks for it, each update is a
 * line of its own.  Unasked there is only the former, in the foreground, and not
 * when the data goes to standard output or another pipe: what reads it may have the
 * same screen.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "progress.h"
#include "termline.h"

#define FIRST_AFTER	0.5	/* seconds */
#define EVERY		0.1	/* seconds, on a terminal */
#define EVERY_LINE	1.0	/* seconds, elsewhere */
#define REST_MAX	160	/* bytes of a line after the name */

static volatile sig_atomic_t line_wanted;
static pthread_t main_thread;

static bool forced;		/* by --progress */
static bool unasked;		/* there may be a line without being asked for */
static bool enabled;		/* for this file */
static bool in_place;		/* write over the same line */
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

static bool wanted_unasked(const struct options *opt)
{
	return opt->progress == PROGRESS_AUTO && in_place && !opt->verbose;
}

void progress_init(const struct options *opt)
{
	struct sigaction sa = { .sa_handler = on_sigusr1 };
	struct sigaction old;

	main_thread = pthread_self();
	in_place = termline_possible();
	if (!opt->list && !opt->quiet) {
		forced = opt->progress == PROGRESS_ON;
		unasked = wanted_unasked(opt);
	}
	msg_set_hook(termline_clear);

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

/* What there is to say after the name. */
static void format_rest(char *text, size_t size)
{
	double seconds = now() - begun;
	double rate = seconds > 0 ? bytes_in / seconds : 0;
	int len;

	if (file_size != WD_COMP_SIZE_UNKNOWN && file_size)
		len = snprintf(text, size, ": %.0f%% of %.1f MiB",
			       100.0 * bytes_in / file_size, mib(file_size));
	else
		len = snprintf(text, size, ": %.1f MiB", mib(bytes_in));
	len += snprintf(text + len, size - len, ", %.1f MiB written, %.1f MiB/s",
			mib(bytes_out), rate / 1048576);
	if (file_size != WD_COMP_SIZE_UNKNOWN && rate > 0 && bytes_in <= file_size)
		snprintf(text + len, size - len, ", %.0f s left",
			 (file_size - bytes_in) / rate);
}

/* The same for a narrow terminal. */
static void format_short_rest(char *text, size_t size)
{
	double seconds = now() - begun;
	double rate = seconds > 0 ? bytes_in / seconds : 0;

	if (file_size != WD_COMP_SIZE_UNKNOWN && file_size)
		snprintf(text, size, ": %.0f%%, %.1f MiB/s",
			 100.0 * bytes_in / file_size, rate / 1048576);
	else
		snprintf(text, size, ": %.1f MiB, %.1f MiB/s", mib(bytes_in),
			 rate / 1048576);
}

static void show_line(void)
{
	char rest[REST_MAX];

	format_rest(rest, sizeof(rest));
	msg_plain("%s%s\n", msg_name(file_name), rest);
	fflush(stderr);
}

/* A job in the background is stopped for writing, or writes over the prompt. */
static void show_in_place(void)
{
	char rest[REST_MAX], short_rest[REST_MAX];
	const char *const rests[] = { rest, short_rest, NULL };

	if (forced ? termline_in_background() : !termline_ours())
		return;
	format_rest(rest, sizeof(rest));
	format_short_rest(short_rest, sizeof(short_rest));
	termline_show("", msg_name(file_name), rests);
}

void progress_begin(const char *name, uint64_t size, bool to_stdout)
{
	file_name = name;
	file_size = size;
	enabled = forced || (unasked && !to_stdout);
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
		show_line();
	}
	if (enabled && now() >= next_line) {
		if (in_place)
			show_in_place();
		else
			show_line();
		next_line = now() + (in_place ? EVERY : EVERY_LINE);
	}
}

void progress_withhold(void)
{
	enabled = forced;
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
	termline_clear();
	file_name = NULL;
	enabled = false;
}
