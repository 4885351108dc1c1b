// SPDX-License-Identifier: MIT
/*
 * Commands: see control.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define CLIENTS		16u

/* ---- commands ---- */

struct answer {
	char *text;
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
say(struct answer *a, const char *fmt, ...)
{
	size_t room = CONTROL_ANSWER_MAX - a->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(a->text + a->len, room, fmt, args);
	va_end(args);
	if (n > 0)
		a->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void fault(struct sim *sim, const char *text, struct answer *a)
{
	int ret = sim_fault(sim, text);

	if (!ret)
		say(a, "ok");
	else if (ret == -ENOSPC)
		say(a, "error too many faults");
	else if (ret == -ENODEV)
		say(a, "error not started");
	else
		say(a, "error no such fault");
}

static void fuzz(struct sim *sim, const char *text, struct answer *a)
{
	say(a, sim_fuzz(sim, text) ? "error not on, off or SEED[,RATE]" : "ok");
}

static void violations(struct sim *sim, const char *text, struct answer *a)
{
	(void)text;
	say(a, "ok total=%" PRIu64, sim_violations_total(sim));
	for (unsigned int i = 0; i < SIM_V_COUNT; i++)
		say(a, " %s=%" PRIu64, sim_violation_name((enum sim_violation)i),
		    sim_violations(sim, (enum sim_violation)i));
}

/* Whatever it is made of, the answer is one line. */
static void last(struct sim *sim, const char *text, struct answer *a)
{
	char what[512];

	(void)text;
	sim_violation_last(sim, what, sizeof(what));
	for (char *c = what; *c; c++) {
		if ((unsigned char)*c < ' ')
			*c = ' ';
	}
	say(a, "ok %s", what);
}

static void stats(struct sim *sim, const char *text, struct answer *a)
{
	struct sim_stats s;

	(void)text;
	sim_stats(sim, &s);
	say(a, "ok reads=%" PRIu64 " writes=%" PRIu64 " mailboxes=%" PRIu64,
	    s.reads, s.writes, s.mailboxes);
	say(a, " requests=%" PRIu64 " completed=%" PRIu64 " failed=%" PRIu64,
	    s.requests, s.completed, s.failed);
	say(a, " in_bytes=%" PRIu64 " out_bytes=%" PRIu64, s.in_bytes, s.out_bytes);
	say(a, " cqes=%" PRIu64 " eqes=%" PRIu64 " aeqes=%" PRIu64 " irqs=%" PRIu64,
	    s.cqes, s.eqes, s.aeqes, s.irqs);
	say(a, " resets=%" PRIu64 " faults=%" PRIu64, s.resets, s.faults);
	say(a, " late=%" PRIu64 " late_refused=%" PRIu64, s.late,
	    s.late_refused);
	say(a, " fuzzed=%" PRIu64, s.fuzzed);
}

static void clock_report(struct sim *sim, const char *text, struct answer *a)
{
	struct sim_clock_report r;

	(void)text;
	sim_clock_report(sim, &r);
	say(a, "ok now_ns=%" PRIu64 " elapsed_ns=%" PRIu64, r.now_ns, r.elapsed_ns);
	say(a, " cores_comp=%u cores_decomp=%u", r.cores_comp, r.cores_decomp);
	say(a, " utilisation_comp=%.4f utilisation_decomp=%.4f depth=%.3f",
	    r.utilisation_comp, r.utilisation_decomp, r.depth);
	for (size_t i = 0; i < ARRAY_SIZE(r.busy_ns); i++)
		say(a, " busy%zu_ns=%" PRIu64, i, r.busy_ns[i]);
}

static void clear(struct sim *sim, const char *text, struct answer *a)
{
	(void)text;
	sim_violations_clear(sim);
	say(a, "ok");
}

static void quit(struct sim *sim, const char *text, struct answer *a)
{
	(void)sim;
	(void)text;
	say(a, "ok");
}

static void help(struct sim *sim, const char *text, struct answer *a);

static const struct {
	const char *name;
	const char *operand;		/* NULL: none */
	void (*run)(struct sim *sim, const char *text, struct answer *a);
} commands[] = {
	{ "fault", "TEXT", fault },
	{ "fuzz", "on|off|SEED[,RATE]", fuzz },
	{ "violations", NULL, violations },
	{ "last", NULL, last },
	{ "stats", NULL, stats },
	{ "clock", NULL, clock_report },
	{ "clear", NULL, clear },
	{ "quit", NULL, quit },
	{ "help", NULL, help },
};

static void help(struct sim *sim, const char *text, struct answer *a)
{
	(void)sim;
	(void)text;
	say(a, "ok");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		say(a, "%s %s%s%s", i ? "," : "", commands[i].name,
		    commands[i].operand ? " " : "",
		    commands[i].operand ? commands[i].operand : "");
}

bool control_command(struct sim *sim, const char *line, char answer[CONTROL_ANSWER_MAX])
{
	size_t len = strcspn(line, " \t");
	const char *text = line + len + strspn(line + len, " \t");
	struct answer a = { answer, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strlen(commands[i].name) != len ||
		    memcmp(commands[i].name, line, len))
			continue;
		if (!commands[i].operand != !*text)
			break;
		commands[i].run(sim, text, &a);
		return commands[i].run == quit;
	}
	say(&a, "error no such command");
	return false;
}

/* ---- clients ---- */

struct client {
	int fd;				/* -1: none */
	size_t len;
	char line[CONTROL_LINE_MAX];
};

struct control {
	struct sim *sim;
	int listener, stop;
	pthread_t thread;
	struct client clients[CLIENTS];
};

static void drop(struct client *c)
{
	close(c->fd);
	c->fd = -1;
}

/* One who does not read the answers gets no more of them. */
static bool tell(struct client *c, char answer[CONTROL_ANSWER_MAX + 1])
{
	size_t len = strlen(answer);

	answer[len++] = '\n';
	return send(c->fd, answer, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

static bool run_line(struct control *control, struct client *c, const char *line,
		     size_t len)
{
	char answer[CONTROL_ANSWER_MAX + 1] = "error not a line of text";
	const uint64_t one = 1;
	bool end = false;

	if (!memchr(line, 0, len))
		end = control_command(control->sim, line, answer);
	if (!tell(c, answer))
		return false;
	return !end || write(control->stop, &one, sizeof(one)) == sizeof(one);
}

/* False: no more from this client. */
static bool run_lines(struct control *control, struct client *c)
{
	char *end;

	while ((end = memchr(c->line, '\n', c->len))) {
		size_t len = (size_t)(end - c->line);
		size_t text = len && end[-1] == '\r' ? len - 1 : len;

		c->line[text] = 0;
		if (!run_line(control, c, c->line, text))
			return false;
		c->len -= len + 1;
		memmove(c->line, end + 1, c->len);
	}
	if (c->len == sizeof(c->line)) {
		char answer[CONTROL_ANSWER_MAX + 1] = "error line too long";

		tell(c, answer);
		return false;
	}
	return true;
}

static void listen_to(struct control *control, struct client *c)
{
	ssize_t n = recv(c->fd, c->line + c->len, sizeof(c->line) - c->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->len += (size_t)n;
		if (run_lines(control, c))
			return;
	}
	drop(c);
}

static struct client *free_client(struct control *control)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		if (control->clients[i].fd < 0)
			return &control->clients[i];
	}
	return NULL;
}

static void accept_client(struct control *control)
{
	struct client *c = free_client(control);
	int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	c->fd = fd;
	c->len = 0;
}

static void *serve(void *arg)
{
	struct control *control = arg;
	struct pollfd fds[CLIENTS + 2] = { 0 };

	fds[0].fd = control->stop;
	for (size_t i = 0; i < CLIENTS + 2; i++)
		fds[i].events = POLLIN;
	for (;;) {
		/* More clients than there is room for wait. */
		fds[1].fd = free_client(control) ? control->listener : -1;
		for (size_t i = 0; i < CLIENTS; i++)
			fds[i + 2].fd = control->clients[i].fd;
		if (poll(fds, CLIENTS + 2, -1) < 0)
			continue;
		if (fds[0].revents)
			break;
		for (size_t i = 0; i < CLIENTS; i++) {
			if (fds[i + 2].revents)
				listen_to(control, &control->clients[i]);
		}
		if (fds[1].revents)
			accept_client(control);
	}
	return NULL;
}

int control_start(struct control **result, struct sim *sim, int listener, int stop)
{
	struct control *control = calloc(1, sizeof(*control));
	int ret;

	if (!control)
		return -ENOMEM;
	control->sim = sim;
	control->listener = listener;
	control->stop = stop;
	for (size_t i = 0; i < CLIENTS; i++)
		control->clients[i].fd = -1;
	ret = pthread_create(&control->thread, NULL, serve, control);
	if (ret) {
		free(control);
		return -ret;
	}
	*result = control;
	return 0;
}

void control_join(struct control *control)
{
	pthread_join(control->thread, NULL);
	for (size_t i = 0; i < CLIENTS; i++) {
		if (control->clients[i].fd >= 0)
			drop(&control->clients[i]);
	}
	close(control->listener);
	free(control);
}
