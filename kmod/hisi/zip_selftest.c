// SPDX-License-Identifier: GPL-2.0
/*
 * The test of a device before the kernel uses it: requests that go the way of all
 * others, and whose results are known.
 */
#include <linux/completion.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "zip_lane.h"

#define TEST_BYTES	200
#define TEST_SPACE	512
#define TEST_LIMIT	(10 * HZ)

/**
 * struct zip_test - a request of ours
 * @req: as the queue sees it
 * @lane: where it goes
 * @src: input, in two parts
 * @dst: output
 * @in: memory of the input
 * @out: of the output
 * @done: the request has ended
 * @err: how
 * @produced: bytes of output
 * @areq: what a caller would have
 */
struct zip_test {
	struct zip_req req;
	struct zip_lane *lane;
	struct scatterlist src[2];
	struct scatterlist dst;
	u8 *in;
	u8 *out;
	struct completion done;
	int err;
	u32 produced;
	struct acomp_req areq;
};

static const char test_text[] =
	"the quick brown fox jumps over the lazy dog, the lazy dog over the brown fox\n";

/* The same, compressed by others. */
static const u8 test_stream[] = {
	0x2b, 0xc9, 0x48, 0x55, 0x28, 0x2c, 0xcd, 0x4c, 0xce, 0x56, 0x48, 0x2a,
	0xca, 0x2f, 0xcf, 0x53, 0x48, 0xcb, 0xaf, 0x50, 0xc8, 0x2a, 0xcd, 0x2d,
	0x28, 0x56, 0xc8, 0x2f, 0x4b, 0x2d, 0x52, 0x28, 0x01, 0x4a, 0xe7, 0x24,
	0x56, 0x55, 0x2a, 0xa4, 0xe4, 0xa7, 0xeb, 0xa0, 0xf0, 0x10, 0xf2, 0x70,
	0x8d, 0x5c, 0x00,
};

static void test_done(struct zip_req *req, int err, u32 produced)
{
	struct zip_test *test = container_of(req, struct zip_test, req);

	test->err = err;
	test->produced = produced;
	complete(&test->done);
}

void zip_selftest_free(struct zip_test *test)
{
	if (!test)
		return;
	kfree(test->in);
	kfree(test->out);
	kfree(test);
}

struct zip_test *zip_selftest_alloc(void)
{
	struct zip_test *test = kzalloc(sizeof(*test), GFP_KERNEL);

	if (!test)
		return NULL;
	test->in = kzalloc(TEST_SPACE, GFP_KERNEL);
	test->out = kzalloc(TEST_SPACE, GFP_KERNEL);
	if (!test->in || !test->out) {
		zip_selftest_free(test);
		return NULL;
	}
	init_completion(&test->done);
	return test;
}

/* In two parts, so that lists of buffers are tested, or in one. */
static void set_source(struct zip_test *test, unsigned int len, unsigned int parts)
{
	unsigned int first = parts > 1 ? len / 2 : len;

	sg_init_table(test->src, parts);
	sg_set_buf(&test->src[0], test->in, first);
	if (parts > 1)
		sg_set_buf(&test->src[1], test->in + first, len - first);
	test->req.src_n = parts;
	test->areq.slen = len;
}

/* As requests of callers go, with no software in reserve.  The output's length. */
static int run_test(struct zip_test *test, const struct zip_format *format, bool compress)
{
	int ret;

	sg_init_one(&test->dst, test->out, TEST_SPACE);
	test->areq.src = test->src;
	test->areq.dst = &test->dst;
	test->areq.dlen = TEST_SPACE;
	test->req.soft.areq = &test->areq;
	test->req.soft.compress = compress;
	test->req.format = format;
	test->req.ended = test_done;
	test->req.dst_n = 1;
	test->req.out_len = TEST_SPACE;
	reinit_completion(&test->done);

	rcu_read_lock();
	ret = zip_lane_send(test->lane, &test->req);
	rcu_read_unlock();
	if (ret != -EINPROGRESS)
		return ret;
	if (!wait_for_completion_timeout(&test->done, TEST_LIMIT))
		return -ETIMEDOUT;
	return test->err ? test->err : test->produced;
}

/* What is compressed is the same again. */
static int test_round_trip(struct zip_test *test, const struct zip_format *format)
{
	unsigned int i;
	int ret;

	for (i = 0; i < TEST_BYTES; i++)
		test->in[i] = test_text[i * i % (sizeof(test_text) - 1)];
	set_source(test, TEST_BYTES, 2);
	ret = run_test(test, format, true);
	if (ret < 0)
		return ret;
	memcpy(test->in, test->out, ret);
	memset(test->out, 0, TEST_SPACE);
	set_source(test, ret, 1);
	ret = run_test(test, format, false);
	if (ret < 0)
		return ret;
	if (ret != TEST_BYTES)
		return -EBADMSG;
	for (i = 0; i < TEST_BYTES; i++) {
		if (test->out[i] != test_text[i * i % (sizeof(test_text) - 1)])
			return -EBADMSG;
	}
	return 0;
}

/* Not only the device itself can have compressed it. */
static int test_known_stream(struct zip_test *test, const struct zip_format *format)
{
	unsigned int len = sizeof(test_text) - 1;
	int ret;

	memcpy(test->in, test_stream, sizeof(test_stream));
	memset(test->out, 0, TEST_SPACE);
	set_source(test, sizeof(test_stream), 2);
	ret = run_test(test, format, false);
	if (ret < 0)
		return ret;
	return ret == len && !memcmp(test->out, test_text, len) ? 0 : -EBADMSG;
}

static int test_lz4(struct zip_test *test, const struct zip_format *format)
{
	int ret;

	memset(test->in, 'a', TEST_BYTES);
	set_source(test, TEST_BYTES, 1);
	ret = run_test(test, format, true);
	if (ret < 0)
		return ret;
	return ret < TEST_BYTES ? 0 : -EBADMSG;
}

static const char *test_failure(int ret)
{
	switch (ret) {
	case -ETIMEDOUT:
		return "no answer";
	case -EBADMSG:
		return "wrong data";
	default:
		return "error";
	}
}

/*
 * Whether the lane does what it is for, in the formats that are not NULL.  If it fails
 * the lanes have to be destroyed next: only then no request is under way for sure.
 */
int zip_selftest_run(struct zip_test *test, struct zip_lane *lane,
		     const struct zip_format *deflate, const struct zip_format *lz4)
{
	struct device *dev = lane->set->dev;
	int ret = 0;

	test->lane = lane;
	if (deflate)
		ret = test_round_trip(test, deflate);
	if (!ret && deflate)
		ret = test_known_stream(test, deflate);
	if (!ret && lz4)
		ret = test_lz4(test, lz4);
	if (ret)
		dev_err(dev, "self-test failed: %s (%d)\n", test_failure(ret), ret);
	else
		dev_info(dev, "self-test passed\n");
	return ret;
}
