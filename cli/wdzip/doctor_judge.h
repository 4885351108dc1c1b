/* SPDX-License-Identifier: MIT */
/*
 * What the facts mean: findings, each with one thing to do, and how things are.
 */
#ifndef CLI_DOCTOR_JUDGE_H
#define CLI_DOCTOR_JUDGE_H

#include "doctor_facts.h"

#define FINDINGS_MAX 256
#define ADVICE_SIZE  640 /* bytes of a sentence; what is longer is cut */

enum severity {
	SEVERITY_NOTE,	  /* good to know */
	SEVERITY_WARNING, /* works, but not as well as it could */
	SEVERITY_ERROR,	  /* does not work */
};

/*
 * struct finding
 * @code:   its name for programs; stays
 * @device: index in the facts, -1 if it is about the machine
 * @status, @action: sentences; may have any bytes
 */
struct finding {
	const char *code;
	enum severity severity;
	int device;
	char status[ADVICE_SIZE];
	char action[ADVICE_SIZE];
};

enum device_state {
	STATE_OK,
	STATE_DEGRADED, /* there was a warning */
	STATE_UNUSABLE, /* there was an error */
	STATE_ISOLATED,
	STATE_RESETTING,
	STATE_HIDDEN, /* there is no file of it in /dev */
	STATE_OTHER,  /* it does not compress, and was not looked at */
};

/* @worst: also of findings that there was no room for; -1 if there were none */
struct verdict {
	struct finding findings[FINDINGS_MAX];
	unsigned int count;
	int worst;
	enum device_state states[DEVICES_MAX];
};

/* Depends on nothing but @facts. */
void judge(const struct doctor_facts *facts, struct verdict *verdict);

#endif
