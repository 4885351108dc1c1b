/* SPDX-License-Identifier: MIT */
/*
 * What lies around DEFLATE data: heads, tails and checksums of each format, and the
 * fields with which gzip members tell their sizes.
 *
 * A format is a file here and a row of the table below.  Nothing here calls
 * back, keeps anything, or allocates memory.
 */
#ifndef WD_FORMAT_H
#define WD_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <warpdrive/wd_comp.h>

#define WD_TAIL_MAX	8u	/* bytes of the longest trailer */
#define WD_HEAD_MAX	24u	/* bytes of the longest header without a name */

/*
 * struct wd_head - a header being read, in pieces of any size
 *
 * Zero it to begin, but keep @name: memory for the file name, @name_cap bytes,
 * or NULL.  A name that does not fit is dropped, not cut.
 *
 * @count:      bytes read so far
 * @name_len:   bytes of the name, without the NUL; 0 if there is none
 * @needs_window, @window_sum: of zlib: matches reach back to a preset window,
 *              whose Adler-32 is this
 * @error:      what is wrong, with @stored and @computed as in wd_comp_info
 * @error_at:   in which byte of the header
 */
struct wd_head {
	unsigned int phase;
	unsigned int pos;
	unsigned int left;
	uint64_t count;
	uint8_t fixed[10];
	uint32_t crc;
	uint32_t mtime;
	uint8_t flags;
	uint8_t os;
	char *name;
	size_t name_cap;
	size_t name_len;
	bool needs_window;
	uint32_t window_sum;
	enum wd_comp_error error;
	uint64_t error_at;
	uint32_t stored, computed;
};

void wd_head_begin(struct wd_head *h);

/* Note what is wrong with the byte just counted; returns -EBADMSG. */
int wd_head_error(struct wd_head *h, enum wd_comp_error error, uint32_t stored,
		  uint32_t computed);

/*
 * struct wd_mismatch - what is wrong with a trailer
 * @at: bytes of the trailer before it
 */
struct wd_mismatch {
	enum wd_comp_error error;
	unsigned int at;
	uint32_t stored, computed;
};

/*
 * struct wd_format - one format
 * @name, @suffix: for people, and of files
 * @head_size:  bytes of the shortest header
 * @tail_size:  bytes of the trailer
 * @magic, @magic_len: how a stream that may follow another begins; 0: none follows
 * @zlib_bits:  deflateInit2()'s number for it, 0 if zlib does not know it
 * @sum_begin, @sum_add, @sum_join: the checksum of nothing, of more, of two pieces
 * @put_head:   write a header without name, time or window
 * @feed_head:  take bytes of a header; *@used: how many.  1 when it is complete, 0
 *              if more is needed, -EBADMSG with @h->error set
 * @put_tail:   what follows the DEFLATE data: checksum, and length where there is one
 * @check_tail: whether a trailer is right: WD_COMP_OK, or @m says what is not
 */
struct wd_format {
	const char *name;
	const char *suffix;
	uint8_t head_size;
	uint8_t tail_size;
	uint8_t magic[2];
	uint8_t magic_len;
	int8_t zlib_bits;
	uint32_t sum_begin;
	uint32_t (*sum_add)(uint32_t sum, const void *data, size_t len);
	uint32_t (*sum_join)(uint32_t sum1, uint32_t sum2, uint64_t len2);
	void (*put_head)(uint8_t *p, int level);
	int (*feed_head)(struct wd_head *h, const uint8_t *p, size_t len, size_t *used);
	void (*put_tail)(uint8_t *p, uint32_t sum, uint64_t len);
	enum wd_comp_error (*check_tail)(const uint8_t *p, uint32_t sum, uint64_t len,
					 struct wd_mismatch *m);
};

/* The row of @format, which must be one. */
const struct wd_format *wd_format_of(enum wd_comp_format format);

/* The format that is called @name, an enum wd_comp_format, or -1. */
int wd_format_find(const char *name);

/* The table: each format's value and the name of its file and row. */
/* clang-format off */
#define WD_FORMATS(row)			\
	row(WD_COMP_GZIP, gzip)		\
	row(WD_COMP_ZLIB, zlib)		\
	row(WD_COMP_RAW, raw)

#define WD_FORMAT_DECLARE(value, name)	extern const struct wd_format wd_format_##name;
#define WD_FORMAT_ONE(value, name)	+ 1
/* clang-format on */

WD_FORMATS(WD_FORMAT_DECLARE)

#define WD_FORMAT_COUNT (0 WD_FORMATS(WD_FORMAT_ONE))

/* Short for what the rows hold; wd_head_write() and wd_tail_write() return bytes. */
size_t wd_head_write(uint8_t *p, enum wd_comp_format format, int level);
size_t wd_tail_size(enum wd_comp_format format);
size_t wd_tail_write(uint8_t *p, enum wd_comp_format format, uint32_t sum,
		     uint64_t len);
uint32_t wd_checksum(enum wd_comp_format format, const void *data, size_t len);
uint32_t wd_checksum_add(enum wd_comp_format format, uint32_t sum,
			 const void *data, size_t len);
uint32_t wd_checksum_join(enum wd_comp_format format, uint32_t sum1,
			  uint32_t sum2, uint64_t len2);
uint32_t wd_checksum_empty(enum wd_comp_format format);

/* ---- gzip.c ---- */

#define WD_GZIP_NAME_MAX	65535u	/* bytes of a name that is written */

#define WD_GZIP_MAGIC		0x1f, 0x8b
#define WD_GZIP_DEFLATE		8
#define WD_GZIP_UNIX		3
#define WD_GZIP_HEAD		10u /* bytes of a header without optional fields */

/* The XFL byte of a gzip header, as GNU gzip sets it. */
static inline uint8_t wd_gzip_xfl(int level)
{
	return level == 1 ? 4 : level >= 9 ? 2 : 0;
}

/* Write a header without optional fields. */
static inline void wd_gzip_head_plain(uint8_t *p, int level)
{
	static const uint8_t plain[WD_GZIP_HEAD] = {
		WD_GZIP_MAGIC,
		WD_GZIP_DEFLATE,
		[9] = WD_GZIP_UNIX,
	};

	memcpy(p, plain, sizeof(plain));
	p[8] = wd_gzip_xfl(level);
}

/* A gzip header's bytes, 0 if the name is too long; and the header itself. */
size_t wd_gzip_head_size(const struct wd_comp_header *hdr);
size_t wd_gzip_head_write(uint8_t *p, const struct wd_comp_header *hdr, int level);

int wd_gzip_head_feed(struct wd_head *h, const uint8_t *p, size_t len, size_t *used);

/* The extra field of the complete header at @p: its bytes, NULL if there is none. */
const uint8_t *wd_gzip_extra(const uint8_t *p, size_t *len);

/* ---- zlib.c ---- */

/* Bytes of a header that names a preset window by its Adler-32, and the header. */
size_t wd_zlib_head_size(bool window);
void wd_zlib_head_write(uint8_t *p, int level, bool window, uint32_t window_sum);

/* ---- sized.c ---- */

/*
 * struct wd_sized - a way to tell a gzip member's size in its header
 * @head_size: bytes of a header with it
 * @chunk_max: bytes of input in a member at most, 0 if that does not matter
 * @end:       what comes after the last member, @end_len bytes
 * @put:       write the header; @deflate_len, @in_len: the member's data, both ways
 */
struct wd_sized {
	uint8_t head_size;
	uint32_t chunk_max;
	const uint8_t *end;
	size_t end_len;
	void (*put)(uint8_t *p, int level, uint32_t mtime, size_t deflate_len,
		    size_t in_len);
};

/* NULL for WD_COMP_MEMBERS_ONE. */
const struct wd_sized *wd_sized_of(enum wd_comp_members members);

/*
 * struct wd_member - what the header of a gzip member says
 * @header_len: bytes of the header
 * @size:       of the whole member as an extra field claims, 0 if none does
 */
struct wd_member {
	size_t header_len;
	uint64_t size;
};

/*
 * wd_member_parse() - a gzip header in one piece
 *
 * Returns 1 with @m filled, 0 if @len bytes are not enough, -EBADMSG if there is
 * no valid header.
 */
int wd_member_parse(const uint8_t *p, size_t len, struct wd_member *m);

/* The length that ends a member of @size bytes, modulo 2^32. */
uint32_t wd_member_length(const uint8_t *p, uint64_t size);

/* ---- bytes in files ---- */

static inline uint32_t wd_get_le32(const uint8_t *p)
{
	uint32_t v;

	/* So is the machine; see internal.h. */
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void wd_put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint32_t wd_get_be32(const uint8_t *p)
{
	return __builtin_bswap32(wd_get_le32(p));
}

static inline void wd_put_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

#endif
