/* SPDX-License-Identifier: MIT */
/*
 * What is to go wrong with a device, and when.
 *
 * A script is a list of faults with ";" between them, each as sim_fault() knows it or
 * "fuzz SEED[,RATE]".  "@N FAULT" takes place just before request N is fetched, all others
 * at the beginning.  Beside it requests may be ill at random.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#define SCRIPT_FAULTS 64u
#define SCRIPT_TEXT   64u

/*
 * @count:  of the faults, @next the first that has not taken place
 * @ill:    of 1000 requests so many fail, are slow or have wrong bits
 * @seen:   requests that were thought of
 * @state:  of the random numbers
 * @waits:  one of them makes a step of the driver's last for ever
 */
struct script {
	struct {
		uint64_t at;
		char text[SCRIPT_TEXT];
	} fault[SCRIPT_FAULTS];
	unsigned int count, next;
	unsigned int ill;
	uint64_t seen, state;
	bool waits;
};

/* False if it is none.  @text may be NULL. */
bool script_read(struct script *s, const char *text, unsigned int ill,
		 uint64_t seed);

/* See zip_fault_fn of zip_files.h; @arg is the script. */
bool script_next(void *arg, uint64_t fetched, uint32_t fresh,
		 char text[SCRIPT_TEXT]);

#endif
