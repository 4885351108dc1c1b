/* SPDX-License-Identifier: MIT */
/*
 * The table of reference engines, each in a file engine_NAME.c.
 */
#include <string.h>

#include "reference.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const struct reference *const references[] = {
#define ROW(name)	&reference_##name,
	REFERENCES(ROW)
#undef ROW
};

const struct reference *reference_get(unsigned int i)
{
	return i < ARRAY_SIZE(references) ? references[i] : NULL;
}

const struct reference *reference_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(references); i++)
		if (strlen(references[i]->name) == len &&
		    !memcmp(references[i]->name, name, len))
			return references[i];
	return NULL;
}
