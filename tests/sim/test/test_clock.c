// SPDX-License-Identifier: MIT
/*
 * The clock's model against what is published of the Kunpeng 920's engine: a client
 * that keeps n requests of 8 KiB under way.  All of it is simulated time.
 */
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "t_util.h"

#include <cmocka.h>

#define REQUEST_LEN	8192u
#define OUT_LEN		16384u
#define DEPTH		128u
#define QUEUES_MAX	16u

/* Enough for the first and last ones not to count. */
#define REQUESTS	(T_SLOW ? 500u : 2000u)

/* MB/s, 10^6 bytes a second of input, with n requests under way. */
static const struct {
	unsigned int n;
	double mb_s;
} published[] = {
	{ 1, 556 }, { 10, 1381 }, { 20, 3134 }, { 30, 4317 },
	{ 40, 5618 }, { 50, 6715 }, { 60, 7245 }, { 70, 7272 },
};

#define PLATEAU_MB_S	7272.0

struct client {
	struct t_dev dev;
	struct t_queue queue[QUEUES_MAX];
	unsigned int queues;
	struct t_mem in, out;
	struct hisi_zip_sqe sqe;	/* all send the same */
	uint64_t completed;
};

static void start(struct client *c, enum sim_clock_mode mode, uint32_t type,
		  unsigned int queues)
{
	struct sim_config config;

	memset(c, 0, sizeof(*c));
	assert_int_equal(sim_config_init(&config, QM_HW_V3), 0);
	config.clock_mode = mode;
	config.log = stderr;
	t_dev_create_with(&c->dev, &config);
	assert_int_equal(t_start(&c->dev), 0);
	c->queues = queues;
	for (unsigned int i = 0; i < queues; i++)
		assert_int_equal(t_queue_start(&c->queue[i], &c->dev, (uint16_t)i, type,
					       DEPTH), 0);
	/* Zeros: what is in it makes no difference to the clock. */
	t_alloc(&c->dev, &c->in, REQUEST_LEN, 64, true);
	t_alloc(&c->dev, &c->out, OUT_LEN, 64, true);
	t_sqe_make(&c->sqe, &c->dev, HZIP_ALG_DEFLATE, c->in.bus, REQUEST_LEN,
		   c->out.bus, OUT_LEN);
	/* The model has the least to do with it. */
	c->sqe.dw9 = cpu_to_le32(FIELD_PREP(HZIP_SQE_ALG, HZIP_ALG_DEFLATE) |
				 FIELD_PREP(HZIP_SQE_WINDOW, HZIP_WINDOW_4K));
}

static void stop(struct client *c)
{
	assert_int_equal(sim_violations_total(c->dev.sim), 0);
	for (unsigned int i = 0; i < c->queues; i++)
		t_queue_free(&c->queue[i]);
	t_free(&c->dev, &c->in);
	t_free(&c->dev, &c->out);
	t_dev_destroy(&c->dev);
}

static void send(struct client *c, struct t_queue *q)
{
	assert_true(t_send(q, &c->sqe) >= 0);
}

/* Take what has completed, and send as many again. */
static void replace(struct client *c, struct t_queue *q)
{
	struct hisi_zip_sqe sqe;
	unsigned int taken = 0;

	while (t_take(q, &sqe) >= 0) {
		assert_int_equal(t_sqe_status(&sqe), HZIP_STATUS_OK);
		taken++;
	}
	if (!taken)
		return;
	t_cq_ring(q, false);
	c->completed += taken;
	while (taken--)
		send(c, q);
}

static void run_until(struct client *c, uint64_t completed)
{
	while (c->completed < completed) {
		assert_true(sim_clock_step(c->dev.sim));
		for (unsigned int i = 0; i < c->queues; i++)
			replace(c, &c->queue[i]);
	}
}

/* MB/s with n requests under way in each queue, and the report over all of it. */
static double measure(struct client *c, unsigned int n, struct sim_clock_report *after)
{
	struct sim_clock_report before;
	uint64_t completed;

	for (unsigned int i = 0; i < c->queues * n; i++)
		send(c, &c->queue[i % c->queues]);
	run_until(c, REQUESTS / 4);
	sim_clock_report(c->dev.sim, &before);
	completed = c->completed;
	run_until(c, completed + REQUESTS);
	sim_clock_report(c->dev.sim, after);
	assert_true(after->now_ns > before.now_ns);
	return (double)(c->completed - completed) * REQUEST_LEN * 1000 /
	       (double)(after->now_ns - before.now_ns);
}

static double measure_queues(unsigned int queues, unsigned int n,
			     struct sim_clock_report *report)
{
	struct client c;
	double mb_s;

	start(&c, SIM_CLOCK_VIRTUAL, HZIP_QUEUE_COMPRESS, queues);
	mb_s = measure(&c, n, report);
	stop(&c);
	return mb_s;
}

static void t_the_published_throughput_is_reproduced(void **state)
{
	struct sim_clock_report report;
	bool close = true;

	(void)state;
	print_message("in flight  model MB/s  public MB/s  difference\n");
	for (size_t i = 0; i < T_ARRAY_SIZE(published); i++) {
		double mb_s = measure_queues(1, published[i].n, &report);
		double off = mb_s / published[i].mb_s - 1;

		print_message("%9u %11.0f %12.0f %+10.1f%%\n", published[i].n, mb_s,
			      published[i].mb_s, off * 100);
		close = close && off > -0.1 && off < 0.1;
	}
	assert_true(close);
}

static void t_utilisation_grows_with_the_requests_under_way(void **state)
{
	struct sim_clock_report report;
	double last = 0;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(published); i++) {
		measure_queues(1, published[i].n, &report);
		assert_true(report.utilisation_comp > last * 0.99);
		assert_true(report.utilisation_comp <= 1);
		assert_true(report.utilisation_decomp == 0);
		last = report.utilisation_comp;
	}
	assert_true(last > 0.9);
	measure_queues(1, 1, &report);
	assert_true(report.utilisation_comp < 0.1);
}

static void t_depth_is_what_the_client_keeps_under_way(void **state)
{
	struct sim_clock_report report;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(published); i++) {
		double n = published[i].n;

		measure_queues(1, published[i].n, &report);
		assert_true(report.depth > n * 0.9);
		assert_true(report.depth < n * 1.01);
	}
}

static void t_a_report_adds_up(void **state)
{
	struct sim_clock_report r;
	uint64_t busy;

	(void)state;
	measure_queues(1, 20, &r);
	assert_int_equal(r.cores_comp, 2);
	assert_int_equal(r.cores_decomp, 3);
	assert_true(r.elapsed_ns && r.elapsed_ns <= r.now_ns);
	busy = r.busy_ns[0] + r.busy_ns[1];
	assert_true(r.busy_ns[0] <= r.elapsed_ns + REQUEST_LEN);
	assert_true(r.busy_ns[1] <= r.elapsed_ns + REQUEST_LEN);
	for (unsigned int i = 2; i < T_ARRAY_SIZE(r.busy_ns); i++)
		assert_int_equal(r.busy_ns[i], 0);
	assert_true(r.utilisation_comp * 2 * (double)r.elapsed_ns > (double)busy * 0.99);
	assert_true(r.utilisation_comp * 2 * (double)r.elapsed_ns < (double)busy * 1.01);
}

static void t_more_queues_do_not_exceed_the_plateau(void **state)
{
	static const unsigned int queues[] = { 1, 2, 4, 8, 16 };
	struct sim_clock_report report;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(queues); i++) {
		double mb_s = measure_queues(queues[i], 96, &report);

		print_message("%2u queues %11.0f MB/s\n", queues[i], mb_s);
		assert_true(mb_s < PLATEAU_MB_S * 1.01);
		assert_true(mb_s > PLATEAU_MB_S * 0.9);
	}
}

static void t_decompression_has_cores_of_its_own(void **state)
{
	struct sim_clock_report r;
	uint8_t plain[REQUEST_LEN] = { 0 };
	struct t_bytes stream = { 0 };
	struct client c;

	(void)state;
	start(&c, SIM_CLOCK_VIRTUAL, HZIP_QUEUE_DECOMPRESS, 1);
	t_deflate(&stream, plain, sizeof(plain), -15, 6, 0);
	assert_true(stream.len <= c.in.len);
	memcpy(c.in.p, stream.data, stream.len);
	c.sqe.in_len = cpu_to_le32((uint32_t)stream.len);
	t_bytes_free(&stream);
	for (unsigned int i = 0; i < 6; i++)
		send(&c, &c.queue[0]);
	run_until(&c, REQUESTS);
	sim_clock_report(c.dev.sim, &r);
	stop(&c);
	assert_true(r.utilisation_comp == 0);
	assert_true(r.utilisation_decomp > 0 && r.utilisation_decomp <= 1);
	assert_int_equal(r.busy_ns[0] + r.busy_ns[1], 0);
	for (unsigned int i = 2; i < 2 + r.cores_decomp; i++)
		assert_true(r.busy_ns[i] > 0);
}

static void t_virtual_time_moves_by_steps_only(void **state)
{
	struct sim_clock_report before, after;
	struct client c;

	(void)state;
	start(&c, SIM_CLOCK_VIRTUAL, HZIP_QUEUE_COMPRESS, 1);
	assert_false(sim_clock_step(c.dev.sim));
	sim_clock_report(c.dev.sim, &before);
	send(&c, &c.queue[0]);
	assert_false(t_cqe_ready(&c.queue[0]));
	sim_clock_report(c.dev.sim, &after);
	assert_int_equal(before.now_ns, after.now_ns);

	assert_true(sim_clock_step(c.dev.sim));
	assert_true(t_cqe_ready(&c.queue[0]));
	sim_clock_report(c.dev.sim, &after);
	/* Its share of a core's bandwidth, and the latency. */
	assert_true(after.now_ns - before.now_ns >=
		    REQUEST_LEN * 1000ull / c.dev.config.clock.comp_mb_s +
		    c.dev.config.clock.latency_ns);
	assert_false(sim_clock_step(c.dev.sim));
	stop(&c);
}

static void t_on_the_wall_clock_nothing_completes_early(void **state)
{
	struct sim_clock_report report;
	struct hisi_zip_sqe sqe;
	struct client c;

	(void)state;
	start(&c, SIM_CLOCK_WALL, HZIP_QUEUE_COMPRESS, 1);
	for (unsigned int i = 0; i < 20; i++) {
		sqe = c.sqe;
		assert_int_equal(t_run(&c.queue[0], &sqe), 0);
	}
	sim_clock_report(c.dev.sim, &report);
	assert_true(report.elapsed_ns >= 20ull * c.dev.config.clock.latency_ns);
	stop(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_the_published_throughput_is_reproduced),
		cmocka_unit_test(t_utilisation_grows_with_the_requests_under_way),
		cmocka_unit_test(t_depth_is_what_the_client_keeps_under_way),
		cmocka_unit_test(t_a_report_adds_up),
		cmocka_unit_test(t_more_queues_do_not_exceed_the_plateau),
		cmocka_unit_test(t_decompression_has_cores_of_its_own),
		cmocka_unit_test(t_virtual_time_moves_by_steps_only),
		cmocka_unit_test(t_on_the_wall_clock_nothing_completes_early),
	};

	alarm(T_ALARM_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
