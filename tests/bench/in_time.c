/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "in_time.h"
#include "with_model.h"

#define NS_PER_S  1000000000ull
#define NS_PER_MS 1000000ull
#define BEGIN_NS  1000u /* not 0, which the library takes for no time at all */
#define LOOK_NS                                                                \
	250u /* what it takes to look around until one reads the clock */
#define IRQ_EQ 0u

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

static uint64_t now = BEGIN_NS;

void in_time_begin(void)
{
	now = BEGIN_NS;
}

uint64_t in_time_now(void)
{
	return now;
}

static void go_to(uint64_t ns)
{
	if (ns > now)
		now = ns;
	for (unsigned int i = 0; i < WITH_MODEL_MAX; i++) {
		struct zip_files *z = with_model_device(i);

		/* Who is inside of the device looks at the clock, too. */
		if (!z || pthread_mutex_trylock(&z->lock))
			continue;
		pthread_mutex_unlock(&z->lock);
		sim_clock_go_to(z->dev.sim, now);
		zip_files_handle(z, IRQ_EQ);
	}
	in_time_cpu_go_on();
}

static uint64_t next_event(void)
{
	uint64_t next = in_time_cpu_due();

	for (unsigned int i = 0; i < WITH_MODEL_MAX; i++) {
		struct zip_files *z = with_model_device(i);
		uint64_t due = z ? sim_clock_due(z->dev.sim) : TIME_NEVER;

		if (due < next)
			next = due;
	}
	return next;
}

int in_time_step(int timeout_ms)
{
	uint64_t next = next_event();
	uint64_t end = timeout_ms < 0 ? TIME_NEVER
				      : now + (uint64_t)timeout_ms * NS_PER_MS;

	if (next > end || next == TIME_NEVER) {
		if (end == TIME_NEVER) {
			fputs("nothing will ever happen\n", stderr);
			abort();
		}
		go_to(end);
		return 0;
	}
	go_to(next);
	return 1;
}

/* ---- what the library calls ---- */

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	if (id != CLOCK_MONOTONIC)
		return __real_clock_gettime(id, ts);
	go_to(now + LOOK_NS);
	ts->tv_sec = (time_t)(now / NS_PER_S);
	ts->tv_nsec = (long)(now % NS_PER_S);
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	if (!in_time_step(timeout_ms))
		return 0;
	for (nfds_t i = 0; i < n; i++)
		fds[i].revents = POLLIN;
	return (int)n;
}
