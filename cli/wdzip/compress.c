/* SPDX-License-Identifier: MIT */
/*
 * Compressing one file: the header, the data, and whether the file held still.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compress.h"
#include "message.h"
#include "pump.h"
#include "session.h"
#include "stats.h"

#define OS_UNIX		3	/* RFC 1952, section 2.3.1 */

/*
 * Builds that want the same bytes each time set SOURCE_DATE_EPOCH: nothing they
 * make is younger.
 */
static int64_t latest_mtime(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	long long value;
	char *end;

	if (!epoch || !*epoch)
		return UINT32_MAX;
	errno = 0;
	value = strtoll(epoch, &end, 10);
	if (errno || *end || value < 1 || value > UINT32_MAX)
		return UINT32_MAX;
	return value;
}

static bool fits_header(int64_t mtime)
{
	return mtime > 0 && mtime <= UINT32_MAX;
}

bool compress_time_fits(const struct job *job)
{
	return job->format != WD_COMP_GZIP || job->opt->no_time ||
	       fits_header(job->in.st.st_mtim.tv_sec);
}

static uint32_t header_mtime(const struct job *job)
{
	int64_t mtime = job->in.st.st_mtim.tv_sec;
	int64_t latest;

	/* Other than of a file, it would only say when the program ran. */
	if (job->opt->no_time || !job->in.regular)
		return 0;
	if (!fits_header(mtime)) {
		msg_warn("%s: warning: file timestamp out of range for gzip format",
			 msg_name(job->in.name));
		return 0;
	}
	latest = latest_mtime();
	return mtime < latest ? mtime : latest;
}

static const char *header_name(const struct job *job)
{
	const char *slash;

	if (job->opt->no_name || job->in.is_stdin)
		return NULL;
	/* The fields of sized members leave no room for a name. */
	if (job->opt->members != WD_COMP_MEMBERS_ONE)
		return NULL;
	slash = strrchr(job->in.path, '/');
	return slash ? slash + 1 : job->in.path;
}

bool compress_header(struct job *job, struct wd_comp_header *header)
{
	memset(header, 0, sizeof(*header));
	job_count_header(job);
	if (job->format != WD_COMP_GZIP)
		return false;
	header->mtime = header_mtime(job);
	header->os = OS_UNIX;
	header->name = header_name(job);
	if (header->name)
		job->header_bytes += strlen(header->name) + 1;
	return header->mtime || header->name;
}

static enum outcome report_session(struct job *job, int err)
{
	if (err == -ENOMEM)
		return job_no_memory(job);
	msg_fault("%s: cannot compress: %s", msg_name(job->in.name), wd_strerror(err));
	return OUTCOME_FATAL;
}

static enum outcome pump_file(struct job *job, struct wd_comp_sess *sess)
{
	struct pump pump = {
		.sess = sess,
		.source = in_source(&job->in),
		.sink = job_sink,
		.arg = job,
		.side_by_side = !job->opt->rsyncable,
	};

	switch (pump_run(&pump)) {
	case PUMP_DONE:
		break;
	case PUMP_READ_ERROR:
		return job_read_error(job, pump.err);
	case PUMP_SESSION_ERROR:
		return report_session(job, pump.err);
	case PUMP_STOPPED:
		return job->stop;
	}
	job->bytes_in = pump.taken;
	return OUTCOME_DONE;
}

enum outcome compress_file(struct job *job)
{
	struct wd_comp_header header;
	struct wd_comp_sess *sess;
	enum outcome outcome;
	int ret = 0;

	job->format = job->opt->format;
	sess = session_get(job->opt, WD_COMP_COMPRESS, job->format, SESSION_MAIN,
			   in_size(&job->in));
	if (!sess)
		return OUTCOME_FATAL;
	if (job_open_output(job) < 0)
		return job->stop;
	stats_announce(job);
	if (compress_header(job, &header))
		ret = wd_comp_set_header(sess, &header);
	if (ret < 0)
		return report_session(job, ret);

	outcome = pump_file(job, sess);
	if (outcome == OUTCOME_DONE) {
		job_take_info(job, sess);
		if (job->in.regular && job->bytes_in != in_size(&job->in))
			msg_note("%s: file size changed while zipping",
				 msg_name(job->in.name));
	}
	return outcome;
}
