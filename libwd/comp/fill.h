/* SPDX-License-Identifier: MIT */
/*
 * Filling jobs with input and sending them.
 */
#ifndef WD_FILL_H
#define WD_FILL_H

#include "jobs.h"

/* As wd_comp_get_input() and wd_comp_put_input(). */
int fill_get(struct wd_comp_sess *s, void **buf, size_t *room);
int fill_put(struct wd_comp_sess *s, size_t len, enum wd_comp_flush flush);

/* A chunk of the caller's memory, which stays until its output was taken. */
int fill_put_foreign(struct wd_comp_sess *s, const uint8_t *in, size_t len);

/* A chunk that is followed by more, read by the worker that compresses it. */
int fill_ahead(struct wd_comp_sess *s);

/* The held chunk is not the last one, or it is. */
int fill_release(struct wd_comp_sess *s, bool last);

/* What was read so far goes out; then the source's error is told. */
int fill_source_failed(struct wd_comp_sess *s, int err);

/* Some errors would mean something else to the caller. */
int fill_read_error(int err);

/* No more input will come; again while @finish_later is set. */
int fill_finish(struct wd_comp_sess *s);

#endif
