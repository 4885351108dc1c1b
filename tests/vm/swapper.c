// SPDX-License-Identifier: MIT
/*
 * Fills memory with pages that can be told apart, reads all of them back and looks
 * whether they are what they were: for a machine that has less memory than that.
 *
 * usage: swapper MIB ROUNDS N
 *
 * One page of N cannot be compressed, the others to a third.  Two processes do half
 * of it each, so that both processors of the machine swap.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096
#define WORDS	(PAGE / sizeof(uint64_t))
#define AT_ONCE	64	/* pages that are given back together */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void make_page(uint64_t *page, uint64_t number, uint64_t round, unsigned long n)
{
	uint64_t state = (number + 1) * 0x9e3779b97f4a7c15u ^ (round + 1) << 32;
	/* Of a random word, how much is not the same in each. */
	uint64_t mask = number % n == n - 1 ? UINT64_MAX : 0xffff;

	for (unsigned int i = 0; i < WORDS; i++)
		page[i] = next_random(&state) & mask;
	page[0] = number;
}

static int check_page(const uint64_t *found, const uint64_t *expected, uint64_t number,
		      uint64_t round)
{
	unsigned int i = 0;

	if (!memcmp(found, expected, PAGE))
		return 0;
	while (found[i] == expected[i])
		i++;
	fprintf(stderr, "swapper: page %llu, round %llu: byte %zu: %016llx, not %016llx\n",
		(unsigned long long)number, (unsigned long long)round,
		i * sizeof(uint64_t), (unsigned long long)found[i],
		(unsigned long long)expected[i]);
	return 1;
}

static int swap(uint64_t first, uint64_t pages, unsigned long rounds, unsigned long n)
{
	static uint64_t expected[WORDS];
	uint64_t *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int wrong = 0;

	if (memory == MAP_FAILED) {
		perror("swapper: mmap");
		return 1;
	}
	for (uint64_t round = 0; round < rounds; round++) {
		for (uint64_t i = 0; i < pages; i++)
			make_page(memory + i * WORDS, first + i, round, n);
		for (uint64_t i = 0; i < pages && wrong < 10; i++) {
			make_page(expected, first + i, round, n);
			wrong += check_page(memory + i * WORDS, expected, first + i, round);
			/* So that what was checked is not swapped out again. */
			if (i % AT_ONCE == AT_ONCE - 1)
				madvise(memory + (i + 1 - AT_ONCE) * WORDS, AT_ONCE * PAGE,
					MADV_DONTNEED);
		}
	}
	return wrong != 0;
}

int main(int argc, char **argv)
{
	unsigned long rounds, n;
	uint64_t pages;
	int status, ret = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: swapper MIB ROUNDS N\n");
		return 2;
	}
	pages = strtoul(argv[1], NULL, 10) * (1048576 / PAGE) / 2;
	rounds = strtoul(argv[2], NULL, 10);
	n = strtoul(argv[3], NULL, 10);
	if (!pages || !rounds || !n)
		return 2;
	for (int i = 0; i < 2; i++) {
		switch (fork()) {
		case -1:
			perror("swapper: fork");
			ret = 1;
			break;
		case 0:
			_exit(swap((uint64_t)i * pages, pages, rounds, n));
		}
	}
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			if (WIFSIGNALED(status))
				fprintf(stderr, "swapper: signal %d\n", WTERMSIG(status));
			ret = 1;
		}
	if (!ret)
		printf("swapper: %llu pages right, %lu times\n",
		       (unsigned long long)pages * 2, rounds);
	return ret;
}
