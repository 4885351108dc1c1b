// SPDX-License-Identifier: MIT
/*
 * What a broken device does by itself: entries nobody asked for, interrupts without a
 * reason, steps that never end, completions after the end.  Nothing of that is counted
 * as a violation; what a driver does because it believed in it is.
 */
#include <time.h>

#include "strict.h"

static void fault(struct t_rig *rig, const char *text)
{
	assert_int_equal(sim_fault(rig->dev.sim, text), 0);
}

static uint64_t irqs(struct t_rig *rig, unsigned int vector)
{
	return inproc_irqs(rig->dev.host, vector);
}

static int mailbox(struct t_rig *rig, uint8_t cmd)
{
	return t_mailbox(&rig->dev, cmd, 0, 0, false);
}

static int ask(struct t_rig *rig)
{
	return t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0, true);
}

static void restart(struct t_rig *rig)
{
	t_reset(&rig->dev);
	assert_int_equal(t_start(&rig->dev), 0);
	t_rig_queues(rig);
	t_rig_works(rig);
}

/* ---- entries ---- */

static void t_events_of_any_queue_can_be_had(void **state)
{
	static const struct {
		const char *text;
		uint32_t queue;
	} events[] = {
		{ "eqe 0", 0 },
		{ "eqe 63", 63 },
		{ "eqe 64", 64 },
		{ "eqe 65535", 0xffff },
	};
	struct t_rig *rig = *state;
	uint32_t entry;

	for (size_t i = 0; i < 3 * T_EQ_DEPTH; i++) {
		fault(rig, events[i % 4].text);
		assert_int_equal(irqs(rig, T_IRQ_EQ), i + 1);
		assert_true(t_ring_take(&rig->dev.eq, &entry));
		assert_int_equal(FIELD_GET(QM_EQE_QUEUE, entry),
				 events[i % 4].queue);
		assert_int_equal(t_eq_handle(&rig->dev), 0);
	}
	t_rig_works(rig);
}

static void t_stale_entries_bring_an_interrupt_and_nothing_else(void **state)
{
	struct t_rig *rig = *state;
	uint32_t event;

	t_rig_works(rig);
	t_cq_ring(&rig->comp, true);
	assert_int_equal(t_eq_handle(&rig->dev), 1);
	fault(rig, "eqe 5 stale");
	assert_int_equal(irqs(rig, T_IRQ_EQ), 2);
	assert_int_not_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	assert_int_equal(t_eq_handle(&rig->dev), 0);
	fault(rig, "aeq 1 5 stale");
	assert_int_equal(irqs(rig, T_IRQ_AEQ), 1);
	assert_int_equal(t_aeq_handle(&rig->dev, &event, 1), 0);
	fault(rig, "cqe 0 7 stale");
	assert_false(t_cqe_ready(&rig->comp));
	assert_int_equal(t_eq_handle(&rig->dev), 1);
	/* What comes next takes their places. */
	t_cq_ring(&rig->comp, true);
	t_rig_works(rig);
	assert_int_equal(t_eq_handle(&rig->dev), 1);
}

static void t_error_events_may_be_of_unknown_types_and_queues(void **state)
{
	struct t_rig *rig = *state;
	uint32_t event;

	fault(rig, "aeq 15 65535");
	assert_int_equal(t_aeq_handle(&rig->dev, &event, 1), 1);
	assert_int_equal(FIELD_GET(QM_AEQE_TYPE, event), 15);
	assert_int_equal(FIELD_GET(QM_EQE_QUEUE, event), 0xffff);
}

static void t_completions_may_be_of_any_slot(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_works(rig);
	t_cq_ring(&rig->comp, true);
	t_eq_handle(&rig->dev);
	/* The slot that was, one never filled, one outside the ring. */
	rig->comp.pending = 3;
	fault(rig, "cqe 0 0");
	fault(rig, "cqe 0 9");
	fault(rig, "cqe 0 65535");
	assert_int_equal(t_eq_handle(&rig->dev), 1);
	assert_int_equal(t_take(&rig->comp, &sqe), 0);
	assert_int_equal(t_take(&rig->comp, &sqe), 9);
	assert_int_equal(t_take(&rig->comp, &sqe), -ERANGE);
	rig->comp.pending = 0;
	t_cq_ring(&rig->comp, true);
	t_rig_works(rig);
	assert_int_equal(t_stats(rig).completed, 2);
	assert_int_equal(t_stats(rig).cqes, 5);
	assert_int_equal(t_stats(rig).faults, 3);
}

static void t_entries_need_their_ring(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(sim_fault(rig->dev.sim, "eqe 0"), -ENODEV);
	assert_int_equal(sim_fault(rig->dev.sim, "aeq 0 0"), -ENODEV);
	assert_int_equal(sim_fault(rig->dev.sim, "cqe 0 0"), -ENODEV);
	assert_int_equal(t_start(&rig->dev), 0);
	assert_int_equal(sim_fault(rig->dev.sim, "cqe 0 0"), -ENODEV);
	assert_int_equal(sim_fault(rig->dev.sim, "cqe 1000 0"), -ENODEV);
	fault(rig, "eqe 0");
	assert_int_equal(t_stats(rig).faults, 1);
}

/* The overflow is an error that is told, and not the driver's. */
static void t_a_ring_full_of_them_overflows_without_a_violation(void **state)
{
	struct t_rig *rig = *state;
	uint32_t event;

	for (unsigned int i = 0; i < T_EQ_DEPTH; i++)
		fault(rig, "eqe 1");
	assert_int_equal(t_aeq_handle(&rig->dev, &event, 1), 0);
	fault(rig, "eqe 1");
	assert_int_equal(t_aeq_handle(&rig->dev, &event, 1), 1);
	assert_int_equal(FIELD_GET(QM_AEQE_TYPE, event), QM_AEQE_EQ_OVERFLOW);
	for (unsigned int i = 0; i < T_DEPTH; i++)
		fault(rig, "cqe 1 0");
	assert_int_equal(sim_fault(rig->dev.sim, "cqe 1 0"), -ENOSPC);
}

/* A driver that takes such a completion for real rings for more than there is room. */
static void
t_what_is_done_in_good_faith_is_a_violation_all_the_same(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	fault(rig, "hang 1");
	t_rig_sqe(rig, &sqe);
	while (t_put(&rig->comp, &sqe) >= 0)
		;
	t_ring(&rig->comp);
	fault(rig, "cqe 0 0");
	assert_int_equal(t_take(&rig->comp, &sqe), 0);
	t_cq_ring(&rig->comp, true);
	t_rig_sqe(rig, &sqe);
	assert_true(t_send(&rig->comp, &sqe) >= 0);
	t_expect(rig, SIM_V_DOORBELL_INDEX, "passes the head");
	t_reset(&rig->dev);
}

static void t_a_tag_can_come_back_changed(void **state)
{
	struct t_rig *rig = *state;
	bool v3 = rig->dev.config.revision >= QM_HW_V3;
	uint64_t tag = v3 ? 0x123456789abcdef0 : 0x9abcdef0;
	uint64_t mask = v3 ? 0x100000001 : 1;
	struct hisi_zip_sqe sqe;

	fault(rig, "tag 1 0x100000001");
	for (int i = 0; i < 2; i++) {
		t_rig_sqe(rig, &sqe);
		t_sqe_set_tag(&sqe, tag);
		assert_int_equal(t_rig_status(&rig->comp, &sqe),
				 HZIP_STATUS_OK);
		assert_true(t_sqe_tag(&sqe) == (i ? tag : tag ^ mask));
	}
}

/* ---- interrupts ---- */

static void t_a_storm_is_of_one_vector_and_brings_nothing(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "storm 0 1000");
	fault(rig, "storm 3 5");
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1000);
	assert_int_equal(irqs(rig, T_IRQ_AEQ), 0);
	assert_int_equal(irqs(rig, T_IRQ_ABNORMAL), 5);
	assert_int_equal(t_eq_handle(&rig->dev), 0);
	assert_int_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	t_rig_works(rig);
}

static void t_a_storm_may_take_time_and_be_ended(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "storm 1 20 100");
	assert_true(inproc_wait_irq(rig->dev.host, T_IRQ_AEQ, 19, T_WAIT_MS));
	assert_int_equal(irqs(rig, T_IRQ_AEQ), 20);
	fault(rig, "storm 1 1000000 1000000");
	fault(rig, "clear");
	assert_int_equal(irqs(rig, T_IRQ_AEQ), 20);
}

/* ---- errors with details ---- */

static void t_errors_fill_the_registers_with_their_details(void **state)
{
	static const struct {
		const char *text;
		uint32_t offset, value;
	} errors[] = {
		{ "ras qm 0 1", QM_ERR_AXI_READ_INFO, 0x00400000 },
		{ "ras qm 0", QM_ERR_AXI_READ_INFO, 0 },
		{ "ras qm 2 17", QM_ECC_MBIT_COUNT, 1 },
		{ "ras qm 2 18", QM_ECC_MBIT_INFO, 18 },
		{ "ras qm 3 19", QM_ECC_1BIT_COUNT, 1 },
		{ "ras qm 3 20", QM_ECC_1BIT_INFO, 20 },
		{ "ras qm 10 0x123 5", QM_ERR_DOORBELL_INFO, 0x01230005 },
		{ "ras qm 11 7 63", QM_ERR_FIFO_INFO, 0x0007003f },
		{ "ras zip 0 9", HZIP_SRAM_ECC_INFO, 0x00090000 },
		{ "ras zip 1 255", HZIP_SRAM_ECC_INFO, 0x00ff0000 },
	};
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(errors); i++) {
		fault(rig, errors[i].text);
		assert_int_equal(t_read(&rig->dev, errors[i].offset),
				 errors[i].value);
	}
	assert_int_equal(t_stats(rig).faults, T_ARRAY_SIZE(errors));
	restart(rig);
	assert_int_equal(t_read(&rig->dev, QM_ERR_DOORBELL_INFO), 0);
}

/* ---- steps that fail ---- */

static void t_mailbox_commands_can_fail_several_times(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "mailbox 5 3");
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(rig), 5);
	assert_int_equal(ask(rig), 0);
	fault(rig, "mailbox 1 always");
	for (int i = 0; i < 100; i++)
		assert_int_equal(ask(rig), 1);
	fault(rig, "clear");
	assert_int_equal(ask(rig), 0);
	assert_int_equal(t_stats(rig).faults, 103);
}

static bool mailbox_stays_busy(struct t_rig *rig)
{
	for (int i = 0; i < 100; i++) {
		if (!(t_read(&rig->dev, QM_MB) & QM_MB_BUSY))
			return false;
	}
	return true;
}

static void t_a_mailbox_can_hang_again_after_a_reset(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_mailbox mb =
		t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0, true);

	fault(rig, "mailbox-hang 2");
	for (int i = 0; i < 2; i++) {
		t_mailbox_write(&rig->dev, &mb);
		assert_true(mailbox_stays_busy(rig));
		t_reset(&rig->dev);
	}
	restart(rig);
}

static void t_stopping_a_queue_can_fail(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "stop 3 2");
	assert_int_equal(mailbox(rig, QM_MB_CMD_STOP_QP), 3);
	assert_int_equal(mailbox(rig, QM_MB_CMD_FLUSH_QM), 3);
	/* Neither did anything. */
	t_rig_works(rig);
	assert_int_equal(t_queue_stop(&rig->comp), 0);
}

static void t_stopping_a_queue_may_never_end(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_mailbox mb =
		t_mailbox_make(QM_MB_CMD_STOP_QP, 0, 0, false);

	fault(rig, "stop-hang always");
	t_mailbox_write(&rig->dev, &mb);
	assert_true(mailbox_stays_busy(rig));
	t_reset(&rig->dev);
	assert_int_equal(t_start(&rig->dev), 0);
	mb = t_mailbox_make(QM_MB_CMD_FLUSH_QM, 0, 0, false);
	t_mailbox_write(&rig->dev, &mb);
	assert_true(mailbox_stays_busy(rig));
	fault(rig, "clear");
	restart(rig);
	assert_int_equal(mailbox(rig, QM_MB_CMD_FLUSH_QM), 0);
}

static void t_memories_may_never_be_initialized(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "mem-hang 2");
	for (int i = 0; i < 2; i++) {
		t_write(&rig->dev, QM_MEM_START, 1);
		assert_int_equal(t_read(&rig->dev, QM_MEM_DONE), 0);
	}
	assert_int_equal(ask(rig), 1);
	t_expect(rig, SIM_V_ORDER, "before memories");
	assert_int_equal(t_mem_init(&rig->dev), 0);
	restart(rig);
}

static void t_the_vft_may_never_be_ready(void **state)
{
	struct t_rig *rig = *state;
	uint64_t data;

	fault(rig, "vft-hang");
	t_write(&rig->dev, QM_VFT_TYPE, QM_VFT_SQC);
	t_write(&rig->dev, QM_VFT_FUNCTION, 0);
	t_write(&rig->dev, QM_VFT_DATA_LOW, 0);
	t_write(&rig->dev, QM_VFT_DATA_HIGH, 0);
	t_write(&rig->dev, QM_VFT_OP, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(t_read(&rig->dev, QM_VFT_READY), 0);
	/* The queues are where they were. */
	t_rig_works(rig);
	restart(rig);
	assert_int_equal(t_vft_read(&rig->dev, QM_VFT_SQC, 0, &data), 0);
	assert_true(data == t_vft_sqc(0, T_QUEUES));
}

/* By firmware, of which the model sees only what comes before and after. */
static void t_a_controller_reset_ends_what_was_under_way(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	fault(rig, "hang 1");
	fault(rig, "vft-hang");
	t_rig_sqe(rig, &sqe);
	for (int i = 0; i < 3; i++)
		t_send(&rig->comp, &sqe);
	t_write(&rig->dev, QM_VFT_OP, 1);
	assert_int_equal(t_read(&rig->dev, QM_VFT_READY), 0);
	assert_int_equal(t_read(&rig->dev, QM_DFX_IDLE), 0);
	t_write(&rig->dev, QM_AXI_CTRL, 1);
	t_write(&rig->dev, QM_VFT_READY, 1);
	assert_int_equal(t_start(&rig->dev), 0);
	assert_int_equal(t_read(&rig->dev, QM_AXI_CTRL), 0);
	assert_int_equal(t_read(&rig->dev, QM_DFX_IDLE), 1);
	t_rig_queues(rig);
	t_rig_works(rig);
}

static void t_transactions_may_never_return(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "axi-hang 2");
	for (int i = 0; i < 3; i++) {
		t_write(&rig->dev, QM_AXI_CTRL, 1);
		for (int n = 0; n < 100; n++)
			assert_int_equal(t_read(&rig->dev, QM_AXI_RETURNED),
					 i < 2 ? 0 : 3);
		t_write(&rig->dev, QM_AXI_CTRL, 0);
		assert_int_equal(t_read(&rig->dev, QM_AXI_RETURNED), 3);
	}
	t_rig_works(rig);
	fault(rig, "axi-hang");
	t_write(&rig->dev, QM_AXI_CTRL, 1);
	restart(rig);
	assert_int_equal(t_read(&rig->dev, QM_AXI_RETURNED), 3);
}

static void t_a_reset_may_take_time(void **state)
{
	struct t_rig *rig = *state;

	inproc_set_time(rig->dev.host, 1000000000);
	sim_stay_away(rig->dev.sim);
	t_rig_works(rig);
	fault(rig, "flr-slow 20");
	t_reset(&rig->dev);
	sim_stay_away(rig->dev.sim);
	inproc_set_time(rig->dev.host, 1019999999);
	assert_true(sim_is_removed(rig->dev.sim));
	assert_int_equal(t_read(&rig->dev, QM_MEM_DONE), UINT32_MAX);
	t_write(&rig->dev, QM_ERR_MASK, 1);
	t_write(&rig->dev, QM_ERR_STATUS, 1);
	inproc_set_time(rig->dev.host, 1020000000);
	assert_false(sim_is_removed(rig->dev.sim));
	assert_int_equal(t_read(&rig->dev, QM_MEM_DONE), 1);
	assert_int_equal(t_read(&rig->dev, QM_ERR_MASK), 0);
	restart(rig);
	assert_int_equal(t_stats(rig).faults, 1);
}

/* ---- completions after the end ---- */

/* The model's own thread writes them. */
static void wait_for_late_writes(struct t_rig *rig)
{
	const struct timespec ms = { 0, 1000000 };

	for (int i = 0; i < T_WAIT_MS && t_stats(rig).late < 2; i++)
		nanosleep(&ms, NULL);
	assert_int_equal(t_stats(rig).late, 2);
}

/* Then the CQ has an entry that nobody waits for. */
static void expect_late_entry(struct t_rig *rig, uint64_t ns)
{
	assert_false(t_cqe_ready(&rig->comp));
	inproc_set_time(rig->dev.host, ns);
	wait_for_late_writes(rig);
	assert_true(t_cqe_ready(&rig->comp));
}

static void late_after(struct t_rig *rig, uint8_t cmd)
{
	inproc_set_time(rig->dev.host, 1000000000);
	fault(rig, "late 0 500");
	t_rig_works(rig);
	assert_int_equal(mailbox(rig, cmd), 0);
	expect_late_entry(rig, 1000500000);
	assert_int_equal(t_stats(rig).late_refused, 0);
	/* Once. */
	restart(rig);
	assert_int_equal(t_queue_stop(&rig->comp), 0);
	inproc_set_time(rig->dev.host, 2000000000);
	assert_false(t_cqe_ready(&rig->comp));
}

static void t_a_stopped_queue_may_be_written_later(void **state)
{
	late_after(*state, QM_MB_CMD_STOP_QP);
}

static void t_a_flushed_queue_may_be_written_later(void **state)
{
	late_after(*state, QM_MB_CMD_FLUSH_QM);
}

static void t_a_queue_without_vft_may_be_written_later(void **state)
{
	struct t_rig *rig = *state;

	inproc_set_time(rig->dev.host, 1000000000);
	fault(rig, "late 0 500");
	t_rig_works(rig);
	assert_int_equal(t_stop(&rig->dev), 0);
	expect_late_entry(rig, 1000500000);
}

static void t_late_writes_to_nowhere_are_counted_and_no_violation(void **state)
{
	struct t_rig *rig = *state;

	inproc_set_time(rig->dev.host, 1000000000);
	fault(rig, "late 0 500");
	assert_int_equal(t_queue_stop(&rig->comp), 0);
	t_queue_free(&rig->comp);
	inproc_set_time(rig->dev.host, 1000500000);
	wait_for_late_writes(rig);
	assert_int_equal(t_stats(rig).late_refused, 2);
	t_queue_init(&rig->comp, &rig->dev, 0, HZIP_QUEUE_COMPRESS, T_DEPTH);
}

static void t_a_reset_ends_what_would_be_late(void **state)
{
	struct t_rig *rig = *state;

	inproc_set_time(rig->dev.host, 1000000000);
	fault(rig, "late 0 500");
	assert_int_equal(t_queue_stop(&rig->comp), 0);
	restart(rig);
	inproc_set_time(rig->dev.host, 2000000000);
	t_rig_works(rig);
	assert_int_equal(t_stats(rig).late, 0);
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		T_STARTED(t_events_of_any_queue_can_be_had),
		T_STARTED(t_stale_entries_bring_an_interrupt_and_nothing_else),
		T_STARTED(t_error_events_may_be_of_unknown_types_and_queues),
		T_STARTED(t_completions_may_be_of_any_slot),
		T_UNTOUCHED(t_entries_need_their_ring),
		T_STARTED(t_a_ring_full_of_them_overflows_without_a_violation),
		T_STARTED(t_what_is_done_in_good_faith_is_a_violation_all_the_same),
		T_STARTED(t_a_tag_can_come_back_changed),
		T_STARTED_V2(t_a_tag_can_come_back_changed),

		T_STARTED(t_a_storm_is_of_one_vector_and_brings_nothing),
		T_STARTED(t_a_storm_may_take_time_and_be_ended),

		T_STARTED(t_errors_fill_the_registers_with_their_details),

		T_STARTED(t_mailbox_commands_can_fail_several_times),
		T_STARTED(t_a_mailbox_can_hang_again_after_a_reset),
		T_STARTED(t_stopping_a_queue_can_fail),
		T_STARTED(t_stopping_a_queue_may_never_end),
		T_STARTED(t_memories_may_never_be_initialized),
		T_STARTED(t_the_vft_may_never_be_ready),
		T_STARTED(t_a_controller_reset_ends_what_was_under_way),
		T_STARTED(t_transactions_may_never_return),
		T_STARTED(t_a_reset_may_take_time),

		T_STARTED(t_a_stopped_queue_may_be_written_later),
		T_STARTED(t_a_flushed_queue_may_be_written_later),
		T_STARTED(t_a_queue_without_vft_may_be_written_later),
		T_STARTED(t_late_writes_to_nowhere_are_counted_and_no_violation),
		T_STARTED(t_a_reset_ends_what_would_be_late),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
