/* SPDX-License-Identifier: MIT */
/*
 * Single requests of the caller's, in flight while it does other things.
 */
#include <stdlib.h>
#include <string.h>

#include "compress.h"
#include "decompress.h"

void async_exit(struct wd_comp_sess *s)
{
	while (s->requests) {
		struct request *r = s->requests;

		s->requests = r->next_made;
		free(r);
	}
}

void async_drain(struct wd_comp_sess *s)
{
	sched_drain(&s->sched);
	/* Some belong to a queue that may still give them back. */
	if (sched_is_held(&s->sched))
		return;
	s->free_requests = NULL;
	for (struct request *r = s->requests; r; r = r->next_made) {
		r->next_free = s->free_requests;
		s->free_requests = r;
	}
}

static bool stream_over(const struct wd_comp_sess *s)
{
	if (s->fresh)
		return true;
	if (s->output_lent)
		return false;
	if (s->setup.op == WD_COMP_DECOMPRESS)
		return decompress_at_end(s);
	return compress_is_over(s);
}

static struct request *get_request(struct wd_comp_sess *s)
{
	struct request *r = s->free_requests;

	if (r) {
		s->free_requests = r->next_free;
		return r;
	}
	r = calloc(1, sizeof(*r));
	if (r) {
		r->next_made = s->requests;
		s->requests = r;
	}
	return r;
}

static void put_request(struct wd_comp_sess *s, struct request *r)
{
	r->next_free = s->free_requests;
	s->free_requests = r;
}

static int send_request(struct wd_comp_sess *s, struct wd_comp_req *req)
{
	struct request *r = get_request(s);
	int ret;

	if (!r)
		return -ENOMEM;
	sess_item(&r->item, wd_work_request(req));
	ret = sess_send(s, &r->item);
	if (ret)
		put_request(s, r);
	return ret;
}

WD_API int wd_comp_send(struct wd_comp_sess *sess, struct wd_comp_req *req)
{
	int ret = sess_check(sess);

	if (!ret)
		ret = wd_codec_check(req);
	if (!ret && !stream_over(sess))
		ret = -EINVAL;
	if (ret)
		return ret;
	/* What a stream sent ahead and turned out not to need. */
	if (!sess->async && !sched_is_held(&sess->sched))
		async_drain(sess);
	if (sched_is_held(&sess->sched))
		return -EIO;
	sess->async = true;
	sess->sched.retry = false;
	ret = send_request(sess, req);
	sess->async = sess->sched.in_flight > 0;
	return ret;
}

WD_API int wd_comp_recv(struct wd_comp_sess *sess, struct wd_comp_req **req,
			int timeout_ms)
{
	struct sched_item *item;
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!req || timeout_ms < WD_WAIT_FOREVER)
		return -EINVAL;
	if (!sess->async)
		return -ENOENT;
	ret = sched_recv(&sess->sched, &item, timeout_ms);
	if (ret)
		return ret;
	*req = item->work.req;
	sess_note_lane(sess, item);
	put_request(sess, (struct request *)item);
	sess->info.requests++;
	sess->async = sess->sched.in_flight > 0;
	return 0;
}
