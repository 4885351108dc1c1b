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
	{ "tag", FAULT_TAG, true, false, INT64_MAX },
	{ "drop-irq", FAULT_DROP_IRQ, false, true, 0 },
	{ "dup-irq", FAULT_DUP_IRQ, false, true, 0 },
};

/* Words of a command, and the numbers among them. */
struct words {
	char text[64];
	char *word[5];
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

/* clang-format off */
static const struct {
	const char *name;
	enum recurring which;
	int64_t value_max; /* 0: none */
} recurring[] = {
	{ "mailbox", RECUR_MAILBOX, 15 },
	{ "mailbox-hang", RECUR_MAILBOX_HANG, 0 },
	{ "stop", RECUR_STOP, 15 },
	{ "stop-hang", RECUR_STOP_HANG, 0 },
	{ "mem-hang", RECUR_MEM_HANG, 0 },
	{ "vft-hang", RECUR_VFT_HANG, 0 },
	{ "axi-hang", RECUR_AXI_HANG, 0 },
	{ "flr-slow", RECUR_FLR_SLOW, 60000 },
};
/* clang-format on */

static int times(const char *word, uint64_t *left)
{
	int64_t n = 1;

	if (!strcmp(word, "always"))
		*left = UINT64_MAX;
	else if (number(word, 1, 1000000, &n))
		return -EINVAL;
	else
		*left = (uint64_t)n;
	return 0;
}

static int add_recurring(struct sim *sim, const struct words *w,
			 unsigned int which)
{
	unsigned int at = recurring[which].value_max ? 2 : 1;
	struct recurrence r = { .left = 1 };
	int64_t value = 0;

	if (w->count < at || w->count > at + 1 ||
	    (at == 2 &&
	     number(w->word[1], 1, recurring[which].value_max, &value)) ||
	    (w->count > at && times(w->word[at], &r.left)))
		return -EINVAL;
	r.value = (uint32_t)value;
	sim->recurring[recurring[which].which] = r;
	return 0;
}

bool fault_recurs(struct sim *sim, enum recurring which, uint32_t *value)
{
	struct recurrence *r = &sim->recurring[which];

	if (!r->left)
		return false;
	if (r->left != UINT64_MAX)
		r->left--;
	if (value)
		*value = r->value;
	sim->stats.faults++;
	return true;
}

static int ras(struct sim *sim, const struct words *w)
{
	int64_t bit, where = 0, function = 0;
	bool zip;

	if (w->count < 3)
		return -EINVAL;
	zip = !strcmp(w->word[1], "zip");
	if ((!zip && strcmp(w->word[1], "qm")) ||
	    number(w->word[2], 0, zip ? 12 : 14, &bit) ||
	    (w->count > 3 &&
	     number(w->word[3], 0, zip ? 0xff : 0xffff, &where)) ||
	    (w->count > 4 && number(w->word[4], 0, FUNCTIONS - 1, &function)))
		return -EINVAL;
	inject_error(sim, zip, (uint32_t)bit, (uint32_t)where,
		     (uint32_t)function);
	return 0;
}

/* So many numbers; then there may be "stale". */
static int entry_words(const struct words *w, unsigned int count,
		       const int64_t *max, int64_t *value, bool *stale)
{
	*stale = w->count == count + 2 && !strcmp(w->word[count + 1], "stale");
	if (w->count != count + 1 && !*stale)
		return -EINVAL;
	for (unsigned int i = 0; i < count; i++) {
		if (number(w->word[i + 1], 0, max[i], &value[i]))
			return -EINVAL;
	}
	return 0;
}

static int eqe(struct sim *sim, const struct words *w)
{
	static const int64_t max[] = { 0xffff };
	int64_t value[1];
	bool stale;

	if (entry_words(w, 1, max, value, &stale))
		return -EINVAL;
	return inject_eqe(sim, (uint32_t)value[0], stale);
}

static int aeq(struct sim *sim, const struct words *w)
{
	static const int64_t max[] = { 15, 0xffff };
	int64_t value[2];
	bool stale;

	if (entry_words(w, 2, max, value, &stale))
		return -EINVAL;
	return inject_aeqe(sim, (uint32_t)value[0], (uint32_t)value[1], stale);
}

static int cqe(struct sim *sim, const struct words *w)
{
	static const int64_t max[] = { QUEUES_MAX - 1, 0xffff };
	int64_t value[2];
	bool stale;

	if (entry_words(w, 2, max, value, &stale))
		return -EINVAL;
	return inject_cqe(sim, (uint32_t)value[0], (uint16_t)value[1], stale);
}

static int storm(struct sim *sim, const struct words *w)
{
	int64_t vector, n, us = 0;

	if (w->count < 3 || w->count > 4 ||
	    number(w->word[1], 0, 31, &vector) ||
	    number(w->word[2], 1, 1000000, &n) ||
	    (w->count > 3 && number(w->word[3], 1, 1000000, &us)))
		return -EINVAL;
	return inject_storm(sim, (uint32_t)vector, (uint64_t)n,
			    (uint64_t)us * 1000);
}

static int late(struct sim *sim, const struct words *w)
{
	int64_t queue, us;

	if (w->count != 3 || number(w->word[1], 0, QUEUES_MAX - 1, &queue) ||
	    number(w->word[2], 0, 1000000000, &us))
		return -EINVAL;
	return inject_late(sim, (uint32_t)queue, (uint64_t)us * 1000);
}

static int aer(struct sim *sim, const struct words *w)
{
	int64_t bit;

	if (w->count != 2 || number(w->word[1], 0, 31, &bit) ||
	    !(BIT(bit) & SIM_AER_ALL))
		return -EINVAL;
	sim->aer |= BIT(bit);
	return 0;
}

static int removal(struct sim *sim, const struct words *w)
{
	if (w->count != 1)
		return -EINVAL;
	sim->removed = true;
	return 0;
}

/* clang-format off */
static const struct {
	const char *name;
	int (*run)(struct sim *sim, const struct words *w);
	bool now; /* takes place, and is counted */
} immediate[] = {
	{ "ras", ras, false },		/* counts itself */
	{ "eqe", eqe, true },
	{ "aeq", aeq, true },
	{ "cqe", cqe, true },
	{ "storm", storm, true },
	{ "late", late, false },
	{ "aer", aer, true },
	{ "remove", removal, true },
};
/* clang-format on */

static int clear(struct sim *sim, const struct words *w)
{
	if (w->count != 1)
		return -EINVAL;
	sim->nr_faults = 0;
	memset(sim->recurring, 0, sizeof(sim->recurring));
	inject_forget(sim, true, true);
	return 0;
}

static int command(struct sim *sim, const struct words *w)
{
	const char *name = w->word[0];

	for (unsigned int i = 0; i < ARRAY_SIZE(numbered); i++) {
		if (!strcmp(name, numbered[i].name))
			return add_numbered(sim, w, i);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(recurring); i++) {
		if (!strcmp(name, recurring[i].name))
			return add_recurring(sim, w, i);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(immediate); i++) {
		if (!strcmp(name, immediate[i].name)) {
			int ret = immediate[i].run(sim, w);

			sim->stats.faults += !ret && immediate[i].now;
			return ret;
		}
	}
	return strcmp(name, "clear") ? -EINVAL : clear(sim, w);
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
		sim->away_until = 0;
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
	case FAULT_TAG:
		job->tag_mask = (uint64_t)fault->value;
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
