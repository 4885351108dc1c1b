// SPDX-License-Identifier: MIT
/*
 * What goes wrong on command: each fault of sim_fault(), and what the driver sees of
 * it.
 */
#include <libdeflate.h>

#include "strict.h"

static void fault(struct t_rig *rig, const char *text)
{
	assert_int_equal(sim_fault(rig->dev.sim, text), 0);
}

static void refused(struct t_rig *rig, const char *text)
{
	if (sim_fault(rig->dev.sim, text) != -EINVAL)
		fail_msg("\"%s\" was not refused", text);
}

static uint64_t irqs(struct t_rig *rig, unsigned int vector)
{
	return inproc_irqs(rig->dev.host, vector);
}

static uint32_t run_status(struct t_rig *rig)
{
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	return t_rig_status(&rig->comp, &sqe);
}

/* ---- texts ---- */

static void t_texts_that_mean_nothing_are_refused(void **state)
{
	/* clang-format off */
	static const char *const texts[] = {
		"", " ", "\n", "fai", "fail", "fail 1", "fail 1 2 3", "fail 0 1",
		"fail -1 1", "fail +1 1", "fail x 1", "fail 1 256", "fail 1 -1",
		"fail 1 0x", "fail 1 1x", "fail 1e3 1", "fail 99999999999999999999 1",
		"FAIL 1 1", "fail,1,1", "flip 1", "flip 1 -1", "flip-crc 1 32", "delay 1",
		"delay 1 99999999999", "hang", "hang 0", "hang 1 1", "drop-irq",
		"drop-irq 0", "dup-irq 1 2", "ras", "ras qm", "ras qm 15", "ras zip 13",
		"ras dma 1", "ras qm -1", "ras qm 1 x", "ras qm 1 65536", "ras zip 1 256",
		"ras qm 1 1 64", "ras qm 1 1 1 1", "aeq", "aeq 0", "aeq 16 0",
		"aeq 0 65536", "aeq 0 -1", "aeq 0 0 0", "eqe", "eqe 65536", "eqe 0 0",
		"eqe 0 stale stale", "cqe", "cqe 0", "cqe 1024 0", "cqe 0 65536",
		"cqe 0 0 0", "storm", "storm 0", "storm 0 0", "storm 32 1", "storm 4 1",
		"storm 0 1 0", "storm 0 1 1 1", "late", "late 0", "late 1024 0",
		"late 0 -1", "aer", "aer 3", "aer 21", "aer 32", "aer 14 1", "tag 1", "tag 1 -1", "mailbox", "mailbox 0", "mailbox 16",
		"mailbox 1 0", "mailbox 1 1 1", "mailbox-hang 0", "mailbox-hang never",
		"stop", "stop 0", "stop 16", "stop-hang 1 1", "mem-hang 0", "vft-hang x",
		"axi-hang -1", "flr-slow", "flr-slow 0", "flr-slow 60001", "flr-slow 1 0",
		"remove 1", "return now", "clear all",
		"clear\vall", "nothing",
		"fail 1 1                                                              1",
	};
	/* clang-format on */
	struct t_rig *rig = *state;
	char *long_text = malloc(100000);

	for (size_t i = 0; i < T_ARRAY_SIZE(texts); i++)
		refused(rig, texts[i]);
	assert_non_null(long_text);
	memset(long_text, '1', 99999);
	memcpy(long_text, "fail ", 5);
	long_text[99999] = 0;
	refused(rig, long_text);
	free(long_text);
	assert_int_equal(t_stats(rig).faults, 0);
	t_rig_works(rig);
}

static void t_numbers_may_be_hexadecimal_and_spaces_many(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "  fail\t0x1   0x7f \n");
	assert_int_equal(run_status(rig), 0x7f);
	assert_int_equal(t_stats(rig).faults, 1);
}

static void t_too_many_faults_are_refused(void **state)
{
	struct t_rig *rig = *state;
	int n = 0;
	int ret;

	do {
		ret = sim_fault(rig->dev.sim, "fail 100000 1");
	} while (!ret && ++n < 100000);
	assert_int_equal(ret, -ENOSPC);
	assert_in_range(n, 16, 99999);
	assert_int_equal(sim_fault(rig->dev.sim, "hang 1"), -ENOSPC);
	fault(rig, "clear");
	fault(rig, "fail 1 1");
	assert_int_equal(run_status(rig), 1);
}

static void t_faults_can_be_taken_back(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "fail 1 0x0e");
	fault(rig, "hang 2");
	fault(rig, "drop-irq 1");
	fault(rig, "mailbox 1");
	fault(rig, "mailbox-hang");
	fault(rig, "clear");
	for (int i = 0; i < 3; i++)
		t_rig_works(rig);
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0, true), 0);
	assert_int_equal(t_stats(rig).faults, 0);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
}

/* ---- requests ---- */

static void t_fail_is_of_one_request(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	fault(rig, "fail 3 0x0e");
	t_rig_works(rig);
	t_rig_works(rig);
	memset(rig->out.p, 0xee, T_OUT_LEN);
	t_rig_sqe(rig, &sqe);
	t_sqe_set_tag(&sqe, 77);
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_NO_SPACE);
	assert_int_equal(le32_to_cpu(sqe.consumed), 0);
	assert_int_equal(le32_to_cpu(sqe.produced), 0);
	assert_true(t_sqe_tag(&sqe) == 77);
	assert_int_equal(rig->out.p[0], 0xee);
	t_rig_works(rig);
	assert_int_equal(t_stats(rig).failed, 1);
	assert_int_equal(t_stats(rig).completed, 4);
	assert_int_equal(t_stats(rig).faults, 1);
}

static void t_any_status_can_be_had(void **state)
{
	static const char *const texts[] = {
		"fail 1 1", "fail 1 0x0d", "fail 1 0x0f", "fail 1 0x10", "fail 1 0x13",
		"fail 1 255",
	};
	static const uint32_t statuses[] = { 1, 0x0d, 0x0f, 0x10, 0x13, 255 };
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(texts); i++) {
		fault(rig, texts[i]);
		assert_int_equal(run_status(rig), statuses[i]);
	}
}

static void t_faults_that_took_place_leave_room_for_others(void **state)
{
	struct t_rig *rig = *state;
	uint32_t event;

	for (int i = 0; i < 300; i++) {
		fault(rig, "fail 1 1");
		fault(rig, "drop-irq 1");
		assert_int_equal(run_status(rig), 1);
		fault(rig, "aeq 2 0");
		assert_int_equal(t_aeq_handle(&rig->dev, &event, 1), 1);
	}
}

static void t_requests_are_counted_from_the_command_on(void **state)
{
	struct t_rig *rig = *state;

	for (int i = 0; i < 5; i++)
		t_rig_works(rig);
	fault(rig, "fail 2 1");
	fault(rig, "fail 3 2");
	t_rig_works(rig);
	assert_int_equal(run_status(rig), 1);
	assert_int_equal(run_status(rig), 2);
	t_rig_works(rig);
}

static void t_requests_are_counted_over_all_queues(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	fault(rig, "fail 2 1");
	t_rig_works(rig);
	t_rig_sqe(rig, &sqe);
	assert_int_equal(t_rig_status(&rig->decomp, &sqe), 1);
}

/* What in compresses to, one copy as it should be. */
static void packed_twice(struct t_rig *rig, const char *text, uint8_t *good)
{
	t_rig_works(rig);
	memcpy(good, rig->out.p, rig->packed_len);
	fault(rig, text);
	assert_int_equal(run_status(rig), HZIP_STATUS_OK);
}

static void check_flipped(struct t_rig *rig, const uint8_t *good, uint32_t bit)
{
	for (uint32_t i = 0; i < rig->packed_len; i++)
		assert_int_equal(rig->out.p[i],
				 good[i] ^ (i == bit / 8 ? 1 << bit % 8 : 0));
}

static void t_flip_changes_one_bit_of_the_output(void **state)
{
	uint8_t good[T_OUT_LEN];

	packed_twice(*state, "flip 1 0", good);
	check_flipped(*state, good, 0);
	packed_twice(*state, "flip 1 83", good);
	check_flipped(*state, good, 83);
	t_rig_works(*state);
}

static void t_flip_beyond_the_output_changes_one_bit_all_the_same(void **state)
{
	struct t_rig *rig = *state;
	uint8_t good[T_OUT_LEN];
	unsigned int changed = 0;

	packed_twice(rig, "flip 1 9223372036854775807", good);
	for (uint32_t i = 0; i < rig->packed_len; i++)
		changed += (unsigned int)__builtin_popcount(rig->out.p[i] ^ good[i]);
	assert_int_equal(changed, 1);
}

static void zlib_sqe(struct t_rig *rig, struct hisi_zip_sqe *sqe)
{
	t_rig_sqe(rig, sqe);
	sqe->dw9 = cpu_to_le32((le32_to_cpu(sqe->dw9) & ~HZIP_SQE_ALG) | HZIP_ALG_ZLIB);
}

static uint32_t stored_adler(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void t_flip_crc_changes_one_bit_of_the_checksum(void **state)
{
	struct t_rig *rig = *state;
	uint32_t adler = libdeflate_adler32(1, rig->in.p, T_IN_LEN);
	struct hisi_zip_sqe sqe;

	fault(rig, "flip-crc 1 5");
	zlib_sqe(rig, &sqe);
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_OK);
	assert_int_equal(le32_to_cpu(sqe.checksum), adler ^ 1u << 5);
	assert_int_equal(stored_adler(rig->out.p + le32_to_cpu(sqe.produced) - 4),
			 adler ^ 1u << 5);
	zlib_sqe(rig, &sqe);
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_OK);
	assert_int_equal(le32_to_cpu(sqe.checksum), adler);
}

static void t_flip_crc_of_a_decompression_is_a_mismatch(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;
	uint32_t len;

	zlib_sqe(rig, &sqe);
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_OK);
	len = le32_to_cpu(sqe.produced);
	for (int i = 0; i < 2; i++) {
		struct t_mem out;

		t_alloc(&rig->dev, &out, T_IN_LEN, 64, true);
		if (!i)
			fault(rig, "flip-crc 1 31");
		t_sqe_make(&sqe, &rig->dev, HZIP_ALG_ZLIB, rig->out.bus, len, out.bus,
			   T_IN_LEN);
		assert_int_equal(t_rig_status(&rig->decomp, &sqe),
				 i ? HZIP_STATUS_OK : HZIP_STATUS_CHECKSUM);
		t_free(&rig->dev, &out);
	}
}

static void t_damaged_input_is_a_mismatch(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;
	struct t_mem out;
	uint32_t len;

	zlib_sqe(rig, &sqe);
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_OK);
	len = le32_to_cpu(sqe.produced);
	rig->out.p[len - 1] ^= 1;
	t_alloc(&rig->dev, &out, T_IN_LEN, 64, true);
	t_sqe_make(&sqe, &rig->dev, HZIP_ALG_ZLIB, rig->out.bus, len, out.bus, T_IN_LEN);
	assert_int_equal(t_rig_status(&rig->decomp, &sqe), HZIP_STATUS_CHECKSUM);
	t_free(&rig->dev, &out);
}

/* The host's clock stands, and is moved by hand. */
static void t_delay_puts_a_completion_off(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	inproc_set_time(rig->dev.host, 1000000000);
	fault(rig, "delay 1 500");
	t_rig_sqe(rig, &sqe);
	t_send(&rig->comp, &sqe);
	inproc_set_time(rig->dev.host, 1000499999);
	assert_false(t_cqe_ready(&rig->comp));
	assert_int_equal(t_stats(rig).completed, 0);
	inproc_set_time(rig->dev.host, 1000500000);
	assert_true(t_recv(&rig->comp, &sqe) >= 0);
	assert_int_equal(t_sqe_status(&sqe), HZIP_STATUS_OK);
	t_cq_ring(&rig->comp, true);
	t_rig_works(rig);
}

static void t_delay_is_of_its_queue_only(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	inproc_set_time(rig->dev.host, 1);
	fault(rig, "delay 1 1000000");
	t_rig_sqe(rig, &sqe);
	t_send(&rig->comp, &sqe);
	t_send(&rig->comp, &sqe);
	sqe.in_len = cpu_to_le32(100);
	assert_int_not_equal(t_rig_status(&rig->decomp, &sqe), HZIP_STATUS_OK);
	assert_false(t_cqe_ready(&rig->comp));
	assert_int_equal(t_stats(rig).completed, 1);
}

static void t_hang_stops_its_queue_and_no_other(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	fault(rig, "hang 2");
	t_rig_works(rig);
	t_rig_sqe(rig, &sqe);
	for (int i = 0; i < 4; i++)
		t_send(&rig->comp, &sqe);
	assert_false(t_cqe_ready(&rig->comp));
	assert_int_equal(t_stats(rig).requests, 5);
	assert_int_equal(t_stats(rig).completed, 1);
	/* Not a stream, but answered. */
	assert_int_not_equal(t_rig_status(&rig->decomp, &sqe), HZIP_STATUS_OK);
	assert_int_equal(t_stats(rig).completed, 2);
	assert_int_equal(t_read(&rig->dev, QM_DFX_IDLE), 0);
}

static void t_hang_ends_with_a_reset(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	fault(rig, "hang 1");
	t_rig_sqe(rig, &sqe);
	t_send(&rig->comp, &sqe);
	t_reset(&rig->dev);
	assert_int_equal(t_read(&rig->dev, QM_DFX_IDLE), 1);
	assert_int_equal(t_start(&rig->dev), 0);
	t_rig_queues(rig);
	t_rig_works(rig);
}

/* ---- interrupts ---- */

static void rearm(struct t_rig *rig)
{
	t_take_all(&rig->comp, true);
	t_eq_handle(&rig->dev);
}

static void t_a_dropped_interrupt_leaves_its_event(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "drop-irq 1");
	t_rig_works(rig);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 0);
	assert_int_not_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	t_cq_ring(&rig->comp, true);
	assert_int_equal(t_eq_handle(&rig->dev), 1);
	assert_int_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	t_rig_works(rig);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
}

static void t_an_interrupt_can_come_twice(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "dup-irq 2");
	t_rig_works(rig);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
	rearm(rig);
	t_rig_works(rig);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 3);
	assert_int_not_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	t_cq_ring(&rig->comp, true);
	/* One event; the second time the handler finds nothing. */
	assert_int_equal(t_eq_handle(&rig->dev), 1);
	assert_int_equal(t_eq_handle(&rig->dev), 0);
	assert_int_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	t_rig_works(rig);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 4);
}

static void t_interrupts_of_all_vectors_are_counted(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "drop-irq 2");
	t_rig_works(rig);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
	fault(rig, "ras qm 12");
	assert_int_equal(irqs(rig, T_IRQ_ABNORMAL), 0);
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), BIT(12));
}

/* ---- errors ---- */

static void check_error(struct t_rig *rig, const char *text, uint32_t source,
			uint32_t status, uint32_t bit)
{
	uint64_t before = irqs(rig, T_IRQ_ABNORMAL);

	fault(rig, text);
	assert_int_equal(irqs(rig, T_IRQ_ABNORMAL), before + 1);
	assert_int_equal(t_read(&rig->dev, status), bit);
	t_write(&rig->dev, source, ~bit);
	assert_int_equal(t_read(&rig->dev, status), bit);
	t_write(&rig->dev, source, bit);
	assert_int_equal(t_read(&rig->dev, status), 0);
}

static void t_errors_set_their_bit_until_it_is_cleared(void **state)
{
	struct t_rig *rig = *state;

	check_error(rig, "ras qm 12", QM_ERR_SOURCE, QM_ERR_STATUS, BIT(12));
	check_error(rig, "ras qm 3", QM_ERR_SOURCE, QM_ERR_STATUS, BIT(3));
	check_error(rig, "ras zip 0", HZIP_ERR_SOURCE, HZIP_ERR_STATUS, BIT(0));
	check_error(rig, "ras zip 12", HZIP_ERR_SOURCE, HZIP_ERR_STATUS, BIT(12));
	t_rig_works(rig);
}

static void t_errors_add_up(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "ras qm 12");
	fault(rig, "ras qm 3");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), BIT(12) | BIT(3));
	assert_int_equal(t_read(&rig->dev, HZIP_ERR_STATUS), 0);
}

static void t_a_masked_error_does_not_interrupt(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_ERR_MASK, ~0u);
	t_write(&rig->dev, HZIP_ERR_MASK, ~0u);
	fault(rig, "ras qm 12");
	fault(rig, "ras zip 12");
	assert_int_equal(irqs(rig, T_IRQ_ABNORMAL), 0);
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), BIT(12));
	assert_int_equal(t_read(&rig->dev, HZIP_ERR_STATUS), BIT(12));
}

static void t_an_error_that_is_not_enabled_does_not_interrupt(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_ERR_MASK, 0);
	t_write(&rig->dev, QM_RAS_NFE_ENABLE, 0);
	t_write(&rig->dev, QM_RAS_CE_ENABLE, 0);
	fault(rig, "ras qm 12");
	assert_int_equal(irqs(rig, T_IRQ_ABNORMAL), 0);
	t_write(&rig->dev, QM_RAS_CE_ENABLE, BIT(5));
	fault(rig, "ras qm 5");
	assert_int_equal(irqs(rig, T_IRQ_ABNORMAL), 1);
}

static void t_errors_that_shut_down_stop_requests(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	fault(rig, "ras qm 10");
	assert_int_equal(irqs(rig, T_IRQ_ABNORMAL), 1);
	t_rig_sqe(rig, &sqe);
	t_send(&rig->comp, &sqe);
	assert_false(t_cqe_ready(&rig->comp));
	assert_int_equal(t_stats(rig).completed, 0);
}

static void t_only_errors_of_two_bits_shut_v2_down(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	fault(rig, "ras zip 10");
	fault(rig, "ras qm 10");
	t_rig_works(rig);
	fault(rig, "ras qm 2");
	t_rig_sqe(rig, &sqe);
	t_send(&rig->comp, &sqe);
	assert_false(t_cqe_ready(&rig->comp));
}

static void t_errors_can_be_injected_by_registers(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_ERR_INJECT, BIT(12));
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), BIT(12));
	t_write(&rig->dev, HZIP_ERR_INJECT, BIT(12));
	assert_int_equal(t_read(&rig->dev, HZIP_ERR_STATUS), BIT(12));
	assert_int_equal(irqs(rig, T_IRQ_ABNORMAL), 2);
}

/* ---- events of errors ---- */

static void check_aeq(struct t_rig *rig, const char *text, uint32_t type, uint32_t queue)
{
	uint64_t before = irqs(rig, T_IRQ_AEQ);
	uint32_t event;

	fault(rig, text);
	assert_int_equal(irqs(rig, T_IRQ_AEQ), before + 1);
	assert_int_not_equal(t_read(&rig->dev, QM_AEQ_INT_SOURCE), 0);
	assert_int_equal(t_aeq_handle(&rig->dev, &event, 1), 1);
	assert_int_equal(FIELD_GET(QM_AEQE_TYPE, event), type);
	assert_int_equal(FIELD_GET(QM_EQE_QUEUE, event), queue);
	assert_int_equal(t_read(&rig->dev, QM_AEQ_INT_SOURCE), 0);
}

static void t_events_of_errors_come_with_type_and_queue(void **state)
{
	struct t_rig *rig = *state;

	for (int i = 0; i < 2 * T_AEQ_DEPTH; i++) {
		check_aeq(rig, "aeq 0 1", QM_AEQE_CQ_OVERFLOW, 1);
		check_aeq(rig, "aeq 1 0", QM_AEQE_EQ_OVERFLOW, 0);
		check_aeq(rig, "aeq 2 63", QM_AEQE_CQE_ERROR, 63);
	}
}

static void t_masked_events_of_errors_wait(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_AEQ_INT_MASK, 1);
	fault(rig, "aeq 2 0");
	assert_int_equal(irqs(rig, T_IRQ_AEQ), 0);
	t_write(&rig->dev, QM_AEQ_INT_MASK, 0);
	assert_int_equal(irqs(rig, T_IRQ_AEQ), 1);
}

/* ---- mailbox ---- */

static void t_a_mailbox_command_can_fail(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "mailbox 5");
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0x1000, false), 5);
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0, true), 0);
	/* It had done nothing. */
	assert_true(t_mailbox_addr(&rig->dev) == rig->dev.sqc_table.bus);
	assert_int_equal(t_stats(rig).faults, 1);
}

static void t_a_mailbox_that_hangs_stays_busy_until_a_reset(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_mailbox mb = t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0x1000, false);

	fault(rig, "mailbox-hang");
	t_mailbox_write(&rig->dev, &mb);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(t_read(&rig->dev, QM_MB) & QM_MB_BUSY, QM_MB_BUSY);
	/* Queues go on. */
	t_rig_works(rig);
	t_reset(&rig->dev);
	assert_int_equal(t_read(&rig->dev, QM_MB) & QM_MB_BUSY, 0);
	assert_int_equal(t_start(&rig->dev), 0);
	t_rig_queues(rig);
	t_rig_works(rig);
}

/* ---- removal ---- */

static void t_a_device_that_is_gone_reads_as_ones(void **state)
{
	static const uint32_t offsets[] = {
		0, QM_EQ_INT_SOURCE, QM_MB, QM_CAPS, QM_ERR_STATUS, QM_MEM_DONE,
		HZIP_ERR_STATUS, HZIP_CORES, 0x10, HZIP_BAR_SIZE - 4,
	};
	struct t_rig *rig = *state;
	struct sim_stats before;
	struct hisi_zip_sqe sqe;
	uint8_t wide[16];

	before = t_stats(rig);
	fault(rig, "remove");
	for (size_t i = 0; i < T_ARRAY_SIZE(offsets); i++)
		assert_int_equal(t_read(&rig->dev, offsets[i]), UINT32_MAX);
	memset(wide, 0, sizeof(wide));
	sim_bar_read(rig->dev.sim, QM_BAR_REGS, QM_MB, wide, sizeof(wide));
	for (size_t i = 0; i < sizeof(wide); i++)
		assert_int_equal(wide[i], 0xff);
	/* Writes go nowhere, whatever they are. */
	t_rig_sqe(rig, &sqe);
	t_send(&rig->comp, &sqe);
	t_write(&rig->dev, QM_ERR_STATUS, 1);
	t_write(&rig->dev, 0x10, 1);
	t_write(&rig->dev, QM_MB, ~0u);
	assert_int_equal(t_stats(rig).requests, before.requests);
	assert_int_equal(t_stats(rig).mailboxes, before.mailboxes);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 0);
}

static void t_a_device_that_is_back_was_reset(void **state)
{
	struct t_rig *rig = *state;

	fault(rig, "remove");
	fault(rig, "return");
	assert_int_equal(t_read(&rig->dev, QM_EQ_INT_MASK), 1);
	assert_int_equal(t_read(&rig->dev, QM_ERR_MASK), 0);
	assert_int_equal(t_start(&rig->dev), 0);
	t_rig_queues(rig);
	t_rig_works(rig);
}

static void t_nothing_completes_on_a_device_that_is_gone(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	inproc_set_time(rig->dev.host, 1);
	fault(rig, "delay 1 100");
	t_rig_sqe(rig, &sqe);
	t_send(&rig->comp, &sqe);
	fault(rig, "remove");
	inproc_set_time(rig->dev.host, 1000000);
	fault(rig, "return");
	assert_false(t_cqe_ready(&rig->comp));
	assert_int_equal(irqs(rig, T_IRQ_EQ), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T_STARTED(t_texts_that_mean_nothing_are_refused),
		T_STARTED(t_numbers_may_be_hexadecimal_and_spaces_many),
		T_STARTED(t_too_many_faults_are_refused),
		T_STARTED(t_faults_can_be_taken_back),

		T_STARTED(t_fail_is_of_one_request),
		T_STARTED(t_any_status_can_be_had),
		T_STARTED(t_faults_that_took_place_leave_room_for_others),
		T_STARTED(t_requests_are_counted_from_the_command_on),
		T_STARTED(t_requests_are_counted_over_all_queues),
		T_STARTED(t_flip_changes_one_bit_of_the_output),
		T_STARTED(t_flip_beyond_the_output_changes_one_bit_all_the_same),
		T_STARTED(t_flip_crc_changes_one_bit_of_the_checksum),
		T_STARTED(t_flip_crc_of_a_decompression_is_a_mismatch),
		T_STARTED(t_damaged_input_is_a_mismatch),
		T_STARTED(t_delay_puts_a_completion_off),
		T_STARTED(t_delay_is_of_its_queue_only),
		T_STARTED(t_hang_stops_its_queue_and_no_other),
		T_STARTED(t_hang_ends_with_a_reset),

		T_STARTED(t_a_dropped_interrupt_leaves_its_event),
		T_STARTED(t_an_interrupt_can_come_twice),
		T_STARTED(t_interrupts_of_all_vectors_are_counted),

		T_STARTED(t_errors_set_their_bit_until_it_is_cleared),
		T_STARTED(t_errors_add_up),
		T_STARTED(t_a_masked_error_does_not_interrupt),
		T_STARTED(t_an_error_that_is_not_enabled_does_not_interrupt),
		T_STARTED(t_errors_that_shut_down_stop_requests),
		T_STARTED_V2(t_only_errors_of_two_bits_shut_v2_down),
		T_STARTED(t_errors_can_be_injected_by_registers),

		T_STARTED(t_events_of_errors_come_with_type_and_queue),
		T_STARTED(t_masked_events_of_errors_wait),

		T_STARTED(t_a_mailbox_command_can_fail),
		T_STARTED(t_a_mailbox_that_hangs_stays_busy_until_a_reset),

		T_STARTED(t_a_device_that_is_gone_reads_as_ones),
		T_STARTED(t_a_device_that_is_back_was_reset),
		T_STARTED(t_nothing_completes_on_a_device_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
