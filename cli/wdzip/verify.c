/* SPDX-License-Identifier: MIT */
/*
 * --verify: read back what was written before anything is removed.
 *
 * The compressed side, whichever of input and output it is, is decompressed by
 * a second session and compared byte for byte with the other side.  Input that
 * cannot be read twice is compared by length and checksum.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "pump.h"
#include "session.h"
#include "verify.h"

#define COMPARE_SIZE	(128 << 10)

/*
 * struct comparison - the plain side, as the decompressed data passes by
 * @fd:     -1 if it cannot be read again
 * @start:  offset of its first byte
 * @offset: bytes compared
 */
struct comparison {
	struct job *job;
	const char *name;
	int fd;
	off_t start;
	uint64_t offset;
	char *buf;
};

static bool refuse(const struct job *job, const char *why)
{
	msg_error("%s: cannot be verified: %s", msg_name(job->in.name), why);
	return false;
}

bool verify_is_possible(const struct job *job)
{
	const struct options *opt = job->opt;

	if (opt->test || opt->list)
		return true;
	if (opt->to_stdout || (job->in.is_stdin && !opt->output))
		return refuse(job, "standard output cannot be read back");
	if (job->in.regular)
		return true;
	if (opt->decompress)
		return refuse(job, "the input cannot be read twice");
	if (opt->members != WD_COMP_MEMBERS_ONE)
		return refuse(job, "the input cannot be read twice, and has no single checksum");
	return true;
}

static int differs(const struct comparison *c, uint64_t at)
{
	msg_fault("%s: verification failed: byte %" PRIu64 " is not what it was",
		  msg_name(c->name), at);
	return -1;
}

static int compare_piece(struct comparison *c, const char *data, size_t len)
{
	ssize_t n = pread_full(c->fd, c->buf, len, c->start + c->offset);

	if (n < 0) {
		msg_fault("%s: %s", msg_name(c->name), strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < len; i++)
		if (i == (size_t)n || c->buf[i] != data[i])
			return differs(c, c->offset + i);
	c->offset += len;
	return 0;
}

static int compare(void *arg, const void *data, size_t len)
{
	struct comparison *c = arg;
	const char *p = data;

	if (c->fd < 0) {
		c->offset += len;
		return 0;
	}
	while (len) {
		size_t piece = len < COMPARE_SIZE ? len : COMPARE_SIZE;

		if (compare_piece(c, p, piece) < 0)
			return -1;
		p += piece;
		len -= piece;
	}
	return 0;
}

/* The whole was compared: was it all there is? */
static int check_end(const struct comparison *c, struct wd_comp_sess *sess)
{
	const struct job *job = c->job;
	uint64_t expected = job->opt->decompress ? job->bytes_out : job->bytes_in;
	struct wd_comp_info info;
	int ret;

	if (c->offset != expected)
		return differs(c, c->offset);
	ret = wd_comp_get_info(sess, &info);
	/* A damaged empty member, as at the end of BGZF, costs no data. */
	if (!job->opt->decompress &&
	    (ret < 0 || info.trailing != WD_COMP_TRAILING_NONE)) {
		msg_fault("%s: verification failed: garbage at the end",
			  msg_name(c->name));
		return -1;
	}
	if (c->fd >= 0)
		return 0;
	if (ret == 0 && info.checksum == job->info.checksum)
		return 0;
	msg_fault("%s: verification failed: checksum %08" PRIx32 ", was %08" PRIx32,
		  msg_name(c->name), info.checksum, job->info.checksum);
	return -1;
}

static int decode_and_compare(struct comparison *c, struct infile *compressed)
{
	struct job *job = c->job;
	struct pump pump = {
		.source = in_source(compressed),
		.sink = compare,
		.arg = c,
	};

	pump.sess = session_get(job->opt, WD_COMP_DECOMPRESS, job->format,
				SESSION_VERIFY, in_size(compressed));
	if (!pump.sess)
		return -1;
	switch (pump_run(&pump)) {
	case PUMP_DONE:
		return check_end(c, pump.sess);
	case PUMP_READ_ERROR:
		msg_fault("%s: %s", msg_name(compressed->name), strerror(pump.err));
		return -1;
	case PUMP_SESSION_ERROR:
		msg_fault("%s: verification failed: %s", msg_name(compressed->name),
			  wd_strerror(pump.err));
		return -1;
	case PUMP_STOPPED:
		break;
	}
	return -1;
}

/* The written file as an input, and the input as what to compare with. */
static int set_sides(struct comparison *c, struct infile *compressed)
{
	struct job *job = c->job;
	struct infile written = {
		.name = job->out.name,
		.fd = job->out.fd,
		.regular = true,
	};

	if (fstat(job->out.fd, &written.st) < 0)
		return -1;
	/* What is read back shall come from the disk, if that can be had. */
	posix_fadvise(job->out.fd, 0, 0, POSIX_FADV_DONTNEED);
	c->name = job->out.name;
	if (job->opt->decompress) {
		*compressed = job->in;
		compressed->head_pos = compressed->head_len = 0;
		compressed->taken = 0;
		c->fd = job->out.fd;
		c->start = 0;
	} else {
		*compressed = written;
		c->fd = job->in.regular ? job->in.fd : -1;
		c->start = job->in.start;
	}
	return lseek(compressed->fd, compressed->start, SEEK_SET) < 0 ? -1 : 0;
}

int verify_output(struct job *job)
{
	struct comparison c = { .job = job };
	struct infile compressed;
	int ret;

	if (!job->has_info) {
		refuse(job, "only DEFLATE data can be");
		return -1;
	}
	if (out_sync(&job->out) < 0)
		return -1;
	if (set_sides(&c, &compressed) < 0) {
		msg_fault("%s: %s", msg_name(job->out.name), strerror(errno));
		return -1;
	}
	c.buf = malloc(COMPARE_SIZE);
	if (!c.buf) {
		job_no_memory(job);
		return -1;
	}
	ret = decode_and_compare(&c, &compressed);
	free(c.buf);
	return ret;
}
