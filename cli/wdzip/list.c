/* SPDX-License-Identifier: MIT */
/*
 * The table of -l.
 *
 * Sizes come from decompressing, since the header has only 32 bits for them
 * and says nothing of further members.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "decompress.h"
#include "list.h"
#include "message.h"
#include "stats.h"

#define SIZE_COLUMNS	19	/* columns, enough for any file size */
#define VERBOSE_COLUMNS	28	/* columns of what -v puts before the sizes */

static uint64_t total_in;
static uint64_t total_out;
static unsigned int last_header_bytes;
static bool any_line;

static void print_heading(const struct options *opt)
{
	if (opt->verbose)
		printf("method  crc     date  time  ");
	printf("%*s %*s  ratio uncompressed_name\n", SIZE_COLUMNS, "compressed",
	       SIZE_COLUMNS, "uncompressed");
}

static void print_date(const struct job *job)
{
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	};
	time_t t = 0;
	struct tm tm;

	if (job->mtime)
		t = job->mtime;
	else if (job->in.regular)
		t = job->in.st.st_mtim.tv_sec;
	if (localtime_r(&t, &tm))
		printf("%s %2d %02d:%02d ", months[tm.tm_mon], tm.tm_mday,
		       tm.tm_hour, tm.tm_min);
	else
		printf("%12s ", "?");
}

static void print_sizes(uint64_t in, uint64_t out, unsigned int header_bytes,
			const char *name)
{
	printf("%*" PRIu64 " %*" PRIu64 " %5.1f%% %s\n", SIZE_COLUMNS, in, SIZE_COLUMNS,
	       out, saved_percent(out, in, header_bytes), name);
}

static void print_line(const struct job *job)
{
	const char *name = job->out_path ? job->out_path : "stdout";

	if (job->opt->verbose) {
		printf("%-5s %08" PRIx32 " ", job->kind,
		       job->has_crc ? job->crc : UINT32_MAX);
		print_date(job);
	}
	/* On a terminal a name must not do more than be read. */
	print_sizes(job->bytes_in, job->bytes_out, job->header_bytes,
		    isatty(STDOUT_FILENO) ? msg_name(name) : name);
}

static enum outcome flush(void)
{
	if (fflush(stdout) == 0)
		return OUTCOME_DONE;
	if (errno == EPIPE)
		msg_set_status(STATUS_WARNING);
	else
		msg_fault("stdout: %s", strerror(errno));
	return OUTCOME_FATAL;
}

enum outcome list_file(struct job *job)
{
	enum outcome outcome = decompress_file(job);

	/* For the totals gzip takes it from the last file, good or not. */
	last_header_bytes = job->header_bytes;
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!any_line && !job->opt->quiet)
		print_heading(job->opt);
	any_line = true;
	print_line(job);
	total_in += job->bytes_in;
	total_out += job->bytes_out;
	return flush();
}

void list_totals(const struct options *opt, int file_count)
{
	if (!any_line || opt->quiet || file_count < 2)
		return;
	if (opt->verbose)
		printf("%*s", VERBOSE_COLUMNS, "");
	print_sizes(total_in, total_out, last_header_bytes, "(totals)");
	flush();
}
