/* SPDX-License-Identifier: MIT */
/*
 * Queues as <warpdrive/wd.h> promises them, on the soft driver.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "t_util.h"

#include <cmocka.h>

#define DATA_LEN	20000u
#define OUT_LEN		(DATA_LEN + 1000)
#define REQS		300u

static uint8_t data[DATA_LEN];

/* One request, with room for its output. */
struct slot {
	struct wd_comp_req req;
	uint8_t out[OUT_LEN];
	bool received;
	_Atomic bool busy;
};

static struct slot *slots;	/* REQS */

static void prepare(struct slot *slot, size_t len)
{
	memset(slot, 0, offsetof(struct slot, out));
	slot->received = false;
	slot->req.op = WD_COMP_COMPRESS;
	slot->req.format = WD_COMP_GZIP;
	slot->req.level = 3;
	slot->req.in = data;
	slot->req.in_len = len;
	slot->req.out = slot->out;
	slot->req.out_cap = sizeof(slot->out);
	slot->req.status = -1;
}

static void request(struct wd_queue *q, uint32_t workers)
{
	memset(q, 0, sizeof(*q));
	q->workers = workers;
	assert_int_equal(wd_request_queue(q), 0);
}

/* The request is one of ours, done once, and its output is right. */
static void check_done(void *got)
{
	struct slot *slot = (struct slot *)got;
	struct t_verdict v;

	assert_true(slot >= slots && slot < slots + REQS);
	assert_false(slot->received);
	slot->received = true;
	assert_int_equal(slot->req.status, 0);
	t_judge(&v, WD_COMP_GZIP, slot->out, slot->req.produced, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.out.len, slot->req.in_len);
	assert_memory_equal(v.out.data, data, v.out.len);
	t_bytes_free(&v.out);
}

static void send_many(struct wd_queue *q, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		prepare(&slots[i], i * 37 % DATA_LEN);
		assert_int_equal(wd_send(q, &slots[i].req), 0);
	}
}

static void recv_many(struct wd_queue *q, unsigned int n)
{
	void *got;

	while (n--) {
		assert_int_equal(wd_recv_sync(q, &got, WD_WAIT_FOREVER), 0);
		check_done(got);
	}
	assert_int_equal(wd_recv_sync(q, &got, WD_WAIT_FOREVER), -ENOENT);
}

/* ---- life cycle ---- */

static void t_request_tells_what_was_got(void **state)
{
	struct wd_queue q;

	(void)state;
	request(&q, 0);
	assert_true(q.depth >= 128);
	assert_int_equal(q.workers, wd_cpu_count());
	assert_int_equal(q.fd, -1);
	wd_release_queue(&q);
	request(&q, 3);
	assert_int_equal(q.workers, 3);
	wd_release_queue(&q);
}

static void t_request_takes_device_and_algorithm_names(void **state)
{
	static const struct {
		const char *device, *alg;
		int ret;
	} cases[] = {
		{ NULL, NULL, 0 },
		{ "soft", NULL, 0 },
		{ "soft-0", "gzip", 0 },
		{ NULL, "zlib", 0 },
		{ NULL, "deflate", 0 },
		{ "soft-1", NULL, -ENODEV },
		{ "sof", NULL, -ENODEV },
		{ "", NULL, -ENODEV },
		{ "soft", "gzi", -ENODEV },
		{ NULL, "gzip zlib", -ENODEV },
		{ NULL, "", -ENODEV },
		{ NULL, "lz4", -ENODEV },
	};

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++) {
		struct wd_queue q = {
			.device = cases[i].device,
			.alg = cases[i].alg,
		};

		assert_int_equal(wd_request_queue(&q), cases[i].ret);
		/* Fine too for one that was refused. */
		wd_release_queue(&q);
	}
}

static void t_wrong_arguments_are_refused(void **state)
{
	struct wd_queue q = { .depth = UINT32_MAX };
	struct wd_queue none = { 0 };
	void *got;

	(void)state;
	assert_int_equal(wd_request_queue(NULL), -EINVAL);
	assert_int_equal(wd_request_queue(&q), -EINVAL);
	q.depth = 0;
	q.workers = UINT32_MAX;
	assert_int_equal(wd_request_queue(&q), -EINVAL);

	assert_int_equal(wd_send(&none, &got), -EINVAL);
	assert_int_equal(wd_flush(&none), -EINVAL);
	assert_int_equal(wd_recv(&none, &got), -EINVAL);
	assert_int_equal(wd_recv_sync(&none, &got, 1), -EINVAL);
	assert_int_equal(wd_recv_sync(NULL, &got, 1), -EINVAL);

	request(&q, 1);
	assert_int_equal(wd_request_queue(&q), -EINVAL);
	assert_int_equal(wd_send(&q, NULL), -EINVAL);
	assert_int_equal(wd_recv(&q, NULL), -EINVAL);
	assert_int_equal(wd_recv_sync(&q, &got, -2), -EINVAL);
	assert_int_equal(wd_mem_share(&q, NULL, 1), -EINVAL);
	wd_release_queue(&q);
}

static void t_release_takes_null_and_can_be_repeated(void **state)
{
	struct wd_queue q;

	(void)state;
	wd_release_queue(NULL);
	request(&q, 2);
	wd_release_queue(&q);
	wd_release_queue(&q);
	/* And the struct can be used again. */
	assert_int_equal(wd_request_queue(&q), 0);
	wd_release_queue(&q);
}

static void t_release_with_work_in_flight_waits_for_it(void **state)
{
	struct wd_queue q;

	(void)state;
	for (unsigned int workers = 1; workers <= 3; workers++) {
		request(&q, workers);
		send_many(&q, 100);
		wd_flush(&q);
		wd_release_queue(&q);
		/* Nobody writes to them any more. */
		memset(slots, 0xaa, 100 * sizeof(*slots));
	}
}

/* ---- sending and receiving ---- */

static void t_requests_complete_with_any_number_of_workers(void **state)
{
	(void)state;
	for (uint32_t workers = 1; workers <= 8; workers++) {
		struct wd_queue q;

		request(&q, workers);
		send_many(&q, 128);
		recv_many(&q, 128);
		/* A queue that ran dry works on. */
		send_many(&q, 1);
		recv_many(&q, 1);
		wd_release_queue(&q);
	}
}

static void t_full_queue_refuses_until_something_is_received(void **state)
{
	struct wd_queue q;
	void *got;

	(void)state;
	request(&q, 2);
	assert_true(q.depth < REQS);
	send_many(&q, q.depth);
	prepare(&slots[q.depth], 10);
	assert_int_equal(wd_send(&q, &slots[q.depth].req), -EBUSY);
	wd_flush(&q);
	assert_int_equal(wd_send(&q, &slots[q.depth].req), -EBUSY);
	assert_int_equal(wd_recv_sync(&q, &got, WD_WAIT_FOREVER), 0);
	check_done(got);
	assert_int_equal(wd_send(&q, &slots[q.depth].req), 0);
	recv_many(&q, q.depth);
	wd_release_queue(&q);
}

static void t_depth_is_what_was_asked_for(void **state)
{
	struct wd_queue q = { .depth = REQS, .workers = 2 };

	(void)state;
	assert_int_equal(wd_request_queue(&q), 0);
	assert_true(q.depth >= REQS);
	send_many(&q, REQS);
	recv_many(&q, REQS);
	wd_release_queue(&q);
}

/* A long request before a short one, two workers: the short one is first. */
static void t_requests_come_back_as_they_finish(void **state)
{
	const size_t len = 4u << 20;
	uint8_t *big = malloc(len);
	uint8_t *out = malloc(len);
	struct wd_comp_req req = {
		.op = WD_COMP_COMPRESS, .format = WD_COMP_GZIP, .level = 9,
		.in = big, .in_len = len, .out = out, .out_cap = len,
	};
	struct wd_queue q;
	void *got;

	(void)state;
	assert_non_null(big);
	assert_non_null(out);
	t_fill(big, len, T_TEXT);
	request(&q, 2);
	assert_int_equal(wd_send(&q, &req), 0);
	prepare(&slots[0], 100);
	assert_int_equal(wd_send(&q, &slots[0].req), 0);
	assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);
	assert_ptr_equal(got, &slots[0].req);
	assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);
	assert_ptr_equal(got, &req);
	assert_int_equal(req.status, 0);
	wd_release_queue(&q);
	free(big);
	free(out);
}

static void t_nothing_in_flight_is_told(void **state)
{
	struct wd_queue q;
	void *got;

	(void)state;
	request(&q, 2);
	assert_int_equal(wd_recv(&q, &got), -EAGAIN);
	assert_int_equal(wd_recv_sync(&q, &got, WD_NO_WAIT), -ENOENT);
	assert_int_equal(wd_recv_sync(&q, &got, 1), -ENOENT);
	assert_int_equal(wd_recv_sync(&q, &got, WD_WAIT_FOREVER), -ENOENT);
	assert_int_equal(wd_flush(&q), 0);
	wd_release_queue(&q);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void t_polling_gets_the_request_in_the_end(void **state)
{
	(void)state;
	for (uint32_t workers = 1; workers <= 2; workers++) {
		int64_t deadline = now_ms() + 60000;
		struct wd_queue q;
		void *got;
		int ret;

		request(&q, workers);
		send_many(&q, 1);
		do {
			ret = wd_recv(&q, &got);
			sched_yield();
		} while (ret == -EAGAIN && now_ms() < deadline);
		assert_int_equal(ret, 0);
		check_done(got);
		wd_release_queue(&q);
	}
}

/* At the slowest level, 2 MiB take far longer than the timeout. */
static void t_waiting_ends_at_the_timeout(void **state)
{
	const size_t len = 2u << 20;
	uint8_t *big = malloc(len);
	uint8_t *out = malloc(len);
	struct wd_comp_req req = {
		.op = WD_COMP_COMPRESS, .format = WD_COMP_RAW, .level = 12,
		.in = big, .in_len = len, .out = out, .out_cap = len,
	};

	(void)state;
	assert_non_null(big);
	assert_non_null(out);
	t_fill(big, len, T_TEXT);
	for (uint32_t workers = 1; workers <= 2; workers++) {
		int64_t begin;
		struct wd_queue q;
		void *got;
		int ret;

		request(&q, workers);
		/* But on a busy machine it may be done before it is looked for. */
		do {
			begin = now_ms();
			assert_int_equal(wd_send(&q, &req), 0);
			ret = wd_recv_sync(&q, &got, 20);
		} while (!ret);
		assert_int_equal(ret, -ETIMEDOUT);
		assert_true(now_ms() - begin >= 19);
		assert_int_equal(wd_recv_sync(&q, &got, 60000), 0);
		assert_int_equal(req.status, 0);
		wd_release_queue(&q);
	}
	free(big);
	free(out);
}

struct pump {
	struct wd_queue q;
	unsigned int total;
};

static void *pump_send(void *arg)
{
	struct pump *pump = (struct pump *)arg;

	for (unsigned int i = 0; i < pump->total; i++) {
		struct slot *slot = &slots[i % REQS];

		while (atomic_load(&slot->busy))
			sched_yield();
		prepare(slot, 1 + i * 7 % 3000);
		atomic_store(&slot->busy, true);
		while (wd_send(&pump->q, &slot->req) == -EBUSY)
			sched_yield();
	}
	wd_flush(&pump->q);
	return NULL;
}

/* Every way of receiving in turn. */
static int pump_recv(struct pump *pump, unsigned int n, void **got)
{
	switch (n % 3) {
	case 0:
		return wd_recv(&pump->q, got);
	case 1:
		return wd_recv_sync(&pump->q, got, 10);
	default:
		return wd_recv_sync(&pump->q, got, WD_WAIT_FOREVER);
	}
}

static void t_one_thread_sends_while_another_receives(void **state)
{
	(void)state;
	for (uint32_t workers = 1; workers <= 3; workers++) {
		struct pump pump = { .total = T_REPEAT(2000) };
		unsigned int n = 0;
		pthread_t sender;

		memset(slots, 0, REQS * sizeof(*slots));
		request(&pump.q, workers);
		assert_int_equal(pthread_create(&sender, NULL, pump_send, &pump), 0);
		while (n < pump.total) {
			struct slot *slot;
			void *got;
			int ret = pump_recv(&pump, n, &got);

			if (ret) {
				assert_true(ret == -ENOENT || ret == -EAGAIN ||
					    ret == -ETIMEDOUT);
				sched_yield();
				continue;
			}
			slot = (struct slot *)got;
			assert_int_equal(slot->req.status, 0);
			assert_true(slot->req.produced >= 18);
			atomic_store(&slot->busy, false);
			n++;
		}
		pthread_join(sender, NULL);
		wd_release_queue(&pump.q);
	}
}

static void t_memory_sharing_succeeds_on_soft_queues(void **state)
{
	struct wd_queue q;

	(void)state;
	request(&q, 1);
	assert_int_equal(wd_mem_share(&q, data, sizeof(data)), 0);
	wd_mem_unshare(&q, data, sizeof(data));
	wd_release_queue(&q);
}

/* ---- fork ---- */

/* Run @fn in a child; what it returns must be 0. */
static void in_child(int (*fn)(struct wd_queue *q), struct wd_queue *q)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		alarm(600);
		_exit(fn(q));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int child_is_refused(struct wd_queue *q)
{
	struct wd_queue own = { .workers = T_CHILD_THREADS };
	void *got;

	if (wd_send(q, &slots[200].req) != -ESTALE)
		return 1;
	if (wd_flush(q) != -ESTALE)
		return 2;
	if (wd_recv(q, &got) != -ESTALE)
		return 3;
	if (wd_recv_sync(q, &got, WD_WAIT_FOREVER) != -ESTALE)
		return 4;
	if (wd_mem_share(q, data, 1) != -ESTALE)
		return 5;
	wd_release_queue(q);

	/* A queue of its own works. */
	if (wd_request_queue(&own))
		return 6;
	for (int i = 200; i < 210; i++) {
		prepare(&slots[i], 5000);
		if (wd_send(&own, &slots[i].req))
			return 7;
	}
	for (int i = 200; i < 210; i++)
		if (wd_recv_sync(&own, &got, WD_WAIT_FOREVER))
			return 8;
	wd_release_queue(&own);
	return 0;
}

static void t_queue_of_the_parent_is_stale_in_a_child(void **state)
{
	struct wd_queue q;

	(void)state;
	for (uint32_t workers = 1; workers <= 2; workers++) {
		request(&q, workers);
		/* Idle, then with work in flight. */
		in_child(child_is_refused, &q);
		send_many(&q, 100);
		wd_flush(&q);
		in_child(child_is_refused, &q);
		/* The parent does not notice. */
		recv_many(&q, 100);
		wd_release_queue(&q);
	}
}

/* ---- devices, CPUs, messages ---- */

static void t_devices_are_listed(void **state)
{
	struct wd_device *list = NULL;
	int n = wd_device_list(&list);
	bool soft = false;

	(void)state;
	assert_true(n >= 1);
	for (int i = 0; i < n; i++) {
		assert_true(strlen(list[i].name) > 0);
		assert_true(strlen(list[i].driver) > 0);
		assert_true(strlen(list[i].algs) > 0);
		if (list[i].status)
			assert_true(strlen(list[i].reason) > 0);
		else
			assert_string_equal(list[i].reason, "");
		if (strcmp(list[i].driver, "soft"))
			continue;
		soft = true;
		assert_int_equal(list[i].status, 0);
		assert_true(wd_device_is_called(&list[i], list[i].name));
		assert_true(wd_device_is_called(&list[i], "soft"));
		assert_true(wd_device_is_called(&list[i], "sw"));
		assert_false(wd_device_is_called(&list[i], "hw"));
		assert_false(wd_device_is_called(&list[i], "soft-00"));
		assert_int_equal(list[i].numa_node, -1);
		assert_true(list[i].free_queues != 0);
	}
	assert_true(soft);
	wd_device_list_free(list);
	wd_device_list_free(NULL);
	assert_int_equal(wd_device_list(NULL), -EINVAL);
}

static void t_cpu_count_follows_the_affinity_mask(void **state)
{
	unsigned int before = wd_cpu_count();
	struct wd_queue q;
	cpu_set_t all, one;
	int cpu = 0;

	(void)state;
	assert_true(before >= 1);
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	assert_true(before <= (unsigned int)CPU_COUNT(&all));
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(wd_cpu_count(), 1);
	request(&q, 0);
	assert_int_equal(q.workers, 1);
	wd_release_queue(&q);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(wd_cpu_count(), before);
}

struct messages {
	_Atomic unsigned int count;
	char last[512];
};

static void on_message(void *arg, enum wd_log_level level, const char *msg)
{
	struct messages *m = (struct messages *)arg;

	if (level > WD_LOG_DEBUG || strchr(msg, '\n'))
		abort();
	strncpy(m->last, msg, sizeof(m->last) - 1);
	atomic_fetch_add(&m->count, 1);
}

static void t_messages_go_to_the_callback(void **state)
{
	struct messages m = { 0 };
	struct wd_queue q = { .depth = UINT32_MAX };

	(void)state;
	wd_set_log(on_message, &m);
	assert_int_equal(wd_request_queue(&q), -EINVAL);
	assert_true(m.count > 0);
	assert_non_null(strstr(m.last, "soft-0"));
	m.count = 0;
	wd_set_log(NULL, NULL);
	assert_int_equal(wd_request_queue(&q), -EINVAL);
	assert_int_equal(m.count, 0);
}

static void t_every_error_has_a_text(void **state)
{
	static const int errs[] = {
		EAGAIN, EBUSY, ENODEV, ENOENT, EACCES, ETIMEDOUT, ENOSPC,
		EBADMSG, ENODATA, EIO, EOPNOTSUPP, EINVAL, ENOMEM, ESTALE,
	};
	const char *unknown = wd_strerror(99999);

	(void)state;
	assert_non_null(unknown);
	assert_non_null(wd_strerror(0));
	assert_non_null(wd_strerror(INT32_MIN));
	for (size_t i = 0; i < T_ARRAY_SIZE(errs); i++) {
		assert_string_equal(wd_strerror(errs[i]), wd_strerror(-errs[i]));
		assert_string_not_equal(wd_strerror(errs[i]), unknown);
	}
	assert_true(strlen(wd_version()) >= 5);
}

static int setup(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	t_fill(data, sizeof(data), T_MIXED);
	slots = calloc(REQS, sizeof(*slots));
	return slots ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(slots);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_request_tells_what_was_got),
		cmocka_unit_test(t_request_takes_device_and_algorithm_names),
		cmocka_unit_test(t_wrong_arguments_are_refused),
		cmocka_unit_test(t_release_takes_null_and_can_be_repeated),
		cmocka_unit_test(t_release_with_work_in_flight_waits_for_it),
		cmocka_unit_test(t_requests_complete_with_any_number_of_workers),
		cmocka_unit_test(t_full_queue_refuses_until_something_is_received),
		cmocka_unit_test(t_depth_is_what_was_asked_for),
		cmocka_unit_test(t_requests_come_back_as_they_finish),
		cmocka_unit_test(t_nothing_in_flight_is_told),
		cmocka_unit_test(t_polling_gets_the_request_in_the_end),
		cmocka_unit_test(t_waiting_ends_at_the_timeout),
		cmocka_unit_test(t_one_thread_sends_while_another_receives),
		cmocka_unit_test(t_memory_sharing_succeeds_on_soft_queues),
		cmocka_unit_test(t_queue_of_the_parent_is_stale_in_a_child),
		cmocka_unit_test(t_devices_are_listed),
		cmocka_unit_test(t_cpu_count_follows_the_affinity_mask),
		cmocka_unit_test(t_messages_go_to_the_callback),
		cmocka_unit_test(t_every_error_has_a_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
