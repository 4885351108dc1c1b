/* SPDX-License-Identifier: MIT */
/*
 * What the command line and the environment ask for.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <warpdrive/wd_comp.h>

#define SUFFIX_MAX	30	/* bytes of a suffix given with -S */

enum stats_form {
	STATS_NONE,
	STATS_TEXT,
	STATS_JSON,
};

enum top_form {
	TOP_NONE,
	TOP_TABLE,
	TOP_JSON,
	TOP_OPENMETRICS,
};

enum progress_wish {
	PROGRESS_AUTO,
	PROGRESS_ON,
	PROGRESS_OFF,
};

/*
 * struct options - the wishes of this run
 *
 * @decompress is also set by -t and -l, and @to_stdout too, since both read a
 * file as -c does and leave it alone.  @no_name and @no_time are -1 until an
 * option, or in the end the direction, decides.
 */
struct options {
	bool decompress;
	bool test;
	bool list;
	bool to_stdout;
	bool force;
	bool keep;
	bool recursive;
	bool quiet;
	unsigned int verbose;		/* how often -v was given */
	bool ascii;
	bool rsyncable;
	bool independent;
	bool synchronous;
	bool verify;
	bool no_verify;			/* of what a device made */
	bool explain;
	bool list_devices;
	enum stats_form doctor;
	enum top_form top;
	bool format_given;
	int no_name;
	int no_time;
	int level;
	int typed_level;		/* that short options looked like, 10 to 12, or 0 */
	uint32_t chunk_size;
	uint32_t threads;
	enum wd_comp_format format;
	enum wd_comp_members members;
	enum stats_form stats;
	enum progress_wish progress;
	const char *suffix;		/* as given, or that of the format */
	const char *output;		/* -o, NULL if not given */
	int output_fd;			/* the descriptor that it names, or -1 */
	const char *engine;
	char **files;			/* the arguments that are no options */
	int file_count;
};

/* What is left to do after the options were read. */
enum parse_result {
	PARSE_RUN,
	PARSE_DONE,			/* help, version: nothing more to do */
	PARSE_ERROR,			/* reported; the status is set */
};

/*
 * options_parse() - read GZIP, WDZIP and the command line
 * @opt: filled; strings point into @argv and the environment's copy, which
 *       stays until the program ends
 */
enum parse_result options_parse(struct options *opt, int argc, char **argv);

/* The name of @format as --format has it. */
const char *options_format_name(enum wd_comp_format format);

#endif
