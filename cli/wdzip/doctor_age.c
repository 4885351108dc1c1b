/* SPDX-License-Identifier: MIT */
/*
 * Whether a module that is loaded is the one that would be loaded now.
 */
#include <string.h>

#include "doctor_age.h"

/* What is not known differs from nothing. */
static bool differ(const char *a, const char *b)
{
	return *a && *b && strcmp(a, b);
}

enum module_age module_age(const struct doctor_module *m)
{
	if (differ(m->version, m->file_version))
		return AGE_FILE;
	if (differ(m->srcversion, m->file_srcversion))
		return AGE_SOURCE;
	if (m->ours && !m->file_version[0] && differ(m->version, wd_version()))
		return AGE_TOOLS;
	return AGE_SAME;
}
