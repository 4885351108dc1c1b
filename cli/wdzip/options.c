/* SPDX-License-Identifier: MIT */
/*
 * The options: one table, from which the command line and the environment are
 * parsed and --help is printed.
 *
 * Tests compare manual pages and completions with what --dump-options prints.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "format.h"
#include "message.h"
#include "options.h"
#include "opttable.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* flags of struct opt_desc */
#define OF_GZIP		(1u << 0)	/* gzip has it: its abbreviations stay what they are */
#define OF_GZIP_ENV	(1u << 1)	/* may stand in GZIP */
#define OF_WDZIP_ENV	(1u << 2)	/* may stand in WDZIP */

/*
 * struct opt_desc - one option, or a heading of --help
 * @word:   how it is written
 * @set:    stores the wish; NULL for a heading
 * @value:  for @set, where one function serves several options
 *
 * @set returns 0 to go on, 1 if there is nothing more to do, or -1 after
 * reporting an error.
 */
struct opt_desc {
	struct opt_word word;
	int (*set)(struct options *opt, const char *arg, int value);
	int value;
	unsigned int flags;
};

static const char *const members_names[] = {
	[WD_COMP_MEMBERS_QZ] = "qz",
	[WD_COMP_MEMBERS_MZ] = "mz",
	[WD_COMP_MEMBERS_BGZF] = "bgzf",
};

const char *options_format_name(enum wd_comp_format format)
{
	return wd_format_of(format)->name;
}

/* ---- setters ---- */

#define FLAG(field)	set_flag, offsetof(struct options, field)
#define WORD(field)	set_word, offsetof(struct options, field)

static int set_flag(struct options *opt, const char *arg, int value)
{
	(void)arg;
	*(bool *)((char *)opt + value) = true;
	return 0;
}

static int set_word(struct options *opt, const char *arg, int value)
{
	*(const char **)((char *)opt + value) = arg;
	return 0;
}

static int set_decompress(struct options *opt, const char *arg, int value)
{
	(void)arg;
	opt->decompress = true;
	if (value == 't')
		opt->test = opt->to_stdout = true;
	if (value == 'l')
		opt->list = opt->to_stdout = true;
	return 0;
}

static int set_name(struct options *opt, const char *arg, int value)
{
	(void)arg;
	opt->no_name = opt->no_time = value;
	return 0;
}

static int set_time(struct options *opt, const char *arg, int value)
{
	(void)arg;
	opt->no_time = value;
	return 0;
}

static int set_quiet(struct options *opt, const char *arg, int value)
{
	(void)arg;
	(void)value;
	opt->quiet = true;
	opt->verbose = 0;
	return 0;
}

static int set_verbose(struct options *opt, const char *arg, int value)
{
	(void)arg;
	(void)value;
	opt->quiet = false;
	opt->verbose++;
	return 0;
}

static int set_level(struct options *opt, const char *arg, int value)
{
	unsigned long level = value;
	const char *end = "";

	if (arg && (!opt_number(arg, &end, &level) || *end ||
		    level < WD_COMP_LEVEL_MIN || level > WD_COMP_LEVEL_MAX))
		return opt_usage_error("--level", arg, "not a number from 1 to 12");
	opt->level = level;
	opt->typed_level = 0;
	return 0;
}

static int set_threads(struct options *opt, const char *arg, int value)
{
	unsigned long threads;
	const char *end;

	(void)value;
	if (!opt_number(arg, &end, &threads) || *end || threads < 1 ||
	    threads > WD_COMP_THREADS_MAX)
		return opt_usage_error("-p", arg, "not a number from 1 to 1024");
	opt->threads = threads;
	return 0;
}

static int set_chunk_size(struct options *opt, const char *arg, int value)
{
	unsigned long size;
	const char *end;

	(void)value;
	if (!opt_size(arg, &end, &size) || *end || size < WD_COMP_CHUNK_MIN ||
	    size > WD_COMP_CHUNK_MAX)
		return opt_usage_error("-b", arg, "not a size from 32K to 16M");
	opt->chunk_size = size;
	return 0;
}

static int find_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && !strcmp(names[i], name))
			return i;
	return -1;
}

static int set_format(struct options *opt, const char *arg, int value)
{
	if (arg)
		value = wd_format_find(arg);
	if (value < 0)
		return opt_usage_error("--format", arg, "not gzip, zlib or deflate");
	opt->format = value;
	opt->format_given = true;
	return 0;
}

static int set_members(struct options *opt, const char *arg, int value)
{
	value = find_name(members_names, ARRAY_SIZE(members_names), arg);
	if (value < 0)
		return opt_usage_error("--members", arg, "not qz, mz or bgzf");
	opt->members = value;
	return 0;
}

static int set_form(enum stats_form *form, const char *option, const char *arg)
{
	*form = STATS_TEXT;
	if (!arg)
		return 0;
	if (strcmp(arg, "json"))
		return opt_usage_error(option, arg, "not json");
	*form = STATS_JSON;
	return 0;
}

static int set_stats(struct options *opt, const char *arg, int value)
{
	(void)value;
	return set_form(&opt->stats, "--stats", arg);
}

static int set_doctor(struct options *opt, const char *arg, int value)
{
	(void)value;
	return set_form(&opt->doctor, "--doctor", arg);
}

static int set_top(struct options *opt, const char *arg, int value)
{
	(void)value;
	if (!arg)
		opt->top = TOP_TABLE;
	else if (!strcmp(arg, "json"))
		opt->top = TOP_JSON;
	else if (!strcmp(arg, "openmetrics"))
		opt->top = TOP_OPENMETRICS;
	else
		return opt_usage_error("--top", arg, "not json or openmetrics");
	return 0;
}

static int set_progress(struct options *opt, const char *arg, int value)
{
	(void)arg;
	opt->progress = value;
	return 0;
}

static int refuse_lzw(struct options *opt, const char *arg, int value)
{
	(void)opt;
	(void)arg;
	(void)value;
	msg_error("-Z not supported in this version");
	msg_try_help();
	return -1;
}

static int print_version(struct options *opt, const char *arg, int value)
{
	(void)opt;
	(void)arg;
	(void)value;
	printf("wdzip (WarpDrive) %s\n", wd_version());
	printf("MIT licence; see wdzip --license.\n");
	return opt_printed();
}

static int print_license(struct options *opt, const char *arg, int value)
{
	(void)opt;
	(void)arg;
	(void)value;
	printf("wdzip (WarpDrive) %s\n\n", wd_version());
	printf("This program is free software under the MIT licence: you may use, copy, change\n"
	       "and redistribute it, as long as the copyright notice and the licence go with it.\n"
	       "It comes without warranty of any kind.\n");
	return opt_printed();
}

static int print_help(struct options *opt, const char *arg, int value);
static int dump_options(struct options *opt, const char *arg, int value);

/* ---- the table ---- */

#define LEVEL_FLAGS	(OF_GZIP | OF_GZIP_ENV | OF_WDZIP_ENV)

/* clang-format off */
static const struct opt_desc table[] = {
	{ { "stdout", 'c', NULL, "write on standard output, keep the input files" },
	  FLAG(to_stdout), OF_GZIP },
	{ { "to-stdout", 0, NULL, NULL }, FLAG(to_stdout), OF_GZIP },
	{ { "decompress", 'd', NULL, "decompress" }, set_decompress, 'd', OF_GZIP },
	{ { "uncompress", 0, NULL, NULL }, set_decompress, 'd', OF_GZIP },
	{ { "force", 'f', NULL, "overwrite output files, compress what links point to" },
	  FLAG(force), OF_GZIP },
	{ { "help", 'h', NULL, "show this text" }, print_help, 0, OF_GZIP },
	{ { "keep", 'k', NULL, "keep (do not delete) the input files" },
	  FLAG(keep), OF_GZIP },
	{ { "list", 'l', NULL, "list what compressed files contain" },
	  set_decompress, 'l', OF_GZIP },
	{ { "license", 'L', NULL, "show the licence" }, print_license, 0, OF_GZIP },
	{ { "no-name", 'n', NULL, "do not save or restore the name and time stamp" },
	  set_name, 1, OF_GZIP | OF_WDZIP_ENV },
	{ { "name", 'N', NULL, "save or restore the name and time stamp" },
	  set_name, 0, OF_GZIP },
	{ { "no-time", 'm', NULL, NULL }, set_time, 1, 0 },
	{ { "time", 'M', NULL, NULL }, set_time, 0, 0 },
	{ { "quiet", 'q', NULL, "suppress all warnings" },
	  set_quiet, 0, OF_GZIP | OF_WDZIP_ENV },
	{ { "silent", 0, NULL, NULL }, set_quiet, 0, OF_GZIP | OF_WDZIP_ENV },
	{ { "recursive", 'r', NULL, "work on the files in directories" },
	  FLAG(recursive), OF_GZIP },
	{ { "rsyncable", 0, NULL, "cut chunks where the content says so, for rsync" },
	  FLAG(rsyncable), LEVEL_FLAGS },
	{ { "suffix", 'S', "SUF", "use suffix SUF for compressed files" },
	  WORD(suffix), OF_GZIP },
	{ { "synchronous", 0, NULL, "bring the output to the disk before going on" },
	  FLAG(synchronous), LEVEL_FLAGS },
	{ { "test", 't', NULL, "test whether compressed files are intact" },
	  set_decompress, 't', OF_GZIP },
	{ { "verbose", 'v', NULL, "name each file and its ratio" },
	  set_verbose, 0, OF_GZIP | OF_WDZIP_ENV },
	{ { "version", 'V', NULL, "show the version" }, print_version, 0, OF_GZIP },
	{ { "fast", '1', NULL, "compress faster" }, set_level, 1, LEVEL_FLAGS },
	{ { NULL, '2', NULL, NULL }, set_level, 2, LEVEL_FLAGS },
	{ { NULL, '3', NULL, NULL }, set_level, 3, LEVEL_FLAGS },
	{ { NULL, '4', NULL, NULL }, set_level, 4, LEVEL_FLAGS },
	{ { NULL, '5', NULL, NULL }, set_level, 5, LEVEL_FLAGS },
	{ { NULL, '6', NULL, NULL }, set_level, 6, LEVEL_FLAGS },
	{ { NULL, '7', NULL, NULL }, set_level, 7, LEVEL_FLAGS },
	{ { NULL, '8', NULL, NULL }, set_level, 8, LEVEL_FLAGS },
	{ { "best", '9', NULL, "compress better" }, set_level, 9, LEVEL_FLAGS },
	{ { "ascii", 'a', NULL, NULL }, FLAG(ascii), OF_GZIP },
	{ { "lzw", 'Z', NULL, NULL }, refuse_lzw, 0, OF_GZIP },

	{ { NULL, 0, NULL, "What gzip does not have:" }, NULL, 0, 0 },
	{ { "output", 'o', "FILE", "write to FILE, keep the input; - is standard output" },
	  WORD(output), 0 },
	{ { "level", 0, "N", "level 1 to 12; 10 to 12 are slow and smallest" },
	  set_level, 0, OF_WDZIP_ENV },
	{ { "processes", 'p', "N", "work with N threads (default: by CPUs and memory)" },
	  set_threads, 0, OF_WDZIP_ENV },
	{ { "chunk-size", 'b', "SIZE", "compress in chunks of SIZE bytes, 32K to 16M" },
	  set_chunk_size, 0, OF_WDZIP_ENV },
	{ { "independent", 'i', NULL, "let no chunk refer to the one before" },
	  FLAG(independent), OF_WDZIP_ENV },
	{ { "zlib", 'z', NULL, "zlib format (.zz), as --format=zlib" },
	  set_format, WD_COMP_ZLIB, 0 },
	{ { "format", 0, "FORMAT", "gzip, zlib (.zz) or deflate (.deflate)" },
	  set_format, 0, 0 },
	{ { "members", 0, "KIND", "write members with a size field: qz, mz or bgzf" },
	  set_members, 0, OF_WDZIP_ENV },
	{ { "engine", 0, "LIST", "auto, hw, sw, hybrid, devices, A+B: the first that can be used" },
	  WORD(engine), OF_WDZIP_ENV },
	{ { "verify", 0, NULL, "read the output back and compare before going on" },
	  FLAG(verify), OF_WDZIP_ENV },
	{ { "no-verify", 0, NULL, "do not check on the CPU what a device compressed" },
	  FLAG(no_verify), OF_WDZIP_ENV },
	{ { "stats", 0, "[json]", "print what was done, by what, how fast" },
	  set_stats, 0, OF_WDZIP_ENV },
	{ { "progress", 0, NULL, "show progress, even if not on a terminal" },
	  set_progress, PROGRESS_ON, OF_WDZIP_ENV },
	{ { "no-progress", 0, NULL, "show no progress" },
	  set_progress, PROGRESS_OFF, OF_WDZIP_ENV },
	{ { "explain", 0, NULL, "say which engine is used, and why" },
	  FLAG(explain), OF_WDZIP_ENV },
	{ { "list-devices", 0, NULL, "list the devices of this machine" },
	  FLAG(list_devices), 0 },
	{ { "doctor", 0, "[json]", "say whether accelerators work, and what to do if not" },
	  set_doctor, 0, 0 },
	{ { "top", 0, "[FORM]", "show what accelerators are doing; json, openmetrics" },
	  set_top, 0, 0 },
	{ { "dump-options", 0, NULL, NULL }, dump_options, 0, 0 },
};
/* clang-format on */

static const struct opt_table option_words = { table, ARRAY_SIZE(table), sizeof(table[0]) };

/* ---- what is printed from it ---- */

static int print_help(struct options *opt, const char *arg, int value)
{
	(void)opt;
	(void)arg;
	(void)value;
	printf("Usage: %s [OPTION]... [FILE]...\n", msg_program());
	printf("Compress or decompress FILEs in place, as gzip does, on all CPUs.\n\n");
	printf("An argument that a long option needs is needed by its short form, too.\n\n");
	opt_print(&option_words);
	printf("\nWithout FILE, or when FILE is -, standard input is read.\n"
	       "wdunzip is wdzip -d, wdzcat is wdzip -cd. Defaults can be given in WDZIP.\n");
	return opt_printed();
}

static int dump_options(struct options *opt, const char *arg, int value)
{
	(void)opt;
	(void)arg;
	(void)value;
	opt_dump(&option_words);
	return opt_printed();
}

/* ---- parsing ---- */

/*
 * What gzip takes for an abbreviation of one of its options must stay one, also
 * where an option that gzip does not have begins alike.
 */
static const struct opt_desc *gzip_abbreviation(const char *word, size_t len)
{
	const struct opt_desc *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct opt_desc *d = &table[i];

		if (!d->word.name || strncmp(d->word.name, word, len))
			continue;
		if (!d->word.name[len])
			return NULL;	/* not abbreviated */
		if (!(d->flags & OF_GZIP))
			continue;
		if (found && (found->set != d->set || found->value != d->value))
			return NULL;	/* ambiguous in gzip, too */
		found = d;
	}
	return found;
}

/* Spell out the option that getopt_long() will look at next. */
static int expand_next(int argc, char **argv)
{
	int i = optind ? optind : 1;
	const struct opt_desc *d;
	const char *word;
	char *full;
	size_t len;

	while (i < argc && (argv[i][0] != '-' || !argv[i][1])) {
		if (getenv("POSIXLY_CORRECT"))
			return 0;
		i++;
	}
	if (i >= argc || strncmp(argv[i], "--", 2) || !argv[i][2])
		return 0;
	word = argv[i] + 2;
	len = strcspn(word, "=");
	d = gzip_abbreviation(word, len);
	if (!d)
		return 0;
	/* Never freed: it is part of argv from now on. */
	if (asprintf(&full, "--%s%s", d->word.name, word + len) < 0)
		return -1;
	argv[i] = full;
	return 0;
}

/*
 * struct words - where options come from
 * @env:     name of the environment variable, NULL for the command line
 * @allowed: flag that options must have
 * @lenient: ignore everything else instead of calling it an error
 */
struct words {
	const char *env;
	unsigned int allowed;
	bool lenient;
};

static int refuse_env(const struct words *src, const struct opt_desc *d, int value)
{
	if (value < OPT_LONG)
		msg_error("-%c: option not valid in %s environment variable",
			  value, src->env);
	else
		msg_error("--%s: option not valid in %s environment variable",
			  d->word.name, src->env);
	msg_try_help();
	return -1;
}

static int apply(struct options *opt, const struct words *src, int value)
{
	int at = opt_find(&option_words, value);
	const struct opt_desc *d;

	if (at < 0) {
		/* getopt_long() has said what is wrong. */
		if (src->lenient)
			return 0;
		msg_try_help();
		return -1;
	}
	d = &table[at];
	if (src->env && !(d->flags & src->allowed))
		return src->lenient ? 0 : refuse_env(src, d, value);
	return d->set(opt, optarg, d->value);
}

/*
 * -11 is -1 twice, as in gzip, and -10 an error; but whoever types that may mean a
 * level that only --level has.
 *
 * @word:  where the digit before was followed by more of its word, else NULL
 * @digit: what was found next
 */
static void note_typed_level(struct options *opt, const char *word, int digit)
{
	char typed[] = { '1', (char)digit, '\0' };

	if (digit < '0' || digit > '2' || !word || word[0] != '-' ||
	    !strstr(word, typed))
		return;
	opt->typed_level = 10 + digit - '0';
}

/* Not for scripts, which have their reasons. */
static void hint_at_level(const struct options *opt)
{
	if (opt->typed_level && !opt->decompress && !opt->quiet &&
	    isatty(STDERR_FILENO))
		msg_note("-%d is not level %d: for that, give --level=%d",
			 opt->typed_level, opt->typed_level, opt->typed_level);
}

static int parse_words(struct options *opt, const struct words *src, int argc,
		       char **argv)
{
	struct option longs[ARRAY_SIZE(table) + 1];
	char shorts[2 * ARRAY_SIZE(table) + 1];
	const char *after_one = NULL;
	int value, ret;

	opt_fill(&option_words, longs, shorts);
	optind = 0;
	opterr = !src->lenient;
	for (;;) {
		if (expand_next(argc, argv) < 0) {
			msg_error("memory exhausted");
			return -1;
		}
		value = getopt_long(argc, argv, shorts, longs, NULL);
		if (value < 0)
			return 0;
		ret = apply(opt, src, value);
		if (!src->lenient)
			note_typed_level(opt, after_one, value == '?' ? optopt : value);
		if (ret < 0 && opt->typed_level == 10)
			hint_at_level(opt);
		if (ret)
			return ret;
		/* In the middle of a word getopt_long() is still at it. */
		after_one = value == '1' && optind < argc ? argv[optind] : NULL;
	}
}

/* Cut @text at blanks into words, which follow @argv0; NULL if out of memory. */
static char **split(char *text, char *argv0, int *count)
{
	char **words = calloc(strlen(text) / 2 + 3, sizeof(*words));
	char *rest = NULL;

	if (!words)
		return NULL;
	*count = 0;
	words[(*count)++] = argv0;
	for (char *w = strtok_r(text, " \t\n", &rest); w;
	     w = strtok_r(NULL, " \t\n", &rest))
		words[(*count)++] = w;
	return words;
}

/*
 * The words of a variable live as long as the program: options point to them,
 * as they do to argv.
 */
struct env_words {
	char *text;
	char **words;
};

static int parse_env(struct options *opt, const struct words *src, char *argv0,
		     struct env_words *env)
{
	const char *value = getenv(src->env);
	char **words;
	int count, ret;

	if (!value || !*value)
		return 0;
	env->text = strdup(value);
	env->words = env->text ? split(env->text, argv0, &count) : NULL;
	words = env->words;
	if (!words) {
		msg_error("memory exhausted");
		return -1;
	}
	ret = parse_words(opt, src, count, words);
	if (!ret && !src->lenient && optind < count) {
		msg_error("%s: non-option in %s environment variable",
			  msg_name(words[optind]), src->env);
		msg_try_help();
		ret = -1;
	}
	return ret;
}

/* The name by which it is called can mean options. */
static void set_personality(struct options *opt)
{
	const char *name = msg_program();
	size_t len = strlen(name);

	if (!strncmp(name, "un", 2) || !strncmp(name, "wdun", 4) ||
	    !strncmp(name, "gun", 3))
		opt->decompress = true;
	if (len >= 3 && !strcmp(name + len - 3, "cat"))
		opt->decompress = opt->to_stdout = true;
}

/* Before the program opens anything, which could get the same number. */
static int find_descriptor(struct options *opt)
{
	opt->output_fd = channel_named(opt->output);
	if (opt->output_fd < 0 || channel_is_writable(opt->output_fd))
		return 0;
	msg_error("%s: %s", msg_name(opt->output), strerror(EBADF));
	return -1;
}

static int check_output(struct options *opt)
{
	if (!opt->output)
		return 0;
	if (channel_is_stdout(opt->output)) {
		opt->to_stdout = true;
		opt->output = NULL;
		return 0;
	}
	if (opt->test || opt->list)
		msg_error("-o does not go with -t or -l: they write no file");
	else if (opt->to_stdout)
		msg_error("-o FILE does not go with -c: give one of them");
	else if (opt->recursive || opt->file_count > 1)
		msg_error("-o FILE takes one input");
	else
		return find_descriptor(opt);
	msg_try_help();
	return -1;
}

/* How many inputs will end up on standard output; a directory may hold many. */
static int count_to_stdout(const struct options *opt)
{
	int count = 0;

	if (opt->to_stdout)
		return opt->file_count + (opt->recursive && opt->file_count);
	for (int i = 0; i < opt->file_count; i++)
		count += !strcmp(opt->files[i], "-") ||
			 channel_spelled(opt->files[i]) == STDIN_FILENO;
	return count;
}

/* gzip's members can follow each other; nobody would read a second stream. */
static int check_streams(const struct options *opt)
{
	if (opt->decompress || opt->format == WD_COMP_GZIP || count_to_stdout(opt) < 2)
		return 0;
	msg_error("the %s format holds one stream: several inputs cannot be written one after the other",
		  options_format_name(opt->format));
	msg_detail("leave out -c to get a file for each, or use the gzip format");
	msg_try_help();
	return -1;
}

static int check_suffix(struct options *opt)
{
	size_t len;

	if (!opt->suffix) {
		opt->suffix = wd_format_of(opt->format)->suffix;
		return 0;
	}
	len = strlen(opt->suffix);
	if (len && len <= SUFFIX_MAX && !strchr(opt->suffix, '/'))
		return 0;
	msg_error("invalid suffix '%s'", msg_name(opt->suffix));
	return -1;
}

static int check(struct options *opt)
{
	if (opt->ascii && !opt->quiet)
		msg_note("option --ascii ignored on this system");
	if (check_output(opt) < 0 || check_streams(opt) < 0 || check_suffix(opt) < 0)
		return -1;
	if (!opt->decompress && opt->members && opt->format != WD_COMP_GZIP) {
		msg_error("--members needs the gzip format, not %s",
			  options_format_name(opt->format));
		msg_try_help();
		return -1;
	}
	if (opt->no_name < 0)
		opt->no_name = opt->decompress;
	if (opt->no_time < 0)
		opt->no_time = opt->decompress;
	return 0;
}

enum parse_result options_parse(struct options *opt, int argc, char **argv)
{
	static const struct words gzip_env = { "GZIP", OF_GZIP_ENV, true };
	static const struct words wdzip_env = { "WDZIP", OF_WDZIP_ENV, false };
	static const struct words command_line = { NULL, 0, false };
	static struct env_words env[2];
	int ret;

	*opt = (struct options){
		.no_name = -1,
		.no_time = -1,
		.level = WD_COMP_LEVEL_DEFAULT,
		.output_fd = -1,
	};
	set_personality(opt);
	ret = parse_env(opt, &gzip_env, argv[0], &env[0]);
	if (!ret)
		ret = parse_env(opt, &wdzip_env, argv[0], &env[1]);
	if (!ret)
		ret = parse_words(opt, &command_line, argc, argv);
	if (ret)
		return ret < 0 ? PARSE_ERROR : PARSE_DONE;

	opt->files = argv + optind;
	opt->file_count = argc - optind;
	msg_set_quiet(opt->quiet);
	hint_at_level(opt);
	return check(opt) < 0 ? PARSE_ERROR : PARSE_RUN;
}
