/* SPDX-License-Identifier: MIT */
/*
 * Decompressing one file: what it is, what it is called, what is wrong with it.
 *
 * What others than gzip have made is in foreign.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decompress.h"
#include "foreign.h"
#include "format.h"
#include "message.h"
#include "pump.h"
#include "session.h"
#include "stats.h"

#define COPY_SIZE	(128 << 10)

/* What the first bytes of the input say it is. */
enum data_kind {
	KIND_SHORT,		/* too short to be anything */
	KIND_DEFLATE,		/* in the format of the job */
	KIND_FOREIGN,
	KIND_UNKNOWN,
};

static bool begins_with(const struct infile *in, const void *magic, size_t len)
{
	return in->head_len >= len && !memcmp(in->head, magic, len);
}

static bool has_zlib_suffix(const struct job *job)
{
	const char *suffix;

	if (job->in.is_stdin)
		return false;
	suffix = find_suffix(job->opt, job->in.base);
	return suffix && !strcasecmp(suffix, wd_format_of(WD_COMP_ZLIB)->suffix);
}

/* -dcf hands on what is not compressed, as zgrep and others rely on. */
static bool passes_through(const struct job *job)
{
	const struct options *opt = job->opt;

	return opt->force && !opt->list &&
	       (opt->to_stdout || (job->in.is_stdin && !opt->output));
}

/*
 * With -f and standard output gzip looks for two bytes and does not miss them:
 * what is shorter is of another format, or goes on as it is.
 */
static bool may_be_short(const struct job *job)
{
	return passes_through(job) || (job->opt->force && job->opt->list);
}

/*
 * Also decides about the format, and sets @foreign for KIND_FOREIGN.  A zero byte
 * alone is too short for gzip, too, but it looks no further then.
 */
static enum data_kind classify(struct job *job, const struct foreign **foreign)
{
	const struct infile *in = &job->in;

	job->format = WD_COMP_GZIP;
	if (job->opt->format_given && job->opt->format != WD_COMP_GZIP) {
		job->format = job->opt->format;
		return KIND_DEFLATE;
	}
	if (in->head_len < 2)
		return may_be_short(job) || begins_with(in, "", 1) ? KIND_UNKNOWN :
								     KIND_SHORT;
	if (begins_with(in, wd_format_gzip.magic, wd_format_gzip.magic_len))
		return KIND_DEFLATE;
	if (!job->opt->format_given && has_zlib_suffix(job)) {
		job->format = WD_COMP_ZLIB;
		return KIND_DEFLATE;
	}
	*foreign = foreign_find(in->head, in->head_len, true);
	return *foreign ? KIND_FOREIGN : KIND_UNKNOWN;
}

/* ---- the header ---- */

/* The last part of a stored name, or NULL if that can name no file. */
static const char *usable_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (slash)
		name = slash + 1;
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return NULL;
	return name;
}

/* -N: the output gets the name that the header tells. */
static int restore_name(struct job *job, const char *stored)
{
	const char *base = usable_name(stored);
	const char *path = job->in.is_stdin ? "" : job->in.path;
	char *renamed;

	if (!base) {
		if (job->opt->list || job->opt->to_stdout)
			return 0;
		msg_error("%s: the stored name is \"%s\", which can be no file's name",
			  msg_name(job->in.name), msg_name(stored));
		return -1;
	}
	renamed = replace_base(path, base);
	if (!renamed) {
		msg_error("memory exhausted");
		return -1;
	}
	free(job->out_path);
	job->out_path = renamed;
	return 0;
}

static int use_header(struct job *job, struct wd_comp_sess *sess)
{
	const struct options *opt = job->opt;
	struct wd_comp_header header;

	job_count_header(job);
	if (job->format != WD_COMP_GZIP || wd_comp_get_header(sess, &header) < 0)
		return 0;
	if (header.name)
		job->header_bytes += strlen(header.name) + 1;
	if (!opt->no_time)
		job->mtime = header.mtime;
	if (opt->no_name || !header.name || opt->output)
		return 0;
	return restore_name(job, header.name);
}

/*
 * struct ready_arg - for the callbacks of a pump
 * @restartable: the session may ask for the input once more; @must_not: it turned out
 *               that it may not
 */
struct ready_arg {
	struct job *job;
	struct wd_comp_sess *sess;
	bool restartable;
	bool must_not;
};

/* The file has turned out to be compressed: now the output may begin. */

static int on_ready(void *arg)
{
	struct ready_arg *a = arg;

	a->job->stop = OUTCOME_FAILED;
	if (use_header(a->job, a->sess) < 0)
		return -1;
	a->job->stop = OUTCOME_FATAL;
	if (job_open_output(a->job) < 0)
		return -1;
	stats_announce(a->job);
	a->must_not = a->restartable && !job_can_rewind(a->job);
	return a->must_not ? -1 : 0;
}

static int on_output(void *arg, const void *data, size_t len)
{
	struct ready_arg *a = arg;

	return job_sink(a->job, data, len);
}

/* ---- errors ---- */

static void print_place(const struct job *job, const struct wd_comp_info *info,
			bool with_sums)
{
	const char *name = msg_name(job->in.name);

	if (with_sums)
		msg_detail("%s: member %" PRIu64 ", byte %" PRIu64
			   ": stored %08" PRIx32 ", computed %08" PRIx32, name,
			   info->error_member, info->error_offset,
			   info->error_stored, info->error_computed);
	else
		msg_detail("%s: member %" PRIu64 ", byte %" PRIu64, name,
			   info->error_member, info->error_offset);
}

/*
 * A file that is nothing of ours is passed over.  Standard input that is nothing
 * of ours ends the run, as with gzip; only further members of it do not.
 */
static enum outcome not_ours(const struct job *job, uint64_t member)
{
	return job->in.is_stdin && member <= 1 ? OUTCOME_FATAL : OUTCOME_FAILED;
}

static void report_flags(const char *name, uint32_t flags)
{
	if (flags & 0x20)
		msg_error("%s is encrypted -- not supported", name);
	else
		msg_error("%s has flags 0x%" PRIx32 " -- not supported", name, flags);
}

static enum outcome report_data(const struct job *job, int err,
				const struct wd_comp_info *info)
{
	const char *name = msg_name(job->in.name);

	switch (info->error) {
	case WD_COMP_ERR_MAGIC:
	not_in_format:
		msg_fault("%s: not in %s format", name, options_format_name(job->format));
		return not_ours(job, info->error_member);
	case WD_COMP_ERR_METHOD:
		msg_error("%s: unknown method %" PRIu32 " -- not supported", name,
			  info->error_computed);
		return not_ours(job, info->error_member);
	case WD_COMP_ERR_FLAGS:
		report_flags(name, info->error_computed);
		return not_ours(job, info->error_member);
	case WD_COMP_ERR_HEADER_CHECKSUM:
		if (job->format != WD_COMP_GZIP)
			goto not_in_format;
		msg_error("%s: header checksum 0x%04" PRIx32
			  " != computed checksum 0x%04" PRIx32, name,
			  info->error_stored, info->error_computed);
		return not_ours(job, info->error_member);
	case WD_COMP_ERR_WINDOW:
		msg_error("%s: needs a preset dictionary -- not supported", name);
		return not_ours(job, info->error_member);
	case WD_COMP_ERR_TRUNCATED:
		msg_fault("%s: unexpected end of file", name);
		print_place(job, info, false);
		return OUTCOME_FATAL;
	case WD_COMP_ERR_DATA:
		msg_fault("%s: invalid compressed data--format violated", name);
		print_place(job, info, false);
		return job_data_error(job);
	case WD_COMP_ERR_CHECKSUM:
		msg_fault("%s: invalid compressed data--crc error", name);
		print_place(job, info, true);
		return job_data_error(job);
	case WD_COMP_ERR_LENGTH:
		msg_fault("%s: invalid compressed data--length error", name);
		print_place(job, info, true);
		return job_data_error(job);
	case WD_COMP_OK:
	case WD_COMP_ERR_ENGINE:
		break;
	}
	if (err == -ENOMEM)
		return job_no_memory(job);
	msg_fault("%s: cannot decompress: %s", name, wd_strerror(err));
	return OUTCOME_FATAL;
}

/* ---- what follows the compressed data ---- */

static enum outcome copy_rest(struct job *job)
{
	char *buf = malloc(COPY_SIZE);
	enum outcome outcome = OUTCOME_DONE;
	ssize_t n = 0;

	if (!buf)
		return job_no_memory(job);
	while (outcome == OUTCOME_DONE) {
		n = in_read(&job->in, buf, COPY_SIZE);
		if (n <= 0)
			break;
		if (job_sink(job, buf, n) < 0)
			outcome = OUTCOME_FATAL;
	}
	if (n < 0)
		outcome = job_read_error(job, errno);
	free(buf);
	return outcome;
}

/*
 * struct rest - input after the end of the stream that was already read
 * @next: one byte more, after @data, if @has_next
 */
struct rest {
	const unsigned char *data;
	size_t len;
	unsigned char next;
	bool has_next;
};

static enum outcome get_rest(const struct job *job, struct wd_comp_sess *sess,
			     struct rest *rest)
{
	const void *data;
	int ret = wd_comp_get_unused(sess, &data, &rest->len);

	rest->data = data;
	if (ret >= 0)
		return OUTCOME_DONE;
	msg_fault("%s: cannot decompress: %s", msg_name(job->in.name),
		  wd_strerror(ret));
	return OUTCOME_FATAL;
}

static enum outcome copy_trailing(struct job *job, const struct rest *rest)
{
	if (rest->len && job_sink(job, rest->data, rest->len) < 0)
		return OUTCOME_FATAL;
	if (rest->has_next && job_sink(job, &rest->next, 1) < 0)
		return OUTCOME_FATAL;
	return copy_rest(job);
}

/*
 * zlib's format and raw DEFLATE end with their one stream, and the session does
 * not ask for what may come after.
 */
static enum outcome look_further(struct job *job, struct rest *rest)
{
	ssize_t n;

	if (job->format == WD_COMP_GZIP || job->info.trailing != WD_COMP_TRAILING_NONE)
		return OUTCOME_DONE;
	n = in_read(&job->in, &rest->next, 1);
	if (n < 0)
		return job_read_error(job, errno);
	rest->has_next = n > 0;
	if (n > 0)
		job->info.trailing = WD_COMP_TRAILING_GARBAGE;
	return OUTCOME_DONE;
}

static enum outcome refuse_foreign(const struct job *job, const struct foreign *foreign)
{
	msg_error("%s: %s -- not supported", msg_name(job->in.name), foreign->is_refused);
	return OUTCOME_FAILED;
}

static enum outcome ignore_trailing(struct job *job)
{
	const char *name = msg_name(job->in.name);

	if (job->info.trailing == WD_COMP_TRAILING_GARBAGE)
		msg_warn_fault("%s: decompression OK, trailing garbage ignored",
			       name);
	else if (job->opt->verbose)
		msg_warn_fault("%s: decompression OK, trailing zero bytes ignored",
			       name);
	/* It may be a stream like the first, of which this is the only copy. */
	job->keep_input = job->format != WD_COMP_GZIP;
	return OUTCOME_DONE;
}

static enum outcome check_trailing(struct job *job, struct wd_comp_sess *sess)
{
	const struct foreign *foreign = NULL;
	struct rest rest = { 0 };
	enum outcome outcome = look_further(job, &rest);

	if (outcome != OUTCOME_DONE || job->info.trailing == WD_COMP_TRAILING_NONE)
		return outcome;
	/* gzip counts everything now, since it looked for a header there. */
	job->header_bytes = 0;
	outcome = get_rest(job, sess, &rest);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (job->format == WD_COMP_GZIP)
		foreign = foreign_find(rest.data, rest.len, false);
	if (foreign && foreign->is_refused)
		return refuse_foreign(job, foreign);
	if (foreign) {
		job->has_info = false;	/* which would tell of a part only */
		return foreign->decode_rest(job, rest.data, rest.len);
	}
	return passes_through(job) ? copy_trailing(job, &rest) : ignore_trailing(job);
}

/*
 * A single byte after the end could be half of a magic number, so it is an
 * error, except to -dcf, which hands it on, and to -lf.
 */
static bool is_lone_byte(const struct job *job, const struct wd_comp_info *info)
{
	return may_be_short(job) && info->error == WD_COMP_ERR_TRUNCATED &&
	       info->members > 0 && job->in.taken - info->total_in == 1;
}

/* ---- the whole ---- */

static enum outcome session_failed(struct job *job, struct pump *pump)
{
	struct ready_arg *arg = pump->arg;
	struct wd_comp_header header;
	struct wd_comp_info info = { .error = WD_COMP_OK };

	/* It is over, whatever the output is. */
	arg->restartable = false;
	wd_comp_get_info(pump->sess, &info);
	if (is_lone_byte(job, &info) && pump_make_ready(pump) == 0) {
		job->has_info = true;
		job->info = info;
		job->info.trailing = WD_COMP_TRAILING_GARBAGE;
		/* As where more of it follows. */
		job->header_bytes = 0;
		if (job->opt->list)
			return ignore_trailing(job);
		return job_sink(job, &pump->last, 1) < 0 ? OUTCOME_FATAL : OUTCOME_DONE;
	}
	/* What is wrong inside the data comes after what is wrong outside. */
	if (wd_comp_get_header(pump->sess, &header) == 0 &&
	    pump_make_ready(pump) < 0)
		return job->stop;
	return report_data(job, pump->err, &info);
}

/* From the beginning of the input to its end, or to where it cannot go on. */
static enum pump_result attempt(struct job *job, struct pump *pump)
{
	struct ready_arg *arg = pump->arg;

	pump->source = in_source(&job->in);
	pump->taken = pump->produced = 0;
	pump->sess = session_get(job->opt, WD_COMP_DECOMPRESS, job->format,
				 SESSION_MAIN, in_size(&job->in));
	if (!pump->sess)
		return PUMP_STOPPED;
	arg->sess = pump->sess;
	if (arg->restartable)
		wd_comp_allow_restart(pump->sess);
	return pump_run(pump);
}

static bool wants_restart(const struct pump *pump, enum pump_result result)
{
	const struct ready_arg *arg = pump->arg;

	return arg->must_not ||
	       (result == PUMP_SESSION_ERROR && pump->err == -ERESTART);
}

static enum outcome inflate_file(struct job *job)
{
	struct ready_arg arg = {
		.job = job,
		.restartable = job->in.regular && !job_writes_stdout(job),
	};
	struct pump pump = {
		.ready = on_ready,
		.sink = on_output,
		.arg = &arg,
		.interactive = true,
	};
	enum pump_result result;

	job->stop = OUTCOME_FATAL;
	result = attempt(job, &pump);
	if (wants_restart(&pump, result)) {
		arg.restartable = arg.must_not = false;
		if (job_rewind(job) < 0)
			return OUTCOME_FATAL;
		result = attempt(job, &pump);
	}
	switch (result) {
	case PUMP_DONE:
		break;
	case PUMP_READ_ERROR:
		return job_read_error(job, pump.err);
	case PUMP_SESSION_ERROR:
		return session_failed(job, &pump);
	case PUMP_STOPPED:
		return job->stop;
	}
	job_take_info(job, pump.sess);
	job->has_crc = job->has_info && job->format == WD_COMP_GZIP;
	job->crc = job->info.checksum;
	return check_trailing(job, pump.sess);
}

static enum outcome copy_file(struct job *job)
{
	if (job_open_output(job) < 0)
		return job->stop;
	stats_announce(job);
	return copy_rest(job);
}

static enum outcome decode(struct job *job)
{
	const char *name = msg_name(job->in.name);
	const struct foreign *foreign = NULL;
	enum data_kind kind = classify(job, &foreign);

	if (passes_through(job) && kind == KIND_UNKNOWN)
		return copy_file(job);
	switch (kind) {
	case KIND_SHORT:
		return job_truncated(job);
	case KIND_DEFLATE:
		return inflate_file(job);
	case KIND_FOREIGN:
		if (!foreign->is_refused)
			return foreign->decode(job);
		refuse_foreign(job, foreign);
		return not_ours(job, 1);
	case KIND_UNKNOWN:
		msg_fault("%s: not in gzip format", name);
		return not_ours(job, 1);
	}
	return OUTCOME_FAILED;
}

enum outcome decompress_file(struct job *job)
{
	enum outcome outcome;

	if (in_peek(&job->in, 4) < 0)
		return job_read_error(job, errno);
	outcome = decode(job);
	job->bytes_in = job->in.taken;
	/* How much was read of what is ignored after the end is a matter of threads. */
	if (outcome == OUTCOME_DONE && job->in.regular &&
	    in_size(&job->in) > job->bytes_in)
		job->bytes_in = in_size(&job->in);
	return outcome;
}
