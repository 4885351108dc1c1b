/* SPDX-License-Identifier: MIT */
/*
 * Files that compress(1) has made, .Z: their header, and what is wrong with them.
 *
 * The coding is in lzw.c.
 */
#include <errno.h>
#include <string.h>

#include "lzw.h"
#include "message.h"
#include "stats.h"
#include "uncompress.h"

#define MAGIC_SIZE	2
#define HEADER_SIZE	3

/* The third byte of the header. */
#define HEADER_BITS	0x1f	/* the widest code */
#define HEADER_UNKNOWN	0x60
#define HEADER_CLEAR	0x80	/* there is a code to empty the table */

/*
 * struct unpacking - one file, or the rest of one
 * @ahead:    bytes that come before what is still to be read
 * @read_err: errno of reading the file, 0 if that went well
 */
struct unpacking {
	struct job *job;
	const unsigned char *ahead;
	size_t ahead_len;
	int read_err;
};

static ssize_t on_read(void *arg, void *buf, size_t room)
{
	struct unpacking *u = arg;
	ssize_t n;

	if (u->ahead_len) {
		n = u->ahead_len < room ? u->ahead_len : room;
		memcpy(buf, u->ahead, n);
		u->ahead += n;
		u->ahead_len -= n;
		return n;
	}
	n = in_read(&u->job->in, buf, room);
	if (n < 0)
		u->read_err = errno;
	return n;
}

static int on_write(void *arg, const void *data, size_t len)
{
	struct unpacking *u = arg;

	return job_sink(u->job, data, len);
}

static enum outcome report(const struct unpacking *u, enum lzw_result result)
{
	const char *name = msg_name(u->job->in.name);

	switch (result) {
	case LZW_DONE:
		return OUTCOME_DONE;
	case LZW_CORRUPT:
		msg_fault("%s: corrupt input.", name);
		return OUTCOME_FATAL;
	case LZW_TRUNCATED:
		return job_truncated(u->job);
	case LZW_READ_ERROR:
		return job_read_error(u->job, u->read_err);
	case LZW_WRITE_ERROR:
		break;
	}
	return OUTCOME_FATAL;
}

/* LZW_DONE with the third byte, or why there is none. */
static enum lzw_result read_header(struct unpacking *u, unsigned int *byte)
{
	unsigned char header[HEADER_SIZE];
	size_t have = 0;

	while (have < HEADER_SIZE) {
		ssize_t n = on_read(u, header + have, HEADER_SIZE - have);

		if (n <= 0)
			return n < 0 ? LZW_READ_ERROR : LZW_TRUNCATED;
		have += n;
	}
	*byte = header[MAGIC_SIZE];
	return LZW_DONE;
}

static bool is_supported(unsigned int byte)
{
	return (byte & HEADER_BITS) <= LZW_BITS_MAX;
}

static void report_header(const struct job *job, unsigned int byte)
{
	const char *name = msg_name(job->in.name);

	if (byte & HEADER_UNKNOWN)
		msg_warn_fault("%s: warning, unknown flags 0x%x", name,
			       byte & HEADER_UNKNOWN);
	if (!is_supported(byte))
		msg_fault("%s: compressed with %u bits, can only handle %d bits", name,
			  byte & HEADER_BITS, LZW_BITS_MAX);
}

static enum outcome decode(struct unpacking *u, unsigned int byte)
{
	struct lzw_io io = { on_read, on_write, u };
	struct lzw *z = lzw_create(byte & HEADER_BITS, byte & HEADER_CLEAR, &io);
	enum lzw_result result;

	if (!z)
		return job_no_memory(u->job);
	result = lzw_decode(z);
	lzw_destroy(z);
	return report(u, result);
}

static enum outcome unpack(struct unpacking *u, bool is_open)
{
	struct job *job = u->job;
	unsigned int byte = 0;
	enum lzw_result result = read_header(u, &byte);
	bool useful = result == LZW_DONE && is_supported(byte);

	job->kind = "compr";
	job->has_crc = false;
	if (!is_open) {
		if (useful && job_open_output(job) < 0)
			return job->stop;
		stats_announce(job);
	}
	if (result != LZW_DONE)
		return report(u, result);
	report_header(job, byte);
	return useful ? decode(u, byte) : OUTCOME_FAILED;
}

enum outcome uncompress_file(struct job *job)
{
	struct unpacking u = { .job = job };

	return unpack(&u, false);
}

enum outcome uncompress_rest(struct job *job, const void *ahead, size_t len)
{
	struct unpacking u = { .job = job, .ahead = ahead, .ahead_len = len };

	return unpack(&u, true);
}
