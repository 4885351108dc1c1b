// SPDX-License-Identifier: MIT
/*
 * What a driver must not do: each rule by a test of its own that breaks it and looks at
 * what is counted, what is said, and what the device makes of it.
 *
 * Registers and widths are in test_registers.c, what sets queues up in
 * test_bad_commands.c, requests in test_bad_requests.c.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strict.h"

/* ---- a driver that does nothing wrong ---- */

static void run_good_driver(struct t_rig *rig)
{
	struct hisi_zip_sqe sqe;

	for (int i = 0; i < 200; i++) {
		t_rig_works(rig);
		t_cq_ring(&rig->comp, true);
		t_eq_handle(&rig->dev);
		if (i % 20)
			continue;
		t_rig_sqe(rig, &sqe);
		sqe.src_low = cpu_to_le32((uint32_t)rig->out.bus);
		sqe.in_len = cpu_to_le32(rig->packed_len);
		sqe.dst_low = cpu_to_le32((uint32_t)(rig->out.bus + T_OUT_LEN / 2));
		sqe.out_len = cpu_to_le32(T_OUT_LEN / 2);
		assert_int_equal(t_rig_status(&rig->decomp, &sqe), HZIP_STATUS_NO_SPACE);
		t_cq_ring(&rig->decomp, true);
	}
	assert_int_equal(t_queue_drain(&rig->comp), 0);
	assert_int_equal(t_stop(&rig->dev), 0);
}

static void t_a_good_driver_is_not_blamed(void **state)
{
	struct t_rig *rig = *state;

	run_good_driver(rig);
	t_expect_none(rig);
	for (int i = 0; i < SIM_V_COUNT; i++)
		assert_true(sim_violations(rig->dev.sim, (enum sim_violation)i) == 0);
}

static void t_violations_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < SIM_V_COUNT; i++) {
		const char *name = sim_violation_name((enum sim_violation)i);

		assert_non_null(name);
		assert_in_range(strlen(name), 1, 20);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
				name, sim_violation_name((enum sim_violation)j));
	}
}

static void t_violations_are_logged_and_counted(void **state)
{
	struct sim_config config;
	struct t_rig rig;
	char *text = NULL;
	size_t len = 0;
	char small[8];

	(void)state;
	t_config(&config, QM_HW_V3);
	config.log = open_memstream(&text, &len);
	assert_non_null(config.log);
	t_rig_create(&rig, &config);
	t_write(&rig.dev, QM_ERR_STATUS, 1);
	t_write(&rig.dev, QM_ERR_STATUS, 1);
	t_write(&rig.dev, 0x10, 1);
	assert_int_equal(sim_violations(rig.dev.sim, SIM_V_READ_ONLY), 2);
	assert_int_equal(sim_violations_total(rig.dev.sim), 3);
	sim_violation_last(rig.dev.sim, small, sizeof(small));
	assert_int_equal(strlen(small), sizeof(small) - 1);
	fflush(config.log);
	assert_non_null(strstr(text, "0x100008"));
	assert_non_null(strstr(text, sim_violation_name(SIM_V_NO_REGISTER)));
	t_rig_destroy(&rig);
	fclose(config.log);
	free(text);
}

static void t_a_violation_can_end_the_program(void **state)
{
	struct sim_config config;
	struct t_rig rig;
	int status;
	pid_t child;

	(void)state;
	t_config(&config, QM_HW_V3);
	config.abort_on_violation = true;
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		t_rig_create(&rig, &config);
		t_read(&rig.dev, QM_ERR_STATUS);
		t_write(&rig.dev, QM_ERR_STATUS, 1);
		_exit(0);
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* ---- doorbells ---- */

/* None was taken for one, and one that is right still works. */
static void check_no_request(struct t_rig *rig, enum sim_violation class,
			     const char *word)
{
	t_expect(rig, class, word);
	assert_int_equal(t_stats(rig).requests, 0);
	t_rig_works(rig);
}

static void t_a_doorbell_in_two_halves_is_not_one(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_DB_SQ_CQ, 0);
	t_expect(rig, SIM_V_HALF_DOORBELL, "0x1000");
	t_write(&rig->dev, QM_DB_SQ_CQ + 4, 1);
	check_no_request(rig, SIM_V_HALF_DOORBELL, "0x1004");
}

static void t_an_event_doorbell_in_two_halves_is_not_one(void **state)
{
	struct t_rig *rig = *state;
	uint64_t wide[2] = { 0, 0 };

	t_rig_works(rig);
	t_write(&rig->dev, QM_DB_EQ_AEQ, QM_DB_CMD_EQ << 12);
	t_expect(rig, SIM_V_HALF_DOORBELL, "0x2000");
	t_write(&rig->dev, QM_DB_EQ_AEQ + 4, 1);
	t_expect(rig, SIM_V_HALF_DOORBELL, "");
	assert_int_not_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	sim_bar_write(rig->dev.sim, QM_BAR_REGS, QM_DB_SQ_CQ, wide, 16);
	t_expect(rig, SIM_V_HALF_DOORBELL, "16");
}

static void t_a_doorbell_of_a_queue_that_is_not_there(void **state)
{
	static const uint16_t queues[] = { 2, T_QUEUES - 1, T_QUEUES, 0xfff };
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(queues); i++) {
		t_doorbell(&rig->dev, queues[i], QM_DB_CMD_SQ, 0, 1, 0);
		t_expect(rig, SIM_V_DOORBELL_QUEUE, "SQ");
		assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_SQ_VF_INVALID);
		t_write(&rig->dev, QM_ERR_SOURCE, ~0u);
		t_doorbell(&rig->dev, queues[i], QM_DB_CMD_CQ, 0, 0, 1);
		t_expect(rig, SIM_V_DOORBELL_QUEUE, "CQ");
		assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_CQ_VF_INVALID);
		t_write(&rig->dev, QM_ERR_SOURCE, ~0u);
	}
	assert_int_equal(t_stats(rig).requests, 0);
}

static void t_an_index_lies_in_the_ring(void **state)
{
	static const uint16_t beyond[] = { T_DEPTH, T_DEPTH + 1, 0xffff };
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(beyond); i++) {
		t_doorbell(&rig->dev, 0, QM_DB_CMD_SQ, 0, beyond[i], 0);
		t_expect(rig, SIM_V_DOORBELL_INDEX, "SQ 0");
		t_doorbell(&rig->dev, 0, QM_DB_CMD_CQ, 0, beyond[i], 0);
		t_expect(rig, SIM_V_DOORBELL_INDEX, "CQ 0");
	}
	t_doorbell(&rig->dev, 0, QM_DB_CMD_EQ, 0, T_EQ_DEPTH, 0);
	t_expect(rig, SIM_V_DOORBELL_INDEX, "EQ");
	t_doorbell(&rig->dev, 0, QM_DB_CMD_AEQ, 0, T_AEQ_DEPTH, 0);
	check_no_request(rig, SIM_V_DOORBELL_INDEX, "AEQ");
}

static void t_a_head_does_not_pass_the_devices_tail(void **state)
{
	struct t_rig *rig = *state;

	t_doorbell(&rig->dev, 0, QM_DB_CMD_CQ, 0, 1, 0);
	t_expect(rig, SIM_V_DOORBELL_INDEX, "past");
	t_doorbell(&rig->dev, 0, QM_DB_CMD_EQ, 0, 1, 0);
	t_expect(rig, SIM_V_DOORBELL_INDEX, "past");
	t_rig_works(rig);
	/* Back again is as far ahead as can be. */
	t_doorbell(&rig->dev, 0, QM_DB_CMD_CQ, 0, 0, 0);
	t_expect(rig, SIM_V_DOORBELL_INDEX, "past");
	t_doorbell(&rig->dev, 0, QM_DB_CMD_EQ, 0, 2, 0);
	t_expect(rig, SIM_V_DOORBELL_INDEX, "past");
}

static void t_a_tail_does_not_pass_what_is_not_answered(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	assert_int_equal(sim_fault(rig->dev.sim, "hang 1"), 0);
	t_rig_sqe(rig, &sqe);
	for (uint32_t i = 0; i < T_DEPTH - 1; i++)
		assert_int_equal(t_put(&rig->comp, &sqe), i);
	t_ring(&rig->comp);
	t_expect_none(rig);
	assert_int_equal(t_stats(rig).requests, T_DEPTH - 1);
	t_doorbell(&rig->dev, 0, QM_DB_CMD_SQ, 0, 0, 0);
	t_expect(rig, SIM_V_DOORBELL_INDEX, "passes");
	assert_int_equal(t_stats(rig).requests, T_DEPTH - 1);
}

static void t_a_doorbell_has_the_tag_of_its_context(void **state)
{
	struct t_rig *rig = *state;

	t_doorbell(&rig->dev, 0, QM_DB_CMD_SQ, 1, 1, 0);
	t_expect(rig, SIM_V_DOORBELL_RANDOM, "0x1");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_DB_RANDOM);
	t_doorbell(&rig->dev, 0, QM_DB_CMD_CQ, 0xaaaa, 0, 1);
	check_no_request(rig, SIM_V_DOORBELL_RANDOM, "0xaaaa");
}

static void t_a_tag_may_be_any_number(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;
	struct t_queue q;

	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	q.sqc.random = cpu_to_le16(0x1234);
	q.cqc.random = cpu_to_le16(0xffff);
	q.random = 0x1234;
	assert_int_equal(t_queue_load(&q), 0);
	t_rig_sqe(rig, &sqe);
	assert_int_equal(t_send(&q, &sqe), 0);
	assert_int_equal(t_take(&q, &sqe), 0);
	assert_int_equal(t_sqe_status(&sqe), HZIP_STATUS_OK);
	/* The other queue has one of its own. */
	t_cq_ring(&q, true);
	t_expect(rig, SIM_V_DOORBELL_RANDOM, "queue 2");
	q.random = 0xffff;
	t_cq_ring(&q, true);
	t_queue_free(&q);
}

static void t_reserved_fields_of_doorbells_are_zero(void **state)
{
	struct t_rig *rig = *state;

	t_doorbell(&rig->dev, 0, QM_DB_CMD_SQ, 0, 0, 1);
	t_expect(rig, SIM_V_RESERVED, "priority");
	t_doorbell(&rig->dev, 0, QM_DB_CMD_CQ, 0, 0, 3);
	t_expect(rig, SIM_V_RESERVED, "c_flag");
	t_doorbell(&rig->dev, 1, QM_DB_CMD_EQ, 0, 0, 0);
	t_expect(rig, SIM_V_RESERVED, "event");
	t_doorbell(&rig->dev, 0, QM_DB_CMD_EQ, 1, 0, 0);
	t_expect(rig, SIM_V_RESERVED, "event");
	t_doorbell(&rig->dev, 0, QM_DB_CMD_AEQ, 0, 0, 1);
	check_no_request(rig, SIM_V_RESERVED, "event");
}

static void t_commands_belong_to_their_doorbells(void **state)
{
	struct t_rig *rig = *state;

	t_write64(&rig->dev, QM_DB_SQ_CQ, (uint64_t)QM_DB_CMD_EQ << 12);
	t_expect(rig, SIM_V_RESERVED, "command 2");
	t_write64(&rig->dev, QM_DB_EQ_AEQ, (uint64_t)QM_DB_CMD_SQ << 12 | 1ull << 32);
	t_expect(rig, SIM_V_RESERVED, "command 0");
	t_write64(&rig->dev, QM_DB_SQ_CQ, 4ull << 12 | 1ull << 32);
	check_no_request(rig, SIM_V_RESERVED, "command 4");
}

static void t_event_doorbells_need_their_queues(void **state)
{
	struct t_rig *rig = *state;

	t_doorbell(&rig->dev, 0, QM_DB_CMD_EQ, 0, 0, 0);
	t_expect(rig, SIM_V_DOORBELL_QUEUE, "EQ");
	t_doorbell(&rig->dev, 0, QM_DB_CMD_AEQ, 0, 0, 0);
	t_expect(rig, SIM_V_DOORBELL_QUEUE, "AEQ");
}

/* ---- order ---- */

static void t_commands_wait_for_the_memories(void **state)
{
	struct t_rig *rig = *state;

	T_MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0x1000, false));
	t_expect(rig, SIM_V_ORDER, "memories");
	assert_int_equal(t_mem_init(&rig->dev), 0);
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0x1000, false), 0);
}

static void hang_one(struct t_rig *rig)
{
	struct hisi_zip_sqe sqe;

	assert_int_equal(sim_fault(rig->dev.sim, "hang 1"), 0);
	t_rig_sqe(rig, &sqe);
	assert_in_range(t_send(&rig->comp, &sqe), 0, T_DEPTH - 1);
}

static void t_a_queue_is_not_started_again_while_it_works(void **state)
{
	struct t_rig *rig = *state;

	hang_one(rig);
	T_MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_SQC, 0, &rig->comp.sqc,
				  32));
	t_expect(rig, SIM_V_ORDER, "SQC 0");
	T_MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_CQC, 0, &rig->comp.cqc,
				  32));
	t_expect(rig, SIM_V_ORDER, "CQC 0");
}

static void t_queues_are_not_taken_away_while_they_work(void **state)
{
	struct t_rig *rig = *state;

	hang_one(rig);
	assert_int_equal(t_vft_write(&rig->dev, QM_VFT_SQC, 0, 0), 0);
	t_expect(rig, SIM_V_ORDER, "under way");
}

/* After an error that closed the master nothing of them will ever be done. */
static void t_queues_are_taken_away_once_the_master_is_closed(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_SHUTDOWN_SELECT, QM_ERR_AXI_READ);
	hang_one(rig);
	assert_int_equal(sim_fault(rig->dev.sim, "ras qm 0"), 0);
	assert_int_equal(t_vft_write(&rig->dev, QM_VFT_SQC, 0, 0), 0);
	assert_int_equal(t_read(&rig->dev, QM_DFX_IDLE), 1);
	t_expect_none(rig);
}

static void t_memories_are_not_initialized_under_requests(void **state)
{
	struct t_rig *rig = *state;

	hang_one(rig);
	assert_int_equal(t_mem_init(&rig->dev), 0);
	t_expect(rig, SIM_V_ORDER, "under way");
}

static void t_nothing_reaches_memory_without_bus_master(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_write(&rig->dev, QM_SHUTDOWN_SELECT, 0);
	sim_set_bus_master(rig->dev.sim, false);
	t_rig_sqe(rig, &sqe);
	t_send(&rig->comp, &sqe);
	t_expect(rig, SIM_V_ORDER, "bus master");
	assert_false(t_cqe_ready(&rig->comp));
	T_MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_SQC, 1, &sqe, 32));
	t_expect(rig, SIM_V_ORDER, "bus master");
}

/* ---- rings ---- */

static void t_a_completion_that_finds_no_room_is_lost(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;
	struct t_queue q;
	uint32_t event;

	t_write(&rig->dev, QM_SHUTDOWN_SELECT, 0);
	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	q.cqc.dw3 = cpu_to_le32(FIELD_PREP(QM_C_ENTRY_SIZE, QM_CQE_SIZE_LOG2) | (8 - 1));
	assert_int_equal(t_queue_load(&q), 0);
	t_rig_sqe(rig, &sqe);
	for (int i = 0; i < 12; i++)
		t_put(&q, &sqe);
	t_ring(&q);
	t_expect(rig, SIM_V_OVERRUN, "CQ 2");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_FIFO_OVERFLOW);
	assert_int_equal(
		FIELD_GET(QM_ERR_INFO_QUEUE, t_read(&rig->dev, QM_ERR_FIFO_INFO)), 2);
	assert_int_equal(t_aeq_handle(&rig->dev, &event, 1), 1);
	assert_int_equal(FIELD_GET(QM_AEQE_TYPE, event), QM_AEQE_CQ_OVERFLOW);
	assert_int_equal(FIELD_GET(QM_EQE_QUEUE, event), 2);
	/* Nothing more is fetched of this one, and the others go on. */
	assert_int_equal(t_stats(rig).requests, 12);
	t_send(&q, &sqe);
	assert_int_equal(t_stats(rig).requests, 12);
	t_rig_works(rig);
	t_queue_free(&q);
}

static void t_an_event_that_finds_no_room_is_lost(void **state)
{
	struct t_rig *rig = *state;
	uint32_t event;
	int i;

	t_write(&rig->dev, QM_SHUTDOWN_SELECT, 0);
	assert_int_equal(t_eq_start(&rig->dev, 4), 0);
	for (i = 0; i < 10 && !sim_violations_total(rig->dev.sim); i++) {
		t_rig_works(rig);
		t_cq_ring(&rig->comp, true);
	}
	assert_in_range(i, 4, 5);
	t_expect(rig, SIM_V_OVERRUN, "EQ");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_FIFO_OVERFLOW);
	assert_int_equal(FIELD_GET(QM_ERR_INFO_TYPE, t_read(&rig->dev, QM_ERR_FIFO_INFO)),
			 1);
	assert_int_equal(t_aeq_handle(&rig->dev, &event, 1), 1);
	assert_int_equal(FIELD_GET(QM_AEQE_TYPE, event), QM_AEQE_EQ_OVERFLOW);
}

static void t_a_ring_outside_of_memory_stops_its_queue(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;
	struct t_queue q;
	uint32_t event;

	t_write(&rig->dev, QM_SHUTDOWN_SELECT, 0);
	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	q.cqc.base_low = cpu_to_le32(0x1000);
	q.cqc.base_high = 0;
	assert_int_equal(t_queue_load(&q), 0);
	t_rig_sqe(rig, &sqe);
	t_send(&q, &sqe);
	t_expect(rig, SIM_V_DMA, "0x1000");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_AXI_WRITE);
	assert_int_equal(t_aeq_handle(&rig->dev, &event, 1), 1);
	assert_int_equal(FIELD_GET(QM_AEQE_TYPE, event), QM_AEQE_CQE_ERROR);
	assert_int_equal(FIELD_GET(QM_EQE_QUEUE, event), 2);
	t_rig_works(rig);
	t_queue_free(&q);
}

static void t_requests_outside_of_memory_are_not_fetched(void **state)
{
	struct t_rig *rig = *state;
	struct t_queue q;

	t_write(&rig->dev, QM_SHUTDOWN_SELECT, 0);
	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	q.sqc.base_low = cpu_to_le32(0x1000);
	q.sqc.base_high = 0;
	assert_int_equal(t_queue_load(&q), 0);
	t_doorbell(&rig->dev, 2, QM_DB_CMD_SQ, 0, 1, 0);
	t_expect(rig, SIM_V_DMA, "0x1000");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_AXI_READ);
	assert_int_equal(t_stats(rig).requests, 0);
	t_rig_works(rig);
	t_queue_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T_STARTED(t_a_good_driver_is_not_blamed),
		T_STARTED_V2(t_a_good_driver_is_not_blamed),
		cmocka_unit_test(t_violations_have_names),
		cmocka_unit_test(t_violations_are_logged_and_counted),
		cmocka_unit_test(t_a_violation_can_end_the_program),

		T_STARTED(t_a_doorbell_in_two_halves_is_not_one),
		T_STARTED(t_an_event_doorbell_in_two_halves_is_not_one),
		T_STARTED(t_a_doorbell_of_a_queue_that_is_not_there),
		T_STARTED(t_an_index_lies_in_the_ring),
		T_STARTED(t_a_head_does_not_pass_the_devices_tail),
		T_STARTED(t_a_tail_does_not_pass_what_is_not_answered),
		T_STARTED(t_a_doorbell_has_the_tag_of_its_context),
		T_STARTED(t_a_tag_may_be_any_number),
		T_STARTED(t_reserved_fields_of_doorbells_are_zero),
		T_STARTED(t_commands_belong_to_their_doorbells),
		T_UNTOUCHED(t_event_doorbells_need_their_queues),

		T_UNTOUCHED(t_commands_wait_for_the_memories),
		T_STARTED(t_a_queue_is_not_started_again_while_it_works),
		T_STARTED(t_queues_are_not_taken_away_while_they_work),
		T_STARTED(t_queues_are_taken_away_once_the_master_is_closed),
		T_STARTED(t_memories_are_not_initialized_under_requests),
		T_STARTED(t_nothing_reaches_memory_without_bus_master),

		T_STARTED(t_a_completion_that_finds_no_room_is_lost),
		T_STARTED(t_an_event_that_finds_no_room_is_lost),
		T_STARTED(t_a_ring_outside_of_memory_stops_its_queue),
		T_STARTED(t_requests_outside_of_memory_are_not_fetched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
