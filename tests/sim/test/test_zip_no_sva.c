/* SPDX-License-Identifier: MIT */
/*
 * The ZIP engine without SVA, V2 and V3: see t_no_sva.h.  The model sees bus addresses
 * only, and any that is not memory of the queue's is a violation.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "t_no_sva.h"
#include "t_zip_use.h"

#include <cmocka.h>

static struct t_no_sva zip = {
	.name = "hisi_zip",
	.region = &t_zip.ss_limit,
	.slice = &t_zip.ss_slice,
	.vanish = t_zip_vanish,
};

static int begin_v2(void **state)
{
	int ret = t_begin_v2(state);

	t_zip.no_sva = true;
	t_zip.api = "hisi_qm_v2_noiommu";
	zip.raw = false;
	return ret;
}

static int begin_v3(void **state)
{
	int ret = t_begin_v3(state);

	t_zip.no_sva = true;
	t_zip.api = "hisi_qm_v3_noiommu";
	zip.raw = true;
	return ret;
}

T_NO_SVA(each_kind, &zip)
T_NO_SVA(a_full_region_is_busy, &zip)
T_NO_SVA(what_is_dropped_takes_no_room, &zip)
T_NO_SVA(too_large_is_for_others, &zip)
T_NO_SVA(lent_memory, &zip)
T_NO_SVA(sessions, &zip)
T_NO_SVA(a_device_that_goes, &zip)

/* A stream that it decodes piece by piece; what it keeps of it is in the region, too. */
static void t_streams_of_others(void **state)
{
	struct wd_comp_setup setup = {
		.op = WD_COMP_DECOMPRESS,
		.engine = "hisi_zip",
		.size_hint = WD_COMP_SIZE_UNKNOWN,
	};
	struct wd_comp_lane lanes[2];
	struct t_bytes packed = { 0 };
	size_t len = 4 << 20, used, made;
	uint8_t *in = malloc(len), *out = malloc(len);
	struct wd_comp_sess *s;

	(void)state;
	assert_non_null(in);
	assert_non_null(out);
	for (int kind = 0; kind < T_KINDS; kind++) {
		t_fill(in, len, (enum t_kind)kind);
		packed.len = 0;
		t_deflate(&packed, in, len, 31, 6, 0);
		assert_int_equal(wd_comp_create(&s, &setup), 0);
		assert_int_equal(wd_comp_run(s, packed.data, packed.len, out,
					     len, &used, &made),
				 0);
		assert_int_equal(wd_comp_get_lanes(s, lanes, 2), 2);
		assert_int_equal(lanes[0].failed, 0);
		/* So little as the zeros came to is the CPU's. */
		assert_int_equal(lanes[0].bytes_out, kind == T_ZEROS ? 0 : len);
		wd_comp_destroy(s);
		assert_memory_equal(out, in, len);
	}
	t_bytes_free(&packed);
	free(in);
	free(out);
}

/* In a reset, which the words at the end of its rings do not tell of yet. */
static void t_a_queue_that_dies(void **state)
{
	struct wd_queue q = { .device = "hisi_zip" };
	struct t_attempt a;
	struct wd_work done;

	(void)state;
	assert_int_equal(wd_request_queue(&q), 0);
	t_attempt_begin(&a, COMPRESS_GZIP, 8000);
	assert_int_equal(t_attempt_send(&q, &a), 0);
	t_zip.ss_gone = true;
	assert_int_equal(wd_queue_recv(&q, &done, WD_WAIT_FOREVER), 0);
	assert_int_equal(done.req->status, -ENODEV);
	wd_release_queue(&q);
	t_attempt_end(&a);
}

static void t_without_a_region_there_is_no_queue(void **state)
{
	struct wd_queue q = { .device = "hisi_zip" };

	(void)state;
	t_zip.ss_limit = 4096;
	assert_int_equal(wd_request_queue(&q), -ENOMEM);
	assert_int_equal(t_zip.opened, 1);
}

int main(void)
{
#define ENTRY(name, begin)                                                     \
	cmocka_unit_test_setup_teardown(t_##name, begin, t_end)
	const struct CMUnitTest tests[] = {
		ENTRY(each_kind, begin_v2),
		ENTRY(each_kind, begin_v3),
		ENTRY(a_full_region_is_busy, begin_v3),
		ENTRY(what_is_dropped_takes_no_room, begin_v3),
		ENTRY(too_large_is_for_others, begin_v3),
		ENTRY(lent_memory, begin_v3),
		ENTRY(sessions, begin_v2),
		ENTRY(sessions, begin_v3),
		ENTRY(a_device_that_goes, begin_v3),
		ENTRY(a_queue_that_dies, begin_v3),
		ENTRY(streams_of_others, begin_v2),
		ENTRY(streams_of_others, begin_v3),
		ENTRY(without_a_region_there_is_no_queue, begin_v3),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, t_make_data, t_free_data);
}
