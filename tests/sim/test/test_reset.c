// SPDX-License-Identifier: MIT
/*
 * Resets, disappearance, events and interrupts, rings that wrap, and threads that use
 * registers while requests run.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "strict.h"

#define EQ_DEPTH	64u
#define WRAPS		2000u
#define WORKERS		2

static uint64_t irqs(struct t_rig *rig, unsigned int vector)
{
	return inproc_irqs(rig->dev.host, vector);
}

#define SMALL_LEN	20u
#define SMALL_SPACE	(T_OUT_LEN / T_DEPTH / 2)

/* Several may run at a time: each slot of each queue has an output of its own. */
static void small_sqe(const struct t_rig *rig, const struct t_queue *q, uint32_t slot,
		      struct hisi_zip_sqe *sqe)
{
	t_sqe_make(sqe, &rig->dev, HZIP_ALG_DEFLATE, rig->in.bus, SMALL_LEN,
		   rig->out.bus + (slot * 2 + q->id) * SMALL_SPACE, SMALL_SPACE);
}

static void send(struct t_rig *rig, struct t_queue *q)
{
	struct hisi_zip_sqe sqe;

	small_sqe(rig, q, q->tail, &sqe);
	assert_true(t_send(q, &sqe) >= 0);
}

static void start_again(struct t_rig *rig)
{
	assert_int_equal(t_start(&rig->dev), 0);
	t_rig_queues(rig);
	t_rig_works(rig);
}

/* Runs under ThreadSanitizer are a few times as slow. */
static unsigned int scaled(unsigned int n)
{
	return getenv("WD_SLOW") ? n / 4 : n;
}

/* ---- function-level reset ---- */

static void t_a_reset_forgets_requests_in_flight(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(sim_fault(rig->dev.sim, "hang 1"), 0);
	for (int i = 0; i < 10; i++)
		send(rig, &rig->comp);
	t_reset(&rig->dev);
	assert_int_equal(t_read(&rig->dev, QM_DFX_IDLE), 1);
	assert_false(t_cqe_ready(&rig->comp));
	start_again(rig);
	assert_int_equal(t_stats(rig).resets, 1);
}

static void t_a_reset_stops_every_queue(void **state)
{
	struct t_rig *rig = *state;
	uint64_t fetched = t_stats(rig).requests;
	uint64_t vft;

	t_reset(&rig->dev);
	t_doorbell(&rig->dev, 0, QM_DB_CMD_SQ, 0, 1, 0);
	t_expect(rig, SIM_V_DOORBELL_QUEUE, "0");
	assert_int_equal(t_vft_read(&rig->dev, QM_VFT_SQC, 0, &vft), 0);
	assert_true(vft == 0);
	assert_int_equal(t_vft_write(&rig->dev, QM_VFT_SQC, 0, t_vft_sqc(0, T_QUEUES)),
			 0);
	t_doorbell(&rig->dev, 0, QM_DB_CMD_SQ, 0, 1, 0);
	t_expect(rig, SIM_V_DOORBELL_QUEUE, "0");
	t_doorbell(&rig->dev, 0, QM_DB_CMD_EQ, 0, 0, 0);
	t_expect(rig, SIM_V_DOORBELL_QUEUE, "EQ");
	assert_int_equal(t_stats(rig).requests, fetched);
}

static void start_without_memories(struct t_rig *rig)
{
	uint64_t vft = t_vft_sqc(0, T_QUEUES);

	assert_int_equal(t_vft_write(&rig->dev, QM_VFT_SQC, 0, vft), 0);
	assert_int_equal(t_eq_start(&rig->dev, 0), 0);
	t_rig_queues(rig);
	t_rig_works(rig);
}

static void t_a_reset_needs_no_new_memories(void **state)
{
	struct t_rig *rig = *state;

	t_reset(&rig->dev);
	assert_int_equal(t_read(&rig->dev, QM_MEM_DONE) & 1, 1);
	start_without_memories(rig);
}

static void t_a_reset_forgets_errors_and_interrupts(void **state)
{
	struct t_rig *rig = *state;

	t_rig_works(rig);
	assert_int_equal(sim_fault(rig->dev.sim, "ras qm 10"), 0);
	t_reset(&rig->dev);
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), 0);
	assert_int_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	start_again(rig);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 2);
}

static void t_a_reset_while_workers_work_forgets_the_rest(void **state)
{
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	t_config(&config, QM_HW_V3);
	config.workers = WORKERS;
	t_rig_create(&rig, &config);
	t_rig_start(&rig);
	for (unsigned int round = 0; round < scaled(200); round++) {
		struct sim_stats stats;

		for (unsigned int i = 0; i < round % T_DEPTH; i++)
			send(&rig, &rig.comp);
		t_reset(&rig.dev);
		stats = t_stats(&rig);
		assert_true(stats.completed <= stats.requests);
		assert_int_equal(t_start(&rig.dev), 0);
		t_rig_queues(&rig);
	}
	t_rig_works(&rig);
	t_expect_none(&rig);
	t_rig_destroy(&rig);
}

/* As Linux leaves them behind: see t_stop(), then written back and poisoned. */
static void poison(struct t_rig *rig)
{
	struct hisi_qm_sqc *sqc = (struct hisi_qm_sqc *)rig->dev.sqc_table.p;
	struct hisi_qm_cqc *cqc = (struct hisi_qm_cqc *)rig->dev.cqc_table.p;

	t_write(&rig->dev, QM_CACHE_WB_START, 1);
	assert_true(t_read_until(&rig->dev, QM_CACHE_WB_DONE, 1, 1));
	for (int i = 0; i < T_QUEUES; i++) {
		sqc[i].random = cpu_to_le16(QM_POISONED_RANDOM);
		sqc[i].w13 = cpu_to_le16(QM_SQC_DISABLED);
		cqc[i].random = cpu_to_le16(QM_POISONED_RANDOM);
	}
}

static void t_stale_doorbells_of_poisoned_queues_are_told(void **state)
{
	struct t_rig *rig = *state;
	uint64_t fetched;

	t_rig_works(rig);
	fetched = t_stats(rig).requests;
	t_reset(&rig->dev);
	assert_int_equal(t_start(&rig->dev), 0);
	poison(rig);
	t_doorbell(&rig->dev, 0, QM_DB_CMD_SQ, 0, 2, 0);
	t_expect(rig, SIM_V_DOORBELL_RANDOM, "queue 0");
	assert_int_equal(t_read(&rig->dev, QM_ERR_STATUS), QM_ERR_DB_RANDOM);
	t_doorbell(&rig->dev, 1, QM_DB_CMD_CQ, 0, 0, 1);
	t_expect(rig, SIM_V_DOORBELL_RANDOM, "queue 1");
	assert_int_equal(t_stats(rig).requests, fetched);
	t_write(&rig->dev, QM_ERR_SOURCE, ~0u);
	/* Those who start them anew are not disturbed. */
	t_rig_queues(rig);
	t_rig_works(rig);
}

/* ---- controller reset ---- */

static void t_a_closed_bus_keeps_requests_until_it_opens(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_write(&rig->dev, QM_AXI_CTRL, 1);
	assert_true(t_read_until(&rig->dev, QM_AXI_RETURNED, 3, 3));
	send(rig, &rig->comp);
	assert_false(t_cqe_ready(&rig->comp));
	t_write(&rig->dev, QM_AXI_CTRL, 0);
	assert_true(t_recv(&rig->comp, &sqe) >= 0);
	assert_int_equal(le32_to_cpu(sqe.consumed), SMALL_LEN);
	t_cq_ring(&rig->comp, true);
	t_rig_works(rig);
}

static void t_the_bus_opens_with_new_memories(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(t_stop(&rig->dev), 0);
	t_write(&rig->dev, QM_AXI_CTRL, 1);
	assert_true(t_read_until(&rig->dev, QM_AXI_RETURNED, 3, 3));
	/* Here the firmware resets what the device does not see, and nobody writes 0. */
	start_again(rig);
}

static void t_the_bus_opens_with_a_reset(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_AXI_CTRL, 1);
	t_reset(&rig->dev);
	start_without_memories(rig);
}

static void t_an_error_that_closed_the_bus_ends_with_the_handshake(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(sim_fault(rig->dev.sim, "ras zip 2"), 0);
	assert_int_equal(irqs(rig, T_IRQ_ABNORMAL), 1);
	send(rig, &rig->comp);
	assert_false(t_cqe_ready(&rig->comp));
	t_reset(&rig->dev);
	t_write(&rig->dev, QM_AXI_CTRL, 1);
	assert_true(t_read_until(&rig->dev, QM_AXI_RETURNED, 3, 3));
	start_again(rig);
	assert_int_equal(t_read(&rig->dev, HZIP_ERR_STATUS), 0);
}

static void t_the_scratch_register_keeps_what_drivers_try(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_PEH_VENDOR_ID, 0x5a5a);
	assert_int_equal(t_read(&rig->dev, QM_PEH_VENDOR_ID), 0x5a5a);
	t_write(&rig->dev, QM_PEH_VENDOR_ID, 0x19e5);
	assert_int_equal(t_read(&rig->dev, QM_PEH_VENDOR_ID), 0x19e5);
	assert_int_equal(t_read(&rig->dev, QM_PEH_DFX0), 0);
	assert_int_equal(t_read(&rig->dev, QM_PEH_DFX1), 0);
}

/* ---- stopping queues ---- */

static void create_with_stop(struct t_rig *rig)
{
	struct sim_config config;

	t_config(&config, QM_HW_V3);
	assert_int_equal(sim_config_set(&config, QM_CAP_FEATURES,
					1 | QM_CAP_STOP_QP | QM_CAP_FLUSH_QM), 0);
	t_rig_create(rig, &config);
	t_rig_start(rig);
}

static void t_stopping_a_queue_waits_for_its_requests(void **state)
{
	struct hisi_zip_sqe sqe;
	struct t_rig rig;
	struct hisi_qm_mailbox mb = t_mailbox_make(QM_MB_CMD_STOP_QP, 0, 0, false);

	(void)state;
	create_with_stop(&rig);
	inproc_set_time(rig.dev.host, 1);
	assert_int_equal(sim_fault(rig.dev.sim, "delay 1 100"), 0);
	send(&rig, &rig.comp);
	t_mailbox_write(&rig.dev, &mb);
	assert_int_equal(t_read(&rig.dev, QM_MB) & QM_MB_BUSY, QM_MB_BUSY);
	assert_false(t_cqe_ready(&rig.comp));
	inproc_set_time(rig.dev.host, 200000);
	assert_int_equal(t_mailbox_wait(&rig.dev), 0);
	assert_true(t_take(&rig.comp, &sqe) >= 0);
	t_expect_none(&rig);
	t_ring(&rig.comp);
	t_expect(&rig, SIM_V_DOORBELL_QUEUE, "0");
	/* The other one was not stopped, this one can be started again. */
	assert_int_equal(t_queue_load(&rig.comp), 0);
	t_rig_works(&rig);
	assert_int_equal(t_queue_stop(&rig.decomp), 0);
	t_expect_none(&rig);
	t_rig_destroy(&rig);
}

static void t_flushing_waits_for_all_requests(void **state)
{
	struct t_rig rig;

	(void)state;
	create_with_stop(&rig);
	for (int i = 0; i < 20; i++)
		send(&rig, &rig.comp);
	assert_int_equal(t_mailbox(&rig.dev, QM_MB_CMD_FLUSH_QM, 0, 0, false), 0);
	assert_int_equal(t_read(&rig.dev, QM_DFX_IDLE), 1);
	assert_int_equal(t_take_all(&rig.comp, true), 20);
	t_rig_works(&rig);
	t_expect_none(&rig);
	t_rig_destroy(&rig);
}

static void t_draining_by_dumps_waits_for_requests(void **state)
{
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	t_config(&config, QM_HW_V3);
	config.workers = WORKERS;
	t_rig_create(&rig, &config);
	t_rig_start(&rig);
	for (uint32_t i = 0; i < T_DEPTH - 1; i++)
		send(&rig, &rig.comp);
	assert_int_equal(t_queue_drain(&rig.comp), 0);
	assert_int_equal(t_take_all(&rig.comp, true), T_DEPTH - 1);
	t_expect_none(&rig);
	t_rig_destroy(&rig);
}

static void t_an_idle_device_has_answered_everything(void **state)
{
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	t_config(&config, QM_HW_V3);
	config.workers = WORKERS;
	t_rig_create(&rig, &config);
	t_rig_start(&rig);
	for (uint32_t i = 0; i < T_DEPTH - 1; i++)
		send(&rig, &rig.comp);
	sim_wait_idle(rig.dev.sim);
	assert_int_equal(t_stats(&rig).completed, T_DEPTH - 1);
	assert_int_equal(t_take_all(&rig.comp, true), T_DEPTH - 1);
	t_expect_none(&rig);
	t_rig_destroy(&rig);
}

/* ---- events ---- */

static void t_an_armed_queue_has_one_event(void **state)
{
	struct t_rig *rig = *state;

	for (int i = 0; i < 10; i++)
		send(rig, &rig->comp);
	assert_int_equal(t_stats(rig).cqes, 10);
	assert_int_equal(t_stats(rig).eqes, 1);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
	assert_int_equal(t_eq_handle(&rig->dev), 1);
	assert_int_equal(t_take_all(&rig->comp, false), 10);
	send(rig, &rig->comp);
	assert_int_equal(t_stats(rig).eqes, 1);
	/* Armed, and there is something: told at once. */
	t_cq_ring(&rig->comp, true);
	assert_int_equal(t_stats(rig).eqes, 2);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 2);
	assert_int_equal(t_take_all(&rig->comp, true), 1);
	assert_int_equal(t_stats(rig).eqes, 2);
	send(rig, &rig->comp);
	assert_int_equal(t_stats(rig).eqes, 3);
}

static void t_a_queue_that_is_not_armed_stays_silent(void **state)
{
	struct t_rig *rig = *state;

	t_cq_ring(&rig->comp, false);
	for (int i = 0; i < 10; i++)
		send(rig, &rig->comp);
	assert_int_equal(t_stats(rig).eqes, 0);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 0);
}

static void t_events_name_their_queues(void **state)
{
	struct t_rig *rig = *state;

	send(rig, &rig->decomp);
	send(rig, &rig->comp);
	assert_int_equal(t_eq_handle(&rig->dev), 2);
	assert_int_equal(rig->dev.events[0], 1);
	assert_int_equal(rig->dev.events[1], 1);
}

static void t_interrupts_wait_for_the_event_doorbell(void **state)
{
	struct t_rig *rig = *state;

	send(rig, &rig->comp);
	send(rig, &rig->decomp);
	assert_int_equal(t_stats(rig).eqes, 2);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
	/* One of the two was seen: there is another. */
	t_doorbell(&rig->dev, 0, QM_DB_CMD_EQ, 0, 1, 0);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 2);
	assert_int_not_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	t_doorbell(&rig->dev, 0, QM_DB_CMD_EQ, 0, 2, 0);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 2);
	assert_int_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
}

static void t_masked_interrupts_come_when_they_are_unmasked(void **state)
{
	struct t_rig *rig = *state;

	t_write(&rig->dev, QM_EQ_INT_MASK, 1);
	send(rig, &rig->comp);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 0);
	assert_int_equal(t_stats(rig).eqes, 1);
	t_write(&rig->dev, QM_EQ_INT_MASK, 0);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
	/* Once. */
	t_write(&rig->dev, QM_EQ_INT_MASK, 1);
	t_write(&rig->dev, QM_EQ_INT_MASK, 0);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
	assert_int_equal(t_eq_handle(&rig->dev), 1);
}

static void t_vectors_are_those_of_the_capabilities(void **state)
{
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	t_config(&config, QM_HW_V3);
	assert_int_equal(sim_config_set(&config, QM_CAP_IRQ_EQ, 0x10002), 0);
	assert_int_equal(sim_config_set(&config, QM_CAP_IRQ_AEQ, 0), 0);
	assert_int_equal(sim_config_set(&config, QM_CAP_IRQ_ABNORMAL, 0), 0);
	assert_int_equal(sim_config_set(&config, QM_CAP_IRQ_COUNT, 0x10001), 0);
	t_rig_create(&rig, &config);
	assert_int_equal(sim_irq_count(rig.dev.sim), 1);
	t_rig_start(&rig);
	t_rig_works(&rig);
	assert_int_equal(sim_fault(rig.dev.sim, "aeq 2 0"), 0);
	assert_int_equal(sim_fault(rig.dev.sim, "ras qm 12"), 0);
	assert_int_equal(irqs(&rig, 2), 1);
	for (unsigned int vector = 0; vector < INPROC_VECTORS; vector++) {
		if (vector != 2)
			assert_int_equal(irqs(&rig, vector), 0);
	}
	t_rig_destroy(&rig);
}

static void t_an_event_queue_that_starts_again_is_empty(void **state)
{
	struct t_rig *rig = *state;

	send(rig, &rig->comp);
	send(rig, &rig->decomp);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
	assert_int_equal(t_eq_start(&rig->dev, 0), 0);
	assert_int_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), 0);
	t_events_on(&rig->dev);
	assert_int_equal(irqs(rig, T_IRQ_EQ), 1);
	t_take_all(&rig->comp, true);
	send(rig, &rig->comp);
	assert_int_equal(t_eq_handle(&rig->dev), 1);
}

static void t_a_queue_that_starts_again_begins_anew(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_sqc sqc;
	struct hisi_qm_cqc cqc;

	for (uint32_t i = 0; i < T_DEPTH + 3; i++)
		t_rig_works(rig);
	assert_int_equal(t_queue_load(&rig->comp), 0);
	t_rig_works(rig);
	assert_int_equal(t_context_dump(&rig->dev, QM_MB_CMD_SQC, 0, &sqc, sizeof(sqc)),
			 0);
	assert_int_equal(t_context_dump(&rig->dev, QM_MB_CMD_CQC, 0, &cqc, sizeof(cqc)),
			 0);
	assert_int_equal(le16_to_cpu(sqc.tail), 1);
	assert_int_equal(le16_to_cpu(cqc.tail), 1);
	assert_int_equal(le16_get_bits(sqc.w11, QM_C_TOGGLE), 0);
	assert_int_equal(le16_get_bits(cqc.w11, QM_C_TOGGLE), 0);
}

/* ---- wrapping ---- */

static void t_small_rings_wrap_often(void **state)
{
	const unsigned int wraps = scaled(WRAPS);
	struct t_rig *rig = *state;
	uint64_t requests = 0;

	assert_int_equal(t_eq_start(&rig->dev, EQ_DEPTH), 0);
	while (t_stats(rig).eqes < wraps * EQ_DEPTH / 8) {
		unsigned int burst = 1 + requests % 7;

		for (unsigned int i = 0; i < burst; i++)
			send(rig, &rig->comp);
		assert_int_equal(t_eq_handle(&rig->dev), 1);
		assert_int_equal(t_take_all(&rig->comp, true), burst);
		requests += burst;
	}
	assert_true(t_stats(rig).completed == requests);
	assert_true(irqs(rig, T_IRQ_EQ) == t_stats(rig).eqes);
	assert_true(requests / T_DEPTH >= wraps / 2);
}

static void t_a_full_submission_queue_wraps_without_loss(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	for (unsigned int round = 0; round < scaled(400); round++) {
		uint32_t first = rig->comp.tail;

		for (uint32_t i = 0; i < T_DEPTH - 1; i++) {
			small_sqe(rig, &rig->comp, rig->comp.tail, &sqe);
			t_sqe_set_tag(&sqe, round * T_DEPTH + i);
			assert_true(t_put(&rig->comp, &sqe) >= 0);
		}
		assert_int_equal(t_put(&rig->comp, &sqe), -EBUSY);
		t_ring(&rig->comp);
		assert_int_equal(t_eq_handle(&rig->dev), 1);
		for (uint32_t i = 0; i < T_DEPTH - 1; i++) {
			struct hisi_zip_sqe done;

			assert_int_equal(t_take(&rig->comp, &done),
					 (first + i) % T_DEPTH);
			assert_true(t_sqe_tag(&done) == round * T_DEPTH + i);
		}
		t_cq_ring(&rig->comp, true);
	}
}

/* ---- bus master, disappearance ---- */

static void t_the_bus_works_again_when_it_is_mastered_again(void **state)
{
	struct t_rig *rig = *state;

	sim_set_bus_master(rig->dev.sim, false);
	t_reset(&rig->dev);
	sim_set_bus_master(rig->dev.sim, true);
	start_again(rig);
}

static void t_a_device_can_go_and_come_back_often(void **state)
{
	struct t_rig *rig = *state;

	for (int i = 0; i < 20; i++) {
		send(rig, &rig->comp);
		assert_int_equal(sim_fault(rig->dev.sim, "remove"), 0);
		send(rig, &rig->decomp);
		assert_int_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), UINT32_MAX);
		assert_int_equal(sim_fault(rig->dev.sim, "return"), 0);
		start_again(rig);
	}
}

/* ---- threads ---- */

struct hammer {
	struct t_rig *rig;
	_Atomic bool stop;
	_Atomic unsigned int failures;
	uint16_t queue;
	unsigned int requests;
};

/* What any process can have read in debugfs while others work. */
static void *read_registers(void *arg)
{
	static const uint32_t offsets[] = {
		QM_EQ_INT_SOURCE, QM_MB, QM_CAPS, QM_ERR_STATUS, QM_DFX_SQE_COUNT,
		QM_DFX_IDLE, QM_AXI_RETURNED, HZIP_ERR_STATUS, HZIP_CORES,
		HZIP_CORES + HZIP_CORE_DELAY_AVG,
	};
	struct hammer *h = arg;
	struct sim_stats stats;

	while (!h->stop) {
		for (size_t i = 0; i < T_ARRAY_SIZE(offsets); i++)
			t_read(&h->rig->dev, offsets[i]);
		t_write(&h->rig->dev, QM_DFX_SEL_MB, 0);
		sim_stats(h->rig->dev.sim, &stats);
		sim_violations_total(h->rig->dev.sim);
	}
	return NULL;
}

static void *handle_events(void *arg)
{
	struct hammer *h = arg;
	uint64_t seen = 0;

	while (!h->stop) {
		if (inproc_wait_irq(h->rig->dev.host, T_IRQ_EQ, seen, 20))
			seen = inproc_irqs(h->rig->dev.host, T_IRQ_EQ);
		t_eq_handle(&h->rig->dev);
	}
	return NULL;
}

/* Only who was told may arm its queue again: so no more events wait than queues. */
static bool was_told(struct t_queue *q, uint32_t *seen)
{
	uint32_t events;
	bool told;

	pthread_mutex_lock(&q->dev->lock);
	events = q->dev->events[q->id];
	pthread_mutex_unlock(&q->dev->lock);
	told = events != *seen;
	*seen = events;
	return told;
}

static void *run_requests(void *arg)
{
	struct hammer *h = arg;
	struct t_dev *dev = &h->rig->dev;
	struct hisi_zip_sqe sqe;
	struct t_mem out;
	uint32_t events = 0;
	struct t_queue q;

	t_alloc(dev, &out, T_OUT_LEN, 64, true);
	if (t_queue_start(&q, dev, h->queue, HZIP_QUEUE_COMPRESS, T_DEPTH))
		h->failures++;
	for (unsigned int i = 0; i < h->requests && !h->failures; i++) {
		t_sqe_make(&sqe, dev, HZIP_ALG_DEFLATE, h->rig->in.bus, 200 + i % 800,
			   out.bus, T_OUT_LEN);
		if (t_run(&q, &sqe) || t_sqe_status(&sqe) != HZIP_STATUS_OK)
			h->failures++;
		if (was_told(&q, &events))
			t_cq_ring(&q, true);
	}
	if (t_queue_drain(&q))
		h->failures++;
	t_queue_free(&q);
	t_free(dev, &out);
	return NULL;
}

static void hammer(struct t_rig *rig, unsigned int requests)
{
	struct hammer readers = { .rig = rig };
	struct hammer queues[3] = { { .rig = NULL } };
	pthread_t reader, handler, runner[T_ARRAY_SIZE(queues)];

	assert_int_equal(pthread_create(&reader, NULL, read_registers, &readers), 0);
	assert_int_equal(pthread_create(&handler, NULL, handle_events, &readers), 0);
	for (uint16_t i = 0; i < T_ARRAY_SIZE(queues); i++) {
		queues[i].rig = rig;
		queues[i].queue = (uint16_t)(i + 2);
		queues[i].requests = requests;
		assert_int_equal(
			pthread_create(&runner[i], NULL, run_requests, &queues[i]), 0);
	}
	for (size_t i = 0; i < T_ARRAY_SIZE(queues); i++) {
		pthread_join(runner[i], NULL);
		assert_int_equal(queues[i].failures, 0);
	}
	readers.stop = true;
	pthread_join(reader, NULL);
	pthread_join(handler, NULL);
	assert_true(t_stats(rig).completed == t_stats(rig).requests);
	t_expect_none(rig);
}

static void t_registers_are_read_while_requests_run(void **state)
{
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	for (uint32_t workers = 0; workers <= WORKERS; workers++) {
		t_config(&config, QM_HW_V3);
		config.workers = workers;
		t_rig_create(&rig, &config);
		t_rig_start(&rig);
		hammer(&rig, scaled(1000));
		t_rig_destroy(&rig);
	}
}

/* Everything that another thread may do, at any time. */
static void *disturb(void *arg)
{
	static const char *const faults[] = {
		"fail 3 1", "hang 5", "drop-irq 1", "ras qm 12", "ras zip 12", "aeq 2 1",
		"delay 2 10", "mailbox 1", "remove", "return", "clear",
	};
	struct hammer *h = arg;
	struct sim *sim = h->rig->dev.sim;

	for (unsigned int i = 0; !h->stop; i++) {
		sim_fault(sim, faults[i % T_ARRAY_SIZE(faults)]);
		sim_set_bus_master(sim, i % 5);
		if (i % 7 == 0)
			sim_reset(sim);
		sched_yield();
	}
	return NULL;
}

/* As t_start(), but it never waits: any of it may fail. */
static void start_disturbed(struct t_rig *rig)
{
	struct t_dev *dev = &rig->dev;
	uint64_t vft = t_vft_sqc(0, T_QUEUES);
	struct t_queue *queues[] = { &rig->comp, &rig->decomp };

	t_write(dev, QM_MEM_START, 1);
	t_write(dev, QM_VFT_READ, 0);
	t_write(dev, QM_VFT_TYPE, QM_VFT_SQC);
	t_write(dev, QM_VFT_FUNCTION, 0);
	t_write(dev, QM_VFT_DATA_LOW, (uint32_t)vft);
	t_write(dev, QM_VFT_DATA_HIGH, (uint32_t)(vft >> 32));
	t_write(dev, QM_VFT_OP, 1);
	for (size_t i = 0; i < T_ARRAY_SIZE(queues); i++) {
		const struct t_queue *q = queues[i];
		struct hisi_qm_mailbox mb;

		mb = t_mailbox_make(QM_MB_CMD_SQC, q->id, dev->context.bus, false);
		memcpy(dev->context.p, &q->sqc, sizeof(q->sqc));
		t_mailbox_write(dev, &mb);
		mb = t_mailbox_make(QM_MB_CMD_CQC, q->id, dev->context.bus, false);
		memcpy(dev->context.p, &q->cqc, sizeof(q->cqc));
		t_mailbox_write(dev, &mb);
	}
}

static void t_any_thread_may_reset_and_disturb_at_any_time(void **state)
{
	struct sim_config config;
	struct hammer h = { .stop = false };
	struct t_rig rig;
	pthread_t thread, reader;

	(void)state;
	t_config(&config, QM_HW_V3);
	config.workers = WORKERS;
	t_rig_create(&rig, &config);
	t_rig_start(&rig);
	for (uint32_t i = 0; i < T_DEPTH; i++) {
		small_sqe(&rig, &rig.comp, i, t_slot(&rig.comp, i));
		small_sqe(&rig, &rig.decomp, i, t_slot(&rig.decomp, i));
	}
	h.rig = &rig;
	assert_int_equal(pthread_create(&thread, NULL, disturb, &h), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_registers, &h), 0);
	for (unsigned int i = 0; i < scaled(2000); i++) {
		if (i % 16 == 0)
			start_disturbed(&rig);
		t_doorbell(&rig.dev, i % 2, QM_DB_CMD_SQ, 0, i / 2 % T_DEPTH, 0);
		t_doorbell(&rig.dev, i % 2, QM_DB_CMD_CQ, 0, i / 2 % T_DEPTH, 1);
	}
	h.stop = true;
	pthread_join(thread, NULL);
	pthread_join(reader, NULL);
	/* And all is well again. */
	assert_int_equal(sim_fault(rig.dev.sim, "clear"), 0);
	assert_int_equal(sim_fault(rig.dev.sim, "return"), 0);
	sim_set_bus_master(rig.dev.sim, true);
	sim_violations_clear(rig.dev.sim);
	start_again(&rig);
	t_expect_none(&rig);
	t_rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T_STARTED(t_a_reset_forgets_requests_in_flight),
		T_STARTED(t_a_reset_stops_every_queue),
		T_STARTED(t_a_reset_needs_no_new_memories),
		T_STARTED(t_a_reset_forgets_errors_and_interrupts),
		cmocka_unit_test(t_a_reset_while_workers_work_forgets_the_rest),
		T_STARTED(t_stale_doorbells_of_poisoned_queues_are_told),

		T_STARTED(t_a_closed_bus_keeps_requests_until_it_opens),
		T_STARTED(t_the_bus_opens_with_new_memories),
		T_STARTED(t_the_bus_opens_with_a_reset),
		T_STARTED(t_an_error_that_closed_the_bus_ends_with_the_handshake),
		T_STARTED(t_the_scratch_register_keeps_what_drivers_try),

		cmocka_unit_test(t_stopping_a_queue_waits_for_its_requests),
		cmocka_unit_test(t_flushing_waits_for_all_requests),
		cmocka_unit_test(t_draining_by_dumps_waits_for_requests),
		cmocka_unit_test(t_an_idle_device_has_answered_everything),

		T_STARTED(t_an_armed_queue_has_one_event),
		T_STARTED(t_a_queue_that_is_not_armed_stays_silent),
		T_STARTED(t_events_name_their_queues),
		T_STARTED(t_interrupts_wait_for_the_event_doorbell),
		T_STARTED(t_masked_interrupts_come_when_they_are_unmasked),
		cmocka_unit_test(t_vectors_are_those_of_the_capabilities),
		T_STARTED(t_an_event_queue_that_starts_again_is_empty),
		T_STARTED(t_a_queue_that_starts_again_begins_anew),

		T_STARTED(t_small_rings_wrap_often),
		T_STARTED(t_a_full_submission_queue_wraps_without_loss),

		T_STARTED(t_the_bus_works_again_when_it_is_mastered_again),
		T_STARTED(t_a_device_can_go_and_come_back_often),

		cmocka_unit_test(t_registers_are_read_while_requests_run),
		cmocka_unit_test(t_any_thread_may_reset_and_disturb_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
