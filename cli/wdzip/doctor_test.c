/* SPDX-License-Identifier: MIT */
/*
 * The self-test: a round trip by each device that can be used.
 *
 * What a device compressed is decompressed by the CPU and compared; what it decompresses
 * is what it compressed, or, where it only decompresses, what the CPU did.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <warpdrive/wd_comp.h>

#include "kernel_file.h"
#include "doctor_sample.h"
#include "doctor_test.h"

/*
 * @ANSWER_MS: for a request: a device that does not answer is given up long before, but
 *             one that does not let go of its memory then is waited for
 * @TEST_MS:   for all of it
 * @END_MS:    for the end of a process that is done
 */
#define SAMPLE_SIZE 65536u /* bytes; more than the window */
#define ROOM	    (2 * SAMPLE_SIZE)
#define ANSWER_MS   10000
#define TEST_MS	    15000
#define END_MS	    1000

/* ---- in the child ---- */

/* @packed_len: bytes of @packed, 0 if there is none yet */
struct trial {
	struct doctor_test *test;
	const char *device;
	struct wd_queue queue;
	enum wd_comp_format format;
	char *plain, *packed, *back;
	size_t packed_len;
	uint32_t sum;
};

static void doing(struct trial *t, const char *what)
{
	snprintf(t->test->doing, sizeof(t->test->doing), "%s", what);
}

static bool fails(struct trial *t, enum doctor_test_result result, int error)
{
	t->test->result = result;
	t->test->error = error;
	return false;
}

/* One buffer through the CPU. */
static int on_cpu(struct trial *t, enum wd_comp_op op, const void *in,
		  size_t in_len, void *out, size_t *out_len, uint32_t *sum)
{
	struct wd_comp_setup setup = {
		.op = op, .format = t->format, .threads = 1, .engine = "sw"
	};
	struct wd_comp_info info;
	struct wd_comp_sess *sess;
	int ret = wd_comp_create(&sess, &setup);

	if (ret)
		return ret;
	ret = wd_comp_run(sess, in, in_len, out, ROOM, NULL, out_len);
	if (!ret)
		ret = wd_comp_get_info(sess, &info);
	if (!ret)
		*sum = info.checksum;
	wd_comp_destroy(sess);
	return ret;
}

/* What it is given is right: where it finds an error in that, the error is its own. */
static enum doctor_test_result result_of(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return TEST_TIMEOUT;
	case -EBADMSG:
	case -ENODATA:
		return TEST_WRONG;
	default:
		return TEST_FAILED;
	}
}

/* One buffer through the device; @answer becomes whether it can do that at all. */
static bool on_device(struct trial *t, struct wd_comp_req *req,
		      enum answer *answer)
{
	void *done = NULL;
	int ret = wd_send(&t->queue, req);

	if (!ret)
		ret = wd_flush(&t->queue);
	if (!ret)
		ret = wd_recv_sync(&t->queue, &done, ANSWER_MS);
	if (!ret && done != req)
		ret = -EPROTO;
	if (!ret)
		ret = req->status;
	*answer = ret == -EOPNOTSUPP ? ANSWER_NO : ANSWER_YES;
	if (!ret || ret == -EOPNOTSUPP)
		return true;
	return fails(t, result_of(ret), ret);
}

static bool compress(struct trial *t)
{
	struct wd_comp_req req = {
		.in = t->plain,
		.in_len = SAMPLE_SIZE,
		.out = t->packed,
		.out_cap = ROOM,
		.op = WD_COMP_COMPRESS,
		.format = (uint8_t)t->format,
		.level = 1,
	};
	size_t len = 0;
	uint32_t sum = 0;

	doing(t, "compress");
	if (!on_device(t, &req, &t->test->compress))
		return false;
	if (t->test->compress == ANSWER_NO)
		return true;
	if (req.produced > ROOM || req.consumed != SAMPLE_SIZE ||
	    on_cpu(t, WD_COMP_DECOMPRESS, t->packed, req.produced, t->back,
		   &len, &sum) ||
	    len != SAMPLE_SIZE || memcmp(t->plain, t->back, len) ||
	    sum != t->sum || req.checksum != sum)
		return fails(t, TEST_WRONG, -EBADMSG);
	t->packed_len = req.produced;
	return true;
}

static bool decompress(struct trial *t)
{
	struct wd_comp_req req = {
		.in = t->packed,
		.in_len = t->packed_len,
		.out = t->back,
		.out_cap = ROOM,
		.op = WD_COMP_DECOMPRESS,
		.format = (uint8_t)t->format,
		.level = 1,
	};

	doing(t, "decompress");
	memset(t->back, 0, ROOM);
	if (!on_device(t, &req, &t->test->decompress))
		return false;
	if (t->test->decompress == ANSWER_NO)
		return true;
	if (req.produced != SAMPLE_SIZE ||
	    memcmp(t->plain, t->back, SAMPLE_SIZE) || req.checksum != t->sum)
		return fails(t, TEST_WRONG, -EBADMSG);
	return true;
}

/* What there is without the device: the sample, its checksum, its compressed form. */
static int prepare(struct trial *t)
{
	uint32_t ignored;
	size_t len;
	int ret;

	t->plain = malloc(SAMPLE_SIZE);
	t->packed = malloc(ROOM);
	t->back = malloc(ROOM);
	if (!t->plain || !t->packed || !t->back)
		return -ENOMEM;
	make_sample(t->plain, SAMPLE_SIZE);
	ret = on_cpu(t, WD_COMP_COMPRESS, t->plain, SAMPLE_SIZE, t->packed,
		     &t->packed_len, &ignored);
	if (!ret)
		ret = on_cpu(t, WD_COMP_DECOMPRESS, t->packed, t->packed_len,
			     t->back, &len, &t->sum);
	return ret;
}

static enum wd_comp_format format_of(const struct device_facts *dev)
{
	if (has_name(dev->algs, "gzip", ' '))
		return WD_COMP_GZIP;
	return has_name(dev->algs, "zlib", ' ') ? WD_COMP_ZLIB : WD_COMP_RAW;
}

static int get_queue(struct trial *t)
{
	doing(t, "open");
	t->queue = (struct wd_queue){ .device = t->device };
	return wd_request_queue(&t->queue);
}

/*
 * With a queue of its own: a device may have none left for the other direction beside
 * the first one.  If others took it meanwhile, nobody knows; that is no fault.
 */
static bool try_other_direction(struct trial *t)
{
	int ret;

	wd_release_queue(&t->queue);
	ret = get_queue(t);
	if (ret == -EBUSY)
		return true;
	return ret ? fails(t, TEST_NO_QUEUE, ret) : decompress(t);
}

static void make_trip(const struct device_facts *dev, struct doctor_test *test)
{
	struct trial t = { .test = test,
			   .device = dev->name,
			   .format = format_of(dev) };
	int ret;

	/* The device is not asked then. */
	if (prepare(&t))
		return;
	ret = get_queue(&t);
	if (ret) {
		fails(&t, TEST_NO_QUEUE, ret);
		return;
	}
	test->bytes = SAMPLE_SIZE;
	if (compress(&t) && try_other_direction(&t))
		test->result = TEST_OK;
	/* The end of the process gives all back, without waiting for the device. */
}

/* ---- in the parent ---- */

/* @pid: 0 if there is none; @fd: where it tells */
struct child {
	pid_t pid;
	int fd;
};

static _Noreturn void be_child(const struct device_facts *dev, int fd)
{
	struct doctor_test test = { 0 };
	ssize_t n;

	make_trip(dev, &test);
	n = write(fd, &test, sizeof(test));
	_exit(n != sizeof(test));
}

static void start(struct child *child, struct device_facts *dev)
{
	int fds[2];

	if (pipe(fds) < 0)
		return;
	child->pid = fork();
	if (!child->pid) {
		close(fds[0]);
		be_child(dev, fds[1]);
	}
	close(fds[1]);
	child->fd = fds[0];
	if (child->pid > 0)
		return;
	close(fds[0]);
	child->pid = 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* Whether it has told, or ended, before @deadline. */
static bool wait_for(const struct child *child, int64_t deadline)
{
	struct pollfd p = { .fd = child->fd, .events = POLLIN };
	int64_t left;
	int n;

	do {
		left = deadline - now_ms();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/*
 * Its end gives the queue back, which others may want; but a device that does not let go
 * of it can hold that up for ever.
 */
static int wait_for_end(const struct child *child)
{
	int64_t deadline = now_ms() + END_MS;
	int status = 0;

	while (!waitpid(child->pid, &status, WNOHANG) && now_ms() < deadline)
		poll(NULL, 0, 1);
	return status;
}

static void read_result(const struct child *child, struct doctor_test *test)
{
	ssize_t n = read(child->fd, test, sizeof(*test));
	int status = wait_for_end(child);

	if (n == sizeof(*test))
		return;
	memset(test, 0, sizeof(*test));
	test->result = TEST_DIED;
	test->error = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* One that hangs in the kernel cannot be waited for. */
static void give_up(const struct child *child, struct doctor_test *test)
{
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, WNOHANG);
	test->result = TEST_TIMEOUT;
	test->error = -ETIMEDOUT;
}

static void collect(struct child *child, struct doctor_test *test,
		    int64_t deadline)
{
	if (!child->pid)
		return;
	if (wait_for(child, deadline))
		read_result(child, test);
	else
		give_up(child, test);
	close(child->fd);
}

/* Who knows what the calls for a queue mean to another device. */
static bool can_be_tested(const struct device_facts *dev)
{
	return dev->listed && !dev->status && dev->node.kind != NODE_WRONG;
}

void test_devices(struct doctor_facts *facts)
{
	struct child children[DEVICES_MAX] = { 0 };
	int64_t deadline = now_ms() + TEST_MS;

	fflush(stdout);
	for (unsigned int i = 0; i < facts->list.count; i++)
		if (can_be_tested(&facts->list.devices[i]))
			start(&children[i], &facts->list.devices[i]);
	for (unsigned int i = 0; i < facts->list.count; i++)
		collect(&children[i], &facts->list.devices[i].test, deadline);
}
