/* SPDX-License-Identifier: MIT */
/*
 * Opens and closes a device file over and over until SIGTERM, and says how long the
 * longest open() and close() took: for what else goes on in the kernel meanwhile.
 *
 * usage: opener FILE
 *
 * SIGUSR1 has it say what there is so far, and begin anew.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop, report;

static void on_signal(int number)
{
	if (number == SIGTERM)
		stop = 1;
	else
		report = 1;
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

struct times {
	unsigned long n;
	double open, close; /* the longest ones, in ms */
};

static void open_and_close(const char *file, struct times *times)
{
	double start = now_ms(), opened, closed;
	int fd = open(file, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "opener: %s: %s\n", file, strerror(errno));
		exit(1);
	}
	opened = now_ms();
	close(fd);
	closed = now_ms();
	if (opened - start > times->open)
		times->open = opened - start;
	if (closed - opened > times->close)
		times->close = closed - opened;
	times->n++;
}

static void tell(struct times *times)
{
	printf("opened %lu times: longest open %.1f ms, close %.1f ms\n",
	       times->n, times->open, times->close);
	fflush(stdout);
	*times = (struct times){ 0 };
	report = 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESTART };
	const struct timespec pause = { 0, 1000000 };
	struct times times = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: opener FILE\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	while (!stop) {
		open_and_close(argv[1], &times);
		if (report)
			tell(&times);
		nanosleep(&pause, NULL);
	}
	tell(&times);
	return 0;
}
