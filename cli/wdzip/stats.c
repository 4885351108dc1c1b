/* SPDX-License-Identifier: MIT */
/*
 * What is told about a file that was worked on, and about the machine.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "message.h"
#include "progress.h"
#include "stats.h"

double saved_percent(uint64_t uncompressed, uint64_t compressed,
		     unsigned int header_bytes)
{
	double saved = (double)uncompressed - ((double)compressed - header_bytes);

	return uncompressed ? 100.0 * saved / uncompressed : 0.0;
}

/* ---- -v ---- */

void stats_announce(struct job *job)
{
	if (!job->opt->verbose || job->opt->list || job->in.is_stdin)
		return;
	/* A progress line needs the line for itself: the name comes later. */
	if (progress_enabled())
		return;
	msg_plain("%s:\t", msg_name(job->in.name));
	job->announced = true;
}

static double job_percent(const struct job *job)
{
	if (job->opt->decompress)
		return saved_percent(job->bytes_out, job->bytes_in, job->header_bytes);
	return saved_percent(job->bytes_in, job->bytes_out, job->header_bytes);
}

static void print_verbose(const struct job *job)
{
	const struct options *opt = job->opt;
	bool replaced = !opt->keep && !opt->output;

	if (opt->list || (job->in.is_stdin && opt->decompress && !opt->test))
		return;
	if (!job->in.is_stdin && !job->announced)
		msg_plain("%s:\t", msg_name(job->in.name));
	if (opt->test) {
		msg_plain(" OK\n");
		return;
	}
	msg_plain("%5.1f%%", job_percent(job));
	if (!job->in.is_stdin)
		msg_plain(" -- %s %s", replaced ? "replaced with" : "created",
			  msg_name(job->out.name));
	msg_plain("\n");
}

/* ---- --stats ---- */

static const char *op_name(const struct options *opt)
{
	if (opt->list)
		return "list";
	if (opt->test)
		return "test";
	return opt->decompress ? "decompress" : "compress";
}

static const char *or_none(const char *text)
{
	return text && *text ? text : "none";
}

static uint64_t plain_bytes(const struct job *job)
{
	return job->opt->decompress ? job->bytes_out : job->bytes_in;
}

static uint64_t compressed_bytes(const struct job *job)
{
	return job->opt->decompress ? job->bytes_in : job->bytes_out;
}

static double factor(const struct job *job)
{
	uint64_t compressed = compressed_bytes(job);

	return compressed ? (double)plain_bytes(job) / compressed : 0.0;
}

/* Decimal megabytes of plain data in a second. */
static double speed(const struct job *job)
{
	return job->seconds > 0 ? plain_bytes(job) / job->seconds / 1e6 : 0.0;
}

/* The session finds out only when it needs them. */
static uint32_t threads(const struct job *job)
{
	return job->info.threads ? job->info.threads : wd_cpu_count();
}

/* The next reason of lane number @lane, from @i on; NULL after the last. */
static const struct wd_comp_fallback *next_reason(const struct job *job,
						  int lane, int *i)
{
	while (*i < job->fallback_count) {
		const struct wd_comp_fallback *f = &job->fallbacks[(*i)++];

		if ((int)f->lane == lane)
			return f;
	}
	return NULL;
}

/* One line for each. */
static void print_reasons(const struct job *job, int lane)
{
	const struct wd_comp_fallback *f;

	for (int i = 0; (f = next_reason(job, lane, &i));)
		msg_detail("    %s %" PRIu64 ": %s",
			   wd_comp_reason_word(f->reason), f->count, f->text);
}

static const char *then_left(const struct wd_comp_lane *l)
{
	return l->error ? ", then left: " : "";
}

static const char *why_left(const struct wd_comp_lane *l)
{
	return l->error ? wd_strerror(l->error) : "";
}

/* Who did what, where there was more than the CPU. */
static void print_lanes(const struct job *job)
{
	for (int i = 0; i < job->lane_count; i++) {
		const struct wd_comp_lane *l = &job->lanes[i];

		if (l->kind == WD_DEVICE_CPU)
			msg_detail("  CPU: requests %" PRIu64 ", %" PRIu64 " -> %" PRIu64
				   " bytes, redone %" PRIu64 ", checks %" PRIu64,
				   l->requests, l->bytes_in, l->bytes_out, l->redone,
				   l->checks);
		else
			msg_detail("  device %s: requests %" PRIu64 ", %" PRIu64
				   " -> %" PRIu64 " bytes, failed %" PRIu64
				   ", wrong %" PRIu64 ", returned %" PRIu64
				   "%s%s",
				   l->name, l->requests, l->bytes_in,
				   l->bytes_out, l->failed, l->wrong,
				   l->returned, then_left(l), why_left(l));
		print_reasons(job, i);
	}
}

static void print_text(const struct job *job)
{
	const struct wd_comp_info *i = &job->info;

	msg_detail("%s: %s: %" PRIu64 " -> %" PRIu64 " bytes, ratio %.3f, %.3f s, %.1f MB/s",
		   msg_name(job->in.name), op_name(job->opt), job->bytes_in,
		   job->bytes_out, factor(job), job->seconds, speed(job));
	if (!job->has_info)
		return;
	msg_detail("  engine %s, %s, format %s, threads %" PRIu32,
		   or_none(i->engine), or_none(i->codec),
		   options_format_name(job->format), threads(job));
	if (job->opt->decompress)
		msg_detail("  members %" PRIu64 ", requests %" PRIu64
			   ", redone %" PRIu64 ", decoded in parallel %" PRIu64
			   " bytes", i->members, i->requests, i->redone,
			   i->parallel_out);
	else
		msg_detail("  level %d, chunks of %" PRIu32 " bytes, members %" PRIu64
			   ", requests %" PRIu64 ", redone %" PRIu64
			   ", stored %" PRIu64, i->level, i->chunk_size,
			   i->members, i->requests, i->redone, i->stored);
	if (i->device)
		print_lanes(job);
}

static void put_reasons(struct json *j, const struct job *job, int lane)
{
	const struct wd_comp_fallback *f;

	json_open(j, "reasons", '{');
	for (int i = 0; (f = next_reason(job, lane, &i));)
		json_count(j, wd_comp_reason_word(f->reason), f->count);
	json_close(j, '}');
}

static void put_lanes(struct json *j, const struct job *job)
{
	json_open(j, "lanes", '[');
	for (int i = 0; i < job->lane_count; i++) {
		const struct wd_comp_lane *l = &job->lanes[i];

		json_open(j, NULL, '{');
		json_string(j, "name", l->name);
		json_string(j, "kind", l->kind == WD_DEVICE_CPU ? "cpu" : "device");
		json_count(j, "requests", l->requests);
		json_count(j, "in_bytes", l->bytes_in);
		json_count(j, "out_bytes", l->bytes_out);
		json_count(j, "failed", l->failed);
		json_count(j, "wrong", l->wrong);
		json_count(j, "redone", l->redone);
		json_count(j, "checks", l->checks);
		json_text(j, "left", l->error ? wd_strerror(l->error) : NULL);
		json_count(j, "returned", l->returned);
		put_reasons(j, job, i);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_job(struct json *j, const struct job *job)
{
	const struct wd_comp_info *i = &job->info;

	json_open(j, NULL, '{');
	json_string(j, "file", job->in.name);
	json_string(j, "op", op_name(job->opt));
	/* Lists come first: what looks for a name finds the file's own last. */
	put_lanes(j, job);
	json_string(j, "engine", or_none(i->engine));
	json_string(j, "codec", or_none(i->codec));
	json_count(j, "level", job->opt->decompress ? 0 : i->level);
	json_string(j, "format", options_format_name(job->format));
	json_count(j, "chunk_size", i->chunk_size);
	json_count(j, "threads", threads(job));
	json_count(j, "in_bytes", job->bytes_in);
	json_count(j, "out_bytes", job->bytes_out);
	json_fixed(j, "ratio", factor(job), 4);
	json_fixed(j, "seconds", job->seconds, 6);
	json_fixed(j, "mb_per_s", speed(job), 2);
	json_count(j, "requests", i->requests);
	json_count(j, "parallel_out", i->parallel_out);
	json_count(j, "stored", i->stored);
	json_count(j, "redone", i->redone);
	json_count(j, "members", i->members);
	json_text(j, "device", i->device);
	json_count(j, "device_requests", i->device_requests);
	json_count(j, "device_wrong", i->device_wrong);
	json_close(j, '}');
}

/* In memory first: it is one line among others' messages. */
static void print_json(const struct job *job)
{
	struct json j = { .compact = true, .all_bytes = true };
	char *text = NULL;
	size_t len;

	j.out = open_memstream(&text, &len);
	if (!j.out)
		return;
	put_job(&j, job);
	if (fclose(j.out) == 0)
		msg_plain("%s\n", text);
	free(text);
}

/* ---- --explain ---- */

/* Whole percents of the bytes that @l took in. */
static unsigned int share(const struct job *job, const struct wd_comp_lane *l)
{
	uint64_t all = 0;

	for (int i = 0; i < job->lane_count; i++)
		all += job->lanes[i].bytes_in;
	return all ? (unsigned int)(100.0 * l->bytes_in / all + 0.5) : 0;
}

static void explain_reasons(const struct job *job, int lane)
{
	const struct wd_comp_fallback *f;

	for (int i = 0; (f = next_reason(job, lane, &i));)
		msg_detail("  %s, %" PRIu64 " time%s", f->text, f->count,
			   f->count == 1 ? "" : "s");
}

static void explain_device(const struct job *job, int lane)
{
	const struct wd_comp_lane *l = &job->lanes[lane];

	msg_detail("  device %s did %" PRIu64 " of %" PRIu64 " requests, %u%% of the bytes",
		   l->name, l->requests, job->info.requests, share(job, l));
	if (l->failed)
		msg_detail("  %" PRIu64 " requests failed there, %" PRIu64
			   " of them with wrong output: the CPU did them again",
			   l->failed, l->wrong);
	explain_reasons(job, lane);
	if (l->returned)
		msg_detail("  the device was used again %" PRIu64
			   " times after it had been left",
			   l->returned);
	if (l->error)
		msg_detail("  the device was left for the rest: %s", why_left(l));
}

static void explain_cpu(const struct job *job, const struct wd_comp_lane *l)
{
	msg_detail("  the CPU did %" PRIu64 " requests, %u%% of the bytes",
		   l->requests, share(job, l));
	if (l->checks)
		msg_detail("  CPU workers looked at %" PRIu64 " outputs of devices",
			   l->checks);
}

/* What the devices did, and why they did not do the rest. */
static void explain_lanes(const struct job *job)
{
	for (int i = 0; job->info.device && i < job->lane_count; i++) {
		const struct wd_comp_lane *l = &job->lanes[i];

		if (l->kind == WD_DEVICE_CPU)
			explain_cpu(job, l);
		else
			explain_device(job, i);
	}
}

static void explain_engine(const struct job *job)
{
	const char *wish = job->opt->engine;
	struct wd_device *devices = NULL;
	int n = wd_device_list(&devices);
	bool any = false;

	msg_detail("  engine %s: %s%s", or_none(job->info.engine),
		   wish ? "asked for: --engine=" : "the best there is",
		   wish ? wish : "");
	for (int i = 0; i < n; i++) {
		if (devices[i].kind == WD_DEVICE_CPU)
			continue;
		any = true;
		msg_detail("  device %s: %s", devices[i].name,
			   devices[i].status ? devices[i].reason : "can be used");
	}
	if (!any)
		msg_detail("  no hardware device found");
	if (n >= 0)
		wd_device_list_free(devices);
	explain_lanes(job);
}

static void explain_limit(const struct wd_comp_info *i)
{
	if (i->limited)
		msg_detail("  %s", i->limited);
}

static void explain_compression(const struct job *job)
{
	static const char *const layouts[] = {
		[WD_COMP_MEMBERS_ONE] = "one member in chunks",
		[WD_COMP_MEMBERS_QZ] = "a member a chunk, sizes in a QZ field",
		[WD_COMP_MEMBERS_MZ] = "a member a chunk, sizes in an MZ field",
		[WD_COMP_MEMBERS_BGZF] = "members of at most 64 KiB, sizes in a BC field",
	};
	const struct wd_comp_info *i = &job->info;

	msg_detail("  level %d: %s; chunks of %" PRIu32 " KiB; threads %" PRIu32,
		   i->level, or_none(i->codec), i->chunk_size >> 10,
		   threads(job));
	explain_limit(i);
	msg_detail("  output: format %s, %s", options_format_name(job->format),
		   layouts[job->opt->members]);
}

static void explain_decompression(const struct job *job)
{
	const struct wd_comp_info *i = &job->info;

	msg_detail("  decoded by %s; threads %" PRIu32, or_none(i->codec), threads(job));
	explain_limit(i);
	msg_detail("  input: format %s, members %" PRIu64
		   ", %.0f%% of the data decoded in parallel",
		   options_format_name(job->format), i->members,
		   job->bytes_out ? 100.0 * i->parallel_out / job->bytes_out : 0.0);
}

static void explain(const struct job *job)
{
	msg_detail("%s: %s", msg_name(job->in.name), op_name(job->opt));
	if (!job->has_info) {
		msg_detail("  no engine: the data is not DEFLATE");
		return;
	}
	explain_engine(job);
	if (job->opt->decompress)
		explain_decompression(job);
	else
		explain_compression(job);
}

void stats_result(struct job *job)
{
	if (job->opt->verbose)
		print_verbose(job);
	if (job->opt->explain)
		explain(job);
	if (job->opt->stats == STATS_TEXT)
		print_text(job);
	else if (job->opt->stats == STATS_JSON)
		print_json(job);
}

/* ---- --list-devices ---- */

enum outcome stats_list_devices(void)
{
	struct wd_device *devices;
	int n = wd_device_list(&devices);

	if (n < 0) {
		msg_error("cannot list devices: %s", wd_strerror(n));
		return OUTCOME_FATAL;
	}
	printf("%-16s %-10s %6s %5s  %-8s %s\n", "device", "driver", "queues", "node",
	       "status", "algorithms");
	for (int i = 0; i < n; i++) {
		const struct wd_device *d = &devices[i];
		char queues[16] = "-";
		char node[16] = "-";

		if (d->free_queues >= 0)
			snprintf(queues, sizeof(queues), "%" PRId32, d->free_queues);
		if (d->numa_node >= 0)
			snprintf(node, sizeof(node), "%" PRId32, d->numa_node);
		printf("%-16s %-10s %6s %5s  %-8s %s\n", d->name, d->driver, queues,
		       node, d->status ? "unusable" : "ready", d->algs);
		if (d->status)
			printf("%-16s %s\n", "", d->reason);
	}
	wd_device_list_free(devices);
	return OUTCOME_DONE;
}
