/* SPDX-License-Identifier: MIT */
/*
 * Sentences with places for facts: "all queues of {device} are in use".
 */
#ifndef CLI_DOCTOR_WORDS_H
#define CLI_DOCTOR_WORDS_H

#include "doctor_facts.h"

/* What a sentence is about; @device and @module may be NULL. */
struct subject {
	const struct doctor_facts *facts;
	const struct device_facts *device;
	const struct doctor_module *module;
};

/* Write @text to @out, with each {word} replaced; what does not fit is cut. */
void fill_words(char *out, size_t size, const char *text,
		const struct subject *about);

#endif
