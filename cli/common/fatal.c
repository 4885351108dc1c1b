/* SPDX-License-Identifier: MIT */
/*
 * The signals that end a program.
 */
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "fatal.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const int fatal_signals[] = {
	SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXCPU, SIGXFSZ,
};

void fatal_catch(void (*handler)(int sig))
{
	struct sigaction sa = { .sa_handler = handler };
	struct sigaction old;

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaddset(&sa.sa_mask, fatal_signals[i]);
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++) {
		int sig = fatal_signals[i];

		if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(sig, &sa, NULL);
	}
}

_Noreturn void fatal_die(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	_exit(128 + sig);
}
