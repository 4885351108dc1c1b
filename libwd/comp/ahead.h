/* SPDX-License-Identifier: MIT */
/*
 * Decoding ahead: pieces are sent before their turn.
 */
#ifndef WD_AHEAD_H
#define WD_AHEAD_H

#include "session.h"

struct piece;

/* Pieces that are worth having at a time. */
unsigned int ahead_max(const struct wd_comp_sess *s);

/* Send what is worth it and has not been sent, if there is any. */
void ahead_send(struct wd_comp_sess *s);

/* Whether what @p, a chunk or members, was decoded to can be relied on. */
bool ahead_counts(const struct piece *p);

#endif
