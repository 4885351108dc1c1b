/* SPDX-License-Identifier: MIT */
/*
 * Writes the seeds as files into a directory, for libFuzzer.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "seeds.h"

struct target {
	const char *dir;
	unsigned int count;
	int err;
};

static void write_seed(void *arg, const uint8_t *data, size_t len)
{
	struct target *target = arg;
	char name[4096];
	FILE *f;

	snprintf(name, sizeof(name), "%s/%03u", target->dir, target->count++);
	f = fopen(name, "wb");
	if (!f) {
		perror(name);
		target->err = 1;
		return;
	}
	if (fwrite(data, 1, len, f) != len)
		target->err = 1;
	if (fclose(f))
		target->err = 1;
}

int main(int argc, char **argv)
{
	struct target target = { .dir = argv[1] };

	if (argc != 2) {
		fprintf(stderr, "usage: write_seeds DIR\n");
		return 1;
	}
	mkdir(target.dir, 0777);
	t_seeds(write_seed, &target);
	return target.err;
}
