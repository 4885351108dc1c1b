/* SPDX-License-Identifier: MIT */
/*
 * What is compressed: files, all files below a directory, or generated data.
 */
#ifndef WDBENCH_DATA_H
#define WDBENCH_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATA_RATIO_MIN	1.0
#define DATA_RATIO_MAX	50.0
#define DATA_RATIO	3.0	/* that of silesia, nearly */

/*
 * struct data - one input, in memory
 * @name:  for people
 * @bytes: @size of them, more than 0; to be released by data_free()
 * @files: how many it was read from, 0 if generated
 * @cut:   not all of it: the rest was beyond the limit
 * @ratio, @seed: if generated
 */
struct data {
	char *name;
	uint8_t *bytes;
	size_t size;
	unsigned long files;
	bool cut;
	double ratio;
	uint64_t seed;
};

/*
 * data_read() - a file, or all regular files below a directory, one after the other
 * @path: directories are read in the order of their names
 * @most: bytes; what comes after is left out.  0 for all
 *
 * Returns 0, or -1 after reporting.
 */
int data_read(struct data *data, const char *path, size_t most);

/*
 * data_generate() - text and noise, the same for the same arguments everywhere
 * @size:  bytes
 * @ratio: how much gzip -6 shrinks it, within seven per cent; DATA_RATIO_MIN to
 *         DATA_RATIO_MAX
 * @seed:  any
 *
 * Returns 0, or -1 after reporting.
 */
int data_generate(struct data *data, size_t size, double ratio, uint64_t seed);

void data_free(struct data *data);

#endif
