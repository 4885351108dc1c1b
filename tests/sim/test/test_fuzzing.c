// SPDX-License-Identifier: MIT
/*
 * Random values for drivers: the same seed makes the same ones, they come in all
 * places, and nothing is left of them when it ends.
 */
#include "strict.h"

#define ROUNDS 400
#define SEEDS  10

/* What a driver saw. */
struct seen {
	uint32_t reads[ROUNDS];
	uint32_t statuses[ROUNDS];
	uint32_t slots[ROUNDS];	  /* 0: no completion */
	uint64_t results[ROUNDS]; /* all words of a slot, added */
	uint32_t events[ROUNDS];
	uint32_t errors[ROUNDS];
	uint64_t irqs;
	struct sim_stats stats;
};

static void fuzz(struct t_rig *rig, const char *text)
{
	assert_int_equal(sim_fuzz(rig->dev.sim, text), 0);
}

static uint64_t sum_of(const struct t_mem *mem)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < mem->len; i++)
		sum = sum * 31 + mem->p[i];
	return sum;
}

/* The CQE's words as they are, wherever it would be: a driver would check them. */
static void look(struct t_rig *rig, struct seen *seen, unsigned int i)
{
	struct t_queue *q = &rig->comp;
	const struct hisi_qm_cqe *cqe = (const void *)q->cq.p;
	uint32_t entry;

	if (t_cqe_ready(q)) {
		cqe += q->cq_head;
		seen->slots[i] = 1 + cqe->sq_head;
		if (++q->cq_head == q->depth) {
			q->cq_head = 0;
			q->phase ^= 1;
		}
		q->pending = 0;
		t_cq_ring(q, true);
	}
	seen->results[i] = sum_of(&q->sq);
	if (t_ring_take(&rig->dev.eq, &entry))
		seen->events[i] = entry;
	t_eq_handle(&rig->dev);
	t_aeq_handle(&rig->dev, &seen->errors[i], 1);
}

static void drive(struct t_rig *rig, const char *text, struct seen *seen)
{
	struct hisi_zip_sqe sqe;

	memset(seen, 0, sizeof(*seen));
	t_reset(&rig->dev);
	assert_int_equal(t_start(&rig->dev), 0);
	t_rig_queues(rig);
	memset(rig->comp.sq.p, 0, rig->comp.sq.len);
	inproc_set_time(rig->dev.host, 1);
	fuzz(rig, text);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct hisi_qm_mailbox mb =
			t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0, true);

		seen->reads[i] = t_read(&rig->dev, QM_MEM_DONE);
		t_mailbox_write(&rig->dev, &mb);
		seen->statuses[i] = t_read(&rig->dev, QM_MB);
		t_rig_sqe(rig, &sqe);
		t_send(&rig->comp, &sqe);
		look(rig, seen, i);
	}
	fuzz(rig, "off");
	for (unsigned int v = 0; v < 4; v++)
		seen->irqs += inproc_irqs(rig->dev.host, v);
	seen->stats = t_stats(rig);
	t_expect_none(rig);
}

static unsigned int differ(const uint32_t *values, uint32_t from)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ROUNDS; i++)
		n += values[i] != from;
	return n;
}

static void t_nothing_is_random_at_rate_0(void **state)
{
	struct seen *seen = malloc(sizeof(*seen));

	drive(*state, "5,0", seen);
	assert_int_equal(differ(seen->reads, 1), 0);
	assert_int_equal(differ(seen->errors, 0), 0);
	assert_int_equal(seen->stats.fuzzed, 0);
	assert_int_equal(seen->stats.completed, ROUNDS);
	free(seen);
}

/* What came at places where it is rare: a driver that is lied to sees little more. */
struct rare {
	unsigned int slots;
	unsigned int statuses;
	unsigned int events;
	unsigned int errors;
};

static void count(const struct seen *seen, struct rare *rare)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		rare->slots += seen->slots[i] > T_DEPTH;
		rare->statuses += !!(seen->statuses[i] & QM_MB_STATUS);
		rare->events += FIELD_GET(QM_EQE_QUEUE, seen->events[i]) >= 64;
	}
	rare->errors += differ(seen->errors, 0);
}

static void t_values_are_random_in_all_places(void **state)
{
	struct seen *seen = malloc(sizeof(*seen));
	struct seen *plain = malloc(sizeof(*plain));
	struct rare rare = { 0 };
	char text[16];

	drive(*state, "1,0", plain);
	for (unsigned int seed = 1; seed <= SEEDS; seed++) {
		snprintf(text, sizeof(text), "%u,200", seed);
		drive(*state, text, seen);
		assert_in_range(differ(seen->reads, 1), ROUNDS / 10,
				ROUNDS / 3);
		assert_memory_not_equal(seen->results, plain->results,
					sizeof(seen->results));
		assert_true(seen->stats.fuzzed > 100);
		count(seen, &rare);
	}
	assert_true(rare.slots > 0);
	assert_true(rare.statuses > 0);
	assert_true(rare.events > 0);
	assert_true(rare.errors > 0);
	free(seen);
	free(plain);
}

static void t_the_same_seed_makes_the_same_values(void **state)
{
	static struct seen a, b, c;
	uint64_t irqs;

	drive(*state, "7,100", &a);
	irqs = a.irqs;
	drive(*state, "7,100", &b);
	assert_int_equal(b.irqs - a.irqs, irqs);
	assert_memory_equal(&a, &b, offsetof(struct seen, irqs));
	drive(*state, "on", &c);
	assert_memory_equal(&a, &c, offsetof(struct seen, irqs));
	drive(*state, "8,100", &c);
	assert_memory_not_equal(&a, &c, offsetof(struct seen, irqs));
}

/* Whatever a driver does then. */
static void t_violations_are_not_judged_until_it_ends(void **state)
{
	struct t_rig *rig = *state;

	fuzz(rig, "on");
	t_write(&rig->dev, QM_ERR_STATUS, 1);
	t_write(&rig->dev, 0x10, 1);
	t_expect_none(rig);
	fuzz(rig, "off");
	t_write(&rig->dev, QM_ERR_STATUS, 1);
	t_expect(rig, SIM_V_READ_ONLY, "0x100008");
}

static void t_nothing_is_left_of_it_after_a_reset(void **state)
{
	static struct seen seen;
	struct t_rig *rig = *state;

	drive(rig, "3,1000", &seen);
	t_reset(&rig->dev);
	assert_int_equal(t_start(&rig->dev), 0);
	t_rig_queues(rig);
	rig->comp.pending = 0;
	t_rig_works(rig);
	/* Gone is gone. */
	fuzz(rig, "3,1000");
	assert_int_equal(sim_fault(rig->dev.sim, "remove"), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(t_read(&rig->dev, QM_MEM_DONE), UINT32_MAX);
}

static void t_texts_that_mean_nothing_are_refused(void **state)
{
	/* clang-format off */
	static const char *const texts[] = {
		"", " ", "1,", ",", "1,1001", "1,-1", "-1", "1 2", "1,2,3",
		"x", "ON", "on ", "99999999999999999999",
	};
	/* clang-format on */
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(texts); i++)
		assert_int_equal(sim_fuzz(rig->dev.sim, texts[i]), -EINVAL);
	fuzz(rig, "0");
	fuzz(rig, "0xffffffffffffffff,1000");
	fuzz(rig, "off");
	t_rig_works(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T_STARTED(t_nothing_is_random_at_rate_0),
		T_STARTED(t_values_are_random_in_all_places),
		T_STARTED(t_the_same_seed_makes_the_same_values),
		T_STARTED(t_violations_are_not_judged_until_it_ends),
		T_STARTED(t_nothing_is_left_of_it_after_a_reset),
		T_STARTED(t_texts_that_mean_nothing_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
