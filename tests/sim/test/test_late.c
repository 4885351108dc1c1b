// SPDX-License-Identifier: MIT
/*
 * Memory that a driver lets go of while the device still has it: the worst that can
 * happen, since it is somebody else's when the device writes it.
 */
#include "strict.h"

static void fault(struct t_rig *rig, const char *text)
{
	assert_int_equal(sim_fault(rig->dev.sim, text), 0);
}

/* A request that is answered at 1.0005 s; the host's clock stands. */
static void send_delayed(struct t_rig *rig)
{
	struct hisi_zip_sqe sqe;

	inproc_set_time(rig->dev.host, 1000000000);
	fault(rig, "delay 1 500");
	t_rig_sqe(rig, &sqe);
	assert_true(t_send(&rig->comp, &sqe) >= 0);
}

/* It is answered, as far as that can be. */
static void answer(struct t_rig *rig)
{
	inproc_set_time(rig->dev.host, 1000500000);
	sim_wait_idle(rig->dev.sim);
}

static void new_queue(struct t_rig *rig)
{
	t_queue_init(&rig->comp, &rig->dev, 0, HZIP_QUEUE_COMPRESS, T_DEPTH);
	t_reset(&rig->dev);
	assert_int_equal(t_start(&rig->dev), 0);
	t_rig_queues(rig);
	t_rig_works(rig);
}

/* The error closes the master: there is no answer. */
static void expect(struct t_rig *rig, const struct hisi_zip_sqe *sqe,
		   enum sim_violation class, const char *word)
{
	assert_true(t_send(&rig->comp, sqe) >= 0);
	assert_false(t_cqe_ready(&rig->comp));
	t_expect(rig, class, word);
	t_reset(&rig->dev);
}

static void t_rings_are_kept_until_all_is_answered(void **state)
{
	struct t_rig *rig = *state;

	send_delayed(rig);
	t_queue_free(&rig->comp);
	answer(rig);
	t_expect(rig, SIM_V_LATE, "no longer mapped");
	new_queue(rig);
}

static void t_output_is_kept_until_it_is_written(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	t_free(&rig->dev, &rig->out);
	expect(rig, &sqe, SIM_V_LATE, "write of");
	t_alloc(&rig->dev, &rig->out, T_OUT_LEN, 64, true);
}

static void t_input_is_kept_until_it_is_read(void **state)
{
	struct t_rig *rig = *state;
	struct t_mem in;
	struct hisi_zip_sqe sqe;

	t_alloc(&rig->dev, &in, 4096, 64, false);
	t_rig_sqe(rig, &sqe);
	sqe.src_low = cpu_to_le32((uint32_t)in.bus);
	sqe.src_high = cpu_to_le32((uint32_t)(in.bus >> 32));
	t_free(&rig->dev, &in);
	expect(rig, &sqe, SIM_V_LATE, "read of");
}

static void t_the_event_ring_is_kept_until_the_end(void **state)
{
	struct t_rig *rig = *state;

	t_free(&rig->dev, &rig->dev.eq.mem);
	t_rig_works(rig);
	t_expect(rig, SIM_V_LATE, "no longer mapped");
	t_reset(&rig->dev);
	t_alloc(&rig->dev, &rig->dev.eq.mem, 4 * T_EQ_DEPTH, 4096, true);
}

/* Where nothing was ever: another mistake, and another class. */
static void t_an_address_that_never_was_is_not_late(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	sqe.dst_high = 0;
	sqe.dst_low = cpu_to_le32(0x1000);
	expect(rig, &sqe, SIM_V_DMA, "not mapped");
}

/* Without an IOMMU nothing is refused: then the next owner may be seen. */
static void t_a_ring_is_not_used_again_before_all_is_answered(void **state)
{
	struct t_rig *rig = *state;
	struct t_queue other;

	fault(rig, "hang 1");
	send_delayed(rig);
	t_queue_init(&other, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	other.cqc.base_low = rig->comp.cqc.base_low;
	other.cqc.base_high = rig->comp.cqc.base_high;
	assert_int_equal(t_queue_load(&other), 0);
	t_expect(rig, SIM_V_LATE, "still writes the CQ");
	other.cqc.base_low = rig->comp.sqc.base_low;
	other.cqc.base_high = rig->comp.sqc.base_high;
	assert_int_equal(t_queue_load(&other), 0);
	t_expect(rig, SIM_V_LATE, "still writes the SQ");
	t_queue_free(&other);
	t_reset(&rig->dev);
}

static void t_the_ring_of_an_idle_queue_may_be_used_again(void **state)
{
	struct t_rig *rig = *state;
	struct t_queue other;

	t_rig_works(rig);
	t_queue_init(&other, &rig->dev, 2, HZIP_QUEUE_COMPRESS, T_DEPTH);
	other.cqc.base_low = rig->comp.cqc.base_low;
	other.cqc.base_high = rig->comp.cqc.base_high;
	assert_int_equal(t_queue_load(&other), 0);
	t_queue_free(&other);
}

static struct hisi_qm_eqc over(const struct t_mem *mem)
{
	return (struct hisi_qm_eqc){
		.base_low = cpu_to_le32((uint32_t)mem->bus),
		.base_high = cpu_to_le32((uint32_t)(mem->bus >> 32)),
		.dw6 = cpu_to_le32(QM_EQC_PHASE | (T_AEQ_DEPTH - 1)),
	};
}

static void t_event_rings_are_not_used_again_before_the_queues_end(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_eqc aeqc = over(&rig->dev.eq.mem);

	assert_int_equal(t_context_load(&rig->dev, QM_MB_CMD_AEQC, 0, &aeqc,
					sizeof(aeqc)),
			 0);
	t_expect(rig, SIM_V_LATE, "still writes the EQ");
	assert_int_equal(t_stop(&rig->dev), 0);
	assert_int_equal(t_context_load(&rig->dev, QM_MB_CMD_AEQC, 0, &aeqc,
					sizeof(aeqc)),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T_STARTED(t_rings_are_kept_until_all_is_answered),
		T_STARTED(t_output_is_kept_until_it_is_written),
		T_STARTED(t_input_is_kept_until_it_is_read),
		T_STARTED(t_the_event_ring_is_kept_until_the_end),
		T_STARTED(t_an_address_that_never_was_is_not_late),
		T_STARTED(t_a_ring_is_not_used_again_before_all_is_answered),
		T_STARTED(t_the_ring_of_an_idle_queue_may_be_used_again),
		/* clang-format off */
		T_STARTED(t_event_rings_are_not_used_again_before_the_queues_end),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
