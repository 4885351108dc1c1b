// SPDX-License-Identifier: MIT
/*
 * What a driver gets wrong while it sets queues up: commands of the mailbox, contexts,
 * and the partition.  Each of them is refused, with its violation.
 *
 * What must not be done to queues that work is in test_violations.c.
 */
#include "strict.h"

/* ---- mailbox ---- */

static void t_commands_that_do_not_exist_fail(void **state)
{
	static const struct {
		uint8_t cmd;
		bool read;
	} commands[] = {
		{ 0x07, false },
		{ 0x0a, false },
		{ 0x0f, false },
		{ 0x10, true },
		{ 0xff, false },
		{ QM_MB_CMD_SQC_VFT, false },
		{ QM_MB_CMD_STOP_QP, true },
		{ QM_MB_CMD_SRC, false },
		{ QM_MB_CMD_DST, true },
		{ QM_MB_CMD_PAUSE_QM, false },
	};
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(commands); i++) {
		T_MB_FAILS(t_mailbox(&rig->dev, commands[i].cmd, 0,
				     rig->dev.context.bus, commands[i].read));
		t_expect(rig, SIM_V_MAILBOX, "command 0x");
	}
	t_rig_works(rig);
}

static void t_commands_without_their_capability_fail(void **state)
{
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	t_config(&config, QM_HW_V3);
	assert_int_equal(sim_config_set(&config, QM_CAP_FEATURES, 1), 0);
	t_rig_create(&rig, &config);
	t_rig_start(&rig);
	T_MB_FAILS(t_mailbox(&rig.dev, QM_MB_CMD_STOP_QP, 0, 0, false));
	t_expect(&rig, SIM_V_MAILBOX, "STOP_QP");
	T_MB_FAILS(t_mailbox(&rig.dev, QM_MB_CMD_FLUSH_QM, 0, 0, false));
	t_expect(&rig, SIM_V_MAILBOX, "FLUSH_QM");
	t_rig_works(&rig);
	t_rig_destroy(&rig);
}

static void t_a_command_needs_its_busy_bit(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_mailbox mb =
		t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0x1000, false);

	mb.w0 &= cpu_to_le16((uint16_t)~QM_MB_BUSY);
	t_mailbox_write(&rig->dev, &mb);
	t_expect(rig, SIM_V_MAILBOX, "busy");
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0, true), 0);
	assert_true(t_mailbox_addr(&rig->dev) == rig->dev.sqc_table.bus);
}

static void t_a_second_command_while_one_runs_is_refused(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_mailbox mb =
		t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0x1000, false);

	assert_int_equal(sim_fault(rig->dev.sim, "mailbox-hang"), 0);
	t_mailbox_write(&rig->dev, &mb);
	assert_true(t_read(&rig->dev, QM_MB) & QM_MB_BUSY);
	t_expect_none(rig);
	mb.addr_low = cpu_to_le32(0x2000);
	t_mailbox_write(&rig->dev, &mb);
	t_expect(rig, SIM_V_MAILBOX, "under way");
	assert_int_equal(t_read(&rig->dev, QM_MB + 4), 0x1000);
}

static void t_bits_of_the_device_in_a_command_are_reserved(void **state)
{
	static const uint16_t bits[] = { QM_MB_EVENT, 1 << 9, 1 << 12,
					 1 << 15 };
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(bits); i++) {
		struct hisi_qm_mailbox mb =
			t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0x1000, false);

		mb.w0 |= cpu_to_le16(bits[i]);
		t_mailbox_write(&rig->dev, &mb);
		T_MB_FAILS(t_mailbox_wait(&rig->dev));
		t_expect(rig, SIM_V_RESERVED, "mailbox");
	}
}

static void t_reserved_fields_of_a_command_are_zero(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_mailbox mb =
		t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0x1000, false);

	mb.reserved = cpu_to_le32(1);
	t_mailbox_write(&rig->dev, &mb);
	T_MB_FAILS(t_mailbox_wait(&rig->dev));
	t_expect(rig, SIM_V_RESERVED, "mailbox");
	T_MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_EQC, 3, rig->dev.context.bus,
			     false));
	t_expect(rig, SIM_V_RESERVED, "queue 3");
}

static void t_queues_of_others_cannot_be_started(void **state)
{
	struct t_rig *rig = *state;

	T_MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_SQC, T_QUEUES,
				  &rig->comp.sqc, 32));
	t_expect(rig, SIM_V_MAILBOX, "64");
	T_MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_CQC, 0xffff,
				  &rig->comp.cqc, 32));
	t_expect(rig, SIM_V_MAILBOX, "");
}

static void t_a_context_that_was_not_loaded_cannot_be_dumped(void **state)
{
	struct t_rig *rig = *state;
	uint8_t context[32];

	T_MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_SQC, 2, context, 32));
	T_MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_CQC, 2, context, 32));
	/* Nor one that is not any more. */
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_STOP_QP, 0, 0, false),
			 0);
	T_MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_SQC, 0, context, 32));
	t_reset(&rig->dev);
	T_MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_EQC, 0, context, 28));
	/* Who looks around does nothing wrong. */
	t_expect_none(rig);
}

static void t_contexts_lie_aligned(void **state)
{
	struct t_rig *rig = *state;

	T_MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_SQC, 2,
			     rig->dev.context.bus + 16, false));
	t_expect(rig, SIM_V_ALIGN, "SQC 2");
	T_MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_EQC, 0,
			     rig->dev.context.bus + 4, false));
	t_expect(rig, SIM_V_ALIGN, "EQ");
	T_MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0x1010, false));
	t_expect(rig, SIM_V_ALIGN, "SQC_BT");
}

static void t_a_context_outside_of_memory_is_a_bus_error(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_SHUTDOWN_SELECT, 0);
	T_MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_SQC, 2, 0x40, false));
	t_expect(rig, SIM_V_DMA, "0x40");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_AXI_READ);
	T_MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_SQC, 0, 0x40, true));
	t_expect(rig, SIM_V_DMA, "0x40");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS),
			 QM_ERR_AXI_READ | QM_ERR_AXI_WRITE);
}

/* ---- contexts ---- */

enum context {
	SQC,
	CQC,
};

/* Queue 2 with one byte changed cannot be loaded. */
static void check_bad_context(struct t_rig *rig, enum context which, size_t at,
			      uint8_t value, enum sim_violation class,
			      const char *word)
{
	struct t_queue q;
	uint8_t *c = which == SQC ? (uint8_t *)&q.sqc : (uint8_t *)&q.cqc;

	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	c[at] = value;
	T_MB_FAILS(t_queue_load(&q));
	t_expect(rig, class, word);
	t_queue_free(&q);
}

static void t_a_submission_queues_context_makes_sense(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum sim_violation class;
		const char *word;
	} cases[] = {
		{ 0, 1, SIM_V_CONTEXT, "head 1" },
		{ 2, 1, SIM_V_CONTEXT, "tail 1" },
		{ 4, 0x10, SIM_V_ALIGN, "aligned" },
		{ 13, 0x60, SIM_V_CONTEXT, "2^6" }, /* size of an entry */
		{ 14, 1, SIM_V_RESERVED, "dw3" },
		{ 18, 1, SIM_V_RESERVED, "w9" },
		{ 20, 1, SIM_V_CONTEXT, "PASID 1" }, /* not enabled */
		/* The other context's bit. */
		{ 22, 0x01, SIM_V_RESERVED, "w11" },
		{ 22, 0x40, SIM_V_RESERVED, "w11" }, /* toggle */
		{ 24, 1, SIM_V_CONTEXT, "CQ is 1" },
		{ 26, 0x00, SIM_V_CONTEXT, "order" },
		{ 26, 0x30, SIM_V_RESERVED, "w13" },
		{ 27, 0x02, SIM_V_CONTEXT, "type 2" },
		{ 27, 0x10, SIM_V_RESERVED, "w13" },
		{ 28, 1, SIM_V_RESERVED, "dw7" },
		{ 31, 0x80, SIM_V_RESERVED, "dw7" },
	};

	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++)
		check_bad_context(*state, SQC, cases[i].at, cases[i].value,
				  cases[i].class, cases[i].word);
}

static void t_a_completion_queues_context_makes_sense(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum sim_violation class;
		const char *word;
	} cases[] = {
		{ 0, 1, SIM_V_CONTEXT, "head 1" },
		{ 2, 1, SIM_V_CONTEXT, "tail 1" },
		{ 4, 0x08, SIM_V_ALIGN, "aligned" },
		{ 13, 0x30, SIM_V_CONTEXT, "2^3" },
		{ 15, 1, SIM_V_RESERVED, "dw3" },
		{ 18, 1, SIM_V_RESERVED, "w9" },
		{ 20, 1, SIM_V_CONTEXT, "PASID 1" },
		/* The other context's bit. */
		{ 22, 0x80, SIM_V_RESERVED, "w11" },
		{ 24, 0x02, SIM_V_CONTEXT, "phase" },
		{ 24, 0x07, SIM_V_RESERVED, "dw6" },
		{ 27, 0x01, SIM_V_RESERVED, "dw6" },
		{ 28, 1, SIM_V_RESERVED, "dw7" },
	};

	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++)
		check_bad_context(*state, CQC, cases[i].at, cases[i].value,
				  cases[i].class, cases[i].word);
}

static void t_a_ring_needs_an_address(void **state)
{
	struct t_rig *rig = *state;
	struct t_queue q;

	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	q.sqc.base_low = 0;
	q.sqc.base_high = 0;
	T_MB_FAILS(t_queue_load(&q));
	t_expect(rig, SIM_V_CONTEXT, "no ring");
	t_queue_free(&q);
}

static void t_a_ring_has_room_for_a_request(void **state)
{
	struct t_rig *rig = *state;
	struct t_queue q;

	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, 1);
	T_MB_FAILS(t_queue_load(&q));
	t_expect(rig, SIM_V_CONTEXT, "ring of 1");
	t_queue_free(&q);
}

static void t_a_ring_does_not_wrap_around_memory(void **state)
{
	struct t_rig *rig = *state;
	struct t_queue q;

	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	q.sqc.base_low = cpu_to_le32(0xfffff000);
	q.sqc.base_high = cpu_to_le32(0xffffffff);
	T_MB_FAILS(t_queue_load(&q));
	t_expect(rig, SIM_V_CONTEXT, "wraps");
	t_queue_free(&q);
}

static void t_a_refused_context_does_not_start_the_queue(void **state)
{
	struct t_rig *rig = *state;

	check_bad_context(rig, SQC, 0, 1, SIM_V_CONTEXT, "head 1");
	t_doorbell(&rig->dev, 2, QM_DB_CMD_SQ, 0, 1, 0);
	t_expect(rig, SIM_V_DOORBELL_QUEUE, "2");
	assert_int_equal(t_stats(rig).requests, 0);
}

/* A driver that is done with a queue leaves nothing in the device that names memory. */
static void t_a_queue_loaded_disabled_takes_no_doorbells(void **state)
{
	struct t_rig *rig = *state;
	struct t_queue q;

	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	assert_int_equal(t_queue_load(&q), 0);
	q.sqc.w13 |= cpu_to_le16(QM_SQC_DISABLED);
	assert_int_equal(t_context_load(&rig->dev, QM_MB_CMD_SQC, 2, &q.sqc,
					sizeof(q.sqc)),
			 0);
	t_doorbell(&rig->dev, 2, QM_DB_CMD_SQ, 0, 1, 0);
	t_expect(rig, SIM_V_DOORBELL_QUEUE, "2");
	assert_int_equal(t_stats(rig).requests, 0);
	t_queue_free(&q);
}

static void t_an_event_queues_context_makes_sense(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum sim_violation class;
		const char *word;
	} cases[] = {
		{ 0, 1, SIM_V_CONTEXT, "head 1" },
		{ 2, 1, SIM_V_CONTEXT, "tail 1" },
		{ 4, 0x04, SIM_V_ALIGN, "aligned" },
		{ 12, 1, SIM_V_RESERVED, "dw3" },
		{ 16, 1, SIM_V_RESERVED, "dw4" },
		{ 20, 1, SIM_V_RESERVED, "dw5" },
		{ 24, 0, SIM_V_CONTEXT, "ring of 1" },
		{ 26, 0, SIM_V_CONTEXT, "phase" },
		{ 26, 3, SIM_V_RESERVED, "dw6" },
	};
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(cases); i++) {
		struct hisi_qm_eqc eqc = {
			.base_low = cpu_to_le32((uint32_t)rig->dev.eq.mem.bus),
			.base_high = cpu_to_le32(
				(uint32_t)(rig->dev.eq.mem.bus >> 32)),
			.dw6 = cpu_to_le32(63 | QM_EQC_PHASE),
		};

		((uint8_t *)&eqc)[cases[i].at] = cases[i].value;
		T_MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_EQC, 0, &eqc,
					  sizeof(eqc)));
		t_expect(rig, cases[i].class, cases[i].word);
		T_MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_AEQC, 0, &eqc,
					  sizeof(eqc)));
		t_expect(rig, cases[i].class, cases[i].word);
	}
	/* The old ones are still there. */
	t_rig_works(rig);
	assert_int_equal(t_eq_handle(&rig->dev), 1);
}

static void t_v2_has_no_bit_for_pasids(void **state)
{
	struct t_rig *rig = *state;
	struct t_queue q;

	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	q.sqc.pasid = cpu_to_le16(5);
	q.sqc.w11 = cpu_to_le16(QM_SQC_PASID);
	T_MB_FAILS(t_queue_load(&q));
	t_expect(rig, SIM_V_CONTEXT, "PASID");
	t_queue_free(&q);
}

/* ---- partition ---- */

static void check_bad_vft(struct t_rig *rig, uint32_t type, uint32_t function,
			  uint64_t data, const char *word)
{
	uint64_t kept;

	assert_int_equal(t_vft_write(&rig->dev, type, function, data), 0);
	t_expect(rig, SIM_V_VFT, word);
	assert_int_equal(t_vft_read(&rig->dev, QM_VFT_SQC, 0, &kept), 0);
	assert_true(kept == t_vft_sqc(0, T_QUEUES));
	t_rig_works(rig);
}

static void t_a_partition_makes_sense(void **state)
{
	struct t_rig *rig = *state;

	check_bad_vft(rig, QM_VFT_SQC, 0, t_vft_sqc(1000, 100), "1000");
	check_bad_vft(rig, QM_VFT_SQC, 0, t_vft_sqc(0, 64) | 1, "data");
	check_bad_vft(rig, QM_VFT_SQC, 0, t_vft_sqc(0, 64) & ~QM_VFT_SQC_VALID,
		      "data");
	check_bad_vft(rig, QM_VFT_CQC, 0, QM_VFT_CQC_VALID | 1, "data");
	check_bad_vft(rig, QM_VFT_SQC, 64, t_vft_sqc(0, 64), "function 64");
	check_bad_vft(rig, 3, 0, 0, "type 3");
}

static void t_a_new_partition_stops_all_queues(void **state)
{
	struct t_rig *rig = *state;
	uint64_t vft = t_vft_sqc(0, T_QUEUES);

	assert_int_equal(t_vft_write(&rig->dev, QM_VFT_SQC, 0, vft), 0);
	t_doorbell(&rig->dev, 0, QM_DB_CMD_SQ, 0, 1, 0);
	t_expect(rig, SIM_V_DOORBELL_QUEUE, "0");
	t_rig_queues(rig);
	t_rig_works(rig);
}

static void t_a_shaper_needs_its_capability(void **state)
{
	struct t_rig *rig = *state;

	check_bad_vft(rig, QM_VFT_SHAPER, 0, 0x00988696, "shaper");
}

static void t_a_partition_beyond_the_device_is_refused(void **state)
{
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	t_config(&config, QM_HW_V3);
	assert_int_equal(sim_config_set(&config, QM_QUEUES, 16 << 11 | 16), 0);
	t_rig_create(&rig, &config);
	assert_int_equal(t_mem_init(&rig.dev), 0);
	assert_int_equal(t_vft_write(&rig.dev, QM_VFT_SQC, 0, t_vft_sqc(0, 16)),
			 0);
	t_expect_none(&rig);
	assert_int_equal(t_vft_write(&rig.dev, QM_VFT_SQC, 0, t_vft_sqc(0, 17)),
			 0);
	t_expect(&rig, SIM_V_VFT, "17 queues");
	t_rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T_STARTED(t_commands_that_do_not_exist_fail),
		cmocka_unit_test(t_commands_without_their_capability_fail),
		T_STARTED(t_a_command_needs_its_busy_bit),
		T_STARTED(t_a_second_command_while_one_runs_is_refused),
		T_STARTED(t_bits_of_the_device_in_a_command_are_reserved),
		T_STARTED(t_reserved_fields_of_a_command_are_zero),
		T_STARTED(t_queues_of_others_cannot_be_started),
		T_STARTED(t_a_context_that_was_not_loaded_cannot_be_dumped),
		T_STARTED(t_contexts_lie_aligned),
		T_STARTED(t_a_context_outside_of_memory_is_a_bus_error),

		T_STARTED(t_a_submission_queues_context_makes_sense),
		T_STARTED(t_a_completion_queues_context_makes_sense),
		T_STARTED(t_a_ring_needs_an_address),
		T_STARTED(t_a_ring_has_room_for_a_request),
		T_STARTED(t_a_ring_does_not_wrap_around_memory),
		T_STARTED(t_a_refused_context_does_not_start_the_queue),
		T_STARTED(t_a_queue_loaded_disabled_takes_no_doorbells),
		T_STARTED(t_an_event_queues_context_makes_sense),
		T_STARTED_V2(t_v2_has_no_bit_for_pasids),

		T_STARTED(t_a_partition_makes_sense),
		T_STARTED(t_a_new_partition_stops_all_queues),
		T_STARTED(t_a_shaper_needs_its_capability),
		cmocka_unit_test(t_a_partition_beyond_the_device_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
