/* SPDX-License-Identifier: MIT */
/*
 * One input on its way to one output, as all parts of the tools see it.
 */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <warpdrive/wd_comp.h>

#include "fileio.h"
#include "options.h"
#include "outfile.h"

#define FALLBACKS_MAX 16 /* that are told; no session has had so many */

enum outcome {
	OUTCOME_DONE,
	OUTCOME_SKIPPED,	/* nothing was done, and nothing is to be reported */
	OUTCOME_FAILED,		/* reported; the next file may do better */
	OUTCOME_FATAL,		/* reported; no use to go on */
};

/*
 * struct job - one file
 * @format:       of the compressed side
 * @kind:         what -l -v calls the method, five letters at most
 * @out_path:     where the output goes, allocated; NULL for standard output, or
 *                once the output is open
 * @bytes_in:     bytes read
 * @bytes_out:    bytes written, or that would have been
 * @header_bytes: of the compressed side, not counted in the ratio
 * @mtime:        for the output: from the header, 0 for the input's
 * @crc:          CRC-32 of the data, if @has_crc
 * @keep_input:   it holds more than was decompressed
 * @announced:    "name:<tab>" is on the screen, without its newline
 * @info:         of the session, if @has_info
 * @lanes:        the same of its queues, @lane_count of them
 * @fallbacks:    why these did not do all they might have, @fallback_count of them
 * @stop:         what it means when a callback of a pump stops it
 * @seconds:      how long it took
 */
struct job {
	const struct options *opt;
	struct infile in;
	struct outfile out;
	enum wd_comp_format format;
	const char *kind;
	char *out_path;
	uint64_t bytes_in;
	uint64_t bytes_out;
	unsigned int header_bytes;
	uint32_t mtime;
	uint32_t crc;
	bool has_crc;
	bool keep_input;
	bool announced;
	bool has_info;
	struct wd_comp_info info;
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	int lane_count;
	struct wd_comp_fallback fallbacks[FALLBACKS_MAX];
	int fallback_count;
	enum outcome stop;
	double seconds;
};

/* A job at its beginning, @in not open yet. */
void job_init(struct job *job, const struct options *opt);

/* Whether its output is, or would be, standard output. */
bool job_writes_stdout(const struct job *job);

/*
 * job_open_output() - open what the job writes to, unless it writes nothing
 *
 * Returns 0 or -1 after reporting.
 */
int job_open_output(struct job *job);

/* Whether all output can be given up, once it is open. */
bool job_can_rewind(const struct job *job);

/* Give it up, and read the input from its beginning; 0 or -1 after reporting. */
int job_rewind(struct job *job);

/* As the sink of a pump; @arg is the job.  Counts, and writes unless testing. */
int job_sink(void *arg, const void *data, size_t len);

/* Set @header_bytes to what the format needs at least. */
void job_count_header(struct job *job);

/* Keep what @sess tells of what it did. */
void job_take_info(struct job *job, struct wd_comp_sess *sess);

/* Report what can happen to any file; returns OUTCOME_FATAL. */
enum outcome job_read_error(const struct job *job, int err);
enum outcome job_truncated(const struct job *job);
enum outcome job_no_memory(const struct job *job);

/*
 * What wrong data, which was reported, means: what can be read no further ends the
 * run, as with gzip; only a test or a list goes on with the next file.
 */
enum outcome job_data_error(const struct job *job);

#endif
