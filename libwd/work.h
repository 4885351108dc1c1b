/* SPDX-License-Identifier: MIT */
/*
 * The work item: what travels from a session, or from an application, through
 * a queue to a driver, and what comes back.
 *
 * It is small and copied at each hand-over, as a queue's entry is.  The request
 * it points to, and what its arguments point to, stay where they are until it
 * was received.  Made by the functions below, one a kind, so that no kind goes
 * without its arguments.
 */
#ifndef WD_WORK_H
#define WD_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <warpdrive/wd_comp.h>

struct wd_inflate;

/*
 * WD_WORK_REQUEST:  what an application may ask for; @op of the request says what
 * WD_WORK_COMPRESS: a chunk of a session's stream
 * WD_WORK_STREAM:   go on with the DEFLATE stream of a decoder; status 0, or
 *                   -EBADMSG after what could be decoded; @checksum of the
 *                   request is not set
 * WD_WORK_MEMBERS:  whole gzip members that tell their sizes; status 0 when all
 *                   of the input was, else @consumed and @produced count the
 *                   members that were
 * WD_WORK_CHUNK:    begin a stream, of which nothing from before the input is
 *                   needed, and decode as WD_WORK_STREAM does; @out_cap must be
 *                   WD_CHUNK_ROOM more than there is to expect
 * WD_WORK_CHECK:    look whether a device has done other work right; do it again if not
 * WD_WORK_STATEFUL: go on with a stream that a device decodes; of less input than was
 *                   given it may use a part only; with any status but 0 the stream is lost
 */
enum wd_work_kind {
	WD_WORK_REQUEST,
	WD_WORK_COMPRESS,
	WD_WORK_STREAM,
	WD_WORK_MEMBERS,
	WD_WORK_CHUNK,
	WD_WORK_CHECK,
	WD_WORK_STATEFUL,
};

#define WD_CHUNK_ROOM	16u		/* bytes */

/* Where a worker reads input by itself, to memory of its own; several at a time. */
struct wd_source {
	wd_comp_read_fn *read;
	void *arg;
};

#define WD_STATEFUL_WORDS 5u
#define WD_STATEFUL_TAIL  8u /* bytes */

/*
 * struct wd_stateful - a stream that a device decodes, request by request
 *
 * The device keeps what it knows of the data in memory of the queue's, of one stream at
 * a time: all its requests go to that queue, each after the one before is back.  Zero,
 * but for @format, of a new stream.
 *
 * @format: of which the device is given all but the header
 * @begun:  a request was done
 * @ended:  so was the last: what follows the data, the device has used, too
 * @word:   the device's own
 * @last:   the last @last_len bytes of input that were used
 */
struct wd_stateful {
	enum wd_comp_format format;
	bool begun;
	bool ended;
	uint8_t last[WD_STATEFUL_TAIL];
	uint8_t last_len;
	uint32_t word[WD_STATEFUL_WORDS];
};

/*
 * struct wd_work - one piece of work
 * @req:   buffers, status, sizes and checksum
 * @owner: the sender's, not looked at
 * @kind:  which of the arguments and results count
 */
struct wd_work {
	struct wd_comp_req *req;
	void *owner;
	union {
		/* @source: read @in_len bytes from @offset; NULL: they are at @in */
		struct {
			const struct wd_source *source;
			uint64_t offset;
			/*
			 * the chunk may refer to what comes right before it: with a
			 * source a window before @offset, else @before bytes before @in
			 */
			uint32_t before;
			bool join;
			/* whose checksum is wanted; the data is @format of the request */
			uint8_t summed_as;
		} compress;
		struct {
			struct wd_inflate *decoder;
		} stream;
		struct {
			struct wd_inflate *decoder;
		} chunk;
		/* nobody else's meanwhile */
		struct {
			struct wd_work *of;
		} check;
		struct {
			struct wd_stateful *stream;
		} stateful;
	} args;
	enum wd_work_kind kind;
	union {
		/* the source failed: the status is its error, -ENODATA at an early end */
		struct {
			bool no_input;
			/* it does refer to what comes before it */
			bool joined;
			/*
			 * Input may change between two reads: the CRC-32 of what was
			 * read before it, and of the last window of both
			 */
			uint32_t before_sum, end_sum;
		} compress;
		struct {
			uint32_t count;
		} members;
		/* the decoder tells where it stands, but cannot go on */
		struct {
			bool stuck;
		} chunk;
		struct {
			bool wrong;
		} check;
	} result;
};

static inline struct wd_work wd_work_request(struct wd_comp_req *req)
{
	return (struct wd_work){ .req = req, .kind = WD_WORK_REQUEST };
}

static inline struct wd_work wd_work_compress(struct wd_comp_req *req,
					      enum wd_comp_format summed_as)
{
	return (struct wd_work){
		.req = req,
		.kind = WD_WORK_COMPRESS,
		.args.compress.summed_as = (uint8_t)summed_as,
	};
}

static inline struct wd_work wd_work_compress_from(struct wd_comp_req *req,
						   enum wd_comp_format summed_as,
						   const struct wd_source *source,
						   uint64_t offset)
{
	struct wd_work work = wd_work_compress(req, summed_as);

	work.args.compress.source = source;
	work.args.compress.offset = offset;
	return work;
}

static inline struct wd_work wd_work_stream(struct wd_comp_req *req,
					    struct wd_inflate *decoder)
{
	return (struct wd_work){
		.req = req,
		.kind = WD_WORK_STREAM,
		.args.stream.decoder = decoder,
	};
}

static inline struct wd_work wd_work_members(struct wd_comp_req *req)
{
	return (struct wd_work){ .req = req, .kind = WD_WORK_MEMBERS };
}

static inline struct wd_work wd_work_chunk(struct wd_comp_req *req,
					   struct wd_inflate *decoder)
{
	return (struct wd_work){
		.req = req,
		.kind = WD_WORK_CHUNK,
		.args.chunk.decoder = decoder,
	};
}

static inline struct wd_work wd_work_check(struct wd_work *of)
{
	return (struct wd_work){
		.req = of->req,
		.kind = WD_WORK_CHECK,
		.args.check.of = of,
	};
}

static inline struct wd_work wd_work_stateful(struct wd_comp_req *req,
					      struct wd_stateful *stream)
{
	return (struct wd_work){
		.req = req,
		.kind = WD_WORK_STATEFUL,
		.args.stateful.stream = stream,
	};
}

/* Whether it makes DEFLATE data, or undoes it. */
static inline bool wd_work_compresses(const struct wd_work *work)
{
	return work->kind == WD_WORK_COMPRESS ||
	       (work->kind == WD_WORK_REQUEST && work->req->op == WD_COMP_COMPRESS);
}

#endif
