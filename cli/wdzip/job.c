/* SPDX-License-Identifier: MIT */
/*
 * One file from its opened input to its finished output.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compress.h"
#include "decompress.h"
#include "job.h"
#include "list.h"
#include "message.h"
#include "progress.h"
#include "stats.h"
#include "verify.h"

void job_init(struct job *job, const struct options *opt)
{
	memset(job, 0, sizeof(*job));
	job->opt = opt;
	job->in.fd = -1;
	job->out.fd = -1;
	job->kind = "defla";
	job->stop = OUTCOME_FATAL;
}

static bool writes_stdout(const struct job *job)
{
	const struct options *opt = job->opt;

	return !opt->test && !opt->list &&
	       (opt->to_stdout || (job->in.is_stdin && !opt->output));
}

int job_open_output(struct job *job)
{
	const struct options *opt = job->opt;
	char *path = job->out_path;

	if (opt->test || opt->list)
		return 0;
	job->stop = OUTCOME_FAILED;
	if (writes_stdout(job)) {
		if (in_is(&job->in, STDOUT_FILENO)) {
			msg_error("%s: input and output are the same file",
				  msg_name(job->in.name));
			return -1;
		}
		out_open_stdout(&job->out);
	} else {
		job->out_path = NULL;
		if (out_open(&job->out, opt, &job->in, path) < 0)
			return -1;
		if (opt->verify && !verify_can_read_back(job))
			return -1;
	}
	/* -o may name it, too. */
	if (job->out.is_stdout)
		progress_withhold();
	job->stop = OUTCOME_FATAL;
	return 0;
}

int job_sink(void *arg, const void *data, size_t len)
{
	struct job *job = arg;

	job->bytes_out += len;
	if (job->opt->test || job->opt->list)
		return 0;
	return out_write(&job->out, data, len);
}

void job_take_info(struct job *job, struct wd_comp_sess *sess)
{
	job->has_info = wd_comp_get_info(sess, &job->info) == 0;
	job->lane_count = wd_comp_get_lanes(sess, job->lanes, WD_COMP_LANES_MAX);
	if (job->lane_count < 0)
		job->lane_count = 0;
}

enum outcome job_read_error(struct job *job, int err)
{
	msg_fault("%s: %s", msg_name(job->in.name), strerror(err));
	return OUTCOME_FATAL;
}

/* What was not read, or is not in the output, must not be lost. */
static void remove_input(struct job *job)
{
	if (job->opt->keep || job->in.is_stdin || !in_replaced(job->opt))
		return;
	if (!in_is_unchanged(&job->in))
		msg_warn("%s changed while it was read -- not removed",
			 msg_name(job->in.name));
	else if (job->keep_input)
		msg_warn("%s goes on after its stream -- not removed",
			 msg_name(job->in.name));
	else
		in_remove(&job->in);
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

static enum outcome work(struct job *job)
{
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

enum outcome job_run(struct job *job)
{
	return job_run_by(job, work);
}

enum outcome job_run_by(struct job *job, enum outcome (*fill)(struct job *job))
{
	double begun = now();
	enum outcome outcome;

	if (choose_output(job) < 0) {
		in_close(&job->in);
		return OUTCOME_SKIPPED;
	}
	progress_begin(job->in.name, in_size(&job->in), writes_stdout(job));
	outcome = fill(job);
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
