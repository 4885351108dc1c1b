/* SPDX-License-Identifier: MIT */
/*
 * Raw DEFLATE out of the engines: which engine serves which level, stored
 * blocks where nothing can be saved, and the chunk marker at the end of a
 * stream that others will be appended to.
 *
 * The same input and level give the same bytes.  ISA-L needs help with that, see
 * isal_run().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <zlib.h>

#include "codec.h"
#include "isal.h"
#include "repeats.h"
#include "splice.h"

#define KIB		1024u
#define MIB		(1024u * 1024u)

/* Up to this size zlib may win over the others, and its slowness is bearable. */
#define TINY_MAX	4096
#define TINY_BOTH	7		/* from this level on libdeflate tries as well */
#define TINY_FILTERED	4		/* from this level on zlib has one more try */
#define TINY_WBITS	13		/* log2 of the window: covers TINY_MAX, is small */
#define TINY_ARENA	(176 * KIB)	/* what zlib 1.2 and 1.3 then take, and a bit */

/*
 * ISA-L's block headers cost too much below this size; libdeflate takes over,
 * which at such sizes is hardly slower.
 */
#define ISAL_MIN	16384
#define ISAL_HISTORY	8u	/* bytes */

/*
 * In small inputs libdeflate's level n can fall behind gzip's by a little; n + 1
 * does not, and its time is of no account there.
 */
#define SMALL_MAX	(256 * KIB)

/* Less input than that is not looked at; nor called even. */
#define LOOK_MIN	ISAL_MIN
#define EVEN_MIN	(64 * KIB)
#define SPACING		1024u	/* bytes between the places looked at */
#define STEP		(256 * KIB)	/* and between the stretches that have some */
#define EVEN_SPACING	512u

/* Levels, at least, of libdeflate and zlib where most is repeats. */
#define REPEATS_LEVEL	6
#define JOINED_LEVEL	6

#define STORED_MAX	65535u		/* bytes of one stored block */
#define STORED_HEAD	5u		/* and its header, byte aligned */

static const struct wd_level levels[] = {
	[1]  = { 2, 1,  1 * MIB, "ISA-L level 2" },
	[2]  = { 3, 2,  1 * MIB, "ISA-L level 3" },
	[3]  = { 0, 2,  1 * MIB, "libdeflate level 2" },
	[4]  = { 0, 4,  1 * MIB, "libdeflate level 4" },
	[5]  = { 0, 5,  1 * MIB, "libdeflate level 5" },
	[6]  = { 0, 6,  2 * MIB, "libdeflate level 6" },
	[7]  = { 0, 7,  2 * MIB, "libdeflate level 7" },
	[8]  = { 0, 8,  2 * MIB, "libdeflate level 8" },
	[9]  = { 0, 9,  2 * MIB, "libdeflate level 9" },
	[10] = { 0, 10, 2 * MIB, "libdeflate level 10" },
	[11] = { 0, 11, 2 * MIB, "libdeflate level 11" },
	[12] = { 0, 12, 2 * MIB, "libdeflate level 12" },
};

/* What stands in for ISA-L. */
static const struct wd_level without_isal[] = {
	[1]  = { 0, 1,  1 * MIB, "libdeflate level 1" },
	[2]  = { 0, 2,  1 * MIB, "libdeflate level 2" },
};

const struct wd_level *wd_level_get(int level)
{
	const struct wd_level *l = &levels[level];

	return l->isal && wd_isal_missing() ? &without_isal[level] : l;
}

/* zlib's memory for tiny inputs, in one piece: its parts share pages. */
struct arena {
	uint8_t *memory;
	size_t used;
};

struct wd_deflate {
	struct libdeflate_compressor *libdeflate;
	int libdeflate_level;
	z_stream zlib;
	int zlib_wbits;		/* 0: not begun */
	struct arena arena;
	uint8_t *tiny;		/* second attempt at a tiny input */
#if WD_HAVE_ISAL
	struct isal_zstream *isal;	/* large: made when needed */
	uint8_t *isal_buf;
	uint32_t isal_buf_size;
#endif
};

struct wd_deflate *wd_deflate_create(void)
{
	return calloc(1, sizeof(struct wd_deflate));
}

void wd_deflate_destroy(struct wd_deflate *d)
{
	if (!d)
		return;
	libdeflate_free_compressor(d->libdeflate);
	if (d->zlib_wbits)
		deflateEnd(&d->zlib);
	free(d->arena.memory);
	free(d->tiny);
#if WD_HAVE_ISAL
	free(d->isal);
	free(d->isal_buf);
#endif
	free(d);
}

static size_t stored_bound(size_t len)
{
	return len + STORED_HEAD * (len / STORED_MAX + 1);
}

size_t wd_deflate_bound(size_t len)
{
	return stored_bound(len) + WD_SPLICE_MARKER_MAX;
}

static uint8_t *put_stored_head(uint8_t *p, bool final, size_t len)
{
	p[0] = final;
	p[1] = (uint8_t)len;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)~len;
	p[4] = (uint8_t)(~len >> 8);
	return p + STORED_HEAD;
}

/* The input as it is (RFC 1951, section 3.2.4), then the marker if open. */
static int deflate_stored(struct wd_deflate_job *job)
{
	size_t need = stored_bound(job->in_len) + (job->open ? 2 * STORED_HEAD : 0);
	const uint8_t *in = job->in;
	size_t left = job->in_len;
	uint8_t *p = job->out;

	if (job->out_cap < need)
		return -ENOSPC;
	while (left || p == job->out) {
		size_t n = left < STORED_MAX ? left : STORED_MAX;

		left -= n;
		p = put_stored_head(p, !left && !job->open, n);
		memcpy(p, in, n);
		p += n;
		in += n;
	}
	if (job->open) {
		p = put_stored_head(p, false, 0);
		p = put_stored_head(p, false, 0);
	}
	job->produced = (size_t)(p - job->out);
	job->stored = true;
	return 0;
}

static bool in_arena(const struct arena *arena, const void *p)
{
	return (uintptr_t)p - (uintptr_t)arena->memory < TINY_ARENA;
}

static void *arena_alloc(void *opaque, uInt items, uInt size)
{
	struct arena *arena = opaque;
	size_t want = ((size_t)items * size + 63) & ~(size_t)63;
	uint8_t *p = arena->memory + arena->used;

	if (!arena->memory || want > TINY_ARENA - arena->used)
		return calloc(items, size);
	arena->used += want;
	return p;
}

static void arena_free(void *opaque, void *p)
{
	if (!in_arena(opaque, p))
		free(p);
}

/* Without memory for it zlib's parts are allocated one by one. */
static void begin_arena(struct wd_deflate *d)
{
	if (!d->arena.memory)
		d->arena.memory = malloc(TINY_ARENA);
	d->arena.used = 0;
	d->zlib.zalloc = arena_alloc;
	d->zlib.zfree = arena_free;
	d->zlib.opaque = &d->arena;
}

static int zlib_begin(struct wd_deflate *d, int level, int strategy, int wbits)
{
	z_stream *z = &d->zlib;

	if (level > 9)
		level = 9;
	if (d->zlib_wbits == wbits) {
		if (deflateReset(z) != Z_OK || deflateParams(z, level, strategy) != Z_OK)
			return -EIO;
		return 0;
	}
	if (d->zlib_wbits)
		deflateEnd(z);
	d->zlib_wbits = 0;
	memset(z, 0, sizeof(*z));
	if (wbits == TINY_WBITS)
		begin_arena(d);
	if (deflateInit2(z, level, Z_DEFLATED, -wbits, 8, strategy) != Z_OK)
		return -ENOMEM;
	d->zlib_wbits = wbits;
	return 0;
}

static int zlib_run(struct wd_deflate *d, const struct wd_deflate_job *job,
		    int level, int strategy, uint8_t *out, size_t cap,
		    size_t *produced)
{
	z_stream *z = &d->zlib;
	size_t left = job->in_len;
	bool small = left <= TINY_MAX && !job->window_len;
	int ret = zlib_begin(d, level, strategy, small ? TINY_WBITS : 15);

	if (ret)
		return ret;
	if (job->window_len &&
	    deflateSetDictionary(z, job->window, (uInt)job->window_len) != Z_OK)
		return -EIO;

	z->next_in = (Bytef *)job->in;
	z->next_out = out;
	z->avail_out = (uInt)cap;
	z->avail_in = (uInt)left;
	ret = deflate(z, Z_FINISH);
	if (ret != Z_STREAM_END)
		return ret == Z_OK || ret == Z_BUF_ERROR ? -ENOSPC : -EIO;
	*produced = cap - z->avail_out;
	return 0;
}

static int libdeflate_run(struct wd_deflate *d, const struct wd_deflate_job *job,
			  int level, uint8_t *out, size_t cap, size_t *produced)
{
	if (d->libdeflate_level != level) {
		libdeflate_free_compressor(d->libdeflate);
		d->libdeflate_level = 0;
		d->libdeflate = libdeflate_alloc_compressor(level);
		if (!d->libdeflate)
			return -ENOMEM;
		d->libdeflate_level = level;
	}
	*produced = libdeflate_deflate_compress(d->libdeflate, job->in,
						job->in_len, out, cap);
	return *produced ? 0 : -ENOSPC;
}

#if WD_HAVE_ISAL

/* ISA-L's level, and the size of its buffer, which bounds a block. */
struct isal_mode {
	unsigned int level;
	uint32_t buf_size;
};

/* Small blocks follow changing data better; big ones take less time. */
static const struct isal_mode isal_modes[] = {
	[2] = { 2, ISAL_DEF_LVL2_MEDIUM },
	[3] = { 3, ISAL_DEF_LVL3_DEFAULT },
};

static const struct isal_mode isal_probe = { 2, ISAL_DEF_LVL2_EXTRA_LARGE };

static int isal_begin(struct wd_deflate *d, const struct isal_mode *mode)
{
	uint32_t size = mode->buf_size;

	if (!d->isal)
		d->isal = calloc(1, sizeof(*d->isal));
	if (!d->isal)
		return -ENOMEM;
	if (d->isal_buf_size < size) {
		free(d->isal_buf);
		d->isal_buf_size = 0;
		/* Set, as ISA-L looks past the end of what it has set itself. */
		d->isal_buf = calloc(1, size);
		if (!d->isal_buf)
			return -ENOMEM;
		d->isal_buf_size = size;
	}
	wd_isal()->isal_deflate_init(d->isal);
	d->isal->level = mode->level;
	d->isal->level_buf = d->isal_buf;
	d->isal->level_buf_size = size;
	return 0;
}

/*
 * Ends on one empty stored block if @job is open, else on a final block.
 *
 * At the beginning of a stream without history ISA-L 2.30 enters the first byte
 * into its hash table under a hash of the stream's own address, so that one
 * address in 32768 gives other bytes.  With history it does not: the first bytes
 * go out as a stored block, and are the history of the rest.
 */
static int isal_run(struct wd_deflate *d, const struct wd_deflate_job *job,
		    const struct isal_mode *mode, uint8_t *out, size_t cap,
		    size_t *produced)
{
	struct isal_zstream *z;
	int ret = isal_begin(d, mode);

	if (ret)
		return ret;
	z = d->isal;
	if (cap <= STORED_HEAD + ISAL_HISTORY)
		return -ENOSPC;
	memcpy(put_stored_head(out, false, ISAL_HISTORY), job->in, ISAL_HISTORY);
	if (wd_isal()->isal_deflate_set_dict(z, (uint8_t *)job->in,
					     ISAL_HISTORY) != COMP_OK)
		return -EIO;

	z->next_in = (uint8_t *)job->in + ISAL_HISTORY;
	z->avail_in = (uint32_t)(job->in_len - ISAL_HISTORY);
	z->next_out = out + STORED_HEAD + ISAL_HISTORY;
	z->avail_out = (uint32_t)(cap - STORED_HEAD - ISAL_HISTORY);
	z->end_of_stream = !job->open;
	z->flush = job->open ? FULL_FLUSH : NO_FLUSH;
	ret = wd_isal()->isal_deflate(z);
	if (ret != COMP_OK)
		return -EIO;
	if (!z->avail_out || z->avail_in)
		return -ENOSPC;
	*produced = cap - z->avail_out;
	return 0;
}

/* ISA-L can leave a stream open by itself; only half the marker is missing. */
static int deflate_isal(struct wd_deflate *d, struct wd_deflate_job *job,
			unsigned int level)
{
	size_t room = job->open ? STORED_HEAD : 0;
	int ret;

	if (job->out_cap <= room)
		return -ENOSPC;
	ret = isal_run(d, job, &isal_modes[level], job->out, job->out_cap - room,
		       &job->produced);
	if (ret || !job->open)
		return ret;
	if (job->produced < 4 ||
	    memcmp(job->out + job->produced - 4, "\x00\x00\xff\xff", 4))
		return -EIO;
	put_stored_head(job->out + job->produced, false, 0);
	job->produced += STORED_HEAD;
	return 0;
}

/* Whether ISA-L, at 5 GB/s on such data, saves nothing either; or -ENOMEM. */
static int isal_saves_nothing(struct wd_deflate *d, struct wd_deflate_job *job)
{
	size_t produced;
	int ret;

	if (!wd_isal())
		return false;
	ret = isal_run(d, job, &isal_probe, job->out, job->out_cap, &produced);
	if (ret == -ENOMEM)
		return ret;
	return ret == -ENOSPC || (!ret && produced >= job->in_len - job->in_len / 256);
}

#else

static int isal_saves_nothing(struct wd_deflate *d, struct wd_deflate_job *job)
{
	(void)d;
	(void)job;
	return false;
}

#endif

/*
 * struct look - what a glance at the input says
 * @even:   no byte value comes more often than others
 * @repeats: parts of it come again, which an engine has to find
 */
struct look {
	bool even;
	struct wd_repeats repeats;
};

static void look_at(struct look *look, const struct wd_deflate_job *job)
{
	struct wd_census census;

	memset(look, 0, sizeof(*look));
	if (job->window_len || job->in_len < LOOK_MIN)
		return;
	wd_census_take(&census, job->in, job->in_len);
	look->even = job->in_len >= EVEN_MIN && wd_census_even(&census);
	wd_repeats_count(&look->repeats, &census, job->in, job->in_len,
			 job->before_len, look->even ? EVEN_SPACING : SPACING,
			 look->even ? 0 : STEP);
}

/* Whether there are matches enough, far away, in data that has no others. */
static bool repeats_dense(const struct look *look)
{
	return look->repeats.dense &&
	       look->repeats.dense >= look->repeats.places / 16;
}

/* Whether most of the data is very long matches. */
static bool repeats_mostly(const struct look *look)
{
	return look->repeats.lengthy &&
	       look->repeats.lengthy >= look->repeats.places / 2;
}

/* 1 if so, 0 if not, or -ENOMEM. */
static int cannot_shrink(struct wd_deflate *d, struct wd_deflate_job *job,
			 const struct look *look)
{
	const struct wd_repeats *r = &look->repeats;

	if (job->window_len || !look->even ||
	    (r->again && r->again >= r->places / 256))
		return false;
	return isal_saves_nothing(d, job);
}

/* Engines that only make complete streams are spliced. */
static int open_stream(struct wd_deflate_job *job)
{
	if (!job->open)
		return 0;
	return wd_splice_open(job->out, job->produced, job->out_cap, &job->produced);
}

/* The @n-th way to compress a few bytes; -ENOENT past the last. */
static int tiny_attempt(struct wd_deflate *d, const struct wd_deflate_job *job,
			int n, uint8_t *out, size_t cap, size_t *produced)
{
	int level = levels[job->level].libdeflate;

	/* Level 9 is the second attempt of those below, and zlib's last. */
	if (n && job->level >= 9)
		n++;
	if (n == 0)
		return zlib_run(d, job, job->level, Z_DEFAULT_STRATEGY, out, cap,
				produced);
	if (n == 1)
		return zlib_run(d, job, 9, Z_DEFAULT_STRATEGY, out, cap, produced);
	if (n == 2 && job->level >= TINY_FILTERED)
		return zlib_run(d, job, job->level, Z_FILTERED, out, cap, produced);
	/* An engine level that big inputs hardly notice costs nothing here. */
	if (n == 3 && job->level >= TINY_BOTH)
		return libdeflate_run(d, job, level < 9 ? 9 : level, out, cap,
				      produced);
	return -ENOENT;
}

/*
 * A few bytes: libdeflate can fall behind gzip by several bytes there, zlib of the
 * same level by one, and the smallest of what follows never did.  zlib again and
 * again takes less time than touching the memory of two libraries.
 */
static int deflate_tiny(struct wd_deflate *d, struct wd_deflate_job *job)
{
	size_t cap = deflateBound(NULL, TINY_MAX);
	size_t best = SIZE_MAX, made;
	int ret;

	if (!d->tiny)
		d->tiny = malloc(cap);
	if (!d->tiny)
		return -ENOMEM;
	for (int n = 0; (ret = tiny_attempt(d, job, n, d->tiny, cap, &made)) != -ENOENT;
	     n++) {
		if (ret == -ENOMEM)
			return ret;
		if (ret || made >= best || made > job->out_cap)
			continue;
		memcpy(job->out, d->tiny, made);
		best = made;
	}
	if (best == SIZE_MAX)
		return -ENOSPC;
	job->produced = best;
	return open_stream(job);
}

static int deflate_window(struct wd_deflate *d, struct wd_deflate_job *job)
{
	int ret = zlib_run(d, job, job->level, Z_DEFAULT_STRATEGY, job->out,
			   job->out_cap, &job->produced);

	return ret ? ret : open_stream(job);
}

static int deflate_libdeflate(struct wd_deflate *d, struct wd_deflate_job *job,
			      int level)
{
	int ret;

	if (job->in_len <= SMALL_MAX && level >= 4 && level <= 8)
		level++;
	ret = libdeflate_run(d, job, level, job->out, job->out_cap,
			     &job->produced);
	return ret ? ret : open_stream(job);
}

#if WD_HAVE_ISAL

static bool isal_serves(const struct wd_deflate_job *job)
{
	return levels[job->level].isal && job->in_len >= ISAL_MIN && wd_isal();
}

/*
 * ISA-L forgets where most of a match was, and does not find the next one like it:
 * of data that repeats at a distance it can make a hundred times what others do.
 * Want of memory is told, as it must not decide which of them it is.
 */
static int deflate_fast(struct wd_deflate *d, struct wd_deflate_job *job,
			const struct look *look)
{
	unsigned int level = levels[job->level].isal;
	int other = without_isal[job->level].libdeflate;
	int ret;

	if (repeats_dense(look)) {
		ret = deflate_libdeflate(d, job, other);
		if (!ret || ret == -ENOMEM)
			return ret;
	}
	ret = deflate_isal(d, job, level);
	if (ret || !repeats_mostly(look) || job->produced < job->in_len / 16)
		return ret;
	ret = deflate_libdeflate(d, job, other);
	return ret && ret != -ENOMEM ? deflate_isal(d, job, level) : ret;
}

#else

static bool isal_serves(const struct wd_deflate_job *job)
{
	(void)job;
	return false;
}

static int deflate_fast(struct wd_deflate *d, struct wd_deflate_job *job,
			const struct look *look)
{
	(void)look;
	return deflate_libdeflate(d, job, without_isal[job->level].libdeflate);
}

#endif

static int deflate_by_engine(struct wd_deflate *d, struct wd_deflate_job *job,
			     const struct look *look)
{
	int level = levels[job->level].libdeflate;

	if (job->window_len)
		return deflate_window(d, job);
	if (job->in_len <= TINY_MAX)
		return deflate_tiny(d, job);
	if (isal_serves(job))
		return deflate_fast(d, job, look);
	/* There the lower levels stop at matches that are too short. */
	if (level < REPEATS_LEVEL && (repeats_dense(look) || repeats_mostly(look)))
		level = REPEATS_LEVEL;
	return deflate_libdeflate(d, job, level);
}

static int deflate_alone(struct wd_deflate *d, struct wd_deflate_job *job,
			 const struct look *look)
{
	int ret = cannot_shrink(d, job, look);

	if (ret)
		return ret < 0 ? ret : deflate_stored(job);
	ret = deflate_by_engine(d, job, look);
	if (ret == -ENOMEM)
		return ret;
	if (ret || job->produced > stored_bound(job->in_len) +
				   (job->open ? 2 * STORED_HEAD : 0))
		return deflate_stored(job);
	return 0;
}

/*
 * Whether so much of the output stands for what was in the input just before that
 * this outweighs a chunk that can be decompressed on its own.
 */
static bool worth_joining(const struct wd_deflate_job *job, const struct look *look)
{
	/* The last bytes of a file are few, and were not looked at. */
	bool likely = job->in_len < LOOK_MIN || repeats_dense(look) ||
		      repeats_mostly(look);
	size_t lost;

	if (!job->before_len || !likely)
		return false;
	lost = wd_repeats_of_before(job->in, job->in_len, job->before_len);
	return lost > job->produced / 16;
}

/*
 * Only zlib continues from what was before; with so many matches it is not slow, and
 * its lower levels forget too many.
 */
static int deflate_joined(struct wd_deflate *d, struct wd_deflate_job *job)
{
	struct wd_deflate_job joined = *job;
	int ret;

	if (joined.level < JOINED_LEVEL)
		joined.level = JOINED_LEVEL;
	joined.window_len = job->before_len;
	joined.window = job->in - job->before_len;
	joined.out_cap = job->produced;
	joined.out = malloc(joined.out_cap);
	if (!joined.out)
		return -ENOMEM;
	ret = deflate_window(d, &joined);
	if (!ret) {
		memcpy(job->out, joined.out, joined.produced);
		job->produced = joined.produced;
		job->stored = false;
		job->joined = true;
	}
	free(joined.out);
	/* What was made without is as right. */
	return ret == -ENOMEM ? ret : 0;
}

int wd_deflate_run(struct wd_deflate *d, struct wd_deflate_job *job)
{
	struct look look;
	int ret;

	job->produced = 0;
	job->stored = false;
	job->joined = false;

	/* The engines count with 32 bits. */
	if (job->in_len > WD_COMP_REQ_MAX)
		return -EINVAL;
	if (job->out_cap > UINT32_MAX)
		job->out_cap = UINT32_MAX;
	look_at(&look, job);
	ret = deflate_alone(d, job, &look);
	if (ret || !worth_joining(job, &look))
		return ret;
	return deflate_joined(d, job);
}
