/* SPDX-License-Identifier: MIT */
/*
 * The table of what --doctor can find.
 */
#ifndef CLI_DOCTOR_RULES_H
#define CLI_DOCTOR_RULES_H

#include <stddef.h>

#include "doctor_judge.h"
#include "doctor_words.h"

/* What a rule is tried on. */
enum scope {
	SCOPE_HOST,
	SCOPE_MODULE, /* each that is loaded */
	SCOPE_DEVICE, /* each with a file in /dev that could compress */
	SCOPE_HIDDEN, /* each of the PCI bus without one */
};

/* flags of struct rule */
#define RULE_LAST   (1u << 0) /* only if nothing as bad was found before */
#define RULE_BY_USE (1u << 1) /* an error where the device cannot be used */

/*
 * struct rule
 * @holds:  whether it is so
 * @status, @action: see doctor_words.h
 */
struct rule {
	const char *code;
	enum scope scope;
	enum severity severity;
	unsigned int flags;
	bool (*holds)(const struct subject *about);
	const char *status;
	const char *action;
};

extern const struct rule doctor_rules[];
extern const size_t doctor_rule_count;

bool is_resetting(const struct device_facts *dev);

/* Whether it passed its test, so that what was found does not keep it from working. */
bool works(const struct device_facts *dev);

#endif
