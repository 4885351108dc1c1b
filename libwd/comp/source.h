/* SPDX-License-Identifier: MIT */
/*
 * Input that the session reads by itself, and its workers.
 */
#ifndef WD_SOURCE_H
#define WD_SOURCE_H

#include "jobs.h"

void source_set(struct wd_comp_sess *s, const struct wd_source *source,
		uint64_t size);

/* Begin all chunks that there are jobs for. */
int source_read(struct wd_comp_sess *s);

/*
 * The oldest job found the input to end earlier than expected.  What was begun
 * is void; from there on everything is read here.  0, or -EIO: a device does not let go
 * of what was begun.
 */
int source_cut_short(struct wd_comp_sess *s);

/*
 * The file may have changed since the chunk before was read: what @job refers
 * to is then not what that one's output gives.  So it must do without.
 */
void source_check_joint(struct wd_comp_sess *s, struct cjob *job);

/* What the chunk after @job will be compared with. */
void source_note_end(struct compressor *c, const struct cjob *job);

#endif
