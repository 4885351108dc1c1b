/* SPDX-License-Identifier: MIT */
/*
 * One input and one output: what is read from and written to, and what goes wrong
 * with that.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "job.h"
#include "message.h"
#include "progress.h"

void job_init(struct job *job, const struct options *opt)
{
	memset(job, 0, sizeof(*job));
	job->opt = opt;
	job->in.fd = -1;
	job->out.fd = -1;
	job->kind = "defla";
	job->stop = OUTCOME_FATAL;
}

static bool writes_nothing(const struct job *job)
{
	return job->opt->test || job->opt->list;
}

bool job_writes_stdout(const struct job *job)
{
	const struct options *opt = job->opt;

	return !writes_nothing(job) &&
	       (opt->to_stdout || (job->in.is_stdin && !opt->output));
}

int job_open_output(struct job *job)
{
	const struct options *opt = job->opt;
	char *path = job->out_path;

	if (writes_nothing(job))
		return 0;
	job->stop = OUTCOME_FAILED;
	if (job_writes_stdout(job)) {
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
		if (opt->verify && !out_is_readable(&job->out)) {
			msg_error("%s: cannot be verified: the output is not a regular file, or already open",
				  msg_name(job->in.name));
			return -1;
		}
	}
	/* -o may name what is no better than standard output. */
	if (out_may_be_shown(&job->out))
		progress_withhold();
	job->stop = OUTCOME_FATAL;
	return 0;
}

bool job_can_rewind(const struct job *job)
{
	return job->in.regular &&
	       (writes_nothing(job) || out_is_readable(&job->out));
}

int job_rewind(struct job *job)
{
	bool written = job->bytes_out && !writes_nothing(job);

	if (in_rewind(&job->in) < 0) {
		job_read_error(job, errno);
		return -1;
	}
	job->bytes_out = 0;
	return written ? out_rewind(&job->out) : 0;
}

int job_sink(void *arg, const void *data, size_t len)
{
	struct job *job = arg;

	job->bytes_out += len;
	if (writes_nothing(job))
		return 0;
	return out_write(&job->out, data, len);
}

void job_count_header(struct job *job)
{
	const struct wd_format *format = wd_format_of(job->format);

	job->header_bytes = format->head_size + format->tail_size;
}

void job_take_info(struct job *job, struct wd_comp_sess *sess)
{
	job->has_info = wd_comp_get_info(sess, &job->info) == 0;
	job->lane_count = wd_comp_get_lanes(sess, job->lanes, WD_COMP_LANES_MAX);
	if (job->lane_count < 0)
		job->lane_count = 0;
	job->fallback_count =
		wd_comp_get_fallbacks(sess, job->fallbacks, FALLBACKS_MAX);
	if (job->fallback_count < 0)
		job->fallback_count = 0;
	if (job->fallback_count > FALLBACKS_MAX)
		job->fallback_count = FALLBACKS_MAX;
}

enum outcome job_read_error(const struct job *job, int err)
{
	msg_fault("%s: %s", msg_name(job->in.name), strerror(err));
	return OUTCOME_FATAL;
}

enum outcome job_data_error(const struct job *job)
{
	return writes_nothing(job) ? OUTCOME_FAILED : OUTCOME_FATAL;
}

enum outcome job_truncated(const struct job *job)
{
	msg_fault("%s: unexpected end of file", msg_name(job->in.name));
	return OUTCOME_FATAL;
}

enum outcome job_no_memory(const struct job *job)
{
	msg_fault("%s: memory exhausted", msg_name(job->in.name));
	return OUTCOME_FATAL;
}
