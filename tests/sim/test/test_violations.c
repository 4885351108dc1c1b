// SPDX-License-Identifier: MIT
/*
 * What a driver must not do: each rule by a test of its own that breaks it and looks at
 * what is counted, what is said, and what the device makes of it.
 *
 * Registers and widths are in test_registers.c, requests in test_bad_requests.c.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strict.h"

#define MB_FAILS(call)	assert_in_range(call, 1, 15)

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
		MB_FAILS(t_mailbox(&rig->dev, commands[i].cmd, 0, rig->dev.context.bus,
				   commands[i].read));
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
	MB_FAILS(t_mailbox(&rig.dev, QM_MB_CMD_STOP_QP, 0, 0, false));
	t_expect(&rig, SIM_V_MAILBOX, "STOP_QP");
	MB_FAILS(t_mailbox(&rig.dev, QM_MB_CMD_FLUSH_QM, 0, 0, false));
	t_expect(&rig, SIM_V_MAILBOX, "FLUSH_QM");
	t_rig_works(&rig);
	t_rig_destroy(&rig);
}

static void t_a_command_needs_its_busy_bit(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_mailbox mb = t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0x1000, false);

	mb.w0 &= cpu_to_le16((uint16_t)~QM_MB_BUSY);
	t_mailbox_write(&rig->dev, &mb);
	t_expect(rig, SIM_V_MAILBOX, "busy");
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0, true), 0);
	assert_true(t_mailbox_addr(&rig->dev) == rig->dev.sqc_table.bus);
}

static void t_a_second_command_while_one_runs_is_refused(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_mailbox mb = t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0x1000, false);

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
	static const uint16_t bits[] = { QM_MB_EVENT, 1 << 9, 1 << 12, 1 << 15 };
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(bits); i++) {
		struct hisi_qm_mailbox mb = t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0x1000,
							   false);

		mb.w0 |= cpu_to_le16(bits[i]);
		t_mailbox_write(&rig->dev, &mb);
		MB_FAILS(t_mailbox_wait(&rig->dev));
		t_expect(rig, SIM_V_RESERVED, "mailbox");
	}
}

static void t_reserved_fields_of_a_command_are_zero(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_mailbox mb = t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0x1000, false);

	mb.reserved = cpu_to_le32(1);
	t_mailbox_write(&rig->dev, &mb);
	MB_FAILS(t_mailbox_wait(&rig->dev));
	t_expect(rig, SIM_V_RESERVED, "mailbox");
	MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_EQC, 3, rig->dev.context.bus, false));
	t_expect(rig, SIM_V_RESERVED, "queue 3");
}

static void t_queues_of_others_cannot_be_started(void **state)
{
	struct t_rig *rig = *state;

	MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_SQC, T_QUEUES, &rig->comp.sqc, 32));
	t_expect(rig, SIM_V_MAILBOX, "64");
	MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_CQC, 0xffff, &rig->comp.cqc, 32));
	t_expect(rig, SIM_V_MAILBOX, "");
}

static void t_a_context_that_was_not_loaded_cannot_be_dumped(void **state)
{
	struct t_rig *rig = *state;
	uint8_t context[32];

	MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_SQC, 2, context, 32));
	MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_CQC, 2, context, 32));
	/* Nor one that is not any more. */
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_STOP_QP, 0, 0, false),
			 0);
	MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_SQC, 0, context, 32));
	t_reset(&rig->dev);
	MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_EQC, 0, context, 28));
	/* Who looks around does nothing wrong. */
	t_expect_none(rig);
}

static void t_contexts_lie_aligned(void **state)
{
	struct t_rig *rig = *state;

	MB_FAILS(
		t_mailbox(&rig->dev, QM_MB_CMD_SQC, 2, rig->dev.context.bus + 16, false));
	t_expect(rig, SIM_V_ALIGN, "SQC 2");
	MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_EQC, 0, rig->dev.context.bus + 4, false));
	t_expect(rig, SIM_V_ALIGN, "EQ");
	MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0x1010, false));
	t_expect(rig, SIM_V_ALIGN, "SQC_BT");
}

static void t_a_context_outside_of_memory_is_a_bus_error(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_SHUTDOWN_SELECT, 0);
	MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_SQC, 2, 0x40, false));
	t_expect(rig, SIM_V_DMA, "0x40");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_AXI_READ);
	MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_SQC, 0, 0x40, true));
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
			      uint8_t value, enum sim_violation class, const char *word)
{
	struct t_queue q;
	uint8_t *c = which == SQC ? (uint8_t *)&q.sqc : (uint8_t *)&q.cqc;

	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	c[at] = value;
	MB_FAILS(t_queue_load(&q));
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
		{ 22, 0x01, SIM_V_RESERVED,
		  "w11" }, /* the other context's bit */
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
		{ 22, 0x80, SIM_V_RESERVED, "w11" },	/* the other context's bit */
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
	MB_FAILS(t_queue_load(&q));
	t_expect(rig, SIM_V_CONTEXT, "no ring");
	t_queue_free(&q);
}

static void t_a_ring_has_room_for_a_request(void **state)
{
	struct t_rig *rig = *state;
	struct t_queue q;

	t_queue_init(&q, &rig->dev, 2, HZIP_QUEUE_COMPRESS, 1);
	MB_FAILS(t_queue_load(&q));
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
	MB_FAILS(t_queue_load(&q));
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
			.base_high = cpu_to_le32((uint32_t)(rig->dev.eq.mem.bus >> 32)),
			.dw6 = cpu_to_le32(63 | QM_EQC_PHASE),
		};

		((uint8_t *)&eqc)[cases[i].at] = cases[i].value;
		MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_EQC, 0, &eqc, sizeof(eqc)));
		t_expect(rig, cases[i].class, cases[i].word);
		MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_AEQC, 0, &eqc, sizeof(eqc)));
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
	MB_FAILS(t_queue_load(&q));
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
	check_bad_vft(rig, QM_VFT_SQC, 0, t_vft_sqc(0, 64) & ~QM_VFT_SQC_VALID, "data");
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
	assert_int_equal(t_vft_write(&rig.dev, QM_VFT_SQC, 0, t_vft_sqc(0, 16)), 0);
	t_expect_none(&rig);
	assert_int_equal(t_vft_write(&rig.dev, QM_VFT_SQC, 0, t_vft_sqc(0, 17)), 0);
	t_expect(&rig, SIM_V_VFT, "17 queues");
	t_rig_destroy(&rig);
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

	MB_FAILS(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0x1000, false));
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
	MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_SQC, 0, &rig->comp.sqc, 32));
	t_expect(rig, SIM_V_ORDER, "SQC 0");
	MB_FAILS(t_context_load(&rig->dev, QM_MB_CMD_CQC, 0, &rig->comp.cqc, 32));
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
	MB_FAILS(t_context_dump(&rig->dev, QM_MB_CMD_SQC, 1, &sqe, 32));
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
