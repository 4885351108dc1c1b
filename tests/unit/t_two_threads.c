/* SPDX-License-Identifier: MIT */
/*
 * A sender and a receiver that share a queue: see t_two_threads.h.
 *
 * The sender asserts nothing: cmocka's assertions belong to the thread of the test.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "t_two_threads.h"

#include <cmocka.h>

uint64_t t_requests(uint64_t otherwise)
{
	const char *text = getenv("WD_TEST_REQUESTS");

	return text ? strtoull(text, NULL, 10) : otherwise;
}

struct t_run *t_run_begin(const struct t_two_threads_ops *ops, uint64_t total)
{
	struct t_run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->ops = ops;
	run->total = total;
	for (size_t i = 0; i < T_SLOTS; i++) {
		run->slots[i].ours = true;
		run->next[i] = i;
	}
	ops->open(&run->q);
	assert_true(run->q.depth < T_SLOTS);
	return run;
}

void t_run_end(struct t_run *run)
{
	wd_release_queue(&run->q);
	free(run);
}

static void *send_all(void *arg)
{
	struct t_run *run = arg;

	while (run->sent < run->total) {
		struct t_slot *slot = &run->slots[run->sent % T_SLOTS];
		int ret;

		if (!__atomic_load_n(&slot->ours, __ATOMIC_ACQUIRE)) {
			sched_yield();
			continue;
		}
		slot->number = run->sent;
		run->ops->fill(slot);
		slot->req.user = slot;
		__atomic_store_n(&slot->ours, false, __ATOMIC_RELAXED);
		ret = wd_send(&run->q, &slot->req);
		if (ret)
			__atomic_store_n(&slot->ours, true, __ATOMIC_RELAXED);
		else
			run->sent++;
		if (ret == -EBUSY)
			sched_yield();
		else if (ret)
			run->end = ret;
		if (run->flush_every &&
		    (ret || run->sent % run->flush_every == 0))
			wd_flush(&run->q);
		if (run->end)
			break;
	}
	wd_flush(&run->q);
	return NULL;
}

void t_run_start_sender(struct t_run *run)
{
	assert_int_equal(pthread_create(&run->sender, NULL, send_all, run), 0);
}

void t_run_join_sender(struct t_run *run)
{
	pthread_join(run->sender, NULL);
}

/* One that came back, and nobody writes to any more. */
static int take(struct t_run *run, struct wd_comp_req *req)
{
	struct t_slot *slot = req->user;
	size_t i = (size_t)(slot - run->slots);
	int status = req->status;

	assert_ptr_equal(req, &slot->req);
	assert_false(__atomic_load_n(&slot->ours, __ATOMIC_RELAXED));
	/* Each once, and none for the other. */
	assert_int_equal(slot->number, run->next[i]);
	run->next[i] += T_SLOTS;
	if (!status)
		run->ops->check(slot);
	memset(slot->out, 0xee, sizeof(slot->out));
	/* From here on it is the sender's. */
	__atomic_store_n(&slot->ours, true, __ATOMIC_RELEASE);
	run->back++;
	return status;
}

int t_run_receive(struct t_run *run, uint64_t until)
{
	while (run->back < until) {
		int ret, status;
		void *got;

		ret = run->poll ? wd_recv(&run->q, &got)
				: wd_recv_sync(&run->q, &got, WD_WAIT_FOREVER);
		if (ret == -EAGAIN || ret == -ENOENT) {
			sched_yield();
			continue;
		}
		if (ret)
			return ret;
		status = take(run, got);
		if (status)
			run->status = status;
	}
	return 0;
}

int t_run_receive_one(struct t_run *run)
{
	void *got;

	assert_int_equal(wd_recv(&run->q, &got), 0);
	return take(run, got);
}

int t_run_there_and_back(struct t_run *run)
{
	int ret;

	t_run_start_sender(run);
	ret = t_run_receive(run, run->total);
	t_run_join_sender(run);
	return ret;
}
