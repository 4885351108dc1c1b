/* SPDX-License-Identifier: MIT */
/*
 * Whether a module that is loaded is the one that would be loaded now.
 */
#ifndef CLI_DOCTOR_AGE_H
#define CLI_DOCTOR_AGE_H

#include "doctor_facts.h"

/*
 * AGE_SAME:   it is, as far as can be told
 * AGE_FILE:   its file has another version
 * AGE_SOURCE: its file was made from another source
 * AGE_TOOLS:  these tools, with which it comes, have another version; what is in its file
 *             cannot be told
 */
enum module_age {
	AGE_SAME,
	AGE_FILE,
	AGE_SOURCE,
	AGE_TOOLS,
};

enum module_age module_age(const struct doctor_module *m);

#endif
