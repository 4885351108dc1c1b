/* SPDX-License-Identifier: MIT */
/*
 * The self-test of wdzip --doctor, where queues and memory cannot be had: with a fake
 * device, and calls of the library that fail as the test wants it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <warpdrive/wd_comp.h>

#include "doctor_test.h"
#include "t_fake.h"

/*
 * What is to fail.  @session: all sessions; @queue: the queue of that number and those
 * after it; 0: none.  The self-test is in a child, which has its own.
 */
static struct {
	int session_error;
	unsigned int queue;
	int queue_error;
	unsigned int queues;
} fail;

int __real_wd_comp_create(struct wd_comp_sess **sess,
			  const struct wd_comp_setup *setup);
int __wrap_wd_comp_create(struct wd_comp_sess **sess,
			  const struct wd_comp_setup *setup);
int __real_wd_request_queue(struct wd_queue *q);
int __wrap_wd_request_queue(struct wd_queue *q);

int __wrap_wd_comp_create(struct wd_comp_sess **sess,
			  const struct wd_comp_setup *setup)
{
	if (fail.session_error)
		return fail.session_error;
	return __real_wd_comp_create(sess, setup);
}

int __wrap_wd_request_queue(struct wd_queue *q)
{
	if (!strcmp(q->device, "fake-0") && fail.queue &&
	    ++fail.queues >= fail.queue)
		return fail.queue_error;
	return __real_wd_request_queue(q);
}

/* ---- the tests ---- */

static struct doctor_facts facts;

static const struct doctor_test *test_it(void)
{
	struct device_facts *dev = &facts.list.devices[0];

	memset(&facts, 0, sizeof(facts));
	facts.list.count = 1;
	strcpy(dev->name, "fake-0");
	strcpy(dev->algs, "gzip");
	dev->listed = true;
	dev->node.kind = NODE_RIGHT;
	test_devices(&facts);
	return &dev->test;
}

static int begin(void **state)
{
	(void)state;
	memset(&fail, 0, sizeof(fail));
	t_fake_install(1, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	t_fake_remove();
	return 0;
}

static void a_device_that_works_passes(void **state)
{
	const struct doctor_test *test = test_it();

	(void)state;
	assert_int_equal(test->result, TEST_OK);
	assert_int_equal(test->compress, ANSWER_YES);
	assert_int_equal(test->decompress, ANSWER_YES);
}

static void without_a_queue_the_reason_is_told(void **state)
{
	const struct doctor_test *test;

	(void)state;
	fail.queue = 1;
	fail.queue_error = -ENOSPC;
	test = test_it();
	assert_int_equal(test->result, TEST_NO_QUEUE);
	assert_int_equal(test->error, -ENOSPC);
	assert_int_equal(test->compress, ANSWER_UNKNOWN);
}

/* Others may have taken the one that was given back. */
static void what_could_not_be_tried_is_not_known(void **state)
{
	const struct doctor_test *test;

	(void)state;
	fail.queue = 2;
	fail.queue_error = -EBUSY;
	test = test_it();
	assert_int_equal(test->result, TEST_OK);
	assert_int_equal(test->compress, ANSWER_YES);
	assert_int_equal(test->decompress, ANSWER_UNKNOWN);
}

static void a_device_that_is_gone_after_the_first_half_fails(void **state)
{
	const struct doctor_test *test;

	(void)state;
	fail.queue = 2;
	fail.queue_error = -ENODEV;
	test = test_it();
	assert_int_equal(test->result, TEST_NO_QUEUE);
	assert_int_equal(test->error, -ENODEV);
	assert_int_equal(test->compress, ANSWER_YES);
}

/* The device was not asked. */
static void without_memory_nothing_was_tested(void **state)
{
	const struct doctor_test *test;

	(void)state;
	fail.session_error = -ENOMEM;
	test = test_it();
	assert_int_equal(test->result, TEST_NOT_RUN);
	assert_int_equal(test->compress, ANSWER_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_device_that_works_passes),
		TEST(without_a_queue_the_reason_is_told),
		TEST(what_could_not_be_tried_is_not_known),
		TEST(a_device_that_is_gone_after_the_first_half_fails),
		TEST(without_memory_nothing_was_tested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
