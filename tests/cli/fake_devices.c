/* SPDX-License-Identifier: MIT */
/*
 * Linked with wdzip: devices "fake-0" and "fake-1", as bad as the environment says.
 *
 * WD_FAKE_ILL, WD_FAKE_DEADLY: of 1000 requests; WD_FAKE_TELL: a file that gets the
 * number of requests that were done.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "t_fake.h"

static unsigned int number(const char *name)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 10) : 0;
}

static void __attribute__((constructor)) install(void)
{
	t_fake_install(2, 1);
	for (int i = 0; i < 2; i++) {
		t_fake[i].ill = number("WD_FAKE_ILL");
		t_fake[i].deadly = number("WD_FAKE_DEADLY");
	}
}

static void __attribute__((destructor)) tell(void)
{
	const char *path = getenv("WD_FAKE_TELL");
	FILE *file = path ? fopen(path, "w") : NULL;

	if (!file)
		return;
	fprintf(file, "%" PRIu64 " %" PRIu64 "\n", t_fake[0].requests, t_fake[1].requests);
	fclose(file);
}
