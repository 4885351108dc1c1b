/* SPDX-License-Identifier: MIT */
/*
 * What the facts mean: the rules of doctor_rules.c tried on all that they are about.
 */
#include <errno.h>
#include <string.h>

#include "doctor_judge.h"
#include "device_kind.h"
#include "doctor_rules.h"

/* One that is busy, or about to come back, may work well. */
static bool is_unusable(const struct device_facts *dev)
{
	return !works(dev) && dev->status != -EBUSY && !is_resetting(dev);
}

static enum severity severity_of(const struct rule *rule,
				 const struct subject *about)
{
	if (rule->flags & RULE_BY_USE && is_unusable(about->device))
		return SEVERITY_ERROR;
	return rule->severity;
}

static void add_finding(struct verdict *v, const struct rule *rule,
			const struct subject *about, int device)
{
	enum severity severity = severity_of(rule, about);
	struct finding *f;

	if ((int)severity > v->worst)
		v->worst = (int)severity;
	if (v->count == FINDINGS_MAX)
		return;
	f = &v->findings[v->count++];
	f->code = rule->code;
	f->severity = severity;
	f->device = device;
	fill_words(f->status, sizeof(f->status), rule->status, about);
	fill_words(f->action, sizeof(f->action), rule->action, about);
}

/* Of what was found for this subject, the worst; -1 for nothing. */
static int try_rules(struct verdict *v, enum scope scope,
		     const struct subject *about, int device)
{
	int worst = -1;

	for (size_t i = 0; i < doctor_rule_count; i++) {
		const struct rule *rule = &doctor_rules[i];
		int severity;

		if (rule->scope != scope || !rule->holds(about))
			continue;
		severity = (int)severity_of(rule, about);
		if (rule->flags & RULE_LAST && worst >= severity)
			continue;
		add_finding(v, rule, about, device);
		if (severity > worst)
			worst = severity;
	}
	return worst;
}

static enum device_state state_of(const struct device_facts *dev, int worst)
{
	if (dev->isolated > 0)
		return STATE_ISOLATED;
	if (is_resetting(dev))
		return STATE_RESETTING;
	if (worst >= SEVERITY_ERROR)
		return STATE_UNUSABLE;
	return worst >= SEVERITY_WARNING ? STATE_DEGRADED : STATE_OK;
}

static void judge_device(const struct doctor_facts *facts, struct verdict *v,
			 int i)
{
	const struct device_facts *dev = &facts->list.devices[i];
	struct subject about = { facts, dev, NULL };

	if (!dev->name[0]) {
		try_rules(v, SCOPE_HIDDEN, &about, i);
		v->states[i] = STATE_HIDDEN;
	} else if (could_compress(dev)) {
		int worst = try_rules(v, SCOPE_DEVICE, &about, i);

		v->states[i] = state_of(dev, worst);
	} else {
		v->states[i] = STATE_OTHER;
	}
}

void judge(const struct doctor_facts *facts, struct verdict *v)
{
	struct subject host = { facts, NULL, NULL };

	memset(v, 0, sizeof(*v));
	v->worst = -1;
	try_rules(v, SCOPE_HOST, &host, -1);
	for (int i = 0; i < MODULES; i++) {
		struct subject about = { facts, NULL, &facts->modules[i] };

		if (facts->modules[i].loaded)
			try_rules(v, SCOPE_MODULE, &about, -1);
	}
	for (unsigned int i = 0; i < facts->list.count; i++)
		judge_device(facts, v, (int)i);
}
