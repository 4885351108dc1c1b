/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Raw deflate by the kernel's zlib, in as many pieces as the caller's lists have.
 */
#ifndef _WD_HISI_ZIP_ZLIB_H
#define _WD_HISI_ZIP_ZLIB_H

#include <linux/types.h>

struct scatterlist;

/**
 * struct zip_span - memory of a caller
 * @sg: the list whose part it is; NULL: it is @at
 * @at: what comes next of it
 * @left: bytes, with those of @at and all that follow
 */
struct zip_span {
	struct scatterlist *sg;
	void *at;
	u32 left;
};

size_t zip_zlib_workspace(void);
int zip_zlib_compress(void *workspace, struct zip_span src, struct zip_span dst,
		      u32 *produced);
int zip_zlib_decompress(void *workspace, struct zip_span src, struct zip_span dst,
			u32 *produced);

#endif
