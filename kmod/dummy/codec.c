// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of the dummy accelerator: copying, compressing, decompressing.
 *
 * Everything is done in slices between two buffers of the kernel's, so that no
 * byte of the process's memory is looked at twice, and a queue that is stopped
 * does not wait for the end of a long request.
 */
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/zlib.h>
#include <linux/zutil.h>

#include "dummy.h"

#define SLICE	SZ_64K

/**
 * struct dummy_codec - memory of a queue for its requests
 * @in: a slice of input
 * @out: a slice of output
 * @deflate: zlib's, NULL until it is needed
 * @inflate: the same
 * @pages: of a slice of the process's memory
 */
struct dummy_codec {
	u8 *in;
	u8 *out;
	void *deflate;
	void *inflate;
	struct page *pages[SLICE / PAGE_SIZE + 1];
};

/**
 * struct dummy_stream - where a request stands
 * @q: its queue
 * @sqe: what it asks for
 * @c: the queue's codec
 * @fetched: bytes of input in, or through, @c->in
 * @stored: bytes of output that the process has
 * @flip: turn a bit around with the next store()
 * @sum: checksum of the plain data so far
 */
struct dummy_stream {
	struct dummy_queue *q;
	const struct wd_dummy_sqe *sqe;
	struct dummy_codec *c;
	u32 fetched;
	u32 stored;
	bool flip;
	u32 sum;
};

void dummy_codec_free(struct dummy_codec *codec)
{
	if (!codec)
		return;
	kvfree(codec->in);
	kvfree(codec->out);
	vfree(codec->deflate);
	vfree(codec->inflate);
	kfree(codec);
}

static struct dummy_codec *codec_alloc(void)
{
	struct dummy_codec *codec = kzalloc(sizeof(*codec), GFP_KERNEL);

	if (!codec)
		return NULL;
	codec->in = kvmalloc(SLICE, GFP_KERNEL);
	codec->out = kvmalloc(SLICE, GFP_KERNEL);
	if (!codec->in || !codec->out) {
		dummy_codec_free(codec);
		return NULL;
	}
	return codec;
}

/* ---- memory of the process ---- */

/*
 * Without SVA, a page at a time: the next one may be elsewhere.  With the gate, so
 * that the memory does not go away.
 */
static int move_bus(struct dummy_queue *q, u64 addr, void *buf, u32 len,
		    bool write)
{
	while (len) {
		u32 n = min_t(u32, len, PAGE_SIZE - offset_in_page(addr));
		void *p = wd_uacce_ss_ptr(q->uq, addr, n);

		if (!p)
			return -EFAULT;
		if (write)
			memcpy(p, buf, n);
		else
			memcpy(buf, p, n);
		addr += n;
		buf += n;
		len -= n;
	}
	return 0;
}

/*
 * Have the pages of the process's memory brought, in its address space, which is
 * held for no longer than that.  Returns how many.
 */
static int pin_memory(struct dummy_queue *q, u64 addr, u32 len, bool write,
		      struct page **pages)
{
	int n = (offset_in_page(addr) + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	int got;

	if (addr + len < addr)
		return -EFAULT;
	if (!mmget_not_zero(q->mm))
		return -ECANCELED;
	kthread_use_mm(q->mm);
	got = pin_user_pages_fast(addr & PAGE_MASK, n, write ? FOLL_WRITE : 0,
				  pages);
	kthread_unuse_mm(q->mm);
	/* The last one takes the mappings down, which takes time. */
	mmput_async(q->mm);
	if (got == n)
		return n;
	if (got > 0)
		unpin_user_pages(pages, got);
	return -EFAULT;
}

/* With the gate. */
static void move_pages(struct page **pages, u64 addr, u8 *buf, u32 len,
		       bool write)
{
	unsigned int offset = offset_in_page(addr);

	while (len) {
		u32 n = min_t(u32, len, PAGE_SIZE - offset);

		if (write)
			memcpy_to_page(*pages, offset, buf, n);
		else
			memcpy_from_page(buf, *pages, offset, n);
		pages++;
		buf += n;
		len -= n;
		offset = 0;
	}
}

/*
 * Copy up to a slice.  Waiting for a page is done without the gate, and may take
 * for ever; once the queue is stopped nothing is copied any more.
 */
static int move_memory(struct dummy_queue *q, u64 addr, void *buf, u32 len,
		       bool write)
{
	struct page **pages = q->codec->pages;
	int n = 0, ret = 0;

	if (!len)
		return 0;
	if (q->sva) {
		n = pin_memory(q, addr, len, write, pages);
		if (n < 0)
			return READ_ONCE(q->stop) ? -ECANCELED : n;
	}
	mutex_lock(&q->gate);
	if (q->stop)
		ret = -ECANCELED;
	else if (q->sva)
		move_pages(pages, addr, buf, len, write);
	else
		ret = move_bus(q, addr, buf, len, write);
	mutex_unlock(&q->gate);
	if (q->sva)
		unpin_user_pages_dirty_lock(pages, n, write && !ret);
	return ret;
}

/* The next slice of input: its bytes, 0 at the end. */
static int fetch(struct dummy_stream *s)
{
	u32 n = min_t(u32, SLICE, s->sqe->in_len - s->fetched);
	int ret;

	cond_resched();
	if (READ_ONCE(s->q->stop))
		return -ECANCELED;
	ret = move_memory(s->q, s->sqe->in + s->fetched, s->c->in, n, false);
	if (ret)
		return ret;
	s->fetched += n;
	return n;
}

static int store(struct dummy_stream *s, u8 *from, u32 len)
{
	int ret;

	cond_resched();
	if (READ_ONCE(s->q->stop))
		return -ECANCELED;
	if (len > s->sqe->out_cap - s->stored)
		return -ENOSPC;
	if (s->flip && len) {
		from[len / 2] ^= 0x10;
		s->flip = false;
	}
	ret = move_memory(s->q, s->sqe->out + s->stored, from, len, true);
	if (ret)
		return ret;
	s->stored += len;
	return 0;
}

/* ---- operations ---- */

static int run_copy(struct dummy_stream *s)
{
	int n;

	while ((n = fetch(s)) > 0) {
		int ret;

		s->sum = dummy_sum_add(s->sqe->format, s->sum, s->c->in, n);
		ret = store(s, s->c->in, n);
		if (ret)
			return ret;
	}
	return n;
}

/* Output that has come together. */
static int drain(struct dummy_stream *s, struct z_stream_s *z)
{
	int ret = store(s, s->c->out, SLICE - z->avail_out);

	z->next_out = s->c->out;
	z->avail_out = SLICE;
	return ret;
}

/* Returns 1 when all of the input is through, and its end is in the output. */
static int deflate_some(struct dummy_stream *s, struct z_stream_s *z)
{
	bool open = s->sqe->flags & WD_DUMMY_SQE_OPEN;
	int flush = Z_NO_FLUSH;
	int ret;

	if (!z->avail_in) {
		ret = fetch(s);
		if (ret < 0)
			return ret;
		s->sum = dummy_sum_add(s->sqe->format, s->sum, s->c->in, ret);
		z->next_in = s->c->in;
		z->avail_in = ret;
	}
	if (s->fetched == s->sqe->in_len)
		flush = open ? Z_SYNC_FLUSH : Z_FINISH;
	ret = zlib_deflate(z, flush);
	if (ret == Z_STREAM_END)
		return 1;
	/* There was nothing left to do. */
	if (ret == Z_BUF_ERROR && flush == Z_SYNC_FLUSH)
		return 1;
	if (ret != Z_OK && ret != Z_BUF_ERROR)
		return -EIO;
	if (z->avail_out)
		return flush == Z_SYNC_FLUSH;
	return drain(s, z);
}

static int run_compress(struct dummy_stream *s)
{
	const struct wd_dummy_sqe *sqe = s->sqe;
	struct z_stream_s z = { 0 };
	u32 head;
	int ret;

	if (!s->c->deflate)
		s->c->deflate = vmalloc(zlib_deflate_workspacesize(MAX_WBITS,
								   DEF_MEM_LEVEL));
	if (!s->c->deflate)
		return -ENOMEM;
	z.workspace = s->c->deflate;
	if (zlib_deflateInit2(&z, sqe->level, Z_DEFLATED, -MAX_WBITS,
			      DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -EIO;

	head = dummy_head_write(s->c->out, sqe->format, sqe->level);
	z.next_out = s->c->out + head;
	z.avail_out = SLICE - head;
	do {
		ret = deflate_some(s, &z);
	} while (!ret);
	if (ret > 0 && z.avail_out < DUMMY_TAIL_MAX)
		ret = drain(s, &z);
	if (ret < 0)
		return ret;
	z.avail_out -= dummy_tail_write(z.next_out, sqe->format, s->sum,
					sqe->in_len);
	return drain(s, &z);
}

/* Returns 1 at the end of the stream. */
static int inflate_some(struct dummy_stream *s, struct z_stream_s *z)
{
	int ret, err;
	u32 n;

	if (!z->avail_in) {
		ret = fetch(s);
		if (ret < 0)
			return ret;
		z->next_in = s->c->in;
		z->avail_in = ret;
	}
	z->next_out = s->c->out;
	z->avail_out = SLICE;
	ret = zlib_inflate(z, Z_NO_FLUSH);
	n = SLICE - z->avail_out;
	s->sum = dummy_sum_add(s->sqe->format, s->sum, s->c->out, n);
	err = store(s, s->c->out, n);
	if (err)
		return err;
	switch (ret) {
	case Z_STREAM_END:
		return 1;
	case Z_OK:
	case Z_BUF_ERROR:
		if (!n && !z->avail_in && s->fetched == s->sqe->in_len)
			return -ENODATA;
		return 0;
	case Z_DATA_ERROR:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

/* What follows the data: right or wrong. */
static int check_tail(struct dummy_stream *s, u32 pos)
{
	const struct wd_dummy_sqe *sqe = s->sqe;
	u32 n = dummy_tail_size(sqe->format);
	u8 tail[DUMMY_TAIL_MAX];
	int ret;

	if (sqe->in_len - pos < n)
		return -ENODATA;
	ret = move_memory(s->q, sqe->in + pos, tail, n, false);
	if (ret)
		return ret;
	if (!dummy_tail_ok(tail, sqe->format, s->sum, s->stored))
		return -EBADMSG;
	s->fetched = pos + n;
	return 0;
}

static int run_decompress(struct dummy_stream *s)
{
	struct z_stream_s z = { 0 };
	int head, ret;

	if (!s->c->inflate)
		s->c->inflate = vmalloc(zlib_inflate_workspacesize());
	if (!s->c->inflate)
		return -ENOMEM;
	z.workspace = s->c->inflate;
	if (zlib_inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return -EIO;

	ret = fetch(s);
	if (ret < 0)
		return ret;
	/* A header has to fit into a slice. */
	head = dummy_head_parse(s->c->in, ret, s->sqe->format);
	if (head < 0)
		return head;
	z.next_in = s->c->in + head;
	z.avail_in = ret - head;
	do {
		ret = inflate_some(s, &z);
	} while (!ret);
	if (ret < 0)
		return ret;
	return check_tail(s, s->fetched - z.avail_in);
}

static int run_op(struct dummy_stream *s)
{
	switch (s->sqe->op) {
	case WD_DUMMY_OP_COMPRESS:
		return run_compress(s);
	case WD_DUMMY_OP_DECOMPRESS:
		return run_decompress(s);
	default:
		return run_copy(s);
	}
}

static bool is_sound(const struct wd_dummy_sqe *sqe)
{
	if (sqe->op > WD_DUMMY_OP_DECOMPRESS || sqe->format > WD_DUMMY_GZIP)
		return false;
	if (sqe->in_len > WD_DUMMY_LEN_MAX || sqe->out_cap > WD_DUMMY_LEN_MAX)
		return false;
	if (sqe->op == WD_DUMMY_OP_COMPRESS && (sqe->level < 1 || sqe->level > 9))
		return false;
	if (sqe->flags & ~WD_DUMMY_SQE_OPEN)
		return false;
	if (sqe->flags && (sqe->op != WD_DUMMY_OP_COMPRESS ||
			   sqe->format != WD_DUMMY_DEFLATE))
		return false;
	return !memchr_inv(sqe->reserved, 0, sizeof(sqe->reserved));
}

static enum wd_dummy_status status_of(int err)
{
	switch (err) {
	case 0:
		return WD_DUMMY_OK;
	case -EINVAL:
		return WD_DUMMY_EINVAL;
	case -EFAULT:
		return WD_DUMMY_EFAULT;
	case -ENOSPC:
		return WD_DUMMY_ENOSPC;
	case -EBADMSG:
		return WD_DUMMY_EDATA;
	case -ENODATA:
		return WD_DUMMY_ESHORT;
	case -ENOMEM:
		return WD_DUMMY_ENOMEM;
	case -ECANCELED:
		return WD_DUMMY_ESTOP;
	default:
		return WD_DUMMY_EIO;
	}
}

void dummy_run(struct dummy_queue *q, struct dummy_job *job)
{
	struct dummy_stream s = {
		.q = q,
		.sqe = &job->sqe,
		.flip = job->flip,
		.sum = dummy_sum_empty(job->sqe.format),
	};
	int ret = -EINVAL;

	if (!q->codec)
		q->codec = codec_alloc();
	s.c = q->codec;
	if (!s.c)
		ret = -ENOMEM;
	else if (is_sound(&job->sqe))
		ret = run_op(&s);
	job->cqe.status = status_of(ret);
	/* What a thread that was told to end could not do is nobody's fault. */
	if (ret && READ_ONCE(q->stop))
		job->cqe.status = WD_DUMMY_ESTOP;
	if (ret)
		return;
	job->cqe.consumed = s.fetched;
	job->cqe.produced = s.stored;
	job->cqe.checksum = s.sum;
}
