// SPDX-License-Identifier: MIT
/*
 * hisi-zip-sim: the model as a device for virtual machines, one after the other.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control.h"
#include "sim.h"
#include "unix_socket.h"
#include "vfio_user.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LIST_MAX	64u
#define WORKERS_MAX	64u

enum {
	EXIT_OK = 0,
	EXIT_ERROR = 1,
	EXIT_VIOLATIONS = 3,
};

/* An option that may be given several times. */
struct list {
	const char *text[LIST_MAX];
	size_t count;
};

struct options {
	const char *socket, *control, *trace, *log, *fuzz;
	struct list caps, faults;
	uint8_t revision;
	unsigned int workers;
	enum sim_clock_mode clock_mode;
	bool abort, once;
};

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "hisi-zip-sim: %s: %s\n", what, why);
	return -1;
}

/* ---- options ---- */

static int set_socket(struct options *o, const char *arg)
{
	o->socket = arg;
	return 0;
}

static int set_control(struct options *o, const char *arg)
{
	o->control = arg;
	return 0;
}

static int set_trace(struct options *o, const char *arg)
{
	o->trace = arg;
	return 0;
}

static int set_log(struct options *o, const char *arg)
{
	o->log = arg;
	return 0;
}

/* All of the text is a number. */
static int number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 0);
	return *text < '0' || *text > '9' || *end || errno || *value > max ? -1 : 0;
}

static int set_revision(struct options *o, const char *arg)
{
	unsigned long value;

	if (number(arg, 0xff, &value))
		return -1;
	o->revision = (uint8_t)value;
	return 0;
}

static int set_workers(struct options *o, const char *arg)
{
	unsigned long value;

	if (number(arg, WORKERS_MAX, &value))
		return -1;
	o->workers = (unsigned int)value;
	return 0;
}

static int add(struct list *list, const char *text)
{
	if (list->count == LIST_MAX)
		return -1;
	list->text[list->count++] = text;
	return 0;
}

static int add_cap(struct options *o, const char *arg)
{
	return add(&o->caps, arg);
}

static int add_fault(struct options *o, const char *arg)
{
	return add(&o->faults, arg);
}

static int set_fuzz(struct options *o, const char *arg)
{
	o->fuzz = arg;
	return 0;
}

static int set_clock(struct options *o, const char *arg)
{
	if (strcmp(arg, "off") && strcmp(arg, "wall"))
		return -1;
	o->clock_mode = *arg == 'w' ? SIM_CLOCK_WALL : SIM_CLOCK_OFF;
	return 0;
}

static int set_abort(struct options *o, const char *arg)
{
	(void)arg;
	o->abort = true;
	return 0;
}

static int set_once(struct options *o, const char *arg)
{
	(void)arg;
	o->once = true;
	return 0;
}

static int help(struct options *o, const char *arg);

/* clang-format off */
static const struct {
	const char *name;
	const char *arg;
	const char *help;
	int (*set)(struct options *o, const char *arg);
} table[] = {
	{ "socket", "PATH", "where the virtual machine connects", set_socket },
	{ "control", "PATH", "where commands are taken: try help", set_control },
	{ "trace", "FILE", "write each register access there", set_trace },
	{ "log", "FILE", "write violations and faults there, not to stderr", set_log },
	{ "revision", "N", "0x30 (default) or 0x21", set_revision },
	{ "cap", "OFFSET=VALUE", "a register that tells what it can do", add_cap },
	{ "workers", "N", "threads that execute requests (default 2)", set_workers },
	{ "fault", "TEXT", "something that goes wrong, see core/sim.h", add_fault },
	{ "fuzz", "SEED[,RATE]", "random values: see core/sim.h", set_fuzz },
	{ "abort", NULL, "abort at the first violation", set_abort },
	{ "once", NULL, "end when the first client has left", set_once },
	{ "clock", "off|wall", "requests take no time (default), or some", set_clock },
	{ "help", NULL, "show this", help },
};
/* clang-format on */

static int help(struct options *o, const char *arg)
{
	(void)o;
	(void)arg;
	puts("usage: hisi-zip-sim --socket PATH [OPTION]...\n\n"
	     "A HiSilicon ZIP engine for virtual machines, by the vfio-user protocol.\n");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char word[40];

		snprintf(word, sizeof(word), "--%s %s", table[i].name,
			 table[i].arg ? table[i].arg : "");
		printf("  %-22s  %s\n", word, table[i].help);
	}
	puts("\nFaults are also taken from the environment variable SIM_FAULTS, with ;\n"
	     "in between.  Prints \"ready\" when it listens, and what happened when it\n"
	     "ends.  Exit status: 0, 3 after violations, 1 on errors.");
	exit(fflush(stdout) ? EXIT_ERROR : EXIT_OK);
}

static int parse(struct options *o, int argc, char **argv)
{
	struct option longs[ARRAY_SIZE(table) + 1] = { 0 };
	int i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(table); k++) {
		longs[k].name = table[k].name;
		longs[k].has_arg = table[k].arg ? required_argument : no_argument;
	}
	for (;;) {
		int c = getopt_long(argc, argv, "", longs, &i);

		if (c == -1)
			break;
		if (c)
			return -1;
		if (table[i].set(o, optarg))
			return complain(optarg, "not possible here");
	}
	if (optind < argc)
		return complain(argv[optind], "what is this?");
	return o->socket ? 0 : complain("--socket", "is missing");
}

/* ---- set up ---- */

static int stop_fd = -1;

static void on_signal(int sig)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)sig;
	if (write(stop_fd, &one, sizeof(one)) < 0)
		abort();
	errno = saved;
}

static int catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	stop_fd = eventfd(0, EFD_CLOEXEC);
	if (stop_fd < 0)
		return complain("eventfd", strerror(errno));
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	return 0;
}

/* A line is in the file as soon as it is complete. */
static int open_lines(const char *path, FILE **file)
{
	*file = fopen(path, "we");
	if (!*file)
		return complain(path, strerror(errno));
	setvbuf(*file, NULL, _IOLBF, 0);
	return 0;
}

static int set_cap(struct sim_config *config, const char *text)
{
	char offset[16];
	const char *equals = strchr(text, '=');
	unsigned long o, v;

	if (!equals || (size_t)(equals - text) >= sizeof(offset))
		return complain(text, "not OFFSET=VALUE");
	memcpy(offset, text, (size_t)(equals - text));
	offset[equals - text] = 0;
	if (number(offset, UINT32_MAX, &o) || number(equals + 1, UINT32_MAX, &v))
		return complain(text, "not OFFSET=VALUE");
	if (sim_config_set(config, (uint32_t)o, (uint32_t)v))
		return complain(text, "no register that can be set");
	return 0;
}

static int configure(struct sim_config *config, const struct options *o)
{
	if (sim_config_init(config, o->revision))
		return complain("--revision", "only 0x21 and 0x30");
	for (size_t i = 0; i < o->caps.count; i++) {
		if (set_cap(config, o->caps.text[i]))
			return -1;
	}
	config->workers = o->workers;
	config->abort_on_violation = o->abort;
	config->clock_mode = o->clock_mode;
	config->log = stderr;
	if (o->log && open_lines(o->log, &config->log))
		return -1;
	return o->trace ? open_lines(o->trace, &config->trace) : 0;
}

static int set_fault(struct sim *sim, const char *text)
{
	return sim_fault(sim, text) ? complain(text, "no such fault, or too many") : 0;
}

static int set_faults(struct sim *sim, const struct options *o)
{
	const char *env = getenv("SIM_FAULTS");
	char *copy, *save = NULL;
	int ret = 0;

	for (size_t i = 0; i < o->faults.count; i++) {
		if (set_fault(sim, o->faults.text[i]))
			return -1;
	}
	if (!env)
		return 0;
	copy = strdup(env);
	if (!copy)
		return complain("SIM_FAULTS", strerror(ENOMEM));
	for (char *text = strtok_r(copy, ";", &save); text && !ret;
	     text = strtok_r(NULL, ";", &save)) {
		if (text[strspn(text, " \t")])
			ret = set_fault(sim, text);
	}
	free(copy);
	return ret;
}

static int listen_at(const char *path, int *fd)
{
	*fd = unix_listen(path);
	return *fd < 0 ? complain(path, strerror(-*fd)) : 0;
}

/* ---- work ---- */

static int serve_clients(struct vfio_user *host, struct sim *sim, int listener,
			 bool once)
{
	int ret;

	do {
		int client = unix_accept(listener, stop_fd);

		if (client == -ECANCELED)
			return 0;
		if (client < 0)
			return complain("accept", strerror(-client));
		ret = vfio_user_serve(host, sim, client, stop_fd);
		close(client);
	} while (!once && ret != -ECANCELED);
	return 0;
}

static int take_commands(struct sim *sim, const char *path, struct control **control)
{
	int fd;

	if (!path)
		return 0;
	if (listen_at(path, &fd))
		return -1;
	if (!control_start(control, sim, fd, stop_fd))
		return 0;
	close(fd);
	unlink(path);
	return complain(path, "no thread for it");
}

static int run(struct sim *sim, struct vfio_user *host, const struct options *o)
{
	struct control *control = NULL;
	const uint64_t one = 1;
	int listener, ret;

	if (o->fuzz && sim_fuzz(sim, o->fuzz))
		return complain(o->fuzz, "not SEED or SEED,RATE of 1000");
	if (set_faults(sim, o) || listen_at(o->socket, &listener))
		return -1;
	ret = take_commands(sim, o->control, &control);
	if (ret)
		goto unlink_socket;
	puts("ready");
	fflush(stdout);
	ret = serve_clients(host, sim, listener, o->once);
	if (write(stop_fd, &one, sizeof(one)) < 0)
		ret = complain("eventfd", strerror(errno));
	if (control) {
		control_join(control);
		unlink(o->control);
	}
unlink_socket:
	close(listener);
	unlink(o->socket);
	return ret;
}

static int summary(struct sim *sim)
{
	uint64_t total = sim_violations_total(sim);
	struct sim_stats stats;

	sim_stats(sim, &stats);
	printf("requests %" PRIu64 "\n", stats.requests);
	printf("interrupts %" PRIu64 "\n", stats.irqs);
	printf("violations %" PRIu64 "\n", total);
	for (unsigned int i = 0; i < SIM_V_COUNT; i++) {
		uint64_t n = sim_violations(sim, (enum sim_violation)i);

		if (n)
			printf("violations.%s %" PRIu64 "\n",
			       sim_violation_name((enum sim_violation)i), n);
	}
	if (fflush(stdout))
		return EXIT_ERROR;
	return total ? EXIT_VIOLATIONS : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options o = { .revision = 0x30, .workers = 2 };
	struct sim_config config = { 0 };
	struct vfio_user *host = NULL;
	struct sim *sim = NULL;
	int ret = EXIT_ERROR;

	if (parse(&o, argc, argv) || catch_signals() || configure(&config, &o))
		goto close_files;
	host = vfio_user_create(config.log);
	if (!host || sim_create(&sim, &config, &vfio_user_ops, host)) {
		complain("the model", "cannot be created");
		goto close_files;
	}
	if (!run(sim, host, &o))
		ret = summary(sim);
close_files:
	sim_destroy(sim);
	vfio_user_destroy(host);
	if (config.trace && fclose(config.trace))
		ret = EXIT_ERROR;
	if (config.log && config.log != stderr && fclose(config.log))
		ret = EXIT_ERROR;
	return ret;
}
