/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "t_zip_use.h"

#include <cmocka.h>

int t_begin_v3(void **state)
{
	(void)state;
	t_zip_begin(QM_HW_V3);
	return 0;
}

int t_begin_v2(void **state)
{
	(void)state;
	t_zip_begin(QM_HW_V2);
	return 0;
}

/* Requests are executed beside the test. */
int t_begin_with_workers(void **state)
{
	struct sim_config config;

	(void)state;
	if (sim_config_init(&config, QM_HW_V3))
		return -1;
	config.log = stderr;
	config.workers = 2;
	t_zip_begin_with(&config);
	return 0;
}

/* A later part, with the same requests. */
int t_begin_v5(void **state)
{
	struct sim_config config;

	(void)state;
	if (sim_config_init(&config, QM_HW_V3) ||
	    sim_config_set(&config, QM_SUB_VERSION, QM_HW_V5))
		return -1;
	config.log = stderr;
	t_zip_begin_with(&config);
	t_zip.api = "hisi_qm_v5";
	return 0;
}

int t_end(void **state)
{
	(void)state;
	return t_zip_end();
}

void t_open_queue(struct wd_queue *q)
{
	memset(q, 0, sizeof(*q));
	q->device = "hisi_zip";
	assert_int_equal(wd_request_queue(q), 0);
}

struct wd_comp_req t_compress_req(enum wd_comp_format format, const void *in,
				  size_t len, struct t_bytes *out)
{
	out->cap = len + len / 8 + 1000;
	out->data = malloc(out->cap);
	assert_non_null(out->data);
	return (struct wd_comp_req){
		.op = WD_COMP_COMPRESS,
		.format = (uint8_t)format,
		.level = 6,
		.in = in,
		.in_len = len,
		.out = out->data,
		.out_cap = out->cap,
	};
}

struct wd_comp_req t_decompress_req(enum wd_comp_format format,
				    const struct t_bytes *in, void *out,
				    size_t cap)
{
	return (struct wd_comp_req){
		.op = WD_COMP_DECOMPRESS,
		.format = (uint8_t)format,
		.in = in->data,
		.in_len = in->len,
		.out = out,
		.out_cap = cap,
	};
}

/* There and back; the status. */
int t_run_req(struct wd_queue *q, struct wd_comp_req *req)
{
	void *got;

	assert_int_equal(wd_send(q, req), 0);
	assert_int_equal(wd_recv_sync(q, &got, WD_WAIT_FOREVER), 0);
	assert_ptr_equal(got, req);
	return req->status;
}

uint64_t t_requests_done(void)
{
	struct sim_stats stats;

	sim_stats(t_zip.dev.sim, &stats);
	return stats.completed;
}
