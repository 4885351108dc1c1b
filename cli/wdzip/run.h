/* SPDX-License-Identifier: MIT */
/*
 * What is done with one file, from its opened input to its finished output.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "job.h"

/* From the open @job->in to the finished output; leaves both closed. */
enum outcome run_job(struct job *job);

/* The same with @fill to open the output and fill it. */
enum outcome run_job_by(struct job *job, enum outcome (*fill)(struct job *job, void *arg),
			void *arg);

#endif
