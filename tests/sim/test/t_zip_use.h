/* SPDX-License-Identifier: MIT */
/*
 * Tests of the library on a model of the ZIP engine: devices to begin with, and single
 * requests.
 */
#ifndef T_ZIP_USE_H
#define T_ZIP_USE_H

#include "t_util.h"
#include "t_zip.h"

/* For cmocka: a device; of the last kind one that executes requests in threads. */
int t_begin_v2(void **state);
int t_begin_v3(void **state);
int t_begin_v5(void **state);
int t_begin_with_workers(void **state);
int t_end(void **state);

void t_open_queue(struct wd_queue *q);

/* With room for anything in @out, which is to be freed; and with @cap bytes at @out. */
struct wd_comp_req t_compress_req(enum wd_comp_format format, const void *in,
				  size_t len, struct t_bytes *out);
struct wd_comp_req t_decompress_req(enum wd_comp_format format,
				    const struct t_bytes *in, void *out,
				    size_t cap);

/* There and back; the status. */
int t_run_req(struct wd_queue *q, struct wd_comp_req *req);

/* By the device, so far. */
uint64_t t_requests_done(void);

#endif
