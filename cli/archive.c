/* SPDX-License-Identifier: MIT */
/*
 * Zip archives with a single entry.
 *
 * libarchive does it.  That library is loaded when it is needed: starting with
 * it, and the dozen of others it brings along, would take longer than
 * compressing a small file does.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive_job.h"
#include "message.h"
#include "stats.h"

#define LIBARCHIVE	"libarchive.so.13"	/* its ABI since version 3 */
#define READ_SIZE	(128 << 10)

/* The functions of libarchive that are used here, under their own names. */
#define FUNCTIONS(F)					\
	F(archive_read_new)				\
	F(archive_read_free)				\
	F(archive_read_support_format_zip_streamable)	\
	F(archive_read_set_read_callback)		\
	F(archive_read_set_callback_data)		\
	F(archive_read_open1)				\
	F(archive_read_next_header)			\
	F(archive_read_data)				\
	F(archive_entry_filetype)			\
	F(archive_entry_is_encrypted)			\
	F(archive_set_error)				\
	F(archive_error_string)

struct library {
#define MEMBER(name)	__typeof__(name) *name;
	FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct library lib;

static bool load_library(void)
{
	static bool loaded;
	void *handle;

	if (loaded)
		return true;
	msg_need_locale();
	/* Stays until the program ends. */
	handle = dlopen(LIBARCHIVE, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return false;
#define LOAD(name)						\
	lib.name = (__typeof__(name) *)dlsym(handle, #name);	\
	if (!lib.name)						\
		return false;
	FUNCTIONS(LOAD)
#undef LOAD
	loaded = true;
	return true;
}

/* One archive being read. */
struct reading {
	struct job *job;
	struct archive *archive;
	char *buf;
	int read_err;		/* errno of reading the file, 0 if that went well */
};

static la_ssize_t on_read(struct archive *a, void *arg, const void **data)
{
	struct reading *r = arg;
	ssize_t n = in_read(&r->job->in, r->buf, READ_SIZE);

	*data = r->buf;
	if (n < 0) {
		r->read_err = errno;
		lib.archive_set_error(a, errno, "read error");
	}
	return n;
}

static enum outcome report(const struct reading *r)
{
	const char *name = msg_name(r->job->in.name);
	const char *why = lib.archive_error_string(r->archive);

	if (r->read_err)
		return job_read_error(r->job, r->read_err);
	msg_fault("%s: corrupt input.", name);
	if (why)
		msg_detail("%s: %s", name, why);
	return r->job->opt->test || r->job->opt->list ? OUTCOME_FAILED : OUTCOME_FATAL;
}

static bool open_archive(struct reading *r)
{
	struct archive *a = lib.archive_read_new();

	r->archive = a;
	r->buf = malloc(READ_SIZE);
	if (!a || !r->buf)
		return false;
	lib.archive_read_support_format_zip_streamable(a);
	lib.archive_read_set_read_callback(a, on_read);
	lib.archive_read_set_callback_data(a, r);
	return true;
}

static enum outcome copy_data(struct reading *r)
{
	char *buf = malloc(READ_SIZE);
	enum outcome outcome = OUTCOME_DONE;
	la_ssize_t n = 0;

	if (!buf) {
		msg_fault("%s: memory exhausted", msg_name(r->job->in.name));
		return OUTCOME_FATAL;
	}
	while (outcome == OUTCOME_DONE) {
		n = lib.archive_read_data(r->archive, buf, READ_SIZE);
		if (n <= 0)
			break;
		if (job_sink(r->job, buf, n) < 0)
			outcome = OUTCOME_FATAL;
	}
	free(buf);
	if (n < 0)
		outcome = report(r);
	return outcome;
}

/* A zip archive becomes one file only if it holds one. */
static enum outcome check_single(struct reading *r)
{
	const struct options *opt = r->job->opt;
	const char *name = msg_name(r->job->in.name);
	struct archive_entry *entry;
	int ret = lib.archive_read_next_header(r->archive, &entry);

	if (ret == ARCHIVE_EOF)
		return OUTCOME_DONE;
	if (ret < ARCHIVE_WARN)
		return report(r);
	if (opt->to_stdout) {
		msg_warn("%s has more than one entry--rest ignored", name);
		return OUTCOME_DONE;
	}
	msg_error("%s has more than one entry -- unchanged", name);
	return OUTCOME_FAILED;
}

static enum outcome check_entry(struct reading *r, struct archive_entry *entry)
{
	const char *name = msg_name(r->job->in.name);

	if (lib.archive_entry_is_encrypted(entry)) {
		msg_error("%s is encrypted -- not supported", name);
		return OUTCOME_FAILED;
	}
	if (lib.archive_entry_filetype(entry) == AE_IFREG)
		return OUTCOME_DONE;
	msg_error("%s: the first entry is not a file -- use unzip", name);
	return OUTCOME_FAILED;
}

static enum outcome decode(struct reading *r)
{
	struct job *job = r->job;
	struct archive_entry *entry;
	enum outcome outcome;
	int ret;

	ret = lib.archive_read_open1(r->archive);
	if (ret >= ARCHIVE_WARN)
		ret = lib.archive_read_next_header(r->archive, &entry);
	if (ret < ARCHIVE_WARN || ret == ARCHIVE_EOF)
		return report(r);
	outcome = check_entry(r, entry);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (job_open_output(job) < 0)
		return job->stop;
	stats_announce(job);
	outcome = copy_data(r);
	if (outcome == OUTCOME_DONE)
		outcome = check_single(r);
	return outcome;
}

enum outcome archive_decode(struct job *job)
{
	struct reading r = { .job = job };
	enum outcome outcome;

	if (!load_library()) {
		msg_error("%s: cannot be read without the library %s, which cannot be loaded",
			  msg_name(job->in.name), LIBARCHIVE);
		return OUTCOME_FAILED;
	}
	job->kind = "zip";
	if (open_archive(&r)) {
		outcome = decode(&r);
	} else {
		msg_fault("%s: memory exhausted", msg_name(job->in.name));
		outcome = OUTCOME_FATAL;
	}
	lib.archive_read_free(r.archive);
	free(r.buf);
	return outcome;
}
