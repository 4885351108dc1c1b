// SPDX-License-Identifier: GPL-2.0
/*
 * A client of the kernel's asynchronous compression: keeps many requests under way,
 * each with lists of several entries of odd sizes at odd offsets, compresses,
 * decompresses, and compares.
 *
 * All is done while the module is loaded, which fails if a request did, unless that is
 * to be expected: then it is done again, and counted.  What was done is said in the
 * kernel's log.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/acompress.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "compat.h"

static char *alg = "deflate";
module_param(alg, charp, 0444);
MODULE_PARM_DESC(alg, "name of the algorithm, or of its driver (default deflate)");

static unsigned int transforms = 1;
module_param(transforms, uint, 0444);
MODULE_PARM_DESC(transforms, "how many clients there are, each with a transform of its own (default 1)");

static unsigned int requests = 1200;
module_param(requests, uint, 0444);
MODULE_PARM_DESC(requests, "pieces of data that each client has compressed and decompressed (default 1200)");

static unsigned int seconds;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "go on for so long (default 0: until all are done)");

static bool stop;
module_param(stop, bool, 0644);
MODULE_PARM_DESC(stop, "written while it goes on: that was enough");

static bool again;
module_param(again, bool, 0444);
MODULE_PARM_DESC(again, "what fails is counted and done again (default N)");

static unsigned int outstanding = 200;
module_param(outstanding, uint, 0444);
MODULE_PARM_DESC(outstanding, "requests of a client under way in each direction (default 200)");

static unsigned int entries = 8;
module_param(entries, uint, 0444);
MODULE_PARM_DESC(entries, "entries of a list, 1 to 64 (default 8)");

static bool gaps;
module_param(gaps, bool, 0444);
MODULE_PARM_DESC(gaps,
		 "every third entry is empty, the first one, too (default N)");

static unsigned int backlog;
module_param(backlog, uint, 0444);
MODULE_PARM_DESC(
	backlog,
	"1: requests may wait for room, rather than be refused; 2: those of the second half of the clients (default 0)");

static unsigned int bytes = 32768;
module_param(bytes, uint, 0444);
MODULE_PARM_DESC(bytes, "in a piece of data, 64 times as many as entries at least (default 32768)");

static unsigned int incompressible = 10;
module_param(incompressible, uint, 0444);
MODULE_PARM_DESC(incompressible, "how many pieces of 100 cannot be compressed (default 10)");

static bool compare = true;
module_param(compare, bool, 0444);
MODULE_PARM_DESC(
	compare,
	"N: pieces are made once and not looked at, so that what takes time is the driver (default Y)");

#define ENTRIES_MAX	64
#define GUARD		0xa5
#define LOST_AFTER	(60 * HZ)	/* an answer that takes so long does not come */

enum { COMPRESS, DECOMPRESS, DIRECTIONS };

/* A list, each entry in memory of its own with a guard before and after it. */
struct buffer {
	struct scatterlist sg[ENTRIES_MAX];
	u8 *memory[ENTRIES_MAX];
	unsigned int total;
};

struct slot {
	struct list_head node;
	struct client *client;
	struct acomp_req *req;
	struct buffer plain;
	struct buffer packed;
	struct buffer again;
	unsigned int number;
	bool made; /* data is in plain */
	unsigned int packed_len;
	int direction;
	int err;
};

struct client {
	struct crypto_acomp *tfm;
	struct slot *slots;
	unsigned int n_slots;
	bool may_wait;
	u8 *expected;
	u8 *found;

	struct list_head ready[DIRECTIONS];	/* to be compressed, to be decompressed */
	unsigned int under_way[DIRECTIONS];	/* and not yet looked at */
	atomic_t depth[DIRECTIONS];		/* of them without an answer */
	int deepest[DIRECTIONS];
	unsigned int made;
	unsigned int done;
	unsigned int retries;
	unsigned int refused;			/* in a row, with none under way */
	unsigned int failed;	/* and done again: with an error */
	unsigned int empty;	/* with success, but no output */
	unsigned long end_time; /* jiffies, with seconds */
	u64 packed_bytes;

	spinlock_t lock;		/* of finished, which the callback adds to */
	struct list_head finished;
	wait_queue_head_t wait;

	struct completion end;
	s64 took_us;
	int ret;
};

/* ---- data ---- */

static u32 next_random(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Sixteen letters, and about as much repeated from a little before. */
static void make_text(u8 *to, u32 state)
{
	unsigned int i = 0, len, distance;

	while (i < bytes) {
		u32 r = next_random(&state);

		len = min(1 + (r >> 8) % 16, bytes - i);
		distance = 1 + (r >> 16) % 4096;
		if ((r & 1) && distance <= i) {
			while (len--) {
				to[i] = to[i - distance];
				i++;
			}
		} else {
			while (len--)
				to[i++] = "etaoin shrdlu,.\n"[next_random(&state) % 16];
		}
	}
}

static void make_data(u8 *to, unsigned int number)
{
	u32 state = 2463534242u ^ (number * 2654435761u);
	unsigned int i;

	if (!state)
		state = 1;
	/* Spread over all of them: 37 and 100 have no divisor in common. */
	if (number * 37 % 100 >= incompressible) {
		make_text(to, state);
		return;
	}
	for (i = 0; i < bytes; i++)
		to[i] = next_random(&state) >> 24;
}

/* ---- lists ---- */

static void free_buffer(struct buffer *b)
{
	unsigned int i;

	for (i = 0; i < entries; i++)
		kfree(b->memory[i]);
}

/* Memory in lines of its own: a device's output must not share one with others. */
static void *alloc_lines(size_t size)
{
	size = max_t(size_t, size, SMP_CACHE_BYTES);
	return kmalloc(roundup_pow_of_two(size), GFP_KERNEL);
}

static int alloc_buffer(struct buffer *b, unsigned int total, u32 *state)
{
	unsigned int i, len, offset, left = total;

	b->total = total;
	sg_init_table(b->sg, entries);
	for (i = 0; i < entries; i++) {
		/* Between half and one and a half of the average, and odd. */
		len = total / entries;
		len = (len / 2 + next_random(state) % len) | 1;
		len = min(len, left - (entries - 1 - i));
		if (gaps && i % 3 == 0)
			len = 0;
		if (i == entries - 1)
			len = left;
		left -= len;
		offset = 1 + 2 * (next_random(state) % 100);
		b->memory[i] = alloc_lines(offset + len + 1);
		if (!b->memory[i])
			return -ENOMEM;
		memset(b->memory[i], GUARD, offset);
		b->memory[i][offset + len] = GUARD;
		sg_set_buf(&b->sg[i], b->memory[i] + offset, len);
	}
	return 0;
}

static bool guards_intact(const struct buffer *b)
{
	unsigned int i;

	for (i = 0; i < entries; i++) {
		const u8 *data = sg_virt((struct scatterlist *)&b->sg[i]);

		if (memchr_inv(b->memory[i], GUARD, data - b->memory[i]) ||
		    data[b->sg[i].length] != GUARD)
			return false;
	}
	return true;
}

static bool holds(struct client *c, struct buffer *b)
{
	sg_copy_to_buffer(b->sg, entries, c->found, bytes);
	return !memcmp(c->found, c->expected, bytes);
}

/* ---- requests ---- */

static void finish(struct slot *s, int err)
{
	struct client *c = s->client;
	unsigned long flags;

	s->err = err;
	atomic_dec(&c->depth[s->direction]);
	spin_lock_irqsave(&c->lock, flags);
	list_add_tail(&s->node, &c->finished);
	/* With the lock held: after it the client may be gone. */
	wake_up(&c->wait);
	spin_unlock_irqrestore(&c->lock, flags);
}

static void on_complete(COMPLETION_ARG *arg, int err)
{
	/* From the backlog into the queue, which is not the answer. */
	if (err != -EINPROGRESS)
		finish(completion_data(arg), err);
}

/* False: there is no room. */
static bool submit(struct client *c, struct slot *s, int direction)
{
	int ret;

	s->direction = direction;
	c->under_way[direction]++;
	c->deepest[direction] = max(c->deepest[direction],
				    atomic_inc_return(&c->depth[direction]));
	if (direction == COMPRESS) {
		acomp_request_set_params(s->req, s->plain.sg, s->packed.sg, bytes,
					 s->packed.total);
		ret = crypto_acomp_compress(s->req);
	} else {
		acomp_request_set_params(s->req, s->packed.sg, s->again.sg, s->packed_len,
					 s->again.total);
		ret = crypto_acomp_decompress(s->req);
	}
	/* With EBUSY it is answered, too. */
	if (ret == -EBUSY && c->may_wait)
		return true;
	if (ret == -EAGAIN || ret == -EBUSY) {
		c->under_way[direction]--;
		atomic_dec(&c->depth[direction]);
		c->retries++;
		return false;
	}
	if (ret != -EINPROGRESS)
		finish(s, ret);
	return true;
}

static int complain(struct slot *s, const char *what, int ret)
{
	pr_err("%s: piece %u: %s (%d)\n", s->direction == COMPRESS ? "compress" : "decompress",
	       s->number, what, ret);
	return ret;
}

static bool all_made(const struct client *c)
{
	if (!seconds)
		return c->made == requests;
	return READ_ONCE(stop) || time_after(jiffies, c->end_time);
}

/* Have a piece of data to be compressed, unless all were made. */
static void make_ready(struct client *c, struct slot *s)
{
	if (all_made(c))
		return;
	if (compare || !s->made) {
		s->number = c->made;
		make_data(c->expected, s->number);
		sg_copy_from_buffer(s->plain.sg, entries, c->expected, bytes);
		s->made = true;
	}
	c->made++;
	list_add_tail(&s->node, &c->ready[COMPRESS]);
}

/*
 * Whether the request came to nothing, which is to be expected: it is done again.  What
 * was said about it stays right: an error is one, and success has output.
 */
static bool came_to_nothing(struct client *c, struct slot *s)
{
	if (!again || (!s->err && s->req->dlen))
		return false;
	/* Not for ever. */
	if (time_after(jiffies, c->end_time + 2 * LOST_AFTER))
		return false;
	if (s->err)
		c->failed++;
	else
		c->empty++;
	list_add_tail(&s->node, &c->ready[s->direction]);
	return true;
}

static int check_compressed(struct client *c, struct slot *s)
{
	if (came_to_nothing(c, s))
		return 0;
	if (s->err)
		return complain(s, "failed", s->err);
	if (!s->req->dlen || s->req->dlen > s->packed.total)
		return complain(s, "impossible length", -ERANGE);
	if (compare && !guards_intact(&s->packed))
		return complain(s, "wrote outside of the list", -EFAULT);
	s->packed_len = s->req->dlen;
	c->packed_bytes += s->packed_len;
	list_add_tail(&s->node, &c->ready[DECOMPRESS]);
	return 0;
}

static int compare_piece(struct client *c, struct slot *s)
{
	make_data(c->expected, s->number);
	if (!holds(c, &s->again))
		return complain(s, "not what was compressed", -EBADMSG);
	if (!holds(c, &s->plain))
		return complain(s, "the source was changed", -EFAULT);
	if (!guards_intact(&s->plain) || !guards_intact(&s->again))
		return complain(s, "wrote outside of the list", -EFAULT);
	return 0;
}

static int check_decompressed(struct client *c, struct slot *s)
{
	int ret;

	if (came_to_nothing(c, s))
		return 0;
	if (s->err)
		return complain(s, "failed", s->err);
	if (s->req->dlen != bytes)
		return complain(s, "wrong length", -EBADMSG);
	if (compare) {
		ret = compare_piece(c, s);
		if (ret)
			return ret;
	}
	c->done++;
	make_ready(c, s);
	return 0;
}

static int take_finished(struct client *c)
{
	struct slot *s, *next;
	LIST_HEAD(finished);
	int ret = 0, r;

	spin_lock_irq(&c->lock);
	list_splice_init(&c->finished, &finished);
	spin_unlock_irq(&c->lock);
	list_for_each_entry_safe(s, next, &finished, node) {
		list_del(&s->node);
		c->under_way[s->direction]--;
		r = s->direction == COMPRESS ? check_compressed(c, s) : check_decompressed(c, s);
		if (!ret)
			ret = r;
	}
	return ret;
}

static void submit_ready(struct client *c, int direction)
{
	struct slot *s, *next;

	list_for_each_entry_safe(s, next, &c->ready[direction], node) {
		if (c->under_way[direction] == outstanding)
			return;
		list_del(&s->node);
		if (!submit(c, s, direction)) {
			list_add(&s->node, &c->ready[direction]);
			return;
		}
		cond_resched();
	}
}

static bool any_finished(struct client *c)
{
	bool any;

	spin_lock_irq(&c->lock);
	any = !list_empty(&c->finished);
	spin_unlock_irq(&c->lock);
	return any;
}

/* -ETIMEDOUT if requests were lost: their memory may yet be written to */
static int wait_for_some(struct client *c)
{
	if (!c->under_way[COMPRESS] && !c->under_way[DECOMPRESS]) {
		/* It is others who have taken the room. */
		schedule_timeout_uninterruptible(1);
		return ++c->refused > LOST_AFTER ? -EBUSY : 0;
	}
	c->refused = 0;
	if (wait_event_timeout(c->wait, any_finished(c), LOST_AFTER))
		return 0;
	pr_err("no answer to %u compressions and %u decompressions\n",
	       c->under_way[COMPRESS], c->under_way[DECOMPRESS]);
	return -ETIMEDOUT;
}

static int run(void *data)
{
	struct client *c = data;
	ktime_t start = ktime_get();
	int ret = 0, lost = 0;

	/* Who writes to stop, or resets the device, comes first. */
	set_user_nice(current, MAX_NICE);
	while (!ret && !lost && (!all_made(c) || c->done < c->made)) {
		submit_ready(c, DECOMPRESS);
		submit_ready(c, COMPRESS);
		lost = wait_for_some(c);
		ret = take_finished(c);
		cond_resched();
	}
	while (!lost && (c->under_way[COMPRESS] || c->under_way[DECOMPRESS])) {
		lost = wait_for_some(c);
		take_finished(c);
	}
	c->took_us = ktime_us_delta(ktime_get(), start);
	c->ret = lost ?: ret;
	kthread_complete_and_exit(&c->end, 0);
}

/* ---- clients ---- */

static void free_client(struct client *c)
{
	unsigned int i;

	if (c->ret == -ETIMEDOUT) {
		/* This ends the queues, but the device may not know. */
		crypto_free_acomp(c->tfm);
		pr_err("leaving the memory of lost requests to them\n");
		return;
	}
	for (i = 0; i < c->n_slots; i++) {
		struct slot *s = &c->slots[i];

		if (s->req)
			acomp_request_free(s->req);
		free_buffer(&s->plain);
		free_buffer(&s->packed);
		free_buffer(&s->again);
	}
	vfree(c->slots);
	vfree(c->expected);
	vfree(c->found);
	if (!IS_ERR_OR_NULL(c->tfm))
		crypto_free_acomp(c->tfm);
}

static int init_slot(struct client *c, struct slot *s, u32 *state)
{
	int ret;

	s->client = c;
	s->req = acomp_request_alloc(c->tfm);
	if (!s->req)
		return -ENOMEM;
	acomp_request_set_callback(s->req,
				   c->may_wait ? CRYPTO_TFM_REQ_MAY_BACKLOG : 0,
				   on_complete, s);
	/* What cannot be compressed becomes a little longer. */
	ret = alloc_buffer(&s->plain, bytes, state);
	if (!ret)
		ret = alloc_buffer(&s->packed, bytes + bytes / 8 + 64, state);
	if (!ret)
		ret = alloc_buffer(&s->again, bytes, state);
	if (!ret)
		make_ready(c, s);
	return ret;
}

static int init_client(struct client *c, u32 *state)
{
	unsigned int i;
	int ret;

	INIT_LIST_HEAD(&c->ready[COMPRESS]);
	INIT_LIST_HEAD(&c->ready[DECOMPRESS]);
	INIT_LIST_HEAD(&c->finished);
	spin_lock_init(&c->lock);
	init_waitqueue_head(&c->wait);
	init_completion(&c->end);
	c->end_time = jiffies + seconds * HZ;
	c->tfm = crypto_alloc_acomp(alg, 0, 0);
	if (IS_ERR(c->tfm)) {
		ret = PTR_ERR(c->tfm);
		pr_err("no algorithm %s (%d)\n", alg, ret);
		return ret;
	}
	/* Enough for both directions to be busy. */
	c->slots = vzalloc(array3_size(2, outstanding, sizeof(*c->slots)));
	c->expected = vmalloc(bytes);
	c->found = vmalloc(bytes);
	if (!c->slots || !c->expected || !c->found)
		return -ENOMEM;
	c->n_slots = 2 * outstanding;
	for (i = 0; i < c->n_slots; i++) {
		ret = init_slot(c, &c->slots[i], state);
		if (ret)
			return ret;
	}
	return 0;
}

static void report(struct client *c, unsigned int i)
{
	struct crypto_tfm *tfm = crypto_acomp_tfm(c->tfm);

	pr_info("%lld us for client %u\n", c->took_us, i);
	pr_info("client %u: %s: %u of %u pieces right, %llu bytes to %llu, at most %d and %d under way, %u retries, %u failed, %u empty\n",
		i, crypto_tfm_alg_driver_name(tfm), c->done,
		seconds ? c->made : requests, (u64)c->done * bytes,
		c->packed_bytes, c->deepest[COMPRESS], c->deepest[DECOMPRESS],
		c->retries, c->failed, c->empty);
}

static int __init acomp_client_init(void)
{
	struct client *clients;
	unsigned int i, running = 0;
	u32 state = 88172645;
	int ret = 0;

	if (!transforms || transforms > 64 || !requests || !outstanding ||
	    outstanding > 65536 || !entries || entries > ENTRIES_MAX ||
	    bytes / entries < 64 || bytes > SZ_1M)
		return -EINVAL;
	clients = kcalloc(transforms, sizeof(*clients), GFP_KERNEL);
	if (!clients)
		return -ENOMEM;
	for (i = 0; i < transforms && !ret; i++) {
		clients[i].may_wait =
			backlog == 1 || (backlog && 2 * i >= transforms);
		ret = init_client(&clients[i], &state);
	}
	while (!ret && running < transforms) {
		struct task_struct *task = kthread_run(run, &clients[running],
						       "acomp_client/%u", running);

		ret = PTR_ERR_OR_ZERO(task);
		if (!ret)
			running++;
	}
	for (i = 0; i < running; i++) {
		/* In parts, so that nobody takes it for hanging. */
		while (!wait_for_completion_timeout(&clients[i].end, 30 * HZ))
			;
		report(&clients[i], i);
		if (!ret)
			ret = clients[i].ret;
	}
	for (i = 0; i < transforms; i++)
		free_client(&clients[i]);
	kfree(clients);
	return ret;
}

static void __exit acomp_client_exit(void)
{
}

module_init(acomp_client_init);
module_exit(acomp_client_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Client of asynchronous compression, for tests");
