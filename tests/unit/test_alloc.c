/* SPDX-License-Identifier: MIT */
/*
 * Each allocation fails once, and from some point on all do: sessions have to
 * say so or get by, without a crash or a leak.
 *
 * The linker puts the functions below in the place of the real ones, also for
 * starting threads and for zlib's state.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "codec.h"
#include "t_util.h"

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*fn)(void *), void *arg);
int __real_deflateInit2_(z_stream *z, int level, int method, int bits, int mem,
			 int strategy, const char *version, int size);
int __real_inflateInit2_(z_stream *z, int bits, const char *version, int size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*fn)(void *), void *arg);
int __wrap_deflateInit2_(z_stream *z, int level, int method, int bits, int mem,
			 int strategy, const char *version, int size);
int __wrap_inflateInit2_(z_stream *z, int bits, const char *version, int size);

/* How many more succeed; below zero none is counted. */
static atomic_long countdown = -1;
static atomic_bool all_after;
static atomic_bool armed;
static atomic_bool failed;

static bool fails(void)
{
	long left;

	if (!atomic_load(&armed))
		return false;
	left = atomic_fetch_sub(&countdown, 1);
	if (left > 0 || (left < 0 && !atomic_load(&all_after)))
		return false;
	atomic_store(&failed, true);
	return true;
}

static void arm(long n, bool all)
{
	atomic_store(&countdown, n);
	atomic_store(&all_after, all);
	atomic_store(&failed, false);
	atomic_store(&armed, true);
}

/* Whether anything was made to fail. */
static bool disarm(void)
{
	atomic_store(&armed, false);
	return atomic_load(&failed);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	return fails() ? MAP_FAILED : __real_mmap(addr, len, prot, flags, fd, off);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*fn)(void *), void *arg)
{
	return fails() ? EAGAIN : __real_pthread_create(thread, attr, fn, arg);
}

int __wrap_deflateInit2_(z_stream *z, int level, int method, int bits, int mem,
			 int strategy, const char *version, int size)
{
	if (fails())
		return Z_MEM_ERROR;
	return __real_deflateInit2_(z, level, method, bits, mem, strategy,
				    version, size);
}

int __wrap_inflateInit2_(z_stream *z, int bits, const char *version, int size)
{
	return fails() ? Z_MEM_ERROR : __real_inflateInit2_(z, bits, version, size);
}

/* ---- what is done while allocations fail ---- */

#define DATA_LEN	(400u << 10)
#define OUT_CAP		(2 * DATA_LEN)

static uint8_t *data;		/* DATA_LEN */
static uint8_t *repeats;	/* DATA_LEN, most of which was there before */
static uint8_t *out;		/* OUT_CAP */
static struct t_bytes chunked, sized, dict_stream;

struct work {
	struct wd_comp_setup setup;
	const uint8_t *in;
	size_t in_len;
	size_t want;		/* bytes that decompression gives */
	struct t_bytes packed;	/* what compression gives, with memory enough */
	bool header, window, stream;
};

/* In small pieces, through the caller's buffers.  As wd_comp_run(). */
static int run_stream(struct wd_comp_sess *s, const struct work *w, size_t *made)
{
	struct wd_comp_buf buf = { .in = w->in, .out = out, .out_len = OUT_CAP };
	size_t left = w->in_len;
	int ret;

	do {
		size_t n = left < 30000 ? left : 30000;

		buf.in_len += n;
		left -= n;
		ret = wd_comp_stream(s, &buf, left ? WD_COMP_NO_FLUSH : WD_COMP_FINISH);
	} while (!ret);
	*made = OUT_CAP - buf.out_len;
	return ret == 1 ? 0 : ret;
}

static int run_session(struct wd_comp_sess *s, const struct work *w, size_t *made)
{
	static const struct wd_comp_header hdr = { .os = 3, .name = "name" };
	int ret = 0;

	if (w->header)
		ret = wd_comp_set_header(s, &hdr);
	if (!ret && w->window)
		ret = wd_comp_set_window(s, data + 1000, 5000);
	if (ret)
		return ret;
	if (w->stream)
		return run_stream(s, w, made);
	return wd_comp_run(s, w->in, w->in_len, out, OUT_CAP, NULL, made);
}

static void check_output(const struct work *w, size_t made)
{
	struct t_verdict v;

	if (w->setup.op == WD_COMP_DECOMPRESS) {
		assert_int_equal(made, w->want);
		assert_memory_equal(out, data, made);
		return;
	}
	t_judge(&v, w->setup.format, out, made, w->window ? data + 1000 : NULL,
		w->window ? 5000 : 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.out.len, w->in_len);
	if (w->in_len)
		assert_memory_equal(v.out.data, w->in, w->in_len);
	t_bytes_free(&v.out);
	assert_int_equal(made, w->packed.len);
	assert_memory_equal(out, w->packed.data, made);
}

static void pack(struct work *w)
{
	struct wd_comp_sess *s;
	size_t made;

	assert_int_equal(wd_comp_create(&s, &w->setup), 0);
	assert_int_equal(run_session(s, w, &made), 0);
	t_bytes_add(&w->packed, out, made);
	wd_comp_destroy(s);
}

/* Returns whether anything failed on the way. */
static bool attempt(const struct work *w, long n, bool all)
{
	struct wd_comp_sess *s = NULL;
	size_t made = 0;
	bool any;
	int ret;

	arm(n, all);
	ret = wd_comp_create(&s, &w->setup);
	if (ret) {
		any = disarm();
		assert_int_equal(ret, -ENOMEM);
		return any;
	}
	ret = run_session(s, w, &made);
	any = disarm();
	if (ret)
		assert_int_equal(ret, -ENOMEM);
	else
		check_output(w, made);

	/* Afterwards everything works again. */
	assert_int_equal(wd_comp_reset(s, WD_COMP_SIZE_UNKNOWN), 0);
	assert_int_equal(run_session(s, w, &made), 0);
	check_output(w, made);
	wd_comp_destroy(s);
	return any;
}

static void fail_each(const struct work *w)
{
	long n = 0;

	while (attempt(w, n, false) && n < 500)
		n++;
	/* Sessions take memory, so something must have failed. */
	assert_true(n > 0);
	while (n--)
		attempt(w, n, true);
}

static void t_compression_survives_failing_allocations(void **state)
{
	(void)state;
	for (int i = 0; i < 24; i++) {
		static const size_t lens[] = { 0, 1000, 40000, DATA_LEN };
		struct work w = {
			.setup = {
				.level = i % 12 + 1,
				.format = (enum wd_comp_format)(i % 3),
				.threads = 1 + (uint32_t)i % 3,
				.chunk_size = WD_COMP_CHUNK_MIN,
				.engine = i % 5 ? NULL : "soft",
				.flags = i % 7 ? 0 : WD_COMP_RSYNCABLE,
			},
			.in = data,
			.in_len = lens[i / 3 % 4],
			.stream = i % 2,
		};

		/* The slow levels add nothing here but time. */
		if (w.setup.level > 9 && w.in_len > 40000)
			w.in_len = 40000;
		w.header = w.setup.format == WD_COMP_GZIP;
		w.window = w.setup.format == WD_COMP_ZLIB && w.in_len < 100000;
		pack(&w);
		fail_each(&w);
		t_bytes_free(&w.packed);
	}
}

/* However little memory there is, the bytes are the same, or there is an error. */
static void t_repeats_are_found_when_allocations_fail(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		struct work w = {
			.setup = {
				.level = i / 2 + 1,
				.format = (enum wd_comp_format)(i % 3),
				.threads = 1 + (uint32_t)i % 3,
				.chunk_size = WD_COMP_CHUNK_MIN << i % 2,
				.size_hint = WD_COMP_SIZE_UNKNOWN,
			},
			.in = repeats,
			.in_len = 5 * WD_COMP_CHUNK_MIN,
			.stream = i % 4 != 3,
		};

		if (T_SLOW && i % 5)
			continue;
		w.header = w.setup.format == WD_COMP_GZIP;
		pack(&w);
		fail_each(&w);
		t_bytes_free(&w.packed);
	}
}

static void t_decompression_survives_failing_allocations(void **state)
{
	const struct t_bytes *const inputs[] = { &chunked, &sized, &dict_stream };

	(void)state;
	for (int i = 0; i < 12; i++) {
		struct work w = {
			.setup = {
				.op = WD_COMP_DECOMPRESS,
				.format = i % 3 == 2 ? WD_COMP_ZLIB : WD_COMP_GZIP,
				.threads = 1 + (uint32_t)i / 3 % 3,
			},
			.in = inputs[i % 3]->data,
			.in_len = inputs[i % 3]->len,
			.want = i % 3 == 2 ? 3000 : DATA_LEN,
			.window = i % 3 == 2,
			.stream = i >= 6,
		};

		fail_each(&w);
	}
}

static void run_requests(long n, bool all, bool *any)
{
	struct wd_comp_setup setup = { .threads = 2 };
	struct wd_comp_sess *s;
	struct wd_comp_req req[8];
	struct wd_comp_req *got;
	unsigned int sent = 0;
	int ret;

	memset(req, 0, sizeof(req));
	arm(n, all);
	ret = wd_comp_create(&s, &setup);
	if (ret) {
		*any = disarm();
		assert_int_equal(ret, -ENOMEM);
		return;
	}
	for (unsigned int i = 0; i < T_ARRAY_SIZE(req) && !ret; i++) {
		req[i].format = (uint8_t)(i % 3);
		req[i].level = (uint8_t)(1 + i);
		req[i].in = data;
		req[i].in_len = 20000;
		req[i].out = out + (size_t)i * 30000;
		req[i].out_cap = 30000;
		ret = wd_comp_send(s, &req[i]);
		sent += !ret;
	}
	if (ret)
		assert_int_equal(ret, -ENOMEM);
	while (sent--) {
		assert_int_equal(wd_comp_recv(s, &got, WD_WAIT_FOREVER), 0);
		assert_true(!got->status || got->status == -ENOMEM);
	}
	*any = disarm();
	wd_comp_destroy(s);
}

static void t_requests_survive_failing_allocations(void **state)
{
	bool any = true;

	(void)state;
	for (long n = 0; any && n < 300; n++)
		run_requests(n, false, &any);
	for (long n = 0; n < 60; n++)
		run_requests(n, true, &any);
}

/* As a device would have compressed it: right, or with a bit that is not. */
static void make(struct wd_comp_req *req, bool spoilt)
{
	struct wd_codec *codec = wd_codec_create();
	struct wd_work work = wd_work_compress(req, WD_COMP_RAW);

	assert_non_null(codec);
	*req = (struct wd_comp_req){
		.in = data,
		.in_len = 50000,
		.out = out,
		.out_cap = OUT_CAP,
		.format = WD_COMP_RAW,
		.level = 1,
	};
	wd_codec_run(codec, &work);
	wd_codec_destroy(codec);
	assert_int_equal(req->status, 0);
	out[req->produced / 2] ^= spoilt;
}

static void t_nothing_is_right_that_nobody_has_looked_at(void **state)
{
	bool any = true;

	(void)state;
	for (long n = 0; any; n++)
		for (int spoilt = 0; spoilt < 2; spoilt++) {
			struct wd_comp_req req;
			struct wd_work work =
				wd_work_compress(&req, WD_COMP_RAW);
			struct wd_work check = wd_work_check(&work);
			struct wd_codec *codec;
			struct t_verdict v;

			make(&req, spoilt);
			arm(n, true);
			codec = wd_codec_create();
			wd_codec_run(codec, &check);
			wd_codec_destroy(codec);
			any = disarm();
			if (req.status) {
				assert_true(any);
				assert_int_equal(req.status, -ENOMEM);
				assert_int_equal(req.produced, 0);
				continue;
			}
			assert_int_equal(check.result.check.wrong, spoilt);
			t_judge(&v, WD_COMP_RAW, out, req.produced, NULL, 0);
			assert_int_equal(v.ret, 0);
			assert_int_equal(v.out.len, req.in_len);
			assert_memory_equal(v.out.data, data, req.in_len);
			t_bytes_free(&v.out);
		}
}

static void t_device_lists_and_queues_survive_failing_allocations(void **state)
{
	(void)state;
	for (long n = 0; n < 12; n++) {
		struct wd_queue q = { .workers = 2 };
		struct wd_device *list;
		int ret;

		arm(n, false);
		ret = wd_device_list(&list);
		disarm();
		assert_true(ret > 0 || ret == -ENOMEM);
		if (ret > 0)
			wd_device_list_free(list);
		arm(n, n % 2);
		ret = wd_request_queue(&q);
		disarm();
		assert_true(!ret || ret == -ENOMEM);
		wd_release_queue(&q);
	}
}

static void make_sized(void)
{
	struct wd_comp_setup setup = { .members = WD_COMP_MEMBERS_BGZF, .threads = 1 };
	struct wd_comp_sess *s;
	size_t made;

	if (wd_comp_create(&s, &setup) ||
	    wd_comp_run(s, data, DATA_LEN, out, OUT_CAP, NULL, &made))
		abort();
	t_bytes_add(&sized, out, made);
	wd_comp_destroy(s);
}

static void make_dict_stream(void)
{
	struct wd_comp_setup setup = { .format = WD_COMP_ZLIB, .threads = 1 };
	struct wd_comp_sess *s;
	size_t made;

	if (wd_comp_create(&s, &setup) || wd_comp_set_window(s, data + 1000, 5000) ||
	    wd_comp_run(s, data, 3000, out, OUT_CAP, NULL, &made))
		abort();
	t_bytes_add(&dict_stream, out, made);
	wd_comp_destroy(s);
}

static int setup_data(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	data = malloc(DATA_LEN);
	out = malloc(OUT_CAP);
	if (!data || !out)
		return -1;
	repeats = malloc(DATA_LEN);
	if (!repeats)
		return -1;
	t_fill(data, DATA_LEN, T_MIXED);
	t_fill(repeats, DATA_LEN, T_NOISE);
	for (size_t i = 28000; i < DATA_LEN - 30000; i++)
		repeats[i] = repeats[i - 28000];
	t_deflate_chunked(&chunked, data, DATA_LEN, 31, 1, 60000, true);
	make_sized();
	make_dict_stream();
	return 0;
}

static int teardown_data(void **state)
{
	(void)state;
	free(data);
	free(repeats);
	free(out);
	t_bytes_free(&chunked);
	t_bytes_free(&sized);
	t_bytes_free(&dict_stream);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_compression_survives_failing_allocations),
		cmocka_unit_test(t_repeats_are_found_when_allocations_fail),
		cmocka_unit_test(t_decompression_survives_failing_allocations),
		cmocka_unit_test(t_requests_survive_failing_allocations),
		cmocka_unit_test(t_nothing_is_right_that_nobody_has_looked_at),
		cmocka_unit_test(
			t_device_lists_and_queues_survive_failing_allocations),
	};

	return cmocka_run_group_tests(tests, setup_data, teardown_data);
}
