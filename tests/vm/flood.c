/* SPDX-License-Identifier: MIT */
/*
 * Requests without end: keeps a queue of libwd full, for a count of the system
 * calls that costs.
 *
 * usage: flood DEVICE REQUESTS BYTES [wait]
 *
 * Without "wait" it asks for results, and never waits for one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <warpdrive/wd_comp.h>

static void fail(const char *what, int ret)
{
	fprintf(stderr, "flood: %s: %s\n", what, wd_strerror(ret));
	exit(1);
}

int main(int argc, char **argv)
{
	struct wd_queue q = { .device = argc > 1 ? argv[1] : NULL };
	unsigned long total, sent = 0, back = 0;
	struct wd_comp_req *reqs;
	size_t len, cap;
	uint8_t *in, *out;
	int ret;

	if (argc < 4)
		return 2;
	total = strtoul(argv[2], NULL, 10);
	len = strtoul(argv[3], NULL, 10);
	ret = wd_request_queue(&q);
	if (ret)
		fail(argv[1], ret);
	cap = wd_comp_req_bound(len);
	reqs = calloc(q.depth, sizeof(*reqs));
	in = malloc(len + 1);
	out = malloc(cap * q.depth);
	if (!reqs || !in || !out)
		fail("memory", -ENOMEM);
	memset(in, 'x', len);
	memset(out, 0, cap * q.depth);

	while (back < total) {
		struct wd_comp_req *got;

		/* Fill it up, and tell the device now and then. */
		while (sent < total && sent - back < q.depth) {
			struct wd_comp_req *req = &reqs[sent % q.depth];

			memset(req, 0, sizeof(*req));
			req->in = in;
			req->in_len = len;
			req->out = out + cap * (sent % q.depth);
			req->out_cap = cap;
			req->level = 1;
			ret = wd_send(&q, req);
			if (ret)
				fail("sending", ret);
			sent++;
		}
		ret = argc > 4 ? wd_recv_sync(&q, (void **)&got, WD_WAIT_FOREVER) :
				 wd_recv(&q, (void **)&got);
		if (ret == -EAGAIN)
			continue;
		if (ret || got->status)
			fail("receiving", ret ? ret : got->status);
		back++;
	}
	wd_release_queue(&q);
	printf("%lu requests\n", back);
	free(reqs);
	free(in);
	free(out);
	return 0;
}
