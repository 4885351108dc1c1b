// SPDX-License-Identifier: MIT
/*
 * What the tests of strictness share: see strict.h.
 */
#include "strict.h"

void t_config(struct sim_config *config, uint8_t revision)
{
	assert_int_equal(sim_config_init(config, revision), 0);
	config->workers = 0;
	config->clock_mode = SIM_CLOCK_OFF;
	config->log = NULL;
}

void t_rig_create(struct t_rig *rig, const struct sim_config *config)
{
	static const char text[] = "queue doorbell member block chunk window ";
	uint32_t noise = 1;

	memset(rig, 0, sizeof(*rig));
	t_dev_create_with(&rig->dev, config);
	t_alloc(&rig->dev, &rig->in, T_IN_LEN, 64, false);
	t_alloc(&rig->dev, &rig->out, T_OUT_LEN, 64, true);
	for (uint32_t i = 0; i < T_IN_LEN; i++) {
		noise = noise * 1664525 + 1013904223;
		rig->in.p[i] = noise >> 28 ? (uint8_t)text[i % (sizeof(text) - 1)] :
					     (uint8_t)(noise >> 20);
	}
}

void t_rig_queues(struct t_rig *rig)
{
	assert_int_equal(t_queue_load(&rig->comp), 0);
	assert_int_equal(t_queue_load(&rig->decomp), 0);
}

void t_rig_start(struct t_rig *rig)
{
	assert_int_equal(t_start(&rig->dev), 0);
	t_queue_init(&rig->comp, &rig->dev, 0, HZIP_QUEUE_COMPRESS, T_DEPTH);
	t_queue_init(&rig->decomp, &rig->dev, 1, HZIP_QUEUE_DECOMPRESS, T_DEPTH);
	t_rig_queues(rig);
	t_expect_none(rig);
}

void t_rig_destroy(struct t_rig *rig)
{
	if (rig->comp.dev) {
		t_queue_free(&rig->comp);
		t_queue_free(&rig->decomp);
	}
	t_free(&rig->dev, &rig->in);
	t_free(&rig->dev, &rig->out);
	t_dev_destroy(&rig->dev);
}

static struct t_rig *setup(void **state, uint8_t revision)
{
	struct t_rig *rig = malloc(sizeof(*rig));
	struct sim_config config;

	assert_non_null(rig);
	t_config(&config, revision);
	t_rig_create(rig, &config);
	*state = rig;
	return rig;
}

int t_setup_untouched(void **state)
{
	setup(state, QM_HW_V3);
	return 0;
}

int t_setup(void **state)
{
	t_rig_start(setup(state, QM_HW_V3));
	return 0;
}

int t_setup_v2(void **state)
{
	t_rig_start(setup(state, QM_HW_V2));
	return 0;
}

int t_teardown(void **state)
{
	struct t_rig *rig = *state;

	t_expect_none(rig);
	t_rig_destroy(rig);
	free(rig);
	return 0;
}

void t_rig_sqe(const struct t_rig *rig, struct hisi_zip_sqe *sqe)
{
	bool v3 = rig->dev.config.revision >= QM_HW_V3;

	t_sqe_make(sqe, &rig->dev, v3 ? HZIP_ALG_DEFLATE : HZIP_ALG_ZLIB, rig->in.bus,
		   T_IN_LEN, rig->out.bus, T_OUT_LEN);
}

uint32_t t_rig_status(struct t_queue *q, struct hisi_zip_sqe *sqe)
{
	assert_int_equal(t_run(q, sqe), 0);
	return t_sqe_status(sqe);
}

void t_rig_works(struct t_rig *rig)
{
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_OK);
	assert_int_equal(le32_to_cpu(sqe.consumed), T_IN_LEN);
	rig->packed_len = le32_to_cpu(sqe.produced);
	assert_in_range(rig->packed_len, 1, T_IN_LEN);
}

unsigned int t_take_all(struct t_queue *q, bool c_flag)
{
	struct hisi_zip_sqe sqe;
	unsigned int n = 0;

	while (t_take(q, &sqe) >= 0) {
		t_cq_ring(q, false);
		n++;
	}
	if (c_flag)
		t_cq_ring(q, true);
	return n;
}

void t_expect(struct t_rig *rig, enum sim_violation class, const char *word)
{
	char text[256];

	sim_violation_last(rig->dev.sim, text, sizeof(text));
	for (int i = 0; i < SIM_V_COUNT; i++) {
		uint64_t n = sim_violations(rig->dev.sim, (enum sim_violation)i);

		if (!!n != (i == (int)class))
			fail_msg("%llu violations \"%s\", the last: \"%s\"",
				 (unsigned long long)n,
				 sim_violation_name((enum sim_violation)i), text);
	}
	if (!strstr(text, word))
		fail_msg("no \"%s\" in \"%s\"", word, text);
	sim_violations_clear(rig->dev.sim);
}

void t_expect_none(struct t_rig *rig)
{
	char text[256];

	sim_violation_last(rig->dev.sim, text, sizeof(text));
	if (sim_violations_total(rig->dev.sim))
		fail_msg("violation: \"%s\"", text);
	assert_string_equal(text, "");
}

struct sim_stats t_stats(struct t_rig *rig)
{
	struct sim_stats stats;

	sim_stats(rig->dev.sim, &stats);
	return stats;
}
