/* SPDX-License-Identifier: MIT */
/*
 * The splice walker: makes a complete DEFLATE stream (RFC 1951) continuable.
 *
 * Some engines can only produce a complete, final stream.  To put further data
 * after it, the BFINAL bit of its last block has to be cleared and the stream
 * brought to a byte boundary.  The walker finds both places by following the
 * block headers and Huffman codes without producing output.
 */
#ifndef WD_CODEC_SPLICE_H
#define WD_CODEC_SPLICE_H

#include <stddef.h>
#include <stdint.h>

/* Most bytes that wd_splice_open() appends. */
#define WD_SPLICE_MARKER_MAX	10

/* Length of wd_splice_marker. */
#define WD_SPLICE_MARKER_LEN	9

/*
 * What is the same at the end of every opened chunk: two empty stored blocks
 * without the header of the first, which may share a byte with the data.
 */
extern const uint8_t wd_splice_marker[WD_SPLICE_MARKER_LEN];

/*
 * The second of the two, whole: it is what says that nothing after it refers to
 * anything before.
 */
#define WD_SPLICE_FENCE_LEN	5
#define WD_SPLICE_FENCE_AT	(WD_SPLICE_MARKER_LEN - WD_SPLICE_FENCE_LEN)

/*
 * struct wd_splice_end - where a stream ends, in bits from its beginning
 * @final_bit: the BFINAL bit of the last block, the one that is set
 * @end_bit:   first bit after the last block
 */
struct wd_splice_end {
	uint64_t final_bit;
	uint64_t end_bit;
};

/*
 * wd_splice_find() - find the end of a complete raw DEFLATE stream
 * @data: the stream, from anywhere, hostile places included
 * @len:  bytes; the stream has to end in the last of them
 * @end:  filled on success
 *
 * Accepts what zlib accepts, with one exception: as no output is produced,
 * distances that reach back before the beginning of the output are not noticed.
 * Bits past the end of the stream in its last byte may have any value.
 *
 * Reads nothing outside the buffer; keeps its tables on the stack, 14 KiB; may
 * be called from any thread.
 *
 * Returns 0, or -EBADMSG for anything but one complete valid stream.
 */
int wd_splice_find(const void *data, size_t len, struct wd_splice_end *end);

/*
 * wd_splice_find_pair() - find the ends of two independent streams
 *
 * As wd_splice_find() for each, in two thirds of the time and 28 KiB of stack,
 * when both are of about the same length.
 *
 * Returns 0 if both are valid, else -EBADMSG and does not tell which was not.
 */
int wd_splice_find_pair(const void *a, size_t a_len, const void *b, size_t b_len,
			struct wd_splice_end *a_end, struct wd_splice_end *b_end);

/*
 * wd_splice_open() - make a complete stream continuable
 * @data:    the stream, changed in place
 * @len:     its bytes
 * @cap:     bytes that @data has room for; @len + WD_SPLICE_MARKER_MAX always do
 * @new_len: set to the bytes that @data then holds
 *
 * Clears the BFINAL bit, zeroes the bits past the end of the stream and appends two empty
 * stored blocks.  What follows can be any DEFLATE stream, beginning in a byte
 * of its own.
 *
 * Returns 0; -EBADMSG as wd_splice_find(), -ENOSPC if @cap is too small; then
 * the data is untouched.
 */
int wd_splice_open(void *data, size_t len, size_t cap, size_t *new_len);

/*
 * wd_splice_open_at() - the same when the end is known already
 * @end: from wd_splice_find() or wd_splice_find_pair() for the same data
 *
 * Returns 0, or -ENOSPC with the data untouched.
 */
int wd_splice_open_at(void *data, size_t len, size_t cap,
		      const struct wd_splice_end *end, size_t *new_len);

/*
 * wd_splice_find_marker() - find the first wd_splice_marker in a buffer
 * @p:   the buffer
 * @len: bytes
 *
 * The marker bytes can also stand inside data; only decoding up to there tells.
 *
 * Returns a pointer past the marker, or NULL.
 */
const uint8_t *wd_splice_find_marker(const uint8_t *p, size_t len);

#endif /* WD_CODEC_SPLICE_H */
