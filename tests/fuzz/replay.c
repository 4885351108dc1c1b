/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzzer's entry point without libFuzzer: over the files it is given,
 * or over the seeds and many damaged copies of each, the same at every run.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seeds.h"

/* Sanitizers and emulators are slow, and only have to see each path. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	!defined(__x86_64__)
#define COPIES	8
#else
#define COPIES	40
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct replay {
	uint64_t state;
	unsigned long runs;
};

static uint32_t draw(struct replay *r)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return r->state >> 33;
}

/* The copy has its exact size, so that a sanitizer sees a read beyond it. */
static void run(struct replay *r, const uint8_t *data, size_t len, bool damage)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	if (damage && len) {
		unsigned int flips = 1 + draw(r) % 4;

		while (flips--)
			copy[draw(r) % len] ^= 1 << draw(r) % 8;
	}
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	r->runs++;
}

static void run_seed(void *arg, const uint8_t *data, size_t len)
{
	struct replay *r = arg;

	run(r, data, len, false);
	for (int i = 0; i < COPIES; i++) {
		/* The interesting part of a stream is often its beginning. */
		size_t keep = draw(r) % 2 ? len : draw(r) % (len + 1);

		run(r, data, keep, draw(r) % 4 != 0);
	}
}

static int run_file(struct replay *r, const char *name)
{
	FILE *f = fopen(name, "rb");
	uint8_t *data;
	long len;

	if (!f) {
		perror(name);
		return 1;
	}
	fseek(f, 0, SEEK_END);
	len = ftell(f);
	rewind(f);
	data = malloc(len > 0 ? len : 1);
	if (len < 0 || !data || fread(data, 1, len, f) != (size_t)len) {
		fprintf(stderr, "%s: cannot be read\n", name);
		free(data);
		fclose(f);
		return 1;
	}
	fclose(f);
	run(r, data, len, false);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	struct replay r = { .state = 42 };
	int ret = 0;

	for (int i = 1; i < argc; i++)
		ret |= run_file(&r, argv[i]);
	if (argc == 1)
		t_seeds(run_seed, &r);
	printf("%lu runs\n", r.runs);
	return ret;
}
