/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a queue that is stopped, by its process or because its device is
 * suspended, and whether the device lets go of it or not (limbo); what is seen of its
 * doorbells; and arguments of ioctls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi.h"

static void bind_again(void)
{
	put("/sys/bus/platform/drivers/wd_dummy/bind", "wd_dummy.0");
}

static unsigned long in_limbo(void)
{
	unsigned long n;
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/wd_dummy/%s/limbo",
		 rawq_device());
	f = fopen(path, "r");
	EXPECT_TRUE(f);
	EXPECT(fscanf(f, "%lu", &n), 1);
	fclose(f);
	return n;
}

static unsigned long free_queues(void)
{
	return rawq_attr("available_instances");
}

/* Within a time that is enough for any machine. */
static void until(unsigned long (*value)(void), unsigned long want)
{
	for (int i = 0; i < 60000 && value() != want; i++)
		usleep(1000);
	EXPECT(value(), want);
}

/* How many page faults it takes to read a byte. */
static long faults_at(const volatile void *p)
{
	struct rusage before, after;

	/* The first is for the code itself. */
	EXPECT(getrusage(RUSAGE_THREAD, &before), 0);
	EXPECT(getrusage(RUSAGE_THREAD, &before), 0);
	(void)*(const volatile char *)p;
	EXPECT(getrusage(RUSAGE_THREAD, &after), 0);
	return after.ru_minflt - before.ru_minflt;
}

/* ---- what is seen ---- */

/* Improvement: nothing that is written before the queue is started reaches the device. */
static void doorbells_early(void)
{
	struct rawq q = opened();

	EXPECT(rawq_map(&q), 0);
	EXPECT(q.doorbell->sq_tail, UINT32_MAX);
	EXPECT(((volatile uint32_t *)q.doorbell)[q.mmio_size / 4 - 1],
	       UINT32_MAX);
	q.doorbell->sq_tail = 5;
	EXPECT(rawq_start(&q), 0);
	EXPECT(q.doorbell->sq_tail, 0);
	works(&q);
	rawq_end(&q);
}

/* Nor after it was stopped; the rings are there. */
static void doorbells_late(void)
{
	struct rawq q = started();

	works(&q);
	for (int i = 1; i < 4; i++) {
		EXPECT(q.doorbell->sq_tail, i);
		EXPECT(rawq_stop(&q), 0);
		EXPECT(q.doorbell->sq_tail, UINT32_MAX);
		EXPECT(q.doorbell->cq_head, UINT32_MAX);
		q.doorbell->sq_tail = 77;
		EXPECT(q.ring->magic, WD_DUMMY_MAGIC);
		EXPECT(q.ring->cq_tail, i);
		EXPECT(rawq_start(&q), 0);
		EXPECT(q.doorbell->sq_tail, i);
		works(&q);
	}
	rawq_end(&q);
}

/* Of another queue, or another region of the same, nothing is taken away. */
static void doorbells_alone(void)
{
	struct rawq q = started(), other = started();

	works(&q);
	works(&other);
	EXPECT(rawq_stop(&q), 0);
	EXPECT(faults_at(other.doorbell), 0);
	EXPECT(faults_at(other.ring), 0);
	EXPECT(faults_at(q.ring), 0);
	EXPECT_TRUE(faults_at(q.doorbell) > 0);
	works(&other);
	rawq_end(&q);
	EXPECT(faults_at(other.doorbell), 0);
	rawq_end(&other);
}

/* The rings come with the first touch, all of them. */
static void rings_at_once(void)
{
	struct rawq q = opened();
	volatile char *p;

	EXPECT(rawq_try_map(&q, UACCE_QFRT_DUS, q.dus_size, RW, MAP_SHARED,
			    (void **)&p),
	       0);
	EXPECT_TRUE(faults_at(p + page()) > 0);
	for (size_t i = 0; i < q.dus_size; i += page())
		EXPECT(faults_at(p + i), 0);
	rawq_end(&q);
}

/* ---- limbo ---- */

/*
 * A queue that is of no use any more, though its device is there.  @put: what stopping
 * it says, EBUSY while the device has not let go of it.
 */
static void is_dead_and(struct rawq *q, int put)
{
	EXPECT(call(q, UACCE_CMD_START_Q), ENXIO);
	EXPECT(call(q, UACCE_CMD_PUT_Q), put);
	EXPECT(call(q, UACCE_CMD_START_Q), ENXIO);
	EXPECT(call(q, WD_DUMMY_CMD_WAKE), ENXIO);
	EXPECT(events(q), POLLERR | POLLHUP);
	EXPECT(rawq_try_map(q, UACCE_QFRT_MMIO, q->mmio_size, RW, MAP_SHARED,
			    NULL),
	       ENXIO);
	EXPECT(q->doorbell->sq_tail, UINT32_MAX);
	/* How far the device had come can be read. */
	EXPECT(q->ring->magic, WD_DUMMY_MAGIC);
	EXPECT(q->ring->cq_tail, q->cq_head);
}

static void is_dead(struct rawq *q)
{
	is_dead_and(q, ENXIO);
}

static void is_held(struct rawq *q)
{
	is_dead_and(q, EBUSY);
}

/* The device does not let go of a queue, and later does. */
static void limbo_put(void)
{
	unsigned long n = free_queues();
	struct rawq q = started(), other = started();

	works(&q);
	inject("linger", "1000");
	EXPECT(rawq_stop(&q), -EBUSY);
	EXPECT(in_limbo(), 1);
	is_held(&q);
	EXPECT(free_queues(), n - 2);
	/* Nobody else is hurt. */
	works(&other);
	inject("linger", "0");
	until(in_limbo, 0);
	until(free_queues, n - 1);
	is_dead(&q);
	rawq_end(&q);
	EXPECT(free_queues(), n - 1);
	rawq_end(&other);
	until(free_queues, n);
}

/* The file is closed at once, and what is left comes to rest later. */
static void limbo_close(void)
{
	unsigned long n = free_queues();
	struct rawq q[3];

	for (int i = 0; i < 3; i++) {
		q[i] = started();
		works(&q[i]);
	}
	inject("linger", "1000");
	for (int i = 0; i < 3; i++)
		rawq_end(&q[i]);
	EXPECT(in_limbo(), 3);
	EXPECT(free_queues(), n - 3);
	inject("linger", "1");
	until(in_limbo, 0);
	EXPECT(free_queues(), n);
	q[0] = started();
	works(&q[0]);
	rawq_end(&q[0]);
}

/* In limbo, and closed while it is there. */
static void limbo_put_close(void)
{
	unsigned long n = free_queues();
	struct rawq q = started();

	inject("linger", "1000");
	EXPECT(rawq_stop(&q), -EBUSY);
	rawq_end(&q);
	EXPECT(in_limbo(), 1);
	inject("linger", "0");
	until(in_limbo, 0);
	EXPECT(free_queues(), n);
}

/* The driver says that the device is quiet, and takes it away. */
static void limbo_quiet(void)
{
	unsigned long n = free_queues();
	struct rawq q = started(), closed = started(), put_q = started();

	works(&q);
	inject("linger", "1000");
	rawq_end(&closed);
	EXPECT(rawq_stop(&put_q), -EBUSY);
	inject("linger", "0");
	unbind();
	EXPECT(q.ring->magic, UINT64_MAX);
	EXPECT(put_q.ring->magic, UINT64_MAX);
	EXPECT(put_q.doorbell->sq_tail, UINT32_MAX);
	EXPECT(call(&q, UACCE_CMD_PUT_Q), ENXIO);
	EXPECT(call(&put_q, UACCE_CMD_PUT_Q), ENXIO);
	bind_again();
	EXPECT(free_queues(), n);
	rawq_end(&q);
	rawq_end(&put_q);
	EXPECT(free_queues(), n);
}

/* It is never said: what the device may still use is not given back, ever. */
static void limbo_lost(void)
{
	unsigned long n = free_queues();
	struct rawq q = started(), closed = started();

	works(&q);
	inject("linger", "1000");
	rawq_end(&closed);
	unbind();
	EXPECT(call(&q, UACCE_CMD_PUT_Q), EBUSY);
	EXPECT(call(&q, UACCE_CMD_START_Q), ENXIO);
	EXPECT(q.ring->magic, UINT64_MAX);
	bind_again();
	EXPECT(call(&q, UACCE_CMD_PUT_Q), EBUSY);
	EXPECT(free_queues(), n - 2);
	rawq_end(&q);
	EXPECT(free_queues(), n - 2);
}

/* ---- suspended ---- */

static void suspended(void)
{
	struct rawq q = started(), waiting = opened(), late;

	works(&q);
	EXPECT(rawq_map(&waiting), 0);
	inject("suspend", "1");
	EXPECT(rawq_open(&late), -EBUSY);
	EXPECT(call(&waiting, UACCE_CMD_START_Q), EBUSY);
	EXPECT(call(&waiting, UACCE_CMD_PUT_Q), 0);
	EXPECT(events(&waiting), 0);
	is_dead(&q);
	inject("suspend", "1");
	EXPECT(rawq_open(&late), -EBUSY);
	is_dead(&q);
	inject("suspend", "0");
	is_dead(&q);
	EXPECT(rawq_start(&waiting), 0);
	works(&waiting);
	late = started();
	works(&late);
	rawq_end(&late);
	rawq_end(&waiting);
	rawq_end(&q);
}

static void suspended_wakes_poll(void)
{
	struct rawq q = started();
	struct pollfd p = { .fd = q.fd, .events = POLLIN };
	pid_t pid = fork();

	EXPECT_TRUE(pid >= 0);
	if (!pid) {
		usleep(200000);
		inject("suspend", "1");
		exit(0);
	}
	EXPECT(poll(&p, 1, 60000), 1);
	EXPECT(p.revents, POLLERR | POLLHUP);
	EXPECT(waitpid(pid, NULL, 0), pid);
	inject("suspend", "0");
	rawq_end(&q);
}

/* Closing works all the time, and so does taking the device away. */
static void suspended_and_gone(void)
{
	unsigned long n = free_queues();
	struct rawq q = started(), idle = opened(), closed = started();

	EXPECT(rawq_map(&idle), 0);
	inject("suspend", "1");
	rawq_end(&closed);
	unbind();
	EXPECT(call(&q, UACCE_CMD_START_Q), ENXIO);
	EXPECT(call(&idle, UACCE_CMD_START_Q), ENXIO);
	EXPECT(q.ring->magic, UINT64_MAX);
	EXPECT(idle.ring->magic, UINT64_MAX);
	EXPECT(idle.doorbell->sq_tail, UINT32_MAX);
	bind_again();
	rawq_end(&q);
	rawq_end(&idle);
	EXPECT(free_queues(), n);
	q = started();
	works(&q);
	rawq_end(&q);
}

/* A device that is suspended is not asked. */
static void suspended_limbo(void)
{
	struct rawq q = started();

	inject("linger", "1");
	inject("suspend", "1");
	EXPECT(in_limbo(), 1);
	is_held(&q);
	usleep(2500000);
	EXPECT(in_limbo(), 1);
	is_held(&q);
	inject("suspend", "0");
	until(in_limbo, 0);
	is_dead(&q);
	rawq_end(&q);
}

/* ---- what opening and calls are given ---- */

/* The device has bits for so many address spaces. */
static void pasid_too_large(void)
{
	unsigned long n = free_queues();
	struct rawq q;

	inject("pasid", "65536");
	EXPECT(rawq_open(&q), -ENOSPC);
	EXPECT(free_queues(), n);
	inject("pasid", "65535");
	q = started();
	works(&q);
	rawq_end(&q);
	inject("pasid", "0");
}

static int count(const struct rawq *q, void *number)
{
	return ioctl(q->fd, WD_DUMMY_CMD_COUNT, number) ? errno : 0;
}

/* A driver gets a copy of the argument, and what it makes of that comes back. */
static void ioctl_argument(void)
{
	struct wd_dummy_number number = { .value = 41 }, *constant;
	struct rawq q = opened();

	EXPECT(count(&q, &number), 0);
	EXPECT(number.value, 42);
	EXPECT(count(&q, NULL), EFAULT);
	EXPECT(count(&q, (void *)1), EFAULT);
	/* Nothing comes back of what has failed. */
	number.value = UINT64_MAX;
	EXPECT(count(&q, &number), ERANGE);
	EXPECT(number.value, UINT64_MAX);
	constant = mmap(NULL, page(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	EXPECT(count(&q, constant), EFAULT);
	EXPECT(constant->value, 0);
	unbind();
	EXPECT(count(&q, NULL), ENXIO);
	rawq_end(&q);
}

static void ioctl_too_long(void)
{
	char argument[256] = "";
	struct rawq q = opened();

	for (unsigned int size = 120; size < 256; size++) {
		unsigned long cmd = _IOC(_IOC_READ | _IOC_WRITE, 'd', 9, size);

		EXPECT(ioctl(q.fd, cmd, argument), -1);
		EXPECT(errno, EINVAL);
		/* What is too long is not looked at. */
		EXPECT(ioctl(q.fd, cmd, NULL), -1);
		EXPECT(errno, size > 128 ? EINVAL : EFAULT);
	}
	rawq_end(&q);
}

/* ---- the list ---- */

/* clang-format off */
const struct abi_test stop_tests[] = {
	TEST(doorbells_early), TEST(doorbells_late), TEST(doorbells_alone),
	TEST(rings_at_once),
	TEST(limbo_put), TEST(limbo_close), TEST(limbo_put_close), TEST(limbo_quiet),
	TEST(limbo_lost),
	TEST(suspended), TEST(suspended_wakes_poll), TEST(suspended_and_gone),
	TEST(suspended_limbo),
	TEST(pasid_too_large), TEST(ioctl_argument), TEST(ioctl_too_long),
};
/* clang-format on */

const size_t n_stop_tests = sizeof(stop_tests) / sizeof(stop_tests[0]);
