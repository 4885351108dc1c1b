// SPDX-License-Identifier: MIT
/*
 * V4 and V5: the same revision as V3, told apart by a register, and with some
 * registers more.
 */
#include "strict.h"

static void fault(struct t_rig *rig, const char *text)
{
	assert_int_equal(sim_fault(rig->dev.sim, text), 0);
}

static int setup(void **state, uint32_t version)
{
	struct t_rig *rig = malloc(sizeof(*rig));
	struct sim_config config;

	assert_non_null(rig);
	t_config(&config, QM_HW_V3);
	assert_int_equal(sim_config_set(&config, QM_SUB_VERSION, version), 0);
	t_rig_create(rig, &config);
	inproc_set_time(rig->dev.host, 1000);
	t_reset(&rig->dev);
	t_rig_start(rig);
	*state = rig;
	return 0;
}

static int setup_v4(void **state)
{
	return setup(state, QM_HW_V4);
}

static int setup_v5(void **state)
{
	return setup(state, QM_HW_V5);
}

static void t_the_version_is_told_and_the_rest_is_as_ever(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(t_read(&rig->dev, QM_SUB_VERSION),
			 rig->dev.config.sub_version);
	assert_int_equal(sim_revision(rig->dev.sim), QM_HW_V3);
	t_rig_works(rig);
}

static void t_there_are_no_other_versions(void **state)
{
	static const uint32_t others[] = { 1, 0x21, 0x30, 0x4f, 0x52, 0x5000 };
	struct t_rig *rig = *state;
	struct sim_config config;
	struct sim *sim;

	t_config(&config, QM_HW_V3);
	for (size_t i = 0; i < T_ARRAY_SIZE(others); i++) {
		assert_int_equal(
			sim_config_set(&config, QM_SUB_VERSION, others[i]),
			-EINVAL);
		config.sub_version = others[i];
		assert_int_equal(
			sim_create(&sim, &config, &inproc_ops, rig->dev.host),
			-EINVAL);
	}
}

static void t_registers_come_with_their_version(void **state)
{
	static const struct {
		uint32_t offset, mask, since;
	} regs[] = {
		{ QM_MIGRATION_REGION, 1, QM_HW_V4 },
		{ QM_MSG_TO_PF, ~0u, QM_HW_V4 },
		{ QM_MSG_TO_PF + 4, ~0u, QM_HW_V4 },
		{ QM_MSG_TO_VF, ~0u, QM_HW_V4 },
		{ QM_FUNCTION_DB_DROP, 1, QM_HW_V5 },
		{ QM_DB_DROP + 4, ~0u, QM_HW_V5 },
	};
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(regs); i++) {
		uint32_t value = 0x89abcdef & regs[i].mask;

		t_write(&rig->dev, regs[i].offset, value);
		if (rig->dev.config.sub_version < regs[i].since) {
			t_expect(rig, SIM_V_NO_REGISTER, "no register");
			value = 0;
		}
		assert_int_equal(t_read(&rig->dev, regs[i].offset), value);
	}
	t_reset(&rig->dev);
	for (size_t i = 0; i < T_ARRAY_SIZE(regs); i++)
		assert_int_equal(t_read(&rig->dev, regs[i].offset), 0);
}

static void t_messages_are_of_64_bits(void **state)
{
	struct t_rig *rig = *state;

	t_write64(&rig->dev, QM_MSG_TO_VF, 0x123456789abcdef0);
	assert_true(t_read64(&rig->dev, QM_MSG_TO_VF) == 0x123456789abcdef0);
	t_write64(&rig->dev, QM_MSG_TO_PF, 0xfedcba9876543210);
	assert_true(t_read64(&rig->dev, QM_MSG_TO_PF) == 0xfedcba9876543210);
	assert_true(t_read64(&rig->dev, QM_MSG_FROM_PF) == 0);
	for (uint32_t vf = 0; vf < 64; vf++)
		assert_int_equal(t_read(&rig->dev, QM_MSG_FROM_VF + 4 * vf), 0);
	t_write(&rig->dev, QM_MSG_FROM_VF + 4, 1);
	t_expect(rig, SIM_V_READ_ONLY, "0x104804");
}

/* Two registers do so, of the function and of the device. */
static void t_dropped_doorbells_do_nothing(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	for (int i = 0; i < 2; i++) {
		if (i)
			t_write64(&rig->dev, QM_DB_DROP, UINT64_MAX);
		else
			t_write(&rig->dev, QM_FUNCTION_DB_DROP, 1);
		t_send(&rig->comp, &sqe);
		/* Not even a wrong one. */
		t_doorbell(&rig->dev, 500, QM_DB_CMD_SQ, 0, 9, 0);
		assert_int_equal(t_stats(rig).requests, (uint64_t)i);
		if (i)
			t_write64(&rig->dev, QM_DB_DROP, ~1ull);
		else
			t_write(&rig->dev, QM_FUNCTION_DB_DROP, 0);
		t_ring(&rig->comp);
		assert_int_equal(t_stats(rig).requests, (uint64_t)i + 1);
		assert_true(t_recv(&rig->comp, &sqe) >= 0);
		t_cq_ring(&rig->comp, true);
	}
	t_rig_works(rig);
}

static void t_axi_errors_are_told_by_function(void **state)
{
	struct t_rig *rig = *state;

	assert_true(t_read64(&rig->dev, QM_FUNCTION_AXI_ERR) == 0);
	fault(rig, "ras qm 0 0 63");
	fault(rig, "ras qm 1 0 0");
	fault(rig, "ras qm 12 0 5");
	assert_true(t_read64(&rig->dev, QM_FUNCTION_AXI_ERR) ==
		    (1ull << 63 | 1));
	t_write64(&rig->dev, QM_FUNCTION_AXI_ERR, 1ull << 63);
	assert_true(t_read64(&rig->dev, QM_FUNCTION_AXI_ERR) == 1);
	t_write64(&rig->dev, QM_FUNCTION_AXI_ERR, UINT64_MAX);
	assert_true(t_read64(&rig->dev, QM_FUNCTION_AXI_ERR) == 0);
	t_reset(&rig->dev);
	assert_int_equal(t_start(&rig->dev), 0);
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_SQC, 0, 0x1000, false),
			 1);
	t_expect(rig, SIM_V_DMA, "0x1000");
	assert_true(t_read64(&rig->dev, QM_FUNCTION_AXI_ERR) == 1);
}

static uint32_t percent(struct t_rig *rig, uint32_t which)
{
	uint32_t usage = t_read(&rig->dev, QM_USAGE + 4 * which);
	uint32_t total = FIELD_GET(QM_USAGE_TOTAL, usage);

	return total ? FIELD_GET(QM_USAGE_USED, usage) * 100 / total : 0;
}

/* 3000 bytes at 3636 MB/s are 825 ns of one of two cores. */
static void t_use_is_counted_from_one_look_to_the_next(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(percent(rig, 0), 0);
	assert_int_equal(FIELD_GET(QM_USAGE_TOTAL, t_read(&rig->dev, QM_USAGE)),
			 2 * 3636);
	t_rig_works(rig);
	inproc_set_time(rig->dev.host, 2000);
	assert_in_range(percent(rig, 0), 40, 42);
	assert_int_equal(percent(rig, 1), 0);
	assert_int_equal(percent(rig, 2), 0);
	inproc_set_time(rig->dev.host, 3000);
	assert_int_equal(percent(rig, 0), 0);
	for (int i = 0; i < 100; i++)
		t_rig_works(rig);
	inproc_set_time(rig->dev.host, 4000);
	assert_int_equal(percent(rig, 0), 100);
}

#define V4(test) cmocka_unit_test_setup_teardown(test, setup_v4, t_teardown)
#define V5(test) cmocka_unit_test_setup_teardown(test, setup_v5, t_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		V4(t_the_version_is_told_and_the_rest_is_as_ever),
		V5(t_the_version_is_told_and_the_rest_is_as_ever),
		V4(t_there_are_no_other_versions),
		T_STARTED(t_registers_come_with_their_version),
		V4(t_registers_come_with_their_version),
		V5(t_registers_come_with_their_version),
		V4(t_messages_are_of_64_bits),
		V5(t_messages_are_of_64_bits),
		V5(t_dropped_doorbells_do_nothing),
		V5(t_axi_errors_are_told_by_function),
		V5(t_use_is_counted_from_one_look_to_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
