/* SPDX-License-Identifier: MIT */
/*
 * wdbench's options.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "message.h"
#include "opttable.h"
#include "options.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ROUNDS_MAX	10000u
#define SECONDS_MAX	86400.0
#define CLIENTS_MAX	1024u
#define DEPTH_MAX	65536u
#define BLOCK_MAX	((size_t)1 << 30)
#define STALL_EVERY	1000u

/* Memory: of inputs, outputs and what compares them, and of a thread that works. */
#define MEMORY_FIXED	((uint64_t)96 << 20)
#define MEMORY_EACH	((uint64_t)16 << 20)

/*
 * struct bench_opt - one option, or a heading of --help
 * @set:   stores the wish, and returns 0 to go on, 1 if there is nothing more to do,
 *         -1 after reporting; NULL for a heading
 * @value: for @set
 */
struct bench_opt {
	struct opt_word word;
	int (*set)(struct bench_options *opt, const char *arg, int value);
	int value;
};

#define FLAG(field)	set_flag, offsetof(struct bench_options, field)
#define WORD(field)	set_word, offsetof(struct bench_options, field)
#define LIST(field)	set_list, offsetof(struct bench_options, field)

static int set_flag(struct bench_options *opt, const char *arg, int value)
{
	(void)arg;
	*(bool *)((char *)opt + value) = true;
	return 0;
}

/* Without an argument: standard output. */
static int set_word(struct bench_options *opt, const char *arg, int value)
{
	*(const char **)((char *)opt + value) = arg ? arg : "-";
	return 0;
}

static int find_name(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static int set_mode(struct bench_options *opt, const char *arg, int value)
{
	static const char *const names[] = { "session", "closed", "open", NULL };

	value = find_name(names, arg);
	if (value < 0)
		return opt_usage_error("--mode", arg, "not session, closed or open");
	opt->mode = (enum bench_mode)value;
	return 0;
}

static int set_op(struct bench_options *opt, const char *arg, int value)
{
	static const char *const names[] = { "compress", "decompress", "both", NULL };

	if (arg)
		value = find_name(names, arg);
	if (value < 0)
		return opt_usage_error("--op", arg, "not compress, decompress or both");
	opt->ops[WD_COMP_COMPRESS] = value != 1;
	opt->ops[WD_COMP_DECOMPRESS] = value != 0;
	opt->ops_given = true;
	return 0;
}

static int set_format(struct bench_options *opt, const char *arg, int value)
{
	value = wd_format_find(arg);
	if (value < 0)
		return opt_usage_error("--format", arg, "not gzip, zlib or deflate");
	opt->format = (enum wd_comp_format)value;
	return 0;
}

static int set_wait(struct bench_options *opt, const char *arg, int value)
{
	static const char *const names[] = { "sync", "poll", "event", NULL };

	value = find_name(names, arg);
	if (value < 0)
		return opt_usage_error("--wait", arg, "not sync, poll or event");
	opt->wait = (enum bench_wait)value;
	return 0;
}

static int set_memory(struct bench_options *opt, const char *arg, int value)
{
	static const char *const names[] = { "touched", "cold", NULL };

	value = find_name(names, arg);
	if (value < 0)
		return opt_usage_error("--memory", arg, "not touched or cold");
	opt->cold = value;
	return 0;
}

/* ---- engines ---- */

static int add_engine(struct bench_options *opt, const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	size_t name_len = colon ? (size_t)(colon - word) : len;
	struct engine_wish *e = &opt->engines[opt->n_engines];
	unsigned long level;
	const char *end;

	opt->engines_given = true;
	if (name_len == 4 && !memcmp(word, "none", 4))
		return 0;
	if (!name_len || name_len >= ENGINE_MAX || opt->n_engines == LIST_MAX)
		return opt_usage_error("--engine", word, "not a list of engines");
	e->level = -1;
	if (colon) {
		if (!opt_number(colon + 1, &end, &level) || end != word + len ||
		    level > WD_COMP_LEVEL_MAX)
			return opt_usage_error("--engine", word,
					       "after the colon there is a level");
		e->level = (int)level;
	}
	memcpy(e->name, word, name_len);
	e->name[name_len] = '\0';
	opt->n_engines++;
	return 0;
}

static int set_engines(struct bench_options *opt, const char *arg, int value)
{
	(void)value;
	for (;;) {
		size_t len = strcspn(arg, ",");

		if (add_engine(opt, arg, len) < 0)
			return -1;
		if (!arg[len])
			return 0;
		arg += len + 1;
	}
}

/* Two words, or one with a comma: bench_parse() takes the second one. */
static int set_compare(struct bench_options *opt, const char *arg, int value)
{
	opt->compare = true;
	return set_engines(opt, arg, value);
}

static int set_what_if(struct bench_options *opt, const char *arg, int value)
{
	const char *wrong = what_if_parse(&opt->what_if, arg);

	(void)value;
	return wrong ? opt_usage_error("--what-if", arg, wrong) : 0;
}

/* "pigz -{1-9}" is a command for each number. */
static bool find_braces(const char *text, const char **open, const char **close,
			unsigned long *low, unsigned long *high)
{
	for (*open = strchr(text, '{'); *open; *open = strchr(*open + 1, '{'))
		if (opt_number(*open + 1, close, low) && **close == '-' &&
		    opt_number(*close + 1, close, high) && **close == '}')
			return true;
	return false;
}

static int add_command(struct bench_options *opt, const char *arg, int value)
{
	unsigned long low = 0, high = 0;
	const char *open, *close;
	bool braces = find_braces(arg, &open, &close, &low, &high);

	(void)value;
	for (unsigned long n = low; n <= high; n++) {
		char *text;

		if (!*arg || opt->n_commands == COMMANDS_MAX)
			return opt_usage_error("--external", arg, "empty, or too many");
		if (braces ? asprintf(&text, "%.*s%lu%s", (int)(open - arg), arg, n,
				      close + 1) < 0 : !(text = strdup(arg))) {
			msg_error("memory exhausted");
			return -1;
		}
		opt->commands[opt->n_commands++] = text;
	}
	return 0;
}

/* ---- lists of numbers ---- */

static bool list_add(struct list *list, unsigned long value)
{
	if (list->count == LIST_MAX)
		return false;
	list->values[list->count++] = value;
	return true;
}

/* "1-9" goes up by one, "4K-1M" by a factor of two. */
static bool add_range(struct list *list, const char *word, bool doubling)
{
	unsigned long low, high;
	const char *end;

	if (!opt_size(word, &end, &low))
		return false;
	high = low;
	if (*end == '-' && (!opt_size(end + 1, &end, &high) || high < low ||
			    (doubling && !low)))
		return false;
	if (*end && *end != ',')
		return false;
	while (low <= high) {
		if (!list_add(list, low))
			return false;
		low = doubling ? 2 * low : low + 1;
	}
	return true;
}

/* What the lists may hold. */
static const struct list_kind {
	size_t field;
	const char *option;
	unsigned long min, max;
	bool doubling;
	const char *expected;
} list_kinds[] = {
	{ offsetof(struct bench_options, levels), "--level", 0, WD_COMP_LEVEL_MAX,
	  false, "not levels, as 6 or 1,6,9 or 1-9" },
	{ offsetof(struct bench_options, threads), "--threads", 1, CLIENTS_MAX, true,
	  "not numbers from 1 to 1024, as 2 or 1,2,3 or 1-8 (doubling)" },
	{ offsetof(struct bench_options, queues), "--queues", 1, CLIENTS_MAX, true,
	  "not numbers from 1 to 1024, as 2 or 1,2,3 or 1-8 (doubling)" },
	{ offsetof(struct bench_options, depths), "--depth", 1, DEPTH_MAX, true,
	  "not numbers from 1 to 65536, as 16 or 1,8,64 or 1-64 (doubling)" },
	{ offsetof(struct bench_options, blocks), "--block-size", 1, BLOCK_MAX, true,
	  "not sizes up to 1G, as 64K or 4K,1M or 4K-1M (doubling)" },
	{ offsetof(struct bench_options, rates), "--rate", 1, 100000000, true,
	  "not requests a second, as 5000 or 1000,2000 or 1K-64K (doubling)" },
};

static int set_list(struct bench_options *opt, const char *arg, int value)
{
	struct list *list = (struct list *)((char *)opt + value);
	const struct list_kind *kind = list_kinds;
	const char *word = arg;

	while (kind->field != (size_t)value)
		kind++;
	list->count = 0;
	for (;;) {
		if (!add_range(list, word, kind->doubling))
			return opt_usage_error(kind->option, arg, kind->expected);
		word += strcspn(word, ",");
		if (!*word++)
			break;
	}
	for (unsigned int i = 0; i < list->count; i++)
		if (list->values[i] < kind->min || list->values[i] > kind->max)
			return opt_usage_error(kind->option, arg, kind->expected);
	return 0;
}

/* ---- other numbers ---- */

static bool parse_double(const char *text, const char **end, double *value)
{
	char *stop;

	if ((*text < '0' || *text > '9') && *text != '.')
		return false;
	*value = strtod(text, &stop);
	*end = stop;
	return isfinite(*value);
}

enum seconds_field { ROUND_SECONDS, WARM_UP, BUDGET };

static int set_seconds(struct bench_options *opt, const char *arg, int value)
{
	double seconds;
	const char *end;

	if (!parse_double(arg, &end, &seconds) || (*end && strcmp(end, "s")) ||
	    seconds > SECONDS_MAX)
		return opt_usage_error("seconds", arg, "not a number of seconds");
	if (value == ROUND_SECONDS)
		opt->plan.seconds = seconds;
	else if (value == WARM_UP)
		opt->plan.warm_up = seconds;
	else
		opt->plan.budget = seconds;
	opt->plan_given = true;
	return 0;
}

static int set_rounds(struct bench_options *opt, const char *arg, int value)
{
	unsigned long rounds;
	const char *end;

	(void)value;
	if (!opt_number(arg, &end, &rounds) || *end || !rounds || rounds > ROUNDS_MAX)
		return opt_usage_error("--rounds", arg, "not a number from 1 to 10000");
	opt->plan.rounds = (unsigned int)rounds;
	opt->plan_given = true;
	return 0;
}

static int set_size(struct bench_options *opt, const char *arg, int value)
{
	unsigned long size;
	const char *end;

	if (!opt_size(arg, &end, &size) || *end || !size)
		return opt_usage_error(value ? "--limit" : "--size", arg,
				       "not a size, as 64K, 16M or 1G");
	if (value) {
		opt->limit = size;
	} else {
		opt->size = size;
		opt->size_given = true;
	}
	return 0;
}

static int set_ratio(struct bench_options *opt, const char *arg, int value)
{
	const char *end;

	(void)value;
	if (!parse_double(arg, &end, &opt->ratio) || *end ||
	    opt->ratio < DATA_RATIO_MIN || opt->ratio > DATA_RATIO_MAX)
		return opt_usage_error("--ratio", arg, "not a number from 1 to 50");
	return 0;
}

static int set_seed(struct bench_options *opt, const char *arg, int value)
{
	unsigned long seed;
	const char *end;

	(void)value;
	if (!opt_number(arg, &end, &seed) || *end)
		return opt_usage_error("--seed", arg, "not a number");
	opt->seed = seed;
	return 0;
}

static int set_fail_below(struct bench_options *opt, const char *arg, int value)
{
	static const char *const units[] = { "MB/s", "r/s", "x", NULL };
	const char *end;

	if (!parse_double(arg, &end, &opt->fail_below))
		return opt_usage_error("--fail-below", arg, "not a number");
	value = *end ? find_name(units, end) : 0;
	if (value < 0)
		return opt_usage_error("--fail-below", arg,
				       "after the number: MB/s, r/s or x");
	opt->limit_kind = (enum limit_kind)(LIMIT_SPEED + value);
	return 0;
}

static int set_stall(struct bench_options *opt, const char *arg, int value)
{
	unsigned long every = STALL_EVERY;
	const char *end;
	double ms;

	(void)value;
	if (!parse_double(arg, &end, &ms) || ms <= 0 || ms > 60000 ||
	    (*end && (*end != ':' || !opt_number(end + 1, &end, &every) || *end ||
		      !every)))
		return opt_usage_error("--inject-stall", arg,
				       "not milliseconds, or milliseconds:requests");
	opt->stall_ns = (uint64_t)(ms * 1e6);
	opt->stall_every = every;
	return 0;
}

/* ---- what is printed ---- */

static int print_help(struct bench_options *opt, const char *arg, int value);
static int dump_options(struct bench_options *opt, const char *arg, int value);

static int print_version(struct bench_options *opt, const char *arg, int value)
{
	(void)opt;
	(void)arg;
	(void)value;
	printf("wdbench (WarpDrive) %s\n", wd_version());
	return opt_printed();
}

static int list_engines(struct bench_options *opt, const char *arg, int value)
{
	struct wd_device *devices;
	int n = wd_device_list(&devices);

	(void)opt;
	(void)arg;
	(void)value;
	printf("sw          libwd on the CPUs\n");
	for (int i = 0; i < n; i++)
		if (devices[i].kind != WD_DEVICE_CPU)
			printf("%-11s %s%s%s\n", devices[i].name, devices[i].driver,
			       devices[i].status ? ", not usable: " : "",
			       devices[i].status ? devices[i].reason : "");
	if (n >= 0)
		wd_device_list_free(devices);
	for (unsigned int i = 0; reference_get(i); i++) {
		const struct reference *r = reference_get(i);

		if (r->version())
			printf("%-11s %s, levels %d to %d\n", r->name, r->version(),
			       r->level_min, r->level_max);
		else
			printf("%-11s not usable: the library is missing\n", r->name);
	}
	return opt_printed();
}

/* ---- the table ---- */

/* clang-format off */
static const struct bench_opt table[] = {
	{ { NULL, 0, NULL, "What is measured:" }, NULL, 0 },
	{ { "mode", 'm', "MODE", "session (default), closed or open loop of requests" },
	  set_mode, 0 },
	{ { "op", 0, "OP", "compress (default), decompress or both" }, set_op, 0 },
	{ { "decompress", 'd', NULL, "as --op=decompress" }, set_op, 1 },
	{ { "engine", 'e', "LIST", "engines, with a level if wanted: sw:6,zlib,isal:1" },
	  set_engines, 0 },
	{ { "level", 'l', "LIST", "levels for engines without one of their own: 1-9" },
	  LIST(levels) },
	{ { "threads", 'p', "LIST", "threads behind each session or queue" },
	  LIST(threads) },
	{ { "block-size", 'b', "LIST", "bytes of a request, or of a chunk" },
	  LIST(blocks) },
	{ { "queues", 0, "LIST", "clients, each with a queue of its own" },
	  LIST(queues) },
	{ { "depth", 0, "LIST", "requests in flight on each queue" }, LIST(depths) },
	{ { "rate", 0, "LIST", "requests a second, for the open loop" }, LIST(rates) },
	{ { "wait", 0, "HOW", "for requests: sync (default), poll or event" },
	  set_wait, 0 },
	{ { "memory", 0, "KIND", "output to memory that is touched (default) or cold" },
	  set_memory, 0 },
	{ { "format", 0, "FORMAT", "gzip, zlib or deflate" }, set_format, 0 },
	{ { "compare", 0, "A,B", "two engines in turns, and whether they differ" },
	  set_compare, 0 },
	{ { "external", 0, "COMMAND", "a command that reads the input, in turns with the rest" },
	  add_command, 0 },
	{ { "what-if", 0, "MACHINE", "a forecast for another one: zip=2,numa=2,cores=64" },
	  set_what_if, 0 },
	{ { "list-engines", 0, NULL, "list the engines of this machine" },
	  list_engines, 0 },

	{ { NULL, 0, NULL, "How long:" }, NULL, 0 },
	{ { "rounds", 'n', "N", "rounds of each (default: 7)" }, set_rounds, 0 },
	{ { "time", 't', "SECONDS", "a round takes so long at least (default: 0.3)" },
	  set_seconds, ROUND_SECONDS },
	{ { "warm-up", 0, "SECONDS", "before the first round (default: 0.1)" },
	  set_seconds, WARM_UP },
	{ { "budget", 0, "SECONDS", "for everything; what is late gets fewer rounds" },
	  set_seconds, BUDGET },
	{ { "interleave", 0, NULL, "take the rounds of all in turns" },
	  FLAG(plan.interleave) },

	{ { NULL, 0, NULL, "Generated input, without FILE:" }, NULL, 0 },
	{ { "size", 's', "SIZE", "bytes (default: by the speed of the machine)" },
	  set_size, 0 },
	{ { "ratio", 0, "R", "how far gzip -6 compresses it, 1 to 50 (default: 3)" },
	  set_ratio, 0 },
	{ { "seed", 0, "N", "another seed, other data" }, set_seed, 0 },
	{ { "limit", 0, "SIZE", "take no more of each FILE" }, set_size, 1 },

	{ { NULL, 0, NULL, "Output:" }, NULL, 0 },
	{ { "json", 0, "[FILE]", "write JSON, to standard output instead of the table" },
	  WORD(json) },
	{ { "csv", 0, "[FILE]", "the same as comma-separated values" }, WORD(csv) },
	{ { "plot", 0, "FILE", "draw a picture (SVG) that fits what was varied" },
	  WORD(plot) },
	{ { "histogram", 0, NULL, "print histograms of latencies" }, FLAG(histogram) },
	{ { "fail-below", 0, "N", "status 3 if a speed is below N MB/s (or r/s, or x)" },
	  set_fail_below, 0 },
	{ { "quiet", 'q', NULL, "no table, no remarks" }, FLAG(quiet) },
	{ { "help", 'h', NULL, "show this text" }, print_help, 0 },
	{ { "version", 'V', NULL, "show the version" }, print_version, 0 },
	{ { "inject-stall", 0, "MS", NULL }, set_stall, 0 },
	{ { "dump-options", 0, NULL, NULL }, dump_options, 0 },
};
/* clang-format on */

static const struct opt_table option_words = {
	table, ARRAY_SIZE(table), sizeof(table[0])
};

static int print_help(struct bench_options *opt, const char *arg, int value)
{
	(void)opt;
	(void)arg;
	(void)value;
	printf("Usage: %s [OPTION]... [FILE|DIRECTORY]...\n", msg_program());
	printf("Measure compression engines: speed, ratio, latency.\n");
	opt_print(&option_words);
	printf("\nLISTs are as 1,2,4 or 1-9; ranges of sizes and counts double: 4K-1M.\n"
	       "Without options a quick overview of this machine's engines is given.\n");
	return opt_printed();
}

static int dump_options(struct bench_options *opt, const char *arg, int value)
{
	(void)opt;
	(void)arg;
	(void)value;
	opt_dump(&option_words);
	return opt_printed();
}

/* ---- parsing ---- */

/* Without a wish for anything in particular: the engines side by side. */
static void set_overview(struct bench_options *opt)
{
	static const char engines[] = "sw:1,sw:6,sw:9,libdeflate:6,zlib:6";

	set_engines(opt, engines, 0);
	if (reference_find("isal", 4) && reference_find("isal", 4)->version())
		add_engine(opt, "isal:1", 6);
	if (!opt->ops_given)
		set_op(opt, NULL, 2);
	if (!opt->plan_given)
		opt->plan = (struct plan){ .rounds = 5, .seconds = 0.1, .budget = 13 };
}

/* In turns with one thread and, where there are CPUs for them, two. */
static void set_forecast(struct bench_options *opt)
{
	unsigned int cpus = wd_cpu_count();

	list_add(&opt->threads, 1);
	if (cpus > 1)
		list_add(&opt->threads, 2);
	if (!opt->what_if.cores)
		opt->what_if.cores = cpus;
	if (!opt->engines_given)
		add_engine(opt, "sw", 2);
	opt->plan.interleave = true;
}

/* What was not given. */
static void set_defaults(struct bench_options *opt)
{
	if (opt->what_if.given)
		set_forecast(opt);
	if (!opt->engines_given && !opt->levels.count && opt->mode == MODE_SESSION &&
	    !opt->n_commands)
		set_overview(opt);
	if (!opt->ops_given)
		opt->ops[WD_COMP_COMPRESS] = true;
	if (!opt->queues.count)
		list_add(&opt->queues, 1);
	if (!opt->depths.count)
		list_add(&opt->depths, opt->mode == MODE_OPEN ? 64 : 1);
	if (!opt->blocks.count)
		list_add(&opt->blocks, opt->mode == MODE_SESSION ? 0 : 64 << 10);
	if (!opt->rates.count)
		list_add(&opt->rates, 1000);
	if (!opt->threads.count)
		list_add(&opt->threads, wd_thread_count(MEMORY_FIXED, MEMORY_EACH, NULL));
	if (!opt->engines_given)
		add_engine(opt, "sw", 2);
	if (opt->compare || opt->n_commands)
		opt->plan.interleave = true;
}

static int refuse(const char *text)
{
	msg_error("%s", text);
	msg_try_help();
	return -1;
}

/* Before what was not given is set. */
static int check_forecast(const struct bench_options *opt)
{
	if (opt->mode != MODE_SESSION)
		return refuse("--what-if needs --mode=session");
	if (opt->threads.count)
		return refuse(
			"--what-if measures one thread and two: without --threads");
	if (opt->compare || opt->n_commands)
		return refuse(
			"--what-if goes with neither --compare nor --external");
	return 0;
}

static int check(const struct bench_options *opt)
{
	if (opt->what_if.given && opt->what_if.numa > opt->what_if.cores)
		return refuse("--what-if: more memory nodes than cores");
	if (opt->compare && opt->n_engines != 2)
		return refuse("--compare takes two engines");
	if (opt->compare && opt->n_commands)
		return refuse("--compare and --external do not go together");
	if (opt->n_commands && opt->mode != MODE_SESSION)
		return refuse("--external needs --mode=session");
	if (opt->stall_ns && opt->mode == MODE_SESSION)
		return refuse("--inject-stall needs --mode=closed or open");
	if (opt->limit_kind == LIMIT_RATIO && !opt->compare)
		return refuse("--fail-below with x needs --compare");
	if (opt->limit_kind == LIMIT_REQUESTS && opt->mode == MODE_SESSION)
		return refuse("--fail-below with r/s needs --mode=closed or open");
	return 0;
}

static int parse_words(struct bench_options *opt, int argc, char **argv)
{
	struct option longs[ARRAY_SIZE(table) + 1];
	char shorts[2 * ARRAY_SIZE(table) + 1];

	opt_fill(&option_words, longs, shorts);
	for (;;) {
		int value = getopt_long(argc, argv, shorts, longs, NULL);
		int at, ret;

		if (value < 0)
			return 0;
		at = opt_find(&option_words, value);
		if (at < 0) {
			msg_try_help();
			return -1;
		}
		ret = table[at].set(opt, optarg, table[at].value);
		if (ret)
			return ret;
		/* "--compare A B" */
		if (table[at].set == set_compare && !strchr(optarg, ',') &&
		    optind < argc && set_engines(opt, argv[optind++], 0) < 0)
			return -1;
	}
}

enum parse_result bench_parse(struct bench_options *opt, int argc, char **argv)
{
	int ret;

	*opt = (struct bench_options){
		.ratio = DATA_RATIO,
		.seed = 1,
		.plan = { .rounds = 7, .seconds = 0.3, .warm_up = 0.1 },
		.argc = argc,
		.argv = argv,
	};
	ret = parse_words(opt, argc, argv);
	if (ret)
		return ret < 0 ? PARSE_ERROR : PARSE_DONE;
	opt->inputs = argv + optind;
	opt->n_inputs = argc - optind;
	if (opt->what_if.given && check_forecast(opt) < 0)
		return PARSE_ERROR;
	set_defaults(opt);
	return check(opt) < 0 ? PARSE_ERROR : PARSE_RUN;
}
