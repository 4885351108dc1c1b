/* SPDX-License-Identifier: MIT */
/*
 * What is done with one file, from its opened input to its finished output.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compress.h"
#include "decompress.h"
#include "list.h"
#include "message.h"
#include "progress.h"
#include "run.h"
#include "stats.h"
#include "verify.h"

/* What was not read, or is not in the output, must not be lost. */
static void remove_input(struct job *job)
{
	bool replaced =
		!job->opt->keep && !job->in.is_stdin && in_replaced(job->opt);
	bool unchanged = replaced && in_is_unchanged(&job->in);
	const char *why = NULL;
	int err = 0;

	if (unchanged && !job->keep_input)
		err = in_remove(&job->in);
	/* What is said may have to wait for its reader: signals need not. */
	out_settle();
	if (!replaced)
		return;
	if (!unchanged)
		why = "changed while it was read";
	else if (job->keep_input)
		why = "goes on after its stream";
	else if (err == -ESTALE)
		why = "was replaced by another file meanwhile";
	if (why)
		msg_warn("%s %s -- not removed", msg_name(job->in.name), why);
	else if (err < 0)
		msg_warn("%s: %s", msg_name(job->in.name), strerror(-err));
}

static enum outcome finish(struct job *job)
{
	const struct options *opt = job->opt;

	if (opt->test || opt->list)
		return OUTCOME_DONE;
	if (opt->verify && verify_output(job) < 0)
		return OUTCOME_FAILED;
	if (out_finish(&job->out, opt, &job->in, job->mtime) < 0)
		return OUTCOME_FATAL;
	remove_input(job);
	return OUTCOME_DONE;
}

static enum outcome work(struct job *job, void *arg)
{
	(void)arg;
	if (job->opt->verify && !verify_is_possible(job))
		return OUTCOME_FAILED;
	if (job->opt->list)
		return list_file(job);
	if (job->opt->decompress)
		return decompress_file(job);
	return compress_file(job);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/*
 * Where the output goes.  Standard output has no path, but -l shows the name the
 * file would get.
 */
static int choose_output(struct job *job)
{
	const struct options *opt = job->opt;

	if (opt->output)
		job->out_path = strdup(opt->output);
	else if (job->in.is_stdin || (opt->to_stdout && !opt->decompress))
		return 0;
	else
		return (job->out_path = output_path(opt, &job->in)) ? 0 : -1;
	if (job->out_path)
		return 0;
	msg_error("memory exhausted");
	return -1;
}

enum outcome run_job(struct job *job)
{
	return run_job_by(job, work, NULL);
}

enum outcome run_job_by(struct job *job, enum outcome (*fill)(struct job *job, void *arg),
			void *arg)
{
	double begun = now();
	enum outcome outcome;

	if (choose_output(job) < 0) {
		in_close(&job->in);
		return OUTCOME_SKIPPED;
	}
	progress_begin(job->in.name, in_size(&job->in), job_writes_stdout(job));
	outcome = fill(job, arg);
	progress_end();
	job->seconds = now() - begun;
	if (outcome == OUTCOME_DONE)
		outcome = finish(job);
	if (outcome == OUTCOME_DONE)
		stats_result(job);
	out_discard(&job->out);
	in_close(&job->in);
	free(job->out_path);
	job->out_path = NULL;
	return outcome;
}
