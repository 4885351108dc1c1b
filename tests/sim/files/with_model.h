/* SPDX-License-Identifier: MIT */
/*
 * Devices "hisi_zip-0" and so on, which are the model, in place of those of the kernel:
 * for programs that are linked with libwd.
 *
 * Each is made when its first queue file is opened, and has a thread that handles its
 * interrupts.  A violation aborts the process and says what it was.
 */
#ifndef WITH_MODEL_H
#define WITH_MODEL_H

#include "script.h"
#include "zip_files.h"

#define WITH_MODEL_MAX 8u

/*
 * struct with_model_setup - what devices there are
 * @count:    of them
 * @queues:   that can be open of each
 * @config:   of each
 * @script:   of each
 * @depth:    of their rings
 * @holds:    they let go of no queue before its file is closed
 * @sleep:    waits at most so many milliseconds, and has their interrupts handled, as no
 *            thread does then: 1 if there may be something, 0 if not; else NULL
 */
struct with_model_setup {
	unsigned int count;
	unsigned int queues;
	struct sim_config config;
	struct script script;
	uint32_t depth;
	bool holds;
	int (*sleep)(int timeout_ms);
};

/* Of that revision, one, good, quick. */
void with_model_default(struct with_model_setup *setup, uint8_t revision);
/* They are there from now on.  The setup is copied. */
void with_model_begin(const struct with_model_setup *setup);
/* Nobody uses them any more. */
void with_model_end(void);

/* Number @i, or NULL while it has not been used. */
struct zip_files *with_model_device(unsigned int i);

#endif
