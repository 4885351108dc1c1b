/* SPDX-License-Identifier: MIT */
/*
 * WarpDrive compression sessions: DEFLATE (RFC 1951) in gzip (RFC 1952), zlib
 * (RFC 1950) or raw form, on whatever queues the machine has.
 *
 * A session can be used in three ways:
 *
 * - one-shot: wd_comp_run(), a buffer to a complete stream and back;
 * - streaming: wd_comp_stream() with the caller's buffers of any size, or,
 *   without copies, wd_comp_get_input() ... wd_comp_put_output() with the
 *   session's own;
 * - asynchronous: wd_comp_send() and wd_comp_recv(), many independent buffers
 *   in flight.
 *
 * Streaming compression cuts the input into chunks that are compressed side by
 * side; the result is one ordinary member.  A chunk refers to the one before only
 * where most of it repeats that one's end.  Streaming decompression takes any gzip
 * or zlib data, finds the parts that can be decoded side by side and decodes the
 * rest in order.  The bytes produced depend on input, level, format, chunk size
 * and the versions of the libraries, never on threads or timing; at levels 1 and
 * 2 also on the kind of CPU, as ISA-L has code for each kind.  What a device makes
 * depends on the device.
 *
 * Threads: a session is used by one thread at a time; different sessions are
 * independent.  A session belongs to the process that created it: after fork
 * every call on it in the child returns -ESTALE, except wd_comp_destroy(),
 * and the child can create sessions of its own.
 *
 * Functions return 0 or a count on success and a negative errno on failure.
 *
 * Structs grow into their reserved words: what an application fills has to have
 * zeros there, and zero always means what it means today; what the library fills has
 * zeros there that later may be something.
 */
#ifndef WARPDRIVE_WD_COMP_H
#define WARPDRIVE_WD_COMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <warpdrive/wd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WD_COMP_LEVEL_MIN	1
#define WD_COMP_LEVEL_MAX	12
#define WD_COMP_LEVEL_DEFAULT	6
#define WD_COMP_CHUNK_MIN	(32u << 10)	/* bytes */
#define WD_COMP_CHUNK_MAX	(16u << 20)	/* bytes */
#define WD_COMP_THREADS_MAX	1024
#define WD_COMP_WINDOW_MAX	32768		/* bytes */
#define WD_COMP_LANES_MAX	8		/* queues of one session */
#define WD_COMP_SIZE_UNKNOWN	UINT64_MAX
#define WD_COMP_REQ_MAX		(1u << 30)	/* bytes of input in one request */

enum wd_comp_op {
	WD_COMP_COMPRESS,
	WD_COMP_DECOMPRESS,
};

enum wd_comp_format {
	WD_COMP_GZIP,		/* RFC 1952; decompression takes any number of members */
	WD_COMP_ZLIB,		/* RFC 1950 */
	WD_COMP_RAW,		/* RFC 1951 alone: no header, no checksum */
};

/* How gzip output is cut; sizes are told in an extra field of each header. */
enum wd_comp_members {
	WD_COMP_MEMBERS_ONE,	/* one member, whatever the size */
	WD_COMP_MEMBERS_QZ,	/* a member a chunk, `QZ` field (QATzip) */
	WD_COMP_MEMBERS_MZ,	/* a member a chunk, `MZ` field (MiGz) */
	WD_COMP_MEMBERS_BGZF,	/* members of at most 64 KiB, `BC` field (SAM specification) */
};

enum wd_comp_flush {
	WD_COMP_NO_FLUSH,
	/*
	 * Compression: end the chunk, so that everything put in so far can be
	 * decoded from what comes out.  Decompression: hand out everything
	 * that the input so far determines, except that the decoder may
	 * hold back up to three bytes while it is between two block ends.
	 */
	WD_COMP_SYNC_FLUSH,
	/* No more input will come. */
	WD_COMP_FINISH,
};

/* flags of struct wd_comp_setup */
#define WD_COMP_RSYNCABLE	(1u << 0)	/* cut chunks where the content says so */
#define WD_COMP_ONE_MEMBER	(1u << 1)	/* decompression: stop after the first member */
#define WD_COMP_NO_VERIFY	(1u << 2)	/* take what a device made as it is: see @engine */
#define WD_COMP_INDEPENDENT	(1u << 3)	/* no chunk refers to another, whatever that costs */

struct wd_comp_sess;

/*
 * struct wd_comp_setup - what a session shall do
 * @op:         direction
 * @format:     see enum wd_comp_format
 * @members:    see enum wd_comp_members; only for gzip compression
 * @level:      1 (fastest) to 12 (smallest); 0 for the default.  Not used by
 *              decompression, nor by hardware, which has no levels
 * @chunk_size: bytes of input compressed as a unit, WD_COMP_CHUNK_MIN to
 *              WD_COMP_CHUNK_MAX; 0 to follow level and @size_hint, and to be smaller
 *              where a limit of the process or its control group leaves no room even
 *              for one worker with such chunks
 * @threads:    CPU workers, 0 for wd_cpu_count(), or fewer where memory is limited:
 *              see wd_thread_count()
 * @flags:      WD_COMP_RSYNCABLE, WD_COMP_ONE_MEMBER, WD_COMP_NO_VERIFY,
 *              WD_COMP_INDEPENDENT
 * @engine:     NULL or "auto" for the best: all hardware that can be used, and the
 *              CPU, or the CPU alone where there is none, for which a process looks
 *              once; "hw" for hardware only, a queue of which is asked for at once;
 *              "sw" for CPU workers, the name of a device or driver, "hybrid" for all
 *              devices, be they software, and the CPU at once, or
 *              names joined by plus signs for these at once.  Of several,
 *              separated by commas, the first that can be used.  What a device compressed is decompressed
 *              on the CPU and compared.  What it fails to do, the CPU does; after
 *              several failures, or when it is gone, it is left for a second, and
 *              then tried with one request; for twice as long each time that this fails
 * @size_hint:  bytes of input to come, WD_COMP_SIZE_UNKNOWN if not known; only
 *              a hint: it chooses the default chunk size
 * @reserved:   zero
 */
struct wd_comp_setup {
	enum wd_comp_op op;
	enum wd_comp_format format;
	enum wd_comp_members members;
	int level;
	uint32_t chunk_size;
	uint32_t threads;
	uint32_t flags;
	const char *engine;
	uint64_t size_hint;
	uint64_t reserved[4];
};

/*
 * wd_comp_create() - make a session
 * @sess:  set to the session, which wd_comp_destroy() releases
 * @setup: read during the call only
 *
 * Cheap: no thread is started and little memory taken before there is work.  But "hw"
 * asks for a queue of each of its devices at once; of one without shared virtual
 * addressing it has up to 32 MiB of memory that is never swapped out.
 *
 * Returns 0; -EINVAL for a setup out of range, -ENODEV if the named engine does
 * not exist; what wd_device_list() has as its status if it cannot be used, or what
 * wd_request_queue() says; -ENOMEM.
 */
int wd_comp_create(struct wd_comp_sess **sess, const struct wd_comp_setup *setup);

/*
 * wd_comp_destroy() - release a session; NULL is fine
 *
 * Waits for what has begun, drops the rest.  If a device does not let go of memory,
 * that is not released, as it may be written to until the process ends; nor may the
 * caller use buffers of requests of wd_comp_send() that were not received for anything
 * else, then.
 * Who has to know that calls wd_comp_reset() before.
 */
void wd_comp_destroy(struct wd_comp_sess *sess);

/*
 * wd_comp_reset() - begin a new stream with the same setup
 * @sess:      a session, in any state, after failures too
 * @size_hint: as in struct wd_comp_setup
 *
 * Threads and buffers are kept, which makes many small files cheap.  Header,
 * window, totals and errors are cleared.  Waits for what has begun and drops the
 * rest; requests of wd_comp_send() that were not received are the caller's again.
 *
 * Returns 0, -ESTALE; -EIO if a device has not let go of requests of wd_comp_send() for
 * a minute: see wd_recv().  Then nothing more can be done with the session, and requests
 * that were not received do not come back: they and their buffers may be written to until
 * the process ends.
 */
int wd_comp_reset(struct wd_comp_sess *sess, uint64_t size_hint);

/*
 * wd_comp_bound() - the most bytes a stream of @in_len bytes can take
 *
 * With the session's format, members and chunk size, a header without a name,
 * and no flush but the last.  Returns 0 for a decompression session.
 */
size_t wd_comp_bound(const struct wd_comp_sess *sess, size_t in_len);

/*
 * struct wd_comp_header - the fields of a gzip header (RFC 1952, section 2.3)
 * @mtime: seconds since 1970, 0 for none
 * @os:    operating system, 3 for Unix
 * @name:  original file name, NUL-terminated, or NULL
 * @reserved: zero
 *
 * XFL follows the level.
 */
struct wd_comp_header {
	uint32_t mtime;
	uint8_t os;
	const char *name;
	uint64_t reserved[4];
};

/*
 * wd_comp_set_header() - what the gzip header of the stream shall say
 * @sess: a compression session, format gzip, before its first input
 * @hdr:  copied, the name too.  Without this call: no name, mtime 0, os 3
 *
 * Sized members have no name, since some of their readers expect none.
 *
 * Returns 0; -EINVAL at the wrong moment, with a name of more than 65535 bytes,
 * with a name for sized members, or with reserved words that are not zero; -ENOMEM,
 * -ESTALE.
 */
int wd_comp_set_header(struct wd_comp_sess *sess, const struct wd_comp_header *hdr);

/*
 * wd_comp_get_header() - the gzip header of the first member
 * @sess: a decompression session
 * @hdr:  filled; the name is the session's until reset, and may hold any bytes
 *
 * Returns 0; -EAGAIN if the header has not been seen yet; -EINVAL, -ESTALE.
 */
int wd_comp_get_header(struct wd_comp_sess *sess, struct wd_comp_header *hdr);

/*
 * wd_comp_set_window() - the bytes that matches may reach before the stream
 * @sess: a session before its first input; format zlib (preset dictionary) or raw
 * @data: the caller's again on return
 * @len:  bytes, any number but 0
 *
 * Matches reach the last 32768 of them.  The header of zlib data has the Adler-32
 * of all of them, as zlib's deflateSetDictionary() and inflateSetDictionary() want
 * it, so both sides have to be given the same @len bytes.
 *
 * Returns 0, -EINVAL, -ENOMEM, -ESTALE.
 */
int wd_comp_set_window(struct wd_comp_sess *sess, const void *data, size_t len);

/* ---- one-shot ---- */

/*
 * wd_comp_run() - a whole buffer in one call
 * @sess:     a session; the call begins with a reset, and keeps @size_hint, and
 *            header and window if they were set after the last one
 * @in:       input, @in_len bytes
 * @out:      output, @out_cap bytes
 * @consumed: set to the input bytes used, may be NULL
 * @produced: set to the output bytes written, may be NULL
 *
 * Compression takes all input.  Decompression stops at the end of the last
 * complete member; @consumed tells where.
 *
 * Returns 0; -ENOSPC if @out_cap is too small, and errors as wd_comp_stream().
 */
int wd_comp_run(struct wd_comp_sess *sess, const void *in, size_t in_len,
		void *out, size_t out_cap, size_t *consumed, size_t *produced);

/* ---- streaming ---- */

/*
 * struct wd_comp_buf - the caller's buffers in wd_comp_stream()
 * @in, @in_len:   input not yet taken; the call moves both forward
 * @out, @out_len: room not yet filled; the call moves both forward
 * @reserved:      zero
 */
struct wd_comp_buf {
	const void *in;
	size_t in_len;
	void *out;
	size_t out_len;
	uint64_t reserved[2];
};

/*
 * wd_comp_stream() - feed and drain with buffers of any size
 * @sess:  a session
 * @buf:   see struct wd_comp_buf; its memory is the caller's between calls
 * @flush: see enum wd_comp_flush; repeat a flush with the same value, and
 *         without new input, until it returns with room left in @buf->out
 *
 * Takes input as long as there is room for it and gives output as long as
 * there is some; waits only with a flush.  Without a flush, output may come
 * many calls later.
 *
 * Returns 1 when the stream is complete and all output was given; 0 if not
 * yet; -EBADMSG for corrupt data or a wrong checksum, -ENODATA for input that
 * ends too early, -EINVAL, -ENOMEM, -EIO, -ESTALE.  wd_comp_get_info() has the
 * details.  Output given before a failure is what was decoded before it.
 */
int wd_comp_stream(struct wd_comp_sess *sess, struct wd_comp_buf *buf,
		   enum wd_comp_flush flush);

/*
 * wd_comp_get_input() - where to put the next input
 * @sess: a session
 * @buf:  set to memory of the session
 * @room: set to its size, more than 0
 *
 * The memory is valid until the next call on the session.
 *
 * Returns 0; -EAGAIN if output has to be taken first; -EINVAL after FINISH or
 * the end of the stream; -ENOMEM, -ESTALE.
 */
int wd_comp_get_input(struct wd_comp_sess *sess, void **buf, size_t *room);

/*
 * wd_comp_put_input() - say how much of that memory was filled
 * @sess:  a session
 * @len:   bytes written at the start of what wd_comp_get_input() returned
 * @flush: see enum wd_comp_flush
 *
 * Call it with 0 and WD_COMP_FINISH at the end of the input; that, and a flush,
 * need no wd_comp_get_input() before.  Does not wait for other threads; the last
 * few kilobytes of a stream, and a first chunk with a window, are compressed here.
 *
 * Returns 0, -EINVAL, -ENOMEM, -ESTALE.  Errors in the data are reported by
 * wd_comp_get_output(), in order.
 */
int wd_comp_put_input(struct wd_comp_sess *sess, size_t len,
		      enum wd_comp_flush flush);

/*
 * wd_comp_get_output() - the next piece of output, in order
 * @sess:       a session
 * @data:       set to memory of the session
 * @len:        set to its size, more than 0
 * @timeout_ms: how long to wait for a piece that is being worked on;
 *              WD_NO_WAIT, WD_WAIT_FOREVER
 *
 * The piece stays valid until wd_comp_put_output(), which must come before the
 * next call of this function.
 *
 * Returns 1 with a piece; 0 at the end of the stream; -EAGAIN if there is
 * nothing without more input, or, with WD_NO_WAIT, nothing ready; -ETIMEDOUT;
 * or an error as wd_comp_stream().
 */
int wd_comp_get_output(struct wd_comp_sess *sess, const void **data, size_t *len,
		       int timeout_ms);

/*
 * wd_comp_put_output() - give the piece back
 *
 * Returns 0; -EINVAL if there is none; -ESTALE.
 */
int wd_comp_put_output(struct wd_comp_sess *sess);

/*
 * wd_comp_allow_restart() - the caller can decompress the stream once more
 * @sess: a decompression session, just made or reset
 *
 * What a device makes of a stream that it decodes piece by piece is known to be right at
 * a member's end only, and of a stream that it fails nothing can be had from it.  So
 * such devices take part only where output that was taken can be given up; elsewhere
 * the CPU decodes what cannot be decoded side by side.  Holds until the next reset.
 *
 * A call on the stream may then fail with -ERESTART: drop its output, call
 * wd_comp_reset() and give the input from its beginning; the CPU decodes it, as it does
 * all later streams of the session.  wd_comp_run() does so by itself, and allowing it
 * is needless.
 *
 * Returns 0; -EINVAL, -ESTALE.
 */
int wd_comp_allow_restart(struct wd_comp_sess *sess);

/*
 * wd_comp_get_unused() - input past the end of the stream
 * @sess: a decompression session whose stream has ended
 * @data: set to the bytes the session was given but did not use: what followed
 *        the last member (zeros included), or the compressed data
 * @len:  their number, possibly 0
 *
 * Valid until the next call on the session.  Returns 0, -EINVAL, -ESTALE.
 */
int wd_comp_get_unused(struct wd_comp_sess *sess, const void **data, size_t *len);

/*
 * wd_comp_read_fn() - read input for a session
 * @arg:    what wd_comp_set_source() was given
 * @buf:    to be filled with @len bytes of input, from @offset on
 *
 * Called by several threads at a time, and by those that call
 * wd_comp_get_output(); must not use the session.
 *
 * Bytes may be asked for more than once.  Where they are not the same then, what
 * comes out is one of the versions, piece by piece, and its checksum.
 *
 * Returns @len, less at the end of the input only, or a negative errno.
 */
typedef int64_t wd_comp_read_fn(void *arg, void *buf, size_t len, uint64_t offset);

/*
 * wd_comp_set_source() - let the session read its input by itself
 * @sess: a compression session before its first input, not WD_COMP_RSYNCABLE
 * @read: see wd_comp_read_fn(); reads the input, all of it, at any offset
 * @arg:  for @read
 * @size: bytes of input expected: chunks before that are read by the threads
 *        that compress them, side by side.  The input may turn out to be longer
 *        or shorter
 *
 * There is no wd_comp_get_input() and wd_comp_put_input() then: reading begins
 * with the first wd_comp_get_output(), and the bytes that come out are those the
 * other ways would give (but an input that is shorter than @size, and ends where
 * a chunk ends, gets an empty chunk after it).  @read and @arg are used until
 * the end of the stream, or the next reset.
 *
 * An error of @read is returned by wd_comp_get_output() when it is that chunk's
 * turn.
 *
 * Returns 0, -EINVAL, -ESTALE.
 */
int wd_comp_set_source(struct wd_comp_sess *sess, wd_comp_read_fn *read, void *arg,
		       uint64_t size);

/* What is wrong with compressed data; the details are in struct wd_comp_info. */
enum wd_comp_error {
	WD_COMP_OK,
	WD_COMP_ERR_MAGIC,		/* does not begin like the format */
	WD_COMP_ERR_METHOD,		/* @computed: the method, not 8 */
	WD_COMP_ERR_FLAGS,		/* @computed: the flags, with reserved bits */
	WD_COMP_ERR_HEADER_CHECKSUM,	/* gzip FHCRC, zlib FCHECK: @stored, @computed */
	WD_COMP_ERR_WINDOW,		/* zlib: needs a preset window that was not given */
	WD_COMP_ERR_TRUNCATED,		/* ends too early */
	WD_COMP_ERR_DATA,		/* invalid DEFLATE data */
	WD_COMP_ERR_CHECKSUM,		/* CRC-32 or Adler-32: @stored, @computed */
	WD_COMP_ERR_LENGTH,		/* ISIZE: @stored, @computed */
	WD_COMP_ERR_ENGINE,		/* no engine could do it; not the data's fault */
};

/* What followed the last member. */
enum wd_comp_trailing {
	WD_COMP_TRAILING_NONE,
	WD_COMP_TRAILING_ZEROS,
	WD_COMP_TRAILING_GARBAGE,
};

/*
 * struct wd_comp_info - what a session did since its last reset
 * @total_in:     bytes of input taken (decompression: used, without what follows
 *                the last member)
 * @total_out:    bytes of output handed out
 * @members:      complete members (or streams)
 * @checksum:     CRC-32 (gzip, raw) or Adler-32 (zlib) of the uncompressed data
 *                of the last complete member
 * @chunk_size:   bytes; 0 when decompressing
 * @threads:      CPU workers the session may use; 0 if that was left to the library
 *                and was not decided yet
 * @level:        as set up
 * @engine:       what did the work, for example "sw"
 * @codec:        the library behind it, for example "ISA-L level 2"
 * @requests:     requests that were completed
 * @parallel_out: of @total_out, bytes decoded side by side
 * @stored:       chunks that did not shrink and were stored
 * @redone:       requests that failed or were lost on one queue and were done
 *                on another
 * @trailing:     what followed the last member
 * @device:       name of the device that was, or would have been, used first; NULL
 *                if that was none.  The session's
 * @device_requests: of @requests, those that a device completed
 * @device_wrong: requests whose output was not what it should be, and was redone
 * @device_error: why the device is not used now: a negative errno, 0 if it is
 * @limited:      why there are fewer threads than CPUs, or smaller chunks than
 *                usual, for people: "threads 4 of 128: memory limit 100 MiB (control
 *                group)"; NULL if there are not, or that was not decided yet.  The
 *                session's
 * @error:        what is wrong with the data
 * @error_member: the member it is in, from 1
 * @error_offset: where: bytes of input before it, as near as can be told
 * @error_stored, @error_computed: see enum wd_comp_error
 */
struct wd_comp_info {
	uint64_t total_in;
	uint64_t total_out;
	uint64_t members;
	uint32_t checksum;
	uint32_t chunk_size;
	uint32_t threads;
	int level;
	const char *engine;
	const char *codec;
	uint64_t requests;
	uint64_t parallel_out;
	uint64_t stored;
	uint64_t redone;
	enum wd_comp_trailing trailing;
	enum wd_comp_error error;
	uint64_t error_member;
	uint64_t error_offset;
	uint32_t error_stored;
	uint32_t error_computed;
	const char *device;
	uint64_t device_requests;
	uint32_t device_wrong;
	int32_t device_error;
	const char *limited;
	uint64_t reserved[8];
};

/*
 * wd_comp_get_info() - totals and the details of a failure
 *
 * Returns 0, -ESTALE.
 */
int wd_comp_get_info(struct wd_comp_sess *sess, struct wd_comp_info *info);

/*
 * struct wd_comp_lane - what one queue of a session did since the last reset
 * @name:      the device
 * @kind:      enum wd_device_kind
 * @error:     why it is not used now: a negative errno, or 0
 * @width:     requests that keep it busy
 * @depth:     requests that its queue has room for; 0 if it was not needed
 * @requests:  done, and found to be right
 * @bytes_in, @bytes_out: of these
 * @failed:    of requests that it failed, or did wrong, those done elsewhere
 * @wrong:     of these, those whose output was not what it should be
 * @checks:    looked at for a device's sake
 * @redone:    done again for a device's sake; among @requests
 * @returned:  times that it was used again after it had been left
 * @reserved:  zero
 */
struct wd_comp_lane {
	char name[WD_NAME_MAX];
	uint32_t kind;
	int32_t error;
	uint32_t width;
	uint32_t depth;
	uint64_t requests;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t failed;
	uint64_t wrong;
	uint64_t checks;
	uint64_t redone;
	uint64_t returned;
	uint64_t reserved[4];
};

/*
 * wd_comp_get_lanes() - who did the work, and who failed it
 * @sess:  a session
 * @lanes: filled, devices first, the CPU last
 * @max:   entries that @lanes has room for
 *
 * A session has a lane for each queue that it may use, and one for the workers of
 * the CPU, which look at what devices do and do what they leave.
 *
 * Returns how many lanes there are, -EINVAL, -ESTALE.
 */
int wd_comp_get_lanes(struct wd_comp_sess *sess, struct wd_comp_lane *lanes,
		      unsigned int max);

/* Why a queue did not do what it might have done. */
enum wd_comp_reason {
	WD_COMP_REASON_NONE,
	/* it could not be had */
	WD_COMP_REASON_NO_DEVICE,
	WD_COMP_REASON_NO_PERMISSION,
	WD_COMP_REASON_NO_QUEUE, /* others have them all */
	WD_COMP_REASON_ISOLATED, /* by its driver, after errors */
	WD_COMP_REASON_ADDRESS_MODE, /* it takes neither the process's nor the bus's */
	WD_COMP_REASON_NO_MEMORY,
	/* one request */
	WD_COMP_REASON_UNSUPPORTED, /* it cannot do this format or size */
	WD_COMP_REASON_NO_ROOM,	    /* the output did not fit */
	WD_COMP_REASON_FAILED,
	WD_COMP_REASON_WRONG, /* the output was not what it should be */
	/* the queue, with all that was in flight */
	WD_COMP_REASON_NONSENSE, /* it said what cannot be */
	WD_COMP_REASON_TIMED_OUT,
	WD_COMP_REASON_GONE,
	WD_COMP_REASON_RESET,
	/* one request, of which it was not asked */
	WD_COMP_REASON_QUARANTINED, /* it had failed, and was left for a while */
	WD_COMP_REASON_TOO_SMALL, /* the CPU is faster with so little: no fault */
};

#define WD_COMP_REASONS 17 /* of this version, WD_COMP_REASON_NONE included */

/*
 * wd_comp_reason_word(), wd_comp_reason_text() - a reason for programs, and for people
 *
 * Return constant strings such as "timed-out" and "the device did not answer, and its
 * queue was given up"; "none" and its sentence for what is no reason.  Any thread.
 */
const char *wd_comp_reason_word(enum wd_comp_reason reason);
const char *wd_comp_reason_text(enum wd_comp_reason reason);

/*
 * struct wd_comp_fallback - work that a queue did not do, for one reason
 * @lane:     its number in wd_comp_get_lanes()
 * @reason:   enum wd_comp_reason
 * @count:    requests, or times that no queue could be had, since the last reset
 * @text:     the sentence; of a queue that could not be had what wd_device_list()
 *            has as the reason, with who would be permitted
 * @reserved: zero
 */
struct wd_comp_fallback {
	uint32_t lane;
	uint32_t reason;
	uint64_t count;
	char text[WD_REASON_MAX];
	uint64_t reserved[4];
};

/*
 * wd_comp_get_fallbacks() - why work was not done where it might have been
 * @sess: a session
 * @list: filled, lane by lane
 * @max:  entries that @list has room for
 *
 * A queue that could not be had, and will not be asked for again, is in the list of each
 * stream.
 *
 * Returns how many there are, 0 if no queue was passed over, -EINVAL, -ESTALE.
 */
int wd_comp_get_fallbacks(struct wd_comp_sess *sess,
			  struct wd_comp_fallback *list, unsigned int max);

/*
 * wd_comp_last_lane() - which queue did what was received last
 * @sess: a session
 *
 * That is the request of the last wd_comp_recv(), or the piece of the last
 * wd_comp_get_output().  What a device did wrong was done by the CPU.
 *
 * Returns its number in wd_comp_get_lanes(), -ENOENT if there was nothing since the
 * last reset, -EINVAL, -ESTALE.
 */
int wd_comp_last_lane(struct wd_comp_sess *sess);

/* ---- asynchronous ---- */

/* flags of struct wd_comp_req */
#define WD_COMP_REQ_OPEN	(1u << 0)	/* compression: leave the stream open: end
						 * on a chunk marker, no final block */

/* bits of @result in struct wd_comp_req */
#define WD_COMP_RES_STORED	(1u << 0)	/* the data did not shrink and was stored */

/*
 * struct wd_comp_req - one buffer to compress or decompress on its own
 * @in, @in_len:   input; the caller's, not written, untouched until received
 * @out, @out_cap: output; the caller's
 * @op, @format:   enum wd_comp_op, enum wd_comp_format
 * @level:         1 to 12
 * @flags:         WD_COMP_REQ_OPEN (format raw only)
 * @user:          the caller's, not looked at
 * @status:        set: 0; -ENOSPC if @out_cap is too small, -EBADMSG for corrupt
 *                 data or a wrong checksum, -ENODATA if it ends too early, -EIO,
 *                 -ENOMEM; on a queue that was given up, why: see wd_recv()
 * @checksum:      set: CRC-32 (gzip, raw) or Adler-32 (zlib) of the uncompressed
 *                 data
 * @consumed:      set: input bytes used
 * @produced:      set: output bytes written
 * @result:        set: WD_COMP_RES_STORED
 * @header:        compression to gzip: what the header shall say, with a name of
 *                 at most 65535 bytes, which adds to the output.  Read until
 *                 received.  NULL for no name, mtime 0, os 3
 * @reserved:      zero
 *
 * Each request is a complete member, stream or DEFLATE stream of its own.
 */
struct wd_comp_req {
	const void *in;
	size_t in_len;
	void *out;
	size_t out_cap;
	uint8_t op;
	uint8_t format;
	uint8_t level;
	uint8_t flags;
	int32_t status;
	void *user;
	size_t consumed;
	size_t produced;
	uint32_t checksum;
	uint32_t result;
	const struct wd_comp_header *header;
	uint64_t reserved[3];
};

/*
 * wd_comp_send() - begin one request
 * @sess: a session that is not in the middle of a stream
 * @req:  the library's until received; fields from @status on need not be set
 *
 * @req->op, @format and @level count, not the session's.
 *
 * Returns 0, -EBUSY if too many are in flight: receive one first; -EINVAL, -ENODEV,
 * -ENOMEM; -EIO if a device does not let go of what it has of the session, see
 * wd_comp_recv(); -ESTALE.  On failure the request is still the caller's.
 */
int wd_comp_send(struct wd_comp_sess *sess, struct wd_comp_req *req);

/*
 * wd_comp_recv() - take one finished request, in the order they finish
 * @sess:       a session
 * @req:        set to the pointer given to wd_comp_send()
 * @timeout_ms: WD_NO_WAIT, WD_WAIT_FOREVER or milliseconds
 *
 * Returns 0, -EAGAIN, -ETIMEDOUT, -ENOENT if nothing is in flight, -EINVAL, -ESTALE; -EIO
 * if all that is in flight is with a device that was given up and has not let go of it
 * for a minute: see wd_recv().  Such requests are the library's, and may be written to
 * with their buffers, until a later call gives them back, or the process ends.
 */
int wd_comp_recv(struct wd_comp_sess *sess, struct wd_comp_req **req, int timeout_ms);

/*
 * wd_comp_req_bound() - the most bytes compressing @in_len bytes in one request
 * can take, in any format and at any level; without the name that a header may
 * have, and the byte that ends it
 */
size_t wd_comp_req_bound(size_t in_len);

#ifdef __cplusplus
}
#endif

#endif
