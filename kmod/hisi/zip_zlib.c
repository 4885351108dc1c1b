// SPDX-License-Identifier: GPL-2.0
/*
 * Raw deflate by the CPU, see zip_zlib.h.
 *
 * The kernel's own algorithm of that name takes 128 KiB at most (until 6.14), or
 * forgets all but 2 KiB of the output at each new piece of a list (since 6.15): both
 * too little for what a device has compressed.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/zlib.h>

#include "zip_zlib.h"

/*
 * Others than we have to read it: the kernel's own algorithm does not look back further
 * than that if it has to read it in pieces.
 */
#define COMPRESS_WINDOW	11
#define COMPRESS_LEVEL	Z_DEFAULT_COMPRESSION
#define MEMORY_LEVEL	MAX_MEM_LEVEL

#define PIECE_MAX	SZ_64K	/* before others get their turn */

static_assert(!IS_ENABLED(CONFIG_HIGHMEM), "all memory has an address");

/* Bytes of the workspace that the functions below need, for one request at a time. */
size_t zip_zlib_workspace(void)
{
	return max(zlib_deflate_workspacesize(-COMPRESS_WINDOW, MEMORY_LEVEL),
		   zlib_inflate_workspacesize());
}

/* The next piece; its length, 0 at the end. */
static u32 next_piece(struct zip_span *span, void **at)
{
	u32 len = min_t(u32, span->left, PIECE_MAX);

	if (!span->sg) {
		*at = span->at;
		span->at += len;
		span->left -= len;
		return len;
	}
	while (span->left && span->sg) {
		u32 done = span->at ? span->at - sg_virt(span->sg) : 0;

		len = min3(span->sg->length - done, span->left, (u32)PIECE_MAX);
		*at = sg_virt(span->sg) + done;
		if (done + len == span->sg->length) {
			span->sg = sg_next(span->sg);
			span->at = NULL;
		} else {
			span->at = *at + len;
		}
		span->left -= len;
		if (len)
			return len;
	}
	span->left = 0;
	return 0;
}

static void refill(struct z_stream_s *stream, struct zip_span *src, struct zip_span *dst)
{
	void *at = NULL;

	if (!stream->avail_in) {
		stream->avail_in = next_piece(src, &at);
		stream->next_in = at;
	}
	if (!stream->avail_out) {
		stream->avail_out = next_piece(dst, &at);
		stream->next_out = at;
	}
	cond_resched();
}

/* What a call has come to: -EAGAIN if another one has to follow. */
static int result(const struct z_stream_s *stream, int ret, bool more_in, bool more_out)
{
	if (ret == Z_STREAM_END)
		return 0;
	/* The end of the stream takes input, but no room. */
	if (!stream->avail_out && !more_out && (stream->avail_in || !more_in))
		return -ENOSPC;
	if (ret != Z_OK || (!stream->avail_in && !more_in && stream->avail_out))
		return -EINVAL;
	return -EAGAIN;
}

/**
 * zip_zlib_compress() - make a raw deflate stream
 * @workspace: of zip_zlib_workspace() bytes
 * @src: input
 * @dst: room for the stream
 * @produced: set to its length
 *
 * May sleep.
 *
 * Return: 0, -ENOSPC.
 */
int zip_zlib_compress(void *workspace, struct zip_span src, struct zip_span dst,
		      u32 *produced)
{
	struct z_stream_s stream = { .workspace = workspace };
	int ret;

	if (zlib_deflateInit2(&stream, COMPRESS_LEVEL, Z_DEFLATED, -COMPRESS_WINDOW,
			      MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -EINVAL;
	do {
		refill(&stream, &src, &dst);
		ret = zlib_deflate(&stream, src.left ? Z_NO_FLUSH : Z_FINISH);
		ret = result(&stream, ret, src.left, dst.left);
	} while (ret == -EAGAIN);
	*produced = stream.total_out;
	return ret;
}

/**
 * zip_zlib_decompress() - read a raw deflate stream
 * @workspace: of zip_zlib_workspace() bytes
 * @src: the stream; what follows it is ignored
 * @dst: room for what is in it
 * @produced: set to the length of that
 *
 * May sleep.
 *
 * Return: 0, -ENOSPC, -EINVAL: it is damaged or not complete.
 */
int zip_zlib_decompress(void *workspace, struct zip_span src, struct zip_span dst,
			u32 *produced)
{
	struct z_stream_s stream = { .workspace = workspace };
	int ret;

	if (zlib_inflateInit2(&stream, -MAX_WBITS) != Z_OK)
		return -EINVAL;
	do {
		refill(&stream, &src, &dst);
		ret = zlib_inflate(&stream, Z_SYNC_FLUSH);
		ret = result(&stream, ret, src.left, dst.left);
	} while (ret == -EAGAIN);
	*produced = stream.total_out;
	return ret;
}
