// SPDX-License-Identifier: MIT
/*
 * Random values in place of those of the device, for drivers that must not believe
 * any: what sim_fuzz() promises.  The model's own state stays as it is; only what is
 * seen of it lies.
 */
#include <ctype.h>

#include "internal.h"

#define RATE_MAX 1000u

static uint64_t next(struct sim *sim)
{
	uint64_t x = sim->fuzz.state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	sim->fuzz.state = x;
	return x * 0x2545f4914f6cdd1dull;
}

uint32_t fuzz_below(struct sim *sim, uint32_t n)
{
	return (uint32_t)((next(sim) >> 32) * n >> 32);
}

bool fuzz_hits(struct sim *sim)
{
	if (!sim->fuzz.on || fuzz_below(sim, RATE_MAX) >= sim->fuzz.rate)
		return false;
	sim->stats.fuzzed++;
	return true;
}

/* What finds mistakes: a wrong bit, a small number, all ones, anything. */
uint32_t fuzz_word(struct sim *sim, uint32_t was)
{
	switch (fuzz_below(sim, 4)) {
	case 0:
		return was ^ 1u << fuzz_below(sim, 32);
	case 1:
		return fuzz_below(sim, 2 * QUEUES_MAX);
	case 2:
		return UINT32_MAX;
	default:
		return (uint32_t)(next(sim) >> 32);
	}
}

void fuzz_read(struct sim *sim, void *data, size_t width)
{
	uint32_t word[4] = { 0 };

	if (!fuzz_hits(sim))
		return;
	memcpy(word, data, width);
	for (size_t i = 0; i < (width + 3) / 4; i++)
		word[i] = fuzz_word(sim, word[i]);
	memcpy(data, word, width);
}

/* An entry with the wrong phase is not seen; one in eight is enough of that. */
uint32_t fuzz_entry(struct sim *sim, uint32_t was, uint32_t phase)
{
	uint32_t now;

	if (!fuzz_hits(sim))
		return was;
	now = fuzz_word(sim, was);
	return fuzz_below(sim, 8) ? (now & ~phase) | (was & phase) : now;
}

void fuzz_cqe(struct sim *sim, struct hisi_qm_cqe *cqe)
{
	uint32_t words[sizeof(*cqe) / 4];

	memcpy(words, cqe, sizeof(words));
	words[2] = fuzz_entry(sim, words[2], 0);
	/* The same bit as in an EQE. */
	words[3] = fuzz_entry(sim, words[3], QM_EQE_PHASE);
	memcpy(cqe, words, sizeof(words));
}

/* Results, mostly; but also words that the device has to leave alone. */
void fuzz_slot(struct sim *sim, uint64_t slot, const struct hisi_zip_sqe *sqe)
{
	static const uint8_t results[] = { 0, 1, 2, 3, 15, 28, 29, 30, 31 };
	uint32_t words[sizeof(*sqe) / 4];
	unsigned int i;

	if (!fuzz_hits(sim))
		return;
	i = fuzz_below(sim, ARRAY_SIZE(words));
	if (fuzz_below(sim, 4))
		i = results[i % sizeof(results)];
	memcpy(words, sqe, sizeof(words));
	words[i] = fuzz_word(sim, words[i]);
	core_dma_write(sim, slot + 4ull * i, &words[i], 4);
}

static void raise_any(struct sim *sim)
{
	uint32_t vector = fuzz_below(sim, sim_irq_count(sim));

	sim->stats.irqs++;
	sim->ops->raise_irq(sim->host, vector);
}

void fuzz_events(struct sim *sim)
{
	uint32_t queues = sim->queue_count;

	if (!fuzz_hits(sim))
		return;
	switch (fuzz_below(sim, 5)) {
	case 0:
		inject_eqe(sim, fuzz_word(sim, 0) & 0xffff, false);
		break;
	case 1:
		inject_aeqe(sim, fuzz_below(sim, 16),
			    fuzz_word(sim, 0) & 0xffff, false);
		break;
	case 2:
		if (queues)
			inject_cqe(sim, fuzz_below(sim, queues),
				   (uint16_t)fuzz_word(sim, 0), false);
		break;
	default:
		raise_any(sim);
	}
}

static int number(const char **text, uint64_t max, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(*text, &end, 0);
	*text = end;
	return errno || *value > max ? -EINVAL : 0;
}

static int begin(struct sim *sim, const char *text)
{
	uint64_t seed, rate = SIM_FUZZ_RATE;

	if (number(&text, UINT64_MAX, &seed))
		return -EINVAL;
	if (*text == ',') {
		text++;
		if (number(&text, RATE_MAX, &rate))
			return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	/* The generator has no use for 0. */
	sim->fuzz.seed = seed ? seed : UINT64_MAX;
	sim->fuzz.rate = (uint32_t)rate;
	return 0;
}

int sim_fuzz(struct sim *sim, const char *text)
{
	bool off = !strcmp(text, "off");
	int ret = 0;

	pthread_mutex_lock(&sim->lock);
	if (!off && strcmp(text, "on"))
		ret = begin(sim, text);
	if (!ret) {
		sim->fuzz.state = sim->fuzz.seed;
		sim->fuzz.on = !off;
		if (sim->config.log)
			fprintf(sim->config.log, "fuzz: %s\n", text);
	}
	pthread_mutex_unlock(&sim->lock);
	return ret;
}
