/* SPDX-License-Identifier: MIT */
/*
 * The machine that --what-if asks about.
 */
#include <stddef.h>
#include <string.h>

#include "opttable.h"
#include "what_if.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct part {
	const char *name;
	size_t field;
	unsigned long min, max;
	const char *expected;
} parts[] = {
	{ "cores", offsetof(struct what_if, cores), 1, 4096,
	  "cores are 1 to 4096" },
	{ "zip", offsetof(struct what_if, zip), 0, 64,
	  "zip is 0 to 64 engines" },
	{ "numa", offsetof(struct what_if, numa), 1, 64,
	  "numa is 1 to 64 nodes" },
};

static const struct part *find_part(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t len = strlen(parts[i].name);

		if (!strncmp(text, parts[i].name, len) && text[len] == '=')
			return &parts[i];
	}
	return NULL;
}

/* The part that *@text begins with; *@text is moved past it. */
static const char *parse_part(struct what_if *w, const char **text,
			      unsigned int *seen)
{
	const struct part *part = find_part(*text);
	unsigned long value;
	const char *end;

	if (!part)
		return "not as zip=2,numa=2,cores=64";
	if (*seen & 1u << (part - parts))
		return "one of them is there twice";
	*seen |= 1u << (part - parts);
	if (!opt_number(*text + strlen(part->name) + 1, &end, &value) ||
	    (*end && *end != ',') || value < part->min || value > part->max)
		return part->expected;
	*(unsigned long *)(void *)((char *)w + part->field) = value;
	*text = end;
	return NULL;
}

const char *what_if_parse(struct what_if *w, const char *text)
{
	unsigned int seen = 0;

	*w = (struct what_if){ .given = true, .numa = 1 };
	for (;;) {
		const char *wrong = parse_part(w, &text, &seen);

		if (wrong)
			return wrong;
		if (!*text++)
			break;
	}
	if (w->cores && w->numa > w->cores)
		return "more memory nodes than cores";
	return NULL;
}

unsigned long what_if_on_node(const struct what_if *w, unsigned long total,
			      unsigned long node)
{
	return total / w->numa + (node < total % w->numa);
}
