/* SPDX-License-Identifier: MIT */
/*
 * Zip archives with a single entry.
 *
 * libarchive reads them, in one pass from a pipe as well as from a file: the
 * entry and its own checksum and length count, and not the directory at the end
 * of the archive, as with gzip.  That library is loaded when it is needed: starting with
 * it, and the dozen of others it brings along, would take longer than
 * compressing a small file does.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "stats.h"
#include "unzip.h"

#define LIBARCHIVE	"libarchive.so.13"	/* its ABI since version 3 */
#define READ_SIZE	(128 << 10)

/*
 * An entry written to a pipe is followed by a record with its lengths.  libarchive
 * looks as far ahead as the longest form of it, also where a shorter one is the
 * last thing in the file: then it gets that many zeros.
 */
#define PADDING_SIZE	24
#define FLAG_RECORD	0x08	/* there is such a record */

/* The fixed part of the header of an entry, and where in it things are. */
#define HEADER_SIZE	30
#define HEADER_FLAGS	6
#define HEADER_METHOD	8
#define HEADER_CRC	14
#define HEADER_PACKED	18
#define HEADER_SIZE_OUT	22
#define METHOD_STORED	0
#define METHOD_DEFLATED	8
#define SIZE_ELSEWHERE	UINT32_MAX	/* too large for this field */

/* The functions of libarchive that are used here, under their own names. */
#define FUNCTIONS(F)					\
	F(archive_read_new)				\
	F(archive_read_free)				\
	F(archive_read_support_format_zip_streamable)	\
	F(archive_read_set_read_callback)		\
	F(archive_read_set_callback_data)		\
	F(archive_read_open1)				\
	F(archive_read_next_header)			\
	F(archive_read_data_block)			\
	F(archive_entry_filetype)			\
	F(archive_entry_is_encrypted)			\
	F(archive_set_error)				\
	F(archive_error_string)				\
	F(archive_errno)

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

/*
 * struct reading - one archive being read
 * @read_err:   errno of reading the file, 0 if that went well
 * @has_record: lengths follow the entry
 * @at_end:     more was asked for than the file has
 */
struct reading {
	struct job *job;
	struct archive *archive;
	char *buf;
	int read_err;
	bool has_record;
	bool at_end;
};

static la_ssize_t on_read(struct archive *a, void *arg, const void **data)
{
	struct reading *r = arg;
	ssize_t n = 0;

	*data = r->buf;
	if (!r->at_end)
		n = in_read(&r->job->in, r->buf, READ_SIZE);
	if (n < 0) {
		r->read_err = errno;
		lib.archive_set_error(a, errno, "read error");
	}
	if (n || r->at_end)
		return n;
	r->at_end = true;
	if (!r->has_record)
		return 0;
	memset(r->buf, 0, PADDING_SIZE);
	return PADDING_SIZE;
}

static uint32_t get_le32(const unsigned char *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ---- errors ---- */

/* Failures that have nothing to do with what the archive is like. */
static bool report_trouble(const struct reading *r)
{
	if (r->read_err)
		job_read_error(r->job, r->read_err);
	else if (lib.archive_errno(r->archive) == ENOMEM)
		job_no_memory(r->job);
	else
		return false;
	return true;
}

static void report_detail(const struct reading *r)
{
	const char *why = lib.archive_error_string(r->archive);

	if (why)
		msg_detail("%s: %s", msg_name(r->job->in.name), why);
}

static enum outcome report_header(const struct reading *r)
{
	if (report_trouble(r))
		return OUTCOME_FATAL;
	msg_fault("%s: not a valid zip file", msg_name(r->job->in.name));
	report_detail(r);
	return OUTCOME_FAILED;
}

/* A warning is about checksum or lengths: all was decoded, but not to what was. */
static const char *what_is_wrong(const struct reading *r, int ret)
{
	const char *why = lib.archive_error_string(r->archive);

	if (ret < ARCHIVE_WARN || !why)
		return "format violated";
	return strstr(why, "CRC") ? "crc error" : "length error";
}

static enum outcome report_data(const struct reading *r, int ret)
{
	const char *name = msg_name(r->job->in.name);

	if (report_trouble(r))
		return OUTCOME_FATAL;
	if (ret == ARCHIVE_FAILED) {
		msg_fault("%s: first entry cannot be decompressed here -- use unzip", name);
		report_detail(r);
		return OUTCOME_FAILED;
	}
	if (r->at_end)
		return job_truncated(r->job);
	msg_fault("%s: invalid compressed data--%s", name, what_is_wrong(r, ret));
	report_detail(r);
	return job_data_error(r->job);
}

/* ---- the archive ---- */

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

/*
 * struct block - a piece of the data
 * @held: the piece before, if it may not be data but what padding decodes to
 */
struct block {
	const void *data;
	size_t len;
	int ret;
	void *held;
	size_t held_len;
};

static void read_block(struct reading *r, struct block *block)
{
	la_int64_t offset;

	block->data = NULL;
	block->len = 0;
	block->ret = lib.archive_read_data_block(r->archive, &block->data,
						 &block->len, &offset);
}

static int hold(struct block *block)
{
	block->held = malloc(block->len);
	if (!block->held)
		return -1;
	memcpy(block->held, block->data, block->len);
	block->held_len = block->len;
	return 0;
}

/* The padding is too little for two pieces: what is held has proved to be data. */
static int release(struct reading *r, struct block *block)
{
	int ret = block->held ? job_sink(r->job, block->held, block->held_len) : 0;

	free(block->held);
	block->held = NULL;
	return ret;
}

static enum outcome take_block(struct reading *r, struct block *block)
{
	if (release(r, block) < 0)
		return OUTCOME_FATAL;
	if (!block->len)
		return OUTCOME_DONE;
	if (!r->at_end || !r->has_record)
		return job_sink(r->job, block->data, block->len) < 0 ? OUTCOME_FATAL :
								      OUTCOME_DONE;
	if (hold(block) == 0)
		return OUTCOME_DONE;
	return job_no_memory(r->job);
}

/* From the first block, which may be good or bad, to the last. */
static enum outcome copy_data(struct reading *r, struct block *block)
{
	enum outcome outcome = OUTCOME_DONE;

	while (outcome == OUTCOME_DONE && block->ret == ARCHIVE_OK) {
		outcome = take_block(r, block);
		if (outcome == OUTCOME_DONE)
			read_block(r, block);
	}
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (block->ret == ARCHIVE_EOF)
		return release(r, block) < 0 ? OUTCOME_FATAL : OUTCOME_DONE;
	/* What comes with a warning is the last piece, and was decoded. */
	if (block->ret == ARCHIVE_WARN && take_block(r, block) != OUTCOME_DONE)
		return OUTCOME_FATAL;
	return report_data(r, block->ret);
}

/*
 * Where the header says that there is nothing to decode, libarchive does not look
 * whether the rest of it agrees.
 */
static enum outcome check_empty(const struct reading *r)
{
	const struct job *job = r->job;
	const unsigned char *head = job->in.head;
	const char *name = msg_name(job->in.name);
	uint32_t size = get_le32(head + HEADER_SIZE_OUT);

	if (job->bytes_out || r->has_record)
		return OUTCOME_DONE;
	if (get_le32(head + HEADER_CRC))
		msg_fault("%s: invalid compressed data--crc error", name);
	else if ((size && size != SIZE_ELSEWHERE) ||
		 (head[HEADER_METHOD] != METHOD_STORED &&
		  !get_le32(head + HEADER_PACKED)))
		msg_fault("%s: invalid compressed data--length error", name);
	else
		return OUTCOME_DONE;
	return job_data_error(job);
}

/* A zip archive becomes one file only if it holds one. */
static enum outcome check_single(struct reading *r)
{
	const struct options *opt = r->job->opt;
	const char *name = msg_name(r->job->in.name);
	struct archive_entry *entry;
	int ret = lib.archive_read_next_header(r->archive, &entry);

	if (report_trouble(r))
		return OUTCOME_FATAL;
	/*
	 * Be there a directory, or half of one, or nothing: this entry is whole.
	 * A complaint is about a header that was found.
	 */
	if (ret == ARCHIVE_EOF ||
	    (ret < ARCHIVE_WARN && !lib.archive_error_string(r->archive)))
		return OUTCOME_DONE;
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
		msg_fault("%s: encrypted file -- use unzip", name);
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
	struct block block = { 0 };
	int ret;

	ret = lib.archive_read_open1(r->archive);
	if (ret >= ARCHIVE_WARN)
		ret = lib.archive_read_next_header(r->archive, &entry);
	if (ret < ARCHIVE_WARN || ret == ARCHIVE_EOF)
		return report_header(r);
	outcome = check_entry(r, entry);
	if (outcome != OUTCOME_DONE)
		return outcome;
	/* Only now it is known whether the method is supported. */
	read_block(r, &block);
	if (block.ret != ARCHIVE_FAILED && job_open_output(job) < 0)
		return job->stop;
	stats_announce(job);
	outcome = copy_data(r, &block);
	free(block.held);
	if (outcome == OUTCOME_DONE)
		outcome = check_empty(r);
	if (outcome == OUTCOME_DONE)
		outcome = check_single(r);
	return outcome;
}

/* As -l -v has it. */
static const char *method_name(unsigned int method)
{
	if (method == METHOD_STORED)
		return "store";
	return method == METHOD_DEFLATED ? "defla" : "zip";
}

enum outcome unzip_file(struct job *job)
{
	struct reading r = { .job = job };
	enum outcome outcome;

	if (!load_library()) {
		msg_error("%s: cannot be read without the library %s, which cannot be loaded",
			  msg_name(job->in.name), LIBARCHIVE);
		return OUTCOME_FAILED;
	}
	if (in_peek(&job->in, HEADER_SIZE) < 0)
		return job_read_error(job, errno);
	job->kind = method_name(job->in.head[HEADER_METHOD]);
	r.has_record = job->in.head[HEADER_FLAGS] & FLAG_RECORD;
	outcome = open_archive(&r) ? decode(&r) : job_no_memory(job);
	lib.archive_read_free(r.archive);
	free(r.buf);
	return outcome;
}
