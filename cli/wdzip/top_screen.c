/* SPDX-License-Identifier: MIT */
/*
 * A terminal that is written over again and again, and is in the end as it was.
 *
 * Keys arrive one by one and are not shown, and the table is on the alternate screen, so
 * that what was on the terminal before comes back.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "fatal.h"
#include "top_screen.h"

#define COLUMNS_DEFAULT 80 /* where the terminal does not know */
#define ROWS_DEFAULT	24

/* Alternate screen and no cursor; and back. */
#define TAKE	      "\033[?1049h\033[?25l"
#define GIVE	      "\033[0m\033[?25h\033[?1049l"
#define HOME	      "\033[H"
#define REST_OFF      "\033[K" /* of the line */
#define ALL_OFF	      "\033[J" /* from here to the end */

#define KEY_INTERRUPT 3 /* Ctrl-C, where the terminal makes no signal of it */
#define KEY_END	      4

static volatile sig_atomic_t taken;
static bool has_modes;	     /* standard input is a terminal, too */
static struct termios modes; /* before */
static bool keys;	     /* standard input still has some */
static sigset_t mask_before;

static volatile sig_atomic_t was_resized;
static volatile sig_atomic_t was_continued;
static volatile sig_atomic_t shall_stop;

bool screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb");
}

/* Then what is on it is somebody else's. */
static bool in_background(void)
{
	pid_t group = tcgetpgrp(STDOUT_FILENO);

	return group > 0 && group != getpgrp();
}

/* ---- taking and giving ---- */

static bool write_all(const char *text, size_t len)
{
	while (len) {
		struct pollfd pfd = { .fd = STDOUT_FILENO, .events = POLLOUT };
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n >= 0) {
			text += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&pfd, 1, -1);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

/*
 * Until the shell gives the terminal: before, its modes are the shell's own.  Who cannot be
 * stopped goes on.
 */
static void await_foreground(void)
{
	if (in_background())
		raise(SIGTTOU);
}

/*
 * In the background this stops the process until it is in the foreground.  Whoever had
 * the terminal meanwhile may have left it in any state.
 */
static void take(void)
{
	struct termios raw = modes;

	await_foreground();
	taken = 1;
	if (has_modes) {
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		while (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0 &&
		       errno == EINTR)
			;
	}
	write_all(TAKE, strlen(TAKE));
}

/* Called by signals, too. */
static void give(void)
{
	if (!taken || in_background())
		return;
	write_all(GIVE, strlen(GIVE));
	if (has_modes)
		tcsetattr(STDIN_FILENO, TCSANOW, &modes);
	/* Last: twice does no harm, not at all would. */
	taken = 0;
}

/* ---- signals ---- */

static const int more_fatal_signals[] = {
	SIGQUIT, SIGILL,  SIGABRT, SIGBUS,  SIGFPE,
	SIGSEGV, SIGALRM, SIGUSR1, SIGUSR2,
};

static void on_fatal(int sig)
{
	give();
	fatal_die(sig);
}

static void on_resize(int sig)
{
	(void)sig;
	was_resized = 1;
}

static void on_stop(int sig)
{
	(void)sig;
	shall_stop = 1;
}

static void on_continue(int sig)
{
	(void)sig;
	was_continued = 1;
}

/* What is ignored stays so, as under a shell without jobs. */
static void set_handler(int sig, void (*handler)(int sig))
{
	struct sigaction sa = { .sa_handler = handler }, old;

	sigfillset(&sa.sa_mask);
	if (!sigaction(sig, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(sig, &sa, NULL);
}

/* These three are seen while waiting only. */
static void catch_all(void)
{
	sigset_t later;

	fatal_catch(on_fatal);
	for (size_t i = 0; i < sizeof(more_fatal_signals) / sizeof(int); i++)
		set_handler(more_fatal_signals[i], on_fatal);
	sigemptyset(&later);
	sigaddset(&later, SIGWINCH);
	sigaddset(&later, SIGTSTP);
	sigaddset(&later, SIGCONT);
	sigprocmask(SIG_BLOCK, &later, &mask_before);
	set_handler(SIGWINCH, on_resize);
	set_handler(SIGTSTP, on_stop);
	set_handler(SIGCONT, on_continue);
}

/* Stop as if nobody had caught the signal; return when it goes on. */
static void stop(void)
{
	sigset_t stops, before;

	give();
	signal(SIGTSTP, SIG_DFL);
	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stops, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	set_handler(SIGTSTP, on_stop);
	take();
}

/* ---- for others ---- */

void screen_open(void)
{
	await_foreground();
	has_modes = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &modes);
	keys = true;
	catch_all();
	take();
}

void screen_close(void)
{
	give();
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

static struct winsize terminal_size(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		size.ws_col = size.ws_row = 0;
	if (!size.ws_col)
		size.ws_col = COLUMNS_DEFAULT;
	if (!size.ws_row)
		size.ws_row = ROWS_DEFAULT;
	return size;
}

/* In the last column a terminal may begin another row. */
size_t screen_width(void)
{
	return terminal_size().ws_col - 1u;
}

static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return !no || !*no;
}

static const char *begin_of(enum look look)
{
	if (!wants_colour() || look == LOOK_PLAIN)
		return "";
	return look == LOOK_HEAD ? "\033[7m" : "\033[31m";
}

static void put_line(FILE *out, const struct page_line *line, size_t width)
{
	const char *begin = begin_of(line->look);

	fprintf(out, "%s%.*s%s" REST_OFF, begin, (int)width, line->text,
		*begin ? "\033[0m" : "");
}

bool screen_draw(const struct page *page)
{
	struct winsize size = terminal_size();
	char *text = NULL;
	bool done = true;
	size_t len = 0;
	FILE *out;

	if (in_background())
		return true;
	out = open_memstream(&text, &len);
	if (!out)
		return true;
	fputs(HOME, out);
	for (size_t i = 0; i < page->count && i < size.ws_row; i++) {
		fputs(i ? "\r\n" : "", out);
		put_line(out, &page->lines[i], size.ws_col - 1u);
	}
	fputs(ALL_OFF, out);
	if (!fclose(out))
		done = write_all(text, len);
	free(text);
	return done;
}

static enum screen_event read_keys(void)
{
	char text[16];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return SCREEN_TIMEOUT;
	keys = n > 0;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == 'q' || text[i] == 'Q' ||
		    text[i] == KEY_INTERRUPT || text[i] == KEY_END)
			return SCREEN_QUIT;
	return SCREEN_TIMEOUT;
}

static enum screen_event look_at_signals(void)
{
	bool redraw = was_resized || was_continued || shall_stop;

	if (shall_stop)
		stop();
	else if (was_continued)
		take();
	was_resized = was_continued = shall_stop = 0;
	return redraw ? SCREEN_REDRAW : SCREEN_TIMEOUT;
}

enum screen_event screen_wait(double seconds)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec ts = { .tv_sec = (time_t)seconds };
	bool has_keys = has_modes && keys;

	ts.tv_nsec = (long)((seconds - (double)ts.tv_sec) * 1e9);
	if (ppoll(&pfd, has_keys ? 1 : 0, &ts, &mask_before) > 0)
		return read_keys();
	return look_at_signals();
}
