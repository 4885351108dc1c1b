/* SPDX-License-Identifier: MIT */
/*
 * Compression on the CPU: what a worker of the soft driver does with a request.
 *
 * A codec holds the engines' memory and belongs to one thread at a time.
 */
#ifndef WD_CODEC_H
#define WD_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <warpdrive/wd_comp.h>

#include "../format/format.h"
#include "../internal.h"
#include "../work.h"

/*
 * For drivers that serve WD_WORK_CHUNK with a decoder of whole streams: that decodes,
 * to @out of the request, what wd_chunk_copy() made of its input: WD_CHUNK_END bytes
 * more.  wd_chunk_judge() is told what it used and made, and fills in the request;
 * false if it cannot be told how the chunk ended.  If the stream ended in it, that is known
 * only where nothing but the trailer of @format follows.
 */
#define WD_CHUNK_END	13u		/* bytes */

void wd_chunk_copy(uint8_t *to, const void *in, size_t len);
bool wd_chunk_judge(struct wd_work *work, size_t used, size_t made);
bool wd_chunk_end_is_known(const struct wd_work *work,
			   enum wd_comp_format format);

struct wd_codec;

struct wd_codec *wd_codec_create(void);
void wd_codec_destroy(struct wd_codec *codec);

/* Whether what an application asks for can be served: 0 or -EINVAL. */
static inline int wd_codec_check(const struct wd_comp_req *req)
{
	if (!req || req->in_len > WD_COMP_REQ_MAX)
		return -EINVAL;
	if ((req->in_len && !req->in) || (req->out_cap && !req->out))
		return -EINVAL;
	if (!WD_UNUSED(req))
		return -EINVAL;
	if (req->op > WD_COMP_DECOMPRESS || req->format >= WD_FORMAT_COUNT)
		return -EINVAL;
	if (req->op == WD_COMP_COMPRESS &&
	    (req->level < WD_COMP_LEVEL_MIN || req->level > WD_COMP_LEVEL_MAX))
		return -EINVAL;
	if (req->header &&
	    (req->op != WD_COMP_COMPRESS || req->format != WD_COMP_GZIP ||
	     !WD_UNUSED(req->header) || !wd_gzip_head_size(req->header)))
		return -EINVAL;
	if (req->flags &&
	    (req->flags != WD_COMP_REQ_OPEN || req->format != WD_COMP_RAW ||
	     req->op != WD_COMP_COMPRESS))
		return -EINVAL;
	return 0;
}

/*
 * Do the work; the outcome is in the request's status and the fields after it,
 * and in the work's result.  Without a codec, for want of memory, only
 * WD_WORK_STREAM can be done.
 */
void wd_codec_run(struct wd_codec *codec, struct wd_work *work);

/* ---- checksum.c ---- */

uint32_t wd_crc32(uint32_t crc, const void *data, size_t len);
uint32_t wd_adler32(uint32_t adler, const void *data, size_t len);

/* The checksum of two pieces in a row; @len2 bytes is the second one's size. */
uint32_t wd_crc32_join(uint32_t crc1, uint32_t crc2, uint64_t len2);
uint32_t wd_adler32_join(uint32_t adler1, uint32_t adler2, uint64_t len2);

/* ---- deflate.c ---- */

/*
 * struct wd_level - what a level means on the CPU
 * @isal:       ISA-L's level, 0 if another engine does this level
 * @libdeflate: libdeflate's level
 * @chunk_size: bytes that are compressed as a unit
 * @name:       for people
 */
struct wd_level {
	uint8_t isal;
	uint8_t libdeflate;
	uint32_t chunk_size;
	const char *name;
};

/* @level must be WD_COMP_LEVEL_MIN to WD_COMP_LEVEL_MAX. */
const struct wd_level *wd_level_get(int level);

struct wd_deflate;

struct wd_deflate *wd_deflate_create(void);
void wd_deflate_destroy(struct wd_deflate *d);

/*
 * struct wd_deflate_job - one raw DEFLATE stream to make
 * @open:       end on the chunk marker instead of a final block
 * @window:     bytes that matches may reach before @in, or NULL
 * @before_len: that many bytes, at most a window, are right before @in; matches may
 *              reach them if much is gained by that
 * @produced:   set
 * @stored:     set: nothing could be saved
 * @joined:     set: the bytes before @in are needed to decompress the stream
 */
struct wd_deflate_job {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_cap;
	int level;
	bool open;
	const uint8_t *window;
	size_t window_len;
	size_t before_len;
	size_t produced;
	bool stored;
	bool joined;
};

/* Returns 0, -ENOSPC, -ENOMEM, -EIO. */
int wd_deflate_run(struct wd_deflate *d, struct wd_deflate_job *job);

/* The most a raw stream of @len bytes takes, marker included. */
size_t wd_deflate_bound(size_t len);

/* What a device may add to that: it stores what does not shrink in smaller blocks. */
static inline size_t wd_device_extra(size_t len)
{
	return len / 1024 + 64;
}

/* ---- inflate.c ---- */

struct wd_inflate_engine;

/*
 * The state of one DEFLATE stream being decoded.  After WD_WORK_STREAM:
 *
 * @ended:      the final block's end was reached
 * @boundary:   all input was used and it ended between two blocks, on a byte
 *              boundary
 * @lost, @lost_len: at the end: input bytes past the end of the stream that belong to an
 *              earlier request, which its @consumed had counted
 */
struct wd_inflate {
	bool ended;
	bool boundary;
	uint8_t lost[8];
	unsigned int lost_len;
	const struct wd_inflate_engine *engine;
	void *state;
};

/* For streams of any length. */
int wd_inflate_init(struct wd_inflate *inf);

/*
 * Choose who decodes the next stream, which has at most @len bytes; @inf may
 * also be all zero.  Returns 0 or -ENOMEM.
 */
int wd_inflate_fit(struct wd_inflate *inf, size_t len);
void wd_inflate_exit(struct wd_inflate *inf);

/*
 * Begin a stream; @window: output before it that matches may reach, the last
 * WD_COMP_WINDOW_MAX bytes count.  Returns 0 or -ENOMEM.
 */
int wd_inflate_begin(struct wd_inflate *inf, const uint8_t *window, size_t len);
void wd_inflate_run(struct wd_inflate *inf, struct wd_comp_req *req);

/* The library that decodes @inf's streams, or, if it is NULL, long ones. */
const char *wd_inflate_name(const struct wd_inflate *inf);

#endif
