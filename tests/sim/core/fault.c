// SPDX-License-Identifier: MIT
/*
 * Faults on command: what sim_fault() understands, and when it comes to pass.
 */
#include <ctype.h>

#include "internal.h"

static const struct {
	const char *name;
	enum fault_kind kind;
	bool has_value;
	bool irq;			/* counts interrupts, not requests */
	int64_t value_max;
} numbered[] = {
	{ "fail", FAULT_FAIL, true, false, 0xff },
	{ "flip", FAULT_FLIP, true, false, INT64_MAX },
	{ "flip-crc", FAULT_FLIP_CRC, true, false, 31 },
	{ "delay", FAULT_DELAY, true, false, 1000000000 },
	{ "hang", FAULT_HANG, false, false, 0 },
	{ "drop-irq", FAULT_DROP_IRQ, false, true, 0 },
	{ "dup-irq", FAULT_DUP_IRQ, false, true, 0 },
};

/* Words of a command, and the numbers among them. */
struct words {
	char text[64];
	char *word[4];
	unsigned int count;
};

static int split(struct words *w, const char *text)
{
	char *save = NULL;

	memset(w, 0, sizeof(*w));
	if (strlen(text) >= sizeof(w->text))
		return -EINVAL;
	strcpy(w->text, text);
	for (char *word = strtok_r(w->text, " \t\r\n", &save); word;
	     word = strtok_r(NULL, " \t\r\n", &save)) {
		if (w->count == ARRAY_SIZE(w->word))
			return -EINVAL;
		w->word[w->count++] = word;
	}
	return w->count ? 0 : -EINVAL;
}

static int number(const char *word, int64_t min, int64_t max, int64_t *value)
{
	char *end;
	long long v;

	if (!isdigit((unsigned char)*word))
		return -EINVAL;
	errno = 0;
	v = strtoll(word, &end, 0);
	if (errno || *end || v < min || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

static int add_numbered(struct sim *sim, const struct words *w, unsigned int which)
{
	struct fault fault = { .kind = numbered[which].kind };
	int64_t n;

	if (w->count != (numbered[which].has_value ? 3u : 2u) ||
	    number(w->word[1], 1, INT64_MAX / 2, &n) ||
	    (numbered[which].has_value &&
	     number(w->word[2], 0, numbered[which].value_max, &fault.value)))
		return -EINVAL;
	if (sim->nr_faults == FAULTS_MAX)
		return -ENOSPC;
	fault.number = (uint64_t)n +
		       (numbered[which].irq ? sim->irqs_due : sim->stats.requests);
	sim->faults[sim->nr_faults++] = fault;
	return 0;
}

static int ras(struct sim *sim, const struct words *w)
{
	bool zip;
	int64_t bit;

	if (w->count != 3)
		return -EINVAL;
	zip = !strcmp(w->word[1], "zip");
	if ((!zip && strcmp(w->word[1], "qm")) ||
	    number(w->word[2], 0, zip ? 12 : 14, &bit))
		return -EINVAL;
	sim->stats.faults++;
	error_raise(sim, zip, BIT(bit));
	return 0;
}

static int aeq(struct sim *sim, const struct words *w)
{
	int64_t type, queue;

	if (w->count != 3 || number(w->word[1], 0, QM_AEQE_CQE_ERROR, &type) ||
	    number(w->word[2], 0, QUEUES_MAX - 1, &queue))
		return -EINVAL;
	sim->stats.faults++;
	aeq_event(sim, (uint32_t)type, (uint32_t)queue);
	return 0;
}

static int mailbox(struct sim *sim, const struct words *w)
{
	int64_t status;

	if (w->count != 2 || number(w->word[1], 1, 15, &status))
		return -EINVAL;
	sim->mb_fault = (int)status;
	return 0;
}

static int command(struct sim *sim, const struct words *w)
{
	const char *name = w->word[0];

	for (unsigned int i = 0; i < ARRAY_SIZE(numbered); i++) {
		if (!strcmp(name, numbered[i].name))
			return add_numbered(sim, w, i);
	}
	if (!strcmp(name, "ras"))
		return ras(sim, w);
	if (!strcmp(name, "aeq"))
		return aeq(sim, w);
	if (!strcmp(name, "mailbox"))
		return mailbox(sim, w);
	if (w->count != 1)
		return -EINVAL;
	if (!strcmp(name, "mailbox-hang")) {
		sim->mb_fault_hang = true;
	} else if (!strcmp(name, "remove")) {
		sim->removed = true;
		sim->stats.faults++;
	} else if (!strcmp(name, "clear")) {
		sim->nr_faults = 0;
		sim->mb_fault = 0;
		sim->mb_fault_hang = false;
	} else {
		return -EINVAL;
	}
	return 0;
}

int sim_fault(struct sim *sim, const char *text)
{
	struct words w;
	int ret = split(&w, text);

	if (ret)
		return ret;
	if (w.count == 1 && !strcmp(w.word[0], "return")) {
		sim_reset(sim);
		pthread_mutex_lock(&sim->lock);
		sim->removed = false;
		pthread_mutex_unlock(&sim->lock);
		return 0;
	}
	pthread_mutex_lock(&sim->lock);
	ret = command(sim, &w);
	if (!ret && sim->config.log)
		fprintf(sim->config.log, "fault: %s\n", text);
	pthread_mutex_unlock(&sim->lock);
	return ret;
}

static void apply(struct sim *sim, struct job *job, const struct fault *fault)
{
	switch (fault->kind) {
	case FAULT_FAIL:
		job->req.fail_status = (int)fault->value;
		break;
	case FAULT_FLIP:
		job->req.flip_bit = fault->value;
		break;
	case FAULT_FLIP_CRC:
		job->req.flip_crc_bit = (int)fault->value;
		break;
	case FAULT_DELAY:
		job->delay = (uint64_t)fault->value * 1000;
		break;
	case FAULT_HANG:
		job->hung = true;
		break;
	default:
		return;
	}
	sim->stats.faults++;
}

static void forget(struct sim *sim, unsigned int i)
{
	sim->faults[i] = sim->faults[--sim->nr_faults];
}

static bool is_irq(const struct fault *fault)
{
	return fault->kind == FAULT_DROP_IRQ || fault->kind == FAULT_DUP_IRQ;
}

void fault_apply(struct sim *sim, struct job *job)
{
	for (unsigned int i = 0; i < sim->nr_faults;) {
		struct fault *fault = &sim->faults[i];

		if (is_irq(fault) || fault->number != job->number) {
			i++;
			continue;
		}
		apply(sim, job, fault);
		forget(sim, i);
	}
}

unsigned int fault_irq(struct sim *sim)
{
	unsigned int times = 1;

	for (unsigned int i = 0; i < sim->nr_faults;) {
		struct fault *fault = &sim->faults[i];

		if (!is_irq(fault) || fault->number != sim->irqs_due) {
			i++;
			continue;
		}
		times = fault->kind == FAULT_DROP_IRQ ? 0 : 2;
		sim->stats.faults++;
		forget(sim, i);
	}
	return times;
}
