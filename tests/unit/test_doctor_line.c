/* SPDX-License-Identifier: MIT */
/*
 * The last line that wdzip --doctor prints for people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doctor_line.h"

#define HARDWARE                                                               \
	"because --engine=auto, the default, takes the hardware that can be used"
#define NONE                                                                   \
	"because --engine=auto, the default, finds no hardware that can be used"

/* clang-format off */
static const struct {
	struct doctor_run run;
	const char *line;
} cases[] = {
	/* What was tried, by the default. */
	{ { .engine = "hisi_zip-0+sw", .tried = true, .device = "hisi_zip-0",
	    .threads = 4, .level = 6, .mb_per_s = 1234.5 },
	  "run on the device hisi_zip-0, " HARDWARE
	  "; expected speed about 1234 MB/s (level 6)" },
	{ { .engine = "hisi_zip-0+sw", .tried = true, .device = "hisi_zip-0",
	    .cpu = true, .threads = 4, .decompress = true, .mb_per_s = 99.9 },
	  "run on the device hisi_zip-0 and the CPU (4 threads), " HARDWARE
	  "; expected speed about 100 MB/s (decompression)" },
	{ { .engine = "hisi_zip-0+sw", .tried = true, .idle = true, .cpu = true,
	    .threads = 1, .level = 6, .mb_per_s = 50 },
	  "run on the CPU (1 thread), because with --engine=auto no device did any work"
	  "; expected speed about 50 MB/s (level 6)" },
	{ { .engine = "sw", .tried = true, .cpu = true, .threads = 4, .level = 1,
	    .mb_per_s = 50 },
	  "run on the CPU (4 threads), " NONE "; expected speed about 50 MB/s (level 1)" },

	/* What was asked for. */
	{ { .wish = "hw", .engine = "hw", .tried = true, .device = "hisi_zip-0",
	    .threads = 4, .level = 6, .mb_per_s = 50 },
	  "run on the device hisi_zip-0, because --engine=hw asks for it"
	  "; expected speed about 50 MB/s (level 6)" },
	{ { .wish = "hisi_zip-0", .engine = "hisi_zip-0", .tried = true, .idle = true,
	    .cpu = true, .threads = 4, .level = 6, .mb_per_s = 50 },
	  "run on the CPU (4 threads), because with --engine=hisi_zip-0 no device did any work"
	  "; expected speed about 50 MB/s (level 6)" },
	{ { .wish = "sw", .engine = "sw", .tried = true, .cpu = true, .threads = 4,
	    .level = 6, .mb_per_s = 50 },
	  "run on the CPU (4 threads), because --engine=sw asks for it"
	  "; expected speed about 50 MB/s (level 6)" },
	{ { .wish = "hw", .failed = "begin" }, "fail, because the engine hw cannot be used" },

	/* Nobody knows what would become of it. */
	{ { .engine = "hisi_zip-0+sw", .device = "hisi_zip-0", .threads = 4, .level = 6 },
	  "try the device hisi_zip-0 first, " HARDWARE "; its speed was not measured" },
	{ { .wish = "hw", .engine = "hw", .device = "hisi_zip-0", .threads = 4, .level = 6 },
	  "try the device hisi_zip-0 first, because --engine=hw asks for it"
	  "; its speed was not measured" },
	{ { .engine = "sw", .threads = 4, .level = 6 },
	  "run on the CPU (4 threads), " NONE "; its speed was not measured" },
};
/* clang-format on */

/* What is printed, to be freed. */
static char *print(const struct doctor_run *run)
{
	FILE *old = stdout;
	char *text = NULL;
	size_t size;

	stdout = open_memstream(&text, &size);
	assert_non_null(stdout);
	doctor_print_line(run);
	fclose(stdout);
	stdout = old;
	return text;
}

static void it_says_who_did_the_work_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[512], *text = print(&cases[i].run);

		snprintf(want, sizeof(want), "\nThis command would %s\n",
			 cases[i].line);
		assert_string_equal(text, want);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_who_did_the_work_and_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
