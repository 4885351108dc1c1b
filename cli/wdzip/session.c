/* SPDX-License-Identifier: MIT */
/*
 * Compression sessions, kept from file to file.
 */
#include <errno.h>

#include "format.h"
#include "message.h"
#include "session.h"

/* By use, op and format. */
static struct wd_comp_sess *sessions[2][2][WD_FORMAT_COUNT];

static void list_engines(void)
{
	struct wd_device *devices;
	int n = wd_device_list(&devices);

	msg_detail(
		"engines are auto, hw, sw, hybrid, and the devices that can be used:");
	for (int i = 0; i < n; i++) {
		if (devices[i].status)
			msg_detail("  %s: %s", devices[i].name, devices[i].reason);
		else
			msg_detail("  %s: ready", devices[i].name);
	}
	if (n >= 0)
		wd_device_list_free(devices);
}

static void report_create(const struct options *opt, int err)
{
	switch (err) {
	case -ENODEV:
		msg_error("engine %s: there is no such engine, or it cannot be used",
			  msg_name(opt->engine ? opt->engine : "auto"));
		list_engines();
		break;
	case -ENOMEM:
		msg_error("memory exhausted");
		break;
	case -EINVAL:
		msg_error("cannot begin a compression session: %s", wd_strerror(err));
		break;
	default:
		msg_error("engine %s cannot be used: %s",
			  msg_name(opt->engine ? opt->engine : "auto"), wd_strerror(err));
		list_engines();
	}
}

static struct wd_comp_sess *create(const struct options *opt, enum wd_comp_op op,
				   enum wd_comp_format format, uint64_t size_hint)
{
	struct wd_comp_setup setup = {
		.op = op,
		.format = format,
		.threads = opt->threads,
		.engine = opt->engine,
		.size_hint = size_hint,
	};
	struct wd_comp_sess *sess;
	int ret;

	if (op == WD_COMP_COMPRESS) {
		setup.members = opt->members;
		setup.level = opt->level;
		setup.chunk_size = opt->chunk_size;
		setup.flags = (opt->rsyncable ? WD_COMP_RSYNCABLE : 0) |
			      (opt->independent ? WD_COMP_INDEPENDENT : 0) |
			      (opt->no_verify ? WD_COMP_NO_VERIFY : 0);
	}
	ret = wd_comp_create(&sess, &setup);
	if (ret < 0) {
		report_create(opt, ret);
		return NULL;
	}
	return sess;
}

struct wd_comp_sess *session_get(const struct options *opt, enum wd_comp_op op,
				 enum wd_comp_format format, enum session_use use,
				 uint64_t size_hint)
{
	struct wd_comp_sess **slot = &sessions[use][op][format];
	int ret;

	if (!*slot) {
		*slot = create(opt, op, format, size_hint);
		return *slot;
	}
	ret = wd_comp_reset(*slot, size_hint);
	if (ret == 0)
		return *slot;
	msg_error("cannot reuse a compression session: %s", wd_strerror(ret));
	return NULL;
}

void session_close_all(void)
{
	struct wd_comp_sess **s = &sessions[0][0][0];

	for (size_t i = 0; i < 2 * 2 * WD_FORMAT_COUNT; i++) {
		wd_comp_destroy(s[i]);
		s[i] = NULL;
	}
}
