/* SPDX-License-Identifier: MIT */
/*
 * Many small files: read and compressed ahead, finished in their order.
 */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "directory.h"
#include "job.h"
#include "options.h"

struct batch;

/* To do a path from its beginning to its end, nothing ahead. */
typedef enum outcome batch_fallback_fn(void *arg, struct directory *dir,
				       const char *path);

/*
 * batch_open() - before the first file
 * @fallback: for files that were not begun well
 *
 * Returns NULL, which the other functions take, if files had better be done one
 * after the other.
 */
struct batch *batch_open(const struct options *opt, batch_fallback_fn *fallback,
			 void *arg);
void batch_close(struct batch *b);

enum batch_result {
	BATCH_TAKEN,		/* begun; will be finished, in its turn */
	BATCH_DIRECTORY,	/* @in is the open directory, which may be entered */
	BATCH_OTHER,		/* not begun, and all before it are finished */
	BATCH_STOP,		/* a file before it failed in a way that ends the run */
};

/*
 * batch_begin() - begin a file, if that can be done without being noticed
 * @in:  only for a directory
 * @dir: where the last component of @path is, or NULL to go by @path
 */
enum batch_result batch_begin(struct batch *b, struct infile *in, struct directory *dir,
			      const char *path);

/*
 * Finish all files that were begun; call it before anything is printed or done
 * that is not the batch's.  OUTCOME_FATAL if the run is to end, else OUTCOME_DONE.
 */
enum outcome batch_finish(struct batch *b);

#endif
