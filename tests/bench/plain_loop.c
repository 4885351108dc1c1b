/* SPDX-License-Identifier: MIT */
/*
 * A library in a plain loop over blocks, to see whether wdbench's figures for its
 * reference engines are right.  It shares no code with wdbench.
 *
 * usage: plain_loop zlib|libdeflate|isal LEVEL BLOCK PASSES FILE
 *
 * Prints the MB/s of each pass but the first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libdeflate.h>
#include <zlib.h>
#if WD_HAVE_ISAL
#include <dlfcn.h>
#include <isa-l.h>

static struct isal_zstream isal;
static uint8_t level_buf[ISAL_DEF_LVL3_EXTRA_LARGE];
static void (*isal_init)(struct isal_zstream *);
static int (*isal_run)(struct isal_zstream *);

static int load_isal(void)
{
	void *handle = dlopen(WD_ISAL_LIBRARY, RTLD_NOW);

	if (!handle)
		return -1;
	isal_init = (void (*)(struct isal_zstream *))dlsym(handle, "isal_deflate_init");
	isal_run = (int (*)(struct isal_zstream *))dlsym(handle, "isal_deflate");
	return isal_init && isal_run ? 0 : -1;
}

static size_t by_isal(int level, unsigned char *in, size_t len, unsigned char *out,
		      size_t cap)
{
	isal_init(&isal);
	isal.level = (uint32_t)level;
	isal.level_buf = level_buf;
	isal.level_buf_size = level == 1 ? ISAL_DEF_LVL1_DEFAULT :
			      level == 2 ? ISAL_DEF_LVL2_DEFAULT : ISAL_DEF_LVL3_DEFAULT;
	isal.gzip_flag = IGZIP_GZIP;
	isal.next_in = in;
	isal.avail_in = (uint32_t)len;
	isal.next_out = out;
	isal.avail_out = (uint32_t)cap;
	isal.end_of_stream = 1;
	return isal_run(&isal) == COMP_OK ? cap - isal.avail_out : 0;
}
#endif

static z_stream zs;
static struct libdeflate_compressor *ld;

static size_t by_zlib(unsigned char *in, size_t len, unsigned char *out, size_t cap)
{
	deflateReset(&zs);
	zs.next_in = in;
	zs.avail_in = (uInt)len;
	zs.next_out = out;
	zs.avail_out = (uInt)cap;
	return deflate(&zs, Z_FINISH) == Z_STREAM_END ? cap - zs.avail_out : 0;
}

static size_t one(char which, int level, unsigned char *in, size_t len,
		  unsigned char *out, size_t cap)
{
	if (which == 'z')
		return by_zlib(in, len, out, cap);
	if (which == 'l')
		return libdeflate_gzip_compress(ld, in, len, out, cap);
#if WD_HAVE_ISAL
	return by_isal(level, in, len, out, cap);
#else
	(void)level;
	return 0;
#endif
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	size_t block, room, size = 0;
	unsigned char *data, *out;
	int level, passes;
	FILE *file;

	if (argc != 6 || !(file = fopen(argv[5], "rb"))) {
		fputs("usage: plain_loop zlib|libdeflate|isal LEVEL BLOCK PASSES FILE\n",
		      stderr);
		return 1;
	}
	level = atoi(argv[2]);
	block = strtoul(argv[3], NULL, 10);
	passes = atoi(argv[4]);
	fseek(file, 0, SEEK_END);
	room = (size_t)ftell(file);
	rewind(file);
	data = malloc(room);
	out = malloc(2 * block + 4096);
	if (!block || !data || !out || (size = fread(data, 1, room, file)) != room)
		return 1;
	fclose(file);
	ld = libdeflate_alloc_compressor(level);
	if (deflateInit2(&zs, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK || !ld)
		return 1;
#if WD_HAVE_ISAL
	if (argv[1][0] == 'i' && load_isal() < 0)
		return 1;
#endif
	for (int pass = 0; pass <= passes; pass++) {
		double begun = now();
		size_t total = 0;

		for (size_t at = 0; at < size; at += block) {
			size_t len = size - at < block ? size - at : block;

			total += one(argv[1][0], level, data + at, len, out,
				     2 * block + 4096);
		}
		if (pass)
			printf("%.2f\n", (double)size / (now() - begun) / 1e6);
		if (!total)
			return 1;
	}
	deflateEnd(&zs);
	libdeflate_free_compressor(ld);
	free(out);
	free(data);
	return 0;
}
